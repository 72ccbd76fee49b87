#include "broker/history/checkup.h"

#include "broker/history/history.h"
#include "broker/engine/inside.h"
#include "proto/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAILS 1024u

static const char restore[] = "do not start on it: restore a backup, keep this store for study";

typedef struct checkup {
    vdr_finding_fn tell;
    void *context;
    vdr_store store;
    vdr_log_reader *reader;
    vdr_engine *engine; /* as vdr_boot fills it: a core, no threads */
    bool bad;
} checkup;

__attribute__((format(printf, 5, 6))) static bool
found(checkup *c, const char *check, const char *invariants, vdr_finding_result result, const char *format,
      ...)
{
    vdr_finding finding = {.check = check,
                           .invariants = invariants,
                           .result = result,
                           .next = result == VDR_FINDING_BAD ? restore : NULL};
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    c->bad = c->bad || result == VDR_FINDING_BAD;
    c->tell(c->context, &finding);
    return result == VDR_FINDING_GOOD;
}

/* What is no fault of the store. */
static const char *
not_its_fault(vdr_err e)
{
    if (e == VDR_E_STORE_BUSY)
        return "ask the broker that runs on it: voordeur doctor --home";
    if (e == VDR_E_NOT_FOUND)
        return "give the folder that voordeurd has as --store";
    return e == VDR_E_WRONG_KEY ? vdr_err_hint(e) : NULL;
}

static bool
check_open(checkup *c, const char *dir, const vdr_store_keys *keys)
{
    char words[VDR_STORE_WORDS_BYTES] = "";
    vdr_store_options options = {.unopened = true};
    if (keys != NULL) {
        options.key = keys->key;
        options.wrap = keys->wrap;
    }
    vdr_err e = vdr_store_open(dir, &options, &c->store, words);
    if (e == VDR_OK)
        e = vdr_log_reader_open(c->store.log, &c->reader);
    if (not_its_fault(e) != NULL) {
        vdr_finding finding = {
            .check = "store", .invariants = "", .result = VDR_FINDING_BAD, .next = not_its_fault(e)};
        (void)snprintf(finding.text, sizeof finding.text, "%s: %s", dir,
                       *words != '\0' ? words : vdr_err_text(e));
        c->bad = true;
        c->tell(c->context, &finding);
        return false;
    }
    return found(c, "store", "I15", e == VDR_OK ? VDR_FINDING_GOOD : VDR_FINDING_BAD, "%s",
                 e == VDR_OK      ? "log and checkpoints open, their pages and last groups are whole"
                 : *words != '\0' ? words
                                  : vdr_err_text(e));
}

static bool
check_keys(checkup *c, const char *dir)
{
    char words[VDR_VAULT_WORDS_BYTES] = "";
    vdr_err e = vdr_vault_check(dir, words);
    bool good = e == VDR_OK || e == VDR_E_NOT_FOUND;
    return found(c, "sealing", "I15", good ? VDR_FINDING_GOOD : VDR_FINDING_BAD, "%s",
                 !good                    ? words
                 : c->store.vault != NULL ? "the store opens with its key; its files of keys are whole"
                 : e == VDR_E_NOT_FOUND   ? "there are none here"
                                          : "its files of keys are whole; no key was given");
}

/* It is sealed, and nothing was given to open it with: every byte is checked all the same. */
static void
check_shut(checkup *c)
{
    vdr_err e = vdr_checkpoint_verify(c->store.checkpoint);
    if (e != VDR_OK && e != VDR_E_NOT_FOUND)
        (void)found(c, "state", "I4 I10 I11", VDR_FINDING_BAD, "the checkpoint: %s", vdr_err_text(e));
    else
        (void)found(c, "state", "I4 I10 I11", VDR_FINDING_UNKNOWN, "%s",
                    "the checkpoint's checksums hold; sealed: what is in it needs --store-key");
}

static bool
check_log(checkup *c)
{
    vdr_log_stats stats;
    vdr_position bad = 0;
    vdr_log_stats_get(c->store.log, &stats);
    vdr_err e = vdr_log_verify(c->store.log, stats.first, NULL, NULL, &bad);
    if (e != VDR_OK)
        return found(c, "log", "I1 I15", VDR_FINDING_BAD, "record %llu: %s", (unsigned long long)bad,
                     vdr_err_text(e));
    return found(c, "log", "I1 I15", VDR_FINDING_GOOD,
                 "records %llu to %llu: checksums, chains, tales, index", (unsigned long long)stats.first,
                 (unsigned long long)stats.next - 1);
}

static bool
check_state(checkup *c)
{
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    c->engine = vdr_alloc(1, sizeof *c->engine);
    c->engine->options.log = c->store.log;
    c->engine->options.checkpoint = c->store.checkpoint;
    vdr_arena_init(&c->engine->arena, VDR_SUBMISSION_BYTES);
    vdr_err e = vdr_boot(c->engine, true, words);
    if (e != VDR_OK)
        return found(c, "state", "I4 I10 I11", VDR_FINDING_BAD, "%.400s",
                     *words != '\0' ? words : vdr_err_text(e));
    return found(c, "state", "I4 I10 I11", VDR_FINDING_GOOD,
                 "checkpoint of record %llu and the tail tell what was told",
                 (unsigned long long)c->engine->image.last.position);
}

