#include "store/vault_inside.h"

#include "proto/utf8.h"
#include "store/bytes.h"
#include "store/check.h"
#include "store/env.h"
#include "store/file.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_NAME "keys"
#define LOCK_NAME   "keys.lock"

__attribute__((format(printf, 3, 4))) static vdr_err
fail(char *reterr, vdr_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (reterr != NULL)
        vdr_utf8_print(reterr, VDR_VAULT_WORDS_BYTES, format, arguments);
    va_end(arguments);
    return err;
}

void
vdr_vault_derive(const uint8_t *wrapping, uint32_t generation, vdr_vault_keys *ret_keys)
{
    static const char context[] = "VDRstore"; /* of crypto_kdf: 8 characters */
    ret_keys->generation = generation;
    (void)crypto_kdf_derive_from_key(ret_keys->record, VDR_VAULT_KEY_BYTES, 1, context, wrapping);
    (void)crypto_kdf_derive_from_key(ret_keys->table, VDR_VAULT_KEY_BYTES, 2, context, wrapping);
    (void)crypto_kdf_derive_from_key(ret_keys->proof, VDR_VAULT_KEY_BYTES, 3, context, wrapping);
    (void)crypto_kdf_derive_from_key(ret_keys->state, VDR_VAULT_KEY_BYTES, 4, context, wrapping);
}

/* ---- The file wrap, and its escrow ---- */

/* Brings the escrow to bytes. Another store's wrap there may be the only one: it stays. */
static vdr_err
escrow_write(vdr_vault *vault, const uint8_t bytes[VDR_WRAP_BYTES])
{
    uint8_t there[VDR_WRAP_BYTES];
    if (vault->escrow[0] == '\0')
        return VDR_OK;
    vdr_err err = vdr_wrap_tidy(vault->escrow);
    if (err == VDR_OK) {
        err = vdr_wrap_load(vault->escrow, there);
        if (err == VDR_OK && memcmp(there, bytes, sizeof there) == 0)
            return VDR_OK;
        if (err == VDR_OK && !vdr_wrap_same_id(there, bytes))
            return VDR_E_STORE_BUSY;
        err = err == VDR_E_IO ? err : VDR_OK; /* none, or a rotten one */
    }
    if (err == VDR_OK)
        err = vdr_wrap_put(vault->escrow, bytes);
    return err == VDR_OK ? vdr_wrap_swap(vault->escrow) : err;
}

static void
escrow_note(vdr_vault *vault, vdr_err err)
{
    (void)pthread_rwlock_wrlock(&vault->ring);
    vault->escrow_err = err;
    (void)pthread_rwlock_unlock(&vault->ring);
}

vdr_err
vdr_vault_write(vdr_vault *vault, const uint8_t *tenant)
{
    uint8_t bytes[VDR_WRAP_BYTES];
    VDR_ASSERT(!vault->reading);
    vdr_wrap_seal(&vault->secrets->wrap, tenant, bytes);
    vdr_err err = vdr_wrap_put(vault->folder, bytes);
    if (err == VDR_OK) {
        err = escrow_write(vault, bytes);
        escrow_note(vault, err);
    }
    return err == VDR_OK ? vdr_wrap_swap(vault->folder) : err;
}

/* ---- Open ---- */

/* A new store's. Here the escrow comes second: a crash between would leave an escrow of keys that nobody has,
 * and opening completes it. */
static vdr_err
make(vdr_vault *vault, const vdr_vault_options *options, char *reterr)
{
    vdr_wrap *wrap = &vault->secrets->wrap;
    uint8_t bytes[VDR_WRAP_BYTES];
    if (vault->escrow[0] != '\0' && vdr_wrap_load(vault->escrow, bytes) == VDR_OK)
        return fail(reterr, VDR_E_STORE_BUSY,
                    "keys: %.180s holds the keys of another store, and this one has none", vault->escrow);
    int rc = vdr_folder_make(vault->folder);
    if (rc != 0)
        return fail(reterr, vdr_env_err(rc), "%.200s: %s", vault->folder, strerror(rc));
    randombytes_buf(wrap->id, sizeof wrap->id);
    randombytes_buf(wrap->key, sizeof wrap->key);
    wrap->generation = 1;
    vault->next_in_force = options->key_next != NULL;
    memcpy(vault->secrets->tenant, vault->next_in_force ? options->key_next : options->key,
           VDR_VAULT_KEY_BYTES);
    vdr_wrap_seal(wrap, vault->secrets->tenant, bytes);
    vdr_err err = vdr_wrap_put(vault->folder, bytes);
    if (err == VDR_OK)
        err = vdr_wrap_swap(vault->folder);
    if (err != VDR_OK)
        return fail(reterr, err, "keys: they cannot be made: %s", vdr_err_text(err));
    escrow_note(vault, escrow_write(vault, bytes));
    return VDR_OK;
}

