/* broker/door/reader.h - what the readers of the three files share: faults, keys, and values of each type.
 *
 * A value is read by what its key expects; one that is wrong is told with its place, and reading goes on.
 * Every read_* returns false then and leaves its result untouched. A node that is NULL (a key that is not
 * there, told where it is required) or BAD is passed over without a word.
 *
 * Thread:  one at a time. Memory: results live in the configuration's arena. */
#ifndef VDR_DOOR_READER_H
#define VDR_DOOR_READER_H

#include "broker/door/config_read.h"
#include "proto/nameset.h"
#include "proto/utf8.h"
#include "proto/yaml.h"

typedef struct vdr_reader {
    const vdr_config_texts *texts;
    vdr_config_faults *faults;
    vdr_arena *arena;     /* of the configuration */
    vdr_config_file file; /* being read */
    vdr_config *config;   /* being made */

    /* What other entries may name. The catalogue is read before the town, the town before the rules. */
    bool catalogue_read, town_read;
    vdr_nameset domains, types, purposes;
    vdr_nameset kinds; /* of agencies and types */
} vdr_reader;

typedef struct vdr_reader_key {
    const char *name;
    bool required;
} vdr_reader_key;

__attribute__((format(printf, 3, 4))) void vdr_reader_fault(vdr_reader *reader, vdr_place place,
                                                            const char *format, ...);

/* A span for %.*s, cut so that no message grows without bound. */
#define VDR_SHOWN(span) (int)vdr_utf8_cut((span), 128).len, (const char *)(span).at

/* What the node is called in a message: its key, or the key of the list that it stands in. */
vdr_span vdr_reader_label(const vdr_yaml *node);
/* Where the entry begins: at its key, if it has one. */
vdr_place vdr_reader_place(const vdr_yaml *node);

/* The values of a mapping by key, NULL where one is not there; unknown and missing keys are told. */
bool vdr_reader_map(vdr_reader *reader, const vdr_yaml *node, const vdr_reader_key *keys, size_t key_count,
                    const vdr_yaml **ret_values);
bool vdr_reader_is_list(vdr_reader *reader, const vdr_yaml *node);
bool vdr_reader_is_map(vdr_reader *reader, const vdr_yaml *node);

/* The text of a scalar as it stands in the tree; what says what was expected ("a name"). */
bool vdr_reader_scalar(vdr_reader *reader, const vdr_yaml *node, const char *what, vdr_span *ret_text);
/* 1 to 128 of A-Z a-z 0-9 . _ - */
bool vdr_reader_name(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_name);
bool vdr_reader_names(vdr_reader *reader, const vdr_yaml *node, vdr_names *ret_names);
/* The same, where "*" may stand for everything; it is not among the names. */
bool vdr_reader_names_or_all(vdr_reader *reader, const vdr_yaml *node, vdr_names *ret_names, bool *ret_all);
/* Text for people, not empty. */
bool vdr_reader_text(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_text);
/* An absolute URI of at most 256 bytes. */
bool vdr_reader_uri(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_uri);
bool vdr_reader_bool(vdr_reader *reader, const vdr_yaml *node, bool *ret_value);
/* 1 .. VDR_CONF_NUMBER_MAX */
bool vdr_reader_number(vdr_reader *reader, const vdr_yaml *node, uint64_t *ret_number);
bool vdr_reader_severity(vdr_reader *reader, const vdr_yaml *node, uint8_t *ret_severity);
/* At least 1 s, or 0 too where zero_too; at most 36500d. */
bool vdr_reader_duration(vdr_reader *reader, const vdr_yaml *node, bool zero_too, int64_t *ret_ms);
bool vdr_reader_instant(vdr_reader *reader, const vdr_yaml *node, vdr_ms *ret_at);

/* One of a closed set of words: the number of word(n) that equals the text, from first to last. */
bool vdr_reader_word(vdr_reader *reader, const vdr_yaml *node, const char *(*word)(unsigned number),
                     unsigned first, unsigned last, unsigned *ret_number);

/* Tells of a name that is not in the set; what says of what it should be one ("domain of the catalogue"). */
void vdr_reader_known(vdr_reader *reader, const vdr_yaml *node, vdr_span name, const vdr_nameset *set,
                      const char *what);
/* The same for every scalar of a list. "*" is passed over. */
void vdr_reader_all_known(vdr_reader *reader, const vdr_yaml *list, const vdr_nameset *set, const char *what);
/* Tells if the name was in the set before; adds it. */
void vdr_reader_once(vdr_reader *reader, const vdr_yaml *node, vdr_span name, vdr_nameset *set);

/* An array of the configuration for the items of a list; NULL: none, or over budget. */
void *vdr_reader_array(vdr_reader *reader, size_t count, size_t bytes);

/* Two factors below this fit a product of 64 bits (semantics section 8: Load(a) times capacity(b)). */
#define VDR_CONF_NUMBER_MAX UINT64_C(4294967295)

void vdr_reader_catalogue(vdr_reader *reader, const vdr_yaml *root); /* catalogue.c */
void vdr_reader_town(vdr_reader *reader, const vdr_yaml *root);      /* town.c */
void vdr_reader_guards(vdr_reader *reader, const vdr_yaml *list);    /* guards.c, for town.c; NULL: none */
void vdr_reader_rules(vdr_reader *reader, const vdr_yaml *root);     /* rules.c */

#endif
