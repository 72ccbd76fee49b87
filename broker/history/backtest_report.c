/* The report of a back-test as rows (protocol.md 7.9). Nobody is named but rules, districts, regisseurs and agencies;
 * a household is its number. */
#include "broker/history/backtest_inside.h"

#include "broker/record/record.h"

#include <stdlib.h>

#define SAMPLE_SIGNALS 12u

static void
span_row(vdr_backtest *b, vdr_rows *rows)
{
    vdr_ms at, begun;
    vdr_position from = vdr_history_from(b->recorded, &at);
    vdr_row(rows, "span");
    vdr_row_instant(rows, "from_ms", b->from);
    vdr_row_instant(rows, "until_ms", b->until);
    vdr_row_number(rows, "whole_from_position", from + 1); /* the history is whole from here on */
    vdr_row_instant(rows, "whole_from_ms", at);
    vdr_row_number(rows, "records", b->records);
    if (vdr_alternative_begun(b->alternative, &begun))
        vdr_row_instant(rows, "rules_from_ms", begun != VDR_MS_NONE ? begun : b->from);
    vdr_row_number(rows, "closed_cases", b->closed);
    vdr_row_number(rows, "median_ms", (uint64_t)b->age_ms);
    vdr_row_number(rows, "differs", vdr_backtest_differs(b));
}

static void
cases_row(const vdr_compare *c, vdr_rows *rows)
{
    vdr_row(rows, "cases");
    vdr_row_number(rows, "current", c->before);
    vdr_row_number(rows, "candidate", c->after);
    vdr_row_number(rows, "same", c->same);
    vdr_row_number(rows, "new", c->fresh);
    vdr_row_number(rows, "gone", c->gone);
    vdr_row_number(rows, "changed", c->changed);
    vdr_row_number(rows, "earlier", c->earlier);
    vdr_row_number(rows, "later", c->later);
    vdr_row_number(rows, "other_rules", c->rules_changed);
    vdr_row_number(rows, "other_priority", c->priority_changed);
    vdr_row_number(rows, "other_regisseur", c->other_regisseur);
}

static void
acts_row(const vdr_alternative_counts *counts, vdr_rows *rows)
{
    vdr_row(rows, "acts");
    vdr_row_number(rows, "applied", counts->applied);
    vdr_row_number(rows, "by_other", counts->by_other);
    vdr_row_number(rows, "already", counts->already);
    vdr_row_number(rows, "dropped", counts->dropped_no_case + counts->dropped_state);
    vdr_row_number(rows, "dropped_no_case", counts->dropped_no_case);
    vdr_row_number(rows, "dropped_state", counts->dropped_state);
    vdr_row_number(rows, "others_dropped", counts->others_dropped);
    vdr_row_number(rows, "accepted_at_once", counts->accepted_at_once);
    vdr_row_number(rows, "closed_by_age", counts->closed_by_age);
    vdr_row_number(rows, "handed_over", counts->handed_over);
    vdr_row_number(rows, "config_misfits", counts->config_misfits);
}

static uint64_t
all_of(const uint64_t *outcomes)
{
    uint64_t all = 0;
    for (unsigned i = VDR_OUTCOME_ATTACHED; i <= VDR_OUTCOME_REGULAR; i++)
        all += outcomes[i];
    return all;
}

static void
signals_row(vdr_backtest *b, vdr_rows *rows)
{
    const uint64_t *before = b->book.outcomes, *after = vdr_alternative_book(b->alternative)->outcomes;
    const vdr_alternative_counts *counts = vdr_alternative_counted(b->alternative);
    vdr_row(rows, "signals");
    vdr_row_number(rows, "current", all_of(before));
    vdr_row_number(rows, "candidate", all_of(after));
    vdr_row_number(rows, "current_regular", before[VDR_OUTCOME_REGULAR]);
    vdr_row_number(rows, "candidate_regular", after[VDR_OUTCOME_REGULAR]);
    vdr_row_permille(rows, "current_regular_permille", before[VDR_OUTCOME_REGULAR], all_of(before));
    vdr_row_permille(rows, "candidate_regular_permille", after[VDR_OUTCOME_REGULAR], all_of(after));
    vdr_row_number(rows, "other_way", counts->differ);
    vdr_row_number(rows, "refused", counts->signals_refused);
}

/* ---- by rule, district, regisseur and week */

static void
line_rows(const vdr_compare *c, const vdr_compare_lines *lines, const char *kind, vdr_rows *rows)
{
    for (size_t i = 0; i < lines->count; i++) {
        const vdr_compare_line *line = &lines->at[i];
        vdr_row(rows, kind);
        vdr_row_text(rows, kind, vdr_book_word_text(&c->words, line->word));
        vdr_row_number(rows, "current", line->before);
        vdr_row_number(rows, "candidate", line->after);
        vdr_row_number(rows, "new", line->fresh);
        vdr_row_number(rows, "gone", line->gone);
        vdr_row_number(rows, "changed", line->changed);
        vdr_row_number(rows, "current_told", line->told_before);
        vdr_row_number(rows, "candidate_told", line->told_after);
    }
}

static void
regisseur_rows(const vdr_compare *c, vdr_rows *rows)
{
    for (size_t i = 0; i < c->regisseurs.count; i++) {
        const vdr_compare_line *line = &c->regisseurs.at[i];
        vdr_row(rows, "regisseur");
        vdr_row_text(rows, "regisseur", vdr_book_word_text(&c->words, line->word));
        vdr_row_number(rows, "current", line->before);
        vdr_row_number(rows, "candidate", line->after);
        vdr_row_number(rows, "current_peak", line->peak_before);
        vdr_row_number(rows, "candidate_peak", line->peak_after);
    }
}

