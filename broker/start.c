#include "broker/start.h"

#include "broker/confine.h"
#include "broker/daemon.h"
#include "broker/erasure/proofs.h"
#include "broker/gauge/journal.h"
#include "broker/notify.h"
#include "broker/net/secret.h"
#include "broker/storekeys.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXTS_BYTES  (4u * VDR_CONF_BYTES_MAX)
#define FILES_WANTED 65536u
#define SEND_FRAMES  64   /* a backstop: windows and queues bound what is sent */
#define FLUSH_MS     1000 /* how long last words may take */

/* Everything that start opens, in the order in which it is closed from the end. */
typedef struct started {
    vdr_daemon daemon;
    vdr_clock clock;
    vdr_arena arena; /* of the texts */
    vdr_config_texts texts;
    bool has_texts;
    uint8_t *server_key, *pseudonym_key, *pseudonym_key_next, *signing_key, *store_key, *store_key_next,
        *logboek_key;
    vdr_store store;
    int signal_fd;
} started;

static vdr_exit
exit_of(vdr_err err)
{
    if (err == VDR_OK)
        return VDR_EXIT_CLEAN;
    if (err == VDR_E_BAD_CONFIG || err == VDR_E_USAGE || err == VDR_E_WRONG_KEY || err == VDR_E_SEALED)
        return VDR_EXIT_CONFIG;
    if (err == VDR_E_STORE_FAILED || err == VDR_E_STORE_FULL || err == VDR_E_IO)
        return VDR_EXIT_DISK;
    /* ERASED: keys of another time than what they open. NOT_FOUND: a checkpoint of another log. */
    if (err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION || err == VDR_E_ERASED ||
        err == VDR_E_NOT_FOUND)
        return VDR_EXIT_CORRUPT;
    return VDR_EXIT_FAILED;
}

static vdr_exit
failed(vdr_err err, const char *what, const char *words)
{
    VDR_NOTE(FAILED, vdr_field_text("what", what), vdr_field_text("error", vdr_err_code(err)),
             vdr_field_text("text", words), vdr_field_text("hint", vdr_err_hint(err)));
    return exit_of(err);
}

/* ---- the process */

/* No core dumps, no files for others, no signal but through the loop; as many descriptors as allowed. */
static int
harden(void)
{
    struct rlimit none = {0, 0}, files;
    sigset_t signals;
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL); /* before any thread is made: all inherit it */
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What root can do no sandbox takes away: not in earnest, and never unasked. */
static bool
user_allowed(const vdr_start_options *options)
{
    if (geteuid() != 0 || options->allow_root || options->check)
        return true;
    (void)fputs(
        "voordeurd: refuses to run as root. Give it a user of its own, as deploy/voordeur.service does;\n"
        "in a container, or to try it out, say --allow-root.\n",
        stderr);
    return false;
}

/* ---- configuration and keys */

static void
tell_faults(const vdr_config_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        char text[2048];
        size_t len = vdr_config_fault_text(&faults->at[i], text, sizeof text);
        (void)fwrite(text, 1, len < sizeof text ? len : sizeof text, stderr);
    }
    if (faults->more != 0)
        (void)fprintf(stderr, "and %zu more\n", faults->more);
}

static vdr_err
read_node(started *s)
{
    vdr_config_faults faults;
    char words[256] = "";
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_node_read(s->daemon.node_path, &faults, &s->daemon.node, words);
    tell_faults(&faults);
    if (err != VDR_OK && faults.count == 0)
        (void)fprintf(stderr, "%s\n", words);
    vdr_config_faults_done(&faults);
    return err == VDR_OK ? VDR_OK : VDR_E_BAD_CONFIG;
}

static void
warn_unknown_parties(const vdr_node *node, const vdr_config *config)
{
    for (size_t i = 0; i < node->party_count; i++) {
        const vdr_node_party *party = &node->parties[i];
        if (!vdr_node_party_known(config, party->key.kind, party->key.id))
            (void)fprintf(
                stderr, "%s:%u:%u: warning: %s:%s is not in town.yaml; its key would not be let in\n",
                node->path, party->line, party->column, vdr_party_kind_name(party->key.kind), party->key.id);
    }
}

