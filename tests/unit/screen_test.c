/* Goal: what operators see fits 80 columns and 24 lines, and says by words what the figures mean. The screens of
 * fixed figures are written down here. */
#include "clients/cli/figures.h"
#include "clients/cli/lights.h"
#include "clients/cli/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})
#define I(text)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NOW          1772442000000 /* 2026-03-02T09:00:00Z */
#define HOUR         3600000

typedef struct given { /* a result being made */
    vdr_wire_counter numbers[80];
    vdr_wire_named texts[8];
    vdr_wire_row rows[8];
    vdr_wire_admin_result result;
} given;

static void
set(given *g, const char *name, uint64_t value)
{
    size_t i = 0;
    while (i < g->result.counter_count && !vdr_span_equal(g->numbers[i].name, vdr_span_str(name)))
        i++;
    assert_true(i < COUNT(g->numbers));
    g->numbers[i] = (vdr_wire_counter){vdr_span_str(name), value};
    g->result.counter_count += i == g->result.counter_count;
    g->result.counters = g->numbers;
}

static void
say(given *g, const char *name, const char *text)
{
    size_t i = 0;
    while (i < g->result.text_count && !vdr_span_equal(g->texts[i].name, vdr_span_str(name)))
        i++;
    g->texts[i] = (vdr_wire_named){vdr_span_str(name), vdr_span_str(text)};
    g->result.text_count += i == g->result.text_count;
    g->result.texts = g->texts;
}

static void
make_status(given *g)
{
    static const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"time_ms", NOW},
                {"accepted", 120000},
                {"duplicates", 12},
                {"refused", 40},
                {"acknowledgements", 900},
                {"frames_received", 5000},
                {"frames_sent", 4000},
                {"groups", 800},
                {"ticks", 3},
                {"commit_us_p50", 350},
                {"commit_us_p99", 1250},
                {"commit_us_max", 30500},
                {"turn_us_p99", 42},
                {"turn_us_max", 4100},
                {"group_records_p50", 12},
                {"group_records_max", 4096},
                {"position_stepped", 121000},
                {"position_durable", 120990},
                {"position_checkpoint", 100990},
                {"checkpoints", 4},
                {"checkpoint_age_ms", 42000},
                {"log_bytes", 123456789},
                {"log_bytes_limit", UINT64_C(10000000000)},
                {"disk_bytes", UINT64_C(400000000000)},
                {"disk_free_bytes", UINT64_C(210000000000)},
                {"state_bytes", 45600000},
                {"households", 48800},
                {"signals", 101800},
                {"cases_active", 210},
                {"cases_offered", 4},
                {"mail_waiting", 1234},
                {"sessions", 12},
                {"sessions_operators", 1},
                {"descriptors", 45},
                {"keys", 47},
                {"refused_day", 40},
                {"duplicates_day", 12}};
    *g = (given){.result = {0}};
    for (size_t i = 0; i < COUNT(rows); i++)
        set(g, rows[i].name, rows[i].value);
    say(g, "state", "serving");
    say(g, "version", "0.1.0");
    say(g, "municipality", "GM9901");
    say(g, "clock", "wall");
}

static const vdr_wire_named anna[] = {{I("id"), I("r-anna")}};
static const vdr_wire_counter anna_numbers[] = {
    {I("ready"), 3},   {I("ready_since_ms"), NOW - 5 * HOUR}, {I("offered"), 4},
    {I("active"), 12}, {I("accept_by_ms"), NOW + 3 * HOUR},   {I("capacity"), 20}};
static const vdr_wire_named jgz[] = {{I("agency"), I("jgz")}, {I("rhythm"), I("as usual")}};
static const vdr_wire_named school[] = {{I("agency"), I("school-noord")}, {I("rhythm"), I("quiet")}};
static const vdr_wire_counter agency_numbers[] = {{I("signals_day"), 9960}};

