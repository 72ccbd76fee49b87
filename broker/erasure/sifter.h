/* broker/erasure/sifter.h - the part of an erasure run that reads and writes, beside the reactor: a thread that is
 * given one piece of work after the other.
 *
 * Sifting: it reads the records that are older than the turn of the wrapping key, some at a time; the reactor
 * marks which of them are needed (only it may look at the state); their keys go into the new key table, and the
 * next are read. So no more than one batch is in memory, the reactor does a few lookups a record, and a record whose
 * key went at an earlier run costs no more than to find that out.
 *
 * Thread:  the functions are the reactor's. Without a thread the work is done in the calls.
 * Errors:  a piece of work that failed leaves the turn of the key under way: all of it may be begun again.
 * Memory:  a batch lives until it is given back. */
#ifndef VDR_BROKER_ERASURE_SIFTER_H
#define VDR_BROKER_ERASURE_SIFTER_H

#include "broker/core/command.h"
#include "broker/erasure/kept.h"
#include "store/log.h"
#include "store/vault.h"

typedef struct vdr_sifter vdr_sifter;

#define VDR_SIFTER_BATCH 512u

/* Of a record that carries another (store/log.h) what is told here is the other's: it is what it is about. */
typedef struct vdr_sifted {
    vdr_position position;
    vdr_vault_key key; /* of where it stands */
    vdr_command command;
    vdr_span tale;
    vdr_position carrier; /* where it stands, if it is carried; 0: at its position */
    vdr_span own;         /* the carrier's tale */
    bool outrun;          /* another record carries it now: this one is not needed */
    vdr_span
        content; /* of an act that names persons or addresses: to know them under the key of now; else absent */
    bool needed; /* the reactor's word */
} vdr_sifted;

typedef struct vdr_sifter_places {
    const char *dir;    /* of the store */
    const char *escrow; /* NULL: none */
    vdr_log *log;
    vdr_vault *vault;
} vdr_sifter_places;

/* fd: an eventfd that is written when a piece of work is done. Handles stay the caller's, strings are copied. */
vdr_sifter *vdr_sifter_new(const vdr_sifter_places *places, bool thread, int fd);
void vdr_sifter_free(vdr_sifter **sifter_p); /* finishes the piece it is at; abandons the table. NULL-safe */

/* One piece at a time: not before the one before it is done. */
void vdr_sifter_note(vdr_sifter *sifter,
                     vdr_span lines);     /* appends to the files of proofs; lines live until done */
void vdr_sifter_turn(vdr_sifter *sifter); /* begins the turn of the wrapping key */
void vdr_sifter_begin(vdr_sifter *sifter,
                      vdr_position last);  /* reads the first batch of the records up to last */
void vdr_sifter_go_on(vdr_sifter *sifter); /* adds what is marked, reads the next batch */
/* Nothing is left to read: writes what is kept, then the table takes over and the old wrapping key is destroyed. */
void vdr_sifter_finish(vdr_sifter *sifter, const vdr_kept *kept);

/* Is it done with what it was given? *ret_err, and words for people (VDR_SIFTER_WORDS bytes) where it failed. */
#define VDR_SIFTER_WORDS 256u
bool vdr_sifter_is_done(vdr_sifter *sifter, vdr_err *ret_err, char *ret_words);

/* The batch that was read, after begin and go_on; 0: there is no more. */
size_t vdr_sifter_batch(vdr_sifter *sifter, vdr_sifted **ret_batch);

typedef struct vdr_sifter_counts {
    uint64_t kept, dropped; /* data keys; dropped: that could be opened until now */
    vdr_position at;        /* records before it have been read */
} vdr_sifter_counts;
vdr_sifter_counts vdr_sifter_counts_get(vdr_sifter *sifter);

#endif
