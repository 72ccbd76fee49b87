/* Law: whatever any parties send in whatever order over however bad connections, the daemon lives; every frame is
 * answered in the form and order that the protocol says, or its session ends; what it keeps for a session is bounded;
 * the state keeps its invariants; and a start on what was stored gives that state again.
 *
 * The daemon is the real one from the turn on (loop.c): only its sockets are not there (session_clients.h), its log is
 * in memory, its clock is moved by hand, its threads are coroutines (session_threads.h), and nobody keeps heads. The bytes are what happens: who connects with which
 * key, what is said (session_frames.h), when time goes by, when a connection stands still or breaks, when the disk
 * fails. */
#include "tests/fuzz/session_frames.h"
#include "store/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/session_threads.h"

#include <poll.h>

#define STEPS_MAX   256u
#define TURN_FRAMES 8u
#define SETTLE_MAX  12000u /* looks at what works beside the turn, of 5 ms */
#define ANSWERS_MAX 64u    /* held for a session, of reads */

typedef struct world {
    vdr_memory *memory;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_clock clock;
    vdr_config_texts texts;
    vdr_daemon daemon;
    dice dice;
    unsigned steps, settled;
    bool faulted, stopped; /* the disk was made to fail; the end of the bytes stopped it */
} world;

static world *w;

/* ---- what is not there */

void __wrap_vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count);
vdr_err __wrap_vdr_keeper_ask(vdr_keeper *unused);
void __wrap_vdr_keeper_look_at(vdr_keeper *unused, vdr_keeper_look *ret_look);
vdr_err __wrap_vdr_keeper_tail(const vdr_keeper *unused, char *ret_lines, size_t room, size_t *ret_len,
                               char *ret_words);
vdr_err __wrap_vdr_keeper_failed(vdr_keeper *unused, char *ret_words);
void __wrap_vdr_keeper_nudge(vdr_keeper *unused);
vdr_err __wrap_vdr_checkpoint_look_oldest(vdr_checkpoint *unused, vdr_checkpoint **ret_look);
int __wrap_zmq_poll(zmq_pollitem_t *items, int count, long timeout_ms);

/* The line is made, as a journal would have it, and thrown away. */
void
__wrap_vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count)
{
    char line[4096];
    size_t len = vdr_journal_line(VDR_JOURNAL_JSON, note, TOWN_T0, 0, fields, count, line, sizeof line);
    VDR_ASSERT(len > 0 && len <= sizeof line && line[len - 1] == '\n');
}

vdr_err
__wrap_vdr_keeper_ask(vdr_keeper *unused)
{
    (void)unused;
    return VDR_OK;
}

void
__wrap_vdr_keeper_look_at(vdr_keeper *unused, vdr_keeper_look *ret_look)
{
    (void)unused;
    memset(ret_look, 0, sizeof *ret_look);
}

vdr_err
__wrap_vdr_keeper_tail(const vdr_keeper *unused, char *ret_lines, size_t room, size_t *ret_len,
                       char *ret_words)
{
    (void)unused;
    (void)ret_lines;
    (void)room;
    *ret_len = 0;
    *ret_words = '\0';
    return VDR_E_NOT_FOUND;
}

vdr_err
__wrap_vdr_keeper_failed(vdr_keeper *unused, char *ret_words)
{
    (void)unused;
    *ret_words = '\0';
    return VDR_OK;
}

void
__wrap_vdr_keeper_nudge(vdr_keeper *unused)
{
    (void)unused;
}

/* The one in memory has no second handle: what reads the log beside the turn begins at its first record. */
vdr_err
__wrap_vdr_checkpoint_look_oldest(vdr_checkpoint *unused, vdr_checkpoint **ret_look)
{
    (void)unused;
    *ret_look = NULL;
    return VDR_OK;
}

/* ---- what happens */

static void
push(client *c, const vdr_wire *wire)
{
    static vdr_arena arena;
    vdr_bytes bytes = {0};
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, vdr_codec_budget(VDR_ADMIN_FRAME_MAX, VDR_ADMIN_FRAME_MAX));
    vdr_arena_reset(&arena);
    if (vdr_codec_encode(wire, c->say_next, vdr_daemon_frame_max(c->peer.zone), &arena, &bytes) == VDR_OK) {
        c->say_next++;
        if (wire->type == VDR_FRAME_PUBLISH)
            c->say_item = wire->publish.first + wire->publish.item_count;
        net_put(c, vdr_bytes_span(&bytes), VDR_OK);
    }
    vdr_bytes_done(&bytes);
}

