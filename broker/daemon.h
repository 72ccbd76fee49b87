/* broker/daemon.h - what the parts of the daemon share: one reactor thread that owns all of it.
 *
 *   parts.c     all of it, made and freed
 *   inbox.c     frames received ahead, for the porter
 *   loop.c      the turn: collect and speak, drain, step, wait
 *   dispatch.c  a received frame to the part that deals with it
 *   publish.c   items to the engine; results to CONFIRM
 *   delivery.c  mailboxes to their readers; acknowledgements
 *   decisions.c the operators' stream of lines
 *   reads.c     queries to answers; past.c: those about the past
 *   admin.c     operators' verbs, reloading
 *   admin_report.c  reports and checks, made beside the turn
 *   admin_rehearsal.c  back-tests, made beside the turn
 *   measure.c   numbers for the exporter, once a second
 *   steer.c     those of the routing: proposals, versions, pauses
 *   admin_keys.c  those of the keys of parties; admit.c: who may connect
 *   speak.c     frames to a connection, waiting in the session's own queue when it takes no more
 *
 * A session that is over is only marked (ending) by whoever finds it so, and is dropped by the loop at the end
 * of the turn: nobody's pointer dies in its hands. To a session that is ending nothing is sent any more.
 *
 * Thread:  the reactor's, for everything here. */
#ifndef VDR_BROKER_DAEMON_H
#define VDR_BROKER_DAEMON_H

#include "broker/access/access.h"
#include "broker/door/event.h"
#include "broker/engine/engine.h"
#include "broker/gauge/exporter.h"
#include "broker/node.h"
#include "broker/desk/proof.h"
#include "broker/history/rehearsal.h"
#include "broker/history/past.h"
#include "broker/net/porter.h"
#include "broker/gauge/refusals.h"
#include "broker/desk/report.h"
#include "broker/session.h"
#include "broker/history/survey.h"
#include "broker/desk/cover.h"
#include "broker/trail/desk.h"
#include "broker/trail/logboek_desk.h"
#include "broker/trust/keeper.h"
#include "proto/bytes.h"

/* What a ticket of the engine is about: kind and number share the 64 bits of vdr_ticket.seq. */
typedef enum vdr_errand {
    VDR_ERRAND_ITEM = 1,    /* number: publish sequence */
    VDR_ERRAND_REFUSED = 2, /* items that were not looked at; number: the last one's sequence */
    VDR_ERRAND_ANSWER = 3,  /* the oldest held answer of the session may go */
    VDR_ERRAND_ACKS = 4,    /* number: of the bundle */
    VDR_ERRAND_ADMIN = 5    /* number: of the request (admin.c) */
} vdr_errand;

static inline vdr_ticket
vdr_errand_ticket(vdr_errand errand, uint64_t session, uint64_t number)
{
    return (vdr_ticket){.session = session, .seq = (uint64_t)errand << 60 | number};
}

static inline vdr_errand
vdr_errand_of(vdr_ticket ticket)
{
    return (vdr_errand)(ticket.seq >> 60);
}

static inline uint64_t
vdr_errand_number(vdr_ticket ticket)
{
    return ticket.seq & ((UINT64_C(1) << 60) - 1);
}

/* What is durable of a mailbox, and who reads it now. */
typedef struct vdr_mailbox_state {
    uint64_t newest, acknowledged;
    vdr_session *readers;
    uint32_t ack_slot; /* its place + 1 in the bundle being gathered; 0: not in it */
} vdr_mailbox_state;

/* Of a bundle of acknowledgements: a session that waits for an ACKED, or (session 0) how far a mailbox is
 * acknowledged when the bundle is durable. */
typedef struct vdr_acking {
    uint64_t bundle, session;
    uint32_t mailbox;
    uint64_t up_to;
} vdr_acking;

#define VDR_ADMIN_WAITS 32u
#define VDR_UNBLOCK_MS  5 /* how long a connection that took no more is left alone */

/* A verb whose result comes later. */
typedef struct vdr_admin_wait {
    uint64_t number; /* of the errand */
    uint64_t session, request;
    vdr_verb verb;
    vdr_report_kind report;
    char words[512];  /* of its result; "": none */
    const char *made; /* what came of it: "proposal", …; NULL: nothing with a number */
    uint64_t made_number;
} vdr_admin_wait;

