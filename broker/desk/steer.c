/* Operators change the routing, and see who changed it (protocol.md 7.9). */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"
#include "broker/desk/proof.h"

#include "broker/core/control.h"
#include "broker/study/sentence.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX    1000u /* the newest: of one RESULT */
#define TEXTS_BYTES (8u * VDR_CONF_BYTES_MAX)

static const char *const file_names[VDR_CONFIG_FILES] = {"town.yaml", "catalogue.yaml", "rules.yaml"};

static const vdr_core *
core_of(const vdr_daemon *daemon)
{
    return vdr_engine_core(daemon->engine);
}

/* ---- looking: what is shown is durable when it is sent */

/* Numbers of the newest so many, the newest first. */
static size_t
listed(uint64_t last)
{
    return last < LIST_MAX ? (size_t)last : LIST_MAX;
}

static void
list_proposals(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    uint64_t last = vdr_control_proposal_last(core_of(daemon));
    size_t count = listed(last);
    vdr_proposal_view *rows = (vdr_proposal_view *)vdr_alloc(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        (void)vdr_control_proposal(core_of(daemon), last - i, &daemon->tales, &rows[i]);
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_PROPOSALS, .request = request, .proposals = rows, .proposal_count = count};
    vdr_admin_answer(daemon, session, &result);
    free(rows);
}

static void
list_versions(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    uint64_t last = vdr_control_version_last(core_of(daemon));
    size_t count = listed(last);
    vdr_version_view *rows = (vdr_version_view *)vdr_alloc(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        (void)vdr_control_version(core_of(daemon), last - i, &daemon->tales, &rows[i]);
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_VERSIONS, .request = request, .versions = rows, .version_count = count};
    vdr_admin_answer(daemon, session, &result);
    free(rows);
}

static void
list_pauses(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    uint64_t last = vdr_control_pause_last(core_of(daemon));
    size_t count = listed(last);
    vdr_pause_view *rows = (vdr_pause_view *)vdr_alloc(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        (void)vdr_control_pause(core_of(daemon), last - i, &daemon->tales, &rows[i]);
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_PAUSES, .request = request, .pauses = rows, .pause_count = count};
    vdr_admin_answer(daemon, session, &result);
    free(rows);
}

/* Of a version (0: the one in force), or of an open proposal. */
static void
show_texts(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_span texts[VDR_CONFIG_FILES];
    vdr_wire_file files[VDR_CONFIG_FILES];
    vdr_err err;
    uint64_t number = admin->number;
    if (admin->kind == VDR_PROPOSAL_CONFIG) {
        err = vdr_control_proposal_texts(core_of(daemon), number, &daemon->tales, texts);
    } else {
        if (number == 0)
            number = vdr_control_version_last(core_of(daemon));
        err = vdr_control_version_texts(core_of(daemon), number, &daemon->tales, texts);
    }
    if (err != VDR_OK) {
        vdr_admin_say_error(daemon, session, admin->request, err,
                            admin->kind == VDR_PROPOSAL_CONFIG
                                ? "there is no open proposal of a configuration of this number"
                                : "there was no such version, or its texts are no longer kept");
        return;
    }
    for (size_t i = 0; i < VDR_CONFIG_FILES; i++)
        files[i] = (vdr_wire_file){.name = vdr_span_str(file_names[i]), .text = texts[i]};
    vdr_wire_counter counter = {.name = vdr_span_str("number"), .value = number};
    vdr_wire_admin_result result = {.verb = VDR_VERB_TEXTS,
                                    .request = admin->request,
                                    .counters = &counter,
                                    .counter_count = 1,
                                    .files = files,
                                    .file_count = VDR_CONFIG_FILES};
    vdr_admin_answer(daemon, session, &result);
}