static void
connect_client(dice *d)
{
    uint8_t public_key[VDR_KEY_BYTES];
    vdr_key key;
    town_key(roll_of(d, TOWN_KEYS), public_key);
    if (net.count == CLIENTS_MAX || vdr_keyring_judge(w->daemon.keyring, public_key, &key) != VDR_KEY_IN)
        return;
    vdr_zone zone = vdr_zone_admits(VDR_ZONE_OPERATORS, key.kind) ? VDR_ZONE_OPERATORS : VDR_ZONE_PARTIES;
    client *c = &net.at[net.count++];
    *c = (client){.there = true,
                  .peer = {.zone = zone, .number = (uint32_t)net.count},
                  .key_id = key.id,
                  .kind = key.kind,
                  .out_next = 1,
                  .in_next = 1,
                  .item_next = 1,
                  .say_next = 1,
                  .say_item = 1};
    vdr_wire hello = {.type = VDR_FRAME_HELLO,
                      .hello = {.version_min = 1, .version_max = 1, .client_name = vdr_span_str("fuzz")}};
    if (one_in(d, 32))
        hello.hello.version_max = hello.hello.version_min = 1 + roll_of(d, 2);
    if (!one_in(d, 32))
        push(c, &hello);
}

static void
speak_client(client *c, dice *d)
{
    said *s = calloc(1, sizeof *s);
    VDR_ASSERT(s != NULL);
    say(s, d, c, w->clock.wall);
    push(c, &s->wire);
    free(s);
}

/* A body that is whatever it is, in a frame that is good; or no frame at all; or two parts. */
static void
babble(client *c, dice *d)
{
    unsigned how = roll_of(d, 8);
    vdr_span bytes = roll_bytes(d, 1023);
    if (how == 0 || how == 1) {
        net_put(c, bytes, how == 1 ? VDR_E_BAD_FRAME : VDR_OK);
        return;
    }
    vdr_bytes out = {0};
    vdr_frame frame = {.type = (vdr_frame_type)(1 + roll_of(d, VDR_FRAME_TYPE_MAX)),
                       .sequence = one_in(d, 16) ? roll(d) : c->say_next,
                       .body = bytes};
    vdr_frame_write(&frame, &out);
    c->say_next++;
    net_put(c, vdr_bytes_span(&out), VDR_OK);
    vdr_bytes_done(&out);
}

static void
let_time_go(dice *d)
{
    static const int64_t steps[] = {1, 5, 250, 999, 3600000, VDR_DAY_MS, 3 * VDR_DAY_MS, 31 * VDR_DAY_MS};
    static const int64_t steadies[] = {0, 1, 10, 300, 1000, 4000};
    int64_t wall = PICK(d, steps), steady = PICK(d, steadies);
    if (one_in(d, 8))
        wall = -wall;
    vdr_clock_move(&w->clock, wall, steady * 1000);
}

static void
mishap(client *c, dice *d)
{
    unsigned what = roll_of(d, 8);
    if (what < 3)
        c->blocked = !c->blocked;
    else if (what == 3)
        c->gone = true;
    else if (what == 4)
        w->daemon.reload = true;
    else if (what == 5)
        vdr_memory_capacity_set(w->memory, one_in(d, 2) ? 40000 : 0);
    else if (one_in(d, 4)) {
        static const vdr_memory_fault faults[] = {VDR_MEMORY_FULL, VDR_MEMORY_LOST, VDR_MEMORY_KEPT};
        vdr_memory_fault_set(w->memory, one_in(d, 2) ? VDR_MEMORY_STATE : VDR_MEMORY_LOG, roll_of(d, 4),
                             PICK(d, faults));
        w->faulted = true;
    }
}

/* True: the broker has its turn now. */
static bool
step(dice *d)
{
    unsigned what = roll_of(d, 32);
    client *c = net.count != 0 ? &net.at[roll(d) % net.count] : NULL;
    if (c == NULL || what < 4)
        connect_client(d);
    else if (what < 20)
        speak_client(c, d);
    else if (what < 23)
        let_time_go(d);
    else if (what < 25)
        babble(c, d);
    else if (what < 27)
        mishap(c, d);
    else
        return true;
    return net.end[0] + net.end[1] >= TURN_FRAMES;
}

/* ---- the end */

static bool
nothing_owed(void)
{
    vdr_engine_status status;
    vdr_engine_status_get(w->daemon.engine, &status);
    if (status.unspoken != 0 || w->daemon.stalled.on || w->daemon.blocked != 0)
        return false;
    for (size_t i = 0; i < net.count; i++) {
        client *c = &net.at[i];
        for (size_t n = 0; !c->over && n < c->due_count; n++) {
            if (!c->dues[n].refusable && !client_ended(c))
                return false;
        }
        VDR_ASSERT(!c->over || c->anew || client_ended(c));
    }
    return true;
}