static vdr_err
read_town(started *s, bool check)
{
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char words[256] = "";
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_texts_load(s->daemon.config_dir, &s->arena, &s->texts, words);
    s->has_texts = err == VDR_OK;
    if (err != VDR_OK)
        (void)fprintf(stderr, "%s\n", words);
    else
        err = vdr_config_read(&s->texts, &faults, &config);
    tell_faults(&faults);
    if (err == VDR_OK && check)
        warn_unknown_parties(s->daemon.node, config);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    return err == VDR_OK ? VDR_OK : VDR_E_BAD_CONFIG;
}

static vdr_err
read_keys(started *s)
{
    char words[VDR_SECRET_WORDS] = "";
    vdr_err err = vdr_secret_read_curve(s->daemon.node->server_key, &s->server_key, words);
    if (err == VDR_OK)
        err = vdr_secret_read_hex(s->daemon.node->pseudonym_key, &s->pseudonym_key, words);
    const char *next = s->daemon.node->pseudonym_key_next;
    if (err == VDR_OK && next != NULL && access(next, F_OK) == 0) /* the engine knows whether it is needed */
        err = vdr_secret_read_hex(next, &s->pseudonym_key_next, words);
    if (err == VDR_OK && s->daemon.node->signing_key != NULL)
        err = vdr_secret_read_hex(s->daemon.node->signing_key, &s->signing_key, words);
    if (err == VDR_OK && s->daemon.node->logboek_key != NULL)
        err = vdr_secret_read_hex(s->daemon.node->logboek_key, &s->logboek_key, words);
    if (err == VDR_OK)
        err = vdr_secret_read_hex(s->daemon.node->store_key, &s->store_key, words);
    if (err == VDR_OK)
        err = vdr_storekeys_next(s->daemon.node, &s->store_key_next, words);
    if (err != VDR_OK)
        (void)fprintf(stderr, "%s\n", words);
    return err == VDR_OK ? VDR_OK : VDR_E_BAD_CONFIG;
}

/* ---- the store */

/* The store's own number, made with it; one that was restored takes over what its escrow proves. */
static vdr_err
read_id(started *s, const char *store_dir, uint8_t id[VDR_STORE_ID_BYTES], char *ret_words)
{
    vdr_log_stats stats;
    vdr_err err = vdr_store_id_read(store_dir, id);
    if (err == VDR_E_NOT_FOUND) {
        vdr_log_stats_get(s->daemon.log, &stats);
        err = vdr_proofs_begin(store_dir, s->daemon.node->escrow, stats.next - 1, vdr_clock_now(&s->clock));
        if (err == VDR_OK)
            err = vdr_store_id_make(store_dir, id);
    }
    if (err != VDR_OK)
        (void)snprintf(
            ret_words, VDR_ENGINE_WORDS_BYTES,
            "%s/id is not what was written, or cannot be: restore a backup: voordeur restore BACKUP DIR",
            store_dir);
    return err;
}

/* Before anything is decided on it: is this store what was written? */
static vdr_err
prove_store(started *s, const vdr_start_options *options, char *ret_words)
{
    const vdr_node *node = s->daemon.node;
    char words[VDR_KEEPER_WORDS];
    vdr_keeper_options keeper = {.log = s->daemon.log,
                                 .checkpoint = s->store.checkpoint,
                                 .store_dir = options->store_dir,
                                 .heads_dir = node->heads,
                                 .copy_dir = node->heads_copy,
                                 .seed = s->signing_key,
                                 .former = node->signed_before,
                                 .former_count = node->signed_before_count,
                                 .every_records = node->limits.heads_records,
                                 .every_ms = node->limits.heads_ms};
    memcpy(keeper.store, s->daemon.store_id, sizeof keeper.store);
    vdr_err err = vdr_keeper_open(&keeper, &s->daemon.keeper, words);
    if (err != VDR_OK)
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s", words);
    return err;
}

static void
notice(void *context, vdr_notice_level level, const char *words)
{
    (void)context;
    if (level == VDR_NOTICE_INFO)
        VDR_NOTE(ENGINE, vdr_field_text("text", words));
    else
        VDR_NOTE(ENGINE_WARNING, vdr_field_text("text", words));
}

static void
progress(void *context, vdr_position at, vdr_position end, uint64_t steps_per_s)
{
    (void)context;
    VDR_NOTE(STEPPING, vdr_field_number("position", at), vdr_field_number("of", end),
             vdr_field_number("per_s", steps_per_s));
    vdr_notify("WATCHDOG=1");
}

