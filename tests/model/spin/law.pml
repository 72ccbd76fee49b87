/* The law of cases, as steps over s[x]: who has a case, and when that changes. Semantics sections 7 to 9; every
 * transition names its own. What is left to the model that includes this page:
 *
 *     H, R, K, HARD          households, regisseurs, places for cases, hard_capacity of everyone
 *     choose(x, k)           sets `chosen`: one whom may_take() allows, or NOBODY
 *     tell(x, r)             a message for regisseur r
 *     case_goes(x, k)        a case has ended: its place
 *     BUG_...                deliberate mistakes, one at a time (check.py)
 *
 * A lower place is a lower case number. Time is not modelled: whatever is set may fall due at any moment. */

#define NOBODY R
#define NO_CASE K

#define FREE 0 /* nothing in this place */
#define UNASSIGNED 1
#define OFFERED 2
#define ACTIVE 3
#define ENDED 4

/* Why a case changes hands. */
#define BY_CLOCK 0
#define BY_HOLDER 1
#define BY_COORDINATOR 2
#define BY_HEIR 3
#define BY_MACHINE 4

#define is_open(x, k) (s[x].state[k] == UNASSIGNED || s[x].state[k] == OFFERED || s[x].state[k] == ACTIVE)
#define is_held(x, k) (s[x].state[k] == OFFERED || s[x].state[k] == ACTIVE)
#define has_refused(x, k, r) ((s[x].refused[k] >> (r)) & 1)
#define is_absent(x, r) ((s[x].absent >> (r)) & 1)
/* Section 8, Assign: the candidates. */
#define may_take(x, k, r) (!has_refused(x, k, r) && !is_absent(x, r) && s[x].load[r] < HARD)

typedef Town {
    byte state[K];
    byte house[K];
    byte holder[K] = NOBODY; /* the regisseur */
    byte heir[K] = NOBODY;   /* to whom a hand-over is offered */
    byte refused[K]; /* a bit for each regisseur who declined it or let its clock run out */
    bool clock[K];   /* the accept timer of the standing offer is to come */
    bool stale[K];   /* one of an earlier offer, or of an earlier term, is still to come */
    byte load[R];    /* kept as the broker keeps it: up and down; check_state counts */
    byte absent;     /* a bit for each */
    bool retry;      /* the retry timer is to come */
#ifdef IDS
    byte seen[IDS];  /* position of the command with this id, 0: not accepted */
    byte last[R];    /* mailbox: number of the last message */
    byte acked[R];   /* mailbox: acknowledged up to */
#endif
}

byte chosen = NOBODY;
byte was[R]; /* loads before the line */
byte i_k, i_r, i_h, i_n;

/* ---- a case changes hands: load, clock and hand-over go with it ---- */

inline load_cut(x, k)
{
    if
    :: is_held(x, k) -> s[x].load[s[x].holder[k]]--
    :: else
    fi
}

inline old_clock_stays(x, k)
{
#ifdef CLOCKS
    s[x].stale[k] = s[x].stale[k] || s[x].clock[k]
#else
    skip
#endif
}

inline hold(x, k, to, who, why)
{
    /* Section 8: whoever has accepted a case keeps it, until another has taken it over or a coordinator says so. */
    assert(s[x].state[k] != ACTIVE || to == ACTIVE || why == BY_COORDINATOR);
    assert(s[x].state[k] != ACTIVE || who == s[x].holder[k] || why == BY_HEIR || why == BY_COORDINATOR);
#ifdef BUG_LOAD_KEPT
    if
    :: why != BY_CLOCK -> load_cut(x, k)
    :: else
    fi;
#else
    load_cut(x, k);
#endif
    s[x].state[k] = to;
    s[x].holder[k] = who;
#ifndef BUG_OLD_OFFER_STANDS
    s[x].heir[k] = NOBODY; /* section 9, handover_offered: "a change of state or regisseur ends it" */
#endif
    old_clock_stays(x, k);
    s[x].clock[k] = false;
    if
    :: is_held(x, k) -> s[x].load[who]++
    :: else
    fi
}

inline offer(x, k, who, why) /* section 8, Assign: "Found" */
{
    hold(x, k, OFFERED, who, why);
#ifdef BUG_CLOCK_FORGOTTEN
    s[x].clock[k] = why != BY_COORDINATOR;
#else
    s[x].clock[k] = true;
#endif
    tell(x, who)
}

inline assign(x, k) /* section 8, Assign */
{
    assert(s[x].state[k] == UNASSIGNED);
    choose(x, k);
    if
    :: chosen != NOBODY ->
        assert(may_take(x, k, chosen));
        offer(x, k, chosen, BY_MACHINE)
    :: else ->
#ifndef BUG_RETRY_FORGOTTEN
        s[x].retry = true
#else
        skip
#endif
    fi;
    chosen = NOBODY
}

inline end_case(x, k) /* section 8: closed, dismissed, retracted, merged */
{
    assert(is_open(x, k));
    load_cut(x, k);
    s[x].state[k] = ENDED;
    s[x].heir[k] = NOBODY;
    s[x].clock[k] = false;
    case_goes(x, k)
}

/* ---- the end of a line or timer ---- */

inline line_begins(x)
{
    i_r = 0;
    do
    :: i_r < R -> was[i_r] = s[x].load[i_r]; i_r++
    :: else -> break
    od;
    i_r = 0
}

