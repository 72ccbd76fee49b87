#include "broker/study/compare.h"

#include <stdlib.h>

#define WEEK_MS   (7 * INT64_C(86400000))
#define WEEKS_MAX 1200u /* some 23 years: weeks before are not listed */

/* ---- cases in the order of (household, opened) */

static int
by_household(const void *a, const void *b)
{
    const vdr_book_case *x = *(const vdr_book_case *const *)a, *y = *(const vdr_book_case *const *)b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->opened_at != y->opened_at)
        return x->opened_at < y->opened_at ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static const vdr_book_case **
sorted(const vdr_book *book, vdr_ms from, size_t *ret_count)
{
    const vdr_book_case **at = (const vdr_book_case **)vdr_alloc(book->case_count + 1, sizeof *at);
    size_t count = 0;
    for (size_t i = 0; i < book->case_count; i++)
        if (book->cases[i].opened != 0 && (from == VDR_MS_NONE || book->cases[i].opened_at >= from))
            at[count++] = &book->cases[i];
    qsort(at, count, sizeof *at, by_household);
    *ret_count = count;
    return at;
}

/* ---- one pair */

static vdr_span
rule_text(const vdr_book *book, const vdr_book_case *of, uint32_t number)
{
    return vdr_book_word_text(&book->words, book->rules[of->rules_first + number]);
}

static bool
same_rules(const vdr_book *b, const vdr_book_case *before, const vdr_book *a, const vdr_book_case *after)
{
    if (before->rule_count != after->rule_count)
        return false;
    for (uint32_t i = 0; i < before->rule_count; i++) /* the order is that of the file: it may differ */
    {
        bool found = false;
        for (uint32_t j = 0; j < after->rule_count; j++)
            found |= vdr_span_equal(rule_text(b, before, i), rule_text(a, after, j));
        if (!found)
            return false;
    }
    return true;
}

static void
add_pair(vdr_compare *c, const vdr_book *b, const vdr_book_case *before, const vdr_book *a,
         const vdr_book_case *after)
{
    vdr_compare_pair pair = {.before = before, .after = after, .difference = VDR_CASE_CHANGED};
    if (before == NULL) {
        pair.difference = VDR_CASE_NEW;
    } else if (after == NULL) {
        pair.difference = VDR_CASE_GONE;
    } else {
        if (before->opened != after->opened || before->opened_at != after->opened_at)
            pair.changed |= after->opened_at < before->opened_at ||
                                    (after->opened_at == before->opened_at && after->opened < before->opened)
                                ? VDR_CHANGED_EARLIER
                                : VDR_CHANGED_LATER;
        pair.changed |= same_rules(b, before, a, after) ? 0 : VDR_CHANGED_RULES;
        pair.changed |= before->priority == after->priority ? 0 : VDR_CHANGED_PRIORITY;
        pair.other_regisseur = !vdr_span_equal(vdr_book_word_text(&b->words, before->regisseur),
                                               vdr_book_word_text(&a->words, after->regisseur));
        if (pair.changed == 0)
            pair.difference = VDR_CASE_SAME;
    }
    if (c->pair_count == c->pair_size) {
        c->pair_size = c->pair_size != 0 ? c->pair_size * 2 : 256;
        c->pairs = vdr_realloc(c->pairs, c->pair_size, sizeof *c->pairs);
    }
    c->pairs[c->pair_count++] = pair;
}

static bool
were_open_together(const vdr_book_case *x, const vdr_book_case *y)
{
    return (x->ended_at == VDR_MS_NONE || x->ended_at > y->opened_at) &&
           (y->ended_at == VDR_MS_NONE || y->ended_at > x->opened_at);
}

