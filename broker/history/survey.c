#define _GNU_SOURCE /* gettid, memmem */
#include "broker/history/survey.h"

#include "broker/engine/clock.h"
#include "broker/record/record.h"
#include "broker/engine/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK_RECORDS 4096u /* between two rests of the reader */
#define CHUNK_MAILS   1024u
#define ARENA_BYTES   ((size_t)64 * 1024 * 1024)

typedef enum survey_state { IDLE, ASKED, RUNNING, DONE } survey_state;

struct vdr_survey {
    vdr_log *log;
    int wake_fd;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    survey_state state; /* under the lock, as quit and job between jobs */
    bool quit;
    atomic_bool quitting; /* the same, for the thread in the middle of a job */
    vdr_survey_job job;
    _Atomic vdr_position at, end;

    /* the thread's while it runs a job */
    vdr_log_reader *reader; /* NULL before its first use */
    vdr_arena arena;        /* of one record */
    vdr_tally *tally;
    vdr_config *config; /* that the tally points into */
    vdr_position next;  /* record to be read */
};

/* ---- the log into the tally ---- */

static vdr_err
refresh(vdr_survey *survey)
{
    return survey->reader != NULL ? vdr_log_reader_refresh(survey->reader)
                                  : vdr_log_reader_open(survey->log, &survey->reader);
}

static void
begin_anew(vdr_survey *survey)
{
    vdr_tally_free(&survey->tally);
    vdr_config_free(&survey->config);
    survey->tally = vdr_tally_new();
    survey->next = 1;
}

static vdr_err
config_of(const vdr_log_record *record, vdr_config **ret_config)
{
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_err err = vdr_content_read_config(record->content, &texts);
    if (err != VDR_OK)
        return err;
    vdr_config_faults_init(&faults);
    err = vdr_config_read(&texts, &faults, ret_config);
    vdr_config_faults_done(&faults);
    return err;
}

/* The number in its agency's own numbering: the extension sequence of CloudEvents, a string of digits. Nothing in
 * data can be taken for it: there every member is known, and in a text the quote would be escaped. */
static bool
sequence_of(vdr_span content, vdr_arena *arena, uint64_t *ret_number)
{
    static const char name[] = "\"sequence\"";
    vdr_content_form form;
    vdr_span json;
    if (vdr_content_read(content, &form, &json) != VDR_OK ||
        memmem(json.at, json.len, "sequence", sizeof "sequence" - 1) == NULL)
        return false;
    if (form == VDR_CONTENT_TYPED && vdr_content_json(content, arena, &json) != VDR_OK)
        return false;
    const uint8_t *at = memmem(json.at, json.len, name, sizeof name - 1), *end = json.at + json.len;
    uint64_t number = 0;
    unsigned digits = 0;
    if (at == NULL || (form != VDR_CONTENT_JSON && form != VDR_CONTENT_TYPED))
        return false;
    for (at += sizeof name - 1; at < end && (*at == ' ' || *at == ':' || *at == '"'); at++)
        ;
    for (; at < end && *at >= '0' && *at <= '9' && digits < 18; at++, digits++)
        number = number * 10 + (uint64_t)(*at - '0');
    *ret_number = number;
    return digits > 0;
}

static vdr_err
take_record(vdr_survey *survey, const vdr_log_record *record)
{
    vdr_command command;
    vdr_config *config = NULL;
    vdr_arena_reset(&survey->arena);
    vdr_err err = vdr_command_read(record->routing, &survey->arena, &command);
    if (err == VDR_OK && command.kind == VDR_COMMAND_CONFIG) {
        err = config_of(record, &config);
        command.config = config;
    }
    if (err == VDR_OK)
        err = vdr_tally_record(survey->tally, survey->next, &command, record->tale);
    uint64_t number;
    if (err == VDR_OK && command.kind == VDR_COMMAND_SIGNAL &&
        sequence_of(record->content, &survey->arena, &number))
        vdr_tally_sequence(survey->tally, command.source, number);
    if (config != NULL && err == VDR_OK) {
        vdr_config_free(&survey->config);
        survey->config = config;
    } else {
        vdr_config_free(&config);
    }
    return err;
}

