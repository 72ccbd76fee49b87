/* Goal: an alternative that begins with a loaded state (broker/study/alternative.h) knows its pauses and silences by
 * their numbers, also when others came after it: whoever resumes one in the recorded history resumes that one here. */
#include "tests/core_town.h"

#include "broker/core/control.h"
#include "broker/study/alternative.h"

static vdr_command
pause_of(const char *rule, vdr_ms until)
{
    return (vdr_command){.kind = VDR_COMMAND_PROPOSE,
                         .proposal = VDR_PROPOSAL_PAUSE,
                         .at = TOWN_T0 + HOUR,
                         .author = vdr_span_str("kees"),
                         .reason = vdr_span_str("because"),
                         .subject = vdr_span_str(rule),
                         .until = until,
                         .alone = true};
}

/* The town's own steps end here; what follows is the alternative's. */
static vdr_alternative *
begin_with_two_pauses(town *t)
{
    const vdr_config_texts none = {0};
    const char *const rules[] = {"violence", "debts"};
    t->hour = 1;
    for (size_t i = 0; i < COUNT(rules); i++) {
        vdr_command paused = pause_of(rules[i], TOWN_T0 + 90 * DAY);
        town_step(t, &paused);
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    }
    town_event(t, &(event){.id = "s1", .by = "police", .type = "violence", .who = "a", .severity = 4});
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    vdr_alternative *a = vdr_alternative_new(t->core, &none, VDR_MS_MAX, 0);
    vdr_alternative_loaded(a, &none);
    return a;
}

static void
take(town *t, vdr_alternative *a, vdr_command command, uint64_t pauses)
{
    const vdr_recorded recorded = {
        .position = ++t->position, .at = TOWN_T0 + 2 * HOUR, .outcome = VDR_OUTCOME_NONE, .pauses = pauses};
    command.at = recorded.at;
    assert_int_equal(vdr_alternative_step(a, &command, &recorded), VDR_OK);
}

static vdr_command
resume_of(uint64_t number)
{
    return (vdr_command){.kind = VDR_COMMAND_RESUME,
                         .author = vdr_span_str("mia"),
                         .reason = vdr_span_str("over"),
                         .number = number};
}

static bool
holds(const town *t, const char *rule)
{
    return vdr_control_paused(t->core, VDR_PROPOSAL_PAUSE, vdr_span_str(rule)) != 0;
}

static void
pauses_of_before_are_known_by_their_numbers(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_alternative *a = begin_with_two_pauses(t);
    take(t, a, resume_of(1), 2);
    assert_true(!holds(t, "violence") && holds(t, "debts"));
    take(t, a, resume_of(2), 2);
    assert_true(!holds(t, "violence") && !holds(t, "debts"));
    vdr_alternative_free(&a);
    town_free(t);
}

static void
those_that_come_after_go_on_from_there(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_alternative *a = begin_with_two_pauses(t);
    take(t, a, pause_of("nothing", TOWN_T0 + 90 * DAY),
         3); /* a rule that these texts do not have: none here */
    take(t, a, pause_of("busy", TOWN_T0 + 90 * DAY), 4);
    assert_true(holds(t, "violence") && holds(t, "debts") && holds(t, "busy"));
    take(t, a, resume_of(4), 4);
    assert_true(holds(t, "violence") && holds(t, "debts") && !holds(t, "busy"));
    take(t, a, resume_of(3), 4);
    assert_true(holds(t, "violence") && holds(t, "debts"));
    take(t, a, resume_of(2), 4);
    assert_true(holds(t, "violence") && !holds(t, "debts"));
    vdr_alternative_free(&a);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_of_before_are_known_by_their_numbers),
        cmocka_unit_test(those_that_come_after_go_on_from_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
