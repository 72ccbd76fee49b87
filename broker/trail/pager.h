/* broker/trail/pager.h - rows that take long, made beside the turn and given a page at a time.
 *
 * A job makes rows; a thread of its own, at low priority, lets it make a page when one is asked for, and rests between
 * two. One job at a time: another one takes its place, and what the first was at is put down by the thread, so that
 * nobody waits for it. A page is some hundred rows, small enough for a frame of any listener.
 *
 * Thread:  the reactor's, for everything here; a job's functions are called by the pager's own thread.
 * Memory:  a page's rows live until the next call here. */
#ifndef VDR_BROKER_TRAIL_PAGER_H
#define VDR_BROKER_TRAIL_PAGER_H

#include "broker/history/rows.h"

#include <stdatomic.h>

typedef struct vdr_pager vdr_pager;

/* What a job is made of; its functions are the pager's thread's, from begin to free. */
typedef struct vdr_pager_job {
    /* Puts a row, or none. END: there are no more, now; BUSY: it worked long and has none yet. ret_words:
     * VDR_PAGER_WORDS bytes, for people, filled on another failure. */
    vdr_err (*next)(void *of, vdr_rows *rows, char *ret_words);
    void (*rest)(void *of); /* lets go of the log's pages until the next row */
    void (*free)(void *of); /* NULL-safe in what it holds: perhaps nothing was begun */
} vdr_pager_job;

#define VDR_PAGER_WORDS 512u

/* name: of its thread, at most 15 bytes. It starts with the first job. */
vdr_pager *vdr_pager_new(const char *name);
void vdr_pager_free(vdr_pager **pager_p); /* ends what runs; NULL-safe */

/* Begins; of is the pager's from here on. */
void vdr_pager_begin(vdr_pager *pager, const vdr_pager_job *job, void *of);
/* For a job that works long without a row: is its time over? Any thread. */
bool vdr_pager_leaves(const vdr_pager *pager);

typedef struct vdr_pager_page {
    bool running; /* it is not full yet: ask again */
    bool end;     /* there is no more behind it, now */
    vdr_err err;
    const char *words; /* of err; "": none */
    const vdr_wire_row *rows;
    size_t row_count;
    const void *of; /* the job's, to be looked at; NULL while running */
} vdr_pager_page;

/* The next page; given once. Behind the end: what has come since, where a job goes on; else the end again. */
void vdr_pager_take(vdr_pager *pager, vdr_pager_page *ret_page);

#endif
