#include "clients/cli/acting.h"

#include "clients/cli/show.h"
#include "proto/time.h"

#include <stdio.h>

bool
vdr_cli_take_instant(const char *name, const char *value, vdr_ms *ret_ms)
{
    if (vdr_time_parse(vdr_span_str(value), ret_ms))
        return true;
    fprintf(stderr, "voordeur: --%s %s: an instant was expected, as 2026-03-02T09:00:00Z\n", name, value);
    return false;
}

/* ---- what became of it */

static void
print_json(const vdr_client_act *act, const vdr_wire_result *result)
{
    json_t *line =
        json_pack("{s:s, s:s}", "act", vdr_act_name(act->act), "verdict", vdr_err_code(result->error));
    json_object_set_new(line, "at", vdr_cli_instant(result->at_ms));
    json_object_set_new(line, "case", vdr_cli_number_id('C', result->case_id.number));
    json_object_set_new(line, "revision", json_integer((json_int_t)result->revision));
    vdr_cli_print(line);
}

static void
print_done(const vdr_wire_result *result)
{
    printf("%s", result->error == VDR_E_DUPLICATE ? "done before" : "done");
    if (result->case_id.number != 0)
        printf("; C%llu is at revision %llu", (unsigned long long)result->case_id.number,
               (unsigned long long)result->revision);
    putchar('\n');
}

static void
print_refused(const vdr_client_act *act, vdr_err verdict)
{
    bool erases = act->act == VDR_ACT_ERASED || act->act == VDR_ACT_PERSON_ERASED;
    fprintf(stderr, "voordeur: %s: %s: %s\n", vdr_act_name(act->act), vdr_err_code(verdict),
            vdr_err_text(verdict));
    if (erases && verdict == VDR_E_WRONG_STATE)
        fputs("  it has an open case or a legal hold: see voordeur privacy requests, or ask for it with\n"
              "  voordeur privacy request-erasure, which is done when both are over\n",
              stderr);
    else if (vdr_err_hint(verdict)[0] != '\0')
        fprintf(stderr, "  %s\n", vdr_err_hint(verdict));
}

int
vdr_cli_act_send(const vdr_cli_verb *verb, const vdr_cli_link *link, const vdr_client_act *act)
{
    vdr_client_options options = {0};
    vdr_client *client;
    vdr_wire_result result = {0};
    int status = vdr_cli_link_open(verb, link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_err err = vdr_client_act_send(client, act, &result, link->timeout_ms);
    if (result.error == VDR_OK)
        status = vdr_cli_link_failed(link, client, vdr_act_name(act->act));
    else if (link->json)
        print_json(act, &result);
    else if (err == VDR_OK)
        print_done(&result);
    else
        print_refused(act, result.error);
    vdr_client_close(&client);
    if (status != VDR_EXIT_OK || err != VDR_OK)
        return VDR_EXIT_FAILED;
    return vdr_cli_flush();
}
