/* What of the log the state still needs (needed.h), and what left it (left.h): over random histories, against a
 * model that remembers what every record was about and looks through the whole state for it. */
#include "broker/core/left.h"
#include "broker/core/needed.h"
#include "tests/core_dice.h"

#define RECORDS_MAX 4096u
#define NUMBERS_MAX 4096u

typedef struct remembered {
    vdr_command command; /* its own copy of what it points to */
    vdr_command_person persons[4];
    vdr_key16 addresses[2];
    char id[16], source[96], signal[16];
    uint8_t *tale;
    size_t tale_len;
    vdr_position about; /* of an act: the signal that it was about; 0: none */
} remembered;

static struct {
    remembered records[RECORDS_MAX];
    size_t count;
    bool left[RECORDS_MAX]; /* by position: a tombstone of a signal was seen */
    /* What a look through the whole state finds. */
    bool signals[RECORDS_MAX], households[NUMBERS_MAX], cases[NUMBERS_MAX];
    vdr_key16 members[2][NUMBERS_MAX]; /* persons, addresses */
    size_t member_count[2];
} model;

static vdr_span
copy_text(char *room, size_t size, vdr_span text)
{
    assert_true(text.len < size);
    if (text.at == NULL)
        return text;
    memcpy(room, text.at, text.len);
    return vdr_span_of(room, text.len);
}

/* The newest signal of this id that is older than the act, of the act's own source or routed to its actor. */
static vdr_position
about(const town *t, const vdr_command *act)
{
    vdr_position newest = 0;
    for (uint64_t number = 1; number < NUMBERS_MAX; number++) {
        vdr_at at, cursor = {0};
        vdr_household_view household;
        vdr_signal_view signal;
        if (!vdr_view_household(t->core, (vdr_household_id){number}, &at, &household))
            continue;
        while (vdr_view_household_signal(t->core, at, &cursor, &signal)) {
            bool theirs =
                act->act == VDR_ACT_FEEDBACK
                    ? vdr_span_equal(signal.service, vdr_span_of(act->source.at + 21, act->source.len - 21))
                    : vdr_span_equal(signal.source, act->source);
            if (vdr_span_equal(signal.id, act->signal.id) && theirs && signal.position > newest &&
                signal.position < t->position)
                newest = signal.position;
        }
    }
    return newest;
}

/* The dice fill in everything; an event has what its act names (semantics section 9). */
static void
keep_named(vdr_command *act)
{
    bool signal = act->act <= VDR_ACT_FEEDBACK, split = act->act == VDR_ACT_HOUSEHOLD_SPLIT;
    bool merge = act->act == VDR_ACT_HOUSEHOLD_MERGED;
    if (!signal)
        act->signal = (vdr_command_ref){.hash = 0};
    if (act->act < VDR_ACT_CASE_ACCEPTED || act->act > VDR_ACT_CASE_CLOSED)
        act->case_id.number = 0;
    if (!split && act->act != VDR_ACT_ERASED)
        act->household.number = 0;
    if (!merge)
        act->into.number = act->from.number = 0;
}

static void
remember(town *t, const vdr_command *command)
{
    if (!t->step.record && !t->step.tick)
        return;
    assert_true(t->position < RECORDS_MAX);
    remembered *of = &model.records[t->position];
    model.count = t->position;
    of->command = *command;
    if (!t->step.record)
        of->command = (vdr_command){.kind = VDR_COMMAND_TICK};
    if (t->step.bare)
        of->command.person_count = of->command.address_count = 0;
    if (of->command.kind == VDR_COMMAND_ACT)
        keep_named(&of->command);
    of->command.id = copy_text(of->id, sizeof of->id, command->id);
    of->command.source = copy_text(of->source, sizeof of->source, command->source);
    of->command.signal.id = copy_text(of->signal, sizeof of->signal, of->command.signal.id);
    for (size_t i = 0; i < of->command.person_count; i++)
        of->persons[i] = command->persons[i];
    for (size_t i = 0; i < of->command.address_count; i++)
        of->addresses[i] = command->addresses[i];
    of->command.persons = of->persons;
    of->command.addresses = of->addresses;
    of->tale_len = t->step.tick ? t->step.own : t->step.tale.len;
    of->tale = malloc(of->tale_len + 1);
    assert_non_null(of->tale);
    if (of->tale_len != 0)
        memcpy(of->tale, t->step.tale.at, of->tale_len);
    if (of->command.kind == VDR_COMMAND_ACT && command->signal.id.at != NULL &&
        command->act <= VDR_ACT_FEEDBACK)
        of->about = about(t, command);
}

