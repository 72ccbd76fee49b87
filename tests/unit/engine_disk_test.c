/* Goal: the same on real files: a broker that stops and starts, a backup made under load that opens elsewhere
 * with the state that the original had at that position, and restores that refuse what they should. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "engine_fixture.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int
make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/vdr-engine-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int
drop_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *
path_of(const char *name)
{
    static char path[4][160];
    static unsigned turn;
    char *at = path[turn++ % 4];
    (void)snprintf(at, sizeof path[0], "%s/%s", root, name);
    return at;
}

static void
start_on(world *w, const char *dir)
{
    char words[256];
    vdr_log_options options = {.create = true};
    if (vdr_log_open_lmdb(dir, &options, &w->log, words) != VDR_OK ||
        vdr_checkpoint_open_lmdb(dir, NULL, true, &w->checkpoint, words) != VDR_OK)
        fail_msg("%s: %s", dir, words);
    vdr_clock_init(&w->clock, w->clock_kind);
    vdr_config_texts texts = texts_of(town_text, catalogue_text, rules_text);
    vdr_engine_options engine_options = world_options(w, &texts);
    if (vdr_engine_open(&engine_options, &w->engine, w->words) != VDR_OK)
        fail_msg("%s: %s", dir, w->words);
}

static void
end(world *w, bool clean)
{
    if (clean)
        assert_int_equal(vdr_engine_stop(w->engine, true), VDR_OK);
    vdr_engine_close(&w->engine);
    world_store_close(w);
}

static uint64_t
hash_of(const char *dir, vdr_position *ret_position)
{
    world *w = world_new(VDR_CLOCK_EVENT, false);
    start_on(w, dir);
    vdr_engine_status status;
    vdr_engine_status_get(w->engine, &status);
    *ret_position = status.stepped;
    uint64_t hash = vdr_engine_state_hash(w->engine);
    assert_null(vdr_engine_check(w->engine));
    end(w, false);
    world_free(w);
    return hash;
}

static void
a_start_finds_what_was_confirmed(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, true);
    w->checkpoint_records = 300;
    uint64_t hash = 0;
    for (unsigned round = 0; round < 6; round++) {
        start_on(w, path_of("store"));
        if (round != 0)
            assert_int_equal(vdr_engine_state_hash(w->engine), hash);
        submit_events(w, round * 500, round * 500 + 500);
        assert_true(world_settle(w));
        hash = vdr_engine_state_hash(w->engine);
        end(w, round % 2 == 0);
    }
    assert_int_equal(w->result_count, 3000);
    world_free(w);
}

static void
a_backup_under_load_opens_elsewhere(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, true);
    start_on(w, path_of("busy"));
    submit_events(w, 0, 1000);
    assert_true(world_settle(w));
    assert_int_equal(vdr_engine_backup(w->engine, (vdr_ticket){.seq = 77}, path_of("busy")),
                     VDR_E_STORE_BUSY);
    assert_int_equal(vdr_engine_backup(w->engine, (vdr_ticket){.seq = 77}, path_of("no/such")),
                     VDR_E_NOT_FOUND);
    assert_int_equal(vdr_engine_backup(w->engine, (vdr_ticket){.seq = 77}, path_of("copy")), VDR_OK);
    vdr_job job;
    unsigned n = 1000;
    while (!vdr_engine_collect_job(w->engine, &job)) {
        for (unsigned i = 0; i < 5 && vdr_engine_room(w->engine) != 0 && n < 20000; i++)
            assert_int_equal(submit_event(w, n++), VDR_OK);
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        world_collect(w);
    }
    assert_true(world_settle(w));
    if (job.result != VDR_OK)
        fail_msg("backup: %s", job.words);
    assert_int_equal(job.ticket.seq, 77);
    assert_true(job.position >= 1000 * 16 / 17);
    end(w, true);

    char words[VDR_ENGINE_WORDS_BYTES] = "";
    vdr_position opened = 0, whole = 0;
    vdr_restored checked = {0}, restored = {0};
    if (vdr_restore_check(path_of("copy"), NULL, &checked, words) != VDR_OK)
        fail_msg("check: %s", words);
    assert_int_equal(checked.position, job.position);
    if (vdr_restore(path_of("copy"), path_of("again"), NULL, &restored, words) != VDR_OK)
        fail_msg("restore: %s", words);
    assert_int_equal(restored.position, job.position);
    assert_true(restored.opened);
    uint64_t hash = hash_of(path_of("again"), &opened);
    assert_int_equal(opened, job.position);

    /* The original, stepped to that position from its own log. */
    world *other = world_new(VDR_CLOCK_EVENT, false);
    vdr_log_options options = {.create = false};
    vdr_log *log;
    vdr_log_reader *reader;
    assert_int_equal(vdr_log_open_lmdb(path_of("busy"), &options, &log, NULL), VDR_OK);
    assert_int_equal(vdr_log_reader_open(log, &reader), VDR_OK);
    world_store_open(other);
    for (vdr_position p = 1; p <= job.position; p++) {
        vdr_log_record record;
        vdr_log_mail mails[512];
        size_t mail_count = 0;
        assert_int_equal(vdr_log_read(reader, p, &record), VDR_OK);
        uint32_t offset = 0;
        vdr_effect effect;
        while (vdr_effect_next(record.tale, &offset, &effect) == VDR_OK) {
            if (effect.kind == VDR_EFFECT_MESSAGE)
                mails[mail_count++] = (vdr_log_mail){
                    .mailbox = effect.mailbox, .offset = effect.offset, .seq = effect.seq, .position = p};
        }
        assert_int_equal(vdr_log_append(other->log, 1, p, &record, 1, mails, mail_count), VDR_OK);
    }
    vdr_log_reader_close(&reader);
    vdr_log_close(&log);
    world_store_close(other);
    world_start(other);
    assert_int_equal(vdr_engine_state_hash(other->engine), hash);
    world_free(other);

    /* The original goes on where it was, and the copy too. */
    (void)hash_of(path_of("busy"), &whole);
    assert_true(whole >= opened);
    assert_int_equal(vdr_restore(path_of("copy"), path_of("again"), NULL, &restored, words),
                     VDR_E_STORE_BUSY);
    world_free(w);
}

