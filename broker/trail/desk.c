#include "broker/trail/desk.h"

#include "broker/trail/pager.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK 2048u /* records between two looks at the outside */

/* A walk: the pager's thread's. */
typedef struct walk {
    vdr_log *log;
    vdr_trail_ask ask;
    char party[VDR_CONF_NAME_MAX + 1];
    vdr_trail_mailbox *mailboxes;
    size_t mailbox_count;
    vdr_trail *trail; /* NULL: not opened yet */
    vdr_trail_sum sum;
} walk;

struct vdr_trail_desk {
    vdr_log *log;
    vdr_pager *pager;
    uint64_t session;
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
vdr_trail_row_put(vdr_rows *rows, const vdr_trail_row *row)
{
    vdr_row(rows, "trail");
    vdr_row_text(rows, "kind", vdr_span_str(vdr_trail_kind_name(row->kind)));
    put_party(rows, "by", row->by_kind, row->by);
    put_party(rows, "to", row->to_kind, row->to);
    vdr_row_text(rows, "what", row->what);
    vdr_row_text(rows, "source", row->source);
    vdr_row_text(rows, "id", row->id);
    vdr_row_text(rows, "reason", row->reason);
    vdr_row_text(rows, "traceparent", row->traceparent);
    vdr_row_number(rows, "position", row->position);
    vdr_row_instant(rows, "at_ms", row->at);
    vdr_row_instant(rows, "since_ms", row->since);
    vdr_row_instant(rows, "until_ms", row->until);
    put_number(rows, "household", row->household.number);
    put_number(rows, "other", row->other.number);
    put_number(rows, "case", row->case_id.number);
    put_number(rows, "signal", row->signal);
    put_number(rows, "parts", row->parts);
}

/* ---- the walk */

static bool
mailbox_of(void *context, uint32_t mailbox, vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    const walk *w = context;
    if (mailbox == 0 || mailbox > w->mailbox_count)
        return false;
    *ret_kind = w->mailboxes[mailbox - 1].kind;
    *ret_id = vdr_span_str(w->mailboxes[mailbox - 1].id);
    return true;
}

static vdr_err
walk_next(void *of, vdr_rows *rows, char *ret_words)
{
    walk *w = of;
    vdr_trail_row row;
    vdr_err err = VDR_OK;
    (void)ret_words;
    if (w->trail == NULL)
        err = vdr_trail_open(w->log, &w->ask, mailbox_of, w, &w->trail);
    if (err == VDR_OK)
        err = vdr_trail_next(w->trail, CHUNK, &row);
    if (err == VDR_OK)
        vdr_trail_row_put(rows, &row);
    if (w->trail != NULL)
        w->sum = vdr_trail_sum_get(w->trail);
    return err;
}

static void
walk_rest(void *of)
{
    walk *w = of;
    if (w->trail != NULL)
        vdr_trail_rest(w->trail);
}

static void
walk_free(void *of)
{
    walk *w = of;
    vdr_trail_close(&w->trail);
    free(w->mailboxes);
    free(w);
}

/* ---- the reactor */

vdr_trail_desk *
vdr_trail_desk_new(vdr_log *log)
{
    vdr_trail_desk *desk = vdr_alloc(1, sizeof *desk);
    desk->log = log;
    desk->pager = vdr_pager_new("vdr-trail");
    return desk;
}

void
vdr_trail_desk_free(vdr_trail_desk **desk_p)
{
    vdr_trail_desk *desk = *desk_p;
    if (desk == NULL)
        return;
    vdr_pager_free(&desk->pager);
    free(desk);
    *desk_p = NULL;
}

void
vdr_trail_desk_begin(vdr_trail_desk *desk, uint64_t session, const vdr_trail_ask *ask,
                     vdr_trail_mailbox *mailboxes, size_t mailbox_count)
{
    static const vdr_pager_job job = {walk_next, walk_rest, walk_free};
    walk *w = vdr_alloc(1, sizeof *w);
    *w = (walk){.log = desk->log, .ask = *ask, .mailboxes = mailboxes, .mailbox_count = mailbox_count};
    (void)snprintf(w->party, sizeof w->party, "%.*s", (int)ask->party.len, (const char *)ask->party.at);
    w->ask.party = vdr_span_str(w->party);
    desk->session = session;
    vdr_pager_begin(desk->pager, &job, w);
}

uint64_t
vdr_trail_desk_session(const vdr_trail_desk *desk)
{
    return desk->session;
}

void
vdr_trail_desk_take(vdr_trail_desk *desk, vdr_trail_page *ret_page)
{
    vdr_pager_page page;
    vdr_pager_take(desk->pager, &page);
    const walk *w = page.of;
    *ret_page = (vdr_trail_page){.running = page.running,
                                 .end = page.end,
                                 .err = page.err,
                                 .rows = page.rows,
                                 .row_count = page.row_count};
    if (w != NULL)
        ret_page->sum = w->sum;
}
