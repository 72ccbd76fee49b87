/* Goal: keys of parties (broker/core/keys.h): who may give and take them, what is refused and why, when they end,
 * and that a twin loaded from images knows the same. */
#include "tests/core_town.h"

#include "broker/core/control.h"
#include "broker/core/keys.h"

static vdr_ms
at_hour(double hour)
{
    return TOWN_T0 + (vdr_ms)(hour * (double)HOUR);
}

/* Steps a command of an operator; its verdict, which must be the one that was foretold. */
static vdr_err
ask(town *t, vdr_command command, const char *who)
{
    const char *words = NULL;
    command.at = at_hour(t->hour);
    command.author = vdr_span_str(who);
    if (command.reason.at == NULL)
        command.reason = vdr_span_str("because");
    vdr_err foretold = vdr_control_verdict(t->core, &command, &words);
    town_step(t, &command);
    assert_int_equal(t->step.verdict, foretold);
    assert_true((foretold == VDR_E_ACCEPTED) == (*words == '\0'));
    assert_true(t->step.record == (foretold == VDR_E_ACCEPTED));
    assert_int_equal(t->step.tale.len, 0); /* nothing of it is told */
    return foretold;
}

/* A key of one letter. */
static vdr_span
key_of(char letter)
{
    static uint8_t keys[128][VDR_PUBLIC_KEY_BYTES];
    memset(keys[(uint8_t)letter & 127], (uint8_t)letter, VDR_PUBLIC_KEY_BYTES);
    return vdr_span_of(keys[(uint8_t)letter & 127], VDR_PUBLIC_KEY_BYTES);
}

/* overlap in hours; 0: add. old: the letter of the key replaced. */
static vdr_err
give(town *t, const char *who, vdr_party_kind kind, const char *id, char letter, double until, char old,
     double overlap)
{
    vdr_command command = {.kind = VDR_COMMAND_PROPOSE,
                           .proposal = VDR_PROPOSAL_KEY,
                           .party_kind = kind,
                           .subject = vdr_span_str(id),
                           .public_key = key_of(letter),
                           .until = at_hour(until),
                           .overlap_ms = (int64_t)(overlap * (double)HOUR)};
    if (old != 0)
        command.replaced = key_of(old);
    return ask(t, command, who);
}

static vdr_err
add(town *t, const char *who, vdr_party_kind kind, const char *id, char letter, double until)
{
    return give(t, who, kind, id, letter, until, 0, 0);
}

static vdr_err
decide(town *t, const char *who, vdr_decide what, uint64_t number)
{
    return ask(t, (vdr_command){.kind = VDR_COMMAND_DECIDE, .decide = what, .number = number}, who);
}

static vdr_err
revoke(town *t, const char *who, vdr_party_kind kind, const char *id, char letter)
{
    return ask(t,
               (vdr_command){.kind = VDR_COMMAND_REVOKE,
                             .party_kind = kind,
                             .subject = vdr_span_str(id),
                             .public_key = key_of(letter),
                             .until = VDR_MS_NONE},
               who);
}

static vdr_party_key_view
view_of(const town *t, uint64_t number)
{
    static uint8_t room[1 << 16];
    vdr_party_key_view view = {.number = 0};
    vdr_arena arena;
    vdr_arena_init(&arena, sizeof room);
    assert_true(vdr_key_view(t->core, number, &arena, &view));
    /* reasons live in the arena: not looked at after this */
    view.reason = view.ended_why = (vdr_span){0};
    vdr_arena_done(&arena);
    return view;
}

static vdr_party_key_state
state_of(const town *t, char letter)
{
    return view_of(t, vdr_key_find(t->core, key_of(letter).at)).state;
}