/* The ids of the processing log are made with a key of their own, or with the one that the store is under. */
static void
open_logboek(started *s)
{
    vdr_vault_status vault;
    vdr_vault_status_get(s->store.vault, &vault);
    const uint8_t *stores =
        vault.next_in_force && s->store_key_next != NULL ? s->store_key_next : s->store_key;
    s->daemon.logboek = vdr_logboek_desk_new(s->store.log, s->store.checkpoint,
                                             s->logboek_key != NULL ? s->logboek_key : stores);
}

static vdr_err
open_store(started *s, const vdr_start_options *options, char *ret_words)
{
    const vdr_node_limits *limits = &s->daemon.node->limits;
    vdr_store_options store = {
        .log = {.limit_bytes = limits->store_bytes, .reserve_bytes = limits->reserve_bytes, .create = true},
        .key = s->store_key,
        .key_next = s->store_key_next,
        .escrow = s->daemon.node->escrow};
    vdr_err err = vdr_store_open(options->store_dir, &store, &s->store, ret_words);
    if (err == VDR_OK)
        open_logboek(s);
    vdr_secret_free(&s->store_key); /* the vault has its own */
    vdr_secret_free(&s->store_key_next);
    vdr_secret_free(&s->logboek_key);
    if (err != VDR_OK)
        return err;
    s->daemon.log = s->store.log;
    s->daemon.vault = s->store.vault;
    vdr_storekeys_tell(s->store.vault, s->daemon.node);
    err = read_id(s, options->store_dir, s->daemon.store_id, ret_words);
    if (err != VDR_OK)
        return err;
    err = prove_store(s, options, ret_words);
    if (err != VDR_OK)
        return err;
    vdr_engine_options engine = {.log = s->daemon.log,
                                 .checkpoint = s->store.checkpoint,
                                 .vault = s->store.vault,
                                 .dir = options->store_dir,
                                 .escrow = s->daemon.node->escrow,
                                 .erasure_ms = s->daemon.node->erasure_ms,
                                 .clock = &s->clock,
                                 .key = s->pseudonym_key,
                                 .next_key = s->pseudonym_key_next,
                                 .config = s->has_texts ? &s->texts : NULL,
                                 .keep_config = options->keep_config,
                                 .four_eyes = s->daemon.node->four_eyes,
                                 .strict = true,
                                 .threads = true,
                                 .checkpoint_records = limits->checkpoint_records,
                                 .checkpoint_ms = limits->checkpoint_ms,
                                 .notice = notice,
                                 .progress = progress};
    return vdr_engine_open(&engine, &s->daemon.engine, ret_words);
}

/* ---- the sockets */

static void
write_endpoints(const vdr_daemon *daemon)
{
    char path[4096];
    int len =
        daemon->node->endpoints == NULL ? 0 : snprintf(path, sizeof path, "%s.new", daemon->node->endpoints);
    if (len <= 0 || (size_t)len >= sizeof path)
        return;
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fprintf(file, "listen %s\noperators %s\npublic_key %s\n",
                                        vdr_net_endpoint(daemon->net, VDR_ZONE_PARTIES),
                                        vdr_net_endpoint(daemon->net, VDR_ZONE_OPERATORS),
                                        vdr_net_public_key(daemon->net)) > 0;
    if (good && daemon->exporter != NULL)
        good = fprintf(file, "metrics %s\n", vdr_exporter_address(daemon->exporter)) > 0;
    good = file != NULL && fclose(file) == 0 && good && rename(path, daemon->node->endpoints) == 0;
    if (!good)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", daemon->node->endpoints),
                 vdr_field_text("text", "the file of endpoints cannot be written"));
}

