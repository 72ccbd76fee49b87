#include "proto/pages.h"

#include "proto/assert.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

void *
vdr_pages_new(unsigned long bytes)
{
    VDR_ASSERT(bytes != 0 && bytes % VDR_PAGES_ALIGNMENT == 0);
    /* Aligned memory is cut out of what is larger by one page; what sticks out goes back. */
    unsigned long room = bytes + VDR_PAGES_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VDR_ASSERT(mapped != MAP_FAILED);
    unsigned long before = -(uintptr_t)mapped % VDR_PAGES_ALIGNMENT;
    if (before != 0)
        (void)munmap(mapped, before);
    if (before != VDR_PAGES_ALIGNMENT)
        (void)munmap(mapped + before + bytes, room - before - bytes);
    (void)madvise(mapped + before, bytes, MADV_HUGEPAGE); /* a system without them does as well, slower */
    return mapped + before;
}

void
vdr_pages_free(void *at, unsigned long bytes)
{
    VDR_ASSERT(at != NULL);
    (void)munmap(at, bytes);
}
