/* Laws of what the gateway reads besides a request's head: a body that its JSON reader takes is JSON to the broker's
 * own reader, and its elements are JSON each; an event that it finds no fault with is one; texts for instants, ids and
 * numbers are read as what they say; a key set or a token is taken or refused, and a token that nobody signed never.
 * The first byte says what the rest is. */
#include "broker/door/json.h"
#include "clients/gateway/event.h"
#include "clients/gateway/jwt.h"
#include "proto/time.h"
#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ELEMENTS 64u

static const char key_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"use\":\"sig\",\"alg\":\"ES256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_"
    "tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void
elements_law(vdr_span text, const json_t *json)
{
    static vdr_arena arena;
    vdr_span spans[ELEMENTS];
    size_t count = 0;
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)16 * 1024 * 1024);
    if (!vdr_body_elements(text, spans, ELEMENTS, &count))
        return;
    VDR_ASSERT(count == json_array_size(json));
    for (size_t i = 0; i < count; i++) {
        vdr_arena_reset(&arena);
        VDR_ASSERT(spans[i].at >= text.at && spans[i].at + spans[i].len <= text.at + text.len);
        VDR_ASSERT(vdr_json_read(spans[i], 0, &arena) != NULL);
    }
}

static void
body_law(vdr_span text)
{
    static vdr_arena arena;
    vdr_faults faults = {0};
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)16 * 1024 * 1024);
    vdr_arena_reset(&arena);
    json_t *json = vdr_body_parse(text, VDR_BODY_DEPTH_MAX, "", &faults);
    VDR_ASSERT((json == NULL) == (faults.count != 0));
    if (json == NULL) {
        vdr_faults_done(&faults);
        return;
    }
    VDR_ASSERT(vdr_json_read(text, 0, &arena) != NULL);
    if (json_is_array(json))
        elements_law(text, json);
    if (json_is_object(json)) {
        vdr_event_check(json, "", &faults);
        if (faults.count == 0)
            VDR_ASSERT(json_is_string(json_object_get(json, "id")) &&
                       json_is_object(json_object_get(json, "data")));
    }
    vdr_faults_done(&faults);
    json_decref(json);
}

static void
words_law(vdr_span text)
{
    char copy[256], again[64];
    uint64_t number = 0;
    vdr_ms at = 0, same = 0;
    if (text.len >= sizeof copy || memchr(text.at, 0, text.len) != NULL)
        return;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (vdr_instant_read(copy, &at)) {
        VDR_ASSERT(at >= 0 && at <= VDR_TIME_MAX);
        char written[VDR_TIME_TEXT_BYTES + 1] = "";
        vdr_time_format(at, written);
        VDR_ASSERT(vdr_instant_read(written, &same) && same == at);
    }
    if (vdr_time_parse(text, &same))
        VDR_ASSERT(vdr_instant_read(copy, &at) && at == same);
    if (vdr_id_read(text, 'C', &number)) {
        (void)snprintf(again, sizeof again, "C%" PRIu64, number);
        VDR_ASSERT(number != 0 && vdr_span_equal(text, vdr_span_str(again)));
    }
    if (vdr_number_read(text, &number)) {
        char *end = NULL;
        VDR_ASSERT(number <= INT64_MAX && strtoull(copy, &end, 10) == number && *end == '\0');
    }
}

static void
token_law(vdr_span text)
{
    static vdr_jwt_keys *keys;
    static const vdr_jwt_wanted wanted = {.issuer = "i", .audience = "a", .now_s = 1000};
    vdr_jwt_claims claims;
    const char *why = NULL;
    if (keys == NULL)
        VDR_ASSERT(vdr_jwt_keys_read(vdr_span_str(key_set), &keys) == VDR_OK);
    VDR_ASSERT(vdr_jwt_verify(keys, text, &wanted, &claims, &why) != VDR_JWT_GOOD && why != NULL &&
               *why != '\0');
}

static void
keys_law(vdr_span text)
{
    vdr_jwt_keys *keys = NULL;
    vdr_err err = vdr_jwt_keys_read(text, &keys);
    VDR_ASSERT((err == VDR_OK) == (keys != NULL) && (err == VDR_OK || err == VDR_E_BAD_CONFIG));
    vdr_jwt_keys_free(&keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (len == 0 || len > 65536)
        return 0;
    vdr_span text = vdr_span_of(at + 1, len - 1);
    switch (at[0] % 4) {
    case 0:
        body_law(text);
        break;
    case 1:
        words_law(text);
        break;
    case 2:
        token_law(text);
        break;
    default:
        keys_law(text);
        break;
    }
    return 0;
}
