#include "store/env.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/folder.h"
#include "store/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define META           0u
#define PAGE_BYTES_MIN 512u /* and what a disk writes whole */

vdr_err
vdr_env_err(int rc)
{
    switch (rc) {
    case 0:
        return VDR_OK;
    case MDB_NOTFOUND:
        return VDR_E_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return VDR_E_STORE_FULL;
    case MDB_PANIC:
        return VDR_E_STORE_FAILED;
    case MDB_VERSION_MISMATCH:
        return VDR_E_STORE_VERSION;
    case MDB_READERS_FULL:
        return VDR_E_BUSY;
    case ENOMEM:
        return VDR_E_NO_MEMORY;
    default:
        return rc < 0 ? VDR_E_STORE_CORRUPT : VDR_E_IO; /* LMDB's own codes are negative */
    }
}

vdr_err
vdr_env_note(vdr_env *env, const char *what, int rc)
{
    (void)snprintf(env->reason, sizeof env->reason, "%s: %s: %s", env->spec->name, what, mdb_strerror(rc));
    return vdr_env_err(rc);
}

static vdr_err
fail(vdr_env *env, const char *what, vdr_err err)
{
    (void)snprintf(env->reason, sizeof env->reason, "%s: %s", env->spec->name, what);
    return err;
}

vdr_err
vdr_env_row_read(MDB_val key, MDB_val value, vdr_span *ret_bytes)
{
    vdr_span row = vdr_env_span(value);
    if (row.len < VDR_CHECK_BYTES)
        return VDR_E_STORE_CORRUPT;
    vdr_span bytes = vdr_span_of(row.at + VDR_CHECK_BYTES, row.len - VDR_CHECK_BYTES);
    if (vdr_get_le64(row.at) != vdr_check_of(vdr_env_span(key), bytes))
        return VDR_E_STORE_CORRUPT;
    *ret_bytes = bytes;
    return VDR_OK;
}

vdr_err
vdr_env_row_get(vdr_env *env, MDB_txn *txn, unsigned table, vdr_span key, vdr_span *ret_bytes)
{
    MDB_val at = vdr_env_val(key), value;
    int rc = mdb_get(txn, env->tables[table], &at, &value);
    return rc == 0 ? vdr_env_row_read(at, value, ret_bytes) : vdr_env_err(rc);
}

vdr_err
vdr_env_row_put(vdr_env *env, MDB_txn *txn, unsigned table, vdr_span key, vdr_span bytes)
{
    MDB_val at = vdr_env_val(key), value = {.mv_size = VDR_CHECK_BYTES + bytes.len};
    int rc = mdb_put(txn, env->tables[table], &at, &value, MDB_RESERVE);
    if (rc != 0)
        return vdr_env_note(env, "writing", rc);
    vdr_put_le64(value.mv_data, vdr_check_of(key, bytes));
    if (bytes.len != 0)
        memcpy((uint8_t *)value.mv_data + VDR_CHECK_BYTES, bytes.at, bytes.len);
    return VDR_OK;
}

/* Live pages are what LMDB counts for each tree; the two first are its own. */
static uint64_t
live_bytes(const vdr_env *env, MDB_txn *txn)
{
    uint64_t pages = 2;
    for (unsigned i = 0; i < 2 + env->spec->table_count; i++) {
        MDB_stat st;
        if (mdb_stat(txn, i < 2 ? i : env->tables[i - 2], &st) == 0)
            pages += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
    }
    return pages * env->page_bytes;
}

vdr_err
vdr_env_write_begin(vdr_env *env, uint64_t need_bytes, bool relief, MDB_txn **ret_txn)
{
    if (env->failed)
        return VDR_E_STORE_FAILED;
    vdr_err err = vdr_env_make_room(env, need_bytes, relief);
    if (err != VDR_OK)
        return err;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, ret_txn);
    env->failed = rc == MDB_PANIC;
    return rc == 0 ? VDR_OK : vdr_env_note(env, "beginning", rc);
}

