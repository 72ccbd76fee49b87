/* Queries to answers (protocol.md section 7). */
#include "broker/desk/reads.h"

#include "broker/access/mask.h"
#include "broker/gauge/journal.h"
#include "broker/gauge/trace.h"

#define PAGE_ITEMS   100u /* of an answer, when the reader names none */
#define PAGE_MAX     1000u
#define ANSWERS_HELD 64u /* of one session, waiting for their barrier */

#define GLASS_REASON_MIN 10u /* bytes: somebody else must understand it */
#define GLASS_REASON_MAX 500u

/* The parts of an inbox, in order. */
enum { PART_CASES, PART_OVERDUE, PART_REVIEWS, PARTS };

/* Of the regisseur at this place in town.yaml: those that are not over. */
static vdr_err
show_absences(const vdr_reading *reading, size_t number, const vdr_wire_absence **ret_absences,
              size_t *ret_count)
{
    vdr_absence_view view;
    size_t cursor = 0, count = 0, i = 0;
    while (vdr_view_absence(reading->core, number, &cursor, &view))
        count++;
    vdr_wire_absence *shown =
        (vdr_wire_absence *)vdr_arena_alloc(reading->arena, (count + 1) * sizeof *shown);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    for (cursor = 0; vdr_view_absence(reading->core, number, &cursor, &view); i++) {
        shown[i] = (vdr_wire_absence){
            .from_ms = view.from, .to_ms = view.to, .by_kind = view.by_kind, .by = view.by};
        vdr_access_mask(reading->session->kind, VDR_OBJECT_ABSENCE, reading->standing, &shown[i],
                        sizeof shown[i]);
    }
    *ret_absences = shown;
    *ret_count = count;
    return VDR_OK;
}

static vdr_err
query_status(vdr_reading *reading)
{
    const vdr_session *session = reading->session;
    vdr_wire_status_view *status = (vdr_wire_status_view *)vdr_arena_alloc(reading->arena, sizeof *status);
    if (status == NULL)
        return VDR_E_NO_MEMORY;
    status->party_kind = session->kind;
    status->party_id = vdr_span_str(session->party);
    vdr_delivery_state(reading->daemon, session->kind, status->party_id, &status->acknowledged,
                       &status->newest);
    vdr_span id;
    uint64_t load, capacity, hard_capacity;
    vdr_err err = VDR_OK;
    for (size_t i = 0;
         session->kind == VDR_PARTY_REGISSEUR &&
         vdr_view_regisseur(reading->core, i, &id, &load, &capacity, &hard_capacity, &status->absent);
         i++) {
        if (!vdr_span_equal(id, status->party_id))
            continue;
        status->load = (uint32_t)load;
        status->capacity = (uint32_t)capacity;
        status->hard_capacity = (uint32_t)hard_capacity;
        err = show_absences(reading, i, &status->absences, &status->absence_count);
        break;
    }
    vdr_access_mask(session->kind, VDR_OBJECT_STATUS, VDR_STANDING_OWN, status, sizeof *status);
    reading->answer.status = status;
    return err;
}

static vdr_err
query_case(vdr_reading *reading, vdr_relation relation)
{
    vdr_at at;
    vdr_case_view view;
    if (!vdr_view_case(reading->core, reading->read->case_id, &at, &view) ||
        !vdr_reads_case(reading, relation, &view))
        return VDR_E_NOT_FOUND;
    vdr_wire_case_view *shown = (vdr_wire_case_view *)vdr_arena_alloc(reading->arena, sizeof *shown);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.cases = shown;
    reading->answer.case_count = 1;
    if (!vdr_reads_by_glass(reading) && !vdr_case_state_open(view.state))
        reading->standing = VDR_STANDING_ENDED;
    return vdr_reads_show_case(reading, at, &view, true, shown);
}

