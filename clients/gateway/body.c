#include "clients/gateway/body.h"

#include "proto/time.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <strings.h>

/* ---- Content types ---- */

static vdr_span
trimmed(vdr_span text)
{
    while (text.len != 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = vdr_span_of(text.at + 1, text.len - 1);
    while (text.len != 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* What stands before the next sign; text goes on behind it. */
static vdr_span
cut(vdr_span *text, char sign)
{
    const uint8_t *at = text->len != 0 ? memchr(text->at, sign, text->len) : NULL;
    vdr_span part = at != NULL ? vdr_span_of(text->at, (size_t)(at - text->at)) : *text;
    *text = at != NULL ? vdr_span_of(at + 1, text->len - part.len - 1) : (vdr_span){0};
    return trimmed(part);
}

static bool
same_word(vdr_span a, const char *b)
{
    return a.len == strlen(b) && (a.len == 0 || strncasecmp((const char *)a.at, b, a.len) == 0);
}

bool
vdr_body_is(const vdr_http_request *request, const char *media)
{
    vdr_span rest = vdr_http_header(request, "content-type");
    if (!same_word(cut(&rest, ';'), media))
        return false;
    while (rest.at != NULL) {
        vdr_span parameter = cut(&rest, ';');
        if (same_word(cut(&parameter, '='), "charset") && !same_word(parameter, "utf-8") &&
            !same_word(parameter, "\"utf-8\""))
            return false;
    }
    return true;
}

/* ---- JSON ---- */

/* Goes over text: how deep it is, and where the elements of the outermost array stand. Text need not be JSON. */
typedef struct walk {
    unsigned depth, deepest;
    vdr_span *spans; /* NULL: not asked */
    size_t count, most;
    size_t from; /* of the element that is open */
    bool filled; /* it has something that is no blank */
} walk;

static void
end_element(walk *w, vdr_span text, size_t at)
{
    if (w->filled && w->count < w->most && w->spans != NULL)
        w->spans[w->count] = trimmed(vdr_span_of(text.at + w->from, at - w->from));
    w->count += w->filled;
    w->filled = false;
    w->from = at + 1;
}

static void
walk_text(walk *w, vdr_span text)
{
    bool string = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (string) {
            i += c == '\\';
            string = c != '"';
            continue;
        }
        if (c == ']' || c == '}') {
            if (w->depth == 1)
                end_element(w, text, i);
            w->depth -= w->depth != 0;
            continue;
        }
        if (w->depth == 1 && c == ',') {
            end_element(w, text, i);
            continue;
        }
        w->filled = w->filled || (w->depth >= 1 && !blank);
        string = c == '"';
        if (c == '[' || c == '{') {
            if (w->depth++ == 0)
                w->from = i + 1;
            w->deepest = w->depth > w->deepest ? w->depth : w->deepest;
        }
    }
}

json_t *
vdr_body_parse(vdr_span text, unsigned depth_max, const char *at, vdr_faults *faults)
{
    walk w = {0};
    json_error_t error;
    char words[128];

    if (!vdr_span_is_utf8(text)) {
        vdr_faults_add(faults, at, "not_utf8", "the bytes are not UTF-8");
        return NULL;
    }
    if (text.len != 0 &&
        memchr(text.at, 0, text.len) != NULL) { /* jansson takes one behind a number for its end */
        vdr_faults_add(faults, at, "not_json", "a byte of zero is in no JSON");
        return NULL;
    }
    walk_text(&w, text);
    if (w.deepest > depth_max) {
        (void)snprintf(words, sizeof words, "nested deeper than %u", depth_max);
        vdr_faults_add(faults, at, "too_deep", words);
        return NULL;
    }
    json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        bool twice = json_error_code(&error) == json_error_duplicate_key;
        (void)snprintf(words, sizeof words, "%s at line %d, column %d",
                       twice ? "a member stands there twice" : "not JSON, or a number too large", error.line,
                       error.column);
        vdr_faults_add(faults, at, twice ? "duplicate_member" : "not_json", words);
    }
    return json;
}

json_t *
vdr_body_object(vdr_http_request *request, bool required, vdr_faults *faults, bool *ret_answered)
{
    *ret_answered = false;
    if (request->body.len == 0 && !required)
        return json_object();
    if (!vdr_body_is(request, "application/json")) {
        vdr_http_refuse(request, VDR_REFUSAL_UNSUPPORTED_TYPE, "application/json is what is taken here");
        *ret_answered = true;
        return NULL;
    }
    json_t *json = vdr_body_parse(request->body, VDR_BODY_DEPTH_MAX, "", faults);
    if (json != NULL && !json_is_object(json)) {
        vdr_faults_add(faults, "", "wrong_type", "an object is asked for");
        json_decref(json);
        json = NULL;
    }
    return json;
}

bool
vdr_body_elements(vdr_span text, vdr_span *ret_spans, size_t most, size_t *ret_count)
{
    walk w = {.spans = ret_spans, .most = most};
    walk_text(&w, text);
    *ret_count = w.count < most ? w.count : most;
    return w.count <= most;
}

/* ---- Values ---- */

static bool
two_digits(const char *at, int64_t *ret_number)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *ret_number = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

bool
vdr_instant_read(const char *text, vdr_ms *ret_at)
{
    char utc[40];
    int64_t hours, minutes;
    vdr_ms at;
    size_t len = strlen(text);

    if (len < 20 || len >= sizeof utc)
        return false;
    if (text[len - 1] == 'Z')
        return vdr_time_parse(vdr_span_of(text, len), ret_at);
    const char *offset = text + len - 6;
    if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':' || !two_digits(offset + 1, &hours) ||
        !two_digits(offset + 4, &minutes) || hours > 23 || minutes > 59 ||
        (offset[0] == '-' && hours + minutes == 0))
        return false;
    memcpy(utc, text, len - 6);
    utc[len - 6] = 'Z';
    if (!vdr_time_parse(vdr_span_of(utc, len - 5), &at))
        return false;
    at += (offset[0] == '+' ? -1 : 1) * (hours * 60 + minutes) * INT64_C(60000);
    if (at < 0 || at > VDR_TIME_MAX)
        return false;
    *ret_at = at;
    return true;
}

