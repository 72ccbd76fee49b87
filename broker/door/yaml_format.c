#include "broker/door/yaml_format.h"

#include "broker/door/config_read.h"
#include "proto/limits.h"

#include <libfyaml.h>
#include <stdlib.h>

#define INDENT          2u
#define FLOW_COLUMN_MAX 79u /* so that a bracket far to the right does not push every line behind it there */
#define FRAMES_MAX      (2 * VDR_YAML_DEPTH_MAX + 2)
#define TREE_BYTES_MAX  ((size_t)256 * 1024 * 1024)

/* A list or mapping that is open. */
typedef struct frame {
    bool mapping;
    bool bare;      /* a list at the column of its key: the scanner does not tell where it ends */
    size_t was;     /* its column in the text */
    size_t column;  /* and laid out; of a flow: of its items */
    size_t closing; /* of a flow: the column of a closing bracket on a line of its own */
} frame;

typedef struct remark {
    vdr_span text;    /* from # on, without blanks at the end */
    size_t was;       /* column */
    bool behind;      /* something stands before it on its line */
    bool after_empty; /* an empty line stands before it */
} remark;

typedef struct layout {
    vdr_span text;
    vdr_bytes *out;
    vdr_yaml_listener listener;
    size_t at;         /* behind the last thing that was taken */
    size_t out_column; /* characters on the line that is being written */
    size_t out_indent; /* of that line */
    frame blocks[FRAMES_MAX], closed[FRAMES_MAX], flows[FRAMES_MAX];
    size_t block_count, closed_count, flow_count;
    remark *remarks;
    size_t remark_count, remark_size;
    size_t remarks_seen;
    vdr_span header;   /* of a block text */
    bool empty_before; /* the next thing */
    bool line_before;  /* it begins a line */
    bool key;          /* the next scalar is one */
    bool glue;         /* no blank before the next thing */
    bool opened;       /* an opening bracket was the last thing */
    bool failed;
} layout;

static void
refuse(layout *l, size_t at, const char *words)
{
    vdr_place place = {1, 1};
    for (size_t i = 0; i < at && i < l->text.len; i++) {
        place.column += (l->text.at[i] & 0xc0) != 0x80;
        if (l->text.at[i] == '\n')
            place = (vdr_place){.line = place.line + 1, .column = 1};
    }
    if (!l->failed)
        l->listener.fault(l->listener.context, place, words);
    l->failed = true;
}

/* ---- writing */

static void
put(layout *l, vdr_span text)
{
    vdr_bytes_add(l->out, text);
    for (size_t i = 0; i < text.len; i++)
        l->out_column += (text.at[i] & 0xc0) != 0x80;
}

static void
put_blanks(layout *l, size_t count)
{
    if (count != 0)
        memset(vdr_bytes_extend(l->out, count), ' ', count);
    l->out_column += count;
}

static void
new_line(layout *l, size_t column, bool empty)
{
    if (l->out->len != 0) {
        vdr_bytes_add(l->out, vdr_span_str("\n"));
        if (empty)
            vdr_bytes_add(l->out, vdr_span_str("\n"));
    }
    l->out_column = 0;
    l->out_indent = column;
    put_blanks(l, column);
}

/* ---- what stands between two tokens: blanks, line ends and comments */

static size_t
column_of(const layout *l, size_t at)
{
    size_t column = 0;
    while (at > 0 && l->text.at[at - 1] != '\n')
        column += (l->text.at[--at] & 0xc0) != 0x80;
    return column;
}

static size_t
line_end(const layout *l, size_t at)
{
    while (at < l->text.len && l->text.at[at] != '\n')
        at++;
    return at;
}

static vdr_span
without_blanks(const layout *l, size_t from, size_t to)
{
    while (to > from &&
           (l->text.at[to - 1] == ' ' || l->text.at[to - 1] == '\t' || l->text.at[to - 1] == '\r'))
        to--;
    return vdr_span_of(l->text.at + from, to - from);
}

