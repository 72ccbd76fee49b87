/* Goal: proposals, versions, pauses and silences (broker/core/control.h): who may do what, what holds when, and
 * that nothing but what is asked changes. Each step is also taken by a twin that is loaded from images. */
#include "tests/core_town.h"

#include "broker/core/control.h"
#include "broker/core/explain.h"

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

static vdr_config
other_config(uint8_t fingerprint)
{
    vdr_config config = town_config;
    config.fingerprint.bytes[0] = fingerprint;
    return config;
}

static vdr_err
propose(town *t, const char *who, uint8_t fingerprint, const vdr_span texts[3])
{
    vdr_command command = {
        .kind = VDR_COMMAND_PROPOSE, .proposal = VDR_PROPOSAL_CONFIG, .texts = texts, .until = VDR_MS_NONE};
    command.fingerprint = town_config.fingerprint;
    command.fingerprint.bytes[0] = fingerprint;
    return ask(t, command, who);
}

static vdr_err
decide(town *t, const char *who, vdr_decide what, uint64_t number)
{
    return ask(t, (vdr_command){.kind = VDR_COMMAND_DECIDE, .decide = what, .number = number}, who);
}

static vdr_err
approve(town *t, const char *who, uint64_t number, const vdr_config *config, const vdr_span texts[3])
{
    return ask(t,
               (vdr_command){.kind = VDR_COMMAND_CONFIG, .number = number, .config = config, .texts = texts},
               who);
}

static vdr_err
pause_until(town *t, const char *who, vdr_proposal_kind kind, const char *what, double hour, bool alone)
{
    return ask(t,
               (vdr_command){.kind = VDR_COMMAND_PROPOSE,
                             .proposal = kind,
                             .subject = vdr_span_str(what),
                             .until = at_hour(hour),
                             .alone = alone},
               who);
}

static vdr_err
resume(town *t, const char *who, uint64_t number)
{
    return ask(t, (vdr_command){.kind = VDR_COMMAND_RESUME, .number = number}, who);
}

/* Three texts of some length, the first of this letter. */
static char room[3][5000];
static const vdr_span *
texts_of(char letter)
{
    static vdr_span texts[3];
    for (size_t i = 0; i < 3; i++) {
        memset(room[i], i == 0 ? letter : (char)('0' + i), sizeof room[i]);
        texts[i] = vdr_span_of(room[i], sizeof room[i] - i * 1000);
    }
    return texts;
}

