/* Goal: after an erasure run nothing of what was erased can be opened, in the store or in a copy made before, and
 * everything else reads as it did; wherever a run is stopped (I13, I14). */
#define _XOPEN_SOURCE 700 /* nftw */

#include "engine_place.h"

#include "broker/core/control.h"
#include "broker/core/keys.h"
#include "broker/core/rekey.h"
#include "broker/core/view.h"
#include "broker/erasure/kept.h"
#include "broker/erasure/proofs.h"
#include "broker/history/checkup.h"
#include "broker/history/past.h"
#include "broker/history/rehearsal.h"
#include "broker/history/survey.h"
#include "broker/record/record.h"

#include <time.h>

#define A "\"persons\":[{\"bsn\":\"999990342\"}]"
#define B "\"persons\":[{\"bsn\":\"999990019\"}]"
#define C "\"persons\":[{\"bsn\":\"999990020\"}]"

typedef struct story {
    vdr_position a[3], b[2]; /* records of household 1, and of household 2 */
    vdr_position erased, config;
    uint32_t overdue; /* offset of B's message in the tale of a[0] */
} story;

/* The message of this kind in a tale. */
static bool
find_message(vdr_span tale, vdr_message_kind kind, uint32_t *ret_offset)
{
    uint32_t offset = 0;
    vdr_effect effect;
    while (*ret_offset = offset, vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        if (effect.kind == VDR_EFFECT_MESSAGE && effect.message == kind)
            return true;
    return false;
}

/* Household 1 is B's: a signal that becomes overdue in the very step of A's first. Then all of A is erased. */
static story
tell(place *p)
{
    story s = {.config = 1};
    vdr_log_record record;
    s.b[0] = submit(p, "b-1", "urn:a:woonstad", "nl.t.overlast.v1", B);
    move_ms(p, 3 * 3600 * 1000);
    s.a[0] = submit(p, "a-1", "urn:a:school", "nl.t.verzuim.v1", A);
    s.a[1] = submit(p, "a-2", "urn:a:politie", "nl.t.geweld.v1", A);
    s.a[2] = submit(p, "a-3", "urn:a:school", "nl.voordeur.signal_withdrawn.v1",
                    "\"signal\":\"a-1\",\"reason\":\"x\"");
    s.b[1] = submit(p, "b-2", "urn:a:school", "nl.t.verzuim.v1", B);
    assert_int_equal(vdr_engine_record(p->engine, s.a[0], &record), VDR_OK);
    assert_true(find_message(record.tale, VDR_MESSAGE_OVERDUE, &s.overdue));
    vdr_engine_record_done(p->engine);
    return s;
}

static void
erase(place *p, story *s)
{
    s->erased = submit(p, "e-1", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.erased.v1",
                       "\"household\":\"H2\"");
}

static vdr_err
read_record(vdr_log *log, vdr_position position)
{
    vdr_log_reader *reader;
    vdr_log_record record;
    assert_int_equal(vdr_log_reader_open(log, &reader), VDR_OK);
    vdr_err err = vdr_log_read(reader, position, &record);
    vdr_log_reader_close(&reader);
    return err;
}

static bool
is_idle(const place *p)
{
    vdr_engine_erasure seen;
    vdr_engine_erasure_get(p->engine, &seen);
    return strcmp(seen.step, "idle") == 0;
}

/* Turns until a run was completed. */
static void
run_to_the_end(place *p)
{
    vdr_engine_erasure before, seen;
    vdr_engine_erasure_get(p->engine, &before);
    move_ms(p, 2000); /* what is erased within a second goes together */
    for (unsigned turns = 0;; turns++) {
        turn(p);
        vdr_engine_erasure_get(p->engine, &seen);
        if (seen.runs != before.runs && strcmp(seen.step, "idle") == 0)
            return;
        if (turns > 2000 || seen.failures != 0)
            fail_msg("no run: %s", p->notices);
    }
}

/* What must hold when a run is over. */
static void
check_erased(place *p, const story *s)
{
    vdr_engine_erasure seen;
    vdr_span bytes;
    uint32_t at = 0;
    vdr_effect effect;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(read_record(p->log, s->a[i]), VDR_E_ERASED);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(read_record(p->log, s->b[i]), VDR_OK);
    assert_int_equal(read_record(p->log, s->erased), VDR_OK);
    assert_int_equal(read_record(p->log, s->config), VDR_OK);
    assert_true(vdr_engine_kept(p->engine, s->a[0], s->overdue, &bytes));
    assert_int_equal(vdr_effect_next(bytes, &at, &effect), VDR_OK);
    assert_true(vdr_span_equal(effect.signal.id, vdr_span_str("b-1")));
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.kept_messages, 1);
    assert_int_equal(seen.waiting, 0);
    assert_int_equal(vdr_checkpoint_generation(p->checkpoint), seen.generation);
    assert_null(vdr_engine_check(p->engine));
}

