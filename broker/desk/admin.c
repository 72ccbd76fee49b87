/* ADMIN (protocol.md 7.5): which verb it is, who may ask for it, and the verbs whose result comes later. */
#include "broker/access/told.h"
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_MAX_OF_BACKUP 4096u

/* The one place where it is decided what of an answer is told. */
static vdr_err
tell(vdr_daemon *daemon, vdr_session *session, bool held, vdr_wire *wire)
{
    vdr_arena_reset(&daemon->told);
    vdr_err err = vdr_access_mask_result(session->kind, &daemon->told, &wire->result);
    if (err != VDR_OK)
        return err;
    return held ? vdr_speak_hold(daemon, session, wire) : vdr_speak(daemon, session, wire);
}

void
vdr_admin_say(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin_result *result)
{
    vdr_wire wire = {.type = VDR_FRAME_RESULT, .result = *result};
    if (tell(daemon, session, false, &wire) == VDR_OK)
        return;
    wire.result = (vdr_wire_admin_result){.request = result->request, .error = VDR_E_TOO_BIG};
    vdr_say(daemon, session, &wire);
}

void
vdr_admin_say_error(vdr_daemon *daemon, vdr_session *session, uint64_t request, vdr_err err, const char *text)
{
    vdr_wire_admin_result result = {.request = request, .error = err, .text = vdr_span_str(text)};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_admin_answer(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin_result *result)
{
    vdr_wire wire = {.type = VDR_FRAME_RESULT, .result = *result};
    vdr_err err = vdr_engine_room(daemon->engine) == 0 ? VDR_E_BUSY : VDR_OK;
    if (err == VDR_OK)
        err = tell(daemon, session, true, &wire);
    if (err == VDR_OK)
        err = vdr_engine_submit_barrier(daemon->engine,
                                        vdr_errand_ticket(VDR_ERRAND_ANSWER, session->number, 0));
    if (err != VDR_OK)
        vdr_admin_say_error(daemon, session, result->request, err, vdr_err_text(err));
}

/* ---- verbs whose result comes later */

vdr_admin_wait *
vdr_admin_wait_for(vdr_daemon *daemon, const vdr_session *session, const vdr_wire_admin *admin)
{
    if (daemon->admin_count == VDR_ADMIN_WAITS)
        return NULL;
    vdr_admin_wait *wait = &daemon->admin[daemon->admin_count++];
    *wait = (vdr_admin_wait){.number = ++daemon->last_errand,
                             .session = session->number,
                             .request = admin->request,
                             .verb = admin->verb};
    return wait;
}

bool
vdr_admin_take(vdr_daemon *daemon, uint64_t number, vdr_admin_wait *ret_wait)
{
    for (size_t i = 0; i < daemon->admin_count; i++) {
        if (daemon->admin[i].number != number)
            continue;
        *ret_wait = daemon->admin[i];
        daemon->admin[i] = daemon->admin[--daemon->admin_count];
        return true;
    }
    return false;
}

/* What was begun for this errand did not begin after all. */
void
vdr_admin_give_up(vdr_daemon *daemon, vdr_session *session, uint64_t number, vdr_err err, const char *text)
{
    vdr_admin_wait wait;
    if (vdr_admin_take(daemon, number, &wait))
        vdr_admin_say_error(daemon, session, wait.request, err, text);
}

void
vdr_admin_note(vdr_daemon *daemon, uint64_t number, const char *words, const char *made, uint64_t made_number)
{
    for (size_t i = 0; i < daemon->admin_count; i++) {
        vdr_admin_wait *wait = &daemon->admin[i];
        if (wait->number != number)
            continue;
        (void)snprintf(wait->words, sizeof wait->words, "%s", words);
        wait->made = made;
        wait->made_number = made_number;
    }
}

vdr_err
vdr_admin_words(char *ret_words, vdr_err err, const char *words)
{
    (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s", words);
    return err;
}

static void
finish(vdr_daemon *daemon, vdr_ticket ticket, vdr_err err, const char *text, vdr_position position)
{
    vdr_admin_wait wait;
    if (!vdr_admin_take(daemon, vdr_errand_number(ticket), &wait))
        return;
    vdr_session *session = vdr_session_by_number(daemon->sessions, wait.session);
    if (session == NULL)
        return;
    const vdr_wire_counter counters[] = {{.name = vdr_span_str("position"), .value = position},
                                         {.name = vdr_span_str(wait.made), .value = wait.made_number}};
    vdr_wire_admin_result result = {.verb = wait.verb,
                                    .request = wait.request,
                                    .error = err == VDR_E_ACCEPTED ? VDR_OK : err,
                                    .text =
                                        vdr_span_str(text != NULL || *wait.words == '\0' ? text : wait.words),
                                    .counters = counters,
                                    .counter_count = wait.made != NULL ? 2 : 1};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_admin_result(vdr_daemon *daemon, const vdr_result *result)
{
    finish(daemon, result->ticket, result->verdict, NULL, result->position);
}

void
vdr_admin_jobs(vdr_daemon *daemon)
{
    vdr_job job;
    while (vdr_engine_collect_job(daemon->engine, &job)) {
        if (job.result == VDR_OK && job.kind == VDR_JOB_BACKUP)
            VDR_NOTE(BACKUP, vdr_field_number("position", job.position));
        finish(daemon, job.ticket, job.result, job.result != VDR_OK ? job.words : NULL, job.position);
    }
}

/* ---- backup */

/* A name is one folder below the root, and no hidden one. */
static bool
is_folder_name(vdr_span name)
{
    bool good = name.len > 0 && name.len <= VDR_CONF_NAME_MAX && name.at[0] != '.';
    for (size_t i = 0; i < name.len && good; i++) {
        uint8_t c = name.at[i];
        good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    }
    return good;
}

static void
verb_backup(vdr_daemon *daemon, vdr_session *session, vdr_span name, uint64_t number)
{
    char path[PATH_MAX_OF_BACKUP];
    const char *root = daemon->node->backups;
    if (root == NULL) {
        vdr_admin_give_up(daemon, session, number, VDR_E_NOT_FOUND, "node.yaml names no folder for backups");
        return;
    }
    int len = snprintf(path, sizeof path, "%s/%.*s", root, (int)name.len, (const char *)name.at);
    bool named = is_folder_name(name) && len > 0 && (size_t)len < sizeof path;
    if (!named || (mkdir(root, 0700) != 0 && errno != EEXIST)) {
        vdr_admin_give_up(daemon, session, number, VDR_E_NOT_FOUND,
                          named ? "the folder for backups cannot be made" : "not a name for a backup");
        return;
    }
    struct stat status;
    vdr_err err = VDR_E_IO;
    if (stat(path, &status) != 0)
        err = vdr_engine_backup(daemon->engine, vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number),
                                path);
    if (err != VDR_OK)
        vdr_admin_give_up(daemon, session, number, err,
                          err == VDR_E_IO ? "the name is taken, or the folder cannot be used"
                                          : vdr_err_text(err));
}

/* ---- all */

static const char *
verb_name(vdr_verb verb)
{
    static const char *const names[] = {[VDR_VERB_STATUS] = "status",
                                        [VDR_VERB_RELOAD] = "reload",
                                        [VDR_VERB_CLOCK_ADVANCE] = "clock",
                                        [VDR_VERB_BACKUP] = "backup",
                                        [VDR_VERB_CHECKPOINT] = "checkpoint",
                                        [VDR_VERB_SESSIONS] = "sessions",
                                        [VDR_VERB_MAILBOXES] = "mailboxes",
                                        [VDR_VERB_DRAIN] = "drain",
                                        [VDR_VERB_UNDRAIN] = "undrain",
                                        [VDR_VERB_STOP] = "stop",
                                        [VDR_VERB_REPORT] = "report",
                                        [VDR_VERB_CHECK] = "check",
                                        [VDR_VERB_PROPOSE] = "propose",
                                        [VDR_VERB_APPROVE] = "approve",
                                        [VDR_VERB_REJECT] = "reject",
                                        [VDR_VERB_WITHDRAW] = "withdraw",
                                        [VDR_VERB_ROLLBACK] = "rollback",
                                        [VDR_VERB_PROPOSALS] = "proposals",
                                        [VDR_VERB_VERSIONS] = "versions",
                                        [VDR_VERB_TEXTS] = "texts",
                                        [VDR_VERB_PAUSE] = "pause",
                                        [VDR_VERB_PAUSES] = "pauses",
                                        [VDR_VERB_RESUME] = "resume",
                                        [VDR_VERB_BACKTEST] = "backtest",
                                        [VDR_VERB_BACKTEST_LOOK] = "backtest-look",
                                        [VDR_VERB_BACKTEST_STOP] = "backtest-stop",
                                        [VDR_VERB_SHADOW_START] = "shadow-start",
                                        [VDR_VERB_SHADOW_STOP] = "shadow-stop",
                                        [VDR_VERB_SHADOW_LOOK] = "shadow-look",
                                        [VDR_VERB_VERIFY] = "verify",
                                        [VDR_VERB_VERIFY_LOOK] = "verify-look",
                                        [VDR_VERB_HEADS] = "heads",
                                        [VDR_VERB_AUDIT] = "audit",
                                        [VDR_VERB_AUDIT_LOOK] = "audit-look",
                                        [VDR_VERB_LOGBOEK] = "logboek",
                                        [VDR_VERB_LOGBOEK_LOOK] = "logboek-look",
                                        [VDR_VERB_KEY_ADD] = "key-add",
                                        [VDR_VERB_KEY_ROTATE] = "key-rotate",
                                        [VDR_VERB_KEY_REVOKE] = "key-revoke",
                                        [VDR_VERB_KEYS] = "keys",
                                        [VDR_VERB_ERASE] = "erase",
                                        [VDR_VERB_ERASE_LOOK] = "erase-look",
                                        [VDR_VERB_PROOFS] = "proofs",
                                        [VDR_VERB_ROTATE] = "rotate",
                                        [VDR_VERB_ROTATE_LOOK] = "rotate-look",
                                        [VDR_VERB_ROTATE_FINISH] = "rotate-finish",
                                        [VDR_VERB_LINT] = "lint",
                                        [VDR_VERB_SENTENCES] = "sentences"};
    return names[verb];
}

static void
later_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    const vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    uint64_t number = wait != NULL ? wait->number : 0;
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number);
    vdr_err err = VDR_OK;
    if (number == 0) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, "too many verbs are at work");
    } else if (admin->verb == VDR_VERB_RELOAD) {
        vdr_admin_reload_verb(daemon, session, number);
    } else if (admin->verb == VDR_VERB_BACKUP) {
        verb_backup(daemon, session, admin->name, number);
    } else if (admin->verb == VDR_VERB_CHECKPOINT) {
        err = vdr_engine_checkpoint(daemon->engine, ticket);
    } else if (admin->verb == VDR_VERB_ERASE) {
        err = vdr_engine_erase(daemon->engine, ticket);
    } else {
        err = admin->time == VDR_MS_NONE ? VDR_E_BAD_FRAME
                                         : vdr_engine_submit_advance(daemon->engine, ticket, admin->time);
    }
    if (err != VDR_OK)
        vdr_admin_give_up(daemon, session, number, err, vdr_err_text(err));
}

