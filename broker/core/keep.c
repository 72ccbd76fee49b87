#include "broker/core/keep.h"

#include "broker/core/core_inside.h"

enum { KEEP_SIGNALS, KEEP_CASES, KEEP_MAILBOXES, KEEP_OVER };

static void
need(vdr_keep *keep, vdr_position position)
{
    if (position != 0 && position < keep->oldest)
        keep->oldest = position;
}

/* Looks at one record; a record that was given back needs nothing. */
static void
look(const vdr_state *state, vdr_keep *keep)
{
    if (keep->table == KEEP_SIGNALS) {
        const vdr_signal *signal = vdr_signal_at(state, keep->slot);
        if (signal->sender != 0) /* zero where it was given back */
            need(keep, signal->position);
    } else if (keep->table == KEEP_CASES) {
        const vdr_case *kase = vdr_case_at(state, keep->slot);
        if (kase->revision != 0)
            need(keep, kase->opened_position);
    } else {
        const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, keep->slot);
        if (mailbox->marks_first != 0)
            need(keep, ((const vdr_mark *)vdr_slab_at(&state->marks, mailbox->marks_first))->position);
    }
}

bool
vdr_keep_some(const vdr_core *core, vdr_keep *keep, uint64_t count)
{
    const vdr_state *state = &core->state;
    const uint32_t ends[KEEP_OVER] = {state->signals.next, state->cases.next, state->mailboxes.next};
    if (keep->slot == 0) { /* the begin */
        keep->slot = 1;
        keep->oldest = state->position + 1;
    }
    while (keep->table != KEEP_OVER && count != 0) {
        if (keep->slot >= ends[keep->table]) {
            keep->table++;
            keep->slot = 1;
            continue;
        }
        look(state, keep);
        keep->slot++;
        count--;
    }
    keep->over = keep->table == KEEP_OVER;
    return keep->over;
}

vdr_position
vdr_core_keep_from(const vdr_core *core)
{
    vdr_keep keep = {0};
    bool over = vdr_keep_some(core, &keep, UINT64_MAX);
    VDR_ASSERT(over);
    need(&keep, vdr_core_config_position(core));
    return keep.oldest;
}
