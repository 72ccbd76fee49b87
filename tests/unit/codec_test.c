/* Goal: every body comes back as it was sent; what protocol.md does not allow is refused by its reason; no
 * bytes take more memory than their budget. */
#include "proto/codec.h"

#include "proto/codec_schema.h"
#include "tests/made_values.h"
#include "proto/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- Tests of the schema */

/* The row and the generated field of the same number have the same name. */
static bool
names_agree(const char *member, const char *field)
{
    const char *last = strrchr(member, '.');
    const char *name = last != NULL ? last + 1 : member;
    return strcmp(name, field) == 0 || (strcmp(name, "case_id") == 0 && strcmp(field, "case") == 0);
}

static void
check_schema(const vdr_schema *schema, unsigned depth)
{
    assert_true(depth <= 6); /* protobuf-c unpacks by recursion; no message contains itself */
    assert_int_equal(schema->field_count, schema->descriptor->n_fields);
    for (unsigned i = 0; i < schema->field_count; i++) {
        const ProtobufCFieldDescriptor *field = &schema->descriptor->fields[i];
        const vdr_field *row = &schema->fields[i];
        if (!names_agree(row->name, field->name))
            fail_msg("%s: field %s is fed by %s", schema->descriptor->short_name, field->name, row->name);
        assert_int_not_equal(field->type, PROTOBUF_C_TYPE_STRING); /* would hide zero bytes */
        bool many = row->kind == VDR_FIELD_MANY || row->kind == VDR_FIELD_TEXTS;
        assert_int_equal(many, field->label == PROTOBUF_C_LABEL_REPEATED);
        if (row->sub != NULL) {
            assert_ptr_equal(row->sub->descriptor, field->descriptor);
            check_schema(row->sub, depth + 1);
        }
    }
}

static void
every_field_has_the_row_of_its_name(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++)
        check_schema(vdr_schema_of((vdr_frame_type)type), 1);
}

static void
every_body_comes_back_as_it_was_sent(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++) {
        for (size_t many = 0; many < 5; many++) {
            vdr_arena arena;
            vdr_bytes first = {0}, second = {0};
            vdr_wire in = {.type = (vdr_frame_type)type}, out;
            vdr_frame frame;
            vdr_arena_init(&arena, 64u << 20);
            maker m = {.arena = &arena, .next = 1 + many, .many = many, .empty = many == 0};
            make(&m, vdr_schema_of(in.type), (uint8_t *)&in.hello);
            assert_int_equal(vdr_codec_encode(&in, 9, VDR_ADMIN_FRAME_MAX, &arena, &first), VDR_OK);
            assert_int_equal(vdr_frame_parse(vdr_bytes_span(&first), VDR_ADMIN_FRAME_MAX, &frame), VDR_OK);
            assert_int_equal(frame.sequence, 9);
            vdr_err err = vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &arena, &out);
            if (err != VDR_OK || out.type != in.type ||
                !same(vdr_schema_of(in.type), (const uint8_t *)&in.hello, (const uint8_t *)&out.hello))
                fail_msg("%s, %zu of each: %s", vdr_frame_type_name(in.type), many, vdr_err_code(err));
            assert_int_equal(vdr_codec_encode(&out, 9, VDR_ADMIN_FRAME_MAX, &arena, &second), VDR_OK);
            assert_true(vdr_span_equal(vdr_bytes_span(&first), vdr_bytes_span(&second)));
            vdr_bytes_done(&first);
            vdr_bytes_done(&second);
            vdr_arena_done(&arena);
        }
    }
}

/* ---- Tests of single bodies, given in protobuf's own bytes */

static vdr_err
decode(vdr_frame_type type, vdr_span body, vdr_arena *arena, vdr_wire *ret_wire)
{
    vdr_frame frame = {.type = type, .sequence = 1, .body = body};
    return vdr_codec_decode(&frame, VDR_FRAME_BYTES_MAX, arena, ret_wire);
}

