#include "tests/sim/town.h"

#include "proto/assert.h"
#include "proto/words.h"
#include "tests/sim/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define TEXT_BYTES 16384u

static const sim_party everybody[] = {
    {VDR_PARTY_AGENCY, "school", "urn:sim:school"},
    {VDR_PARTY_AGENCY, "politie", "urn:sim:politie"},
    {VDR_PARTY_AGENCY, "wonen", "urn:sim:wonen"},
    {VDR_PARTY_AGENCY, "brp", "urn:sim:brp"},
    {VDR_PARTY_REGISSEUR, "r-anna", "urn:voordeur:regisseur:r-anna"},
    {VDR_PARTY_REGISSEUR, "r-bram", "urn:voordeur:regisseur:r-bram"},
    {VDR_PARTY_REGISSEUR, "r-carla", "urn:voordeur:regisseur:r-carla"},
    {VDR_PARTY_SERVICE, "wijkteam", "urn:voordeur:service:wijkteam"},
    {VDR_PARTY_SERVICE, "schulden", "urn:voordeur:service:schulden"},
    {VDR_PARTY_COORDINATOR, "c-piet", "urn:voordeur:coordinator:c-piet"},
    {VDR_PARTY_PRIVACY_OFFICER, "p-els", "urn:voordeur:privacy_officer:p-els"},
    {VDR_PARTY_OPERATOR, "beheer", NULL},
    {VDR_PARTY_OPERATOR, "tweede", NULL},
};
#define EVERYBODY (sizeof everybody / sizeof everybody[0])

const char *const sim_types[SIM_TYPES] = {"sim.verzuim.v1", "sim.zorgen.v1",   "sim.geweld.v1",
                                          "sim.huur.v1",    "sim.verhuist.v1", "sim.arrest.v1"};

const char *
sim_town_type(const char *agency, sim_dice *dice)
{
    uint64_t n = sim_below(dice, 8);
    if (n == 0)
        return sim_types[sim_below(dice, SIM_TYPES)]; /* whoever may send it */
    if (strcmp(agency, "school") == 0)
        return sim_types[n < 5 ? 0 : 1];
    if (strcmp(agency, "politie") == 0)
        return sim_types[n < 5 ? 2 : 5];
    return strcmp(agency, "wonen") == 0 ? sim_types[3] : sim_types[4];
}

/* As write_catalogue has it: kinds of agency. */
static const char *const senders[SIM_TYPES] = {"school", "school politie", "politie", "wonen",
                                               "brp",    "politie"};

bool
sim_town_takes(const char *agency, const char *type)
{
    size_t i = 0;
    while (i < SIM_TYPES && strcmp(sim_types[i], type) != 0)
        i++;
    return i < SIM_TYPES && strstr(senders[i], agency) != NULL;
}

/* ---- Files */

static FILE *
create(const char *dir, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)unlink(path);
    FILE *file = fopen(path, "we");
    VDR_ASSERT(file != NULL);
    return file;
}

static void
finish(FILE *file)
{
    VDR_ASSERT(fchmod(fileno(file), 0600) == 0);
    VDR_ASSERT(fclose(file) == 0);
}

static char public_keys[EVERYBODY][SIM_KEYS_EACH][41]; /* Z85 */
static uint8_t public_bytes[EVERYBODY][SIM_KEYS_EACH][32];

static void
make_pair(const char *keys, const char *name, char ret_public[41])
{
    char secret_key[41], file_name[64];
    VDR_ASSERT(zmq_curve_keypair(ret_public, secret_key) == 0);
    (void)snprintf(file_name, sizeof file_name, "%s.key", name);
    FILE *file = create(keys, file_name);
    (void)fprintf(file, "%s\n%s\n", ret_public, secret_key);
    finish(file);
    (void)snprintf(file_name, sizeof file_name, "%s.pub", name);
    file = create(keys, file_name);
    (void)fprintf(file, "%s\n", ret_public);
    finish(file);
}

#define STORE_FILL(number) (2 + (number)*16)

void
sim_town_store_key(unsigned number, uint8_t ret_key[32])
{
    for (unsigned i = 0; i < 32; i++)
        ret_key[i] = (uint8_t)(STORE_FILL(number) + i * 7);
}

static void
make_hex(const char *keys, const char *name, unsigned fill)
{
    FILE *file = create(keys, name);
    for (unsigned i = 0; i < 32; i++)
        (void)fprintf(file, "%02x", (fill + i * 7) & 0xff);
    (void)fputc('\n', file);
    finish(file);
}

