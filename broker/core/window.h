/* broker/core/window.h - the counts of a large household, moved along as time passes. Internal to the rules.
 *
 * A window is of one household and one `over` (rules with the same over share it). It stands at an instant
 * and holds, for each of those rules and each group of the rule, how often each distinct value occurs in the
 * counted set of that instant, and for each rule how many groups hold. A heap says when a signal begins or
 * ceases to count; moving to t takes what is due. Whether a signal is counted at the instant follows from its
 * record alone, so no copy of it is kept, and an entry of the heap that is out of date changes nothing.
 *
 * Cost: a signal is counted in and out of each rule once, O(log n) for the heap and a few look-ups for each
 * measure, group and distinct value of the signal; a question is one look-up a group of the signal.
 * Memory: for each signal that passes a rule with this over 16 to 32 bytes in the heap, and 32 to 64 for each
 * distinct value of a measure that is asked (and, with spread, of occurred_at) in each group. A signal that
 * names as many persons as are asked is counted as such, without its persons; so a rule that asks n persons
 * within the same person takes at most n * n values of one signal.
 *
 * Thread: one. */
#ifndef VDR_CORE_WINDOW_H
#define VDR_CORE_WINDOW_H

#include "broker/core/rulebook.h"

typedef struct vdr_window vdr_window;

/* over: its place among the rulebook's. Looks at all signals of the household. */
vdr_window *vdr_window_new(vdr_state *state, uint32_t over, vdr_slot household, vdr_ms t);
void vdr_window_free(vdr_window *window); /* NULL-safe */
uint64_t vdr_window_bytes(const vdr_state *state, const vdr_window *window);

/* To t, which is at or after where it stands. */
void vdr_window_move(vdr_state *state, vdr_window *window, vdr_ms t);
/* As vdr_rules_signal_added and so on in rules.h. */
void vdr_window_add(vdr_state *state, vdr_window *window, vdr_slot signal);
void vdr_window_change(vdr_state *state, vdr_window *window, vdr_slot signal, const vdr_signal *before);
void vdr_window_remove(vdr_state *state, vdr_window *window, vdr_slot signal);

/* The rule must have the window's over. */
bool vdr_window_holds(const vdr_window *window, const vdr_rule *rule);
/* group: what within_same splits by: a name, or a person's member slot; 0 without within_same. */
bool vdr_window_group_holds(const vdr_window *window, const vdr_rule *rule, uint32_t group);
/* What is counted of a group of the rule: only what the rule asks. */
typedef struct vdr_window_counts {
    uint64_t values[VDR_MEASURES];
    bool persons_or_more;  /* a signal names as many as are asked by itself: there may be more */
    vdr_ms oldest, newest; /* where spread is asked, and something counted; else both 0 */
    bool holds;
} vdr_window_counts;
void vdr_window_counts_of(const vdr_window *window, const vdr_rule *rule, uint32_t group,
                          vdr_window_counts *ret_counts);
/* How many signals are in the rule's counted set: whoever looks for them may stop at the last. */
uint32_t vdr_window_counted(const vdr_window *window, const vdr_rule *rule);

#endif
