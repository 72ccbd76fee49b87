/* Trials (broker/core/trial.h). That each step of each other test of the core can be tried, tells the same and
 * leaves no trace, is asked by core_town.h. */
#include "tests/core_town.h"

static void
time_that_passes_on_trial_ends_where_it_really_would(void **unused)
{
    (void)unused;
    vdr_config config = town_config;
    config.retry_ms = 5 * DAY;
    town *t = town_new(&config);
    for (unsigned i = 0; i < 30; i++) {
        char id[16], who[2] = {(char)('a' + (char)(i % 20)), 0};
        (void)snprintf(id, sizeof id, "s-%u", i);
        t->hour += 5;
        EVENT(t, .id = id, .by = i % 4 == 0 ? "police" : "school",
              .type = i % 4 == 0 ? "violence" : "absence", .who = who);
    }
    for (unsigned days = 1; days < 200; days += 33) {
        vdr_ms at = TOWN_T0 + (vdr_ms)t->hour * HOUR + (vdr_ms)days * DAY;
        uint64_t before = vdr_core_state_hash(t->core);
        vdr_core *other = town_copy(t->core, t->config);
        vdr_trial *trial = vdr_trial_begin(t->core);
        assert_true(vdr_trial_pass(t->core, at));
        uint64_t passed = vdr_core_state_hash(t->core);
        assert_true(vdr_core_now(t->core) == at);
        vdr_trial_end(t->core, &trial);
        assert_null(trial);
        assert_true(vdr_core_state_hash(t->core) == before);
        while (vdr_core_next_due(other) <= at || vdr_core_now(other) < at) { /* a record each, as on trial */
            vdr_command part = {.kind = VDR_COMMAND_TICK, .at = at, .timers_max = VDR_TRIAL_SOON};
            vdr_core_step(other, &part, vdr_core_position(other) + 1, &t->step);
        }
        assert_true(vdr_core_state_hash(other) == passed);
        vdr_core_free(&other);
    }
    town_free(t);
}

/* Nobody may take the case, so that the retry timer fires each hour, for ever. */
static void
a_trial_that_would_take_long_is_given_up(void **unused)
{
    (void)unused;
    vdr_config config = town_config;
    config.regisseur_count = 0;
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    vdr_ms at = TOWN_T0 + 365 * DAY;
    uint64_t before = vdr_core_state_hash(t->core);
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_false(vdr_trial_pass(t->core, at));
    assert_true(vdr_core_now(t->core) < at);
    vdr_trial_end(t->core, &trial);
    assert_true(vdr_core_state_hash(t->core) == before);
    town_free(t);
}

static void
a_large_household_is_not_tried(void **unused)
{
    (void)unused;
    vdr_config config = town_config;
    config.rule_count = 0;
    town *t = town_new(&config);
    t->reload_every = UINT32_MAX;
    vdr_command_person person = {.key = town_key('a', "person")};
    const vdr_key16 home = town_key('p', "address"), elsewhere = town_key('q', "address");
    vdr_command command = {.kind = VDR_COMMAND_SIGNAL,
                           .at = TOWN_T0,
                           .source = vdr_span_str("urn:school"),
                           .type = vdr_span_str("absence"),
                           .time = TOWN_T0,
                           .occurred_at = TOWN_T0,
                           .act_before = VDR_MS_NONE,
                           .municipality = vdr_span_str("GM1"),
                           .persons = &person,
                           .person_count = 1,
                           .addresses = &home,
                           .address_count = 1};
    for (unsigned i = 0; i <= VDR_TRIAL_SIGNALS_MAX; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "s-%u", i);
        command.id = vdr_span_str(id);
        command.id_hash = town_id_hash(id);
        assert_true(vdr_trial_bears(t->core, &command));
        vdr_core_step(t->core, &command, ++t->position, &t->step);
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    }
    assert_false(vdr_trial_bears(t->core, &command));
    vdr_command withdrawal = {.kind = VDR_COMMAND_ACT,
                              .act = VDR_ACT_SIGNAL_WITHDRAWN,
                              .signal = {.id = vdr_span_str("s-7"), .hash = town_id_hash("s-7")}};
    assert_false(vdr_trial_bears(t->core, &withdrawal));
    withdrawal.signal = (vdr_command_ref){.id = vdr_span_str("none"), .hash = town_id_hash("none")};
    assert_true(vdr_trial_bears(t->core, &withdrawal));
    vdr_command merge = {.kind = VDR_COMMAND_ACT, .act = VDR_ACT_HOUSEHOLD_MERGED, .into = {2}, .from = {1}};
    assert_false(vdr_trial_bears(t->core, &merge));
    merge = (vdr_command){.kind = VDR_COMMAND_ACT, .act = VDR_ACT_HOUSEHOLD_MERGED, .into = {1}, .from = {2}};
    assert_false(vdr_trial_bears(t->core, &merge));
    const vdr_command split = {.kind = VDR_COMMAND_ACT, .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = {1}};
    assert_false(vdr_trial_bears(t->core, &split));
    const vdr_command hopeless = {
        .kind = VDR_COMMAND_SIGNAL, .shape = VDR_E_MALFORMED, .persons = &person, .person_count = 1};
    assert_true(vdr_trial_bears(t->core, &hopeless));
    person.key = town_key('b', "person");
    assert_false(vdr_trial_bears(t->core, &command)); /* at that address */
    command.addresses = &elsewhere;
    assert_true(vdr_trial_bears(t->core, &command));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_that_passes_on_trial_ends_where_it_really_would),
        cmocka_unit_test(a_trial_that_would_take_long_is_given_up),
        cmocka_unit_test(a_large_household_is_not_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
