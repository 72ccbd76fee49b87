#include "clients/lib/client.h"

#include <stdlib.h>

#define FRAME_BYTES      (128u * 1024) /* a larger frame costs no less per item */
#define PAUSE_MS         250           /* where the broker asks for one without saying how long */
#define WHOLE_ITEMS      128u          /* from here on larger frames cost hardly less per item */
#define ITEMS_MAX        8192u         /* options.unanswered_max */
#define OUTBOX_BYTES_MAX (UINT64_C(256) * 1024 * 1024)

void
vdr_lib_publish_init(vdr_client *client)
{
    vdr_lib_publisher *publisher = &client->publisher;

    vdr_lib_queue_init(&publisher->queue);
    publisher->next_number = 1;
    if (client->options.unanswered_max == 0)
        client->options.unanswered_max = ITEMS_MAX;
    if (client->options.frame_items == 0 || client->options.frame_items > VDR_BATCH_ITEMS_MAX)
        client->options.frame_items = VDR_BATCH_ITEMS_MAX;
    if (client->options.outbox_bytes_max == 0)
        client->options.outbox_bytes_max = OUTBOX_BYTES_MAX;
}

void
vdr_lib_publish_free(vdr_client *client)
{
    vdr_lib_outbox_close(&client->publisher.outbox);
    if (client->publisher.queue.entries != NULL)
        vdr_lib_queue_done(&client->publisher.queue);
}

vdr_err
vdr_lib_publish_load_outbox(vdr_client *client, const uint8_t secret_key[32])
{
    vdr_lib_publisher *publisher = &client->publisher;
    const vdr_lib_outbox_item *items;
    char words[VDR_LIB_OUTBOX_WORDS];

    vdr_err err = vdr_lib_outbox_open(client->options.outbox_file, secret_key,
                                      client->options.outbox_bytes_max, &publisher->outbox, words);
    if (err != VDR_OK)
        return vdr_lib_fail(client, err, words);
    size_t count = vdr_lib_outbox_found(publisher->outbox, &items);
    for (size_t i = 0; i < count; i++) {
        vdr_lib_queue_entry entry = {
            .number = items[i].number, .place = items[i].place, .bytes = items[i].bytes, .recovered = true};
        vdr_lib_queue_push(&publisher->queue, &entry, (vdr_span){0});
    }
    publisher->recovered = publisher->published = count;
    publisher->next_number = vdr_lib_outbox_next_number(publisher->outbox);
    return VDR_OK;
}

void
vdr_lib_publish_begin(vdr_client *client)
{
    vdr_lib_publisher *publisher = &client->publisher;

    publisher->sent = 0;
    publisher->sent_bytes = 0;
    publisher->front_sequence = 1;
    publisher->window_items = client->session.welcome.limits.window_items;
    publisher->window_bytes = client->session.welcome.limits.window_bytes;
    publisher->paused_until_ms = 0;
}

/* ---- Sending */

/* May the next entry go out under the broker's window, behind so many items and bytes more? */
static bool
window_takes(const vdr_lib_publisher *publisher, size_t items, uint64_t bytes)
{
    size_t next = publisher->sent + items;
    return next < publisher->queue.count && next < publisher->window_items &&
           publisher->sent_bytes + bytes + vdr_lib_queue_at(&publisher->queue, next)->bytes <=
               publisher->window_bytes;
}

bool
vdr_lib_publish_due(const vdr_client *client, int64_t now_ms)
{
    return vdr_lib_session_ready(client) && now_ms >= client->publisher.paused_until_ms &&
           window_takes(&client->publisher, 0, 0);
}

/* The entry's bytes, here or read into bytes. False: the disk failed. */
static bool
bytes_of(vdr_client *client, const vdr_lib_queue_entry *entry, vdr_bytes *bytes, vdr_span *ret_span)
{
    if (entry->chunk != NULL) {
        *ret_span = vdr_lib_queue_bytes(entry);
        return true;
    }
    vdr_lib_outbox_item item = {.number = entry->number, .place = entry->place, .bytes = entry->bytes};
    size_t before = bytes->len;
    vdr_err err = vdr_lib_outbox_read(client->publisher.outbox, &item, bytes);
    if (err != VDR_OK) {
        (void)vdr_lib_fail(client, err, vdr_lib_outbox_words(client->publisher.outbox));
        return false;
    }
    *ret_span = vdr_span_of(bytes->at + before, entry->bytes);
    return true;
}

