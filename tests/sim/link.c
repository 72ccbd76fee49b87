#include "proto/assert.h"
#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"
#include "tests/sim/keys.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 4096u
#define ZAP       "inproc://zeromq.zap.01"

typedef enum thing { SYN, MESSAGE, LET_IN, REFUSED, NOBODY, FIN } thing;

typedef struct carried {
    thing thing;
    int64_t due_us;
    uint8_t *bytes;
    size_t len;
} carried;

typedef struct lane {
    carried *things;
    size_t first, count, max;
    int64_t last_us;  /* nothing arrives before what was sent before it */
    int64_t stall_us; /* and nothing before this */
    bool void_;       /* what is sent goes nowhere */
} lane;

struct sim_link {
    uint64_t number;
    sim_socket *dealer, *router; /* NULL: that side is gone */
    unsigned client;             /* whose */
    char endpoint[SIM_NAME_BYTES];
    uint8_t public_key[SIM_KEY_BYTES];
    bool asked;       /* the ZAP handler has not answered yet */
    vdr_ms asked_ms;  /* when it was asked */
    bool open;        /* the client was let in */
    uint32_t routing; /* 0: the broker has not let it in */
    char user[SIM_USER_BYTES];
    size_t waiting; /* messages that the ROUTER has and nobody took */
    lane up, down;  /* to the broker; to the client */
    bool inside;    /* of one machine: the broker's own test */
};

static sim_link *links[LINKS_MAX]; /* by number - 1 */
static size_t link_count;
static sim_link *live[LINKS_MAX]; /* those that are not over, in order */
static size_t live_count;
static int64_t soonest_us; /* no lane brings anything before */
static sim_dice dice;
static sim_weather weather;
static bool calm;
static int64_t partition_us;
static uint32_t last_routing;
static uint64_t messages;
static void (*tap)(unsigned client, uint64_t link, const void *bytes, size_t len);

void
sim_wire_begin(uint64_t seed, const sim_weather *of)
{
    dice = sim_dice_of(seed, 3);
    weather = *of;
    last_routing = (uint32_t)sim_throw(&dice) | 1;
}

void
sim_wire_tap_set(void (*set)(unsigned client, uint64_t link, const void *bytes, size_t len))
{
    tap = set;
}

uint64_t
sim_wire_messages(void)
{
    return messages;
}

/* ---- Lanes */

static int64_t
journey(const sim_link *link)
{
    if (link->inside)
        return 1;
    int64_t us = sim_between(&dice, weather.least_us, weather.most_us);
    return !calm && sim_chance(&dice, weather.slow) ? us * 100 : us;
}

static void
lane_put(sim_link *link, lane *l, thing what, const void *bytes, size_t len, int64_t more_us)
{
    if (l->void_)
        return;
    if (l->first == l->count)
        l->first = l->count = 0;
    if (l->count == l->max) {
        l->max = l->max != 0 ? 2 * l->max : 16;
        l->things = vdr_realloc(l->things, l->max, sizeof *l->things);
    }
    int64_t due = sim_clock_us() + journey(link) + more_us;
    if (due < l->last_us)
        due = l->last_us;
    if (due < l->stall_us)
        due = l->stall_us;
    if (!link->inside && due < partition_us)
        due = partition_us;
    l->last_us = due;
    if (due < soonest_us)
        soonest_us = due;
    carried *c = &l->things[l->count++];
    *c = (carried){.thing = what, .due_us = due, .bytes = vdr_alloc(len, 1), .len = len};
    if (len != 0)
        memcpy(c->bytes, bytes, len);
}

/* The last of what is under way is lost, some of it or all. */
static void
lane_lose(lane *l)
{
    size_t under_way = l->count - l->first;
    size_t lost = under_way == 0 ? 0 : (size_t)sim_below(&dice, under_way + 1);
    while (lost-- > 0)
        free(l->things[--l->count].bytes);
}

static void
lane_clear(lane *l)
{
    while (l->first < l->count)
        free(l->things[l->first++].bytes);
    l->first = l->count = 0;
}

static int64_t
lane_due_us(const lane *l)
{
    return l->first < l->count ? l->things[l->first].due_us : SIM_NEVER;
}

/* A ROUTER that has enough of this one's messages takes no more off the wire. */
static bool
lane_brings(const sim_link *link, const lane *l)
{
    if (lane_due_us(l) > sim_clock_us())
        return false;
    return l != &link->up || link->router == NULL || l->things[l->first].thing != MESSAGE ||
           link->waiting < (size_t)link->router->receive_frames;
}

