/* broker/access/access.h - who may do and see what, decided by the table (broker/access/table.h).
 *
 * The table says by role; whether a thing is the party's own is asked of the state by broker/desk/reads_right.c, with the
 * relation that the table names. What is not in the table is not allowed, and not shown.
 *
 * Thread: any; pure. */
#ifndef VDR_BROKER_ACCESS_H
#define VDR_BROKER_ACCESS_H

#include "broker/access/table.h"
#include "proto/frame.h"
#include "proto/wire.h"

/* May a party of this kind send this frame? Frames of the broker: no. */
bool vdr_access_frame(vdr_party_kind kind, vdr_frame_type type);

/* May it subscribe to the mailbox of a party of that kind: its own (SELF), any, or none (NONE)? */
vdr_relation vdr_access_mailbox(vdr_party_kind kind, vdr_party_kind of);

/* In what relation must it stand to what it acts upon? NONE: it may not do this. */
vdr_relation vdr_access_act(vdr_party_kind kind, vdr_act act);

/* In what relation must it stand to what it asks for? NONE: it may not ask this. */
vdr_relation vdr_access_query(vdr_party_kind kind, vdr_query query);
/* May it ask this of everything else, by breaking the glass (protocol.md 7.13)? */
bool vdr_access_glass(vdr_party_kind kind, vdr_query query);

/* Which part of an inbox there is for it; ALL means all of these. */
bool vdr_access_inbox(vdr_party_kind kind, vdr_inbox_part part);

/* ADMIN */
bool vdr_access_verb(vdr_party_kind kind, vdr_verb verb);
bool vdr_access_verb_known(vdr_verb verb);

/* How is the field of an object at this offset shown to whoever stands so (VDR_STANDING_…)? */
typedef enum vdr_shown { VDR_SHOWN_NOT, VDR_SHOWN, VDR_SHOWN_TOKEN } vdr_shown;
vdr_shown vdr_access_shown(vdr_party_kind kind, vdr_access_object object, size_t offset, char standing);
/* Takes away every field that is not shown: what it leaves is what the table names, and nothing else. */
void vdr_access_mask(vdr_party_kind kind, vdr_access_object object, char standing, void *plain, size_t bytes);

#endif
