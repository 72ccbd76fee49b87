/* broker/erasure/proofs.h - what left, written where a loss of the store does not reach it.
 *
 * DIR/proofs.jsonl, and the same in the escrow folder: a line of JSON for everything that left, before its key is
 * destroyed, and one for each run that destroyed keys; only ever appended to, synced. No resident is named in it. From the
 * escrow's file a restored broker knows what left since its backup was made, and makes it leave again before it
 * serves: what a line names has an order (broker/core/left.h), and the restored state has not come to it.
 *
 *   {"left":"signal","order":7,"at":"…","reason":"erased","position":12,"source":"…","hash":…,"type":"…","time":"…"}
 *   {"left":"case","order":8,"at":"…","reason":"term","number":3,"time":"…"}
 *   {"left":"household","order":9,"at":"…","reason":"household","number":5}
 *   {"run":2,"at":"…","through":9,"kept":120,"dropped":3}             2: the generation of the wrapping key
 *   {"backup":345,"at":"…","run":2}                                   345: its last record
 *   {"ended":"…","at":"…","party":"agency:school","position":346}     a key of a party ended, by a revocation or its
 *                                                                     term: its public half, in hexadecimal
 *   {"restored":345,"at":"…"}          the lines before are the escrow's, of a store whose backup this one is made of
 *
 * hash is of the signal's id, keyed (the id itself is in the log, sealed: an agency chose it, and nobody can say what
 * stands in it). A crash between a line and what it says leaves the line, and the next run writes it again: one order, one leaving.
 * Each line ends with a checksum of itself ("check"). Beside the file stands proofs.last, which says up to where it was
 * written, and the hash of all up to there (each line's over the one before it):
 *
 *   {"bytes":1234,"hash":"…","check":"…"}
 *
 * It is there before the first line, and follows the file: after a crash the file has lines that it does not count. Of these
 * the first that is not whole, and what follows, is none: a power cut may leave any sectors of what was being added, and
 * nothing was destroyed yet because of it. Whatever else is not so, a line that was changed, moved or taken out, a file that
 * is shorter or missing, is STORE_CORRUPT: put both files back from the escrow, whose are as good.
 *
 * Thread: any, one at a time for a file. Errors: IO, STORE_FULL, STORE_CORRUPT. Memory: the arena's. */
#ifndef VDR_BROKER_ERASURE_PROOFS_H
#define VDR_BROKER_ERASURE_PROOFS_H

#include "broker/core/command.h"
#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/bytes.h"

#define VDR_PROOFS_NAME "proofs.jsonl"
#define VDR_PROOFS_LAST "proofs.last"

typedef enum vdr_proof_line {
    VDR_PROOF_LEFT = 1,
    VDR_PROOF_RUN = 2,
    VDR_PROOF_BACKUP = 3,
    VDR_PROOF_RESTORED = 4,
    VDR_PROOF_ENDED = 5
} vdr_proof_line;

typedef struct vdr_proof_entry {
    vdr_proof_line line;
    vdr_ms at;
    uint64_t order; /* LEFT */
    vdr_command_left left;
    uint64_t generation;             /* RUN, BACKUP */
    uint64_t through, kept, dropped; /* RUN */
    vdr_position position;      /* BACKUP, RESTORED: of the last record; ENDED: of the record that ended it */
    vdr_span party, public_key; /* ENDED */
} vdr_proof_entry;

/* Writes the entry as a line at the end of bytes. */
void vdr_proof_write(const vdr_proof_entry *entry, vdr_bytes *bytes);
/* False: it is no such line. */
bool vdr_proof_read(vdr_span line, vdr_arena *arena, vdr_proof_entry *ret_entry);

/* Makes FOLDER/proofs.last where there is neither it nor FOLDER/proofs.jsonl. from: a folder whose lines are
 * taken over then, as the escrow has them for a store that was restored, and a line that says so: position is the
 * end of the log, at is now. NULL, or one without: it begins empty. */
VDR_MUST_CHECK vdr_err vdr_proofs_begin(const char *folder, const char *from, vdr_position position,
                                        vdr_ms at);
/* Is there FOLDER/proofs.last? */
bool vdr_proofs_begun(const char *folder);

/* Appends lines to FOLDER/proofs.jsonl and syncs; made if missing. */
VDR_MUST_CHECK vdr_err vdr_proofs_append(const char *folder, vdr_span lines);
/* The last whole lines of FOLDER/proofs.jsonl that fit size; *ret_len 0 where there are none. */
VDR_MUST_CHECK vdr_err vdr_proofs_tail(const char *folder, char *at, size_t size, size_t *ret_len);
/* Calls each for every entry of FOLDER/proofs.jsonl, in order; what it gets lives until it returns. A file that is
 * not there has none. each NULL: only looks whether they are whole. */
VDR_MUST_CHECK vdr_err vdr_proofs_walk(const char *folder,
                                       void (*each)(void *context, const vdr_proof_entry *entry),
                                       void *context);

/* The same for lines that were just written. */
void vdr_proofs_read(vdr_span lines, void (*each)(void *context, const vdr_proof_entry *entry),
                     void *context);

#endif
