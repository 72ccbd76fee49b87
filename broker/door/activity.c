#include "broker/door/activity.h"

#include "proto/yaml.h"

#include <stdio.h>
#include <stdlib.h>

#define TREE_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define KEPT_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef struct activity {
    vdr_span type, uri;
} activity;

struct vdr_activities {
    vdr_arena arena;
    vdr_span municipality, town;
    activity *types;
    size_t type_count;
};

static void
ignore(void *context, vdr_place place, const char *message)
{
    (void)context;
    (void)place;
    (void)message; /* who read the configuration was told */
}

static const vdr_yaml *
value_of(const vdr_yaml *map, const char *key)
{
    if (map == NULL || map->kind != VDR_YAML_MAP)
        return NULL;
    for (const vdr_yaml *value = map->first; value != NULL; value = value->next)
        if (vdr_span_equal(value->key->text, vdr_span_str(key)))
            return value;
    return NULL;
}

static vdr_span
text_of(const vdr_yaml *map, const char *key)
{
    const vdr_yaml *value = value_of(map, key);
    return value != NULL && value->kind == VDR_YAML_SCALAR ? value->text : (vdr_span){0};
}

static vdr_span
built(vdr_activities *activities, vdr_span of)
{
    char text[512];
    int len =
        snprintf(text, sizeof text, "urn:voordeur:activity:%.*s:%.*s", (int)activities->municipality.len,
                 (const char *)activities->municipality.at, (int)of.len, (const char *)of.at);
    VDR_ASSERT(len > 0 && (size_t)len < sizeof text); /* names are short */
    return vdr_arena_copy(&activities->arena, vdr_span_of(text, (size_t)len));
}

static void
read_types(vdr_activities *activities, const vdr_yaml *types, bool town_given)
{
    activities->types = vdr_alloc(types->count + 1, sizeof activities->types[0]);
    for (const vdr_yaml *type = types->first; type != NULL; type = type->next) {
        vdr_span uri = text_of(type, "processing_activity");
        activity *made = &activities->types[activities->type_count++];
        made->type = vdr_arena_copy(&activities->arena, type->key->text);
        if (uri.len != 0)
            made->uri = vdr_arena_copy(&activities->arena, uri);
        else
            made->uri = town_given ? activities->town : built(activities, type->key->text);
    }
}

vdr_err
vdr_activities_read(const vdr_config_texts *texts, vdr_activities **ret_activities)
{
    const vdr_yaml_listener listener = {ignore, NULL};
    vdr_activities *made = vdr_alloc(1, sizeof *made);
    vdr_arena trees;
    vdr_arena_init(&made->arena, KEPT_BYTES_MAX);
    vdr_arena_init(&trees, TREE_BYTES_MAX);
    const vdr_yaml *town = vdr_yaml_read(texts->text[VDR_CONFIG_TOWN], &trees, listener);
    const vdr_yaml *types =
        value_of(vdr_yaml_read(texts->text[VDR_CONFIG_CATALOGUE], &trees, listener), "types");
    vdr_span municipality = text_of(town, "municipality");
    vdr_err err = types == NULL || municipality.len == 0 ? VDR_E_BAD_CONFIG : VDR_OK;
    if (err == VDR_OK) {
        vdr_span uri = text_of(town, "processing_activity");
        made->municipality = vdr_arena_copy(&made->arena, municipality);
        made->town =
            uri.len != 0 ? vdr_arena_copy(&made->arena, uri) : built(made, vdr_span_str("households"));
        read_types(made, types, uri.len != 0);
        if (made->arena.overflow)
            err = VDR_E_NO_MEMORY;
    }
    vdr_arena_done(&trees);
    if (err != VDR_OK)
        vdr_activities_free(&made);
    else
        *ret_activities = made;
    return err;
}

void
vdr_activities_free(vdr_activities **activities_p)
{
    vdr_activities *activities = *activities_p;
    if (activities == NULL)
        return;
    vdr_arena_done(&activities->arena);
    free(activities->types);
    free(activities);
    *activities_p = NULL;
}

vdr_span
vdr_activities_municipality(const vdr_activities *activities)
{
    return activities->municipality;
}

vdr_span
vdr_activity_of(const vdr_activities *activities, vdr_span type)
{
    for (size_t i = 0; i < activities->type_count && type.len != 0; i++)
        if (vdr_span_equal(activities->types[i].type, type))
            return activities->types[i].uri;
    return activities->town;
}
