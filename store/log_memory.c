#include "store/memory_disk.h"

#include <stdlib.h>

vdr_err
vdr_log_memory_usable(const vdr_log_memory *log)
{
    return log->failed || log->life != log->memory->life ? VDR_E_STORE_FAILED : VDR_OK;
}

/* The end of what is durable, its epoch and its heads. */
static vdr_err
find_end(vdr_log_memory *log)
{
    const vdr_memory *memory = log->memory;
    vdr_record last;
    log->next = memory->base.first;
    log->epoch = memory->base.epoch;
    log->heads = memory->base.heads;
    vdr_position end = vdr_mem_end(memory, memory->version);
    if (end <= memory->base.first)
        return VDR_OK;
    vdr_err err = vdr_mem_record_at(memory, end - 1, memory->version, &last);
    if (err == VDR_OK && !last.last)
        err = VDR_E_STORE_CORRUPT;
    if (err != VDR_OK)
        return err;
    log->next = end;
    log->sealed = last.key.generation != 0;
    log->epoch = last.epoch;
    log->heads = last.heads;
    return VDR_OK;
}

static void
put_rows(vdr_log_memory *log, uint64_t epoch, const vdr_log_record *records, size_t count)
{
    vdr_memory *memory = log->memory;
    vdr_group group;
    vdr_group_begin(&group, &log->heads, log->next, epoch, count, log->vault);
    for (size_t i = 0; i < count; i++) {
        if (memory->row_count == memory->row_max) {
            memory->row_max = memory->row_max != 0 ? 2 * memory->row_max : 64;
            memory->rows = vdr_realloc(memory->rows, memory->row_max, sizeof *memory->rows);
        }
        size_t len = vdr_group_record_bytes(&group, &records[i]);
        vdr_mem_row row = {
            .bytes = vdr_alloc(len, 1), .len = len, .born = memory->version + 1, .dead = VDR_ALIVE};
        row.carries = records[i].carries;
        memory->carriers += row.carries != 0;
        vdr_group_write(&group, &records[i], row.bytes);
        memory->rows[memory->row_count++] = row;
        memory->used_bytes += len;
    }
    vdr_group_end(&group);
    log->next += count;
    log->sealed = log->vault != NULL;
    log->epoch = epoch;
    log->heads = group.heads;
}

static vdr_mem_mailbox *
mailbox_make(vdr_memory *memory, uint32_t mailbox, uint64_t seq)
{
    size_t at;
    if (!vdr_mem_mailbox_find(memory, mailbox, &at)) {
        if (memory->mailbox_count == memory->mailbox_max) {
            memory->mailbox_max = memory->mailbox_max != 0 ? 2 * memory->mailbox_max : 16;
            memory->mailboxes =
                vdr_realloc(memory->mailboxes, memory->mailbox_max, sizeof *memory->mailboxes);
        }
        memmove(memory->mailboxes + at + 1, memory->mailboxes + at,
                (memory->mailbox_count - at) * sizeof *memory->mailboxes);
        memory->mailboxes[at] = (vdr_mem_mailbox){.mailbox = mailbox};
        memory->mailbox_count++;
    }
    vdr_mem_mailbox *box = &memory->mailboxes[at];
    if (box->count == 0)
        box->seq = seq;
    return box;
}

static void
put_mails(vdr_memory *memory, const vdr_log_mail *mails, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vdr_mem_mailbox *box = mailbox_make(memory, mails[i].mailbox, mails[i].seq);
        if (box->count == box->max) {
            box->max = box->max != 0 ? 2 * box->max : 16;
            box->mails = vdr_realloc(box->mails, box->max, sizeof *box->mails);
        }
        box->mails[box->count++] = (vdr_mem_mail){.position = mails[i].position,
                                                  .offset = mails[i].offset,
                                                  .born = memory->version + 1,
                                                  .dead = VDR_ALIVE};
        memory->used_bytes += VDR_MEM_MAIL_BYTES;
    }
}

