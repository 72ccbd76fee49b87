#include "proto/yaml.h"

#include "proto/assert.h"
#include "proto/nameset.h"
#include "proto/utf8.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    struct fy_parser *parser;
    vdr_arena *arena;
    vdr_yaml_listener listener;
    vdr_yaml *root;
    vdr_yaml *open;      /* the list or mapping being filled; NULL: none */
    const vdr_yaml *key; /* of the next value, when open is a mapping */
    size_t depth;
    size_t documents;
    bool broken; /* no use in going on */
} builder;

static vdr_place
place_of(const struct fy_mark *mark)
{
    if (mark == NULL)
        return (vdr_place){1, 1};
    return (vdr_place){.line = (uint32_t)mark->line + 1, .column = (uint32_t)mark->column + 1};
}

static void
fault(builder *b, vdr_place place, const char *message)
{
    b->listener.fault(b->listener.context, place, message);
}

static void
too_much(builder *b, vdr_place place)
{
    fault(b, place, "more lists, mappings and values than a configuration may have");
    b->broken = true;
}

/* Puts a node where the tree is being filled. NULL: over the arena's budget, and told. */
static vdr_yaml *
add(builder *b, vdr_yaml_kind kind, vdr_place place)
{
    vdr_yaml *node = vdr_arena_alloc(b->arena, sizeof *node);
    if (node == NULL) {
        too_much(b, place);
        return NULL;
    }
    node->kind = kind;
    node->place = place;
    node->in = b->open;
    if (b->open == NULL) {
        b->root = node;
        return node;
    }
    if (b->open->kind == VDR_YAML_MAP && b->key == NULL) {
        if (kind != VDR_YAML_SCALAR) {
            fault(b, place, "a key must be a plain name, found a list or mapping");
            b->broken = true;
        }
        b->key = node; /* not a child: its value will be */
        return node;
    }
    node->key = b->key;
    b->key = NULL;
    if (b->open->last != NULL)
        b->open->last->next = node;
    else
        b->open->first = node;
    b->open->last = node;
    b->open->count++;
    return node;
}

static void
open_node(builder *b, vdr_yaml_kind kind, vdr_place place)
{
    if (b->depth == VDR_YAML_DEPTH_MAX) {
        fault(b, place, "lists and mappings are nested too deep");
        b->broken = true;
        return;
    }
    vdr_yaml *node = add(b, kind, place);
    if (node == NULL || b->broken)
        return;
    b->open = node;
    b->depth++;
}

static void
keys_once(builder *b, const vdr_yaml *map)
{
    vdr_nameset seen = {0};
    for (const vdr_yaml *value = map->first; value != NULL; value = value->next) {
        if (vdr_nameset_add(&seen, value->key->text))
            continue;
        char message[300];
        vdr_span shown = vdr_utf8_cut(value->key->text, 128);
        snprintf(message, sizeof message, "%.*s: the key is here twice; keep one", (int)shown.len,
                 (const char *)shown.at);
        fault(b, value->key->place, message);
    }
    vdr_nameset_done(&seen);
}

static void
close_node(builder *b)
{
    vdr_yaml *node = b->open;
    VDR_ASSERT(node != NULL); /* an end has its begin */
    if (node->kind == VDR_YAML_MAP)
        keys_once(b, node);
    b->open = node->in;
    b->depth--;
}

/* Anchors and tags are told of and otherwise passed over, so that the rest is still checked. */
static void
ornaments(builder *b, struct fy_token *anchor, struct fy_token *tag)
{
    if (anchor != NULL)
        fault(b, place_of(fy_token_start_mark(anchor)),
              "an anchor (&name) is not allowed: write the value out");
    if (tag != NULL)
        fault(b, place_of(fy_token_start_mark(tag)),
              "a tag (!name) is not allowed: types follow from the keys");
}

static void
scalar(builder *b, struct fy_event *event, vdr_place place)
{
    size_t len = 0;
    const char *text = fy_token_get_text(event->scalar.value, &len);
    ornaments(b, event->scalar.anchor, event->scalar.tag);
    vdr_yaml *node = add(b, VDR_YAML_SCALAR, place);
    if (node == NULL)
        return;
    node->text = vdr_arena_copy(b->arena, vdr_span_of(text != NULL ? text : "", len));
    if (node->text.at == NULL) {
        too_much(b, place);
        return;
    }
    if (memchr(node->text.at, 0, node->text.len) != NULL) {
        fault(b, place, "a zero byte (\\0) is not allowed");
        node->kind = VDR_YAML_BAD;
    }
}

