#include "store/memory_disk.h"

#include <stdlib.h>

vdr_err
vdr_log_memory_reader_open(vdr_log *base, vdr_log_reader **ret_reader)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    vdr_memory *memory = log->memory;
    vdr_log_memory_reader *reader = vdr_alloc(1, sizeof *reader);
    reader->reader.ops = log->log.ops;
    reader->log = log;
    (void)pthread_mutex_lock(&memory->lock);
    bool alive = log->life == memory->life;
    if (alive) {
        reader->version = memory->version;
        reader->older = memory->readers;
        memory->readers = reader;
    }
    (void)pthread_mutex_unlock(&memory->lock);
    if (!alive) {
        free(reader);
        return VDR_E_STORE_FAILED;
    }
    *ret_reader = &reader->reader;
    return VDR_OK;
}

vdr_err
vdr_log_memory_reader_refresh(vdr_log_reader *base)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    (void)pthread_mutex_lock(&memory->lock);
    bool alive = reader->log->life == memory->life;
    base->resting = !alive;
    reader->version = memory->version;
    vdr_memory_collect(memory);
    (void)pthread_mutex_unlock(&memory->lock);
    return alive ? VDR_OK : VDR_E_STORE_FAILED;
}

void
vdr_log_memory_reader_rest(vdr_log_reader *base)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    (void)pthread_mutex_lock(&memory->lock);
    base->resting = true;
    vdr_memory_collect(memory);
    (void)pthread_mutex_unlock(&memory->lock);
}

void
vdr_log_memory_reader_close(vdr_log_reader *base)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    (void)pthread_mutex_lock(&memory->lock);
    for (vdr_log_memory_reader **p = &memory->readers; *p != NULL; p = &(*p)->older) {
        if (*p == reader) {
            *p = reader->older;
            break;
        }
    }
    vdr_memory_collect(memory);
    (void)pthread_mutex_unlock(&memory->lock);
    vdr_record_room_done(&reader->room);
    free(reader);
}

static vdr_err
seek(const vdr_log_memory_reader *reader, vdr_position position, vdr_record *ret_record)
{
    vdr_memory *memory = reader->log->memory;
    (void)pthread_mutex_lock(&memory->lock);
    vdr_err err = reader->log->life == memory->life
                      ? vdr_mem_record_at(memory, position, reader->version, ret_record)
                      : VDR_E_STORE_FAILED;
    (void)pthread_mutex_unlock(&memory->lock);
    return err;
}

vdr_err
vdr_log_memory_read(vdr_log_reader *base, vdr_position position, vdr_log_record *ret_record)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_record record;
    vdr_err err = seek(reader, position, &record);
    return err == VDR_OK ? vdr_record_open(&record, reader->log->vault, &reader->room, ret_record) : err;
}

vdr_err
vdr_log_memory_read_key(vdr_log_reader *base, vdr_position position, vdr_vault_key *ret_key)
{
    vdr_record record;
    vdr_err err = seek((const vdr_log_memory_reader *)base, position, &record);
    if (err == VDR_OK)
        *ret_key = record.key;
    return err;
}

static bool
is_seen(const vdr_log_memory_reader *reader, const vdr_mem_row *row)
{
    return row->born <= reader->version && reader->version < row->dead;
}

/* The twin has no index: it looks at every row. */
vdr_err
vdr_log_memory_next(vdr_log_reader *base, vdr_position from, vdr_position *ret_position)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    vdr_position carried = UINT64_MAX, first = 0, last = 0;
    (void)pthread_mutex_lock(&memory->lock);
    for (size_t i = 0; i < memory->row_count; i++) {
        const vdr_mem_row *row = &memory->rows[i];
        if (!is_seen(reader, row))
            continue;
        last = memory->row_first + i;
        first = first != 0 ? first : last;
        if (row->carries >= from && row->carries != 0 && row->carries < carried)
            carried = row->carries;
    }
    (void)pthread_mutex_unlock(&memory->lock);
    vdr_position next = carried < first ? carried : from > first ? from : first;
    if (last == 0 || next > last)
        return VDR_E_NOT_FOUND;
    *ret_position = next;
    return VDR_OK;
}

vdr_err
vdr_log_memory_carrier(vdr_log_reader *base, vdr_position position, vdr_position *ret_carrier)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    vdr_position carrier = 0;
    (void)pthread_mutex_lock(&memory->lock);
    for (size_t i = 0; i < memory->row_count && memory->carriers != 0; i++)
        if (is_seen(reader, &memory->rows[i]) && memory->rows[i].carries == position)
            carrier = memory->row_first + i;
    (void)pthread_mutex_unlock(&memory->lock);
    if (carrier == 0 || position == 0)
        return VDR_E_NOT_FOUND;
    *ret_carrier = carrier;
    return VDR_OK;
}

