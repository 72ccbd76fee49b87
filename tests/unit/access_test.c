/* Every cell of the tables of protocol.md sections 7 and 8, written down a second time, as text. */
#include "broker/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* Columns: none, agency, regisseur, service, coordinator, privacy officer, operator, no such kind. */
#define COLUMNS 8

static void
each_role_sends_the_frames_of_its_column(void **state)
{
    (void)state;
    static const struct {
        vdr_frame_type type;
        const char *allowed;
    } rows[] = {
        {VDR_FRAME_HELLO, ".aaaaaa."},     {VDR_FRAME_WELCOME, "........"},
        {VDR_FRAME_PUBLISH, ".aaaaa.."},   {VDR_FRAME_CONFIRM, "........"},
        {VDR_FRAME_SUBSCRIBE, ".aaaaaa."}, {VDR_FRAME_DELIVER, "........"},
        {VDR_FRAME_CREDIT, ".aaaaaa."},    {VDR_FRAME_ACK, ".aaaaa.."},
        {VDR_FRAME_ACKED, "........"},     {VDR_FRAME_READ, ".aaaaaa."},
        {VDR_FRAME_ANSWER, "........"},    {VDR_FRAME_DECISIONS, "......a."},
        {VDR_FRAME_DECISION, "........"},  {VDR_FRAME_ADMIN, "......a."},
        {VDR_FRAME_RESULT, "........"},    {VDR_FRAME_PING, ".aaaaaa."},
        {VDR_FRAME_PONG, ".aaaaaa."},      {VDR_FRAME_BYE, ".aaaaaa."},
        {VDR_FRAME_ERROR, "........"},     {(vdr_frame_type)(VDR_FRAME_TYPE_MAX + 1), "........"},
        {(vdr_frame_type)0, "........"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int kind = 0; kind < COLUMNS; kind++) {
            bool allowed = vdr_access_frame((vdr_party_kind)kind, rows[i].type);
            if (allowed != (rows[i].allowed[kind] == 'a'))
                print_error("frame %d, kind %d\n", rows[i].type, kind);
            assert_true(allowed == (rows[i].allowed[kind] == 'a'));
        }
    }
}

static void
each_role_asks_what_its_column_says(void **state)
{
    (void)state;
    enum { N = VDR_RELATION_NONE, A = VDR_RELATION_ANY, CH = VDR_RELATION_CASE_HELD };
    enum { SO = VDR_RELATION_SIGNAL_OWN, SR = VDR_RELATION_SIGNAL_ROUTED, SH = VDR_RELATION_SIGNAL_HELD };
    enum {
        SC = VDR_RELATION_SIGNAL_CARE,
        HH = VDR_RELATION_HOUSEHOLD_HELD,
        HC = VDR_RELATION_HOUSEHOLD_CARE
    };
    static const struct {
        int query;
        int relation[COLUMNS];
    } rows[] = {
        {VDR_QUERY_STATUS, {N, A, A, A, A, A, A, N}},
        {VDR_QUERY_CASE, {N, N, CH, N, A, N, A, N}},
        {VDR_QUERY_SIGNAL, {N, SO, SH, SR, SC, N, N, N}},
        {VDR_QUERY_HOUSEHOLD, {N, N, HH, N, HC, A, N, N}},
        {VDR_QUERY_INBOX, {N, N, A, N, A, N, N, N}},
        {VDR_QUERY_REGISSEURS, {N, N, N, N, A, N, A, N}},
        {VDR_QUERY_EXPLAIN, {N, N, CH, N, N, N, A, N}},
        {VDR_QUERY_TRY, {N, N, N, N, N, N, A, N}},
        {0, {N, N, N, N, N, N, N, N}},
        {VDR_QUERY_TRY + 1, {N, N, N, N, N, N, N, N}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int kind = 0; kind < COLUMNS; kind++) {
            int relation = (int)vdr_access_query((vdr_party_kind)kind, (vdr_query)rows[i].query);
            if (relation != rows[i].relation[kind])
                print_error("query %d, kind %d: %d\n", rows[i].query, kind, relation);
            assert_int_equal(relation, rows[i].relation[kind]);
        }
    }
}

