/* Goal: a store with a vault has nothing readable on disk, reads as a plain one does, and what a turn of the
 * wrapping key did not carry over reads as erased, in the log and in a copy of it. */
#include "store_bed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BSN  "999990019"
#define TEXT "geslagen door vader, Kerkstraat 12"

/* Appends a record whose every part tells of a person. */
static void
append_person(bed *b)
{
    vdr_log_record record = {.routing = vdr_span_str("routing of " BSN),
                             .content = vdr_span_str("{\"bsn\":\"" BSN "\",\"text\":\"" TEXT "\"}"),
                             .tale = vdr_span_str("told: " TEXT)};
    assert_int_equal(vdr_log_append(b->log, 1, b->next, &record, 1, NULL, 0), VDR_OK);
    b->next++;
}

static vdr_err
read_one(bed *b, vdr_position at)
{
    vdr_log_reader *reader;
    vdr_log_record record = {0};
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    vdr_err err = vdr_log_read(reader, at, &record);
    if (err == VDR_OK)
        assert_true(vdr_span_equal(record.tale, vdr_span_str("told: " TEXT)));
    vdr_log_reader_close(&reader);
    return err;
}

static void
put_block(bed *b, uint32_t number)
{
    assert_int_equal(vdr_checkpoint_put(b->checkpoint, (vdr_block_id){.table = 1, .number = number},
                                        vdr_span_str("block: " TEXT)),
                     VDR_OK);
}

/* A checkpoint of blocks 1 and 2; whole: both are put, otherwise the second only. */
static void
checkpoint(bed *b, bool whole)
{
    vdr_checkpoint_manifest manifest = {
        .position = b->next - 1, .blocks = 2, .head = vdr_span_str("head: " TEXT)};
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    if (whole)
        put_block(b, 1);
    put_block(b, 2);
    assert_int_equal(vdr_checkpoint_commit(b->checkpoint, &manifest), VDR_OK);
}

static vdr_err
take_block(void *context, vdr_block_id id, vdr_span bytes)
{
    size_t *blocks = context;
    assert_true(id.table == 1 && vdr_span_equal(bytes, vdr_span_str("block: " TEXT)));
    ++*blocks;
    return VDR_OK;
}

static vdr_err
load(bed *b)
{
    size_t blocks = 0;
    vdr_err err = vdr_checkpoint_load(b->checkpoint, take_block, &blocks);
    assert_true(err != VDR_OK || blocks == 2);
    return err;
}

/* The whole turn; keeps the records whose bit is set. */
static void
turn(bed *b, uint64_t kept)
{
    vdr_vault_table *table;
    vdr_log_reader *reader;
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_true(vdr_checkpoint_wants_all(b->checkpoint));
    checkpoint(b, true);
    assert_int_equal(vdr_checkpoint_forget_older(b->checkpoint), VDR_OK);
    assert_int_equal(vdr_vault_table_begin(b->vault, &table), VDR_OK);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    for (vdr_position at = 1; at < b->next; at++) {
        vdr_vault_key key;
        if (at > 63 || (kept >> at & 1) == 0)
            continue;
        assert_int_equal(vdr_log_read_key(reader, at, &key), VDR_OK);
        assert_int_equal(vdr_vault_table_add(table, &key), VDR_OK);
    }
    vdr_log_reader_close(&reader);
    assert_int_equal(vdr_vault_turn_finish(b->vault, &table), VDR_OK);
}

/* Is needle in any file under dir? */
static const char *needle;
static char found_in[256];

static int
look_in(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    if (kind != FTW_F || st->st_size == 0)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const char *bytes = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(bytes != MAP_FAILED);
    size_t len = strlen(needle);
    for (const char *at = bytes; (size_t)(bytes + st->st_size - at) >= len; at++) {
        at = memchr(at, needle[0], (size_t)(bytes + st->st_size - at));
        if (at == NULL || (size_t)(bytes + st->st_size - at) < len)
            break;
        if (memcmp(at, needle, len) == 0) {
            (void)snprintf(found_in, sizeof found_in, "%s", path);
            break;
        }
    }
    (void)munmap((void *)(uintptr_t)bytes, (size_t)st->st_size);
    (void)close(fd);
    return 0;
}

static const char *
where_is(const bed *b, const char *text)
{
    needle = text;
    found_in[0] = '\0';
    (void)nftw(b->dir, look_in, 8, FTW_PHYS);
    return found_in;
}

static void
nothing_of_a_person_is_in_any_file(void **state)
{
    static const char *const texts[] = {BSN, TEXT, "Kerkstraat"};
    bed *b = *state;
    bed_open(b);
    bed_open_checkpoint(b);
    for (int i = 0; i < 200; i++)
        append_person(b);
    checkpoint(b, true);
    turn(b, 0x5554);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (*where_is(b, texts[i]) != '\0')
            fail_msg("%s is in %s", texts[i], found_in);
    assert_int_equal(read_one(b, 4), VDR_OK);
}