static void
one_operator_gives_an_agency_a_key_and_its_term_ends_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->hour = 1;
    uint64_t changes = vdr_key_changes(t->core);
    assert_int_equal(add(t, "kees", VDR_PARTY_AGENCY, "school", 'a', 100), VDR_E_ACCEPTED);
    assert_int_equal(vdr_control_proposal_last(t->core), 0);
    assert_true(vdr_key_changes(t->core) != changes);
    vdr_party_key_view view = view_of(t, 1);
    assert_int_equal(view.state, VDR_PARTY_KEY_VALID);
    assert_true(vdr_span_equal(view.party, vdr_span_str("agency:school")));
    assert_true(vdr_span_equal(view.id, vdr_span_str("school")));
    assert_true(vdr_span_equal(view.author, vdr_span_str("kees")) && view.approver.at == NULL);
    assert_true(view.from == at_hour(1) && view.until == at_hour(100) && view.ended == VDR_MS_NONE);
    assert_true(vdr_span_equal(view.public_key, key_of('a')) && view.replaced.at == NULL);
    /* It says who may connect, and decides nothing. */
    const event signal = {.id = "s-1", .by = "school", .type = "absence", .who = "a"};
    town_event(t, &signal);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_tick(t, 99.9);
    assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_VALID);
    changes = vdr_key_changes(t->core);
    town_tick(t, 100);
    view = view_of(t, 1);
    assert_int_equal(view.state, VDR_PARTY_KEY_EXPIRED);
    assert_true(view.ended == at_hour(100) && view.ended_by.at == NULL);
    assert_true(vdr_key_changes(t->core) != changes);
    /* An ended key does not come back, not for its own party either; another one may be given. */
    assert_int_equal(add(t, "kees", VDR_PARTY_AGENCY, "school", 'a', 200), VDR_E_WRONG_STATE);
    assert_int_equal(add(t, "kees", VDR_PARTY_AGENCY, "school", 'b', 200), VDR_E_ACCEPTED);
    town_free(t);
}