/* May the signal that is asked for have this source? */
static bool
source_asked(const vdr_reading *reading, const vdr_config_agency *agency)
{
    const vdr_wire_read *read = reading->read;
    if (read->signal.source.at != NULL && !vdr_span_equal(read->signal.source, agency->source))
        return false;
    if (read->agency.at != NULL && !vdr_span_equal(read->agency, agency->id))
        return false;
    return reading->session->kind != VDR_PARTY_AGENCY ||
           vdr_span_equal(agency->id, vdr_span_str(reading->session->party));
}

/* The newest of that id that the reader may see. */
static vdr_err
query_signal(vdr_reading *reading, vdr_relation relation)
{
    const vdr_config *config = vdr_core_config(reading->core);
    vdr_span id = reading->read->signal.id;
    uint64_t hash = vdr_door_id_hash(reading->daemon->door, id);
    vdr_signal_view found = {0};
    vdr_at found_at = {0};
    for (size_t i = 0; i < config->agency_count; i++) {
        vdr_at at;
        vdr_signal_view view;
        if (source_asked(reading, &config->agencies[i]) &&
            vdr_view_signal(reading->core, config->agencies[i].source, id, hash, &at, &view) &&
            view.position > found.position && vdr_reads_signal(reading, relation, &view)) {
            found = view;
            found_at = at;
        }
    }
    if (found.position == 0)
        return VDR_E_NOT_FOUND;
    vdr_wire_signal_view *shown = (vdr_wire_signal_view *)vdr_arena_alloc(reading->arena, sizeof *shown);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.signals = shown;
    reading->answer.signal_count = 1;
    vdr_err err = vdr_reads_show_signal(reading, VDR_OBJECT_SIGNAL, &found, shown);
    return err == VDR_OK ? vdr_reads_show_signal_talk(reading, found_at, shown) : err;
}

static vdr_err
show_household(vdr_reading *reading, vdr_relation relation, vdr_household_id id)
{
    vdr_at at;
    vdr_household_view view;
    if (!vdr_view_household(reading->core, id, &at, &view) ||
        !vdr_reads_household(reading, relation, at, &view))
        return VDR_E_NOT_FOUND;
    vdr_wire_household_view *shown =
        (vdr_wire_household_view *)vdr_arena_alloc(reading->arena, sizeof *shown);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.households = shown;
    reading->answer.household_count = 1;
    if (!vdr_reads_by_glass(reading) && view.under_review)
        reading->standing = VDR_STANDING_REVIEW;
    return vdr_reads_show_household(reading, at, &view, shown);
}

/* The household that a person is of. That nobody is known by a number tells something of that person, too: such an
 * answer is seen as of no household, so that no search goes unrecorded. */
static vdr_err
query_person(vdr_reading *reading, vdr_relation relation)
{
    vdr_household_id id;
    vdr_position named_by;
    vdr_key16 key = vdr_reads_key(reading, false, reading->read->bsn);
    if (vdr_view_member(reading->core, false, &key, &id, &named_by))
        return show_household(reading, relation, id);
    return vdr_reads_saw(reading, (vdr_command_seen){.kind = VDR_SEEN_HOUSEHOLD, .parts = VDR_SEEN_FACTS});
}

/* ---- inbox */

/* Before each item of a list: is there room for it? Otherwise the page goes on there. */
static bool
has_room(vdr_reading *reading)
{
    reading->more = reading->room == 0;
    reading->room -= !reading->more;
    return !reading->more;
}

/* A resume key comes back from a client: only the number of it is used, which is safe whatever it says. */
static vdr_cursor
cursor_of(const vdr_resume *from)
{
    return (vdr_cursor){.number = from->after};
}

static void
go_on_at(vdr_reading *reading, vdr_cursor cursor)
{
    reading->next.after = cursor.number;
}

static vdr_err
inbox_cases(vdr_reading *reading)
{
    bool own = reading->session->kind == VDR_PARTY_REGISSEUR;
    vdr_span regisseur = own ? vdr_span_str(reading->session->party) : (vdr_span){0};
    vdr_wire_case_view *shown =
        (vdr_wire_case_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *shown);
    vdr_case_view view;
    vdr_case_id after = {reading->from.after};
    vdr_err err = VDR_OK;
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.cases = shown;
    while (err == VDR_OK && vdr_view_open_case(reading->core, regisseur, after, &view) && has_room(reading)) {
        vdr_at at;
        bool there = vdr_view_case(reading->core, view.id, &at, &view);
        VDR_ASSERT(there);
        err = vdr_reads_show_case(reading, at, &view, false, &shown[reading->answer.case_count++]);
        after = view.id;
        reading->next.after = view.id.number;
    }
    return err;
}

