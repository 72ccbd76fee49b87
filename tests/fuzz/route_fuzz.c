/* Laws of the gateway between a request's head and the broker, whoever asks for whatever. Every request that the guard
 * lets in is answered once, or becomes a stream; the answer is JSON where it says so, and its headers are lines. What is
 * asked of the broker because of it fits a frame. The key of a page comes back to the broker as it was given. A mailbox
 * is told without a gap from where it was asked, and the decisions without a gap or a repetition wherever the client
 * stops to read, or comes again with its last id. Each party learns of one act from its own streams.
 *
 * Sockets and the broker are not there: what is asked is answered at once (tests/fuzz/CMakeLists.txt wraps the calls).
 * The first 4 bytes say who asks and how the broker answers; the others are the request, its head and its body. */
#include "broker/door/json.h"
#include "clients/gateway/api.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/stream.h"
#include "tests/fuzz/fuzz.h"
#include "tests/made_values.h"

#include <sodium.h>

#define HEAD_BYTES  4096u
#define PLENTY      ((size_t)1 << 20)
#define NEWEST      9u  /* of the mailbox */
#define LINES       12u /* of the log */
#define FRAMES_MAX  64u
#define FRAME_BYTES VDR_ADMIN_FRAME_MAX

struct vdr_party {
    int none;
};
struct vdr_client {
    int none;
};
struct vdr_http_stream {
    vdr_http_stream_calls calls;
    bool freed;
};

static struct {
    uint8_t how, dice[2];
    unsigned answers, reads;
    vdr_bytes body;
    uint8_t resume[VDR_RESUME_BYTES_MAX]; /* of the read last asked */
    size_t resume_len;
    vdr_arena arena, asked, heads;
    /* the stream */
    struct vdr_http_stream stream;
    bool streaming, reading;
    size_t room;
    vdr_client_subscription mail;
    vdr_client_stream wish;
    void (*settled)(void *context, vdr_err err);
    void *settled_context;
    uint64_t mail_next;
    char ids[FRAMES_MAX][32];
    size_t ids_count;
} run;

static vdr_api *api;
static struct vdr_party the_party;
static struct vdr_client the_client;
static vdr_gate_config config;
static vdr_gate gate = {.config = &config};
static vdr_wire_welcome welcome;

static vdr_span
text_of(const char *text)
{
    return vdr_span_str(text);
}

static bool
is_json(vdr_span text)
{
    vdr_arena_reset(&run.arena);
    return vdr_json_read(text, 0, &run.arena) != NULL;
}

/* ---- the server */

void __wrap_vdr_http_answer(vdr_http_request *request, unsigned status, const char *type, vdr_span body,
                            const vdr_http_header_line *headers, size_t header_count);
void __wrap_vdr_http_refuse(vdr_http_request *request, vdr_refusal refusal, const char *detail);
void __wrap_vdr_http_route_set(vdr_http_request *request, const char *route);
vdr_http_stream *__wrap_vdr_http_stream_new(vdr_http_request *request, const vdr_http_stream_calls *calls);
size_t __wrap_vdr_http_stream_room(const vdr_http_stream *stream);
void __wrap_vdr_http_stream_write(vdr_http_stream *stream, vdr_span frame);
void __wrap_vdr_http_stream_free(vdr_http_stream **stream_p);
void __wrap_vdr_session_login(vdr_sessions *sessions, vdr_http_request *request, vdr_span account,
                              vdr_span password, vdr_session_answered answered, void *context);
void __wrap_vdr_session_logout(vdr_sessions *sessions, vdr_http_request *request);

void
__wrap_vdr_http_answer(vdr_http_request *request, unsigned status, const char *type, vdr_span body,
                       const vdr_http_header_line *headers, size_t header_count)
{
    (void)request;
    VDR_ASSERT(++run.answers == 1 && status >= 200 && status <= 599);
    VDR_ASSERT((type != NULL) == (body.len != 0) && (type == NULL || (status != 204 && status != 304)));
    for (size_t i = 0; i < header_count; i++)
        for (size_t k = 0; k < headers[i].value.len; k++)
            VDR_ASSERT(headers[i].value.at[k] >= 0x20 && headers[i].value.at[k] != 0x7f);
    if (type != NULL && strstr(type, "json") != NULL)
        VDR_ASSERT(is_json(body));
    run.body.len = 0;
    vdr_bytes_add(&run.body, body);
}

