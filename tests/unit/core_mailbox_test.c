/* Mailboxes and their cursors, and what must be kept of the log (quality.md I8). */
#include "broker/core/needed.h"
#include "tests/core_town.h"

static const vdr_config_type short_types[] = {
    {S("absence"), S("education"), S("youth"), S("law"), NAMES(S("school")), 2, VDR_SIGNAL_EVENT, DAY, DAY,
     0},
};

static vdr_mailbox_view
box(const town *t, vdr_party_kind kind, const char *id)
{
    vdr_mailbox_view view;
    assert_true(vdr_core_mailbox_view(t->core, vdr_core_mailbox(t->core, kind, vdr_span_str(id)), &view));
    return view;
}

static void
acknowledge(town *t, uint32_t mailbox, uint64_t seq)
{
    vdr_command_ack ack = {mailbox, seq};
    vdr_command command = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = &ack, .ack_count = 1};
    town_step(t, &command);
}

static void
cursors_go_forward_only_and_not_beyond_the_last(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    assert_int_equal(vdr_core_mailbox(t->core, VDR_PARTY_SERVICE, vdr_span_str("team")), 0);
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "s-%d", i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = "a");
        assert_int_equal(t->step.mails[0].seq, i + 1);
    }
    uint32_t team = vdr_core_mailbox(t->core, VDR_PARTY_SERVICE, vdr_span_str("team"));
    assert_int_equal(vdr_core_mailbox(t->core, VDR_PARTY_AGENCY, vdr_span_str("team")), 0);
    static const struct {
        uint64_t seq;
        bool recorded;
        uint64_t acknowledged;
    } rows[] = {{0, false, 0}, {2, true, 2}, {2, false, 2}, {1, false, 2}, {99, true, 5}, {100, false, 5}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        acknowledge(t, team, rows[i].seq);
        vdr_mailbox_view view = box(t, VDR_PARTY_SERVICE, "team");
        if (t->step.record != rows[i].recorded || view.acknowledged != rows[i].acknowledged)
            fail_msg("row %zu: recorded %d, at %d", i, t->step.record, (int)view.acknowledged);
        assert_int_equal(view.last, 5);
        assert_true((view.oldest != 0) == (view.acknowledged < view.last));
    }
    acknowledge(t, 0, 1);
    assert_false(t->step.record);
    acknowledge(t, 77, 1); /* no such mailbox */
    assert_false(t->step.record);
    town_free(t);
}

static void
the_log_is_kept_for_the_oldest_unread_message_and_not_much_more(void **unused)
{
    (void)unused;
    vdr_config config = town_config;
    config.types = short_types;
    config.type_count = 1;
    town *t = town_new(&config);
    t->reload_every = 50;
    enum { SENT = 1000 };
    vdr_position positions[SENT + 1] = {0};
    for (int i = 1; i <= SENT; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "s-%d", i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = "a");
        positions[i] = t->position;
    }
    uint32_t team = vdr_core_mailbox(t->core, VDR_PARTY_SERVICE, vdr_span_str("team"));
    for (uint64_t seq = 1; seq < SENT; seq += 37) {
        acknowledge(t, team, seq);
        vdr_position oldest = box(t, VDR_PARTY_SERVICE, "team").oldest;
        if (oldest > positions[seq + 1] || oldest + 64 < positions[seq + 1])
            fail_msg("%d is read, the oldest stands at %d", (int)seq, (int)oldest);
    }
    /* All signals leave; the configuration comes again; then unread mail alone holds the log. */
    town_tick(t, 48);
    town_configure(t, &config);
    assert_int_equal(vdr_core_keep_from(t->core), box(t, VDR_PARTY_SERVICE, "team").oldest);
    acknowledge(t, team, SENT);
    assert_int_equal(vdr_core_keep_from(t->core), vdr_core_config_position(t->core));
    town_free(t);
}

