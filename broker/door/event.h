/* broker/door/event.h - event bytes to a command: shape, pseudonyms and digest, made at one place.
 *
 * The door judges row 1 of semantics section 3 (`malformed`) and notes what rows 7, 9 and 10 ask about
 * values; everything that needs the state is the core's. Behind the door there is no BSN and no BAG id.
 *
 * Thread:  a door is immutable once made; any thread, each with an arena of its own.
 * Errors:  reading never fails: what cannot be read is a malformed command.
 * Memory:  commands and contents point into the bytes given and into the arena, which must have
 *          VDR_EVENT_ARENA_BYTES of its budget left.
 * Secrets: the keys are in locked memory and wiped by free. Errors and asserts never show event bytes. */
#ifndef VDR_DOOR_EVENT_H
#define VDR_DOOR_EVENT_H

#include "broker/core/command.h"
#include "broker/door/json.h"
#include "proto/arena.h"
#include "proto/codec.h"
#include "proto/limits.h"

#define VDR_DOOR_KEY_BYTES 32u

typedef struct vdr_door vdr_door;

/* The pseudonym key; copied. The keys of digests and of id hashes are derived from it. */
vdr_door *vdr_door_new(const uint8_t key[VDR_DOOR_KEY_BYTES]);
void vdr_door_free(vdr_door **door_p); /* NULL-safe */

/* The same while the pseudonym key changes (broker/core/rekey.h): events come under key, and under before in
 * command.earlier. */
typedef struct vdr_door_keys {
    const uint8_t *key;    /* 32 bytes */
    const uint8_t *before; /* the same; NULL: keys do not change */
    vdr_key16 id_key;      /* of id hashes, if key is not the store's first; zero: derived from key */
} vdr_door_keys;
vdr_door *vdr_door_new_of(const vdr_door_keys *keys);
/* From a door's key to the next one; and when that is done. */
vdr_door *vdr_door_new_changing(const vdr_door *before, const uint8_t next[VDR_DOOR_KEY_BYTES]);
vdr_door *vdr_door_new_changed(const vdr_door *changing);
/* The door of the key before, of this one; NULL: keys do not change. */
const vdr_door *vdr_door_before(const vdr_door *door);
/* The key of id hashes. It is secret as the log is: whoever has it can make ids whose hashes are equal. */
vdr_key16 vdr_door_id_key(const vdr_door *door);
/* What takes the place of a pseudonym or digest that nobody can make again: of nothing that can be told to this door. */
vdr_key16 vdr_door_unnamed(const vdr_door *door, const vdr_key16 *key);

/* The pseudonym of a BSN or BAG id: BLAKE2b-128 of "bsn:" or "bag:" and the digits, under the key. */
vdr_key16 vdr_door_pseudonym(const vdr_door *door, bool is_address, vdr_span digits);
/* The keyed hash of an event's id, by which the core finds signals (command.h, vdr_command_ref). */
uint64_t vdr_door_id_hash(const vdr_door *door, vdr_span id);

/* By this a key is known again: a keyed hash of nothing secret, never zero. It says nothing of the key. */
vdr_key16 vdr_door_key_check(const vdr_door *door);

/* A handle in an event. */
typedef struct vdr_event_handle {
    vdr_span text;
    bool is_address;
    vdr_household_id household; /* that the event is about; 0: none */
    vdr_span source, id;        /* of the event; absent: it has none */
} vdr_event_handle;

/* What the moment adds to an event. {0}: nothing, as in a replay without exclusions. */
typedef struct vdr_event_options {
    const vdr_config *config; /* whose excluded addresses hold; NULL: none */
    /* Live: the BSN or BAG id (at most 16 bytes) that a handle of household_split stands for (protocol.md
     * 5.9); false: it stands for none. NULL: a handle is a bad BSN or BAG id like any other. */
    bool (*resolve)(void *context, const vdr_event_handle *handle, char ret_text[16], size_t *ret_len);
    void *context;
    /* Pseudonyms and digest of the command are there when this batch ends. NULL: at once. */
    struct vdr_keyed_batch *batch;
} vdr_event_options;

#define VDR_EVENT_ARENA_BYTES (VDR_JSON_ARENA_BYTES(VDR_EVENT_BYTES_MAX) * 2)

/* Reads one event. ret_stored (may be NULL) gets the bytes to keep: the same, or with handles replaced. */
void vdr_event_read(const vdr_door *door, const vdr_event_options *options, vdr_span json, vdr_arena *arena,
                    vdr_command *ret_command, vdr_span *ret_stored);

/* The command of the JSON event that a typed item stands for (protocol.md 5.3), without making its text. */
void vdr_event_typed(const vdr_door *door, const vdr_event_options *options, const vdr_wire_typed *typed,
                     vdr_arena *arena, vdr_command *ret_command);

/* That event as text. MALFORMED: it is no JSON (a member twice, a value that is none, a zero byte); TOO_BIG:
 * longer than VDR_EVENT_BYTES_MAX. */
VDR_MUST_CHECK vdr_err vdr_event_render(const vdr_wire_typed *typed, vdr_arena *arena, vdr_span *ret_json);

/* ---- What an event says, for those who may read it (broker/access/access.h) */

typedef struct vdr_event_person {
    vdr_span bsn, role; /* role absent: none */
} vdr_event_person;

typedef struct vdr_event_goal {
    vdr_span domain, text, owner, state;
    vdr_ms due;
} vdr_event_goal;

/* Absent spans, counts of 0 and VDR_MS_NONE: not said. */
typedef struct vdr_event_content {
    vdr_err shape;       /* MALFORMED: only id, source, type, act and time may be used */
    vdr_span id, source; /* a string of 1 to 256 bytes, or absent */
    vdr_span type;       /* the same */
    vdr_act act;         /* NONE: a signal */
    vdr_ms time;
    vdr_span municipality;
    vdr_ms occurred_at, act_before;
    bool has_severity;
    int64_t severity;
    const vdr_event_person *persons; /* signal, household_split, person_moved */
    size_t person_count;
    const vdr_span *addresses; /* BAG ids: signal 0 or 1, household_split, person_moved to */
    size_t address_count;
    vdr_span buurt;
    vdr_span signal;                /* supersedes of a signal, signal of an act */
    vdr_span case_name;             /* "C7" */
    vdr_span household, into, from; /* "H12" */
    vdr_span regisseur;             /* regisseur of case_assigned, to of handover_offered */
    vdr_span agency, service;       /* feedback; note_sent: one of them */
    vdr_span detail;                /* free text of a signal */
    vdr_ms due;                     /* of a request */
    bool upheld;                    /* objection_decided */
    vdr_span reason, result, outcome,
        to;           /* free texts of acts; to: of case_escalated; result: of a note, too */
    int64_t revision; /* plan_set */
    const vdr_event_goal *goals;
    size_t goal_count;
    vdr_ms absent_from, absent_to; /* absence_set, absence_lifted */
} vdr_event_content;

void vdr_event_content_read(vdr_span json, vdr_arena *arena, vdr_event_content *ret_content);
void vdr_event_content_typed(const vdr_wire_typed *typed, vdr_arena *arena, vdr_event_content *ret_content);

#endif
