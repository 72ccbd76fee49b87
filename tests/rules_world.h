/* tests/rules_world.h - a state with nothing in it but what rules look at, for tests and benches of the rules.
 *
 * Signals are put into the tables directly, as the state machine would, and the rulebook is told. */
#ifndef VDR_TESTS_RULES_WORLD_H
#define VDR_TESTS_RULES_WORLD_H

#include "broker/core/names.h"
#include "broker/core/rules.h"

#include <stdlib.h>

#define WORLD_DAY        INT64_C(86400000)
#define WORLD_PERSON_MAX 8

typedef struct world {
    vdr_state state;
    vdr_position position;
    uint64_t household_last;
} world;

/* A signal as it is put in: everything by name. NULL role: none. */
typedef struct world_signal {
    const char *type, *domain, *purpose, *agency, *agency_kind;
    uint8_t severity;
    vdr_ms occurred_at, until;
    vdr_slot persons[WORLD_PERSON_MAX]; /* members; 0 ends */
    const char *roles[WORLD_PERSON_MAX];
} world_signal;

static inline void
world_init(world *w)
{
    *w = (world){0};
    vdr_state *s = &w->state;
    vdr_slab_init(&s->names, VDR_TABLE_NAMES, 1, sizeof(vdr_name_record));
    vdr_slab_init(&s->terms, VDR_TABLE_TERMS, 1, sizeof(vdr_terms));
    vdr_slab_init(&s->senders, VDR_TABLE_SENDERS, 1, sizeof(vdr_sender));
    vdr_slab_init(&s->rules, VDR_TABLE_RULES, 1, sizeof(vdr_rule_record));
    vdr_slab_init(&s->households, VDR_TABLE_HOUSEHOLDS, 1, sizeof(vdr_household));
    vdr_slab_init(&s->members, VDR_TABLE_MEMBERS, 1, sizeof(vdr_member));
    vdr_slab_init(&s->signals, VDR_TABLE_SIGNALS, 1, sizeof(vdr_signal));
    vdr_slab_init(&s->namings, VDR_TABLE_NAMINGS, 1, sizeof(vdr_naming));
    vdr_index_init(&s->names_by_text, VDR_TABLE_NAME_LINES, &s->names, vdr_name_record_hash);
    vdr_texts_init(&s->texts, VDR_TABLE_TEXTS);
}

static inline void
world_done(world *w)
{
    vdr_state *s = &w->state;
    vdr_rulebook_free(&s->rulebook);
    vdr_index_done(&s->names_by_text);
    vdr_texts_done(&s->texts);
    vdr_slab *slabs[] = {&s->names,      &s->terms,   &s->senders, &s->rules,
                         &s->households, &s->members, &s->signals, &s->namings};
    for (size_t i = 0; i < sizeof slabs / sizeof slabs[0]; i++)
        vdr_slab_done(slabs[i]);
}

static inline void
world_bind(world *w, const vdr_config *config)
{
    w->state.config = config;
    vdr_rulebook_bind(&w->state);
}

static inline vdr_slot
world_household(world *w)
{
    vdr_slot slot = vdr_slab_take(&w->state.households);
    vdr_household_edit(&w->state, slot)->number = ++w->household_last;
    return slot;
}

static inline vdr_slot
world_person(world *w)
{
    return vdr_slab_take(&w->state.members);
}

static inline vdr_slot
world_terms(world *w, const world_signal *from)
{
    vdr_name type = vdr_name_pin(&w->state, vdr_span_str(from->type));
    vdr_name domain = vdr_name_pin(&w->state, vdr_span_str(from->domain));
    vdr_name purpose = vdr_name_pin(&w->state, vdr_span_str(from->purpose));
    for (vdr_slot slot = 1; slot < w->state.terms.next; slot++) {
        const vdr_terms *terms = vdr_slab_at(&w->state.terms, slot);
        if (terms->type == type && terms->domain == domain && terms->purpose == purpose)
            return slot;
    }
    vdr_slot slot = vdr_slab_take(&w->state.terms);
    vdr_terms *terms = vdr_slab_edit(&w->state.terms, slot);
    terms->type = type;
    terms->domain = domain;
    terms->purpose = purpose;
    return slot;
}

