#include "broker/door/without.h"

/* Leaves only the items or members that stay. */
typedef bool stays(const vdr_json *item, void *context);

typedef struct keeping {
    vdr_without_keeps *keeps;
    void *context;
} keeping;

static void
sift(vdr_json *of, stays *item_stays, void *context)
{
    vdr_json **link = &of->first;
    while (*link != NULL) {
        if (item_stays(*link, context)) {
            link = &(*link)->next;
            continue;
        }
        *link = (*link)->next;
        of->count--;
    }
}

static bool
person_stays(const vdr_json *person, void *context)
{
    const keeping *of = context;
    const vdr_json *bsn = vdr_json_member(person, "bsn");
    return bsn != NULL && bsn->kind == VDR_JSON_STRING && of->keeps(of->context, bsn->text);
}

/* What the broker itself reads of an envelope. */
static bool
member_stays(const vdr_json *member, void *context)
{
    static const char *const names[] = {"specversion", "id",   "source",   "type",
                                        "time",        "data", "sequence", "traceparent"};
    (void)context;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vdr_span_equal(member->name, vdr_span_str(names[i])))
            return true;
    return false;
}

static bool
is_no_text(const vdr_json *member, void *context)
{
    (void)context;
    return !vdr_span_equal(member->name, vdr_span_str("detail"));
}

/* The member of that name, to be changed. */
static vdr_json *
member_of(vdr_json *object, const char *name)
{
    vdr_json *member = object->kind == VDR_JSON_OBJECT ? object->first : NULL;
    while (member != NULL && !vdr_span_equal(member->name, vdr_span_str(name)))
        member = member->next;
    return member;
}

vdr_err
vdr_event_without(vdr_span json, vdr_without_keeps *keeps, void *context, vdr_arena *arena,
                  vdr_span *ret_json)
{
    keeping of = {.keeps = keeps, .context = context};
    vdr_json *event = vdr_json_read(json, 0, arena);
    if (event == NULL)
        return arena->overflow ? VDR_E_NO_MEMORY : VDR_E_MALFORMED;
    vdr_json *members = member_of(event, "data");
    if (members == NULL || members->kind != VDR_JSON_OBJECT)
        return VDR_E_MALFORMED;
    sift(event, member_stays, NULL);
    sift(members, is_no_text, NULL);
    vdr_json *persons = member_of(members, "persons");
    if (persons != NULL && persons->kind == VDR_JSON_LIST)
        sift(persons, person_stays, &of);
    vdr_span text = vdr_json_write(event, arena);
    if (text.at == NULL)
        return VDR_E_NO_MEMORY;
    *ret_json = text;
    return VDR_OK;
}
