/* broker/study/alternative_inside.h - what an alternative is made of. broker/study/alternative*.c only. */
#ifndef VDR_STUDY_ALTERNATIVE_INSIDE_H
#define VDR_STUDY_ALTERNATIVE_INSIDE_H

#include "broker/core/control.h"
#include "broker/core/view.h"
#include "broker/study/alternative.h"
#include "proto/bytes.h"

/* A household of one history as the other one numbers it; grows by itself. */
typedef struct vdr_household_map {
    uint32_t *at;
    uint64_t size;
} vdr_household_map;

struct vdr_alternative {
    vdr_core *core;
    vdr_config_texts candidate;
    vdr_ms since, begun_at;
    int64_t age_ms;
    bool begun;
    vdr_config *config;                   /* that holds, if it was stepped here */
    vdr_bytes texts[VDR_CONFIG_FILES];    /* of the recorded configuration that holds */
    vdr_config_texts recorded;            /* the same, as spans */
    vdr_household_map here_of, record_of; /* recorded -> here, here -> recorded */
    uint8_t *states;                      /* of recorded households: vdr_case_state of the open case, or 0 */
    uint64_t state_size;
    vdr_book book;
    vdr_alternative_counts counts;
    vdr_err failed; /* of a book that could not be written */

    vdr_position record; /* being stepped */
    uint32_t steps;      /* for this record so far */
    uint64_t made_acts;  /* ids of acts that nobody sent */
    size_t aging;        /* cases of the book before this one were looked at for their age */
    uint64_t *touched;   /* cases that may be accepted or closed now */
    size_t touched_count, touched_size;
    uint64_t *pauses; /* of a recorded pause or silence: its number here; 0: none */
    uint64_t pause_count, pause_size;
};

/* alternative.c: one step, its tale into the book. False: no more steps for this record. */
bool vdr_alternative_one(vdr_alternative *a, const vdr_command *command, vdr_step *ret_step,
                         vdr_book_line *ret_line);
uint64_t vdr_household_map_get(const vdr_household_map *map, uint64_t from);
void vdr_household_map_set(vdr_household_map *map, uint64_t from, uint64_t to);
void vdr_alternative_touch(vdr_alternative *a, uint64_t number);
/* How the recorded case of a household of here stands; 0: none is open. */
vdr_case_state vdr_alternative_recorded(const vdr_alternative *a, uint64_t household);

/* alternative_act.c: an act of the log; an act that nobody sent, done by this party at this time. */
void vdr_alternative_act(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded);
vdr_err vdr_alternative_make(vdr_alternative *a, vdr_act act, vdr_party_kind kind, vdr_span by,
                             vdr_case_id case_id, vdr_span to, vdr_ms at);

/* alternative_config.c */
void vdr_alternative_config(vdr_alternative *a, const vdr_command *command);
void vdr_alternative_begin(vdr_alternative *a, vdr_ms at); /* the new texts, between two records */
void vdr_alternative_pauses(vdr_alternative *a);           /* of a loaded core: they have the same numbers */
void vdr_alternative_control(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded);

#endif
