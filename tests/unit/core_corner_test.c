/* Goal: what is rare is judged like what is common: who left the town, who is two things at once, what has a name that others
 * have, too, and numbers that nothing has. */
#include "broker/core/left.h"
#include "tests/core_town.h"

static vdr_config changed; /* of a town, and whom it has */
static vdr_config_regisseur regisseurs[2];
static vdr_config_agency agencies[4];
static vdr_config_type types[4];
static vdr_config_rule rules[8];
static const vdr_config_rule together = {.id = S("together"),
                                         .level = VDR_LEVEL_COORDINATE,
                                         .purposes = NAMES(S("debt"), S("youth")),
                                         .at_least = {[VDR_MEASURE_AGENCIES] = 2},
                                         .fingerprint = {{9}}};

static town *
begin(void)
{
    changed = town_config;
    memcpy(regisseurs, town_regisseurs, sizeof regisseurs);
    memcpy(agencies, town_agencies, sizeof agencies);
    memcpy(types, town_types, sizeof types);
    memcpy(rules, town_rules, sizeof town_rules);
    changed.regisseurs = regisseurs;
    changed.agencies = agencies;
    changed.types = types;
    changed.rules = rules;
    changed.sticky_ms = 700 * DAY;
    changed.cooldown_ms = 0;
    town *t = town_new(&changed);
    t->reload_every = 1;
    return t;
}

/* The town is another one from here on. */
static void
change(town *t, const vdr_config *config)
{
    static vdr_config made[32]; /* each lives as long as its town steps */
    static size_t count;
    assert_true(count < sizeof made / sizeof made[0]);
    vdr_config *next = &made[count++];
    *next = *config;
    next->fingerprint.bytes[0] = (uint8_t)(99 + count);
    town_configure(t, next);
}

static vdr_err
verdict_of(const town *t)
{
    return t->step.verdict;
}

/* ---- numbers and names that nothing has ---- */

/* A table looks at sixteen bits first: of so many, some agree with what is there. */
static void
what_nothing_has_finds_nothing(void **unused)
{
    (void)unused;
    town *t = begin();
    char id[32];
    vdr_at at;
    vdr_case_view of;
    vdr_household_view household;
    for (unsigned i = 0; i < 9; i++) {
        const char who[2] = {(char)('a' + i), 0};
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = "police", .type = "violence", .who = who);
    }
    for (uint64_t number = 10; number < 200000; number++) {
        assert_false(vdr_view_case(t->core, (vdr_case_id){number}, &at, &of));
        assert_false(vdr_view_household(t->core, (vdr_household_id){number}, &at, &household));
    }
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(id, sizeof id, "nobody-%u", i);
        assert_int_equal(vdr_core_mailbox(t->core, VDR_PARTY_AGENCY, vdr_span_str(id)), 0);
    }
    town_free(t);
}

static void
an_actor_without_a_kind_is_nobody(void **unused)
{
    (void)unused;
    static const char *const sources[] = {
        "urn:voordeur:",           "urn:voordeur:anna",       "urn:voordeur:regisseur",
        "urn:voordeur:regisseur:", "urn:voordeur:mayor:anna", "urn:voordeur:regisseur:nobody"};
    town *t = begin();
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    for (size_t i = 0; i < COUNT(sources); i++) {
        const vdr_command command = {.kind = VDR_COMMAND_ACT,
                                     .act = VDR_ACT_CASE_ACCEPTED,
                                     .at = TOWN_T0,
                                     .time = TOWN_T0,
                                     .occurred_at = TOWN_T0,
                                     .id = vdr_span_str("k-1"),
                                     .id_hash = town_id_hash("k-1"),
                                     .source = vdr_span_str(sources[i]),
                                     .municipality = vdr_span_str("GM1"),
                                     .act_before = VDR_MS_NONE,
                                     .case_id = {1}};
        town_step(t, &command);
        if (verdict_of(t) != VDR_E_UNKNOWN_ACTOR)
            fail_msg("%s: %s", sources[i], vdr_err_code(verdict_of(t)));
    }
    town_free(t);
}

