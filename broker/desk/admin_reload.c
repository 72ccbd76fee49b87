/* RELOAD (protocol.md 7.5): the configuration and the keys, read again; a signal asks for it too. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"
#include "broker/storekeys.h"

#include <stdio.h>
#include <stdlib.h>

#define PROBLEMS_MAX (2u * VDR_CONFIG_FAULTS_MAX)
#define TEXTS_BYTES  (4u * VDR_CONF_BYTES_MAX)

typedef struct vdr_reload {
    vdr_arena arena; /* of the texts */
    vdr_config_faults node_faults, town_faults;
    vdr_node *node;
    uint8_t *store_key_next; /* NULL: none */
    bool same;               /* the directory is what is in force */
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_wire_problem problems[PROBLEMS_MAX];
    size_t problem_count;
} vdr_reload;

static void
tell_faults(vdr_reload *reload, const vdr_config_faults *faults)
{
    for (size_t i = 0; i < faults->count && reload->problem_count < PROBLEMS_MAX; i++) {
        const vdr_config_fault *fault = &faults->at[i];
        reload->problems[reload->problem_count++] = (vdr_wire_problem){
            .file = fault->name, .line = fault->line, .column = fault->column, .text = fault->message};
        char text[512], place[512];
        (void)snprintf(place, sizeof place, "%.*s:%u:%u", (int)fault->name.len, (const char *)fault->name.at,
                       fault->line, fault->column);
        (void)snprintf(text, sizeof text, "%.*s", (int)fault->message.len, (const char *)fault->message.at);
        VDR_NOTE(CONFIG_BAD, vdr_field_text("place", place), vdr_field_text("text", text));
    }
}

/* With four eyes what changed is proposed by the operator who asked, as `rules propose` does. A signal has no
 * operator: then it is only said that the directory differs. The stricter of the old and the new node.yaml counts. */
static vdr_err
take_texts(vdr_daemon *daemon, vdr_reload *reload, const vdr_config_texts *texts, vdr_ticket ticket)
{
    bool four_eyes = daemon->node->four_eyes || reload->node->four_eyes;
    const vdr_session *session = vdr_session_by_number(daemon->sessions, ticket.session);
    vdr_engine_by by = {.operator_id = vdr_span_str(session != NULL ? session->party : NULL),
                        .reason = vdr_span_str("reload of the directory"),
                        .alone = !four_eyes};
    if (!four_eyes)
        return vdr_engine_activate(daemon->engine, ticket, texts, &by, reload->words);
    vdr_err err = vdr_engine_check_config(daemon->engine, texts, reload->words);
    if (err != VDR_OK)
        return err;
    if (!reload->same && session == NULL) {
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", daemon->config_dir),
                 vdr_field_text("text",
                                "the directory is not what is in force, which stays: propose it (voordeur "
                                "rules propose), and have another operator approve it"));
    } else if (!reload->same) {
        return vdr_steer_reload(daemon, texts, ticket, reload->words);
    }
    return vdr_engine_submit_barrier(daemon->engine, ticket);
}

/* Reads both; OK: both are good and the town's texts are with the engine, under the ticket. */
static vdr_err
reload_both(vdr_daemon *daemon, vdr_reload *reload, vdr_ticket ticket)
{
    vdr_config_texts texts;
    vdr_config *config = NULL;
    vdr_err node_err = vdr_node_read(daemon->node_path, &reload->node_faults, &reload->node, reload->words);
    vdr_err err = vdr_config_texts_load(daemon->config_dir, &reload->arena, &texts, reload->words);
    if (err == VDR_OK)
        err = vdr_config_read(&texts, &reload->town_faults, &config);
    const vdr_config *held = vdr_core_config(vdr_engine_core(daemon->engine));
    reload->same = config != NULL && vdr_key16_equal(&config->fingerprint, &held->fingerprint);
    vdr_config_free(&config);
    tell_faults(reload, &reload->town_faults);
    tell_faults(reload, &reload->node_faults);
    if (err == VDR_OK)
        err = node_err;
    if (err == VDR_OK)
        err = vdr_storekeys_next(reload->node, &reload->store_key_next, reload->words);
    return err == VDR_OK ? take_texts(daemon, reload, &texts, ticket) : err;
}

