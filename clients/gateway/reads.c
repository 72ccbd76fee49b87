/* What is looked at: signals, cases, households, lists of them, and why they are so. */
#include "clients/gateway/event.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"
#include "proto/limits.h"

#include <stdio.h>

/* ---- One thing, one's own or by breaking the glass ---- */

/* The reason to break the glass, where the route is one of that. False: the ask was ended. */
static bool
break_glass(vdr_ask *ask, vdr_wire_read *read)
{
    vdr_form form;
    if (ask->route->what == 0)
        return true;
    if (!vdr_ask_form(ask, true, &form))
        return false;
    read->break_glass = vdr_span_str(vdr_form_text(&form, "reason", true, 10, 500));
    vdr_form_end(&form);
    return true;
}

static void
nothing(vdr_ask *ask)
{
    vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}

static void
signal_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    if (answer->signal_count == 0) {
        nothing(ask);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_signal_members(&ask->w, &answer->signals[0]);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_signal(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_SIGNAL, .signal = {.id = vdr_ask_path(ask, 0)}};
    read.signal.source = vdr_ask_query_text(ask, "source", 256);
    read.agency = vdr_ask_query_text(ask, "agency", 128);
    if (break_glass(ask, &read) && vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, signal_shown);
}

static void
case_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    char tag[32];
    if (answer->case_count == 0) {
        nothing(ask);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_case_members(&ask->w, &answer->cases[0], false);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(&ask->w, '}');
    (void)snprintf(tag, sizeof tag, "\"%llu\"", (unsigned long long)answer->cases[0].revision);
    vdr_http_header_line line = {.name = "ETag", .value = vdr_span_str(tag)};
    vdr_ask_answer_with(ask, 200, "application/json", &line, 1);
}

void
vdr_call_case(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_CASE};
    if (!vdr_ask_path_id(ask, 0, 'C', &read.case_id.number))
        nothing(ask);
    else if (break_glass(ask, &read) && vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, case_shown);
}

static void
household_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    if (answer->household_count == 0) {
        nothing(ask);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_household_members(&ask->w, &answer->households[0]);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_household(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_HOUSEHOLD};
    if (!vdr_ask_path_id(ask, 0, 'H', &read.household.number))
        nothing(ask);
    else if (break_glass(ask, &read) && vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, household_shown);
}

/* ---- Why ---- */

static void
explanation_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    if (answer->explanation == NULL) {
        nothing(ask);
        return;
    }
    vdr_show_explanation(&ask->w, answer->explanation);
    vdr_ask_answer(ask, 200);
}

void
vdr_call_case_explanation(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_EXPLAIN};
    if (!vdr_ask_path_id(ask, 0, 'C', &read.case_id.number))
        nothing(ask);
    else
        vdr_ask_read(ask, &read, explanation_shown);
}

/* A query key that names a case or household. */
static void
query_id(vdr_ask *ask, const char *name, char letter, uint64_t *ret_number)
{
    char pointer[32], words[48];
    vdr_span text = vdr_http_query(ask->request, name);
    if (text.at == NULL || vdr_id_read(text, letter, ret_number))
        return;
    (void)snprintf(pointer, sizeof pointer, "?%s", name);
    (void)snprintf(words, sizeof words, "%c and a number is asked for", letter);
    vdr_faults_add(&ask->faults, pointer, "bad_value", words);
}

