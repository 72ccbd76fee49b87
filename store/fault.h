/* store/fault.h - where a store is not what was written: the first place that a walk through it found.
 * A plain value; its texts are constants. */
#ifndef VDR_STORE_FAULT_H
#define VDR_STORE_FAULT_H

#include "proto/types.h"

typedef struct vdr_store_fault {
    const char *file;      /* in the store's folder; "" : none */
    uint64_t offset;       /* of the page in the file; 0: no single page */
    vdr_position position; /* of the record; 0: no single record */
    const char *text;      /* what is wrong there */
} vdr_store_fault;

/* Called now and then while a walk goes on; at: how far it is. False ends the walk with CLOSING. */
typedef bool (*vdr_store_progress_fn)(void *context, uint64_t at);

#endif
