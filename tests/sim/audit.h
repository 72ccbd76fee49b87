/* tests/sim/audit.h - the auditor: a simple truth of its own, kept from outside the broker.
 *
 * It knows what was put on the disk (as the committer handed it over, and whether it is durable), what every client was
 * answered, and what every mailbox delivered. From that, and not from what the broker believes, it says what must hold
 * (quality.md). A violation is told once, and ends the run. */
#ifndef VDR_SIM_AUDIT_H
#define VDR_SIM_AUDIT_H

#include "clients/lib/voordeur.h"
#include "store/log.h"
#include "tests/sim/town.h"

void sim_audit_begin(const sim_town *town);

/* ---- What the disk was given */

/* A group is on its way to the disk: a crash may find it there or not. */
void sim_audit_appending(vdr_position expected, const vdr_log_record *records, size_t count,
                         const vdr_log_mail *mails, size_t mail_count);
/* It is durable; STORE_FAILED: it may be; else it is not there. */
void sim_audit_appended(vdr_position expected, size_t count, vdr_err err);
/* The broker is down, and this is what its disk holds now: up to before next. lied: durable ones may be gone. */
void sim_audit_settled(vdr_position next, bool lied);
/* A backup took the place of a store that was lost: up to before next. What ended or was erased since stays so. */
void sim_audit_restored(const sim_town *town, vdr_position next);
void sim_audit_restored_look(void); /* it serves now */
/* And so far nothing else is wrong with it: nothing was lost, nothing is rotten. */
vdr_position sim_audit_durable(void);

/* ---- What clients saw */

/* An event that somebody wants to be taken: one source and id, whatever is sent again. */
typedef struct sim_event {
    char id[40];
    const sim_party *by;
    const char *source; /* that it names: the sender's, or where it must be refused for that, another's */
    uint64_t name;      /* of id and source, as a hash */
    char *json;
    const vdr_wire_typed *typed; /* the same event in fields; NULL: it goes as JSON */
    bool signal;
    bool check_revision;     /* of the case, that it must not have */
    struct sim_event *first; /* whose id it takes, and is another event; NULL: its id is its own */
    bool reused;             /* somebody else's event of this id was taken: it had left */
    vdr_err refusal,
        or_else; /* the verdict that it must get, or VDR_OK; clean: it must be none of its shape */
    bool clean;
    bool never;         /* it must not be in the log */
    bool twice;         /* another event has its id, too */
    vdr_ms occurred_at; /* of a signal */
    bool left_behind;   /* a copy may come yet, from a client that was killed, or a connection that broke */
    bool answered;      /* finally */
    bool open;          /* it was sent again since, and is not answered again yet */
    vdr_err answer;
    vdr_ms answered_at;    /* log time */
    vdr_position position; /* of an accepted one */
    bool excused;          /* it was taken, and a disk that lied lost it */
} sim_event;

sim_event *sim_audit_event(const sim_party *by, const char *source, char *json, const char *id, bool signal,
                           vdr_ms occurred_at);
/* Some event of this party that was answered long ago, or not so long; NULL: none. */
sim_event *sim_audit_some_event(const sim_party *by, sim_dice *dice);
/* One of its own that was taken, is no forgery itself, and has no other event after its id yet. */
sim_event *sim_audit_some_taken(const sim_party *by, sim_dice *dice);
/* One that must never be taken, and of which nobody hears. */
void sim_audit_never(const sim_party *by, const char *source, char *json, const char *id);
void sim_audit_sent_again(sim_event *event);
size_t sim_audit_events(void);
void sim_audit_answer(sim_event *event, const vdr_client_result *result);
/* One that was answered finally, and whose answer was lost with its client, was sent again from the outbox: what was
 * refused by the state may be taken now, and this is how its sender is told (I2). */
void sim_audit_answered_again(const sim_party *by, const vdr_client_result *result);

/* Readers are numbered by their program (actor.h): a party may have two. */
void sim_audit_subscribed(unsigned reader, unsigned party, uint32_t window); /* a new handle begins to read */
void sim_audit_message(unsigned reader, const vdr_wire_message *message);
void sim_audit_asked(unsigned reader, uint64_t seq); /* it acknowledges up to here */
void sim_audit_acknowledged(unsigned reader, uint64_t seq);
/* A frame of the broker reaches this client, and it has not seen it yet. */
void sim_audit_frame(unsigned client, uint64_t link, const void *bytes, size_t len);
/* An answer that shows the state after this record. */
void sim_audit_shown(const char *to, vdr_position position);
/* One that shows a household. */
void sim_audit_shown_household(const sim_party *to, uint64_t household, vdr_position position);
/* A report says that so many cases were open after that record. */
void sim_audit_reported(uint64_t open, vdr_position position);
/* A text of rules that is one: it may come into force. */
void sim_audit_rules(const char *text);
/* A line of the stream of decisions; position 0: of a refused event. */
void sim_audit_line(const sim_party *to, const vdr_wire_line *line, vdr_position *last);
void sim_audit_journal(const char *line);

/* ---- Looking */

void sim_audit_state(void);              /* the invariants of the state of a broker that runs */
void sim_audit_timers(void);             /* of one that has had time: nothing is due any more */
void sim_audit_history(bool at_the_end); /* and that it is what its log says */
/* The broker serves although a byte of its store is not what was written: verify must say so. */
void sim_audit_rot(void);
/* Everything must be finished now: what is not? NULL: all is. */
const char *sim_audit_unfinished(void);
void sim_audit_end(void);

__attribute__((format(printf, 2, 3))) void sim_violation(const char *invariant, const char *format, ...);
bool sim_audit_failed(void);
const char *sim_audit_words(void);

typedef struct sim_audit_counts {
    uint64_t answers, messages, acknowledged, records, folds, looks, shown, lines, again, foretold;
} sim_audit_counts;
sim_audit_counts sim_audit_counted(void);

#endif
