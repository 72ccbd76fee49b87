/* Goal: whatever a power cut leaves of the folder keys and of its escrow, the vault opens and no key that is still
 * needed is lost.
 *
 * What the vault does to its files is recorded, call by call: the linker wraps open, write, fsync, rename, linkat and
 * unlink. Then every moment is cut: what was synced is there, of the rest the directory has any number of the last
 * changes, in their order, and a file's bytes all, none, half, or zeroes in their place. Each such disk is made, and
 * opened. */
#define _GNU_SOURCE /* nftw */

#include "store/vault.h"

#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#define RECORDS    10u
#define TEXT       "999990019 Kerkstraat 1"
#define OPS_MAX    1024u
#define INODES_MAX 64u
#define NAME_BYTES 16u
#define FILE_BYTES 4096u
#define FDS        1024

/* ---- what was done ---- */

typedef enum op_kind {
    OP_WRITE, /* or, without bytes, cutting to nothing */
    OP_SYNC_FILE,
    OP_CREATE,
    OP_RENAME,
    OP_LINK,
    OP_UNLINK,
    OP_SYNC_FOLDER,
} op_kind;

typedef struct op {
    op_kind kind;
    unsigned folder; /* 0: keys, 1: its escrow */
    char name[NAME_BYTES], to[NAME_BYTES];
    unsigned inode; /* WRITE, SYNC_FILE, CREATE */
    size_t at, len;
    uint8_t *bytes;
} op;

typedef struct entry {
    char name[NAME_BYTES];
    unsigned inode;
} entry;

typedef struct names {
    entry entries[INODES_MAX];
    size_t count;
} names;

static struct recorder {
    bool on;
    char folders[2][80];
    op ops[OPS_MAX];
    size_t count;
    unsigned inodes; /* numbers given */
    names now[2];
    int inode_of[FDS];  /* -1: none of ours */
    int folder_of[FDS]; /* -1: none */
} rec;

static entry *
find(names *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->entries[i].name, name) == 0)
            return &in->entries[i];
    return NULL;
}

static void
apply(names *in, const op *o)
{
    entry *from = find(in, o->name), *to = o->to[0] != '\0' ? find(in, o->to) : NULL;
    unsigned inode = o->kind == OP_CREATE ? o->inode : from != NULL ? from->inode : 0;
    if (o->kind != OP_CREATE && from == NULL)
        return; /* what it was about is not there: it comes with the change before it */
    if (o->kind == OP_RENAME || o->kind == OP_UNLINK)
        *from = in->entries[--in->count];
    if (o->kind == OP_UNLINK)
        return;
    const char *name = o->kind == OP_CREATE ? o->name : o->to;
    to = find(in, name);
    if (to == NULL) {
        to = &in->entries[in->count++];
        (void)snprintf(to->name, sizeof to->name, "%s", name);
    }
    to->inode = inode;
}

/* The folder that path is in, and its name there; -1: it is none of ours. */
static int
folder_of(const char *path, const char **ret_name)
{
    for (int i = 0; rec.on && i < 2; i++) {
        size_t len = strlen(rec.folders[i]);
        if (strncmp(path, rec.folders[i], len) == 0 && (path[len] == '\0' || path[len] == '/')) {
            *ret_name = path[len] == '/' ? path + len + 1 : "";
            return i;
        }
    }
    return -1;
}

static op *
record(op_kind kind, unsigned folder, const char *name, const char *to)
{
    assert_true(rec.count < OPS_MAX);
    op *o = &rec.ops[rec.count++];
    *o = (op){.kind = kind, .folder = folder};
    (void)snprintf(o->name, sizeof o->name, "%s", name);
    (void)snprintf(o->to, sizeof o->to, "%s", to);
    return o;
}

