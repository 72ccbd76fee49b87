/* broker/core/rules.h - does a rule hold for a household at an instant, and which signals support it?
 * (semantics section 6). Core only.
 *
 * The rulebook is the configuration's rules with their names bound to the core's name table, so that a
 * question is integer comparisons. For a small household a question looks at its signals, newest first,
 * and stops as soon as the answer is known (every measure and spread only grow with the counted set). For a
 * household with more than VDR_RULES_SCAN_MAX signals, or with so many persons that looking takes long, the
 * rulebook keeps windows (windows.h): counts that move along with time, so that a signal costs about the same
 * however many its household has. Windows are derived: they are built when first needed, give exactly
 * what looking at every signal would give, and are no part of an image.
 *
 * A core area is that of the signal's domain in the configuration that holds; a domain that is no longer
 * in it has none. What a signal keeps of its acceptance (vdr_terms, vdr_sender) is never changed and its
 * slot never used again: answers per slot are kept.
 *
 * Time given to one household never goes backwards. Thread: one. Errors: none. */
#ifndef VDR_CORE_RULES_H
#define VDR_CORE_RULES_H

#include "broker/core/state.h"

#define VDR_RULES_SCAN_MAX    64u   /* signals: a household with more gets windows */
#define VDR_RULES_NAMINGS_MAX 4096u /* persons looked at by one question before windows are made instead */

/* Binds the rules of state->config, which must be set: pins their names, finds or makes their records in
 * RULES and sets which are current, and drops all windows. Frees the older rulebook. Sets
 * state->rulebook. Binding the same configuration again, as after loading, changes nothing in the state.
 * A rule that was gone or changed and comes back gets a new record: its old latches stay lost (section 4).
 * Pauses and silences that hold are taken in, so that it is bound again whenever one begins or ends. */
void vdr_rulebook_bind(vdr_state *state);
void vdr_rulebook_free(vdr_rulebook **rulebook_p); /* NULL-safe */
/* Memory that it and its windows hold. */
uint64_t vdr_rulebook_bytes(const vdr_rulebook *rulebook);

/* rule: its place in the configuration's rules, 0 .. rule_count - 1. */
bool vdr_rule_holds(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t);
/* Does it hold and count this signal, one of the household, in its support? Immediate where the signal itself
 * is not counted. */
bool vdr_rule_supported_by(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slot signal);
/* Does it hold with a signal in its support that stands after position in the log? (the bar of section 7)
 * Looks at the household's signals after position, newest first, until one is in the support or all that
 * count were seen. */
bool vdr_rule_supported_after(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t,
                              vdr_position position);
/* The support, in log order, appended to ret_signals; nothing where it does not hold. Looks at the household's
 * signals, newest first, until all that count were seen. */
void vdr_rule_support(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slots *ret_signals);

/* Is it paused? Then whoever opens a case, raises one or sets a latch passes it over (control.h). */
bool vdr_rule_is_paused(const vdr_state *state, size_t rule);
/* Puts a rulebook in place that knows no silences, where there are any, until it is put back: what is open is not
 * judged by them. */
vdr_rulebook *vdr_rulebook_lift(vdr_state *state);
void vdr_rulebook_put_back(vdr_state *state, vdr_rulebook *lifted);

/* Record of RULES that this rule of the configuration is (for latches), its id, and its purposes as names
 * (an array of the rulebook). A latch whose record is not current is lost. */
vdr_slot vdr_rule_record_of(const vdr_state *state, size_t rule);
vdr_name vdr_rule_name_of(const vdr_state *state, size_t rule);
const vdr_name *vdr_rule_purposes_of(const vdr_state *state, size_t rule, size_t *ret_count);

/* Tell the rulebook what changed in a household, after it changed; cheap, nothing for one without windows.
 * added: a signal came, and is in the household's list. changed: withdrawn, ended, overdue or no longer
 * overdue; before is a copy of its record from before the change. removed: it leaves or moves away; called
 * while its record and namings still are as they were. gone: forget the household's windows, since it is no more
 * or is emptied; removed is then not needed. */
void vdr_rules_signal_added(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_rules_signal_changed(vdr_state *state, vdr_slot household, vdr_slot signal,
                              const vdr_signal *before);
void vdr_rules_signal_removed(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_rules_household_gone(vdr_state *state, vdr_slot household);

#endif
