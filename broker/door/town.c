/* town.yaml: who there is and by which clocks (semantics section 4). */
#include "broker/door/reader.h"
#include "proto/limits.h"
#include "proto/time.h"

#include <stdlib.h>

static int
by_bytes(const void *a, const void *b)
{
    return vdr_span_compare(*(const vdr_span *)a, *(const vdr_span *)b);
}

static bool
is_bag(vdr_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.len == 16;
}

/* Sorted, so that the door finds one quickly. */
static void
read_excluded(vdr_reader *reader, const vdr_yaml *node)
{
    vdr_names names;
    if (node == NULL || !vdr_reader_names(reader, node, &names))
        return;
    for (const vdr_yaml *item = node->first; item != NULL; item = item->next)
        if (!is_bag(item->text))
            vdr_reader_fault(reader, item->place,
                             "excluded_addresses: expected a BAG id of 16 digits, found \"%.*s\"",
                             VDR_SHOWN(item->text));
    vdr_span *sorted = vdr_reader_array(reader, names.count, sizeof sorted[0]);
    if (sorted == NULL)
        return;
    if (names.count != 0)
        memcpy(sorted, names.at, names.count * sizeof sorted[0]);
    qsort(sorted, names.count, sizeof sorted[0], by_bytes);
    reader->config->excluded_addresses = (vdr_names){.at = sorted, .count = names.count};
}

static const char *
address_match_word(unsigned number)
{
    return vdr_address_match_name((vdr_address_match)number);
}

static void
read_identity(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {
        {"address_match", true}, {"max_persons", true}, {"excluded_addresses", false}};
    const vdr_yaml *values[3];
    unsigned match;

    if (!vdr_reader_map(reader, node, keys, 3, values))
        return;
    if (vdr_reader_word(reader, values[0], address_match_word, VDR_ADDRESS_JOIN, VDR_ADDRESS_OFF, &match))
        reader->config->address_match = (vdr_address_match)match;
    (void)vdr_reader_number(reader, values[1], &reader->config->persons_max);
    read_excluded(reader, values[2]);
}

static void
read_accept(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {{"urgent", true}, {"high", true}, {"normal", true}};
    static const vdr_priority priorities[] = {VDR_PRIORITY_URGENT, VDR_PRIORITY_HIGH, VDR_PRIORITY_NORMAL};
    const vdr_yaml *values[3];

    if (!vdr_reader_map(reader, node, keys, 3, values))
        return;
    for (size_t i = 0; i < 3; i++)
        (void)vdr_reader_duration(reader, values[i], false, &reader->config->accept_ms[priorities[i]]);
}

static void
read_clocks(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {{"future", true}, {"late", true},  {"cooldown", true},
                                          {"sticky", true}, {"retry", true}, {"retain_cases", false},
                                          {"accept", true}};
    const vdr_yaml *values[7];
    vdr_config *config = reader->config;

    if (!vdr_reader_map(reader, node, keys, 7, values))
        return;
    (void)vdr_reader_duration(reader, values[0], true, &config->future_ms);
    (void)vdr_reader_duration(reader, values[1], true, &config->late_ms);
    (void)vdr_reader_duration(reader, values[2], true, &config->cooldown_ms);
    (void)vdr_reader_duration(reader, values[3], true, &config->sticky_ms);
    (void)vdr_reader_duration(reader, values[4], false, &config->retry_ms);
    (void)vdr_reader_duration(reader, values[5], false, &config->retain_cases_ms);
    read_accept(reader, values[6]);
}

