/* Goal: whatever instant a message bears, the courier gives it to its receiver, or puts it away as a dead letter, and goes on:
 * any number may come over the wire. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "tests/fake_broker.h"

#include "clients/courier/post.h"
#include "clients/courier/webhook.h"
#include "clients/gateway/letters.h"
#include "proto/time.h"

#include <ftw.h>
#include <string.h>

/* ---- a receiver: takes nothing, and says so for good */

static _Atomic unsigned asked, posted;

void __wrap_vdr_poster_send(vdr_poster *poster, const vdr_post *post, vdr_post_answer *ret_answer);

void
__wrap_vdr_poster_send(vdr_poster *poster, const vdr_post *post, vdr_post_answer *ret_answer)
{
    bool question = strcmp(post->method, "OPTIONS") == 0;
    (void)poster;
    *ret_answer = (vdr_post_answer){.status = question ? 405 : 413, .retry_after_s = -1};
    asked += question;
    posted += !question;
}

/* ---- a place */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

typedef struct letters {
    unsigned count;
    vdr_letter last;
} letters;

static void
see(void *context, const vdr_letter *letter)
{
    letters *seen = context;
    seen->count++;
    seen->last = *letter;
}

/* Turns until the broker has the acknowledgement of one message. */
static void
until_acknowledged(fake_broker *broker)
{
    int64_t until = fake_now_ms() + 20000;
    while (broker->acknowledged == 0) {
        assert_true(fake_now_ms() < until);
        fake_step(broker);
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

static void
an_instant_that_no_year_has_is_put_away_and_does_not_stop_it(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        vdr_ms kept;
    } rows[] = {{VDR_TIME_MAX, VDR_TIME_MAX},
                {VDR_TIME_MAX + 1, VDR_TIME_MAX},
                {INT64_MAX, VDR_TIME_MAX},
                {-1, 0},
                {1772442000000, 1772442000000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char folder[] = "/tmp/vdr-webhook-XXXXXX", key[80], broker_key[80], words[256];
        assert_non_null(mkdtemp(folder));
        snprintf(key, sizeof key, "%s/r-anna.key", folder);
        snprintf(broker_key, sizeof broker_key, "%s/server.pub", folder);
        char public_key[VDR_CLIENT_KEY_TEXT];
        assert_int_equal(vdr_client_key_make(key, public_key), VDR_OK);
        fake_broker *broker = fake_new();
        FILE *file = fopen(broker_key, "w");
        assert_non_null(file);
        fprintf(file, "%s\n", broker->public_key);
        assert_int_equal(fclose(file), 0);
        broker->messages = 1;
        broker->message_at_ms = rows[i].at_ms;
        const vdr_courier_delivery delivery = {.party = "regisseur:r-anna",
                                               .name = "regisseur-r-anna",
                                               .key_file = key,
                                               .endpoint = broker->endpoint,
                                               .url = "https://receiver.example/voordeur"};
        const vdr_courier_config config = {.broker = broker->endpoint,
                                           .broker_key = broker_key,
                                           .folder = folder,
                                           .origin = "voordeur.example",
                                           .deliveries = &delivery,
                                           .delivery_count = 1,
                                           .retry_first_ms = 10,
                                           .retry_longest_ms = 10,
                                           .retry_factor = 1,
                                           .attempts = 1};
        vdr_webhook *webhook;
        asked = posted = 0;
        assert_int_equal(vdr_webhook_start(&config, &delivery, &webhook, words), VDR_OK);
        until_acknowledged(broker);
        assert_int_equal(posted, 1);
        letters seen = {0};
        assert_int_equal(vdr_letters_list(folder, "regisseur-r-anna", see, &seen), VDR_OK);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.last.seq, 1);
        assert_true(seen.last.at == rows[i].kept);
        vdr_webhook_stop(webhook);
        fake_step(broker);
        vdr_webhook_join(&webhook);
        fake_free(broker);
        (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_that_no_year_has_is_put_away_and_does_not_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
