/* Reports and checks (protocol.md 7.8): asked for here, made beside the turn (survey.h), answered here.
 *
 * Several that wait are answered by one reading of the log, if they were asked for before it began. What a report
 * takes of the state is looked up when it is answered: names, capacities, loads. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <stdlib.h>

#define ROWS_BYTES ((size_t)16 * 1024 * 1024)

int64_t
vdr_reports_hour(const vdr_daemon *daemon)
{
    return vdr_clock_steady_us(daemon->clock) / 1000 / VDR_HOUR_MS;
}

void
vdr_reports_refused(vdr_daemon *daemon, const vdr_session *session, vdr_err verdict, uint64_t count)
{
    unsigned code = (unsigned)verdict - VDR_E_ACCEPTED;
    daemon->verdicts[code < VDR_REFUSALS_CODES ? code : 0] += count;
    vdr_refusals_add(daemon->refusals, session->kind, vdr_span_str(session->party), verdict,
                     vdr_reports_hour(daemon), count);
}

void
vdr_reports_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_report_kind report = vdr_report_kind_of(admin->name);
    if (admin->verb == VDR_VERB_REPORT && report == 0) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_NOT_FOUND,
                            "there are queues, cases, follow-up, rules, agencies");
        return;
    }
    vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    if (wait == NULL)
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, vdr_err_text(VDR_E_BUSY));
    else
        wait->report = report;
}

/* ---- what a job needs of the reactor ---- */

static vdr_survey_mail *
mails_of(const vdr_daemon *daemon, size_t *ret_count)
{
    size_t count = daemon->mailbox_count > 0 ? daemon->mailbox_count - 1 : 0;
    vdr_survey_mail *mails = (vdr_survey_mail *)vdr_alloc(count + 1, sizeof *mails);
    for (size_t i = 0; i < count; i++)
        mails[i] = (vdr_survey_mail){.mailbox = (uint32_t)i + 1,
                                     .after = daemon->mailboxes[i + 1].acknowledged,
                                     .newest = daemon->mailboxes[i + 1].newest,
                                     .at = VDR_MS_NONE};
    *ret_count = count;
    return mails;
}

static bool
is_report(const vdr_admin_wait *wait)
{
    return wait->verb == VDR_VERB_REPORT || wait->verb == VDR_VERB_CHECK;
}

/* For the oldest that waits: of its kind, and of all reports. */
static void
begin(vdr_daemon *daemon)
{
    const vdr_admin_wait *oldest = NULL;
    for (size_t i = 0; i < daemon->admin_count; i++) {
        const vdr_admin_wait *wait = &daemon->admin[i];
        if (is_report(wait) && (oldest == NULL || wait->number < oldest->number))
            oldest = wait;
    }
    if (oldest == NULL)
        return;
    vdr_survey_job job = {.kind = oldest->verb == VDR_VERB_CHECK ? VDR_SURVEY_CHECK : VDR_SURVEY_TALLY,
                          .end = vdr_engine_durable(daemon->engine),
                          .now = vdr_clock_now(daemon->clock)};
    job.mails = mails_of(daemon, &job.mail_count);
    daemon->survey_until = daemon->last_errand;
    daemon->surveying = vdr_survey_begin(daemon->survey, &job);
    if (!daemon->surveying)
        free(job.mails);
}

/* ---- answers ---- */

