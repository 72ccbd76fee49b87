#include "clients/lib/client.h"

/* A call that waits for its answer. */
typedef struct waiting {
    bool answered;
    vdr_err err;
    vdr_wire wire;
} waiting;

void
vdr_lib_request_free(vdr_client *client)
{
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++)
        vdr_bytes_done(&client->requests[i].body);
}

/* Ends a request. answer NULL: err says why there is none. */
static void
end(vdr_lib_request *request, vdr_err err, const vdr_wire *answer)
{
    vdr_lib_request ended = *request;

    request->used = false;
    if (ended.answered != NULL)
        ended.answered(ended.context, err, answer);
    else if (ended.public_ruled != NULL)
        ended.public_ruled(ended.context, err, answer != NULL ? &answer->result : NULL);
    else
        ended.public_answered(ended.context, err, answer != NULL ? &answer->answer : NULL);
}

void
vdr_lib_request_begin(vdr_client *client)
{
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++)
        client->requests[i].told = false;
}

void
vdr_lib_request_end(vdr_client *client)
{
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        vdr_lib_request *request = &client->requests[i];
        if (request->used && request->told && request->type == VDR_FRAME_ADMIN) {
            client->events++;
            end(request, VDR_E_DISCONNECTED, NULL); /* a verb is not said twice */
        }
        request->told = false;
    }
}

/* Of those that wait for a session, the one that was asked first. NULL: none waits. */
static vdr_lib_request *
oldest(vdr_client *client)
{
    vdr_lib_request *found = NULL;
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        vdr_lib_request *request = &client->requests[i];
        if (request->used && !request->told && (found == NULL || request->number < found->number))
            found = request;
    }
    return found;
}

void
vdr_lib_request_pump(vdr_client *client, int64_t now_ms)
{
    vdr_lib_request *request;
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        request = &client->requests[i];
        if (request->used && now_ms >= request->deadline_ms) {
            client->events++;
            end(request, VDR_E_TIMEOUT, NULL);
        }
    }
    while (vdr_lib_session_ready(client) && (request = oldest(client)) != NULL) {
        request->sequence = vdr_lib_session_next_sequence(client);
        request->told = true;
        vdr_frame frame = {
            .type = request->type, .sequence = request->sequence, .body = vdr_bytes_span(&request->body)};
        vdr_frame_write(&frame, &client->session.out);
        vdr_lib_session_send_out(client);
    }
}

int64_t
vdr_lib_request_deadline_ms(const vdr_client *client)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        if (client->requests[i].used && client->requests[i].deadline_ms < next)
            next = client->requests[i].deadline_ms;
    }
    return next;
}

static vdr_lib_request *
find(vdr_client *client, uint64_t number)
{
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        if (client->requests[i].used && client->requests[i].told && client->requests[i].number == number)
            return &client->requests[i];
    }
    return NULL;
}

vdr_err
vdr_lib_request_answer(vdr_client *client, const vdr_frame *frame)
{
    vdr_wire wire;

    vdr_arena_reset(&client->frame);
    vdr_err err = vdr_codec_decode(frame, VDR_ADMIN_FRAME_MAX, &client->frame, &wire);
    if (err != VDR_OK)
        return err;
    bool verb = frame->type == VDR_FRAME_RESULT;
    vdr_lib_request *request = find(client, verb ? wire.result.request : wire.answer.request);
    if (request == NULL || (request->type == VDR_FRAME_ADMIN) != verb)
        return VDR_OK; /* its time was over */
    vdr_err answered = verb ? wire.result.error : wire.answer.error;
    vdr_span text = verb ? wire.result.text : wire.answer.text;
    if (answered != VDR_OK)
        (void)vdr_lib_fail_span(client, answered, text, 0);
    if (request->keep) {
        vdr_arena_reset(&client->kept);
        err = vdr_codec_decode(frame, VDR_ADMIN_FRAME_MAX, &client->kept, &wire);
        VDR_ASSERT(err == VDR_OK);
    }
    end(request, answered, &wire);
    return VDR_OK;
}

void
vdr_lib_request_refused(vdr_client *client, const vdr_wire_error *error)
{
    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX; i++) {
        vdr_lib_request *request = &client->requests[i];
        if (request->used && request->told && (unsigned)request->type == error->refers_to_type &&
            request->sequence == error->refers_to_sequence)
            end(request, error->error, NULL);
    }
}

