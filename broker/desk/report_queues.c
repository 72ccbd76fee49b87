/* Who has how much to do, and which cases do not go on. */
#include "broker/desk/report.h"

#include <stdlib.h>

#define STUCK_MAX      1000u /* of one report, the most urgent first */
#define NO_PLAN_MS     (14 * 24 * VDR_HOUR_MS)
#define NO_PROGRESS_MS (42 * 24 * VDR_HOUR_MS)
#define REFUSALS_MANY  2u

/* Open cases of one holder; 0 stands for those without. */
typedef struct holding {
    uint64_t offered, active, overdue;
    uint64_t by_priority[VDR_PRIORITY_URGENT + 1];
    vdr_ms accept_by, oldest;
} holding;

static void
hold(holding *holding_of, const vdr_tally_case *of, vdr_ms now)
{
    bool offered = of->state == VDR_CASE_OFFERED;
    holding_of->offered += offered;
    holding_of->active += of->state == VDR_CASE_ACTIVE;
    holding_of->overdue += offered && of->accept_due <= now;
    holding_of->by_priority[of->priority]++;
    if (offered && (holding_of->accept_by == VDR_MS_NONE || of->accept_due < holding_of->accept_by))
        holding_of->accept_by = of->accept_due;
    if (holding_of->oldest == VDR_MS_NONE || of->opened_at < holding_of->oldest)
        holding_of->oldest = of->opened_at;
}

static void
put_mail(const vdr_report_world *world, vdr_rows *rows, vdr_party_kind kind, vdr_span id)
{
    uint32_t mailbox = vdr_core_mailbox(world->core, kind, id);
    const vdr_survey_mail *mail =
        mailbox != 0 && mailbox <= world->mail_count ? &world->mails[mailbox - 1] : NULL;
    vdr_row_number(rows, "ready", mail != NULL ? mail->newest - mail->after : 0);
    if (mail != NULL)
        vdr_row_instant(rows, "ready_since_ms", mail->at);
}

static void
put_regisseur(const vdr_report_world *world, vdr_rows *rows, size_t number, const holding *holding_of)
{
    vdr_span id;
    uint64_t load, capacity, hard_capacity;
    bool absent;
    if (!vdr_view_regisseur(world->core, number, &id, &load, &capacity, &hard_capacity, &absent))
        return;
    vdr_row(rows, "regisseur");
    vdr_row_text(rows, "id", id);
    put_mail(world, rows, VDR_PARTY_REGISSEUR, id);
    vdr_row_number(rows, "offered", holding_of->offered);
    vdr_row_number(rows, "active", holding_of->active);
    vdr_row_number(rows, "overdue", holding_of->overdue);
    vdr_row_instant(rows, "accept_by_ms", holding_of->accept_by);
    vdr_row_instant(rows, "oldest_case_ms", holding_of->oldest);
    if (vdr_core_position(world->core) == vdr_tally_last(world->tally))
        vdr_row_number(rows, "load", load); /* by the state; as offered + active, or something is wrong */
    vdr_row_number(rows, "capacity", capacity);
    vdr_row_number(rows, "hard_capacity", hard_capacity);
    vdr_row_number(rows, "absent", absent);
}

static void
put_unassigned(const vdr_report_world *world, vdr_rows *rows, const holding *nobody)
{
    vdr_row(rows, "cases");
    vdr_row_text(rows, "id", vdr_span_str("unassigned"));
    vdr_row_number(rows, "ready",
                   nobody->by_priority[VDR_PRIORITY_NORMAL] + nobody->by_priority[VDR_PRIORITY_HIGH] +
                       nobody->by_priority[VDR_PRIORITY_URGENT]);
    vdr_row_number(rows, "urgent", nobody->by_priority[VDR_PRIORITY_URGENT]);
    vdr_row_number(rows, "high", nobody->by_priority[VDR_PRIORITY_HIGH]);
    vdr_row_number(rows, "normal", nobody->by_priority[VDR_PRIORITY_NORMAL]);
    vdr_row_instant(rows, "oldest_case_ms", nobody->oldest);
    if (vdr_core_position(world->core) == vdr_tally_last(world->tally)) {
        vdr_core_counts counts;
        vdr_view_counts(world->core, &counts);
        vdr_row_number(rows, "load", counts.unassigned);
    }
}

