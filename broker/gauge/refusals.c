#include "broker/gauge/refusals.h"

#include "proto/assert.h"

#include <stdlib.h>

typedef struct party_refusals {
    vdr_party_kind kind;
    char id[129];
    int64_t hour; /* the newest */
    uint32_t counts[VDR_REFUSALS_HOURS][VDR_REFUSALS_CODES];
} party_refusals;

struct vdr_refusals {
    party_refusals **parties;
    size_t count, room;
    party_refusals all;
};

vdr_refusals *
vdr_refusals_new(void)
{
    return (vdr_refusals *)vdr_alloc(1, sizeof(vdr_refusals));
}

void
vdr_refusals_free(vdr_refusals **refusals_p)
{
    vdr_refusals *refusals = *refusals_p;
    if (refusals == NULL)
        return;
    for (size_t i = 0; i < refusals->count; i++)
        free(refusals->parties[i]);
    free(refusals->parties);
    free(refusals);
    *refusals_p = NULL;
}

/* By kind and id, in order; where it is, or belongs. */
static size_t
place_of(const vdr_refusals *refusals, vdr_party_kind kind, vdr_span id, bool *ret_found)
{
    size_t from = 0, until = refusals->count;
    *ret_found = false;
    while (from < until) {
        size_t middle = from + (until - from) / 2;
        const party_refusals *party = refusals->parties[middle];
        int order = party->kind != kind ? (int)party->kind - (int)kind
                                        : vdr_span_compare(vdr_span_str(party->id), id);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            from = middle + 1;
        else
            until = middle;
    }
    return from;
}

static party_refusals *
party_of(vdr_refusals *refusals, vdr_party_kind kind, vdr_span id)
{
    bool found;
    size_t place = place_of(refusals, kind, id, &found);
    if (found)
        return refusals->parties[place];
    if (refusals->count == VDR_REFUSALS_PARTIES || id.len >= sizeof refusals->all.id)
        return NULL;
    if (refusals->count == refusals->room) {
        refusals->room = refusals->room != 0 ? refusals->room * 2 : 16;
        refusals->parties =
            (party_refusals **)vdr_realloc(refusals->parties, refusals->room, sizeof(party_refusals *));
    }
    for (size_t i = refusals->count; i > place; i--)
        refusals->parties[i] = refusals->parties[i - 1];
    party_refusals *party = (party_refusals *)vdr_alloc(1, sizeof *party);
    party->kind = kind;
    memcpy(party->id, id.at, id.len);
    refusals->parties[place] = party;
    refusals->count++;
    return party;
}

static void
add(party_refusals *party, unsigned code, int64_t hour, uint64_t count)
{
    int64_t from = hour - party->hour > VDR_REFUSALS_HOURS ? hour - VDR_REFUSALS_HOURS : party->hour;
    for (int64_t h = from; h < hour; h++)
        memset(party->counts[(h + 1) % VDR_REFUSALS_HOURS], 0, sizeof party->counts[0]);
    if (hour > party->hour)
        party->hour = hour;
    uint32_t *figure = &party->counts[party->hour % VDR_REFUSALS_HOURS][code];
    *figure = count < UINT32_MAX - *figure ? *figure + (uint32_t)count : UINT32_MAX;
}

void
vdr_refusals_add(vdr_refusals *refusals, vdr_party_kind kind, vdr_span party, vdr_err verdict, int64_t hour,
                 uint64_t count)
{
    bool is_verdict = verdict > VDR_E_ACCEPTED && verdict < VDR_E_ACCEPTED + VDR_REFUSALS_CODES;
    unsigned code = is_verdict ? (unsigned)verdict - VDR_E_ACCEPTED : 0;
    party_refusals *own = party_of(refusals, kind, party);
    add(&refusals->all, code, hour, count);
    if (own != NULL)
        add(own, code, hour, count);
}

void
vdr_refusals_get(const vdr_refusals *refusals, vdr_party_kind kind, vdr_span party, int64_t hour,
                 uint64_t ret_counts[VDR_REFUSALS_CODES])
{
    bool found = true;
    size_t place = party.at != NULL ? place_of(refusals, kind, party, &found) : 0;
    const party_refusals *of = party.at == NULL ? &refusals->all : found ? refusals->parties[place] : NULL;
    memset(ret_counts, 0, VDR_REFUSALS_CODES * sizeof *ret_counts);
    for (int64_t h = hour; of != NULL && h > hour - VDR_REFUSALS_HOURS; h--) {
        bool kept = h <= of->hour && h > of->hour - VDR_REFUSALS_HOURS && h >= 0;
        for (unsigned code = 0; kept && code < VDR_REFUSALS_CODES; code++)
            ret_counts[code] += of->counts[h % VDR_REFUSALS_HOURS][code];
    }
}
