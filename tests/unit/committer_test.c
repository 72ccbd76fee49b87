/* Goal: what may be forgotten is forgotten, also what a later checkpoint did not ask again. */
#include "broker/engine/committer.h"
#include "store/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define MAILBOXES 40u
#define EACH      5u

static vdr_log *
log_with_mails(vdr_memory *memory)
{
    vdr_log *log;
    vdr_log_options options = {.create = true};
    vdr_log_mail mails[MAILBOXES * EACH];
    vdr_log_record record = {.tale = vdr_span_str("told")};
    for (uint32_t i = 0; i < MAILBOXES * EACH; i++)
        mails[i] = (vdr_log_mail){.mailbox = 1 + i % MAILBOXES, .seq = 1 + i / MAILBOXES, .position = 1};
    assert_int_equal(vdr_log_open_memory(memory, &options, &log), VDR_OK);
    assert_int_equal(vdr_log_append(log, 1, 1, &record, 1, mails, MAILBOXES * EACH), VDR_OK);
    return log;
}

static size_t
left_in(vdr_log *log, uint32_t mailbox)
{
    vdr_log_reader *reader;
    vdr_log_mail mails[EACH];
    size_t count = 0;
    assert_int_equal(vdr_log_reader_open(log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read_mail(reader, mailbox, 1, mails, EACH, &count), VDR_OK);
    vdr_log_reader_close(&reader);
    return count;
}

/* Each upkeep asks for one mailbox more, and before it is worked off the next comes; every third asks the
 * same mailbox again, further on. */
static void
nothing_that_was_asked_is_lost(void **state)
{
    bool threads = *(const bool *)*state;
    vdr_memory *memory = vdr_memory_new();
    vdr_log *log = log_with_mails(memory);
    vdr_committer *committer = vdr_committer_new(log, 1, threads, -1);
    for (uint32_t mailbox = 1; mailbox <= MAILBOXES; mailbox++) {
        vdr_command_ack asked[2] = {{.mailbox = mailbox, .seq = 2}, {.mailbox = mailbox / 3 * 3, .seq = 4}};
        vdr_committer_upkeep(committer, 0, asked, asked[1].mailbox != 0 ? 2 : 1);
    }
    vdr_committer_upkeep_wait(committer);
    for (uint32_t mailbox = 1; mailbox <= MAILBOXES; mailbox++) {
        size_t expected = mailbox % 3 == 0 ? EACH - 4 : EACH - 2;
        if (left_in(log, mailbox) != expected)
            fail_msg("mailbox %u: %zu left, %zu expected", mailbox, left_in(log, mailbox), expected);
    }
    vdr_committer_free(&committer);
    vdr_log_close(&log);
    vdr_memory_free(&memory);
}

int
main(void)
{
    static bool with = true, without = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(nothing_that_was_asked_is_lost, &without),
        cmocka_unit_test_prestate(nothing_that_was_asked_is_lost, &with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
