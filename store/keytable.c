#include "store/keytable.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/env.h"
#include "store/file.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    AT_VERSION = 8,
    AT_GENERATION = 12,
    AT_COUNT = 16,
    AT_ID = 24,
    AT_SALT = 40,
    AT_SUM = 48,
    AT_BESIDE = 56,
    AT_PROOF = 64,
    ENTRY_KEY = 8,
    ENTRY_CHECK = 8 + VDR_VAULT_KEY_BYTES,
};

#define VERSION      1u
#define PROOF_BYTES  (VDR_KEYTABLE_HEAD_BYTES - AT_PROOF)
#define NEW_NAME     VDR_KEYTABLE_NAME ".new"
#define BUFFER_BYTES (VDR_KEYTABLE_ENTRY_BYTES * 1365u) /* just under 64 KiB */

struct vdr_keytable {
    const uint8_t *bytes;
    size_t len;
    uint64_t count;
};

/* ---- Read ---- */

static uint64_t
head_check(const uint8_t *head)
{
    return vdr_check_of(vdr_span_str(VDR_KEYTABLE_NAME),
                        vdr_span_of(head + VDR_CHECK_BYTES, VDR_KEYTABLE_HEAD_BYTES - VDR_CHECK_BYTES));
}

static const uint8_t *
entry_of(const vdr_keytable *table, uint64_t index)
{
    return table->bytes + VDR_KEYTABLE_HEAD_BYTES + index * VDR_KEYTABLE_ENTRY_BYTES;
}

static vdr_err
map(const char *path, vdr_keytable *table)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? VDR_E_NOT_FOUND : vdr_env_err(errno);
    vdr_err err = fstat(fd, &st) == 0 ? VDR_OK : vdr_env_err(errno);
    if (err == VDR_OK && (!S_ISREG(st.st_mode) || st.st_size < (off_t)VDR_KEYTABLE_HEAD_BYTES))
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK) {
        table->len = (size_t)st.st_size;
        void *at = mmap(NULL, table->len, PROT_READ, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED)
            err = vdr_env_err(errno);
        else
            table->bytes = at;
    }
    (void)close(fd);
    return err;
}

static vdr_err
check_head(vdr_keytable *table)
{
    const uint8_t *head = table->bytes;
    if (vdr_get_le64(head) != head_check(head))
        return VDR_E_STORE_CORRUPT;
    if (vdr_get_le32(head + AT_VERSION) != VERSION)
        return VDR_E_STORE_VERSION;
    table->count = vdr_get_le64(head + AT_COUNT);
    size_t room = table->len - VDR_KEYTABLE_HEAD_BYTES;
    uint64_t beside = vdr_get_le64(head + AT_BESIDE);
    if (beside > room)
        return VDR_E_STORE_CORRUPT;
    room -= beside;
    if (room % VDR_KEYTABLE_ENTRY_BYTES != 0 || room / VDR_KEYTABLE_ENTRY_BYTES != table->count)
        return VDR_E_STORE_CORRUPT;
    return VDR_OK;
}

static vdr_err
check_entries(const vdr_keytable *table, const uint8_t *prove)
{
    const uint8_t *head = table->bytes;
    vdr_span all = vdr_span_of(head + VDR_KEYTABLE_HEAD_BYTES, table->len - VDR_KEYTABLE_HEAD_BYTES);
    if (vdr_get_le64(head + AT_SUM) != XXH3_64bits(all.at, all.len))
        return VDR_E_STORE_CORRUPT;
    vdr_position last = 0;
    for (uint64_t i = 0; i < table->count; i++) {
        vdr_position position = vdr_get_le64(entry_of(table, i));
        if (position <= last)
            return VDR_E_STORE_CORRUPT;
        last = position;
    }
    if (prove == NULL)
        return VDR_OK;
    crypto_generichash_state state;
    uint8_t proof[PROOF_BYTES];
    (void)crypto_generichash_init(&state, prove, VDR_VAULT_KEY_BYTES, sizeof proof);
    (void)crypto_generichash_update(&state, all.at, all.len);
    (void)crypto_generichash_update(&state, head + VDR_CHECK_BYTES, AT_PROOF - VDR_CHECK_BYTES);
    (void)crypto_generichash_final(&state, proof, sizeof proof);
    return sodium_memcmp(proof, head + AT_PROOF, sizeof proof) == 0 ? VDR_OK : VDR_E_STORE_CORRUPT;
}

