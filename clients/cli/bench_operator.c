#include "clients/cli/bench_operator.h"

#include "clients/cli/link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
status_of_self(char *const *arguments)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execv("/proc/self/exe", arguments);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) != pid)
        continue; /* a signal came between */
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool
vdr_bench_run_self(char *const *arguments)
{
    return status_of_self(arguments) == 0;
}

/* The operator's whole life. */
static void
ask_again_and_again(char *const *arguments, atomic_uint_fast64_t *finished)
{
    vdr_cli_stop_catch();
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(127);
    while (!vdr_cli_stopped()) {
        int status = status_of_self(arguments);
        if (status == VDR_EXIT_OK || status == VDR_EXIT_DIFFERS)
            atomic_fetch_add(finished, 1);
        else if (!vdr_cli_stopped())
            (void)usleep(100000); /* refused: not at once again */
    }
    _exit(0);
}

bool
vdr_bench_operator_begin(vdr_bench_operator *o, atomic_uint_fast64_t *finished)
{
    char *arguments[] = {(char[]){"voordeur"}, (char[]){"backtest"},        (char[]){"--rules"},
                         strdup(o->rules),     (char[]){"--home"},          strdup(o->home),
                         (char[]){"--as"},     (char[]){"operator:beheer"}, NULL};
    o->pid = arguments[3] != NULL && arguments[5] != NULL ? fork() : -1;
    if (o->pid == 0)
        ask_again_and_again(arguments, finished);
    free(arguments[3]);
    free(arguments[5]);
    return o->pid > 0;
}

void
vdr_bench_operator_end(vdr_bench_operator *o)
{
    char *home = strdup(o->home);
    char *stop[] = {(char[]){"voordeur"},
                    (char[]){"backtest"},
                    (char[]){"--stop"},
                    (char[]){"--home"},
                    home,
                    (char[]){"--as"},
                    (char[]){"operator:beheer"},
                    NULL};
    if (o->pid <= 0 || home == NULL) {
        free(home);
        return;
    }
    (void)kill(o->pid, SIGTERM);
    /* More than once: the one that is being begun is not there yet. */
    for (pid_t ended = 0; ended == 0; ended = waitpid(o->pid, NULL, WNOHANG)) {
        (void)vdr_bench_run_self(stop);
        (void)usleep(50000);
    }
    free(home);
    o->pid = 0;
}
