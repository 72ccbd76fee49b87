/* What is told, and what is kept: one broker that drains, steps, commits and speaks, and is killed at any moment;
 * clients that send again what is not answered; a network that loses, delays, doubles and reorders what it likes.
 * What is stepped is the law of cases, in a town of one household. ARCHITECTURE.md, "The way of a signal";
 * protocol.md sections 4, 6 and 11; invariants I1 to I6 and I8.
 *
 * s[LIVE] is the broker's memory, s[KEPT] the newest checkpoint, s[TRUE] the auditor's: the log on disk, folded from
 * its first record.
 *
 * Nothing that is on its way has a place of its own. A request may arrive at any moment and any number of times once
 * it was sent: what does not is lost or late, and a client that is killed and reads its outbox is one that sends
 * again. What the broker may say it says at once, which is the worst for it; later, it would be less. */

#define H 1
#define R 2
#define K 2
#define HARD 1
#ifndef IDS
#define IDS 4 /* events that are sent in one history */
#endif
#ifndef L
#define L 6 /* records of one history */
#endif
#ifndef LATE
#define LATE 1 /* events that may be on their way, refused or lost when the next is sent */
#endif
#define M (2 * L) /* messages of one mailbox */

#define LIVE 0
#define KEPT 1
#define TRUE 2
#ifdef BUG_CHECKPOINT_TORN
#define HALF 3 /* pages that were copied before the others */
#endif

/* What an event says; with a regisseur, + 0 or 1. */
#define SIGNAL 1
#define ACCEPTED 2
#define DECLINED 4
#define CLOSED 6
#define HANDED 8 /* to the other one */
#define TAKEN 10
/* A record: event id + 1, or what comes from a clock or a mailbox's owner. */
#define CLOCK 20 /* the accept timer is due */
#define AGAIN 21 /* the retry timer is due */
#define ACK 32   /* + regisseur + 2 × up to which message */

byte says[IDS];      /* 0: not sent yet */
bool confirmed[IDS]; /* its client was told so */
byte through[R];     /* messages 1 to this were delivered, and the application is through with them */
byte firm[R];        /* ACKED said: this is in the log, and will not be delivered again */

byte log[L + 1]; /* at 1 to `stepped`; what a checkpoint has is not looked at again */
byte stepped;    /* in memory */
byte synced;     /* on disk */
byte kept_at;    /* position of s[KEPT] */
byte gone;       /* records 1 to this are cut */
byte owed[IDS];  /* a refusal that waits for all before it: position + 1, 0: none */

typedef Mailbox {
    byte row[M + 1]; /* the log position of message n; written with its group, 0: no such row */
}
Mailbox mail[R];

bool verdict;
byte at, code, m;

/* The store's index of mailboxes gets a row when a record is stepped first; a start only reads it. */
#define tell(x, r) \
    s[x].last[r]++; \
    if \
    :: x == LIVE && at > synced -> mail[r].row[s[x].last[r]] = at \
    :: else \
    fi

#include "law.pml"

Town s[4];

/* Section 8, Assign, in this town: least load, then the smallest id. */
inline choose(x, k)
{
    if
    :: may_take(x, k, 0) && (!may_take(x, k, 1) || s[x].load[0] <= s[x].load[1]) -> chosen = 0
    :: else ->
        if
        :: may_take(x, k, 1) -> chosen = 1
        :: else -> chosen = NOBODY
        fi
    fi
}

inline try_again(x)
{
    if
    :: s[x].state[0] == UNASSIGNED -> assign(x, 0)
    :: else
    fi
}

inline case_goes(x, k)
{
    assert(k == 0 && s[x].state[1] == FREE);
    s[x].state[0] = FREE;
    s[x].holder[0] = NOBODY;
    s[x].refused[0] = 0
}

/* ---- step: a state and a record at a position in, state and verdict out; a refused one changes nothing ---- */

#define said (says[code - 1])
#define actor (said & 1)
#define his(x, now) (s[x].state[0] == now && s[x].holder[0] == actor)

