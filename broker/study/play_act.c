/* The events of a play, as JSON through the door. */
#include "broker/study/play_inside.h"

#include "proto/time.h"

#include <stdio.h>

static void
put_instant(vdr_bytes *event, vdr_ms ms)
{
    char text[VDR_TIME_TEXT_BYTES];
    vdr_time_format(ms < 0 ? 0 : ms, text);
    vdr_page_put(event, "\"%.24s\"", text);
}

static void
put_member(vdr_bytes *event, const char *name, vdr_span text)
{
    vdr_page_put(event, ",\"%s\":", name);
    vdr_page_json(event, text);
}

static void
begin_event(vdr_player *player, vdr_bytes *event, vdr_span id, vdr_span source, vdr_span type)
{
    vdr_page_put(event, "{\"specversion\":\"1.0\"");
    put_member(event, "id", id);
    put_member(event, "source", source);
    put_member(event, "type", type);
    vdr_page_put(event, ",\"time\":");
    put_instant(event, player->now);
    vdr_page_put(event, ",\"data\":{\"municipality\":");
    vdr_page_json(event, player->config->municipality);
}

static const vdr_config_agency *
agency_of(const vdr_config *config, vdr_span id)
{
    for (size_t i = 0; i < config->agency_count; i++)
        if (vdr_span_equal(config->agencies[i].id, id))
            return &config->agencies[i];
    return NULL;
}

/* The agency that is named, else the first that may send the type, else the first of all. */
static const vdr_config_agency *
sender_of(const vdr_player *player)
{
    const vdr_config *config = player->config;
    if (player->step->agency.text.at != NULL)
        return agency_of(config, player->step->agency.text);
    for (size_t a = 0; a < config->agency_count; a++)
        for (size_t i = 0; i < config->type_count; i++)
            for (size_t k = 0; k < config->types[i].agencies.count; k++)
                if (vdr_span_equal(config->types[i].id, player->step->type.text) &&
                    vdr_span_equal(config->types[i].agencies.at[k], config->agencies[a].kind))
                    return &config->agencies[a];
    return config->agency_count != 0 ? &config->agencies[0] : NULL;
}

static bool
put_persons(vdr_player *player, vdr_bytes *event)
{
    const vdr_script_step *step = player->step;
    if (step->person_count != 0)
        vdr_page_put(event, ",\"persons\":[");
    for (size_t i = 0; i < step->person_count; i++) {
        const vdr_player_name *person = vdr_player_name_of(player, step->persons[i].name, false);
        if (person == NULL)
            return false;
        vdr_page_put(event, "%s{\"bsn\":\"%s\"", i == 0 ? "" : ",", person->digits);
        if (step->persons[i].role.at != NULL)
            put_member(event, "role", step->persons[i].role);
        vdr_page_put(event, "}");
    }
    if (step->person_count != 0)
        vdr_page_put(event, "]");
    return true;
}

static bool
put_address(vdr_player *player, vdr_bytes *event)
{
    const vdr_script_step *step = player->step;
    if (step->address.at == NULL && step->district.at == NULL)
        return true;
    vdr_page_put(event, ",\"address\":{");
    if (step->address.at != NULL) {
        const vdr_player_name *address = vdr_player_name_of(player, step->address, true);
        if (address == NULL)
            return false;
        vdr_page_put(event, "\"bag\":\"%s\"%s", address->digits, step->district.at != NULL ? "," : "");
    }
    if (step->district.at != NULL) {
        vdr_page_put(event, "\"buurt\":");
        vdr_page_json(event, step->district);
    }
    vdr_page_put(event, "}");
    return true;
}

