/* Who has which case: every history of a small town. Any rule may hold for any household at any moment, anybody may
 * do at any moment what section 9 allows, every timer may fall due. Assign takes *any* candidate, and Retry tries the
 * waiting in *any* order: this covers all districts, capacities, expertise, priorities and regisseurs of closed
 * cases that a town may have.
 *
 * A place is free again when its case has ended, and those above move down: a lower place is a lower number, and
 * histories have no end. Of one signal it is followed where it is (invariant I7). */

#ifndef H
#define H 3
#endif
#ifndef R
#define R 2
#endif
#ifndef HARD
#define HARD 1
#endif
#define K (H + 1) /* one more than can be: a second open case of a household would have a place */

#define tell(x, r) skip

#define NOWHERE 0
#define IN_CASE 1
#define SERVED 2 /* by a service, or released by a case that closed */

/* The signal that is followed. */
byte where = NOWHERE;
byte its_house;
byte its_case;

/* Who came back from an absence while cases waited: the only ones that may have room while somebody waits, until
 * the retry timer. */
byte back;

#include "law.pml"

Town s[1];

inline choose(x, k)
{
    if
    :: may_take(x, k, 0) -> chosen = 0
#if R > 1
    :: may_take(x, k, 1) -> chosen = 1
#endif
#if R > 2
    :: may_take(x, k, 2) -> chosen = 2
#endif
    :: else -> chosen = NOBODY
    fi
}

/* One of the places, houses or regisseurs, each that fits in a history of its own. */
#define place_0(fits) :: fits(0) -> k = 0
#define place_1(fits) place_0(fits) :: fits(1) -> k = 1
#define place_2(fits) place_1(fits) :: fits(2) -> k = 2
#define place_3(fits) place_2(fits) :: fits(3) -> k = 3
#if K == 2
#define some(fits) (fits(0) || fits(1))
#define a_place(fits) if place_1(fits) fi
#elif K == 3
#define some(fits) (fits(0) || fits(1) || fits(2))
#define a_place(fits) if place_2(fits) fi
#else
#define some(fits) (fits(0) || fits(1) || fits(2) || fits(3))
#define a_place(fits) if place_3(fits) fi
#endif

#if H == 1
#define a_house(h) h = 0
#elif H == 2
#define a_house(h) if :: h = 0 :: h = 1 fi
#else
#define a_house(h) if :: h = 0 :: h = 1 :: h = 2 fi
#endif

#if R == 2
#define a_regisseur if :: r = 0 :: r = 1 fi
#else
#define a_regisseur if :: r = 0 :: r = 1 :: r = 2 fi
#endif

#define opened(k) is_open(0, k)
#define waits(k) (s[0].state[k] == UNASSIGNED)
#define offered(k) (s[0].state[k] == OFFERED)
#define active_one(k) (s[0].state[k] == ACTIVE)
#define held(k) is_held(0, k)
#define with_heir(k) (s[0].heir[k] != NOBODY)
#define clock_set(k) (s[0].clock[k])
#define old_clock_set(k) (s[0].stale[k])
#define finds(k, r) (waits(k) && may_take(0, k, r))
#define finds_some(k) (finds(k, 0) || finds(k, 1) || finds(k, 2 % R))

/* Section 8, Retry: all unassigned cases; one that finds nobody changes nothing. */
inline try_again(x)
{
    do
    :: some(finds_some) -> a_place(finds_some); assign(x, k)
    :: else -> break
    od;
    k = 0;
    back = 0
}

inline copy_place(x, to, from)
{
    s[x].state[to] = s[x].state[from];
    s[x].house[to] = s[x].house[from];
    s[x].holder[to] = s[x].holder[from];
    s[x].heir[to] = s[x].heir[from];
    s[x].refused[to] = s[x].refused[from];
    s[x].clock[to] = s[x].clock[from];
    s[x].stale[to] = s[x].stale[from]
}

