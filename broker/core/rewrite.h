/* broker/core/rewrite.h - signals whose event was written anew, since it named somebody who was erased
 * (protocol.md 5.10). Core only, but for the views in view.h.
 *
 * A signal keeps its place in the log's order. What it says lies in its own record, or, once it was written anew, in that
 * of a REWRITE: there without the persons whom the signal no longer names, and without free text. From person_erased
 * until then it is wanted: the broker makes a REWRITE of each that is, also after a crash between the two.
 *
 * Cost: nothing while there is none, then a look-up where a signal's event is read.
 * Thread: one. */
#ifndef VDR_CORE_REWRITE_H
#define VDR_CORE_REWRITE_H

#include "broker/core/state.h"

uint32_t vdr_rewrite_hash(const void *record);
/* Of the signal of this position in the log. NULL: it was never asked for. */
const vdr_rewrite *vdr_rewrite_of(const vdr_state *state, vdr_position signal);
void vdr_rewrite_want(vdr_state *state, vdr_slot signal);
void vdr_rewrite_gone(vdr_state *state, vdr_position signal); /* the signal leaves */
/* REWRITE. NOT_FOUND: none is wanted of that signal. */
vdr_err vdr_rewrite_step(vdr_state *state, const vdr_command *command);
/* As vdr_core_check. */
const char *vdr_rewrite_check(const vdr_state *state);

#endif
