/* tests/core_town.h - a small town for tests of the core, and a short way to step it and to say what is
 * expected.
 *
 * Every step is tried first (trial.h), which must tell the same and leave no trace. Then it is taken by two
 * cores. Their tales, mails and state hashes must be equal, every invariant must hold,
 * and each few steps the second is thrown away and loaded from an image of the first.
 *
 * Lines are written in a short form:   "s-1 accepted H1 new regular", "k-1 case_closed wrong_state",
 * "C1 H1 proposed unassigned normal - two s-1 s-2", "regisseur:anna case_offered C1", "H1 watch busy";
 * after them the hour since the town's beginning where it is not that of the command: "@12". */
#ifndef VDR_TESTS_CORE_TOWN_H
#define VDR_TESTS_CORE_TOWN_H

#include "broker/core/core.h"
#include "broker/core/trial.h"
#include "broker/core/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR    INT64_C(3600000)
#define DAY     (24 * HOUR)
#define TOWN_T0 (20000 * DAY) /* hour 0 */

#define NAMES(...)                                                                                           \
    {                                                                                                        \
        (const vdr_span[]){__VA_ARGS__}, sizeof((vdr_span[]){__VA_ARGS__}) / sizeof(vdr_span)                \
    }
#define S(text)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

/* ---- configuration: copies of this may be changed before they are stepped ---- */

