/* voordeur erase run, status, proofs: what left cannot be opened again (protocol.md 7.16). For operators and auditors;
 * `voordeur erase HOUSEHOLD`, for privacy officers, is in act.c. */
#include "clients/cli/erasure.h"

#include "clients/cli/figures.h"
#include "clients/cli/patient.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

static const vdr_wire_admin_result *
ask(const vdr_cli_link *link, vdr_client *client, vdr_verb verb)
{
    const vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE};
    const vdr_wire_admin_result *result = NULL;
    return vdr_client_admin(client, &admin, link->timeout_ms, &result) == VDR_OK ? result : NULL;
}

static const char *
when(uint64_t ms)
{
    return ms == 0 ? "-" : vdr_cli_when((vdr_ms)ms);
}

static void
show_status(const vdr_wire_admin_result *result)
{
    vdr_span step = vdr_figure_text(result, "step"), failed = vdr_figure_text(result, "failed");
    if (vdr_figure(result, "sealed") == 0) {
        puts("Nothing is sealed: the broker has no store key, and nothing can be erased for good.");
        return;
    }
    printf("run           %.*s", (int)step.len, (const char *)step.at);
    if (vdr_figure(result, "position_last") != 0)
        printf(", record %llu of %llu", (unsigned long long)vdr_figure(result, "position"),
               (unsigned long long)vdr_figure(result, "position_last"));
    printf("\nwaiting       %llu left, %llu of them erased\n",
           (unsigned long long)vdr_figure(result, "waiting"),
           (unsigned long long)vdr_figure(result, "erased"));
    printf("last run      %s: %llu keys kept, %llu destroyed\n", when(vdr_figure(result, "last_ms")),
           (unsigned long long)vdr_figure(result, "last_kept"),
           (unsigned long long)vdr_figure(result, "last_dropped"));
    printf("next run      %s\n", when(vdr_figure(result, "next_ms")));
    printf("wrapping key  generation %llu, %llu older keys under it, %llu messages kept apart\n",
           (unsigned long long)vdr_figure(result, "generation"),
           (unsigned long long)vdr_figure(result, "keys"),
           (unsigned long long)vdr_figure(result, "kept_messages"));
    if (vdr_figure(result, "carried") != 0)
        printf("carried       %llu records forward since the start: the log before them can be cut\n",
               (unsigned long long)vdr_figure(result, "carried"));
    if (failed.len != 0)
        printf("failed        %.*s: it is tried again; the journal says more\n", (int)failed.len,
               (const char *)failed.at);
    if (vdr_figure(result, "backup_stale") != 0)
        puts("backup        the last one cannot be opened any more: voordeur backup NAME");
}

static void
status_json(const vdr_wire_admin_result *result)
{
    json_t *o = json_object();
    for (size_t i = 0; i < result->counter_count; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)result->counters[i].name.len,
                       (const char *)result->counters[i].name.at);
        json_object_set_new(o, name, json_integer((json_int_t)result->counters[i].value));
    }
    for (size_t i = 0; i < result->text_count; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)result->texts[i].name.len,
                       (const char *)result->texts[i].name.at);
        json_object_set_new(o, name, vdr_cli_text(result->texts[i].text));
    }
    vdr_cli_print(o);
}

static int
show(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_verb what)
{
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(verb, link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    const vdr_wire_admin run = {.verb = what, .time = VDR_MS_NONE};
    const vdr_wire_admin_result *result = NULL;
    if (what != VDR_VERB_ERASE)
        result = ask(link, client, what);
    else if (vdr_cli_patient(link, client, &run, verb->name, NULL, NULL) == VDR_OK) /* how it stands now */
        result = ask(link, client, VDR_VERB_ERASE_LOOK);
    if (result == NULL)
        status = vdr_cli_link_failed(link, client, verb->name);
    else if (what == VDR_VERB_PROOFS && result->file_count != 0)
        (void)fwrite(result->files[0].text.at, 1, result->files[0].text.len, stdout);
    else if (what != VDR_VERB_PROOFS && link->json)
        status_json(result);
    else if (what != VDR_VERB_PROOFS)
        show_status(result);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

int
vdr_cli_erasure(const vdr_cli_verb *verb, const vdr_cli_link *link, const char *word)
{
    if (strcmp(word, "run") == 0)
        return show(verb, link, VDR_VERB_ERASE);
    if (strcmp(word, "status") == 0)
        return show(verb, link, VDR_VERB_ERASE_LOOK);
    return show(verb, link, VDR_VERB_PROOFS);
}

bool
vdr_cli_is_erasure(const char *word)
{
    return strcmp(word, "run") == 0 || strcmp(word, "status") == 0 || strcmp(word, "proofs") == 0;
}
