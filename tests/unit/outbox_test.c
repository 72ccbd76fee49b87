/* Goal: what the outbox took is published after any death of the sender, once; a torn or rotten file costs no
 * more than what is torn or rotten. */
#include "clients/lib/outbox.h"
#include "tests/fake_broker.h"

#include <fcntl.h>
#include <sys/wait.h>

static const uint8_t key[32] = {1, 2, 3};
static char path[64];

static int
set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/voordeur-test-%ld.outbox", (long)getpid());
    (void)unlink(path);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static vdr_lib_outbox *
open_outbox(uint64_t bytes_max)
{
    vdr_lib_outbox *outbox = NULL;
    char words[VDR_LIB_OUTBOX_WORDS];
    if (vdr_lib_outbox_open(path, key, bytes_max, &outbox, words) != VDR_OK)
        fail_msg("%s", words);
    return outbox;
}

/* Adds an item whose bytes say its number. */
static vdr_err
add(vdr_lib_outbox *outbox, uint64_t number, vdr_lib_outbox_item *ret_item)
{
    char text[100];
    snprintf(text, sizeof text, "item %llu, and some more text of it", (unsigned long long)number);
    vdr_span span = vdr_span_str(text);
    return vdr_lib_outbox_add(outbox, number, &span, 1, ret_item);
}

static void
check_item(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item)
{
    char text[100];
    vdr_bytes bytes = {0};
    snprintf(text, sizeof text, "item %llu, and some more text of it", (unsigned long long)item->number);
    assert_int_equal(vdr_lib_outbox_read(outbox, item, &bytes), VDR_OK);
    assert_true(vdr_span_equal(vdr_bytes_span(&bytes), vdr_span_str(text)));
    vdr_bytes_done(&bytes);
}

static void
never_moved(void *context, const vdr_lib_outbox_item *item)
{
    (void)context;
    (void)item;
    fail();
}

static off_t
file_bytes(void)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void
what_is_not_done_is_found_again(void **state)
{
    (void)state;
    const vdr_lib_outbox_item *found;
    vdr_lib_outbox_item items[10];
    vdr_lib_outbox *outbox = open_outbox(1u << 20);

    for (uint64_t n = 1; n <= 10; n++)
        assert_int_equal(add(outbox, n, &items[n - 1]), VDR_OK);
    for (size_t i = 0; i < 10; i++) {
        if (i != 3 && i != 9)
            vdr_lib_outbox_done(outbox, &items[i]);
    }
    assert_int_equal(vdr_lib_outbox_settle(outbox, never_moved, NULL), VDR_OK);
    vdr_lib_outbox_close(&outbox);

    outbox = open_outbox(1u << 20);
    assert_int_equal(vdr_lib_outbox_found(outbox, &found), 2);
    assert_int_equal(found[0].number, 4);
    assert_int_equal(found[1].number, 10);
    assert_int_equal(vdr_lib_outbox_next_number(outbox), 11);
    assert_int_equal(vdr_lib_outbox_damaged_bytes(outbox), 0);
    check_item(outbox, &found[0]);
    check_item(outbox, &found[1]);
    vdr_lib_outbox_done(outbox, &found[0]);
    vdr_lib_outbox_done(outbox, &found[1]);
    assert_int_equal(vdr_lib_outbox_settle(outbox, never_moved, NULL), VDR_OK);
    assert_int_equal(file_bytes(), 16); /* nothing left to do: cut back to its head */
    vdr_lib_outbox_close(&outbox);
}

static void
a_file_cut_anywhere_keeps_the_items_before_the_cut(void **state)
{
    (void)state;
    const vdr_lib_outbox_item *found;
    vdr_lib_outbox_item items[4];
    vdr_lib_outbox *outbox = open_outbox(1u << 20);
    off_t ends[4];

    for (uint64_t n = 1; n <= 4; n++) {
        assert_int_equal(add(outbox, n, &items[n - 1]), VDR_OK);
        ends[n - 1] = file_bytes();
    }
    vdr_lib_outbox_close(&outbox);
    for (off_t cut = ends[3] - 1; cut >= 0; cut -= cut % 16 == 0 ? 1 : cut % 16) {
        size_t whole = 0;
        assert_int_equal(truncate(path, cut), 0);
        while (whole < 4 && ends[whole] <= cut)
            whole++;
        outbox = open_outbox(1u << 20);
        assert_int_equal(vdr_lib_outbox_found(outbox, &found), whole);
        assert_int_equal(vdr_lib_outbox_damaged_bytes(outbox), 0);
        assert_int_equal(file_bytes(), whole > 0 ? ends[whole - 1] : 16); /* and goes on from there */
        vdr_lib_outbox_close(&outbox);
    }
}

