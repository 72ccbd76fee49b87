/* The turn (architecture section 1): speak of what is durable, drain, step, hand over, wait.
 *
 * Operators are drained first and whatever the engine's room, so that an overloaded broker can be steered. The
 * parties' socket is left alone while the engine has no room: what waits there waits in libzmq and in TCP, and
 * their senders feel it. libzmq takes messages from connections in turn, so nobody's flood is ahead of the rest. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"
#include "broker/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define OPERATOR_FRAMES 64u   /* of a turn */
#define PARTY_FRAMES    2048u /* of a turn: beyond it, what was stepped is handed over first */
#define PARTY_ITEMS     1024u /* and so many of their items: what the disk has meanwhile is spoken soon */
#define TIDY_MS         250   /* silent sessions are looked for so often */
#define WAIT_MS         1000  /* the longest sleep */
#define SILENT_BEATS    3     /* heartbeats without a frame, and a session is forgotten */

static int64_t
steady_ms(vdr_daemon *daemon)
{
    return vdr_clock_steady_us(daemon->clock) / 1000;
}

/* ---- speaking */

static void
speak_result(vdr_daemon *daemon, const vdr_result *result)
{
    vdr_session *session;
    switch (vdr_errand_of(result->ticket)) {
    case VDR_ERRAND_ITEM:
    case VDR_ERRAND_REFUSED:
        session = vdr_session_by_number(daemon->sessions, result->ticket.session);
        if (session != NULL)
            vdr_publish_result(daemon, session, result);
        break;
    case VDR_ERRAND_ANSWER:
        session = vdr_session_by_number(daemon->sessions, result->ticket.session);
        if (session != NULL)
            vdr_speak_held(daemon, session);
        break;
    case VDR_ERRAND_ACKS:
        vdr_delivery_acked(daemon, vdr_errand_number(result->ticket));
        break;
    case VDR_ERRAND_ADMIN:
        vdr_admin_result(daemon, result);
        break;
    }
}

void
vdr_daemon_speak_groups(vdr_daemon *daemon)
{
    const vdr_group *group;
    while (vdr_engine_collect(daemon->engine, &group)) {
        vdr_admit_turn(daemon); /* before anybody hears that a key was given or has ended */
        for (size_t i = 0; i < group->result_count; i++)
            speak_result(daemon, &group->results[i]);
        vdr_delivery_group(daemon, group);
        vdr_decisions_group(daemon, group);
        vdr_engine_release(daemon->engine, group);
    }
    vdr_publish_confirm(daemon);
    vdr_admin_jobs(daemon);
    vdr_reads_past(daemon);
}

void
vdr_daemon_reap(vdr_daemon *daemon)
{
    if (daemon->ending == 0)
        return;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL && daemon->ending > 0;
         s = vdr_session_next(daemon->sessions, s)) {
        if (!s->ending || s->state == VDR_SESSION_OVER)
            continue;
        daemon->ending--;
        vdr_publish_forget(daemon, s); /* one that took no more is owed a CONFIRM still */
        vdr_delivery_forget(daemon, s);
        vdr_decisions_forget(daemon, s);
        vdr_session_over(daemon->sessions, s);
    }
}

static void
unblock(vdr_daemon *daemon)
{
    if (daemon->blocked == 0 || daemon->now_ms < daemon->unblock_ms)
        return;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL && daemon->blocked > 0;
         s = vdr_session_next(daemon->sessions, s)) {
        if (s->out.first == NULL || !vdr_speak_waiting(daemon, s))
            continue;
        daemon->mail_work = true; /* it was left behind meanwhile */
        daemon->lines_work = daemon->lines_work || s->lines.on;
    }
    daemon->unblock_ms = daemon->now_ms + VDR_UNBLOCK_MS;
}

static void
tell_store(vdr_daemon *daemon)
{
    vdr_log_stats stats;
    vdr_log_stats_get(daemon->log, &stats);
    if (stats.full == daemon->full_told)
        return;
    daemon->full_told = stats.full;
    if (stats.full)
        VDR_NOTE(STORE_FULL, vdr_field_number("used_bytes", stats.used_bytes),
                 vdr_field_number("limit_bytes", stats.limit_bytes),
                 vdr_field_text("text", vdr_err_hint(VDR_E_STORE_FULL)));
    else
        VDR_NOTE(STORE_ROOM, vdr_field_number("used_bytes", stats.used_bytes));
}

/* libzmq does not say that it cannot accept; those who are connected are served on. */
static void
tell_descriptors(vdr_daemon *daemon)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    bool none = fd < 0 && (errno == EMFILE || errno == ENFILE);
    if (fd >= 0)
        (void)close(fd);
    if (none == daemon->descriptors_told)
        return;
    daemon->descriptors_told = none;
    VDR_NOTE(
        DESCRIPTORS, vdr_field_text("left", none ? "none" : "again"),
        vdr_field_text("text",
                       none ? "no new connections are let in, nothing can be opened; give the process more: "
                              "LimitNOFILE, ulimit -n"
                            : "new connections are let in"));
}