static void
a_proposal_is_approved_by_somebody_else_and_made_a_version(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_config b = other_config(2);
    vdr_arena arena;
    vdr_version_view version;
    vdr_proposal_view proposal;
    vdr_span texts[3];
    vdr_arena_init(&arena, 1 << 20);
    t->hour = 1;
    assert_int_equal(propose(t, "kees", 1, texts_of('a')), VDR_E_WRONG_STATE); /* is in force */
    assert_int_equal(propose(t, "kees", 2, texts_of('b')), VDR_E_ACCEPTED);
    assert_int_equal(propose(t, "mia", 2, texts_of('b')), VDR_E_WRONG_STATE); /* is proposed */
    assert_int_equal(vdr_control_proposal_texts(t->core, 1, &arena, texts), VDR_OK);
    assert_true(vdr_span_equal(texts[0], texts_of('b')[0]) && vdr_span_equal(texts[2], texts_of('b')[2]));
    t->hour = 2;
    const struct {
        const char *who;
        vdr_decide what;
        uint64_t number;
        vdr_err verdict;
    } rows[] = {{"kees", VDR_DECIDE_APPROVE, 1, VDR_E_FOUR_EYES},
                {"mia", VDR_DECIDE_APPROVE, 2, VDR_E_NOT_FOUND},
                {"mia", VDR_DECIDE_WITHDRAW, 1, VDR_E_NOT_ALLOWED},
                {"mia", VDR_DECIDE_REJECT, 0, VDR_E_NOT_FOUND}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (decide(t, rows[i].who, rows[i].what, rows[i].number) != rows[i].verdict)
            fail_msg("row %zu: %s", i, vdr_err_code(t->step.verdict));
    assert_int_equal(approve(t, "kees", 1, &b, texts_of('b')), VDR_E_FOUR_EYES);
    assert_int_equal(vdr_control_version_last(t->core), 1);
    assert_int_equal(approve(t, "mia", 1, &b, texts_of('b')), VDR_E_ACCEPTED);
    assert_true(vdr_core_config(t->core) == &b);
    assert_int_equal(approve(t, "mia", 1, &town_config, texts_of('a')), VDR_E_WRONG_STATE);
    assert_true(vdr_control_version(t->core, 2, &arena, &version));
    assert_true(vdr_span_equal(version.author, vdr_span_str("kees")));
    assert_true(vdr_span_equal(version.approver, vdr_span_str("mia")));
    assert_true(vdr_span_equal(version.reason, vdr_span_str("because")));
    assert_int_equal(version.proposal, 1);
    assert_int_equal(version.at, at_hour(2));
    assert_true(version.kept && version.ended == VDR_MS_NONE);
    assert_true(vdr_control_version(t->core, 1, &arena, &version));
    assert_int_equal(version.ended, at_hour(2));
    assert_true(vdr_control_proposal(t->core, 1, &arena, &proposal));
    assert_int_equal(proposal.state, VDR_PROPOSAL_APPROVED);
    assert_int_equal(proposal.made, 2);
    assert_int_equal(vdr_control_proposal_texts(t->core, 1, &arena, texts), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_control_version_texts(t->core, 2, &arena, texts), VDR_OK);
    assert_true(vdr_span_equal(texts[0], texts_of('b')[0]));
    vdr_position made = vdr_core_config_position(t->core);
    assert_int_equal(vdr_control_version_at(t->core, made), 1);
    assert_int_equal(vdr_control_version_at(t->core, made + 1), 2);
    assert_int_equal(vdr_control_version_at(t->core, 1), 0);
    vdr_arena_done(&arena);
    town_free(t);
}

static void
what_was_proposed_against_an_older_version_is_not_approved(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_config b = other_config(2), c = other_config(3);
    assert_int_equal(propose(t, "kees", 2, texts_of('b')), VDR_E_ACCEPTED);
    assert_int_equal(propose(t, "kees", 3, texts_of('c')), VDR_E_ACCEPTED);
    assert_int_equal(approve(t, "mia", 2, &b, texts_of('b')), VDR_E_WRONG_STATE); /* not what was proposed */
    assert_int_equal(approve(t, "mia", 2, &c, texts_of('c')), VDR_E_ACCEPTED);
    assert_int_equal(approve(t, "mia", 1, &b, texts_of('b')), VDR_E_WRONG_STATE);
    assert_true(vdr_core_config(t->core) == &c);
    assert_int_equal(decide(t, "kees", VDR_DECIDE_WITHDRAW, 1), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "mia", VDR_DECIDE_REJECT, 1), VDR_E_WRONG_STATE);
    town_free(t);
}

static void
so_many_proposals_are_open_and_no_more(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    for (unsigned i = 0; i < VDR_PROPOSALS_OPEN; i++)
        assert_int_equal(propose(t, "kees", (uint8_t)(i + 2), texts_of('x')), VDR_E_ACCEPTED);
    assert_int_equal(propose(t, "kees", 100, texts_of('x')), VDR_E_BUSY);
    assert_int_equal(decide(t, "mia", VDR_DECIDE_REJECT, 7), VDR_E_ACCEPTED);
    assert_int_equal(propose(t, "kees", 100, texts_of('x')), VDR_E_ACCEPTED);
    town_free(t);
}