static void
a_flipped_bit_costs_one_item_and_is_counted(void **state)
{
    (void)state;
    const vdr_lib_outbox_item *found;
    vdr_lib_outbox_item items[3];
    vdr_lib_outbox *outbox = open_outbox(1u << 20);

    for (uint64_t n = 1; n <= 3; n++)
        assert_int_equal(add(outbox, n, &items[n - 1]), VDR_OK);
    vdr_lib_outbox_close(&outbox);
    for (uint64_t at = items[1].place; at < items[2].place - 8; at++) { /* the last bytes are padding */
        uint8_t byte;
        int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        outbox = open_outbox(1u << 20);
        assert_int_equal(vdr_lib_outbox_found(outbox, &found), 2);
        assert_int_equal(found[0].number, 1);
        assert_int_equal(found[1].number, 3);
        assert_int_equal(vdr_lib_outbox_damaged_bytes(outbox), items[2].place - items[1].place);
        vdr_lib_outbox_close(&outbox);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        close(fd);
    }
    outbox = open_outbox(1u << 20);
    assert_int_equal(vdr_lib_outbox_found(outbox, &found), 3);
    vdr_lib_outbox_close(&outbox);
}

static void
only_the_right_file_key_and_process_get_in(void **state)
{
    (void)state;
    static const uint8_t other_key[32] = {9};
    vdr_lib_outbox *outbox = open_outbox(1u << 20), *second = NULL;
    char words[VDR_LIB_OUTBOX_WORDS];
    vdr_lib_outbox_item item;
    struct stat status;

    assert_int_equal(vdr_lib_outbox_open(path, key, 1u << 20, &second, words), VDR_E_STORE_BUSY);
    assert_int_equal(add(outbox, 1, &item), VDR_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    vdr_lib_outbox_close(&outbox);
    assert_int_equal(vdr_lib_outbox_open(path, other_key, 1u << 20, &second, words), VDR_E_USAGE);
    assert_int_equal(vdr_lib_outbox_open("/nowhere/at/all", key, 1u << 20, &second, words), VDR_E_IO);
    FILE *file = fopen(path, "r+");
    fputs("something else, longer than a head", file);
    fclose(file);
    assert_int_equal(vdr_lib_outbox_open(path, key, 1u << 20, &second, words), VDR_E_STORE_CORRUPT);
    assert_null(second);
}

static void
nothing_of_an_item_can_be_read_in_the_file(void **state)
{
    (void)state;
    vdr_lib_outbox *outbox = open_outbox(1u << 20);
    vdr_lib_outbox_item item;
    char bytes[4096];

    assert_int_equal(add(outbox, 1, &item), VDR_OK);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(len > 60);
    for (ssize_t i = 0; i + 4 < len; i++)
        assert_true(memcmp(bytes + i, "item", 4) != 0);
    vdr_lib_outbox_close(&outbox);
}

static void
a_full_outbox_takes_nothing_and_then_takes_again(void **state)
{
    (void)state;
    vdr_lib_outbox *outbox = open_outbox(500);
    vdr_lib_outbox_item items[10];
    uint64_t n = 1;

    while (add(outbox, n, &items[n - 1]) == VDR_OK)
        n++;
    assert_in_range(n, 4, 6);
    assert_int_equal(add(outbox, n, &items[n - 1]), VDR_E_BUSY);
    for (uint64_t i = 1; i < n; i++)
        vdr_lib_outbox_done(outbox, &items[i - 1]);
    assert_int_equal(vdr_lib_outbox_settle(outbox, never_moved, NULL), VDR_OK);
    assert_int_equal(add(outbox, n, &items[n - 1]), VDR_OK);
    vdr_lib_outbox_close(&outbox);
}

typedef struct places {
    vdr_lib_outbox_item *items;
    size_t moves;
} places;

static void
on_moved(void *context, const vdr_lib_outbox_item *item)
{
    places *p = context;
    p->items[item->number - 1].place = item->place;
    p->moves++;
}

/* A hundred items always wait while ten thousand large ones pass. */
static void
a_file_of_mostly_done_items_is_made_small(void **state)
{
    (void)state;
    static char large[3000];
    static vdr_lib_outbox_item items[10000];
    const vdr_lib_outbox_item *found;
    vdr_lib_outbox *outbox = open_outbox(64u << 20);
    places p = {.items = items};
    vdr_span span = vdr_span_of(large, sizeof large);
    off_t largest = 0;

    for (uint64_t n = 1; n <= 10000; n += 50) {
        vdr_span fifty[50];
        for (size_t i = 0; i < 50; i++)
            fifty[i] = span;
        assert_int_equal(vdr_lib_outbox_add(outbox, n, fifty, 50, &items[n - 1]), VDR_OK);
        for (uint64_t i = n; n > 100 && i < n + 50; i++)
            vdr_lib_outbox_done(outbox, &items[i - 101]);
        assert_int_equal(vdr_lib_outbox_settle(outbox, on_moved, &p), VDR_OK);
        largest = file_bytes() > largest ? file_bytes() : largest;
    }
    assert_true(largest < 6 << 20);
    assert_true(p.moves >= 100);
    vdr_bytes bytes = {0};
    assert_int_equal(vdr_lib_outbox_read(outbox, &items[9999], &bytes), VDR_OK);
    assert_int_equal(bytes.len, sizeof large);
    vdr_bytes_done(&bytes);
    vdr_lib_outbox_close(&outbox);
    outbox = open_outbox(64u << 20);
    assert_int_equal(vdr_lib_outbox_found(outbox, &found), 100);
    assert_int_equal(found[0].number, 9901);
    assert_int_equal(vdr_lib_outbox_next_number(outbox), 10001);
    vdr_lib_outbox_close(&outbox);
}

/* ---- With a client */

typedef struct seen {
    size_t results, recovered;
    vdr_client *client;
} seen;

static void
on_result(void *context, const vdr_client_result *result)
{
    seen *s = context;
    vdr_wire_item item;
    assert_int_equal(result->err, VDR_E_ACCEPTED);
    assert_int_equal(vdr_client_result_item(s->client, result, &item), VDR_OK);
    assert_int_equal(item.typed->id.at[0], 'k');
    s->results++;
    s->recovered += result->recovered;
}

/* Publishes until it is killed, and tells through a pipe how many items it was told are safe. */
static void
publish_until_killed(const vdr_client_options *options, int pipe_fd)
{
    vdr_client *client = NULL;
    if (vdr_client_open(options, &client, NULL) != VDR_OK)
        _exit(1);
    for (unsigned n = 1;; n++) {
        char id[32];
        snprintf(id, sizeof id, "k-%u", n);
        vdr_wire_typed typed = {.id = vdr_span_str(id), .type = vdr_span_str("nl.test.v1")};
        vdr_wire_item item = {.typed = &typed};
        if (vdr_client_publish_async(client, &item, 1, NULL) != VDR_OK ||
            write(pipe_fd, &n, sizeof n) != sizeof n)
            _exit(2);
        (void)vdr_client_process(client);
    }
}

static void
what_was_taken_is_published_after_the_sender_was_killed(void **state)
{
    (void)state;
    const char *key_file = fake_key_file();
    size_t published = 0;
    unsigned told = 0;

    for (unsigned round = 0; round < 4; round++) {
        fake_broker *broker = fake_new();
        vdr_client_options options = fake_options(broker, key_file);
        vdr_client *client = NULL;
        seen s = {0};
        int pipes[2];
        unsigned n = 0;

        options.outbox_file = path;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            publish_until_killed(&options, pipes[1]);
        close(pipes[1]);
        /* round 0 and 2: nobody answers; the others: killed while items are answered */
        while (n < 40 + 13 * round) {
            assert_int_equal(read(pipes[0], &n, sizeof n), sizeof n);
            if (round % 2 == 1)
                fake_step(broker);
        }
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n) {
        }
        close(pipes[0]);
        told += n;

        options.context = &s;
        options.on_result = on_result;
        assert_int_equal(vdr_client_open(&options, &client, NULL), VDR_OK);
        s.client = client;
        assert_true(fake_until(broker, client, fake_all_answered, client));
        vdr_client_close(&client);
        assert_int_equal(s.recovered, s.results);
        for (unsigned i = 1; i <= n; i++) { /* every one that was called safe is there */
            char id[32];
            bool there = false;
            snprintf(id, sizeof id, "k-%u", i);
            for (size_t k = 0; k < broker->item_count && !there; k++)
                there = strcmp(broker->items[k].id, id) == 0;
            if (!there)
                fail_msg("round %u: %s of %u was lost", round, id, n);
        }
        published += broker->item_count;
        assert_int_equal(file_bytes(), 16);
        fake_free(broker);
    }
    assert_true(published >= told);
    (void)unlink(key_file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_done_is_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_keeps_the_items_before_the_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_bit_costs_one_item_and_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_right_file_key_and_process_get_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_an_item_can_be_read_in_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_outbox_takes_nothing_and_then_takes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_mostly_done_items_is_made_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_taken_is_published_after_the_sender_was_killed, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
