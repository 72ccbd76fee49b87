/* catalogue.yaml: domains and signal types (semantics section 4). */
#include "broker/door/reader.h"

static void
read_domain(vdr_reader *reader, const vdr_yaml *node, vdr_config_domain *ret_domain)
{
    vdr_span area;
    (void)vdr_reader_name(reader, node->key, &ret_domain->id);
    (void)vdr_nameset_add(&reader->domains, node->key->text);
    if (!vdr_reader_name(reader, node, &area))
        return;
    if (vdr_span_equal(area, vdr_span_str("by_role")))
        ret_domain->by_role = true;
    else
        ret_domain->core_area = area;
}

static void
read_domains(vdr_reader *reader, const vdr_yaml *node)
{
    if (!vdr_reader_is_map(reader, node))
        return;
    vdr_config_domain *domains = vdr_reader_array(reader, node->count, sizeof domains[0]);
    size_t count = 0;
    for (const vdr_yaml *value = node->first; value != NULL && domains != NULL; value = value->next)
        read_domain(reader, value, &domains[count++]);
    reader->config->domains = domains;
    reader->config->domain_count = count;
}

enum {
    TYPE_DOMAIN,
    TYPE_AGENCIES,
    TYPE_SEVERITY,
    TYPE_KIND,
    TYPE_COUNTS_FOR,
    TYPE_RETAIN,
    TYPE_PURPOSE,
    TYPE_LEGAL_BASIS,
    TYPE_FOLLOW_UP,
    TYPE_ACTIVITY,
    TYPE_TITLE,
    TYPE_KEYS
};

static const vdr_reader_key type_keys[TYPE_KEYS] = {
    [TYPE_DOMAIN] = {"domain", true},         [TYPE_AGENCIES] = {"agencies", true},
    [TYPE_SEVERITY] = {"severity", true},     [TYPE_KIND] = {"kind", true},
    [TYPE_COUNTS_FOR] = {"counts_for", true}, [TYPE_RETAIN] = {"retain", true},
    [TYPE_PURPOSE] = {"purpose", true},       [TYPE_LEGAL_BASIS] = {"legal_basis", true},
    [TYPE_FOLLOW_UP] = {"follow_up", false},  [TYPE_ACTIVITY] = {"processing_activity", false},
    [TYPE_TITLE] = {"title", false},
};

static const char *
signal_kind_word(unsigned number)
{
    return vdr_signal_kind_name((vdr_signal_kind)number);
}

static void
read_type_id(vdr_reader *reader, const vdr_yaml *key, vdr_config_type *ret_type)
{
    static const char reserved[] = "nl.voordeur.";
    (void)vdr_nameset_add(&reader->types, key->text);
    if (!vdr_reader_name(reader, key, &ret_type->id))
        return;
    if (key->text.len >= sizeof reserved - 1 && memcmp(key->text.at, reserved, sizeof reserved - 1) == 0)
        vdr_reader_fault(reader, key->place, "%.*s: types that begin with %s are commands, not signals",
                         VDR_SHOWN(key->text), reserved);
}

#define TITLE_BYTES_MAX 128u

static void
read_title(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_title)
{
    if (node == NULL || !vdr_reader_text(reader, node, ret_title))
        return;
    if (ret_title->len > TITLE_BYTES_MAX)
        vdr_reader_fault(reader, vdr_reader_place(node), "title: expected at most %u bytes", TITLE_BYTES_MAX);
}

static void
read_type(vdr_reader *reader, const vdr_yaml *node, vdr_config_type *ret_type, vdr_span *ret_title)
{
    const vdr_yaml *values[TYPE_KEYS];
    unsigned kind;

    read_type_id(reader, node->key, ret_type);
    if (!vdr_reader_map(reader, node, type_keys, TYPE_KEYS, values))
        return;
    if (vdr_reader_name(reader, values[TYPE_DOMAIN], &ret_type->domain))
        vdr_reader_known(reader, values[TYPE_DOMAIN], ret_type->domain, &reader->domains, "domain");
    if (vdr_reader_names(reader, values[TYPE_AGENCIES], &ret_type->agencies))
        for (size_t i = 0; i < ret_type->agencies.count; i++)
            (void)vdr_nameset_add(&reader->kinds, ret_type->agencies.at[i]);
    (void)vdr_reader_severity(reader, values[TYPE_SEVERITY], &ret_type->severity);
    if (vdr_reader_word(reader, values[TYPE_KIND], signal_kind_word, VDR_SIGNAL_EVENT, VDR_SIGNAL_DEADLINE,
                        &kind))
        ret_type->kind = (vdr_signal_kind)kind;
    (void)vdr_reader_duration(reader, values[TYPE_COUNTS_FOR], false, &ret_type->counts_for_ms);
    (void)vdr_reader_duration(reader, values[TYPE_RETAIN], false, &ret_type->retain_ms);
    if (vdr_reader_name(reader, values[TYPE_PURPOSE], &ret_type->purpose))
        (void)vdr_nameset_add(&reader->purposes, ret_type->purpose);
    (void)vdr_reader_name(reader, values[TYPE_LEGAL_BASIS], &ret_type->legal_basis);
    (void)vdr_reader_duration(reader, values[TYPE_FOLLOW_UP], false, &ret_type->follow_up_ms);
    vdr_span activity; /* no step depends on it: who asks reads it with activity.h */
    if (values[TYPE_ACTIVITY] != NULL)
        (void)vdr_reader_uri(reader, values[TYPE_ACTIVITY], &activity);
    read_title(reader, values[TYPE_TITLE], ret_title);
    if (ret_type->retain_ms > reader->config->retain_max_ms)
        reader->config->retain_max_ms = ret_type->retain_ms;
}

static void
read_types(vdr_reader *reader, const vdr_yaml *node)
{
    if (!vdr_reader_is_map(reader, node))
        return;
    if (node->count == 0)
        vdr_reader_fault(reader, vdr_reader_place(node), "types: expected at least one type");
    vdr_config_type *types = vdr_reader_array(reader, node->count, sizeof types[0]);
    vdr_span *titles = vdr_reader_array(reader, node->count, sizeof titles[0]);
    size_t count = 0;
    for (const vdr_yaml *value = node->first; value != NULL && types != NULL && titles != NULL;
         value = value->next, count++)
        read_type(reader, value, &types[count], &titles[count]);
    reader->config->types = types;
    reader->config->titles = titles;
    reader->config->type_count = count;
}

void
vdr_reader_catalogue(vdr_reader *reader, const vdr_yaml *root)
{
    static const vdr_reader_key keys[] = {{"domains", true}, {"types", true}};
    const vdr_yaml *values[2];

    if (!vdr_reader_map(reader, root, keys, 2, values))
        return;
    read_domains(reader, values[0]);
    read_types(reader, values[1]);
    reader->catalogue_read = true;
}
