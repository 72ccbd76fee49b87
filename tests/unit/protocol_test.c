/* Goal: protocol.md says what the code does: its tables are those of the headers, its bytes those of the
 * codec. */
#include "proto/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})

static char *page;

static int
page_read(void **state)
{
    (void)state;
    FILE *file = fopen(VDR_SOURCE_DIR "/proto/protocol.md", "rb");
    if (file == NULL)
        return -1;
    page = vdr_alloc(1, 1u << 20);
    size_t len = fread(page, 1, (1u << 20) - 1, file);
    fclose(file);
    return len > 0 ? 0 : -1;
}

static int
page_free(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The page has exactly this line. */
static bool
has_line(const char *line)
{
    size_t len = strlen(line);
    for (const char *at = strstr(page, line); at != NULL; at = strstr(at + 1, line)) {
        if ((at == page || at[-1] == '\n') && at[len] == '\n')
            return true;
    }
    return false;
}

/* Lines from heading on, up to the next heading, that begin with "| " and a digit. */
static size_t
rows_of(const char *heading)
{
    size_t rows = 0;
    const char *at = strstr(page, heading);
    assert_non_null(at);
    for (at = strchr(at + 1, '\n'); at != NULL && at[1] != '#'; at = strchr(at + 1, '\n'))
        rows += at[1] == '|' && at[2] == ' ' && at[3] >= '0' && at[3] <= '9';
    return rows;
}

static void
the_errors_are_those_of_the_table(void **state)
{
    (void)state;
    static const char *const who[] = {
        [VDR_ACTOR_NOBODY] = "nobody", [VDR_ACTOR_SENDER] = "sender", [VDR_ACTOR_OPERATOR] = "operator"};
    size_t count = 0;
    for (unsigned number = 1; number < 1000; number++) {
        vdr_err err = (vdr_err)number;
        char line[512];
        if (!vdr_err_known(number))
            continue;
        snprintf(line, sizeof line, "| %u | `%s` | %s | %s | %s | %s |", number, vdr_err_code(err),
                 vdr_err_class_name(vdr_err_class_of(err)), who[vdr_err_actor_of(err)], vdr_err_text(err),
                 vdr_err_hint(err));
        if (!has_line(line))
            fail_msg("missing: %s", line);
        count++;
    }
    assert_int_equal(rows_of("\n## 9 "), count);
}

static void
the_frames_are_those_of_the_table(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++) {
        vdr_frame_type t = (vdr_frame_type)type;
        char line[64];
        snprintf(line, sizeof line, "| %u | `%s` | %s |", type, vdr_frame_type_name(t),
                 !vdr_frame_from_client(t)   ? "broker"
                 : !vdr_frame_from_broker(t) ? "client"
                                             : "both");
        if (!has_line(line))
            fail_msg("missing: %s", line);
    }
}

static void
the_limits_are_those_of_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned value;
        const char *field;
    } rows[] = {
        {"bytes of a frame, parties' listener", VDR_FRAME_BYTES_MAX, "`frame_bytes` "},
        {"bytes of a frame, operators' listener", VDR_ADMIN_FRAME_MAX, "`frame_bytes` "},
        {"bytes of an event as JSON", VDR_EVENT_BYTES_MAX, "`event_bytes` "},
        {"items of a PUBLISH", VDR_BATCH_ITEMS_MAX, "`batch_items` "},
        {"unanswered items of a session", VDR_WINDOW_ITEMS, "`window_items` "},
        {"bytes of unanswered items of a session", VDR_WINDOW_BYTES, "`window_bytes` "},
        {"messages delivered beyond `done`", VDR_DELIVERY_WINDOW, "`delivery_window` "},
        {"bytes of what names something", VDR_NAME_BYTES_MAX, ""},
        {"bytes of an id of a party, and of a client's name", VDR_CONF_NAME_MAX, ""},
        {"depth of a JSON event", VDR_JSON_DEPTH_MAX, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "| %s | %u | %s|", rows[i].what, rows[i].value, rows[i].field);
        if (!has_line(line))
            fail_msg("missing: %s", line);
    }
}

