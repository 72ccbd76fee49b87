#include "clients/gateway/roll.h"

#include "clients/gateway/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE          crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG            crypto_aead_xchacha20poly1305_ietf_ABYTES
#define FILE_BYTES_MAX ((off_t)256 << 20)
#define BASE64         sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define BASE64_BYTES   64 /* of a hash or digest */
#define OWN_BYTES      16
#define LEN_BYTES      8 /* and what is not it, so that a length that rotted is no part that was cut off */
#define GROWN_BYTES    65536 /* by which it may grow, besides twice what it began with */

static const char format_mark[] = "voordeur sessions 2\n";
#define MARK_BYTES (sizeof format_mark - 1)
#define HEAD_BYTES (MARK_BYTES + OWN_BYTES)

struct vdr_roll {
    char path[PATH_MAX];
    uint8_t key[VDR_ROLL_KEY_BYTES], own[OWN_BYTES];
    int fd; /* -1: it is not written at the moment */
    uint64_t parts;
    size_t bytes, first_bytes;
};

void
vdr_roll_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_ROLL_KEY_BYTES])
{
    static const char purpose[] = "voordeur gateway sessions 1";
    int done = crypto_generichash(ret_key, VDR_ROLL_KEY_BYTES, (const uint8_t *)purpose, sizeof purpose - 1,
                                  secret_key, 32);
    VDR_ASSERT(done == 0);
}

/* ---- One ---- */

static json_t *
bytes_of(const uint8_t *at, size_t len)
{
    char text[BASE64_BYTES];
    return json_string(sodium_bin2base64(text, sizeof text, at, len, BASE64));
}

static json_t *
row_of(const vdr_roll_entry *kept)
{
    json_t *row =
        json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:I, s:I}", "hash", bytes_of(kept->hash, sizeof kept->hash),
                  "digest", bytes_of(kept->digest, sizeof kept->digest), "party", kept->party, "name",
                  kept->name, "csrf", kept->csrf_token, "account", kept->account, "began",
                  (json_int_t)kept->began, "used", (json_int_t)kept->used);
    VDR_ASSERT(row != NULL);
    return row;
}

static bool
get_bytes(const char *text, uint8_t *ret_bytes, size_t size)
{
    size_t len = 0;
    return sodium_base642bin(ret_bytes, size, text, strlen(text), NULL, &len, NULL, BASE64) == 0 &&
           len == size;
}

static bool
get_text(const char *text, char *ret_text, size_t size)
{
    size_t len = strlen(text);
    if (len >= size)
        return false;
    memcpy(ret_text, text, len + 1);
    return true;
}

static bool
get_row(json_t *row, vdr_roll_entry *ret_kept)
{
    const char *hash, *digest, *party, *name, *csrf, *account;
    json_int_t began, used;
    vdr_roll_entry *k = ret_kept;
    if (json_unpack(row, "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "hash", &hash, "digest", &digest,
                    "party", &party, "name", &name, "csrf", &csrf, "account", &account, "began", &began,
                    "used", &used) != 0)
        return false;
    k->began = began;
    k->used = used;
    return get_bytes(hash, k->hash, sizeof k->hash) && get_bytes(digest, k->digest, sizeof k->digest) &&
           get_text(party, k->party, sizeof k->party) && get_text(name, k->name, sizeof k->name) &&
           get_text(csrf, k->csrf_token, sizeof k->csrf_token) &&
           get_text(account, k->account, sizeof k->account);
}

/* ---- Parts ---- */

/* What a part is bound to: this file, and which part of it. */
static void
bind_part(const vdr_roll *roll, uint8_t ret_bound[HEAD_BYTES + 8])
{
    memcpy(ret_bound, format_mark, MARK_BYTES);
    memcpy(ret_bound + MARK_BYTES, roll->own, OWN_BYTES);
    for (size_t i = 0; i < 8; i++)
        ret_bound[HEAD_BYTES + i] = (uint8_t)(roll->parts >> 8 * i);
}

static void
put_len(uint8_t at[LEN_BYTES], uint32_t len)
{
    for (size_t i = 0; i < LEN_BYTES / 2; i++) {
        at[i] = (uint8_t)(len >> 8 * i);
        at[i + LEN_BYTES / 2] = (uint8_t)~at[i];
    }
}

static bool
get_len(const uint8_t at[LEN_BYTES], size_t *ret_len)
{
    *ret_len = 0;
    for (size_t i = 0; i < LEN_BYTES / 2; i++) {
        if ((at[i] ^ at[i + LEN_BYTES / 2]) != 0xff)
            return false;
        *ret_len |= (size_t)at[i] << 8 * i;
    }
    return true;
}

