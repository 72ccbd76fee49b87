#include "broker/desk/report.h"

#include "broker/core/control.h"

#include <stdlib.h>

#define LONG_MS         (INT64_C(1) << 62)
#define EXPECTED_SLOW   3000u /* thousandths: with 3 expected, none comes once in 20 times by chance */
#define EXPECTED_QUIET  7000u /* with 7, once in 1,000 */
#define SILENT_LEAST_MS VDR_HOUR_MS

vdr_report_kind
vdr_report_kind_of(vdr_span name)
{
    static const struct {
        const char *name;
        vdr_report_kind kind;
    } rows[] = {{"queues", VDR_REPORT_QUEUES},
                {"cases", VDR_REPORT_CASES},
                {"follow-up", VDR_REPORT_FOLLOW_UP},
                {"rules", VDR_REPORT_RULES},
                {"agencies", VDR_REPORT_AGENCIES}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (vdr_span_equal(name, vdr_span_str(rows[i].name)))
            return rows[i].kind;
    }
    return (vdr_report_kind)0;
}

/* ---- rules ---- */

static void
put_cases(vdr_rows *rows, const vdr_tally_cases *cases)
{
    vdr_row_number(rows, "proposed", cases->proposed);
    vdr_row_number(rows, "accepted", cases->accepted);
    vdr_row_number(rows, "dismissed", cases->dismissed);
    vdr_row_number(rows, "retracted", cases->retracted);
    vdr_row_number(rows, "merged", cases->merged);
    vdr_row_permille(rows, "precision_permille", cases->accepted, cases->accepted + cases->dismissed);
}

static const vdr_config_rule *
rule_in_force(const vdr_core *core, vdr_span id)
{
    const vdr_config *config = vdr_core_config(core);
    for (size_t i = 0; config != NULL && i < config->rule_count; i++) {
        if (vdr_span_equal(config->rules[i].id, id))
            return &config->rules[i];
    }
    return NULL;
}

static void
put_rule(const vdr_report_world *world, vdr_rows *rows, vdr_span id, uint64_t evaluations,
         const vdr_tally_rule *rule)
{
    static const vdr_tally_rule none = {0};
    const vdr_config_rule *in_force = rule_in_force(world->core, id);
    if (rule == NULL)
        rule = &none;
    vdr_row(rows, "rule");
    vdr_row_text(rows, "rule", id);
    if (in_force != NULL)
        vdr_row_text(rows, "level", vdr_span_str(vdr_level_name(in_force->level)));
    vdr_row_number(rows, "current", in_force != NULL);
    vdr_row_instant(rows, "paused_until_ms", vdr_control_until(world->core, VDR_PROPOSAL_PAUSE, id));
    vdr_row_number(rows, "evaluations", evaluations);
    vdr_row_number(rows, "holds", rule->cases.proposed + rule->matches + rule->watched);
    put_cases(rows, &rule->cases);
    vdr_row_number(rows, "matches", rule->matches);
    vdr_row_number(rows, "watched", rule->watched);
}

/* Rules by their ids, in the order of the configurations that had them; then those whose configuration was cut
 * from the log. */
static void
put_rules(const vdr_report_world *world, vdr_rows *rows)
{
    const vdr_tally_rule *rules;
    const vdr_tally_look *looks;
    size_t rule_count = vdr_tally_rules(world->tally, &rules);
    size_t look_count = vdr_tally_looks(world->tally, &looks);
    bool *told = (bool *)vdr_alloc(rule_count + 1, sizeof *told);
    for (size_t i = 0; i < look_count; i++) {
        const vdr_tally_rule *rule = NULL;
        vdr_span id = vdr_span_str(looks[i].id);
        for (size_t r = 0; r < rule_count && rule == NULL; r++) {
            if (vdr_span_equal(vdr_view_name(world->core, rules[r].name), id)) {
                rule = &rules[r];
                told[r] = true;
            }
        }
        put_rule(world, rows, id, looks[i].evaluations, rule);
    }
    for (size_t r = 0; r < rule_count; r++) {
        if (!told[r])
            put_rule(world, rows, vdr_view_name(world->core, rules[r].name), 0, &rules[r]);
    }
    free(told);
}

