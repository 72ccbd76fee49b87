/* clients/cli/verbs.h - the verbs of the command line, one file each, and what they share.
 *
 * A verb gets the arguments from its own name on (argv[0] is the verb) and returns the exit status. It writes
 * results to standard output, everything else to standard error.
 * To add one: a file with its function and help text, a line here, a row in the table of main.c. */
#ifndef VDR_CLI_VERBS_H
#define VDR_CLI_VERBS_H

#include "proto/types.h"

/* Exit statuses, the same for every verb. Shown by `voordeur help exit`. */
typedef enum vdr_exit {
    VDR_EXIT_OK = 0,      /* done */
    VDR_EXIT_FAILED = 1,  /* not done, or done with refusals: standard error says what */
    VDR_EXIT_USAGE = 2,   /* the command line, or the configuration it names, is wrong: nothing was begun */
    VDR_EXIT_DIFFERS = 3, /* done, and what was compared is not the same */
} vdr_exit;

typedef struct vdr_cli_verb {
    const char *name;
    const char *summary; /* one line for the list of verbs */
    const char *help;    /* the whole page, ending in a line end */
    int (*run)(int argc, char **argv);
} vdr_cli_verb;

extern const vdr_cli_verb vdr_cli_replay;
extern const vdr_cli_verb vdr_cli_rules;
extern const vdr_cli_verb vdr_cli_explain, vdr_cli_why_not, vdr_cli_try;
extern const vdr_cli_verb vdr_cli_pause, vdr_cli_silence, vdr_cli_pauses, vdr_cli_resume;
extern const vdr_cli_verb vdr_cli_init, vdr_cli_parties, vdr_cli_key;
extern const vdr_cli_verb vdr_cli_publish, vdr_cli_agent, vdr_cli_subscribe, vdr_cli_inbox, vdr_cli_directory;
extern const vdr_cli_verb vdr_cli_cases, vdr_cli_signals, vdr_cli_households, vdr_cli_erase;
extern const vdr_cli_verb vdr_cli_absence, vdr_cli_conflict, vdr_cli_access, vdr_cli_privacy;
extern const vdr_cli_verb vdr_cli_status, vdr_cli_decisions, vdr_cli_clock, vdr_cli_reload, vdr_cli_sessions,
    vdr_cli_mailboxes, vdr_cli_checkpoint, vdr_cli_backup, vdr_cli_restore, vdr_cli_bench;
extern const vdr_cli_verb vdr_cli_backtest;
extern const vdr_cli_verb vdr_cli_verify, vdr_cli_head, vdr_cli_audit, vdr_cli_access_report;
extern const vdr_cli_verb vdr_cli_rotate, vdr_cli_simulate;
extern const vdr_cli_verb vdr_cli_report, vdr_cli_top, vdr_cli_watch, vdr_cli_doctor;

/* Says what is wrong with the command line and where to read on; returns VDR_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int vdr_cli_usage(const vdr_cli_verb *verb, const char *format, ...);
/* The page of a verb on standard output; returns VDR_EXIT_OK. */
int vdr_cli_help(const vdr_cli_verb *verb);
/* Flushes standard output. VDR_EXIT_FAILED, with words, if anything written to it was lost. */
int vdr_cli_flush(void);

#endif
