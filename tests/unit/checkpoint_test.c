/* Goal: the newest complete checkpoint and the one before it can be loaded, whatever happened to a later one. */
#include "store_bed.h"

/* What a checkpoint is expected to have: the version of each block of tables 0 to 3, 0 for none. */
typedef struct model {
    uint32_t version[4][16];
    uint32_t lens[4][16];
    uint64_t count;
} model;

typedef struct loaded {
    const model *want;
    uint64_t count;
    vdr_block_id last;
} loaded;

static vdr_block_id
id_of(uint32_t table, uint32_t number)
{
    return (vdr_block_id){.table = table, .number = number};
}

static void
fill(uint8_t *bytes, size_t len, vdr_block_id id, uint32_t version)
{
    uint32_t x = id.table * 1000003u + id.number * 10007u + version * 101u + 1;
    for (size_t i = 0; i < len; i++) {
        if (version % 2 != 0 && len > 1000 && len < 65000 && i % 16 != 0) { /* what presses well */
            bytes[i] = (uint8_t)version;
            continue;
        }
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
    }
}

static void
put(bed *b, model *m, vdr_block_id id, uint32_t version, uint32_t len)
{
    static uint8_t bytes[1 << 20];
    fill(bytes, len, id, version);
    assert_int_equal(vdr_checkpoint_put(b->checkpoint, id, vdr_span_of(bytes, len)), VDR_OK);
    m->count += m->version[id.table][id.number] == 0;
    m->version[id.table][id.number] = version;
    m->lens[id.table][id.number] = len;
}

static void
drop(bed *b, model *m, vdr_block_id id)
{
    assert_int_equal(vdr_checkpoint_drop(b->checkpoint, id), VDR_OK);
    m->count--;
    m->version[id.table][id.number] = 0;
}

static vdr_err
try_commit(bed *b, const model *m, vdr_position position)
{
    vdr_checkpoint_manifest manifest = {
        .position = position, .blocks = m->count, .head = vdr_span_str("tables and counters")};
    memset(manifest.chain, (int)(position & 0xff), sizeof manifest.chain);
    return vdr_checkpoint_commit(b->checkpoint, &manifest);
}

static void
commit(bed *b, const model *m, vdr_position position)
{
    assert_int_equal(try_commit(b, m, position), VDR_OK);
}

static vdr_err
compare(void *context, vdr_block_id id, vdr_span bytes)
{
    static uint8_t want[1 << 20];
    loaded *l = context;
    assert_true(id.table < 4 && id.number < 16);
    if (l->count++ > 0)
        assert_true(l->last.table < id.table || (l->last.table == id.table && l->last.number < id.number));
    l->last = id;
    uint32_t version = l->want->version[id.table][id.number], len = l->want->lens[id.table][id.number];
    fill(want, len, id, version);
    if (version == 0 || !vdr_span_equal(bytes, vdr_span_of(want, len)))
        fail_msg("block %u/%u is not version %u", id.table, id.number, version);
    return VDR_OK;
}

static void
check(bed *b, const model *m, vdr_position position)
{
    loaded l = {.want = m};
    vdr_checkpoint_manifest manifest;
    assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_OK);
    assert_int_equal(manifest.position, position);
    assert_int_equal(manifest.blocks, m->count);
    assert_int_equal(manifest.chain[0], position & 0xff);
    assert_int_equal(manifest.chain[31], position & 0xff);
    assert_true(vdr_span_equal(manifest.head, vdr_span_str("tables and counters")));
    assert_int_equal(vdr_checkpoint_load(b->checkpoint, compare, &l), VDR_OK);
    assert_int_equal(l.count, m->count);
}

static vdr_err
never(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)context;
    (void)id;
    (void)bytes;
    fail_msg("there is a block");
    return VDR_OK;
}

static void
check_none(bed *b)
{
    vdr_checkpoint_manifest manifest;
    assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_checkpoint_load(b->checkpoint, never, NULL), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_E_NOT_FOUND);
}

static void
a_new_store_has_no_checkpoint(void **state)
{
    bed *b = *state;
    bed_open_checkpoint(b);
    check_none(b);
    bed_open_checkpoint(b);
    check_none(b);
}

