#include "broker/erasure/proofs.h"

#include "broker/core/left.h"
#include "broker/door/json.h"
#include "proto/time.h"
#include "store/check.h"
#include "store/file.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    case VDR_PROOF_ENDED:
        put_text(bytes, "{\"ended\":\"");
        for (size_t i = 0; i < entry->public_key.len; i++) {
            (void)snprintf(begin, sizeof begin, "%02x", entry->public_key.at[i]);
            put_text(bytes, begin);
        }
        put_text(bytes, "\"");
        put_instant(bytes, "at", entry->at);
        put_string(bytes, "party", entry->party);
        put_number(bytes, "position", entry->position);
        break;
    case VDR_PROOF_RESTORED:
        (void)snprintf(begin, sizeof begin, "{\"restored\":%llu", (unsigned long long)entry->position);
        put_text(bytes, begin);
        put_instant(bytes, "at", entry->at);
        break;
    }
    put_check(bytes, from);
    put_text(bytes, "}\n");
}

/* ---- where the file ends ---- */

/* As proofs.last says it. */
typedef struct proofs_end {
    uint64_t bytes;
    uint8_t hash[crypto_generichash_BYTES];
} proofs_end;

#define END_BYTES_MAX 256u
#define END_BEGINS    "{\"bytes\":"

/* Nothing stands there: no file, or no folder. */
static bool
is_nothing(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

static bool
is_there(const char *folder, const char *name)
{
    char path[VDR_PATH_BYTES];
    return vdr_folder_path(folder, name, path) == 0 && (access(path, F_OK) == 0 || !is_nothing(errno));
}

bool
vdr_proofs_begun(const char *folder)
{
    return is_there(folder, VDR_PROOFS_LAST);
}

static vdr_err
err_of(int error)
{
    return error == 0 ? VDR_OK : error == ENOSPC || error == EDQUOT ? VDR_E_STORE_FULL : VDR_E_IO;
}

static size_t
end_write(const proofs_end *end, char *ret_text)
{
    char hash[2 * sizeof end->hash + 1];
    (void)sodium_bin2hex(hash, sizeof hash, end->hash, sizeof end->hash);
    int len = snprintf(ret_text, END_BYTES_MAX, END_BEGINS "%llu,\"hash\":\"%s\"",
                       (unsigned long long)end->bytes, hash);
    len += snprintf(ret_text + len, END_BYTES_MAX - (size_t)len, ",\"check\":\"%016llx\"}\n",
                    (unsigned long long)XXH3_64bits(ret_text, (size_t)len));
    return (size_t)len;
}

static vdr_err
end_put(const char *folder, const proofs_end *end)
{
    char text[END_BYTES_MAX];
    size_t len = end_write(end, text);
    int error = vdr_file_write(folder, VDR_PROOFS_LAST ".new", (const uint8_t *)text, len);
    if (error == 0)
        error = vdr_file_replace(folder, VDR_PROOFS_LAST ".new", VDR_PROOFS_LAST, NULL);
    return err_of(error);
}

/* NOT_FOUND: there is none. */
static vdr_err
end_get(const char *folder, proofs_end *ret_end)
{
    char path[VDR_PATH_BYTES], text[END_BYTES_MAX], again[END_BYTES_MAX];
    char hash[2 * sizeof ret_end->hash + 1], *rest;
    proofs_end end;
    if (vdr_folder_path(folder, VDR_PROOFS_LAST, path) != 0)
        return VDR_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return is_nothing(errno) ? VDR_E_NOT_FOUND : VDR_E_IO;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (len < 0)
        return VDR_E_IO;
    text[len] = '\0';
    if (strncmp(text, END_BEGINS, sizeof END_BEGINS - 1) != 0)
        return VDR_E_STORE_CORRUPT;
    end.bytes = strtoull(text + sizeof END_BEGINS - 1, &rest, 10);
    if (sscanf(rest, ",\"hash\":\"%64[0-9a-f]\"", hash) != 1 ||
        sodium_hex2bin(end.hash, sizeof end.hash, hash, strlen(hash), NULL, NULL, NULL) != 0)
        return VDR_E_STORE_CORRUPT;
    if (end_write(&end, again) != (size_t)len || memcmp(text, again, (size_t)len) != 0)
        return VDR_E_STORE_CORRUPT; /* there is one spelling */
    *ret_end = end;
    return VDR_OK;
}

/* A line, with its end. */
static void
end_move(proofs_end *end, vdr_span line)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof end->hash);
    (void)crypto_generichash_update(&state, end->hash, sizeof end->hash);
    (void)crypto_generichash_update(&state, line.at, line.len);
    (void)crypto_generichash_final(&state, end->hash, sizeof end->hash);
    end->bytes += line.len;
}

