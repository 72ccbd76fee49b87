/* Goal: checkpoints as releases sealed them that did not press load, and are followed by whole ones of now; a release
 * that knows the former alone says store_version of the latter. */
#include "store_bed.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/ops.h"

#define BLOCKS 5u

static const char head[] = "tables and counters";

/* Block number of the checkpoint at position; of the last number it compresses well. */
static size_t
block(vdr_position position, uint32_t number, uint8_t ret_bytes[3000])
{
    size_t len = number * 700;
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(number == BLOCKS - 1 ? position : (i * i) ^ (i >> 5) ^ position * 31);
    return len;
}

/* A row as it was; returns its check. */
static uint64_t
put_row(bed *b, const char *table, vdr_span key, uint8_t *row, size_t len)
{
    uint64_t check = vdr_check_of(key, vdr_span_of(row + VDR_CHECK_BYTES, len - VDR_CHECK_BYTES));
    vdr_put_le64(row, check);
    bed_forge(b, "state", table, key, vdr_span_of(row, len));
    return check;
}

/* The checkpoint at position 7, of generation 1, as it was written. */
static void
old_store(bed *b)
{
    static uint8_t bytes[3000], row[4096];
    uint8_t key[16], bound[48] = {0};
    uint64_t sum = 0;
    bed_open_checkpoint(b);
    vdr_checkpoint_close(&b->checkpoint);
    for (uint32_t number = 0; number < BLOCKS; number++) {
        size_t len = block(7, number, bytes);
        vdr_put_be32(key, 3);
        vdr_put_be32(key + 4, number);
        vdr_put_be64(key + 8, 1);
        vdr_put_le32(row + VDR_CHECK_BYTES, 1);
        (void)vdr_vault_seal_block(b->vault, vdr_span_of(key, 8), vdr_span_of(bytes, len),
                                   row + VDR_CHECK_BYTES + 4);
        sum +=
            put_row(b, "block", vdr_span_of(key, 16), row, VDR_CHECK_BYTES + 4 + len + VDR_VAULT_BLOCK_BYTES);
    }
    uint8_t *at = row + VDR_CHECK_BYTES;
    memset(row, 0, sizeof row);
    vdr_put_le32(at, 2);
    vdr_put_le64(at + 4, 7);
    vdr_put_le64(at + 44, BLOCKS);
    vdr_put_le64(at + 52, sum);
    vdr_put_le32(at + 60, 1);
    vdr_put_be64(bound, 7);
    vdr_put_be64(bound + 40, BLOCKS);
    uint32_t generation = vdr_vault_seal_block(b->vault, vdr_span_of(bound, 48), vdr_span_str(head), at + 64);
    assert_int_equal(generation, 1);
    vdr_put_be64(key, 1);
    (void)put_row(b, "manifest", vdr_span_of(key, 8), row,
                  VDR_CHECK_BYTES + 64 + sizeof head - 1 + VDR_VAULT_BLOCK_BYTES);
    bed_open_checkpoint(b);
}

typedef struct seen {
    vdr_position position;
    uint32_t count;
} seen;

static vdr_err
compare(void *context, vdr_block_id id, vdr_span bytes)
{
    static uint8_t want[3000];
    seen *s = context;
    size_t len = block(s->position, id.number, want);
    assert_int_equal(id.table, 3);
    assert_int_equal(id.number, s->count++);
    assert_true(vdr_span_equal(bytes, vdr_span_of(want, len)));
    return VDR_OK;
}

static void
check(vdr_checkpoint *checkpoint, vdr_position position, bool wants_all)
{
    vdr_checkpoint_manifest manifest;
    vdr_store_fault fault;
    seen s = {.position = position};
    assert_int_equal(vdr_checkpoint_manifest_get(checkpoint, &manifest), VDR_OK);
    assert_int_equal(manifest.position, position);
    assert_true(vdr_span_equal(manifest.head, vdr_span_str(head)));
    assert_int_equal(vdr_checkpoint_load(checkpoint, compare, &s), VDR_OK);
    assert_int_equal(s.count, BLOCKS);
    assert_int_equal(vdr_checkpoint_wants_all(checkpoint), wants_all);
    if (checkpoint->look)
        return;
    assert_int_equal(vdr_checkpoint_verify(checkpoint), VDR_OK);
    assert_int_equal(vdr_checkpoint_proofread(checkpoint, NULL, NULL, &fault), VDR_OK);
}

