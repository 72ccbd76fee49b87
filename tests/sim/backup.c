#include "tests/sim/backup.h"

#include "broker/core/core.h"
#include "broker/engine/engine.h"
#include "broker/history/history.h"
#include "tests/sim/audit.h"
#include "tests/sim/broker.h"
#include "tests/sim/disk.h"
#include "tests/sim/trace.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES 200u

typedef struct place {
    char dir[256];
    vdr_memory *memory;
    uint64_t turns; /* of the wrapping key that had begun */
    bool turning;   /* one was under way */
    bool whole, looked_at;
} place;

static place places[PLACES];
static size_t place_count, newest;
static sim_dice dice;
static char root[200];
static uint64_t turns; /* begun */
static bool turning, moment;
static unsigned restored; /* names folders */

vdr_err __wrap_vdr_log_backup(vdr_log *log, const char *dir);
vdr_err __wrap_vdr_checkpoint_backup(vdr_checkpoint *checkpoint, const char *dir);
vdr_err __wrap_vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir,
                                vdr_position *ret_position, char *ret_words);
vdr_err __real_vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir,
                                vdr_position *ret_position, char *ret_words);
vdr_err __wrap_vdr_vault_turn_begin(vdr_vault *vault);
vdr_err __real_vdr_vault_turn_begin(vdr_vault *vault);
vdr_err __wrap_vdr_vault_turn_finish(vdr_vault *vault, vdr_vault_table **table_p);
vdr_err __real_vdr_vault_turn_finish(vdr_vault *vault, vdr_vault_table **table_p);

void
sim_backup_begin(uint64_t seed, const sim_town *town)
{
    dice = sim_dice_of(seed, 8);
    (void)snprintf(root, sizeof root, "%s", town->dir);
}

/* ---- Disks */

static place *
find(const char *dir)
{
    for (size_t i = 0; i < place_count; i++) {
        if (strcmp(places[i].dir, dir) == 0)
            return &places[i];
    }
    return NULL;
}

vdr_memory *
sim_backup_disk(const char *dir)
{
    const place *p = find(dir);
    return p != NULL ? p->memory : NULL;
}

static place *
place_at(const char *dir)
{
    place *p = find(dir);
    if (p == NULL) {
        VDR_ASSERT(place_count < PLACES && strlen(dir) < sizeof p->dir);
        p = &places[place_count++];
        memcpy(p->dir, dir, strlen(dir) + 1);
        p->memory = vdr_memory_new();
    }
    return p;
}

void
sim_backup_crash(void)
{
    turning = false;
    for (size_t i = 0; i < place_count; i++)
        vdr_memory_crash(places[i].memory);
}

static void
make_folder(const char *dir, const char *part)
{
    char path[300];
    (void)mkdir(dir, 0700);
    (void)snprintf(path, sizeof path, "%s/%s", dir, part);
    VDR_ASSERT(mkdir(path, 0700) == 0);
}

/* First the checkpoints, then the log; the broker works on meanwhile. */
vdr_err
__wrap_vdr_checkpoint_backup(vdr_checkpoint *checkpoint, const char *dir)
{
    place *old = find(dir);
    if (old == NULL && place_count == PLACES)
        return VDR_E_STORE_FULL;
    if (old != NULL)
        old->memory = vdr_memory_new();
    place *p = place_at(dir);
    p->turns = turns;
    p->turning = turning;
    p->whole = false;
    sim_disk_take_time();
    make_folder(dir, "state");
    vdr_memory_copy_state(sim_disk_of(NULL, checkpoint), p->memory);
    sim_disk_take_time();
    return VDR_OK;
}

vdr_err
__wrap_vdr_log_backup(vdr_log *log, const char *dir)
{
    place *p = place_at(dir);
    sim_disk_take_time();
    make_folder(dir, "log");
    vdr_memory_copy_log(sim_disk_of(log, NULL), p->memory);
    sim_disk_take_time();
    return VDR_OK;
}

/* The next one may be under way by the time that this one is told of. */
vdr_err
__wrap_vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir, vdr_position *ret_position,
                        char *ret_words)
{
    vdr_err err = __real_vdr_backup_write(log, checkpoint, dir, ret_position, ret_words);
    if (err != VDR_OK)
        return err;
    place *p = find(dir);
    p->whole = true;
    p->looked_at = false;
    newest = (size_t)(p - places);
    if (vdr_memory_end(p->memory) != *ret_position + 1)
        sim_violation("backup", "one is complete up to %llu, and ends before %llu",
                      (unsigned long long)*ret_position, (unsigned long long)vdr_memory_end(p->memory));
    return VDR_OK;
}

vdr_err
__wrap_vdr_vault_turn_begin(vdr_vault *vault)
{
    turns++;
    turning = moment = true;
    return __real_vdr_vault_turn_begin(vault);
}

bool
sim_backup_moment(void)
{
    bool now = moment && place_count != 0 && sim_below(&dice, 3) == 0;
    moment = false;
    return now;
}

vdr_err
__wrap_vdr_vault_turn_finish(vdr_vault *vault, vdr_vault_table **table_p)
{
    vdr_err err = __real_vdr_vault_turn_finish(vault, table_p);
    turning = err != VDR_OK;
    return err;
}

void
sim_backup_settled(vdr_position next)
{
    for (size_t i = 0; i < place_count; i++) /* of a world that did not come to be */
        places[i].whole = places[i].whole && vdr_memory_end(places[i].memory) <= next;
}