static bool
is_there(const place *p, const char *name)
{
    char path[128];
    put_path(p, name, path);
    return access(path, F_OK) == 0;
}

/* ---- proofs ---- */

typedef struct proofs_seen {
    unsigned left[4], runs, backups;
    uint64_t generation;
    vdr_position position; /* of a-1 of the school */
    bool named;
} proofs_seen;

static void
see_proof(void *context, const vdr_proof_entry *entry)
{
    proofs_seen *seen = context;
    if (entry->line == VDR_PROOF_LEFT) {
        seen->left[entry->left.kind]++;
        if (entry->left.kind == VDR_LEFT_SIGNAL && entry->left.number == seen->position)
            seen->named = vdr_span_equal(entry->left.source, vdr_span_str("urn:a:school")) &&
                          entry->left.reason == VDR_LEFT_BY_ERASURE && entry->left.time != VDR_MS_NONE;
    } else if (entry->line == VDR_PROOF_RUN) {
        seen->runs++;
        seen->generation = entry->generation;
    } else {
        seen->backups++;
    }
}

static void
check_proofs(const char *folder, const story *s, uint64_t generation)
{
    proofs_seen seen = {.position = s->a[0]};
    assert_int_equal(vdr_proofs_walk(folder, see_proof, &seen), VDR_OK);
    assert_true(seen.left[VDR_LEFT_SIGNAL] >= 2 && seen.left[VDR_LEFT_HOUSEHOLD] >= 1 && seen.named);
    assert_true(seen.runs >= 1);
    assert_int_equal(seen.generation, generation);
}

/* ---- tests ---- */

static void
copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    char path[192];
    uint8_t bytes[65536];
    (void)snprintf(path, sizeof path, "%s/%s", from_dir, name);
    FILE *from = fopen(path, "rb");
    assert_non_null(from);
    size_t len = fread(bytes, 1, sizeof bytes, from);
    assert_true(len < sizeof bytes);
    (void)fclose(from);
    (void)snprintf(path, sizeof path, "%s/%s", to_dir, name);
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, len, to), len);
    assert_int_equal(fclose(to), 0);
}

/* A backup as the broker makes it, of what is durable. */
static place *
backup_of(place *p)
{
    place *copy = place_new();
    vdr_vault_status status;
    vdr_vault_status_get(p->vault, &status);
    p->job_done = false;
    assert_int_equal(vdr_engine_checkpoint(p->engine, (vdr_ticket){1, 1}), VDR_OK);
    while (!p->job_done)
        turn(p);
    assert_int_equal(p->job.result, VDR_OK);
    assert_int_equal(vdr_checkpoint_backup(p->checkpoint, copy->dir), VDR_OK);
    assert_int_equal(vdr_log_backup(p->log, copy->dir), VDR_OK);
    copy->clock = p->clock;
    return copy;
}

/* The copy with the wrapping key that the escrow holds now. */
static void
place_wrap(place *copy, const place *p)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/wrap", p->escrow);
    assert_int_equal(vdr_vault_place(path, copy->dir), VDR_OK);
}

