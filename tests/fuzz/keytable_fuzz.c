/* Law: any bytes are a key table or refused, and nothing is read beyond them; what is opened gives the keys that stand in
 * it, in order, and what stands beside them. A vault opens with the table that it wrote and with no other, though every
 * checksum in it is right; and then it has the keys that were carried over, and no others.
 *
 * The first byte says whether the others are a whole table, or changes to the vault's: 2 of place and 1 of value; and
 * whether the checksums are put right. */
#include "proto/assert.h"
#include "store/bytes.h"
#include "store/keytable.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define RECORDS    16u
#define TABLE_MAX  65536u
#define IS_KEPT(p) ((p) % 3 != 0)
#define BESIDE     "what stands beside the keys"

enum { AT_GENERATION = 12, AT_COUNT = 16, AT_SUM = 48, AT_BESIDE = 56 };

static char dir[] = "/tmp/voordeur-keytable-XXXXXX";
static char folder[64], elsewhere[64], path[96];
static vdr_vault_key keys[RECORDS + 1]; /* by position */
static uint8_t opened[RECORDS + 1][VDR_VAULT_KEY_BYTES];
static uint8_t good[4096];
static size_t good_len;

/* Nothing here need survive a power cut. */
int
fsync(int fd)
{
    (void)fd;
    return 0;
}

static vdr_err
open_vault(vdr_vault **ret_vault)
{
    static const uint8_t key[VDR_VAULT_KEY_BYTES] = {7};
    vdr_vault_options options = {.key = key, .create = good_len == 0};
    char words[VDR_VAULT_WORDS_BYTES] = "";
    vdr_err err = vdr_vault_open(dir, &options, ret_vault, words);
    VDR_ASSERT((err == VDR_OK) == (words[0] == '\0'));
    return err;
}

static void
remove_all(void)
{
    static const char *const files[] = {"keys/table", "keys/wrap", "keys", "copy/table",
                                        "copy",       "keys.lock", ""};
    char file[96];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", dir, files[i]);
        (void)remove(file);
    }
}

/* A vault that turned once: of its records some were carried over. */
static void
make_vault(void)
{
    vdr_vault *vault = NULL;
    vdr_vault_table *table = NULL;
    uint8_t envelope[VDR_VAULT_ENVELOPE_BYTES];
    VDR_ASSERT(mkdtemp(dir) != NULL && atexit(remove_all) == 0);
    (void)snprintf(folder, sizeof folder, "%s/keys", dir);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/copy", dir);
    (void)snprintf(path, sizeof path, "%s/table", folder);
    VDR_ASSERT(mkdir(elsewhere, 0700) == 0 && open_vault(&vault) == VDR_OK);
    vdr_vault_group_begin(vault);
    for (vdr_position at = 1; at <= RECORDS; at++) {
        vdr_vault_record(vault, at, envelope);
        vdr_vault_key_read(at, envelope, &keys[at]);
    }
    vdr_vault_group_end(vault);
    for (vdr_position at = 1; at <= RECORDS; at++)
        VDR_ASSERT(vdr_vault_unwrap(vault, &keys[at], opened[at]) == VDR_OK);
    VDR_ASSERT(vdr_vault_turn_begin(vault) == VDR_OK && vdr_vault_table_begin(vault, &table) == VDR_OK);
    for (vdr_position at = 1; at <= RECORDS; at++)
        if (IS_KEPT(at))
            VDR_ASSERT(vdr_vault_table_add(table, &keys[at]) == VDR_OK);
    VDR_ASSERT(vdr_vault_table_beside(table, vdr_span_str(BESIDE)) == VDR_OK);
    VDR_ASSERT(vdr_vault_turn_finish(vault, &table) == VDR_OK);
    vdr_vault_close(&vault);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, good, sizeof good);
    VDR_ASSERT(len > 0 && (size_t)len < sizeof good);
    good_len = (size_t)len;
    (void)close(fd);
}

static void
put_right(uint8_t *table, size_t len)
{
    if (len < VDR_KEYTABLE_HEAD_BYTES)
        return;
    uint64_t beside = vdr_get_le64(table + AT_BESIDE);
    size_t room = len - VDR_KEYTABLE_HEAD_BYTES;
    size_t entries = beside <= room ? (room - (size_t)beside) / VDR_KEYTABLE_ENTRY_BYTES : 0;
    for (size_t i = 0; i < entries; i++) {
        uint8_t *entry = table + VDR_KEYTABLE_HEAD_BYTES + i * VDR_KEYTABLE_ENTRY_BYTES;
        vdr_put_le64(entry + VDR_KEYTABLE_ENTRY_BYTES - 8, XXH3_64bits(entry, VDR_KEYTABLE_ENTRY_BYTES - 8));
    }
    vdr_put_le64(table + AT_SUM, XXH3_64bits(table + VDR_KEYTABLE_HEAD_BYTES, room));
    uint64_t of_name = XXH3_64bits(VDR_KEYTABLE_NAME, strlen(VDR_KEYTABLE_NAME));
    vdr_put_le64(table, XXH3_64bits(table + 8, VDR_KEYTABLE_HEAD_BYTES - 8) ^ (of_name << 1 | of_name >> 63));
}

