#include "store/record.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/press.h"

#include <stdlib.h>

/* Formats 1 and 2. */
enum {
    AT_TALE_LEN = 8,
    AT_OLD_VERSION = 12,
    AT_OLD_FLAGS = 13,
    AT_OLD_INDEX = 14,
    AT_KEY_ID = 16,
    AT_ROUTING_LEN = 24,
    AT_CONTENT_LEN = 28,
    OLD_ENVELOPE_BYTES = VDR_VAULT_ENVELOPE_BYTES + VDR_VAULT_KEY_BYTES,
};

/* Format 3; and the seal of all. */
enum {
    AT_BOUND = 8,
    AT_INDEX = 8,
    AT_FLAGS = 10,
    AT_VERSION = 11,
    AT_VERSION_AGAIN = 12,
    AT_ENVELOPE = 13,
    AT_NUMBERS = AT_ENVELOPE + VDR_VAULT_ENVELOPE_BYTES,
    SEAL_COUNT = 8,
    SEAL_CHAIN = 12,
    SEAL_TOLD = SEAL_CHAIN + VDR_CHAIN_BYTES,
};

#define FLAG_LAST     1u
#define FLAG_CARRIES  2u
#define FLAG_PRESSED  4u
#define CARRIES_BYTES 8u
#define PRESS_LEAST   32u /* less is not worth it */

struct vdr_group_room {
    vdr_press press;
    uint32_t made; /* one more than the index of the record below; 0: none */
    size_t commanded_len, told_len;
    bool pressed;
    uint8_t plain[VDR_PRESS_BYTES_MAX];
    uint8_t bytes[2 * LZ4_COMPRESSBOUND(VDR_PRESS_BYTES_MAX)]; /* of two parts */
};

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
    uint8_t version, flags;
    uint32_t routing_len, content_len, tale_len; /* as they read */
    size_t tale_len_at, tale_len_end;            /* where the last of them is told */
    size_t head_len, commanded_len, told_len, len;
} shape;

static bool
has(const shape *s, uint8_t flag)
{
    return (s->flags & flag) != 0;
}

/* Sets s->len, and of formats 1 and 2 all that follows from the lengths. */
static void
shape_old(shape *s)
{
    bool sealed = s->version == VDR_RECORD_HALVES;
    s->head_len = VDR_RECORD_HEAD_BYTES + (has(s, FLAG_CARRIES) ? CARRIES_BYTES : 0) +
                  (sealed ? OLD_ENVELOPE_BYTES : 0);
    s->tale_len_at = AT_TALE_LEN;
    s->tale_len_end = AT_OLD_VERSION;
    s->commanded_len = (size_t)s->routing_len + s->content_len + (sealed ? VDR_VAULT_TAG_BYTES : 0);
    s->told_len = s->tale_len + (sealed && s->tale_len != 0 ? (size_t)VDR_VAULT_TAG_BYTES : 0);
    s->len = s->head_len + s->commanded_len + s->told_len + (has(s, FLAG_LAST) ? VDR_RECORD_SEAL_BYTES : 0);
}

static size_t
number_bytes(size_t number)
{
    size_t bytes = 1;
    for (; number >= 0x80; number >>= 7)
        bytes++;
    return bytes;
}

