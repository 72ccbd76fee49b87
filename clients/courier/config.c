#include "clients/courier/config.h"

#include "clients/gateway/sheet.h"
#include "proto/limits.h"
#include "proto/words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define COUNT_OF(a)     (sizeof(a) / sizeof(a)[0])

typedef struct holder {
    vdr_courier_config config; /* first: a configuration is its holder */
    vdr_arena arena;
    vdr_courier_delivery *deliveries; /* the same as config's, to be wiped */
    vdr_courier_zaken *zaken;
} holder;

/* One line of a file, without its end. */
static bool
read_secret_line(vdr_sheet *sheet, const vdr_yaml *node, char line[256], size_t *ret_len)
{
    const char *path;
    struct stat st;
    if (!vdr_sheet_path(sheet, node, &path))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *wrong = NULL;
    ssize_t got = 0;
    if (fd < 0 || fstat(fd, &st) != 0)
        wrong = strerror(errno);
    else if (!S_ISREG(st.st_mode) || ((st.st_mode & 07777) != 0400 && (st.st_mode & 07777) != 0600))
        wrong = "must be a regular file of mode 0400 or 0600";
    else if ((got = read(fd, line, 256)) < 0 || got == 256)
        wrong = "must be one line of at most 255 bytes";
    if (fd >= 0)
        (void)close(fd);
    if (wrong == NULL) {
        size_t len = (size_t)got;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (len != 0 && memchr(line, '\n', len) == NULL) {
            *ret_len = len;
            return true;
        }
        wrong = "must be one line, not empty";
    }
    vdr_sheet_fault(sheet, node->place, "secret %.128s: %s", path, wrong);
    return false;
}

/* "whsec_" and base64, 24 to 64 bytes, as Standard Webhooks says. */
static bool
read_webhook_secret(vdr_sheet *sheet, const vdr_yaml *node, vdr_courier_secret *ret_secret)
{
    char line[256];
    size_t len;
    if (!read_secret_line(sheet, node, line, &len))
        return false;
    bool good = len > 6 && memcmp(line, "whsec_", 6) == 0 &&
                sodium_base642bin(ret_secret->at, sizeof ret_secret->at, line + 6, len - 6, NULL,
                                  &ret_secret->bytes, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                ret_secret->bytes >= 24 && ret_secret->bytes <= 64;
    if (!good)
        vdr_sheet_fault(sheet, node->place,
                        "expected \"whsec_\" and the base64 of 24 to 64 bytes in this file");
    sodium_memzero(line, sizeof line);
    return good;
}

/* https://…, with insecure http:// too. No user, no fragment. */
static void
read_url(vdr_sheet *sheet, const vdr_yaml *node, bool insecure, const char **ret_url)
{
    const char *text;
    if (!vdr_sheet_text(sheet, node, "https://HOST/PATH", &text))
        return;
    bool scheme = strncmp(text, "https://", 8) == 0 || (insecure && strncmp(text, "http://", 7) == 0);
    if (!scheme || strpbrk(text, "@# \"\\") != NULL || strlen(text) > 1000)
        vdr_sheet_fault(sheet, node->place,
                        "expected %s of at most 1000 bytes, without user or fragment, found \"%.128s\"",
                        insecure ? "https:// or http://" : "https://", text);
    else
        *ret_url = text;
}

/* A base path: what is put behind it begins with a slash. */
static void
read_base(vdr_sheet *sheet, const vdr_yaml *node, bool insecure, const char **ret_url)
{
    read_url(sheet, node, insecure, ret_url);
    size_t len = *ret_url == NULL ? 0 : strlen(*ret_url);
    if (len != 0 && (*ret_url)[len - 1] == '/')
        vdr_sheet_fault(sheet, node->place, "expected no slash at the end of \"%.128s\"", *ret_url);
}

static bool
parse_network(const char *text, vdr_courier_network *ret_network)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool four = inet_pton(AF_INET, host, ret_network->address + 12) == 1;
    if (four)
        memcpy(ret_network->address, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, host, ret_network->address) != 1)
        return false;
    char *end = NULL;
    unsigned long bits = slash == NULL ? (four ? 32 : 128) : strtoul(slash + 1, &end, 10);
    if ((end != NULL && (*end != '\0' || end == slash + 1)) || bits > (four ? 32UL : 128UL))
        return false;
    ret_network->bits = (unsigned)bits + (four ? 96 : 0);
    return true;
}

