#include "clients/cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#define LOOK_EVERY 16384u
#define QUIET_S    1.0 /* a run shorter than this shows nothing */

static double
seconds_since(const struct timespec *begun)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

void
vdr_progress_begin(vdr_progress *progress, const char *what)
{
    *progress = (vdr_progress){.what = what};
    clock_gettime(CLOCK_MONOTONIC, &progress->begun);
}

void
vdr_progress_one(vdr_progress *progress)
{
    if (++progress->count % LOOK_EVERY != 0 || isatty(STDERR_FILENO) == 0)
        return;
    double seconds = seconds_since(&progress->begun);
    if (seconds < QUIET_S)
        return;
    progress->shown = true;
    fprintf(stderr, "\r%llu %s, %.0f/s ", (unsigned long long)progress->count, progress->what,
            (double)progress->count / seconds);
}

void
vdr_progress_end(vdr_progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r%50s\r", "");
}
