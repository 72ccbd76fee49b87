#include "clients/gateway/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

/* TLS 1.2 as the NCSC's guideline calls good: ECDHE with AES-GCM or ChaCha20. */
static const char suites_12[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
                                "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256";
static const char suites_13[] = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
static char groups[] = "X25519:P-256:P-384"; /* OpenSSL asks for it without const, and changes nothing */

struct vdr_tls {
    SSL_CTX *context;
};

static vdr_err
wrong(char words[256], const char *what, const char *path)
{
    char reason[128] = "";
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
    (void)snprintf(words, 256, "%s %.80s cannot be used: %s", what, path, reason);
    ERR_clear_error();
    return VDR_E_BAD_CONFIG;
}

static vdr_err
open_files(SSL_CTX *context, const vdr_gate_config *config, char words[256])
{
    if (SSL_CTX_use_certificate_chain_file(context, config->tls_certificate) != 1)
        return wrong(words, "the certificate", config->tls_certificate);
    if (SSL_CTX_use_PrivateKey_file(context, config->tls_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return wrong(words, "the key", config->tls_key);
    if (config->tls_client_ca == NULL)
        return VDR_OK;
    if (SSL_CTX_load_verify_locations(context, config->tls_client_ca, NULL) != 1)
        return wrong(words, "the authority", config->tls_client_ca);
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(config->tls_client_ca));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return VDR_OK;
}

vdr_err
vdr_tls_open(const vdr_gate_config *config, vdr_tls **ret_tls, char ret_words[256])
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    VDR_ASSERT(context != NULL);
    VDR_ASSERT(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    VDR_ASSERT(SSL_CTX_set_cipher_list(context, suites_12) == 1);
    VDR_ASSERT(SSL_CTX_set_ciphersuites(context, suites_13) == 1);
    VDR_ASSERT(SSL_CTX_set1_groups_list(context, groups) == 1);
    /* A session that is taken up again would have to carry the certificate's verification: handshakes are whole. */
    (void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    vdr_err err = open_files(context, config, ret_words);
    if (err != VDR_OK) {
        SSL_CTX_free(context);
        return err;
    }
    *ret_tls = vdr_alloc(1, sizeof **ret_tls);
    (*ret_tls)->context = context;
    return VDR_OK;
}

void
vdr_tls_close(vdr_tls **tls_p)
{
    if (*tls_p == NULL)
        return;
    SSL_CTX_free((*tls_p)->context);
    free(*tls_p);
    *tls_p = NULL;
}

struct ssl_st *
vdr_tls_session_new(vdr_tls *tls)
{
    SSL *session = SSL_new(tls->context);
    VDR_ASSERT(session != NULL);
    return session;
}

bool
vdr_tls_certificate(struct ssl_st *session, uint8_t ret_certificate[32])
{
    X509 *certificate = SSL_get1_peer_certificate(session);
    if (certificate == NULL)
        return false;
    unsigned len = 0;
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool whole = SSL_get_verify_result(session) == X509_V_OK &&
                 X509_digest(certificate, EVP_sha256(), digest, &len) == 1 && len == 32;
    X509_free(certificate);
    if (whole)
        memcpy(ret_certificate, digest, 32);
    return whole;
}

void
vdr_tls_bye(struct ssl_st *session)
{
    (void)SSL_shutdown(session); /* one way: what the client answers is not waited for */
    ERR_clear_error();
}

/* ---- Certificates that a proxy tells of ---- */

#define PEM_BYTES_MAX 16384

static int
hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_digits(vdr_span text, uint8_t ret_certificate[32])
{
    uint8_t digest[32];
    for (size_t i = 0; i < 32; i++) {
        int high = hex(text.at[2 * i]), low = hex(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(ret_certificate, digest, 32);
    return true;
}

/* Line ends are put back: they were escaped, or turned into blanks all but in the first and the last line. */
static size_t
unescape(vdr_span text, char *pem)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool escaped = c == '%' && i + 2 < text.len && hex(text.at[i + 1]) >= 0 && hex(text.at[i + 2]) >= 0;
        if (escaped) {
            c = (uint8_t)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]));
            i += 2;
        } else if (c == ' ' && i >= 5 && memcmp(text.at + i - 5, "BEGIN", 5) != 0 &&
                   memcmp(text.at + i - 3, "END", 3) != 0) {
            c = '\n';
        }
        pem[len++] = (char)c;
    }
    return len;
}

bool
vdr_tls_digest(vdr_span text, uint8_t ret_certificate[32])
{
    char pem[PEM_BYTES_MAX];
    if (text.len == 64)
        return read_digits(text, ret_certificate);
    if (text.len > sizeof pem)
        return false;
    BIO *bio = BIO_new_mem_buf(pem, (int)unescape(text, pem));
    VDR_ASSERT(bio != NULL);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned len = 0;
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool whole =
        certificate != NULL && X509_digest(certificate, EVP_sha256(), digest, &len) == 1 && len == 32;
    X509_free(certificate);
    (void)BIO_free(bio);
    ERR_clear_error();
    if (whole)
        memcpy(ret_certificate, digest, 32);
    return whole;
}
