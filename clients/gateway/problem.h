/* clients/gateway/problem.h - what an error of the broker is over HTTP, and all that is wrong with a request.
 *
 * One table beside proto/err.h's gives the status. Thread: any, but for what answers (the loop's). */
#ifndef VDR_GATEWAY_PROBLEM_H
#define VDR_GATEWAY_PROBLEM_H

#include "clients/gateway/http.h"
#include "proto/err.h"

/* Total: what is not in the table is 422 for a verdict (100-199), and 500 otherwise. */
unsigned vdr_problem_status(vdr_err err);

/* Appends the document. detail may be absent: the words of proto/err.h. */
void vdr_problem_write(vdr_bytes *out, vdr_err err, vdr_span detail);

/* Answers with it. retry_after_ms 0: a second where the status has Retry-After. */
void vdr_problem_answer(vdr_http_request *request, vdr_err err, vdr_span detail, uint32_t retry_after_ms);

/* ---- All that is wrong with a request (400) ---- */

typedef struct vdr_faults {
    vdr_bytes json; /* the members of the array `errors` */
    size_t count;   /* told or not: beyond VDR_FAULTS_MAX they are only counted */
} vdr_faults;
#define VDR_FAULTS_MAX 64u

/* pointer: a JSON Pointer into the body, "#header" or "?key". code: for programs. */
void vdr_faults_add(vdr_faults *faults, const char *pointer, const char *code, const char *detail);
void vdr_faults_done(vdr_faults *faults);

/* Appends the document / answers with it. malformed: the code is that of an event (101), else invalid_request. */
void vdr_faults_write(vdr_bytes *out, const vdr_faults *faults, bool malformed);
void vdr_faults_answer(vdr_http_request *request, vdr_faults *faults, bool malformed); /* frees faults */

#endif
