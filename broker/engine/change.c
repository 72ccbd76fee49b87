/* What operators change: configurations, proposals, pauses. Each is judged before it is stepped, so that whoever
 * asked hears words, and nothing is in the log that was refused. */
#include "broker/engine/inside.h"

#include "broker/core/control.h"
#include "broker/core/keys.h"
#include "broker/record/record.h"

#include <stdio.h>
#include <stdlib.h>

vdr_err
vdr_engine_read_config(const vdr_config_texts *texts, vdr_config **ret_config, char *ret_words)
{
    vdr_config_faults *faults = vdr_alloc(1, sizeof *faults);
    vdr_config_faults_init(faults);
    vdr_err e = vdr_config_read(texts, faults, ret_config);
    size_t used = 0;
    for (size_t i = 0; e != VDR_OK && i < faults->count && used < VDR_ENGINE_WORDS_BYTES - 1; i++)
        used += vdr_config_fault_text(&faults->at[i], ret_words + used, VDR_ENGINE_WORDS_BYTES - 1 - used);
    ret_words[used < VDR_ENGINE_WORDS_BYTES ? used : VDR_ENGINE_WORDS_BYTES - 1] = '\0';
    vdr_config_faults_done(faults);
    free(faults);
    return e;
}

/* A checked configuration that may take the place of the one in force; *ret_config NULL: it is that one. */
static vdr_err
consider(vdr_engine *engine, const vdr_config_texts *texts, vdr_config **ret_config, char *ret_words)
{
    vdr_config *config = NULL;
    vdr_err e = vdr_engine_read_config(texts, &config, ret_words);
    if (e != VDR_OK)
        return e;
    if (engine->config != NULL && vdr_key16_equal(&config->fingerprint, &engine->config->fingerprint)) {
        vdr_config_free(&config);
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES,
                       "no difference: the configuration is in force already");
        *ret_config = NULL;
        return VDR_OK;
    }
    const char *objection = engine->config != NULL ? vdr_core_config_objection(engine->core, config) : NULL;
    if (objection != NULL) {
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s", objection);
        vdr_config_free(&config);
        return VDR_E_BAD_CONFIG;
    }
    *ret_config = config;
    return VDR_OK;
}

/* What is dropped with the parties that it removes. */
static void
add_unread(const vdr_engine *engine, const vdr_config *config, char *words, size_t size)
{
    uint32_t mailboxes = 0;
    uint64_t unread = engine->config != NULL ? vdr_core_config_unread(engine->core, config, &mailboxes) : 0;
    if (unread != 0)
        (void)snprintf(words, size, "; %llu unread messages of %u removed parties are dropped",
                       (unsigned long long)unread, (unsigned)mailboxes);
}

vdr_err
vdr_engine_check_config(vdr_engine *engine, const vdr_config_texts *texts, char *ret_words)
{
    vdr_config *config = NULL;
    vdr_err e = consider(engine, texts, &config, ret_words);
    if (config != NULL) {
        int len = snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "good: %zu rules, %zu types, %zu regisseurs",
                           config->rule_count, config->type_count, config->regisseur_count);
        add_unread(engine, config, ret_words + len, VDR_ENGINE_WORDS_BYTES - (size_t)len);
    }
    vdr_config_free(&config);
    return e;
}

/* ---- stepping ---- */

static vdr_span
not_empty(vdr_span text)
{
    return text.len != 0 ? text : (vdr_span){0};
}

static vdr_command
command_of(vdr_engine *engine, vdr_command_kind kind, const vdr_engine_by *by)
{
    return (vdr_command){.kind = kind,
                         .at = vdr_engine_own_time(engine),
                         .author = not_empty(by->operator_id),
                         .reason = not_empty(by->reason),
                         .alone = by->alone,
                         .until = VDR_MS_NONE};
}

/* What is due fires first, so that the verdict is the one of the step. */
static vdr_err
judge(vdr_engine *engine, const vdr_command *command, char *ret_words)
{
    const char *words;
    while (vdr_core_next_due(engine->core) <= command->at) {
        vdr_engine_tick(engine, command->at);
        vdr_engine_hand_over(engine);
    }
    vdr_err e = vdr_control_verdict(engine->core, command, &words);
    if (e == VDR_E_ACCEPTED)
        return VDR_OK;
    return vdr_engine_words(ret_words, e, "%s", words);
}

