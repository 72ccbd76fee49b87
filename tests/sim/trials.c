#include "tests/sim/trials.h"

#include "broker/engine/engine.h"
#include "tests/sim/broker.h"
#include "tests/sim/trace.h"
#include "tests/sim/world.h"

#include <stdlib.h>

static bool drained;                /* it said so, and nobody asked for the contrary since */
static vdr_position drained_at;     /* no event behind this one */
static unsigned undrains_under_way; /* of which nobody heard: they may come yet */
static unsigned drains_under_way;
/* Nothing was asked for since the last drain, nor was under way before it: of what two operators ask for nobody says in
 * which order it comes, nor in which the answers do. */
static bool in_order;
static bool ever, restart;

/* ---- Drained */

static void
on_drain(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    const vdr_engine *engine = sim_broker_engine();
    (void)context;
    (void)result;
    restart = true;
    drains_under_way -= err == VDR_OK;
    if (err != VDR_OK || engine == NULL || undrains_under_way != 0 || drains_under_way != 0 || !in_order)
        return;
    sim_deeds[SIM_DRAINED]++;
    drained = true;
    drained_at = vdr_core_position(vdr_engine_core(engine));
}

static void
on_undrain(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    (void)context;
    (void)result;
    undrains_under_way -= err == VDR_OK;
}

void
sim_trials_started(void)
{
    drained = false;
}

void
sim_trials_record(vdr_position position)
{
    if (drained && position > drained_at)
        sim_violation("7.5", "record %llu is somebody's event, and the broker is drained",
                      (unsigned long long)position);
}

bool
sim_trials_drained(bool healed)
{
    bool now = healed && (restart || ever);
    restart = ever = ever && !healed;
    return now;
}

static void
drain(sim_actor *operator, vdr_verb verb)
{
    const vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE};
    bool of = verb == VDR_VERB_DRAIN;
    if (vdr_client_admin_async(operator->handle, &admin, 20000, of ? on_drain : on_undrain, operator) !=
        VDR_OK)
        return;
    ever = true;
    in_order = of && undrains_under_way == 0;
    drains_under_way += of;
    if (of)
        return;
    drained = false;
    undrains_under_way++;
}

/* ---- Back-tests */

static uint64_t
number_of(const vdr_wire_row *row, const char *name)
{
    for (size_t i = 0; i < row->number_count; i++) {
        if (vdr_span_equal(row->numbers[i].name, vdr_span_str(name)))
            return row->numbers[i].value;
    }
    return 0;
}

/* The files are those of always, so nothing may differ. */
static void
on_backtest(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    static const char *const none[] = {"new",           "gone",           "changed",  "other_regisseur",
                                       "other_way",     "refused",        "differs",  "dropped_no_case",
                                       "dropped_state", "others_dropped", "by_other", "config_misfits"};
    (void)context;
    if (err != VDR_OK || result == NULL || result->row_count == 0)
        return;
    sim_deeds[SIM_BACKTESTED]++;
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        for (size_t n = 0; n < sizeof none / sizeof none[0]; n++) {
            if (number_of(row, none[n]) != 0)
                sim_violation("I10", "a back-test with the town of always tells %s %llu in a row %.*s",
                              none[n], (unsigned long long)number_of(row, none[n]), (int)row->kind.len,
                              (const char *)row->kind.at);
        }
        if (number_of(row, "current") != number_of(row, "candidate") ||
            number_of(row, "current_regular") != number_of(row, "candidate_regular") ||
            number_of(row, "current_told") != number_of(row, "candidate_told") ||
            number_of(row, "current_open") != number_of(row, "candidate_open"))
            sim_violation("I10", "a back-test with the town of always counts otherwise in a row %.*s",
                          (int)row->kind.len, (const char *)row->kind.at);
    }
}

static void
begin(sim_actor *operator, const sim_town * town, vdr_verb verb)
{
    /* No text of rules that was offered: were it ever in force, the log would say so. */
    static const char rules[] =
        "rules:\n  - {id: shadow, text: t, level: case, priority: urgent, purposes: [youth],\n"
        "     at_least: {signals: 1}}\n";
    char *text = sim_town_text(town, "town.yaml");
    vdr_wire_file file = {.name = vdr_span_str("town.yaml"), .text = vdr_span_str(text)};
    if (verb == VDR_VERB_SHADOW_START)
        file = (vdr_wire_file){.name = vdr_span_str("rules.yaml"), .text = vdr_span_str(rules)};
    const vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE, .files = &file, .file_count = 1};
    sim_deeds[SIM_SHADOW] += verb == VDR_VERB_SHADOW_START;
    sim_operator_says(operator, & admin);
    free(text);
}

void
sim_trials_act(sim_actor *operator, const sim_town * town)
{
    static const vdr_verb verbs[] = {VDR_VERB_BACKTEST,      VDR_VERB_BACKTEST,      VDR_VERB_BACKTEST_LOOK,
                                     VDR_VERB_BACKTEST_LOOK, VDR_VERB_BACKTEST_STOP, VDR_VERB_SHADOW_START,
                                     VDR_VERB_SHADOW_LOOK,   VDR_VERB_SHADOW_STOP,   VDR_VERB_DRAIN,
                                     VDR_VERB_UNDRAIN,       VDR_VERB_UNDRAIN,       VDR_VERB_STOP};
    vdr_verb verb = verbs[sim_below(&operator->dice, sizeof verbs / sizeof verbs[0])];
    const vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE, .number = verb == VDR_VERB_SHADOW_LOOK};
    if (verb == VDR_VERB_DRAIN || verb == VDR_VERB_UNDRAIN)
        drain(operator, verb);
    else if (verb == VDR_VERB_BACKTEST || verb == VDR_VERB_SHADOW_START)
        begin(operator, town, verb);
    else if (verb == VDR_VERB_BACKTEST_LOOK)
        (void)(vdr_client_admin_async(operator->handle, &admin, 20000, on_backtest, operator) == VDR_OK);
    else
        sim_operator_says(operator, & admin);
}