/* Texts of old versions go, unless a case that is known was opened under them. */
static void
old_versions_are_forgotten_when_no_case_needs_them(void **unused)
{
    (void)unused;
    static vdr_config configs[64];
    town *t = town_new(&town_config);
    vdr_arena arena;
    vdr_version_view version;
    vdr_arena_init(&arena, 1 << 20);
    for (uint8_t i = 0; i < 60; i++) {
        configs[i] = other_config((uint8_t)(i + 2));
        vdr_command command = {.kind = VDR_COMMAND_CONFIG,
                               .at = VDR_MS_NONE,
                               .config = &configs[i],
                               .texts = texts_of((char)('A' + i % 26)),
                               .author = vdr_span_str("kees"),
                               .alone = true};
        town_step(t, &command);
        if (i == 4)
            EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    }
    vdr_case_view view;
    vdr_at at;
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &view));
    assert_int_equal(view.version, 6);
    for (uint64_t number = 2; number <= 61; number++) {
        assert_true(vdr_control_version(t->core, number, &arena, &version));
        assert_int_equal(version.cases, number == 6);
        if (version.kept != (number == 6 || number > 29))
            fail_msg("version %d is%s kept", (int)number, version.kept ? "" : " not");
    }
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_paused_rule_does_nothing_new_until_its_end(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "none", 48, true), VDR_E_NOT_FOUND);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 0, true), VDR_E_WRONG_STATE);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 93 * 24, true),
                     VDR_E_WRONG_STATE);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 48, true), VDR_E_ACCEPTED);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 24, true), VDR_E_ACCEPTED);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 30, true), VDR_E_WRONG_STATE);
    assert_int_equal(vdr_control_paused(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str("busy")), 2);
    assert_int_equal(vdr_control_paused(t->core, VDR_PROPOSAL_SILENCE, vdr_span_str("busy")), 0);
    t->hour = 1;
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    TOLD(t, "s-1 accepted H1 new regular\nservice:team regular_signal s-1\n");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "b");
    assert_null(strstr(t->told, "watch"));
    t->hour = 25;
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "b");
    assert_non_null(strstr(t->told, "H2 watch busy"));
    t->hour = 47.9;
    EVENT(t, .id = "s-5", .by = "police", .type = "violence", .who = "a");
    assert_null(strstr(t->told, "C1"));
    t->hour = 48;
    EVENT(t, .id = "s-6", .by = "police", .type = "violence", .who = "a");
    assert_non_null(strstr(t->told, "C1 H1 proposed unassigned normal - violence s-1 s-5 s-6"));
    vdr_arena arena;
    vdr_pause_view view;
    vdr_arena_init(&arena, 1 << 16);
    assert_true(vdr_control_pause(t->core, 1, &arena, &view));
    assert_int_equal(view.ended, at_hour(48));
    assert_true(view.ended_by.at == NULL && view.approver.at == NULL);
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_pause_needs_four_eyes_and_a_resume_two(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 48, false), VDR_E_ACCEPTED);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "debts", 2, false), VDR_E_ACCEPTED);
    assert_int_equal(vdr_control_paused(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str("violence")), 0);
    assert_int_equal(decide(t, "kees", VDR_DECIDE_APPROVE, 1), VDR_E_FOUR_EYES);
    assert_int_equal(decide(t, "mia", VDR_DECIDE_APPROVE, 1), VDR_E_ACCEPTED);
    assert_int_equal(vdr_control_paused(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str("violence")), 1);
    t->hour = 3;
    assert_int_equal(decide(t, "mia", VDR_DECIDE_APPROVE, 2), VDR_E_WRONG_STATE); /* its end has passed */
    assert_int_equal(resume(t, "kees", 2), VDR_E_NOT_FOUND);
    assert_int_equal(resume(t, "kees", 1), VDR_E_ACCEPTED);
    assert_int_equal(resume(t, "kees", 1), VDR_E_WRONG_STATE);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    assert_non_null(strstr(t->told, "C1 H1 proposed"));
    town_tick(t, 100); /* the timer of a pause that was ended does nothing */
    town_free(t);
}

static void
a_paused_rule_raises_no_case_and_keeps_what_is_open(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "grave", 10, true), VDR_E_ACCEPTED);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 10, true), VDR_E_ACCEPTED);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a", .severity = 5);
    TOLD(t, "s-2 accepted H1 person attached C1\nregisseur:anna signal_attached C1 s-2\n");
    /* The paused rules still hold, so nothing is retracted. */
    EVENT(t, .id = "w-1", .by = "police", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1");
    TOLD(t, "w-1 signal_withdrawn accepted\n");
    town_free(t);
}

