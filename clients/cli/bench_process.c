#include "clients/cli/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

uint64_t
vdr_bench_proc_value(pid_t pid, const char *file, const char *name)
{
    char path[64], line[256];
    uint64_t value = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoull(line + strlen(name) + strspn(line + strlen(name), ": \t"), NULL, 10);
            value *= strstr(line, " kB") != NULL ? 1024 : 1;
        }
    }
    if (f != NULL)
        fclose(f);
    return value;
}

uint64_t
vdr_bench_file_number(const char *path, unsigned word)
{
    char line[1024], *next = NULL, *at = NULL;
    FILE *f = fopen(path, "r");
    if (f != NULL && fgets(line, sizeof line, f) != NULL) {
        at = strtok_r(line, " ", &next);
        while (at != NULL && --word != 0)
            at = strtok_r(NULL, " ", &next);
    }
    if (f != NULL)
        fclose(f);
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

static double
cpu_s_of(const char *path)
{
    char line[1024];
    unsigned long long ticks = 0;
    FILE *f = fopen(path, "r");
    if (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *rest = strrchr(line, ')'), *next = NULL;
        unsigned word = 2; /* proc(5): the name was the second; 14 and 15 are user and kernel time */
        for (char *at = rest != NULL ? strtok_r(rest + 1, " ", &next) : NULL; at != NULL && word < 15;
             at = strtok_r(NULL, " ", &next)) {
            if (++word >= 14)
                ticks += strtoull(at, NULL, 10);
        }
    }
    if (f != NULL)
        fclose(f);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double
vdr_bench_cpu_s(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return cpu_s_of(path);
}

double
vdr_bench_thread_cpu_s(pid_t pid, pid_t thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)thread);
    return cpu_s_of(path);
}

uint64_t
vdr_bench_disk_bytes(const char *dir, pid_t pid)
{
    char path[64];
    struct stat status;
    if (stat(dir, &status) != 0)
        return 0;
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/stat", major(status.st_dev), minor(status.st_dev));
    /* The kernel's Documentation/block/stat.rst: the seventh number, sectors of 512 bytes. What the kernel says of a
     * process counts a page as all that is kept together with it, which may be two megabytes. */
    uint64_t sectors = vdr_bench_file_number(path, 7);
    return sectors != 0 ? sectors * 512 : vdr_bench_proc_value(pid, "io", "write_bytes");
}