static void
what_may_not_be_given_is_refused(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->hour = 1;
    assert_int_equal(add(t, "kees", VDR_PARTY_AGENCY, "school", 'a', 100), VDR_E_ACCEPTED);
    assert_int_equal(revoke(t, "kees", VDR_PARTY_SERVICE, "debts", 'r'), VDR_E_ACCEPTED); /* of a file */
    static const struct {
        const char *name;
        vdr_party_kind kind;
        const char *id;
        char letter;
        double until;
        char old;
        double overlap;
        vdr_err err;
    } rows[] = {
        {"nobody's agency", VDR_PARTY_AGENCY, "nobody", 'x', 10, 0, 0, VDR_E_NOT_FOUND},
        {"a service of that name", VDR_PARTY_SERVICE, "school", 'x', 10, 0, 0, VDR_E_NOT_FOUND},
        {"no party", VDR_PARTY_NONE, "school", 'x', 10, 0, 0, VDR_E_NOT_FOUND},
        {"an end that is over", VDR_PARTY_AGENCY, "police", 'x', 1, 0, 0, VDR_E_WRONG_STATE},
        {"an end far away", VDR_PARTY_AGENCY, "police", 'x', 3661 * 24.0, 0, 0, VDR_E_WRONG_STATE},
        {"a second key without rotation", VDR_PARTY_AGENCY, "school", 'x', 10, 0, 0, VDR_E_WRONG_STATE},
        {"its own key again", VDR_PARTY_AGENCY, "school", 'a', 10, 0, 0, VDR_E_WRONG_STATE},
        {"another party's key", VDR_PARTY_AGENCY, "police", 'a', 10, 0, 0, VDR_E_WRONG_STATE},
        {"a revoked key", VDR_PARTY_SERVICE, "debts", 'r', 10, 0, 0, VDR_E_WRONG_STATE},
        {"no key at all", VDR_PARTY_AGENCY, "police", 0, 10, 0, 0, VDR_E_WRONG_STATE},
        {"a key in place of itself", VDR_PARTY_AGENCY, "school", 'a', 10, 'a', 1, VDR_E_WRONG_STATE},
        {"in place of another's", VDR_PARTY_AGENCY, "police", 'x', 10, 'a', 1, VDR_E_WRONG_STATE},
        {"in place of a revoked one", VDR_PARTY_SERVICE, "debts", 'x', 10, 'r', 1, VDR_E_WRONG_STATE},
        {"an overlap beyond its end", VDR_PARTY_AGENCY, "school", 'x', 10, 'a', 20, VDR_E_WRONG_STATE},
        {"an overlap with nothing", VDR_PARTY_AGENCY, "police", 'x', 10, 0, 1, VDR_E_WRONG_STATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_err err = give(t, "kees", rows[i].kind, rows[i].id, rows[i].letter, rows[i].until, rows[i].old,
                           rows[i].overlap);
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
    }
    assert_int_equal(vdr_key_last(t->core), 2);
    town_free(t);
}

static void
a_key_of_who_watches_over_others_needs_two_operators(void **unused)
{
    (void)unused;
    static const struct {
        vdr_party_kind kind;
        const char *id;
        bool two;
    } rows[] = {{VDR_PARTY_AGENCY, "school", false},      {VDR_PARTY_REGISSEUR, "anna", false},
                {VDR_PARTY_SERVICE, "team", false},       {VDR_PARTY_COORDINATOR, "piet", false},
                {VDR_PARTY_PRIVACY_OFFICER, "ada", true}, {VDR_PARTY_AUDITOR, "rekenkamer", true},
                {VDR_PARTY_OPERATOR, "mia", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        town *t = town_new(&town_config);
        t->hour = 1;
        assert_int_equal(vdr_key_needs_two(rows[i].kind), rows[i].two);
        assert_int_equal(add(t, "kees", rows[i].kind, rows[i].id, 'a', 100), VDR_E_ACCEPTED);
        assert_int_equal(vdr_control_proposal_last(t->core), rows[i].two ? 1 : 0);
        assert_int_equal(state_of(t, 'a'), rows[i].two ? VDR_PARTY_KEY_PROPOSED : VDR_PARTY_KEY_VALID);
        if (rows[i].two) {
            assert_int_equal(add(t, "mia", rows[i].kind, rows[i].id, 'b', 100), VDR_E_WRONG_STATE);
            assert_int_equal(decide(t, "kees", VDR_DECIDE_APPROVE, 1), VDR_E_FOUR_EYES);
            t->hour = 2;
            assert_int_equal(decide(t, "mia", VDR_DECIDE_APPROVE, 1), VDR_E_ACCEPTED);
            vdr_party_key_view view = view_of(t, 1);
            assert_true(view.state == VDR_PARTY_KEY_VALID && view.proposal == 1);
            assert_true(view.at == at_hour(1) && view.from == at_hour(2) && view.until == at_hour(100));
            assert_true(vdr_span_equal(view.approver, vdr_span_str("mia")));
            vdr_proposal_view proposal;
            vdr_arena arena;
            vdr_arena_init(&arena, 4096);
            assert_true(vdr_control_proposal(t->core, 1, &arena, &proposal));
            assert_true(proposal.made == 1 && vdr_span_equal(proposal.subject, view.party));
            vdr_arena_done(&arena);
        }
        /* One is enough to shut the door. */
        assert_int_equal(revoke(t, "kees", rows[i].kind, rows[i].id, 'a'), VDR_E_ACCEPTED);
        assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_REVOKED);
        assert_int_equal(revoke(t, "kees", rows[i].kind, rows[i].id, 'a'), VDR_E_WRONG_STATE);
        town_free(t);
    }
}

/* node.yaml may let it in meanwhile: whoever could propose it again and again could not be shut out else. */
static void
a_key_that_is_only_proposed_is_revoked_with_its_proposal(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_proposal_view proposal;
    vdr_arena arena;
    vdr_arena_init(&arena, 4096);
    t->hour = 1;
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "kees", 'a', 100), VDR_E_ACCEPTED);
    assert_int_equal(revoke(t, "mia", VDR_PARTY_OPERATOR, "mia", 'a'), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_control_open(t->core), 1);
    uint64_t changes = vdr_key_changes(t->core);
    assert_int_equal(revoke(t, "mia", VDR_PARTY_OPERATOR, "kees", 'a'), VDR_E_ACCEPTED);
    assert_true(vdr_key_changes(t->core) > changes); /* who is connected hears of it */
    assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_REVOKED);
    assert_int_equal(vdr_control_open(t->core), 0);
    assert_true(vdr_control_proposal(t->core, 1, &arena, &proposal));
    assert_int_equal(proposal.state, VDR_PROPOSAL_REJECTED);
    assert_true(vdr_span_equal(proposal.decider, vdr_span_str("mia")) && proposal.made == 0);
    assert_int_equal(decide(t, "mia", VDR_DECIDE_APPROVE, 1), VDR_E_WRONG_STATE);
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "kees", 'a', 100), VDR_E_WRONG_STATE);
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "kees", 'b', 100), VDR_E_ACCEPTED);
    assert_null(vdr_core_check(t->core));
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_refused_key_may_be_proposed_again_and_an_approval_looks_again(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->hour = 1;
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "mia", 'a', 100), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "zoe", VDR_DECIDE_REJECT, 1), VDR_E_ACCEPTED);
    assert_int_equal(view_of(t, 1).state, VDR_PARTY_KEY_REFUSED);
    assert_int_equal(vdr_key_find(t->core, key_of('a').at), 0);
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "mia", 'a', 10), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "kees", VDR_DECIDE_WITHDRAW, 2), VDR_E_ACCEPTED);
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "mia", 'a', 10), VDR_E_ACCEPTED);
    t->hour = 11; /* its end has passed meanwhile */
    assert_int_equal(decide(t, "zoe", VDR_DECIDE_APPROVE, 3), VDR_E_WRONG_STATE);
    assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_PROPOSED);
    town_free(t);
}