static void
pair_all(vdr_compare *c, const vdr_book *b, const vdr_book *a, vdr_ms from)
{
    size_t before_count, after_count, i = 0, j = 0;
    const vdr_book_case **before = sorted(b, from, &before_count), **after = sorted(a, from, &after_count);
    c->before = before_count;
    c->after = after_count;
    while (i < before_count || j < after_count) {
        const vdr_book_case *x = i < before_count ? before[i] : NULL;
        const vdr_book_case *y = j < after_count ? after[j] : NULL;
        bool one_home = x != NULL && y != NULL && x->key == y->key && x->key != 0;
        if (one_home && (x->opened == y->opened || were_open_together(x, y))) {
            add_pair(c, b, x, a, y);
            i++;
            j++;
        } else if (y == NULL || (x != NULL && by_household(&x, &y) < 0)) {
            add_pair(c, b, x, a, NULL);
            i++;
        } else {
            add_pair(c, b, NULL, a, y);
            j++;
        }
    }
    free(before);
    free(after);
}

/* ---- lines */

static vdr_compare_line *
line_of(vdr_compare_lines *lines, uint32_t word)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].word == word)
            return &lines->at[i];
    if (lines->count == lines->size) {
        lines->size = lines->size != 0 ? lines->size * 2 : 32;
        lines->at = vdr_realloc(lines->at, lines->size, sizeof *lines->at);
    }
    lines->at[lines->count] = (vdr_compare_line){.word = word};
    return &lines->at[lines->count++];
}

static vdr_compare_line *
line_named(vdr_compare *c, vdr_compare_lines *lines, vdr_span name)
{
    return line_of(lines, vdr_book_word(&c->words, name));
}

static void
count_for(vdr_compare_line *line, const vdr_compare_pair *pair, bool of_before, bool of_after)
{
    line->before += of_before;
    line->after += of_after;
    line->fresh += pair->difference == VDR_CASE_NEW;
    line->gone += pair->difference == VDR_CASE_GONE;
    line->changed += pair->difference == VDR_CASE_CHANGED;
}

static bool
has_rule(const vdr_book *book, const vdr_book_case *of, vdr_span rule)
{
    for (uint32_t i = 0; of != NULL && i < of->rule_count; i++)
        if (vdr_span_equal(rule_text(book, of, i), rule))
            return true;
    return false;
}

static void
count_pair(vdr_compare *c, const vdr_book *b, const vdr_book *a, const vdr_compare_pair *pair)
{
    const vdr_book_case *x = pair->before, *y = pair->after;
    VDR_ASSERT(x != NULL || y != NULL);
    c->same += pair->difference == VDR_CASE_SAME;
    c->fresh += pair->difference == VDR_CASE_NEW;
    c->gone += pair->difference == VDR_CASE_GONE;
    c->changed += pair->difference == VDR_CASE_CHANGED;
    c->other_regisseur += pair->other_regisseur;
    c->earlier += (pair->changed & VDR_CHANGED_EARLIER) != 0;
    c->later += (pair->changed & VDR_CHANGED_LATER) != 0;
    c->rules_changed += (pair->changed & VDR_CHANGED_RULES) != 0;
    c->priority_changed += (pair->changed & VDR_CHANGED_PRIORITY) != 0;
    for (uint32_t i = 0; x != NULL && i < x->rule_count; i++) {
        vdr_span rule = rule_text(b, x, i);
        count_for(line_named(c, &c->rules, rule), pair, true, has_rule(a, y, rule));
    }
    for (uint32_t i = 0; y != NULL && i < y->rule_count; i++) {
        vdr_span rule = rule_text(a, y, i);
        if (!has_rule(b, x, rule))
            count_for(line_named(c, &c->rules, rule), pair, false, true);
    }
    vdr_span district =
        x != NULL ? vdr_book_word_text(&b->words, x->district) : vdr_book_word_text(&a->words, y->district);
    count_for(line_named(c, &c->districts, district), pair, x != NULL, y != NULL);
}

static void
count_told(vdr_compare *c, const vdr_book *book, bool is_before)
{
    for (size_t i = 0; i < book->told_count; i++) {
        vdr_compare_line *line =
            line_named(c, &c->rules, vdr_book_word_text(&book->words, book->told[i].rule));
        *(is_before ? &line->told_before : &line->told_after) += book->told[i].count;
    }
}

