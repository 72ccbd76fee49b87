#include "clients/cli/lights.h"

#include "clients/cli/figures.h"
#include "proto/time.h"

#include <stdarg.h>
#include <stdio.h>

#define DAY_MS     INT64_C(86400000)
#define LINES_MAX  24u
#define TAIL_AMBER UINT64_C(1000000) /* records: a start takes some five seconds */
#define TAIL_RED   UINT64_C(5000000)

const char *
vdr_light_name(vdr_light light)
{
    static const char *const names[] = {"grey", "green", "amber", "red"};
    return names[light];
}

vdr_light
vdr_lights_worst(const vdr_lights *lights)
{
    vdr_light worst = VDR_LIGHT_GREY;
    for (size_t i = 0; i < lights->count; i++) {
        if (lights->at[i].light > worst)
            worst = lights->at[i].light;
    }
    return worst;
}

/* ---- judging ---- */

__attribute__((format(printf, 5, 6))) static void
put(vdr_lights *lights, const char *what, vdr_light light, const char *next, const char *format, ...)
{
    vdr_light_line *line = &lights->at[lights->count++];
    va_list arguments;
    *line = (vdr_light_line){.light = light, .what = what};
    line->next = light == VDR_LIGHT_AMBER || light == VDR_LIGHT_RED ? next : NULL;
    va_start(arguments, format);
    vsnprintf(line->figure, sizeof line->figure, format, arguments);
    va_end(arguments);
}

static vdr_light
above(uint64_t value, uint64_t amber, uint64_t red)
{
    return value >= red ? VDR_LIGHT_RED : value >= amber ? VDR_LIGHT_AMBER : VDR_LIGHT_GREEN;
}

static void
judge_broker(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    vdr_span state = vdr_figure_text(s, "state");
    bool serving = vdr_span_equal(state, vdr_span_str("serving"));
    bool draining = vdr_span_equal(state, vdr_span_str("draining"));
    bool stopping = vdr_span_equal(state, vdr_span_str("stopping"));
    bool full = vdr_span_equal(state, vdr_span_str("full"));
    const char *next = full       ? "make room: more limits.store_bytes, or a larger disk"
                       : draining ? "undrain when the work is done: no new signals are taken"
                       : stopping ? "it ends by itself; start it again when wanted"
                                  : "read the journal, then start it again: the log is verified then";
    put(lights, "broker",
        serving                ? VDR_LIGHT_GREEN
        : draining || stopping ? VDR_LIGHT_AMBER
                               : VDR_LIGHT_RED,
        next, "%s, %s sessions, %s operators", vdr_figure_short(state, 12),
        vdr_figure_count(vdr_figure(s, "sessions")), vdr_figure_count(vdr_figure(s, "sessions_operators")));
}

static void
judge_store(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t used = vdr_figure(s, "log_bytes"), limit = vdr_figure(s, "log_bytes_limit");
    uint64_t percent = limit != 0 ? used / (limit / 100 + 1) : 0;
    if (limit == 0)
        put(lights, "store", VDR_LIGHT_GREEN, NULL, "log of %s, no limit but the disk",
            vdr_figure_bytes(used));
    else
        put(lights, "store", above(percent, 80, 95),
            "raise limits.store_bytes in node.yaml before it is full", "log of %s, limit %s, %llu%% used",
            vdr_figure_bytes(used), vdr_figure_bytes(limit), (unsigned long long)percent);
    uint64_t disk = vdr_figure(s, "disk_bytes"), free_bytes = vdr_figure(s, "disk_free_bytes");
    uint64_t left = disk != 0 ? free_bytes / (disk / 100 + 1) : 0;
    if (disk == 0)
        put(lights, "disk", VDR_LIGHT_GREY, NULL, "the volume does not say how large it is");
    else
        put(lights, "disk", above(100 - left, 90, 97), "free space on the store's volume, or move the store",
            "%s free of %s, %llu%%", vdr_figure_bytes(free_bytes), vdr_figure_bytes(disk),
            (unsigned long long)left);
    put(lights, "sync", above(vdr_figure(s, "commit_us_p99"), 50000, 500000),
        "the disk is slow to sync: see what else writes to it",
        "a group is durable in %s, p99 %s, longest %s", vdr_figure_us(vdr_figure(s, "commit_us_p50")),
        vdr_figure_us(vdr_figure(s, "commit_us_p99")), vdr_figure_us(vdr_figure(s, "commit_us_max")));
}

