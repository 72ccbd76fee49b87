/* voordeur-gateway: HTTP for agencies, and the web page for regisseurs and operators. */
#include "clients/gateway/account_verbs.h"
#include "clients/gateway/start.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "Usage: voordeur-gateway --config FILE [--check]\n"
    "       voordeur-gateway account add|password|remove|list …\n"
    "\n"
    "Serves the HTTP face of the broker, /v1, and the web page. Callers are known by a client\n"
    "certificate, a bearer token or a session, and are served as a party, with that party's key.\n"
    "\n"
    "  --config FILE   gateway.yaml: addresses, the broker, parties and their keys, limits\n"
    "  --check         read and check all of it, say what is wrong, start nothing\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM and SIGINT stop in order: what was asked is answered. Asked twice, at once.\n"
    "\n"
    "Exit status:\n"
    "  0  stopped in order, or --check found nothing wrong\n"
    "  1  cannot start or go on: an address or file\n"
    "  2  the command line, gateway.yaml, a key or a certificate is wrong\n";

static int
wrong(const char *what)
{
    (void)fprintf(stderr, "voordeur-gateway: %s\nTry: voordeur-gateway --help\n", what);
    return VDR_GATE_USAGE;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    if (argc > 1 && strcmp(argv[1], "account") == 0)
        return (int)vdr_account_verbs(argc - 1, argv + 1);
    const char *config = NULL;
    bool check = false;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 'x':
            check = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return VDR_GATE_CLEAN;
        case 'v':
            (void)puts("voordeur-gateway " VDR_VERSION);
            return VDR_GATE_CLEAN;
        default:
            return VDR_GATE_USAGE; /* getopt has said what is wrong */
        }
    }
    if (optind != argc)
        return wrong("takes no arguments besides options");
    if (config == NULL)
        return wrong("--config is needed");
    return (int)vdr_gate_start(config, check);
}
