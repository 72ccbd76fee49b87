/* rules.yaml (semantics section 6), and what makes two rules the same rule. */
#include "broker/door/reader.h"

#include <sodium.h>
#include <stdlib.h>

/* ---- fingerprint: BLAKE2b-128 of all but the text. Lists are sets, so they go in sorted, each once. */

static void
hash_number(crypto_generichash_state *hash, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    crypto_generichash_update(hash, bytes, sizeof bytes);
}

static void
hash_span(crypto_generichash_state *hash, vdr_span text)
{
    hash_number(hash, text.len);
    if (text.len != 0)
        crypto_generichash_update(hash, text.at, text.len);
}

static int
by_bytes(const void *a, const void *b)
{
    return vdr_span_compare(*(const vdr_span *)a, *(const vdr_span *)b);
}

static void
hash_names(crypto_generichash_state *hash, vdr_names names)
{
    hash_number(hash, names.at != NULL);
    if (names.at == NULL || names.count == 0) {
        hash_number(hash, 0);
        return;
    }
    vdr_span *sorted = vdr_alloc(names.count, sizeof sorted[0]);
    size_t count = 0;
    memcpy(sorted, names.at, names.count * sizeof sorted[0]);
    qsort(sorted, names.count, sizeof sorted[0], by_bytes);
    for (size_t i = 0; i < names.count; i++)
        if (count == 0 || !vdr_span_equal(sorted[count - 1], sorted[i]))
            sorted[count++] = sorted[i];
    hash_number(hash, count);
    for (size_t i = 0; i < count; i++)
        hash_span(hash, sorted[i]);
    free(sorted);
}

static vdr_key16
fingerprint(const vdr_config_rule *rule)
{
    crypto_generichash_state hash;
    vdr_key16 print;

    crypto_generichash_init(&hash, NULL, 0, sizeof print.bytes);
    hash_span(&hash, rule->id);
    hash_number(&hash, rule->level);
    hash_number(&hash, rule->priority);
    hash_names(&hash, rule->purposes);
    hash_number(&hash, (uint64_t)rule->over_ms);
    hash_names(&hash, rule->types);
    hash_names(&hash, rule->domains);
    hash_names(&hash, rule->agencies);
    hash_names(&hash, rule->roles);
    hash_number(&hash, rule->min_severity);
    for (unsigned i = 0; i < VDR_MEASURES; i++)
        hash_number(&hash, rule->at_least[i]);
    hash_number(&hash, (uint64_t)rule->spread_ms);
    hash_number(&hash, rule->within);
    crypto_generichash_final(&hash, print.bytes, sizeof print.bytes);
    return print;
}

/* ---- reading */

static bool
may_combine(const vdr_config *config, vdr_span a, vdr_span b)
{
    if (vdr_span_equal(a, b))
        return true;
    for (size_t i = 0; i < config->may_combine_count; i++) {
        const vdr_config_pair *pair = &config->may_combine[i];
        if ((vdr_span_equal(pair->a, a) && vdr_span_equal(pair->b, b)) ||
            (vdr_span_equal(pair->a, b) && vdr_span_equal(pair->b, a)))
            return true;
    }
    return false;
}

/* So no rule can join what the law keeps apart. */
static void
check_purposes(vdr_reader *reader, const vdr_yaml *node, vdr_names purposes)
{
    if (purposes.count == 0)
        vdr_reader_fault(reader, vdr_reader_place(node), "purposes: expected at least one purpose");
    if (reader->catalogue_read)
        vdr_reader_all_known(reader, node, &reader->purposes, "purpose of a type in catalogue.yaml");
    if (!reader->town_read)
        return;
    size_t j = 0;
    for (const vdr_yaml *item = node->first; item != NULL; item = item->next, j++) {
        for (size_t i = 0; i < j; i++) {
            if (may_combine(reader->config, purposes.at[i], purposes.at[j]))
                continue;
            vdr_reader_fault(reader, item->place,
                             "purposes: %.*s and %.*s are no pair of may_combine in town.yaml",
                             VDR_SHOWN(purposes.at[i]), VDR_SHOWN(purposes.at[j]));
            break;
        }
    }
}

static void
read_where(vdr_reader *reader, const vdr_yaml *node, vdr_config_rule *rule)
{
    static const vdr_reader_key keys[] = {
        {"types", false}, {"domains", false}, {"agencies", false}, {"roles", false}, {"min_severity", false}};
    const vdr_yaml *values[5];

    if (node == NULL || !vdr_reader_map(reader, node, keys, 5, values))
        return;
    (void)vdr_reader_names(reader, values[0], &rule->types);
    (void)vdr_reader_names(reader, values[1], &rule->domains);
    (void)vdr_reader_names(reader, values[2], &rule->agencies);
    (void)vdr_reader_names(reader, values[3], &rule->roles);
    (void)vdr_reader_severity(reader, values[4], &rule->min_severity);
    if (reader->catalogue_read) {
        vdr_reader_all_known(reader, values[0], &reader->types, "type of catalogue.yaml");
        vdr_reader_all_known(reader, values[1], &reader->domains, "domain of catalogue.yaml");
    }
    if (reader->catalogue_read && reader->town_read)
        vdr_reader_all_known(reader, values[2], &reader->kinds, "kind of an agency or of a type");
}

