/* voordeur - one command for agencies, regisseurs and operators. */
#include "clients/cli/verbs.h"

#include "proto/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const vdr_cli_verb *const verbs[] = {
    /* agencies */
    &vdr_cli_publish,
    &vdr_cli_agent,
    &vdr_cli_subscribe,
    &vdr_cli_signals,
    &vdr_cli_directory,
    /* regisseurs, coordinators, privacy officers */
    &vdr_cli_inbox,
    &vdr_cli_cases,
    &vdr_cli_households,
    &vdr_cli_erase,
    &vdr_cli_absence,
    &vdr_cli_conflict,
    &vdr_cli_privacy,
    /* operators */
    &vdr_cli_init,
    &vdr_cli_parties,
    &vdr_cli_key,
    &vdr_cli_rules,
    &vdr_cli_pause,
    &vdr_cli_silence,
    &vdr_cli_pauses,
    &vdr_cli_resume,
    &vdr_cli_explain,
    &vdr_cli_why_not,
    &vdr_cli_try,
    &vdr_cli_backtest,
    &vdr_cli_status,
    &vdr_cli_report,
    &vdr_cli_top,
    &vdr_cli_watch,
    &vdr_cli_doctor,
    &vdr_cli_decisions,
    &vdr_cli_sessions,
    &vdr_cli_mailboxes,
    &vdr_cli_reload,
    &vdr_cli_clock,
    &vdr_cli_checkpoint,
    &vdr_cli_backup,
    &vdr_cli_restore,
    &vdr_cli_rotate,
    &vdr_cli_bench,
    &vdr_cli_simulate,
    /* auditors */
    &vdr_cli_access,
    &vdr_cli_replay,
    &vdr_cli_verify,
    &vdr_cli_head,
    &vdr_cli_audit,
    &vdr_cli_access_report,
};

#define VERBS (sizeof verbs / sizeof verbs[0])

static const char exit_page[] =
    "Exit status, the same for every verb:\n"
    "\n"
    "  0  done\n"
    "  1  not done, or done with refusals; standard error says what\n"
    "  2  the command line, or the configuration that it names, is wrong; nothing was begun\n"
    "  3  done, and what was compared is not the same (backtest)\n";

int
vdr_cli_usage(const vdr_cli_verb *verb, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "voordeur %s: ", verb->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nvoordeur help %s tells how to use it.\n", verb->name);
    return VDR_EXIT_USAGE;
}

int
vdr_cli_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return VDR_EXIT_OK;
    fprintf(stderr, "voordeur: standard output: %s\n", strerror(errno));
    return VDR_EXIT_FAILED;
}

int
vdr_cli_help(const vdr_cli_verb *verb)
{
    fputs(verb->help, stdout);
    return vdr_cli_flush();
}

static void
list_verbs(FILE *to)
{
    fputs("voordeur: signals in, one case to one regisseur\n"
          "\n"
          "usage: voordeur VERB [OPTION...] [ARGUMENT...]\n"
          "\n",
          to);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\n"
          "  help VERB    how to use a verb, with examples\n"
          "  help exit    what the exit status says\n"
          "  version      the version of this program\n",
          to);
}

static const vdr_cli_verb *
verb_of(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static int
unknown_verb(const char *name)
{
    fprintf(stderr, "voordeur: there is no verb \"%s\"\n\n", name);
    list_verbs(stderr);
    return VDR_EXIT_USAGE;
}

static int
help(const char *name, char *part)
{
    const vdr_cli_verb *verb;
    if (name == NULL) {
        list_verbs(stdout);
        return vdr_cli_flush();
    }
    if (strcmp(name, "exit") == 0) {
        fputs(exit_page, stdout);
        return vdr_cli_flush();
    }
    verb = verb_of(name);
    if (verb == &vdr_cli_rules && part != NULL) {
        char rules[] = "rules", page[] = "--help";
        char *arguments[] = {rules, part, page, NULL};
        return verb->run(3, arguments);
    }
    return verb != NULL ? vdr_cli_help(verb) : unknown_verb(name);
}

/* What is no UTF-8 has no place in a message: a broker could only say that the frame is bad. A file may be called so. */
static bool
are_texts(const vdr_cli_verb *verb, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *value = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
        if (vdr_span_is_utf8(vdr_span_str(argv[i])) || access(value != NULL ? value + 1 : argv[i], F_OK) == 0)
            continue;
        vdr_utf8_mend(argv[i]);
        (void)vdr_cli_usage(
            verb,
            "argument %d, \"%s\", is not UTF-8, and there is no such file; use a terminal that writes UTF-8",
            i + 2, argv[i]);
        return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    /* A reader that goes away is seen as a failed write, and told; not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        list_verbs(stderr);
        return VDR_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        puts("voordeur " VDR_VERSION);
        return vdr_cli_flush();
    }
    const vdr_cli_verb *verb = verb_of(name);
    if (verb == NULL)
        return unknown_verb(name);
    if (!are_texts(verb, argc - 2, argv + 2))
        return VDR_EXIT_USAGE;
    return verb->run(argc - 1, argv + 1);
}
