#include "clients/gateway/event.h"

#include "clients/gateway/write.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <strings.h>

#define NAME_CHARACTERS 256
#define PERSONS_MAX     1000

/* ---- Shape ---- */

static bool
is_bsn(const char *text)
{
    int sum = 0;
    if (strlen(text) != 9 || strspn(text, "0123456789") != 9)
        return false;
    for (int i = 0; i < 8; i++)
        sum += (9 - i) * (text[i] - '0');
    return (sum - (text[8] - '0')) % 11 == 0 && strcmp(text, "000000000") != 0;
}

/* An instant of an event: kept as sent, so only the form that the broker knows. */
static void
zulu(vdr_form *form, const char *name, bool required)
{
    vdr_ms at;
    const json_t *value = vdr_form_any(form, name, required);
    if (value == NULL)
        return;
    if (!json_is_string(value))
        vdr_form_fault(form, name, "wrong_type", "a text is asked for");
    else if (!vdr_time_parse(vdr_span_of(json_string_value(value), json_string_length(value)), &at))
        vdr_form_fault(form, name, "bad_instant", "an instant as 2026-03-02T09:00:00Z is asked for, in UTC");
}

/* The next character of UTF-8 that is known to be good; *text goes behind it. */
static uint32_t
next_character(const uint8_t **text)
{
    static const uint8_t masks[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint8_t first = *(*text)++;
    unsigned more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t c = first & masks[more];
    for (; more != 0; more--)
        c = c << 6 | (*(*text)++ & 0x3fu);
    return c;
}

/* What CloudEvents lets no attribute hold: controls (U+0000 to U+001F, U+007F to U+009F) and what Unicode says is no
 * character. Halves of surrogates are no UTF-8, nor does the parser of JSON let them through. */
static bool
is_plain(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    while (*at != 0) {
        uint32_t c = next_character(&at);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
            return false;
    }
    return true;
}

static void
check_plain(const vdr_form *form, const char *name, const char *text)
{
    if (text != NULL && !is_plain(text))
        vdr_form_fault(form, name, "bad_character",
                       "attributes have no control characters, nor what Unicode says is no character");
}

static const char *
required(vdr_form *form, const char *name)
{
    const char *text = vdr_form_text(form, name, true, 1, NAME_CHARACTERS);
    check_plain(form, name, text);
    return text;
}

/* An attribute that may be missing, or null, which is the same (JSON format of CloudEvents). */
static const char *
attribute(vdr_form *form, const char *name, size_t most)
{
    if (json_is_null(json_object_get(form->object, name))) {
        (void)vdr_form_any(form, name, false);
        return NULL;
    }
    const char *text = vdr_form_text(form, name, false, 1, most);
    check_plain(form, name, text);
    return text;
}

static bool
is_json_type(const char *type)
{
    size_t len = strcspn(type, ";");
    while (len != 0 && type[len - 1] == ' ')
        len--;
    /* Media types are the same in large letters (RFC 2045 section 5.1). */
    return len >= 16 && strncasecmp(type, "application/", 12) == 0 &&
           strncasecmp(type + len - 4, "json", 4) == 0 && (len == 16 || type[len - 5] == '+');
}

static void
check_persons(vdr_form *content)
{
    char at[VDR_POINTER_BYTES];
    const json_t *persons = vdr_form_array(content, "persons", false, 0, PERSONS_MAX);
    for (size_t i = 0; i < json_array_size(persons); i++) {
        vdr_form person;
        (void)snprintf(at, sizeof at, "%s/persons/%zu", content->at, i);
        vdr_form_begin(&person, json_array_get(persons, i), at, content->faults);
        if (!json_is_object(person.object)) {
            vdr_faults_add(content->faults, at, "wrong_type", "an object is asked for");
            continue;
        }
        (void)vdr_form_text(&person, "bsn", true, 1, NAME_CHARACTERS);
        (void)vdr_form_text(&person, "role", false, 1, NAME_CHARACTERS);
        vdr_form_end(&person);
    }
}

static void
check_address(vdr_form *content)
{
    char at[VDR_POINTER_BYTES];
    vdr_form address;
    const json_t *value = vdr_form_any(content, "address", false);
    if (value == NULL)
        return;
    if (!json_is_object(value)) {
        vdr_form_fault(content, "address", "wrong_type", "an object is asked for");
        return;
    }
    (void)snprintf(at, sizeof at, "%s/address", content->at);
    vdr_form_begin(&address, json_object_get(content->object, "address"), at, content->faults);
    (void)vdr_form_text(&address, "bag", false, 1, NAME_CHARACTERS);
    (void)vdr_form_text(&address, "buurt", false, 1, NAME_CHARACTERS);
    vdr_form_end(&address);
}

static void
check_content(json_t *data, const char *at, vdr_faults *faults)
{
    vdr_form content;
    vdr_form_begin(&content, data, at, faults);
    (void)vdr_form_text(&content, "municipality", true, 1, NAME_CHARACTERS);
    zulu(&content, "occurred_at", false);
    const json_t *severity = vdr_form_any(&content, "severity", false);
    if (severity != NULL && !json_is_integer(severity))
        vdr_form_fault(&content, "severity", "wrong_type", "an integer from 1 to 5 is asked for");
    check_persons(&content);
    check_address(&content);
    zulu(&content, "act_before", false);
    (void)vdr_form_text(&content, "supersedes", false, 1, NAME_CHARACTERS);
    (void)vdr_form_text(&content, "detail", false, 0, VDR_TEXT_MAX);
    vdr_form_end(&content);
}

/* Everything that is none of the attributes known: an extension. Of the form, knows them; makes them known. */
static void
check_extensions(vdr_form *form)
{
    for (void *i = json_object_iter(form->object); i != NULL; i = json_object_iter_next(form->object, i)) {
        const char *name = json_object_iter_key(i);
        const json_t *value = json_object_iter_value(i);
        bool known = false;
        for (size_t k = 0; k < form->known_count && !known; k++)
            known = strcmp(form->known[k], name) == 0;
        if (known)
            continue;
        if (name[0] == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name))
            vdr_form_fault(form, name, "unknown_member",
                           "names of attributes have the signs a-z and 0-9 only");
        else if (json_is_object(value) || json_is_array(value) || json_is_real(value))
            vdr_form_fault(form, name, "wrong_type", "an attribute is a text, an integer or a boolean");
        else
            check_plain(form, name, json_string_value(value));
    }
}

