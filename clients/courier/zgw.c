#include "clients/courier/zgw.h"

#include "proto/time.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGES_MAX    50u /* of a list about one case */
#define LIST_URL_MAX (4 * VDR_ZGW_URL_MAX)

/* ---- Tokens ---- */

static void
add_base64(vdr_bytes *out, const uint8_t *at, size_t len)
{
    size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = (char *)vdr_bytes_extend(out, size);
    (void)sodium_bin2base64(text, size, at, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len--; /* its end */
}

void
vdr_zgw_token(const vdr_courier_zaken *config, int64_t now_s, vdr_bytes *out)
{
    static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    json_t *claims =
        json_pack("{s:s, s:I, s:s, s:s, s:s}", "iss", config->client_id, "iat", (json_int_t)now_s,
                  "client_id", config->client_id, "user_id", "voordeur", "user_representation", "Voordeur");
    char *text = json_dumps(claims, JSON_COMPACT);
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t from = out->len;
    VDR_ASSERT(text != NULL);
    add_base64(out, (const uint8_t *)head, sizeof head - 1);
    vdr_bytes_add(out, vdr_span_str("."));
    add_base64(out, (const uint8_t *)text, strlen(text));
    (void)crypto_auth_hmacsha256_init(&state, config->secret.at, config->secret.bytes);
    (void)crypto_auth_hmacsha256_update(&state, out->at + from, out->len - from);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
    vdr_bytes_add(out, vdr_span_str("."));
    add_base64(out, mac, sizeof mac);
    vdr_bytes_add(out, vdr_span_of("", 1));
    free(text);
    json_decref(claims);
}

/* ---- Calls ---- */

/* The words of a refusal: title and detail of problem+json, cut; they are the case system's, about our request. */
static void
refusal_words(const vdr_zgw *zgw, const vdr_post *post, const vdr_post_answer *answer)
{
    json_t *problem = json_loadb((const char *)answer->body.at, answer->body.len, 0, NULL);
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    if (answer->status == 0)
        (void)snprintf(zgw->words, VDR_ZGW_WORDS, "%s: %.200s", post->method, answer->words);
    else
        (void)snprintf(zgw->words, VDR_ZGW_WORDS, "%s: status %ld %.80s %.100s", post->method, answer->status,
                       title == NULL ? "" : title, detail == NULL ? "" : detail);
    vdr_post_words(zgw->words);
    json_decref(problem);
}

/* body is taken over; NULL: none. ret_json may be NULL. */
static vdr_err
call(const vdr_zgw *zgw, const char *method, const char *url, json_t *body, json_t **ret_json)
{
    vdr_bytes authorization = {0};
    vdr_post_answer answer = {0};
    char audit[300], *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    vdr_bytes_add(&authorization, vdr_span_str("Authorization: Bearer "));
    vdr_zgw_token(zgw->config, now.tv_sec, &authorization);
    (void)snprintf(audit, sizeof audit, "X-Audit-Toelichting: %.250s", zgw->audit);
    vdr_post post = {.method = method,
                     .url = url,
                     .headers = {(const char *)authorization.at, audit, "Accept: application/json",
                                 "Accept-Crs: EPSG:4326", body == NULL ? NULL : "Content-Crs: EPSG:4326",
                                 "Content-Type: application/json"},
                     .body = text == NULL ? (vdr_span){0} : vdr_span_str(text)};
    vdr_poster_send(zgw->poster, &post, &answer);
    sodium_memzero(authorization.at, authorization.len);
    vdr_bytes_done(&authorization);
    free(text);
    json_decref(body);
    vdr_err err = VDR_OK;
    if (answer.status >= 200 && answer.status < 300) {
        json_t *json =
            ret_json == NULL ? NULL : json_loadb((const char *)answer.body.at, answer.body.len, 0, NULL);
        if (ret_json != NULL && json == NULL) {
            (void)snprintf(zgw->words, VDR_ZGW_WORDS, "%s: the answer is no JSON", method);
            err = VDR_E_MALFORMED;
        } else if (ret_json != NULL) {
            *ret_json = json;
        }
    } else {
        bool later = answer.status == 0 || answer.status == 401 || answer.status == 403 ||
                     answer.status == 408 || answer.status == 429 || answer.status >= 500;
        err = later && !answer.refused ? VDR_E_IO : VDR_E_MALFORMED;
        refusal_words(zgw, &post, &answer);
    }
    vdr_bytes_done(&answer.body);
    return err;
}

/* NAME=VALUE with the value percent-encoded, behind ? or &. */
static void
add_query(char *url, size_t size, const char *name, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = strlen(url);
    int head = snprintf(url + len, size - len, "%c%s=", strchr(url, '?') == NULL ? '?' : '&', name);
    len += head > 0 ? (size_t)head : 0;
    for (; *value != '\0' && len + 4 < size; value++) {
        bool plain = (*value >= '0' && *value <= '9') || (*value >= 'a' && *value <= 'z') ||
                     (*value >= 'A' && *value <= 'Z') || *value == '-' || *value == '_' || *value == '.';
        if (plain) {
            url[len++] = *value;
            continue;
        }
        url[len++] = '%';
        url[len++] = hex[(uint8_t)*value >> 4];
        url[len++] = hex[(uint8_t)*value & 15];
    }
    url[len] = '\0';
}

/* Does the address stand under the API's own, with nothing in its path that leads out of there again? Behind a "?" stands
 * anything that a request line takes. */
static bool
is_below(const vdr_zgw *zgw, const char *url, bool query_too)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/";
    size_t base = strlen(zgw->config->url);
    if (strncmp(url, zgw->config->url, base) != 0 || url[base] != '/')
        return false;
    const char *end = url + base + strspn(url + base, plain);
    if (query_too && *end == '?')
        for (; (unsigned char)*end > ' ' && (unsigned char)*end < 0x7f && *end != '#'; end++)
            ;
    return *end == '\0';
}