void
__wrap_vdr_http_refuse(vdr_http_request *request, vdr_refusal refusal, const char *detail)
{
    vdr_bytes out = {0};
    vdr_refusal_write(&out, refusal, detail);
    __wrap_vdr_http_answer(request, vdr_refusal_status(refusal), "application/problem+json",
                           vdr_bytes_span(&out), NULL, 0);
    vdr_bytes_done(&out);
}

void
__wrap_vdr_http_route_set(vdr_http_request *request, const char *route)
{
    VDR_ASSERT(request != NULL && route[0] == '/');
}

vdr_http_stream *
__wrap_vdr_http_stream_new(vdr_http_request *request, const vdr_http_stream_calls *calls)
{
    VDR_ASSERT(++run.answers == 1 && request->method == VDR_HTTP_GET);
    if (run.how == 7)
        return NULL; /* too many */
    run.stream = (struct vdr_http_stream){.calls = *calls};
    run.streaming = true;
    return &run.stream;
}

size_t
__wrap_vdr_http_stream_room(const vdr_http_stream *stream)
{
    VDR_ASSERT(stream == &run.stream && run.streaming);
    return run.room;
}

/* One frame: perhaps an id, an event, data that is JSON, an empty line; and so one line each. */
void
__wrap_vdr_http_stream_write(vdr_http_stream *stream, vdr_span frame)
{
    const char *at = (const char *)frame.at, *end = at + frame.len;
    VDR_ASSERT(stream == &run.stream && run.streaming && frame.len > 8 && memcmp(end - 2, "\n\n", 2) == 0);
    if (memcmp(at, "id: ", 4) == 0) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        VDR_ASSERT(run.ids_count < FRAMES_MAX && stop - at - 4 < 32);
        (void)snprintf(run.ids[run.ids_count++], 32, "%.*s", (int)(stop - at - 4), at + 4);
        at = stop + 1;
    }
    VDR_ASSERT(memcmp(at, "event: ", 7) == 0);
    at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    VDR_ASSERT(memcmp(at, "data: ", 6) == 0 && memchr(at, '\n', (size_t)(end - at)) == end - 2);
    VDR_ASSERT(is_json(vdr_span_of(at + 6, (size_t)(end - 2 - at - 6))));
    run.room = run.room > 1 ? run.room - 1 : 0;
}

void
__wrap_vdr_http_stream_free(vdr_http_stream **stream_p)
{
    *stream_p = NULL;
    run.streaming = false;
}

void
__wrap_vdr_session_login(vdr_sessions *sessions, vdr_http_request *request, vdr_span account,
                         vdr_span password, vdr_session_answered answered, void *context)
{
    (void)sessions;
    VDR_ASSERT(account.len >= 1 && account.len <= 128 && password.len >= 1 && password.len <= 1024);
    request->identity.way = VDR_IDENTITY_SESSION;
    if (request->identity.party == NULL || run.how == 0)
        answered(context, request, VDR_REFUSAL_WRONG_PASSWORD);
    else
        answered(context, request, VDR_REFUSAL_NONE);
}

void
__wrap_vdr_session_logout(vdr_sessions *sessions, vdr_http_request *request)
{
    (void)sessions;
    (void)request;
}

/* ---- the broker */

vdr_err __wrap_vdr_parties_open(vdr_gate *unused, vdr_parties **ret_parties);
void __wrap_vdr_parties_close(vdr_parties **parties_p);
vdr_err __wrap_vdr_parties_get(vdr_parties *unused, const vdr_gate_party *who, vdr_party **ret_party);
vdr_err __wrap_vdr_parties_handle(vdr_parties *unused, const vdr_gate_party *who, vdr_client_options *options,
                                  vdr_client **ret_client);
const vdr_wire_welcome *__wrap_vdr_party_welcome(const vdr_party *party);
void __wrap_vdr_party_meet(vdr_party *party, vdr_party_met met, void *context);
void __wrap_vdr_party_read(vdr_party *party, const vdr_wire_read *read, vdr_client_answered answered,
                           void *context);
