/* voordeur restore: a backup becomes a store. Offline. */
#include "broker/engine.h"
#include "clients/cli/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur restore [--check] BACKUP [DIR]\n"
    "\n"
    "Copies the store that `voordeur backup` wrote into DIR, which must be empty or not there, and checks "
    "the\n"
    "copy: every record, the chain of hashes, and that the checkpoint leads to the log. A DIR that a broker\n"
    "uses is refused. Then start voordeurd on DIR, with the pseudonym key that was kept apart.\n"
    "\n"
    "  --check   only check BACKUP; writes nothing\n"
    "\n"
    "exit status: 0 done; 1 the backup is damaged or DIR cannot be used; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur restore /srv/backups/monday /var/lib/voordeur/store\n";

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool only_check = false;
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_position position = 0;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_restore);
        if (option != 'c')
            return vdr_cli_usage(&vdr_cli_restore, "unknown option");
        only_check = true;
    }
    if (argc - optind != (only_check ? 1 : 2))
        return vdr_cli_usage(&vdr_cli_restore, only_check ? "--check BACKUP" : "say from where and to where");
    vdr_err err = only_check ? vdr_restore_check(argv[optind], &position, words)
                             : vdr_restore(argv[optind], argv[optind + 1], &position, words);
    if (err != VDR_OK) {
        fprintf(stderr, "voordeur restore: %s: %s\n  %s\n", vdr_err_code(err), words, vdr_err_hint(err));
        return VDR_EXIT_FAILED;
    }
    printf("%s: whole, up to record %llu\n", only_check ? argv[optind] : argv[optind + 1],
           (unsigned long long)position);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_restore = {
    .name = "restore", .summary = "bring a backup back", .help = help, .run = run};
