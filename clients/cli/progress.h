/* clients/cli/progress.h - how far a long run is, on standard error, where that is a terminal. One thread. */
#ifndef VDR_CLI_PROGRESS_H
#define VDR_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef struct vdr_progress {
    const char *what; /* "lines" */
    uint64_t count;
    bool shown;
    struct timespec begun;
} vdr_progress;

void vdr_progress_begin(vdr_progress *progress, const char *what);
void vdr_progress_one(vdr_progress *progress); /* one more is done */
void vdr_progress_end(vdr_progress *progress); /* leaves the line empty */

#endif
