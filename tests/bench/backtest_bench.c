/* How long a back-test takes: records a second and bytes, over a made history of two years.
 *
 *     cmake --preset release && cmake --build build/release --target backtest_bench
 *     build/release/tests/bench/backtest_bench DIR [SIGNALS [HOUSEHOLDS [CONFIG_DIR]]]
 *                                                        (1000000, 0.3 of that, deploy/zomerdal)
 *
 * DIR must not be there; the store is made in it and stays. Each signal has 400 bytes of content. Whoever is offered
 * a case accepts it after a day and closes it after 120. Then it is back-tested twice: with the rules as they are
 * ("same"), and where cases need one domain less ("lower"). Seconds are of the wall: both threads work. */
#include "broker/history/backtest.h"
#include "broker/record/record.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define T0      (20000 * VDR_DAY_MS)
#define SPAN_MS (730 * VDR_DAY_MS)
#define GROUP   2000u
#define CONTENT 400u

typedef struct due {
    vdr_ms at;
    uint64_t number;
    char regisseur[64];
} due;

typedef struct queue {
    due *at;
    size_t first, count, size;
} queue;

typedef struct bench {
    vdr_core *core;
    const vdr_config *config;
    vdr_log *log;
    vdr_position next;
    queue accepts, closes;
    vdr_arena arena;
    vdr_bytes bytes; /* of the group */
    struct {
        size_t routing, routing_len, tale, tale_len;
        vdr_span content;
    } records[GROUP];
    size_t count;
    uint64_t acts;
} bench;

static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static vdr_key16
key_of(uint64_t number, uint64_t space)
{
    vdr_key16 key;
    uint64_t half[2] = {mix(number * 4 + space), mix(mix(number) + space)};
    memcpy(key.bytes, half, sizeof key.bytes);
    return key;
}

static double
now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(vdr_err err, const char *what)
{
    if (err == VDR_OK)
        return;
    (void)fprintf(stderr, "backtest_bench: %s: %s\n", what, vdr_err_text(err));
    exit(2);
}

/* ---- the log */

static void
flush(bench *b)
{
    static vdr_log_record records[GROUP];
    for (size_t i = 0; i < b->count; i++)
        records[i] = (vdr_log_record){
            .routing = vdr_span_of(b->bytes.at + b->records[i].routing, b->records[i].routing_len),
            .content = b->records[i].content,
            .tale = vdr_span_of(b->bytes.at + b->records[i].tale, b->records[i].tale_len)};
    if (b->count != 0)
        must(vdr_log_append(b->log, 1, b->next - b->count, records, b->count, NULL, 0), "append");
    b->count = b->bytes.len = 0;
}

static void
note_cases(bench *b, vdr_span tale)
{
    vdr_effect effect;
    vdr_decision line;
    uint32_t offset = 0;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        queue *q = effect.change == VDR_CHANGE_OFFERED    ? &b->accepts
                   : effect.change == VDR_CHANGE_ACCEPTED ? &b->closes
                                                          : NULL;
        if (effect.kind != VDR_EFFECT_CASE || q == NULL)
            continue;
        vdr_arena_reset(&b->arena);
        must(vdr_core_decision(b->core, &effect, &b->arena, &line), "decision");
        if (q->count == q->size) {
            q->size = q->size != 0 ? q->size * 2 : 1024;
            q->at = vdr_realloc(q->at, q->size, sizeof *q->at);
        }
        due *d = &q->at[q->count++];
        *d = (due){.at = effect.at + (q == &b->accepts ? 1 : 120) * VDR_DAY_MS,
                   .number = effect.case_id.number};
        (void)snprintf(d->regisseur, sizeof d->regisseur, "%.*s", (int)line.regisseur.len,
                       (const char *)line.regisseur.at);
    }
}