static void
put_file(const uint8_t *table, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    VDR_ASSERT(fd >= 0 && write(fd, table, len) == (ssize_t)len);
    (void)close(fd);
}

/* What is opened is what stands there. */
static void
check_table(const vdr_keytable *table, const uint8_t *bytes, size_t len)
{
    uint64_t count = vdr_keytable_count(table);
    vdr_span beside = vdr_keytable_beside(table);
    vdr_position last = 0;
    VDR_ASSERT(count <= len / VDR_KEYTABLE_ENTRY_BYTES &&
               VDR_KEYTABLE_HEAD_BYTES + count * VDR_KEYTABLE_ENTRY_BYTES + beside.len == len);
    VDR_ASSERT(vdr_span_equal(beside, vdr_span_of(bytes + len - beside.len, beside.len)));
    VDR_ASSERT(vdr_keytable_generation(table) == vdr_get_le32(bytes + AT_GENERATION));
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *entry = bytes + VDR_KEYTABLE_HEAD_BYTES + i * VDR_KEYTABLE_ENTRY_BYTES;
        vdr_position position = vdr_get_le64(entry);
        uint8_t wrapped[VDR_VAULT_KEY_BYTES];
        VDR_ASSERT(position > last);
        vdr_err err = vdr_keytable_find(table, position, wrapped);
        VDR_ASSERT(err == VDR_OK ? memcmp(wrapped, entry + 8, sizeof wrapped) == 0
                                 : err == VDR_E_STORE_CORRUPT);
        if (position - last > 1)
            VDR_ASSERT(vdr_keytable_find(table, position - 1, wrapped) == VDR_E_NOT_FOUND);
        last = position;
    }
}

static void
table_law(const uint8_t *bytes, size_t len)
{
    char copied[96];
    vdr_keytable *table = NULL;
    vdr_err err = vdr_keytable_open(folder, NULL, NULL, &table);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION);
    VDR_ASSERT((err == VDR_OK) == (table != NULL));
    if (err == VDR_OK)
        check_table(table, bytes, len);
    vdr_keytable_close(&table);
    VDR_ASSERT(vdr_keytable_copy(folder, elsewhere) == err);
    VDR_ASSERT(err != VDR_OK || vdr_keytable_copy(folder, elsewhere) == VDR_E_STORE_BUSY);
    (void)snprintf(copied, sizeof copied, "%s/table", elsewhere);
    VDR_ASSERT((unlink(copied) == 0) == (err == VDR_OK));
}

static void
vault_law(bool same)
{
    vdr_vault *vault = NULL;
    vdr_err err = open_vault(&vault);
    VDR_ASSERT((err == VDR_OK) == same);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION ||
               err == VDR_E_ERASED || err == VDR_E_WRONG_KEY);
    for (vdr_position at = 1; err == VDR_OK && at <= RECORDS; at++) {
        uint8_t key[VDR_VAULT_KEY_BYTES];
        vdr_err found = vdr_vault_unwrap(vault, &keys[at], key);
        VDR_ASSERT(found == (IS_KEPT(at) ? VDR_OK : VDR_E_ERASED));
        VDR_ASSERT(found != VDR_OK || memcmp(key, opened[at], sizeof key) == 0);
    }
    if (err == VDR_OK)
        VDR_ASSERT(vdr_span_equal(vdr_vault_beside(vault), vdr_span_str(BESIDE)));
    vdr_vault_close(&vault);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (good_len == 0)
        make_vault();
    if (len == 0 || len > TABLE_MAX)
        return 0;
    bool whole = at[0] % 2 == 1;
    size_t table_len = whole ? len - 1 : good_len - at[0] / 8 % 8 * 16u;
    uint8_t *table = vdr_alloc(1, table_len + 1);
    memcpy(table, whole ? at + 1 : good, table_len);
    for (size_t i = 1; !whole && i + 3 <= len; i += 3)
        table[(at[i] | (size_t)at[i + 1] << 8) % table_len] ^= at[i + 2];
    if (at[0] / 2 % 2 == 1)
        put_right(table, table_len);
    put_file(table, table_len);
    table_law(table, table_len);
    vault_law(table_len == good_len && memcmp(table, good, good_len) == 0);
    free(table);
    return 0;
}
