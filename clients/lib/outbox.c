#include "clients/lib/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES     16u
#define SIGNED_BYTES   24u /* of a record's head: associated text of the seal */
#define NONCE_BYTES    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define ITEM_BYTES_MAX (1024u * 1024)
#define GARBAGE_BYTES  (4u * 1024 * 1024) /* less is not worth a new file */
#define KIND_ITEM      1u
#define KIND_DONE      2u

static const char magic[8] = "VDROUTB1";

/* An item in the file, and whether it is done. */
typedef struct slot {
    vdr_lib_outbox_item item;
    bool done;
} slot;

struct vdr_lib_outbox {
    char *path;
    int fd;
    uint8_t key[32];
    uint8_t check[8];
    uint64_t bytes_max, file_bytes, live_bytes;
    slot *slots; /* by number; those from first on */
    size_t first, count, size;
    vdr_lib_outbox_item *found;
    size_t found_count;
    uint64_t damaged_bytes, next_number;
    vdr_bytes pending;               /* done records not yet written */
    uint64_t done_first, done_count; /* the range that grows */
    vdr_bytes scratch;
    bool failed;
    char words[VDR_LIB_OUTBOX_WORDS];
};

static uint64_t
record_bytes(uint64_t item_bytes)
{
    return (SIGNED_BYTES + NONCE_BYTES + item_bytes + TAG_BYTES + 7) & ~UINT64_C(7);
}

static void
put_32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void
put_64(uint8_t *at, uint64_t value)
{
    put_32(at, (uint32_t)value);
    put_32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t
get_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t
get_64(const uint8_t *at)
{
    return get_32(at) | (uint64_t)get_32(at + 4) << 32;
}

/* Words on the system's last error; the outbox takes nothing more. */
static vdr_err
fail(vdr_lib_outbox *outbox, const char *what)
{
    int error = errno;
    snprintf(outbox->words, sizeof outbox->words, "outbox %s: %s: %s", outbox->path, what, strerror(error));
    outbox->failed = true;
    return VDR_E_IO;
}

/* ---- Records */

static void
record_append(vdr_lib_outbox *outbox, uint8_t kind, uint64_t number, uint32_t done, vdr_span item,
              vdr_bytes *out)
{
    uint64_t bytes = record_bytes(item.len);
    uint8_t *at = vdr_bytes_extend(out, bytes);
    unsigned long long sealed;

    memset(at, 0, bytes);
    memcpy(at, "VDRO", 4);
    at[4] = kind;
    put_32(at + 8, (uint32_t)item.len);
    put_32(at + 12, done);
    put_64(at + 16, number);
    randombytes_buf(at + SIGNED_BYTES, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at + SIGNED_BYTES + NONCE_BYTES, &sealed, item.at,
                                                     item.len, at, SIGNED_BYTES, NULL, at + SIGNED_BYTES,
                                                     outbox->key);
}

/* Opens the record at `at`; its item, if it has one, is appended to out. */
static bool
record_open(const vdr_lib_outbox *outbox, const uint8_t *at, uint64_t left, vdr_bytes *out)
{
    unsigned long long opened;

    if (left < record_bytes(0) || memcmp(at, "VDRO", 4) != 0 || get_32(at + 8) > ITEM_BYTES_MAX ||
        record_bytes(get_32(at + 8)) > left || (at[4] != KIND_ITEM && at[4] != KIND_DONE))
        return false;
    uint32_t bytes = get_32(at + 8);
    uint8_t *item = vdr_bytes_extend(out, bytes + 1u); /* one more, so that there is a place for none */
    out->len -= 1;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(item, &opened, NULL, at + SIGNED_BYTES + NONCE_BYTES,
                                                   bytes + TAG_BYTES, at, SIGNED_BYTES, at + SIGNED_BYTES,
                                                   outbox->key) == 0)
        return true;
    out->len -= bytes;
    return false;
}

/* ---- Items in memory */