/* ---- Connections */

static bool
is_over(const sim_link *link)
{
    return link->dealer == NULL && link->router == NULL && link->up.first == link->up.count &&
           link->down.first == link->down.count;
}

static void
forget_those_over(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < live_count; i++) {
        if (!is_over(live[i]))
            live[kept++] = live[i];
    }
    live_count = kept;
}

void
sim_link_connect(sim_socket *dealer, const char *endpoint)
{
    forget_those_over();
    VDR_ASSERT(link_count < LINKS_MAX && strlen(endpoint) < SIM_NAME_BYTES);
    sim_link *link = vdr_alloc(1, sizeof *link);
    links[link_count++] = live[live_count++] = link;
    link->number = link_count;
    link->dealer = dealer;
    link->client = dealer->owner;
    link->inside = dealer->owner == SIM_BROKER;
    memcpy(link->endpoint, endpoint, strlen(endpoint) + 1);
    memcpy(link->public_key, dealer->public_key, sizeof link->public_key);
    dealer->link = link;
    lane_put(link, &link->up, SYN, NULL, 0, 0);
}

bool
sim_link_open(const sim_link *link)
{
    return link->open;
}

bool
sim_link_room(const sim_link *link, bool to_client, int frames_max)
{
    const lane *l = to_client ? &link->down : &link->up;
    return l->count - l->first < (size_t)frames_max;
}

static bool
is_operators(const sim_link *link)
{
    return strstr(link->endpoint, ":7701") != NULL;
}

void
sim_link_send(sim_link *link, bool to_client, const void *bytes, size_t len)
{
    if (link == NULL || (to_client ? link->router : link->dealer) == NULL)
        return;
    if (to_client && !link->inside)
        sim_audit_speaks(link->public_key, is_operators(link), bytes, len);
    lane_put(link, to_client ? &link->down : &link->up, MESSAGE, bytes, len, 0);
}

sim_link *
sim_link_of(const sim_socket *router, uint32_t number)
{
    for (size_t i = 0; i < live_count; i++) {
        if (live[i]->router == router && live[i]->routing == number && number != 0)
            return live[i];
    }
    return NULL;
}

void
sim_link_taken(sim_link *link)
{
    link->waiting--;
}

/* Until libzmq's own heartbeats find out that nobody is there. */
static int64_t
silence_us(void)
{
    return sim_between(&dice, 1000000, 15000000);
}

/* A process that ends in order sends what it said; one that is killed may not have. */
static void
client_side_goes(sim_link *link, bool lose, bool silent)
{
    link->dealer = NULL;
    link->open = false;
    lane_clear(&link->down);
    if (lose)
        lane_lose(&link->up);
    lane_put(link, &link->up, FIN, NULL, 0, silent ? silence_us() : 0);
    link->up.void_ = true;
}

static void
broker_side_goes(sim_link *link, bool lose, bool silent)
{
    link->router = NULL;
    link->routing = 0;
    link->waiting = 0;
    lane_clear(&link->up);
    if (lose)
        lane_lose(&link->down);
    lane_put(link, &link->down, FIN, NULL, 0, silent ? silence_us() : 0);
    link->down.void_ = true;
}

void
sim_link_close(sim_socket *dealer)
{
    if (dealer->link != NULL)
        client_side_goes(dealer->link, dealer->linger_ms == 0 && sim_below(&dice, 2) == 0, false);
}

void
sim_link_router_close(sim_socket *router)
{
    for (size_t i = 0; i < live_count; i++) {
        if (live[i]->router == router)
            broker_side_goes(live[i], false, false);
    }
}

/* ---- The handshake */

static void
ask_zap(sim_link *link, sim_socket *router)
{
    sim_socket *zap = sim_socket_bound(ZAP);
    VDR_ASSERT(zap != NULL);
    char number[24];
    int len = snprintf(number, sizeof number, "%llu", (unsigned long long)link->number);
    link->asked = true;
    link->asked_ms = sim_clock_wall_ms();
    link->router = router;
    sim_socket_put(zap, "1.0", 3, true, NULL, NULL);
    sim_socket_put(zap, number, (size_t)len, true, NULL, NULL);
    sim_socket_put(zap, router->domain, strlen(router->domain), true, NULL, NULL);
    sim_socket_put(zap, "there", 5, true, NULL, NULL);
    sim_socket_put(zap, "", 0, true, NULL, NULL);
    sim_socket_put(zap, "CURVE", 5, true, NULL, NULL);
    sim_socket_put(zap, link->public_key, SIM_KEY_BYTES, false, NULL, NULL);
}

