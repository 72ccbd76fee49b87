#define _GNU_SOURCE /* gettid */
#include "broker/trust/keeper.h"

#include "broker/engine/clock.h"
#include "broker/gauge/journal.h"
#include "broker/net/secret.h"
#include "broker/engine/thread.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NICE       15
#define PATH_BYTES 4096
#define LOOK_MS    5000 /* the log is looked at so often */
#define AGAIN_MS   60000

struct vdr_keeper {
    vdr_keeper_options options;
    char *store_dir, *heads_dir, *copy_dir;
    uint8_t *seed;
    uint8_t *keys; /* its own public key, then the former ones */
    size_t key_count;
    pthread_t thread;
    bool started;
    int wake_fd;

    /* the thread's own */
    vdr_headbook_end end;
    int64_t tried_ms; /* when the last head was made, or failed */
    bool try_failed;
    bool copy_failed; /* told; until it is well again */
    bool serving;     /* the store proved itself: heads may be made */

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    bool stop, nudged, asked;
    bool scrub; /* to be proved once, unasked */
    vdr_err failed;
    char words[VDR_KEEPER_WORDS];
    vdr_keeper_look look;
    atomic_bool stopping; /* as stop, for the thread in the middle of a walk */
};

static int64_t
steady_ms(void)
{
    return vdr_clock_monotonic_us() / 1000;
}

