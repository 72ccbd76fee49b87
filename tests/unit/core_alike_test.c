/* Goal: two things whose hashes are equal are two things all the same, also where somebody took pains to make them equal. */
#include "broker/core/explain.h"
#include "broker/core/index.h"
#include "broker/core/needed.h"
#include "tests/core_town.h"

#define ADA "privacy_officer:ada"

/* ---- hashes backwards (index.c) ---- */

#define SEED   UINT64_C(0x9e3779b97f4a7c15)
#define FACTOR UINT64_C(0xd6e8feb86659fd93)

static uint64_t
mixed(uint64_t x)
{
    x ^= x >> 32;
    x *= FACTOR;
    x ^= x >> 32;
    x *= FACTOR;
    return x ^ x >> 32;
}

static uint64_t
unmixed(uint64_t x)
{
    uint64_t inverse = 1;
    for (unsigned i = 0; i < 6; i++) /* each time twice as many bits of it are right */
        inverse *= 2 - FACTOR * inverse;
    x ^= x >> 32;
    x *= inverse;
    x ^= x >> 32;
    x *= inverse;
    return x ^ x >> 32;
}

/* The k-th other number of the same hash. */
static uint64_t
number_like(uint64_t number, uint64_t k)
{
    uint64_t other = unmixed(mixed(number + SEED) ^ k << 32) - SEED;
    assert_int_equal(vdr_index_hash_number(other), vdr_index_hash_number(number));
    assert_true(other != number);
    return other;
}

/* The k-th name of eight bytes that has the hash of that one. */
static void
name_like(const char *name, uint64_t k, uint8_t ret_name[8])
{
    uint64_t lane = unmixed((vdr_index_hash_text(vdr_span_str(name)) | k << 32)) ^ mixed(8 + SEED);
    memcpy(ret_name, &lane, 8);
    assert_int_equal(vdr_index_hash_text(vdr_span_of(ret_name, 8)), vdr_index_hash_text(vdr_span_str(name)));
}

static void
a_number_or_name_made_to_look_like_another_is_not_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "ab");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "cd");
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 2, .who = "c");
    TOLD(t, "k-1 person_erased accepted\n");
    vdr_at at;
    vdr_case_view of;
    vdr_household_view household;
    for (uint64_t k = 1; k < 100; k++) {
        uint8_t name[8];
        assert_false(vdr_view_case(t->core, (vdr_case_id){number_like(1, k)}, &at, &of));
        assert_false(vdr_view_household(t->core, (vdr_household_id){number_like(1, k)}, &at, &household));
        const vdr_command rewrite = {
            .kind = VDR_COMMAND_REWRITE, .at = VDR_MS_NONE, .number = number_like(3, k), .until = 5};
        town_step(t, &rewrite);
        assert_false(t->step.record);
        name_like("police", k, name);
        assert_int_equal(vdr_core_mailbox(t->core, VDR_PARTY_AGENCY, vdr_span_of(name, 8)), 0);
        name_like("anna", k, name);
        assert_int_equal(vdr_core_mailbox(t->core, VDR_PARTY_REGISSEUR, vdr_span_of(name, 8)), 0);
    }
    town_free(t);
}

/* ---- persons and addresses of one hash ---- */

static town *
alike(const vdr_config *config)
{
    town_collides = true;
    return town_new(config);
}

static void
leave(town *t)
{
    town_free(t);
    town_collides = false;
}

static bool
needs(const town *t, char who, vdr_position position)
{
    const vdr_command_person person = {.key = town_key(who, "person")};
    const vdr_command act = {
        .kind = VDR_COMMAND_ACT, .act = VDR_ACT_CONFLICT_DECLARED, .persons = &person, .person_count = 1};
    return vdr_needed_record(t->core, &act, position, (vdr_span){0});
}