static void
forget_all(void)
{
    for (size_t i = 0; i < RECORDS_MAX; i++)
        free(model.records[i].tale);
    memset(&model, 0, sizeof model);
}

/* ---- the model */

static void
look_through(const town *t)
{
    memset(model.signals, 0, sizeof model.signals);
    memset(model.households, 0, sizeof model.households);
    memset(model.cases, 0, sizeof model.cases);
    model.member_count[0] = model.member_count[1] = 0;
    for (uint64_t number = 1; number < NUMBERS_MAX; number++) {
        vdr_at at, cursor = {0};
        vdr_household_view household;
        vdr_case_view of;
        vdr_signal_view signal;
        vdr_position position;
        model.cases[number] = vdr_view_case(t->core, (vdr_case_id){number}, &cursor, &of);
        if (!vdr_view_household(t->core, (vdr_household_id){number}, &at, &household))
            continue;
        model.households[number] = true;
        for (cursor = (vdr_at){0}; vdr_view_household_signal(t->core, at, &cursor, &signal);)
            model.signals[signal.position] = true;
        for (unsigned is = 0; is < 2; is++)
            for (cursor = (vdr_at){0}; vdr_view_household_member(
                     t->core, at, is == 1, &cursor, &model.members[is][model.member_count[is]], &position);)
                model.member_count[is]++;
    }
}

static bool
has_member(unsigned is_address, const vdr_key16 *key)
{
    for (size_t i = 0; i < model.member_count[is_address]; i++)
        if (vdr_key16_equal(&model.members[is_address][i], key))
            return true;
    return false;
}

static bool
is_needed(vdr_position position)
{
    const remembered *of = &model.records[position];
    const vdr_command *c = &of->command;
    if (c->kind == VDR_COMMAND_SIGNAL)
        return model.signals[position];
    if (c->kind != VDR_COMMAND_ACT || c->act == VDR_ACT_ERASED)
        return true;
    if (c->act <= VDR_ACT_FEEDBACK)
        return model.signals[of->about];
    if (c->act == VDR_ACT_HOUSEHOLD_MERGED)
        return model.households[c->into.number];
    if (c->act != VDR_ACT_HOUSEHOLD_SPLIT && c->act != VDR_ACT_PERSON_MOVED)
        return model.cases[c->case_id.number];
    bool all = c->act != VDR_ACT_HOUSEHOLD_SPLIT || model.households[c->household.number];
    for (size_t i = 0; i < c->person_count; i++)
        all = all && has_member(0, &of->persons[i].key);
    for (size_t i = 0; i < c->address_count; i++)
        all = all && has_member(1, &of->addresses[i]);
    return all;
}

static unsigned kept, gone, by_act[VDR_ACT_ERASED + 1][2], messages[2];

static void
compare_messages(const town *t, vdr_position position)
{
    const remembered *of = &model.records[position];
    vdr_span tale = vdr_span_of(of->tale, of->tale_len);
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        if (effect.kind != VDR_EFFECT_MESSAGE)
            continue;
        bool signal = effect.has_signal, household = effect.household.number != 0;
        bool expected = signal || household || effect.case_id.number != 0;
        expected = expected && (!signal || model.signals[effect.signal.position]) &&
                   (!household || model.households[effect.household.number]) &&
                   (effect.other.number == 0 || model.households[effect.other.number]) &&
                   (effect.case_id.number == 0 || model.cases[effect.case_id.number]);
        char id[32];
        (void)snprintf(id, sizeof id, "%.*s", TEXT(effect.signal.id));
        bool found = vdr_needed_message(t->core, &effect, town_id_hash(id));
        if (found != expected)
            fail_msg("record %u: a message of kind %s is %sneeded", (unsigned)position,
                     vdr_message_kind_name(effect.message), found ? "" : "not ");
        messages[found]++;
    }
}