static void
report_rules(const vdr_report_world *world, vdr_rows *rows)
{
    const vdr_tally_rule *rules;
    const vdr_tally_agency *agencies;
    const vdr_tally_pair *pairs;
    put_rules(world, rows);
    size_t agency_count = vdr_tally_agencies(world->tally, &agencies);
    for (size_t i = 0; i < agency_count; i++) {
        if (agencies[i].cases.proposed == 0)
            continue;
        vdr_row(rows, "agency");
        vdr_row_text(rows, "agency", vdr_span_str(agencies[i].id));
        put_cases(rows, &agencies[i].cases);
    }
    size_t pair_count = vdr_tally_pairs(world->tally, &pairs);
    (void)vdr_tally_rules(world->tally, &rules);
    for (size_t i = 0; i < pair_count; i++) {
        vdr_row(rows, "rule_agency");
        vdr_row_text(rows, "rule", vdr_view_name(world->core, rules[pairs[i].rule].name));
        vdr_row_text(rows, "agency", vdr_span_str(agencies[pairs[i].agency].id));
        put_cases(rows, &pairs[i].cases);
    }
}

/* ---- follow-up ---- */

static void
report_follow_up(const vdr_report_world *world, vdr_rows *rows)
{
    const vdr_tally_service *services;
    size_t count = vdr_tally_services(world->tally, &services);
    for (size_t i = 0; i < count; i++) {
        const vdr_tally_service *s = &services[i];
        uint64_t asked = s->in_time + s->late + s->withdrawn + s->left + s->waiting + s->overdue + s->taken;
        vdr_mailbox_view mailbox;
        if (!vdr_core_mailbox_view(world->core, s->mailbox, &mailbox))
            continue;
        vdr_row(rows, "service");
        vdr_row_text(rows, "service", mailbox.id);
        vdr_row_number(rows, "regular", s->regular);
        vdr_row_number(rows, "asked", asked);
        vdr_row_number(rows, "in_time", s->in_time);
        vdr_row_number(rows, "late", s->late);
        vdr_row_number(rows, "overdue", s->overdue);
        vdr_row_number(rows, "waiting", s->waiting);
        vdr_row_number(rows, "taken", s->taken);
        vdr_row_number(rows, "withdrawn", s->withdrawn);
        vdr_row_number(rows, "left", s->left);
        vdr_row_permille(rows, "in_time_permille", s->in_time, s->in_time + s->late + s->overdue);
    }
}

/* ---- agencies ---- */

vdr_quiet
vdr_report_quiet(const vdr_tally_agency *agency, vdr_ms now)
{
    uint64_t expected = vdr_tally_expected(agency, now);
    if (vdr_tally_weeks(agency) < 2)
        return VDR_QUIET_LEARNING;
    if (now - agency->last_at < SILENT_LEAST_MS || expected < EXPECTED_SLOW)
        return VDR_QUIET_NO;
    return expected < EXPECTED_QUIET ? VDR_QUIET_SLOW : VDR_QUIET_YES;
}

static const char *
quiet_word(vdr_quiet quiet)
{
    static const char *const words[] = {[VDR_QUIET_LEARNING] = "learning",
                                        [VDR_QUIET_NO] = "as usual",
                                        [VDR_QUIET_SLOW] = "slow",
                                        [VDR_QUIET_YES] = "quiet"};
    return words[quiet];
}

static void
put_refusals(const vdr_report_world *world, vdr_rows *rows, vdr_span agency)
{
    uint64_t counts[VDR_REFUSALS_CODES], refused = 0, duplicates;
    if (world->refusals == NULL)
        return;
    vdr_refusals_get(world->refusals, VDR_PARTY_AGENCY, agency, world->refusal_hour, counts);
    duplicates = counts[VDR_E_DUPLICATE - VDR_E_ACCEPTED];
    counts[VDR_E_DUPLICATE - VDR_E_ACCEPTED] = 0;
    for (unsigned code = 0; code < VDR_REFUSALS_CODES; code++)
        refused += counts[code];
    vdr_row_number(rows, "duplicates", duplicates);
    vdr_row_number(rows, "refused", refused);
    for (unsigned code = 0; code < VDR_REFUSALS_CODES; code++) {
        if (counts[code] != 0 && rows->number_count < VDR_ROW_FIELDS)
            vdr_row_number(rows, code == 0 ? "later" : vdr_err_code((vdr_err)(VDR_E_ACCEPTED + code)),
                           counts[code]);
    }
}

