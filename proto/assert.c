#include "proto/assert.h"

#include <stdio.h>
#include <stdlib.h>

void
vdr_assert_failed(const char *file, int line, const char *expression)
{
    fprintf(stderr, "voordeur: %s:%d: broken invariant: %s\n", file, line, expression);
    abort();
}

void
vdr_out_of_memory(unsigned long count, unsigned long bytes)
{
    fprintf(stderr, "voordeur: out of memory: %lu times %lu bytes more are not to be had; stopped\n", count,
            bytes);
    abort();
}

void *
vdr_alloc(unsigned long count, unsigned long bytes)
{
    void *at = calloc(count != 0 ? count : 1, bytes != 0 ? bytes : 1);
    if (at == NULL)
        vdr_out_of_memory(count, bytes);
    return at;
}

void *
vdr_realloc(void *at, unsigned long count, unsigned long bytes)
{
    VDR_ASSERT(bytes == 0 || count <= (unsigned long)-1 / bytes);
    void *more = realloc(at, count * bytes != 0 ? count * bytes : 1);
    if (more == NULL)
        vdr_out_of_memory(count, bytes);
    return more;
}
