#include "broker/core/town.h"

#include "broker/core/names.h"

#include <stdlib.h>

static const vdr_town_name nothing = {
    .agency = VDR_TOWN_NONE,
    .source = VDR_TOWN_NONE,
    .service = VDR_TOWN_NONE,
    .regisseur = VDR_TOWN_NONE,
    .coordinator = VDR_TOWN_NONE,
    .officer = VDR_TOWN_NONE,
    .type = VDR_TOWN_NONE,
    .purpose = VDR_TOWN_NONE,
    .domain_service = VDR_TOWN_NONE,
};

const vdr_town_name *
vdr_town_name_of(const vdr_town *town, vdr_name name)
{
    return name < town->name_count ? &town->names[name] : &nothing;
}

/* ---- records ---- */

static vdr_slot
sender_record(vdr_state *state, const vdr_sender *sender)
{
    for (vdr_slot slot = 1; slot < state->senders.next; slot++)
        if (memcmp(vdr_slab_at(&state->senders, slot), sender, sizeof *sender) == 0)
            return slot;
    vdr_slot slot = vdr_slab_take(&state->senders);
    *(vdr_sender *)vdr_slab_edit(&state->senders, slot) = *sender;
    return slot;
}

static vdr_slot
terms_record(vdr_state *state, const vdr_terms *terms)
{
    for (vdr_slot slot = 1; slot < state->terms.next; slot++)
        if (memcmp(vdr_slab_at(&state->terms, slot), terms, sizeof *terms) == 0)
            return slot;
    vdr_slot slot = vdr_slab_take(&state->terms);
    *(vdr_terms *)vdr_slab_edit(&state->terms, slot) = *terms;
    return slot;
}

static vdr_slot
regisseur_record(vdr_state *state, vdr_name name)
{
    const vdr_name_record *found = vdr_slab_at(&state->names, name);
    if (found->regisseur != 0)
        return found->regisseur;
    vdr_slot slot = vdr_slab_take(&state->regisseurs);
    ((vdr_regisseur *)vdr_slab_edit(&state->regisseurs, slot))->name = name;
    ((vdr_name_record *)vdr_slab_edit(&state->names, name))->regisseur = slot;
    return slot;
}

/* ---- binding ---- */

static const vdr_name *
bind_names(vdr_state *state, vdr_town *town, vdr_names names)
{
    VDR_ASSERT(town->list_size - town->list_count >= names.count);
    vdr_name *at = town->lists + town->list_count;
    for (size_t i = 0; i < names.count; i++)
        at[i] = vdr_name_pin(state, names.at[i]);
    town->list_count += names.count;
    return at;
}

static size_t
lists_size(const vdr_config *config)
{
    size_t size = 0;
    for (size_t i = 0; i < config->regisseur_count; i++)
        size += config->regisseurs[i].expertise.count;
    for (size_t i = 0; i < config->type_count; i++)
        size += config->types[i].agencies.count;
    return size;
}

static void
bind_parties(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    town->agencies = vdr_alloc(config->agency_count + 1, sizeof *town->agencies);
    for (size_t i = 0; i < config->agency_count; i++) {
        const vdr_config_agency *agency = &config->agencies[i];
        vdr_sender sender = {.agency = vdr_name_pin(state, agency->id),
                             .source = vdr_name_pin(state, agency->source),
                             .kind = vdr_name_pin(state, agency->kind)};
        town->agencies[i] = (vdr_town_agency){.id = sender.agency,
                                              .kind = sender.kind,
                                              .sender = sender_record(state, &sender),
                                              .sees_match = agency->sees_match};
    }
    town->services = vdr_alloc(config->service_count + 1, sizeof *town->services);
    for (size_t i = 0; i < config->service_count; i++)
        town->services[i] = vdr_name_pin(state, config->services[i].id);
    town->regisseurs = vdr_alloc(config->regisseur_count + 1, sizeof *town->regisseurs);
    for (size_t i = 0; i < config->regisseur_count; i++) {
        vdr_name id = vdr_name_pin(state, config->regisseurs[i].id);
        town->regisseurs[i] =
            (vdr_town_regisseur){.id = id,
                                 .record = regisseur_record(state, id),
                                 .expertise = bind_names(state, town, config->regisseurs[i].expertise),
                                 .expertise_count = config->regisseurs[i].expertise.count};
    }
    town->coordinators = vdr_alloc(config->coordinators.count + 1, sizeof *town->coordinators);
    for (size_t i = 0; i < config->coordinators.count; i++)
        town->coordinators[i] = vdr_name_pin(state, config->coordinators.at[i]);
    town->officers = vdr_alloc(config->privacy_officers.count + 1, sizeof *town->officers);
    for (size_t i = 0; i < config->privacy_officers.count; i++)
        town->officers[i] = vdr_name_pin(state, config->privacy_officers.at[i]);
}

