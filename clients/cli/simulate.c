/* voordeur simulate: lets a made-up town live on a running broker, with a clock that runs faster. */
#include "clients/cli/simulate.h"

#include "proto/time.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char simulate_help[] =
    "usage: voordeur simulate --home DIR [--town FOLDER] [--speed 600x] [--from DATE] [--until DATE]\n"
    "                         [--hands-off PARTY]... [--seed N] [--json]\n"
    "\n"
    "Lets a made-up town live on a running broker: every signal of FOLDER/signals.jsonl is published by the\n"
    "party it is of, at its own time, on a clock that runs faster than ours. Regisseurs accept what is "
    "offered\n"
    "to them, plan and close, at a human pace. What is at a screen is left to the one who sits there:\n"
    "--hands-off regisseur:r-anna.\n"
    "\n"
    "The broker must take its time from events (`voordeurd --clock event`), which real towns never do; DIR "
    "is a\n"
    "folder that `voordeur init` made, with the keys of everybody.\n"
    "\n"
    "  --town FOLDER         signals.jsonl in order of time (default deploy/zomerdal)\n"
    "  --speed N[x]          town seconds in a second (default 600x: a day in two minutes and a half)\n"
    "  --from DATE           what is before it happens at once, as 2026-03-01 (default: the first line)\n"
    "  --until DATE          stops there (default: when the lines are through)\n"
    "  --hands-off PARTY     a person plays this one; may be given more than once\n"
    "  --seed N              other people (default 1)\n"
    "\n"
    "Started again on the same broker it goes on where the town's clock is.\n"
    "\n"
    "exit status: 0 the time is over, or you stopped it; 1 the broker or a file failed; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur simulate --home /tmp/town --from 2026-03-01 --hands-off regisseur:r-anna\n";

enum { OPT_TOWN = VDR_OPT_OWN, OPT_SPEED, OPT_FROM, OPT_UNTIL, OPT_HANDS_OFF, OPT_SEED };

typedef struct simulation {
    vdr_sim town;
    const char *folder;
    const char *hands_off[VDR_SIM_PARTIES_MAX];
    size_t hands_off_count;
    int64_t speed;
    vdr_ms from, until;
    size_t operator_at; /* whose verb the clock is */
    FILE *lines;
    char *line; /* the next one, not yet due */
    size_t line_size;
    ssize_t line_bytes;
    vdr_ms line_at;
    size_t line_party;
    int64_t shown_ms;
} simulation;

static int64_t
steady_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- Who lives there ---- */

static int
read_parties(simulation *s)
{
    vdr_sim *town = &s->town;
    json_t *home = vdr_cli_home_read(town->link.home), *list, *row;
    if (home == NULL)
        return VDR_EXIT_USAGE;
    list = json_object_get(home, "parties");
    size_t count = json_array_size(list), i;
    if (count == 0 || count > VDR_SIM_PARTIES_MAX) {
        fprintf(stderr, "voordeur simulate: %s/clients.json has %zu parties; 1 to %u were expected\n",
                town->link.home, count, VDR_SIM_PARTIES_MAX);
        json_decref(home);
        return VDR_EXIT_USAGE;
    }
    town->parties = vdr_realloc(NULL, count, sizeof *town->parties);
    memset(town->parties, 0, count * sizeof *town->parties);
    town->party_count = count;
    s->operator_at = count;
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "party"));
        const char *source = json_string_value(json_object_get(row, "source"));
        vdr_sim_party *p = &town->parties[i];
        p->town = town;
        p->name = strdup(name == NULL ? "" : name);
        p->source = source == NULL ? NULL : strdup(source);
        VDR_ASSERT(p->name != NULL && (source == NULL || p->source != NULL));
        for (size_t k = 0; k < s->hands_off_count; k++)
            p->hands_off = p->hands_off || strcmp(s->hands_off[k], p->name) == 0;
        if (s->operator_at == count && strncmp(p->name, "operator:", 9) == 0)
            s->operator_at = i;
    }
    json_decref(home);
    for (size_t k = 0; k < s->hands_off_count; k++) {
        bool found = false;
        for (i = 0; i < count; i++)
            found = found || strcmp(town->parties[i].name, s->hands_off[k]) == 0;
        if (!found) {
            fprintf(stderr,
                    "voordeur simulate: --hands-off %s: no such party; `voordeur parties` lists them\n",
                    s->hands_off[k]);
            return VDR_EXIT_USAGE;
        }
    }
    if (s->operator_at == count) {
        fprintf(stderr, "voordeur simulate: %s/clients.json has no operator, who must set the clock\n",
                town->link.home);
        return VDR_EXIT_USAGE;
    }
    return VDR_EXIT_OK;
}

