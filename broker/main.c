/* voordeurd: the broker. */
#include "broker/start.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "Usage: voordeurd --config DIR --store DIR --node FILE [--keep-config]\n"
    "                 [--check] [--clock event] [--allow-root] [--no-sandbox]\n"
    "\n"
    "Takes signals from agencies, keeps them durably, brings them together per household\n"
    "and routes each case to exactly one regisseur.\n"
    "\n"
    "  --config DIR    town.yaml, catalogue.yaml and rules.yaml\n"
    "  --store DIR     the log and its checkpoints; made when it is not there\n"
    "  --node FILE     node.yaml: listeners, limits, key files, the parties' public keys\n"
    "  --keep-config   where the files of --config are wrong or cannot take the place of what is\n"
    "                  in force, start on the configuration that the store holds, with a warning\n"
    "  --check         read and check all of it, say what is wrong, start nothing\n"
    "  --clock event   take log time from the events; for demonstrations and tests only\n"
    "  --allow-root    run as root, which it refuses otherwise: in a container, or to try it out\n"
    "  --no-sandbox    leave all paths and system calls open: for debuggers and tracers only\n"
    "  --help, --version\n"
    "\n"
    "SIGHUP reads configuration and keys again; what is bad changes nothing, and with approvals:\n"
    "two in node.yaml a configuration must be proposed instead (voordeur rules propose). SIGTERM and\n"
    "SIGINT stop in order: what was sent is committed and confirmed, a checkpoint is written.\n"
    "One line an event goes to standard error, as logfmt, without personal data; or as JSON lines,\n"
    "or to the journal of systemd, as log: in node.yaml says.\n"
    "\n"
    "Exit status:\n"
    "  0  stopped in order, or --check found nothing wrong\n"
    "  1  cannot start or go on: an address, the self-test of the keys, a store in use\n"
    "  2  the command line, node.yaml, a key file or the configuration is wrong\n"
    "  3  the disk failed or is full at the start; start again: the start verifies the log\n"
    "  4  the store does not prove itself, its parts are of different times, or another version wrote it:\n"
    "     restore a backup\n";

static int
wrong(const char *what)
{
    (void)fprintf(stderr, "voordeurd: %s\nTry: voordeurd --help\n", what);
    return VDR_EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"store", required_argument, NULL, 's'},
        {"node", required_argument, NULL, 'n'},
        {"clock", required_argument, NULL, 'k'},
        {"check", no_argument, NULL, 'x'},
        {"keep-config", no_argument, NULL, 'e'},
        {"allow-root", no_argument, NULL, 'r'},
        {"no-sandbox", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    vdr_start_options options = {.clock = VDR_CLOCK_REAL};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config_dir = optarg;
            break;
        case 's':
            options.store_dir = optarg;
            break;
        case 'n':
            options.node_path = optarg;
            break;
        case 'k':
            if (!vdr_span_equal(vdr_span_str(optarg), vdr_span_str("event")))
                return wrong("--clock knows only: event");
            options.clock = VDR_CLOCK_EVENT;
            break;
        case 'e':
            options.keep_config = true;
            break;
        case 'r':
            options.allow_root = true;
            break;
        case 'o':
            options.no_sandbox = true;
            break;
        case 'x':
            options.check = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return VDR_EXIT_CLEAN;
        case 'v':
            (void)puts("voordeurd " VDR_VERSION);
            return VDR_EXIT_CLEAN;
        default:
            return VDR_EXIT_CONFIG; /* getopt has said what is wrong */
        }
    }
    if (optind != argc)
        return wrong("takes no arguments besides options");
    if (options.config_dir == NULL || options.node_path == NULL)
        return wrong("--config and --node are needed");
    if (options.store_dir == NULL && !options.check)
        return wrong("--store is needed");
    return (int)vdr_start(&options);
}
