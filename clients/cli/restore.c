/* voordeur restore: a backup becomes a store. Offline. */
#include "broker/engine/engine.h"
#include "broker/net/secret.h"
#include "clients/cli/store_key.h"
#include "clients/cli/verbs.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur restore [--check] [OPTION...] BACKUP [DIR]\n"
    "\n"
    "Copies the store that `voordeur backup` wrote into DIR, which must be empty or not there, and checks "
    "the\n"
    "copy: every record, the chain of hashes, and that the checkpoint leads to the log. A DIR that a broker\n"
    "uses is refused. A backup is sealed and has no key: give the escrow of the store's keys and the key "
    "that\n"
    "they are sealed under. Without them it is copied and its checksums and chain are checked, but not what\n"
    "is in it, and no broker starts on DIR before its keys are there.\n"
    "Then start voordeurd on DIR, with the pseudonym key and the escrow that were kept apart: what was "
    "erased "
    "since the\n"
    "backup leaves again, and keys of parties that ended since end again, before it serves. Keys that were "
    "given\n"
    "since are given again by hand; and without its escrow, look at voordeur key list and revoke again.\n"
    "\n"
    "  --check            only check BACKUP; writes nothing\n"
    "  --wrap FILE        the store's keys, sealed: of the folder that node.yaml has as escrow, or the file\n"
    "                     keys/wrap of the store itself; of now, not of the time of the backup\n"
    "  --escrow DIR       the same: DIR/wrap\n"
    "  --store-key FILE   what they are sealed under, as in node.yaml (default: $VOORDEUR_STORE_KEY, or\n"
    "                     keys/store.key beside DIR)\n"
    "\n"
    "exit status: 0 done; 1 the backup is damaged, its keys do not open it, or DIR cannot be used; 2 wrong "
    "use\n"
    "\n"
    "example:\n"
    "  voordeur restore --escrow /mnt/safe/voordeur --store-key store.key \\\n"
    "      /srv/backups/monday /var/lib/voordeur/store\n";

typedef struct restoring {
    bool only_check;
    vdr_cli_store_key key;
    char wrap[PATH_MAX];
    const char *from, *to;
} restoring;

static int
take_all(restoring *r, int argc, char **argv)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"escrow", required_argument, NULL, 'e'},
                                            {"help", no_argument, NULL, 'h'},
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'c') {
            r->only_check = true;
        } else if (option == 'e') {
            if (snprintf(r->wrap, sizeof r->wrap, "%s/wrap", optarg) >= (int)sizeof r->wrap)
                return vdr_cli_usage(&vdr_cli_restore, "--escrow: the name is too long");
            r->key.wrap = r->wrap;
        } else if (!vdr_cli_store_key_take(&r->key, option, optarg)) {
            return vdr_cli_usage(&vdr_cli_restore, "unknown option");
        }
    }
    if (argc - optind != (r->only_check ? 1 : 2))
        return vdr_cli_usage(&vdr_cli_restore,
                             r->only_check ? "--check BACKUP" : "say from where and to where");
    r->from = argv[optind];
    r->to = argv[argc - 1];
    return VDR_EXIT_OK;
}

static int
restore(const restoring *r)
{
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    vdr_store_keys keys = {.wrap = r->key.wrap};
    vdr_restored restored;
    uint8_t *secret;
    if (vdr_cli_store_key_read("restore", &r->key, r->to, &secret) != VDR_OK)
        return VDR_EXIT_FAILED;
    if (r->key.wrap != NULL && secret == NULL) {
        fprintf(stderr, "voordeur restore: the store's keys are of no use without --store-key FILE\n");
        return VDR_EXIT_USAGE;
    }
    keys.key = keys.wrap != NULL ? secret : NULL;
    vdr_err err = r->only_check ? vdr_restore_check(r->from, &keys, &restored, words)
                                : vdr_restore(r->from, r->to, &keys, &restored, words);
    vdr_secret_free(&secret);
    if (err != VDR_OK) {
        fprintf(stderr, "voordeur restore: %s: %s\n  %s\n", vdr_err_code(err), words, vdr_err_hint(err));
        return VDR_EXIT_FAILED;
    }
    printf("%s: whole, up to record %llu\n", r->to, (unsigned long long)restored.position);
    if (!restored.opened)
        printf(
            "  checksums and chain hold; it is sealed: that the state is the one of the log was not checked\n"
            "  (--wrap FILE --store-key FILE)%s\n",
            r->only_check ? "" : ", and no broker starts on it without keys/wrap");
    return vdr_cli_flush();
}

static int
run(int argc, char **argv)
{
    restoring r = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return vdr_cli_help(&vdr_cli_restore);
    }
    int status = take_all(&r, argc, argv);
    return status == VDR_EXIT_OK ? restore(&r) : status;
}

const vdr_cli_verb vdr_cli_restore = {
    .name = "restore", .summary = "bring a backup back", .help = help, .run = run};