/* LMDB marks an environment whose last page write, the one that makes a commit valid, failed. */
static bool
is_poisoned(vdr_env *env)
{
    MDB_txn *txn;
    if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn) != 0)
        return true;
    mdb_txn_abort(txn);
    return false;
}

/* Of the meta page that a commit will write: transactions take turns. */
typedef struct meta_page {
    off_t at;
    ssize_t len;
    uint8_t bytes[PAGE_BYTES_MIN];
} meta_page;

static void
meta_page_keep(const vdr_env *env, MDB_txn *txn, meta_page *ret_page)
{
    ret_page->at = mdb_txn_id(txn) % 2 == 0 ? 0 : (off_t)env->page_bytes;
    ret_page->len = pread(env->room.fd, ret_page->bytes, sizeof ret_page->bytes, ret_page->at);
}

/* Where writing it failed, LMDB leaves a mixture of two commits there, so that it does not count. What stood
 * there before is put back: it is well, and a mixture means that somebody changed it (store/pages.c). */
static void
meta_page_put_back(const vdr_env *env, const meta_page *page)
{
    if (page->len != (ssize_t)sizeof page->bytes)
        return;
    ssize_t done = pwrite(env->room.fd, page->bytes, sizeof page->bytes, page->at);
    if (done == (ssize_t)sizeof page->bytes)
        (void)fdatasync(env->room.fd); /* or the disk keeps what it has: writing is over in any case */
}

vdr_err
vdr_env_write_commit(vdr_env *env, MDB_txn *txn)
{
    uint64_t live = live_bytes(env, txn);
    meta_page before;
    meta_page_keep(env, txn, &before);
    int rc = mdb_txn_commit(txn);
    if (rc == 0) {
        env->live_bytes = live;
        env->commits++;
        return VDR_OK;
    }
    vdr_err err = vdr_env_note(env, "commit", rc);
    /* Without room the pages of this transaction are incomplete, but nothing refers to them: the meta
     * page is only written after they are all down and synced. Any other failure says nothing about
     * what the disk holds, and a second sync that succeeds would say no more. */
    bool poisoned = is_poisoned(env);
    if (err == VDR_E_STORE_FULL && !poisoned)
        return err;
    if (poisoned)
        meta_page_put_back(env, &before);
    env->failed = true;
    return VDR_E_STORE_FAILED;
}

vdr_err
vdr_env_read_begin(vdr_env *env, MDB_txn **txn_p)
{
    vdr_env_enter(env);
    int rc = *txn_p != NULL ? mdb_txn_renew(*txn_p) : mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, txn_p);
    if (rc != 0)
        vdr_env_leave(env);
    return vdr_env_err(rc);
}

void
vdr_env_read_rest(vdr_env *env, MDB_txn *txn)
{
    mdb_txn_reset(txn);
    vdr_env_leave(env);
}

void
vdr_env_read_end(vdr_env *env, MDB_txn *txn, bool resting)
{
    if (txn == NULL)
        return;
    mdb_txn_abort(txn);
    if (!resting)
        vdr_env_leave(env);
}

/* Opens LMDB in path with our settings, and no others. */
static vdr_err
open_mdb(vdr_env *env, const char *path)
{
    const unsigned forbidden =
        MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP | MDB_MAPASYNC | MDB_NOMEMINIT | MDB_NOLOCK | MDB_RDONLY;
    unsigned flags = 0;
    MDB_stat st;
    MDB_envinfo now;
    mdb_filehandle_t fd;
    int stale, rc = mdb_env_create(&env->mdb);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->mdb, VDR_ENV_TABLES_MAX);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->mdb, VDR_ENV_READERS);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->mdb, (size_t)env->map_wanted);
    if (rc == 0)
        rc = mdb_env_open(env->mdb, path, MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_env_get_flags(env->mdb, &flags);
    if (rc == 0)
        rc = mdb_reader_check(env->mdb, &stale);
    if (rc == 0)
        rc = mdb_env_get_fd(env->mdb, &fd);
    if (rc == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) /* LMDB says it for its other descriptors only */
        rc = errno;
    if (rc != 0)
        return vdr_env_note(env, path, rc);
    VDR_ASSERT((flags & forbidden) == 0 && (flags & MDB_NOTLS) != 0);
    (void)mdb_env_stat(env->mdb, &st);
    (void)mdb_env_info(env->mdb, &now);
    env->page_bytes = st.ms_psize;
    env->map_bytes = now.me_mapsize;
    return VDR_OK;
}

