/* broker/core/rekey.h - the pseudonym key changes while running: how the state goes over from one key to the next.
 *
 * Under the key are, in the state: persons and addresses (members), the persons of conflicts and of what residents
 * asked (rights), and of each signal and act half its digest. In the log they stand under the key of then. The hashes of ids stay as they are: an id says
 * nothing of a person and stands beside its hash, and what the log, proofs and backups name by id must be found after
 * any change. Their own key, made of the first pseudonym key, is kept in the state from the first BEGIN on.
 *
 *   BEGIN    From here on the door makes events under both keys: under the next in the command itself, under the one
 *            before in command.earlier. Whatever is made from here on is under the next.
 *   PAIRS    Batches, made by the broker from what the records of signals and acts hold: from -> to. A record keeps
 *            its slot, so nothing but its key (and a member's place in the index) changes, and nothing is told.
 *   FINISH   An operator gives up what nobody can make a pair for, see below.
 *   END      Refused while anything is still under the key before. From here on events come under the new key only.
 *
 * Between them a thing is under one key or under the other, never under both, and is looked for under both:
 *   - A verdict looks under the next key, then under the one before.
 *   - An accepted event first brings all that it names over (vdr_rekey_named): what it does then needs one key.
 *   - A person and the conflicts and rights about that person go over together: one is always found by the other.
 * So whom an event finds, and with that every outcome, is the same as if no key had changed (core_rekey_test).
 *
 * What is under which key is told by a bit of each record, the parity of its key; BEGIN turns the state's. How much is
 * under the key before is counted.
 *
 * What guards counted (guard.h) does not go over: it ends with its window, in a month at most, is looked for under both
 * keys until then, and END waits for it.
 *
 * What nobody can make a pair for: a person or address that no kept signal or act names any more (its signals left, its
 * household is here for others), and the digest of an act whose content was erased. They stay under the key before,
 * and are known by it, until they leave or an event names them; or until an operator gives them up: then the broker
 * makes pairs to keys that nothing has: the person stays in its household and is not known again, and the act's id is
 * taken, so that whoever sends it again is told id_reused.
 *
 * Thread:  as broker/core/core.h. Core only, but for the view and the walk. */
#ifndef VDR_CORE_REKEY_H
#define VDR_CORE_REKEY_H

#include "broker/core/state.h"

/* ---- Core only ---- */

/* BEGIN, PAIRS, FINISH, END. WRONG_STATE: not now. */
vdr_err vdr_rekey_step(vdr_state *state, const vdr_command *command);
/* A CONFIG says under which key the log is written. */
void vdr_rekey_keyed(vdr_state *state, const vdr_command *command);
/* Persons and addresses of an accepted event go over to the next key, if keys change. */
void vdr_rekey_named(vdr_state *state, const vdr_command *command);
/* The i-th person or address of a command, under either key. 0: not known. */
vdr_slot vdr_rekey_member_find(const vdr_state *state, const vdr_command *command, bool is_address, size_t i);
/* Is what a check walks over counted right? NULL: yes. */
const char *vdr_rekey_check(const vdr_state *state);

static inline bool
vdr_rekey_running(const vdr_state *state)
{
    static const vdr_key16 none = {{0}};
    return !vdr_key16_equal(&state->next_check, &none);
}

/* A record of this parity leaves the state. old: the count of its table. */
static inline void
vdr_rekey_gone(const vdr_state *state, uint32_t parity, uint32_t *old)
{
    if (vdr_rekey_running(state) && parity != state->parity)
        (*old)--;
}

/* ---- For whoever drives it ---- */

typedef struct vdr_rekey_view {
    bool running;
    bool finish;                     /* what nobody can make a pair for is to be given up */
    vdr_key16 key_check, next_check; /* of the key; of the next one while running. Zero: not said */
    vdr_key16 id_key;                /* of id hashes; zero: the one of the pseudonym key */
    vdr_position begun, ended;       /* records of the last BEGIN and END; 0: none */
    uint64_t members, signals, acts; /* so many there are */
    /* While running, so many are under the key before. */
    uint64_t old_members, old_signals, old_acts, old_conflicts, old_rights, old_guarded;
} vdr_rekey_view;

void vdr_rekey_view_get(const vdr_core *core, vdr_rekey_view *ret_view);
/* How many things are still known under the key before. */
static inline uint64_t
vdr_rekey_view_left(const vdr_rekey_view *view)
{
    return view->old_members + view->old_signals + view->old_acts + view->old_conflicts + view->old_rights +
           view->old_guarded;
}

typedef enum vdr_rekey_table {
    VDR_REKEY_OF_SIGNALS = 0,
    VDR_REKEY_OF_ACTS,
    VDR_REKEY_OF_CONFLICTS,
    VDR_REKEY_OF_RIGHTS,
    VDR_REKEY_OF_MEMBERS,
    VDR_REKEY_OF_NONE
} vdr_rekey_table;

typedef struct vdr_rekey_cursor {
    vdr_rekey_table table;
    vdr_slot slot;
} vdr_rekey_cursor;

/* Something under the key before. */
typedef struct vdr_rekey_item {
    vdr_rekey_table table;
    vdr_position position; /* of the record that holds its content; a member: 0 */
    uint32_t hash;         /* of the id of a signal or act */
    uint64_t digest;       /* of a signal or act */
    vdr_key16 key;         /* of a conflict or member */
    bool is_address;
} vdr_rekey_item;

/* The next thing under the key before, from the cursor on ({0} begins), after at most looks looks. False: none was
 * seen; the walk is over when the cursor's table is OF_NONE. Steps may come between: what they bring over is not
 * seen, and nothing else becomes older. */
bool vdr_rekey_next(const vdr_core *core, vdr_rekey_cursor *cursor, uint32_t *looks,
                    vdr_rekey_item *ret_item);

/* Is anything under this key, which is one of the key before? */
bool vdr_rekey_is_old(const vdr_core *core, bool is_address, const vdr_key16 *key);

#endif
