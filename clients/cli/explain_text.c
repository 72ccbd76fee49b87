/* An explanation for eyes: a tree of sentences, within 80 columns. */
#include "clients/cli/explain_show.h"

#include "clients/cli/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS     80u
#define LINE_BYTES  8192u
#define TEXT(span)  (int)(span).len, (const char *)(span).at
#define BRANCH      "├─ "
#define LAST_BRANCH "└─ "

/* ---- text within a margin */

typedef struct text {
    char at[LINE_BYTES];
    size_t len;
} text;

/* What does not fit is left out: the rest is there with --json. */
__attribute__((format(printf, 2, 3))) static void
add(text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(t->at + t->len, sizeof t->at - t->len, format, arguments);
    va_end(arguments);
    if (len > 0)
        t->len = t->len + (size_t)len < sizeof t->at ? t->len + (size_t)len : sizeof t->at - 1;
}

static size_t
columns_of(const char *at, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)at[i] & 0xc0) != 0x80;
    return columns;
}

/* Prints a text after `first`, broken at blanks, its further lines after `rest`. Control characters of a name
 * must not reach the terminal. */
static void
print(const char *first, const char *rest, text *t)
{
    size_t at = 0, column = columns_of(first, strlen(first));
    bool begun = false;
    vdr_cli_calm(t->at, t->len);
    fputs(first, stdout);
    while (at < t->len) {
        size_t end = at;
        while (end < t->len && t->at[end] != ' ')
            end++;
        size_t word = columns_of(t->at + at, end - at);
        if (begun && column + 1 + word > COLUMNS) {
            printf("\n%s", rest);
            column = columns_of(rest, strlen(rest));
            begun = false;
        }
        if (word != 0) {
            printf("%s%.*s", begun ? " " : "", (int)(end - at), t->at + at);
            column += word + begun;
            begun = true;
        }
        at = end + 1;
    }
    putchar('\n');
}

__attribute__((format(printf, 3, 4))) static void
say(const char *first, const char *rest, const char *format, ...)
{
    text t = {.len = 0};
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(t.at, sizeof t.at, format, arguments);
    va_end(arguments);
    t.len = len < 0 ? 0 : (size_t)len < sizeof t.at ? (size_t)len : sizeof t.at - 1;
    print(first, rest, &t);
}

static const char *
plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* A length of time in its largest whole unit; good until the second call after this one. */
static const char *
duration(uint64_t ms)
{
    static char texts[2][32];
    static unsigned turn;
    static const struct {
        uint64_t ms;
        char unit;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    char *to = texts[turn++ % 2];
    if (ms == 0)
        return "0d";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ms >= units[i].ms) {
            uint64_t tenths = ms * 10 / units[i].ms;
            if (tenths % 10 == 0)
                (void)snprintf(to, 32, "%llu%c", (unsigned long long)(tenths / 10), units[i].unit);
            else
                (void)snprintf(to, 32, "%llu.%llu%c", (unsigned long long)(tenths / 10),
                               (unsigned long long)(tenths % 10), units[i].unit);
            return to;
        }
    }
    (void)snprintf(to, 32, "%llums", (unsigned long long)ms);
    return to;
}

/* ---- rules */

/* One unit of what a clause counts. */
static const char *
one_of(uint32_t clause)
{
    static const char *const ones[] = {[VDR_MEASURE_SIGNALS] = "signal",
                                       [VDR_MEASURE_DOMAINS] = "domain",
                                       [VDR_MEASURE_AGENCIES] = "agency",
                                       [VDR_MEASURE_PERSONS] = "person",
                                       [VDR_MEASURE_CORE_AREAS] = "core area",
                                       [VDR_MEASURE_TYPES] = "type",
                                       [VDR_MEASURE_DAYS] = "day",
                                       [VDR_MEASURE_OVERDUE] = "overdue signal"};
    return clause < VDR_MEASURES ? ones[clause] : "";
}

