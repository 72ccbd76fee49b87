/* store/vault_inside.h - the vault as its files share it. Private to store/vault*.c. */
#ifndef VDR_STORE_VAULT_INSIDE_H
#define VDR_STORE_VAULT_INSIDE_H

#include "store/folder.h"
#include "store/keytable.h"
#include "store/vault.h"
#include "store/wrap.h"

#include <pthread.h>

#define VDR_VAULT_STREAM_BYTES 2048u

/* What a wrapping key is used through; each purpose has its own. */
typedef struct vdr_vault_keys {
    uint32_t generation; /* 0: none */
    uint8_t record[VDR_VAULT_KEY_BYTES];
    uint8_t table[VDR_VAULT_KEY_BYTES];
    uint8_t proof[VDR_VAULT_KEY_BYTES];
    uint8_t state[VDR_VAULT_KEY_BYTES];
} vdr_vault_keys;

/* In locked memory, and nowhere else. */
typedef struct vdr_vault_secrets {
    uint8_t tenant[VDR_VAULT_KEY_BYTES]; /* wrap is sealed under it */
    vdr_wrap wrap;                       /* under changing */
    vdr_vault_keys newest, older;        /* under ring */
    /* under sealing: of the group at work, and of the record in it */
    uint8_t group[VDR_VAULT_KEY_BYTES];
    uint8_t data[VDR_VAULT_KEY_BYTES];
    uint8_t stream[VDR_VAULT_STREAM_BYTES]; /* of a short part */
} vdr_vault_secrets;

struct vdr_vault {
    char folder[VDR_PATH_BYTES], escrow[VDR_PATH_BYTES]; /* escrow "": none */
    int lock_fd;
    bool reading; /* with another wrap: nothing may be written */
    vdr_vault_secrets *secrets;
    pthread_mutex_t changing; /* one turn begun or finished, or tenant key changed, at a time; taken first */

    pthread_rwlock_t ring; /* the keys and the table: readers hold it for a moment, a turn changes them */
    vdr_keytable *table;   /* NULL: none yet */
    bool next_in_force;
    vdr_err escrow_err;

    pthread_mutex_t sealing; /* from group_begin to group_end; the two below */
    uint32_t group_generation;
    uint8_t group_salt[VDR_VAULT_SALT_BYTES];
};

/* vault.c. Seals secrets->wrap and puts it into its place, in the escrow first. */
VDR_MUST_CHECK vdr_err vdr_vault_write(vdr_vault *vault, const uint8_t *tenant);
void vdr_vault_derive(const uint8_t *wrapping, uint32_t generation, vdr_vault_keys *ret_keys);
/* Opens DIR/keys/table as it now is. */
VDR_MUST_CHECK vdr_err vdr_vault_table_open(vdr_vault *vault, vdr_keytable **ret_table);

/* vault_seal.c. XOR: wraps and unwraps. */
void vdr_vault_wrap(const uint8_t *subkey, const uint8_t salt[VDR_VAULT_SALT_BYTES], vdr_position position,
                    const uint8_t key[VDR_VAULT_KEY_BYTES], uint8_t ret_key[VDR_VAULT_KEY_BYTES]);

#endif
