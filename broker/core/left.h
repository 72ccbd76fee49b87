/* broker/core/left.h - what left the state and is told by no proof yet: the tombstones of semantics section 10.
 *
 * A signal, case or household that leaves, by a term or by an erasure, leaves a tombstone: what it was, when and
 * why, and no person. Tombstones are state, in the order in which they were made, so that a crash between the
 * leaving and its proof loses nothing. An ERASURE record (broker/erasure/) tells them and says up to which one
 * (through): those are gone then.
 *
 * Thread:  as broker/core/core.h. Memory: spans of a tombstone are the core's, good until the next step. */
#ifndef VDR_CORE_LEFT_H
#define VDR_CORE_LEFT_H

#include "broker/core/core.h"

/* How many wait for a proof, and how many of those were erased (not by a term). */
uint32_t vdr_left_waiting(const vdr_core *core, uint32_t *ret_erased);
/* The order of the newest; 0: none ever. */
uint64_t vdr_left_newest(const vdr_core *core);
/* The oldest with an order above after, at or below through. False: there is none. cursor: {0} begins, and it is
 * good until the next step; a walk of all costs one look each. */
bool vdr_left_next(const vdr_core *core, uint32_t *cursor, uint64_t through, uint64_t *ret_order,
                   vdr_command_left *ret_left);

/* Words of proofs: "signal", "case", "household", "content"; "term", "erased", "household". */
const char *vdr_left_kind_name(vdr_left_kind kind);
const char *vdr_left_reason_name(vdr_left_reason reason);
bool vdr_left_kind_of(vdr_span name, vdr_left_kind *ret_kind);
bool vdr_left_reason_of(vdr_span name, vdr_left_reason *ret_reason);

#endif
