/* Looking at what residents asked (view.h). */
#include "broker/core/core_inside.h"
#include "broker/core/household.h"
#include "broker/core/names.h"
#include "broker/core/right.h"
#include "broker/core/view.h"

/* The one behind the cursor, by number: where it was, or from the first on. */
static vdr_slot
next_of(const vdr_state *state, const vdr_cursor *cursor)
{
    vdr_slot slot = state->rights_first;
    if (cursor->slot != 0 && cursor->slot < state->rights.next &&
        vdr_right_at(state, cursor->slot)->number == cursor->number)
        return vdr_right_at(state, cursor->slot)->after;
    while (slot != 0 && vdr_right_at(state, slot)->number <= cursor->number)
        slot = vdr_right_at(state, slot)->after;
    return slot;
}

bool
vdr_view_right(const vdr_core *core, vdr_cursor *cursor, vdr_right_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = next_of(state, cursor);
    if (slot == 0)
        return false;
    const vdr_right *right = vdr_right_at(state, slot);
    cursor->number = right->number;
    cursor->slot = slot;
    *ret_view =
        (vdr_right_view){.number = right->number,
                         .kind = (vdr_right_kind)right->kind,
                         .state = (vdr_right_state)right->state,
                         .position = right->position,
                         .household = {right->household},
                         .at = right->at,
                         .due = right->due,
                         .ended_at = right->ended_at,
                         .author = vdr_name_text(state, right->author),
                         .second = right->second != 0 ? vdr_name_text(state, right->second) : (vdr_span){0}};
    vdr_slot household = vdr_household_find(state, ret_view->household);
    if (household == 0)
        return true;
    vdr_slot open_case = vdr_household_at(state, household)->open_case;
    ret_view->open_case.number = open_case != 0 ? vdr_case_at(state, open_case)->number : 0;
    vdr_slot signal = right->signal != 0 ? vdr_household_at(state, household)->signals_first : 0;
    while (signal != 0 && vdr_signal_at(state, signal)->position != right->signal)
        signal = vdr_signal_at(state, signal)->after;
    if (signal != 0) {
        ret_view->source = vdr_name_text(state, vdr_sender_of(state, vdr_signal_at(state, signal))->source);
        ret_view->id = vdr_text_get(&state->texts, vdr_signal_at(state, signal)->id);
    }
    return true;
}

bool
vdr_view_person_restricted(const vdr_core *core, const vdr_key16 *person)
{
    return vdr_right_find(&core->state, VDR_RIGHT_RESTRICTION, vdr_right_about_person(person)) != 0;
}
