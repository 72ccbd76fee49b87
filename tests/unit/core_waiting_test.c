/* Unassigned cases: what placing them looks at grows with what can be placed, not with how many wait
 * (semantics section 8, Retry). Looks are counted, not time. */
#include "tests/core_town.h"

#define FEW  20
#define MANY 250

static uint64_t
looks(const town *t)
{
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    return counts.looks;
}

static uint64_t
unassigned(const town *t)
{
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    return counts.unassigned;
}

/* A case in a household of its own; s-N is the signal of case N. */
static void
propose(town *t, unsigned number, int severity)
{
    char id[16];
    (void)snprintf(id, sizeof id, "s-%u", number);
    vdr_command_person person = {.key = town_key('-', id)};
    vdr_ms at = TOWN_T0 + (vdr_ms)(t->hour * (double)HOUR);
    vdr_command command = {.kind = VDR_COMMAND_SIGNAL,
                           .at = at,
                           .id = vdr_span_str(id),
                           .source = vdr_span_str("urn:police"),
                           .type = vdr_span_str("violence"),
                           .time = at,
                           .digest = town_key('a', id),
                           .id_hash = town_id_hash(id),
                           .municipality = vdr_span_str("GM1"),
                           .occurred_at = at,
                           .act_before = VDR_MS_NONE,
                           .persons = &person,
                           .person_count = 1,
                           .has_severity = severity != 0,
                           .severity = severity};
    town_step(t, &command);
}

static void
act(town *t, unsigned number, vdr_act what, const char *by)
{
    static unsigned last;
    char id[16];
    (void)snprintf(id, sizeof id, "k-%u", ++last);
    EVENT(t, .id = id, .by = by, .act = what, .case_number = (int)number);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
}

static const vdr_config_regisseur one_place[] = {
    {S("anna"), {NULL, 0}, true, 1, 1, {NULL, 0}, NULL, 0},
};

static vdr_config
town_of_one_place(void)
{
    vdr_config config = town_config;
    config.regisseurs = one_place;
    config.regisseur_count = 1;
    return config;
}

/* Looks of a place that comes free, with that many cases that its regisseur refused and one that she did not. */
static uint64_t
looks_for_the_one(unsigned waiting)
{
    vdr_config config = town_of_one_place();
    town *t = town_new(&config);
    t->reload_every = 1000000;
    for (unsigned number = 1; number <= waiting; number++) {
        propose(t, number, 0);
        act(t, number, VDR_ACT_CASE_DECLINED, "regisseur:anna");
    }
    propose(t, waiting + 1, 0); /* hers */
    propose(t, waiting + 2, 0); /* waits for her */
    assert_int_equal(unassigned(t), waiting + 1);
    uint64_t before = looks(t);
    act(t, waiting + 1, VDR_ACT_CASE_DISMISSED, "regisseur:anna");
    assert_int_equal(unassigned(t), waiting);
    uint64_t placed = looks(t) - before;
    before = looks(t);
    act(t, waiting + 2, VDR_ACT_CASE_DISMISSED, "regisseur:anna"); /* nobody to place */
    assert_true(looks(t) - before <= 1);
    before = looks(t);
    town_tick(t, 5); /* five retries by the timer */
    assert_true(looks(t) - before <= 5);
    town_free(t);
    return placed;
}

static void
a_free_place_looks_at_those_that_can_be_placed(void **unused)
{
    (void)unused;
    uint64_t few = looks_for_the_one(FEW), many = looks_for_the_one(MANY);
    if (few > 20 || many > few + 20)
        fail_msg("%u looks where %d wait, %u where %d do", (unsigned)few, FEW, (unsigned)many, MANY);
}

static void
a_refused_offer_goes_back_without_a_look_at_the_others(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one_place();
    town *t = town_new(&config);
    t->reload_every = 1000000;
    for (unsigned number = 1; number <= MANY; number++)
        propose(t, number, 0);
    /* Each goes back among those that wait, and the next one is hers. */
    for (unsigned number = 1; number <= MANY; number++) {
        uint64_t before = looks(t);
        act(t, number, VDR_ACT_CASE_DECLINED, "regisseur:anna");
        if (looks(t) - before > 60)
            fail_msg("%u looks for case %u", (unsigned)(looks(t) - before), number);
    }
    assert_int_equal(unassigned(t), MANY);
    town_free(t);
}

