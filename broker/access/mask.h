/* broker/access/mask.h - what goes to a party, made to what the table lets it see.
 *
 * An agency chose the ids of its signals, and nobody can say what stands in them. Operators, who have to speak about
 * signals, see a token in their place: "~" and 16 digits of the id's keyed hash. The same id has the same token; a
 * token is taken where an id is asked for, and whoever knows the id finds it too (protocol.md 7.14). With
 * `demonstration: yes` in node.yaml, for made-up persons, operators see lines and messages as a replay prints them.
 *
 * Thread:  the reactor's. Errors: NO_MEMORY: the arena; what it was to mask must not be sent. */
#ifndef VDR_BROKER_ACCESS_MASK_H
#define VDR_BROKER_ACCESS_MASK_H

#include "broker/daemon.h"

/* Does this party see ids as they are? */
bool vdr_mask_off(const vdr_daemon *daemon, vdr_party_kind kind);

VDR_MUST_CHECK vdr_err vdr_mask_id(const vdr_daemon *daemon, vdr_arena *arena, vdr_span *id);
/* The hash of a token; false: it is none. */
bool vdr_mask_token_read(vdr_span text, uint64_t *ret_hash);

VDR_MUST_CHECK vdr_err vdr_mask_line(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena,
                                     vdr_wire_line *line);
VDR_MUST_CHECK vdr_err vdr_mask_message(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena,
                                        vdr_wire_message *message);
VDR_MUST_CHECK vdr_err vdr_mask_explanation(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena,
                                            vdr_explanation *told);

#endif
