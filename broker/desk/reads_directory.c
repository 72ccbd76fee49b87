/* The directory: what the configuration in force names, for whoever must choose among it (protocol.md 7.2). It says nothing
 * of whom signals are about. */
#include "broker/desk/reads.h"

#include "broker/access/mask.h"

/* Its lists, in the order of its pages. */
enum { LIST_TYPES, LIST_DOMAINS, LIST_AGENCIES, LIST_SERVICES, LIST_REGISSEURS, LISTS };

typedef struct pages {
    vdr_reading *reading;
    const vdr_config *config;
    vdr_wire_directory *shown; /* the counts of these */
    vdr_wire_directory_type *types;
    vdr_wire_directory_domain *domains;
    vdr_wire_directory_agency *agencies;
    vdr_wire_directory_service *services;
    vdr_wire_directory_regisseur *regisseurs;
} pages;

static void
mask(const pages *p, vdr_access_object object, void *plain, size_t bytes)
{
    vdr_access_mask(p->reading->session->kind, object, p->reading->standing, plain, bytes);
}

static size_t
count_of(const vdr_config *config, unsigned list)
{
    const size_t counts[LISTS] = {config->type_count, config->domain_count, config->agency_count,
                                  config->service_count, config->regisseur_count};
    return counts[list];
}

static void
show_type(const pages *p, size_t i, vdr_wire_directory_type *ret_shown)
{
    const vdr_config_type *type = &p->config->types[i];
    *ret_shown = (vdr_wire_directory_type){.type = type->id,
                                           .title = p->config->titles[i],
                                           .domain = type->domain,
                                           .kind = type->kind,
                                           .severity = type->severity,
                                           .agencies = type->agencies.at,
                                           .agency_count = type->agencies.count};
    mask(p, VDR_OBJECT_DIRECTORY_TYPE, ret_shown, sizeof *ret_shown);
}

static void
show_regisseur(const pages *p, size_t i, vdr_wire_directory_regisseur *ret_shown)
{
    const vdr_config_regisseur *regisseur = &p->config->regisseurs[i];
    vdr_span id;
    uint64_t load, capacity, hard_capacity;
    bool absent = false;
    (void)vdr_view_regisseur(p->reading->core, i, &id, &load, &capacity, &hard_capacity, &absent);
    *ret_shown = (vdr_wire_directory_regisseur){.id = regisseur->id,
                                                .districts = regisseur->districts.at,
                                                .district_count = regisseur->districts.count,
                                                .everywhere = regisseur->everywhere,
                                                .expertise = regisseur->expertise.at,
                                                .expertise_count = regisseur->expertise.count,
                                                .absent = absent};
    mask(p, VDR_OBJECT_DIRECTORY_REGISSEUR, ret_shown, sizeof *ret_shown);
}

/* One entry of a list, behind those that are there. */
static void
show(pages *p, unsigned list, size_t i)
{
    vdr_wire_directory *shown = p->shown;
    if (list == LIST_TYPES) {
        show_type(p, i, &p->types[shown->type_count++]);
    } else if (list == LIST_DOMAINS) {
        const vdr_config_domain *domain = &p->config->domains[i];
        vdr_wire_directory_domain *to = &p->domains[shown->domain_count++];
        *to = (vdr_wire_directory_domain){
            .domain = domain->id, .area = domain->core_area, .by_role = domain->by_role};
        mask(p, VDR_OBJECT_DIRECTORY_DOMAIN, to, sizeof *to);
    } else if (list == LIST_AGENCIES) {
        const vdr_config_agency *agency = &p->config->agencies[i];
        vdr_wire_directory_agency *to = &p->agencies[shown->agency_count++];
        *to = (vdr_wire_directory_agency){.id = agency->id, .kind = agency->kind};
        mask(p, VDR_OBJECT_DIRECTORY_AGENCY, to, sizeof *to);
    } else if (list == LIST_SERVICES) {
        const vdr_config_service *service = &p->config->services[i];
        vdr_wire_directory_service *to = &p->services[shown->service_count++];
        *to = (vdr_wire_directory_service){.id = service->id,
                                           .domains = service->domains.at,
                                           .domain_count = service->domains.count,
                                           .all = service->all};
        mask(p, VDR_OBJECT_DIRECTORY_SERVICE, to, sizeof *to);
    } else {
        show_regisseur(p, i, &p->regisseurs[shown->regisseur_count++]);
    }
}

/* Room for a page in each list. */
static bool
make_room(pages *p)
{
    size_t room = p->reading->room + 1;
    vdr_arena *arena = p->reading->arena;
    p->types = (vdr_wire_directory_type *)vdr_arena_alloc(arena, room * sizeof *p->types);
    p->domains = (vdr_wire_directory_domain *)vdr_arena_alloc(arena, room * sizeof *p->domains);
    p->agencies = (vdr_wire_directory_agency *)vdr_arena_alloc(arena, room * sizeof *p->agencies);
    p->services = (vdr_wire_directory_service *)vdr_arena_alloc(arena, room * sizeof *p->services);
    p->regisseurs = (vdr_wire_directory_regisseur *)vdr_arena_alloc(arena, room * sizeof *p->regisseurs);
    p->shown = (vdr_wire_directory *)vdr_arena_alloc(arena, sizeof *p->shown);
    bool all = p->types != NULL && p->domains != NULL && p->agencies != NULL && p->services != NULL &&
               p->regisseurs != NULL && p->shown != NULL;
    if (all)
        *p->shown = (vdr_wire_directory){.types = p->types,
                                         .domains = p->domains,
                                         .agencies = p->agencies,
                                         .services = p->services,
                                         .regisseurs = p->regisseurs};
    return all;
}

static bool
is_shown(const vdr_reading *reading, unsigned list)
{
    static const size_t offsets[LISTS] = {
        offsetof(vdr_wire_directory, types), offsetof(vdr_wire_directory, domains),
        offsetof(vdr_wire_directory, agencies), offsetof(vdr_wire_directory, services),
        offsetof(vdr_wire_directory, regisseurs)};
    return vdr_access_shown(reading->session->kind, VDR_OBJECT_DIRECTORY, offsets[list], reading->standing) !=
           VDR_SHOWN_NOT;
}

vdr_err
vdr_reads_directory(vdr_reading *reading)
{
    pages p = {.reading = reading, .config = vdr_core_config(reading->core)};
    if (!make_room(&p))
        return VDR_E_NO_MEMORY;
    size_t i = (size_t)reading->from.after;
    for (uint64_t list = reading->from.part; list < LISTS && !reading->more; list++, i = 0) {
        size_t count = is_shown(reading, (unsigned)list) ? count_of(p.config, (unsigned)list) : 0;
        for (; i < count && !reading->more; i++) {
            reading->next = (vdr_resume){.part = list, .after = i};
            reading->more = reading->room == 0;
            if (reading->more)
                break;
            reading->room--;
            show(&p, (unsigned)list, i);
        }
    }
    mask(&p, VDR_OBJECT_DIRECTORY, p.shown, sizeof *p.shown);
    reading->answer.directory = p.shown;
    return VDR_OK;
}
