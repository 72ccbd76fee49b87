#include "proto/assert.h"
#include "tests/sim/clock.h"
#include "tests/sim/event.h"
#include "tests/sim/fiber.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire_inside.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 1000 /* libzmq's own default */

/* How a message lies in a zmq_msg_t. */
typedef struct message {
    uint8_t *bytes;
    size_t len;
    bool more;
    char user[SIM_USER_BYTES];
} message;
_Static_assert(sizeof(message) <= sizeof(zmq_msg_t), "a message lies in a zmq_msg_t");

sim_socket *sim_sockets;
static unsigned caller;
static uint64_t news; /* by client, as bits */
static uint64_t last_number;

void
sim_wire_caller_set(unsigned client)
{
    caller = client;
}

unsigned
sim_wire_caller(void)
{
    return caller;
}

uint64_t
sim_wire_news(void)
{
    uint64_t had = news;
    news = 0;
    return had;
}

void
sim_socket_news(const sim_socket *socket)
{
    if (socket->owner == SIM_BROKER)
        sim_fibers_poke();
    else
        news |= UINT64_C(1) << socket->owner;
}

/* ---- What was received */

void
sim_socket_put(sim_socket *socket, const void *bytes, size_t len, bool more, const char *user, sim_link *from)
{
    if (socket->first > 0 && socket->first == socket->count) {
        socket->first = socket->count = 0;
    }
    if (socket->count == socket->max) {
        socket->max = socket->max != 0 ? 2 * socket->max : 16;
        socket->parts = vdr_realloc(socket->parts, socket->max, sizeof *socket->parts);
    }
    sim_part *part = &socket->parts[socket->count++];
    *part = (sim_part){.bytes = vdr_alloc(len, 1), .len = len, .more = more, .from = from};
    if (len != 0)
        memcpy(part->bytes, bytes, len);
    if (user != NULL)
        memcpy(part->user, user, sizeof part->user);
    sim_socket_news(socket);
}

static bool
take(sim_socket *socket, sim_part *ret_part)
{
    if (socket->first == socket->count)
        return false;
    *ret_part = socket->parts[socket->first++];
    socket->more = ret_part->more;
    if (ret_part->from != NULL)
        sim_link_taken(ret_part->from);
    return true;
}

/* ---- Contexts and sockets */

void *
zmq_ctx_new(void)
{
    return vdr_alloc(1, 1);
}

int
zmq_ctx_set(void *context, int option, int value)
{
    (void)context;
    (void)option;
    (void)value;
    return 0;
}

int
zmq_ctx_term(void *context)
{
    free(context);
    return 0;
}

void *
zmq_socket(void *context, int type)
{
    (void)context;
    sim_socket *socket = vdr_alloc(1, sizeof *socket);
    socket->type = type;
    socket->owner = sim_fiber_self() != 0 ? SIM_BROKER : caller;
    socket->number = ++last_number;
    socket->send_frames = socket->receive_frames = FRAMES_MAX;
    socket->next = sim_sockets;
    sim_sockets = socket;
    return socket;
}

int
zmq_close(void *at)
{
    sim_socket *socket = at, **place = &sim_sockets;
    while (*place != socket)
        place = &(*place)->next;
    *place = socket->next;
    for (sim_socket *s = sim_sockets; s != NULL; s = s->next) {
        if (s->peer == socket)
            s->peer = NULL;
        if (s->monitor == socket)
            s->monitor = NULL;
    }
    if (socket->type == ZMQ_DEALER)
        sim_link_close(socket);
    if (socket->type == ZMQ_ROUTER)
        sim_link_router_close(socket);
    for (size_t i = socket->first; i < socket->count; i++)
        free(socket->parts[i].bytes);
    free(socket->parts);
    free(socket);
    return 0;
}

int
zmq_setsockopt(void *at, int option, const void *value, size_t size)
{
    sim_socket *socket = at;
    int number = 0;
    if (size == sizeof number)
        memcpy(&number, value, sizeof number);
    switch (option) {
    case ZMQ_SNDHWM:
        socket->send_frames = number;
        break;
    case ZMQ_RCVHWM:
        socket->receive_frames = number;
        break;
    case ZMQ_LINGER:
        socket->linger_ms = number;
        break;
    case ZMQ_ZAP_DOMAIN:
        VDR_ASSERT(size < sizeof socket->domain);
        memcpy(socket->domain, value, size);
        break;
    case ZMQ_CURVE_PUBLICKEY:
        VDR_ASSERT(zmq_z85_decode(socket->public_key, value) != NULL);
        break;
    default: /* nothing of it shows here */
        break;
    }
    return 0;
}