bool
vdr_number_read(vdr_span text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 19 || (text.at[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    if (number > INT64_MAX)
        return false;
    *ret_number = number;
    return true;
}

bool
vdr_id_read(vdr_span text, char letter, uint64_t *ret_number)
{
    uint64_t number;
    if (text.len < 2 || text.at[0] != (uint8_t)letter ||
        !vdr_number_read(vdr_span_of(text.at + 1, text.len - 1), &number) || number == 0)
        return false;
    *ret_number = number;
    return true;
}

/* ---- Forms ---- */

void
vdr_form_begin(vdr_form *form, json_t *object, const char *at, vdr_faults *faults)
{
    *form = (vdr_form){.object = object, .at = at, .faults = faults};
}

/* at + "/" + name, with "~" and "/" of the name escaped (RFC 6901). */
static void
pointer_of(const vdr_form *form, const char *name, char ret_pointer[VDR_POINTER_BYTES])
{
    size_t len = (size_t)snprintf(ret_pointer, VDR_POINTER_BYTES - 8, "%s/", form->at);
    if (len > VDR_POINTER_BYTES - 9)
        len = VDR_POINTER_BYTES - 9;
    for (; *name != '\0' && len < VDR_POINTER_BYTES - 4; name++) {
        if (*name == '~' || *name == '/') {
            ret_pointer[len++] = '~';
            ret_pointer[len++] = *name == '~' ? '0' : '1';
        } else {
            ret_pointer[len++] = *name;
        }
    }
    ret_pointer[vdr_utf8_cut(vdr_span_of(ret_pointer, len), len).len] = '\0';
}

void
vdr_form_fault(const vdr_form *form, const char *name, const char *code, const char *detail)
{
    char pointer[VDR_POINTER_BYTES];
    pointer_of(form, name, pointer);
    vdr_faults_add(form->faults, pointer, code, detail);
}

void
vdr_form_end(vdr_form *form)
{
    for (void *i = json_object_iter(form->object); i != NULL; i = json_object_iter_next(form->object, i)) {
        const char *name = json_object_iter_key(i);
        bool known = false;
        for (size_t k = 0; k < form->known_count && !known; k++)
            known = strcmp(form->known[k], name) == 0;
        if (!known)
            vdr_form_fault(form, name, "unknown_member", "there is no such member here");
    }
}

const json_t *
vdr_form_any(vdr_form *form, const char *name, bool required)
{
    VDR_ASSERT(form->known_count < VDR_FORM_MEMBERS);
    form->known[form->known_count++] = name;
    const json_t *value = json_object_get(form->object, name);
    if (value == NULL && required)
        vdr_form_fault(form, name, "required", "it is missing");
    return value;
}

static size_t
characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((uint8_t)*text & 0xc0) != 0x80;
    return count;
}

const char *
vdr_form_text(vdr_form *form, const char *name, bool required, size_t least, size_t most)
{
    char words[128];
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return NULL;
    if (!json_is_string(value)) {
        vdr_form_fault(form, name, "wrong_type", "a text is asked for");
        return NULL;
    }
    const char *text = json_string_value(value);
    size_t count = characters(text), bytes = json_string_length(value);
    if (count >= least && bytes <= most)
        return text;
    (void)snprintf(words, sizeof words,
                   "%zu characters to %zu bytes of UTF-8 are asked for, this has %zu and %zu", least, most,
                   count, bytes);
    vdr_form_fault(form, name, count < least ? "too_short" : "too_long", words);
    return NULL;
}

const char *
vdr_form_digits(vdr_form *form, const char *name, bool required, size_t digits)
{
    char words[64];
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return NULL;
    const char *text = json_string_value(value);
    if (text != NULL && strlen(text) == digits && strspn(text, "0123456789") == digits)
        return text;
    (void)snprintf(words, sizeof words, "a text of %zu digits is asked for", digits);
    vdr_form_fault(form, name, text == NULL ? "wrong_type" : "bad_value", words);
    return NULL;
}

size_t
vdr_form_word(vdr_form *form, const char *name, bool required, const char *const *words, size_t count)
{
    char list[256] = "one of";
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return count;
    const char *text = json_string_value(value);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(list);
        if (text != NULL && strcmp(text, words[i]) == 0)
            return i;
        (void)snprintf(list + len, sizeof list - len, " %s", words[i]);
    }
    vdr_form_fault(form, name, text == NULL ? "wrong_type" : "bad_value", list);
    return count;
}