inline case_goes(x, k)
{
    i_h = k;
    do
    :: i_h < K - 1 -> copy_place(x, i_h, i_h + 1); i_h++
    :: else -> break
    od;
    i_h = 0;
    s[x].state[K - 1] = FREE;
    s[x].house[K - 1] = 0;
    s[x].holder[K - 1] = NOBODY;
    s[x].heir[K - 1] = NOBODY;
    s[x].refused[K - 1] = 0;
    s[x].clock[K - 1] = false;
    s[x].stale[K - 1] = false;
    if
    :: where == IN_CASE && its_case == k -> where = SERVED; its_case = 0
    :: where == IN_CASE && its_case > k -> its_case--
    :: else
    fi
}

/* Households are alike: the one of the lowest case is called 0, and so on. Whether two are one stays as it is. */
inline rename()
{
    i_k = 0;
    do
    :: i_k < H && opened(i_k) ->
        i_h = s[0].house[i_k];
        if
        :: i_h > i_k ->
            i_n = 0;
            do
            :: i_n < K ->
                if
                :: s[0].house[i_n] == i_h -> s[0].house[i_n] = i_k
                :: s[0].house[i_n] == i_k -> s[0].house[i_n] = i_h
                :: else
                fi;
                i_n++
            :: else -> break
            od;
            if
            :: where != NOWHERE && its_house == i_h -> its_house = i_k
            :: where != NOWHERE && its_house == i_k -> its_house = i_h
            :: else
            fi
        :: else
        fi;
        i_k++
    :: else -> break
    od;
    do
    :: i_k < K -> s[0].house[i_k] = (opened(i_k) -> s[0].house[i_k] : 0); i_k++
    :: else -> break
    od;
    i_k = 0;
    i_n = 0;
    i_h = 0
}

/* Of what a line or timer left behind. */
inline check()
{
    skip; /* a loop before it may not end at a d_step */
    d_step {
        if
        :: some(waits) -> skip
        :: else -> back = 0
        fi;
        rename();
#ifndef LIVENESS
        check_state(0);
        /* A signal belongs to at most one open case, of its own household. */
        assert(where != IN_CASE || (is_open(0, its_case) && s[0].house[its_case] == its_house));
        /* Nobody waits while somebody has room, but for those who are just back: till the retry timer. */
        i_k = 0;
        do
        :: i_k < K ->
            i_r = 0;
            do
            :: i_r < R -> assert(!finds(i_k, i_r) || ((back >> i_r) & 1)); i_r++
            :: else -> break
            od;
            i_k++
        :: else -> break
        od;
#endif
        i_k = 0;
        i_r = 0
    }
}

#define begins skip; d_step { line_begins(0) }
#define ends line_ends(0); check(); k = 0; r = 0; h = 0

/* ---- agencies, section 7 ---- */

active proctype agencies()
{
    byte k, h, r;
end:
    do
    :: atomic {
        if
        :: a_house(h); /* a signal that some case rule counts, or none */
            begins;
            open_case_of(0, h, k);
            if
            #ifdef SIGNAL
            :: where == NOWHERE -> its_house = h; where = SERVED /* the followed one */
#endif
            :: where == SERVED && its_house == h && k == NO_CASE /* is counted with the one that comes */
            :: r = 1                                             /* has nothing to do with it */
            fi;
            if
            :: k < K && r == 0 -> where = IN_CASE; its_case = k /* attached */
            :: k < K && offered(k) -> raise(0, k)
            :: k == NO_CASE -> /* proposed */
                k = 0;
                do
                :: k < K && s[0].state[k] != FREE -> k++
                :: else -> break
                od;
                assert(k < K);
                if
                :: r == 0 -> where = IN_CASE; its_case = k
                :: else
                fi;
                open_case(0, k, h)
            :: r == 0 -> skip /* regular: no rule holds, or the case may not take its purpose */
            :: else -> skip
            fi
        :: some(opened) -> /* signal_withdrawn */
            a_place(opened);
            begins;
            if
            :: where == IN_CASE && its_case == k -> where = NOWHERE; its_house = 0; its_case = 0
            :: else
            fi;
            if
            :: !active_one(k) -> end_case(0, k) /* Retract: no case rule holds any more */
            :: skip                             /* one does, or it is active: a message */
            fi
        fi;
        ends
       }
    od
}