int
zmq_getsockopt(void *at, int option, void *ret_value, size_t *size)
{
    sim_socket *socket = at;
    int number = 0;
    switch (option) {
    case ZMQ_FD: /* nobody waits by it: the world says when a client has news */
        break;
    case ZMQ_RCVMORE:
        number = socket->more;
        break;
    case ZMQ_EVENTS:
        number = (socket->first < socket->count ? ZMQ_POLLIN : 0) |
                 (socket->link != NULL && sim_link_open(socket->link) &&
                          sim_link_room(socket->link, false, socket->send_frames)
                      ? ZMQ_POLLOUT
                      : 0);
        break;
    case ZMQ_LAST_ENDPOINT:
        for (size_t i = 0; i < SIM_BINDS; i++) {
            if (socket->bound[i][0] != '\0')
                strncpy(ret_value, socket->bound[i], *size);
        }
        return 0;
    default:
        VDR_ASSERT(false);
    }
    VDR_ASSERT(*size == sizeof number);
    memcpy(ret_value, &number, sizeof number);
    return 0;
}

sim_socket *
sim_socket_bound(const char *endpoint)
{
    for (sim_socket *s = sim_sockets; s != NULL; s = s->next) {
        for (size_t i = 0; i < SIM_BINDS; i++) {
            if (strcmp(s->bound[i], endpoint) == 0 && s->type != ZMQ_DEALER)
                return s;
        }
    }
    return NULL;
}

int
zmq_bind(void *at, const char *endpoint)
{
    sim_socket *socket = at;
    size_t i = 0;
    if (sim_socket_bound(endpoint) != NULL) {
        errno = EADDRINUSE;
        return -1;
    }
    while (i < SIM_BINDS && socket->bound[i][0] != '\0')
        i++;
    VDR_ASSERT(i < SIM_BINDS && strlen(endpoint) < SIM_NAME_BYTES);
    memcpy(socket->bound[i], endpoint, strlen(endpoint) + 1);
    return 0;
}

int
zmq_unbind(void *at, const char *endpoint)
{
    sim_socket *socket = at;
    for (size_t i = 0; i < SIM_BINDS; i++) {
        if (strcmp(socket->bound[i], endpoint) == 0)
            memset(socket->bound[i], 0, SIM_NAME_BYTES);
    }
    return 0;
}

/* PAIRs find each other here; a DEALER goes over the wire. */
int
zmq_connect(void *at, const char *endpoint)
{
    sim_socket *socket = at;
    if (socket->type == ZMQ_DEALER) {
        sim_link_connect(socket, endpoint);
        return 0;
    }
    for (sim_socket *s = sim_sockets; s != NULL; s = s->next) {
        if (s->monitored != 0 && strcmp(s->monitor_name, endpoint) == 0) {
            s->monitor = socket;
            return 0;
        }
    }
    sim_socket *other = sim_socket_bound(endpoint);
    VDR_ASSERT(other != NULL && other->type == ZMQ_PAIR);
    socket->peer = other;
    other->peer = socket;
    return 0;
}

int
zmq_socket_monitor(void *at, const char *endpoint, int events)
{
    sim_socket *socket = at;
    socket->monitored = endpoint != NULL ? events : 0;
    socket->monitor = NULL;
    if (endpoint != NULL) {
        VDR_ASSERT(strlen(endpoint) < SIM_NAME_BYTES);
        memcpy(socket->monitor_name, endpoint, strlen(endpoint) + 1);
    }
    return 0;
}

void
sim_socket_event(sim_socket *socket, int event)
{
    uint8_t head[6] = {0};
    uint16_t number = (uint16_t)event;
    if (socket->monitor == NULL || (socket->monitored & event) == 0)
        return;
    memcpy(head, &number, sizeof number);
    sim_socket_put(socket->monitor, head, sizeof head, true, NULL, NULL);
    sim_socket_put(socket->monitor, "tcp://there", 11, false, NULL, NULL);
}

/* ---- Sending */

static int
send_router(sim_socket *socket, const void *bytes, size_t len, bool more)
{
    if (more) { /* the routing id */
        uint32_t number = 0;
        VDR_ASSERT(len == 1 + sizeof number);
        memcpy(&number, (const uint8_t *)bytes + 1, sizeof number);
        socket->target = sim_link_of(socket, number);
        if (socket->target == NULL) {
            errno = EHOSTUNREACH;
            return -1;
        }
        if (!sim_link_room(socket->target, true, socket->send_frames)) {
            errno = EAGAIN;
            return -1;
        }
        return (int)len;
    }
    sim_link_send(socket->target, true, bytes, len);
    sim_fiber_may_pause();
    return (int)len;
}

