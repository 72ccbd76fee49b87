/* The protocols that are lines of text: NATS (JetStream), Redis, beanstalkd. */
#include "tests/bench/peers/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The end of the first line in at, behind its CR LF; NULL: it has not come whole. */
static const char *
line_end(const char *at, size_t len)
{
    const char *end = len != 0 ? memchr(at, '\n', len) : NULL;
    return end != NULL ? end + 1 : NULL;
}

static bool
begins(const char *at, size_t len, const char *text)
{
    return len >= strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

static void
want_line(const raw_connection *c, const char *begin)
{
    char line[4096];
    raw_line(c, line, sizeof line);
    if (strncmp(line, begin, strlen(begin)) != 0)
        load_fail("%s... was expected, this came: %s", begin, line);
}

static size_t
put(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return len;
}

/* ---- NATS: published with an inbox to reply to, in which JetStream says where it is kept ---- */

static void
nats_begin(raw_connection *c)
{
    static const char stream[] =
        "{\"name\":\"S\",\"subjects\":[\"signals.>\"],\"storage\":\"file\",\"retention\":\"limits\","
        "\"discard\":\"old\",\"num_replicas\":1,\"max_consumers\":-1,\"max_msgs\":-1,"
        "\"max_bytes\":-1,\"max_age\":0,\"max_msg_size\":-1}";
    char text[1024];
    want_line(c, "INFO ");
    raw_send(c, text,
             (size_t)snprintf(text, sizeof text,
                              "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n"
                              "SUB _INBOX.%u 1\r\nPING\r\n",
                              c->number));
    want_line(c, "PONG");
    if (c->number != 0)
        return;
    raw_send(c, text,
             (size_t)snprintf(text, sizeof text, "PUB $JS.API.STREAM.CREATE.S _INBOX.0 %zu\r\n%s\r\n",
                              sizeof stream - 1, stream));
    want_line(c, "MSG _INBOX.0 1 ");
    raw_line(c, text, sizeof text);
    if (strstr(text, "\"error\"") != NULL)
        load_fail("%s", text);
}

static size_t
nats_request(const raw_connection *c, char *at)
{
    size_t len =
        (size_t)snprintf(at, 64, "PUB signals.%u _INBOX.%u %d\r\n", c->number, c->number, LOAD_MESSAGE_BYTES);
    load_message(at + len, c->number, c->sent);
    return len + LOAD_MESSAGE_BYTES + put(at + len + LOAD_MESSAGE_BYTES, "\r\n");
}

static size_t
nats_answers(raw_connection *c, const char *at, size_t len)
{
    size_t used = 0;
    uint64_t confirms = 0;
    for (const char *end; (end = line_end(at + used, len - used)) != NULL;) {
        const char *line = at + used;
        size_t head = (size_t)(end - line);
        if (begins(line, head, "PING")) {
            used += head; /* it is asked after minutes only */
            continue;
        }
        if (!begins(line, head, "MSG "))
            load_fail("%.*s", (int)head, line);
        const char *number = end - 2;
        while (number[-1] != ' ')
            number--;
        size_t body = strtoul(number, NULL, 10) + 2;
        if (len - used < head + body)
            break;
        if (!begins(end, body, "{\"stream\":\"S\""))
            load_fail("%.*s", (int)body, end);
        confirms++;
        used += head + body;
    }
    raw_confirm_next(c, confirms);
    return used;
}

const raw_protocol raw_nats = {.name = "nats",
                               .begin = nats_begin,
                               .request_bytes_max = LOAD_MESSAGE_BYTES + 64,
                               .request = nats_request,
                               .answers = nats_answers};

/* ---- Redis: one stream for all ---- */

static void
redis_begin(raw_connection *c)
{
    raw_send(c, "PING\r\n", 6);
    want_line(c, "+PONG");
}

static size_t
redis_request(const raw_connection *c, char *at)
{
    size_t len = put(at, "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nd\r\n$250\r\n");
    load_message(at + len, c->number, c->sent);
    return len + LOAD_MESSAGE_BYTES + put(at + len + LOAD_MESSAGE_BYTES, "\r\n");
}

/* "$15\r\n1700000000000-0\r\n" each */
static size_t
redis_answers(raw_connection *c, const char *at, size_t len)
{
    size_t used = 0;
    uint64_t confirms = 0;
    for (const char *end, *id_end; (end = line_end(at + used, len - used)) != NULL;) {
        if (at[used] != '$')
            load_fail("%.*s", (int)(end - at - (ptrdiff_t)used), at + used);
        id_end = line_end(end, len - (size_t)(end - at));
        if (id_end == NULL)
            break;
        confirms++;
        used = (size_t)(id_end - at);
    }
    raw_confirm_next(c, confirms);
    return used;
}

const raw_protocol raw_redis = {.name = "redis",
                                .begin = redis_begin,
                                .request_bytes_max = LOAD_MESSAGE_BYTES + 64,
                                .request = redis_request,
                                .answers = redis_answers};

/* ---- beanstalkd ---- */

static void
beanstalk_begin(raw_connection *c)
{
    raw_send(c, "use signals\r\n", 13);
    want_line(c, "USING signals");
}

static size_t
beanstalk_request(const raw_connection *c, char *at)
{
    size_t len = put(at, "put 0 0 60 250\r\n");
    load_message(at + len, c->number, c->sent);
    return len + LOAD_MESSAGE_BYTES + put(at + len + LOAD_MESSAGE_BYTES, "\r\n");
}

static size_t
beanstalk_answers(raw_connection *c, const char *at, size_t len)
{
    size_t used = 0;
    uint64_t confirms = 0;
    for (const char *end; (end = line_end(at + used, len - used)) != NULL;
         used = (size_t)(end - at), confirms++)
        if (!begins(at + used, len - used, "INSERTED "))
            load_fail("%.*s", (int)(end - at - (ptrdiff_t)used), at + used);
    raw_confirm_next(c, confirms);
    return used;
}

const raw_protocol raw_beanstalk = {.name = "beanstalk",
                                    .begin = beanstalk_begin,
                                    .request_bytes_max = LOAD_MESSAGE_BYTES + 64,
                                    .request = beanstalk_request,
                                    .answers = beanstalk_answers};
