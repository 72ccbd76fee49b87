/* What a tally shows, and the rhythm of an agency. */
#include "broker/study/tally_inside.h"

#define RING ((int64_t)(VDR_TALLY_WEEKS * VDR_TALLY_WEEK_HOURS))

vdr_position
vdr_tally_first(const vdr_tally *tally)
{
    return tally->first;
}

vdr_position
vdr_tally_last(const vdr_tally *tally)
{
    return tally->last;
}

vdr_ms
vdr_tally_from(const vdr_tally *tally)
{
    return tally->from;
}

vdr_ms
vdr_tally_at(const vdr_tally *tally)
{
    return tally->at;
}

size_t
vdr_tally_rules(const vdr_tally *tally, const vdr_tally_rule **ret_rules)
{
    *ret_rules = tally->rules.at;
    return tally->rules.count;
}

size_t
vdr_tally_looks(const vdr_tally *tally, const vdr_tally_look **ret_looks)
{
    *ret_looks = tally->looks.at;
    return tally->looks.count;
}

size_t
vdr_tally_agencies(const vdr_tally *tally, const vdr_tally_agency **ret_agencies)
{
    *ret_agencies = tally->agencies.at;
    return tally->agencies.count;
}

size_t
vdr_tally_pairs(const vdr_tally *tally, const vdr_tally_pair **ret_pairs)
{
    *ret_pairs = tally->pairs.at;
    return tally->pairs.count;
}

size_t
vdr_tally_services(const vdr_tally *tally, const vdr_tally_service **ret_services)
{
    *ret_services = tally->services.at;
    return tally->services.count;
}

size_t
vdr_tally_cases_open(const vdr_tally *tally, const vdr_tally_case **ret_cases)
{
    *ret_cases = tally->cases.at;
    return tally->cases.count;
}

/* Signals in an hour; what is not in the ring is none. */
static uint64_t
in_hour(const vdr_tally_agency *agency, int64_t hour)
{
    bool kept = hour <= agency->hour && hour > agency->hour - RING && hour >= agency->first_at / VDR_HOUR_MS;
    return kept ? agency->hours[hour % RING] : 0;
}

uint64_t
vdr_tally_recent(const vdr_tally_agency *agency, vdr_ms now, uint32_t hours)
{
    uint64_t count = 0;
    if (agency->first_at == VDR_MS_NONE)
        return 0;
    for (int64_t hour = now / VDR_HOUR_MS, i = 0; i < hours; i++)
        count += in_hour(agency, hour - i);
    return count;
}

uint32_t
vdr_tally_weeks(const vdr_tally_agency *agency)
{
    if (agency->first_at == VDR_MS_NONE)
        return 0;
    int64_t weeks = (agency->last_at - agency->first_at) / (VDR_HOUR_MS * VDR_TALLY_WEEK_HOURS);
    return (uint32_t)(weeks < VDR_TALLY_WEEKS ? weeks : VDR_TALLY_WEEKS);
}

/* Signals of the weeks that are known, at this hour of the week. The silence after its
 * last signal is no part of what is learned. */
static uint64_t
at_hour(const vdr_tally_agency *agency, int64_t hour, uint32_t weeks)
{
    int64_t place = hour % VDR_TALLY_WEEK_HOURS;
    int64_t newest = agency->hour - (agency->hour - place) % VDR_TALLY_WEEK_HOURS;
    uint64_t count = 0;
    for (uint32_t week = 0; week < weeks; week++)
        count += in_hour(agency, newest - (int64_t)week * VDR_TALLY_WEEK_HOURS);
    return count;
}

uint64_t
vdr_tally_expected(const vdr_tally_agency *agency, vdr_ms now)
{
    uint32_t weeks = vdr_tally_weeks(agency);
    if (weeks < 2 || now <= agency->last_at)
        return 0;
    int64_t hour = now / VDR_HOUR_MS, silent = hour - agency->hour;
    uint64_t whole = 0, rest = 0;
    for (int64_t i = 0; i < VDR_TALLY_WEEK_HOURS && i < silent; i++) {
        uint64_t count = at_hour(agency, hour - i, weeks);
        whole += count;
        rest += i < silent % VDR_TALLY_WEEK_HOURS ? count : 0;
    }
    uint64_t times = (uint64_t)(silent / VDR_TALLY_WEEK_HOURS);
    return (times > 0 ? whole * times + rest : whole) * 1000 / weeks;
}

int64_t
vdr_tally_behind(const vdr_tally_agency *agency, vdr_ms now)
{
    int64_t least = INT64_MAX, day = now / (24 * VDR_HOUR_MS);
    for (int64_t d = agency->day; agency->first_at != VDR_MS_NONE && d > day - VDR_TALLY_DAYS; d--) {
        if (d > agency->day - VDR_TALLY_DAYS && agency->behind_ms[d % VDR_TALLY_DAYS] < least)
            least = agency->behind_ms[d % VDR_TALLY_DAYS];
    }
    return least;
}