void
sim_backup_told(vdr_position position)
{
    bool there = false;
    sim_deeds[SIM_BACKUP]++;
    for (size_t i = 0; i < place_count; i++)
        there = there || (places[i].whole && vdr_memory_end(places[i].memory) == position + 1);
    if (!there)
        sim_violation("backup", "one is told to be complete up to %llu, and none is",
                      (unsigned long long)position);
}

/* ---- Restored */

/* An erasure since then, or a turn that was begun: its keys are gone. */
static bool
is_stale(const place *p)
{
    return p->turns != turns || p->turning;
}

static vdr_err
restore(const sim_town *town, const place *from, const char *to, vdr_restored *ret_restored)
{
    uint8_t key[32];
    char wrap[256], words[VDR_ENGINE_WORDS_BYTES] = "";
    (void)snprintf(wrap, sizeof wrap, "%s/escrow/wrap", town->dir);
    vdr_err err = VDR_E_WRONG_KEY;
    for (unsigned i = town->store; err == VDR_E_WRONG_KEY && i <= town->store + town->store_next; i++) {
        sim_town_store_key(i, key);
        const vdr_store_keys keys = {.key = key, .wrap = wrap};
        err = vdr_restore(from->dir, to, &keys, ret_restored, words);
    }
    sim_trace("restored", (uint64_t)err, ret_restored->position);
    if (err != VDR_OK && !is_stale(from))
        sim_violation("restore", "%s: %s", vdr_err_code(err), words);
    if (err == VDR_OK && ret_restored->position + 1 != vdr_memory_end(from->memory))
        sim_violation("restore", "a backup up to %llu gives a store up to %llu",
                      (unsigned long long)vdr_memory_end(from->memory) - 1,
                      (unsigned long long)ret_restored->position);
    return err;
}

/* 0: it cannot be told from there any more. */
static uint64_t
hash_at(vdr_log *log, vdr_checkpoint *checkpoint, vdr_position position)
{
    vdr_history *history = NULL;
    vdr_history_step step;
    char words[VDR_HISTORY_WORDS] = "";
    uint64_t hash = 0;
    vdr_err err = vdr_history_open(log, checkpoint, &history, words);
    while (err == VDR_OK && vdr_core_position(vdr_history_core(history)) < position)
        err = vdr_history_next(history, VDR_MS_NONE, &step, words);
    if (err == VDR_OK && vdr_core_position(vdr_history_core(history)) == position)
        hash = vdr_core_state_hash(vdr_history_core(history));
    vdr_history_close(&history);
    return hash;
}

/* Its state is the one that the broker had at that position, by the broker's log and by the backup's own. */
static void
compare(const sim_town *town, const char *dir, vdr_position position)
{
    uint8_t key[32];
    char words[VDR_STORE_WORDS_BYTES];
    vdr_store store = {0};
    sim_town_store_key(town->store, key);
    vdr_store_options options = {.key = key};
    if (vdr_store_open(dir, &options, &store, words) != VDR_OK) {
        sim_town_store_key(town->store + 1, key);
        if (!town->store_next || vdr_store_open(dir, &options, &store, words) != VDR_OK) {
            sim_violation("restore", "what was restored cannot be opened: %s", words);
            return;
        }
    }
    uint64_t own = hash_at(store.log, store.checkpoint, position);
    uint64_t live = hash_at(vdr_engine_log(sim_broker_engine()), NULL, position);
    if (own == 0)
        sim_violation("restore", "what was restored does not step to %llu", (unsigned long long)position);
    else if (live != 0 && live != own)
        sim_violation("I4", "restored, the state of record %llu is another one",
                      (unsigned long long)position);
    sim_deeds[SIM_RESTORED_ELSEWHERE] += live != 0;
    vdr_store_close(&store);
}

void
sim_backup_look(const sim_town *town)
{
    place *p = &places[newest];
    vdr_restored done = {0};
    char to[256];
    if (place_count == 0 || place_count == PLACES || !p->whole || p->looked_at || sim_broker_engine() == NULL)
        return;
    p->looked_at = true;
    if (sim_below(&dice, 2) != 0)
        return;
    (void)snprintf(to, sizeof to, "%s/restored-%u", root, ++restored);
    if (restore(town, p, to, &done) == VDR_OK)
        compare(town, to, done.position);
}

bool
sim_backup_restore(const sim_town *town, vdr_position *ret_next)
{
    size_t of = place_count, count = 0;
    vdr_restored done = {0};
    char to[256], store[256], lost[256];
    for (size_t i = 0; i < place_count; i++) {
        if (places[i].whole && sim_below(&dice, ++count) == 0)
            of = i;
    }
    if (of == place_count || place_count == PLACES)
        return false;
    (void)snprintf(to, sizeof to, "%s/restored-%u", root, ++restored);
    (void)snprintf(store, sizeof store, "%s/store", root);
    (void)snprintf(lost, sizeof lost, "%s/lost-%u", root, restored);
    if (restore(town, &places[of], to, &done) != VDR_OK)
        return false;
    VDR_ASSERT(rename(store, lost) == 0 && rename(to, store) == 0);
    place *p = find(to);
    sim_disk_take_over(p->memory);
    *p = places[--place_count];
    newest = 0;
    sim_deeds[SIM_RESTORED]++;
    *ret_next = done.position + 1;
    sim_backup_settled(*ret_next);
    return true;
}
