/* Goal: every single member of every message has its bounds, in both directions, and no amount of memory,
 * however small, does more than refuse. */
#include "tests/made_values.h"

/* ---- One member after the other, made bad */

/* Counts down to the member to spoil; what is spoiled is named. */
typedef struct spoiler {
    size_t left;
    const char *name;
    vdr_err err;
} spoiler;

static void spoil(spoiler *s, const vdr_schema *schema, uint8_t *plain);

static void
done(spoiler *s, const vdr_field *field, vdr_err err)
{
    s->name = field->name;
    s->err = err;
}

static void
spoil_field(spoiler *s, const vdr_field *field, uint8_t *plain)
{
    static uint8_t long_text[VDR_EVENT_BYTES_MAX + 1];
    uint8_t *at = plain + field->offset;
    vdr_span *span = (vdr_span *)(void *)at;
    size_t count;

    memset(long_text, 'x', sizeof long_text);
    switch (field->kind) {
    case VDR_FIELD_ENUM:
        if (s->left-- == 0) {
            *(uint32_t *)(void *)at = (uint32_t)field->max + 1;
            done(s, field, VDR_E_BAD_FRAME);
        }
        break;
    case VDR_FIELD_U64:
        if (field->min > 0 && s->left-- == 0) {
            *(uint64_t *)(void *)at = 0;
            done(s, field, VDR_E_BAD_FRAME);
        }
        break;
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_BYTES:
        if (field->max < sizeof long_text && s->left-- == 0) {
            *span = vdr_span_of(long_text, field->max + 1);
            done(s, field, VDR_E_BAD_FRAME);
        }
        if (s->name == NULL && field->min > 0 && s->left-- == 0) {
            *span = (vdr_span){0};
            done(s, field, VDR_E_BAD_FRAME);
        }
        if (s->name != NULL || field->kind == VDR_FIELD_BYTES)
            break;
        if (s->left-- == 0) {
            *span = S("a\0b");
            done(s, field, VDR_E_BAD_FRAME);
        }
        break;
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_OPTIONAL:
        if (s->left-- == 0) {
            *span = S("\xc3");
            done(s, field, VDR_E_BAD_FRAME);
        }
        break;
    case VDR_FIELD_TEXTS:
        if (s->left-- == 0) {
            **(vdr_span **)(void *)at = (vdr_span){0}; /* what is in a list is not empty */
            done(s, field, VDR_E_BAD_FRAME);
        }
        break;
    case VDR_FIELD_EMBED:
        spoil(s, field->sub, at);
        break;
    case VDR_FIELD_POINTER:
        if (*(uint8_t **)(void *)at != NULL)
            spoil(s, field->sub, *(uint8_t **)(void *)at);
        break;
    case VDR_FIELD_MANY:
        count = *(size_t *)(void *)(plain + field->count_offset);
        for (size_t i = 0; i < count && s->name == NULL; i++)
            spoil(s, field->sub, *(uint8_t **)(void *)at + i * field->sub->plain_bytes);
        if (s->name == NULL && field->min > 0 && s->left-- == 0) {
            *(size_t *)(void *)(plain + field->count_offset) = 0;
            done(s, field, VDR_E_BAD_FRAME);
        }
        if (s->name == NULL && field->max < UINT32_MAX && s->left-- == 0) {
            *(size_t *)(void *)(plain + field->count_offset) =
                field->max + 1; /* refused before they are looked at */
            done(s, field, VDR_E_TOO_BIG);
        }
        break;
    case VDR_FIELD_U32:
    case VDR_FIELD_I64:
    case VDR_FIELD_BOOL:
    case VDR_FIELD_INSTANT:
        break; /* all values are good */
    }
}

static void
spoil(spoiler *s, const vdr_schema *schema, uint8_t *plain)
{
    for (unsigned i = 0; i < schema->field_count && s->name == NULL; i++)
        spoil_field(s, &schema->fields[i], plain);
}

/* Puts the n-th bad member into a frame of this type; false: it has no n-th. */
static bool
refuses(vdr_frame_type type, size_t n)
{
    vdr_arena arena;
    vdr_bytes out = {0};
    vdr_wire wire = {.type = type};
    spoiler s = {.left = n};

    vdr_arena_init(&arena, 64u << 20);
    maker m = {.arena = &arena, .next = 2, .many = 2};
    make(&m, vdr_schema_of(type), (uint8_t *)&wire.hello);
    spoil(&s, vdr_schema_of(type), (uint8_t *)&wire.hello);
    if (s.name != NULL) {
        vdr_err err = vdr_codec_encode(&wire, 1, VDR_ADMIN_FRAME_MAX, &arena, &out);
        if (err != s.err || out.len != 0)
            fail_msg("%s, %s: %s", vdr_frame_type_name(type), s.name, vdr_err_code(err));
    }
    vdr_bytes_done(&out);
    vdr_arena_done(&arena);
    return s.name != NULL;
}

static void
every_member_out_of_its_bounds_is_refused(void **state)
{
    (void)state;
    size_t all = 0;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++) {
        for (size_t n = 0; refuses((vdr_frame_type)type, n); n++)
            all++;
    }
    assert_true(all > 300);
}

