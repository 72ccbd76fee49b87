#include "clients/gateway/account.h"

#include "clients/gateway/whole.h"
#include "proto/utf8.h"
#include "proto/words.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024 * (size_t)1024)

/* ---- The file ---- */

typedef struct line {
    vdr_span whole, name, party, hash, full_name;
} line;

static vdr_err
read_file(const char *path, vdr_bytes *ret_text)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return VDR_E_IO;
    errno = EPERM;
    vdr_err err = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0077) == 0 &&
                          st.st_size <= (off_t)FILE_BYTES_MAX
                      ? VDR_OK
                      : VDR_E_IO;
    if (err == VDR_OK) {
        size_t size = (size_t)st.st_size;
        uint8_t *at = vdr_bytes_extend(ret_text, size + 1); /* never an absent text */
        ssize_t got = read(fd, at, size);
        ret_text->len = got > 0 ? (size_t)got : 0;
        if (got < 0)
            err = VDR_E_IO;
    }
    (void)close(fd);
    return err;
}

static vdr_span
word(vdr_span *rest)
{
    const uint8_t *blank = rest->len != 0 ? memchr(rest->at, ' ', rest->len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - rest->at) : rest->len, used = blank != NULL ? len + 1 : len;
    vdr_span first = vdr_span_of(rest->at, len);
    *rest = vdr_span_of(rest->at + used, rest->len - used);
    return first;
}

/* The next line of the text; false: none is left. */
static bool
next_line(vdr_span *text, line *ret_line)
{
    if (text->len == 0)
        return false;
    const uint8_t *end = memchr(text->at, '\n', text->len);
    size_t len = end != NULL ? (size_t)(end - text->at) : text->len, used = end != NULL ? len + 1 : len;
    vdr_span rest = vdr_span_of(text->at, len);
    *ret_line = (line){.whole = rest};
    *text = vdr_span_of(text->at + used, text->len - used);
    ret_line->name = word(&rest);
    ret_line->party = word(&rest);
    ret_line->hash = word(&rest);
    ret_line->full_name = rest;
    return true;
}

static void
copy(char *to, size_t size, vdr_span text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    memcpy(to, text.at, len);
    to[len] = '\0';
}

static bool
account_of(const line *it, vdr_account *ret_account)
{
    if (it->name.len == 0 || it->name.len > VDR_ACCOUNT_NAME_MAX || it->party.len == 0 ||
        it->party.len > 150 || it->hash.len == 0 || it->hash.len >= crypto_pwhash_STRBYTES)
        return false;
    copy(ret_account->name, sizeof ret_account->name, it->name);
    copy(ret_account->party, sizeof ret_account->party, it->party);
    copy(ret_account->full_name, sizeof ret_account->full_name,
         it->full_name.len != 0 ? it->full_name : it->name);
    (void)crypto_generichash(ret_account->digest, sizeof ret_account->digest, it->whole.at, it->whole.len,
                             NULL, 0);
    return true;
}

vdr_err
vdr_account_each(const char *path, void (*call)(void *context, const vdr_account *account), void *context)
{
    vdr_bytes bytes = {0};
    vdr_err err = read_file(path, &bytes);
    vdr_span text = vdr_bytes_span(&bytes);
    line it;
    while (err == VDR_OK && next_line(&text, &it)) {
        vdr_account account;
        if (account_of(&it, &account))
            call(context, &account);
    }
    vdr_bytes_done(&bytes);
    return err;
}

/* ---- Checking ---- */

