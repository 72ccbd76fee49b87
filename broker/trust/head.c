#include "broker/trust/head.h"

#include "proto/time.h"

#include <sodium.h>
#include <stdio.h>

#define DOMAIN "voordeur head 1\n"
#define MARK   ",\"signature\":\""

void
vdr_head_key(const uint8_t seed[VDR_HEAD_KEY_BYTES], uint8_t ret_key[VDR_HEAD_KEY_BYTES])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    (void)crypto_sign_seed_keypair(ret_key, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

/* Everything before the signature; with the name of the form in front. */
static size_t
write_signed(const vdr_head *head, char *ret_text)
{
    char store[2 * VDR_HEAD_STORE_BYTES + 1], chain[2 * VDR_HEAD_HASH_BYTES + 1];
    char told[2 * VDR_HEAD_HASH_BYTES + 1], previous[2 * VDR_HEAD_HASH_BYTES + 1];
    char key[2 * VDR_HEAD_KEY_BYTES + 1], time[VDR_TIME_TEXT_BYTES];
    (void)sodium_bin2hex(store, sizeof store, head->store, sizeof head->store);
    (void)sodium_bin2hex(chain, sizeof chain, head->log.chain, sizeof head->log.chain);
    (void)sodium_bin2hex(told, sizeof told, head->log.told, sizeof head->log.told);
    (void)sodium_bin2hex(previous, sizeof previous, head->previous, sizeof head->previous);
    (void)sodium_bin2hex(key, sizeof key, head->key, sizeof head->key);
    vdr_time_format(head->time, time);
    int len = snprintf(ret_text, VDR_HEAD_LINE_BYTES,
                       DOMAIN "{\"head\":1,\"number\":%llu,\"store\":\"%s\",\"position\":%llu,\"epoch\":%llu,"
                              "\"chain\":\"%s\",\"told\":\"%s\",\"time\":\"%.*s\",\"release\":\"%s\","
                              "\"previous\":\"%s\",\"key\":\"%s\"",
                       (unsigned long long)head->number, store, (unsigned long long)head->log.position,
                       (unsigned long long)head->log.epoch, chain, told, (int)VDR_TIME_TEXT_BYTES, time,
                       head->release, previous, key);
    VDR_ASSERT(len > 0 && (size_t)len < VDR_HEAD_LINE_BYTES);
    return (size_t)len;
}

void
vdr_head_sign(vdr_head *head, const uint8_t seed[VDR_HEAD_KEY_BYTES])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char text[VDR_HEAD_LINE_BYTES];
    (void)crypto_sign_seed_keypair(head->key, secret, seed);
    size_t len = write_signed(head, text);
    (void)crypto_sign_detached(head->signature, NULL, (const uint8_t *)text, len, secret);
    sodium_memzero(secret, sizeof secret);
}

bool
vdr_head_signed(const vdr_head *head)
{
    char text[VDR_HEAD_LINE_BYTES];
    size_t len = write_signed(head, text);
    return crypto_sign_verify_detached(head->signature, (const uint8_t *)text, len, head->key) == 0;
}

size_t
vdr_head_write(const vdr_head *head, char ret_line[VDR_HEAD_LINE_BYTES])
{
    char text[VDR_HEAD_LINE_BYTES], signature[2 * sizeof head->signature + 1];
    size_t signed_len = write_signed(head, text) - (sizeof DOMAIN - 1);
    (void)sodium_bin2hex(signature, sizeof signature, head->signature, sizeof head->signature);
    int len = snprintf(ret_line, VDR_HEAD_LINE_BYTES, "%.*s" MARK "%s\"}", (int)signed_len,
                       text + sizeof DOMAIN - 1, signature);
    VDR_ASSERT(len > 0 && (size_t)len < VDR_HEAD_LINE_BYTES);
    return (size_t)len;
}

/* ---- reading: each member in its place; that the spelling is the one is seen by writing it again */

typedef struct scan {
    const char *at, *end;
    bool good;
} scan;

static void
literal(scan *s, const char *text)
{
    size_t len = strlen(text);
    s->good = s->good && (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
    if (s->good)
        s->at += len;
}

static uint64_t
number(scan *s, const char *before)
{
    uint64_t value = 0;
    const char *begin;
    literal(s, before);
    for (begin = s->at; s->good && s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        s->good = value <= (UINT64_MAX - 9) / 10;
        value = value * 10 + (uint64_t)(*s->at - '0');
    }
    s->good = s->good && s->at > begin;
    return value;
}

static void
hex(scan *s, const char *before, uint8_t *ret_bytes, size_t count)
{
    size_t made = 0;
    literal(s, before);
    s->good = s->good && (size_t)(s->end - s->at) >= 2 * count &&
              sodium_hex2bin(ret_bytes, count, s->at, 2 * count, NULL, &made, NULL) == 0 && made == count;
    if (s->good)
        s->at += 2 * count;
}

static vdr_span
text(scan *s, const char *before)
{
    literal(s, before);
    const char *begin = s->at;
    while (s->good && s->at < s->end && *s->at != '"' && *s->at != '\\' && *s->at >= ' ' && *s->at <= '~')
        s->at++;
    return vdr_span_of(begin, (size_t)(s->at - begin));
}

vdr_err
vdr_head_read(vdr_span line, vdr_head *ret_head)
{
    scan s = {.at = (const char *)line.at, .end = (const char *)line.at + line.len, .good = line.len != 0};
    vdr_head head = {0};
    char again[VDR_HEAD_LINE_BYTES];
    uint64_t form = number(&s, "{\"head\":");
    if (s.good && form > 1)
        return VDR_E_STORE_VERSION;
    head.number = number(&s, ",\"number\":");
    hex(&s, ",\"store\":\"", head.store, sizeof head.store);
    head.log.position = number(&s, "\",\"position\":");
    head.log.epoch = number(&s, ",\"epoch\":");
    hex(&s, ",\"chain\":\"", head.log.chain, sizeof head.log.chain);
    hex(&s, "\",\"told\":\"", head.log.told, sizeof head.log.told);
    vdr_span time = text(&s, "\",\"time\":\"");
    vdr_span release = text(&s, "\",\"release\":\"");
    hex(&s, "\",\"previous\":\"", head.previous, sizeof head.previous);
    hex(&s, "\",\"key\":\"", head.key, sizeof head.key);
    hex(&s, "\"" MARK, head.signature, sizeof head.signature);
    literal(&s, "\"}");
    if (!s.good || s.at != s.end || !vdr_time_parse(time, &head.time) || release.len >= sizeof head.release ||
        line.len >= sizeof again)
        return VDR_E_STORE_CORRUPT;
    memcpy(head.release, release.at, release.len);
    size_t len = vdr_head_write(&head, again);
    if (!vdr_span_equal(line, vdr_span_of(again, len)))
        return VDR_E_STORE_CORRUPT;
    *ret_head = head;
    return VDR_OK;
}

void
vdr_head_hash(vdr_span line, uint8_t ret_hash[VDR_HEAD_HASH_BYTES])
{
    (void)crypto_generichash(ret_hash, VDR_HEAD_HASH_BYTES, line.at, line.len, NULL, 0);
}

bool
vdr_head_key_read(vdr_span digits, uint8_t ret_key[VDR_HEAD_KEY_BYTES])
{
    size_t made = 0;
    return digits.len == 2 * VDR_HEAD_KEY_BYTES &&
           sodium_hex2bin(ret_key, VDR_HEAD_KEY_BYTES, (const char *)digits.at, digits.len, NULL, &made,
                          NULL) == 0 &&
           made == VDR_HEAD_KEY_BYTES;
}