static void
what_the_protocol_does_not_allow_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        vdr_frame_type type;
        vdr_span body;
        vdr_err err;
    } rows[] = {
        {"hello", VDR_FRAME_HELLO, {(const uint8_t *)"\x08\x01\x10\x01", 4}, VDR_OK},
        {"hello without a version", VDR_FRAME_HELLO, {NULL, 0}, VDR_E_BAD_FRAME},
        {"hello with a range turned round",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x08\x02\x10\x01", 4},
         VDR_E_BAD_FRAME},
        {"hello with a name",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x08\x01\x10\x01\x1a\x02\xc3\xab", 8},
         VDR_OK},
        {"hello with a name that is not UTF-8",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x08\x01\x10\x01\x1a\x02\xc3\x28", 8},
         VDR_E_BAD_FRAME},
        {"hello with a zero byte in its name",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x08\x01\x10\x01\x1a\x03"
                           "a\0b",
          9},
         VDR_E_BAD_FRAME},
        {"hello with an unknown field",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x08\x01\x10\x01\x78\x05", 6},
         VDR_OK},
        {"hello cut short", VDR_FRAME_HELLO, {(const uint8_t *)"\x08\x01\x10", 3}, VDR_E_BAD_FRAME},
        {"hello whose number is bytes",
         VDR_FRAME_HELLO,
         {(const uint8_t *)"\x0a\x01\x31\x10\x01", 5},
         VDR_E_BAD_FRAME},
        {"publish of nothing", VDR_FRAME_PUBLISH, {(const uint8_t *)"\x08\x01", 2}, VDR_E_BAD_FRAME},
        {"publish without a sequence",
         VDR_FRAME_PUBLISH,
         {(const uint8_t *)"\x12\x04\x0a\x02{}", 6},
         VDR_E_BAD_FRAME},
        {"publish", VDR_FRAME_PUBLISH, {(const uint8_t *)"\x08\x01\x12\x04\x0a\x02{}", 8}, VDR_OK},
        {"an item of no form", VDR_FRAME_PUBLISH, {(const uint8_t *)"\x08\x01\x12\x00", 4}, VDR_E_BAD_FRAME},
        {"an item of both forms",
         VDR_FRAME_PUBLISH,
         {(const uint8_t *)"\x08\x01\x12\x06\x0a\x02{}\x12\x00", 10},
         VDR_E_BAD_FRAME},
        {"a typed item of nothing",
         VDR_FRAME_PUBLISH,
         {(const uint8_t *)"\x08\x01\x12\x02\x12\x00", 6},
         VDR_OK},
        {"credit for no stream", VDR_FRAME_CREDIT, {(const uint8_t *)"\x18\x05", 2}, VDR_E_BAD_FRAME},
        {"credit for a stream that is not",
         VDR_FRAME_CREDIT,
         {(const uint8_t *)"\x08\x03", 2},
         VDR_E_BAD_FRAME},
        {"credit for a negative stream",
         VDR_FRAME_CREDIT,
         {(const uint8_t *)"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
         VDR_E_BAD_FRAME},
        {"subscribe", VDR_FRAME_SUBSCRIBE, {NULL, 0}, VDR_OK},
        {"subscribe to half a mailbox",
         VDR_FRAME_SUBSCRIBE,
         {(const uint8_t *)"\x08\x01", 2},
         VDR_E_BAD_FRAME},
        {"deliver of nothing", VDR_FRAME_DELIVER, {NULL, 0}, VDR_E_BAD_FRAME},
        {"welcome with a short store id",
         VDR_FRAME_WELCOME,
         {(const uint8_t *)"\x08\x01\x1a\x01x\x30\x01\x3a\x01p", 10},
         VDR_E_BAD_FRAME},
        {"read of nothing", VDR_FRAME_READ, {NULL, 0}, VDR_E_BAD_FRAME},
        {"admin without a verb", VDR_FRAME_ADMIN, {NULL, 0}, VDR_E_BAD_FRAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_arena arena;
        vdr_wire wire;
        vdr_arena_init(&arena, 1u << 20);
        vdr_err err = decode(rows[i].type, rows[i].body, &arena, &wire);
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
        vdr_arena_done(&arena);
    }
}