static vdr_err
open_net(started *s, char *ret_words)
{
    vdr_daemon *daemon = &s->daemon;
    const vdr_node_limits *limits = &daemon->node->limits;
    vdr_net_options options = {
        .endpoint = {daemon->node->listen, daemon->node->operators},
        .secret = s->server_key,
        .keyring = daemon->keyring,
        .frame_bytes = {VDR_FRAME_BYTES_MAX, VDR_ADMIN_FRAME_MAX},
        .send_frames = SEND_FRAMES,
        .receive_frames = (int)limits->receive_frames,
        .heartbeat_ms = (int)limits->heartbeat_ms,
        .handshake_ms = (int)limits->handshake_ms,
        .backlog = (int)limits->backlog,
        .io_threads = (int)limits->io_threads,
        .sockets_max = (int)limits->connections,
    };
    vdr_err err = vdr_net_open(&options, &daemon->net, ret_words);
    if (err != VDR_OK)
        return err;
    VDR_NOTE(SELF_TEST, vdr_field_text("text", "an unknown key is refused, a known one is let in"));
    VDR_NOTE(LISTENING, vdr_field_text("listen", vdr_net_endpoint(daemon->net, VDR_ZONE_PARTIES)),
             vdr_field_text("operators", vdr_net_endpoint(daemon->net, VDR_ZONE_OPERATORS)),
             vdr_field_text("public_key", vdr_net_public_key(daemon->net)));
    write_endpoints(daemon);
    return VDR_OK;
}

/* ---- from begin to end */

static vdr_exit
open_all(started *s, const vdr_start_options *options)
{
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    vdr_err err = VDR_OK;
    if (s->daemon.node->metrics != NULL) /* first: it tells that the store is being opened */
        err = vdr_exporter_open(s->daemon.node->metrics, &s->daemon.exporter, words);
    if (err != VDR_OK) {
        (void)failed(err, "metrics", words);
        return VDR_EXIT_FAILED;
    }
    err = open_store(s, options, words);
    if (err != VDR_OK) {
        size_t len = strlen(words);
        if (exit_of(err) == VDR_EXIT_CORRUPT && strstr(words, "voordeur restore") == NULL)
            (void)snprintf(
                words + len, sizeof words - len,
                "; voordeur verify --store %s tells what is wrong; keep the store for study and restore a "
                "backup: voordeur restore BACKUP DIR",
                options->store_dir);
        return failed(err, "store", words);
    }
    vdr_engine_status status;
    vdr_engine_status_get(s->daemon.engine, &status);
    VDR_NOTE(STORE_OPEN, vdr_field_number("position", status.durable),
             vdr_field_number("epoch", status.epoch),
             vdr_field_number("households", status.counts.households),
             vdr_field_number("signals", status.counts.signals));
    if (!s->has_texts)
        VDR_NOTE(ENGINE_WARNING,
                 vdr_field_text("text",
                                "the configuration of the directory cannot be read and is not in force; "
                                "what the store holds stays"),
                 vdr_field_number("position", status.config_position));
    err = vdr_log_reader_open(s->daemon.log, &s->daemon.reader);
    if (err != VDR_OK)
        return failed(err, "store", vdr_log_reason(s->daemon.log));
    vdr_log_reader_rest(s->daemon.reader);
    vdr_daemon_begin(&s->daemon, s->store.checkpoint);
    vdr_keeper_begin(s->daemon.keeper, vdr_engine_fd(s->daemon.engine));
    err = open_net(s, words);
    if (err == VDR_OK)
        return VDR_EXIT_CLEAN;
    (void)failed(err, err == VDR_E_UNKNOWN_KEY ? "self_test" : "sockets", words);
    return err == VDR_E_BAD_CONFIG ? VDR_EXIT_CONFIG : VDR_EXIT_FAILED;
}

/* Last words: what is committed is confirmed, everybody hears BYE. */
static void
say_bye(vdr_daemon *daemon, vdr_err err)
{
    vdr_daemon_speak_groups(daemon);
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        if (vdr_session_live(s))
            vdr_speak_bye(daemon, s, err, 1000);
    }
    int64_t until_us = vdr_clock_steady_us(daemon->clock) + FLUSH_MS * 1000;
    while (daemon->blocked > 0 && vdr_clock_steady_us(daemon->clock) < until_us) {
        for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
             s = vdr_session_next(daemon->sessions, s)) {
            if (s->out.first != NULL)
                (void)vdr_speak_waiting(daemon, s);
        }
        (void)zmq_poll(NULL, 0, VDR_UNBLOCK_MS);
    }
    vdr_daemon_reap(daemon);
}