/* How many entries go into the next frame; sum of their bytes. */
static size_t
choose_items(const vdr_client *client, uint64_t *ret_bytes, bool *ret_want_results)
{
    const vdr_lib_publisher *publisher = &client->publisher;
    const vdr_wire_limits *limits = &client->session.welcome.limits;
    size_t frame_max = limits->frame_bytes < FRAME_BYTES ? limits->frame_bytes : FRAME_BYTES;
    size_t items = 0, frame = VDR_PUBLISH_BYTES_MAX;
    size_t items_max =
        limits->batch_items < client->options.frame_items ? limits->batch_items : client->options.frame_items;

    *ret_bytes = 0;
    *ret_want_results = false;
    while (items < items_max && window_takes(publisher, items, *ret_bytes)) {
        const vdr_lib_queue_entry *entry = vdr_lib_queue_at(&publisher->queue, publisher->sent + items);
        frame += vdr_publish_item_bytes(entry->bytes);
        if (frame > frame_max && items > 0)
            break;
        *ret_bytes += entry->bytes;
        *ret_want_results = *ret_want_results || entry->want_result;
        items++;
    }
    return items;
}

/* One PUBLISH. False: nothing can go. */
static bool
send_frame(vdr_client *client)
{
    vdr_lib_publisher *publisher = &client->publisher;
    VDR_UNZEROED vdr_span spans[VDR_BATCH_ITEMS_MAX];
    vdr_bytes read = {0};
    uint64_t bytes;
    bool want_results, good = true;
    size_t items = choose_items(client, &bytes, &want_results);

    if (publisher->outbox != NULL) { /* the spans must not move while they are collected */
        (void)vdr_bytes_extend(&read, bytes + VDR_BATCH_ITEMS_MAX);
        read.len = 0;
    }
    for (size_t i = 0; i < items && good; i++) {
        vdr_lib_queue_entry *entry = vdr_lib_queue_at(&publisher->queue, publisher->sent + i);
        good = bytes_of(client, entry, &read, &spans[i]);
        publisher->sent_again += entry->tried;
        entry->tried = true;
    }
    if (good && items > 0) {
        uint32_t sequence = vdr_lib_session_next_sequence(client);
        vdr_publish_write(publisher->front_sequence + publisher->sent, want_results, spans, items, sequence,
                          &client->session.out);
        publisher->sent += items;
        publisher->sent_bytes += bytes;
        vdr_lib_session_send_out(client);
    }
    vdr_bytes_done(&read);
    return good && items > 0;
}

void
vdr_lib_publish_pump(vdr_client *client)
{
    if (!vdr_lib_session_ready(client) || vdr_lib_now_ms() < client->publisher.paused_until_ms)
        return;
    while (vdr_lib_session_ready(client) && window_takes(&client->publisher, 0, 0)) {
        if (!send_frame(client))
            return;
    }
}

/* ---- Answers */

/* To the one who waits for it, or to the callback. */
static void
report(vdr_client *client, const vdr_client_result *result)
{
    vdr_lib_waiting *waiting = &client->publisher.waiting;

    if (waiting->left > 0 && result->number - waiting->first < waiting->count) {
        waiting->results[result->number - waiting->first] = result->detail;
        if (result->err != VDR_E_ACCEPTED && result->err != VDR_E_DUPLICATE) {
            waiting->worst = result->err;
            (void)vdr_lib_fail_span(client, result->err, result->text, 0);
        }
        waiting->left--;
    } else if (client->options.on_result != NULL) {
        client->options.on_result(client->options.context, result);
    }
}

/* The oldest entry has its final answer. It leaves the queue before that is told: the callback may publish. */
static void
finish(vdr_client *client, vdr_err err, vdr_span text, const vdr_wire_result *detail, uint32_t retry_after_ms)
{
    vdr_lib_publisher *publisher = &client->publisher;
    vdr_lib_queue_entry entry;

    vdr_lib_queue_pop(&publisher->queue, &entry);
    vdr_client_result result = {.number = entry.number,
                                .err = err,
                                .text = text,
                                .detail = *detail,
                                .retry_after_ms = retry_after_ms,
                                .recovered = entry.recovered,
                                .item = &entry};
    result.detail.error = err;
    if (publisher->outbox != NULL) {
        vdr_lib_outbox_item done = {.number = entry.number, .place = entry.place, .bytes = entry.bytes};
        vdr_lib_outbox_done(publisher->outbox, &done);
    }
    publisher->answered++;
    report(client, &result);
    vdr_lib_queue_release(&publisher->queue, &entry);
}

