/* A worker of the bench: some publishers in one process, each an agency with its own key and session. */
#undef _GNU_SOURCE
#define _GNU_SOURCE 1 /* ppoll */

#include "clients/cli/bench.h"

#include "proto/codec.h"
#include "proto/time.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define PUBLISHERS_MAX 64u
#define SENT_RING      (2u * VDR_BENCH_WINDOW_MAX)
#define TYPES_MAX      64u
#define TICK_NS        1000000 /* open loop: what fell due is sent so often */

typedef struct publisher {
    const vdr_bench_load *load;
    vdr_client *client;
    vdr_bench_count *count;
    unsigned number; /* of all publishers */
    uint32_t agency; /* of the configuration */
    vdr_span types[TYPES_MAX];
    size_t type_count;
    uint64_t made;
    uint64_t random;
    int64_t *sent_ns; /* by item number: when it was meant to be sent */
    bool measure;
} publisher_state;

/* SplitMix64: the same load for the same arguments. */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A made-up BSN for each number, that passes the elfproef. Where the check digit would be 10 the eighth
 * digit goes up by one, which moves the sum by 2. */
static void
bsn_of(uint64_t number, char ret_bsn[9])
{
    uint64_t base = 10000000 + number * 2;
    for (;; base++) {
        uint64_t rest = base;
        unsigned sum = 0;
        for (int i = 7; i >= 0; i--) {
            ret_bsn[i] = (char)('0' + rest % 10);
            sum += (unsigned)(9 - i) * (unsigned)(rest % 10);
            rest /= 10;
        }
        if (sum % 11 != 10) {
            ret_bsn[8] = (char)('0' + sum % 11);
            return;
        }
    }
}

static void
on_result(void *context, const vdr_client_result *result)
{
    publisher_state *p = context;
    p->count->answered++;
    if (!p->measure)
        return;
    int64_t took_ns = vdr_bench_now_ns() - p->sent_ns[result->number % SENT_RING];
    p->count->others += p->number != 0;
    vdr_histogram_add(&p->count->latency_us, took_ns > 0 ? (uint64_t)took_ns / 1000 : 0);
    p->count->accepted += result->err == VDR_E_ACCEPTED;
    p->count->duplicates += result->err == VDR_E_DUPLICATE;
    if (result->err != VDR_E_ACCEPTED && result->err != VDR_E_DUPLICATE) {
        p->count->refused++;
        p->count->refusal = result->err;
    }
}

/* At least digits of them, from the left. Returns where they end. */
static char *
put_number(char *at, uint64_t number, int digits)
{
    char text[20];
    int count = 0;
    for (; number != 0 || count < digits; number /= 10)
        text[count++] = (char)('0' + number % 10);
    while (count > 0)
        *at++ = text[--count];
    return at;
}

/* The texts that an item points to. */
typedef struct signal_texts {
    char id[64], time[VDR_TIME_TEXT_BYTES], bsn[9], bag[16];
    vdr_wire_person person;
    vdr_wire_address address;
    vdr_wire_typed typed;
} signal_texts;

/* Mostly the agency's own households: one in a hundred is another's too, as in a real town most households
 * are known to one agency only. */
static uint64_t
choose_household(const publisher_state *p, uint64_t random)
{
    const vdr_bench_load *load = p->load;
    uint64_t h = (random >> 8) % load->households;
    if (random % 100 != 0)
        h = h - h % load->publishers + p->number;
    if (h >= load->households)
        h = p->number % load->households;
    return p->number == 0 && atomic_load_explicit(&load->shared->hot, memory_order_relaxed) ? 0 : h;
}

/* household: UINT64_MAX for any. */
static void
make_signal(publisher_state *p, uint64_t household, signal_texts *ret_texts)
{
    signal_texts *texts = ret_texts;
    uint64_t random = next_random(&p->random);
    uint64_t h = household != UINT64_MAX ? household : choose_household(p, random);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    vdr_time_format(now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000, texts->time);
    bsn_of(h, texts->bsn);
    memcpy(texts->bag, "9901", 4);
    put_number(texts->bag + 4, h % 1000000000000, 12);
    char *end = texts->id;
    *end++ = 'b';
    end = put_number(end, p->load->run, 1);
    *end++ = '-';
    end = put_number(end, p->number, 1);
    *end++ = '-';
    end = put_number(end, p->made, 1);
    texts->person =
        (vdr_wire_person){.bsn = vdr_span_of(texts->bsn, sizeof texts->bsn), .role = vdr_span_str("youth")};
    texts->address = (vdr_wire_address){.bag = vdr_span_of(texts->bag, sizeof texts->bag),
                                        .buurt = vdr_span_str("BU99010101")};
    texts->typed = (vdr_wire_typed){.id = vdr_span_of(texts->id, (size_t)(end - texts->id)),
                                    .source = p->load->config->agencies[p->agency].source,
                                    .type = p->types[(random >> 40) % p->type_count],
                                    .time = vdr_span_of(texts->time, sizeof texts->time),
                                    .municipality = p->load->config->municipality,
                                    .persons = &texts->person,
                                    .person_count = 1,
                                    .address = &texts->address};
}