static void
read_at_least(vdr_reader *reader, const vdr_yaml *node, vdr_config_rule *rule)
{
    vdr_reader_key keys[VDR_MEASURES];
    const vdr_yaml *values[VDR_MEASURES];

    for (unsigned i = 0; i < VDR_MEASURES; i++)
        keys[i] = (vdr_reader_key){.name = vdr_measure_name((vdr_measure)i)};
    if (!vdr_reader_map(reader, node, keys, VDR_MEASURES, values))
        return;
    if (node->count == 0)
        vdr_reader_fault(reader, vdr_reader_place(node), "at_least: expected at least one measure");
    for (unsigned i = 0; i < VDR_MEASURES; i++)
        (void)vdr_reader_number(reader, values[i], &rule->at_least[i]);
}

static const char *
level_word(unsigned number)
{
    return vdr_level_name((vdr_level)number);
}

static const char *
priority_word(unsigned number)
{
    return vdr_priority_name((vdr_priority)number);
}

static const char *
within_word(unsigned number)
{
    return vdr_within_name((vdr_within)number);
}

static void
read_level(vdr_reader *reader, const vdr_yaml *entry, const vdr_yaml *level, const vdr_yaml *priority,
           vdr_config_rule *rule)
{
    unsigned number;
    if (vdr_reader_word(reader, priority, priority_word, VDR_PRIORITY_NORMAL, VDR_PRIORITY_URGENT, &number))
        rule->priority = (vdr_priority)number;
    if (!vdr_reader_word(reader, level, level_word, VDR_LEVEL_WATCH, VDR_LEVEL_CASE, &number))
        return;
    rule->level = (vdr_level)number;
    if (rule->level == VDR_LEVEL_CASE && priority == NULL)
        vdr_reader_fault(reader, vdr_reader_place(entry),
                         "priority: this key is missing; a rule of level case needs one");
    if (rule->level != VDR_LEVEL_CASE && priority != NULL)
        vdr_reader_fault(reader, vdr_reader_place(priority),
                         "priority: only a rule of level case has one; this is %s",
                         vdr_level_name(rule->level));
}

enum {
    RULE_ID,
    RULE_TEXT,
    RULE_LEVEL,
    RULE_PRIORITY,
    RULE_PURPOSES,
    RULE_OVER,
    RULE_WHERE,
    RULE_AT_LEAST,
    RULE_SPREAD,
    RULE_WITHIN_SAME,
    RULE_KEYS
};

static void
read_rule(vdr_reader *reader, const vdr_yaml *node, vdr_nameset *ids, vdr_config_rule *rule)
{
    static const vdr_reader_key keys[RULE_KEYS] = {
        [RULE_ID] = {"id", true},
        [RULE_TEXT] = {"text", true},
        [RULE_LEVEL] = {"level", true},
        [RULE_PRIORITY] = {"priority", false},
        [RULE_PURPOSES] = {"purposes", true},
        [RULE_OVER] = {"over", false},
        [RULE_WHERE] = {"where", false},
        [RULE_AT_LEAST] = {"at_least", true},
        [RULE_SPREAD] = {"spread", false},
        [RULE_WITHIN_SAME] = {"within_same", false},
    };
    const vdr_yaml *values[RULE_KEYS];
    unsigned within;

    if (!vdr_reader_map(reader, node, keys, RULE_KEYS, values))
        return;
    if (vdr_reader_name(reader, values[RULE_ID], &rule->id))
        vdr_reader_once(reader, values[RULE_ID], rule->id, ids);
    (void)vdr_reader_text(reader, values[RULE_TEXT], &rule->text);
    read_level(reader, node, values[RULE_LEVEL], values[RULE_PRIORITY], rule);
    if (vdr_reader_names(reader, values[RULE_PURPOSES], &rule->purposes))
        check_purposes(reader, values[RULE_PURPOSES], rule->purposes);
    if (vdr_reader_duration(reader, values[RULE_OVER], false, &rule->over_ms) && reader->catalogue_read &&
        rule->over_ms > reader->config->retain_max_ms)
        vdr_reader_fault(reader, values[RULE_OVER]->place,
                         "over: longer than the longest retain of catalogue.yaml, so it cannot be seen");
    read_where(reader, values[RULE_WHERE], rule);
    read_at_least(reader, values[RULE_AT_LEAST], rule);
    (void)vdr_reader_duration(reader, values[RULE_SPREAD], false, &rule->spread_ms);
    if (vdr_reader_word(reader, values[RULE_WITHIN_SAME], within_word, VDR_WITHIN_DOMAIN, VDR_WITHIN_PERSON,
                        &within))
        rule->within = (vdr_within)within;
    rule->fingerprint = fingerprint(rule);
}

void
vdr_reader_rules(vdr_reader *reader, const vdr_yaml *root)
{
    static const vdr_reader_key keys[] = {{"rules", true}};
    const vdr_yaml *list;
    vdr_nameset ids = {0};

    if (!vdr_reader_map(reader, root, keys, 1, &list) || !vdr_reader_is_list(reader, list))
        return;
    vdr_config_rule *rules = vdr_reader_array(reader, list->count, sizeof rules[0]);
    size_t count = 0;
    for (const vdr_yaml *item = list->first; item != NULL && rules != NULL; item = item->next)
        read_rule(reader, item, &ids, &rules[count++]);
    vdr_nameset_done(&ids);
    reader->config->rules = rules;
    reader->config->rule_count = count;
}