/* What was read at the start and is not changed while sockets are open: limits and addresses. */
static void
swap_node(vdr_daemon *daemon, vdr_node *node)
{
    const vdr_node *old = daemon->node;
    bool same =
        strcmp(old->listen, node->listen) == 0 && strcmp(old->operators, node->operators) == 0 &&
        memcmp(&old->limits, &node->limits, sizeof old->limits) == 0 && old->erasure_ms == node->erasure_ms &&
        strcmp(old->server_key, node->server_key) == 0 &&
        strcmp(old->metrics != NULL ? old->metrics : "", node->metrics != NULL ? node->metrics : "") == 0 &&
        strcmp(old->pseudonym_key, node->pseudonym_key) == 0 && vdr_storekeys_same(old, node);
    if (!same)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", node->path),
                 vdr_field_text("text", "addresses, key files and limits are taken over by a restart only"));
    if (old->four_eyes && !node->four_eyes)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", node->path),
                 vdr_field_text("text",
                                "approvals: one from here on: what one operator changes holds without "
                                "another; this file is not in the log, and nobody approved it"));
    node->limits = old->limits;
    vdr_node_free(&daemon->node);
    daemon->node = node;
}

/* OK: what is new holds, and a result comes under the ticket. */
static vdr_err
reload_now(vdr_daemon *daemon, vdr_reload *reload, vdr_ticket ticket)
{
    *reload = (vdr_reload){0};
    vdr_arena_init(&reload->arena, TEXTS_BYTES);
    vdr_config_faults_init(&reload->node_faults);
    vdr_config_faults_init(&reload->town_faults);
    vdr_position before = vdr_core_config_position(vdr_engine_core(daemon->engine));
    vdr_err err = reload_both(daemon, reload, ticket);
    if (err == VDR_OK) {
        vdr_engine_by by = {.alone = !daemon->node->four_eyes && !reload->node->four_eyes &&
                                     vdr_core_config_position(vdr_engine_core(daemon->engine)) != before};
        vdr_storekeys_take(daemon->vault, reload->node, reload->store_key_next);
        swap_node(daemon, reload->node);
        reload->node = NULL;
        vdr_steer_active(daemon, &by);
        vdr_delivery_config(daemon);
    } else if (reload->problem_count == 0) {
        VDR_NOTE(CONFIG_BAD, vdr_field_text("error", vdr_err_code(err)),
                 vdr_field_text("text", reload->words));
    }
    return err;
}

static void
reload_done(vdr_reload *reload)
{
    vdr_node_free(&reload->node);
    vdr_config_faults_done(&reload->node_faults);
    vdr_config_faults_done(&reload->town_faults);
    vdr_secret_free(&reload->store_key_next);
    vdr_arena_done(&reload->arena);
    free(reload);
}

void
vdr_admin_reload(vdr_daemon *daemon)
{
    vdr_reload *reload = (vdr_reload *)vdr_alloc(1, sizeof *reload);
    vdr_ticket nobody = vdr_errand_ticket(VDR_ERRAND_ADMIN, 0, 0);
    vdr_err err = reload_now(daemon, reload, nobody);
    daemon->reload = err == VDR_E_BUSY; /* the engine has no room: again with the next turn */
    reload_done(reload);
}

void
vdr_admin_reload_verb(vdr_daemon *daemon, vdr_session *session, uint64_t number)
{
    vdr_reload *reload = (vdr_reload *)vdr_alloc(1, sizeof *reload);
    vdr_err err = reload_now(daemon, reload, vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number));
    vdr_admin_wait wait;
    if (err != VDR_OK && vdr_admin_take(daemon, number, &wait)) {
        vdr_wire_admin_result result = {.verb = VDR_VERB_RELOAD,
                                        .request = wait.request,
                                        .error = err,
                                        .text = vdr_span_str(reload->words),
                                        .problems = reload->problems,
                                        .problem_count = reload->problem_count};
        vdr_admin_say(daemon, session, &result);
    } else if (err == VDR_OK) {
        vdr_admin_note(daemon, number, reload->words, NULL, 0); /* where it is in hand, others follow */
    }
    reload_done(reload);
}