/* Seals value, which is taken over, as the next part. */
static void
put_part(vdr_roll *roll, json_t *value, vdr_bytes *out)
{
    uint8_t bound[HEAD_BYTES + 8], *nonce;
    unsigned long long sealed_len;
    char *text = json_dumps(value, JSON_COMPACT);
    VDR_ASSERT(text != NULL);
    size_t len = strlen(text);
    VDR_ASSERT(len <= UINT32_MAX);
    uint8_t *at = vdr_bytes_extend(out, LEN_BYTES + NONCE + len + TAG);
    put_len(at, (uint32_t)len);
    nonce = at + LEN_BYTES;
    randombytes_buf(nonce, NONCE);
    bind_part(roll, bound);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, &sealed_len, (const uint8_t *)text, len,
                                                     bound, sizeof bound, NULL, nonce, roll->key);
    roll->parts++;
    sodium_memzero(text, len);
    free(text);
    json_decref(value);
}

/* The part that rest begins with, off rest. NULL: it is not good; or, with *ret_torn, it was not written to its end. */
static json_t *
take_part(vdr_roll *roll, vdr_span *rest, bool *ret_torn)
{
    uint8_t bound[HEAD_BYTES + 8];
    unsigned long long text_len;
    size_t len = 0;
    json_t *value = NULL;
    *ret_torn = rest->len < LEN_BYTES;
    if (*ret_torn || !get_len(rest->at, &len))
        return NULL;
    size_t whole = LEN_BYTES + NONCE + len + TAG;
    *ret_torn = rest->len < whole;
    if (*ret_torn)
        return NULL;
    uint8_t *text = vdr_alloc(len + 1, 1);
    bind_part(roll, bound);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, &text_len, NULL, rest->at + LEN_BYTES + NONCE,
                                                   len + TAG, bound, sizeof bound, rest->at + LEN_BYTES,
                                                   roll->key) == 0)
        value = json_loadb((const char *)text, (size_t)text_len, 0, NULL);
    sodium_memzero(text, len);
    free(text);
    roll->parts++;
    *rest = vdr_span_of(rest->at + whole, rest->len - whole);
    return value;
}

/* ---- Reading ---- */

static vdr_err
read_whole(const char *path, vdr_bytes *file)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < FILE_BYTES_MAX;
    if (good) {
        size_t size = (size_t)st.st_size, got = 0;
        uint8_t *at = vdr_bytes_extend(file, size + 1);
        file->len = size;
        for (ssize_t more = 1; got < size && more > 0; got += more > 0 ? (size_t)more : 0)
            more = read(fd, at + got, size - got);
        good = got == size;
    }
    (void)close(fd);
    return good ? VDR_OK : VDR_E_IO;
}

/* What a part says, done to those that are alive, by their hashes. False: it says nothing that is known. */
static bool
apply(json_t *alive, const json_t *part)
{
    size_t i;
    json_t *row, *used;
    const char *hash;
    const json_t *begun = json_object_get(part, "begun");
    json_array_foreach(begun, i, row)
    {
        hash = json_string_value(json_object_get(row, "hash"));
        if (hash == NULL || json_object_set(alive, hash, row) != 0)
            return false;
    }
    if (json_is_array(begun))
        return true;
    hash = json_string_value(json_object_get(part, "ended"));
    if (hash != NULL) {
        (void)json_object_del(alive, hash);
        return true;
    }
    hash = json_string_value(json_object_get(part, "used"));
    row = hash != NULL ? json_object_get(alive, hash) : NULL;
    used = json_object_get(part, "at");
    return hash != NULL && json_is_integer(used) && (row == NULL || json_object_set(row, "used", used) == 0);
}

static bool
read_parts(vdr_roll *roll, vdr_span rest, json_t *alive)
{
    bool torn = false;
    while (rest.len != 0 && !torn) {
        json_t *part = take_part(roll, &rest, &torn);
        bool good = torn || apply(alive, part);
        json_decref(part);
        if (!good)
            return false;
    }
    return roll->parts != 0; /* the first is there before the file has its name */
}

