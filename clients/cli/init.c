/* voordeur init: a folder with everything a town's broker needs, and a key for every party.
 * voordeur parties: who is in such a folder. */
#include "broker/door/config_read.h"
#include "broker/trust/head.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char init_help[] =
    "usage: voordeur init DIR [--town CONFIG] [--listen ADDRESS] [--operators ADDRESS] [--operator ID]\n"
    "                         [--auditor ID]\n"
    "\n"
    "Makes DIR with all that a broker needs:\n"
    "  config/          town.yaml, catalogue.yaml, rules.yaml: copies of those in CONFIG\n"
    "  keys/            a key pair for every party, the broker's own, the pseudonym key, the store key\n"
    "                   and the key that signs heads of the log; mode 0400\n"
    "  node.yaml        listeners, limits, and which key belongs to which party\n"
    "  clients.json     where `voordeur --home DIR` finds broker and keys\n"
    "\n"
    "In earnest every party makes its own key pair and sends the public half; here all lie together, for\n"
    "trying and for a first start. The pseudonym key is never in the store or a backup: keep a copy of it\n"
    "in a safe; without it persons of new signals are not recognised. The same for the store key: without "
    "it\n"
    "nobody can read the store or a backup again.\n"
    "\n"
    "  --town CONFIG         the town's configuration (default: the annotated example)\n"
    "  --listen ADDRESS      for everybody but operators (default tcp://127.0.0.1:7700)\n"
    "  --operators ADDRESS   for operators (default tcp://127.0.0.1:7701)\n"
    "  --operator ID         an operator; may be given more than once (default beheer and toezicht: what "
    "one\n"
    "                        proposes the other approves)\n"
    "  --auditor ID          one who reads what was done and seen, and does nothing (default none)\n"
    "\n"
    "exit status: 0 done; 1 a file could not be written; 2 wrong use, or an error in CONFIG\n"
    "\n"
    "example:\n"
    "  voordeur init /tmp/town --town deploy/zomerdal\n"
    "  voordeurd --config /tmp/town/config --store /tmp/town/store --node /tmp/town/node.yaml\n";

static const char parties_help[] =
    "usage: voordeur parties --home DIR [--json]\n"
    "\n"
    "Lists the parties of a folder that `voordeur init` made: what to say after --as, and the source that\n"
    "their events carry.\n";

typedef struct town_home {
    const char *dir, *town, *listen, *operators;
    const char *operator_ids[16];
    size_t operator_count;
    const char *auditor; /* NULL: none */
    vdr_config *config;
    FILE *node;
    json_t *parties;
    uint8_t signing[VDR_HEAD_KEY_BYTES]; /* public */
} town_home;

static bool
path_of(char path[PATH_MAX], const char *dir, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
        return true;
    fprintf(stderr, "voordeur init: %s/%s: the name is too long\n", dir, name);
    return false;
}

/* A new file; an old one is never written over. */
static bool
write_new(const char *path, vdr_span bytes, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool good = fd >= 0 && write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (!good)
        fprintf(stderr, "voordeur init: %s: %s\n", path, strerror(errno));
    return good;
}

static bool
make_dir(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "voordeur init: %s: %s\n", path, strerror(errno));
    return false;
}