inline step(x)
{
    line_begins(x);
    verdict = true;
    if
    :: code > IDS ->
        if
        :: code == CLOCK -> accept_clock(x, 0)
        :: code == AGAIN ->
            s[x].retry = false;
            try_again(x);
            s[x].retry = s[x].state[0] == UNASSIGNED
        :: else -> s[x].acked[code & 1] = (code - ACK) / 2
        fi
    :: else ->
        if
        :: said == SIGNAL ->
            if
            :: s[x].state[0] == FREE -> open_case(x, 0, 0)
            :: is_held(x, 0) -> m = s[x].holder[0]; tell(x, m); m = 0 /* attached */
            :: else -> skip                                           /* told to coordinators */
            fi
        :: said == ACCEPTED + actor && his(x, OFFERED) -> accept(x, 0, actor)
        :: said == DECLINED + actor && his(x, OFFERED) -> refuse(x, 0, actor, BY_HOLDER)
        :: said == CLOSED + actor && his(x, ACTIVE) -> end_case(x, 0)
        :: said == HANDED + actor && his(x, ACTIVE) -> offer_handover(x, 0, 1 - actor)
        :: said == TAKEN + actor && s[x].heir[0] == actor -> accept_handover(x, 0, actor)
        :: else -> verdict = false
        fi;
        if
        :: verdict -> s[x].seen[code - 1] = at
        :: else
        fi
    fi;
    line_ends(x)
}

/* ---- the broker ---- */

inline copy_cases(to, from)
{
    s[to].state[0] = s[from].state[0];
    s[to].holder[0] = s[from].holder[0];
    s[to].heir[0] = s[from].heir[0];
    s[to].refused[0] = s[from].refused[0];
    s[to].clock[0] = s[from].clock[0];
    s[to].retry = s[from].retry
}

inline copy_rest(to, from)
{
    m = 0;
    do
    :: m < R ->
        s[to].load[m] = s[from].load[m];
        s[to].last[m] = s[from].last[m];
        s[to].acked[m] = s[from].acked[m];
        m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < IDS ->
#ifndef BUG_DEDUP_NOT_KEPT
        s[to].seen[m] = s[from].seen[m];
#else
        s[to].seen[m] = 0;
#endif
        m++
    :: else -> break
    od;
    m = 0
}

/* Invariant I4: the state is the fold of the log, from wherever. */
inline must_be_equal(a, b)
{
    assert(s[a].state[0] == s[b].state[0] && s[a].holder[0] == s[b].holder[0] && s[a].heir[0] == s[b].heir[0]);
    assert(s[a].refused[0] == s[b].refused[0] && s[a].clock[0] == s[b].clock[0] && s[a].retry == s[b].retry);
    m = 0;
    do
    :: m < R ->
        assert(s[a].load[m] == s[b].load[m] && s[a].last[m] == s[b].last[m] && s[a].acked[m] == s[b].acked[m]);
        m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < IDS -> assert((s[a].seen[m] != 0) == (s[b].seen[m] != 0)); m++
    :: else -> break
    od;
    m = 0
}

/* What `code` says arrives: an event, an acknowledgement, or the time. A duplicate is found by the step and only
 * answered; a refusal is not logged. */
inline submit()
{
    if
    :: code > IDS || s[LIVE].seen[code - 1] == 0 ->
        at = stepped + 1;
        step(LIVE);
        if
        :: verdict -> stepped++; log[stepped] = code
        :: else -> owed[code - 1] = at
        fi
    :: else
    fi;
    at = 0;
    code = 0
}

/* The next record, and its rows, are on disk: a group is some of these. The auditor steps it. */
inline commit()
{
    synced++;
    at = synced;
    code = log[at];
    assert(code > IDS || s[TRUE].seen[code - 1] == 0); /* I3: one id has at most one effect */
    step(TRUE);
    assert(verdict); /* stepping again gives what it gave */
    at = 0;
    code = 0
}

/* The group could not be written. The broker ends: see crash(). */
#ifdef BUG_GOES_ON
inline commit_fails()
{
    do
    :: stepped > synced -> log[stepped] = 0; stepped--
    :: else -> break
    od
}
#endif

/* A checkpoint: the state at one position. It counts when the log is there, too: before, it was never there. */
inline keep()
{
#ifdef BUG_CHECKPOINT_TORN
    copy_cases(KEPT, HALF);
#else
    copy_cases(KEPT, LIVE);
#endif
    copy_rest(KEPT, LIVE);
    kept_at = stepped
}