static vdr_err
begin_empty(const char *folder)
{
    const proofs_end end = {0};
    return is_there(folder, VDR_PROOFS_LAST) || is_there(folder, VDR_PROOFS_NAME) ? VDR_OK
                                                                                  : end_put(folder, &end);
}

/* ---- appending ---- */

static vdr_err walk(const char *folder, void (*each)(void *context, const vdr_proof_entry *entry),
                    void *context, proofs_end *ret_end);

/* Where lines are added. Read anew only where a crash left some that proofs.last does not count. */
static vdr_err
find_end(const char *folder, proofs_end *ret_end)
{
    char path[VDR_PATH_BYTES];
    struct stat st = {0};
    vdr_err err = end_get(folder, ret_end);
    int error = vdr_folder_path(folder, VDR_PROOFS_NAME, path);
    if (error == 0 && stat(path, &st) != 0)
        error = errno == ENOENT ? 0 : errno;
    if (err != VDR_OK || error != 0)
        return err != VDR_OK ? err : err_of(error);
    return (uint64_t)st.st_size == ret_end->bytes ? VDR_OK : walk(folder, NULL, NULL, ret_end);
}

vdr_err
vdr_proofs_append(const char *folder, vdr_span lines)
{
    char path[VDR_PATH_BYTES];
    proofs_end end;
    if (lines.len == 0)
        return VDR_OK;
    vdr_err err = begin_empty(folder);
    if (err == VDR_OK)
        err = find_end(folder, &end);
    if (err != VDR_OK)
        return err;
    if (vdr_folder_path(folder, VDR_PROOFS_NAME, path) != 0)
        return VDR_E_IO;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_of(errno);
    /* A last line that was cut off was never one. */
    int error = ftruncate(fd, (off_t)end.bytes) != 0 || lseek(fd, (off_t)end.bytes, SEEK_SET) < 0 ? errno : 0;
    if (error == 0)
        error = vdr_file_put(fd, lines.at, lines.len);
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    (void)close(fd);
    if (error == 0 && end.bytes == 0)
        error = vdr_folder_sync(folder);
    for (size_t at = 0, len; error == 0 && at < lines.len; at += len) {
        const uint8_t *stop = memchr(lines.at + at, '\n', lines.len - at);
        VDR_ASSERT(stop != NULL);
        len = (size_t)(stop - lines.at) - at + 1;
        end_move(&end, vdr_span_of(lines.at + at, len));
    }
    return error == 0 ? end_put(folder, &end) : err_of(error);
}

static void
take_over(void *context, const vdr_proof_entry *entry)
{
    vdr_bytes *lines = context;
    vdr_proof_write(entry, lines);
}

