/* Goal: a signed head cannot be changed, and its book cannot lose, gain or move a line, without being noticed;
 * what a crash leaves behind is put right; a log that was written anew does not have the heads of the old one. */
#include "store_bed.h"

#include "broker/trust/headbook.h"
#include "broker/trust/verify.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

static const uint8_t seed[VDR_HEAD_KEY_BYTES] = {1, 2, 3};

/* ---- files */

static void
in_heads(const bed *b, const char *name, char path[256])
{
    (void)snprintf(path, 256, "%s/heads/%s", b->dir, name);
}

static size_t
slurp(const char *path, char *bytes, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, bytes, room);
    assert_true(len >= 0 && (size_t)len < room);
    (void)close(fd);
    return (size_t)len;
}

static void
spill(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    (void)close(fd);
}

static vdr_err
walk(const bed *b, vdr_headbook_end *ret_end)
{
    char dir[256], words[VDR_HEADBOOK_WORDS] = "";
    in_heads(b, "", dir);
    vdr_err err = vdr_headbook_walk(dir, NULL, NULL, ret_end, words);
    assert_true(err == VDR_OK || *words != '\0');
    return err;
}

/* ---- a store with heads */

static void
add_head(bed *b, vdr_headbook_end *end)
{
    char dir[256], words[VDR_HEADBOOK_WORDS];
    vdr_head head = {.time = 1772442000000 + (vdr_ms)end->last.number, .release = "0.1.0"};
    in_heads(b, "", dir);
    assert_int_equal(vdr_store_id_read(b->dir, head.store), VDR_OK);
    assert_int_equal(vdr_log_head_get(b->log, b->next - 1, &head.log), VDR_OK);
    assert_int_equal(vdr_headbook_add(dir, end, &head, seed, words), VDR_OK);
}

/* Three heads, after two groups each. */
static void
three_heads(bed *b, vdr_headbook_end *ret_end)
{
    char dir[256], words[VDR_HEADBOOK_WORDS];
    uint8_t id[VDR_HEAD_STORE_BYTES];
    in_heads(b, "", dir);
    bed_open(b);
    assert_int_equal(vdr_store_id_make(b->dir, id), VDR_OK);
    assert_int_equal(vdr_headbook_open(dir, ret_end, words), VDR_OK);
    assert_int_equal(ret_end->last.number, 0);
    for (int i = 0; i < 3; i++) {
        bed_append(b, 2);
        bed_append(b, 3);
        add_head(b, ret_end);
    }
}

static void
ignore_part(void *context, const vdr_verify_part *part)
{
    vdr_verify_part *last = context;
    if (part->result == VDR_VERIFY_BAD)
        *last = *part;
}

/* What verify says of the store at rest; the first bad part. */
static vdr_err
verify(bed *b, const vdr_head *kept, size_t kept_count, vdr_verify_part *ret_bad)
{
    uint8_t key[VDR_HEAD_KEY_BYTES];
    vdr_head_key(seed, key);
    vdr_verify_ask ask = {.store_dir = b->dir,
                          .keys = key,
                          .key_count = 1,
                          .kept = kept,
                          .kept_count = kept_count,
                          .tell = ignore_part,
                          .context = ret_bad};
    *ret_bad = (vdr_verify_part){.part = ""};
    return vdr_verify_store(&ask);
}

/* ---- the line */

static void
a_head_reads_back_and_its_signature_holds(void **state)
{
    (void)state;
    vdr_head head = {.number = 17, .time = 1772442000123, .release = "1.2.3"}, again;
    char line[VDR_HEAD_LINE_BYTES];
    head.log = (vdr_log_head){.position = 1204, .epoch = 3};
    randombytes_buf(head.log.chain, sizeof head.log.chain);
    randombytes_buf(head.log.told, sizeof head.log.told);
    vdr_head_sign(&head, seed);
    size_t len = vdr_head_write(&head, line);
    assert_int_equal(vdr_head_read(vdr_span_of(line, len), &again), VDR_OK);
    assert_memory_equal(again.signature, head.signature, sizeof head.signature);
    assert_int_equal(again.log.position, 1204);
    assert_int_equal(again.time, head.time);
    assert_string_equal(again.release, "1.2.3");
    assert_true(vdr_head_signed(&again));
}

