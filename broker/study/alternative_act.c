/* Acts of the log in a history whose cases are others. */
#include "broker/study/alternative_inside.h"

#include <stdio.h>

#define SOURCE_BYTES 320u

static vdr_span
source_of(vdr_party_kind kind, vdr_span id, char text[SOURCE_BYTES])
{
    int len = snprintf(text, SOURCE_BYTES, "urn:voordeur:%s:%.*s", vdr_party_kind_name(kind), (int)id.len,
                       (const char *)id.at);
    return vdr_span_of(text, len > 0 && (unsigned)len < SOURCE_BYTES ? (size_t)len : 0);
}

vdr_err
vdr_alternative_make(vdr_alternative *a, vdr_act act, vdr_party_kind kind, vdr_span by, vdr_case_id case_id,
                     vdr_span to, vdr_ms at)
{
    char source[SOURCE_BYTES], id[40], regisseur[256];
    uint64_t number = ++a->made_acts;
    vdr_step step;
    vdr_book_line line;
    if (to.len > sizeof regisseur)
        return VDR_E_WRONG_STATE;
    if (to.len != 0)
        memcpy(regisseur, to.at, to.len); /* it may be a name of the core, which the step changes */
    vdr_command made = {.kind = VDR_COMMAND_ACT,
                        .at = at,
                        .act = act,
                        .time = at,
                        .occurred_at = at,
                        .act_before = VDR_MS_NONE,
                        .case_id = case_id,
                        .municipality = vdr_core_config(a->core)->municipality};
    int len = snprintf(id, sizeof id, "history:%llu", (unsigned long long)number);
    made.id = vdr_span_of(id, (size_t)len);
    made.id_hash = number * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(made.digest.bytes, &number, sizeof number);
    made.source = source_of(kind, by, source);
    if (to.at != NULL)
        made.regisseur = vdr_span_of(regisseur, to.len);
    if (!vdr_alternative_one(a, &made, &step, &line))
        return VDR_E_BUSY;
    return step.verdict;
}

/* ---- about cases */

typedef enum who { WHO_HOLDER, WHO_SAME_HOLDER, WHO_ITSELF } who;

/* Whose act it is here. */
static who
who_does(vdr_act act, vdr_party_kind actor)
{
    switch (act) {
    case VDR_ACT_CASE_ACCEPTED:
    case VDR_ACT_HANDOVER_OFFERED:
    case VDR_ACT_CASE_ESCALATED:
    case VDR_ACT_PLAN_SET:
    case VDR_ACT_CASE_CLOSED:
    case VDR_ACT_NOTE_SENT:
        return WHO_HOLDER;
    case VDR_ACT_CASE_DISMISSED:
        return actor == VDR_PARTY_REGISSEUR ? WHO_HOLDER : WHO_ITSELF;
    case VDR_ACT_CASE_DECLINED:
        return WHO_SAME_HOLDER;
    case VDR_ACT_CASE_ASSIGNED:
    case VDR_ACT_HANDOVER_ACCEPTED:
    case VDR_ACT_NONE:
    case VDR_ACT_SIGNAL_WITHDRAWN:
    case VDR_ACT_SIGNAL_ENDED:
    case VDR_ACT_FEEDBACK:
    case VDR_ACT_HOUSEHOLD_MERGED:
    case VDR_ACT_HOUSEHOLD_SPLIT:
    case VDR_ACT_PERSON_MOVED:
    case VDR_ACT_ERASED:
    case VDR_ACT_CONFLICT_DECLARED:
    case VDR_ACT_CONFLICT_LIFTED:
    case VDR_ACT_OBJECTED:
    case VDR_ACT_OBJECTION_DECIDED:
    case VDR_ACT_RESTRICTED:
    case VDR_ACT_RESTRICTION_LIFTED:
    case VDR_ACT_ERASURE_REQUESTED:
    case VDR_ACT_ERASURE_REQUEST_WITHDRAWN:
    case VDR_ACT_HOLD_PLACED:
    case VDR_ACT_HOLD_CONFIRMED:
    case VDR_ACT_HOLD_LIFTED:
    case VDR_ACT_RECTIFICATION_REQUESTED:
    case VDR_ACT_PERSON_ERASED:
    case VDR_ACT_NOTE_ANSWERED:
    case VDR_ACT_ABSENCE_SET:
    case VDR_ACT_ABSENCE_LIFTED:
    case VDR_ACT_REVIEW_SET_ASIDE:
        return WHO_ITSELF;
    }
    return WHO_ITSELF;
}

static bool
begins_with(vdr_span text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.at, start, len) == 0;
}

static bool
is_about_case(vdr_act act)
{
    return (act >= VDR_ACT_CASE_ACCEPTED && act <= VDR_ACT_CASE_CLOSED) || act == VDR_ACT_NOTE_SENT;
}

static bool
open_case_of(const vdr_alternative *a, uint64_t recorded, vdr_case_view *ret_view)
{
    vdr_at at;
    vdr_household_view household;
    uint64_t here = vdr_household_map_get(&a->here_of, recorded);
    return here != 0 && vdr_view_household(a->core, (vdr_household_id){here}, &at, &household) &&
           household.open_case.number != 0 && vdr_view_case(a->core, household.open_case, &at, ret_view);
}

static void
act_on_case(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    vdr_command changed = *command, *act = &changed;
    char source[SOURCE_BYTES];
    vdr_case_view view;
    vdr_step step;
    vdr_book_line line;
    /* Timers that are due before it may end or move the case. */
    const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = act->at};
    if (!vdr_alternative_one(a, &tick, &step, &line))
        return;
    if (!open_case_of(a, recorded->household, &view)) {
        a->counts.dropped_no_case += a->begun;
        return;
    }
    if (act->act == VDR_ACT_CASE_ACCEPTED && view.state == VDR_CASE_ACTIVE) {
        a->counts.already += a->begun;
        return;
    }
    bool by_regisseur = begins_with(act->source, "urn:voordeur:regisseur:"), other = false;
    who by = who_does(act->act, by_regisseur ? VDR_PARTY_REGISSEUR : VDR_PARTY_COORDINATOR);
    if (by != WHO_ITSELF && view.regisseur.at != NULL && view.state != VDR_CASE_UNASSIGNED) {
        vdr_span holder = source_of(VDR_PARTY_REGISSEUR, view.regisseur, source);
        other = !vdr_span_equal(holder, act->source);
        if (by == WHO_HOLDER) {
            act->source = holder;
            act->sender_kind = VDR_PARTY_NONE;
        }
    }
    act->case_id = view.id;
    act->revision_checked = false;
    if (act->act == VDR_ACT_PLAN_SET)
        act->plan_revision = view.plan_revision + 1;
    if (!vdr_alternative_one(a, act, &step, &line))
        return;
    if (!a->begun)
        return;
    bool applied = step.verdict == VDR_E_ACCEPTED;
    a->counts.applied += applied;
    a->counts.by_other += applied && other;
    a->counts.dropped_state += !applied;
}

/* ---- all others */

void
vdr_alternative_act(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    vdr_command act = *command;
    vdr_step step;
    vdr_book_line line;
    if (is_about_case(act.act)) {
        act_on_case(a, command, recorded);
        return;
    }
    vdr_household_id *const named[] = {&act.household, &act.into, &act.from};
    for (unsigned i = 0; i < 3; i++)
        named[i]->number = vdr_household_map_get(&a->here_of, named[i]->number);
    if (vdr_alternative_one(a, &act, &step, &line))
        a->counts.others_dropped += step.verdict != VDR_E_ACCEPTED;
}
