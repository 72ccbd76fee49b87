/* proto/types.h - small plain values that every layer shares. No thread, no memory of their own. */
#ifndef VDR_PROTO_TYPES_H
#define VDR_PROTO_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns; a header says how long they live. Not terminated. at may be NULL
 * when len is 0; "absent" is at == NULL, "empty" is at != NULL and len 0. */
typedef struct vdr_span {
    const uint8_t *at;
    size_t len;
} vdr_span;

/* Milliseconds since 1970-01-01T00:00:00Z; a duration ends in _ms too but is a plain int64_t. */
typedef int64_t vdr_ms;
#define VDR_MS_NONE INT64_MIN
#define VDR_MS_MAX  INT64_MAX

/* Sixteen bytes of keyed BLAKE2b: a pseudonym of a BSN or BAG id, or the digest of an event. */
typedef struct vdr_key16 {
    uint8_t bytes[16];
} vdr_key16;

/* Ids that are printed H12 and C7. 0 is "none". Numbers are never used again. */
typedef struct vdr_household_id {
    uint64_t number;
} vdr_household_id;

typedef struct vdr_case_id {
    uint64_t number;
} vdr_case_id;

/* Position of a record in the log; the first is 1, 0 is "before everything". */
typedef uint64_t vdr_position;

static inline vdr_span
vdr_span_of(const void *at, size_t len)
{
    return (vdr_span){.at = (const uint8_t *)at, .len = len};
}

/* A terminated string as a span; NULL gives an absent span. */
static inline vdr_span
vdr_span_str(const char *text)
{
    return (vdr_span){.at = (const uint8_t *)text, .len = text != NULL ? strlen(text) : 0};
}

static inline bool
vdr_span_equal(vdr_span a, vdr_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Order of bytes, the shorter first where one begins the other: <0, 0, >0. */
static inline int
vdr_span_compare(vdr_span a, vdr_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int c = len != 0 ? memcmp(a.at, b.at, len) : 0;
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool
vdr_key16_equal(const vdr_key16 *a, const vdr_key16 *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Kinds of party: who signals, acts or is told. The numbers are stored and sent. */
typedef enum vdr_party_kind {
    VDR_PARTY_NONE = 0,
    VDR_PARTY_AGENCY = 1,
    VDR_PARTY_REGISSEUR = 2,
    VDR_PARTY_SERVICE = 3,
    VDR_PARTY_COORDINATOR = 4,
    VDR_PARTY_PRIVACY_OFFICER = 5,
    VDR_PARTY_OPERATOR = 6, /* never in the log as an actor of section 9; a role of the protocol */
    VDR_PARTY_AUDITOR = 7,  /* the same: reads what was done and seen, and does nothing */
} vdr_party_kind;
#define VDR_PARTY_LAST VDR_PARTY_AUDITOR

#endif
