/* Goal: what the porter reads ahead is what the door gives, whenever it is asked and told to rest. */
#include "broker/net/porter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define S(text)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static const uint8_t key[32] = {9};
static vdr_door *door;
static vdr_arena arena;
static vdr_porter *porter;

static const vdr_wire_person persons[] = {{S("999990342"), S("youth")}, {S("999990019"), S("parent")}};
static const vdr_wire_address address = {S("9901000000000017"), S("BU99010101")};
static const vdr_wire_member members[] = {{S("subject"), S("\"x\"")}};
static char ids[VDR_PORTER_ITEMS][16];
static vdr_wire_typed items[VDR_PORTER_ITEMS];

static int
set_up(void **state)
{
    (void)state;
    door = vdr_door_new(key);
    porter = vdr_porter_new();
    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
    for (size_t i = 0; i < VDR_PORTER_ITEMS; i++) {
        int len = snprintf(ids[i], sizeof ids[i], "s-%zu", i);
        items[i] = (vdr_wire_typed){.id = vdr_span_of(ids[i], (size_t)len),
                                    .source = S("urn:a"),
                                    .type = S("nl.t.v1"),
                                    .time = S("2026-03-02T09:00:00Z"),
                                    .municipality = S("GM9901"),
                                    .persons = persons,
                                    .person_count = i % 3,
                                    .address = i % 2 == 0 ? &address : NULL,
                                    .members = members,
                                    .member_count = i % 7 == 0};
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    vdr_porter_free(&porter);
    vdr_door_free(&door);
    vdr_arena_done(&arena);
    return 0;
}

static void
add_all(void)
{
    vdr_porter_begin(porter, door, NULL);
    for (size_t i = 0; i < VDR_PORTER_ITEMS; i++) {
        assert_int_equal(vdr_porter_room(porter), VDR_PORTER_ITEMS - i);
        assert_int_equal(vdr_porter_add(porter, i % 5 == 0 ? NULL : &items[i]), i);
    }
    vdr_porter_start(porter);
}

static bool
same(const vdr_command *a, const vdr_command *b)
{
    bool equal = a->kind == b->kind && a->shape == b->shape && a->time == b->time &&
                 a->id_hash == b->id_hash && vdr_key16_equal(&a->digest, &b->digest) &&
                 vdr_span_equal(a->id, b->id) && a->person_count == b->person_count &&
                 a->address_count == b->address_count;
    for (size_t i = 0; equal && i < a->person_count; i++)
        equal = vdr_key16_equal(&a->persons[i].key, &b->persons[i].key) &&
                vdr_span_equal(a->persons[i].role, b->persons[i].role);
    for (size_t i = 0; equal && i < a->address_count; i++)
        equal = vdr_key16_equal(&a->addresses[i], &b->addresses[i]);
    return equal;
}

/* Asks for the first so many, as a reactor that steps each: a few at once, which it reads itself where the porter has
 * not, and then looks at what was read behind them. How many were read. */
static size_t
take_some(size_t count)
{
    const vdr_event_options options = {0};
    size_t read = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % 64 < 12)
            vdr_porter_read(porter, i, 1 + i % 12);
        const vdr_command *ahead = vdr_porter_look(porter, i);
        vdr_command here;
        vdr_arena_reset(&arena);
        vdr_event_typed(door, &options, &items[i], &arena, &here);
        if (ahead == NULL)
            continue;
        assert_true(i % 5 != 0 && i % 7 != 0); /* not to be read; not one that may take much memory */
        assert_true(same(ahead, &here));
        assert_ptr_equal(vdr_porter_look(porter, i), ahead);
        read++;
    }
    return read;
}

static void
what_is_read_ahead_is_what_the_door_gives(void **state)
{
    (void)state;
    size_t read = 0;
    while (read < VDR_PORTER_ITEMS) { /* over some lists: it may be late, but not always */
        add_all();
        read += take_some(VDR_PORTER_ITEMS);
        vdr_porter_rest(porter);
    }
}

static void
nothing_can_be_taken_of_a_list_that_is_over(void **state)
{
    (void)state;
    for (size_t count = 0; count < VDR_PORTER_ITEMS; count = count * 2 + 1) {
        add_all();
        (void)take_some(count);
        vdr_porter_rest(porter);
        for (size_t i = 0; i <= VDR_PORTER_ITEMS; i++)
            assert_null(vdr_porter_look(porter, i));
    }
    vdr_porter_rest(porter);
}

static void
a_list_of_nothing_wakes_nobody_and_ends(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        vdr_porter_begin(porter, door, NULL);
        for (size_t i = 0; i < (size_t)round % 20; i++)
            assert_int_equal(vdr_porter_add(porter, NULL), i);
        vdr_porter_start(porter);
        vdr_porter_read(porter, 0, 20);
        assert_null(vdr_porter_look(porter, 0));
        vdr_porter_rest(porter);
        add_all(); /* and the next is as any */
        vdr_porter_rest(porter);
    }
}

static void
a_list_too_short_to_wake_it_is_read_where_it_is_wanted(void **state)
{
    (void)state;
    const vdr_event_options options = {0};
    vdr_porter_begin(porter, door, NULL);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(vdr_porter_add(porter, &items[1 + i]), i);
    vdr_porter_start(porter);
    for (size_t i = 0; i < 4; i++) {
        assert_null(vdr_porter_look(porter, i));
        vdr_command here;
        vdr_arena_reset(&arena);
        vdr_event_typed(door, &options, &items[1 + i], &arena, &here);
        vdr_porter_read(porter, i, 1);
        const vdr_command *read = vdr_porter_look(porter, i);
        assert_non_null(read);
        assert_true(same(read, &here));
        vdr_porter_read(porter, i, 1); /* once */
        assert_ptr_equal(vdr_porter_look(porter, i), read);
    }
    vdr_porter_read(porter, 3, 2); /* behind the last */
    assert_null(vdr_porter_look(porter, 4));
    vdr_porter_rest(porter);
    vdr_porter_read(porter, 0, 1);
    assert_null(vdr_porter_look(porter, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_too_short_to_wake_it_is_read_where_it_is_wanted),
        cmocka_unit_test(what_is_read_ahead_is_what_the_door_gives),
        cmocka_unit_test(nothing_can_be_taken_of_a_list_that_is_over),
        cmocka_unit_test(a_list_of_nothing_wakes_nobody_and_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
