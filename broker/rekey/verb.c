/* The verbs about a change of the pseudonym key (protocol.md 7.17). Nobody is named in them, and no key. */
#include "broker/daemon.h"
#include "broker/net/secret.h"

#include "broker/core/rekey.h"

#include <stdio.h>
#include <stdlib.h>

static void
say_look(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_rekey_view v;
    vdr_rekey_view_get(vdr_engine_core(daemon->engine), &v);
    bool waits = v.running && vdr_engine_rekey_waits(daemon->engine);
    const vdr_wire_counter counters[] = {
        {vdr_span_str("running"), v.running},
        {vdr_span_str("waits"), waits},
        {vdr_span_str("finishing"), v.finish},
        {vdr_span_str("position_begun"), v.begun},
        {vdr_span_str("position_ended"), v.ended},
        {vdr_span_str("members"), v.members},
        {vdr_span_str("members_before"), v.old_members},
        {vdr_span_str("signals"), v.signals},
        {vdr_span_str("signals_before"), v.old_signals},
        {vdr_span_str("acts"), v.acts},
        {vdr_span_str("acts_before"), v.old_acts},
        {vdr_span_str("others_before"), v.old_conflicts + v.old_rights},
        {vdr_span_str("guards_before"), v.old_guarded},
    };
    const char *state = waits ? "waiting" : v.running ? "running" : v.ended != 0 ? "complete" : "none";
    const vdr_wire_named texts[] = {{vdr_span_str("state"), vdr_span_str(state)}};
    vdr_wire_admin_result result = {.verb = VDR_VERB_ROTATE_LOOK,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .texts = texts,
                                    .text_count = sizeof texts / sizeof texts[0]};
    vdr_admin_say(daemon, session, &result);
}

/* The file may have been made since the start, and node.yaml read again. */
static vdr_err
rotate(vdr_daemon *daemon, vdr_ticket ticket, const vdr_engine_by *by, char *ret_words)
{
    const char *path = daemon->node->pseudonym_key_next;
    uint8_t *next = NULL;
    char words[VDR_SECRET_WORDS] = "";
    if (path == NULL)
        return vdr_admin_words(ret_words, VDR_E_BAD_CONFIG,
                               "node.yaml names no pseudonym_key_next: make a key, name its file there, and "
                               "voordeur reload");
    vdr_err err = vdr_secret_read_hex(path, &next, words);
    if (err != VDR_OK)
        return vdr_admin_words(ret_words, VDR_E_BAD_CONFIG, words);
    err = vdr_engine_rekey(daemon->engine, ticket, next, by, ret_words);
    vdr_secret_free(&next);
    return err;
}

static void
change(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    char *words = (char *)vdr_alloc(VDR_ENGINE_WORDS_BYTES, 1);
    const vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    uint64_t number = wait != NULL ? wait->number : 0;
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number);
    vdr_engine_by by = {.operator_id = vdr_span_str(session->party), .reason = admin->reason};
    vdr_err err = VDR_E_BUSY;
    if (number == 0)
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, "too many verbs are at work");
    else if (admin->reason.len == 0)
        err = vdr_admin_words(words, VDR_E_BAD_FRAME, "say why: a reason is needed");
    else if (admin->verb == VDR_VERB_ROTATE)
        err = rotate(daemon, ticket, &by, words);
    else
        err = vdr_engine_rekey_finish(daemon->engine, ticket, &by, words);
    daemon->door = vdr_engine_door(daemon->engine);
    if (number != 0 && err != VDR_OK)
        vdr_admin_give_up(daemon, session, number, err, *words != '\0' ? words : vdr_err_text(err));
    else if (err == VDR_OK)
        vdr_admin_note(daemon, number, words, NULL, 0);
    free(words);
}

void
vdr_rotate_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_ROTATE_LOOK)
        say_look(daemon, session, admin->request);
    else
        change(daemon, session, admin);
}