/* ---- What happens there ---- */

/* Looks at the next line: its time, and whose it is. Lines that are nobody's, or no events at all, go with the
 * first agency's key, as a broken system would send them. false: no more. */
static bool
next_line(simulation *s)
{
    s->line_bytes = getline(&s->line, &s->line_size, s->lines);
    if (s->line_bytes <= 0)
        return false;
    if (s->line[s->line_bytes - 1] == '\n')
        s->line[--s->line_bytes] = '\0';
    json_t *event = json_loadb(s->line, (size_t)s->line_bytes, 0, NULL);
    const char *source = json_string_value(json_object_get(event, "source"));
    const char *at = json_string_value(json_object_get(event, "time"));
    vdr_ms time_ms;
    if (at != NULL && vdr_time_parse(vdr_span_str(at), &time_ms))
        s->line_at = time_ms; /* otherwise: right after the one before */
    s->line_party = s->town.party_count;
    for (size_t i = s->town.party_count; i-- > 0;) {
        const vdr_sim_party *p = &s->town.parties[i];
        if (source != NULL && p->source != NULL ? strcmp(source, p->source) == 0 : false) {
            s->line_party = i;
            break;
        }
        if (strncmp(p->name, "agency:", 7) == 0)
            s->line_party = i;
    }
    json_decref(event);
    return true;
}

static int
publish_line(simulation *s)
{
    vdr_sim *town = &s->town;
    if (s->line_party == town->party_count || town->parties[s->line_party].hands_off)
        return VDR_EXIT_OK;
    int status = vdr_sim_party_open(town, s->line_party);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client *client = town->parties[s->line_party].client;
    vdr_wire_item item = {.json = {(const uint8_t *)s->line, (size_t)s->line_bytes}};
    vdr_wire_result result = {0};
    vdr_err err = vdr_client_publish(client, &item, 1, &result, town->link.timeout_ms);
    if (err != VDR_OK && result.error == VDR_OK)
        return vdr_cli_link_failed(&town->link, client, town->parties[s->line_party].name);
    town->sent++;
    town->refused += result.error != VDR_E_ACCEPTED && result.error != VDR_E_DUPLICATE;
    return VDR_EXIT_OK;
}

/* Time passes also where nobody says anything: offers run out, follow-ups become due. */
static int
set_clock(simulation *s)
{
    vdr_client *client = s->town.parties[s->operator_at].client;
    vdr_wire_admin admin = {.verb = VDR_VERB_CLOCK_ADVANCE, .time = s->town.now};
    const vdr_wire_admin_result *result;
    if (vdr_client_admin(client, &admin, s->town.link.timeout_ms, &result) == VDR_OK)
        return VDR_EXIT_OK;
    return vdr_cli_link_failed(&s->town.link, client, "clock");
}

