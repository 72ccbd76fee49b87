#include "broker/access/render.h"

#include "broker/access/access.h"
#include "broker/access/told.h"
#include "proto/words.h"

#include <stdarg.h>
#include <stdio.h>

#define CELL_BYTES 64u
#define LINE_BYTES 8192u

static __attribute__((format(printf, 2, 3))) void
add(vdr_bytes *out, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t used = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    vdr_bytes_add(out, vdr_span_of(line, used));
}

/* ---- cells */

static void
relation_words(unsigned cell, const char *none, char *ret_words)
{
    bool glass = (cell & VDR_RELATION_GLASS) != 0;
    unsigned relation = cell & ~(unsigned)VDR_RELATION_GLASS;
    if (relation == VDR_RELATION_NONE)
        (void)snprintf(ret_words, CELL_BYTES, "%s", glass ? "glass" : none);
    else
        (void)snprintf(ret_words, CELL_BYTES, "%s%s", vdr_relation_name(relation), glass ? ", glass" : "");
}

static void
standing_words(const char *cell, const char *none, char *ret_words)
{
    static const struct {
        char letter;
        const char *word;
    } words[] = {{VDR_STANDING_OWN, "own"},
                 {VDR_STANDING_ENDED, "ended"},
                 {VDR_STANDING_REVIEW, "review"},
                 {VDR_STANDING_GLASS, "glass"},
                 {VDR_SHOWN_AS_TOKEN, "as token"}};
    size_t used = 0;
    ret_words[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strchr(cell, words[i].letter) != NULL)
            used += (size_t)snprintf(ret_words + used, CELL_BYTES - used, "%s%s", used == 0 ? "" : ", ",
                                     words[i].word);
    if (used == 0)
        (void)snprintf(ret_words, CELL_BYTES, "%s", none);
}

static const char *
role_name(size_t role)
{
    return vdr_party_kind_name((vdr_party_kind)(role + 1));
}

static void
put_row(vdr_access_form form, vdr_bytes *out, const char *what, char cells[VDR_ACCESS_ROLES][CELL_BYTES])
{
    bool page = form == VDR_ACCESS_MARKDOWN;
    add(out, page ? "| %s |" : "%-44s", what);
    for (size_t i = 0; i < VDR_ACCESS_ROLES; i++)
        if (page)
            add(out, " %s |", cells[i]);
        else if (i + 1 < VDR_ACCESS_ROLES)
            add(out, " %-16s", cells[i]);
        else
            add(out, " %s", cells[i]);
    add(out, "\n");
}

static void
put_head(vdr_access_form form, vdr_bytes *out, const char *what)
{
    char cells[VDR_ACCESS_ROLES][CELL_BYTES];
    for (size_t i = 0; i < VDR_ACCESS_ROLES; i++)
        (void)snprintf(cells[i], CELL_BYTES, "%s", role_name(i));
    put_row(form, out, what, cells);
    for (size_t i = 0; form == VDR_ACCESS_MARKDOWN && i <= VDR_ACCESS_ROLES; i++)
        add(out, "|---");
    if (form == VDR_ACCESS_MARKDOWN)
        add(out, "|\n");
}

/* ---- rows */

static void
put_verbs(vdr_access_form form, vdr_bytes *out)
{
    size_t count;
    const vdr_access_row *rows = vdr_access_rows(&count);
    put_head(form, out, "what may be done");
    for (size_t i = 0; i < count; i++) {
        char what[CELL_BYTES], cells[VDR_ACCESS_ROLES][CELL_BYTES];
        (void)snprintf(what, sizeof what, form == VDR_ACCESS_MARKDOWN ? "%s `%s`" : "%s %s",
                       vdr_access_area_name(rows[i].area), rows[i].name);
        for (size_t j = 0; j < VDR_ACCESS_ROLES; j++)
            relation_words(rows[i].cells[j], form == VDR_ACCESS_MARKDOWN ? "–" : "-", cells[j]);
        put_row(form, out, what, cells);
    }
}

static bool
same_cells(const vdr_access_field *a, const vdr_access_field *b)
{
    for (size_t i = 0; i < VDR_ACCESS_ROLES; i++)
        if (strcmp(a->cells[i], b->cells[i]) != 0)
            return false;
    return true;
}

/* Of decisions, what the name ends in. */
static const char *
short_name(const vdr_access_field *field)
{
    const char *dot = strchr(field->name, '.');
    return dot != NULL ? dot + 1 : field->name;
}

/* Does it count the list before it? */
static bool
is_count(const vdr_access_field *fields, size_t i)
{
    const char *name = short_name(&fields[i]), *before = i != 0 ? short_name(&fields[i - 1]) : "";
    return strstr(name, "_count") != NULL && strstr(before, "_count") == NULL &&
           strncmp(name, before, 3) == 0;
}