static vdr_ms
wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (vdr_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- heads */

static void
copy_book(vdr_keeper *keeper)
{
    char words[VDR_HEADBOOK_WORDS] = "";
    if (keeper->copy_dir == NULL)
        return;
    vdr_err err = vdr_headbook_copy(keeper->heads_dir, keeper->copy_dir, words);
    if (err != VDR_OK && !keeper->copy_failed)
        VDR_NOTE(HEADS_WARNING, vdr_field_text("error", vdr_err_code(err)), vdr_field_text("text", words));
    keeper->copy_failed = err != VDR_OK;
}

static void
add_head(vdr_keeper *keeper)
{
    char words[VDR_HEADBOOK_WORDS] = "";
    vdr_head head = {.time = wall_ms()};
    vdr_log_stats stats;
    vdr_log_stats_get(keeper->options.log, &stats);
    keeper->tried_ms = steady_ms();
    vdr_err err = vdr_log_head_get(keeper->options.log, stats.next - 1, &head.log);
    if (err == VDR_OK) {
        memcpy(head.store, keeper->options.store, sizeof head.store);
        (void)snprintf(head.release, sizeof head.release, "%s", VDR_VERSION);
        err = vdr_headbook_add(keeper->heads_dir, &keeper->end, &head, keeper->seed, words);
    }
    keeper->try_failed = err != VDR_OK;
    if (err != VDR_OK)
        VDR_NOTE(HEADS_WARNING, vdr_field_text("error", vdr_err_code(err)),
                 vdr_field_text("text", *words != '\0' ? words : vdr_err_text(err)));
    else
        copy_book(keeper);
}

/* Has the log grown, and is it time? */
static bool
head_due(const vdr_keeper *keeper, bool nudged, bool last)
{
    vdr_log_stats stats;
    if (keeper->seed == NULL)
        return false;
    vdr_log_stats_get(keeper->options.log, &stats);
    uint64_t grown = stats.next - 1 - keeper->end.last.log.position;
    int64_t passed_ms = steady_ms() - keeper->tried_ms;
    if (grown == 0 || last)
        return grown != 0;
    if (keeper->try_failed && passed_ms < AGAIN_MS)
        return false;
    return nudged || grown >= keeper->options.every_records || passed_ms >= keeper->options.every_ms;
}

static void
head_now(vdr_keeper *keeper, bool last)
{
    (void)pthread_mutex_lock(&keeper->lock);
    bool nudged = keeper->nudged;
    keeper->nudged = false;
    (void)pthread_mutex_unlock(&keeper->lock);
    if (head_due(keeper, nudged, last))
        add_head(keeper);
}

/* ---- proving */

static bool
on_progress(void *context, uint64_t at)
{
    vdr_keeper *keeper = context;
    if (keeper->serving)
        head_now(keeper, false); /* a walk over a large log does not hold up the heads */
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->look.at = at;
    (void)pthread_mutex_unlock(&keeper->lock);
    return !atomic_load(&keeper->stopping);
}

static void
on_part(void *context, const vdr_verify_part *part)
{
    vdr_keeper *keeper = context;
    (void)pthread_mutex_lock(&keeper->lock);
    if (keeper->look.part_count < VDR_KEEPER_PARTS)
        keeper->look.parts[keeper->look.part_count++] = *part;
    (void)pthread_mutex_unlock(&keeper->lock);
}

static vdr_verify_ask
ask_of(vdr_keeper *keeper)
{
    return (vdr_verify_ask){.store_dir = keeper->store_dir,
                            .heads_dir = keeper->heads_dir,
                            .keys = keeper->keys,
                            .key_count = keeper->key_count,
                            .progress = on_progress,
                            .tell = on_part,
                            .context = keeper};
}

/* The words of the first part that is bad, and what to do. */
static void
say_bad(const vdr_keeper_look *look, char *ret_words)
{
    for (size_t i = 0; i < look->part_count; i++) {
        const vdr_verify_part *part = &look->parts[i];
        if (part->result == VDR_VERIFY_BAD) {
            (void)snprintf(ret_words, VDR_KEEPER_WORDS, "%s: %s; %s", part->part, part->text,
                           part->next != NULL ? part->next : "");
            return;
        }
    }
}

static vdr_err
prove(vdr_keeper *keeper)
{
    vdr_log_stats stats;
    vdr_verify_ask ask = ask_of(keeper);
    ask.alone = !keeper->serving;
    int64_t begun_ms = steady_ms();
    vdr_log_stats_get(keeper->options.log, &stats);
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->look = (vdr_keeper_look){.running = true, .ever = true, .end = stats.next - 1};
    (void)pthread_mutex_unlock(&keeper->lock);
    vdr_err err = vdr_verify_open(&ask, keeper->options.log, keeper->options.checkpoint);
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->look.running = false;
    keeper->look.err = err;
    keeper->look.took_ms = (uint64_t)(steady_ms() - begun_ms);
    bool broken = err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION;
    if (broken && keeper->failed == VDR_OK) {
        keeper->failed = err;
        say_bad(&keeper->look, keeper->words);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    if (err == VDR_OK)
        VDR_NOTE(PROVED, vdr_field_number("position", stats.next - 1),
                 vdr_field_number("used_bytes", stats.used_bytes),
                 vdr_field_number("took_ms", keeper->look.took_ms));
    else if (broken && keeper->serving)
        vdr_thread_wake(keeper->wake_fd);
    return err;
}

static void *
run(void *context)
{
    vdr_keeper *keeper = context;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread; without it, only less polite */
    (void)pthread_mutex_lock(&keeper->lock);
    while (!keeper->stop) {
        bool wanted = keeper->asked || keeper->scrub;
        keeper->asked = keeper->scrub = false;
        (void)pthread_mutex_unlock(&keeper->lock);
        if (wanted)
            (void)prove(keeper);
        head_now(keeper, false);
        (void)pthread_mutex_lock(&keeper->lock);
        if (!keeper->stop && !keeper->asked && !keeper->nudged)
            vdr_thread_cond_wait_ms(&keeper->changed, &keeper->lock, LOOK_MS);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

/* ---- from begin to end */

static vdr_err
open_book(vdr_keeper *keeper, char *ret_words)
{
    char words[VDR_HEADBOOK_WORDS] = "";
    vdr_err err = vdr_headbook_open(keeper->heads_dir, &keeper->end, words);
    if (err == VDR_OK && keeper->copy_dir != NULL) {
        err = vdr_headbook_copy(keeper->heads_dir, keeper->copy_dir, words);
        if (err == VDR_E_STORE_CORRUPT) {
            (void)snprintf(
                ret_words, VDR_KEEPER_WORDS,
                "heads: %s; if a backup was put back on purpose, move the copy aside and keep it; "
                "otherwise do not start on this store, and restore a backup: voordeur restore BACKUP "
                "DIR",
                words);
            return err;
        }
        keeper->copy_failed = err != VDR_OK;
        if (err != VDR_OK)
            VDR_NOTE(HEADS_WARNING, vdr_field_text("error", vdr_err_code(err)),
                     vdr_field_text("text", words));
        err = VDR_OK;
    }
    if (err == VDR_OK) {
        char key[2 * VDR_HEAD_KEY_BYTES + 1];
        (void)sodium_bin2hex(key, sizeof key, keeper->keys, VDR_HEAD_KEY_BYTES);
        VDR_NOTE(HEADS, vdr_field_number("heads", keeper->end.last.number),
                 vdr_field_number("position", keeper->end.last.log.position), vdr_field_text("key", key));
        return VDR_OK;
    }
    (void)snprintf(ret_words, VDR_KEEPER_WORDS,
                   "heads: %s; compare with heads that others kept, and restore a backup: voordeur restore "
                   "BACKUP DIR",
                   words);
    return err;
}

/* What is proved before anybody is served. */
static vdr_err
prove_first(vdr_keeper *keeper, char *ret_words)
{
    char words[VDR_HEADBOOK_WORDS] = "";
    vdr_log_stats stats;
    uint64_t count;
    vdr_verify_ask ask = ask_of(keeper);
    vdr_log_stats_get(keeper->options.log, &stats);
    if (stats.used_bytes <= VDR_KEEPER_WHOLE_BYTES) {
        vdr_err err = prove(keeper);
        if (err != VDR_OK)
            (void)snprintf(ret_words, VDR_KEEPER_WORDS, "%s",
                           keeper->words[0] != '\0' ? keeper->words : vdr_err_text(err));
        keeper->look.ever = false;
        return err;
    }
    keeper->scrub = true;
    vdr_err err = vdr_verify_heads(&ask, keeper->options.log, false, words, &count);
    if (err != VDR_OK)
        (void)snprintf(
            ret_words, VDR_KEEPER_WORDS,
            "heads: %s; do not start on this store, and restore a backup: voordeur restore BACKUP DIR",
            words);
    return err;
}

static char *
path_copy(const char *path, const char *name)
{
    size_t len = strlen(path) + strlen(name) + 1;
    char *copy = vdr_alloc(len, 1);
    (void)snprintf(copy, len, "%s%s", path, name);
    return copy;
}

static void
take_keys(vdr_keeper *keeper)
{
    const vdr_keeper_options *options = &keeper->options;
    if (options->seed == NULL)
        return; /* nobody says whose heads they must be */
    keeper->seed = vdr_secret_new();
    memcpy(keeper->seed, options->seed, VDR_HEAD_KEY_BYTES);
    keeper->key_count = 1 + options->former_count;
    keeper->keys = vdr_alloc(keeper->key_count, VDR_HEAD_KEY_BYTES);
    vdr_head_key(keeper->seed, keeper->keys);
    if (options->former_count != 0)
        memcpy(keeper->keys + VDR_HEAD_KEY_BYTES, options->former,
               options->former_count * VDR_HEAD_KEY_BYTES);
}

vdr_err
vdr_keeper_open(const vdr_keeper_options *options, vdr_keeper **ret_keeper, char *ret_words)
{
    vdr_keeper *keeper = vdr_alloc(1, sizeof *keeper);
    keeper->options = *options;
    keeper->store_dir = path_copy(options->store_dir, "");
    keeper->heads_dir = options->heads_dir != NULL ? path_copy(options->heads_dir, "")
                                                   : path_copy(options->store_dir, "/heads");
    keeper->copy_dir = options->copy_dir != NULL ? path_copy(options->copy_dir, "") : NULL;
    vdr_thread_lock_init(&keeper->lock);
    vdr_thread_cond_init(&keeper->changed);
    take_keys(keeper);
    keeper->options.seed = keeper->options.former = NULL;
    *ret_words = '\0';
    vdr_err err = keeper->seed != NULL ? open_book(keeper, ret_words) : VDR_OK;
    if (err == VDR_OK)
        err = prove_first(keeper, ret_words);
    if (err != VDR_OK) {
        vdr_keeper_close(&keeper, false);
        return err;
    }
    *ret_keeper = keeper;
    return VDR_OK;
}

void
vdr_keeper_begin(vdr_keeper *keeper, int wake_fd)
{
    keeper->wake_fd = wake_fd;
    keeper->tried_ms = steady_ms();
    keeper->serving = true;
    keeper->started = true;
    vdr_thread_start(&keeper->thread, "vdr-keeper", run, keeper);
}

void
vdr_keeper_close(vdr_keeper **keeper_p, bool last)
{
    vdr_keeper *keeper = *keeper_p;
    if (keeper == NULL)
        return;
    atomic_store(&keeper->stopping, true);
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->stop = true;
    (void)pthread_cond_signal(&keeper->changed);
    (void)pthread_mutex_unlock(&keeper->lock);
    if (keeper->started)
        (void)pthread_join(keeper->thread, NULL);
    if (last && keeper->started)
        head_now(keeper, true);
    vdr_secret_free(&keeper->seed);
    (void)pthread_cond_destroy(&keeper->changed);
    (void)pthread_mutex_destroy(&keeper->lock);
    free(keeper->keys);
    free(keeper->store_dir);
    free(keeper->heads_dir);
    free(keeper->copy_dir);
    free(keeper);
    *keeper_p = NULL;
}

/* ---- the reactor */

void
vdr_keeper_nudge(vdr_keeper *keeper)
{
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->nudged = true;
    (void)pthread_cond_signal(&keeper->changed);
    (void)pthread_mutex_unlock(&keeper->lock);
}

vdr_err
vdr_keeper_failed(vdr_keeper *keeper, char *ret_words)
{
    (void)pthread_mutex_lock(&keeper->lock);
    vdr_err failed = keeper->failed;
    if (failed != VDR_OK)
        (void)snprintf(ret_words, VDR_KEEPER_WORDS, "%s", keeper->words);
    (void)pthread_mutex_unlock(&keeper->lock);
    return failed;
}

vdr_err
vdr_keeper_ask(vdr_keeper *keeper)
{
    (void)pthread_mutex_lock(&keeper->lock);
    bool busy = keeper->asked || keeper->look.running;
    if (!busy) {
        keeper->asked = true;
        keeper->look = (vdr_keeper_look){.running = true, .ever = true};
        (void)pthread_cond_signal(&keeper->changed);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return busy ? VDR_E_BUSY : VDR_OK;
}

void
vdr_keeper_look_at(vdr_keeper *keeper, vdr_keeper_look *ret_look)
{
    (void)pthread_mutex_lock(&keeper->lock);
    *ret_look = keeper->look;
    (void)pthread_mutex_unlock(&keeper->lock);
}

vdr_err
vdr_keeper_tail(const vdr_keeper *keeper, char *ret_lines, size_t room, size_t *ret_len, char *ret_words)
{
    return vdr_headbook_tail(keeper->heads_dir, ret_lines, room, ret_len, ret_words);
}
