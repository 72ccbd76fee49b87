/* proto/pages.h - memory for large tables, straight from the system: in huge pages where it has them, since
 * a table that is touched at random waits as much for the page's address as for its bytes.
 *
 * Thread: any. Out of memory stops the program, as vdr_alloc does (proto/assert.h). */
#ifndef VDR_PROTO_PAGES_H
#define VDR_PROTO_PAGES_H

#include <stdbool.h>

#define VDR_PAGES_ALIGNMENT    (2ul * 1024 * 1024)
#define VDR_PAGES_REGION_BYTES (8ul * 1024 * 1024) /* what tables grow by */

/* Zeroed, aligned to VDR_PAGES_ALIGNMENT; bytes is a multiple of it. What is not touched takes no memory.
 * Given back with vdr_pages_free of the same bytes. */
__attribute__((returns_nonnull)) void *vdr_pages_new(unsigned long bytes);
void vdr_pages_free(void *at, unsigned long bytes);

/* The first touch of a page is where the system looks for it and clears it: a millisecond and more for a huge one
 * where a host lends its memory late. Who must not wait for that lets another thread make a spare region, touched
 * already, and vdr_pages_new of VDR_PAGES_REGION_BYTES takes it. Where there is no memory, none is made. Wanted: the
 * last one is gone, and the program has taken more than one, so a small one keeps none. Wanted and make: one thread
 * makes at a time. */
bool vdr_pages_spare_wanted(void);
void vdr_pages_spare_make(void);
void vdr_pages_spare_drop(void);

#endif
