#include "broker/erasure/proofs.h"

#include "broker/core/left.h"
#include "broker/door/json.h"
#include "proto/time.h"
#include "store/check.h"
#include "store/file.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_BYTES_MAX (16u * 1024) /* four texts of 256 bytes, each byte escaped, and room */

/* ---- writing ---- */

static void
put_text(vdr_bytes *bytes, const char *text)
{
    vdr_bytes_add(bytes, vdr_span_str(text));
}

static void
put_string(vdr_bytes *bytes, const char *name, vdr_span text)
{
    put_text(bytes, ",\"");
    put_text(bytes, name);
    put_text(bytes, "\":\"");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            (void)snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", c);
        else
            (void)snprintf(escaped, sizeof escaped, "%c", c);
        put_text(bytes, escaped);
    }
    put_text(bytes, "\"");
}

static void
put_number(vdr_bytes *bytes, const char *name, uint64_t number)
{
    char text[64];
    (void)snprintf(text, sizeof text, ",\"%s\":%llu", name, (unsigned long long)number);
    put_text(bytes, text);
}

static void
put_instant(vdr_bytes *bytes, const char *name, vdr_ms at)
{
    char text[VDR_TIME_TEXT_BYTES];
    if (at < 0 || at > VDR_TIME_MAX)
        return;
    vdr_time_format(at, text);
    put_string(bytes, name, vdr_span_of(text, sizeof text));
}

static void
put_left(vdr_bytes *bytes, const vdr_proof_entry *entry)
{
    const vdr_command_left *left = &entry->left;
    put_number(bytes, "order", entry->order);
    put_instant(bytes, "at", left->at);
    put_string(bytes, "reason", vdr_span_str(vdr_left_reason_name(left->reason)));
    if (vdr_left_of_signal(left->kind)) {
        put_number(bytes, "position", left->number);
        put_string(bytes, "source", left->source);
        put_number(bytes, "hash", left->hash);
        put_string(bytes, "type", left->type);
    } else {
        put_number(bytes, "number", left->number);
    }
    put_instant(bytes, "time", left->time);
}

#define CHECK_CHARS 27u /* ,"check":"0123456789abcdef" */

/* Over the line up to here. */
static void
put_check(vdr_bytes *bytes, size_t from)
{
    char text[CHECK_CHARS + 1];
    (void)snprintf(text, sizeof text, ",\"check\":\"%016llx\"",
                   (unsigned long long)XXH3_64bits(bytes->at + from, bytes->len - from));
    put_text(bytes, text);
}

void
vdr_proof_write(const vdr_proof_entry *entry, vdr_bytes *bytes)
{
    size_t from = bytes->len;
    char begin[64];
    switch (entry->line) {
    case VDR_PROOF_LEFT:
        (void)snprintf(begin, sizeof begin, "{\"left\":\"%s\"", vdr_left_kind_name(entry->left.kind));
        put_text(bytes, begin);
        put_left(bytes, entry);
        break;
    case VDR_PROOF_RUN:
        (void)snprintf(begin, sizeof begin, "{\"run\":%llu", (unsigned long long)entry->generation);
        put_text(bytes, begin);
        put_instant(bytes, "at", entry->at);
        put_number(bytes, "through", entry->through);
        put_number(bytes, "kept", entry->kept);
        put_number(bytes, "dropped", entry->dropped);
        break;
    case VDR_PROOF_BACKUP:
        (void)snprintf(begin, sizeof begin, "{\"backup\":%llu", (unsigned long long)entry->position);
        put_text(bytes, begin);
        put_instant(bytes, "at", entry->at);
        put_number(bytes, "run", entry->generation);
        break;
    }
    put_check(bytes, from);
    put_text(bytes, "}\n");
}

/* What a crash cut off in the middle of a line goes: it was never a line. */
static int
drop_torn(int fd, off_t end)
{
    char tail[LINE_BYTES_MAX];
    size_t wanted = end < (off_t)sizeof tail ? (size_t)end : sizeof tail, left = wanted;
    if (wanted != 0 && pread(fd, tail, wanted, end - (off_t)wanted) != (ssize_t)wanted)
        return EIO;
    while (left != 0 && tail[left - 1] != '\n')
        left--;
    return left != wanted && ftruncate(fd, end - (off_t)(wanted - left)) != 0 ? errno : 0;
}

vdr_err
vdr_proofs_append(const char *folder, vdr_span lines)
{
    char path[VDR_PATH_BYTES];
    if (lines.len == 0)
        return VDR_OK;
    if (vdr_folder_path(folder, VDR_PROOFS_NAME, path) != 0)
        return VDR_E_IO;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? VDR_E_STORE_FULL : VDR_E_IO;
    off_t end = lseek(fd, 0, SEEK_END);
    int error = end < 0 ? errno : drop_torn(fd, end);
    if (error == 0)
        error = vdr_file_put(fd, lines.at, lines.len);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    (void)close(fd);
    if (error == 0 && end == 0)
        error = vdr_folder_sync(folder);
    return error == 0 ? VDR_OK : error == ENOSPC || error == EDQUOT ? VDR_E_STORE_FULL : VDR_E_IO;
}

/* ---- reading ---- */

static bool
get_number(const vdr_json *object, const char *name, uint64_t *ret_number)
{
    const vdr_json *member = vdr_json_member(object, name);
    if (member == NULL || member->kind != VDR_JSON_NUMBER || !member->is_integer || member->integer < 0)
        return false;
    *ret_number = (uint64_t)member->integer;
    return true;
}

