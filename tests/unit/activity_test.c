#include "broker/door/activity.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define CATALOGUE                                                                                            \
    "domains: {education: youth}\n"                                                                          \
    "types:\n"                                                                                               \
    "  a.v1: {domain: education, processing_activity: \"https://r.example/7\"}\n"                            \
    "  b.v1: {domain: education}\n"

static const struct {
    const char *town, *type, *uri; /* type NULL: of households */
} rows[] = {
    {"municipality: GM9901\n", "a.v1", "https://r.example/7"},
    {"municipality: GM9901\n", "b.v1", "urn:voordeur:activity:GM9901:b.v1"},
    {"municipality: GM9901\n", "gone.v1", "urn:voordeur:activity:GM9901:households"},
    {"municipality: GM9901\n", NULL, "urn:voordeur:activity:GM9901:households"},
    {"municipality: GM9901\nprocessing_activity: urn:x:1\n", "a.v1", "https://r.example/7"},
    {"municipality: GM9901\nprocessing_activity: urn:x:1\n", "b.v1", "urn:x:1"},
    {"municipality: GM9901\nprocessing_activity: urn:x:1\n", NULL, "urn:x:1"},
};

static vdr_config_texts
texts_of(const char *town, const char *catalogue)
{
    return (vdr_config_texts){
        .text = {[VDR_CONFIG_TOWN] = vdr_span_str(town), [VDR_CONFIG_CATALOGUE] = vdr_span_str(catalogue)}};
}

static void
an_activity_is_the_type_s_or_the_town_s_or_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const vdr_config_texts texts = texts_of(rows[i].town, CATALOGUE);
        const vdr_span type = rows[i].type != NULL ? vdr_span_str(rows[i].type) : (vdr_span){0};
        vdr_activities *activities;
        assert_int_equal(vdr_activities_read(&texts, &activities), VDR_OK);
        vdr_span uri = vdr_activity_of(activities, type);
        if (!vdr_span_equal(uri, vdr_span_str(rows[i].uri)))
            print_error("row %zu: %.*s\n", i, (int)uri.len, (const char *)uri.at);
        assert_true(vdr_span_equal(uri, vdr_span_str(rows[i].uri)));
        assert_true(vdr_span_equal(vdr_activities_municipality(activities), vdr_span_str("GM9901")));
        vdr_activities_free(&activities);
    }
}

static void
texts_that_are_no_configuration_have_none(void **state)
{
    const vdr_config_texts bad[] = {texts_of("municipality: GM9901\n", "types: []\nx: [\n"),
                                    texts_of("identity: {}\n", CATALOGUE), texts_of("", "")};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vdr_activities *activities = NULL;
        assert_int_equal(vdr_activities_read(&bad[i], &activities), VDR_E_BAD_CONFIG);
        assert_null(activities);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_activity_is_the_type_s_or_the_town_s_or_built),
        cmocka_unit_test(texts_that_are_no_configuration_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
