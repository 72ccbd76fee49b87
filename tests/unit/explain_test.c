/* Explanations (broker/core/explain.h): what is said is what was decided. */
#include "broker/core/explain.h"
#include "tests/core_dice.h"

/* ---- a town with rules of every kind ---- */

static const vdr_config_rule rules[] = {
    {.id = S("violence"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_NORMAL,
     .purposes = NAMES(S("safety")),
     .min_severity = 4,
     .at_least = {[VDR_MEASURE_SIGNALS] = 1},
     .fingerprint = {{1}}},
    {.id = S("two-domains"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_HIGH,
     .purposes = NAMES(S("safety"), S("youth")),
     .over_ms = 20 * DAY,
     .at_least = {[VDR_MEASURE_DOMAINS] = 2, [VDR_MEASURE_AGENCIES] = 2},
     .spread_ms = 2 * HOUR,
     .fingerprint = {{2}}},
    {.id = S("one-person"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_URGENT,
     .purposes = NAMES(S("safety")),
     .at_least = {[VDR_MEASURE_SIGNALS] = 3, [VDR_MEASURE_DAYS] = 2},
     .within = VDR_WITHIN_PERSON,
     .fingerprint = {{3}}},
    {.id = S("late"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_NORMAL,
     .purposes = NAMES(S("youth")),
     .at_least = {[VDR_MEASURE_OVERDUE] = 1},
     .fingerprint = {{4}}},
    {.id = S("busy"),
     .level = VDR_LEVEL_WATCH,
     .purposes = NAMES(S("youth")),
     .roles = NAMES(S("youth")),
     .at_least = {[VDR_MEASURE_SIGNALS] = 2, [VDR_MEASURE_PERSONS] = 2},
     .within = VDR_WITHIN_AGENCY,
     .fingerprint = {{5}}},
    {.id = S("known"),
     .level = VDR_LEVEL_COORDINATE,
     .purposes = NAMES(S("youth"), S("safety")),
     .agencies = NAMES(S("school"), S("police")),
     .at_least = {[VDR_MEASURE_CORE_AREAS] = 2},
     .fingerprint = {{6}}},
};

static vdr_config
rich_config(void)
{
    vdr_config config = town_config;
    config.rules = rules;
    config.rule_count = COUNT(rules);
    config.sticky_ms = 50 * DAY;
    config.cooldown_ms = 5 * DAY;
    return config;
}

/* ---- asking ---- */

static const vdr_explanation *
explain(town *t, vdr_arena *arena, const vdr_explain_ask *ask)
{
    static vdr_explanation told;
    vdr_arena_reset(arena);
    assert_int_equal(vdr_explain(t->core, ask, arena, &told), VDR_OK);
    return &told;
}

static const vdr_explained_rule *
rule_of(const vdr_explanation *told, vdr_span id)
{
    for (size_t i = 0; i < told->rule_count; i++)
        if (vdr_span_equal(told->rules[i].id, id))
            return &told->rules[i];
    fail_msg("no rule %.*s", TEXT(id));
    return NULL;
}

static size_t
place_of(const vdr_explanation *told, vdr_span id, vdr_span source)
{
    size_t i = 0;
    while (i < told->signal_list_count && !(vdr_span_equal(told->signals[i].name.id, id) &&
                                            vdr_span_equal(told->signals[i].name.source, source)))
        i++;
    return i;
}

/* ---- what was decided is what is said ---- */

static unsigned proposals, refusals, assignments, latches, bars;

/* Values and verdict of each rule say the same; whoever is passed over has a reason. */
static void
agrees_with_itself(const vdr_explanation *told)
{
    for (size_t i = 0; i < told->rule_count; i++) {
        const vdr_explained_rule *rule = &told->rules[i];
        bool some = false;
        unsigned counted = 0;
        for (size_t g = 0; g < rule->group_count; g++) {
            bool all = rule->counted > 0;
            for (size_t c = 0; c < rule->groups[g].clause_count; c++) {
                const vdr_explained_clause *clause = &rule->groups[g].clauses[c];
                assert_int_equal(clause->reached, clause->value >= clause->least);
                all = all && clause->reached;
            }
            assert_int_equal(all, rule->groups[g].holds);
            some = some || all;
        }
        assert_int_equal(some, rule->holds);
        assert_int_equal(rule->nearest != 0, !rule->holds && rule->group_count != 0);
        for (size_t s = 0; s < rule->use_count; s++)
            counted += rule->uses[s].use == VDR_USE_COUNTED || rule->uses[s].use == VDR_USE_GROUP;
        assert_int_equal(counted, rule->counted);
        if (rule->holds_until != VDR_MS_NONE)
            assert_true(rule->holds && rule->holds_until > told->at_ms);
        if (rule->held_until != VDR_MS_NONE)
            assert_true(!rule->holds && rule->held_until <= told->at_ms);
    }
}

/* Right after a signal was proposed: its rules are those that hold and count it, its signals what they count. */
static void
says_why_proposed(const vdr_explanation *told, const vdr_decision *made, size_t signal)
{
    size_t rule_count = 0;
    bool support[VDR_EXPLAIN_SIGNALS_MAX] = {false};
    for (size_t i = 0; i < told->rule_count; i++) {
        const vdr_explained_rule *rule = &told->rules[i];
        bool named = false;
        for (size_t j = 0; j < made->rule_count; j++)
            named = named || vdr_span_equal(made->rules[j], rule->id);
        rule_count += named;
        if (!named)
            continue;
        assert_true(rule->level == VDR_LEVEL_CASE && rule->holds);
        assert_int_equal(rule->uses[signal].use, VDR_USE_COUNTED);
        assert_int_equal(rule->barred, VDR_BARRED_OPEN_CASE);
        for (size_t s = 0; s < rule->use_count; s++)
            support[s] = support[s] || rule->uses[s].use == VDR_USE_COUNTED;
    }
    assert_int_equal(rule_count, made->rule_count);
    size_t next = 0;
    for (size_t s = 0; s < told->signal_list_count; s++) {
        if (!support[s])
            continue;
        assert_true(next < made->signal_count);
        assert_true(vdr_span_equal(told->signals[s].name.id, made->signals[next++].id));
    }
    assert_int_equal(next, made->signal_count);
    proposals++;
}

/* A signal that came in time, and no case: each case rule does not hold, does not count it, or is barred. */
static void
says_why_not(const vdr_explanation *told, size_t signal)
{
    for (size_t i = 0; i < told->rule_count; i++) {
        const vdr_explained_rule *rule = &told->rules[i];
        bool may = rule->level == VDR_LEVEL_CASE && rule->holds && rule->barred == VDR_BARRED_NOT;
        assert_false(may && rule->uses[signal].use == VDR_USE_COUNTED);
        bars += rule->holds && rule->barred != VDR_BARRED_NOT;
    }
    refusals++;
}

/* As the tale says it: the last of these, and nothing of another case after it. */
typedef struct heard {
    vdr_decision own, proposed, offered;
    unsigned watches;
    bool is_offered; /* by Assign, and its regisseur's load is what it was then */
} heard;

static void
hear(town *t, vdr_arena *arena, heard *ret_heard)
{
    uint32_t offset = t->step.own;
    vdr_effect effect;
    *ret_heard = (heard){.watches = 0};
    while (vdr_effect_next(t->step.tale, &offset, &effect) == VDR_OK) {
        vdr_decision d;
        assert_int_equal(vdr_core_decision(t->core, &effect, arena, &d), VDR_OK);
        if (d.kind == VDR_DECISION_SIGNAL)
            ret_heard->own = d;
        ret_heard->watches += d.kind == VDR_DECISION_WATCH;
        if (d.kind != VDR_DECISION_CASE)
            continue;
        if (d.change == VDR_CHANGE_PROPOSED)
            ret_heard->proposed = d;
        ret_heard->is_offered = d.change == VDR_CHANGE_OFFERED || d.change == VDR_CHANGE_UNASSIGNED;
        ret_heard->offered = d;
    }
}

/* Who has the case is whom Assign would take if nobody had it. */
static void
says_who(town *t, vdr_arena *arena, const vdr_decision *offered)
{
    vdr_trial *trial = vdr_trial_begin(t->core);
    vdr_explain_ask ask = {.case_id = offered->case_id};
    const vdr_explanation *told = explain(t, arena, &ask);
    unsigned chosen = 0;
    for (size_t i = 0; i < told->candidate_count; i++) {
        const vdr_explained_candidate *candidate = &told->candidates[i];
        chosen += candidate->why == VDR_WHY_CHOSEN;
        assert_int_equal(candidate->why == VDR_WHY_CHOSEN, vdr_span_equal(candidate->id, offered->regisseur));
        assert_int_equal(candidate->holder, candidate->why == VDR_WHY_CHOSEN);
    }
    assert_int_equal(told->assigned.number, offered->case_id.number);
    assert_int_equal(chosen, offered->regisseur.at != NULL);
    assert_int_equal(told->assigned_by == VDR_ASSIGN_NOBODY, offered->regisseur.at == NULL);
    assignments++;
    vdr_trial_end(t->core, &trial);
}

static void
compare(town *t, bool act)
{
    vdr_arena arena, lines;
    heard said;
    vdr_arena_init(&arena, 8u << 20);
    vdr_arena_init(&lines, 1u << 20);
    hear(t, &lines, &said);
    if (said.is_offered && !act)
        says_who(t, &arena, &said.offered);
    if (!act && t->step.verdict == VDR_E_ACCEPTED) {
        vdr_trial *trial = vdr_trial_begin(t->core);
        vdr_explain_ask ask = {.household = said.own.household};
        const vdr_explanation *told = explain(t, &arena, &ask);
        size_t signal = place_of(told, said.own.id, said.own.source);
        assert_true(signal < told->signal_list_count);
        agrees_with_itself(told);
        bool late = told->signals[signal].occurred_at_ms + t->config->late_ms < told->at_ms;
        if (said.own.outcome == VDR_OUTCOME_PROPOSED)
            says_why_proposed(told, &said.proposed, signal);
        else if (said.own.outcome == VDR_OUTCOME_REGULAR && told->open_case.number == 0 && !late)
            says_why_not(told, signal);
        for (size_t i = 0; i < told->rule_count && said.own.outcome == VDR_OUTCOME_REGULAR && !late; i++)
            if (told->rules[i].level != VDR_LEVEL_CASE && told->rules[i].holds &&
                told->rules[i].uses[signal].use == VDR_USE_COUNTED) {
                assert_true(told->rules[i].latched);
                latches++;
            }
        vdr_trial_end(t->core, &trial);
    }
    vdr_arena_done(&arena);
    vdr_arena_done(&lines);
}

static void
what_is_explained_is_what_was_decided(void **unused)
{
    (void)unused;
    vdr_config config = rich_config();
    for (uint64_t seed = 1; seed <= 24; seed++) {
        dice_begin(seed);
        town *t = town_new(&config);
        t->reload_every = 97;
        for (unsigned i = 0; i < 500; i++) {
            bool act = roll(100) < 30;
            t->hour += roll(5) == 0 ? (double)roll(96) : 0.25;
            if (act)
                random_act(t);
            else
                random_signal(t);
            compare(t, act);
        }
        town_free(t);
    }
    print_message("%u proposals, %u refusals, %u assignments, %u latches, %u bars\n", proposals, refusals,
                  assignments, latches, bars);
    assert_true(proposals > 50 && refusals > 200 && assignments > 50 && latches > 20 && bars > 10);
}

/* ---- what is said, in one town ---- */

static void
each_signal_left_out_has_its_reason(void **unused)
{
    (void)unused;
    vdr_config config = rich_config();
    town *t = town_new(&config);
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 20);
    EVENT(t, .id = "over", .by = "school", .type = "absence", .who = "a", .ago = 61 * 24);
    EVENT(t, .id = "window", .by = "school", .type = "absence", .who = "a", .ago = 21 * 24);
    EVENT(t, .id = "gone", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "wrong", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "right", .by = "school", .type = "absence", .who = "a", .signal = "wrong");
    EVENT(t, .id = "k-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "gone");
    EVENT(t, .id = "jail", .by = "police", .type = "custody", .who = "a", .ago = 5);
    t->hour += 1;
    EVENT(t, .id = "k-2", .by = "police", .act = VDR_ACT_SIGNAL_ENDED, .signal = "jail");
    EVENT(t, .id = "debt", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "soon", .by = "school", .type = "absence", .who = "a", .ago = -0.5);
    static const struct {
        const char *id, *rule;
        vdr_use use;
    } rows[] = {{"over", "two-domains", VDR_USE_OVER},      {"window", "two-domains", VDR_USE_WINDOW},
                {"gone", "two-domains", VDR_USE_WITHDRAWN}, {"wrong", "two-domains", VDR_USE_SUPERSEDED},
                {"right", "two-domains", VDR_USE_COUNTED},  {"jail", "two-domains", VDR_USE_ENDED},
                {"debt", "two-domains", VDR_USE_PURPOSE},   {"soon", "two-domains", VDR_USE_NOT_YET},
                {"jail", "violence", VDR_USE_SEVERITY},     {"right", "violence", VDR_USE_PURPOSE},
                {"window", "known", VDR_USE_COUNTED}};
    vdr_trial *trial = vdr_trial_begin(t->core);
    vdr_explain_ask ask = {.household = {1}};
    const vdr_explanation *told = explain(t, &arena, &ask);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t signal = 0;
        while (signal < told->signal_list_count &&
               !vdr_span_equal(told->signals[signal].name.id, vdr_span_str(rows[i].id)))
            signal++;
        assert_true(signal < told->signal_list_count);
        const vdr_explained_rule *rule = rule_of(told, vdr_span_str(rows[i].rule));
        if (rule->uses[signal].use != rows[i].use)
            fail_msg("%s in %s is %s, not %s", rows[i].id, rows[i].rule, vdr_use_name(rule->uses[signal].use),
                     vdr_use_name(rows[i].use));
    }
    const vdr_explained_rule *near = rule_of(told, vdr_span_str("two-domains"));
    assert_false(near->holds);
    assert_int_equal(near->nearest, 1);
    assert_int_equal(near->groups[0].clauses[0].clause, VDR_MEASURE_DOMAINS);
    assert_int_equal(near->groups[0].clauses[0].value, 1);
    assert_int_equal(near->groups[0].clauses[0].least, 2);
    assert_int_equal(near->groups[0].clauses[2].clause, VDR_CLAUSE_SPREAD);
    /* It held while the custody counted: domains, agencies and the time between them were there. */
    assert_true(near->held_until == VDR_MS_NONE || near->held_until <= told->at_ms);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    town_free(t);
}

static void
the_moment_at_which_a_rule_ceases_is_known(void **unused)
{
    (void)unused;
    vdr_config config = rich_config();
    town *t = town_new(&config);
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 20);
    EVENT(t, .id = "v", .by = "police", .type = "violence", .who = "a");
    vdr_explain_ask ask = {.household = {1}, .rule = vdr_span_str("violence")};
    vdr_trial *trial = vdr_trial_begin(t->core);
    const vdr_explanation *told = explain(t, &arena, &ask);
    assert_int_equal(told->rule_count, 1);
    assert_true(told->rules[0].holds && told->rules[0].holds_until == TOWN_T0 + 60 * DAY);
    assert_true(vdr_trial_pass(t->core, TOWN_T0 + 60 * DAY));
    told = explain(t, &arena, &ask);
    assert_false(told->rules[0].holds);
    assert_true(told->rules[0].held_until == TOWN_T0 + 60 * DAY);
    assert_true(told->at_ms == TOWN_T0 + 60 * DAY);
    vdr_trial_end(t->core, &trial);
    trial = vdr_trial_begin(t->core);
    vdr_explanation none;
    ask.rule = vdr_span_str("nothing");
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &none), VDR_E_NOT_FOUND);
    ask = (vdr_explain_ask){.household = {2}};
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &none), VDR_E_NOT_FOUND);
    ask = (vdr_explain_ask){.case_id = {2}};
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &none), VDR_E_NOT_FOUND);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    town_free(t);
}

