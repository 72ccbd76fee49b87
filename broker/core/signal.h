/* broker/core/signal.h - signals coming in: the verdicts of section 3 and what an accepted one does (section 7).
 * Core only. Thread: one. */
#ifndef VDR_CORE_SIGNAL_H
#define VDR_CORE_SIGNAL_H

#include "broker/core/state.h"

/* Signals with that id of whatever source, in no order that means anything; 0: no more. */
vdr_slot vdr_signal_first(const vdr_state *state, const vdr_command_ref *ref, vdr_index_search *ret_search);
vdr_slot vdr_signal_next(const vdr_state *state, const vdr_command_ref *ref, vdr_index_search *search);
/* The one of a source with that id that has not left; 0: none. */
vdr_slot vdr_signal_find(const vdr_state *state, vdr_name source, const vdr_command_ref *ref);
/* The newest of an agency with that id, whatever source the agency had then. */
vdr_slot vdr_signal_find_of_agency(const vdr_state *state, vdr_name agency, const vdr_command_ref *ref);

/* The accepted command of a source with that id that is not forgotten; 0: none. */
vdr_slot vdr_act_find(const vdr_state *state, vdr_name source, vdr_span id, uint64_t id_hash);

/* Was an event with this source and id accepted before? OK: no. Otherwise DUPLICATE or ID_REUSED, and where the
 * first stands in the log. */
vdr_err vdr_event_seen(const vdr_state *state, const vdr_command *command, vdr_name source,
                       vdr_position *ret_first);

/* A signal and what its words mean: found out once. */
typedef struct vdr_signal_sense {
    const vdr_command *command;
    vdr_name source;       /* 0: nobody's */
    uint32_t agency, type; /* places in the town */
    vdr_slot superseded;   /* 0: none */
    vdr_ms until;          /* held back by a guard until then; else 0 */
} vdr_signal_sense;

/* The first verdict of section 3 that applies. Changes nothing. */
vdr_err vdr_signal_verdict(const vdr_state *state, const vdr_command *command, vdr_signal_sense *ret_sense,
                           vdr_position *ret_first);
/* Takes in a signal whose verdict is ACCEPTED; fills in its line but for what everybody's line has. */
void vdr_signal_accept(vdr_state *state, const vdr_signal_sense *sense, vdr_effect *ret_line);

#endif
