#include "clients/gateway/config.h"

#include "clients/gateway/sheet.h"
#include "proto/limits.h"
#include "proto/words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#define TREE_BYTES_MAX   ((size_t)128 * 1024 * 1024)
#define CONFIG_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define DIGEST_BYTES     32

#define COUNT    VDR_SHEET_COUNT
#define BYTES    VDR_SHEET_BYTES
#define DURATION VDR_SHEET_DURATION

enum {
#define X(key, member, unit, normal, least, most) LIMIT_##member,
    VDR_GATE_LIMITS(X)
#undef X
        LIMIT_COUNT
};

enum {
    LISTEN,
    ADMIN,
    ENDPOINTS,
    BROKER,
    OPERATORS,
    BROKER_KEY,
    PARTIES,
    TLS,
    BEHIND_PROXY,
    JWT,
    ACCOUNTS,
    SESSIONS,
    CONSOLE,
    COURIER,
    ORIGINS,
    DEMONSTRATION,
    LIMIT_MAP,
    KEY_COUNT
};

static const vdr_sheet_key file_keys[KEY_COUNT] = {
    [LISTEN] = {"listen", true},
    [ADMIN] = {"admin", false},
    [ENDPOINTS] = {"endpoints", false},
    [BROKER] = {"broker", true},
    [OPERATORS] = {"operators", false},
    [BROKER_KEY] = {"broker_key", true},
    [PARTIES] = {"parties", true},
    [TLS] = {"tls", false},
    [BEHIND_PROXY] = {"behind_proxy", false},
    [JWT] = {"jwt", false},
    [ACCOUNTS] = {"accounts", false},
    [SESSIONS] = {"sessions", false},
    [CONSOLE] = {"console", false},
    [COURIER] = {"courier", false},
    [ORIGINS] = {"origins", false},
    [DEMONSTRATION] = {"demonstration", false},
    [LIMIT_MAP] = {"limits", false},
};

typedef struct holder {
    vdr_gate_config config; /* first: a configuration is its holder */
    vdr_arena arena;
} holder;

static void *
array(vdr_sheet *sheet, size_t count, size_t bytes)
{
    return vdr_arena_alloc(sheet->arena, (count + 1) * bytes);
}

/* ---- Addresses ---- */

