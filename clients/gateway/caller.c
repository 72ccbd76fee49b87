#include "clients/gateway/callers.h"

#include "clients/gateway/http_conn.h"

#include <sodium.h>
#include <stdlib.h>

struct vdr_callers {
    const vdr_gate_config *config;
};

vdr_callers *
vdr_callers_new(const vdr_callers_parts *parts)
{
    vdr_callers *callers = vdr_alloc(1, sizeof *callers);
    callers->config = parts->config;
    return callers;
}

void
vdr_callers_free(vdr_callers **callers_p)
{
    free(*callers_p);
    *callers_p = NULL;
}

static const vdr_gate_party *
party_of_certificate(const vdr_gate_config *config, const uint8_t certificate[32])
{
    for (size_t i = 0; i < config->grant_count; i++)
        if (config->grants[i].kind == VDR_GRANT_CERTIFICATE &&
            memcmp(config->grants[i].certificate, certificate, 32) == 0)
            return config->grants[i].party;
    return NULL;
}

void
vdr_callers_identify(vdr_callers *callers, const vdr_caller_peer *peer, vdr_http_request *request,
                     vdr_caller_found found, void *context)
{
    if (peer->has_certificate) {
        request->identity.party = party_of_certificate(callers->config, peer->certificate);
        if (request->identity.party == NULL) {
            found(context, request, VDR_REFUSAL_UNAUTHENTICATED,
                  "the client certificate belongs to no party");
            return;
        }
        request->identity.way = VDR_IDENTITY_CERTIFICATE;
        memcpy(request->identity.key, peer->certificate, sizeof request->identity.key);
    }
    found(context, request, VDR_REFUSAL_NONE, NULL);
}