static slot *
slot_find(vdr_lib_outbox *outbox, uint64_t number)
{
    size_t low = outbox->first, high = outbox->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (outbox->slots[middle].item.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < outbox->count && outbox->slots[low].item.number == number ? &outbox->slots[low] : NULL;
}

static void
slot_add(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item)
{
    if (outbox->count == outbox->size && outbox->first > outbox->size / 2) {
        outbox->count -= outbox->first;
        memmove(outbox->slots, outbox->slots + outbox->first, outbox->count * sizeof *outbox->slots);
        outbox->first = 0;
    }
    if (outbox->count == outbox->size) {
        outbox->size = outbox->size != 0 ? outbox->size * 2 : 64;
        outbox->slots = vdr_realloc(outbox->slots, outbox->size, sizeof *outbox->slots);
    }
    outbox->slots[outbox->count++] = (slot){.item = *item};
    outbox->live_bytes += record_bytes(item->bytes);
}

static void
slot_drop(vdr_lib_outbox *outbox, uint64_t number)
{
    slot *at = slot_find(outbox, number);
    if (at == NULL || at->done)
        return;
    at->done = true;
    outbox->live_bytes -= record_bytes(at->item.bytes);
    while (outbox->first < outbox->count && outbox->slots[outbox->first].done)
        outbox->first++;
    if (outbox->first == outbox->count)
        outbox->first = outbox->count = 0;
}

/* ---- Open */

/* Reads every record that opens; forgets what a crash left at the end. */
static vdr_err
scan(vdr_lib_outbox *outbox, uint64_t file_bytes)
{
    const uint8_t *at = mmap(NULL, file_bytes, PROT_READ, MAP_PRIVATE, outbox->fd, 0);
    uint64_t place = HEAD_BYTES, bad = 0;

    if (at == MAP_FAILED)
        return fail(outbox, "read");
    outbox->file_bytes = HEAD_BYTES;
    while (place + record_bytes(0) <= file_bytes) {
        outbox->scratch.len = 0;
        if (!record_open(outbox, at + place, file_bytes - place, &outbox->scratch)) {
            place += 8;
            bad += 8;
            continue;
        }
        outbox->damaged_bytes += bad; /* a good record behind it: no torn end */
        bad = 0;
        vdr_lib_outbox_item item = {
            .number = get_64(at + place + 16), .place = place, .bytes = get_32(at + place + 8)};
        uint64_t last = item.number;
        if (at[place + 4] == KIND_ITEM && item.number >= outbox->next_number) {
            slot_add(outbox, &item);
        } else if (at[place + 4] == KIND_DONE) {
            last = item.number + get_32(at + place + 12) - 1;
            for (uint64_t number = item.number; number <= last; number++)
                slot_drop(outbox, number);
        }
        if (last >= outbox->next_number)
            outbox->next_number = last + 1;
        place += record_bytes(item.bytes);
        outbox->file_bytes = place;
    }
    munmap((void *)(uintptr_t)at, file_bytes);
    if (ftruncate(outbox->fd, (off_t)outbox->file_bytes) != 0)
        return fail(outbox, "cut the torn end");
    return VDR_OK;
}

static vdr_err
write_all(vdr_lib_outbox *outbox, int fd, vdr_span bytes, uint64_t place)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = pwrite(fd, bytes.at + done, bytes.len - done, (off_t)(place + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
            snprintf(outbox->words, sizeof outbox->words, "outbox %s: %s", outbox->path, strerror(errno));
            return VDR_E_STORE_FULL;
        }
        if (n <= 0)
            return fail(outbox, "write");
        done += (size_t)n;
    }
    return VDR_OK;
}

static vdr_err
write_head(vdr_lib_outbox *outbox, int fd)
{
    uint8_t head[HEAD_BYTES];
    memcpy(head, magic, sizeof magic);
    memcpy(head + sizeof magic, outbox->check, sizeof outbox->check);
    return write_all(outbox, fd, vdr_span_of(head, sizeof head), 0);
}