static void
read_may_combine(vdr_reader *reader, const vdr_yaml *node)
{
    if (!vdr_reader_is_list(reader, node))
        return;
    vdr_config_pair *pairs = vdr_reader_array(reader, node->count, sizeof pairs[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && pairs != NULL; item = item->next) {
        vdr_names names;
        if (!vdr_reader_names(reader, item, &names))
            continue;
        if (names.count != 2) {
            vdr_reader_fault(reader, item->place, "may_combine: expected two purposes, found %zu",
                             names.count);
            continue;
        }
        pairs[count++] = (vdr_config_pair){.a = names.at[0], .b = names.at[1]};
    }
    reader->config->may_combine = pairs;
    reader->config->may_combine_count = count;
}

/* ---- agencies */

static bool
begins(vdr_span text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.at, with, len) == 0;
}

static void
read_source(vdr_reader *reader, const vdr_yaml *node, vdr_nameset *sources, vdr_span *ret_source)
{
    if (!vdr_reader_text(reader, node, ret_source))
        return;
    if (ret_source->len > VDR_NAME_BYTES_MAX)
        vdr_reader_fault(reader, node->place, "source: expected at most %u bytes, found %zu",
                         VDR_NAME_BYTES_MAX, ret_source->len);
    if (begins(*ret_source, "urn:voordeur:"))
        vdr_reader_fault(reader, node->place,
                         "source: urn:voordeur: names regisseurs and others of the town, not an agency");
    vdr_reader_once(reader, node, *ret_source, sources);
}

static void
read_convenant(vdr_reader *reader, const vdr_yaml *node, vdr_config_convenant *ret_convenant)
{
    static const vdr_reader_key keys[] = {{"id", true}, {"from", true}, {"until", true}};
    const vdr_yaml *values[3];
    vdr_config_convenant convenant = {0};
    if (!vdr_reader_map(reader, node, keys, 3, values))
        return;
    bool good = vdr_reader_name(reader, values[0], &convenant.id);
    bool from = vdr_reader_instant(reader, values[1], &convenant.from);
    bool until = vdr_reader_instant(reader, values[2], &convenant.until);
    if (from && until && convenant.until <= convenant.from)
        vdr_reader_fault(reader, values[2]->place, "until: expected an instant after from");
    if (good && from && until)
        *ret_convenant = convenant;
}

