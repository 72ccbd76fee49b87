/* Images: the state at one position while steps go on, and what is refused when one is loaded. */
#include "tests/core_town.h"

/* Blocks as a store would keep them: the newest of each table and number. */
typedef struct kept {
    vdr_core_block block;
    uint8_t *bytes;
} kept;

typedef struct shelf {
    uint8_t head[4096];
    size_t head_len;
    uint64_t blocks;
    kept at[512];
    size_t count;
} shelf;

static void
shelf_head(shelf *s, const vdr_core *core)
{
    vdr_position position;
    vdr_span head = vdr_core_image_head(core, &position, &s->blocks);
    assert_true(head.len <= sizeof s->head);
    memcpy(s->head, head.at, head.len);
    s->head_len = head.len;
}

static void
shelf_put(shelf *s, const vdr_core_block *block)
{
    size_t i = 0;
    while (i < s->count && (s->at[i].block.table != block->table || s->at[i].block.number != block->number))
        i++;
    assert_true(i < COUNT(s->at));
    s->count += i == s->count;
    free(s->at[i].bytes);
    s->at[i].bytes = malloc(block->bytes.len);
    assert_non_null(s->at[i].bytes);
    memcpy(s->at[i].bytes, block->bytes.at, block->bytes.len);
    s->at[i].block = *block;
    s->at[i].block.bytes = vdr_span_of(s->at[i].bytes, block->bytes.len);
}

static void
shelf_free(shelf *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->at[i].bytes);
    free(s);
}

static vdr_err
shelf_load(const shelf *s, const vdr_config *config, uint64_t *ret_hash)
{
    vdr_core *core = vdr_core_new();
    vdr_err err = vdr_core_load_begin(core, vdr_span_of(s->head, s->head_len));
    for (size_t i = 0; i < s->count && err == VDR_OK; i++)
        err = vdr_core_load_block(core, s->at[i].block);
    if (err == VDR_OK)
        err = vdr_core_load_end(core, config);
    if (err == VDR_OK) {
        assert_null(vdr_core_check(core));
        *ret_hash = vdr_core_state_hash(core);
    }
    vdr_core_free(&core);
    return err;
}

/* Some signals, about one household each, so that most tables change. */
static void
live_on(town *t, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char id[16], who[3] = {(char)('a' + (char)(i % 26)), (char)('A' + (char)((i / 26) % 26)), 0};
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = i % 3 == 0 ? "police" : "school",
              .type = i % 3 == 0 ? "violence" : "absence", .who = who, .where = (char)('a' + (char)(i % 20)));
    }
}

static void
an_image_is_the_state_at_its_beginning_whatever_is_stepped_meanwhile(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->reload_every = UINT32_MAX;
    live_on(t, 0, 100);
    shelf *s = calloc(1, sizeof *s);
    assert_non_null(s);
    uint64_t hash = vdr_core_state_hash(t->core), loaded = 0;
    vdr_core_block block;
    vdr_core_image_begin(t->core);
    shelf_head(s, t->core);
    for (unsigned i = 100; vdr_core_image_next(t->core, true, &block); i++) {
        shelf_put(s, &block);
        live_on(t, i, i + 1); /* steps between the blocks */
    }
    vdr_core_image_end(t->core, true);
    assert_int_equal(s->count, s->blocks);
    assert_int_equal(shelf_load(s, &town_config, &loaded), VDR_OK);
    assert_true(loaded == hash);
    assert_true(vdr_core_state_hash(t->core) != hash);

    /* The next one needs only what changed; one that was not completed changes nothing of that. */
    for (int complete = 0; complete <= 1; complete++) {
        hash = vdr_core_state_hash(t->core);
        vdr_core_image_begin(t->core);
        shelf_head(s, t->core);
        size_t changed = 0;
        for (; vdr_core_image_next(t->core, false, &block); changed++)
            if (complete)
                shelf_put(s, &block);
        vdr_core_image_end(t->core, complete != 0);
        assert_true(changed > 0);
    }
    assert_int_equal(shelf_load(s, &town_config, &loaded), VDR_OK);
    assert_true(loaded == hash);
    shelf_free(s);
    town_free(t);
}

