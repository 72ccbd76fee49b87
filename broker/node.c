#include "broker/node.h"

#include "broker/door/reader.h"
#include "broker/gauge/exporter.h"
#include "broker/trust/head.h"
#include "proto/limits.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* A file of VDR_CONF_BYTES_MAX that is nothing but the shortest list items stays below this. */
#define TREE_BYTES_MAX   ((size_t)256 * 1024 * 1024)
#define NODE_BYTES_MAX   ((size_t)64 * 1024 * 1024)
#define ERASURE_MS       UINT64_C(604800000)   /* 7d */
#define ERASURE_MS_LEAST UINT64_C(60000)       /* 1m */
#define ERASURE_MS_MOST  UINT64_C(31622400000) /* 366d */
#define WORDS_BYTES      256
#define Z85_CHARS        40u
#define KIB              UINT64_C(1024)
#define MIB              (KIB * 1024)
#define GIB              (MIB * 1024)

typedef enum unit { COUNT, BYTES, DURATION } unit;

/* X(key, member, unit, default, least, most). Windows and frames are also bounded by proto/limits.h. The reserve
 * must hold the groups that were gathering and on their way when the store became full, and more. */
#define LIMITS(X)                                                                                            \
    X("sessions", sessions, COUNT, 4096, 1, 100000)                                                          \
    X("operator_sessions", operator_sessions, COUNT, 32, 1, 1000)                                            \
    X("sessions_per_key", sessions_per_key, COUNT, 256, 1, 10000)                                            \
    X("connections", connections, COUNT, 16384, 16, 1000000)                                                 \
    X("queue", queue_bytes, BYTES, 8 * MIB, 512 * KIB, GIB)                                                  \
    X("window_items", window_items, COUNT, VDR_WINDOW_ITEMS, 1, VDR_WINDOW_ITEMS)                            \
    X("window_bytes", window_bytes, BYTES, VDR_WINDOW_BYTES, VDR_EVENT_BYTES_MAX, VDR_WINDOW_BYTES)          \
    X("delivery_window", delivery_window, COUNT, VDR_DELIVERY_WINDOW, 1, VDR_DELIVERY_WINDOW)                \
    X("io_threads", io_threads, COUNT, 2, 1, 16)                                                             \
    X("backlog", backlog, COUNT, 1024, 1, 65535)                                                             \
    X("receive_frames", receive_frames, COUNT, 256, 1, 100000)                                               \
    X("store", store_bytes, BYTES, 0, 16 * MIB, UINT64_MAX)                                                  \
    X("reserve", reserve_bytes, BYTES, 64 * MIB, 32 * MIB, UINT64_MAX)                                       \
    X("checkpoint_records", checkpoint_records, COUNT, 500000, 1, UINT32_MAX)                                \
    X("checkpoint_every", checkpoint_ms, DURATION, 300000, 1000, 7 * VDR_DAY_MS)                             \
    X("heads_every", heads_ms, DURATION, 900000, 1000, VDR_DAY_MS)                                           \
    X("heads_records", heads_records, COUNT, 100000, 1, UINT32_MAX)                                          \
    X("heartbeat", heartbeat_ms, DURATION, 10000, 1000, 600000)                                              \
    X("handshake", handshake_ms, DURATION, 2000, 1000, 60000)                                                \
    X("key_term", key_term_ms, DURATION, 365 * VDR_DAY_MS, 60000, VDR_KEY_TERM_MAX_MS)                       \
    X("key_overlap", key_overlap_ms, DURATION, 7 * VDR_DAY_MS, 1000, 92 * VDR_DAY_MS)

enum {
#define X(key, member, unit, normal, least, most) LIMIT_##member,
    LIMITS(X)
#undef X
        LIMIT_COUNT
};

