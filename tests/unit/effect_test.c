/* Goal: what is written into a tale is read again, and bytes that are no tale are refused within bounds. */
#include "broker/core/effect_write.h"
#include "proto/decision.h"
#include "proto/time.h"
#include "tests/tale_law.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(text)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
#define T0 1772442000000 /* 2026-03-02T09:00:00.000Z */

static const vdr_name names[] = {3, 300, UINT32_MAX, 0};
static const vdr_signal_ref signals[] = {
    {7, S("s-1"), 12}, {UINT32_MAX, S(""), UINT64_MAX}, {1, S("s-\xc3\xab"), 1}};

static const struct {
    const char *what;
    vdr_effect effect;
    size_t list;    /* how many of names, and of signals where it proposes */
    uint32_t bytes; /* it takes */
} rows[] = {
    {"accepted, regular",
     {.kind = VDR_EFFECT_SIGNAL,
      .at = T0,
      .id = S("s-0001234567"),
      .source_name = 40,
      .verdict = VDR_E_ACCEPTED,
      .match = VDR_MATCH_PERSON,
      .outcome = VDR_OUTCOME_REGULAR,
      .household = {1000000}},
     0,
     26},
    {"accepted, attached, source as text",
     {.kind = VDR_EFFECT_SIGNAL,
      .at = 0,
      .id = S("s-1"),
      .source = S("urn:a"),
      .verdict = VDR_E_ACCEPTED,
      .match = VDR_MATCH_NEW,
      .outcome = VDR_OUTCOME_ATTACHED,
      .household = {UINT64_MAX},
      .case_id = {UINT64_MAX}},
     0,
     34},
    {"malformed, with nothing to read",
     {.kind = VDR_EFFECT_SIGNAL, .at = VDR_MS_NONE, .verdict = VDR_E_MALFORMED},
     0,
     3},
    {"malformed, with an empty id and source",
     {.kind = VDR_EFFECT_SIGNAL,
      .at = VDR_TIME_MAX,
      .id = S(""),
      .source = S(""),
      .verdict = VDR_E_MALFORMED},
     0,
     11},
    {"duplicate",
     {.kind = VDR_EFFECT_SIGNAL,
      .at = T0,
      .id = S("s-1"),
      .source_name = UINT32_MAX,
      .verdict = VDR_E_DUPLICATE,
      .first = 128},
     0,
     19},
    {"command, accepted",
     {.kind = VDR_EFFECT_COMMAND,
      .at = T0,
      .id = S("c-1"),
      .source = S("urn:voordeur:regisseur:r-anna"),
      .verdict = VDR_E_ACCEPTED,
      .act = VDR_ACT_ERASED},
     0,
     43},
    {"command, duplicate",
     {.kind = VDR_EFFECT_COMMAND,
      .at = T0,
      .id = S("c-1"),
      .verdict = VDR_E_DUPLICATE,
      .act = VDR_ACT_FEEDBACK,
      .first = 5},
     0,
     14},
    {"command, stale revision",
     {.kind = VDR_EFFECT_COMMAND, .at = T0, .verdict = VDR_E_STALE_REVISION, .act = VDR_ACT_PLAN_SET},
     0,
     9},
    {"offered",
     {.kind = VDR_EFFECT_CASE,
      .at = T0,
      .case_id = {1},
      .household = {2},
      .change = VDR_CHANGE_OFFERED,
      .state = VDR_CASE_OFFERED,
      .priority = VDR_PRIORITY_URGENT,
      .regisseur = 9},
     0,
     12},
    {"merged, without regisseur",
     {.kind = VDR_EFFECT_CASE,
      .at = T0,
      .case_id = {1},
      .household = {2},
      .change = VDR_CHANGE_MERGED,
      .state = VDR_CASE_MERGED,
      .priority = VDR_PRIORITY_NORMAL},
     0,
     11},
    {"proposed",
     {.kind = VDR_EFFECT_CASE,
      .at = T0,
      .case_id = {1},
      .household = {2},
      .change = VDR_CHANGE_PROPOSED,
      .state = VDR_CASE_UNASSIGNED,
      .priority = VDR_PRIORITY_HIGH},
     3,
     50},
    {"proposed, with nothing",
     {.kind = VDR_EFFECT_CASE,
      .at = T0,
      .case_id = {1},
      .household = {2},
      .change = VDR_CHANGE_PROPOSED,
      .state = VDR_CASE_UNASSIGNED,
      .priority = VDR_PRIORITY_HIGH},
     0,
     13},
    {"regular_signal",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 17,
      .seq = 1000000,
      .message = VDR_MESSAGE_REGULAR_SIGNAL,
      .has_signal = true,
      .signal = {40, S("s-0001234567"), 100000000}},
     0,
     30},
    {"signal_attached",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = UINT32_MAX,
      .seq = UINT64_MAX,
      .message = VDR_MESSAGE_SIGNAL_ATTACHED,
      .case_id = {3},
      .has_signal = true,
      .signal = {1, S("s"), 1}},
     0,
     28},
    {"case_offered",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_CASE_OFFERED,
      .case_id = {3}},
     0,
     11},
    {"regisseur_known",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_REGISSEUR_KNOWN,
      .case_id = {3},
      .regisseur = 4},
     0,
     12},
    {"overdue",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_OVERDUE,
      .household = {8},
      .has_signal = true,
      .signal = {1, S("s"), 1}},
     0,
     15},
    {"feedback",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_FEEDBACK,
      .result = S("geholpen"),
      .has_signal = true,
      .signal = {1, S("s"), 1}},
     0,
     23},
    {"match",
     {.kind = VDR_EFFECT_MESSAGE, .at = T0, .mailbox = 1, .seq = 1, .message = VDR_MESSAGE_MATCH, .rule = 6},
     4,
     21},
    {"review",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_REVIEW,
      .household = {1},
      .other = {2}},
     0,
     12},
    {"break_glass",
     {.kind = VDR_EFFECT_MESSAGE,
      .at = T0,
      .mailbox = 1,
      .seq = 1,
      .message = VDR_MESSAGE_BREAK_GLASS,
      .case_id = {7},
      .household = {12},
      .by_kind = VDR_PARTY_AUDITOR,
      .by = S("rk"),
      .reason = S("klacht 12")},
     0,
     26},
    {"watch", {.kind = VDR_EFFECT_WATCH, .at = T0, .household = {77}, .rule = 5}, 0, 9},
};
#define ROWS (sizeof rows / sizeof *rows)