static void
what_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        size_t head_offset; /* byte of the head that is turned over; 0: none */
        size_t head_len;    /* 0: whole */
        bool block_missing, block_twice, block_short, block_unknown, other_config;
        vdr_err err;
    } rows[] = {
        {.what = "nothing wrong", .err = VDR_OK},
        {.what = "no head", .head_len = 1, .err = VDR_E_STORE_CORRUPT},
        {.what = "half a head", .head_len = 100, .err = VDR_E_STORE_CORRUPT},
        {.what = "another magic", .head_offset = 1, .err = VDR_E_STORE_CORRUPT},
        {.what = "another version", .head_offset = 8, .err = VDR_E_STORE_VERSION},
        {.what = "another number of tables", .head_offset = 12, .err = VDR_E_STORE_VERSION},
        {.what = "a root far away", .head_offset = 120, .err = VDR_E_STORE_CORRUPT},
        {.what = "another table", .head_offset = 288, .err = VDR_E_STORE_VERSION},
        {.what = "another layout", .head_offset = 292, .err = VDR_E_STORE_VERSION},
        {.what = "other records", .head_offset = 296, .err = VDR_E_STORE_VERSION},
        {.what = "other counts", .head_offset = 300, .err = VDR_E_STORE_CORRUPT},
        {.what = "a block too few", .block_missing = true, .err = VDR_E_STORE_CORRUPT},
        {.what = "a block twice", .block_twice = true, .err = VDR_E_STORE_CORRUPT},
        {.what = "half a block", .block_short = true, .err = VDR_E_STORE_CORRUPT},
        {.what = "a block of no table", .block_unknown = true, .err = VDR_E_STORE_CORRUPT},
        {.what = "another configuration", .other_config = true, .err = VDR_E_STORE_CORRUPT},
    };
    vdr_config other = town_config;
    other.fingerprint.bytes[0] = 99;
    for (size_t i = 0; i < COUNT(rows); i++) {
        town *t = town_new(&town_config);
        live_on(t, 0, 10);
        shelf *s = calloc(1, sizeof *s);
        assert_non_null(s);
        vdr_core_block block;
        vdr_core_image_begin(t->core);
        shelf_head(s, t->core);
        while (vdr_core_image_next(t->core, true, &block))
            shelf_put(s, &block);
        vdr_core_image_end(t->core, true);
        if (rows[i].head_offset != 0)
            s->head[rows[i].head_offset + 1] ^= 0xff;
        if (rows[i].head_len != 0)
            s->head_len = rows[i].head_len;
        if (rows[i].block_missing)
            free(s->at[--s->count].bytes);
        if (rows[i].block_short)
            s->at[0].block.bytes.len /= 2;
        if (rows[i].block_unknown)
            s->at[0].block.table = 99;
        if (rows[i].block_twice) {
            s->at[s->count] = s->at[0];
            s->at[s->count].bytes = NULL;
            s->count++;
        }
        uint64_t hash;
        vdr_err err = shelf_load(s, rows[i].other_config ? &other : &town_config, &hash);
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].what, vdr_err_code(err));
        shelf_free(s);
        town_free(t);
    }
}

/* Whatever a head names must lie in its tables. */
static void
a_head_with_any_number_out_of_range_is_refused_or_harmless(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    live_on(t, 0, 60);
    town_tick(t, 24 * 12); /* some are overdue */
    shelf *s = calloc(1, sizeof *s);
    assert_non_null(s);
    vdr_core_block block;
    vdr_position position;
    uint64_t blocks;
    vdr_core_image_begin(t->core);
    vdr_span head = vdr_core_image_head(t->core, &position, &blocks);
    uint8_t *changed = malloc(head.len);
    assert_non_null(changed);
    size_t refused = 0;
    while (vdr_core_image_next(t->core, true, &block))
        continue;
    for (size_t at = 0; at + 4 <= head.len; at += 4) {
        memcpy(changed, head.at, head.len);
        memset(changed + at, 0xff, 4);
        vdr_core *core = vdr_core_new();
        vdr_err err = vdr_core_load_begin(core, vdr_span_of(changed, head.len));
        if (err != VDR_OK && err != VDR_E_STORE_CORRUPT && err != VDR_E_STORE_VERSION)
            fail_msg("byte %zu: %s", at, vdr_err_code(err));
        refused += err != VDR_OK;
        vdr_core_free(&core);
    }
    print_message("  %zu of %zu numbers refused\n", refused, head.len / 4);
    assert_true(refused > 10);
    vdr_core_image_end(t->core, false);
    free(changed);
    shelf_free(s);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_the_state_at_its_beginning_whatever_is_stepped_meanwhile),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_head_with_any_number_out_of_range_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
