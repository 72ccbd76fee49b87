#include "clients/gateway/letters.h"

#include "clients/gateway/whole.h"
#include "proto/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG   crypto_aead_xchacha20poly1305_ietf_ABYTES

void
vdr_letter_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_LETTER_KEY_BYTES])
{
    static const char purpose[] = "voordeur courier letters 1";
    int done = crypto_generichash(ret_key, VDR_LETTER_KEY_BYTES, (const uint8_t *)purpose, sizeof purpose - 1,
                                  secret_key, 32);
    VDR_ASSERT(done == 0);
}

static bool
name_of(char path[PATH_MAX], const char *folder, const char *party, uint64_t seq, const char *ending)
{
    int len = snprintf(path, PATH_MAX, "%s/%s/%020llu%s", folder, party, (unsigned long long)seq, ending);
    return len > 0 && len < PATH_MAX;
}

static vdr_err
sync_folder(const char *folder, const char *party)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, party) >= PATH_MAX)
        return VDR_E_IO;
    return vdr_whole_sync(path);
}

static vdr_err
make_folder(const char *folder, const char *party)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, party) >= PATH_MAX)
        return VDR_E_IO;
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST ? VDR_OK : VDR_E_IO;
    return sync_folder(folder, ".");
}

/* The line that may be read without a key. */
static char *
head_of(const vdr_letter *letter)
{
    char at[VDR_TIME_TEXT_BYTES + 1] = {0}, died[VDR_TIME_TEXT_BYTES + 1] = {0};
    vdr_time_format(letter->at, at);
    vdr_time_format(letter->died, died);
    json_t *head =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:I}", "seq", (json_int_t)letter->seq, "kind", letter->kind,
                  "at", at, "died", died, "why", letter->why, "attempts", (json_int_t)letter->attempts);
    char *text = json_dumps(head, JSON_COMPACT);
    VDR_ASSERT(text != NULL);
    json_decref(head);
    return text;
}

vdr_err
vdr_letter_write(const char *folder, const char *party, const vdr_letter *letter, vdr_span event,
                 const uint8_t key[VDR_LETTER_KEY_BYTES])
{
    char beside[PATH_MAX], path[PATH_MAX];
    vdr_bytes sealed = {0};
    if (!name_of(beside, folder, party, letter->seq, ".new") ||
        !name_of(path, folder, party, letter->seq, ".dead") || make_folder(folder, party) != VDR_OK)
        return VDR_E_IO;
    char *head = head_of(letter);
    uint8_t nonce[NONCE];
    randombytes_buf(nonce, sizeof nonce);
    vdr_bytes_add(&sealed, vdr_span_str(head));
    vdr_bytes_add(&sealed, vdr_span_str("\n"));
    vdr_bytes_add(&sealed, vdr_span_of(nonce, sizeof nonce));
    unsigned long long len;
    uint8_t *at = vdr_bytes_extend(&sealed, event.len + TAG);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(at, &len, event.at, event.len, (const uint8_t *)head,
                                                     strlen(head), NULL, nonce, key);
    free(head);
    vdr_err err = vdr_whole_write(beside, path, vdr_bytes_span(&sealed));
    vdr_bytes_done(&sealed);
    return err;
}

static vdr_err
read_whole(const char *path, vdr_bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    ssize_t got;
    do {
        uint8_t *at = vdr_bytes_extend(out, 65536);
        got = read(fd, at, 65536);
        out->len -= 65536 - (got > 0 ? (size_t)got : 0);
    } while (got > 0 && out->len <= VDR_LETTER_BYTES_MAX);
    (void)close(fd);
    return got == 0 ? VDR_OK : VDR_E_IO;
}

static bool
read_head(vdr_span bytes, vdr_letter *ret_letter)
{
    const uint8_t *end = bytes.len == 0 ? NULL : memchr(bytes.at, '\n', bytes.len);
    if (end == NULL)
        return false;
    json_t *head = json_loadb((const char *)bytes.at, (size_t)(end - bytes.at), 0, NULL);
    const char *kind, *at, *died, *why;
    json_int_t seq, attempts;
    bool good = json_unpack(head, "{s:I, s:s, s:s, s:s, s:s, s:I}", "seq", &seq, "kind", &kind, "at", &at,
                            "died", &died, "why", &why, "attempts", &attempts) == 0 &&
                vdr_time_parse(vdr_span_str(at), &ret_letter->at) &&
                vdr_time_parse(vdr_span_str(died), &ret_letter->died) && seq > 0 && attempts >= 0;
    if (good) {
        ret_letter->seq = (uint64_t)seq;
        ret_letter->attempts = (uint64_t)attempts;
        (void)snprintf(ret_letter->kind, sizeof ret_letter->kind, "%s", kind);
        (void)snprintf(ret_letter->why, sizeof ret_letter->why, "%s", why);
    }
    json_decref(head);
    return good;
}

