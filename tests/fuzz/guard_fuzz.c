/* Law: any bytes are a request's head or refused with a reason, the same however they are cut up. What is let in can
 * be written down again in one form, which is let in and means the same; nothing in it can be taken for something
 * else: no controls, one host, one length, no empty or dotted segment. */
#include "clients/gateway/guard.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static const vdr_guard_limits limits = {.target_bytes = 512, .header_bytes = 4096, .header_count = 16};

static void
add(vdr_bytes *bytes, const char *text)
{
    vdr_bytes_add(bytes, vdr_span_str(text));
}

static void
write_head(const vdr_guard_head *head, vdr_bytes *bytes)
{
    static const char *const methods[] = {
        [VDR_GUARD_GET] = "GET ",       [VDR_GUARD_POST] = "POST ",       [VDR_GUARD_PUT] = "PUT ",
        [VDR_GUARD_DELETE] = "DELETE ", [VDR_GUARD_OPTIONS] = "OPTIONS ", [VDR_GUARD_PATCH] = "PATCH ",
        [VDR_GUARD_HEAD] = "HEAD ",
    };
    add(bytes, methods[head->method]);
    vdr_bytes_add(bytes, head->target);
    add(bytes, head->minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (size_t i = 0; i < head->header_count; i++) {
        vdr_bytes_add(bytes, head->headers[i].name);
        add(bytes, ":");
        vdr_bytes_add(bytes, head->headers[i].value);
        add(bytes, "\r\n");
    }
    add(bytes, "\r\n");
}

static bool
clean(vdr_span text)
{
    bool good = vdr_span_is_utf8(text);
    for (size_t i = 0; i < text.len && good; i++)
        good = (text.at[i] >= 0x20 || text.at[i] == '\t') && text.at[i] != 0x7f;
    return good;
}

static void
check_fields(const vdr_guard_field *a, size_t a_count, const vdr_guard_field *b, size_t b_count)
{
    VDR_ASSERT(a_count == b_count);
    for (size_t i = 0; i < a_count; i++) {
        VDR_ASSERT(vdr_span_equal(a[i].name, b[i].name) && vdr_span_equal(a[i].value, b[i].value));
        VDR_ASSERT(clean(a[i].name) && clean(a[i].value));
    }
}

static void
check_head(const vdr_guard_head *head)
{
    size_t hosts = 0, lengths = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        hosts += vdr_span_equal(head->headers[i].name, vdr_span_str("host"));
        lengths += vdr_span_equal(head->headers[i].name, vdr_span_str("content-length"));
        VDR_ASSERT(!vdr_span_equal(head->headers[i].name, vdr_span_str("transfer-encoding")));
        for (size_t j = 0; j < i; j++)
            VDR_ASSERT(!vdr_span_equal(head->headers[i].name, head->headers[j].name));
    }
    VDR_ASSERT(hosts <= 1 && (hosts == 1 || head->minor == 0) && lengths == (head->has_length ? 1 : 0));
    VDR_ASSERT(head->has_length || head->length_bytes == 0);
    VDR_ASSERT(head->path.len > 0 && head->path.at[0] == '/' && head->path.len <= head->target.len);
    for (size_t i = 0; i < head->segment_count; i++) {
        vdr_span segment = head->segments[i];
        VDR_ASSERT(segment.len > 0 && clean(segment) && !vdr_span_equal(segment, vdr_span_str(".")) &&
                   !vdr_span_equal(segment, vdr_span_str("..")));
    }
}

static void
check_same(const vdr_guard_head *a, const vdr_guard_head *b)
{
    VDR_ASSERT(a->method == b->method && a->minor == b->minor && a->no_path == b->no_path &&
               a->close == b->close && a->has_length == b->has_length && a->length_bytes == b->length_bytes &&
               a->expects_continue == b->expects_continue && a->segment_count == b->segment_count);
    VDR_ASSERT(vdr_span_equal(a->path, b->path) && vdr_span_equal(a->host, b->host));
    for (size_t i = 0; i < a->segment_count; i++)
        VDR_ASSERT(vdr_span_equal(a->segments[i], b->segments[i]));
    check_fields(a->query, a->query_count, b->query, b->query_count);
    check_fields(a->headers, a->header_count, b->headers, b->header_count);
}

/* Reads a copy of the head. */
static vdr_guard_fault
read_copy(vdr_span text, vdr_arena *arena, vdr_guard_head *ret_head)
{
    uint8_t *copy = vdr_arena_alloc(arena, text.len);
    VDR_ASSERT(copy != NULL);
    memcpy(copy, text.at, text.len);
    return vdr_guard_read(copy, text.len, &limits, arena, ret_head);
}

/* Written down again. It may have grown by the ", " of a joined list, so its limits may be passed. */
static void
check_again(const vdr_guard_head *head, vdr_arena *arena)
{
    vdr_bytes text = {0};
    vdr_guard guard = {0};
    vdr_guard_fault fault;
    vdr_guard_head again;
    write_head(head, &text);
    if (text.len <= limits.header_bytes) {
        VDR_ASSERT(vdr_guard_scan(&guard, vdr_bytes_span(&text), &limits, &fault) == text.len);
        fault = read_copy(vdr_bytes_span(&text), arena, &again);
        VDR_ASSERT(fault.refusal == VDR_REFUSAL_NONE);
        check_same(head, &again);
    }
    vdr_bytes_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    vdr_guard whole = {0}, cut = {0};
    vdr_guard_fault fault, cut_fault = {VDR_REFUSAL_NONE, NULL};
    static const uint8_t none[1] = {0};
    vdr_span text = vdr_span_of(len != 0 ? at : none, len);
    size_t head_len = vdr_guard_scan(&whole, text, &limits, &fault), cut_len = 0;

    for (size_t i = 1; i <= len && cut_len == 0 && cut_fault.refusal == VDR_REFUSAL_NONE; i++)
        cut_len = vdr_guard_scan(&cut, vdr_span_of(text.at, i), &limits, &cut_fault);
    VDR_ASSERT(head_len == cut_len && fault.refusal == cut_fault.refusal && fault.detail == cut_fault.detail);
    VDR_ASSERT(head_len <= len && (head_len == 0 || fault.refusal == VDR_REFUSAL_NONE));
    if (head_len == 0)
        return 0;
    vdr_arena arena;
    vdr_guard_head head;
    vdr_arena_init(&arena, 1024 * (size_t)1024);
    fault = read_copy(vdr_span_of(text.at, head_len), &arena, &head);
    if (fault.refusal == VDR_REFUSAL_NONE) {
        check_head(&head);
        check_again(&head, &arena);
    }
    vdr_arena_done(&arena);
    return 0;
}
