/* Items to the engine, and their results to CONFIRM (protocol.md section 4).
 *
 * What a session has sent and not been answered is a ring of batches. Every item is answered in order: also one
 * that is refused before it is looked at takes its turn in the engine, as a barrier. A CONFIRM is made when a
 * group has been spoken of, one for each session, and waits while the session's connection takes no more:
 * answers then gather in it. */
#include "broker/core/effect.h"
#include "broker/daemon.h"
#include "broker/desk/reads.h"
#include "broker/gauge/journal.h"

#include <stdlib.h>

#define CONFIRM_ENTRIES                                                                                      \
    2048u /* exceptions and results of one CONFIRM: they fit a frame, with one batch more */
#define EXCEPTION_ITEMS 1024u /* items that one exception covers, so that its results fit with it */
#define ENTRIES_MAX     (4u * VDR_WINDOW_ITEMS) /* answers kept for a client that does not read them */
#define PAUSE_MS        1000u
#define READ_NOW        8u /* items that the reactor reads itself at once, where the porter has not come to them */

/* What an item adds to its PUBLISH at least: never more than the client counts. */
static size_t
item_bytes(const vdr_wire_item *item)
{
    const vdr_wire_typed *typed = item->typed;
    if (typed == NULL)
        return item->json.len;
    size_t bytes = typed->id.len + typed->source.len + typed->type.len + typed->time.len +
                   typed->municipality.len + typed->occurred_at.len + typed->act_before.len +
                   typed->supersedes.len + typed->detail.len;
    for (size_t i = 0; i < typed->person_count; i++)
        bytes += typed->persons[i].bsn.len + typed->persons[i].role.len;
    for (size_t i = 0; i < typed->member_count; i++)
        bytes += typed->members[i].name.len + typed->members[i].json.len;
    return bytes + (typed->address != NULL ? typed->address->bag.len + typed->address->buurt.len : 0);
}

/* How many of the items are within the window, and their bytes. */
static size_t
within_window(const vdr_daemon *daemon, const vdr_session *session, const vdr_wire_publish *publish,
              uint32_t *ret_bytes)
{
    const vdr_node_limits *limits = &daemon->node->limits;
    size_t count = 0, bytes = 0;
    while (count < publish->item_count && session->publish.open_items + count < limits->window_items) {
        size_t more = item_bytes(&publish->items[count]);
        if (session->publish.open_bytes + bytes + more > limits->window_bytes)
            break;
        bytes += more;
        count++;
    }
    *ret_bytes = (uint32_t)bytes;
    return count;
}

static void
add_batch(vdr_session *session, uint64_t last, size_t count, uint32_t bytes, vdr_err refused,
          bool want_results)
{
    vdr_batch *batch = (vdr_batch *)vdr_ring_add(&session->publish.batches, sizeof *batch);
    *batch = (vdr_batch){.last = last,
                         .count = (uint32_t)count,
                         .bytes = bytes,
                         .refused = refused,
                         .want_results = want_results};
    if (refused == VDR_OK) {
        session->publish.open_items += (uint32_t)count;
        session->publish.open_bytes += bytes;
    }
}

/* May this be an act? They come as JSON (protocol.md 5.3), and this is cheaper than reading it. */
static bool
names_act(vdr_span json)
{
    static const char prefix[] = "nl.voordeur.";
    const size_t len = sizeof prefix - 1;
    const uint8_t *at = json.at, *end = json.at + json.len;
    while (at != NULL && (size_t)(end - at) >= len && memcmp(at, prefix, len) != 0)
        at = (const uint8_t *)memchr(at + 1, prefix[0], (size_t)(end - at) - 1);
    return at != NULL && (size_t)(end - at) >= len;
}

/* An item whose result shall name a case: its revision is that of now, since the engine has just stepped it. */
static void
note_act(vdr_daemon *daemon, vdr_session *session, const vdr_wire_item *item, uint64_t number)
{
    if (!names_act(item->json))
        return;
    vdr_event_content content;
    vdr_arena_reset(&daemon->tales);
    vdr_event_content_read(item->json, &daemon->tales, &content);
    vdr_case_id id = {0};
    for (size_t i = 1; i < content.case_name.len && content.case_name.len < 20; i++)
        id.number = id.number * 10 + (uint64_t)(content.case_name.at[i] - '0');
    vdr_at at;
    vdr_case_view view;
    if (content.shape != VDR_OK || content.act == VDR_ACT_NONE || content.case_name.len < 2 ||
        !vdr_view_case(vdr_engine_core(daemon->engine), id, &at, &view))
        return;
    vdr_acted *acted = (vdr_acted *)vdr_ring_add(&session->publish.acted, sizeof *acted);
    *acted = (vdr_acted){.item = number, .case_id = id, .revision = view.revision};
}