/* ---- names that several have ---- */

/* Three agencies call a signal s; the first of them leaves, and the table turns the others round. */
static town *
three_of_a_name(void)
{
    static const vdr_span all[] = {S("school"), S("police"), S("housing")};
    town *t = begin();
    types[3].agencies.at = all;
    types[3].agencies.count = COUNT(all);
    change(t, &changed);
    EVENT(t, .id = "s", .by = "school", .type = "custody", .who = "a", .ago = 99 * 24);
    EVENT(t, .id = "s", .by = "police", .type = "custody", .who = "b");
    EVENT(t, .id = "s", .by = "housing", .type = "custody", .who = "c");
    town_tick(t, 48);
    return t;
}

static void
a_name_that_several_signals_have_means_the_newest(void **unused)
{
    (void)unused;
    town *t = three_of_a_name();
    EVENT(t, .id = "f-1", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s", .result = "x");
    TOLD(t, "f-1 feedback accepted\nagency:housing feedback s x\n");
    EVENT(t, .id = "f-2", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s", .result = "x");
    assert_int_equal(verdict_of(t), VDR_E_WRONG_STATE);
    EVENT(t, .id = "f-3", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s", .agency = "police",
          .result = "x");
    TOLD(t, "f-3 feedback accepted\nagency:police feedback s x\n");
    EVENT(t, .id = "r-1", .by = "privacy_officer:ada", .act = VDR_ACT_RECTIFICATION_REQUESTED, .signal = "s",
          .agency = "nobody", .result = "x");
    assert_int_equal(verdict_of(t), VDR_E_UNKNOWN_SIGNAL);
    EVENT(t, .id = "r-2", .by = "privacy_officer:ada", .act = VDR_ACT_RECTIFICATION_REQUESTED, .signal = "s",
          .result = "x");
    TOLD(t, "r-2 rectification_requested accepted\nagency:housing rectification_requested s x\n");
    town_free(t);
}

/* One agency under two sources, one after the other: a signal of each. */
static void
an_agency_with_a_new_source_names_its_newer_signal(void **unused)
{
    (void)unused;
    town *t = begin();
    EVENT(t, .id = "s", .by = "police", .type = "custody", .who = "c", .ago = 99 * 24);
    EVENT(t, .id = "s", .by = "school", .type = "absence", .who = "a", .ago = 1);
    agencies[0].source = vdr_span_str("urn:college");
    change(t, &changed);
    EVENT(t, .id = "s", .by = "college", .type = "absence", .who = "b");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    town_tick(t, 48); /* that of the police leaves, and the table turns the others round */
    EVENT(t, .id = "w-1", .by = "college", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    vdr_at at;
    vdr_signal_view signal;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:college"), vdr_span_str("s"), town_id_hash("s"),
                                &at, &signal));
    assert_true(signal.withdrawn);
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:school"), vdr_span_str("s"), town_id_hash("s"),
                                &at, &signal));
    assert_false(signal.withdrawn);
    town_free(t);
}

/* ---- who is two things at once ---- */

static void
a_coordinator_lifts_no_conflict_of_their_own_as_a_regisseur(void **unused)
{
    (void)unused;
    static const vdr_span coordinators[] = {S("piet"), S("anna")};
    town *t = begin();
    changed.coordinators.at = coordinators;
    change(t, &changed);
    EVENT(t, .id = "c-1", .by = "regisseur:anna", .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna",
          .who = "z");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    EVENT(t, .id = "c-2", .by = "coordinator:anna", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "anna",
          .who = "z");
    assert_int_equal(verdict_of(t), VDR_E_NOT_ALLOWED);
    EVENT(t, .id = "c-3", .by = "coordinator:piet", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "anna",
          .who = "z");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    town_free(t);
}

/* ---- absences ---- */

static void
set_absent(town *t, const char *id, double from, double to)
{
    EVENT(t, .id = id, .by = "regisseur:anna", .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna",
          .absent_from = from, .absent_to = to);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
}

