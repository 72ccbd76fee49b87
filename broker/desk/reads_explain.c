/* Explanations and trials (protocol.md 7.6 and 7.7). */
#include "broker/desk/reads.h"

#include "broker/access/mask.h"
#include "broker/core/trial.h"
#include "broker/gauge/journal.h"

#define TOKEN_SIGNALS_MAX 64u                          /* agencies that chose the same id */
#define PAST_BYTES        (UINT64_C(64) * 1024 * 1024) /* of a past state, besides twice the present one */

/* The newest whose id has this token. */
static vdr_at
signal_of_token(const vdr_reading *reading, uint64_t hash)
{
    vdr_at all[TOKEN_SIGNALS_MAX], found = {0};
    vdr_position newest = 0;
    size_t count = vdr_view_signals_hashed(reading->core, hash, all, TOKEN_SIGNALS_MAX);
    for (size_t i = 0; i < count; i++) {
        vdr_signal_view view;
        vdr_view_signal_at(reading->core, all[i], &view);
        if (view.position > newest && vdr_door_id_hash(reading->daemon->door, view.id) == hash) {
            newest = view.position;
            found = all[i];
        }
    }
    return found;
}

/* The newest of that id, of the source that is named or of any. */
static vdr_at
signal_asked(const vdr_reading *reading)
{
    uint64_t token;
    if (vdr_mask_token_read(reading->read->signal.id, &token))
        return signal_of_token(reading, token);
    const vdr_config *config = vdr_core_config(reading->core);
    vdr_signal_name name = reading->read->signal;
    uint64_t hash = vdr_door_id_hash(reading->daemon->door, name.id);
    vdr_position newest = 0;
    vdr_at found = {0};
    for (size_t i = 0; i < config->agency_count; i++) {
        vdr_at at;
        vdr_signal_view view;
        if ((name.source.at == NULL || vdr_span_equal(name.source, config->agencies[i].source)) &&
            vdr_view_signal(reading->core, config->agencies[i].source, name.id, hash, &at, &view) &&
            view.position > newest) {
            newest = view.position;
            found = at;
        }
    }
    return found;
}

/* ---- of a case, to who holds it: the rules that made it, its signals, and of the candidates themselves */

static bool
made_it(const vdr_explained_case *of, vdr_span rule)
{
    for (size_t i = 0; i < of->rule_count; i++)
        if (vdr_span_equal(of->rules[i], rule))
            return true;
    return false;
}

static bool
is_kept(const vdr_explanation *told, vdr_signal_name name)
{
    for (size_t i = 0; i < told->signal_list_count; i++)
        if (vdr_span_equal(told->signals[i].name.id, name.id) &&
            vdr_span_equal(told->signals[i].name.source, name.source))
            return true;
    return false;
}

static vdr_err
mask_rules(vdr_reading *reading, const vdr_explained_case *of, const bool *kept, vdr_explanation *told)
{
    vdr_explained_rule *rules =
        (vdr_explained_rule *)vdr_arena_alloc(reading->arena, (told->rule_count + 1) * sizeof *rules);
    size_t count = 0;
    if (rules == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < told->rule_count; i++) {
        if (!made_it(of, told->rules[i].id))
            continue;
        vdr_explained_use *uses = (vdr_explained_use *)vdr_arena_alloc(
            reading->arena, (told->rules[i].use_count + 1) * sizeof *uses);
        if (uses == NULL)
            return VDR_E_NO_MEMORY;
        rules[count] = told->rules[i];
        rules[count].uses = uses;
        rules[count].use_count = 0;
        for (size_t j = 0; j < told->rules[i].use_count; j++)
            if (kept[j])
                uses[rules[count].use_count++] = told->rules[i].uses[j];
        count++;
    }
    told->rules = rules;
    told->rule_count = count;
    return VDR_OK;
}

static vdr_err
mask_signals(vdr_reading *reading, vdr_case_id id, bool *ret_kept, vdr_explanation *told)
{
    vdr_explained_signal *signals = (vdr_explained_signal *)vdr_arena_alloc(
        reading->arena, (told->signal_list_count + 1) * sizeof *signals);
    size_t count = 0;
    if (signals == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < told->signal_list_count; i++) {
        ret_kept[i] = told->signals[i].case_id.number == id.number;
        if (ret_kept[i])
            signals[count++] = told->signals[i];
    }
    told->signals = signals;
    told->signal_list_count = count;
    told->signal_count = (uint32_t)count;
    return VDR_OK;
}

