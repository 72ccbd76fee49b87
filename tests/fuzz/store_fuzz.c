/* Laws of what the store reads: any bytes are read as a record of its place, or refused, and nothing is read beyond
 * them; a plain one that is read writes as the same bytes where it stands alone in its group. A walk takes no more
 * than reading does. A record that is carried unpacks as it was packed. A file of wrapping keys opens with its own key
 * only as what was sealed. What is pressed opens as it was; anything else opens within its room, or is refused.
 *
 * A checksum stands in the way of all of it, so it is made right; what is then wrong is what only it would have found.
 * The first byte says what the rest is. */
#include "store/check.h"
#include "store/press.h"
#include "store/record.h"
#include "store/wrap.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#define POSITION 7u

static void
put_check(uint8_t *at, size_t len, vdr_span key)
{
    uint64_t check = vdr_check_of(key, vdr_span_of(at + VDR_CHECK_BYTES, len - VDR_CHECK_BYTES));
    for (size_t i = 0; len >= VDR_CHECK_BYTES && i < VDR_CHECK_BYTES; i++)
        at[i] = (uint8_t)(check >> (8 * i));
}

static size_t
number_at(const uint8_t *at)
{
    return at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

/* What a record with this head takes, as store/record.h lays it out. */
static size_t
record_len(const uint8_t *at, size_t len)
{
    if (len > 11 && at[11] == VDR_RECORD_SEALED)
        return len; /* where its tale ends is told by where it ends */
    if (len < VDR_RECORD_HEAD_BYTES)
        return 0;
    size_t tale = number_at(at + 8), more = (at[13] & 2) != 0 ? 8 : 0;
    if (at[12] == VDR_RECORD_HALVES)
        more += 4 + 8 + 32 + 16 + (tale != 0 ? 16u : 0u);
    return VDR_RECORD_HEAD_BYTES + more + number_at(at + 24) + number_at(at + 28) + tale +
           ((at[13] & 1) != 0 ? VDR_RECORD_SEAL_BYTES : 0);
}

static bool
within(vdr_span part, vdr_span whole)
{
    return part.at == NULL || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void
check_plain(const vdr_record *record, vdr_span bytes)
{
    static const vdr_heads none;
    vdr_group group;
    uint8_t *again = malloc(record->bytes);
    VDR_ASSERT(again != NULL);
    vdr_group_begin(&group, &none, POSITION, record->epoch, 1, NULL);
    VDR_ASSERT(vdr_group_record_bytes(&group, &record->body) == record->bytes);
    vdr_group_write(&group, &record->body, again);
    vdr_group_end(&group);
    /* All but the checksum and the two chains, which are of what was there before. */
    size_t same = record->bytes - 2 * VDR_CHAIN_BYTES;
    VDR_ASSERT(memcmp(again + VDR_CHECK_BYTES, bytes.at + VDR_CHECK_BYTES, same - VDR_CHECK_BYTES) == 0);
    free(again);
}

static void
record_law(uint8_t *at, size_t len)
{
    static const vdr_heads none;
    vdr_span bytes = vdr_span_of(at, len);
    vdr_record record;
    vdr_walk walk;
    uint8_t key[8] = {[7] = POSITION};
    size_t whole = record_len(at, len);
    if (whole >= VDR_CHECK_BYTES && whole <= len)
        put_check(at, whole, vdr_span_of(key, sizeof key));
    vdr_err err = vdr_record_read(POSITION, bytes, &record);
    vdr_walk_begin(&walk, &none, 0, POSITION);
    vdr_err walked = vdr_walk_take(&walk, bytes);
    VDR_ASSERT(err == VDR_OK || walked != VDR_OK);
    if (err != VDR_OK)
        return;
    VDR_ASSERT(record.bytes <= len);
    VDR_ASSERT(within(record.body.routing, bytes) && within(record.body.content, bytes) &&
               within(record.body.tale, bytes));
    VDR_ASSERT(within(record.bound, bytes) && within(record.commanded, bytes) && within(record.told, bytes));
    vdr_record_room room = {0};
    vdr_log_record opened;
    err = vdr_record_open(&record, NULL, &room, &opened);
    VDR_ASSERT(err == (record.key.generation == 0 ? VDR_OK : VDR_E_SEALED));
    vdr_record_room_done(&room);
    if (record.key.generation == 0 && record.last && record.index == 0 && record.count == 1 &&
        record.body.carries == 0)
        check_plain(&record, bytes);
}

static void
carried_law(const uint8_t *at, size_t len)
{
    vdr_log_record record;
    if (len == 0 || vdr_log_unpack(vdr_span_of(at, len), &record) != VDR_OK)
        return;
    VDR_ASSERT(vdr_log_packed_bytes(&record) == len - 1);
    uint8_t *again = malloc(len);
    VDR_ASSERT(again != NULL);
    vdr_log_pack(&record, again);
    VDR_ASSERT(memcmp(again, at + 1, len - 1) == 0);
    free(again);
}

static void
wrap_law(const uint8_t *at, size_t len)
{
    static const uint8_t tenant[VDR_VAULT_KEY_BYTES] = {1};
    uint8_t bytes[VDR_WRAP_BYTES], good[VDR_WRAP_BYTES];
    vdr_wrap wrap = {.generation = 3, .older = 2, .table = 3}, opened;
    memcpy(wrap.id, "0123456789abcdef", sizeof wrap.id);
    vdr_wrap_seal(&wrap, tenant, good);
    memcpy(bytes, good, sizeof bytes);
    for (size_t i = 0; i + 1 < len; i += 2)
        bytes[8 + at[i] % (sizeof bytes - 8)] ^= at[i + 1];
    put_check(bytes, sizeof bytes, vdr_span_str(VDR_WRAP_NAME));
    bool same = memcmp(bytes + 8, good + 8, sizeof bytes - 8) == 0;
    VDR_ASSERT((vdr_wrap_open(bytes, tenant, &opened) == VDR_OK) == same);
}

/* The first byte says where the second part begins. */
static void
press_law(const uint8_t *at, size_t len)
{
    static vdr_press press;
    if (len == 0 || len - 1 > VDR_PRESS_BYTES_MAX)
        return;
    size_t all = len - 1, from = all * at[0] / 255;
    size_t most = vdr_press_bytes_max(from) + vdr_press_bytes_max(all - from);
    uint8_t *plain = malloc(all + 1), *pressed = malloc(most), *again = malloc(all + 1);
    VDR_ASSERT(plain != NULL && pressed != NULL && again != NULL);
    memcpy(plain, at + 1, all);
    vdr_press_init(&press);
    vdr_press_begin(&press);
    size_t first = vdr_press_part(&press, plain, 0, from, pressed);
    VDR_ASSERT(first <= vdr_press_bytes_max(from));
    size_t second = vdr_press_part(&press, plain, from, all, pressed + first);
    VDR_ASSERT(second <= vdr_press_bytes_max(all - from));
    VDR_ASSERT(vdr_press_open(vdr_span_of(pressed, first), again, 0, from) == VDR_OK);
    VDR_ASSERT(vdr_press_open(vdr_span_of(pressed + first, second), again, from, all) == VDR_OK);
    VDR_ASSERT(all == 0 || memcmp(again, plain, all) == 0);
    vdr_err err = vdr_press_open(vdr_span_of(at + 1, all), again, from / 2, from);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT);
    free(plain);
    free(pressed);
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (len == 0 || len > 65536)
        return 0;
    uint8_t *bytes = malloc(len);
    VDR_ASSERT(bytes != NULL);
    memcpy(bytes, at + 1, len - 1);
    if (at[0] == 255) /* what stands in the corpus keeps its meaning */
        press_law(bytes, len - 1);
    else if (at[0] % 3 == 0)
        record_law(bytes, len - 1);
    else if (at[0] % 3 == 1)
        carried_law(bytes, len - 1);
    else
        wrap_law(bytes, len - 1);
    free(bytes);
    return 0;
}
