#include "clients/gateway/refusal.h"

#include "proto/assert.h"

#include <stdio.h>

typedef struct row {
    unsigned status;
    const char *code, *title, *hint;
} row;

static const row rows[] = {
    [VDR_REFUSAL_NONE] = {500, "internal", "the gateway failed", "tell those who run it"},
#define X(symbol, status, code, title, hint) [VDR_REFUSAL_##symbol] = {status, code, title, hint},
    VDR_REFUSAL_TABLE(X)
#undef X
};

static const row *
row_of(vdr_refusal refusal)
{
    VDR_ASSERT((unsigned)refusal <= VDR_REFUSAL_LAST);
    return &rows[refusal];
}

unsigned
vdr_refusal_status(vdr_refusal refusal)
{
    return row_of(refusal)->status;
}

const char *
vdr_refusal_code(vdr_refusal refusal)
{
    return row_of(refusal)->code;
}

const char *
vdr_refusal_title(vdr_refusal refusal)
{
    return row_of(refusal)->title;
}

const char *
vdr_refusal_hint(vdr_refusal refusal)
{
    return row_of(refusal)->hint;
}

static void
add(vdr_bytes *bytes, const char *text)
{
    vdr_bytes_add(bytes, vdr_span_str(text));
}

/* A text of ours as a JSON string: quotes, backslashes and controls are all that needs care. */
static void
add_string(vdr_bytes *bytes, const char *text)
{
    add(bytes, "\"");
    for (; *text != '\0'; text++) {
        char c = *text, code[8];
        if ((unsigned char)c < 0x20) {
            (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
            add(bytes, code);
            continue;
        }
        if (c == '"' || c == '\\')
            add(bytes, "\\");
        vdr_bytes_add(bytes, vdr_span_of(&c, 1));
    }
    add(bytes, "\"");
}

void
vdr_refusal_write(vdr_bytes *bytes, vdr_refusal refusal, const char *detail)
{
    const row *it = row_of(refusal);
    char status[16];
    (void)snprintf(status, sizeof status, "%u", it->status);
    add(bytes, "{\"type\":\"/problems/");
    add(bytes, it->code);
    add(bytes, "\",\"title\":");
    add_string(bytes, it->title);
    add(bytes, ",\"status\":");
    add(bytes, status);
    add(bytes, ",\"detail\":");
    add_string(bytes, detail != NULL ? detail : it->title);
    add(bytes, ",\"code\":\"");
    add(bytes, it->code);
    add(bytes, "\",\"hints\":[");
    add_string(bytes, it->hint);
    add(bytes, "]}\n");
}
