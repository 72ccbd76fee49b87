/* What describes the face: openapi.json, the page that shows it, and a page for each problem. */
#include "clients/gateway/documents.h"

#include "clients/gateway/routes.h"

#include <stdio.h>

#define HTML "text/html; charset=utf-8"

void
vdr_call_openapi(vdr_ask *ask)
{
    vdr_http_header_line open = {.name = "Access-Control-Allow-Origin", .value = vdr_span_str("*")};
    vdr_bytes_add(&ask->out, vdr_span_of(vdr_document_openapi, vdr_document_openapi_bytes));
    vdr_ask_answer_with(ask, 200, "application/json", &open, 1);
}

void
vdr_call_docs(vdr_ask *ask)
{
    vdr_bytes_add(&ask->out, vdr_span_of(vdr_document_page, vdr_document_page_bytes));
    vdr_ask_answer_with(ask, 200, HTML, NULL, 0);
}

void
vdr_call_style(vdr_ask *ask)
{
    vdr_bytes_add(&ask->out, vdr_span_of(vdr_document_style, vdr_document_style_bytes));
    vdr_ask_answer_with(ask, 200, "text/css; charset=utf-8", NULL, 0);
}

/* ---- Problems ---- */

typedef struct problem {
    unsigned status;
    const char *code, *title, *hint, *again;
} problem;

static const char *
again_of(vdr_err_class error_class)
{
    switch (error_class) {
    case VDR_ERR_NEVER:
        return "Sending the same again cannot succeed.";
    case VDR_ERR_AFTER_FIX:
        return "It can succeed after somebody changed something.";
    case VDR_ERR_LATER:
        return "It can succeed unchanged, after a pause.";
    case VDR_ERR_NONE:
        break;
    }
    return "";
}

static bool
problem_of(vdr_span code, problem *ret_problem)
{
    for (unsigned number = 101; number < 500; number++) {
        vdr_err err = (vdr_err)number;
        if (!vdr_err_known(number) || !vdr_span_equal(code, vdr_span_str(vdr_err_code(err))))
            continue;
        *ret_problem = (problem){vdr_problem_status(err), vdr_err_code(err), vdr_err_text(err),
                                 vdr_err_hint(err), again_of(vdr_err_class_of(err))};
        return true;
    }
    for (vdr_refusal refusal = VDR_REFUSAL_NONE + 1; refusal <= VDR_REFUSAL_LAST; refusal++) {
        if (!vdr_span_equal(code, vdr_span_str(vdr_refusal_code(refusal))))
            continue;
        *ret_problem = (problem){vdr_refusal_status(refusal), vdr_refusal_code(refusal),
                                 vdr_refusal_title(refusal), vdr_refusal_hint(refusal), ""};
        return true;
    }
    return false;
}

static void
put(vdr_ask *ask, const char *text)
{
    vdr_bytes_add(&ask->out, vdr_span_str(text));
}

/* Texts of our tables; only these signs mean something to HTML. */
static void
put_escaped(vdr_ask *ask, const char *text)
{
    for (; *text != '\0'; text++) {
        char c[2] = {*text, '\0'};
        put(ask, *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : c);
    }
}

static void
row(vdr_ask *ask, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    put(ask, "<dt>");
    put(ask, name);
    put(ask, "</dt><dd>");
    put_escaped(ask, text);
    put(ask, "</dd>\n");
}

void
vdr_call_problem(vdr_ask *ask)
{
    problem p;
    char status[16];
    if (!problem_of(vdr_ask_path(ask, 0), &p)) {
        vdr_ask_refuse_http(ask, VDR_REFUSAL_NO_SUCH_PATH, NULL);
        return;
    }
    (void)snprintf(status, sizeof status, "%u", p.status);
    put(ask, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\">"
             "<link rel=\"stylesheet\" href=\"/v1/docs/style\"><title>");
    put(ask, p.code);
    put(ask, " - Voordeur</title></head>\n<body><main><h1>");
    put_escaped(ask, p.title);
    put(ask, "</h1>\n<dl>\n");
    row(ask, "Code", p.code);
    row(ask, "Status", status);
    row(ask, "What to do", p.hint);
    row(ask, "Again?", p.again);
    put(ask, "</dl>\n<p><a href=\"/v1/docs\">The whole description</a></p></main></body></html>\n");
    vdr_ask_answer_with(ask, 200, HTML, NULL, 0);
}
