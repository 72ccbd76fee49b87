/* memory.so - the n-th allocation fails. For LD_PRELOAD.
 *
 *   VDR_MEMORY_FILE  a file of two 64-bit numbers, which the test writes while the program runs: how many allocations
 *                    from now on are had (0: all), and, written here, how many failed
 *
 * One allocation fails, the next ones are had again: so every place that asks for memory meets it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *at, size_t bytes);

static _Atomic int64_t *said; /* NULL: nothing */

__attribute__((constructor)) static void
open_file(void)
{
    const char *name = getenv("VDR_MEMORY_FILE");
    int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, 2 * sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (at != MAP_FAILED)
        said = at;
}

static bool
fails(void)
{
    if (said == NULL || atomic_load_explicit(&said[0], memory_order_relaxed) == 0)
        return false;
    if (atomic_fetch_sub(&said[0], 1) != 1)
        return false;
    atomic_fetch_add(&said[1], 1);
    errno = ENOMEM;
    return true;
}

void *
malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *
realloc(void *at, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(at, bytes);
}
