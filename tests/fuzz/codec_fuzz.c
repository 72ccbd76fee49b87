/* Laws: a body that is read can be written, and what was written is read as the same: writing it once more
 * gives the same bytes, no more of them than came. No body takes more memory than its budget. The first byte
 * is the type, the rest the body. The two ways of reading and writing items (proto/codec_direct.h) give the
 * same. */
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

/* False: refused. */
static bool
read_body(vdr_frame_type type, vdr_span body, vdr_arena *arena, vdr_wire *ret_wire)
{
    vdr_frame frame = {.type = type, .sequence = 1, .body = body};
    size_t before = arena->used_bytes;
    vdr_err err = vdr_codec_decode(&frame, VDR_FRAME_BYTES_MAX, arena, ret_wire);

    VDR_ASSERT(arena->used_bytes - before <= vdr_codec_budget(body.len, VDR_FRAME_BYTES_MAX) + 15);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_BAD_FRAME || err == VDR_E_TOO_BIG);
    return err == VDR_OK;
}

static void
write_body(const vdr_wire *wire, vdr_arena *arena, vdr_bytes *out)
{
    vdr_err err = vdr_codec_encode(wire, 1, VDR_FRAME_BYTES_MAX + VDR_FRAME_HEAD, arena, out);
    VDR_ASSERT(err == VDR_OK);
}

/* once: the frame as protobuf-c wrote it. An unknown field at the end of the body sends it the slow way. */
static void
check_both_ways(const vdr_wire *wire, vdr_span once, vdr_arena *arena)
{
    vdr_bytes items = {0}, other = {0};
    vdr_span spans[VDR_BATCH_ITEMS_MAX];
    size_t ends[VDR_BATCH_ITEMS_MAX + 1] = {0};
    vdr_wire slow;

    for (size_t i = 0; i < wire->publish.item_count; i++) {
        vdr_err err = vdr_item_encode(&wire->publish.items[i], &items);
        VDR_ASSERT(err == VDR_OK);
        ends[i + 1] = items.len;
    }
    for (size_t i = 0; i < wire->publish.item_count; i++)
        spans[i] = vdr_span_of(items.at + ends[i], ends[i + 1] - ends[i]);
    for (size_t i = 0; i < wire->publish.item_count; i++) {
        vdr_span encoded = wire->publish.items[i].encoded;
        VDR_ASSERT(encoded.at == NULL || vdr_span_equal(encoded, spans[i]));
    }
    vdr_publish_write(wire->publish.first, wire->publish.want_results, spans, wire->publish.item_count, 1,
                      &other);
    VDR_ASSERT(vdr_span_equal(vdr_bytes_span(&other), once));

    vdr_bytes_add(&other, vdr_span_of("\x78\x01", 2));
    if (read_body(VDR_FRAME_PUBLISH, vdr_span_of(other.at + VDR_FRAME_HEAD, other.len - VDR_FRAME_HEAD),
                  arena, &slow)) { /* else: over its budget, which the quick way needs less of */
        other.len = 0;
        write_body(&slow, arena, &other);
        VDR_ASSERT(vdr_span_equal(vdr_bytes_span(&other), once));
    }
    vdr_bytes_done(&items);
    vdr_bytes_done(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    vdr_arena arena;
    vdr_bytes once = {0}, twice = {0};
    vdr_wire wire, again;

    if (len == 0 || at[0] == 0 || at[0] > VDR_FRAME_TYPE_MAX || len > VDR_FRAME_BYTES_MAX)
        return 0;
    vdr_arena_init(&arena, 64u << 20);
    vdr_frame_type type = (vdr_frame_type)at[0];
    if (read_body(type, vdr_span_of(at + 1, len - 1), &arena, &wire)) {
        write_body(&wire, &arena, &once);
        VDR_ASSERT(once.len <= VDR_FRAME_HEAD + len - 1);
        if (type == VDR_FRAME_PUBLISH)
            check_both_ways(&wire, vdr_bytes_span(&once), &arena);
        vdr_span body = vdr_span_of(once.at + VDR_FRAME_HEAD, once.len - VDR_FRAME_HEAD);
        if (!read_body(type, body, &arena, &again)) {
            VDR_ASSERT(body.len < len - 1); /* what it came with besides had made its budget larger */
            goto done;
        }
        write_body(&again, &arena, &twice);
        VDR_ASSERT(vdr_span_equal(vdr_bytes_span(&once), vdr_bytes_span(&twice)));
    }
done:
    vdr_bytes_done(&once);
    vdr_bytes_done(&twice);
    vdr_arena_done(&arena);
    return 0;
}
