#include "clients/gateway/sheet.h"

#include "proto/limits.h"
#include "proto/nameset.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_BYTES 400
#define SHOWN_BYTES   160

static vdr_span
line_of(vdr_span text, uint32_t line)
{
    size_t from = 0;
    for (uint32_t i = 1; i < line && from < text.len; from++)
        i += text.at[from] == '\n';
    size_t to = from;
    while (to < text.len && text.at[to] != '\n' && text.at[to] != '\r')
        to++;
    return vdr_span_of(text.at + from, to - from);
}

void
vdr_sheet_fault(vdr_sheet *sheet, vdr_place place, const char *format, ...)
{
    char message[MESSAGE_BYTES], head[MESSAGE_BYTES + 300];
    if (sheet->faults++ >= VDR_SHEET_FAULTS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(message, sizeof message, format, arguments);
    va_end(arguments);
    vdr_span source = vdr_utf8_cut(line_of(sheet->text, place.line), SHOWN_BYTES);
    int len = snprintf(head, sizeof head, "%.200s:%u:%u: %s\n%5u | ", sheet->path, place.line, place.column,
                       message, place.line);
    size_t from = sheet->words->len;
    vdr_bytes_add(sheet->words, vdr_span_of(head, (size_t)len));
    vdr_bytes_add(sheet->words, source);
    /* What a file holds must not move a terminal's cursor. */
    for (size_t i = from; i < sheet->words->len; i++)
        if (sheet->words->at[i] != '\n')
            memset(sheet->words->at + i, ' ', vdr_utf8_control(vdr_bytes_span(sheet->words), i));
    vdr_bytes_add(sheet->words, vdr_span_str("\n      | "));
    for (uint32_t i = 1; i < place.column && i < SHOWN_BYTES; i++)
        vdr_bytes_add(sheet->words, vdr_span_str(" "));
    vdr_bytes_add(sheet->words, vdr_span_str("^\n"));
}

static void
on_fault(void *context, vdr_place place, const char *message)
{
    vdr_sheet_fault(context, place, "%s", message);
}

vdr_yaml *
vdr_sheet_read(vdr_sheet *sheet)
{
    return vdr_yaml_read(sheet->text, sheet->arena, (vdr_yaml_listener){.fault = on_fault, .context = sheet});
}

vdr_place
vdr_sheet_place(const vdr_yaml *node)
{
    return node->key != NULL ? node->key->place : node->place;
}

static vdr_span
label_of(const vdr_yaml *node)
{
    while (node->key == NULL && node->in != NULL)
        node = node->in;
    return node->key != NULL ? node->key->text : vdr_span_str("the file");
}

static void
unknown_key(vdr_sheet *sheet, const vdr_yaml *value, const vdr_sheet_key *keys, size_t key_count)
{
    const char *like = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < key_count; i++) {
        size_t distance = vdr_name_distance(value->key->text, vdr_span_str(keys[i].name));
        if (distance < best) {
            best = distance;
            like = keys[i].name;
        }
    }
    if (like != NULL)
        vdr_sheet_fault(sheet, value->key->place, "%.*s: there is no such key; did you mean %s?",
                        VDR_SHEET_SHOWN(value->key->text), like);
    else
        vdr_sheet_fault(sheet, value->key->place, "%.*s: there is no such key",
                        VDR_SHEET_SHOWN(value->key->text));
}

bool
vdr_sheet_map(vdr_sheet *sheet, const vdr_yaml *node, const vdr_sheet_key *keys, size_t key_count,
              const vdr_yaml **ret_values)
{
    if (node == NULL || node->kind == VDR_YAML_BAD)
        return false;
    if (node->kind != VDR_YAML_MAP) {
        vdr_sheet_fault(sheet, node->place, "%.*s: expected keys with values",
                        VDR_SHEET_SHOWN(label_of(node)));
        return false;
    }
    for (size_t i = 0; i < key_count; i++)
        ret_values[i] = NULL;
    for (const vdr_yaml *value = node->first; value != NULL; value = value->next) {
        size_t i = 0;
        while (i < key_count && !vdr_span_equal(value->key->text, vdr_span_str(keys[i].name)))
            i++;
        if (i == key_count)
            unknown_key(sheet, value, keys, key_count);
        else
            ret_values[i] = value;
    }
    for (size_t i = 0; i < key_count; i++)
        if (keys[i].required && ret_values[i] == NULL)
            vdr_sheet_fault(sheet, vdr_sheet_place(node), "%s is missing", keys[i].name);
    return true;
}

bool
vdr_sheet_is_list(vdr_sheet *sheet, const vdr_yaml *node)
{
    if (node == NULL || node->kind == VDR_YAML_BAD)
        return false;
    if (node->kind != VDR_YAML_LIST)
        vdr_sheet_fault(sheet, node->place, "%.*s: expected a list", VDR_SHEET_SHOWN(label_of(node)));
    return node->kind == VDR_YAML_LIST;
}

static bool
scalar(vdr_sheet *sheet, const vdr_yaml *node, const char *what, vdr_span *ret_text)
{
    if (node == NULL || node->kind == VDR_YAML_BAD)
        return false;
    if (node->kind != VDR_YAML_SCALAR || node->text.len == 0) {
        vdr_sheet_fault(sheet, node->place, "%.*s: expected %s", VDR_SHEET_SHOWN(label_of(node)), what);
        return false;
    }
    *ret_text = node->text;
    return true;
}

bool
vdr_sheet_text(vdr_sheet *sheet, const vdr_yaml *node, const char *what, const char **ret_text)
{
    vdr_span text;
    if (!scalar(sheet, node, what, &text))
        return false;
    *ret_text = (const char *)text.at; /* copied and terminated by the reader of YAML */
    return true;
}

