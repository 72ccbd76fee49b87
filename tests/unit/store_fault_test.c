/* Goal: a disk that fails, fills up or is taken away gives an exact answer, and nothing that was reported as
 * appended is lost or doubled. */
#include "store_bed.h"

#include "store/bytes.h"
#include "store/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void
a_failed_commit_ends_appending_until_a_new_opening(void **state)
{
    bed *b = *state;
    static const struct {
        const char *name;
        vdr_memory_fault fault;
        vdr_err err, then; /* of the failing append, and of the next */
        size_t kept;       /* records of the failing group after opening anew */
        bool crash;
    } rows[] = {
        {"full", VDR_MEMORY_FULL, VDR_E_STORE_FULL, VDR_OK, 0, false},
        {"lost", VDR_MEMORY_LOST, VDR_E_STORE_FAILED, VDR_E_STORE_FAILED, 0, false},
        {"kept", VDR_MEMORY_KEPT, VDR_E_STORE_FAILED, VDR_E_STORE_FAILED, 5, false},
        {"lost in a crash", VDR_MEMORY_LOST, VDR_E_STORE_FAILED, VDR_E_STORE_FAILED, 0, true},
        {"kept in a crash", VDR_MEMORY_KEPT, VDR_E_STORE_FAILED, VDR_E_STORE_FAILED, 5, true},
    };
    size_t removed;
    bed_open(b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_log_stats stats;
        vdr_position next = b->next;
        vdr_memory_fault_set(b->memory, VDR_MEMORY_LOG, 2, rows[i].fault);
        bed_append(b, 3);
        bed_append(b, 3);
        vdr_err err = bed_try_append(b, 5);
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
        bed_check(b, 1, next + 6); /* readers go on and see nothing of it */
        err = bed_try_append(b, 1);
        if (err != rows[i].then)
            fail_msg("%s, then: %s", rows[i].name, vdr_err_code(err));
        if (rows[i].then == VDR_E_STORE_FAILED) {
            assert_int_equal(vdr_log_cut(b->log, 2, 1, &removed), VDR_E_STORE_FAILED);
            assert_int_equal(vdr_log_forget_mail(b->log, 1, 1, 1, &removed), VDR_E_STORE_FAILED);
            assert_true(strlen(vdr_log_reason(b->log)) > 0);
            if (rows[i].crash)
                vdr_memory_crash(b->memory);
            bed_reopen(b);
            b->next += rows[i].kept;
        }
        vdr_log_stats_get(b->log, &stats);
        assert_int_equal(stats.next, b->next);
        assert_int_equal(vdr_memory_end(b->memory), b->next);
        bed_check(b, 1, b->next);
        bed_verify(b);
    }
}

static void
a_failed_cut_is_done_or_not(void **state)
{
    bed *b = *state;
    static const struct {
        vdr_memory_fault fault;
        vdr_position first;
    } rows[] = {{VDR_MEMORY_LOST, 1}, {VDR_MEMORY_KEPT, 6}, {VDR_MEMORY_FULL, 6}};
    size_t removed = 77;
    bed_open(b);
    for (int i = 0; i < 4; i++)
        bed_append(b, 5);
    for (size_t i = 0; i < 3; i++) {
        vdr_log_stats stats;
        vdr_memory_fault_set(b->memory, VDR_MEMORY_LOG, 0, rows[i].fault);
        vdr_err err = vdr_log_cut(b->log, rows[i].first + 5, 5, &removed);
        assert_int_equal(err, rows[i].fault == VDR_MEMORY_FULL ? VDR_E_STORE_FULL : VDR_E_STORE_FAILED);
        assert_int_equal(removed, 77);
        bed_reopen(b);
        vdr_log_stats_get(b->log, &stats);
        assert_int_equal(stats.first, rows[i].first);
        bed_check(b, rows[i].first, 21);
        bed_verify(b);
    }
}