/* Of a log that was cut, the configuration that held at its first record was written once more, further on; or it is
 * that record. *at moves on; NULL where it has not come yet. */
static vdr_err
look_for_config(vdr_survey *survey, vdr_position *at, vdr_position end, vdr_config **ret_config)
{
    vdr_err err = refresh(survey);
    *ret_config = NULL;
    for (unsigned i = 0; i < CHUNK_RECORDS && err == VDR_OK && *at <= end && *ret_config == NULL; i++) {
        vdr_log_record record;
        vdr_command command;
        err = vdr_log_read(survey->reader, *at, &record);
        vdr_arena_reset(&survey->arena);
        if (err == VDR_E_ERASED) {
            err = VDR_OK;
            ++*at;
            continue;
        }
        if (err == VDR_OK)
            err = vdr_command_read(record.routing, &survey->arena, &command);
        if (err == VDR_OK && command.kind == VDR_COMMAND_CONFIG)
            err = config_of(&record, ret_config);
        ++*at;
    }
    if (survey->reader != NULL)
        vdr_log_reader_rest(survey->reader);
    return err;
}

static vdr_err
begin_cut(vdr_survey *survey, vdr_position first, vdr_position end)
{
    vdr_position at = first;
    vdr_config *config = NULL;
    vdr_err err = VDR_OK;
    begin_anew(survey);
    survey->next = first;
    while (err == VDR_OK && config == NULL && at <= end && !atomic_load(&survey->quitting))
        err = look_for_config(survey, &at, end, &config);
    if (config == NULL)
        return err;
    survey->config = config;
    vdr_tally_configure(survey->tally, config);
    return VDR_OK;
}

/* What was cut before it was read cannot be had any more: all is counted anew, from where the log begins now. */
static vdr_err
pass_cut(vdr_survey *survey, vdr_position end)
{
    vdr_log_stats stats;
    vdr_log_stats_get(survey->log, &stats);
    return survey->next >= stats.first ? VDR_OK : begin_cut(survey, stats.first, end);
}

static vdr_err
read_chunk(vdr_survey *survey, vdr_position end)
{
    vdr_err err = pass_cut(survey, end);
    if (err == VDR_OK)
        err = refresh(survey);
    for (unsigned i = 0; i < CHUNK_RECORDS && err == VDR_OK && survey->next <= end; i++) {
        vdr_log_record record;
        err = vdr_log_read(survey->reader, survey->next, &record);
        if (err == VDR_OK)
            err = take_record(survey, &record);
        else if (err == VDR_E_ERASED) /* what was erased counts no more, as what was cut */
            err = VDR_OK;
        if (err == VDR_OK)
            survey->next++;
    }
    if (survey->reader != NULL)
        vdr_log_reader_rest(survey->reader);
    return err;
}

/* A cut between looking where the log begins and reading is no fault. */
static vdr_err
read_log(vdr_survey *survey, vdr_position end)
{
    while (survey->next <= end) {
        if (atomic_load(&survey->quitting))
            return VDR_E_CLOSING;
        vdr_err err = read_chunk(survey, end);
        vdr_log_stats stats;
        vdr_log_stats_get(survey->log, &stats);
        if (err == VDR_E_NOT_FOUND && survey->next < stats.first)
            continue;
        if (err != VDR_OK)
            return err;
        atomic_store(&survey->at, survey->next - 1);
    }
    return VDR_OK;
}

/* ---- mailboxes ---- */

