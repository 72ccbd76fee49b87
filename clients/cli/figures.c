#include "clients/cli/figures.h"

#include <stdarg.h>
#include <stdio.h>

#define RING       32u
#define TEXT_BYTES 160u

__attribute__((format(printf, 1, 2))) static const char *
say(const char *format, ...)
{
    static char ring[RING][TEXT_BYTES];
    static unsigned next;
    char *text = ring[next++ % RING];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, TEXT_BYTES, format, arguments);
    va_end(arguments);
    return text;
}

static const vdr_wire_counter *
number_of(const vdr_wire_counter *numbers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (vdr_span_equal(numbers[i].name, vdr_span_str(name)))
            return &numbers[i];
    }
    return NULL;
}

static vdr_span
text_of(const vdr_wire_named *texts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (vdr_span_equal(texts[i].name, vdr_span_str(name)))
            return texts[i].text;
    }
    return (vdr_span){0};
}

static bool
keep_numbers(const vdr_wire_counter **numbers, size_t count, vdr_arena *arena)
{
    vdr_wire_counter *kept = vdr_arena_alloc(arena, (count + 1) * sizeof *kept);
    for (size_t i = 0; kept != NULL && i < count; i++) {
        kept[i] = (*numbers)[i];
        kept[i].name = vdr_arena_copy(arena, (*numbers)[i].name);
    }
    *numbers = kept;
    return kept != NULL && !arena->overflow;
}

static bool
keep_texts(const vdr_wire_named **texts, size_t count, vdr_arena *arena)
{
    vdr_wire_named *kept = vdr_arena_alloc(arena, (count + 1) * sizeof *kept);
    for (size_t i = 0; kept != NULL && i < count; i++)
        kept[i] = (vdr_wire_named){.name = vdr_arena_copy(arena, (*texts)[i].name),
                                   .text = vdr_arena_copy(arena, (*texts)[i].text)};
    *texts = kept;
    return kept != NULL && !arena->overflow;
}

const vdr_wire_admin_result *
vdr_result_keep(const vdr_wire_admin_result *result, vdr_arena *arena)
{
    vdr_wire_admin_result *kept = vdr_arena_alloc(arena, sizeof *kept);
    vdr_wire_row *rows = vdr_arena_alloc(arena, (result->row_count + 1) * sizeof *rows);
    if (kept == NULL || rows == NULL)
        return NULL;
    *kept = (vdr_wire_admin_result){.counters = result->counters,
                                    .counter_count = result->counter_count,
                                    .texts = result->texts,
                                    .text_count = result->text_count,
                                    .rows = rows,
                                    .row_count = result->row_count};
    bool good = keep_numbers(&kept->counters, kept->counter_count, arena) &&
                keep_texts(&kept->texts, kept->text_count, arena);
    for (size_t i = 0; good && i < result->row_count; i++) {
        rows[i] = result->rows[i];
        rows[i].kind = vdr_arena_copy(arena, rows[i].kind);
        good = keep_numbers(&rows[i].numbers, rows[i].number_count, arena) &&
               keep_texts(&rows[i].texts, rows[i].text_count, arena);
    }
    return good ? kept : NULL;
}

uint64_t
vdr_figure(const vdr_wire_admin_result *result, const char *name)
{
    const vdr_wire_counter *number = number_of(result->counters, result->counter_count, name);
    return number != NULL ? number->value : 0;
}

vdr_span
vdr_figure_text(const vdr_wire_admin_result *result, const char *name)
{
    return text_of(result->texts, result->text_count, name);
}

uint64_t
vdr_row_figure(const vdr_wire_row *row, const char *name)
{
    const vdr_wire_counter *number = number_of(row->numbers, row->number_count, name);
    return number != NULL ? number->value : 0;
}

bool
vdr_row_has(const vdr_wire_row *row, const char *name)
{
    return number_of(row->numbers, row->number_count, name) != NULL;
}

vdr_span
vdr_row_word(const vdr_wire_row *row, const char *name)
{
    return text_of(row->texts, row->text_count, name);
}

bool
vdr_row_is(const vdr_wire_row *row, const char *kind)
{
    return vdr_span_equal(row->kind, vdr_span_str(kind));
}

/* ---- figures as people read them ---- */

const char *
vdr_figure_short(vdr_span text, size_t width)
{
    size_t len = 0, shown = 0; /* a character is never cut in two */
    for (size_t i = 0; i <= text.len; i++) {
        bool begins = i == text.len || (text.at[i] & 0xc0) != 0x80;
        if (begins && shown == width - 1 && len == 0)
            len = i;
        shown += begins && i < text.len;
    }
    if (shown <= width)
        return say("%.*s", (int)text.len, text.len != 0 ? (const char *)text.at : "");
    return say("%.*s~", (int)len, (const char *)text.at);
}

/* Three digits that say something. */
static const char *
scaled(uint64_t value, uint64_t unit, const char *name)
{
    uint64_t hundredths = value / unit * 100 + value % unit * 100 / unit;
    if (hundredths < 1000)
        return say("%llu.%02llu%s", (unsigned long long)(hundredths / 100),
                   (unsigned long long)(hundredths % 100), name);
    if (hundredths < 10000)
        return say("%llu.%llu%s", (unsigned long long)(hundredths / 100),
                   (unsigned long long)(hundredths / 10 % 10), name);
    return say("%llu%s", (unsigned long long)(hundredths / 100), name);
}

const char *
vdr_figure_count(uint64_t count)
{
    if (count < 10000)
        return say("%llu", (unsigned long long)count);
    if (count < 1000000)
        return scaled(count, 1000, "k");
    return count < 1000000000 ? scaled(count, 1000000, "M") : scaled(count, 1000000000, "G");
}

const char *
vdr_figure_bytes(uint64_t bytes)
{
    if (bytes < 1000)
        return say("%llu B", (unsigned long long)bytes);
    if (bytes < 1000000)
        return scaled(bytes, 1000, " kB");
    return bytes < 1000000000 ? scaled(bytes, 1000000, " MB") : scaled(bytes, 1000000000, " GB");
}

const char *
vdr_figure_span(int64_t ms)
{
    static const struct {
        int64_t below, unit;
        const char *name;
    } rows[] = {{1000, 1, "ms"},
                {120000, 1000, "s"},
                {INT64_C(7200000), 60000, "min"},
                {INT64_C(172800000), 3600000, "h"},
                {INT64_MAX, 86400000, "d"}};
    size_t i = 0;
    if (ms < 0)
        ms = 0;
    while (ms >= rows[i].below && rows[i].below != INT64_MAX)
        i++;
    return say("%lld %s", (long long)(ms / rows[i].unit), rows[i].name);
}

const char *
vdr_figure_us(uint64_t us)
{
    if (us < 1000)
        return say("%llu us", (unsigned long long)us);
    return us < 1000000 ? scaled(us, 1000, " ms") : scaled(us, 1000000, " s");
}

const char *
vdr_figure_age(const vdr_wire_row *row, const char *name, uint64_t now_ms)
{
    if (!vdr_row_has(row, name))
        return "-";
    return vdr_figure_span((int64_t)(now_ms - vdr_row_figure(row, name)));
}

const char *
vdr_figure_share(const vdr_wire_row *row, const char *name)
{
    if (!vdr_row_has(row, name))
        return "-";
    uint64_t permille = vdr_row_figure(row, name);
    return say("%llu.%llu%%", (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
}