/* False: a name too many, or nobody to send it. */
static bool
put_signal(vdr_player *player, vdr_bytes *event, vdr_player_signal *signal)
{
    const vdr_script_step *step = player->step;
    const vdr_config_agency *agency = sender_of(player);
    if (agency == NULL)
        return false;
    *signal = (vdr_player_signal){.id = step->subject.text, .source = agency->source};
    begin_event(player, event, signal->id, signal->source, step->type.text);
    vdr_page_put(event, ",\"occurred_at\":");
    put_instant(event, player->now - step->ago_ms);
    if (step->severity != 0)
        vdr_page_put(event, ",\"severity\":%u", step->severity);
    if (step->act_before_ms != 0) {
        vdr_page_put(event, ",\"act_before\":");
        put_instant(event, player->now + step->act_before_ms);
    }
    if (step->supersedes.at != NULL)
        put_member(event, "supersedes", step->supersedes);
    return put_persons(player, event) && put_address(player, event);
}

/* ---- what people do */

static vdr_span
urn(vdr_player *player, vdr_party_kind kind, vdr_span id)
{
    vdr_bytes text = {0};
    vdr_page_put(&text, "urn:voordeur:%s:%.*s", vdr_party_kind_name(kind), VDR_TEXT(id));
    vdr_span copy = vdr_arena_copy(&player->told_arena, vdr_bytes_span(&text));
    vdr_bytes_done(&text);
    return copy;
}

/* The event of an act on a signal. NULL: made; otherwise why it cannot be. */
static const char *
put_signal_act(vdr_player *player, vdr_bytes *event, vdr_span id, vdr_span type)
{
    const vdr_player_signal *signal = vdr_player_signal_of(player, player->step->subject.text);
    vdr_signal_view view;
    if (signal == NULL)
        return "no step before this one sends a signal of this id";
    vdr_span source = signal->source;
    if (player->step->act == VDR_SCRIPT_FEEDBACK) {
        if (!vdr_player_signal_view(player, signal->id, &view) || view.service.at == NULL)
            return "the signal was never sent to a service, so there is none to report back";
        source = urn(player, VDR_PARTY_SERVICE, view.service);
    }
    begin_event(player, event, id, source, type);
    put_member(event, "signal", signal->id);
    if (player->step->act == VDR_SCRIPT_WITHDRAW)
        put_member(event, "reason", vdr_span_str("test"));
    if (player->step->act == VDR_SCRIPT_FEEDBACK)
        put_member(event, "result",
                   player->step->result.at != NULL ? player->step->result : vdr_span_str("done"));
    return NULL;
}

static const char *
put_case_act(vdr_player *player, vdr_bytes *event, vdr_span id, vdr_span type)
{
    vdr_household_id household;
    vdr_at at;
    vdr_case_view view;
    vdr_script_act act = player->step->act;
    if (!vdr_player_household(player, player->step->subject.text, &household))
        return "no signal named this person or address yet";
    if (!vdr_player_case(player, household, false, &at, &view))
        return "the household has no open case";
    bool coordinator =
        act == VDR_SCRIPT_ASSIGN || (act == VDR_SCRIPT_DISMISS && view.state == VDR_CASE_UNASSIGNED);
    if (!coordinator && view.regisseur.at == NULL)
        return "the case has no regisseur who could do this";
    vdr_span source = coordinator ? urn(player, VDR_PARTY_COORDINATOR, player->config->coordinators.at[0])
                                  : urn(player, VDR_PARTY_REGISSEUR, view.regisseur);
    begin_event(player, event, id, source, type);
    vdr_page_put(event, ",\"case\":\"C%llu\"", (unsigned long long)view.id.number);
    if (act == VDR_SCRIPT_DECLINE || act == VDR_SCRIPT_DISMISS)
        put_member(event, "reason", vdr_span_str("test"));
    if (act == VDR_SCRIPT_CLOSE)
        put_member(event, "outcome", vdr_span_str("test"));
    if (act == VDR_SCRIPT_ASSIGN)
        put_member(event, "regisseur", player->step->to.text);
    return NULL;
}

