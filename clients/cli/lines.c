#include "clients/cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)4 * VDR_LINE_BYTES_MAX)

vdr_err
vdr_lines_open(vdr_lines *lines, const char *name)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return VDR_E_IO;
    *lines = (vdr_lines){.fd = fd, .name = name, .buffer = vdr_alloc(1, BUFFER_BYTES)};
    return VDR_OK;
}

void
vdr_lines_close(vdr_lines *lines)
{
    if (lines->fd != STDIN_FILENO)
        close(lines->fd);
    free(lines->buffer);
    lines->buffer = NULL;
}

static vdr_err
fill(vdr_lines *lines)
{
    if (lines->from != 0) {
        memmove(lines->buffer, lines->buffer + lines->from, lines->to - lines->from);
        lines->to -= lines->from;
        lines->from = 0;
    }
    ssize_t got;
    do
        got = read(lines->fd, lines->buffer + lines->to, BUFFER_BYTES - lines->to);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return VDR_E_IO;
    lines->over = got == 0;
    lines->to += (size_t)got;
    return VDR_OK;
}

static bool
is_blank(vdr_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != ' ' && text.at[i] != '\t' && text.at[i] != '\r')
            return false;
    return true;
}

/* Reads past the rest of a line of which the first VDR_LINE_BYTES_MAX bytes stay in the buffer. */
static vdr_err
pass_over(vdr_lines *lines, bool *ret_blank)
{
    const size_t keep = lines->from + VDR_LINE_BYTES_MAX;
    bool blank = is_blank(vdr_span_of(lines->buffer + lines->from, VDR_LINE_BYTES_MAX));

    for (;;) {
        uint8_t *rest = lines->buffer + keep;
        size_t len = lines->to - keep;
        const uint8_t *end = memchr(rest, '\n', len);
        size_t used = end != NULL ? (size_t)(end - rest) : len;
        blank = blank && is_blank(vdr_span_of(rest, used));
        if (end != NULL)
            used++;
        memmove(rest, rest + used, len - used);
        lines->to -= used;
        if (end != NULL || lines->over)
            break;
        vdr_err err = fill(lines); /* from is 0 by now: what is kept does not move */
        if (err != VDR_OK)
            return err;
    }
    *ret_blank = blank;
    return VDR_OK;
}

/* One line, blank or not. */
static vdr_err
next(vdr_lines *lines, vdr_span *ret_line, bool *ret_blank)
{
    for (;;) {
        size_t len = lines->to - lines->from;
        uint8_t *at = lines->buffer + lines->from;
        const uint8_t *end = memchr(at, '\n', len < VDR_LINE_BYTES_MAX ? len : VDR_LINE_BYTES_MAX);
        if (end != NULL || (lines->over && len > 0 && len <= VDR_LINE_BYTES_MAX)) {
            size_t line = end != NULL ? (size_t)(end - at) : len;
            *ret_line = vdr_span_of(at, line);
            *ret_blank = is_blank(*ret_line);
            lines->from += end != NULL ? line + 1 : line;
            return VDR_OK;
        }
        if (len == 0 && lines->over)
            return VDR_E_END;
        if (len >= VDR_LINE_BYTES_MAX && lines->from == 0) {
            vdr_err err = pass_over(lines, ret_blank);
            *ret_line = vdr_span_of(lines->buffer, VDR_LINE_BYTES_MAX);
            lines->from = VDR_LINE_BYTES_MAX;
            return err;
        }
        vdr_err err = fill(lines);
        if (err != VDR_OK)
            return err;
    }
}

vdr_err
vdr_lines_next(vdr_lines *lines, vdr_span *ret_line)
{
    bool blank = true;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && blank)
        err = next(lines, ret_line, &blank);
    return err;
}