/* Tombstones of signals, each told once; what is told can be taken off. */
static void
see_left(town *t)
{
    uint32_t cursor = 0;
    uint64_t order = 0, half = 0, newest = vdr_left_newest(t->core);
    uint32_t count = 0, erased = 0, waiting = vdr_left_waiting(t->core, &erased);
    vdr_command_left left;
    while (vdr_left_next(t->core, &cursor, newest, &order, &left)) {
        if (++count == waiting / 2)
            half = order;
        erased -= left.reason == VDR_LEFT_BY_ERASURE;
        if (left.kind == VDR_LEFT_SIGNAL) {
            const vdr_command *first = &model.records[left.number].command;
            assert_int_equal(first->kind, VDR_COMMAND_SIGNAL);
            assert_true(vdr_span_equal(left.id, first->id) && vdr_span_equal(left.source, first->source));
            assert_int_equal(left.time, first->occurred_at);
            model.left[left.number] = true;
        }
    }
    assert_int_equal(count, waiting);
    assert_int_equal(erased, 0);
    if (roll(2) == 0 || count < 2)
        return;
    const vdr_command proof = {.kind = VDR_COMMAND_ERASURE, .at = VDR_MS_NONE, .through = half};
    town_step(t, &proof);
    assert_int_equal(vdr_left_waiting(t->core, NULL), waiting - waiting / 2);
}

static void
compare(town *t)
{
    see_left(t);
    look_through(t);
    for (vdr_position position = 1; position <= model.count; position++) {
        const remembered *of = &model.records[position];
        vdr_span tale = vdr_span_of(of->tale, of->tale_len);
        bool found = vdr_needed_record(t->core, &of->command, position, tale), expected = is_needed(position);
        if (found != expected)
            fail_msg("record %u (%s %s) is %sneeded", (unsigned)position,
                     of->command.kind == VDR_COMMAND_SIGNAL ? "signal" : "act", vdr_act_name(of->command.act),
                     found ? "" : "not ");
        kept += found;
        gone += !found;
        by_act[of->command.act][found]++;
        if (of->command.kind == VDR_COMMAND_SIGNAL && model.signals[position] == model.left[position])
            fail_msg("signal %u is %s", (unsigned)position,
                     model.left[position] ? "in the state and left" : "nowhere");
        compare_messages(t, position);
    }
}

static void
what_is_needed_is_what_a_look_through_the_whole_state_says(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 9; seed++) {
        town_collides = seed % 3 == 0;
        dice_begin(seed);
        town *t = town_new(&town_config);
        t->reload_every = 41;
        t->stepped = remember;
        for (unsigned i = 0; i < 500; i++) {
            t->hour += roll(5) == 0 ? (double)roll(48) : 0.25;
            if (roll(100) < 52)
                random_signal(t);
            else
                random_act(t);
            if (i % 50 == 49)
                compare(t);
        }
        town_tick(t, t->hour + 60 * 24);
        compare(t);
        town_tick(t, t->hour + 400 * 24);
        compare(t);
        town_free(t);
        forget_all();
    }
    assert_true(kept > 1000 && gone > 1000 && messages[0] > 1000 && messages[1] > 1000);
    for (unsigned act = VDR_ACT_SIGNAL_WITHDRAWN; act < VDR_ACT_ERASED; act++)
        if (by_act[act][0] == 0 || by_act[act][1] == 0)
            fail_msg("%s was never %s", vdr_act_name((vdr_act)act), by_act[act][0] == 0 ? "gone" : "kept");
}

/* ---- by hand */

static bool
needed(const town *t, vdr_position position)
{
    const remembered *of = &model.records[position];
    return vdr_needed_record(t->core, &of->command, position, vdr_span_of(of->tale, of->tale_len));
}

