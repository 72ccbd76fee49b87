#include "store/env.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* Deleting in LMDB first takes pages, for copies and for the list of free ones; so appends leave this
 * much, and cutting, forgetting and removing old checkpoint blocks may use it. */
#define RELIEF_BYTES (UINT64_C(4) << 20)
#define WAIT_MS      2000

void
vdr_env_enter(vdr_env *env)
{
    (void)pthread_mutex_lock(&env->gate);
    while (env->moving)
        (void)pthread_cond_wait(&env->turn, &env->gate);
    env->reading++;
    (void)pthread_mutex_unlock(&env->gate);
}

void
vdr_env_leave(vdr_env *env)
{
    (void)pthread_mutex_lock(&env->gate);
    VDR_ASSERT(env->reading > 0);
    env->reading--;
    (void)pthread_cond_broadcast(&env->turn);
    (void)pthread_mutex_unlock(&env->gate);
}

/* Keeps new readers out and waits at most wait_ms for the others to rest. */
static bool
gate_shut(vdr_env *env, int wait_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&env->gate);
    env->moving = true;
    int rc = 0;
    while (env->reading != 0 && rc == 0)
        rc = wait_ms == 0 ? ETIMEDOUT : pthread_cond_timedwait(&env->turn, &env->gate, &until);
    bool shut = env->reading == 0;
    if (!shut) {
        env->moving = false;
        (void)pthread_cond_broadcast(&env->turn);
    }
    (void)pthread_mutex_unlock(&env->gate);
    return shut;
}

static void
gate_open(vdr_env *env)
{
    (void)pthread_mutex_lock(&env->gate);
    env->moving = false;
    (void)pthread_cond_broadcast(&env->turn);
    (void)pthread_mutex_unlock(&env->gate);
}

static vdr_err
move_map(vdr_env *env, uint64_t bytes, int wait_ms)
{
    if (!gate_shut(env, wait_ms)) {
        (void)snprintf(env->reason, sizeof env->reason, "%s: the map cannot grow while a reader is at work",
                       env->spec->name);
        return VDR_E_STORE_FULL;
    }
    int rc = mdb_env_set_mapsize(env->mdb, (size_t)bytes);
    MDB_envinfo now;
    (void)mdb_env_info(env->mdb, &now);
    env->map_bytes = now.me_mapsize;
    gate_open(env);
    if (rc == 0)
        return VDR_OK;
    env->failed = true; /* LMDB has no map any more */
    (void)vdr_env_note(env, "growing the map", rc);
    return VDR_E_STORE_FAILED;
}

/* The volume refuses more blocks. What is freed inside the file can still be used: with the map cut to
 * the blocks that the file has, LMDB itself stops at their end, before it writes anything. */
static vdr_err
use_what_is_free(vdr_env *env, uint64_t need_bytes, bool relief)
{
    if (!relief && env->live_bytes + need_bytes + RELIEF_BYTES > env->room.allocated_bytes) {
        (void)vdr_env_note(env, "no room on the volume", env->room.error);
        return VDR_E_STORE_FULL;
    }
    uint64_t bytes = env->room.allocated_bytes / env->page_bytes * env->page_bytes;
    return bytes < env->map_bytes ? move_map(env, bytes, WAIT_MS) : VDR_OK;
}

vdr_err
vdr_env_make_room(vdr_env *env, uint64_t need_bytes, bool relief)
{
    MDB_envinfo now;
    (void)mdb_env_info(env->mdb, &now);
    uint64_t end = ((uint64_t)now.me_last_pgno + 1) * env->page_bytes + need_bytes + RELIEF_BYTES;
    if (!vdr_room_extend(&env->room, end))
        return use_what_is_free(env, need_bytes, relief);
    if (end <= env->map_bytes / 4 * 3)
        return VDR_OK;
    uint64_t bytes = env->map_wanted;
    while (end > bytes / 4 * 3)
        bytes *= 2;
    vdr_err err = move_map(env, bytes, end <= env->map_bytes ? 0 : WAIT_MS);
    if (err == VDR_OK)
        env->map_wanted = bytes;
    return err == VDR_E_STORE_FULL && end <= env->map_bytes ? VDR_OK : err;
}

vdr_env_room
vdr_env_room_get(vdr_env *env)
{
    const vdr_room *room = &env->room;
    vdr_room_look(&env->room);
    return (vdr_env_room){
        .fd = room->fd,
        .inside_bytes = room->allocated_bytes > env->live_bytes ? room->allocated_bytes - env->live_bytes : 0,
        .free_bytes = room->free_bytes,
        .refused = room->refused};
}

bool
vdr_env_room_short(const vdr_env_room *room, uint64_t reserve)
{
    return room->inside_bytes + (room->refused ? 0 : room->free_bytes) < reserve + 2 * RELIEF_BYTES;
}

bool
vdr_env_room_short_now(const vdr_env_room *room, uint64_t reserve)
{
    vdr_env_room now = *room;
    now.free_bytes = vdr_room_free(room->fd);
    if (now.refused && now.free_bytes > room->free_bytes + RELIEF_BYTES)
        now.refused = false; /* somebody made room */
    return vdr_env_room_short(&now, reserve);
}