static int
send_reply(sim_socket *socket, const void *bytes, size_t len, bool more)
{
    VDR_ASSERT(socket->reply_count < 8);
    sim_part *part = &socket->reply[socket->reply_count++];
    *part = (sim_part){.bytes = vdr_alloc(len + 1, 1), .len = len};
    memcpy(part->bytes, bytes, len);
    if (more)
        return (int)len;
    char user[SIM_USER_BYTES] = "";
    VDR_ASSERT(socket->reply_count == 6 && socket->reply[4].len < sizeof user);
    memcpy(user, socket->reply[4].bytes, socket->reply[4].len);
    sim_link_judged(strtoull((const char *)socket->reply[1].bytes, NULL, 10),
                    memcmp(socket->reply[2].bytes, "200", 3) == 0, user);
    for (size_t i = 0; i < socket->reply_count; i++)
        free(socket->reply[i].bytes);
    socket->reply_count = 0;
    return (int)len;
}

int
zmq_send(void *at, const void *bytes, size_t len, int flags)
{
    sim_socket *socket = at;
    bool more = (flags & ZMQ_SNDMORE) != 0;
    switch (socket->type) {
    case ZMQ_ROUTER:
        return send_router(socket, bytes, len, more);
    case ZMQ_REP:
        return send_reply(socket, bytes, len, more);
    case ZMQ_PAIR:
        if (socket->peer != NULL)
            sim_socket_put(socket->peer, bytes, len, more, NULL, NULL);
        return (int)len;
    case ZMQ_DEALER:
        if (socket->link == NULL || !sim_link_open(socket->link) ||
            !sim_link_room(socket->link, false, socket->send_frames)) {
            errno = EAGAIN;
            return -1;
        }
        sim_link_send(socket->link, false, bytes, len);
        return (int)len;
    default:
        VDR_ASSERT(false);
    }
    return -1;
}

/* ---- Receiving */

int
zmq_recv(void *at, void *into, size_t size, int flags)
{
    sim_part part;
    if (!take(at, &part)) {
        VDR_ASSERT((flags & ZMQ_DONTWAIT) != 0); /* nobody waits here: it was polled for */
        errno = EAGAIN;
        return -1;
    }
    size_t len = part.len < size ? part.len : size;
    if (len != 0)
        memcpy(into, part.bytes, len);
    free(part.bytes);
    return (int)part.len;
}

int
zmq_msg_init(zmq_msg_t *at)
{
    memset(at, 0, sizeof *at);
    return 0;
}

int
zmq_msg_close(zmq_msg_t *at)
{
    message *m = (message *)(void *)at;
    free(m->bytes);
    memset(at, 0, sizeof *at);
    return 0;
}

int
zmq_msg_recv(zmq_msg_t *at, void *socket, int flags)
{
    message *m = (message *)(void *)at;
    sim_part part;
    VDR_ASSERT((flags & ZMQ_DONTWAIT) != 0);
    sim_fiber_may_pause();
    if (!take(socket, &part)) {
        errno = EAGAIN;
        return -1;
    }
    free(m->bytes);
    m->bytes = part.bytes;
    m->len = part.len;
    m->more = part.more;
    memcpy(m->user, part.user, sizeof m->user);
    return (int)part.len;
}

void *
zmq_msg_data(zmq_msg_t *at)
{
    return ((message *)(void *)at)->bytes;
}

size_t
zmq_msg_size(const zmq_msg_t *at)
{
    return ((const message *)(const void *)at)->len;
}

int
zmq_msg_more(const zmq_msg_t *at)
{
    return ((const message *)(const void *)at)->more;
}

const char *
zmq_msg_gets(const zmq_msg_t *at, const char *property)
{
    const message *m = (const message *)(const void *)at;
    return strcmp(property, "User-Id") == 0 && m->user[0] != '\0' ? m->user : NULL;
}

/* ---- Waiting */

#define POLLED 8

static int
look(zmq_pollitem_t *items, int count)
{
    struct pollfd fds[POLLED];
    int ready = 0, of[POLLED];
    nfds_t polled = 0;
    for (int i = 0; i < count; i++) {
        const sim_socket *socket = items[i].socket;
        items[i].revents = 0;
        if (socket == NULL) {
            VDR_ASSERT(polled < POLLED);
            of[polled] = i;
            fds[polled++] = (struct pollfd){.fd = items[i].fd, .events = POLLIN};
        } else if ((items[i].events & ZMQ_POLLIN) != 0 && socket->first < socket->count) {
            items[i].revents = ZMQ_POLLIN;
            ready++;
        }
    }
    if (polled == 0 || sim_event_poll(fds, polled) <= 0)
        return ready;
    for (nfds_t i = 0; i < polled; i++) {
        if (fds[i].revents != 0) {
            items[of[i]].revents = ZMQ_POLLIN;
            ready++;
        }
    }
    return ready;
}

int
zmq_poll(zmq_pollitem_t *items, int count, long timeout_ms)
{
    int64_t until = timeout_ms < 0 ? SIM_NEVER : sim_clock_us() + (int64_t)timeout_ms * 1000;
    sim_fiber_pause();
    int ready = look(items, count);
    while (ready == 0 && sim_fiber_look_again(until))
        ready = look(items, count);
    return ready;
}