/* More than one word of bits: all but the last are away until hour 30. */
static void
everybody_in_a_large_town_is_known_apart(void **unused)
{
    (void)unused;
    enum { COUNT_OF_THEM = 130 };
    static const vdr_config_absence away[] = {{TOWN_T0, TOWN_T0 + 30 * HOUR}};
    static char names[COUNT_OF_THEM][8];
    vdr_config_regisseur regisseurs[COUNT_OF_THEM];
    for (unsigned i = 0; i < COUNT_OF_THEM; i++) {
        (void)snprintf(names[i], sizeof names[i], "r-%03u", i);
        regisseurs[i] = (vdr_config_regisseur){.id = vdr_span_str(names[i]),
                                               .everywhere = true,
                                               .capacity = 1,
                                               .hard_capacity = 1,
                                               .absent = away,
                                               .absent_count = i != COUNT_OF_THEM - 1};
    }
    vdr_config config = town_config;
    config.regisseurs = regisseurs;
    config.regisseur_count = COUNT_OF_THEM;
    town *t = town_new(&config);
    propose(t, 1, 0);
    TOLD(t, "s-1 accepted H1 new proposed\n"
            "C1 H1 proposed unassigned normal - violence s-1\n"
            "C1 H1 offered offered normal r-129\n"
            "regisseur:r-129 case_offered C1\n");
    propose(t, 2, 0);
    propose(t, 3, 5); /* urgent */
    act(t, 1, VDR_ACT_CASE_DECLINED, "regisseur:r-129");
    TOLD(t, "k-1 case_declined accepted\n"
            "C1 H1 declined unassigned normal -\n"
            "C1 H1 unassigned unassigned normal -\n"
            "coordinator:piet needs_regisseur C1\n"
            "coordinator:saskia needs_regisseur C1\n"
            "C3 H3 offered offered urgent r-129\n"
            "regisseur:r-129 case_offered C3\n");
    act(t, 3, VDR_ACT_CASE_ACCEPTED, "regisseur:r-129");
    town_tick(t, 30);
    TOLD(t, "C1 H1 offered offered normal r-000\n"
            "regisseur:r-000 case_offered C1\n"
            "C2 H2 offered offered normal r-001\n"
            "regisseur:r-001 case_offered C2\n");
    town_free(t);
}

static void
a_raised_case_waits_in_its_new_order(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one_place();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "B");
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "C");
    EVENT(t, .id = "s-4", .by = "police", .type = "violence", .who = "C", .severity = 5);
    TOLD(t, "s-4 accepted H3 person attached C3\n"
            "coordinator:piet signal_attached C3 s-4\n"
            "coordinator:saskia signal_attached C3 s-4\n"
            "C3 H3 raised unassigned urgent -\n"
            "coordinator:piet priority_raised C3\n"
            "coordinator:saskia priority_raised C3\n");
    EVENT(t, .id = "d-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    TOLD(t, "d-1 case_dismissed accepted\n"
            "C1 H1 dismissed dismissed normal anna\n"
            "service:team regular_signal s-1\n"
            "C3 H3 offered offered urgent anna\n"
            "regisseur:anna case_offered C3\n");
    town_free(t);
}

/* The same people, listed in another order, and one more: who refused what is kept by name. */
static void
a_new_list_of_regisseurs_leaves_refusals_with_who_refused(void **unused)
{
    (void)unused;
    static const vdr_config_regisseur others[] = {
        {S("bram"), {NULL, 0}, true, 1, 1, {NULL, 0}, NULL, 0},
        {S("anna"), {NULL, 0}, true, 1, 1, {NULL, 0}, NULL, 0},
    };
    vdr_config config = town_of_one_place();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "d-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DECLINED, .case_number = 1);
    vdr_config wider = config;
    wider.regisseurs = others;
    wider.regisseur_count = 2;
    wider.fingerprint.bytes[0] = 7;
    town_configure(t, &wider);
    town_tick(t, 1);
    TOLD(t, "C1 H1 offered offered normal bram\n"
            "regisseur:bram case_offered C1\n");
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_in_a_large_town_is_known_apart),
        cmocka_unit_test(a_free_place_looks_at_those_that_can_be_placed),
        cmocka_unit_test(a_refused_offer_goes_back_without_a_look_at_the_others),
        cmocka_unit_test(a_raised_case_waits_in_its_new_order),
        cmocka_unit_test(a_new_list_of_regisseurs_leaves_refusals_with_who_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
