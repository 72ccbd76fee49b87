/* broker/history/pace.h - how long work that nobody waits for lets live work alone.
 *
 * A thread of low weight gives its processor away at once, and still it is in the way of who appends to the log: of
 * the disk, the store's locks, the memory and what the kernel does for it. So such work goes in short pieces, and
 * after one in which the log grew it sleeps nine times as long as the piece took: beside agencies that publish
 * without a pause it has a tenth of the time, beside none all of it, and between these the more, the fewer groups
 * there are.
 *
 * Thread:  one at a time; another one may append to the log meanwhile. */
#ifndef VDR_BROKER_PACE_H
#define VDR_BROKER_PACE_H

#include "store/log.h"

typedef struct vdr_pace {
    vdr_log *log;      /* the caller's; outlives it */
    vdr_position next; /* of the log, when the piece began */
    int64_t begun_ns;  /* steady clock */
    uint64_t pieces, sleeps;
} vdr_pace;

void vdr_pace_init(vdr_pace *pace, vdr_log *log);

void vdr_pace_begin(vdr_pace *pace);
/* A piece is done, and nothing is held that another one may want: no page of the store, no lock. Sleeps if the log
 * grew meanwhile, at most 100 ms; what is appended during the sleep does not count. True: it slept. */
bool vdr_pace_end(vdr_pace *pace);

#endif
