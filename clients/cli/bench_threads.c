#include "clients/cli/bench_threads.h"

#include "clients/cli/bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_US 0.05 /* what is less is no row of the line for eyes */

/* proc(5): the fourth number of the first line, which begins with a name. */
static double
idle_s(void)
{
    return (double)vdr_bench_file_number("/proc/stat", 5) / (double)sysconf(_SC_CLK_TCK);
}

static bool
name_of(const char *path, char name[16])
{
    FILE *f = fopen(path, "r");
    bool good = f != NULL && fgets(name, 16, f) != NULL;
    if (f != NULL)
        fclose(f);
    if (good)
        name[strcspn(name, "\n")] = '\0';
    return good;
}

static void
add(vdr_bench_threads *to, const char *name, double cpu_s)
{
    size_t i = 0;
    while (i < to->count && strcmp(to->rows[i].name, name) != 0)
        i++;
    if (i == VDR_BENCH_THREADS_MAX)
        return;
    if (i == to->count) {
        snprintf(to->rows[i].name, sizeof to->rows[i].name, "%s", name);
        to->rows[to->count++].cpu_s = 0;
    }
    to->rows[i].cpu_s += cpu_s;
}

void
vdr_bench_threads_look(pid_t broker, const pid_t *load, unsigned load_count, vdr_bench_threads *ret)
{
    char path[64], name[16];
    *ret = (vdr_bench_threads){.idle_s = idle_s()};
    for (unsigned i = 0; i < load_count; i++)
        ret->load_s += vdr_bench_cpu_s(load[i]);
    snprintf(path, sizeof path, "/proc/%d/task", (int)broker);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        int id = (int)strtol(task->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/%d/task/%d/comm", (int)broker, id);
        if (id == broker)
            add(ret, "main", vdr_bench_thread_cpu_s(broker, id));
        else if (id > 0 && name_of(path, name))
            add(ret, name, vdr_bench_thread_cpu_s(broker, id));
    }
    if (tasks != NULL)
        closedir(tasks);
}

/* What the thread of this name had used at that time; one that was not there had used nothing. */
static double
used_s(const vdr_bench_threads *of, const char *name)
{
    for (size_t i = 0; i < of->count; i++) {
        if (strcmp(of->rows[i].name, name) == 0)
            return of->rows[i].cpu_s;
    }
    return 0;
}

void
vdr_bench_threads_show(const vdr_bench_threads *before, const vdr_bench_threads *after, double signals,
                       bool json)
{
    double load = (after->load_s - before->load_s) * 1e6 / signals,
           idle = (after->idle_s - before->idle_s) * 1e6 / signals;
    json_t *rows = json ? json_object() : NULL;
    if (!json)
        printf("           processor time a signal, us:");
    for (size_t i = 0; i < after->count; i++) {
        const char *name = after->rows[i].name;
        double us = (after->rows[i].cpu_s - used_s(before, name)) * 1e6 / signals;
        if (json)
            json_object_set_new(rows, name, json_real(us));
        else if (us >= SHOWN_US)
            printf(" %s %.1f,", name, us);
    }
    if (json)
        vdr_cli_print(json_pack("{s:s, s:o, s:f, s:f}", "load", "threads", "broker_us", rows, "load_us", load,
                                "idle_us", idle));
    else
        printf(" the load itself %.1f, idle %.1f\n", load, idle);
    fflush(stdout);
}
