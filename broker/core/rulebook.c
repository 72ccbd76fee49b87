#include "broker/core/rulebook.h"

#include "broker/core/control_inside.h"
#include "broker/core/names.h"
#include "broker/core/windows.h"
#include "proto/assert.h"

#include <stdlib.h>

static vdr_rule_names
pin_names(vdr_state *state, vdr_rulebook *book, vdr_names names)
{
    vdr_rule_names list = {
        .first = book->name_count, .count = (uint32_t)names.count, .asked = names.at != NULL};
    VDR_ASSERT(names.at != NULL || names.count == 0);
    for (size_t i = 0; i < names.count; i++)
        book->names[book->name_count++] = vdr_name_pin(state, names.at[i]);
    return list;
}

static bool
has_name(const vdr_rulebook *book, vdr_rule_names list, vdr_name name)
{
    for (uint32_t i = 0; i < list.count; i++) {
        if (book->names[list.first + i] == name)
            return true;
    }
    return false;
}

static uint32_t
over_of(vdr_rulebook *book, int64_t over_ms)
{
    for (uint32_t i = 0; i < book->over_count; i++) {
        if (book->overs[i] == over_ms)
            return i;
    }
    book->overs[book->over_count] = over_ms;
    return book->over_count++;
}

/* A domain gives at most two core areas; of persons one signal may name any number. */
static void
need_reach(vdr_reach *least, vdr_measure measure, uint64_t number)
{
    uint32_t *needed = &least->signals;
    switch (measure) {
    case VDR_MEASURE_CORE_AREAS:
        number = (number + 1) / 2;
        needed = &least->domains;
        break;
    case VDR_MEASURE_DOMAINS:
        needed = &least->domains;
        break;
    case VDR_MEASURE_TYPES:
        needed = &least->types;
        break;
    case VDR_MEASURE_AGENCIES:
        needed = &least->agencies;
        break;
    case VDR_MEASURE_PERSONS:
        return;
    case VDR_MEASURE_SIGNALS:
    case VDR_MEASURE_DAYS:
    case VDR_MEASURE_OVERDUE:
    case VDR_MEASURES:
        break;
    }
    if (number > *needed)
        *needed = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void
bind_rule(vdr_state *state, vdr_rulebook *book, const vdr_config_rule *from, vdr_rule *rule)
{
    rule->place = (uint32_t)(rule - book->rules);
    rule->name = vdr_name_pin(state, from->id);
    rule->purposes = pin_names(state, book, from->purposes);
    rule->types = pin_names(state, book, from->types);
    rule->domains = pin_names(state, book, from->domains);
    rule->kinds = pin_names(state, book, from->agencies);
    rule->roles = pin_names(state, book, from->roles);
    rule->over_ms = from->over_ms;
    rule->over = over_of(book, from->over_ms);
    rule->spread_ms = from->spread_ms;
    rule->min_severity = from->min_severity;
    rule->within = from->within;
    for (uint32_t m = 0; m < VDR_MEASURES; m++) {
        if (from->at_least[m] == 0)
            continue;
        rule->asked[rule->asked_count++] =
            (vdr_rule_asked){.measure = (vdr_measure)m, .least = from->at_least[m]};
        if ((m == VDR_MEASURE_PERSONS || m == VDR_MEASURE_CORE_AREAS) &&
            from->at_least[m] > VDR_RULES_SCAN_MAX)
            rule->big = true;
        need_reach(&rule->least, (vdr_measure)m, from->at_least[m]);
    }
    if (from->spread_ms > 0)
        need_reach(&rule->least, VDR_MEASURE_SIGNALS, 2);
}

/* Numbers for core areas: equal texts, equal numbers. The two of by_role have theirs whether named or not. */
static void
bind_areas(vdr_state *state, vdr_rulebook *book)
{
    const vdr_config *config = state->config;
    for (size_t i = 0; i < config->domain_count; i++) {
        const vdr_config_domain *domain = &config->domains[i];
        uint32_t area = VDR_AREA_FIRST + (uint32_t)i;
        if (domain->by_role)
            area = VDR_AREA_BY_ROLE;
        else if (vdr_span_equal(domain->core_area, vdr_span_str("youth")))
            area = VDR_AREA_YOUTH;
        else if (vdr_span_equal(domain->core_area, vdr_span_str("adult")))
            area = VDR_AREA_ADULT;
        for (size_t j = 0; j < i && area >= VDR_AREA_FIRST; j++) {
            if (!config->domains[j].by_role &&
                vdr_span_equal(domain->core_area, config->domains[j].core_area)) {
                area = book->areas[j].area;
                break;
            }
        }
        book->areas[i] = (vdr_area_of){.domain = vdr_name_pin(state, domain->id), .area = area};
    }
    book->area_count = (uint32_t)config->domain_count;
}

/* The record of a rule that was current and is unchanged, or a new one. Records that are current and are no
 * longer asked for become lost, and are never found again: their latches must not come back to life. */
static void
bind_records(vdr_state *state, vdr_rulebook *book)
{
    const vdr_config *config = state->config;
    for (vdr_slot slot = 1; slot < state->rules.next; slot++) {
        const vdr_rule_record *record = vdr_slab_at(&state->rules, slot);
        if (record->current == 0)
            continue;
        bool kept = false;
        for (size_t i = 0; i < config->rule_count && !kept; i++) {
            if (record->name != book->rules[i].name ||
                !vdr_key16_equal(&record->fingerprint, &config->rules[i].fingerprint))
                continue;
            book->rules[i].record = slot;
            kept = true;
        }
        if (!kept)
            ((vdr_rule_record *)vdr_slab_edit(&state->rules, slot))->current = 0;
    }
    for (size_t i = 0; i < config->rule_count; i++) {
        if (book->rules[i].record != 0)
            continue;
        vdr_slot slot = vdr_slab_take(&state->rules);
        vdr_rule_record *record = vdr_slab_edit(&state->rules, slot);
        record->fingerprint = config->rules[i].fingerprint;
        record->name = book->rules[i].name;
        record->current = 1;
        book->rules[i].record = slot;
    }
}

/* Pauses are few, and what holds changes seldom. */
static void
bind_pauses(vdr_state *state, vdr_rulebook *book)
{
    if (state->silences_lifted)
        return;
    book->silenced = vdr_alloc(state->pauses.next, sizeof *book->silenced);
    for (vdr_slot slot = 1; slot < state->pauses.next; slot++) {
        const vdr_pause *pause = vdr_slab_at(&state->pauses, slot);
        if (pause->ended_position != 0)
            continue;
        if (pause->kind == VDR_PROPOSAL_SILENCE)
            book->silenced[book->silenced_count++] = pause->subject;
        for (uint32_t i = 0; i < book->rule_count && pause->kind == VDR_PROPOSAL_PAUSE; i++)
            book->rules[i].paused |= book->rules[i].name == pause->subject;
    }
}

void
vdr_rulebook_bind(vdr_state *state)
{
    VDR_ASSERT(state->config != NULL);
    vdr_rulebook_free(&state->rulebook);
    const vdr_config *config = state->config;
    size_t names = 0;
    for (size_t i = 0; i < config->rule_count; i++) {
        const vdr_config_rule *rule = &config->rules[i];
        names += rule->purposes.count + rule->types.count + rule->domains.count + rule->agencies.count +
                 rule->roles.count;
    }
    vdr_rulebook *book = vdr_alloc(1, sizeof *book);
    book->rule_count = (uint32_t)config->rule_count;
    book->words = (book->rule_count + 63) / 64;
    book->rules = vdr_alloc(config->rule_count + 1, sizeof *book->rules);
    book->names = vdr_alloc(names + 1, sizeof *book->names);
    book->areas = vdr_alloc(config->domain_count + 1, sizeof *book->areas);
    book->overs = vdr_alloc(config->rule_count + 1, sizeof *book->overs);
    book->role_youth = vdr_name_pin(state, vdr_span_str("youth"));
    for (uint32_t i = 0; i < book->rule_count; i++)
        bind_rule(state, book, &config->rules[i], &book->rules[i]);
    bind_areas(state, book);
    bind_records(state, book);
    bind_pauses(state, book);
    book->windows = vdr_windows_new(book);
    state->rulebook = book;
}

void
vdr_rulebook_free(vdr_rulebook **rulebook_p)
{
    vdr_rulebook *book = *rulebook_p;
    if (book == NULL)
        return;
    vdr_windows_free(&book->windows);
    free(book->rules);
    free(book->names);
    free(book->areas);
    free(book->overs);
    free(book->terms_pass);
    free(book->terms_area);
    free(book->senders_pass);
    free(book->silenced);
    free(book);
    *rulebook_p = NULL;
}

uint64_t
vdr_rulebook_bytes(const vdr_rulebook *book)
{
    return sizeof *book + (uint64_t)book->rule_count * sizeof *book->rules +
           (uint64_t)book->terms_known * (book->words * 8 + 4) +
           (uint64_t)book->senders_known * book->words * 8 + vdr_windows_bytes(book->windows);
}

vdr_rulebook *
vdr_rulebook_lift(vdr_state *state)
{
    vdr_rulebook *lifted = state->rulebook;
    if (lifted->silenced_count == 0)
        return NULL;
    state->rulebook = NULL;
    state->silences_lifted = true;
    vdr_rulebook_bind(state);
    state->silences_lifted = false;
    return lifted;
}

void
vdr_rulebook_put_back(vdr_state *state, vdr_rulebook *lifted)
{
    if (lifted == NULL)
        return;
    vdr_rulebook_free(&state->rulebook);
    state->rulebook = lifted;
}

static bool
terms_pass(const vdr_rulebook *book, const vdr_rule *rule, const vdr_terms *terms)
{
    return has_name(book, rule->purposes, terms->purpose) &&
           (!rule->types.asked || has_name(book, rule->types, terms->type)) &&
           (!rule->domains.asked || has_name(book, rule->domains, terms->domain));
}

static uint32_t
area_of(const vdr_rulebook *book, vdr_name domain)
{
    for (uint32_t i = 0; i < book->area_count; i++) {
        if (book->areas[i].domain == domain)
            return book->areas[i].area;
    }
    return VDR_AREA_NONE;
}

/* New terms and senders are rare: what they pass is found once, for every slot there is. */
static void
learn_terms(vdr_state *state, vdr_rulebook *book)
{
    uint32_t next = state->terms.next;
    book->terms_pass = vdr_realloc(book->terms_pass, (size_t)next * book->words + 1, sizeof(uint64_t));
    book->terms_area = vdr_realloc(book->terms_area, next, sizeof(uint32_t));
    for (uint32_t slot = book->terms_known; slot < next; slot++) {
        uint64_t *bits = book->terms_pass + (size_t)slot * book->words;
        memset(bits, 0, book->words * sizeof *bits);
        book->terms_area[slot] = VDR_AREA_NONE;
        if (slot == 0)
            continue;
        const vdr_terms *terms = vdr_slab_at(&state->terms, slot);
        book->terms_area[slot] = area_of(book, terms->domain);
        for (uint32_t i = 0; i < book->rule_count; i++) {
            if (terms_pass(book, &book->rules[i], terms))
                bits[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    book->terms_known = next;
}

static bool
is_silenced(const vdr_rulebook *book, vdr_name agency)
{
    for (uint32_t i = 0; i < book->silenced_count; i++)
        if (book->silenced[i] == agency)
            return true;
    return false;
}

static void
learn_senders(vdr_state *state, vdr_rulebook *book)
{
    uint32_t next = state->senders.next;
    book->senders_pass = vdr_realloc(book->senders_pass, (size_t)next * book->words + 1, sizeof(uint64_t));
    for (uint32_t slot = book->senders_known; slot < next; slot++) {
        uint64_t *bits = book->senders_pass + (size_t)slot * book->words;
        memset(bits, 0, book->words * sizeof *bits);
        if (slot == 0)
            continue;
        const vdr_sender *sender = vdr_slab_at(&state->senders, slot);
        if (is_silenced(book, sender->agency))
            continue;
        for (uint32_t i = 0; i < book->rule_count; i++) {
            const vdr_rule *rule = &book->rules[i];
            if (!rule->kinds.asked || has_name(book, rule->kinds, sender->kind))
                bits[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    book->senders_known = next;
}

static bool
has_role(vdr_state *state, const vdr_rule *rule, const vdr_signal *signal, uint32_t *inout_namings)
{
    for (vdr_slot slot = signal->names; slot != 0;) {
        const vdr_naming *naming = vdr_naming_at(state, slot);
        (*inout_namings)++;
        if (naming->role != 0 && vdr_naming_counts(naming) &&
            has_name(state->rulebook, rule->roles, naming->role))
            return true;
        slot = naming->next;
    }
    return false;
}

bool
vdr_rule_passes(vdr_state *state, const vdr_rule *rule, const vdr_signal *signal, uint32_t *inout_namings)
{
    vdr_rulebook *book = state->rulebook;
    if (signal->terms >= book->terms_known)
        learn_terms(state, book);
    if (signal->sender >= book->senders_known)
        learn_senders(state, book);
    uint32_t place = rule->place;
    uint64_t bits = book->terms_pass[(size_t)signal->terms * book->words + place / 64] &
                    book->senders_pass[(size_t)signal->sender * book->words + place / 64];
    if ((bits >> (place % 64) & 1) == 0 || signal->severity < rule->min_severity)
        return false;
    return !rule->roles.asked || has_role(state, rule, signal, inout_namings);
}

vdr_use
vdr_rule_misses(vdr_state *state, const vdr_rule *rule, const vdr_signal *signal)
{
    const vdr_rulebook *book = state->rulebook;
    const vdr_terms *terms = vdr_terms_of(state, signal);
    uint32_t namings = 0;
    vdr_use use = VDR_USE_NONE;
    if (!has_name(book, rule->purposes, terms->purpose))
        use = VDR_USE_PURPOSE;
    else if (rule->types.asked && !has_name(book, rule->types, terms->type))
        use = VDR_USE_TYPE;
    else if (rule->domains.asked && !has_name(book, rule->domains, terms->domain))
        use = VDR_USE_DOMAIN;
    else if (rule->kinds.asked && !has_name(book, rule->kinds, vdr_sender_of(state, signal)->kind))
        use = VDR_USE_AGENCY;
    else if (signal->severity < rule->min_severity)
        use = VDR_USE_SEVERITY;
    else if (rule->roles.asked && !has_role(state, rule, signal, &namings))
        use = VDR_USE_ROLE;
    else if (is_silenced(book, vdr_sender_of(state, signal)->agency))
        use = VDR_USE_SILENCED;
    VDR_ASSERT((use == VDR_USE_NONE) == vdr_rule_passes(state, rule, signal, &namings));
    return use;
}

uint32_t
vdr_rule_areas(vdr_state *state, const vdr_signal *signal, uint32_t ret_areas[2], uint32_t *inout_namings)
{
    const vdr_rulebook *book = state->rulebook;
    uint32_t area = book->terms_area[signal->terms]; /* known since vdr_rule_passes */
    if (area == VDR_AREA_NONE)
        return 0;
    if (area != VDR_AREA_BY_ROLE) {
        ret_areas[0] = area;
        return 1;
    }
    bool youth = false, adult = signal->names == 0;
    for (vdr_slot slot = signal->names; slot != 0 && !(youth && adult);) {
        const vdr_naming *naming = vdr_naming_at(state, slot);
        (*inout_namings)++;
        if (vdr_naming_counts(naming)) {
            youth = youth || naming->role == book->role_youth;
            adult = adult || naming->role != book->role_youth;
        }
        slot = naming->next;
    }
    uint32_t count = 0;
    if (youth)
        ret_areas[count++] = VDR_AREA_YOUTH;
    if (adult)
        ret_areas[count++] = VDR_AREA_ADULT;
    return count;
}

bool
vdr_rule_is_paused(const vdr_state *state, size_t rule)
{
    VDR_ASSERT(rule < state->rulebook->rule_count);
    return state->rulebook->rules[rule].paused;
}

vdr_slot
vdr_rule_record_of(const vdr_state *state, size_t rule)
{
    VDR_ASSERT(rule < state->rulebook->rule_count);
    return state->rulebook->rules[rule].record;
}

vdr_name
vdr_rule_name_of(const vdr_state *state, size_t rule)
{
    VDR_ASSERT(rule < state->rulebook->rule_count);
    return state->rulebook->rules[rule].name;
}

const vdr_name *
vdr_rule_purposes_of(const vdr_state *state, size_t rule, size_t *ret_count)
{
    VDR_ASSERT(rule < state->rulebook->rule_count);
    const vdr_rule_names *list = &state->rulebook->rules[rule].purposes;
    *ret_count = list->count;
    return state->rulebook->names + list->first;
}
