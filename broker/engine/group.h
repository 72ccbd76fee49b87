/* broker/engine/group.h - one group while it gathers, is committed and is spoken: records, tales, mails, results.
 *
 * Bytes are copied into chunks that never move and are used again for the next group, so that nothing is
 * allocated per command once the first groups went through.
 *
 * Thread:  the reactor's while it gathers and after it is done; the committer's in between. done is how the
 *          committer hands it back. */
#ifndef VDR_BROKER_GROUP_H
#define VDR_BROKER_GROUP_H

#include "broker/engine/engine.h"

#include <stdatomic.h>

#define VDR_GROUP_CHUNK_BYTES (256u * 1024)

typedef struct vdr_group_chunk {
    struct vdr_group_chunk *next;
    size_t size, used;
    uint8_t *bytes;
} vdr_group_chunk;

typedef struct vdr_gather {
    vdr_group group; /* what the collector sees; filled by vdr_gather_close */
    vdr_log_record *records;
    vdr_result *results;
    vdr_log_mail *mails;
    vdr_told *told;
    size_t record_count, result_count, mail_count, told_count;
    size_t record_room, result_room, mail_room, told_room;
    vdr_group_chunk *chunks, *chunk; /* all, and the one being filled */
    size_t bytes;                    /* copied in since the last clear */
    vdr_position expected;           /* position of the first record */
    int64_t closed_us;               /* steady, when it was handed over */
    int64_t took_us;                 /* from then until it was durable */
    vdr_err error;                   /* of the append */
    atomic_bool done;                /* may be spoken, or failed */
} vdr_gather;

void vdr_gather_init(vdr_gather *gather);
void vdr_gather_done(vdr_gather *gather);
void vdr_gather_clear(vdr_gather *gather, vdr_position expected); /* keeps its memory */

/* Room for bytes, not aligned, valid until clear. */
uint8_t *vdr_gather_reserve(vdr_gather *gather, size_t bytes);
/* Gives back what of the last reserve was not used. */
void vdr_gather_trim(vdr_gather *gather, size_t unused_bytes);
vdr_span vdr_gather_copy(vdr_gather *gather, vdr_span bytes);

/* Each adds one; what the spans point to is in the group already. */
vdr_position vdr_gather_add_record(vdr_gather *gather,
                                   const vdr_log_record *record); /* returns its position */
void vdr_gather_add_result(vdr_gather *gather, const vdr_result *result);
void vdr_gather_add_told(vdr_gather *gather, vdr_position position, vdr_span tale, vdr_span content);
void vdr_gather_add_mails(vdr_gather *gather, vdr_position position, const vdr_core_mail *mails,
                          size_t count);

static inline bool
vdr_gather_empty(const vdr_gather *gather)
{
    return gather->record_count == 0 && gather->result_count == 0;
}

/* How many more submissions fit before it counts as full. */
size_t vdr_gather_room(const vdr_gather *gather);

/* So much that more of it would gain little: it goes to the committer as soon as that has a place. */
bool vdr_gather_enough(const vdr_gather *gather);

void vdr_gather_close(vdr_gather *gather); /* fills in group */

#endif