/* The log is cut behind a checkpoint, but not past a message that is not acknowledged in it. */
inline cut()
{
    m = kept_at;
#ifndef BUG_CUT_TOO_FAR
    code = 0;
    do
    :: code < R ->
#ifdef BUG_CUT_BY_MEMORY
        at = s[LIVE].acked[code];
#else
        at = s[KEPT].acked[code];
#endif
        if
        :: at < s[TRUE].last[code] && mail[code].row[at + 1] <= m -> m = mail[code].row[at + 1] - 1
        :: else
        fi;
        code++
    :: else -> break
    od;
    at = 0;
    code = 0;
#endif
    gone = (m > gone -> m : gone);
    m = 0
}

/* Killed, or ended by a write that failed; then started: the newest checkpoint, and the log's tail. */
inline crash()
{
    do
    :: stepped > synced -> log[stepped] = 0; stepped--
    :: else -> break
    od;
    copy_cases(LIVE, KEPT);
    copy_rest(LIVE, KEPT);
    code = 0;
    do
    :: code < IDS -> owed[code] = 0; code++
    :: else -> break
    od;
    code = 0;
    do
    :: code < R ->
        at = 1;
        do
        :: at <= M ->
            if
            :: mail[code].row[at] > synced -> mail[code].row[at] = 0
#ifdef BUG_INDEX_SHORT
            :: mail[code].row[at] != 0 && mail[code].row[at] == synced -> mail[code].row[at] = 0
#endif
            :: else
            fi;
            at++
        :: else -> break
        od;
        code++
    :: else -> break
    od;
    at = kept_at + 1;
    do
    :: at <= synced ->
        assert(at > gone);
        code = log[at];
        step(LIVE);
        assert(verdict);
        at++
    :: else -> break
    od;
    code = 0;
    at = 0;
    must_be_equal(LIVE, TRUE)
}

/* ---- what the broker says, as soon as it may ---- */

#ifdef BUG_CONFIRM_FIRST
#define may_confirm(i) (s[LIVE].seen[i] != 0)
#else
#define may_confirm(i) (s[LIVE].seen[i] != 0 && s[LIVE].seen[i] <= synced)
#endif
#ifdef BUG_REFUSE_FIRST
#define may_refuse(i) (owed[i] != 0)
#else
#define may_refuse(i) (owed[i] != 0 && owed[i] - 1 <= synced)
#endif
#ifdef BUG_DELIVER_FIRST
#define may_deliver(r) (through[r] < s[LIVE].last[r])
#else
#define may_deliver(r) (through[r] < s[LIVE].last[r] && mail[r].row[through[r] + 1] <= synced)
#endif
#ifdef BUG_ACKED_FIRST
#define acknowledged(r) (s[LIVE].acked[r])
#else
#define acknowledged(r) (s[TRUE].acked[r])
#endif
/* A client acknowledges what its application is through with. */
#ifdef BUG_ACK_UNREAD
#define may_acknowledge(r) (s[LIVE].acked[r] < s[LIVE].last[r])
#define ack_all(r) (ACK + r + 2 * s[LIVE].last[r])
#else
#define may_acknowledge(r) (s[LIVE].acked[r] < through[r])
#define ack_all(r) (ACK + r + 2 * through[r])
#endif
#define ack_one(r) (ACK + r + 2 * (s[LIVE].acked[r] + 1))

inline speak()
{
    code = 0;
    do
    :: code < IDS ->
        if
        :: may_confirm(code) -> confirmed[code] = true
        :: else
        fi;
        if
        :: may_refuse(code) ->
            assert(owed[code] - 1 <= synced); /* it rests on nothing that may yet be lost */
            owed[code] = 0
        :: else
        fi;
        code++
    :: else -> break
    od;
    code = 0;
    do
    :: code < R ->
        do
        :: may_deliver(code) -> through[code]++
        :: else -> break
        od;
        firm[code] = (acknowledged(code) > firm[code] -> acknowledged(code) : firm[code]);
        code++
    :: else -> break
    od;
    code = 0
}

/* ---- what holds between any two events ---- */