vdr_err
vdr_roll_open(const char *path, const uint8_t key[VDR_ROLL_KEY_BYTES],
              void (*each)(void *context, const vdr_roll_entry *kept), void *context, vdr_roll **ret_roll)
{
    vdr_bytes file = {0};
    vdr_roll *roll = vdr_alloc(1, sizeof *roll);
    json_t *alive = json_object(), *row;
    const char *hash;
    vdr_roll_entry kept;
    roll->fd = -1;
    memcpy(roll->key, key, sizeof roll->key);
    VDR_ASSERT(strlen(path) < sizeof roll->path);
    memcpy(roll->path, path, strlen(path) + 1);
    vdr_err err = read_whole(path, &file);
    if (err == VDR_OK && (file.len < HEAD_BYTES || memcmp(file.at, format_mark, MARK_BYTES) != 0))
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK) {
        memcpy(roll->own, file.at + MARK_BYTES, OWN_BYTES);
        vdr_span rest = vdr_span_of(file.at + HEAD_BYTES, file.len - HEAD_BYTES);
        err = read_parts(roll, rest, alive) ? VDR_OK : VDR_E_STORE_CORRUPT;
    }
    if (err == VDR_OK)
        json_object_foreach(alive, hash, row)
        {
            if (get_row(row, &kept))
                each(context, &kept);
        }
    json_decref(alive);
    vdr_bytes_done(&file);
    *ret_roll = roll;
    return err;
}

void
vdr_roll_close(vdr_roll **roll_p)
{
    vdr_roll *roll = *roll_p;
    if (roll == NULL)
        return;
    if (roll->fd >= 0)
        (void)close(roll->fd);
    sodium_memzero(roll, sizeof *roll);
    free(roll);
    *roll_p = NULL;
}

/* ---- Writing ---- */

/* It would say that somebody is alive who is not: after a power cut too, so that it is gone from the disk before anybody is told
 * that a session ended. */
static void
give_up(vdr_roll *roll)
{
    if (roll->fd >= 0)
        (void)close(roll->fd);
    roll->fd = -1;
    if (vdr_whole_drop(roll->path) == VDR_OK)
        (void)fprintf(stderr, "level=warn event=sessions_not_kept\n");
    else /* what signed out could be alive at the next start */
        (void)fprintf(stderr, "level=error event=sessions_file_stays reason=\"%s\"\n", strerror(errno));
}

void
vdr_roll_anew(vdr_roll *roll, bool (*next)(void *context, vdr_roll_entry *ret_kept), void *context)
{
    char beside[PATH_MAX + 8];
    vdr_bytes file = {0};
    vdr_roll_entry kept;
    if (roll == NULL)
        return;
    json_t *begun = json_array();
    while (next(context, &kept))
        VDR_ASSERT(json_array_append_new(begun, row_of(&kept)) == 0);
    (void)snprintf(beside, sizeof beside, "%s.new", roll->path);
    roll->parts = 0;
    randombytes_buf(roll->own, OWN_BYTES);
    vdr_bytes_add(&file, vdr_span_of(format_mark, MARK_BYTES));
    vdr_bytes_add(&file, vdr_span_of(roll->own, OWN_BYTES));
    put_part(roll, json_pack("{s:o}", "begun", begun), &file);
    roll->bytes = roll->first_bytes = file.len;
    vdr_err err = vdr_whole_write(beside, roll->path, vdr_bytes_span(&file));
    vdr_bytes_done(&file);
    if (roll->fd >= 0)
        (void)close(roll->fd);
    roll->fd = err == VDR_OK ? open(roll->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (roll->fd < 0)
        give_up(roll);
}

bool
vdr_roll_wants_anew(const vdr_roll *roll)
{
    return roll != NULL && (roll->fd < 0 || roll->bytes > 3 * roll->first_bytes + GROWN_BYTES);
}

static void
append(vdr_roll *roll, json_t *value)
{
    vdr_bytes part = {0};
    if (roll->fd < 0) {
        json_decref(value);
        return;
    }
    put_part(roll, value, &part);
    roll->bytes += part.len;
    if (write(roll->fd, part.at, part.len) != (ssize_t)part.len)
        give_up(roll);
    vdr_bytes_done(&part);
}

void
vdr_roll_begun(vdr_roll *roll, const vdr_roll_entry *kept)
{
    if (roll != NULL)
        append(roll, json_pack("{s:[o]}", "begun", row_of(kept)));
}

void
vdr_roll_used(vdr_roll *roll, const uint8_t hash[VDR_ROLL_HASH_BYTES], vdr_ms at)
{
    if (roll != NULL)
        append(roll,
               json_pack("{s:o, s:I}", "used", bytes_of(hash, VDR_ROLL_HASH_BYTES), "at", (json_int_t)at));
}

void
vdr_roll_ended(vdr_roll *roll, const uint8_t hash[VDR_ROLL_HASH_BYTES])
{
    if (roll != NULL)
        append(roll, json_pack("{s:o}", "ended", bytes_of(hash, VDR_ROLL_HASH_BYTES)));
}

void
vdr_roll_sync(vdr_roll *roll)
{
    if (roll != NULL && roll->fd >= 0 && fdatasync(roll->fd) != 0)
        give_up(roll);
}
