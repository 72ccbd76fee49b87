/* store/store.h - a whole store in one folder: keys, log and checkpoints, opened in the order that keeps it safe.
 *
 * DIR holds keys/ (vault.h), log/ (log.h) and state/ (checkpoint.h). What is not there is made only with
 * options.log.create; keys are never made where a log is sealed already: they would hide that its own are gone.
 *
 * Thread: opening and closing on one. Errors: those of the three; SEALED: it is sealed, and there is no tenant
 * key, or no wrap. reterr (VDR_STORE_WORDS_BYTES) gets words for people, "" if all is well. */
#ifndef VDR_STORE_STORE_H
#define VDR_STORE_STORE_H

#include "store/checkpoint.h"
#include "store/log.h"
#include "store/vault.h"

#define VDR_STORE_WORDS_BYTES 256u

typedef struct vdr_store_options {
    vdr_log_options log;           /* its vault is not looked at */
    const uint8_t *key, *key_next; /* the tenant key, VDR_VAULT_KEY_BYTES; NULL: none. As in vault.h */
    const char *escrow;            /* NULL: none */
    const char *wrap;              /* as in vault.h; NULL: the store's own */
    bool unopened; /* without a key a sealed store is opened too, to be checked and not read */
    bool log_only; /* no checkpoints */
} vdr_store_options;

/* What a tool has to open a store with, or a copy that has no wrap of its own. */
typedef struct vdr_store_keys {
    const uint8_t *key; /* NULL: none */
    const char *wrap;   /* a file; NULL: the store's own */
} vdr_store_keys;

typedef struct vdr_store {
    vdr_vault *vault; /* NULL: no key was given, or it is not sealed and none was to be made */
    vdr_log *log;
    vdr_checkpoint *checkpoint;
} vdr_store;

VDR_MUST_CHECK vdr_err vdr_store_open(const char *dir, const vdr_store_options *options, vdr_store *ret_store,
                                      char *reterr);
/* Is it sealed, with no vault to open it? */
bool vdr_store_shut(const vdr_store *store);
/* Was anything erased in its log, so that not all of it can be read from the first record on? */
bool vdr_store_erased(const vdr_store *store);
void vdr_store_close(vdr_store *store); /* a store of zeros is good */

#endif
