/* The parts of a daemon, round an engine that is open: made before anybody is let in, freed when nobody is left. */
#include "broker/daemon.h"

#define TALES_BYTES (64u * 1024 * 1024) /* a tale that names 100,000 signals is resolved in it */
#define STONES      4096u

void
vdr_daemon_begin(vdr_daemon *daemon, vdr_checkpoint *checkpoint)
{
    const vdr_node_limits *limits = &daemon->node->limits;
    vdr_session_caps caps = {.sessions = {limits->sessions, limits->operator_sessions},
                             .per_key = limits->sessions_per_key,
                             .stones = STONES};
    int wake_fd = vdr_engine_fd(daemon->engine);
    daemon->sessions = vdr_sessions_new(&caps);
    daemon->keyring = vdr_keyring_new();
    if (daemon->clock->kind == VDR_CLOCK_REAL)
        vdr_keyring_clock(daemon->keyring, vdr_clock_wall_ms);
    daemon->door = vdr_engine_door(daemon->engine);
    for (int zone = 0; zone < VDR_ZONES; zone++) {
        size_t frame_max = vdr_daemon_frame_max((vdr_zone)zone);
        vdr_arena_init(&daemon->body[zone], vdr_codec_budget(frame_max, frame_max));
    }
    vdr_inbox_init(&daemon->inbox);
    daemon->porter = vdr_porter_new();
    vdr_arena_init(&daemon->speech, vdr_codec_budget(VDR_ADMIN_FRAME_MAX, VDR_ADMIN_FRAME_MAX));
    vdr_arena_init(&daemon->told, vdr_codec_budget(VDR_ADMIN_FRAME_MAX, VDR_ADMIN_FRAME_MAX));
    vdr_arena_init(&daemon->tales, TALES_BYTES);
    vdr_delivery_begin(daemon);
    vdr_admit_soon(daemon);
    vdr_admit_turn(daemon);
    daemon->refusals = vdr_refusals_new();
    daemon->prover = vdr_prover_new(wake_fd);
    daemon->survey = vdr_survey_new(daemon->log, wake_fd);
    daemon->backtest = vdr_rehearsal_new(daemon->log, checkpoint);
    daemon->shadow = vdr_rehearsal_new(daemon->log, checkpoint);
    vdr_shadow_resume(daemon);
    daemon->trail = vdr_trail_desk_new(daemon->log);
    daemon->covers = vdr_covers_new();
}

void
vdr_daemon_rest(vdr_daemon *daemon)
{
    vdr_porter_free(&daemon->porter);
    vdr_survey_free(&daemon->survey);
    vdr_trail_desk_free(&daemon->trail);
    vdr_covers_free(&daemon->covers);
    vdr_logboek_desk_free(&daemon->logboek);
    vdr_rehearsal_free(&daemon->backtest);
    vdr_rehearsal_free(&daemon->shadow);
    vdr_refusals_free(&daemon->refusals);
    vdr_log_reader_close(&daemon->reader);
    vdr_past_free(&daemon->past);
    vdr_prover_free(&daemon->prover);
}

void
vdr_daemon_done(vdr_daemon *daemon)
{
    vdr_delivery_done(daemon);
    vdr_sessions_free(&daemon->sessions);
    vdr_keyring_free(&daemon->keyring);
    vdr_admit_done(daemon);
    for (int zone = 0; zone < VDR_ZONES; zone++)
        vdr_arena_done(&daemon->body[zone]);
    vdr_arena_done(&daemon->speech);
    vdr_arena_done(&daemon->told);
    vdr_arena_done(&daemon->tales);
    vdr_bytes_done(&daemon->frame);
}