vdr_err
vdr_keytable_open(const char *folder, vdr_keytable_prove prove, void *context, vdr_keytable **ret_table)
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, VDR_KEYTABLE_NAME, path);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_keytable *table = vdr_alloc(1, sizeof *table);
    vdr_err err = map(path, table);
    if (err == VDR_OK)
        err = check_head(table);
    if (err == VDR_OK)
        err = check_entries(table, prove != NULL ? prove(context, vdr_keytable_generation(table)) : NULL);
    if (err != VDR_OK) {
        vdr_keytable_close(&table);
        return err;
    }
    (void)madvise((void *)(uintptr_t)table->bytes, table->len, MADV_RANDOM);
    *ret_table = table;
    return VDR_OK;
}

void
vdr_keytable_close(vdr_keytable **table_p)
{
    vdr_keytable *table = *table_p;
    if (table == NULL)
        return;
    if (table->bytes != NULL)
        (void)munmap((void *)(uintptr_t)table->bytes, table->len);
    free(table);
    *table_p = NULL;
}

uint32_t
vdr_keytable_generation(const vdr_keytable *table)
{
    return vdr_get_le32(table->bytes + AT_GENERATION);
}

uint64_t
vdr_keytable_count(const vdr_keytable *table)
{
    return table->count;
}

const uint8_t *
vdr_keytable_id(const vdr_keytable *table)
{
    return table->bytes + AT_ID;
}

const uint8_t *
vdr_keytable_salt(const vdr_keytable *table)
{
    return table->bytes + AT_SALT;
}

vdr_span
vdr_keytable_beside(const vdr_keytable *table)
{
    size_t len = (size_t)vdr_get_le64(table->bytes + AT_BESIDE);
    return vdr_span_of(table->bytes + table->len - len, len);
}

vdr_err
vdr_keytable_find(const vdr_keytable *table, vdr_position position, uint8_t ret_wrapped[VDR_VAULT_KEY_BYTES])
{
    uint64_t low = 0, high = table->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (vdr_get_le64(entry_of(table, middle)) < position)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == table->count || vdr_get_le64(entry_of(table, low)) != position)
        return VDR_E_NOT_FOUND;
    const uint8_t *entry = entry_of(table, low);
    if (vdr_get_le64(entry + ENTRY_CHECK) != XXH3_64bits(entry, ENTRY_CHECK))
        return VDR_E_STORE_CORRUPT;
    memcpy(ret_wrapped, entry + ENTRY_KEY, VDR_VAULT_KEY_BYTES);
    return VDR_OK;
}

/* ---- Write ---- */

struct vdr_keytable_writer {
    char folder[VDR_PATH_BYTES];
    int fd;
    uint64_t count;
    vdr_position last;
    crypto_generichash_state *proof;
    XXH3_state_t *sum;
    uint8_t head[VDR_KEYTABLE_HEAD_BYTES];
    size_t used;
    uint8_t buffer[BUFFER_BYTES];
};

static vdr_err
put(vdr_keytable_writer *writer, const uint8_t *bytes, size_t len)
{
    (void)XXH3_64bits_update(writer->sum, bytes, len);
    (void)crypto_generichash_update(writer->proof, bytes, len);
    return vdr_env_err(vdr_file_put(writer->fd, bytes, len));
}

static vdr_err
flush(vdr_keytable_writer *writer)
{
    vdr_err err = put(writer, writer->buffer, writer->used);
    writer->used = 0;
    return err;
}

vdr_err
vdr_keytable_write_begin(const char *folder, uint32_t generation, const uint8_t *id, const uint8_t *salt,
                         const uint8_t *prove, vdr_keytable_writer **ret_writer)
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, NEW_NAME, path);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_keytable_writer *writer = vdr_alloc(1, sizeof *writer);
    (void)snprintf(writer->folder, sizeof writer->folder, "%s", folder);
    writer->proof = sodium_malloc(crypto_generichash_statebytes()); /* begins with the key */
    writer->sum = XXH3_createState();
    VDR_ASSERT(writer->proof != NULL && writer->sum != NULL);
    (void)XXH3_64bits_reset(writer->sum);
    (void)crypto_generichash_init(writer->proof, prove, VDR_VAULT_KEY_BYTES, PROOF_BYTES);
    vdr_put_le32(writer->head + AT_VERSION, VERSION);
    vdr_put_le32(writer->head + AT_GENERATION, generation);
    memcpy(writer->head + AT_ID, id, VDR_WRAP_ID_BYTES);
    memcpy(writer->head + AT_SALT, salt, VDR_VAULT_SALT_BYTES);
    writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    vdr_err err = writer->fd < 0 ? vdr_env_err(errno) : VDR_OK;
    if (err == VDR_OK) /* its place; what it says is known at the end */
        err = vdr_env_err(vdr_file_put(writer->fd, writer->head, sizeof writer->head));
    if (err != VDR_OK) {
        vdr_keytable_write_abandon(&writer);
        return err;
    }
    *ret_writer = writer;
    return VDR_OK;
}

