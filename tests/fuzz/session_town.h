/* The town of session_fuzz: its files, in a folder of their own so that RELOAD finds them, and who has which key. */
#ifndef TESTS_FUZZ_SESSION_TOWN_H
#define TESTS_FUZZ_SESSION_TOWN_H

#include "broker/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define TOWN_T0 INT64_C(1772442000000) /* 2026-03-02T09:00:00.000Z */

static const char town_text[] =
    "municipality: GM9901\n"
    "identity: {address_match: join, max_persons: 3, excluded_addresses: [\"9901200000000009\"]}\n"
    "clocks: {future: 10m, late: 60d, cooldown: 9d, sticky: 73d, retry: 1h,\n"
    "         accept: {urgent: 4h, high: 1d, normal: 3d}, retain_cases: 200d}\n"
    "may_combine: [[youth, safety], [housing, youth], [housing, safety]]\n"
    "guards: [{id: g, kind: housing, count: persons, same: address, per: 1h, max: 3, then: refuse}]\n"
    "agencies:\n"
    "  - {id: school, kind: school, source: \"urn:a:school\", sees_match: true}\n"
    "  - {id: police, kind: police, source: \"urn:a:police\", sees_match: true}\n"
    "  - {id: brp, kind: brp, source: \"urn:a:brp\"}\n"
    "  - {id: housing, kind: housing, source: \"urn:a:housing\",\n"
    "     convenant: {id: v, from: 2026-01-01T00:00:00Z, until: 2026-05-01T00:00:00Z}}\n"
    "services: [{id: team, domains: [\"*\"]}]\n"
    "regisseurs:\n"
    "  - {id: anna, districts: [BU990101], capacity: 1, hard_capacity: 2, expertise: [education]}\n"
    "  - {id: bo, districts: [\"*\"], capacity: 1, hard_capacity: 1}\n"
    "coordinators: [piet, kim]\n"
    "privacy_officers: [fg, kim]\n";
static const char catalogue_text[] =
    "domains: {education: youth, safety: by_role, housing: socio_economic}\n"
    "types:\n"
    "  t.absent:\n"
    "    {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 60d, retain: 90d,\n"
    "     purpose: youth, legal_basis: A, follow_up: 2d}\n"
    "  t.fight:\n"
    "    {domain: safety, agencies: [police], severity: 4, kind: state, counts_for: 60d, retain: 90d,\n"
    "     purpose: safety, legal_basis: B}\n"
    "  t.rent:\n"
    "    {domain: housing, agencies: [housing, school], severity: 2, kind: deadline, counts_for: 60d,\n"
    "     retain: 30d, purpose: housing, legal_basis: C, follow_up: 2h}\n";
static const char rules_text[] =
    "rules:\n"
    "  - {id: two, text: two domains, level: case, priority: normal, purposes: [youth, safety, housing],\n"
    "     at_least: {domains: 2}}\n"
    "  - {id: worse, text: three signals, level: case, priority: urgent, purposes: [youth, safety],\n"
    "     at_least: {signals: 3}}\n"
    "  - {id: late, text: nobody answered, level: case, priority: high, purposes: [youth], at_least: "
    "{overdue: 1}}\n"
    "  - {id: match, text: two agencies, level: coordinate, purposes: [youth, safety], at_least: {agencies: "
    "2}}\n"
    "  - {id: busy, text: busy, level: watch, purposes: [youth], at_least: {signals: 2}, within_same: "
    "person}\n";

/* The first are in node.yaml; the rest nobody has until KEY_ADD gives them to somebody. */
static const struct {
    vdr_party_kind kind;
    const char *id;
} town_parties[] = {
    {VDR_PARTY_AGENCY, "school"},      {VDR_PARTY_AGENCY, "police"},       {VDR_PARTY_AGENCY, "brp"},
    {VDR_PARTY_AGENCY, "housing"},     {VDR_PARTY_REGISSEUR, "anna"},      {VDR_PARTY_REGISSEUR, "bo"},
    {VDR_PARTY_SERVICE, "team"},       {VDR_PARTY_COORDINATOR, "piet"},    {VDR_PARTY_COORDINATOR, "kim"},
    {VDR_PARTY_PRIVACY_OFFICER, "fg"}, {VDR_PARTY_PRIVACY_OFFICER, "kim"}, {VDR_PARTY_OPERATOR, "ann"},
    {VDR_PARTY_OPERATOR, "ben"},       {VDR_PARTY_AUDITOR, "eve"},
};
#define TOWN_PARTIES (sizeof town_parties / sizeof town_parties[0])
#define TOWN_KEYS    (TOWN_PARTIES + 4)

static char town_dir[] = "/tmp/voordeur-session-XXXXXX";
static char town_node_path[64];

static inline void
town_key(size_t number, uint8_t ret_key[VDR_KEY_BYTES])
{
    for (size_t i = 0; i < VDR_KEY_BYTES; i++)
        ret_key[i] = (uint8_t)(number * 31 + i + 1);
}

static inline void
town_write(const char *name, const char *text)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", town_dir, name);
    FILE *file = fopen(path, "w");
    VDR_ASSERT(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static inline void
town_remove(void)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml", "node.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", town_dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(town_dir);
}

/* Limits are small, so that a few frames meet them. */
static inline void
town_make(void)
{
    static char text[8192];
    size_t len = (size_t)snprintf(
        text, sizeof text,
        "listen: tcp://127.0.0.1:7700\noperators: tcp://127.0.0.1:7701\nserver_key: s\npseudonym_key: p\n"
        "store_key: k\napprovals: two\nlimits: {sessions: 8, operator_sessions: 5, sessions_per_key: 2, "
        "queue: 512KiB, window_items: 6, window_bytes: 64KiB, delivery_window: 5, heartbeat: 1s, "
        "checkpoint_records: 16, key_term: 90d, key_overlap: 1d}\nparties:\n");
    for (size_t i = 0; i < TOWN_PARTIES; i++) {
        uint8_t key[VDR_KEY_BYTES];
        char z85[41];
        town_key(i, key);
        VDR_ASSERT(zmq_z85_encode(z85, key, sizeof key) != NULL);
        len += (size_t)snprintf(text + len, sizeof text - len, "  - {party: \"%s:%s\", public_key: \"%s\"}\n",
                                vdr_party_kind_name(town_parties[i].kind), town_parties[i].id, z85);
        VDR_ASSERT(len < sizeof text);
    }
    VDR_ASSERT(mkdtemp(town_dir) != NULL);
    (void)atexit(town_remove);
    (void)snprintf(town_node_path, sizeof town_node_path, "%s/node.yaml", town_dir);
    town_write("town.yaml", town_text);
    town_write("catalogue.yaml", catalogue_text);
    town_write("rules.yaml", rules_text);
    town_write("node.yaml", text);
}

#endif
