#include "broker/trust/headbook.h"

#include "proto/utf8.h"
#include "store/file.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES   4096
#define SECTOR_BYTES 512u /* what a disk writes whole, at the least */

__attribute__((format(printf, 3, 4))) static vdr_err
said(char *ret_words, vdr_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(ret_words, VDR_HEADBOOK_WORDS, format, arguments);
    va_end(arguments);
    return err;
}

static vdr_err
failed(char *ret_words, const char *dir, const char *name)
{
    vdr_err err = errno == ENOSPC || errno == EDQUOT ? VDR_E_STORE_FULL : VDR_E_IO;
    return said(ret_words, err, "%.200s/%s: %s", dir, name, strerror(errno));
}

static bool
path_of(char path[PATH_BYTES], const char *dir, const char *name)
{
    int len = snprintf(path, PATH_BYTES, "%s/%s", dir, name);
    errno = ENAMETOOLONG;
    return len > 0 && len < PATH_BYTES;
}

/* ---- reading */

typedef struct walk {
    const char *dir;
    vdr_headbook_fn each;
    void *context;
    vdr_headbook_end end;
    char *words;
} walk;

/* The next head: it follows the one before it. */
static vdr_err
take(walk *w, const char *file, vdr_span line)
{
    vdr_head head;
    const vdr_head *before = &w->end.last;
    unsigned long long next = before->number + 1;
    vdr_err err = vdr_head_read(line, &head);
    if (err != VDR_OK)
        return said(w->words, err, "%.200s/%s: line %llu is not a head as it was written", w->dir, file,
                    next);
    if (head.number != next || memcmp(head.previous, w->end.hash, sizeof head.previous) != 0)
        return said(
            w->words, VDR_E_STORE_CORRUPT,
            "%.200s/%s: head %llu does not follow the one before it: lines were removed, added or moved",
            w->dir, file, (unsigned long long)head.number);
    if (before->number != 0 &&
        (memcmp(head.store, before->store, sizeof head.store) != 0 ||
         head.log.position < before->log.position || head.log.epoch < before->log.epoch))
        return said(w->words, VDR_E_STORE_CORRUPT, "%.200s/%s: head %llu is of another store, or goes back",
                    w->dir, file, next);
    if (w->each != NULL) {
        err = w->each(w->context, &head, line);
        if (err != VDR_OK)
            return err;
    }
    w->end.last = head;
    vdr_head_hash(line, w->end.hash);
    return VDR_OK;
}

/* The whole lines of heads.jsonl; what stands behind them, without a line's end or with bytes that never came to the
 * disk, goes to ret_rest. */
static vdr_err
take_lines(walk *w, char ret_rest[VDR_HEAD_LINE_BYTES], size_t *ret_rest_len)
{
    char path[PATH_BYTES], *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    vdr_err err = VDR_OK;
    *ret_rest_len = 0;
    FILE *file = path_of(path, w->dir, "heads.jsonl") ? fopen(path, "re") : NULL;
    if (file == NULL)
        return errno == ENOENT ? VDR_OK : failed(w->words, w->dir, "heads.jsonl");
    while (err == VDR_OK && (len = getline(&line, &room, file)) > 0) {
        bool whole = line[len - 1] == '\n' && memchr(line, '\0', (size_t)len) == NULL;
        if (*ret_rest_len != 0) {
            err = said(w->words, VDR_E_STORE_CORRUPT,
                       "%.200s/heads.jsonl: line %llu is not a head as it was written", w->dir,
                       (unsigned long long)w->end.last.number + 1);
        } else if (whole) {
            err = take(w, "heads.jsonl", vdr_span_of(line, (size_t)len - 1));
            w->end.bytes += (uint64_t)len;
        } else if (len < (ssize_t)VDR_HEAD_LINE_BYTES) {
            memcpy(ret_rest, line, (size_t)len);
            *ret_rest_len = (size_t)len;
        } else {
            err = said(w->words, VDR_E_STORE_CORRUPT, "%.200s/heads.jsonl: its end is not a head", w->dir);
        }
    }
    if (err == VDR_OK && ferror(file))
        err = failed(w->words, w->dir, "heads.jsonl");
    free(line);
    (void)fclose(file);
    return err;
}

