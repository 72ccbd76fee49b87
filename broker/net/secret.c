#include "broker/net/secret.h"

#include "proto/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define Z85_CHARS 40u
#define KEY_CHARS (2 * Z85_CHARS + 1) /* two keys and the line end between them */
#define HEX_CHARS 64u
#define FILE_MAX  128u /* no secret's file is longer */

__attribute__((format(printf, 3, 4))) static vdr_err
fail(vdr_err err, char *ret_words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(ret_words, VDR_SECRET_WORDS, format, arguments);
    va_end(arguments);
    return err;
}

uint8_t *
vdr_secret_new(void)
{
    VDR_ASSERT(sodium_init() >= 0);
    uint8_t *secret = (uint8_t *)sodium_malloc(VDR_SECRET_BYTES);
    VDR_ASSERT(secret != NULL);
    sodium_memzero(secret, VDR_SECRET_BYTES);
    return secret;
}

void
vdr_secret_free(uint8_t **secret_p)
{
    if (*secret_p != NULL)
        sodium_free(*secret_p);
    *secret_p = NULL;
}

/* systemd hands a credential over as root's, with an access list for the service alone; its mask shows as a mode of
 * 0440. The folder is mounted for the service and nobody else (systemd.exec(5), CREDENTIALS_DIRECTORY). */
static bool
is_credential(const char *path, const struct stat *status)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t len = folder != NULL ? strlen(folder) : 0;
    return len > 1 && folder[0] == '/' && strncmp(path, folder, len) == 0 && path[len] == '/' &&
           strstr(path + len, "/../") == NULL && status->st_uid == 0;
}

static vdr_err
check_file(int fd, const char *path, char *ret_words)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail(VDR_E_IO, ret_words, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(VDR_E_BAD_CONFIG, ret_words, "%s: a key must be a regular file", path);
    unsigned mode = (unsigned)status.st_mode & 07777u;
    if (mode != 0400u && mode != 0600u && !(mode == 0440u && is_credential(path, &status)))
        return fail(VDR_E_BAD_CONFIG, ret_words,
                    "%s: has mode %04o; a key may be read by its owner only: chmod 0400 it", path, mode);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return fail(VDR_E_BAD_CONFIG, ret_words, "%s: belongs to another user (uid %u)", path,
                    (unsigned)status.st_uid);
    return VDR_OK;
}

/* The file's text without its line end, terminated, in text (FILE_MAX + 1 bytes). */
static vdr_err
read_text(const char *path, size_t chars, const char *what, char *text, char *ret_words)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail(errno == ENOENT ? VDR_E_NOT_FOUND : VDR_E_IO, ret_words, "%s: %s", path, strerror(errno));
    vdr_err err = check_file(fd, path, ret_words);
    if (err == VDR_OK) {
        size_t len = 0;
        ssize_t got = 0;
        while (len < FILE_MAX && (got = read(fd, text + len, FILE_MAX - len)) > 0)
            len += (size_t)got;
        while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
            len--;
        text[len] = '\0';
        if (got < 0)
            err = fail(VDR_E_IO, ret_words, "%s: %s", path, strerror(errno));
        else if (len != chars)
            err = fail(VDR_E_BAD_CONFIG, ret_words, "%s: is not %s", path, what);
    }
    (void)close(fd);
    return err;
}

/* Two lines of Z85 that are one key pair. */
static bool
read_pair(char *text, uint8_t *secret)
{
    uint8_t public_key[VDR_SECRET_BYTES], made[VDR_SECRET_BYTES];
    bool two_lines = text[Z85_CHARS] == '\n';
    text[Z85_CHARS] = '\0';
    /* z85_decode takes what ends sooner, at a zero byte */
    return two_lines && strlen(text) == Z85_CHARS && strlen(text + Z85_CHARS + 1) == Z85_CHARS &&
           zmq_z85_decode(public_key, text) != NULL && zmq_z85_decode(secret, text + Z85_CHARS + 1) != NULL &&
           crypto_scalarmult_base(made, secret) == 0 && memcmp(made, public_key, sizeof made) == 0;
}

vdr_err
vdr_secret_read_curve(const char *path, uint8_t **ret_secret, char *ret_words)
{
    static const char what[] = "a key file: public and secret key of one pair, a line of 40 characters each";
    char text[FILE_MAX + 1];
    vdr_err err = read_text(path, KEY_CHARS, what, text, ret_words);
    if (err == VDR_OK) {
        uint8_t *secret = vdr_secret_new();
        if (read_pair(text, secret)) {
            *ret_secret = secret;
        } else {
            vdr_secret_free(&secret);
            err = fail(VDR_E_BAD_CONFIG, ret_words, "%s: is not %s", path, what);
        }
    }
    sodium_memzero(text, sizeof text);
    return err;
}

vdr_err
vdr_secret_read_hex(const char *path, uint8_t **ret_secret, char *ret_words)
{
    static const char what[] = "32 bytes as 64 hexadecimal digits";
    char text[FILE_MAX + 1];
    vdr_err err = read_text(path, HEX_CHARS, what, text, ret_words);
    if (err == VDR_OK) {
        uint8_t *secret = vdr_secret_new();
        size_t len = 0;
        if (sodium_hex2bin(secret, VDR_SECRET_BYTES, text, HEX_CHARS, NULL, &len, NULL) == 0 &&
            len == VDR_SECRET_BYTES) {
            *ret_secret = secret;
        } else {
            vdr_secret_free(&secret);
            err = fail(VDR_E_BAD_CONFIG, ret_words, "%s: is not %s", path, what);
        }
    }
    sodium_memzero(text, sizeof text);
    return err;
}