static vdr_err
open_tables(vdr_env *env, MDB_txn *txn, unsigned flags)
{
    for (unsigned i = 0; i < env->spec->table_count; i++) {
        int rc = mdb_dbi_open(txn, env->spec->tables[i], flags, &env->tables[i]);
        if (rc == MDB_NOTFOUND)
            return fail(env, "a table is missing", VDR_E_STORE_CORRUPT);
        if (rc != 0)
            return vdr_env_note(env, "opening a table", rc);
    }
    return VDR_OK;
}

static vdr_err
check_format(vdr_env *env, MDB_txn *txn)
{
    vdr_span bytes = {0};
    vdr_err err = vdr_env_row_get(env, txn, META, vdr_span_str("format"), &bytes);
    if (err != VDR_OK || bytes.len != 4)
        return fail(env, "it has no readable format mark", VDR_E_STORE_CORRUPT);
    if (vdr_get_le32(bytes.at) != env->spec->format)
        return fail(env, "it has the format of another version", VDR_E_STORE_VERSION);
    return VDR_OK;
}

/* Makes a new environment beside its place, so that what stands in the place is always whole. */
static vdr_err
make_new(vdr_env *env, const char *path)
{
    uint8_t format[4];
    MDB_txn *txn = NULL;
    int rc = vdr_folder_discard(path);
    if (rc == 0)
        rc = vdr_folder_make(path);
    if (rc != 0)
        return vdr_env_note(env, path, rc);
    vdr_err err = open_mdb(env, path);
    if (err != VDR_OK)
        goto done;
    rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);
    err = rc == 0 ? open_tables(env, txn, MDB_CREATE) : vdr_env_note(env, "beginning", rc);
    if (err != VDR_OK)
        goto done;
    vdr_put_le32(format, env->spec->format);
    err = vdr_env_row_put(env, txn, META, vdr_span_str("format"), vdr_span_of(format, sizeof format));
    if (err != VDR_OK)
        goto done;
    rc = mdb_txn_commit(txn);
    txn = NULL; /* a commit ends it, also when it fails */
    if (rc == 0)
        rc = vdr_folder_sync(path);
    err = rc == 0 ? VDR_OK : vdr_env_note(env, path, rc);
done:
    mdb_txn_abort(txn);
    mdb_env_close(env->mdb);
    env->mdb = NULL;
    return err;
}

/* Maps are powers of two: so the size that a meta page names can be judged (store/pages.c). */
static uint64_t
map_size(uint64_t wanted)
{
    uint64_t bytes = UINT64_C(1) << 20;
    while (bytes < wanted)
        bytes *= 2;
    return bytes;
}