void
vdr_call_explanation(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_EXPLAIN};
    char at[64];
    read.signal.id = vdr_ask_query_text(ask, "signal", 256);
    read.signal.source = vdr_ask_query_text(ask, "source", 256);
    query_id(ask, "case", 'C', &read.case_id.number);
    query_id(ask, "household", 'H', &read.household.number);
    read.rule = vdr_ask_query_text(ask, "rule", 128);
    vdr_span time = vdr_http_query(ask->request, "at");
    (void)snprintf(at, sizeof at, "%.*s", (int)(time.len < 63 ? time.len : 63), (const char *)time.at);
    if (time.at != NULL && (time.len > 63 || !vdr_instant_read(at, &read.at_ms)))
        vdr_faults_add(&ask->faults, "?at", "bad_instant", "an instant as 2026-03-02T09:00:00Z is asked for");
    int named = (vdr_http_query(ask->request, "signal").at != NULL) +
                (vdr_http_query(ask->request, "case").at != NULL) +
                (vdr_http_query(ask->request, "household").at != NULL);
    if (named != 1)
        vdr_faults_add(&ask->faults, "?", "required", "one of signal, case and household is asked for");
    if (vdr_ask_sound(ask))
        vdr_ask_read(ask, &read, explanation_shown);
}

/* ---- Lists ---- */

static void
list_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_open(w, "items", '[');
    for (size_t i = 0; i < answer->case_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_show_case_members(w, &answer->cases[i], true);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < answer->signal_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_show_signal_members(w, &answer->signals[i]);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < answer->review_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_write_id(w, "household", 'H', answer->reviews[i].household.number);
        vdr_write_id(w, "other", 'H', answer->reviews[i].other.number);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < answer->regisseur_count; i++)
        vdr_show_regisseur(w, &answer->regisseurs[i]);
    for (size_t i = 0; i < answer->right_count; i++)
        vdr_show_right(w, &answer->rights[i]);
    vdr_write_close(w, ']');
    vdr_ask_write_next(ask, answer->resume);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

static void
list(vdr_ask *ask, vdr_wire_read *read)
{
    uint8_t resume[VDR_RESUME_BYTES_MAX];
    vdr_ask_page(ask, read, resume);
    if (vdr_ask_sound(ask))
        vdr_ask_read(ask, read, list_shown);
}

void
vdr_call_cases(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_INBOX, .list = VDR_INBOX_CASES};
    vdr_span which = vdr_http_query(ask->request, "list");
    bool unassigned = vdr_span_equal(which, vdr_span_str("unassigned"));
    if (unassigned && ask->request->identity.party->kind != VDR_PARTY_COORDINATOR) {
        vdr_ask_refuse(ask, VDR_E_WRONG_ROLE, (vdr_span){0}, 0);
        return;
    }
    if (which.at != NULL && !unassigned && !vdr_span_equal(which, vdr_span_str("inbox")))
        vdr_faults_add(&ask->faults, "?list", "bad_value", "one of inbox and unassigned");
    list(ask, &read);
}

void
vdr_call_inbox(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_INBOX, .list = (vdr_inbox_part)ask->route->what};
    list(ask, &read);
}

void
vdr_call_regisseurs(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_REGISSEURS};
    list(ask, &read);
}

void
vdr_call_requests(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_REQUESTS};
    list(ask, &read);
}

/* ---- Trials ---- */

static void
trial_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    vdr_bytes line = {0};
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_open(&ask->w, "lines", '[');
    for (size_t i = 0; i < answer->line_count; i++)
        vdr_show_bare_line(&ask->w, &line, &answer->lines[i]);
    vdr_write_close(&ask->w, ']');
    vdr_write_close(&ask->w, '}');
    vdr_bytes_done(&line);
    vdr_ask_answer(ask, 200);
}

void
vdr_call_trial(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_TRY, .event = ask->request->body};
    if (!vdr_body_is(ask->request, VDR_EVENT_TYPE)) {
        vdr_ask_refuse_http(ask, VDR_REFUSAL_UNSUPPORTED_TYPE, "an event is application/cloudevents+json");
        return;
    }
    ask->body = vdr_body_parse(ask->request->body, VDR_JSON_DEPTH_MAX, "", &ask->faults);
    if (ask->body != NULL)
        vdr_event_check(ask->body, "", &ask->faults);
    if (ask->faults.count != 0) {
        vdr_faults_answer(ask->request, &ask->faults, true);
        vdr_ask_release(ask);
        return;
    }
    vdr_ask_read(ask, &read, trial_shown);
}