static void
record_names(op_kind kind, const char *from, const char *to)
{
    const char *name, *to_name = "";
    int folder = folder_of(from, &name);
    if (folder < 0)
        return;
    if (to != NULL)
        assert_int_equal(folder_of(to, &to_name), folder);
    apply(&rec.now[folder], record(kind, (unsigned)folder, name, to_name));
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
    va_end(arguments);
    int fd = __real_open(path, flags, mode);
    const char *name;
    int folder = folder_of(path, &name);
    if (fd < 0 || fd >= FDS)
        return fd;
    rec.inode_of[fd] = rec.folder_of[fd] = -1;
    if (folder >= 0 && *name == '\0') {
        rec.folder_of[fd] = folder;
    } else if (folder >= 0) {
        entry *there = find(&rec.now[folder], name);
        if (there == NULL) {
            op *o = record(OP_CREATE, (unsigned)folder, name, "");
            o->inode = ++rec.inodes;
            apply(&rec.now[folder], o);
            there = find(&rec.now[folder], name);
        } else if ((flags & O_TRUNC) != 0) {
            record(OP_WRITE, (unsigned)folder, name, "")->inode = there->inode;
        }
        rec.inode_of[fd] = (int)there->inode;
    }
    return fd;
}

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
    if (rec.on && fd < FDS && rec.inode_of[fd] >= 0 && len != 0) {
        op *o = record(OP_WRITE, 0, "", "");
        o->inode = (unsigned)rec.inode_of[fd];
        o->at = (size_t)lseek(fd, 0, SEEK_CUR);
        o->len = len;
        o->bytes = malloc(len);
        assert_non_null(o->bytes);
        memcpy(o->bytes, bytes, len);
    }
    return __real_write(fd, bytes, len);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
    if (rec.on && fd < FDS && rec.inode_of[fd] >= 0)
        record(OP_SYNC_FILE, 0, "", "")->inode = (unsigned)rec.inode_of[fd];
    else if (rec.on && fd < FDS && rec.folder_of[fd] >= 0)
        record(OP_SYNC_FOLDER, (unsigned)rec.folder_of[fd], "", "");
    return rec.on ? 0 : __real_fsync(fd);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int
__wrap_rename(const char *from, const char *to)
{
    int rc = __real_rename(from, to);
    if (rc == 0)
        record_names(OP_RENAME, from, to);
    return rc;
}

int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int
__wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    int rc = __real_linkat(from_dir, from, to_dir, to, flags);
    if (rc == 0)
        record_names(OP_LINK, from, to);
    return rc;
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int
__wrap_unlink(const char *path)
{
    int rc = __real_unlink(path);
    if (rc == 0)
        record_names(OP_UNLINK, path, NULL);
    return rc;
}

/* ---- what a cut may leave ---- */

typedef enum leftover {
    LEFT_NONE,
    LEFT_ALL,
    LEFT_HALF,
    LEFT_ZEROES,
    LEFTOVERS,
} leftover;

static bool
of_folder(const op *o, unsigned folder)
{
    return o->kind >= OP_CREATE && o->kind <= OP_UNLINK && o->folder == folder;
}

/* Was it synced before the cut? */
static bool
is_certain(size_t at, size_t cut)
{
    const op *o = &rec.ops[at];
    for (size_t i = at + 1; i < cut; i++) {
        const op *sync = &rec.ops[i];
        if (o->kind == OP_WRITE ? sync->kind == OP_SYNC_FILE && sync->inode == o->inode
                                : sync->kind == OP_SYNC_FOLDER && sync->folder == o->folder)
            return true;
    }
    return false;
}

/* Changes of the folder that the cut may take away. */
static size_t
uncertain(unsigned folder, size_t cut)
{
    size_t count = 0;
    for (size_t i = 0; i < cut; i++)
        count += of_folder(&rec.ops[i], folder) && !is_certain(i, cut);
    return count;
}

typedef struct image {
    char dir[64], escrow[64], keys[80];
    uint8_t bytes[INODES_MAX][FILE_BYTES];
    size_t len[INODES_MAX];
} image;

static void
put(image *im, unsigned inode, const op *o, size_t len, bool zeroes)
{
    assert_true(inode < INODES_MAX && o->at + len <= FILE_BYTES);
    if (o->len == 0)
        im->len[inode] = 0;
    else if (zeroes)
        memset(im->bytes[inode] + o->at, 0, len);
    else
        memcpy(im->bytes[inode] + o->at, o->bytes, len);
    if (len != 0 && o->at + len > im->len[inode])
        im->len[inode] = o->at + len;
}

static void
contents(image *im, size_t cut, leftover left)
{
    memset(im->bytes, 0, sizeof im->bytes);
    memset(im->len, 0, sizeof im->len);
    for (size_t i = 0; i < cut; i++) {
        const op *o = &rec.ops[i];
        if (o->kind != OP_WRITE)
            continue;
        if (is_certain(i, cut) || left == LEFT_ALL)
            put(im, o->inode, o, o->len, false);
        else if (left == LEFT_HALF)
            put(im, o->inode, o, o->len / 2, false);
        else if (left == LEFT_ZEROES)
            put(im, o->inode, o, o->len, true);
    }
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static void
empty(const char *folder)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(folder, 0700), 0);
}