/* NOT_FOUND: there is none. */
static vdr_err
read_last(walk *w, char ret_line[VDR_HEAD_LINE_BYTES], size_t *ret_len, vdr_head *ret_head)
{
    char path[PATH_BYTES];
    int fd = path_of(path, w->dir, "last") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return errno == ENOENT ? VDR_E_NOT_FOUND : failed(w->words, w->dir, "last");
    ssize_t len = read(fd, ret_line, VDR_HEAD_LINE_BYTES);
    (void)close(fd);
    if (len < 0)
        return failed(w->words, w->dir, "last");
    vdr_err err = VDR_E_STORE_CORRUPT;
    if (len > 1 && len < (ssize_t)VDR_HEAD_LINE_BYTES && ret_line[len - 1] == '\n') {
        *ret_len = (size_t)len - 1;
        err = vdr_head_read(vdr_span_of(ret_line, *ret_len), ret_head);
    }
    if (err == VDR_OK && !vdr_head_signed(ret_head))
        return said(w->words, VDR_E_STORE_CORRUPT, "%.200s/last: the signature is not good", w->dir);
    return err == VDR_OK ? VDR_OK
                         : said(w->words, err, "%.200s/last: it is not a head as it was written", w->dir);
}

/* Is this, from offset at of the file on, what a crash may leave of a line: a part of it, of which some sectors never
 * came? */
static bool
is_torn(const char *rest, size_t rest_len, const char *line, size_t line_len, uint64_t at)
{
    static const char zeros[SECTOR_BYTES] = {0};
    size_t end;
    if (rest_len > line_len)
        return false;
    for (size_t begin = 0; begin < rest_len; begin = end) {
        end = begin + SECTOR_BYTES - (size_t)((at + begin) % SECTOR_BYTES);
        end = end < rest_len ? end : rest_len;
        if (memcmp(rest + begin, line + begin, end - begin) != 0 &&
            memcmp(rest + begin, zeros, end - begin) != 0)
            return false;
    }
    return true;
}

/* The end of heads.jsonl against `last`. */
static vdr_err
compare(walk *w, const char *rest, size_t rest_len)
{
    char line[VDR_HEAD_LINE_BYTES];
    size_t len = 0;
    vdr_head last = {0};
    uint8_t hash[VDR_HEAD_HASH_BYTES];
    vdr_err err = read_last(w, line, &len, &last);
    if (err == VDR_E_NOT_FOUND)
        return w->end.last.number == 0 && rest_len == 0
                   ? VDR_OK
                   : said(w->words, VDR_E_STORE_CORRUPT, "%.200s/last: it is missing", w->dir);
    if (err != VDR_OK)
        return err;
    vdr_head_hash(vdr_span_of(line, len), hash);
    if (rest_len == 0 && memcmp(hash, w->end.hash, sizeof hash) == 0)
        return VDR_OK;
    if (!is_torn(rest, rest_len, line, len + 1, w->end.bytes) || last.number != w->end.last.number + 1)
        return said(
            w->words, VDR_E_STORE_CORRUPT,
            "%.200s/heads.jsonl: it ends with head %llu%s, and `last` is head %llu: lines were removed "
            "or changed",
            w->dir, (unsigned long long)w->end.last.number, rest_len != 0 ? " and a part of one" : "",
            (unsigned long long)last.number);
    w->end.cut_short = true;
    return take(w, "last", vdr_span_of(line, len));
}

vdr_err
vdr_headbook_walk(const char *dir, vdr_headbook_fn each, void *context, vdr_headbook_end *ret_end,
                  char *ret_words)
{
    walk w = {.dir = dir, .each = each, .context = context, .words = ret_words};
    char rest[VDR_HEAD_LINE_BYTES];
    size_t rest_len;
    vdr_err err = take_lines(&w, rest, &rest_len);
    if (err == VDR_OK)
        err = compare(&w, rest, rest_len);
    if (err == VDR_OK)
        *ret_end = w.end;
    return err;
}

vdr_err
vdr_headbook_tail(const char *dir, char *ret_lines, size_t room, size_t *ret_len, char *ret_words)
{
    char path[PATH_BYTES];
    int fd = path_of(path, dir, "heads.jsonl") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        (void)said(ret_words, VDR_E_NOT_FOUND,
                   "there are no signed heads yet; without signing_key in node.yaml none are made");
        return errno == ENOENT ? VDR_E_NOT_FOUND : failed(ret_words, dir, "heads.jsonl");
    }
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)room ? size - (off_t)room : 0;
    ssize_t len = pread(fd, ret_lines, room, from);
    (void)close(fd);
    if (len < 0)
        return failed(ret_words, dir, "heads.jsonl");
    const char *begin = ret_lines, *end = ret_lines + len;
    while (from != 0 && begin < end && *begin++ != '\n')
        ; /* the first line is not whole */
    while (end > begin && end[-1] != '\n')
        end--;
    memmove(ret_lines, begin, (size_t)(end - begin));
    *ret_len = (size_t)(end - begin);
    return VDR_OK;
}

/* ---- growing */

