/* Which keys a start needs: the one that the state is under and, while it changes, the next one, too. */
#include "broker/engine/inside.h"

/* By which a key is known in the state. */
static vdr_key16
check_of(const uint8_t *key)
{
    vdr_door *door = vdr_door_new(key);
    vdr_key16 check = vdr_door_key_check(door);
    vdr_door_free(&door);
    return check;
}

static bool
is_key(const uint8_t *key, const vdr_key16 *check)
{
    if (key == NULL)
        return false;
    vdr_key16 found = check_of(key);
    return vdr_key16_equal(&found, check);
}

static vdr_err
changing_door(vdr_engine *engine, const vdr_rekey_view *view, char *ret_words)
{
    const vdr_engine_options *options = &engine->options;
    if (!is_key(options->next_key, &view->next_check))
        return vdr_engine_words(ret_words, VDR_E_WRONG_KEY,
                                "the pseudonym key is being changed, since record %llu: pseudonym_key_next "
                                "in node.yaml must name the "
                                "file of the key that it changes to%s",
                                (unsigned long long)view->begun,
                                options->next_key != NULL ? ", and names another" : "");
    if (!is_key(options->key, &view->key_check))
        return vdr_engine_words(ret_words, VDR_E_WRONG_KEY,
                                "the pseudonym key is being changed, since record %llu, and pseudonym_key in "
                                "node.yaml names another than "
                                "the one that it changes from: it stays until the change is complete",
                                (unsigned long long)view->begun);
    engine->door = vdr_door_new_of(
        &(vdr_door_keys){.key = options->next_key, .before = options->key, .id_key = view->id_key});
    return VDR_OK;
}

vdr_err
vdr_rekeying_door(vdr_engine *engine, char *ret_words)
{
    static const vdr_key16 none = {{0}};
    const vdr_engine_options *options = &engine->options;
    const uint8_t *key = options->key;
    vdr_rekey_view view;
    if (key == NULL)
        return VDR_OK;
    vdr_rekey_view_get(engine->core, &view);
    if (view.running)
        return changing_door(engine, &view, ret_words);
    bool known = !vdr_key16_equal(&view.key_check, &none);
    if (known && !is_key(key, &view.key_check)) {
        if (!is_key(options->next_key, &view.key_check))
            return vdr_engine_words(
                ret_words, VDR_E_WRONG_KEY,
                "the pseudonym key is not the one that this store was written with%s: nobody would be known "
                "again",
                view.ended != 0
                    ? " (it was changed: the file that pseudonym_key_next named then is the key now)"
                    : "");
        key = options->next_key;
        vdr_engine_say(
            engine, VDR_NOTICE_WARNING,
            "the pseudonym key was changed, and is the one of pseudonym_key_next now: make that file the "
            "pseudonym_key of node.yaml, and destroy the old one");
    }
    engine->door = vdr_door_new_of(&(vdr_door_keys){.key = key, .id_key = view.id_key});
    return VDR_OK;
}
