/* What is expected, against what is. Every check writes what it found to `got`, whether it is right or not. */
#include "broker/study/play_inside.h"

#include "broker/study/reach.h"
#include "proto/limits.h"

#include <stdio.h>

/* ---- the expectation in words */

static void
put_names(vdr_bytes *page, vdr_names names)
{
    for (size_t i = 0; i < names.count; i++)
        vdr_page_put(page, "%s%.*s", i == 0 ? "" : ", ", VDR_TEXT(names.at[i]));
}

static void
put_member(vdr_bytes *page, const char *name, vdr_span text)
{
    if (text.at != NULL)
        vdr_page_put(page, ", %s %.*s", name, VDR_TEXT(text));
}

static void
put_expected(vdr_bytes *page, const vdr_script_expect *expect)
{
    vdr_page_put(page, "- %s%s ", expect->refuted ? "not: " : "", vdr_script_kind_name(expect->kind));
    if (expect->subject.text.at != NULL)
        vdr_page_put(page, "%.*s", VDR_TEXT(expect->subject.text));
    else
        put_names(page, expect->names);
    put_member(page, "rule", expect->rule.text);
    put_member(page, "code", expect->code.text);
    put_member(page, "service", expect->service.text);
    if (expect->kind == VDR_EXPECT_CASE && expect->state != 0)
        vdr_page_put(page, ", state %s", vdr_case_state_name(expect->state));
    if (expect->priority != VDR_PRIORITY_NONE)
        vdr_page_put(page, ", priority %s", vdr_priority_name(expect->priority));
    put_member(page, "regisseur", expect->regisseur.text);
    put_member(page, "to", expect->to.text);
    put_member(page, "signal", expect->signal);
    if (expect->signals.at != NULL) {
        vdr_page_put(page, ", signals ");
        put_names(page, expect->signals);
    }
    if (expect->kind == VDR_EXPECT_MATCH && expect->names.at != NULL) {
        vdr_page_put(page, ", agencies ");
        put_names(page, expect->names);
    }
    vdr_page_put(page, "\n");
}

/* ---- cases */

static bool
case_has_rule(const vdr_player *player, vdr_at at, vdr_span rule)
{
    vdr_at cursor = {0};
    vdr_span id;
    while (vdr_view_case_rule(player->core, at, &cursor, &id))
        if (vdr_span_equal(id, rule))
            return true;
    return false;
}

static bool
case_has_signals(const vdr_player *player, vdr_at at, uint32_t count, vdr_names signals)
{
    vdr_at cursor = {0};
    vdr_signal_view view;
    if (count != signals.count)
        return false;
    while (vdr_view_case_signal(player->core, at, &cursor, &view))
        if (!vdr_study_has(signals, view.id))
            return false;
    return true;
}

static void
put_case(const vdr_player *player, vdr_at at, const vdr_case_view *view, vdr_bytes *got)
{
    vdr_at cursor = {0};
    vdr_span rule;
    vdr_signal_view signal;
    const char *between = ", rule ";
    vdr_page_put(got, "C%llu", (unsigned long long)view->id.number);
    for (; vdr_view_case_rule(player->core, at, &cursor, &rule); between = " and ")
        vdr_page_put(got, "%s%.*s", between, VDR_TEXT(rule));
    vdr_page_put(got, ", state %s, priority %s", vdr_case_state_name(view->state),
                 vdr_priority_name(view->priority));
    if (view->regisseur.at != NULL)
        vdr_page_put(got, ", regisseur %.*s", VDR_TEXT(view->regisseur));
    cursor = (vdr_at){0};
    between = ", signals ";
    for (; vdr_view_case_signal(player->core, at, &cursor, &signal); between = ", ")
        vdr_page_put(got, "%s%.*s", between, VDR_TEXT(signal.id));
}

static bool
check_case(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    vdr_household_id household;
    vdr_at at;
    vdr_case_view view;
    bool any = expect->state != 0 && !vdr_case_state_open(expect->state);
    if (!vdr_player_household(player, expect->subject.text, &household)) {
        vdr_page_put(got, "nobody named %.*s is in a household", VDR_TEXT(expect->subject.text));
        return false;
    }
    if (!vdr_player_case(player, household, any, &at, &view)) {
        vdr_page_put(got, any ? "no case of %.*s" : "no open case of %.*s", VDR_TEXT(expect->subject.text));
        return false;
    }
    put_case(player, at, &view, got);
    vdr_span regisseur = expect->regisseur.text;
    bool none = vdr_span_equal(regisseur, vdr_span_str("none"));
    return (expect->state == 0 || view.state == expect->state) &&
           (expect->priority == VDR_PRIORITY_NONE || view.priority == expect->priority) &&
           (regisseur.at == NULL || (none ? view.regisseur.at == NULL || view.regisseur.len == 0
                                          : vdr_span_equal(view.regisseur, regisseur))) &&
           (expect->rule.text.at == NULL || case_has_rule(player, at, expect->rule.text)) &&
           (expect->signals.at == NULL || case_has_signals(player, at, view.signal_count, expect->signals));
}

