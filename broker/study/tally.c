#include "broker/study/tally_inside.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_MAX    UINT16_MAX
#define SEQUENCE_FAR 100000u /* nobody is so far behind: it counts anew */

/* ---- small things ---- */

void *
vdr_tally_add(vdr_tally_list *list, size_t bytes)
{
    if (list->count == list->room) {
        list->room = list->room != 0 ? list->room * 2 : 16;
        list->at = vdr_realloc(list->at, list->room, bytes);
    }
    uint8_t *at = (uint8_t *)list->at + list->count++ * bytes;
    memset(at, 0, bytes);
    return at;
}

/* FNV-1a. What is found by it is compared. */
static uint64_t
hash_of(vdr_span text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ text.at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void
id_copy(char id[129], vdr_span from)
{
    size_t len = from.len < 128 ? from.len : 128;
    memcpy(id, from.at, len);
    id[len] = '\0';
}

static bool
has(vdr_names names, vdr_span name)
{
    for (size_t i = 0; i < names.count; i++) {
        if (vdr_span_equal(names.at[i], name))
            return true;
    }
    return false;
}

int64_t
vdr_tally_agency_of(const vdr_tally *tally, vdr_name source)
{
    return (int64_t)vdr_tally_find(tally, VDR_KEY_NAME_AGENCY, source, 0) - 1;
}

vdr_tally *
vdr_tally_new(void)
{
    vdr_tally *tally = vdr_alloc(1, sizeof *tally);
    tally->from = tally->at = VDR_MS_NONE;
    return tally;
}

static void
types_done(vdr_tally *tally)
{
    for (size_t i = 0; i < tally->type_count; i++)
        free(tally->types[i].rules);
    free(tally->types);
    free(tally->look_of_rule);
    tally->types = NULL;
    tally->look_of_rule = NULL;
    tally->type_count = 0;
}

void
vdr_tally_free(vdr_tally **tally_p)
{
    vdr_tally *tally = *tally_p;
    if (tally == NULL)
        return;
    types_done(tally);
    vdr_tally_cases_done(tally);
    vdr_map_done(&tally->index);
    vdr_tally_list *const lists[] = {&tally->rules,    &tally->looks, &tally->agencies, &tally->pairs,
                                     &tally->services, &tally->cases, &tally->follows};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        free(lists[i]->at);
    free(tally);
    *tally_p = NULL;
}

/* ---- a configuration ---- */

static void
agency_put(vdr_tally *tally, const vdr_config_agency *agency)
{
    uint64_t hash = hash_of(agency->id);
    uint32_t number = vdr_tally_find(tally, VDR_KEY_AGENCY, hash, 0);
    if (number == 0) {
        vdr_tally_agency *made = vdr_tally_add(&tally->agencies, sizeof *made);
        id_copy(made->id, agency->id);
        made->first_at = made->last_at = VDR_MS_NONE;
        number = (uint32_t)tally->agencies.count;
        vdr_tally_set(tally, VDR_KEY_AGENCY, hash, 0, number);
    }
    vdr_tally_agency_at(tally, number - 1)->current = true;
    vdr_tally_set(tally, VDR_KEY_SOURCE, hash_of(agency->source), 0, number);
}

/* Does the rule count signals of this type, whatever else they say? */
static bool
rule_takes_type(const vdr_config_rule *rule, const vdr_config_type *type)
{
    return has(rule->purposes, type->purpose) && (rule->types.at == NULL || has(rule->types, type->id)) &&
           (rule->domains.at == NULL || has(rule->domains, type->domain));
}

static void
type_put(vdr_tally *tally, size_t place)
{
    const vdr_config *config = tally->config;
    vdr_tally_type *type = &tally->types[place];
    type->rules = vdr_alloc(config->rule_count + 1, sizeof *type->rules);
    for (size_t i = 0; i < config->rule_count; i++) {
        if (rule_takes_type(&config->rules[i], &config->types[place]))
            type->rules[type->rule_count++] = (uint32_t)i;
    }
    vdr_tally_set(tally, VDR_KEY_TYPE, hash_of(config->types[place].id), 0, (uint32_t)place + 1);
}

static void
look_put(vdr_tally *tally, size_t place)
{
    const vdr_config_rule *rule = &tally->config->rules[place];
    uint64_t hash = hash_of(rule->id);
    uint32_t number = vdr_tally_find(tally, VDR_KEY_LOOK, hash, 0);
    if (number == 0) {
        vdr_tally_look *look = vdr_tally_add(&tally->looks, sizeof *look);
        id_copy(look->id, rule->id);
        number = (uint32_t)tally->looks.count;
        vdr_tally_set(tally, VDR_KEY_LOOK, hash, 0, number);
    }
    tally->look_of_rule[place] = number - 1;
}

/* Names of the old configuration may be found in the index still; what is found is compared, or replaced. */
void
vdr_tally_configure(vdr_tally *tally, const vdr_config *config)
{
    types_done(tally);
    tally->config = config;
    for (uint32_t i = 0; i < tally->agencies.count; i++)
        vdr_tally_agency_at(tally, i)->current = false;
    for (size_t i = 0; i < config->agency_count; i++)
        agency_put(tally, &config->agencies[i]);
    tally->type_count = config->type_count;
    tally->types = vdr_alloc(config->type_count + 1, sizeof *tally->types);
    tally->look_of_rule = vdr_alloc(config->rule_count + 1, sizeof *tally->look_of_rule);
    for (size_t i = 0; i < config->rule_count; i++)
        look_put(tally, i);
    for (size_t i = 0; i < config->type_count; i++)
        type_put(tally, i);
}

/* ---- an accepted signal ---- */

static const vdr_config_type *
type_of(const vdr_tally *tally, vdr_span id)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_TYPE, hash_of(id), 0);
    if (number == 0 || number > tally->type_count || !vdr_span_equal(tally->config->types[number - 1].id, id))
        return NULL;
    return &tally->config->types[number - 1];
}