static void
bind_types(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    for (size_t i = 0; i < config->domain_count; i++)
        (void)vdr_name_pin(state, config->domains[i].id);
    for (size_t i = 0; i < config->may_combine_count; i++) {
        (void)vdr_name_pin(state, config->may_combine[i].a);
        (void)vdr_name_pin(state, config->may_combine[i].b);
    }
    town->types = vdr_alloc(config->type_count + 1, sizeof *town->types);
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        vdr_terms terms = {.counts_for_ms = type->counts_for_ms,
                           .retain_ms = type->retain_ms,
                           .follow_up_ms = type->follow_up_ms,
                           .type = vdr_name_pin(state, type->id),
                           .domain = vdr_name_pin(state, type->domain),
                           .purpose = vdr_name_pin(state, type->purpose),
                           .kind = (uint32_t)type->kind,
                           .severity = type->severity};
        town->types[i] = (vdr_town_type){.terms = terms_record(state, &terms),
                                         .senders = bind_names(state, town, type->agencies),
                                         .sender_count = type->agencies.count};
    }
}

static void
bind_guards(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    town->guards = vdr_alloc(config->guard_count + 1, sizeof *town->guards);
    for (size_t i = 0; i < config->guard_count; i++) {
        const vdr_config_guard *guard = &config->guards[i];
        vdr_town_guard *bound = &town->guards[i];
        *bound = (vdr_town_guard){.id = vdr_name_pin(state, guard->id), .type = VDR_TOWN_NONE};
        if (guard->agency.at != NULL)
            bound->agency = vdr_name_pin(state, guard->agency);
        if (guard->kind.at != NULL)
            bound->kind = vdr_name_pin(state, guard->kind);
        for (size_t j = 0; j < config->type_count && guard->type.at != NULL; j++)
            if (vdr_span_equal(config->types[j].id, guard->type))
                bound->type = (uint32_t)j;
    }
}

/* ---- what each name means ---- */

static vdr_town_name *
meaning(vdr_state *state, vdr_town *town, vdr_span text)
{
    vdr_name name = vdr_name_find(state, text);
    VDR_ASSERT(name != 0 && name < town->name_count);
    return &town->names[name];
}

static void
mean_parties(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    for (size_t i = 0; i < config->agency_count; i++) {
        meaning(state, town, config->agencies[i].id)->agency = (uint32_t)i;
        meaning(state, town, config->agencies[i].source)->source = (uint32_t)i;
    }
    for (size_t i = 0; i < config->service_count; i++)
        meaning(state, town, config->services[i].id)->service = (uint32_t)i;
    for (size_t i = 0; i < config->regisseur_count; i++)
        meaning(state, town, config->regisseurs[i].id)->regisseur = (uint32_t)i;
    for (size_t i = 0; i < config->coordinators.count; i++)
        meaning(state, town, config->coordinators.at[i])->coordinator = (uint32_t)i;
    for (size_t i = 0; i < config->privacy_officers.count; i++)
        meaning(state, town, config->privacy_officers.at[i])->officer = (uint32_t)i;
}

static void
mean_domains(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    uint32_t all = VDR_TOWN_NONE;
    for (size_t i = 0; i < config->service_count; i++) {
        const vdr_config_service *service = &config->services[i];
        for (size_t j = 0; j < service->domains.count; j++) {
            vdr_town_name *domain = meaning(state, town, service->domains.at[j]);
            if (domain->domain_service == VDR_TOWN_NONE)
                domain->domain_service = (uint32_t)i;
        }
        if (service->all && all == VDR_TOWN_NONE)
            all = (uint32_t)i;
    }
    town->service_otherwise = all != VDR_TOWN_NONE ? all : 0;
}

