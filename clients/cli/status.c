/* voordeur status for operators: what is asked for the lights (lights.h), and showing them. */
#include "clients/cli/figures.h"
#include "clients/cli/lights.h"
#include "clients/cli/show.h"

#include <stdio.h>

#define REPORT_WAIT_MS 3000 /* the first report after a start reads the whole log: then it is grey */
#define KEPT_BYTES     ((size_t)32 * 1024 * 1024)
#define TEXT_BYTES     8192u

/* NULL: it did not come in time, or was refused. */
static const vdr_wire_admin_result *
ask(vdr_client *client, vdr_verb verb, const char *name, int64_t timeout_ms, vdr_arena *arena)
{
    const vdr_wire_admin_result *result = NULL;
    vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE, .name = vdr_span_str(name)};
    if (vdr_client_admin(client, &admin, timeout_ms, &result) != VDR_OK)
        return NULL;
    return vdr_result_keep(result, arena);
}

int
vdr_cli_show_lights(const vdr_cli_link *link, vdr_client *client)
{
    static char text[TEXT_BYTES];
    static vdr_lights lights;
    vdr_arena arena;
    vdr_arena_init(&arena, KEPT_BYTES);
    const vdr_wire_admin_result *status = ask(client, VDR_VERB_STATUS, NULL, link->timeout_ms, &arena);
    if (status == NULL) {
        vdr_arena_done(&arena);
        return vdr_cli_link_failed(link, client, "status");
    }
    const vdr_wire_admin_result *queues = ask(client, VDR_VERB_REPORT, "queues", REPORT_WAIT_MS, &arena);
    const vdr_wire_admin_result *agencies =
        queues != NULL ? ask(client, VDR_VERB_REPORT, "agencies", REPORT_WAIT_MS, &arena) : NULL;
    vdr_lights_judge(status, queues, agencies, &lights);
    (void)vdr_lights_text(&lights, text, sizeof text);
    fputs(text, stdout);
    vdr_arena_done(&arena);
    return VDR_EXIT_OK;
}
