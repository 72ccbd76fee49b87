/* clients/gateway/http_conn.h - the inside of the server: connections and exchanges. For http*.c, caller.c and
 * session.c only.
 *
 * A connection goes round: HEAD (bytes are looked at), CALLER (who is it?), BODY, BUSY (the handler has it), FLUSH
 * (the answer goes out), HEAD. The next request is looked at when the answer before it has gone out, so a client
 * that sends on without reading holds up nobody but itself. Each state has a deadline of its own.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_HTTP_CONN_H
#define VDR_GATEWAY_HTTP_CONN_H

#include "clients/gateway/http_serve.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

typedef struct vdr_exchange vdr_exchange;

typedef enum vdr_conn_state {
    VDR_CONN_HEAD,
    VDR_CONN_CALLER,
    VDR_CONN_BODY,
    VDR_CONN_BUSY,
    VDR_CONN_STREAM,
    VDR_CONN_FLUSH,
    VDR_CONN_LINGER, /* everything said; what still comes is thrown away, so that the answer is not reset */
} vdr_conn_state;

typedef struct vdr_conn {
    vdr_http *http;
    struct vdr_conn *next, **self; /* in the server's list */
    struct bufferevent *bev;
    struct event *deadline;
    vdr_http_door door;
    vdr_conn_state state;
    vdr_guard guard;
    vdr_exchange *exchange; /* CALLER, BODY, BUSY; NULL otherwise */
    vdr_http_stream *stream;
    bool close;     /* after the answer that goes out */
    bool working;   /* conn_go() is on the stack */
    bool began;     /* the first byte of a head has come */
    bool ended;     /* the client sends no more, and may still listen */
    bool continued; /* 100 Continue was sent */
    size_t lingered;
    vdr_caller_peer peer;
} vdr_conn;

struct vdr_exchange {
    vdr_http_request request; /* first: a request is its exchange */
    vdr_http *http;
    vdr_conn *conn; /* NULL: the client has gone */
    vdr_arena arena;
    vdr_guard_head head;
    uint8_t *body;
    const char *route;
    int64_t began_ms;
    vdr_address address; /* of the client: the connection's, or as our proxy tells it */
    bool has_address;
    int64_t retry_after_s; /* of the refusal to come; 0: its own */
    char cookie[160];      /* of Set-Cookie; "": none */
};

static inline vdr_exchange *
vdr_exchange_of(vdr_http_request *request)
{
    return (vdr_exchange *)request;
}

struct vdr_http_listener {
    vdr_http *http;
    struct evconnlistener *listener;
    vdr_http_door door;
    const vdr_gate_address *address;
};

struct vdr_http {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_metrics *metrics;
    vdr_callers *callers;
    vdr_tls *tls; /* NULL: none */
    vdr_http_handler handlers[VDR_HTTP_DOORS];
    void *contexts[VDR_HTTP_DOORS];
    struct vdr_http_listener *listeners;
    size_t listener_count;
    vdr_conn *conns;
    size_t conn_count, stream_count, exchange_count;
    vdr_limiter *per_address, *per_caller;
    vdr_loop_call drained;
    void *drained_context;
    bool draining;
};

/* http_conn.c */
void vdr_conn_new(struct vdr_http_listener *listener, int fd, const struct sockaddr *address);
void vdr_conn_free(vdr_conn *conn); /* its exchange goes on without it */
void vdr_conn_deadline(vdr_conn *conn, int64_t after_ms);
/* The answer was put into the output; what follows depends on conn->close. */
void vdr_conn_flush(vdr_conn *conn);
void vdr_exchange_free(vdr_exchange *exchange);

/* http_answer.c: status line and headers, then the body, into the connection's output. length < 0: a body without
 * end follows. */
typedef struct vdr_answer {
    unsigned status;
    const char *type;
    vdr_span body;
    const vdr_http_header_line *headers;
    size_t header_count;
    bool endless;
} vdr_answer;
void vdr_answer_write(vdr_conn *conn, const vdr_exchange *exchange, const vdr_answer *answer);
/* Answers for the guard, and then the connection ends. */
void vdr_answer_fault(vdr_conn *conn, vdr_refusal refusal, const char *detail);
/* Counts and forgets the exchange. */
void vdr_exchange_end(vdr_exchange *exchange, unsigned status);

/* http_stream.c */
void vdr_stream_gone(vdr_http_stream *stream);    /* the connection goes */
void vdr_stream_flushed(vdr_http_stream *stream); /* the output is below its mark */

#endif