#ifdef BUG_TWO_LOOKED
/* Another who decides on what it saw a moment ago, beside the one log. */
active proctype second_broker()
{
    byte k, h, r;
    do
    :: atomic { a_house(h); open_case_of(0, h, r) }
       atomic {
        begins;
        if
        :: r == NO_CASE ->
            do
            :: k < K && s[0].state[k] != FREE -> k++
            :: else -> break
            od;
            assert(k < K);
            open_case(0, k, h)
        :: else
        fi;
        ends
       }
    od
}
#endif

/* ---- regisseurs, section 9 ---- */

active proctype regisseurs()
{
    byte k, h, r;
end:
    do
    :: atomic {
        some(held);
        a_place(held);
        h = s[0].holder[k];
        begins;
        if
        :: offered(k) -> accept(0, k, h)
        :: offered(k) -> refuse(0, k, h, BY_HOLDER)
        :: end_case(0, k) /* case_dismissed while offered, case_closed while active */
        :: active_one(k) ->
            a_regisseur;
            if
            :: h != r -> offer_handover(0, k, r)
            :: s[0].heir[k] == r -> accept_handover(0, k, r)
            :: h == r -> skip /* case_escalated: "recorded"; the case stays whose it is */
            fi
        fi;
        ends
       }
    od
}

/* ---- coordinators, section 9 ---- */

active proctype coordinators()
{
    byte k, h, r;
end:
    do
    :: atomic {
        begins;
        if
        :: some(opened) -> /* case_assigned */
            a_place(opened);
            a_regisseur;
            if
            :: s[0].holder[k] != r -> reassign(0, k, r)
            :: else
            fi
        :: some(waits) -> a_place(waits); end_case(0, k) /* case_dismissed */
        :: some(opened) -> /* household_merged: k into h; its signals go along */
            a_house(h);
            a_house(k);
            if
            :: h != k ->
                open_case_of(0, h, i_k);
                open_case_of(0, k, i_n);
                if
                :: where == IN_CASE && i_k < K && i_n < K && its_case == (i_k < i_n -> i_n : i_k) ->
                    if
                    :: its_case = (i_k < i_n -> i_k : i_n) /* to the case that stays */
                    :: where = SERVED; its_case = 0        /* which may not take it */
                    fi
                :: else
                fi;
                if
                :: where != NOWHERE && its_house == k -> its_house = h
                :: else
                fi;
                merge(0, h, k)
            :: else
            fi
        :: a_regisseur; /* absence_set, absence_lifted; the terms of town.yaml */
            if
            :: is_absent(0, r) -> back = back | (1 << r)
            :: else -> back = back & ~(1 << r)
            fi;
            s[0].absent = s[0].absent ^ (1 << r)
        fi;
        ends
       }
    od
}

/* ---- timers, section 8 ---- */

#ifdef LIVENESS
/* A clock for each place, so that each is sure to fall due. */
active [K] proctype accept_clocks()
#define its_clock(k) (s[0].clock[_pid % K])
#define its_place k = _pid % K
#else
active proctype accept_clocks()
#define its_clock(k) some(clock_set)
#define its_place a_place(clock_set)
#endif
{
    byte k, h, r;
end:
    do
    :: atomic {
        its_clock(k);
        its_place;
        begins;
        accept_clock(0, k);
        ends
       }
    od
}

active proctype old_clocks()
{
    byte k, h, r;
end:
    do
    :: atomic {
        some(old_clock_set);
        a_place(old_clock_set);
        begins;
        old_clock(0, k);
        ends
       }
    od
}

active proctype retry_clock()
{
    byte k, h, r;
end:
    do
    :: atomic {
        (s[0].retry);
        begins;
        s[0].retry = false;
        try_again(0);
#ifndef BUG_RETRY_ONCE
        s[0].retry = some(waits); /* "if a case is unassigned after that, the timer is set again" */
#endif
        ends
       }
    od
}

#ifdef LIVENESS
/* A case for which somebody has room does not wait for ever; an offer does not stand for ever. */
#define waits_in_vain finds_some(0)
#define not_answered (offered(0) && s[0].holder[0] == 0)
ltl is_offered { [] (waits_in_vain -> <> !waits_in_vain) }
ltl is_taken_back { [] (not_answered -> <> !not_answered) }
#endif
