#include "broker/desk/proof.h"

#include "broker/engine/thread.h"
#include "proto/limits.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROOF_BYTES (8u * VDR_CONF_BYTES_MAX) /* a frame of the operators' listener fits */

static const char *const file_names[VDR_CONFIG_FILES] = {"town.yaml", "catalogue.yaml", "rules.yaml"};

static vdr_proof *
proof_new(vdr_ms now)
{
    vdr_proof *proof = (vdr_proof *)vdr_alloc(1, sizeof *proof);
    vdr_arena_init(&proof->arena, PROOF_BYTES);
    vdr_config_faults_init(&proof->faults);
    proof->now = now;
    return proof;
}

/* The three files of the configuration by their names; all others are rule tests. */
static bool
take_files(vdr_proof *proof, const vdr_wire_admin *admin)
{
    vdr_judge_test *tests =
        (vdr_judge_test *)vdr_arena_alloc(&proof->arena, (admin->file_count + 1) * sizeof *tests);
    unsigned found = 0;
    for (size_t i = 0; tests != NULL && i < admin->file_count; i++) {
        vdr_span name = vdr_arena_copy(&proof->arena, admin->files[i].name); /* terminated */
        vdr_span text = vdr_arena_copy(&proof->arena, admin->files[i].text);
        unsigned file = 0;
        while (file < VDR_CONFIG_FILES && !vdr_span_equal(name, vdr_span_str(file_names[file])))
            file++;
        if (file == VDR_CONFIG_FILES) {
            tests[proof->test_count++] = (vdr_judge_test){.name = (const char *)name.at, .text = text};
            continue;
        }
        proof->texts.name[file] = name;
        proof->texts.text[file] = text;
        found |= 1u << file;
    }
    proof->tests = tests;
    return found == (1u << VDR_CONFIG_FILES) - 1;
}

/* in_force NULL: all three must be given. */
static vdr_proof *
new_of(const vdr_wire_admin *admin, const vdr_span *in_force, vdr_ms now)
{
    vdr_proof *proof = proof_new(now);
    bool whole = take_files(proof, admin);
    for (unsigned file = 0; in_force != NULL && file < VDR_CONFIG_FILES; file++) {
        whole = true;
        if (proof->texts.name[file].at != NULL)
            continue;
        proof->texts.name[file] = vdr_span_str(file_names[file]);
        proof->texts.text[file] = vdr_arena_copy(&proof->arena, in_force[file]);
    }
    vdr_span *allowed =
        (vdr_span *)vdr_arena_alloc(&proof->arena, (admin->allowed_count + 1) * sizeof *allowed);
    for (size_t i = 0; allowed != NULL && i < admin->allowed_count; i++)
        allowed[i] = vdr_arena_copy(&proof->arena, admin->allowed[i]);
    proof->allowed = allowed;
    proof->allowed_count = admin->allowed_count;
    proof->reason = vdr_arena_copy(&proof->arena, admin->reason);
    if (!whole || proof->arena.overflow)
        vdr_proof_free(&proof);
    return proof;
}

vdr_proof *
vdr_proof_new(const vdr_wire_admin *admin, vdr_ms now)
{
    return new_of(admin, NULL, now);
}

vdr_proof *
vdr_proof_new_look(const vdr_wire_admin *admin, const vdr_span in_force[VDR_CONFIG_FILES], vdr_ms now)
{
    vdr_proof *proof = new_of(admin, in_force, now);
    if (proof != NULL)
        proof->look = true;
    return proof;
}

static int
is_test(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static bool
take_test(vdr_proof *proof, vdr_judge_test *test, const char *dir, const char *name, char *ret_words)
{
    char path[4096];
    vdr_span text;
    int len = snprintf(path, sizeof path, "%s/tests/%s", dir, name);
    if (len < 0 || (size_t)len >= sizeof path ||
        vdr_config_text_load(path, &proof->arena, &text, ret_words) != VDR_OK)
        return false;
    vdr_span copy = vdr_arena_copy(&proof->arena, vdr_span_of(path, (size_t)len));
    *test = (vdr_judge_test){.name = (const char *)copy.at, .text = text};
    return true;
}

static bool
take_tests(vdr_proof *proof, const char *dir, char *ret_words)
{
    char path[4096];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof path, "%s/tests", dir);
    int count = scandir(path, &entries, is_test, alphasort);
    vdr_judge_test *tests =
        (vdr_judge_test *)vdr_arena_alloc(&proof->arena, (size_t)(count > 0 ? count : 1) * sizeof *tests);
    bool good = tests != NULL;
    for (int i = 0; i < count; i++) {
        good = good && take_test(proof, &tests[proof->test_count], dir, entries[i]->d_name, ret_words);
        proof->test_count += good;
        free(entries[i]);
    }
    free(entries);
    proof->tests = tests;
    return good;
}