void __wrap_vdr_party_rule(vdr_party *party, const vdr_wire_admin *admin, vdr_client_ruled ruled,
                           void *context);
void __wrap_vdr_party_publish(vdr_party *party, const vdr_wire_item *items, size_t count,
                              vdr_party_resulted resulted, void *context);
void __wrap_vdr_party_act(vdr_party *party, const vdr_client_act *act, vdr_party_resulted resulted,
                          void *context);
void __wrap_vdr_party_mail_ask(vdr_party *party, const vdr_party_mail *mail);
vdr_err __wrap_vdr_client_subscribe(vdr_client *client, const vdr_client_subscription *wish);
vdr_err __wrap_vdr_client_next(vdr_client *client, int64_t timeout_ms, const vdr_wire_message **ret_message);
void __wrap_vdr_client_decisions(vdr_client *client, const vdr_client_stream *wish);
void __wrap_vdr_client_close(vdr_client **client_p);
vdr_loop_client *__wrap_vdr_loop_client_new(vdr_loop *loop, vdr_client *client,
                                            void (*settled)(void *context, vdr_err err), void *context);
void __wrap_vdr_loop_client_touch(vdr_loop_client *handle);
void __wrap_vdr_loop_client_free(vdr_loop_client **handle_p);

/* It fits a frame, whatever it is. */
static void
check_sent(const vdr_wire *wire)
{
    vdr_bytes bytes = {0};
    vdr_arena_reset(&run.arena);
    vdr_err err = vdr_codec_encode(wire, 1, FRAME_BYTES, &run.arena, &bytes);
    VDR_ASSERT(err == VDR_OK);
    vdr_bytes_done(&bytes);
}

/* What a broker may answer, every member of it set, or none. */
static void
make_answer(vdr_frame_type type, vdr_wire *ret_wire)
{
    maker m = {.arena = &run.asked, .next = run.dice[0], .many = run.dice[1] % 3, .empty = run.how % 2 == 1};
    memset(ret_wire, 0, sizeof *ret_wire);
    ret_wire->type = type;
    make(&m, vdr_schema_of(type), (uint8_t *)&ret_wire->hello);
}

static vdr_err
error_of(void)
{
    static const vdr_err errors[] = {VDR_E_TIMEOUT,    VDR_E_DISCONNECTED,   VDR_E_BUSY,
                                     VDR_E_NOT_FOUND,  VDR_E_NOT_ALLOWED,    VDR_E_TOO_BIG,
                                     VDR_E_BAD_CONFIG, VDR_E_STALE_REVISION, VDR_E_WRONG_STATE,
                                     VDR_E_MALFORMED,  VDR_E_TESTS_FAILED,   VDR_E_STORE_FULL};
    return errors[run.dice[0] % (sizeof errors / sizeof errors[0])];
}

vdr_err
__wrap_vdr_parties_open(vdr_gate *unused, vdr_parties **ret_parties)
{
    (void)unused;
    *ret_parties = NULL;
    return VDR_OK;
}

void
__wrap_vdr_parties_close(vdr_parties **parties_p)
{
    *parties_p = NULL;
}

vdr_err
__wrap_vdr_parties_get(vdr_parties *unused, const vdr_gate_party *who, vdr_party **ret_party)
{
    (void)unused;
    VDR_ASSERT(who != NULL);
    if (run.how == 6)
        return VDR_E_DISCONNECTED;
    *ret_party = &the_party;
    return VDR_OK;
}

vdr_err
__wrap_vdr_parties_handle(vdr_parties *unused, const vdr_gate_party *who, vdr_client_options *options,
                          vdr_client **ret_client)
{
    (void)unused;
    VDR_ASSERT(who != NULL && options->context != NULL);
    if (run.how == 0)
        return VDR_E_DISCONNECTED;
    *ret_client = &the_client;
    return VDR_OK;
}

const vdr_wire_welcome *
__wrap_vdr_party_welcome(const vdr_party *party)
{
    VDR_ASSERT(party == &the_party);
    return &welcome;
}

