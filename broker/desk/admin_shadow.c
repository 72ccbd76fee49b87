/* A shadow (protocol.md 7.11): a candidate's rules beside those in force, on what comes. A back-test that goes on
 * (rehearsal.h). What it needs after a restart lies in the folder shadow of the store: the candidate's files, and
 * since when they hold; all else is stepped again. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER      "shadow"
#define SINCE       "since" /* written last: without it there is no shadow */
#define SAMPLES     20u
#define SINCE_BYTES 24u

static const char *const files[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};

static int
path_of(const vdr_daemon *daemon, const char *name, char *ret_path)
{
    char folder[VDR_PATH_BYTES];
    int rc = vdr_folder_path(daemon->store_dir, FOLDER, folder);
    return rc == 0 ? vdr_folder_path(folder, name, ret_path) : rc;
}

static int
write_file(const char *path, vdr_span text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int rc = 0;
    while (rc == 0 && text.len != 0) {
        ssize_t n = write(fd, text.at, text.len);
        if (n < 0 && errno != EINTR)
            rc = errno;
        if (n > 0)
            text = vdr_span_of(text.at + n, text.len - (size_t)n);
    }
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    if (close(fd) != 0 && rc == 0)
        rc = errno;
    return rc;
}

/* So that none is resumed; what else lies there is overwritten by the next one. */
static int
forget(const vdr_daemon *daemon)
{
    char folder[VDR_PATH_BYTES], path[VDR_PATH_BYTES];
    int rc = path_of(daemon, SINCE, path);
    if (rc == 0 && unlink(path) != 0)
        rc = errno == ENOENT ? 0 : errno;
    for (unsigned i = 0; i < VDR_CONFIG_FILES && rc == 0; i++) {
        rc = path_of(daemon, files[i], path);
        if (rc == 0 && unlink(path) != 0)
            rc = errno == ENOENT ? 0 : errno;
    }
    if (rc == 0)
        rc = vdr_folder_path(daemon->store_dir, FOLDER, folder);
    return rc == 0 && vdr_folder_exists(folder) ? vdr_folder_sync(folder) : rc;
}

static int
remember(const vdr_daemon *daemon, const vdr_backtest_ask *ask)
{
    char folder[VDR_PATH_BYTES], path[VDR_PATH_BYTES], since[SINCE_BYTES];
    int rc = vdr_folder_path(daemon->store_dir, FOLDER, folder);
    if (rc == 0)
        rc = vdr_folder_make(folder);
    if (rc == 0)
        rc = forget(daemon);
    for (unsigned i = 0; i < VDR_CONFIG_FILES && rc == 0; i++) {
        if (ask->candidate.text[i].at == NULL)
            continue;
        rc = path_of(daemon, files[i], path);
        if (rc == 0)
            rc = write_file(path, ask->candidate.text[i]);
    }
    (void)snprintf(since, sizeof since, "%lld\n", (long long)ask->since);
    if (rc == 0)
        rc = path_of(daemon, SINCE, path);
    if (rc == 0)
        rc = write_file(path, vdr_span_str(since));
    return rc == 0 ? vdr_folder_sync(folder) : rc;
}

/* ---- at the start of the broker */

static bool
recall(const vdr_daemon *daemon, vdr_arena *arena, vdr_backtest_ask *ask)
{
    char path[VDR_PATH_BYTES], words[256], digits[SINCE_BYTES], *end;
    vdr_span since;
    if (path_of(daemon, SINCE, path) != 0 || access(path, F_OK) != 0 ||
        vdr_config_text_load(path, arena, &since, words) != VDR_OK || since.len >= sizeof digits)
        return false;
    memcpy(digits, since.at, since.len);
    digits[since.len] = '\0';
    ask->since = strtoll(digits, &end, 10);
    if (end == digits || *end != '\n')
        return false;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        if (path_of(daemon, files[i], path) != 0)
            return false;
        if (access(path, F_OK) != 0)
            continue;
        if (vdr_config_text_load(path, arena, &ask->candidate.text[i], words) != VDR_OK)
            return false;
        ask->candidate.name[i] = vdr_span_str(files[i]);
    }
    return true;
}

void
vdr_shadow_resume(vdr_daemon *daemon)
{
    vdr_backtest_ask ask = {.follow = true, .memory_max = vdr_rehearsal_memory(daemon)};
    vdr_arena arena;
    vdr_arena_init(&arena, 4u * VDR_CONF_BYTES_MAX);
    /* What goes wrong is told when it is looked at. */
    if (recall(daemon, &arena, &ask) && vdr_rehearsal_begin(daemon->shadow, &ask, SAMPLES) != VDR_OK)
        VDR_NOTE(CONFIG_WARNING, vdr_field_text("place", FOLDER),
                 vdr_field_text("text", "the shadow that ran before cannot be begun again"));
    vdr_arena_done(&arena);
}

/* ---- verbs */

static void
start(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_ms now = vdr_core_now(vdr_engine_core(daemon->engine));
    vdr_backtest_ask ask = {.follow = true,
                            .since = now != VDR_MS_NONE ? now + 1 : VDR_MS_NONE,
                            .memory_max = vdr_rehearsal_memory(daemon)};
    if (!vdr_rehearsal_files(admin, &ask.candidate)) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BAD_FRAME,
                            "town.yaml, catalogue.yaml or rules.yaml is needed");
        return;
    }
    vdr_err err = vdr_rehearsal_begin(daemon->shadow, &ask, SAMPLES);
    if (err == VDR_OK && remember(daemon, &ask) != 0) {
        vdr_rehearsal_stop(daemon->shadow);
        err = VDR_E_IO;
    }
    vdr_admin_say_error(daemon, session, admin->request, err,
                        err == VDR_OK       ? NULL
                        : err == VDR_E_BUSY ? "another shadow is at work: stop it first"
                                            : vdr_err_text(err));
}

static void
look(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_rehearsal_look seen;
    vdr_position durable = vdr_engine_durable(daemon->engine);
    if (admin->number == 1)
        vdr_rehearsal_want(daemon->shadow);
    vdr_rehearsal_look_at(daemon->shadow, &seen);
    if (seen.state == VDR_REHEARSAL_OVER && seen.err == VDR_E_BUSY) /* it was stopped */
        seen = (vdr_rehearsal_look){.state = VDR_REHEARSAL_NONE, .words = ""};
    const vdr_wire_counter counters[] = {
        {vdr_span_str("state"), seen.state},
        {vdr_span_str("done"), seen.done},
        {vdr_span_str("all"), seen.all},
        {vdr_span_str("position"), seen.position},
        {vdr_span_str("lag"), durable > seen.position ? durable - seen.position : 0},
        {vdr_span_str("took_ms"), seen.took_ms},
        {vdr_span_str("rows_left_out"), seen.rows != NULL ? seen.rows->left_out : 0}};
    bool rows = seen.state == VDR_REHEARSAL_RUNS;
    vdr_rehearsal_say(daemon, session, admin->request, admin->verb, counters,
                      sizeof counters / sizeof counters[0], &seen, rows);
}

void
vdr_shadow_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_SHADOW_START) {
        start(daemon, session, admin);
    } else if (admin->verb == VDR_VERB_SHADOW_LOOK) {
        look(daemon, session, admin);
    } else {
        vdr_err err = forget(daemon) == 0 ? VDR_OK : VDR_E_IO;
        vdr_rehearsal_stop(daemon->shadow);
        vdr_admin_say_error(daemon, session, admin->request, err, err != VDR_OK ? vdr_err_text(err) : NULL);
    }
}