static void
the_same_store_plain_would_show_it(void **state)
{
    bed *b = *state;
    bed_open(b);
    append_person(b);
    assert_string_not_equal(where_is(b, BSN), "");
    assert_string_not_equal(where_is(b, TEXT), "");
}

static void
without_a_key_it_can_be_checked_and_not_read(void **state)
{
    bed *b = *state;
    vdr_log_stats stats;
    vdr_checkpoint_manifest manifest;
    bed_open(b);
    bed_open_checkpoint(b);
    append_person(b);
    append_person(b);
    checkpoint(b, true);
    vdr_log_close(&b->log);
    vdr_vault *vault = b->vault;
    b->vault = b->options.vault = NULL;
    bed_open(b);
    bed_open_checkpoint(b);
    bed_verify(b);
    vdr_log_stats_get(b->log, &stats);
    assert_true(stats.sealed);
    assert_int_equal(read_one(b, 1), VDR_E_SEALED);
    vdr_log_record record = {.content = vdr_span_str("plain")};
    assert_int_equal(vdr_log_append(b->log, 1, b->next, &record, 1, NULL, 0), VDR_E_SEALED);
    assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_E_SEALED);
    assert_int_equal(manifest.position, 2);
    assert_int_equal(load(b), VDR_E_SEALED);
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_E_SEALED);
    vdr_log_close(&b->log);
    b->vault = b->options.vault = vault;
    bed_open(b);
    bed_open_checkpoint(b);
    assert_int_equal(read_one(b, 2), VDR_OK);
    assert_int_equal(load(b), VDR_OK);
}

static void
a_plain_store_goes_on_sealed(void **state)
{
    bed *b = *state;
    vdr_checkpoint_manifest manifest;
    bed_open(b);
    bed_open_checkpoint(b);
    append_person(b);
    checkpoint(b, true);
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 0);
    vdr_log_close(&b->log);
    bed_open_vault(b);
    bed_open(b);
    bed_open_checkpoint(b);
    assert_true(vdr_checkpoint_wants_all(b->checkpoint));
    assert_int_equal(load(b), VDR_OK);
    append_person(b);
    checkpoint(b, true);
    assert_false(vdr_checkpoint_wants_all(b->checkpoint));
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 1);
    bed_reopen(b);
    bed_open_checkpoint(b);
    bed_verify(b);
    assert_int_equal(read_one(b, 1), VDR_OK);
    assert_int_equal(read_one(b, 2), VDR_OK);
    assert_int_equal(load(b), VDR_OK);
    assert_int_equal(vdr_checkpoint_manifest_get(b->checkpoint, &manifest), VDR_OK);
    assert_true(vdr_span_equal(manifest.head, vdr_span_str("head: " TEXT)));
    assert_int_equal(vdr_checkpoint_fall_back(b->checkpoint), VDR_OK); /* to the plain one */
    assert_true(vdr_checkpoint_wants_all(b->checkpoint));
    assert_int_equal(load(b), VDR_OK);
}

static void
the_keys_of_another_store_are_refused(void **state)
{
    bed *b = *state, other;
    bed_open(b);
    append_person(b);
    vdr_log_close(&b->log);
    bed_init(&other, false);
    bed_open_vault(&other);
    b->options.vault = other.vault;
    assert_int_equal(bed_try_open(b), VDR_E_WRONG_KEY);
    b->options.vault = b->vault;
    bed_open(b);
    bed_done(&other);
}

static void
what_a_turn_leaves_out_reads_as_erased(void **state)
{
    bed *b = *state;
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_vault_key key;
    bed_open(b);
    bed_open_checkpoint(b);
    for (int i = 0; i < 6; i++)
        append_person(b);
    checkpoint(b, true);
    checkpoint(b, false);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK); /* of before the turn */
    turn(b, 1u << 2 | 1u << 5);
    append_person(b); /* the seventh, under the new key */
    for (vdr_position at = 1; at <= 6; at++) {
        vdr_err expected = at == 2 || at == 5 ? VDR_OK : VDR_E_ERASED;
        assert_int_equal(vdr_log_read(reader, at, &record), expected);
        assert_int_equal(read_one(b, at), expected);
    }
    vdr_log_reader_close(&reader);
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 2);
    assert_int_equal(load(b), VDR_OK);
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_E_NOT_FOUND);
    bed_reopen(b); /* also where the last record is one that is gone */
    bed_open_checkpoint(b);
    bed_verify(b);
    assert_int_equal(read_one(b, 7), VDR_OK);
    assert_int_equal(read_one(b, 6), VDR_E_ERASED);
    assert_int_equal(load(b), VDR_OK);
    /* And once more: of the seven, the second and the seventh stay. */
    turn(b, 1u << 2 | 1u << 7);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read_key(reader, 7, &key), VDR_OK);
    assert_int_equal(key.generation, 2);
    vdr_log_reader_close(&reader);
    for (vdr_position at = 1; at <= 7; at++)
        assert_int_equal(read_one(b, at), at == 2 || at == 7 ? VDR_OK : VDR_E_ERASED);
    turn(b, 1u << 2);
    bed_reopen(b); /* the last record is gone */
    assert_int_equal(read_one(b, 7), VDR_E_ERASED);
    assert_int_equal(read_one(b, 2), VDR_OK);
    append_person(b);
    bed_verify(b);
}