static void
read_allow(vdr_sheet *sheet, const vdr_yaml *list, vdr_courier_config *config)
{
    if (list == NULL || !vdr_sheet_is_list(sheet, list))
        return;
    vdr_courier_network *networks = vdr_arena_alloc(sheet->arena, (list->count + 1) * sizeof *networks);
    if (networks == NULL)
        return;
    config->allow = networks;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        const char *text;
        if (!vdr_sheet_text(sheet, item, "a network", &text))
            continue;
        if (parse_network(text, &networks[config->allow_count]))
            config->allow_count++;
        else
            vdr_sheet_fault(sheet, item->place,
                            "allow: expected ADDRESS/BITS, as 10.1.0.0/16, found \"%.128s\"", text);
    }
}

/* KIND:ID, and the name of its folder. */
static void
read_party(vdr_sheet *sheet, const vdr_yaml *node, vdr_courier_delivery *delivery)
{
    const char *text;
    if (!vdr_sheet_text(sheet, node, "KIND:ID", &text))
        return;
    size_t kind = strcspn(text, ":"), len = strlen(text);
    bool good = vdr_party_kind_of(vdr_span_of(text, kind)) != VDR_PARTY_NONE && len > kind + 1 &&
                len <= VDR_CONF_NAME_MAX + 20 &&
                strspn(text + kind + 1,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len - kind - 1;
    char *name = vdr_arena_alloc(sheet->arena, len + 1);
    if (!good || name == NULL) {
        vdr_sheet_fault(sheet, node->place, "party: expected KIND:ID, as regisseur:r-anna, found \"%.128s\"",
                        text);
        return;
    }
    memcpy(name, text, len + 1);
    name[kind] = '-';
    delivery->party = text;
    delivery->name = name;
}

static void
read_delivery(vdr_sheet *sheet, const vdr_yaml *node, const vdr_courier_config *config,
              vdr_courier_delivery *delivery)
{
    static const vdr_sheet_key keys[] = {{"party", true}, {"key", true}, {"url", true}, {"secrets", true}};
    const vdr_yaml *values[COUNT_OF(keys)] = {0};
    if (!vdr_sheet_map(sheet, node, keys, COUNT_OF(keys), values))
        return;
    read_party(sheet, values[0], delivery);
    (void)vdr_sheet_path(sheet, values[1], &delivery->key_file);
    read_url(sheet, values[2], config->insecure, &delivery->url);
    bool apart = delivery->party != NULL && (strncmp(delivery->party, "operator:", 9) == 0 ||
                                             strncmp(delivery->party, "auditor:", 8) == 0);
    delivery->endpoint = apart && config->operators != NULL ? config->operators : config->broker;
    if (values[3] == NULL || !vdr_sheet_is_list(sheet, values[3]))
        return;
    if (values[3]->count == 0 || values[3]->count > VDR_COURIER_SECRETS_MAX)
        vdr_sheet_fault(sheet, vdr_sheet_place(values[3]), "secrets: expected one to %d files",
                        VDR_COURIER_SECRETS_MAX);
    for (const vdr_yaml *item = values[3]->first;
         item != NULL && delivery->secret_count < VDR_COURIER_SECRETS_MAX; item = item->next)
        delivery->secret_count +=
            read_webhook_secret(sheet, item, &delivery->secrets[delivery->secret_count]) ? 1 : 0;
}

static void
read_deliveries(vdr_sheet *sheet, const vdr_yaml *list, holder *it)
{
    if (list == NULL || !vdr_sheet_is_list(sheet, list))
        return;
    it->deliveries = vdr_alloc(list->count + 1, sizeof *it->deliveries);
    it->config.deliveries = it->deliveries;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next) {
        vdr_courier_delivery *delivery = &it->deliveries[it->config.delivery_count];
        read_delivery(sheet, item, &it->config, delivery);
        for (size_t i = 0; delivery->party != NULL && i < it->config.delivery_count; i++)
            if (it->deliveries[i].party != NULL && strcmp(it->deliveries[i].party, delivery->party) == 0)
                vdr_sheet_fault(sheet, item->place, "%.128s is here twice: a mailbox has one receiver",
                                delivery->party);
        it->config.delivery_count++;
    }
}

