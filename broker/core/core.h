/* broker/core/core.h - the state machine: step(state, command) -> effects. Pure and deterministic.
 *
 * Thread:  one thread at a time for everything here.
 * Errors:  step cannot fail: a command that may not be done is refused with a verdict, and nothing has
 *          changed but time. Out of memory stops the program (proto/assert.h); what was confirmed is in the log.
 * Memory:  the result of a step lives until the next call that is not const. */
#ifndef VDR_CORE_CORE_H
#define VDR_CORE_CORE_H

#include "broker/core/command.h"
#include "broker/core/effect.h"
#include "proto/decision.h"
#include "proto/arena.h"

typedef struct vdr_core vdr_core;

/* A message that a step put into a mailbox: where in the tale it stands. */
typedef struct vdr_core_mail {
    uint32_t mailbox;
    uint32_t offset;
    uint64_t seq;
} vdr_core_mail;

typedef struct vdr_step {
    vdr_err verdict;    /* ACCEPTED for ticks and acks; what operators ask for: broker/core/control.h */
    vdr_ms at;          /* its log time; VDR_MS_NONE for a refused line before the first instant */
    bool record;        /* the command changed something and belongs in the log */
    bool tick;          /* it was refused but timers fired: a tick with this at belongs in the log */
    bool wordless;      /* accepted, but its content is not kept: it names whom it erased */
    bool bare;          /* accepted, but of its content nothing may be kept (person_moved of nobody known) */
    vdr_position first; /* of a duplicate: the position of the first */
    vdr_ms until;       /* HELD_BACK: when the window of the guard is over; else 0 */
    vdr_span tale;      /* the effects */
    uint32_t own;       /* offset of the command's own line in the tale; before it stands what timers did */
    const vdr_core_mail *mails;
    size_t mail_count;
} vdr_step;

/* A core without configuration: its first command must be a CONFIG. */
vdr_core *vdr_core_new(void);
void vdr_core_free(vdr_core **core_p); /* NULL-safe */

/* Foreseeing: memory far away is what a step of a large town waits for, one thing after the other. Where it is
 * known which commands come, all their memory can be on its way at once: foresee the next ones, at most
 * VDR_CORE_FORESEEN, then step them. A hint: it changes nothing, and nothing is wrong if a command is foreseen and
 * never stepped, or the other way round. Of the commands it reads what vdr_core_step reads. */
#define VDR_CORE_FORESEEN 32u
void vdr_core_foresee(vdr_core *core, const vdr_command *const *commands, size_t count);

/* Steps one command that will stand at position in the log if it is recorded: one more than the last
 * recorded one. Timers due at or before its log time fire first. */
void vdr_core_step(vdr_core *core, const vdr_command *command, vdr_position position, vdr_step *ret_step);

/* Are more timers due at or before at than one step should fire? Then step ticks with timers_max first, until
 * they are not: the outcome is the same, and no step takes long or tells much. */
#define VDR_CORE_TIMERS_MAX 256u
bool vdr_core_swamped(const vdr_core *core, vdr_ms at);

/* The verdict that this act would have if the case or signal that it names were not there: what a party is told that
 * may not know of it (protocol.md 5.7). Changes nothing. */
vdr_err vdr_core_unseen(const vdr_core *core, const vdr_command *act);

/* Would this configuration be refused, live (section 4, last item)? NULL: no. Otherwise words for people
 * that name what is in the way, valid until the next call. Never changes anything. */
const char *vdr_core_config_objection(vdr_core *core, const vdr_config *config);

/* How many messages nobody will read if it holds: those of regisseurs whom it removes. ret_mailboxes: of how many. */
uint64_t vdr_core_config_unread(const vdr_core *core, const vdr_config *config, uint32_t *ret_mailboxes);