static void
a_rotation_ends_the_old_key_with_the_overlap(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->hour = 1;
    assert_int_equal(add(t, "kees", VDR_PARTY_AGENCY, "school", 'a', 100), VDR_E_ACCEPTED);
    assert_int_equal(give(t, "kees", VDR_PARTY_AGENCY, "school", 'b', 300, 'a', 10), VDR_E_ACCEPTED);
    assert_true(view_of(t, 1).until == at_hour(11) && view_of(t, 2).until == at_hour(300));
    assert_int_equal(give(t, "kees", VDR_PARTY_AGENCY, "school", 'c', 300, 'b', 10),
                     VDR_E_WRONG_STATE); /* a third */
    assert_int_equal(give(t, "kees", VDR_PARTY_AGENCY, "school", 'c', 300, 'a', 10), VDR_E_WRONG_STATE);
    town_tick(t, 10.9);
    assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_VALID);
    town_tick(t, 11);
    assert_int_equal(state_of(t, 'a'), VDR_PARTY_KEY_EXPIRED);
    assert_int_equal(state_of(t, 'b'), VDR_PARTY_KEY_VALID);
    /* The old one is not kept longer by an overlap than it would have been, and may be revoked within it. */
    t->hour = 295;
    assert_int_equal(give(t, "kees", VDR_PARTY_AGENCY, "school", 'c', 500, 'b', 100), VDR_E_ACCEPTED);
    assert_true(view_of(t, 2).until == at_hour(300));
    assert_int_equal(revoke(t, "kees", VDR_PARTY_AGENCY, "school", 'b'), VDR_E_ACCEPTED);
    assert_int_equal(state_of(t, 'b'), VDR_PARTY_KEY_REVOKED);
    assert_int_equal(state_of(t, 'c'), VDR_PARTY_KEY_VALID);
    town_tick(t, 301);
    assert_int_equal(state_of(t, 'b'), VDR_PARTY_KEY_REVOKED);
    /* An operator's new key begins, and the old one's overlap with it, when it is approved. */
    assert_int_equal(add(t, "kees", VDR_PARTY_OPERATOR, "mia", 'm', 900), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "zoe", VDR_DECIDE_APPROVE, 1), VDR_E_ACCEPTED);
    assert_int_equal(give(t, "mia", VDR_PARTY_OPERATOR, "mia", 'n', 900, 'm', 10), VDR_E_ACCEPTED);
    t->hour = 400;
    assert_int_equal(decide(t, "kees", VDR_DECIDE_APPROVE, 2), VDR_E_ACCEPTED);
    assert_true(view_of(t, vdr_key_find(t->core, key_of('m').at)).until == at_hour(410));
    town_free(t);
}

