/* Goal: what is proposed is judged beside the turn, one at a time, and what was found comes back to who asked. */
#include "broker/desk/proof.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

static const char town[] = "municipality: GM9901\n"
                           "identity: {address_match: join, max_persons: 12, excluded_addresses: []}\n"
                           "clocks: {future: 10m, late: 60d, cooldown: 90d, sticky: 730d, retry: 1h,\n"
                           "         accept: {urgent: 4h, high: 1d, normal: 3d}}\n"
                           "may_combine: [[youth, safety]]\n"
                           "agencies:\n"
                           "  - {id: school, kind: school, source: \"urn:a:school\"}\n"
                           "  - {id: politie, kind: police, source: \"urn:a:politie\"}\n"
                           "services:\n"
                           "  - {id: wijkteam, domains: [\"*\"]}\n"
                           "regisseurs:\n"
                           "  - {id: r-bo, districts: [\"*\"], capacity: 5, hard_capacity: 6}\n"
                           "coordinators: [c-piet]\n";
static const char catalogue[] =
    "domains: {education: youth, safety: youth}\n"
    "types:\n"
    "  verzuim: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 180d,\n"
    "            retain: 730d, purpose: youth, legal_basis: A}\n"
    "  melding: {domain: safety, agencies: [police], severity: 2, kind: event, counts_for: 180d,\n"
    "            retain: 730d, purpose: safety, legal_basis: B}\n";
#define RULE(least)                                                                                          \
    "rules:\n"                                                                                               \
    "  - {id: two, text: two domains, level: case, priority: normal, purposes: [youth, safety],\n"           \
    "     at_least: {domains: " least "}}\n"
#define TEST(priority)                                                                                       \
    "tests:\n"                                                                                               \
    "  - name: a case\n"                                                                                     \
    "    steps:\n"                                                                                           \
    "      - {at: 0d, signal: s-1, type: verzuim, agency: school, household: A}\n"                           \
    "      - {at: 1d, signal: s-2, type: melding, agency: politie, household: A,\n"                          \
    "         expect: [{case: A, priority: " priority "}]}\n"

static vdr_proof *
collect(vdr_prover *prover, int fd)
{
    vdr_proof *proof = NULL;
    while (proof == NULL) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint64_t woken;
        assert_int_equal(poll(&wait, 1, -1), 1);
        assert_int_equal(read(fd, &woken, sizeof woken), sizeof woken);
        proof = vdr_prover_collect(prover);
    }
    return proof;
}

static vdr_proof *
proof_of(const char *rules, const char *test)
{
    const vdr_wire_file files[] = {{vdr_span_str("tests/t.yaml"), vdr_span_str(test)},
                                   {vdr_span_str("rules.yaml"), vdr_span_str(rules)},
                                   {vdr_span_str("town.yaml"), vdr_span_str(town)},
                                   {vdr_span_str("catalogue.yaml"), vdr_span_str(catalogue)}};
    vdr_wire_admin admin = {.reason = vdr_span_str("why"), .files = files, .file_count = 4};
    return vdr_proof_new(&admin, VDR_MS_NONE);
}

static void
what_was_found_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rules, *test, *words;
        vdr_err err;
        size_t faults;
    } rows[] = {{"good", RULE("2"), TEST("normal"), NULL, VDR_OK, 0},
                {"a fault", RULE("two"), TEST("normal"), NULL, VDR_E_BAD_CONFIG, 1},
                {"lint", RULE("3"), "tests: []\n", "never-holds", VDR_E_BAD_CONFIG, 0},
                {"a test", RULE("2"), TEST("high"), "priority high", VDR_E_TESTS_FAILED, 0},
                {"no test", RULE("2"), "tests: [\n", "tests/t.yaml:", VDR_E_TESTS_FAILED, 0},
                {"lint and a test", RULE("3"), TEST("high"), "never-holds", VDR_E_BAD_CONFIG, 0}};
    int fd = eventfd(0, EFD_CLOEXEC);
    vdr_prover *prover = vdr_prover_new(fd);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_proof *proof = proof_of(rows[i].rules, rows[i].test),
                  *second = proof_of(RULE("2"), TEST("normal"));
        assert_true(proof != NULL && second != NULL);
        proof->errand = i + 1;
        assert_true(vdr_prover_begin(prover, proof));
        assert_false(vdr_prover_begin(prover, second)); /* until it is collected */
        vdr_proof_free(&second);
        proof = collect(prover, fd);
        char *words = calloc(1, proof->words.len + 1);
        assert_non_null(words);
        if (proof->words.len != 0)
            memcpy(words, proof->words.at, proof->words.len);
        if (proof->err != rows[i].err || proof->faults.count != rows[i].faults || proof->errand != i + 1 ||
            (rows[i].words != NULL && strstr(words, rows[i].words) == NULL))
            fail_msg("%s: %s: %s", rows[i].name, vdr_err_code(proof->err), words);
        free(words);
        vdr_proof_free(&proof);
    }
    vdr_prover_free(&prover);
    (void)close(fd);
}

static void
a_file_that_is_missing_is_no_proof(void **state)
{
    (void)state;
    const vdr_wire_file files[] = {{vdr_span_str("rules.yaml"), vdr_span_str(RULE("2"))},
                                   {vdr_span_str("town.yaml"), vdr_span_str(town)},
                                   {vdr_span_str("catalog.yaml"), vdr_span_str(catalogue)}};
    vdr_wire_admin admin = {.files = files, .file_count = 3};
    assert_null(vdr_proof_new(&admin, VDR_MS_NONE));
}

static void
a_proof_that_nobody_collects_is_freed(void **state)
{
    (void)state;
    int fd = eventfd(0, EFD_CLOEXEC);
    vdr_prover *prover = vdr_prover_new(fd);
    assert_true(vdr_prover_begin(prover, proof_of(RULE("2"), TEST("normal"))));
    vdr_prover_free(&prover);
    (void)close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_found_comes_back),
        cmocka_unit_test(a_file_that_is_missing_is_no_proof),
        cmocka_unit_test(a_proof_that_nobody_collects_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
