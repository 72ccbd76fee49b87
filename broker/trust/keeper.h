/* broker/trust/keeper.h - who keeps an eye on the store while the broker runs: a thread of its own, at low
 * priority, away from the turn and from the way to a commit.
 *
 * It adds a signed head (head.h) to the book when the log has grown: after so long, after so many records, after a
 * checkpoint, and at a clean stop. A head is made of what is durable. Where the store was too large to be proved at
 * the start, it proves the rest once, beside the turn; and it does so whenever it is asked to (verb VERIFY).
 *
 * Without a signing key it makes no heads; those that are there are still compared.
 *
 * Thread:  open and close on the start's thread; ask, look, nudge, failed on the reactor's. The log and the
 *          checkpoint outlive it.
 * Errors:  open: STORE_CORRUPT and the like: do not run on this store; IO: the book cannot be written. Later: a
 *          head that cannot be written is told in the journal and tried again; a store that does not prove itself is
 *          told by failed, and the broker ends. */
#ifndef VDR_BROKER_TRUST_KEEPER_H
#define VDR_BROKER_TRUST_KEEPER_H

#include "broker/trust/verify.h"

typedef struct vdr_keeper vdr_keeper;

/* A store up to this size is proved whole at the start. */
#define VDR_KEEPER_WHOLE_BYTES (UINT64_C(256) << 20)
#define VDR_KEEPER_PARTS       8u
#define VDR_KEEPER_WORDS       1024u

typedef struct vdr_keeper_options {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    const char *store_dir;
    const char *heads_dir; /* NULL: DIR/heads */
    const char *copy_dir;  /* NULL: none */
    const uint8_t *seed;   /* of the signing key; NULL: no heads are made. Copied into locked memory */
    const uint8_t *former; /* public keys that signed before, one behind the other */
    size_t former_count;
    uint8_t store[VDR_HEAD_STORE_BYTES];
    uint64_t every_records;
    int64_t every_ms;
} vdr_keeper_options;

/* Proves the heads against the log, and a small store whole, before anybody is served. ret_words:
 * VDR_KEEPER_WORDS bytes, filled on failure, say what to do. */
VDR_MUST_CHECK vdr_err vdr_keeper_open(const vdr_keeper_options *options, vdr_keeper **ret_keeper,
                                       char *ret_words);
/* Starts its thread. wake_fd: made readable when the reactor shall look. */
void vdr_keeper_begin(vdr_keeper *keeper, int wake_fd);
/* With last makes a head of the log's end first; NULL-safe. */
void vdr_keeper_close(vdr_keeper **keeper_p, bool last);

void vdr_keeper_nudge(vdr_keeper *keeper); /* a checkpoint was written: a head is due */

/* Other than OK: the store does not prove itself; ret_words as above. */
vdr_err vdr_keeper_failed(vdr_keeper *keeper, char *ret_words);

/* What a VERIFY found, so far. */
typedef struct vdr_keeper_look {
    bool running;
    bool ever;   /* one was asked for since the start */
    vdr_err err; /* of the last that ended */
    vdr_position at, end;
    vdr_verify_part parts[VDR_KEEPER_PARTS];
    size_t part_count;
    uint64_t took_ms;
} vdr_keeper_look;

/* BUSY: one is running. */
VDR_MUST_CHECK vdr_err vdr_keeper_ask(vdr_keeper *keeper);
void vdr_keeper_look_at(vdr_keeper *keeper, vdr_keeper_look *ret_look);

/* The newest heads, whole lines, at most room bytes. NOT_FOUND: there are none. ret_words: VDR_HEADBOOK_WORDS. */
VDR_MUST_CHECK vdr_err vdr_keeper_tail(const vdr_keeper *keeper, char *ret_lines, size_t room,
                                       size_t *ret_len, char *ret_words);

#endif
