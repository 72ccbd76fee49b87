/* Which cases of two histories belong together, and what is said of them. */
#include "broker/study/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY   INT64_C(86400000)
#define NEVER 0 /* of an end: it is open */
#define NO_ONE                                                                                               \
    {                                                                                                        \
        0                                                                                                    \
    }

/* A case of household key, opened and ended on these days, by these rules (letters). 0 as key: there is none. */
typedef struct told {
    uint64_t key;
    vdr_ms opened, ended;
    const char *rules;
    vdr_priority priority;
    const char *regisseur;
} told;

static void
put(vdr_book *book, const told *of)
{
    if (of->key == 0)
        return;
    book->cases = vdr_realloc(book->cases, book->case_count + 1, sizeof *book->cases);
    vdr_book_case *at = &book->cases[book->case_count++];
    *at = (vdr_book_case){.number = book->case_count,
                          .key = of->key,
                          .household = of->key,
                          .opened = (vdr_position)of->opened,
                          .opened_at = of->opened * DAY,
                          .ended_at = of->ended != NEVER ? of->ended * DAY : VDR_MS_NONE,
                          .state = of->ended != NEVER ? VDR_CASE_CLOSED : VDR_CASE_ACTIVE,
                          .priority = of->priority,
                          .regisseur = vdr_book_word(&book->words, vdr_span_str(of->regisseur)),
                          .rules_first = (uint32_t)book->rule_count};
    for (const char *rule = of->rules; *rule != '\0'; rule++) {
        book->rules = vdr_realloc(book->rules, book->rule_count + 1, sizeof *book->rules);
        book->rules[book->rule_count++] = vdr_book_word(&book->words, vdr_span_of(rule, 1));
        at->rule_count++;
    }
}

static const struct row {
    const char *name;
    told before[2], after[2];
    uint64_t same, fresh, gone, changed, other_regisseur;
    unsigned what; /* of the changed one */
} rows[] = {
    {"opened by the same record, by the same rules",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 10, NEVER, "a", VDR_PRIORITY_NORMAL, "r"}},
     .same = 1},
    {"of the same rules in another order of the file",
     {{1, 10, 20, "ab", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 10, 20, "ba", VDR_PRIORITY_NORMAL, "r"}},
     .same = 1},
    {"held by somebody else",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "s"}},
     .same = 1,
     .other_regisseur = 1},
    {"opened earlier, while the other was not over",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 5, 11, "a", VDR_PRIORITY_NORMAL, "r"}},
     .changed = 1,
     .what = VDR_CHANGED_EARLIER},
    {"opened later, by another rule, with another priority",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 19, NEVER, "b", VDR_PRIORITY_HIGH, "r"}},
     .changed = 1,
     .what = VDR_CHANGED_LATER | VDR_CHANGED_RULES | VDR_CHANGED_PRIORITY},
    {"by one rule more",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 10, 20, "ab", VDR_PRIORITY_NORMAL, "r"}},
     .changed = 1,
     .what = VDR_CHANGED_RULES},
    {"over before the other began",
     {{1, 10, 20, "a", VDR_PRIORITY_NORMAL, "r"}},
     {{1, 20, 30, "a", VDR_PRIORITY_NORMAL, "r"}},
     .fresh = 1,
     .gone = 1},
    {"of two households", {{1, 10, 20, "a", 1, "r"}}, {{2, 10, 20, "a", 1, "r"}}, .fresh = 1, .gone = 1},
    {"only with the new rules", {NO_ONE}, {{1, 10, 20, "a", 1, "r"}}, .fresh = 1},
    {"only with the old rules", {{1, 10, 20, "a", 1, "r"}}, {NO_ONE}, .gone = 1},
    {"one long case for two short ones",
     {{1, 10, 20, "a", 1, "r"}, {1, 30, 40, "a", 1, "r"}},
     {{1, 10, NEVER, "a", 1, "r"}},
     .same = 1,
     .gone = 1},
    {"the second of two is the same",
     {{1, 10, 20, "a", 1, "r"}, {1, 30, 40, "a", 1, "r"}},
     {{1, 30, 40, "a", 1, "r"}},
     .same = 1,
     .gone = 1},
};

