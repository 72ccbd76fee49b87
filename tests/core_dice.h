/* tests/core_dice.h - random signals and acts for a town (core_town.h): everything that may happen, mostly by
 * whoever may do it, now and then by somebody else. */
#ifndef VDR_TESTS_CORE_DICE_H
#define VDR_TESTS_CORE_DICE_H

#include "tests/core_town.h"

static uint64_t dice;
static bool dice_look = true; /* whose household is it? Not where keys change: they would roll otherwise */
static unsigned dice_acts = VDR_ACT_ERASED; /* the last act that they roll: those of section 9, or all */
static unsigned signals_accepted, signals_held_back, acts_accepted[VDR_ACT_LAST + 1]; /* over all seeds */

static inline unsigned
roll(unsigned below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((dice >> 33) % below);
}

static inline const char *
one_of(const char *const *words, unsigned count)
{
    return words[roll(count)];
}

#define ONE_OF(...)                                                                                          \
    one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static unsigned event_last; /* of this seed */

/* A new id, or now and then one that was used, by whomever and for whatever. */
static inline const char *
new_id(char id[16])
{
    (void)snprintf(id, 16, "e-%u", roll(12) == 0 && event_last != 0 ? roll(event_last) : event_last++);
    return id;
}

/* One of the last. */
static inline const char *
used_id(char id[16])
{
    unsigned back = roll(40);
    (void)snprintf(id, 16, "e-%u", back < event_last ? event_last - back - 1 : 0);
    return id;
}

static inline void
random_signal(town *t)
{
    char id[16], superseded[16], who[5] = {0};
    unsigned persons = roll(4);
    for (unsigned i = 0; i < persons; i++)
        who[i] = (char)((roll(4) == 0 ? 'A' : 'a') + (char)roll(9));
    event e = {.id = new_id(id),
               .by = ONE_OF("school", "school", "police", "housing", "register"),
               .type = ONE_OF("absence", "violence", "custody", "arrears", "custody"),
               .who = who,
               .where = roll(3) == 0 ? 0 : (char)('p' + (char)roll(5)),
               .excluded = roll(9) == 0,
               .buurt = roll(4) == 0 ? ONE_OF("BU00000001", "BU00000002") : NULL,
               .severity = roll(3) == 0 ? (int)roll(7) : 0,
               .ago = roll(4) == 0 ? (double)roll(24 * 90) : 0,
               .signal = roll(6) == 0 ? used_id(superseded) : NULL,
               .digest = roll(20) == 0};
    town_event(t, &e);
    signals_accepted += t->step.verdict == VDR_E_ACCEPTED;
    signals_held_back += t->step.verdict == VDR_E_HELD_BACK;
}

static unsigned case_last, household_last; /* highest numbers seen */

static inline void
see_numbers(const town *t)
{
    vdr_at at;
    vdr_case_view of;
    vdr_household_view household;
    while (vdr_view_case(t->core, (vdr_case_id){case_last + 1}, &at, &of))
        case_last++;
    while (vdr_view_household(t->core, (vdr_household_id){household_last + 1}, &at, &household))
        household_last++;
}

/* A number among the highest, or none that exists. */
static inline int
near(unsigned last)
{
    unsigned back = roll(8);
    return back < last ? (int)(last - back) : (int)(last + roll(2));
}

