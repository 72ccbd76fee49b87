/* Notes between a case's regisseur and agencies and services (protocol.md 5.14): who may write to whom, what is kept of
 * it, and when it goes. */
#include "broker/core/needed.h"
#include "broker/core/note.h"
#include "tests/core_town.h"

#define ANNA "regisseur:anna"
#define ADA  "privacy_officer:ada"

/* H1 with C1, which Anna holds: s-1 went to the team before there was a case, s-2 of the police opened it, s-3 of the
 * school joined it. */
static town *
begin(void)
{
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab");
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = ANNA, .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "ab");
    TOLD(t, "s-3 accepted H1 person attached C1\n"
            "regisseur:anna signal_attached C1 s-3\n"
            "agency:school regisseur_known C1 anna\n");
    return t;
}

static size_t
notes_of_case(const town *t)
{
    vdr_at at;
    vdr_case_view of;
    vdr_note_view note = {.position = 0};
    size_t count = 0;
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
    while (vdr_view_case_note(t->core, at, note.position, &note))
        count++;
    return count;
}

static size_t
notes_of_signal(const town *t, const char *source, const char *id)
{
    vdr_at at;
    vdr_signal_view of;
    vdr_note_view note = {.position = 0};
    size_t count = 0;
    if (!vdr_view_signal(t->core, vdr_span_str(source), vdr_span_str(id), town_id_hash(id), &at, &of))
        return 0;
    while (vdr_view_signal_note(t->core, at, note.position, &note))
        count++;
    return count;
}

static void
a_note_is_about_the_newest_signal_of_the_agency_in_the_case(void **unused)
{
    (void)unused;
    town *t = begin();
    EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
          .result = "how is it?");
    TOLD(t, "n-1 note_sent accepted\nagency:school note s-3 how is it? anna\n");
    EVENT(t, .id = "n-2", .by = "school", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-3", .result = "better");
    TOLD(t, "n-2 note_answered accepted\nregisseur:anna note_answered C1 s-3 better by agency:school\n");
    EVENT(t, .id = "w-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-3");
    EVENT(t, .id = "n-3", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
          .result = "?");
    TOLD(t, "n-3 note_sent wrong_state\n");
    assert_int_equal(notes_of_case(t), 2);
    assert_int_equal(notes_of_signal(t, "urn:school", "s-3"), 2);
    assert_int_equal(notes_of_signal(t, "urn:school", "s-1"), 0);
    town_free(t);
}