static void
cases_of_one_household_are_paired(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        vdr_book before, after;
        vdr_compare c;
        vdr_book_init(&before, VDR_MS_NONE);
        vdr_book_init(&after, VDR_MS_NONE);
        put(&after, &(told){9, 1, 2, "z", VDR_PRIORITY_NORMAL, "z"}); /* words are numbered otherwise there */
        put(&before, &(told){9, 1, 2, "z", VDR_PRIORITY_NORMAL, "z"});
        for (size_t n = 0; n < 2; n++) {
            put(&before, &row->before[n]);
            put(&after, &row->after[n]);
        }
        vdr_compare_make(&before, &after, DAY, 50 * DAY, &c);
        unsigned what = 0;
        for (size_t n = 0; n < c.pair_count; n++)
            what |= c.pairs[n].changed;
        if (c.same != row->same + 1 || c.fresh != row->fresh || c.gone != row->gone ||
            c.changed != row->changed || c.other_regisseur != row->other_regisseur || what != row->what)
            print_error("row: %s\n", row->name);
        assert_int_equal(c.same, row->same + 1);
        assert_int_equal(c.fresh, row->fresh);
        assert_int_equal(c.gone, row->gone);
        assert_int_equal(c.changed, row->changed);
        assert_int_equal(c.other_regisseur, row->other_regisseur);
        assert_int_equal(what, row->what);
        vdr_compare_done(&c);
        vdr_book_done(&before);
        vdr_book_done(&after);
    }
}

static const vdr_compare_line *
line(const vdr_compare *c, const vdr_compare_lines *lines, const char *name)
{
    for (size_t i = 0; i < lines->count; i++)
        if (vdr_span_equal(vdr_book_word_text(&c->words, lines->at[i].word), vdr_span_str(name)))
            return &lines->at[i];
    return NULL;
}

static void
lines_add_up_by_rule_and_week(void **state)
{
    (void)state;
    vdr_book before, after;
    vdr_compare c;
    vdr_book_init(&before, VDR_MS_NONE);
    vdr_book_init(&after, VDR_MS_NONE);
    put(&before, &(told){1, 1, 9, "ab", VDR_PRIORITY_NORMAL, "r"});
    put(&before, &(told){2, 2, NEVER, "b", VDR_PRIORITY_NORMAL, "r"});
    put(&after, &(told){1, 1, 9, "b", VDR_PRIORITY_NORMAL, "r"});
    put(&after, &(told){3, 9, NEVER, "c", VDR_PRIORITY_NORMAL, "r"});
    vdr_compare_make(&before, &after, DAY, 20 * DAY, &c);
    const vdr_compare_line *a = line(&c, &c.rules, "a"), *b = line(&c, &c.rules, "b"),
                           *z = line(&c, &c.rules, "c");
    assert_int_equal(a->before, 1);
    assert_int_equal(a->after, 0);
    assert_int_equal(a->changed, 1);
    assert_int_equal(b->before, 2);
    assert_int_equal(b->after, 1);
    assert_int_equal(b->gone, 1);
    assert_int_equal(z->after, 1);
    assert_int_equal(z->fresh, 1);
    assert_int_equal(c.weeks.count, 3); /* from days 1, 8 and 15 */
    static const struct {
        uint64_t before, after, before_open, after_open;
    } weeks[] = {{2, 1, 2, 1}, {0, 1, 1, 1}, {0, 0, 1, 1}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(c.weeks.at[i].before, weeks[i].before);
        assert_int_equal(c.weeks.at[i].after, weeks[i].after);
        assert_int_equal(c.weeks.at[i].peak_before, weeks[i].before_open);
        assert_int_equal(c.weeks.at[i].peak_after, weeks[i].after_open);
    }
    vdr_compare_done(&c);
    vdr_book_done(&before);
    vdr_book_done(&after);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_of_one_household_are_paired),
        cmocka_unit_test(lines_add_up_by_rule_and_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
