/* broker/core/act.h - commands other than signals: the verdicts and effects of section 9. Core only.
 * Thread: one. */
#ifndef VDR_CORE_ACT_H
#define VDR_CORE_ACT_H

#include "broker/core/state.h"

/* A command and what its words mean in the state; slots and names are 0 where it does not name such a thing. */
typedef struct vdr_act_sense {
    const vdr_command *command;
    vdr_name source; /* 0: of no name that is known */
    vdr_party_kind actor_kind;
    vdr_name actor; /* id of the agency, regisseur, service, coordinator or officer */
    vdr_slot signal, case_slot;
    vdr_slot household, from; /* merge: household is into */
    vdr_name regisseur;
    vdr_party_kind party_kind; /* whom it is for: an agency or a service */
    vdr_name party;
} vdr_act_sense;

/* The first verdict of section 9 that applies; live also STALE_REVISION. Changes nothing. ret_sense is for
 * vdr_act_accept. */
vdr_err vdr_act_verdict(const vdr_state *state, const vdr_command *command, vdr_act_sense *ret_sense,
                        vdr_position *ret_first);
/* The verdict where the case or signal that it names is not there. */
vdr_err vdr_act_unseen(const vdr_state *state, const vdr_command *command);
/* Does what an accepted one says, after its own line. True: nothing of its content may be kept. */
bool vdr_act_accept(vdr_state *state, const vdr_act_sense *sense);

/* One row of the table of section 9. */
typedef struct vdr_act_row {
    unsigned who;    /* bits of kinds of party that may */
    unsigned names;  /* what it names: VDR_NAMES_… */
    unsigned states; /* bits of the states of its case in which it can be done */
    /* What the row asks beyond that, in the order not_allowed (not this one), then wrong_state. NULL: nothing. */
    vdr_err (*judge)(const vdr_state *state, const vdr_act_sense *sense);
    bool (*effect)(vdr_state *state, const vdr_act_sense *sense);
} vdr_act_row;

enum { /* sets of what a command names */
       VDR_NAMES_OWN_SIGNAL = 1,
       VDR_NAMES_ROUTED_SIGNAL = 2,
       VDR_NAMES_CASE = 4,
       VDR_NAMES_HOUSEHOLD = 8,
       VDR_NAMES_TWO_HOUSEHOLDS = 16,
       VDR_NAMES_REGISSEUR = 32,
       VDR_NAMES_ONE = 64, /* a signal of any agency, a person or a household: what is there, in this order */
       VDR_NAMES_ANY_SIGNAL = 128,   /* of the agency that it names, or the newest of that id */
       VDR_NAMES_THEIR_SIGNAL = 256, /* an agency's own, or one that was routed to the service */
       VDR_NAMES_PARTY = 512         /* an agency or a service */
};

extern const vdr_act_row vdr_act_rows[VDR_ACT_LAST + 1]; /* by vdr_act */

/* The rows' functions: act_signal.c, act_case.c, act_household.c, act_conflict.c, act_right.c, act_person.c,
 * act_note.c, act_absence.c. */
vdr_err vdr_judge_withdrawn(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_ended(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_feedback(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_withdrawn(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_ended(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_feedback(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_holder(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_dismissed(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_assigned(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_handover_offered(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_handover_accepted(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_plan(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_accepted(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_declined(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_dismissed(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_assigned(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_handover_offered(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_handover_accepted(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_escalated(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_plan(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_closed(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_merged(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_split(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_erased(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_merged(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_split(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_moved(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_erased(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_conflict_declared(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_conflict_lifted(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_conflict_declared(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_conflict_lifted(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_objected(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_objection_decided(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_restricted(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_restriction_lifted(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_erasure_requested(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_erasure_request_withdrawn(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_hold_placed(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_hold_confirmed(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_hold_lifted(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_rectification_requested(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_objected(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_objection_decided(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_restricted(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_restriction_lifted(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_erasure_requested(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_erasure_request_withdrawn(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_hold_placed(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_hold_confirmed(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_hold_lifted(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_rectification_requested(vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_person_erased(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_person_erased(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_note_sent(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_note_answered(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_note_sent(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_note_answered(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_absence_set(const vdr_state *state, const vdr_act_sense *sense);
vdr_err vdr_judge_absence_lifted(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_absence_set(vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_absence_lifted(vdr_state *state, const vdr_act_sense *sense);

vdr_err vdr_judge_review_set_aside(const vdr_state *state, const vdr_act_sense *sense);
bool vdr_do_review_set_aside(vdr_state *state, const vdr_act_sense *sense);

#endif
