/* Operators: how the broker is, and the routing under control (protocol.md 7.5 to 7.15). */
#include "clients/gateway/texts.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static vdr_wire_admin
verb_of(vdr_verb verb)
{
    return (vdr_wire_admin){.verb = verb, .time = VDR_MS_NONE};
}

/* ---- Status and reports ---- */

static void
status_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_counters(&ask->w, "counters", result);
    vdr_show_texts(&ask->w, "texts", result);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_status(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_STATUS);
    vdr_ask_rule(ask, &admin, status_shown);
}

static void
report_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_text(&ask->w, "name", vdr_ask_path(ask, 0));
    vdr_show_counters(&ask->w, "counters", result);
    vdr_write_open(&ask->w, "rows", '[');
    for (size_t i = 0; i < result->row_count; i++)
        vdr_show_row(&ask->w, &result->rows[i]);
    vdr_write_close(&ask->w, ']');
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_report(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_REPORT);
    admin.name = vdr_ask_path(ask, 0);
    if (admin.name.len > 64)
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
    else
        vdr_ask_rule(ask, &admin, report_shown);
}

/* ---- Lists ---- */

/* Each line of proofs.jsonl is a JSON object by itself. */
static void
write_lines(vdr_writer *w, vdr_span text)
{
    while (text.len != 0) {
        const uint8_t *end = memchr(text.at, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.at) : text.len;
        if (len != 0)
            vdr_write_raw(w, NULL, vdr_span_of(text.at, len));
        len += end != NULL;
        text = vdr_span_of(text.at + len, text.len - len);
    }
}

static void
list_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_open(w, "items", '[');
    for (size_t i = 0; i < result->proposal_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_show_proposal_members(w, &result->proposals[i]);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < result->version_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_show_version_members(w, &result->versions[i]);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < result->pause_count; i++)
        vdr_show_pause(w, &result->pauses[i]);
    for (size_t i = 0; i < result->session_count; i++)
        vdr_show_session(w, &result->sessions[i]);
    for (size_t i = 0; i < result->mailbox_count; i++)
        vdr_show_mailbox(w, &result->mailboxes[i]);
    for (size_t i = 0; i < result->row_count; i++)
        vdr_show_row(w, &result->rows[i]);
    for (size_t i = 0; i < result->file_count; i++)
        write_lines(w, result->files[i].text);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_list(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    vdr_ask_rule(ask, &admin, list_shown);
}

/* ---- A proposal or a version, with its files; the rules in force ---- */

static void
files_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_show_files(&ask->w, "files", result->files, result->file_count);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

static void
ask_texts(vdr_ask *ask, uint64_t number, vdr_proposal_kind kind)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_TEXTS);
    admin.number = number;
    admin.kind = kind;
    vdr_ask_rule(ask, &admin, files_shown);
}

static void
controlled_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    uint64_t number = 0;
    (void)vdr_ask_path_number(ask, 0, &number);
    vdr_write_open(&ask->w, NULL, '{');
    for (size_t i = 0; i < result->proposal_count; i++) {
        const vdr_proposal_view *p = &result->proposals[i];
        if (p->number != number)
            continue;
        vdr_show_proposal_members(&ask->w, p);
        if (p->kind == VDR_PROPOSAL_CONFIG && p->state == VDR_PROPOSAL_OPEN) {
            ask_texts(ask, number, VDR_PROPOSAL_CONFIG);
            return;
        }
        vdr_write_close(&ask->w, '}');
        vdr_ask_answer(ask, 200);
        return;
    }
    for (size_t i = 0; i < result->version_count; i++) {
        const vdr_version_view *v = &result->versions[i];
        if (v->number != number)
            continue;
        vdr_show_version_members(&ask->w, v);
        if (v->kept) {
            ask_texts(ask, number, (vdr_proposal_kind)0);
            return;
        }
        vdr_write_close(&ask->w, '}');
        vdr_ask_answer(ask, 200);
        return;
    }
    vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}

void
vdr_call_controlled(vdr_ask *ask)
{
    uint64_t number;
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    if (!vdr_ask_path_number(ask, 0, &number))
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
    else
        vdr_ask_rule(ask, &admin, controlled_shown);
}

/* ---- What changes the routing ---- */

