#include "clients/gateway/attempts.h"

#include <sodium.h>

void
vdr_attempts_init(vdr_attempts *attempts)
{
    *attempts = (vdr_attempts){.ones.free = VDR_ATTEMPTS_ONE_FREE,
                               .addresses.free = VDR_ATTEMPTS_ADDRESS_FREE,
                               .anywhere.free = VDR_ATTEMPTS_ANYWHERE_FREE};
}

static vdr_key16
key_of(char kind, const char *account, const vdr_address *address)
{
    vdr_key16 key;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof key.bytes);
    (void)crypto_generichash_update(&state, (const uint8_t *)&kind, 1);
    if (address != NULL)
        (void)crypto_generichash_update(&state, address->bytes, sizeof address->bytes);
    if (account != NULL)
        (void)crypto_generichash_update(&state, (const uint8_t *)account, strlen(account));
    (void)crypto_generichash_final(&state, key.bytes, sizeof key.bytes);
    return key;
}

vdr_attempt
vdr_attempt_of(const char *account, const vdr_address *address)
{
    return (vdr_attempt){.one = key_of(address != NULL ? 'o' : 'n', account, address),
                         .address = key_of('a', NULL, address),
                         .anywhere = key_of('e', account, NULL),
                         .has_address = address != NULL};
}

static bool
is_known(const vdr_attempts *attempts, const vdr_key16 *one)
{
    for (size_t i = 0; i < VDR_ATTEMPTS_KNOWN; i++)
        if (vdr_key16_equal(&attempts->known[i], one))
            return true;
    return false;
}

static int64_t
longer(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

int64_t
vdr_attempts_wait_ms(const vdr_attempts *attempts, const vdr_attempt *attempt, int64_t now_ms)
{
    int64_t wait_ms = vdr_lockout_wait_ms(&attempts->ones, &attempt->one, now_ms);
    if (!attempt->has_address)
        return wait_ms;
    wait_ms = longer(wait_ms, vdr_lockout_wait_ms(&attempts->addresses, &attempt->address, now_ms));
    if (is_known(attempts, &attempt->one))
        return wait_ms;
    return longer(wait_ms, vdr_lockout_wait_ms(&attempts->anywhere, &attempt->anywhere, now_ms));
}

void
vdr_attempts_begin(vdr_attempts *attempts, const vdr_attempt *attempt, int64_t now_ms)
{
    vdr_lockout_begin(&attempts->ones, &attempt->one, now_ms);
    if (!attempt->has_address)
        return;
    vdr_lockout_begin(&attempts->addresses, &attempt->address, now_ms);
    vdr_lockout_begin(&attempts->anywhere, &attempt->anywhere, now_ms);
}

void
vdr_attempts_right(vdr_attempts *attempts, const vdr_attempt *attempt)
{
    vdr_lockout_right(&attempts->ones, &attempt->one);
    if (!attempt->has_address)
        return;
    vdr_lockout_right(&attempts->addresses, &attempt->address);
    vdr_lockout_right(&attempts->anywhere, &attempt->anywhere);
    if (is_known(attempts, &attempt->one))
        return;
    attempts->known[attempts->known_next] = attempt->one;
    attempts->known_next = (attempts->known_next + 1) % VDR_ATTEMPTS_KNOWN;
}