static void
blocks_come_back_in_order_of_name(void **state)
{
    bed *b = *state;
    static const uint32_t sizes[] = {
        0, 1, 11, 2000, 2020, 2040, 4096, VDR_BLOCK_BYTES_GOOD, VDR_BLOCK_BYTES_MAX};
    model m = {0};
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put(b, &m, id_of(3 - i % 3, i), i + 1, sizes[i]);
        put(b, &m, id_of(0, 15 - i), i + 1, 100);
    }
    commit(b, &m, 77);
    check(b, &m, 77);
    assert_true(vdr_checkpoint_written_bytes(b->checkpoint) > VDR_BLOCK_BYTES_MAX);
    bed_open_checkpoint(b);
    check(b, &m, 77);
}

static void
a_checkpoint_without_blocks_is_one(void **state)
{
    bed *b = *state;
    model m = {0};
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    commit(b, &m, 0);
    check(b, &m, 0);
}

static void
what_did_not_change_is_carried_over(void **state)
{
    bed *b = *state;
    model m = {0}, older = {0};
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t i = 0; i < 16; i++)
        put(b, &m, id_of(i % 4, i), 1, 5000);
    commit(b, &m, 1);
    for (uint32_t generation = 2; generation < 12; generation++) {
        older = m;
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        put(b, &m, id_of(generation % 4, generation), generation, 5000 + generation);
        drop(b, &m, id_of((generation + 1) % 4, generation + 1));
        assert_int_equal(vdr_checkpoint_drop(b->checkpoint, id_of((generation + 1) % 4, generation + 1)),
                         VDR_E_NOT_FOUND);
        assert_int_equal(vdr_checkpoint_drop(b->checkpoint, id_of(3, 0)), VDR_E_NOT_FOUND);
        put(b, &m, id_of(0, 0), generation, 40);
        put(b, &m, id_of(0, 0), 1000 + generation, 41); /* twice in one checkpoint: the last counts */
        put(b, &m, id_of(1, 0), generation, 42);
        drop(b, &m, id_of(1, 0)); /* and gone again */
        commit(b, &m, generation);
        check(b, &m, generation);
        if (generation % 3 == 0) {
            bed_open_checkpoint(b);
            check(b, &m, generation);
        }
    }
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check(b, &older, 10);
    bed_open_checkpoint(b);
    check(b, &older, 10);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &older, id_of(2, 9), 99, 900);
    commit(b, &older, 12);
    check(b, &older, 12);
}

static void
looking_back_reads_the_one_before_and_forgets_nothing(void **state)
{
    bed *b = *state;
    model m = {0}, older = {0};
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_E_NOT_FOUND);
    for (uint32_t i = 1; i <= 3; i++) {
        older = m;
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        put(b, &m, id_of(0, 3), i, 100);
        put(b, &m, id_of(1, i), i, 100);
        if (i == 3)
            drop(b, &m, id_of(1, 1));
        commit(b, &m, i);
    }
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_OK);
    check(b, &older, 2);
    bed_open_checkpoint(b);
    check(b, &m, 3);
}

/* What a second handle sees does not change while the first one goes on writing, and sweeping. */
static void
a_look_stays_what_it_was(void **state)
{
    bed *b = *state;
    model m = {0}, newest = {0}, older = {0};
    vdr_checkpoint *look = NULL;
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_look_open(b->checkpoint, &look), VDR_E_NOT_FOUND);
    for (uint32_t i = 1; i <= 5; i++) {
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        put(b, &m, id_of(0, 3), i, 100);
        put(b, &m, id_of(1, i), i, 30000);
        if (i == 4)
            drop(b, &m, id_of(1, 1));
        commit(b, &m, i);
        if (i == 1)
            older = m;
        if (i == 2) {
            newest = m;
            assert_int_equal(vdr_checkpoint_look_open(b->checkpoint, &look), VDR_OK);
        }
    }
    bed seen = {.checkpoint = look};
    check(&seen, &newest, 2);
    check(b, &m, 5);
    assert_int_equal(vdr_checkpoint_look_back(look), VDR_OK);
    check(&seen, &older, 1);
    vdr_checkpoint_close(&look);
    check(b, &m, 5);
}