static void
who_may_not_write_hears_why(void **unused)
{
    (void)unused;
    static const struct {
        const char *by, *agency, *service, *signal, *verdict;
        int number;
    } rows[] = {
        {ANNA, "police", NULL, NULL, "note_sent accepted", 1},
        {"regisseur:bram", "police", NULL, NULL, "note_sent not_allowed", 1},
        {"coordinator:piet", "police", NULL, NULL, "note_sent not_allowed", 1},
        {ANNA, "police", NULL, NULL, "note_sent unknown_case", 9},
        {ANNA, "nobody", NULL, NULL, "note_sent unknown_actor", 1},
        {ANNA, "team", NULL, NULL, "note_sent unknown_actor", 1}, /* a service */
        {ANNA, NULL, "nobody", NULL, "note_sent unknown_actor", 1},
        {ANNA, "housing", NULL, NULL, "note_sent wrong_state", 1}, /* no signal of theirs */
        {ANNA, NULL, "debts", NULL, "note_sent wrong_state", 1},
        {"school", NULL, NULL, "s-3", "note_answered accepted", 0},
        {"school", NULL, NULL, "s-1", "note_answered wrong_state", 0}, /* in no case */
        {"school", NULL, NULL, "s-9", "note_answered unknown_signal", 0},
        {"police", NULL, NULL, "s-2", "note_answered wrong_state", 0}, /* sees no match: knows of no case */
        {"service:team", NULL, NULL, "s-1", "note_answered wrong_state", 0},
        {"service:debts", NULL, NULL, "s-1", "note_answered not_allowed", 0},
        {ANNA, NULL, NULL, "s-3", "note_answered not_allowed", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[64];
        town *t = begin();
        EVENT(t, .id = "n-1", .by = rows[i].by,
              .act = rows[i].signal == NULL ? VDR_ACT_NOTE_SENT : VDR_ACT_NOTE_ANSWERED,
              .case_number = rows[i].number, .agency = rows[i].agency, .service = rows[i].service,
              .signal = rows[i].signal, .result = "x");
        (void)snprintf(expected, sizeof expected, "n-1 %s\n", rows[i].verdict);
        if (strncmp(t->told, expected, strlen(expected)) != 0)
            fail_msg("row %zu: %s", i, t->told);
        town_free(t);
    }
}

static void
whoever_was_written_to_may_answer_and_only_while_the_case_is_active(void **unused)
{
    (void)unused;
    town *t = begin();
    EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "police",
          .result = "again?");
    EVENT(t, .id = "n-2", .by = "police", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-2", .result = "no");
    TOLD(t, "n-2 note_answered accepted\nregisseur:anna note_answered C1 s-2 no by agency:police\n");
    EVENT(t, .id = "k-2", .by = ANNA, .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    EVENT(t, .id = "n-3", .by = "police", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-2", .result = "yes");
    TOLD(t, "n-3 note_answered wrong_state\n");
    EVENT(t, .id = "n-4", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "police",
          .result = "x");
    TOLD(t, "n-4 note_sent wrong_state\n");
    assert_int_equal(notes_of_case(t), 2); /* kept with the case */
    town_free(t);
}

static void
a_service_answers_about_what_it_was_sent(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "s-2", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "k-1", .by = ANNA, .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .service = "debts",
          .result = "did you see them?");
    TOLD(t, "n-1 note_sent accepted\nservice:debts note s-1 did you see them? anna\n");
    EVENT(t, .id = "n-2", .by = "service:debts", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-1",
          .agency = "housing", .result = "twice");
    TOLD(t, "n-2 note_answered accepted\nregisseur:anna note_answered C1 s-1 twice by service:debts\n");
    town_free(t);
}

static void
what_is_restricted_is_neither_written_about_nor_shown(void **unused)
{
    (void)unused;
    town *t = begin();
    vdr_at at;
    vdr_case_view of;
    vdr_note_view note;
    EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
          .result = "?");
    EVENT(t, .id = "r-1", .by = ADA, .act = VDR_ACT_RESTRICTED, .signal = "s-3", .agency = "school");
    TOLD(t, "r-1 restricted accepted\n");
    EVENT(t, .id = "n-2", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
          .result = "?");
    TOLD(t, "n-2 note_sent wrong_state\n");
    EVENT(t, .id = "n-3", .by = "school", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-3", .result = "x");
    TOLD(t, "n-3 note_answered wrong_state\n");
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
    assert_true(vdr_view_case_note(t->core, at, 0, &note) && note.restricted);
    EVENT(t, .id = "r-2", .by = ADA, .act = VDR_ACT_RESTRICTION_LIFTED, .signal = "s-3", .agency = "school");
    assert_true(vdr_view_case_note(t->core, at, 0, &note) && !note.restricted);
    EVENT(t, .id = "r-3", .by = ADA, .act = VDR_ACT_RESTRICTED, .who = "b"); /* whom s-3 names, too */
    TOLD(t, "r-3 restricted accepted\n");
    assert_true(vdr_view_case_note(t->core, at, 0, &note) && note.restricted);
    town_free(t);
}

static void
of_a_signal_that_went_to_another_household_only_officers_see_the_notes(void **unused)
{
    (void)unused;
    town *t = begin();
    vdr_at at;
    vdr_case_view of;
    vdr_note_view note;
    EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
          .result = "?");
    EVENT(t, .id = "k-2", .by = ANNA, .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "ab");
    TOLD(t, "k-3 household_split accepted\n"); /* C1 stays with H1, s-3 goes to H2 */
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
    assert_true(vdr_view_case_note(t->core, at, 0, &note));
    assert_true(note.restricted && note.id.at == NULL);
    assert_int_equal(notes_of_signal(t, "urn:school", "s-3"), 1);
    town_free(t);
}

static void
a_case_keeps_its_newest_notes(void **unused)
{
    (void)unused;
    town *t = begin();
    vdr_at at;
    vdr_case_view of;
    vdr_note_view first, note;
    for (unsigned i = 0; i < VDR_NOTES_MAX + 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "n-%u", i);
        EVENT(t, .id = id, .by = "school", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-3", .result = "x");
        assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
        if (i == 3)
            assert_true(vdr_view_case_note(t->core, at, 0, &first)); /* the first of all */
    }
    assert_int_equal(notes_of_case(t), VDR_NOTES_MAX);
    assert_int_equal(notes_of_signal(t, "urn:school", "s-3"), VDR_NOTES_MAX);
    assert_true(vdr_view_case_note(t->core, at, 0, &note));
    assert_int_equal(note.position, first.position + 3);
    town_free(t);
}

/* Is the record of the last step needed? */
static bool
is_needed(const town *t, const vdr_command *note, vdr_position position, vdr_span tale)
{
    return vdr_needed_record(t->core, note, position, tale);
}

static void
a_note_goes_with_its_signal_its_case_or_a_person_of_the_signal(void **unused)
{
    (void)unused;
    enum { SIGNAL_LEAVES, PERSON_ERASED, HOUSEHOLD_ERASED, CASE_LEAVES, WAYS };
    for (int way = 0; way < WAYS; way++) {
        town *t = begin();
        const vdr_command note = {.kind = VDR_COMMAND_ACT,
                                  .act = VDR_ACT_NOTE_SENT,
                                  .case_id = {1},
                                  .agency = vdr_span_str("school")};
        EVENT(t, .id = "n-1", .by = ANNA, .act = VDR_ACT_NOTE_SENT, .case_number = 1, .agency = "school",
              .result = "x");
        vdr_position position = t->position;
        uint8_t bytes[512];
        assert_true(t->step.tale.len <= sizeof bytes);
        vdr_span tale = vdr_span_of(bytes, t->step.tale.len);
        memcpy(bytes, t->step.tale.at, t->step.tale.len);
        uint32_t offset = 0;
        vdr_effect message;
        while (vdr_effect_next(tale, &offset, &message) == VDR_OK && message.kind != VDR_EFFECT_MESSAGE) {
        }
        assert_true(is_needed(t, &note, position, tale));
        assert_true(vdr_needed_to_read(t->core, &message, town_id_hash("s-3")));
        if (way != SIGNAL_LEAVES)
            EVENT(t, .id = "k-2", .by = ANNA, .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
        if (way == PERSON_ERASED)
            EVENT(t, .id = "e-1", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 1, .who = "b");
        else if (way == HOUSEHOLD_ERASED)
            EVENT(t, .id = "e-1", .by = ADA, .act = VDR_ACT_ERASED, .household = 1);
        else /* a signal of the school is kept for 100 days, a case for 50 after its end */
            town_tick(t, way == SIGNAL_LEAVES ? 24 * 101 : 24 * 51);
        if (is_needed(t, &note, position, tale) ||
            vdr_needed_to_read(t->core, &message, town_id_hash("s-3")) ||
            notes_of_signal(t, "urn:school", "s-3") != 0)
            fail_msg("way %d: the note is still there", way);
        town_free(t);
    }
}

/* Whom a party may write to about its signal. */
static void
the_regisseur_of_a_signal_is_told_to_who_knows_the_case(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "violence", .who = "a");
    EVENT(t, .id = "s-2", .by = "housing", .type = "arrears", .who = "b");
    vdr_at of_case, regular;
    vdr_signal_view view;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:school"), vdr_span_str("s-1"), town_id_hash("s-1"),
                                &of_case, &view));
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:housing"), vdr_span_str("s-2"),
                                town_id_hash("s-2"), &regular, &view));
    vdr_span school = vdr_span_str("school"), nobody = vdr_span_str("nobody"),
             police = vdr_span_str("police"), housing = vdr_span_str("housing");
    assert_null(vdr_view_signal_regisseur(t->core, of_case, VDR_PARTY_AGENCY, school).at); /* offered */
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "bram");
    EVENT(t, .id = "k-2", .by = "regisseur:bram", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    vdr_span regisseur = vdr_view_signal_regisseur(t->core, of_case, VDR_PARTY_AGENCY, school);
    assert_true(vdr_span_equal(regisseur, vdr_span_str("bram")));
    assert_null(vdr_view_signal_regisseur(t->core, of_case, VDR_PARTY_AGENCY, police).at); /* sees no match */
    assert_null(vdr_view_signal_regisseur(t->core, of_case, VDR_PARTY_SERVICE, school).at);
    assert_null(vdr_view_signal_regisseur(t->core, of_case, VDR_PARTY_AGENCY, nobody).at);
    assert_null(vdr_view_signal_regisseur(t->core, regular, VDR_PARTY_AGENCY, housing).at);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_about_the_newest_signal_of_the_agency_in_the_case),
        cmocka_unit_test(who_may_not_write_hears_why),
        cmocka_unit_test(whoever_was_written_to_may_answer_and_only_while_the_case_is_active),
        cmocka_unit_test(a_service_answers_about_what_it_was_sent),
        cmocka_unit_test(what_is_restricted_is_neither_written_about_nor_shown),
        cmocka_unit_test(of_a_signal_that_went_to_another_household_only_officers_see_the_notes),
        cmocka_unit_test(a_case_keeps_its_newest_notes),
        cmocka_unit_test(a_note_goes_with_its_signal_its_case_or_a_person_of_the_signal),
        cmocka_unit_test(the_regisseur_of_a_signal_is_told_to_who_knows_the_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