static void
put_convenant(const vdr_report_world *world, vdr_rows *rows, vdr_span id)
{
    const vdr_config *config = vdr_core_config(world->core);
    for (size_t i = 0; config != NULL && i < config->agency_count; i++) {
        const vdr_config_convenant *convenant = &config->agencies[i].convenant;
        if (convenant->id.at == NULL || !vdr_span_equal(config->agencies[i].id, id))
            continue;
        vdr_row_text(rows, "convenant", convenant->id);
        vdr_row_instant(rows, "convenant_from_ms", convenant->from);
        vdr_row_instant(rows, "convenant_until_ms", convenant->until);
        vdr_row_number(rows, "convenant_holds",
                       convenant->from <= world->now && world->now < convenant->until);
    }
}

static void
put_agency(const vdr_report_world *world, vdr_rows *rows, const vdr_tally_agency *agency)
{
    int64_t behind = vdr_tally_behind(agency, world->now);
    vdr_row(rows, "agency");
    vdr_row_text(rows, "agency", vdr_span_str(agency->id));
    vdr_row_text(rows, "rhythm", vdr_span_str(quiet_word(vdr_report_quiet(agency, world->now))));
    vdr_row_instant(rows, "silenced_until_ms",
                    vdr_control_until(world->core, VDR_PROPOSAL_SILENCE, vdr_span_str(agency->id)));
    put_convenant(world, rows, vdr_span_str(agency->id));
    vdr_row_number(rows, "signals", agency->signals);
    vdr_row_number(rows, "signals_day", vdr_tally_recent(agency, world->now, 24));
    vdr_row_number(rows, "signals_week", vdr_tally_recent(agency, world->now, VDR_TALLY_WEEK_HOURS));
    vdr_row_instant(rows, "last_ms", agency->last_at);
    vdr_row_number(rows, "weeks_known", vdr_tally_weeks(agency));
    vdr_row_number(rows, "expected_permille", vdr_tally_expected(agency, world->now));
    vdr_row_number(rows, "attached", agency->attached);
    vdr_row_number(rows, "proposed", agency->proposed);
    vdr_row_number(rows, "regular", agency->regular);
    vdr_row_number(rows, "late", agency->late);
    vdr_row_number(rows, "withdrawn", agency->withdrawn);
    vdr_row_number(rows, "acts", agency->acts);
    if (behind != INT64_MAX)
        vdr_row_number(rows, behind < 0 ? "clock_ahead_ms" : "clock_behind_ms",
                       (uint64_t)(behind < 0 ? -behind : behind));
    if (agency->sequenced != 0) {
        vdr_row_number(rows, "sequenced", agency->sequenced);
        vdr_row_number(rows, "sequence_missing", agency->sequence_missing);
    }
    put_refusals(world, rows, vdr_span_str(agency->id));
}

static void
report_agencies(const vdr_report_world *world, vdr_rows *rows)
{
    const vdr_tally_agency *agencies;
    size_t count = vdr_tally_agencies(world->tally, &agencies);
    for (size_t i = 0; i < count; i++) {
        if (agencies[i].current)
            put_agency(world, rows, &agencies[i]);
    }
}

void
vdr_report_make(vdr_report_kind kind, const vdr_report_world *world, vdr_rows *rows)
{
    switch (kind) {
    case VDR_REPORT_QUEUES:
        vdr_report_queues(world, rows);
        break;
    case VDR_REPORT_CASES:
        vdr_report_cases(world, rows);
        break;
    case VDR_REPORT_FOLLOW_UP:
        report_follow_up(world, rows);
        break;
    case VDR_REPORT_RULES:
        report_rules(world, rows);
        break;
    case VDR_REPORT_AGENCIES:
        report_agencies(world, rows);
        break;
    }
    vdr_rows_end(rows);
}