/* Inverts one bit of the file where the text stands. */
static void
rot(const char *path, const char *text)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    size_t matched = 0;
    while (text[matched] != '\0') {
        int c = fgetc(file);
        assert_true(c != EOF);
        matched = c == text[matched] ? matched + 1 : c == text[0] ? 1 : 0;
    }
    assert_int_equal(fseek(file, -2, SEEK_CUR), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    assert_true(fputc(byte ^ 1, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void
a_restore_refuses_what_is_in_use_not_empty_or_broken(void **state)
{
    (void)state;
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    vdr_restored restored = {0};
    world *w = world_new(VDR_CLOCK_EVENT, false);
    start_on(w, path_of("running"));
    submit_events(w, 0, 200);
    assert_true(world_settle(w));
    vdr_job job;
    assert_int_equal(vdr_engine_backup(w->engine, (vdr_ticket){0}, path_of("good")), VDR_OK);
    while (!vdr_engine_collect_job(w->engine, &job))
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
    assert_int_equal(job.result, VDR_OK);
    assert_int_equal(vdr_restore(path_of("good"), path_of("running"), NULL, &restored, words),
                     VDR_E_STORE_BUSY);
    assert_int_equal(vdr_restore(path_of("good"), path_of("no/such"), NULL, &restored, words),
                     VDR_E_NOT_FOUND);
    assert_true(vdr_restore(path_of("nothing"), path_of("new"), NULL, &restored, words) != VDR_OK);
    assert_int_not_equal(access(path_of("new"), F_OK), 0);

    rot(path_of("good/log/data.mdb"), "\"s-100\"");
    assert_int_equal(vdr_restore(path_of("good"), path_of("new"), NULL, &restored, words),
                     VDR_E_STORE_CORRUPT);
    assert_true(strlen(words) > 0);
    assert_int_not_equal(access(path_of("new"), F_OK), 0);
    end(w, true);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_finds_what_was_confirmed, make_root, drop_root),
        cmocka_unit_test_setup_teardown(a_backup_under_load_opens_elsewhere, make_root, drop_root),
        cmocka_unit_test_setup_teardown(a_restore_refuses_what_is_in_use_not_empty_or_broken, make_root,
                                        drop_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
