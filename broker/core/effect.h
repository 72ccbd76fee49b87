/* broker/core/effect.h - what a step did, as bytes that the store keeps and anybody can read again.
 *
 * The effects of one command (the command's own line first, then timers' lines before it, as section 11
 * orders them) are one byte string, its tale: varints and short texts, names as numbers of the core's name
 * table, which never change. A message is found again by its offset in the tale. Readers never trust a
 * tale: a broken one gives STORE_CORRUPT.
 *
 * Thread:  any. Memory: spans of a vdr_effect point into the tale. */
#ifndef VDR_CORE_EFFECT_H
#define VDR_CORE_EFFECT_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "proto/words.h"

typedef uint32_t vdr_name; /* a name of the core's table (names.h); 0 none */

typedef enum vdr_effect_kind {
    VDR_EFFECT_SIGNAL = 1,
    VDR_EFFECT_COMMAND = 2,
    VDR_EFFECT_CASE = 3,
    VDR_EFFECT_MESSAGE = 4,
    VDR_EFFECT_WATCH = 5
} vdr_effect_kind;

/* A signal by its agency's source and its id; position is where it stands in the log. */
typedef struct vdr_signal_ref {
    vdr_name source;
    vdr_span id;
    vdr_position position;
} vdr_signal_ref;

/* A list inside a tale, read with vdr_effect_list_next. */
typedef struct vdr_effect_list {
    uint32_t count;
    vdr_span rest;
} vdr_effect_list;

typedef struct vdr_effect {
    vdr_effect_kind kind;
    vdr_ms at;       /* VDR_MS_NONE: null (a refused line before the first instant) */
    uint32_t offset; /* of this effect in its tale */

    /* SIGNAL, COMMAND */
    vdr_span id, source;  /* as given; absent: null */
    vdr_name source_name; /* where it is a known name: instead of source, and much shorter; 0: see source */
    vdr_err verdict;
    vdr_act act;         /* COMMAND */
    vdr_match match;     /* SIGNAL, accepted */
    vdr_outcome outcome; /* SIGNAL, accepted */
    vdr_position first;  /* duplicate: where the first stands */

    vdr_household_id household; /* SIGNAL accepted, CASE, WATCH, MESSAGE overdue and review */
    vdr_household_id other;     /* MESSAGE review */
    vdr_case_id case_id;        /* CASE, attached SIGNAL, MESSAGE; number 0: none */

    /* CASE */
    vdr_change change;
    vdr_case_state state;
    vdr_priority priority;
    vdr_name regisseur;      /* also MESSAGE; 0: null */
    vdr_effect_list rules;   /* of names; proposed only */
    vdr_effect_list signals; /* of signal refs; proposed only */

    /* MESSAGE */
    uint32_t mailbox;
    uint64_t seq;
    vdr_message_kind message;
    bool has_signal;
    vdr_signal_ref signal;
    vdr_span result;        /* feedback; absent otherwise */
    vdr_party_kind by_kind; /* break_glass: who saw, and why */
    vdr_span by, reason;
    vdr_name rule;            /* match, WATCH */
    vdr_effect_list agencies; /* match: of names */
} vdr_effect;

/* Reads the effect at *offset and moves *offset behind it. END: the tale is over. STORE_CORRUPT.
 * Members that the kind (verdict, change, message) does not have are zero; at is VDR_MS_NONE or 0 to
 * VDR_TIME_MAX; every enum is one of its words. There is one way to write an effect: what can be read is
 * byte for byte what effect_write.h makes of it. */
VDR_MUST_CHECK vdr_err vdr_effect_next(vdr_span tale, uint32_t *offset, vdr_effect *ret_effect);
/* Reads the next of a list; false when it is over. vdr_effect_next has checked the bytes. */
bool vdr_effect_list_name(vdr_effect_list *list, vdr_name *ret_name);
bool vdr_effect_list_signal(vdr_effect_list *list, vdr_signal_ref *ret_signal);

#endif