static void
write_now(bed *b, vdr_position position)
{
    static uint8_t bytes[3000];
    vdr_checkpoint_manifest manifest = {.position = position, .blocks = BLOCKS, .head = vdr_span_str(head)};
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t number = 0; number < BLOCKS; number++) {
        size_t len = block(position, number, bytes);
        assert_int_equal(vdr_checkpoint_put(b->checkpoint, (vdr_block_id){.table = 3, .number = number},
                                            vdr_span_of(bytes, len)),
                         VDR_OK);
    }
    assert_int_equal(vdr_checkpoint_commit(b->checkpoint, &manifest), VDR_OK);
}

static void
an_old_checkpoint_loads_and_is_followed_by_a_whole_one(void **state)
{
    bed *b = *state;
    vdr_checkpoint *look;
    old_store(b);
    check(b->checkpoint, 7, true);
    write_now(b, 9);
    check(b->checkpoint, 9, false);
    assert_int_equal(vdr_checkpoint_look_oldest(b->checkpoint, &look), VDR_OK);
    check(look, 7, true);
    vdr_checkpoint_close(&look);
    bed_open_checkpoint(b);
    check(b->checkpoint, 9, false);
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check(b->checkpoint, 7, true);
    write_now(b, 11);
    write_now(b, 12);
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_OK);
    check(b->checkpoint, 11, false);
}

/* Earlier releases know 1 and 2; of anything else they say store_version, and leave it as it is. */
static void
the_manifest_says_which_it_is(void **state)
{
    bed *b = *state;
    static uint8_t bytes[512];
    uint8_t key[32];
    size_t key_len, len;
    vdr_checkpoint_manifest manifest;
    bed_open_checkpoint(b);
    write_now(b, 9);
    for (uint32_t version = 1; version <= 4; version++) {
        vdr_checkpoint_close(&b->checkpoint);
        assert_true(bed_row(b, "state", "manifest", 0, key, &key_len, bytes, sizeof bytes, &len));
        if (version == 1)
            assert_int_equal(vdr_get_le32(bytes + VDR_CHECK_BYTES), 3);
        vdr_put_le32(bytes + VDR_CHECK_BYTES, version);
        (void)put_row(b, "manifest", vdr_span_of(key, key_len), bytes, len);
        bed_open_checkpoint(b);
        vdr_err err = vdr_checkpoint_manifest_get(b->checkpoint, &manifest);
        if (version == 2) /* the head is bound to what it says */
            assert_int_equal(err, VDR_E_STORE_CORRUPT);
        else if (version > 2)
            assert_int_equal(err, version == 3 ? VDR_OK : VDR_E_STORE_VERSION);
        if (version == 4)
            assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_E_STORE_VERSION);
    }
}

/* What is sealed is authentic; that it is a form of now is looked at all the same. */
static void
a_block_of_no_form_is_refused(void **state)
{
    bed *b = *state;
    static const uint8_t bad[][4] = {{0xff, 0xff, 0xff, 1}, {1, 2, 3, 2}, {0, 0, 0, 0xff}};
    static uint8_t row[256], old[4096];
    uint8_t key[32];
    size_t key_len, len;
    seen s = {.position = 9};
    for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
        vdr_span plain = i == 0 ? (vdr_span){.at = bad[0]} : vdr_span_of(bad[i - 1], 4);
        bed_open_checkpoint(b);
        write_now(b, 9 + i);
        vdr_checkpoint_close(&b->checkpoint);
        size_t at = 0; /* of block 0 the last row: the newest */
        for (size_t n = 0; bed_row(b, "state", "block", n, key, &key_len, old, sizeof old, &len); n++)
            at = vdr_get_be32(key + 4) == 0 ? n : at;
        assert_true(bed_row(b, "state", "block", at, key, &key_len, old, sizeof old, &len));
        vdr_put_le32(row + VDR_CHECK_BYTES, 1);
        (void)vdr_vault_seal_block(b->vault, vdr_span_of(key, 8), plain, row + VDR_CHECK_BYTES + 4);
        (void)put_row(b, "block", vdr_span_of(key, key_len), row,
                      VDR_CHECK_BYTES + 4 + plain.len + VDR_VAULT_BLOCK_BYTES);
        bed_open_checkpoint(b);
        s = (seen){.position = 9 + i};
        assert_int_equal(vdr_checkpoint_load(b->checkpoint, compare, &s), VDR_E_STORE_CORRUPT);
        assert_int_equal(s.count, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED(an_old_checkpoint_loads_and_is_followed_by_a_whole_one, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(the_manifest_says_which_it_is, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(a_block_of_no_form_is_refused, "lmdb, sealed", bed_setup_lmdb_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
