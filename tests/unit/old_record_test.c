/* Goal: a store whose records are of the first releases (store/record.h, format 2) opens, verifies, reads, is
 * erased from and goes on in the format of now; its bytes are made here, by what their layout says. */
#include "store_bed.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/record.h"
#include "store/vault_inside.h"

#define TALE "what was told because of it, 40 bytes..."

/* The heads after what was made so far. */
static uint8_t chain[32], told[32];

static void
put_part(const uint8_t *data_key, uint8_t part, const uint8_t *head, uint8_t *bytes, size_t len)
{
    uint8_t nonce[12] = {part};
    assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt_detached(bytes, bytes + len, NULL, bytes, len,
                                                                        head + 8, 24, NULL, nonce, data_key),
                     0);
}

/* A record of position as it was; returns its length. tale: without one where it is false. */
static size_t
old_record(const bed *b, vdr_position position, uint16_t index, bool last, bool tale, uint8_t *bytes)
{
    uint8_t data_key[32], salt[8] = {3, 1, 4, 1, 5, 9, 2, 6}, content[600];
    size_t content_len = bed_pattern(position, content, sizeof content),
           tale_len = tale ? sizeof TALE - 1 : 0;
    memset(bytes, 0, 32);
    vdr_put_le32(bytes + 8, (uint32_t)tale_len);
    bytes[12] = 2;
    bytes[13] = last;
    vdr_put_le16(bytes + 14, index);
    vdr_put_le64(bytes + 16, position);
    vdr_put_le32(bytes + 24, 7);
    vdr_put_le32(bytes + 28, (uint32_t)content_len);
    randombytes_buf(data_key, sizeof data_key);
    vdr_put_le32(bytes + 32, b->vault->secrets->newest.generation);
    memcpy(bytes + 36, salt, sizeof salt);
    vdr_vault_wrap(b->vault->secrets->newest.record, salt, position, data_key, bytes + 44);
    uint8_t *at = bytes + 76;
    memcpy(at, "routing", 7);
    memcpy(at + 7, content, content_len);
    put_part(data_key, 0, bytes, at, 7 + content_len);
    at += 7 + content_len + 16;
    if (tale) {
        memcpy(at, TALE, tale_len);
        put_part(data_key, 1, bytes, at, tale_len);
        at += tale_len + 16;
    }
    return (size_t)(at - bytes);
}

/* A group of count records from position on, put into the closed store. */
static void
put_old_group(const bed *b, vdr_position first, uint16_t count)
{
    static uint8_t bytes[16][1024];
    size_t len[16];
    uint8_t number[8], numbers[12], key[8];
    crypto_generichash_state of_chain, of_told;
    (void)crypto_generichash_init(&of_chain, NULL, 0, 32);
    (void)crypto_generichash_init(&of_told, NULL, 0, 32);
    vdr_put_le64(number, first);
    (void)crypto_generichash_update(&of_chain, chain, 32);
    (void)crypto_generichash_update(&of_chain, number, 8);
    (void)crypto_generichash_update(&of_told, told, 32);
    for (uint16_t i = 0; i < count; i++) {
        len[i] = old_record(b, first + i, i, i + 1 == count, true, bytes[i]);
        size_t told_at = len[i] - (sizeof TALE - 1 + 16);
        (void)crypto_generichash_update(&of_chain, bytes[i] + 12, told_at - 12);
        (void)crypto_generichash_update(&of_told, bytes[i] + 8, 4);
        (void)crypto_generichash_update(&of_told, bytes[i] + told_at, len[i] - told_at);
    }
    vdr_put_le64(numbers, 1);
    vdr_put_le32(numbers + 8, count);
    (void)crypto_generichash_update(&of_chain, numbers, 12);
    (void)crypto_generichash_final(&of_chain, chain, 32);
    (void)crypto_generichash_update(&of_told, chain, 32);
    (void)crypto_generichash_final(&of_told, told, 32);
    uint8_t *seal = bytes[count - 1] + len[count - 1];
    memcpy(seal, numbers, 12);
    memcpy(seal + 12, chain, 32);
    memcpy(seal + 44, told, 32);
    len[count - 1] += 76;
    for (uint16_t i = 0; i < count; i++) {
        vdr_put_be64(key, first + i);
        vdr_put_le64(bytes[i], vdr_check_of(vdr_span_of(key, 8), vdr_span_of(bytes[i] + 8, len[i] - 8)));
        bed_forge(b, "log", "record", vdr_span_of(key, 8), vdr_span_of(bytes[i], len[i]));
    }
}

