/* broker/core/document.h - long texts of the state: configurations and reasons, in pages of a slab, so that old
 * versions stay readable when their records have left the log.
 *
 * Equal texts are kept once: a new version mostly changes one of its three files. Core only. Thread: one. */
#ifndef VDR_CORE_DOCUMENT_H
#define VDR_CORE_DOCUMENT_H

#include "broker/core/state.h"
#include "proto/arena.h"

/* A text kept, or one use more of an equal one; 0 for an absent one. Compares with those of the same length. */
vdr_slot vdr_document_put(vdr_state *state, vdr_span text);
void vdr_document_use(vdr_state *state, vdr_slot document);  /* one use more; 0: nothing */
void vdr_document_drop(vdr_state *state, vdr_slot document); /* one use less; the last frees it; 0: nothing */
bool vdr_document_is(const vdr_state *state, vdr_slot document, vdr_span text);
/* Its text, copied into the arena; absent for 0. NO_MEMORY: over the arena's budget. */
VDR_MUST_CHECK vdr_err vdr_document_get(const vdr_state *state, vdr_slot document, vdr_arena *arena,
                                        vdr_span *ret_text);
/* Are its pages as many as its length asks? */
bool vdr_document_sound(const vdr_state *state, vdr_slot document);

#endif
