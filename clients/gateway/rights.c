/* Privacy officers: what residents ask, what is looked up for them, who did and saw what. */
#include "clients/gateway/acts.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"
#include "proto/right.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- A new request ---- */

static const struct {
    const char *kind;
    vdr_act act;
} kinds[] = {
    {"erasure", VDR_ACT_ERASURE_REQUESTED}, {"objection", VDR_ACT_OBJECTED},
    {"restriction", VDR_ACT_RESTRICTED},    {"rectification", VDR_ACT_RECTIFICATION_REQUESTED},
    {"hold", VDR_ACT_HOLD_PLACED},
};

/* Which members go with which kind, as protocol.md 5.10 says. */
static void
check_members(const vdr_form *form, const vdr_client_act *act)
{
    bool household_only = act->act == VDR_ACT_ERASURE_REQUESTED || act->act == VDR_ACT_HOLD_PLACED;
    bool signal_only = act->act == VDR_ACT_RECTIFICATION_REQUESTED;
    int named = (act->household.number != 0) + (act->signal != NULL) + (act->bsn != NULL);
    if (named != 1)
        vdr_faults_add(form->faults, "", "required", "exactly one of household, signal and bsn is asked for");
    else if (household_only && act->household.number == 0)
        vdr_form_fault(form, "household", "required", "this kind is about a household");
    else if (signal_only && act->signal == NULL)
        vdr_form_fault(form, "signal", "required", "this kind is about a signal");
    if (act->agency != NULL && act->signal == NULL)
        vdr_form_fault(form, "agency", "unknown_member", "it goes with a signal");
    if (signal_only ? act->correction == NULL : act->reason == NULL)
        vdr_form_fault(form, signal_only ? "correction" : "reason", "required", "it is missing");
    if (signal_only ? act->reason != NULL : act->correction != NULL)
        vdr_form_fault(form, signal_only ? "reason" : "correction", "unknown_member", "not of this kind");
    if (act->due != 0 && (act->act == VDR_ACT_RESTRICTED || act->act == VDR_ACT_HOLD_PLACED))
        vdr_form_fault(form, "due", "unknown_member", "this kind has no term");
}

void
vdr_call_request_add(vdr_ask *ask)
{
    const char *names[COUNT(kinds)];
    vdr_form form;
    for (size_t i = 0; i < COUNT(kinds); i++)
        names[i] = kinds[i].kind;
    vdr_acting *acting = vdr_acting_new(ask, VDR_ACT_NONE);
    vdr_client_act *act = &acting->act;
    if (!vdr_ask_form(ask, true, &form))
        return;
    size_t kind = vdr_form_word(&form, "kind", true, names, COUNT(kinds));
    vdr_form_id(&form, "household", false, 'H', &act->household.number);
    act->signal = vdr_form_text(&form, "signal", false, 1, 256);
    act->agency = vdr_form_text(&form, "agency", false, 1, 256);
    act->bsn = vdr_form_digits(&form, "bsn", false, 9);
    act->reason = vdr_form_text(&form, "reason", false, 1, VDR_TEXT_MAX);
    act->correction = vdr_form_text(&form, "correction", false, 1, VDR_TEXT_MAX);
    vdr_form_instant(&form, "due", false, &act->due);
    vdr_form_end(&form);
    if (kind < COUNT(kinds)) {
        act->act = kinds[kind].act;
        if (form.faults->count == 0)
            check_members(&form, act);
    }
    vdr_acting_begin(ask);
}

/* ---- What is done with one ---- */

/* Which act it is for a request of that kind; NONE: it does not go with it. */
static vdr_act
act_of(vdr_request_deed deed, vdr_right_kind kind)
{
    switch (deed) {
    case VDR_REQUEST_DECIDE:
        return kind == VDR_RIGHT_OBJECTION ? VDR_ACT_OBJECTION_DECIDED : VDR_ACT_NONE;
    case VDR_REQUEST_WITHDRAW:
        return kind == VDR_RIGHT_ERASURE ? VDR_ACT_ERASURE_REQUEST_WITHDRAWN : VDR_ACT_NONE;
    case VDR_REQUEST_CONFIRM:
        return kind == VDR_RIGHT_HOLD ? VDR_ACT_HOLD_CONFIRMED : VDR_ACT_NONE;
    case VDR_REQUEST_LIFT:
        return kind == VDR_RIGHT_RESTRICTION ? VDR_ACT_RESTRICTION_LIFTED
               : kind == VDR_RIGHT_HOLD      ? VDR_ACT_HOLD_LIFTED
                                             : VDR_ACT_NONE;
    }
    return VDR_ACT_NONE;
}

/* What the request is about becomes what the act is about. False: of a person, whose BSN is not in the body. */
static bool
take_subject(vdr_acting *acting, const vdr_wire_right_view *right)
{
    vdr_client_act *act = &acting->act;
    if (right->signal.id.len != 0) {
        acting->signal = vdr_ask_copy(right->signal.id);
        act->signal = acting->signal;
    } else if (right->household.number != 0) {
        act->household = right->household;
    } else {
        return act->bsn != NULL;
    }
    act->bsn = NULL;
    return true;
}

static void
requests_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    vdr_acting *acting = ask->own;
    uint64_t number = 0;
    (void)vdr_ask_path_number(ask, 0, &number);
    for (size_t i = 0; i < answer->right_count; i++) {
        const vdr_wire_right_view *right = &answer->rights[i];
        if (right->number != number)
            continue;
        acting->act.act = act_of((vdr_request_deed)ask->route->what, right->kind);
        if (acting->act.act == VDR_ACT_NONE) {
            vdr_ask_refuse(ask, VDR_E_WRONG_STATE,
                           vdr_span_str("this cannot be done with a request of that kind"), 0);
            return;
        }
        if (!take_subject(acting, right))
            vdr_faults_add(&ask->faults, "/bsn", "required", "the request is about a person: of whom?");
        vdr_acting_begin(ask);
        return;
    }
    if (answer->resume.len != 0) {
        vdr_wire_read read = {.query = VDR_QUERY_REQUESTS, .resume = answer->resume};
        vdr_ask_read(ask, &read, requests_shown);
        return;
    }
    vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}