static void
an_act_is_about_the_signal_it_named_and_no_later_one(void **unused)
{
    (void)unused;
    town_collides = false;
    town *t = town_new(&town_config);
    t->stepped = remember;
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "w-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1");
    vdr_position signal = 2, act = 3;
    assert_true(needed(t, signal) && needed(t, act));
    EVENT(t, .id = "e-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1);
    assert_false(needed(t, signal) || needed(t, act));
    assert_true(needed(t, 4)); /* that it was asked */
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    assert_false(needed(t, signal) || needed(t, act));
    assert_true(needed(t, 5));
    town_free(t);
    forget_all();
}

static void
a_split_goes_with_either_household(void **unused)
{
    (void)unused;
    for (int which = 1; which <= 2; which++) {
        town *t = town_new(&town_config);
        t->stepped = remember;
        EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab");
        EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
        EVENT(t, .id = "x-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
              .who = "b");
        TOLD(t, "x-1 household_split accepted\n");
        assert_true(needed(t, 4));
        EVENT(t, .id = "e-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = which);
        TOLD(t, "e-1 erased accepted\n");
        assert_false(needed(t, 4));
        assert_true(needed(t, which == 1 ? 3 : 2));
        town_free(t);
        forget_all();
    }
}

static void
a_conflict_keeps_its_act_while_it_stands(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->stepped = remember;
    EVENT(t, .id = "c-1", .by = "regisseur:anna", .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna",
          .who = "z");
    TOLD(t, "c-1 conflict_declared accepted\n");
    assert_true(needed(t, 2)); /* nobody knows that person */
    EVENT(t, .id = "c-2", .by = "coordinator:piet", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "anna",
          .who = "z");
    TOLD(t, "c-2 conflict_lifted accepted\n");
    assert_false(needed(t, 2) || needed(t, 3));
    town_free(t);
    forget_all();
}

static void
what_a_proof_names_leaves_a_state_that_still_has_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->reload_every = 1000;
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "a-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    vdr_core *backup = town_copy(t->core, t->config); /* the case is open here */
    vdr_position position = t->position;
    EVENT(t, .id = "c-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    EVENT(t, .id = "e-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1);
    TOLD(t, "e-1 erased accepted\n");
    vdr_command_left left[8];
    uint32_t cursor = 0;
    uint64_t order;
    size_t count = 0;
    while (vdr_left_next(t->core, &cursor, UINT64_MAX, &order, &left[count]))
        count++;
    assert_int_equal(count, 3);                      /* signal, case, household */
    for (size_t first = 0; first < count; first++) { /* in any order, and twice */
        vdr_core_free(&t->twin);
        t->twin = town_copy(backup, t->config);
        vdr_command_left turned[6];
        for (size_t i = 0; i < 2 * count; i++)
            turned[i] = left[(first + i) % count];
        const vdr_command again = {
            .kind = VDR_COMMAND_ERASURE, .at = VDR_MS_NONE, .left = turned, .left_count = 2 * count};
        vdr_step step;
        vdr_core_step(t->twin, &again, position + 1, &step);
        assert_true(step.record);
        assert_int_equal(step.tale.len, 0);
        assert_null(vdr_core_check(t->twin));
        vdr_core_counts counts;
        vdr_view_counts(t->twin, &counts);
        assert_int_equal(counts.signals, 1);
        assert_int_equal(counts.cases, 0);
        assert_int_equal(counts.households, 1);
        uint32_t erased;
        assert_int_equal(vdr_left_waiting(t->twin, &erased), 3);
        assert_true(erased >= 2);
    }
    vdr_core_free(&backup);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_is_what_a_look_through_the_whole_state_says),
        cmocka_unit_test(an_act_is_about_the_signal_it_named_and_no_later_one),
        cmocka_unit_test(a_split_goes_with_either_household),
        cmocka_unit_test(a_conflict_keeps_its_act_while_it_stands),
        cmocka_unit_test(what_a_proof_names_leaves_a_state_that_still_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