static vdr_err
load(vdr_vault *vault, const vdr_vault_options *options, const uint8_t bytes[VDR_WRAP_BYTES], char *reterr)
{
    vdr_vault_secrets *secrets = vault->secrets;
    memcpy(secrets->tenant, options->key, VDR_VAULT_KEY_BYTES);
    vdr_err err = vdr_wrap_open(bytes, secrets->tenant, &secrets->wrap);
    bool next = options->key_next != NULL && !vault->reading;
    if (next && err == VDR_OK) {
        /* Where it cannot be resealed now it is open all the same; status tells, and the next opening tries. */
        vdr_err resealed = vdr_vault_rekey(vault, options->key_next, NULL);
        (void)resealed;
    } else if (next && err == VDR_E_WRONG_KEY) {
        memcpy(secrets->tenant, options->key_next, VDR_VAULT_KEY_BYTES);
        err = vdr_wrap_open(bytes, secrets->tenant, &secrets->wrap);
        vault->next_in_force = err == VDR_OK;
    }
    if (err == VDR_E_WRONG_KEY)
        return fail(
            reterr, err,
            next ? "keys: neither store_key nor store_key_next is the key that this store is sealed under"
                 : "keys: the store key is not the one that this store is sealed under");
    if (err == VDR_E_STORE_CORRUPT)
        return fail(reterr, err, "keys: the file wrap is damaged: put its escrow in its place");
    return err;
}

static const uint8_t *
proof_key(void *context, uint32_t generation)
{
    const vdr_vault_secrets *secrets = ((const vdr_vault *)context)->secrets;
    if (generation == secrets->newest.generation)
        return secrets->newest.proof;
    return generation != 0 && generation == secrets->older.generation ? secrets->older.proof : NULL;
}

vdr_err
vdr_vault_table_open(vdr_vault *vault, vdr_keytable **ret_table)
{
    vdr_keytable *table = NULL;
    vdr_err err = vdr_keytable_open(vault->folder, proof_key, vault, &table);
    if (err == VDR_OK && (proof_key(vault, vdr_keytable_generation(table)) == NULL ||
                          memcmp(vdr_keytable_id(table), vault->secrets->wrap.id, VDR_WRAP_ID_BYTES) != 0)) {
        vdr_keytable_close(&table);
        return VDR_E_STORE_CORRUPT;
    }
    if (err == VDR_OK)
        *ret_table = table;
    return err;
}

/* Why a whole table does not go with wrap: one of both is of another time. */
static vdr_err
table_misfit(const vdr_vault *vault, char *reterr)
{
    const vdr_wrap *wrap = &vault->secrets->wrap;
    vdr_keytable *table = NULL;
    vdr_err err = vdr_keytable_open(vault->folder, NULL, NULL, &table);
    uint32_t generation = err == VDR_OK ? vdr_keytable_generation(table) : 0;
    bool ours = err == VDR_OK && memcmp(vdr_keytable_id(table), wrap->id, VDR_WRAP_ID_BYTES) == 0;
    vdr_keytable_close(&table);
    if (err == VDR_OK && !ours)
        return fail(reterr, VDR_E_WRONG_KEY, "keys: wrap and table are of different stores");
    if (ours && generation < wrap->generation)
        return fail(
            reterr, VDR_E_ERASED,
            "keys: this is a copy of before the store's last erasure, which cannot be opened any more: "
            "take a later one");
    if (ours && generation > wrap->generation)
        return fail(reterr, VDR_E_WRONG_KEY,
                    "keys: wrap is of before the store's last erasure: take its escrow of now");
    return fail(reterr, err == VDR_OK ? VDR_E_STORE_CORRUPT : err, "keys: the file table is damaged");
}

/* The table that wrap speaks of; during a turn the next one may be in its place already. */
static vdr_err
load_table(vdr_vault *vault, char *reterr)
{
    const vdr_wrap *wrap = &vault->secrets->wrap;
    vdr_err err = vdr_vault_table_open(vault, &vault->table);
    if (err == VDR_E_NOT_FOUND && wrap->table == 0)
        return VDR_OK;
    if (err == VDR_E_NOT_FOUND)
        return fail(reterr, VDR_E_STORE_CORRUPT,
                    "keys: the file table is missing, or this is a copy of before the store's first erasure, "
                    "which cannot be opened any more");
    if (err == VDR_E_STORE_CORRUPT)
        return table_misfit(vault, reterr);
    if (err != VDR_OK)
        return fail(reterr, err, "keys: the file table: %s", vdr_err_text(err));
    uint32_t generation = vdr_keytable_generation(vault->table);
    bool expected = generation == wrap->table || (wrap->older != 0 && generation == wrap->generation);
    return expected ? VDR_OK
                    : fail(reterr, VDR_E_STORE_CORRUPT, "keys: the file table is not the one of wrap");
}

