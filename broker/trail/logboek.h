/* broker/trail/logboek.h - the processing log, in the form of the standard Logboek Dataverwerkingen: one row for each
 * person and each thing that was done with what is kept of that person (protocol.md 5.13).
 *
 * Made by stepping the log again (broker/history/history.h), once, so that a household's members are those that it had
 * then. It counts nothing and keeps nothing: the same log and the same secret give the same rows. What the log does not
 * lead to any more (it was cut, or erased in) has no rows here.
 *
 * Rows of a record: of the record itself (a signal received, an act, a view), then of each thing that came of it, in
 * order. What concerns nobody has one row without a subject. Clock ticks, acknowledgements, configurations and keys are
 * done with nobody, and have none of their own.
 *
 * After a change of the pseudonym key a person has another pseudonym, and rows before and after do not open to the same.
 *
 * Thread:  one at a time.
 * Errors:  as the history's; BAD_CONFIG.
 * Memory:  a row's spans live until the next call. */
#ifndef VDR_BROKER_LOGBOEK_H
#define VDR_BROKER_LOGBOEK_H

#include "broker/history/history.h"
#include "broker/history/rows.h"
#include "broker/trail/logboek_id.h"

#define VDR_LOGBOEK_NAME_BYTES   96u
#define VDR_LOGBOEK_SUBJECT_TYPE "urn:voordeur:subject:pseudonym"

typedef struct vdr_logboek vdr_logboek;

/* Numbers of the standard. */
typedef enum vdr_logboek_status { VDR_LOGBOEK_OK = 1, VDR_LOGBOEK_ERROR = 2 } vdr_logboek_status;

typedef struct vdr_logboek_row {
    vdr_position position;
    char trace_id[VDR_LOGBOEK_TRACE_DIGITS + 1];
    char operation_id[VDR_LOGBOEK_OPERATION_DIGITS + 1];
    char parent_id[VDR_LOGBOEK_OPERATION_DIGITS + 1]; /* empty: none is known */
    vdr_logboek_status status;                        /* ERROR: it was refused */
    char name[VDR_LOGBOEK_NAME_BYTES];                /* "signal received", "viewed: case", … */
    vdr_ms start, end; /* log time: when it was due or done, and of the record that did it */
    vdr_span activity, municipality;
    bool has_subject;
    vdr_key16 person;                                /* its pseudonym: not to be shown */
    char subject_id[VDR_LOGBOEK_SUBJECT_DIGITS + 1]; /* the same, encrypted; empty without */
} vdr_logboek_row;

/* history: not stepped yet; it is stepped by nobody else from here on, and outlives the logboek. The keys are copied.
 * ret_words: VDR_HISTORY_WORDS bytes, filled on failure, here and below. */
VDR_MUST_CHECK vdr_err vdr_logboek_open(vdr_history *history, const vdr_logboek_keys *keys,
                                        vdr_logboek **ret_logboek, char *ret_words);
void vdr_logboek_close(vdr_logboek **logboek_p); /* NULL-safe */

/* END: all is told. */
VDR_MUST_CHECK vdr_err vdr_logboek_next(vdr_logboek *logboek, vdr_logboek_row *ret_row, char *ret_words);

/* A row as texts and numbers: all but the person. */
void vdr_logboek_row_put(vdr_rows *rows, const vdr_logboek_row *row);

#endif