static void
absences_stand_in_order_and_one_that_is_over_is_not_lifted(void **unused)
{
    (void)unused;
    static const double ends[] = {48, 300, 400, 500};
    town *t = begin();
    set_absent(t, "a-1", 100, 500);
    set_absent(t, "a-2", 100, 300);
    set_absent(t, "a-3", 1, 48);
    set_absent(t, "a-4", 100, 400);
    size_t cursor = 0;
    vdr_absence_view absence;
    for (size_t i = 0; i < COUNT(ends); i++) {
        assert_true(vdr_view_absence(t->core, 0, &cursor, &absence));
        assert_true(absence.to == TOWN_T0 + (vdr_ms)(ends[i] * (double)HOUR));
    }
    assert_false(vdr_view_absence(t->core, 0, &cursor, &absence));
    town_tick(t, 72);
    EVENT(t, .id = "l-1", .by = "regisseur:anna", .act = VDR_ACT_ABSENCE_LIFTED, .regisseur = "anna",
          .absent_from = 1, .absent_to = 48);
    assert_int_equal(verdict_of(t), VDR_E_WRONG_STATE);
    EVENT(t, .id = "l-2", .by = "regisseur:anna", .act = VDR_ACT_ABSENCE_LIFTED, .regisseur = "anna",
          .absent_from = 100, .absent_to = 400);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    town_free(t);
}

/* ---- who left the town ---- */

static void
close_case(town *t, const char *id, const char *by, int number)
{
    char accept[32];
    (void)snprintf(accept, sizeof accept, "%s-a", id);
    EVENT(t, .id = accept, .by = by, .act = VDR_ACT_CASE_ACCEPTED, .case_number = number);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    EVENT(t, .id = id, .by = by, .act = VDR_ACT_CASE_CLOSED, .case_number = number, .result = "x");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
}

static bool
has_line(const town *t, const char *line)
{
    return strstr(t->told, line) != NULL;
}

/* anna had the household's last case, is in conflict with it, refused another, and is no regisseur any more. */
static void
who_is_no_regisseur_any_more_is_never_a_candidate(void **unused)
{
    (void)unused;
    town *t = begin();
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    close_case(t, "k-1", "regisseur:anna", 1);
    EVENT(t, .id = "c-1", .by = "regisseur:anna", .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna",
          .household = 1);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "b");
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_DECLINED, .case_number = 2);
    EVENT(t, .id = "k-3", .by = "regisseur:bram", .act = VDR_ACT_CASE_DECLINED, .case_number = 2);
    assert_true(has_line(t, "C2 H2 unassigned"));
    changed.regisseurs = regisseurs + 1;
    changed.regisseur_count = 1;
    change(t, &changed);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    town_tick(t, 2); /* the retry finds nobody for it */
    vdr_case_view of;
    vdr_at at;
    assert_true(vdr_view_case(t->core, (vdr_case_id){2}, &at, &of));
    assert_int_equal(of.state, VDR_CASE_UNASSIGNED);
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "a");
    assert_true(has_line(t, "C3 H1 offered offered normal bram"));
    town_free(t);
}

/* Of two last cases the one that ended last says who had the household; a merge puts them in another order. */
static void
the_case_that_was_closed_last_is_the_one_that_sticks(void **unused)
{
    (void)unused;
    for (int order = 0; order < 2; order++) {
        town *t = begin();
        EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
        EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "b");
        const char *last = order == 0 ? "bram" : "anna";
        t->hour = 1;
        close_case(t, "k-1", order == 0 ? "regisseur:anna" : "regisseur:bram", 1 + order);
        t->hour = 2;
        close_case(t, "k-2", order == 0 ? "regisseur:bram" : "regisseur:anna", 2 - order);
        EVENT(t, .id = "m-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1,
              .from = 2);
        assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
        t->hour = 3;
        EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "a");
        char line[64];
        (void)snprintf(line, sizeof line, "C3 H1 offered offered normal %s", last);
        if (!has_line(t, line))
            fail_msg("%s", t->told);
        town_free(t);
    }
}