/* The folder with so many of the changes that are not certain. */
static void
make_folder(const image *im, unsigned folder, const char *path, size_t cut, size_t changes)
{
    names in = {.count = 0};
    char first[INODES_MAX][128] = {{0}}, file[128];
    for (size_t i = 0; i < cut; i++) {
        if (!of_folder(&rec.ops[i], folder))
            continue;
        if (!is_certain(i, cut)) {
            if (changes == 0)
                break;
            changes--;
        }
        apply(&in, &rec.ops[i]);
    }
    empty(path);
    for (size_t i = 0; i < in.count; i++) {
        unsigned inode = in.entries[i].inode;
        (void)snprintf(file, sizeof file, "%s/%s", path, in.entries[i].name);
        if (first[inode][0] != '\0') {
            assert_int_equal(link(first[inode], file), 0);
            continue;
        }
        (void)snprintf(first[inode], sizeof first[inode], "%s", file);
        FILE *to = fopen(file, "wb");
        assert_non_null(to);
        assert_int_equal(fwrite(im->bytes[inode], 1, im->len[inode], to), im->len[inode]);
        assert_int_equal(fclose(to), 0);
    }
}

/* ---- a vault's life ---- */

typedef struct sealed {
    uint8_t envelope[VDR_VAULT_ENVELOPE_BYTES];
    uint8_t bytes[sizeof TEXT - 1 + VDR_VAULT_TAG_BYTES];
    size_t from, to; /* cuts in which it must open */
} sealed;

typedef struct life {
    sealed records[RECORDS + 1]; /* by position */
    size_t made;                 /* from this cut on there is a vault */
    size_t turned[2][2]; /* by turn: in cuts before the first neither is over, from the second on it is */
    uint8_t key[VDR_VAULT_KEY_BYTES], other[VDR_VAULT_KEY_BYTES];
} life;

static void
seal(life *l, vdr_vault *vault, vdr_position first, vdr_position last)
{
    vdr_vault_group_begin(vault);
    for (vdr_position at = first; at <= last; at++) {
        sealed *s = &l->records[at];
        memcpy(s->bytes, TEXT, sizeof TEXT - 1);
        vdr_vault_record(vault, at, s->envelope);
        vdr_vault_seal_part(vault, VDR_VAULT_COMMANDED, vdr_span_of(&at, sizeof at), s->bytes,
                            sizeof TEXT - 1, s->bytes + sizeof TEXT - 1);
        s->from = rec.count;
        s->to = OPS_MAX;
    }
    vdr_vault_group_end(vault);
}

/* Keeps the odd ones of the records up to last, and number beside them. */
static void
turn(life *l, vdr_vault *vault, vdr_position last, uint64_t number)
{
    vdr_vault_table *table;
    uint8_t beside[sizeof number + VDR_VAULT_BLOCK_BYTES];
    assert_int_equal(vdr_vault_turn_begin(vault), VDR_OK);
    if (last == 4)
        seal(l, vault, 5, 8); /* in the middle of it, under the new key */
    assert_int_equal(vdr_vault_table_begin(vault, &table), VDR_OK);
    for (vdr_position at = 1; at <= last; at += 2) {
        vdr_vault_key key;
        vdr_vault_key_read(at, l->records[at].envelope, &key);
        assert_int_equal(vdr_vault_table_add(table, &key), VDR_OK);
    }
    (void)vdr_vault_seal_block(vault, vdr_span_str("beside"), vdr_span_of(&number, sizeof number), beside);
    assert_int_equal(vdr_vault_table_beside(table, vdr_span_of(beside, sizeof beside)), VDR_OK);
    for (vdr_position at = 2; at <= last; at += 2)
        l->records[at].to = l->records[at].to < rec.count ? l->records[at].to : rec.count;
    l->turned[number - 1][0] = rec.count;
    assert_int_equal(vdr_vault_turn_finish(vault, &table), VDR_OK);
    l->turned[number - 1][1] = rec.count;
}

static void
live(life *l, const char *dir, const char *escrow)
{
    vdr_vault *vault;
    const vdr_vault_options options = {.key = l->key, .escrow = escrow, .create = true};
    memset(l->key, 1, sizeof l->key);
    memset(l->other, 2, sizeof l->other);
    assert_int_equal(vdr_vault_open(dir, &options, &vault, NULL), VDR_OK);
    l->made = rec.count;
    seal(l, vault, 1, 4);
    turn(l, vault, 4, 1);
    turn(l, vault, 8, 2);
    seal(l, vault, 9, RECORDS);
    assert_int_equal(vdr_vault_rekey(vault, l->other, NULL), VDR_OK);
    vdr_vault_close(&vault);
}

/* ---- opening what is left ---- */

static vdr_err
open_record(const life *l, const vdr_vault *vault, vdr_position at)
{
    const sealed *s = &l->records[at];
    uint8_t key[VDR_VAULT_KEY_BYTES], text[sizeof TEXT - 1];
    vdr_vault_key wrapped;
    vdr_vault_key_read(at, s->envelope, &wrapped);
    vdr_err err = vdr_vault_unwrap(vault, &wrapped, key);
    if (err == VDR_OK)
        err = vdr_vault_open_part(key, VDR_VAULT_COMMANDED, vdr_span_of(&at, sizeof at),
                                  vdr_span_of(s->bytes, sizeof s->bytes), text);
    return err;
}

