/* Goal: a slab keeps what was put in it, whatever order of takes, gives, edits and images; what an image
 * holds is the slab at the instant the image began; a loaded slab goes on as the imaged one would have. */
#include "broker/core/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* A fixed sequence, so that a failure comes back. */
typedef struct dice {
    uint64_t at;
} dice;

static uint32_t
roll(dice *d, uint32_t below)
{
    d->at = d->at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((d->at >> 33) % below);
}

/* What a slab should hold: kept[i] is 0 where record i is not taken, else a value that fills the record. */
typedef struct model {
    uint32_t kept[4096], given[4096];
    uint32_t next, given_count, gives;
} model;

static void
fill(void *record, uint32_t record_bytes, uint32_t value)
{
    for (uint32_t i = 0; i < record_bytes; i += 4)
        memcpy((uint8_t *)record + i, &value, 4);
}

static bool
filled(const void *record, uint32_t record_bytes, uint32_t value)
{
    uint32_t word;
    for (uint32_t i = 0; i < record_bytes; i += 4) {
        memcpy(&word, (const uint8_t *)record + i, 4);
        if (word != value)
            return false;
    }
    return true;
}

/* One random take, give or edit, on the slab and on the model. */
static void
change(vdr_slab *slab, model *m, dice *d)
{
    uint32_t value = 1 + roll(d, 1000000), what = roll(d, 10), index = 1 + roll(d, m->next + 1);
    if (what < 4 && m->next < 4000) {
        index = vdr_slab_take(slab);
        assert_int_equal(index, m->given_count != 0 ? m->given[m->given_count - 1] : m->next + 1);
        if (m->given_count != 0)
            m->given_count--;
        else
            m->next++;
        assert_true(filled(vdr_slab_at(slab, index), slab->record_bytes, 0));
    } else if (index > m->next || m->kept[index] == 0) {
        return;
    } else if (what < 7) {
        vdr_slab_give(slab, index);
        m->kept[index] = 0;
        m->given[m->given_count++] = index;
        m->gives++;
        return;
    }
    fill(vdr_slab_edit(slab, index), slab->record_bytes, value);
    m->kept[index] = value;
}

static void
check(const vdr_slab *slab, const model *m)
{
    uint32_t live = 0;
    for (uint32_t i = 1; i <= m->next; i++) {
        if (m->kept[i] == 0)
            continue;
        live++;
        assert_true(filled(vdr_slab_at(slab, i), slab->record_bytes, m->kept[i]));
    }
    assert_int_equal(slab->live, live);
    assert_int_equal(slab->next, m->next + 1);
}

static bool
same(const vdr_slab *a, const vdr_slab *b)
{
    if (a->next != b->next || a->free != b->free || a->live != b->live || a->chunk_count != b->chunk_count)
        return false;
    for (uint32_t i = 0; i < a->chunk_count; i++)
        if (!vdr_span_equal(vdr_slab_chunk(a, i), vdr_slab_chunk(b, i)))
            return false;
    return true;
}

/* A store: the chunks as last imaged. */
typedef struct store {
    uint32_t counts[4];
    vdr_span chunks[1024];
} store;

static void
store_put(store *s, uint32_t number, vdr_span bytes)
{
    assert_in_range(number, 0, 1023);
    uint8_t *copy = test_malloc(bytes.len);
    memcpy(copy, bytes.at, bytes.len);
    test_free((void *)(uintptr_t)s->chunks[number].at);
    s->chunks[number] = vdr_span_of(copy, bytes.len);
}

static void
store_load(const store *s, vdr_slab *slab)
{
    assert_true(vdr_slab_load_counts(slab, s->counts));
    for (uint32_t i = s->counts[3]; i-- > 0;) /* any order */
        assert_true(vdr_slab_load_chunk(slab, i, s->chunks[i]));
    assert_true(vdr_slab_load_end(slab));
}

static void
store_done(store *s)
{
    for (int i = 0; i < 1024; i++)
        test_free((void *)(uintptr_t)s->chunks[i].at);
}

static const uint32_t sizes[] = {4, 12, 24, 160, 260, 1000, 4096};

