#include "clients/gateway/kept.h"

#include "clients/gateway/whole.h"

#include <errno.h>
#include <fcntl.h>
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

static const char format_mark[] = "voordeur sessions 1\n";

void
vdr_kept_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_KEPT_KEY_BYTES])
{
    static const char purpose[] = "voordeur gateway sessions 1";
    int done = crypto_generichash(ret_key, VDR_KEPT_KEY_BYTES, (const uint8_t *)purpose, sizeof purpose - 1,
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

void
vdr_kept_put(json_t *array, const vdr_kept *kept)
{
    json_t *row =
        json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:I, s:I}", "hash", bytes_of(kept->hash, sizeof kept->hash),
                  "digest", bytes_of(kept->digest, sizeof kept->digest), "party", kept->party, "name",
                  kept->name, "csrf", kept->csrf_token, "account", kept->account, "began",
                  (json_int_t)kept->began, "used", (json_int_t)kept->used);
    VDR_ASSERT(row != NULL && json_array_append_new(array, row) == 0);
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

bool
vdr_kept_get(const json_t *element, vdr_kept *ret_kept)
{
    const char *hash, *digest, *party, *name, *csrf, *account;
    json_int_t began, used;
    vdr_kept *k = ret_kept;
    if (json_unpack((json_t *)(uintptr_t)element, "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "hash", &hash,
                    "digest", &digest, "party", &party, "name", &name, "csrf", &csrf, "account", &account,
                    "began", &began, "used", &used) != 0)
        return false;
    k->began = began;
    k->used = used;
    return get_bytes(hash, k->hash, sizeof k->hash) && get_bytes(digest, k->digest, sizeof k->digest) &&
           get_text(party, k->party, sizeof k->party) && get_text(name, k->name, sizeof k->name) &&
           get_text(csrf, k->csrf_token, sizeof k->csrf_token) &&
           get_text(account, k->account, sizeof k->account);
}

/* ---- The file ---- */

vdr_err
vdr_kept_write(const char *path, const json_t *array, const uint8_t key[VDR_KEPT_KEY_BYTES])
{
    char beside[PATH_MAX];
    uint8_t nonce[NONCE];
    unsigned long long sealed_len;
    vdr_bytes file = {0};
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return VDR_E_IO;
    char *text = json_dumps(array, JSON_COMPACT);
    VDR_ASSERT(text != NULL);
    size_t len = strlen(text);
    randombytes_buf(nonce, sizeof nonce);
    vdr_bytes_add(&file, vdr_span_str(format_mark));
    vdr_bytes_add(&file, vdr_span_of(nonce, sizeof nonce));
    uint8_t *at = vdr_bytes_extend(&file, len + TAG);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at, &sealed_len, (const uint8_t *)text, len,
                                                     (const uint8_t *)format_mark, sizeof format_mark - 1,
                                                     NULL, nonce, key);
    sodium_memzero(text, len);
    free(text);
    vdr_err err = vdr_whole_write(beside, path, vdr_bytes_span(&file));
    vdr_bytes_done(&file);
    return err;
}

static vdr_err
read_whole(const char *path, vdr_bytes *file)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size < FILE_BYTES_MAX;
    if (good) {
        size_t size = (size_t)st.st_size, got = 0;
        uint8_t *at = vdr_bytes_extend(file, size);
        for (ssize_t more = 1; got < size && more > 0; got += more > 0 ? (size_t)more : 0)
            more = read(fd, at + got, size - got);
        good = got == size;
    }
    (void)close(fd);
    return good ? VDR_OK : VDR_E_IO;
}

vdr_err
vdr_kept_take(const char *path, const uint8_t key[VDR_KEPT_KEY_BYTES], json_t **ret_array)
{
    const size_t head = sizeof format_mark - 1;
    vdr_bytes file = {0}, text = {0};
    json_t *array = NULL;
    unsigned long long len;
    vdr_err err = read_whole(path, &file);
    if (err == VDR_OK && unlink(path) != 0)
        err = VDR_E_IO;
    if (err == VDR_OK && file.len >= head + NONCE + TAG && memcmp(file.at, format_mark, head) == 0) {
        uint8_t *at = vdr_bytes_extend(&text, file.len - head - NONCE - TAG + 1);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(at, &len, NULL, file.at + head + NONCE,
                                                       file.len - head - NONCE, (const uint8_t *)format_mark,
                                                       head, file.at + head, key) == 0)
            array = json_loadb((const char *)at, (size_t)len, 0, NULL);
        sodium_memzero(text.at, text.len);
    }
    if (err == VDR_OK && !json_is_array(array)) {
        json_decref(array);
        err = VDR_E_STORE_CORRUPT;
    }
    if (err == VDR_OK)
        *ret_array = array;
    vdr_bytes_done(&file);
    vdr_bytes_done(&text);
    return err;
}