static bool
check_invariants(checkup *c)
{
    const char *broken = vdr_core_check(c->engine->core);
    vdr_core_counts counts;
    if (broken != NULL)
        return found(c, "invariants", "I5 I6 I7 I9 I19", VDR_FINDING_BAD, "%.400s", broken);
    vdr_view_counts(c->engine->core, &counts);
    return found(c, "invariants", "I5 I6 I7 I9 I19", VDR_FINDING_GOOD,
                 "%llu households, %llu signals, %llu cases, %llu timers: counted again, all hold",
                 (unsigned long long)counts.households, (unsigned long long)counts.signals,
                 (unsigned long long)counts.cases, (unsigned long long)counts.timers);
}

/* 0: every message from the first that waits to the last is there, in order; else the number that is not. */
static uint64_t
gap_of(checkup *c, uint32_t number, const vdr_mailbox_view *view)
{
    static vdr_log_mail mails[MAILS]; /* too large for a stack; one checkup at a time */
    uint64_t seq = view->acknowledged + 1;
    while (seq <= view->last) {
        size_t count = 0;
        if (vdr_log_read_mail(c->reader, number, seq, mails, MAILS, &count) != VDR_OK || count == 0)
            return seq;
        for (size_t i = 0; i < count; i++, seq++) {
            if (mails[i].seq != seq)
                return seq;
        }
    }
    return 0;
}

static bool
check_mailboxes(checkup *c)
{
    uint64_t waiting = 0;
    uint32_t count = vdr_core_mailbox_count(c->engine->core);
    for (uint32_t number = 1; number <= count; number++) {
        vdr_mailbox_view view;
        if (!vdr_core_mailbox_view(c->engine->core, number, &view))
            continue;
        uint64_t gap = gap_of(c, number, &view);
        if (gap != 0)
            return found(c, "mailboxes", "I8", VDR_FINDING_BAD, "%s:%.*s has no message %llu",
                         vdr_party_kind_name(view.kind), (int)view.id.len, (const char *)view.id.at,
                         (unsigned long long)gap);
        waiting += view.last - view.acknowledged;
    }
    return found(c, "mailboxes", "I8", VDR_FINDING_GOOD,
                 "%u mailboxes, %llu messages wait, no number is missing", count,
                 (unsigned long long)waiting);
}

static bool
check_history(checkup *c)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_history *history = NULL;
    vdr_log_stats stats;
    vdr_history_step step;
    vdr_log_stats_get(c->store.log, &stats);
    if (stats.first != 1)
        return found(c, "history", "I4", VDR_FINDING_UNKNOWN,
                     "the log was cut before record %llu: not stepped from 1",
                     (unsigned long long)stats.first);
    vdr_err e = vdr_history_open(c->store.log, NULL, &history, words);
    if (e == VDR_E_NOT_FOUND)
        return found(c, "history", "I4", VDR_FINDING_UNKNOWN, "%s",
                     "some of the log was erased, so that it cannot be stepped from record 1");
    while (e == VDR_OK)
        e = vdr_history_next(history, VDR_MS_NONE, &step, words);
    bool same = e == VDR_E_END &&
                vdr_core_state_hash(vdr_history_core(history)) == vdr_core_state_hash(c->engine->core);
    vdr_history_close(&history);
    if (e != VDR_E_END)
        return found(c, "history", "I4", VDR_FINDING_BAD, "%.400s", *words != '\0' ? words : vdr_err_text(e));
    return found(c, "history", "I4", same ? VDR_FINDING_GOOD : VDR_FINDING_BAD, "%s",
                 same
                     ? "stepped from record 1, the whole log gives the same state"
                     : "stepped from record 1, the log gives another state than the checkpoint and its tail");
}

static void
unknown(checkup *c, const char *check, const char *invariants)
{
    (void)found(c, check, invariants, VDR_FINDING_UNKNOWN, "%s",
                "not looked at: what it builds on is not well, or sealed");
}

static void
check_content(checkup *c, bool history)
{
    bool whole = check_state(c);
    if (whole) {
        (void)check_invariants(c);
        (void)check_mailboxes(c);
    } else {
        unknown(c, "invariants", "I5 I6 I7 I9 I19");
        unknown(c, "mailboxes", "I8");
    }
    if (whole && history)
        (void)check_history(c);
}

bool
vdr_checkup(const char *dir, const vdr_store_keys *keys, bool history, vdr_finding_fn tell, void *context)
{
    checkup c = {.tell = tell, .context = context};
    if (check_open(&c, dir, keys)) {
        bool whole = check_keys(&c, dir);
        whole = check_log(&c) && whole;
        if (whole && !vdr_store_shut(&c.store)) {
            check_content(&c, history);
        } else {
            if (whole)
                check_shut(&c);
            unknown(&c, "invariants", "I5 I6 I7 I9 I19");
            unknown(&c, "mailboxes", "I8");
        }
    }
    if (c.engine != NULL) {
        vdr_core_free(&c.engine->core);
        vdr_config_free(&c.engine->config);
        vdr_arena_done(&c.engine->arena);
        free(c.engine);
    }
    vdr_log_reader_close(&c.reader);
    vdr_store_close(&c.store);
    return !c.bad;
}