/* False: the library takes no more now. */
static bool
publish(publisher_state *p, uint64_t household, int64_t meant_ns)
{
    vdr_client_state state;
    signal_texts texts;
    uint64_t number;
    vdr_client_state_get(p->client, &state);
    if (state.unanswered >= p->load->window)
        return false; /* nothing is made that would not be taken */
    make_signal(p, household, &texts);
    vdr_wire_item item = {.typed = &texts.typed};
    if (vdr_client_publish_async(p->client, &item, 1, &number) != VDR_OK)
        return false;
    p->sent_ns[number % SENT_RING] = meant_ns;
    p->made++;
    return true;
}

/* ---- Phases ---- */

typedef struct worker {
    const vdr_bench_load *load;
    unsigned number;
    publisher_state *publishers;
    unsigned count;
    struct pollfd fds[PUBLISHERS_MAX];
} worker_state;

/* Lets the library work; sleeps until it has more to do, at most max_ns. */
static void
work(worker_state *w, int64_t max_ns)
{
    int64_t sleep_ns = max_ns;
    for (unsigned i = 0; i < w->count; i++) {
        vdr_client_process(w->publishers[i].client);
        if (vdr_client_timeout_ms(w->publishers[i].client) == 0)
            sleep_ns = 0;
    }
    struct timespec timeout = {.tv_nsec = (long)sleep_ns};
    if (sleep_ns > 0)
        ppoll(w->fds, w->count, &timeout, NULL);
}

/* Each publisher's window is kept full. */
static void
saturate(worker_state *w, int64_t until_ns)
{
    for (int64_t now; (now = vdr_bench_now_ns()) < until_ns;) {
        for (unsigned i = 0; i < w->count; i++) {
            publisher_state *p = &w->publishers[i];
            p->measure = now >= w->load->shared->warm_ns;
            while (publish(p, UINT64_MAX, vdr_bench_now_ns()))
                continue;
        }
        work(w, 10 * TICK_NS);
    }
}

/* What a tick makes late is counted: a signal's time runs from when it fell due. A frame's signals fall due together,
 * as an agency has them that sends batches. */
static void
at_rate(worker_state *w, int64_t until_ns)
{
    VDR_ASSERT(w->count != 0); /* there are no more workers than publishers */
    unsigned batch = w->load->batch;
    double per_ns = (double)w->load->shared->rate_per_s * w->count / w->load->publishers / 1e9;
    int64_t from = vdr_bench_now_ns(), tick = from + TICK_NS * (w->number + 1) / w->load->workers;
    uint64_t sent = 0;
    for (int64_t now; (now = vdr_bench_now_ns()) < until_ns;) {
        while (now >= tick)
            tick += TICK_NS;
        for (uint64_t frame; frame = sent / batch, (double)(frame * batch) < (double)(now - from) * per_ns;) {
            publisher_state *p = &w->publishers[frame % w->count];
            int64_t meant = from + (int64_t)((double)(frame * batch) / per_ns);
            p->measure = meant >= w->load->shared->warm_ns;
            if (!publish(p, UINT64_MAX, meant))
                break; /* the window is full: it stays due, and its wait counts */
            sent++;
        }
        while ((now = vdr_bench_now_ns()) < tick)
            work(w, tick - now);
    }
}

static void
one_in_flight(worker_state *w, int64_t until_ns)
{
    publisher_state *p = &w->publishers[0];
    for (int64_t now; w->number == 0 && (now = vdr_bench_now_ns()) < until_ns;) {
        uint64_t answered = p->count->answered;
        p->measure = now >= w->load->shared->warm_ns;
        if (!publish(p, UINT64_MAX, now))
            break;
        while (p->count->answered == answered && vdr_bench_now_ns() < until_ns)
            vdr_client_wait(p->client, 100);
    }
    while (vdr_bench_now_ns() < until_ns)
        work(w, TICK_NS);
}

/* One signal for each household of this worker's publishers. */
static void
fill(worker_state *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        publisher_state *p = &w->publishers[i];
        p->measure = false;
        for (uint64_t h = p->number; h < w->load->households;) {
            if (publish(p, h, 0))
                h += w->load->publishers;
            else
                work(w, TICK_NS);
        }
    }
}