/* Records of before a change of the pseudonym key name everybody under the key of then. */
static void
what_is_needed_is_known_though_the_pseudonym_key_changed(void **state)
{
    (void)state;
    static const uint8_t next_key[32] = {4, 5, 6};
    char bsn[10], more[256], words[VDR_ENGINE_WORDS_BYTES];
    place *p = place_new();
    open_place(p);
    story s = tell(p);
    bsn_of(77, bsn);
    (void)snprintf(more, sizeof more, "\"persons\":[{\"bsn\":\"999990019\"},{\"bsn\":\"%s\"}]", bsn);
    vdr_position both = submit(p, "b-3", "urn:a:school", "nl.t.verzuim.v1", more);
    (void)snprintf(more, sizeof more, "\"household\":\"H1\",\"persons\":[\"%s\"]", bsn);
    vdr_position split =
        submit(p, "k-1", "urn:voordeur:coordinator:c-piet", "nl.voordeur.household_split.v1", more);
    (void)snprintf(more, sizeof more, "\"regisseur\":\"r-anna\",\"bsn\":\"%s\"", bsn);
    vdr_position conflict =
        submit(p, "k-2", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.conflict_declared.v1", more);
    vdr_position gone =
        submit(p, "k-3", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.conflict_declared.v1",
               "\"regisseur\":\"r-anna\",\"bsn\":\"999990342\"");
    vdr_position lifted =
        submit(p, "k-4", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.conflict_lifted.v1",
               "\"regisseur\":\"r-anna\",\"bsn\":\"999990342\"");

    vdr_rekey_view view;
    vdr_engine_by by = {.operator_id = vdr_span_str("kees"), .reason = vdr_span_str("x")};
    assert_int_equal(vdr_engine_rekey(p->engine, (vdr_ticket){0}, next_key, &by, words), VDR_OK);
    for (unsigned i = 0; vdr_rekey_view_get(vdr_engine_core(p->engine), &view), view.running; i++) {
        assert_true(i < 1000);
        turn(p);
    }
    erase(p, &s);
    run_to_the_end(p);
    check_erased(p, &s);
    assert_int_equal(read_record(p->log, both), VDR_OK);
    assert_int_equal(read_record(p->log, split), VDR_OK);
    assert_int_equal(read_record(p->log, conflict), VDR_OK);
    assert_int_equal(read_record(p->log, gone), VDR_E_ERASED);
    assert_int_equal(read_record(p->log, view.begun), VDR_OK);
    assert_int_equal(read_record(p->log, view.begun + 1), VDR_E_ERASED); /* the pairs themselves */
    (void)lifted;
    place_free(p);
}

static void
what_was_erased_cannot_be_opened_here_or_in_a_copy(void **state)
{
    (void)state;
    place *p = place_new();
    open_place(p);
    story s = tell(p);
    place *copy = backup_of(p);
    erase(p, &s);
    run_to_the_end(p);
    check_erased(p, &s);
    assert_false(is_there(p, "keys/wrap.old"));
    assert_false(is_there(p, "keys/wrap.new"));
    assert_non_null(strstr(p->notices, "erasure run"));
    vdr_engine_erasure seen;
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.generation, 2);
    assert_int_equal(seen.last_dropped, 3);
    check_proofs(p->dir, &s, 2);
    check_proofs(p->escrow, &s, 2);

    /* The copy, with the tenant key and the wrapping key of now: its keys do not fit; and with those of now, too. */
    place_wrap(copy, p);
    const vdr_vault_options keys = {.key = tenant_key};
    assert_int_equal(vdr_vault_open(copy->dir, &keys, &copy->vault, NULL), VDR_E_STORE_CORRUPT);
    copy_file(p->dir, copy->dir, "keys/table");
    assert_int_equal(vdr_vault_open(copy->dir, &keys, &copy->vault, NULL), VDR_OK);
    const vdr_log_options log = {.vault = copy->vault};
    assert_int_equal(vdr_log_open_lmdb(copy->dir, &log, &copy->log, NULL), VDR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(read_record(copy->log, s.a[i]), VDR_E_ERASED);
    vdr_err err = vdr_checkpoint_open_lmdb(copy->dir, copy->vault, false, &copy->checkpoint, NULL);
    vdr_checkpoint_manifest manifest;
    if (err == VDR_OK)
        err = vdr_checkpoint_manifest_get(copy->checkpoint, &manifest);
    assert_true(err != VDR_OK);
    place_free(copy);

    /* It starts again, from the checkpoint, as it was. */
    uint64_t hash = vdr_engine_state_hash(p->engine);
    close_place(p);
    open_place(p);
    assert_true(vdr_engine_state_hash(p->engine) == hash);
    check_erased(p, &s);
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.runs, 1);

    /* What was kept goes when it is read. */
    vdr_command_ack ack = {.mailbox = vdr_core_mailbox(vdr_engine_core(p->engine), VDR_PARTY_COORDINATOR,
                                                       vdr_span_str("c-piet")),
                           .seq = 1};
    assert_int_equal(vdr_engine_submit_acks(p->engine, (vdr_ticket){1, ++p->seq}, &ack, 1), VDR_OK);
    assert_int_equal(vdr_engine_erase(p->engine, (vdr_ticket){1, 77}), VDR_OK);
    p->job_done = false;
    while (!p->job_done)
        turn(p);
    assert_int_equal(p->job.result, VDR_OK);
    assert_int_equal(p->job.ticket.seq, 77);
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.kept_messages, 0);
    assert_int_equal(seen.generation, 3);
    assert_int_equal(vdr_vault_beside(p->vault).len, 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(read_record(p->log, s.b[i]), VDR_OK);
    place_free(p);
}

/* As the daemon does it: committer, checkpointer and eraser in threads of their own, stopped while they are at work. */
static void
threads_of_their_own_change_nothing(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 40; turns += 4) {
        place *p = place_new();
        p->threads = true;
        open_place(p);
        story s = tell(p);
        erase(p, &s);
        move_ms(p, 2000);
        for (unsigned i = 0; i < turns; i++)
            turn(p);
        close_place(p);
        open_place(p);
        vdr_engine_erasure seen;
        vdr_engine_erasure_get(p->engine, &seen);
        if (seen.runs == 0 || seen.waiting != 0)
            run_to_the_end(p);
        check_erased(p, &s);
        place_free(p);
    }
}

/* ---- what is folded from the log beside the turn ---- */

static void
check_fold(const place *p, vdr_history *history)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_history_step step;
    vdr_err err;
    while ((err = vdr_history_next(history, VDR_MS_NONE, &step, words)) == VDR_OK)
        ;
    if (err != VDR_E_END)
        fail_msg("folding: %s: %s", vdr_err_code(err), words);
    if (vdr_history_last(history) == vdr_core_position(vdr_engine_core(p->engine)))
        assert_true(vdr_core_state_hash(vdr_history_core(history)) == vdr_engine_state_hash(p->engine));
}

