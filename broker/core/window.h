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
 * Building looks at all signals: at the first question after the household grew past VDR_RULES_SCAN_MAX,
 * and after a configuration, a merge or split, a load of an image or an eviction.
 * Memory: for each signal that passes a rule with this over 16 to 32 bytes in the heap, and 32 to 64 for each
 * distinct value of a measure that is asked (and, with spread, of occurred_at) in each group. A signal that names as
 * many persons as are asked is counted as such, without its persons; so a rule that asks n persons within
 * the same person takes at most n * n values of one signal. All together at most VDR_WINDOWS_BYTES_MAX
 * besides the household asked about: the longest unasked is dropped first.
 *
 * Thread: one. */
#ifndef VDR_CORE_WINDOW_H
#define VDR_CORE_WINDOW_H

#include "broker/core/rulebook.h"

#define VDR_WINDOWS_BYTES_MAX (256u * 1024 * 1024)

typedef struct vdr_window vdr_window;

vdr_windows *vdr_windows_new(const vdr_rulebook *rulebook);
void vdr_windows_free(vdr_windows **windows_p); /* NULL-safe */
uint64_t vdr_windows_bytes(const vdr_windows *windows);
/* Drops the longest unasked until at most this many bytes are left (tests; otherwise it happens by itself). */
void vdr_windows_shrink(vdr_windows *windows, uint64_t bytes_max);

/* The window of the rule's over for this household, built if there is none, moved to t. Good until the
 * next call here. t is at or after every earlier one for the household. */
vdr_window *vdr_windows_at(vdr_state *state, const vdr_rule *rule, vdr_slot household, vdr_ms t);
bool vdr_window_holds(const vdr_window *window, const vdr_rule *rule);
/* How many signals are in the rule's counted set: whoever looks for them may stop at the last. */
uint32_t vdr_window_counted(const vdr_window *window, const vdr_rule *rule);
/* group: what within_same splits by: a name, or a person's member slot; 0 without within_same. */
bool vdr_window_group_holds(const vdr_window *window, const vdr_rule *rule, uint32_t group);

/* As vdr_rules_signal_added and so on in rules.h. */
void vdr_windows_added(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_windows_changed(vdr_state *state, vdr_slot household, vdr_slot signal, const vdr_signal *before);
void vdr_windows_removed(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_windows_gone(vdr_state *state, vdr_slot household);

#endif