/* A name is durable when its directory is. */
static vdr_err
sync_directory(vdr_lib_outbox *outbox)
{
    char *copy = strdup(outbox->path);
    VDR_ASSERT(copy != NULL);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good ? VDR_OK : fail(outbox, "sync its directory");
}

/* Opens and locks; a file that was replaced meanwhile is opened again. */
static vdr_err
open_locked(vdr_lib_outbox *outbox)
{
    for (;;) {
        struct stat opened, named;
        outbox->fd = open(outbox->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (outbox->fd < 0)
            return fail(outbox, "open");
        if (flock(outbox->fd, LOCK_EX | LOCK_NB) != 0) {
            snprintf(outbox->words, sizeof outbox->words, "outbox %s: another process has it", outbox->path);
            return errno == EWOULDBLOCK ? VDR_E_STORE_BUSY : fail(outbox, "lock");
        }
        if (fstat(outbox->fd, &opened) != 0)
            return fail(outbox, "look at it");
        if (stat(outbox->path, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
            return VDR_OK;
        close(outbox->fd);
    }
}

static vdr_err
load(vdr_lib_outbox *outbox)
{
    struct stat status;
    uint8_t head[HEAD_BYTES];

    vdr_err err = open_locked(outbox);
    if (err != VDR_OK)
        return err;
    if (fstat(outbox->fd, &status) != 0)
        return fail(outbox, "look at it");
    if (!S_ISREG(status.st_mode)) {
        snprintf(outbox->words, sizeof outbox->words, "outbox %s: not a regular file", outbox->path);
        return VDR_E_STORE_CORRUPT;
    }
    if (status.st_size < (off_t)HEAD_BYTES) { /* new, or torn before its first item */
        err = write_head(outbox, outbox->fd);
        if (err == VDR_OK && fdatasync(outbox->fd) != 0)
            err = fail(outbox, "sync");
        outbox->file_bytes = HEAD_BYTES;
        return err == VDR_OK ? sync_directory(outbox) : err;
    }
    if (pread(outbox->fd, head, sizeof head, 0) != (ssize_t)sizeof head)
        return fail(outbox, "read");
    if (memcmp(head, magic, sizeof magic) != 0) {
        snprintf(outbox->words, sizeof outbox->words, "outbox %s: this file is no outbox", outbox->path);
        return VDR_E_STORE_CORRUPT;
    }
    if (memcmp(head + sizeof magic, outbox->check, sizeof outbox->check) != 0) {
        snprintf(outbox->words, sizeof outbox->words, "outbox %s: sealed under another key", outbox->path);
        return VDR_E_USAGE;
    }
    return scan(outbox, (uint64_t)status.st_size);
}

vdr_err
vdr_lib_outbox_open(const char *path, const uint8_t secret_key[32], uint64_t bytes_max,
                    vdr_lib_outbox **ret_outbox, char *ret_words)
{
    static const uint8_t seal[] = "voordeur outbox seal", check[] = "voordeur outbox key check";
    uint8_t whole[32];
    VDR_ASSERT(sodium_init() >= 0);
    vdr_lib_outbox *outbox = vdr_alloc(1, sizeof *outbox);

    outbox->path = strdup(path);
    VDR_ASSERT(outbox->path != NULL);
    outbox->fd = -1;
    outbox->bytes_max = bytes_max;
    outbox->next_number = 1;
    crypto_generichash(outbox->key, sizeof outbox->key, seal, sizeof seal - 1, secret_key, 32);
    crypto_generichash(whole, sizeof whole, check, sizeof check - 1, secret_key, 32);
    memcpy(outbox->check, whole, sizeof outbox->check);
    vdr_err err = load(outbox);
    if (err != VDR_OK) {
        memcpy(ret_words, outbox->words, VDR_LIB_OUTBOX_WORDS);
        vdr_lib_outbox_close(&outbox);
        return err;
    }
    outbox->found = vdr_alloc(outbox->count - outbox->first, sizeof *outbox->found);
    for (size_t i = outbox->first; i < outbox->count; i++) {
        if (!outbox->slots[i].done)
            outbox->found[outbox->found_count++] = outbox->slots[i].item;
    }
    *ret_outbox = outbox;
    return VDR_OK;
}

void
vdr_lib_outbox_close(vdr_lib_outbox **outbox_p)
{
    vdr_lib_outbox *outbox = *outbox_p;
    if (outbox == NULL)
        return;
    if (outbox->fd >= 0)
        close(outbox->fd); /* the lock goes with it */
    sodium_memzero(outbox->key, sizeof outbox->key);
    vdr_bytes_done(&outbox->pending);
    vdr_bytes_done(&outbox->scratch);
    free(outbox->slots);
    free(outbox->found);
    free(outbox->path);
    free(outbox);
    *outbox_p = NULL;
}

/* ---- Use */

size_t
vdr_lib_outbox_found(const vdr_lib_outbox *outbox, const vdr_lib_outbox_item **ret_items)
{
    *ret_items = outbox->found;
    return outbox->found_count;
}

uint64_t
vdr_lib_outbox_damaged_bytes(const vdr_lib_outbox *outbox)
{
    return outbox->damaged_bytes;
}

uint64_t
vdr_lib_outbox_next_number(const vdr_lib_outbox *outbox)
{
    return outbox->next_number;
}

const char *
vdr_lib_outbox_words(const vdr_lib_outbox *outbox)
{
    return outbox->words;
}

vdr_err
vdr_lib_outbox_add(vdr_lib_outbox *outbox, uint64_t first, const vdr_span *items, size_t count,
                   vdr_lib_outbox_item *ret_items)
{
    VDR_ASSERT(first >= outbox->next_number);
    if (outbox->failed)
        return VDR_E_IO;
    outbox->scratch.len = 0;
    for (size_t i = 0; i < count; i++) {
        VDR_ASSERT(items[i].len <= ITEM_BYTES_MAX);
        ret_items[i] = (vdr_lib_outbox_item){.number = first + i,
                                             .place = outbox->file_bytes + outbox->scratch.len,
                                             .bytes = (uint32_t)items[i].len};
        record_append(outbox, KIND_ITEM, first + i, 0, items[i], &outbox->scratch);
    }
    if (outbox->file_bytes + outbox->scratch.len > outbox->bytes_max) {
        snprintf(outbox->words, sizeof outbox->words, "outbox %s: full", outbox->path);
        return VDR_E_BUSY;
    }
    vdr_err err = write_all(outbox, outbox->fd, vdr_bytes_span(&outbox->scratch), outbox->file_bytes);
    if (err == VDR_OK && fdatasync(outbox->fd) != 0)
        err = fail(outbox, "sync");
    if (err != VDR_OK) { /* nobody was told that they are taken */
        if (ftruncate(outbox->fd, (off_t)outbox->file_bytes) != 0)
            return fail(outbox, "cut back");
        return err;
    }
    outbox->file_bytes += outbox->scratch.len;
    outbox->next_number = first + count;
    for (size_t i = 0; i < count; i++)
        slot_add(outbox, &ret_items[i]);
    return VDR_OK;
}

static vdr_err
read_record(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item)
{
    uint64_t bytes = record_bytes(item->bytes);
    outbox->scratch.len = 0;
    uint8_t *at = vdr_bytes_extend(&outbox->scratch, bytes);
    ssize_t n;
    do
        n = pread(outbox->fd, at, bytes, (off_t)item->place);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)bytes ? VDR_OK : fail(outbox, "read");
}

vdr_err
vdr_lib_outbox_read(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item, vdr_bytes *out)
{
    vdr_err err = read_record(outbox, item);
    if (err != VDR_OK)
        return err;
    if (get_64(outbox->scratch.at + 16) == item->number &&
        record_open(outbox, outbox->scratch.at, outbox->scratch.len, out))
        return VDR_OK;
    snprintf(outbox->words, sizeof outbox->words, "outbox %s: an item changed on disk", outbox->path);
    return VDR_E_STORE_CORRUPT;
}

/* The range of done numbers that grew becomes a record. */
static void
close_range(vdr_lib_outbox *outbox)
{
    if (outbox->done_count != 0)
        record_append(outbox, KIND_DONE, outbox->done_first, (uint32_t)outbox->done_count, (vdr_span){0},
                      &outbox->pending);
    outbox->done_count = 0;
}

void
vdr_lib_outbox_done(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item)
{
    if (outbox->done_count == 0 || item->number != outbox->done_first + outbox->done_count ||
        outbox->done_count == UINT32_MAX) {
        close_range(outbox);
        outbox->done_first = item->number;
    }
    outbox->done_count++;
    slot_drop(outbox, item->number);
}

/* Writes head and what is left into new_fd. */
static vdr_err
copy_live(vdr_lib_outbox *outbox, int new_fd, uint64_t *ret_bytes)
{
    uint64_t place = HEAD_BYTES;
    vdr_err err = write_head(outbox, new_fd);

    for (size_t i = outbox->first; i < outbox->count && err == VDR_OK; i++) {
        if (outbox->slots[i].done)
            continue;
        err = read_record(outbox, &outbox->slots[i].item);
        if (err == VDR_OK)
            err = write_all(outbox, new_fd, vdr_bytes_span(&outbox->scratch), place);
        place += record_bytes(outbox->slots[i].item.bytes);
    }
    if (err == VDR_OK && fdatasync(new_fd) != 0)
        err = fail(outbox, "sync the new file");
    *ret_bytes = place;
    return err;
}

/* A new file with what is left takes the old one's place. */
static vdr_err
compact(vdr_lib_outbox *outbox, void (*moved)(void *context, const vdr_lib_outbox_item *item), void *context)
{
    char path[4096];
    uint64_t bytes = 0;

    snprintf(path, sizeof path, "%s.new", outbox->path);
    (void)unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(outbox, "make a new file");
    vdr_err err = flock(fd, LOCK_EX | LOCK_NB) == 0 ? copy_live(outbox, fd, &bytes) : fail(outbox, "lock");
    if (err == VDR_OK && rename(path, outbox->path) != 0)
        err = fail(outbox, "put the new file in place");
    if (err != VDR_OK) {
        close(fd);
        (void)unlink(path);
        return err;
    }
    close(outbox->fd);
    outbox->fd = fd;
    outbox->file_bytes = bytes;
    uint64_t place = HEAD_BYTES;
    size_t to = outbox->first;
    for (size_t i = outbox->first; i < outbox->count; i++) {
        if (outbox->slots[i].done)
            continue;
        outbox->slots[to] = outbox->slots[i];
        outbox->slots[to].item.place = place;
        place += record_bytes(outbox->slots[to].item.bytes);
        moved(context, &outbox->slots[to].item);
        to++;
    }
    outbox->count = to;
    return sync_directory(outbox);
}

vdr_err
vdr_lib_outbox_settle(vdr_lib_outbox *outbox, void (*moved)(void *context, const vdr_lib_outbox_item *item),
                      void *context)
{
    if (outbox->failed)
        return VDR_E_IO;
    close_range(outbox);
    if (outbox->pending.len == 0)
        return VDR_OK;
    vdr_err err = VDR_OK;
    if (outbox->first == outbox->count) {
        if (ftruncate(outbox->fd, HEAD_BYTES) != 0)
            err = fail(outbox, "cut back");
        outbox->file_bytes = HEAD_BYTES;
    } else if (outbox->file_bytes - outbox->live_bytes > GARBAGE_BYTES &&
               outbox->file_bytes - outbox->live_bytes > outbox->live_bytes) {
        err = compact(outbox, moved, context);
    } else {
        err = write_all(outbox, outbox->fd, vdr_bytes_span(&outbox->pending), outbox->file_bytes);
        if (err == VDR_OK)
            outbox->file_bytes += outbox->pending.len;
        else if (err == VDR_E_STORE_FULL)
            err = VDR_OK; /* then it will be published once more after a crash */
    }
    outbox->pending.len = 0;
    return err;
}