static vdr_err
open_folder(vdr_vault *vault, const char *dir, const vdr_vault_options *options, char *reterr)
{
    uint8_t bytes[VDR_WRAP_BYTES];
    char lock[VDR_PATH_BYTES];
    int rc = vdr_folder_path(dir, FOLDER_NAME, vault->folder);
    if (rc == 0)
        rc = vdr_folder_path(dir, LOCK_NAME, lock);
    vault->reading = options->wrap != NULL;
    if (rc == 0 && !vault->reading && !options->create && !vdr_vault_exists(dir))
        return fail(reterr, VDR_E_NOT_FOUND, "keys: there is no file %.200s/%s", vault->folder,
                    VDR_WRAP_NAME);
    if (rc == 0)
        rc = vdr_folder_make(dir);
    if (rc == 0)
        rc = vdr_folder_lock(lock, &vault->lock_fd);
    if (rc == EWOULDBLOCK)
        return fail(reterr, VDR_E_STORE_BUSY, "keys: another process holds them");
    if (rc != 0)
        return fail(reterr, vdr_env_err(rc), "%.200s: %s", dir, strerror(rc));
    if (options->escrow != NULL) {
        if (strlen(options->escrow) >= sizeof vault->escrow)
            return fail(reterr, VDR_E_IO, "escrow: %s", strerror(ENAMETOOLONG));
        memcpy(vault->escrow, options->escrow, strlen(options->escrow) + 1);
    }
    if (vault->reading) {
        vdr_err err = vdr_wrap_load_file(options->wrap, bytes);
        return err == VDR_OK ? load(vault, options, bytes, reterr)
                             : fail(reterr, err, "keys: %.200s: %s", options->wrap, vdr_err_text(err));
    }
    vdr_err err = vdr_folder_exists(vault->folder) ? vdr_wrap_tidy(vault->folder) : VDR_OK;
    if (err == VDR_OK)
        err = vdr_wrap_load(vault->folder, bytes);
    if (err == VDR_E_NOT_FOUND && options->create)
        return make(vault, options, reterr);
    if (err != VDR_OK)
        return fail(reterr, err, "keys: the file wrap: %s", vdr_err_text(err));
    err = load(vault, options, bytes, reterr);
    if (err == VDR_OK && vdr_wrap_load(vault->folder, bytes) == VDR_OK)
        escrow_note(vault, escrow_write(vault, bytes));
    return err;
}

bool
vdr_vault_exists(const char *dir)
{
    char folder[VDR_PATH_BYTES], path[VDR_PATH_BYTES];
    struct stat st;
    return vdr_folder_path(dir, FOLDER_NAME, folder) == 0 &&
           vdr_folder_path(folder, VDR_WRAP_NAME, path) == 0 && lstat(path, &st) == 0;
}

vdr_err
vdr_vault_open(const char *dir, const vdr_vault_options *options, vdr_vault **ret_vault, char *reterr)
{
    VDR_ASSERT(sodium_init() >= 0 && options->key != NULL);
    if (reterr != NULL)
        *reterr = '\0';
    vdr_vault *vault = vdr_alloc(1, sizeof *vault);
    vault->lock_fd = -1;
    (void)pthread_rwlock_init(&vault->ring, NULL);
    (void)pthread_mutex_init(&vault->sealing, NULL);
    (void)pthread_mutex_init(&vault->changing, NULL);
    vault->secrets = sodium_malloc(sizeof *vault->secrets);
    VDR_ASSERT(vault->secrets != NULL);
    sodium_memzero(vault->secrets, sizeof *vault->secrets);
    vdr_err err = open_folder(vault, dir, options, reterr);
    if (err == VDR_OK) {
        const vdr_wrap *wrap = &vault->secrets->wrap;
        vdr_vault_derive(wrap->key, wrap->generation, &vault->secrets->newest);
        if (wrap->older != 0)
            vdr_vault_derive(wrap->older_key, wrap->older, &vault->secrets->older);
        err = load_table(vault, reterr);
    }
    if (err != VDR_OK) {
        vdr_vault_close(&vault);
        return err;
    }
    *ret_vault = vault;
    return VDR_OK;
}

void
vdr_vault_close(vdr_vault **vault_p)
{
    vdr_vault *vault = *vault_p;
    if (vault == NULL)
        return;
    vdr_keytable_close(&vault->table);
    sodium_free(vault->secrets);
    (void)pthread_mutex_destroy(&vault->changing);
    (void)pthread_mutex_destroy(&vault->sealing);
    (void)pthread_rwlock_destroy(&vault->ring);
    if (vault->lock_fd >= 0)
        (void)close(vault->lock_fd);
    free(vault);
    *vault_p = NULL;
}