typedef struct sender {
    vdr_daemon *daemon;
    const vdr_session *session;
} sender;

static bool
hides(void *context, const vdr_command *act)
{
    const sender *of = context;
    return vdr_reads_hides(of->daemon, of->session, act);
}

static vdr_err
submit_item(vdr_daemon *daemon, vdr_session *session, const vdr_wire_item *item, uint64_t number,
            const vdr_command *read, bool want_results)
{
    sender of = {.daemon = daemon, .session = session};
    vdr_submission submission = {
        .ticket = vdr_errand_ticket(VDR_ERRAND_ITEM, session->number, number),
        .sender_kind = session->kind,
        .sender_id = vdr_span_str(session->party),
        .json = item->json,
        .typed = item->typed,
        .read = read,
        .typed_bytes = item->check_revision || item->revision != 0 ? (vdr_span){0} : item->encoded,
        .revision_checked = item->check_revision,
        .revision = item->revision,
        .hides = hides,
        .hides_context = &of,
    };
    vdr_err err = vdr_engine_submit(daemon->engine, &submission);
    if (err == VDR_OK && want_results)
        note_act(daemon, session, item, number);
    return err;
}

/* The core brings near what comes next, as much as it takes at once; the next when these are submitted. Where the porter
 * did not get a processor the reactor reads the next few itself, so that the core sees more than one of them. */
static void
foresee(vdr_daemon *daemon, size_t place)
{
    const vdr_command *coming[VDR_CORE_FORESEEN];
    size_t count = 0;
    if (place >= VDR_PORTER_ITEMS || place < daemon->foreseen)
        return;
    size_t at = place;
    vdr_porter_read(daemon->porter, place, READ_NOW);
    for (; at < place + VDR_CORE_FORESEEN; at++) {
        coming[count] = vdr_porter_look(daemon->porter, at);
        if (coming[count] != NULL)
            count++;
        else if (at >= place + READ_NOW)
            break;
    }
    daemon->foreseen = at;
    if (count != 0)
        vdr_engine_foresee(daemon->engine, coming, count);
}

void
vdr_publish_go_on(vdr_daemon *daemon)
{
    vdr_stalled *stalled = &daemon->stalled;
    const vdr_wire_publish *publish = &stalled->publish;
    vdr_session *session = vdr_session_by_number(daemon->sessions, stalled->session);
    vdr_err err = VDR_OK;
    while (session != NULL && err == VDR_OK && stalled->next < stalled->allowed) {
        size_t place = stalled->place + stalled->next;
        foresee(daemon, place);
        const vdr_command *read = vdr_porter_look(daemon->porter, place);
        err = submit_item(daemon, session, &publish->items[stalled->next], publish->first + stalled->next,
                          read, publish->want_results);
        stalled->next += err == VDR_OK;
    }
    bool rest = stalled->allowed < publish->item_count;
    if (session != NULL && err == VDR_OK && rest) {
        uint64_t last = publish->first + publish->item_count - 1;
        err = vdr_engine_submit_barrier(daemon->engine,
                                        vdr_errand_ticket(VDR_ERRAND_REFUSED, session->number, last));
    }
    stalled->on = session != NULL && err != VDR_OK; /* an engine that died ends the loop */
}

void
vdr_publish_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_publish *publish, size_t place,
                  const vdr_frame *frame)
{
    if (publish->first != session->publish.next) {
        vdr_speak_failure(daemon, session, VDR_E_SEQUENCE_GAP, frame, "items are numbered without a gap");
        return;
    }
    session->publish.next += publish->item_count;
    uint32_t bytes = 0;
    vdr_err refused = daemon->draining ? VDR_E_CLOSING : VDR_E_BEYOND_CREDIT;
    size_t allowed = daemon->draining ? 0 : within_window(daemon, session, publish, &bytes);
    size_t rest = publish->item_count - allowed;
    if (allowed != 0)
        add_batch(session, publish->first + allowed - 1, allowed, bytes, VDR_OK, publish->want_results);
    if (rest != 0)
        add_batch(session, publish->first + publish->item_count - 1, rest, 0, refused, publish->want_results);
    daemon->stalled = (vdr_stalled){.on = true,
                                    .session = session->number,
                                    .publish = *publish,
                                    .place = place,
                                    .allowed = allowed,
                                    .refused = refused};
    vdr_publish_go_on(daemon);
}

/* ---- results */