/* ---- signals */

static bool
check_signal(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    const vdr_player_signal *signal = vdr_player_signal_of(player, expect->subject.text);
    vdr_signal_view view;
    static const vdr_outcome outcomes[VDR_EXPECT_KINDS] = {
        [VDR_EXPECT_REGULAR] = VDR_OUTCOME_REGULAR,
        [VDR_EXPECT_ATTACHED] = VDR_OUTCOME_ATTACHED,
        [VDR_EXPECT_PROPOSED] = VDR_OUTCOME_PROPOSED,
    };
    vdr_err verdict = signal != NULL ? signal->verdict : VDR_E_ACCEPTED;
    if (expect->kind == VDR_EXPECT_REFUSED && player->step->act != VDR_SCRIPT_SIGNAL && signal == NULL) {
        vdr_page_put(got, "no signal %.*s was sent", VDR_TEXT(expect->subject.text));
        return false;
    }
    /* Of an act, what is refused is the step itself. */
    if (expect->kind == VDR_EXPECT_REFUSED && player->step->act != VDR_SCRIPT_SIGNAL)
        for (size_t i = 0; i < player->told_count; i++)
            if (player->told[i].kind == VDR_DECISION_COMMAND)
                verdict = player->told[i].verdict;
    if (signal == NULL) {
        vdr_page_put(got, "no signal %.*s was sent", VDR_TEXT(expect->subject.text));
        return false;
    }
    if (verdict != VDR_E_ACCEPTED) {
        vdr_page_put(got, "refused: %s", vdr_err_code(verdict));
        return expect->kind == VDR_EXPECT_REFUSED &&
               (expect->code.text.at == NULL ||
                vdr_span_equal(expect->code.text, vdr_span_str(vdr_err_code(verdict))));
    }
    bool there = vdr_player_signal_view(player, signal->id, &view);
    vdr_span service = there ? view.service : (vdr_span){0};
    vdr_page_put(got, "accepted, %s", vdr_outcome_name(signal->outcome));
    put_member(got, "service", service.len != 0 ? service : (vdr_span){0});
    vdr_page_put(got, "%s%s%s", there && view.overdue ? ", overdue" : "",
                 there && view.feedback ? ", feedback given" : "", there ? "" : ", has left");
    if (expect->kind == VDR_EXPECT_OVERDUE)
        return there && view.overdue;
    return expect->kind != VDR_EXPECT_REFUSED && signal->outcome == outcomes[expect->kind] &&
           (expect->service.text.at == NULL || vdr_span_equal(service, expect->service.text));
}

/* ---- what the step brought about */

static bool
is_message(const vdr_decision *told, const vdr_script_expect *expect)
{
    char to[VDR_NAME_BYTES_MAX + 32];

    snprintf(to, sizeof to, "%s:%.*s", vdr_party_kind_name(told->to_kind), VDR_TEXT(told->to));
    return told->kind == VDR_DECISION_MESSAGE &&
           vdr_span_equal(expect->subject.text, vdr_span_str(vdr_message_kind_name(told->message))) &&
           (expect->to.text.at == NULL || vdr_span_equal(expect->to.text, vdr_span_str(to))) &&
           (expect->signal.at == NULL || vdr_span_equal(expect->signal, told->signal.id));
}

static bool
is_match(const vdr_decision *told, const vdr_script_expect *expect)
{
    if (told->kind != VDR_DECISION_MESSAGE || told->message != VDR_MESSAGE_MATCH ||
        !vdr_span_equal(told->to, expect->subject.text) ||
        (expect->rule.text.at != NULL && !vdr_span_equal(told->rule, expect->rule.text)))
        return false;
    if (expect->names.at == NULL)
        return true;
    for (size_t i = 0; i < told->agency_count; i++)
        if (!vdr_study_has(expect->names, told->agencies[i]))
            return false;
    return told->agency_count == expect->names.count;
}

/* Is it the two households that are expected? What is expected of households that are not there is not met. */
static bool
is_review(const vdr_player *player, const vdr_decision *told, const vdr_script_expect *expect)
{
    vdr_household_id a, b;
    return told->kind == VDR_DECISION_MESSAGE && told->message == VDR_MESSAGE_REVIEW &&
           vdr_player_household(player, expect->names.at[0], &a) &&
           vdr_player_household(player, expect->names.at[1], &b) &&
           ((told->household.number == a.number && told->other.number == b.number) ||
            (told->household.number == b.number && told->other.number == a.number));
}

static bool
is_watch(const vdr_player *player, const vdr_decision *told, const vdr_script_expect *expect)
{
    vdr_household_id household;
    return told->kind == VDR_DECISION_WATCH &&
           (expect->rule.text.at == NULL || vdr_span_equal(told->rule, expect->rule.text)) &&
           vdr_player_household(player, expect->subject.text, &household) &&
           told->household.number == household.number;
}