static void
more_unknown_fields_than_a_newer_version_adds_are_refused(void **state)
{
    (void)state;
    uint8_t body[80];
    for (size_t count = 0; count <= 40; count++) {
        vdr_arena arena;
        vdr_wire wire;
        vdr_arena_init(&arena, 1u << 20);
        for (size_t i = 0; i < count; i++) {
            body[2 * i] = 15 << 3;
            body[2 * i + 1] = 1;
        }
        vdr_err err = decode(VDR_FRAME_PING, vdr_span_of(body, 2 * count), &arena, &wire);
        assert_int_equal(err, count <= 32 ? VDR_OK : VDR_E_BAD_FRAME);
        vdr_arena_done(&arena);
    }
}

/* A PUBLISH in the plain form takes the quick way; an unknown field at its end sends it the other. */
static void
both_ways_of_reading_items_agree(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        vdr_span body; /* of a PUBLISH */
        vdr_err err;
    } rows[] = {
        {"json", {(const uint8_t *)"\x08\x01\x12\x04\x0a\x02{}", 8}, VDR_OK},
        {"fields in another order", {(const uint8_t *)"\x12\x04\x0a\x02{}\x08\x01", 8}, VDR_OK},
        {"a field twice: the last counts",
         {(const uint8_t *)"\x08\x07\x08\x01\x12\x04\x0a\x02{}", 10},
         VDR_OK},
        {"a number longer than needed", {(const uint8_t *)"\x08\x81\x00\x12\x04\x0a\x02{}", 9}, VDR_OK},
        {"a number of eleven bytes",
         {(const uint8_t *)"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x12\x04\x0a\x02{}", 18},
         VDR_E_BAD_FRAME},
        {"a zero that is written", {(const uint8_t *)"\x08\x01\x12\x06\x0a\x02{}\x18\x00", 10}, VDR_OK},
        {"a truth that is not 1", {(const uint8_t *)"\x08\x01\x12\x06\x0a\x02{}\x18\x05", 10}, VDR_OK},
        {"an empty text that is written", {(const uint8_t *)"\x08\x01\x12\x04\x12\x02\x0a\x00", 8}, VDR_OK},
        {"not UTF-8", {(const uint8_t *)"\x08\x01\x12\x05\x12\x03\x0a\x01\xff", 9}, VDR_E_BAD_FRAME},
        {"text in a number's place", {(const uint8_t *)"\x0a\x01\x31\x12\x04\x0a\x02{}", 9}, VDR_E_BAD_FRAME},
        {"an item that ends beyond the body",
         {(const uint8_t *)"\x08\x01\x12\x44\x0a\x02{}", 8},
         VDR_E_BAD_FRAME},
        {"a group", {(const uint8_t *)"\x08\x01\x13\x0a\x02{}", 7}, VDR_E_BAD_FRAME},
        {"no sequence", {(const uint8_t *)"\x12\x04\x0a\x02{}", 6}, VDR_E_BAD_FRAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t longer[64];
        vdr_arena arena;
        vdr_wire quick, slow;
        vdr_arena_init(&arena, 1u << 20);
        memcpy(longer, rows[i].body.at, rows[i].body.len);
        memcpy(longer + rows[i].body.len, "\x78\x01", 2);
        vdr_err one = decode(VDR_FRAME_PUBLISH, rows[i].body, &arena, &quick);
        vdr_err two = decode(VDR_FRAME_PUBLISH, vdr_span_of(longer, rows[i].body.len + 2), &arena, &slow);
        if (one != rows[i].err || two != rows[i].err)
            fail_msg("%s: %s, %s", rows[i].name, vdr_err_code(one), vdr_err_code(two));
        if (one == VDR_OK)
            assert_true(same(vdr_schema_of(VDR_FRAME_PUBLISH), (const uint8_t *)&quick.publish,
                             (const uint8_t *)&slow.publish));
        vdr_arena_done(&arena);
    }
}