static bool
parse_port(const char *text, uint16_t *ret_port)
{
    unsigned port = 0;
    if (text[0] == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    *ret_port = (uint16_t)port;
    return port <= 65535;
}

/* "127.0.0.1:7480" or "[::1]:7480" */
static bool
parse_tcp(vdr_arena *arena, const char *text, vdr_gate_address *address)
{
    const char *colon = strrchr(text, ':');
    struct in_addr v4;
    struct in6_addr v6;
    if (colon == NULL || !parse_port(colon + 1, &address->port))
        return false;
    bool six = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    vdr_span host =
        six ? vdr_span_of(text + 1, (size_t)(colon - text) - 2) : vdr_span_of(text, (size_t)(colon - text));
    address->host = (const char *)vdr_arena_copy(arena, host).at;
    if (address->host == NULL)
        return false;
    if (six) {
        address->loopback = inet_pton(AF_INET6, address->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
        return inet_pton(AF_INET6, address->host, &v6) == 1;
    }
    if (inet_pton(AF_INET, address->host, &v4) != 1)
        return false;
    address->loopback = ntohl(v4.s_addr) >> 24 == 127;
    return true;
}

static bool
read_address(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_address *ret_address)
{
    vdr_gate_address address = {0};
    const char *text;
    if (!vdr_sheet_text(sheet, node, "an address", &text))
        return false;
    address.text = text;
    bool path = strncmp(text, "unix:", 5) == 0;
    if (path)
        address.path = text + 5;
    if (path ? text[5] != '/' || strlen(text + 5) >= sizeof((struct sockaddr_un *)0)->sun_path
             : !parse_tcp(sheet->arena, text, &address)) {
        vdr_sheet_fault(sheet, node->place,
                        "expected ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH, found \"%.128s\"", text);
        return false;
    }
    address.loopback = address.loopback || path;
    *ret_address = address;
    return true;
}

static void
read_listen(vdr_sheet *sheet, const vdr_yaml *node, bool secure, vdr_gate_config *config)
{
    const vdr_yaml *one = node;
    if (node == NULL)
        return;
    size_t count = node->kind == VDR_YAML_LIST ? node->count : 1;
    vdr_gate_address *addresses = array(sheet, count, sizeof *addresses);
    if (addresses == NULL)
        return;
    config->listen = addresses;
    for (one = node->kind == VDR_YAML_LIST ? node->first : node; one != NULL;
         one = node->kind == VDR_YAML_LIST ? one->next : NULL) {
        vdr_gate_address *address = &addresses[config->listen_count];
        if (!read_address(sheet, one, address))
            continue;
        config->listen_count++;
        if (!secure && !address->loopback)
            vdr_sheet_fault(sheet, one->place,
                            "%.100s: without tls only a loopback address or a unix socket is listened on",
                            address->text);
    }
}

static void
read_admin(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_config *config)
{
    vdr_gate_address *address = array(sheet, 1, sizeof *address);
    if (address == NULL || node == NULL || !read_address(sheet, node, address))
        return;
    if (!address->loopback)
        vdr_sheet_fault(sheet, node->place,
                        "admin: expected a loopback address or unix:/PATH, found \"%.128s\"", address->text);
    config->admin = address;
}

/* ---- Parties, and what leads to them ---- */

static bool
is_id(const char *id)
{
    size_t len = strlen(id);
    return len > 0 && len <= VDR_CONF_NAME_MAX &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static void
read_party_name(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_party *party)
{
    const char *text;
    if (!vdr_sheet_text(sheet, node, "KIND:ID", &text))
        return;
    size_t kind_len = strcspn(text, ":");
    party->kind = vdr_party_kind_of(vdr_span_of(text, kind_len));
    party->id = text + kind_len + (text[kind_len] == ':');
    if (party->kind == VDR_PARTY_NONE || !is_id(party->id))
        vdr_sheet_fault(sheet, node->place,
                        "party: expected KIND:ID with KIND one of agency, regisseur, service, coordinator, "
                        "privacy_officer, operator, auditor, found \"%.128s\"",
                        text);
}

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 64 hexadecimal digits, perhaps with colons between the bytes, as openssl x509 -fingerprint prints them. */
static bool
parse_digest(const char *text, uint8_t ret_digest[DIGEST_BYTES])
{
    uint8_t digest[DIGEST_BYTES];
    size_t i = 0;
    for (; i < DIGEST_BYTES; i++) {
        int high = hex(text[0]), low = high < 0 ? -1 : hex(text[1]);
        if (low < 0)
            return false;
        digest[i] = (uint8_t)(high * 16 + low);
        text += 2;
        if (*text == ':' && i + 1 < DIGEST_BYTES)
            text++;
    }
    memcpy(ret_digest, digest, sizeof digest);
    return *text == '\0';
}

static bool
same_grant(const vdr_gate_grant *a, const vdr_gate_grant *b)
{
    return a->kind == b->kind && (a->kind == VDR_GRANT_CERTIFICATE
                                      ? memcmp(a->certificate, b->certificate, sizeof a->certificate) == 0
                                      : vdr_span_equal(a->subject, b->subject));
}

static void
read_grants(vdr_sheet *sheet, const vdr_yaml *list, vdr_gate_grant_kind kind, const vdr_gate_party *party,
            vdr_gate_grant *grants, size_t *count)
{
    if (list == NULL || !vdr_sheet_is_list(sheet, list))
        return;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        vdr_gate_grant *grant = &grants[*count];
        const char *text;
        *grant = (vdr_gate_grant){.kind = kind, .party = party};
        if (!vdr_sheet_text(sheet, item, "a text", &text))
            continue;
        grant->subject = vdr_span_str(text);
        if (kind == VDR_GRANT_CERTIFICATE && !parse_digest(text, grant->certificate)) {
            vdr_sheet_fault(sheet, item->place,
                            "certificates: expected the SHA-256 of a certificate, 64 hexadecimal "
                            "digits, found \"%.128s\"",
                            text);
            continue;
        }
        for (size_t i = 0; i < *count; i++)
            if (same_grant(&grants[i], grant))
                vdr_sheet_fault(sheet, item->place, "this leads to %s:%.100s already",
                                vdr_party_kind_name(grants[i].party->kind), grants[i].party->id);
        (*count)++;
    }
}

static size_t
count_grants(const vdr_yaml *list)
{
    size_t count = 0;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next)
        for (const vdr_yaml *value = item->kind == VDR_YAML_MAP ? item->first : NULL; value != NULL;
             value = value->next)
            count += value->count;
    return count;
}

static void
read_parties(vdr_sheet *sheet, const vdr_yaml *list, vdr_gate_config *config)
{
    static const vdr_sheet_key keys[] = {
        {"party", true}, {"key", true}, {"certificates", false}, {"token_subjects", false}};
    if (!vdr_sheet_is_list(sheet, list))
        return;
    vdr_gate_party *parties = array(sheet, list->count, sizeof *parties);
    vdr_gate_grant *grants = array(sheet, count_grants(list), sizeof *grants);
    if (parties == NULL || grants == NULL)
        return;
    config->parties = parties;
    config->grants = grants;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        const vdr_yaml *values[4];
        vdr_gate_party *party = &parties[config->party_count];
        if (!vdr_sheet_map(sheet, item, keys, 4, values))
            continue;
        *party = (vdr_gate_party){.id = "", .key_file = ""};
        read_party_name(sheet, values[0], party);
        (void)vdr_sheet_path(sheet, values[1], &party->key_file);
        for (size_t i = 0; i < config->party_count; i++)
            if (parties[i].kind == party->kind && strcmp(parties[i].id, party->id) == 0)
                vdr_sheet_fault(sheet, item->place, "%s:%.100s is here twice",
                                vdr_party_kind_name(party->kind), party->id);
        bool apart = party->kind == VDR_PARTY_OPERATOR || party->kind == VDR_PARTY_AUDITOR;
        party->endpoint = apart && config->operators != NULL ? config->operators : config->broker;
        config->party_count++;
        read_grants(sheet, values[2], VDR_GRANT_CERTIFICATE, party, grants, &config->grant_count);
        read_grants(sheet, values[3], VDR_GRANT_SUBJECT, party, grants, &config->grant_count);
    }
}

