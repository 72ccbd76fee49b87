#include "clients/cli/patient.h"

#include "clients/cli/figures.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS    1000
#define LINE_WIDTH 78

typedef struct patience {
    vdr_client_ruled told;
    void *context;
    const vdr_cli_link *link;
    vdr_verb verb;
    bool shown, answered;
    vdr_err err;
} patience;

/* The line on the terminal goes before anything else is said. */
static void
wipe(const vdr_cli_link *link)
{
    if (!link->json && isatty(STDERR_FILENO) != 0)
        fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
}

static void
on_ruled(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    patience *p = context;
    p->answered = true;
    p->err = err;
    if (p->shown)
        wipe(p->link);
    if (result != NULL && p->told != NULL)
        p->told(p->context, err, result);
}

/* Asks for a sign of life, and tells of it: of an erasure run how far it is, of anything else for how long it goes on. */
static vdr_err
look(const patience *p, vdr_client *client, const char *what, int64_t seconds)
{
    const vdr_wire_admin admin = {.verb = VDR_VERB_ERASE_LOOK, .time = VDR_MS_NONE};
    const vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    const vdr_wire_admin_result *run = NULL;
    const vdr_wire_answer *answer;
    vdr_err err = p->verb == VDR_VERB_ERASE ? vdr_client_admin(client, &admin, p->link->timeout_ms, &run)
                                            : vdr_client_read(client, &read, p->link->timeout_ms, &answer);
    if (err != VDR_OK || p->answered || p->link->json || isatty(STDERR_FILENO) == 0)
        return err;
    fprintf(stderr, "\r%s: %lld s", what, (long long)seconds);
    if (run != NULL)
        fprintf(stderr, ", %.*s", (int)vdr_figure_text(run, "step").len,
                (const char *)vdr_figure_text(run, "step").at);
    if (run != NULL && vdr_figure(run, "position_last") != 0)
        fprintf(stderr, ", record %llu of %llu", (unsigned long long)vdr_figure(run, "position"),
                (unsigned long long)vdr_figure(run, "position_last"));
    fputs("   ", stderr);
    return VDR_OK;
}

static int64_t
now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

vdr_err
vdr_cli_patient(const vdr_cli_link *link, vdr_client *client, const vdr_wire_admin *admin, const char *what,
                vdr_client_ruled told, void *context)
{
    patience p = {.link = link, .verb = admin->verb, .told = told, .context = context};
    vdr_err err = vdr_client_admin_async(client, admin, -1, on_ruled, &p);
    int64_t begun = now_ms(), looked = begun;
    while (err == VDR_OK && !p.answered) {
        (void)vdr_client_wait(client, LOOK_MS);
        if (p.answered || now_ms() < looked + LOOK_MS)
            continue;
        looked = now_ms();
        p.shown = true;
        err = look(&p, client, what, (looked - begun) / 1000);
    }
    if (p.shown && !p.answered)
        wipe(link);
    return p.answered ? p.err : err;
}