/* Neighbours that everybody sees alike share a row. */
static void
put_fields_of(vdr_access_form form, vdr_access_object object, vdr_bytes *out)
{
    size_t count, next;
    const vdr_access_field *fields = vdr_access_fields(object, &count);
    for (size_t i = 0; i < count; i = next) {
        char what[LINE_BYTES / 2], cells[VDR_ACCESS_ROLES][CELL_BYTES];
        bool page = form == VDR_ACCESS_MARKDOWN;
        size_t used =
            (size_t)snprintf(what, sizeof what, page ? "%s" : "%s:", vdr_access_object_name(object));
        for (next = i; next < count && same_cells(&fields[i], &fields[next]); next++)
            if (!is_count(fields, next))
                used += (size_t)snprintf(what + used, sizeof what - used, page ? " `%s`" : " %s",
                                         short_name(&fields[next]));
        for (size_t j = 0; j < VDR_ACCESS_ROLES; j++)
            standing_words(fields[i].cells[j], page ? "–" : "-", cells[j]);
        if (!page && used > 44) { /* a line of its own */
            add(out, "%s\n", what);
            what[0] = '\0';
        }
        put_row(form, out, what, cells);
    }
}

/* ---- answers to ADMIN */

static const char *
verb_name(vdr_verb verb)
{
    size_t count;
    const vdr_access_row *rows = vdr_access_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (rows[i].area == VDR_ACCESS_VERB && rows[i].number == (unsigned)verb)
            return rows[i].name;
    return "";
}

/* Who may not ask for it is told nothing of it either. */
static void
told_words(const vdr_access_told *row, const char *none, char cells[VDR_ACCESS_ROLES][CELL_BYTES])
{
    for (size_t i = 0; i < VDR_ACCESS_ROLES; i++) {
        vdr_party_kind kind = (vdr_party_kind)(i + 1);
        bool told = (row->who & VDR_TOLD_TO(kind)) != 0 && vdr_access_verb(kind, row->verb);
        (void)snprintf(cells[i], CELL_BYTES, "%s", told ? "told" : none);
    }
}

static void
put_tellings(vdr_access_form form, vdr_bytes *out)
{
    size_t count;
    const vdr_access_told *rows = vdr_access_tellings(&count);
    bool page = form == VDR_ACCESS_MARKDOWN;
    put_head(form, out, "what answers to ADMIN tell");
    for (size_t i = 0; i < count; i++) {
        char what[LINE_BYTES / 2], cells[VDR_ACCESS_ROLES][CELL_BYTES];
        size_t used = (size_t)snprintf(what, sizeof what,
                                       page ? "%s, %s" : "%s, %s:", verb_name(rows[i].verb), rows[i].part);
        for (const char *name = rows[i].names; *name != '\0';) {
            int len = (int)strcspn(name, " ");
            used += (size_t)snprintf(what + used, sizeof what - used, page ? " `%.*s`" : " %.*s", len, name);
            name += len + (name[len] == ' ');
        }
        told_words(&rows[i], page ? "–" : "-", cells);
        if (!page && used > 44) { /* a line of its own */
            add(out, "%s\n", what);
            what[0] = '\0';
        }
        put_row(form, out, what, cells);
    }
}

static void
put_cells(vdr_bytes *out, char cells[VDR_ACCESS_ROLES][CELL_BYTES])
{
    for (size_t i = 0; i < VDR_ACCESS_ROLES; i++)
        add(out, ",\"%s\":\"%s\"", role_name(i), cells[i]);
    add(out, "}");
}

static void
put_json(vdr_bytes *out)
{
    size_t count;
    char cells[VDR_ACCESS_ROLES][CELL_BYTES];
    const vdr_access_row *rows = vdr_access_rows(&count);
    add(out, "{\"verbs\":[");
    for (size_t i = 0; i < count; i++) {
        add(out, "%s{\"area\":\"%s\",\"name\":\"%s\"", i == 0 ? "" : ",", vdr_access_area_name(rows[i].area),
            rows[i].name);
        for (size_t j = 0; j < VDR_ACCESS_ROLES; j++)
            relation_words(rows[i].cells[j], "no", cells[j]);
        put_cells(out, cells);
    }
    add(out, "],\"fields\":[");
    for (unsigned object = VDR_OBJECT_STATUS; object <= VDR_OBJECT_LAST; object++) {
        const vdr_access_field *fields = vdr_access_fields((vdr_access_object)object, &count);
        for (size_t i = 0; i < count; i++) {
            add(out, "%s{\"object\":\"%s\",\"name\":\"%s\"", object == VDR_OBJECT_STATUS && i == 0 ? "" : ",",
                vdr_access_object_name((vdr_access_object)object), short_name(&fields[i]));
            for (size_t j = 0; j < VDR_ACCESS_ROLES; j++)
                standing_words(fields[i].cells[j], "no", cells[j]);
            put_cells(out, cells);
        }
    }
    add(out, "],\"answers\":[");
    const vdr_access_told *told = vdr_access_tellings(&count);
    for (size_t i = 0; i < count; i++) {
        add(out, "%s{\"verb\":\"%s\",\"part\":\"%s\",\"names\":\"%s\"", i == 0 ? "" : ",",
            verb_name(told[i].verb), told[i].part, told[i].names);
        told_words(&told[i], "no", cells);
        put_cells(out, cells);
    }
    add(out, "]}\n");
}

void
vdr_access_render(vdr_access_form form, vdr_bytes *out)
{
    if (form == VDR_ACCESS_JSON) {
        put_json(out);
        return;
    }
    put_verbs(form, out);
    add(out, "\n");
    put_head(form, out, "what is shown");
    for (unsigned object = VDR_OBJECT_STATUS; object <= VDR_OBJECT_LAST; object++)
        put_fields_of(form, (vdr_access_object)object, out);
    add(out, "\n");
    put_tellings(form, out);
}
