#include "clients/gateway/api.h"

#include "clients/gateway/routes.h"
#include "clients/gateway/stream.h"

#include <sodium.h>
#include <stdlib.h>

vdr_err
vdr_api_open(vdr_gate *gate, vdr_api **ret_api)
{
    vdr_api *api = vdr_alloc(1, sizeof *api);
    api->gate = gate;
    randombytes_buf(api->boot, sizeof api->boot);
    vdr_err err = vdr_parties_open(gate, &api->parties);
    if (err != VDR_OK) {
        free(api);
        return err;
    }
    api->streams = vdr_streams_new(api);
    *ret_api = api;
    return VDR_OK;
}

void
vdr_api_close(vdr_api **api_p)
{
    vdr_api *api = *api_p;
    if (api == NULL)
        return;
    vdr_streams_free(&api->streams);
    vdr_parties_close(&api->parties);
    free(api);
    *api_p = NULL;
}

bool
vdr_api_ready(const vdr_api *api, const char **ret_why)
{
    if (vdr_parties_ready(api->parties))
        return true;
    *ret_why = "no party has a session with the broker";
    return false;
}

/* ---- Which path, which method, which type ---- */

/* What the path names has at most so many bytes (protocol.md 2.5): longer, it names nothing. */
#define NAME_BYTES_MAX 256u

static bool
names_nothing(const vdr_http_request *request)
{
    for (size_t i = 0; i < request->segment_count; i++)
        if (request->segments[i].len > NAME_BYTES_MAX)
            return true;
    return false;
}

static void
refuse_method(vdr_http_request *request, const char *allow)
{
    vdr_bytes out = {0};
    vdr_http_header_line line = {.name = "Allow", .value = vdr_span_str(allow)};
    vdr_refusal_write(&out, VDR_REFUSAL_METHOD_NOT_ALLOWED, NULL);
    vdr_http_answer(request, 405, "application/problem+json", vdr_bytes_span(&out), &line, 1);
    vdr_bytes_done(&out);
}

static void
on_met(void *context, vdr_err err)
{
    vdr_ask *ask = context;
    if (err != VDR_OK)
        vdr_ask_refuse(ask, err, (vdr_span){0}, 0);
    else
        ask->route->call(ask);
}

/* A caller with a role that the path has; the others are refused here and by the broker. */
static void
serve_party(vdr_ask *ask)
{
    const vdr_gate_party *who = ask->request->identity.party;
    if (who == NULL) {
        vdr_ask_refuse_http(ask, VDR_REFUSAL_UNAUTHENTICATED, NULL);
        return;
    }
    if ((ask->route->roles & (1u << who->kind)) == 0) {
        vdr_ask_refuse(ask, VDR_E_WRONG_ROLE, (vdr_span){0}, 0);
        return;
    }
    if (ask->faults.count != 0 && ask->route->query == NULL) { /* others have more to tell */
        (void)vdr_ask_sound(ask);
        return;
    }
    if (names_nothing(ask->request)) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    vdr_err err = vdr_parties_get(ask->api->parties, who, &ask->party);
    if (err != VDR_OK)
        vdr_ask_refuse(ask, err, (vdr_span){0}, 0);
    else if (ask->route->call == vdr_call_session_get || ask->route->call == vdr_call_session_delete)
        ask->route->call(ask); /* without the broker, too */
    else
        vdr_party_meet(ask->party, on_met, ask);
}

void
vdr_api_request(void *context, vdr_http_request *request)
{
    vdr_api *api = context;
    char allow[64];
    const vdr_route *route = vdr_route_find(request, allow);
    if (route == NULL) {
        if (allow[0] != '\0')
            refuse_method(request, allow);
        else
            vdr_http_refuse(request, VDR_REFUSAL_NO_SUCH_PATH, NULL);
        return;
    }
    vdr_http_route_set(request, route->pattern);
    if (!vdr_http_accepts(request, route->type != NULL ? route->type : "application/json")) {
        vdr_http_refuse(request, VDR_REFUSAL_NOT_ACCEPTABLE, NULL);
        return;
    }
    vdr_ask *ask = vdr_alloc(1, sizeof *ask);
    *ask = (vdr_ask){.api = api, .request = request, .route = route};
    ask->w.out = &ask->out;
    vdr_ask_query_check(ask);
    if (route->roles != 0)
        serve_party(ask);
    else if (vdr_ask_sound(ask))
        route->call(ask);
}
