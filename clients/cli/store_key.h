/* clients/cli/store_key.h - what an offline verb opens a sealed store with.
 *
 * The key is that of --store-key FILE, else of $VOORDEUR_STORE_KEY, else of keys/store.key beside the store's
 * folder, as `voordeur init` makes it; else there is none, and a sealed store says so. A backup has no keys of
 * its own: --wrap names the escrow, or the file keys/wrap of the store that it was made of. */
#ifndef VDR_CLI_STORE_KEY_H
#define VDR_CLI_STORE_KEY_H

#include "store/store.h"

#define VDR_CLI_STORE_KEY_HELP                                                                               \
    "  --store-key FILE   the key that the store is sealed under, as in node.yaml (default:\n"               \
    "                     $VOORDEUR_STORE_KEY, or keys/store.key beside DIR)\n"                              \
    "  --wrap FILE        of a backup: the escrow of the store's keys, or its file keys/wrap\n"

/* What the command line names; NULL: not said. */
typedef struct vdr_cli_store_key {
    const char *key, *wrap;
} vdr_cli_store_key;

enum { VDR_OPT_STORE_KEY = 2000, VDR_OPT_WRAP };
#define VDR_CLI_STORE_KEY_OPTIONS                                                                            \
    {"store-key", required_argument, NULL, VDR_OPT_STORE_KEY},                                               \
    {                                                                                                        \
        "wrap", required_argument, NULL, VDR_OPT_WRAP                                                        \
    }

/* False: it is another option. */
bool vdr_cli_store_key_take(vdr_cli_store_key *key, int option, const char *value);

/* Reads the key for the store in dir; *ret_secret NULL: there is none, else free it with vdr_secret_free. Not OK:
 * it cannot be read; said on standard error. */
VDR_MUST_CHECK vdr_err vdr_cli_store_key_read(const char *verb, const vdr_cli_store_key *key, const char *dir,
                                              uint8_t **ret_secret);

/* Opens the store at rest in dir, and says on standard error why it cannot. */
VDR_MUST_CHECK vdr_err vdr_cli_store_open_dir(const char *verb, const vdr_cli_store_key *key, const char *dir,
                                              vdr_store *ret_store);

#endif
