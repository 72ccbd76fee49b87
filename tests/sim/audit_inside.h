/* tests/sim/audit_inside.h - what the parts of the auditor share.
 *
 *   audit.c         violations; what clients were answered and sent
 *   audit_disk.c    what the disk was given
 *   audit_cases.c   cases, as the lines tell of them
 *   audit_rights.c  what residents asked for, and what was erased
 *   audit_known.c   persons, and the households that they have
 *   audit_keys.c    keys of parties (keys.h)
 *   audit_look.c    the broker's state, its log, and the end */
#ifndef VDR_SIM_AUDIT_INSIDE_H
#define VDR_SIM_AUDIT_INSIDE_H

#include "broker/core/core.h"
#include "broker/core/effect.h"
#include "tests/sim/audit.h"

/* A record as it was handed to the disk. */
typedef struct sim_written {
    char source[48], id[40]; /* of an event; "": it is none */
    uint64_t name;           /* of both, as a hash */
    vdr_ms at;
    vdr_act act;                    /* and of an act: */
    uint64_t household, into, from; /* 0: none */
    bool config;                    /* a configuration holds from here on */
} sim_written;

/* Something left, and its keys are gone, says a record (erasure proof). */
typedef struct sim_gone {
    vdr_position position; /* of that record */
    vdr_left_kind kind;
    uint64_t number;
    vdr_ms at;
} sim_gone;

/* Message seq of a mailbox. */
typedef struct sim_mail {
    vdr_position position;
    vdr_message_kind kind;
} sim_mail;

typedef struct sim_mailbox {
    sim_mail *mails; /* [seq - 1] */
    size_t count, max;
} sim_mailbox;

/* A mailbox is read up to seq, says a record. */
typedef struct sim_acked {
    vdr_position position;
    uint32_t mailbox;
    uint64_t seq;
} sim_acked;

/* A line of a case. */
typedef struct sim_turn {
    vdr_position position;
    uint64_t number;
    vdr_case_state state;
} sim_turn;

typedef struct sim_ledger {
    sim_written *log; /* [position - 1] */
    size_t log_count, log_max;
    vdr_position durable;   /* next */
    sim_mailbox *mailboxes; /* by number */
    size_t mailbox_max;
    sim_acked *acked;
    size_t acked_count, acked_max;
    sim_turn *turns;
    size_t turn_count, turn_max;
    sim_gone *gone;
    size_t gone_count, gone_max;
    vdr_position erased_through; /* what is proved up to here is out of reach: a run came to its end */
    vdr_position config;         /* the newest record of a configuration */
    bool erased;                 /* somebody's signals left before their time */
    bool lied;                   /* the disk lost what it said it had */
} sim_ledger;
extern sim_ledger sim_told;

/* What a program that reads a mailbox saw. */
typedef struct sim_reader {
    bool there;
    unsigned party;
    uint32_t window;
    uint64_t floor;        /* acknowledged for good before the present handle began */
    uint64_t last;         /* seen by the present handle; 0: nothing yet */
    uint64_t highest;      /* seen ever */
    uint64_t asked;        /* to acknowledge, ever */
    uint64_t acknowledged; /* as it was told */
} sim_reader;
extern sim_reader sim_readers[SIM_ACTORS_MAX];
extern uint32_t sim_mailbox_numbers[SIM_PARTIES_MAX]; /* 0: not known yet */

#define SIM_EVENTS_MAX 20000u
extern sim_event *sim_events[SIM_EVENTS_MAX];
extern size_t sim_event_count;
extern const sim_town *sim_audit_town;
extern sim_audit_counts sim_audit_tally;

uint64_t sim_audit_name(const char *source, const char *id);
bool sim_audit_is_of(vdr_position position, const sim_event *event);
uint32_t sim_audit_mailbox_of(unsigned party); /* 0: not known */
/* Up to where a durable record says that it is read. */
uint64_t sim_audit_acked(uint32_t mailbox);
bool sim_audit_may_leave(void); /* has anything had time to, or been asked to? */
void sim_audit_disk_begin(void);

/* audit_cases.c: a whole history, from the first record on. */
void sim_cases_begin(void);
void sim_cases_step(const vdr_core *core, vdr_position position, const vdr_command *command, vdr_span tale);
void sim_cases_end(const vdr_core *core);

/* audit_known.c: the same. */
void sim_known_begin(void);
void sim_known_step(vdr_position position, const vdr_command *command, vdr_span tale);

/* audit_rights.c: what residents asked for, as the acts in the log say. */
void sim_rights_check(void);                                           /* of all of them */
bool sim_rights_restricted(uint64_t household, vdr_position position); /* after that record */
/* What left, and was proved to have left, cannot be opened. */
void sim_rights_erased(vdr_log *log);

#endif
