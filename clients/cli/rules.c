/* voordeur rules: write, check, test and publish the rules of a town. */
#include "clients/cli/rules.h"

#include <stdio.h>
#include <string.h>

static const vdr_cli_verb *const parts[] = {&vdr_cli_rules_check, &vdr_cli_rules_fmt,  &vdr_cli_rules_lint,
                                            &vdr_cli_rules_test,  &vdr_cli_rules_show, &vdr_cli_rules_publish,
                                            &vdr_cli_rules_dpia};

#define PARTS (sizeof parts / sizeof parts[0])

/* Those of a running broker. */
static const vdr_cli_verb *const live[] = {
    &vdr_cli_rules_propose,  &vdr_cli_rules_proposals, &vdr_cli_rules_approve, &vdr_cli_rules_reject,
    &vdr_cli_rules_withdraw, &vdr_cli_rules_history,   &vdr_cli_rules_version, &vdr_cli_rules_rollback,
    &vdr_cli_rules_shadow,   &vdr_cli_rules_diff,      &vdr_cli_rules_look,    &vdr_cli_rules_sentences};

static const char help[] =
    "usage: voordeur rules PART [OPTION...] DIR\n"
    "\n"
    "Everything one does with town.yaml, catalogue.yaml and rules.yaml: before a broker sees them, and on "
    "the\n"
    "way to its operators' approval. None but fmt changes a file.\n"
    "\n"
    "without a broker:\n"
    "  check     is it right? every error with its place and what was expected\n"
    "  fmt       lay the files out in the one way; comments and order stay\n"
    "  lint      is it wise? rules that cannot hold, that another precedes, nobody to take a case, …\n"
    "  test      does it do what it should? plays tests and shows which clauses they tried\n"
    "  show      what do they say? a table, or one rule with what it counts and asks\n"
    "  publish   what do they say? plain sentences in Dutch or English, for everybody\n"
    "  dpia      what do they mean for privacy? the assessment (Dutch), filled in as far as they know\n"
    "\n"
    "of a running broker, for operators:\n"
    "  look        what would the broker say of it? nothing is proposed\n"
    "  propose     propose a configuration\n"
    "  proposals   what waits for approval\n"
    "  approve     approve what another operator proposed\n"
    "  reject      end a proposal\n"
    "  withdraw    take back your own\n"
    "  history     every version: since when, by whom, why\n"
    "  version     the files of a version or proposal\n"
    "  sentences   the rules in force, in Dutch and English\n"
    "  rollback    propose an older version again\n"
    "  shadow      let other rules run beside, on what comes; they never act\n"
    "  diff        what the shadow would have done otherwise so far\n"
    "\n"
    "exit status: 0 all is well; 1 it is not, and it is told what; 2 wrong use\n"
    "\n"
    "voordeur help rules PART tells more about one. For editors there are JSON Schemas of all the files:\n"
    "share/voordeur/schema (deploy/schema in the sources).\n"
    "\n"
    "example, in this order, after each change:\n"
    "  voordeur rules fmt town && voordeur rules check town && voordeur rules lint town &&\n"
    "  voordeur rules test town\n";

static const vdr_cli_verb *
part_of(const char *name)
{
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(parts[i]->name + strlen("rules "), name) == 0)
            return parts[i];
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++)
        if (strcmp(live[i]->name + strlen("rules "), name) == 0)
            return live[i];
    return NULL;
}

static int
run(int argc, char **argv)
{
    if (argc < 2)
        return vdr_cli_usage(&vdr_cli_rules, "say what to do with them: rules check DIR");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return vdr_cli_help(&vdr_cli_rules);
    const vdr_cli_verb *part = part_of(argv[1]);
    if (part == NULL)
        return vdr_cli_usage(&vdr_cli_rules, "there is no \"rules %s\"", argv[1]);
    return part->run(argc - 1, argv + 1);
}

const vdr_cli_verb vdr_cli_rules = {
    .name = "rules",
    .summary = "check, lay out, test and publish rules before they are used",
    .help = help,
    .run = run,
};
