/* Goal: instants and durations are read exactly as semantics section 2 says, and written back. */
#include "proto/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
instants_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        vdr_ms ms; /* VDR_MS_NONE: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-02T09:00:00Z", 1772442000000},
        {"2026-03-02T09:00:00.5Z", 1772442000500},
        {"2026-03-02T09:00:00.123456789Z", 1772442000123},
        {"2026-03-02T09:00:00.999999999Z", 1772442000999},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"9999-12-31T23:59:59.999Z", VDR_TIME_MAX},
        {"2026-02-29T00:00:00Z", VDR_MS_NONE},
        {"2100-02-29T00:00:00Z", VDR_MS_NONE},
        {"1969-12-31T23:59:59Z", VDR_MS_NONE},
        {"2026-03-02T09:00:60Z", VDR_MS_NONE},
        {"2026-03-02T24:00:00Z", VDR_MS_NONE},
        {"2026-03-02T09:00:00+00:00", VDR_MS_NONE},
        {"2026-03-02T09:00:00.Z", VDR_MS_NONE},
        {"2026-03-02T09:00:00.1234567890Z", VDR_MS_NONE},
        {"2026-03-02t09:00:00Z", VDR_MS_NONE},
        {"2026-03-02T09:00:00z", VDR_MS_NONE},
        {"2026-03-02 09:00:00Z", VDR_MS_NONE},
        {"2026-3-02T09:00:00ZZ", VDR_MS_NONE},
        {"2026-03-02T09:00Z", VDR_MS_NONE},
        {"", VDR_MS_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_ms ms = VDR_MS_NONE;
        bool good = vdr_time_parse(vdr_span_str(rows[i].text), &ms);
        if (good != (rows[i].ms != VDR_MS_NONE) || ms != rows[i].ms)
            fail_msg("%s: read as %lld", rows[i].text, (long long)ms);
    }
}

static void
every_day_is_written_as_it_was_read(void **state)
{
    (void)state;
    char text[VDR_TIME_TEXT_BYTES];
    for (vdr_ms ms = 0; ms <= VDR_TIME_MAX; ms += 13 * VDR_DAY_MS + 12345679) {
        vdr_ms again = 0;
        vdr_time_format(ms, text);
        assert_true(vdr_time_parse(vdr_span_of(text, sizeof text), &again));
        assert_int_equal(again, ms);
    }
}

static void
durations_have_one_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"0s", 0},
        {"10m", 600000},
        {"4h", 14400000},
        {"1d", VDR_DAY_MS},
        {"90d", 90 * VDR_DAY_MS},
        {"36500d", 36500 * VDR_DAY_MS},
        {"36501d", -1},
        {"d", -1},
        {"5", -1},
        {"-5d", -1},
        {"5 d", -1},
        {"1w", -1},
        {"01d", -1},
        {"99999999999d", -1},
        {"1000000000000s", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        (void)vdr_duration_parse(vdr_span_str(rows[i].text), &ms);
        if (ms != rows[i].ms)
            fail_msg("%s: read as %lld", rows[i].text, (long long)ms);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read_strictly),
        cmocka_unit_test(every_day_is_written_as_it_was_read),
        cmocka_unit_test(durations_have_one_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