static void
answer_report(vdr_daemon *daemon, vdr_session *session, const vdr_admin_wait *wait, const vdr_survey_job *job)
{
    const vdr_tally *tally = vdr_survey_tally(daemon->survey);
    vdr_ms at = vdr_tally_at(tally);
    vdr_report_world world = {.core = vdr_engine_core(daemon->engine),
                              .tally = tally,
                              .now = job->now != VDR_MS_NONE && job->now > at ? job->now : at,
                              .mails = job->mails,
                              .mail_count = job->mail_count,
                              .refusals = daemon->refusals,
                              .refusal_hour = vdr_reports_hour(daemon)};
    vdr_arena arena;
    vdr_rows rows;
    vdr_arena_init(&arena, ROWS_BYTES);
    vdr_rows_begin(&rows, &arena);
    if (at != VDR_MS_NONE)
        vdr_report_make(wait->report, &world, &rows);
    const vdr_wire_counter counters[] = {
        {vdr_span_str("position"), vdr_tally_last(tally)},
        {vdr_span_str("position_first"), vdr_tally_first(tally)},
        {vdr_span_str("time_ms"), at != VDR_MS_NONE ? (uint64_t)world.now : 0},
        {vdr_span_str("from_ms"), at != VDR_MS_NONE ? (uint64_t)vdr_tally_from(tally) : 0},
        {vdr_span_str("rows_left_out"), rows.left_out},
        {vdr_span_str("records_read"), job->records},
        {vdr_span_str("took_ms"), job->took_ms},
    };
    vdr_wire_admin_result result = {.verb = wait->verb,
                                    .request = wait->request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .rows = rows.at,
                                    .row_count = rows.count};
    vdr_admin_answer(daemon, session, &result); /* the state that it was compared with is ahead of the disk */
    vdr_arena_done(&arena);
}

static void
put_check(vdr_rows *rows, const char *check, bool good, const char *text, const char *next)
{
    vdr_row(rows, "check");
    vdr_row_text(rows, "check", vdr_span_str(check));
    vdr_row_text(rows, "text", vdr_span_str(text));
    if (!good)
        vdr_row_text(rows, "next", vdr_span_str(next));
    vdr_row_number(rows, "good", good);
}

static void
answer_check(vdr_daemon *daemon, vdr_session *session, const vdr_admin_wait *wait, const vdr_survey_job *job)
{
    bool mail = job->result != VDR_OK && job->bad_mailbox != 0, log = job->result != VDR_OK && !mail;
    vdr_arena arena;
    vdr_rows rows;
    vdr_arena_init(&arena, ROWS_BYTES);
    vdr_rows_begin(&rows, &arena);
    put_check(&rows, "log", !log, log ? vdr_err_text(job->result) : "every record, chain and tale is whole",
              "stop the broker and restore a backup; do not go on with this store");
    vdr_row_number(&rows, "records", job->records);
    vdr_row_number(&rows, "bad_position", job->bad);
    if (!log)
        put_check(&rows, "mailboxes", !mail,
                  mail ? vdr_err_text(job->result) : "every message that waits is there, in order",
                  "stop the broker and restore a backup; do not go on with this store");
    if (!log)
        vdr_row_number(&rows, "mailboxes", job->mail_count);
    vdr_rows_end(&rows);
    vdr_wire_admin_result result = {
        .verb = wait->verb, .request = wait->request, .rows = rows.at, .row_count = rows.count};
    vdr_admin_say(daemon, session, &result);
    vdr_arena_done(&arena);
}

static bool
is_answered(const vdr_daemon *daemon, const vdr_admin_wait *wait, const vdr_survey_job *job)
{
    return wait->verb == (job->kind == VDR_SURVEY_CHECK ? VDR_VERB_CHECK : VDR_VERB_REPORT) &&
           wait->number <= daemon->survey_until;
}

static void
answer(vdr_daemon *daemon, const vdr_survey_job *job)
{
    for (size_t i = 0; i < daemon->admin_count;) {
        vdr_admin_wait wait = daemon->admin[i];
        if (!is_answered(daemon, &wait, job)) {
            i++;
            continue;
        }
        daemon->admin[i] = daemon->admin[--daemon->admin_count];
        vdr_session *session = vdr_session_by_number(daemon->sessions, wait.session);
        if (session == NULL)
            continue;
        if (job->kind == VDR_SURVEY_CHECK)
            answer_check(daemon, session, &wait, job);
        else if (job->result == VDR_OK)
            answer_report(daemon, session, &wait, job);
        else
            vdr_admin_say_error(daemon, session, wait.request, job->result, vdr_err_text(job->result));
    }
}

void
vdr_reports_turn(vdr_daemon *daemon)
{
    vdr_survey_job job;
    if (daemon->surveying && vdr_survey_collect(daemon->survey, &job)) {
        daemon->surveying = false;
        answer(daemon, &job);
        free(job.mails);
    }
    if (!daemon->surveying && daemon->admin_count > 0)
        begin(daemon);
}
