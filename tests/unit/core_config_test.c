/* A new configuration while the broker runs (semantics section 4, last item). */
#include "tests/core_town.h"

static const vdr_config_type police_types[] = {
    {S("violence"), S("safety"), S("safety"), S("law"), NAMES(S("police")), 4, VDR_SIGNAL_EVENT, 60 * DAY,
     100 * DAY, 0},
};

static void
signals_keep_the_terms_of_their_acceptance(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    vdr_config_type types[COUNT(town_types)];
    memcpy(types, town_types, sizeof types);
    types[0].retain_ms = types[0].counts_for_ms = types[0].follow_up_ms = 2 * DAY;
    types[0].severity = 5;
    vdr_config config = town_config;
    config.types = types;
    config.fingerprint.bytes[0] = 2;
    assert_null(vdr_core_config_objection(t->core, &config));
    town_configure(t, &config);
    assert_true(t->step.record);
    assert_int_equal(t->step.tale.len, 0);
    assert_int_equal(vdr_core_config_position(t->core), 3);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    vdr_at at;
    vdr_signal_view view;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:school"), vdr_span_str("s-1"), town_id_hash("s-1"),
                                &at, &view));
    assert_int_equal(view.until, TOWN_T0 + 60 * DAY);
    assert_int_equal(view.leaves_at, TOWN_T0 + 100 * DAY);
    assert_int_equal(view.severity, 2);
    town_tick(t, 300);
    TOLD(t, "coordinator:piet overdue s-1 H1 @240\n" /* s-2 left at the hour of its follow-up, set before */
            "coordinator:saskia overdue s-1 H1 @240\n");
    town_free(t);
}

static void
a_latch_is_lost_when_its_rule_changes_and_stays_lost_when_the_rule_comes_back(void **unused)
{
    (void)unused;
    vdr_config_rule rules[COUNT(town_rules)];
    memcpy(rules, town_rules, sizeof rules);
    static const struct {
        const char *what;
        uint8_t fingerprint;
        bool lost;
    } rows[] = {{"the same rule", 4, false}, {"a changed rule", 9, true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        town *t = town_new(&town_config);
        EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
        EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "a");
        assert_non_null(strstr(t->told, "H1 watch busy"));
        rules[3].fingerprint.bytes[0] = rows[i].fingerprint;
        vdr_config config = town_config;
        config.rules = rules;
        config.fingerprint.bytes[0] = 2;
        town_configure(t, &config);
        town_configure(t, &town_config); /* and back again */
        EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a");
        if ((strstr(t->told, "H1 watch busy") != NULL) != rows[i].lost)
            fail_msg("%s: %s", rows[i].what, t->told);
        EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "a");
        assert_null(strstr(t->told, "watch"));
        town_free(t);
    }
}

static void
what_is_in_use_cannot_be_removed(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a"); /* to anna */
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");  /* to team */
    EVENT(t, .id = "k-1", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s-2", .result = "x");
    static const vdr_config_service services[] = {{S("debts"), {NULL, 0}, true}};
    vdr_config other = town_config, none_anna = town_config, none_school = town_config,
               none_team = town_config, none_saskia = town_config, none_bram = town_config;
    other.municipality = vdr_span_str("GM2");
    none_anna.regisseurs = town_regisseurs + 1;
    none_anna.regisseur_count = 1;
    none_bram.regisseur_count = 1;
    none_school.agencies = town_agencies + 1;
    none_school.agency_count = COUNT(town_agencies) - 1;
    none_school.types = police_types;
    none_school.type_count = 1;
    none_team.services = services;
    none_team.service_count = 1;
    none_saskia.coordinators.count = 1;
    const struct {
        const char *what;
        const vdr_config *config;
        const char *words;
    } rows[] = {
        {"nothing", &town_config, NULL},
        {"bram, who has nothing", &none_bram, NULL},
        {"saskia, who has no mail", &none_saskia, NULL},
        {"another municipality", &other, "the municipality of this store is GM1 and cannot become GM2"},
        {"anna", &none_anna, "regisseur anna is removed but has open cases: 1"},
        {"school", &none_school, "agency school is removed but has undelivered messages: 1"},
        {"team", &none_team, "service team is removed but has undelivered messages: 1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *words = vdr_core_config_objection(t->core, rows[i].config);
        if ((words == NULL) != (rows[i].words == NULL) ||
            (words != NULL && strcmp(words, rows[i].words) != 0))
            fail_msg("%s: %s", rows[i].what, words != NULL ? words : "no objection");
    }
    /* Read: it may go. Its signals stay, and nobody is told of them any more. */
    vdr_command_ack acks[] = {
        {vdr_core_mailbox(t->core, VDR_PARTY_AGENCY, vdr_span_str("school")), 1},
        {vdr_core_mailbox(t->core, VDR_PARTY_SERVICE, vdr_span_str("team")), 99},
    };
    vdr_command read = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = acks, .ack_count = 2};
    town_step(t, &read);
    assert_null(vdr_core_config_objection(t->core, &none_school));
    assert_null(vdr_core_config_objection(t->core, &none_team));
    none_school.services = services;
    none_school.service_count = 1;
    none_school.fingerprint.bytes[0] = 3;
    town_configure(t, &none_school);
    town_tick(t, 240);
    assert_null(strstr(t->told, "s-2")); /* it has feedback */
    EVENT(t, .id = "k-2", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-2");
    TOLD(t, "k-2 signal_withdrawn unknown_actor\n");
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "b", .severity = 1);
    TOLD(t, "s-3 accepted H2 person regular\n"
            "service:debts regular_signal s-3\n");
    town_free(t);
}

static void
a_coordinator_with_unread_mail_stays_and_one_who_read_it_may_go(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_config without = town_config;
    without.coordinators.count = 1;
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    town_tick(t, 240);
    assert_string_equal(vdr_core_config_objection(t->core, &without),
                        "coordinator saskia is removed but has undelivered messages: 1");
    vdr_command_ack ack = {vdr_core_mailbox(t->core, VDR_PARTY_COORDINATOR, vdr_span_str("saskia")), 1};
    vdr_command read = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = &ack, .ack_count = 1};
    town_step(t, &read);
    assert_null(vdr_core_config_objection(t->core, &without));
    town_free(t);
}