void
vdr_account_decoy_make(vdr_account_decoy *ret_decoy)
{
    char nobody[32];
    randombytes_buf(nobody, sizeof nobody);
    VDR_ASSERT(crypto_pwhash_str(ret_decoy->hash, nobody, sizeof nobody, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
}

vdr_err
vdr_account_check(const char *path, const vdr_account_decoy *decoy, vdr_span name, vdr_span password,
                  vdr_account *ret_account)
{
    char hash[crypto_pwhash_STRBYTES] = "";
    vdr_account account = {0};
    vdr_bytes bytes = {0};
    vdr_err err = read_file(path, &bytes);
    if (err != VDR_OK)
        return err;
    vdr_span text = vdr_bytes_span(&bytes);
    bool found = false;
    for (line it; next_line(&text, &it);)
        if (!found && vdr_span_equal(it.name, name) && account_of(&it, &account)) {
            found = true;
            copy(hash, sizeof hash, it.hash);
        }
    vdr_bytes_done(&bytes);
    if (!found)
        memcpy(hash, decoy->hash, sizeof decoy->hash);
    bool right = crypto_pwhash_str_verify(hash, (const char *)password.at, password.len) == 0;
    sodium_memzero(hash, sizeof hash);
    if (!found || !right)
        return VDR_E_UNKNOWN_ACTOR;
    *ret_account = account;
    return VDR_OK;
}

/* ---- Changing ---- */

static vdr_err
wrong(char words[200], const char *what, const char *name)
{
    (void)snprintf(words, 200, "%.100s: %s", name, what);
    return VDR_E_USAGE;
}

static bool
is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= VDR_ACCOUNT_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") == len;
}

static bool
is_party(const char *party)
{
    size_t kind_len = strcspn(party, ":");
    const char *id = party + kind_len + 1;
    return party[kind_len] == ':' && vdr_party_kind_of(vdr_span_of(party, kind_len)) != VDR_PARTY_NONE &&
           id[0] != '\0' && strlen(party) <= 150 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(id);
}

static bool
is_full_name(const char *text)
{
    bool plain = strlen(text) <= VDR_ACCOUNT_FULL_MAX && vdr_span_is_utf8(vdr_span_str(text));
    for (; *text != '\0' && plain; text++)
        plain = (unsigned char)*text >= 0x20 && *text != 0x7f;
    return plain;
}

static vdr_err
check_password(const char *name, vdr_span password, char words[200])
{
    if (password.len < VDR_ACCOUNT_PASSWORD_MIN)
        return wrong(words, "a password has at least 10 characters", name);
    if (password.len > VDR_ACCOUNT_PASSWORD_MAX)
        return wrong(words, "a password has at most 256 bytes", name);
    return VDR_OK;
}

/* The file with new text, whole or not at all. */
static vdr_err
replace_file(const char *path, vdr_span text, char words[200])
{
    char beside[4096];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    errno = ENAMETOOLONG;
    if (len > 0 && (size_t)len < sizeof beside && vdr_whole_write(beside, path, text) == VDR_OK)
        return VDR_OK;
    (void)snprintf(words, 200, "%.100s cannot be written: %.60s", path, strerror(errno));
    return VDR_E_IO;
}

/* The text without the line of that name; its line is in ret_line, whose name is absent if there was none. The spans
 * are of the old text. */
static void
without_line(vdr_span text, const char *name, vdr_bytes *ret_rest, line *ret_line)
{
    *ret_line = (line){0};
    for (line it; next_line(&text, &it);) {
        if (vdr_span_equal(it.name, vdr_span_str(name))) {
            *ret_line = it;
            continue;
        }
        vdr_bytes_add(ret_rest, it.whole);
        vdr_bytes_add(ret_rest, vdr_span_str("\n"));
    }
}

static void
add_line(vdr_bytes *text, vdr_span name, vdr_span party, vdr_span password, vdr_span full_name)
{
    char hash[crypto_pwhash_STRBYTES];
    VDR_ASSERT(crypto_pwhash_str(hash, (const char *)password.at, password.len,
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
    vdr_span parts[] = {name, party, vdr_span_str(hash), full_name};
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            vdr_bytes_add(text, vdr_span_str(" "));
        vdr_bytes_add(text, parts[i]);
    }
    vdr_bytes_add(text, vdr_span_str("\n"));
}

static vdr_err
read_old(const char *path, bool may_miss, vdr_bytes *text, char words[200])
{
    vdr_err err = read_file(path, text);
    if (err == VDR_OK || (may_miss && access(path, F_OK) != 0 && errno == ENOENT))
        return VDR_OK;
    (void)snprintf(words, 200, "%.120s cannot be read, or others may read it (mode 0600 is wanted)", path);
    return VDR_E_IO;
}

vdr_err
vdr_account_add(const char *path, const char *name, const char *party, const char *full_name,
                vdr_span password, char ret_words[200])
{
    if (!is_name(name))
        return wrong(ret_words, "a name has 1 to 64 of letters, digits and . _ @ -", name);
    if (!is_party(party))
        return wrong(ret_words, "a party is KIND:ID, as in gateway.yaml", party);
    if (!is_full_name(full_name))
        return wrong(ret_words, "a full name is at most 128 bytes of UTF-8 on one line", name);
    vdr_bytes old = {0}, text = {0};
    line before;
    vdr_err err = check_password(name, password, ret_words);
    if (err == VDR_OK)
        err = read_old(path, true, &old, ret_words);
    if (err == VDR_OK) {
        without_line(vdr_bytes_span(&old), name, &text, &before);
        if (before.name.at != NULL)
            err = wrong(ret_words, "there is such an account already", name);
    }
    if (err == VDR_OK) {
        add_line(&text, vdr_span_str(name), vdr_span_str(party), password, vdr_span_str(full_name));
        err = replace_file(path, vdr_bytes_span(&text), ret_words);
    }
    vdr_bytes_done(&old);
    vdr_bytes_done(&text);
    return err;
}

/* password absent: the account goes. */
static vdr_err
change(const char *path, const char *name, vdr_span password, char words[200])
{
    vdr_bytes old = {0}, text = {0};
    line before;
    vdr_err err = read_old(path, false, &old, words);
    if (err == VDR_OK) {
        without_line(vdr_bytes_span(&old), name, &text, &before);
        if (before.name.at == NULL)
            err = wrong(words, "there is no such account", name);
    }
    if (err == VDR_OK && password.at != NULL)
        add_line(&text, before.name, before.party, password, before.full_name);
    if (err == VDR_OK)
        err = replace_file(path, vdr_bytes_span(&text), words);
    vdr_bytes_done(&old);
    vdr_bytes_done(&text);
    return err;
}

vdr_err
vdr_account_password(const char *path, const char *name, vdr_span password, char ret_words[200])
{
    vdr_err err = check_password(name, password, ret_words);
    return err != VDR_OK ? err : change(path, name, password, ret_words);
}

vdr_err
vdr_account_remove(const char *path, const char *name, char ret_words[200])
{
    return change(path, name, (vdr_span){0}, ret_words);
}
