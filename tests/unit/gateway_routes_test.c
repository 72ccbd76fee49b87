/* Goal: the table of routes and openapi.json say the same: every path, method, role and query key, both ways. */
#include "clients/gateway/routes.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static json_t *
read_api(void)
{
    json_error_t error;
    json_t *api =
        json_load_file(VDR_SOURCE_DIR "/clients/gateway/openapi.json", JSON_REJECT_DUPLICATES, &error);
    if (api == NULL)
        fail_msg("openapi.json: %s", error.text);
    return api;
}

/* The operation of a route; NULL: there is none. Paths of the description are under /v1, but for those that have a
 * server of their own. */
static const json_t *
operation_of(const json_t *api, const vdr_route *route)
{
    const json_t *paths = json_object_get(api, "paths");
    bool versioned = strncmp(route->pattern, "/v1/", 4) == 0;
    const json_t *path = json_object_get(paths, versioned ? route->pattern + 3 : route->pattern);
    char method[16] = "";
    if (path == NULL || versioned == (json_object_get(path, "servers") != NULL))
        return NULL;
    const char *name = vdr_http_method_name(route->method);
    for (size_t i = 0; name[i] != '\0'; i++)
        method[i] = (char)(name[i] | 0x20);
    return json_object_get(path, method);
}

static void
every_route_is_described_with_its_roles(void **state)
{
    (void)state;
    json_t *api = read_api();
    for (size_t i = 0; i < vdr_route_count; i++) {
        const vdr_route *route = &vdr_routes[i];
        const json_t *operation = operation_of(api, route), *role;
        unsigned roles = 0;
        size_t n;
        if (operation == NULL)
            fail_msg("%s %s is not described", vdr_http_method_name(route->method), route->pattern);
        json_array_foreach(json_object_get(operation, "x-roles"), n, role)
        {
            vdr_party_kind kind = vdr_party_kind_of(vdr_span_str(json_string_value(role)));
            assert_int_not_equal(kind, VDR_PARTY_NONE);
            roles |= 1u << kind;
        }
        if (roles != route->roles)
            fail_msg("%s %s: roles %x, described %x", vdr_http_method_name(route->method), route->pattern,
                     route->roles, roles);
    }
    json_decref(api);
}

static void
every_query_key_is_described(void **state)
{
    (void)state;
    json_t *api = read_api();
    for (size_t i = 0; i < vdr_route_count; i++) {
        const vdr_route *route = &vdr_routes[i];
        const json_t *parameter;
        char keys[256] = "";
        size_t n;
        json_array_foreach(json_object_get(operation_of(api, route), "parameters"), n, parameter)
        {
            size_t len = strlen(keys);
            if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0)
                (void)snprintf(keys + len, sizeof keys - len, "%s%s", len != 0 ? " " : "",
                               json_string_value(json_object_get(parameter, "name")));
        }
        if (strcmp(keys, route->query != NULL ? route->query : "") != 0)
            fail_msg("%s %s: described are the keys %s", vdr_http_method_name(route->method), route->pattern,
                     keys);
    }
    json_decref(api);
}

static void
every_description_has_a_route(void **state)
{
    (void)state;
    static const char *const methods[] = {"get", "post", "put", "delete"};
    json_t *api = read_api(), *item;
    const char *path;
    size_t described = 0;
    json_object_foreach(json_object_get(api, "paths"), path, item)
    {
        for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
            bool found = json_object_get(item, methods[m]) == NULL;
            described += !found;
            for (size_t i = 0; i < vdr_route_count && !found; i++)
                found = operation_of(api, &vdr_routes[i]) == json_object_get(item, methods[m]);
            if (!found)
                fail_msg("%s %s has no route", methods[m], path);
        }
    }
    assert_int_equal(described, vdr_route_count);
    json_decref(api);
}

/* A request for a path, as the server hands it over. */
static vdr_http_request
request_of(vdr_http_method method, const char *path)
{
    vdr_http_request request = {.method = method, .path = vdr_span_str(path)};
    for (const char *at = path; *at == '/';) {
        size_t len = strcspn(at + 1, "/");
        request.segments[request.segment_count++] = vdr_span_of(at + 1, len);
        at += 1 + len;
    }
    return request;
}

static void
a_path_finds_its_route_or_the_methods_it_has(void **state)
{
    (void)state;
    static const struct {
        vdr_http_method method;
        const char *path, *pattern, *allow;
    } rows[] = {
        {VDR_HTTP_GET, "/v1/cases", "/v1/cases", ""},
        {VDR_HTTP_GET, "/v1/cases/C7", "/v1/cases/{id}", ""},
        {VDR_HTTP_POST, "/v1/cases/C7/acceptances", "/v1/cases/{id}/acceptances", ""},
        {VDR_HTTP_DELETE, "/v1/cases/C7", NULL, "GET"},
        {VDR_HTTP_PATCH, "/v1/session", NULL, "GET, POST, DELETE"},
        {VDR_HTTP_GET, "/v1/cases/C7/acceptances/1", NULL, ""},
        {VDR_HTTP_GET, "/v1", NULL, ""},
        {VDR_HTTP_GET, "/", NULL, ""},
        {VDR_HTTP_GET, "/problems/not_found", "/problems/{code}", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char allow[64];
        vdr_http_request request = request_of(rows[i].method, rows[i].path);
        if (strcmp(rows[i].path, "/") == 0)
            request.segment_count = 0;
        const vdr_route *route = vdr_route_find(&request, allow);
        if ((route == NULL) != (rows[i].pattern == NULL) ||
            (route != NULL && strcmp(route->pattern, rows[i].pattern) != 0) ||
            (route == NULL && strcmp(allow, rows[i].allow) != 0))
            fail_msg("%s: %s, allow %s", rows[i].path, route != NULL ? route->pattern : "no route", allow);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described_with_its_roles),
        cmocka_unit_test(every_query_key_is_described),
        cmocka_unit_test(every_description_has_a_route),
        cmocka_unit_test(a_path_finds_its_route_or_the_methods_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