void
sim_link_judged(uint64_t number, bool good, const char *user)
{
    VDR_ASSERT(number > 0 && number <= link_count);
    sim_link *link = links[number - 1];
    if (!link->asked || link->router == NULL)
        return;
    link->asked = false;
    if (good && !link->inside)
        sim_audit_let_in(link->public_key, link->asked_ms);
    if (good) {
        link->routing = ++last_routing;
        memcpy(link->user, user, sizeof link->user);
        lane_put(link, &link->down, LET_IN, NULL, 0, 0);
    } else {
        lane_put(link, &link->down, REFUSED, NULL, 0, 0);
        broker_side_goes(link, false, false);
    }
}

/* ---- Arrivals */

static void
reach_broker(sim_link *link, const carried *c)
{
    uint8_t id[5] = {0};
    sim_socket *router;
    switch (c->thing) {
    case SYN:
        router = sim_socket_bound(link->endpoint);
        if (router == NULL)
            lane_put(link, &link->down, NOBODY, NULL, 0, 0);
        else
            ask_zap(link, router);
        break;
    case MESSAGE:
        if (link->router == NULL || link->routing == 0)
            break;
        memcpy(id + 1, &link->routing, sizeof link->routing);
        link->waiting++;
        messages++;
        sim_socket_put(link->router, id, sizeof id, true, NULL, NULL);
        sim_socket_put(link->router, c->bytes, c->len, false, link->user, link);
        break;
    case FIN:
        link->router = NULL; /* what it said is lost; what it was told was read before */
        link->routing = 0;
        lane_clear(&link->up);
        link->down.void_ = true;
        sim_fibers_poke();
        break;
    case LET_IN:
    case REFUSED:
    case NOBODY:
        VDR_ASSERT(false);
    }
}

