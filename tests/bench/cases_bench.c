/* What a town pays for cases that nobody accepts: every household has one, all offers expire, places are few.
 *
 *     cmake --preset release && cmake --build build/release --target cases_bench
 *     build/release/tests/bench/cases_bench [REGISSEURS CASES DAYS]      (160 regisseurs; 5000 20000 cases; 30)
 *
 * Each regisseur has room for four offers and an offer stands for three days, so of the cases most wait: some
 * for any place, some only for those few who have not refused them. Afterwards time passes, hour by hour. "looks" are
 * the cases looked at, and the branches to them; "worst" is the longest hour. Time is of this thread. */
#include "broker/core/core.h"
#include "broker/core/view.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define T0      (20000 * VDR_DAY_MS)
#define HOUR_MS (VDR_DAY_MS / 24)
#define SPAN(text)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
#define ROOM 4

static const vdr_span kinds[] = {SPAN("police")}, purposes[] = {SPAN("safety")}, coordinators[] = {SPAN("c")};
static const vdr_config_agency agencies[] = {
    {SPAN("police"), SPAN("police"), SPAN("urn:police"), true, {.id = {NULL, 0}}}};
static const vdr_config_service services[] = {{SPAN("team"), {NULL, 0}, true}};
static const vdr_config_domain domains[] = {{SPAN("safety"), SPAN("home"), false}};
static const vdr_config_type types[] = {{SPAN("violence"),
                                         SPAN("safety"),
                                         SPAN("safety"),
                                         SPAN("law"),
                                         {kinds, 1},
                                         4,
                                         VDR_SIGNAL_EVENT,
                                         60 * VDR_DAY_MS,
                                         3650 * VDR_DAY_MS,
                                         0}};
static const vdr_config_rule rules[] = {{.id = SPAN("violence"),
                                         .level = VDR_LEVEL_CASE,
                                         .priority = VDR_PRIORITY_NORMAL,
                                         .purposes = {purposes, 1},
                                         .at_least = {[VDR_MEASURE_SIGNALS] = 1},
                                         .fingerprint = {{1}}}};

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static vdr_config
config_of(vdr_config_regisseur *regisseurs, char (*names)[16], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "r-%u", (unsigned)i);
        regisseurs[i] = (vdr_config_regisseur){
            .id = vdr_span_str(names[i]), .everywhere = true, .capacity = ROOM, .hard_capacity = ROOM};
    }
    return (vdr_config){.municipality = SPAN("GM1"),
                        .address_match = VDR_ADDRESS_JOIN,
                        .persons_max = 12,
                        .late_ms = 60 * VDR_DAY_MS,
                        .retry_ms = HOUR_MS,
                        .retain_cases_ms = 1825 * VDR_DAY_MS,
                        .accept_ms = {0, 3 * VDR_DAY_MS, VDR_DAY_MS, VDR_DAY_MS / 6},
                        .retain_max_ms = 3650 * VDR_DAY_MS,
                        .agencies = agencies,
                        .agency_count = 1,
                        .services = services,
                        .service_count = 1,
                        .regisseurs = regisseurs,
                        .regisseur_count = count,
                        .coordinators = {coordinators, 1},
                        .domains = domains,
                        .domain_count = 1,
                        .types = types,
                        .type_count = 1,
                        .rules = rules,
                        .rule_count = 1,
                        .fingerprint = {{1}}};
}

static void
step(vdr_core *core, const vdr_command *command, vdr_position *inout_position)
{
    vdr_step ret;
    vdr_core_step(core, command, *inout_position + 1, &ret);
    *inout_position += ret.record || ret.tick;
}

/* One signal about a household of its own: a case. */
static void
propose(vdr_core *core, uint64_t number, vdr_ms at, vdr_position *inout_position)
{
    char id[24];
    vdr_command_person person = {.role = {0}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(person.key.bytes, &mixed, sizeof mixed);
    (void)snprintf(id, sizeof id, "s-%llu", (unsigned long long)number);
    vdr_command command = {.kind = VDR_COMMAND_SIGNAL,
                           .at = at,
                           .id = vdr_span_str(id),
                           .source = agencies[0].source,
                           .type = types[0].id,
                           .time = at,
                           .digest = person.key,
                           .id_hash = mixed,
                           .municipality = SPAN("GM1"),
                           .occurred_at = at,
                           .persons = &person,
                           .person_count = 1,
                           .act_before = VDR_MS_NONE};
    step(core, &command, inout_position);
}

static void
measure(size_t regisseur_count, uint64_t cases, unsigned days)
{
    vdr_config_regisseur *regisseurs = vdr_alloc(regisseur_count, sizeof *regisseurs);
    char(*names)[16] = vdr_alloc(regisseur_count, sizeof *names);
    vdr_config config = config_of(regisseurs, names, regisseur_count);
    vdr_core *core = vdr_core_new();
    vdr_position position = 0;
    vdr_core_counts before, after;
    vdr_command first = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = &config};
    step(core, &first, &position);

    double from = now_ns();
    for (uint64_t i = 0; i < cases; i++)
        propose(core, i, T0 + (vdr_ms)(i * (uint64_t)VDR_DAY_MS / cases), &position);
    double proposing = now_ns() - from, worst = 0;
    vdr_view_counts(core, &before);
    from = now_ns();
    for (vdr_ms hour = 25; hour < 24 + 24 * (vdr_ms)days; hour++) {
        double begun = now_ns();
        vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = T0 + hour * HOUR_MS};
        step(core, &tick, &position);
        if (now_ns() - begun > worst)
            worst = now_ns() - begun;
    }
    double passing = now_ns() - from;
    vdr_view_counts(core, &after);
    printf("%10zu %9llu %10llu %9.0f %13.1f %9.2f %12llu\n", regisseur_count, (unsigned long long)cases,
           (unsigned long long)after.unassigned, proposing / (double)cases, passing / 1e6, worst / 1e6,
           (unsigned long long)(after.looks - before.looks));
    vdr_core_free(&core);
    free(regisseurs);
    free(names);
}

int
main(int argc, char **argv)
{
    printf("regisseurs     cases unassigned  a case ns  all hours ms  worst ms        looks\n");
    if (argc == 4) {
        measure(strtoul(argv[1], NULL, 10), strtoull(argv[2], NULL, 10),
                (unsigned)strtoul(argv[3], NULL, 10));
        return 0;
    }
    if (argc != 1) {
        (void)fprintf(stderr, "usage: cases_bench [REGISSEURS CASES DAYS]\n");
        return 2;
    }
    measure(160, 5000, 30);
    measure(160, 20000, 30);
    return 0;
}