static inline vdr_slot
world_sender(world *w, const world_signal *from)
{
    vdr_name agency = vdr_name_pin(&w->state, vdr_span_str(from->agency));
    vdr_name kind = vdr_name_pin(&w->state, vdr_span_str(from->agency_kind));
    for (vdr_slot slot = 1; slot < w->state.senders.next; slot++) {
        const vdr_sender *sender = vdr_slab_at(&w->state.senders, slot);
        if (sender->agency == agency && sender->kind == kind)
            return slot;
    }
    vdr_slot slot = vdr_slab_take(&w->state.senders);
    vdr_sender *sender = vdr_slab_edit(&w->state.senders, slot);
    sender->agency = agency;
    sender->kind = kind;
    return slot;
}

/* Links a signal into the household in log order and tells the rulebook. */
static inline void
world_link(world *w, vdr_slot household, vdr_slot slot)
{
    vdr_signal *signal = vdr_signal_edit(&w->state, slot);
    vdr_household *home = vdr_household_edit(&w->state, household);
    vdr_slot before = home->signals_last;
    while (before != 0 && vdr_signal_at(&w->state, before)->position > signal->position)
        before = vdr_signal_at(&w->state, before)->before;
    vdr_slot after = before != 0 ? vdr_signal_at(&w->state, before)->after : home->signals_first;
    signal->before = before;
    signal->after = after;
    signal->household = household;
    *(before != 0 ? &vdr_signal_edit(&w->state, before)->after : &home->signals_first) = slot;
    *(after != 0 ? &vdr_signal_edit(&w->state, after)->before : &home->signals_last) = slot;
    home->signal_count++;
    vdr_rules_signal_added(&w->state, household, slot);
}

static inline void
world_unlink(world *w, vdr_slot slot)
{
    vdr_signal *signal = vdr_signal_edit(&w->state, slot);
    vdr_rules_signal_removed(&w->state, signal->household, slot);
    vdr_household *home = vdr_household_edit(&w->state, signal->household);
    *(signal->before != 0 ? &vdr_signal_edit(&w->state, signal->before)->after : &home->signals_first) =
        signal->after;
    *(signal->after != 0 ? &vdr_signal_edit(&w->state, signal->after)->before : &home->signals_last) =
        signal->before;
    signal->before = signal->after = signal->household = 0;
    home->signal_count--;
}

static inline vdr_slot
world_add(world *w, vdr_slot household, const world_signal *from)
{
    vdr_slot slot = vdr_slab_take(&w->state.signals);
    vdr_signal *signal = vdr_signal_edit(&w->state, slot);
    signal->position = ++w->position;
    signal->terms = world_terms(w, from);
    signal->sender = world_sender(w, from);
    signal->severity = from->severity;
    signal->occurred_at = from->occurred_at;
    signal->until = from->until;
    vdr_slot *link = &signal->names;
    for (size_t i = 0; i < WORLD_PERSON_MAX && from->persons[i] != 0; i++) {
        *link = vdr_slab_take(&w->state.namings);
        vdr_naming *naming = vdr_slab_edit(&w->state.namings, *link);
        naming->member = from->persons[i];
        for (size_t k = 0; k < i; k++) {
            if (from->persons[k] == naming->member)
                naming->again = 1;
        }
        naming->role = VDR_ROLE_MASK &
                       (from->roles[i] != NULL ? vdr_name_use(&w->state, vdr_span_str(from->roles[i])) : 0);
        link = &naming->next;
    }
    world_link(w, household, slot);
    return slot;
}

static inline void
world_remove(world *w, vdr_slot slot)
{
    world_unlink(w, slot);
    for (vdr_slot at = vdr_signal_at(&w->state, slot)->names; at != 0;) {
        vdr_naming naming = *vdr_naming_at(&w->state, at);
        if (naming.role != 0)
            vdr_name_drop(&w->state, naming.role);
        vdr_slab_give(&w->state.namings, at);
        at = naming.next;
    }
    vdr_slab_give(&w->state.signals, slot);
}

/* Changes flags and until, and tells the rulebook. */
static inline void
world_change(world *w, vdr_slot slot, uint8_t flags, vdr_ms until)
{
    vdr_signal before = *vdr_signal_at(&w->state, slot);
    vdr_signal *signal = vdr_signal_edit(&w->state, slot);
    signal->flags = flags;
    signal->until = until;
    vdr_rules_signal_changed(&w->state, signal->household, slot, &before);
}

#endif