void
__wrap_vdr_party_meet(vdr_party *party, vdr_party_met met, void *context)
{
    VDR_ASSERT(party == &the_party);
    met(context, run.how == 5 ? VDR_E_DISCONNECTED : VDR_OK);
}

void
__wrap_vdr_party_read(vdr_party *party, const vdr_wire_read *read, vdr_client_answered answered,
                      void *context)
{
    vdr_wire asked = {.type = VDR_FRAME_READ}, wire;
    VDR_ASSERT(party == &the_party);
    asked.read = *read;
    check_sent(&asked);
    VDR_ASSERT(read->resume.len <= sizeof run.resume && read->page_items <= 1000);
    if (run.reads++ == 0) {
        run.resume_len = read->resume.len;
        if (read->resume.len != 0)
            memcpy(run.resume, read->resume.at, read->resume.len);
    }
    make_answer(VDR_FRAME_ANSWER, &wire);
    if (run.how <= 1) {
        answered(context, error_of(), run.how == 0 ? NULL : &wire.answer);
        return;
    }
    wire.answer.error = VDR_OK;
    wire.answer.resume = vdr_span_of(run.dice, run.reads < 4 ? run.dice[0] % 3 : 0);
    answered(context, VDR_OK, &wire.answer);
}

void
__wrap_vdr_party_rule(vdr_party *party, const vdr_wire_admin *admin, vdr_client_ruled ruled, void *context)
{
    vdr_wire asked = {.type = VDR_FRAME_ADMIN}, wire;
    VDR_ASSERT(party == &the_party);
    asked.admin = *admin;
    check_sent(&asked);
    make_answer(VDR_FRAME_RESULT, &wire);
    if (run.how <= 1) {
        ruled(context, error_of(), run.how == 0 ? NULL : &wire.result);
        return;
    }
    wire.result.error = VDR_OK;
    vdr_wire_file lines = {.name = text_of("proofs.jsonl"), .text = text_of("{\"a\":1}\n\n{}\n")};
    if (wire.result.file_count != 0) { /* of these the broker promises that they are JSON */
        wire.result.files = &lines;
        wire.result.file_count = 1;
    }
    ruled(context, VDR_OK, &wire.result);
}

static void
give_results(size_t count, vdr_party_resulted resulted, void *context)
{
    vdr_wire_result detail = {.position = run.dice[0] + 1u, .at_ms = run.dice[1], .case_id = {run.dice[1]}};
    vdr_client_result result = {.err = run.how == 0   ? error_of()
                                       : run.how == 1 ? VDR_E_DUPLICATE
                                                      : VDR_E_ACCEPTED,
                                .text = text_of(run.dice[1] % 2 == 0 ? "words" : ""),
                                .detail = detail};
    for (size_t i = count; i > 0; i--) /* in any order */
        resulted(context, i - 1, result.err, run.how == 0 && run.dice[1] % 2 == 0 ? NULL : &result);
}

void
__wrap_vdr_party_publish(vdr_party *party, const vdr_wire_item *items, size_t count,
                         vdr_party_resulted resulted, void *context)
{
    VDR_ASSERT(party == &the_party && count >= 1 && count <= VDR_BATCH_ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        vdr_bytes bytes = {0};
        VDR_ASSERT(vdr_item_encode(&items[i], &bytes) == VDR_OK);
        vdr_bytes_done(&bytes);
    }
    give_results(count, resulted, context);
}

void
__wrap_vdr_party_act(vdr_party *party, const vdr_client_act *act, vdr_party_resulted resulted, void *context)
{
    VDR_ASSERT(party == &the_party && act->act >= 1 && act->act <= VDR_ACT_LAST && act->id != NULL &&
               act->id[0] != '\0');
    VDR_ASSERT(act->time >= 0 && act->occurred_at >= 0 && act->due >= 0);
    give_results(1, resulted, context);
}

static const vdr_wire_message *
message_of(uint64_t seq)
{
    vdr_wire wire;
    make_answer(VDR_FRAME_DELIVER, &wire);
    vdr_wire_message *message = vdr_arena_alloc(&run.asked, sizeof *message);
    VDR_ASSERT(message != NULL);
    if (wire.deliver.message_count != 0)
        *message = wire.deliver.messages[0];
    else
        *message = (vdr_wire_message){.kind = VDR_MESSAGE_FEEDBACK};
    message->seq = seq;
    return message;
}

