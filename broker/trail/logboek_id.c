#include "broker/trail/logboek_id.h"

#include <sodium.h>
#include <string.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define ID_BYTES    (NONCE_BYTES + sizeof((vdr_key16 *)0)->bytes + TAG_BYTES)

_Static_assert(2 * ID_BYTES == VDR_LOGBOEK_SUBJECT_DIGITS, "the digits of a subject");

/* What is made of a place, so that one never is the other. */
enum { FOR_TRACE = 1, FOR_OPERATION = 2, FOR_SUBJECT = 3 };

void
vdr_logboek_keys_init(vdr_logboek_keys *keys, const uint8_t *secret)
{
    (void)crypto_kdf_derive_from_key(keys->ids, sizeof keys->ids, 1, "vdrlogbk", secret);
    (void)crypto_kdf_derive_from_key(keys->subjects, sizeof keys->subjects, 2, "vdrlogbk", secret);
}

void
vdr_logboek_keys_done(vdr_logboek_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

vdr_logboek_keys *
vdr_logboek_keys_new(const uint8_t *secret)
{
    vdr_logboek_keys *keys = sodium_malloc(sizeof *keys);
    VDR_ASSERT(keys != NULL); /* two pages, at the start or for one who asked */
    vdr_logboek_keys_init(keys, secret);
    return keys;
}

vdr_logboek_keys *
vdr_logboek_keys_copy(const vdr_logboek_keys *keys)
{
    vdr_logboek_keys *copy = sodium_malloc(sizeof *copy);
    VDR_ASSERT(copy != NULL);
    *copy = *keys;
    return copy;
}

void
vdr_logboek_keys_free(vdr_logboek_keys **keys_p)
{
    sodium_free(*keys_p); /* wipes */
    *keys_p = NULL;
}

/* person: NULL where it is of nobody. */
static void
hash(const vdr_logboek_keys *keys, uint8_t what, const vdr_logboek_place *place, const vdr_key16 *person,
     uint8_t *ret_bytes, size_t bytes)
{
    uint8_t text[17 + sizeof person->bytes] = {what};
    for (unsigned i = 0; i < 8; i++)
        text[1 + i] = (uint8_t)(place->position >> 8 * i);
    for (unsigned i = 0; i < 4; i++) {
        text[9 + i] = (uint8_t)(place->part >> 8 * i);
        text[13 + i] = (uint8_t)(place->subject >> 8 * i);
    }
    if (person != NULL)
        memcpy(text + 17, person->bytes, sizeof person->bytes);
    (void)crypto_generichash(ret_bytes, bytes, text, sizeof text, keys->ids, sizeof keys->ids);
}

void
vdr_logboek_trace_id(const vdr_logboek_keys *keys, vdr_position position,
                     char ret_id[VDR_LOGBOEK_TRACE_DIGITS + 1])
{
    const vdr_logboek_place place = {.position = position};
    uint8_t bytes[VDR_LOGBOEK_TRACE_DIGITS / 2];
    hash(keys, FOR_TRACE, &place, NULL, bytes, sizeof bytes);
    (void)sodium_bin2hex(ret_id, VDR_LOGBOEK_TRACE_DIGITS + 1, bytes, sizeof bytes);
}

void
vdr_logboek_operation_id(const vdr_logboek_keys *keys, const vdr_logboek_place *place,
                         char ret_id[VDR_LOGBOEK_OPERATION_DIGITS + 1])
{
    uint8_t bytes[crypto_generichash_BYTES_MIN];
    hash(keys, FOR_OPERATION, place, NULL, bytes, sizeof bytes);
    (void)sodium_bin2hex(ret_id, VDR_LOGBOEK_OPERATION_DIGITS + 1, bytes, VDR_LOGBOEK_OPERATION_DIGITS / 2);
}

void
vdr_logboek_subject_id(const vdr_logboek_keys *keys, const vdr_logboek_place *place, const vdr_key16 *person,
                       char ret_id[VDR_LOGBOEK_SUBJECT_DIGITS + 1])
{
    uint8_t bytes[ID_BYTES];
    hash(keys, FOR_SUBJECT, place, person, bytes, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes + NONCE_BYTES, NULL, person->bytes, sizeof person->bytes, NULL, 0, NULL, bytes, keys->subjects);
    (void)sodium_bin2hex(ret_id, VDR_LOGBOEK_SUBJECT_DIGITS + 1, bytes, sizeof bytes);
}

vdr_err
vdr_logboek_subject_open(const vdr_logboek_keys *keys, vdr_span id, vdr_key16 *ret_person)
{
    uint8_t bytes[ID_BYTES];
    vdr_key16 person;
    size_t len;
    if (id.len != VDR_LOGBOEK_SUBJECT_DIGITS ||
        sodium_hex2bin(bytes, sizeof bytes, (const char *)id.at, id.len, NULL, &len, NULL) != 0 ||
        len != sizeof bytes ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(person.bytes, NULL, NULL, bytes + NONCE_BYTES,
                                                   sizeof bytes - NONCE_BYTES, NULL, 0, bytes,
                                                   keys->subjects) != 0)
        return VDR_E_BAD_CONFIG;
    *ret_person = person;
    return VDR_OK;
}
