/* clients/gateway/files.h - the web page: files of one folder, read whole at the start and served from memory.
 *
 * They are served under /app/; /app and every path below it without a dot in its last part is the page itself, which
 * finds its way by the path. "/" leads there. What is not a file of the start is not there: no path of a request ever
 * reaches the file system. Names in assets/ have their content's hash in them and may be kept for ever; a file NAME.gz
 * beside NAME is sent to those who accept it.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_FILES_H
#define VDR_GATEWAY_FILES_H

#include "clients/gateway/http.h"

#define VDR_FILES_MAX       512
#define VDR_FILES_BYTES_MAX (64 * (size_t)1024 * 1024)

typedef struct vdr_files vdr_files;

/* Symbolic links are passed over. IO: the folder cannot be read, has no index.html, or more than the limits. */
VDR_MUST_CHECK vdr_err vdr_files_open(const char *folder, vdr_files **ret_files, char ret_words[256]);
void vdr_files_close(vdr_files **files_p); /* NULL-safe */

/* Answers the request if its path is one of the page's; false: it is not, and nothing was done. */
bool vdr_files_request(const vdr_files *files, vdr_http_request *request);

#endif