static void
make_reports(given *queues, given *agencies, bool quiet)
{
    *queues = *agencies = (given){.result = {0}};
    set(queues, "time_ms", NOW);
    queues->rows[0] = (vdr_wire_row){S("regisseur"), anna, COUNT(anna), anna_numbers, COUNT(anna_numbers)};
    queues->result.rows = queues->rows;
    queues->result.row_count = 1;
    agencies->rows[0] = (vdr_wire_row){S("agency"), jgz, 2, agency_numbers, 1};
    agencies->rows[1] = (vdr_wire_row){S("agency"), school, 2, agency_numbers, 0};
    agencies->result.rows = agencies->rows;
    agencies->result.row_count = quiet ? 2 : 1;
}

static void
fits(const char *text)
{
    size_t lines = 0;
    for (const char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
        if (end - at > 80)
            fail_msg("too wide: %.*s", (int)(end - at), at);
    }
    if (lines > 24)
        fail_msg("%zu lines:\n%s", lines, text);
}

static const char *
lights_of(given *status, given *queues, given *agencies)
{
    static char text[8192];
    static vdr_lights lights;
    vdr_lights_judge(&status->result, queues != NULL ? &queues->result : NULL,
                     agencies != NULL ? &agencies->result : NULL, &lights);
    assert_true(vdr_lights_text(&lights, text, sizeof text) < sizeof text);
    fits(text);
    return text;
}

static void
a_good_day_is_green(void **unused)
{
    (void)unused;
    static given status, queues, agencies;
    make_status(&status);
    make_reports(&queues, &agencies, false);
    assert_string_equal(lights_of(&status, &queues, &agencies),
                        "voordeur 0.1.0, GM9901, 2026-03-02T09:00:00 UTC: all is well\n"
                        "\n"
                        "green  broker        serving, 12 sessions, 1 operators\n"
                        "green  store         log of 123 MB, limit 10.0 GB, 1% used\n"
                        "green  disk          210 GB free of 400 GB, 52%\n"
                        "green  sync          a group is durable in 350 us, p99 1.25 ms, longest 30.5 ms\n"
                        "green  checkpoint    of record 100990, 42 s ago, 0 failed\n"
                        "green  log tail      20.0k records after the checkpoint\n"
                        "green  clock         timers are on time\n"
                        "green  mailboxes     1234 wait, oldest 5 h: r-anna\n"
                        "green  no regisseur  0 cases\n"
                        "green  follow-ups    0 overdue\n"
                        "green  offers        4 cases offered, 0 past their time, next in 3 h\n"
                        "green  regisseurs    16 cases of room for 20; 0 over their capacity\n"
                        "green  agencies      0 gone quiet, 0 slow, of 1 known\n"
                        "green  rejected      40 in a day, 0% of what was published; 12 duplicates\n"
                        "green  keys          47 let in; none of them has an end\n");
}

