/* voordeur publish: events from a file or standard input to the broker.
 * voordeur agent: the same without end, line by line, and the mailbox besides. */
#include "clients/cli/show.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char publish_help[] =
    "usage: voordeur publish [OPTION...] [FILE...]\n"
    "\n"
    "Publishes the CloudEvents in the files, one JSON object a line, and waits until each is answered. "
    "Without\n"
    "FILE, or where it is -, from standard input. Sending a file again is safe: what was accepted before is "
    "a\n"
    "duplicate and counts once.\n"
    "\n"
    "Every event that is not accepted is told on standard error with its line, its code and what to do.\n"
    "\n" VDR_CLI_LINK_HELP "  --outbox FILE             keep what is taken until it is confirmed, so that "
    "nothing is lost when this\n"
    "                            program or the broker stops; run again to send the rest\n"
    "  --quiet                   no progress\n"
    "\n"
    "exit status: 0 everything accepted or a duplicate; 1 something was refused or not answered; 2 wrong "
    "use\n"
    "\n"
    "example:\n"
    "  voordeur publish --home /tmp/town --as agency:school-1 absences.jsonl\n";

static const char agent_help[] =
    "usage: voordeur agent [OPTION...]\n"
    "\n"
    "Stands in for the system of a party: publishes each line of standard input as it comes, answers each "
    "with\n"
    "one line on standard output, and shows and acknowledges what comes into the mailbox, until standard "
    "input\n"
    "ends and everything is answered. Reconnects by itself.\n"
    "\n"
    "  answer   {\"event\":\"answer\",\"line\":1,\"id\":\"s-1\",\"verdict\":\"accepted\"}\n"
    "  message  {\"event\":\"message\",\"seq\":1,\"at\":...,\"kind\":\"case_offered\",\"case\":\"C1\"}\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "example:\n"
    "  tail -f signals.jsonl | voordeur agent --home /tmp/town --as agency:school-1\n";

#define WINDOW 4096u

/* What is remembered of a line until its answer: results come back with the number of their item. */
typedef struct line_note {
    uint64_t number;
    uint64_t line;
} line_note;