static const char *
many_of(uint32_t clause)
{
    static const char *const many[] = {[VDR_MEASURE_SIGNALS] = "signals",
                                       [VDR_MEASURE_DOMAINS] = "domains",
                                       [VDR_MEASURE_AGENCIES] = "agencies",
                                       [VDR_MEASURE_PERSONS] = "persons",
                                       [VDR_MEASURE_CORE_AREAS] = "core areas",
                                       [VDR_MEASURE_TYPES] = "types",
                                       [VDR_MEASURE_DAYS] = "days",
                                       [VDR_MEASURE_OVERDUE] = "overdue signals"};
    return clause < VDR_MEASURES ? many[clause] : "";
}

/* "1 more domain and 12d more between the first and the last" */
static void
add_missing(text *t, const vdr_explained_group *group)
{
    bool begun = false;
    for (size_t i = 0; i < group->clause_count; i++) {
        const vdr_explained_clause *c = &group->clauses[i];
        if (c->reached)
            continue;
        uint64_t missing = c->least - c->value;
        if (begun)
            add(t, " and ");
        if (c->clause == VDR_CLAUSE_SPREAD)
            add(t, "%s more between the first and the last", duration(missing));
        else
            add(t, "%llu more %s", (unsigned long long)missing,
                missing == 1 ? one_of(c->clause) : many_of(c->clause));
        begun = true;
    }
}

static void
add_group(text *t, const vdr_explained_rule *rule, const vdr_explained_group *group)
{
    if (group->person != 0)
        add(t, "person %u", group->person);
    else
        add(t, "%s %.*s", vdr_within_name(rule->within), TEXT(group->name));
}

static void
show_clauses(const vdr_explained_group *group, const char *first, const char *rest)
{
    text t = {.len = 0};
    for (size_t i = 0; i < group->clause_count; i++) {
        const vdr_explained_clause *c = &group->clauses[i];
        if (i != 0)
            add(&t, ", ");
        if (c->clause == VDR_CLAUSE_SPREAD)
            add(&t, "first to last %s of %s", duration(c->value), duration(c->least));
        else
            add(&t, "%s %llu%s of %llu", many_of(c->clause), (unsigned long long)c->value,
                c->or_more ? " or more" : "", (unsigned long long)c->least);
        add(&t, c->reached ? " ✔" : " ✘");
    }
    print(first, rest, &t);
}

static void
show_groups(const vdr_explained_rule *rule)
{
    if (rule->within == VDR_WITHIN_NONE) {
        if (rule->group_count != 0)
            show_clauses(&rule->groups[0], "   " BRANCH, "   │  ");
        return;
    }
    if (rule->group_count == 0)
        say("   " BRANCH, "   │  ", "nothing is counted for any %s", vdr_within_name(rule->within));
    for (size_t i = 0; i < rule->group_count; i++) {
        text head = {.len = 0};
        add(&head, "   " BRANCH);
        add_group(&head, rule, &rule->groups[i]);
        add(&head, rule->groups[i].holds ? " holds: " : ": ");
        show_clauses(&rule->groups[i], head.at, "   │     ");
    }
    if (rule->groups_more != 0)
        say("   " BRANCH, "   │  ", "and %u more", rule->groups_more);
}

/* What a signal was left out for, as the beginning of a list of signals. */
static const char *
left_out(vdr_use use)
{
    static const char *const words[] = {[VDR_USE_GROUP] = "counted, but not in a group that holds",
                                        [VDR_USE_WITHDRAWN] = "withdrawn by the agency",
                                        [VDR_USE_SUPERSEDED] = "superseded by a later signal",
                                        [VDR_USE_NOT_YET] = "not yet",
                                        [VDR_USE_OVER] = "over, as long as such a signal counts",
                                        [VDR_USE_ENDED] = "over, ended by the agency",
                                        [VDR_USE_WINDOW] = "before the rule's window",
                                        [VDR_USE_PURPOSE] = "for a purpose that the rule does not have",
                                        [VDR_USE_TYPE] = "of a type that the rule does not look at",
                                        [VDR_USE_DOMAIN] = "of a domain that the rule does not look at",
                                        [VDR_USE_AGENCY] =
                                            "of a kind of agency that the rule does not look at",
                                        [VDR_USE_SEVERITY] = "not severe enough",
                                        [VDR_USE_ROLE] = "about nobody in a role that the rule looks at",
                                        [VDR_USE_SILENCED] = "of an agency that is silenced",
                                        [VDR_USE_HELD] = "held out by an objection or a restriction"};
    return use <= VDR_USE_LAST && words[use] != NULL ? words[use] : "left out";
}

