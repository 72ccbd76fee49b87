/* store/file.h - small files whole: written so that a power cut leaves the old or the new, and destroyed.
 *
 * Thread: any. Errors: every call gives 0 or an errno. Files are made 0600; links are not followed. */
#ifndef VDR_STORE_FILE_H
#define VDR_STORE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* Writes FOLDER/name anew, and syncs it; not the folder. */
int vdr_file_write(const char *folder, const char *name, const uint8_t *bytes, size_t len);
/* Writes all of bytes at the end of what was written. */
int vdr_file_put(int fd, const uint8_t *bytes, size_t len);
/* Reads a file of exactly len bytes. EINVAL: it has another length. */
int vdr_file_read(const char *path, uint8_t *ret_bytes, size_t len);
/* Overwrites FOLDER/name, syncs, unlinks, syncs the folder. One that is not there is good. */
int vdr_file_destroy(const char *folder, const char *name);
/* Puts FOLDER/from in the place of FOLDER/to and syncs the folder. kept: the name under which the file that
 * was there stays, made anew, when there was one; NULL: it is lost. */
int vdr_file_replace(const char *folder, const char *from, const char *to, const char *kept);
/* Are both names of one file? */
int vdr_file_same(const char *folder, const char *a, const char *b);

#endif