static const char *const whole[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
#define WHOLE (sizeof whole / sizeof whole[0])

/* tests: rule tests, under any name, go along. */
void
vdr_texts_read(vdr_form *form, bool tests, vdr_texts *to)
{
    const json_t *array = vdr_form_array(form, "files", true, 1, VDR_WIRE_FILES_MAX);
    for (size_t i = 0; i < json_array_size(array); i++) {
        char at[64];
        vdr_form file;
        (void)snprintf(at, sizeof at, "/files/%zu", i);
        vdr_form_begin(&file, json_array_get(array, i), at, form->faults);
        if (!json_is_object(file.object)) {
            vdr_faults_add(form->faults, at, "wrong_type", "an object is asked for");
            continue;
        }
        size_t which = tests ? WHOLE : vdr_form_word(&file, "name", true, whole, WHOLE);
        const char *name = tests           ? vdr_form_text(&file, "name", true, 1, 256)
                           : which < WHOLE ? whole[which]
                                           : NULL;
        const char *text = vdr_form_text(&file, "text", true, 0, 1048576);
        vdr_form_end(&file);
        if (name != NULL && text != NULL)
            to->file[to->count++] = (vdr_wire_file){.name = vdr_span_str(name), .text = vdr_span_str(text)};
    }
}

void
vdr_texts_read_allowed(vdr_form *form, vdr_texts *to)
{
    const json_t *array = vdr_form_array(form, "allowed", false, 0, VDR_TEXTS_ALLOWED_MAX);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) > 256) {
            vdr_form_fault(form, "allowed", "bad_value", "each is a text of 1 to 256 bytes");
            return;
        }
        to->allowed[to->allowed_count++] = vdr_span_of(json_string_value(value), json_string_length(value));
    }
}

/* A configuration is proposed whole. */
static void
check_whole(const vdr_form *form, const vdr_texts *all)
{
    char words[64];
    for (size_t n = 0; n < WHOLE; n++) {
        bool found = false;
        for (size_t i = 0; i < all->count && !found; i++)
            found = vdr_span_equal(all->file[i].name, vdr_span_str(whole[n]));
        (void)snprintf(words, sizeof words, "%s is missing", whole[n]);
        if (!found)
            vdr_form_fault(form, "files", "required", words);
    }
}

/* Of a RESULT: which numbers came of it. */
static void
taken(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    static const char *const names[] = {"proposal", "version", "pause", "key"};
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_number(&ask->w, "position", vdr_show_counter(result, "position"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        vdr_write_number_if(&ask->w, names[i], vdr_show_counter(result, names[i]));
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 201);
}

void
vdr_call_propose(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_PROPOSE);
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    vdr_texts *all = vdr_alloc(1, sizeof *all);
    ask->own = all;
    vdr_texts_read(&form, true, all);
    admin.reason = vdr_span_str(vdr_form_text(&form, "reason", true, 1, VDR_REASON_BYTES_MAX));
    vdr_texts_read_allowed(&form, all);
    vdr_form_end(&form);
    if (form.faults->count == 0)
        check_whole(&form, all);
    admin.files = all->file;
    admin.file_count = all->count;
    admin.allowed = all->allowed;
    admin.allowed_count = all->allowed_count;
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, taken);
}

/* Approve, reject, withdraw, roll back, resume, revoke: a number and why. */
void
vdr_call_decide(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    bool needed =
        admin.verb == VDR_VERB_REJECT || admin.verb == VDR_VERB_ROLLBACK || admin.verb == VDR_VERB_KEY_REVOKE;
    vdr_form form;
    if (!vdr_ask_path_number(ask, 0, &admin.number)) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    if (!vdr_ask_form(ask, needed, &form))
        return;
    admin.reason = vdr_span_str(vdr_form_text(&form, "reason", needed, 1, VDR_REASON_BYTES_MAX));
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, taken);
}

void
vdr_call_pause(vdr_ask *ask)
{
    static const char *const kinds[] = {"pause", "silence"};
    vdr_wire_admin admin = verb_of(VDR_VERB_PAUSE);
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    admin.kind =
        vdr_form_word(&form, "kind", true, kinds, 2) == 0 ? VDR_PROPOSAL_PAUSE : VDR_PROPOSAL_SILENCE;
    admin.name = vdr_span_str(vdr_form_text(&form, "subject", true, 1, 256));
    vdr_form_instant(&form, "until", true, &admin.time);
    admin.reason = vdr_span_str(vdr_form_text(&form, "reason", true, 1, VDR_REASON_BYTES_MAX));
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, taken);
}

/* ---- Keys ---- */

static const char *
read_party(vdr_form *form)
{
    const char *party = vdr_form_text(form, "party", true, 1, 256);
    const char *colon = party != NULL ? strchr(party, ':') : NULL;
    if (party == NULL || (colon != NULL && colon != party && colon[1] != '\0' &&
                          strspn(party, "abcdefghijklmnopqrstuvwxyz_") == (size_t)(colon - party)))
        return party;
    vdr_form_fault(form, "party", "bad_value", "KIND:ID is asked for, as agency:school-noord");
    return NULL;
}

static void
read_public_key(vdr_form *form, uint8_t ret_key[VDR_PUBLIC_KEY_BYTES])
{
    const char *text = vdr_form_text(form, "publicKey", true, 40, 40);
    if (text != NULL && (strlen(text) != 40 || zmq_z85_decode(ret_key, text) == NULL))
        vdr_form_fault(form, "publicKey", "bad_value", "40 characters of Z85 are asked for");
}