/* A guard's window that is not over and has reached what the guard speaks of (protocol.md 5.12). */
typedef struct vdr_guard_view {
    vdr_span guard, agency; /* the core's own */
    vdr_ms from;
    vdr_position told; /* of the signal with which it spoke */
    uint32_t count;
} vdr_guard_view;
/* How often one spoke since this core was made, so that looking for them can wait until then. */
uint64_t vdr_core_guards_spoken(const vdr_core *core);
/* Begin with a cursor of 0; false: no more. In no order. */
bool vdr_core_guard_next(const vdr_core *core, uint32_t *cursor, vdr_guard_view *ret_view);

/* The due time of the next timer; VDR_MS_MAX: none. */
vdr_ms vdr_core_next_due(const vdr_core *core);
vdr_ms vdr_core_now(const vdr_core *core);            /* log time of the last step; VDR_MS_NONE before */
vdr_position vdr_core_position(const vdr_core *core); /* of the last recorded command stepped; 0 before */
vdr_position vdr_core_config_position(const vdr_core *core); /* of the configuration that holds */
const vdr_config *vdr_core_config(const vdr_core *core);     /* NULL before the first */

/* Resolves an effect to the strings of a line or message. What it points to lives in the arena, the tale
 * or the core's names. NO_MEMORY: over the arena's budget. */
VDR_MUST_CHECK vdr_err vdr_core_decision(const vdr_core *core, const vdr_effect *effect, vdr_arena *arena,
                                         vdr_decision *ret_decision);

/* Mailboxes. number 0: such a mailbox does not exist (nothing was ever put in it). */
uint32_t vdr_core_mailbox(const vdr_core *core, vdr_party_kind kind, vdr_span id);
typedef struct vdr_mailbox_view {
    vdr_party_kind kind;
    vdr_span id;
    uint64_t last;         /* seq of the newest message; the first is 1 */
    uint64_t acknowledged; /* read up to and including */
    vdr_position oldest;   /* no unacknowledged message stands before this position; 0: there is none */
} vdr_mailbox_view;
bool vdr_core_mailbox_view(const vdr_core *core, uint32_t number, vdr_mailbox_view *ret_view);
uint32_t vdr_core_mailbox_count(const vdr_core *core); /* numbers are 1..count */

/* Images: the state at one position, block by block, while steps go on between the calls. Blocks that are
 * stepped upon before they were copied are kept aside first, so a step never waits for an image. */
void vdr_core_image_begin(vdr_core *core);
/* Copies the next block that changed since the last complete image (all: every block). Returns false when
 * there is none left. ret_bytes is valid until the next call. */
typedef struct vdr_core_block {
    uint32_t table, number;
    vdr_span bytes;
} vdr_core_block;
bool vdr_core_image_next(vdr_core *core, bool all, vdr_core_block *ret_block);
/* Sizes, counters, versions and the position of the image: what load needs first. Valid until image_end. */
vdr_span vdr_core_image_head(const vdr_core *core, vdr_position *ret_position, uint64_t *ret_blocks);
/* complete: the image is durable. Otherwise the next image holds what this one would have. */
void vdr_core_image_end(vdr_core *core, bool complete);

/* Loading into a new core: head, then every block in any order, then end, with the configuration that
 * holds (its position is in the head). STORE_CORRUPT or STORE_VERSION: free the core, try an older one. */
VDR_MUST_CHECK vdr_err vdr_core_load_begin(vdr_core *core, vdr_span head);
VDR_MUST_CHECK vdr_err vdr_core_load_block(vdr_core *core, vdr_core_block block);
VDR_MUST_CHECK vdr_err vdr_core_load_end(vdr_core *core, const vdr_config *config);

/* A hash of the whole state: equal at equal positions of equal logs, on any machine (I4). Walks everything. */
uint64_t vdr_core_state_hash(const vdr_core *core);

/* The oldest log position that must be kept for what is held now: live signals, cases, configuration,
 * unacknowledged messages. Walks everything; for a cut after a checkpoint. */
vdr_position vdr_core_keep_from(const vdr_core *core);

/* Checks the invariants of quality.md on the state. NULL: all hold; otherwise words. Walks everything. */
const char *vdr_core_check(const vdr_core *core);

#endif
