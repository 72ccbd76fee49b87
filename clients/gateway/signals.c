/* POST /v1/signals: one event or many, answered when they are durable; and corrections. */
#include "clients/gateway/event.h"
#include "clients/gateway/routes.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_MAX 1000u

typedef struct entry {
    const char *id, *source; /* of the body */
    vdr_err err;             /* of the verdict, or why there is none; VDR_OK: not yet */
    vdr_position position;
    vdr_ms at_ms;
    uint32_t retry_after_ms;
    char *text;      /* words on this very case; may be NULL */
    vdr_bytes wrong; /* the problem of an event that is no event */
} entry;

typedef struct posting {
    bool batch;
    size_t count, left; /* entries, and those that have no result yet */
    size_t *places;     /* of the items that were published: their entry */
    entry entries[];
} posting;

static void
posting_done(void *own)
{
    posting *p = own;
    for (size_t i = 0; i < p->count; i++) {
        free(p->entries[i].text);
        vdr_bytes_done(&p->entries[i].wrong);
    }
    free(p->places);
}

static void
posting_new(vdr_ask *ask, size_t count, bool batch)
{
    posting *p = vdr_alloc(1, sizeof *p + count * sizeof p->entries[0]);
    p->batch = batch;
    p->count = count;
    p->places = vdr_alloc(count + 1, sizeof p->places[0]);
    ask->own = p;
    ask->own_done = posting_done;
}

/* ---- Answers ---- */

static void
write_receipt(vdr_writer *w, const char *name, const entry *e)
{
    vdr_write_open(w, name, '{');
    vdr_write_string(w, "id", e->id);
    vdr_write_string(w, "source", e->source);
    vdr_write_number(w, "position", e->position);
    vdr_write_instant(w, "receivedAt", e->at_ms > 0 ? e->at_ms : 0);
    vdr_write_string(w, "result", vdr_err_code(VDR_E_ACCEPTED));
    vdr_write_close(w, '}');
}

static void
write_entry(vdr_ask *ask, size_t index, const entry *e)
{
    vdr_writer *w = &ask->w;
    bool good = e->err == VDR_E_ACCEPTED || e->err == VDR_E_DUPLICATE;
    vdr_write_open(w, NULL, '{');
    vdr_write_number(w, "index", index);
    vdr_write_number(w, "status",
                     e->err == VDR_E_ACCEPTED    ? 201
                     : e->err == VDR_E_DUPLICATE ? 200
                                                 : vdr_problem_status(e->err));
    if (good) {
        write_receipt(w, "receipt", e);
    } else if (e->wrong.len != 0) {
        vdr_write_raw(w, "problem", vdr_bytes_span(&e->wrong));
    } else {
        vdr_bytes problem = {0};
        vdr_problem_write(&problem, e->err, vdr_span_str(e->text));
        vdr_write_raw(w, "problem", vdr_bytes_span(&problem));
        vdr_bytes_done(&problem);
    }
    vdr_write_close(w, '}');
}

/* "/v1/signals/" and the id, percent-encoded but for what a path may have. */
static char *
location_of(const char *id)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t size = sizeof "/v1/signals/" + 3 * strlen(id), len;
    char *path = vdr_alloc(1, size);
    len = (size_t)snprintf(path, size, "/v1/signals/");
    for (; *id != '\0'; id++)
        len += (size_t)snprintf(path + len, size - len, strchr(plain, *id) != NULL ? "%c" : "%%%02X",
                                (unsigned)(unsigned char)*id);
    return path;
}

static void
answer_one(vdr_ask *ask, const entry *e)
{
    if (e->err != VDR_E_ACCEPTED && e->err != VDR_E_DUPLICATE) {
        vdr_ask_refuse(ask, e->err, vdr_span_str(e->text), e->retry_after_ms);
        return;
    }
    char *path = location_of(e->id);
    vdr_http_header_line location = {.name = "Location", .value = vdr_span_str(path)};
    bool made = e->err == VDR_E_ACCEPTED;
    write_receipt(&ask->w, NULL, e);
    vdr_ask_answer_with(ask, made ? 201 : 200, "application/json", &location, made ? 1 : 0);
    free(path);
}