/* The rules that hold, in sentences: a page in each language, as it is published. */
static void
say_sentences(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_bytes dutch = {0}, english = {0};
    const vdr_config *config = vdr_core_config(core_of(daemon));
    vdr_sentences(config, VDR_DUTCH, VDR_PAGE_MARKDOWN, &dutch);
    vdr_sentences(config, VDR_ENGLISH, VDR_PAGE_MARKDOWN, &english);
    const vdr_wire_file files[] = {{.name = vdr_span_str("nl"), .text = vdr_bytes_span(&dutch)},
                                   {.name = vdr_span_str("en"), .text = vdr_bytes_span(&english)}};
    vdr_wire_counter counter = {.name = vdr_span_str("number"),
                                .value = vdr_control_version_last(core_of(daemon))};
    vdr_wire_admin_result result = {.verb = VDR_VERB_SENTENCES,
                                    .request = request,
                                    .counters = &counter,
                                    .counter_count = 1,
                                    .files = files,
                                    .file_count = 2};
    vdr_admin_answer(daemon, session, &result);
    vdr_bytes_done(&dutch);
    vdr_bytes_done(&english);
}

/* ---- changing */

static vdr_engine_by
by_of(const vdr_daemon *daemon, const vdr_session *session, vdr_span reason)
{
    return (vdr_engine_by){
        .operator_id = vdr_span_str(session->party), .reason = reason, .alone = !daemon->node->four_eyes};
}

/* What is wrong: faults of the files as problems, the words of lint and tests as a file to be read. */
static void
refuse(vdr_daemon *daemon, vdr_session *session, const vdr_proof *proof)
{
    vdr_admin_wait wait;
    if (!vdr_admin_take(daemon, proof->errand, &wait))
        return;
    vdr_wire_problem problems[VDR_CONFIG_FAULTS_MAX];
    for (size_t i = 0; i < proof->faults.count; i++) {
        const vdr_config_fault *fault = &proof->faults.at[i];
        problems[i] = (vdr_wire_problem){
            .file = fault->name, .line = fault->line, .column = fault->column, .text = fault->message};
    }
    vdr_wire_file words = {.name = vdr_span_str("problems.txt"), .text = vdr_bytes_span(&proof->words)};
    if (words.text.len > VDR_CONF_BYTES_MAX)
        words.text.len = VDR_CONF_BYTES_MAX;
    vdr_wire_admin_result result = {.verb = wait.verb,
                                    .request = wait.request,
                                    .error = proof->err,
                                    .problems = problems,
                                    .problem_count = proof->faults.count,
                                    .files = &words,
                                    .file_count = words.text.len != 0 ? 1 : 0};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_steer_active(vdr_daemon *daemon, const vdr_engine_by *by)
{
    VDR_NOTE(CONFIG_ACTIVE, vdr_field_number("position", vdr_core_config_position(core_of(daemon))),
             vdr_field_number("version", vdr_control_version_last(core_of(daemon))));
    if (by->alone)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", daemon->node->path),
                 vdr_field_text("text", "approvals: one: this configuration holds though nobody else has "
                                        "approved it"));
    vdr_admit_soon(daemon);
}

/* What changes the configuration at once, or proposes it, as node.yaml asks. */
static vdr_err
take_config(vdr_daemon *daemon, vdr_ticket ticket, const vdr_config_texts *texts, const vdr_engine_by *by,
            char *ret_words)
{
    if (!by->alone)
        return vdr_engine_propose(daemon->engine, ticket, texts, by, ret_words);
    vdr_position before = vdr_core_config_position(core_of(daemon));
    vdr_err err = vdr_engine_activate(daemon->engine, ticket, texts, by, ret_words);
    if (err == VDR_OK && vdr_core_config_position(core_of(daemon)) != before)
        vdr_steer_active(daemon, by);
    return err;
}