static vdr_err
open_place(vdr_env *env, const char *dir, bool create)
{
    char path[VDR_PATH_BYTES], begun[VDR_PATH_BYTES], lock[VDR_PATH_BYTES], name[64];
    (void)snprintf(name, sizeof name, "%s.new", env->spec->name);
    int rc = vdr_folder_path(dir, env->spec->name, path);
    if (rc == 0)
        rc = vdr_folder_path(dir, name, begun);
    (void)snprintf(name, sizeof name, "%s.lock", env->spec->name);
    if (rc == 0)
        rc = vdr_folder_path(dir, name, lock);
    if (rc == 0 && !create && !vdr_folder_exists(path)) {
        (void)snprintf(env->reason, sizeof env->reason, "%s: there is no store in %.180s", env->spec->name,
                       dir);
        return VDR_E_NOT_FOUND;
    }
    if (rc == 0)
        rc = vdr_folder_make(dir);
    if (rc == 0)
        rc = vdr_folder_lock(lock, &env->lock_fd);
    if (rc == EWOULDBLOCK)
        return fail(env, "another process holds it", VDR_E_STORE_BUSY);
    if (rc != 0)
        return vdr_env_note(env, dir, rc);
    if (!vdr_folder_exists(path)) {
        vdr_err err = make_new(env, begun);
        if (err != VDR_OK)
            return err;
        rc = vdr_folder_rename(dir, begun, path);
        if (rc != 0)
            return vdr_env_note(env, path, rc);
    }
    vdr_pages_bad bad = {0};
    uint64_t end_bytes;
    vdr_err err = vdr_pages_check_folder(path, &end_bytes, &bad);
    if (err != VDR_OK)
        return fail(env, bad.text, err);
    env->map_wanted = map_size(end_bytes > env->map_wanted ? end_bytes : env->map_wanted);
    return open_mdb(env, path);
}

static vdr_err
begin_use(vdr_env *env)
{
    MDB_txn *txn = NULL;
    int fd = -1, rc = mdb_env_get_fd(env->mdb, &fd);
    if (rc == 0)
        rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);
    if (rc != 0)
        return vdr_env_note(env, "beginning", rc);
    vdr_room_init(&env->room, fd);
    vdr_err err = open_tables(env, txn, 0);
    if (err == VDR_OK)
        err = check_format(env, txn);
    if (err != VDR_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    env->live_bytes = live_bytes(env, txn);
    rc = mdb_txn_commit(txn); /* nothing to write; keeps the tables open */
    return rc == 0 ? VDR_OK : vdr_env_note(env, "beginning", rc);
}

/* Gives back what the file holds for nothing, where that is more than half. */
static vdr_err
shrink(vdr_env *env, const char *dir)
{
    char path[VDR_PATH_BYTES];
    vdr_env_shrink_tidy(env, dir);
    if (!vdr_env_is_wasteful(env) || !vdr_env_shrink_copy(env, dir))
        return VDR_OK;
    mdb_env_close(env->mdb);
    env->mdb = NULL;
    int rc = vdr_env_shrink_swap(env, dir);
    if (rc == 0)
        rc = vdr_folder_path(dir, env->spec->name, path);
    if (rc != 0)
        return vdr_env_note(env, dir, rc);
    env->shrunk = true;
    vdr_err err = open_mdb(env, path);
    return err == VDR_OK ? begin_use(env) : err;
}

vdr_err
vdr_env_open(vdr_env *env, const vdr_env_spec *spec, const char *dir, bool create, uint64_t map_bytes)
{
    pthread_condattr_t attr;
    *env = (vdr_env){
        .spec = spec, .lock_fd = -1, .map_wanted = map_size(map_bytes != 0 ? map_bytes : VDR_ENV_MAP_BYTES)};
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&env->gate, NULL);
    (void)pthread_cond_init(&env->turn, &attr);
    (void)pthread_condattr_destroy(&attr);
    vdr_err err = open_place(env, dir, create);
    if (err == VDR_OK)
        err = begin_use(env);
    if (err == VDR_OK)
        err = shrink(env, dir);
    if (err != VDR_OK)
        vdr_env_close(env);
    return err;
}

void
vdr_env_close(vdr_env *env)
{
    VDR_ASSERT(env->reading == 0);
    mdb_env_close(env->mdb);
    env->mdb = NULL;
    if (env->lock_fd >= 0)
        (void)close(env->lock_fd);
    env->lock_fd = -1;
    (void)pthread_cond_destroy(&env->turn);
    (void)pthread_mutex_destroy(&env->gate);
}