static void
judge_checkpoint(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t failures = vdr_figure(s, "checkpoint_failures"), age = vdr_figure(s, "checkpoint_age_ms");
    uint64_t position = vdr_figure(s, "position_checkpoint"), end = vdr_figure(s, "position_durable");
    uint64_t tail = end > position ? end - position : 0;
    put(lights, "checkpoint", failures != 0 ? VDR_LIGHT_AMBER : VDR_LIGHT_GREEN,
        "read the journal for why it failed; then voordeur checkpoint", "of record %llu, %s%s, %s failed",
        (unsigned long long)position,
        vdr_figure(s, "checkpoints") != 0 ? vdr_figure_span((int64_t)age) : "none since the start",
        vdr_figure(s, "checkpoints") != 0 ? " ago" : "", vdr_figure_count(failures));
    put(lights, "log tail", above(tail, TAIL_AMBER, TAIL_RED),
        "voordeur checkpoint: a start would have to step all of it", "%s records after the checkpoint",
        vdr_figure_count(tail));
}

static void
judge_clock(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t ahead = vdr_figure(s, "clock_ahead_ms");
    uint64_t due = vdr_figure(s, "next_due_ms"), now = vdr_figure(s, "time_ms");
    bool event = vdr_span_equal(vdr_figure_text(s, "clock"), vdr_span_str("event"));
    uint64_t behind = due != 0 && now > due ? now - due : 0;
    if (event)
        put(lights, "clock", VDR_LIGHT_GREY, NULL, "of events: for demonstrations and tests only");
    else if (ahead != 0)
        put(lights, "clock", above(ahead, 1, 60000),
            "the machine's clock was set back: check its time service", "log time stands still for %s",
            vdr_figure_span((int64_t)ahead));
    else
        put(lights, "clock", above(behind, 5000, 60000), "timers are late: is the machine overloaded?",
            "timers are on time");
}

static void
judge_people(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t now = vdr_figure(s, "time_ms"), unassigned = vdr_figure(s, "cases_unassigned");
    uint64_t since = vdr_figure(s, "unassigned_since_ms"), overdue = vdr_figure(s, "overdue");
    int64_t age = unassigned != 0 && since != 0 ? (int64_t)(now - since) : 0;
    put(lights, "no regisseur",
        unassigned == 0 ? VDR_LIGHT_GREEN
        : age >= DAY_MS ? VDR_LIGHT_RED
                        : VDR_LIGHT_AMBER,
        "voordeur report cases --stuck; a coordinator assigns by hand", "%s cases%s%s",
        vdr_figure_count(unassigned), unassigned != 0 ? ", the oldest open for " : "",
        unassigned != 0 ? vdr_figure_span(age) : "");
    put(lights, "follow-ups", overdue != 0 ? VDR_LIGHT_AMBER : VDR_LIGHT_GREEN,
        "voordeur report follow-up; coordinators were told of each", "%s overdue", vdr_figure_count(overdue));
}

static void
judge_refused(const vdr_wire_admin_result *s, const vdr_wire_admin_result *agencies, vdr_lights *lights)
{
    uint64_t refused = vdr_figure(s, "refused_day"), accepted = 0;
    for (size_t i = 0; agencies != NULL && i < agencies->row_count; i++)
        accepted += vdr_row_figure(&agencies->rows[i], "signals_day");
    if (agencies == NULL)
        accepted = vdr_figure(s, "accepted");
    uint64_t percent = refused != 0 ? refused * 100 / (accepted + refused) : 0;
    put(lights, "rejected", above(percent, 2, 20), "voordeur report agencies says whose and why; tell them",
        "%s in a day, %llu%% of what was published; %s duplicates", vdr_figure_count(refused),
        (unsigned long long)percent, vdr_figure_count(vdr_figure(s, "duplicates_day")));
}

