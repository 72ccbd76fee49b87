/* broker/core/guard.h - guards: how much one agency may send in a window of log time (protocol.md 5.12). Core only.
 *
 * Windows stand side by side: one of an hour begins at each full hour of UTC. What is counted is kept until its
 * window is over, which a timer tells, and no longer: of signals a number, of persons their pseudonyms, at most
 * one more than the guard's max.
 *
 * Cost: nothing without guards; then for each guard that the signal falls under a look-up, and one for each person
 * where persons are counted. Thread: one. */
#ifndef VDR_CORE_GUARD_H
#define VDR_CORE_GUARD_H

#include "broker/core/signal.h"

uint32_t vdr_guarded_hash(const void *record);

/* ACCEPTED, or HELD_BACK with the end of the window in the sense. For a signal to which nothing else is wrong. */
vdr_err vdr_guards_judge(const vdr_state *state, vdr_signal_sense *sense);
/* Counts a signal that is accepted. */
void vdr_guards_count(vdr_state *state, const vdr_signal_sense *sense);
/* The state forgets a person or address: so do the windows, which go on counting it as somebody. */
void vdr_guards_forget(vdr_state *state, const vdr_key16 *key);
/* The timer at the end of a window. */
void vdr_guard_ends(vdr_state *state, vdr_slot window, uint64_t order);

/* As vdr_core_check. */
const char *vdr_guard_check(const vdr_state *state);

#endif