/* A PUBLISH that met an engine without room: it goes on where it stopped. */
typedef struct vdr_stalled {
    bool on;
    uint64_t session;
    vdr_wire_publish publish; /* in the arena `body` of the parties, or the inbox's */
    size_t place;             /* of its first item with the porter; VDR_PORTER_ITEMS: it has none */
    size_t next, allowed;     /* items submitted; items within the window */
    vdr_err refused;          /* of the rest */
} vdr_stalled;

#define VDR_INBOX_FRAMES 128u

/* A frame received ahead. */
typedef struct vdr_ahead {
    vdr_received received;
    bool decoded; /* it is a PUBLISH, and this is what it says; in the inbox's arena */
    vdr_wire_publish publish;
    size_t place; /* as in vdr_stalled */
} vdr_ahead;

typedef struct vdr_inbox {
    vdr_ahead frames[VDR_INBOX_FRAMES];
    size_t next, count;
    vdr_arena arena;
} vdr_inbox;

typedef struct vdr_daemon {
    const char *config_dir, *node_path, *store_dir;
    vdr_node *node;
    vdr_keyring *keyring;
    vdr_net *net;
    vdr_vault *vault; /* the store's keys */
    vdr_log *log;
    vdr_engine *engine;
    vdr_clock *clock;
    const vdr_door *door; /* the engine's, of now */
    vdr_log_reader *reader;
    vdr_sessions *sessions;
    uint8_t store_id[VDR_STORE_ID_BYTES];

    int64_t now_ms; /* steady, at the begin of the turn */
    bool draining;  /* no new items are taken */
    bool stopping;
    bool reload;    /* asked for by a signal */
    vdr_err failed; /* the engine's failure */
    bool full_told, descriptors_told;
    struct { /* what guards said, as far as the journal tells it (guards.c) */
        bool looked;
        uint64_t spoken;
        vdr_position told;
    } guards;

    vdr_inbox inbox;
    vdr_porter *porter;
    size_t foreseen;           /* the first place with the porter that the core has not foreseen */
    vdr_arena body[VDR_ZONES]; /* of the frame in hand */
    vdr_arena speech;          /* scratch of encoding */
    vdr_arena told;            /* what of an answer to ADMIN is left */
    vdr_arena tales;           /* what is resolved from effects, or shown by a read */
    vdr_bytes frame;           /* being encoded */

    vdr_session *due; /* sessions that are owed a CONFIRM */
    uint64_t frames_heard;
    size_t ending;          /* sessions to be dropped at the end of the turn */
    size_t blocked;         /* sessions whose connection took no more */
    int64_t unblock_ms;     /* when they are tried again */
    int64_t tidy_ms;        /* when silent sessions are looked for again */
    uint64_t revoked_drops; /* frames of keys that are let in no more */

    vdr_stalled stalled;

    vdr_mailbox_state *mailboxes; /* by number; [0] unused */
    size_t mailbox_count, mailbox_room;
    bool mail_work;       /* some reader may be behind */
    uint64_t mail_served; /* the session that the pump served last */
    bool lines_work;      /* some stream of decisions may be behind */
    size_t streams;       /* sessions with a stream of decisions */
    vdr_command_ack acks[VDR_ENGINE_ACKS_MAX];
    size_t ack_count;
    uint64_t ack_bundle; /* being gathered */
    vdr_ring acking;     /* vdr_acking, in order of bundles */

    vdr_past *past;
    vdr_prover *prover; /* of configurations that are proposed */
    uint64_t last_errand;
    vdr_admin_wait admin[VDR_ADMIN_WAITS];
    size_t admin_count;

    vdr_survey *survey;
    bool surveying;        /* one runs, or was not collected */
    uint64_t survey_until; /* reports asked for up to this errand are answered by it */
    vdr_refusals *refusals;
    uint64_t verdicts[VDR_REFUSALS_CODES]; /* the same since the start, of all together */

    vdr_rehearsal *backtest, *shadow;
    vdr_keeper *keeper;
    vdr_covers *covers; /* of views */
    vdr_trail_desk *trail;
    vdr_logboek_desk *logboek;
    int64_t trust_ms;     /* when it is looked at again */
    uint64_t checkpoints; /* that it knows of */

    /* keys of parties (admit.c) */
    bool admit_waits; /* who is let in is asked again when this record is durable */
    vdr_position admit_position;
    uint64_t key_changes; /* of the core, as last seen */
    int64_t key_look_ms;  /* when ends that come near are looked for again */
    uint8_t *key_told;    /* by number: which warnings were given */
    size_t key_told_size;
    vdr_ms key_soonest[VDR_PARTY_LAST + 1]; /* by kind: the next end that nobody has seen to; 0: none */
    vdr_ms convenant_soonest;               /* the next end of a convenant; 0: none */
    uint64_t convenants_ended;
    uint8_t *convenant_told; /* by agency: which warnings were given, under this configuration */
    vdr_position convenant_position;
    uint64_t keys_expiring; /* those within 30 days */

    vdr_exporter *exporter; /* NULL: nobody measures */
    int64_t measure_ms;     /* when it is given numbers again */
} vdr_daemon;

