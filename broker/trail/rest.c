#include "broker/trail/rest.h"

#include "broker/engine/inside.h"

#include <stdlib.h>

struct vdr_rest {
    vdr_store store;
    vdr_engine *engine; /* as vdr_boot fills it: a core, no threads */
};

vdr_err
vdr_rest_open(const char *dir, const vdr_store_keys *keys, vdr_rest **ret_rest, char *ret_words)
{
    char words[VDR_STORE_WORDS_BYTES] = "";
    vdr_rest *rest = vdr_alloc(1, sizeof *rest);
    vdr_store_options options = {.key = keys->key, .wrap = keys->wrap};
    vdr_err err = vdr_store_open(dir, &options, &rest->store, words);
    if (err != VDR_OK) {
        (void)vdr_engine_words(ret_words, err, "%s: %s", dir, *words != '\0' ? words : vdr_err_text(err));
    } else {
        *ret_words = '\0';
        rest->engine = vdr_alloc(1, sizeof *rest->engine);
        rest->engine->options.log = rest->store.log;
        rest->engine->options.checkpoint = rest->store.checkpoint;
        vdr_arena_init(&rest->engine->arena, VDR_SUBMISSION_BYTES);
        err = vdr_boot(rest->engine, true, ret_words);
        if (err != VDR_OK && *ret_words == '\0')
            (void)vdr_engine_words(ret_words, err, "%s: %s", dir, vdr_err_text(err));
    }
    if (err != VDR_OK) {
        vdr_rest_close(&rest);
        return err;
    }
    *ret_rest = rest;
    return VDR_OK;
}

void
vdr_rest_close(vdr_rest **rest_p)
{
    vdr_rest *rest = *rest_p;
    if (rest == NULL)
        return;
    if (rest->engine != NULL) {
        vdr_core_free(&rest->engine->core);
        vdr_config_free(&rest->engine->config);
        vdr_arena_done(&rest->engine->arena);
        free(rest->engine);
    }
    vdr_store_close(&rest->store);
    free(rest);
    *rest_p = NULL;
}

vdr_log *
vdr_rest_log(const vdr_rest *rest)
{
    return rest->store.log;
}

const vdr_core *
vdr_rest_core(const vdr_rest *rest)
{
    return rest->engine->core;
}

bool
vdr_rest_mailbox(void *context, uint32_t mailbox, vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    const vdr_rest *rest = context;
    vdr_mailbox_view view;
    if (!vdr_core_mailbox_view(rest->engine->core, mailbox, &view))
        return false;
    *ret_kind = view.kind;
    *ret_id = view.id;
    return true;
}
