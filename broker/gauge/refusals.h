/* broker/gauge/refusals.h - what was refused to whom in the last day.
 *
 * Refusals and duplicates leave no trace in the log (semantics section 3: only what is accepted changes
 * anything), so they cannot be derived from it. They are counted here, by party, verdict and hour, for a day
 * back and since the broker started: not durable, since nothing is decided by them.
 *
 * Thread: one. Memory: bounded, 5 KiB for each of at most VDR_REFUSALS_PARTIES parties that ever had one; those
 * of further parties are counted together. */
#ifndef VDR_BROKER_REFUSALS_H
#define VDR_BROKER_REFUSALS_H

#include "proto/err.h"
#include "proto/types.h"

#define VDR_REFUSALS_HOURS   24u
#define VDR_REFUSALS_CODES   48u /* verdicts from VDR_E_ACCEPTED on */
#define VDR_REFUSALS_PARTIES 4096u

typedef struct vdr_refusals vdr_refusals;

vdr_refusals *vdr_refusals_new(void);
void vdr_refusals_free(vdr_refusals **refusals_p); /* NULL-safe */

/* hour: of any steady clock, never lower than before. */
void vdr_refusals_add(vdr_refusals *refusals, vdr_party_kind kind, vdr_span party, vdr_err verdict,
                      int64_t hour, uint64_t count);

/* Of the last day, by verdict - VDR_E_ACCEPTED; [0] is what is no verdict (closing, store_full, …). party absent:
 * all together. */
void vdr_refusals_get(const vdr_refusals *refusals, vdr_party_kind kind, vdr_span party, int64_t hour,
                      uint64_t ret_counts[VDR_REFUSALS_CODES]);

#endif