static void
reach_client(sim_link *link, const carried *c)
{
    sim_socket *dealer = link->dealer;
    if (dealer == NULL)
        return;
    switch (c->thing) {
    case LET_IN:
        link->open = true;
        sim_socket_event(dealer, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        break;
    case MESSAGE:
        messages++;
        if (tap != NULL && !link->inside)
            tap(link->client, link->number, c->bytes, c->len);
        sim_socket_put(dealer, c->bytes, c->len, false, NULL, NULL);
        break;
    case REFUSED:
        sim_socket_event(dealer, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
        break;
    case NOBODY:
        sim_socket_event(dealer, ZMQ_EVENT_CLOSED);
        break;
    case FIN:
        link->open = false;
        link->up.void_ = true;
        sim_socket_event(dealer, ZMQ_EVENT_DISCONNECTED);
        break;
    case SYN:
        VDR_ASSERT(false);
    }
    sim_socket_news(dealer);
}

int64_t
sim_wire_next_us(void)
{
    int64_t next = SIM_NEVER;
    for (size_t i = 0; i < live_count; i++) {
        int64_t up = lane_due_us(&live[i]->up), down = lane_due_us(&live[i]->down);
        if (up < next && (up > sim_clock_us() || lane_brings(live[i], &live[i]->up)))
            next = up;
        if (down < next)
            next = down;
    }
    return next;
}

static void
note_soonest(const lane *l)
{
    if (lane_due_us(l) < soonest_us)
        soonest_us = lane_due_us(l);
}

size_t
sim_wire_due(void)
{
    size_t count = 0;
    if (sim_clock_us() < soonest_us)
        return 0;
    soonest_us = SIM_NEVER;
    for (size_t i = 0; i < live_count; i++) {
        note_soonest(&live[i]->up);
        note_soonest(&live[i]->down);
        count += lane_brings(live[i], &live[i]->up);
        count += lane_brings(live[i], &live[i]->down);
    }
    return count;
}

/* What operators are told has figures of the machine in it: how much memory there is. */
static void
trace(const sim_link *link, bool up, const carried *c)
{
    uint64_t which = link->number * 16 + (uint64_t)c->thing;
    if (!up && is_operators(link))
        sim_trace("to operator", which, 0);
    else
        sim_trace_bytes(up ? "to broker" : "to client", which, c->bytes, c->len);
}

void
sim_wire_arrive(size_t which)
{
    for (size_t i = 0; i < live_count; i++) {
        sim_link *link = live[i];
        lane *lanes[] = {&link->up, &link->down};
        for (int way = 0; way < 2; way++) {
            if (!lane_brings(link, lanes[way]) || which-- != 0)
                continue;
            carried c = lanes[way]->things[lanes[way]->first++];
            trace(link, way == 0, &c);
            if (way == 0)
                reach_broker(link, &c);
            else
                reach_client(link, &c);
            free(c.bytes);
            return;
        }
    }
    VDR_ASSERT(false);
}

/* ---- Breaks */

static void
forget_sockets(unsigned owner)
{
    for (sim_socket **place = &sim_sockets; *place != NULL;) {
        sim_socket *s = *place;
        if (s->owner == owner)
            *place = s->next; /* lost with its process */
        else
            place = &s->next;
    }
}

void
sim_wire_broker_gone(bool silent)
{
    for (size_t i = 0; i < live_count; i++) {
        sim_link *link = live[i];
        link->asked = false;
        if (link->inside) {
            link->dealer = link->router = NULL;
            lane_clear(&link->up);
            lane_clear(&link->down);
        } else if (link->router != NULL) {
            broker_side_goes(link, true, silent);
        }
    }
    forget_sockets(SIM_BROKER);
}

void
sim_wire_client_gone(unsigned client, bool silent)
{
    for (size_t i = 0; i < live_count; i++) {
        if (!live[i]->inside && live[i]->client == client && live[i]->dealer != NULL)
            client_side_goes(live[i], true, silent);
    }
    forget_sockets(client);
}

static sim_link *
some_link(void)
{
    size_t open = 0;
    for (size_t i = 0; i < live_count; i++)
        open += !live[i]->inside && live[i]->dealer != NULL && live[i]->router != NULL;
    if (open == 0)
        return NULL;
    size_t which = (size_t)sim_below(&dice, open), i = 0;
    while (live[i]->inside || live[i]->dealer == NULL || live[i]->router == NULL || which-- != 0)
        i++;
    return live[i];
}

static void
stall(lane *l, int64_t until_us)
{
    l->stall_us = until_us;
    for (size_t i = l->first; i < l->count; i++) {
        if (l->things[i].due_us < until_us)
            l->things[i].due_us = until_us;
    }
    if (l->last_us < until_us)
        l->last_us = until_us;
}

void
sim_wire_let_in_look(void (*look)(const uint8_t *public_key))
{
    for (size_t i = 0; i < live_count; i++) {
        if (!live[i]->inside && live[i]->dealer != NULL && live[i]->router != NULL && live[i]->routing != 0)
            look(live[i]->public_key);
    }
}

bool
sim_wire_break(sim_break how)
{
    sim_link *link = some_link();
    if (link == NULL)
        return false;
    bool up = sim_below(&dice, 2) == 0, both = sim_below(&dice, 2) == 0;
    sim_trace("break", link->number, (uint64_t)how);
    switch (how) {
    case SIM_BREAK_RESET:
    case SIM_BREAK_HALF_OPEN:
        lane_lose(&link->up);
        lane_lose(&link->down);
        if (how == SIM_BREAK_RESET || (!both && up))
            lane_put(link, &link->up, FIN, NULL, 0, 0);
        else /* libzmq's own heartbeats find it out */
            lane_put(link, &link->up, FIN, NULL, 0, silence_us());
        if (how == SIM_BREAK_RESET || (!both && !up))
            lane_put(link, &link->down, FIN, NULL, 0, 0);
        link->up.void_ = link->down.void_ = true;
        break;
    case SIM_BREAK_STALL:
        if (up || both)
            stall(&link->up, sim_clock_us() + sim_between(&dice, 1000, 8000000));
        if (!up || both)
            stall(&link->down, sim_clock_us() + sim_between(&dice, 1000, 8000000));
        break;
    }
    return true;
}

void
sim_wire_partition(int64_t until_us)
{
    sim_trace("partition", (uint64_t)until_us, 0);
    partition_us = until_us;
    for (size_t i = 0; i < live_count; i++) {
        if (live[i]->inside)
            continue;
        stall(&live[i]->up, until_us);
        stall(&live[i]->down, until_us);
    }
}

void
sim_wire_heal(void)
{
    calm = true;
    partition_us = 0;
}
