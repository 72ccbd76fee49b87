#include "broker/node.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define KEY_A "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define KEY_B "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define HEAD                                                                                                 \
    "listen: tcp://127.0.0.1:7700\n"                                                                         \
    "operators: ipc:///run/voordeur.sock\n"                                                                  \
    "server_key: keys/server.key\n"                                                                          \
    "pseudonym_key: /etc/voordeur/pseudonym.key\n"                                                           \
    "store_key: keys/store.key\n"
#define TAIL                                                                                                 \
    "parties:\n"                                                                                             \
    "  - {party: \"agency:school-1\", public_key: \"" KEY_A "\"}\n"

static vdr_err
read_text(const char *text, vdr_config_faults *faults, vdr_node **ret_node)
{
    vdr_config_faults_init(faults);
    return vdr_node_read_text("/etc/voordeur/node.yaml", vdr_span_str(text), faults, ret_node);
}

static void
a_node_is_read_with_defaults_and_relative_paths(void **state)
{
    (void)state;
    static const char text[] = HEAD "backups: b\n"
                                    "limits: {sessions: 12, store: 3GiB, heartbeat: 30s}\n"
                                    "parties:\n"
                                    "  - {party: \"agency:school-1\", public_key: \"" KEY_A "\"}\n"
                                    "  - {party: \"operator:beheer\", public_key: \"" KEY_B "\"}\n";
    vdr_config_faults faults;
    vdr_node *node = NULL;
    assert_int_equal(read_text(text, &faults, &node), VDR_OK);
    assert_string_equal(node->listen, "tcp://127.0.0.1:7700");
    assert_string_equal(node->operators, "ipc:///run/voordeur.sock");
    assert_string_equal(node->server_key, "/etc/voordeur/keys/server.key");
    assert_string_equal(node->pseudonym_key, "/etc/voordeur/pseudonym.key");
    assert_string_equal(node->store_key, "/etc/voordeur/keys/store.key");
    assert_null(node->store_key_next);
    assert_null(node->logboek_key);
    assert_null(node->escrow);
    assert_int_equal(node->erasure_ms, 7 * INT64_C(86400000));
    assert_string_equal(node->backups, "/etc/voordeur/b");
    assert_null(node->endpoints);
    assert_int_equal(node->limits.sessions, 12);
    assert_int_equal(node->limits.store_bytes, 3221225472);
    assert_int_equal(node->limits.heartbeat_ms, 30000);
    assert_int_equal(node->limits.window_items, 4096);
    assert_int_equal(node->limits.handshake_ms, 2000);
    assert_int_equal(node->party_count, 2);
    assert_int_equal(node->parties[1].key.kind, VDR_PARTY_OPERATOR);
    assert_string_equal(node->parties[1].key.id, "beheer");
    assert_int_equal(node->parties[1].line, 10);
    vdr_node_free(&node);
    vdr_config_faults_done(&faults);
}

static void
every_fault_has_its_place_and_names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *word;
    } rows[] = {
        {HEAD TAIL "colour: red\n", 8, 1, "colour"},
        {HEAD, 1, 1, "parties"},
        {"listen: tcp://127.0.0.1:7700\n" TAIL, 1, 1, "store_key is missing"},
        {HEAD TAIL "listen: tcp://127.0.0.1:1\n", 8, 1, "listen"},
        {"listen: 127.0.0.1:7700\n" TAIL, 1, 9, "tcp://"},
        {HEAD "erasure: {every: 7}\n" TAIL, 6, 18, "every"},
        {HEAD "erasure: {often: 7d}\n" TAIL, 6, 11, "often"},
        {HEAD "limits: {sessions: 0}\n" TAIL, 6, 20, "sessions"},
        {HEAD "limits: {sessions: 12MiB}\n" TAIL, 6, 20, "sessions"},
        {HEAD "limits: {sesions: 12}\n" TAIL, 6, 10, "sessions"},
        {HEAD "limits: {store: 12}\n" TAIL, 6, 17, "store"},
        {HEAD "limits: {store: 99999999999999999GiB}\n" TAIL, 6, 17, "store"},
        {HEAD "limits: {heartbeat: 5}\n" TAIL, 6, 21, "heartbeat"},
        {HEAD "limits: {window_items: 5000}\n" TAIL, 6, 24, "4096"},
        {HEAD "parties:\n  - {party: school-1, public_key: \"" KEY_A "\"}\n", 7, 13, "KIND:ID"},
        {HEAD "parties:\n  - {party: \"school:x\", public_key: \"" KEY_A "\"}\n", 7, 14, "KIND:ID"},
        {HEAD "parties:\n  - {party: \"agency:a b\", public_key: \"" KEY_A "\"}\n", 7, 14, "KIND:ID"},
        {HEAD "parties:\n  - {party: \"agency:x\", public_key: \"short\"}\n", 7, 38, "Z85"},
        {HEAD "parties:\n  - {party: \"agency:x\"}\n", 7, 5, "public_key"},
        {HEAD TAIL "  - {party: \"agency:x\", public_key: \"" KEY_A "\"}\n", 8, 38, "twice"},
        {HEAD "parties: {a: b}\n", 6, 1, "list"},
        {"", 1, 1, ""},
        {"a: [\n", 2, 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_config_faults faults;
        vdr_node *node = NULL;
        vdr_err err = read_text(rows[i].text, &faults, &node);
        bool found = false;
        char told[2048] = "";
        for (size_t f = 0; f < faults.count; f++) {
            size_t used = strlen(told);
            size_t len = vdr_config_fault_text(&faults.at[f], told + used, sizeof told - used - 1);
            told[used + len < sizeof told ? used + len : sizeof told - 1] = '\0';
            bool here = faults.at[f].line == rows[i].line && faults.at[f].column == rows[i].column;
            found = found || (here && strstr(told + used, rows[i].word) != NULL);
        }
        if (err != VDR_E_BAD_CONFIG || (!found && rows[i].word[0] != '\0'))
            print_error("row %zu: %s\n%s", i, vdr_err_code(err), told);
        assert_int_equal(err, VDR_E_BAD_CONFIG);
        assert_null(node);
        assert_true(found || rows[i].word[0] == '\0');
        vdr_config_faults_done(&faults);
    }
}

static void
a_party_is_known_by_kind_and_id(void **state)
{
    (void)state;
    vdr_config_agency agency = {.id = vdr_span_str("school-1")};
    vdr_span coordinator = vdr_span_str("c-piet");
    vdr_config config = {.agencies = &agency, .agency_count = 1, .coordinators = {&coordinator, 1}};
    static const struct {
        vdr_party_kind kind;
        const char *id;
        bool known;
    } rows[] = {
        {VDR_PARTY_AGENCY, "school-1", true},   {VDR_PARTY_AGENCY, "school", false},
        {VDR_PARTY_SERVICE, "school-1", false}, {VDR_PARTY_COORDINATOR, "c-piet", true},
        {VDR_PARTY_REGISSEUR, "c-piet", false}, {VDR_PARTY_PRIVACY_OFFICER, "c-piet", false},
        {VDR_PARTY_OPERATOR, "whoever", true},  {VDR_PARTY_NONE, "whoever", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool known = vdr_node_party_known(&config, rows[i].kind, rows[i].id);
        if (known != rows[i].known)
            print_error("row %zu\n", i);
        assert_true(known == rows[i].known);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_read_with_defaults_and_relative_paths),
        cmocka_unit_test(every_fault_has_its_place_and_names_what_is_wrong),
        cmocka_unit_test(a_party_is_known_by_kind_and_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
