/* In the place of proto/pages.c: the same memory, without huge pages and untouched. A run is small, and its broker starts
 * often: clearing 8 MiB ahead of the state would be a third of what a run costs. */
#include "proto/pages.h"

#include "proto/assert.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

void *__wrap_vdr_pages_new(unsigned long bytes);
void __wrap_vdr_pages_free(void *at, unsigned long bytes);
bool __wrap_vdr_pages_spare_wanted(void);
void __wrap_vdr_pages_spare_make(void);
void __wrap_vdr_pages_spare_drop(void);

static void *spare;
static unsigned long regions;

static void *
map(unsigned long bytes)
{
    unsigned long room = bytes + VDR_PAGES_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VDR_ASSERT(mapped != MAP_FAILED);
    unsigned long before = -(uintptr_t)mapped % VDR_PAGES_ALIGNMENT;
    if (before != 0)
        (void)munmap(mapped, before);
    if (before != VDR_PAGES_ALIGNMENT)
        (void)munmap(mapped + before + bytes, room - before - bytes);
    (void)madvise(mapped + before, bytes, MADV_NOHUGEPAGE);
    return mapped + before;
}

void *
__wrap_vdr_pages_new(unsigned long bytes)
{
    void *ready = NULL;
    if (bytes == VDR_PAGES_REGION_BYTES) {
        ready = spare;
        spare = NULL;
        regions++;
    }
    return ready != NULL ? ready : map(bytes);
}

void
__wrap_vdr_pages_free(void *at, unsigned long bytes)
{
    (void)munmap(at, bytes);
}

bool
__wrap_vdr_pages_spare_wanted(void)
{
    return regions > 1 && spare == NULL;
}

void
__wrap_vdr_pages_spare_make(void)
{
    if (spare == NULL) /* a crash may have left one */
        spare = map(VDR_PAGES_REGION_BYTES);
}

void
__wrap_vdr_pages_spare_drop(void)
{
    if (spare != NULL)
        __wrap_vdr_pages_free(spare, VDR_PAGES_REGION_BYTES);
    spare = NULL;
}
