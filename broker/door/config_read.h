/* broker/door/config_read.h - the three YAML files of a town to a checked configuration.
 *
 * Strict (semantics sections 4 and 6): an unknown key, a key twice, a wrong type, an anchor, alias or tag,
 * a name that names nothing, a number out of range or a broken rule is a fault with file, line and column.
 * All faults of all files are found in one go, as far as the files can be read at all.
 *
 * Thread:  any; pure but for vdr_config_texts_load, which reads files.
 * Errors:  BAD_CONFIG: the faults tell; NOT_FOUND, IO: a file cannot be read, ret_words tells which.
 * Limits:  VDR_CONF_BYTES_MAX a file, nesting of VDR_YAML_DEPTH_MAX, VDR_CONFIG_FAULTS_MAX faults kept. */
#ifndef VDR_DOOR_CONFIG_READ_H
#define VDR_DOOR_CONFIG_READ_H

#include "broker/core/config.h"
#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/err.h"

#define VDR_CONFIG_FAULTS_MAX 32 /* nobody repairs more in one go */

/* The files, in the order in which faults are told. */
typedef enum vdr_config_file {
    VDR_CONFIG_TOWN = 0,
    VDR_CONFIG_CATALOGUE = 1,
    VDR_CONFIG_RULES = 2,
    VDR_CONFIG_FILES = 3
} vdr_config_file;

/* The three texts as they stand in files or in the log, and what to call them in a fault. */
typedef struct vdr_config_texts {
    vdr_span name[VDR_CONFIG_FILES];
    vdr_span text[VDR_CONFIG_FILES];
} vdr_config_texts;

typedef struct vdr_config_fault {
    vdr_config_file file;
    vdr_span name;    /* of the file, as given */
    uint32_t line;    /* from 1 */
    uint32_t column;  /* from 1, in characters */
    vdr_span message; /* what was found, what was expected, and what may have been meant */
    vdr_span source;  /* that line of the file, cut to a screen's width */
} vdr_config_fault;

/* In file order. Spans live until vdr_config_faults_done. */
typedef struct vdr_config_faults {
    vdr_config_fault at[VDR_CONFIG_FAULTS_MAX];
    size_t count;
    size_t more; /* found besides, not kept */
    vdr_arena arena;
} vdr_config_faults;

void vdr_config_faults_init(vdr_config_faults *faults);
void vdr_config_faults_done(vdr_config_faults *faults);

/* A fault of somebody else's finding: names, message and source line are copied into the arena. */
void vdr_config_fault_at(const vdr_config_texts *texts, vdr_config_file file, uint32_t line, uint32_t column,
                         const char *message, vdr_arena *arena, vdr_config_fault *ret_fault);

/* Writes "FILE:LINE:COLUMN: message", the source line with its number, and below it a caret with a tail as
 * long as what it means; each with a line end. As snprintf: cut to size and terminated, returns how many bytes the whole text has. */
size_t vdr_config_fault_text(const vdr_config_fault *fault, char *at, size_t size);

/* Reads town.yaml, catalogue.yaml and rules.yaml of the directory into the arena; names are with the
 * directory. NOT_FOUND, IO, or BAD_CONFIG for one that is too long: ret_words (256 bytes, terminated) says
 * which and why; nothing else is changed. */
VDR_MUST_CHECK vdr_err vdr_config_texts_load(const char *dir, vdr_arena *arena, vdr_config_texts *ret_texts,
                                             char *ret_words);

/* The same for one file of any name. */
VDR_MUST_CHECK vdr_err vdr_config_text_load(const char *path, vdr_arena *arena, vdr_span *ret_text,
                                            char *ret_words);

/* Makes a configuration with memory of its own; the texts are not needed afterwards. BAD_CONFIG: faults
 * has at least one. Free with vdr_config_free. */
VDR_MUST_CHECK vdr_err vdr_config_read(const vdr_config_texts *texts, vdr_config_faults *faults,
                                       vdr_config **ret_config);
void vdr_config_free(vdr_config **config_p); /* NULL-safe */

#endif
