#include "store/wrap.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/env.h"
#include "store/file.h"
#include "store/folder.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

enum {
    AT_VERSION = 8,
    AT_ID = 12,
    AT_KEY_CHECK = 28,
    AT_NONCE = 44,
    AT_SEALED = 68,
    SEALED_KEY = 12,
    SEALED_OLDER_KEY = 44,
    SEALED_BYTES = 76,
};

#define VERSION         1u
#define KEY_CHECK_BYTES 16u
#define NEW_NAME        VDR_WRAP_NAME ".new"
#define OLD_NAME        VDR_WRAP_NAME ".old"

static const char context[] = "VDRtenan"; /* of crypto_kdf: 8 characters */

/* Both are made from the tenant key, so that it is used for nothing itself. */
static void
derive(const uint8_t *tenant, uint8_t ret_seal[32], uint8_t ret_check[KEY_CHECK_BYTES])
{
    (void)crypto_kdf_derive_from_key(ret_seal, 32, 1, context, tenant);
    (void)crypto_kdf_derive_from_key(ret_check, KEY_CHECK_BYTES, 2, context, tenant);
}

static uint64_t
check_of(const uint8_t *bytes)
{
    return vdr_check_of(vdr_span_str(VDR_WRAP_NAME),
                        vdr_span_of(bytes + VDR_CHECK_BYTES, VDR_WRAP_BYTES - VDR_CHECK_BYTES));
}

void
vdr_wrap_seal(const vdr_wrap *wrap, const uint8_t *tenant, uint8_t ret_bytes[VDR_WRAP_BYTES])
{
    uint8_t key[32], sealed[SEALED_BYTES];
    unsigned long long len;
    vdr_put_le32(ret_bytes + AT_VERSION, VERSION);
    memcpy(ret_bytes + AT_ID, wrap->id, VDR_WRAP_ID_BYTES);
    derive(tenant, key, ret_bytes + AT_KEY_CHECK);
    randombytes_buf(ret_bytes + AT_NONCE, AT_SEALED - AT_NONCE);
    vdr_put_le32(sealed, wrap->generation);
    vdr_put_le32(sealed + 4, wrap->older);
    vdr_put_le32(sealed + 8, wrap->table);
    memcpy(sealed + SEALED_KEY, wrap->key, VDR_VAULT_KEY_BYTES);
    memcpy(sealed + SEALED_OLDER_KEY, wrap->older_key, VDR_VAULT_KEY_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret_bytes + AT_SEALED, &len, sealed, sizeof sealed,
                                                     ret_bytes + AT_VERSION, AT_NONCE - AT_VERSION, NULL,
                                                     ret_bytes + AT_NONCE, key);
    sodium_memzero(sealed, sizeof sealed);
    sodium_memzero(key, sizeof key);
    vdr_put_le64(ret_bytes, check_of(ret_bytes));
}

vdr_err
vdr_wrap_open(const uint8_t bytes[VDR_WRAP_BYTES], const uint8_t *tenant, vdr_wrap *ret_wrap)
{
    uint8_t key[32], check[KEY_CHECK_BYTES], sealed[SEALED_BYTES];
    derive(tenant, key, check);
    vdr_err err = sodium_memcmp(check, bytes + AT_KEY_CHECK, sizeof check) == 0 ? VDR_OK : VDR_E_WRONG_KEY;
    if (err == VDR_OK && crypto_aead_xchacha20poly1305_ietf_decrypt(
                             sealed, NULL, NULL, bytes + AT_SEALED, VDR_WRAP_BYTES - AT_SEALED,
                             bytes + AT_VERSION, AT_NONCE - AT_VERSION, bytes + AT_NONCE, key) != 0)
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK) {
        memcpy(ret_wrap->id, bytes + AT_ID, VDR_WRAP_ID_BYTES);
        ret_wrap->generation = vdr_get_le32(sealed);
        ret_wrap->older = vdr_get_le32(sealed + 4);
        ret_wrap->table = vdr_get_le32(sealed + 8);
        memcpy(ret_wrap->key, sealed + SEALED_KEY, VDR_VAULT_KEY_BYTES);
        memcpy(ret_wrap->older_key, sealed + SEALED_OLDER_KEY, VDR_VAULT_KEY_BYTES);
    }
    sodium_memzero(sealed, sizeof sealed);
    sodium_memzero(key, sizeof key);
    return err;
}

vdr_err
vdr_wrap_load_file(const char *path, uint8_t ret_bytes[VDR_WRAP_BYTES])
{
    uint8_t bytes[VDR_WRAP_BYTES];
    int rc = vdr_file_read(path, bytes, sizeof bytes);
    if (rc == ENOENT || rc == ENOTDIR)
        return VDR_E_NOT_FOUND;
    if (rc == EINVAL)
        return VDR_E_STORE_CORRUPT;
    if (rc != 0)
        return VDR_E_IO;
    if (vdr_get_le64(bytes) != check_of(bytes))
        return VDR_E_STORE_CORRUPT;
    if (vdr_get_le32(bytes + AT_VERSION) != VERSION)
        return VDR_E_STORE_VERSION;
    memcpy(ret_bytes, bytes, sizeof bytes);
    return VDR_OK;
}

vdr_err
vdr_wrap_load(const char *folder, uint8_t ret_bytes[VDR_WRAP_BYTES])
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, VDR_WRAP_NAME, path);
    return rc == 0 ? vdr_wrap_load_file(path, ret_bytes) : vdr_env_err(rc);
}

bool
vdr_wrap_same_id(const uint8_t a[VDR_WRAP_BYTES], const uint8_t b[VDR_WRAP_BYTES])
{
    return memcmp(a + AT_ID, b + AT_ID, VDR_WRAP_ID_BYTES) == 0;
}

vdr_err
vdr_wrap_tidy(const char *folder)
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_file_destroy(folder, NEW_NAME);
    /* Stopped before the new one was in its place: "wrap.old" is a second name of the file in use. */
    if (rc == 0 && vdr_file_same(folder, OLD_NAME, VDR_WRAP_NAME)) {
        rc = vdr_folder_path(folder, OLD_NAME, path);
        if (rc == 0 && unlink(path) != 0)
            rc = errno;
        return vdr_env_err(rc != 0 ? rc : vdr_folder_sync(folder));
    }
    return vdr_env_err(rc != 0 ? rc : vdr_file_destroy(folder, OLD_NAME));
}

vdr_err
vdr_wrap_put(const char *folder, const uint8_t bytes[VDR_WRAP_BYTES])
{
    vdr_err err = vdr_wrap_tidy(folder);
    return err == VDR_OK ? vdr_env_err(vdr_file_write(folder, NEW_NAME, bytes, VDR_WRAP_BYTES)) : err;
}

vdr_err
vdr_wrap_swap(const char *folder)
{
    int rc = vdr_file_replace(folder, NEW_NAME, VDR_WRAP_NAME, OLD_NAME);
    return rc == 0 ? vdr_wrap_tidy(folder) : vdr_env_err(rc);
}