static void
take(builder *b, struct fy_event *event)
{
    vdr_place place = place_of(fy_event_start_mark(event));

    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++b->documents > 1) {
            fault(b, place, "a second document (---): a file has one");
            b->broken = true;
        }
        break;
    case FYET_MAPPING_START:
        ornaments(b, event->mapping_start.anchor, event->mapping_start.tag);
        open_node(b, VDR_YAML_MAP, place);
        break;
    case FYET_SEQUENCE_START:
        ornaments(b, event->sequence_start.anchor, event->sequence_start.tag);
        open_node(b, VDR_YAML_LIST, place);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        close_node(b);
        break;
    case FYET_SCALAR:
        scalar(b, event, place);
        break;
    case FYET_ALIAS: {
        fault(b, place, "an alias (*name) is not allowed: write the value out");
        bool is_key = b->open != NULL && b->open->kind == VDR_YAML_MAP && b->key == NULL;
        if (add(b, is_key ? VDR_YAML_SCALAR : VDR_YAML_BAD, place) != NULL && is_key)
            b->broken = true; /* a key without a name */
        break;
    }
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
        break;
    }
}

/* The parser's own words, with what the text is not. */
static void
syntax_fault(builder *b, struct fy_diag *diag)
{
    void *cursor = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &cursor);
    char message[300];

    if (error == NULL) {
        fault(b, (vdr_place){1, 1}, "this is not YAML");
        return;
    }
    vdr_utf8_words(message, sizeof message, "this is not YAML: %s", error->msg != NULL ? error->msg : "");
    /* The parser counts from 1 here, and gives 0 where it knows no place. */
    vdr_place place = {.line = error->line > 0 ? (uint32_t)error->line : 1,
                       .column = error->column > 0 ? (uint32_t)error->column : 1};
    fault(b, place, message);
}

/* libfyaml before 0.8 (its commit 0bb4406) puts the key of "? key:", a tab and then an indicator into a list twice, and
 * frees it twice or looks through the list for ever. Where the line has such a place: its column; 0: it has none. */
static uint32_t
tab_column(vdr_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        size_t to = i + 1;
        bool tab = false;
        if (line.at[i] != ':')
            continue;
        for (; to < line.len && (line.at[to] == ' ' || line.at[to] == '\t'); to++)
            tab |= line.at[to] == '\t';
        if (tab && to < line.len && strchr("?:|>-", line.at[to]) != NULL)
            return (uint32_t)i + 1;
        i = to - 1;
    }
    return 0;
}

/* Line by line, so that what is told has a line. A line end is never inside a character. */
static bool
readable(vdr_span text, vdr_yaml_listener listener)
{
    vdr_place place = {1, 1};
    bool asked = false; /* a "?" was seen, which may have begun a key */
    for (size_t from = 0, to; from < text.len; from = to + 1, place.line++) {
        const uint8_t *end = memchr(text.at + from, '\n', text.len - from);
        to = end != NULL ? (size_t)(end - text.at) : text.len;
        if (!vdr_span_is_utf8(vdr_span_of(text.at + from, to - from))) {
            listener.fault(listener.context, place, "this is not YAML: the line is not UTF-8");
            return false;
        }
        for (size_t i = from; i < to; i++) {
            uint8_t c = text.at[i];
            if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
                listener.fault(listener.context, place, "this is not YAML: a control character in the line");
                return false;
            }
        }
        asked = asked || memchr(text.at + from, '?', to - from) != NULL;
        uint32_t column = asked ? tab_column(vdr_span_of(text.at + from, to - from)) : 0;
        if (column != 0) {
            place.column = column;
            listener.fault(listener.context, place, "a tab after \":\" is not taken: write spaces");
            return false;
        }
    }
    return true;
}

vdr_yaml *
vdr_yaml_read(vdr_span text, vdr_arena *arena, vdr_yaml_listener listener)
{
    builder b = {.arena = arena, .listener = listener};
    struct fy_diag_cfg diag_cfg;
    struct fy_diag *diag = NULL;

    if (!readable(text, listener))
        return NULL;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag = fy_diag_create(&diag_cfg);
    VDR_ASSERT(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = diag};
    b.parser = fy_parser_create(&cfg);
    VDR_ASSERT(b.parser != NULL);

    bool set = fy_parser_set_string(b.parser, text.len != 0 ? (const char *)text.at : " ",
                                    text.len != 0 ? text.len : 1) == 0;
    struct fy_event *event;
    while (set && !b.broken && (event = fy_parser_parse(b.parser)) != NULL) {
        take(&b, event);
        fy_parser_event_free(b.parser, event);
    }
    if (!set || (!b.broken && fy_parser_get_stream_error(b.parser))) {
        syntax_fault(&b, diag);
        b.broken = true;
    } else if (!b.broken && b.root == NULL) {
        fault(&b, (vdr_place){1, 1}, "the file is empty");
        b.broken = true;
    }
    fy_parser_destroy(b.parser);
    fy_diag_destroy(diag);
    return b.broken ? NULL : b.root;
}

bool
vdr_yaml_equal(const vdr_yaml *a, const vdr_yaml *b)
{
    if (a->kind != b->kind || !vdr_span_equal(a->text, b->text) || (a->key == NULL) != (b->key == NULL) ||
        (a->key != NULL && !vdr_span_equal(a->key->text, b->key->text)))
        return false;
    const vdr_yaml *x = a->first, *y = b->first;
    while (x != NULL && y != NULL && vdr_yaml_equal(x, y)) { /* no deeper than VDR_YAML_DEPTH_MAX */
        x = x->next;
        y = y->next;
    }
    return x == NULL && y == NULL;
}
