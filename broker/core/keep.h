/* broker/core/keep.h - from where on the state needs the log, found bit by bit beside running steps. What of it is
 * carried forward (broker/carry/carry.h) is not known here: it only makes the result too careful.
 *
 * Thread:  the core's. Steps may go on between the calls: what they add stands after the position at which
 *          the walk began, and what they take away only makes the result too careful. So the result is good
 *          for every state from there on. */
#ifndef VDR_CORE_KEEP_H
#define VDR_CORE_KEEP_H

#include "broker/core/core.h"

typedef struct vdr_keep {
    uint32_t table, slot; /* the next to look at */
    bool over;
    vdr_position oldest; /* when over: nothing before it is needed, but the configuration */
} vdr_keep;              /* {0} begins */

/* Looks at about count more records. True: over. */
bool vdr_keep_some(const vdr_core *core, vdr_keep *keep, uint64_t count);

#endif