static const vdr_config_agency *
config_agency(const vdr_tally *tally, const char *id)
{
    for (size_t i = 0; i < tally->config->agency_count; i++) {
        if (vdr_span_equal(tally->config->agencies[i].id, vdr_span_str(id)))
            return &tally->config->agencies[i];
    }
    return NULL;
}

static bool
has_role(const vdr_config_rule *rule, const vdr_command *command)
{
    for (size_t i = 0; i < command->person_count; i++) {
        if (command->persons[i].role.at != NULL && has(rule->roles, command->persons[i].role))
            return true;
    }
    return false;
}

static void
look(vdr_tally *tally, const vdr_command *command, const vdr_config_type *type, vdr_span kind)
{
    const vdr_tally_type *of_type = &tally->types[type - tally->config->types];
    int64_t severity = command->has_severity ? command->severity : type->severity;
    for (uint32_t i = 0; i < of_type->rule_count; i++) {
        const vdr_config_rule *rule = &tally->config->rules[of_type->rules[i]];
        bool counts = severity >= rule->min_severity &&
                      (rule->agencies.at == NULL || has(rule->agencies, kind)) &&
                      (rule->roles.at == NULL || has_role(rule, command));
        if (counts)
            ((vdr_tally_look *)tally->looks.at)[tally->look_of_rule[of_type->rules[i]]].evaluations++;
    }
}

/* Hours and days between the newest and this one had nothing; what falls out of the ring is forgotten. */
static void
agency_heard(vdr_tally_agency *agency, vdr_ms at, vdr_ms time)
{
    const int64_t ring = VDR_TALLY_WEEKS * VDR_TALLY_WEEK_HOURS;
    int64_t hour = at / VDR_HOUR_MS, day = at / (24 * VDR_HOUR_MS);
    if (agency->first_at == VDR_MS_NONE) {
        agency->first_at = at;
        agency->hour = hour;
        agency->day = day - VDR_TALLY_DAYS;
    }
    for (int64_t h = hour - agency->hour > ring ? hour - ring : agency->hour; h < hour; h++)
        agency->hours[(h + 1) % ring] = 0;
    for (int64_t d = day - agency->day > VDR_TALLY_DAYS ? day - VDR_TALLY_DAYS : agency->day; d < day; d++)
        agency->behind_ms[(d + 1) % VDR_TALLY_DAYS] = INT64_MAX;
    agency->hour = hour;
    agency->day = day;
    agency->last_at = at;
    if (agency->hours[hour % ring] < COUNT_MAX)
        agency->hours[hour % ring]++;
    if (at - time < agency->behind_ms[day % VDR_TALLY_DAYS])
        agency->behind_ms[day % VDR_TALLY_DAYS] = at - time;
}