static const char *
put_act(vdr_player *player, vdr_bytes *event)
{
    static const vdr_act acts[VDR_SCRIPT_ACTS] = {
        [VDR_SCRIPT_WITHDRAW] = VDR_ACT_SIGNAL_WITHDRAWN, [VDR_SCRIPT_END] = VDR_ACT_SIGNAL_ENDED,
        [VDR_SCRIPT_FEEDBACK] = VDR_ACT_FEEDBACK,         [VDR_SCRIPT_ACCEPT] = VDR_ACT_CASE_ACCEPTED,
        [VDR_SCRIPT_DECLINE] = VDR_ACT_CASE_DECLINED,     [VDR_SCRIPT_DISMISS] = VDR_ACT_CASE_DISMISSED,
        [VDR_SCRIPT_CLOSE] = VDR_ACT_CASE_CLOSED,         [VDR_SCRIPT_ASSIGN] = VDR_ACT_CASE_ASSIGNED,
    };
    char id[48], type[64];
    snprintf(id, sizeof id, "act-%llu", (unsigned long long)++player->event_last);
    snprintf(type, sizeof type, "nl.voordeur.%s.v1", vdr_act_name(acts[player->step->act]));
    bool signal = player->step->act == VDR_SCRIPT_WITHDRAW || player->step->act == VDR_SCRIPT_END ||
                  player->step->act == VDR_SCRIPT_FEEDBACK;
    return signal ? put_signal_act(player, event, vdr_span_str(id), vdr_span_str(type))
                  : put_case_act(player, event, vdr_span_str(id), vdr_span_str(type));
}

/* ---- sending */

/* What the step's own line says. */
static const vdr_decision *
own_line(const vdr_player *player)
{
    for (size_t i = 0; i < player->told_count; i++)
        if (player->told[i].kind == VDR_DECISION_SIGNAL || player->told[i].kind == VDR_DECISION_COMMAND)
            return &player->told[i];
    return NULL;
}

static bool
refusal_expected(const vdr_script_step *step)
{
    for (size_t i = 0; i < step->expect_count; i++)
        if (step->expects[i].kind == VDR_EXPECT_REFUSED)
            return true;
    return false;
}

static void
cannot(vdr_player *player, const char *why)
{
    vdr_bytes words = {0};
    vdr_page_put(&words, "- %s %.*s\n+ cannot be done: %s", vdr_script_act_name(player->step->act),
                 VDR_TEXT(player->step->subject.text), why);
    vdr_player_fail(player, player->step->place, &words);
    vdr_player_step(player, &(vdr_command){.kind = VDR_COMMAND_TICK, .at = player->now});
}

void
vdr_player_act(vdr_player *player)
{
    vdr_bytes event = {0};
    vdr_player_signal signal = {.verdict = VDR_E_MALFORMED};
    vdr_event_options options = {.config = player->config};
    vdr_command command;
    bool is_signal = player->step->act == VDR_SCRIPT_SIGNAL;

    /* What needs the present state must be asked of it: so time passes first. */
    vdr_player_step(player, &(vdr_command){.kind = VDR_COMMAND_TICK, .at = player->now});
    const char *why =
        is_signal ? (put_signal(player, &event, &signal) ? NULL : "too many names") : put_act(player, &event);
    if (why != NULL) {
        cannot(player, why);
        vdr_bytes_done(&event);
        return;
    }
    vdr_page_put(&event, "}}");
    vdr_arena_reset(&player->event);
    vdr_event_read(player->door, &options, vdr_bytes_span(&event), &player->event, &command, NULL);
    vdr_player_step(player, &command);
    vdr_bytes_done(&event);

    const vdr_decision *line = own_line(player);
    signal.verdict = line != NULL ? line->verdict : VDR_E_MALFORMED;
    signal.outcome = line != NULL ? line->outcome : VDR_OUTCOME_NONE;
    if (is_signal && player->signal_count < VDR_SCRIPT_STEPS_MAX)
        player->signals[player->signal_count++] = signal;
    if (signal.verdict == VDR_E_ACCEPTED || refusal_expected(player->step))
        return;
    vdr_bytes words = {0};
    vdr_page_put(&words, "- %s %.*s: accepted\n+ refused: %s (%s)", vdr_script_act_name(player->step->act),
                 VDR_TEXT(player->step->subject.text), vdr_err_code(signal.verdict),
                 vdr_err_text(signal.verdict));
    vdr_player_fail(player, player->step->place, &words);
}
