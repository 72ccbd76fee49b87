#include "clients/gateway/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

vdr_err
vdr_whole_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return good ? VDR_OK : VDR_E_IO;
}

/* The folder that a path names a file in. */
static bool
folder_of(char ret_folder[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? snprintf(ret_folder, PATH_MAX, ".")
                            : snprintf(ret_folder, PATH_MAX, "%.*s", (int)(slash - path) + 1, path);
    return len > 0 && len < PATH_MAX;
}

static bool
write_all(int fd, vdr_span bytes)
{
    while (bytes.len != 0) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes = vdr_span_of(bytes.at + done, bytes.len - (size_t)done);
    }
    return true;
}

vdr_err
vdr_whole_write(const char *beside, const char *path, vdr_span bytes)
{
    char folder[PATH_MAX];
    if (!folder_of(folder, path))
        return VDR_E_IO;
    (void)unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(beside, path) == 0;
    return good ? vdr_whole_sync(folder) : VDR_E_IO;
}

vdr_err
vdr_whole_drop(const char *path)
{
    char folder[PATH_MAX];
    if (!folder_of(folder, path) || (unlink(path) != 0 && errno != ENOENT))
        return VDR_E_IO;
    return vdr_whole_sync(folder) == VDR_OK || errno == ENOENT ? VDR_OK : VDR_E_IO; /* no folder, no file */
}