static int
by_mailbox_and_seq(const void *a, const void *b)
{
    const vdr_log_mail *x = a, *y = b;
    if (x->mailbox != y->mailbox)
        return x->mailbox < y->mailbox ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Does each mail follow the one before it of its mailbox, here or in the index? */
static bool
mails_follow(const vdr_memory *memory, const vdr_log_mail *sorted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at;
        if (i > 0 && sorted[i - 1].mailbox == sorted[i].mailbox) {
            if (sorted[i - 1].seq + 1 != sorted[i].seq)
                return false;
        } else if (vdr_mem_mailbox_find(memory, sorted[i].mailbox, &at)) {
            const vdr_mem_mailbox *box = &memory->mailboxes[at];
            if (box->count != 0 && box->seq + box->count != sorted[i].seq)
                return false;
        }
    }
    return true;
}

static bool
has_room(const vdr_log_memory *log, const vdr_log_record *records, size_t count, size_t mail_count)
{
    const vdr_memory *memory = log->memory;
    uint64_t bytes = VDR_RECORD_SEAL_BYTES + mail_count * VDR_MEM_MAIL_BYTES;
    for (size_t i = 0; i < count; i++)
        bytes += VDR_RECORD_HEAD_BYTES + (log->vault != NULL ? VDR_RECORD_MORE_BYTES : 0) +
                 records[i].routing.len + records[i].content.len + records[i].tale.len;
    return (log->limit_bytes == 0 || memory->used_bytes < log->limit_bytes + log->reserve_bytes) &&
           (memory->capacity_bytes == 0 || memory->used_bytes + bytes <= memory->capacity_bytes);
}

static vdr_err
append_locked(vdr_log_memory *log, uint64_t epoch, vdr_position expected, const vdr_log_record *records,
              size_t count, const vdr_log_mail *sorted, size_t mail_count)
{
    vdr_memory *memory = log->memory;
    vdr_err err = vdr_log_memory_usable(log);
    if (err != VDR_OK)
        return err;
    if (log->sealed && log->vault == NULL)
        return VDR_E_SEALED;
    if (epoch < log->epoch)
        return VDR_E_STORE_EPOCH;
    if (expected != log->next || !mails_follow(memory, sorted, mail_count))
        return VDR_E_STORE_POSITION;
    if (!has_room(log, records, count, mail_count))
        return VDR_E_STORE_FULL;
    vdr_memory_fault fault = vdr_memory_next(memory, VDR_MEMORY_LOG);
    if (fault == VDR_MEMORY_FULL)
        return VDR_E_STORE_FULL;
    if (fault != VDR_MEMORY_LOST) {
        put_rows(log, epoch, records, count);
        put_mails(memory, sorted, mail_count);
    }
    if (fault != VDR_MEMORY_NONE) {
        memory->kept_log = fault == VDR_MEMORY_KEPT;
        log->failed = true;
        return VDR_E_STORE_FAILED;
    }
    memory->version++;
    log->groups++;
    log->syncs++;
    return VDR_OK;
}

static vdr_err
append(vdr_log *base, uint64_t epoch, vdr_position expected, const vdr_log_record *records, size_t count,
       const vdr_log_mail *mails, size_t mail_count)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    vdr_log_mail *sorted = vdr_alloc(mail_count, sizeof *sorted);
    if (mail_count != 0)
        memcpy(sorted, mails, mail_count * sizeof *sorted);
    qsort(sorted, mail_count, sizeof *sorted, by_mailbox_and_seq);
    (void)pthread_mutex_lock(&log->memory->lock);
    vdr_err err = append_locked(log, epoch, expected, records, count, sorted, mail_count);
    (void)pthread_mutex_unlock(&log->memory->lock);
    free(sorted);
    return err;
}

/* As find_cut of the LMDB backend: whole groups, one at least. */
static vdr_err
find_cut(const vdr_memory *memory, vdr_position keep, size_t count_max, vdr_mem_base *ret_base)
{
    vdr_position first = memory->base.first;
    vdr_mem_base base = memory->base;
    for (vdr_position at = first; at < keep; at++) {
        vdr_record record;
        vdr_err err = vdr_mem_record_at(memory, at, memory->version, &record);
        if (err != VDR_OK)
            return err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
        if (at + 1 - first > count_max && base.first != first)
            break;
        if (record.last)
            base = (vdr_mem_base){.first = at + 1, .epoch = record.epoch, .heads = record.heads};
    }
    *ret_base = base;
    return VDR_OK;
}

