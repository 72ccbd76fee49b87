/* Law: any bytes are read as a record within bounds, and what could be read writes as the same bytes; any
 * bytes are read as a content. */
#include "broker/record/record.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static vdr_arena arena;
    vdr_span bytes = vdr_span_of(at, len);
    vdr_command command;
    vdr_config_texts texts;
    vdr_event_content content;
    vdr_span json;

    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES * 4);
    vdr_arena_reset(&arena);
    if (vdr_command_read(bytes, &arena, &command) == VDR_OK) {
        uint8_t *again = malloc(len);
        VDR_ASSERT(again != NULL && vdr_command_write(&command, again, len) == len &&
                   memcmp(again, at, len) == 0);
        free(again);
    }
    vdr_arena_reset(&arena);
    if (vdr_content_event(bytes, &arena, &content) == VDR_OK && content.shape == VDR_OK)
        VDR_ASSERT(vdr_content_json(bytes, &arena, &json) == VDR_OK);
    if (vdr_content_read_config(bytes, &texts) == VDR_OK)
        VDR_ASSERT(texts.text[0].len + texts.text[1].len + texts.text[2].len < len);
    return 0;
}
