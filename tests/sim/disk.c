#include "tests/sim/disk.h"

#include "store/store.h"
#include "tests/sim/audit.h"
#include "tests/sim/backup.h"
#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"
#include "tests/sim/trace.h"

#include <stdio.h>

static vdr_memory *memory;
static vdr_checkpoint *checkpoints; /* of the broker that runs */
static bool checkpoint_begun;
static int64_t stalled_us;
static sim_dice dice;
static sim_disk_habits habits;
static sim_disk_counts counts;

#define OPENED 8u
typedef struct handles {
    const vdr_log *log;
    const vdr_checkpoint *checkpoint;
    vdr_memory *memory;
} handles;
static handles opened[OPENED]; /* of copies; those that are open are the newest */
static handles own;            /* of the broker that runs */
static size_t opened_count;

vdr_err __wrap_vdr_store_open(const char *dir, const vdr_store_options *options, vdr_store *ret_store,
                              char *reterr);
vdr_err __wrap_vdr_log_append(vdr_log *log, uint64_t epoch, vdr_position expected,
                              const vdr_log_record *records, size_t count, const vdr_log_mail *mails,
                              size_t mail_count);
vdr_err __real_vdr_log_append(vdr_log *log, uint64_t epoch, vdr_position expected,
                              const vdr_log_record *records, size_t count, const vdr_log_mail *mails,
                              size_t mail_count);
vdr_err __wrap_vdr_checkpoint_commit(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest);
vdr_err __real_vdr_checkpoint_commit(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest);
vdr_err __wrap_vdr_checkpoint_begin(vdr_checkpoint *checkpoint);
vdr_err __real_vdr_checkpoint_begin(vdr_checkpoint *checkpoint);
void __wrap_vdr_checkpoint_abandon(vdr_checkpoint *checkpoint);
void __real_vdr_checkpoint_abandon(vdr_checkpoint *checkpoint);
vdr_err __wrap_vdr_checkpoint_look_open(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look);
vdr_err __wrap_vdr_checkpoint_look_oldest(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look);
int __wrap_rename(const char *from, const char *to);
int __real_rename(const char *from, const char *to);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_flock(int fd, int operation);

void
sim_disk_begin(uint64_t seed, const sim_disk_habits *of)
{
    dice = sim_dice_of(seed, 4);
    habits = *of;
    memory = vdr_memory_new();
}

vdr_memory *
sim_disk(void)
{
    return memory;
}

vdr_checkpoint *
sim_disk_checkpoint(void)
{
    return checkpoints;
}

bool
sim_disk_checkpoint_begun(void)
{
    return checkpoint_begun;
}

void
sim_disk_heal(void)
{
    habits.stalls = habits.lost = habits.kept = habits.full = 0;
    vdr_memory_capacity_set(memory, 0);
    vdr_memory_fault_set(memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_NONE);
    vdr_memory_fault_set(memory, VDR_MEMORY_STATE, 0, VDR_MEMORY_NONE);
}

sim_disk_counts
sim_disk_counted(void)
{
    return counts;
}

vdr_err
__wrap_vdr_store_open(const char *dir, const vdr_store_options *options, vdr_store *ret_store, char *reterr)
{
    vdr_vault_options vault = {.key = options->key,
                               .key_next = options->key_next,
                               .escrow = options->escrow,
                               .wrap = options->wrap,
                               .create = options->log.create};
    vdr_memory *other = sim_backup_disk(dir), *of = other != NULL ? other : memory;
    vdr_store store = {0};
    vdr_log_options log = options->log;
    vdr_err err = options->key != NULL ? vdr_vault_open(dir, &vault, &store.vault, reterr) : VDR_OK;
    log.vault = store.vault;
    if (err == VDR_OK)
        err = vdr_log_open_memory(of, &log, &store.log);
    if (err == VDR_OK)
        err = vdr_checkpoint_open_memory(of, store.vault, &store.checkpoint);
    if (err != VDR_OK) {
        (void)snprintf(reterr, VDR_STORE_WORDS_BYTES, "the simulated store: %s", vdr_err_code(err));
        vdr_store_close(&store);
        return err;
    }
    const handles made = {store.log, store.checkpoint, of};
    if (other != NULL)
        opened[opened_count++ % OPENED] = made;
    if (other == NULL) {
        own = made;
        checkpoints = store.checkpoint;
        checkpoint_begun = false;
    }
    *ret_store = store;
    return VDR_OK;
}

vdr_memory *
sim_disk_of(const vdr_log *log, const vdr_checkpoint *checkpoint)
{
    if (log != NULL ? log == own.log : checkpoint == own.checkpoint)
        return own.memory;
    for (size_t i = opened_count; i-- > 0 && opened_count - i <= OPENED;) {
        const handles *h = &opened[i % OPENED];
        if (log != NULL ? h->log == log : h->checkpoint == checkpoint)
            return h->memory;
    }
    VDR_ASSERT(false);
    return NULL;
}

