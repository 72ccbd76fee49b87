#include "clients/cli/screen.h"

#include "clients/cli/figures.h"
#include "proto/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SESSIONS_SHOWN 5u

/* ---- samples ---- */

static void
copy(char *to, size_t size, vdr_span from)
{
    snprintf(to, size, "%s", vdr_figure_short(from, size - 1));
}

void
vdr_sample_status(vdr_sample *sample, const vdr_wire_admin_result *status)
{
    const struct {
        uint64_t *to;
        const char *name;
    } rows[] = {
        {&sample->time_ms, "time_ms"},
        {&sample->accepted, "accepted"},
        {&sample->duplicates, "duplicates"},
        {&sample->refused, "refused"},
        {&sample->acks, "acknowledgements"},
        {&sample->frames_in, "frames_received"},
        {&sample->frames_out, "frames_sent"},
        {&sample->groups, "groups"},
        {&sample->ticks, "ticks"},
        {&sample->commit_p50, "commit_us_p50"},
        {&sample->commit_p99, "commit_us_p99"},
        {&sample->commit_max, "commit_us_max"},
        {&sample->turn_p99, "turn_us_p99"},
        {&sample->turn_max, "turn_us_max"},
        {&sample->records_p50, "group_records_p50"},
        {&sample->records_max, "group_records_max"},
        {&sample->position, "position_stepped"},
        {&sample->durable, "position_durable"},
        {&sample->checkpoint, "position_checkpoint"},
        {&sample->checkpoint_age_ms, "checkpoint_age_ms"},
        {&sample->log_bytes, "log_bytes"},
        {&sample->log_limit, "log_bytes_limit"},
        {&sample->disk_free, "disk_free_bytes"},
        {&sample->disk, "disk_bytes"},
        {&sample->state_bytes, "state_bytes"},
        {&sample->households, "households"},
        {&sample->signals, "signals"},
        {&sample->unassigned, "cases_unassigned"},
        {&sample->offered, "cases_offered"},
        {&sample->active, "cases_active"},
        {&sample->overdue, "overdue"},
        {&sample->mail_waiting, "mail_waiting"},
        {&sample->sessions_parties, "sessions"},
        {&sample->sessions_operators, "sessions_operators"},
        {&sample->descriptors, "descriptors"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        *rows[i].to = vdr_figure(status, rows[i].name);
    copy(sample->municipality, sizeof sample->municipality, vdr_figure_text(status, "municipality"));
    copy(sample->version, sizeof sample->version, vdr_figure_text(status, "version"));
    copy(sample->state, sizeof sample->state, vdr_figure_text(status, "state"));
}

void
vdr_sample_sessions(vdr_sample *sample, const vdr_wire_admin_result *sessions)
{
    sample->session_count = 0;
    for (size_t i = 0; i < sessions->session_count && sample->session_count < VDR_SCREEN_SESSIONS; i++) {
        const vdr_wire_session_view *from = &sessions->sessions[i];
        vdr_screen_session *to = &sample->sessions[sample->session_count++];
        *to = (vdr_screen_session){.session = from->session,
                                   .in = from->frames_in,
                                   .out = from->frames_out,
                                   .open = from->unconfirmed + from->undelivered,
                                   .idle_ms = from->idle_ms};
        snprintf(to->party, sizeof to->party, "%s:%s", vdr_party_kind_name(from->party_kind),
                 vdr_figure_short(from->party_id, 22));
        copy(to->program, sizeof to->program, from->client_name);
    }
}

void
vdr_sample_mailboxes(vdr_sample *sample, const vdr_wire_admin_result *mailboxes)
{
    sample->queue_count = 0;
    for (size_t i = 0; i < mailboxes->mailbox_count; i++) {
        const vdr_wire_mailbox_view *from = &mailboxes->mailboxes[i];
        uint64_t waiting = from->newest - from->acknowledged;
        size_t place = sample->queue_count;
        while (place > 0 && sample->queues[place - 1].waiting < waiting)
            place--;
        if (waiting == 0 || place == VDR_SCREEN_QUEUES)
            continue;
        if (sample->queue_count < VDR_SCREEN_QUEUES)
            sample->queue_count++;
        for (size_t k = sample->queue_count - 1; k > place; k--)
            sample->queues[k] = sample->queues[k - 1];
        vdr_screen_queue *to = &sample->queues[place];
        *to = (vdr_screen_queue){
            .waiting = waiting, .newest = from->newest, .acknowledged = from->acknowledged};
        snprintf(to->name, sizeof to->name, "%s:%s", vdr_party_kind_name(from->kind),
                 vdr_figure_short(from->id, 22));
    }
}

uint64_t
vdr_sample_rate(uint64_t before, uint64_t now, int64_t passed_ms)
{
    if (now <= before || passed_ms <= 0)
        return 0;
    uint64_t passed = (uint64_t)passed_ms;
    return ((now - before) * 1000 + passed / 2) / passed;
}

/* ---- the screen ---- */

typedef struct page {
    const vdr_sample *before, *now;
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

static const char *
rate(const page *p, uint64_t before, uint64_t now)
{
    return p->before == NULL
               ? "-"
               : vdr_figure_count(vdr_sample_rate(before, now, p->now->taken_ms - p->before->taken_ms));
}

#define RATE(p, member) rate(p, (p)->before != NULL ? (p)->before->member : 0, (p)->now->member)

static void
add_figures(page *p)
{
    const vdr_sample *s = p->now;
    char when[VDR_TIME_TEXT_BYTES + 1] = "-", head[96];
    if (s->time_ms != 0 && s->time_ms <= (uint64_t)VDR_TIME_MAX)
        vdr_time_format((vdr_ms)s->time_ms, when);
    snprintf(head, sizeof head, "voordeur %s  %s  %s", s->version, s->municipality, s->state);
    add(p, "%-55.55s %.19s UTC\n\n", head, when);
    add(p, "a second   accepted %-7s duplicates %-7s refused %-7s acknowledged %s\n", RATE(p, accepted),
        RATE(p, duplicates), RATE(p, refused), RATE(p, acks));
    add(p, "           frames in %-7s frames out %-7s groups %-7s ticks %s\n", RATE(p, frames_in),
        RATE(p, frames_out), RATE(p, groups), RATE(p, ticks));
    add(p, "latency    durable p50 %-8s p99 %-8s longest %s\n", vdr_figure_us(s->commit_p50),
        vdr_figure_us(s->commit_p99), vdr_figure_us(s->commit_max));
    add(p, "           turn p99 %-8s longest %-8s group p50 %s, largest %s records\n",
        vdr_figure_us(s->turn_p99), vdr_figure_us(s->turn_max), vdr_figure_count(s->records_p50),
        vdr_figure_count(s->records_max));
    add(p, "log        record %llu, %s not durable; %s after the checkpoint, %s ago\n",
        (unsigned long long)s->position, vdr_figure_count(s->position - s->durable),
        vdr_figure_count(s->durable > s->checkpoint ? s->durable - s->checkpoint : 0),
        vdr_figure_span((int64_t)s->checkpoint_age_ms));
    add(p, "store      log %s", vdr_figure_bytes(s->log_bytes));
    if (s->log_limit != 0)
        add(p, " of %s", vdr_figure_bytes(s->log_limit));
    add(p, "; disk %s free of %s; state %s\n", vdr_figure_bytes(s->disk_free), vdr_figure_bytes(s->disk),
        vdr_figure_bytes(s->state_bytes));
    add(p, "town       %s households, %s signals; overdue %s\n", vdr_figure_count(s->households),
        vdr_figure_count(s->signals), vdr_figure_count(s->overdue));
    add(p, "cases      unassigned %s, offered %s, active %s\n", vdr_figure_count(s->unassigned),
        vdr_figure_count(s->offered), vdr_figure_count(s->active));
    add(p, "sessions   %s parties, %s operators, %s descriptors\n", vdr_figure_count(s->sessions_parties),
        vdr_figure_count(s->sessions_operators), vdr_figure_count(s->descriptors));
}

/* A session's frames in the sample before; as now where it is new. */
static const vdr_screen_session *
same_session(const page *p, const vdr_screen_session *of)
{
    for (size_t i = 0; p->before != NULL && i < p->before->session_count; i++) {
        if (p->before->sessions[i].session == of->session)
            return &p->before->sessions[i];
    }
    return of;
}

static uint64_t
frames_since(const page *p, const vdr_screen_session *of)
{
    const vdr_screen_session *before = same_session(p, of);
    return of->in - before->in + (of->out - before->out);
}

static void
add_sessions(page *p)
{
    const vdr_sample *s = p->now;
    bool shown[VDR_SCREEN_SESSIONS] = {false};
    add(p, "\n%-31s %-16s %7s %7s %6s %8s\n", "BUSIEST SESSIONS", "PROGRAM", "IN/s", "OUT/s", "OPEN", "IDLE");
    for (size_t n = 0; n < SESSIONS_SHOWN && n < s->session_count; n++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < s->session_count; i++) {
            bool busier =
                best == SIZE_MAX || frames_since(p, &s->sessions[i]) > frames_since(p, &s->sessions[best]);
            if (!shown[i] && busier)
                best = i;
        }
        const vdr_screen_session *of = &s->sessions[best], *before = same_session(p, of);
        shown[best] = true;
        add(p, "%-31s %-16s %7s %7s %6s %8s\n", vdr_figure_short(vdr_span_str(of->party), 31),
            vdr_figure_short(vdr_span_str(of->program), 16), rate(p, before->in, of->in),
            rate(p, before->out, of->out), vdr_figure_count(of->open), vdr_figure_span(of->idle_ms));
    }
}

size_t
vdr_screen_text(const vdr_sample *before, const vdr_sample *now, char *text, size_t size)
{
    page p = {.before = before, .now = now, .text = text, .size = size};
    add_figures(&p);
    add_sessions(&p);
    add(&p, "\n%-31s %16s   (%s in all)\n", "FULLEST MAILBOXES", "WAITING",
        vdr_figure_count(now->mail_waiting));
    for (size_t i = 0; i < now->queue_count && i < 4; i++)
        add(&p, "%-31s %16s\n", now->queues[i].name, vdr_figure_count(now->queues[i].waiting));
    return p.len;
}