/* From record 1, where nothing is gone; else that is said. From a checkpoint in any case. */
static void
check_histories(const place *p, bool gone)
{
    char words[VDR_HISTORY_WORDS] = "";
    vdr_history *history = NULL;
    vdr_checkpoint *look = NULL;
    vdr_err err = vdr_history_open(p->log, NULL, &history, words);
    assert_int_equal(err, gone ? VDR_E_NOT_FOUND : VDR_OK);
    if (!gone)
        check_fold(p, history);
    vdr_history_close(&history);
    err = vdr_checkpoint_look_open(p->checkpoint, &look);
    assert_true(err == VDR_OK || (err == VDR_E_NOT_FOUND && !gone));
    if (err == VDR_OK) {
        assert_int_equal(vdr_history_open(p->log, look, &history, words), VDR_OK);
        check_fold(p, history);
    }
    vdr_history_close(&history);
    vdr_checkpoint_close(&look);
}

static void
check_backtest(const place *p)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const vdr_backtest_ask ask = {.since = VDR_MS_NONE};
    vdr_rehearsal_look look = {0};
    vdr_rehearsal *rehearsal = vdr_rehearsal_new(p->log, p->checkpoint);
    assert_int_equal(vdr_rehearsal_begin(rehearsal, &ask, 0), VDR_OK);
    for (unsigned i = 0; i < 60000 && look.state != VDR_REHEARSAL_OVER; i++) {
        (void)nanosleep(&pause, NULL);
        vdr_rehearsal_look_at(rehearsal, &look);
    }
    assert_int_equal(look.state, VDR_REHEARSAL_OVER);
    if (look.err != VDR_OK)
        fail_msg("a back-test: %s: %s", vdr_err_code(look.err), look.words);
    vdr_rehearsal_free(&rehearsal);
}

static void
check_report(const place *p)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    vdr_log_stats stats;
    vdr_log_stats_get(p->log, &stats);
    vdr_survey_job job = {.kind = VDR_SURVEY_TALLY, .end = stats.next - 1, .now = VDR_MS_NONE};
    vdr_survey *survey = vdr_survey_new(p->log, vdr_engine_fd(p->engine));
    assert_true(vdr_survey_begin(survey, &job));
    bool done = false;
    for (unsigned i = 0; i < 60000 && !(done = vdr_survey_collect(survey, &job)); i++)
        (void)nanosleep(&pause, NULL);
    assert_true(done);
    assert_int_equal(job.result, VDR_OK);
    vdr_survey_free(&survey);
}

/* Why is it there, at the end of the log: what was erased in is not stepped from record 1. */
static void
check_past(const place *p, bool gone)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const vdr_wire_read read = {.request = 1, .household = {1}};
    vdr_past_answer answer = {0};
    vdr_past *past = vdr_past_new(p->log, vdr_engine_fd(p->engine));
    assert_int_equal(vdr_past_ask(past, 1, &read, UINT64_MAX), VDR_OK);
    bool told = false;
    for (unsigned i = 0; i < 60000 && !(told = vdr_past_collect(past, &answer)); i++)
        (void)nanosleep(&pause, NULL);
    assert_true(told);
    assert_int_equal(answer.answer.error, gone ? VDR_E_NOT_FOUND : VDR_OK);
    assert_true(!gone || answer.answer.text.len != 0);
    vdr_past_let_go(past);
    vdr_past_free(&past);
}

static void
see_finding(void *context, const vdr_finding *finding)
{
    (void)context;
    if (finding->result == VDR_FINDING_BAD)
        fail_msg("%s: %s", finding->check, finding->text);
}

static void
check_all_that_folds(place *p)
{
    bool gone = vdr_log_keys_from(p->log) > 1;
    check_histories(p, gone);
    check_backtest(p);
    check_report(p);
    check_past(p, gone);
}

