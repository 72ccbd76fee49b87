/* Laws of the lines that prove a store: a signed head and a line of proofs.jsonl are read in one spelling only, so
 * what is read writes as the same bytes; a head that was read is signed only by whoever has the key. */
#include "broker/erasure/proofs.h"
#include "broker/trust/head.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
head_law(vdr_span line)
{
    static const uint8_t seed[VDR_HEAD_KEY_BYTES] = {9};
    char again[VDR_HEAD_LINE_BYTES];
    vdr_head head;
    vdr_err err = vdr_head_read(line, &head);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION);
    if (err != VDR_OK)
        return;
    VDR_ASSERT(vdr_head_write(&head, again) == line.len && memcmp(again, line.at, line.len) == 0);
    vdr_head_sign(&head, seed);
    VDR_ASSERT(vdr_head_signed(&head));
    head.number ^= 1;
    VDR_ASSERT(!vdr_head_signed(&head));
}

static void
proof_law(vdr_span line)
{
    static vdr_arena arena;
    vdr_bytes again = {0};
    vdr_proof_entry entry;
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)1024 * 1024);
    vdr_arena_reset(&arena);
    if (vdr_proof_read(line, &arena, &entry)) {
        vdr_proof_write(&entry, &again);
        size_t end = again.len != 0 && again.at[again.len - 1] == '\n' ? again.len - 1 : again.len;
        VDR_ASSERT(end == line.len && memcmp(again.at, line.at, end) == 0);
    }
    vdr_bytes_done(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (len > 65536)
        return 0;
    static const uint8_t none[1] = {0};
    vdr_span line = vdr_span_of(len != 0 ? at : none, len);
    head_law(line);
    proof_law(line);
    return 0;
}