/* Encodes wire, which has the request's number already, and takes a place for it. */
static vdr_err
ask(vdr_client *client, const vdr_wire *wire, uint64_t number, int64_t timeout_ms,
    vdr_lib_request **ret_request)
{
    vdr_lib_request *request = NULL;

    for (size_t i = 0; i < VDR_LIB_REQUESTS_MAX && request == NULL; i++) {
        if (!client->requests[i].used)
            request = &client->requests[i];
    }
    if (request == NULL)
        return vdr_lib_fail(client, VDR_E_BUSY, "too many questions are not answered yet");
    vdr_bytes frame = {0};
    vdr_arena_reset(&client->scratch);
    vdr_err err = vdr_codec_encode(wire, 0, VDR_FRAME_BYTES_MAX, &client->scratch, &frame);
    if (err != VDR_OK) {
        vdr_bytes_done(&frame);
        return vdr_lib_fail(client, err, NULL);
    }
    request->body.len = 0;
    vdr_bytes_add(&request->body, vdr_span_of(frame.at + VDR_FRAME_HEAD, frame.len - VDR_FRAME_HEAD));
    vdr_bytes_done(&frame);
    *request = (vdr_lib_request){.used = true,
                                 .type = wire->type,
                                 .number = number,
                                 .body = request->body,
                                 .deadline_ms = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms};
    client->dirty = true;
    *ret_request = request;
    return VDR_OK;
}

static void
answered(void *context, vdr_err err, const vdr_wire *answer)
{
    waiting *w = context;
    w->answered = true;
    w->err = err;
    if (answer != NULL)
        w->wire = *answer;
    else
        w->wire.type = (vdr_frame_type)0;
}

static vdr_err
ask_and_wait(vdr_client *client, const vdr_wire *wire, uint64_t number, int64_t timeout_ms, waiting *w)
{
    vdr_lib_request *request;

    VDR_ASSERT(!client->inside);
    vdr_err err = ask(client, wire, number, timeout_ms, &request);
    if (err != VDR_OK)
        return err;
    request->keep = true;
    request->answered = answered;
    request->context = w;
    while (!w->answered)
        (void)vdr_client_wait(client, -1); /* ends with the request's deadline */
    if (w->err == VDR_E_TIMEOUT)
        return vdr_lib_late(client);
    if (w->err == VDR_E_DISCONNECTED)
        return vdr_lib_fail(client, w->err, "the session ended before the answer came");
    return w->err;
}

vdr_err
vdr_client_read(vdr_client *client, const vdr_wire_read *read, int64_t timeout_ms,
                const vdr_wire_answer **ret_answer)
{
    vdr_wire wire = {.type = VDR_FRAME_READ, .read = *read};
    waiting w = {0};

    wire.read.request = ++client->next_request;
    vdr_err err = ask_and_wait(client, &wire, wire.read.request, timeout_ms, &w);
    if (err == VDR_OK) {
        vdr_wire_answer *answer = vdr_arena_alloc(&client->kept, sizeof *answer);
        VDR_ASSERT(answer != NULL);
        *answer = w.wire.answer;
        *ret_answer = answer;
    }
    return err;
}

vdr_err
vdr_client_admin(vdr_client *client, const vdr_wire_admin *admin, int64_t timeout_ms,
                 const vdr_wire_admin_result **ret_result)
{
    vdr_wire wire = {.type = VDR_FRAME_ADMIN, .admin = *admin};
    waiting w = {0};

    wire.admin.request = ++client->next_request;
    vdr_err err = ask_and_wait(client, &wire, wire.admin.request, timeout_ms, &w);
    if (w.wire.type == VDR_FRAME_RESULT) { /* a refusal has its problems */
        vdr_wire_admin_result *result = vdr_arena_alloc(&client->kept, sizeof *result);
        VDR_ASSERT(result != NULL);
        *result = w.wire.result;
        *ret_result = result;
    }
    return err;
}

vdr_err
vdr_client_read_async(vdr_client *client, const vdr_wire_read *read, int64_t timeout_ms,
                      vdr_client_answered public_answered, void *context)
{
    vdr_wire wire = {.type = VDR_FRAME_READ, .read = *read};
    vdr_lib_request *request = NULL;

    wire.read.request = ++client->next_request;
    vdr_err err = ask(client, &wire, wire.read.request, timeout_ms, &request);
    if (err == VDR_OK) {
        VDR_ASSERT(request != NULL);
        request->public_answered = public_answered;
        request->context = context;
    }
    return err;
}

vdr_err
vdr_client_admin_async(vdr_client *client, const vdr_wire_admin *admin, int64_t timeout_ms,
                       vdr_client_ruled public_ruled, void *context)
{
    vdr_wire wire = {.type = VDR_FRAME_ADMIN, .admin = *admin};
    vdr_lib_request *request = NULL;

    wire.admin.request = ++client->next_request;
    vdr_err err = ask(client, &wire, wire.admin.request, timeout_ms, &request);
    if (err == VDR_OK) {
        VDR_ASSERT(request != NULL);
        request->public_ruled = public_ruled;
        request->context = context;
    }
    return err;
}
