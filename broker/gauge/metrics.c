#include "broker/gauge/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define LINE_BYTES 512u

static const char *const servings[VDR_SERVINGS] = {
    [VDR_SERVING_STARTING] = "starting", [VDR_SERVING_OPEN] = "serving",
    [VDR_SERVING_DRAINING] = "draining", [VDR_SERVING_FULL] = "full",
    [VDR_SERVING_STOPPING] = "stopping", [VDR_SERVING_FAILED] = "failed"};

static const vdr_err verdicts[] = {/* and what follows them in the table */
#define X(sym, number, code, class, actor, text, hint) VDR_E_##sym,
                                   VDR_ERR_TABLE(X)
#undef X
};

const char *
vdr_serving_name(vdr_serving serving)
{
    return servings[serving];
}

/* ---- lines */

__attribute__((format(printf, 2, 3))) static void
put(vdr_bytes *text, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    VDR_ASSERT(len >= 0 && (size_t)len < sizeof line);
    vdr_bytes_add(text, vdr_span_of(line, (size_t)len));
}

static void
head(vdr_bytes *text, const char *name, const char *type, const char *help)
{
    put(text, "# HELP voordeur_%s %s\n# TYPE voordeur_%s %s\n", name, help, name, type);
}

static void
gauge(vdr_bytes *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "gauge", help);
    put(text, "voordeur_%s %" PRIu64 "\n", name, value);
}

static void
counter(vdr_bytes *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "counter", help);
    put(text, "voordeur_%s %" PRIu64 "\n", name, value);
}

