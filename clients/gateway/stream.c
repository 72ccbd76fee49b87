#include "clients/gateway/stream.h"

#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

#include <stdio.h>
#include <stdlib.h>

#define MAIL_WINDOW 64u
#define LINE_WINDOW 256u

typedef struct stream {
    struct stream *next, **at; /* at: what points here */
    vdr_streams *streams;
    const vdr_gate_party *who;
    vdr_http_stream *http;
    vdr_client *client;
    vdr_loop_client *handle;
    vdr_bytes out, line;
    bool decisions;
    bool full; /* the client must read first */
    /* decisions: the last line that went out is line `lines` of this position; 0: none yet */
    vdr_position position;
    uint64_t lines, skip;
} stream;

struct vdr_streams {
    struct vdr_api *api;
    stream *first;
};

vdr_streams *
vdr_streams_new(struct vdr_api *api)
{
    vdr_streams *streams = vdr_alloc(1, sizeof *streams);
    streams->api = api;
    return streams;
}

static void
stream_free(stream *s)
{
    *s->at = s->next;
    if (s->next != NULL)
        s->next->at = s->at;
    vdr_loop_client_free(&s->handle);
    vdr_client_close(&s->client);
    vdr_bytes_done(&s->out);
    vdr_bytes_done(&s->line);
    free(s);
}

void
vdr_streams_free(vdr_streams **streams_p)
{
    vdr_streams *streams = *streams_p;
    if (streams == NULL)
        return;
    for (stream *s = streams->first, *next; s != NULL; s = next) {
        next = s->next;
        vdr_http_stream_free(&s->http);
        stream_free(s);
    }
    free(streams);
    *streams_p = NULL;
}

/* ---- Frames ---- */

static void
put(stream *s, const char *text)
{
    vdr_bytes_add(&s->out, vdr_span_str(text));
}

/* id may be NULL. What follows is the data, then send(). */
static vdr_writer
begin(stream *s, const char *id, const char *event)
{
    s->out.len = 0;
    if (id != NULL) {
        put(s, "id: ");
        put(s, id);
        put(s, "\n");
    }
    put(s, "event: ");
    put(s, event);
    put(s, "\ndata: ");
    return (vdr_writer){.out = &s->out};
}

static void
send_frame(stream *s)
{
    put(s, "\n\n");
    vdr_http_stream_write(s->http, vdr_bytes_span(&s->out));
}

/* ---- A mailbox ---- */

/* Fetches while there is room. Outside libvoordeur's callbacks. */
static void
fetch(stream *s)
{
    const vdr_wire_message *message;
    while (!(s->full = vdr_http_stream_room(s->http) == 0)) {
        char id[24];
        if (vdr_client_next(s->client, 0, &message) != VDR_OK)
            return;
        (void)snprintf(id, sizeof id, "%llu", (unsigned long long)message->seq);
        vdr_writer w = begin(s, id, vdr_message_kind_name(message->kind));
        vdr_show_message(&w, NULL, message);
        send_frame(s);
    }
}

/* Does what one of them does change what the other one looks at? */
static bool
share(const vdr_gate_party *a, const vdr_gate_party *b)
{
    return a == b ||
           (a->kind == b->kind && (a->kind == VDR_PARTY_COORDINATOR || a->kind == VDR_PARTY_PRIVACY_OFFICER));
}

void
vdr_streams_tell(vdr_streams *streams, const vdr_gate_party *who, const char *act_id,
                 const vdr_wire_result *detail)
{
    for (stream *s = streams->first; s != NULL; s = s->next) {
        /* Who has no room has mail waiting, and looks again when it comes. */
        if (s->decisions || !share(s->who, who) || vdr_http_stream_room(s->http) == 0)
            continue;
        vdr_writer w = begin(s, NULL, "changed");
        vdr_write_open(&w, NULL, '{');
        vdr_write_string(&w, "act", act_id);
        vdr_write_number(&w, "position", detail->position);
        vdr_write_id_if(&w, "case", 'C', detail->case_id.number);
        vdr_write_number_if(&w, "revision", detail->revision);
        vdr_write_close(&w, '}');
        send_frame(s);
    }
}

/* ---- Decisions ---- */

static void
on_line(void *context, const vdr_wire_line *line)
{
    stream *s = context;
    char id[48];
    if (line->position != 0) {
        if (line->position != s->position) {
            s->position = line->position;
            s->lines = s->skip = 0;
        } else if (s->skip != 0) {
            s->skip--;
            return;
        }
        s->lines++;
        (void)snprintf(id, sizeof id, "%llu.%llu", (unsigned long long)s->position,
                       (unsigned long long)s->lines);
    }
    static const char *const kinds[] = {"line", "signal", "command", "case", "message", "watch"};
    size_t kind = (size_t)line->decision.kind < 6 ? (size_t)line->decision.kind : 0;
    vdr_writer w = begin(s, line->position != 0 ? id : NULL, kinds[kind]);
    vdr_show_line(&w, &s->line, line);
    send_frame(s);
    if (vdr_http_stream_room(s->http) == 0) {
        s->full = true;
        vdr_client_decisions(s->client, NULL);
    }
}