static const vdr_config_agency town_agencies[] = {
    {S("school"), S("school"), S("urn:school"), true, {.id = {NULL, 0}}},
    {S("police"), S("police"), S("urn:police"), false, {.id = {NULL, 0}}},
    {S("housing"), S("housing"), S("urn:housing"), true, {.id = {NULL, 0}}},
    {S("register"), S("brp"), S("urn:register"), false, {.id = {NULL, 0}}},
};
static const vdr_config_service town_services[] = {
    {S("team"), {NULL, 0}, true},
    {S("debts"), NAMES(S("finances")), false},
};
static const vdr_config_regisseur town_regisseurs[] = {
    {S("anna"), {NULL, 0}, true, 2, 2, NAMES(S("education")), NULL, 0},
    {S("bram"), {NULL, 0}, true, 4, 4, {NULL, 0}, NULL, 0},
};
static const vdr_config_domain town_domains[] = {
    {S("education"), S("youth"), false},
    {S("safety"), S("home"), false},
    {S("finances"), S("money"), false},
};
static const vdr_config_type town_types[] = {
    {S("absence"), S("education"), S("youth"), S("law"), NAMES(S("school")), 2, VDR_SIGNAL_EVENT, 60 * DAY,
     100 * DAY, 10 * DAY},
    {S("violence"), S("safety"), S("safety"), S("law"), NAMES(S("police"), S("school")), 4, VDR_SIGNAL_EVENT,
     60 * DAY, 80 * DAY, 0},
    {S("arrears"), S("finances"), S("debt"), S("law"), NAMES(S("housing")), 2, VDR_SIGNAL_EVENT, 60 * DAY,
     100 * DAY, 0},
    {S("custody"), S("safety"), S("safety"), S("law"), NAMES(S("police")), 3, VDR_SIGNAL_STATE, 60 * DAY,
     100 * DAY, 0},
};
static const vdr_config_rule town_rules[] = {
    {.id = S("violence"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_NORMAL,
     .purposes = NAMES(S("safety")),
     .min_severity = 4,
     .at_least = {[VDR_MEASURE_SIGNALS] = 1},
     .fingerprint = {{1}}},
    {.id = S("grave"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_URGENT,
     .purposes = NAMES(S("safety")),
     .min_severity = 5,
     .at_least = {[VDR_MEASURE_SIGNALS] = 1},
     .fingerprint = {{2}}},
    {.id = S("debts"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_HIGH,
     .purposes = NAMES(S("debt")),
     .at_least = {[VDR_MEASURE_SIGNALS] = 2},
     .fingerprint = {{3}}},
    {.id = S("busy"),
     .level = VDR_LEVEL_WATCH,
     .purposes = NAMES(S("youth")),
     .at_least = {[VDR_MEASURE_SIGNALS] = 2},
     .fingerprint = {{4}}},
};
static const vdr_config_pair town_pairs[] = {{S("youth"), S("safety")}};
static const vdr_span town_coordinators[] = {S("piet"), S("saskia")};
static const vdr_span town_officers[] = {S("ada")};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const vdr_config town_config = {
    .municipality = S("GM1"),
    .address_match = VDR_ADDRESS_JOIN,
    .persons_max = 3,
    .future_ms = HOUR,
    .late_ms = 30 * DAY,
    .cooldown_ms = 20 * DAY,
    .sticky_ms = 0,
    .retry_ms = HOUR,
    .retain_cases_ms = 50 * DAY,
    .accept_ms = {0, 72 * HOUR, 24 * HOUR, 4 * HOUR},
    .retain_max_ms = 100 * DAY,
    .may_combine = town_pairs,
    .may_combine_count = COUNT(town_pairs),
    .agencies = town_agencies,
    .agency_count = COUNT(town_agencies),
    .services = town_services,
    .service_count = COUNT(town_services),
    .regisseurs = town_regisseurs,
    .regisseur_count = COUNT(town_regisseurs),
    .coordinators = {town_coordinators, COUNT(town_coordinators)},
    .privacy_officers = {town_officers, COUNT(town_officers)},
    .domains = town_domains,
    .domain_count = COUNT(town_domains),
    .types = town_types,
    .type_count = COUNT(town_types),
    .rules = town_rules,
    .rule_count = COUNT(town_rules),
    .fingerprint = {{1}},
};

/* ---- the town ---- */

typedef struct town {
    vdr_core *core, *twin;
    const vdr_config *config;
    vdr_position position;
    vdr_step step; /* of the last */
    double hour;   /* log time of the commands to come, since TOWN_T0 */
    unsigned steps, reload_every;
    char told[16384]; /* short form of the last step's tale */
    size_t told_len;
    void (*stepped)(struct town *t, const vdr_command *command); /* after each step; may be NULL */
} town;

static void town_say(town *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
town_say(town *t, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    int len = vsnprintf(t->told + t->told_len, sizeof t->told - t->told_len, format, rest);
    va_end(rest);
    assert_true(len >= 0 && (size_t)len < sizeof t->told - t->told_len);
    t->told_len += (size_t)len;
}

#define TEXT(span) (int)(span).len, (const char *)(span).at

static void
town_say_message(town *t, const vdr_decision *d)
{
    unsigned has = vdr_message_members_of(d->message);
    town_say(t, "%s:%.*s %s", vdr_party_kind_name(d->to_kind), TEXT(d->to),
             vdr_message_kind_name(d->message));
    if (has & VDR_HAS_CASE)
        town_say(t, " C%d", (int)d->case_id.number);
    if (has & VDR_HAS_SIGNAL)
        town_say(t, " %.*s", TEXT(d->signal.id));
    if (has & VDR_HAS_HOUSEHOLD)
        town_say(t, " H%d", (int)d->household.number);
    if (has & VDR_HAS_OTHER)
        town_say(t, " H%d", (int)d->other.number);
    if (has & VDR_HAS_RULE)
        town_say(t, " %.*s", TEXT(d->rule));
    for (size_t i = 0; i < d->agency_count; i++)
        town_say(t, " %.*s", TEXT(d->agencies[i]));
    if (has & VDR_HAS_RESULT)
        town_say(t, " %.*s", TEXT(d->result));
    if (has & VDR_HAS_REGISSEUR)
        town_say(t, " %.*s", TEXT(d->regisseur));
    if (has & VDR_HAS_BY && d->message == VDR_MESSAGE_NOTE_ANSWERED)
        town_say(t, " by %s:%.*s", vdr_party_kind_name(d->by_kind), TEXT(d->by));
}

static void
town_say_decision(town *t, const vdr_decision *d)
{
    switch (d->kind) {
    case VDR_DECISION_SIGNAL:
        town_say(t, "%.*s %s", TEXT(d->id), vdr_err_code(d->verdict));
        if (d->verdict == VDR_E_ACCEPTED)
            town_say(t, " H%d %s %s", (int)d->household.number, vdr_match_name(d->match),
                     vdr_outcome_name(d->outcome));
        if (d->outcome == VDR_OUTCOME_ATTACHED)
            town_say(t, " C%d", (int)d->case_id.number);
        break;
    case VDR_DECISION_COMMAND:
        town_say(t, "%.*s %s %s", TEXT(d->id), vdr_act_name(d->act), vdr_err_code(d->verdict));
        break;
    case VDR_DECISION_CASE:
        town_say(t, "C%d H%d %s %s %s ", (int)d->case_id.number, (int)d->household.number,
                 vdr_change_name(d->change), vdr_case_state_name(d->state), vdr_priority_name(d->priority));
        town_say(t, "%.*s", d->regisseur.at != NULL ? (int)d->regisseur.len : 1,
                 d->regisseur.at != NULL ? (const char *)d->regisseur.at : "-");
        for (size_t i = 0; i < d->rule_count; i++)
            town_say(t, " %.*s", TEXT(d->rules[i]));
        for (size_t i = 0; i < d->signal_count; i++)
            town_say(t, " %.*s", TEXT(d->signals[i].id));
        break;
    case VDR_DECISION_MESSAGE:
        town_say_message(t, d);
        break;
    case VDR_DECISION_WATCH:
        town_say(t, "H%d watch %.*s", (int)d->household.number, TEXT(d->rule));
        break;
    }
}

/* The tale in its short form; each message must be where its mail says. */
static void
town_tell(town *t)
{
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 20);
    uint32_t offset = 0;
    size_t mail = 0;
    vdr_effect effect;
    vdr_decision decision;
    vdr_err err;
    t->told_len = 0;
    t->told[0] = 0;
    while ((err = vdr_effect_next(t->step.tale, &offset, &effect)) == VDR_OK) {
        if (effect.kind == VDR_EFFECT_MESSAGE) {
            assert_true(mail < t->step.mail_count);
            assert_int_equal(t->step.mails[mail].offset, effect.offset);
            assert_int_equal(t->step.mails[mail].mailbox, effect.mailbox);
            assert_int_equal(t->step.mails[mail].seq, effect.seq);
            mail++;
        }
        assert_int_equal(vdr_core_decision(t->core, &effect, &arena, &decision), VDR_OK);
        town_say_decision(t, &decision);
        if (decision.at != t->step.at)
            town_say(t, " @%g", (double)(decision.at - TOWN_T0) / (double)HOUR);
        town_say(t, "\n");
    }
    assert_int_equal(err, VDR_E_END);
    assert_int_equal(mail, t->step.mail_count);
    vdr_arena_done(&arena);
}

/* An image of one core, loaded into a new one. */
static vdr_core *
town_copy(vdr_core *core, const vdr_config *config)
{
    vdr_core *copy = vdr_core_new();
    vdr_position position;
    uint64_t blocks, count = 0;
    vdr_core_block block;
    vdr_core_image_begin(core);
    vdr_span head = vdr_core_image_head(core, &position, &blocks);
    assert_int_equal(position, vdr_core_position(core));
    assert_int_equal(vdr_core_load_begin(copy, head), VDR_OK);
    for (; vdr_core_image_next(core, true, &block); count++)
        assert_int_equal(vdr_core_load_block(copy, block), VDR_OK);
    assert_int_equal(count, blocks);
    vdr_core_image_end(core, true);
    assert_int_equal(vdr_core_load_end(copy, config), VDR_OK);
    return copy;
}

/* Tries a command: the tale, to be freed; NULL: it cannot be tried. The state is what it was, and ret_hash what
 * it was on trial. */
static char *
town_try(town *t, const vdr_command *command, vdr_step *ret_step, uint64_t *ret_hash)
{
    if (command->kind == VDR_COMMAND_CONFIG)
        return NULL;
    uint64_t before = vdr_core_state_hash(t->core);
    vdr_trial *trial = vdr_trial_begin(t->core);
    vdr_core_step(t->core, command, t->position + 1, ret_step);
    *ret_hash = vdr_core_state_hash(t->core);
    vdr_trial_end(t->core, &trial);
    assert_true(vdr_core_state_hash(t->core) == before);
    char *told = malloc(ret_step->tale.len + 1);
    assert_non_null(told);
    if (ret_step->tale.len != 0)
        memcpy(told, ret_step->tale.at, ret_step->tale.len);
    return told;
}

static void
town_step(town *t, const vdr_command *command)
{
    vdr_step twin, tried;
    uint64_t hash = 0;
    char *told = town_try(t, command, &tried, &hash);
    vdr_core_foresee(t->twin, &command, 1); /* the twin alone: it changes nothing */
    vdr_core_step(t->twin, command, t->position + 1, &twin);
    vdr_core_step(t->core, command, t->position + 1, &t->step);
    if (t->step.record || t->step.tick)
        t->position++;
    if (command->kind == VDR_COMMAND_CONFIG && t->step.record)
        t->config = command->config;
    assert_int_equal(t->step.tale.len, twin.tale.len);
    if (twin.tale.len != 0)
        assert_memory_equal(t->step.tale.at, twin.tale.at, twin.tale.len);
    if (told != NULL) {
        assert_int_equal(t->step.tale.len, tried.tale.len);
        assert_memory_equal(t->step.tale.at, told, tried.tale.len);
        assert_true(vdr_core_state_hash(t->core) == hash);
        free(told);
    }
    assert_int_equal(t->step.verdict, twin.verdict);
    assert_int_equal(t->step.mail_count, twin.mail_count);
    assert_true(vdr_core_state_hash(t->core) == vdr_core_state_hash(t->twin));
    assert_int_equal(vdr_core_position(t->core), t->position);
    const char *broken = vdr_core_check(t->core);
    if (broken != NULL)
        fail_msg("step %u: %s", t->steps, broken);
    town_tell(t);
    if (t->stepped != NULL)
        t->stepped(t, command);
    if (++t->steps % t->reload_every == 0) {
        vdr_core_free(&t->twin);
        t->twin = town_copy(t->core, t->config);
    }
}

static void
town_configure(town *t, const vdr_config *config)
{
    vdr_command command = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = config};
    town_step(t, &command);
}

static town *
town_new(const vdr_config *config)
{
    town *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->core = vdr_core_new();
    t->twin = vdr_core_new();
    t->reload_every = 3;
    town_configure(t, config);
    return t;
}

static inline void
town_free(town *t)
{
    vdr_core_free(&t->core);
    vdr_core_free(&t->twin);
    free(t);
}

/* ---- commands ---- */

/* Makes all hashes poor, so that whatever is found by one is found among many. */
static bool town_collides;

/* Which key everything is under, and whether it is changing to that one from the one before (rekey.h). */
static unsigned town_era;
static bool town_changing;

static vdr_key16
town_key_of(unsigned era, char letter, const char *space)
{
    vdr_key16 key = {{0}};
    uint64_t hash = 14695981039346656037u + era;
    for (const char *at = space; *at != 0; at++)
        hash = (hash ^ (uint64_t)*at) * 1099511628211u;
    hash = (hash ^ (uint64_t)letter) * 1099511628211u;
    memcpy(key.bytes, &hash, sizeof hash);
    if (town_collides)
        memset(key.bytes, 0, 4);
    return key;
}

static vdr_key16
town_key(char letter, const char *space)
{
    return town_key_of(town_era, letter, space);
}

static uint64_t
town_id_hash(const char *id)
{
    uint64_t hash = 14695981039346656037u;
    for (; *id != 0; id++)
        hash = (hash ^ (uint64_t)*id) * 1099511628211u;
    return town_collides ? hash & 1 : hash ^ hash >> 32;
}

/* What a test says of an event; what it does not say is as usual. */
typedef struct event {
    const char *id, *by; /* by: an agency, or "kind:id" */
    const char *type;    /* of a signal */
    const char *who;     /* persons, a letter each: lower case in the role youth, upper case without one */
    char where;          /* address, a letter; 0 none */
    bool excluded;
    const char *buurt;
    int severity;
    double ago;         /* occurred so many hours before */
    double before;      /* hour: act_before */
    const char *signal; /* supersedes, or an act's signal */
    unsigned digest;    /* of another event under the same id */
    vdr_act act;
    int case_number, household, into, from, plan;
    const char *regisseur, *agency, *service, *result;
    double due;                    /* hour */
    double absent_from, absent_to; /* the same */
    bool upheld;
    vdr_party_kind sender_kind;
    const char *sender_id;
    bool checked;
    unsigned revision;
    bool bare; /* what is left of it when its content was not kept */
} event;

static void
town_event(town *t, const event *e)
{
    char source[96];
    if (strchr(e->by, ':') != NULL)
        (void)snprintf(source, sizeof source, "urn:voordeur:%s", e->by);
    else
        (void)snprintf(source, sizeof source, "urn:%s", e->by);
    vdr_command_person persons[64] = {0};
    vdr_key16 persons_before[64], address_before = town_key_of(town_era - 1, e->where, "address");
    const vdr_command_earlier earlier = {.digest = town_key_of(town_era - 1, (char)('a' + e->digest), e->id),
                                         .persons = persons_before,
                                         .addresses = &address_before};
    vdr_key16 address = town_key(e->where, "address");
    vdr_ms at = TOWN_T0 + (vdr_ms)(t->hour * (double)HOUR);
    vdr_command command = {
        .kind = e->act != VDR_ACT_NONE ? VDR_COMMAND_ACT : VDR_COMMAND_SIGNAL,
        .at = at,
        .id = vdr_span_str(e->id),
        .source = vdr_span_str(source),
        .type = vdr_span_str(e->type),
        .act = e->act,
        .time = at,
        .digest = town_key((char)('a' + e->digest), e->id),
        .id_hash = town_id_hash(e->id),
        .sender_kind = e->sender_kind,
        .sender_id = vdr_span_str(e->sender_id),
        .revision_checked = e->checked,
        .revision_expected = e->revision,
        .municipality = vdr_span_str("GM1"),
        .occurred_at = at - (vdr_ms)(e->ago * (double)HOUR),
        .act_before = e->before != 0 ? TOWN_T0 + (vdr_ms)(e->before * (double)HOUR) : VDR_MS_NONE,
        .persons = persons,
        .addresses = &address,
        .address_count = e->where != 0,
        .address_excluded = e->excluded,
        .buurt = vdr_span_str(e->buurt),
        .has_severity = e->severity != 0,
        .severity = e->severity,
        .signal = {.id = vdr_span_str(e->signal), .hash = e->signal != NULL ? town_id_hash(e->signal) : 0},
        .case_id = {(uint64_t)e->case_number},
        .household = {(uint64_t)e->household},
        .into = {(uint64_t)e->into},
        .from = {(uint64_t)e->from},
        .regisseur = vdr_span_str(e->regisseur),
        .agency = vdr_span_str(e->agency),
        .service = vdr_span_str(e->service),
        .result = vdr_span_str(e->result),
        .plan_revision = (uint64_t)e->plan,
        .due = e->due != 0 ? TOWN_T0 + (vdr_ms)(e->due * (double)HOUR) : VDR_MS_NONE,
        .upheld = e->upheld,
        .absent_from = TOWN_T0 + (vdr_ms)(e->absent_from * (double)HOUR),
        .absent_to = TOWN_T0 + (vdr_ms)(e->absent_to * (double)HOUR),
        .earlier = town_changing ? &earlier : NULL,
    };
    for (const char *who = e->who; who != NULL && *who != 0; who++) {
        bool youth = *who >= 'a';
        char letter = youth ? *who : (char)(*who - 'A' + 'a');
        persons_before[command.person_count] = town_key_of(town_era - 1, letter, "person");
        vdr_command_person *person = &persons[command.person_count++];
        person->key = town_key(letter, "person");
        person->role = youth ? vdr_span_str("youth") : (vdr_span){0};
    }
    if (e->bare)
        command.person_count = command.address_count = 0;
    town_step(t, &command);
}

/* EVENT(t, .id = "s-1", .by = "school", …) */
#define EVENT(t, ...) town_event(t, &(event){__VA_ARGS__})

/* Time passes until that hour. */
static inline void
town_tick(town *t, double hour)
{
    t->hour = hour;
    vdr_command command = {.kind = VDR_COMMAND_TICK, .at = TOWN_T0 + (vdr_ms)(hour * (double)HOUR)};
    town_step(t, &command);
}

/* What the last step told. */
#define TOLD(t, ...) assert_string_equal((t)->told, (__VA_ARGS__))

#endif