static void
add_exception(vdr_session *session, uint64_t first, uint32_t count, vdr_err err, vdr_position position)
{
    vdr_wire_exception *last = session->publish.exception_count == 0
                                   ? NULL
                                   : &session->publish.exceptions[session->publish.exception_count - 1];
    if (last != NULL && last->error == err && position == 0 && last->position == 0 &&
        last->sequence + last->count == first && last->count + count <= EXCEPTION_ITEMS) {
        last->count += count;
        return;
    }
    if (session->publish.exception_count == session->publish.exception_room) {
        session->publish.exception_room = session->publish.exception_room * 2 + 16;
        session->publish.exceptions =
            (vdr_wire_exception *)vdr_realloc(session->publish.exceptions, session->publish.exception_room,
                                              sizeof *session->publish.exceptions);
    }
    VDR_ASSERT(session->publish.exceptions != NULL);
    session->publish.exceptions[session->publish.exception_count++] =
        (vdr_wire_exception){.sequence = first, .count = count, .error = err, .position = position};
}

/* When the first one was accepted: its line in its record's tale says it. 0: its key is gone. */
static vdr_ms
first_at(vdr_daemon *daemon, vdr_position first)
{
    vdr_log_record record;
    uint32_t offset = 0;
    vdr_effect effect;
    vdr_ms at = 0;
    if (vdr_engine_record(daemon->engine, first, &record) != VDR_OK)
        return 0;
    while (at == 0 && vdr_effect_next(record.tale, &offset, &effect) == VDR_OK) {
        if (effect.kind == VDR_EFFECT_SIGNAL || effect.kind == VDR_EFFECT_COMMAND)
            at = effect.at;
    }
    vdr_engine_record_done(daemon->engine);
    return at;
}

static void
add_result(vdr_daemon *daemon, vdr_session *session, uint64_t item, const vdr_result *result, vdr_err err)
{
    bool duplicate = result->verdict == VDR_E_DUPLICATE;
    if (session->publish.result_count == session->publish.result_room) {
        session->publish.result_room = session->publish.result_room * 2 + 16;
        session->publish.results = (vdr_wire_result *)vdr_realloc(
            session->publish.results, session->publish.result_room, sizeof *session->publish.results);
    }
    vdr_wire_result *added = &session->publish.results[session->publish.result_count++];
    *added = (vdr_wire_result){
        .sequence = item,
        .error = err,
        .position = duplicate ? result->first : result->position,
        .at_ms = duplicate                   ? first_at(daemon, result->first)
                 : result->at == VDR_MS_NONE ? 0
                                             : result->at,
    };
    vdr_acted *acted = (vdr_acted *)vdr_ring_first(&session->publish.acted);
    if (acted == NULL || acted->item != item)
        return;
    if (err == VDR_E_ACCEPTED) { /* nobody learns of a case by an act that was refused */
        added->case_id = acted->case_id;
        added->revision = acted->revision;
    }
    vdr_ring_drop(&session->publish.acted);
}

static void
refused_batch(vdr_daemon *daemon, vdr_session *session, const vdr_batch *batch, const vdr_result *result)
{
    uint64_t first = batch->last - batch->count + 1;
    add_exception(session, first, batch->count, batch->refused, 0);
    vdr_reports_refused(daemon, session, batch->refused, batch->count);
    vdr_result nothing = {.verdict = batch->refused, .at = result->at};
    for (uint64_t item = first; batch->want_results && item <= batch->last; item++)
        add_result(daemon, session, item, &nothing, batch->refused);
}

/* The client is told when the last of the windows is over, as far as it fits. */
static void
hold(vdr_session *session, const vdr_result *result)
{
    int64_t held_ms = result->verdict == VDR_E_HELD_BACK ? result->until - result->at : 0;
    if (held_ms > (int64_t)session->publish.held_ms)
        session->publish.held_ms = held_ms < UINT32_MAX ? (uint32_t)held_ms : UINT32_MAX;
}

