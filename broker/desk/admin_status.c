/* STATUS, SESSIONS and MAILBOXES (protocol.md 7.5): how it goes. */
#include "broker/core/rekey.h"
#include "broker/daemon.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#define LIST_MAX 10000u /* sessions or mailboxes of one RESULT */

static const char *
state_word(const vdr_daemon *daemon, const vdr_engine_status *status)
{
    return status->failed     ? "failed"
           : daemon->stopping ? "stopping"
           : status->full     ? "full"
           : daemon->draining ? "draining"
                              : "serving";
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
        counter("descriptors", vdr_metrics_descriptors()),
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
        counter("rotation_left", vdr_rekey_view_left(&rekey)),
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
    vdr_wire_admin_result result = {.verb = VDR_VERB_STATUS,
                                    .request = request,
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
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_SESSIONS, .request = request, .sessions = rows, .session_count = count};
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
    vdr_wire_admin_result result = {
        .verb = VDR_VERB_MAILBOXES, .request = request, .mailboxes = rows, .mailbox_count = count};
    vdr_admin_say(daemon, session, &result);
    free(rows);
}

void
vdr_status_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_STATUS)
        verb_status(daemon, session, admin->request);
    else if (admin->verb == VDR_VERB_SESSIONS)
        verb_sessions(daemon, session, admin->request);
    else
        verb_mailboxes(daemon, session, admin->request);
}
