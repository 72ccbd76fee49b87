#define _GNU_SOURCE /* gettid */
#include "broker/trail/desk.h"

#include "broker/engine/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICE        15
#define PAGE_ROWS   200u
#define PAGE_BYTES  (96u * 1024) /* of texts: a page fits a frame of the parties' listener */
#define ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define CHUNK       2048u /* records between two looks at the outside */

typedef enum desk_state { IDLE, ASKED, FULL } desk_state;

struct vdr_trail_desk {
    vdr_log *log;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of state; the rest is the thread's while ASKED, else the reactor's */
    pthread_cond_t changed;
    desk_state state;
    bool stop;
    atomic_bool leave; /* the thread lets go of what it is at */

    uint64_t session;
    vdr_trail_ask ask;
    char party[VDR_CONF_NAME_MAX + 1];
    bool ids, opened, end;
    vdr_trail_mailbox *mailboxes;
    size_t mailbox_count;
    vdr_trail *trail;
    vdr_arena arena;
    vdr_rows rows;
    vdr_err err;
    vdr_trail_sum sum;
};

/* ---- rows */

static void
put_party(vdr_rows *rows, const char *name, vdr_party_kind kind, vdr_span id)
{
    char text[VDR_NAME_BYTES_MAX + 64];
    if (kind == VDR_PARTY_NONE)
        return;
    int len =
        snprintf(text, sizeof text, "%s:%.*s", vdr_party_kind_name(kind), (int)id.len, (const char *)id.at);
    vdr_row_text(rows, name, vdr_span_of(text, len < 0 ? 0 : (size_t)len));
}

static void
put_number(vdr_rows *rows, const char *name, uint64_t number)
{
    if (number != 0)
        vdr_row_number(rows, name, number);
}

void
vdr_trail_row_put(vdr_rows *rows, const vdr_trail_row *row, bool ids)
{
    vdr_row(rows, "trail");
    vdr_row_text(rows, "kind", vdr_span_str(vdr_trail_kind_name(row->kind)));
    put_party(rows, "by", row->by_kind, row->by);
    put_party(rows, "to", row->to_kind, row->to);
    vdr_row_text(rows, "what", row->what);
    if (ids) {
        vdr_row_text(rows, "source", row->source);
        vdr_row_text(rows, "id", row->id);
    }
    vdr_row_text(rows, "reason", row->reason);
    vdr_row_text(rows, "traceparent", row->traceparent);
    vdr_row_number(rows, "position", row->position);
    vdr_row_instant(rows, "at_ms", row->at);
    vdr_row_instant(rows, "since_ms", row->since);
    put_number(rows, "household", row->household.number);
    put_number(rows, "other", row->other.number);
    put_number(rows, "case", row->case_id.number);
    put_number(rows, "signal", row->signal);
    put_number(rows, "parts", row->parts);
}

/* ---- the thread */

static bool
mailbox_of(void *context, uint32_t mailbox, vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    const vdr_trail_desk *desk = context;
    if (mailbox == 0 || mailbox > desk->mailbox_count)
        return false;
    *ret_kind = desk->mailboxes[mailbox - 1].kind;
    *ret_id = vdr_span_str(desk->mailboxes[mailbox - 1].id);
    return true;
}

static size_t
text_bytes(const vdr_trail_row *row)
{
    return 64 + row->by.len + row->to.len + row->what.len + row->source.len + row->id.len + row->reason.len;
}

static void
fill(vdr_trail_desk *desk)
{
    size_t bytes = 0;
    vdr_trail_row row;
    vdr_err err = VDR_OK;
    vdr_arena_reset(&desk->arena);
    vdr_rows_begin(&desk->rows, &desk->arena);
    if (!desk->opened)
        err = vdr_trail_open(desk->log, &desk->ask, mailbox_of, desk, &desk->trail);
    desk->opened = true;
    while (err == VDR_OK && desk->rows.count < PAGE_ROWS && bytes < PAGE_BYTES &&
           !atomic_load(&desk->leave)) {
        err = vdr_trail_next(desk->trail, CHUNK, &row);
        if (err == VDR_OK) {
            vdr_trail_row_put(&desk->rows, &row, desk->ids);
            vdr_rows_end(&desk->rows);
            bytes += text_bytes(&row);
        } else if (err == VDR_E_BUSY) {
            vdr_trail_rest(desk->trail);
            err = VDR_OK;
        }
    }
    desk->end = err == VDR_E_END;
    desk->err = desk->end ? VDR_OK : err;
    if (desk->trail != NULL) {
        desk->sum = vdr_trail_sum_get(desk->trail);
        vdr_trail_rest(desk->trail);
    }
}