typedef struct event_sender {
    vdr_cli_link link;
    vdr_client *client;
    bool agent, quiet;
    line_note notes[WINDOW * 2];
    uint64_t line, taken, answered, accepted, duplicates, refused;
    double started_s, shown_s;
} event_sender;

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static json_t *
id_of_item(event_sender *publisher, const vdr_client_result *result)
{
    vdr_wire_item item;
    if (vdr_client_result_item(publisher->client, result, &item) != VDR_OK || item.json.at == NULL)
        return json_null();
    json_t *root = json_loadb((const char *)item.json.at, item.json.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *id = json_object_get(root, "id");
    json_t *copy = json_is_string(id) ? json_copy(id) : json_null();
    json_decref(root);
    return copy;
}

static void
show_refusal(event_sender *publisher, const vdr_client_result *result, uint64_t line)
{
    json_t *id = id_of_item(publisher, result);
    const char *name = json_is_string(id) ? json_string_value(id) : "(no id)";
    if (publisher->link.json) {
        json_t *out = json_pack("{s:s, s:I, s:O, s:s, s:s, s:s}", "event", "refused", "line",
                                (json_int_t)line, "id", id, "verdict", vdr_err_code(result->err), "text",
                                vdr_err_text(result->err), "hint", vdr_err_hint(result->err));
        char *text = json_dumps(out, JSON_COMPACT);
        fprintf(stderr, "%s\n", text);
        free(text);
        json_decref(out);
    } else {
        fprintf(stderr, "%sline %llu: %s: %s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "",
                (unsigned long long)line, name, vdr_err_code(result->err), vdr_err_text(result->err));
        if (vdr_err_hint(result->err)[0] != '\0')
            fprintf(stderr, "  %s\n", vdr_err_hint(result->err));
    }
    json_decref(id);
}

static void
on_result(void *context, const vdr_client_result *result)
{
    event_sender *publisher = context;
    const line_note *note = &publisher->notes[result->number % (WINDOW * 2)];
    uint64_t line = note->number == result->number ? note->line : 0;

    publisher->answered++;
    publisher->accepted += result->err == VDR_E_ACCEPTED;
    publisher->duplicates += result->err == VDR_E_DUPLICATE;
    bool refused = result->err != VDR_E_ACCEPTED && result->err != VDR_E_DUPLICATE;
    publisher->refused += refused;
    if (!publisher->agent) {
        if (refused)
            show_refusal(publisher, result, line);
        return;
    }
    vdr_cli_print(json_pack("{s:s, s:I, s:o, s:s}", "event", "answer", "line", (json_int_t)line, "id",
                            id_of_item(publisher, result), "verdict", vdr_err_code(result->err)));
    fflush(stdout);
}

/* Takes one line; waits while the window is full. */
static int
take_line(event_sender *publisher, const char *text, size_t len)
{
    publisher->line++;
    if (len == strspn(text, " \t\r\n"))
        return VDR_EXIT_OK;
    vdr_wire_item item = {.json = vdr_span_of(text, len)};
    uint64_t number = 0;
    vdr_err err;
    while ((err = vdr_client_publish_async(publisher->client, &item, 1, &number)) == VDR_E_BUSY) {
        if (vdr_cli_stopped())
            return VDR_EXIT_FAILED;
        vdr_client_wait(publisher->client, 1000);
    }
    if (err != VDR_OK)
        return vdr_cli_link_failed(&publisher->link, publisher->client, "this line");
    publisher->notes[number % (WINDOW * 2)] = (line_note){number, publisher->line};
    publisher->taken++;
    return VDR_EXIT_OK;
}

static void
progress(event_sender *publisher, bool last)
{
    double now = now_s();
    bool eyes = isatty(STDERR_FILENO) != 0;
    if (publisher->quiet || publisher->link.json || (!last && (!eyes || now - publisher->shown_s < 0.2)))
        return;
    publisher->shown_s = now;
    double took = now - publisher->started_s;
    fprintf(stderr, "%s%llu answered, %llu accepted, %llu duplicates, %llu refused, %.0f/s%s",
            eyes ? "\r\033[K" : "", (unsigned long long)publisher->answered,
            (unsigned long long)publisher->accepted, (unsigned long long)publisher->duplicates,
            (unsigned long long)publisher->refused, took > 0 ? (double)publisher->answered / took : 0.0,
            last ? "\n" : "");
}

static int
publish_file(event_sender *publisher, const char *name)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    int status = VDR_EXIT_OK;
    if (file == NULL) {
        fprintf(stderr, "voordeur publish: %s: %s\n", name, strerror(errno));
        return VDR_EXIT_FAILED;
    }
    publisher->line = 0;
    while (status == VDR_EXIT_OK && !vdr_cli_stopped() && (len = getline(&text, &size, file)) >= 0) {
        status = take_line(publisher, text, (size_t)len);
        if (publisher->line % 256 == 0) {
            vdr_client_process(publisher->client);
            progress(publisher, false);
        }
    }
    if (ferror(file)) {
        fprintf(stderr, "voordeur publish: %s: %s\n", name, strerror(errno));
        status = VDR_EXIT_FAILED;
    }
    free(text);
    if (file != stdin)
        fclose(file);
    return status;
}

/* Until all is answered; gives up when nothing was answered for the timeout. */
static int
wait_for_answers(event_sender *publisher)
{
    uint64_t answered = publisher->answered;
    double since = now_s();
    vdr_client_state state;
    for (;;) {
        vdr_client_state_get(publisher->client, &state);
        if (state.unanswered == 0)
            return VDR_EXIT_OK;
        if (vdr_cli_stopped())
            return VDR_EXIT_FAILED;
        vdr_client_wait(publisher->client, 200);
        progress(publisher, false);
        if (publisher->answered != answered) {
            answered = publisher->answered;
            since = now_s();
        } else if ((now_s() - since) * 1000 > (double)publisher->link.timeout_ms) {
            return vdr_cli_link_failed(&publisher->link, publisher->client, "not everything is answered");
        }
    }
}

static int
run_publish(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"outbox", required_argument, NULL, VDR_OPT_OWN},
                                            {"quiet", no_argument, NULL, VDR_OPT_OWN + 1},
                                            {NULL, 0, NULL, 0}};
    static event_sender publisher = {.link = VDR_CLI_LINK_NEW};
    vdr_client_options client = {.context = &publisher, .on_result = on_result, .unanswered_max = WINDOW};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_publish);
        if (option == VDR_OPT_OWN)
            client.outbox_file = optarg;
        else if (option == VDR_OPT_OWN + 1)
            publisher.quiet = true;
        else if (!vdr_cli_link_take(&publisher.link, option, optarg))
            return vdr_cli_usage(&vdr_cli_publish, "unknown option");
    }
    /* With an outbox the broker may be away: what is taken is kept. */
    int status = vdr_cli_link_open(&vdr_cli_publish, &publisher.link, &client, client.outbox_file == NULL,
                                   &publisher.client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    publisher.started_s = now_s();
    char *standard_input[] = {(char[]){"-"}, NULL};
    char **files = optind < argc ? argv + optind : standard_input;
    for (; *files != NULL && status == VDR_EXIT_OK; files++)
        status = publish_file(&publisher, *files);
    int waited = wait_for_answers(&publisher);
    progress(&publisher, true);
    vdr_client_close(&publisher.client);
    if (publisher.link.json)
        vdr_cli_print(json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", "published", "taken",
                                (json_int_t)publisher.taken, "accepted", (json_int_t)publisher.accepted,
                                "duplicates", (json_int_t)publisher.duplicates, "refused",
                                (json_int_t)publisher.refused));
    if (status == VDR_EXIT_OK)
        status = waited != VDR_EXIT_OK || publisher.refused != 0 ? VDR_EXIT_FAILED : VDR_EXIT_OK;
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* ---- agent ---- */