static void
a_chunk_has_a_power_of_two_of_records_and_at_most_64_kib(void **state)
{
    (void)state;
    for (uint32_t bytes = 4; bytes <= 4096; bytes += 4) {
        vdr_slab slab;
        vdr_slab_init(&slab, 1, 1, bytes);
        uint64_t chunk = (uint64_t)bytes << slab.shift;
        if (chunk > 64 * 1024 || chunk * 2 <= 64 * 1024)
            fail_msg("records of %u bytes: chunks of %u", bytes, (unsigned)chunk);
        vdr_slab_done(&slab);
    }
}

static void
records_are_what_was_written_in_any_order_of_takes_and_gives(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof sizes / sizeof *sizes; row++) {
        vdr_slab slab;
        model *m = test_calloc(1, sizeof *m);
        dice d = {row};
        print_message("records of %u bytes\n", sizes[row]);
        vdr_slab_init(&slab, 1, 1, sizes[row]);
        for (int i = 0; i < 6000; i++)
            change(&slab, m, &d);
        check(&slab, m);
        assert_true(slab.live > 100 && m->gives > 100); /* it was a good mix */
        vdr_slab_done(&slab);
        test_free(m);
    }
}

static void
an_image_is_the_slab_as_it_was_when_the_image_began(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof sizes / sizeof *sizes; row++) {
        vdr_slab slab;
        model *m = test_calloc(1, sizeof *m), *then = test_calloc(1, sizeof *then);
        store *s = test_calloc(1, sizeof *s);
        dice d = {row + 100};
        int unchanged = 0;
        print_message("records of %u bytes\n", sizes[row]);
        vdr_slab_init(&slab, 1, 1, sizes[row]);
        for (int round = 0; round < 40; round++) {
            for (uint32_t i = roll(&d, round % 5 == 0 ? 3 : 300); i > 0; i--)
                change(&slab, m, &d);
            *then = *m;
            vdr_slab_image_begin(&slab);
            uint32_t counts[4], number, given = 0;
            vdr_slab_image_counts(&slab, counts);
            uint32_t stop = round % 4 == 1 ? roll(&d, counts[3]) : UINT32_MAX;
            store *next = test_calloc(1, sizeof *next);
            vdr_span bytes;
            for (uint32_t i = roll(&d, 20); i > 0; i--)
                change(&slab, m, &d);
            while (given < stop && vdr_slab_image_next(&slab, round == 0, &number, &bytes)) {
                given++;
                store_put(next, number, bytes);
                for (uint32_t i = round % 5 != 4 ? roll(&d, 20) : 0; i > 0; i--)
                    change(&slab, m, &d);
            }
            bool complete = given < stop; /* now and then one is broken off */
            vdr_slab_image_end(&slab, complete);
            check(&slab, m);
            unchanged += complete && given < counts[3];
            if (complete) { /* an image that was broken off leaves nothing in the store */
                memcpy(s->counts, counts, sizeof counts);
                for (number = 0; number < 1024; number++)
                    if (next->chunks[number].at != NULL)
                        store_put(s, number, next->chunks[number]);
                vdr_slab loaded;
                vdr_slab_init(&loaded, 1, 1, sizes[row]);
                store_load(s, &loaded);
                check(&loaded, then);
                vdr_slab_done(&loaded);
            }
            store_done(next);
            test_free(next);
        }
        assert_true(unchanged > 3 || slab.chunk_count < 20);
        vdr_slab_done(&slab);
        store_done(s);
        test_free(s);
        test_free(m);
        test_free(then);
    }
}

static void
image_all(vdr_slab *slab, store *s)
{
    uint32_t number;
    vdr_span bytes;
    vdr_slab_image_begin(slab);
    vdr_slab_image_counts(slab, s->counts);
    while (vdr_slab_image_next(slab, true, &number, &bytes))
        store_put(s, number, bytes);
    vdr_slab_image_end(slab, true);
}

