/* The broker of a bench: one of its own in a new folder, which goes with it, or one that runs. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "clients/cli/bench_inside.h"
#include "clients/cli/bench_operator.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool
vdr_bench_broker_start(vdr_bench_run *run)
{
    char listen[64], operators[64], config[PATH_MAX + 16], store[PATH_MAX + 16], node[PATH_MAX + 16],
        log[PATH_MAX + 16];
    if (run->attached)
        return true;
    snprintf(run->home, sizeof run->home, "%s/voordeur-bench-XXXXXX", run->dir);
    if (mkdtemp(run->home) == NULL) {
        fprintf(stderr, "voordeur bench: %s: %s\n", run->home, strerror(errno));
        return false;
    }
    /* Below where Linux takes ports for connections. */
    snprintf(listen, sizeof listen, "tcp://127.0.0.1:%d", 12000 + (int)getpid() % 10000);
    snprintf(operators, sizeof operators, "tcp://127.0.0.1:%d", 22000 + (int)getpid() % 10000);
    char *arguments[] = {(char[]){"voordeur"},
                         (char[]){"init"},
                         run->home,
                         (char[]){"--town"},
                         strdup(run->town),
                         (char[]){"--listen"},
                         listen,
                         (char[]){"--operators"},
                         operators,
                         NULL};
    bool good = vdr_bench_run_self(arguments);
    free(arguments[4]);
    if (!good)
        return false;
    snprintf(config, sizeof config, "%s/config", run->home);
    snprintf(store, sizeof store, "%s/store", run->home);
    snprintf(node, sizeof node, "%s/node.yaml", run->home);
    snprintf(log, sizeof log, "%s/broker.log", run->home);
    run->broker = fork();
    if (run->broker == 0) {
        if (freopen(log, "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL)
            execl(run->daemon, "voordeurd", "--config", config, "--store", store, "--node", node,
                  geteuid() == 0 ? "--allow-root" : (char *)NULL, (char *)NULL);
        _exit(127);
    }
    return run->broker > 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void
vdr_bench_broker_stop(vdr_bench_run *run)
{
    int status = 0;
    if (run->attached)
        return;
    if (run->broker > 0) {
        kill(run->broker, SIGTERM);
        waitpid(run->broker, &status, 0);
        if (status != 0)
            fprintf(stderr, "voordeur bench: the broker ended with status %d; see %s/broker.log\n", status,
                    run->home);
    }
    run->broker = 0;
    if (run->home[0] != '\0' && status == 0 && nftw(run->home, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "voordeur bench: %s is left behind\n", run->home);
}

bool
vdr_bench_broker_runs(const vdr_bench_run *run)
{
    int status;
    if (run->attached)
        return run->broker == 0 || kill(run->broker, 0) == 0 || errno == EPERM;
    return waitpid(run->broker, &status, WNOHANG) == 0;
}

json_t *
vdr_bench_broker_status(const vdr_bench_run *run)
{
    char *home = strdup(run->home);
    char *arguments[] = {(char[]){"voordeur"},
                         (char[]){"status"},
                         (char[]){"--json"},
                         (char[]){"--home"},
                         home,
                         (char[]){"--as"},
                         (char[]){"operator:beheer"},
                         NULL};
    json_t *status = NULL;
    int ends[2];
    if (home == NULL || pipe(ends) != 0) {
        free(home);
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0 && close(ends[0]) == 0)
            execv("/proc/self/exe", arguments);
        _exit(127);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    if (from != NULL) {
        status = json_loadf(from, JSON_DISABLE_EOF_CHECK, NULL);
        fclose(from);
    } else {
        close(ends[0]);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
    free(home);
    return status;
}