static void
every_flipped_bit_of_a_head_is_found(void **state)
{
    (void)state;
    vdr_head head = {.number = 2, .time = 1772442000123, .release = "1.2.3"}, again;
    char line[VDR_HEAD_LINE_BYTES];
    vdr_head_sign(&head, seed);
    size_t len = vdr_head_write(&head, line);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
        if (vdr_head_read(vdr_span_of(line, len), &again) == VDR_OK && vdr_head_signed(&again))
            fail_msg("bit %zu of byte %zu is not found", bit % 8, bit / 8);
        line[bit / 8] = (char)(line[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(vdr_head_read(vdr_span_of(line, cut), &again), VDR_OK);
}

/* ---- the book */

static void
every_flipped_byte_of_a_book_is_found(void **state)
{
    bed *b = *state;
    static const char *const names[] = {"heads.jsonl", "last"};
    vdr_headbook_end end, found;
    char path[256], bytes[8192];
    three_heads(b, &end);
    assert_int_equal(walk(b, &found), VDR_OK);
    assert_int_equal(found.last.number, 3);
    for (size_t f = 0; f < 2; f++) {
        in_heads(b, names[f], path);
        size_t len = slurp(path, bytes, sizeof bytes);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(bytes[i] ^ (1 << i % 8));
            spill(path, bytes, len);
            vdr_err err = walk(b, &found);
            if (err == VDR_OK)
                fail_msg("byte %zu of %s is not found", i, names[f]);
            bytes[i] = (char)(bytes[i] ^ (1 << i % 8));
        }
        spill(path, bytes, len);
    }
    assert_int_equal(walk(b, &found), VDR_OK);
}

/* Lines that are gone, doubled or moved: each with `last` as it was. */
static void
lines_that_were_moved_or_removed_are_found(void **state)
{
    bed *b = *state;
    static const struct {
        const char *what;
        int lines[4]; /* which, in order; 0 ends */
    } rows[] = {{"the last removed", {1, 2, 0, 0}}, {"the first removed", {2, 3, 0, 0}},
                {"one removed", {1, 3, 0, 0}},      {"two moved", {1, 3, 2, 0}},
                {"one doubled", {1, 2, 2, 3}},      {"none left", {0, 0, 0, 0}}};
    vdr_headbook_end end, found;
    char path[256], bytes[8192], made[8192];
    three_heads(b, &end);
    in_heads(b, "heads.jsonl", path);
    size_t len = slurp(path, bytes, sizeof bytes);
    size_t from[5] = {0, 0}, line = 1;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            from[++line] = i + 1;
    }
    assert_int_equal(line, 4);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        size_t size = 0;
        for (size_t i = 0; i < 4 && rows[r].lines[i] != 0; i++) {
            size_t which = (size_t)rows[r].lines[i], one = from[which + 1] - from[which];
            memcpy(made + size, bytes + from[which], one);
            size += one;
        }
        spill(path, made, size);
        bool crash = r == 0; /* the last line only, with `last` in place: the next start adds it again */
        vdr_err err = walk(b, &found);
        if ((err == VDR_OK) != crash || (crash && !found.cut_short))
            fail_msg("%s: %s", rows[r].what, vdr_err_code(err));
    }
}

/* Where the last line begins. */
static size_t
last_line(const char *bytes, size_t len)
{
    size_t begin = 0;
    for (size_t i = 0; i + 1 < len; i++)
        begin = bytes[i] == '\n' ? i + 1 : begin;
    return begin;
}

/* A crash at any byte of adding a line: the next start has it whole. */
static void
a_line_cut_short_by_a_crash_is_added_whole(void **state)
{
    bed *b = *state;
    vdr_headbook_end end, found;
    char path[256], dir[256], bytes[8192], words[VDR_HEADBOOK_WORDS];
    three_heads(b, &end);
    in_heads(b, "heads.jsonl", path);
    in_heads(b, "", dir);
    size_t len = slurp(path, bytes, sizeof bytes), third = last_line(bytes, len);
    for (size_t cut = third; cut < len; cut++) {
        char again[8192];
        spill(path, bytes, cut);
        assert_int_equal(vdr_headbook_open(dir, &found, words), VDR_OK);
        assert_int_equal(found.last.number, 3);
        assert_false(found.cut_short);
        assert_int_equal(slurp(path, again, sizeof again), len);
        assert_memory_equal(again, bytes, len);
    }
    spill(path, bytes, third - 1); /* the second one's line end went, too: no crash does that */
    assert_int_not_equal(vdr_headbook_open(dir, &found, words), VDR_OK);
}