/* Who would do this: mostly whoever may. */
static inline const char *
actor(const town *t, vdr_act act, int number, char by[32])
{
    static const char *const others[VDR_ACT_LAST + 1] = {
        [VDR_ACT_CASE_ASSIGNED] = "coordinator:piet",     [VDR_ACT_HOUSEHOLD_MERGED] = "coordinator:piet",
        [VDR_ACT_HOUSEHOLD_SPLIT] = "coordinator:saskia", [VDR_ACT_PERSON_MOVED] = "register",
        [VDR_ACT_ERASED] = "privacy_officer:ada",         [VDR_ACT_CONFLICT_DECLARED] = "privacy_officer:ada",
        [VDR_ACT_CONFLICT_LIFTED] = "coordinator:piet",
    };
    if (act >= VDR_ACT_HOLD_PLACED && act <= VDR_ACT_HOLD_LIFTED)
        return ONE_OF("privacy_officer:ada", "coordinator:piet", "coordinator:saskia");
    if (act == VDR_ACT_NOTE_ANSWERED)
        return ONE_OF("police", "school", "housing", "service:team");
    if (act == VDR_ACT_REVIEW_SET_ASIDE)
        return "coordinator:piet";
    if (act == VDR_ACT_ABSENCE_SET || act == VDR_ACT_ABSENCE_LIFTED)
        return ONE_OF("coordinator:piet", "regisseur:anna", "regisseur:bram");
    if (act > VDR_ACT_CONFLICT_LIFTED && act != VDR_ACT_NOTE_SENT)
        return roll(20) == 0 ? "coordinator:piet" : "privacy_officer:ada";
    if (roll(12) == 0)
        return ONE_OF("regisseur:anna", "regisseur:bram", "coordinator:piet", "school", "service:debts");
    if (act == VDR_ACT_FEEDBACK)
        return ONE_OF("service:team", "service:debts");
    if (act == VDR_ACT_SIGNAL_ENDED)
        return "police";
    if (act == VDR_ACT_SIGNAL_WITHDRAWN)
        return ONE_OF("police", "school", "housing");
    if (others[act] != NULL)
        return others[act];
    vdr_at at;
    vdr_case_view view = {.regisseur = {0}};
    (void)vdr_view_case(t->core, (vdr_case_id){(uint64_t)number}, &at, &view);
    vdr_span id = act == VDR_ACT_HANDOVER_ACCEPTED ? view.handover_to : view.regisseur;
    if (id.at == NULL)
        return act == VDR_ACT_CASE_DISMISSED ? "coordinator:piet" : "regisseur:anna";
    (void)snprintf(by, 32, "regisseur:%.*s", TEXT(id));
    return by;
}

/* One that stands, if there is. */
static inline void
lift_absence(const town *t, event *e)
{
    size_t place = roll(2), cursor = 0;
    vdr_absence_view absence;
    if (!vdr_view_absence(t->core, place, &cursor, &absence))
        return;
    e->regisseur = place == 0 ? "anna" : "bram";
    e->absent_from = (double)(absence.from - TOWN_T0) / (double)HOUR;
    e->absent_to = (double)(absence.to - TOWN_T0) / (double)HOUR;
}

/* The newest active case; otherwise that one. */
static inline int
active_case(const town *t, int otherwise)
{
    vdr_at at;
    vdr_case_view of;
    for (unsigned number = case_last + 20; number > 0; number--)
        if (vdr_view_case(t->core, (vdr_case_id){number}, &at, &of) && of.state == VDR_CASE_ACTIVE)
            return (int)number;
    return otherwise;
}

/* A note to or by whoever sent a signal of this case, about that one; to a service: as it is. */
static inline void
write_note(const town *t, int number, event *e, char id[16], char by[32])
{
    vdr_at at, cursor = {0};
    vdr_case_view of;
    vdr_signal_view signal;
    if (!vdr_view_case(t->core, (vdr_case_id){(uint64_t)number}, &at, &of) ||
        !vdr_view_case_signal(t->core, at, &cursor, &signal))
        return;
    if (e->act == VDR_ACT_NOTE_ANSWERED) {
        (void)snprintf(id, 16, "%.*s", TEXT(signal.id));
        (void)snprintf(by, 32, "%.*s", TEXT(signal.agency));
        e->signal = id;
        e->by = by;
    } else if (e->agency != NULL) {
        (void)snprintf(id, 16, "%.*s", TEXT(signal.agency));
        e->agency = id;
    }
}