static vdr_err
cut_locked(vdr_log_memory *log, vdr_position keep, size_t count_max, size_t *ret_removed)
{
    vdr_memory *memory = log->memory;
    vdr_mem_base base;
    vdr_err err = vdr_log_memory_usable(log);
    if (err != VDR_OK)
        return err;
    VDR_ASSERT(keep <= log->next);
    err = find_cut(memory, keep, count_max, &base);
    if (err != VDR_OK)
        return err;
    size_t removed = (size_t)(base.first - memory->base.first);
    if (removed == 0) {
        *ret_removed = 0;
        return VDR_OK;
    }
    vdr_memory_fault fault = vdr_memory_next(memory, VDR_MEMORY_LOG);
    if (fault == VDR_MEMORY_FULL)
        return VDR_E_STORE_FULL;
    for (vdr_position at = memory->base.first; at < base.first && fault != VDR_MEMORY_LOST; at++) {
        vdr_mem_row *row = &memory->rows[at - memory->row_first];
        row->dead = memory->version + 1;
        memory->used_bytes -= row->len;
    }
    if (fault != VDR_MEMORY_NONE) {
        memory->kept_base = base;
        memory->has_kept_base = memory->kept_log = fault == VDR_MEMORY_KEPT;
        log->failed = true;
        return VDR_E_STORE_FAILED;
    }
    memory->base = base;
    memory->version++;
    log->syncs++;
    vdr_memory_collect(memory);
    *ret_removed = removed;
    return VDR_OK;
}

static vdr_err
cut(vdr_log *base, vdr_position keep, size_t count_max, size_t *ret_removed)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    (void)pthread_mutex_lock(&log->memory->lock);
    vdr_err err = cut_locked(log, keep, count_max, ret_removed);
    (void)pthread_mutex_unlock(&log->memory->lock);
    return err;
}

static vdr_err
forget_locked(vdr_log_memory *log, uint32_t mailbox, uint64_t seq, size_t count_max, size_t *ret_removed)
{
    vdr_memory *memory = log->memory;
    size_t at, begin = 0, end;
    vdr_err err = vdr_log_memory_usable(log);
    if (err != VDR_OK)
        return err;
    if (!vdr_mem_mailbox_find(memory, mailbox, &at)) {
        *ret_removed = 0;
        return VDR_OK;
    }
    vdr_mem_mailbox *box = &memory->mailboxes[at];
    while (begin < box->count && box->mails[begin].dead <= memory->version)
        begin++; /* forgotten before, and kept for a reader */
    for (end = begin; end < box->count && end - begin < count_max && box->seq + end <= seq; end++)
        ;
    if (end == begin) {
        *ret_removed = 0;
        return VDR_OK;
    }
    vdr_memory_fault fault = vdr_memory_next(memory, VDR_MEMORY_LOG);
    if (fault == VDR_MEMORY_FULL)
        return VDR_E_STORE_FULL;
    for (size_t i = begin; i < end && fault != VDR_MEMORY_LOST; i++) {
        box->mails[i].dead = memory->version + 1;
        memory->used_bytes -= VDR_MEM_MAIL_BYTES;
    }
    if (fault != VDR_MEMORY_NONE) {
        memory->kept_log = fault == VDR_MEMORY_KEPT;
        log->failed = true;
        return VDR_E_STORE_FAILED;
    }
    memory->version++;
    log->syncs++;
    vdr_memory_collect(memory);
    *ret_removed = end - begin;
    return VDR_OK;
}

static vdr_err
forget_mail(vdr_log *base, uint32_t mailbox, uint64_t seq, size_t count_max, size_t *ret_removed)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    (void)pthread_mutex_lock(&log->memory->lock);
    vdr_err err = forget_locked(log, mailbox, seq, count_max, ret_removed);
    (void)pthread_mutex_unlock(&log->memory->lock);
    return err;
}

static void
stats_get(vdr_log *base, vdr_log_stats *ret_stats)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    vdr_memory *memory = log->memory;
    (void)pthread_mutex_lock(&memory->lock);
    uint64_t used = memory->used_bytes;
    *ret_stats = (vdr_log_stats){
        .first = memory->base.first,
        .next = log->next,
        .epoch = log->epoch,
        .used_bytes = used,
        .limit_bytes = log->limit_bytes,
        .full = (log->limit_bytes != 0 && used >= log->limit_bytes) ||
                (memory->capacity_bytes != 0 && used + log->reserve_bytes >= memory->capacity_bytes),
        .groups = log->groups,
        .syncs = log->syncs,
        .sealed = log->sealed,
    };
    (void)pthread_mutex_unlock(&memory->lock);
}

