#include "broker/journal.h"

#include "proto/time.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 1024u

static int64_t
read_ms(clockid_t which)
{
    struct timespec now = {0};
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

typedef struct row {
    const char *level;
    const char *name;
} row;

static const row rows[VDR_NOTES] = {
#define X(sym, level, name) {#level, name},
    VDR_NOTE_TABLE(X)
#undef X
};

/* How often an event was written in the running second, and how many lines of it were left out. */
typedef struct tally {
    int64_t second;
    uint32_t written;
    uint64_t left_out;
} tally;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static tally tallies[VDR_NOTES];

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
put_field(line *out, const vdr_field *field)
{
    put_char(out, ' ');
    put(out, field->key);
    put_char(out, '=');
    if (!field->is_text) {
        char number[24];
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)field->number);
        put(out, number);
    } else if (field->text == NULL) {
        put_char(out, '-');
    } else if (is_bare(field->text)) {
        put(out, field->text);
    } else {
        put_quoted(out, field->text);
    }
}

size_t
vdr_journal_line(vdr_note note, vdr_ms at, uint64_t left_out, const vdr_field *fields, size_t count,
                 char *at_line, size_t size)
{
    line out = {.at = at_line, .size = size};
    char when[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_time_format(at < 0 ? 0 : at > VDR_TIME_MAX ? VDR_TIME_MAX : at, when);
    put(&out, "at=");
    put(&out, when);
    put(&out, " level=");
    put(&out, rows[note].level);
    put(&out, " event=");
    put(&out, rows[note].name);
    for (size_t i = 0; i < count; i++)
        put_field(&out, &fields[i]);
    if (left_out != 0)
        put_field(&out, &(vdr_field){.key = "left_out", .number = left_out});
    if (out.size != 0)
        out.at[out.len++] = '\n';
    return out.len;
}

void
vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count)
{
    char text[LINE_BYTES];
    int64_t second = read_ms(CLOCK_MONOTONIC) / 1000;
    uint64_t left_out = 0;
    (void)pthread_mutex_lock(&lock);
    tally *mine = &tallies[note];
    if (mine->second != second) {
        mine->second = second;
        mine->written = 0;
    }
    bool write_it = mine->written < VDR_NOTES_A_SECOND;
    if (write_it) {
        mine->written++;
        left_out = mine->left_out;
        mine->left_out = 0;
    } else {
        mine->left_out++;
    }
    (void)pthread_mutex_unlock(&lock);
    if (!write_it)
        return;
    size_t len = vdr_journal_line(note, read_ms(CLOCK_REALTIME), left_out, fields, count, text, sizeof text);
    ssize_t written = write(STDERR_FILENO, text, len); /* one call a line: lines of threads do not mix */
    (void)written;
}