/* ---- of the reports ---- */

static void
judge_mail(const vdr_wire_admin_result *s, const vdr_wire_admin_result *queues, vdr_lights *lights)
{
    const vdr_wire_row *worst = NULL;
    uint64_t now = queues != NULL ? vdr_figure(queues, "time_ms") : 0;
    for (size_t i = 0; queues != NULL && i < queues->row_count; i++) {
        const vdr_wire_row *row = &queues->rows[i];
        bool waits = vdr_row_has(row, "ready_since_ms") && vdr_row_figure(row, "ready") != 0;
        if (waits && (worst == NULL ||
                      vdr_row_figure(row, "ready_since_ms") < vdr_row_figure(worst, "ready_since_ms")))
            worst = row;
    }
    uint64_t waiting = vdr_figure(s, "mail_waiting");
    if (queues == NULL || worst == NULL) {
        put(lights, "mailboxes", queues == NULL ? VDR_LIGHT_GREY : VDR_LIGHT_GREEN, NULL,
            "%s messages wait%s", vdr_figure_count(waiting),
            queues == NULL ? "; their age is being looked up" : "");
        return;
    }
    uint64_t age = now - vdr_row_figure(worst, "ready_since_ms");
    put(lights, "mailboxes", above(age, 3 * (uint64_t)DAY_MS, 14 * (uint64_t)DAY_MS),
        "see to it that its reader runs: voordeur sessions, mailboxes", "%s wait, oldest %s: %s",
        vdr_figure_count(waiting), vdr_figure_span((int64_t)age),
        vdr_figure_short(vdr_row_word(worst, "id"), 24));
}

static void
judge_offers(const vdr_wire_admin_result *queues, vdr_lights *lights)
{
    uint64_t offered = 0, overdue = 0, next_ms = 0, now = 0;
    if (queues == NULL) {
        put(lights, "offers", VDR_LIGHT_GREY, NULL, "being counted: ask again");
        return;
    }
    now = vdr_figure(queues, "time_ms");
    for (size_t i = 0; i < queues->row_count; i++) {
        const vdr_wire_row *row = &queues->rows[i];
        uint64_t due = vdr_row_figure(row, "accept_by_ms");
        offered += vdr_row_figure(row, "offered");
        overdue += vdr_row_is(row, "regisseur") ? vdr_row_figure(row, "overdue") : 0;
        if (due != 0 && (next_ms == 0 || due < next_ms))
            next_ms = due;
    }
    put(lights, "offers", overdue != 0 ? VDR_LIGHT_RED : VDR_LIGHT_GREEN,
        "offers are past their time: does log time pass?", "%s cases offered, %s past their time%s%s",
        vdr_figure_count(offered), vdr_figure_count(overdue), offered != 0 ? ", next in " : "",
        offered != 0 ? vdr_figure_span((int64_t)(next_ms > now ? next_ms - now : 0)) : "");
}

static void
judge_load(const vdr_wire_admin_result *queues, vdr_lights *lights)
{
    uint64_t load = 0, capacity = 0, over = 0;
    if (queues == NULL)
        return;
    for (size_t i = 0; i < queues->row_count; i++) {
        const vdr_wire_row *row = &queues->rows[i];
        if (!vdr_row_is(row, "regisseur"))
            continue;
        uint64_t own = vdr_row_figure(row, "offered") + vdr_row_figure(row, "active");
        load += own;
        capacity += vdr_row_figure(row, "capacity");
        over += own > vdr_row_figure(row, "capacity");
    }
    put(lights, "regisseurs", over != 0 || load * 10 > capacity * 9 ? VDR_LIGHT_AMBER : VDR_LIGHT_GREEN,
        "voordeur report queues; more capacity, or more regisseurs",
        "%s cases of room for %s; %s over their capacity", vdr_figure_count(load), vdr_figure_count(capacity),
        vdr_figure_count(over));
}

