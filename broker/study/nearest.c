/* How near a household is to what a rule asks, in words. All of it is the core's own explanation. */
#include "broker/study/play_inside.h"

#include "broker/core/explain.h"
#include "broker/core/trial.h"

#include <stdio.h>

#define EXPLAIN_BYTES ((size_t)8 * 1024 * 1024)
#define LINE_MAX      74u

/* Words with commas between, in lines that fit. */
typedef struct list {
    vdr_bytes *page;
    const char *head;
    size_t column;
} list;

static void
put_item(list *l, const char *text)
{
    size_t len = strlen(text);
    if (l->column == 0) {
        vdr_page_put(l->page, "    %-10s %s", l->head, text);
        l->column = 15 + len;
    } else if (l->column + len + 2 > LINE_MAX) {
        vdr_page_put(l->page, ",\n    %-10s %s", "", text);
        l->column = 15 + len;
    } else {
        vdr_page_put(l->page, ", %s", text);
        l->column += len + 2;
    }
}

static void
end_list(list *l)
{
    if (l->column != 0)
        vdr_page_put(l->page, "\n");
}

static void
put_clauses(const vdr_explained_rule *rule, vdr_bytes *page)
{
    const vdr_explained_group *group = NULL;
    if (rule->group_count != 0)
        group =
            &rule->groups[rule->nearest != 0 && rule->nearest <= rule->group_count ? rule->nearest - 1 : 0];
    vdr_page_put(page, "  nearest miss of %.*s: ", VDR_TEXT(rule->id));
    if (group == NULL) {
        vdr_page_put(page, "it counts nothing\n");
        return;
    }
    if (group->name.at != NULL)
        vdr_page_put(page, "%.*s: ", VDR_TEXT(group->name));
    else if (group->person != 0)
        vdr_page_put(page, "person %u: ", group->person);
    for (size_t i = 0; i < group->clause_count; i++) {
        const vdr_explained_clause *clause = &group->clauses[i];
        if (clause->clause == VDR_CLAUSE_SPREAD)
            vdr_page_put(page, "%sspread %llu of %llu days", i == 0 ? "" : ", ",
                         (unsigned long long)(clause->value / 86400000u),
                         (unsigned long long)(clause->least / 86400000u));
        else
            vdr_page_put(page, "%s%s %llu of %llu", i == 0 ? "" : ", ", vdr_clause_name(clause->clause),
                         (unsigned long long)clause->value, (unsigned long long)clause->least);
    }
    vdr_page_put(page, "\n");
}

static void
put_signals(const vdr_explanation *e, const vdr_explained_rule *rule, vdr_bytes *page)
{
    list counted = {.page = page, .head = "counted"}, left = {.page = page, .head = "left out"};
    char text[420], time[VDR_PAGE_TIME_BYTES];
    for (size_t i = 0; i < rule->use_count && i < e->signal_list_count; i++) {
        const vdr_explained_signal *signal = &e->signals[i];
        if (rule->uses[i].use != VDR_USE_COUNTED && rule->uses[i].use != VDR_USE_GROUP)
            continue;
        snprintf(text, sizeof text, "%.*s (%.*s, %.*s)", VDR_TEXT(signal->name.id), VDR_TEXT(signal->domain),
                 VDR_TEXT(signal->agency));
        put_item(&counted, text);
    }
    end_list(&counted);
    for (size_t i = 0; i < rule->use_count && i < e->signal_list_count; i++) {
        const vdr_explained_signal *signal = &e->signals[i];
        const vdr_explained_use *use = &rule->uses[i];
        bool times = use->until != VDR_MS_NONE;
        if (use->use == VDR_USE_COUNTED || use->use == VDR_USE_GROUP)
            continue;
        snprintf(text, sizeof text, "%.*s (%.*s: %s%s%s)", VDR_TEXT(signal->name.id),
                 VDR_TEXT(signal->domain), vdr_use_name(use->use),
                 !times                        ? ""
                 : use->use == VDR_USE_NOT_YET ? ", counts from "
                                               : ", counted until ",
                 times ? vdr_page_time(use->until, time) : "");
        put_item(&left, text);
    }
    end_list(&left);
}

