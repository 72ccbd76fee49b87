/* clients/gateway/attempts.h - who must wait before a password is looked at again.
 *
 * Wrong passwords are counted three ways: of one account from one address, of one address whatever the account, and of one
 * account from anywhere. The first bears few, so that guessing is slow; the last bears many, or somebody far away could
 * keep a person out of their own account by guessing wrong, and does not bind an address from which that account was
 * opened before. Where addresses are not known (a proxy that tells none), the account alone is counted, with few.
 *
 * Thread: one at a time. Pure: the time is given. */
#ifndef VDR_GATEWAY_ATTEMPTS_H
#define VDR_GATEWAY_ATTEMPTS_H

#include "clients/gateway/address.h"
#include "clients/gateway/lockout.h"

#define VDR_ATTEMPTS_ONE_FREE      4
#define VDR_ATTEMPTS_ADDRESS_FREE  20 /* many may sit behind one */
#define VDR_ATTEMPTS_ANYWHERE_FREE 60
#define VDR_ATTEMPTS_KNOWN         1024

typedef struct vdr_attempts {
    vdr_lockout ones, addresses, anywhere;
    vdr_key16 known[VDR_ATTEMPTS_KNOWN]; /* account and address of logins that were right, the newest ones */
    size_t known_next;
} vdr_attempts;

typedef struct vdr_attempt {
    vdr_key16 one, address, anywhere;
    bool has_address;
} vdr_attempt;

void vdr_attempts_init(vdr_attempts *attempts);

/* address NULL: it is not known. */
vdr_attempt vdr_attempt_of(const char *account, const vdr_address *address);

/* The ms until the password may be looked at; 0: now. */
int64_t vdr_attempts_wait_ms(const vdr_attempts *attempts, const vdr_attempt *attempt, int64_t now_ms);
/* From here on it counts as wrong until it is found right, so that many at once are no way round the pauses. */
void vdr_attempts_begin(vdr_attempts *attempts, const vdr_attempt *attempt, int64_t now_ms);
void vdr_attempts_right(vdr_attempts *attempts, const vdr_attempt *attempt);

#endif
