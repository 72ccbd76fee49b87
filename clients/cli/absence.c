/* voordeur absence: when a regisseur is away, and lifting it; and who is away when. */
#include "clients/cli/acting.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

static const char absence_help[] =
    "usage: voordeur absence set REGISSEUR --from INSTANT --to INSTANT\n"
    "       voordeur absence lift REGISSEUR --from INSTANT --to INSTANT   the same two instants\n"
    "       voordeur absence list\n"
    "\n"
    "Whoever is absent is offered no case by the broker, beside what town.yaml says; what they hold stays\n"
    "theirs, and so does an offer that waits. For coordinators; regisseurs for themselves.\n"
    "\n" VDR_CLI_ACT_HELP "\n"
    "example:\n"
    "  voordeur absence set r-anna --from 2026-07-01T00:00:00Z --to 2026-07-22T00:00:00Z \\\n"
    "    --home /tmp/town --as regisseur:r-anna\n";

enum { OPT_FROM = VDR_OPT_OWN, OPT_TO, OPT_ID, OPT_TIME };

typedef struct absence {
    vdr_cli_link link;
    vdr_client_act act;
} absence;

static void
show(const vdr_cli_link *link, vdr_span regisseur, const vdr_wire_absence *absences, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const vdr_wire_absence *a = &absences[i];
        if (link->json)
            vdr_cli_print(json_pack("{s:o, s:o, s:o, s:s, s:o}", "regisseur", vdr_cli_text(regisseur), "from",
                                    vdr_cli_instant(a->from_ms), "to", vdr_cli_instant(a->to_ms), "by_kind",
                                    a->by_kind != VDR_PARTY_NONE ? vdr_party_kind_name(a->by_kind) : "town",
                                    "by", vdr_cli_text(a->by)));
        else
            printf("%.*s  %s to %s, by %.*s\n", (int)regisseur.len, (const char *)regisseur.at,
                   vdr_cli_when(a->from_ms), vdr_cli_when(a->to_ms), a->by.len != 0 ? (int)a->by.len : 9,
                   a->by.len != 0 ? (const char *)a->by.at : "town.yaml");
    }
}

/* Everybody's to a coordinator or operator, their own to a regisseur. */
static int
list(const vdr_cli_link *link)
{
    vdr_client_options options = {0};
    vdr_client *client;
    vdr_client_state state;
    const vdr_wire_answer *answer;
    int status = vdr_cli_link_open(&vdr_cli_absence, link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client_state_get(client, &state);
    bool own = state.welcome->party_kind == VDR_PARTY_REGISSEUR;
    const vdr_wire_read read = {.query = own ? VDR_QUERY_STATUS : VDR_QUERY_REGISSEURS, .page_items = 1000};
    if (vdr_client_read(client, &read, link->timeout_ms, &answer) != VDR_OK)
        status = vdr_cli_link_failed(link, client, "absence");
    else if (own && answer->status != NULL)
        show(link, answer->status->party_id, answer->status->absences, answer->status->absence_count);
    else
        for (size_t i = 0; i < answer->regisseur_count; i++)
            show(link, answer->regisseurs[i].id, answer->regisseurs[i].absences,
                 answer->regisseurs[i].absence_count);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

static bool
take_option(absence *a, int option, const char *value)
{
    switch (option) {
    case OPT_FROM:
        return vdr_cli_take_instant("from", value, &a->act.absent_from);
    case OPT_TO:
        return vdr_cli_take_instant("to", value, &a->act.absent_to);
    case OPT_TIME:
        return vdr_cli_take_instant("time", value, &a->act.time);
    case OPT_ID:
        a->act.id = value;
        return true;
    default:
        return vdr_cli_link_take(&a->link, option, value);
    }
}

static int
run_absence(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"from", required_argument, NULL, OPT_FROM},
                                            {"to", required_argument, NULL, OPT_TO},
                                            {"id", required_argument, NULL, OPT_ID},
                                            {"time", required_argument, NULL, OPT_TIME},
                                            {NULL, 0, NULL, 0}};
    absence a = {.link = VDR_CLI_LINK_NEW};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_absence);
        if (!take_option(&a, option, optarg))
            return vdr_cli_usage(&vdr_cli_absence, "unknown option, or a value that does not fit");
    }
    int words = argc - optind;
    if (words == 1 && strcmp(argv[optind], "list") == 0)
        return list(&a.link);
    if (words != 2 || a.act.absent_from == 0 || a.act.absent_to == 0)
        return vdr_cli_usage(&vdr_cli_absence, "say set or lift, which regisseur, --from and --to; or list");
    if (strcmp(argv[optind], "set") == 0)
        a.act.act = VDR_ACT_ABSENCE_SET;
    else if (strcmp(argv[optind], "lift") == 0)
        a.act.act = VDR_ACT_ABSENCE_LIFTED;
    else
        return vdr_cli_usage(&vdr_cli_absence, "there is: set, lift, list");
    a.act.regisseur = argv[optind + 1];
    return vdr_cli_act_send(&vdr_cli_absence, &a.link, &a.act);
}

const vdr_cli_verb vdr_cli_absence = {
    .name = "absence", .summary = "when a regisseur is away", .help = absence_help, .run = run_absence};