/* Whoever is there reads again; what works beside the turn is waited for. */
static void
settle(void)
{
    for (size_t i = 0; i < net.count; i++)
        net.at[i].blocked = false;
    if (w->settled > 1 && nothing_owed()) { /* a turn has gone by since the last frame */
        w->stopped = true;
        w->daemon.stopping = true;
        return;
    }
    VDR_ASSERT(++w->settled < SETTLE_MAX);
    if (w->daemon.blocked != 0)
        vdr_clock_move(&w->clock, 0, VDR_UNBLOCK_MS * 1000);
    struct pollfd wait = {.fd = vdr_engine_fd(w->daemon.engine), .events = POLLIN};
    if (w->settled > 2)
        (void)poll(&wait, 1, 5);
}

int
__wrap_zmq_poll(zmq_pollitem_t *items, int count, long timeout_ms)
{
    (void)items;
    (void)count;
    (void)timeout_ms;
    vdr_clock_move(&w->clock, 1, 100);
    while (w->dice.at < w->dice.end && w->steps < STEPS_MAX) {
        w->steps++;
        if (step(&w->dice))
            return 0;
    }
    if (net_empty())
        settle();
    return 0;
}

/* ---- the world */

static void
open_store(void)
{
    vdr_log_options options = {.create = true};
    VDR_ASSERT(vdr_log_open_memory(w->memory, &options, &w->log) == VDR_OK);
    VDR_ASSERT(vdr_checkpoint_open_memory(w->memory, NULL, &w->checkpoint) == VDR_OK);
}

static vdr_engine *
open_engine(const vdr_config_texts *texts)
{
    static const uint8_t key[32] = {1, 2, 3};
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_engine *engine = NULL;
    vdr_engine_options options = {.log = w->log,
                                  .checkpoint = w->checkpoint,
                                  .clock = &w->clock,
                                  .key = key,
                                  .config = texts,
                                  .four_eyes = true,
                                  .strict = true,
                                  .checkpoint_records = 16};
    vdr_err err = vdr_engine_open(&options, &engine, words);
    if (err != VDR_OK)
        fprintf(stderr, "%s: %s\n", vdr_err_code(err), words);
    VDR_ASSERT(err == VDR_OK);
    return engine;
}

static void
close_store(void)
{
    vdr_checkpoint_close(&w->checkpoint);
    vdr_log_close(&w->log);
}

/* What a start reads is read once and kept, if nobody replaces it while the daemon runs: the node's file, and the
 * configuration of these texts. */
static vdr_node *node_kept;
static vdr_config *config_kept, *config_first; /* first: the one that is handed out */
static bool ending;                            /* who lets go now gives back */

vdr_err __wrap_vdr_config_read(const vdr_config_texts *texts, vdr_config_faults *faults,
                               vdr_config **ret_config);
vdr_err __real_vdr_config_read(const vdr_config_texts *texts, vdr_config_faults *faults,
                               vdr_config **ret_config);
void __wrap_vdr_config_free(vdr_config **config_p);
void __real_vdr_config_free(vdr_config **config_p);

vdr_err
__wrap_vdr_config_read(const vdr_config_texts *texts, vdr_config_faults *faults, vdr_config **ret_config)
{
    bool first = config_first == NULL;
    for (size_t i = 0; i < VDR_CONFIG_FILES && first; i++)
        first = vdr_span_equal(texts->text[i], w->texts.text[i]);
    if (first && config_kept != NULL) {
        *ret_config = config_first = config_kept;
        config_kept = NULL;
        return VDR_OK;
    }
    vdr_err err = __real_vdr_config_read(texts, faults, ret_config);
    if (first && err == VDR_OK)
        config_first = *ret_config;
    return err;
}

void
__wrap_vdr_config_free(vdr_config **config_p)
{
    if (*config_p == NULL || *config_p != config_first) {
        __real_vdr_config_free(config_p);
        return;
    }
    config_first = NULL;
    if (ending && config_kept == NULL) {
        config_kept = *config_p;
        *config_p = NULL;
    } else {
        __real_vdr_config_free(config_p);
    }
}

static vdr_node *
take_node(void)
{
    vdr_node *node = node_kept;
    vdr_config_faults faults;
    char words[256];
    node_kept = NULL;
    if (node != NULL)
        return node;
    vdr_config_faults_init(&faults);
    VDR_ASSERT(vdr_node_read(town_node_path, &faults, &node, words) == VDR_OK);
    vdr_config_faults_done(&faults);
    return node;
}