static void
a_crash_ends_every_handle(void **state)
{
    bed *b = *state;
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_log_mail mail;
    size_t count;
    bed_open(b);
    bed_append(b, 3);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    vdr_memory_crash(b->memory);
    assert_int_equal(bed_try_append(b, 1), VDR_E_STORE_FAILED);
    assert_int_equal(vdr_log_read(reader, 1, &record), VDR_E_STORE_FAILED);
    assert_int_equal(vdr_log_read_mail(reader, 1, 1, &mail, 1, &count), VDR_E_STORE_FAILED);
    assert_int_equal(vdr_log_reader_refresh(reader), VDR_E_STORE_FAILED);
    vdr_log_reader_close(&reader);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_E_STORE_FAILED);
    bed_reopen(b);
    bed_check(b, 1, 4);
}

static void
write_checkpoint(bed *b, vdr_position position)
{
    vdr_checkpoint_manifest manifest = {.position = position, .blocks = 1, .head = vdr_span_str("head")};
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    assert_int_equal(vdr_checkpoint_put(b->checkpoint, (vdr_block_id){1, 1}, vdr_span_of(&position, 8)),
                     VDR_OK);
    assert_int_equal(vdr_checkpoint_commit(b->checkpoint, &manifest), VDR_OK);
}

static void
append_mail(bed *b, uint64_t seq)
{
    vdr_log_record record = {.routing = vdr_span_str("routing"), .tale = vdr_span_str("tale")};
    vdr_log_mail mail = {.mailbox = 1, .seq = seq, .position = b->next};
    assert_int_equal(vdr_log_append(b->log, 1, b->next++, &record, 1, &mail, 1), VDR_OK);
}

static size_t
mails_from(bed *b, uint64_t seq)
{
    vdr_log_reader *reader;
    vdr_log_mail mails[8];
    size_t count = 0;
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read_mail(reader, 1, seq, mails, 8, &count), VDR_OK);
    vdr_log_reader_close(&reader);
    return count;
}

/* A disk that lies loses at a crash what it said was there; one that was told to write it down does not. */
static void
what_a_lying_disk_said_is_gone_after_a_crash(void **state)
{
    bed *b = *state;
    static const struct {
        bool write_down, state_too;
        vdr_position first, next, checkpoint;
        size_t mails;
    } rows[] = {{true, true, 6, 22, 12, 1}, {false, false, 1, 13, 12, 2}, {false, true, 1, 13, 10, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_checkpoint_manifest manifest;
        vdr_log_stats stats;
        size_t removed;
        if (i > 0) {
            vdr_memory_free(&b->memory);
            b->memory = vdr_memory_new();
        }
        b->next = 1;
        bed_open(b);
        bed_open_checkpoint(b);
        bed_append(b, 5);
        bed_append(b, 5);
        append_mail(b, 1);
        append_mail(b, 2);
        write_checkpoint(b, 10);
        vdr_memory_lie(b->memory, true, rows[i].state_too);
        bed_append(b, 8);
        append_mail(b, 3);
        write_checkpoint(b, 12);
        assert_int_equal(vdr_log_cut(b->log, 6, 10, &removed), VDR_OK);
        assert_int_equal(vdr_log_forget_mail(b->log, 1, 2, 10, &removed), VDR_OK);
        if (rows[i].write_down)
            vdr_memory_lie(b->memory, false, false);
        vdr_memory_crash(b->memory);
        bed_reopen(b);
        bed_open_checkpoint(b);
        vdr_log_stats_get(b->log, &stats);
        assert_int_equal(stats.first, rows[i].first);
        assert_int_equal(stats.next, rows[i].next);
        assert_int_equal(mails_from(b, 1), rows[i].mails);
        assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_OK);
        assert_int_equal(manifest.position, rows[i].checkpoint);
        b->next = stats.next;
        bed_verify(b);
        bed_append(b, 3);
        vdr_checkpoint_close(&b->checkpoint);
        vdr_log_close(&b->log);
    }
}

