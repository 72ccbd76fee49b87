#include "clients/gateway/admin.h"

#define TEXT "text/plain; charset=utf-8"

static bool
is_path(const vdr_http_request *request, const char *path)
{
    return vdr_span_equal(request->path, vdr_span_str(path));
}

static void
answer_metrics(const vdr_admin *admin, vdr_http_request *request)
{
    vdr_bytes body = {0};
    vdr_gate_metrics_write(admin->metrics, &body);
    vdr_http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", vdr_bytes_span(&body), NULL, 0);
    vdr_bytes_done(&body);
}

static void
answer_ready(const vdr_admin *admin, vdr_http_request *request)
{
    static const vdr_http_header_line soon = {"Retry-After", {(const uint8_t *)"1", 1}};
    const char *why = "stopping";
    bool ready = !admin->draining && admin->ready(admin->context, &why);
    vdr_bytes body = {0};
    vdr_bytes_add(&body, vdr_span_str(ready ? "ready" : why));
    vdr_bytes_add(&body, vdr_span_str("\n"));
    vdr_http_answer(request, ready ? 200 : 503, TEXT, vdr_bytes_span(&body), &soon, ready ? 0 : 1);
    vdr_bytes_done(&body);
}

void
vdr_admin_request(void *context, vdr_http_request *request)
{
    const vdr_admin *admin = context;
    static const vdr_http_header_line allow = {"Allow", {(const uint8_t *)"GET, HEAD", 9}};
    vdr_http_route_set(request, "admin");
    if (!is_path(request, "/metrics") && !is_path(request, "/health/live") &&
        !is_path(request, "/health/ready"))
        vdr_http_refuse(request, VDR_REFUSAL_NO_SUCH_PATH, NULL);
    else if (request->method != VDR_HTTP_GET)
        vdr_http_answer(request, 405, TEXT, vdr_span_str("only GET\n"), &allow, 1);
    else if (is_path(request, "/metrics"))
        answer_metrics(admin, request);
    else if (is_path(request, "/health/ready"))
        answer_ready(admin, request);
    else
        vdr_http_answer(request, 200, TEXT, vdr_span_str("live\n"), NULL, 0);
}