/* The proof is made beside the turn; what comes of it, in vdr_steer_turn. */
static vdr_err
propose(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin, uint64_t errand,
        char *ret_words)
{
    vdr_proof *proof = vdr_proof_new(admin, vdr_clock_now(daemon->clock));
    if (proof == NULL)
        return vdr_admin_words(ret_words, VDR_E_BAD_FRAME,
                               "town.yaml, catalogue.yaml and rules.yaml are needed");
    proof->errand = errand;
    proof->session = session->number;
    if (vdr_prover_begin(daemon->prover, proof))
        return VDR_OK;
    vdr_proof_free(&proof);
    return vdr_admin_words(ret_words, VDR_E_BUSY, "another configuration is being checked");
}

/* The same files, looked at: nothing comes of it. */
static vdr_err
look(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin, uint64_t errand, char *ret_words)
{
    vdr_span in_force[VDR_CONFIG_FILES];
    uint64_t version = vdr_control_version_last(core_of(daemon));
    vdr_err err = vdr_control_version_texts(core_of(daemon), version, &daemon->tales, in_force);
    if (err != VDR_OK)
        return vdr_admin_words(ret_words, err, "the texts of the version in force are not kept");
    vdr_proof *proof = vdr_proof_new_look(admin, in_force, vdr_clock_now(daemon->clock));
    if (proof == NULL)
        return vdr_admin_words(ret_words, VDR_E_NO_MEMORY, "it is too much for one look");
    proof->errand = errand;
    proof->session = session->number;
    if (vdr_prover_begin(daemon->prover, proof))
        return VDR_OK;
    vdr_proof_free(&proof);
    return vdr_admin_words(ret_words, VDR_E_BUSY, "another configuration is being checked");
}

static vdr_err
roll_back(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin, vdr_ticket ticket,
          char *ret_words)
{
    vdr_config_texts texts;
    for (size_t i = 0; i < VDR_CONFIG_FILES; i++)
        texts.name[i] = vdr_span_str(file_names[i]);
    vdr_err err = vdr_control_version_texts(core_of(daemon), admin->number, &daemon->tales, texts.text);
    if (err != VDR_OK) {
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES,
                       "there was no such version, or its texts are no longer kept");
        return err;
    }
    vdr_engine_by by = by_of(daemon, session, admin->reason);
    by.rollback_of = admin->number;
    return take_config(daemon, ticket, &texts, &by, ret_words);
}

static vdr_err
decide(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin, vdr_ticket ticket,
       char *ret_words)
{
    vdr_decide what = admin->verb == VDR_VERB_APPROVE  ? VDR_DECIDE_APPROVE
                      : admin->verb == VDR_VERB_REJECT ? VDR_DECIDE_REJECT
                                                       : VDR_DECIDE_WITHDRAW;
    vdr_engine_by by = by_of(daemon, session, admin->reason);
    vdr_position before = vdr_core_config_position(core_of(daemon));
    vdr_err err = vdr_engine_decide(daemon->engine, ticket, what, admin->number, &by, ret_words);
    if (err == VDR_OK && vdr_core_config_position(core_of(daemon)) != before)
        vdr_steer_active(daemon, &by);
    return err;
}

static vdr_err
pause(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin, vdr_ticket ticket,
      char *ret_words)
{
    if ((admin->kind != VDR_PROPOSAL_PAUSE && admin->kind != VDR_PROPOSAL_SILENCE) ||
        admin->time == VDR_MS_NONE) {
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "a rule or an agency, and an end, are needed");
        return VDR_E_BAD_FRAME;
    }
    vdr_engine_by by = by_of(daemon, session, admin->reason);
    vdr_engine_pause_wish wish = {.kind = admin->kind, .subject = admin->name, .until = admin->time};
    return vdr_engine_pause(daemon->engine, ticket, &wish, &by, ret_words);
}

static bool
needs_reason(vdr_verb verb)
{
    return verb == VDR_VERB_PROPOSE || verb == VDR_VERB_REJECT || verb == VDR_VERB_ROLLBACK ||
           verb == VDR_VERB_PAUSE;
}

