/* clients/gateway/write.h - JSON as it is written: members in the order of the calls, commas by themselves.
 *
 *     vdr_writer w = {.out = &bytes};
 *     vdr_write_open(&w, NULL, '{');
 *     vdr_write_text(&w, "id", id);
 *     vdr_write_close(&w, '}');
 *
 * A name is NULL inside an array and at the top. Text is UTF-8 already. Thread: any. */
#ifndef VDR_GATEWAY_WRITE_H
#define VDR_GATEWAY_WRITE_H

#include "proto/bytes.h"
#include "proto/types.h"

typedef struct vdr_writer {
    vdr_bytes *out;
    bool comma; /* a value stands before, in this object or array */
} vdr_writer;

void vdr_write_open(vdr_writer *writer, const char *name, char bracket); /* '{' or '[' */
void vdr_write_close(vdr_writer *writer, char bracket);                  /* '}' or ']' */

void vdr_write_text(vdr_writer *writer, const char *name, vdr_span text); /* absent: "" */
void vdr_write_string(vdr_writer *writer, const char *name, const char *text);
void vdr_write_number(vdr_writer *writer, const char *name, uint64_t number);
void vdr_write_flag(vdr_writer *writer, const char *name, bool flag);
void vdr_write_null(vdr_writer *writer, const char *name);
void vdr_write_instant(vdr_writer *writer, const char *name,
                       vdr_ms at); /* null if no year of 1970 to 9999 has it */
void vdr_write_id(vdr_writer *writer, const char *name, char letter, uint64_t number); /* "C7" */
void vdr_write_raw(vdr_writer *writer, const char *name, vdr_span json);               /* as it stands */

/* The same, and nothing where it is absent: no bytes, 0, or no instant. */
void vdr_write_text_if(vdr_writer *writer, const char *name, vdr_span text);
void vdr_write_number_if(vdr_writer *writer, const char *name, uint64_t number);
void vdr_write_instant_if(vdr_writer *writer, const char *name, vdr_ms at);
void vdr_write_id_if(vdr_writer *writer, const char *name, char letter, uint64_t number);

/* A name of the protocol in lowerCamelCase ("oldest_case_ms": "oldestCaseMs"); cut at 128 bytes. */
void vdr_write_named(vdr_writer *writer, vdr_span name, vdr_span text);
void vdr_write_counted(vdr_writer *writer, vdr_span name, uint64_t number);

#endif
