#include "broker/engine/group.h"

#include "proto/limits.h"

#include <stdlib.h>

static vdr_group_chunk *
chunk_new(size_t size)
{
    vdr_group_chunk *chunk = vdr_alloc(1, sizeof *chunk);
    chunk->bytes = vdr_alloc(1, size);
    chunk->size = size;
    return chunk;
}

static void
chunk_free(vdr_group_chunk *chunk)
{
    free(chunk->bytes);
    free(chunk);
}

void
vdr_gather_init(vdr_gather *gather)
{
    *gather = (vdr_gather){.expected = 0};
    atomic_init(&gather->done, false);
    gather->chunks = gather->chunk = chunk_new(VDR_GROUP_CHUNK_BYTES);
}

void
vdr_gather_done(vdr_gather *gather)
{
    for (vdr_group_chunk *chunk = gather->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        chunk_free(chunk);
    }
    free(gather->records);
    free(gather->results);
    free(gather->mails);
    free(gather->told);
    gather->chunks = gather->chunk = NULL;
    gather->records = NULL;
    gather->results = NULL;
    gather->mails = NULL;
    gather->told = NULL;
}

void
vdr_gather_clear(vdr_gather *gather, vdr_position expected)
{
    /* Chunks made for one oversized thing go; the others wait for the next group. */
    for (vdr_group_chunk **at = &gather->chunks; *at != NULL;) {
        vdr_group_chunk *chunk = *at;
        chunk->used = 0;
        if (chunk->size > VDR_GROUP_CHUNK_BYTES) {
            *at = chunk->next;
            chunk_free(chunk);
        } else {
            at = &chunk->next;
        }
    }
    gather->chunk = gather->chunks; /* the first is never oversized: see init and reserve */
    gather->bytes = 0;
    gather->record_count = gather->result_count = gather->mail_count = gather->told_count = 0;
    gather->expected = expected;
    gather->error = VDR_OK;
    gather->took_us = 0;
    atomic_store_explicit(&gather->done, false, memory_order_relaxed);
}

uint8_t *
vdr_gather_reserve(vdr_gather *gather, size_t bytes)
{
    vdr_group_chunk *chunk = gather->chunk;
    if (chunk->size - chunk->used < bytes) {
        vdr_group_chunk *next = chunk->next;
        if (next == NULL || next->size < bytes) {
            next = chunk_new(bytes > VDR_GROUP_CHUNK_BYTES ? bytes : VDR_GROUP_CHUNK_BYTES);
            next->next = chunk->next;
            chunk->next = next;
        }
        gather->chunk = chunk = next;
    }
    uint8_t *at = chunk->bytes + chunk->used;
    chunk->used += bytes;
    gather->bytes += bytes;
    return at;
}

void
vdr_gather_trim(vdr_gather *gather, size_t unused_bytes)
{
    VDR_ASSERT(unused_bytes <= gather->chunk->used && unused_bytes <= gather->bytes);
    gather->chunk->used -= unused_bytes;
    gather->bytes -= unused_bytes;
}

vdr_span
vdr_gather_copy(vdr_gather *gather, vdr_span bytes)
{
    if (bytes.len == 0)
        return bytes;
    uint8_t *at = vdr_gather_reserve(gather, bytes.len);
    memcpy(at, bytes.at, bytes.len);
    return vdr_span_of(at, bytes.len);
}

/* Makes room for one more (or count more) in a growing array. */
static void *
grown(void *at, size_t *room, size_t count, size_t more, size_t item_bytes)
{
    if (count + more <= *room)
        return at;
    size_t room_now = *room != 0 ? *room : 64;
    while (room_now < count + more)
        room_now *= 2;
    *room = room_now;
    return vdr_realloc(at, room_now, item_bytes);
}

vdr_position
vdr_gather_add_record(vdr_gather *gather, const vdr_log_record *record)
{
    gather->records =
        grown(gather->records, &gather->record_room, gather->record_count, 1, sizeof *gather->records);
    gather->records[gather->record_count] = *record;
    return gather->expected + gather->record_count++;
}

void
vdr_gather_add_result(vdr_gather *gather, const vdr_result *result)
{
    gather->results =
        grown(gather->results, &gather->result_room, gather->result_count, 1, sizeof *gather->results);
    gather->results[gather->result_count++] = *result;
}

void
vdr_gather_add_told(vdr_gather *gather, vdr_position position, vdr_span tale, vdr_span content)
{
    gather->told = grown(gather->told, &gather->told_room, gather->told_count, 1, sizeof *gather->told);
    gather->told[gather->told_count++] = (vdr_told){.position = position, .tale = tale, .content = content};
}

void
vdr_gather_add_mails(vdr_gather *gather, vdr_position position, const vdr_core_mail *mails, size_t count)
{
    if (count == 0)
        return;
    gather->mails =
        grown(gather->mails, &gather->mail_room, gather->mail_count, count, sizeof *gather->mails);
    for (size_t i = 0; i < count; i++)
        gather->mails[gather->mail_count++] = (vdr_log_mail){.mailbox = mails[i].mailbox,
                                                             .offset = mails[i].offset,
                                                             .seq = mails[i].seq,
                                                             .position = position};
}

size_t
vdr_gather_room(const vdr_gather *gather)
{
    size_t taken = gather->result_count > gather->record_count ? gather->result_count : gather->record_count;
    if (taken >= VDR_GROUP_RECORDS_MAX || gather->bytes >= VDR_GROUP_BYTES_MAX)
        return 0;
    return VDR_GROUP_RECORDS_MAX - taken;
}

bool
vdr_gather_enough(const vdr_gather *gather)
{
    return vdr_gather_room(gather) <= VDR_GROUP_RECORDS_MAX - VDR_GROUP_RECORDS_GOOD ||
           gather->bytes >= VDR_GROUP_BYTES_MAX / 2;
}

void
vdr_gather_close(vdr_gather *gather)
{
    gather->group = (vdr_group){
        .first = gather->expected,
        .record_count = gather->record_count,
        .results = gather->results,
        .result_count = gather->result_count,
        .mails = gather->mails,
        .mail_count = gather->mail_count,
        .told = gather->told,
        .told_count = gather->told_count,
    };
}