static const vdr_config_absence away[] = {{TOWN_T0, TOWN_T0 + 300 * DAY}};
static const vdr_span north[] = {S("BU00000001")};
static const vdr_config_regisseur regisseurs[] = {
    {S("anna"), {NULL, 0}, true, 2, 2, {NULL, 0}, NULL, 0},
    {S("bram"), {north, 1}, false, 4, 4, NAMES(S("safety")), NULL, 0},
    {S("carla"), {north, 1}, false, 4, 4, {NULL, 0}, NULL, 0},
    {S("dirk"), {north, 1}, false, 4, 4, NAMES(S("safety")), away, 1},
    {S("eva"), {NULL, 0}, false, 9, 9, {NULL, 0}, NULL, 0},
    {S("finn"), {north, 1}, false, 4, 4, NAMES(S("safety")), NULL, 0},
};

/* Each reason that Assign can have, and what it falls due. */
static void
each_regisseur_passed_over_has_a_reason(void **unused)
{
    (void)unused;
    vdr_config config = rich_config();
    config.regisseurs = regisseurs;
    config.regisseur_count = COUNT(regisseurs);
    town *t = town_new(&config);
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 20);
    EVENT(t, .id = "v", .by = "police", .type = "violence", .who = "a", .buurt = "BU00000001");
    EVENT(t, .id = "k-1", .by = "regisseur:bram", .act = VDR_ACT_CASE_DECLINED, .case_number = 1,
          .result = "x");
    vdr_explain_ask ask = {.case_id = {1}};
    vdr_trial *trial = vdr_trial_begin(t->core);
    const vdr_explanation *told = explain(t, &arena, &ask);
    static const vdr_why whys[] = {VDR_WHY_EXPERTISE, VDR_WHY_REFUSED,  VDR_WHY_EXPERTISE,
                                   VDR_WHY_ABSENT,    VDR_WHY_DISTRICT, VDR_WHY_CHOSEN};
    assert_int_equal(told->assigned_by, VDR_ASSIGN_DISTRICT);
    for (size_t i = 0; i < COUNT(whys); i++)
        if (told->candidates[i].why != whys[i])
            fail_msg("%.*s: %s", TEXT(told->candidates[i].id), vdr_why_name(told->candidates[i].why));
    assert_true(told->candidates[5].holder);
    assert_int_equal(told->candidates[5].load, 0); /* without this case */
    assert_int_equal(told->due_count, 1);
    assert_int_equal(told->dues[0].kind, VDR_DUE_ACCEPT);
    assert_true(told->dues[0].due == TOWN_T0 + 72 * HOUR);
    assert_int_equal(told->cases[0].config_position, 1);
    assert_int_equal(told->cases[0].opened_position, 2);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_follow_up_and_a_retry_have_their_time(void **unused)
{
    (void)unused;
    vdr_config config = rich_config();
    config.regisseur_count = 0;
    town *t = town_new(&config);
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 20);
    for (unsigned i = 0; i < 40; i++) { /* other timers round them */
        char id[16], who[2] = {(char)('b' + (char)(i % 20)), 0};
        (void)snprintf(id, sizeof id, "o-%u", i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = who);
    }
    t->hour = 7;
    EVENT(t, .id = "s", .by = "school", .type = "absence", .who = "a");
    vdr_at at;
    vdr_signal_view view;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:school"), vdr_span_str("s"), town_id_hash("s"),
                                &at, &view));
    vdr_trial *trial = vdr_trial_begin(t->core);
    vdr_explain_ask ask = {.signal = at};
    const vdr_explanation *told = explain(t, &arena, &ask);
    assert_true(told->signal.id.len == 1 && told->due_count == 1);
    assert_int_equal(told->dues[0].kind, VDR_DUE_FOLLOW_UP);
    assert_true(told->dues[0].due == TOWN_T0 + 7 * HOUR + 10 * DAY);
    vdr_trial_end(t->core, &trial);
    EVENT(t, .id = "v", .by = "police", .type = "violence", .who = "a");
    trial = vdr_trial_begin(t->core);
    told = explain(t, &arena, &ask);
    assert_int_equal(told->assigned_by, VDR_ASSIGN_NOBODY);
    assert_int_equal(told->due_count, 2);
    assert_int_equal(told->dues[1].kind, VDR_DUE_RETRY);
    assert_true(told->dues[1].due == TOWN_T0 + 8 * HOUR);
    vdr_explain_ask few = {.signal = at, .signals_max = 1};
    vdr_explanation none;
    assert_int_equal(vdr_explain(t->core, &few, &arena, &none), VDR_E_TOO_BIG);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_explained_is_what_was_decided),
        cmocka_unit_test(each_signal_left_out_has_its_reason),
        cmocka_unit_test(the_moment_at_which_a_rule_ceases_is_known),
        cmocka_unit_test(each_regisseur_passed_over_has_a_reason),
        cmocka_unit_test(a_follow_up_and_a_retry_have_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