static void
put(bench *b, const vdr_command *command, vdr_span content)
{
    vdr_step step;
    vdr_core_step(b->core, command, b->next, &step);
    vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = step.at};
    if (!step.record && !step.tick)
        return;
    const vdr_command *kept = step.record ? command : &tick;
    size_t len = vdr_command_write(kept, NULL, 0);
    b->records[b->count].routing = b->bytes.len;
    b->records[b->count].routing_len = len;
    (void)vdr_command_write(kept, vdr_bytes_extend(&b->bytes, len), len);
    b->records[b->count].tale = b->bytes.len;
    b->records[b->count].tale_len = step.record ? step.tale.len : step.own;
    vdr_bytes_add(&b->bytes, vdr_span_of(step.tale.at, b->records[b->count].tale_len));
    b->records[b->count].content = step.record ? content : (vdr_span){0};
    b->count++;
    b->next++;
    note_cases(b, step.tale);
    if (b->count == GROUP)
        flush(b);
}

static void
act(bench *b, queue *q, vdr_act what, vdr_ms until)
{
    for (; q->first < q->count && q->at[q->first].at <= until; q->first++) {
        due d = q->at[q->first];
        char source[128], id[32];
        (void)snprintf(source, sizeof source, "urn:voordeur:regisseur:%s", d.regisseur);
        (void)snprintf(id, sizeof id, "act-%llu", (unsigned long long)++b->acts);
        const vdr_command command = {.kind = VDR_COMMAND_ACT,
                                     .at = d.at,
                                     .act = what,
                                     .time = d.at,
                                     .occurred_at = d.at,
                                     .act_before = VDR_MS_NONE,
                                     .id = vdr_span_str(id),
                                     .id_hash = mix(b->acts),
                                     .digest = key_of(b->acts, 3),
                                     .source = vdr_span_str(source),
                                     .case_id = {d.number},
                                     .municipality = b->config->municipality};
        put(b, &command, (vdr_span){0});
    }
}

static void
signal(bench *b, uint64_t number, uint64_t homes, vdr_ms at)
{
    static const uint8_t content[CONTENT] = {VDR_CONTENT_JSON};
    uint64_t home = number < homes ? number : mix(number ^ 0x5555) % homes;
    const vdr_config_type *type =
        &b->config->types[mix(number % 4 != 0 ? home : number) % b->config->type_count];
    const vdr_config_agency *agency = NULL;
    for (size_t i = 0, n = mix(home) % b->config->agency_count; i < b->config->agency_count && agency == NULL;
         i++)
        for (size_t k = 0; k < type->agencies.count; k++)
            if (vdr_span_equal(type->agencies.at[k],
                               b->config->agencies[(i + n) % b->config->agency_count].kind))
                agency = &b->config->agencies[(i + n) % b->config->agency_count];
    if (agency == NULL)
        return;
    vdr_command_person person = {.key = key_of(home, 0), .role = vdr_span_str("youth")};
    vdr_key16 address = key_of(home, 1);
    char id[40];
    (void)snprintf(id, sizeof id, "%016llx-%016llx", (unsigned long long)mix(number),
                   (unsigned long long)number);
    const vdr_command command = {.kind = VDR_COMMAND_SIGNAL,
                                 .at = at,
                                 .id = vdr_span_str(id),
                                 .source = agency->source,
                                 .type = type->id,
                                 .time = at,
                                 .digest = key_of(number, 2),
                                 .id_hash = mix(number),
                                 .municipality = b->config->municipality,
                                 .occurred_at = at,
                                 .persons = &person,
                                 .person_count = 1,
                                 .addresses = &address,
                                 .address_count = 1,
                                 .act_before = VDR_MS_NONE};
    put(b, &command, vdr_span_of(content, sizeof content));
}

static void
make_log(bench *b, const vdr_config_texts *texts, uint64_t signals, uint64_t homes)
{
    vdr_span content;
    vdr_arena arena;
    vdr_arena_init(&arena, 16u << 20);
    must(vdr_content_write_config(texts, &arena, &content), "content");
    const vdr_command first = {
        .kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = b->config, .texts = texts->text};
    put(b, &first, content);
    flush(b);
    for (uint64_t i = 0; i < signals; i++) {
        vdr_ms at = T0 + (vdr_ms)((double)SPAN_MS * (double)i / (double)signals);
        act(b, &b->accepts, VDR_ACT_CASE_ACCEPTED, at);
        act(b, &b->closes, VDR_ACT_CASE_CLOSED, at);
        signal(b, i, homes, at);
    }
    flush(b);
    vdr_arena_done(&arena);
}