/* Section 8, Retry: "at the end of every line or timer that left some regisseur with less load than before it". */
inline line_ends(x)
{
    i_r = 0;
    do
    :: i_r < R && s[x].load[i_r] >= was[i_r] -> i_r++
    :: else -> break
    od;
    if
    :: i_r < R ->
#ifndef BUG_ROOM_UNSEEN
        try_again(x)
#else
        skip
#endif
    :: else
    fi;
    i_r = 0;
    do
    :: i_r < R -> was[i_r] = 0; i_r++
    :: else -> break
    od;
    i_r = 0
}

/* ---- a signal ---- */

/* Which case of the household is open; NO_CASE: none. */
inline open_case_of(x, h, ret)
{
    ret = 0;
    do
    :: ret < K && !(is_open(x, ret) && s[x].house[ret] == h) -> ret++
    :: else -> break
    od
}

/* Section 7 step 4, "proposed": a case for a household that has none. k: the lowest place above all others. */
inline open_case(x, k, h)
{
    s[x].state[k] = UNASSIGNED;
    s[x].house[k] = h;
    s[x].holder[k] = NOBODY;
    s[x].heir[k] = NOBODY;
    s[x].refused[k] = 0;
    s[x].clock[k] = false;
    s[x].stale[k] = false;
    assign(x, k)
}

/* Section 8, Assign: "The accept clock restarts if the priority is raised while offered". */
inline raise(x, k)
{
    old_clock_stays(x, k);
    s[x].clock[k] = true
}

/* ---- commands (section 9) ---- */

inline accept(x, k, r) /* case_accepted */
{
    hold(x, k, ACTIVE, r, BY_HOLDER)
}

inline refuse(x, k, r, why) /* case_declined; the accept timer (section 8) */
{
#ifndef BUG_ASKED_AGAIN
    s[x].refused[k] = s[x].refused[k] | (1 << (r));
#endif
    hold(x, k, UNASSIGNED, NOBODY, why);
    assign(x, k)
}

inline reassign(x, k, r) /* case_assigned: "offered to that regisseur, whoever are the candidates" */
{
    if
    :: is_held(x, k) -> tell(x, s[x].holder[k])
    :: else
    fi;
    offer(x, k, r, BY_COORDINATOR)
}

inline offer_handover(x, k, r) /* handover_offered: "the old one stays responsible" */
{
#ifdef BUG_DROPPED_EARLY
    load_cut(x, k);
    s[x].holder[k] = NOBODY;
#endif
    s[x].heir[k] = r;
    tell(x, r)
}

inline accept_handover(x, k, r) /* handover_accepted */
{
    tell(x, s[x].holder[k]);
    hold(x, k, ACTIVE, r, BY_HEIR)
}

/* household_merged: "Of two open cases the lower-numbered stays and the other ends". Also person_moved, when it
 * was the last person. */
inline merge(x, into, from)
{
    open_case_of(x, into, i_k);
    open_case_of(x, from, i_n);
    i_h = i_n; /* all cases of `from` go to `into` */
    if
    :: i_h < K -> s[x].house[i_h] = into
    :: else
    fi;
#ifndef BUG_BOTH_STAY
    if
    :: i_k < K && i_n < K ->
        if
        :: i_k < i_n -> i_k = i_n
        :: else
        fi;
        if
        :: is_held(x, i_k) -> tell(x, s[x].holder[i_k])
        :: else
        fi;
        end_case(x, i_k)
    :: else
    fi;
#endif
    i_k = 0;
    i_n = 0;
    i_h = 0
}

/* ---- timers (section 8) ---- */

inline accept_clock(x, k)
{
    s[x].clock[k] = false;
    i_n = s[x].holder[k];
    refuse(x, k, i_n, BY_CLOCK);
    tell(x, i_n);
    i_n = 0
}

/* "Accept timer fires while that same offer to r stands": one of an earlier offer does nothing. */
inline old_clock(x, k)
{
    s[x].stale[k] = false;
#ifdef BUG_OLD_CLOCK_COUNTS
    if
    :: is_held(x, k) -> accept_clock(x, k)
    :: else
    fi
#endif
}

/* ---- what always holds (section 8, "Invariants, always"; invariants I5, I6, I9, I19) ---- */

inline check_state(x)
{
    i_k = 0;
    do
    :: i_k < K ->
        if
        :: is_open(x, i_k) ->
            /* A household has at most one open case. */
            i_n = i_k + 1;
            do
            :: i_n < K -> assert(!is_open(x, i_n) || s[x].house[i_n] != s[x].house[i_k]); i_n++
            :: else -> break
            od;
            /* An offered or active case has exactly one regisseur, an unassigned one none. */
            assert(is_held(x, i_k) == (s[x].holder[i_k] != NOBODY));
            /* A standing hand-over is the holder's, of an active case, to somebody else. */
            assert(s[x].heir[i_k] == NOBODY || (s[x].state[i_k] == ACTIVE && s[x].heir[i_k] != s[x].holder[i_k]));
            /* Every timer that the state calls for is set. */
            assert(s[x].clock[i_k] == (s[x].state[i_k] == OFFERED));
            assert(s[x].state[i_k] != UNASSIGNED || s[x].retry)
        :: else
        fi;
        i_k++
    :: else -> break
    od;
    /* Load(r) = the number of offered and active cases of r. */
    i_r = 0;
    do
    :: i_r < R ->
        i_n = 0;
        i_k = 0;
        do
        :: i_k < K ->
            if
            :: is_held(x, i_k) && s[x].holder[i_k] == i_r -> i_n++
            :: else
            fi;
            i_k++
        :: else -> break
        od;
        assert(s[x].load[i_r] == i_n);
        i_r++
    :: else -> break
    od;
    i_r = 0;
    i_k = 0;
    i_n = 0
}
