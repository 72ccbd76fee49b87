#include "store/log.h"

#include "store/bytes.h"
#include "store/ops.h"

#define PACKED_HEAD_BYTES 8u

static bool
fits(vdr_span span)
{
    return span.len <= VDR_LOG_PART_BYTES_MAX;
}

vdr_err
vdr_log_append(vdr_log *log, uint64_t epoch, vdr_position expected, const vdr_log_record *records,
               size_t count, const vdr_log_mail *mails, size_t mail_count)
{
    VDR_ASSERT(count >= 1 && count <= VDR_LOG_GROUP_MAX);
    for (size_t i = 0; i < count; i++) {
        VDR_ASSERT(fits(records[i].routing) && fits(records[i].content) && fits(records[i].tale));
        VDR_ASSERT(records[i].carries == 0 || records[i].carries < expected);
    }
    for (size_t i = 0; i < mail_count; i++) {
        VDR_ASSERT(mails[i].position >= expected && mails[i].position - expected < count);
        VDR_ASSERT(mails[i].offset < records[mails[i].position - expected].tale.len);
    }
    return log->ops->append(log, epoch, expected, records, count, mails, mail_count);
}

vdr_err
vdr_log_cut(vdr_log *log, vdr_position keep, size_t count_max, size_t *ret_removed)
{
    VDR_ASSERT(count_max > 0);
    return log->ops->cut(log, keep, count_max, ret_removed);
}

vdr_err
vdr_log_forget_mail(vdr_log *log, uint32_t mailbox, uint64_t seq, size_t count_max, size_t *ret_removed)
{
    VDR_ASSERT(count_max > 0);
    return log->ops->forget_mail(log, mailbox, seq, count_max, ret_removed);
}

void
vdr_log_stats_get(vdr_log *log, vdr_log_stats *ret_stats)
{
    log->ops->stats_get(log, ret_stats);
}

vdr_err
vdr_log_chain(vdr_log *log, vdr_position position, uint8_t ret_hash[32])
{
    vdr_log_head head;
    vdr_err err = position > 0 ? log->ops->head(log, position - 1, &head) : VDR_E_NOT_FOUND;
    if (err == VDR_OK)
        memcpy(ret_hash, head.chain, sizeof head.chain);
    return err;
}

vdr_err
vdr_log_head_get(vdr_log *log, vdr_position position, vdr_log_head *ret_head)
{
    return log->ops->head(log, position, ret_head);
}

vdr_err
vdr_log_verify(vdr_log *log, vdr_position from, bool (*progress)(void *context, vdr_position at),
               void *context, vdr_position *ret_bad)
{
    vdr_store_fault fault = {.position = from};
    vdr_err err = log->ops->verify(log, from, progress, context, &fault);
    if (err != VDR_OK)
        *ret_bad = fault.position;
    return err;
}

vdr_err
vdr_log_proofread(vdr_log *log, vdr_position from, vdr_store_progress_fn progress, void *context,
                  vdr_store_fault *ret_fault)
{
    *ret_fault = (vdr_store_fault){.file = "", .text = ""};
    return log->ops->verify(log, from, progress, context, ret_fault);
}

vdr_err
vdr_log_reader_open(vdr_log *log, vdr_log_reader **ret_reader)
{
    return log->ops->reader_open(log, ret_reader);
}

vdr_err
vdr_log_reader_refresh(vdr_log_reader *reader)
{
    return reader->ops->reader_refresh(reader);
}

void
vdr_log_reader_rest(vdr_log_reader *reader)
{
    if (!reader->resting)
        reader->ops->reader_rest(reader);
}

void
vdr_log_reader_close(vdr_log_reader **reader_p)
{
    if (*reader_p == NULL)
        return;
    (*reader_p)->ops->reader_close(*reader_p);
    *reader_p = NULL;
}