/* What the RESULT says when it is durable. */
static void
note(vdr_daemon *daemon, const vdr_wire_admin *admin, uint64_t number, const char *words)
{
    const vdr_core *core = core_of(daemon);
    vdr_proposal_view proposal;
    bool approved = admin->verb == VDR_VERB_APPROVE &&
                    vdr_control_proposal(core, admin->number, &daemon->tales, &proposal);
    bool makes = admin->verb == VDR_VERB_PROPOSE || admin->verb == VDR_VERB_ROLLBACK;
    if (approved)
        vdr_admin_note(daemon, number, words,
                       proposal.kind == VDR_PROPOSAL_CONFIG ? "version"
                       : proposal.kind == VDR_PROPOSAL_KEY  ? "key"
                                                            : "pause",
                       proposal.made);
    else if (daemon->node->four_eyes && (makes || admin->verb == VDR_VERB_PAUSE))
        vdr_admin_note(daemon, number, words, "proposal", vdr_control_proposal_last(core));
    else if (makes)
        vdr_admin_note(daemon, number, words, "version", vdr_control_version_last(core));
    else if (admin->verb == VDR_VERB_PAUSE)
        vdr_admin_note(daemon, number, words, "pause", vdr_control_pause_last(core));
    else
        vdr_admin_note(daemon, number, words, NULL, 0);
}

static void
change(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    char *words = (char *)vdr_alloc(VDR_ENGINE_WORDS_BYTES, 1);
    const vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    uint64_t number = wait != NULL ? wait->number : 0;
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number);
    vdr_err err = VDR_E_BUSY;
    if (number == 0)
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, "too many verbs are at work");
    else if (needs_reason(admin->verb) && admin->reason.len == 0)
        err = vdr_admin_words(words, VDR_E_BAD_FRAME, "say why: a reason is needed");
    else if (admin->verb == VDR_VERB_PROPOSE)
        err = propose(daemon, session, admin, number, words);
    else if (admin->verb == VDR_VERB_LINT)
        err = look(daemon, session, admin, number, words);
    else if (admin->verb == VDR_VERB_ROLLBACK)
        err = roll_back(daemon, session, admin, ticket, words);
    else if (admin->verb == VDR_VERB_PAUSE)
        err = pause(daemon, session, admin, ticket, words);
    else if (admin->verb == VDR_VERB_RESUME) {
        vdr_engine_by by = by_of(daemon, session, admin->reason);
        err = vdr_engine_resume(daemon->engine, ticket, admin->number, &by, words);
    } else {
        err = decide(daemon, session, admin, ticket, words);
    }
    if (number != 0 && err != VDR_OK)
        vdr_admin_give_up(daemon, session, number, err, *words != '\0' ? words : vdr_err_text(err));
    else if (err == VDR_OK && admin->verb != VDR_VERB_PROPOSE && admin->verb != VDR_VERB_LINT)
        note(daemon, admin, number, words);
    free(words);
}

bool
vdr_steer_looks(vdr_verb verb)
{
    return verb == VDR_VERB_PROPOSALS || verb == VDR_VERB_VERSIONS || verb == VDR_VERB_PAUSES ||
           verb == VDR_VERB_TEXTS || verb == VDR_VERB_SENTENCES || verb == VDR_VERB_LINT;
}

