/* broker/core/windows.h - the windows of all large households, by household and over. Internal to the rules.
 *
 * A window is built at the first question that needs it: when a household has grown past
 * VDR_RULES_SCAN_MAX, and again after a configuration, a load of an image or an eviction.
 * Memory: at most VDR_WINDOWS_BYTES_MAX besides the household asked about; the longest unasked go first.
 *
 * Thread: one. */
#ifndef VDR_CORE_WINDOWS_H
#define VDR_CORE_WINDOWS_H

#include "broker/core/window.h"

#define VDR_WINDOWS_BYTES_MAX (256u * 1024 * 1024)

vdr_windows *vdr_windows_new(const vdr_rulebook *rulebook);
void vdr_windows_free(vdr_windows **windows_p); /* NULL-safe */
uint64_t vdr_windows_bytes(const vdr_windows *windows);
/* Drops the longest unasked until at most this many bytes are left. */
void vdr_windows_shrink(vdr_windows *windows, uint64_t bytes_max);

/* The window of the rule's over for this household, moved to t. Good until the next call here. t is at or
 * after every earlier one for the household. */
vdr_window *vdr_windows_at(vdr_state *state, const vdr_rule *rule, vdr_slot household, vdr_ms t);

/* As vdr_rules_signal_added and so on in rules.h. */
void vdr_windows_added(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_windows_changed(vdr_state *state, vdr_slot household, vdr_slot signal, const vdr_signal *before);
void vdr_windows_removed(vdr_state *state, vdr_slot household, vdr_slot signal);
void vdr_windows_gone(vdr_state *state, vdr_slot household);

#endif