static void
a_silenced_agency_counts_for_no_rule_while_it_is(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a"); /* C1 */
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_SILENCE, "nobody", 48, true), VDR_E_NOT_FOUND);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_SILENCE, "police", 48, true), VDR_E_ACCEPTED);
    t->hour = 1;
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "b");
    TOLD(t, "s-2 accepted H2 new regular\nservice:team regular_signal s-2\n");
    EVENT(t, .id = "s-3", .by = "school", .type = "violence", .who = "b"); /* another agency counts */
    assert_non_null(strstr(t->told, "C2 H2 proposed unassigned normal - violence s-3\n"));
    /* What is open takes its signals, unraised, and is not retracted because of the silence. */
    EVENT(t, .id = "s-4", .by = "police", .type = "violence", .who = "a", .severity = 5);
    TOLD(t, "s-4 accepted H1 person attached C1\nregisseur:anna signal_attached C1 s-4\n");
    EVENT(t, .id = "w-1", .by = "police", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1");
    TOLD(t, "w-1 signal_withdrawn accepted\n");
    EVENT(t, .id = "s-5", .by = "police", .type = "violence", .who = "c");
    assert_non_null(strstr(t->told, "regular"));
    t->hour = 49; /* afterwards those that are still live count */
    EVENT(t, .id = "s-6", .by = "police", .type = "violence", .who = "c");
    assert_non_null(strstr(t->told, "C3 H3 proposed unassigned normal - violence s-5 s-6"));
    town_free(t);
}

/* A household so large that the rules keep windows of it. */
static void
a_silence_holds_for_large_households_too(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->reload_every = 20;
    char id[16];
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_SILENCE, "housing", 10, true), VDR_E_ACCEPTED);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = "housing", .type = "arrears", .who = "a");
        assert_null(strstr(t->told, "C1"));
    }
    assert_int_equal(resume(t, "mia", 1), VDR_E_ACCEPTED);
    EVENT(t, .id = "last", .by = "housing", .type = "arrears", .who = "a");
    assert_non_null(strstr(t->told, "C1 H1 proposed unassigned high - debts s-0 s-1"));
    town_free(t);
}

static void
explain_says_what_is_paused_and_silenced(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_SILENCE, "school", 48, true), VDR_E_ACCEPTED);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 20, true), VDR_E_ACCEPTED);
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    vdr_explanation told;
    vdr_explain_ask asked = {.household = {1}};
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_int_equal(vdr_explain(t->core, &asked, &arena, &told), VDR_OK);
    assert_int_equal(told.rules[0].barred, VDR_BARRED_PAUSED);
    assert_int_equal(told.rules[0].barred_until, at_hour(20));
    assert_int_equal(told.rules[3].barred, VDR_BARRED_NOT);
    assert_int_equal(told.rules[3].uses[0].use, VDR_USE_SILENCED);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    town_free(t);
}

static uint64_t dice;

static unsigned
roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

static void
random_signal(town *t, unsigned n)
{
    static const char *const by[] = {"school", "police", "housing", "police"};
    static const char *const types[] = {"absence", "violence", "arrears", "custody"};
    char id[16], who[2] = {(char)('a' + roll(6)), 0};
    unsigned kind = roll(4);
    (void)snprintf(id, sizeof id, "s-%u", n);
    EVENT(t, .id = id, .by = by[kind], .type = types[kind], .who = who, .severity = (int)roll(6));
    if (roll(6) == 0) {
        char act[16];
        (void)snprintf(act, sizeof act, "w-%u", n);
        EVENT(t, .id = act, .by = by[kind], .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = id);
    }
}

/* Whatever operators do in whatever order: invariants hold, the foretold verdict is the one of the step, and a twin
 * that is loaded from images again and again is the same (town_step). */