static void
judge_agencies(const vdr_wire_admin_result *agencies, vdr_lights *lights)
{
    uint64_t quiet = 0, slow = 0, known = 0;
    vdr_span first = {0};
    if (agencies == NULL) {
        put(lights, "agencies", VDR_LIGHT_GREY, NULL, "the log is being read: ask again");
        return;
    }
    for (size_t i = 0; i < agencies->row_count; i++) {
        vdr_span rhythm = vdr_row_word(&agencies->rows[i], "rhythm");
        bool is_quiet = vdr_span_equal(rhythm, vdr_span_str("quiet"));
        if (is_quiet && first.at == NULL)
            first = vdr_row_word(&agencies->rows[i], "agency");
        quiet += is_quiet;
        slow += vdr_span_equal(rhythm, vdr_span_str("slow"));
        known += !vdr_span_equal(rhythm, vdr_span_str("learning"));
    }
    put(lights, "agencies", quiet != 0 ? VDR_LIGHT_AMBER : VDR_LIGHT_GREEN,
        "voordeur report agencies; call them: is their sender running?",
        "%s gone quiet%s%s, %s slow, of %s known", vdr_figure_count(quiet), quiet != 0 ? ": " : "",
        quiet != 0 ? vdr_figure_short(first, 18) : "", vdr_figure_count(slow), vdr_figure_count(known));
}

/* Keys of parties: the next that ends and that none was put beside. */
static void
judge_keys(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t now = vdr_figure(s, "time_ms"), next = vdr_figure(s, "key_soonest_ms");
    int64_t left = next > now ? (int64_t)(next - now) : 0;
    if (next == 0) {
        put(lights, "keys", VDR_LIGHT_GREEN, NULL, "%s let in; none of them has an end",
            vdr_figure_count(vdr_figure(s, "keys")));
        return;
    }
    put(lights, "keys",
        left <= 7 * (int64_t)DAY_MS    ? VDR_LIGHT_RED
        : left <= 30 * (int64_t)DAY_MS ? VDR_LIGHT_AMBER
                                       : VDR_LIGHT_GREEN,
        "voordeur key list; then voordeur key rotate PARTY", "%s let in, %s end within 30 d, the next in %s",
        vdr_figure_count(vdr_figure(s, "keys")), vdr_figure_count(vdr_figure(s, "keys_expiring")),
        vdr_figure_span(left));
}

/* Most towns have none, or hear nothing of them. */
static void
judge_guards(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t reached = vdr_figure(s, "guards_reached");
    if (reached != 0)
        put(lights, "guards", VDR_LIGHT_AMBER, "the journal (event guard) says which agency; call it",
            "%s reached: a flood, or signals for a whole class?", vdr_figure_count(reached));
}

/* Only where there is something to do. */
static void
judge_erasure(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    if (vdr_figure(s, "erasure_failed") != 0)
        put(lights, "erasure", VDR_LIGHT_RED,
            "the journal says why: what left can still be opened until a run", "the last run failed; %s wait",
            vdr_figure_count(vdr_figure(s, "erasure_waiting")));
    if (vdr_figure(s, "backup_stale") != 0)
        put(lights, "backup", VDR_LIGHT_AMBER, "voordeur backup NAME: older ones can no longer be opened",
            "the last one is of before an erasure run");
}

/* Only while it runs. */
static void
judge_rotation(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    if (vdr_figure(s, "rotation_running") != 0)
        put(lights, "rotation", VDR_LIGHT_GREEN, "voordeur rotate status",
            "the pseudonym key changes; %s still under the one before",
            vdr_figure_count(vdr_figure(s, "rotation_left")));
}

/* Nothing is said of them where no agency has one. */
static void
judge_convenants(const vdr_wire_admin_result *s, vdr_lights *lights)
{
    uint64_t now = vdr_figure(s, "time_ms"), next = vdr_figure(s, "convenant_soonest_ms");
    uint64_t ended = vdr_figure(s, "convenants_ended");
    int64_t left = next > now ? (int64_t)(next - now) : 0;
    if (next == 0 && ended == 0)
        return;
    put(lights, "convenants",
        ended != 0 || (next != 0 && left <= 7 * (int64_t)DAY_MS) ? VDR_LIGHT_RED
        : left <= 30 * (int64_t)DAY_MS                           ? VDR_LIGHT_AMBER
                                                                 : VDR_LIGHT_GREEN,
        "voordeur report agencies; renew, and set the dates in town.yaml", "%s ended%s%s",
        vdr_figure_count(ended), next != 0 ? ", the next ends in " : "",
        next != 0 ? vdr_figure_span(left) : "");
}