vdr_proof *
vdr_proof_of_directory(const char *dir, const vdr_config_texts *texts, vdr_ms now, char *ret_words)
{
    vdr_proof *proof = proof_new(now);
    proof->reload = true;
    proof->reason = vdr_span_str("the broker's own directory, by reload");
    for (size_t i = 0; i < VDR_CONFIG_FILES; i++) {
        proof->texts.name[i] = vdr_arena_copy(&proof->arena, texts->name[i]);
        proof->texts.text[i] = vdr_arena_copy(&proof->arena, texts->text[i]);
    }
    if (!take_tests(proof, dir, ret_words) || proof->arena.overflow)
        vdr_proof_free(&proof);
    return proof;
}

void
vdr_proof_run(vdr_proof *proof)
{
    vdr_config *config = NULL;
    if (proof->look)
        vdr_proof_look_begin(proof);
    proof->err = vdr_config_read(&proof->texts, &proof->faults, &config);
    for (size_t i = 0; proof->look && i < proof->faults.count; i++)
        vdr_proof_look_fault(proof, &proof->faults.at[i]);
    if (proof->err != VDR_OK) {
        if (proof->look)
            vdr_proof_look_end(proof, NULL);
        return;
    }
    vdr_judge_ask ask = {.config = config,
                         .texts = &proof->texts,
                         .now = proof->now,
                         .allowed = proof->allowed,
                         .allowed_count = proof->allowed_count,
                         .tests = proof->tests,
                         .test_count = proof->test_count,
                         .found = proof->look ? vdr_proof_look_found : NULL,
                         .context = proof};
    vdr_judge(&ask, &proof->words, &proof->judgement);
    if (!proof->judgement.clean)
        proof->err = VDR_E_BAD_CONFIG;
    else if (!proof->judgement.fit)
        proof->err = VDR_E_TESTS_FAILED;
    if (proof->look)
        vdr_proof_look_end(proof, config);
    vdr_config_free(&config);
}

void
vdr_proof_free(vdr_proof **proof_p)
{
    vdr_proof *proof = *proof_p;
    if (proof == NULL)
        return;
    vdr_config_faults_done(&proof->faults);
    vdr_bytes_done(&proof->words);
    vdr_arena_done(&proof->arena);
    vdr_arena_done(&proof->told);
    free(proof);
    *proof_p = NULL;
}

/* ---- beside the turn ---- */

struct vdr_prover {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    vdr_proof *waiting, *done; /* one of them at most, or neither while one is being made */
    bool busy, stop;
    int wake_fd;
};

static void *
prove(void *context)
{
    vdr_prover *prover = context;
    (void)pthread_mutex_lock(&prover->lock);
    while (!prover->stop) {
        vdr_proof *proof = prover->waiting;
        if (proof == NULL) {
            (void)pthread_cond_wait(&prover->changed, &prover->lock);
            continue;
        }
        prover->waiting = NULL;
        (void)pthread_mutex_unlock(&prover->lock);
        vdr_proof_run(proof);
        (void)pthread_mutex_lock(&prover->lock);
        prover->done = proof;
        vdr_thread_wake(prover->wake_fd);
    }
    (void)pthread_mutex_unlock(&prover->lock);
    return NULL;
}

vdr_prover *
vdr_prover_new(int wake_fd)
{
    vdr_prover *prover = (vdr_prover *)vdr_alloc(1, sizeof *prover);
    prover->wake_fd = wake_fd;
    vdr_thread_lock_init(&prover->lock);
    vdr_thread_cond_init(&prover->changed);
    vdr_thread_start(&prover->thread, "proof", prove, prover);
    return prover;
}

void
vdr_prover_free(vdr_prover **prover_p)
{
    vdr_prover *prover = *prover_p;
    if (prover == NULL)
        return;
    (void)pthread_mutex_lock(&prover->lock);
    prover->stop = true;
    (void)pthread_cond_signal(&prover->changed);
    (void)pthread_mutex_unlock(&prover->lock);
    (void)pthread_join(prover->thread, NULL);
    vdr_proof_free(&prover->waiting);
    vdr_proof_free(&prover->done);
    (void)pthread_cond_destroy(&prover->changed);
    (void)pthread_mutex_destroy(&prover->lock);
    free(prover);
    *prover_p = NULL;
}

bool
vdr_prover_begin(vdr_prover *prover, vdr_proof *proof)
{
    (void)pthread_mutex_lock(&prover->lock);
    bool free_hands = !prover->busy;
    if (free_hands) {
        prover->busy = true;
        prover->waiting = proof;
        (void)pthread_cond_signal(&prover->changed);
    }
    (void)pthread_mutex_unlock(&prover->lock);
    return free_hands;
}

vdr_proof *
vdr_prover_collect(vdr_prover *prover)
{
    (void)pthread_mutex_lock(&prover->lock);
    vdr_proof *proof = prover->done;
    prover->done = NULL;
    if (proof != NULL)
        prover->busy = false;
    (void)pthread_mutex_unlock(&prover->lock);
    return proof;
}