void
vdr_call_key(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    uint8_t key[VDR_PUBLIC_KEY_BYTES];
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    admin.name = vdr_span_str(read_party(&form));
    read_public_key(&form, key);
    vdr_form_instant(&form, "until", false, &admin.time);
    admin.reason = vdr_span_str(vdr_form_text(&form, "reason", false, 1, VDR_REASON_BYTES_MAX));
    if (admin.verb == VDR_VERB_KEY_ROTATE)
        vdr_form_number(&form, "overlapMs", false, 1, INT64_MAX, &admin.overlap_ms);
    vdr_form_end(&form);
    admin.public_key = vdr_span_of(key, sizeof key);
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, taken);
}

/* By the key itself: one of node.yaml has no number. */
void
vdr_call_key_revoke(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_KEY_REVOKE);
    uint8_t key[VDR_PUBLIC_KEY_BYTES];
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    read_public_key(&form, key);
    admin.reason = vdr_span_str(vdr_form_text(&form, "reason", true, 1, VDR_REASON_BYTES_MAX));
    vdr_form_end(&form);
    admin.public_key = vdr_span_of(key, sizeof key);
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, taken);
}

/* ---- Back-tests and the shadow ---- */

static void
run_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    static const char *const states[] = {"none", "running", "over"};
    uint64_t state = vdr_show_counter(result, "state");
    bool shadow = ask->route->what == VDR_VERB_SHADOW_LOOK;
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "state", states[state < 3 ? state : 0]);
    vdr_write_number(w, "done", vdr_show_counter(result, "done"));
    vdr_write_number(w, "all", vdr_show_counter(result, "all"));
    vdr_write_number(w, "tookMs", vdr_show_counter(result, "took_ms"));
    vdr_write_number_if(w, "rowsLeftOut", vdr_show_counter(result, "rows_left_out"));
    if (shadow) {
        vdr_write_number(w, "position", vdr_show_counter(result, "position"));
        vdr_write_number(w, "lag", vdr_show_counter(result, "lag"));
    }
    if (result->error != VDR_OK) { /* how it ended */
        vdr_bytes problem = {0};
        vdr_problem_write(&problem, result->error, result->text);
        vdr_write_raw(w, "problem", vdr_bytes_span(&problem));
        vdr_bytes_done(&problem);
    }
    vdr_write_open(w, "rows", '[');
    for (size_t i = 0; i < result->row_count; i++)
        vdr_show_row(w, &result->rows[i]);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_run_look(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    bool shadow = admin.verb == VDR_VERB_SHADOW_LOOK;
    vdr_span text = vdr_http_query(ask->request, "fresh");
    if (shadow && text.at != NULL) {
        admin.number = vdr_span_equal(text, vdr_span_str("true"));
        if (admin.number == 0 && !vdr_span_equal(text, vdr_span_str("false")))
            vdr_faults_add(&ask->faults, "?fresh", "bad_value", "true or false");
    }
    ask->failed_too = true;
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, run_shown);
}

static void
run_begun(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    (void)result;
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_string(&ask->w, "state", "running");
    vdr_write_number(&ask->w, "done", 0);
    vdr_write_number(&ask->w, "all", 0);
    vdr_write_number(&ask->w, "tookMs", 0);
    vdr_write_open(&ask->w, "rows", '[');
    vdr_write_close(&ask->w, ']');
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 202);
}

void
vdr_call_run_start(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    vdr_form form;
    int64_t since_ms;
    if (!vdr_ask_form(ask, true, &form))
        return;
    vdr_texts *all = vdr_alloc(1, sizeof *all);
    ask->own = all;
    vdr_texts_read(&form, false, all);
    if (admin.verb == VDR_VERB_BACKTEST) {
        vdr_form_instant(&form, "from", false, &admin.time);
        admin.name = vdr_span_str(vdr_form_text(&form, "since", false, 1, 16));
        if (admin.name.len != 0 && (!vdr_duration_parse(admin.name, &since_ms) || since_ms == 0))
            vdr_form_fault(&form, "since", "bad_value", "a duration as 180d is asked for");
        if (admin.name.len != 0 && admin.time != VDR_MS_NONE)
            vdr_form_fault(&form, "since", "bad_value", "from says it already");
        vdr_form_number(&form, "samples", false, 0, 100, &admin.number);
    }
    vdr_form_end(&form);
    admin.files = all->file;
    admin.file_count = all->count;
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, run_begun);
}

static void
run_ended(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    (void)result;
    vdr_ask_answer_empty(ask, 204);
}

void
vdr_call_run_stop(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    vdr_ask_rule(ask, &admin, run_ended);
}