static void
count_regisseurs(vdr_compare *c, const vdr_book *book, bool is_before)
{
    for (size_t i = 0; i < book->regisseur_count; i++) {
        const vdr_book_regisseur *of = &book->regisseurs[i];
        if (of->taken == 0 && of->peak == 0)
            continue;
        vdr_compare_line *line = line_named(c, &c->regisseurs, vdr_book_word_text(&book->words, of->word));
        *(is_before ? &line->before : &line->after) = of->taken;
        *(is_before ? &line->peak_before : &line->peak_after) = of->peak;
    }
}

static size_t
week_of(const vdr_compare *c, vdr_ms at)
{
    return at < c->weeks.at[0].at ? 0 : (size_t)((at - c->weeks.at[0].at) / WEEK_MS);
}

static void
count_weeks(vdr_compare *c, const vdr_book *book, vdr_ms from, bool is_before)
{
    for (size_t i = 0; i < book->case_count; i++) {
        const vdr_book_case *of = &book->cases[i];
        size_t opens = week_of(c, of->opened_at);
        size_t ends = of->ended_at != VDR_MS_NONE ? week_of(c, of->ended_at) : c->weeks.count;
        if (of->opened != 0 && of->opened_at >= from && opens < c->weeks.count)
            *(is_before ? &c->weeks.at[opens].before : &c->weeks.at[opens].after) += 1;
        if (of->ended_at != VDR_MS_NONE && of->ended_at < from)
            continue;
        for (size_t week = opens; week < ends && week < c->weeks.count; week++)
            *(is_before ? &c->weeks.at[week].peak_before : &c->weeks.at[week].peak_after) += 1;
    }
}

static void
make_weeks(vdr_compare *c, vdr_ms from, vdr_ms until)
{
    uint64_t count = until >= from ? (uint64_t)((until - from) / WEEK_MS) + 1 : 0;
    uint64_t left_out = count > WEEKS_MAX ? count - WEEKS_MAX : 0;
    for (uint64_t i = left_out; i < count; i++)
        line_of(&c->weeks, (uint32_t)(i - left_out) + 1)->at = from + (vdr_ms)i * WEEK_MS;
}

/* Few of them: rules, districts, regisseurs. */
static void
sort_lines(const vdr_compare *c, vdr_compare_lines *lines)
{
    for (size_t i = 1; i < lines->count; i++) {
        vdr_compare_line line = lines->at[i];
        vdr_span name = vdr_book_word_text(&c->words, line.word);
        size_t j = i;
        for (; j > 0 && vdr_span_compare(vdr_book_word_text(&c->words, lines->at[j - 1].word), name) > 0; j--)
            lines->at[j] = lines->at[j - 1];
        lines->at[j] = line;
    }
}

void
vdr_compare_make(const vdr_book *before, const vdr_book *after, vdr_ms from, vdr_ms until,
                 vdr_compare *ret_compare)
{
    vdr_compare *c = ret_compare;
    *c = (vdr_compare){0};
    pair_all(c, before, after, from);
    for (size_t i = 0; i < c->pair_count; i++)
        count_pair(c, before, after, &c->pairs[i]);
    count_told(c, before, true);
    count_told(c, after, false);
    count_regisseurs(c, before, true);
    count_regisseurs(c, after, false);
    if (from != VDR_MS_NONE && until != VDR_MS_NONE)
        make_weeks(c, from, until);
    if (c->weeks.count != 0) {
        count_weeks(c, before, from, true);
        count_weeks(c, after, from, false);
    }
    sort_lines(c, &c->rules);
    sort_lines(c, &c->districts);
    sort_lines(c, &c->regisseurs);
}

void
vdr_compare_done(vdr_compare *compare)
{
    vdr_book_words_done(&compare->words);
    free(compare->pairs);
    free(compare->rules.at);
    free(compare->districts.at);
    free(compare->regisseurs.at);
    free(compare->weeks.at);
}