/* Each body is as large as a frame may be and asks for as much memory as its kind can. */
static void
no_body_takes_more_than_its_budget(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        vdr_frame_type type;
        vdr_span unit; /* repeated until the frame is full */
    } rows[] = {
        {"empty items", VDR_FRAME_PUBLISH, {(const uint8_t *)"\x12\x00", 2}},
        {"empty typed items", VDR_FRAME_PUBLISH, {(const uint8_t *)"\x12\x02\x12\x00", 4}},
        {"unknown fields", VDR_FRAME_PING, {(const uint8_t *)"\x78\x01", 2}},
        {"long unknown fields", VDR_FRAME_PING, {(const uint8_t *)"\x7a\x00", 2}},
        {"empty case views", VDR_FRAME_ANSWER, {(const uint8_t *)"\x3a\x00", 2}},
        {"empty signal views", VDR_FRAME_ANSWER, {(const uint8_t *)"\x42\x00", 2}},
        {"empty lines", VDR_FRAME_DECISION, {(const uint8_t *)"\x12\x00", 2}},
        {"empty agencies", VDR_FRAME_DELIVER, {(const uint8_t *)"\x0a\x04\x42\x00\x42\x00", 6}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = VDR_FRAME_BYTES_MAX - VDR_FRAME_HEAD, count = size / rows[i].unit.len;
        uint8_t *body = vdr_alloc(1, size);
        vdr_arena arena;
        vdr_wire wire;
        for (size_t k = 0; k < count; k++)
            memcpy(body + k * rows[i].unit.len, rows[i].unit.at, rows[i].unit.len);
        vdr_arena_init(&arena, (size_t)1 << 40);
        vdr_err err = decode(rows[i].type, vdr_span_of(body, count * rows[i].unit.len), &arena, &wire);
        if (err != VDR_E_TOO_BIG && err != VDR_E_BAD_FRAME)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
        if (arena.used_bytes > 16u * VDR_FRAME_BYTES_MAX || arena.budget_bytes != (size_t)1 << 40)
            fail_msg("%s: took %zu bytes", rows[i].name, arena.used_bytes);
        vdr_arena_done(&arena);
        free(body);
    }
}

static void
a_full_arena_refuses_and_says_so(void **state)
{
    (void)state;
    static const char body[] = "\x08\x01\x12\x04\x0a\x02{}";
    vdr_arena arena;
    vdr_wire wire;
    vdr_arena_init(&arena, 32);
    assert_int_equal(decode(VDR_FRAME_PUBLISH, vdr_span_of(body, sizeof body - 1), &arena, &wire),
                     VDR_E_TOO_BIG);
    assert_true(arena.overflow);
    vdr_arena_done(&arena);
}

static void
encoding_refuses_what_decoding_would_refuse(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_bytes out = {0};
    vdr_arena_init(&arena, 1u << 20);
    vdr_bytes_add(&out, S("before"));

    vdr_wire bad_name = {.type = VDR_FRAME_HELLO,
                         .hello = {.version_min = 1, .version_max = 1, .client_name = S("\xff")}};
    assert_int_equal(vdr_codec_encode(&bad_name, 1, 1000, &arena, &out), VDR_E_BAD_FRAME);
    vdr_wire no_item = {.type = VDR_FRAME_PUBLISH, .publish = {.first = 1}};
    assert_int_equal(vdr_codec_encode(&no_item, 1, 1000, &arena, &out), VDR_E_BAD_FRAME);
    vdr_wire_item json = {.json = S("{\"a\":1}")};
    vdr_wire one = {.type = VDR_FRAME_PUBLISH, .publish = {.first = 1, .items = &json, .item_count = 1}};
    assert_int_equal(vdr_codec_encode(&one, 1, 28, &arena, &out), VDR_E_TOO_BIG);
    assert_int_equal(out.len, 6);
    assert_int_equal(vdr_codec_encode(&one, 1, 29, &arena, &out), VDR_OK);
    assert_int_equal(out.len, 6 + 29);
    vdr_bytes_done(&out);
    vdr_arena_done(&arena);
}