void
vdr_publish_result(vdr_daemon *daemon, vdr_session *session, const vdr_result *result)
{
    uint64_t item = vdr_errand_number(result->ticket);
    vdr_batch *batch = (vdr_batch *)vdr_ring_first(&session->publish.batches);
    VDR_ASSERT(batch != NULL && item <= batch->last && item > session->publish.answered);
    if (batch->refused != VDR_OK) {
        refused_batch(daemon, session, batch, result);
    } else {
        if (result->verdict != VDR_E_ACCEPTED) { /* counted as the law says, for operators */
            add_exception(session, item, 1, result->told, result->first);
            hold(session, result);
            vdr_reports_refused(daemon, session, result->verdict, 1);
        }
        if (batch->want_results)
            add_result(daemon, session, item, result, result->told);
    }
    session->publish.answered = item;
    if (item == batch->last) {
        if (batch->refused == VDR_OK) { /* the window opens when the client is told */
            session->publish.answered_items += batch->count;
            session->publish.answered_bytes += batch->bytes;
        }
        vdr_ring_drop(&session->publish.batches);
    }
    if (session->publish.exception_count + session->publish.result_count > ENTRIES_MAX) {
        VDR_NOTE(LIMIT, vdr_field_text("limit", "answers"), vdr_field_number("session", session->number),
                 vdr_field_text("party", session->party));
        vdr_speak_nothing(daemon, session);
        return;
    }
    if (!session->publish.due) {
        session->publish.due = true;
        session->next_due = daemon->due;
        daemon->due = session;
    }
}

/* 0: none. What the broker itself has no room for is soon tried again, whatever a guard holds back besides. */
static uint32_t
pause_ms(const vdr_wire_confirm *confirm, uint32_t held_ms)
{
    uint32_t pause = 0;
    for (size_t i = 0; i < confirm->exception_count; i++) {
        vdr_err err = confirm->exceptions[i].error;
        if (err == VDR_E_HELD_BACK && pause == 0)
            pause = held_ms;
        else if (err != VDR_E_HELD_BACK && vdr_err_class_of(err) == VDR_ERR_LATER)
            return PAUSE_MS;
    }
    return pause;
}

/* All that is answered, in frames of a bounded number of exceptions and results. */
static void
confirm_session(vdr_daemon *daemon, vdr_session *session)
{
    const vdr_wire_exception *exceptions = session->publish.exceptions;
    const vdr_wire_result *results = session->publish.results;
    size_t exception_count = session->publish.exception_count, result_count = session->publish.result_count;
    size_t e = 0, r = 0;
    session->publish.open_items -= session->publish.answered_items;
    session->publish.open_bytes -= session->publish.answered_bytes;
    session->publish.answered_items = session->publish.answered_bytes = 0;
    session->publish.exception_count = session->publish.result_count = 0;
    session->publish.due = false;
    uint32_t held_ms = session->publish.held_ms;
    session->publish.held_ms = 0;
    do {
        vdr_wire_confirm confirm = {
            .exceptions = exceptions + e, /* NULL + 0 where there are none */
            .results = results + r,
            .window_items = daemon->draining ? 0 : (uint32_t)daemon->node->limits.window_items,
            .window_bytes = daemon->draining ? 0 : (uint32_t)daemon->node->limits.window_bytes,
            .durability = VDR_SYNCED,
        };
        size_t e_end = e, r_end = r;
        while (e_end - e + r_end - r < CONFIRM_ENTRIES && (e_end < exception_count || r_end < result_count)) {
            bool exception_next =
                e_end < exception_count &&
                (r_end == result_count || exceptions[e_end].sequence <= results[r_end].sequence);
            if (exception_next) {
                confirm.up_to = exceptions[e_end].sequence + exceptions[e_end].count - 1;
                e_end++;
            } else {
                confirm.up_to = results[r_end].sequence;
            }
            while (r_end < result_count && results[r_end].sequence <= confirm.up_to)
                r_end++;
        }
        confirm.exception_count = e_end - e;
        confirm.result_count = r_end - r;
        e = e_end;
        r = r_end;
        if (e == exception_count && r == result_count)
            confirm.up_to = session->publish.answered;
        confirm.retry_after_ms = pause_ms(&confirm, held_ms);
        vdr_wire wire = {.type = VDR_FRAME_CONFIRM, .confirm = confirm};
        vdr_say(daemon, session, &wire);
    } while (e < exception_count || r < result_count);
}

void
vdr_publish_confirm(vdr_daemon *daemon)
{
    vdr_session *waiting = NULL;
    while (daemon->due != NULL) {
        vdr_session *session = daemon->due;
        daemon->due = session->next_due;
        if (!vdr_session_live(session)) {
            session->publish.due = false;
        } else if (session->out.first != NULL) { /* it gathers until the connection takes frames again */
            session->next_due = waiting;
            waiting = session;
        } else {
            confirm_session(daemon, session);
        }
    }
    daemon->due = waiting;
}

void
vdr_publish_forget(vdr_daemon *daemon, vdr_session *session)
{
    vdr_session **at = &daemon->due;
    while (session->publish.due && *at != session)
        at = &(*at)->next_due;
    if (session->publish.due)
        *at = session->next_due;
    session->publish.due = false;
}
