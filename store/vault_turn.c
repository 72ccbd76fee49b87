/* A turn of the wrapping key. vault.h has its order and why. */
#include "store/vault_inside.h"

#include <sodium.h>
#include <stdlib.h>

struct vdr_vault_table {
    vdr_vault *vault;
    vdr_keytable_writer *writer;
    uint8_t salt[VDR_VAULT_SALT_BYTES];
};

static vdr_err
begin(vdr_vault *vault)
{
    vdr_vault_secrets *secrets = vault->secrets;
    vdr_wrap *wrap = &secrets->wrap;
    if (wrap->older != 0)
        return VDR_OK;
    wrap->older = wrap->generation;
    memcpy(wrap->older_key, wrap->key, sizeof wrap->key);
    wrap->generation++;
    randombytes_buf(wrap->key, sizeof wrap->key);
    vdr_err err = vdr_vault_write(vault, secrets->tenant);
    if (err != VDR_OK) {
        /* Nothing is sealed under the new key: what the file holds of it, if anything, is replaced by the next
         * writing, or is taken up by the next opening. */
        wrap->generation = wrap->older;
        memcpy(wrap->key, wrap->older_key, sizeof wrap->key);
        wrap->older = 0;
        sodium_memzero(wrap->older_key, sizeof wrap->older_key);
        return err;
    }
    (void)pthread_mutex_lock(&vault->sealing);
    (void)pthread_rwlock_wrlock(&vault->ring);
    secrets->older = secrets->newest;
    vdr_vault_derive(wrap->key, wrap->generation, &secrets->newest);
    (void)pthread_rwlock_unlock(&vault->ring);
    (void)pthread_mutex_unlock(&vault->sealing);
    return VDR_OK;
}

vdr_err
vdr_vault_turn_begin(vdr_vault *vault)
{
    (void)pthread_mutex_lock(&vault->changing);
    vdr_err err = begin(vault);
    (void)pthread_mutex_unlock(&vault->changing);
    return err;
}

vdr_err
vdr_vault_table_begin(vdr_vault *vault, vdr_vault_table **ret_table)
{
    VDR_ASSERT(vault->secrets->wrap.older != 0);
    vdr_vault_table *table = vdr_alloc(1, sizeof *table);
    table->vault = vault;
    randombytes_buf(table->salt, sizeof table->salt);
    vdr_err err =
        vdr_keytable_write_begin(vault->folder, vault->secrets->wrap.generation, vault->secrets->wrap.id,
                                 table->salt, vault->secrets->newest.proof, &table->writer);
    if (err != VDR_OK) {
        free(table);
        return err;
    }
    *ret_table = table;
    return VDR_OK;
}

vdr_err
vdr_vault_table_add(vdr_vault_table *table, const vdr_vault_key *key)
{
    const vdr_vault_secrets *secrets = table->vault->secrets;
    uint8_t data[VDR_VAULT_KEY_BYTES], wrapped[VDR_VAULT_KEY_BYTES];
    if (key->generation == 0 || key->generation == secrets->wrap.generation)
        return VDR_OK;
    vdr_err err = vdr_vault_unwrap(table->vault, key, data);
    if (err != VDR_OK)
        return err;
    vdr_vault_wrap(secrets->newest.table, table->salt, key->position, data, wrapped);
    sodium_memzero(data, sizeof data);
    return vdr_keytable_write_add(table->writer, key->position, wrapped);
}

vdr_err
vdr_vault_table_beside(vdr_vault_table *table, vdr_span bytes)
{
    return vdr_keytable_write_beside(table->writer, bytes);
}

void
vdr_vault_table_abandon(vdr_vault_table **table_p)
{
    if (*table_p == NULL)
        return;
    vdr_keytable_write_abandon(&(*table_p)->writer);
    free(*table_p);
    *table_p = NULL;
}

/* The table in its place becomes the one that is read. */
static vdr_err
take_table(vdr_vault *vault)
{
    vdr_keytable *table, *replaced;
    vdr_err err = vdr_vault_table_open(vault, &table);
    if (err != VDR_OK)
        return err;
    (void)pthread_rwlock_wrlock(&vault->ring);
    replaced = vault->table;
    vault->table = table;
    (void)pthread_rwlock_unlock(&vault->ring);
    vdr_keytable_close(&replaced);
    return VDR_OK;
}

/* wrap without the older key, on the disk and here. */
static vdr_err
forget_older(vdr_vault *vault)
{
    vdr_vault_secrets *secrets = vault->secrets;
    vdr_wrap *wrap = &secrets->wrap, *before = sodium_malloc(sizeof *before);
    VDR_ASSERT(before != NULL);
    *before = *wrap;
    wrap->table = wrap->generation;
    wrap->older = 0;
    sodium_memzero(wrap->older_key, sizeof wrap->older_key);
    vdr_err err = vdr_vault_write(vault, secrets->tenant);
    if (err != VDR_OK)
        *wrap = *before; /* the turn goes on, with the table that is in its place now */
    sodium_free(before);
    if (err != VDR_OK)
        return err;
    (void)pthread_mutex_lock(&vault->sealing);
    (void)pthread_rwlock_wrlock(&vault->ring);
    sodium_memzero(&secrets->older, sizeof secrets->older);
    (void)pthread_rwlock_unlock(&vault->ring);
    (void)pthread_mutex_unlock(&vault->sealing);
    return VDR_OK;
}

vdr_err
vdr_vault_turn_finish(vdr_vault *vault, vdr_vault_table **table_p)
{
    vdr_err err = vdr_keytable_write_end(&(*table_p)->writer);
    vdr_vault_table_abandon(table_p);
    (void)pthread_mutex_lock(&vault->changing);
    if (err == VDR_OK)
        err = take_table(vault);
    if (err == VDR_OK)
        err = forget_older(vault);
    (void)pthread_mutex_unlock(&vault->changing);
    return err;
}