static void
read_agencies(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {
        {"id", true}, {"kind", true}, {"source", true}, {"sees_match", false}, {"convenant", false}};
    vdr_nameset ids = {0}, sources = {0};

    if (!vdr_reader_is_list(reader, node))
        return;
    vdr_config_agency *agencies = vdr_reader_array(reader, node->count, sizeof agencies[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && agencies != NULL; item = item->next) {
        const vdr_yaml *values[5];
        vdr_config_agency *agency = &agencies[count++];
        if (!vdr_reader_map(reader, item, keys, 5, values))
            continue;
        if (vdr_reader_name(reader, values[0], &agency->id))
            vdr_reader_once(reader, values[0], agency->id, &ids);
        if (vdr_reader_name(reader, values[1], &agency->kind))
            (void)vdr_nameset_add(&reader->kinds, agency->kind);
        read_source(reader, values[2], &sources, &agency->source);
        (void)vdr_reader_bool(reader, values[3], &agency->sees_match);
        if (values[4] != NULL)
            read_convenant(reader, values[4], &agency->convenant);
    }
    vdr_nameset_done(&ids);
    vdr_nameset_done(&sources);
    reader->config->agencies = agencies;
    reader->config->agency_count = count;
}

/* ---- services */

/* Every signal that no case takes goes to a service for its domain. */
static void
all_domains_served(vdr_reader *reader, const vdr_yaml *node, bool by_all, const vdr_nameset *served)
{
    for (size_t i = 0; i < reader->domains.count && !by_all; i++)
        if (!vdr_nameset_has(served, reader->domains.names[i]))
            vdr_reader_fault(reader, vdr_reader_place(node),
                             "services: no service takes the domain %.*s; add it to one, or \"*\"",
                             VDR_SHOWN(reader->domains.names[i]));
}

static void
read_services(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {{"id", true}, {"domains", true}};
    vdr_nameset ids = {0}, served = {0};
    bool by_all = false;

    if (!vdr_reader_is_list(reader, node))
        return;
    if (node->count == 0)
        vdr_reader_fault(reader, vdr_reader_place(node), "services: expected at least one service");
    vdr_config_service *services = vdr_reader_array(reader, node->count, sizeof services[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && services != NULL; item = item->next) {
        const vdr_yaml *values[2];
        vdr_config_service *service = &services[count++];
        if (!vdr_reader_map(reader, item, keys, 2, values)) {
            by_all = true; /* what it serves is not known */
            continue;
        }
        if (vdr_reader_name(reader, values[0], &service->id))
            vdr_reader_once(reader, values[0], service->id, &ids);
        if (!vdr_reader_names_or_all(reader, values[1], &service->domains, &service->all))
            by_all = true;
        by_all |= service->all;
        for (size_t i = 0; i < service->domains.count; i++)
            (void)vdr_nameset_add(&served, service->domains.at[i]);
        if (reader->catalogue_read)
            vdr_reader_all_known(reader, values[1], &reader->domains, "domain of catalogue.yaml");
    }
    if (node->count != 0)
        all_domains_served(reader, node, by_all, &served);
    vdr_nameset_done(&ids);
    vdr_nameset_done(&served);
    reader->config->services = services;
    reader->config->service_count = count;
}

/* ---- regisseurs */

static void
read_absent(vdr_reader *reader, const vdr_yaml *node, vdr_config_regisseur *regisseur)
{
    static const vdr_reader_key keys[] = {{"from", true}, {"to", true}};
    if (node == NULL || !vdr_reader_is_list(reader, node))
        return;
    vdr_config_absence *absent = vdr_reader_array(reader, node->count, sizeof absent[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && absent != NULL; item = item->next) {
        const vdr_yaml *values[2];
        vdr_config_absence absence;
        if (!vdr_reader_map(reader, item, keys, 2, values))
            continue;
        bool from = vdr_reader_instant(reader, values[0], &absence.from);
        bool to = vdr_reader_instant(reader, values[1], &absence.to);
        if (!from || !to)
            continue;
        if (absence.to <= absence.from)
            vdr_reader_fault(reader, values[1]->place, "to: expected an instant after from");
        absent[count++] = absence;
    }
    regisseur->absent = absent;
    regisseur->absent_count = count;
}

static void
read_capacity(vdr_reader *reader, const vdr_yaml *capacity, const vdr_yaml *hard,
              vdr_config_regisseur *regisseur)
{
    bool both = vdr_reader_number(reader, capacity, &regisseur->capacity);
    both &= vdr_reader_number(reader, hard, &regisseur->hard_capacity);
    if (both && regisseur->hard_capacity < regisseur->capacity)
        vdr_reader_fault(reader, vdr_reader_place(hard),
                         "hard_capacity: expected at least capacity, which is %llu",
                         (unsigned long long)regisseur->capacity);
}

static void
read_regisseurs(vdr_reader *reader, const vdr_yaml *node)
{
    static const vdr_reader_key keys[] = {{"id", true},         {"districts", true},
                                          {"capacity", true},   {"hard_capacity", true},
                                          {"expertise", false}, {"absent", false}};
    vdr_nameset ids = {0};

    if (!vdr_reader_is_list(reader, node))
        return;
    vdr_config_regisseur *regisseurs = vdr_reader_array(reader, node->count, sizeof regisseurs[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && regisseurs != NULL; item = item->next) {
        const vdr_yaml *values[6];
        vdr_config_regisseur *regisseur = &regisseurs[count++];
        if (!vdr_reader_map(reader, item, keys, 6, values))
            continue;
        if (vdr_reader_name(reader, values[0], &regisseur->id))
            vdr_reader_once(reader, values[0], regisseur->id, &ids);
        (void)vdr_reader_names_or_all(reader, values[1], &regisseur->districts, &regisseur->everywhere);
        read_capacity(reader, values[2], values[3], regisseur);
        if (values[4] != NULL && vdr_reader_names(reader, values[4], &regisseur->expertise) &&
            reader->catalogue_read)
            vdr_reader_all_known(reader, values[4], &reader->domains, "domain of catalogue.yaml");
        read_absent(reader, values[5], regisseur);
    }
    vdr_nameset_done(&ids);
    reader->config->regisseurs = regisseurs;
    reader->config->regisseur_count = count;
}

/* A list of ids, each once. */
static void
read_ids(vdr_reader *reader, const vdr_yaml *node, vdr_names *ret_ids)
{
    vdr_nameset ids = {0};
    if (node == NULL || !vdr_reader_names(reader, node, ret_ids))
        return;
    for (const vdr_yaml *item = node->first; item != NULL; item = item->next)
        vdr_reader_once(reader, item, item->text, &ids);
    vdr_nameset_done(&ids);
}

enum {
    TOWN_MUNICIPALITY,
    TOWN_IDENTITY,
    TOWN_CLOCKS,
    TOWN_MAY_COMBINE,
    TOWN_AGENCIES,
    TOWN_SERVICES,
    TOWN_REGISSEURS,
    TOWN_COORDINATORS,
    TOWN_PRIVACY_OFFICERS,
    TOWN_GUARDS,
    TOWN_ACTIVITY,
    TOWN_KEYS
};

void
vdr_reader_town(vdr_reader *reader, const vdr_yaml *root)
{
    static const vdr_reader_key keys[TOWN_KEYS] = {
        [TOWN_MUNICIPALITY] = {"municipality", true},
        [TOWN_IDENTITY] = {"identity", true},
        [TOWN_CLOCKS] = {"clocks", true},
        [TOWN_MAY_COMBINE] = {"may_combine", false},
        [TOWN_AGENCIES] = {"agencies", true},
        [TOWN_SERVICES] = {"services", true},
        [TOWN_REGISSEURS] = {"regisseurs", true},
        [TOWN_COORDINATORS] = {"coordinators", true},
        [TOWN_PRIVACY_OFFICERS] = {"privacy_officers", false},
        [TOWN_GUARDS] = {"guards", false},
        [TOWN_ACTIVITY] = {"processing_activity", false},
    };
    const vdr_yaml *values[TOWN_KEYS];
    vdr_config *config = reader->config;

    config->retain_cases_ms = 1825 * VDR_DAY_MS; /* section 4: the default of clocks.retain_cases */
    if (!vdr_reader_map(reader, root, keys, TOWN_KEYS, values))
        return;
    (void)vdr_reader_name(reader, values[TOWN_MUNICIPALITY], &config->municipality);
    read_identity(reader, values[TOWN_IDENTITY]);
    read_clocks(reader, values[TOWN_CLOCKS]);
    read_may_combine(reader, values[TOWN_MAY_COMBINE]);
    read_agencies(reader, values[TOWN_AGENCIES]);
    read_services(reader, values[TOWN_SERVICES]);
    read_regisseurs(reader, values[TOWN_REGISSEURS]);
    read_ids(reader, values[TOWN_COORDINATORS], &config->coordinators);
    read_ids(reader, values[TOWN_PRIVACY_OFFICERS], &config->privacy_officers);
    vdr_reader_guards(reader, values[TOWN_GUARDS]);
    vdr_span activity; /* no step depends on it: who asks reads it with activity.h */
    if (values[TOWN_ACTIVITY] != NULL)
        (void)vdr_reader_uri(reader, values[TOWN_ACTIVITY], &activity);
    const vdr_yaml *coordinators = values[TOWN_COORDINATORS];
    if (coordinators != NULL && coordinators->kind == VDR_YAML_LIST && coordinators->count == 0)
        vdr_reader_fault(reader, vdr_reader_place(coordinators),
                         "coordinators: expected at least one coordinator");
    reader->town_read = true;
}