static uint32_t
purpose_place(vdr_state *state, vdr_town *town, vdr_span text)
{
    vdr_town_name *name = meaning(state, town, text);
    if (name->purpose == VDR_TOWN_NONE)
        name->purpose = (uint32_t)town->purpose_count++;
    return name->purpose;
}

static void
mean_types(vdr_state *state, vdr_town *town, const vdr_config *config)
{
    for (size_t i = 0; i < config->type_count; i++) {
        meaning(state, town, config->types[i].id)->type = (uint32_t)i;
        (void)purpose_place(state, town, config->types[i].purpose);
    }
    for (size_t i = 0; i < config->may_combine_count; i++) {
        (void)purpose_place(state, town, config->may_combine[i].a);
        (void)purpose_place(state, town, config->may_combine[i].b);
    }
    size_t count = town->purpose_count;
    town->combine = vdr_alloc(count * count + 1, 1);
    for (size_t i = 0; i < config->may_combine_count; i++) {
        size_t a = purpose_place(state, town, config->may_combine[i].a);
        size_t b = purpose_place(state, town, config->may_combine[i].b);
        town->combine[a * count + b] = town->combine[b * count + a] = 1;
    }
}

void
vdr_town_bind(vdr_state *state)
{
    const vdr_config *config = state->config;
    vdr_town *town = vdr_alloc(1, sizeof *town);

    VDR_ASSERT(config->service_count != 0 && config->coordinators.count != 0);
    town->list_size = lists_size(config);
    town->lists = vdr_alloc(town->list_size + 1, sizeof *town->lists);
    bind_parties(state, town, config);
    bind_types(state, town, config);
    bind_guards(state, town, config);
    for (size_t i = 0; i < config->service_count; i++)
        for (size_t j = 0; j < config->services[i].domains.count; j++)
            (void)vdr_name_pin(state, config->services[i].domains.at[j]);
    /* All names are there now. One that is made later, or a role's number used again, means nothing. */
    town->name_count = state->names.next;
    town->names = vdr_alloc(town->name_count, sizeof *town->names);
    for (size_t i = 0; i < town->name_count; i++)
        town->names[i] = nothing;
    mean_parties(state, town, config);
    mean_domains(state, town, config);
    mean_types(state, town, config);
    vdr_town_free(&state->town);
    state->town = town;
}

void
vdr_town_free(vdr_town **town_p)
{
    vdr_town *town = *town_p;
    if (town == NULL)
        return;
    free(town->agencies);
    free(town->services);
    free(town->regisseurs);
    free(town->coordinators);
    free(town->officers);
    free(town->types);
    free(town->guards);
    free(town->names);
    free(town->combine);
    free(town->lists);
    free(town);
    *town_p = NULL;
}

bool
vdr_town_combines(const vdr_town *town, vdr_name a, vdr_name b)
{
    if (a == b)
        return true;
    size_t place_a = vdr_town_name_of(town, a)->purpose, place_b = vdr_town_name_of(town, b)->purpose;
    if (place_a == VDR_TOWN_NONE || place_b == VDR_TOWN_NONE)
        return false;
    return town->combine[place_a * town->purpose_count + place_b] != 0;
}

vdr_name
vdr_town_service(const vdr_town *town, vdr_name domain)
{
    uint32_t place = vdr_town_name_of(town, domain)->domain_service;
    return town->services[place != VDR_TOWN_NONE ? place : town->service_otherwise];
}

bool
vdr_town_type_allows(const vdr_town *town, uint32_t type, vdr_name kind)
{
    for (size_t i = 0; i < town->types[type].sender_count; i++)
        if (town->types[type].senders[i] == kind)
            return true;
    return false;
}

bool
vdr_town_convened(const vdr_config_agency *agency, vdr_ms t)
{
    const vdr_config_convenant *convenant = &agency->convenant;
    return convenant->id.at == NULL || (convenant->from <= t && t < convenant->until);
}

bool
vdr_town_absent(const vdr_config_regisseur *regisseur, vdr_ms t)
{
    for (size_t i = 0; i < regisseur->absent_count; i++)
        if (regisseur->absent[i].from <= t && t < regisseur->absent[i].to)
            return true;
    return false;
}
