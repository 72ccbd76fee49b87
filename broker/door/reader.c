#include "broker/door/reader.h"

#include "proto/limits.h"
#include "proto/time.h"

#include <stdio.h>

#define URI_BYTES_MAX 256u
#define URI_SIGNS     "-._~:/?#[]@!$&'()*+,;=%"

/* ---- places and keys */

vdr_span
vdr_reader_label(const vdr_yaml *node)
{
    while (node != NULL && node->key == NULL)
        node = node->in;
    return node != NULL ? node->key->text : vdr_span_str("the file");
}

vdr_place
vdr_reader_place(const vdr_yaml *node)
{
    return node->key != NULL ? node->key->place : node->place;
}

static const char *
kind_name(vdr_yaml_kind kind)
{
    switch (kind) {
    case VDR_YAML_LIST:
        return "a list";
    case VDR_YAML_MAP:
        return "a mapping";
    case VDR_YAML_SCALAR:
        return "a single value";
    case VDR_YAML_BAD:
        break;
    }
    return "nothing";
}

static bool
is_kind(vdr_reader *reader, const vdr_yaml *node, vdr_yaml_kind kind)
{
    if (node == NULL || node->kind == VDR_YAML_BAD)
        return false;
    if (node->kind == kind)
        return true;
    bool empty = node->kind == VDR_YAML_SCALAR && node->text.len == 0;
    vdr_reader_fault(reader, vdr_reader_place(node), "%.*s: expected %s, found %s",
                     VDR_SHOWN(vdr_reader_label(node)), kind_name(kind),
                     empty ? "nothing" : kind_name(node->kind));
    return false;
}

bool
vdr_reader_is_list(vdr_reader *reader, const vdr_yaml *node)
{
    return is_kind(reader, node, VDR_YAML_LIST);
}

bool
vdr_reader_is_map(vdr_reader *reader, const vdr_yaml *node)
{
    return is_kind(reader, node, VDR_YAML_MAP);
}

