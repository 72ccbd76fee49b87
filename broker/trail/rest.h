/* broker/trail/rest.h - a store at rest, opened to be read: its log, and the state that its checkpoint and log lead to.
 *
 * Thread: one. Errors: as opening a store; SEALED, WRONG_KEY: the tenant key is needed, or another one. ret_words:
 * VDR_ENGINE_WORDS_BYTES, filled on failure. */
#ifndef VDR_BROKER_TRAIL_REST_H
#define VDR_BROKER_TRAIL_REST_H

#include "broker/engine/engine.h"
#include "broker/trail/trail.h"
#include "store/store.h"

typedef struct vdr_rest vdr_rest;

VDR_MUST_CHECK vdr_err vdr_rest_open(const char *dir, const vdr_store_keys *keys, vdr_rest **ret_rest,
                                     char *ret_words);
void vdr_rest_close(vdr_rest **rest_p); /* NULL-safe */

vdr_log *vdr_rest_log(const vdr_rest *rest);
const vdr_core *vdr_rest_core(const vdr_rest *rest);
/* A vdr_trail_mailbox_fn; context: the rest. */
bool vdr_rest_mailbox(void *context, uint32_t mailbox, vdr_party_kind *ret_kind, vdr_span *ret_id);

#endif