static vdr_err
inbox_overdue(vdr_reading *reading)
{
    vdr_wire_signal_view *shown =
        (vdr_wire_signal_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *shown);
    vdr_signal_view view;
    vdr_cursor cursor = cursor_of(&reading->from);
    vdr_err err = VDR_OK;
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.signals = shown;
    while (err == VDR_OK && vdr_view_overdue(reading->core, &cursor, &view) && has_room(reading)) {
        if (!view.restricted)
            err = vdr_reads_show_signal(reading, VDR_OBJECT_SIGNAL, &view,
                                        &shown[reading->answer.signal_count++]);
        go_on_at(reading, cursor);
    }
    return err;
}

static vdr_err
inbox_reviews(vdr_reading *reading)
{
    vdr_wire_review_view *shown =
        (vdr_wire_review_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *shown);
    vdr_household_id lower, other;
    vdr_cursor cursor = cursor_of(&reading->from);
    vdr_err err = VDR_OK;
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.reviews = shown;
    while (err == VDR_OK && vdr_view_review(reading->core, &cursor, &lower, &other) && has_room(reading)) {
        vdr_wire_review_view *review = &shown[reading->answer.review_count++];
        vdr_command_seen seen = {.kind = VDR_SEEN_HOUSEHOLD, .parts = VDR_SEEN_FACTS, .household = lower};
        *review = (vdr_wire_review_view){.household = lower, .other = other};
        vdr_access_mask(reading->session->kind, VDR_OBJECT_REVIEW, reading->standing, review, sizeof *review);
        err = vdr_reads_saw(reading, seen);
        seen.household = other;
        if (err == VDR_OK)
            err = vdr_reads_saw(reading, seen);
        go_on_at(reading, cursor);
    }
    return err;
}

static vdr_err
query_inbox(vdr_reading *reading)
{
    static vdr_err (*const parts[PARTS])(vdr_reading *) = {
        [PART_CASES] = inbox_cases, [PART_OVERDUE] = inbox_overdue, [PART_REVIEWS] = inbox_reviews};
    static const vdr_inbox_part names[PARTS] = {[PART_CASES] = VDR_INBOX_CASES,
                                                [PART_OVERDUE] = VDR_INBOX_OVERDUE,
                                                [PART_REVIEWS] = VDR_INBOX_REVIEWS};
    vdr_party_kind kind = reading->session->kind;
    vdr_inbox_part asked = reading->read->list;
    vdr_err err = VDR_OK;
    if (!vdr_access_inbox(kind, asked))
        return VDR_E_WRONG_ROLE;
    for (uint64_t part = reading->from.part; part < PARTS && err == VDR_OK && !reading->more; part++) {
        if ((asked != VDR_INBOX_ALL && asked != names[part]) || !vdr_access_inbox(kind, names[part]))
            continue;
        reading->next = part == reading->from.part ? reading->from : (vdr_resume){.part = part};
        reading->from = reading->next;
        err = parts[part](reading);
    }
    return err;
}