static void
week_rows(const vdr_compare *c, vdr_rows *rows)
{
    for (size_t i = 0; i < c->weeks.count; i++) {
        const vdr_compare_line *line = &c->weeks.at[i];
        vdr_row(rows, "week");
        vdr_row_instant(rows, "from_ms", line->at);
        vdr_row_number(rows, "current", line->before);
        vdr_row_number(rows, "candidate", line->after);
        vdr_row_number(rows, "current_open", line->peak_before);
        vdr_row_number(rows, "candidate_open", line->peak_after);
    }
}

/* ---- a sample, with reasons */

static void
signal_row(vdr_backtest *b, vdr_log_reader *reader, vdr_position position, vdr_arena *arena, vdr_rows *rows)
{
    const vdr_config *config = vdr_core_config(vdr_history_core(b->recorded));
    vdr_log_record record;
    vdr_command command;
    vdr_arena_reset(arena);
    if (vdr_log_read(reader, position, &record) != VDR_OK ||
        vdr_command_read(record.routing, arena, &command) != VDR_OK)
        return; /* cut meanwhile */
    vdr_row(rows, "signal");
    for (size_t i = 0; i < config->agency_count; i++)
        if (vdr_span_equal(config->agencies[i].source, command.source))
            vdr_row_text(rows, "agency", config->agencies[i].id);
    for (size_t i = 0; i < config->type_count; i++)
        if (vdr_span_equal(config->types[i].id, command.type)) {
            vdr_row_text(rows, "domain", config->types[i].domain);
            vdr_row_number(rows, "severity",
                           command.has_severity ? (uint64_t)command.severity : config->types[i].severity);
        }
    vdr_row_text(rows, "type", command.type);
    vdr_row_instant(rows, "occurred_ms", command.occurred_at);
    vdr_row_number(rows, "position", position);
}

static void
rules_text(const vdr_book *book, const vdr_book_case *of, const char *name, vdr_rows *rows)
{
    vdr_bytes text = {0};
    for (uint32_t i = 0; i < of->rule_count; i++) {
        if (i != 0)
            vdr_bytes_add(&text, vdr_span_str(", "));
        vdr_bytes_add(&text, vdr_book_word_text(&book->words, book->rules[of->rules_first + i]));
    }
    vdr_row_text(rows, name, vdr_bytes_span(&text));
    vdr_bytes_done(&text);
}

static void
sample_row(vdr_backtest *b, const vdr_compare_pair *pair, vdr_log_reader *reader, vdr_arena *arena,
           vdr_rows *rows)
{
    static const char *const words[] = {"same", "new", "gone", "changed"};
    const vdr_book *after = vdr_alternative_book(b->alternative);
    const vdr_book_case *x = pair->before, *y = pair->after, *shown = y != NULL ? y : x;
    const vdr_book *book = y != NULL ? after : &b->book;
    vdr_row(rows, "sample");
    vdr_row_text(rows, "difference", vdr_span_str(words[pair->difference]));
    vdr_row_number(rows, "household", shown->key);
    vdr_row_text(rows, "district", vdr_book_word_text(&book->words, shown->district));
    vdr_row_text(rows, "priority", vdr_span_str(vdr_priority_name(shown->priority)));
    if (x != NULL) {
        rules_text(&b->book, x, "current_rules", rows);
        vdr_row_instant(rows, "current_opened_ms", x->opened_at);
        vdr_row_number(rows, "current_case", x->number);
        vdr_row_text(rows, "current_priority", vdr_span_str(vdr_priority_name(x->priority)));
    }
    if (y != NULL) {
        rules_text(after, y, "candidate_rules", rows);
        vdr_row_instant(rows, "candidate_opened_ms", y->opened_at);
    }
    vdr_row_number(rows, "signals", shown->signal_count);
    for (uint32_t i = 0; i < shown->signal_count && i < SAMPLE_SIGNALS; i++)
        signal_row(b, reader, book->signals[shown->signals_first + i], arena, rows);
}

/* Spread over the households, so that it is not the oldest only. */
static void
sample_rows(vdr_backtest *b, vdr_difference difference, uint64_t count, unsigned samples,
            vdr_log_reader *reader, vdr_rows *rows)
{
    vdr_arena arena;
    uint64_t seen = 0, shown = 0, all = samples < count ? samples : count;
    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
    for (size_t i = 0; i < b->compare.pair_count && shown < all; i++) {
        const vdr_compare_pair *pair = &b->compare.pairs[i];
        if (pair->difference != difference)
            continue;
        if (seen++ == shown * count / all) {
            sample_row(b, pair, reader, &arena, rows);
            shown++;
        }
    }
    vdr_arena_done(&arena);
}

void
vdr_backtest_report(vdr_backtest *b, unsigned samples, vdr_rows *rows)
{
    const vdr_compare *c = &b->compare;
    vdr_log_reader *reader = NULL;
    VDR_ASSERT(b->compared);
    span_row(b, rows);
    cases_row(c, rows);
    signals_row(b, rows);
    acts_row(vdr_alternative_counted(b->alternative), rows);
    line_rows(c, &c->rules, "rule", rows);
    line_rows(c, &c->districts, "district", rows);
    regisseur_rows(c, rows);
    if (samples != 0 && vdr_log_reader_open(b->log, &reader) == VDR_OK) {
        sample_rows(b, VDR_CASE_NEW, c->fresh, samples, reader, rows);
        sample_rows(b, VDR_CASE_GONE, c->gone, samples, reader, rows);
        sample_rows(b, VDR_CASE_CHANGED, c->changed, samples, reader, rows);
    }
    vdr_log_reader_close(&reader);
    week_rows(c, rows);
    vdr_rows_end(rows);
}