void
sim_disk_take_over(vdr_memory *other)
{
    memory = other;
}

int64_t
sim_disk_stalled_us(void)
{
    int64_t until_us = stalled_us;
    stalled_us = 0;
    return until_us;
}

static void
take_time(int64_t share)
{
    int64_t us = sim_between(&dice, habits.least_us, habits.most_us) / share;
    if (sim_chance(&dice, habits.stalls)) {
        counts.stalls++;
        us *= 1000;
        stalled_us = sim_clock_us() + us;
    }
    sim_fiber_sleep(us);
}

void
sim_disk_take_time(void)
{
    take_time(1);
}

static void
may_fail(vdr_memory_part part)
{
    vdr_memory_fault fault = VDR_MEMORY_NONE;
    if (sim_chance(&dice, habits.lost)) {
        fault = VDR_MEMORY_LOST;
        counts.lost++;
    } else if (sim_chance(&dice, habits.kept)) {
        fault = VDR_MEMORY_KEPT;
        counts.kept++;
    } else if (sim_chance(&dice, habits.full)) {
        fault = VDR_MEMORY_FULL;
        counts.full++;
    }
    if (fault != VDR_MEMORY_NONE) {
        sim_trace("disk fails", (uint64_t)part, (uint64_t)fault);
        vdr_memory_fault_set(memory, part, 0, fault);
    }
}

/* A crash before the bytes are down loses them, one between that and the word of it keeps them. */
vdr_err
__wrap_vdr_log_append(vdr_log *log, uint64_t epoch, vdr_position expected, const vdr_log_record *records,
                      size_t count, const vdr_log_mail *mails, size_t mail_count)
{
    take_time(1);
    may_fail(VDR_MEMORY_LOG);
    sim_audit_appending(expected, records, count, mails, mail_count);
    vdr_err err = __real_vdr_log_append(log, epoch, expected, records, count, mails, mail_count);
    vdr_memory_fault_set(memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_NONE);
    sim_trace("append", expected, (uint64_t)count << 16 | (uint64_t)err);
    sim_audit_appended(expected, count, err);
    take_time(1);
    return err;
}

vdr_err
__wrap_vdr_checkpoint_begin(vdr_checkpoint *checkpoint)
{
    vdr_err err = __real_vdr_checkpoint_begin(checkpoint);
    checkpoint_begun = err == VDR_OK;
    return err;
}

void
__wrap_vdr_checkpoint_abandon(vdr_checkpoint *checkpoint)
{
    checkpoint_begun = false;
    __real_vdr_checkpoint_abandon(checkpoint);
}

vdr_err
__wrap_vdr_checkpoint_commit(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest)
{
    take_time(habits.state_share);
    may_fail(VDR_MEMORY_STATE);
    vdr_err err = __real_vdr_checkpoint_commit(checkpoint, manifest);
    vdr_memory_fault_set(memory, VDR_MEMORY_STATE, 0, VDR_MEMORY_NONE);
    checkpoint_begun = false;
    sim_trace("checkpoint", manifest->position, (uint64_t)err);
    if (sim_below(&dice, 8) == 0) /* a good moment for a crash: it is down, and what follows from it is not */
        stalled_us = sim_clock_us() + sim_between(&dice, 1, 300);
    take_time(habits.state_share);
    return err;
}

/* The twin has no second handle: a copy of what is there has one, which is what a snapshot shows. */
vdr_err
__wrap_vdr_checkpoint_look_open(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look)
{
    vdr_memory *copy = vdr_memory_new();
    vdr_memory_copy_state(sim_disk_of(NULL, checkpoint), copy);
    return vdr_checkpoint_open_memory(copy, vdr_checkpoint_vault(checkpoint), ret_look);
}

vdr_err
__wrap_vdr_checkpoint_look_oldest(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look)
{
    vdr_err err = __wrap_vdr_checkpoint_look_open(checkpoint, ret_look);
    if (err == VDR_OK)
        err = vdr_checkpoint_look_back(*ret_look);
    return err == VDR_E_NOT_FOUND ? VDR_OK : err;
}

int
__wrap_rename(const char *from, const char *to)
{
    sim_fiber_may_pause();
    int rc = __real_rename(from, to);
    sim_fiber_may_pause();
    return rc;
}

int
__wrap_fsync(int fd)
{
    (void)fd;
    sim_fiber_may_pause();
    return 0;
}

int
__wrap_fdatasync(int fd)
{
    return __wrap_fsync(fd);
}

/* A process that was killed has no locks; its descriptors are still open here. */
int
__wrap_flock(int fd, int operation)
{
    (void)fd;
    (void)operation;
    return 0;
}