/* Signals of one use on one line; false: there are none. */
static bool
show_use(const vdr_explanation *told, const vdr_explained_rule *rule, vdr_use use)
{
    text t = {.len = 0};
    unsigned count = 0;
    for (size_t i = 0; i < rule->use_count && i < told->signal_list_count; i++) {
        const vdr_explained_use *one = &rule->uses[i];
        if (one->use != use)
            continue;
        if (count++ == 0 && use == VDR_USE_COUNTED)
            add(&t, "counted: ");
        else if (count == 1)
            add(&t, "not counted, %s: ", left_out(use));
        else
            add(&t, ", ");
        add(&t, "%.*s", TEXT(told->signals[i].name.id));
        if (one->until != VDR_MS_NONE)
            add(&t, " (%s %s)", use == VDR_USE_NOT_YET ? "from" : "until", vdr_cli_when(one->until));
    }
    if (count != 0)
        print("   " BRANCH, "   │     ", &t);
    return count != 0;
}

static void
add_bar(text *t, const vdr_explanation *told, const vdr_explained_rule *rule)
{
    switch (rule->barred) {
    case VDR_BARRED_NOT:
        if (rule->level == VDR_LEVEL_CASE && rule->holds)
            add(t, " A new signal that it counts opens a case.");
        break;
    case VDR_BARRED_OPEN_CASE:
        if (rule->holds)
            add(t, " It opens no case: the household has C%llu.", (unsigned long long)told->open_case.number);
        break;
    case VDR_BARRED_COOLDOWN:
        add(t, " It opens no case before %s: the last one ended not long ago.",
            vdr_cli_when(rule->barred_until));
        break;
    case VDR_BARRED_NOTHING_NEW:
        add(t, " It opens no case: it counts nothing that came after the last one ended.");
        break;
    case VDR_BARRED_PAUSED:
        add(t, " It is paused until %s and does nothing new.", vdr_cli_when(rule->barred_until));
        break;
    }
    if (rule->latched)
        add(t, " It was told, and is not told again while it holds.");
}

static void
show_verdict(const vdr_explanation *told, const vdr_explained_rule *rule)
{
    text t = {.len = 0};
    if (rule->holds) {
        add(&t, "It holds");
        if (rule->holds_until != VDR_MS_NONE)
            add(&t, ", until %s if nothing comes", vdr_cli_when(rule->holds_until));
        add(&t, ".");
    } else {
        add(&t, "It does not hold");
        if (rule->nearest != 0) {
            const vdr_explained_group *nearest = &rule->groups[rule->nearest - 1];
            add(&t, ": ");
            if (rule->within != VDR_WITHIN_NONE) {
                add(&t, "the nearest, ");
                add_group(&t, rule, nearest);
                add(&t, ", lacks ");
            } else {
                add(&t, "it lacks ");
            }
            add_missing(&t, nearest);
        }
        add(&t, ".");
        if (rule->held_until != VDR_MS_NONE)
            add(&t, " It held until %s.", vdr_cli_when(rule->held_until));
    }
    add_bar(&t, told, rule);
    print("   " LAST_BRANCH, "      ", &t);
}

static void
show_rule(const vdr_explanation *told, const vdr_explained_rule *rule)
{
    text t = {.len = 0};
    add(&t, "%.*s (%s", TEXT(rule->id), vdr_level_name(rule->level));
    if (rule->priority != VDR_PRIORITY_NONE)
        add(&t, ", %s", vdr_priority_name(rule->priority));
    if (rule->over_ms != 0)
        add(&t, ", over %s", duration((uint64_t)rule->over_ms));
    add(&t, "): %.*s", TEXT(rule->text));
    print(rule->holds ? " ✔ " : " ✘ ", "   ", &t);
    show_groups(rule);
    for (unsigned use = VDR_USE_COUNTED; use <= VDR_USE_LAST; use++)
        (void)show_use(told, rule, (vdr_use)use);
    show_verdict(told, rule);
}