static void
on_message(void *context, const vdr_wire_message *message)
{
    event_sender *publisher = context;
    json_t *line = vdr_cli_message(message);
    json_object_set_new(line, "event", json_string("message"));
    vdr_cli_print(line);
    fflush(stdout);
    vdr_client_acknowledge(publisher->client, message->seq);
}

typedef struct line_input {
    char *at;
    size_t len, size;
    bool over;
} line_input;

/* Whole lines from standard input; what is left over waits for its line end. */
static int
take_input(event_sender *publisher, line_input *input)
{
    if (input->size - input->len < 65536) {
        input->size = input->len + 131072;
        input->at = vdr_realloc(input->at, input->size, 1);
    }
    ssize_t got = read(STDIN_FILENO, input->at + input->len, input->size - input->len - 1);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN ? VDR_EXIT_OK : VDR_EXIT_FAILED;
    input->over = got == 0;
    input->len += (size_t)got;
    if (input->over && input->len != 0)
        input->at[input->len++] = '\n';
    char *from = input->at, *end;
    while ((end = memchr(from, '\n', input->len - (size_t)(from - input->at))) != NULL) {
        *end = '\0';
        int status = take_line(publisher, from, (size_t)(end - from));
        if (status != VDR_EXIT_OK)
            return status;
        from = end + 1;
    }
    input->len -= (size_t)(from - input->at);
    memmove(input->at, from, input->len);
    return VDR_EXIT_OK;
}

static int
agent_loop(event_sender *publisher)
{
    line_input input = {0};
    vdr_client_state state;
    int status = VDR_EXIT_OK;
    while (status == VDR_EXIT_OK && !vdr_cli_stopped()) {
        vdr_client_process(publisher->client);
        vdr_client_state_get(publisher->client, &state);
        if (input.over && state.unanswered == 0 && state.acknowledged >= state.processed &&
            state.processed >= state.newest)
            break;
        int64_t timeout_ms = vdr_client_timeout_ms(publisher->client);
        struct pollfd fds[2] = {{.fd = vdr_client_fd(publisher->client), .events = POLLIN},
                                {.fd = input.over ? -1 : STDIN_FILENO, .events = POLLIN}};
        poll(fds, 2, timeout_ms < 0 || timeout_ms > 1000 ? 1000 : (int)timeout_ms);
        if (fds[1].revents != 0)
            status = take_input(publisher, &input);
    }
    free(input.at);
    return status;
}

static int
run_agent(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS, {NULL, 0, NULL, 0}};
    static event_sender publisher = {.link = VDR_CLI_LINK_NEW, .agent = true};
    vdr_client_options client = {.context = &publisher,
                                 .on_result = on_result,
                                 .unanswered_max = WINDOW,
                                 .pause_min_ms = 100,
                                 .pause_max_ms = 2000};
    vdr_client_subscription subscription = {.on_message = on_message, .context = &publisher};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_agent);
        if (!vdr_cli_link_take(&publisher.link, option, optarg))
            return vdr_cli_usage(&vdr_cli_agent, "unknown option");
    }
    int status = vdr_cli_link_open(&vdr_cli_agent, &publisher.link, &client, true, &publisher.client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    vdr_client_subscribe(publisher.client, &subscription);
    status = agent_loop(&publisher);
    vdr_client_close(&publisher.client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_publish = {
    .name = "publish", .summary = "send events from a file", .help = publish_help, .run = run_publish};
const vdr_cli_verb vdr_cli_agent = {.name = "agent",
                                    .summary =
                                        "stand in for a party's system: events in, answers and messages out",
                                    .help = agent_help,
                                    .run = run_agent};
