#include "broker/access/access.h"

#include "proto/assert.h"

#define PLAIN_BYTES_MAX 1024u

_Static_assert(VDR_ACCESS_ROLES == VDR_PARTY_LAST, "a column for each role");

static bool
is_kind(vdr_party_kind kind)
{
    return kind > VDR_PARTY_NONE && kind <= VDR_PARTY_LAST;
}

/* The cell of a row, NONE where there is no such row or role. */
static unsigned
cell(vdr_access_area area, unsigned number, vdr_party_kind kind)
{
    size_t count;
    const vdr_access_row *rows = vdr_access_rows(&count);
    for (size_t i = 0; i < count && is_kind(kind); i++)
        if (rows[i].area == area && rows[i].number == number)
            return rows[i].cells[kind - 1];
    return VDR_RELATION_NONE;
}

static vdr_relation
relation(vdr_access_area area, unsigned number, vdr_party_kind kind)
{
    return (vdr_relation)(cell(area, number, kind) & ~(unsigned)VDR_RELATION_GLASS);
}

bool
vdr_access_frame(vdr_party_kind kind, vdr_frame_type type)
{
    return relation(VDR_ACCESS_FRAME, type, kind) != VDR_RELATION_NONE;
}

vdr_relation
vdr_access_mailbox(vdr_party_kind kind, vdr_party_kind of)
{
    return relation(VDR_ACCESS_MAILBOX, of, kind);
}

vdr_relation
vdr_access_act(vdr_party_kind kind, vdr_act act)
{
    return relation(VDR_ACCESS_ACT, act, kind);
}

vdr_relation
vdr_access_query(vdr_party_kind kind, vdr_query query)
{
    return relation(VDR_ACCESS_QUERY, query, kind);
}

bool
vdr_access_glass(vdr_party_kind kind, vdr_query query)
{
    return (cell(VDR_ACCESS_QUERY, query, kind) & VDR_RELATION_GLASS) != 0;
}

bool
vdr_access_inbox(vdr_party_kind kind, vdr_inbox_part part)
{
    return relation(VDR_ACCESS_INBOX, part, kind) != VDR_RELATION_NONE;
}

bool
vdr_access_verb(vdr_party_kind kind, vdr_verb verb)
{
    return relation(VDR_ACCESS_VERB, verb, kind) != VDR_RELATION_NONE;
}

bool
vdr_access_verb_known(vdr_verb verb)
{
    return vdr_access_verb(VDR_PARTY_OPERATOR, verb) || vdr_access_verb(VDR_PARTY_AUDITOR, verb) ||
           vdr_access_verb(VDR_PARTY_PRIVACY_OFFICER, verb);
}

static vdr_shown
shown(const vdr_access_field *field, vdr_party_kind kind, char standing)
{
    const char *in = field->cells[kind - 1];
    if (strchr(in, standing) == NULL)
        return VDR_SHOWN_NOT;
    return strchr(in, VDR_SHOWN_AS_TOKEN) != NULL ? VDR_SHOWN_TOKEN : VDR_SHOWN;
}

vdr_shown
vdr_access_shown(vdr_party_kind kind, vdr_access_object object, size_t offset, char standing)
{
    size_t count;
    const vdr_access_field *fields = vdr_access_fields(object, &count);
    VDR_ASSERT(standing != '\0');
    for (size_t i = 0; i < count && is_kind(kind); i++)
        if (fields[i].offset == offset)
            return shown(&fields[i], kind, standing);
    return VDR_SHOWN_NOT;
}

void
vdr_access_mask(vdr_party_kind kind, vdr_access_object object, char standing, void *plain, size_t bytes)
{
    uint64_t left[PLAIN_BYTES_MAX / sizeof(uint64_t)] = {0};
    size_t count;
    const vdr_access_field *fields = vdr_access_fields(object, &count);
    VDR_ASSERT(bytes <= sizeof left && standing != '\0');
    for (size_t i = 0; i < count && is_kind(kind); i++)
        if (shown(&fields[i], kind, standing) != VDR_SHOWN_NOT)
            memcpy((uint8_t *)left + fields[i].offset, (const uint8_t *)plain + fields[i].offset,
                   fields[i].bytes);
    memcpy(plain, left, bytes);
}
