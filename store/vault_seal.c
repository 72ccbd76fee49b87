/* What the keys are used for. */
#include "store/vault_inside.h"

#include "store/bytes.h"

#include <sodium.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES /* also of XChaCha20 itself */

#define STREAM_BLOCK_BYTES 64u  /* of ChaCha20 */
#define STREAM_HALF_BYTES  256u /* what the library makes at once, where the processor can */
#define STREAM_STEP_BYTES  512u /* the same, for less than twice as much */
#define BOUND_BYTES_MAX    64u

_Static_assert(VDR_VAULT_BLOCK_BYTES == 4 + NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "block");
_Static_assert(VDR_VAULT_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");

/* ---- Data keys ---- */

/* XChaCha20's nonce is 16 bytes that choose a key for ChaCha20 and 8 that go into it: the first are the same for
 * all records of a group. */
static void
nonce_begin(const uint8_t salt[VDR_VAULT_SALT_BYTES], uint8_t ret_nonce[NONCE_BYTES])
{
    memset(ret_nonce, 0, NONCE_BYTES);
    memcpy(ret_nonce, salt, VDR_VAULT_SALT_BYTES);
}

void
vdr_vault_wrap(const uint8_t *subkey, const uint8_t salt[VDR_VAULT_SALT_BYTES], vdr_position position,
               const uint8_t key[VDR_VAULT_KEY_BYTES], uint8_t ret_key[VDR_VAULT_KEY_BYTES])
{
    uint8_t nonce[NONCE_BYTES];
    nonce_begin(salt, nonce);
    vdr_put_be64(nonce + 16, position);
    (void)crypto_stream_xchacha20_xor(ret_key, key, VDR_VAULT_KEY_BYTES, nonce, subkey);
}

void
vdr_vault_group_begin(vdr_vault *vault)
{
    vdr_vault_secrets *secrets = vault->secrets;
    uint8_t nonce[NONCE_BYTES];
    (void)pthread_mutex_lock(&vault->sealing);
    randombytes_buf(vault->group_salt, sizeof vault->group_salt);
    nonce_begin(vault->group_salt, nonce);
    (void)pthread_rwlock_rdlock(&vault->ring);
    vault->group_generation = secrets->newest.generation;
    (void)crypto_core_hchacha20(secrets->group, nonce, secrets->newest.record, NULL);
    (void)pthread_rwlock_unlock(&vault->ring);
}

void
vdr_vault_group_end(vdr_vault *vault)
{
    sodium_memzero(vault->secrets->group, sizeof vault->secrets->group);
    sodium_memzero(vault->secrets->data, sizeof vault->secrets->data);
    sodium_memzero(vault->secrets->stream, sizeof vault->secrets->stream);
    (void)pthread_mutex_unlock(&vault->sealing);
}

void
vdr_vault_record(vdr_vault *vault, vdr_position position, uint8_t *ret_envelope)
{
    uint8_t nonce[8];
    vdr_put_le32(ret_envelope, vault->group_generation);
    memcpy(ret_envelope + 4, vault->group_salt, VDR_VAULT_SALT_BYTES);
    vdr_put_be64(nonce, position);
    (void)crypto_stream_chacha20(vault->secrets->data, VDR_VAULT_KEY_BYTES, nonce, vault->secrets->group);
}

void
vdr_vault_key_read(vdr_position position, const uint8_t *envelope, vdr_vault_key *ret_key)
{
    ret_key->position = position;
    ret_key->generation = vdr_get_le32(envelope);
    memcpy(ret_key->salt, envelope + 4, VDR_VAULT_SALT_BYTES);
    memset(ret_key->wrapped, 0, VDR_VAULT_KEY_BYTES);
}

/* The keys of a generation that is held; under ring. NULL: none. */
static const vdr_vault_keys *
keys_of(const vdr_vault *vault, uint32_t generation)
{
    const vdr_vault_secrets *secrets = vault->secrets;
    if (generation == 0)
        return NULL;
    if (generation == secrets->newest.generation)
        return &secrets->newest;
    return generation == secrets->older.generation ? &secrets->older : NULL;
}

static vdr_err
unwrap_locked(const vdr_vault *vault, const vdr_vault_key *key, uint8_t *ret_key)
{
    uint8_t wrapped[VDR_VAULT_KEY_BYTES];
    const vdr_vault_keys *keys = keys_of(vault, key->generation);
    if (keys != NULL) {
        vdr_vault_wrap(keys->record, key->salt, key->position, key->wrapped, ret_key);
        return VDR_OK;
    }
    if (key->generation == 0 || key->generation > vault->secrets->newest.generation)
        return VDR_E_STORE_CORRUPT;
    if (vault->table == NULL)
        return VDR_E_ERASED;
    keys = keys_of(vault, vdr_keytable_generation(vault->table));
    VDR_ASSERT(keys != NULL); /* of whoever put it there */
    vdr_err err = vdr_keytable_find(vault->table, key->position, wrapped);
    if (err == VDR_OK)
        vdr_vault_wrap(keys->table, vdr_keytable_salt(vault->table), key->position, wrapped, ret_key);
    return err == VDR_E_NOT_FOUND ? VDR_E_ERASED : err;
}

vdr_err
vdr_vault_unwrap(const vdr_vault *base, const vdr_vault_key *key, uint8_t *ret_key)
{
    vdr_vault *vault = (vdr_vault *)(uintptr_t)base;
    (void)pthread_rwlock_rdlock(&vault->ring);
    vdr_err err = unwrap_locked(vault, key, ret_key);
    (void)pthread_rwlock_unlock(&vault->ring);
    return err;
}

/* ---- Parts of a record ---- */

static void
part_nonce(vdr_vault_part part, uint8_t ret_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
    memset(ret_nonce, 0, crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
    ret_nonce[0] = (uint8_t)part;
}

/* Poly1305 as RFC 8439 section 2.8 has it: both padded to 16 bytes, then their lengths. */
static void
make_tag(const uint8_t *key, vdr_span bound, const uint8_t *bytes, size_t len, uint8_t *ret_tag)
{
    crypto_onetimeauth_state state;
    uint8_t head[BOUND_BYTES_MAX] = {0}, tail[32] = {0}; /* with their padding: three updates, not five */
    size_t padding = (0 - len) & 15;
    VDR_ASSERT(bound.len <= sizeof head);
    memcpy(head, bound.at, bound.len);
    vdr_put_le64(tail + padding, bound.len);
    vdr_put_le64(tail + padding + 8, len);
    (void)crypto_onetimeauth_init(&state, key);
    (void)crypto_onetimeauth_update(&state, head, (bound.len + 15) / 16 * 16);
    (void)crypto_onetimeauth_update(&state, bytes, len);
    (void)crypto_onetimeauth_update(&state, tail, padding + 16);
    (void)crypto_onetimeauth_final(&state, ret_tag);
}

static void
xor_into(uint8_t *bytes, const uint8_t *stream, size_t len)
{
    uint64_t words[8], with[8];
    for (; len >= 64; bytes += 64, stream += 64, len -= 64) { /* the compiler makes wide words of it */
        memcpy(words, bytes, 64);
        memcpy(with, stream, 64);
        for (size_t i = 0; i < 8; i++)
            words[i] ^= with[i];
        memcpy(bytes, words, 64);
    }
    for (; len >= 8; bytes += 8, stream += 8, len -= 8) {
        memcpy(words, bytes, 8);
        memcpy(with, stream, 8);
        words[0] ^= with[0];
        memcpy(bytes, words, 8);
    }
    for (size_t i = 0; i < len; i++)
        bytes[i] ^= stream[i];
}

/* The library makes the stream of a short message block by block, and one of 256 or 512 bytes at once in the time of
 * one or two blocks. So for short parts it is asked for a whole number of these, or one block more; what comes out is
 * the same, byte for byte, and opening takes it with the library's own call. */
static size_t
stream_bytes(size_t len)
{
    size_t need =
        (STREAM_BLOCK_BYTES + len + STREAM_BLOCK_BYTES - 1) / STREAM_BLOCK_BYTES * STREAM_BLOCK_BYTES;
    size_t over = need % STREAM_STEP_BYTES;
    if (need <= STREAM_HALF_BYTES)
        return STREAM_HALF_BYTES;
    return over > STREAM_BLOCK_BYTES ? need - over + STREAM_STEP_BYTES : need;
}

static void
seal_short(vdr_vault *vault, const uint8_t *nonce, vdr_span bound, uint8_t *bytes, size_t len,
           uint8_t *ret_tag)
{
    uint8_t *stream = vault->secrets->stream;
    (void)crypto_stream_chacha20_ietf(stream, stream_bytes(len), nonce, vault->secrets->data);
    xor_into(bytes, stream + STREAM_BLOCK_BYTES, len);
    make_tag(stream, bound, bytes, len, ret_tag); /* the first block begins with its key */
}

void
vdr_vault_seal_part(vdr_vault *vault, vdr_vault_part part, vdr_span bound, uint8_t *bytes, size_t len,
                    uint8_t *ret_tag)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    part_nonce(part, nonce);
    if (len <= VDR_VAULT_STREAM_BYTES - STREAM_BLOCK_BYTES)
        seal_short(vault, nonce, bound, bytes, len, ret_tag);
    else
        (void)crypto_aead_chacha20poly1305_ietf_encrypt_detached(
            bytes, ret_tag, NULL, bytes, len, bound.at, bound.len, NULL, nonce, vault->secrets->data);
}

vdr_err
vdr_vault_open_part(const uint8_t *key, vdr_vault_part part, vdr_span bound, vdr_span bytes,
                    uint8_t *ret_bytes)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    part_nonce(part, nonce);
    VDR_ASSERT(bytes.len >= VDR_VAULT_TAG_BYTES);
    size_t len = bytes.len - VDR_VAULT_TAG_BYTES;
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(ret_bytes, NULL, bytes.at, len, bytes.at + len,
                                                              bound.at, bound.len, nonce, key) == 0
               ? VDR_OK
               : VDR_E_STORE_CORRUPT;
}