static vdr_err
query_regisseurs(vdr_reading *reading)
{
    const vdr_config *config = vdr_core_config(reading->core);
    vdr_wire_regisseur_view *shown =
        (vdr_wire_regisseur_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *shown);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.regisseurs = shown;
    for (size_t i = (size_t)reading->from.after; i < config->regisseur_count && has_room(reading); i++) {
        vdr_wire_regisseur_view *row = &shown[reading->answer.regisseur_count];
        uint64_t load, capacity, hard_capacity;
        reading->next.after = i + 1;
        if (!vdr_view_regisseur(reading->core, i, &row->id, &load, &capacity, &hard_capacity, &row->absent))
            break;
        row->load = (uint32_t)load;
        row->capacity = (uint32_t)capacity;
        row->hard_capacity = (uint32_t)hard_capacity;
        row->districts = config->regisseurs[i].districts.at;
        row->district_count = config->regisseurs[i].districts.count;
        row->expertise = config->regisseurs[i].expertise.at;
        row->expertise_count = config->regisseurs[i].expertise.count;
        if (show_absences(reading, i, &row->absences, &row->absence_count) != VDR_OK)
            return VDR_E_NO_MEMORY;
        vdr_access_mask(reading->session->kind, VDR_OBJECT_REGISSEUR, reading->standing, row, sizeof *row);
        reading->answer.regisseur_count++;
    }
    return VDR_OK;
}

/* ---- requests of residents: all of them to privacy officers, holds to coordinators, who confirm them, too */

static vdr_err
query_requests(vdr_reading *reading)
{
    vdr_wire_right_view *shown =
        (vdr_wire_right_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *shown);
    vdr_right_view view;
    vdr_cursor cursor = cursor_of(&reading->from);
    if (shown == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.rights = shown;
    bool holds_only = reading->session->kind == VDR_PARTY_COORDINATOR;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && vdr_view_right(reading->core, &cursor, &view)) {
        if (holds_only && view.kind != VDR_RIGHT_HOLD)
            continue;
        if (!has_room(reading))
            break;
        vdr_wire_right_view *right = &shown[reading->answer.right_count++];
        *right = (vdr_wire_right_view){.number = view.number,
                                       .kind = view.kind,
                                       .state = view.state,
                                       .household = view.household,
                                       .signal = {.source = view.source, .id = view.id},
                                       .at_ms = view.at,
                                       .due = view.due,
                                       .ended = view.ended_at,
                                       .author = view.author,
                                       .second = view.second,
                                       .case_id = view.open_case};
        vdr_access_mask(reading->session->kind, VDR_OBJECT_RIGHT, reading->standing, right, sizeof *right);
        err = vdr_reads_saw(reading, (vdr_command_seen){.kind = VDR_SEEN_HOUSEHOLD,
                                                        .parts = VDR_SEEN_FACTS,
                                                        .household = view.household,
                                                        .case_id = view.open_case});
        go_on_at(reading, cursor);
    }
    return err;
}

/* ---- answers */

/* May the glass be broken for this? NOT_ALLOWED has words. */
static vdr_err
judge_glass(vdr_reading *reading)
{
    vdr_span reason = reading->read->break_glass;
    const char *words = NULL;
    if (!vdr_access_glass(reading->session->kind, reading->read->query))
        return VDR_E_WRONG_ROLE;
    if (reason.len < GLASS_REASON_MIN || reason.len > GLASS_REASON_MAX)
        words = "the reason must have 10 to 500 bytes: privacy officers read it";
    else if (vdr_core_config(reading->core)->privacy_officers.count == 0)
        words = "the town has no privacy officer to be told of it";
    reading->answer.text = vdr_span_str(words);
    reading->standing = VDR_STANDING_GLASS;
    return words == NULL ? VDR_OK : VDR_E_NOT_ALLOWED;
}

static vdr_err
answer_query(vdr_reading *reading)
{
    vdr_query query = reading->read->query;
    vdr_relation relation = vdr_access_query(reading->session->kind, query);
    vdr_err err = vdr_reads_by_glass(reading)     ? judge_glass(reading)
                  : relation == VDR_RELATION_NONE ? VDR_E_WRONG_ROLE
                                                  : VDR_OK;
    if (err != VDR_OK)
        return err;
    switch (query) {
    case VDR_QUERY_STATUS:
        return query_status(reading);
    case VDR_QUERY_CASE:
        return query_case(reading, relation);
    case VDR_QUERY_SIGNAL:
        return query_signal(reading, relation);
    case VDR_QUERY_HOUSEHOLD:
        return show_household(reading, relation, reading->read->household);
    case VDR_QUERY_INBOX:
        return query_inbox(reading);
    case VDR_QUERY_REGISSEURS:
        return query_regisseurs(reading);
    case VDR_QUERY_EXPLAIN:
        return vdr_reads_explain(reading, relation);
    case VDR_QUERY_TRY:
        return vdr_reads_try(reading);
    case VDR_QUERY_REQUESTS:
        return query_requests(reading);
    case VDR_QUERY_PERSON:
        return query_person(reading, relation);
    case VDR_QUERY_DIRECTORY:
        return vdr_reads_directory(reading);
    }
    return VDR_E_WRONG_ROLE;
}

