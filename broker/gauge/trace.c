#define _GNU_SOURCE /* memmem */
#include "broker/gauge/trace.h"

#include "broker/door/event.h"
#include "broker/door/json.h"
#include "broker/record/record.h"

#include <string.h>

#define TRACEPARENT_BYTES 55u

/* count digits from at on; *ret_zero: all are 0. */
static bool
are_hex(const uint8_t *at, size_t count, bool *ret_zero)
{
    *ret_zero = true;
    for (size_t i = 0; i < count; i++) {
        if (!(at[i] >= '0' && at[i] <= '9') && !(at[i] >= 'a' && at[i] <= 'f'))
            return false;
        *ret_zero = *ret_zero && at[i] == '0';
    }
    return true;
}

bool
vdr_traceparent_is_good(vdr_span text)
{
    const uint8_t *at = text.at;
    bool trace_zero, parent_zero, flags_zero;
    return text.len == TRACEPARENT_BYTES && memcmp(at, "00-", 3) == 0 && at[35] == '-' && at[52] == '-' &&
           are_hex(at + 3, 32, &trace_zero) && are_hex(at + 36, 16, &parent_zero) &&
           are_hex(at + 53, 2, &flags_zero) && !trace_zero && !parent_zero;
}

static vdr_span
text_member(const vdr_json *event, const char *name)
{
    const vdr_json *member = event->kind == VDR_JSON_OBJECT ? vdr_json_member(event, name) : NULL;
    return member != NULL && member->kind == VDR_JSON_STRING ? member->text : (vdr_span){0};
}

vdr_span
vdr_trace_of(vdr_span content, const vdr_signal_name *signal, vdr_arena *arena)
{
    static const char name[] = "traceparent";
    vdr_content_form form;
    vdr_span json, trace = {0};
    vdr_arena scratch;
    if (content.len == 0 || memmem(content.at, content.len, name, sizeof name - 1) == NULL ||
        vdr_content_read(content, &form, &json) != VDR_OK ||
        (form != VDR_CONTENT_JSON && form != VDR_CONTENT_TYPED))
        return trace;
    vdr_arena_init(&scratch, 2 * VDR_EVENT_ARENA_BYTES);
    const vdr_json *event =
        vdr_content_json(content, &scratch, &json) == VDR_OK ? vdr_json_read(json, 0, &scratch) : NULL;
    if (event != NULL && vdr_span_equal(text_member(event, "id"), signal->id) &&
        vdr_span_equal(text_member(event, "source"), signal->source)) {
        vdr_span text = text_member(event, name);
        if (vdr_traceparent_is_good(text))
            trace = vdr_arena_copy(arena, text);
    }
    vdr_arena_done(&scratch);
    return trace.at != NULL ? trace : (vdr_span){0};
}
