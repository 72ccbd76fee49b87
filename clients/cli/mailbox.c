/* voordeur subscribe: what comes into the mailbox. voordeur inbox: what waits for you. */
#include "clients/cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char subscribe_help[] =
    "usage: voordeur subscribe [OPTION...]\n"
    "\n"
    "Shows the messages of your mailbox from the first that is not acknowledged, and waits for more. What "
    "was\n"
    "shown is acknowledged only with --ack; without, it comes again the next time.\n"
    "\n"
    "  --ack                     acknowledge what was shown: it will not come again\n"
    "  --after SEQ               begin after this number\n"
    "  --count N                 end after so many messages\n"
    "  --no-follow               end when all that there is was shown\n"
    "  --mailbox PARTY           operators: look at the mailbox of this party\n" VDR_CLI_LINK_HELP "\n"
    "example:\n"
    "  voordeur subscribe --home /tmp/town --as service:wijkteam --no-follow\n";

static const char inbox_help[] =
    "usage: voordeur inbox [OPTION...]\n"
    "\n"
    "A regisseur sees the cases that are offered to them and those they hold; a coordinator the unassigned\n"
    "cases, the overdue signals, and the pairs of households that may be one.\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "example:\n"
    "  voordeur inbox --home /tmp/town --as regisseur:r-anna\n";

typedef struct mailbox_reader {
    vdr_cli_link link;
    vdr_client *client;
    bool ack;
    uint64_t shown, most;
} mailbox_reader;

static void
on_message(void *context, const vdr_wire_message *message)
{
    mailbox_reader *mailbox = context;
    if (mailbox->shown == mailbox->most)
        return;
    mailbox->shown++;
    if (mailbox->link.json)
        vdr_cli_print(vdr_cli_message(message));
    else
        vdr_cli_show_message(message);
    fflush(stdout);
    if (mailbox->ack)
        vdr_client_acknowledge(mailbox->client, message->seq);
}

/* "agency:school-1" to kind and id. */
static bool
party_of(const char *text, vdr_party_kind *ret_kind, const char **ret_id)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL)
        return false;
    *ret_kind = vdr_party_kind_of(vdr_span_of(text, (size_t)(colon - text)));
    *ret_id = colon + 1;
    return *ret_kind != VDR_PARTY_NONE;
}

static int
read_mailbox(mailbox_reader *mailbox, const vdr_client_subscription *subscription, bool follow)
{
    vdr_client_state state;
    vdr_client_error error = {.err = VDR_OK};
    vdr_client_subscribe(mailbox->client, subscription);
    int64_t quiet_ms = 0;
    while (!vdr_cli_stopped() && mailbox->shown < mailbox->most) {
        vdr_err err = vdr_client_wait(mailbox->client, 100);
        vdr_client_state_get(mailbox->client, &state);
        vdr_client_error_get(mailbox->client, &error);
        if (error.err == VDR_E_WRONG_ROLE || error.err == VDR_E_NOT_FOUND)
            return vdr_cli_link_failed(&mailbox->link, mailbox->client, "mailbox");
        quiet_ms = err == VDR_E_TIMEOUT ? quiet_ms + 100 : 0;
        if (!follow && state.processed >= state.newest && quiet_ms >= 300)
            break;
    }
    return mailbox->ack ? (vdr_client_flush(mailbox->client, mailbox->link.timeout_ms) == VDR_OK
                               ? VDR_EXIT_OK
                               : vdr_cli_link_failed(&mailbox->link, mailbox->client, "acknowledging"))
                        : VDR_EXIT_OK;
}