static bool
add_party(town_home *init, vdr_party_kind kind, vdr_span id, const char *source)
{
    char name[64 + VDR_CONF_NAME_MAX], file[64 + VDR_CONF_NAME_MAX], path[PATH_MAX];
    char public_key[VDR_CLIENT_KEY_TEXT];
    snprintf(name, sizeof name, "%s:%.*s", vdr_party_kind_name(kind), (int)id.len, (const char *)id.at);
    snprintf(file, sizeof file, "keys/%s-%.*s.key", vdr_party_kind_name(kind), (int)id.len,
             (const char *)id.at);
    if (!path_of(path, init->dir, file))
        return false;
    if (vdr_client_key_make(path, public_key) != VDR_OK) {
        fprintf(stderr, "voordeur init: %s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(init->node, "  - {party: \"%s\", public_key: \"%s\"}\n", name, public_key);
    json_t *party = json_pack("{s:s, s:s}", "party", name, "key", file);
    if (source != NULL)
        json_object_set_new(party, "source", json_string(source));
    json_array_append_new(init->parties, party);
    return true;
}

static bool
add_actors(town_home *init, vdr_party_kind kind, vdr_names ids)
{
    char source[64 + VDR_CONF_NAME_MAX];
    for (size_t i = 0; i < ids.count; i++) {
        snprintf(source, sizeof source, "urn:voordeur:%s:%.*s", vdr_party_kind_name(kind), (int)ids.at[i].len,
                 (const char *)ids.at[i].at);
        if (!add_party(init, kind, ids.at[i], source))
            return false;
    }
    return true;
}

static bool
add_parties(town_home *init)
{
    const vdr_config *c = init->config;
    char source[VDR_NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < c->agency_count; i++) {
        snprintf(source, sizeof source, "%.*s", (int)c->agencies[i].source.len,
                 (const char *)c->agencies[i].source.at);
        if (!add_party(init, VDR_PARTY_AGENCY, c->agencies[i].id, source))
            return false;
    }
    for (size_t i = 0; i < c->regisseur_count; i++) {
        if (!add_actors(init, VDR_PARTY_REGISSEUR, (vdr_names){&c->regisseurs[i].id, 1}))
            return false;
    }
    for (size_t i = 0; i < c->service_count; i++) {
        if (!add_actors(init, VDR_PARTY_SERVICE, (vdr_names){&c->services[i].id, 1}))
            return false;
    }
    if (!add_actors(init, VDR_PARTY_COORDINATOR, c->coordinators) ||
        !add_actors(init, VDR_PARTY_PRIVACY_OFFICER, c->privacy_officers))
        return false;
    for (size_t i = 0; i < init->operator_count; i++) {
        if (!add_party(init, VDR_PARTY_OPERATOR, vdr_span_str(init->operator_ids[i]), NULL))
            return false;
    }
    return init->auditor == NULL || add_party(init, VDR_PARTY_AUDITOR, vdr_span_str(init->auditor), NULL);
}

static bool
copy_config(const town_home *init)
{
    static const char *const files[] = {"config/town.yaml", "config/catalogue.yaml", "config/rules.yaml"};
    vdr_arena arena;
    vdr_config_texts texts;
    char words[256], path[PATH_MAX];
    vdr_arena_init(&arena, (size_t)16 * 1024 * 1024);
    bool good = vdr_config_texts_load(init->town, &arena, &texts, words) == VDR_OK;
    for (size_t i = 0; good && i < VDR_CONFIG_FILES; i++)
        good = path_of(path, init->dir, files[i]) && write_new(path, texts.text[i], 0600);
    vdr_arena_done(&arena);
    return good;
}

/* Thirty-two bytes as a line of hexadecimal digits. */
static bool
write_hex(const town_home *init, const char *name, const uint8_t bytes[32], mode_t mode)
{
    char path[PATH_MAX], hex[2 * 32 + 2];
    (void)sodium_bin2hex(hex, sizeof hex - 1, bytes, 32);
    memcpy(hex + 2 * 32, "\n", 2);
    bool good = path_of(path, init->dir, name) && write_new(path, vdr_span_str(hex), mode);
    sodium_memzero(hex, sizeof hex);
    return good;
}

/* Heads of the log are signed with it; the public half is for those who keep heads. */
static bool
make_signing_key(town_home *init)
{
    uint8_t seed[VDR_HEAD_KEY_BYTES];
    randombytes_buf(seed, sizeof seed);
    vdr_head_key(seed, init->signing);
    bool good = write_hex(init, "keys/signing.key", seed, 0400);
    sodium_memzero(seed, sizeof seed);
    return good && write_hex(init, "keys/signing.pub", init->signing, 0644);
}

static bool
make_secret(const town_home *init, const char *name)
{
    uint8_t secret[32];
    randombytes_buf(secret, sizeof secret);
    bool good = write_hex(init, name, secret, 0400);
    sodium_memzero(secret, sizeof secret);
    return good;
}

/* The broker's key pair, the pseudonym key and the store key. */
static bool
make_keys(const town_home *init)
{
    char path[PATH_MAX], public_key[VDR_CLIENT_KEY_TEXT], line[VDR_CLIENT_KEY_TEXT + 1];
    if (!path_of(path, init->dir, "keys/server.key"))
        return false;
    if (vdr_client_key_make(path, public_key) != VDR_OK) {
        fprintf(stderr, "voordeur init: %s: %s\n", path, strerror(errno));
        return false;
    }
    snprintf(line, sizeof line, "%s\n", public_key);
    if (!path_of(path, init->dir, "keys/server.pub") || !write_new(path, vdr_span_str(line), 0644))
        return false;
    return make_secret(init, "keys/pseudonym.key") && make_secret(init, "keys/store.key");
}

static bool
write_node(town_home *init)
{
    char path[PATH_MAX];
    if (!path_of(path, init->dir, "node.yaml"))
        return false;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    init->node = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (init->node == NULL) {
        fprintf(stderr, "voordeur init: %s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(
        init->node,
        "# This machine's part: it is no part of the town's configuration and of no decision.\n"
        "# Paths count from this file. Every limit has a default; `voordeurd --help` lists them.\n"
        "listen: %s\n"
        "operators: %s\n"
        "server_key: keys/server.key\n"
        "pseudonym_key: keys/pseudonym.key    # never in the store or a backup: keep a copy in a safe\n"
        "store_key: keys/store.key            # the store is sealed under it: keep a copy in a safe\n"
        "# escrow: /mnt/other-disk/voordeur   # a copy of the store's keys, sealed, for a restore elsewhere\n"
        "# erasure: {every: 7d}               # what left by its term cannot be opened any more after so "
        "long\n"
        "signing_key: keys/signing.key        # heads of the log are signed with it: voordeur head show\n"
        "# heads_copy: /mnt/elsewhere/heads   # and copied to a place that others keep\n"
        "backups: backups\n"
        "# metrics: 127.0.0.1:9464            # numbers for Prometheus on this machine; /healthz, /readyz\n"
        "# Who must agree to a changed configuration or a pause: one, or two, of whom one proposes and the "
        "other\n"
        "# approves (voordeur rules propose, voordeur rules approve).\n"
        "approvals: %s\n"
        "\n"
        "# The persons here are made up, so operators may see the ids and words of parties. Leave this out "
        "where\n"
        "# they are real: operators then see tokens.\n"
        "demonstration: yes\n"
        "\n"
        "# One line for each key of the beginning. They count as they stand here until `voordeur key` takes "
        "them "
        "over:\n"
        "# rotate, revoke and add put keys into the log, with an end, and with two operators' names where it "
        "asks "
        "for them.\n"
        "parties:\n",
        init->listen, init->operators, init->operator_count > 1 ? "two" : "one");
    bool good = add_parties(init);
    good = fclose(init->node) == 0 && good;
    return good;
}

static bool
write_clients(const town_home *init)
{
    char path[PATH_MAX];
    json_t *root = json_pack("{s:s, s:s, s:s, s:O}", "listen", init->listen, "operators", init->operators,
                             "server_key", "keys/server.pub", "parties", init->parties);
    char *text = json_dumps(root, JSON_INDENT(1));
    bool good = path_of(path, init->dir, "clients.json") && write_new(path, vdr_span_str(text), 0600);
    free(text);
    json_decref(root);
    return good;
}

static int
make_home(town_home *init)
{
    char path[PATH_MAX];
    if (vdr_cli_config(init->town, &init->config) != VDR_OK)
        return VDR_EXIT_USAGE;
    init->parties = json_array();
    bool good = make_dir(init->dir);
    static const char *const folders[] = {"config", "keys", "backups"};
    for (size_t i = 0; good && i < sizeof folders / sizeof folders[0]; i++)
        good = path_of(path, init->dir, folders[i]) && make_dir(path);
    good = good && copy_config(init) && make_keys(init) && make_signing_key(init) && write_node(init) &&
           write_clients(init);
    char signing[2 * VDR_HEAD_KEY_BYTES + 1];
    (void)sodium_bin2hex(signing, sizeof signing, init->signing, sizeof init->signing);
    if (good)
        printf("%s: %.*s, %zu parties with a key each\n"
               "heads of the log are signed; public key, for whoever keeps heads:\n"
               "  %s\n"
               "start:  voordeurd --config %s/config --store %s/store --node %s/node.yaml%s\n"
               "look:   voordeur status --home %s --as operator:%s\n",
               init->dir, (int)init->config->municipality.len, (const char *)init->config->municipality.at,
               json_array_size(init->parties), signing, init->dir, init->dir, init->dir,
               geteuid() == 0 ? " --allow-root" : "", init->dir, init->operator_ids[0]);
    json_decref(init->parties);
    vdr_config_free(&init->config);
    return good ? vdr_cli_flush() : VDR_EXIT_FAILED;
}

/* Ids go into file names: those of a configuration have no slash, these are looked at here. */
static bool
id_good(const char *id)
{
    size_t len = strlen(id);
    return len >= 1 && len <= VDR_CONF_NAME_MAX &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static int
run_init(int argc, char **argv)
{
    static const struct option options[] = {{"town", required_argument, NULL, 't'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"operators", required_argument, NULL, 'o'},
                                            {"operator", required_argument, NULL, 'i'},
                                            {"auditor", required_argument, NULL, 'A'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    town_home init = {
        .town = "deploy/example", .listen = "tcp://127.0.0.1:7700", .operators = "tcp://127.0.0.1:7701"};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 't':
            init.town = optarg;
            break;
        case 'l':
            init.listen = optarg;
            break;
        case 'o':
            init.operators = optarg;
            break;
        case 'i':
            if (!id_good(optarg) ||
                init.operator_count == sizeof init.operator_ids / sizeof init.operator_ids[0])
                return vdr_cli_usage(&vdr_cli_init, "--operator %s: at most 16, of A-Z a-z 0-9 . _ -",
                                     optarg);
            init.operator_ids[init.operator_count++] = optarg;
            break;
        case 'A':
            if (!id_good(optarg))
                return vdr_cli_usage(&vdr_cli_init, "--auditor %s: of A-Z a-z 0-9 . _ -", optarg);
            init.auditor = optarg;
            break;
        case 'h':
            return vdr_cli_help(&vdr_cli_init);
        default:
            return vdr_cli_usage(&vdr_cli_init, "unknown option");
        }
    }
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_init, "one folder is needed");
    if (init.operator_count == 0) {
        init.operator_ids[init.operator_count++] = "beheer";
        init.operator_ids[init.operator_count++] = "toezicht";
    }
    init.dir = argv[optind];
    umask(077);
    if (sodium_init() < 0) {
        fprintf(stderr, "voordeur init: libsodium does not start\n");
        return VDR_EXIT_FAILED;
    }
    return make_home(&init);
}

static int
run_parties(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS, {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_parties);
        if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_parties, "unknown option");
    }
    const char *home = link.home != NULL ? link.home : getenv("VOORDEUR_HOME");
    if (home == NULL || optind != argc)
        return vdr_cli_usage(&vdr_cli_parties, "say which folder: --home DIR");
    json_t *root = vdr_cli_home_read(home), *party;
    if (root == NULL)
        return VDR_EXIT_USAGE;
    if (link.json) {
        vdr_cli_print(json_pack("{s:O}", "parties", json_object_get(root, "parties")));
    } else {
        static const char *const heads[] = {"PARTY", "SOURCE"};
        vdr_cli_table table;
        size_t i;
        vdr_cli_table_init(&table, heads, 2);
        json_array_foreach(json_object_get(root, "parties"), i, party)
        {
            const char *source = json_string_value(json_object_get(party, "source"));
            vdr_cli_table_cell(&table, "%s", json_string_value(json_object_get(party, "party")));
            vdr_cli_table_cell(&table, "%s", source != NULL ? source : "-");
        }
        vdr_cli_table_print(&table);
    }
    json_decref(root);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_init = {.name = "init",
                                   .summary = "make a folder with configuration and keys for a town",
                                   .help = init_help,
                                   .run = run_init};
const vdr_cli_verb vdr_cli_parties = {
    .name = "parties", .summary = "who has a key in such a folder", .help = parties_help, .run = run_parties};