static void
a_checkpoint_of_before_a_turn_must_be_written_whole(void **state)
{
    bed *b = *state;
    bed_open(b);
    bed_open_checkpoint(b);
    append_person(b);
    assert_true(vdr_checkpoint_wants_all(b->checkpoint)); /* there is none */
    checkpoint(b, true);
    assert_false(vdr_checkpoint_wants_all(b->checkpoint));
    checkpoint(b, false);
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 1);
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    checkpoint(b, false); /* carries a block over: good, but not enough */
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 1);
    assert_int_equal(load(b), VDR_OK);
    bed_open_checkpoint(b);
    assert_true(vdr_checkpoint_wants_all(b->checkpoint));
    /* Begun before: the same block twice is still one block. */
    vdr_checkpoint_manifest manifest = {.position = 1, .blocks = 2};
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    put_block(b, 2);
    put_block(b, 2);
    assert_int_equal(vdr_checkpoint_commit(b->checkpoint, &manifest), VDR_OK);
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 1);
    checkpoint(b, true);
    assert_int_equal(vdr_checkpoint_generation(b->checkpoint), 2);
    assert_int_equal(vdr_checkpoint_forget_older(b->checkpoint), VDR_OK);
    assert_int_equal(vdr_checkpoint_forget_older(b->checkpoint), VDR_OK);
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_E_NOT_FOUND);
    checkpoint(b, false); /* two again */
    assert_int_equal(vdr_checkpoint_look_back(b->checkpoint), VDR_OK);
    assert_int_equal(load(b), VDR_OK);
}

/* A copy of everything but wrap, made before a turn: after it no key opens it. */
static void
a_copy_of_before_a_turn_cannot_be_opened(void **state)
{
    bed *b = *state;
    bed copy = {.lmdb = true, .options = {.create = false}};
    bed_open(b);
    bed_open_checkpoint(b);
    append_person(b);
    append_person(b);
    checkpoint(b, true);
    turn(b, 1u << 1 | 1u << 2); /* so that there is a table */
    (void)snprintf(copy.dir, sizeof copy.dir, "%.48s/copy", b->dir);
    assert_int_equal(vdr_checkpoint_backup(b->checkpoint, copy.dir), VDR_OK);
    assert_int_equal(vdr_log_backup(b->log, copy.dir), VDR_OK);
    assert_int_equal(vdr_vault_backup(b->vault, copy.dir, 2), VDR_OK);
    turn(b, 1u << 1);
    char wrap[128], words[VDR_VAULT_WORDS_BYTES];
    static const uint8_t key[VDR_VAULT_KEY_BYTES] = {7};
    vdr_vault_options options = {.key = key};
    (void)snprintf(wrap, sizeof wrap, "%s/keys/wrap", b->dir);
    assert_int_equal(vdr_vault_place(wrap, copy.dir), VDR_OK);
    assert_int_equal(vdr_vault_open(copy.dir, &options, &copy.vault, words), VDR_E_ERASED);
    assert_non_null(strstr(words, "before the store's last erasure"));
    /* Even with the table of now the kept record alone opens, and not the state. */
    char path[128];
    (void)snprintf(path, sizeof path, "%s/keys/table", copy.dir);
    assert_int_equal(remove(path), 0);
    assert_int_equal(vdr_vault_backup(b->vault, copy.dir, 3), VDR_OK);
    assert_int_equal(vdr_vault_open(copy.dir, &options, &copy.vault, words), VDR_OK);
    copy.options.vault = copy.vault;
    bed_open(&copy);
    assert_int_equal(read_one(&copy, 1), VDR_OK);
    assert_int_equal(read_one(&copy, 2), VDR_E_ERASED);
    bed_open_checkpoint(&copy);
    assert_int_equal(load(&copy), VDR_E_ERASED);
    vdr_log_close(&copy.log);
    vdr_checkpoint_close(&copy.checkpoint);
    vdr_vault_close(&copy.vault);
}

#define SEALED(test)                                                                                         \
    BED(test, "lmdb, sealed", bed_setup_lmdb_sealed), BED(test, "memory, sealed", bed_setup_memory_sealed)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED(nothing_of_a_person_is_in_any_file, "lmdb, sealed", bed_setup_lmdb_sealed),
        BED(the_same_store_plain_would_show_it, "lmdb", bed_setup_lmdb),
        SEALED(without_a_key_it_can_be_checked_and_not_read),
        PLAIN(a_plain_store_goes_on_sealed),
        SEALED(the_keys_of_another_store_are_refused),
        SEALED(what_a_turn_leaves_out_reads_as_erased),
        SEALED(a_checkpoint_of_before_a_turn_must_be_written_whole),
        BED(a_copy_of_before_a_turn_cannot_be_opened, "lmdb, sealed", bed_setup_lmdb_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
