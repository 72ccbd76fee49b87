#include "broker/study/book.h"

#include "broker/core/view.h"

#include <stdlib.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024) /* of one line */

/* Room for one more of an array; the new one is not zeroed. */
#define GROW(array, count, size)                                                                             \
    do {                                                                                                     \
        if ((count) == (size)) {                                                                             \
            (size) = (size) != 0 ? (size)*2 : 64;                                                            \
            (array) = vdr_realloc((array), (size), sizeof *(array));                                         \
        }                                                                                                    \
    } while (0)

/* ---- words */

uint32_t
vdr_book_word(vdr_book_words *words, vdr_span text)
{
    if (text.at == NULL)
        return 0;
    for (size_t i = 0; i < words->count; i++)
        if (vdr_span_equal(words->at[i], text))
            return (uint32_t)i + 1;
    GROW(words->at, words->count, words->size);
    uint8_t *copy = (uint8_t *)vdr_alloc(text.len + 1, 1);
    if (text.len != 0)
        memcpy(copy, text.at, text.len);
    words->at[words->count++] = vdr_span_of(copy, text.len);
    return (uint32_t)words->count;
}

vdr_span
vdr_book_word_text(const vdr_book_words *words, uint32_t number)
{
    return number != 0 ? words->at[number - 1] : (vdr_span){0};
}

void
vdr_book_words_done(vdr_book_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free((void *)(uintptr_t)words->at[i].at);
    free(words->at);
    *words = (vdr_book_words){0};
}

void
vdr_book_init(vdr_book *book, vdr_ms from)
{
    *book = (vdr_book){.from = from};
    vdr_arena_init(&book->arena, ARENA_BYTES);
}

void
vdr_book_done(vdr_book *book)
{
    vdr_book_words_done(&book->words);
    free(book->cases);
    free(book->places);
    free(book->rules);
    free(book->signals);
    free(book->regisseurs);
    free(book->told);
    vdr_arena_done(&book->arena);
}

/* ---- cases */

vdr_book_case *
vdr_book_find(vdr_book *book, uint64_t number)
{
    uint32_t place = number < book->place_size ? book->places[number] : 0;
    return place != 0 ? &book->cases[place - 1] : NULL;
}

static vdr_book_case *
add_case(vdr_book *book, uint64_t number)
{
    if (number >= book->place_size) {
        uint64_t size = number * 2 + 1024;
        book->places = vdr_realloc(book->places, size, sizeof *book->places);
        memset(book->places + book->place_size, 0, (size - book->place_size) * sizeof *book->places);
        book->place_size = size;
    }
    GROW(book->cases, book->case_count, book->case_size);
    VDR_ASSERT(book->cases != NULL);
    book->places[number] = (uint32_t)book->case_count + 1;
    vdr_book_case *of = &book->cases[book->case_count++];
    *of = (vdr_book_case){.number = number,
                          .ended_at = VDR_MS_NONE,
                          .rules_first = (uint32_t)book->rule_count,
                          .signals_first = book->signal_count};
    return of;
}

static void
add_rule(vdr_book *book, vdr_book_case *of, vdr_span rule)
{
    GROW(book->rules, book->rule_count, book->rule_size);
    book->rules[book->rule_count++] = vdr_book_word(&book->words, rule);
    of->rule_count++;
}

static vdr_book_regisseur *
regisseur_of(vdr_book *book, uint32_t word)
{
    for (size_t i = 0; i < book->regisseur_count; i++)
        if (book->regisseurs[i].word == word)
            return &book->regisseurs[i];
    GROW(book->regisseurs, book->regisseur_count, book->regisseur_size);
    book->regisseurs[book->regisseur_count] = (vdr_book_regisseur){.word = word};
    return &book->regisseurs[book->regisseur_count++];
}

static bool
is_held(vdr_case_state state)
{
    return state == VDR_CASE_OFFERED || state == VDR_CASE_ACTIVE;
}

/* The case stands with this regisseur, in this state, from at on. */
static void
stand(vdr_book *book, vdr_book_case *of, vdr_case_state state, uint32_t word, vdr_ms at)
{
    bool counts = book->from == VDR_MS_NONE || at >= book->from;
    if (is_held(of->state))
        regisseur_of(book, of->regisseur)->load--;
    if (is_held(state)) {
        vdr_book_regisseur *regisseur = regisseur_of(book, word);
        regisseur->load++;
        if (counts && regisseur->load > regisseur->peak)
            regisseur->peak = regisseur->load;
        if (counts && (of->regisseur != word || !is_held(of->state)))
            regisseur->taken++;
    }
    if (word != 0)
        of->regisseur = word;
    if (!vdr_book_is_open(state))
        of->ended_at = at;
    of->state = state;
}

/* A case whose opening the book did not see. */
static vdr_book_case *
known_case(vdr_book *book, const vdr_core *core, uint64_t number, vdr_at at, const vdr_case_view *view)
{
    vdr_at cursor = {0};
    vdr_span rule;
    vdr_book_case *of = add_case(book, number);
    of->household = of->key = view->household.number;
    of->opened_at = view->opened_at;
    of->priority = view->priority;
    while (vdr_view_case_rule(core, at, &cursor, &rule))
        add_rule(book, of, rule);
    return of;
}