void
vdr_vault_status_get(const vdr_vault *base, vdr_vault_status *ret_status)
{
    vdr_vault *vault = (vdr_vault *)(uintptr_t)base;
    (void)pthread_rwlock_rdlock(&vault->ring);
    *ret_status = (vdr_vault_status){
        .generation = vault->secrets->newest.generation,
        .turning = vault->secrets->older.generation != 0,
        .oldest = vault->secrets->older.generation != 0 ? vault->secrets->older.generation
                                                        : vault->secrets->newest.generation,
        .table_keys = vault->table != NULL ? vdr_keytable_count(vault->table) : 0,
        .next_in_force = vault->next_in_force,
        .escrow = vault->escrow_err};
    (void)pthread_rwlock_unlock(&vault->ring);
}

vdr_span
vdr_vault_beside(const vdr_vault *vault)
{
    return vault->table != NULL ? vdr_keytable_beside(vault->table) : (vdr_span){0};
}

vdr_err
vdr_vault_rekey(vdr_vault *vault, const uint8_t *key, char *reterr)
{
    vdr_err err = VDR_OK;
    (void)pthread_mutex_lock(&vault->changing);
    if (sodium_memcmp(key, vault->secrets->tenant, VDR_VAULT_KEY_BYTES) != 0)
        err = vdr_vault_write(vault, key);
    if (err == VDR_OK)
        memcpy(vault->secrets->tenant, key, VDR_VAULT_KEY_BYTES);
    (void)pthread_mutex_unlock(&vault->changing);
    (void)pthread_rwlock_wrlock(&vault->ring);
    vault->next_in_force = err == VDR_OK;
    (void)pthread_rwlock_unlock(&vault->ring);
    if (err != VDR_OK)
        return fail(reterr, err, "keys: they cannot be sealed under the next store key: %s",
                    vdr_err_text(err));
    return VDR_OK;
}

/* ---- Copies ---- */

static vdr_err
copy_table(const char *from_folder, const char *dir)
{
    char folder[VDR_PATH_BYTES];
    int rc = vdr_folder_path(dir, FOLDER_NAME, folder);
    if (rc == 0)
        rc = vdr_folder_make(folder);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_err err = vdr_keytable_copy(from_folder, folder);
    return err == VDR_E_NOT_FOUND ? VDR_OK : err;
}

vdr_err
vdr_vault_backup(vdr_vault *vault, const char *dir, uint32_t oldest)
{
    vdr_vault_status status;
    vdr_err err = copy_table(vault->folder, dir);
    vdr_vault_status_get(vault, &status);
    return err == VDR_OK && status.oldest != oldest ? VDR_E_BUSY : err;
}

vdr_err
vdr_vault_copy(const char *from, const char *dir)
{
    char folder[VDR_PATH_BYTES];
    int rc = vdr_folder_path(from, FOLDER_NAME, folder);
    return rc == 0 ? copy_table(folder, dir) : vdr_env_err(rc);
}

vdr_err
vdr_vault_place(const char *wrap_file, const char *dir)
{
    char folder[VDR_PATH_BYTES];
    uint8_t bytes[VDR_WRAP_BYTES];
    vdr_err err = vdr_wrap_load_file(wrap_file, bytes);
    if (err != VDR_OK)
        return err;
    if (vdr_vault_exists(dir))
        return VDR_E_STORE_BUSY;
    int rc = vdr_folder_path(dir, FOLDER_NAME, folder);
    if (rc == 0)
        rc = vdr_folder_make(folder);
    if (rc != 0)
        return vdr_env_err(rc);
    err = vdr_wrap_put(folder, bytes);
    return err == VDR_OK ? vdr_wrap_swap(folder) : err;
}

vdr_err
vdr_vault_check(const char *dir, char *reterr)
{
    char folder[VDR_PATH_BYTES];
    uint8_t bytes[VDR_WRAP_BYTES];
    vdr_keytable *table = NULL;
    if (reterr != NULL)
        *reterr = '\0';
    int rc = vdr_folder_path(dir, FOLDER_NAME, folder);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_err err = vdr_keytable_open(folder, NULL, NULL, &table);
    vdr_keytable_close(&table);
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        return fail(reterr, err, "keys: the file table: %s", vdr_err_text(err));
    err = vdr_wrap_load(folder, bytes);
    return err == VDR_OK || err == VDR_E_NOT_FOUND
               ? err
               : fail(reterr, err, "keys: the file wrap: %s", vdr_err_text(err));
}