vdr_err
vdr_proofs_begin(const char *folder, const char *from, vdr_position position, vdr_ms at)
{
    vdr_bytes lines = {0};
    if (is_there(folder, VDR_PROOFS_LAST) || is_there(folder, VDR_PROOFS_NAME))
        return VDR_OK;
    vdr_err err = from != NULL ? vdr_proofs_walk(from, take_over, &lines) : VDR_OK;
    const vdr_proof_entry restored = {.line = VDR_PROOF_RESTORED, .position = position, .at = at};
    if (err == VDR_OK && lines.len != 0) {
        vdr_proof_write(&restored, &lines);
        err = vdr_proofs_append(folder, vdr_bytes_span(&lines));
    } else if (err == VDR_OK) {
        err = begin_empty(folder);
    }
    vdr_bytes_done(&lines);
    return err;
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
get_ended(const vdr_json *object, vdr_arena *arena, vdr_proof_entry *entry)
{
    vdr_span hex = get_string(object, "ended");
    size_t len = 0;
    uint8_t *key = vdr_arena_alloc(arena, VDR_PUBLIC_KEY_BYTES);
    entry->line = VDR_PROOF_ENDED;
    entry->party = get_string(object, "party");
    if (key == NULL || hex.at == NULL || entry->party.at == NULL ||
        memchr(entry->party.at, ':', entry->party.len) == NULL ||
        sodium_hex2bin(key, VDR_PUBLIC_KEY_BYTES, (const char *)hex.at, hex.len, NULL, &len, NULL) != 0 ||
        len != VDR_PUBLIC_KEY_BYTES)
        return false;
    entry->public_key = vdr_span_of(key, len);
    return get_number(object, "position", &entry->position);
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

/* Is this how it is written? A check that is right says only that somebody counted. */
static bool
is_spelled(vdr_span line, const vdr_proof_entry *entry)
{
    vdr_bytes again = {0};
    vdr_proof_write(entry, &again);
    bool same = again.len == line.len + 1 && memcmp(again.at, line.at, line.len) == 0;
    vdr_bytes_done(&again);
    return same;
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
    } else if (vdr_json_member(object, "ended") != NULL) {
        good = get_ended(object, arena, &entry);
    } else if (get_number(object, "restored", &entry.position)) {
        entry.line = VDR_PROOF_RESTORED;
        good = true;
    } else {
        entry.line = VDR_PROOF_RUN;
        good = get_number(object, "run", &entry.generation) &&
               get_number(object, "through", &entry.through) && get_number(object, "kept", &entry.kept) &&
               get_number(object, "dropped", &entry.dropped);
    }
    good = good && is_spelled(line, &entry);
    if (good)
        *ret_entry = entry;
    return good;
}

/* One line of the file; a last one without its end was cut off by a crash, unless only that end rotted. */
static vdr_err
take_line(const char *line, size_t len, bool last, vdr_arena *arena,
          void (*each)(void *context, const vdr_proof_entry *entry), void *context)
{
    vdr_proof_entry entry;
    if (len == 0 || line[len - 1] != '\n')
        return last && len != 0 && !is_whole(vdr_span_of(line, len - 1)) ? VDR_OK : VDR_E_STORE_CORRUPT;
    if (!vdr_proof_read(vdr_span_of(line, len - 1), arena, &entry))
        return VDR_E_STORE_CORRUPT;
    if (each != NULL)
        each(context, &entry);
    vdr_arena_reset(arena);
    return VDR_OK;
}

/* *ret_end: of the whole lines that are there. */
static vdr_err
walk_file(FILE *file, const proofs_end *told, void (*each)(void *context, const vdr_proof_entry *entry),
          void *context, proofs_end *ret_end)
{
    char line[LINE_BYTES_MAX];
    proofs_end end = {0};
    bool met = told->bytes == 0 && memcmp(told->hash, end.hash, sizeof end.hash) == 0;
    vdr_err err = VDR_OK;
    vdr_arena arena;
    vdr_arena_init(&arena, VDR_JSON_ARENA_BYTES(LINE_BYTES_MAX));
    while (err == VDR_OK && fgets(line, sizeof line, file) != NULL) {
        size_t len = strlen(line);
        err = take_line(line, len, feof(file) != 0, &arena, each, context);
        if (err == VDR_E_STORE_CORRUPT && met) {
            err =
                VDR_OK; /* a power cut left any sectors of what was being added: the next append takes its place */
            break;
        }
        if (err != VDR_OK || line[len - 1] != '\n')
            break;
        end_move(&end, vdr_span_of(line, len));
        met = met || (end.bytes == told->bytes && memcmp(end.hash, told->hash, sizeof end.hash) == 0);
    }
    if (ferror(file))
        err = VDR_E_IO;
    vdr_arena_done(&arena);
    *ret_end = end;
    return err == VDR_OK && !met ? VDR_E_STORE_CORRUPT : err;
}

static vdr_err
walk(const char *folder, void (*each)(void *context, const vdr_proof_entry *entry), void *context,
     proofs_end *ret_end)
{
    char path[VDR_PATH_BYTES];
    proofs_end told, none = {0};
    if (vdr_folder_path(folder, VDR_PROOFS_NAME, path) != 0)
        return VDR_E_IO;
    vdr_err err = end_get(folder, &told);
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        return err;
    bool begun = err == VDR_OK;
    *ret_end = none;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return !is_nothing(errno) ? VDR_E_IO : begun && told.bytes != 0 ? VDR_E_STORE_CORRUPT : VDR_OK;
    err = begun ? walk_file(file, &told, each, context, ret_end) : VDR_E_STORE_CORRUPT;
    (void)fclose(file);
    return err;
}

vdr_err
vdr_proofs_walk(const char *folder, void (*each)(void *context, const vdr_proof_entry *entry), void *context)
{
    proofs_end end;
    return walk(folder, each, context, &end);
}

void
vdr_proofs_read(vdr_span lines, void (*each)(void *context, const vdr_proof_entry *entry), void *context)
{
    vdr_arena arena;
    vdr_arena_init(&arena, VDR_JSON_ARENA_BYTES(LINE_BYTES_MAX));
    for (size_t at = 0, len; at < lines.len; at += len) {
        const uint8_t *stop = memchr(lines.at + at, '\n', lines.len - at);
        VDR_ASSERT(stop != NULL);
        len = (size_t)(stop - lines.at) - at + 1;
        vdr_err err = take_line((const char *)lines.at + at, len, false, &arena, each, context);
        VDR_ASSERT(err == VDR_OK);
    }
    vdr_arena_done(&arena);
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