static void
show(simulation *s, bool last)
{
    const vdr_sim *town = &s->town;
    int64_t now = steady_ms();
    if (!last && now - s->shown_ms < 1000)
        return;
    s->shown_ms = now;
    char at[VDR_TIME_TEXT_BYTES];
    vdr_time_format(town->now, at);
    if (town->link.json) {
        vdr_cli_print(json_pack("{s:s, s:o, s:I, s:I, s:I, s:I}", "event", "town", "at",
                                vdr_cli_instant(town->now), "published", (json_int_t)town->sent, "refused",
                                (json_int_t)town->refused, "acts", (json_int_t)town->acts, "acts_refused",
                                (json_int_t)town->acts_refused));
        (void)vdr_cli_flush();
        return;
    }
    bool screen = isatty(STDERR_FILENO) != 0;
    fprintf(stderr, "%s%.10s %.5s  published %llu, refused %llu; people did %llu things%s",
            screen ? "\r" : "", at, at + 11, (unsigned long long)town->sent,
            (unsigned long long)town->refused, (unsigned long long)town->acts,
            screen && !last ? "   " : "\n");
}

/* One moment of the town: everything that is due by town->now. Exit status; *ret_over: the lines are through. */
static int
pass(simulation *s, bool *ret_over)
{
    while (s->line_at <= s->town.now && !vdr_cli_stopped()) {
        int status = publish_line(s);
        if (status != VDR_EXIT_OK)
            return status;
        if (!next_line(s)) {
            *ret_over = true;
            return VDR_EXIT_OK;
        }
        show(s, false);
    }
    return vdr_sim_people_act(&s->town);
}

/* What was before --from, with the people's doings in between, as fast as the broker answers. */
static int
catch_up(simulation *s, bool *ret_over)
{
    vdr_sim *town = &s->town;
    while (!*ret_over && town->now < s->from && !vdr_cli_stopped()) {
        town->now = town->now + VDR_DAY_MS / 4 < s->from ? town->now + VDR_DAY_MS / 4 : s->from;
        int status = pass(s, ret_over);
        if (status == VDR_EXIT_OK)
            status = set_clock(s);
        if (status != VDR_EXIT_OK)
            return status;
        vdr_sim_listen(town, 0);
        show(s, false);
    }
    return VDR_EXIT_OK;
}

static int
live(simulation *s)
{
    vdr_sim *town = &s->town;
    bool over = false;
    int status = catch_up(s, &over);
    int64_t begun_ms = steady_ms(), set_ms = 0;
    vdr_ms begun_at = town->now;
    while (status == VDR_EXIT_OK && !over && !vdr_cli_stopped() && (s->until == 0 || town->now < s->until)) {
        int64_t passed_ms = steady_ms() - begun_ms;
        vdr_ms now = begun_at + passed_ms * s->speed;
        if (now > town->now) /* a message may have come with a later time */
            town->now = now;
        status = pass(s, &over);
        if (status == VDR_EXIT_OK && passed_ms - set_ms >= 500) {
            set_ms = passed_ms;
            status = set_clock(s);
        }
        show(s, false);
        if (status == VDR_EXIT_OK)
            vdr_sim_listen(town, 50);
    }
    show(s, true);
    return status;
}

/* Where the town stands: lines from before the broker's own time have happened. */
static int
begin(simulation *s)
{
    vdr_sim *town = &s->town;
    char path[PATH_MAX];
    vdr_client_state state;
    if (snprintf(path, sizeof path, "%s/signals.jsonl", s->folder) >= (int)sizeof path ||
        (s->lines = fopen(path, "re")) == NULL) {
        fprintf(stderr, "voordeur simulate: %s/signals.jsonl cannot be read; --town names a folder with it\n",
                s->folder);
        return VDR_EXIT_USAGE;
    }
    int status = read_parties(s);
    if (status == VDR_EXIT_OK)
        status = vdr_sim_party_open(town, s->operator_at);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client_state_get(town->parties[s->operator_at].client, &state);
    if (state.welcome->clock != VDR_WIRE_CLOCK_EVENT) {
        fprintf(stderr,
                "voordeur simulate: this broker lives by the clock on the wall, and may be a real one; "
                "a made-up town needs `voordeurd --clock event`\n");
        return VDR_EXIT_USAGE;
    }
    vdr_ms reached = state.welcome->broker_time_ms;
    do {
        if (!next_line(s)) {
            fprintf(stderr, "voordeur simulate: every line of %s has been lived through\n", path);
            return VDR_EXIT_USAGE;
        }
    } while (s->line_at < reached);
    town->now = reached > s->line_at - VDR_DAY_MS ? reached : s->line_at - VDR_DAY_MS;
    return vdr_sim_people_wake(town);
}