static inline bool
vdr_session_live(const vdr_session *session)
{
    return session->state != VDR_SESSION_OVER && !session->ending;
}

static inline size_t
vdr_daemon_frame_max(vdr_zone zone)
{
    return zone == VDR_ZONE_OPERATORS ? VDR_ADMIN_FRAME_MAX : VDR_FRAME_BYTES_MAX;
}

/* ---- parts.c: what is round the engine, which outlives it. node, clock, log, engine, reader and logboek are there */

void vdr_daemon_begin(vdr_daemon *daemon, vdr_checkpoint *checkpoint);
void vdr_daemon_rest(vdr_daemon *daemon); /* what reads the log rests for good; then the engine is closed */
void vdr_daemon_done(vdr_daemon *daemon);

/* ---- loop.c */

/* Serves until a stop is asked for or the engine fails. The engine's failure, or OK. */
VDR_MUST_CHECK vdr_err vdr_daemon_run(vdr_daemon *daemon, int signal_fd);
/* The groups that are durable are spoken of. */
void vdr_daemon_speak_groups(vdr_daemon *daemon);
/* Drops the sessions that are ending. */
void vdr_daemon_reap(vdr_daemon *daemon);

/* ---- inbox.c */

void vdr_inbox_init(vdr_inbox *inbox);
void vdr_inbox_done(vdr_inbox *inbox);
/* The next frame of the parties, to be let go with vdr_received_done(). NULL: none waits, or the budget is used
 * up. Not while a PUBLISH is stalled: it may lie here. */
vdr_ahead *vdr_inbox_next(vdr_daemon *daemon, unsigned *budget);

/* ---- dispatch.c */

/* ahead: what of it is decoded already; NULL: nothing. */
void vdr_dispatch(vdr_daemon *daemon, vdr_received *received, const vdr_ahead *ahead);

/* ---- speak.c: nothing here fails for want of a connection, the session is ending then */

/* Encodes and sends. TOO_BIG or BAD_FRAME of the codec: nothing was sent. */
VDR_MUST_CHECK vdr_err vdr_speak(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire);
/* The same for frames that always fit. */
void vdr_say(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire);
/* Encodes, and keeps the frame until vdr_speak_held(): its number is given when it goes. */
VDR_MUST_CHECK vdr_err vdr_speak_hold(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire);
void vdr_speak_held(vdr_daemon *daemon, vdr_session *session);
/* ERROR; the session goes on. */
void vdr_speak_refusal(vdr_daemon *daemon, vdr_session *session, vdr_err err, const vdr_frame *frame);
/* ERROR; the session is over. */
void vdr_speak_failure(vdr_daemon *daemon, vdr_session *session, vdr_err err, const vdr_frame *frame,
                       const char *text);
/* BYE; the session is over. */
void vdr_speak_bye(vdr_daemon *daemon, vdr_session *session, vdr_err err, uint32_t retry_after_ms);
/* Over without a word. */
void vdr_speak_nothing(vdr_daemon *daemon, vdr_session *session);
/* Tries again what waits for its connection. True: nothing waits any more. */
bool vdr_speak_waiting(vdr_daemon *daemon, vdr_session *session);

/* ---- publish.c */

/* place: of its first item with the porter, or VDR_PORTER_ITEMS. */
void vdr_publish_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_publish *publish,
                       size_t place, const vdr_frame *frame);