/* A list comes as pages with results, each of which names the next, or as one array. All rows, whatever the pages. */
static vdr_err
rows_of(const vdr_zgw *zgw, const char *first_url, json_t **ret_rows)
{
    char url[LIST_URL_MAX];
    json_t *rows = json_array();
    vdr_err err = VDR_OK;
    (void)snprintf(url, sizeof url, "%s", first_url);
    for (size_t page = 0; url[0] != '\0' && err == VDR_OK; page++) {
        json_t *json = NULL;
        err = page < PAGES_MAX ? call(zgw, "GET", url, NULL, &json) : VDR_E_MALFORMED;
        if (page == PAGES_MAX)
            (void)snprintf(zgw->words, VDR_ZGW_WORDS, "GET: the list has more than %u pages", PAGES_MAX);
        const char *next = json_string_value(json_object_get(json, "next"));
        json_t *results = json_object_get(json, "results");
        if (err == VDR_OK && json_array_extend(rows, results != NULL ? results : json) != 0) {
            (void)snprintf(zgw->words, VDR_ZGW_WORDS, "GET: the answer is no list");
            err = VDR_E_MALFORMED;
        }
        url[0] = '\0';
        if (err == VDR_OK && next != NULL && strlen(next) < sizeof url && is_below(zgw, next, true)) {
            (void)snprintf(url, sizeof url, "%s", next);
        } else if (err == VDR_OK && next != NULL) {
            (void)snprintf(zgw->words, VDR_ZGW_WORDS,
                           "GET: the next page is not under the API's own address");
            err = VDR_E_MALFORMED;
        }
        json_decref(json);
    }
    if (err != VDR_OK)
        json_decref(rows);
    else
        *ret_rows = rows;
    return err;
}

static vdr_err
list(const vdr_zgw *zgw, const char *noun, const char *zaak, json_t **ret_rows)
{
    char url[2 * VDR_ZGW_URL_MAX];
    (void)snprintf(url, sizeof url, "%s/%s", zgw->config->url, noun);
    add_query(url, sizeof url, "zaak", zaak);
    return rows_of(zgw, url, ret_rows);
}

static vdr_err
make(const vdr_zgw *zgw, const char *noun, json_t *body)
{
    char url[VDR_ZGW_URL_MAX + 32];
    (void)snprintf(url, sizeof url, "%s/%s", zgw->config->url, noun);
    return call(zgw, "POST", url, body, NULL);
}

/* Only addresses under the API's own are followed: what a case system answers does not lead us elsewhere, nor out of
 * there again by dots, escapes or a query. */
static bool
take_url(const vdr_zgw *zgw, const json_t *object, char ret_url[VDR_ZGW_URL_MAX])
{
    const char *url = json_string_value(json_object_get(object, "url"));
    if (url == NULL || strlen(url) >= VDR_ZGW_URL_MAX || !is_below(zgw, url, false)) {
        (void)snprintf(zgw->words, VDR_ZGW_WORDS, "the answer names no url under the API's own address");
        return false;
    }
    memcpy(ret_url, url, strlen(url) + 1);
    return true;
}

/* Is it what was asked for? A case system that passes over a filter must not have us touch another's. */
static bool
has(const json_t *row, const char *member, const char *wanted)
{
    const char *value = json_string_value(json_object_get(row, member));
    return value != NULL && strcmp(value, wanted) == 0;
}

/* ---- What shall be so ---- */