static void
what_must_be_done_comes_first_with_the_next_step(void **unused)
{
    (void)unused;
    static given status, queues, agencies;
    make_status(&status);
    make_reports(&queues, &agencies, true);
    set(&status, "cases_unassigned", 3);
    set(&status, "unassigned_since_ms", NOW - 30 * (uint64_t)HOUR);
    set(&status, "overdue", 15);
    set(&status, "disk_free_bytes", UINT64_C(30000000000));
    assert_string_equal(lights_of(&status, &queues, &agencies),
                        "voordeur 0.1.0, GM9901, 2026-03-02T09:00:00 UTC: something must be done\n"
                        "\n"
                        "red    no regisseur  3 cases, the oldest open for 30 h\n"
                        "       -> voordeur report cases --stuck; a coordinator assigns by hand\n"
                        "amber  disk          30.0 GB free of 400 GB, 7%\n"
                        "       -> free space on the store's volume, or move the store\n"
                        "amber  follow-ups    15 overdue\n"
                        "       -> voordeur report follow-up; coordinators were told of each\n"
                        "amber  agencies      1 gone quiet: school-noord, 0 slow, of 2 known\n"
                        "       -> voordeur report agencies; call them: is their sender running?\n"
                        "green  broker        serving, 12 sessions, 1 operators\n"
                        "green  store         log of 123 MB, limit 10.0 GB, 1% used\n"
                        "green  sync          a group is durable in 350 us, p99 1.25 ms, longest 30.5 ms\n"
                        "green  checkpoint    of record 100990, 42 s ago, 0 failed\n"
                        "green  log tail      20.0k records after the checkpoint\n"
                        "green  clock         timers are on time\n"
                        "green  mailboxes     1234 wait, oldest 5 h: r-anna\n"
                        "green  offers        4 cases offered, 0 past their time, next in 3 h\n"
                        "green  regisseurs    16 cases of room for 20; 0 over their capacity\n"
                        "green  rejected      40 in a day, 0% of what was published; 12 duplicates\n"
                        "green  keys          47 let in; none of them has an end\n");
}

/* Each alone turns one light, to that colour. */
static void
each_light_turns_where_it_must(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        uint64_t value;
        const char *line; /* how it begins */
    } rows[] = {
        {"log_bytes", UINT64_C(8100000000), "amber  store "},
        {"log_bytes", UINT64_C(9700000000), "red    store "},
        {"disk_free_bytes", UINT64_C(4000000000), "red    disk "},
        {"disk_bytes", 0, "grey   disk "},
        {"commit_us_p99", 60000, "amber  sync "},
        {"commit_us_p99", 600000, "red    sync "},
        {"checkpoint_failures", 1, "amber  checkpoint "},
        {"position_durable", 2000000, "amber  log tail "},
        {"position_durable", 9000000, "red    log tail "},
        {"clock_ahead_ms", 3000, "amber  clock "},
        {"clock_ahead_ms", 90000, "red    clock "},
        {"next_due_ms", NOW - 7000, "amber  clock "},
        {"next_due_ms", NOW + 7000, "green  clock "},
        {"refused_day", 400, "amber  rejected "},
        {"refused_day", 9000, "red    rejected "},
        {"overdue", 1, "amber  follow-ups "},
        {"erasure_failed", 1, "red    erasure "},
        {"backup_stale", 1, "amber  backup "},
        {"rotation_running", 1, "green  rotation "},
    };
    static given status, queues, agencies;
    for (size_t i = 0; i < COUNT(rows); i++) {
        make_status(&status);
        make_reports(&queues, &agencies, false);
        set(&status, rows[i].name, rows[i].value);
        const char *text = lights_of(&status, &queues, &agencies);
        if (strstr(text, rows[i].line) == NULL)
            fail_msg("%s %llu: no \"%s\" in\n%s", rows[i].name, (unsigned long long)rows[i].value,
                     rows[i].line, text);
    }
    static const struct {
        const char *state, *line;
    } states[] = {{"serving", "green  broker "},
                  {"draining", "amber  broker "},
                  {"stopping", "amber  broker "},
                  {"full", "red    broker "},
                  {"failed", "red    broker "}};
    for (size_t i = 0; i < COUNT(states); i++) {
        make_status(&status);
        say(&status, "state", states[i].state);
        assert_non_null(strstr(lights_of(&status, &queues, &agencies), states[i].line));
    }
    make_status(&status);
    const char *text = lights_of(&status, NULL, NULL);
    assert_non_null(strstr(text, "grey   agencies "));
    assert_non_null(strstr(text, "grey   offers "));
    say(&status, "clock", "event");
    assert_non_null(strstr(lights_of(&status, NULL, NULL), "grey   clock "));
}

