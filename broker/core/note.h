/* broker/core/note.h - notes between a case's regisseur and the agencies and services that have a signal in it
 * (protocol.md 5.14). Core only, but for the views in view.h.
 *
 * What a note says stays in its record in the log: here is where it stands, between whom, and about which signal.
 * A case keeps its newest VDR_NOTES_MAX. A note goes with its case, with its signal, and when somebody is taken
 * out of that signal, whichever is first.
 *
 * Cost: nothing while there is none; then a look-up for each signal that leaves.
 * Thread: one. */
#ifndef VDR_CORE_NOTE_H
#define VDR_CORE_NOTE_H

#include "broker/core/state.h"

#define VDR_NOTES_MAX 200u /* of one case */

typedef struct vdr_note {
    vdr_position position; /* of its record */
    vdr_position signal;   /* of the signal that it is about */
    vdr_ms at;
    vdr_slot case_slot;
    vdr_slot newer, older;     /* in its case */
    vdr_name party, regisseur; /* between whom: an agency or service, and who held the case then */
    uint8_t party_kind;        /* vdr_party_kind: AGENCY or SERVICE */
    uint8_t answered;          /* 1: by the party; 0: by the regisseur */
    uint16_t spare;
} vdr_note;

uint32_t vdr_note_hash(const void *record);

/* The newest signal in the case that the agency sent, or that the service was sent, and that is not restricted;
 * 0: none. */
vdr_slot vdr_note_about(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party);
/* Did its regisseur write to this agency or service? */
bool vdr_note_asked(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party);
/* Was it told of this case: an agency with sees_match, or whoever its regisseur wrote to? To all others it must look as if
 * there were none. */
bool vdr_note_knows(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party);
/* In the record being stepped, with the case's regisseur. */
void vdr_note_put(vdr_state *state, vdr_slot case_slot, vdr_slot signal, vdr_party_kind kind, vdr_name party,
                  bool answered);

/* Is one kept that stands in this record, or any (0), about this signal? */
bool vdr_note_kept(const vdr_state *state, vdr_position signal, vdr_position position);

void vdr_note_signal_gone(vdr_state *state, vdr_position signal);
void vdr_note_case_gone(vdr_state *state, vdr_slot case_slot);

/* As vdr_core_check. */
const char *vdr_note_check(const vdr_state *state);

#endif
