#include "broker/erasure/kept.h"

#include "store/bytes.h"

#include <stdlib.h>

#define MAGIC       "VDRKEPT1"
#define MAGIC_BYTES 8u
#define BLOCK_BYTES (60u * 1024)
#define ENTRY_BYTES 16u
#define BLOCKS_MAX  UINT32_C(1 << 20)

typedef struct kept_message {
    vdr_position position;
    uint32_t offset;
    vdr_span effect;
} kept_message;

struct vdr_kept {
    kept_message *messages; /* in order */
    size_t count, room;
};

vdr_kept *
vdr_kept_new(void)
{
    return vdr_alloc(1, sizeof(vdr_kept));
}

void
vdr_kept_free(vdr_kept **kept_p)
{
    vdr_kept *kept = *kept_p;
    if (kept == NULL)
        return;
    for (size_t i = 0; i < kept->count; i++)
        free((void *)(uintptr_t)kept->messages[i].effect.at);
    free(kept->messages);
    free(kept);
    *kept_p = NULL;
}

/* The first place whose message does not stand before this one. */
static size_t
place_of(const vdr_kept *kept, vdr_position position, uint32_t offset)
{
    size_t low = 0, high = kept->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const kept_message *at = &kept->messages[middle];
        if (at->position < position || (at->position == position && at->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
is_at(const vdr_kept *kept, size_t place, vdr_position position, uint32_t offset)
{
    return place < kept->count && kept->messages[place].position == position &&
           kept->messages[place].offset == offset;
}

void
vdr_kept_add(vdr_kept *kept, vdr_position position, uint32_t offset, vdr_span effect)
{
    size_t place = place_of(kept, position, offset);
    if (is_at(kept, place, position, offset))
        return;
    if (kept->count == kept->room) {
        kept->room = kept->room != 0 ? kept->room * 2 : 64;
        kept->messages = vdr_realloc(kept->messages, kept->room, sizeof *kept->messages);
    }
    memmove(kept->messages + place + 1, kept->messages + place,
            (kept->count - place) * sizeof *kept->messages);
    uint8_t *copy = vdr_alloc(effect.len + 1, 1);
    memcpy(copy, effect.at, effect.len);
    kept->messages[place] = (kept_message){position, offset, vdr_span_of(copy, effect.len)};
    kept->count++;
}

size_t
vdr_kept_count(const vdr_kept *kept)
{
    return kept->count;
}

vdr_span
vdr_kept_at(const vdr_kept *kept, size_t place, vdr_position *ret_position, uint32_t *ret_offset)
{
    VDR_ASSERT(place < kept->count);
    *ret_position = kept->messages[place].position;
    *ret_offset = kept->messages[place].offset;
    return kept->messages[place].effect;
}

bool
vdr_kept_find(const vdr_kept *kept, vdr_position position, uint32_t offset, vdr_span *ret_effect)
{
    size_t place = place_of(kept, position, offset);
    if (!is_at(kept, place, position, offset))
        return false;
    *ret_effect = kept->messages[place].effect;
    return true;
}

/* ---- sealed ---- */

/* What a block is bound to: it is this one of so many. */
static vdr_span
bound_of(uint32_t number, uint32_t count, uint8_t room[MAGIC_BYTES + 8])
{
    memcpy(room, MAGIC, MAGIC_BYTES);
    vdr_put_le32(room + MAGIC_BYTES, number);
    vdr_put_le32(room + MAGIC_BYTES + 4, count);
    return vdr_span_of(room, MAGIC_BYTES + 8);
}

static void
put_messages(const vdr_kept *kept, vdr_bytes *plain)
{
    for (size_t i = 0; i < kept->count; i++) {
        const kept_message *message = &kept->messages[i];
        uint8_t *at = vdr_bytes_extend(plain, ENTRY_BYTES);
        vdr_put_le64(at, message->position);
        vdr_put_le32(at + 8, message->offset);
        vdr_put_le32(at + 12, (uint32_t)message->effect.len);
        vdr_bytes_add(plain, message->effect);
    }
}

void
vdr_kept_seal(const vdr_kept *kept, const vdr_vault *vault, vdr_bytes *bytes)
{
    uint8_t bound[MAGIC_BYTES + 8];
    vdr_bytes plain = {0};
    put_messages(kept, &plain);
    uint32_t count = (uint32_t)((plain.len + BLOCK_BYTES - 1) / BLOCK_BYTES);
    if (count != 0) {
        vdr_bytes_add(bytes, vdr_span_of(MAGIC, MAGIC_BYTES));
        vdr_put_le32(vdr_bytes_extend(bytes, 4), count);
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t from = (size_t)i * BLOCK_BYTES, left = plain.len - from;
        size_t len = left < BLOCK_BYTES ? left : BLOCK_BYTES;
        vdr_put_le32(vdr_bytes_extend(bytes, 4), (uint32_t)(len + VDR_VAULT_BLOCK_BYTES));
        uint8_t *to = vdr_bytes_extend(bytes, len + VDR_VAULT_BLOCK_BYTES);
        (void)vdr_vault_seal_block(vault, bound_of(i, count, bound), vdr_span_of(plain.at + from, len), to);
    }
    vdr_bytes_done(&plain);
}

/* The next block, opened onto the end of plain. */
static vdr_err
open_block(vdr_span *sealed, uint32_t number, uint32_t count, const vdr_vault *vault, vdr_bytes *plain)
{
    uint8_t bound[MAGIC_BYTES + 8];
    if (sealed->len < 4)
        return VDR_E_STORE_CORRUPT;
    size_t len = vdr_get_le32(sealed->at);
    if (len < VDR_VAULT_BLOCK_BYTES || len > BLOCK_BYTES + VDR_VAULT_BLOCK_BYTES || len > sealed->len - 4)
        return VDR_E_STORE_CORRUPT;
    size_t before = plain->len;
    uint8_t *to = vdr_bytes_extend(plain, len - VDR_VAULT_BLOCK_BYTES);
    vdr_err err =
        vdr_vault_open_block(vault, bound_of(number, count, bound), vdr_span_of(sealed->at + 4, len), to);
    if (err != VDR_OK)
        plain->len = before;
    *sealed = vdr_span_of(sealed->at + 4 + len, sealed->len - 4 - len);
    return err;
}

static vdr_err
open_blocks(vdr_span sealed, const vdr_vault *vault, vdr_bytes *plain)
{
    if (sealed.len < MAGIC_BYTES + 4 || memcmp(sealed.at, MAGIC, MAGIC_BYTES - 1) != 0)
        return VDR_E_STORE_CORRUPT;
    if (sealed.at[MAGIC_BYTES - 1] != MAGIC[MAGIC_BYTES - 1])
        return VDR_E_STORE_VERSION;
    uint32_t count = vdr_get_le32(sealed.at + MAGIC_BYTES);
    vdr_span rest = vdr_span_of(sealed.at + MAGIC_BYTES + 4, sealed.len - MAGIC_BYTES - 4);
    vdr_err err = count <= BLOCKS_MAX ? VDR_OK : VDR_E_STORE_CORRUPT;
    for (uint32_t i = 0; i < count && err == VDR_OK; i++)
        err = open_block(&rest, i, count, vault, plain);
    return err == VDR_OK && rest.len != 0 ? VDR_E_STORE_CORRUPT : err;
}

static vdr_err
take_messages(vdr_span plain, vdr_kept *kept)
{
    while (plain.len != 0) {
        if (plain.len < ENTRY_BYTES)
            return VDR_E_STORE_CORRUPT;
        size_t len = vdr_get_le32(plain.at + 12);
        if (len > plain.len - ENTRY_BYTES)
            return VDR_E_STORE_CORRUPT;
        vdr_kept_add(kept, vdr_get_le64(plain.at), vdr_get_le32(plain.at + 8),
                     vdr_span_of(plain.at + ENTRY_BYTES, len));
        plain = vdr_span_of(plain.at + ENTRY_BYTES + len, plain.len - ENTRY_BYTES - len);
    }
    return VDR_OK;
}

vdr_err
vdr_kept_open(vdr_span sealed, const vdr_vault *vault, vdr_kept **ret_kept)
{
    vdr_bytes plain = {0};
    vdr_kept *kept = vdr_kept_new();
    vdr_err err = sealed.len != 0 ? open_blocks(sealed, vault, &plain) : VDR_OK;
    if (err == VDR_OK)
        err = take_messages(vdr_bytes_span(&plain), kept);
    vdr_bytes_done(&plain);
    if (err == VDR_OK)
        *ret_kept = kept;
    else
        vdr_kept_free(&kept);
    return err;
}
