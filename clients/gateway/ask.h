/* clients/gateway/ask.h - one request on its way: what came in, the party it is served as, and what comes back.
 *
 * A handler gets an ask and ends it exactly once, at once or later, by one of the vdr_ask_… calls that say so.
 * What it began before with the party calls back with the ask as context.
 *
 * Thread: the loop's. Memory: an ask lives until it is ended. */
#ifndef VDR_GATEWAY_ASK_H
#define VDR_GATEWAY_ASK_H

#include "clients/gateway/body.h"
#include "clients/gateway/parties.h"
#include "clients/gateway/write.h"

struct vdr_route;
typedef struct vdr_streams vdr_streams;

struct vdr_api {
    vdr_gate *gate;
    vdr_parties *parties;
    vdr_streams *streams; /* stream.h */
    uint64_t next_act;    /* for ids of acts without an Idempotency-Key */
    uint8_t boot[16];     /* random: those ids are this process's */
};

vdr_ms vdr_api_now_ms(void); /* by this machine's clock */

typedef struct vdr_ask vdr_ask;
typedef void (*vdr_ask_shown)(vdr_ask *ask, const vdr_wire_answer *answer);
typedef void (*vdr_ask_ruled)(vdr_ask *ask, const vdr_wire_admin_result *result);

struct vdr_ask {
    struct vdr_api *api;
    vdr_http_request *request;
    const struct vdr_route *route;
    vdr_party *party;  /* NULL: of a public path */
    vdr_writer w;      /* into out */
    vdr_bytes out;     /* the answer's body */
    vdr_faults faults; /* of parameters and body */
    json_t *body;      /* released with the ask */
    vdr_ask_shown shown;
    vdr_ask_ruled ruled;
    bool failed_too;             /* a RESULT that has figures besides its error is shown by ruled, too */
    void *own;                   /* free()d with the ask, after: */
    void (*own_done)(void *own); /* NULL: it holds nothing */
};

/* ---- Looking at the request; what is wrong becomes a fault ---- */

/* The n-th parameter of the path ("{…}"), decoded. */
vdr_span vdr_ask_path(const vdr_ask *ask, size_t n);
/* A terminated copy that lives as long as the ask's own memory: free() it, or hand it to own. */
char *vdr_ask_copy(vdr_span text);
/* A path parameter that is an id or number: where it is none, it names nothing (0, and 404 is answered by the caller
 * through vdr_ask_refuse). */
bool vdr_ask_path_id(const vdr_ask *ask, size_t n, char letter, uint64_t *ret_number);
bool vdr_ask_path_number(const vdr_ask *ask, size_t n, uint64_t *ret_number);

/* Query keys that the route does not have are faults, and a key that comes twice is. */
void vdr_ask_query_check(vdr_ask *ask);
/* most in bytes */
vdr_span vdr_ask_query_text(vdr_ask *ask, const char *name, size_t most);
bool vdr_ask_query_number(vdr_ask *ask, const char *name, uint64_t least, uint64_t most,
                          uint64_t *ret_number);

/* The body into ask->body and a form on it. False: it was answered. */
bool vdr_ask_form(vdr_ask *ask, bool required, vdr_form *ret_form);
/* Ends the ask with 400 where there are faults. True: there are none, go on. */
bool vdr_ask_sound(vdr_ask *ask);

/* ---- Ending it ---- */

void vdr_ask_answer(vdr_ask *ask, unsigned status); /* out, as application/json */
void vdr_ask_answer_with(vdr_ask *ask, unsigned status, const char *type, const vdr_http_header_line *headers,
                         size_t header_count);
void vdr_ask_answer_empty(vdr_ask *ask, unsigned status);
void vdr_ask_refuse(vdr_ask *ask, vdr_err err, vdr_span detail, uint32_t retry_after_ms);
void vdr_ask_refuse_http(vdr_ask *ask, vdr_refusal refusal, const char *detail);
/* Frees it; its request was answered or became a stream. */
void vdr_ask_release(vdr_ask *ask);

/* ---- Asking the broker; errors end the ask, success calls, and that ends it or asks again ---- */

void vdr_ask_read(vdr_ask *ask, const vdr_wire_read *read, vdr_ask_shown shown);
void vdr_ask_rule(vdr_ask *ask, const vdr_wire_admin *admin, vdr_ask_ruled ruled);

/* position and at of an answer */
void vdr_ask_write_state(vdr_ask *ask, vdr_position position, vdr_ms at_ms);

/* A page of a list: reads limit and next into read, and writes next (base64url of the broker's resume key). */
void vdr_ask_page(vdr_ask *ask, vdr_wire_read *read, uint8_t resume[VDR_RESUME_BYTES_MAX]);
void vdr_ask_write_next(vdr_ask *ask, vdr_span resume);

#endif
