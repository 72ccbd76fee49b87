#include "broker/door/reader.h"

#include "proto/utf8.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_BYTES    512
#define SOURCE_BYTES_MAX 160
#define FAULT_BUDGET     (VDR_CONFIG_FAULTS_MAX * 16 * (size_t)1024)

void
vdr_config_faults_init(vdr_config_faults *faults)
{
    *faults = (vdr_config_faults){0};
    vdr_arena_init(&faults->arena, FAULT_BUDGET);
}

void
vdr_config_faults_done(vdr_config_faults *faults)
{
    vdr_arena_done(&faults->arena);
    faults->count = 0;
    faults->more = 0;
}

/* A copy that is fit for a terminal and for JSON: what a file holds, or what it is called, must not move the cursor,
 * and is cut between characters. */
static vdr_span
shown(vdr_arena *arena, vdr_span text, size_t max)
{
    text = vdr_utf8_cut(text, max);
    char *at = vdr_arena_alloc(arena, text.len + 1);
    if (at == NULL)
        return vdr_span_str("");
    for (size_t i = 0; i < text.len; i++) {
        size_t control = text.at[i] != '\t' ? vdr_utf8_control(text, i) : 0;
        at[i] = control != 0 ? '?' : (char)text.at[i];
        if (control == 2)
            at[++i] = '?';
    }
    at[text.len] = '\0';
    vdr_utf8_mend(at);
    return vdr_span_of(at, strlen(at));
}

static vdr_span
line_of(vdr_span text, uint32_t line)
{
    size_t from = 0;
    for (uint32_t i = 1; i < line && from < text.len; from++)
        if (text.at[from] == '\n')
            i++;
    size_t to = from;
    while (to < text.len && text.at[to] != '\n' && text.at[to] != '\r')
        to++;
    return vdr_span_of(text.at != NULL ? text.at + from : NULL, to - from);
}

/* Does fault a stand before fault b, in file order? */
static bool
before(const vdr_config_fault *a, const vdr_config_fault *b)
{
    if (a->file != b->file)
        return a->file < b->file;
    if (a->line != b->line)
        return a->line < b->line;
    return a->column < b->column;
}

void
vdr_config_fault_at(const vdr_config_texts *texts, vdr_config_file file, uint32_t line, uint32_t column,
                    const char *message, vdr_arena *arena, vdr_config_fault *ret_fault)
{
    *ret_fault = (vdr_config_fault){
        .file = file,
        .name = shown(arena, texts->name[file], SOURCE_BYTES_MAX * 4),
        .line = line,
        .column = column,
        .message = shown(arena, vdr_span_str(message), strlen(message)),
        .source = shown(arena, line_of(texts->text[file], line), SOURCE_BYTES_MAX),
    };
}

void
vdr_reader_fault(vdr_reader *reader, vdr_place place, const char *format, ...)
{
    vdr_config_faults *faults = reader->faults;
    vdr_config_fault fault = {.file = reader->file, .line = place.line, .column = place.column};
    size_t i = faults->count;

    while (i > 0 && before(&fault, &faults->at[i - 1]))
        i--;
    if (faults->count == VDR_CONFIG_FAULTS_MAX) {
        faults->more++;
        if (i == faults->count)
            return;
        faults->count--; /* the last in file order gives way */
    }
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(message, sizeof message, format, arguments);
    va_end(arguments);
    vdr_config_fault_at(reader->texts, reader->file, place.line, place.column, message, &faults->arena,
                        &fault);
    memmove(&faults->at[i + 1], &faults->at[i], (faults->count - i) * sizeof faults->at[0]);
    faults->at[i] = fault;
    faults->count++;
}

/* How many characters from the fault's place on belong together: a word, or what stands in quotes (the place of
 * a quoted text is behind its quote). */
static size_t
marked(vdr_span source, size_t at)
{
    size_t from = at, count = 0;
    uint8_t before = at > 0 && at <= source.len ? source.at[at - 1] : 0;
    uint8_t quote = before == '"' || before == '\'' ? before : 0;

    for (; at < source.len; at++) {
        uint8_t c = source.at[at];
        if (quote != 0 ? c == quote : memchr(" \t,:]}#", c, 8) != NULL && at > from)
            break;
        count += (c & 0xc0) != 0x80;
    }
    return count;
}

size_t
vdr_config_fault_text(const vdr_config_fault *fault, char *at, size_t size)
{
    char mark[2 * SOURCE_BYTES_MAX + 8];
    size_t used = 0, column = 1, i = 0;

    /* Tabs stay tabs, so that the caret stands below what it means. */
    for (; i < fault->source.len && (column < fault->column || (fault->source.at[i] & 0xc0) == 0x80); i++) {
        uint8_t c = fault->source.at[i];
        if ((c & 0xc0) == 0x80)
            continue;
        mark[used++] = c == '\t' ? '\t' : ' ';
        column++;
    }
    mark[used++] = '^';
    for (size_t more = marked(fault->source, i); more > 1; more--)
        mark[used++] = '~';
    int written = snprintf(at, size, "%.*s:%u:%u: %.*s\n%5u | %.*s\n      | %.*s\n", (int)fault->name.len,
                           (const char *)fault->name.at, fault->line, fault->column, (int)fault->message.len,
                           (const char *)fault->message.at, fault->line, (int)fault->source.len,
                           (const char *)fault->source.at, (int)used, mark);
    return written < 0 ? 0 : (size_t)written;
}