/* Steps a command that was judged, with three texts as content where it has some. */
static void
step(vdr_engine *engine, vdr_command *command, const vdr_config_texts *texts, vdr_ticket ticket)
{
    vdr_body body = {.form = VDR_CONTENT_NONE};
    if (texts != NULL) {
        vdr_span content;
        vdr_err e = vdr_content_write_config(texts, &engine->arena, &content);
        VDR_ASSERT(e == VDR_OK); /* the reader bounds the texts, and the arena has room for three */
        body = (vdr_body){.form = VDR_CONTENT_CONFIG, .bytes = vdr_span_of(content.at + 1, content.len - 1)};
        command->texts = texts->text;
    }
    vdr_engine_step(engine, command, &body, &ticket);
    vdr_arena_reset(&engine->arena);
    vdr_engine_submitted(engine);
}

/* Puts a configuration in force that was considered. */
static vdr_err
activate(vdr_engine *engine, vdr_command *command, const vdr_config_texts *texts, vdr_config *config,
         vdr_ticket ticket, char *ret_words)
{
    command->config = config;
    command->key_check = vdr_rekeying_check(engine);
    vdr_err e = judge(engine, command, ret_words);
    if (e != VDR_OK) {
        vdr_config_free(&config);
        return e;
    }
    char unread[160] = "";
    add_unread(engine, config, unread, sizeof unread);
    step(engine, command, texts, ticket);
    VDR_ASSERT(vdr_core_config(engine->core) == config);
    vdr_config_free(&engine->config); /* the core points into the new one from here on */
    engine->config = config;
    (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "in force from record %llu on, as version %llu%s",
                   (unsigned long long)vdr_core_config_position(engine->core),
                   (unsigned long long)vdr_control_version_last(engine->core), unread);
    if (*unread != '\0')
        vdr_engine_say(engine, VDR_NOTICE_WARNING, "the configuration is %s", ret_words);
    return VDR_OK;
}

vdr_err
vdr_engine_activate(vdr_engine *engine, vdr_ticket ticket, const vdr_config_texts *texts,
                    const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    vdr_config *config = NULL;
    if (e == VDR_OK)
        e = consider(engine, texts, &config, ret_words);
    if (e != VDR_OK)
        return e;
    if (config == NULL) {
        vdr_engine_answer(engine, ticket, VDR_E_ACCEPTED);
        return VDR_OK;
    }
    vdr_command command = command_of(engine, VDR_COMMAND_CONFIG, by);
    command.rollback_of = by->rollback_of;
    return activate(engine, &command, texts, config, ticket, ret_words);
}

vdr_err
vdr_engine_submit_config(vdr_engine *engine, vdr_ticket ticket, const vdr_config_texts *texts,
                         char *ret_words)
{
    return vdr_engine_activate(engine, ticket, texts, &(vdr_engine_by){0}, ret_words);
}

vdr_err
vdr_engine_propose(vdr_engine *engine, vdr_ticket ticket, const vdr_config_texts *texts,
                   const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    vdr_config *config = NULL;
    if (e == VDR_OK)
        e = vdr_engine_read_config(texts, &config, ret_words);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of(engine, VDR_COMMAND_PROPOSE, by);
    command.proposal = VDR_PROPOSAL_CONFIG;
    command.fingerprint = config->fingerprint;
    command.rollback_of = by->rollback_of;
    const char *objection = vdr_core_config_objection(engine->core, config);
    if (objection != NULL)
        e = vdr_engine_words(ret_words, VDR_E_BAD_CONFIG, "%s", objection);
    vdr_config_free(&config);
    if (e == VDR_OK)
        e = judge(engine, &command, ret_words);
    if (e != VDR_OK)
        return e;
    step(engine, &command, texts, ticket);
    (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "proposal %llu: another operator must approve it",
                   (unsigned long long)vdr_control_proposal_last(engine->core));
    return VDR_OK;
}

vdr_err
vdr_engine_pause(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_pause_wish *wish,
                 const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of(engine, VDR_COMMAND_PROPOSE, by);
    command.proposal = wish->kind;
    command.subject = wish->subject;
    command.until = wish->until;
    e = judge(engine, &command, ret_words);
    if (e != VDR_OK)
        return e;
    step(engine, &command, NULL, ticket);
    if (by->alone)
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s %llu holds", vdr_proposal_kind_name(wish->kind),
                       (unsigned long long)vdr_control_pause_last(engine->core));
    else
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "proposal %llu: another operator must approve it",
                       (unsigned long long)vdr_control_proposal_last(engine->core));
    return VDR_OK;
}