void
vdr_form_number(vdr_form *form, const char *name, bool required, uint64_t least, uint64_t most,
                uint64_t *ret_number)
{
    char words[96];
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return;
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= 0 && (uint64_t)number >= least && (uint64_t)number <= most) {
        *ret_number = (uint64_t)number;
        return;
    }
    (void)snprintf(words, sizeof words, "an integer from %llu to %llu is asked for",
                   (unsigned long long)least, (unsigned long long)most);
    vdr_form_fault(form, name, json_is_integer(value) ? "bad_value" : "wrong_type", words);
}

void
vdr_form_instant(vdr_form *form, const char *name, bool required, vdr_ms *ret_at)
{
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return;
    if (!json_is_string(value))
        vdr_form_fault(form, name, "wrong_type", "a text is asked for");
    else if (!vdr_instant_read(json_string_value(value), ret_at))
        vdr_form_fault(form, name, "bad_instant", "an instant as 2026-03-02T09:00:00Z is asked for");
}

void
vdr_form_id(vdr_form *form, const char *name, bool required, char letter, uint64_t *ret_number)
{
    char words[64];
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL || vdr_id_read(vdr_span_str(json_string_value(value)), letter, ret_number))
        return;
    (void)snprintf(words, sizeof words, "%c and a number is asked for", letter);
    vdr_form_fault(form, name, json_is_string(value) ? "bad_value" : "wrong_type", words);
}

const json_t *
vdr_form_array(vdr_form *form, const char *name, bool required, size_t least, size_t most)
{
    char words[64];
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return NULL;
    if (!json_is_array(value)) {
        vdr_form_fault(form, name, "wrong_type", "an array is asked for");
        return NULL;
    }
    if (json_array_size(value) >= least && json_array_size(value) <= most)
        return value;
    (void)snprintf(words, sizeof words, "%zu to %zu elements are asked for", least, most);
    vdr_form_fault(form, name, json_array_size(value) < least ? "too_short" : "too_long", words);
    return NULL;
}