/* ---- Ways of being known ---- */

static void
read_tls(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_config *config)
{
    static const vdr_sheet_key keys[] = {{"certificate", true}, {"key", true}, {"client_ca", false}};
    const vdr_yaml *values[3];
    if (!vdr_sheet_map(sheet, node, keys, 3, values))
        return;
    (void)vdr_sheet_path(sheet, values[0], &config->tls_certificate);
    (void)vdr_sheet_path(sheet, values[1], &config->tls_key);
    (void)vdr_sheet_path(sheet, values[2], &config->tls_client_ca);
}

static void
read_header_name(vdr_sheet *sheet, const vdr_yaml *node, const char **ret_name)
{
    const char *text;
    if (!vdr_sheet_text(sheet, node, "a header's name", &text))
        return;
    size_t len = strlen(text);
    char *name = vdr_arena_alloc(sheet->arena, len + 1);
    if (name == NULL)
        return;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        vdr_sheet_fault(sheet, node->place,
                        "expected a header's name of letters, digits and -, found \"%.128s\"", text);
    *ret_name = name;
}

static void
read_proxy(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_config *config)
{
    static const vdr_sheet_key keys[] = {{"certificate_header", false},
                                         {"subject_header", false},
                                         {"name_header", false},
                                         {"address_header", false}};
    const vdr_yaml *values[4];
    if (!vdr_sheet_map(sheet, node, keys, 4, values))
        return;
    bool has_socket = false;
    for (size_t i = 0; i < config->listen_count; i++)
        has_socket = has_socket || config->listen[i].path != NULL;
    if (!has_socket)
        vdr_sheet_fault(sheet, vdr_sheet_place(node),
                        "behind_proxy: the proxy must come by a unix socket, and listen has none");
    config->behind_proxy = true;
    read_header_name(sheet, values[0], &config->certificate_header);
    read_header_name(sheet, values[1], &config->subject_header);
    read_header_name(sheet, values[2], &config->name_header);
    read_header_name(sheet, values[3], &config->address_header);
}

static void
read_jwt(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_config *config)
{
    static const vdr_sheet_key keys[] = {
        {"issuer", true}, {"audience", true}, {"jwks", true}, {"jwks_ca", false}};
    const vdr_yaml *values[4];
    if (!vdr_sheet_map(sheet, node, keys, 4, values))
        return;
    (void)vdr_sheet_text(sheet, values[0], "the issuer of tokens", &config->jwt_issuer);
    (void)vdr_sheet_text(sheet, values[1], "the audience that tokens must name", &config->jwt_audience);
    (void)vdr_sheet_path(sheet, values[3], &config->jwks_ca);
    const char *text;
    if (!vdr_sheet_text(sheet, values[2], "a path or an https URL", &text))
        return;
    if (strncmp(text, "https://", 8) == 0)
        config->jwks = text;
    else if (strstr(text, "://") != NULL)
        vdr_sheet_fault(sheet, values[2]->place, "jwks: expected a path or an https URL, found \"%.128s\"",
                        text);
    else
        (void)vdr_sheet_path(sheet, values[2], &config->jwks);
}