static void
add_remark(layout *l, size_t at, size_t end)
{
    if (l->remark_count == l->remark_size) {
        l->remark_size = l->remark_size != 0 ? l->remark_size * 2 : 16;
        l->remarks = vdr_realloc(l->remarks, l->remark_size, sizeof l->remarks[0]);
    }
    l->remarks[l->remark_count++] = (remark){.text = without_blanks(l, at, end),
                                             .was = column_of(l, at),
                                             .behind = !l->line_before,
                                             .after_empty = l->empty_before};
    l->remarks_seen++;
    l->empty_before = false;
}

/* Takes what stands before `to`. The marks of a document (---, ...) and directives are left out. */
static void
take_gap(layout *l, size_t to)
{
    size_t ends = 0;
    l->header = (vdr_span){0};
    while (l->at < to) {
        uint8_t c = l->text.at[l->at];
        if (c == '\n') {
            l->empty_before |= ends > 0;
            l->line_before = true;
            ends++;
            l->at++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            l->at++;
        } else if (c == '#') {
            size_t end = line_end(l, l->at);
            add_remark(l, l->at, end);
            l->at = end;
            ends = 0;
        } else if ((c == '|' || c == '>') && l->header.at == NULL) {
            size_t end = line_end(l, l->at);
            l->header = without_blanks(l, l->at, end);
            l->at = end < to ? end + 1 : to;
        } else if ((c == '%' || c == '-' || c == '.') && column_of(l, l->at) == 0) {
            l->at = c == '%' ? line_end(l, l->at) : l->at + 3;
        } else {
            refuse(l, l->at, "this cannot be laid out; write it in another way");
            return;
        }
    }
}

/* A comment that stands deeper than what follows belongs to what ended before it. */
static size_t
remark_column(const layout *l, const remark *r, size_t was, size_t column)
{
    if (r->was > was)
        for (size_t i = 0; i < l->closed_count; i++) /* deepest first */
            if (l->closed[i].was <= r->was)
                return l->closed[i].column;
    return column;
}

/* The comments before a thing that stood at column `was` and will stand at `column`. */
static void
put_remarks(layout *l, size_t was, size_t column)
{
    for (size_t i = 0; i < l->remark_count; i++) {
        const remark *r = &l->remarks[i];
        if (r->behind && l->out->len != 0) {
            size_t gap = r->was > l->out_column + 1 ? r->was - l->out_column : 2;
            put_blanks(l, gap);
        } else {
            new_line(l, remark_column(l, r, was, column), r->after_empty);
        }
        put(l, r->text);
    }
    l->remark_count = 0;
}

/* Goes to where a thing is to stand: behind a blank, or on a line of its own. */
static void
begin(layout *l, size_t was, size_t column)
{
    bool remarked = l->remark_count != 0;
    put_remarks(l, was, column);
    if (l->line_before || remarked || l->out->len == 0)
        new_line(l, column, l->empty_before);
    else if (!l->glue)
        put_blanks(l, 1);
    l->closed_count = 0;
    l->line_before = l->empty_before = l->glue = l->opened = false;
}

/* ---- tokens */

static frame *
top(layout *l)
{
    return &l->blocks[l->block_count - 1];
}

/* Where a value that begins a line stands. */
static size_t
value_column(layout *l)
{
    if (l->flow_count != 0)
        return l->flows[l->flow_count - 1].column;
    return l->block_count != 0 ? top(l)->column + INDENT : 0;
}

static void
open_block(layout *l, bool mapping, bool bare, size_t was)
{
    if (l->block_count == FRAMES_MAX) {
        refuse(l, l->at, "lists and mappings are nested too deep");
        return;
    }
    size_t column = l->block_count != 0 ? top(l)->column + INDENT : 0;
    l->blocks[l->block_count++] = (frame){.mapping = mapping, .bare = bare, .was = was, .column = column};
}

static void
close_block(layout *l)
{
    frame gone = l->blocks[--l->block_count];
    if (l->closed_count < FRAMES_MAX)
        l->closed[l->closed_count++] = gone;
}

static void
close_bare(layout *l)
{
    while (l->block_count != 0 && top(l)->bare)
        close_block(l);
}