/* Stopped after every turn of a run, and started again: nothing is lost, and in the end all is gone. */
static void
a_run_that_is_stopped_anywhere_is_gone_through_again(void **state)
{
    (void)state;
    const vdr_store_keys keys = {.key = tenant_key};
    unsigned stopped[16] = {0}, turns = 0;
    for (bool over = false; !over; turns++) {
        place *p = place_new();
        open_place(p);
        story s = tell(p);
        erase(p, &s);
        move_ms(p, 2000);
        for (unsigned i = 0; i < turns; i++)
            turn(p);
        vdr_engine_erasure seen;
        vdr_engine_erasure_get(p->engine, &seen);
        over = seen.runs == 1;
        for (size_t i = 0; i < 8; i++) {
            static const char *const steps[8] = {"idle", "note",   "turn",  "checkpoint",
                                                 "sift", "finish", "prove", ""};
            stopped[i] += strcmp(seen.step, steps[i]) == 0;
        }
        vdr_position stepped = vdr_core_position(vdr_engine_core(p->engine));
        uint64_t hash = vdr_engine_state_hash(p->engine);
        check_all_that_folds(p);
        close_place(p);
        assert_true(vdr_checkup(p->dir, &keys, true, see_finding, NULL));
        open_place(p);
        check_all_that_folds(p); /* before anything completes the run */
        if (vdr_core_position(vdr_engine_core(p->engine)) == stepped)
            assert_true(vdr_engine_state_hash(p->engine) == hash);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(read_record(p->log, s.b[i]), VDR_OK);
        vdr_engine_erasure_get(p->engine, &seen);
        if (seen.runs == 0 || seen.waiting != 0)
            run_to_the_end(p);
        check_erased(p, &s);
        vdr_engine_erasure_get(p->engine, &seen); /* 3: stopped between the end of the key and its proof */
        assert_true(seen.generation == 2 || seen.generation == 3);
        check_proofs(p->escrow, &s, seen.generation);
        place_free(p);
    }
    for (size_t i = 0; i < 7; i++)
        if (stopped[i] == 0 && i != 5)
            fail_msg("never stopped at step %zu", i);
    print_message("stopped after each of %u turns\n", turns);
}

typedef struct proved_gone {
    vdr_position position;
    bool left, proved; /* a run ended after it left */
} proved_gone;

static void
see_if_proved(void *context, const vdr_proof_entry *entry)
{
    proved_gone *seen = context;
    seen->left = seen->left || (entry->line == VDR_PROOF_LEFT && entry->left.kind == VDR_LEFT_SIGNAL &&
                                entry->left.number == seen->position);
    seen->proved = seen->proved || (entry->line == VDR_PROOF_RUN && seen->left);
}

/* What came after the turn of the key, and left before the run was gone through, stands under the key that stays: the run that
 * is taken up again takes nothing of it away, and may not prove it. */
static void
what_left_since_a_turn_that_was_stopped_is_gone_when_it_is_proved(void **state)
{
    (void)state;
    unsigned tried = 0, turns = 0;
    for (bool over = false; !over; turns++) {
        place *p = place_new();
        open_place(p);
        story s = tell(p);
        erase(p, &s);
        move_ms(p, 2000);
        for (unsigned i = 0; i < turns; i++)
            turn(p);
        vdr_position later = submit(p, "c-1", "urn:a:woonstad", "nl.t.overlast.v1", C);
        (void)submit(p, "e-2", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.erased.v1",
                     "\"household\":\"H3\"");
        vdr_engine_erasure seen;
        vdr_engine_erasure_get(p->engine, &seen);
        vdr_vault_status status;
        vdr_vault_status_get(p->vault, &status);
        over = seen.runs != 0;
        tried += status.turning;
        close_place(p);
        open_place(p);
        if (status.turning) {
            proved_gone gone = {.position = later};
            run_to_the_end(p);
            check_erased(p, &s);
            assert_int_equal(vdr_proofs_walk(p->escrow, see_if_proved, &gone), VDR_OK);
            assert_true(gone.proved);
            if (read_record(p->log, later) != VDR_E_ERASED)
                fail_msg("stopped after %u turns: record %llu is proved gone, and can be opened", turns,
                         (unsigned long long)later);
        }
        place_free(p);
    }
    assert_true(tried >= 3);
    print_message("stopped in %u of %u turns\n", tried, turns);
}

/* The store is lost while a run is on; the backup is of before the erasure. */
static void
a_restored_store_erases_again_before_it_serves(void **state)
{
    (void)state;
    place *p = place_new();
    open_place(p);
    story s = tell(p);
    place *copy = backup_of(p);
    erase(p, &s);
    move_ms(p, 2000);
    vdr_engine_erasure seen;
    do {
        turn(p);
        vdr_engine_erasure_get(p->engine, &seen);
    } while (strcmp(seen.step, "idle") == 0 || strcmp(seen.step, "note") == 0);
    place_wrap(copy, p);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_NAME);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_LAST);
    place_free(p);

    open_place(copy);
    vdr_at at;
    vdr_household_view household;
    assert_false(vdr_view_household(vdr_engine_core(copy->engine), (vdr_household_id){2}, &at, &household));
    assert_true(vdr_view_household(vdr_engine_core(copy->engine), (vdr_household_id){1}, &at, &household));
    assert_non_null(strstr(copy->notices, "left again"));
    run_to_the_end(copy);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(read_record(copy->log, s.a[i]), VDR_E_ERASED);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(read_record(copy->log, s.b[i]), VDR_OK);
    /* Once is enough: what the new time numbers as the old one did is not touched. */
    uint64_t hash = vdr_engine_state_hash(copy->engine);
    copy->notices[0] = '\0';
    close_place(copy);
    open_place(copy);
    assert_null(strstr(copy->notices, "left again"));
    assert_true(vdr_engine_state_hash(copy->engine) == hash);
    place_free(copy);
}