static bool
take_date(const char *text, vdr_ms *ret_ms)
{
    char instant[32];
    int n = snprintf(instant, sizeof instant, strlen(text) == 10 ? "%.10sT00:00:00Z" : "%.24s", text);
    return n > 0 && vdr_time_parse(vdr_span_str(instant), ret_ms);
}

static int
take_option(simulation *s, int option, const char *value)
{
    char *end;
    switch (option) {
    case OPT_TOWN:
        s->folder = value;
        return VDR_EXIT_OK;
    case OPT_SPEED:
        s->speed = strtoll(value, &end, 10);
        if (s->speed >= 1 && s->speed <= 1000000 && (*end == '\0' || strcmp(end, "x") == 0))
            return VDR_EXIT_OK;
        return vdr_cli_usage(&vdr_cli_simulate, "--speed %s: 1x to 1000000x was expected", value);
    case OPT_FROM:
    case OPT_UNTIL:
        if (take_date(value, option == OPT_FROM ? &s->from : &s->until))
            return VDR_EXIT_OK;
        return vdr_cli_usage(&vdr_cli_simulate, "%s is no date, as 2026-03-01", value);
    case OPT_HANDS_OFF:
        if (s->hands_off_count == VDR_SIM_PARTIES_MAX)
            return vdr_cli_usage(&vdr_cli_simulate, "too many --hands-off");
        s->hands_off[s->hands_off_count++] = value;
        return VDR_EXIT_OK;
    case OPT_SEED:
        s->town.dice = strtoull(value, &end, 10);
        if (*end == '\0' && s->town.dice != 0)
            return VDR_EXIT_OK;
        return vdr_cli_usage(&vdr_cli_simulate, "--seed %s: a number from 1 on was expected", value);
    default:
        return vdr_cli_link_take(&s->town.link, option, value)
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(&vdr_cli_simulate, "unknown option");
    }
}

static void
end(simulation *s)
{
    for (size_t i = 0; i < s->town.party_count; i++) {
        vdr_client_close(&s->town.parties[i].client);
        free(s->town.parties[i].name);
        free(s->town.parties[i].source);
    }
    free(s->town.parties);
    free(s->town.intents);
    free(s->line);
    if (s->lines != NULL)
        (void)fclose(s->lines);
}

static int
run_simulate(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"town", required_argument, NULL, OPT_TOWN},
                                            {"speed", required_argument, NULL, OPT_SPEED},
                                            {"from", required_argument, NULL, OPT_FROM},
                                            {"until", required_argument, NULL, OPT_UNTIL},
                                            {"hands-off", required_argument, NULL, OPT_HANDS_OFF},
                                            {"seed", required_argument, NULL, OPT_SEED},
                                            {NULL, 0, NULL, 0}};
    simulation s = {.town = {.link = VDR_CLI_LINK_NEW, .dice = 1}, .folder = "deploy/zomerdal", .speed = 600};
    int option, status;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_simulate);
        status = take_option(&s, option, optarg);
        if (status != VDR_EXIT_OK)
            return status;
    }
    if (s.town.link.home == NULL)
        s.town.link.home = getenv("VOORDEUR_HOME");
    if (s.town.link.home == NULL || optind != argc)
        return vdr_cli_usage(&vdr_cli_simulate, "say which town: --home DIR");
    vdr_cli_stop_catch();
    status = begin(&s);
    if (status == VDR_EXIT_OK)
        status = live(&s);
    end(&s);
    return status;
}

const vdr_cli_verb vdr_cli_simulate = {.name = "simulate",
                                       .summary = "let a made-up town live on a running broker",
                                       .help = simulate_help,
                                       .run = run_simulate};
