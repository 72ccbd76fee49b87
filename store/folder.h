/* store/folder.h - folders and lock files whose making survives a power cut.
 *
 * Thread: any. Errors: every call gives 0 or an errno. Folders are made 0700, files 0600. */
#ifndef VDR_STORE_FOLDER_H
#define VDR_STORE_FOLDER_H

#include <stdbool.h>

#define VDR_PATH_BYTES 4096

/* "dir/name" into ret_path of VDR_PATH_BYTES. ENAMETOOLONG. */
int vdr_folder_path(const char *dir, const char *name, char *ret_path);
bool vdr_folder_exists(const char *path);
/* Makes the folder and syncs its parent. A folder that is there already is good. */
int vdr_folder_make(const char *path);
/* Syncs the folder's entries. */
int vdr_folder_sync(const char *path);
/* Renames from to to, in one folder, and syncs that folder. */
int vdr_folder_rename(const char *dir, const char *from, const char *to);
/* Removes a folder of LMDB's two files that was never finished. One that is not there is good. */
int vdr_folder_discard(const char *path);
/* Takes the lock file for this open of it alone; it goes when *ret_fd is closed or the process ends,
 * however it ends. EWOULDBLOCK: somebody else has it. The file itself stays. */
int vdr_folder_lock(const char *path, int *ret_fd);

#endif
