/* clients/gateway/tls.h - TLS of our own, for small towns and tests: 1.2 and 1.3 with the suites that the NCSC calls
 * good, and client certificates if an authority for them is given. One asks for them and does not insist: people
 * come with a session.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_TLS_H
#define VDR_GATEWAY_TLS_H

#include "clients/gateway/config.h"

typedef struct vdr_tls vdr_tls;
struct ssl_st;

/* BAD_CONFIG: a file cannot be used; ret_words says which and why. */
VDR_MUST_CHECK vdr_err vdr_tls_open(const vdr_gate_config *config, vdr_tls **ret_tls, char ret_words[256]);
void vdr_tls_close(vdr_tls **tls_p); /* NULL-safe */

struct ssl_st *vdr_tls_session_new(vdr_tls *tls); /* for bufferevent_openssl_socket_new() */
/* The SHA-256 of the client's certificate; false: it showed none. What does not verify fails the handshake. */
bool vdr_tls_certificate(struct ssl_st *session, uint8_t ret_certificate[32]);
/* The SHA-256 of a certificate as a proxy tells it: 64 hexadecimal digits of just that, or the certificate in PEM with
 * its line ends escaped (nginx: $ssl_client_escaped_cert) or as blanks (Apache: SSL_CLIENT_CERT). */
bool vdr_tls_digest(vdr_span text, uint8_t ret_certificate[32]);
/* Tells the client that nothing more comes. */
void vdr_tls_bye(struct ssl_st *session);

#endif
