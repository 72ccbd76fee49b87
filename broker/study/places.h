/* broker/study/places.h - where in the files an entry of a configuration stands.
 *
 * A configuration keeps no places; the files are read a second time, which costs nothing where people wait.
 * Without texts every place is that of no file: line 0.
 *
 * Thread: one at a time. Memory: its own until vdr_places_done. */
#ifndef VDR_STUDY_PLACES_H
#define VDR_STUDY_PLACES_H

#include "broker/door/config_read.h"
#include "proto/yaml.h"

typedef struct vdr_places {
    const vdr_yaml *roots[VDR_CONFIG_FILES]; /* NULL: not read */
    vdr_arena arena;
} vdr_places;

/* texts may be NULL. They must be right: what a configuration was read from. */
void vdr_places_init(vdr_places *places, const vdr_config_texts *texts);
void vdr_places_done(vdr_places *places);

/* Entry number `item` of a list or mapping of the file ("rules", "types", "agencies", …), and in it a key and
 * a key of that; NULL: the entry itself. What is not there gives the last that is. */
vdr_place vdr_places_of(const vdr_places *places, vdr_config_file file, const char *list, size_t item,
                        const char *key, const char *inner);

#endif