static void
put_entry(layout *l, size_t was)
{
    if (l->block_count == 0 || top(l)->mapping)
        open_block(l, false, true, was);
    if (l->failed)
        return;
    begin(l, was, top(l)->column);
    put(l, vdr_span_str("-"));
}

static void
put_opening(layout *l, size_t was, const char *bracket)
{
    if (l->flow_count == FRAMES_MAX) {
        refuse(l, l->at, "lists and mappings are nested too deep");
        return;
    }
    begin(l, was, value_column(l));
    size_t floor = l->flow_count == 0 && l->block_count != 0 ? top(l)->column + INDENT : 0;
    size_t closing = l->out_indent < floor ? floor : l->out_indent;
    put(l, vdr_span_str(bracket));
    size_t column = l->out_column < FLOW_COLUMN_MAX ? l->out_column : FLOW_COLUMN_MAX;
    l->flows[l->flow_count++] = (frame){.column = column, .closing = closing};
    l->glue = l->opened = true;
}

/* The first thing inside a bracket: on a line of its own, it does not stand right of the bracket. */
static void
first_inside(layout *l)
{
    if (l->opened && (l->line_before || l->remark_count != 0)) {
        frame *flow = &l->flows[l->flow_count - 1];
        flow->column = flow->closing + INDENT < FLOW_COLUMN_MAX ? flow->closing + INDENT : FLOW_COLUMN_MAX;
    }
}

static void
put_closing(layout *l, size_t was, const char *bracket)
{
    if (l->flow_count == 0)
        return; /* the parser will say */
    l->glue = true;
    begin(l, was, l->flows[l->flow_count - 1].closing);
    l->flow_count--;
    put(l, vdr_span_str(bracket));
}

static bool
is_plain_name(vdr_span text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    if (text.len == 0 || text.len > VDR_CONF_NAME_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i] | 0x20;
        bool letter = c >= 'a' && c <= 'z' && text.at[i] >= 'A';
        bool inside =
            i != 0 && ((text.at[i] >= '0' && text.at[i] <= '9') || memchr("._-", text.at[i], 3) != NULL);
        if (!letter && !inside)
            return false;
    }
    /* Other readers of YAML take these for truth values and such. */
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        size_t same = 0;
        while (same < text.len && words[w][same] != '\0' && (text.at[same] | 0x20) == (uint8_t)words[w][same])
            same++;
        if (same == text.len && words[w][same] == '\0')
            return false;
    }
    return true;
}

/* A scalar of several lines: how far they stand in says nothing. */
static void
put_folded(layout *l, vdr_span raw, size_t column)
{
    for (size_t from = 0; from < raw.len;) {
        const uint8_t *end = memchr(raw.at + from, '\n', raw.len - from);
        size_t to = end != NULL ? (size_t)(end - raw.at) : raw.len, start = from, stop = to;
        while (from != 0 && start < to && (raw.at[start] == ' ' || raw.at[start] == '\t'))
            start++;
        while (end != NULL && stop > start &&
               (raw.at[stop - 1] == ' ' || raw.at[stop - 1] == '\t' || raw.at[stop - 1] == '\r'))
            stop--;
        if (from != 0 && stop > start) {
            new_line(l, column, false);
        } else if (from != 0) {
            vdr_bytes_add(l->out, vdr_span_str("\n"));
        }
        put(l, vdr_span_of(raw.at + start, stop - start));
        from = to + 1;
    }
}

/* A text of lines (| or >): they move as one. */
static void
put_block_text(layout *l, vdr_span raw, size_t column)
{
    size_t least = SIZE_MAX;
    for (size_t i = 1; i < l->header.len && l->header.at[i] != '#'; i++)
        if (l->header.at[i] >= '0' && l->header.at[i] <= '9') {
            refuse(l, l->at, "a block text with a digit cannot be laid out; leave the digit out");
            return;
        }
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t from = 0; from < raw.len;) {
            const uint8_t *end = memchr(raw.at + from, '\n', raw.len - from);
            size_t to = end != NULL ? (size_t)(end - raw.at) : raw.len, blanks = from;
            while (blanks < to && raw.at[blanks] == ' ')
                blanks++;
            size_t stop = to > blanks && raw.at[to - 1] == '\r' ? to - 1 : to;
            if (pass == 0 && blanks < stop && blanks - from < least) {
                least = blanks - from;
            } else if (pass == 1 && blanks < stop) {
                new_line(l, column, false);
                put(l, vdr_span_of(raw.at + from + least, stop - from - least));
            } else if (pass == 1 && end != NULL) {
                vdr_bytes_add(l->out, vdr_span_str("\n"));
            }
            from = to + 1;
        }
}