static void
labelled(vdr_bytes *text, const char *name, const char *label, const char *of, uint64_t value)
{
    put(text, "voordeur_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, of, value);
}

/* Seconds with six decimals, in integers. */
static void
put_seconds(vdr_bytes *text, uint64_t us)
{
    put(text, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

/* Microseconds by powers of two, as seconds. Times are cut to whole microseconds, so those below 2^n are at most
 * 2^n - 1, which is where a bucket of histogram.h ends: no bucket is split. */
static void
seconds_histogram(vdr_bytes *text, const char *name, const char *help, const vdr_histogram *of, unsigned from,
                  unsigned to)
{
    head(text, name, "histogram", help);
    for (unsigned power = from; power <= to; power++) {
        uint64_t bound = UINT64_C(1) << power;
        put(text, "voordeur_%s_bucket{le=\"", name);
        put_seconds(text, bound);
        put(text, "\"} %" PRIu64 "\n", vdr_histogram_upto(of, bound - 1));
    }
    put(text, "voordeur_%s_bucket{le=\"+Inf\"} %" PRIu64 "\nvoordeur_%s_sum ", name, of->count, name);
    put_seconds(text, of->sum);
    put(text, "\nvoordeur_%s_count %" PRIu64 "\n", name, of->count);
}

static void
records_histogram(vdr_bytes *text, const char *name, const char *help, const vdr_histogram *of)
{
    head(text, name, "histogram", help);
    for (unsigned power = 0; power <= 14; power += 2) {
        uint64_t bound = (UINT64_C(1) << power) - (power > 0);
        put(text, "voordeur_%s_bucket{le=\"%" PRIu64 "\"} %" PRIu64 "\n", name, bound,
            vdr_histogram_upto(of, bound));
    }
    put(text,
        "voordeur_%s_bucket{le=\"+Inf\"} %" PRIu64 "\nvoordeur_%s_sum %" PRIu64 "\nvoordeur_%s_count %" PRIu64
        "\n",
        name, of->count, name, of->sum, name, of->count);
}

/* ---- the process, by the names that every exporter uses */

uint64_t
vdr_metrics_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        (void)closedir(dir);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the one that looked */
}

void
vdr_process_use_get(vdr_process_use *ret_use)
{
    struct rusage usage = {0};
    struct rlimit files = {0};
    char statm[128] = "";
    char *rest = NULL;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t got = read(fd, statm, sizeof statm - 1);
        (void)got;
        (void)close(fd);
    }
    uint64_t pages = strtoull(statm, &rest, 10), resident = strtoull(rest, NULL, 10);
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    ret_use->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    ret_use->resident_bytes = resident * page;
    ret_use->virtual_bytes = pages * page;
    ret_use->descriptors = vdr_metrics_descriptors();
    ret_use->descriptors_max = files.rlim_cur;
}

static void
write_process(vdr_bytes *text, const vdr_process_use *use)
{
    put(text, "# HELP process_cpu_seconds_total Processor time used by the broker.\n"
              "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ");
    put_seconds(text, use->cpu_us);
    put(text, "\n# HELP process_start_time_seconds Start of the process, since 1970.\n"
              "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ");
    put_seconds(text, (uint64_t)use->started_ms * 1000);
    static const char *const names[] = {"resident_memory_bytes", "virtual_memory_bytes", "open_fds",
                                        "max_fds"};
    static const char *const helps[] = {"Memory that is resident.", "Memory that is mapped.",
                                        "Open file descriptors.", "The most descriptors that may be open."};
    const uint64_t values[] = {use->resident_bytes, use->virtual_bytes, use->descriptors,
                               use->descriptors_max};
    put(text, "\n");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        put(text, "# HELP process_%s %s\n# TYPE process_%s gauge\nprocess_%s %" PRIu64 "\n", names[i],
            helps[i], names[i], names[i], values[i]);
}

/* ---- the broker */

static void
write_state(vdr_bytes *text, vdr_serving serving)
{
    head(text, "build_info", "gauge", "1; its label says which version runs.");
    put(text, "voordeur_build_info{version=\"%s\"} 1\n", VDR_VERSION);
    head(text, "state", "gauge", "1 for the state that the broker is in, 0 for the others.");
    for (unsigned i = 0; i < VDR_SERVINGS; i++)
        labelled(text, "state", "state", servings[i], i == (unsigned)serving);
    gauge(text, "ready", "1 when new signals are taken.", serving == VDR_SERVING_OPEN);
}

static void
write_events(vdr_bytes *text, const vdr_metrics *m)
{
    const vdr_engine_status *e = &m->engine;
    counter(text, "submissions_total", "Events, acknowledgements and barriers handed to the engine.",
            e->submitted);
    counter(text, "events_accepted_total", "Signals and acts accepted.", e->accepted);
    head(text, "events_refused_total", "counter",
         "Events that were answered with another verdict than accepted, by verdict.");
    for (unsigned i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        unsigned at = (unsigned)verdicts[i] - VDR_E_ACCEPTED;
        if (at != 0 && at < VDR_REFUSALS_CODES)
            labelled(text, "events_refused_total", "code", vdr_err_code(verdicts[i]), m->verdicts[at]);
    }
    labelled(text, "events_refused_total", "code", "not_judged", m->verdicts[0]);
    counter(text, "events_refused_store_full_total", "Signals refused since the store was full.",
            e->full_refused);
    counter(text, "acknowledgements_total", "Bundles of acknowledgements of mailboxes.", e->acks);
    counter(text, "ticks_total", "Records of time that let timers fire.", e->ticks);
    counter(text, "groups_total", "Groups committed.", e->groups);
    seconds_histogram(text, "commit_duration_seconds",
                      "From handing a group over until it is on stable storage.", &m->commit_us, 6, 23);
    seconds_histogram(text, "turn_duration_seconds", "Time of one turn inside the engine.", &m->turn_us, 2,
                      20);
    records_histogram(text, "group_records", "Records of a group.", &m->group_records);
}

static void
put_seconds_left(vdr_bytes *text, int64_t left_ms)
{
    if (left_ms < 0)
        put(text, "+Inf\n");
    else
        put(text, "%" PRIu64 "\n", (uint64_t)left_ms / 1000);
}

static void
write_net(vdr_bytes *text, const vdr_metrics *m)
{
    const vdr_net_counts *n = &m->net;
    counter(text, "frames_received_total", "Frames received.", n->received);
    counter(text, "frames_sent_total", "Frames sent.", n->sent);
    counter(text, "received_bytes_total", "Bytes of the frames received.", n->received_bytes);
    counter(text, "sent_bytes_total", "Bytes of the frames sent.", n->sent_bytes);
    head(text, "frames_dropped_total", "counter", "Messages that were dropped unread, by reason.");
    labelled(text, "frames_dropped_total", "reason", "routing_id", n->dropped_routing_id);
    labelled(text, "frames_dropped_total", "reason", "no_key", n->dropped_user_id);
    labelled(text, "frames_dropped_total", "reason", "many_parts", n->dropped_frames);
    labelled(text, "frames_dropped_total", "reason", "revoked_key", m->revoked_drops);
    head(text, "handshakes_total", "counter", "Connections that showed a key, by outcome.");
    labelled(text, "handshakes_total", "outcome", "admitted", n->admitted);
    labelled(text, "handshakes_total", "outcome", "refused", n->refused);
    head(text, "sessions", "gauge", "Sessions, by listener.");
    labelled(text, "sessions", "listener", "parties", m->sessions[VDR_ZONE_PARTIES]);
    labelled(text, "sessions", "listener", "operators", m->sessions[VDR_ZONE_OPERATORS]);
    gauge(text, "keys", "Public keys that are let in.", m->keys);
    head(text, "key_expiry_seconds", "gauge",
         "Seconds until the next key ends that none was put beside, by the kind of its party; +Inf: none "
         "ends.");
    for (unsigned kind = VDR_PARTY_AGENCY; kind <= VDR_PARTY_LAST; kind++) {
        put(text, "voordeur_key_expiry_seconds{kind=\"%s\"} ", vdr_party_kind_name((vdr_party_kind)kind));
        put_seconds_left(text, m->key_left_ms[kind]);
    }
    head(text, "convenant_expiry_seconds", "gauge",
         "Seconds until the next convenant of an agency ends; +Inf: none ends.");
    put(text, "voordeur_convenant_expiry_seconds ");
    put_seconds_left(text, m->convenant_left_ms);
}

static void
write_duties(vdr_bytes *text, const vdr_metrics *m)
{
    gauge(text, "keys_expiring", "Keys that end within 30 days and that none was put beside.",
          m->keys_expiring);
    gauge(text, "convenants_ended", "Agencies whose convenant does not hold: their signals are refused.",
          m->convenants_ended);
    gauge(text, "pseudonym_rotation_running", "1 while the pseudonym key changes.", m->rotation_running);
    gauge(text, "pseudonym_rotation_left", "What is still known under the pseudonym key before.",
          m->rotation_left);
    gauge(text, "erasure_waiting", "What left and waits for a run that erases it for good.",
          m->erasure_waiting);
    gauge(text, "erasure_failed", "1 when the last such run failed.", m->erasure_failed);
    gauge(text, "backup_stale", "1 when the last backup cannot be opened any more: it is of before a run.",
          m->backup_stale);
}

static void
write_work(vdr_bytes *text, const vdr_metrics *m)
{
    const vdr_core_counts *c = &m->engine.counts;
    gauge(text, "households", "Households known.", c->households);
    gauge(text, "signals", "Signals kept.", c->signals);
    head(text, "cases_open", "gauge", "Open cases, by state.");
    labelled(text, "cases_open", "state", "unassigned", c->unassigned);
    labelled(text, "cases_open", "state", "offered", c->offered);
    labelled(text, "cases_open", "state", "active", c->active);
    gauge(text, "case_unassigned_oldest_seconds",
          "How long the oldest case that nobody has is open; 0 without one.", m->unassigned_s);
    gauge(text, "follow_ups_overdue", "Regular signals that were not answered in time.", c->overdue);
    gauge(text, "reviews", "Pairs of households that a person was asked to look at.", c->reviews);
    gauge(text, "timers", "Timers set.", c->timers);
    gauge(text, "guards_reached", "Guards that an agency has reached, in windows that are not over.",
          m->guards);
    head(text, "messages_waiting", "gauge",
         "Messages that are not acknowledged, by the kind of their recipient.");
    for (unsigned kind = VDR_PARTY_AGENCY; kind < VDR_PARTY_OPERATOR; kind++)
        labelled(text, "messages_waiting", "kind", vdr_party_kind_name((vdr_party_kind)kind),
                 m->mail_waiting[kind]);
    head(text, "mailboxes_waiting", "gauge", "Mailboxes with such messages, by kind.");
    for (unsigned kind = VDR_PARTY_AGENCY; kind < VDR_PARTY_OPERATOR; kind++)
        labelled(text, "mailboxes_waiting", "kind", vdr_party_kind_name((vdr_party_kind)kind),
                 m->mailboxes_waiting[kind]);
    gauge(text, "configuration_version", "Number of the configuration in force.", m->version);
    gauge(text, "proposals_open", "Proposals that wait for another operator.", m->proposals);
    gauge(text, "rules_paused", "Rules that are paused.", m->pauses);
    gauge(text, "agencies_silenced", "Agencies that are silenced.", m->silences);
}

static void
write_store(vdr_bytes *text, const vdr_metrics *m)
{
    const vdr_engine_status *e = &m->engine;
    gauge(text, "log_first_position", "Position of the oldest record kept.", e->first);
    gauge(text, "log_durable_position", "Position of the newest durable record.", e->durable);
    gauge(text, "log_stepped_position", "Position of the newest record stepped.", e->stepped);
    gauge(text, "log_time_lag_seconds", "How far the clock is behind log time, which then stands still.",
          m->lag_s);
    gauge(text, "log_bytes", "Bytes of the log in use.", e->used_bytes);
    gauge(text, "log_limit_bytes", "Bytes that the log may use.", e->limit_bytes);
    gauge(text, "volume_bytes", "Size of the volume of the store.", m->disk_bytes);
    gauge(text, "volume_free_bytes", "Bytes free on it.", m->disk_free_bytes);
    gauge(text, "state_bytes", "Memory of the state.", e->counts.memory_bytes);
    counter(text, "checkpoints_total", "Checkpoints written.", e->checkpoint_count);
    counter(text, "checkpoint_failures_total", "Checkpoints that failed.", e->checkpoint_failures);
    counter(text, "checkpoint_written_bytes_total", "Bytes written for checkpoints.", e->checkpoint_bytes);
    gauge(text, "log_records_after_checkpoint", "Records that a start would step again.",
          e->durable > e->checkpoint_position ? e->durable - e->checkpoint_position : 0);
}

void
vdr_metrics_write(const vdr_metrics *metrics, const vdr_process_use *use, vdr_bytes *text)
{
    write_state(text, metrics->serving);
    write_process(text, use);
    if (metrics->taken_us == 0)
        return;
    write_events(text, metrics);
    write_net(text, metrics);
    write_duties(text, metrics);
    write_work(text, metrics);
    write_store(text, metrics);
}