static void
read_urls(vdr_sheet *sheet, const vdr_yaml *node, const vdr_sheet_key *keys, size_t count, bool insecure,
          const char **ret_urls)
{
    const vdr_yaml *values[8] = {0};
    if (node == NULL || !vdr_sheet_map(sheet, node, keys, count, values))
        return;
    for (size_t i = 0; i < count; i++)
        read_url(sheet, values[i], insecure, &ret_urls[i]);
}

static void
read_zaken(vdr_sheet *sheet, const vdr_yaml *node, holder *it)
{
    static const vdr_sheet_key keys[] = {{"key", true},         {"url", true},       {"organisation", true},
                                         {"zaaktype", true},    {"roltype", true},   {"statustypes", true},
                                         {"resulttypes", true}, {"client_id", true}, {"secret", true}};
    static const vdr_sheet_key statuses[] = {
        {"opened", true}, {"accepted", true}, {"planned", true}, {"ended", true}};
    static const vdr_sheet_key results[] = {
        {"closed", true}, {"dismissed", true}, {"retracted", true}, {"merged", true}};
    const vdr_yaml *values[COUNT_OF(keys)] = {0};
    if (node == NULL || !vdr_sheet_map(sheet, node, keys, COUNT_OF(keys), values))
        return;
    bool insecure = it->config.insecure;
    it->zaken = vdr_alloc(1, sizeof *it->zaken);
    vdr_courier_zaken *zaken = it->zaken;
    it->config.zaken = zaken;
    zaken->endpoint = it->config.operators;
    if (zaken->endpoint == NULL)
        vdr_sheet_fault(sheet, vdr_sheet_place(node),
                        "zaken: operators, the broker's listener for operators, is needed too");
    (void)vdr_sheet_path(sheet, values[0], &zaken->key_file);
    read_base(sheet, values[1], insecure, &zaken->url);
    (void)vdr_sheet_text(sheet, values[2], "an RSIN of nine digits", &zaken->organisation);
    if (zaken->organisation != NULL &&
        (strlen(zaken->organisation) != 9 || strspn(zaken->organisation, "0123456789") != 9))
        vdr_sheet_fault(sheet, values[2]->place,
                        "organisation: expected an RSIN of nine digits, found \"%.64s\"",
                        zaken->organisation);
    read_url(sheet, values[3], insecure, &zaken->zaaktype);
    read_url(sheet, values[4], insecure, &zaken->roltype);
    read_urls(sheet, values[5], statuses, VDR_ZAAK_STATUSES, insecure, zaken->statustypes);
    read_urls(sheet, values[6], results, VDR_ZAAK_RESULTS, insecure, zaken->resulttypes);
    (void)vdr_sheet_text(sheet, values[7], "the client's id", &zaken->client_id);
    char line[256];
    size_t len;
    if (values[8] != NULL && read_secret_line(sheet, values[8], line, &len)) {
        if (len > VDR_COURIER_SECRET_BYTES_MAX)
            vdr_sheet_fault(sheet, values[8]->place, "secret: at most %d bytes were expected",
                            VDR_COURIER_SECRET_BYTES_MAX);
        else
            memcpy(zaken->secret.at, line, zaken->secret.bytes = len);
        sodium_memzero(line, sizeof line);
    }
}

static void
read_retries(vdr_sheet *sheet, const vdr_yaml *node, vdr_courier_config *config)
{
    static const vdr_sheet_key keys[] = {
        {"first", false}, {"factor", false}, {"longest", false}, {"attempts", false}};
    const vdr_yaml *values[COUNT_OF(keys)] = {0};
    if (node == NULL || !vdr_sheet_map(sheet, node, keys, COUNT_OF(keys), values))
        return;
    (void)vdr_sheet_number(sheet, values[0], VDR_SHEET_DURATION, 1, 3600000, &config->retry_first_ms);
    (void)vdr_sheet_number(sheet, values[1], VDR_SHEET_COUNT, 1, 100, &config->retry_factor);
    (void)vdr_sheet_number(sheet, values[2], VDR_SHEET_DURATION, 1, INT64_C(604800000),
                           &config->retry_longest_ms);
    (void)vdr_sheet_number(sheet, values[3], VDR_SHEET_COUNT, 1, 1000, &config->attempts);
}

