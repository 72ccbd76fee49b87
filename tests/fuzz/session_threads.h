/* The daemon's threads in session_fuzz: coroutines of the simulator (tests/sim/fiber.h), so that an execution has one
 * schedule, which its bytes say, and neither starts nor waits for a thread of the system. A wait is over when nothing else
 * can go on, at once: time is the simulator's.
 *
 * libFuzzer has threads of its own, so only what runs within a law is led there (CMakeLists.txt gives thread.c of the
 * simulator other names). */
#ifndef TESTS_FUZZ_SESSION_THREADS_H
#define TESTS_FUZZ_SESSION_THREADS_H

#include <stdint.h>

/* Runs law() and the threads that it begins until it is over; which of them goes on is thrown. They are all over then. */
void threads_run(void *(*law)(void *argument), uint8_t seed);

#endif
