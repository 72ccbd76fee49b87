/* Goal: an act becomes exactly the event of protocol.md 5.4, or is refused by the member that is wrong; a key
 * file is taken only as 1.5 says. */
#include "clients/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>
#include <cmocka.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})
#define T0      1772442000000
#define HEAD(act)                                                                                            \
    "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"urn:x\",\"type\":\"nl.voordeur." act               \
    ".v1\",\"time\":\"2026-03-02T09:00:00.000Z\",\"data\":{\"municipality\":\"GM9901\","

static void
an_act_is_the_event_of_its_members(void **state)
{
    (void)state;
    static const char *const persons[] = {"999990342", "p-0123"};
    static const char *const addresses[] = {"9901200000000001"};
    const vdr_wire_goal goals[] = {{S("youth"), S("to \"school\""), S("r-anna"), T0, S("open")}};
    const struct {
        vdr_client_act act;
        const char *event; /* NULL: refused */
    } rows[] = {
        {{.act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1", .reason = "wrong \xc3\xabrson"},
         HEAD("signal_withdrawn") "\"signal\":\"s-1\",\"reason\":\"wrong \xc3\xabrson\"}}"},
        {{.act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1"}, HEAD("signal_ended") "\"signal\":\"s-1\"}}"},
        {{.act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1", .occurred_at = T0 + 1},
         HEAD("signal_ended") "\"signal\":\"s-1\",\"occurred_at\":\"2026-03-02T09:00:00.001Z\"}}"},
        {{.act = VDR_ACT_FEEDBACK, .signal = "s-1", .result = "", .agency = "school-noord"},
         HEAD("feedback") "\"signal\":\"s-1\",\"result\":\"\",\"agency\":\"school-noord\"}}"},
        {{.act = VDR_ACT_CASE_ACCEPTED, .case_id = {7}}, HEAD("case_accepted") "\"case\":\"C7\"}}"},
        {{.act = VDR_ACT_CASE_DECLINED, .case_id = {7}, .reason = "a \"b\"\n"},
         HEAD("case_declined") "\"case\":\"C7\",\"reason\":\"a \\\"b\\\"\\n\"}}"},
        {{.act = VDR_ACT_CASE_DISMISSED, .case_id = {7}, .reason = "r"},
         HEAD("case_dismissed") "\"case\":\"C7\",\"reason\":\"r\"}}"},
        {{.act = VDR_ACT_CASE_ASSIGNED, .case_id = {7}, .regisseur = "r-anna"},
         HEAD("case_assigned") "\"case\":\"C7\",\"regisseur\":\"r-anna\"}}"},
        {{.act = VDR_ACT_HANDOVER_OFFERED, .case_id = {7}, .to = "r-bram"},
         HEAD("handover_offered") "\"case\":\"C7\",\"to\":\"r-bram\"}}"},
        {{.act = VDR_ACT_HANDOVER_ACCEPTED, .case_id = {7}}, HEAD("handover_accepted") "\"case\":\"C7\"}}"},
        {{.act = VDR_ACT_CASE_ESCALATED, .case_id = {7}, .to = "t", .reason = "r"},
         HEAD("case_escalated") "\"case\":\"C7\",\"to\":\"t\",\"reason\":\"r\"}}"},
        {{.act = VDR_ACT_PLAN_SET, .case_id = {7}, .plan_revision = 2, .goals = goals, .goal_count = 1},
         HEAD("plan_set") "\"case\":\"C7\",\"revision\":2,\"goals\":[{\"domain\":\"youth\",\"text\":\"to "
                          "\\\"school\\\"\","
                          "\"owner\":\"r-anna\",\"due\":\"2026-03-02T09:00:00.000Z\",\"state\":\"open\"}]}}"},
        {{.act = VDR_ACT_PLAN_SET, .case_id = {7}, .plan_revision = 1},
         HEAD("plan_set") "\"case\":\"C7\",\"revision\":1,\"goals\":[]}}"},
        {{.act = VDR_ACT_CASE_CLOSED, .case_id = {UINT64_MAX}, .outcome = "o"},
         HEAD("case_closed") "\"case\":\"C18446744073709551615\",\"outcome\":\"o\"}}"},
        {{.act = VDR_ACT_HOUSEHOLD_MERGED, .into = {1}, .from = {2}},
         HEAD("household_merged") "\"into\":\"H1\",\"from\":\"H2\"}}"},
        {{.act = VDR_ACT_HOUSEHOLD_SPLIT,
          .household = {1},
          .persons = persons,
          .person_count = 2,
          .addresses = addresses,
          .address_count = 1},
         HEAD("household_split") "\"household\":\"H1\",\"persons\":[\"999990342\",\"p-0123\"],"
                                 "\"addresses\":[\"9901200000000001\"]}}"},
        {{.act = VDR_ACT_PERSON_MOVED, .bsn = "999990342", .to = "9901200000000001"},
         HEAD("person_moved") "\"bsn\":\"999990342\",\"to\":\"9901200000000001\"}}"},
        {{.act = VDR_ACT_ERASED, .household = {12}}, HEAD("erased") "\"household\":\"H12\"}}"},
        {{.act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "r-anna", .bsn = "999990342"},
         HEAD("conflict_declared") "\"bsn\":\"999990342\",\"regisseur\":\"r-anna\"}}"},
        {{.act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "r-anna", .household = {12}},
         HEAD("conflict_lifted") "\"household\":\"H12\",\"regisseur\":\"r-anna\"}}"},
        {{.act = VDR_ACT_OBJECTION_DECIDED,
          .signal = "s-1",
          .agency = "a",
          .decision = "upheld",
          .reason = "r"},
         HEAD("objection_decided") "\"signal\":\"s-1\",\"reason\":\"r\",\"agency\":\"a\",\"decision\":"
                                   "\"upheld\"}}"},
        {{.act = VDR_ACT_ERASURE_REQUESTED, .household = {12}, .reason = "r", .due = T0},
         HEAD("erasure_requested") "\"household\":\"H12\",\"reason\":\"r\",\"due\":\"2026-03-02T09:00:00."
                                   "000Z\"}}"},
        {{.act = VDR_ACT_HOLD_PLACED, .household = {12}}, NULL},
        {{.act = VDR_ACT_CASE_ACCEPTED}, NULL},
        {{.act = VDR_ACT_CASE_DECLINED, .case_id = {7}}, NULL},
        {{.act = VDR_ACT_CASE_ACCEPTED, .case_id = {7}, .reason = "not asked for"}, NULL},
        {{.act = VDR_ACT_ERASED, .household = {12}, .case_id = {7}}, NULL},
        {{.act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1", .occurred_at = -5}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_client_act act = rows[i].act;
        vdr_bytes out = {0};
        char words[256] = "";
        act.id = "a-1";
        act.time = T0;
        vdr_err err = vdr_lib_act_write(&act, S("urn:x"), S("GM9901"), &out, words);
        if (rows[i].event == NULL) {
            assert_int_equal(err, VDR_E_USAGE);
            assert_true(strlen(words) > 0);
        } else if (err != VDR_OK || !vdr_span_equal(vdr_bytes_span(&out), vdr_span_str(rows[i].event))) {
            fail_msg("row %zu: %s %.*s", i, words, (int)out.len, (const char *)out.at);
        }
        vdr_bytes_done(&out);
    }
}

static void
without_an_id_each_act_gets_one_of_its_own(void **state)
{
    (void)state;
    vdr_bytes one = {0}, two = {0};
    char words[256];
    const vdr_client_act act = {.act = VDR_ACT_ERASED, .household = {1}, .time = T0};
    assert_int_equal(vdr_lib_act_write(&act, S("urn:x"), S("GM9901"), &one, words), VDR_OK);
    assert_int_equal(vdr_lib_act_write(&act, S("urn:x"), S("GM9901"), &two, words), VDR_OK);
    assert_int_equal(one.len, two.len);
    assert_memory_not_equal(one.at, two.at, one.len);
    vdr_bytes_done(&one);
    vdr_bytes_done(&two);
}

/* Writes form to path, with P and S standing for the two keys of a pair. */
static void
write_key_file(const char *path, const char *form, const char *public_key, const char *secret_key)
{
    (void)unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (const char *at = form; *at != '\0'; at++) {
        if (*at == 'P' || *at == 'S')
            fputs(*at == 'P' ? public_key : secret_key, file);
        else
            fputc(*at, file);
    }
    fclose(file);
}

static void
a_key_file_is_taken_only_in_its_form_and_mode(void **state)
{
    (void)state;
    char path[64], words[256];
    char given_public[VDR_CLIENT_KEY_TEXT], given_secret[VDR_CLIENT_KEY_TEXT];
    char public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT];
    static const struct {
        const char *form;
        mode_t mode;
        vdr_err pair, public_one; /* read as a pair, and as a public key */
    } rows[] = {
        {"P\nS\n", 0400, VDR_OK, VDR_E_USAGE},
        {"P\nS", 0600, VDR_OK, VDR_E_USAGE},
        {"P\nS\n", 0640, VDR_E_USAGE, VDR_E_USAGE},
        {"P\nS\n", 0644, VDR_E_USAGE, VDR_E_USAGE},
        {"P\nS\n", 0700, VDR_E_USAGE, VDR_E_USAGE},
        {"S\nP\n", 0400, VDR_E_USAGE, VDR_E_USAGE},
        {"P\nS\n\n", 0400, VDR_E_USAGE, VDR_E_USAGE},
        {"P S\n", 0400, VDR_E_USAGE, VDR_E_USAGE},
        {"P\n", 0644, VDR_E_USAGE, VDR_OK},
        {"P", 0400, VDR_E_USAGE, VDR_OK},
        {"# a comment of exactly forty characters.\n", 0400, VDR_E_USAGE, VDR_E_USAGE},
        {"", 0400, VDR_E_USAGE, VDR_E_USAGE},
    };
    snprintf(path, sizeof path, "/tmp/voordeur-test-%ld.key", (long)getpid());
    assert_int_equal(zmq_curve_keypair(given_public, given_secret), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_key_file(path, rows[i].form, given_public, given_secret);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        words[0] = '\0';
        vdr_err pair = vdr_lib_keyfile_read_pair(path, public_key, secret_key, words);
        vdr_err one = vdr_lib_keyfile_read_public(path, public_key, words);
        if (pair != rows[i].pair || one != rows[i].public_one)
            fail_msg("row %zu: %s, %s: %s", i, vdr_err_code(pair), vdr_err_code(one), words);
        assert_null(strstr(words, given_secret));
    }
    (void)unlink(path);
    assert_int_equal(vdr_lib_keyfile_read_pair(path, public_key, secret_key, words), VDR_E_IO);
    assert_int_equal(vdr_lib_keyfile_read_pair("/tmp", public_key, secret_key, words), VDR_E_USAGE);

    assert_int_equal(vdr_client_key_make(path, public_key), VDR_OK);
    char again[VDR_CLIENT_KEY_TEXT];
    assert_int_equal(vdr_lib_keyfile_read_pair(path, again, secret_key, words), VDR_OK);
    assert_string_equal(public_key, again);
    assert_int_equal(vdr_client_key_make(path, public_key), VDR_E_IO); /* never over another */
    (void)unlink(path);
}

static void
bad_options_are_told_at_once(void **state)
{
    (void)state;
    char path[64], public_key[VDR_CLIENT_KEY_TEXT];
    vdr_client *client = NULL;
    vdr_client_error error;
    static char long_name[200];

    memset(long_name, 'n', sizeof long_name - 1);
    snprintf(path, sizeof path, "/tmp/voordeur-test-%ld.key", (long)getpid());
    assert_int_equal(vdr_client_key_make(path, public_key), VDR_OK);
    const struct {
        vdr_client_options options;
        vdr_err err;
    } rows[] = {
        {{.server_key = public_key, .key_file = path}, VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .key_file = path}, VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key = public_key}, VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key = "short", .key_file = path}, VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1",
          .server_key = public_key,
          .server_key_file = path,
          .key_file = path},
         VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key_file = path, .key_file = path}, VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key = public_key, .key_file = "/nowhere"}, VDR_E_IO},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key = public_key, .key_file = path, .name = long_name},
         VDR_E_USAGE},
        {{.endpoint = "tcp://127.0.0.1:1", .server_key = public_key, .key_file = path, .outbox_file = "/tmp"},
         VDR_E_IO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_err err = vdr_client_open(&rows[i].options, &client, &error);
        if (err != rows[i].err || client != NULL || strlen(error.text) == 0)
            fail_msg("row %zu: %s: %s", i, error.code, error.text);
    }
    /* an address that ZeroMQ does not understand is a matter of connecting */
    vdr_client_options odd = {.endpoint = "nonsense", .server_key = public_key, .key_file = path};
    assert_int_equal(vdr_client_open(&odd, &client, &error), VDR_OK);
    assert_int_equal(vdr_client_connect(client, 20), VDR_E_IO);
    vdr_client_close(&client);
    (void)unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_act_is_the_event_of_its_members),
        cmocka_unit_test(without_an_id_each_act_gets_one_of_its_own),
        cmocka_unit_test(a_key_file_is_taken_only_in_its_form_and_mode),
        cmocka_unit_test(bad_options_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