void
vdr_lights_judge(const vdr_wire_admin_result *status, const vdr_wire_admin_result *queues,
                 const vdr_wire_admin_result *agencies, vdr_lights *ret_lights)
{
    *ret_lights = (vdr_lights){.count = 0};
    char when[VDR_TIME_TEXT_BYTES + 1] = "-";
    uint64_t now = vdr_figure(status, "time_ms");
    if (now != 0 && now <= (uint64_t)VDR_TIME_MAX)
        vdr_time_format((vdr_ms)now, when);
    snprintf(ret_lights->head, sizeof ret_lights->head, "voordeur %s, %s, %.19s UTC",
             vdr_figure_short(vdr_figure_text(status, "version"), 16),
             vdr_figure_short(vdr_figure_text(status, "municipality"), 16), when);
    judge_broker(status, ret_lights);
    judge_store(status, ret_lights);
    judge_checkpoint(status, ret_lights);
    judge_clock(status, ret_lights);
    judge_mail(status, queues, ret_lights);
    judge_people(status, ret_lights);
    judge_offers(queues, ret_lights);
    judge_load(queues, ret_lights);
    judge_agencies(agencies, ret_lights);
    judge_refused(status, agencies, ret_lights);
    judge_guards(status, ret_lights);
    judge_erasure(status, ret_lights);
    judge_rotation(status, ret_lights);
    judge_keys(status, ret_lights);
    judge_convenants(status, ret_lights);
}

/* ---- the screen ---- */

typedef struct page {
    char *text;
    size_t size, len;
} page;

__attribute__((format(printf, 2, 3))) static void
add(page *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(p->len < p->size ? p->text + p->len : NULL, p->len < p->size ? p->size - p->len : 0,
                        format, arguments);
    va_end(arguments);
    p->len += len > 0 ? (size_t)len : 0;
}

static void
add_line(page *p, const vdr_light_line *line)
{
    add(p, "%-6s %-13s %s\n", vdr_light_name(line->light), line->what, line->figure);
    if (line->next != NULL)
        add(p, "%6s -> %s\n", "", line->next);
}

/* Those that are green, by name. */
static void
add_green(page *p, const vdr_lights *lights)
{
    size_t column = 0;
    for (size_t i = 0; i < lights->count; i++) {
        size_t width = strlen(lights->at[i].what) + 2;
        if (lights->at[i].light != VDR_LIGHT_GREEN)
            continue;
        if (column == 0 || column + width > 78) {
            add(p, column == 0 ? "green  %s" : "\n       %s", lights->at[i].what);
            column = 7 + width;
        } else {
            add(p, ", %s", lights->at[i].what);
            column += width;
        }
    }
    if (column != 0)
        add(p, "\n");
}

size_t
vdr_lights_text(const vdr_lights *lights, char *text, size_t size)
{
    page p = {.text = text, .size = size};
    size_t lines = 2; /* the head and a blank one */
    for (size_t i = 0; i < lights->count; i++)
        lines += lights->at[i].next != NULL ? 2 : 1;
    bool all = lines < LINES_MAX;
    add(&p, "%s: %s\n\n", lights->head,
        vdr_lights_worst(lights) == VDR_LIGHT_RED     ? "something must be done"
        : vdr_lights_worst(lights) == VDR_LIGHT_AMBER ? "something wants a look"
                                                      : "all is well");
    for (int light = VDR_LIGHT_RED; light >= VDR_LIGHT_GREY; light--) {
        for (size_t i = 0; i < lights->count; i++) {
            if ((int)lights->at[i].light == light && (all || light != VDR_LIGHT_GREEN))
                add_line(&p, &lights->at[i]);
        }
    }
    if (!all)
        add_green(&p, lights);
    return p.len;
}
