#include "clients/gateway/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 200
#define DEPTH_MAX      4
#define TAG_BYTES      16
#define ROOT           "/app/"

typedef struct file {
    char name[NAME_MAX_BYTES + 1]; /* "assets/index-1a2b.js" */
    const char *type;
    char tag[2 * TAG_BYTES + 3]; /* in quotes */
    vdr_bytes content, packed;
    bool has_packed, immutable;
} file;

struct vdr_files {
    file *at[VDR_FILES_MAX];
    size_t count, bytes;
};

static const char *
type_of(const char *name)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/vnd.microsoft.icon"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t end = strlen(types[i][0]);
        if (len > end && strcmp(name + len - end, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

/* ---- Reading the folder ---- */

static bool
read_whole(int fd, size_t size, vdr_bytes *ret_bytes)
{
    uint8_t *at = vdr_bytes_extend(ret_bytes, size + 1);
    ssize_t got = read(fd, at, size);
    ret_bytes->len = size;
    return got == (ssize_t)size;
}

static bool
add_file(vdr_files *files, int folder, const char *entry, const char *name, size_t size)
{
    uint8_t digest[TAG_BYTES];
    char hex[2 * TAG_BYTES + 1];
    if (files->count == VDR_FILES_MAX || size > VDR_FILES_BYTES_MAX - files->bytes) {
        errno = EFBIG;
        return false;
    }
    int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    file *it = vdr_alloc(1, sizeof *it);
    bool whole = fd >= 0 && read_whole(fd, size, &it->content);
    if (fd >= 0)
        (void)close(fd);
    memcpy(it->name, name, strlen(name) + 1);
    it->type = type_of(name);
    it->immutable = strncmp(name, "assets/", 7) == 0;
    (void)crypto_generichash(digest, sizeof digest, it->content.at, it->content.len, NULL, 0);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    (void)snprintf(it->tag, sizeof it->tag, "\"%s\"", hex);
    files->at[files->count++] = it;
    files->bytes += size;
    return whole;
}

/* Names that need no escape in a path; others are passed over, as are hidden ones. */
static bool
plain_name(const char *name)
{
    return name[0] != '.' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

static bool
add_folder(vdr_files *files, int fd, const char *prefix, unsigned depth)
{
    DIR *folder = fdopendir(fd);
    bool good = folder != NULL;
    if (!good)
        (void)close(fd);
    for (const struct dirent *entry; good && (entry = readdir(folder)) != NULL;) {
        char name[NAME_MAX_BYTES + 1];
        struct stat st;
        int len = snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        if (!plain_name(entry->d_name) || len < 0 || (size_t)len >= sizeof name ||
            fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode)) {
            good = add_file(files, dirfd(folder), entry->d_name, name, (size_t)st.st_size);
        } else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && (size_t)len + 1 < sizeof name) {
            int inner = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
            name[len] = '/';
            name[len + 1] = '\0';
            good = inner >= 0 && add_folder(files, inner, name, depth + 1); /* no deeper than DEPTH_MAX */
        }
    }
    if (folder != NULL)
        (void)closedir(folder);
    return good;
}

static file *
find(const vdr_files *files, vdr_span name)
{
    for (size_t i = 0; i < files->count; i++)
        if (vdr_span_equal(vdr_span_str(files->at[i]->name), name))
            return files->at[i];
    return NULL;
}

/* The packed files to their plain ones; they are not there by themselves. */
static void
pair(vdr_files *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        file *it = files->at[i];
        size_t len = strlen(it->name);
        file *plain = len > 3 && strcmp(it->name + len - 3, ".gz") == 0
                          ? find(files, vdr_span_of(it->name, len - 3))
                          : NULL;
        if (plain == NULL)
            continue;
        plain->packed = it->content;
        plain->has_packed = true;
        it->content = (vdr_bytes){0};
        it->name[0] = '\0';
    }
    for (size_t i = 0; i < files->count; i++) {
        if (files->at[i]->name[0] != '\0')
            files->at[kept++] = files->at[i];
        else
            free(files->at[i]);
    }
    files->count = kept;
}