/* What no single member can say. */
static void
members_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const vdr_wire_typed typed;
    static const vdr_wire_item both = {.json = {(const uint8_t *)"{}", 2}, .typed = &typed};
    const vdr_wire rows[] = {
        {.type = VDR_FRAME_HELLO, .hello = {.version_min = 2, .version_max = 1}},
        {.type = VDR_FRAME_HELLO, .hello = {.version_min = 0, .version_max = 1}},
        {.type = VDR_FRAME_SUBSCRIBE, .subscribe = {.mailbox_kind = VDR_PARTY_AGENCY}},
        {.type = VDR_FRAME_SUBSCRIBE, .subscribe = {.mailbox_id = S("school-noord")}},
        {.type = VDR_FRAME_PUBLISH, .publish = {.first = 1, .items = &both, .item_count = 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_arena arena;
        vdr_bytes out = {0};
        vdr_arena_init(&arena, 1u << 20);
        vdr_err err = vdr_codec_encode(&rows[i], 1, VDR_ADMIN_FRAME_MAX, &arena, &out);
        if (err != VDR_E_BAD_FRAME)
            fail_msg("row %zu: %s", i, vdr_err_code(err));
        vdr_arena_done(&arena);
    }
    vdr_bytes out = {0};
    assert_int_equal(vdr_item_encode(&both, &out), VDR_E_BAD_FRAME);
    vdr_bytes_done(&out);
}

static void
an_item_alone_has_the_same_bounds(void **state)
{
    (void)state;
    size_t all = 0;
    for (;; all++) {
        vdr_arena arena;
        vdr_bytes out = {0};
        spoiler s = {.left = all};
        vdr_arena_init(&arena, 1u << 20);
        vdr_wire_item *item = vdr_arena_alloc(&arena, sizeof *item);
        maker m = {.arena = &arena, .next = 1, .many = 2};
        do /* until it is one of the typed form */
            make(&m, &vdr_schema_item, (uint8_t *)item);
        while (item->typed == NULL && m.next++ < 1000);
        spoil(&s, &vdr_schema_item, (uint8_t *)item);
        vdr_bytes_add(&out, S("before"));
        vdr_err err = vdr_item_encode(item, &out);
        vdr_bytes_done(&out);
        vdr_arena_done(&arena);
        assert_int_equal(err, s.name != NULL ? VDR_E_BAD_FRAME : VDR_OK);
        if (s.name == NULL)
            break;
    }
    assert_true(all >= 18); /* texts of the item, two persons, an address and two members */
}

/* ---- Too little memory, at every point */

static void
too_little_memory_only_refuses(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++) {
        vdr_arena whole, small;
        vdr_bytes bytes = {0}, out = {0};
        vdr_wire wire = {.type = (vdr_frame_type)type}, back;
        vdr_frame frame;
        vdr_err err = VDR_E_TOO_BIG;
        vdr_arena_init(&whole, 64u << 20);
        maker m = {.arena = &whole, .next = 2, .many = 2};
        make(&m, vdr_schema_of(wire.type), (uint8_t *)&wire.hello);
        assert_int_equal(vdr_codec_encode(&wire, 1, VDR_ADMIN_FRAME_MAX, &whole, &bytes), VDR_OK);
        assert_int_equal(vdr_frame_parse(vdr_bytes_span(&bytes), VDR_ADMIN_FRAME_MAX, &frame), VDR_OK);
        for (size_t budget = 0; err == VDR_E_TOO_BIG; budget += 16) {
            assert_true(budget < 1u << 20);
            vdr_arena_init(&small, budget);
            err = vdr_codec_encode(&wire, 1, VDR_ADMIN_FRAME_MAX, &small, &out);
            assert_int_equal(out.len == 0, err != VDR_OK);
            vdr_arena_done(&small);
        }
        assert_int_equal(err, VDR_OK);
        assert_true(vdr_span_equal(vdr_bytes_span(&out), vdr_bytes_span(&bytes)));
        err = VDR_E_TOO_BIG;
        for (size_t budget = 0; err == VDR_E_TOO_BIG; budget += 16) {
            assert_true(budget < 1u << 20);
            vdr_arena_init(&small, budget);
            err = vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &small, &back);
            if (err == VDR_OK)
                assert_true(same(vdr_schema_of(wire.type), (const uint8_t *)&wire.hello,
                                 (const uint8_t *)&back.hello));
            vdr_arena_done(&small);
        }
        assert_int_equal(err, VDR_OK);
        vdr_bytes_done(&bytes);
        vdr_bytes_done(&out);
        vdr_arena_done(&whole);
    }
}

static void
more_items_than_a_batch_are_refused_when_read(void **state)
{
    (void)state;
    for (size_t count = VDR_BATCH_ITEMS_MAX - 1; count <= VDR_BATCH_ITEMS_MAX + 1; count++) {
        vdr_arena arena;
        vdr_bytes body = {0};
        vdr_wire wire;
        vdr_arena_init(&arena, 64u << 20);
        vdr_bytes_add(&body, S("\x08\x01"));
        for (size_t i = 0; i < count; i++)
            vdr_bytes_add(&body, S("\x12\x04\x0a\x02{}"));
        vdr_frame frame = {.type = VDR_FRAME_PUBLISH, .sequence = 1, .body = vdr_bytes_span(&body)};
        vdr_err err = vdr_codec_decode(&frame, VDR_FRAME_BYTES_MAX, &arena, &wire);
        assert_int_equal(err, count <= VDR_BATCH_ITEMS_MAX ? VDR_OK : VDR_E_TOO_BIG);
        vdr_bytes_done(&body);
        vdr_arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_out_of_its_bounds_is_refused),
        cmocka_unit_test(members_that_contradict_each_other_are_refused),
        cmocka_unit_test(an_item_alone_has_the_same_bounds),
        cmocka_unit_test(too_little_memory_only_refuses),
        cmocka_unit_test(more_items_than_a_batch_are_refused_when_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