static void
put_service(const vdr_report_world *world, vdr_rows *rows, vdr_span id)
{
    const vdr_tally_service *services;
    size_t count = vdr_tally_services(world->tally, &services);
    uint32_t mailbox = vdr_core_mailbox(world->core, VDR_PARTY_SERVICE, id);
    vdr_row(rows, "service");
    vdr_row_text(rows, "id", id);
    put_mail(world, rows, VDR_PARTY_SERVICE, id);
    for (size_t i = 0; i < count; i++) {
        if (services[i].mailbox != mailbox)
            continue;
        vdr_row_number(rows, "waiting", services[i].waiting);
        vdr_row_number(rows, "overdue", services[i].overdue);
    }
}

/* ---- which cases are open ---- */

typedef struct open_case {
    vdr_tally_case of; /* its rules and agencies are the tally's */
    size_t holder;     /* number of its regisseur in the town; regisseur_count: nobody */
} open_case;

/* Records of a case may be erased, with the signals that they are about, in any order, while the case is there: then by the
 * lines that stay it is open for ever, or was never opened, or is with somebody who has it no more. So the state says which are
 * open, and how they stand; the lines, what happened to them. */
static open_case
open_case_of(const vdr_report_world *world, const vdr_case_view *view, size_t holder)
{
    const vdr_tally_case *told = vdr_tally_case_of(world->tally, view->id.number);
    open_case made = {.of = {.moved_at = VDR_MS_NONE}, .holder = holder};
    if (told != NULL)
        made.of = *told;
    made.of.number = view->id.number;
    made.of.household = view->household.number;
    made.of.state = view->state;
    made.of.priority = view->priority;
    made.of.opened_at = view->opened_at;
    made.of.accept_due = view->accept_due;
    made.of.plans = (uint32_t)view->plan_revision;
    if (made.of.moved_at == VDR_MS_NONE)
        made.of.moved_at = view->opened_at;
    if (made.of.refusals < view->refused_count)
        made.of.refusals = view->refused_count;
    return made;
}

/* Those that are open after the last record that is counted; the caller frees them. The state may be a little further: what ended
 * since is as the lines say, what ended and left since is not told. */
static open_case *
open_cases(const vdr_report_world *world, size_t *ret_count)
{
    const vdr_config *config = vdr_core_config(world->core);
    const vdr_tally_case *told;
    size_t told_count = vdr_tally_cases_open(world->tally, &told), count = 0;
    vdr_position last = vdr_tally_last(world->tally);
    vdr_core_counts counts;
    vdr_case_view view;
    vdr_at at;
    vdr_view_counts(world->core, &counts);
    open_case *cases = (open_case *)vdr_alloc(
        (size_t)(counts.unassigned + counts.offered + counts.active) + told_count + 1, sizeof *cases);
    for (size_t i = 0; config != NULL && i <= config->regisseur_count; i++) {
        vdr_span holder = i < config->regisseur_count ? config->regisseurs[i].id : (vdr_span){0};
        vdr_case_id after = {0};
        while (vdr_view_open_case(world->core, holder, after, &view)) {
            after = view.id;
            if (view.opened_position <= last)
                cases[count++] = open_case_of(world, &view, i);
        }
    }
    for (size_t i = 0; config != NULL && i < told_count; i++) {
        size_t holder = told[i].regisseur == 0 ? config->regisseur_count
                                               : vdr_view_regisseur_number(world->core, told[i].regisseur);
        if (vdr_view_case(world->core, (vdr_case_id){told[i].number}, &at, &view) &&
            !vdr_case_state_open(view.state) && view.ended_position > last &&
            holder <= config->regisseur_count) {
            cases[count] = (open_case){.of = told[i], .holder = holder};
            cases[count++].of.opened_at = view.opened_at;
        }
    }
    *ret_count = count;
    return cases;
}

void
vdr_report_queues(const vdr_report_world *world, vdr_rows *rows)
{
    const vdr_config *config = vdr_core_config(world->core);
    if (config == NULL)
        return;
    size_t case_count;
    open_case *cases = open_cases(world, &case_count);
    /* By number of the regisseur in the town; the last is nobody. */
    holding *holdings = (holding *)vdr_alloc(config->regisseur_count + 1, sizeof *holdings);
    for (size_t i = 0; i <= config->regisseur_count; i++)
        holdings[i].accept_by = holdings[i].oldest = VDR_MS_NONE;
    for (size_t i = 0; i < case_count; i++)
        hold(&holdings[cases[i].holder], &cases[i].of, world->now);
    free(cases);
    put_unassigned(world, rows, &holdings[config->regisseur_count]);
    for (size_t i = 0; i < config->regisseur_count; i++)
        put_regisseur(world, rows, i, &holdings[i]);
    for (size_t i = 0; i < config->service_count; i++)
        put_service(world, rows, config->services[i].id);
    for (size_t i = 0; i < config->coordinators.count; i++) {
        vdr_row(rows, "coordinator");
        vdr_row_text(rows, "id", config->coordinators.at[i]);
        put_mail(world, rows, VDR_PARTY_COORDINATOR, config->coordinators.at[i]);
    }
    for (size_t i = 0; i < config->privacy_officers.count; i++) {
        vdr_row(rows, "privacy_officer");
        vdr_row_text(rows, "id", config->privacy_officers.at[i]);
        put_mail(world, rows, VDR_PARTY_PRIVACY_OFFICER, config->privacy_officers.at[i]);
    }
    for (size_t i = 0; i < config->agency_count; i++) {
        vdr_row(rows, "agency");
        vdr_row_text(rows, "id", config->agencies[i].id);
        put_mail(world, rows, VDR_PARTY_AGENCY, config->agencies[i].id);
    }
    free(holdings);
}