static void
read_origins(vdr_sheet *sheet, const vdr_yaml *list, vdr_gate_config *config)
{
    if (list == NULL || !vdr_sheet_is_list(sheet, list))
        return;
    vdr_span *origins = array(sheet, list->count, sizeof *origins);
    if (origins == NULL)
        return;
    config->origins = origins;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        const char *text;
        if (!vdr_sheet_text(sheet, item, "an origin", &text))
            continue;
        const char *host = strstr(text, "://");
        if (strncmp(text, "http", 4) != 0 || host == NULL || host[3] == '\0' || strchr(host + 3, '/') != NULL)
            vdr_sheet_fault(sheet, item->place,
                            "origins: expected https://HOST without a path, found \"%.128s\"", text);
        else
            origins[config->origin_count++] = vdr_span_str(text);
    }
}

static void
read_limits(vdr_sheet *sheet, const vdr_yaml *node, vdr_gate_limits *limits)
{
    static const vdr_sheet_key keys[LIMIT_COUNT] = {
#define X(key, member, unit, normal, least, most) {key, false},
        VDR_GATE_LIMITS(X)
#undef X
    };
    const vdr_yaml *values[LIMIT_COUNT] = {0};
    (void)vdr_sheet_map(sheet, node, keys, LIMIT_COUNT, values);
#define X(key, member, unit, normal, least, most)                                                            \
    limits->member = (normal);                                                                               \
    (void)vdr_sheet_number(sheet, values[LIMIT_##member], unit, least, most, &limits->member);
    VDR_GATE_LIMITS(X)
#undef X
}

/* ---- The file ---- */

static void
read_config(vdr_sheet *sheet, vdr_gate_config *config)
{
    const vdr_yaml *values[KEY_COUNT] = {0};
    const vdr_yaml *root = vdr_sheet_read(sheet);
    if (root == NULL || !vdr_sheet_map(sheet, root, file_keys, KEY_COUNT, values))
        return;
    read_listen(sheet, values[LISTEN], values[TLS] != NULL, config);
    read_admin(sheet, values[ADMIN], config);
    (void)vdr_sheet_path(sheet, values[ENDPOINTS], &config->endpoints);
    (void)vdr_sheet_endpoint(sheet, values[BROKER], &config->broker);
    if (values[OPERATORS] != NULL)
        (void)vdr_sheet_endpoint(sheet, values[OPERATORS], &config->operators);
    (void)vdr_sheet_path(sheet, values[BROKER_KEY], &config->broker_key);
    read_parties(sheet, values[PARTIES], config);
    read_tls(sheet, values[TLS], config);
    read_proxy(sheet, values[BEHIND_PROXY], config);
    read_jwt(sheet, values[JWT], config);
    (void)vdr_sheet_path(sheet, values[ACCOUNTS], &config->accounts);
    (void)vdr_sheet_path(sheet, values[SESSIONS], &config->sessions);
    (void)vdr_sheet_path(sheet, values[CONSOLE], &config->console);
    (void)vdr_sheet_path(sheet, values[COURIER], &config->courier);
    read_origins(sheet, values[ORIGINS], config);
    (void)vdr_sheet_bool(sheet, values[DEMONSTRATION], &config->demonstration);
    read_limits(sheet, values[LIMIT_MAP], &config->limits);
}

vdr_err
vdr_gate_config_read(const char *path, vdr_gate_config **ret_config, vdr_bytes *ret_words)
{
    vdr_bytes text = {0};
    vdr_err err = vdr_sheet_load(path, &text, ret_words);
    if (err != VDR_OK) {
        vdr_bytes_done(&text);
        return err;
    }
    holder *it = vdr_alloc(1, sizeof *it);
    vdr_arena_init(&it->arena, TREE_BYTES_MAX + CONFIG_BYTES_MAX);
    it->config.path = (const char *)vdr_arena_copy(&it->arena, vdr_span_str(path)).at;
    vdr_sheet sheet = {
        .path = it->config.path, .text = vdr_bytes_span(&text), .arena = &it->arena, .words = ret_words};
    read_config(&sheet, &it->config);
    vdr_bytes_done(&text);
    vdr_gate_config *config = &it->config;
    if (it->arena.overflow || sheet.faults != 0) {
        vdr_gate_config_free(&config);
        return VDR_E_BAD_CONFIG;
    }
    *ret_config = config;
    return VDR_OK;
}

void
vdr_gate_config_free(vdr_gate_config **config_p)
{
    if (*config_p == NULL)
        return;
    holder *it = (holder *)*config_p;
    vdr_arena_done(&it->arena);
    free(it);
    *config_p = NULL;
}