static void
mailboxes_inboxes_and_verbs_belong_to_their_roles(void **state)
{
    (void)state;
    static const char mailbox[] = "-ooooo*-"; /* own, any */
    static const char *const inbox[] = {"..a.a...", "..a.a...", "....a...", "....a...", "........"};
    for (int kind = 0; kind < COLUMNS; kind++) {
        char c = mailbox[kind];
        vdr_access_mailbox whose = c == 'o' ? VDR_MAILBOX_OWN : c == '*' ? VDR_MAILBOX_ANY : VDR_MAILBOX_NONE;
        assert_int_equal(vdr_access_subscribe((vdr_party_kind)kind), whose);
        for (int part = 0; part < 5; part++)
            assert_int_equal(vdr_access_inbox((vdr_party_kind)kind, (vdr_inbox_part)part),
                             inbox[part][kind] == 'a');
        for (int verb = 0; verb <= VDR_VERB_HEADS + 1; verb++)
            assert_int_equal(
                vdr_access_verb((vdr_party_kind)kind, (vdr_verb)verb),
                kind == VDR_PARTY_OPERATOR &&
                    ((verb >= 1 && verb <= 12) || (verb >= 20 && verb <= 36) || (verb >= 50 && verb <= 52)));
    }
}

static void
each_role_sees_the_members_of_its_column(void **state)
{
    (void)state;
    enum { N = VDR_SEE_NAME, F = VDR_SEE_FACTS, T = VDR_SEE_TERMS, L = VDR_SEE_LEAVES, C = VDR_SEE_CONTENT };
    enum { S = VDR_SEE_SERVICE, P = VDR_SEE_PLACE, K = VDR_SEE_CASE, G = VDR_SEE_SIGNALS, O = VDR_SEE_GOALS };
    enum { E = VDR_SEE_ENDED_WITH, H = VDR_SEE_HOUSEHOLD, M = VDR_SEE_MEMBERS, B = VDR_SEE_NUMBERS };
    static const struct {
        unsigned signal, case_signal, open_case, ended_case, household, reviewed;
    } rows[COLUMNS] = {
        {0, 0, 0, 0, 0, 0},
        {N | F | L, 0, 0, 0, 0, 0},                                                     /* agency */
        {N | F | T | C | P, N | F | T | C, K | G | O | E, K | E, H | M | B, H | M | B}, /* regisseur */
        {N | F | T | C | S, 0, 0, 0, 0, 0},                                             /* service */
        {N | F | T | S | P, N | F | T, K | G, K | G, H | M, H | M | B},                 /* coordinator */
        {0, 0, 0, 0, H, H},                                                             /* privacy officer */
        {0, N, K | G, K | G, 0, 0},                                                     /* operator */
        {0, 0, 0, 0, 0, 0},
    };
    for (int kind = 0; kind < COLUMNS; kind++) {
        vdr_party_kind k = (vdr_party_kind)kind;
        assert_int_equal(vdr_access_signal(k), rows[kind].signal);
        assert_int_equal(vdr_access_case_signal(k), rows[kind].case_signal);
        assert_int_equal(vdr_access_case(k, true), rows[kind].open_case);
        assert_int_equal(vdr_access_case(k, false), rows[kind].ended_case);
        assert_int_equal(vdr_access_household(k, false), rows[kind].household);
        assert_int_equal(vdr_access_household(k, true), rows[kind].reviewed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_sends_the_frames_of_its_column),
        cmocka_unit_test(each_role_asks_what_its_column_says),
        cmocka_unit_test(mailboxes_inboxes_and_verbs_belong_to_their_roles),
        cmocka_unit_test(each_role_sees_the_members_of_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
