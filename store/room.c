#define _GNU_SOURCE /* fallocate */
#include "store/room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define STEP_MIN_BYTES (UINT64_C(1) << 20)
#define STEP_MAX_BYTES (UINT64_C(64) << 20) /* some 150,000 records */
#define LOOK_EVERY     16u                  /* a look costs about 1 us, a commit at least 100 */

uint64_t
vdr_room_free(int fd)
{
    struct statvfs st;
    return fstatvfs(fd, &st) == 0 ? (uint64_t)st.f_bavail * st.f_frsize : 0;
}

static void
look(vdr_room *room)
{
    room->looks_saved = 0;
    room->free_bytes = vdr_room_free(room->fd);
}

static uint64_t
file_bytes(const vdr_room *room)
{
    struct stat st;
    return fstat(room->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void
vdr_room_init(vdr_room *room, int fd)
{
    *room = (vdr_room){.fd = fd, .takes_ahead = true};
    room->allocated_bytes = file_bytes(room);
    look(room);
}

void
vdr_room_look(vdr_room *room)
{
    if (++room->looks_saved >= LOOK_EVERY)
        look(room);
}

/* A quarter of the file, as long as the volume is roomy. */
static uint64_t
step_bytes(const vdr_room *room)
{
    uint64_t step = room->allocated_bytes / 4;
    if (step > STEP_MAX_BYTES)
        step = STEP_MAX_BYTES;
    return step < STEP_MIN_BYTES || room->free_bytes < 32 * STEP_MAX_BYTES ? STEP_MIN_BYTES : step;
}

/* The file keeps its length: LMDB and copies of the file see no difference. */
static bool
take(vdr_room *room, uint64_t end_bytes)
{
    int rc;
    do {
        rc = fallocate(room->fd, FALLOC_FL_KEEP_SIZE, (off_t)room->allocated_bytes,
                       (off_t)(end_bytes - room->allocated_bytes));
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        room->error = errno;
        return false;
    }
    room->allocated_bytes = end_bytes;
    return true;
}

bool
vdr_room_extend(vdr_room *room, uint64_t end_bytes)
{
    room->refused = false;
    if (end_bytes <= room->allocated_bytes)
        return true;
    look(room);
    if (room->takes_ahead) {
        uint64_t step = step_bytes(room);
        if (take(room, (end_bytes + step - 1) / step * step) || take(room, end_bytes))
            return true;
        room->refused = room->error != EOPNOTSUPP && room->error != ENOSYS;
        if (room->refused)
            return false;
        room->takes_ahead = false;
    }
    uint64_t possible = file_bytes(room) + room->free_bytes;
    room->error = ENOSPC;
    room->refused = end_bytes > possible;
    room->allocated_bytes = room->refused ? possible : end_bytes; /* not more: so that it is asked again */
    return !room->refused;
}