/* The power is cut before the line is synced: any sectors of it are there, the others read as zeros. */
static void
a_line_of_which_some_sectors_came_is_added_whole(void **state)
{
    bed *b = *state;
    enum { SECTOR = 512 };
    vdr_headbook_end end, found;
    char path[256], dir[256], bytes[8192], words[VDR_HEADBOOK_WORDS];
    three_heads(b, &end);
    in_heads(b, "heads.jsonl", path);
    in_heads(b, "", dir);
    size_t len = slurp(path, bytes, sizeof bytes), third = last_line(bytes, len);
    size_t first = third / SECTOR, sectors = (len - 1) / SECTOR - first + 1;
    assert_true(sectors >= 2);
    for (unsigned lost = 1; lost < 1u << sectors; lost++) {
        char torn[8192], again[8192];
        memcpy(torn, bytes, len);
        for (size_t i = third; i < len; i++)
            torn[i] = (lost >> (i / SECTOR - first) & 1) != 0 ? '\0' : torn[i];
        spill(path, torn, len);
        assert_int_equal(walk(b, &found), VDR_OK);
        assert_true(found.cut_short);
        assert_int_equal(vdr_headbook_open(dir, &found, words), VDR_OK);
        assert_int_equal(found.last.number, 3);
        assert_int_equal(slurp(path, again, sizeof again), len);
        assert_memory_equal(again, bytes, len);
        torn[third + 1] = torn[third + 1] == '\0' ? 'x' : '\0'; /* no sector of it */
        spill(path, torn, len);
        assert_int_equal(walk(b, &found), VDR_E_STORE_CORRUPT);
    }
    bytes[third - 9] = '\0'; /* nor of the line before */
    spill(path, bytes, len);
    assert_int_equal(walk(b, &found), VDR_E_STORE_CORRUPT);
}

static void
a_copy_follows_and_one_that_knows_more_is_found(void **state)
{
    bed *b = *state;
    vdr_headbook_end end, found;
    char dir[256], copy[256], path[256], bytes[8192], words[VDR_HEADBOOK_WORDS] = "";
    three_heads(b, &end);
    in_heads(b, "", dir);
    (void)snprintf(copy, sizeof copy, "%s/elsewhere", b->dir);
    assert_int_equal(vdr_headbook_copy(dir, copy, words), VDR_OK);
    add_head(b, &end);
    assert_int_equal(vdr_headbook_copy(dir, copy, words), VDR_OK);
    assert_int_equal(vdr_headbook_walk(copy, NULL, NULL, &found, words), VDR_OK);
    assert_int_equal(found.last.number, 4);
    /* The book is put back to three heads, `last` and all. */
    in_heads(b, "heads.jsonl", path);
    size_t len = slurp(path, bytes, sizeof bytes), lines = 0, at = 0, second = 0;
    for (; at < len && lines < 3; at++) {
        lines += bytes[at] == '\n';
        second = lines == 2 && bytes[at] == '\n' ? at + 1 : second;
    }
    spill(path, bytes, at);
    in_heads(b, "last", path);
    spill(path, bytes + second, at - second);
    assert_int_equal(walk(b, &found), VDR_OK);
    assert_int_equal(found.last.number, 3);
    assert_int_equal(vdr_headbook_copy(dir, copy, words), VDR_E_STORE_CORRUPT);
}

/* ---- heads against the log */

