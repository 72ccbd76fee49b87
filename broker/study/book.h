/* broker/study/book.h - the cases that a history tells of, as its records are stepped: when each was opened, by which
 * rules and signals, who held it and when it ended; and what else two histories are compared by.
 *
 * Words (rules, districts, regisseurs) are numbered by the book, 1 and up.
 *
 * Thread: one at a time. Memory: some 100 bytes a case and 8 for each signal that opened one. Pointers into the book
 * live until the next vdr_book_take. */
#ifndef VDR_STUDY_BOOK_H
#define VDR_STUDY_BOOK_H

#include "broker/core/core.h"

typedef struct vdr_book_words {
    vdr_span *at; /* owned; number 1 is at[0] */
    size_t count, size;
} vdr_book_words;

uint32_t vdr_book_word(vdr_book_words *words, vdr_span text); /* 0: absent */
vdr_span vdr_book_word_text(const vdr_book_words *words, uint32_t number);
void vdr_book_words_done(vdr_book_words *words);

typedef struct vdr_book_case {
    uint64_t number;
    uint64_t household;         /* now */
    uint64_t key;               /* the household as the recorded history numbers it; 0: it knows none such */
    vdr_position opened;        /* the record of the log that opened it; 0: it was open when the book began */
    vdr_ms opened_at, ended_at; /* ended_at VDR_MS_NONE: open */
    vdr_case_state state;
    vdr_priority priority; /* when it was opened */
    uint32_t district;     /* the same */
    uint32_t regisseur;    /* who has it, or had it last; 0: nobody */
    uint32_t rules_first, rule_count;
    size_t signals_first;
    uint32_t signal_count;
} vdr_book_case;

typedef struct vdr_book_regisseur {
    uint32_t word;
    uint32_t load, peak; /* peak: the highest since from */
    uint64_t taken;      /* cases offered to this one since from */
} vdr_book_regisseur;

typedef struct vdr_book_told {
    uint32_t rule;
    uint64_t count; /* watch lines and match messages since from */
} vdr_book_told;

typedef struct vdr_book {
    vdr_ms from; /* what is counted is not before */
    vdr_book_words words;
    vdr_book_case *cases;
    size_t case_count, case_size;
    uint32_t *places; /* of a case's number in cases, +1 */
    uint64_t place_size;
    uint32_t *rules; /* of cases, words */
    size_t rule_count, rule_size;
    vdr_position *signals; /* of cases: records of the log */
    size_t signal_count, signal_size;
    vdr_book_regisseur *regisseurs;
    size_t regisseur_count, regisseur_size;
    vdr_book_told *told;
    size_t told_count, told_size;
    uint64_t outcomes[VDR_OUTCOME_REGULAR + 1]; /* of accepted signals since from */
    vdr_arena arena;
    /* The record of the log behind a position of this history's core; NULL: they are the same. */
    vdr_position (*record_of)(vdr_position position);
    /* Told of each change of a case, after the book has it. NULL: nobody. */
    void (*on_case)(void *context, const vdr_book_case *of, vdr_change change, bool opened);
    void *context;
} vdr_book;

/* The own line of a record that is a signal. */
typedef struct vdr_book_line {
    vdr_err verdict;
    vdr_outcome outcome; /* NONE: no accepted signal */
    uint64_t household;
} vdr_book_line;

void vdr_book_init(vdr_book *book, vdr_ms from);
void vdr_book_done(vdr_book *book);
/* What is open in a state that the history begins with. */
void vdr_book_begin(vdr_book *book, const vdr_core *core);
/* What a step told, that was taken for this record of the log. */
VDR_MUST_CHECK vdr_err vdr_book_take(vdr_book *book, const vdr_core *core, vdr_position record, vdr_span tale,
                                     vdr_book_line *ret_line);
/* NULL: the book knows none of this number. */
vdr_book_case *vdr_book_find(vdr_book *book, uint64_t number);

static inline bool
vdr_book_is_open(vdr_case_state state)
{
    return state == VDR_CASE_UNASSIGNED || state == VDR_CASE_OFFERED || state == VDR_CASE_ACTIVE;
}

#endif