static void
falling_back_twice_leaves_none(void **state)
{
    bed *b = *state;
    model m = {0}, first;
    bed_open_checkpoint(b);
    for (uint32_t i = 1; i <= 5; i++) {
        first = m;
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        put(b, &m, id_of(0, 3), i, 100);
        put(b, &m, id_of(1, i), i, 100);
        commit(b, &m, i);
    }
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check(b, &first, 4);
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check_none(b);
    bed_open_checkpoint(b);
    check_none(b);
    memset(&m, 0, sizeof m);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &m, id_of(2, 2), 7, 70);
    commit(b, &m, 9);
    check(b, &m, 9); /* nothing of the forgotten ones is in it */
}

static void
an_abandoned_one_leaves_nothing(void **state)
{
    bed *b = *state;
    model m = {0}, lost;
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &m, id_of(0, 1), 1, 100);
    put(b, &m, id_of(0, 2), 1, 100);
    commit(b, &m, 1);
    for (int way = 0; way < 3; way++) {
        lost = m;
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        put(b, &lost, id_of(0, 1), 2, 100);
        drop(b, &lost, id_of(0, 2));
        for (uint32_t i = 0; i < 70; i++) /* some pieces and a bit are committed on the way */
            put(b, &lost, id_of(2, i % 16), 3 + i, VDR_BLOCK_BYTES_MAX);
        if (way == 0)
            vdr_checkpoint_abandon(b->checkpoint);
        else if (way == 1 || b->lmdb)
            bed_open_checkpoint(b); /* closing abandons: on the disk it is as if the process had ended */
        else
            vdr_memory_crash(b->memory);
        if (way == 2 && !b->lmdb) {
            assert_int_equal(vdr_checkpoint_put(b->checkpoint, id_of(0, 9), vdr_span_str("x")),
                             VDR_E_STORE_FAILED);
            bed_open_checkpoint(b);
        }
        check(b, &m, 1);
    }
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &m, id_of(0, 3), 4, 100);
    commit(b, &m, 2);
    check(b, &m, 2);
    vdr_checkpoint_abandon(b->checkpoint); /* nothing is under way: no effect */
    check(b, &m, 2);
}

static vdr_err
stop_at_third(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)id;
    (void)bytes;
    return ++*(int *)context == 3 ? VDR_E_BUSY : VDR_OK;
}

static void
loading_ends_with_the_error_of_the_callback(void **state)
{
    bed *b = *state;
    model m = {0};
    int calls = 0;
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t i = 0; i < 8; i++)
        put(b, &m, id_of(0, i), 1, 10);
    commit(b, &m, 1);
    assert_int_equal(vdr_checkpoint_load(b->checkpoint, stop_at_third, &calls), VDR_E_BUSY);
    assert_int_equal(calls, 3);
}

static vdr_err
take(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)context;
    (void)id;
    (void)bytes;
    return VDR_OK;
}

/* Two checkpoints; the newer one changed block 0/1 and dropped 0/2. */
static void
two_checkpoints(bed *b, model *before, model *newest)
{
    memset(before, 0, sizeof *before);
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, before, id_of(0, 1), 1, 30);
    put(b, before, id_of(0, 2), 1, 30);
    put(b, before, id_of(1, 1), 1, 30);
    commit(b, before, 1);
    *newest = *before;
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, newest, id_of(0, 1), 2, 30);
    drop(b, newest, id_of(0, 2));
    commit(b, newest, 2);
}

static void
a_rotten_block_is_found_and_the_one_before_is_good(void **state)
{
    bed *b = *state;
    model before, newest;
    two_checkpoints(b, &before, &newest);
    assert_true(vdr_memory_rot_block(b->memory, id_of(0, 1), 17, 0x40));
    assert_int_equal(vdr_checkpoint_load(b->checkpoint, take, NULL), VDR_E_STORE_CORRUPT);
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check(b, &before, 1);
}

