/* The protocols that are bytes: MQTT 3.1.1 (Mosquitto) and AMQP 0-9-1 (RabbitMQ). */
#include "tests/bench/peers/raw.h"

#include <string.h>

/* ---- Numbers, the highest byte first ---- */

static size_t
put_number(uint8_t *at, unsigned bytes, uint64_t number)
{
    for (unsigned i = bytes; i > 0; number >>= 8)
        at[--i] = (uint8_t)number;
    return bytes;
}

static uint64_t
get_number(const uint8_t *at, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

/* A text behind its length. */
static size_t
put_text(uint8_t *at, unsigned length_bytes, const char *text, size_t len)
{
    (void)put_number(at, length_bytes, len);
    memcpy(at + length_bytes, text, len);
    return length_bytes + len;
}

/* ---- MQTT, QoS 1 ---- */

#define MQTT_IDS 65535u /* ids of packets: 1 to that many, again and again */

/* Somebody who is away has subscribed before (`run` sees to it), so each message is kept for them. */
static void
mqtt_begin(raw_connection *c)
{
    const char id[3] = {'p', (char)('a' + c->number / 26), (char)('a' + c->number % 26)};
    uint8_t packet[32] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2}, answer[4];
    size_t len = 10 + put_number(packet + 10, 2, 0); /* no keep alive */
    len += put_text(packet + len, 2, id, sizeof id);
    packet[1] = (uint8_t)(len - 2);
    raw_send(c, packet, len);
    raw_receive(c, answer, 4);
    if (answer[0] != 0x20 || answer[3] != 0)
        load_fail("CONNECT was refused: %d", answer[3]);
}

static size_t
mqtt_request(const raw_connection *c, char *at)
{
    uint8_t *to = (uint8_t *)at;
    char topic[] = "signals/00";
    topic[8] = (char)('0' + c->number / 10);
    topic[9] = (char)('0' + c->number % 10);
    size_t rest = 2 + sizeof topic - 1 + 2 + LOAD_MESSAGE_BYTES, len = 0;
    to[len++] = 0x32;
    to[len++] = (uint8_t)(rest % 128 | 0x80);
    to[len++] = (uint8_t)(rest / 128);
    len += put_text(to + len, 2, topic, sizeof topic - 1);
    len += put_number(to + len, 2, c->sent % MQTT_IDS + 1);
    load_message(at + len, c->number, c->sent);
    return len + LOAD_MESSAGE_BYTES;
}

static size_t
mqtt_answers(raw_connection *c, const char *at, size_t len)
{
    size_t used = 0;
    for (; len - used >= 4; used += 4) {
        const uint8_t *packet = (const uint8_t *)at + used;
        if (packet[0] != 0x40 || packet[1] != 2)
            load_fail("it sends %02x where PUBACK was expected", packet[0]);
        uint64_t id = get_number(packet + 2, 2) - 1, oldest = c->confirmed % MQTT_IDS;
        raw_confirm(c, c->confirmed + (id + MQTT_IDS - oldest) % MQTT_IDS, false);
    }
    return used;
}

const raw_protocol raw_mqtt = {.name = "mqtt",
                               .begin = mqtt_begin,
                               .request_bytes_max = LOAD_MESSAGE_BYTES + 64,
                               .request = mqtt_request,
                               .answers = mqtt_answers};

/* ---- AMQP: a quorum queue, with confirms ---- */

#define FRAME_END  0xce
#define QUEUE      "signals"
#define METHOD     1
#define HEADER     2
#define BODY       3
#define BASIC      60u
#define BASIC_ACK  80u
#define CONNECTION 10u

/* Head of a frame, 7 bytes; its payload is put behind it, and frame_close() writes the length. */
static void
frame_open(uint8_t *at, uint8_t type, unsigned channel)
{
    at[0] = type;
    (void)put_number(at + 1, 2, channel);
}

static size_t
frame_close(uint8_t *at, size_t len)
{
    (void)put_number(at + 3, 4, len - 7);
    at[len] = FRAME_END;
    return len + 1;
}

static size_t
method_open(uint8_t *at, unsigned channel, unsigned of, unsigned method)
{
    size_t len = 7;
    frame_open(at, METHOD, channel);
    len += put_number(at + len, 2, of);
    return len + put_number(at + len, 2, method);
}

static void
amqp_want(const raw_connection *c, unsigned of, unsigned method)
{
    uint8_t head[7], payload[8192];
    raw_receive(c, head, sizeof head);
    size_t len = (size_t)get_number(head + 3, 4);
    if (len + 1 > sizeof payload)
        load_fail("a frame of %zu bytes", len);
    raw_receive(c, payload, len + 1);
    if (get_number(payload, 2) != of || get_number(payload + 2, 2) != method)
        load_fail("method %u.%u was expected, this came: %u.%u %.*s", of, method,
                  (unsigned)get_number(payload, 2), (unsigned)get_number(payload + 2, 2),
                  (int)(len > 4 ? len - 4 : 0), (const char *)payload + 4);
}