static void
a_publish_of_encoded_items_is_the_same_bytes(void **state)
{
    (void)state;
    static const vdr_wire_person persons[] = {
        {{(const uint8_t *)"999990342", 9}, {(const uint8_t *)"youth", 5}}};
    static uint8_t long_json[300];
    memset(long_json, ' ', sizeof long_json);
    const vdr_wire_typed typed = {
        .id = S("s-1"), .source = S("urn:a"), .persons = persons, .person_count = 1};
    const vdr_wire_item items[] = {
        {.json = S("{\"a\":1}")},
        {.typed = &typed, .check_revision = true, .revision = 3},
        {.json = {long_json, sizeof long_json}},
    };
    for (int want = 0; want < 2; want++) {
        for (uint64_t first = 1; first < UINT64_MAX / 1000; first = first * 131 + 5) {
            vdr_arena arena;
            vdr_bytes whole = {0}, parts = {0}, encoded[3] = {{0}};
            vdr_span spans[3];
            vdr_wire wire = {
                .type = VDR_FRAME_PUBLISH,
                .publish = {.first = first, .items = items, .item_count = 3, .want_results = want}};
            vdr_arena_init(&arena, 1u << 20);
            assert_int_equal(vdr_codec_encode(&wire, 4, VDR_FRAME_BYTES_MAX, &arena, &whole), VDR_OK);
            size_t said = VDR_PUBLISH_BYTES_MAX;
            for (size_t i = 0; i < 3; i++) {
                vdr_wire_item back;
                assert_int_equal(vdr_item_encode(&items[i], &encoded[i]), VDR_OK);
                spans[i] = vdr_bytes_span(&encoded[i]);
                said += vdr_publish_item_bytes(spans[i].len);
                assert_int_equal(vdr_item_decode(spans[i], &arena, &back), VDR_OK);
                assert_true(same(&vdr_schema_item, (const uint8_t *)&items[i], (const uint8_t *)&back));
                assert_true(vdr_span_equal(back.encoded, spans[i]));
            }
            vdr_publish_write(first, want, spans, 3, 4, &parts);
            assert_true(parts.len <= said);
            assert_true(vdr_span_equal(vdr_bytes_span(&whole), vdr_bytes_span(&parts)));
            for (size_t i = 0; i < 3; i++)
                vdr_bytes_done(&encoded[i]);
            vdr_bytes_done(&whole);
            vdr_bytes_done(&parts);
            vdr_arena_done(&arena);
        }
    }
}

static void
utf8_is_what_rfc_3629_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"plain text of more than eight bytes", true},
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"12345678\xc3\xab"
         "12345678",
         true},
        {"12345678\xc3\xab"
         "1",
         true},
        {"12345678\xc3", false},
        {"12345678"
         "1\x80",
         false},
        {"\x80", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2\x41", false},
        {"\xc2\xc0", false},
        {"\xe0\x9f\xbf", false},
        {"\xe1\x80", false},
        {"\xe1\x80\x41", false},
        {"\xe1\x80\xc0", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"12345678\xff", false},
        {"1234567\xc3", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (vdr_span_is_utf8(vdr_span_str(rows[i].text)) != rows[i].valid)
            fail_msg("row %zu", i);
    }
}

static void
an_error_frame_names_the_range_when_versions_differ(void **state)
{
    (void)state;
    const vdr_frame frame = {.type = VDR_FRAME_HELLO, .sequence = 5};
    vdr_wire wire = vdr_wire_error_of(VDR_E_BAD_VERSION, &frame, S("1 to 1"), 0);
    assert_int_equal(wire.error.version_min, VDR_PROTOCOL_MIN);
    assert_int_equal(wire.error.version_max, VDR_PROTOCOL_MAX);
    assert_int_equal(wire.error.refers_to_type, VDR_FRAME_HELLO);
    assert_int_equal(wire.error.refers_to_sequence, 5);
    assert_true(vdr_span_equal(wire.error.code, S("bad_version")));
    wire = vdr_wire_error_of(VDR_E_BUSY, NULL, S(""), 250);
    assert_int_equal(wire.error.version_max, 0);
    assert_int_equal(wire.error.error_class, VDR_ERR_LATER);
    assert_int_equal(wire.error.retry_after_ms, 250);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_the_row_of_its_name),
        cmocka_unit_test(every_body_comes_back_as_it_was_sent),
        cmocka_unit_test(what_the_protocol_does_not_allow_is_refused),
        cmocka_unit_test(more_unknown_fields_than_a_newer_version_adds_are_refused),
        cmocka_unit_test(both_ways_of_reading_items_agree),
        cmocka_unit_test(no_body_takes_more_than_its_budget),
        cmocka_unit_test(a_full_arena_refuses_and_says_so),
        cmocka_unit_test(encoding_refuses_what_decoding_would_refuse),
        cmocka_unit_test(a_publish_of_encoded_items_is_the_same_bytes),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
        cmocka_unit_test(an_error_frame_names_the_range_when_versions_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