static void
put_scalar(layout *l, struct fy_token *token, size_t from, size_t to, size_t was)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);
    bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    size_t column = l->key && l->flow_count == 0 ? top(l)->column : value_column(l);
    vdr_span raw = vdr_span_of(l->text.at + from, to - from);
    size_t len = 0;
    const char *value = fy_token_get_text(token, &len);
    vdr_span text = vdr_span_of(value != NULL ? value : "", len);

    if (style == FYSS_LITERAL || style == FYSS_FOLDED) {
        vdr_span header = l->header;
        l->line_before = false;
        begin(l, was, column);
        put(l, header);
        put_block_text(l, raw, value_column(l));
        l->line_before = true; /* its last line end is a part of it */
        return;
    }
    begin(l, was, column);
    if (quoted && is_plain_name(text)) {
        put(l, text);
    } else if (style == FYSS_SINGLE_QUOTED && memchr(raw.at, '\n', raw.len) == NULL &&
               memchr(raw.at, '"', raw.len) == NULL && memchr(raw.at, '\\', raw.len) == NULL) {
        put(l, vdr_span_str("\""));
        put(l, text);
        put(l, vdr_span_str("\""));
    } else {
        put_folded(l, raw, value_column(l));
    }
}

static bool
is_quote(const layout *l, size_t at)
{
    return at < l->text.len && (l->text.at[at] == '"' || l->text.at[at] == '\'');
}

/* Tokens without bytes: what opens, what closes, what is a key. False: it is none of these. */
static bool
take_structure(layout *l, enum fy_token_type type, size_t from, size_t to, size_t was)
{
    if (type == FYTT_KEY) {
        if (to > from && from < l->text.len && l->text.at[from] == '?')
            refuse(l, from, "a key with a question mark cannot be laid out; write key: value");
        if (l->flow_count == 0)
            close_bare(l);
        l->key = true;
        return true;
    }
    if (type == FYTT_BLOCK_END) {
        close_bare(l);
        if (l->block_count != 0)
            close_block(l);
        return true;
    }
    if (type == FYTT_BLOCK_MAPPING_START || type == FYTT_BLOCK_SEQUENCE_START) {
        open_block(l, type == FYTT_BLOCK_MAPPING_START, false, was);
        return true;
    }
    return false;
}

static void
put_token(layout *l, struct fy_token *token, size_t from, size_t to, size_t was)
{
    switch ((int)fy_token_get_type(token)) {
    case FYTT_BLOCK_ENTRY:
        put_entry(l, was);
        break;
    case FYTT_FLOW_SEQUENCE_START:
        put_opening(l, was, "[");
        break;
    case FYTT_FLOW_MAPPING_START:
        put_opening(l, was, "{");
        break;
    case FYTT_FLOW_SEQUENCE_END:
        put_closing(l, was, "]");
        break;
    case FYTT_FLOW_MAPPING_END:
        put_closing(l, was, "}");
        break;
    case FYTT_FLOW_ENTRY:
        l->glue = true;
        begin(l, was, value_column(l));
        put(l, vdr_span_str(","));
        break;
    case FYTT_VALUE:
        l->glue = true;
        begin(l, was, value_column(l));
        put(l, vdr_span_str(":"));
        break;
    default:
        put_scalar(l, token, from, to, was);
        break;
    }
}

