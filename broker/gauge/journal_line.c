#include "broker/gauge/journal.h"

#include "proto/time.h"
#include "proto/utf8.h"

#include <stdio.h>

#define TEXT_BYTES_MAX 700u /* of one text in JSON or the journal */

typedef struct row {
    unsigned number;
    const char *level;
    const char *name;
} row;

static const row rows[VDR_NOTES] = {
#define X(sym, number, level, name, says) {number, #level, name},
    VDR_NOTE_TABLE(X)
#undef X
};

typedef struct line {
    char *at;
    size_t size, len;
} line;

static void
put_char(line *out, char c)
{
    if (out->len + 1 < out->size) /* the last byte is kept for the line end */
        out->at[out->len++] = c;
}

static void
put(line *out, const char *text)
{
    for (; *text != '\0'; text++)
        put_char(out, *text);
}

static bool
is_bare(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return true;
}

static void
put_quoted(line *out, const char *text)
{
    put_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            put_char(out, '\\');
        put_char(out, c < ' ' || c == 0x7f ? ' ' : *text);
    }
    put_char(out, '"');
}

static void
put_number(line *out, uint64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    put(out, digits);
}

static void
put_field(line *out, const vdr_field *field)
{
    put_char(out, ' ');
    put(out, field->key);
    put_char(out, '=');
    if (!field->is_text) {
        put_number(out, field->number);
    } else if (field->text == NULL) {
        put_char(out, '-');
    } else if (is_bare(field->text)) {
        put(out, field->text);
    } else {
        put_quoted(out, field->text);
    }
}

static void
text_line(line *out, vdr_note note, const char *when, uint64_t left_out, const vdr_field *fields,
          size_t count)
{
    if (when != NULL) {
        put(out, "at=");
        put(out, when);
        put(out, " level=");
        put(out, rows[note].level);
        put_char(out, ' ');
    }
    put(out, "event=");
    put(out, rows[note].name);
    for (size_t i = 0; i < count; i++)
        put_field(out, &fields[i]);
    if (left_out != 0)
        put_field(out, &(vdr_field){.key = "left_out", .number = left_out});
}

/* ---- JSON and the journal: a field is there whole or not at all */

/* The beginning of a text that is not too long, where it is UTF-8. */
static vdr_span
whole_text(const char *text)
{
    vdr_span whole = vdr_utf8_cut(vdr_span_str(text), TEXT_BYTES_MAX);
    return vdr_span_is_utf8(whole) ? whole : vdr_span_str("(not UTF-8)");
}

static void
put_json_text(line *out, const char *text)
{
    vdr_span whole = whole_text(text);
    put_char(out, '"');
    for (size_t i = 0; i < whole.len; i++) {
        uint8_t c = whole.at[i];
        if (c == '"' || c == '\\')
            put_char(out, '\\');
        put_char(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    put_char(out, '"');
}

static void
put_json_field(line *out, const vdr_field *field)
{
    size_t before = out->len;
    put(out, ",\"");
    put(out, field->key);
    put(out, "\":");
    if (!field->is_text)
        put_number(out, field->number);
    else if (field->text == NULL)
        put(out, "null");
    else
        put_json_text(out, field->text);
    if (out->len + 2 >= out->size) /* with the brace and the line end */
        out->len = before;
}

static void
json_line(line *out, vdr_note note, const char *when, uint64_t left_out, const vdr_field *fields,
          size_t count)
{
    put(out, "{\"at\":\"");
    put(out, when);
    put(out, "\",\"level\":\"");
    put(out, rows[note].level);
    put(out, "\",\"event\":\"");
    put(out, rows[note].name);
    put(out, "\",\"event_id\":");
    put_number(out, rows[note].number);
    for (size_t i = 0; i < count; i++)
        put_json_field(out, &fields[i]);
    if (left_out != 0)
        put_json_field(out, &(vdr_field){.key = "left_out", .number = left_out});
    put_char(out, '}');
}

/* Keys are ours: small letters and _. */
static void
put_journal_field(line *out, const vdr_field *field)
{
    size_t before = out->len;
    put(out, "\nVOORDEUR_");
    for (const char *c = field->key; *c != '\0'; c++)
        put_char(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    put_char(out, '=');
    if (!field->is_text) {
        put_number(out, field->number);
    } else if (field->text != NULL) {
        vdr_span whole = whole_text(field->text);
        for (size_t i = 0; i < whole.len; i++) /* a line end would begin another field */
            put_char(out, whole.at[i] < ' ' || whole.at[i] == 0x7f ? ' ' : (char)whole.at[i]);
    }
    if (out->len + 1 >= out->size)
        out->len = before;
}

static void
journal_record(line *out, vdr_note note, uint64_t left_out, const vdr_field *fields, size_t count)
{
    char id[sizeof VDR_NOTE_UUID + 4];
    const char *level = rows[note].level;
    (void)snprintf(id, sizeof id, VDR_NOTE_UUID "%04x", rows[note].number);
    put(out, "SYSLOG_IDENTIFIER=voordeurd\nPRIORITY="); /* as syslog counts them */
    put(out, strcmp(level, "error") == 0 ? "3" : strcmp(level, "warning") == 0 ? "4" : "6");
    put(out, "\nMESSAGE_ID=");
    put(out, id);
    put(out, "\nMESSAGE=");
    line message = {.at = out->at + out->len, .size = (out->size - out->len) / 2};
    text_line(&message, note, NULL, left_out, fields, count);
    out->len += message.len;
    put_journal_field(out, &(vdr_field){.key = "event", .is_text = true, .text = rows[note].name});
    put_journal_field(out, &(vdr_field){.key = "event_id", .number = rows[note].number});
    for (size_t i = 0; i < count; i++)
        put_journal_field(out, &fields[i]);
    if (left_out != 0)
        put_journal_field(out, &(vdr_field){.key = "left_out", .number = left_out});
}

size_t
vdr_journal_line(vdr_journal_form form, vdr_note note, vdr_ms at, uint64_t left_out, const vdr_field *fields,
                 size_t count, char *at_line, size_t size)
{
    line out = {.at = at_line, .size = size};
    char when[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_time_format(vdr_time_fit(at), when);
    switch (form) {
    case VDR_JOURNAL_TEXT:
        text_line(&out, note, when, left_out, fields, count);
        break;
    case VDR_JOURNAL_JSON:
        json_line(&out, note, when, left_out, fields, count);
        break;
    case VDR_JOURNAL_JOURNALD:
        journal_record(&out, note, left_out, fields, count);
        break;
    }
    if (out.size != 0)
        out.at[out.len++] = '\n';
    return out.len;
}
