#include "store/record.h"

#include "store/bytes.h"
#include "store/check.h"

#include <stdlib.h>

enum {
    AT_TALE_LEN = 8,
    AT_VERSION = 12,
    AT_FLAGS = 13,
    AT_INDEX = 14,
    AT_KEY_ID = 16,
    AT_ROUTING_LEN = 24,
    AT_CONTENT_LEN = 28,
    AT_CARRIES = 32,
    AT_BOUND = AT_TALE_LEN,
    SEAL_COUNT = 8,
    SEAL_CHAIN = 12,
    SEAL_TOLD = SEAL_CHAIN + VDR_CHAIN_BYTES,
};

#define FLAG_LAST     1u
#define FLAG_CARRIES  2u
#define CARRIES_BYTES 8u

static uint64_t
check_of(vdr_position position, const uint8_t *bytes, size_t len)
{
    uint8_t key[8];
    vdr_put_be64(key, position);
    return vdr_check_of(vdr_span_of(key, sizeof key),
                        vdr_span_of(bytes + VDR_CHECK_BYTES, len - VDR_CHECK_BYTES));
}

/* Where the parts of a record stand and how long they are in its bytes. */
typedef struct shape {
    bool sealed, last, carries;
    uint32_t routing_len, content_len, tale_len;
    size_t bound_len, head_len, commanded_len, told_len, len;
} shape;

static shape
shape_of(bool sealed, uint32_t routing_len, uint32_t content_len, uint32_t tale_len, uint8_t flags)
{
    bool last = (flags & FLAG_LAST) != 0, carries = (flags & FLAG_CARRIES) != 0;
    size_t plain_len = VDR_RECORD_HEAD_BYTES + (carries ? CARRIES_BYTES : 0);
    shape s = {.sealed = sealed,
               .last = last,
               .carries = carries,
               .routing_len = routing_len,
               .content_len = content_len,
               .tale_len = tale_len,
               .bound_len = plain_len - AT_BOUND,
               .head_len = plain_len + (sealed ? VDR_VAULT_ENVELOPE_BYTES : 0),
               .commanded_len = (size_t)routing_len + content_len + (sealed ? VDR_VAULT_TAG_BYTES : 0),
               .told_len = tale_len + (sealed && tale_len != 0 ? (size_t)VDR_VAULT_TAG_BYTES : 0)};
    s.len = s.head_len + s.commanded_len + s.told_len + (last ? VDR_RECORD_SEAL_BYTES : 0);
    return s;
}

static shape
shape_read(const uint8_t *bytes)
{
    return shape_of(bytes[AT_VERSION] == VDR_RECORD_SEALED, vdr_get_le32(bytes + AT_ROUTING_LEN),
                    vdr_get_le32(bytes + AT_CONTENT_LEN), vdr_get_le32(bytes + AT_TALE_LEN), bytes[AT_FLAGS]);
}

vdr_err
vdr_record_read(vdr_position position, vdr_span bytes, vdr_record *ret_record)
{
    if (bytes.len < VDR_RECORD_HEAD_BYTES ||
        vdr_get_le64(bytes.at) != check_of(position, bytes.at, bytes.len))
        return VDR_E_STORE_CORRUPT;
    if (bytes.at[AT_VERSION] != VDR_RECORD_PLAIN && bytes.at[AT_VERSION] != VDR_RECORD_SEALED)
        return VDR_E_STORE_VERSION;
    if ((bytes.at[AT_FLAGS] & ~(FLAG_LAST | FLAG_CARRIES)) !=
        0) /* something that this release does not know */
        return VDR_E_STORE_VERSION;
    shape s = shape_read(bytes.at);
    vdr_record record = {.index = vdr_get_le16(bytes.at + AT_INDEX), .last = s.last};
    record.body.key_id = vdr_get_le64(bytes.at + AT_KEY_ID);
    if (bytes.len != s.len || (s.sealed && record.body.key_id != position))
        return VDR_E_STORE_CORRUPT;

    const uint8_t *at = bytes.at + s.head_len;
    record.bytes = s.len;
    if (s.carries)
        record.body.carries = vdr_get_le64(bytes.at + AT_CARRIES);
    if (s.carries && (record.body.carries == 0 || record.body.carries >= position))
        return VDR_E_STORE_CORRUPT;
    if (s.sealed) {
        vdr_vault_key_read(position, at - VDR_VAULT_ENVELOPE_BYTES, &record.key);
        if (record.key.generation == 0) /* that is how a plain one is told */
            return VDR_E_STORE_CORRUPT;
        record.bound = vdr_span_of(bytes.at + AT_BOUND, s.bound_len);
        record.commanded = vdr_span_of(at, s.commanded_len);
        record.told = vdr_span_of(at + s.commanded_len, s.told_len);
    }
    record.body.routing = vdr_span_of(s.sealed ? NULL : at, s.routing_len);
    record.body.content = vdr_span_of(s.sealed ? NULL : at + s.routing_len, s.content_len);
    record.body.tale = vdr_span_of(s.sealed ? NULL : at + s.commanded_len, s.tale_len);
    if (s.last) {
        const uint8_t *seal = at + s.commanded_len + s.told_len;
        record.epoch = vdr_get_le64(seal);
        record.count = vdr_get_le32(seal + SEAL_COUNT);
        memcpy(record.heads.chain, seal + SEAL_CHAIN, VDR_CHAIN_BYTES);
        memcpy(record.heads.told, seal + SEAL_TOLD, VDR_CHAIN_BYTES);
    }
    *ret_record = record;
    return VDR_OK;
}

