/* broker/history/survey.h - reading the log for reports, beside the reactor: a thread of its own, at low priority, with a
 * reader of its own that rests every few milliseconds.
 *
 * It keeps a tally (broker/study/tally.h) of the log as far as it has read, so that the first report reads
 * everything and later ones what came since. One job at a time. While a job runs the tally is the thread's; from
 * vdr_survey_collect to the next begin it is the caller's.
 *
 * Memory:  the tally's: some 200 bytes for each signal whose follow-up is not answered, little else. Nothing
 *          before the first report.
 * Thread:  the reactor's, for everything here.
 * Errors:  of a job: STORE_CORRUPT, STORE_FAILED, IO; CLOSING. After one the tally is begun anew. */
#ifndef VDR_BROKER_SURVEY_H
#define VDR_BROKER_SURVEY_H

#include "broker/study/tally.h"
#include "store/log.h"

typedef struct vdr_survey vdr_survey;

/* The oldest message of a mailbox that nobody acknowledged. */
typedef struct vdr_survey_mail {
    uint32_t mailbox;
    uint64_t after, newest; /* acknowledged up to; newest there is */
    vdr_ms at;              /* set by a job TALLY: its log time; VDR_MS_NONE: there is none */
} vdr_survey_mail;

typedef enum vdr_survey_kind {
    VDR_SURVEY_TALLY = 1, /* reads up to end, and dates the mails */
    VDR_SURVEY_CHECK = 2  /* verifies log, chain and tales, and that the mails have no gap */
} vdr_survey_kind;

typedef struct vdr_survey_job {
    vdr_survey_kind kind;
    vdr_position end; /* TALLY: the last record to be read, which is durable */
    vdr_ms now; /* TALLY: what is remembered is counted as of this instant; VDR_MS_NONE: the last record */
    vdr_survey_mail *mails; /* taken over; free with the job */
    size_t mail_count;
    /* set when it is done */
    vdr_err result;
    vdr_position bad;     /* CHECK: where it is not well */
    uint32_t bad_mailbox; /* CHECK: whose messages have a gap; 0: none has */
    uint64_t records, took_ms;
} vdr_survey_job;

/* wake_fd: made readable when a job is done. Its thread starts with the first job. The log outlives it. */
vdr_survey *vdr_survey_new(vdr_log *log, int wake_fd);
void vdr_survey_free(vdr_survey **survey_p); /* ends a job that runs; NULL-safe */

/* false: one is running, or was not collected. */
bool vdr_survey_begin(vdr_survey *survey, const vdr_survey_job *job);
bool vdr_survey_collect(vdr_survey *survey, vdr_survey_job *ret_job); /* false: none is done */
vdr_tally *vdr_survey_tally(vdr_survey *survey);                      /* not while a job runs */
/* How far the job that runs has come; 0 of 0: none runs. */
void vdr_survey_progress(vdr_survey *survey, vdr_position *ret_at, vdr_position *ret_end);

#endif
