#include "proto/explain.h"

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

static const char *const uses[] = {"none",   "counted",  "group",  "withdrawn", "superseded", "not_yet",
                                   "over",   "ended",    "window", "purpose",   "type",       "domain",
                                   "agency", "severity", "role",   "silenced",  "held"};
static const char *const bars[] = {"no", "open_case", "cooldown", "nothing_new", "paused"};
static const char *const steps[] = {"none", "sticky", "district", "anywhere", "nobody"};
static const char *const whys[] = {"",         "chosen", "refused",   "absent", "full",    "sticky",
                                   "district", "load",   "expertise", "id",     "conflict"};
static const char *const dues[] = {"", "follow_up", "accept", "retry"};

static const char *
name(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "";
}

const char *
vdr_use_name(vdr_use use)
{
    return name(uses, COUNT(uses), use);
}

const char *
vdr_barred_name(vdr_barred barred)
{
    return name(bars, COUNT(bars), barred);
}

const char *
vdr_assign_step_name(vdr_assign_step step)
{
    return name(steps, COUNT(steps), step);
}

const char *
vdr_why_name(vdr_why why)
{
    return name(whys, COUNT(whys), why);
}

const char *
vdr_due_kind_name(vdr_due_kind kind)
{
    return name(dues, COUNT(dues), kind);
}

const char *
vdr_clause_name(uint32_t clause)
{
    return clause == VDR_CLAUSE_SPREAD ? "spread" : vdr_measure_name((vdr_measure)clause);
}
