/* broker/access.h - who may do and see what: the tables of protocol.md sections 7 and 8, as data.
 *
 * The tables say by role; whether a thing is the party's own is asked of the state by broker/reads.c, with the
 * relation that the table names. What is not in a table is not allowed.
 *
 * Thread: any; pure. */
#ifndef VDR_BROKER_ACCESS_H
#define VDR_BROKER_ACCESS_H

#include "proto/frame.h"
#include "proto/wire.h"

/* May a party of this kind send this frame? Frames of the broker: no. */
bool vdr_access_frame(vdr_party_kind kind, vdr_frame_type type);

/* Whose mailbox may it subscribe to? */
typedef enum vdr_access_mailbox { VDR_MAILBOX_NONE, VDR_MAILBOX_OWN, VDR_MAILBOX_ANY } vdr_access_mailbox;
vdr_access_mailbox vdr_access_subscribe(vdr_party_kind kind);

/* What must hold between a party and the thing it asks for. */
typedef enum vdr_relation {
    VDR_RELATION_NONE,           /* never */
    VDR_RELATION_ANY,            /* nothing */
    VDR_RELATION_CASE_HELD,      /* offered to it, held by it, offered for hand-over, or last held */
    VDR_RELATION_SIGNAL_OWN,     /* it sent the signal */
    VDR_RELATION_SIGNAL_ROUTED,  /* the signal was routed to it */
    VDR_RELATION_SIGNAL_HELD,    /* in an open case that it may read */
    VDR_RELATION_SIGNAL_CARE,    /* overdue, in an unassigned case, or of a household under review */
    VDR_RELATION_HOUSEHOLD_HELD, /* of an open case that it may read */
    VDR_RELATION_HOUSEHOLD_CARE  /* under review, or with an unassigned case or an overdue signal */
} vdr_relation;

vdr_relation vdr_access_query(vdr_party_kind kind, vdr_query query);

/* Which part of an inbox there is for it; ALL means all of these. */
bool vdr_access_inbox(vdr_party_kind kind, vdr_inbox_part part);

/* Members of what is shown. */
typedef enum vdr_access_field {
    /* of a signal */
    VDR_SEE_NAME = 1 << 0,    /* source and id */
    VDR_SEE_FACTS = 1 << 1,   /* type, agency, at_ms, occurred_at_ms, the four flags */
    VDR_SEE_TERMS = 1 << 2,   /* severity, domain */
    VDR_SEE_LEAVES = 1 << 3,  /* leaves_at_ms */
    VDR_SEE_CONTENT = 1 << 4, /* persons with bsn and role, address with bag and buurt, detail */
    VDR_SEE_SERVICE = 1 << 5,
    VDR_SEE_PLACE = 1 << 6, /* household and case */
    /* of a case */
    VDR_SEE_CASE = 1 << 7, /* everything that has no name of its own here */
    VDR_SEE_SIGNALS = 1 << 8,
    VDR_SEE_GOALS = 1 << 9,
    VDR_SEE_ENDED_WITH = 1 << 10,
    /* of a household */
    VDR_SEE_HOUSEHOLD = 1 << 11, /* numbers and district */
    VDR_SEE_MEMBERS = 1 << 12,   /* persons and addresses by handle */
    VDR_SEE_NUMBERS = 1 << 13    /* their bsn and bag */
} vdr_access_field;

/* Sets of vdr_access_field; 0: nothing may be seen. */
unsigned vdr_access_case(vdr_party_kind kind, bool open);
unsigned vdr_access_case_signal(vdr_party_kind kind); /* a signal in the list of a case */
unsigned vdr_access_signal(vdr_party_kind kind);
unsigned vdr_access_household(vdr_party_kind kind, bool under_review);

/* ADMIN: every verb is an operator's; nobody else has any. */
bool vdr_access_verb(vdr_party_kind kind, vdr_verb verb);

#endif