static void
tell_look(vdr_daemon *daemon, vdr_session *session, vdr_proof *proof)
{
    vdr_admin_wait wait;
    if (!vdr_admin_take(daemon, proof->errand, &wait))
        return;
    const vdr_judgement *of = &proof->judgement;
    const vdr_wire_counter counters[] = {{vdr_span_str("fit"), proof->err == VDR_OK},
                                         {vdr_span_str("errors"), of->errors},
                                         {vdr_span_str("warnings"), of->warnings},
                                         {vdr_span_str("notes"), of->notes},
                                         {vdr_span_str("tests_passed"), of->passed},
                                         {vdr_span_str("tests_failed"), of->failed},
                                         {vdr_span_str("clauses"), of->clauses},
                                         {vdr_span_str("clauses_tried"), of->tried},
                                         {vdr_span_str("rows_left_out"), proof->rows.left_out}};
    vdr_wire_admin_result result = {.verb = wait.verb,
                                    .request = wait.request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .rows = proof->rows.at,
                                    .row_count = proof->rows.count,
                                    .files = proof->spoken,
                                    .file_count = proof->spoken_count};
    vdr_admin_say(daemon, session, &result);
}

static void
finish(vdr_daemon *daemon, vdr_session *session, vdr_proof *proof)
{
    if (proof->look) {
        tell_look(daemon, session, proof);
        return;
    }
    if (proof->err != VDR_OK) {
        refuse(daemon, session, proof);
        return;
    }
    char *words = (char *)vdr_alloc(VDR_ENGINE_WORDS_BYTES, 1);
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, proof->errand);
    vdr_engine_by by = by_of(daemon, session, proof->reason);
    by.alone = by.alone && !proof->reload;
    vdr_err err = take_config(daemon, ticket, &proof->texts, &by, words);
    size_t used = strlen(words);
    if (err == VDR_E_WRONG_STATE && proof->reload) {
        vdr_admin_give_up(daemon, session, proof->errand, VDR_OK, words); /* it is proposed already */
    } else if (err != VDR_OK) {
        vdr_admin_give_up(daemon, session, proof->errand, err, *words != '\0' ? words : vdr_err_text(err));
    } else {
        const vdr_wire_admin admin = {.verb = VDR_VERB_PROPOSE};
        (void)snprintf(words + used, VDR_ENGINE_WORDS_BYTES - used, "; lint is clean, %zu rule tests pass",
                       proof->judgement.passed);
        note(daemon, &admin, proof->errand, words);
    }
    free(words);
}

void
vdr_steer_turn(vdr_daemon *daemon)
{
    vdr_proof *proof = vdr_prover_collect(daemon->prover);
    if (proof == NULL)
        return;
    vdr_session *session = vdr_session_by_number(daemon->sessions, proof->session);
    vdr_admin_wait nobody;
    vdr_arena_reset(&daemon->tales);
    if (session != NULL && vdr_session_live(session))
        finish(daemon, session, proof);
    else
        (void)vdr_admin_take(daemon, proof->errand, &nobody); /* whoever asked is gone */
    vdr_proof_free(&proof);
}

vdr_err
vdr_steer_reload(vdr_daemon *daemon, const vdr_config_texts *texts, vdr_ticket ticket, char *ret_words)
{
    vdr_proof *proof =
        vdr_proof_of_directory(daemon->config_dir, texts, vdr_clock_now(daemon->clock), ret_words);
    if (proof == NULL)
        return VDR_E_BAD_CONFIG;
    proof->errand = vdr_errand_number(ticket);
    proof->session = ticket.session;
    if (vdr_prover_begin(daemon->prover, proof))
        return VDR_OK;
    vdr_proof_free(&proof);
    return vdr_admin_words(ret_words, VDR_E_BUSY, "another configuration is being checked");
}

void
vdr_steer_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_arena_reset(&daemon->tales);
    if (admin->verb == VDR_VERB_PROPOSALS)
        list_proposals(daemon, session, admin->request);
    else if (admin->verb == VDR_VERB_VERSIONS)
        list_versions(daemon, session, admin->request);
    else if (admin->verb == VDR_VERB_PAUSES)
        list_pauses(daemon, session, admin->request);
    else if (admin->verb == VDR_VERB_TEXTS)
        show_texts(daemon, session, admin);
    else if (admin->verb == VDR_VERB_SENTENCES)
        say_sentences(daemon, session, admin->request);
    else
        change(daemon, session, admin);
}
