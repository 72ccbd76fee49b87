/* Memory of session_fuzz that is dear to come by: pages for large tables are kept from one execution to the next, and secrets
 * lie in plain memory. The system is asked for little else then. */
#include "proto/assert.h"
#include "proto/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGES_KEPT 4u

void *__wrap_vdr_pages_new(unsigned long bytes);
void __wrap_vdr_pages_free(void *at, unsigned long bytes);
bool __wrap_vdr_pages_spare_wanted(void);
void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *at);
int __wrap_sodium_mprotect_readonly(void *at);

static void *pages_kept[PAGES_KEPT]; /* regions, clear */

void *
__wrap_vdr_pages_new(unsigned long bytes)
{
    for (size_t i = 0; i < PAGES_KEPT && bytes == VDR_PAGES_REGION_BYTES; i++) {
        void *at = pages_kept[i];
        pages_kept[i] = NULL;
        if (at != NULL)
            return at;
    }
    unsigned long room = bytes + VDR_PAGES_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VDR_ASSERT(mapped != MAP_FAILED);
    unsigned long before = -(uintptr_t)mapped % VDR_PAGES_ALIGNMENT;
    if (before != 0)
        (void)munmap(mapped, before);
    if (before != VDR_PAGES_ALIGNMENT)
        (void)munmap(mapped + before + bytes, room - before - bytes);
    (void)madvise(mapped + before, bytes, MADV_NOHUGEPAGE); /* little of it is touched */
    return mapped + before;
}

void
__wrap_vdr_pages_free(void *at, unsigned long bytes)
{
    for (size_t i = 0; i < PAGES_KEPT && bytes == VDR_PAGES_REGION_BYTES; i++) {
        if (pages_kept[i] != NULL)
            continue;
        (void)madvise(at, bytes, MADV_DONTNEED);
        pages_kept[i] = at;
        return;
    }
    (void)munmap(at, bytes);
}

bool
__wrap_vdr_pages_spare_wanted(void)
{
    return false;
}

void *
__wrap_sodium_malloc(size_t size)
{
    return malloc(size);
}

void
__wrap_sodium_free(void *at)
{
    free(at);
}

int
__wrap_sodium_mprotect_readonly(void *at)
{
    (void)at;
    return 0;
}