static void
open_cases_are_listed_by_number_also_past_one_that_is_gone(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    for (int i = 1; i <= 8; i++) { /* anna 2, bram 4, nobody 2 */
        char id[8], who[2] = {(char)('@' + i), 0};
        (void)snprintf(id, sizeof id, "s-%d", i);
        EVENT(t, .id = id, .by = "police", .type = "violence", .who = who);
    }
    EVENT(t, .id = "k", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 7,
          .regisseur = "anna");
    static const struct {
        const char *regisseur;
        int after, next;
    } rows[] = {{NULL, 0, 8},   {NULL, 7, 8},   {NULL, 8, 0},   {"anna", 0, 1},
                {"anna", 1, 4}, {"anna", 2, 4}, {"anna", 4, 7}, {"anna", 7, 0},
                {"bram", 2, 3}, {"bram", 6, 0}, {"piet", 0, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        vdr_case_view view = {.id = {0}};
        bool found = vdr_view_open_case(t->core, vdr_span_str(rows[i].regisseur),
                                        (vdr_case_id){(uint64_t)rows[i].after}, &view);
        if (found != (rows[i].next != 0) || (int)view.id.number != rows[i].next)
            fail_msg("row %zu: C%d", i, (int)view.id.number);
    }
    vdr_span id;
    uint64_t load, capacity, hard;
    bool absent;
    assert_true(vdr_view_regisseur(t->core, 0, &id, &load, &capacity, &hard, &absent));
    assert_int_equal(load, 3);
    assert_false(absent);
    assert_false(vdr_view_regisseur(t->core, 2, &id, &load, &capacity, &hard, &absent));
    town_free(t);
}

static void
a_view_tells_nobody_and_one_beyond_ones_own_tells_every_privacy_officer(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    static const vdr_command_seen seen[] = {
        {VDR_SEEN_HOUSEHOLD, VDR_SEEN_FACTS | VDR_SEEN_NUMBERS, {1}, {0}, 0}};
    vdr_command view = {.kind = VDR_COMMAND_VIEW,
                        .at = VDR_MS_NONE,
                        .sender_kind = VDR_PARTY_COORDINATOR,
                        .sender_id = vdr_span_str("piet"),
                        .query = 4,
                        .seen = seen,
                        .seen_count = 1};
    town_step(t, &view);
    assert_true(t->step.record);
    assert_int_equal(t->step.mail_count, 0);
    assert_int_equal(t->step.tale.len, 0);
    view.reason = vdr_span_str("a neighbour called");
    town_step(t, &view);
    assert_int_equal(t->step.mail_count, 1);
    vdr_effect told;
    uint32_t offset = t->step.mails[0].offset;
    assert_int_equal(vdr_effect_next(t->step.tale, &offset, &told), VDR_OK);
    assert_int_equal(told.message, VDR_MESSAGE_BREAK_GLASS);
    assert_true(vdr_span_equal(told.reason, view.reason) && vdr_span_equal(told.by, view.sender_id));
    assert_int_equal(told.household.number, 1);
    assert_int_equal(box(t, VDR_PARTY_PRIVACY_OFFICER, "ada").last, 1);
    /* An officer with unread messages is not removed; afterwards one is. */
    vdr_config without = town_config;
    without.privacy_officers.count = 0;
    assert_non_null(vdr_core_config_objection(t->core, &without));
    acknowledge(t, vdr_core_mailbox(t->core, VDR_PARTY_PRIVACY_OFFICER, vdr_span_str("ada")), 1);
    assert_null(vdr_core_config_objection(t->core, &without));
    /* Who saw it stays in the log when the household is erased; why, which is free text, does not. */
    vdr_command plain = view;
    plain.reason = (vdr_span){0};
    assert_true(vdr_needed_record(t->core, &view, 3, (vdr_span){0}));
    EVENT(t, .id = "k-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    assert_false(vdr_needed_record(t->core, &view, 3, (vdr_span){0}));
    assert_true(vdr_needed_record(t->core, &plain, 3, (vdr_span){0}));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursors_go_forward_only_and_not_beyond_the_last),
        cmocka_unit_test(the_log_is_kept_for_the_oldest_unread_message_and_not_much_more),
        cmocka_unit_test(open_cases_are_listed_by_number_also_past_one_that_is_gone),
        cmocka_unit_test(a_view_tells_nobody_and_one_beyond_ones_own_tells_every_privacy_officer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
