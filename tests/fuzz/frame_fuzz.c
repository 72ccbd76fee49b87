/* Law: a frame that is read writes back to the same bytes: one form of each. */
#include "proto/frame.h"
#include "proto/limits.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    vdr_bytes again = {0};
    vdr_frame frame;

    if (vdr_frame_parse(vdr_span_of(at, len), VDR_FRAME_BYTES_MAX, &frame) != VDR_OK)
        return 0;
    VDR_ASSERT(len <= VDR_FRAME_BYTES_MAX && frame.body.len == len - VDR_FRAME_HEAD);
    VDR_ASSERT(vdr_frame_from_client(frame.type) || vdr_frame_from_broker(frame.type));
    vdr_frame_write(&frame, &again);
    VDR_ASSERT(vdr_span_equal(vdr_bytes_span(&again), vdr_span_of(at, len)));
    vdr_bytes_done(&again);
    return 0;
}
