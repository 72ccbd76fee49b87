#include "clients/lib/client.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define WORDS      256u
#define LINE_BYTES 41u /* 40 characters and a line feed */

bool
vdr_lib_keyfile_good(const char *text)
{
    uint8_t key[32];
    return strlen(text) == 40 && zmq_z85_decode(key, text) != NULL;
}

/* At most lines lines of 40 characters; the last line feed may be missing. */
static vdr_err
read_lines(const char *path, bool secret, size_t lines, char *ret_text, char *ret_words)
{
    struct stat status;
    vdr_err err = VDR_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0) {
        snprintf(ret_words, WORDS, "key file %s: %s", path, strerror(errno));
        goto done;
    }
    err = VDR_E_USAGE;
    mode_t mode = status.st_mode & 07777;
    if (!S_ISREG(status.st_mode)) {
        snprintf(ret_words, WORDS, "key file %s: not a regular file", path);
        goto done;
    }
    if (secret && mode != 0400 && mode != 0600) {
        snprintf(ret_words, WORDS, "key file %s: mode is %04o, must be 0400 or 0600", path, (unsigned)mode);
        goto done;
    }
    size_t whole = lines * LINE_BYTES;
    ssize_t bytes = read(fd, ret_text, whole + 1);
    bool form = bytes == (ssize_t)whole || bytes == (ssize_t)whole - 1;
    for (size_t i = 0; form && i < lines; i++)
        form = i * LINE_BYTES + 40 == (size_t)bytes || ret_text[i * LINE_BYTES + 40] == '\n';
    if (!form) {
        snprintf(ret_words, WORDS, "key file %s: must be %zu line%s of 40 characters", path, lines,
                 lines == 1 ? "" : "s");
        goto done;
    }
    for (size_t i = 0; i < lines; i++)
        ret_text[i * LINE_BYTES + 40] = '\0';
    err = VDR_OK;

done:
    if (fd >= 0)
        close(fd);
    return err;
}

vdr_err
vdr_lib_keyfile_read_pair(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT],
                          char ret_secret[VDR_CLIENT_KEY_TEXT], char *ret_words)
{
    char text[2 * LINE_BYTES + 1], derived[VDR_CLIENT_KEY_TEXT];
    vdr_err err = read_lines(path, true, 2, text, ret_words);

    if (err == VDR_OK && (!vdr_lib_keyfile_good(text) || !vdr_lib_keyfile_good(text + LINE_BYTES) ||
                          zmq_curve_public(derived, text + LINE_BYTES) != 0 || strcmp(derived, text) != 0)) {
        snprintf(ret_words, WORDS, "key file %s: not a key pair in Z85, public key first", path);
        err = VDR_E_USAGE;
    }
    if (err == VDR_OK) {
        memcpy(ret_public, text, VDR_CLIENT_KEY_TEXT);
        memcpy(ret_secret, text + LINE_BYTES, VDR_CLIENT_KEY_TEXT);
    }
    sodium_memzero(text, sizeof text);
    return err;
}

vdr_err
vdr_lib_keyfile_read_public(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT], char *ret_words)
{
    char text[LINE_BYTES + 1];
    vdr_err err = read_lines(path, false, 1, text, ret_words);

    if (err == VDR_OK && !vdr_lib_keyfile_good(text)) {
        snprintf(ret_words, WORDS, "key file %s: not a public key in Z85", path);
        err = VDR_E_USAGE;
    }
    if (err == VDR_OK)
        memcpy(ret_public, text, VDR_CLIENT_KEY_TEXT);
    return err;
}

vdr_err
vdr_client_key_make(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT])
{
    char public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT], text[2 * LINE_BYTES + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
    if (fd < 0)
        return VDR_E_IO;
    bool good = zmq_curve_keypair(public_key, secret_key) == 0;
    if (good) {
        snprintf(text, sizeof text, "%s\n%s\n", public_key, secret_key);
        good = write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1 && fsync(fd) == 0;
    }
    good = close(fd) == 0 && good;
    if (good)
        memcpy(ret_public, public_key, VDR_CLIENT_KEY_TEXT);
    else
        (void)unlink(path);
    sodium_memzero(secret_key, sizeof secret_key);
    sodium_memzero(text, sizeof text);
    return good ? VDR_OK : VDR_E_IO;
}
