#include "clients/gateway/problem.h"

#include "clients/gateway/write.h"

#include <stdio.h>

#define PROBLEM_TYPE "application/problem+json"

/* What differs from 422 (verdicts) and 500 (the rest). */
static const struct {
    vdr_err err;
    unsigned status;
} statuses[] = {
    {VDR_E_MALFORMED, 400},      {VDR_E_UNKNOWN_SOURCE, 403},
    {VDR_E_UNKNOWN_ACTOR, 403},  {VDR_E_ID_REUSED, 409},
    {VDR_E_NOT_ALLOWED, 403},    {VDR_E_UNKNOWN_SIGNAL, 404},
    {VDR_E_UNKNOWN_CASE, 404},   {VDR_E_UNKNOWN_HOUSEHOLD, 404},
    {VDR_E_STALE_REVISION, 412}, {VDR_E_HELD_BACK, 429},
    {VDR_E_NO_CONVENANT, 403},   {VDR_E_BAD_FRAME, 400},
    {VDR_E_TOO_BIG, 413},        {VDR_E_BEYOND_CREDIT, 503},
    {VDR_E_WRONG_ROLE, 403},     {VDR_E_UNKNOWN_KEY, 503},
    {VDR_E_KEY_REVOKED, 503},    {VDR_E_KEY_EXPIRED, 503},
    {VDR_E_NOT_FOUND, 404},      {VDR_E_BUSY, 503},
    {VDR_E_CLOSING, 503},        {VDR_E_FOUR_EYES, 403},
    {VDR_E_STORE_FULL, 503},     {VDR_E_STORE_FAILED, 503},
    {VDR_E_STORE_BUSY, 503},     {VDR_E_NO_MEMORY, 503},
    {VDR_E_ERASED, 404},         {VDR_E_BAD_CONFIG, 422},
    {VDR_E_USAGE, 400},          {VDR_E_TIMEOUT, 504},
    {VDR_E_DISCONNECTED, 503},   {VDR_E_TESTS_FAILED, 422},
};

unsigned
vdr_problem_status(vdr_err err)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].err == err)
            return statuses[i].status;
    }
    return (unsigned)err >= 100 && (unsigned)err < 200 ? 422 : 500;
}

static void
head(vdr_writer *w, const char *code, const char *title, unsigned status, vdr_span detail)
{
    char type[96];
    (void)snprintf(type, sizeof type, "/problems/%s", code);
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "type", type);
    vdr_write_string(w, "title", title);
    vdr_write_number(w, "status", status);
    vdr_write_text(w, "detail", detail.len != 0 ? detail : vdr_span_str(title));
    vdr_write_string(w, "code", code);
}

static void
hints(vdr_writer *w, const char *hint)
{
    vdr_write_open(w, "hints", '[');
    if (hint[0] != '\0')
        vdr_write_string(w, NULL, hint);
    vdr_write_close(w, ']');
}

void
vdr_problem_write(vdr_bytes *out, vdr_err err, vdr_span detail)
{
    vdr_writer w = {.out = out};
    head(&w, vdr_err_code(err), vdr_err_text(err), vdr_problem_status(err), detail);
    hints(&w, vdr_err_hint(err));
    vdr_write_close(&w, '}');
}

void
vdr_problem_answer(vdr_http_request *request, vdr_err err, vdr_span detail, uint32_t retry_after_ms)
{
    vdr_bytes out = {0};
    char seconds[16];
    unsigned status = vdr_problem_status(err);
    uint64_t wait_ms = retry_after_ms != 0 ? retry_after_ms : 1000;
    vdr_problem_write(&out, err, detail);
    (void)snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)((wait_ms + 999) / 1000));
    vdr_http_header_line retry = {.name = "Retry-After", .value = vdr_span_str(seconds)};
    vdr_http_answer(request, status, PROBLEM_TYPE, vdr_bytes_span(&out), &retry,
                    status == 429 || status == 503 ? 1 : 0);
    vdr_bytes_done(&out);
}

void
vdr_faults_add(vdr_faults *faults, const char *pointer, const char *code, const char *detail)
{
    vdr_writer w = {.out = &faults->json, .comma = faults->count != 0};
    if (faults->count++ >= VDR_FAULTS_MAX)
        return;
    vdr_write_open(&w, NULL, '{');
    vdr_write_string(&w, "pointer", pointer);
    vdr_write_string(&w, "code", code);
    vdr_write_string(&w, "detail", detail);
    vdr_write_close(&w, '}');
}

void
vdr_faults_done(vdr_faults *faults)
{
    vdr_bytes_done(&faults->json);
    faults->count = 0;
}

void
vdr_faults_write(vdr_bytes *out, const vdr_faults *faults, bool malformed)
{
    vdr_writer w = {.out = out};
    char detail[64];
    (void)snprintf(detail, sizeof detail, "%zu thing%s wrong with the request", faults->count,
                   faults->count == 1 ? " is" : "s are");
    vdr_span words = vdr_span_str(detail);
    if (malformed)
        head(&w, vdr_err_code(VDR_E_MALFORMED), vdr_err_text(VDR_E_MALFORMED), 400, words);
    else
        head(&w, vdr_refusal_code(VDR_REFUSAL_INVALID), vdr_refusal_title(VDR_REFUSAL_INVALID), 400, words);
    hints(&w, malformed ? vdr_err_hint(VDR_E_MALFORMED) : vdr_refusal_hint(VDR_REFUSAL_INVALID));
    vdr_write_open(&w, "errors", '[');
    vdr_bytes_add(out, vdr_bytes_span(&faults->json));
    vdr_write_close(&w, ']');
    vdr_write_close(&w, '}');
}

void
vdr_faults_answer(vdr_http_request *request, vdr_faults *faults, bool malformed)
{
    vdr_bytes out = {0};
    vdr_faults_write(&out, faults, malformed);
    vdr_http_answer(request, 400, PROBLEM_TYPE, vdr_bytes_span(&out), NULL, 0);
    vdr_bytes_done(&out);
    vdr_faults_done(faults);
}