enum {
    LISTEN,
    OPERATORS,
    SERVER_KEY,
    PSEUDONYM_KEY,
    PSEUDONYM_KEY_NEXT,
    SIGNING_KEY,
    SIGNED_BEFORE,
    HEADS,
    HEADS_COPY,
    STORE_KEY,
    STORE_KEY_NEXT,
    LOGBOEK_KEY,
    ESCROW,
    ERASURE,
    BACKUPS,
    ENDPOINTS,
    APPROVALS,
    DEMONSTRATION,
    METRICS,
    LOG,
    LIMIT_MAP,
    PARTIES,
    NODE_KEYS
};

static const vdr_reader_key node_keys[NODE_KEYS] = {
    [LISTEN] = {"listen", true},
    [OPERATORS] = {"operators", true},
    [SERVER_KEY] = {"server_key", true},
    [PSEUDONYM_KEY] = {"pseudonym_key", true},
    [PSEUDONYM_KEY_NEXT] = {"pseudonym_key_next", false},
    [SIGNING_KEY] = {"signing_key", false},
    [SIGNED_BEFORE] = {"signed_before", false},
    [HEADS] = {"heads", false},
    [HEADS_COPY] = {"heads_copy", false},
    [STORE_KEY] = {"store_key", false},
    [STORE_KEY_NEXT] = {"store_key_next", false},
    [LOGBOEK_KEY] = {"logboek_key", false},
    [ESCROW] = {"escrow", false},
    [ERASURE] = {"erasure", false},
    [BACKUPS] = {"backups", false},
    [ENDPOINTS] = {"endpoints", false},
    [APPROVALS] = {"approvals", false},
    [DEMONSTRATION] = {"demonstration", false},
    [METRICS] = {"metrics", false},
    [LOG] = {"log", false},
    [LIMIT_MAP] = {"limits", false},
    [PARTIES] = {"parties", true},
};

typedef struct holder {
    vdr_node node; /* first: a node is its holder */
    vdr_arena arena;
} holder;

static const char *
copy_text(vdr_reader *reader, vdr_span text)
{
    return (const char *)vdr_arena_copy(reader->arena, text).at; /* terminated; overflow is told at the end */
}

static void
read_endpoint(vdr_reader *reader, const vdr_yaml *value, const char **ret_endpoint)
{
    vdr_span text;
    if (!vdr_reader_text(reader, value, &text))
        return;
    bool tcp = text.len > 6 && memcmp(text.at, "tcp://", 6) == 0;
    bool ipc = text.len > 6 && memcmp(text.at, "ipc://", 6) == 0;
    if (!tcp && !ipc)
        vdr_reader_fault(reader, value->place, "%.*s: expected tcp://HOST:PORT or ipc://PATH, found \"%.*s\"",
                         VDR_SHOWN(vdr_reader_label(value)), VDR_SHOWN(text));
    else
        *ret_endpoint = copy_text(reader, text);
}

/* Without keys and encryption: never beyond this machine. */
static void
read_metrics(vdr_reader *reader, const vdr_yaml *value, const char **ret_address)
{
    vdr_span text;
    vdr_exporter_place place;
    if (value == NULL || !vdr_reader_text(reader, value, &text))
        return;
    const char *address = copy_text(reader, text);
    if (address != NULL && !vdr_exporter_place_of(address, &place))
        vdr_reader_fault(reader, value->place,
                         "metrics: expected 127.0.0.1:PORT, [::1]:PORT or unix:/PATH, found \"%.*s\"",
                         VDR_SHOWN(text));
    else
        *ret_address = address;
}

static void
read_log(vdr_reader *reader, const vdr_yaml *map, vdr_journal_form *ret_form)
{
    static const vdr_reader_key keys[] = {{"format", true}};
    static const struct {
        const char *name;
        vdr_journal_form form;
    } forms[] = {{"text", VDR_JOURNAL_TEXT}, {"json", VDR_JOURNAL_JSON}, {"journald", VDR_JOURNAL_JOURNALD}};
    const vdr_yaml *value = NULL;
    vdr_span text;
    if (map == NULL || !vdr_reader_map(reader, map, keys, 1, &value) ||
        !vdr_reader_text(reader, value, &text))
        return;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (vdr_span_equal(text, vdr_span_str(forms[i].name))) {
            *ret_form = forms[i].form;
            return;
        }
    }
    vdr_reader_fault(reader, value->place, "format: expected text, json or journald, found \"%.*s\"",
                     VDR_SHOWN(text));
}