static void
signal_accepted(vdr_tally *tally, vdr_position position, const vdr_command *command, const vdr_effect *effect)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_SOURCE, hash_of(command->source), 0);
    const vdr_config_type *type = tally->config != NULL ? type_of(tally, command->type) : NULL;
    if (number == 0 || type == NULL)
        return; /* of a configuration that was cut from the log */
    if (effect->source_name != 0 && vdr_tally_agency_of(tally, effect->source_name) != (int64_t)number - 1)
        vdr_tally_set(tally, VDR_KEY_NAME_AGENCY, effect->source_name, 0, number);
    vdr_tally_agency *agency = vdr_tally_agency_at(tally, number - 1);
    const vdr_config_agency *row = config_agency(tally, agency->id);
    bool late = command->occurred_at + tally->config->late_ms < effect->at;
    agency->signals++;
    agency->late += late;
    agency->attached += effect->outcome == VDR_OUTCOME_ATTACHED;
    agency->proposed += effect->outcome == VDR_OUTCOME_PROPOSED;
    agency->regular += effect->outcome == VDR_OUTCOME_REGULAR;
    agency_heard(agency, effect->at, command->time);
    if (!late)
        look(tally, command, type, row != NULL ? row->kind : (vdr_span){0});
    if (command->signal.id.at != NULL) { /* supersedes */
        agency->withdrawn++;
        vdr_tally_follow_withdrawn(tally, command->signal.hash, number - 1);
    }
    if (type->follow_up_ms != 0)
        vdr_tally_follow_begin(tally, position, command, number - 1, type);
    if (effect->outcome == VDR_OUTCOME_ATTACHED) {
        vdr_tally_follow_taken(tally, position, effect->case_id.number);
        vdr_tally_case_attached(tally, effect->case_id.number, effect->at);
    }
}

static void
act_accepted(vdr_tally *tally, const vdr_command *command, const vdr_effect *effect)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_SOURCE, hash_of(command->source), 0);
    if (number == 0)
        return; /* a person's or a service's */
    vdr_tally_agency *agency = vdr_tally_agency_at(tally, number - 1);
    agency->acts++;
    if (effect->act == VDR_ACT_SIGNAL_WITHDRAWN) {
        agency->withdrawn++;
        vdr_tally_follow_withdrawn(tally, command->signal.hash, number - 1);
    }
}

void
vdr_tally_sequence(vdr_tally *tally, vdr_span source, uint64_t number)
{
    uint32_t place = vdr_tally_find(tally, VDR_KEY_SOURCE, hash_of(source), 0);
    if (place == 0)
        return;
    vdr_tally_agency *agency = vdr_tally_agency_at(tally, place - 1);
    bool anew = agency->sequenced == 0 ||
                (number < agency->sequence_last && agency->sequence_last - number > SEQUENCE_FAR);
    agency->sequenced++;
    if (anew) {
        agency->sequence_last = number;
    } else if (number > agency->sequence_last) {
        agency->sequence_missing += number - agency->sequence_last - 1;
        agency->sequence_last = number;
    } else if (agency->sequence_missing > 0) {
        agency->sequence_missing--;
    }
}

/* ---- a record ---- */

static void
take_message(vdr_tally *tally, const vdr_effect *effect, vdr_position position)
{
    if (effect->message == VDR_MESSAGE_MATCH) {
        vdr_tally_rule *rule = vdr_tally_rule_of(tally, effect->rule);
        rule->matches += rule->match_position != position;
        rule->match_position = position;
    }
    vdr_tally_follow_message(tally, effect);
}

static void
take_effect(vdr_tally *tally, vdr_position position, const vdr_command *command, const vdr_effect *effect)
{
    switch (effect->kind) {
    case VDR_EFFECT_SIGNAL:
        if (effect->verdict == VDR_E_ACCEPTED)
            signal_accepted(tally, position, command, effect);
        break;
    case VDR_EFFECT_COMMAND:
        if (effect->verdict == VDR_E_ACCEPTED)
            act_accepted(tally, command, effect);
        break;
    case VDR_EFFECT_CASE:
        vdr_tally_case_line(tally, effect);
        break;
    case VDR_EFFECT_MESSAGE:
        take_message(tally, effect, position);
        break;
    case VDR_EFFECT_WATCH:
        vdr_tally_rule_of(tally, effect->rule)->watched++;
        break;
    }
    if (effect->at != VDR_MS_NONE && (tally->at == VDR_MS_NONE || effect->at > tally->at))
        tally->at = effect->at;
}

vdr_err
vdr_tally_record(vdr_tally *tally, vdr_position position, const vdr_command *command, vdr_span tale)
{
    uint32_t offset = 0;
    vdr_effect effect;
    vdr_err err;
    if (command->kind == VDR_COMMAND_CONFIG)
        vdr_tally_configure(tally, command->config);
    while ((err = vdr_effect_next(tale, &offset, &effect)) == VDR_OK)
        take_effect(tally, position, command, &effect);
    if (err != VDR_E_END)
        return err;
    if (command->at != VDR_MS_NONE && (tally->at == VDR_MS_NONE || command->at > tally->at))
        tally->at = command->at;
    if (tally->first == 0)
        tally->first = position;
    if (tally->from == VDR_MS_NONE)
        tally->from = tally->at;
    tally->last = position;
    vdr_tally_follow_tidy(tally);
    return VDR_OK;
}
