#include "broker/backup.h"

#include "broker/inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_WORDS 256 /* what the store's open functions fill */

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

typedef struct opened_store {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
} opened_store;

static void
store_close(opened_store *store)
{
    vdr_checkpoint_close(&store->checkpoint);
    vdr_log_close(&store->log);
}

static vdr_err
store_open(opened_store *ret_store, const char *dir, char *ret_words)
{
    char words[STORE_WORDS] = "";
    opened_store store = {0};
    vdr_log_options options = {.create = false};
    vdr_err e = vdr_log_open_lmdb(dir, &options, &store.log, words);
    if (e == VDR_OK)
        e = vdr_checkpoint_open_lmdb(dir, NULL, false, &store.checkpoint, words);
    if (e != VDR_OK) {
        store_close(&store);
        return vdr_engine_words(ret_words, e, "%s: %s", dir, *words != '\0' ? words : vdr_err_text(e));
    }
    *ret_store = store;
    return VDR_OK;
}

/* Removes what a copy that failed has left: the two LMDB folders and dir, if nothing else is in it. */
static void
discard(const char *dir)
{
    static const char *const parts[] = {"log/data.mdb",   "log/lock.mdb",   "log.lock",   "log",
                                        "state/data.mdb", "state/lock.mdb", "state.lock", "state"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/%s", dir, parts[i]);
        if (len > 0 && (size_t)len < sizeof path)
            (void)remove(path);
    }
    (void)rmdir(dir);
}

static vdr_err
copy(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir, char *ret_words)
{
    vdr_err e = vdr_backup_dir_free(dir, ret_words);
    if (e != VDR_OK)
        return e;
    e = vdr_checkpoint_backup(checkpoint, dir);
    if (e == VDR_OK)
        e = vdr_log_backup(log, dir);
    if (e != VDR_OK) {
        discard(dir);
        return vdr_engine_words(ret_words, e, "copying to %s: %s", dir, vdr_err_text(e));
    }
    return VDR_OK;
}

vdr_err
vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir, vdr_position *ret_position,
                 char *ret_words)
{
    vdr_err e = copy(log, checkpoint, dir, ret_words);
    if (e != VDR_OK)
        return e;
    /* Opening checks that the copy is a store, and tells where it ends. */
    opened_store copied = {0};
    e = store_open(&copied, dir, ret_words);
    if (e != VDR_OK) {
        discard(dir);
        return e;
    }
    vdr_log_stats stats;
    vdr_log_stats_get(copied.log, &stats);
    *ret_position = stats.next - 1;
    store_close(&copied);
    return VDR_OK;
}

/* The whole way that a start would go: the chain, the checkpoint, the tail with its tales, the invariants. */
static vdr_err
check(const opened_store *store, vdr_position *ret_position, char *ret_words)
{
    vdr_position bad = 0;
    vdr_log_stats stats;
    vdr_log_stats_get(store->log, &stats);
    vdr_err e = vdr_log_verify(store->log, stats.first, NULL, NULL, &bad);
    if (e != VDR_OK)
        return vdr_engine_words(ret_words, e, "record %llu of the log: %s", (unsigned long long)bad,
                                vdr_err_text(e));
    vdr_engine *engine = vdr_alloc(1, sizeof *engine);
    engine->options.log = store->log;
    engine->options.checkpoint = store->checkpoint;
    vdr_arena_init(&engine->arena, VDR_SUBMISSION_BYTES);
    e = vdr_boot(engine, true, ret_words);
    const char *broken = e == VDR_OK ? vdr_core_check(engine->core) : NULL;
    if (broken != NULL)
        e = vdr_engine_words(ret_words, VDR_E_STORE_CORRUPT, "the state at record %llu: %s",
                             (unsigned long long)stats.next - 1, broken);
    vdr_core_free(&engine->core);
    vdr_config_free(&engine->config);
    vdr_arena_done(&engine->arena);
    free(engine);
    if (e == VDR_OK)
        *ret_position = stats.next - 1;
    return e;
}

vdr_err
vdr_restore_check(const char *dir, vdr_position *ret_position, char *ret_words)
{
    opened_store store = {0};
    vdr_err e = store_open(&store, dir, ret_words);
    if (e != VDR_OK)
        return e;
    e = check(&store, ret_position, ret_words);
    store_close(&store);
    return e;
}

vdr_err
vdr_restore(const char *from, const char *dir, vdr_position *ret_position, char *ret_words)
{
    opened_store store = {0};
    vdr_err e = vdr_backup_dir_free(dir, ret_words);
    if (e == VDR_OK)
        e = store_open(&store, from, ret_words);
    if (e != VDR_OK)
        return e;
    e = copy(store.log, store.checkpoint, dir, ret_words);
    store_close(&store);
    if (e != VDR_OK)
        return e;
    e = vdr_restore_check(dir, ret_position, ret_words);
    if (e != VDR_OK)
        discard(dir);
    return e;
}
