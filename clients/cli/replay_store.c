#include "clients/cli/replay_store.h"

#include "broker/history/history.h"
#include "clients/cli/progress.h"
#include "clients/cli/tale.h"
#include "proto/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- a store that no broker uses */

static vdr_err
said(const char *verb, const char *dir, const char *words, vdr_err err)
{
    fprintf(stderr, "voordeur %s: %s: %s\n", verb, dir, *words != '\0' ? words : vdr_err_text(err));
    return err;
}

/* From the newest checkpoint, or with back from the one before it. */
static vdr_err
open_at(bool back, vdr_cli_store *store)
{
    char words[VDR_HISTORY_WORDS];
    if (store->store.checkpoint == NULL)
        return VDR_E_NOT_FOUND;
    vdr_err err = back ? vdr_checkpoint_look_back(store->store.checkpoint) : VDR_OK;
    return err == VDR_OK ? vdr_history_open(store->store.log, store->store.checkpoint, &store->history, words)
                         : err;
}

/* What was cut is gone, and the state at the log's begin with it. A state is kept twice, in the checkpoints: the
 * older one that is good shows the most. */
static vdr_err
open_cut(const char *verb, vdr_position first, vdr_cli_store *store)
{
    char since[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_ms at;
    vdr_err err = open_at(true, store);
    if (err != VDR_OK)
        err = open_at(false, store);
    if (err != VDR_OK) {
        fprintf(
            stderr,
            "voordeur %s: the log begins at record %llu and no checkpoint leads on from there (%s): nothing "
            "of it can be decided again. Restore a backup to look at\n",
            verb, (unsigned long long)first, vdr_err_text(err));
        return err;
    }
    vdr_position from = vdr_history_from(store->history, &at);
    if (at != VDR_MS_NONE)
        vdr_time_format(at, since);
    fprintf(stderr,
            "voordeur %s: the log was %s: its lines are whole from record %llu on%s%s; what was decided "
            "before is no longer in this store\n",
            verb, first > 1 ? "cut" : "erased in", (unsigned long long)from + 1,
            *since != '\0' ? ", after " : "", since);
    return VDR_OK;
}

static vdr_err
open_history(const char *verb, const char *dir, vdr_cli_store *store)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_log_stats stats;
    vdr_log_stats_get(store->store.log, &stats);
    if (stats.first > 1 || vdr_store_erased(&store->store))
        return open_cut(verb, stats.first, store);
    vdr_err err = vdr_history_open(store->store.log, NULL, &store->history, words);
    return err != VDR_OK ? said(verb, dir, words, err) : VDR_OK;
}

vdr_err
vdr_cli_store_open(const char *verb, const char *dir, const vdr_cli_store_key *key, vdr_cli_store *ret_store)
{
    *ret_store = (vdr_cli_store){0};
    vdr_err err = vdr_cli_store_open_dir(verb, key, dir, &ret_store->store);
    if (err != VDR_OK)
        return err;
    err = open_history(verb, dir, ret_store);
    if (err != VDR_OK)
        vdr_cli_store_close(ret_store);
    return err;
}

void
vdr_cli_store_close(vdr_cli_store *store)
{
    vdr_history_close(&store->history);
    vdr_store_close(&store->store);
}

/* ---- its lines */

static vdr_err
put_tale(vdr_tale_out *out, const vdr_core *core, vdr_span tale)
{
    vdr_err err = vdr_tale_out_put(out, core, tale);
    if (err == VDR_E_IO)
        fprintf(stderr, "voordeur replay: standard output: %s\n", strerror(errno));
    else if (err != VDR_OK)
        fprintf(stderr, "voordeur replay: a line cannot be written: %s\n", vdr_err_text(err));
    return err;
}

static vdr_err
step_all(vdr_history *history, vdr_tale_out *out, vdr_ms until)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_progress progress;
    vdr_history_step done;
    vdr_err err;

    vdr_progress_begin(&progress, "records");
    while ((err = vdr_history_next(history, until, &done, words)) == VDR_OK &&
           (err = put_tale(out, vdr_history_core(history), done.step.tale)) == VDR_OK)
        vdr_progress_one(&progress);
    vdr_progress_end(&progress);
    if (err != VDR_E_END) {
        if (*words != '\0')
            fprintf(stderr, "voordeur replay: %s\n", words);
        return err;
    }
    while (until != VDR_MS_NONE && vdr_history_pass(history, until, &done.step)) {
        err = put_tale(out, vdr_history_core(history), done.step.tale);
        if (err != VDR_OK)
            return err;
    }
    err = vdr_tale_out_flush(out);
    if (err != VDR_OK)
        fprintf(stderr, "voordeur replay: standard output: %s\n", strerror(errno));
    return err;
}

vdr_err
vdr_replay_store(const char *dir, const vdr_cli_store_key *key, vdr_ms until)
{
    vdr_cli_store store;
    vdr_tale_out out;
    vdr_err err = vdr_cli_store_open("replay", dir, key, &store);
    if (err != VDR_OK)
        return err;
    vdr_ms from_at;
    if (vdr_history_from(store.history, &from_at) != 0 && until != VDR_MS_NONE && until < from_at)
        fprintf(stderr, "voordeur replay: --until is before that: there are no lines\n");
    vdr_tale_out_init(&out);
    err = step_all(store.history, &out, until);
    vdr_tale_out_done(&out);
    vdr_cli_store_close(&store);
    return err;
}
