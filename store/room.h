/* store/room.h - the room that a data file has: blocks taken ahead of writing, and what the volume has left.
 *
 * A volume that fills up in the middle of a commit shows itself as ENOSPC, or as a short write that
 * LMDB reports as EIO, which looks like a broken disk. So the blocks are taken before a transaction
 * begins, in large steps; then a full volume is a plain answer at a moment when nothing is half done.
 * Where the file system cannot take blocks ahead, the free space of the volume is asked instead.
 *
 * Thread: the one that writes. */
#ifndef VDR_STORE_ROOM_H
#define VDR_STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vdr_room {
    int fd;                   /* of the data file; somebody else's */
    uint64_t allocated_bytes; /* the file can be written up to here without asking the volume */
    uint64_t free_bytes;      /* of the volume, at the last look */
    unsigned looks_saved;     /* transactions since then */
    bool takes_ahead;
    bool refused; /* the volume, when last asked for more */
    int error;    /* and its errno */
} vdr_room;

void vdr_room_init(vdr_room *room, int fd);
/* Has the file room up to end_bytes, now or after taking more? False: the volume refused. */
bool vdr_room_extend(vdr_room *room, uint64_t end_bytes);
/* Looks at the volume if it was not done for some transactions. */
void vdr_room_look(vdr_room *room);

/* Bytes that the volume of fd has left for us. Any thread. */
uint64_t vdr_room_free(int fd);

#endif
