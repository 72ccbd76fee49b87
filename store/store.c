#include "store/store.h"

#include "proto/utf8.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4))) static vdr_err
fail(char *reterr, vdr_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(reterr, VDR_STORE_WORDS_BYTES, format, arguments);
    va_end(arguments);
    return err;
}

static bool
is_sealed(vdr_log *log, const vdr_checkpoint *checkpoint)
{
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    return stats.sealed || (checkpoint != NULL && vdr_checkpoint_generation(checkpoint) != 0);
}

/* Is anything in dir sealed? Where there is nothing, not. */
static vdr_err
look(const char *dir, const vdr_store_options *options, bool *ret_sealed, char *reterr)
{
    vdr_store plain = {0};
    vdr_log_options log = options->log;
    log.vault = NULL;
    log.create = false;
    vdr_err err = vdr_log_open_lmdb(dir, &log, &plain.log, reterr);
    if (err == VDR_OK)
        err = vdr_checkpoint_open_lmdb(dir, NULL, false, &plain.checkpoint, reterr);
    *ret_sealed = plain.log != NULL && is_sealed(plain.log, plain.checkpoint);
    vdr_store_close(&plain);
    if (err == VDR_E_NOT_FOUND) {
        *reterr = '\0';
        return VDR_OK;
    }
    return err;
}

static vdr_err
open_keys(const char *dir, const vdr_store_options *options, vdr_vault **ret_vault, char *reterr)
{
    vdr_vault_options vault = {.key = options->key,
                               .key_next = options->key_next,
                               .escrow = options->escrow,
                               .wrap = options->wrap,
                               .create = options->log.create};
    bool sealed;
    if (options->wrap == NULL && !vdr_vault_exists(dir)) {
        vdr_err err = look(dir, options, &sealed, reterr);
        if (err != VDR_OK)
            return err;
        if (sealed)
            return fail(
                reterr, VDR_E_SEALED,
                "keys: this store is sealed and keys/wrap is missing, as in a backup: name the escrow of "
                "its keys (voordeur restore --wrap FILE)");
        if (!options->log.create)
            return VDR_OK; /* one of before sealing */
    }
    return vdr_vault_open(dir, &vault, ret_vault, reterr);
}

vdr_err
vdr_store_open(const char *dir, const vdr_store_options *options, vdr_store *ret_store, char *reterr)
{
    vdr_store store = {0};
    vdr_log_options log = options->log;
    *reterr = '\0';
    vdr_err err = options->key != NULL ? open_keys(dir, options, &store.vault, reterr) : VDR_OK;
    log.vault = store.vault;
    if (err == VDR_OK)
        err = vdr_log_open_lmdb(dir, &log, &store.log, reterr);
    if (err == VDR_OK && !options->log_only)
        err = vdr_checkpoint_open_lmdb(dir, store.vault, options->log.create, &store.checkpoint, reterr);
    if (err == VDR_OK && store.vault == NULL && !options->unopened && is_sealed(store.log, store.checkpoint))
        err = fail(reterr, VDR_E_SEALED, "this store is sealed and no key was given to open it");
    if (err != VDR_OK) {
        vdr_store_close(&store);
        return err;
    }
    *ret_store = store;
    return VDR_OK;
}

void
vdr_store_close(vdr_store *store)
{
    vdr_checkpoint_close(&store->checkpoint);
    vdr_log_close(&store->log);
    vdr_vault_close(&store->vault);
}

bool
vdr_store_erased(const vdr_store *store)
{
    vdr_vault_status status;
    if (store->vault == NULL)
        return false;
    vdr_vault_status_get(store->vault, &status);
    return status.oldest > 1;
}

bool
vdr_store_shut(const vdr_store *store)
{
    return store->vault == NULL && is_sealed(store->log, store->checkpoint);
}