static uint32_t
add(vdr_tale *tale, size_t row)
{
    const vdr_effect *effect = &rows[row].effect;
    if (effect->kind == VDR_EFFECT_CASE && effect->change == VDR_CHANGE_PROPOSED)
        return vdr_tale_add_proposed(tale, effect, names, rows[row].list, signals, rows[row].list);
    if (effect->kind == VDR_EFFECT_MESSAGE && effect->message == VDR_MESSAGE_MATCH)
        return vdr_tale_add_match(tale, effect, names, rows[row].list);
    return vdr_tale_add(tale, effect);
}

static bool
same_text(vdr_span a, vdr_span b)
{
    return (a.at == NULL) == (b.at == NULL) && vdr_span_equal(a, b);
}

static bool
same_signal(const vdr_signal_ref *a, const vdr_signal_ref *b)
{
    return a->source == b->source && vdr_span_equal(a->id, b->id) && a->position == b->position;
}

static bool
same(size_t row, const vdr_effect *read)
{
    const vdr_effect *want = &rows[row].effect;
    vdr_effect_list rules = read->kind == VDR_EFFECT_CASE ? read->rules : read->agencies;
    vdr_effect_list list = read->signals;
    bool proposed = read->kind == VDR_EFFECT_CASE && read->change == VDR_CHANGE_PROPOSED;
    vdr_name name;
    vdr_signal_ref signal;
    for (size_t i = 0; i < rows[row].list; i++) {
        if (!vdr_effect_list_name(&rules, &name) || name != names[i])
            return false;
        if (proposed && (!vdr_effect_list_signal(&list, &signal) || !same_signal(&signal, &signals[i])))
            return false;
    }
    if (vdr_effect_list_name(&rules, &name) || vdr_effect_list_signal(&list, &signal))
        return false;
    return want->kind == read->kind && want->at == read->at && same_text(want->id, read->id) &&
           same_text(want->source, read->source) && want->source_name == read->source_name &&
           want->verdict == read->verdict && want->act == read->act && want->match == read->match &&
           want->outcome == read->outcome && want->first == read->first &&
           want->household.number == read->household.number && want->other.number == read->other.number &&
           want->case_id.number == read->case_id.number && want->change == read->change &&
           want->state == read->state && want->priority == read->priority &&
           want->regisseur == read->regisseur && want->mailbox == read->mailbox && want->seq == read->seq &&
           want->message == read->message && want->has_signal == read->has_signal &&
           same_signal(&want->signal, &read->signal) && same_text(want->result, read->result) &&
           want->by_kind == read->by_kind && same_text(want->by, read->by) &&
           same_text(want->reason, read->reason) && want->rule == read->rule;
}