void
__wrap_vdr_party_mail_ask(vdr_party *party, const vdr_party_mail *mail)
{
    VDR_ASSERT(party == &the_party && mail->limit <= 1000);
    uint64_t from = mail->after_given ? mail->after : 3;
    for (size_t i = 0; run.how > 1 && i < mail->limit && from + i < NEWEST; i++)
        mail->message(mail->context, message_of(from + i + 1));
    mail->done(mail->context, run.how > 1 ? VDR_OK : error_of(), 3, NEWEST);
}

vdr_err
__wrap_vdr_client_subscribe(vdr_client *client, const vdr_client_subscription *wish)
{
    VDR_ASSERT(client == &the_client && wish->window > 0 && wish->on_message == NULL);
    run.mail = *wish;
    run.mail_next = wish->after_given ? wish->after : 3;
    return VDR_OK;
}

vdr_err
__wrap_vdr_client_next(vdr_client *client, int64_t timeout_ms, const vdr_wire_message **ret_message)
{
    VDR_ASSERT(client == &the_client && timeout_ms == 0);
    if (run.mail_next >= NEWEST)
        return VDR_E_TIMEOUT;
    *ret_message = message_of(++run.mail_next);
    return VDR_OK;
}

void
__wrap_vdr_client_decisions(vdr_client *client, const vdr_client_stream *wish)
{
    VDR_ASSERT(client == &the_client);
    run.reading = wish != NULL;
    if (wish != NULL)
        run.wish = *wish;
}

void
__wrap_vdr_client_close(vdr_client **client_p)
{
    *client_p = NULL;
}

vdr_loop_client *
__wrap_vdr_loop_client_new(vdr_loop *loop, vdr_client *client, void (*settled)(void *context, vdr_err err),
                           void *context)
{
    (void)loop;
    VDR_ASSERT(client == &the_client);
    run.settled = settled;
    run.settled_context = context;
    return NULL;
}

void
__wrap_vdr_loop_client_touch(vdr_loop_client *handle)
{
    (void)handle;
}

void
__wrap_vdr_loop_client_free(vdr_loop_client **handle_p)
{
    *handle_p = NULL;
}

/* ---- a request */

static const vdr_guard_limits limits = {.target_bytes = 1024, .header_bytes = HEAD_BYTES, .header_count = 32};

/* As the server hands it over (clients/gateway/http_conn.c). False: the guard refuses it. */
static bool
request_of(vdr_span text, vdr_http_request *ret_request)
{
    static const vdr_http_method methods[] = {
        [VDR_GUARD_GET] = VDR_HTTP_GET,         [VDR_GUARD_POST] = VDR_HTTP_POST,
        [VDR_GUARD_PUT] = VDR_HTTP_PUT,         [VDR_GUARD_DELETE] = VDR_HTTP_DELETE,
        [VDR_GUARD_OPTIONS] = VDR_HTTP_OPTIONS, [VDR_GUARD_PATCH] = VDR_HTTP_PATCH,
        [VDR_GUARD_HEAD] = VDR_HTTP_GET,
    };
    vdr_guard guard = {0};
    vdr_guard_fault fault;
    static vdr_guard_head head;
    size_t len = vdr_guard_scan(&guard, text, &limits, &fault);
    vdr_arena_reset(&run.heads);
    uint8_t *copy = vdr_arena_alloc(&run.heads, len + 1);
    if (len == 0 || copy == NULL)
        return false;
    memcpy(copy, text.at, len);
    fault = vdr_guard_read(copy, len, &limits, &run.heads, &head);
    if (fault.refusal != VDR_REFUSAL_NONE || head.no_path)
        return false;
    *ret_request = (vdr_http_request){.method = methods[head.method],
                                      .path = head.path,
                                      .segment_count = head.segment_count,
                                      .query_count = head.query_count,
                                      .header_count = head.header_count,
                                      .secure = true};
    memcpy(ret_request->segments, head.segments, sizeof ret_request->segments);
    memcpy(ret_request->query, head.query, sizeof ret_request->query);
    memcpy(ret_request->headers, head.headers, sizeof ret_request->headers);
    if (len < text.len)
        ret_request->body = vdr_span_of(text.at + len, text.len - len);
    return true;
}

