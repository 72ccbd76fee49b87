/* clients/gateway/letters.h - dead letters: messages that a receiver did not take, kept until somebody has them sent
 * again or drops them.
 *
 * A letter is a file DIR/PARTY/SEQ.dead, mode 0600: a line of JSON that says what and why, without content, and
 * the event, sealed under a key made of the party's secret key (it may hold free text). Renamed to SEQ.again it is sent
 * again by the courier that runs; so anybody who may write in the folder can ask for that, and nobody but the key's
 * holder can read it.
 *
 * Here, since the gateway shows them to operators too (GET /v1/deliveries).
 *
 * Thread: any; files are written beside and renamed, and the folder is synced. */
#ifndef VDR_GATEWAY_LETTERS_H
#define VDR_GATEWAY_LETTERS_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_LETTER_KEY_BYTES 32
#define VDR_LETTER_WORDS     256
#define VDR_LETTER_BYTES_MAX ((size_t)2 * 1024 * 1024)

typedef struct vdr_letter {
    uint64_t seq; /* of the message in its mailbox */
    char kind[64];
    char why[VDR_LETTER_WORDS]; /* the last failure */
    vdr_ms at, died;            /* of the message; when it was given up */
    uint64_t attempts;
    bool again; /* waits to be sent again */
} vdr_letter;

/* The key that seals a party's letters. */
void vdr_letter_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_LETTER_KEY_BYTES]);

/* Durable when it returns VDR_OK. IO. The folder of the party is made if it is not there. */
VDR_MUST_CHECK vdr_err vdr_letter_write(const char *folder, const char *party, const vdr_letter *letter,
                                        vdr_span event, const uint8_t key[VDR_LETTER_KEY_BYTES]);

/* Calls seen for each letter of the party, in the order of seq. IO: the folder cannot be read; none is VDR_OK. */
VDR_MUST_CHECK vdr_err vdr_letters_list(const char *folder, const char *party,
                                        void (*seen)(void *context, const vdr_letter *letter), void *context);

/* Appends the event. NOT_FOUND, IO, STORE_CORRUPT: it does not open. */
VDR_MUST_CHECK vdr_err vdr_letter_read(const char *folder, const char *party, uint64_t seq, bool again,
                                       const uint8_t key[VDR_LETTER_KEY_BYTES], vdr_bytes *out);

/* Marks it to be sent again, takes the mark off (where a new dead one lies beside it: only the mark goes), or drops
 * it. NOT_FOUND, IO. */
VDR_MUST_CHECK vdr_err vdr_letter_dead(const char *folder, const char *party, uint64_t seq);
VDR_MUST_CHECK vdr_err vdr_letter_unmark(const char *folder, const char *party, uint64_t seq);
VDR_MUST_CHECK vdr_err vdr_letter_again(const char *folder, const char *party, uint64_t seq);
VDR_MUST_CHECK vdr_err vdr_letter_drop(const char *folder, const char *party, uint64_t seq);

#endif
