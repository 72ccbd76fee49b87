/* clock.so - the wall clock as a test says. For LD_PRELOAD.
 *
 * VDR_CLOCK names a file of two 64-bit numbers: nanoseconds that are added to the wall clock, and, if not 0, the
 * nanosecond since 1970 at which it stands still. The test writes there while the program runs. Clocks that cannot
 * be set (CLOCK_MONOTONIC and its like) are left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static volatile int64_t *said; /* NULL: nothing */

__attribute__((constructor)) static void
open_clock(void)
{
    const char *name = getenv("VDR_CLOCK");
    int fd = name != NULL ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, 2 * sizeof *said, PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (at != MAP_FAILED)
        said = at;
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (rc != 0 || said == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return rc;
    int64_t now = ret_time->tv_sec * SECOND + ret_time->tv_nsec + said[0];
    if (said[1] != 0)
        now = said[1];
    ret_time->tv_sec = now / SECOND;
    ret_time->tv_nsec = now % SECOND;
    return 0;
}

int
gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    ret_time->tv_sec = now.tv_sec;
    ret_time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t
time(time_t *ret_time)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time != NULL)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