void vdr_publish_go_on(vdr_daemon *daemon); /* with a stalled one */
void vdr_publish_result(vdr_daemon *daemon, vdr_session *session, const vdr_result *result);
void vdr_publish_confirm(vdr_daemon *daemon); /* every session that is owed one */
void vdr_publish_forget(vdr_daemon *daemon, vdr_session *session);

/* ---- delivery.c */

void vdr_delivery_begin(vdr_daemon *daemon); /* what is durable at the start */
void vdr_delivery_done(vdr_daemon *daemon);
void vdr_delivery_config(vdr_daemon *daemon); /* after a new one: mail of those who are removed is dropped */
void vdr_delivery_subscribe(vdr_daemon *daemon, vdr_session *session, const vdr_wire_subscribe *subscribe,
                            const vdr_frame *frame);
void vdr_delivery_credit(vdr_daemon *daemon, vdr_session *session, const vdr_wire_credit *credit);
void vdr_delivery_ack(vdr_daemon *daemon, vdr_session *session, const vdr_wire_ack *ack,
                      const vdr_frame *frame);
void vdr_delivery_submit_acks(vdr_daemon *daemon);
void vdr_delivery_acked(vdr_daemon *daemon, uint64_t bundle);
void vdr_delivery_group(vdr_daemon *daemon, const vdr_group *group);
bool vdr_delivery_pump(vdr_daemon *daemon); /* from the store; true: there is more to do at once */
void vdr_delivery_forget(vdr_daemon *daemon, vdr_session *session);
/* The durable state of a party's mailbox. */
void vdr_delivery_state(vdr_daemon *daemon, vdr_party_kind kind, vdr_span id, uint64_t *ret_acknowledged,
                        uint64_t *ret_newest);

/* ---- decisions.c */

void vdr_decisions_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_decisions *decisions);
void vdr_decisions_credit(vdr_daemon *daemon, vdr_session *session, const vdr_wire_credit *credit);
void vdr_decisions_group(vdr_daemon *daemon, const vdr_group *group);
bool vdr_decisions_pump(vdr_daemon *daemon);
void vdr_decisions_forget(vdr_daemon *daemon, vdr_session *session);

/* ---- reads.c */

void vdr_reads_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read,
                     const vdr_frame *frame);

void vdr_reads_past(vdr_daemon *daemon); /* speaks an answer about the past that is there */

/* ---- admin.c */

void vdr_admin_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
void vdr_admin_result(vdr_daemon *daemon, const vdr_result *result);
void vdr_admin_jobs(vdr_daemon *daemon);
void vdr_admin_say(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin_result *result);
void vdr_admin_say_error(vdr_daemon *daemon, vdr_session *session, uint64_t request, vdr_err err,
                         const char *text);
/* The number of an errand whose result comes later; NULL: too many are waiting. */
vdr_admin_wait *vdr_admin_wait_for(vdr_daemon *daemon, const vdr_session *session,
                                   const vdr_wire_admin *admin);
/* A RESULT that is sent when what it shows is durable. */
void vdr_admin_answer(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin_result *result);

/* What was begun for this errand did not begin after all. */
void vdr_admin_give_up(vdr_daemon *daemon, vdr_session *session, uint64_t number, vdr_err err,
                       const char *text);
/* Takes the one with this number out; false: it is not waited for. */
bool vdr_admin_take(vdr_daemon *daemon, uint64_t number, vdr_admin_wait *ret_wait);
/* For its result; made may be NULL. */
void vdr_admin_note(vdr_daemon *daemon, uint64_t number, const char *words, const char *made,
                    uint64_t made_number);
vdr_err vdr_admin_words(char *ret_words, vdr_err err, const char *words); /* VDR_ENGINE_WORDS_BYTES */

/* ---- admin_reload.c */

void vdr_admin_reload(vdr_daemon *daemon); /* on a signal: told in the journal only */
void vdr_admin_reload_verb(vdr_daemon *daemon, vdr_session *session, uint64_t number); /* of its errand */

/* ---- admin_status.c */

void vdr_status_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);

/* ---- admin_rehearsal.c */

