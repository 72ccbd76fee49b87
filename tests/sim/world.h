/* tests/sim/world.h - one run: a seed, a broker, its clients, what goes wrong, and the order of it all. */
#ifndef VDR_SIM_WORLD_H
#define VDR_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of fault, each a bit of sim_plan.without. */
#define SIM_FAULTS(X)                                                                                        \
    X(CRASH, "crash")         /* of the broker's process, at any point of a turn */                          \
    X(POWER, "power")         /* of its machine: nobody is told */                                           \
    X(STOP, "stop")           /* in order, as an operator would */                                           \
    X(KILL, "kill")           /* of a client's process */                                                    \
    X(RESET, "reset")         /* a connection breaks */                                                      \
    X(HALF_OPEN, "half_open") /* and somebody does not learn of it */                                        \
    X(STALL, "stall")         /* nothing comes through for a while */                                        \
    X(PARTITION, "partition") /* nobody reaches the broker */                                                \
    X(FORWARD, "forward")     /* the clock jumps */                                                          \
    X(BACK, "back")                                                                                          \
    X(STILL, "still")     /* it stands still */                                                              \
    X(LOST, "lost")       /* a commit fails, and is not there */                                             \
    X(KEPT, "kept")       /* a commit fails, and is there */                                                 \
    X(FULL, "full")       /* the disk is full */                                                             \
    X(SLOW, "slow")       /* it takes its time */                                                            \
    X(DELAY, "delay")     /* messages do */                                                                  \
    X(RELOAD, "reload")   /* another configuration, now and then one that is none */                         \
    X(LIE, "lie")         /* the disk says that it has what it has not, until the power goes */              \
    X(RESTORE, "restore") /* the store is lost, and a backup takes its place */                              \
    X(ROT, "rot")         /* a byte of the store is another one when the broker starts */

typedef enum sim_fault {
#define X(symbol, name) SIM_##symbol,
    SIM_FAULTS(X)
#undef X
        SIM_FAULT_COUNT
} sim_fault;
extern const char *const sim_fault_names[SIM_FAULT_COUNT];

/* What is done besides, and is no fault. */
#define SIM_DEEDS(X)                                                                                         \
    X(KEY_GIVEN, "key_given") /* to a party, by the log */                                                   \
    X(KEY_REVOKED, "key_revoked")                                                                            \
    X(KEY_OF_FILE, "key_of_file")     /* given by node.yaml */                                               \
    X(KEY_TAKEN_UP, "key_taken_up")   /* a party's program comes with another key */                         \
    X(REKEY_BEGUN, "rekey_begun")     /* a change of the pseudonym key */                                    \
    X(STORE_KEY, "store_key_changed") /* the tenant's, under which the wrapping key is */                    \
    X(REKEY_ENDED, "rekey_ended")                                                                            \
    X(DRAINED, "drained")                                                                                    \
    X(BACKTESTED, "backtested")                                                                              \
    X(SHADOW, "shadows")                                                                                     \
    X(BACKUP, "backups")                                                                                     \
    X(RESTORED, "restored")                                                                                  \
    X(RESTORED_ELSEWHERE, "restored_elsewhere")                                                              \
    X(ERASED_LOOKED_AT, "erased_looked_for")

typedef enum sim_deed {
#define X(symbol, name) SIM_##symbol,
    SIM_DEEDS(X)
#undef X
        SIM_DEED_COUNT
} sim_deed;
extern const char *const sim_deed_names[SIM_DEED_COUNT];
extern uint64_t sim_deeds[SIM_DEED_COUNT];

typedef struct sim_plan {
    uint64_t seed;
    uint32_t without;     /* faults that do not come */
    uint32_t parties_off; /* parties that are not there */
    uint32_t percent;     /* of the run's length; 100 */
    bool trace;
} sim_plan;

typedef struct sim_outcome {
    uint64_t seed, hash;
    bool failed;
    char words[1024];
    uint64_t faults[SIM_FAULT_COUNT], deeds[SIM_DEED_COUNT];
    uint64_t events, answers, messages, frames, records, folds, starts, switches, lines, again, refusals,
        foretold;
    int64_t simulated_us;
} sim_outcome;

/* In a process of its own. base: a folder with keys (town.h). */
void sim_world_run(const sim_plan *plan, const char *base, sim_outcome *ret_outcome);

#endif