/* ---- Blocks of a checkpoint: generation u32, nonce, sealed bytes, tag ---- */

uint32_t
vdr_vault_seal_block(const vdr_vault *base, vdr_span bound, vdr_span bytes, uint8_t *ret_bytes)
{
    vdr_vault *vault = (vdr_vault *)(uintptr_t)base;
    const vdr_vault_keys *keys = &vault->secrets->newest;
    unsigned long long len;
    randombytes_buf(ret_bytes + 4, NONCE_BYTES);
    (void)pthread_rwlock_rdlock(&vault->ring);
    uint32_t generation = keys->generation;
    vdr_put_le32(ret_bytes, generation);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret_bytes + 4 + NONCE_BYTES, &len, bytes.at, bytes.len,
                                                     bound.at, bound.len, NULL, ret_bytes + 4, keys->state);
    (void)pthread_rwlock_unlock(&vault->ring);
    return generation;
}

vdr_err
vdr_vault_open_block(const vdr_vault *base, vdr_span bound, vdr_span bytes, uint8_t *ret_bytes)
{
    vdr_vault *vault = (vdr_vault *)(uintptr_t)base;
    if (bytes.len < VDR_VAULT_BLOCK_BYTES)
        return VDR_E_STORE_CORRUPT;
    uint32_t generation = vdr_get_le32(bytes.at);
    (void)pthread_rwlock_rdlock(&vault->ring);
    const vdr_vault_keys *keys = keys_of(vault, generation);
    bool gone = keys == NULL && generation != 0 && generation < vault->secrets->newest.generation;
    vdr_err err = gone ? VDR_E_ERASED : VDR_E_STORE_CORRUPT;
    if (keys != NULL && crypto_aead_xchacha20poly1305_ietf_decrypt(
                            ret_bytes, NULL, NULL, bytes.at + 4 + NONCE_BYTES, bytes.len - 4 - NONCE_BYTES,
                            bound.at, bound.len, bytes.at + 4, keys->state) == 0)
        err = VDR_OK;
    (void)pthread_rwlock_unlock(&vault->ring);
    return err;
}
