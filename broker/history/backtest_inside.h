/* broker/history/backtest_inside.h - what a back-test is made of. broker/backtest*.c only. */
#ifndef VDR_BROKER_BACKTEST_INSIDE_H
#define VDR_BROKER_BACKTEST_INSIDE_H

#include "broker/history/backtest.h"

#include <pthread.h>
#include <stdatomic.h>

#define VDR_BACKTEST_NOTES  2048u /* records of one chunk */
#define VDR_BACKTEST_CHUNKS 8u    /* that the recorded history is ahead at most */

/* What the recorded history hands to the other one. */
typedef struct vdr_backtest_chunk {
    vdr_recorded notes[VDR_BACKTEST_NOTES];
    size_t first[VDR_BACKTEST_NOTES]; /* of its cases */
    size_t count;
    vdr_recorded_case *cases;
    size_t case_count, case_size;
} vdr_backtest_chunk;

struct vdr_backtest {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_backtest_ask ask;
    atomic_bool stop, wanted;
    _Atomic vdr_position position, wanted_at; /* wanted_at: what a report must know at least */
    atomic_uint_fast64_t done, all;
    atomic_uint_fast64_t memory[2]; /* of the two states, as last looked at */
    atomic_bool too_big;

    vdr_history *recorded, *other;
    vdr_pace pace[2]; /* of the recorded one's thread and of the other's */
    vdr_book book;    /* of the recorded one */
    vdr_alternative *alternative;
    uint64_t closed; /* recorded cases that were closed, of which age_ms is the median */
    int64_t age_ms;
    vdr_ms from, until; /* what is compared; log times */
    uint64_t records;   /* of the log that were stepped */

    /* the recorded history's thread */
    pthread_t thread;
    uint64_t households; /* the highest number, as far as seen */
    vdr_backtest_chunk *filling;
    char words[VDR_HISTORY_WORDS];

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t turned;
    vdr_backtest_chunk chunks[VDR_BACKTEST_CHUNKS];
    unsigned filled, taken; /* chunks so far */
    bool over, quit;        /* nothing more comes; nothing more is wanted */
    bool idle;              /* a shadow's log has no more yet: the recorded history stands still */
    vdr_err result;         /* of the recorded history */

    vdr_compare compare;
    bool compared;
};

#endif