static bool
check_told(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    bool found = false;
    size_t lines = 0;
    for (size_t i = 0; i < player->told_count; i++) {
        const vdr_decision *told = &player->told[i];
        found |= expect->kind == VDR_EXPECT_MESSAGE  ? is_message(told, expect)
                 : expect->kind == VDR_EXPECT_MATCH  ? is_match(told, expect)
                 : expect->kind == VDR_EXPECT_REVIEW ? is_review(player, told, expect)
                                                     : is_watch(player, told, expect);
        bool watch = expect->kind == VDR_EXPECT_WATCH;
        if (told->kind != (watch ? VDR_DECISION_WATCH : VDR_DECISION_MESSAGE))
            continue;
        vdr_page_put(got, "%s%s", lines == 0 ? "" : "\n+ ",
                     watch ? "watch" : vdr_message_kind_name(told->message));
        if (!watch)
            vdr_page_put(got, " to %s:%.*s", vdr_party_kind_name(told->to_kind), VDR_TEXT(told->to));
        put_member(got, "rule", told->rule.len != 0 ? told->rule : (vdr_span){0});
        put_member(got, "signal", told->signal.id.len != 0 ? told->signal.id : (vdr_span){0});
        if (told->agency_count != 0)
            vdr_page_put(got, ", agencies ");
        put_names(got, (vdr_names){told->agencies, told->agency_count});
        lines++;
    }
    if (lines == 0)
        vdr_page_put(got, "%s in this step",
                     expect->kind == VDR_EXPECT_WATCH ? "no watch rule spoke" : "no message was sent");
    return found;
}

/* ---- the rest */

static bool
check_rule(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    vdr_household_id household;
    bool holds = false, latched = false;
    if (!vdr_player_household(player, expect->subject.text, &household)) {
        vdr_page_put(got, "nobody named %.*s is in a household", VDR_TEXT(expect->subject.text));
        return false;
    }
    vdr_nearest_state(player, household, expect->rule.text, &holds, &latched);
    vdr_page_put(got, "%.*s %s for %.*s%s", VDR_TEXT(expect->rule.text), holds ? "holds" : "does not hold",
                 VDR_TEXT(expect->subject.text), latched ? ", and was told" : "");
    return expect->kind == VDR_EXPECT_HOLDS ? holds : latched;
}

static bool
check_same(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    vdr_household_id households[2] = {{0}, {0}};
    for (size_t i = 0; i < 2; i++) {
        if (vdr_player_household(player, expect->names.at[i], &households[i]))
            vdr_page_put(got, "%s%.*s is in H%llu", i == 0 ? "" : ", ", VDR_TEXT(expect->names.at[i]),
                         (unsigned long long)households[i].number);
        else
            vdr_page_put(got, "%s%.*s is in no household", i == 0 ? "" : ", ", VDR_TEXT(expect->names.at[i]));
    }
    return households[0].number != 0 && households[0].number == households[1].number;
}

static bool
is_met(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *got)
{
    switch (expect->kind) {
    case VDR_EXPECT_CASE:
        return check_case(player, expect, got);
    case VDR_EXPECT_REGULAR:
    case VDR_EXPECT_ATTACHED:
    case VDR_EXPECT_PROPOSED:
    case VDR_EXPECT_REFUSED:
    case VDR_EXPECT_OVERDUE:
        return check_signal(player, expect, got);
    case VDR_EXPECT_HOLDS:
    case VDR_EXPECT_LATCH:
        return check_rule(player, expect, got);
    case VDR_EXPECT_WATCH:
    case VDR_EXPECT_MATCH:
    case VDR_EXPECT_MESSAGE:
    case VDR_EXPECT_REVIEW:
        return check_told(player, expect, got);
    case VDR_EXPECT_SAME:
        return check_same(player, expect, got);
    case VDR_EXPECT_KINDS:
        break;
    }
    return false;
}

/* Which household and rule a failure is about, if it is about a rule that should have held, or not. */
static void
put_nearest(vdr_player *player, const vdr_script_expect *expect, vdr_bytes *page)
{
    vdr_household_id household;
    bool of_household = expect->kind == VDR_EXPECT_CASE || expect->kind == VDR_EXPECT_HOLDS ||
                        expect->kind == VDR_EXPECT_LATCH || expect->kind == VDR_EXPECT_WATCH;
    vdr_span name = of_household ? expect->subject.text : (vdr_span){0};
    if (expect->kind == VDR_EXPECT_MATCH && player->step->person_count != 0)
        name = player->step->persons[0].name; /* the household that this step is about */
    if (name.at != NULL && expect->rule.text.at != NULL && vdr_player_household(player, name, &household))
        vdr_nearest_put(player, household, expect->rule.text, page);
}

void
vdr_player_expect(vdr_player *player, const vdr_script_expect *expect)
{
    vdr_bytes got = {0}, words = {0};
    if (is_met(player, expect, &got) != expect->refuted) {
        vdr_bytes_done(&got);
        return;
    }
    put_expected(&words, expect);
    vdr_page_put(&words, "+ %.*s\n", VDR_TEXT(vdr_bytes_span(&got)));
    put_nearest(player, expect, &words);
    vdr_bytes_done(&got);
    vdr_player_fail(player, expect->place, &words);
}
