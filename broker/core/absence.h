/* broker/core/absence.h - when regisseurs are absent, beside what town.yaml says (protocol.md 5.15): Assign asks.
 *
 * One that is over stays until the next is set for the same regisseur; at most VDR_ABSENCES_MAX of one stand.
 * Core only, but for the view in view.h. Thread: one. */
#ifndef VDR_CORE_ABSENCE_H
#define VDR_CORE_ABSENCE_H

#include "broker/core/state.h"

#define VDR_ABSENCES_MAX 16u

typedef struct vdr_absence {
    vdr_ms from, to;       /* from <= t < to */
    vdr_position position; /* of the act that set it */
    vdr_name by;           /* who set it */
    uint32_t by_kind;      /* vdr_party_kind */
    vdr_slot next;         /* of the same regisseur, in the order of from, then of to */
    uint32_t spare;
} vdr_absence;

/* Of the regisseur at this place in town.yaml, by that or by an act. */
bool vdr_absent_at(const vdr_state *state, size_t place, vdr_ms t);

/* One with these very instants that is not over; 0: none. regisseur: of the town. */
vdr_slot vdr_absence_find(const vdr_state *state, vdr_name regisseur, vdr_ms from, vdr_ms to);
uint32_t vdr_absence_count(const vdr_state *state, vdr_name regisseur); /* that are not over */
void vdr_absence_put(vdr_state *state, vdr_name regisseur, vdr_ms from, vdr_ms to, vdr_party_kind by_kind,
                     vdr_name by);
void vdr_absence_drop(vdr_state *state, vdr_name regisseur, vdr_slot absence);

/* As vdr_core_check. */
const char *vdr_absence_check(const vdr_state *state);

#endif
