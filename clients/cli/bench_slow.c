#include "clients/cli/bench_slow.h"

#include "clients/cli/link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#define WAIT_MS 30000

/* Does nothing: it is never acknowledged. */
static void
on_message(void *context, const vdr_wire_message *message)
{
    (void)context;
    (void)message;
}

static bool
open_one(const vdr_bench_slow *slow, void *context, unsigned number, vdr_client **ret_client)
{
    const vdr_config *config = slow->config;
    size_t at = number % (config->service_count + config->regisseur_count + config->agency_count);
    const char *kind = "service";
    vdr_span id = {0};
    if (at < config->service_count) {
        id = config->services[at].id;
    } else if (at - config->service_count < config->regisseur_count) {
        kind = "regisseur";
        id = config->regisseurs[at - config->service_count].id;
    } else {
        kind = "agency";
        id = config->agencies[at - config->service_count - config->regisseur_count].id;
    }
    char as[VDR_CONF_NAME_MAX + 16];
    snprintf(as, sizeof as, "%s:%.*s", kind, (int)id.len, (const char *)id.at);
    vdr_cli_link link = {.home = slow->home, .as = as, .timeout_ms = WAIT_MS};
    vdr_client_options options = {.zmq_context = context, .name = "bench-slow"};
    if (vdr_cli_link_open(&vdr_cli_bench, &link, &options, true, ret_client) != VDR_EXIT_OK)
        return false;
    vdr_client_subscription subscription = {.on_message = on_message};
    vdr_client_subscribe(*ret_client, &subscription);
    vdr_client_state state;
    for (int tries = 0; tries < WAIT_MS / 100; tries++) {
        vdr_client_state_get(*ret_client, &state);
        if (state.subscribed)
            return true;
        (void)vdr_client_wait(*ret_client, 100);
    }
    fprintf(stderr, "voordeur bench: %s cannot subscribe\n", as);
    return false;
}

/* Their whole life: whoever began it, stops it and ends it. */
static void
live(const vdr_bench_slow *slow)
{
    void *context = zmq_ctx_new();
    vdr_client **clients = vdr_alloc(slow->count, sizeof *clients);
    for (unsigned i = 0; i < slow->count; i++) {
        if (!open_one(slow, context, i, &clients[i]))
            _exit(VDR_EXIT_FAILED);
    }
    for (;;)
        raise(SIGSTOP);
}

bool
vdr_bench_slow_begin(vdr_bench_slow *slow)
{
    int status;
    slow->pid = fork();
    if (slow->pid == 0)
        live(slow);
    if (slow->pid > 0 && waitpid(slow->pid, &status, WUNTRACED) == slow->pid && WIFSTOPPED(status))
        return true;
    slow->pid = 0;
    return false;
}

void
vdr_bench_slow_end(vdr_bench_slow *slow)
{
    if (slow->pid <= 0)
        return;
    kill(slow->pid, SIGKILL);
    waitpid(slow->pid, NULL, 0);
    slow->pid = 0;
}
