/* broker/net/porter.h - reads typed items at the door ahead of the reactor, in a thread of its own.
 *
 * The door's keyed hashes are a good part of what a signal costs, and need nothing of the state. While the
 * reactor steps what it has received, the porter reads what comes next. Nobody waits for it: an item that it
 * has not read when it is wanted, the reactor reads by itself, and that gives the same. Each is read once: whoever
 * comes first takes it.
 *
 * Thread:  the functions are the reactor's; the porter's own thread is inside.
 * Memory:  the items and the configuration are the caller's, and stay as they are until vdr_porter_rest().
 *          Commands live until the next list begins. */
#ifndef VDR_BROKER_PORTER_H
#define VDR_BROKER_PORTER_H

#include "broker/door/event.h"

#define VDR_PORTER_ITEMS 1024u /* of one list */

typedef struct vdr_porter vdr_porter;

vdr_porter *vdr_porter_new(void);
void vdr_porter_free(vdr_porter **porter_p); /* NULL-safe */

/* A list, while it rests: begin, add each, start. NULL adds an item that is not to be read. Returns the item's
 * place in the list; there must be room. */
void vdr_porter_begin(vdr_porter *porter, const vdr_door *door, const vdr_config *config);
size_t vdr_porter_room(const vdr_porter *porter);
size_t vdr_porter_add(vdr_porter *porter, const vdr_wire_typed *typed);
void vdr_porter_start(vdr_porter *porter);

/* Of count items from place on the reactor reads here and now what the porter has not come to, and the porter goes on
 * behind. In ascending order of places. */
void vdr_porter_read(vdr_porter *porter, size_t place, size_t count);

/* The command of an item. NULL: it was not read, is not to be read, or the porter is at it just now. */
const vdr_command *vdr_porter_look(const vdr_porter *porter, size_t place);

/* It reads no more of this list, and nothing of it can be taken any more. */
void vdr_porter_rest(vdr_porter *porter);

#endif