inline check()
{
    check_state(LIVE);
    check_state(TRUE);
    assert(gone <= kept_at && kept_at <= synced);
    m = 0;
    do
    :: m < IDS ->
        assert(!confirmed[m] || (s[TRUE].seen[m] != 0 && s[LIVE].seen[m] != 0)); /* I1 */
        m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < R ->
        assert(through[m] <= s[TRUE].last[m]);  /* nobody was told what may yet be lost */
        assert(s[LIVE].acked[m] <= through[m]); /* I8: nobody will miss a message, */
        assert(firm[m] <= s[LIVE].acked[m]);    /* nor get one again that is firm, */
        at = s[LIVE].acked[m] + 1;
        do
        :: at <= s[LIVE].last[m] -> /* and all others are there to be delivered, now and after a crash. */
            assert(mail[m].row[at] != 0 && mail[m].row[at] > gone);
            at++
        :: else -> break
        od;
        at = s[TRUE].acked[m] + 1;
        do
        :: at <= s[TRUE].last[m] ->
            assert(mail[m].row[at] != 0 && mail[m].row[at] > gone);
            at++
        :: else -> break
        od;
        m++
    :: else -> break
    od;
    at = 0;
    m = 0
}

/* Forgets what no later step looks at, so that histories that come to the same are one. */
inline forget()
{
    m = 1;
    do
    :: m <= kept_at -> log[m] = 0; m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < IDS ->
        if
        :: s[KEPT].seen[m] != 0 ->
            says[m] = SIGNAL;
            s[KEPT].seen[m] = 1;
            s[TRUE].seen[m] = 1;
            s[LIVE].seen[m] = 1
        :: else
        fi;
        m++
    :: else -> break
    od;
    m = 0;
    do
    :: m < R ->
        at = 1;
        do
        :: at <= s[KEPT].acked[m] -> mail[m].row[at] = 0; at++
        :: else -> break
        od;
        m++
    :: else -> break
    od;
    at = 0;
    m = 0
}

/* ---- what may happen next ---- */

mtype = { submits, commits, keeps, cuts, crashes, fails, halves };

#define sent(i) (i < IDS && says[(i) % IDS] != 0 && s[LIVE].seen[(i) % IDS] == 0)

active proctype world()
{
    mtype next;
    do
    :: atomic {
        if
        :: stepped < L -> next = submits;
            if
            :: says[IDS - 1] == 0 && sent(0) + sent(1) + sent(2) + sent(3) < LATE -> /* a client sends an event */
                do
                :: says[code] != 0 -> code++
                :: else -> break
                od;
                if
                :: says[code] = SIGNAL
                :: says[code] = ACCEPTED
                :: says[code] = ACCEPTED + 1
                :: says[code] = DECLINED
                :: says[code] = DECLINED + 1
                :: says[code] = CLOSED
                :: says[code] = CLOSED + 1
                :: says[code] = HANDED
                :: says[code] = HANDED + 1
                :: says[code] = TAKEN
                :: says[code] = TAKEN + 1
                fi;
                code++
            :: sent(0) -> code = 1 /* what is on its way arrives, again or late */
            :: sent(1) -> code = 2
            :: sent(2) -> code = 3
            :: sent(3) -> code = 4
            :: s[LIVE].clock[0] -> code = CLOCK
            :: s[LIVE].retry -> code = AGAIN
            :: may_acknowledge(0) -> code = ack_all(0)
            :: may_acknowledge(1) -> code = ack_all(1)
            :: may_acknowledge(0) && ack_one(0) != ack_all(0) -> code = ack_one(0)
            :: may_acknowledge(1) && ack_one(1) != ack_all(1) -> code = ack_one(1)
            :: else -> next = crashes
            fi
        :: stepped > synced -> next = commits
#ifdef BUG_CHECKPOINT_AHEAD
        :: stepped > kept_at -> next = keeps
#else
        :: stepped == synced && synced > kept_at -> next = keeps
#endif
        :: kept_at > gone -> next = cuts
        :: next = crashes
#ifdef BUG_GOES_ON
        :: stepped > synced -> next = fails
#endif
#ifdef BUG_CHECKPOINT_TORN
        :: stepped == synced && synced > kept_at -> next = halves
#endif
        fi;
        d_step {
            if
            :: next == submits -> submit()
            :: next == commits -> commit()
            :: next == keeps -> keep(); forget()
            :: next == cuts -> cut()
            :: next == crashes -> crash()
#ifdef BUG_GOES_ON
            :: next == fails -> commit_fails()
#endif
#ifdef BUG_CHECKPOINT_TORN
            :: next == halves -> copy_cases(HALF, LIVE)
#endif
            fi;
            speak();
            check();
            next = 0
        }
       }
    od
}