/* The broker did not decide it: it goes to the end, to be sent again after a pause. */
static void
put_back(vdr_client *client)
{
    vdr_lib_publisher *publisher = &client->publisher;
    vdr_lib_queue_entry entry;

    vdr_lib_queue_pop(&publisher->queue, &entry);
    vdr_span bytes = entry.chunk != NULL ? vdr_lib_queue_bytes(&entry) : (vdr_span){0};
    vdr_lib_queue_push(&publisher->queue, &entry, bytes);
    vdr_lib_queue_release(&publisher->queue, &entry);
}

/* Is it of no use to send it again before an operator has done something, and does somebody wait for the answer? */
static bool
is_told(const vdr_client *client, vdr_err err)
{
    return client->options.tell_stopped && client->publisher.outbox == NULL &&
           vdr_err_actor_of(err) == VDR_ACTOR_OPERATOR;
}

static bool
covers(const vdr_wire_exception *exception, uint64_t sequence)
{
    uint64_t count = exception->count != 0 ? exception->count : 1;
    return sequence >= exception->sequence && sequence - exception->sequence < count;
}

/* Comes in the order of numbers, which is that of the queue but for what was put back. */
static void
moved(void *context, const vdr_lib_outbox_item *item)
{
    vdr_lib_publisher *publisher = &((vdr_client *)context)->publisher;

    for (size_t i = 0; i < publisher->queue.count; i++) {
        size_t index = (publisher->moved_next + i) % publisher->queue.count;
        vdr_lib_queue_entry *entry = vdr_lib_queue_at(&publisher->queue, index);
        if (entry->number == item->number) {
            entry->place = item->place;
            publisher->moved_next = index + 1;
            return;
        }
    }
}

vdr_err
vdr_lib_publish_confirm(vdr_client *client, const vdr_wire_confirm *confirm)
{
    vdr_lib_publisher *publisher = &client->publisher;
    const vdr_wire_exception *exception = confirm->exceptions;
    const vdr_wire_exception *exceptions_end = exception + confirm->exception_count;
    const vdr_wire_result *result = confirm->results, *results_end = result + confirm->result_count;
    bool pause = false;

    if (confirm->up_to + 1 < publisher->front_sequence ||
        confirm->up_to + 1 - publisher->front_sequence > publisher->sent)
        return VDR_E_SEQUENCE_GAP;
    publisher->window_items = confirm->window_items;
    publisher->window_bytes = confirm->window_bytes;
    while (publisher->front_sequence <= confirm->up_to) {
        uint64_t sequence = publisher->front_sequence;
        while (exception < exceptions_end && exception->sequence < sequence && !covers(exception, sequence))
            exception++;
        while (result < results_end && result->sequence < sequence)
            result++;
        bool excepted = exception < exceptions_end && covers(exception, sequence);
        vdr_err err = excepted ? exception->error : VDR_E_ACCEPTED;
        vdr_wire_result bare = {.sequence = sequence, .position = excepted ? exception->position : 0};
        publisher->sent--;
        publisher->sent_bytes -= vdr_lib_queue_at(&publisher->queue, 0)->bytes;
        publisher->front_sequence++;
        bool later = (unsigned)err >= 200 && vdr_err_class_of(err) == VDR_ERR_LATER;
        if (later && !is_told(client, err)) {
            (void)vdr_lib_fail_span(client, err, exception->text, confirm->retry_after_ms);
            put_back(client);
            pause = true;
        } else {
            bool told = result < results_end && result->sequence == sequence;
            finish(client, err, excepted ? exception->text : (vdr_span){0}, told ? result : &bare,
                   later || err == VDR_E_HELD_BACK ? confirm->retry_after_ms : 0);
        }
    }
    if (pause)
        publisher->paused_until_ms =
            vdr_lib_now_ms() + (confirm->retry_after_ms != 0 ? confirm->retry_after_ms : PAUSE_MS);
    publisher->moved_next = 0;
    if (publisher->outbox != NULL && vdr_lib_outbox_settle(publisher->outbox, moved, client) != VDR_OK)
        (void)vdr_lib_fail(client, VDR_E_IO, vdr_lib_outbox_words(publisher->outbox));
    return VDR_OK;
}

/* ---- Taking items */

/* Encodes items one after the other into bytes; ends[i] is where item i ends. */
static vdr_err
encode_items(vdr_client *client, const vdr_wire_item *items, size_t count, vdr_bytes *bytes, size_t *ends)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = bytes->len;
        vdr_err err = vdr_item_encode(&items[i], bytes);
        if (err != VDR_OK)
            return vdr_lib_fail(client, err, NULL);
        if (vdr_publish_item_bytes(bytes->len - before) + VDR_PUBLISH_BYTES_MAX > VDR_FRAME_BYTES_MAX)
            return vdr_lib_fail(client, VDR_E_TOO_BIG, "an item is larger than a frame");
        ends[i] = bytes->len;
    }
    return VDR_OK;
}

