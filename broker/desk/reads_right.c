/* Whether a thing is the reader's to see: relation by relation (broker/access/access.h says which role needs which). */
#include "broker/desk/reads.h"

static bool
is_me(const vdr_reading *reading, vdr_span id)
{
    return id.at != NULL && vdr_span_equal(id, vdr_span_str(reading->session->party));
}

/* Offered to them, held by them, offered to them for hand-over, or held by them when it ended; and no conflict of
 * interest binds them (protocol.md 5.10). */
static bool
holds(const vdr_reading *reading, const vdr_case_view *view)
{
    bool has = is_me(reading, view->regisseur) ||
               (vdr_case_state_open(view->state) && is_me(reading, view->handover_to));
    return has &&
           !vdr_view_in_conflict(reading->core, vdr_span_str(reading->session->party), view->household);
}

static bool
holds_open(const vdr_reading *reading, vdr_case_id id)
{
    vdr_at at;
    vdr_case_view view;
    return id.number != 0 && vdr_view_case(reading->core, id, &at, &view) &&
           vdr_case_state_open(view.state) && holds(reading, &view);
}

static bool
is_unassigned(const vdr_reading *reading, vdr_case_id id)
{
    vdr_at at;
    vdr_case_view view;
    return id.number != 0 && vdr_view_case(reading->core, id, &at, &view) &&
           view.state == VDR_CASE_UNASSIGNED;
}

static bool
under_review(const vdr_reading *reading, vdr_household_id id)
{
    vdr_at at;
    vdr_household_view view;
    return vdr_view_household(reading->core, id, &at, &view) && view.under_review;
}

/* By breaking the glass, unless a conflict of interest binds: that is never looked through. */
static bool
by_glass(const vdr_reading *reading, vdr_household_id household)
{
    vdr_span who = vdr_span_str(reading->session->party);
    return vdr_reads_by_glass(reading) && (reading->session->kind != VDR_PARTY_REGISSEUR ||
                                           !vdr_view_in_conflict(reading->core, who, household));
}

bool
vdr_reads_case(const vdr_reading *reading, vdr_relation relation, const vdr_case_view *view)
{
    return relation == VDR_RELATION_ANY || (relation == VDR_RELATION_HELD && holds(reading, view)) ||
           by_glass(reading, view->household);
}

/* What is restricted is for privacy officers alone (protocol.md 5.10). */
static bool
is_hidden(const vdr_reading *reading, bool restricted)
{
    return restricted && reading->session->kind != VDR_PARTY_PRIVACY_OFFICER;
}

bool
vdr_reads_signal(const vdr_reading *reading, vdr_relation relation, const vdr_signal_view *view)
{
    if (is_hidden(reading, view->restricted))
        return false;
    if (by_glass(reading, view->household))
        return true;
    switch (relation) {
    case VDR_RELATION_SENT:
        return is_me(reading, view->agency);
    case VDR_RELATION_ROUTED:
        return is_me(reading, view->service);
    case VDR_RELATION_HELD:
        return holds_open(reading, view->case_id);
    case VDR_RELATION_CARE:
        return view->overdue || is_unassigned(reading, view->case_id) ||
               under_review(reading, view->household);
    case VDR_RELATION_NONE:
    case VDR_RELATION_ANY:
    case VDR_RELATION_SELF:
    case VDR_RELATION_GLASS:
        break;
    }
    return false;
}

static bool
has_overdue(const vdr_reading *reading, vdr_at at)
{
    vdr_at cursor = {0};
    vdr_signal_view signal;
    while (vdr_view_household_signal(reading->core, at, &cursor, &signal)) {
        if (signal.overdue)
            return true;
    }
    return false;
}

bool
vdr_reads_household(const vdr_reading *reading, vdr_relation relation, vdr_at at,
                    const vdr_household_view *view)
{
    if (is_hidden(reading, view->restricted))
        return false;
    if (by_glass(reading, view->id))
        return true;
    switch (relation) {
    case VDR_RELATION_ANY:
        return true;
    case VDR_RELATION_HELD:
        return holds_open(reading, view->open_case);
    case VDR_RELATION_CARE:
        return view->under_review || is_unassigned(reading, view->open_case) || has_overdue(reading, at);
    case VDR_RELATION_NONE:
    case VDR_RELATION_SELF:
    case VDR_RELATION_SENT:
    case VDR_RELATION_ROUTED:
    case VDR_RELATION_GLASS:
        break;
    }
    return false;
}

/* Was a signal of that id (and that agency) routed to the service? */
static bool
was_sent(const vdr_reading *reading, const vdr_command *act)
{
    const vdr_config *config = vdr_core_config(reading->core);
    for (size_t i = 0; i < config->agency_count; i++) {
        const vdr_config_agency *agency = &config->agencies[i];
        vdr_at at;
        vdr_signal_view view;
        if ((act->agency.at == NULL || vdr_span_equal(act->agency, agency->id)) &&
            vdr_view_signal(reading->core, agency->source, act->signal.id, act->signal.hash, &at, &view) &&
            vdr_reads_signal(reading, VDR_RELATION_ROUTED, &view))
            return true;
    }
    return false;
}

bool
vdr_reads_hides(vdr_daemon *daemon, const vdr_session *session, const vdr_command *act)
{
    static const vdr_wire_read nothing = {.request = 0};
    const vdr_reading reading = {
        .daemon = daemon, .session = session, .core = vdr_engine_core(daemon->engine), .read = &nothing};
    vdr_at at;
    vdr_case_view view;
    if (act->shape != VDR_OK)
        return false;
    switch (vdr_access_act(session->kind, act->act)) {
    case VDR_RELATION_NONE:
        return true;
    case VDR_RELATION_HELD:
        return !vdr_view_case(reading.core, act->case_id, &at, &view) ||
               !vdr_reads_case(&reading, VDR_RELATION_HELD, &view);
    case VDR_RELATION_ROUTED:
        return !was_sent(&reading, act);
    case VDR_RELATION_ANY:
    case VDR_RELATION_SELF:
    case VDR_RELATION_SENT: /* one's own: the law says of others' what it says of none */
    case VDR_RELATION_CARE: /* of coordinators, who may read every case */
    case VDR_RELATION_GLASS:
        break;
    }
    return false;
}
