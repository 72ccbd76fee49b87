/* broker/trail/logboek_desk.h - the processing log of a running broker: a logboek (logboek.h) made beside the turn, a
 * page at a time.
 *
 * One at a time. It steps the log again with a core of its own, from record 1 or, where the log was cut or erased in,
 * from the older of the store's checkpoints; what came before that has no rows any more. Who follows goes on, behind
 * the end, with what was appended since, and then also what an erasure run destroys is told before it goes.
 *
 * Thread:  the reactor's, for everything here; the stepping is a thread's of its own, at low priority. Log and
 *          checkpoint outlive it.
 * Memory:  a second state while one is read, at most memory_max (TOO_BIG). A page's rows live until the next call. */
#ifndef VDR_BROKER_LOGBOEK_DESK_H
#define VDR_BROKER_LOGBOEK_DESK_H

#include "broker/history/rows.h"
#include "broker/trail/logboek_id.h"
#include "store/checkpoint.h"
#include "store/log.h"

typedef struct vdr_logboek_desk vdr_logboek_desk;

/* What is asked for; zero and VDR_MS_NONE: everything there is. */
typedef struct vdr_logboek_ask {
    vdr_position position; /* rows of this record and of later ones */
    vdr_ms from, until;    /* that ended at or after, and before; VDR_MS_NONE: no bound */
    bool follow;
    uint64_t memory_max;
} vdr_logboek_ask;

/* secret: VDR_SECRET_BYTES bytes that the ids are made with; not kept. */
vdr_logboek_desk *vdr_logboek_desk_new(vdr_log *log, vdr_checkpoint *checkpoint, const uint8_t *secret);
void vdr_logboek_desk_free(vdr_logboek_desk **desk_p); /* NULL-safe */

/* Begins, for this session; what was begun before is over. */
void vdr_logboek_desk_begin(vdr_logboek_desk *desk, uint64_t session, const vdr_logboek_ask *ask);
uint64_t vdr_logboek_desk_session(const vdr_logboek_desk *desk); /* whose it is; 0: none was begun */

typedef struct vdr_logboek_page {
    bool running; /* it is not full yet: ask again */
    bool end;     /* the last one; where it is followed: the last for now */
    vdr_err err;
    const char *words; /* of err; "": none */
    const vdr_wire_row *rows;
    size_t row_count;
    vdr_position first, at, last; /* rows can be had from here on; told up to; there is up to */
} vdr_logboek_page;

/* The next page; given once. */
void vdr_logboek_desk_take(vdr_logboek_desk *desk, vdr_logboek_page *ret_page);

#endif
