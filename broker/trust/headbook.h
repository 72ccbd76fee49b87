/* broker/trust/headbook.h - the signed heads of a store, in a folder: a file that only grows.
 *
 *   heads.jsonl   one head a line (head.h), each naming the hash of the one before it
 *   last          the last of them once more, written and synced before it is added to the file
 *
 * So a crash while a line is added leaves the file ending in the line of `last`, or before it, or in a part of
 * it, or, where the power was cut, in any sectors of it and zeros for the others: the next start adds it whole. Every
 * other difference of the two is somebody's doing.
 *
 * Thread:  one at a time for a folder that grows; walking is for any.
 * Errors:  STORE_CORRUPT, STORE_VERSION: the folder is not what was written; IO, STORE_FULL. ret_words
 *          (VDR_HEADBOOK_WORDS bytes, filled on failure) names the file and the line.
 * Limits:  a head is some 640 bytes: one each quarter of an hour is 22 MB a year. */
#ifndef VDR_BROKER_TRUST_HEADBOOK_H
#define VDR_BROKER_TRUST_HEADBOOK_H

#include "broker/trust/head.h"

#define VDR_HEADBOOK_WORDS 512u

/* Where a book ends. */
typedef struct vdr_headbook_end {
    vdr_head last; /* number 0: there is none */
    uint8_t hash[VDR_HEAD_HASH_BYTES];
    uint64_t bytes; /* of whole lines */
    bool cut_short; /* a crash: `last` is not, or not whole, in heads.jsonl; counted in last and hash */
} vdr_headbook_end;

/* Called for each head in order; line without its end. Other than OK ends the walk and is returned. */
typedef vdr_err (*vdr_headbook_fn)(void *context, const vdr_head *head, vdr_span line);

/* Reads all of a book: every line, the hashes from line to line, the order of positions, `last`, and its
 * signature, which covers all before it. The other signatures are for the caller. each may be NULL. A folder that
 * is not there, or empty, is an empty book. */
VDR_MUST_CHECK vdr_err vdr_headbook_walk(const char *dir, vdr_headbook_fn each, void *context,
                                         vdr_headbook_end *ret_end, char *ret_words);

/* The newest lines of the file, whole ones, at most room bytes. NOT_FOUND: there are none. Any thread. */
VDR_MUST_CHECK vdr_err vdr_headbook_tail(const char *dir, char *ret_lines, size_t room, size_t *ret_len,
                                         char *ret_words);

/* Makes the folder when it is missing, walks it, and adds what a crash cut short. */
VDR_MUST_CHECK vdr_err vdr_headbook_open(const char *dir, vdr_headbook_end *ret_end, char *ret_words);

/* Signs and adds a head: log, store, time and release are the caller's, the rest is set here. Synced. */
VDR_MUST_CHECK vdr_err vdr_headbook_add(const char *dir, vdr_headbook_end *end, vdr_head *head,
                                        const uint8_t seed[VDR_HEAD_KEY_BYTES], char *ret_words);

/* Brings a copy of the book in another folder, made when it is missing, up to date. STORE_CORRUPT also: the copy
 * has a head that the book has not. */
VDR_MUST_CHECK vdr_err vdr_headbook_copy(const char *dir, const char *to, char *ret_words);

#endif