/* At most VDR_BATCH_ITEMS_MAX items, encoded in bytes. */
static vdr_err
take(vdr_client *client, const vdr_bytes *bytes, const size_t *ends, size_t count, bool want_results)
{
    vdr_lib_publisher *publisher = &client->publisher;
    VDR_UNZEROED vdr_span spans[VDR_BATCH_ITEMS_MAX];
    VDR_UNZEROED vdr_lib_outbox_item stored[VDR_BATCH_ITEMS_MAX];

    for (size_t i = 0; i < count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): ends has count of them */
        spans[i] = vdr_span_of(bytes->at + (i > 0 ? ends[i - 1] : 0), ends[i] - (i > 0 ? ends[i - 1] : 0));
    if (publisher->outbox != NULL) {
        vdr_err err = vdr_lib_outbox_add(publisher->outbox, publisher->next_number, spans, count, stored);
        if (err != VDR_OK)
            return vdr_lib_fail(client, err, vdr_lib_outbox_words(publisher->outbox));
    }
    for (size_t i = 0; i < count; i++) {
        vdr_lib_queue_entry entry = {.number = publisher->next_number + i, .want_result = want_results};
        if (publisher->outbox != NULL) {
            /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): vdr_lib_outbox_add filled it */
            entry.place = stored[i].place;
            entry.bytes = stored[i].bytes;
            spans[i] = (vdr_span){0};
        }
        vdr_lib_queue_push(&publisher->queue, &entry, spans[i]);
    }
    publisher->next_number += count;
    publisher->published += count;
    return VDR_OK;
}

static vdr_err
publish(vdr_client *client, const vdr_wire_item *items, size_t count, bool want_results, uint64_t *ret_first)
{
    vdr_lib_publisher *publisher = &client->publisher;
    VDR_UNZEROED size_t ends[VDR_BATCH_ITEMS_MAX];
    vdr_bytes bytes = {0};

    VDR_ASSERT(count >= 1 && count <= VDR_BATCH_ITEMS_MAX);
    if (publisher->outbox == NULL && publisher->queue.count + count > client->options.unanswered_max)
        return vdr_lib_fail(client, VDR_E_BUSY, "too many items are not answered yet");
    vdr_err err = encode_items(client, items, count, &bytes, ends);
    uint64_t first = publisher->next_number;
    if (err == VDR_OK)
        err = take(client, &bytes, ends, count, want_results);
    vdr_bytes_done(&bytes);
    if (err == VDR_OK && ret_first != NULL)
        *ret_first = first;
    return err;
}

vdr_err
vdr_client_publish_async(vdr_client *client, const vdr_wire_item *items, size_t count, uint64_t *ret_first)
{
    vdr_err err = publish(client, items, count, client->options.want_results, ret_first);
    const vdr_lib_publisher *publisher = &client->publisher;
    size_t whole = client->options.frame_items < WHOLE_ITEMS ? client->options.frame_items : WHOLE_ITEMS;

    /* A whole frame waits: out with it, so that a burst of calls does not pile up. */
    if (err == VDR_OK && publisher->queue.count - publisher->sent >= whole)
        vdr_lib_publish_pump(client);
    return err;
}

vdr_err
vdr_client_publish(vdr_client *client, const vdr_wire_item *items, size_t count, vdr_wire_result *ret_results,
                   int64_t timeout_ms)
{
    vdr_lib_waiting *waiting = &client->publisher.waiting;
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;
    uint64_t first;

    VDR_ASSERT(!client->inside);
    memset(ret_results, 0, count * sizeof *ret_results);
    vdr_err err = publish(client, items, count, true, &first);
    if (err != VDR_OK)
        return err;
    *waiting = (vdr_lib_waiting){.first = first, .count = count, .left = count, .results = ret_results};
    while (waiting->left > 0) {
        int64_t now = vdr_lib_now_ms();
        if (now >= until)
            break;
        (void)vdr_client_wait(client, until == INT64_MAX ? -1 : until - now);
    }
    err = waiting->left == 0 ? waiting->worst : vdr_lib_late(client);
    *waiting = (vdr_lib_waiting){0};
    return err;
}

vdr_err
vdr_client_result_item(vdr_client *client, const vdr_client_result *result, vdr_wire_item *ret_item)
{
    vdr_bytes read = {0};
    vdr_span bytes;

    vdr_arena_reset(&client->item);
    vdr_err err = bytes_of(client, result->item, &read, &bytes)
                      ? vdr_item_decode(bytes, &client->item, ret_item)
                      : client->error.err;
    vdr_bytes_done(&read);
    return err;
}