/* Two groups of five as they were, and one of three as they are. */
static void
old_store(bed *b)
{
    memset(chain, 0, sizeof chain);
    memset(told, 0, sizeof told);
    bed_open(b);
    vdr_log_close(&b->log);
    put_old_group(b, 1, 5);
    put_old_group(b, 6, 5);
    b->next = 11;
    bed_open(b);
    bed_append(b, 3);
}

static void
an_old_store_opens_verifies_and_goes_on(void **state)
{
    bed *b = *state;
    old_store(b);
    bed_check(b, 1, 14);
    bed_verify(b);
    bed_reopen(b);
    bed_append(b, 4);
    bed_check(b, 1, 18);
    bed_verify(b);
    size_t removed;
    assert_int_equal(vdr_log_cut(b->log, 8, 100, &removed), VDR_OK);
    assert_int_equal(removed, 5);
    bed_check(b, 6, 18);
    bed_verify(b);
}

static void
an_old_record_is_of_its_layout(void **state)
{
    bed *b = *state;
    static uint8_t bytes[1024];
    uint8_t key[8] = {[7] = 9};
    vdr_record record;
    vdr_record_room room = {0};
    vdr_log_record opened;
    bed_open(b);
    for (int tale = 0; tale < 2; tale++) {
        size_t len = old_record(b, 9, 4, false, tale != 0, bytes);
        for (size_t flip = 8; flip <= len; flip++) {
            if (flip < len)
                bytes[flip] ^= 0x10;
            vdr_put_le64(bytes, vdr_check_of(vdr_span_of(key, 8), vdr_span_of(bytes + 8, len - 8)));
            vdr_err err = vdr_record_read(9, vdr_span_of(bytes, len), &record);
            if (err == VDR_OK)
                err = vdr_record_open(&record, b->vault, &room, &opened);
            if ((err == VDR_OK) != (flip == len))
                fail_msg("%s tale, byte %zu: %s", tale != 0 ? "with a" : "no", flip, vdr_err_code(err));
            if (flip < len)
                bytes[flip] ^= 0x10;
        }
        assert_int_equal(record.index, 4);
        assert_int_equal(opened.tale.len, tale != 0 ? 40 : 0);
    }
    vdr_record_room_done(&room);
}

/* An earlier release looks at byte 12, and says store_version where that is neither 1 nor 2. */
static void
a_record_of_now_is_told_apart_where_earlier_releases_look(void **state)
{
    bed *b = *state;
    static uint8_t bytes[1024];
    const vdr_log_record record = {.routing = vdr_span_str("routing"), .content = vdr_span_str("content")};
    const vdr_heads none = {{0}, {0}};
    vdr_record read;
    bed_open(b);
    vdr_group group;
    vdr_group_begin(&group, &none, 1, 1, 1, b->vault);
    size_t len = vdr_group_record_bytes(&group, &record);
    assert_true(len < sizeof bytes);
    vdr_group_write(&group, &record, bytes);
    vdr_group_end(&group);
    assert_int_equal(vdr_record_read(1, vdr_span_of(bytes, len), &read), VDR_OK);
    assert_int_equal(bytes[12], VDR_RECORD_SEALED);
}

static void
a_turn_keeps_old_records_and_new_ones(void **state)
{
    bed *b = *state;
    vdr_vault_table *table;
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_vault_key key;
    old_store(b);
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_int_equal(vdr_vault_table_begin(b->vault, &table), VDR_OK);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    for (vdr_position at = 2; at < 14; at += 3) {
        assert_int_equal(vdr_log_read_key(reader, at, &key), VDR_OK);
        assert_int_equal(vdr_vault_table_add(table, &key), VDR_OK);
    }
    assert_int_equal(vdr_vault_turn_finish(b->vault, &table), VDR_OK);
    for (vdr_position at = 1; at < 14; at++)
        if (vdr_log_read(reader, at, &record) != (at % 3 == 2 ? VDR_OK : VDR_E_ERASED))
            fail_msg("record %llu", (unsigned long long)at);
    vdr_log_reader_close(&reader);
    bed_verify(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED(an_old_store_opens_verifies_and_goes_on, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(an_old_record_is_of_its_layout, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(a_record_of_now_is_told_apart_where_earlier_releases_look, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(a_turn_keeps_old_records_and_new_ones, "lmdb, sealed", bed_setup_lmdb_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