static bool
resume_of(vdr_span bytes, vdr_resume *ret_resume)
{
    *ret_resume = (vdr_resume){0};
    if (bytes.len != 0 && bytes.len != sizeof *ret_resume)
        return false;
    if (bytes.len != 0)
        memcpy(ret_resume, bytes.at, sizeof *ret_resume);
    return true;
}

/* The answer goes when what it shows is in the log as seen; where it shows nothing of anybody, or what a view that is in
 * the log covers, when the state it tells is, and so that view. */
static vdr_err
hold_back(vdr_daemon *daemon, const vdr_session *session, const vdr_command *view)
{
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ANSWER, session->number, 0);
    return view != NULL ? vdr_engine_submit_view(daemon->engine, ticket, view)
                        : vdr_engine_submit_barrier(daemon->engine, ticket);
}

/* What the answer is known by (cover.h): all but its number, and the position and time of the state. False: it does
 * not fit. */
static bool
cover_key(vdr_daemon *daemon, const vdr_session *session, const vdr_command *view, const vdr_wire *wire,
          vdr_cover_key *ret_key)
{
    vdr_wire same = *wire;
    same.answer.request = same.answer.position = 0;
    same.answer.at_ms = 0;
    daemon->frame.len = 0;
    vdr_arena_reset(&daemon->speech);
    bool good = vdr_codec_encode(&same, 0, vdr_daemon_frame_max(session->peer.zone), &daemon->speech,
                                 &daemon->frame) == VDR_OK;
    if (good)
        *ret_key = vdr_cover_key_of(daemon->covers, view, vdr_bytes_span(&daemon->frame));
    return good;
}

/* What cannot be logged as seen is not shown. What is kept free in a full store is for those who can help. */
static bool
may_fill(vdr_party_kind kind)
{
    return kind == VDR_PARTY_OPERATOR || kind == VDR_PARTY_PRIVACY_OFFICER;
}

vdr_err
vdr_reads_hold(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read, const vdr_wire *wire,
               const vdr_command_seen *seen, size_t seen_count)
{
    bool traced = read->traceparent.at != NULL && vdr_traceparent_is_good(read->traceparent);
    bool glass = read->break_glass.at != NULL;
    vdr_command view = {.sender_kind = session->kind,
                        .sender_id = vdr_span_str(session->party),
                        .query = (uint32_t)read->query,
                        .reason = read->break_glass,
                        .traceparent = traced ? read->traceparent : (vdr_span){0},
                        .seen = seen,
                        .seen_count = seen_count};
    vdr_cover_key key;
    vdr_ms now = vdr_admit_now(daemon);
    bool covers = seen_count != 0 && !glass && cover_key(daemon, session, &view, wire, &key);
    bool seen_new = seen_count != 0 && !(covers && vdr_covers_hold(daemon->covers, &key, now));
    vdr_err err = vdr_engine_room(daemon->engine) != 0 ? VDR_OK : VDR_E_BUSY;
    if (err == VDR_OK && seen_new && vdr_engine_full(daemon->engine) && !may_fill(session->kind))
        err = VDR_E_STORE_FULL;
    if (err == VDR_OK)
        err = vdr_speak_hold(daemon, session, wire);
    if (err == VDR_OK && glass && seen_count != 0)
        VDR_NOTE(GLASS, vdr_field_text("kind", vdr_party_kind_name(session->kind)),
                 vdr_field_text("party", session->party), vdr_field_number("query", read->query));
    view.cover_ms = covers ? VDR_COVER_MS : 0;
    if (err == VDR_OK)
        err = hold_back(daemon, session, seen_new ? &view : NULL);
    if (err == VDR_OK && seen_new && covers)
        vdr_covers_add(daemon->covers, &key, now);
    return err;
}