static void
beyond_its_limit_the_log_is_full_and_keeps_a_reserve(void **state)
{
    bed *b = *state;
    vdr_log_stats stats;
    size_t removed, in_reserve = 0;
    b->options.limit_bytes = 200000;
    b->options.reserve_bytes = 50000;
    bed_open(b);
    for (;;) {
        vdr_log_stats_get(b->log, &stats);
        if (stats.full)
            break;
        assert_true(stats.used_bytes < 200000);
        bed_append(b, 10);
    }
    while (bed_try_append(b, 10) == VDR_OK)
        in_reserve++;
    assert_true(in_reserve > 5);
    assert_int_equal(bed_try_append(b, 1), VDR_E_STORE_FULL);
    vdr_log_stats_get(b->log, &stats);
    assert_int_equal(stats.next, b->next);
    assert_true(stats.used_bytes >= 250000 && stats.full);
    /* Cutting makes room, and then it goes on where it was. */
    while (stats.full) {
        assert_int_equal(vdr_log_cut(b->log, b->next, 100, &removed), VDR_OK);
        assert_true(removed > 0);
        vdr_log_stats_get(b->log, &stats);
    }
    bed_append(b, 10);
    bed_check(b, stats.first, b->next);
    bed_verify(b);
    bed_reopen(b);
    bed_append(b, 1);
}

static void
a_small_volume_is_full_and_usable_again(void **state)
{
    bed *b = *state;
    vdr_log_stats stats;
    size_t removed, count;
    vdr_memory_capacity_set(b->memory, 20000);
    b->options.reserve_bytes = 5000;
    bed_open(b);
    while (bed_try_append(b, 5) == VDR_OK)
        ;
    assert_int_equal(bed_try_append(b, 5), VDR_E_STORE_FULL);
    vdr_log_stats_get(b->log, &stats);
    assert_true(stats.full && stats.used_bytes <= 20000);
    bed_check(b, 1, b->next);
    assert_int_equal(vdr_log_cut(b->log, b->next, 50, &removed), VDR_OK);
    count = (size_t)(b->next - 1); /* as many as there were */
    assert_int_equal(removed, count < 50 ? count : 50);
    bed_append(b, 5);
    bed_verify(b);
}

static void
the_map_grows_when_readers_rest(void **state)
{
    bed *b = *state;
    vdr_log_reader *reader;
    vdr_log_record record;
    b->options.map_bytes = 8 << 20;
    bed_open(b);
    bed_append(b, 3);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    vdr_err err = VDR_OK;
    for (int i = 0; i < 2000 && err == VDR_OK; i++)
        err = bed_try_append(b, 60);
    assert_int_equal(err, VDR_E_STORE_FULL); /* after two seconds: nothing was written */
    assert_non_null(strstr(vdr_log_reason(b->log), "map"));
    assert_int_equal(vdr_log_read(reader, 3, &record), VDR_OK);
    vdr_log_reader_rest(reader);
    for (int i = 0; i < 700; i++)
        bed_append(b, 60);
    assert_int_equal(vdr_log_reader_refresh(reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, b->next - 1, &record), VDR_OK);
    vdr_log_reader_close(&reader);
    bed_check(b, 1, b->next);
    bed_reopen(b); /* with the small map again: LMDB keeps the larger one */
    bed_append(b, 60);
    bed_check(b, 1, b->next);
}

static void
too_many_readers_are_told_to_come_later(void **state)
{
    bed *b = *state;
    vdr_log_reader *readers[300] = {NULL};
    vdr_log_reader *none = NULL;
    size_t count = 0;
    vdr_err err = VDR_OK;
    bed_open(b);
    bed_append(b, 1);
    while (count < 300 && (err = vdr_log_reader_open(b->log, &readers[count])) == VDR_OK)
        count++;
    assert_int_equal(err, VDR_E_BUSY);
    assert_int_equal(count, 256);
    bed_append(b, 1);
    vdr_log_reader_rest(readers[0]); /* keeps its place */
    assert_int_equal(vdr_log_reader_open(b->log, &none), VDR_E_BUSY);
    assert_null(none);
    for (size_t i = 0; i < count; i++)
        vdr_log_reader_close(&readers[i]);
    bed_check(b, 1, 3);
}

