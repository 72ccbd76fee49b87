/* clients/courier/post.h - one request to a receiver, guarded: no redirects, TLS checked, public addresses or those
 * that the configuration allows, bounded in time and size.
 *
 * Thread: any; a poster is one thread's. Blocks for at most VDR_POST_SECONDS.
 * Errors: what the receiver or the network did is in the answer; status 0: there was no answer, words say why. */
#ifndef VDR_COURIER_POST_H
#define VDR_COURIER_POST_H

#include "clients/courier/config.h"

#define VDR_POST_SECONDS   20
#define VDR_POST_BYTES_MAX ((size_t)1024 * 1024) /* of an answer */
#define VDR_POST_HEADERS   12
#define VDR_POST_HEAD_MAX  ((size_t)64 * 1024) /* of all headers of an answer, interim ones too */

typedef struct vdr_poster vdr_poster;

typedef struct vdr_post {
    const char *method, *url;
    const char *headers[VDR_POST_HEADERS]; /* "Name: value"; the first NULL ends them */
    vdr_span body;                         /* absent: none */
} vdr_post;

typedef struct vdr_post_answer {
    long status; /* 0: none */
    vdr_bytes body;
    int64_t retry_after_s;    /* Retry-After in seconds; -1: not said, or a date */
    char allowed_origin[256]; /* WebHook-Allowed-Origin */
    int64_t allowed_rate;     /* WebHook-Allowed-Rate, requests a minute; 0: not said or "*" */
    char words[256];          /* of a failure; never the receiver's */
    size_t head_bytes;        /* so far */
    bool refused;             /* the guard refused the address: trying again changes nothing */
} vdr_post_answer;

vdr_poster *vdr_poster_new(const vdr_courier_config *config);
void vdr_poster_free(vdr_poster **poster_p); /* NULL-safe */
/* ret_answer must be zero or have been answered into; the caller frees its body with vdr_bytes_done(). */
void vdr_poster_send(vdr_poster *poster, const vdr_post *post, vdr_post_answer *ret_answer);

/* Makes what a receiver said fit for a log line and for JSON: no quotes, no control characters, nothing but UTF-8. */
void vdr_post_words(char *text);

/* May it be spoken to? address: IPv4 as ::ffff:a.b.c.d. */
bool vdr_post_address_allowed(const vdr_courier_config *config, const uint8_t address[16]);

#endif
