/* broker/core/mailbox.h - telling parties: messages into mailboxes (section 11), and their cursors.
 *
 * A message is an effect of kind MESSAGE: make one with vdr_message_new, fill in the members that its kind has
 * (vdr_message_members_of), then put it into as many mailboxes as need be told. Core only. Thread: one. */
#ifndef VDR_CORE_MAILBOX_H
#define VDR_CORE_MAILBOX_H

#include "broker/core/state.h"

/* A mark is kept for the oldest unacknowledged message of a mailbox and for every so many after it. */
#define VDR_MARK_EVERY 64u

vdr_effect vdr_message_new(const vdr_state *state, vdr_message_kind kind);
/* The same with its case; regisseur: 0 where its kind has none. */
vdr_effect vdr_message_of_case(const vdr_state *state, vdr_message_kind kind, vdr_slot case_slot,
                               vdr_name regisseur);
/* A signal as effects name it. Its id is good until the signal leaves. */
vdr_signal_ref vdr_signal_named(const vdr_state *state, vdr_slot signal);
void vdr_message_set_signal(const vdr_state *state, vdr_effect *message, vdr_slot signal);

void vdr_tell(vdr_state *state, vdr_party_kind kind, vdr_name name, const vdr_effect *message);
void vdr_tell_coordinators(vdr_state *state, const vdr_effect *message); /* every one, in file order */
void vdr_tell_officers(vdr_state *state, const vdr_effect *message);     /* of privacy, the same way */
/* A match message to an agency: agencies are the ids of the others. */
void vdr_tell_match(vdr_state *state, vdr_name agency, const vdr_effect *message, const vdr_name *agencies,
                    size_t agency_count);

uint32_t vdr_mailbox_find(const vdr_state *state, vdr_party_kind kind, vdr_name name); /* 0: none */
/* Read up to and including seq (or the last). False: nothing new in that. */
bool vdr_mailbox_acknowledge(vdr_state *state, uint32_t mailbox, uint64_t seq);

/* Under a new configuration, town bound: what parties who are no longer in it did not read is dropped. Their
 * numbering stays, for when they come back. */
void vdr_mailbox_drop_removed(vdr_state *state);

#endif