static vdr_err
mask_dues(vdr_reading *reading, vdr_explanation *told)
{
    vdr_explained_due *dues =
        (vdr_explained_due *)vdr_arena_alloc(reading->arena, (told->due_count + 1) * sizeof *dues);
    size_t count = 0;
    if (dues == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < told->due_count; i++)
        if (told->dues[i].kind != VDR_DUE_FOLLOW_UP || is_kept(told, told->dues[i].signal))
            dues[count++] = told->dues[i];
    told->dues = dues;
    told->due_count = count;
    return VDR_OK;
}

static vdr_err
mask(vdr_reading *reading, vdr_case_id id, vdr_explanation *told)
{
    bool *kept = (bool *)vdr_arena_alloc(reading->arena, told->signal_list_count + 1);
    size_t place = 0;
    while (place < told->case_count && told->cases[place].case_id.number != id.number)
        place++;
    if (kept == NULL)
        return VDR_E_NO_MEMORY;
    VDR_ASSERT(place < told->case_count);
    told->cases += place;
    told->case_count = 1;
    vdr_err err = mask_signals(reading, id, kept, told);
    if (err == VDR_OK)
        err = mask_rules(reading, told->cases, kept, told);
    if (err == VDR_OK)
        err = mask_dues(reading, told);
    size_t me = 0;
    while (me < told->candidate_count &&
           !vdr_span_equal(told->candidates[me].id, vdr_span_str(reading->session->party)))
        me++;
    told->candidate_count = me < told->candidate_count;
    told->candidates += told->candidate_count != 0 ? me : 0;
    return err;
}

/* A regisseur asks of an open case that they may read, and of now. */
static bool
may_ask(const vdr_reading *reading, vdr_relation relation)
{
    const vdr_wire_read *read = reading->read;
    vdr_at at;
    vdr_case_view view;
    return relation == VDR_RELATION_ANY ||
           (read->signal.id.at == NULL && read->household.number == 0 && read->at_ms == 0 &&
            vdr_view_case(reading->core, read->case_id, &at, &view) && vdr_case_state_open(view.state) &&
            vdr_reads_case(reading, relation, &view));
}

/* ---- now */

static vdr_command_seen
seen_of(const vdr_explanation *told)
{
    return (vdr_command_seen){.kind = VDR_SEEN_HOUSEHOLD,
                              .parts = VDR_SEEN_FACTS | VDR_SEEN_REASONS,
                              .household = told->household,
                              .case_id = told->case_id};
}

vdr_err
vdr_reads_explain(vdr_reading *reading, vdr_relation relation)
{
    const vdr_wire_read *read = reading->read;
    vdr_explain_ask ask = {.household = read->household, .case_id = read->case_id, .rule = read->rule};
    if (!may_ask(reading, relation))
        return VDR_E_NOT_FOUND;
    if (read->signal.id.at != NULL) {
        ask.signal = signal_asked(reading);
        if (ask.signal.slot == 0)
            return VDR_E_NOT_FOUND;
    }
    vdr_explanation *told = (vdr_explanation *)vdr_arena_alloc(reading->arena, sizeof *told);
    const char *words;
    if (told == NULL)
        return VDR_E_NO_MEMORY;
    reading->answer.explanation = told;
    vdr_err err =
        vdr_engine_explain(reading->daemon->engine, &ask, read->at_ms, reading->arena, told, &words);
    if (err == VDR_OK && relation != VDR_RELATION_ANY)
        err = mask(reading, read->case_id, told);
    vdr_command_seen seen = seen_of(told);
    if (err == VDR_OK)
        err = vdr_mask_explanation(reading->daemon, reading->session->kind, reading->arena, told);
    if (err == VDR_OK)
        err = vdr_reads_saw(reading, seen);
    reading->answer.text = vdr_span_str(words);
    return err;
}

vdr_err
vdr_reads_try(vdr_reading *reading)
{
    const char *words;
    bool plain = vdr_mask_off(reading->daemon, reading->session->kind);
    const vdr_wire_line *lines;
    size_t count = 0;
    vdr_err err = vdr_engine_try(reading->daemon->engine, reading->read->event, reading->arena, !plain,
                                 &lines, &count, &words);
    reading->answer.text = vdr_span_str(words);
    if (err != VDR_OK)
        return err;
    vdr_wire_line *shown = (vdr_wire_line *)vdr_arena_alloc(reading->arena, (count + 1) * sizeof *shown);
    err = shown != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        shown[i] = lines[i];
        err = vdr_mask_line(reading->daemon, reading->session->kind, reading->arena, &shown[i]);
    }
    reading->answer.lines = shown;
    reading->answer.line_count = count;
    return err;
}

/* ---- beside the broker */

