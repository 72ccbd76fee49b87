/* Any stream of events, however unlikely: every invariant holds after every step, and a core that is loaded
 * from images on the way tells the same (quality.md I4 to I9, I11, I19). */
#include "tests/core_dice.h"

static void
random_acks(town *t)
{
    vdr_command_ack acks[3];
    for (size_t i = 0; i < COUNT(acks); i++)
        acks[i] = (vdr_command_ack){roll(vdr_core_mailbox_count(t->core) + 2), roll(200)};
    vdr_command command = {
        .kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = acks, .ack_count = COUNT(acks)};
    town_step(t, &command);
}

static void
run(uint64_t seed, unsigned steps)
{
    vdr_config configs[3] = {town_config, town_config, town_config};
    configs[1].address_match = VDR_ADDRESS_REVIEW;
    configs[1].rule_count = COUNT(town_rules) - 1;
    configs[1].sticky_ms = 100 * DAY;
    configs[1].fingerprint.bytes[0] = 2;
    configs[2].address_match = VDR_ADDRESS_OFF;
    configs[2].persons_max = 1;
    configs[2].cooldown_ms = 0;
    configs[2].fingerprint.bytes[0] = 3;
    static const vdr_config_guard guards[] = {
        {S("class"), {0}, S("school"), {0}, VDR_GUARD_PERSONS, VDR_GUARD_ADDRESS, DAY, 2, true},
        {S("street"), {0}, S("police"), {0}, VDR_GUARD_SIGNALS, VDR_GUARD_BUURT, DAY / 4, 1, true},
        {S("flood"),
         S("housing"),
         {0},
         S("arrears"),
         VDR_GUARD_SIGNALS,
         VDR_GUARD_AGENCY,
         DAY / 24,
         1,
         false},
    };
    configs[1].guards = guards;
    configs[1].guard_count = COUNT(guards);
    configs[2].guards = guards + 1; /* the first one's windows end without it */
    configs[2].guard_count = COUNT(guards) - 1;
    dice_begin(seed);
    town *t = town_new(&configs[roll(3)]);
    t->reload_every = 17;
    for (unsigned i = 0; i < steps; i++) {
        unsigned what = roll(100);
        t->hour += roll(5) == 0 ? (double)roll(48) : 0.25;
        if (what < 55)
            random_signal(t);
        else if (what < 95)
            random_act(t);
        else if (what < 98)
            random_acks(t);
        else if (what < 99)
            town_tick(t, t->hour + (double)roll(24 * 40));
        else
            town_configure(t, &configs[roll(3)]);
    }
    char id[32];
    for (uint64_t number = 1; dice_acts == VDR_ACT_LAST && number <= vdr_view_household_last(t->core);
         number++) {
        (void)snprintf(id, sizeof id, "lift-%u", (unsigned)number);
        EVENT(t, .id = id, .by = "coordinator:piet", .act = VDR_ACT_HOLD_LIFTED, .household = (int)number);
        (void)snprintf(id, sizeof id, "lifted-%u", (unsigned)number);
        EVENT(t, .id = id, .by = "privacy_officer:ada", .act = VDR_ACT_HOLD_CONFIRMED,
              .household = (int)number);
        (void)snprintf(id, sizeof id, "lifted-too-%u", (unsigned)number);
        EVENT(t, .id = id, .by = "coordinator:saskia", .act = VDR_ACT_HOLD_CONFIRMED,
              .household = (int)number);
    }
    town_tick(t, t->hour + 400 * 24); /* everything leaves but open cases */
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.signals, 0);
    assert_int_equal(counts.acts, 0);
    assert_int_equal(counts.cases, counts.unassigned + counts.offered + counts.active);
    assert_int_equal(counts.households, counts.cases);
    town_free(t);
}

static void
every_invariant_holds_after_every_step(void **unused)
{
    (void)unused;
    const char *more = getenv("VDR_RANDOM_SEEDS"); /* for a longer run by hand */
    unsigned seeds = more != NULL ? (unsigned)strtoul(more, NULL, 10) : 12;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        if (more != NULL)
            print_message("seed %u\n", (unsigned)seed);
        town_collides = seed % 3 == 0;
        dice_acts = VDR_ACT_ERASED;
        run(seed, 600);
        dice_acts = VDR_ACT_LAST;
        run(seed, 600);
    }
    assert_true(signals_held_back > seeds);
    assert_true(signals_accepted > seeds * 20); /* the dice do reach everything */
    for (int act = 1; act <= VDR_ACT_LAST; act++)
        if (more != NULL)
            print_message("%s %u\n", vdr_act_name((vdr_act)act), acts_accepted[act]);
    for (int act = 1; act <= VDR_ACT_LAST; act++)
        if (acts_accepted[act] == 0)
            fail_msg("%s was never accepted", vdr_act_name((vdr_act)act));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_invariant_holds_after_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
