/* A worker of the bench: some publishers in one process, each an agency with its own key and session. */
#undef _GNU_SOURCE
#define _GNU_SOURCE 1 /* ppoll */

#include "clients/cli/bench.h"

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
#define SENT_RING      16384u /* more than the library takes unanswered */
#define TYPES_MAX      64u

typedef struct publisher {
    const vdr_bench_load *load;
    vdr_client *client;
    vdr_bench_count *count;
    unsigned number; /* of all publishers */
    uint32_t agency; /* of the configuration */
    vdr_span types[TYPES_MAX];
    size_t type_count;
    uint64_t made, answered;
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
    p->answered++;
    atomic_fetch_add_explicit(&p->load->shared->answered, 1, memory_order_relaxed);
    if (!p->measure)
        return;
    int64_t took_ns = vdr_bench_now_ns() - p->sent_ns[result->number % SENT_RING];
    vdr_histogram_add(&p->count->latency_us, took_ns > 0 ? (uint64_t)took_ns / 1000 : 0);
    p->count->accepted += result->err == VDR_E_ACCEPTED;
    p->count->duplicates += result->err == VDR_E_DUPLICATE;
    if (result->err != VDR_E_ACCEPTED && result->err != VDR_E_DUPLICATE) {
        p->count->refused++;
        p->count->refusal = result->err;
    }
}

/* Up to count signals; how many the library took. household: UINT64_MAX for any. */
static size_t
publish(publisher_state *p, size_t count, uint64_t household, int64_t meant_ns)
{
    static const vdr_span municipality_role = {(const uint8_t *)"youth", 5};
    char id[64], time_text[VDR_TIME_TEXT_BYTES], bsn[9], bag[17];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    vdr_time_format(now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000, time_text);
    const vdr_bench_load *load = p->load;
    for (size_t i = 0; i < count; i++) {
        uint64_t r = next_random(&p->random), h = household;
        if (h == UINT64_MAX) {
            /* Mostly the agency's own households: one in a hundred is another's too, as in a real town most
             * households are known to one agency only. */
            h = (r >> 8) % load->households;
            if (r % 100 != 0)
                h = h - h % load->publishers + p->number;
            if (h >= load->households)
                h = p->number % load->households;
            if (load->hot && p->number == 0)
                h = 0;
        }
        bsn_of(h, bsn);
        snprintf(bag, sizeof bag, "9901%012llu", (unsigned long long)h % 1000000000000);
        int id_len = snprintf(id, sizeof id, "b%llx-%u-%llu", (unsigned long long)load->run, p->number,
                              (unsigned long long)p->made);
        vdr_wire_person person = {.bsn = vdr_span_of(bsn, 9), .role = municipality_role};
        vdr_wire_address address = {.bag = vdr_span_of(bag, 16), .buurt = vdr_span_str("BU99010101")};
        vdr_wire_typed typed = {.id = vdr_span_of(id, (size_t)id_len),
                                .source = load->config->agencies[p->agency].source,
                                .type = p->types[(r >> 40) % p->type_count],
                                .time = vdr_span_of(time_text, sizeof time_text),
                                .municipality = load->config->municipality,
                                .persons = &person,
                                .person_count = 1,
                                .address = &address};
        vdr_wire_item item = {.typed = &typed};
        uint64_t number;
        if (vdr_client_publish_async(p->client, &item, 1, &number) != VDR_OK)
            return i;
        p->sent_ns[number % SENT_RING] = meant_ns;
        p->made++;
    }
    return count;
}

/* ---- Phases ---- */

typedef struct worker {
    const vdr_bench_load *load;
    unsigned number;
    publisher_state *publishers;
    unsigned count;
    struct pollfd fds[PUBLISHERS_MAX];
} worker_state;