static void
every_kind_of_effect_is_read_as_it_was_written(void **state)
{
    (void)state;
    vdr_tale tale;
    vdr_effect effect;
    uint32_t offsets[ROWS], offset = 0;
    vdr_tale_init(&tale);
    for (size_t row = 0; row < ROWS; row++) {
        offsets[row] = add(&tale, row);
        if (tale.len - offsets[row] != rows[row].bytes)
            fail_msg("%s: %u bytes", rows[row].what, tale.len - offsets[row]);
    }
    vdr_span bytes = vdr_span_of(tale.at, tale.len);
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(offset, offsets[row]);
        if (vdr_effect_next(bytes, &offset, &effect) != VDR_OK || !same(row, &effect))
            fail_msg("%s", rows[row].what);
        assert_int_equal(effect.offset, offsets[row]);
    }
    assert_int_equal(vdr_effect_next(bytes, &offset, &effect), VDR_E_END);
    assert_int_equal(tale_law(bytes), ROWS);
    vdr_tale_clear(&tale);
    assert_int_equal(add(&tale, 0), 0); /* a cleared tale begins anew */
    vdr_tale_done(&tale);
}

static void
a_regular_signal_and_its_message_take_under_60_bytes(void **state)
{
    (void)state;
    vdr_tale tale;
    vdr_tale_init(&tale);
    (void)add(&tale, 0);
    assert_string_equal(rows[12].what, "regular_signal");
    (void)add(&tale, 12);
    assert_in_range(tale.len, 1, 59);
    vdr_tale_done(&tale);
}

static void
the_line_of_a_command_is_settled_before_what_it_caused(void **state)
{
    (void)state;
    vdr_tale tale, plain;
    vdr_tale_init(&tale);
    vdr_tale_init(&plain);
    for (size_t own = 0; own < ROWS; own++) {
        for (size_t causes = 0; causes < 4; causes++) {
            uint32_t offsets[4], offset;
            vdr_effect effect;
            vdr_tale_clear(&tale);
            vdr_tale_clear(&plain);
            (void)add(&tale, 1); /* of a timer, before */
            (void)add(&plain, 1);
            uint32_t mark = vdr_tale_mark(&tale);
            for (size_t i = 0; i < causes; i++)
                offsets[i] = add(&tale, (own + i) % ROWS);
            uint32_t last = add(&tale, own);
            uint32_t moved = vdr_tale_settle(&tale, mark, last);
            (void)add(&plain, own);
            for (size_t i = 0; i < causes; i++)
                (void)add(&plain, (own + i) % ROWS);
            if (tale.len != plain.len || memcmp(tale.at, plain.at, tale.len) != 0)
                fail_msg("%s before %zu effects", rows[own].what, causes);
            for (size_t i = 0; i < causes; i++) {
                offset = offsets[i] + moved;
                assert_int_equal(vdr_effect_next(vdr_span_of(tale.at, tale.len), &offset, &effect), VDR_OK);
                assert_true(same((own + i) % ROWS, &effect));
            }
        }
    }
    vdr_tale_done(&tale);
    vdr_tale_done(&plain);
}