static void
unknown_key(vdr_reader *reader, const vdr_yaml *value, const vdr_reader_key *keys, size_t key_count)
{
    vdr_span found = value->key->text;
    size_t best = SIZE_MAX;
    const char *like = NULL;

    for (size_t i = 0; i < key_count; i++) {
        size_t distance = vdr_name_distance(found, vdr_span_str(keys[i].name));
        if (distance < best) {
            best = distance;
            like = keys[i].name;
        }
    }
    if (like != NULL) {
        vdr_reader_fault(reader, value->key->place, "%.*s: unknown key; did you mean %s?", VDR_SHOWN(found),
                         like);
        return;
    }
    char known[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < key_count && used < sizeof known - 40; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    vdr_reader_fault(reader, value->key->place, "%.*s: unknown key; known here: %s", VDR_SHOWN(found), known);
}

bool
vdr_reader_map(vdr_reader *reader, const vdr_yaml *node, const vdr_reader_key *keys, size_t key_count,
               const vdr_yaml **ret_values)
{
    for (size_t i = 0; i < key_count; i++)
        ret_values[i] = NULL;
    if (!vdr_reader_is_map(reader, node))
        return false;
    for (const vdr_yaml *value = node->first; value != NULL; value = value->next) {
        size_t i = 0;
        while (i < key_count && !vdr_span_equal(value->key->text, vdr_span_str(keys[i].name)))
            i++;
        if (i == key_count)
            unknown_key(reader, value, keys, key_count);
        else if (ret_values[i] == NULL)
            ret_values[i] = value;
    }
    for (size_t i = 0; i < key_count; i++)
        if (ret_values[i] == NULL && keys[i].required)
            vdr_reader_fault(reader, vdr_reader_place(node), "%s: this key is missing in %.*s", keys[i].name,
                             VDR_SHOWN(vdr_reader_label(node)));
    return true;
}

/* ---- values */

bool
vdr_reader_scalar(vdr_reader *reader, const vdr_yaml *node, const char *what, vdr_span *ret_text)
{
    if (node == NULL || node->kind == VDR_YAML_BAD)
        return false;
    if (node->kind != VDR_YAML_SCALAR) {
        vdr_reader_fault(reader, vdr_reader_place(node), "%.*s: expected %s, found %s",
                         VDR_SHOWN(vdr_reader_label(node)), what, kind_name(node->kind));
        return false;
    }
    *ret_text = node->text;
    return true;
}

static void
wrong(vdr_reader *reader, const vdr_yaml *node, const char *what)
{
    vdr_reader_fault(reader, node->place, "%.*s: expected %s, found \"%.*s\"",
                     VDR_SHOWN(vdr_reader_label(node)), what, VDR_SHOWN(node->text));
}

static bool
is_name(vdr_span text)
{
    if (text.len == 0 || text.len > VDR_CONF_NAME_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static bool
keep(vdr_reader *reader, vdr_span text, vdr_span *ret_text)
{
    vdr_span kept = vdr_arena_copy(reader->arena, text);
    if (kept.at == NULL)
        return false; /* the arena's overflow is told once, at the end */
    *ret_text = kept;
    return true;
}

bool
vdr_reader_name(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_name)
{
    static const char what[] = "a name (1 to 128 of A-Z a-z 0-9 . _ -)";
    vdr_span text;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    if (!is_name(text)) {
        wrong(reader, node, what);
        return false;
    }
    return keep(reader, text, ret_name);
}

bool
vdr_reader_names_or_all(vdr_reader *reader, const vdr_yaml *node, vdr_names *ret_names, bool *ret_all)
{
    if (!vdr_reader_is_list(reader, node))
        return false;
    vdr_span *names = vdr_reader_array(reader, node->count, sizeof names[0]);
    size_t count = 0;
    bool all = false, good = names != NULL;
    for (const vdr_yaml *item = node->first; item != NULL && names != NULL; item = item->next) {
        bool star = item->kind == VDR_YAML_SCALAR && vdr_span_equal(item->text, vdr_span_str("*"));
        if (star && ret_all != NULL)
            all = true;
        else if (vdr_reader_name(reader, item, &names[count]))
            count++;
        else
            good = false;
    }
    if (!good)
        return false;
    *ret_names = (vdr_names){.at = names, .count = count};
    if (ret_all != NULL)
        *ret_all = all;
    return true;
}

bool
vdr_reader_names(vdr_reader *reader, const vdr_yaml *node, vdr_names *ret_names)
{
    return vdr_reader_names_or_all(reader, node, ret_names, NULL);
}

bool
vdr_reader_text(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_text)
{
    vdr_span text;
    if (!vdr_reader_scalar(reader, node, "a text", &text))
        return false;
    if (text.len == 0) {
        wrong(reader, node, "a text");
        return false;
    }
    return keep(reader, text, ret_text);
}

static bool
is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_letter_or_digit(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* A scheme, a colon, and something of the characters that a URI may have (RFC 3986). */
static bool
is_uri(vdr_span text)
{
    size_t i = 0;
    if (text.len == 0 || text.len > URI_BYTES_MAX || !is_letter(text.at[0]))
        return false;
    while (i < text.len && (is_letter_or_digit(text.at[i]) || memchr("+.-", text.at[i], 3) != NULL))
        i++;
    if (i + 1 >= text.len || text.at[i] != ':')
        return false;
    for (i++; i < text.len; i++)
        if (!is_letter_or_digit(text.at[i]) && memchr(URI_SIGNS, text.at[i], sizeof URI_SIGNS - 1) == NULL)
            return false;
    return true;
}

bool
vdr_reader_uri(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_uri)
{
    vdr_span text;
    if (!vdr_reader_scalar(reader, node, "a URI", &text))
        return false;
    if (!is_uri(text)) {
        wrong(reader, node, "a URI, as https://register.example/verwerkingen/12");
        return false;
    }
    return keep(reader, text, ret_uri);
}

bool
vdr_reader_bool(vdr_reader *reader, const vdr_yaml *node, bool *ret_value)
{
    vdr_span text;
    if (!vdr_reader_scalar(reader, node, "true or false", &text))
        return false;
    if (vdr_span_equal(text, vdr_span_str("true"))) {
        *ret_value = true;
    } else if (vdr_span_equal(text, vdr_span_str("false"))) {
        *ret_value = false;
    } else {
        wrong(reader, node, "true or false");
        return false;
    }
    return true;
}

/* Decimal digits without a sign or a leading zero. */
static bool
is_number(vdr_span text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    *ret_number = number;
    return true;
}

bool
vdr_reader_number(vdr_reader *reader, const vdr_yaml *node, uint64_t *ret_number)
{
    static const char what[] = "a number, at least 1";
    vdr_span text;
    uint64_t number;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    if (!is_number(text, &number) || number < 1 || number > VDR_CONF_NUMBER_MAX) {
        wrong(reader, node, what);
        return false;
    }
    *ret_number = number;
    return true;
}

bool
vdr_reader_severity(vdr_reader *reader, const vdr_yaml *node, uint8_t *ret_severity)
{
    static const char what[] = "a severity, 1 to 5";
    vdr_span text;
    uint64_t number;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    if (!is_number(text, &number) || number < 1 || number > 5) {
        wrong(reader, node, what);
        return false;
    }
    *ret_severity = (uint8_t)number;
    return true;
}

bool
vdr_reader_duration(vdr_reader *reader, const vdr_yaml *node, bool zero_too, int64_t *ret_ms)
{
    const char *what = zero_too ? "a duration like 90d, 12h, 30m or 0s (at most 36500d)"
                                : "a duration like 90d, 12h, 30m or 10s (not 0, at most 36500d)";
    vdr_span text;
    int64_t ms;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    if (!vdr_duration_parse(text, &ms) || (ms == 0 && !zero_too)) {
        wrong(reader, node, what);
        return false;
    }
    *ret_ms = ms;
    return true;
}

bool
vdr_reader_instant(vdr_reader *reader, const vdr_yaml *node, vdr_ms *ret_at)
{
    static const char what[] = "an instant like 2026-03-02T09:00:00Z";
    vdr_span text;
    vdr_ms at;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    if (!vdr_time_parse(text, &at)) {
        wrong(reader, node, what);
        return false;
    }
    *ret_at = at;
    return true;
}

bool
vdr_reader_word(vdr_reader *reader, const vdr_yaml *node, const char *(*word)(unsigned number),
                unsigned first, unsigned last, unsigned *ret_number)
{
    char what[160] = "one of ";
    size_t used = strlen(what);
    for (unsigned i = first; i <= last; i++)
        used += (size_t)snprintf(what + used, sizeof what - used, "%s%s", i == first ? "" : ", ", word(i));
    vdr_span text;
    if (!vdr_reader_scalar(reader, node, what, &text))
        return false;
    for (unsigned i = first; i <= last; i++) {
        if (vdr_span_equal(text, vdr_span_str(word(i)))) {
            *ret_number = i;
            return true;
        }
    }
    const char *like = NULL;
    size_t best = SIZE_MAX;
    for (unsigned i = first; i <= last; i++) {
        size_t distance = vdr_name_distance(text, vdr_span_str(word(i)));
        if (distance < best) {
            best = distance;
            like = word(i);
        }
    }
    if (like != NULL)
        vdr_reader_fault(reader, node->place, "%.*s: expected %s, found \"%.*s\"; did you mean %s?",
                         VDR_SHOWN(vdr_reader_label(node)), what, VDR_SHOWN(text), like);
    else
        wrong(reader, node, what);
    return false;
}

/* ---- names that must be known, or new */

void
vdr_reader_known(vdr_reader *reader, const vdr_yaml *node, vdr_span name, const vdr_nameset *set,
                 const char *what)
{
    if (vdr_nameset_has(set, name))
        return;
    vdr_span like = vdr_nameset_like(set, name);
    if (like.at != NULL)
        vdr_reader_fault(reader, node->place, "%.*s: %.*s is no %s; did you mean %.*s?",
                         VDR_SHOWN(vdr_reader_label(node)), VDR_SHOWN(name), what, VDR_SHOWN(like));
    else
        vdr_reader_fault(reader, node->place, "%.*s: %.*s is no %s", VDR_SHOWN(vdr_reader_label(node)),
                         VDR_SHOWN(name), what);
}

void
vdr_reader_all_known(vdr_reader *reader, const vdr_yaml *list, const vdr_nameset *set, const char *what)
{
    if (list == NULL || list->kind != VDR_YAML_LIST)
        return;
    for (const vdr_yaml *item = list->first; item != NULL; item = item->next)
        if (item->kind == VDR_YAML_SCALAR && is_name(item->text))
            vdr_reader_known(reader, item, item->text, set, what);
}

void
vdr_reader_once(vdr_reader *reader, const vdr_yaml *node, vdr_span name, vdr_nameset *set)
{
    if (!vdr_nameset_add(set, name))
        vdr_reader_fault(reader, node->place, "%.*s: %.*s is here twice; each must be unique",
                         VDR_SHOWN(vdr_reader_label(node)), VDR_SHOWN(name));
}

void *
vdr_reader_array(vdr_reader *reader, size_t count, size_t bytes)
{
    return vdr_arena_alloc(reader->arena, (count != 0 ? count : 1) * bytes);
}