static void
answer(vdr_ask *ask)
{
    posting *p = ask->own;
    if (!p->batch) {
        answer_one(ask, &p->entries[0]);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_open(&ask->w, "items", '[');
    for (size_t i = 0; i < p->count; i++)
        write_entry(ask, i, &p->entries[i]);
    vdr_write_close(&ask->w, ']');
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

static void
on_result(void *context, size_t index, vdr_err err, const vdr_client_result *result)
{
    vdr_ask *ask = context;
    posting *p = ask->own;
    entry *e = &p->entries[p->places[index]];
    e->err = err;
    if (result != NULL) {
        e->position = result->detail.position;
        e->at_ms = result->detail.at_ms;
        e->retry_after_ms = result->retry_after_ms;
        if (result->text.len != 0)
            e->text = vdr_ask_copy(result->text);
    }
    if (--p->left == 0)
        answer(ask);
}

/* ---- Taking events ---- */

/* Looks at entry n; an item for it goes to items if it is an event. */
static void
look(vdr_ask *ask, size_t n, json_t *event, vdr_span bytes, vdr_wire_item *items, size_t *item_count)
{
    posting *p = ask->own;
    entry *e = &p->entries[n];
    vdr_faults faults = {0};
    vdr_event_check(event, "", &faults);
    if (faults.count == 0) {
        e->id = json_string_value(json_object_get(event, "id"));
        e->source = json_string_value(json_object_get(event, "source"));
        uint32_t most = vdr_party_welcome(ask->party)->limits.event_bytes;
        if (bytes.len > (most != 0 ? most : VDR_EVENT_BYTES_MAX)) {
            e->err = VDR_E_TOO_BIG;
        } else {
            p->places[*item_count] = n;
            items[(*item_count)++] = (vdr_wire_item){.json = bytes};
        }
    } else {
        e->err = VDR_E_MALFORMED;
        vdr_faults_write(&e->wrong, &faults, true);
    }
    vdr_faults_done(&faults);
}

static void
publish(vdr_ask *ask, const vdr_wire_item *items, size_t count)
{
    posting *p = ask->own;
    p->left = count;
    if (count == 0)
        answer(ask);
    else
        vdr_party_publish(ask->party, items, count, on_result, ask);
}

static void
post_batch(vdr_ask *ask)
{
    vdr_span spans[BATCH_MAX];
    size_t count = 0, item_count = 0;
    ask->body = vdr_body_parse(ask->request->body, VDR_JSON_DEPTH_MAX + 1, "", &ask->faults);
    if (ask->body != NULL && !json_is_array(ask->body))
        vdr_faults_add(&ask->faults, "", "wrong_type", "a batch is an array of events");
    else if (ask->body != NULL && !vdr_body_elements(ask->request->body, spans, BATCH_MAX, &count))
        vdr_faults_add(&ask->faults, "", "too_long", "a batch has at most 1000 events");
    if (ask->faults.count != 0) {
        vdr_faults_answer(ask->request, &ask->faults, true);
        vdr_ask_release(ask);
        return;
    }
    VDR_ASSERT(count == json_array_size(ask->body));
    vdr_wire_item *items = vdr_alloc(count + 1, sizeof *items);
    posting_new(ask, count, true);
    for (size_t i = 0; i < count; i++)
        look(ask, i, json_array_get(ask->body, i), spans[i], items, &item_count);
    publish(ask, items, item_count);
    free(items);
}

/* One event, as bytes that parse to ask->body. */
static void
post_one(vdr_ask *ask, vdr_span bytes)
{
    vdr_wire_item item;
    size_t count = 0;
    if (ask->body == NULL) {
        vdr_faults_answer(ask->request, &ask->faults, true);
        vdr_ask_release(ask);
        return;
    }
    posting_new(ask, 1, false);
    look(ask, 0, ask->body, bytes, &item, &count);
    posting *p = ask->own;
    if (p->entries[0].wrong.len != 0) {
        vdr_bytes_add(&ask->out, vdr_bytes_span(&p->entries[0].wrong));
        vdr_ask_answer_with(ask, 400, "application/problem+json", NULL, 0);
        return;
    }
    publish(ask, &item, count);
}

static void
post_binary(vdr_ask *ask)
{
    vdr_bytes event = {0};
    json_t *data =
        vdr_body_parse(ask->request->body, VDR_JSON_DEPTH_MAX - 1, "", &ask->faults); /* whole by itself */
    json_decref(data);
    vdr_event_from_binary(ask->request, &event, &ask->faults);
    if (ask->faults.count == 0)
        ask->body = vdr_body_parse(vdr_bytes_span(&event), VDR_JSON_DEPTH_MAX, "", &ask->faults);
    post_one(ask, vdr_bytes_span(&event));
    vdr_bytes_done(&event);
}

void
vdr_call_signals(vdr_ask *ask)
{
    const vdr_http_request *request = ask->request;
    if (vdr_body_is(request, VDR_BATCH_TYPE)) {
        post_batch(ask);
    } else if (vdr_body_is(request, VDR_EVENT_TYPE)) {
        ask->body = vdr_body_parse(request->body, VDR_JSON_DEPTH_MAX, "", &ask->faults);
        post_one(ask, request->body);
    } else if (vdr_event_is_binary(request) && vdr_body_is(request, "application/json")) {
        post_binary(ask);
    } else {
        vdr_ask_refuse_http(ask, VDR_REFUSAL_UNSUPPORTED_TYPE,
                            vdr_body_is(request, "application/json")
                                ? "application/json is the binary mode: it needs ce- headers"
                                : "an event is application/cloudevents+json");
    }
}

void
vdr_call_correction(vdr_ask *ask)
{
    vdr_span id = vdr_ask_path(ask, 0);
    if (!vdr_body_is(ask->request, VDR_EVENT_TYPE)) {
        vdr_ask_refuse_http(ask, VDR_REFUSAL_UNSUPPORTED_TYPE, "an event is application/cloudevents+json");
        return;
    }
    ask->body = vdr_body_parse(ask->request->body, VDR_JSON_DEPTH_MAX, "", &ask->faults);
    json_t *data = json_object_get(ask->body, "data"), *before = json_object_get(data, "supersedes");
    if (before != NULL &&
        (!json_is_string(before) ||
         !vdr_span_equal(id, vdr_span_of(json_string_value(before), json_string_length(before))))) {
        vdr_faults_add(&ask->faults, "/data/supersedes", "bad_value", "the path names another signal");
        vdr_faults_answer(ask->request, &ask->faults, true);
        vdr_ask_release(ask);
        return;
    }
    if (json_is_object(data))
        (void)json_object_set_new(data, "supersedes", json_stringn((const char *)id.at, id.len));
    char *text = ask->body != NULL ? json_dumps(ask->body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    post_one(ask, vdr_span_str(text));
    free(text);
}
