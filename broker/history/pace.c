#include "broker/history/pace.h"

#include <time.h>

#define SLEEPS_PER_PIECE 9 /* as long as the piece took */
#define SLEEP_NS_MAX     INT64_C(100000000)

static int64_t
now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static vdr_position
log_next(const vdr_pace *pace)
{
    vdr_log_stats stats;
    vdr_log_stats_get(pace->log, &stats);
    return stats.next;
}

void
vdr_pace_init(vdr_pace *pace, vdr_log *log)
{
    *pace = (vdr_pace){.log = log};
    vdr_pace_begin(pace);
}

void
vdr_pace_begin(vdr_pace *pace)
{
    pace->next = log_next(pace);
    pace->begun_ns = now_ns();
}

bool
vdr_pace_end(vdr_pace *pace)
{
    pace->pieces++;
    if (log_next(pace) == pace->next)
        return false;
    int64_t sleep_ns = (now_ns() - pace->begun_ns) * SLEEPS_PER_PIECE;
    const struct timespec sleep = {.tv_nsec = (long)(sleep_ns < SLEEP_NS_MAX ? sleep_ns : SLEEP_NS_MAX)};
    (void)nanosleep(&sleep, NULL); /* cut short by a signal, it is only less polite */
    pace->sleeps++;
    return true;
}