/* What stands beside the keys: of the last turn that is over, or of the one that is being finished. */
static bool
has_beside(const life *l, const vdr_vault *vault, size_t cut)
{
    uint64_t number = 0;
    vdr_span beside = vdr_vault_beside(vault);
    uint64_t least = cut >= l->turned[1][1] ? 2 : cut >= l->turned[0][1] ? 1 : 0;
    uint64_t most = cut > l->turned[1][0] ? 2 : cut > l->turned[0][0] ? 1 : 0;
    if (beside.len != 0 &&
        vdr_vault_open_block(vault, vdr_span_str("beside"), beside, (uint8_t *)&number) != VDR_OK)
        return false;
    return number >= least && number <= most;
}

static void
check(const life *l, const image *im, size_t cut, const char *what)
{
    vdr_vault *vault = NULL;
    char words[VDR_VAULT_WORDS_BYTES];
    const vdr_vault_options options = {
        .key = l->key, .key_next = l->other, .escrow = im->escrow, .create = cut < l->made};
    vdr_err err = vdr_vault_open(im->dir, &options, &vault, words);
    if (err != VDR_OK)
        fail_msg("%s: it does not open: %s", what, words);
    for (vdr_position at = 1; at <= RECORDS; at++) {
        const sealed *s = &l->records[at];
        if (cut >= s->from && cut <= s->to && open_record(l, vault, at) != VDR_OK)
            fail_msg("%s: record %u is lost", what, (unsigned)at);
    }
    if (!has_beside(l, vault, cut))
        fail_msg("%s: what is kept beside the keys is not there", what);
    vdr_vault_close(&vault);
    vdr_err again = vdr_vault_open(im->dir, &options, &vault, words); /* and once more, tidied */
    if (again != VDR_OK)
        fail_msg("%s: it does not open again: %s", what, words);
    vdr_vault_close(&vault);
    if (vdr_vault_check(im->dir, words) != VDR_OK)
        fail_msg("%s: %s", what, words);
}

static void
no_key_is_lost_whatever_a_power_cut_leaves(void **state)
{
    (void)state;
    static life l;
    static image im;
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* no disk is needed */
    char home[40];
    size_t images = 0;
    assert_true(sodium_init() >= 0);
    (void)snprintf(home, sizeof home, "%s/vdr-power-XXXXXX", root);
    assert_non_null(mkdtemp(home));
    (void)snprintf(im.dir, sizeof im.dir, "%s/store", home);
    (void)snprintf(im.escrow, sizeof im.escrow, "%s/escrow", home);
    (void)snprintf(im.keys, sizeof im.keys, "%s/keys", im.dir);
    empty(im.dir);
    empty(im.escrow);
    empty(im.keys);
    (void)snprintf(rec.folders[0], sizeof rec.folders[0], "%s", im.keys);
    (void)snprintf(rec.folders[1], sizeof rec.folders[1], "%s", im.escrow);
    memset(rec.inode_of, -1, sizeof rec.inode_of);
    memset(rec.folder_of, -1, sizeof rec.folder_of);
    rec.on = true;
    live(&l, im.dir, im.escrow);
    rec.on = false;
    for (size_t cut = 0; cut <= rec.count; cut++) {
        size_t here = uncertain(0, cut), there = uncertain(1, cut);
        for (size_t changes = 0; changes <= here; changes++)
            for (size_t escrowed = 0; escrowed <= there; escrowed++)
                for (leftover left = 0; left < LEFTOVERS; left++) {
                    char what[160];
                    (void)snprintf(
                        what, sizeof what,
                        "cut before call %zu of %zu, %zu of %zu changes of the folder, %zu of %zu of "
                        "the escrow, bytes %d",
                        cut, rec.count, changes, here, escrowed, there, (int)left);
                    contents(&im, cut, left);
                    make_folder(&im, 0, im.keys, cut, changes);
                    make_folder(&im, 1, im.escrow, cut, escrowed);
                    check(&l, &im, cut, what);
                    images++;
                }
    }
    print_message("%zu images of %zu calls\n", images, rec.count);
    assert_true(rec.count > 80 && images > 800);
    for (size_t i = 0; i < rec.count; i++)
        free(rec.ops[i].bytes);
    (void)nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_is_lost_whatever_a_power_cut_leaves),
    };
    return cmocka_run_group_tests_name("vault_power", tests, NULL, NULL);
}