void
vdr_call_request_act(vdr_ask *ask)
{
    static const char *const decisions[] = {"upheld", "rejected"};
    vdr_request_deed deed = (vdr_request_deed)ask->route->what;
    vdr_wire_read read = {.query = VDR_QUERY_REQUESTS};
    uint64_t number;
    vdr_form form;
    vdr_acting *acting = vdr_acting_new(ask, VDR_ACT_NONE);
    if (!vdr_ask_path_number(ask, 0, &number)) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    if (!vdr_ask_form(ask, deed != VDR_REQUEST_CONFIRM, &form))
        return;
    if (deed == VDR_REQUEST_DECIDE) {
        size_t which = vdr_form_word(&form, "decision", true, decisions, 2);
        acting->act.decision = which < 2 ? decisions[which] : NULL;
    }
    if (deed != VDR_REQUEST_CONFIRM)
        acting->act.reason = vdr_form_text(&form, "reason", true, 1, VDR_TEXT_MAX);
    if (deed == VDR_REQUEST_DECIDE || deed == VDR_REQUEST_LIFT)
        acting->act.bsn = vdr_form_digits(&form, "bsn", false, 9);
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, requests_shown);
}

/* ---- A resident who asks ---- */

static void
lookup_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    if (answer->household_count != 0) {
        vdr_write_open(w, "household", '{');
        vdr_show_household_members(w, &answer->households[0]);
        vdr_write_close(w, '}');
    } else {
        vdr_write_null(w, "household");
    }
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_lookup(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_PERSON};
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    read.bsn = vdr_span_str(vdr_form_digits(&form, "bsn", true, 9));
    read.break_glass = vdr_span_str(vdr_form_text(&form, "reason", true, 10, 500));
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, lookup_shown);
}

/* ---- The audit ---- */

static void
audit_begun(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    (void)result;
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_flag(&ask->w, "running", true);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 202);
}

/* "household=12 kinds=5": what the verb takes (protocol.md 7.18). */
static void
wish(char *text, size_t size, const char *name, const char *value)
{
    size_t len = strlen(text);
    if (len < size)
        (void)snprintf(text + len, size - len, "%s%s=%s", len != 0 ? " " : "", name, value);
}

static void
wish_number(char *text, size_t size, const char *name, int64_t number)
{
    char value[24];
    (void)snprintf(value, sizeof value, "%lld", (long long)number);
    wish(text, size, name, value);
}

static void
read_kinds(vdr_form *form, char *text, size_t size)
{
    static const char *const names[] = {"signal", "act",  "decided", "told",
                                        "read",   "seen", "control", "left"};
    const json_t *array = vdr_form_array(form, "kinds", false, 1, COUNT(names));
    int64_t bits = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *word = json_string_value(json_array_get(array, i));
        size_t k = 0;
        while (k < COUNT(names) && (word == NULL || strcmp(word, names[k]) != 0))
            k++;
        if (k == COUNT(names)) {
            vdr_form_fault(form, "kinds", "bad_value",
                           "each is one of signal act decided told read seen control left");
            return;
        }
        bits |= INT64_C(1) << (k + 1);
    }
    if (array != NULL)
        wish_number(text, size, "kinds", bits);
}

void
vdr_call_audit(vdr_ask *ask)
{
    vdr_wire_admin admin = {.verb = VDR_VERB_AUDIT, .time = VDR_MS_NONE};
    char text[512] = "";
    uint64_t household = 0, case_id = 0;
    vdr_ms from = VDR_MS_NONE, until = VDR_MS_NONE;
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    vdr_form_id(&form, "household", false, 'H', &household);
    vdr_form_id(&form, "case", false, 'C', &case_id);
    const char *party = vdr_form_text(&form, "party", false, 1, 256);
    vdr_form_instant(&form, "from", false, &from);
    vdr_form_instant(&form, "until", false, &until);
    if (household != 0)
        wish_number(text, sizeof text, "household", (int64_t)household);
    if (case_id != 0)
        wish_number(text, sizeof text, "case", (int64_t)case_id);
    if (party != NULL && (strchr(party, ':') == NULL || strchr(party, ' ') != NULL))
        vdr_form_fault(&form, "party", "bad_value", "KIND:ID is asked for, as regisseur:r-anna");
    else if (party != NULL)
        wish(text, sizeof text, "party", party);
    if (from != VDR_MS_NONE)
        wish_number(text, sizeof text, "from", from);
    if (until != VDR_MS_NONE)
        wish_number(text, sizeof text, "until", until);
    read_kinds(&form, text, sizeof text);
    vdr_form_end(&form);
    admin.name = vdr_span_of(text, strlen(text));
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, audit_begun);
}

static void
audit_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_flag(w, "running", vdr_show_counter(result, "running") != 0);
    vdr_write_flag(w, "end", vdr_show_counter(result, "end") != 0);
    vdr_show_counters(w, "counters", result);
    vdr_write_open(w, "rows", '[');
    for (size_t i = 0; i < result->row_count; i++)
        vdr_show_row(w, &result->rows[i]);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_audit_look(vdr_ask *ask)
{
    vdr_wire_admin admin = {.verb = VDR_VERB_AUDIT_LOOK, .time = VDR_MS_NONE};
    vdr_ask_rule(ask, &admin, audit_shown);
}
