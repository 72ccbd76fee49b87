/* Law: whatever a case system answers, what is asked of it comes to an end after a bounded number of requests, each to
 * an https address of its own, and what it says of itself is fit for a log line.
 *
 * The requests go nowhere: each is answered by the next of the bytes. Two bytes of status, two of length, the body. */
#include "clients/courier/zgw.h"
#include "proto/assert.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define REQUESTS_MAX 512u

static struct {
    const uint8_t *at, *end;
    unsigned requests;
} script;

void __wrap_vdr_poster_send(vdr_poster *unused, const vdr_post *post, vdr_post_answer *ret_answer);

static void
fill_config(vdr_courier_zaken *config)
{
    config->url = "https://zaken.example/zaken/api/v1";
    config->organisation = "999990639";
    config->zaaktype = "https://zaken.example/catalogi/1";
    config->roltype = "https://zaken.example/catalogi/2";
    config->client_id = "voordeur";
    for (size_t i = 0; i < VDR_ZAAK_STATUSES; i++)
        config->statustypes[i] = "https://zaken.example/catalogi/3";
    for (size_t i = 0; i < VDR_ZAAK_RESULTS; i++)
        config->resulttypes[i] = "https://zaken.example/catalogi/4";
    config->secret.at[0] = 1;
    config->secret.bytes = 32;
}

static unsigned
next(void)
{
    return script.at < script.end ? *script.at++ : 0;
}

void
__wrap_vdr_poster_send(vdr_poster *unused, const vdr_post *post, vdr_post_answer *ret_answer)
{
    static const long statuses[] = {200, 201, 200, 204, 400, 404, 429, 500, 0, 200};
    (void)unused;
    VDR_ASSERT(++script.requests < REQUESTS_MAX);
    VDR_ASSERT(strlen(post->url) < (size_t)8 * VDR_ZGW_URL_MAX && strncmp(post->url, "https://", 8) == 0);
    *ret_answer = (vdr_post_answer){.status = statuses[next() % (sizeof statuses / sizeof statuses[0])],
                                    .retry_after_s = -1};
    size_t len = next() | (size_t)next() << 8, left = (size_t)(script.end - script.at);
    len = len < left ? len : left;
    vdr_bytes_add(&ret_answer->body, vdr_span_of(script.at, len));
    script.at += len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    char words[VDR_ZGW_WORDS] = "", zaak[VDR_ZGW_URL_MAX] = "https://zaken.example/zaken/1";
    vdr_courier_zaken config;
    memset(&config, 0, sizeof config);
    if (len > 65536)
        return 0;
    script.at = len != 0 ? at : none;
    script.end = script.at + len;
    script.requests = 0;
    fill_config(&config);
    vdr_zgw zgw = {.config = &config, .words = words, .audit = "a test"};
    unsigned what = next() % 4;
    vdr_err err = VDR_OK;
    if (what == 0)
        err = vdr_zgw_zaak(&zgw, "C7", 1772442000000, zaak);
    else if (what == 1)
        err = vdr_zgw_regisseur(&zgw, zaak, next() % 2 == 0 ? "r-anna" : NULL);
    else if (what == 2)
        err = vdr_zgw_status(&zgw, zaak, (vdr_zaak_status)0, 1772442000000);
    else
        err = vdr_zgw_result(&zgw, zaak, (vdr_zaak_result)0);
    VDR_ASSERT(err == VDR_OK || err == VDR_E_IO || err == VDR_E_MALFORMED);
    VDR_ASSERT(strlen(words) < sizeof words && vdr_span_is_utf8(vdr_span_str(words)));
    VDR_ASSERT(strlen(zaak) < sizeof zaak);
    return 0;
}
