#include "clients/gateway/jwks.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SET_BYTES_MAX (256 * (size_t)1024)
#define EARLY_SHARE   6             /* of its term is left when it is asked for again */
#define RETRY_MS      INT64_C(5000) /* after one that was not had; after one that was, limits.key_set_pause */
#define FETCH_S       10L

struct vdr_jwks {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_loop_call changed;
    void *context;
    vdr_jwt_keys *keys;
    int64_t had_ms, asked_ms; /* asked_ms < 0: never */
    bool asking, last_failed;
    /* The thread's while asking. */
    vdr_jwt_keys *fetched;
    char words[256];
};

/* ---- Having it ---- */

static size_t
on_bytes(char *at, size_t size, size_t count, void *context)
{
    vdr_bytes *text = context;
    if (size * count > SET_BYTES_MAX - text->len)
        return 0; /* ends the fetch */
    vdr_bytes_add(text, vdr_span_of(at, size * count));
    return size * count;
}

static vdr_err
fetch(const vdr_gate_config *config, vdr_bytes *text, char words[256])
{
    CURL *curl = curl_easy_init();
    long status = 0;
    VDR_ASSERT(curl != NULL);
    (void)curl_easy_setopt(curl, CURLOPT_URL, config->jwks);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_S);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    if (config->jwks_ca != NULL)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, config->jwks_ca);
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK && status == 200)
        return VDR_OK;
    if (code != CURLE_OK)
        (void)snprintf(words, 256, "jwks cannot be had: %.180s", curl_easy_strerror(code));
    else
        (void)snprintf(words, 256, "jwks cannot be had: status %ld", status);
    return VDR_E_IO;
}

static vdr_err
read_file(const char *path, vdr_bytes *text, char words[256])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *at = vdr_bytes_extend(text, SET_BYTES_MAX);
    ssize_t got = fd >= 0 ? read(fd, at, SET_BYTES_MAX) : -1;
    if (got < 0)
        (void)snprintf(words, 256, "jwks: %.140s cannot be read: %.60s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    text->len = got > 0 ? (size_t)got : 0;
    return got >= 0 ? VDR_OK : VDR_E_IO;
}

static vdr_err
have(const vdr_gate_config *config, vdr_jwt_keys **ret_keys, char words[256])
{
    vdr_bytes text = {0};
    bool remote = strncmp(config->jwks, "https://", 8) == 0;
    vdr_err err = remote ? fetch(config, &text, words) : read_file(config->jwks, &text, words);
    if (err == VDR_OK) {
        err = vdr_jwt_keys_read(vdr_bytes_span(&text), ret_keys);
        if (err != VDR_OK)
            (void)snprintf(words, 256, "jwks: there is no usable key in %.180s", config->jwks);
    }
    vdr_bytes_done(&text);
    return err;
}

vdr_err
vdr_jwks_check(const vdr_gate_config *config, char ret_words[256])
{
    vdr_jwt_keys *keys = NULL;
    vdr_err err = have(config, &keys, ret_words);
    vdr_jwt_keys_free(&keys);
    return err;
}

/* ---- Keeping it ---- */

static void
ask(void *context)
{
    vdr_jwks *jwks = context;
    vdr_err err = have(jwks->config, &jwks->fetched, jwks->words);
    (void)err; /* what was fetched says it */
}

static void
on_asked(void *context)
{
    vdr_jwks *jwks = context;
    jwks->asking = false;
    jwks->last_failed = jwks->fetched == NULL;
    if (jwks->last_failed) {
        (void)fprintf(stderr, "level=warn event=jwks_failed text=\"%s\"\n", jwks->words);
    } else {
        vdr_jwt_keys_free(&jwks->keys);
        jwks->keys = jwks->fetched;
        jwks->fetched = NULL;
        jwks->had_ms = vdr_loop_now_ms();
    }
    jwks->changed(jwks->context);
}

bool
vdr_jwks_refresh(vdr_jwks *jwks)
{
    int64_t now_ms = vdr_loop_now_ms(), pause_ms = jwks->config->limits.key_set_pause_ms;
    if (jwks->last_failed && pause_ms > RETRY_MS)
        pause_ms = RETRY_MS;
    if (jwks->asking)
        return true;
    if (jwks->asked_ms >= 0 && now_ms - jwks->asked_ms < pause_ms)
        return false;
    jwks->asked_ms = now_ms;
    jwks->asking = vdr_loop_work(jwks->loop, ask, on_asked, jwks) == VDR_OK;
    return jwks->asking;
}

const vdr_jwt_keys *
vdr_jwks_keys(const vdr_jwks *jwks)
{
    return jwks->keys != NULL && vdr_loop_now_ms() - jwks->had_ms < jwks->config->limits.key_set_ms
               ? jwks->keys
               : NULL;
}

bool
vdr_jwks_ageing(const vdr_jwks *jwks)
{
    int64_t term_ms = jwks->config->limits.key_set_ms;
    return jwks->keys == NULL || vdr_loop_now_ms() - jwks->had_ms > term_ms - term_ms / EARLY_SHARE;
}

vdr_jwks *
vdr_jwks_new(const vdr_gate_config *config, vdr_loop *loop, vdr_loop_call changed, void *context)
{
    vdr_jwks *jwks = vdr_alloc(1, sizeof *jwks);
    *jwks =
        (vdr_jwks){.config = config, .loop = loop, .changed = changed, .context = context, .asked_ms = -1};
    (void)vdr_jwks_refresh(jwks);
    return jwks;
}

void
vdr_jwks_free(vdr_jwks **jwks_p)
{
    if (*jwks_p == NULL)
        return;
    VDR_ASSERT(!(*jwks_p)->asking);
    vdr_jwt_keys_free(&(*jwks_p)->keys);
    free(*jwks_p);
    *jwks_p = NULL;
}
