/* voordeur backtest on a running broker: begun, looked at until it is over, and shown. */
#include "clients/cli/backtest.h"

#include "clients/cli/figures.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 300

enum { STATE_RUNS = 1 };

static const vdr_wire_admin_result *
ask(vdr_client *client, const vdr_cli_link *link, const vdr_wire_admin *admin)
{
    const vdr_wire_admin_result *result = NULL;
    return vdr_client_admin(client, admin, link->timeout_ms, &result) == VDR_OK ? result : NULL;
}

static int
end_with(vdr_client *client, const vdr_cli_link *link, vdr_verb verb)
{
    const vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE};
    return ask(client, link, &admin) != NULL ? VDR_EXIT_OK : vdr_cli_link_failed(link, client, "backtest");
}

size_t
vdr_backtest_files(const vdr_config_texts *candidate, vdr_wire_file files[VDR_CONFIG_FILES])
{
    size_t count = 0;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++)
        if (candidate->text[i].at != NULL)
            files[count++] =
                (vdr_wire_file){.name = vdr_span_str(vdr_backtest_file_names[i]), .text = candidate->text[i]};
    return count;
}

static const vdr_wire_admin_result *
begin(vdr_client *client, const vdr_backtest_line *line, const vdr_config_texts *candidate)
{
    vdr_wire_file files[VDR_CONFIG_FILES];
    vdr_wire_admin admin = {.verb = VDR_VERB_BACKTEST,
                            .time = line->since,
                            .name = vdr_span_str(line->back),
                            .number = line->samples,
                            .files = files};
    admin.file_count = vdr_backtest_files(candidate, files);
    return ask(client, &line->link, &admin);
}

int
vdr_backtest_refused(const vdr_cli_link *link, const vdr_client *client, const vdr_config_texts *candidate,
                     const char *what)
{
    vdr_client_error error;
    vdr_client_error_get(client, &error);
    if (strcmp(error.code, vdr_err_code(VDR_E_BAD_CONFIG)) != 0)
        return vdr_cli_link_failed(link, client, what);
    /* The broker knows a file by what it is; people by where it lies. */
    for (unsigned i = 0; i < VDR_CONFIG_FILES && !link->json; i++) {
        const vdr_span name = candidate->name[i];
        size_t len = strlen(vdr_backtest_file_names[i]);
        if (name.at == NULL || strncmp(error.text, vdr_backtest_file_names[i], len) != 0)
            continue;
        fprintf(stderr, "%.*s%s\n", (int)name.len, (const char *)name.at, error.text + len);
        return VDR_EXIT_USAGE;
    }
    (void)vdr_cli_link_failed(link, client, what);
    return VDR_EXIT_USAGE;
}

static int
show(const vdr_backtest_line *line, const vdr_wire_admin_result *result)
{
    const vdr_wire_row *span = vdr_backtest_row(result->rows, result->row_count, "span");
    if (line->link.json)
        vdr_backtest_show_json(result->rows, result->row_count);
    else
        vdr_backtest_show(result->rows, result->row_count);
    if (vdr_figure(result, "rows_left_out") != 0)
        fprintf(stderr, "voordeur backtest: %llu rows more are left out\n",
                (unsigned long long)vdr_figure(result, "rows_left_out"));
    int status = vdr_cli_flush();
    if (status == VDR_EXIT_OK && span != NULL && vdr_row_figure(span, "differs") != 0)
        status = VDR_EXIT_DIFFERS;
    return status;
}

/* Until it is over; an interrupt ends it there, too. */
static int
follow(vdr_client *client, const vdr_backtest_line *line, const vdr_config_texts *candidate)
{
    const vdr_wire_admin look = {.verb = VDR_VERB_BACKTEST_LOOK, .time = VDR_MS_NONE};
    const vdr_wire_admin_result *result;
    vdr_cli_stop_catch();
    while ((result = ask(client, &line->link, &look)) != NULL && vdr_figure(result, "state") == STATE_RUNS) {
        if (vdr_figure(result, "all") != 0)
            vdr_backtest_bar(vdr_figure(result, "done"), vdr_figure(result, "all"));
        if (vdr_cli_stopped()) {
            vdr_backtest_bar(0, 0);
            (void)end_with(client, &line->link, VDR_VERB_BACKTEST_STOP);
            return VDR_EXIT_FAILED;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
    vdr_backtest_bar(0, 0);
    return result != NULL ? show(line, result)
                          : vdr_backtest_refused(&line->link, client, candidate, "backtest");
}

int
vdr_backtest_ask_broker(const vdr_backtest_line *line, const vdr_config_texts *candidate)
{
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(&vdr_cli_backtest, &line->link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (line->stop)
        status = end_with(client, &line->link, VDR_VERB_BACKTEST_STOP);
    else if (begin(client, line, candidate) == NULL)
        status = vdr_backtest_refused(&line->link, client, candidate, "backtest");
    else
        status = follow(client, line, candidate);
    vdr_client_close(&client);
    return status;
}