static inline void
random_act(town *t)
{
    char id[16], signal[16], by[32], who[3] = {(char)('a' + (char)roll(9)), 0, 0};
    vdr_act act = (vdr_act)(1 + roll(dice_acts));
    if (act == VDR_ACT_ERASED && roll(3) != 0)
        act = VDR_ACT_CASE_ACCEPTED;
    if (act == VDR_ACT_HOUSEHOLD_SPLIT && roll(2) == 0)
        who[1] = (char)('a' + (char)roll(9));
    see_numbers(t);
    int number = near(case_last);
    if (act == VDR_ACT_NOTE_SENT || act == VDR_ACT_NOTE_ANSWERED)
        number = active_case(t, number);
    bool names = act == VDR_ACT_HOUSEHOLD_SPLIT || act == VDR_ACT_PERSON_MOVED;
    bool conflict = act == VDR_ACT_CONFLICT_DECLARED || act == VDR_ACT_CONFLICT_LIFTED;
    names = names || (conflict && roll(2) == 0);
    bool of_person = act >= VDR_ACT_OBJECTED && act <= VDR_ACT_RESTRICTION_LIFTED && roll(3) == 0;
    names = names || of_person;
    bool person = act == VDR_ACT_PERSON_ERASED;
    vdr_household_id home = {0};
    vdr_position named;
    vdr_key16 key = town_key(who[0], "person");
    if (person && dice_look)
        (void)vdr_view_member(t->core, false, &key, &home, &named);
    bool to_service = act == VDR_ACT_NOTE_SENT && roll(5) == 0;
    bool one = act == VDR_ACT_RECTIFICATION_REQUESTED || act == VDR_ACT_NOTE_ANSWERED ||
               (act >= VDR_ACT_OBJECTED && act <= VDR_ACT_RESTRICTION_LIFTED && !of_person && roll(2) == 0);
    double from =
        (double)(long)t->hour + (act == VDR_ACT_ABSENCE_SET && roll(2) == 0 ? 2400 : 0); /* now, or later */
    event e = {.id = new_id(id),
               .by = actor(t, act, number, by),
               .act = act,
               .who = names || person ? who : NULL,
               .where = act == VDR_ACT_PERSON_MOVED || (names && !conflict && !of_person && roll(2) == 0)
                            ? (char)('p' + (char)roll(5))
                            : 0,
               .excluded = roll(9) == 0,
               .signal = act <= VDR_ACT_ERASED || one ? used_id(signal) : NULL,
               .upheld = act == VDR_ACT_OBJECTION_DECIDED && roll(2) == 0,
               .due = act >= VDR_ACT_OBJECTED && roll(4) == 0 ? t->hour + (double)roll(24 * 20) + 1 : 0,
               .result = "x",
               .absent_from = from,
               .absent_to = from + 96,
               .agency =
                   act == VDR_ACT_NOTE_SENT && !to_service ? ONE_OF("police", "school", "housing") : NULL,
               .service = to_service ? ONE_OF("team", "debts") : NULL,
               .case_number = number,
               .household = home.number != 0 ? (int)home.number : near(household_last),
               .into = near(household_last),
               .from = near(household_last),
               .plan = 1 + (int)roll(2),
               .regisseur = ONE_OF("anna", "bram", "bram", "carla")};
    if (act == VDR_ACT_NOTE_SENT || act == VDR_ACT_NOTE_ANSWERED)
        write_note(t, number, &e, signal, by);
    if (act == VDR_ACT_ABSENCE_LIFTED)
        lift_absence(t, &e);
    vdr_cursor cursor = {0};
    vdr_household_id lower, higher;
    if (act == VDR_ACT_REVIEW_SET_ASIDE && vdr_view_review(t->core, &cursor, &lower, &higher)) {
        e.into = (int)lower.number;
        e.from = (int)higher.number;
    }
    town_event(t, &e);
    acts_accepted[act] += t->step.verdict == VDR_E_ACCEPTED;
}

/* Begins anew: the same seed, the same events. */
static inline void
dice_begin(uint64_t seed)
{
    dice = seed;
    event_last = case_last = household_last = 0;
}

#endif