void
sim_town_keys(const char *base)
{
    char keys[256];
    (void)snprintf(keys, sizeof keys, "%s/keys", base);
    VDR_ASSERT(mkdir(keys, 0700) == 0);
    char public_key[41], name[64];
    make_pair(keys, "server", public_key);
    make_pair(keys, "stranger", public_key);
    for (size_t i = 0; i < EVERYBODY; i++) {
        for (unsigned pair = 0; pair < SIM_KEYS_EACH; pair++) {
            (void)snprintf(name, sizeof name, "%s-%u", everybody[i].id, pair);
            make_pair(keys, name, public_keys[i][pair]);
            VDR_ASSERT(zmq_z85_decode(public_bytes[i][pair], public_keys[i][pair]) != NULL);
        }
    }
    for (unsigned i = 0; i < SIM_SECRETS; i++) {
        (void)snprintf(name, sizeof name, "pseudonym-%u", i);
        make_hex(keys, name, 1 + i * 16);
        (void)snprintf(name, sizeof name, "store-%u", i);
        make_hex(keys, name, STORE_FILL(i));
    }
    make_hex(keys, "signing", 3);
}

const uint8_t *
sim_town_key(unsigned party, unsigned pair)
{
    return public_bytes[party][pair];
}

bool
sim_town_key_find(const uint8_t *public_key, unsigned *ret_party, unsigned *ret_pair)
{
    for (unsigned i = 0; i < EVERYBODY; i++) {
        for (unsigned pair = 0; pair < SIM_KEYS_EACH; pair++) {
            if (memcmp(public_bytes[i][pair], public_key, sizeof public_bytes[i][pair]) != 0)
                continue;
            *ret_party = i;
            *ret_pair = pair;
            return true;
        }
    }
    return false;
}

void
sim_town_key_file(const sim_party *of, unsigned pair, bool private, char *ret_path, size_t size)
{
    (void)snprintf(ret_path, size, "keys/%s-%u.%s", of->id, pair, private ? "key" : "pub");
}

/* ---- The configuration */

/* The elfproef (semantics section 3, row 9); those that begin with 9999 belong to nobody. */
static bool
make_bsn(unsigned number, char ret_bsn[12])
{
    int digits[9], sum = 0;
    (void)snprintf(ret_bsn, 12, "9999%04u0", number);
    for (int i = 0; i < 8; i++) {
        digits[i] = ret_bsn[i] - '0';
        sum += digits[i] * (9 - i);
    }
    if (sum % 11 == 10)
        return false;
    ret_bsn[8] = (char)('0' + sum % 11);
    return true;
}

