#include "store/record.h"

#include "store/bytes.h"
#include "store/check.h"

enum {
    AT_TALE_LEN = 8,
    AT_VERSION = 12,
    AT_FLAGS = 13,
    AT_INDEX = 14,
    AT_KEY_ID = 16,
    AT_ROUTING_LEN = 24,
    AT_CONTENT_LEN = 28,
    SEAL_COUNT = 8,
    SEAL_CHAIN = 12,
    SEAL_TOLD = SEAL_CHAIN + VDR_CHAIN_BYTES,
};

#define FLAG_LAST 1u

static uint64_t
check_of(vdr_position position, const uint8_t *bytes, size_t len)
{
    uint8_t key[8];
    vdr_put_be64(key, position);
    return vdr_check_of(vdr_span_of(key, sizeof key),
                        vdr_span_of(bytes + VDR_CHECK_BYTES, len - VDR_CHECK_BYTES));
}

vdr_err
vdr_record_read(vdr_position position, vdr_span bytes, vdr_record *ret_record)
{
    if (bytes.len < VDR_RECORD_HEAD_BYTES ||
        vdr_get_le64(bytes.at) != check_of(position, bytes.at, bytes.len))
        return VDR_E_STORE_CORRUPT;
    if (bytes.at[AT_VERSION] != VDR_RECORD_VERSION)
        return VDR_E_STORE_VERSION;
    uint64_t routing_len = vdr_get_le32(bytes.at + AT_ROUTING_LEN);
    uint64_t content_len = vdr_get_le32(bytes.at + AT_CONTENT_LEN);
    uint64_t tale_len = vdr_get_le32(bytes.at + AT_TALE_LEN);
    bool last = (bytes.at[AT_FLAGS] & FLAG_LAST) != 0;
    if (bytes.len !=
        VDR_RECORD_HEAD_BYTES + routing_len + content_len + tale_len + (last ? VDR_RECORD_SEAL_BYTES : 0))
        return VDR_E_STORE_CORRUPT;

    const uint8_t *at = bytes.at + VDR_RECORD_HEAD_BYTES;
    vdr_record record = {.index = vdr_get_le16(bytes.at + AT_INDEX), .last = last};
    record.body.key_id = vdr_get_le64(bytes.at + AT_KEY_ID);
    record.body.routing = vdr_span_of(at, routing_len);
    record.body.content = vdr_span_of(at + routing_len, content_len);
    record.body.tale = vdr_span_of(at + routing_len + content_len, tale_len);
    if (last) {
        const uint8_t *seal = at + routing_len + content_len + tale_len;
        record.epoch = vdr_get_le64(seal);
        record.count = vdr_get_le32(seal + SEAL_COUNT);
        memcpy(record.heads.chain, seal + SEAL_CHAIN, VDR_CHAIN_BYTES);
        memcpy(record.heads.told, seal + SEAL_TOLD, VDR_CHAIN_BYTES);
    }
    *ret_record = record;
    return VDR_OK;
}

void
vdr_group_begin(vdr_group *group, const vdr_heads *before, vdr_position first, uint64_t epoch, size_t count)
{
    VDR_ASSERT(count <= UINT16_MAX);
    uint8_t number[8];
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

/* Adds a record to both chains; the tale's length and the tale are elsewhere in its bytes than the
 * command, which is one piece. */
static void
group_add(vdr_group *group, const uint8_t *bytes, size_t command_len, size_t tale_len)
{
    const uint8_t *tale = bytes + VDR_RECORD_HEAD_BYTES + command_len;
    (void)crypto_generichash_update(&group->chain, bytes + AT_VERSION,
                                    VDR_RECORD_HEAD_BYTES - AT_VERSION + command_len);
    (void)crypto_generichash_update(&group->told, bytes + AT_TALE_LEN, 4);
    (void)crypto_generichash_update(&group->told, tale, tale_len);
    group->index++;
}

/* After the last record: the heads become those with this group. */
static void
group_end(vdr_group *group)
{
    uint8_t numbers[12];
    vdr_put_le64(numbers, group->epoch);
    vdr_put_le32(numbers + 8, group->count);
    (void)crypto_generichash_update(&group->chain, numbers, sizeof numbers);
    (void)crypto_generichash_final(&group->chain, group->heads.chain, VDR_CHAIN_BYTES);
    (void)crypto_generichash_update(&group->told, group->heads.chain, VDR_CHAIN_BYTES);
    (void)crypto_generichash_final(&group->told, group->heads.told, VDR_CHAIN_BYTES);
}

size_t
vdr_group_record_bytes(const vdr_group *group, const vdr_log_record *record)
{
    return VDR_RECORD_HEAD_BYTES + record->routing.len + record->content.len + record->tale.len +
           (group->index + 1 == group->count ? VDR_RECORD_SEAL_BYTES : 0);
}

static uint8_t *
put_span(uint8_t *at, vdr_span span)
{
    if (span.len != 0)
        memcpy(at, span.at, span.len);
    return at + span.len;
}

void
vdr_group_write(vdr_group *group, const vdr_log_record *record, uint8_t *ret_bytes)
{
    VDR_ASSERT(group->index < group->count);
    vdr_position position = group->first + group->index;
    bool last = group->index + 1 == group->count;
    size_t len = vdr_group_record_bytes(group, record);

    vdr_put_le32(ret_bytes + AT_TALE_LEN, (uint32_t)record->tale.len);
    ret_bytes[AT_VERSION] = VDR_RECORD_VERSION;
    ret_bytes[AT_FLAGS] = last ? FLAG_LAST : 0;
    vdr_put_le16(ret_bytes + AT_INDEX, (uint16_t)group->index);
    vdr_put_le64(ret_bytes + AT_KEY_ID, record->key_id);
    vdr_put_le32(ret_bytes + AT_ROUTING_LEN, (uint32_t)record->routing.len);
    vdr_put_le32(ret_bytes + AT_CONTENT_LEN, (uint32_t)record->content.len);
    uint8_t *at = put_span(ret_bytes + VDR_RECORD_HEAD_BYTES, record->routing);
    at = put_span(put_span(at, record->content), record->tale);

    group_add(group, ret_bytes, record->routing.len + record->content.len, record->tale.len);
    if (last) {
        group_end(group);
        vdr_put_le64(at, group->epoch);
        vdr_put_le32(at + SEAL_COUNT, group->count);
        memcpy(at + SEAL_CHAIN, group->heads.chain, VDR_CHAIN_BYTES);
        memcpy(at + SEAL_TOLD, group->heads.told, VDR_CHAIN_BYTES);
    }
    vdr_put_le64(ret_bytes, check_of(position, ret_bytes, len));
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
        vdr_group_begin(group, &before, walk->next, group->epoch, 0);
        walk->inside = true;
    }
    if (record.index != group->index)
        return VDR_E_STORE_CORRUPT;
    group_add(group, bytes.at, record.body.routing.len + record.body.content.len, record.body.tale.len);
    if (record.last) {
        if (record.count != group->index || record.epoch < group->epoch)
            return VDR_E_STORE_CORRUPT;
        group->count = record.count;
        group->epoch = record.epoch;
        group_end(group);
        if (memcmp(&group->heads, &record.heads, sizeof record.heads) != 0)
            return VDR_E_STORE_CORRUPT;
        walk->inside = false;
    }
    walk->next++;
    return VDR_OK;
}