/* ---- stuck cases ---- */

const char *
vdr_report_stuck(const vdr_tally_case *of, vdr_ms now, const char **ret_next)
{
    if (of->state == VDR_CASE_UNASSIGNED) {
        *ret_next = of->refusals != 0 ? "coordinator: assign it by hand, who may take it refused it"
                                      : "coordinator: assign it; or give regisseurs more capacity";
        return of->refusals != 0 ? "nobody took it" : "no regisseur has room";
    }
    if (of->state == VDR_CASE_OFFERED && of->accept_due <= now) {
        *ret_next = "operator: does log time pass? see voordeur status";
        return "the offer is past its time";
    }
    if (of->state == VDR_CASE_OFFERED && of->refusals >= REFUSALS_MANY) {
        *ret_next = "coordinator: speak to the regisseur it is offered to";
        return "refused again and again";
    }
    if (of->state == VDR_CASE_ACTIVE && of->plans == 0 && now - of->opened_at >= NO_PLAN_MS) {
        *ret_next = "regisseur: set a plan, or hand the case over";
        return "no plan after two weeks";
    }
    if (of->state == VDR_CASE_ACTIVE && now - of->moved_at >= NO_PROGRESS_MS) {
        *ret_next = "regisseur: go on with the plan, escalate, or close";
        return "nothing happened for six weeks";
    }
    return NULL;
}

/* Without a regisseur first, then the more urgent, then what stands still longest. */
static int
compare(const void *a, const void *b)
{
    const vdr_tally_case *x = &(*(const open_case *const *)a)->of, *y = &(*(const open_case *const *)b)->of;
    if (x->state != y->state)
        return x->state < y->state ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    if (x->moved_at != y->moved_at)
        return x->moved_at < y->moved_at ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void
put_stuck(const vdr_report_world *world, vdr_rows *rows, const open_case *one)
{
    const vdr_tally_case *of = &one->of;
    const vdr_config *config = vdr_core_config(world->core);
    const char *next = NULL, *why = vdr_report_stuck(of, world->now, &next);
    vdr_row(rows, "case");
    vdr_row_number(rows, "case", of->number);
    vdr_row_number(rows, "household", of->household);
    vdr_row_text(rows, "state", vdr_span_str(vdr_case_state_name(of->state)));
    vdr_row_text(rows, "priority", vdr_span_str(vdr_priority_name(of->priority)));
    if (one->holder < config->regisseur_count)
        vdr_row_text(rows, "regisseur", config->regisseurs[one->holder].id);
    vdr_row_text(rows, "why", vdr_span_str(why));
    vdr_row_text(rows, "next", vdr_span_str(next));
    vdr_row_instant(rows, "opened_ms", of->opened_at);
    vdr_row_instant(rows, "moved_ms", of->moved_at);
    vdr_row_instant(rows, "accept_by_ms", of->accept_due);
    vdr_row_number(rows, "refusals", of->refusals);
    vdr_row_number(rows, "plans", of->plans);
    vdr_row_number(rows, "attached", of->attached);
}

void
vdr_report_cases(const vdr_report_world *world, vdr_rows *rows)
{
    const char *next;
    size_t open, count = 0;
    open_case *cases = open_cases(world, &open);
    const open_case **stuck = (const open_case **)vdr_alloc(open + 1, sizeof(void *));
    for (size_t i = 0; i < open; i++)
        if (vdr_report_stuck(&cases[i].of, world->now, &next) != NULL)
            stuck[count++] = &cases[i];
    qsort(stuck, count, sizeof *stuck, compare);
    vdr_row(rows, "total");
    vdr_row_number(rows, "open", open);
    vdr_row_number(rows, "stuck", count);
    for (size_t i = 0; i < count && i < STUCK_MAX; i++)
        put_stuck(world, rows, stuck[i]);
    free(stuck);
    free(cases);
}