/* The household that is asked about has more signals than are looked at in a turn. */
static bool
is_large(vdr_reading *reading)
{
    const vdr_wire_read *read = reading->read;
    vdr_household_id id = read->household;
    vdr_household_view household;
    vdr_signal_view signal;
    vdr_case_view of;
    vdr_at at;
    if (read->signal.id.at != NULL && (at = signal_asked(reading)).slot != 0) {
        vdr_view_signal_at(reading->core, at, &signal);
        id = signal.household;
    } else if (vdr_view_case(reading->core, read->case_id, &at, &of)) {
        id = of.household;
    }
    return vdr_view_household(reading->core, id, &at, &household) &&
           household.signal_count > VDR_TRIAL_SIGNALS_MAX;
}

/* An explanation that a turn has no time for: of an instant before log time, of a later one before which much
 * falls due, or of a large household. */
static bool
takes_long(vdr_daemon *daemon, const vdr_session *session, const vdr_wire_read *read)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    vdr_reading reading = {.daemon = daemon, .session = session, .core = core, .read = read};
    if (read->query != VDR_QUERY_EXPLAIN || vdr_access_query(session->kind, read->query) != VDR_RELATION_ANY)
        return false;
    if (read->at_ms != 0 && (read->at_ms < vdr_core_now(core) || !vdr_trial_soon(core, read->at_ms)))
        return true;
    return is_large(&reading);
}

static vdr_err
ask_the_past(vdr_daemon *daemon, const vdr_session *session, const vdr_wire_read *read)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    const vdr_reading reading = {.daemon = daemon, .session = session, .core = core, .read = read};
    vdr_wire_read asked = *read;
    vdr_core_counts counts;
    vdr_signal_view signal;
    uint64_t token;
    vdr_at at = vdr_mask_token_read(read->signal.id, &token) ? signal_asked(&reading) : (vdr_at){0};
    if (at.slot != 0) { /* of the past only the id is known */
        vdr_view_signal_at(core, at, &signal);
        asked.signal = (vdr_signal_name){.source = signal.source, .id = signal.id};
    }
    if (daemon->past == NULL)
        daemon->past = vdr_past_new(daemon->log, vdr_engine_fd(daemon->engine));
    vdr_view_counts(core, &counts);
    return vdr_past_ask(daemon->past, session->number, &asked, counts.memory_bytes * 2 + PAST_BYTES);
}

static void
speak_of_past(vdr_daemon *daemon, vdr_session *session, const vdr_wire_answer *told)
{
    const vdr_wire_read asked = {.query = VDR_QUERY_EXPLAIN};
    vdr_explanation explanation;
    vdr_command_seen seen = {0};
    vdr_wire wire = {.type = VDR_FRAME_ANSWER, .answer = *told};
    vdr_err err = VDR_OK;
    vdr_arena_reset(&daemon->tales);
    if (told->explanation != NULL) {
        explanation = *told->explanation;
        seen = seen_of(&explanation);
        err = vdr_mask_explanation(daemon, session->kind, &daemon->tales, &explanation);
        wire.answer.explanation = &explanation;
    }
    if (err == VDR_OK)
        err = vdr_reads_hold(daemon, session, &asked, &wire, &seen, told->explanation != NULL);
    if (err == VDR_OK)
        return;
    wire.answer =
        (vdr_wire_answer){.request = told->request, .error = err == VDR_E_BUSY ? VDR_E_BUSY : VDR_E_TOO_BIG};
    vdr_say(daemon, session, &wire);
}

void
vdr_reads_past(vdr_daemon *daemon)
{
    vdr_past_answer told;
    if (daemon->past == NULL || !vdr_past_collect(daemon->past, &told))
        return;
    vdr_session *session = vdr_session_by_number(daemon->sessions, told.session);
    if (session != NULL && vdr_session_live(session))
        speak_of_past(daemon, session, &told.answer);
    vdr_past_let_go(daemon->past);
}

bool
vdr_reads_asks(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read, const vdr_frame *frame)
{
    if (read->query != VDR_QUERY_EXPLAIN && read->query != VDR_QUERY_TRY)
        return false;
    if (session->kind == VDR_PARTY_OPERATOR)
        VDR_NOTE(OPERATOR, vdr_field_text("party", session->party),
                 vdr_field_text("verb", read->query == VDR_QUERY_TRY ? "try" : "explain"));
    if (!takes_long(daemon, session, read))
        return false;
    vdr_err asked = ask_the_past(daemon, session, read);
    if (asked != VDR_OK)
        vdr_speak_refusal(daemon, session, asked, frame);
    return true;
}
