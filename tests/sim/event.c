#include "tests/sim/event.h"

#include "proto/assert.h"
#include "tests/sim/fiber.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DESCRIPTORS 4096

typedef enum kind { OTHER, COUNT, SIGNALS } kind;

static struct {
    kind kind;
    uint64_t count;
} events[DESCRIPTORS];
static uint64_t asked; /* signals that wait, as bits */

int __wrap_eventfd(unsigned first, int flags);
int __real_eventfd(unsigned first, int flags);
int __wrap_signalfd(int fd, const sigset_t *set, int flags);
ssize_t __wrap_read(int fd, void *into, size_t size);
ssize_t __real_read(int fd, void *into, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __real_write(int fd, const void *from, size_t size);
int __wrap_close(int fd);
int __real_close(int fd);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

static kind
kind_of(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS ? events[fd].kind : OTHER;
}

static int
open_event(kind of, unsigned first)
{
    int fd = __real_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    VDR_ASSERT(fd < DESCRIPTORS);
    if (fd >= 0) {
        events[fd].kind = of;
        events[fd].count = first;
    }
    return fd;
}

int
__wrap_eventfd(unsigned first, int flags)
{
    (void)flags;
    return open_event(COUNT, first);
}

int
__wrap_signalfd(int fd, const sigset_t *set, int flags)
{
    (void)fd;
    (void)set;
    (void)flags;
    return open_event(SIGNALS, 0);
}

int
__wrap_close(int fd)
{
    if (kind_of(fd) != OTHER)
        events[fd].kind = OTHER;
    return __real_close(fd);
}

void
sim_event_signal(int number)
{
    asked |= UINT64_C(1) << number;
    sim_fibers_poke();
}

static ssize_t
read_signal(void *into, size_t size)
{
    struct signalfd_siginfo told = {0};
    if (asked == 0) {
        errno = EAGAIN;
        return -1;
    }
    VDR_ASSERT(size == sizeof told);
    told.ssi_signo = (uint32_t)__builtin_ctzll(asked);
    asked &= asked - 1;
    memcpy(into, &told, sizeof told);
    return (ssize_t)sizeof told;
}

ssize_t
__wrap_read(int fd, void *into, size_t size)
{
    kind of = kind_of(fd);
    if (of == OTHER)
        return __real_read(fd, into, size);
    if (of == SIGNALS)
        return read_signal(into, size);
    if (events[fd].count == 0) {
        errno = EAGAIN;
        return -1;
    }
    VDR_ASSERT(size == sizeof events[fd].count);
    memcpy(into, &events[fd].count, size);
    events[fd].count = 0;
    return (ssize_t)size;
}

ssize_t
__wrap_write(int fd, const void *from, size_t size)
{
    uint64_t more;
    if (kind_of(fd) == OTHER)
        return __real_write(fd, from, size);
    VDR_ASSERT(kind_of(fd) == COUNT && size == sizeof more);
    memcpy(&more, from, size);
    events[fd].count += more;
    return (ssize_t)size;
}

int
sim_event_poll(struct pollfd *fds, nfds_t count)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        kind of = kind_of(fds[i].fd);
        if (of == OTHER) {
            ready += __real_poll(&fds[i], 1, 0) > 0;
            continue;
        }
        bool on = of == COUNT ? events[fds[i].fd].count != 0 : asked != 0;
        fds[i].revents = on ? POLLIN : 0;
        ready += on;
    }
    return ready;
}
