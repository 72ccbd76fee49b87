#include "store/env.h"

#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
vdr_env_copy_file(vdr_env *env, const char *path)
{
    char file[VDR_PATH_BYTES];
    int rc = vdr_folder_path(path, "data.mdb", file);
    if (rc != 0)
        return rc;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    rc = mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    if (close(fd) != 0 && rc == 0)
        rc = errno;
    return rc;
}

vdr_err
vdr_env_copy(vdr_env *env, const char *dir)
{
    char path[VDR_PATH_BYTES], begun[VDR_PATH_BYTES], begun_name[64];
    (void)snprintf(begun_name, sizeof begun_name, "%s.new", env->spec->name);
    int rc = vdr_folder_path(dir, env->spec->name, path);
    if (rc == 0)
        rc = vdr_folder_path(dir, begun_name, begun);
    if (rc == 0)
        rc = vdr_folder_make(dir);
    if (rc == 0 && vdr_folder_exists(path))
        rc = EEXIST;
    if (rc == 0)
        rc = vdr_folder_discard(begun);
    if (rc == 0)
        rc = vdr_folder_make(begun);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_env_enter(env); /* LMDB's copy begins a read transaction of its own */
    rc = vdr_env_copy_file(env, begun);
    vdr_env_leave(env);
    if (rc == 0)
        rc = vdr_folder_sync(begun);
    if (rc == 0)
        rc = vdr_folder_rename(dir, begun, path);
    if (rc != 0)
        (void)vdr_folder_discard(begun);
    return vdr_env_err(rc);
}