/* The files of a verb by their names; false: another name, or none. */
bool vdr_rehearsal_files(const vdr_wire_admin *admin, vdr_config_texts *ret_texts);
uint64_t vdr_rehearsal_memory(const vdr_daemon *daemon); /* that one may have */
void vdr_rehearsal_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
/* Answers a LOOK: the counters, and why it failed, or with rows what it found so far. */
void vdr_rehearsal_say(vdr_daemon *daemon, vdr_session *session, uint64_t request, vdr_verb verb,
                       const vdr_wire_counter *counters, size_t count, const vdr_rehearsal_look *seen,
                       bool rows);

/* ---- admin_shadow.c */

void vdr_shadow_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
void vdr_shadow_resume(vdr_daemon *daemon); /* one that ran when the broker ended goes on */

/* ---- admit.c */

void vdr_admit_soon(
    vdr_daemon *daemon); /* who is let in may have changed: as soon as what was stepped is durable */
void vdr_admit_turn(vdr_daemon *daemon); /* when groups were collected, and once a turn */
void vdr_admit_done(vdr_daemon *daemon);
vdr_ms
vdr_admit_now(const vdr_daemon *daemon); /* by the broker's clock, else log time; VDR_MS_NONE: none yet */

/* ---- admin_keys.c */

void vdr_keys_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);

/* ---- steer.c */

void vdr_steer_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
bool vdr_steer_looks(vdr_verb verb); /* it changes nothing */
/* A configuration came into force: told in the journal, and its keys are let in. */
void vdr_steer_active(vdr_daemon *daemon, const vdr_engine_by *by);
/* A changed directory is judged beside the turn, and proposed; the result comes under the ticket. */
VDR_MUST_CHECK vdr_err vdr_steer_reload(vdr_daemon *daemon, const vdr_config_texts *texts, vdr_ticket ticket,
                                        char *ret_words);
void vdr_guards_turn(vdr_daemon *daemon);              /* guards that spoke are told in the journal */
uint64_t vdr_guards_reached(const vdr_daemon *daemon); /* windows that are not over, of guards that spoke */
void vdr_steer_turn(vdr_daemon *daemon);               /* what was checked beside the turn is proposed */

/* ---- rekey/verb.c */

void vdr_rotate_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);

/* ---- erasure/admin.c */

void vdr_erasure_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
/* Backups are made here, and the last one cannot be opened any more. */
bool vdr_erasure_wants_backup(const vdr_daemon *daemon, const vdr_engine_erasure *erasure);

/* ---- admin_report.c */

void vdr_reports_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
int64_t vdr_reports_hour(const vdr_daemon *daemon); /* of the steady clock, for what was refused */
void vdr_reports_turn(vdr_daemon *daemon);          /* answers what is ready, begins what waits */

/* ---- admin_trust.c */

void vdr_trust_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
/* The keeper hears of checkpoints. Other than OK: the store does not prove itself, the broker must end. */
VDR_MUST_CHECK vdr_err vdr_trust_turn(vdr_daemon *daemon);

/* ---- admin_trail.c */

void vdr_trail_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);
/* What AUDIT has as name; false: it is not of that form. The party points into text. */
bool vdr_trail_ask_read(vdr_span text, vdr_trail_ask *ret_ask);
/* Logs that the session sees this; the errand's result comes when that is durable. BUSY, the engine's failure. */
VDR_MUST_CHECK vdr_err vdr_trail_saw(vdr_daemon *daemon, const vdr_session *session, uint32_t query,
                                     vdr_household_id household, vdr_case_id case_id, uint32_t parts,
                                     uint64_t number);

/* "name=value name=value …" with blanks between; take says whether it knows one and the value fits. */
bool vdr_trail_terms_read(vdr_span text, bool (*take)(void *context, vdr_span name, vdr_span value),
                          void *context);
bool vdr_trail_number_read(vdr_span text, uint64_t *ret_number); /* decimal */

/* ---- admin_logboek.c */

void vdr_logboek_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin);

/* ---- measure.c */

#define VDR_MEASURE_MS 1000
void vdr_measure_turn(vdr_daemon *daemon); /* once a second, where there is an exporter */
void vdr_measure_now(vdr_daemon *daemon);  /* at once: what the daemon is changed */

/* ---- admin_report.c, from publish.c */

/* Refused of a party's events: so many with this verdict. */
void vdr_reports_refused(vdr_daemon *daemon, const vdr_session *session, vdr_err verdict, uint64_t count);

#endif