static void
a_district_that_says_more_than_the_households_does_not_match(void **unused)
{
    (void)unused;
    static const vdr_span narrow[] = {S("BU0000000199")}, fits[] = {S("BU00")};
    town *t = begin();
    regisseurs[0].everywhere = regisseurs[1].everywhere = false;
    regisseurs[0].districts.at = narrow;
    regisseurs[1].districts.at = fits;
    regisseurs[0].districts.count = regisseurs[1].districts.count = 1;
    change(t, &changed);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a", .buurt = "BU00000001");
    assert_true(has_line(t, "C1 H1 offered offered normal bram"));
    town_free(t);
}

/* housing's signal moves into an active case, and supports a match, when housing is gone: nobody is told what it would be. */
static void
an_agency_that_left_the_town_is_told_nothing(void **unused)
{
    (void)unused;
    town *t = begin();
    static const vdr_config_pair pairs[] = {
        {S("youth"), S("safety")}, {S("debt"), S("youth")}, {S("debt"), S("safety")}};
    rules[COUNT(town_rules)] = together;
    changed.rule_count = COUNT(town_rules) + 1;
    changed.may_combine = pairs;
    changed.may_combine_count = COUNT(pairs);
    change(t, &changed);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "b");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "b");
    assert_true(has_line(t, "C2 H2 proposed"));
    EVENT(t, .id = "d-3", .by = "housing", .type = "arrears", .who = "c");
    agencies[2] = agencies[3];
    changed.agency_count = 3;
    change(t, &changed);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "c");
    assert_true(has_line(t, "s-2 accepted H3"));
    assert_false(has_line(t, "match"));
    EVENT(t, .id = "m-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1, .from = 2);
    assert_true(has_line(t, "regisseur:anna signal_attached C1 d-1"));
    assert_false(has_line(t, "housing"));
    /* Nobody is told what became of its signal. */
    EVENT(t, .id = "f-1", .by = "service:debts", .act = VDR_ACT_FEEDBACK, .signal = "d-3", .result = "x");
    assert_false(has_line(t, "agency:housing"));
    change(t, &changed);
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    town_free(t);
}

/* ---- a person in two cases ---- */

static void
a_person_struck_from_two_cases_withdraws_each_once(void **unused)
{
    (void)unused;
    town *t = begin();
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "ab");
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "s-3", .by = "school", .type = "violence", .who = "a");
    EVENT(t, .id = "s-4", .by = "school", .type = "violence", .who = "a");
    EVENT(t, .id = "w-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-4");
    EVENT(t, .id = "x-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "a");
    EVENT(t, .id = "s-5", .by = "police", .type = "violence", .who = "a");
    assert_true(has_line(t, "C2 H2 proposed"));
    EVENT(t, .id = "o-1", .by = "privacy_officer:ada", .act = VDR_ACT_OBJECTED, .who = "a", .result = "x");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    EVENT(t, .id = "o-2", .by = "privacy_officer:ada", .act = VDR_ACT_OBJECTION_DECIDED, .who = "a",
          .upheld = true, .result = "x");
    assert_int_equal(verdict_of(t), VDR_E_ACCEPTED);
    const char *first = strstr(t->told, "C2 H2 retracted");
    assert_non_null(first);
    assert_null(strstr(first + 1, "C2 H2 retracted"));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nothing_has_finds_nothing),
        cmocka_unit_test(an_actor_without_a_kind_is_nobody),
        cmocka_unit_test(a_name_that_several_signals_have_means_the_newest),
        cmocka_unit_test(an_agency_with_a_new_source_names_its_newer_signal),
        cmocka_unit_test(a_coordinator_lifts_no_conflict_of_their_own_as_a_regisseur),
        cmocka_unit_test(absences_stand_in_order_and_one_that_is_over_is_not_lifted),
        cmocka_unit_test(who_is_no_regisseur_any_more_is_never_a_candidate),
        cmocka_unit_test(the_case_that_was_closed_last_is_the_one_that_sticks),
        cmocka_unit_test(a_district_that_says_more_than_the_households_does_not_match),
        cmocka_unit_test(an_agency_that_left_the_town_is_told_nothing),
        cmocka_unit_test(a_person_struck_from_two_cases_withdraws_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
