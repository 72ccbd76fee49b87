/* clients/gateway/caller.h - finding out who is calling: from the certificate, the token or the session.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_CALLER_H
#define VDR_GATEWAY_CALLER_H

#include "clients/gateway/address.h"
#include "clients/gateway/http.h"

typedef struct vdr_callers vdr_callers;

/* What is known of a connection before it says anything. */
typedef struct vdr_caller_peer {
    vdr_address address;
    bool has_address;        /* false: a unix socket */
    bool behind_proxy;       /* its headers are those of our proxy */
    bool has_certificate;    /* verified by our own TLS */
    uint8_t certificate[32]; /* its SHA-256 */
} vdr_caller_peer;

/* Sets the request's identity, or tells why it must be refused; asks for what it must wait for, and then calls
 * found later, once. found is called inside or later. */
typedef void (*vdr_caller_found)(void *context, vdr_http_request *request, vdr_refusal refusal,
                                 const char *detail);
void vdr_callers_identify(vdr_callers *callers, const vdr_caller_peer *peer, vdr_http_request *request,
                          vdr_caller_found found, void *context);

#endif