static void
operators_do_what_they_like(void **unused)
{
    (void)unused;
    static const char *const who[] = {"kees", "mia"};
    static const char *const rules[] = {"violence", "grave", "debts", "busy", "gone"};
    static const char *const agencies[] = {"school", "police", "housing", "nobody"};
    static vdr_config configs[8];
    for (uint8_t i = 0; i < 8; i++)
        configs[i] = other_config((uint8_t)(i + 1));
    uint64_t versions = 0, pauses = 0, accepted = 0;
    for (unsigned seed = 1; seed <= 6; seed++) {
        dice = seed;
        town *t = town_new(&town_config);
        for (unsigned n = 0; n < 250; n++) {
            const char *me = who[roll(2)];
            unsigned which = roll(8);
            vdr_proposal_view view = {.number = 0};
            vdr_arena arena;
            vdr_arena_init(&arena, 1 << 16);
            uint64_t number = roll((unsigned)vdr_control_proposal_last(t->core) + 2);
            bool known = vdr_control_proposal(t->core, number, &arena, &view);
            vdr_err err = VDR_E_ACCEPTED;
            town_tick(t, t->hour + (roll(5) == 0 ? roll(30) : 0.5));
            switch (roll(9)) {
            case 0:
                err =
                    pause_until(t, me, VDR_PROPOSAL_PAUSE, rules[roll(5)], t->hour + roll(60), roll(2) == 0);
                break;
            case 1:
                err = pause_until(t, me, VDR_PROPOSAL_SILENCE, agencies[roll(4)], t->hour + roll(60),
                                  roll(2) == 0);
                break;
            case 2:
                err = propose(t, me, (uint8_t)(which + 1), texts_of((char)('a' + which)));
                break;
            case 3:
                if (known && view.kind == VDR_PROPOSAL_CONFIG)
                    err = approve(t, me, number, &configs[view.digest.at[0] - 1],
                                  texts_of((char)('a' + view.digest.at[0] - 1)));
                else
                    err = decide(t, me, VDR_DECIDE_APPROVE, number);
                break;
            case 4:
                err = decide(t, me, roll(2) == 0 ? VDR_DECIDE_REJECT : VDR_DECIDE_WITHDRAW, number);
                break;
            case 5:
                err = resume(t, me, roll((unsigned)vdr_control_pause_last(t->core) + 2));
                break;
            default:
                random_signal(t, n);
                break;
            }
            accepted += err == VDR_E_ACCEPTED;
            vdr_arena_done(&arena);
        }
        versions += vdr_control_version_last(t->core) - 1;
        pauses += vdr_control_pause_last(t->core);
        town_free(t);
    }
    print_message("%d versions, %d pauses, %d accepted\n", (int)versions, (int)pauses, (int)accepted);
    assert_true(versions >= 6 && pauses >= 20 && accepted > 600);
}

static void
what_is_not_there_or_does_not_fit_memory_is_not_told(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_arena arena;
    vdr_version_view version;
    vdr_proposal_view proposal;
    vdr_pause_view pause;
    vdr_span texts[3];
    const vdr_span *given = texts_of('b');
    t->hour = 1;
    vdr_command back = {.kind = VDR_COMMAND_PROPOSE,
                        .proposal = VDR_PROPOSAL_CONFIG,
                        .texts = given,
                        .until = VDR_MS_NONE,
                        .rollback_of = 9};
    back.fingerprint.bytes[0] = 3;
    assert_int_equal(ask(t, back, "kees"), VDR_E_NOT_FOUND); /* there was no such version */
    assert_int_equal(propose(t, "kees", 2, given), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "mia", VDR_DECIDE_APPROVE, 1),
                     VDR_E_WRONG_STATE); /* it comes with its texts */
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 0.5, true), VDR_E_WRONG_STATE);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 24 * 93, true), VDR_E_WRONG_STATE);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 48, true), VDR_E_ACCEPTED);
    assert_int_equal(vdr_control_open(t->core), 1);
    assert_int_equal(vdr_control_holding(t->core, VDR_PROPOSAL_PAUSE), 1);
    assert_int_equal(vdr_control_holding(t->core, VDR_PROPOSAL_SILENCE), 0);
    assert_true(vdr_control_until(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str("busy")) == at_hour(48));
    assert_true(vdr_control_until(t->core, VDR_PROPOSAL_SILENCE, vdr_span_str("school")) == VDR_MS_NONE);
    assert_true(vdr_control_until(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str("nothing")) == VDR_MS_NONE);
    vdr_err err = VDR_E_NO_MEMORY;
    for (size_t budget = 0; err != VDR_OK; budget += 1000) {
        vdr_arena_init(&arena, budget);
        err = vdr_control_proposal_texts(t->core, 1, &arena, texts);
        assert_true(err == VDR_OK ? vdr_span_equal(texts[2], given[2])
                                  : err == VDR_E_NO_MEMORY && budget < 100000);
        vdr_arena_done(&arena);
    }
    vdr_arena_init(&arena, 0);
    assert_true(vdr_control_proposal(t->core, 1, &arena, &proposal) && proposal.reason.at == NULL);
    assert_true(vdr_control_pause(t->core, 1, &arena, &pause) && pause.reason.at == NULL);
    static const uint64_t none[] = {0, 9, UINT64_MAX};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_false(vdr_control_proposal(t->core, none[i], &arena, &proposal));
        assert_false(vdr_control_version(t->core, none[i], &arena, &version));
        assert_false(vdr_control_pause(t->core, none[i], &arena, &pause));
        assert_int_equal(vdr_control_proposal_texts(t->core, none[i], &arena, texts), VDR_E_NOT_FOUND);
        assert_int_equal(vdr_control_version_texts(t->core, none[i], &arena, texts), VDR_E_NOT_FOUND);
    }
    vdr_arena_done(&arena);
    town_free(t);
}

