#include "clients/gateway/start.h"

#include "clients/gateway/account.h"
#include "clients/gateway/admin.h"
#include "clients/gateway/api.h"
#include "clients/gateway/callers.h"
#include "clients/gateway/files.h"
#include "clients/gateway/gate.h"
#include "clients/gateway/http_serve.h"
#include "clients/gateway/jwks.h"
#include "clients/gateway/notify.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_SPARE    64 /* descriptors besides those of connections */
#define FILES_OF_PARTY 8  /* of a session with the broker and a stream, as ZeroMQ needs them */

typedef struct run {
    vdr_gate gate;
    vdr_gate_config *config;
    vdr_callers *callers;
    vdr_api *api;
    vdr_files *files; /* NULL: no page is served */
    vdr_admin admin;
    vdr_loop_timer *last_call;
    struct event *ends[2];
} run;

/* ---- What the process gives up ---- */

/* No core dumps, which would write what passes through to disk; no new rights for whatever it might start. */
static void
harden(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Descriptors for as many connections as the limits allow. Where there are fewer, there are fewer connections: those that
 * are there, and the sessions with the broker, have what they need. */
static void
allow_files(vdr_gate_config *config)
{
    struct rlimit files;
    rlim_t own = FILES_SPARE + FILES_OF_PARTY * (rlim_t)config->party_count;
    rlim_t wanted = (rlim_t)config->limits.connections + own;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted)
        return;
    files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == wanted)
        return;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        config->limits.connections = files.rlim_cur > own ? (int64_t)(files.rlim_cur - own) : 1;
    (void)fprintf(stderr, "level=warn event=few_descriptors have=%llu wanted=%llu connections=%lld\n",
                  (unsigned long long)files.rlim_cur, (unsigned long long)wanted,
                  (long long)config->limits.connections);
}

/* ---- Its end ---- */

static void
on_drained(void *context)
{
    run *it = context;
    vdr_loop_stop(it->gate.loop);
}

static void
on_end(evutil_socket_t number, short what, void *context)
{
    run *it = context;
    (void)number;
    (void)what;
    if (it->admin.draining) {
        vdr_loop_stop(it->gate.loop); /* asked twice */
        return;
    }
    it->admin.draining = true;
    vdr_gate_notify("STOPPING=1");
    (void)fputs("level=info event=stopping\n", stderr);
    vdr_loop_timer_set(it->last_call, it->config->limits.drain_ms);
    vdr_http_drain(it->gate.http, on_drained, it);
}

/* ---- Its begin ---- */

static bool
write_endpoints(const vdr_gate *gate)
{
    const char *path = gate->config->endpoints;
    vdr_bytes lines = {0};
    (void)vdr_http_addresses(gate->http, &lines);
    (void)fprintf(stderr, "level=info event=listening\n%.*s", (int)lines.len, (const char *)lines.at);
    bool written = true;
    if (path != NULL) {
        char beside[4096];
        int len = snprintf(beside, sizeof beside, "%s.new", path);
        int fd = len > 0 && (size_t)len < sizeof beside
                     ? open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
                     : -1;
        written = fd >= 0 && write(fd, lines.at, lines.len) == (ssize_t)lines.len;
        if (fd >= 0)
            (void)close(fd);
        written = written && rename(beside, path) == 0; /* whoever sees it sees it whole */
        if (!written)
            (void)fprintf(stderr, "voordeur-gateway: %s cannot be written: %s\n", path, strerror(errno));
    }
    vdr_bytes_done(&lines);
    return written;
}

static bool
ready(const void *context, const char **ret_why)
{
    const run *it = context;
    return vdr_api_ready(it->api, ret_why);
}

static void
serve(void *context, vdr_http_request *request)
{
    run *it = context;
    if (it->files == NULL || !vdr_files_request(it->files, request))
        vdr_api_request(it->api, request);
}

static void
take_signals(run *it)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < 2; i++) {
        it->ends[i] = evsignal_new(vdr_loop_base(it->gate.loop), numbers[i], on_end, it);
        VDR_ASSERT(it->ends[i] != NULL && event_add(it->ends[i], NULL) == 0);
    }
    it->last_call = vdr_loop_timer_new(it->gate.loop, on_drained, it);
}

static void
pass_over(void *context, const vdr_account *account)
{
    (void)context;
    (void)account;
}