static void
a_key_of_a_file_is_ended_by_the_log_and_never_let_in_by_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->hour = 1;
    assert_int_equal(vdr_key_find(t->core, key_of('f').at), 0);
    assert_int_equal(give(t, "kees", VDR_PARTY_AGENCY, "school", 'b', 300, 'f', 10), VDR_E_ACCEPTED);
    vdr_party_key_view view = view_of(t, vdr_key_find(t->core, key_of('f').at));
    assert_true(view.of_file && view.state == VDR_PARTY_KEY_VALID && view.until == at_hour(11));
    assert_true(vdr_span_equal(view.party, vdr_span_str("agency:school")));
    assert_int_equal(revoke(t, "kees", VDR_PARTY_AGENCY, "police", 'f'), VDR_E_NOT_FOUND);
    town_tick(t, 12);
    assert_int_equal(state_of(t, 'f'), VDR_PARTY_KEY_EXPIRED);
    assert_int_equal(revoke(t, "kees", VDR_PARTY_AGENCY, "police", 'g'), VDR_E_ACCEPTED);
    view = view_of(t, vdr_key_find(t->core, key_of('g').at));
    assert_true(view.of_file && view.state == VDR_PARTY_KEY_REVOKED && view.until == VDR_MS_NONE);
    town_free(t);
}

static unsigned dice;

static unsigned
roll(unsigned sides)
{
    dice = dice * 1103515245u + 12345u;
    return (dice >> 16) % sides;
}

static void
operators_do_what_they_like_with_keys(void **unused)
{
    (void)unused;
    static const char *const who[] = {"kees", "mia"};
    static const struct {
        vdr_party_kind kind;
        const char *id;
    } parties[] = {
        {VDR_PARTY_AGENCY, "school"}, {VDR_PARTY_OPERATOR, "mia"}, {VDR_PARTY_COORDINATOR, "piet"}};
    unsigned accepted = 0, ended = 0;
    for (unsigned seed = 1; seed <= 5; seed++) {
        dice = seed;
        town *t = town_new(&town_config);
        t->hour = 1;
        for (unsigned n = 0; n < 300; n++) {
            unsigned p = roll(3);
            char letter = (char)('a' + roll(24)), old = (char)('a' + roll(24));
            vdr_err err = VDR_E_WRONG_STATE;
            town_tick(t, t->hour + (roll(4) == 0 ? roll(20) : 0.5));
            double until = t->hour + roll(60);
            if (roll(3) == 0)
                err = give(t, who[roll(2)], parties[p].kind, parties[p].id, letter, until, old, roll(5));
            else if (roll(2) == 0)
                err = add(t, who[roll(2)], parties[p].kind, parties[p].id, letter, until);
            else if (roll(4) == 0)
                err = revoke(t, who[roll(2)], parties[p].kind, parties[p].id, letter);
            else
                err = decide(t, who[roll(2)], roll(3) != 0 ? VDR_DECIDE_APPROVE : VDR_DECIDE_REJECT,
                             roll((unsigned)vdr_control_proposal_last(t->core) + 2));
            accepted += err == VDR_E_ACCEPTED;
        }
        for (uint64_t number = 1; number <= vdr_key_last(t->core); number++)
            ended += view_of(t, number).ended != VDR_MS_NONE;
        town_free(t);
    }
    print_message("%u accepted, %u ended\n", accepted, ended);
    assert_true(accepted > 60 && ended > 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_operator_gives_an_agency_a_key_and_its_term_ends_it),
        cmocka_unit_test(what_may_not_be_given_is_refused),
        cmocka_unit_test(a_key_of_who_watches_over_others_needs_two_operators),
        cmocka_unit_test(a_key_that_is_only_proposed_is_revoked_with_its_proposal),
        cmocka_unit_test(a_refused_key_may_be_proposed_again_and_an_approval_looks_again),
        cmocka_unit_test(a_rotation_ends_the_old_key_with_the_overlap),
        cmocka_unit_test(a_key_of_a_file_is_ended_by_the_log_and_never_let_in_by_it),
        cmocka_unit_test(operators_do_what_they_like_with_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