/* One person was erased since the backup: who is left is whom other signals name. */
static void
a_person_erased_since_the_backup_does_not_come_back_with_it(void **state)
{
    (void)state;
    char bsn[10], alone[64], both[128];
    vdr_at at;
    vdr_household_view household;
    vdr_engine_erasure seen;
    place *p = place_new();
    open_place(p);
    bsn_of(77, bsn);
    (void)snprintf(alone, sizeof alone, "\"persons\":[{\"bsn\":\"%s\"}]", bsn);
    (void)snprintf(both, sizeof both, "\"persons\":[{\"bsn\":\"999990019\"},{\"bsn\":\"%s\"}]", bsn);
    vdr_position stays = submit(p, "b-1", "urn:a:school", "nl.t.verzuim.v1", B);
    vdr_position shared = submit(p, "b-2", "urn:a:school", "nl.t.verzuim.v1", both);
    vdr_position own = submit(p, "b-3", "urn:a:school", "nl.t.verzuim.v1", alone);
    place *copy = backup_of(p);
    assert_true(vdr_view_household(vdr_engine_core(p->engine), (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.person_count, 2);
    (void)snprintf(alone, sizeof alone, "\"household\":\"H1\",\"bsn\":\"%s\"", bsn);
    (void)submit(p, "e-1", "urn:voordeur:privacy_officer:p-els", "nl.voordeur.person_erased.v1", alone);
    assert_true(vdr_view_household(vdr_engine_core(p->engine), (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.person_count, 1);
    move_ms(p, 2000);
    do {
        turn(p);
        vdr_engine_erasure_get(p->engine, &seen);
    } while (strcmp(seen.step, "idle") == 0 || strcmp(seen.step, "note") == 0);
    place_wrap(copy, p);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_NAME);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_LAST);
    place_free(p);

    open_place(copy);
    assert_non_null(strstr(copy->notices, "left again"));
    assert_true(vdr_view_household(vdr_engine_core(copy->engine), (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.person_count, 1);
    assert_int_equal(household.signal_count, 1);
    run_to_the_end(copy);
    assert_int_equal(read_record(copy->log, stays), VDR_OK);
    assert_int_equal(read_record(copy->log, shared), VDR_E_ERASED);
    assert_int_equal(read_record(copy->log, own), VDR_E_ERASED);
    /* The one who was erased is a stranger to it. */
    (void)snprintf(alone, sizeof alone, "\"persons\":[{\"bsn\":\"%s\"}]", bsn);
    (void)submit(copy, "n-1", "urn:a:school", "nl.t.verzuim.v1", alone);
    assert_true(vdr_view_household(vdr_engine_core(copy->engine), (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.signal_count, 1);
    assert_null(vdr_core_check(vdr_engine_core(copy->engine)));
    place_free(copy);
}

/* ---- keys of parties ---- */

static void
give_key(place *p, uint8_t first, int64_t term_ms)
{
    uint8_t key[VDR_PUBLIC_KEY_BYTES] = {first, 1};
    char words[VDR_ENGINE_WORDS_BYTES];
    const vdr_engine_by by = {
        .operator_id = vdr_span_str("kees"), .reason = vdr_span_str("new"), .alone = true};
    const vdr_engine_key_wish wish = {.kind = VDR_PARTY_AGENCY,
                                      .id = vdr_span_str("school"),
                                      .public_key = vdr_span_of(key, sizeof key),
                                      .until = vdr_core_now(vdr_engine_core(p->engine)) + term_ms};
    if (vdr_engine_key(p->engine, (vdr_ticket){1, ++p->seq}, &wish, &by, words) != VDR_OK)
        fail_msg("%s", words);
}

static void
revoke_key(place *p, uint8_t first, const char *party)
{
    uint8_t key[VDR_PUBLIC_KEY_BYTES] = {first, 1};
    char words[VDR_ENGINE_WORDS_BYTES];
    const vdr_engine_by by = {.operator_id = vdr_span_str("kees"), .reason = vdr_span_str("lost")};
    const vdr_engine_key_wish wish = {.kind = VDR_PARTY_AGENCY,
                                      .id = vdr_span_str(party),
                                      .public_key = vdr_span_of(key, sizeof key),
                                      .until = VDR_MS_NONE};
    if (vdr_engine_key_revoke(p->engine, (vdr_ticket){1, ++p->seq}, &wish, &by, words) != VDR_OK)
        fail_msg("%s", words);
}

/* A key of an operator that another one must approve. */
static void
propose_key(place *p, uint8_t first)
{
    uint8_t key[VDR_PUBLIC_KEY_BYTES] = {first, 1};
    char words[VDR_ENGINE_WORDS_BYTES];
    const vdr_engine_by by = {.operator_id = vdr_span_str("kees"), .reason = vdr_span_str("new")};
    const vdr_engine_key_wish wish = {.kind = VDR_PARTY_OPERATOR,
                                      .id = vdr_span_str("mia"),
                                      .public_key = vdr_span_of(key, sizeof key),
                                      .until = vdr_core_now(vdr_engine_core(p->engine)) + 30 * VDR_DAY_MS};
    if (vdr_engine_key(p->engine, (vdr_ticket){1, ++p->seq}, &wish, &by, words) != VDR_OK)
        fail_msg("%s", words);
}

static void
approve_and_revoke(place *p, uint8_t first)
{
    uint8_t key[VDR_PUBLIC_KEY_BYTES] = {first, 1};
    char words[VDR_ENGINE_WORDS_BYTES];
    const vdr_engine_by by = {.operator_id = vdr_span_str("mia"), .reason = vdr_span_str("seen")};
    const vdr_engine_key_wish wish = {.kind = VDR_PARTY_OPERATOR,
                                      .id = vdr_span_str("mia"),
                                      .public_key = vdr_span_of(key, sizeof key),
                                      .until = VDR_MS_NONE};
    if (vdr_engine_decide(p->engine, (vdr_ticket){1, ++p->seq}, VDR_DECIDE_APPROVE, 1, &by, words) !=
            VDR_OK ||
        vdr_engine_key_revoke(p->engine, (vdr_ticket){1, ++p->seq}, &wish, &by, words) != VDR_OK)
        fail_msg("%s", words);
}

/* 0: the log does not know it. */
static vdr_party_key_state
state_of_key(place *p, uint8_t first)
{
    uint8_t key[VDR_PUBLIC_KEY_BYTES] = {first, 1};
    vdr_party_key_view view = {0};
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 16);
    uint64_t number = vdr_key_find(vdr_engine_core(p->engine), key);
    if (number != 0)
        assert_true(vdr_key_view(vdr_engine_core(p->engine), number, &arena, &view));
    vdr_arena_done(&arena);
    return view.state;
}

static void
count_ended(void *context, const vdr_proof_entry *entry)
{
    *(unsigned *)context += entry->line == VDR_PROOF_ENDED;
}

static unsigned
ended_in(const char *folder)
{
    unsigned count = 0;
    assert_int_equal(vdr_proofs_walk(folder, count_ended, &count), VDR_OK);
    return count;
}

/* One that the log gave, one of node.yaml, one whose term was over, and one that was only proposed then. */
static void
a_key_that_ended_since_the_backup_does_not_come_back_with_it(void **state)
{
    (void)state;
    place *p = place_new();
    open_place(p);
    (void)tell(p);
    give_key(p, 1, 30 * VDR_DAY_MS);
    propose_key(p, 4);
    turn(p);
    place *copy = backup_of(p);
    assert_int_equal(ended_in(p->escrow), 0);
    revoke_key(p, 1, "school");
    revoke_key(p, 2, "politie");
    approve_and_revoke(p, 4);
    give_key(p, 3, 3600 * 1000);
    move_ms(p, 2 * 3600 * 1000);
    for (unsigned i = 0; ended_in(p->escrow) < 4; i++) {
        assert_true(i < 200);
        turn(p);
    }
    assert_int_equal(ended_in(p->dir), 4);
    for (unsigned i = 0; i < 20; i++) /* each is told once */
        turn(p);
    close_place(p);
    open_place(p);
    for (unsigned i = 0; i < 20; i++)
        turn(p);
    assert_int_equal(ended_in(p->escrow), 4);
    place_wrap(copy, p);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_NAME);
    copy_file(p->escrow, copy->escrow, VDR_PROOFS_LAST);
    place_free(p);

    open_place(copy);
    assert_non_null(strstr(copy->notices, "4 that ended since"));
    for (uint8_t key = 1; key <= 4; key++)
        assert_int_equal(state_of_key(copy, key), VDR_PARTY_KEY_REVOKED);
    assert_int_equal(vdr_control_open(vdr_engine_core(copy->engine)), 0);
    for (unsigned i = 0; i < 20; i++)
        turn(copy);
    assert_int_equal(ended_in(copy->dir), 4); /* taken over, and nothing is said twice */
    assert_int_equal(ended_in(copy->escrow), 4);
    uint64_t hash = vdr_engine_state_hash(copy->engine);
    copy->notices[0] = '\0';
    close_place(copy);
    open_place(copy);
    assert_null(strstr(copy->notices, "ended since"));
    assert_true(vdr_engine_state_hash(copy->engine) == hash);
    place_free(copy);
}

/* Terms alone: a run waits for its schedule, and is not begun for nothing. */
static void
what_leaves_by_its_term_waits_for_the_schedule(void **state)
{
    (void)state;
    place *p = place_new();
    open_place(p);
    vdr_position gone = submit(p, "b-1", "urn:a:woonstad", "nl.t.overlast.v1", B);
    vdr_position stays = submit(p, "a-1", "urn:a:school", "nl.t.verzuim.v1", A);
    vdr_engine_erasure seen;
    for (int day = 0; day < 30; day++) {
        move_ms(p, VDR_DAY_MS);
        turn(p);
    }
    turn(p);
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.waiting, 2); /* the signal, and its household */
    assert_int_equal(seen.runs, 0);
    assert_true(is_idle(p));
    assert_int_equal(read_record(p->log, gone), VDR_OK);
    assert_true(seen.next > p->clock.wall + 6 * VDR_DAY_MS && seen.next <= p->clock.wall + 7 * VDR_DAY_MS);
    move_ms(p, 7 * VDR_DAY_MS);
    run_to_the_end(p);
    assert_int_equal(read_record(p->log, gone), VDR_E_ERASED);
    assert_int_equal(read_record(p->log, stays), VDR_OK);
    vdr_engine_erasure_get(p->engine, &seen);
    assert_int_equal(seen.next, VDR_MS_NONE);
    assert_int_equal(vdr_engine_wait_ms(p->engine) >= 0, true);
    place_free(p);
}

/* A turn that carries over no key: what is kept stands beside none. */
static void
turn_with(place *p, const vdr_kept *kept)
{
    vdr_vault_table *table = NULL;
    vdr_bytes bytes = {0};
    assert_int_equal(vdr_vault_turn_begin(p->vault), VDR_OK);
    assert_int_equal(vdr_vault_table_begin(p->vault, &table), VDR_OK);
    vdr_kept_seal(kept, p->vault, &bytes);
    assert_int_equal(vdr_vault_table_beside(table, vdr_bytes_span(&bytes)), VDR_OK);
    assert_int_equal(vdr_vault_turn_finish(p->vault, &table), VDR_OK);
    vdr_bytes_done(&bytes);
}

static void
kept_messages_survive_their_file_and_no_changed_byte(void **state)
{
    (void)state;
    place *p = place_new();
    const vdr_vault_options keys = {.key = tenant_key, .create = true};
    assert_int_equal(vdr_vault_open(p->dir, &keys, &p->vault, NULL), VDR_OK);
    vdr_kept *kept = NULL, *again = NULL;
    assert_int_equal(vdr_kept_open(vdr_vault_beside(p->vault), p->vault, &kept), VDR_OK);
    assert_int_equal(vdr_kept_count(kept), 0);
    static uint8_t long_one[30000];
    for (uint64_t i = 0; i < 10; i++)
        vdr_kept_add(kept, 100 - i * 7 % 10, (uint32_t)i, vdr_span_of(long_one, 2 + i * 3000));
    turn_with(p, kept);
    vdr_vault_close(&p->vault);
    assert_int_equal(vdr_vault_open(p->dir, &keys, &p->vault, NULL), VDR_OK);
    assert_int_equal(vdr_kept_open(vdr_vault_beside(p->vault), p->vault, &again), VDR_OK);
    assert_int_equal(vdr_kept_count(again), 10);
    for (uint64_t i = 0; i < 10; i++) {
        vdr_span effect;
        assert_true(vdr_kept_find(again, 100 - i * 7 % 10, (uint32_t)i, &effect));
        assert_int_equal(effect.len, 2 + i * 3000);
        assert_false(vdr_kept_find(again, 100 - i * 7 % 10, (uint32_t)i + 1, &effect));
    }
    vdr_kept_free(&again);
    vdr_vault_close(&p->vault);
    char path[128];
    put_path(p, "keys/table", path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (long at = 0; at < st.st_size; at += at < 200 ? 1 : 997) {
        int byte;
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_true((byte = fgetc(file)) >= 0);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_true(fputc(byte ^ 4, file) >= 0 && fflush(file) == 0);
        vdr_err err = vdr_vault_open(p->dir, &keys, &p->vault, NULL);
        if (err != VDR_E_STORE_CORRUPT || vdr_vault_check(p->dir, NULL) != VDR_E_STORE_CORRUPT)
            fail_msg("byte %ld changed, and nobody says so", at);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_true(fputc(byte, file) >= 0 && fflush(file) == 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(vdr_vault_open(p->dir, &keys, &p->vault, NULL), VDR_OK);
    vdr_kept_free(&kept);
    kept = vdr_kept_new();
    turn_with(p, kept);
    assert_int_equal(vdr_vault_beside(p->vault).len, 0);
    vdr_kept_free(&kept);
    place_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_messages_survive_their_file_and_no_changed_byte),
        cmocka_unit_test(what_was_erased_cannot_be_opened_here_or_in_a_copy),
        cmocka_unit_test(what_is_needed_is_known_though_the_pseudonym_key_changed),
        cmocka_unit_test(what_leaves_by_its_term_waits_for_the_schedule),
        cmocka_unit_test(a_restored_store_erases_again_before_it_serves),
        cmocka_unit_test(a_person_erased_since_the_backup_does_not_come_back_with_it),
        cmocka_unit_test(a_key_that_ended_since_the_backup_does_not_come_back_with_it),
        cmocka_unit_test(threads_of_their_own_change_nothing),
        cmocka_unit_test(a_run_that_is_stopped_anywhere_is_gone_through_again),
        cmocka_unit_test(what_left_since_a_turn_that_was_stopped_is_gone_when_it_is_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