/* One try: at most so many items. TOO_BIG or NO_MEMORY: fewer may go. */
static vdr_err
make_answer(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read, vdr_resume from,
            size_t items)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    vdr_reading reading = {.daemon = daemon,
                           .session = session,
                           .core = core,
                           .read = read,
                           .arena = &daemon->tales,
                           .room = items,
                           .from = from,
                           .next = from,
                           .standing = VDR_STANDING_OWN,
                           .seen_room = 2 * items + 2};
    vdr_arena_reset(&daemon->tales);
    reading.seen =
        (vdr_command_seen *)vdr_arena_alloc(reading.arena, reading.seen_room * sizeof *reading.seen);
    vdr_err err = reading.seen != NULL ? answer_query(&reading) : VDR_E_NO_MEMORY;
    vdr_engine_record_done(daemon->engine);
    if (err == VDR_E_NO_MEMORY)
        return err;
    if (err == VDR_E_STORE_CORRUPT)
        VDR_NOTE(READ_FAILED, vdr_field_text("error", vdr_err_code(err)),
                 vdr_field_number("session", session->number), vdr_field_text("what", "an answer"));
    vdr_ms now = vdr_core_now(core);
    vdr_wire wire = {.type = VDR_FRAME_ANSWER};
    if (err == VDR_OK)
        wire.answer = reading.answer;
    else
        wire.answer.text = reading.answer.text;
    wire.answer.request = read->request;
    wire.answer.error = err;
    wire.answer.position = vdr_core_position(core);
    wire.answer.at_ms = now == VDR_MS_NONE ? 0 : now;
    if (err == VDR_OK && reading.more)
        wire.answer.resume = vdr_span_of(&reading.next, sizeof reading.next);
    return vdr_reads_hold(daemon, session, read, &wire, reading.seen, err == VDR_OK ? reading.seen_count : 0);
}

/* An ERROR too_big would end the session (protocol.md 3.8), and the question was a good one. */
static void
say_too_big(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read)
{
    vdr_wire wire = {.type = VDR_FRAME_ANSWER,
                     .answer = {.request = read->request,
                                .error = VDR_E_TOO_BIG,
                                .text = vdr_span_str("one item of the answer alone does not fit a frame")}};
    vdr_say(daemon, session, &wire);
}

void
vdr_reads_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read, const vdr_frame *frame)
{
    size_t items = read->page_items == 0         ? PAGE_ITEMS
                   : read->page_items < PAGE_MAX ? read->page_items
                                                 : PAGE_MAX;
    vdr_resume from;
    if (!resume_of(read->resume, &from)) {
        vdr_speak_failure(daemon, session, VDR_E_BAD_FRAME, frame, "no resume key that was given out");
        return;
    }
    if (vdr_reads_asks(daemon, session, read, frame))
        return;
    bool crowded = session->answers.count >= ANSWERS_HELD ||
                   session->answer_bytes + session->out.bytes > daemon->node->limits.queue_bytes / 2;
    if (crowded || vdr_engine_room(daemon->engine) == 0) {
        vdr_speak_refusal(daemon, session, VDR_E_BUSY, frame);
        return;
    }
    vdr_err err = make_answer(daemon, session, read, from, items);
    while (items > 1 && (err == VDR_E_TOO_BIG || err == VDR_E_NO_MEMORY)) {
        items /= 2;
        err = make_answer(daemon, session, read, from, items);
    }
    if (err == VDR_E_TOO_BIG || err == VDR_E_NO_MEMORY)
        say_too_big(daemon, session, read);
    else if (err != VDR_OK) /* no room, or an engine that has died */
        vdr_speak_refusal(daemon, session, err, frame);
}