static void
serve(vdr_http_request *request, const vdr_gate_party *who)
{
    request->identity.party = who->kind != VDR_PARTY_NONE ? who : NULL;
    request->identity.way = who->kind != VDR_PARTY_NONE ? VDR_IDENTITY_TOKEN : VDR_IDENTITY_NONE;
    request->identity.name = request->identity.csrf_token = "";
    run.answers = run.reads = 0;
    run.streaming = run.reading = false;
    run.settled = NULL;
    run.ids_count = 0;
    run.mail = (vdr_client_subscription){0};
    run.wish = (vdr_client_stream){0};
    vdr_arena_reset(&run.asked);
    vdr_api_request(api, request);
    VDR_ASSERT(run.answers == 1);
}

/* ---- pages */

/* The page's key, given back, is what the broker gave. */
static void
page_law(const vdr_http_request *request, const vdr_gate_party *who)
{
    char text[2048], next[64] = "";
    vdr_http_request again;
    vdr_arena_reset(&run.arena);
    const vdr_json *page = vdr_json_read(vdr_bytes_span(&run.body), 0, &run.arena);
    const vdr_json *member =
        page != NULL && page->kind == VDR_JSON_OBJECT ? vdr_json_member(page, "next") : NULL;
    const vdr_json *at = member != NULL ? vdr_json_member(page, "acknowledged") : NULL;
    if (member == NULL || at != NULL || member->kind != VDR_JSON_STRING || run.how <= 1)
        return; /* a mailbox goes on by number */
    VDR_ASSERT(member->text.len < sizeof next);
    memcpy(next, member->text.at, member->text.len);
    int len = snprintf(text, sizeof text, "GET %.*s?next=%s HTTP/1.1\r\nhost: h\r\n\r\n",
                       (int)request->path.len, (const char *)request->path.at, next);
    VDR_ASSERT(len > 0 && (size_t)len < sizeof text && request_of(vdr_span_of(text, (size_t)len), &again));
    serve(&again, who);
    VDR_ASSERT(run.resume_len == run.dice[0] % 3 && memcmp(run.resume, run.dice, run.resume_len) == 0);
}

/* ---- streams */

/* The lines of the log: so many of each record; the state before may have told the first of them. */
static const vdr_position positions[LINES] = {1, 1, 1, 2, 4, 4, 5, 7, 7, 7, 7, 8};

static void
give_lines(void)
{
    vdr_position from = run.wish.from_given ? run.wish.position : 1;
    for (size_t i = 0; i < LINES && run.reading; i++) {
        vdr_wire_line line = {.position = positions[i], .version = 1};
        line.decision.kind = VDR_DECISION_WATCH;
        line.decision.household.number = i + 1;
        line.decision.rule = text_of("busy");
        if (positions[i] >= from)
            run.wish.on_line(run.wish.context, &line);
    }
    if (run.reading)
        run.wish.on_caught_up(run.wish.context, 9);
}

/* Reads to the end, stopping as often as there is no room. */
static void
read_lines(size_t room)
{
    for (unsigned i = 0; i < 4 * LINES; i++) {
        run.room = room;
        if (!run.reading)
            run.stream.calls.room(run.stream.calls.context);
        if (run.reading)
            give_lines();
        if (run.reading)
            return;
    }
    VDR_ASSERT(0 && "it comes to an end");
}

/* The id of line i. */
static void
id_of(size_t i, char ret_id[32])
{
    size_t lines = 1;
    while (i >= lines && positions[i - lines] == positions[i])
        lines++;
    (void)snprintf(ret_id, 32, "%llu.%zu", (unsigned long long)positions[i], lines);
}