vdr_err
vdr_keytable_write_add(vdr_keytable_writer *writer, vdr_position position,
                       const uint8_t wrapped[VDR_VAULT_KEY_BYTES])
{
    VDR_ASSERT(position > writer->last);
    vdr_err err = writer->used == sizeof writer->buffer ? flush(writer) : VDR_OK;
    if (err != VDR_OK)
        return err;
    uint8_t *entry = writer->buffer + writer->used;
    vdr_put_le64(entry, position);
    memcpy(entry + ENTRY_KEY, wrapped, VDR_VAULT_KEY_BYTES);
    vdr_put_le64(entry + ENTRY_CHECK, XXH3_64bits(entry, ENTRY_CHECK));
    writer->used += VDR_KEYTABLE_ENTRY_BYTES;
    writer->last = position;
    writer->count++;
    return VDR_OK;
}

vdr_err
vdr_keytable_write_beside(vdr_keytable_writer *writer, vdr_span bytes)
{
    vdr_err err = flush(writer);
    vdr_put_le64(writer->head + AT_BESIDE, bytes.len);
    return err == VDR_OK && bytes.len != 0 ? put(writer, bytes.at, bytes.len) : err;
}

static vdr_err
write_head(vdr_keytable_writer *writer)
{
    uint8_t *head = writer->head;
    vdr_put_le64(head + AT_COUNT, writer->count);
    vdr_put_le64(head + AT_SUM, XXH3_64bits_digest(writer->sum));
    (void)crypto_generichash_update(writer->proof, head + VDR_CHECK_BYTES, AT_PROOF - VDR_CHECK_BYTES);
    (void)crypto_generichash_final(writer->proof, head + AT_PROOF, PROOF_BYTES);
    vdr_put_le64(head, head_check(head));
    if (lseek(writer->fd, 0, SEEK_SET) != 0)
        return vdr_env_err(errno);
    return vdr_env_err(vdr_file_put(writer->fd, head, VDR_KEYTABLE_HEAD_BYTES));
}

vdr_err
vdr_keytable_write_end(vdr_keytable_writer **writer_p)
{
    vdr_keytable_writer *writer = *writer_p;
    vdr_err err = flush(writer);
    if (err == VDR_OK)
        err = write_head(writer);
    if (err == VDR_OK && fsync(writer->fd) != 0)
        err = vdr_env_err(errno);
    if (err == VDR_OK)
        err = vdr_env_err(vdr_file_replace(writer->folder, NEW_NAME, VDR_KEYTABLE_NAME, NULL));
    vdr_keytable_write_abandon(writer_p);
    return err;
}

void
vdr_keytable_write_abandon(vdr_keytable_writer **writer_p)
{
    vdr_keytable_writer *writer = *writer_p;
    char path[VDR_PATH_BYTES];
    if (writer == NULL)
        return;
    if (writer->fd >= 0)
        (void)close(writer->fd);
    if (vdr_folder_path(writer->folder, NEW_NAME, path) == 0)
        (void)unlink(path); /* gone already when it was put into its place */
    sodium_free(writer->proof);
    (void)XXH3_freeState(writer->sum);
    free(writer);
    *writer_p = NULL;
}

/* ---- Copy ---- */

vdr_err
vdr_keytable_copy(const char *folder, const char *to)
{
    char path[VDR_PATH_BYTES];
    vdr_keytable *table = NULL;
    int rc = vdr_folder_path(to, VDR_KEYTABLE_NAME, path);
    if (rc != 0)
        return vdr_env_err(rc);
    if (access(path, F_OK) == 0)
        return VDR_E_STORE_BUSY;
    vdr_err err = vdr_keytable_open(folder, NULL, NULL, &table);
    if (err != VDR_OK)
        return err;
    VDR_ASSERT(table != NULL);
    rc = vdr_file_write(to, NEW_NAME, table->bytes, table->len);
    if (rc == 0)
        rc = vdr_file_replace(to, NEW_NAME, VDR_KEYTABLE_NAME, NULL);
    vdr_keytable_close(&table);
    return vdr_env_err(rc);
}
