/* Operators' verbs (protocol.md 7.5), and reloading, which a signal asks for too. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include "broker/core/rekey.h"
#include "broker/storekeys.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PROBLEMS_MAX       (2u * VDR_CONFIG_FAULTS_MAX)
#define LIST_MAX           10000u /* sessions or mailboxes of one RESULT */
#define TEXTS_BYTES        (4u * VDR_CONF_BYTES_MAX)
#define LOAD_WORDS         256u
#define PATH_MAX_OF_BACKUP 4096u

void
vdr_admin_say(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin_result *result)
{
    vdr_wire wire = {.type = VDR_FRAME_RESULT, .result = *result};
    if (vdr_speak(daemon, session, &wire) == VDR_OK)
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
        err = vdr_speak_hold(daemon, session, &wire);
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

/* Takes the one with this number out; false: it is not waited for. */
static bool
take_wait(vdr_daemon *daemon, uint64_t number, vdr_admin_wait *ret_wait)
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
    if (take_wait(daemon, number, &wait))
        vdr_admin_say_error(daemon, session, wait.request, err, text);
}

uint64_t
vdr_admin_taken(vdr_daemon *daemon, uint64_t number)
{
    vdr_admin_wait wait;
    return take_wait(daemon, number, &wait) ? wait.request : 0;
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
    if (!take_wait(daemon, vdr_errand_number(ticket), &wait))
        return;
    vdr_session *session = vdr_session_by_number(daemon->sessions, wait.session);
    if (session == NULL)
        return;
    const vdr_wire_counter counters[] = {{.name = vdr_span_str("position"), .value = position},
                                         {.name = vdr_span_str(wait.made), .value = wait.made_number}};
    vdr_wire_admin_result result = {.request = wait.request,
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

/* ---- reload */

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

static void
verb_reload(vdr_daemon *daemon, vdr_session *session, uint64_t number)
{
    vdr_reload *reload = (vdr_reload *)vdr_alloc(1, sizeof *reload);
    vdr_err err = reload_now(daemon, reload, vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number));
    vdr_admin_wait wait;
    if (err != VDR_OK && take_wait(daemon, number, &wait)) {
        vdr_wire_admin_result result = {.request = wait.request,
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

/* ---- looking */

static const char *
state_word(const vdr_daemon *daemon, const vdr_engine_status *status)
{
    return status->failed     ? "failed"
           : daemon->stopping ? "stopping"
           : status->full     ? "full"
           : daemon->draining ? "draining"
                              : "serving";
}

/* Open descriptors of the process: what connections that never came through would pile up in. */
static uint64_t
descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        (void)closedir(dir);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the one that looked */
}

static vdr_wire_counter
counter(const char *name, uint64_t value)
{
    return (vdr_wire_counter){.name = vdr_span_str(name), .value = value};
}

static vdr_wire_named
named(const char *name, const char *text)
{
    return (vdr_wire_named){.name = vdr_span_str(name), .text = vdr_span_str(text)};
}

/* Bytes of the volume of the store, and those of them that are free; 0 where it does not say. */
static void
disk_room(const char *dir, uint64_t ret_bytes[2])
{
    struct statvfs room;
    ret_bytes[0] = ret_bytes[1] = 0;
    if (statvfs(dir, &room) != 0)
        return;
    ret_bytes[0] = (uint64_t)room.f_blocks * room.f_frsize;
    ret_bytes[1] = (uint64_t)room.f_bavail * room.f_frsize;
}

/* What time it is for people: the clock's, where it has one; else that of the log. */
static vdr_ms
wall_ms(const vdr_daemon *daemon, const vdr_engine_status *status)
{
    vdr_ms now = vdr_clock_now(daemon->clock);
    return now != VDR_MS_NONE ? now : status->now != VDR_MS_NONE ? status->now : 0;
}

static uint64_t
mail_waiting(const vdr_daemon *daemon)
{
    uint64_t count = 0;
    for (size_t number = 1; number < daemon->mailbox_count; number++)
        count += daemon->mailboxes[number].newest - daemon->mailboxes[number].acknowledged;
    return count;
}

/* When the oldest case that nobody has was opened; 0: there is none. */
static uint64_t
unassigned_since(const vdr_daemon *daemon)
{
    vdr_case_view view;
    bool any = vdr_view_open_case(vdr_engine_core(daemon->engine), (vdr_span){0}, (vdr_case_id){0}, &view);
    return any ? (uint64_t)view.opened_at : 0;
}

/* The next end of a key that nobody has seen to; 0: none. */
static uint64_t
soonest_key(const vdr_daemon *daemon)
{
    vdr_ms soonest = 0;
    for (unsigned kind = 0; kind <= VDR_PARTY_LAST; kind++)
        if (daemon->key_soonest[kind] != 0 && (soonest == 0 || daemon->key_soonest[kind] < soonest))
            soonest = daemon->key_soonest[kind];
    return (uint64_t)soonest;
}

static uint64_t
refused_sum(const uint64_t counts[VDR_REFUSALS_CODES])
{
    uint64_t sum = 0;
    for (unsigned code = 0; code < VDR_REFUSALS_CODES; code++)
        sum += code != VDR_E_DUPLICATE - VDR_E_ACCEPTED ? counts[code] : 0;
    return sum;
}

static void
verb_status(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_engine_status s;
    vdr_net_counts net;
    vdr_engine_erasure erasure;
    vdr_engine_status_get(daemon->engine, &s);
    vdr_engine_erasure_get(daemon->engine, &erasure);
    vdr_net_counts_get(daemon->net, &net);
    const vdr_core *core = vdr_engine_core(daemon->engine);
    uint64_t disk[2], refused[VDR_REFUSALS_CODES];
    vdr_rekey_view rekey;
    vdr_rekey_view_get(core, &rekey);
    disk_room(daemon->store_dir, disk);
    vdr_refusals_get(daemon->refusals, VDR_PARTY_NONE, (vdr_span){0}, vdr_reports_hour(daemon), refused);
    const vdr_wire_counter counters[] = {
        counter("position_first", s.first),
        counter("position_stepped", s.stepped),
        counter("position_durable", s.durable),
        counter("position_checkpoint", s.checkpoint_position),
        counter("position_config", s.config_position),
        counter("epoch", s.epoch),
        counter("log_time_ms", s.now == VDR_MS_NONE ? 0 : (uint64_t)s.now),
        counter("clock_ahead_ms", (uint64_t)s.clock_ahead_ms),
        counter("submitted", s.submitted),
        counter("accepted", s.accepted),
        counter("accepted_per_s", s.accepted_per_s),
        counter("duplicates", s.duplicates),
        counter("refused", s.refused),
        counter("refused_store_full", s.full_refused),
        counter("acknowledgements", s.acks),
        counter("ticks", s.ticks),
        counter("groups", s.groups),
        counter("group_records_p50", s.group_records_p50),
        counter("group_records_max", s.group_records_max),
        counter("commit_us_p50", s.commit_us_p50),
        counter("commit_us_p99", s.commit_us_p99),
        counter("commit_us_max", s.commit_us_max),
        counter("turn_us_p99", s.turn_us_p99),
        counter("turn_us_max", s.turn_us_max),
        counter("checkpoints", s.checkpoint_count),
        counter("checkpoint_failures", s.checkpoint_failures),
        counter("checkpoint_bytes", s.checkpoint_bytes),
        counter("checkpoint_age_ms", s.checkpoint_age_ms < 0 ? 0 : (uint64_t)s.checkpoint_age_ms),
        counter("log_bytes", s.used_bytes),
        counter("log_bytes_limit", s.limit_bytes),
        counter("households", s.counts.households),
        counter("persons", s.counts.persons),
        counter("addresses", s.counts.addresses),
        counter("signals", s.counts.signals),
        counter("cases", s.counts.cases),
        counter("cases_unassigned", s.counts.unassigned),
        counter("cases_offered", s.counts.offered),
        counter("cases_active", s.counts.active),
        counter("overdue", s.counts.overdue),
        counter("reviews", s.counts.reviews),
        counter("timers", s.counts.timers),
        counter("guards_reached", vdr_guards_reached(daemon)),
        counter("config_version", vdr_control_version_last(core)),
        counter("proposals_open", vdr_control_open(core)),
        counter("paused_rules", vdr_control_holding(core, VDR_PROPOSAL_PAUSE)),
        counter("silenced_agencies", vdr_control_holding(core, VDR_PROPOSAL_SILENCE)),
        counter("state_bytes", s.counts.memory_bytes),
        counter("sessions", vdr_sessions_count(daemon->sessions, VDR_ZONE_PARTIES)),
        counter("sessions_operators", vdr_sessions_count(daemon->sessions, VDR_ZONE_OPERATORS)),
        counter("keys", vdr_keyring_count(daemon->keyring)),
        counter("keys_expiring", daemon->keys_expiring),
        counter("key_soonest_ms", soonest_key(daemon)),
        counter("convenant_soonest_ms", (uint64_t)daemon->convenant_soonest),
        counter("convenants_ended", daemon->convenants_ended),
        counter("descriptors", descriptors()),
        counter("handshakes_admitted", net.admitted),
        counter("handshakes_refused", net.refused),
        counter("frames_received", net.received),
        counter("frames_sent", net.sent),
        counter("dropped_routing_id", net.dropped_routing_id),
        counter("dropped_no_key", net.dropped_user_id),
        counter("dropped_many_parts", net.dropped_frames),
        counter("dropped_revoked", daemon->revoked_drops),
        counter("time_ms", (uint64_t)wall_ms(daemon, &s)),
        counter("next_due_ms", s.next_due == VDR_MS_MAX || s.next_due < 0 ? 0 : (uint64_t)s.next_due),
        counter("disk_bytes", disk[0]),
        counter("disk_free_bytes", disk[1]),
        counter("mail_waiting", mail_waiting(daemon)),
        counter("unassigned_since_ms", unassigned_since(daemon)),
        counter("duplicates_day", refused[VDR_E_DUPLICATE - VDR_E_ACCEPTED]),
        counter("refused_day", refused_sum(refused)),
        counter("rotation_running", rekey.running),
        counter("rotation_left", rekey.old_members + rekey.old_signals + rekey.old_acts +
                                     rekey.old_conflicts + rekey.old_rights + rekey.old_guarded),
        counter("erasure_waiting", erasure.waiting),
        counter("erasure_failed", erasure.failed != VDR_OK),
        counter("erasure_next_ms", erasure.next == VDR_MS_NONE ? 0 : (uint64_t)erasure.next),
        counter("erasure_last_ms", erasure.last == VDR_MS_NONE ? 0 : (uint64_t)erasure.last),
        counter("backup_stale", vdr_erasure_wants_backup(daemon, &erasure)),
    };
    const vdr_config *config = vdr_core_config(vdr_engine_core(daemon->engine));
    const vdr_wire_named texts[] = {
        named("state", state_word(daemon, &s)),
        named("version", VDR_VERSION),
        {.name = vdr_span_str("municipality"), .text = config->municipality},
        named("clock", daemon->clock->kind == VDR_CLOCK_EVENT ? "event" : "wall"),
        named("listen", vdr_net_endpoint(daemon->net, VDR_ZONE_PARTIES)),
        named("operators", vdr_net_endpoint(daemon->net, VDR_ZONE_OPERATORS)),
        named("public_key", vdr_net_public_key(daemon->net)),
    };
    vdr_wire_admin_result result = {.request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .texts = texts,
                                    .text_count = sizeof texts / sizeof texts[0]};
    vdr_admin_say(daemon, session, &result);
}

static void
verb_sessions(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_wire_session_view *rows = (vdr_wire_session_view *)vdr_alloc(LIST_MAX, sizeof *rows);
    size_t count = 0;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL && count < LIST_MAX;
         s = vdr_session_next(daemon->sessions, s)) {
        if (!vdr_session_live(s) || s->state != VDR_SESSION_OPEN)
            continue;
        rows[count++] = (vdr_wire_session_view){
            .session = s->number,
            .party_kind = s->kind,
            .party_id = vdr_span_str(s->party),
            .client_name = s->client[0] != '\0' ? vdr_span_str(s->client) : (vdr_span){0},
            .since_ms = s->since,
            .idle_ms = daemon->now_ms - s->heard_ms,
            .frames_in = s->frames_in,
            .frames_out = s->frames_out,
            .unconfirmed = s->publish.open_items,
            .undelivered = s->mail.on ? (uint32_t)(s->mail.next - 1 - s->mail.done) : 0,
        };
    }
    vdr_wire_admin_result result = {.request = request, .sessions = rows, .session_count = count};
    vdr_admin_say(daemon, session, &result);
    free(rows);
}

static void
verb_mailboxes(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_wire_mailbox_view *rows = (vdr_wire_mailbox_view *)vdr_alloc(LIST_MAX, sizeof *rows);
    size_t count = 0;
    for (uint32_t number = 1; number < daemon->mailbox_count && count < LIST_MAX; number++) {
        vdr_mailbox_view view;
        if (!vdr_core_mailbox_view(vdr_engine_core(daemon->engine), number, &view))
            continue;
        rows[count++] = (vdr_wire_mailbox_view){.kind = view.kind,
                                                .id = view.id,
                                                .acknowledged = daemon->mailboxes[number].acknowledged,
                                                .newest = daemon->mailboxes[number].newest};
    }
    vdr_wire_admin_result result = {.request = request, .mailboxes = rows, .mailbox_count = count};
    vdr_admin_say(daemon, session, &result);
    free(rows);
}

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
                                        [VDR_VERB_KEY_ADD] = "key-add",
                                        [VDR_VERB_KEY_ROTATE] = "key-rotate",
                                        [VDR_VERB_KEY_REVOKE] = "key-revoke",
                                        [VDR_VERB_KEYS] = "keys",
                                        [VDR_VERB_ERASE] = "erase",
                                        [VDR_VERB_ERASE_LOOK] = "erase-look",
                                        [VDR_VERB_PROOFS] = "proofs",
                                        [VDR_VERB_ROTATE] = "rotate",
                                        [VDR_VERB_ROTATE_LOOK] = "rotate-look",
                                        [VDR_VERB_ROTATE_FINISH] = "rotate-finish"};
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
        verb_reload(daemon, session, number);
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
        admin->verb != VDR_VERB_AUDIT_LOOK && admin->verb != VDR_VERB_KEYS &&
        admin->verb != VDR_VERB_ERASE_LOOK && admin->verb != VDR_VERB_ROTATE_LOOK &&
        admin->verb != VDR_VERB_BACKTEST_LOOK && admin->verb != VDR_VERB_SHADOW_LOOK &&
        !vdr_steer_looks(admin->verb))
        VDR_NOTE(OPERATOR, vdr_field_text("party", session->party),
                 vdr_field_text("verb", verb_name(admin->verb)));
    switch (admin->verb) {
    case VDR_VERB_STATUS:
        verb_status(daemon, session, admin->request);
        break;
    case VDR_VERB_SESSIONS:
        verb_sessions(daemon, session, admin->request);
        break;
    case VDR_VERB_MAILBOXES:
        verb_mailboxes(daemon, session, admin->request);
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
        vdr_steer_frame(daemon, session, admin);
        break;
    }
}