void
vdr_event_check(json_t *event, const char *at, vdr_faults *faults)
{
    char data_at[VDR_POINTER_BYTES];
    vdr_form form;
    if (!json_is_object(event)) {
        vdr_faults_add(faults, at, "wrong_type", "an event is an object");
        return;
    }
    vdr_form_begin(&form, event, at, faults);
    const char *version = vdr_form_text(&form, "specversion", true, 1, NAME_CHARACTERS);
    if (version != NULL && strcmp(version, "1.0") != 0)
        vdr_form_fault(&form, "specversion", "bad_value", "1.0 is asked for");
    (void)required(&form, "id");
    (void)required(&form, "source");
    (void)required(&form, "type");
    zulu(&form, "time", true);
    const char *type = attribute(&form, "datacontenttype", NAME_CHARACTERS);
    if (type != NULL && !is_json_type(type))
        vdr_form_fault(&form, "datacontenttype", "bad_value", "data is JSON here");
    (void)attribute(&form, "dataschema", 2048);
    const char *subject = attribute(&form, "subject", NAME_CHARACTERS);
    if (subject != NULL && is_bsn(subject))
        vdr_form_fault(&form, "subject", "sensitive_attribute",
                       "this looks like a BSN; attributes are read on the way, so it belongs in data");
    const json_t *data = vdr_form_any(&form, "data", true);
    if (vdr_form_any(&form, "data_base64", false) != NULL)
        vdr_form_fault(&form, "data_base64", "unknown_member", "data is JSON here, in data");
    check_extensions(&form);
    if (data == NULL)
        return;
    if (!json_is_object(data)) {
        vdr_form_fault(&form, "data", "wrong_type", "an object is asked for");
        return;
    }
    (void)snprintf(data_at, sizeof data_at, "%s/data", at);
    check_content(json_object_get(event, "data"), data_at, faults);
}

/* ---- Binary mode ---- */

bool
vdr_event_is_binary(const vdr_http_request *request)
{
    return vdr_http_header(request, "ce-specversion").at != NULL;
}

static int
hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A header's value as the attribute that it stands for: quotes and backslashes go, then %XX. */
static bool
decode(vdr_span value, vdr_bytes *out)
{
    bool quoted = value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"';
    out->len = 0;
    if (quoted)
        value = vdr_span_of(value.at + 1, value.len - 2);
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.at[i];
        if (quoted && c == '\\' && i + 1 < value.len)
            c = value.at[++i];
        if (c == '%') {
            int high = i + 2 < value.len ? hex_digit(value.at[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(value.at[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (uint8_t)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return false;
        *vdr_bytes_extend(out, 1) = c;
    }
    return vdr_span_is_utf8(vdr_bytes_span(out));
}

void
vdr_event_from_binary(const vdr_http_request *request, vdr_bytes *out, vdr_faults *faults)
{
    vdr_writer w = {.out = out};
    vdr_bytes value = {0};
    char pointer[160], name[128];

    vdr_write_open(&w, NULL, '{');
    for (size_t i = 0; i < request->header_count; i++) {
        const vdr_http_field *field = &request->headers[i];
        if (field->name.len <= 3 || memcmp(field->name.at, "ce-", 3) != 0)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)(field->name.len - 3),
                       (const char *)field->name.at + 3);
        (void)snprintf(pointer, sizeof pointer, "#ce-%s", name);
        if (strcmp(name, "datacontenttype") == 0 || strcmp(name, "data") == 0)
            vdr_faults_add(faults, pointer, "unknown_member", "Content-Type and the body say it");
        else if (decode(field->value, &value))
            vdr_write_text(&w, name, vdr_bytes_span(&value));
        else
            vdr_faults_add(faults, pointer, "bad_value", "its percent-encoding is not that of UTF-8");
    }
    vdr_write_text(&w, "datacontenttype", vdr_http_header(request, "content-type"));
    if (request->body.len != 0)
        vdr_write_raw(&w, "data", request->body);
    vdr_write_close(&w, '}');
    vdr_bytes_done(&value);
}
