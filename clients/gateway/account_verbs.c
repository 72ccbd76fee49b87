#include "clients/gateway/account_verbs.h"

#include "clients/gateway/account.h"
#include "clients/gateway/config.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
    "Usage: voordeur-gateway account add NAME KIND:ID [FULL NAME]   WHERE\n"
    "       voordeur-gateway account password NAME                  WHERE\n"
    "       voordeur-gateway account remove NAME                    WHERE\n"
    "       voordeur-gateway account list                           WHERE\n"
    "\n"
    "Local accounts, for demonstrations and small towns. The password is asked for at the terminal,\n"
    "or is the first line of standard input. An account that is changed or removed has its sessions\n"
    "ended within seconds.\n"
    "\n"
    "  WHERE           --config FILE, the gateway.yaml whose accounts: it is about; or --accounts FILE\n"
    "  --help\n";

static vdr_gate_exit
wrong(const char *what)
{
    (void)fprintf(stderr, "voordeur-gateway account: %s\nTry: voordeur-gateway account --help\n", what);
    return VDR_GATE_USAGE;
}

/* ---- Passwords ---- */

/* A line of standard input, without its end. */
static bool
read_line(char *line, size_t size, size_t *ret_len)
{
    size_t len = 0;
    char c;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
        if (len == size)
            return false;
        line[len++] = c;
    }
    *ret_len = len;
    return got == 1 || len > 0;
}

static bool
ask(const char *prompt, char *line, size_t size, size_t *ret_len)
{
    struct termios before, quiet;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        (void)fprintf(stderr, "%s: ", prompt);
        quiet = before;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool had = read_line(line, size, ret_len);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputs("\n", stderr);
    }
    return had;
}

/* At a terminal it is asked for twice. */
static bool
read_password(char line[VDR_ACCOUNT_PASSWORD_MAX + 1], vdr_span *ret_password)
{
    char again[VDR_ACCOUNT_PASSWORD_MAX + 1];
    size_t len = 0, again_len = 0;
    bool had = ask("Password", line, VDR_ACCOUNT_PASSWORD_MAX + 1, &len);
    if (had && isatty(STDIN_FILENO) == 1) {
        had = ask("Again", again, sizeof again, &again_len) && again_len == len &&
              memcmp(line, again, len) == 0;
        sodium_memzero(again, sizeof again);
    }
    *ret_password = vdr_span_of(line, len);
    return had;
}

/* ---- Verbs ---- */

static void
show(void *context, const vdr_account *account)
{
    (void)context;
    (void)printf("%-24s %-32s %s\n", account->name, account->party, account->full_name);
}

static vdr_gate_exit
run(const char *path, const char *verb, int count, char **words)
{
    char line[VDR_ACCOUNT_PASSWORD_MAX + 1], why[200] = "";
    vdr_span password = {0};
    vdr_err err;
    bool adds = strcmp(verb, "add") == 0, changes = strcmp(verb, "password") == 0;

    if (strcmp(verb, "list") == 0 && count == 0) {
        err = vdr_account_each(path, show, NULL);
        (void)snprintf(why, sizeof why, "%.120s cannot be read, or others may read it (mode 0600 is wanted)",
                       path);
    } else if (strcmp(verb, "remove") == 0 && count == 1) {
        err = vdr_account_remove(path, words[0], why);
    } else if ((adds && (count == 2 || count == 3)) || (changes && count == 1)) {
        if (!read_password(line, &password))
            return wrong("no password was had, or not the same one twice");
        err = adds ? vdr_account_add(path, words[0], words[1], count == 3 ? words[2] : "", password, why)
                   : vdr_account_password(path, words[0], password, why);
        sodium_memzero(line, sizeof line);
    } else {
        return wrong("add NAME KIND:ID [FULL NAME], password NAME, remove NAME, or list");
    }
    if (err == VDR_OK)
        return VDR_GATE_CLEAN;
    (void)fprintf(stderr, "voordeur-gateway account: %s\n", why);
    return err == VDR_E_USAGE ? VDR_GATE_USAGE : VDR_GATE_FAILED;
}

static vdr_gate_exit
run_configured(const char *config_path, const char *verb, int count, char **words)
{
    vdr_gate_config *config = NULL;
    vdr_bytes faults = {0};
    vdr_err err = vdr_gate_config_read(config_path, &config, &faults);
    (void)fprintf(stderr, "%.*s", (int)faults.len, faults.len != 0 ? (const char *)faults.at : "");
    vdr_bytes_done(&faults);
    if (err != VDR_OK)
        return VDR_GATE_USAGE;
    vdr_gate_exit status = config->accounts != NULL ? run(config->accounts, verb, count, words)
                                                    : wrong("gateway.yaml has no accounts:");
    vdr_gate_config_free(&config);
    return status;
}

vdr_gate_exit
vdr_account_verbs(int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"accounts", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *config = NULL, *accounts = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return VDR_GATE_CLEAN;
        }
        if (option == 'c')
            config = optarg;
        else if (option == 'a')
            accounts = optarg;
        else
            return VDR_GATE_USAGE; /* getopt has said what is wrong */
    }
    if ((config == NULL) == (accounts == NULL))
        return wrong("either --config or --accounts is needed");
    if (optind == argc)
        return wrong("a verb is missing");
    VDR_ASSERT(sodium_init() >= 0);
    const char *verb = argv[optind];
    int count = argc - optind - 1;
    return accounts != NULL ? run(accounts, verb, count, argv + optind + 1)
                            : run_configured(config, verb, count, argv + optind + 1);
}