/* Every bit of every row that the newest checkpoint needs, and every row taken away. */
static void
every_flipped_bit_and_missing_row_is_found(void **state)
{
    bed *b = *state;
    model before, newest;
    uint8_t key[32], bytes[256];
    size_t key_len, len, flips = 0;
    two_checkpoints(b, &before, &newest);
    vdr_checkpoint_close(&b->checkpoint);
    for (size_t row = 0; bed_row(b, "state", "block", row, key, &key_len, bytes, sizeof bytes, &len); row++) {
        vdr_span name = vdr_span_of(key, key_len), value = vdr_span_of(bytes, len);
        bool needed = !(key[7] == 1 && key[3] == 0 && key[15] == 1) && !(key[7] == 2);
        if (!needed)
            continue; /* 0/1 of the first checkpoint, and both rows of what was dropped */
        for (size_t i = 0; i <= len; i++) {
            if (i < len)
                bytes[i] ^= (uint8_t)(1u << (i % 8));
            bed_forge(b, "state", "block", name, i < len ? value : (vdr_span){0});
            bed_open_checkpoint(b);
            vdr_err err = vdr_checkpoint_load(b->checkpoint, take, NULL);
            if (err != VDR_E_STORE_CORRUPT)
                fail_msg("row %zu byte %zu of %zu: %s", row, i, len, vdr_err_code(err));
            vdr_checkpoint_close(&b->checkpoint);
            if (i < len)
                bytes[i] ^= (uint8_t)(1u << (i % 8));
            flips++;
        }
        bed_forge(b, "state", "block", name, value);
    }
    size_t more = b->vault != NULL ? VDR_VAULT_BLOCK_BYTES + 1 : 0; /* and what says whether it is pressed */
    assert_int_equal(flips, 2 * (30 + more + 12 + 1));
    bed_open_checkpoint(b);
    check(b, &newest, 2);
}

static void
a_rotten_manifest_is_found_and_the_one_before_is_good(void **state)
{
    bed *b = *state;
    model before, newest;
    uint8_t key[32], bytes[256];
    size_t key_len, len;
    vdr_checkpoint_manifest manifest;
    two_checkpoints(b, &before, &newest);
    vdr_checkpoint_close(&b->checkpoint);
    assert_true(bed_row(b, "state", "manifest", 1, key, &key_len, bytes, sizeof bytes, &len));
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 0x10;
        bed_forge(b, "state", "manifest", vdr_span_of(key, key_len), vdr_span_of(bytes, len));
        bytes[i] ^= 0x10;
        bed_open_checkpoint(b);
        assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_E_STORE_CORRUPT);
        assert_int_equal(vdr_checkpoint_load(b->checkpoint, take, NULL), VDR_E_STORE_CORRUPT);
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_E_STORE_CORRUPT);
        vdr_checkpoint_close(&b->checkpoint);
    }
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK);
    check(b, &before, 1);
}

static void
old_rows_do_not_pile_up(void **state)
{
    bed *b = *state;
    model m = {0};
    uint8_t key[32], bytes[256];
    size_t key_len, len, rows = 0, manifests = 0;
    bed_open_checkpoint(b);
    for (uint32_t i = 1; i <= 40; i++) {
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        for (uint32_t k = 0; k < 4; k++)
            put(b, &m, id_of(0, k), i, 50);
        put(b, &m, id_of(1, i % 16), i, 50);
        if (m.version[1][(i + 8) % 16] != 0)
            drop(b, &m, id_of(1, (i + 8) % 16));
        commit(b, &m, i);
    }
    vdr_checkpoint_close(&b->checkpoint);
    while (bed_row(b, "state", "block", rows, key, &key_len, bytes, sizeof bytes, &len))
        rows++;
    while (bed_row(b, "state", "manifest", manifests, key, &key_len, bytes, sizeof bytes, &len))
        manifests++;
    assert_int_equal(manifests, 2);
    /* 4 blocks twice, 8 once, and of the last checkpoint a dropped one with its mark. */
    assert_int_equal(rows, 8 + 8 + 2);
}

