/* Goal: every value of every enum that is told has a name of its own, and a number beyond them has one that says so. */
#include "proto/control.h"
#include "proto/explain.h"
#include "proto/right.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

typedef const char *(*name_fn)(unsigned value);

/* A function of one enum, by number. */
#define OF(noun)                                                                                             \
    static const char *noun##_of_number(unsigned value)                                                      \
    {                                                                                                        \
        return vdr_##noun##_name((vdr_##noun)value);                                                         \
    }
OF(party_kind)
OF(signal_kind)
OF(address_match)
OF(level)
OF(priority)
OF(measure)
OF(within)
OF(match)
OF(outcome)
OF(case_state)
OF(change)
OF(message_kind)
OF(act)
OF(use)
OF(barred)
OF(assign_step)
OF(why)
OF(due_kind)
OF(right_kind)
OF(right_state)
OF(proposal_kind)
OF(proposal_state)
OF(party_key_state)

static const struct {
    const char *noun;
    name_fn name;
    unsigned first, last;
    const char *beyond;
} rows[] = {
    {"party_kind", party_kind_of_number, VDR_PARTY_NONE, VDR_PARTY_LAST, "unknown"},
    {"signal_kind", signal_kind_of_number, VDR_SIGNAL_EVENT, VDR_SIGNAL_DEADLINE, "unknown"},
    {"address_match", address_match_of_number, VDR_ADDRESS_JOIN, VDR_ADDRESS_OFF, "unknown"},
    {"level", level_of_number, VDR_LEVEL_WATCH, VDR_LEVEL_CASE, "unknown"},
    {"priority", priority_of_number, VDR_PRIORITY_NONE, VDR_PRIORITY_URGENT, "unknown"},
    {"measure", measure_of_number, VDR_MEASURE_SIGNALS, VDR_MEASURES - 1, "unknown"},
    {"within", within_of_number, VDR_WITHIN_NONE, VDR_WITHIN_PERSON, "unknown"},
    {"match", match_of_number, VDR_MATCH_NONE, VDR_MATCH_NEW, "unknown"},
    {"outcome", outcome_of_number, VDR_OUTCOME_NONE, VDR_OUTCOME_REGULAR, "unknown"},
    {"case_state", case_state_of_number, VDR_CASE_UNASSIGNED, VDR_CASE_MERGED, "unknown"},
    {"change", change_of_number, VDR_CHANGE_PROPOSED, VDR_CHANGE_LAST, "unknown"},
    {"message_kind", message_kind_of_number, VDR_MESSAGE_REGULAR_SIGNAL, VDR_MESSAGE_LAST, "unknown"},
    {"act", act_of_number, VDR_ACT_NONE + 1, VDR_ACT_LAST, "unknown"},
    {"use", use_of_number, VDR_USE_NONE, VDR_USE_LAST, ""},
    {"barred", barred_of_number, VDR_BARRED_NOT, VDR_BARRED_PAUSED, ""},
    {"assign_step", assign_step_of_number, VDR_ASSIGN_NONE, VDR_ASSIGN_NOBODY, ""},
    {"why", why_of_number, 1, VDR_WHY_LAST, ""},
    {"due_kind", due_kind_of_number, VDR_DUE_FOLLOW_UP, VDR_DUE_RETRY, ""},
    {"right_kind", right_kind_of_number, 0, VDR_RIGHT_KIND_LAST, "unknown"},
    {"right_state", right_state_of_number, 0, VDR_RIGHT_STATE_LAST, "unknown"},
    {"proposal_kind", proposal_kind_of_number, VDR_PROPOSAL_CONFIG, VDR_PROPOSAL_KEY, ""},
    {"proposal_state", proposal_state_of_number, VDR_PROPOSAL_OPEN, VDR_PROPOSAL_WITHDRAWN, ""},
    {"party_key_state", party_key_state_of_number, VDR_PARTY_KEY_PROPOSED, VDR_PARTY_KEY_REFUSED, ""},
};

static void
every_value_has_a_name_of_its_own(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned a = rows[i].first; a <= rows[i].last; a++) {
            const char *name = rows[i].name(a);
            if (name[0] == '\0' || strcmp(name, "unknown") == 0)
                fail_msg("%s %u has no name", rows[i].noun, a);
            for (unsigned b = rows[i].first; b < a; b++)
                if (strcmp(name, rows[i].name(b)) == 0)
                    fail_msg("%s %u and %u are both %s", rows[i].noun, a, b, name);
        }
    }
}

static void
a_number_beyond_has_the_name_of_none(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const unsigned beyond[] = {rows[i].last + 1, 1000, 0x7fffffff};
        for (size_t k = 0; k < 3; k++)
            if (strcmp(rows[i].name(beyond[k]), rows[i].beyond) != 0)
                fail_msg("%s %u is %s", rows[i].noun, beyond[k], rows[i].name(beyond[k]));
    }
}

static void
a_name_is_read_as_its_value_and_no_other_is(void **unused)
{
    (void)unused;
    for (unsigned kind = VDR_PARTY_NONE + 1; kind <= VDR_PARTY_LAST; kind++)
        assert_int_equal(vdr_party_kind_of(vdr_span_str(party_kind_of_number(kind))), kind);
    for (unsigned act = 1; act <= VDR_ACT_LAST; act++) {
        char type[128];
        (void)snprintf(type, sizeof type, "nl.voordeur.%s.v1", act_of_number(act));
        assert_int_equal(vdr_act_of(vdr_span_str(act_of_number(act))), act);
        assert_int_equal(vdr_act_of_type(vdr_span_str(type)), act);
    }
    static const char *const none[] = {"",
                                       "none",
                                       "agencies",
                                       "nl.voordeur.v1",
                                       "nl.voordeur..v1",
                                       "nl.other.x.v1",
                                       "nl.voordeur.case_accepted.v2",
                                       "nl.voordeur.x.v1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(vdr_party_kind_of(vdr_span_str(none[i])), VDR_PARTY_NONE);
        assert_int_equal(vdr_act_of(vdr_span_str(none[i])), VDR_ACT_NONE);
        assert_int_equal(vdr_act_of_type(vdr_span_str(none[i])), VDR_ACT_NONE);
    }
    assert_string_equal(vdr_clause_name(VDR_CLAUSE_SPREAD), "spread");
    assert_string_equal(vdr_clause_name(VDR_MEASURE_DAYS), "days");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_a_name_of_its_own),
        cmocka_unit_test(a_number_beyond_has_the_name_of_none),
        cmocka_unit_test(a_name_is_read_as_its_value_and_no_other_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