static void
a_slab_loaded_halfway_ends_with_the_same_bytes(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof sizes / sizeof *sizes; row++) {
        vdr_slab one, two, three;
        model *m = test_calloc(1, sizeof *m), *m2 = test_calloc(1, sizeof *m2);
        store *s = test_calloc(1, sizeof *s);
        dice d = {row + 7};
        print_message("records of %u bytes\n", sizes[row]);
        vdr_slab_init(&one, 1, 1, sizes[row]);
        vdr_slab_init(&two, 1, 1, sizes[row]);
        for (int i = 0; i < 1500; i++)
            change(&one, m, &d);
        image_all(&one, s);
        store_load(s, &two);
        assert_true(same(&one, &two));
        *m2 = *m;
        dice d2 = d;
        for (int i = 0; i < 1500; i++) {
            change(&one, m, &d);
            change(&two, m2, &d2);
        }
        check(&two, m2);
        assert_true(same(&one, &two));

        /* and what the loaded one says changed since is enough to load again */
        uint32_t number, given = 0;
        vdr_span bytes;
        vdr_slab_image_begin(&two);
        vdr_slab_image_counts(&two, s->counts);
        while (vdr_slab_image_next(&two, false, &number, &bytes)) {
            store_put(s, number, bytes);
            given++;
        }
        vdr_slab_image_end(&two, true);
        assert_true(given > 0);
        vdr_slab_init(&three, 1, 1, sizes[row]);
        store_load(s, &three);
        assert_true(same(&one, &three));
        vdr_slab_done(&one);
        vdr_slab_done(&two);
        vdr_slab_done(&three);
        store_done(s);
        test_free(s);
        test_free(m);
        test_free(m2);
    }
}

static void
only_chunks_that_changed_are_imaged_again(void **state)
{
    (void)state;
    vdr_slab slab;
    store *s = test_calloc(1, sizeof *s);
    vdr_slab_init(&slab, 1, 1, 4096); /* 16 a chunk */
    for (int i = 0; i < 160; i++)
        (void)vdr_slab_take(&slab);
    image_all(&slab, s);
    fill(vdr_slab_edit(&slab, 40), 4096, 5); /* chunk 2 */
    vdr_slab_give(&slab, 100);               /* chunk 6 */
    (void)vdr_slab_at(&slab, 120);
    uint32_t numbers[4], count = 0;
    vdr_span bytes;
    vdr_slab_image_begin(&slab);
    fill(vdr_slab_edit(&slab, 80), 4096, 6); /* chunk 5: for the next image */
    uint64_t before = vdr_slab_bytes(&slab);
    fill(vdr_slab_edit(&slab, 41), 4096, 7); /* chunk 2 again: one record is kept, not its chunk */
    fill(vdr_slab_edit(&slab, 41), 4096, 8); /* and once */
    assert_int_equal(vdr_slab_bytes(&slab), before);
    while (count < 4 && vdr_slab_image_next(&slab, false, &numbers[count], &bytes))
        count++;
    vdr_slab_image_end(&slab, true);
    assert_int_equal(count, 2);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(numbers[1], 6);
    count = 0;
    vdr_slab_image_begin(&slab);
    while (count < 4 && vdr_slab_image_next(&slab, false, &numbers[count], &bytes))
        count++;
    vdr_slab_image_end(&slab, true);
    assert_int_equal(count, 2);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(numbers[1], 5);
    vdr_slab_done(&slab);
    store_done(s);
    test_free(s);
}

static void
what_is_kept_for_an_image_has_its_room_used_again(void **state)
{
    (void)state;
    vdr_slab slab;
    uint64_t after_one = 0;
    vdr_slab_init(&slab, 1, 1, 64); /* 1024 a chunk */
    for (int i = 0; i < 10000; i++)
        (void)vdr_slab_take(&slab);
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t number;
        vdr_span bytes;
        vdr_slab_image_begin(&slab);
        for (uint32_t i = 1; i <= 10000; i += 3)
            fill(vdr_slab_edit(&slab, i), 64, round);
        for (uint32_t copied = 0; (round % 2 == 0 || copied < 5) && /* by turns one is broken off */
                                  vdr_slab_image_next(&slab, true, &number, &bytes);
             copied++)
            continue;
        vdr_slab_image_end(&slab, round % 2 == 0);
        after_one = round == 0 ? vdr_slab_bytes(&slab) : after_one;
        assert_int_equal(vdr_slab_bytes(&slab), after_one);
    }
    vdr_slab_done(&slab);
}

