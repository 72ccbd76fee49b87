/* broker/door/yaml_format.h - the one way in which a configuration file is laid out.
 *
 * Only blanks and quotes are touched: two spaces a level, list items two below their key, one blank after ":"
 * and ",", none inside brackets, at most one empty line in a row, none at either end, no blanks at line ends.
 * A name needs no quotes; what else is quoted is in double quotes. Comments, the order and the places where
 * lines are broken stay. A comment behind a value stays in its column where there is room for it.
 * What comes out is read again and must say the same with the same comments; formatted again it is the same.
 *
 * Thread: any. */
#ifndef VDR_DOOR_YAML_FORMAT_H
#define VDR_DOOR_YAML_FORMAT_H

#include "proto/yaml.h"
#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"

/* Appends the text laid out to ret_text. BAD_CONFIG: it is no YAML that a configuration may be, or it uses
 * what has no layout here ("? key", a block text with a digit); the listener was told; nothing is appended. */
VDR_MUST_CHECK vdr_err vdr_yaml_format(vdr_span text, vdr_yaml_listener listener, vdr_bytes *ret_text);

#endif