static void
amqp_send(const raw_connection *c, uint8_t *frame, size_t len)
{
    raw_send(c, frame, frame_close(frame, len));
}

static void
amqp_log_in(const raw_connection *c)
{
    uint8_t f[256];
    size_t len;
    raw_send(c, "AMQP\0\0\x09\x01", 8);
    amqp_want(c, CONNECTION, 10);
    len = method_open(f, 0, CONNECTION, 11);
    len += put_number(f + len, 4, 0); /* nothing about ourselves */
    len += put_text(f + len, 1, "PLAIN", 5);
    len += put_text(f + len, 4, "\0guest\0guest", 12);
    len += put_text(f + len, 1, "en_US", 5);
    amqp_send(c, f, len);
    amqp_want(c, CONNECTION, 30);
    len = method_open(f, 0, CONNECTION, 31);
    len += put_number(f + len, 2, 16);
    len += put_number(f + len, 4, 131072);
    len += put_number(f + len, 2, 0); /* no heartbeat */
    amqp_send(c, f, len);
    len = method_open(f, 0, CONNECTION, 40);
    len += put_text(f + len, 1, "/", 1);
    len += put_text(f + len, 1, "", 0);
    len += put_number(f + len, 1, 0);
    amqp_send(c, f, len);
    amqp_want(c, CONNECTION, 41);
    len = method_open(f, 1, 20, 10);
    len += put_text(f + len, 1, "", 0);
    amqp_send(c, f, len);
    amqp_want(c, 20, 11);
}

static void
amqp_begin(raw_connection *c)
{
    uint8_t f[256], table[64];
    size_t len, table_len;
    amqp_log_in(c);
    len = method_open(f, 1, 50, 10);
    len += put_number(f + len, 2, 0);
    len += put_text(f + len, 1, QUEUE, sizeof QUEUE - 1);
    len += put_number(f + len, 1, 2); /* durable */
    table_len = put_text(table, 1, "x-queue-type", 12);
    table[table_len++] = 'S';
    table_len += put_text(table + table_len, 4, "quorum", 6);
    len += put_text(f + len, 4, (const char *)table, table_len);
    amqp_send(c, f, len);
    amqp_want(c, 50, 11);
    len = method_open(f, 1, 85, 10);
    len += put_number(f + len, 1, 0);
    amqp_send(c, f, len);
    amqp_want(c, 85, 11);
}

static size_t
amqp_request(const raw_connection *c, char *at)
{
    uint8_t *f = (uint8_t *)at;
    size_t whole, len = method_open(f, 1, BASIC, 40);
    len += put_number(f + len, 2, 0);
    len += put_text(f + len, 1, "", 0); /* the exchange that leads to the queue of that name */
    len += put_text(f + len, 1, QUEUE, sizeof QUEUE - 1);
    len += put_number(f + len, 1, 0);
    whole = frame_close(f, len);
    f += whole;
    frame_open(f, HEADER, 1);
    len = 7;
    len += put_number(f + len, 2, BASIC);
    len += put_number(f + len, 2, 0);
    len += put_number(f + len, 8, LOAD_MESSAGE_BYTES);
    len += put_number(f + len, 2, 0x1000); /* one property: */
    len += put_number(f + len, 1, 2);      /* persistent */
    len = frame_close(f, len);
    whole += len;
    f += len;
    frame_open(f, BODY, 1);
    load_message((char *)f + 7, c->number, c->sent);
    return whole + frame_close(f, 7 + LOAD_MESSAGE_BYTES);
}

static size_t
amqp_answers(raw_connection *c, const char *at, size_t len)
{
    size_t used = 0;
    while (len - used >= 8) {
        const uint8_t *f = (const uint8_t *)at + used;
        size_t payload = (size_t)get_number(f + 3, 4);
        if (len - used < payload + 8)
            break;
        if (f[0] != METHOD || get_number(f + 7, 2) != BASIC || get_number(f + 9, 2) != BASIC_ACK)
            load_fail("method %u.%u where basic.ack was expected", (unsigned)get_number(f + 7, 2),
                      (unsigned)get_number(f + 9, 2));
        raw_confirm(c, get_number(f + 11, 8) - 1, (f[19] & 1) != 0);
        used += payload + 8;
    }
    return used;
}

const raw_protocol raw_amqp = {.name = "amqp",
                               .begin = amqp_begin,
                               .request_bytes_max = LOAD_MESSAGE_BYTES + 128,
                               .request = amqp_request,
                               .answers = amqp_answers};