static vdr_span
get_string(const vdr_json *object, const char *name)
{
    const vdr_json *member = vdr_json_member(object, name);
    return member != NULL && member->kind == VDR_JSON_STRING ? member->text : (vdr_span){0};
}

static vdr_ms
get_instant(const vdr_json *object, const char *name)
{
    vdr_ms at = VDR_MS_NONE;
    vdr_span text = get_string(object, name);
    return text.at != NULL && vdr_time_parse(text, &at) ? at : VDR_MS_NONE;
}

static bool
get_left(const vdr_json *object, vdr_proof_entry *entry)
{
    vdr_command_left *left = &entry->left;
    if (!get_number(object, "order", &entry->order) ||
        !vdr_left_kind_of(get_string(object, "left"), &left->kind) ||
        !vdr_left_reason_of(get_string(object, "reason"), &left->reason))
        return false;
    left->at = entry->at;
    left->time = get_instant(object, "time");
    if (!vdr_left_of_signal(left->kind))
        return get_number(object, "number", &left->number);
    left->source = get_string(object, "source");
    left->type = get_string(object, "type");
    return get_number(object, "position", &left->number) && get_number(object, "hash", &left->hash) &&
           left->source.at != NULL && left->type.at != NULL;
}

static bool
is_whole(vdr_span line)
{
    char text[CHECK_CHARS + 1];
    if (line.len < CHECK_CHARS + 1 || line.at[line.len - 1] != '}')
        return false;
    size_t len = line.len - CHECK_CHARS - 1;
    (void)snprintf(text, sizeof text, ",\"check\":\"%016llx\"",
                   (unsigned long long)XXH3_64bits(line.at, len));
    return memcmp(line.at + len, text, CHECK_CHARS) == 0;
}

bool
vdr_proof_read(vdr_span line, vdr_arena *arena, vdr_proof_entry *ret_entry)
{
    if (!is_whole(line))
        return false;
    vdr_proof_entry entry = {.line = VDR_PROOF_LEFT};
    const vdr_json *object = vdr_json_read(line, 0, arena);
    if (object == NULL || object->kind != VDR_JSON_OBJECT)
        return false;
    entry.at = get_instant(object, "at");
    bool good;
    if (vdr_json_member(object, "left") != NULL) {
        good = get_left(object, &entry);
    } else if (get_number(object, "backup", &entry.position)) {
        entry.line = VDR_PROOF_BACKUP;
        good = get_number(object, "run", &entry.generation);
    } else {
        entry.line = VDR_PROOF_RUN;
        good = get_number(object, "run", &entry.generation) &&
               get_number(object, "through", &entry.through) && get_number(object, "kept", &entry.kept) &&
               get_number(object, "dropped", &entry.dropped);
    }
    if (good)
        *ret_entry = entry;
    return good;
}

vdr_err
vdr_proofs_walk(const char *folder, void (*each)(void *context, const vdr_proof_entry *entry), void *context)
{
    char path[VDR_PATH_BYTES], line[LINE_BYTES_MAX];
    if (vdr_folder_path(folder, VDR_PROOFS_NAME, path) != 0)
        return VDR_E_IO;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? VDR_OK : VDR_E_IO;
    vdr_arena arena;
    vdr_arena_init(&arena, VDR_JSON_ARENA_BYTES(LINE_BYTES_MAX));
    vdr_err err = VDR_OK;
    while (err == VDR_OK && fgets(line, sizeof line, file) != NULL) {
        vdr_proof_entry entry;
        size_t len = strlen(line);
        if (len == 0 ||
            line[len - 1] != '\n') /* cut off by a crash: never a line. Elsewhere, or longer: rot */
            err = feof(file) && len != 0 && !is_whole(vdr_span_of(line, len - 1)) ? VDR_OK
                                                                                  : VDR_E_STORE_CORRUPT;
        else if (!vdr_proof_read(vdr_span_of(line, len - 1), &arena, &entry))
            err = VDR_E_STORE_CORRUPT;
        else if (each != NULL)
            each(context, &entry);
        vdr_arena_reset(&arena);
    }
    if (ferror(file))
        err = VDR_E_IO;
    (void)fclose(file);
    vdr_arena_done(&arena);
    return err;
}

vdr_err
vdr_proofs_tail(const char *folder, char *at, size_t size, size_t *ret_len)
{
    char path[VDR_PATH_BYTES];
    *ret_len = 0;
    if (vdr_folder_path(folder, VDR_PROOFS_NAME, path) != 0)
        return VDR_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? VDR_OK : VDR_E_IO;
    off_t end = lseek(fd, 0, SEEK_END), from = end > (off_t)size ? end - (off_t)size : 0;
    ssize_t len = end < 0 ? -1 : pread(fd, at, (size_t)(end - from), from);
    (void)close(fd);
    if (len < 0)
        return VDR_E_IO;
    char *begin = at;
    if (from != 0) { /* in the middle of a line, most likely */
        begin = memchr(at, '\n', (size_t)len);
        begin = begin != NULL ? begin + 1 : at + len;
    }
    while (len != 0 && at + len > begin && at[len - 1] != '\n')
        len--;
    *ret_len = (size_t)(at + len - begin);
    memmove(at, begin, *ret_len);
    return VDR_OK;
}
