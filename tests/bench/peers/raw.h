/* tests/bench/peers/raw.h - a broker's protocol as far as publishing and confirming go, on a plain socket.
 *
 * Requests are put into the connection's buffer, many in one write where many are due; confirms are counted as they come.
 * So the client costs as little as it can beside what it measures. */
#ifndef VDR_PEERS_RAW_H
#define VDR_PEERS_RAW_H

#include "tests/bench/peers/load.h"

#define RAW_BUFFER_BYTES (256u * 1024u)
#define RAW_WINDOW_MAX   4096u

typedef struct raw_connection {
    int fd;
    unsigned number; /* of all publishers */
    char *out, *in;
    size_t out_from, out_to, in_len;
    uint64_t sent, confirmed;        /* confirmed: every one below it; after it perhaps some */
    int64_t sent_ns[RAW_WINDOW_MAX]; /* 0: confirmed */
    bool measure;
    uint64_t counted; /* since measure */
    load_histogram *histogram;
} raw_connection;

typedef struct raw_protocol {
    const char *name;
    /* Logs in, and makes what is published to, where it is publisher 0. The socket blocks still. */
    void (*begin)(raw_connection *connection);
    size_t request_bytes_max;
    /* Message number connection->sent into at; its bytes. */
    size_t (*request)(const raw_connection *connection, char *at);
    /* Looks at what came: calls raw_confirm; the bytes that are done with. What is no confirm ends the program. */
    size_t (*answers)(raw_connection *connection, const char *at, size_t len);
} raw_protocol;

extern const raw_protocol raw_nats, raw_redis, raw_beanstalk, raw_mqtt, raw_amqp;

/* The oldest that is not confirmed. */
void raw_confirm_next(raw_connection *connection, uint64_t count);
/* That very one; with all before it. */
void raw_confirm(raw_connection *connection, uint64_t number, bool and_before);

/* While it blocks. */
void raw_send(const raw_connection *connection, const void *bytes, size_t len);
void raw_receive(const raw_connection *connection, void *bytes, size_t len);
/* A line without its CR LF. */
void raw_line(const raw_connection *connection, char *ret_line, size_t size);

#endif
