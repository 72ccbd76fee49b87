/* clients/gateway/body.h - JSON that came in: bounded before it is parsed, then read member by member, so that
 * all that is wrong is told at once (problem.h).
 *
 *     vdr_form form;
 *     vdr_form_begin(&form, object, "", &faults);
 *     const char *reason = vdr_form_text(&form, "reason", true, 1, 65536);
 *     vdr_form_end(&form);                               // members that nobody asked for are faults, too
 *
 * Bounds: UTF-8, no member twice, depth, no U+0000, integers of 64 bits.
 * Thread: any. Memory: what is read belongs to the object. */
#ifndef VDR_GATEWAY_BODY_H
#define VDR_GATEWAY_BODY_H

#include "clients/gateway/problem.h"

#include <jansson.h>

#define VDR_BODY_DEPTH_MAX 16u
#define VDR_TEXT_MAX       65536u /* free text, in bytes */

/* Is the request's Content-Type this media type, in UTF-8? Parameters but charset mean nothing. */
bool vdr_body_is(const vdr_http_request *request, const char *media);

/* Parses text. NULL: one fault tells why. at: the pointer that faults begin with. */
json_t *vdr_body_parse(vdr_span text, unsigned depth_max, const char *at, vdr_faults *faults);

/* The request's body as a JSON object; where it may be missing, {} if it is. NULL: it was answered (415), or a fault
 * tells why. Otherwise the caller's, to be json_decref()ed. */
json_t *vdr_body_object(vdr_http_request *request, bool required, vdr_faults *faults, bool *ret_answered);

/* The elements of an array as they stand in text, which vdr_body_parse() took: ret_spans[0 .. *ret_count). False:
 * there are more than most. */
bool vdr_body_elements(vdr_span text, vdr_span *ret_spans, size_t most, size_t *ret_count);

/* "2026-03-02T10:00:00+01:00": RFC 3339 with any offset but -00:00, years 1970 to 9999, cut to milliseconds. */
bool vdr_instant_read(const char *text, vdr_ms *ret_at);

/* "C7": letter and a number without leading zeros, above 0. */
bool vdr_id_read(vdr_span text, char letter, uint64_t *ret_number);
/* A number in decimal digits, at most INT64_MAX. */
bool vdr_number_read(vdr_span text, uint64_t *ret_number);

#define VDR_FORM_MEMBERS  24u
#define VDR_POINTER_BYTES 512u

typedef struct vdr_form {
    json_t *object;
    const char *at; /* pointer of the object */
    vdr_faults *faults;
    const char *known[VDR_FORM_MEMBERS];
    size_t known_count;
} vdr_form;

void vdr_form_begin(vdr_form *form, json_t *object, const char *at, vdr_faults *faults);
void vdr_form_end(vdr_form *form);

/* A fault of one of its members. */
void vdr_form_fault(const vdr_form *form, const char *name, const char *code, const char *detail);
/* The member, of any type; NULL where it is missing. */
const json_t *vdr_form_any(vdr_form *form, const char *name, bool required);
/* NULL: missing or wrong. least in characters, most in bytes, as the protocol counts. */
const char *vdr_form_text(vdr_form *form, const char *name, bool required, size_t least, size_t most);
/* exactly that many ASCII digits */
const char *vdr_form_digits(vdr_form *form, const char *name, bool required, size_t digits);
/* One of words; count where it is missing or wrong. */
size_t vdr_form_word(vdr_form *form, const char *name, bool required, const char *const *words, size_t count);
/* These leave ret untouched where it is missing or wrong. */
void vdr_form_number(vdr_form *form, const char *name, bool required, uint64_t least, uint64_t most,
                     uint64_t *ret_number);
void vdr_form_instant(vdr_form *form, const char *name, bool required, vdr_ms *ret_at);
void vdr_form_id(vdr_form *form, const char *name, bool required, char letter, uint64_t *ret_number);
/* NULL: missing or wrong. */
const json_t *vdr_form_array(vdr_form *form, const char *name, bool required, size_t least, size_t most);

#endif
