/* clients/gateway/account.h - local accounts: a file of lines "NAME KIND:ID HASH FULL NAME", mode 0600.
 *
 * The hash is Argon2id with its salt and its costs in it (libsodium). Changing the file is a whole new file that takes
 * the old one's place. A line that does not parse is nobody's.
 *
 * Thread: any; a check takes a tenth of a second and 64 MiB, so it is work for a thread. Passwords are wiped. */
#ifndef VDR_GATEWAY_ACCOUNT_H
#define VDR_GATEWAY_ACCOUNT_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"

#define VDR_ACCOUNT_NAME_MAX     64
#define VDR_ACCOUNT_FULL_MAX     128
#define VDR_ACCOUNT_PASSWORD_MIN 10
#define VDR_ACCOUNT_PASSWORD_MAX 256
#define VDR_ACCOUNT_DIGEST_BYTES 16

typedef struct vdr_account {
    char name[VDR_ACCOUNT_NAME_MAX + 1];
    char party[160];                          /* "regisseur:r-1" */
    char full_name[VDR_ACCOUNT_FULL_MAX + 1]; /* of the person; the account's name if none was given */
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES]; /* of its line: another password is another digest */
} vdr_account;

/* The hash that unknown accounts are checked against, so that they take as long as known ones. */
typedef struct vdr_account_decoy {
    char hash[128];
} vdr_account_decoy;
void vdr_account_decoy_make(vdr_account_decoy *ret_decoy);

/* UNKNOWN_ACTOR: account and password do not belong together. IO: the file cannot be read, or others may read it. */
VDR_MUST_CHECK vdr_err vdr_account_check(const char *path, const vdr_account_decoy *decoy, vdr_span name,
                                         vdr_span password, vdr_account *ret_account);

/* Calls for each account of the file. */
VDR_MUST_CHECK vdr_err vdr_account_each(const char *path,
                                        void (*call)(void *context, const vdr_account *account),
                                        void *context);

/* The file is made where it is missing. USAGE: a name, party or password that cannot be, or an account that is there
 * already or is not; IO. ret_words says what is wrong. */
VDR_MUST_CHECK vdr_err vdr_account_add(const char *path, const char *name, const char *party,
                                       const char *full_name, vdr_span password, char ret_words[200]);
VDR_MUST_CHECK vdr_err vdr_account_password(const char *path, const char *name, vdr_span password,
                                            char ret_words[200]);
VDR_MUST_CHECK vdr_err vdr_account_remove(const char *path, const char *name, char ret_words[200]);

#endif