/* One frame in hexadecimal, head | body, sixteen bytes a line. */
static void
hex_of(const vdr_wire *wire, uint32_t sequence, char ret_text[2048])
{
    vdr_arena arena;
    vdr_bytes frame = {0};
    vdr_arena_init(&arena, 1u << 16);
    assert_int_equal(vdr_codec_encode(wire, sequence, VDR_FRAME_BYTES_MAX, &arena, &frame), VDR_OK);
    size_t used = 0;
    for (size_t i = 0; i < frame.len; i++) {
        const char *between = i == 0 ? "" : i == VDR_FRAME_HEAD ? " |\n" : i % 16 == 0 ? "\n" : " ";
        used += (size_t)snprintf(ret_text + used, 2048 - used, "%s%02x", between, frame.at[i]);
    }
    vdr_bytes_done(&frame);
    vdr_arena_done(&arena);
}

static void
the_example_is_what_the_codec_writes(void **state)
{
    (void)state;
    static const vdr_wire_person person = {{(const uint8_t *)"999990342", 9}, {(const uint8_t *)"youth", 5}};
    const vdr_wire_typed typed = {
        .id = S("s-1"),
        .source = S("urn:nld:oin:00000099000000010000:systeem:magister"),
        .type = S("nl.onderwijs.verzuim-gemeld.v1"),
        .time = S("2026-03-02T09:00:00Z"),
        .municipality = S("GM9901"),
        .severity = 3,
        .persons = &person,
        .person_count = 1,
    };
    const vdr_wire_item item = {.typed = &typed};
    const vdr_wire_exception again = {.sequence = 1, .error = VDR_E_DUPLICATE, .position = 7};
    const struct {
        uint32_t sequence;
        vdr_wire wire;
    } frames[] = {
        {1,
         {.type = VDR_FRAME_HELLO,
          .hello = {.version_min = 1, .version_max = 1, .client_name = S("magister")}}},
        {1,
         {.type = VDR_FRAME_WELCOME,
          .welcome = {.version = 1,
                      .session = 5,
                      .store_id = S("0123456789abcdef"),
                      .epoch = 2,
                      .broker_time_ms = 1772442000000,
                      .party_kind = VDR_PARTY_AGENCY,
                      .party_id = S("school-noord"),
                      .municipality = S("GM9901"),
                      .source = S("urn:nld:oin:00000099000000010000:systeem:magister"),
                      .limits = {.frame_bytes = VDR_FRAME_BYTES_MAX,
                                 .event_bytes = VDR_EVENT_BYTES_MAX,
                                 .batch_items = VDR_BATCH_ITEMS_MAX,
                                 .window_items = VDR_WINDOW_ITEMS,
                                 .window_bytes = VDR_WINDOW_BYTES,
                                 .delivery_window = VDR_DELIVERY_WINDOW,
                                 .heartbeat_ms = 5000},
                      .broker_version = S("0.1.0")}}},
        {2, {.type = VDR_FRAME_PUBLISH, .publish = {.first = 1, .items = &item, .item_count = 1}}},
        {2,
         {.type = VDR_FRAME_CONFIRM,
          .confirm = {.up_to = 1,
                      .exceptions = &again,
                      .exception_count = 1,
                      .window_items = VDR_WINDOW_ITEMS,
                      .window_bytes = VDR_WINDOW_BYTES,
                      .durability = VDR_SYNCED}}},
        {3, {.type = VDR_FRAME_PING, .ping = {.number = 42}}},
        {3, {.type = VDR_FRAME_PONG, .pong = {.number = 42, .time_ms = 1772442005000}}},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        char text[2048];
        hex_of(&frames[i].wire, frames[i].sequence, text);
        if (strstr(page, text) == NULL)
            fail_msg("%s is not in section 12:\n%s", vdr_frame_type_name(frames[i].wire.type), text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_errors_are_those_of_the_table),
        cmocka_unit_test(the_frames_are_those_of_the_table),
        cmocka_unit_test(the_limits_are_those_of_the_header),
        cmocka_unit_test(the_example_is_what_the_codec_writes),
    };
    return cmocka_run_group_tests(tests, page_read, page_free);
}