static void
when_all_goes_wrong_it_still_fits(void **unused)
{
    (void)unused;
    static given status, queues, agencies;
    static const char *const names[] = {"log_bytes",
                                        "commit_us_p99",
                                        "commit_us_p50",
                                        "commit_us_max",
                                        "overdue",
                                        "refused_day",
                                        "duplicates_day",
                                        "cases_unassigned",
                                        "clock_ahead_ms",
                                        "checkpoint_failures",
                                        "mail_waiting",
                                        "sessions",
                                        "keys"};
    make_status(&status);
    make_reports(&queues, &agencies, true);
    for (size_t i = 0; i < COUNT(names); i++)
        set(&status, names[i], UINT64_C(999999999999));
    set(&status, "unassigned_since_ms", 1);
    const char *text = lights_of(&status, &queues, &agencies);
    assert_non_null(strstr(text, "green  "));
}

/* ---- top ---- */

static const vdr_wire_session_view sessions[] = {
    {7, VDR_PARTY_AGENCY, I("school-noord"), I("magister"), NOW, 20, 900, 400, 12, 0},
    {9, VDR_PARTY_OPERATOR, I("beheer"), I("voordeur"), NOW, 0, 30, 30, 0, 0},
};
static const vdr_wire_mailbox_view mailboxes[] = {
    {VDR_PARTY_SERVICE, I("wijkteam"), 10, 110},
    {VDR_PARTY_REGISSEUR, I("r-anna"), 10, 10},
    {VDR_PARTY_COORDINATOR, I("c-piet"), 0, 1134},
};

static void
take(vdr_sample *sample, given *status, int64_t taken_ms, uint64_t more)
{
    vdr_wire_session_view now[COUNT(sessions)];
    vdr_wire_admin_result lists = {.sessions = now,
                                   .session_count = COUNT(sessions),
                                   .mailboxes = mailboxes,
                                   .mailbox_count = COUNT(mailboxes)};
    memcpy(now, sessions, sizeof now);
    now[0].frames_in += more;
    now[0].frames_out += more / 2;
    make_status(status);
    set(status, "accepted", 120000 + more * 10);
    set(status, "frames_received", 5000 + more);
    *sample = (vdr_sample){.taken_ms = taken_ms};
    vdr_sample_status(sample, &status->result);
    vdr_sample_sessions(sample, &lists);
    vdr_sample_mailboxes(sample, &lists);
}

static void
top_shows_rates_of_two_looks(void **unused)
{
    (void)unused;
    static vdr_sample before, now;
    static given status;
    static char text[8192];
    take(&before, &status, 5000, 0);
    take(&now, &status, 7000, 3000);
    assert_true(vdr_screen_text(&before, &now, text, sizeof text) < sizeof text);
    fits(text);
    assert_string_equal(text,
                        "voordeur 0.1.0  GM9901  serving                         2026-03-02T09:00:00 UTC\n"
                        "\n"
                        "a second   accepted 15.0k   duplicates 0       refused 0       acknowledged 0\n"
                        "           frames in 1500    frames out 0       groups 0       ticks 0\n"
                        "latency    durable p50 350 us   p99 1.25 ms  longest 30.5 ms\n"
                        "           turn p99 42 us    longest 4.10 ms  group p50 12, largest 4096 records\n"
                        "log        record 121000, 10 not durable; 20.0k after the checkpoint, 42 s ago\n"
                        "store      log 123 MB of 10.0 GB; disk 210 GB free of 400 GB; state 45.6 MB\n"
                        "town       48.8k households, 101k signals; overdue 0\n"
                        "cases      unassigned 0, offered 4, active 210\n"
                        "sessions   12 parties, 1 operators, 45 descriptors\n"
                        "\n"
                        "BUSIEST SESSIONS                PROGRAM             IN/s   OUT/s   OPEN     IDLE\n"
                        "agency:school-noord             magister            1500     750     12    20 ms\n"
                        "operator:beheer                 voordeur               0       0      0     0 ms\n"
                        "\n"
                        "FULLEST MAILBOXES                        WAITING   (1234 in all)\n"
                        "coordinator:c-piet                          1134\n"
                        "service:wijkteam                             100\n");
    (void)vdr_screen_text(NULL, &now, text, sizeof text);
    fits(text);
    assert_non_null(strstr(text, "accepted -       "));
    assert_true(vdr_screen_text(&before, &now, text, 100) > 100); /* cut, and terminated */
    assert_true(strlen(text) < 100);
}

