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

void sim_audit_appended(vdr_position expected, const vdr_log_record *records, size_t count,
                        const vdr_log_mail *mails, size_t mail_count, bool durable);
/* The broker is down, and this is what its disk holds now: up to before next. lied: durable ones may be gone. */
void sim_audit_settled(vdr_position next, bool lied);

/* ---- What clients saw */

/* An event that somebody wants to be taken: one source and id, whatever is sent again. */
typedef struct sim_event {
    char id[40];
    const sim_party *by;
    char *json;
    bool answered; /* finally */
    vdr_err answer;
    vdr_position position; /* of an accepted one */
} sim_event;

sim_event *sim_audit_event(const sim_party *by, char *json, const char *id);
size_t sim_audit_events(void);
size_t sim_audit_unanswered(void);
void sim_audit_answer(sim_event *event, const vdr_client_result *result);

void sim_audit_subscribed(unsigned party); /* a new handle begins to read */
void sim_audit_message(unsigned party, const vdr_wire_message *message);
void sim_audit_acknowledged(unsigned party, uint64_t seq);
void sim_audit_journal(const char *line);

/* ---- Looking */

void sim_audit_state(void);   /* the invariants of the state of a broker that runs */
void sim_audit_history(void); /* and that it is what its log says */
/* Everything must be finished now: what is not? NULL: all is. */
const char *sim_audit_unfinished(void);
void sim_audit_end(void);

__attribute__((format(printf, 2, 3))) void sim_violation(const char *invariant, const char *format, ...);
bool sim_audit_failed(void);
const char *sim_audit_words(void);

typedef struct sim_audit_counts {
    uint64_t answers, messages, acknowledged, records, folds, looks;
} sim_audit_counts;
sim_audit_counts sim_audit_counted(void);

#endif
