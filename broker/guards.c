/* What guards have to say is told once, and again by a new start while the window lasts (protocol.md 5.12). */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <stdio.h>

#define GUARD_WORDS (VDR_CONF_NAME_MAX + 1)

static const char *
words(vdr_span text, char at[GUARD_WORDS])
{
    (void)snprintf(at, GUARD_WORDS, "%.*s", (int)text.len, (const char *)text.at);
    return at;
}

void
vdr_guards_turn(vdr_daemon *daemon)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    uint64_t spoken = vdr_core_guards_spoken(core);
    if (daemon->guards.looked && spoken == daemon->guards.spoken)
        return;
    vdr_guard_view view;
    vdr_position newest = daemon->guards.told;
    for (uint32_t cursor = 0; vdr_core_guard_next(core, &cursor, &view);) {
        char guard[GUARD_WORDS], agency[GUARD_WORDS];
        if (view.told <= daemon->guards.told)
            continue;
        VDR_NOTE(GUARD, vdr_field_text("guard", words(view.guard, guard)),
                 vdr_field_text("agency", words(view.agency, agency)), vdr_field_number("count", view.count),
                 vdr_field_number("from_ms", (uint64_t)view.from), vdr_field_number("position", view.told));
        if (view.told > newest)
            newest = view.told;
    }
    daemon->guards.told = newest;
    daemon->guards.spoken = spoken;
    daemon->guards.looked = true;
}

uint64_t
vdr_guards_reached(const vdr_daemon *daemon)
{
    vdr_guard_view view;
    uint64_t count = 0;
    for (uint32_t cursor = 0; vdr_core_guard_next(vdr_engine_core(daemon->engine), &cursor, &view);)
        count++;
    return count;
}
