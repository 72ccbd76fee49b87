#include "clients/cli/store_key.h"

#include "broker/net/secret.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool
vdr_cli_store_key_take(vdr_cli_store_key *key, int option, const char *value)
{
    if (option == VDR_OPT_STORE_KEY)
        key->key = value;
    else if (option == VDR_OPT_WRAP)
        key->wrap = value;
    else
        return false;
    return true;
}

/* DIR/../keys/store.key, if it is there. */
static const char *
beside(const char *dir, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/../keys/store.key", dir);
    return len > 0 && len < PATH_MAX && access(path, F_OK) == 0 ? path : NULL;
}

vdr_err
vdr_cli_store_key_read(const char *verb, const vdr_cli_store_key *key, const char *dir, uint8_t **ret_secret)
{
    char path[PATH_MAX], words[VDR_SECRET_WORDS];
    const char *file = key->key;
    *ret_secret = NULL;
    if (file == NULL)
        file = getenv("VOORDEUR_STORE_KEY");
    if (file == NULL)
        file = beside(dir, path);
    if (file == NULL)
        return VDR_OK;
    vdr_err err = vdr_secret_read_hex(file, ret_secret, words);
    if (err != VDR_OK)
        fprintf(stderr, "voordeur %s: %s\n", verb, words);
    return err;
}

vdr_err
vdr_cli_store_open_dir(const char *verb, const vdr_cli_store_key *key, const char *dir, vdr_store *ret_store)
{
    char words[VDR_STORE_WORDS_BYTES] = "";
    uint8_t *secret;
    vdr_err err = vdr_cli_store_key_read(verb, key, dir, &secret);
    if (err != VDR_OK)
        return err;
    vdr_store_options options = {.key = secret, .wrap = secret != NULL ? key->wrap : NULL};
    err = vdr_store_open(dir, &options, ret_store, words);
    if (err == VDR_E_NOT_FOUND) { /* a log without checkpoints tells something, too */
        options.log_only = true;
        err = vdr_store_open(dir, &options, ret_store, words);
    }
    vdr_secret_free(&secret);
    bool of_keys = err == VDR_E_SEALED || err == VDR_E_WRONG_KEY;
    if (err != VDR_OK)
        fprintf(stderr, "voordeur %s: %s: %s%s%s\n", verb, dir, *words != '\0' ? words : vdr_err_text(err),
                of_keys ? "\n  " : "", of_keys ? vdr_err_hint(err) : "");
    return err;
}