vdr_err
vdr_log_read(vdr_log_reader *reader, vdr_position position, vdr_log_record *ret_record)
{
    vdr_position carrier = 0;
    vdr_log_record record;
    VDR_ASSERT(!reader->resting);
    vdr_err err = reader->ops->read(reader, position, ret_record);
    if (err != VDR_E_NOT_FOUND)
        return err;
    err = reader->ops->carrier(reader, position, &carrier);
    if (err == VDR_OK) {
        err = reader->ops->read(reader, carrier, &record);
        err = err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
    }
    return err == VDR_OK ? vdr_log_unpack(record.content, ret_record) : err;
}

size_t
vdr_log_packed_bytes(const vdr_log_record *record)
{
    return PACKED_HEAD_BYTES + record->routing.len + record->content.len + record->tale.len;
}

void
vdr_log_pack(const vdr_log_record *record, uint8_t *ret_packed)
{
    const vdr_span parts[] = {record->routing, record->content, record->tale};
    uint8_t *at = ret_packed + PACKED_HEAD_BYTES;
    vdr_put_le32(ret_packed, (uint32_t)record->routing.len);
    vdr_put_le32(ret_packed + 4, (uint32_t)record->content.len);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].len != 0)
            memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
}

vdr_err
vdr_log_unpack(vdr_span content, vdr_log_record *ret_record)
{
    if (content.len < 1 + PACKED_HEAD_BYTES)
        return VDR_E_STORE_CORRUPT;
    const uint8_t *head = content.at + 1;
    size_t routing_len = vdr_get_le32(head), content_len = vdr_get_le32(head + 4);
    size_t len = content.len - 1 - PACKED_HEAD_BYTES;
    if (routing_len > len || content_len > len - routing_len)
        return VDR_E_STORE_CORRUPT;
    const uint8_t *at = head + PACKED_HEAD_BYTES;
    *ret_record = (vdr_log_record){
        .routing = vdr_span_of(at, routing_len),
        .content = vdr_span_of(at + routing_len, content_len),
        .tale = vdr_span_of(at + routing_len + content_len, len - routing_len - content_len)};
    return VDR_OK;
}

vdr_err
vdr_log_next(vdr_log_reader *reader, vdr_position from, vdr_position *ret_position)
{
    VDR_ASSERT(!reader->resting);
    return reader->ops->next(reader, from, ret_position);
}

vdr_err
vdr_log_carrier(vdr_log_reader *reader, vdr_position position, vdr_position *ret_carrier)
{
    VDR_ASSERT(!reader->resting);
    return reader->ops->carrier(reader, position, ret_carrier);
}

vdr_err
vdr_log_look_at(vdr_log_reader *reader, vdr_position position, vdr_log_look *ret_look)
{
    VDR_ASSERT(!reader->resting);
    return reader->ops->look_at(reader, position, ret_look);
}

vdr_err
vdr_log_read_key(vdr_log_reader *reader, vdr_position position, vdr_vault_key *ret_key)
{
    VDR_ASSERT(!reader->resting);
    return reader->ops->read_key(reader, position, ret_key);
}

uint32_t
vdr_log_keys_from(const vdr_log *log)
{
    vdr_vault_status status;
    const vdr_vault *vault = log->ops->vault(log);
    if (vault == NULL)
        return 0;
    vdr_vault_status_get(vault, &status);
    return status.oldest;
}

vdr_err
vdr_log_read_mail(vdr_log_reader *reader, uint32_t mailbox, uint64_t seq, vdr_log_mail *ret_mails, size_t max,
                  size_t *ret_count)
{
    VDR_ASSERT(!reader->resting);
    return reader->ops->read_mail(reader, mailbox, seq, ret_mails, max, ret_count);
}

vdr_err
vdr_log_backup(vdr_log *log, const char *dir)
{
    return log->ops->backup(log, dir);
}

const char *
vdr_log_reason(vdr_log *log)
{
    return log->ops->reason(log);
}

void
vdr_log_close(vdr_log **log_p)
{
    if (*log_p == NULL)
        return;
    (*log_p)->ops->close(*log_p);
    *log_p = NULL;
}