static void
a_rate_is_never_below_nothing(void **unused)
{
    (void)unused;
    assert_int_equal(vdr_sample_rate(100, 350, 1000), 250);
    assert_int_equal(vdr_sample_rate(100, 350, 500), 500);
    assert_int_equal(vdr_sample_rate(350, 100, 1000), 0); /* a restart */
    assert_int_equal(vdr_sample_rate(100, 350, 0), 0);
}

/* ---- figures ---- */

static void
figures_are_short(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t value;
        const char *count, *bytes, *us;
    } rows[] = {
        {0, "0", "0 B", "0 us"},
        {999, "999", "999 B", "999 us"},
        {9999, "9999", "9.99 kB", "9.99 ms"},
        {12345, "12.3k", "12.3 kB", "12.3 ms"},
        {999999, "999k", "999 kB", "999 ms"},
        {45678901, "45.6M", "45.6 MB", "45.6 s"},
        {UINT64_C(7890000000), "7.89G", "7.89 GB", "7890 s"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(vdr_figure_count(rows[i].value), rows[i].count);
        assert_string_equal(vdr_figure_bytes(rows[i].value), rows[i].bytes);
        assert_string_equal(vdr_figure_us(rows[i].value), rows[i].us);
    }
    assert_string_equal(vdr_figure_span(999), "999 ms");
    assert_string_equal(vdr_figure_span(-5), "0 ms");
    assert_string_equal(vdr_figure_span(119999), "119 s");
    assert_string_equal(vdr_figure_span(7199999), "119 min");
    assert_string_equal(vdr_figure_span(172799999), "47 h");
    assert_string_equal(vdr_figure_span(INT64_C(8640000000)), "100 d");
    assert_string_equal(vdr_figure_short(S("school"), 6), "school");
    assert_string_equal(vdr_figure_short(S("school"), 5), "scho~");
    assert_string_equal(vdr_figure_short(S("\xc3\xab\xc3\xab\xc3\xab"), 2), "\xc3\xab~");
    assert_string_equal(vdr_figure_short((vdr_span){0}, 5), "");
}

static void
a_kept_result_is_the_same(void **unused)
{
    (void)unused;
    static given queues, agencies;
    vdr_arena arena;
    make_reports(&queues, &agencies, true);
    vdr_arena_init(&arena, 1u << 16);
    const vdr_wire_admin_result *kept = vdr_result_keep(&agencies.result, &arena);
    assert_non_null(kept);
    assert_int_equal(kept->row_count, 2);
    assert_true(kept->rows[1].texts != agencies.rows[1].texts);
    assert_true(vdr_span_equal(vdr_row_word(&kept->rows[1], "rhythm"), S("quiet")));
    assert_int_equal(vdr_row_figure(&kept->rows[0], "signals_day"), 9960);
    vdr_arena_done(&arena);
    vdr_arena_init(&arena, 64);
    assert_null(vdr_result_keep(&agencies.result, &arena));
    vdr_arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_day_is_green),
        cmocka_unit_test(what_must_be_done_comes_first_with_the_next_step),
        cmocka_unit_test(each_light_turns_where_it_must),
        cmocka_unit_test(when_all_goes_wrong_it_still_fits),
        cmocka_unit_test(top_shows_rates_of_two_looks),
        cmocka_unit_test(a_rate_is_never_below_nothing),
        cmocka_unit_test(figures_are_short),
        cmocka_unit_test(a_kept_result_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
