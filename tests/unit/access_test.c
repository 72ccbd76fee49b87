/* The table of who may do and see what: it is whole, the page says the same, and masking leaves what it names and
 * nothing else. What it must say is judged by tests/integration/access_test.py, from a list written apart. */
#include "broker/access/access.h"
#include "broker/access/render.h"
#include "broker/access/told.h"
#include "proto/assert.h"
#include "proto/codec_schema.h"
#include "proto/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Columns: none, agency, regisseur, service, coordinator, privacy officer, operator, auditor, no such kind. */
#define COLUMNS 9

static void
each_role_sends_the_frames_of_its_column(void **state)
{
    (void)state;
    static const struct {
        vdr_frame_type type;
        const char *allowed;
    } rows[] = {
        {VDR_FRAME_HELLO, ".aaaaaaa."},     {VDR_FRAME_WELCOME, "........."},
        {VDR_FRAME_PUBLISH, ".aaaaa..."},   {VDR_FRAME_CONFIRM, "........."},
        {VDR_FRAME_SUBSCRIBE, ".aaaaaa.."}, {VDR_FRAME_DELIVER, "........."},
        {VDR_FRAME_CREDIT, ".aaaaaa.."},    {VDR_FRAME_ACK, ".aaaaa..."},
        {VDR_FRAME_ACKED, "........."},     {VDR_FRAME_READ, ".aaaaaaa."},
        {VDR_FRAME_ANSWER, "........."},    {VDR_FRAME_DECISIONS, "......a.."},
        {VDR_FRAME_DECISION, "........."},  {VDR_FRAME_ADMIN, ".....aaa."},
        {VDR_FRAME_RESULT, "........."},    {VDR_FRAME_PING, ".aaaaaaa."},
        {VDR_FRAME_PONG, ".aaaaaaa."},      {VDR_FRAME_BYE, ".aaaaaaa."},
        {VDR_FRAME_ERROR, "........."},     {(vdr_frame_type)(VDR_FRAME_TYPE_MAX + 1), "........."},
        {(vdr_frame_type)0, "........."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int kind = 0; kind < COLUMNS; kind++)
            if (vdr_access_frame((vdr_party_kind)kind, rows[i].type) != (rows[i].allowed[kind] == 'a'))
                fail_msg("frame %d, kind %d", rows[i].type, kind);
}

static void
each_role_asks_what_its_column_says(void **state)
{
    (void)state;
    /* n none, a any, s self, S sent, R routed, H held, C care; and which may break the glass. */
    static const char letters[] = "nasSRHC";
    static const struct {
        int query;
        const char *relation, *glass;
    } rows[] = {
        {VDR_QUERY_STATUS, "nsssssssn", "........."},    {VDR_QUERY_CASE, "nnHnanann", "..g.gg..."},
        {VDR_QUERY_SIGNAL, "nSHRCnnnn", "..g.gg..."},    {VDR_QUERY_HOUSEHOLD, "nnHnCannn", "..g.gg..."},
        {VDR_QUERY_INBOX, "nnsnannnn", "........."},     {VDR_QUERY_REGISSEURS, "nnnnanann", "........."},
        {VDR_QUERY_EXPLAIN, "nnHnnnann", "........."},   {VDR_QUERY_TRY, "nnnnnnann", "........."},
        {VDR_QUERY_REQUESTS, "nnnnCannn", "........."},  {VDR_QUERY_PERSON, "nnnnnnnnn", ".....g..."},
        {VDR_QUERY_DIRECTORY, "naaaaaann", "........."}, {0, "nnnnnnnnn", "........."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int kind = 0; kind < COLUMNS; kind++) {
            vdr_query query = (vdr_query)rows[i].query;
            vdr_relation relation = vdr_access_query((vdr_party_kind)kind, query);
            if (letters[relation] != rows[i].relation[kind] ||
                vdr_access_glass((vdr_party_kind)kind, query) != (rows[i].glass[kind] == 'g'))
                fail_msg("query %d, kind %d: %c", rows[i].query, kind, letters[relation]);
        }
}

static void
mailboxes_and_inboxes_belong_to_their_roles(void **state)
{
    (void)state;
    static const char *const inbox[] = {"..a.a....", "..a.a....", "....a....", "....a....", "........."};
    for (int kind = 0; kind < COLUMNS; kind++) {
        for (int of = 0; of < COLUMNS; of++) {
            bool party = of >= VDR_PARTY_AGENCY && of <= VDR_PARTY_PRIVACY_OFFICER;
            vdr_relation whose = party && of == kind ? VDR_RELATION_SELF
                                 : party && kind == VDR_PARTY_OPERATOR && of != VDR_PARTY_PRIVACY_OFFICER
                                     ? VDR_RELATION_ANY
                                     : VDR_RELATION_NONE;
            assert_int_equal(vdr_access_mailbox((vdr_party_kind)kind, (vdr_party_kind)of), whose);
        }
        for (int part = 0; part < 5; part++)
            assert_int_equal(vdr_access_inbox((vdr_party_kind)kind, (vdr_inbox_part)part),
                             inbox[part][kind] == 'a');
    }
}

/* ---- nothing is left out */

static bool
has_row(vdr_access_area area, unsigned number)
{
    size_t count;
    const vdr_access_row *rows = vdr_access_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (rows[i].area == area && rows[i].number == number)
            return true;
    return false;
}

static void
everything_that_may_be_asked_or_done_has_one_row(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++)
        if (has_row(VDR_ACCESS_FRAME, type) != vdr_frame_from_client((vdr_frame_type)type))
            fail_msg("frame %u has no row in broker/access/table.c", type);
    for (unsigned act = 1; act <= VDR_ACT_LAST; act++)
        if (!has_row(VDR_ACCESS_ACT, act))
            fail_msg("act %s has no row in broker/access/table.c", vdr_act_name((vdr_act)act));
    for (unsigned query = VDR_QUERY_STATUS; query <= VDR_QUERY_LAST; query++)
        assert_true(has_row(VDR_ACCESS_QUERY, query));
    for (unsigned part = VDR_INBOX_ALL; part <= VDR_INBOX_REVIEWS; part++)
        assert_true(has_row(VDR_ACCESS_INBOX, part));
    static const unsigned verbs[][2] = {
        {VDR_VERB_STATUS, VDR_VERB_CHECK},  {VDR_VERB_PROPOSE, VDR_VERB_SHADOW_LOOK},
        {VDR_VERB_KEY_ADD, VDR_VERB_KEYS},  {VDR_VERB_VERIFY, VDR_VERB_LOGBOEK_LOOK},
        {VDR_VERB_ERASE, VDR_VERB_PROOFS},  {VDR_VERB_ROTATE, VDR_VERB_ROTATE_FINISH},
        {VDR_VERB_LINT, VDR_VERB_SENTENCES}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        for (unsigned verb = verbs[i][0]; verb <= verbs[i][1]; verb++)
            assert_true(has_row(VDR_ACCESS_VERB, verb));
    size_t count;
    const vdr_access_row *rows = vdr_access_rows(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            if (rows[i].area == rows[j].area && rows[i].number == rows[j].number)
                fail_msg("%s has two rows", rows[i].name);
        if (rows[i].area == VDR_ACCESS_ACT)
            assert_string_equal(rows[i].name, vdr_act_name((vdr_act)rows[i].number));
        if (rows[i].area == VDR_ACCESS_FRAME)
            assert_string_equal(rows[i].name, vdr_frame_type_name((vdr_frame_type)rows[i].number));
    }
}

static const vdr_field *
field_of(const vdr_schema *schema, const char *name)
{
    for (unsigned i = 0; i < schema->field_count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    fail_msg("no field %s", name);
    return NULL;
}

static const vdr_schema *
sub_of(const vdr_schema *schema, const char *name)
{
    return field_of(schema, name)->sub;
}

static void
compare(vdr_access_object object, const vdr_schema *schema)
{
    size_t count;
    const vdr_access_field *fields = vdr_access_fields(object, &count);
    for (unsigned i = 0; i < schema->field_count; i++) {
        const vdr_field *field = &schema->fields[i];
        bool found = false, counted = field->kind != VDR_FIELD_MANY && field->kind != VDR_FIELD_TEXTS;
        for (size_t j = 0; j < count; j++) {
            found = found || fields[j].offset == field->offset;
            counted = counted || fields[j].offset == field->count_offset;
        }
        if (!found || !counted)
            fail_msg("%s.%s has no row in broker/access/table.c", vdr_access_object_name(object),
                     field->name);
    }
    for (size_t j = 0; j < count; j++)
        assert_true(fields[j].offset + fields[j].bytes <= schema->plain_bytes);
}

static void
every_field_that_is_told_has_a_row(void **state)
{
    (void)state;
    const vdr_schema *answer = vdr_schema_of(VDR_FRAME_ANSWER), *told = sub_of(answer, "explanation");
    const vdr_schema *signal = sub_of(answer, "signals"), *household = sub_of(answer, "households");
    compare(VDR_OBJECT_STATUS, sub_of(answer, "status"));
    compare(VDR_OBJECT_CASE, sub_of(answer, "cases"));
    compare(VDR_OBJECT_CASE_SIGNAL, signal);
    compare(VDR_OBJECT_SIGNAL, signal);
    compare(VDR_OBJECT_SIGNAL_PERSON, sub_of(signal, "persons"));
    compare(VDR_OBJECT_SIGNAL_ADDRESS, sub_of(signal, "address"));
    compare(VDR_OBJECT_HOUSEHOLD, household);
    compare(VDR_OBJECT_MEMBER, sub_of(household, "persons"));
    compare(VDR_OBJECT_HOME, sub_of(household, "addresses"));
    compare(VDR_OBJECT_REVIEW, sub_of(answer, "reviews"));
    compare(VDR_OBJECT_REGISSEUR, sub_of(answer, "regisseurs"));
    compare(VDR_OBJECT_LINE, sub_of(answer, "lines"));
    compare(VDR_OBJECT_MESSAGE, sub_of(vdr_schema_of(VDR_FRAME_DELIVER), "messages"));
    compare(VDR_OBJECT_EXPLANATION, told);
    compare(VDR_OBJECT_EXPLAINED_SIGNAL, sub_of(told, "signals"));
    compare(VDR_OBJECT_EXPLAINED_CASE, sub_of(told, "cases"));
    compare(VDR_OBJECT_EXPLAINED_DUE, sub_of(told, "dues"));
    compare(VDR_OBJECT_RIGHT, sub_of(answer, "rights"));
    compare(VDR_OBJECT_NOTE, sub_of(signal, "notes"));
    const vdr_schema *directory = sub_of(answer, "directory");
    compare(VDR_OBJECT_DIRECTORY, directory);
    compare(VDR_OBJECT_ABSENCE, sub_of(sub_of(answer, "status"), "absences"));
    compare(VDR_OBJECT_ABSENCE, sub_of(sub_of(answer, "regisseurs"), "absences"));
    compare(VDR_OBJECT_DIRECTORY_TYPE, sub_of(directory, "types"));
    compare(VDR_OBJECT_DIRECTORY_DOMAIN, sub_of(directory, "domains"));
    compare(VDR_OBJECT_DIRECTORY_AGENCY, sub_of(directory, "agencies"));
    compare(VDR_OBJECT_DIRECTORY_SERVICE, sub_of(directory, "services"));
    compare(VDR_OBJECT_DIRECTORY_REGISSEUR, sub_of(directory, "regisseurs"));
    compare(VDR_OBJECT_NOTE, sub_of(sub_of(answer, "cases"), "notes"));
}

static void
masking_leaves_what_the_row_names_and_nothing_else(void **state)
{
    (void)state;
    static const char standings[] = {VDR_STANDING_OWN, VDR_STANDING_ENDED, VDR_STANDING_REVIEW,
                                     VDR_STANDING_GLASS};
    for (unsigned object = VDR_OBJECT_STATUS; object <= VDR_OBJECT_LAST; object++) {
        size_t count;
        const vdr_access_field *fields = vdr_access_fields((vdr_access_object)object, &count);
        for (int kind = 0; kind < COLUMNS; kind++)
            for (size_t s = 0; s < sizeof standings; s++) {
                uint8_t plain[1024], wanted[1024] = {0};
                memset(plain, 0xff, sizeof plain);
                for (size_t i = 0; i < count; i++) {
                    bool shown = kind > 0 && kind <= VDR_PARTY_LAST &&
                                 strchr(fields[i].cells[kind - 1], standings[s]) != NULL;
                    if (shown)
                        memset(wanted + fields[i].offset, 0xff, fields[i].bytes);
                    assert_int_equal(vdr_access_shown((vdr_party_kind)kind, (vdr_access_object)object,
                                                      fields[i].offset, standings[s]) != VDR_SHOWN_NOT,
                                     shown);
                }
                vdr_access_mask((vdr_party_kind)kind, (vdr_access_object)object, standings[s], plain,
                                sizeof plain);
                assert_memory_equal(plain, wanted, sizeof plain);
            }
    }
}

static const vdr_schema *
list_of(const vdr_access_told *row)
{
    const vdr_schema *result = vdr_schema_of(VDR_FRAME_RESULT);
    return strncmp(row->part, "row ", 4) == 0 ? NULL : sub_of(result, row->part);
}

/* A list names members that it has, a part of a verb is told to who may ask for it, and no name stands twice. */
static void
what_answers_tell_goes_with_the_verbs_and_the_wire(void **state)
{
    (void)state;
    size_t count;
    const vdr_access_told *rows = vdr_access_tellings(&count);
    for (size_t i = 0; i < count; i++) {
        const vdr_schema *list = list_of(&rows[i]);
        bool named = strcmp(rows[i].part, "counters") == 0 || strcmp(rows[i].part, "texts") == 0;
        for (int kind = 1; kind <= VDR_PARTY_LAST; kind++)
            if ((rows[i].who & VDR_TOLD_TO(kind)) != 0 &&
                !vdr_access_verb((vdr_party_kind)kind, rows[i].verb))
                fail_msg("verb %d, %s is told to %s, who may not ask for it", rows[i].verb, rows[i].part,
                         vdr_party_kind_name((vdr_party_kind)kind));
        for (const char *name = rows[i].names; *name != '\0';) {
            size_t len = strcspn(name, " ");
            char one[64];
            (void)snprintf(one, sizeof one, "%.*s", (int)len, name);
            if (list != NULL && !named)
                (void)field_of(list, one);
            for (int kind = 1; kind <= VDR_PARTY_LAST; kind++)
                if (vdr_access_tells((vdr_party_kind)kind, rows[i].verb, vdr_span_str(rows[i].part),
                                     vdr_span_str(one)) != ((rows[i].who & VDR_TOLD_TO(kind)) != 0))
                    fail_msg("verb %d, %s, %s: stands twice", rows[i].verb, rows[i].part, one);
            name += len + (name[len] == ' ');
        }
    }
}

static void
what_is_not_told_is_taken_out_of_an_answer(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_arena_init(&arena, 1u << 16);
    const vdr_wire_counter counters[] = {
        {vdr_span_str("running"), 1}, {vdr_span_str("secret"), 2}, {vdr_span_str("end"), 3}};
    const vdr_wire_named words[] = {{vdr_span_str("what"), vdr_span_str("x")},
                                    {vdr_span_str("id"), vdr_span_str("s-1")},
                                    {vdr_span_str("by"), vdr_span_str("y")}};
    const vdr_wire_row trail[] = {{.kind = vdr_span_str("trail"), .texts = words, .text_count = 3},
                                  {.kind = vdr_span_str("other"), .texts = words, .text_count = 3}};
    const vdr_wire_file files[] = {{vdr_span_str("a"), vdr_span_str("b")}};
    const vdr_wire_admin_result whole = {.verb = VDR_VERB_AUDIT_LOOK,
                                         .request = 7,
                                         .text = vdr_span_str("words"),
                                         .counters = counters,
                                         .counter_count = 3,
                                         .rows = trail,
                                         .row_count = 2,
                                         .files = files,
                                         .file_count = 1};
    vdr_wire_admin_result told = whole;
    assert_int_equal(vdr_access_mask_result(VDR_PARTY_AUDITOR, &arena, &told), VDR_OK);
    assert_int_equal(told.request, 7);
    assert_int_equal(told.text.len, 5);
    assert_int_equal(told.counter_count, 2);
    assert_int_equal(told.counters[1].value, 3);
    assert_int_equal(told.row_count, 1);
    assert_int_equal(told.rows[0].text_count, 2);
    assert_true(vdr_span_equal(told.rows[0].texts[1].name, vdr_span_str("by")));
    assert_int_equal(told.file_count, 0);
    told = whole;
    assert_int_equal(vdr_access_mask_result(VDR_PARTY_PRIVACY_OFFICER, &arena, &told), VDR_OK);
    assert_int_equal(told.rows[0].text_count, 3);
    assert_ptr_equal(told.rows[0].texts, words);
    told = whole;
    told.verb = VDR_VERB_STATUS;
    assert_int_equal(vdr_access_mask_result(VDR_PARTY_AGENCY, &arena, &told), VDR_OK);
    assert_int_equal(told.counter_count + told.row_count + told.file_count, 0);
    vdr_arena_done(&arena);
}

static void
the_protocol_has_the_same_tables(void **state)
{
    (void)state;
    FILE *file = fopen(VDR_SOURCE_DIR "/proto/protocol.md", "rb");
    assert_non_null(file);
    char *page = vdr_alloc(1, 1u << 20);
    size_t len = fread(page, 1, (1u << 20) - 1, file);
    (void)fclose(file);
    assert_true(len > 0);
    vdr_bytes tables = {0};
    vdr_access_render(VDR_ACCESS_MARKDOWN, &tables);
    vdr_bytes_add(&tables, vdr_span_of("", 1));
    /* Each of the three tables stands there whole. */
    char *at = (char *)tables.at;
    for (unsigned i = 1; i <= 3; i++) {
        char *end = strstr(at, "\n\n");
        assert_int_equal(end == NULL, i == 3);
        if (end != NULL)
            end[1] = '\0';
        if (strstr(page, at) == NULL)
            fail_msg("section 8: table %u is not that of `voordeur access --markdown`", i);
        at = end != NULL ? end + 2 : at;
    }
    vdr_bytes_done(&tables);
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_sends_the_frames_of_its_column),
        cmocka_unit_test(each_role_asks_what_its_column_says),
        cmocka_unit_test(mailboxes_and_inboxes_belong_to_their_roles),
        cmocka_unit_test(everything_that_may_be_asked_or_done_has_one_row),
        cmocka_unit_test(every_field_that_is_told_has_a_row),
        cmocka_unit_test(masking_leaves_what_the_row_names_and_nothing_else),
        cmocka_unit_test(what_answers_tell_goes_with_the_verbs_and_the_wire),
        cmocka_unit_test(what_is_not_told_is_taken_out_of_an_answer),
        cmocka_unit_test(the_protocol_has_the_same_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