/* ---- keys of parties ---- */

static vdr_err
judge_and_step(vdr_engine *engine, vdr_command *command, vdr_ticket ticket, char *ret_words)
{
    vdr_err e = judge(engine, command, ret_words);
    if (e == VDR_OK)
        step(engine, command, NULL, ticket);
    return e;
}

static vdr_command
command_of_key(vdr_engine *engine, vdr_command_kind kind, const vdr_engine_key_wish *wish,
               const vdr_engine_by *by)
{
    vdr_command command = command_of(engine, kind, by);
    command.party_kind = wish->kind;
    command.subject = wish->id;
    command.public_key = wish->public_key;
    return command;
}

vdr_err
vdr_engine_key(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_key_wish *wish,
               const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of_key(engine, VDR_COMMAND_PROPOSE, wish, by);
    command.proposal = VDR_PROPOSAL_KEY;
    command.replaced = wish->replaced;
    command.until = wish->until;
    command.overlap_ms = wish->overlap_ms;
    e = judge_and_step(engine, &command, ticket, ret_words);
    if (e != VDR_OK)
        return e;
    if (by->alone || !vdr_key_needs_two(wish->kind))
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "key %llu holds%s",
                       (unsigned long long)vdr_key_find(engine->core, wish->public_key.at),
                       wish->replaced.at != NULL ? ", and the old one until the overlap is over" : "");
    else
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "proposal %llu: another operator must approve it",
                       (unsigned long long)vdr_control_proposal_last(engine->core));
    return VDR_OK;
}

vdr_err
vdr_engine_key_revoke(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_key_wish *wish,
                      const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of_key(engine, VDR_COMMAND_REVOKE, wish, by);
    e = judge_and_step(engine, &command, ticket, ret_words);
    if (e == VDR_OK)
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "key %llu is revoked",
                       (unsigned long long)vdr_key_find(engine->core, wish->public_key.at));
    return e;
}

/* ---- decisions ---- */

/* The configuration of an open proposal comes into force: what may have changed since is looked at again. */
static vdr_err
approve_config(vdr_engine *engine, vdr_ticket ticket, uint64_t number, const vdr_engine_by *by,
               char *ret_words)
{
    vdr_config_texts texts = {
        .name = {vdr_span_str("town.yaml"), vdr_span_str("catalogue.yaml"), vdr_span_str("rules.yaml")}};
    vdr_config *config = NULL;
    vdr_err e = vdr_control_proposal_texts(engine->core, number, &engine->arena, texts.text);
    if (e != VDR_OK)
        return vdr_engine_words(ret_words, e, "the texts of the proposal are not kept");
    e = consider(engine, &texts, &config, ret_words);
    if (e == VDR_OK && config == NULL)
        e = VDR_E_WRONG_STATE; /* with the words: no difference */
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of(engine, VDR_COMMAND_CONFIG, by);
    command.number = number;
    return activate(engine, &command, &texts, config, ticket, ret_words);
}

/* Is it an open one of a configuration that this operator may approve? Otherwise the judge has words. */
static bool
brings_config(vdr_engine *engine, const vdr_command *command)
{
    vdr_proposal_view view;
    return command->decide == VDR_DECIDE_APPROVE &&
           vdr_control_proposal(engine->core, command->number, &engine->arena, &view) &&
           view.kind == VDR_PROPOSAL_CONFIG && view.state == VDR_PROPOSAL_OPEN &&
           (command->alone || !vdr_span_equal(view.author, command->author));
}

vdr_err
vdr_engine_decide(vdr_engine *engine, vdr_ticket ticket, vdr_decide decide, uint64_t number,
                  const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of(engine, VDR_COMMAND_DECIDE, by);
    command.decide = decide;
    command.number = number;
    if (brings_config(engine, &command)) {
        e = approve_config(engine, ticket, number, by, ret_words);
    } else {
        e = judge(engine, &command, ret_words);
        if (e == VDR_OK)
            step(engine, &command, NULL, ticket);
    }
    vdr_arena_reset(&engine->arena);
    return e;
}

vdr_err
vdr_engine_resume(vdr_engine *engine, vdr_ticket ticket, uint64_t number, const vdr_engine_by *by,
                  char *ret_words)
{
    *ret_words = '\0';
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = command_of(engine, VDR_COMMAND_RESUME, by);
    command.number = number;
    e = judge(engine, &command, ret_words);
    if (e == VDR_OK)
        step(engine, &command, NULL, ticket);
    return e;
}
