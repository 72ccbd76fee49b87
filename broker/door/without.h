/* broker/door/without.h - an event without somebody whom it named (protocol.md 5.10).
 *
 * What cannot be told apart goes too: the free text, and members of the envelope that anybody may fill in. What is left
 * reads as an event of the same id, source, type and time.
 *
 * Thread: any, each with an arena of its own. Memory: the text is the arena's. */
#ifndef VDR_DOOR_WITHOUT_H
#define VDR_DOOR_WITHOUT_H

#include "broker/door/event.h"

/* Does this person stay? */
typedef bool vdr_without_keeps(void *context, vdr_span bsn);

/* MALFORMED: no JSON object with data. NO_MEMORY: over the arena's budget, which is VDR_EVENT_ARENA_BYTES. */
VDR_MUST_CHECK vdr_err vdr_event_without(vdr_span json, vdr_without_keeps *keeps, void *context,
                                         vdr_arena *arena, vdr_span *ret_json);

#endif
