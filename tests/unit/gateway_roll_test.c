/* Goal: who was signed in is known after any end, who signed out never is again, and a file that is not what was written
 * signs in nobody. */
#include "clients/gateway/roll.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD  36u /* of the file */
#define LEN   8u
#define PARTS 5u

static const uint8_t key[VDR_ROLL_KEY_BYTES] = {1, 2, 3};

static vdr_roll_entry
kept_of(unsigned n)
{
    vdr_roll_entry kept = {.began = 1000 + n, .used = 2000 + n};
    memset(kept.hash, (int)n, sizeof kept.hash);
    memset(kept.digest, (int)(100 + n), sizeof kept.digest);
    (void)snprintf(kept.party, sizeof kept.party, "regisseur:r-%u", n);
    (void)snprintf(kept.name, sizeof kept.name, "Number %u", n);
    (void)snprintf(kept.csrf_token, sizeof kept.csrf_token, "token-%u", n);
    (void)snprintf(kept.account, sizeof kept.account, "account-%u", n);
    return kept;
}

/* ---- a place ---- */

typedef struct place {
    char dir[64], path[128];
} place;

static int
make_place(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/vdr-roll-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->path, sizeof p->path, "%s/sessions", p->dir);
    *state = p;
    return 0;
}

static int
drop_place(void **state)
{
    place *p = *state;
    (void)unlink(p->path);
    (void)rmdir(p->path);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static size_t
slurp(const place *p, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(p->path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, room, file);
    assert_true(len < room);
    (void)fclose(file);
    return len;
}

static void
spill(const place *p, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(p->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* ---- reading and writing ---- */

typedef struct alive {
    unsigned count, bits; /* which of kept_of(1), kept_of(2), … */
    vdr_ms used[8];
} alive;

static void
see(void *context, const vdr_roll_entry *kept)
{
    alive *seen = context;
    vdr_roll_entry same = kept_of(kept->hash[0]);
    same.used = kept->used;
    assert_memory_equal(kept->hash, same.hash, sizeof same.hash);
    assert_memory_equal(kept->digest, same.digest, sizeof same.digest);
    assert_string_equal(kept->party, same.party);
    assert_string_equal(kept->name, same.name);
    assert_string_equal(kept->csrf_token, same.csrf_token);
    assert_string_equal(kept->account, same.account);
    assert_int_equal(kept->began, same.began);
    seen->count++;
    seen->bits |= 1u << kept->hash[0];
    seen->used[kept->hash[0]] = kept->used;
}

static vdr_err
look(const place *p, const uint8_t *with, alive *ret_seen)
{
    vdr_roll *book;
    *ret_seen = (alive){0};
    vdr_err err = vdr_roll_open(p->path, with, see, ret_seen, &book);
    vdr_roll_close(&book);
    return err;
}

static bool
next(void *context, vdr_roll_entry *ret_kept)
{
    unsigned *n = context;
    if (*n == 2)
        return false;
    *ret_kept = kept_of(++*n);
    return true;
}

static bool
nobody(void *context, vdr_roll_entry *ret_kept)
{
    (void)context;
    (void)ret_kept;
    return false;
}

/* Numbers 1 and 2 were there; 3 and 4 came, 1 went, 3 was used. As a crash leaves it. */
static void
write_book(const place *p)
{
    vdr_roll *book;
    alive seen = {0};
    unsigned n = 0;
    assert_int_equal(vdr_roll_open(p->path, key, see, &seen, &book), VDR_E_NOT_FOUND);
    assert_true(vdr_roll_wants_anew(book));
    vdr_roll_anew(book, next, &n);
    assert_false(vdr_roll_wants_anew(book));
    for (unsigned i = 3; i <= 4; i++) {
        vdr_roll_entry kept = kept_of(i);
        vdr_roll_begun(book, &kept);
    }
    vdr_roll_ended(book, kept_of(1).hash);
    vdr_roll_sync(book);
    vdr_roll_used(book, kept_of(3).hash, 9000);
    vdr_roll_close(&book);
}

static void
who_is_alive_is_known_after_any_end(void **state)
{
    const place *p = *state;
    alive seen;
    struct stat st;
    write_book(p);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (unsigned i = 0; i < 2; i++) { /* reading changes nothing */
        assert_int_equal(look(p, key, &seen), VDR_OK);
        assert_int_equal(seen.count, 3);
        assert_int_equal(seen.bits, 1u << 2 | 1u << 3 | 1u << 4);
        assert_int_equal(seen.used[2], 2002);
        assert_int_equal(seen.used[3], 9000);
    }
    const uint8_t other[VDR_ROLL_KEY_BYTES] = {1, 2, 4};
    assert_int_equal(look(p, other, &seen), VDR_E_STORE_CORRUPT);
    assert_int_equal(seen.count, 0);
}

static void
every_byte_that_is_changed_and_every_part_that_is_moved_is_found(void **state)
{
    const place *p = *state;
    static const struct {
        const char *what;
        int parts[7]; /* in order; -1 ends */
        bool good;
    } rows[] = {
        {"as it was", {0, 1, 2, 3, 4, -1}, true},
        {"the last not there", {0, 1, 2, 3, -1}, true},
        {"the first alone", {0, -1}, true},
        {"two swapped", {0, 2, 1, 3, 4, -1}, false},
        {"one taken out", {0, 1, 3, 4, -1}, false},
        {"an end taken out", {0, 1, 2, 4, -1}, false},
        {"one doubled", {0, 1, 1, 2, 3, 4, -1}, false},
        {"the first taken out", {1, 2, 3, 4, -1}, false},
        {"none", {-1}, false},
    };
    uint8_t bytes[16384], made[16384];
    size_t from[PARTS + 1] = {HEAD}, count = 0;
    alive seen;
    write_book(p);
    size_t len = slurp(p, bytes, sizeof bytes);
    while (from[count] < len && count < PARTS) {
        const uint8_t *at = bytes + from[count];
        size_t text = at[0] | (size_t)at[1] << 8;
        from[count + 1] = from[count] + LEN + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + text +
                          crypto_aead_xchacha20poly1305_ietf_ABYTES;
        count++;
    }
    assert_int_equal(count, PARTS);
    assert_int_equal(from[count], len);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        size_t size = HEAD;
        memcpy(made, bytes, HEAD);
        for (size_t i = 0; rows[r].parts[i] >= 0; i++) {
            size_t which = (size_t)rows[r].parts[i], one = from[which + 1] - from[which];
            memcpy(made + size, bytes + from[which], one);
            size += one;
        }
        spill(p, made, size);
        vdr_err err = look(p, key, &seen);
        if ((err == VDR_OK) != rows[r].good || (!rows[r].good && seen.count != 0))
            fail_msg("%s: %s, %u alive", rows[r].what, vdr_err_code(err), seen.count);
    }
    for (size_t bit = 0; bit < 8 * len; bit += 5) {
        memcpy(made, bytes, len);
        made[bit / 8] = (uint8_t)(made[bit / 8] ^ 1u << bit % 8);
        spill(p, made, len);
        vdr_err err = look(p, key, &seen);
        if (err == VDR_OK || seen.count != 0)
            fail_msg("byte %zu changed: %s, %u alive", bit / 8, vdr_err_code(err), seen.count);
    }
}

/* A crash at any byte of writing the last part. */
static void
a_part_that_was_not_written_to_its_end_is_none(void **state)
{
    const place *p = *state;
    uint8_t bytes[16384];
    alive seen;
    write_book(p);
    size_t len = slurp(p, bytes, sizeof bytes), cut = len;
    do {
        spill(p, bytes, --cut);
        assert_int_equal(look(p, key, &seen), VDR_OK);
        assert_int_equal(seen.count, 3);
        assert_int_equal(seen.used[3], 2003);
    } while (cut + 60 > len);
    memset(bytes + cut, 0, len - cut); /* as a power cut may leave it: then nobody is sure */
    spill(p, bytes, len);
    assert_int_equal(look(p, key, &seen), VDR_E_STORE_CORRUPT);
}

static void
a_file_that_grew_is_begun_anew_and_one_that_cannot_be_written_is_none(void **state)
{
    const place *p = *state;
    alive seen = {0};
    vdr_roll *book;
    unsigned n = 0, told = 0;
    write_book(p);
    assert_int_equal(vdr_roll_open(p->path, key, see, &seen, &book), VDR_OK);
    vdr_roll_anew(book, next, &n);
    while (!vdr_roll_wants_anew(book)) {
        vdr_roll_used(book, kept_of(2).hash, 3000 + told++);
        assert_true(told < 10000);
    }
    assert_true(told > 100);
    vdr_roll_anew(book, nobody, NULL);
    assert_false(vdr_roll_wants_anew(book));
    assert_int_equal(look(p, key, &seen), VDR_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(mkdir(p->path, 0700), 0); /* in its place */
    n = 0;
    vdr_roll_anew(book, next, &n);
    assert_true(vdr_roll_wants_anew(book));
    vdr_roll_ended(book, kept_of(1).hash);
    vdr_roll_sync(book);
    assert_int_equal(rmdir(p->path), 0);
    n = 0;
    vdr_roll_anew(book, next, &n);
    assert_false(vdr_roll_wants_anew(book));
    vdr_roll_close(&book);
    assert_int_equal(look(p, key, &seen), VDR_OK);
    assert_int_equal(seen.count, 2);
    char beside[160];
    (void)snprintf(beside, sizeof beside, "%s.new", p->path);
    assert_int_not_equal(access(beside, F_OK), 0);
}

/* ---- a disk that takes no more ---- */

static struct {
    const char *path; /* of the file; NULL: nothing is watched */
    bool full, faulty;
    bool comes_back; /* the name was taken away, and a power cut brings it back */
} disk;

ssize_t __real_write(int fd, const void *at, size_t len);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_unlink(const char *path);
ssize_t __wrap_write(int fd, const void *at, size_t len);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_unlink(const char *path);

ssize_t
__wrap_write(int fd, const void *at, size_t len)
{
    if (!disk.full)
        return __real_write(fd, at, len);
    errno = ENOSPC;
    return -1;
}

int
__wrap_fsync(int fd)
{
    struct stat st;
    int rc = __real_fsync(fd);
    if (rc == 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        disk.comes_back = false;
    return rc;
}

int
__wrap_fdatasync(int fd)
{
    if (!disk.faulty)
        return __real_fdatasync(fd);
    errno = EIO;
    return -1;
}

int
__wrap_unlink(const char *path)
{
    int rc = __real_unlink(path);
    if (rc == 0 && disk.path != NULL && strcmp(path, disk.path) == 0)
        disk.comes_back = true;
    return rc;
}

static void
end_unwritten(vdr_roll *book)
{
    disk.full = true;
    vdr_roll_ended(book, kept_of(1).hash);
}

static void
end_unsynced(vdr_roll *book)
{
    disk.faulty = true;
    vdr_roll_ended(book, kept_of(1).hash);
    vdr_roll_sync(book);
}

static void
begin_unwritten(vdr_roll *book)
{
    disk.full = true;
    vdr_roll_anew(book, nobody, NULL);
}

/* Whoever hears that a session ended hears it after the call returns. */
static void
what_could_not_be_written_revives_nobody_after_a_power_cut(void **state)
{
    const place *p = *state;
    static const struct {
        const char *what;
        void (*fails)(vdr_roll *book);
    } rows[] = {
        {"an end is not written", end_unwritten},
        {"an end is not synced", end_unsynced},
        {"the file is not begun anew", begin_unwritten},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("  %s\n", rows[i].what);
        vdr_roll *book;
        alive seen = {0};
        unsigned n = 0;
        disk.path = p->path;
        assert_int_equal(vdr_roll_open(p->path, key, see, &seen, &book), VDR_E_NOT_FOUND);
        vdr_roll_anew(book, next, &n);
        rows[i].fails(book);
        assert_int_not_equal(access(p->path, F_OK), 0);
        assert_false(disk.comes_back);
        assert_true(vdr_roll_wants_anew(book));
        disk.full = disk.faulty = false;
        vdr_roll_anew(book, nobody, NULL); /* as soon as it can be */
        assert_false(vdr_roll_wants_anew(book));
        vdr_roll_close(&book);
        assert_int_equal(look(p, key, &seen), VDR_OK);
        assert_int_equal(seen.count, 0);
        assert_int_equal(__real_unlink(p->path), 0);
    }
    memset(&disk, 0, sizeof disk);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int
main(void)
{
    assert_true(sodium_init() >= 0);
    const struct CMUnitTest tests[] = {
        IN_PLACE(who_is_alive_is_known_after_any_end),
        IN_PLACE(every_byte_that_is_changed_and_every_part_that_is_moved_is_found),
        IN_PLACE(a_part_that_was_not_written_to_its_end_is_none),
        IN_PLACE(a_file_that_grew_is_begun_anew_and_one_that_cannot_be_written_is_none),
        IN_PLACE(what_could_not_be_written_revives_nobody_after_a_power_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
