/* broker/core/review.h - pairs of households that coordinators were asked about: "these may be one"
 * (section 5). Core only. Thread: one. */
#ifndef VDR_CORE_REVIEW_H
#define VDR_CORE_REVIEW_H

#include "broker/core/state.h"

/* By which a review is found. */
uint32_t vdr_review_hash(uint64_t lower, uint64_t higher);
/* Asks every coordinator, once ever for a pair. */
void vdr_review_ask(vdr_state *state, vdr_slot household, vdr_slot other);
/* The open one of the pair; 0: none was asked, or it was set aside. */
vdr_slot vdr_review_open(const vdr_state *state, vdr_slot household, vdr_slot other);
/* Nobody is asked any more, and not again: the pair is remembered (protocol.md 5.16). */
void vdr_review_set_aside(vdr_state *state, vdr_slot review);
bool vdr_review_has(const vdr_state *state, vdr_slot household); /* an open one? */
/* Forgets the pairs of a household that is going: its number is never used again. */
void vdr_reviews_drop(vdr_state *state, vdr_slot household);

#endif