/* ---- the rest */

static void
show_head(const vdr_explanation *told)
{
    text t = {.len = 0};
    add(&t, "H%llu at %s (record %llu, rules of version %llu): %u signal%s, %u person%s, %u address%s",
        (unsigned long long)told->household.number, vdr_cli_when(told->at_ms),
        (unsigned long long)told->position, (unsigned long long)told->version, told->signal_count,
        plural(told->signal_count), told->person_count, plural(told->person_count), told->address_count,
        told->address_count == 1 ? "" : "es");
    if (told->district.len != 0)
        add(&t, ", district %.*s", TEXT(told->district));
    add(&t, ".");
    print("", "  ", &t);
}

static void
show_case(const vdr_explained_case *c)
{
    text t = {.len = 0};
    add(&t, "C%llu is %s", (unsigned long long)c->case_id.number, vdr_case_state_name(c->state));
    if (c->regisseur.len != 0)
        add(&t, " (%.*s)", TEXT(c->regisseur));
    add(&t, ", %s.", vdr_priority_name(c->priority));
    add(&t, " Opened %s by record %llu under the rules of version %llu:", vdr_cli_when(c->opened_at_ms),
        (unsigned long long)c->opened_position, (unsigned long long)c->version);
    for (size_t i = 0; i < c->rule_count; i++)
        add(&t, "%s %.*s", i == 0 ? "" : ",", TEXT(c->rules[i]));
    add(&t, ".");
    if (c->ended != VDR_MS_NONE)
        add(&t, " Ended %s.", vdr_cli_when(c->ended));
    for (size_t i = 0; i < c->signal_count; i++)
        add(&t, "%s %.*s", i == 0 ? " Its signals:" : ",", TEXT(c->signals[i].id));
    if (c->signal_count != 0)
        add(&t, ".");
    print("  ", "    ", &t);
}

static bool
is_asked(const vdr_explanation *told, const vdr_explained_signal *s)
{
    return told->signal.id.len != 0 && vdr_span_equal(told->signal.id, s->name.id) &&
           vdr_span_equal(told->signal.source, s->name.source);
}

static void
show_signal(const vdr_explanation *told, const vdr_explained_signal *s)
{
    text t = {.len = 0};
    add(&t, "%.*s, %s, %.*s: %.*s, for %.*s, severity %u. Counts until %s", TEXT(s->name.id),
        vdr_cli_when(s->occurred_at_ms), TEXT(s->agency), TEXT(s->domain), TEXT(s->purpose), s->severity,
        vdr_cli_when(s->until_ms));
    if (s->case_id.number != 0)
        add(&t, "; in C%llu", (unsigned long long)s->case_id.number);
    else if (s->service.len != 0)
        add(&t, "; with %.*s", TEXT(s->service));
    add(&t, "%s%s.", s->overdue ? "; overdue" : "", s->feedback ? "; feedback was given" : "");
    print(is_asked(told, s) ? "> " : "  ", "    ", &t);
}