vdr_err
vdr_log_memory_look_at(vdr_log_reader *base, vdr_position position, vdr_log_look *ret_look)
{
    vdr_record record;
    vdr_err err = seek((const vdr_log_memory_reader *)base, position, &record);
    if (err == VDR_OK)
        *ret_look = (vdr_log_look){.bytes = record.bytes, .carries = record.body.carries};
    return err;
}

vdr_err
vdr_log_memory_read_mail(vdr_log_reader *base, uint32_t mailbox, uint64_t seq, vdr_log_mail *ret_mails,
                         size_t max, size_t *ret_count)
{
    vdr_log_memory_reader *reader = (vdr_log_memory_reader *)base;
    vdr_memory *memory = reader->log->memory;
    size_t at, count = 0;
    (void)pthread_mutex_lock(&memory->lock);
    bool alive = reader->log->life == memory->life;
    if (alive && vdr_mem_mailbox_find(memory, mailbox, &at)) {
        const vdr_mem_mailbox *box = &memory->mailboxes[at];
        for (size_t i = seq > box->seq ? (size_t)(seq - box->seq) : 0; i < box->count && count < max; i++) {
            const vdr_mem_mail *mail = &box->mails[i];
            if (mail->born <= reader->version && reader->version < mail->dead)
                ret_mails[count++] = (vdr_log_mail){.mailbox = mailbox,
                                                    .offset = mail->offset,
                                                    .seq = box->seq + i,
                                                    .position = mail->position};
        }
    }
    (void)pthread_mutex_unlock(&memory->lock);
    if (!alive)
        return VDR_E_STORE_FAILED;
    *ret_count = count;
    return VDR_OK;
}

/* Begins at the first record of the group that holds from. */
static vdr_err
walk_start(const vdr_memory *memory, vdr_position from, vdr_position end, vdr_walk *ret_walk)
{
    vdr_record record;
    vdr_position first = memory->base.first;
    if (from <= first || from >= end) {
        vdr_walk_begin(ret_walk, &memory->base.heads, memory->base.epoch,
                       from >= end && end > first ? end : first);
        return VDR_OK;
    }
    vdr_err err = vdr_mem_record_at(memory, from, memory->version, &record);
    if (err != VDR_OK)
        return err;
    if (record.index > from - first)
        return VDR_E_STORE_CORRUPT;
    vdr_position start = from - record.index;
    if (start == first) {
        vdr_walk_begin(ret_walk, &memory->base.heads, memory->base.epoch, start);
        return VDR_OK;
    }
    err = vdr_mem_record_at(memory, start - 1, memory->version, &record);
    if (err == VDR_OK && !record.last)
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK)
        vdr_walk_begin(ret_walk, &record.heads, record.epoch, start);
    return err;
}

static vdr_err
check_mails(const vdr_memory *memory, vdr_position from, vdr_position *ret_bad)
{
    for (size_t i = 0; i < memory->mailbox_count; i++) {
        const vdr_mem_mailbox *box = &memory->mailboxes[i];
        for (size_t k = 0; k < box->count; k++) {
            const vdr_mem_mail *mail = &box->mails[k];
            vdr_record record;
            if (mail->born > memory->version || mail->dead <= memory->version || mail->position < from ||
                mail->position < memory->base.first)
                continue;
            *ret_bad = mail->position;
            vdr_err err = vdr_mem_record_at(memory, mail->position, memory->version, &record);
            if (err == VDR_E_NOT_FOUND || (err == VDR_OK && mail->offset >= record.body.tale.len))
                err = VDR_E_STORE_CORRUPT;
            if (err != VDR_OK)
                return err;
        }
    }
    return VDR_OK;
}

vdr_err
vdr_log_memory_verify(vdr_log *base, vdr_position from, vdr_store_progress_fn progress, void *context,
                      vdr_store_fault *ret_fault)
{
    vdr_memory *memory = ((vdr_log_memory *)base)->memory;
    vdr_walk walk;
    (void)pthread_mutex_lock(&memory->lock);
    vdr_position end = vdr_mem_end(memory, memory->version), bad = from;
    vdr_err err = walk_start(memory, from, end, &walk);
    while (err == VDR_OK && walk.next < end) {
        const vdr_mem_row *row = vdr_mem_row_at(memory, walk.next, memory->version);
        err = row != NULL ? vdr_walk_take(&walk, vdr_span_of(row->bytes, row->len)) : VDR_E_STORE_CORRUPT;
        bad = walk.next;
    }
    if (err == VDR_OK && walk.inside)
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK)
        err = check_mails(memory, from, &bad);
    (void)pthread_mutex_unlock(&memory->lock);
    if (err == VDR_OK && progress != NULL && !progress(context, end))
        err = VDR_E_CLOSING;
    if (err != VDR_OK)
        *ret_fault = (vdr_store_fault){.file = "", .position = bad, .text = "it is not what was written"};
    return err;
}
