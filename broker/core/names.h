/* broker/core/names.h - the name table: one number per distinct name, for ever (roles and districts:
 * while used).
 * Core only. Thread: one. */
#ifndef VDR_CORE_NAMES_H
#define VDR_CORE_NAMES_H

#include "broker/core/state.h"

vdr_name vdr_name_find(const vdr_state *state, vdr_span text); /* 0: no such name */
vdr_name vdr_name_pin(vdr_state *state, vdr_span text);        /* found or made; stays for ever */
/* A role or district: found or made, one use more; drop gives one use back and the last unpinned one frees it. */
vdr_name vdr_name_use(vdr_state *state, vdr_span text);
void vdr_name_drop(vdr_state *state, vdr_name name);
vdr_span vdr_name_text(const vdr_state *state, vdr_name name);

#endif
