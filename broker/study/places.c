#include "broker/study/places.h"

static void
ignore(void *context, vdr_place place, const char *message)
{
    (void)context;
    (void)place;
    (void)message;
}

void
vdr_places_init(vdr_places *places, const vdr_config_texts *texts)
{
    *places = (vdr_places){0};
    vdr_arena_init(&places->arena, (size_t)256 * 1024 * 1024);
    for (unsigned i = 0; texts != NULL && i < VDR_CONFIG_FILES; i++)
        places->roots[i] =
            vdr_yaml_read(texts->text[i], &places->arena, (vdr_yaml_listener){.fault = ignore});
}

void
vdr_places_done(vdr_places *places)
{
    vdr_arena_done(&places->arena);
}

static const vdr_yaml *
member(const vdr_yaml *map, const char *key)
{
    if (map == NULL || key == NULL || map->kind != VDR_YAML_MAP)
        return NULL;
    for (const vdr_yaml *value = map->first; value != NULL; value = value->next)
        if (vdr_span_equal(value->key->text, vdr_span_str(key)))
            return value;
    return NULL;
}

vdr_place
vdr_places_of(const vdr_places *places, vdr_config_file file, const char *list, size_t item, const char *key,
              const char *inner)
{
    const vdr_yaml *found = member(places->roots[file], list);
    if (found == NULL)
        return (vdr_place){places->roots[file] != NULL, places->roots[file] != NULL};
    const vdr_yaml *entry = found->first;
    for (size_t i = 0; i < item && entry != NULL; i++)
        entry = entry->next;
    if (entry != NULL)
        found = entry;
    const vdr_yaml *value = entry != NULL ? member(entry, key) : NULL;
    if (value != NULL)
        found = value;
    const vdr_yaml *deeper = value != NULL ? member(value, inner) : NULL;
    if (deeper != NULL)
        found = deeper;
    return found->key != NULL ? found->key->place : found->place;
}
