/* store_bench DIR [SECONDS [MAILBOXES]]: how fast the log on LMDB appends, in DIR on the disk that matters.
 *
 * Each line is a fresh log: groups of so many records of 300 bytes (40 routing, 260 content) with a tale of
 * 60 bytes and one mail each to one of MAILBOXES (10). Bytes written are the process's own, from
 * /proc/self/io, for each record. raw is what this disk needs for one 4 KiB pwrite and fdatasync. */
#include "store/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MAX  4096u
#define MAILBOX_MAX 100000u
#define COMMITS_MAX 1000000u

static double
now_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu_s(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t
written_bytes(void)
{
    unsigned long long bytes = 0;
    char line[128];
    FILE *f = fopen("/proc/self/io", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "write_bytes: %llu", &bytes) == 1)
            break;
    }
    if (f != NULL)
        (void)fclose(f);
    return bytes;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
percentile(double *sorted, size_t count, double share)
{
    return count == 0 ? 0 : sorted[(size_t)((double)(count - 1) * share)];
}

static void
remove_log(const char *dir)
{
    static const char *const names[] = {"log/data.mdb", "log/lock.mdb", "log", "log.lock"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)remove(path);
    }
}

static void
raw(const char *dir, double *times)
{
    char path[4096];
    static char page[4096];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/raw", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (double end = now_s() + 1; fd >= 0 && now_s() < end && count < COMMITS_MAX; count++) {
        double t = now_s();
        page[0] = (char)count;
        if (pwrite(fd, page, sizeof page, (off_t)(count * sizeof page)) < 0 || fdatasync(fd) != 0)
            break;
        times[count] = now_s() - t;
    }
    if (fd >= 0)
        (void)close(fd);
    (void)remove(path);
    qsort(times, count, sizeof *times, by_size);
    printf("raw fdatasync: p50 %.3f ms, p99 %.3f ms\n", percentile(times, count, .5) * 1e3,
           percentile(times, count, .99) * 1e3);
}

static void
run(const char *dir, size_t group, double seconds, uint32_t mailboxes, double *times)
{
    static uint8_t content[260], routing[40], tale[60];
    static vdr_log_record records[RECORD_MAX];
    static vdr_log_mail mails[RECORD_MAX];
    static uint64_t seqs[MAILBOX_MAX];
    char reterr[256];
    vdr_log *log;
    vdr_position next = 1;
    size_t commits = 0;
    remove_log(dir);
    memset(seqs, 0, sizeof seqs);
    if (vdr_log_open_lmdb(dir, &(vdr_log_options){.create = true}, &log, reterr) != VDR_OK) {
        fprintf(stderr, "store_bench: %s\n", reterr);
        exit(1);
    }
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    uint64_t bytes = written_bytes();
    double begin = now_s(), cpu = cpu_s();
    while (now_s() < begin + seconds && commits < COMMITS_MAX) {
        for (size_t i = 0; i < group; i++) {
            uint32_t mailbox = (uint32_t)((next + i) * 2654435761u % mailboxes);
            records[i] = (vdr_log_record){.routing = vdr_span_of(routing, sizeof routing),
                                          .content = vdr_span_of(content, sizeof content),
                                          .tale = vdr_span_of(tale, sizeof tale)};
            mails[i] = (vdr_log_mail){.mailbox = mailbox, .seq = ++seqs[mailbox], .position = next + i};
        }
        double t = now_s();
        if (vdr_log_append(log, 1, next, records, group, mails, group) != VDR_OK) {
            fprintf(stderr, "store_bench: %s\n", vdr_log_reason(log));
            exit(1);
        }
        times[commits++] = now_s() - t;
        next += group;
    }
    double took = now_s() - begin, count = (double)(next - 1);
    cpu = cpu_s() - cpu;
    bytes = written_bytes() - bytes;
    qsort(times, commits, sizeof *times, by_size);
    printf("%5zu a group: %8.0f records/s, commit p50 %7.3f ms, p99 %7.3f ms, cpu %.2f us and %.0f bytes "
           "written "
           "a record\n",
           group, count / took, percentile(times, commits, .5) * 1e3, percentile(times, commits, .99) * 1e3,
           cpu / count * 1e6, (double)bytes / count);
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_position bad;
    if (vdr_log_reader_open(log, &reader) != VDR_OK)
        exit(1);
    begin = now_s();
    for (vdr_position at = 1; at < next; at++) {
        if (vdr_log_read(reader, at, &record) != VDR_OK)
            exit(1);
    }
    double read_s = now_s() - begin;
    vdr_log_reader_close(&reader);
    begin = now_s();
    if (vdr_log_verify(log, 1, NULL, NULL, &bad) != VDR_OK)
        exit(1);
    printf("      read in order: %.0f records/s; verified whole: %.0f records/s\n", count / read_s,
           count / (now_s() - begin));
    vdr_log_close(&log);
    remove_log(dir);
}

int
main(int argc, char **argv)
{
    static const size_t groups[] = {1, 64, 1024, 4096};
    if (argc < 2) {
        fprintf(stderr, "usage: store_bench DIR [SECONDS [MAILBOXES]]\n");
        return 2;
    }
    double *times = malloc(COMMITS_MAX * sizeof *times);
    if (times == NULL)
        return 1;
    unsigned long mailboxes = argc > 3 ? strtoul(argv[3], NULL, 10) : 10;
    if (mailboxes < 1 || mailboxes > MAILBOX_MAX)
        return 2;
    raw(argv[1], times);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        run(argv[1], groups[i], argc > 2 ? strtod(argv[2], NULL) : 5, (uint32_t)mailboxes, times);
    free(times);
    return 0;
}