static void
put_barred(const vdr_explained_rule *rule, vdr_bytes *page)
{
    char time[VDR_PAGE_TIME_BYTES];
    vdr_page_put(page, "  %.*s holds", VDR_TEXT(rule->id));
    switch (rule->barred) {
    case VDR_BARRED_OPEN_CASE:
        vdr_page_put(page, ", but the household has an open case\n");
        break;
    case VDR_BARRED_COOLDOWN:
        vdr_page_put(page, ", but the household rests after its last case until %s\n",
                     vdr_page_time(rule->barred_until, time));
        break;
    case VDR_BARRED_NOTHING_NEW:
        vdr_page_put(page, ", but nothing that it counts came after the last case\n");
        break;
    case VDR_BARRED_PAUSED:
        vdr_page_put(page, ", but it is paused until %s\n", vdr_page_time(rule->barred_until, time));
        break;
    case VDR_BARRED_NOT:
        vdr_page_put(page, "%s\n",
                     rule->latched                  ? ", and it was told before"
                     : rule->level < VDR_LEVEL_CASE ? ", but speaks only with a signal that no case takes"
                                                    : "");
        break;
    }
}

/* Asks the core about a household on trial. NULL: there is none, or no such rule. */
static const vdr_explanation *
ask(vdr_player *player, vdr_household_id household, vdr_span rule, vdr_arena *arena, vdr_explanation *ret)
{
    const vdr_explain_ask about = {.household = household, .rule = rule};
    return vdr_explain(player->core, &about, arena, ret) == VDR_OK ? ret : NULL;
}

void
vdr_nearest_put(vdr_player *player, vdr_household_id household, vdr_span rule, vdr_bytes *page)
{
    vdr_arena arena;
    vdr_explanation explanation;
    vdr_arena_init(&arena, EXPLAIN_BYTES);
    vdr_trial *trial = vdr_trial_begin(player->core);
    const vdr_explanation *e = ask(player, household, rule, &arena, &explanation);
    for (size_t i = 0; e != NULL && i < e->rule_count; i++) {
        const vdr_explained_rule *told = &e->rules[i];
        char time[VDR_PAGE_TIME_BYTES];
        if (rule.at != NULL && !vdr_span_equal(told->id, rule))
            continue;
        if (told->holds) {
            put_barred(told, page);
        } else {
            put_clauses(told, page);
            if (told->held_until != VDR_MS_NONE)
                vdr_page_put(page, "    %-10s until %s\n", "held", vdr_page_time(told->held_until, time));
        }
        put_signals(e, told, page);
    }
    vdr_trial_end(player->core, &trial);
    vdr_arena_done(&arena);
}

void
vdr_nearest_state(vdr_player *player, vdr_household_id household, vdr_span rule, bool *ret_holds,
                  bool *ret_latched)
{
    vdr_arena arena;
    vdr_explanation explanation;
    vdr_arena_init(&arena, EXPLAIN_BYTES);
    vdr_trial *trial = vdr_trial_begin(player->core);
    const vdr_explanation *e = ask(player, household, rule, &arena, &explanation);
    *ret_holds = e != NULL && e->rule_count != 0 && e->rules[0].holds;
    *ret_latched = e != NULL && e->rule_count != 0 && e->rules[0].latched;
    vdr_trial_end(player->core, &trial);
    vdr_arena_done(&arena);
}

void
vdr_nearest_cover(vdr_player *player, vdr_household_id household)
{
    vdr_arena arena;
    vdr_explanation explanation;
    vdr_arena_init(&arena, EXPLAIN_BYTES);
    vdr_trial *trial = vdr_trial_begin(player->core);
    const vdr_explanation *e = ask(player, household, (vdr_span){0}, &arena, &explanation);
    if (e != NULL)
        vdr_coverage_look(player->coverage, e);
    vdr_trial_end(player->core, &trial);
    vdr_arena_done(&arena);
}
