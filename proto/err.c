#include "proto/err.h"

#include <stddef.h>

typedef struct row {
    vdr_err err;
    const char *code;
    vdr_err_class class;
    vdr_err_actor actor;
    const char *text;
    const char *hint;
} row;

static const row rows[] = {{VDR_OK, "ok", VDR_ERR_NONE, VDR_ACTOR_NOBODY, "ok", ""},
#define X(sym, number, code, class, actor, text, hint)                                                       \
    {VDR_E_##sym, code, VDR_ERR_##class, VDR_ACTOR_##actor, text, hint},
                           VDR_ERR_TABLE(X)
#undef X
};

static const row unknown = {VDR_OK, "unknown", VDR_ERR_LATER, VDR_ACTOR_NOBODY, "unknown error", ""};

static const row *
find(unsigned number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((unsigned)rows[i].err == number)
            return &rows[i];
    }
    return &unknown;
}

const char *
vdr_err_code(vdr_err err)
{
    return find((unsigned)err)->code;
}

const char *
vdr_err_text(vdr_err err)
{
    return find((unsigned)err)->text;
}

const char *
vdr_err_hint(vdr_err err)
{
    return find((unsigned)err)->hint;
}

vdr_err_class
vdr_err_class_of(vdr_err err)
{
    return find((unsigned)err)->class;
}

vdr_err_actor
vdr_err_actor_of(vdr_err err)
{
    return find((unsigned)err)->actor;
}

bool
vdr_err_known(unsigned number)
{
    return find(number) != &unknown;
}

const char *
vdr_err_class_name(vdr_err_class error_class)
{
    switch (error_class) {
    case VDR_ERR_NONE:
        return "none";
    case VDR_ERR_NEVER:
        return "never";
    case VDR_ERR_AFTER_FIX:
        return "after_fix";
    case VDR_ERR_LATER:
        return "later";
    }
    return "unknown";
}