static vdr_err
date_mail(vdr_survey *survey, vdr_survey_mail *mail)
{
    vdr_log_mail first;
    size_t count = 0;
    vdr_log_record record;
    vdr_command command;
    mail->at = VDR_MS_NONE;
    vdr_err err = vdr_log_read_mail(survey->reader, mail->mailbox, mail->after + 1, &first, 1, &count);
    if (err != VDR_OK || count == 0)
        return err;
    err = vdr_log_read(survey->reader, first.position, &record);
    if (err == VDR_E_NOT_FOUND ||
        err == VDR_E_ERASED) /* read meanwhile, and its record cut; nobody's any more */
        return VDR_OK;
    vdr_arena_reset(&survey->arena);
    if (err == VDR_OK)
        err = vdr_command_read(record.routing, &survey->arena, &command);
    if (err != VDR_OK)
        return err;
    /* A message of a timer is as old as the timer: its line says when. */
    uint32_t offset = first.offset;
    vdr_effect effect;
    mail->at = vdr_effect_next(record.tale, &offset, &effect) == VDR_OK ? effect.at : command.at;
    return VDR_OK;
}

static vdr_err
date_mails(vdr_survey *survey)
{
    vdr_err err = VDR_OK;
    for (size_t i = 0; i < survey->job.mail_count && err == VDR_OK; i++) {
        vdr_survey_mail *mail = &survey->job.mails[i];
        if (i % CHUNK_MAILS == 0)
            err = refresh(survey);
        mail->at = VDR_MS_NONE;
        if (err == VDR_OK && mail->newest > mail->after)
            err = date_mail(survey, mail);
    }
    if (survey->reader != NULL)
        vdr_log_reader_rest(survey->reader);
    return err;
}

/* Every message that waits is there, each number once. */
static vdr_err
check_mail(vdr_survey *survey, const vdr_survey_mail *mail)
{
    static vdr_log_mail mails[CHUNK_MAILS]; /* one thread */
    uint64_t seq = mail->after + 1;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && seq <= mail->newest) {
        size_t count = 0;
        err = refresh(survey);
        if (err == VDR_OK)
            err = vdr_log_read_mail(survey->reader, mail->mailbox, seq, mails, CHUNK_MAILS, &count);
        if (err == VDR_OK && count == 0)
            err = VDR_E_STORE_CORRUPT;
        for (size_t i = 0; i < count && err == VDR_OK; i++, seq++) {
            if (mails[i].seq != seq)
                err = VDR_E_STORE_CORRUPT;
        }
        if (survey->reader != NULL)
            vdr_log_reader_rest(survey->reader);
        if (err == VDR_OK && atomic_load(&survey->quitting))
            err = VDR_E_CLOSING;
    }
    return err;
}

/* ---- jobs ---- */

static bool
on_progress(void *context, vdr_position at)
{
    vdr_survey *survey = (vdr_survey *)context;
    atomic_store(&survey->at, at);
    return !atomic_load(&survey->quitting);
}

static vdr_err
run_check(vdr_survey *survey)
{
    vdr_survey_job *job = &survey->job;
    vdr_log_stats stats;
    vdr_log_stats_get(survey->log, &stats);
    atomic_store(&survey->end, stats.next - 1);
    vdr_err err = vdr_log_verify(survey->log, stats.first, on_progress, survey, &job->bad);
    job->records = stats.next - stats.first;
    for (size_t i = 0; i < job->mail_count && err == VDR_OK; i++) {
        err = check_mail(survey, &job->mails[i]);
        if (err == VDR_E_STORE_CORRUPT)
            job->bad_mailbox = job->mails[i].mailbox;
    }
    return err;
}

static vdr_err
run_tally(vdr_survey *survey)
{
    vdr_survey_job *job = &survey->job;
    vdr_position from = survey->next;
    atomic_store(&survey->end, job->end);
    vdr_err err = read_log(survey, job->end);
    job->records = survey->next - from;
    if (err == VDR_OK)
        err = date_mails(survey);
    if (err != VDR_OK) {
        begin_anew(survey);
        return err;
    }
    vdr_ms at = vdr_tally_at(survey->tally);
    if (at != VDR_MS_NONE)
        vdr_tally_survey(survey->tally, job->now != VDR_MS_NONE && job->now > at ? job->now : at);
    return VDR_OK;
}