/* A path of the file; relative ones count from the file's directory. */
static void
read_path(vdr_reader *reader, const char *node_path, const vdr_yaml *value, const char **ret_path)
{
    vdr_span text;
    if (!vdr_reader_text(reader, value, &text))
        return;
    const char *slash = strrchr(node_path, '/');
    size_t dir_len = text.at[0] == '/' || slash == NULL ? 0 : (size_t)(slash - node_path) + 1;
    char *path = (char *)vdr_arena_alloc(reader->arena, dir_len + text.len + 1);
    if (path == NULL)
        return;
    memcpy(path, node_path, dir_len);
    memcpy(path + dir_len, text.at, text.len);
    *ret_path = path;
}

/* Decimal digits and, for bytes, a unit. */
static bool
parse_number(vdr_span text, bool units, uint64_t *ret_number)
{
    static const struct {
        const char *name;
        uint64_t times;
    } names[] = {{"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}, {"TiB", GIB * 1024}};
    uint64_t number = 0, times = 1;
    size_t digits = 0;
    for (; digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9'; digits++) {
        if (digits == 15)
            return false;
        number = number * 10 + (uint64_t)(text.at[digits] - '0');
    }
    vdr_span rest = vdr_span_of(text.at + digits, text.len - digits);
    bool known = rest.len == 0;
    for (size_t i = 0; units && i < sizeof names / sizeof names[0]; i++) {
        if (vdr_span_equal(rest, vdr_span_str(names[i].name))) {
            times = names[i].times;
            known = true;
        }
    }
    if (digits == 0 || !known || (digits > 1 && text.at[0] == '0') || number > UINT64_MAX / times)
        return false;
    *ret_number = number * times;
    return true;
}

static bool
read_limit(vdr_reader *reader, const vdr_yaml *value, unit in, uint64_t least, uint64_t most,
           uint64_t *ret_number)
{
    static const char *const what[] = {
        [COUNT] = "a number", [BYTES] = "a size like 64MiB or 2GiB", [DURATION] = "a duration like 10s"};
    vdr_span text;
    if (!vdr_reader_scalar(reader, value, what[in], &text))
        return false;
    VDR_ASSERT(value != NULL);
    int64_t ms = 0;
    uint64_t number = 0;
    bool good = in == DURATION ? vdr_duration_parse(text, &ms) : parse_number(text, in == BYTES, &number);
    if (in == DURATION)
        number = (uint64_t)ms;
    if (!good || number < least || number > most) {
        const char *of = in == DURATION ? " ms" : "";
        vdr_reader_fault(reader, value->place, "%.*s: expected %s from %llu%s to %llu%s, found \"%.*s\"",
                         VDR_SHOWN(vdr_reader_label(value)), what[in], (unsigned long long)least, of,
                         (unsigned long long)most, of, VDR_SHOWN(text));
        return false;
    }
    *ret_number = number;
    return true;
}

static void
read_limits(vdr_reader *reader, const vdr_yaml *map, vdr_node_limits *limits)
{
    static const vdr_reader_key keys[LIMIT_COUNT] = {
#define X(key, member, unit, normal, least, most) {key, false},
        LIMITS(X)
#undef X
    };
    const vdr_yaml *values[LIMIT_COUNT] = {0};
    if (map != NULL)
        (void)vdr_reader_map(reader, map, keys, LIMIT_COUNT, values);
    uint64_t number;
#define X(key, member, unit, normal, least, most)                                                            \
    number = (uint64_t)(normal);                                                                             \
    (void)read_limit(reader, values[LIMIT_##member], unit, (uint64_t)(least), (uint64_t)(most), &number);    \
    memcpy(&limits->member, &number, sizeof limits->member);
    LIMITS(X)
#undef X
}

bool
vdr_node_is_id(vdr_span id)
{
    bool named = id.len > 0 && id.len <= VDR_CONF_NAME_MAX;
    for (size_t i = 0; i < id.len && named; i++) {
        uint8_t c = id.at[i];
        named = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                c == '_' || c == '-';
    }
    return named;
}

/* "kind:id" */
static bool
read_party(vdr_reader *reader, const vdr_yaml *value, vdr_key_party *key)
{
    vdr_span text;
    if (!vdr_reader_text(reader, value, &text))
        return false;
    const uint8_t *colon = (const uint8_t *)memchr(text.at, ':', text.len);
    vdr_span kind = colon != NULL ? vdr_span_of(text.at, (size_t)(colon - text.at)) : (vdr_span){0};
    vdr_span id = colon != NULL ? vdr_span_of(colon + 1, text.len - kind.len - 1) : (vdr_span){0};
    key->kind = vdr_party_kind_of(kind);
    bool named = vdr_node_is_id(id);
    if (colon == NULL || key->kind == VDR_PARTY_NONE || !named) {
        vdr_reader_fault(reader, value->place,
                         "party: expected KIND:ID with KIND one of agency, regisseur, service, coordinator, "
                         "privacy_officer, operator, auditor, found \"%.*s\"",
                         VDR_SHOWN(text));
        return false;
    }
    memcpy(key->id, id.at, id.len);
    return true;
}

static bool
read_public_key(vdr_reader *reader, const vdr_yaml *value, vdr_key_party *key)
{
    vdr_span text;
    if (!vdr_reader_text(reader, value, &text))
        return false;
    char z85[Z85_CHARS + 1] = "";
    if (text.len == Z85_CHARS)
        memcpy(z85, text.at, Z85_CHARS);
    if (strlen(z85) != Z85_CHARS || zmq_z85_decode(key->public_key, z85) == NULL) {
        vdr_reader_fault(reader, value->place, "public_key: expected 40 characters of Z85, found %zu bytes",
                         text.len);
        return false;
    }
    return true;
}

static void
read_parties(vdr_reader *reader, const vdr_yaml *list, vdr_node *node)
{
    static const vdr_reader_key keys[] = {{"party", true}, {"public_key", true}};
    if (!vdr_reader_is_list(reader, list))
        return;
    vdr_node_party *parties =
        (vdr_node_party *)vdr_arena_alloc(reader->arena, (list->count + 1) * sizeof *parties);
    if (parties == NULL)
        return;
    size_t count = 0;
    vdr_nameset seen = {0};
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        const vdr_yaml *values[2];
        vdr_node_party *party = &parties[count];
        *party = (vdr_node_party){.line = item->place.line, .column = item->place.column};
        if (!vdr_reader_map(reader, item, keys, 2, values))
            continue;
        bool named = read_party(reader, values[0], &party->key);
        if (!read_public_key(reader, values[1], &party->key))
            continue;
        vdr_span key = vdr_arena_copy(reader->arena, vdr_span_of(party->key.public_key, VDR_KEY_BYTES));
        if (key.at != NULL && !vdr_nameset_add(&seen, key))
            vdr_reader_fault(reader, values[1]->place,
                             "public_key: this key stands here twice; a key belongs to one party");
        else if (named)
            count++;
    }
    vdr_nameset_done(&seen);
    node->parties = parties;
    node->party_count = count;
}

/* Public keys that signed heads before the present one. */
static void
read_signed_before(vdr_reader *reader, const vdr_yaml *list, vdr_node *node)
{
    if (list == NULL || !vdr_reader_is_list(reader, list))
        return;
    uint8_t *keys = (uint8_t *)vdr_arena_alloc(reader->arena, (list->count + 1) * VDR_HEAD_KEY_BYTES);
    size_t count = 0;
    for (const vdr_yaml *item = list->first; keys != NULL && item != NULL; item = item->next) {
        vdr_span text;
        if (!vdr_reader_text(reader, item, &text))
            continue;
        if (vdr_head_key_read(text, keys + count * VDR_HEAD_KEY_BYTES))
            count++;
        else
            vdr_reader_fault(reader, item->place,
                             "signed_before: expected a public key of 64 hexadecimal digits, found %zu bytes",
                             text.len);
    }
    node->signed_before = keys;
    node->signed_before_count = count;
}

/* Not said: two. */
static bool
read_approvals(vdr_reader *reader, const vdr_yaml *value)
{
    vdr_span text;
    if (value == NULL || !vdr_reader_text(reader, value, &text))
        return true;
    bool one = vdr_span_equal(text, vdr_span_str("one"));
    if (!one && !vdr_span_equal(text, vdr_span_str("two")))
        vdr_reader_fault(reader, value->place, "approvals: expected one or two, found \"%.*s\"",
                         VDR_SHOWN(text));
    return !one;
}

/* Not said: no. */
static bool
read_demonstration(vdr_reader *reader, const vdr_yaml *value)
{
    vdr_span text;
    if (value == NULL || !vdr_reader_text(reader, value, &text))
        return false;
    bool yes = vdr_span_equal(text, vdr_span_str("yes"));
    if (!yes && !vdr_span_equal(text, vdr_span_str("no")))
        vdr_reader_fault(reader, value->place, "demonstration: expected yes or no, found \"%.*s\"",
                         VDR_SHOWN(text));
    return yes;
}

/* What left is erased for good so long after, at most. */
static void
read_erasure(vdr_reader *reader, const vdr_yaml *map, int64_t *ret_ms)
{
    static const vdr_reader_key keys[] = {{"every", true}};
    const vdr_yaml *values[1] = {NULL};
    uint64_t ms = ERASURE_MS;
    if (map != NULL && vdr_reader_map(reader, map, keys, 1, values))
        (void)read_limit(reader, values[0], DURATION, ERASURE_MS_LEAST, ERASURE_MS_MOST, &ms);
    *ret_ms = (int64_t)ms;
}

static void
read_root(vdr_reader *reader, const vdr_yaml *root, vdr_node *node)
{
    const vdr_yaml *values[NODE_KEYS];
    if (!vdr_reader_map(reader, root, node_keys, NODE_KEYS, values))
        return;
    read_endpoint(reader, values[LISTEN], &node->listen);
    read_endpoint(reader, values[OPERATORS], &node->operators);
    read_path(reader, node->path, values[SERVER_KEY], &node->server_key);
    read_path(reader, node->path, values[PSEUDONYM_KEY], &node->pseudonym_key);
    read_path(reader, node->path, values[PSEUDONYM_KEY_NEXT], &node->pseudonym_key_next);
    read_path(reader, node->path, values[SIGNING_KEY], &node->signing_key);
    read_path(reader, node->path, values[HEADS], &node->heads);
    read_path(reader, node->path, values[HEADS_COPY], &node->heads_copy);
    read_signed_before(reader, values[SIGNED_BEFORE], node);
    read_path(reader, node->path, values[STORE_KEY], &node->store_key);
    if (values[STORE_KEY] == NULL)
        vdr_reader_fault(
            reader, root->place,
            "store_key is missing: the file with the key that the store is sealed under, 64 "
            "hexadecimal digits, mode 0400. Make it once: openssl rand -hex 32; and keep a copy in a "
            "safe, apart from the backups");
    read_path(reader, node->path, values[STORE_KEY_NEXT], &node->store_key_next);
    read_path(reader, node->path, values[LOGBOEK_KEY], &node->logboek_key);
    read_path(reader, node->path, values[ESCROW], &node->escrow);
    read_erasure(reader, values[ERASURE], &node->erasure_ms);
    read_path(reader, node->path, values[BACKUPS], &node->backups);
    read_path(reader, node->path, values[ENDPOINTS], &node->endpoints);
    node->four_eyes = read_approvals(reader, values[APPROVALS]);
    node->demonstration = read_demonstration(reader, values[DEMONSTRATION]);
    read_metrics(reader, values[METRICS], &node->metrics);
    read_log(reader, values[LOG], &node->log);
    read_limits(reader, values[LIMIT_MAP], &node->limits);
    read_parties(reader, values[PARTIES], node);
}

static void
yaml_fault(void *context, vdr_place place, const char *message)
{
    vdr_reader_fault((vdr_reader *)context, place, "%s", message);
}

vdr_err
vdr_node_read_text(const char *path, vdr_span text, vdr_config_faults *faults, vdr_node **ret_node)
{
    holder *made = (holder *)vdr_alloc(1, sizeof *made);
    vdr_node *node = &made->node;
    /* The reader tells faults by the number of a file; node.yaml is the only one here and takes the first. */
    vdr_config_texts texts = {.name = {vdr_span_str(path)}, .text = {text}};
    vdr_reader reader = {.texts = &texts, .faults = faults, .arena = &made->arena};
    vdr_arena tree;
    vdr_arena_init(&made->arena, NODE_BYTES_MAX);
    vdr_arena_init(&tree, TREE_BYTES_MAX);
    node->path = copy_text(&reader, vdr_span_str(path));
    vdr_yaml *root = vdr_yaml_read(text, &tree, (vdr_yaml_listener){yaml_fault, &reader});
    if (root != NULL)
        read_root(&reader, root, node);
    if (made->arena.overflow)
        vdr_reader_fault(&reader, (vdr_place){1, 1}, "the file is too much for one configuration");
    vdr_arena_done(&tree);
    if (faults->count != 0) {
        vdr_node_free(&node);
        return VDR_E_BAD_CONFIG;
    }
    *ret_node = node;
    return VDR_OK;
}

static vdr_err
load(const char *path, vdr_arena *arena, vdr_span *ret_text, char *ret_words)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        vdr_utf8_words(ret_words, WORDS_BYTES, "%.180s: %s", path, strerror(errno));
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    }
    uint8_t *at = (uint8_t *)vdr_arena_alloc(arena, VDR_CONF_BYTES_MAX + 1u);
    size_t len = 0;
    ssize_t got = 0;
    while (len <= VDR_CONF_BYTES_MAX && (got = read(fd, at + len, VDR_CONF_BYTES_MAX + 1u - len)) > 0)
        len += (size_t)got;
    vdr_err err = VDR_OK;
    if (got < 0) {
        vdr_utf8_words(ret_words, WORDS_BYTES, "%.180s: %s", path, strerror(errno));
        err = VDR_E_IO;
    } else if (len > VDR_CONF_BYTES_MAX) {
        vdr_utf8_words(ret_words, WORDS_BYTES, "%.180s: longer than %u bytes", path, VDR_CONF_BYTES_MAX);
        err = VDR_E_BAD_CONFIG;
    }
    (void)close(fd);
    *ret_text = vdr_span_of(at, len);
    return err;
}

vdr_err
vdr_node_read(const char *path, vdr_config_faults *faults, vdr_node **ret_node, char *ret_words)
{
    vdr_arena arena;
    vdr_span text;
    vdr_arena_init(&arena, 2u * VDR_CONF_BYTES_MAX);
    vdr_err err = load(path, &arena, &text, ret_words);
    if (err == VDR_OK)
        err = vdr_node_read_text(path, text, faults, ret_node);
    vdr_arena_done(&arena);
    return err;
}

void
vdr_node_free(vdr_node **node_p)
{
    holder *made = (holder *)*node_p;
    if (made == NULL)
        return;
    vdr_arena_done(&made->arena);
    free(made);
    *node_p = NULL;
}

bool
vdr_node_party_known(const vdr_config *config, vdr_party_kind kind, const char *id)
{
    return kind == VDR_PARTY_OPERATOR || kind == VDR_PARTY_AUDITOR ||
           vdr_config_has_party(config, kind, vdr_span_str(id));
}
