#include "clients/gateway/lockout.h"

static size_t
row_of(const vdr_lockout *lockout, const vdr_key16 *key)
{
    for (size_t i = 0; i < VDR_LOCKOUT_KEYS; i++)
        if (lockout->rows[i].wrong != 0 && vdr_key16_equal(&lockout->rows[i].key, key))
            return i;
    return VDR_LOCKOUT_KEYS;
}

static int64_t
pause_ms(const vdr_lockout *lockout, unsigned wrong)
{
    int64_t ms = 1000;
    if (wrong < lockout->free)
        return 0;
    for (unsigned i = lockout->free; i < wrong && ms < VDR_LOCKOUT_MS_MOST; i++)
        ms *= 2;
    return ms < VDR_LOCKOUT_MS_MOST ? ms : VDR_LOCKOUT_MS_MOST;
}

int64_t
vdr_lockout_wait_ms(const vdr_lockout *lockout, const vdr_key16 *key, int64_t now_ms)
{
    size_t i = row_of(lockout, key);
    if (i == VDR_LOCKOUT_KEYS)
        return 0;
    int64_t until_ms = lockout->rows[i].last_ms + pause_ms(lockout, lockout->rows[i].wrong);
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

void
vdr_lockout_begin(vdr_lockout *lockout, const vdr_key16 *key, int64_t now_ms)
{
    size_t i = row_of(lockout, key);
    if (i == VDR_LOCKOUT_KEYS) {
        i = 0;
        for (size_t j = 0; j < VDR_LOCKOUT_KEYS && lockout->rows[i].wrong != 0; j++)
            if (lockout->rows[j].wrong == 0 || lockout->rows[j].last_ms < lockout->rows[i].last_ms)
                i = j;
        lockout->rows[i] = (vdr_lockout_row){.key = *key};
    }
    vdr_lockout_row *row = &lockout->rows[i];
    if (row->wrong != 0 && now_ms - row->last_ms > VDR_LOCKOUT_GONE_MS)
        row->wrong = 0;
    if (row->wrong < 1000)
        row->wrong++;
    row->last_ms = now_ms;
}

void
vdr_lockout_right(vdr_lockout *lockout, const vdr_key16 *key)
{
    size_t i = row_of(lockout, key);
    if (i != VDR_LOCKOUT_KEYS)
        lockout->rows[i] = (vdr_lockout_row){0};
}
