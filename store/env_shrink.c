/* LMDB's files never shrink by themselves: pages that were freed are used again, but stay. So where more than half
 * of a file is free when it is opened, it is copied without them, and the copy takes its place.
 *
 * The copy is made and checked beside the file, and takes its place by one rename: a crash at any instant leaves
 * either the one or the other, whole. What an interrupted try left is thrown away at the next opening. A try that
 * fails (no room, most likely) is no failure: the file stays as it is.
 *
 * Why not while the broker runs: what is freed is written over first, so the file of a log that is cut stays about as
 * large as it was once (tests/unit/carry_test.c: two years). To give it back at once, everybody who reads (deliveries, surveys,
 * audits, back-tests, backups, the eraser) would have to let go of the old file at one instant, and what was appended,
 * cut and forgotten since the copy began would have to be done again on it. A hole punched into the file would give
 * back its blocks, but the blocks of a file are taken ahead so that no commit meets a full volume (store/room.h). */
#include "store/env.h"

#include "store/folder.h"
#include "store/pages.h"

#include <stdio.h>
#include <unistd.h>

#define SHRINK_BYTES_MIN (UINT64_C(4) << 20) /* smaller files are not worth a copy */

/* Pages up to the last one that is in use. */
static uint64_t
file_bytes(const vdr_env *env)
{
    MDB_envinfo now;
    (void)mdb_env_info(env->mdb, &now);
    return (now.me_last_pgno + 1) * env->page_bytes;
}

bool
vdr_env_is_wasteful(const vdr_env *env)
{
    uint64_t bytes = file_bytes(env);
    return bytes >= SHRINK_BYTES_MIN && env->live_bytes < bytes / 2;
}

/* Rows of each table, LMDB's table of tables included. */
static int
count_rows(const vdr_env *env, MDB_env *mdb, size_t ret_rows[VDR_ENV_TABLES_MAX + 1])
{
    MDB_txn *txn = NULL;
    MDB_stat st;
    int rc = mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn);
    for (unsigned i = 0; i < env->spec->table_count && rc == 0; i++) {
        MDB_dbi table;
        rc = mdb_dbi_open(txn, env->spec->tables[i], 0, &table);
        if (rc == 0)
            rc = mdb_stat(txn, table, &st);
        if (rc == 0)
            ret_rows[i] = st.ms_entries;
    }
    if (rc == 0)
        rc = mdb_stat(txn, 1, &st);
    if (rc == 0)
        ret_rows[env->spec->table_count] = st.ms_entries;
    mdb_txn_abort(txn);
    return rc;
}

static bool
is_same(const vdr_env *env, const char *path)
{
    size_t here[VDR_ENV_TABLES_MAX + 1] = {0}, there[VDR_ENV_TABLES_MAX + 1] = {0};
    MDB_env *copy = NULL;
    int rc = mdb_env_create(&copy);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(copy, VDR_ENV_TABLES_MAX);
    if (rc == 0)
        rc = mdb_env_set_mapsize(copy, (size_t)env->map_wanted);
    if (rc == 0)
        rc = mdb_env_open(copy, path, MDB_NOTLS, 0600);
    if (rc == 0)
        rc = count_rows(env, copy, there);
    if (rc == 0)
        rc = count_rows(env, env->mdb, here);
    if (copy != NULL)
        mdb_env_close(copy);
    for (unsigned i = 0; i <= env->spec->table_count && rc == 0; i++)
        rc = here[i] == there[i] ? 0 : MDB_CORRUPTED;
    return rc == 0;
}

static int
paths_of(const vdr_env *env, const char *dir, char *ret_folder, char *ret_aside)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s.small", env->spec->name);
    int rc = vdr_folder_path(dir, env->spec->name, ret_folder);
    return rc == 0 ? vdr_folder_path(dir, name, ret_aside) : rc;
}

void
vdr_env_shrink_tidy(const vdr_env *env, const char *dir)
{
    char folder[VDR_PATH_BYTES], aside[VDR_PATH_BYTES];
    if (paths_of(env, dir, folder, aside) == 0 && vdr_folder_exists(aside))
        (void)vdr_folder_discard(aside);
}

bool
vdr_env_shrink_copy(vdr_env *env, const char *dir)
{
    char folder[VDR_PATH_BYTES], aside[VDR_PATH_BYTES];
    vdr_pages_bad bad = {0};
    uint64_t end_bytes;
    int rc = paths_of(env, dir, folder, aside);
    if (rc == 0)
        rc = vdr_folder_discard(aside);
    if (rc == 0)
        rc = vdr_folder_make(aside);
    if (rc == 0)
        rc = vdr_env_copy_file(env, aside);
    if (rc == 0 && vdr_pages_check_folder(aside, &end_bytes, &bad) == VDR_OK && is_same(env, aside))
        return true;
    (void)vdr_folder_discard(aside);
    return false;
}

int
vdr_env_shrink_swap(const vdr_env *env, const char *dir)
{
    char folder[VDR_PATH_BYTES], aside[VDR_PATH_BYTES], from[VDR_PATH_BYTES], to[VDR_PATH_BYTES];
    int rc = paths_of(env, dir, folder, aside);
    if (rc == 0)
        rc = vdr_folder_path(aside, "data.mdb", from);
    if (rc == 0)
        rc = vdr_folder_path(folder, "data.mdb", to);
    if (rc == 0)
        rc = vdr_folder_rename(folder, from, to);
    (void)vdr_folder_discard(aside);
    return rc;
}