static void
one_process_has_the_store(void **state)
{
    bed *b = *state;
    vdr_log *second = NULL;
    vdr_checkpoint *other = NULL;
    char words[256];
    int status;
    bed_open(b);
    bed_open_checkpoint(b);
    if (!b->lmdb) {
        assert_int_equal(vdr_log_open_memory(b->memory, &b->options, &second), VDR_E_STORE_BUSY);
        assert_int_equal(vdr_checkpoint_open_memory(b->memory, NULL, &other), VDR_E_STORE_BUSY);
        return;
    }
    assert_int_equal(vdr_log_open_lmdb(b->dir, &b->options, &second, words), VDR_E_STORE_BUSY);
    assert_string_equal(words, "log: another process holds it");
    pid_t pid = fork();
    if (pid == 0) {
        bool good = vdr_log_open_lmdb(b->dir, &b->options, &second, NULL) == VDR_E_STORE_BUSY &&
                    vdr_checkpoint_open_lmdb(b->dir, NULL, true, &other, NULL) == VDR_E_STORE_BUSY;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_null(second);
    assert_null(other);
    bed_append(b, 1);
}

static void
only_a_store_is_opened(void **state)
{
    bed *b = *state;
    char path[128], words[256];
    size_t key_len, len;
    uint8_t key[32], bytes[64];
    vdr_log *log = NULL;
    vdr_checkpoint *checkpoint = NULL;
    struct stat st;
    b->options.create = false;
    assert_int_equal(vdr_log_open_lmdb(b->dir, &b->options, &log, words), VDR_E_NOT_FOUND);
    assert_non_null(strstr(words, b->dir));
    assert_int_equal(vdr_checkpoint_open_lmdb(b->dir, NULL, false, &checkpoint, NULL), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_log_open_lmdb("/nowhere/at/all", &b->options, &log, NULL), VDR_E_NOT_FOUND);
    b->options.create = true;
    assert_int_equal(vdr_log_open_lmdb("/nowhere/at/all", &b->options, &log, words), VDR_E_IO);
    assert_true(strlen(words) > 5);

    bed_open(b);
    bed_append(b, 1);
    vdr_log_close(&b->log);
    (void)snprintf(path, sizeof path, "%s/log", b->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    (void)snprintf(path, sizeof path, "%s/log/data.mdb", b->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    /* The format of another version: a row with a right checksum and another number. */
    assert_true(bed_row(b, "log", "meta", 0, key, &key_len, bytes, sizeof bytes, &len));
    assert_int_equal(len, 12);
    bytes[8] = 2;
    vdr_put_le64(bytes, vdr_check_of(vdr_span_of(key, key_len), vdr_span_of(bytes + 8, len - 8)));
    bed_forge(b, "log", "meta", vdr_span_of(key, key_len), vdr_span_of(bytes, len));
    assert_int_equal(bed_try_open(b), VDR_E_STORE_VERSION);

    /* Not LMDB's file at all, an empty one, none. */
    int fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
    assert_int_equal(bed_try_open(b), VDR_E_STORE_CORRUPT);
    assert_int_equal(ftruncate(fd, 65536), 0);
    assert_int_equal(bed_try_open(b), VDR_E_STORE_CORRUPT);
    (void)close(fd);
    assert_int_equal(remove(path), 0);
    assert_int_equal(bed_try_open(b), VDR_E_STORE_CORRUPT);
    assert_null(log);
}

/* A child appends and tells; it is killed at some instant; all it told is there, and at most one group more. */
static void
what_was_told_is_there_after_a_kill(void **state)
{
    bed *b = *state;
    for (unsigned round = 0; round < 20; round++) {
        int pipes[2], status;
        uint64_t told = b->next - 1, word;
        assert_int_equal(pipe(pipes), 0);
        pid_t pid = fork();
        if (pid == 0) {
            (void)close(pipes[0]);
            if (bed_try_open(b) != VDR_OK)
                _exit(1);
            for (;;) {
                if (bed_try_append(b, 1 + b->next % 7) != VDR_OK)
                    _exit(2);
                word = b->next - 1;
                if (write(pipes[1], &word, sizeof word) != sizeof word)
                    _exit(3);
            }
        }
        (void)close(pipes[1]);
        for (unsigned i = 0; i < 3 + round % 5; i++) {
            assert_int_equal(read(pipes[0], &word, sizeof word), sizeof word);
            told = word;
        }
        (void)usleep(round * 97); /* somewhere in a group */
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &word, sizeof word) == sizeof word)
            told = word;
        (void)close(pipes[0]);
        vdr_log_stats stats;
        bed_open(b);
        vdr_log_stats_get(b->log, &stats);
        vdr_position group_more = told + 1 + (1 + (told + 1) % 7);
        if (stats.next != told + 1 && stats.next != group_more)
            fail_msg("told up to %llu, next is %llu", (unsigned long long)told,
                     (unsigned long long)stats.next);
        bed_check(b, 1, stats.next);
        bed_verify(b);
        b->next = stats.next;
        vdr_log_close(&b->log);
    }
}

static void
a_backup_opens_elsewhere_with_the_same_chain(void **state)
{
    bed *b = *state;
    uint8_t here[32], there[32];
    bed copy = *b;
    size_t removed;
    bed_open(b);
    for (int i = 0; i < 20; i++)
        bed_append(b, 30);
    assert_int_equal(vdr_log_cut(b->log, 200, 1000, &removed), VDR_OK);
    (void)snprintf(copy.dir, sizeof copy.dir, "%.48s/copy", b->dir);
    assert_int_equal(vdr_log_backup(b->log, copy.dir), VDR_OK);
    assert_int_equal(vdr_log_backup(b->log, copy.dir), VDR_E_IO); /* there is one already */
    vdr_position end = b->next;
    bed_append(b, 5);
    copy.options.create = false;
    bed_open(&copy);
    bed_check(&copy, removed + 1, end);
    bed_verify(&copy);
    assert_int_equal(vdr_log_chain(b->log, end, here), VDR_OK);
    assert_int_equal(vdr_log_chain(copy.log, end, there), VDR_OK);
    assert_memory_equal(here, there, 32);
    copy.next = end;
    bed_append(&copy, 5);
    assert_int_equal(vdr_log_chain(b->log, b->next, here), VDR_OK);
    assert_int_equal(vdr_log_chain(copy.log, copy.next, there), VDR_OK);
    if (b->vault == NULL)
        assert_memory_equal(here, there, 32);
    else /* the same records sealed once more are other bytes */
        assert_memory_not_equal(here, there, 32);
    vdr_log_close(&copy.log);
}

static void
the_twin_has_no_files(void **state)
{
    bed *b = *state;
    bed_open(b);
    bed_open_checkpoint(b);
    assert_int_equal(vdr_log_backup(b->log, b->dir), VDR_E_IO);
    assert_int_equal(vdr_checkpoint_backup(b->checkpoint, b->dir), VDR_E_IO);
    assert_string_equal(vdr_log_reason(b->log), "");
    assert_string_equal(vdr_checkpoint_reason(b->checkpoint), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MEMORY(a_failed_commit_ends_appending_until_a_new_opening),
        ON_MEMORY(a_failed_cut_is_done_or_not),
        ON_MEMORY(a_crash_ends_every_handle),
        ON_MEMORY(what_a_lying_disk_said_is_gone_after_a_crash),
        BOTH(beyond_its_limit_the_log_is_full_and_keeps_a_reserve),
        ON_MEMORY(a_small_volume_is_full_and_usable_again),
        ON_LMDB(the_map_grows_when_readers_rest),
        ON_LMDB(too_many_readers_are_told_to_come_later),
        BOTH(one_process_has_the_store),
        ON_LMDB(only_a_store_is_opened),
        ON_LMDB(what_was_told_is_there_after_a_kill),
        ON_LMDB(a_backup_opens_elsewhere_with_the_same_chain),
        ON_MEMORY(the_twin_has_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