static void
a_log_that_was_shortened_or_put_back_is_found(void **state)
{
    bed *b = *state;
    vdr_headbook_end end;
    vdr_verify_part bad;
    char command[512];
    three_heads(b, &end);
    vdr_log_close(&b->log);
    (void)snprintf(command, sizeof command, "cp -r %s/log %s/old", b->dir, b->dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify(b, NULL, 0, &bad), VDR_OK);
    bed_open(b);
    bed_append(b, 2);
    add_head(b, &end);
    vdr_log_close(&b->log);
    assert_int_equal(verify(b, NULL, 0, &bad), VDR_OK);
    (void)snprintf(command, sizeof command, "rm -r %s/log && mv %s/old %s/log", b->dir, b->dir, b->dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify(b, NULL, 0, &bad), VDR_E_STORE_CORRUPT);
    assert_string_equal(bad.part, "heads");
    assert_int_equal(bad.head, 4);
    assert_non_null(bad.next);
}

/* Somebody with the disk, but without the signing key, writes another log of the same length, with all its
 * checksums and chains: every part of it is sound, and the heads are not those of it. */
static void
a_log_that_was_written_anew_is_found(void **state)
{
    bed *b = *state;
    vdr_headbook_end end;
    vdr_verify_part bad;
    vdr_head kept;
    char command[512];
    three_heads(b, &end);
    kept = end.last;
    vdr_log_close(&b->log);
    (void)snprintf(command, sizeof command, "rm -r %s/log", b->dir);
    assert_int_equal(system(command), 0);
    vdr_position length = b->next;
    b->next = 1;
    bed_open(b);
    vdr_log_record other = {.routing = vdr_span_str("nothing happened"), .tale = vdr_span_str("nothing")};
    for (; b->next < length; b->next++)
        assert_int_equal(vdr_log_append(b->log, 1, b->next, &other, 1, NULL, 0), VDR_OK);
    vdr_log_close(&b->log);
    assert_int_equal(verify(b, NULL, 0, &bad), VDR_E_STORE_CORRUPT);
    assert_string_equal(bad.part, "heads");
    /* The heads are removed with it: a head that somebody kept still tells. */
    (void)snprintf(command, sizeof command, "rm -r %s/heads", b->dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify(b, NULL, 0, &bad), VDR_OK);
    assert_int_equal(verify(b, &kept, 1, &bad), VDR_E_STORE_CORRUPT);
    assert_string_equal(bad.part, "kept");
    /* And a head of one's own making is not one of the key. */
    uint8_t mine[VDR_HEAD_KEY_BYTES] = {9};
    vdr_head_sign(&kept, mine);
    assert_int_equal(verify(b, &kept, 1, &bad), VDR_E_STORE_CORRUPT);
    assert_string_equal(bad.part, "kept");
}

static void
the_stores_number_is_checked(void **state)
{
    bed *b = *state;
    uint8_t id[VDR_HEAD_STORE_BYTES], again[VDR_HEAD_STORE_BYTES];
    char path[256], bytes[64];
    bed_open(b);
    assert_int_equal(vdr_store_id_read(b->dir, id), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_store_id_make(b->dir, id), VDR_OK);
    (void)snprintf(path, sizeof path, "%s/id", b->dir);
    size_t len = slurp(path, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        spill(path, bytes, len);
        if (vdr_store_id_read(b->dir, again) != VDR_E_STORE_CORRUPT)
            fail_msg("bit %zu of byte %zu is not found", bit % 8, bit / 8);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    spill(path, bytes, len);
    assert_int_equal(vdr_store_id_read(b->dir, again), VDR_OK);
    assert_memory_equal(id, again, sizeof id);
    memcpy(bytes + 32, "\n", 1); /* as the first releases wrote it */
    spill(path, bytes, 33);
    assert_int_equal(vdr_store_id_read(b->dir, again), VDR_OK);
    assert_memory_equal(id, again, sizeof id);
}

int
main(void)
{
    assert_true(sodium_init() >= 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_reads_back_and_its_signature_holds),
        cmocka_unit_test(every_flipped_bit_of_a_head_is_found),
        ON_LMDB(every_flipped_byte_of_a_book_is_found),
        ON_LMDB(lines_that_were_moved_or_removed_are_found),
        ON_LMDB(a_line_cut_short_by_a_crash_is_added_whole),
        ON_LMDB(a_line_of_which_some_sectors_came_is_added_whole),
        ON_LMDB(a_copy_follows_and_one_that_knows_more_is_found),
        ON_LMDB(a_log_that_was_shortened_or_put_back_is_found),
        ON_LMDB(a_log_that_was_written_anew_is_found),
        ON_LMDB(the_stores_number_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
