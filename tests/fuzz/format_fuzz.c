/* Law: any bytes are laid out or refused with a word. What is laid out says the same, and laid out again it
 * is the same bytes. */
#include "broker/door/yaml_format.h"
#include "proto/limits.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
on_fault(void *context, vdr_place place, const char *message)
{
    VDR_ASSERT(place.line >= 1 && place.column >= 1 && message[0] != '\0');
    VDR_ASSERT(vdr_span_is_utf8(vdr_span_str(message)));
    ++*(size_t *)context;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    vdr_bytes once = {0}, twice = {0};
    size_t faults = 0;
    vdr_yaml_listener listener = {on_fault, &faults};

    if (len > VDR_CONF_BYTES_MAX)
        return 0;
    vdr_err err = vdr_yaml_format(vdr_span_of(len != 0 ? at : none, len), listener, &once);
    VDR_ASSERT((err == VDR_OK) == (faults == 0) && (err == VDR_OK) == (once.len != 0));
    if (err == VDR_OK) {
        VDR_ASSERT(vdr_yaml_format(vdr_bytes_span(&once), listener, &twice) == VDR_OK);
        VDR_ASSERT(vdr_span_equal(vdr_bytes_span(&once), vdr_bytes_span(&twice)));
    }
    vdr_bytes_done(&once);
    vdr_bytes_done(&twice);
    return 0;
}
