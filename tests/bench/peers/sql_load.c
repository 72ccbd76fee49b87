/* PostgreSQL as the whole of it: signals in batches, each a transaction that takes duplicates out, finds the household, moves
 * its windows and opens cases (town.sql). Connections wait for their own answers only, as libpq's users do.
 *
 * usage: sql_load CONNECT_WORDS HOUSEHOLDS CONNECTIONS BATCH SECONDS
 *
 * The time of a signal is from when its batch is put together to when it is committed. */
#include "tests/bench/peers/load.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define BATCH_MAX       1000
#define DOMAINS         11
#define WARM_NS         INT64_C(1500000000)

typedef struct lane {
    PGconn *connection;
    unsigned number, connections, batch;
    uint64_t households, random, made;
    uint64_t counted, retried;
    load_histogram histogram;
    char *texts[5]; /* arrays as text: ids, persons, domains, times, bodies */
    size_t lens[5];
} lane;

static atomic_int phase; /* 0: warming up, 1: measured, 2: over */

static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Mostly the lane's own households, as `voordeur bench` has it: one in a hundred is another's too. */
static uint64_t
choose_household(const lane *l, uint64_t random)
{
    uint64_t h = (random >> 8) % l->households;
    if (random % 100 != 0)
        h = h - h % l->connections + l->number;
    return h < l->households ? h : l->number;
}

/* ---- Arrays in PostgreSQL's binary form: dimensions, nulls, type, length, lower bound, then each with its length ---- */

static void
put32(lane *l, int which, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                              (uint8_t)number};
    memcpy(l->texts[which] + l->lens[which], bytes, sizeof bytes);
    l->lens[which] += sizeof bytes;
}

static void
put64(lane *l, int which, uint64_t number)
{
    put32(l, which, (uint32_t)(number >> 32));
    put32(l, which, (uint32_t)number);
}

static void
begin_array(lane *l, int which, uint32_t type)
{
    l->lens[which] = 0;
    put32(l, which, 1);
    put32(l, which, 0);
    put32(l, which, type);
    put32(l, which, l->batch);
    put32(l, which, 1);
}

enum { IDS, PERSONS, DOMAIN_NUMBERS, TIMES, BODIES };
#define INT4  23
#define INT8  20
#define BYTEA 17

static void
make_batch(lane *l)
{
    static const uint32_t types[] = {INT8, INT8, INT4, INT8, BYTEA};
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < 5; i++)
        begin_array(l, i, types[i]);
    for (unsigned i = 0; i < l->batch; i++) {
        uint64_t random = next_random(&l->random);
        put32(l, IDS, 8);
        put64(l, IDS, l->made);
        put32(l, PERSONS, 8);
        put64(l, PERSONS, choose_household(l, random));
        put32(l, DOMAIN_NUMBERS, 4);
        put32(l, DOMAIN_NUMBERS, l->number % DOMAINS + 1);
        put32(l, TIMES, 8);
        put64(l, TIMES, (uint64_t)now.tv_sec);
        put32(l, BODIES, LOAD_MESSAGE_BYTES);
        load_message(l->texts[BODIES] + l->lens[BODIES], l->number, l->made++);
        l->lens[BODIES] += LOAD_MESSAGE_BYTES;
    }
}

/* False: it met another transaction on its way and must be sent again. */
static bool
send_batch(lane *l)
{
    char source[16];
    (void)snprintf(source, sizeof source, "%u", l->number + 1);
    const char *values[6] = {source};
    int lens[6] = {0}, forms[6] = {0};
    for (int i = 0; i < 5; i++) {
        values[i + 1] = l->texts[i];
        lens[i + 1] = (int)l->lens[i];
        forms[i + 1] = 1;
    }
    PGresult *result = PQexecPrepared(l->connection, "ingest", 6, values, lens, forms, 1);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good && (state == NULL || (strcmp(state, "40P01") != 0 && strcmp(state, "40001") != 0)))
        load_fail("%s", PQresultErrorMessage(result));
    PQclear(result);
    return good;
}

static void *
drive(void *context)
{
    lane *l = context;
    while (atomic_load(&phase) < 2) {
        int64_t from_ns = load_now_ns();
        make_batch(l);
        while (!send_batch(l))
            l->retried++;
        if (atomic_load(&phase) != 1)
            continue;
        load_histogram_add(&l->histogram, load_now_ns() - from_ns, l->batch);
        l->counted += l->batch;
    }
    return NULL;
}

static void
begin(lane *l, const char *words, uint64_t run)
{
    l->connection = PQconnectdb(words);
    if (PQstatus(l->connection) != CONNECTION_OK)
        load_fail("%s", PQerrorMessage(l->connection));
    PGresult *result = PQprepare(
        l->connection, "ingest",
        "select ingest($1::int, $2::bigint[], $3::bigint[], $4::int[], $5::bigint[], $6::bytea[])", 6, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        load_fail("%s", PQresultErrorMessage(result));
    PQclear(result);
    l->random = l->number * UINT64_C(7919) + run;
    l->made = run; /* ids of another run are others */
    for (int i = 0; i < 5; i++)
        l->texts[i] = malloc(20 + (size_t)l->batch * (i == BODIES ? 4 + LOAD_MESSAGE_BYTES : 12));
}

static void
rest_ns(int64_t until_ns)
{
    while (load_now_ns() < until_ns)
        (void)usleep(1000);
}

int
main(int count_words, char **words)
{
    static lane lanes[CONNECTIONS_MAX];
    pthread_t threads[CONNECTIONS_MAX];
    if (count_words != 6)
        load_fail("usage: sql_load CONNECT_WORDS HOUSEHOLDS CONNECTIONS BATCH SECONDS");
    uint64_t households = load_number(words[2], 1, UINT64_C(100000000));
    unsigned connections = (unsigned)load_number(words[3], 1, CONNECTIONS_MAX);
    unsigned batch = (unsigned)load_number(words[4], 1, BATCH_MAX);
    int64_t measure_ns = (int64_t)load_number(words[5], 1, 3600) * INT64_C(1000000000);
    uint64_t run = (uint64_t)time(NULL) * 1000000;
    for (unsigned i = 0; i < connections; i++) {
        lanes[i] = (lane){.number = i, .connections = connections, .batch = batch, .households = households};
        begin(&lanes[i], words[1], run);
    }
    for (unsigned i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, drive, &lanes[i]) != 0)
            load_fail("no thread");
    rest_ns(load_now_ns() + WARM_NS);
    int64_t from_ns = load_now_ns();
    atomic_store(&phase, 1);
    (void)fprintf(stderr, "measuring\n");
    rest_ns(from_ns + measure_ns);
    atomic_store(&phase, 2);
    int64_t took_ns = load_now_ns() - from_ns;
    uint64_t counted = 0;
    for (unsigned i = 0; i < connections; i++) {
        (void)pthread_join(threads[i], NULL);
        counted += lanes[i].counted;
        if (i > 0)
            load_histogram_merge(&lanes[0].histogram, &lanes[i].histogram);
        PQfinish(lanes[i].connection);
    }
    load_report(counted, (double)took_ns / 1e9, &lanes[0].histogram);
    return 0;
}
