#include "broker/trail/logboek_desk.h"

#include "broker/core/view.h"
#include "broker/trail/logboek.h"
#include "broker/trail/pager.h"

#include <stdlib.h>

#define CHUNK 2048u /* rows that are passed over between two looks at the outside */

_Static_assert(VDR_PAGER_WORDS >= VDR_HISTORY_WORDS, "room for the words of a history");

/* A reading: the pager's thread's. */
typedef struct reading {
    const vdr_pager *pager;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_logboek_ask ask;
    vdr_logboek_keys *keys;
    vdr_history *history; /* NULL: not opened yet */
    vdr_logboek *logboek;
    vdr_position end; /* the last record that there was when it was begun, or last extended */
    vdr_position first, at;
    bool rested, too_big;
} reading;

struct vdr_logboek_desk {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_logboek_keys *keys;
    vdr_pager *pager;
    uint64_t session;
};

/* ---- the thread */

static bool
go_on(void *context)
{
    reading *r = context;
    vdr_core_counts counts;
    vdr_view_counts(vdr_history_core(r->history), &counts);
    r->too_big = counts.memory_bytes > r->ask.memory_max;
    return !r->too_big && !vdr_pager_leaves(r->pager);
}

static vdr_err
open_history(reading *r, char *words)
{
    vdr_checkpoint *look = NULL;
    vdr_err err = vdr_checkpoint_look_oldest(r->checkpoint, &look);
    if (err == VDR_OK)
        err = vdr_history_open(r->log, look, &r->history, words);
    vdr_checkpoint_close(&look);
    return err;
}

static vdr_err
begin(reading *r, char *words)
{
    vdr_ms at;
    vdr_err err = open_history(r, words);
    if (err == VDR_OK)
        err = vdr_logboek_open(r->history, r->keys, &r->logboek, words);
    if (err != VDR_OK)
        return err;
    vdr_history_watch(r->history, go_on, r);
    r->first = vdr_history_from(r->history, &at) + 1;
    r->at = r->first - 1;
    r->end = vdr_history_end(r->history);
    return VDR_OK;
}

static vdr_err
wake(reading *r)
{
    vdr_err err = vdr_history_extend(r->history, r->log);
    if (err == VDR_OK && r->ask.follow)
        r->end = vdr_history_end(r->history);
    r->rested = err != VDR_OK;
    return err;
}

static bool
is_wanted(const vdr_logboek_ask *ask, const vdr_logboek_row *row)
{
    return row->position >= ask->position && (ask->from == VDR_MS_NONE || row->end >= ask->from) &&
           (ask->until == VDR_MS_NONE || row->end < ask->until);
}

static vdr_err
next(void *of, vdr_rows *rows, char *ret_words)
{
    reading *r = of;
    vdr_logboek_row row;
    vdr_err err = r->logboek == NULL ? begin(r, ret_words) : r->rested ? wake(r) : VDR_OK;
    for (unsigned i = 0; i < CHUNK && err == VDR_OK; i++) {
        err = vdr_logboek_next(r->logboek, &row, ret_words);
        if (err == VDR_OK && row.position > r->end)
            err = VDR_E_END; /* it came after */
        if (err != VDR_OK)
            break;
        r->at = row.position;
        if (is_wanted(&r->ask, &row)) {
            vdr_logboek_row_put(rows, &row);
            return VDR_OK;
        }
    }
    if (err == VDR_E_END)
        r->at = r->end;
    if (r->too_big)
        return VDR_E_TOO_BIG;
    return err == VDR_OK ? VDR_E_BUSY : err;
}

static void
rest(void *of)
{
    reading *r = of;
    if (r->history != NULL)
        vdr_history_rest(r->history);
    r->rested = r->history != NULL;
}

static void
free_reading(void *of)
{
    reading *r = of;
    vdr_logboek_close(&r->logboek);
    vdr_history_close(&r->history);
    vdr_logboek_keys_free(&r->keys);
    free(r);
}

/* ---- the reactor */

vdr_logboek_desk *
vdr_logboek_desk_new(vdr_log *log, vdr_checkpoint *checkpoint, const uint8_t *secret)
{
    vdr_logboek_desk *desk = vdr_alloc(1, sizeof *desk);
    desk->log = log;
    desk->checkpoint = checkpoint;
    desk->keys = vdr_logboek_keys_new(secret);
    desk->pager = vdr_pager_new("vdr-logboek");
    return desk;
}

void
vdr_logboek_desk_free(vdr_logboek_desk **desk_p)
{
    vdr_logboek_desk *desk = *desk_p;
    if (desk == NULL)
        return;
    vdr_pager_free(&desk->pager);
    vdr_logboek_keys_free(&desk->keys);
    free(desk);
    *desk_p = NULL;
}

void
vdr_logboek_desk_begin(vdr_logboek_desk *desk, uint64_t session, const vdr_logboek_ask *ask)
{
    static const vdr_pager_job job = {next, rest, free_reading};
    reading *r = vdr_alloc(1, sizeof *r);
    *r = (reading){.pager = desk->pager,
                   .log = desk->log,
                   .checkpoint = desk->checkpoint,
                   .ask = *ask,
                   .keys = vdr_logboek_keys_copy(desk->keys)};
    desk->session = session;
    vdr_pager_begin(desk->pager, &job, r);
}

uint64_t
vdr_logboek_desk_session(const vdr_logboek_desk *desk)
{
    return desk->session;
}

void
vdr_logboek_desk_take(vdr_logboek_desk *desk, vdr_logboek_page *ret_page)
{
    vdr_pager_page page;
    vdr_pager_take(desk->pager, &page);
    const reading *r = page.of;
    *ret_page = (vdr_logboek_page){.running = page.running,
                                   .end = page.end,
                                   .err = page.err,
                                   .words = page.words,
                                   .rows = page.rows,
                                   .row_count = page.row_count};
    if (r == NULL)
        return;
    ret_page->first = r->first;
    ret_page->at = r->at;
    ret_page->last = r->end;
}