/* --check: what gateway.yaml names is looked at too. */
static vdr_gate_exit
check_files(const vdr_gate_config *config)
{
    char words[256] = "";
    vdr_tls *tls = NULL;
    vdr_err err = config->tls_certificate != NULL ? vdr_tls_open(config, &tls, words) : VDR_OK;
    vdr_tls_close(&tls);
    if (err == VDR_OK && config->jwks != NULL)
        err = vdr_jwks_check(config, words);
    vdr_files *files = NULL;
    if (err == VDR_OK && config->console != NULL)
        err = vdr_files_open(config->console, &files, words);
    vdr_files_close(&files);
    if (err == VDR_OK && config->accounts != NULL && access(config->accounts, F_OK) == 0 &&
        vdr_account_each(config->accounts, pass_over, NULL) != VDR_OK) {
        (void)snprintf(words, sizeof words, "%.180s: mode 0600 is wanted", config->accounts);
        err = VDR_E_IO;
    }
    for (size_t i = 0; i < config->party_count && err == VDR_OK; i++)
        if (access(config->parties[i].key_file, R_OK) != 0) {
            (void)snprintf(words, sizeof words, "%.180s: %s", config->parties[i].key_file, strerror(errno));
            err = VDR_E_IO;
        }
    if (err != VDR_OK)
        (void)fprintf(stderr, "voordeur-gateway: %s\n", words);
    return err == VDR_OK ? VDR_GATE_CLEAN : VDR_GATE_USAGE;
}

/* What was opened with a session is closed with it. */
static void
on_session_ended(void *context, const uint8_t key[VDR_IDENTITY_KEY_BYTES])
{
    vdr_http_streams_end(context, key);
}

static vdr_gate_exit
open_all(run *it)
{
    char words[256] = "";
    vdr_gate *gate = &it->gate;
    gate->config = it->config;
    gate->loop = vdr_loop_new();
    if (gate->loop == NULL) {
        (void)fputs("voordeur-gateway: the machine gives no descriptors\n", stderr);
        return VDR_GATE_FAILED;
    }
    take_signals(it);
    gate->metrics = vdr_metrics_new();
    gate->sessions = vdr_gate_sessions_new(
        &(vdr_sessions_parts){.config = it->config, .loop = gate->loop, .metrics = gate->metrics});
    it->callers = vdr_callers_new(&(vdr_callers_parts){
        .config = it->config, .loop = gate->loop, .metrics = gate->metrics, .sessions = gate->sessions});
    const vdr_http_parts parts = {
        .config = it->config, .loop = gate->loop, .metrics = gate->metrics, .callers = it->callers};
    vdr_err err =
        it->config->console != NULL ? vdr_files_open(it->config->console, &it->files, words) : VDR_OK;
    if (err == VDR_OK)
        err = vdr_http_open(&parts, &gate->http, words);
    if (err != VDR_OK) {
        (void)fprintf(stderr, "voordeur-gateway: %s\n", words);
        return err == VDR_E_BAD_CONFIG ? VDR_GATE_USAGE : VDR_GATE_FAILED;
    }
    vdr_gate_sessions_watch(gate->sessions, on_session_ended, gate->http);
    it->admin = (vdr_admin){.metrics = gate->metrics, .ready = ready, .context = it};
    vdr_http_serve(gate->http, VDR_HTTP_ADMIN, vdr_admin_request, &it->admin);
    if (vdr_api_open(gate, &it->api) != VDR_OK)
        return VDR_GATE_USAGE; /* it was told */
    vdr_http_serve(gate->http, VDR_HTTP_PUBLIC, serve, it);
    vdr_http_serve(gate->http, VDR_HTTP_PROXY, serve, it);
    return VDR_GATE_CLEAN;
}

static void
close_all(run *it)
{
    vdr_loop_finish(it->gate.loop); /* passwords and keys that are being checked are answered */
    vdr_api_close(&it->api);
    vdr_http_close(&it->gate.http);
    vdr_files_close(&it->files);
    vdr_callers_free(&it->callers);
    if (it->gate.sessions != NULL && it->admin.draining)
        vdr_gate_sessions_keep(it->gate.sessions);
    vdr_gate_sessions_free(&it->gate.sessions);
    for (size_t i = 0; i < 2; i++)
        if (it->ends[i] != NULL)
            event_free(it->ends[i]);
    vdr_loop_timer_free(&it->last_call);
    vdr_loop_free(&it->gate.loop);
    vdr_metrics_free(&it->gate.metrics);
    vdr_gate_config_free(&it->config);
}

vdr_gate_exit
vdr_gate_start(const char *config_path, bool check_only)
{
    run it = {0};
    vdr_bytes words = {0};
    harden();
    VDR_ASSERT(sodium_init() >= 0 && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    vdr_err err = vdr_gate_config_read(config_path, &it.config, &words);
    (void)fprintf(stderr, "%.*s", (int)words.len, words.len != 0 ? (const char *)words.at : "");
    vdr_bytes_done(&words);
    if (err != VDR_OK)
        return VDR_GATE_USAGE;
    if (check_only) {
        vdr_gate_exit checked = check_files(it.config);
        vdr_gate_config_free(&it.config);
        return checked;
    }
    allow_files(it.config);
    vdr_gate_exit status = open_all(&it);
    if (status == VDR_GATE_CLEAN && !write_endpoints(&it.gate))
        status = VDR_GATE_FAILED;
    if (status == VDR_GATE_CLEAN) {
        vdr_http_start(it.gate.http);
        vdr_gate_notify("READY=1");
        vdr_loop_run(it.gate.loop);
    }
    close_all(&it);
    return status;
}