static void
a_commit_that_fails_leaves_the_older_one(void **state)
{
    bed *b = *state;
    static const struct {
        const char *name;
        vdr_memory_fault fault;
        uint64_t passing; /* commits of pieces before it */
        vdr_err err;
        bool there; /* after opening anew */
    } rows[] = {
        {"full at the manifest", VDR_MEMORY_FULL, 1, VDR_E_STORE_FULL, false},
        {"lost at the manifest", VDR_MEMORY_LOST, 1, VDR_E_STORE_FAILED, false},
        {"kept at the manifest", VDR_MEMORY_KEPT, 1, VDR_E_STORE_FAILED, true},
        {"kept at a piece", VDR_MEMORY_KEPT, 0, VDR_E_STORE_FAILED, false},
        {"full at a piece", VDR_MEMORY_FULL, 0, VDR_E_STORE_FULL, false},
    };
    static uint8_t bytes[1 << 18];
    model m = {0};
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &m, id_of(0, 1), 1, 100);
    commit(b, &m, 1);
    for (uint32_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        model next = m;
        vdr_err err = VDR_OK;
        vdr_memory_fault_set(b->memory, VDR_MEMORY_STATE, rows[row].passing, rows[row].fault);
        assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
        for (uint32_t i = 0; i < 3 && err == VDR_OK; i++) { /* of 256 KiB: a piece, and one more */
            vdr_block_id id = id_of(2, i % 16);
            fill(bytes, sizeof bytes, id, 10 * row + i + 1);
            err = vdr_checkpoint_put(b->checkpoint, id, vdr_span_of(bytes, sizeof bytes));
            next.count += next.version[2][i % 16] == 0;
            next.version[2][i % 16] = 10 * row + i + 1;
            next.lens[2][i % 16] = sizeof bytes;
        }
        if (err == VDR_OK)
            err = try_commit(b, &next, 10 + row);
        else
            vdr_checkpoint_abandon(b->checkpoint);
        if (err != rows[row].err)
            fail_msg("%s: %s", rows[row].name, vdr_err_code(err));
        if (err == VDR_E_STORE_FAILED)
            assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_E_STORE_FAILED);
        bed_open_checkpoint(b);
        if (rows[row].there)
            m = next;
        check(b, &m, rows[row].there || row > 2 ? 12 : 1);
    }
}

static void
a_backup_opens_elsewhere_with_the_same_blocks(void **state)
{
    bed *b = *state;
    model m = {0}, more;
    bed copy = *b;
    bed_open_checkpoint(b);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t i = 0; i < 16; i++)
        put(b, &m, id_of(1, i), 1, 20000);
    commit(b, &m, 5);
    more = m;
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put(b, &more, id_of(1, 1), 2, 100);
    (void)snprintf(copy.dir, sizeof copy.dir, "%.48s/copy", b->dir);
    assert_int_equal(vdr_checkpoint_backup(b->checkpoint, copy.dir), VDR_OK);
    assert_int_equal(vdr_checkpoint_backup(b->checkpoint, copy.dir), VDR_E_IO); /* there is one already */
    commit(b, &more, 6);
    copy.checkpoint = NULL;
    bed_open_checkpoint(&copy);
    check(&copy, &m, 5);
    vdr_checkpoint_close(&copy.checkpoint);
    check(b, &more, 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_new_store_has_no_checkpoint),
        BOTH(blocks_come_back_in_order_of_name),
        BOTH(a_checkpoint_without_blocks_is_one),
        BOTH(what_did_not_change_is_carried_over),
        BOTH(looking_back_reads_the_one_before_and_forgets_nothing),
        ON_LMDB(a_look_stays_what_it_was),
        BOTH(falling_back_twice_leaves_none),
        BOTH(an_abandoned_one_leaves_nothing),
        BOTH(loading_ends_with_the_error_of_the_callback),
        ON_MEMORY(a_rotten_block_is_found_and_the_one_before_is_good),
        ON_LMDB(every_flipped_bit_and_missing_row_is_found),
        ON_LMDB(a_rotten_manifest_is_found_and_the_one_before_is_good),
        ON_LMDB(old_rows_do_not_pile_up),
        ON_MEMORY(a_commit_that_fails_leaves_the_older_one),
        ON_LMDB(a_backup_opens_elsewhere_with_the_same_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