/* Records 2 to 5: two regisseurs, two persons. */
static void
conflicts_bind_whom_they_name(void **unused)
{
    (void)unused;
    town *t = alike(&town_config);
    static const struct {
        const char *id, *regisseur, *who;
    } rows[] = {{"c-2", "anna", "x"}, {"c-3", "bram", "x"}, {"c-4", "bram", "y"}, {"c-5", "anna", "z"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        EVENT(t, .id = rows[i].id, .by = ADA, .act = VDR_ACT_CONFLICT_DECLARED,
              .regisseur = rows[i].regisseur, .who = rows[i].who);
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    }
    for (vdr_position position = 2; position < 7; position++) {
        assert_int_equal(needs(t, 'x', position), position == 2 || position == 3);
        assert_int_equal(needs(t, 'y', position), position == 4);
        assert_int_equal(needs(t, 'z', position), position == 5);
        assert_false(needs(t, 'w', position));
    }
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "z");
    assert_true(vdr_view_in_conflict(t->core, vdr_span_str("anna"), (vdr_household_id){1}));
    assert_false(vdr_view_in_conflict(t->core, vdr_span_str("bram"), (vdr_household_id){1}));
    EVENT(t, .id = "l-1", .by = "coordinator:piet", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "anna",
          .who = "y");
    assert_int_equal(t->step.verdict, VDR_E_WRONG_STATE);
    leave(t);
}

static void
rights_are_of_whom_they_name(void **unused)
{
    (void)unused;
    town *t = alike(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "r-1", .by = ADA, .act = VDR_ACT_RESTRICTED, .who = "a");
    EVENT(t, .id = "r-2", .by = ADA, .act = VDR_ACT_RESTRICTED, .who = "b");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    for (char who = 'a'; who <= 'c'; who++) {
        vdr_key16 key = town_key(who, "person");
        assert_int_equal(vdr_view_person_restricted(t->core, &key), who != 'c');
    }
    EVENT(t, .id = "l-1", .by = ADA, .act = VDR_ACT_RESTRICTION_LIFTED, .who = "c");
    assert_int_equal(t->step.verdict, VDR_E_WRONG_STATE);
    EVENT(t, .id = "l-2", .by = ADA, .act = VDR_ACT_RESTRICTION_LIFTED, .who = "a");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    for (char who = 'a'; who <= 'c'; who++) {
        vdr_key16 key = town_key(who, "person");
        assert_int_equal(vdr_view_person_restricted(t->core, &key), who == 'b');
    }
    leave(t);
}

/* Two guards for one place, in two windows, and of two agencies; and persons of one hash. */
static void
guards_count_apart_what_looks_alike(void **unused)
{
    (void)unused;
    static const vdr_config_guard guards[] = {
        {S("house"), {0}, {0}, {0}, VDR_GUARD_SIGNALS, VDR_GUARD_ADDRESS, 12 * HOUR, 1, true},
        {S("arrears"), {0}, {0}, S("arrears"), VDR_GUARD_SIGNALS, VDR_GUARD_ADDRESS, 24 * HOUR, 9, true},
        {S("heads"), {0}, S("school"), {0}, VDR_GUARD_PERSONS, VDR_GUARD_AGENCY, 12 * HOUR, 2, true},
    };
    static const struct {
        double hour;
        event event;
        vdr_err verdict;
    } rows[] = {
        {1, {.id = "a", .by = "police", .type = "custody", .where = 'p'}, VDR_E_ACCEPTED},
        {1, {.id = "b", .by = "housing", .type = "arrears", .where = 'p'}, VDR_E_ACCEPTED},
        {1, {.id = "c", .by = "police", .type = "custody", .where = 'q'}, VDR_E_ACCEPTED},
        {1, {.id = "d", .by = "police", .type = "custody", .where = 'q'}, VDR_E_HELD_BACK},
        {1, {.id = "e", .by = "housing", .type = "arrears", .where = 'p'}, VDR_E_HELD_BACK},
        {13, {.id = "f", .by = "police", .type = "custody", .where = 'q'}, VDR_E_ACCEPTED},
        {13, {.id = "g", .by = "housing", .type = "arrears", .where = 'p'}, VDR_E_ACCEPTED},
        {13, {.id = "h", .by = "school", .type = "absence", .who = "ab"}, VDR_E_ACCEPTED},
        {13, {.id = "i", .by = "school", .type = "absence", .who = "ba"}, VDR_E_ACCEPTED},
        {13, {.id = "j", .by = "school", .type = "absence", .who = "c"}, VDR_E_HELD_BACK},
    };
    vdr_config config = town_config;
    config.guards = guards;
    config.guard_count = COUNT(guards);
    for (int pass = 0; pass < 2; pass++) {
        town *t = pass == 0 ? town_new(&config) : alike(&config);
        for (size_t i = 0; i < COUNT(rows); i++) {
            t->hour = rows[i].hour;
            town_event(t, &rows[i].event);
            if (t->step.verdict != rows[i].verdict)
                fail_msg("%s: %s", rows[i].event.id, vdr_err_code(t->step.verdict));
        }
        /* Who leaves the town leaves what was counted of them, and of nobody else. */
        EVENT(t, .id = "x-1", .by = ADA, .act = VDR_ACT_ERASED, .household = 1);
        EVENT(t, .id = "k", .by = "school", .type = "absence", .who = "c");
        assert_int_equal(t->step.verdict, VDR_E_HELD_BACK);
        leave(t);
    }
}

