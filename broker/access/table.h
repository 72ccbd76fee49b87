/* broker/access/table.h - who may do and see what: one table, as rows (protocol.md sections 7 and 8).
 *
 * Two kinds of rows. What may be asked or done: every frame, mailbox, act, query, part of an inbox and verb of
 * operators, and for each role in what relation it must stand to the thing. What is shown: every field of what the
 * broker tells of persons, and for each role in which standing it sees it. What has no row is not allowed and not
 * shown. broker/access/access.h decides by it; `voordeur access` prints it.
 *
 * Thread:  any; constant. */
#ifndef VDR_BROKER_ACCESS_TABLE_H
#define VDR_BROKER_ACCESS_TABLE_H

#include "proto/types.h"

#define VDR_ACCESS_ROLES 7u /* in the order of vdr_party_kind, from AGENCY on */

typedef enum vdr_access_area {
    VDR_ACCESS_FRAME = 1, /* vdr_frame_type */
    VDR_ACCESS_MAILBOX,   /* SUBSCRIBE to the mailbox of a vdr_party_kind */
    VDR_ACCESS_ACT,       /* vdr_act; judged by the core, by the law */
    VDR_ACCESS_QUERY,     /* vdr_query */
    VDR_ACCESS_INBOX,     /* vdr_inbox_part */
    VDR_ACCESS_VERB,      /* vdr_verb */
    VDR_ACCESS_AREAS = VDR_ACCESS_VERB
} vdr_access_area;

/* In what relation one must stand to what is asked for or acted upon. */
typedef enum vdr_relation {
    VDR_RELATION_NONE = 0, /* never */
    VDR_RELATION_ANY,      /* none is needed */
    VDR_RELATION_SELF,     /* it is the party's own: its mailbox, itself */
    VDR_RELATION_SENT,     /* the agency sent the signal */
    VDR_RELATION_ROUTED,   /* the signal was routed to the service */
    VDR_RELATION_HELD, /* case: offered to the regisseur, held, offered for hand-over, or last held; signal or
                            * household: of such a case that is open. Never where a conflict of interest binds */
    VDR_RELATION_CARE, /* of coordinators: an unassigned case, its signals and household; an overdue signal and its
                            * household; a household under review and its signals; legal holds */
    VDR_RELATION_LAST = VDR_RELATION_CARE,
    VDR_RELATION_GLASS = 0x100 /* besides: everything else by breaking the glass (7.13) */
} vdr_relation;

typedef struct vdr_access_row {
    vdr_access_area area;
    unsigned number;
    const char *name;
    unsigned cells[VDR_ACCESS_ROLES]; /* a vdr_relation, with or without GLASS */
} vdr_access_row;

/* What fields belong to. */
typedef enum vdr_access_object {
    VDR_OBJECT_STATUS = 1,     /* vdr_wire_status_view */
    VDR_OBJECT_CASE,           /* vdr_wire_case_view */
    VDR_OBJECT_CASE_SIGNAL,    /* vdr_wire_signal_view in the list of a case */
    VDR_OBJECT_SIGNAL,         /* vdr_wire_signal_view */
    VDR_OBJECT_SIGNAL_PERSON,  /* vdr_wire_person_view of either */
    VDR_OBJECT_SIGNAL_ADDRESS, /* vdr_wire_address_view of either */
    VDR_OBJECT_HOUSEHOLD,      /* vdr_wire_household_view */
    VDR_OBJECT_MEMBER,         /* vdr_wire_person_view of a household */
    VDR_OBJECT_HOME,           /* vdr_wire_address_view of a household */
    VDR_OBJECT_REVIEW,         /* vdr_wire_review_view */
    VDR_OBJECT_REGISSEUR,      /* vdr_wire_regisseur_view */
    VDR_OBJECT_MESSAGE,        /* vdr_wire_message */
    VDR_OBJECT_LINE,           /* vdr_wire_line: decisions and trials */
    VDR_OBJECT_EXPLANATION,    /* vdr_explanation */
    VDR_OBJECT_EXPLAINED_SIGNAL,
    VDR_OBJECT_EXPLAINED_CASE,
    VDR_OBJECT_EXPLAINED_DUE,
    VDR_OBJECT_RIGHT, /* vdr_wire_right_view */
    VDR_OBJECT_NOTE,  /* vdr_wire_note of a case or signal */
    VDR_OBJECT_DIRECTORY,
    VDR_OBJECT_DIRECTORY_TYPE,
    VDR_OBJECT_DIRECTORY_DOMAIN,
    VDR_OBJECT_DIRECTORY_AGENCY,
    VDR_OBJECT_DIRECTORY_SERVICE,
    VDR_OBJECT_DIRECTORY_REGISSEUR,
    VDR_OBJECT_ABSENCE, /* vdr_wire_absence of a status or regisseur */
    VDR_OBJECT_LAST = VDR_OBJECT_ABSENCE
} vdr_access_object;

/* In which standing one sees it; a cell of a field lists those in which it is shown. */
#define VDR_STANDING_OWN    'o' /* in the relation that the row of what was asked for names */
#define VDR_STANDING_ENDED  'e' /* a case in that relation that has ended */
#define VDR_STANDING_REVIEW 'r' /* a household under review */
#define VDR_STANDING_GLASS  'g' /* the glass was broken */
/* and how: m in a cell, what an agency chose is shown as a token (7.14) */
#define VDR_SHOWN_AS_TOKEN 'm'

typedef struct vdr_access_field {
    vdr_access_object object;
    const char *name;
    size_t offset, bytes;                /* in its plain value */
    const char *cells[VDR_ACCESS_ROLES]; /* "": never */
} vdr_access_field;

const vdr_access_row *vdr_access_rows(size_t *ret_count);
const vdr_access_field *vdr_access_fields(vdr_access_object object, size_t *ret_count);

const char *vdr_access_area_name(vdr_access_area area);
const char *vdr_access_object_name(vdr_access_object object);
const char *vdr_relation_name(unsigned relation); /* without GLASS; "no", "any", … */

#endif