static void
read_config(vdr_sheet *sheet, holder *it)
{
    enum {
        BROKER,
        OPERATORS,
        BROKER_KEY,
        FOLDER,
        ORIGIN,
        ALLOW,
        CA,
        DELIVERIES,
        ZAKEN,
        RETRIES,
        INSECURE,
        KEYS
    };
    static const vdr_sheet_key keys[KEYS] = {[BROKER] = {"broker", true},
                                             [OPERATORS] = {"operators", false},
                                             [BROKER_KEY] = {"broker_key", true},
                                             [FOLDER] = {"folder", true},
                                             [ORIGIN] = {"origin", true},
                                             [ALLOW] = {"allow", false},
                                             [CA] = {"ca", false},
                                             [DELIVERIES] = {"deliveries", false},
                                             [ZAKEN] = {"zaken", false},
                                             [RETRIES] = {"retries", false},
                                             [INSECURE] = {"insecure", false}};
    const vdr_yaml *values[KEYS] = {0};
    vdr_courier_config *config = &it->config;
    const vdr_yaml *root = vdr_sheet_read(sheet);
    if (root == NULL || !vdr_sheet_map(sheet, root, keys, KEYS, values))
        return;
    /* About a day, the steps that administrators of Open Notificaties know: 25 s, 100 s, … 14 h. */
    config->retry_first_ms = 25000;
    config->retry_factor = 4;
    config->retry_longest_ms = INT64_C(52000000);
    config->attempts = 8;
    (void)vdr_sheet_bool(sheet, values[INSECURE], &config->insecure);
    (void)vdr_sheet_endpoint(sheet, values[BROKER], &config->broker);
    if (values[OPERATORS] != NULL)
        (void)vdr_sheet_endpoint(sheet, values[OPERATORS], &config->operators);
    (void)vdr_sheet_path(sheet, values[BROKER_KEY], &config->broker_key);
    (void)vdr_sheet_path(sheet, values[FOLDER], &config->folder);
    (void)vdr_sheet_path(sheet, values[CA], &config->ca);
    (void)vdr_sheet_text(sheet, values[ORIGIN], "the name of this host", &config->origin);
    if (config->origin != NULL &&
        strspn(config->origin, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(config->origin))
        vdr_sheet_fault(sheet, values[ORIGIN]->place,
                        "origin: expected a host's name, as voordeur.example, found \"%.128s\"",
                        config->origin);
    read_allow(sheet, values[ALLOW], config);
    read_deliveries(sheet, values[DELIVERIES], it);
    read_zaken(sheet, values[ZAKEN], it);
    read_retries(sheet, values[RETRIES], config);
    if (config->delivery_count == 0 && config->zaken == NULL)
        vdr_sheet_fault(sheet, vdr_sheet_place(root),
                        "there is nothing to do: deliveries, zaken or both were expected");
}

vdr_err
vdr_courier_config_read(const char *path, vdr_courier_config **ret_config, vdr_bytes *ret_words)
{
    vdr_bytes text = {0};
    vdr_err err = vdr_sheet_load(path, &text, ret_words);
    if (err != VDR_OK) {
        vdr_bytes_done(&text);
        return err;
    }
    holder *it = vdr_alloc(1, sizeof *it);
    vdr_arena_init(&it->arena, ARENA_BYTES_MAX);
    vdr_sheet sheet = {.path = (const char *)vdr_arena_copy(&it->arena, vdr_span_str(path)).at,
                       .text = vdr_bytes_span(&text),
                       .arena = &it->arena,
                       .words = ret_words};
    read_config(&sheet, it);
    vdr_bytes_done(&text);
    vdr_courier_config *config = &it->config;
    if (it->arena.overflow || sheet.faults != 0) {
        vdr_courier_config_free(&config);
        return VDR_E_BAD_CONFIG;
    }
    *ret_config = config;
    return VDR_OK;
}

void
vdr_courier_config_free(vdr_courier_config **config_p)
{
    if (*config_p == NULL)
        return;
    holder *it = (holder *)*config_p;
    for (size_t i = 0; i < it->config.delivery_count; i++)
        sodium_memzero(it->deliveries[i].secrets, sizeof it->deliveries[i].secrets);
    if (it->zaken != NULL)
        sodium_memzero(&it->zaken->secret, sizeof it->zaken->secret);
    free(it->deliveries);
    free(it->zaken);
    vdr_arena_done(&it->arena);
    free(it);
    *config_p = NULL;
}