static uint8_t *
put_number(uint8_t *at, size_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

/* A number of at most 28 bits, which what is up to VDR_LOG_PART_BYTES_MAX has; false where it is none. */
static bool
take_number(vdr_span bytes, size_t *at, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (unsigned shift = 0; shift < 28 && *at < bytes.len; shift += 7) {
        uint8_t byte = bytes.at[(*at)++];
        number |= (uint32_t)(byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        *ret_number = number;
        return byte != 0 || shift == 0;
    }
    return false;
}

/* False: no record of format 3 has these lengths in so many bytes. */
static bool
shape_read_sealed(vdr_span bytes, shape *s)
{
    size_t at = AT_NUMBERS + (has(s, FLAG_CARRIES) ? CARRIES_BYTES : 0);
    uint32_t commanded_len = 0;
    if (!take_number(bytes, &at, &s->routing_len) || !take_number(bytes, &at, &s->content_len) ||
        (has(s, FLAG_PRESSED) && !take_number(bytes, &at, &commanded_len)))
        return false;
    s->tale_len_at = at;
    if (!take_number(bytes, &at, &s->tale_len))
        return false;
    s->head_len = s->tale_len_end = at;
    s->commanded_len = has(s, FLAG_PRESSED) ? commanded_len : (size_t)s->routing_len + s->content_len;
    size_t seal_len = has(s, FLAG_LAST) ? VDR_RECORD_SEAL_BYTES : 0;
    size_t least = s->head_len + s->commanded_len + VDR_VAULT_TAG_BYTES + seal_len;
    if (bytes.len < least)
        return false;
    s->told_len = bytes.len - least + VDR_VAULT_TAG_BYTES;
    s->len = bytes.len;
    return has(s, FLAG_PRESSED) || s->told_len == (size_t)s->tale_len + VDR_VAULT_TAG_BYTES;
}

static vdr_err
shape_read(vdr_span bytes, shape *ret_shape)
{
    shape s = {.version = bytes.len > AT_VERSION ? bytes.at[AT_VERSION] : 0};
    if (s.version >= VDR_RECORD_SEALED) {
        if (s.version != VDR_RECORD_SEALED)
            return VDR_E_STORE_VERSION;
        if (bytes.len <= AT_VERSION_AGAIN || bytes.at[AT_VERSION_AGAIN] != s.version)
            return VDR_E_STORE_CORRUPT;
        s.flags = bytes.at[AT_FLAGS];
        if ((s.flags & ~(FLAG_LAST | FLAG_CARRIES | FLAG_PRESSED)) != 0)
            return VDR_E_STORE_VERSION; /* something that this release does not know */
        if (!shape_read_sealed(bytes, &s))
            return VDR_E_STORE_CORRUPT;
        *ret_shape = s;
        return VDR_OK;
    }
    if (bytes.len < VDR_RECORD_HEAD_BYTES)
        return VDR_E_STORE_CORRUPT;
    s.version = bytes.at[AT_OLD_VERSION];
    s.flags = bytes.at[AT_OLD_FLAGS];
    if ((s.version != VDR_RECORD_PLAIN && s.version != VDR_RECORD_HALVES) ||
        (s.flags & ~(FLAG_LAST | FLAG_CARRIES)) != 0)
        return VDR_E_STORE_VERSION;
    s.routing_len = vdr_get_le32(bytes.at + AT_ROUTING_LEN);
    s.content_len = vdr_get_le32(bytes.at + AT_CONTENT_LEN);
    s.tale_len = vdr_get_le32(bytes.at + AT_TALE_LEN);
    shape_old(&s);
    if (bytes.len != s.len)
        return VDR_E_STORE_CORRUPT;
    *ret_shape = s;
    return VDR_OK;
}

/* What of a sealed record can be told without its key. STORE_CORRUPT. */
static vdr_err
read_sealed(vdr_position position, vdr_span bytes, const shape *s, vdr_record *record)
{
    bool old = s->version == VDR_RECORD_HALVES;
    const uint8_t *at = bytes.at + s->head_len;
    if (old && vdr_get_le64(bytes.at + AT_KEY_ID) != position)
        return VDR_E_STORE_CORRUPT;
    vdr_vault_key_read(position, old ? at - OLD_ENVELOPE_BYTES : bytes.at + AT_ENVELOPE, &record->key);
    if (old)
        memcpy(record->key.wrapped, at - VDR_VAULT_KEY_BYTES, VDR_VAULT_KEY_BYTES);
    if (record->key.generation == 0) /* that is how a plain one is told */
        return VDR_E_STORE_CORRUPT;
    record->body.key_id = position;
    record->bound = vdr_span_of(bytes.at + AT_BOUND, s->head_len - AT_BOUND - (old ? OLD_ENVELOPE_BYTES : 0));
    record->commanded = vdr_span_of(at, s->commanded_len);
    record->told = vdr_span_of(at + s->commanded_len, s->told_len);
    return VDR_OK;
}

vdr_err
vdr_record_read(vdr_position position, vdr_span bytes, vdr_record *ret_record)
{
    shape s;
    if (bytes.len < VDR_CHECK_BYTES || vdr_get_le64(bytes.at) != check_of(position, bytes.at, bytes.len))
        return VDR_E_STORE_CORRUPT;
    vdr_err err = shape_read(bytes, &s);
    if (err != VDR_OK)
        return err;
    bool plain = s.version == VDR_RECORD_PLAIN, now = s.version == VDR_RECORD_SEALED;
    vdr_record record = {.index = vdr_get_le16(bytes.at + (now ? AT_INDEX : AT_OLD_INDEX)),
                         .bytes = s.len,
                         .version = s.version,
                         .pressed = has(&s, FLAG_PRESSED),
                         .last = has(&s, FLAG_LAST)};
    if (plain)
        record.body.key_id = vdr_get_le64(bytes.at + AT_KEY_ID);
    else
        err = read_sealed(position, bytes, &s, &record);
    if (err == VDR_OK && has(&s, FLAG_CARRIES)) {
        record.body.carries = vdr_get_le64(bytes.at + (now ? AT_NUMBERS : VDR_RECORD_HEAD_BYTES));
        if (record.body.carries == 0 || record.body.carries >= position)
            err = VDR_E_STORE_CORRUPT;
    }
    if (err != VDR_OK)
        return err;
    const uint8_t *at = bytes.at + s.head_len;
    record.body.routing = vdr_span_of(plain ? at : NULL, s.routing_len);
    record.body.content = vdr_span_of(plain ? at + s.routing_len : NULL, s.content_len);
    record.body.tale = vdr_span_of(plain ? at + s.commanded_len : NULL, s.tale_len);
    if (record.last) {
        const uint8_t *seal = at + s.commanded_len + s.told_len;
        record.epoch = vdr_get_le64(seal);
        record.count = vdr_get_le32(seal + SEAL_COUNT);
        memcpy(record.heads.chain, seal + SEAL_CHAIN, VDR_CHAIN_BYTES);
        memcpy(record.heads.told, seal + SEAL_TOLD, VDR_CHAIN_BYTES);
    }
    *ret_record = record;
    return VDR_OK;
}

/* Of format 2. */
static vdr_err
open_halves(const vdr_record *record, const uint8_t *key, uint8_t *ret_bytes)
{
    size_t commanded_len = record->commanded.len - VDR_VAULT_TAG_BYTES;
    vdr_err err = vdr_vault_open_part(key, VDR_VAULT_COMMANDED, record->bound, record->commanded, ret_bytes);
    if (err == VDR_OK && record->body.tale.len != 0)
        err =
            vdr_vault_open_part(key, VDR_VAULT_TOLD, record->bound, record->told, ret_bytes + commanded_len);
    return err;
}

/* Of format 3. sealed_len without the tag; where the record is pressed, ret_bytes has room for that many behind what
 * it says. */
static vdr_err
open_whole(const vdr_record *record, const uint8_t *key, uint8_t *ret_bytes)
{
    size_t commanded = record->body.routing.len + record->body.content.len,
           all = commanded + record->body.tale.len, told = record->told.len - VDR_VAULT_TAG_BYTES;
    uint8_t *to = record->pressed ? ret_bytes + all : ret_bytes;
    vdr_span sealed = vdr_span_of(record->commanded.at, record->commanded.len + record->told.len);
    vdr_err err = vdr_vault_open_part(key, VDR_VAULT_WHOLE, record->bound, sealed, to);
    if (err != VDR_OK || !record->pressed)
        return err;
    err = vdr_press_open(vdr_span_of(to, record->commanded.len), ret_bytes, 0, commanded);
    if (err == VDR_OK)
        err = vdr_press_open(vdr_span_of(to + record->commanded.len, told), ret_bytes, commanded, all);
    return err;
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
    size_t need = len + (record->pressed ? record->commanded.len + record->told.len : 0);
    if (need + 1 > room->max) { /* never empty, so that what is empty is not absent */
        vdr_record_room_done(room);
        room->max = 2 * need + 4096;
        room->bytes = vdr_alloc(room->max, 1);
    }
    if (record->version == VDR_RECORD_HALVES)
        err = open_halves(record, key, room->bytes);
    else
        err = open_whole(record, key, room->bytes);
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
    group->room = vault != NULL ? vdr_alloc(1, sizeof *group->room) : NULL;
    if (vault != NULL) {
        vdr_press_init(&group->room->press);
        vdr_vault_group_begin(vault);
    }
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
    if (group->vault == NULL)
        return;
    vdr_vault_group_end(group->vault);
    sodium_memzero(group->room, sizeof *group->room);
    free(group->room);
    group->vault = NULL;
    group->room = NULL;
}

/* Adds a record to both chains; how long its tale is belongs to the tale, which is elsewhere in its bytes. */
static void
group_add(vdr_group *group, const uint8_t *bytes, const shape *s)
{
    const uint8_t *commanded = bytes + s->head_len, *told = commanded + s->commanded_len;
    group->index++;
    if (group->unchained)
        return;
    if (s->version == VDR_RECORD_SEALED) {
        (void)crypto_generichash_update(&group->chain, bytes + AT_BOUND, s->tale_len_at - AT_BOUND);
        (void)crypto_generichash_update(&group->chain, commanded, s->commanded_len);
    } else {
        (void)crypto_generichash_update(&group->chain, bytes + AT_OLD_VERSION,
                                        (size_t)(told - bytes) - AT_OLD_VERSION);
    }
    (void)crypto_generichash_update(&group->told, bytes + s->tale_len_at, s->tale_len_end - s->tale_len_at);
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

static uint8_t *
put_span(uint8_t *at, vdr_span span)
{
    if (span.len != 0)
        memcpy(at, span.at, span.len);
    return at + span.len;
}

/* Presses the next record, if that makes it smaller. */
static void
press(vdr_group *group, const vdr_log_record *record)
{
    vdr_group_room *room = group->room;
    size_t commanded = record->routing.len + record->content.len, all = commanded + record->tale.len;
    room->made = group->index + 1;
    room->pressed = false;
    if (all < PRESS_LEAST || all > VDR_PRESS_BYTES_MAX)
        return;
    (void)put_span(put_span(put_span(room->plain, record->routing), record->content), record->tale);
    vdr_press_begin(&room->press);
    room->commanded_len = vdr_press_part(&room->press, room->plain, 0, commanded, room->bytes);
    room->told_len =
        vdr_press_part(&room->press, room->plain, commanded, all, room->bytes + room->commanded_len);
    room->pressed = room->commanded_len + room->told_len + number_bytes(room->commanded_len) < all;
}

static shape
shape_next(vdr_group *group, const vdr_log_record *record)
{
    const vdr_group_room *room = group->room;
    shape s = {.version = room != NULL ? VDR_RECORD_SEALED : VDR_RECORD_PLAIN,
               .flags = (uint8_t)((group->index + 1 == group->count ? FLAG_LAST : 0) |
                                  (record->carries != 0 ? FLAG_CARRIES : 0)),
               .routing_len = (uint32_t)record->routing.len,
               .content_len = (uint32_t)record->content.len,
               .tale_len = (uint32_t)record->tale.len};
    if (room == NULL) {
        shape_old(&s);
        return s;
    }
    if (room->made != group->index + 1)
        press(group, record);
    s.flags |= room->pressed ? FLAG_PRESSED : 0;
    s.commanded_len = room->pressed ? room->commanded_len : record->routing.len + record->content.len;
    s.told_len = (room->pressed ? room->told_len : record->tale.len) + VDR_VAULT_TAG_BYTES;
    s.tale_len_at = AT_NUMBERS + (record->carries != 0 ? CARRIES_BYTES : 0) + number_bytes(s.routing_len) +
                    number_bytes(s.content_len) + (room->pressed ? number_bytes(s.commanded_len) : 0);
    s.head_len = s.tale_len_end = s.tale_len_at + number_bytes(s.tale_len);
    s.len = s.head_len + s.commanded_len + s.told_len + (has(&s, FLAG_LAST) ? VDR_RECORD_SEAL_BYTES : 0);
    return s;
}

size_t
vdr_group_record_bytes(vdr_group *group, const vdr_log_record *record)
{
    return shape_next(group, record).len;
}

static void
write_plain(const vdr_group *group, const vdr_log_record *record, const shape *s, uint8_t *ret_bytes)
{
    vdr_put_le32(ret_bytes + AT_TALE_LEN, s->tale_len);
    ret_bytes[AT_OLD_VERSION] = s->version;
    ret_bytes[AT_OLD_FLAGS] = s->flags;
    vdr_put_le16(ret_bytes + AT_OLD_INDEX, (uint16_t)group->index);
    vdr_put_le64(ret_bytes + AT_KEY_ID, record->key_id);
    vdr_put_le32(ret_bytes + AT_ROUTING_LEN, s->routing_len);
    vdr_put_le32(ret_bytes + AT_CONTENT_LEN, s->content_len);
    if (record->carries != 0)
        vdr_put_le64(ret_bytes + VDR_RECORD_HEAD_BYTES, record->carries);
    (void)put_span(put_span(put_span(ret_bytes + s->head_len, record->routing), record->content),
                   record->tale);
}

static void
write_sealed(vdr_group *group, const vdr_log_record *record, const shape *s, uint8_t *ret_bytes)
{
    const vdr_group_room *room = group->room;
    size_t len = s->commanded_len + s->told_len - VDR_VAULT_TAG_BYTES;
    vdr_put_le16(ret_bytes + AT_INDEX, (uint16_t)group->index);
    ret_bytes[AT_FLAGS] = s->flags;
    ret_bytes[AT_VERSION] = ret_bytes[AT_VERSION_AGAIN] = s->version;
    vdr_vault_record(group->vault, group->first + group->index, ret_bytes + AT_ENVELOPE);
    uint8_t *at = ret_bytes + AT_NUMBERS;
    if (record->carries != 0) {
        vdr_put_le64(at, record->carries);
        at += CARRIES_BYTES;
    }
    at = put_number(put_number(at, s->routing_len), s->content_len);
    if (room->pressed)
        at = put_number(at, s->commanded_len);
    at = put_number(at, s->tale_len);
    if (room->pressed)
        memcpy(at, room->bytes, len);
    else
        (void)put_span(put_span(put_span(at, record->routing), record->content), record->tale);
    vdr_span bound = vdr_span_of(ret_bytes + AT_BOUND, s->head_len - AT_BOUND);
    vdr_vault_seal_part(group->vault, VDR_VAULT_WHOLE, bound, at, len, at + len);
}

void
vdr_group_write(vdr_group *group, const vdr_log_record *record, uint8_t *ret_bytes)
{
    VDR_ASSERT(group->index < group->count);
    vdr_position position = group->first + group->index;
    shape s = shape_next(group, record);
    if (s.version == VDR_RECORD_PLAIN)
        write_plain(group, record, &s, ret_bytes);
    else
        write_sealed(group, record, &s, ret_bytes);
    group_add(group, ret_bytes, &s);
    if (has(&s, FLAG_LAST)) {
        uint8_t *at = ret_bytes + s.head_len + s.commanded_len + s.told_len;
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
    shape s;
    err = shape_read(bytes, &s);
    VDR_ASSERT(err == VDR_OK); /* it was read */
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