static void
on_caught_up(void *context, vdr_position position)
{
    stream *s = context;
    vdr_writer w = begin(s, NULL, "caught-up");
    vdr_write_open(&w, NULL, '{');
    vdr_write_number(&w, "position", position);
    vdr_write_close(&w, '}');
    send_frame(s);
}

static void
start_lines(stream *s)
{
    vdr_client_stream wish = {.from_given = s->position != 0,
                              .position = s->position,
                              .window = LINE_WINDOW,
                              .on_line = on_line,
                              .on_caught_up = on_caught_up,
                              .context = s};
    s->skip = s->lines;
    vdr_client_decisions(s->client, &wish);
}

/* ---- Either ---- */

static void
on_settled(void *context, vdr_err err)
{
    stream *s = context;
    (void)err;
    if (!s->decisions)
        fetch(s);
}

static void
on_closed(void *context)
{
    stream_free(context);
}

static void
on_room(void *context)
{
    stream *s = context;
    if (!s->full)
        return;
    s->full = false;
    if (s->decisions)
        start_lines(s);
    else
        fetch(s);
    vdr_loop_client_touch(s->handle);
}

/* NULL: the ask was ended. */
static stream *
stream_begin(vdr_ask *ask, bool decisions)
{
    vdr_streams *streams = ask->api->streams;
    stream *s = vdr_alloc(1, sizeof *s);
    vdr_client_options options = {.context = s};
    *s = (stream){.streams = streams, .who = ask->request->identity.party, .decisions = decisions};
    vdr_err err = vdr_parties_handle(ask->api->parties, s->who, &options, &s->client);
    if (err != VDR_OK) {
        free(s);
        vdr_ask_refuse(ask, err, (vdr_span){0}, 0);
        return NULL;
    }
    vdr_http_stream_calls calls = {.closed = on_closed, .room = on_room, .context = s};
    s->http = vdr_http_stream_new(ask->request, &calls);
    vdr_ask_release(ask);
    if (s->http == NULL) {
        vdr_client_close(&s->client);
        free(s);
        return NULL;
    }
    s->next = streams->first;
    s->at = &streams->first;
    if (s->next != NULL)
        s->next->at = &s->next;
    streams->first = s;
    s->handle = vdr_loop_client_new(streams->api->gate->loop, s->client, on_settled, s);
    return s;
}

/* Last-Event-ID, "7" or with lines "7.2". False: there is none, or a fault. */
static bool
last_id(vdr_ask *ask, uint64_t *ret_number, uint64_t *ret_lines)
{
    vdr_span id = vdr_http_header(ask->request, "last-event-id"), lines = {0};
    if (id.len == 0)
        return false;
    const uint8_t *dot = ret_lines != NULL ? memchr(id.at, '.', id.len) : NULL;
    if (dot != NULL) {
        lines = vdr_span_of(dot + 1, id.len - (size_t)(dot - id.at) - 1);
        id.len = (size_t)(dot - id.at);
    }
    if (vdr_number_read(id, ret_number) && (dot == NULL || vdr_number_read(lines, ret_lines)))
        return true;
    vdr_faults_add(&ask->faults, "#Last-Event-ID", "bad_value", "it is not an id of this stream");
    return false;
}

void
vdr_call_mail_stream(vdr_ask *ask)
{
    vdr_client_subscription wish = {.window = MAIL_WINDOW};
    wish.after_given = vdr_ask_query_number(ask, "after", 0, INT64_MAX, &wish.after);
    if (last_id(ask, &wish.after, NULL))
        wish.after_given = true;
    if (!vdr_ask_sound(ask))
        return;
    stream *s = stream_begin(ask, false);
    if (s == NULL)
        return;
    vdr_client_subscribe(s->client, &wish);
    vdr_loop_client_touch(s->handle);
}

void
vdr_call_decision_stream(vdr_ask *ask)
{
    uint64_t position = 0, lines = 0;
    (void)vdr_ask_query_number(ask, "from", 1, INT64_MAX, &position);
    (void)last_id(ask, &position, &lines);
    if (!vdr_ask_sound(ask))
        return;
    stream *s = stream_begin(ask, true);
    if (s == NULL)
        return;
    s->position = position;
    s->lines = lines;
    start_lines(s);
    vdr_loop_client_touch(s->handle);
}