/* `last` is replaced whole. */
static vdr_err
put_last(const char *dir, const char *line, size_t len, char *ret_words)
{
    errno = vdr_file_write(dir, "last.new", (const uint8_t *)line, len);
    if (errno == 0)
        errno = vdr_file_replace(dir, "last.new", "last", NULL);
    return errno == 0 ? VDR_OK : failed(ret_words, dir, "last");
}

/* Adds a line, with its end, behind the whole lines. */
static vdr_err
put_line(const char *dir, uint64_t at, const char *line, size_t len, char *ret_words)
{
    char path[PATH_BYTES];
    int fd = path_of(path, dir, "heads.jsonl") ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                                               : -1;
    bool good = fd >= 0 && ftruncate(fd, (off_t)at) == 0 && lseek(fd, (off_t)at, SEEK_SET) == (off_t)at &&
                (errno = vdr_file_put(fd, (const uint8_t *)line, len)) == 0 && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && (at != 0 || (errno = vdr_folder_sync(dir)) == 0);
    return good ? VDR_OK : failed(ret_words, dir, "heads.jsonl");
}

/* line has its end. */
static vdr_err
put(const char *dir, vdr_headbook_end *end, const vdr_head *head, const char *line, size_t len,
    char *ret_words)
{
    vdr_err err = put_last(dir, line, len, ret_words);
    if (err == VDR_OK)
        err = put_line(dir, end->bytes, line, len, ret_words);
    if (err != VDR_OK)
        return err;
    end->last = *head;
    end->bytes += len;
    end->cut_short = false;
    vdr_head_hash(vdr_span_of(line, len - 1), end->hash);
    return VDR_OK;
}

vdr_err
vdr_headbook_open(const char *dir, vdr_headbook_end *ret_end, char *ret_words)
{
    errno = vdr_folder_make(dir);
    if (errno != 0)
        return failed(ret_words, dir, "");
    vdr_headbook_end end;
    char line[VDR_HEAD_LINE_BYTES + 1];
    vdr_err err = vdr_headbook_walk(dir, NULL, NULL, &end, ret_words);
    if (err == VDR_OK && end.cut_short) {
        size_t len = vdr_head_write(&end.last, line);
        line[len++] = '\n';
        err = put_line(dir, end.bytes, line, len, ret_words);
        end.bytes += len;
        end.cut_short = false;
    }
    if (err == VDR_OK)
        *ret_end = end;
    return err;
}

vdr_err
vdr_headbook_add(const char *dir, vdr_headbook_end *end, vdr_head *head,
                 const uint8_t seed[VDR_HEAD_KEY_BYTES], char *ret_words)
{
    char line[VDR_HEAD_LINE_BYTES + 1];
    VDR_ASSERT(!end->cut_short);
    head->number = end->last.number + 1;
    memcpy(head->previous, end->hash, sizeof head->previous);
    vdr_head_sign(head, seed);
    size_t len = vdr_head_write(head, line);
    line[len++] = '\n';
    return put(dir, end, head, line, len, ret_words);
}

/* ---- the copy */

typedef struct copying {
    const char *to;
    vdr_headbook_end *end; /* of the copy */
    vdr_headbook_end had;  /* as it was found */
    char *words;
    bool met; /* the copy's last head stands in the book */
} copying;

static vdr_err
copy_line(void *context, const vdr_head *head, vdr_span line)
{
    copying *c = context;
    char text[VDR_HEAD_LINE_BYTES + 1];
    uint8_t hash[VDR_HEAD_HASH_BYTES];
    if (head->number < c->had.last.number)
        return VDR_OK;
    if (head->number == c->had.last.number) {
        vdr_head_hash(line, hash);
        c->met = memcmp(hash, c->had.hash, sizeof hash) == 0;
        return VDR_OK;
    }
    if (!c->met)
        return VDR_OK;
    memcpy(text, line.at, line.len);
    text[line.len] = '\n';
    return put(c->to, c->end, head, text, line.len + 1, c->words);
}

vdr_err
vdr_headbook_copy(const char *dir, const char *to, char *ret_words)
{
    vdr_headbook_end end, copied = {0};
    vdr_err err = vdr_headbook_open(to, &copied, ret_words);
    if (err != VDR_OK)
        return err;
    copying c = {.to = to, .end = &copied, .had = copied, .words = ret_words, .met = copied.last.number == 0};
    err = vdr_headbook_walk(dir, copy_line, &c, &end, ret_words);
    if (err == VDR_OK && !c.met)
        err =
            said(ret_words, VDR_E_STORE_CORRUPT,
                 "%.200s: this copy has head %llu, which %.100s has not: heads were removed or the store was "
                 "put back",
                 to, (unsigned long long)c.had.last.number, dir);
    return err;
}
