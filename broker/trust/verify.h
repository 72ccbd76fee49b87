/* broker/trust/verify.h - is this store what was written?
 *
 * Looks at every byte that means something: the pages of both LMDB files, both first pages of each to the last
 * byte, that every page is in use once or free once, every row's checksum, the order of records and both hash chains,
 * the index of mailboxes against the tales, the blocks of every checkpoint that is kept, the checksums of the
 * wrapping key and the key table, the store's own number, and the signed heads: their hashes from line to line, their
 * signatures, and that the log has at their positions what they say. Bytes that nothing reads are LMDB's: pages that
 * are free, gaps inside a page, what stands behind the end of a value in pages of its own. A bit there that
 * changes changes nothing, and no verdict (tests/integration/flip_test.py tells which they are). Neither do a
 * separator between two pages, or the number of a transaction that freed pages long ago, where the one that it
 * became does as well.
 *
 * One thing looks like a crash and nothing else: a first page that is, whole and without a fault, the one of two
 * commits before, as a disk leaves that never wrote the last one. That a log lost its last group so is seen by heads
 * made since, that a state is older than it was only by the log that it then needs.
 *
 * No key is needed: chains and checksums are over the bytes as they are stored. Without a public key to compare
 * with it is seen that the heads are signed by one key, not by whose.
 *
 * Thread:  any; a running broker may append meanwhile.
 * Errors:  STORE_CORRUPT: a part is not what was written; STORE_VERSION; CLOSING: ended by progress; and what
 *          kept it from looking: NOT_FOUND, STORE_BUSY, IO. */
#ifndef VDR_BROKER_TRUST_VERIFY_H
#define VDR_BROKER_TRUST_VERIFY_H

#include "broker/trust/headbook.h"
#include "store/checkpoint.h"
#include "store/log.h"

#define VDR_VERIFY_TEXT 600u

typedef enum vdr_verify_result {
    VDR_VERIFY_GOOD = 1,
    VDR_VERIFY_BAD = 2,
    VDR_VERIFY_NONE = 3 /* there is no such part, or it was not looked at: text says which */
} vdr_verify_result;

typedef struct vdr_verify_part {
    const char *part; /* "id", "log", "state", "keys", "heads", "kept" */
    vdr_verify_result result;
    vdr_err err; /* of BAD */
    char text[VDR_VERIFY_TEXT];
    const char *file;    /* in the store's folder, where it is one; "" */
    uint64_t offset;     /* of the page in it; 0: none */
    vdr_position record; /* the first bad one; 0: none */
    uint64_t head;       /* number of the head; 0: none */
    const char *next;    /* what to do; NULL: nothing */
} vdr_verify_part;

typedef void (*vdr_verify_fn)(void *context, const vdr_verify_part *part);

typedef struct vdr_verify_ask {
    const char *store_dir;
    const char *heads_dir; /* NULL: DIR/heads */
    const uint8_t *keys;   /* public keys, one behind the other; a head must be of one of them */
    size_t key_count;      /* 0: of any one */
    const vdr_head *from;  /* begins behind this head; NULL: whole */
    const vdr_head *kept;  /* heads that others kept: the log must have what they say */
    size_t kept_count;
    bool alone; /* nobody else uses the checkpoint's handle: its manifest is compared with the log */
    vdr_store_progress_fn progress; /* with positions of the log; may be NULL */
    vdr_verify_fn tell;
    void *context; /* of both */
} vdr_verify_ask;

/* A store that nobody runs on. */
VDR_MUST_CHECK vdr_err vdr_verify_store(const vdr_verify_ask *ask);
/* One that is open in this process. */
VDR_MUST_CHECK vdr_err vdr_verify_open(const vdr_verify_ask *ask, vdr_log *log, vdr_checkpoint *checkpoint);

/* Only the heads against the log: what a start does at once. ret_words: VDR_HEADBOOK_WORDS. */
VDR_MUST_CHECK vdr_err vdr_verify_heads(const vdr_verify_ask *ask, vdr_log *log, bool signatures,
                                        char *ret_words, uint64_t *ret_count);

/* Does the log have what the head says, whoever signed it? NOT_FOUND: that part of it was cut. */
VDR_MUST_CHECK vdr_err vdr_verify_head(vdr_log *log, const vdr_head *head);

/* The file "id" of a store: its own number. NOT_FOUND: there is none. */
#define VDR_STORE_ID_LINE 42u /* 32 digits, a dash, 8 digits of check, a line end */
VDR_MUST_CHECK vdr_err vdr_store_id_read(const char *store_dir, uint8_t ret_id[VDR_HEAD_STORE_BYTES]);
VDR_MUST_CHECK vdr_err vdr_store_id_make(const char *store_dir, uint8_t ret_id[VDR_HEAD_STORE_BYTES]);

#endif
