#include "proto/right.h"

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

const char *
vdr_right_kind_name(vdr_right_kind kind)
{
    static const char *const names[] = {"none",        "erasure",       "objection",
                                        "restriction", "rectification", "hold"};
    return (unsigned)kind < COUNT(names) ? names[kind] : "unknown";
}

const char *
vdr_right_state_name(vdr_right_state state)
{
    static const char *const names[] = {"none",   "stands",   "placed", "lifting",   "done",
                                        "upheld", "rejected", "lifted", "withdrawn", "gone"};
    return (unsigned)state < COUNT(names) ? names[state] : "unknown";
}