vdr_err
vdr_zgw_zaak(const vdr_zgw *zgw, const char *identificatie, vdr_ms opened, char ret_url[VDR_ZGW_URL_MAX])
{
    char url[2 * VDR_ZGW_URL_MAX], day[VDR_TIME_TEXT_BYTES];
    json_t *found = NULL, *made = NULL, *row;
    size_t i;
    (void)snprintf(url, sizeof url, "%s/zaken", zgw->config->url);
    add_query(url, sizeof url, "identificatie", identificatie);
    add_query(url, sizeof url, "bronorganisatie", zgw->config->organisation);
    vdr_err err = rows_of(zgw, url, &found);
    if (err != VDR_OK)
        return err;
    json_array_foreach(found, i, row)
    {
        if (!has(row, "identificatie", identificatie) ||
            !has(row, "bronorganisatie", zgw->config->organisation))
            continue;
        err = take_url(zgw, row, ret_url) ? VDR_OK : VDR_E_MALFORMED;
        json_decref(found);
        return err;
    }
    json_decref(found);
    vdr_time_format(opened, day);
    (void)snprintf(url, sizeof url, "%s/zaken", zgw->config->url);
    err = call(zgw, "POST", url,
               json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "identificatie", identificatie,
                         "bronorganisatie", zgw->config->organisation, "verantwoordelijkeOrganisatie",
                         zgw->config->organisation, "zaaktype", zgw->config->zaaktype, "startdatum",
                         json_stringn(day, 10), "vertrouwelijkheidaanduiding", "zaakvertrouwelijk",
                         "omschrijving", "Casus van een huishouden"),
               &made);
    if (err == VDR_OK && !take_url(zgw, made, ret_url))
        err = VDR_E_MALFORMED;
    json_decref(made);
    return err;
}

vdr_err
vdr_zgw_regisseur(const vdr_zgw *zgw, const char *zaak, const char *regisseur)
{
    json_t *roles = NULL, *role;
    size_t i;
    bool there = false;
    vdr_err err = list(zgw, "rollen", zaak, &roles);
    json_array_foreach(roles, i, role)
    {
        const char *type = json_string_value(json_object_get(role, "roltype"));
        const char *who = json_string_value(
            json_object_get(json_object_get(role, "betrokkeneIdentificatie"), "identificatie"));
        char url[VDR_ZGW_URL_MAX];
        if (err != VDR_OK || type == NULL || strcmp(type, zgw->config->roltype) != 0 ||
            !has(role, "zaak", zaak))
            continue;
        if (!there && regisseur != NULL && who != NULL && strcmp(who, regisseur) == 0)
            there = true;
        else if (take_url(zgw, role, url))
            err = call(zgw, "DELETE", url, NULL, NULL);
        else
            err = VDR_E_MALFORMED;
    }
    json_decref(roles);
    if (err != VDR_OK || there || regisseur == NULL)
        return err;
    return make(zgw, "rollen",
                json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "zaak", zaak, "betrokkeneType", "medewerker",
                          "roltype", zgw->config->roltype, "roltoelichting", "regisseur",
                          "betrokkeneIdentificatie", "identificatie", regisseur));
}

vdr_err
vdr_zgw_status(const vdr_zgw *zgw, const char *zaak, vdr_zaak_status status, vdr_ms at)
{
    json_t *statuses = NULL, *one;
    size_t i;
    const char *wanted = zgw->config->statustypes[status];
    char instant[VDR_TIME_TEXT_BYTES];
    bool there = false;
    vdr_time_format(at, instant);
    vdr_err err = list(zgw, "statussen", zaak, &statuses);
    json_array_foreach(statuses, i, one)
    {
        const char *type = json_string_value(json_object_get(one, "statustype"));
        there = there || (type != NULL && strcmp(type, wanted) == 0 && has(one, "zaak", zaak));
    }
    json_decref(statuses);
    if (err != VDR_OK || there)
        return err;
    return make(zgw, "statussen",
                json_pack("{s:s, s:s, s:o}", "zaak", zaak, "statustype", wanted, "datumStatusGezet",
                          json_stringn(instant, sizeof instant)));
}

vdr_err
vdr_zgw_result(const vdr_zgw *zgw, const char *zaak, vdr_zaak_result result)
{
    json_t *results = NULL, *one;
    size_t i;
    bool there = false; /* a zaak has one */
    vdr_err err = list(zgw, "resultaten", zaak, &results);
    json_array_foreach(results, i, one) there = there || has(one, "zaak", zaak);
    json_decref(results);
    if (err != VDR_OK || there)
        return err;
    return make(zgw, "resultaten",
                json_pack("{s:s, s:s}", "zaak", zaak, "resultaattype", zgw->config->resulttypes[result]));
}