static const char *
pick(sim_dice *dice, const char *const *from, size_t count)
{
    return from[sim_below(dice, count)];
}
#define PICK(dice, ...)                                                                                      \
    pick(dice, (const char *const[]){__VA_ARGS__},                                                           \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
write_town(sim_town *town, sim_dice *dice)
{
    FILE *file = create(town->dir, "config/town.yaml");
    bool cases_leave = sim_below(dice, 2) == 0;
    town->leaves_ms = (cases_leave ? 2 : 40) * INT64_C(86400000);
    (void)fprintf(
        file,
        "municipality: " SIM_MUNICIPALITY "\n"
        "identity: {address_match: %s, max_persons: %d, excluded_addresses: [\"9901200000009999\"]}\n"
        "clocks: {future: 10m, late: %s, cooldown: %s, sticky: %s, retry: %s, retain_cases: %s,\n"
        "  accept: {urgent: %s, high: %s, normal: %s}}\n"
        "may_combine: [[youth, care], [youth, safety], [care, safety], [housing, care]]\n"
        "agencies:\n",
        PICK(dice, "join", "join", "review", "off"), (int)sim_between(dice, 2, 6), PICK(dice, "10d", "60d"),
        PICK(dice, "0s", "1h", "20d"), PICK(dice, "0s", "30d"), PICK(dice, "5s", "1h"),
        cases_leave ? "2d" : "40d", PICK(dice, "2s", "4h"), PICK(dice, "4s", "1d"), PICK(dice, "10s", "3d"));
    static const char *const kinds[] = {"school", "police", "housing", "brp"};
    for (size_t i = 0; i < 4; i++)
        (void)fprintf(file, "  - {id: %s, kind: %s, source: \"%s\", sees_match: %s}\n", everybody[i].id,
                      kinds[i], everybody[i].source, PICK(dice, "true", "true", "false"));
    (void)fprintf(file, "services:\n  - {id: wijkteam, domains: [\"*\"]}\n"
                        "  - {id: schulden, domains: [finances]}\nregisseurs:\n");
    bool tight = sim_below(dice, 2) == 0; /* cases have to wait */
    for (int i = 4; i < 7; i++) {
        int capacity = (int)sim_between(dice, 1, tight ? 1 : 4);
        int room = capacity + (int)sim_between(dice, 0, tight ? 1 : 3);
        town->room[i] = (uint32_t)room;
        (void)fprintf(file,
                      "  - {id: %s, districts: [%s], capacity: %d, hard_capacity: %d, expertise: [%s]}\n",
                      everybody[i].id, PICK(dice, "\"*\"", "BU990101", "BU9902"), capacity, room,
                      PICK(dice, "education", "safety", "finances"));
    }
    (void)fprintf(file, "coordinators: [c-piet]\nprivacy_officers: [p-els]\n");
    if (sim_below(dice, 4) == 0)
        (void)fprintf(file, "guards:\n  - {id: flood, agency: school, per: 1h, max: %d, then: %s}\n",
                      (int)sim_between(dice, 3, 40), PICK(dice, "notice", "refuse"));
    finish(file);
}

static void
write_catalogue(sim_town *town, sim_dice *dice)
{
    static const struct {
        const char *domain, *agencies, *kind, *purpose;
    } types[SIM_TYPES] = {
        {"education", "[school]", "event", "youth"}, {"care", "[school, police]", "event", "care"},
        {"safety", "[police]", "event", "safety"},   {"finances", "[housing]", "deadline", "housing"},
        {"moves", "[brp]", "event", "housing"},      {"safety", "[police]", "state", "safety"}};
    FILE *file = create(town->dir, "config/catalogue.yaml");
    (void)fprintf(file,
                  "domains: {education: youth, care: youth, safety: by_role, finances: money, moves: money}\n"
                  "types:\n");
    bool brief = sim_below(dice, 2) == 0; /* things leave during the run */
    if (brief)
        town->leaves_ms = 0;
    town->retain_least_ms = brief ? INT64_C(86400000) : INT64_C(100) * 86400000;
    for (size_t i = 0; i < SIM_TYPES; i++) {
        (void)fprintf(file,
                      "  %s: {domain: %s, agencies: %s, severity: %d, kind: %s, counts_for: %s, retain: %s,\n"
                      "    purpose: %s, legal_basis: X",
                      sim_types[i], types[i].domain, types[i].agencies, (int)sim_between(dice, 1, 5),
                      types[i].kind, PICK(dice, "1d", "30d", "60d"),
                      brief ? PICK(dice, "1d", "2d", "10d") : PICK(dice, "100d", "365d"), types[i].purpose);
        if (sim_below(dice, 2) == 0)
            (void)fprintf(file, ", follow_up: %s", PICK(dice, "5s", "1h", "3d"));
        (void)fprintf(file, "}\n");
    }
    finish(file);
}

static void
write_rules(sim_town *town, sim_dice *dice)
{
    FILE *file = create(town->dir, "config/rules.yaml");
    (void)fprintf(
        file,
        "rules:\n"
        "  - {id: domains, text: t, level: case, priority: %s, purposes: [youth, care, safety], at_least: "
        "{domains: %d}}\n"
        "  - {id: violence, text: t, level: case, priority: %s, purposes: [safety],\n"
        "     where: {min_severity: %d}, at_least: {signals: %d}}\n"
        "  - {id: often, text: t, level: coordinate, purposes: [youth], at_least: {signals: %d}}\n"
        "  - {id: rent, text: t, level: watch, purposes: [housing], at_least: {signals: 2}}\n",
        PICK(dice, "normal", "high"), (int)sim_between(dice, 2, 3), PICK(dice, "high", "urgent"),
        (int)sim_between(dice, 2, 5), (int)sim_between(dice, 1, 2), (int)sim_between(dice, 2, 3));
    if (sim_below(dice, 2) == 0)
        (void)fprintf(file,
                      "  - {id: overdue, text: t, level: case, priority: normal, purposes: [youth, care],\n"
                      "     at_least: {overdue: %d}}\n",
                      (int)sim_between(dice, 1, 2));
    finish(file);
    char *text = sim_town_text(town, "rules.yaml");
    sim_audit_rules(text);
    free(text);
}

/* What of node.yaml stays as it is through a run. */
static void
make_node(sim_town *town, sim_dice *dice)
{
    const char *signing = sim_below(dice, 3) == 0 ? "signing_key: ../keys/signing\n" : "";
    const char *approvals = PICK(dice, "one", "two");
    (void)snprintf(
        town->node, sizeof town->node,
        "listen: tcp://127.0.0.1:7700\noperators: tcp://127.0.0.1:7701\n"
        "server_key: ../keys/server.key\n%s%sapprovals: %s\n"
        "limits: {heartbeat: %ds, checkpoint_records: %d, checkpoint_every: %ds, heads_every: 1s,\n"
        "  heads_records: %d, window_items: %d, delivery_window: %d, receive_frames: %d, "
        "handshake: 1s, reserve: 32MiB}\n",
        signing, town->erases ? "erasure: {every: 1m}\n" : "", approvals, (int)(town->heartbeat_ms / 1000),
        (int)sim_between(dice, 5, 200), (int)sim_between(dice, 1, 20), (int)sim_between(dice, 1, 50),
        (int)sim_between(dice, 1, 2) * (int)sim_between(dice, 1, 60), (int)sim_between(dice, 1, 40),
        (int)sim_between(dice, 4, 64));
}

void
sim_town_node(const sim_town *town)
{
    FILE *file = create(town->dir, "node.yaml");
    (void)fprintf(file, "%spseudonym_key: ../keys/pseudonym-%u\nstore_key: ../keys/store-%u\n", town->node,
                  town->pseudonym, town->store);
    if (town->keys && town->pseudonym + 1 < SIM_SECRETS)
        (void)fprintf(file, "pseudonym_key_next: ../keys/pseudonym-%u\n", town->pseudonym + 1);
    if (town->backs)
        (void)fprintf(file, "escrow: escrow\nbackups: backups\n");
    if (town->store_next)
        (void)fprintf(file, "store_key_next: ../keys/store-%u\n", town->store + 1);
    (void)fprintf(file, "parties:\n");
    for (size_t i = 0; i < EVERYBODY; i++)
        (void)fprintf(file, "  - {party: \"%s:%s\", public_key: \"%s\"}\n",
                      vdr_party_kind_name(everybody[i].kind), everybody[i].id,
                      public_keys[i][town->in_file[i]]);
    finish(file);
}

void
sim_town_make(uint64_t seed, const char *dir, sim_town *ret_town)
{
    sim_dice dice = sim_dice_of(seed, 5);
    sim_town town = {.party_count = EVERYBODY, .heartbeat_ms = 1000 * sim_between(&dice, 1, 3)};
    char path[256];
    memcpy(town.parties, everybody, sizeof everybody);
    (void)snprintf(town.dir, sizeof town.dir, "%s", dir);
    (void)snprintf(path, sizeof path, "%s/config", dir);
    VDR_ASSERT(mkdir(dir, 0700) == 0 && mkdir(path, 0700) == 0);
    town.erases = sim_below(&dice, 3) == 0;
    town.persons = (unsigned)sim_between(&dice, 4, SIM_PERSONS);
    for (unsigned number = 0, i = 0; i < SIM_PERSONS; number++)
        i += make_bsn(number, town.bsns[i]);
    write_town(&town, &dice);
    write_catalogue(&town, &dice);
    write_rules(&town, &dice);
    town.rights = sim_below(&dice, 2) == 0;
    town.still = sim_below(&dice, 2) == 0;
    make_node(&town, &dice);
    town.keys = sim_below(&dice, 2) == 0;
    town.backs = sim_below(&dice, 2) == 0;
    town.trials = sim_below(&dice, 2) == 0;
    (void)snprintf(path, sizeof path, "%s/escrow", dir);
    VDR_ASSERT(mkdir(path, 0700) == 0);
    sim_town_node(&town);
    *ret_town = town;
}

void
sim_town_change(sim_town *town, sim_dice *dice)
{
    write_rules(town, dice);
}

void
sim_town_break(sim_town *town)
{
    FILE *file = create(town->dir, "config/rules.yaml");
    (void)fprintf(file, "rules:\n  - {id: broken, level: case\n");
    finish(file);
}

char *
sim_town_text(const sim_town *town, const char *name)
{
    char path[512];
    char *text = vdr_alloc(TEXT_BYTES, 1);
    (void)snprintf(path, sizeof path, "%s/config/%s", town->dir, name);
    FILE *file = fopen(path, "re");
    VDR_ASSERT(file != NULL);
    size_t len = fread(text, 1, TEXT_BYTES - 1, file);
    VDR_ASSERT(len < TEXT_BYTES - 1);
    (void)fclose(file);
    return text;
}