/* With `approvals: one` whoever proposed may decide, too; the record says that nobody else did. */
static void
whoever_is_alone_approves_what_they_proposed(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_config b = other_config(2), c = other_config(3);
    vdr_arena arena;
    vdr_version_view version;
    vdr_pause_view pause;
    vdr_arena_init(&arena, 1 << 20);
    t->hour = 1;
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "busy", 48, false), VDR_E_ACCEPTED);
    assert_int_equal(decide(t, "kees", VDR_DECIDE_APPROVE, 1), VDR_E_FOUR_EYES);
    vdr_command alone = {
        .kind = VDR_COMMAND_DECIDE, .decide = VDR_DECIDE_APPROVE, .number = 1, .alone = true};
    assert_int_equal(ask(t, alone, "kees"), VDR_E_ACCEPTED);
    assert_true(vdr_control_pause(t->core, 1, &arena, &pause));
    assert_true(vdr_span_equal(pause.author, vdr_span_str("kees")) && pause.approver.at == NULL);
    assert_int_equal(pause_until(t, "kees", VDR_PROPOSAL_PAUSE, "violence", 48, false), VDR_E_ACCEPTED);
    vdr_command not_a_town = {
        .kind = VDR_COMMAND_CONFIG, .number = 2, .config = &b, .texts = texts_of('b'), .alone = true};
    assert_int_equal(ask(t, not_a_town, "mia"), VDR_E_WRONG_STATE); /* a pause was proposed */
    vdr_command proposal = {.kind = VDR_COMMAND_PROPOSE,
                            .proposal = VDR_PROPOSAL_CONFIG,
                            .texts = texts_of('b'),
                            .until = VDR_MS_NONE,
                            .fingerprint = b.fingerprint,
                            .alone = true};
    assert_int_equal(ask(t, proposal, "kees"), VDR_E_ACCEPTED);
    vdr_command approval = {
        .kind = VDR_COMMAND_CONFIG, .number = 3, .config = &c, .texts = texts_of('b'), .alone = true};
    assert_int_equal(ask(t, approval, "kees"), VDR_E_WRONG_STATE); /* not what was proposed */
    approval.config = &b;
    assert_int_equal(ask(t, approval, "kees"), VDR_E_ACCEPTED);
    assert_true(vdr_control_version(t->core, 2, &arena, &version));
    assert_true(vdr_span_equal(version.author, vdr_span_str("kees")) && version.approver.at == NULL);
    vdr_arena_done(&arena);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_alone_approves_what_they_proposed),
        cmocka_unit_test(a_proposal_is_approved_by_somebody_else_and_made_a_version),
        cmocka_unit_test(what_was_proposed_against_an_older_version_is_not_approved),
        cmocka_unit_test(so_many_proposals_are_open_and_no_more),
        cmocka_unit_test(old_versions_are_forgotten_when_no_case_needs_them),
        cmocka_unit_test(a_paused_rule_does_nothing_new_until_its_end),
        cmocka_unit_test(a_pause_needs_four_eyes_and_a_resume_two),
        cmocka_unit_test(a_paused_rule_raises_no_case_and_keeps_what_is_open),
        cmocka_unit_test(a_silenced_agency_counts_for_no_rule_while_it_is),
        cmocka_unit_test(a_silence_holds_for_large_households_too),
        cmocka_unit_test(explain_says_what_is_paused_and_silenced),
        cmocka_unit_test(operators_do_what_they_like),
        cmocka_unit_test(what_is_not_there_or_does_not_fit_memory_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