/* ---- the back-test */

static void
measure(bench *b, const char *name, vdr_span rules, uint64_t signals)
{
    char words[VDR_HISTORY_WORDS];
    vdr_backtest_ask ask = {.since = VDR_MS_NONE};
    vdr_arena arena;
    vdr_rows rows;
    ask.candidate.name[VDR_CONFIG_RULES] = vdr_span_str("rules.yaml");
    ask.candidate.text[VDR_CONFIG_RULES] = rules;
    vdr_backtest *backtest = vdr_backtest_new(b->log, NULL, &ask);
    double from = now_s();
    vdr_err err = vdr_backtest_run(backtest, words);
    double took = now_s() - from;
    must(err, words);
    vdr_arena_init(&arena, 64u << 20);
    vdr_rows_begin(&rows, &arena);
    vdr_backtest_report(backtest, 3, &rows);
    printf("%-6s %8.1f s  %9.0f signals/s  differs %d ", name, took, (double)signals / took,
           vdr_backtest_differs(backtest));
    for (size_t i = 0; i < rows.count; i++)
        if (vdr_span_equal(rows.at[i].kind, vdr_span_str("cases")) ||
            vdr_span_equal(rows.at[i].kind, vdr_span_str("acts")))
            for (size_t n = 0; n < rows.at[i].number_count && n < 6; n++)
                printf(" %.*s %llu", (int)rows.at[i].numbers[n].name.len,
                       (const char *)rows.at[i].numbers[n].name.at,
                       (unsigned long long)rows.at[i].numbers[n].value);
    printf("\n");
    vdr_arena_done(&arena);
    vdr_backtest_free(&backtest);
}

int
main(int argc, char **argv)
{
    bench b = {.core = vdr_core_new(), .next = 1};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_arena arena;
    char words[VDR_HISTORY_WORDS];
    if (argc < 2)
        return 2;
    uint64_t signals = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    uint64_t homes = argc > 3 ? strtoull(argv[3], NULL, 10) : signals * 3 / 10;
    vdr_arena_init(&arena, 16u << 20);
    vdr_arena_init(&b.arena, 16u << 20);
    vdr_config_faults_init(&faults);
    must(vdr_config_texts_load(argc > 4 ? argv[4] : VDR_SOURCE_DIR "/deploy/zomerdal", &arena, &texts, words),
         "configuration");
    must(vdr_config_read(&texts, &faults, &config), "configuration");
    b.config = config;
    const vdr_log_options options = {.create = true};
    (void)mkdir(argv[1], 0700);
    must(vdr_log_open_lmdb(argv[1], &options, &b.log, words), words);
    double from = now_s();
    make_log(&b, &texts, signals, homes);
    printf("made   %8.1f s  %llu records\n", now_s() - from, (unsigned long long)b.next - 1);
    vdr_core_free(&b.core);
    measure(&b, "same", texts.text[VDR_CONFIG_RULES], signals);
    /* One domain less: the text is as long. */
    char *lower = (char *)vdr_alloc(texts.text[VDR_CONFIG_RULES].len + 1, 1);
    memcpy(lower, texts.text[VDR_CONFIG_RULES].at, texts.text[VDR_CONFIG_RULES].len);
    for (char *at = lower; (at = strstr(at, "{domains: 3")) != NULL; at++)
        at[10] = '2';
    measure(&b, "lower", vdr_span_str(lower), signals);
    free(lower);
    free(b.accepts.at);
    free(b.closes.at);
    vdr_bytes_done(&b.bytes);
    vdr_log_close(&b.log);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&b.arena);
    vdr_arena_done(&arena);
    return 0;
}