static const struct {
    const char *what;
    vdr_span bytes;
} broken[] = {
    {"no kind", S("\x00\x00")},
    {"a kind that is none", S("\x06\x00")},
    {"watch: a flag that is none", S("\x0d\x00\x01\x01")},
    {"watch: over the end", S("\x05\x00\x01")},
    {"watch: a name of more than 32 bits", S("\x05\x00\x01\xff\xff\xff\xff\x10")},
    {"watch: a household of more than 64 bits", S("\x05\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01")},
    {"watch: a number longer than needed", S("\x05\x00\x81\x00\x01")},
    {"watch: an endless number", S("\x05\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80")},
    {"watch: after the year 9999", S("\x05\x81\xb8\xff\x90\xfd\xce\x39\x01\x01")},
    {"signal: no such verdict", S("\x01\x00\x63")},
    {"signal: an error that is no verdict", S("\x01\x00\x64")},
    {"signal: id over the end", S("\x09\x00\x01\x05"
                                  "abcd")},
    {"signal: two sources", S("\x31\x00\x01\x01\x01\x61")},
    {"signal: a name 0 as source", S("\x21\x00\x01\x00")},
    {"signal: no such match", S("\x01\x00\x00\x34\x01")},
    {"signal: no such outcome", S("\x01\x00\x00\x41\x01")},
    {"signal: attached to nothing", S("\x01\x00\x00\x11\x01")},
    {"command: no act", S("\x02\x00\x00\x00")},
    {"command: an act that is none", S("\x02\x00\x00\xff")},
    {"case: no such change", S("\x03\x00\xff\x11\x01\x01")},
    {"case: no such state", S("\x03\x00\x02\x18\x01\x01")},
    {"case: no priority", S("\x03\x00\x02\x01\x01\x01")},
    {"case: a priority that is none", S("\x03\x00\x02\x41\x01\x01")},
    {"case: a regisseur that is none", S("\x0b\x00\x02\x11\x01\x01\x00")},
    {"case: fewer rules than it says", S("\x03\x00\x01\x11\x01\x01\x05\x01\x01")},
    {"case: more rules than there can be", S("\x03\x00\x01\x11\x01\x01\xff\xff\xff\xff\x10\x01")},
    {"case: fewer signals than it says", S("\x03\x00\x01\x11\x01\x01\x00\x02\x01\x01\x61\x01")},
    {"message: no such kind", S("\x04\x00\xff\x01\x01")},
    {"message: kind 0", S("\x04\x00\x00\x01\x01")},
    {"message: without its case", S("\x04\x00\x04\x01\x01")},
    {"message: fewer agencies than it says", S("\x04\x00\x11\x01\x01\x01\x02\x01")},
};

static void
what_is_no_tale_is_refused_and_leaves_everything_as_it_was(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof broken / sizeof *broken; row++) {
        uint32_t offset = 0;
        vdr_effect effect = {.seq = 17};
        uint8_t *copy = test_malloc(broken[row].bytes.len); /* so that a sanitizer sees a read beyond */
        memcpy(copy, broken[row].bytes.at, broken[row].bytes.len);
        vdr_err err = vdr_effect_next(vdr_span_of(copy, broken[row].bytes.len), &offset, &effect);
        if (err != VDR_E_STORE_CORRUPT || offset != 0 || effect.seq != 17)
            fail_msg("%s: %s", broken[row].what, vdr_err_code(err));
        test_free(copy);
    }
    uint32_t offset = 4;
    vdr_effect effect;
    assert_int_equal(vdr_effect_next((vdr_span)S("abc"), &offset, &effect), VDR_E_STORE_CORRUPT);
}

/* The law of the fuzz target on tales that are nearly right: cut anywhere, any bit turned, bytes at random. */
static void
damaged_tales_are_read_within_bounds(void **state)
{
    (void)state;
    vdr_tale tale;
    vdr_tale_init(&tale);
    for (size_t row = 0; row < ROWS; row++)
        (void)add(&tale, row);
    uint8_t *copy = test_malloc(tale.len);
    for (uint32_t len = 0; len < tale.len; len++) {
        uint8_t *cut = test_malloc(len + 1);
        memcpy(cut + 1, tale.at, len);
        (void)tale_law(vdr_span_of(cut + 1, len));
        test_free(cut);
    }
    for (uint32_t bit = 0; bit < tale.len * 8; bit++) {
        memcpy(copy, tale.at, tale.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)tale_law(vdr_span_of(copy, tale.len));
    }
    uint64_t dice = 1;
    size_t read = 0;
    for (int i = 0; i < 50000; i++) {
        for (uint32_t j = 0; j < 40; j++) {
            dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            copy[j] =
                (uint8_t)((dice >> 33) % (dice >> 60 & 1 ? 256 : 20)); /* small numbers are likelier right */
        }
        read += tale_law(vdr_span_of(copy, 40));
    }
    assert_true(read > 1000);
    test_free(copy);
    vdr_tale_done(&tale);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_effect_is_read_as_it_was_written),
        cmocka_unit_test(a_regular_signal_and_its_message_take_under_60_bytes),
        cmocka_unit_test(the_line_of_a_command_is_settled_before_what_it_caused),
        cmocka_unit_test(what_is_no_tale_is_refused_and_leaves_everything_as_it_was),
        cmocka_unit_test(damaged_tales_are_read_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
