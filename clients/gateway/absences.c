/* When regisseurs are away: listed by themselves or a coordinator, set and lifted by acts. The broker names an absence by
 * its regisseur and two instants; here it has a number made of them. */
#include "clients/gateway/acts.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

#include <string.h>

typedef struct absences {
    const vdr_wire_absence *all;
    size_t count;
} absences;

/* Those of the regisseur whom the path names. False: there is no such regisseur on this page. */
static bool
absences_of(const vdr_ask *ask, const vdr_wire_answer *answer, absences *ret_absences)
{
    if (answer->status != NULL) {
        *ret_absences = (absences){answer->status->absences, answer->status->absence_count};
        return true;
    }
    for (size_t i = 0; i < answer->regisseur_count; i++) {
        const vdr_wire_regisseur_view *r = &answer->regisseurs[i];
        if (!vdr_span_equal(r->id, vdr_ask_path(ask, 0)))
            continue;
        *ret_absences = (absences){r->absences, r->absence_count};
        return true;
    }
    return false;
}

/* Asks again where the answer has another page; else there is none. */
static void
look_on(vdr_ask *ask, const vdr_wire_answer *answer, vdr_ask_shown shown)
{
    vdr_wire_read read = {.query = VDR_QUERY_REGISSEURS, .resume = answer->resume};
    if (answer->resume.len != 0)
        vdr_ask_read(ask, &read, shown);
    else
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}

/* A regisseur knows their own absences, a coordinator everybody's. */
static void
look(vdr_ask *ask, vdr_ask_shown shown)
{
    const vdr_gate_party *who = ask->request->identity.party;
    vdr_wire_read read = {.query = VDR_QUERY_REGISSEURS};
    if (who->kind == VDR_PARTY_REGISSEUR) {
        if (!vdr_span_equal(vdr_ask_path(ask, 0), vdr_span_str(who->id))) {
            vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
            return;
        }
        read.query = VDR_QUERY_STATUS;
    }
    vdr_ask_read(ask, &read, shown);
}

static void
list_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    absences found;
    if (!absences_of(ask, answer, &found)) {
        look_on(ask, answer, list_shown);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_absences(&ask->w, "items", found.all, found.count);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_absences(vdr_ask *ask)
{
    look(ask, list_shown);
}

static void
lift_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    vdr_acting *acting = ask->own;
    absences found;
    uint64_t number = 0;
    if (!absences_of(ask, answer, &found)) {
        look_on(ask, answer, lift_shown);
        return;
    }
    (void)vdr_ask_path_number(ask, 1, &number);
    for (size_t i = 0; i < found.count; i++) {
        if (vdr_show_absence_number(&found.all[i]) != number)
            continue;
        acting->act.absent_from = found.all[i].from_ms;
        acting->act.absent_to = found.all[i].to_ms;
        vdr_acting_begin(ask);
        return;
    }
    vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}

void
vdr_call_absence_lift(vdr_ask *ask)
{
    uint64_t number;
    vdr_acting *acting = vdr_acting_new(ask, VDR_ACT_ABSENCE_LIFTED);
    acting->other = vdr_ask_copy(vdr_ask_path(ask, 0));
    acting->act.regisseur = acting->other;
    if (vdr_ask_path_number(ask, 1, &number))
        look(ask, lift_shown);
    else
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
}
