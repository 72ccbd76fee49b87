/* tests/fuzz/fuzz.h - what a fuzz target is: a law that holds of any bytes. Stops the program where it does
 * not; returns 0. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

#endif
