/* Law: any bytes are read as a tale within bounds, and what could be read writes as the same bytes. */
#include "tests/fuzz/fuzz.h"
#include "tests/tale_law.h"

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    (void)tale_law(vdr_span_of(at, len));
    return 0;
}