bool
vdr_sheet_path(vdr_sheet *sheet, const vdr_yaml *node, const char **ret_path)
{
    vdr_span text;
    if (!scalar(sheet, node, "a path", &text))
        return false;
    const char *slash = strrchr(sheet->path, '/');
    size_t dir_len = text.at[0] == '/' || slash == NULL ? 0 : (size_t)(slash - sheet->path) + 1;
    uint8_t *path = vdr_arena_alloc(sheet->arena, dir_len + text.len + 1);
    if (path == NULL)
        return false;
    memcpy(path, sheet->path, dir_len);
    memcpy(path + dir_len, text.at, text.len);
    *ret_path = (const char *)path;
    return true;
}

bool
vdr_sheet_bool(vdr_sheet *sheet, const vdr_yaml *node, bool *ret_value)
{
    vdr_span text;
    if (!scalar(sheet, node, "yes or no", &text))
        return false;
    bool yes = vdr_span_equal(text, vdr_span_str("yes"));
    if (!yes && !vdr_span_equal(text, vdr_span_str("no"))) {
        vdr_sheet_fault(sheet, node->place, "%.*s: expected yes or no, found \"%.*s\"",
                        VDR_SHEET_SHOWN(label_of(node)), VDR_SHEET_SHOWN(text));
        return false;
    }
    *ret_value = yes;
    return true;
}

static bool
parse_number(vdr_span text, vdr_sheet_unit unit, int64_t *ret_number)
{
    static const struct {
        vdr_sheet_unit unit;
        const char *name;
        int64_t times;
    } names[] = {{VDR_SHEET_BYTES, "KiB", 1024},       {VDR_SHEET_BYTES, "MiB", 1048576},
                 {VDR_SHEET_BYTES, "GiB", 1073741824}, {VDR_SHEET_DURATION, "ms", 1},
                 {VDR_SHEET_DURATION, "s", 1000},      {VDR_SHEET_DURATION, "m", 60000},
                 {VDR_SHEET_DURATION, "h", 3600000},   {VDR_SHEET_DURATION, "d", VDR_DAY_MS}};
    int64_t number = 0, times = unit == VDR_SHEET_DURATION ? 0 : 1;
    size_t digits = 0;
    for (; digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9'; digits++) {
        if (digits == 9)
            return false;
        number = number * 10 + (text.at[digits] - '0');
    }
    vdr_span rest = vdr_span_of(text.at + digits, text.len - digits);
    bool known = rest.len == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].unit == unit && vdr_span_equal(rest, vdr_span_str(names[i].name))) {
            times = names[i].times;
            known = true;
        }
    if (digits == 0 || !known || (digits > 1 && text.at[0] == '0') || (times == 0 && number != 0))
        return false;
    *ret_number = number * times;
    return true;
}

bool
vdr_sheet_number(vdr_sheet *sheet, const vdr_yaml *node, vdr_sheet_unit unit, int64_t least, int64_t most,
                 int64_t *ret_number)
{
    static const char *const what[] = {[VDR_SHEET_COUNT] = "a number",
                                       [VDR_SHEET_BYTES] = "a size like 64KiB or 2MiB",
                                       [VDR_SHEET_DURATION] = "a duration like 250ms or 10s"};
    vdr_span text;
    int64_t number = 0;
    if (!scalar(sheet, node, what[unit], &text))
        return false;
    if (!parse_number(text, unit, &number) || number < least || number > most) {
        const char *of = unit == VDR_SHEET_DURATION ? " ms" : "";
        vdr_sheet_fault(sheet, node->place, "%.*s: expected %s from %lld%s to %lld%s, found \"%.*s\"",
                        VDR_SHEET_SHOWN(label_of(node)), what[unit], (long long)least, of, (long long)most,
                        of, VDR_SHEET_SHOWN(text));
        return false;
    }
    *ret_number = number;
    return true;
}

bool
vdr_sheet_endpoint(vdr_sheet *sheet, const vdr_yaml *node, const char **ret_endpoint)
{
    const char *text;
    if (!vdr_sheet_text(sheet, node, "tcp://HOST:PORT", &text))
        return false;
    if (strncmp(text, "tcp://", 6) != 0 && strncmp(text, "ipc://", 6) != 0) {
        vdr_sheet_fault(sheet, node->place, "expected tcp://HOST:PORT or ipc://PATH, found \"%.128s\"", text);
        return false;
    }
    *ret_endpoint = text;
    return true;
}

static vdr_err
read_file(const char *path, vdr_bytes *ret_text)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return VDR_E_IO;
    vdr_err err = fstat(fd, &st) != 0 ? VDR_E_IO : VDR_OK;
    if (err == VDR_OK && (!S_ISREG(st.st_mode) || st.st_size > (off_t)VDR_CONF_BYTES_MAX)) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        err = VDR_E_IO;
    }
    size_t size = err == VDR_OK ? (size_t)st.st_size : 0;
    uint8_t *at = vdr_bytes_extend(ret_text, size + 1);
    if (err == VDR_OK && read(fd, at, size) != (ssize_t)size)
        err = VDR_E_IO;
    ret_text->len = size;
    (void)close(fd);
    return err;
}

vdr_err
vdr_sheet_load(const char *path, vdr_bytes *ret_text, vdr_bytes *words)
{
    char line[300];
    vdr_err err = read_file(path, ret_text);
    if (err == VDR_OK)
        return VDR_OK;
    (void)snprintf(line, sizeof line, "%.200s: cannot be read: %s\n", path, strerror(errno));
    vdr_bytes_add(words, vdr_span_str(line));
    return err;
}
