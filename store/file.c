#include "store/file.h"

#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
vdr_file_put(int fd, const uint8_t *bytes, size_t len)
{
    while (len != 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno;
        bytes += done;
        len -= (size_t)done;
    }
    return 0;
}

int
vdr_file_write(const char *folder, const char *name, const uint8_t *bytes, size_t len)
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, name, path);
    if (rc != 0)
        return rc;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    rc = vdr_file_put(fd, bytes, len);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    if (close(fd) != 0 && rc == 0)
        rc = errno;
    return rc;
}

int
vdr_file_read(const char *path, uint8_t *ret_bytes, size_t len)
{
    struct stat st;
    size_t done = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno;
    int rc = fstat(fd, &st) != 0 ? errno : 0;
    if (rc == 0 && (!S_ISREG(st.st_mode) || st.st_size != (off_t)len))
        rc = EINVAL;
    while (rc == 0 && done < len) {
        ssize_t got = read(fd, ret_bytes + done, len - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            rc = got < 0 ? errno : EINVAL;
        else
            done += (size_t)got;
    }
    (void)close(fd);
    return rc;
}

static int
overwrite(const char *path)
{
    static const uint8_t zero[4096];
    struct stat st;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno;
    int rc = fstat(fd, &st) != 0 ? errno : 0;
    for (off_t left = st.st_size; rc == 0 && left > 0; left -= (off_t)sizeof zero)
        rc = vdr_file_put(fd, zero, left < (off_t)sizeof zero ? (size_t)left : sizeof zero);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    (void)close(fd);
    return rc;
}

int
vdr_file_destroy(const char *folder, const char *name)
{
    char path[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, name, path);
    if (rc == 0)
        rc = overwrite(path);
    if (rc == 0 && unlink(path) != 0)
        rc = errno;
    if (rc != 0)
        return rc == ENOENT ? 0 : rc;
    return vdr_folder_sync(folder);
}

int
vdr_file_same(const char *folder, const char *a, const char *b)
{
    char path[VDR_PATH_BYTES];
    struct stat of_a, of_b;
    if (vdr_folder_path(folder, a, path) != 0 || lstat(path, &of_a) != 0)
        return 0;
    if (vdr_folder_path(folder, b, path) != 0 || lstat(path, &of_b) != 0)
        return 0;
    return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

int
vdr_file_replace(const char *folder, const char *from, const char *to, const char *kept)
{
    char source[VDR_PATH_BYTES], place[VDR_PATH_BYTES], aside[VDR_PATH_BYTES];
    int rc = vdr_folder_path(folder, from, source);
    if (rc == 0)
        rc = vdr_folder_path(folder, to, place);
    if (rc == 0 && kept != NULL)
        rc = vdr_folder_path(folder, kept, aside);
    if (rc != 0)
        return rc;
    if (kept != NULL && linkat(AT_FDCWD, place, AT_FDCWD, aside, 0) != 0 && errno != ENOENT)
        return errno;
    if (rename(source, place) != 0)
        return errno;
    return vdr_folder_sync(folder);
}
