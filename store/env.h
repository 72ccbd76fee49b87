/* store/env.h - one LMDB environment, held by this process alone. Private to the LMDB backends.
 *
 * It knows nothing of logs or checkpoints: it makes and locks DIR/NAME, opens the tables, sees to room on
 * the volume and in the map before a transaction begins, and says after a failed commit whether the
 * environment can go on. LMDB runs with full sync always: a commit that returned is on the disk.
 *
 * Thread:  one thread writes; read transactions may begin on any thread (LMDB's MDB_NOTLS).
 * Errors:  LMDB's and the system's codes are translated here and nowhere else. STORE_FULL: nothing was
 *          written, go on. After STORE_FAILED every later write gives STORE_FAILED. */
#ifndef VDR_STORE_ENV_H
#define VDR_STORE_ENV_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "store/pages.h"
#include "store/room.h"

#include <lmdb.h>
#include <pthread.h>

#define VDR_ENV_TABLES_MAX   4u
#define VDR_ENV_READERS      256u
#define VDR_ENV_REASON_BYTES 256u
#define VDR_ENV_MAP_BYTES    (UINT64_C(64) << 30) /* address space, not disk; grows by itself */

/* What an environment is: its folder, its tables (the first is always "meta") and its format. */
typedef struct vdr_env_spec {
    const char *name;
    uint32_t format;
    unsigned table_count;
    const char *tables[VDR_ENV_TABLES_MAX];
} vdr_env_spec;

typedef struct vdr_env {
    const vdr_env_spec *spec;
    MDB_env *mdb;
    MDB_dbi tables[VDR_ENV_TABLES_MAX];
    int lock_fd;
    bool failed; /* a commit failed and its outcome is unknown; writing is over */
    char reason[VDR_ENV_REASON_BYTES];

    uint64_t page_bytes;
    uint64_t live_bytes; /* in pages that are in use, as of the last commit */
    uint64_t commits;    /* since opening; each waited for the disk */
    uint64_t map_bytes;  /* now; less than map_wanted while the volume is full */
    uint64_t map_wanted;
    vdr_room room;
    bool shrunk; /* at opening: the file is a copy without free pages */

    pthread_mutex_t gate; /* guards the two below: the map moves only while nobody reads */
    pthread_cond_t turn;
    unsigned reading;
    bool moving;
} vdr_env;

/* Opens DIR/NAME; with create makes what is missing. On failure env->reason has words, and nothing else
 * of env may be used. map_bytes 0: VDR_ENV_MAP_BYTES. NOT_FOUND, STORE_BUSY, STORE_VERSION,
 * STORE_CORRUPT, IO. */
VDR_MUST_CHECK vdr_err vdr_env_open(vdr_env *env, const vdr_env_spec *spec, const char *dir, bool create,
                                    uint64_t map_bytes);
void vdr_env_close(vdr_env *env); /* readers are closed before */

/* Begins a write transaction that will write about need_bytes. relief: it frees more than it takes, so
 * it may use the room that is kept for such. STORE_FULL, STORE_FAILED. */
VDR_MUST_CHECK vdr_err vdr_env_write_begin(vdr_env *env, uint64_t need_bytes, bool relief, MDB_txn **ret_txn);
/* Ends txn in any case. OK: durable. STORE_FULL: nothing was written. STORE_FAILED: unknown. */
VDR_MUST_CHECK vdr_err vdr_env_write_commit(vdr_env *env, MDB_txn *txn);

/* Begins a read transaction, or renews the resting one in *txn_p. May wait while the map moves. */
VDR_MUST_CHECK vdr_err vdr_env_read_begin(vdr_env *env, MDB_txn **txn_p);
void vdr_env_read_rest(vdr_env *env, MDB_txn *txn);
void vdr_env_read_end(vdr_env *env, MDB_txn *txn, bool resting); /* NULL-safe */

/* Rows: bytes behind a checksum over key and bytes (store/check.h). get gives the bytes without it, valid
 * as long as the transaction is. put overwrites. NOT_FOUND, STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_env_row_get(vdr_env *env, MDB_txn *txn, unsigned table, vdr_span key,
                                       vdr_span *ret_bytes);
VDR_MUST_CHECK vdr_err vdr_env_row_put(vdr_env *env, MDB_txn *txn, unsigned table, vdr_span key,
                                       vdr_span bytes);
VDR_MUST_CHECK vdr_err vdr_env_row_read(MDB_val key, MDB_val value, vdr_span *ret_bytes);

/* Every page of the file as it is now (store/pages.h). Any thread, while others write. */
VDR_MUST_CHECK vdr_err vdr_env_check_pages(vdr_env *env, vdr_pages_bad *ret_bad);

/* Translates LMDB's or the system's code; with words for the thread that writes. */
vdr_err vdr_env_err(int rc);
vdr_err vdr_env_note(vdr_env *env, const char *what, int rc);

/* A compacted copy as DIR/NAME, which must not be there yet. Any thread, while others write. */
VDR_MUST_CHECK vdr_err vdr_env_copy(vdr_env *env, const char *dir);

/* The file data.mdb of such a copy, synced, in the folder path. 0 or an error code of LMDB or the system. */
int vdr_env_copy_file(vdr_env *env, const char *path);

/* store/env_shrink.c, used at opening. copy: a copy without free pages lies beside the file, checked; swap, with
 * the environment closed: it is the file now. */
bool vdr_env_is_wasteful(const vdr_env *env); /* more than half of the file is free */
void vdr_env_shrink_tidy(const vdr_env *env, const char *dir);
bool vdr_env_shrink_copy(vdr_env *env, const char *dir);
int vdr_env_shrink_swap(const vdr_env *env, const char *dir);

/* What can still be written: free pages in the file, and what the volume has. On any thread from values
 * that were copied on the thread that writes. */
typedef struct vdr_env_room {
    int fd;
    uint64_t inside_bytes, free_bytes; /* the volume's at the last look */
    bool refused;                      /* it said no: what it claims to have does not count */
} vdr_env_room;
vdr_env_room vdr_env_room_get(vdr_env *env);                         /* the thread that writes */
bool vdr_env_room_short(const vdr_env_room *room, uint64_t reserve); /* as of then */
bool vdr_env_room_short_now(const vdr_env_room *room, uint64_t reserve);

/* store/env_map.c. Between enter and leave the map does not move; enter may wait while it does. */
void vdr_env_enter(vdr_env *env);
void vdr_env_leave(vdr_env *env);
/* Room in the map and on the volume for end-of-file + need_bytes. */
VDR_MUST_CHECK vdr_err vdr_env_make_room(vdr_env *env, uint64_t need_bytes, bool relief);

static inline MDB_val
vdr_env_val(vdr_span span)
{
    return (MDB_val){.mv_size = span.len, .mv_data = (void *)(uintptr_t)span.at};
}

static inline vdr_span
vdr_env_span(MDB_val value)
{
    return vdr_span_of(value.mv_data, value.mv_size);
}

#endif