vdr_err
vdr_record_open(const vdr_record *record, const vdr_vault *vault, vdr_record_room *room,
                vdr_log_record *ret_record)
{
    uint8_t key[VDR_VAULT_KEY_BYTES];
    const vdr_log_record *body = &record->body;
    if (record->commanded.at == NULL) {
        *ret_record = *body;
        return VDR_OK;
    }
    if (vault == NULL)
        return VDR_E_SEALED;
    vdr_err err = vdr_vault_unwrap(vault, &record->key, key);
    if (err != VDR_OK)
        return err;
    size_t commanded_len = body->routing.len + body->content.len, len = commanded_len + body->tale.len;
    if (len + 1 > room->max) { /* never empty, so that what is empty is not absent */
        vdr_record_room_done(room);
        room->max = 2 * len + 4096;
        room->bytes = vdr_alloc(room->max, 1);
    }
    err = vdr_vault_open_part(key, VDR_VAULT_COMMANDED, record->bound, record->commanded, room->bytes);
    if (err == VDR_OK && body->tale.len != 0)
        err = vdr_vault_open_part(key, VDR_VAULT_TOLD, record->bound, record->told,
                                  room->bytes + commanded_len);
    sodium_memzero(key, sizeof key);
    if (err != VDR_OK)
        return err;
    ret_record->key_id = body->key_id;
    ret_record->carries = body->carries;
    ret_record->routing = vdr_span_of(room->bytes, body->routing.len);
    ret_record->content = vdr_span_of(room->bytes + body->routing.len, body->content.len);
    ret_record->tale = vdr_span_of(room->bytes + commanded_len, body->tale.len);
    return VDR_OK;
}

void
vdr_record_room_done(vdr_record_room *room)
{
    if (room->bytes != NULL)
        sodium_memzero(room->bytes, room->max);
    free(room->bytes);
    *room = (vdr_record_room){0};
}

void
vdr_group_begin(vdr_group *group, const vdr_heads *before, vdr_position first, uint64_t epoch, size_t count,
                vdr_vault *vault)
{
    VDR_ASSERT(count <= UINT16_MAX);
    uint8_t number[8];
    group->vault = vault;
    group->unchained = false;
    if (vault != NULL)
        vdr_vault_group_begin(vault);
    group->first = first;
    group->epoch = epoch;
    group->count = (uint32_t)count;
    group->index = 0;
    group->heads = *before;
    (void)crypto_generichash_init(&group->chain, NULL, 0, VDR_CHAIN_BYTES);
    (void)crypto_generichash_init(&group->told, NULL, 0, VDR_CHAIN_BYTES);
    vdr_put_le64(number, first);
    (void)crypto_generichash_update(&group->chain, before->chain, VDR_CHAIN_BYTES);
    (void)crypto_generichash_update(&group->chain, number, sizeof number);
    (void)crypto_generichash_update(&group->told, before->told, VDR_CHAIN_BYTES);
}

void
vdr_group_end(vdr_group *group)
{
    if (group->vault != NULL)
        vdr_vault_group_end(group->vault);
    group->vault = NULL;
}

/* Adds a record to both chains; the tale's length and the tale are elsewhere in its bytes than the
 * command, which is one piece. */
static void
group_add(vdr_group *group, const uint8_t *bytes, const shape *s)
{
    const uint8_t *told = bytes + s->head_len + s->commanded_len;
    group->index++;
    if (group->unchained)
        return;
    (void)crypto_generichash_update(&group->chain, bytes + AT_VERSION, (size_t)(told - bytes) - AT_VERSION);
    (void)crypto_generichash_update(&group->told, bytes + AT_TALE_LEN, 4);
    (void)crypto_generichash_update(&group->told, told, s->told_len);
}

/* After the last record: the heads become those with this group. */
static void
group_close(vdr_group *group)
{
    uint8_t numbers[12];
    if (group->unchained)
        return;
    vdr_put_le64(numbers, group->epoch);
    vdr_put_le32(numbers + 8, group->count);
    (void)crypto_generichash_update(&group->chain, numbers, sizeof numbers);
    (void)crypto_generichash_final(&group->chain, group->heads.chain, VDR_CHAIN_BYTES);
    (void)crypto_generichash_update(&group->told, group->heads.chain, VDR_CHAIN_BYTES);
    (void)crypto_generichash_final(&group->told, group->heads.told, VDR_CHAIN_BYTES);
}

