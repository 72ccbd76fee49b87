#include "proto/pages.h"

#include "proto/assert.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u /* or more: then some touches are for nothing */

static _Atomic(void *) spare;
static atomic_ulong regions; /* of that size, taken since the program began */

/* NULL: the system gives no more. */
static void *
map(unsigned long bytes)
{
    /* Aligned memory is cut out of what is larger by one page; what sticks out goes back. */
    unsigned long room = bytes + VDR_PAGES_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    unsigned long before = -(uintptr_t)mapped % VDR_PAGES_ALIGNMENT;
    if (before != 0)
        (void)munmap(mapped, before);
    if (before != VDR_PAGES_ALIGNMENT)
        (void)munmap(mapped + before + bytes, room - before - bytes);
    (void)madvise(mapped + before, bytes, MADV_HUGEPAGE); /* a system without them does as well, slower */
    return mapped + before;
}

void *
vdr_pages_new(unsigned long bytes)
{
    VDR_ASSERT(bytes != 0 && bytes % VDR_PAGES_ALIGNMENT == 0);
    void *ready = NULL;
    if (bytes == VDR_PAGES_REGION_BYTES) {
        ready = atomic_exchange(&spare, NULL);
        (void)atomic_fetch_add_explicit(&regions, 1, memory_order_relaxed);
    }
    if (ready == NULL)
        ready = map(bytes);
    if (ready == NULL)
        vdr_out_of_memory(1, bytes);
    return ready;
}

bool
vdr_pages_spare_wanted(void)
{
    return atomic_load_explicit(&regions, memory_order_relaxed) > 1 &&
           atomic_load_explicit(&spare, memory_order_relaxed) == NULL;
}

void
vdr_pages_spare_make(void)
{
    uint8_t *made = map(VDR_PAGES_REGION_BYTES);
    if (made == NULL)
        return; /* whoever needs one stops, and says why */
    for (unsigned long at = 0; at < VDR_PAGES_REGION_BYTES; at += PAGE_BYTES) /* the system has cleared it */
        *(volatile uint8_t *)(made + at) = 0;
    void *before = atomic_exchange(&spare, made);
    if (before != NULL)
        vdr_pages_free(before, VDR_PAGES_REGION_BYTES);
}

void
vdr_pages_spare_drop(void)
{
    void *left = atomic_exchange(&spare, NULL);
    if (left != NULL)
        vdr_pages_free(left, VDR_PAGES_REGION_BYTES);
}

void
vdr_pages_free(void *at, unsigned long bytes)
{
    VDR_ASSERT(at != NULL);
    (void)munmap(at, bytes);
}