vdr_err
vdr_letter_read(const char *folder, const char *party, uint64_t seq, bool again,
                const uint8_t key[VDR_LETTER_KEY_BYTES], vdr_bytes *out)
{
    char path[PATH_MAX];
    vdr_bytes file = {0};
    if (!name_of(path, folder, party, seq, again ? ".again" : ".dead"))
        return VDR_E_IO;
    vdr_err err = read_whole(path, &file);
    const uint8_t *end = file.len == 0 ? NULL : memchr(file.at, '\n', file.len);
    size_t head = end == NULL ? 0 : (size_t)(end - file.at);
    if (err == VDR_OK && (end == NULL || file.len < head + 1 + NONCE + TAG))
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK) {
        size_t sealed = file.len - head - 1 - NONCE;
        unsigned long long len = 0;
        uint8_t *at = vdr_bytes_extend(out, sealed);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(at, &len, NULL, end + 1 + NONCE, sealed, file.at, head,
                                                       end + 1, key) != 0)
            err = VDR_E_STORE_CORRUPT;
        out->len -= sealed - (err == VDR_OK ? (size_t)len : 0);
    }
    vdr_bytes_done(&file);
    return err;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

vdr_err
vdr_letters_list(const char *folder, const char *party, void (*seen)(void *context, const vdr_letter *letter),
                 void *context)
{
    char path[PATH_MAX];
    struct dirent **names;
    if (snprintf(path, sizeof path, "%s/%s", folder, party) >= PATH_MAX)
        return VDR_E_IO;
    int count = scandir(path, &names, NULL, by_name); /* names are numbers of equal length */
    if (count < 0)
        return errno == ENOENT ? VDR_OK : VDR_E_IO;
    for (int i = 0; i < count; i++) {
        size_t len = strlen(names[i]->d_name);
        bool again = len > 6 && strcmp(names[i]->d_name + len - 6, ".again") == 0;
        bool dead = len > 5 && strcmp(names[i]->d_name + len - 5, ".dead") == 0;
        char whole[PATH_MAX];
        vdr_bytes file = {0};
        vdr_letter letter = {.again = again};
        if ((again || dead) && snprintf(whole, sizeof whole, "%s/%s", path, names[i]->d_name) < PATH_MAX &&
            read_whole(whole, &file) == VDR_OK && read_head(vdr_bytes_span(&file), &letter))
            seen(context, &letter);
        vdr_bytes_done(&file);
        free(names[i]);
    }
    free(names);
    return VDR_OK;
}

static vdr_err
rename_letter(const char *folder, const char *party, uint64_t seq, const char *before, const char *after)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!name_of(from, folder, party, seq, before) || !name_of(to, folder, party, seq, after))
        return VDR_E_IO;
    if (rename(from, to) != 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO;
    return sync_folder(folder, party);
}

vdr_err
vdr_letter_again(const char *folder, const char *party, uint64_t seq)
{
    return rename_letter(folder, party, seq, ".dead", ".again");
}

vdr_err
vdr_letter_dead(const char *folder, const char *party, uint64_t seq)
{
    return rename_letter(folder, party, seq, ".again", ".dead");
}

static vdr_err
unlink_letter(const char *folder, const char *party, uint64_t seq, const char *const *endings, size_t count)
{
    char path[PATH_MAX];
    bool gone = false;
    for (size_t i = 0; i < count; i++) {
        if (!name_of(path, folder, party, seq, endings[i]))
            return VDR_E_IO;
        if (unlink(path) == 0)
            gone = true;
        else if (errno != ENOENT)
            return VDR_E_IO;
    }
    return gone ? sync_folder(folder, party) : VDR_E_NOT_FOUND;
}

vdr_err
vdr_letter_unmark(const char *folder, const char *party, uint64_t seq)
{
    static const char *const endings[] = {".again"};
    return unlink_letter(folder, party, seq, endings, 1);
}

vdr_err
vdr_letter_drop(const char *folder, const char *party, uint64_t seq)
{
    static const char *const endings[] = {".dead", ".again"};
    return unlink_letter(folder, party, seq, endings, 2);
}