/* ---- what is needed of acts about signals ---- */

typedef struct row {
    vdr_act act;
    const char *source;
    vdr_position position;
    bool needed;
} row;

/* s-1 of the school is record 2, and s-1 of the police is record 3. */
static void
an_act_is_about_a_signal_that_was_there(void **unused)
{
    (void)unused;
    static const row rows[] = {
        {VDR_ACT_SIGNAL_WITHDRAWN, "urn:school", 9, true},
        {VDR_ACT_SIGNAL_WITHDRAWN, "urn:police", 9, true},
        {VDR_ACT_SIGNAL_WITHDRAWN, "urn:housing", 9, false},
        {VDR_ACT_SIGNAL_ENDED, "urn:police", 9, true},
        {VDR_ACT_SIGNAL_ENDED, "urn:housing", 9, false},
        {VDR_ACT_RESTRICTED, "urn:voordeur:x", 9, true},
        {VDR_ACT_OBJECTED, "urn:voordeur:x", 3, true},
        {VDR_ACT_OBJECTED, "urn:voordeur:x", 2, false},
        {VDR_ACT_FEEDBACK, "urn:voordeur:x", 9, true},
    };
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-1", .by = "police", .type = "custody", .who = "b");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const vdr_command act = {.kind = VDR_COMMAND_ACT,
                                 .act = rows[i].act,
                                 .source = vdr_span_str(rows[i].source),
                                 .signal = {.id = vdr_span_str("s-1"), .hash = town_id_hash("s-1")}};
        if (vdr_needed_record(t->core, &act, rows[i].position, (vdr_span){0}) != rows[i].needed)
            fail_msg("row %zu", i);
    }
    town_free(t);
}

/* By what its tale says that it was about; what a signal's own step told besides is not that. */
static void
a_note_and_its_answer_are_needed_as_long_as_the_case_has_them(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .ago = 99 * 24); /* 2 */
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a");                /* 3 */
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a");
    static const char *const ids[] = {"n-1", "n-2"};
    static const vdr_act acts[] = {VDR_ACT_NOTE_SENT, VDR_ACT_NOTE_ANSWERED};
    uint8_t tales[2][512];
    vdr_span told[2];
    vdr_position positions[2];
    for (size_t i = 0; i < 2; i++) {
        if (i == 0)
            EVENT(t, .id = ids[0], .by = "regisseur:anna", .act = acts[0], .case_number = 1,
                  .agency = "school", .result = "?");
        else
            EVENT(t, .id = ids[1], .by = "school", .act = acts[1], .signal = "s-3", .result = "!");
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
        assert_true(t->step.tale.len <= sizeof tales[i]);
        memcpy(tales[i], t->step.tale.at, t->step.tale.len);
        told[i] = vdr_span_of(tales[i], t->step.tale.len);
        positions[i] = t->position;
    }
    for (int gone = 0; gone < 2; gone++) {
        for (size_t i = 0; i < 2; i++) {
            const vdr_command act = {.kind = VDR_COMMAND_ACT, .act = acts[i], .case_id = {1}};
            assert_int_equal(vdr_needed_record(t->core, &act, positions[i], told[i]), gone == 0);
            assert_false(vdr_needed_record(t->core, &act, positions[i] + 50, told[i]));
        }
        town_tick(t, 101 * 24); /* s-3 leaves */
    }
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_or_name_made_to_look_like_another_is_not_it),
        cmocka_unit_test(conflicts_bind_whom_they_name),
        cmocka_unit_test(rights_are_of_whom_they_name),
        cmocka_unit_test(guards_count_apart_what_looks_alike),
        cmocka_unit_test(an_act_is_about_a_signal_that_was_there),
        cmocka_unit_test(a_note_and_its_answer_are_needed_as_long_as_the_case_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