/* Lets the library work; sleeps at most max_us when nothing is to do. */
static void
work(worker_state *w, int64_t max_us)
{
    int64_t timeout_us = max_us;
    for (unsigned i = 0; i < w->count; i++) {
        vdr_client_process(w->publishers[i].client);
        if (vdr_client_timeout_ms(w->publishers[i].client) == 0)
            timeout_us = 0;
    }
    struct timespec timeout = {.tv_nsec = (long)(timeout_us * 1000)};
    if (timeout_us != 0)
        ppoll(w->fds, w->count, &timeout, NULL);
}

static void
saturate(worker_state *w, int64_t until_ns)
{
    unsigned batch = w->load->batch;
    for (int64_t now; (now = vdr_bench_now_ns()) < until_ns;) {
        bool taken = false;
        for (unsigned i = 0; i < w->count; i++) {
            publisher_state *p = &w->publishers[i];
            p->measure = now >= w->load->shared->warm_ns;
            for (unsigned n = 0; n < 1024; n += batch) {
                if (publish(p, batch, UINT64_MAX, now) < batch)
                    break;
                taken = true;
                vdr_client_process(p->client); /* a frame goes */
            }
        }
        work(w, taken ? 0 : 500);
    }
}

static void
at_rate(worker_state *w, int64_t until_ns)
{
    double per_ns = (double)w->load->shared->rate_per_s * w->count / w->load->publishers / 1e9;
    int64_t from = vdr_bench_now_ns();
    uint64_t sent = 0;
    for (int64_t now; (now = vdr_bench_now_ns()) < until_ns;) {
        while (sent < (uint64_t)((double)(now - from) * per_ns)) {
            publisher_state *p = &w->publishers[sent % w->count];
            int64_t meant = from + (int64_t)((double)sent / per_ns);
            p->measure = meant >= w->load->shared->warm_ns;
            if (publish(p, 1, UINT64_MAX, meant) == 0)
                break; /* the window is full: it stays due, and its wait counts */
            sent++;
            if (w->load->batch == 1)
                vdr_client_process(p->client);
        }
        work(w, 200);
    }
}

static void
one_in_flight(worker_state *w, int64_t until_ns)
{
    publisher_state *p = &w->publishers[0];
    for (int64_t now; w->number == 0 && (now = vdr_bench_now_ns()) < until_ns;) {
        uint64_t answered = p->answered;
        p->measure = now >= w->load->shared->warm_ns;
        if (publish(p, 1, UINT64_MAX, now) != 1)
            break;
        while (p->answered == answered && vdr_bench_now_ns() < until_ns)
            vdr_client_wait(p->client, 100);
    }
    while (vdr_bench_now_ns() < until_ns)
        work(w, 1000);
}

/* One signal for each household of this worker's publishers. */
static void
fill(worker_state *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        publisher_state *p = &w->publishers[i];
        p->measure = false;
        for (uint64_t h = p->number; h < w->load->households;) {
            if (publish(p, 1, h, 0) == 1)
                h += w->load->publishers;
            else
                work(w, 500);
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

static bool
open_publisher(publisher_state *p, void *context)
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
    if (p->type_count == 0)
        return false;
    char as[VDR_CONF_NAME_MAX + 16];
    snprintf(as, sizeof as, "agency:%.*s", (int)config->agencies[p->agency].id.len,
             (const char *)config->agencies[p->agency].id.at);
    vdr_cli_link link = {.home = p->load->home, .as = as, .timeout_ms = 30000};
    vdr_client_options options = {.context = p,
                                  .on_result = on_result,
                                  .unanswered_max = 8192,
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
    for (int seen = VDR_BENCH_IDLE;;) {
        int phase = atomic_load(&shared->phase);
        if (phase == seen) {
            work(w, 1000);
            continue;
        }
        seen = phase;
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
        if (phase != VDR_BENCH_IDLE) {
            if (!drain(w))
                atomic_store(&shared->failed, 1);
            atomic_fetch_add(&shared->ready, 1);
        }
    }
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