vdr_err
vdr_files_open(const char *folder, vdr_files **ret_files, char ret_words[256])
{
    vdr_files *files = vdr_alloc(1, sizeof *files);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && add_folder(files, fd, "", 0);
    int failure = errno;
    if (good) {
        pair(files);
        if (find(files, vdr_span_str("index.html")) != NULL) {
            *ret_files = files;
            return VDR_OK;
        }
        (void)snprintf(ret_words, 256, "console: %.180s has no index.html", folder);
    } else {
        (void)snprintf(ret_words, 256, "console: %.140s cannot be read: %.60s", folder, strerror(failure));
    }
    vdr_files_close(&files);
    return VDR_E_IO;
}

void
vdr_files_close(vdr_files **files_p)
{
    vdr_files *files = *files_p;
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        vdr_bytes_done(&files->at[i]->content);
        vdr_bytes_done(&files->at[i]->packed);
        free(files->at[i]);
    }
    free(files);
    *files_p = NULL;
}

/* ---- Serving ---- */

/* Is the word in the list of the header, whole? */
static bool
lists(const vdr_http_request *request, const char *header, const char *wanted)
{
    vdr_span list = vdr_http_header(request, header);
    size_t len = strlen(wanted);
    for (size_t i = 0; i + len <= list.len; i++)
        if (memcmp(list.at + i, wanted, len) == 0 && (i == 0 || memchr(" ,\t/", list.at[i - 1], 4) != NULL) &&
            (i + len == list.len || memchr(" ,\t;", list.at[i + len], 4) != NULL))
            return true;
    return false;
}

static void
answer(const file *it, vdr_http_request *request)
{
    bool packed = it->has_packed && lists(request, "accept-encoding", "gzip");
    bool known = lists(request, "if-none-match", it->tag);
    vdr_http_header_line lines[4] = {
        {"Cache-Control", vdr_span_str(it->immutable ? "public, max-age=31536000, immutable" : "no-cache")},
        {"ETag", vdr_span_str(it->tag)},
        {"Vary", vdr_span_str("Accept-Encoding")},
        {"Content-Encoding", vdr_span_str("gzip")},
    };
    vdr_http_route_set(request, "console");
    /* A browser takes the headers of a 304 for those of what it kept, so its policy must be that of the type. */
    vdr_http_answer(request, known ? 304 : 200, it->type, vdr_bytes_span(packed ? &it->packed : &it->content),
                    lines, packed && !known ? 4 : 3);
}

static void
answer_root(vdr_http_request *request)
{
    static const vdr_http_header_line there = {"Location", {(const uint8_t *)ROOT, sizeof ROOT - 1}};
    vdr_http_route_set(request, "console");
    vdr_http_answer(request, 307, NULL, (vdr_span){0}, &there, 1);
}

bool
vdr_files_request(const vdr_files *files, vdr_http_request *request)
{
    const size_t root_len = sizeof ROOT - 1;
    vdr_span path = request->path;
    bool root = path.len == 1, app = vdr_span_equal(path, vdr_span_of(ROOT, root_len - 1));
    if (!root && !app && (path.len < root_len || memcmp(path.at, ROOT, root_len) != 0))
        return false;
    if (request->method != VDR_HTTP_GET) {
        static const vdr_http_header_line allow = {"Allow", {(const uint8_t *)"GET, HEAD", 9}};
        vdr_bytes body = {0};
        vdr_refusal_write(&body, VDR_REFUSAL_METHOD_NOT_ALLOWED, NULL);
        vdr_http_answer(request, 405, "application/problem+json", vdr_bytes_span(&body), &allow, 1);
        vdr_bytes_done(&body);
        return true;
    }
    if (root) {
        answer_root(request);
        return true;
    }
    vdr_span name = app ? vdr_span_str("") : vdr_span_of(path.at + root_len, path.len - root_len);
    const file *it = find(files, name);
    vdr_span last = request->segments[request->segment_count - 1];
    if (it == NULL && (last.len == 0 || memchr(last.at, '.', last.len) == NULL))
        it = find(files, vdr_span_str("index.html"));
    if (it != NULL)
        answer(it, request);
    else
        vdr_http_refuse(request, VDR_REFUSAL_NO_SUCH_PATH, NULL);
    return true;
}
