#include "broker/engine/backup.h"

#include "broker/engine/inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static vdr_err
parent_exists(const char *dir, char *ret_words)
{
    char parent[4096];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof parent)
        return vdr_engine_words(ret_words, VDR_E_IO, "the name of the directory is empty or too long");
    memcpy(parent, dir, len + 1);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        memcpy(parent, ".", 2);
    else
        slash[slash == parent] = '\0';
    struct stat status;
    if (stat(parent, &status) != 0 || !S_ISDIR(status.st_mode))
        return vdr_engine_words(ret_words, VDR_E_NOT_FOUND, "%s: there is no such directory", parent);
    return VDR_OK;
}

vdr_err
vdr_backup_dir_free(const char *dir, char *ret_words)
{
    vdr_err e = parent_exists(dir, ret_words);
    if (e != VDR_OK)
        return e;
    DIR *handle = opendir(dir);
    if (handle == NULL)
        return errno == ENOENT ? VDR_OK
                               : vdr_engine_words(ret_words, VDR_E_IO, "%s: %s", dir, strerror(errno));
    struct dirent *entry;
    bool empty = true;
    while (empty && (entry = readdir(handle)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(handle);
    return empty ? VDR_OK
                 : vdr_engine_words(ret_words, VDR_E_STORE_BUSY,
                                    "%s is not empty: give a directory that is not there yet", dir);
}

/* ---- A store that nobody runs on ---- */

static vdr_err
open_store(const char *dir, const vdr_store_keys *keys, vdr_store *ret_store, char *ret_words)
{
    char words[VDR_STORE_WORDS_BYTES];
    vdr_store_options options = {.unopened = true};
    if (keys != NULL) {
        options.key = keys->key;
        options.wrap = keys->wrap;
    }
    vdr_err e = vdr_store_open(dir, &options, ret_store, words);
    if (e != VDR_OK)
        return vdr_engine_words(ret_words, e, "%s: %s", dir, *words != '\0' ? words : vdr_err_text(e));
    return VDR_OK;
}

/* Removes what a copy that failed has left, and dir, if nothing else is in it. */
static void
discard(const char *dir)
{
    static const char *const parts[] = {"log/data.mdb",   "log/lock.mdb",   "log.lock",   "log",
                                        "state/data.mdb", "state/lock.mdb", "state.lock", "state",
                                        "keys/table",     "keys/wrap",      "keys.lock",  "keys"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/%s", dir, parts[i]);
        if (len > 0 && (size_t)len < sizeof path)
            (void)remove(path);
    }
    (void)rmdir(dir);
}

/* from: the folder of a store that nobody runs on; NULL: it runs, with a vault or plain. */
static vdr_err
copy(vdr_log *log, vdr_checkpoint *checkpoint, const char *from, const char *dir, char *ret_words)
{
    vdr_vault *vault = vdr_checkpoint_vault(checkpoint);
    vdr_vault_status status = {0};
    vdr_err e = vdr_backup_dir_free(dir, ret_words);
    if (e != VDR_OK)
        return e;
    if (vault != NULL)
        vdr_vault_status_get(vault, &status);
    e = vdr_checkpoint_backup(checkpoint, dir);
    if (e == VDR_OK)
        e = vdr_log_backup(log, dir);
    if (e == VDR_OK && from != NULL)
        e = vdr_vault_copy(from, dir);
    else if (e == VDR_OK && vault != NULL)
        e = vdr_vault_backup(vault, dir, status.oldest);
    if (e != VDR_OK) {
        discard(dir);
        return vdr_engine_words(ret_words, e, "copying to %s: %s", dir,
                                e == VDR_E_BUSY ? "an erasure was completed meanwhile: ask once more"
                                                : vdr_err_text(e));
    }
    return VDR_OK;
}

vdr_err
vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir, vdr_position *ret_position,
                 char *ret_words)
{
    vdr_err e = copy(log, checkpoint, NULL, dir, ret_words);
    if (e != VDR_OK)
        return e;
    /* Opening checks that the copy is a store, and tells where it ends. */
    vdr_store copied = {0};
    e = open_store(dir, NULL, &copied, ret_words);
    if (e != VDR_OK) {
        discard(dir);
        return e;
    }
    vdr_log_stats stats;
    vdr_log_stats_get(copied.log, &stats);
    *ret_position = stats.next - 1;
    vdr_store_close(&copied);
    return VDR_OK;
}

/* ---- Is it whole? ---- */

/* The way that a start would go: the checkpoint, the tail with its tales, the invariants. */
static vdr_err
check_state(const vdr_store *store, vdr_position last, char *ret_words)
{
    vdr_engine *engine = vdr_alloc(1, sizeof *engine);
    engine->options.log = store->log;
    engine->options.checkpoint = store->checkpoint;
    vdr_arena_init(&engine->arena, VDR_SUBMISSION_BYTES);
    vdr_err e = vdr_boot(engine, true, ret_words);
    const char *broken = e == VDR_OK ? vdr_core_check(engine->core) : NULL;
    if (broken != NULL)
        e = vdr_engine_words(ret_words, VDR_E_STORE_CORRUPT, "the state at record %llu: %s",
                             (unsigned long long)last, broken);
    vdr_core_free(&engine->core);
    vdr_config_free(&engine->config);
    vdr_arena_done(&engine->arena);
    free(engine);
    return e;
}

/* What can be checked without a key: every byte, by its checksum. */
static vdr_err
check_blocks(const vdr_store *store, char *ret_words)
{
    vdr_err e = vdr_checkpoint_verify(store->checkpoint);
    if (e == VDR_OK || e == VDR_E_NOT_FOUND)
        return VDR_OK;
    return vdr_engine_words(ret_words, e, "the checkpoint: %s", vdr_err_text(e));
}

static vdr_err
check(const vdr_store *store, const char *dir, vdr_restored *ret_restored, char *ret_words)
{
    char words[VDR_VAULT_WORDS_BYTES];
    vdr_position bad = 0;
    vdr_log_stats stats;
    vdr_log_stats_get(store->log, &stats);
    bool opened = !vdr_store_shut(store);
    vdr_err e = vdr_log_verify(store->log, stats.first, NULL, NULL, &bad);
    if (e != VDR_OK)
        return vdr_engine_words(ret_words, e, "record %llu of the log: %s", (unsigned long long)bad,
                                vdr_err_text(e));
    e = vdr_vault_check(dir, words);
    if (e != VDR_OK && e != VDR_E_NOT_FOUND)
        return vdr_engine_words(ret_words, e, "%s", words);
    e = opened ? check_state(store, stats.next - 1, ret_words) : check_blocks(store, ret_words);
    if (e == VDR_OK)
        *ret_restored = (vdr_restored){.position = stats.next - 1, .opened = opened};
    return e;
}

vdr_err
vdr_restore_check(const char *dir, const vdr_store_keys *keys, vdr_restored *ret_restored, char *ret_words)
{
    vdr_store store = {0};
    vdr_err e = open_store(dir, keys, &store, ret_words);
    if (e != VDR_OK)
        return e;
    e = check(&store, dir, ret_restored, ret_words);
    vdr_store_close(&store);
    return e;
}

/* ---- Back ---- */

static vdr_err
copy_back(const char *from, const char *dir, char *ret_words)
{
    vdr_store store = {0};
    vdr_err e = vdr_backup_dir_free(dir, ret_words);
    if (e == VDR_OK)
        e = open_store(from, NULL, &store, ret_words);
    if (e == VDR_OK)
        e = copy(store.log, store.checkpoint, from, dir, ret_words);
    vdr_store_close(&store);
    return e;
}

vdr_err
vdr_restore(const char *from, const char *dir, const vdr_store_keys *keys, vdr_restored *ret_restored,
            char *ret_words)
{
    vdr_store_keys placed = {.key = keys != NULL ? keys->key : NULL};
    vdr_err e = copy_back(from, dir, ret_words);
    if (e != VDR_OK)
        return e;
    if (keys != NULL && keys->wrap != NULL) {
        e = vdr_vault_place(keys->wrap, dir);
        if (e != VDR_OK)
            (void)vdr_engine_words(ret_words, e, "%s: %s", keys->wrap, vdr_err_text(e));
    }
    if (!vdr_vault_exists(dir))
        placed.key = NULL; /* nothing that it would open */
    if (e == VDR_OK)
        e = vdr_restore_check(dir, &placed, ret_restored, ret_words);
    if (e != VDR_OK)
        discard(dir);
    return e;
}
