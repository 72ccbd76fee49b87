/* The mailbox in pieces, and what is dealt with. (Streams: stream.c.) */
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

#include <stdio.h>

typedef struct page {
    size_t count;
    uint64_t last;
} page;

static void
on_message(void *context, const vdr_wire_message *message)
{
    vdr_ask *ask = context;
    page *p = ask->own;
    vdr_show_message(&ask->w, NULL, message);
    p->count++;
    p->last = message->seq;
}

static void
page_shown(void *context, vdr_err err, uint64_t acknowledged, uint64_t newest)
{
    vdr_ask *ask = context;
    const page *p = ask->own;
    char next[24];
    if (err != VDR_OK) {
        vdr_ask_refuse(ask, err, (vdr_span){0}, 0);
        return;
    }
    vdr_write_close(&ask->w, ']');
    vdr_write_number(&ask->w, "acknowledged", acknowledged);
    vdr_write_number(&ask->w, "newest", newest);
    (void)snprintf(next, sizeof next, "%llu", (unsigned long long)p->last);
    if (p->count != 0 && p->last < newest)
        vdr_write_string(&ask->w, "next", next);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_mailbox(vdr_ask *ask)
{
    vdr_party_mail mail = {.limit = 100, .message = on_message, .done = page_shown, .context = ask};
    uint64_t limit = 100;
    page *p = vdr_alloc(1, sizeof *p);
    ask->own = p;
    mail.after_given = vdr_ask_query_number(ask, "after", 0, INT64_MAX, &mail.after);
    (void)vdr_ask_query_number(ask, "limit", 1, 1000, &limit);
    if (!vdr_ask_sound(ask))
        return;
    mail.limit = (size_t)limit;
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_open(&ask->w, "items", '[');
    vdr_party_mail_ask(ask->party, &mail);
}

static void
acknowledged_shown(void *context, vdr_err err, uint64_t acknowledged, uint64_t newest)
{
    vdr_ask *ask = context;
    if (err != VDR_OK) {
        vdr_ask_refuse(ask, err,
                       vdr_span_str(err == VDR_E_NOT_FOUND ? "there are not so many messages" : NULL), 0);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_number(&ask->w, "acknowledged", acknowledged);
    vdr_write_number(&ask->w, "newest", newest);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_acknowledge(vdr_ask *ask)
{
    vdr_party_mail mail = {.done = acknowledged_shown, .context = ask};
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    vdr_form_number(&form, "upTo", true, 1, INT64_MAX, &mail.up_to);
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_party_mail_ask(ask->party, &mail);
}