static void *
run(void *context)
{
    vdr_trail_desk *desk = context;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread; without it, only less polite */
    (void)pthread_mutex_lock(&desk->lock);
    while (!desk->stop) {
        if (desk->state != ASKED) {
            (void)pthread_cond_wait(&desk->changed, &desk->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&desk->lock);
        fill(desk);
        (void)pthread_mutex_lock(&desk->lock);
        desk->state = FULL;
        (void)pthread_cond_broadcast(&desk->changed);
    }
    (void)pthread_mutex_unlock(&desk->lock);
    return NULL;
}

/* ---- the reactor */

vdr_trail_desk *
vdr_trail_desk_new(vdr_log *log)
{
    vdr_trail_desk *desk = vdr_alloc(1, sizeof *desk);
    desk->log = log;
    vdr_arena_init(&desk->arena, ARENA_BYTES);
    vdr_thread_lock_init(&desk->lock);
    vdr_thread_cond_init(&desk->changed);
    return desk;
}

/* The thread has put down its pen; what it was at is given back. */
static void
settle(vdr_trail_desk *desk)
{
    atomic_store(&desk->leave, true);
    (void)pthread_mutex_lock(&desk->lock);
    while (desk->state == ASKED)
        (void)pthread_cond_wait(&desk->changed, &desk->lock);
    desk->state = IDLE;
    (void)pthread_mutex_unlock(&desk->lock);
    atomic_store(&desk->leave, false);
    vdr_trail_close(&desk->trail);
    free(desk->mailboxes);
    desk->mailboxes = NULL;
    desk->mailbox_count = 0;
    desk->opened = desk->end = false;
}

void
vdr_trail_desk_free(vdr_trail_desk **desk_p)
{
    vdr_trail_desk *desk = *desk_p;
    if (desk == NULL)
        return;
    settle(desk);
    (void)pthread_mutex_lock(&desk->lock);
    desk->stop = true;
    (void)pthread_cond_broadcast(&desk->changed);
    (void)pthread_mutex_unlock(&desk->lock);
    if (desk->started)
        (void)pthread_join(desk->thread, NULL);
    vdr_arena_done(&desk->arena);
    (void)pthread_cond_destroy(&desk->changed);
    (void)pthread_mutex_destroy(&desk->lock);
    free(desk);
    *desk_p = NULL;
}

static void
ask_page(vdr_trail_desk *desk)
{
    (void)pthread_mutex_lock(&desk->lock);
    desk->state = ASKED;
    (void)pthread_cond_broadcast(&desk->changed);
    (void)pthread_mutex_unlock(&desk->lock);
}

void
vdr_trail_desk_begin(vdr_trail_desk *desk, uint64_t session, const vdr_trail_ask *ask, bool ids,
                     vdr_trail_mailbox *mailboxes, size_t mailbox_count)
{
    settle(desk);
    desk->session = session;
    desk->ask = *ask;
    (void)snprintf(desk->party, sizeof desk->party, "%.*s", (int)ask->party.len, (const char *)ask->party.at);
    desk->ask.party = vdr_span_str(desk->party);
    desk->ids = ids;
    desk->mailboxes = mailboxes;
    desk->mailbox_count = mailbox_count;
    if (!desk->started)
        vdr_thread_start(&desk->thread, "vdr-trail", run, desk);
    desk->started = true;
    ask_page(desk);
}

uint64_t
vdr_trail_desk_session(const vdr_trail_desk *desk)
{
    return desk->session;
}

void
vdr_trail_desk_take(vdr_trail_desk *desk, vdr_trail_page *ret_page)
{
    (void)pthread_mutex_lock(&desk->lock);
    desk_state state = desk->state;
    (void)pthread_mutex_unlock(&desk->lock);
    *ret_page = (vdr_trail_page){.running = state == ASKED};
    if (state == IDLE && desk->opened && !desk->end) {
        ask_page(desk); /* the page before was given */
        ret_page->running = true;
    }
    if (state != FULL)
        return;
    ret_page->end = desk->end;
    ret_page->err = desk->err;
    ret_page->rows = desk->rows.at;
    ret_page->row_count = desk->rows.count;
    ret_page->sum = desk->sum;
    (void)pthread_mutex_lock(&desk->lock);
    desk->state = IDLE;
    (void)pthread_mutex_unlock(&desk->lock);
}