/* Sessions that were silent too long are forgotten; connections that never said HELLO too. */
static void
tidy(vdr_daemon *daemon)
{
    if (daemon->now_ms < daemon->tidy_ms)
        return;
    int64_t silent_before = daemon->now_ms - SILENT_BEATS * daemon->node->limits.heartbeat_ms;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        if (!vdr_session_live(s) || s->heard_ms >= silent_before)
            continue;
        VDR_NOTE(SESSION_END, vdr_field_number("session", s->number),
                 vdr_field_text("kind", vdr_party_kind_name(s->kind)), vdr_field_text("party", s->party),
                 vdr_field_text("reason", "silent"));
        vdr_speak_nothing(daemon, s);
    }
    vdr_daemon_reap(daemon);
    daemon->blocked -= vdr_sessions_sweep(daemon->sessions, silent_before);
    tell_store(daemon);
    tell_descriptors(daemon);
    daemon->tidy_ms = daemon->now_ms + TIDY_MS;
}

/* ---- draining */

/* True: more may be waiting. */
static bool
drain_operators(vdr_daemon *daemon)
{
    unsigned budget = OPERATOR_FRAMES;
    vdr_received received;
    while (budget > 0 && vdr_net_receive(daemon->net, VDR_ZONE_OPERATORS, &budget, &received) == VDR_OK) {
        vdr_dispatch(daemon, &received, NULL);
        vdr_received_done(&received);
    }
    return budget == 0;
}

/* As long as the engine has room, and the turn some left. True: more may be waiting. */
static bool
drain_parties(vdr_daemon *daemon)
{
    unsigned budget = PARTY_FRAMES;
    bool over = false;
    uint64_t until = vdr_engine_taken(daemon->engine) + PARTY_ITEMS;
    while (!over && vdr_engine_room(daemon->engine) > 0 && vdr_engine_taken(daemon->engine) < until) {
        if (daemon->stalled.on) {
            vdr_publish_go_on(daemon);
            if (daemon->stalled.on)
                break;
            continue;
        }
        vdr_ahead *ahead = vdr_inbox_next(daemon, &budget);
        if (ahead != NULL) {
            vdr_dispatch(daemon, &ahead->received, ahead);
            vdr_received_done(&ahead->received);
        }
        over = ahead == NULL;
    }
    vdr_porter_rest(daemon->porter); /* the configuration may change before the next turn */
    return !over || budget == 0;
}

/* ---- waiting */

static int
wait_ms(const vdr_daemon *daemon, int64_t watchdog_at_ms)
{
    int64_t wait = vdr_engine_wait_ms(daemon->engine);
    int64_t until = daemon->tidy_ms;
    if (daemon->blocked > 0 && daemon->unblock_ms < until)
        until = daemon->unblock_ms;
    if (watchdog_at_ms < until)
        until = watchdog_at_ms;
    int64_t mine = until > daemon->now_ms ? until - daemon->now_ms : 0;
    if (mine > WAIT_MS)
        mine = WAIT_MS;
    return (int)(wait < 0 || mine < wait ? mine : wait);
}

static void
take_signals(vdr_daemon *daemon, int signal_fd)
{
    struct signalfd_siginfo info;
    while (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            daemon->reload = true;
        else
            daemon->stopping = true;
    }
}

vdr_err
vdr_daemon_run(vdr_daemon *daemon, int signal_fd)
{
    int64_t watchdog_ms = vdr_notify_watchdog_ms(), watchdog_at_ms = watchdog_ms == 0 ? INT64_MAX : 0;
    zmq_pollitem_t items[] = {
        {.fd = signal_fd, .events = ZMQ_POLLIN},
        {.fd = vdr_engine_fd(daemon->engine), .events = ZMQ_POLLIN},
        {.socket = vdr_net_socket(daemon->net, VDR_ZONE_OPERATORS), .events = ZMQ_POLLIN},
        {.socket = vdr_net_socket(daemon->net, VDR_ZONE_PARTIES), .events = ZMQ_POLLIN},
    };
    vdr_err failed = VDR_OK;
    while (failed == VDR_OK && !daemon->stopping) {
        daemon->now_ms = steady_ms(daemon);
        vdr_daemon_speak_groups(daemon);
        bool more = drain_operators(daemon);
        bool parties_more = drain_parties(daemon);
        vdr_delivery_submit_acks(daemon);
        if (daemon->reload)
            vdr_admin_reload(daemon);
        failed = vdr_engine_turn(daemon->engine);
        daemon->door = vdr_engine_door(daemon->engine); /* keys may have changed */
        more = vdr_delivery_pump(daemon) || more;
        more = vdr_decisions_pump(daemon) || more;
        vdr_guards_turn(daemon);
        vdr_reports_turn(daemon);
        vdr_steer_turn(daemon);
        if (failed == VDR_OK)
            failed = vdr_trust_turn(daemon);
        vdr_admit_turn(daemon);
        unblock(daemon);
        vdr_daemon_reap(daemon);
        tidy(daemon);
        vdr_measure_turn(daemon);
        if (daemon->now_ms >= watchdog_at_ms) {
            vdr_notify("WATCHDOG=1");
            watchdog_at_ms = daemon->now_ms + watchdog_ms;
        }
        bool room = vdr_engine_room(daemon->engine) > 0;
        more = more || (parties_more && room);
        int ready = zmq_poll(items, room ? 4 : 3, more ? 0 : wait_ms(daemon, watchdog_at_ms));
        if (ready > 0 && (items[0].revents & ZMQ_POLLIN) != 0)
            take_signals(daemon, signal_fd);
    }
    return failed;
}