static void
feedback_on_a_signal_of_an_agency_that_is_gone_tells_nobody(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    vdr_config without = town_config;
    without.agencies = town_agencies + 1;
    without.agency_count = COUNT(town_agencies) - 1;
    without.types = police_types;
    without.type_count = 1;
    without.fingerprint.bytes[0] = 2;
    assert_null(vdr_core_config_objection(t->core, &without));
    town_configure(t, &without);
    EVENT(t, .id = "k-1", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s-1", .result = "x");
    TOLD(t, "k-1 feedback accepted\n");
    town_free(t);
}

static void
a_regisseur_who_was_removed_gets_nothing_and_comes_back_as_before(void **unused)
{
    (void)unused;
    vdr_config sticky = town_config;
    sticky.sticky_ms = 100 * DAY;
    sticky.cooldown_ms = 0;
    town *t = town_new(&sticky);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    vdr_config without = sticky;
    without.regisseurs = town_regisseurs + 1;
    without.regisseur_count = 1;
    without.fingerprint.bytes[0] = 2;
    town_configure(t, &without);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "A");
    TOLD(t, "s-2 accepted H1 person proposed\n"
            "C2 H1 proposed unassigned normal - violence s-1 s-2\n"
            "C2 H1 offered offered normal bram\n"
            "regisseur:bram case_offered C2\n");
    EVENT(t, .id = "k-3", .by = "regisseur:bram", .act = VDR_ACT_CASE_DISMISSED, .case_number = 2);
    town_configure(t, &sticky);
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "A");
    TOLD(t, "s-3 accepted H1 person proposed\n"
            "C3 H1 proposed unassigned normal - violence s-1 s-2 s-3\n"
            "C3 H1 offered offered normal anna\n"
            "regisseur:anna case_offered C3\n");
    town_free(t);
}

static vdr_mailbox_view
mailbox_of_anna(const town *t)
{
    vdr_mailbox_view view;
    uint32_t number = vdr_core_mailbox(t->core, VDR_PARTY_REGISSEUR, vdr_span_str("anna"));
    assert_true(vdr_core_mailbox_view(t->core, number, &view));
    return view;
}

static void
mail_of_a_removed_regisseur_holds_nothing_and_her_numbering_goes_on(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "B", .severity = 5);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 2);
    for (uint32_t number = 1; number <= vdr_core_mailbox_count(t->core); number++) { /* the others read */
        vdr_mailbox_view view;
        vdr_command_ack ack = {number, 99};
        vdr_command read = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = &ack, .ack_count = 1};
        assert_true(vdr_core_mailbox_view(t->core, number, &view));
        if (!vdr_span_equal(view.id, vdr_span_str("anna")))
            town_step(t, &read);
    }
    town_tick(t, 200 * 24); /* signals and cases have left: her mail is all that is held */
    assert_int_equal(mailbox_of_anna(t).last, 2);
    assert_int_equal(mailbox_of_anna(t).oldest, 2);
    vdr_config without = town_config;
    without.regisseurs = town_regisseurs + 1;
    without.regisseur_count = 1;
    without.fingerprint.bytes[0] = 2;
    uint32_t mailboxes;
    assert_null(vdr_core_config_objection(t->core, &without));
    assert_int_equal(vdr_core_config_unread(t->core, &town_config, &mailboxes), 0);
    assert_int_equal(vdr_core_config_unread(t->core, &without, &mailboxes), 2);
    assert_int_equal(mailboxes, 1);
    town_configure(t, &without);
    assert_int_equal(vdr_core_config_unread(t->core, &without, &mailboxes), 0);
    assert_int_equal(mailbox_of_anna(t).acknowledged, 2);
    assert_int_equal(mailbox_of_anna(t).oldest, 0);
    assert_true(vdr_core_keep_from(t->core) == vdr_core_config_position(t->core));

    town_configure(t, &town_config); /* she comes back */
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "C");
    TOLD(t, "s-3 accepted H3 new proposed\n"
            "C3 H3 proposed unassigned normal - violence s-3\n"
            "C3 H3 offered offered normal anna\n"
            "regisseur:anna case_offered C3\n");
    assert_int_equal(mailbox_of_anna(t).last, 3);
    assert_int_equal(mailbox_of_anna(t).acknowledged, 2);
    assert_int_equal(mailbox_of_anna(t).oldest, vdr_core_position(t->core));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_keep_the_terms_of_their_acceptance),
        cmocka_unit_test(a_latch_is_lost_when_its_rule_changes_and_stays_lost_when_the_rule_comes_back),
        cmocka_unit_test(what_is_in_use_cannot_be_removed),
        cmocka_unit_test(a_coordinator_with_unread_mail_stays_and_one_who_read_it_may_go),
        cmocka_unit_test(feedback_on_a_signal_of_an_agency_that_is_gone_tells_nobody),
        cmocka_unit_test(mail_of_a_removed_regisseur_holds_nothing_and_her_numbering_goes_on),
        cmocka_unit_test(a_regisseur_who_was_removed_gets_nothing_and_comes_back_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