/* An image of 20 records of 4096 bytes, 16 a chunk; 7 and 3 given back: free is 3, its link 7. */
static const struct {
    const char *what;
    uint32_t counts[4];
    int cut;       /* bytes off the last chunk */
    int skip;      /* a chunk that is not given; -1 none */
    uint32_t word; /* index of a record whose first word is made to be value */
    uint32_t value;
    bool good;
} loads[] = {
    {"whole", {21, 3, 18, 2}, 0, -1, 0, 0, true},
    {"no next", {0, 0, 0, 0}, 0, -1, 0, 0, false},
    {"free beyond next", {21, 21, 18, 2}, 0, -1, 0, 0, false},
    {"live beyond next", {21, 3, 21, 2}, 0, -1, 0, 0, false},
    {"a free list where all live", {21, 3, 20, 2}, 0, -1, 0, 0, false},
    {"no free list where some do not", {21, 0, 18, 2}, 0, -1, 0, 0, false},
    {"too few chunks", {21, 3, 18, 1}, 0, -1, 0, 0, false},
    {"too many chunks", {21, 3, 18, 3}, 0, -1, 0, 0, false},
    {"sizes that no machine has", {UINT32_MAX, 3, 18, 2}, 0, -1, 0, 0, false},
    {"a chunk too short", {21, 3, 18, 2}, 4, -1, 0, 0, false},
    {"first chunk missing", {21, 3, 18, 2}, 0, 0, 0, 0, false},
    {"last chunk missing", {21, 3, 18, 2}, 0, 1, 0, 0, false},
    {"something in record 0", {21, 3, 18, 2}, 0, -1, 0, 9, false},
    {"free list too long", {21, 3, 18, 2}, 0, -1, 7, 4, false},
    {"free list too short", {21, 3, 18, 2}, 0, -1, 3, 0, false},
    {"free list beyond next", {21, 3, 18, 2}, 0, -1, 3, 21, false},
    {"free list in a circle", {21, 3, 18, 2}, 0, -1, 7, 3, false},
    {"one live too few", {21, 3, 17, 2}, 0, -1, 0, 0, false},
};

static void
an_image_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    vdr_slab slab;
    store *s = test_calloc(1, sizeof *s);
    vdr_slab_init(&slab, 1, 1, 4096);
    for (int i = 0; i < 20; i++)
        (void)vdr_slab_take(&slab);
    vdr_slab_give(&slab, 7);
    vdr_slab_give(&slab, 3);
    image_all(&slab, s);
    vdr_slab_done(&slab);
    for (size_t row = 0; row < sizeof loads / sizeof *loads; row++) {
        vdr_slab_init(&slab, 1, 1, 4096);
        uint32_t old, *word = (uint32_t *)(uintptr_t)(s->chunks[0].at + (size_t)loads[row].word * 4096);
        old = *word;
        if (loads[row].word != 0 || loads[row].value != 0)
            *word = loads[row].value;
        bool good = vdr_slab_load_counts(&slab, loads[row].counts);
        for (int i = 0; good && i < 2; i++) {
            vdr_span bytes = s->chunks[i];
            bytes.len -= i == 1 ? (size_t)loads[row].cut : 0;
            if (i != loads[row].skip)
                good = vdr_slab_load_chunk(&slab, (uint32_t)i, bytes);
            if (good && i != loads[row].skip && vdr_slab_load_chunk(&slab, (uint32_t)i, bytes))
                fail_msg("%s: a chunk was taken twice", loads[row].what);
        }
        if (good && vdr_slab_load_chunk(&slab, 2, s->chunks[1]))
            fail_msg("%s: a chunk too many was taken", loads[row].what);
        good = good && vdr_slab_load_end(&slab);
        *word = old;
        if (good != loads[row].good)
            fail_msg("%s: %s", loads[row].what, good ? "loaded" : "refused");
        vdr_slab_done(&slab);
    }
    store_done(s);
    test_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_has_a_power_of_two_of_records_and_at_most_64_kib),
        cmocka_unit_test(records_are_what_was_written_in_any_order_of_takes_and_gives),
        cmocka_unit_test(an_image_is_the_slab_as_it_was_when_the_image_began),
        cmocka_unit_test(a_slab_loaded_halfway_ends_with_the_same_bytes),
        cmocka_unit_test(only_chunks_that_changed_are_imaged_again),
        cmocka_unit_test(what_is_kept_for_an_image_has_its_room_used_again),
        cmocka_unit_test(an_image_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