static void
lines_law(void)
{
    char id[32];
    vdr_position from = run.wish.from_given ? run.wish.position : 1;
    const char *dot = run.ids_count != 0 ? strchr(run.ids[0], '.') : NULL;
    size_t first = 0;
    run.ids_count = 0;
    read_lines(1 + run.dice[1] % 5);
    dot = run.ids_count != 0 ? strchr(run.ids[0], '.') : NULL;
    while (first < LINES && positions[first] < from)
        first++;
    if (run.ids_count == 0)
        return;
    /* Begins at from, or behind the lines of it that the client has; then all the others. */
    VDR_ASSERT(dot != NULL);
    while (first < LINES && (id_of(first, id), strcmp(id, run.ids[0]) != 0))
        first++;
    VDR_ASSERT(first + run.ids_count == LINES);
    for (size_t i = 0; i < run.ids_count; i++) {
        id_of(first + i, id);
        VDR_ASSERT(strcmp(id, run.ids[i]) == 0);
    }
}

static void
mail_law(void)
{
    uint64_t after = run.mail_next;
    for (unsigned i = 0; i < 4 * NEWEST && run.mail_next < NEWEST; i++) {
        run.room = 1 + run.dice[1] % 3;
        if (i == 0)
            run.settled(run.settled_context, VDR_OK);
        else
            run.stream.calls.room(run.stream.calls.context);
    }
    VDR_ASSERT(run.ids_count == (after < NEWEST ? NEWEST - after : 0));
    for (size_t i = 0; i < run.ids_count; i++)
        VDR_ASSERT(strtoull(run.ids[i], NULL, 10) == after + i + 1);
}

/* Comes again with the id of a line: the lines behind it follow. */
static void
again_law(const vdr_gate_party *who)
{
    char text[256], id[32];
    vdr_http_request request;
    size_t last = run.dice[0] % LINES;
    id_of(last, id);
    int len = snprintf(text, sizeof text,
                       "GET /v1/decisions/events HTTP/1.1\r\nhost: h\r\nlast-event-id: %s\r\n\r\n", id);
    VDR_ASSERT(request_of(vdr_span_of(text, (size_t)len), &request));
    serve(&request, who);
    VDR_ASSERT(run.streaming && run.reading);
    read_lines(1 + run.dice[1] % 5);
    VDR_ASSERT(run.ids_count == LINES - last - 1);
    for (size_t i = 0; i < run.ids_count; i++) {
        id_of(last + 1 + i, id);
        VDR_ASSERT(strcmp(id, run.ids[i]) == 0);
    }
    run.stream.calls.closed(run.stream.calls.context);
}

static void
stream_law(const vdr_gate_party *who)
{
    vdr_wire_result detail = {.position = 5, .case_id = {7}};
    bool decisions = run.wish.on_line != NULL;
    run.room = PLENTY;
    vdr_streams_tell(api->streams, who, "an act", &detail);
    VDR_ASSERT(run.room == PLENTY - (decisions ? 0 : 1));
    if (decisions)
        lines_law();
    else
        mail_law();
    run.stream.calls.closed(run.stream.calls.context);
    if (decisions)
        again_law(who);
}

static void
begin(void)
{
    vdr_arena_init(&run.arena, vdr_codec_budget(FRAME_BYTES, FRAME_BYTES));
    vdr_arena_init(&run.asked, (size_t)16 * 1024 * 1024);
    vdr_arena_init(&run.heads, (size_t)1024 * 1024);
    welcome.municipality = text_of("GM9901");
    welcome.source = text_of("urn:x");
    VDR_ASSERT(sodium_init() >= 0 && vdr_api_open(&gate, &api) == VDR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static vdr_gate_party who = {.id = "x-1", .key_file = "", .endpoint = ""};
    vdr_http_request request;
    if (api == NULL)
        begin();
    if (len < 5 || len > 65536)
        return 0;
    who.kind = (vdr_party_kind)(at[0] % (VDR_PARTY_AUDITOR + 1));
    run.how = at[1] % 8;
    memcpy(run.dice, at + 2, sizeof run.dice);
    run.room = PLENTY;
    if (!request_of(vdr_span_of(at + 4, len - 4), &request))
        return 0;
    serve(&request, &who);
    if (run.streaming)
        stream_law(&who);
    else if (request.method == VDR_HTTP_GET)
        page_law(&request, &who);
    return 0;
}
