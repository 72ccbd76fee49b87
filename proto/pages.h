/* proto/pages.h - memory for large tables, straight from the system: in huge pages where it has them, since
 * a table that is touched at random waits as much for the page's address as for its bytes.
 *
 * Thread: any. Out of memory stops the program, as vdr_alloc does (proto/assert.h). */
#ifndef VDR_PROTO_PAGES_H
#define VDR_PROTO_PAGES_H

#define VDR_PAGES_ALIGNMENT (2ul * 1024 * 1024)

/* Zeroed, aligned to VDR_PAGES_ALIGNMENT; bytes is a multiple of it. What is not touched takes no memory.
 * Given back with vdr_pages_free of the same bytes. */
__attribute__((returns_nonnull)) void *vdr_pages_new(unsigned long bytes);
void vdr_pages_free(void *at, unsigned long bytes);

#endif
