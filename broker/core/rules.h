/* broker/core/rules.h - does a rule hold for a household at an instant, and which signals support it?
 * (semantics section 6). Core only.
 *
 * The rulebook is the configuration's rules with their names bound to the core's name table, so that a
 * question is integer comparisons. For a small household a question looks at its signals, newest first,
 * and stops as soon as the answer is known (every measure and spread only grow with the counted set). For a household
 * with more than VDR_RULES_SCAN_MAX signals the rulebook keeps windows: per rule, and group where the rule
 * has within_same, counts of the distinct values of the signals that count now, moved along as time passes,
 * so that a signal costs about the same however many its household has. Windows are derived: they are built
 * when first needed, give exactly what looking at every signal would give, and are no part of an image.
 *
 * Time given to one household never goes backwards. Thread: one. */
#ifndef VDR_CORE_RULES_H
#define VDR_CORE_RULES_H

#include "broker/core/state.h"

#define VDR_RULES_SCAN_MAX 64u

/* A growing array of slots that is used again and again. */
typedef struct vdr_slots {
    vdr_slot *at;
    size_t count, size;
} vdr_slots;

void vdr_slots_add(vdr_slots *slots, vdr_slot slot);
void vdr_slots_done(vdr_slots *slots);

/* Binds the rules of state->config (which must be set, its names interned and pinned by the caller through
 * vdr_name_pin in names.h) and drops all windows. Frees the older rulebook. Sets state->rulebook. */
void vdr_rulebook_bind(vdr_state *state);
void vdr_rulebook_free(vdr_rulebook **rulebook_p);

/* rule: its place in the configuration's rules, 0 .. rule_count - 1. */
bool vdr_rule_holds(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t);
/* Does it hold and count this signal in its support? */
bool vdr_rule_supported_by(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slot signal);
/* Does it hold with a signal in its support that stands after position in the log? (the bar of section 7) */
bool vdr_rule_supported_after(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t,
                              vdr_position position);
/* The support, in log order, appended to ret_signals; nothing where it does not hold. */
void vdr_rule_support(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slots *ret_signals);

/* Record of RULES that this rule of the configuration is (for latches); purposes as bound names. */
vdr_slot vdr_rule_record_of(const vdr_state *state, size_t rule);

/* Tell the rulebook what changed in a household, after it changed; cheap, nothing for one without windows.
 * added: a signal came. changed: withdrawn, ended, overdue or no longer overdue. removed: left or moved
 * away; called while the signal's record still is as it was. gone: forget the household's windows (it left,
 * was merged, split, or signals moved in bulk). */
void vdr_rules_signal_added(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_rules_signal_changed(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_rules_signal_removed(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_rules_household_gone(vdr_state *state, vdr_slot household);

#endif