static void
begin(void)
{
    static const uint8_t logboek_key[32] = {4};
    vdr_daemon *daemon = &w->daemon;
    daemon->node = take_node();
    w->memory = vdr_memory_new();
    open_store();
    vdr_clock_init(&w->clock, VDR_CLOCK_VIRTUAL);
    vdr_clock_move(&w->clock, TOWN_T0, 1000000);
    w->texts = (vdr_config_texts){
        .name = {vdr_span_str("town.yaml"), vdr_span_str("catalogue.yaml"), vdr_span_str("rules.yaml")},
        .text = {vdr_span_str(town_text), vdr_span_str(catalogue_text), vdr_span_str(rules_text)}};
    daemon->config_dir = daemon->store_dir = town_dir;
    daemon->node_path = town_node_path;
    daemon->clock = &w->clock;
    daemon->log = w->log;
    daemon->engine = open_engine(&w->texts);
    VDR_ASSERT(vdr_log_reader_open(w->log, &daemon->reader) == VDR_OK);
    vdr_log_reader_rest(daemon->reader);
    daemon->logboek = vdr_logboek_desk_new(w->log, w->checkpoint, logboek_key);
    vdr_daemon_begin(daemon, w->checkpoint);
}

static void
check_bounds(void)
{
    const vdr_node_limits *limits = &w->daemon.node->limits;
    for (int zone = 0; zone < VDR_ZONES; zone++)
        VDR_ASSERT(vdr_sessions_count(w->daemon.sessions, (vdr_zone)zone) <=
                   (zone == VDR_ZONE_OPERATORS ? limits->operator_sessions : limits->sessions));
    VDR_ASSERT(w->daemon.admin_count <= VDR_ADMIN_WAITS);
    for (const vdr_session *s = vdr_session_next(w->daemon.sessions, NULL); s != NULL;
         s = vdr_session_next(w->daemon.sessions, s)) {
        VDR_ASSERT(s->out.bytes <= limits->queue_bytes && s->publish.open_items <= limits->window_items &&
                   s->publish.open_bytes <= limits->window_bytes && s->answers.count <= ANSWERS_MAX);
    }
}

/* As a crash leaves it: everything that was told is there, and the same state. */
static void
start_again(vdr_position durable, uint64_t hash)
{
    vdr_memory_crash(w->memory);
    close_store();
    vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_NONE);
    vdr_memory_fault_set(w->memory, VDR_MEMORY_STATE, 0, VDR_MEMORY_NONE);
    vdr_memory_capacity_set(w->memory, 0);
    open_store();
    vdr_engine *engine = open_engine(NULL);
    vdr_engine_status status;
    vdr_engine_status_get(engine, &status);
    const char *wrong = vdr_engine_check(engine);
    if (wrong != NULL)
        fprintf(stderr, "after a start: %s\n", wrong);
    VDR_ASSERT(wrong == NULL && status.durable >= durable);
    if (hash != 0 && status.durable == durable)
        VDR_ASSERT(vdr_engine_state_hash(engine) == hash);
    vdr_engine_close(&engine);
    close_store();
}

static void
finish(vdr_err err)
{
    vdr_daemon *daemon = &w->daemon;
    vdr_engine_status status;
    ending = true;
    const char *wrong = vdr_engine_check(daemon->engine);
    if (wrong != NULL)
        fprintf(stderr, "%s\n", wrong);
    VDR_ASSERT(wrong == NULL && (err == VDR_OK || w->faulted));
    check_bounds();
    vdr_engine_status_get(daemon->engine, &status);
    uint64_t hash =
        err == VDR_OK && status.stepped == status.durable ? vdr_engine_state_hash(daemon->engine) : 0;
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL && err == VDR_OK;
         s = vdr_session_next(daemon->sessions, s)) {
        if (vdr_session_live(s))
            vdr_speak_bye(daemon, s, VDR_E_CLOSING, 1000);
    }
    vdr_daemon_reap(daemon);
    vdr_inbox_done(&daemon->inbox);
    vdr_daemon_rest(daemon);
    vdr_engine_close(&daemon->engine);
    start_again(status.durable, hash);
    vdr_daemon_done(daemon);
    node_kept = daemon->node;
    vdr_memory_free(&w->memory);
    net_done();
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
const char *__asan_default_options(void);

/* What was freed stays poisoned for an execution or two, not for fifty: touching all that memory is half the time. */
const char *
__asan_default_options(void)
{
    return "quarantine_size_mb=4:malloc_context_size=8";
}
#endif
#endif

static void *
law(void *unused)
{
    (void)unused;
    begin();
    finish(vdr_daemon_run(&w->daemon, -1));
    return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    if (w == NULL) {
        town_make();
        vdr_arena_init(&net.arena, vdr_codec_budget(VDR_ADMIN_FRAME_MAX, VDR_ADMIN_FRAME_MAX));
    }
    static world here;
    w = &here;
    ending = false;
    memset(w, 0, sizeof *w);
    net.count = 0;
    memset(net.first, 0, sizeof net.first);
    memset(net.end, 0, sizeof net.end);
    net.daemon = &w->daemon;
    w->dice.at = len != 0 ? at : none;
    w->dice.end = w->dice.at + len;
    threads_run(law, len != 0 ? at[len - 1] : 0);
    return 0;
}
