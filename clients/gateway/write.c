#include "clients/gateway/write.h"

#include "proto/decision.h"
#include "proto/time.h"

#include <stdio.h>

#define NAME_MAX_BYTES 128

static void
put(vdr_writer *writer, const char *text)
{
    vdr_bytes_add(writer->out, vdr_span_str(text));
}

static void
put_string(vdr_writer *writer, vdr_span text)
{
    size_t bytes = vdr_json_string(text, NULL, 0);
    (void)vdr_json_string(text, (char *)vdr_bytes_extend(writer->out, bytes), bytes);
}

static void
begin(vdr_writer *writer, const char *name)
{
    if (writer->comma)
        put(writer, ",");
    writer->comma = true;
    if (name != NULL) {
        put_string(writer, vdr_span_str(name));
        put(writer, ":");
    }
}

void
vdr_write_open(vdr_writer *writer, const char *name, char bracket)
{
    begin(writer, name);
    vdr_bytes_add(writer->out, vdr_span_of(&bracket, 1));
    writer->comma = false;
}

void
vdr_write_close(vdr_writer *writer, char bracket)
{
    vdr_bytes_add(writer->out, vdr_span_of(&bracket, 1));
    writer->comma = true;
}

void
vdr_write_text(vdr_writer *writer, const char *name, vdr_span text)
{
    begin(writer, name);
    put_string(writer, text);
}

void
vdr_write_string(vdr_writer *writer, const char *name, const char *text)
{
    vdr_write_text(writer, name, vdr_span_str(text));
}

void
vdr_write_number(vdr_writer *writer, const char *name, uint64_t number)
{
    char text[24];
    begin(writer, name);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put(writer, text);
}

void
vdr_write_flag(vdr_writer *writer, const char *name, bool flag)
{
    begin(writer, name);
    put(writer, flag ? "true" : "false");
}

void
vdr_write_null(vdr_writer *writer, const char *name)
{
    begin(writer, name);
    put(writer, "null");
}

void
vdr_write_instant(vdr_writer *writer, const char *name, vdr_ms at)
{
    char text[VDR_TIME_TEXT_BYTES];
    if (at < 0 || at > VDR_TIME_MAX) { /* what comes over the wire is not checked there */
        vdr_write_null(writer, name);
        return;
    }
    vdr_time_format(at, text);
    vdr_write_text(writer, name, vdr_span_of(text, sizeof text));
}

void
vdr_write_id(vdr_writer *writer, const char *name, char letter, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%c%llu", letter, (unsigned long long)number);
    vdr_write_string(writer, name, text);
}

void
vdr_write_raw(vdr_writer *writer, const char *name, vdr_span json)
{
    begin(writer, name);
    vdr_bytes_add(writer->out, json);
}

void
vdr_write_text_if(vdr_writer *writer, const char *name, vdr_span text)
{
    if (text.len != 0)
        vdr_write_text(writer, name, text);
}

void
vdr_write_number_if(vdr_writer *writer, const char *name, uint64_t number)
{
    if (number != 0)
        vdr_write_number(writer, name, number);
}

void
vdr_write_instant_if(vdr_writer *writer, const char *name, vdr_ms at)
{
    if (at > 0 && at <= VDR_TIME_MAX)
        vdr_write_instant(writer, name, at);
}

void
vdr_write_id_if(vdr_writer *writer, const char *name, char letter, uint64_t number)
{
    if (number != 0)
        vdr_write_id(writer, name, letter, number);
}

static void
camel(vdr_span name, char *ret_name)
{
    size_t len = 0;
    bool upper = false;
    for (size_t i = 0; i < name.len && len + 1 < NAME_MAX_BYTES; i++) {
        char c = (char)name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter) {
            upper = len != 0;
            continue;
        }
        ret_name[len++] = upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        upper = false;
    }
    ret_name[len] = '\0';
}

void
vdr_write_named(vdr_writer *writer, vdr_span name, vdr_span text)
{
    char spelled[NAME_MAX_BYTES];
    camel(name, spelled);
    vdr_write_text(writer, spelled, text);
}

void
vdr_write_counted(vdr_writer *writer, vdr_span name, uint64_t number)
{
    char spelled[NAME_MAX_BYTES];
    camel(name, spelled);
    vdr_write_number(writer, spelled, number);
}
