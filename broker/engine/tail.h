/* broker/engine/tail.h - the log's tail, read ahead of whoever steps it: reading a record, opening it and finding the
 * command in it takes as long as the step, and needs nothing of the state.
 *
 * Thread:  the functions are the caller's; with threads a thread of the tail's own is inside, and the reader is
 *          its own until the tail is freed.
 * Errors:  of a record, in its place: those before it are good. */
#ifndef VDR_BROKER_TAIL_H
#define VDR_BROKER_TAIL_H

#include "broker/record/record.h"
#include "store/log.h"

typedef struct vdr_tail vdr_tail;

typedef struct vdr_tail_record {
    vdr_position position;
    vdr_err err; /* of reading it; if not OK, all else of it is nothing, and it is the last */
    vdr_command command;
    vdr_config_texts texts; /* that the command may name */
    vdr_span tale, content; /* content: of a CONFIG alone */
} vdr_tail_record;

/* Records from `from` to `end`, both included. */
vdr_tail *vdr_tail_new(vdr_log_reader *reader, vdr_position from, vdr_position end, bool threads);
void vdr_tail_free(vdr_tail **tail_p); /* NULL-safe; also before the end */

/* The next records, in order, until the next call; their number, 0 after the last one. */
size_t vdr_tail_next(vdr_tail *tail, vdr_tail_record **ret_records);

#endif