static bool
drain(worker_state *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (vdr_client_flush(w->publishers[i].client, 60000) != VDR_OK)
            return false;
        w->publishers[i].measure = false;
    }
    return true;
}

/* False: no agency may send anything. */
static bool
choose_agency(publisher_state *p)
{
    const vdr_config *config = p->load->config;
    p->agency = p->number % (uint32_t)config->agency_count;
    /* An agency that may send nothing gives its place to the next. */
    for (size_t tried = 0; p->type_count == 0 && tried < config->agency_count; tried++) {
        const vdr_config_agency *agency = &config->agencies[p->agency];
        for (size_t t = 0; t < config->type_count && p->type_count < TYPES_MAX; t++) {
            for (size_t k = 0; k < config->types[t].agencies.count; k++) {
                if (vdr_span_equal(config->types[t].agencies.at[k], agency->kind))
                    p->types[p->type_count++] = config->types[t].id;
            }
        }
        if (p->type_count == 0)
            p->agency = (p->agency + 1) % (uint32_t)config->agency_count;
    }
    return p->type_count != 0;
}

static bool
open_publisher(publisher_state *p, void *context)
{
    const vdr_config *config = p->load->config;
    if (!choose_agency(p))
        return false;
    char as[VDR_CONF_NAME_MAX + 16];
    snprintf(as, sizeof as, "agency:%.*s", (int)config->agencies[p->agency].id.len,
             (const char *)config->agencies[p->agency].id.at);
    vdr_cli_link link = {.home = p->load->home, .as = as, .timeout_ms = 30000};
    vdr_client_options options = {.context = p,
                                  .on_result = on_result,
                                  .unanswered_max = p->load->window,
                                  .frame_items = p->load->batch,
                                  .zmq_context = context,
                                  .name = "bench"};
    p->sent_ns = calloc(SENT_RING, sizeof *p->sent_ns);
    p->random = p->number + 1;
    return p->sent_ns != NULL &&
           vdr_cli_link_open(&vdr_cli_bench, &link, &options, true, &p->client) == VDR_EXIT_OK;
}

static void
phases(worker_state *w)
{
    vdr_bench_shared *shared = w->load->shared;
    for (unsigned seen = 0;;) {
        unsigned round = atomic_load(&shared->round);
        if (round == seen) {
            work(w, TICK_NS);
            continue;
        }
        seen = round;
        int phase = atomic_load(&shared->phase);
        if (phase == VDR_BENCH_END)
            return;
        if (phase == VDR_BENCH_FILL)
            fill(w);
        else if (phase == VDR_BENCH_SATURATE)
            saturate(w, shared->until_ns);
        else if (phase == VDR_BENCH_RATE)
            at_rate(w, shared->until_ns);
        else if (phase == VDR_BENCH_ONE)
            one_in_flight(w, shared->until_ns);
        if (!drain(w))
            atomic_store(&shared->failed, 1);
        atomic_fetch_add(&shared->ready, 1);
    }
}

size_t
vdr_bench_frame_bytes(const vdr_bench_load *load)
{
    publisher_state p = {.load = load, .made = 100000};
    signal_texts texts;
    vdr_bytes bytes = {0};
    if (!choose_agency(&p))
        return 0;
    make_signal(&p, 0, &texts);
    vdr_err err = vdr_item_encode(&(vdr_wire_item){.typed = &texts.typed}, &bytes);
    size_t count = err == VDR_OK ? vdr_publish_item_bytes(bytes.len) + VDR_PUBLISH_BYTES_MAX : 0;
    vdr_bytes_done(&bytes);
    return count;
}

int
vdr_bench_worker(const vdr_bench_load *load, unsigned number)
{
    static publisher_state publishers[PUBLISHERS_MAX];
    worker_state w = {.load = load, .number = number, .publishers = publishers};
    void *context = zmq_ctx_new();
    for (unsigned i = number; i < load->publishers; i += load->workers) {
        publisher_state *p = &publishers[w.count];
        *p = (publisher_state){.load = load, .count = &load->shared->counts[number], .number = i};
        if (!open_publisher(p, context)) {
            atomic_store(&load->shared->failed, 1);
            return VDR_EXIT_FAILED;
        }
        w.fds[w.count++] = (struct pollfd){.fd = vdr_client_fd(p->client), .events = POLLIN};
    }
    atomic_fetch_add(&load->shared->ready, 1);
    phases(&w);
    for (unsigned i = 0; i < w.count; i++) {
        vdr_client_close(&publishers[i].client);
        free(publishers[i].sent_ns);
    }
    zmq_ctx_term(context);
    return VDR_EXIT_OK;
}
