/* clients/cli/lines.h - the lines of files one after the other, in bounded memory.
 *
 * Thread:  one at a time. Memory: a line lives until the next call.
 * Limits:  of a line longer than VDR_LINE_BYTES_MAX only that many bytes are given, which says enough. */
#ifndef VDR_CLI_LINES_H
#define VDR_CLI_LINES_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

#define VDR_LINE_BYTES_MAX (VDR_EVENT_BYTES_MAX + 1) /* one more than an event may have */

typedef struct vdr_lines {
    int fd;
    const char *name; /* of the file, for words */
    uint8_t *buffer;
    size_t from, to; /* what was read and not given out */
    bool over;       /* the file has no more */
} vdr_lines;

/* Opens a file, or standard input for "-". IO: errno says why. */
VDR_MUST_CHECK vdr_err vdr_lines_open(vdr_lines *lines, const char *name);
void vdr_lines_close(vdr_lines *lines);

/* The next line that is not all white space, without its end. END: there is none. IO: errno says why. */
VDR_MUST_CHECK vdr_err vdr_lines_next(vdr_lines *lines, vdr_span *ret_line);

#endif