void
vdr_admin_frame(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (!vdr_access_verb(session->kind, admin->verb)) {
        vdr_err err = vdr_access_verb_known(admin->verb) ? VDR_E_WRONG_ROLE : VDR_E_BAD_FRAME;
        vdr_admin_say_error(daemon, session, admin->request, err,
                            err == VDR_E_BAD_FRAME ? "there is no such verb" : vdr_err_text(err));
        return;
    }
    if (admin->verb != VDR_VERB_STATUS && admin->verb != VDR_VERB_SESSIONS &&
        admin->verb != VDR_VERB_MAILBOXES && admin->verb != VDR_VERB_REPORT &&
        admin->verb != VDR_VERB_VERIFY_LOOK && admin->verb != VDR_VERB_HEADS &&
        admin->verb != VDR_VERB_AUDIT_LOOK && admin->verb != VDR_VERB_LOGBOEK_LOOK &&
        admin->verb != VDR_VERB_KEYS && admin->verb != VDR_VERB_ERASE_LOOK &&
        admin->verb != VDR_VERB_ROTATE_LOOK && admin->verb != VDR_VERB_BACKTEST_LOOK &&
        admin->verb != VDR_VERB_SHADOW_LOOK && !vdr_steer_looks(admin->verb))
        VDR_NOTE(OPERATOR, vdr_field_text("party", session->party),
                 vdr_field_text("verb", verb_name(admin->verb)));
    switch (admin->verb) {
    case VDR_VERB_STATUS:
    case VDR_VERB_SESSIONS:
    case VDR_VERB_MAILBOXES:
        vdr_status_verb(daemon, session, admin);
        break;
    case VDR_VERB_DRAIN:
    case VDR_VERB_UNDRAIN:
        daemon->draining = admin->verb == VDR_VERB_DRAIN;
        vdr_admin_say_error(daemon, session, admin->request, VDR_OK, NULL);
        break;
    case VDR_VERB_STOP:
        daemon->stopping = true;
        vdr_admin_say_error(daemon, session, admin->request, VDR_OK, NULL);
        break;
    case VDR_VERB_BACKTEST:
    case VDR_VERB_BACKTEST_LOOK:
    case VDR_VERB_BACKTEST_STOP:
        vdr_rehearsal_verb(daemon, session, admin);
        break;
    case VDR_VERB_SHADOW_START:
    case VDR_VERB_SHADOW_STOP:
    case VDR_VERB_SHADOW_LOOK:
        vdr_shadow_verb(daemon, session, admin);
        break;
    case VDR_VERB_VERIFY:
    case VDR_VERB_VERIFY_LOOK:
    case VDR_VERB_HEADS:
        vdr_trust_verb(daemon, session, admin);
        break;
    case VDR_VERB_AUDIT:
    case VDR_VERB_AUDIT_LOOK:
        vdr_trail_verb(daemon, session, admin);
        break;
    case VDR_VERB_LOGBOEK:
    case VDR_VERB_LOGBOEK_LOOK:
        vdr_logboek_verb(daemon, session, admin);
        break;
    case VDR_VERB_KEY_ADD:
    case VDR_VERB_KEY_ROTATE:
    case VDR_VERB_KEY_REVOKE:
    case VDR_VERB_KEYS:
        vdr_keys_verb(daemon, session, admin);
        break;
    case VDR_VERB_REPORT:
    case VDR_VERB_CHECK:
        vdr_reports_verb(daemon, session, admin);
        break;
    case VDR_VERB_ERASE_LOOK:
    case VDR_VERB_PROOFS:
        vdr_erasure_verb(daemon, session, admin);
        break;
    case VDR_VERB_ROTATE:
    case VDR_VERB_ROTATE_LOOK:
    case VDR_VERB_ROTATE_FINISH:
        vdr_rotate_verb(daemon, session, admin);
        break;
    case VDR_VERB_RELOAD:
    case VDR_VERB_CLOCK_ADVANCE:
    case VDR_VERB_BACKUP:
    case VDR_VERB_CHECKPOINT:
    case VDR_VERB_ERASE:
        later_verb(daemon, session, admin);
        break;
    case VDR_VERB_PROPOSE:
    case VDR_VERB_APPROVE:
    case VDR_VERB_REJECT:
    case VDR_VERB_WITHDRAW:
    case VDR_VERB_ROLLBACK:
    case VDR_VERB_PROPOSALS:
    case VDR_VERB_VERSIONS:
    case VDR_VERB_TEXTS:
    case VDR_VERB_PAUSE:
    case VDR_VERB_PAUSES:
    case VDR_VERB_RESUME:
    case VDR_VERB_LINT:
    case VDR_VERB_SENTENCES:
        vdr_steer_frame(daemon, session, admin);
        break;
    }
}