static void
show_assignment(const vdr_explanation *told)
{
    static const char *const heads[] = {"REGISSEUR", "LOAD", "DISTRICT", "KNOWS", "WHY"};
    static const char *const steps[] = {[VDR_ASSIGN_STICKY] = "the regisseur of the last case takes it",
                                        [VDR_ASSIGN_DISTRICT] = "found in the district",
                                        [VDR_ASSIGN_ANYWHERE] = "nobody in the district: found anywhere",
                                        [VDR_ASSIGN_NOBODY] = "nobody can take it"};
    static const char *const whys[] = {[VDR_WHY_CHOSEN] = "takes it",
                                       [VDR_WHY_REFUSED] = "refused it before",
                                       [VDR_WHY_ABSENT] = "absent",
                                       [VDR_WHY_FULL] = "no more capacity",
                                       [VDR_WHY_STICKY] = "the one of the last case goes before",
                                       [VDR_WHY_DISTRICT] = "of another district",
                                       [VDR_WHY_LOAD] = "more load for the capacity",
                                       [VDR_WHY_EXPERTISE] = "knows fewer of the domains",
                                       [VDR_WHY_ID] = "equal; a later id",
                                       [VDR_WHY_CONFLICT] = "in conflict of interest"};
    if (told->assigned.number == 0)
        return;
    const char *step = told->assigned_by <= VDR_ASSIGN_NOBODY ? steps[told->assigned_by] : NULL;
    printf("\nTo whom C%llu goes if it is assigned now: %s\n", (unsigned long long)told->assigned.number,
           step != NULL ? step : "-");
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 5);
    for (size_t i = 0; i < told->candidate_count; i++) {
        const vdr_explained_candidate *c = &told->candidates[i];
        vdr_cli_table_cell(&table, "%.*s%s", TEXT(c->id), c->holder ? " *" : "");
        vdr_cli_table_cell(&table, "%u of %llu (%llu)", c->load, (unsigned long long)c->capacity,
                           (unsigned long long)c->hard_capacity);
        vdr_cli_table_cell(&table, "%s", c->in_district ? "yes" : "no");
        vdr_cli_table_cell(&table, "%u", c->known);
        vdr_cli_table_cell(&table, "%s",
                           c->why >= VDR_WHY_CHOSEN && c->why <= VDR_WHY_LAST ? whys[c->why] : "-");
    }
    vdr_cli_table_print(&table);
    for (size_t i = 0; i < told->candidate_count; i++)
        if (told->candidates[i].holder)
            printf("* has it now; LOAD is without it\n");
}

/* The open case that the signal is in; 0: none, or it is not listed. */
static uint64_t
case_of(const vdr_explanation *told, vdr_signal_name name)
{
    for (size_t i = 0; i < told->signal_list_count; i++)
        if (vdr_span_equal(told->signals[i].name.id, name.id) &&
            vdr_span_equal(told->signals[i].name.source, name.source))
            return told->signals[i].case_id.number;
    return 0;
}

static void
show_follow_up(const vdr_explanation *told, const vdr_explained_due *d, const char *when)
{
    uint64_t in_case = case_of(told, d->signal);
    if (in_case != 0)
        say("  ", "    ", "%s follow-up of %.*s: nothing, as long as it is in C%llu", when,
            TEXT(d->signal.id), (unsigned long long)in_case);
    else
        say("  ", "    ", "%s follow-up of %.*s: it is overdue if no feedback came", when,
            TEXT(d->signal.id));
}

static void
show_dues(const vdr_explanation *told)
{
    if (told->due_count != 0)
        printf("\nTimers\n");
    for (size_t i = 0; i < told->due_count; i++) {
        const vdr_explained_due *d = &told->dues[i];
        const char *when = d->due != VDR_MS_NONE ? vdr_cli_when(d->due) : "set";
        if (d->kind == VDR_DUE_FOLLOW_UP)
            show_follow_up(told, d, when);
        else if (d->kind == VDR_DUE_ACCEPT)
            say("  ", "    ", "%s the offer of C%llu ends", when, (unsigned long long)d->case_id.number);
        else
            say("  ", "    ", "%s unassigned cases are assigned again", when);
    }
}

void
vdr_cli_explanation_show(const vdr_explanation *told)
{
    show_head(told);
    if (told->case_count != 0)
        printf("\nCases\n");
    for (size_t i = 0; i < told->case_count; i++)
        show_case(&told->cases[i]);
    printf("\nSignals\n");
    if (told->signal_list_count < told->signal_count)
        say("  ", "    ", "(the newest %zu of %u)", told->signal_list_count, told->signal_count);
    for (size_t i = 0; i < told->signal_list_count; i++)
        show_signal(told, &told->signals[i]);
    if (told->signal_list_count == 0)
        printf("  none\n");
    printf("\nRules\n");
    for (size_t i = 0; i < told->rule_count; i++)
        show_rule(told, &told->rules[i]);
    show_assignment(told);
    show_dues(told);
}

void
vdr_cli_why_not_show(const vdr_explanation *told)
{
    show_head(told);
    for (size_t i = 0; i < told->rule_count; i++) {
        putchar('\n');
        show_rule(told, &told->rules[i]);
    }
    printf("\nSignals\n");
    for (size_t i = 0; i < told->signal_list_count; i++)
        show_signal(told, &told->signals[i]);
}
