#include "broker/storekeys.h"

#include "broker/gauge/journal.h"

vdr_err
vdr_storekeys_next(const vdr_node *node, uint8_t **ret_key, char *ret_words)
{
    *ret_key = NULL;
    return node->store_key_next == NULL ? VDR_OK
                                        : vdr_secret_read_hex(node->store_key_next, ret_key, ret_words);
}

void
vdr_storekeys_tell(const vdr_vault *vault, const vdr_node *node)
{
    vdr_vault_status status;
    vdr_vault_status_get(vault, &status);
    if (status.next_in_force && node->store_key_next != NULL)
        VDR_NOTE(STORE_KEY,
                 vdr_field_text("text", "the store is sealed under store_key_next: make it store_key in "
                                        "node.yaml, and destroy the other when no escrow needs it"));
    if (!status.next_in_force && node->store_key_next != NULL)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", node->path),
                 vdr_field_text("text",
                                "the store cannot be sealed under store_key_next now: the next start or "
                                "reload tries again; keep both keys"));
    if (status.escrow != VDR_OK)
        VDR_NOTE(
            ESCROW, vdr_field_text("place", node->escrow),
            vdr_field_text("error", vdr_err_code(status.escrow)),
            vdr_field_text("text", status.escrow == VDR_E_STORE_BUSY
                                       ? "it holds the keys of another store: give each a folder of its own"
                                       : "the copy of the store's keys cannot be written there"));
}

void
vdr_storekeys_take(vdr_vault *vault, const vdr_node *node, const uint8_t *next)
{
    if (next == NULL)
        return;
    vdr_err err = vdr_vault_rekey(vault, next, NULL);
    (void)err; /* the vault knows, and is asked */
    vdr_storekeys_tell(vault, node);
}

static bool
same(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

bool
vdr_storekeys_same(const vdr_node *old, const vdr_node *node)
{
    /* The one that is in force already may take its place without a restart. */
    return same(old->escrow, node->escrow) && same(old->logboek_key, node->logboek_key) &&
           (same(old->store_key, node->store_key) || same(old->store_key_next, node->store_key));
}
