#include "clients/gateway/ask.h"

#include "clients/gateway/routes.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define JSON_TYPE         "application/json"
#define TRACEPARENT_BYTES 55u

vdr_ms
vdr_api_now_ms(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return (vdr_ms)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- Looking ---- */

vdr_span
vdr_ask_path(const vdr_ask *ask, size_t n)
{
    size_t segment = 0;
    for (const char *at = ask->route->pattern; *at != '\0'; at++) {
        segment += *at == '/';
        if (*at == '{' && n-- == 0) {
            VDR_ASSERT(segment >= 1 && segment <= ask->request->segment_count);
            return ask->request->segments[segment - 1];
        }
    }
    vdr_assert_failed(__FILE__, __LINE__, "the pattern has that parameter");
}

char *
vdr_ask_copy(vdr_span text)
{
    char *copy = vdr_alloc(1, text.len + 1);
    if (text.len != 0)
        memcpy(copy, text.at, text.len);
    return copy;
}

bool
vdr_ask_path_id(const vdr_ask *ask, size_t n, char letter, uint64_t *ret_number)
{
    return vdr_id_read(vdr_ask_path(ask, n), letter, ret_number);
}

bool
vdr_ask_path_number(const vdr_ask *ask, size_t n, uint64_t *ret_number)
{
    return vdr_number_read(vdr_ask_path(ask, n), ret_number) && *ret_number != 0;
}

static void
query_fault(vdr_ask *ask, vdr_span name, const char *code, const char *detail)
{
    char pointer[128];
    name = vdr_utf8_cut(name, 64);
    (void)snprintf(pointer, sizeof pointer, "?%.*s", (int)name.len,
                   name.len != 0 ? (const char *)name.at : "");
    vdr_faults_add(&ask->faults, pointer, code, detail);
}

/* Is it one of words, which have blanks between them? */
static bool
is_among(const char *words, vdr_span name)
{
    while (words != NULL && *words != '\0') {
        size_t len = strcspn(words, " ");
        if (vdr_span_equal(name, vdr_span_of(words, len)))
            return true;
        words += len + (words[len] != '\0');
    }
    return false;
}

void
vdr_ask_query_check(vdr_ask *ask)
{
    const vdr_http_request *request = ask->request;
    for (size_t i = 0; i < request->query_count; i++) {
        vdr_span name = request->query[i].name;
        bool twice = false;
        for (size_t k = 0; k < i && !twice; k++)
            twice = vdr_span_equal(name, request->query[k].name);
        if (!is_among(ask->route->query, name))
            query_fault(ask, name, "unknown_parameter", "there is no such parameter here");
        else if (twice)
            query_fault(ask, name, "duplicate_parameter", "it stands there twice");
    }
}

vdr_span
vdr_ask_query_text(vdr_ask *ask, const char *name, size_t most)
{
    vdr_span text = vdr_http_query(ask->request, name);
    if (text.at == NULL)
        return text;
    if (text.len != 0 && text.len <= most)
        return text;
    query_fault(ask, vdr_span_str(name), text.len == 0 ? "too_short" : "too_long", "it is empty or too long");
    return (vdr_span){0};
}

bool
vdr_ask_query_number(vdr_ask *ask, const char *name, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    char words[96];
    vdr_span text = vdr_http_query(ask->request, name);
    uint64_t number;
    if (text.at == NULL)
        return false;
    if (vdr_number_read(text, &number) && number >= least && number <= most) {
        *ret_number = number;
        return true;
    }
    (void)snprintf(words, sizeof words, "an integer from %llu to %llu is asked for",
                   (unsigned long long)least, (unsigned long long)most);
    query_fault(ask, vdr_span_str(name), "bad_value", words);
    return false;
}

bool
vdr_ask_form(vdr_ask *ask, bool required, vdr_form *ret_form)
{
    bool answered;
    ask->body = vdr_body_object(ask->request, required, &ask->faults, &answered);
    if (answered) {
        vdr_ask_release(ask);
        return false;
    }
    if (ask->body == NULL)
        return vdr_ask_sound(ask);
    vdr_form_begin(ret_form, ask->body, "", &ask->faults);
    return true;
}

bool
vdr_ask_sound(vdr_ask *ask)
{
    if (ask->faults.count == 0)
        return true;
    vdr_faults_answer(ask->request, &ask->faults, false);
    vdr_ask_release(ask);
    return false;
}

/* ---- Ending ---- */

void
vdr_ask_release(vdr_ask *ask)
{
    vdr_bytes_done(&ask->out);
    vdr_faults_done(&ask->faults);
    json_decref(ask->body);
    if (ask->own_done != NULL)
        ask->own_done(ask->own);
    free(ask->own);
    free(ask);
}

void
vdr_ask_answer_with(vdr_ask *ask, unsigned status, const char *type, const vdr_http_header_line *headers,
                    size_t header_count)
{
    vdr_http_answer(ask->request, status, type, vdr_bytes_span(&ask->out), headers, header_count);
    vdr_ask_release(ask);
}

void
vdr_ask_answer(vdr_ask *ask, unsigned status)
{
    vdr_ask_answer_with(ask, status, JSON_TYPE, NULL, 0);
}

void
vdr_ask_answer_empty(vdr_ask *ask, unsigned status)
{
    ask->out.len = 0;
    vdr_ask_answer_with(ask, status, NULL, NULL, 0);
}

void
vdr_ask_refuse(vdr_ask *ask, vdr_err err, vdr_span detail, uint32_t retry_after_ms)
{
    vdr_problem_answer(ask->request, err, detail, retry_after_ms);
    vdr_ask_release(ask);
}

void
vdr_ask_refuse_http(vdr_ask *ask, vdr_refusal refusal, const char *detail)
{
    vdr_http_refuse(ask->request, refusal, detail);
    vdr_ask_release(ask);
}

/* ---- Asking ---- */

static void
on_answer(void *context, vdr_err err, const vdr_wire_answer *answer)
{
    vdr_ask *ask = context;
    if (err == VDR_OK)
        ask->shown(ask, answer);
    else
        vdr_ask_refuse(ask, err, answer != NULL ? answer->text : (vdr_span){0}, 0);
}

void
vdr_ask_read(vdr_ask *ask, const vdr_wire_read *read, vdr_ask_shown shown)
{
    vdr_wire_read whole = *read;
    ask->shown = shown;
    vdr_span trace = vdr_http_header(ask->request, "traceparent");
    if (trace.len == TRACEPARENT_BYTES)
        whole.traceparent = trace;
    vdr_party_read(ask->party, &whole, on_answer, ask);
}

/* A configuration that was not taken: what is wrong with which file. */
static void
refuse_config(vdr_ask *ask, vdr_err err, const vdr_wire_admin_result *result)
{
    vdr_writer *w = &ask->w;
    ask->out.len = 0;
    vdr_problem_write(&ask->out, err, result->text);
    ask->out.len--; /* goes on as the same object */
    *w = (vdr_writer){.out = &ask->out, .comma = true};
    vdr_write_open(w, "problems", '[');
    for (size_t i = 0; i < result->problem_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_write_text_if(w, "file", result->problems[i].file);
        vdr_write_number_if(w, "line", result->problems[i].line);
        vdr_write_number_if(w, "column", result->problems[i].column);
        vdr_write_text(w, "text", result->problems[i].text);
        vdr_write_close(w, '}');
    }
    for (size_t i = 0; i < result->file_count; i++) { /* problems.txt: what lint and the tests had to say */
        vdr_write_open(w, NULL, '{');
        vdr_write_text(w, "text", result->files[i].text);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
    vdr_ask_answer_with(ask, vdr_problem_status(err), "application/problem+json", NULL, 0);
}

static void
on_ruled(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    vdr_ask *ask = context;
    bool shown = ask->failed_too && result != NULL && result->counter_count != 0;
    if (err == VDR_OK || shown)
        ask->ruled(ask, result);
    else if (result != NULL && (err == VDR_E_BAD_CONFIG || err == VDR_E_TESTS_FAILED))
        refuse_config(ask, err, result);
    else
        vdr_ask_refuse(ask, err, result != NULL ? result->text : (vdr_span){0}, 0);
}

void
vdr_ask_rule(vdr_ask *ask, const vdr_wire_admin *admin, vdr_ask_ruled ruled)
{
    ask->ruled = ruled;
    vdr_party_rule(ask->party, admin, on_ruled, ask);
}

void
vdr_ask_write_state(vdr_ask *ask, vdr_position position, vdr_ms at_ms)
{
    vdr_write_number(&ask->w, "position", position);
    vdr_write_instant_if(&ask->w, "at", at_ms);
}

/* ---- Pages ---- */

void
vdr_ask_page(vdr_ask *ask, vdr_wire_read *read, uint8_t resume[VDR_RESUME_BYTES_MAX])
{
    uint64_t limit = 100;
    size_t len = 0;
    (void)vdr_ask_query_number(ask, "limit", 1, 1000, &limit);
    read->page_items = (uint32_t)limit;
    vdr_span next = vdr_ask_query_text(ask, "next", 512);
    if (next.at == NULL)
        return;
    if (sodium_base642bin(resume, VDR_RESUME_BYTES_MAX, (const char *)next.at, next.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        len == 0) {
        vdr_faults_add(&ask->faults, "?next", "bad_value", "it is not what the page before had in next");
        return;
    }
    read->resume = vdr_span_of(resume, len);
}

void
vdr_ask_write_next(vdr_ask *ask, vdr_span resume)
{
    char text[VDR_RESUME_BYTES_MAX * 2];
    if (resume.len == 0)
        return;
    (void)sodium_bin2base64(text, sizeof text, resume.at, resume.len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    vdr_write_string(&ask->w, "next", text);
}