static vdr_exit
serve(started *s)
{
    vdr_daemon *daemon = &s->daemon;
    const char *words = "";
    vdr_measure_now(daemon);
    vdr_notify("READY=1");
    VDR_NOTE(READY, vdr_field_number("keys", vdr_keyring_count(daemon->keyring)));
    vdr_err err = vdr_daemon_run(daemon, s->signal_fd);
    vdr_notify("STOPPING=1");
    daemon->stopping = true;
    vdr_measure_now(daemon);
    VDR_NOTE(STOPPING, vdr_field_text("reason", vdr_err_code(err)));
    if (err == VDR_OK)
        err = vdr_engine_stop(daemon->engine, true);
    say_bye(daemon, err == VDR_OK ? VDR_E_CLOSING : err);
    if (err != VDR_OK) {
        char proof[VDR_KEEPER_WORDS] = "";
        if (vdr_engine_failed(daemon->engine, &words) == VDR_OK &&
            vdr_keeper_failed(daemon->keeper, proof) != VDR_OK)
            words = proof;
        return failed(err, "store", words);
    }
    vdr_keeper_close(&daemon->keeper, true); /* with a head of everything */
    VDR_NOTE(STOPPED, vdr_field_number("position", vdr_engine_durable(daemon->engine)));
    return VDR_EXIT_CLEAN;
}

static void
close_all(started *s)
{
    vdr_daemon *daemon = &s->daemon;
    vdr_exporter_close(&daemon->exporter);
    vdr_inbox_done(&daemon->inbox); /* messages are libzmq's */
    vdr_net_close(&daemon->net);
    vdr_daemon_rest(daemon);
    vdr_keeper_close(&daemon->keeper, false);
    vdr_engine_close(&daemon->engine);
    vdr_store_close(&s->store);
    vdr_daemon_done(daemon);
    vdr_node_free(&daemon->node);
    vdr_secret_free(&s->server_key);
    vdr_secret_free(&s->pseudonym_key);
    vdr_secret_free(&s->pseudonym_key_next);
    vdr_secret_free(&s->signing_key);
    vdr_secret_free(&s->logboek_key);
    vdr_secret_free(&s->store_key);
    vdr_secret_free(&s->store_key_next);
    vdr_arena_done(&s->arena);
    if (s->signal_fd >= 0)
        (void)close(s->signal_fd);
}

vdr_exit
vdr_start(const vdr_start_options *options)
{
    if (!user_allowed(options))
        return VDR_EXIT_CONFIG;
    started *s = (started *)vdr_alloc(1, sizeof *s);
    s->daemon.config_dir = options->config_dir;
    s->daemon.node_path = options->node_path;
    s->daemon.clock = &s->clock;
    s->daemon.store_dir = options->store_dir;
    s->signal_fd = harden();
    vdr_arena_init(&s->arena, TEXTS_BYTES);
    vdr_clock_init(&s->clock, options->clock);
    vdr_err err = read_node(s);
    vdr_err town = read_town(s, options->check && err == VDR_OK);
    if (options->keep_config && !options->check)
        town = VDR_OK; /* what is wrong is told; the engine knows whether there is another to keep */
    if (err == VDR_OK)
        err = town;
    if (err == VDR_OK)
        err = read_keys(s);
    vdr_exit status = exit_of(err);
    if (status == VDR_EXIT_CLEAN && !options->check) {
        bool told = vdr_journal_begin(s->daemon.node->log, VDR_JOURNALD_SOCKET);
        VDR_NOTE(STARTING, vdr_field_text("version", VDR_VERSION));
        if (!told)
            VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", s->daemon.node->path),
                     vdr_field_text("text", "log: no journal listens here; events go to standard error"));
        if (options->clock == VDR_CLOCK_EVENT)
            VDR_NOTE(EVENT_CLOCK,
                     vdr_field_text("text", "log time is taken from the events: for demonstrations "
                                            "and tests only, never for real signals"));
        if (s->daemon.node->demonstration)
            VDR_NOTE(DEMONSTRATION,
                     vdr_field_text("text",
                                    "demonstration: yes: operators see ids and words of parties, which is "
                                    "for made-up persons only"));
        vdr_confined paths = {0};
        if (!options->no_sandbox)
            paths = vdr_confine_paths(s->daemon.node, options->config_dir, options->store_dir);
        status = open_all(s, options);
        if (status == VDR_EXIT_CLEAN && !options->no_sandbox)
            vdr_confine_calls(paths);
        else if (status == VDR_EXIT_CLEAN)
            vdr_confine_nothing();
        if (status == VDR_EXIT_CLEAN)
            status = serve(s);
    }
    close_all(s);
    vdr_journal_end();
    free(s);
    return status;
}