static int
run_subscribe(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"ack", no_argument, NULL, VDR_OPT_OWN},
                                            {"after", required_argument, NULL, VDR_OPT_OWN + 1},
                                            {"count", required_argument, NULL, VDR_OPT_OWN + 2},
                                            {"no-follow", no_argument, NULL, VDR_OPT_OWN + 3},
                                            {"mailbox", required_argument, NULL, VDR_OPT_OWN + 4},
                                            {NULL, 0, NULL, 0}};
    mailbox_reader mailbox = {.link = VDR_CLI_LINK_NEW, .most = UINT64_MAX};
    vdr_client_subscription subscription = {.on_message = on_message, .context = &mailbox};
    vdr_client_options client = {0};
    bool follow = true;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            return vdr_cli_help(&vdr_cli_subscribe);
        case VDR_OPT_OWN:
            mailbox.ack = true;
            break;
        case VDR_OPT_OWN + 1:
            subscription.after_given = true;
            subscription.after = strtoull(optarg, NULL, 10);
            break;
        case VDR_OPT_OWN + 2:
            mailbox.most = strtoull(optarg, NULL, 10);
            break;
        case VDR_OPT_OWN + 3:
            follow = false;
            break;
        case VDR_OPT_OWN + 4:
            if (!party_of(optarg, &subscription.mailbox_kind, &subscription.mailbox_id))
                return vdr_cli_usage(&vdr_cli_subscribe, "--mailbox %s: KIND:ID was expected", optarg);
            break;
        default:
            if (!vdr_cli_link_take(&mailbox.link, option, optarg))
                return vdr_cli_usage(&vdr_cli_subscribe, "unknown option");
        }
    }
    int status = vdr_cli_link_open(&vdr_cli_subscribe, &mailbox.link, &client, true, &mailbox.client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    status = read_mailbox(&mailbox, &subscription, follow);
    vdr_client_close(&mailbox.client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* ---- inbox ---- */

static void
add_cases(vdr_cli_table *table, const vdr_wire_answer *answer)
{
    for (size_t i = 0; i < answer->case_count; i++) {
        const vdr_wire_case_view *c = &answer->cases[i];
        vdr_cli_table_cell(table, "C%llu", (unsigned long long)c->case_id.number);
        vdr_cli_table_cell(table, "%s", vdr_case_state_name(c->state));
        vdr_cli_table_cell(table, "%s", vdr_priority_name(c->priority));
        vdr_cli_table_cell(table, "%s", vdr_cli_when(c->since_ms));
        vdr_cli_table_cell(table, "%s", c->state == VDR_CASE_OFFERED ? vdr_cli_when(c->accept_by) : "-");
        vdr_cli_table_cell(table, "H%llu", (unsigned long long)c->household.number);
        vdr_cli_table_cell(table, "%llu", (unsigned long long)c->revision);
    }
}

static void
answer_json(const vdr_wire_answer *answer)
{
    for (size_t i = 0; i < answer->case_count; i++)
        vdr_cli_print(vdr_cli_case(&answer->cases[i]));
    for (size_t i = 0; i < answer->signal_count; i++)
        vdr_cli_print(vdr_cli_signal(&answer->signals[i]));
    for (size_t i = 0; i < answer->review_count; i++)
        vdr_cli_print(json_pack("{s:o, s:o}", "household",
                                vdr_cli_number_id('H', answer->reviews[i].household.number), "other",
                                vdr_cli_number_id('H', answer->reviews[i].other.number)));
}

/* All pages of one part of the inbox. */
static int
read_part(const vdr_cli_link *link, vdr_client *client, vdr_inbox_part part)
{
    static const char *const heads[] = {"CASE",      "STATE",     "PRIORITY", "SINCE",
                                        "ACCEPT BY", "HOUSEHOLD", "REVISION"};
    uint8_t resume[256];
    vdr_wire_read read = {.query = VDR_QUERY_INBOX, .list = part};
    const vdr_wire_answer *answer;
    vdr_cli_table table;
    size_t rows = 0;
    vdr_cli_table_init(&table, heads, 7);
    do {
        if (vdr_client_read(client, &read, link->timeout_ms, &answer) != VDR_OK)
            return vdr_cli_link_failed(link, client, "inbox");
        if (link->json) {
            answer_json(answer);
        } else {
            add_cases(&table, answer);
            for (size_t i = 0; i < answer->signal_count; i++) {
                if (rows++ == 0 && i == 0)
                    puts("Overdue: the service did not report back in time");
                vdr_cli_show_signal(&answer->signals[i]);
            }
            for (size_t i = 0; i < answer->review_count; i++)
                printf("H%llu and H%llu may be one household: voordeur household show H%llu\n",
                       (unsigned long long)answer->reviews[i].household.number,
                       (unsigned long long)answer->reviews[i].other.number,
                       (unsigned long long)answer->reviews[i].household.number);
        }
        if (answer->resume.len > sizeof resume)
            break;
        memcpy(resume, answer->resume.at != NULL ? answer->resume.at : resume, answer->resume.len);
        read.resume = answer->resume.len != 0 ? vdr_span_of(resume, answer->resume.len) : (vdr_span){0};
    } while (read.resume.len != 0);
    if (table.count != 0)
        vdr_cli_table_print(&table);
    else if (!link->json && part == VDR_INBOX_CASES)
        puts("No case waits.");
    return VDR_EXIT_OK;
}

static int
run_inbox(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS, {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options client_options = {0};
    vdr_client *client;
    vdr_client_state state;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_inbox);
        if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_inbox, "unknown option");
    }
    int status = vdr_cli_link_open(&vdr_cli_inbox, &link, &client_options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client_state_get(client, &state);
    status = read_part(&link, client, VDR_INBOX_CASES);
    if (state.welcome->party_kind == VDR_PARTY_COORDINATOR) {
        status = status != VDR_EXIT_OK ? status : read_part(&link, client, VDR_INBOX_OVERDUE);
        status = status != VDR_EXIT_OK ? status : read_part(&link, client, VDR_INBOX_REVIEWS);
    }
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_subscribe = {.name = "subscribe",
                                        .summary = "show what comes into the mailbox",
                                        .help = subscribe_help,
                                        .run = run_subscribe};
const vdr_cli_verb vdr_cli_inbox = {.name = "inbox",
                                    .summary = "what waits for a regisseur or coordinator",
                                    .help = inbox_help,
                                    .run = run_inbox};
