/* How fast the door is, alone: nanoseconds per event, on one thread.
 *
 *     cmake --preset release && cmake --build build/release --target door_bench
 *     build/release/tests/bench/door_bench [EVENTS]              (1,000,000 if not said) */
#include "broker/door/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
tell(const char *what, unsigned count, double since_ns)
{
    printf("  %-46s %8.0f ns\n", what, (now_ns() - since_ns) / count);
}

int
main(int argc, char **argv)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = {1};
    const vdr_event_options options = {0};
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
    const vdr_wire_person persons[] = {{vdr_span_str("999990342"), vdr_span_str("youth")}};
    const vdr_wire_address address = {vdr_span_str("9901200000000001"), vdr_span_str("BU99010101")};
    char id[32] = "sig-00000000";
    const vdr_wire_typed typed = {.id = vdr_span_str(id),
                                  .source = vdr_span_str("urn:nld:oin:00000099000000010000:systeem:magister"),
                                  .type = vdr_span_str("nl.onderwijs.verzuim-gemeld.v1"),
                                  .time = vdr_span_str("2026-03-02T09:00:00Z"),
                                  .municipality = vdr_span_str("GM9901"),
                                  .occurred_at = vdr_span_str("2026-03-01T08:30:00Z"),
                                  .severity = 3,
                                  .persons = persons,
                                  .person_count = 1,
                                  .address = &address};
    vdr_door *door = vdr_door_new(key);
    vdr_arena arena;
    vdr_command command;
    vdr_span json;
    uint64_t sum = 0;

    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
    if (vdr_event_render(&typed, &arena, &json) != VDR_OK)
        return 1;
    char *text = malloc(json.len);
    if (text == NULL)
        return 1;
    memcpy(text, json.at, json.len);
    json = vdr_span_of(text, json.len);
    printf("one signal of %zu bytes as JSON, one person, one address, %u times\n", json.len, count);

    double from = now_ns();
    for (unsigned i = 0; i < count; i++) {
        vdr_arena_reset(&arena);
        sum += vdr_json_read(json, 0, &arena)->count;
    }
    tell("JSON to a tree", count, from);
    from = now_ns();
    for (unsigned i = 0; i < count; i++) {
        vdr_arena_reset(&arena);
        vdr_event_read(door, &options, json, &arena, &command, NULL);
        sum += command.digest.bytes[0];
    }
    tell("JSON to a command", count, from);
    from = now_ns();
    for (unsigned i = 0; i < count; i++) {
        vdr_arena_reset(&arena);
        vdr_event_typed(door, &options, &typed, &arena, &command);
        sum += command.digest.bytes[0];
    }
    tell("typed item to a command", count, from);
    from = now_ns();
    for (unsigned i = 0; i < count; i++)
        sum += vdr_door_pseudonym(door, false, persons[0].bsn).bytes[0];
    tell("of which: one pseudonym", count, from);
    printf("(%llu)\n", (unsigned long long)sum);
    free(text);
    vdr_arena_done(&arena);
    vdr_door_free(&door);
    return 0;
}
