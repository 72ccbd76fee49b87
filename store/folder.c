#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int
vdr_folder_path(const char *dir, const char *name, char *ret_path)
{
    int len = snprintf(ret_path, VDR_PATH_BYTES, "%s/%s", dir, name);
    return len < 0 || len >= VDR_PATH_BYTES ? ENAMETOOLONG : 0;
}

bool
vdr_folder_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
vdr_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int rc = fsync(fd) != 0 ? errno : 0;
    (void)close(fd);
    return rc;
}

/* The folder that path stands in: "a/b/" gives "a", "b" gives ".". */
static int
sync_parent(const char *path)
{
    char parent[VDR_PATH_BYTES];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= sizeof parent)
        return ENAMETOOLONG;
    if (len == 0) {
        parent[0] = '.';
        len = 1;
    } else {
        memcpy(parent, path, len);
    }
    parent[len] = '\0';
    return vdr_folder_sync(parent);
}

int
vdr_folder_make(const char *path)
{
    if (vdr_folder_exists(path)) {
        (void)sync_parent(
            path); /* whoever made it may have been killed before; not ours to sync: it was there */
        return 0;
    }
    if (mkdir(path, 0700) != 0)
        return errno;
    int rc = sync_parent(path);
    if (rc != 0)
        (void)rmdir(path); /* nobody shall think that it stays */
    return rc;
}

int
vdr_folder_rename(const char *dir, const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return errno;
    return vdr_folder_sync(dir);
}

int
vdr_folder_discard(const char *path)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char file[VDR_PATH_BYTES];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int rc = vdr_folder_path(path, files[i], file);
        if (rc != 0)
            return rc;
        if (unlink(file) != 0 && errno != ENOENT)
            return errno;
    }
    return rmdir(path) != 0 && errno != ENOENT ? errno : 0;
}

int
vdr_folder_lock(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int rc = errno;
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}
