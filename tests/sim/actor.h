/* tests/sim/actor.h - a party with its program: libvoordeur as it is, a mailbox that it reads, and things that it does.
 *
 * Its process can be killed and comes back. What it still wants is then published again: by the library, where it has an
 * outbox, and otherwise by the program, which knows what was not answered. */
#ifndef VDR_SIM_ACTOR_H
#define VDR_SIM_ACTOR_H

#include "proto/time.h"
#include "tests/sim/audit.h"

#define SIM_CASES_SEEN 64u

typedef struct sim_wish {
    sim_event *event;
    uint64_t number;  /* of the item in the handle that is open; 0: not published in it */
    int64_t again_us; /* not before */
} sim_wish;

typedef struct sim_actor {
    unsigned number; /* from 1 on: of the client on the wire */
    unsigned party;
    unsigned pair; /* of its keys, with which it comes */
    const sim_party *as;
    char base[200], outbox_file[320];
    bool has_outbox;
    uint32_t window;

    vdr_client *handle; /* NULL: its process is gone */
    int64_t back_us;    /* when it comes back */
    int64_t due_us;     /* when the library wants to be called; SIM_NEVER */
    int64_t act_us;     /* when it does something */
    int64_t pace_us;

    sim_wish *wishes; /* not answered yet */
    size_t wish_count, wish_max;
    uint64_t made; /* events so far: names them */
    uint64_t seen, acknowledged_wish;
    uint64_t proposal; /* an operator: the newest that it made */
    vdr_position line; /* of the last one in the stream of decisions */
    const sim_town *town;
    const char *time; /* of the event made last */

    uint64_t cases[SIM_CASES_SEEN]; /* that messages named, the newest last */
    char signals[SIM_CASES_SEEN][40];
    uint64_t households[SIM_CASES_SEEN];
    size_t case_count, signal_count, household_count;
    char absence[160]; /* the newest that it set, to be lifted; "": none */
    sim_dice dice;
} sim_actor;

void sim_actor_begin(sim_actor *actor, unsigned number, unsigned party, const sim_town *town,
                     const char *base, uint64_t seed);
void sim_actor_open(sim_actor *actor);
void sim_actor_kill(sim_actor *actor, bool silent, int64_t back_us);
void sim_actor_go_on(sim_actor *actor); /* the library, and what it has to say */
void sim_actor_wish(sim_actor *actor, sim_event *event);

/* An event of this one, with a new id, and the rest of its data. */
__attribute__((format(printf, 4, 5))) sim_event *sim_actor_want(sim_actor *actor, const char *type,
                                                                vdr_ms occurred_at, const char *format, ...);
sim_event *sim_actor_want_act(sim_actor *actor, vdr_act act, const char *rest);
void sim_actor_instant(vdr_ms at, char ret_text[VDR_TIME_TEXT_BYTES + 1]);

/* rights.c: what residents ask for, by whom it is theirs to do; and absences. */
void sim_officer_acts(sim_actor *actor, const sim_town *town);
void sim_hold_acts(sim_actor *actor);
void sim_absence_acts(sim_actor *actor, const char *regisseur);

/* mischief.c: something that must be refused. False: there was no occasion. */
bool sim_mischief(sim_actor *actor, const sim_town *town);
/* roles.c: what somebody of this kind does now and then, and when told something. */
void sim_role_acts(sim_actor *actor, sim_town *town);
/* operator.c: the same for an operator. */
void sim_operator_acts(sim_actor *actor, sim_town *town);
void sim_operator_says(sim_actor *actor, const vdr_wire_admin *admin);
void sim_role_hears(sim_actor *actor, const vdr_wire_message *message);

#endif