static shape
shape_next(const vdr_group *group, const vdr_log_record *record)
{
    return shape_of(group->vault != NULL, (uint32_t)record->routing.len, (uint32_t)record->content.len,
                    (uint32_t)record->tale.len,
                    (uint8_t)((group->index + 1 == group->count ? FLAG_LAST : 0) |
                              (record->carries != 0 ? FLAG_CARRIES : 0)));
}

size_t
vdr_group_record_bytes(const vdr_group *group, const vdr_log_record *record)
{
    return shape_next(group, record).len;
}

static uint8_t *
put_span(uint8_t *at, vdr_span span)
{
    if (span.len != 0)
        memcpy(at, span.at, span.len);
    return at + span.len;
}

/* Seals what stands in a record's bytes, in place. */
static void
seal(vdr_vault *vault, vdr_position position, uint8_t *bytes, const shape *s)
{
    vdr_span bound = vdr_span_of(bytes + AT_BOUND, s->bound_len);
    size_t len = s->commanded_len - VDR_VAULT_TAG_BYTES;
    uint8_t *at = bytes + s->head_len;
    vdr_vault_record(vault, position, at - VDR_VAULT_ENVELOPE_BYTES);
    vdr_vault_seal_part(vault, VDR_VAULT_COMMANDED, bound, at, len, at + len);
    at += s->commanded_len;
    if (s->tale_len != 0)
        vdr_vault_seal_part(vault, VDR_VAULT_TOLD, bound, at, s->tale_len, at + s->tale_len);
}

void
vdr_group_write(vdr_group *group, const vdr_log_record *record, uint8_t *ret_bytes)
{
    VDR_ASSERT(group->index < group->count);
    vdr_position position = group->first + group->index;
    shape s = shape_next(group, record);

    vdr_put_le32(ret_bytes + AT_TALE_LEN, s.tale_len);
    ret_bytes[AT_VERSION] = s.sealed ? VDR_RECORD_SEALED : VDR_RECORD_PLAIN;
    ret_bytes[AT_FLAGS] = (uint8_t)((s.last ? FLAG_LAST : 0) | (s.carries ? FLAG_CARRIES : 0));
    vdr_put_le16(ret_bytes + AT_INDEX, (uint16_t)group->index);
    vdr_put_le64(ret_bytes + AT_KEY_ID, s.sealed ? position : record->key_id);
    vdr_put_le32(ret_bytes + AT_ROUTING_LEN, s.routing_len);
    vdr_put_le32(ret_bytes + AT_CONTENT_LEN, s.content_len);
    if (s.carries)
        vdr_put_le64(ret_bytes + AT_CARRIES, record->carries);
    uint8_t *at = put_span(ret_bytes + s.head_len, record->routing);
    (void)put_span(at, record->content);
    at = ret_bytes + s.head_len + s.commanded_len;
    (void)put_span(at, record->tale);
    if (s.sealed)
        seal(group->vault, position, ret_bytes, &s);

    group_add(group, ret_bytes, &s);
    if (s.last) {
        at += s.told_len;
        group_close(group);
        vdr_put_le64(at, group->epoch);
        vdr_put_le32(at + SEAL_COUNT, group->count);
        memcpy(at + SEAL_CHAIN, group->heads.chain, VDR_CHAIN_BYTES);
        memcpy(at + SEAL_TOLD, group->heads.told, VDR_CHAIN_BYTES);
    }
    vdr_put_le64(ret_bytes, check_of(position, ret_bytes, s.len));
}

void
vdr_walk_begin(vdr_walk *walk, const vdr_heads *before, uint64_t epoch, vdr_position first)
{
    walk->group.heads = *before;
    walk->group.epoch = epoch;
    walk->next = first;
    walk->inside = false;
}

vdr_err
vdr_walk_take(vdr_walk *walk, vdr_span bytes)
{
    vdr_group *group = &walk->group;
    vdr_record record;
    vdr_err err = vdr_record_read(walk->next, bytes, &record);
    if (err != VDR_OK)
        return err;
    if (!walk->inside) {
        vdr_heads before = group->heads;
        vdr_group_begin(group, &before, walk->next, group->epoch, 0, NULL);
        walk->inside = true;
    }
    if (record.index != group->index)
        return VDR_E_STORE_CORRUPT;
    shape s = shape_read(bytes.at);
    group_add(group, bytes.at, &s);
    if (record.last) {
        if (record.count != group->index || record.epoch < group->epoch)
            return VDR_E_STORE_CORRUPT;
        group->count = record.count;
        group->epoch = record.epoch;
        group_close(group);
        if (memcmp(&group->heads, &record.heads, sizeof record.heads) != 0)
            return VDR_E_STORE_CORRUPT;
        walk->inside = false;
    }
    walk->carries = record.body.carries;
    walk->next++;
    return VDR_OK;
}