static void
begin_with(vdr_book *book, const vdr_core *core, vdr_span regisseur)
{
    vdr_case_view view = {0};
    while (vdr_view_open_case(core, regisseur, view.id, &view)) {
        vdr_at at;
        vdr_case_view same;
        if (vdr_view_case(core, view.id, &at, &same))
            stand(book, known_case(book, core, view.id.number, at, &view), view.state,
                  vdr_book_word(&book->words, regisseur), view.opened_at);
    }
}

void
vdr_book_begin(vdr_book *book, const vdr_core *core)
{
    vdr_span id;
    uint64_t load, capacity, hard;
    bool absent;
    if (vdr_core_config(core) == NULL)
        return;
    begin_with(book, core, (vdr_span){0});
    for (size_t i = 0; vdr_view_regisseur(core, i, &id, &load, &capacity, &hard, &absent); i++)
        begin_with(book, core, id);
    for (size_t i = 0; i < book->regisseur_count; i++)
        book->regisseurs[i].peak = book->regisseurs[i].load;
}

/* ---- what a step told */

static void
open_case(vdr_book *book, const vdr_core *core, vdr_position record, const vdr_effect *effect,
          const vdr_decision *line)
{
    vdr_at at;
    vdr_household_view household;
    vdr_effect_list signals = effect->signals;
    vdr_signal_ref signal;
    vdr_book_case *of = add_case(book, effect->case_id.number);
    of->household = of->key = effect->household.number;
    of->opened = record;
    of->opened_at = effect->at;
    of->priority = effect->priority;
    of->state = VDR_CASE_UNASSIGNED;
    for (size_t i = 0; i < line->rule_count; i++)
        add_rule(book, of, line->rules[i]);
    while (vdr_effect_list_signal(&signals, &signal)) {
        GROW(book->signals, book->signal_count, book->signal_size);
        book->signals[book->signal_count++] =
            book->record_of != NULL ? book->record_of(signal.position) : signal.position;
        of->signal_count++;
    }
    if (vdr_view_household(core, effect->household, &at, &household))
        of->district = vdr_book_word(&book->words, household.district);
}

static vdr_err
take_case(vdr_book *book, const vdr_core *core, vdr_position record, const vdr_effect *effect)
{
    vdr_decision line;
    vdr_at at;
    vdr_case_view view;
    bool opened = effect->change == VDR_CHANGE_PROPOSED;
    vdr_arena_reset(&book->arena);
    vdr_err err = vdr_core_decision(core, effect, &book->arena, &line);
    if (err != VDR_OK)
        return err;
    vdr_book_case *of = vdr_book_find(book, effect->case_id.number);
    if (opened)
        open_case(book, core, record, effect, &line);
    else if (of == NULL && vdr_view_case(core, effect->case_id, &at, &view))
        (void)known_case(book, core, effect->case_id.number, at, &view);
    of = vdr_book_find(book, effect->case_id.number);
    if (of == NULL)
        return VDR_OK; /* it left the state in the same step */
    of->household = effect->household.number;
    if (!opened)
        stand(book, of, effect->state, vdr_book_word(&book->words, line.regisseur), effect->at);
    if (book->on_case != NULL)
        book->on_case(book->context, of, effect->change, opened);
    return VDR_OK;
}

static vdr_err
take_told(vdr_book *book, const vdr_core *core, const vdr_effect *effect)
{
    vdr_decision line;
    vdr_arena_reset(&book->arena);
    vdr_err err = vdr_core_decision(core, effect, &book->arena, &line);
    if (err != VDR_OK)
        return err;
    uint32_t rule = vdr_book_word(&book->words, line.rule);
    for (size_t i = 0; i < book->told_count; i++)
        if (book->told[i].rule == rule) {
            book->told[i].count++;
            return VDR_OK;
        }
    GROW(book->told, book->told_count, book->told_size);
    book->told[book->told_count++] = (vdr_book_told){.rule = rule, .count = 1};
    return VDR_OK;
}

vdr_err
vdr_book_take(vdr_book *book, const vdr_core *core, vdr_position record, vdr_span tale,
              vdr_book_line *ret_line)
{
    vdr_effect effect;
    uint32_t offset = 0;
    vdr_err err;
    *ret_line = (vdr_book_line){0};
    while ((err = vdr_effect_next(tale, &offset, &effect)) == VDR_OK) {
        bool counts = book->from == VDR_MS_NONE || (effect.at != VDR_MS_NONE && effect.at >= book->from);
        if (effect.kind == VDR_EFFECT_SIGNAL) {
            *ret_line = (vdr_book_line){effect.verdict, effect.outcome, effect.household.number};
            if (counts && effect.verdict == VDR_E_ACCEPTED)
                book->outcomes[effect.outcome]++;
        } else if (effect.kind == VDR_EFFECT_CASE) {
            err = take_case(book, core, record, &effect);
        } else if (counts && (effect.kind == VDR_EFFECT_WATCH ||
                              (effect.kind == VDR_EFFECT_MESSAGE && effect.message == VDR_MESSAGE_MATCH))) {
            err = take_told(book, core, &effect);
        }
        if (err != VDR_OK)
            return err;
    }
    return err == VDR_E_END ? VDR_OK : err;
}