static void *
run(void *context)
{
    vdr_survey *survey = (vdr_survey *)context;
    vdr_thread_polite();
    (void)pthread_mutex_lock(&survey->lock);
    while (!survey->quit) {
        if (survey->state != ASKED) {
            (void)pthread_cond_wait(&survey->asked, &survey->lock);
            continue;
        }
        survey->state = RUNNING;
        (void)pthread_mutex_unlock(&survey->lock);
        int64_t begun_us = vdr_clock_monotonic_us();
        survey->job.result = survey->job.kind == VDR_SURVEY_CHECK ? run_check(survey) : run_tally(survey);
        survey->job.took_ms = (uint64_t)((vdr_clock_monotonic_us() - begun_us) / 1000);
        (void)pthread_mutex_lock(&survey->lock);
        survey->state = DONE;
        atomic_store(&survey->at, 0);
        atomic_store(&survey->end, 0);
        vdr_thread_wake(survey->wake_fd);
    }
    (void)pthread_mutex_unlock(&survey->lock);
    return NULL;
}

vdr_survey *
vdr_survey_new(vdr_log *log, int wake_fd)
{
    vdr_survey *survey = (vdr_survey *)vdr_alloc(1, sizeof *survey);
    survey->log = log;
    survey->wake_fd = wake_fd;
    vdr_arena_init(&survey->arena, ARENA_BYTES);
    begin_anew(survey);
    vdr_thread_lock_init(&survey->lock);
    vdr_thread_cond_init(&survey->asked);
    return survey;
}

void
vdr_survey_free(vdr_survey **survey_p)
{
    vdr_survey *survey = *survey_p;
    if (survey == NULL)
        return;
    atomic_store(&survey->quitting, true);
    (void)pthread_mutex_lock(&survey->lock);
    survey->quit = true;
    (void)pthread_cond_signal(&survey->asked);
    (void)pthread_mutex_unlock(&survey->lock);
    if (survey->started)
        (void)pthread_join(survey->thread, NULL);
    if (survey->state != IDLE)
        free(survey->job.mails);
    vdr_log_reader_close(&survey->reader);
    vdr_tally_free(&survey->tally);
    vdr_config_free(&survey->config);
    vdr_arena_done(&survey->arena);
    (void)pthread_cond_destroy(&survey->asked);
    (void)pthread_mutex_destroy(&survey->lock);
    free(survey);
    *survey_p = NULL;
}

bool
vdr_survey_begin(vdr_survey *survey, const vdr_survey_job *job)
{
    if (!survey->started)
        vdr_thread_start(&survey->thread, "vdr-survey", run, survey);
    survey->started = true;
    (void)pthread_mutex_lock(&survey->lock);
    bool idle = survey->state == IDLE;
    if (idle) {
        survey->job = *job;
        survey->state = ASKED;
        (void)pthread_cond_signal(&survey->asked);
    }
    (void)pthread_mutex_unlock(&survey->lock);
    return idle;
}

bool
vdr_survey_collect(vdr_survey *survey, vdr_survey_job *ret_job)
{
    (void)pthread_mutex_lock(&survey->lock);
    bool done = survey->state == DONE;
    if (done) {
        *ret_job = survey->job;
        survey->state = IDLE;
    }
    (void)pthread_mutex_unlock(&survey->lock);
    return done;
}

vdr_tally *
vdr_survey_tally(vdr_survey *survey)
{
    return survey->tally;
}

void
vdr_survey_progress(vdr_survey *survey, vdr_position *ret_at, vdr_position *ret_end)
{
    *ret_at = atomic_load(&survey->at);
    *ret_end = atomic_load(&survey->end);
}
