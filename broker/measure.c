/* The numbers of this second, for the exporter. Gauges come from the state, the log and the sessions themselves. */
#include "broker/core/rekey.h"
#include "broker/daemon.h"

#include <stdlib.h>
#include <sys/statvfs.h>

static vdr_serving
serving_of(const vdr_daemon *daemon, const vdr_engine_status *status)
{
    return status->failed     ? VDR_SERVING_FAILED
           : daemon->stopping ? VDR_SERVING_STOPPING
           : status->full     ? VDR_SERVING_FULL
           : daemon->draining ? VDR_SERVING_DRAINING
                              : VDR_SERVING_OPEN;
}

static void
measure_mail(const vdr_daemon *daemon, vdr_metrics *metrics)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    for (uint32_t number = 1; number < daemon->mailbox_count; number++) {
        const vdr_mailbox_state *state = &daemon->mailboxes[number];
        vdr_mailbox_view view;
        if (state->newest == state->acknowledged || !vdr_core_mailbox_view(core, number, &view) ||
            (unsigned)view.kind >= VDR_METRICS_KINDS)
            continue;
        metrics->mail_waiting[view.kind] += state->newest - state->acknowledged;
        metrics->mailboxes_waiting[view.kind]++;
    }
}

static void
measure_cases(const vdr_daemon *daemon, vdr_metrics *metrics)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    vdr_ms now = vdr_clock_now(daemon->clock);
    vdr_case_view view;
    if (now == VDR_MS_NONE)
        now = metrics->engine.now;
    if (vdr_view_open_case(core, (vdr_span){0}, (vdr_case_id){0}, &view) && now > view.opened_at)
        metrics->unassigned_s = (uint64_t)(now - view.opened_at) / 1000;
    metrics->guards = vdr_guards_reached(daemon);
    metrics->version = vdr_control_version_last(core);
    metrics->proposals = vdr_control_open(core);
    metrics->pauses = vdr_control_holding(core, VDR_PROPOSAL_PAUSE);
    metrics->silences = vdr_control_holding(core, VDR_PROPOSAL_SILENCE);
}

/* -1: nothing ends. */
static int64_t
left(vdr_ms end, vdr_ms now)
{
    return end == 0 ? -1 : end > now ? end - now : 0;
}

static void
measure_terms(const vdr_daemon *daemon, vdr_metrics *metrics)
{
    vdr_ms now = vdr_admit_now(daemon);
    for (unsigned kind = 0; kind <= VDR_PARTY_LAST; kind++)
        metrics->key_left_ms[kind] = left(daemon->key_soonest[kind], now);
    metrics->convenant_left_ms = left(daemon->convenant_soonest, now);
    metrics->keys_expiring = daemon->keys_expiring;
    metrics->convenants_ended = daemon->convenants_ended;
}

static void
measure_duties(const vdr_daemon *daemon, vdr_metrics *metrics)
{
    vdr_engine_erasure erasure;
    vdr_rekey_view rekey;
    vdr_engine_erasure_get(daemon->engine, &erasure);
    vdr_rekey_view_get(vdr_engine_core(daemon->engine), &rekey);
    metrics->rotation_running = rekey.running;
    metrics->rotation_left = rekey.running ? vdr_rekey_view_left(&rekey) : 0;
    metrics->erasure_waiting = erasure.waiting;
    metrics->erasure_failed = erasure.failed != VDR_OK;
    metrics->backup_stale = vdr_erasure_wants_backup(daemon, &erasure);
}

static void
measure_volume(const vdr_daemon *daemon, vdr_metrics *metrics)
{
    struct statvfs room;
    if (statvfs(daemon->store_dir, &room) != 0)
        return;
    metrics->disk_bytes = (uint64_t)room.f_blocks * room.f_frsize;
    metrics->disk_free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
}

void
vdr_measure_now(vdr_daemon *daemon)
{
    if (daemon->exporter == NULL)
        return;
    vdr_metrics *metrics = (vdr_metrics *)vdr_alloc(1, sizeof *metrics);
    vdr_engine_status_get(daemon->engine, &metrics->engine);
    metrics->serving = serving_of(daemon, &metrics->engine);
    metrics->taken_us = vdr_clock_monotonic_us();
    vdr_engine_timings timings = vdr_engine_timings_of(daemon->engine);
    metrics->commit_us = *timings.commit_us;
    metrics->turn_us = *timings.turn_us;
    metrics->group_records = *timings.group_records;
    vdr_net_counts_get(daemon->net, &metrics->net);
    memcpy(metrics->verdicts, daemon->verdicts, sizeof metrics->verdicts);
    for (int zone = 0; zone < VDR_ZONES; zone++)
        metrics->sessions[zone] = vdr_sessions_count(daemon->sessions, (vdr_zone)zone);
    metrics->revoked_drops = daemon->revoked_drops;
    metrics->keys = vdr_keyring_count(daemon->keyring);
    metrics->lag_s = metrics->engine.clock_ahead_ms > 0 ? (uint64_t)metrics->engine.clock_ahead_ms / 1000 : 0;
    measure_mail(daemon, metrics);
    measure_cases(daemon, metrics);
    measure_terms(daemon, metrics);
    measure_duties(daemon, metrics);
    measure_volume(daemon, metrics);
    vdr_exporter_give(daemon->exporter, metrics);
    free(metrics);
}

void
vdr_measure_turn(vdr_daemon *daemon)
{
    if (daemon->exporter == NULL || daemon->now_ms < daemon->measure_ms)
        return;
    vdr_measure_now(daemon);
    daemon->measure_ms = daemon->now_ms + VDR_MEASURE_MS;
}
