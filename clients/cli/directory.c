/* voordeur directory: what the town's configuration names, for whoever must choose among it. */
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

static const char directory_help[] =
    "usage: voordeur directory [OPTION...]\n"
    "\n"
    "Shows what the configuration in force names: the types of signals, life domains, agencies, services, "
    "and\n"
    "regisseurs with their districts and expertise, and whether they are absent now. Agencies see types and\n"
    "domains.\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "example:\n"
    "  voordeur directory --home /tmp/town --as regisseur:r-anna\n";

#define TEXT(span) (int)(span).len, (const char *)(span).at

static void
print_json(const vdr_wire_directory *d)
{
    for (size_t i = 0; i < d->type_count; i++) {
        const vdr_wire_directory_type *t = &d->types[i];
        json_t *o = json_pack("{s:o, s:o, s:o, s:s, s:i, s:o}", "type", vdr_cli_text(t->type), "title",
                              vdr_cli_text(t->title), "domain", vdr_cli_text(t->domain), "kind",
                              vdr_signal_kind_name(t->kind), "severity", (int)t->severity, "agencies",
                              vdr_cli_texts(t->agencies, t->agency_count));
        vdr_cli_print(o);
    }
    for (size_t i = 0; i < d->domain_count; i++)
        vdr_cli_print(json_pack("{s:o, s:o, s:b}", "domain", vdr_cli_text(d->domains[i].domain), "area",
                                vdr_cli_text(d->domains[i].area), "by_role", d->domains[i].by_role));
    for (size_t i = 0; i < d->agency_count; i++)
        vdr_cli_print(json_pack("{s:o, s:o}", "agency", vdr_cli_text(d->agencies[i].id), "kind",
                                vdr_cli_text(d->agencies[i].kind)));
    for (size_t i = 0; i < d->service_count; i++)
        vdr_cli_print(json_pack("{s:o, s:o, s:b}", "service", vdr_cli_text(d->services[i].id), "domains",
                                vdr_cli_texts(d->services[i].domains, d->services[i].domain_count), "all",
                                d->services[i].all));
    for (size_t i = 0; i < d->regisseur_count; i++) {
        const vdr_wire_directory_regisseur *r = &d->regisseurs[i];
        vdr_cli_print(json_pack("{s:o, s:o, s:b, s:o, s:b}", "regisseur", vdr_cli_text(r->id), "districts",
                                vdr_cli_texts(r->districts, r->district_count), "everywhere", r->everywhere,
                                "expertise", vdr_cli_texts(r->expertise, r->expertise_count), "absent",
                                r->absent));
    }
}

static void
print_names(const vdr_span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%.*s", i == 0 ? "" : ", ", TEXT(names[i]));
}

static void
print_text(const vdr_wire_directory *d)
{
    for (size_t i = 0; i < d->type_count; i++) {
        const vdr_wire_directory_type *t = &d->types[i];
        printf("type       %.*s  %s of %.*s, from ", TEXT(t->type), vdr_signal_kind_name(t->kind),
               TEXT(t->domain));
        print_names(t->agencies, t->agency_count);
        printf(t->title.len != 0 ? ": %.*s\n" : "\n", TEXT(t->title));
    }
    for (size_t i = 0; i < d->domain_count; i++)
        printf("domain     %.*s  %.*s%s\n", TEXT(d->domains[i].domain), TEXT(d->domains[i].area),
               d->domains[i].by_role ? "by the roles of persons" : "");
    for (size_t i = 0; i < d->agency_count; i++)
        printf("agency     %.*s  %.*s\n", TEXT(d->agencies[i].id), TEXT(d->agencies[i].kind));
    for (size_t i = 0; i < d->service_count; i++) {
        printf("service    %.*s  %s", TEXT(d->services[i].id), d->services[i].all ? "all else " : "");
        print_names(d->services[i].domains, d->services[i].domain_count);
        putchar('\n');
    }
    for (size_t i = 0; i < d->regisseur_count; i++) {
        const vdr_wire_directory_regisseur *r = &d->regisseurs[i];
        printf("regisseur  %.*s  %s", TEXT(r->id), r->everywhere ? "everywhere " : "");
        print_names(r->districts, r->district_count);
        printf(r->expertise_count != 0 ? "; knows " : "");
        print_names(r->expertise, r->expertise_count);
        printf("%s\n", r->absent ? "; absent now" : "");
    }
}

static int
run_directory(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS, {NULL, 0, NULL, 0}};
    static uint8_t resume[VDR_RESUME_BYTES_MAX];
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options client_options = {0};
    vdr_client *client;
    const vdr_wire_answer *answer;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_directory);
        if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_directory, "unknown option");
    }
    int status = vdr_cli_link_open(&vdr_cli_directory, &link, &client_options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_wire_read read = {.query = VDR_QUERY_DIRECTORY};
    do {
        if (vdr_client_read(client, &read, link.timeout_ms, &answer) != VDR_OK) {
            status = vdr_cli_link_failed(&link, client, "directory");
            break;
        }
        if (answer->directory != NULL)
            link.json ? print_json(answer->directory) : print_text(answer->directory);
        if (answer->resume.len > sizeof resume)
            break;
        memcpy(resume, answer->resume.at != NULL ? answer->resume.at : resume, answer->resume.len);
        read.resume = answer->resume.len != 0 ? vdr_span_of(resume, answer->resume.len) : (vdr_span){0};
    } while (read.resume.len != 0);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_directory = {.name = "directory",
                                        .summary = "the types, agencies, services and regisseurs of the town",
                                        .help = directory_help,
                                        .run = run_directory};
