/* broker/study/play_inside.h - what the parts of a play share. Thread: one. */
#ifndef VDR_STUDY_PLAY_INSIDE_H
#define VDR_STUDY_PLAY_INSIDE_H

#include "broker/core/core.h"
#include "broker/core/view.h"
#include "broker/door/event.h"
#include "broker/study/page.h"
#include "broker/study/play.h"

/* A made-up person or address. */
typedef struct vdr_player_name {
    vdr_span name;
    bool is_address;
    char digits[17]; /* BSN or BAG id */
    vdr_key16 key;
} vdr_player_name;

/* What a signal came to when it was sent. */
typedef struct vdr_player_signal {
    vdr_span id, source;
    vdr_err verdict;
    vdr_outcome outcome;
} vdr_player_signal;

typedef struct vdr_player {
    const vdr_script *script;
    const vdr_config *config;
    const vdr_script_step *step;
    vdr_core *core;
    vdr_door *door;
    vdr_position next;
    vdr_ms now;
    vdr_player_name names[2 * VDR_SCRIPT_NAMES_MAX];
    size_t name_count, person_count, address_count;
    vdr_player_signal signals[VDR_SCRIPT_STEPS_MAX];
    size_t signal_count;
    vdr_arena event;      /* of one event */
    vdr_arena told_arena; /* of what one step brought about */
    vdr_decision *told;
    size_t told_count, told_size;
    uint64_t event_last; /* numbers of events other than signals */
    vdr_coverage *coverage;
    vdr_arena *arena; /* of results */
    vdr_play *play;
} vdr_player;

/* The words of a failure are put together on a page and handed over; the page is empty then. */
void vdr_player_fail(vdr_player *player, vdr_place place, vdr_bytes *words);

/* The name's person or address, made up where it is new; NULL: more than VDR_SCRIPT_NAMES_MAX. */
const vdr_player_name *vdr_player_name_of(vdr_player *player, vdr_span name, bool is_address);
/* The household in which a person, or else an address, of this name is; false: in none. */
bool vdr_player_household(const vdr_player *player, vdr_span name, vdr_household_id *ret_household);
const vdr_player_signal *vdr_player_signal_of(const vdr_player *player, vdr_span id);
/* A signal as it is now; false: it was refused, or has left. */
bool vdr_player_signal_view(const vdr_player *player, vdr_span id, vdr_signal_view *ret_view);
/* The newest case of a household that is open; false: it has none. any: ended ones too. */
bool vdr_player_case(const vdr_player *player, vdr_household_id household, bool any, vdr_at *ret_at,
                     vdr_case_view *ret_view);

/* Makes the event of the step and steps the core; a refusal that nobody expects is a failure. play_act.c */
void vdr_player_act(vdr_player *player);
/* One command, its decisions added to what was told. */
void vdr_player_step(vdr_player *player, const vdr_command *command);
/* Compares what is expected with what is. play_expect.c */
void vdr_player_expect(vdr_player *player, const vdr_script_expect *expect);
/* How far the rule is from holding for the household, as lines. nearest.c: the only place that knows how. */
void vdr_nearest_put(vdr_player *player, vdr_household_id household, vdr_span rule, vdr_bytes *page);
/* Does the rule hold for the household, and was it told (its latch)? */
void vdr_nearest_state(vdr_player *player, vdr_household_id household, vdr_span rule, bool *ret_holds,
                       bool *ret_latched);
/* Lets coverage look at a household. */
void vdr_nearest_cover(vdr_player *player, vdr_household_id household);

#endif
