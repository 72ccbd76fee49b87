#include "proto/time.h"

#include "proto/assert.h"

static bool
digits(const uint8_t *at, size_t count, int64_t *ret_value)
{
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        value = value * 10 + (at[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. Years run from March, so that the day
 * that comes and goes is the last of the year; 400 years are 146097 days. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3; /* March is 0 */
    int64_t day_of_year = (153 * m + 2) / 5 + day - 1;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t
month_days(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool
vdr_time_parse(vdr_span text, vdr_ms *ret_ms)
{
    const uint8_t *t = text.at;
    int64_t year, month, day, hour, minute, second, fraction = 0;

    if (text.len < 20 || text.len > 30 || t[text.len - 1] != 'Z')
        return false;
    if (!digits(t, 4, &year) || t[4] != '-' || !digits(t + 5, 2, &month) || t[7] != '-' ||
        !digits(t + 8, 2, &day) || t[10] != 'T' || !digits(t + 11, 2, &hour) || t[13] != ':' ||
        !digits(t + 14, 2, &minute) || t[16] != ':' || !digits(t + 17, 2, &second))
        return false;
    if (text.len > 20) {
        int64_t all;
        size_t count = text.len - 21; /* between the point and Z: at most 9 */
        if (t[19] != '.' || count < 1 || !digits(t + 20, count, &all))
            return false;
        (void)digits(t + 20, count < 3 ? count : 3, &fraction);
        for (size_t i = count; i < 3; i++)
            fraction *= 10;
    }
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *ret_ms = (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction;
    return true;
}

static void
put(char *at, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void
vdr_time_format(vdr_ms ms, char ret_text[VDR_TIME_TEXT_BYTES])
{
    VDR_ASSERT(ms >= 0 && ms <= VDR_TIME_MAX);
    int64_t z = ms / VDR_DAY_MS + 719468;
    int64_t in_day = ms % VDR_DAY_MS;
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;

    memcpy(ret_text, "0000-00-00T00:00:00.000Z", VDR_TIME_TEXT_BYTES);
    put(ret_text, year_of_era + era * 400 + (month <= 2 ? 1 : 0), 4);
    put(ret_text + 5, month, 2);
    put(ret_text + 8, day_of_year - (153 * m + 2) / 5 + 1, 2);
    put(ret_text + 11, in_day / 3600000, 2);
    put(ret_text + 14, in_day / 60000 % 60, 2);
    put(ret_text + 17, in_day / 1000 % 60, 2);
    put(ret_text + 20, in_day % 1000, 3);
}

bool
vdr_duration_parse(vdr_span text, int64_t *ret_ms)
{
    int64_t value, unit;

    if (text.len < 2 || text.len > 12 || !digits(text.at, text.len - 1, &value))
        return false;
    if (text.at[0] == '0' && text.len > 2)
        return false;
    switch (text.at[text.len - 1]) {
    case 's':
        unit = 1000;
        break;
    case 'm':
        unit = 60 * 1000;
        break;
    case 'h':
        unit = 60 * 60 * 1000;
        break;
    case 'd':
        unit = VDR_DAY_MS;
        break;
    default:
        return false;
    }
    if (value > 36500 * VDR_DAY_MS / unit)
        return false;
    *ret_ms = value * unit;
    return true;
}