static void
take_token(layout *l, struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
    enum fy_token_type type = fy_token_get_type(token);
    size_t from = start != NULL ? start->input_pos : l->at, to = end != NULL ? end->input_pos : from;
    size_t was = start != NULL && start->column > 0 ? (size_t)start->column : 0;

    if (take_structure(l, type, from, to, was))
        return;
    if (type == FYTT_SCALAR) {
        enum fy_scalar_style style = fy_token_scalar_style(token);
        if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && from > 0 &&
            is_quote(l, from - 1)) {
            from--;
            to++;
        }
        if (from == to && style == FYSS_PLAIN)
            return; /* a value that is not there */
    } else if (type < FYTT_FLOW_SEQUENCE_START || type > FYTT_VALUE) {
        return; /* marks of the stream and of the document */
    }
    if (from < l->at || to > l->text.len || to < from) {
        refuse(l, l->at, "this cannot be laid out; write it in another way");
        return;
    }
    take_gap(l, from);
    if (l->failed)
        return;
    l->at = to;
    if (type != FYTT_FLOW_SEQUENCE_END && type != FYTT_FLOW_MAPPING_END)
        first_inside(l);
    put_token(l, token, from, to, was);
    l->key = false;
}

/* Lays out; what comes out is not judged yet. */
static void
lay_out(layout *l)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    VDR_ASSERT(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&cfg);
    VDR_ASSERT(parser != NULL);
    struct fy_token *token;

    if (fy_parser_set_string(parser, (const char *)l->text.at, l->text.len) != 0)
        refuse(l, 0, "this is not YAML");
    while (!l->failed && (token = fy_scan(parser)) != NULL) {
        take_token(l, token);
        fy_scan_token_free(parser, token);
    }
    if (!l->failed) {
        take_gap(l, l->text.len);
        put_remarks(l, 0, 0);
        vdr_bytes_add(l->out, vdr_span_str("\n"));
    }
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
}

/* ---- proof */

/* Passes on what is told, if there is somebody, and keeps that it was. */
typedef struct relay {
    vdr_yaml_listener to;
    bool told;
} relay;

static void
pass_on(void *context, vdr_place place, const char *message)
{
    relay *r = context;
    r->told = true;
    if (r->to.fault != NULL)
        r->to.fault(r->to.context, place, message);
}

/* Reads what was written: is anything but blanks and quotes another, and is it laid out already? */
static bool
is_proven(const vdr_yaml *tree, size_t remarks, vdr_span text)
{
    vdr_arena arena;
    relay nobody = {0};
    vdr_arena_init(&arena, TREE_BYTES_MAX);
    const vdr_yaml *again = vdr_yaml_read(text, &arena, (vdr_yaml_listener){pass_on, &nobody});
    bool same = again != NULL && !nobody.told && vdr_yaml_equal(tree, again);
    vdr_arena_done(&arena);
    if (!same)
        return false;
    vdr_bytes out = {0};
    layout l = {.text = text, .out = &out, .listener = {pass_on, &nobody}, .line_before = true};
    lay_out(&l);
    same = !l.failed && l.remarks_seen == remarks && vdr_span_equal(vdr_bytes_span(&out), text);
    free(l.remarks);
    vdr_bytes_done(&out);
    return same;
}

vdr_err
vdr_yaml_format(vdr_span text, vdr_yaml_listener listener, vdr_bytes *ret_text)
{
    vdr_arena arena;
    vdr_bytes out = {0};
    layout l = {.text = text, .out = &out, .listener = listener, .line_before = true};

    vdr_arena_init(&arena, TREE_BYTES_MAX);
    relay first = {.to = listener};
    const vdr_yaml *tree = vdr_yaml_read(text, &arena, (vdr_yaml_listener){pass_on, &first});
    l.failed = tree == NULL || first.told;
    if (!l.failed)
        lay_out(&l);
    if (!l.failed && !is_proven(tree, l.remarks_seen, vdr_bytes_span(&out)))
        refuse(&l, 0,
               "the file cannot be laid out for certain without changing what it says; it stays as it is");
    if (!l.failed)
        vdr_bytes_add(ret_text, vdr_bytes_span(&out));
    free(l.remarks);
    vdr_bytes_done(&out);
    vdr_arena_done(&arena);
    return l.failed ? VDR_E_BAD_CONFIG : VDR_OK;
}
