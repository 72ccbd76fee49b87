/* broker/door/door.h - the keys behind a vdr_door, for the files of the door only. */
#ifndef VDR_DOOR_DOOR_H
#define VDR_DOOR_DOOR_H

#include "broker/door/event.h"
#include "broker/door/keyed_batch.h"

#include <sodium.h>

struct vdr_door {
    uint8_t pseudonym_key[32];
    vdr_keyed_key pseudonyms, digests; /* begun under that one, and under one that it leads to */
    uint8_t id_key[crypto_shorthash_KEYBYTES];
    vdr_key16 key_check;
    vdr_door *before; /* of the key before, while keys change; NULL: they do not */
};

/* A command of what an event says; digest is the caller's to fill in, and so is that of what is returned:
 * command.earlier, NULL where it has none. */
vdr_command_earlier *vdr_door_command(const vdr_door *door, const vdr_event_options *options,
                                      const vdr_event_content *content, vdr_arena *arena,
                                      vdr_command *ret_command);

/* vdr_door_pseudonym, there when the batch ends. */
void vdr_door_pseudonym_later(const vdr_door *door, vdr_keyed_batch *batch, bool is_address, vdr_span digits,
                              vdr_key16 *ret_key);

/* What a tree says. The tree must outlive the content. */
void vdr_door_content(const vdr_json *event, vdr_arena *arena, vdr_event_content *ret_content);

/* The parts of the shape that a typed item shares. */
bool vdr_door_is_name(vdr_span text); /* 1 to VDR_NAME_BYTES_MAX bytes */

#endif
