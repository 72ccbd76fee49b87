/* store/pages.h - is the file of an LMDB environment sound, as pages?
 *
 * LMDB trusts its file: a rotten page number or offset makes it stop the process, read beyond the file or
 * give other rows than were stored. Its format (data version 1, as in all 0.9 releases) is simple, so the
 * pages are checked here by plain reading before LMDB goes near them: header, node offsets, order of
 * keys, page numbers, overflow runs, the list of free pages. What rows say is checked elsewhere, by their
 * checksums.
 *
 * Thread: any. Errors: STORE_CORRUPT with *ret_bad, whose text is constant; STORE_VERSION; IO. */
#ifndef VDR_STORE_PAGES_H
#define VDR_STORE_PAGES_H

#include "proto/assert.h"
#include "proto/err.h"

#include <stdint.h>

/* What is wrong, and in the page at which byte. */
typedef struct vdr_pages_bad {
    const char *text;
    uint64_t offset;
} vdr_pages_bad;

/* The file in the folder path, not in use: both meta pages to the last byte, and of the last commit and the one
 * before it the free list and small trees whole, of large ones the edges, where appending and cutting begin. Where
 * all trees are small, also that every page is in use once, or free once. Cost is bounded. *ret_end_bytes: the
 * place behind the last page. */
VDR_MUST_CHECK vdr_err vdr_pages_check_folder(const char *path, uint64_t *ret_end_bytes,
                                              vdr_pages_bad *ret_bad);

/* Every page of the snapshot txnid, which a read transaction of the caller keeps, in the open file fd:
 * all of the above for all trees of it; so also that each page is in use once, or free once.
 * BUSY: two commits came between; begin again with a new snapshot. */
VDR_MUST_CHECK vdr_err vdr_pages_check_all(int fd, uint64_t txnid, vdr_pages_bad *ret_bad);

#endif
