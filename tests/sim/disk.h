/* tests/sim/disk.h - the disk of the broker's machine: the memory twin of the store, which takes time, fails and lies.
 *
 * The linker puts it in the place of the LMDB backend. The files beside it (keys, heads, proofs) are real ones, in a folder
 * of the run; syncing them is a place where a crash may come. */
#ifndef VDR_SIM_DISK_H
#define VDR_SIM_DISK_H

#include "store/memory.h"
#include "tests/sim/dice.h"

typedef struct sim_disk_habits {
    int64_t least_us, most_us; /* of a commit */
    int64_t state_share;       /* one of checkpoints takes such a part of it */
    uint32_t stalls;           /* millionths: it takes a thousand times as long */
    uint32_t lost, kept, full; /* millionths: a commit that fails so */
} sim_disk_habits;

void sim_disk_begin(uint64_t seed, const sim_disk_habits *habits);
vdr_memory *sim_disk(void);
vdr_checkpoint *sim_disk_checkpoint(void); /* of the broker that runs */
bool sim_disk_checkpoint_begun(void);      /* one is being written */
void sim_disk_heal(void);
/* The disk of a handle; one of the two is given. */
vdr_memory *sim_disk_of(const vdr_log *log, const vdr_checkpoint *checkpoint);
void sim_disk_take_over(vdr_memory *memory); /* the machine has another disk now */
void sim_disk_take_time(void);
/* Did something begin since the last call, until when a crash would find it half done? 0: nothing did. */
int64_t sim_disk_stalled_us(void);

typedef struct sim_disk_counts {
    uint64_t lost, kept, full, stalls;
} sim_disk_counts;
sim_disk_counts sim_disk_counted(void);

#endif