static vdr_err
head(vdr_log *base, vdr_position position, vdr_log_head *ret_head)
{
    const vdr_log_memory *log = (const vdr_log_memory *)base;
    vdr_memory *memory = log->memory;
    vdr_record last = {0};
    vdr_err err = VDR_OK;
    (void)pthread_mutex_lock(&memory->lock);
    if (position + 1 == memory->base.first) {
        last.epoch = memory->base.epoch;
        last.heads = memory->base.heads;
    } else {
        err = position >= memory->base.first ? vdr_mem_record_at(memory, position, memory->version, &last)
                                             : VDR_E_NOT_FOUND;
        if (err == VDR_OK && !last.last)
            err = VDR_E_NOT_FOUND;
    }
    (void)pthread_mutex_unlock(&memory->lock);
    if (err != VDR_OK)
        return err;
    *ret_head = (vdr_log_head){.position = position, .epoch = last.epoch};
    memcpy(ret_head->chain, last.heads.chain, VDR_CHAIN_BYTES);
    memcpy(ret_head->told, last.heads.told, VDR_CHAIN_BYTES);
    return VDR_OK;
}

static vdr_err
backup(vdr_log *base, const char *dir)
{
    (void)base;
    (void)dir;
    return VDR_E_IO; /* the twin has no files */
}

static const char *
reason(vdr_log *base)
{
    return vdr_log_memory_usable((const vdr_log_memory *)base) == VDR_OK ? "" : "memory: failed on purpose";
}

static void
close_log(vdr_log *base)
{
    vdr_log_memory *log = (vdr_log_memory *)base;
    if (log->memory->log == log)
        log->memory->log = NULL;
    free(log);
}

static const vdr_vault *
vault_of(const vdr_log *log)
{
    return ((const vdr_log_memory *)log)->vault;
}

static const vdr_log_ops ops = {
    .append = append,
    .cut = cut,
    .forget_mail = forget_mail,
    .stats_get = stats_get,
    .head = head,
    .verify = vdr_log_memory_verify,
    .backup = backup,
    .reason = reason,
    .close = close_log,
    .reader_open = vdr_log_memory_reader_open,
    .reader_refresh = vdr_log_memory_reader_refresh,
    .reader_rest = vdr_log_memory_reader_rest,
    .reader_close = vdr_log_memory_reader_close,
    .read = vdr_log_memory_read,
    .read_key = vdr_log_memory_read_key,
    .vault = vault_of,
    .next = vdr_log_memory_next,
    .carrier = vdr_log_memory_carrier,
    .look_at = vdr_log_memory_look_at,
    .read_mail = vdr_log_memory_read_mail,
};

/* Is the vault the one that sealed this log? */
static vdr_err
check_vault(const vdr_log_memory *log)
{
    vdr_record record;
    vdr_log_record opened;
    vdr_record_room room = {0};
    if (log->vault == NULL || !log->sealed)
        return VDR_OK;
    vdr_err err = vdr_mem_record_at(log->memory, log->next - 1, log->memory->version, &record);
    if (err == VDR_OK)
        err = vdr_record_open(&record, log->vault, &room, &opened);
    vdr_record_room_done(&room);
    return err == VDR_OK || err == VDR_E_ERASED ? VDR_OK : VDR_E_WRONG_KEY;
}

vdr_err
vdr_log_open_memory(vdr_memory *memory, const vdr_log_options *options, vdr_log **ret_log)
{
    vdr_store_fault bad;
    if (memory->log != NULL)
        return VDR_E_STORE_BUSY;
    vdr_memory_settle_log(memory);
    vdr_log_memory *log = vdr_alloc(1, sizeof *log);
    *log = (vdr_log_memory){.log = {.ops = &ops},
                            .memory = memory,
                            .life = memory->life,
                            .vault = options->vault,
                            .limit_bytes = options->limit_bytes,
                            .reserve_bytes = options->reserve_bytes};
    vdr_err err = find_end(log);
    if (err == VDR_OK && log->next > memory->base.first)
        err = vdr_log_memory_verify(&log->log, log->next - 1, NULL, NULL, &bad);
    if (err == VDR_OK)
        err = check_vault(log);
    if (err != VDR_OK) {
        free(log);
        return err;
    }
    memory->log = log;
    *ret_log = &log->log;
    return VDR_OK;
}
