#include "store/memory_disk.h"

#include <stdlib.h>

vdr_memory *
vdr_memory_new(void)
{
    VDR_ASSERT(sodium_init() >= 0);
    vdr_memory *memory = vdr_alloc(1, sizeof *memory);
    (void)pthread_mutex_init(&memory->lock, NULL);
    memory->base.first = 1;
    memory->row_first = 1;
    return memory;
}

void
vdr_mem_block_release(vdr_mem_block *block)
{
    if (--block->holders != 0)
        return;
    free(block->bytes);
    free(block);
}

void
vdr_mem_state_free(vdr_mem_state *state)
{
    if (state == NULL)
        return;
    for (size_t i = 0; i < state->count; i++)
        vdr_mem_block_release(state->slots[i].block);
    free(state->slots);
    free(state->head);
    free(state);
}

static void
end_lie(vdr_memory *memory)
{
    vdr_mem_state_free(memory->truth.newest);
    vdr_mem_state_free(memory->truth.before);
    memory->truth = (vdr_mem_truth){.lies = false};
}

void
vdr_memory_free(vdr_memory **memory_p)
{
    vdr_memory *memory = *memory_p;
    if (memory == NULL)
        return;
    VDR_ASSERT(memory->log == NULL && memory->readers == NULL && memory->checkpoint == NULL);
    for (size_t i = 0; i < memory->row_count; i++)
        free(memory->rows[i].bytes);
    for (size_t i = 0; i < memory->mailbox_count; i++)
        free(memory->mailboxes[i].mails);
    free(memory->rows);
    free(memory->mailboxes);
    vdr_mem_state_free(memory->newest);
    vdr_mem_state_free(memory->before);
    vdr_mem_state_free(memory->kept);
    end_lie(memory);
    (void)pthread_mutex_destroy(&memory->lock);
    free(memory);
    *memory_p = NULL;
}

void
vdr_memory_fault_set(vdr_memory *memory, vdr_memory_part part, uint64_t passing, vdr_memory_fault fault)
{
    (void)pthread_mutex_lock(&memory->lock);
    memory->passing[part] = passing;
    memory->fault[part] = fault;
    (void)pthread_mutex_unlock(&memory->lock);
}

uint64_t
vdr_memory_commits(const vdr_memory *memory, vdr_memory_part part)
{
    return memory->commits[part];
}

vdr_position
vdr_memory_end(vdr_memory *memory)
{
    (void)pthread_mutex_lock(&memory->lock);
    vdr_position end = vdr_mem_end(memory, memory->version);
    (void)pthread_mutex_unlock(&memory->lock);
    return end;
}

void
vdr_memory_capacity_set(vdr_memory *memory, uint64_t bytes)
{
    (void)pthread_mutex_lock(&memory->lock);
    memory->capacity_bytes = bytes;
    (void)pthread_mutex_unlock(&memory->lock);
}

vdr_memory_fault
vdr_memory_next(vdr_memory *memory, vdr_memory_part part)
{
    vdr_memory_fault fault = memory->fault[part];
    if (fault != VDR_MEMORY_NONE && memory->passing[part] == 0) {
        memory->fault[part] = VDR_MEMORY_NONE;
        return fault;
    }
    if (fault != VDR_MEMORY_NONE)
        memory->passing[part]--;
    memory->commits[part]++;
    return VDR_MEMORY_NONE;
}

bool
vdr_memory_rot_record(vdr_memory *memory, vdr_position position, size_t at, uint8_t mask)
{
    bool found = false;
    (void)pthread_mutex_lock(&memory->lock);
    const vdr_mem_row *row = vdr_mem_row_at(memory, position, memory->version);
    if (row != NULL && at < row->len) {
        row->bytes[at] ^= mask;
        found = true;
    }
    (void)pthread_mutex_unlock(&memory->lock);
    return found;
}

bool
vdr_memory_rot_block(vdr_memory *memory, vdr_block_id id, size_t at, uint8_t mask)
{
    const vdr_mem_state *state = memory->newest;
    for (size_t i = 0; state != NULL && i < state->count; i++) {
        const vdr_mem_slot *slot = &state->slots[i];
        if (slot->id.table == id.table && slot->id.number == id.number && at < slot->block->len) {
            slot->block->bytes[at] ^= mask;
            return true;
        }
    }
    return false;
}

void
vdr_memory_settle_log(vdr_memory *memory)
{
    if (memory->kept_log)
        memory->version++;
    if (memory->has_kept_base)
        memory->base = memory->kept_base;
    memory->kept_log = memory->has_kept_base = false;
}

void
vdr_memory_settle_state(vdr_memory *memory)
{
    if (memory->kept != NULL) {
        vdr_mem_state_free(memory->before);
        memory->before = memory->newest;
        memory->newest = memory->kept;
        memory->kept = NULL;
    }
    if (memory->kept_fall_back) {
        vdr_mem_state_free(memory->newest);
        memory->newest = memory->before;
        memory->before = NULL;
        memory->kept_fall_back = false;
    }
}

static vdr_mem_state *
copy_state(const vdr_mem_state *from)
{
    if (from == NULL)
        return NULL;
    vdr_mem_state *copy = vdr_alloc(1, sizeof *copy);
    *copy = *from;
    copy->max = from->count;
    copy->slots = vdr_alloc(from->count, sizeof *copy->slots);
    copy->head = vdr_alloc(from->head_len, 1);
    if (from->head_len != 0)
        memcpy(copy->head, from->head, from->head_len);
    for (size_t i = 0; i < from->count; i++) {
        copy->slots[i] = from->slots[i];
        copy->slots[i].block->holders++;
    }
    return copy;
}

void
vdr_memory_lie(vdr_memory *memory, bool lies, bool state_too)
{
    (void)pthread_mutex_lock(&memory->lock);
    end_lie(memory);
    if (lies)
        memory->truth = (vdr_mem_truth){.lies = true,
                                        .state_too = state_too,
                                        .version = memory->version,
                                        .base = memory->base,
                                        .newest = copy_state(memory->newest),
                                        .before = copy_state(memory->before)};
    (void)pthread_mutex_unlock(&memory->lock);
}

static vdr_mem_state *
copy_blocks(const vdr_mem_state *from)
{
    vdr_mem_state *copy = copy_state(from);
    for (size_t i = 0; copy != NULL && i < copy->count; i++) { /* another disk has bytes of its own */
        vdr_mem_block *shared = copy->slots[i].block, *own = vdr_alloc(1, sizeof *own);
        *own = *shared;
        own->holders = 1;
        own->bytes = vdr_alloc(shared->len, 1);
        memcpy(own->bytes, shared->bytes, shared->len);
        shared->holders--;
        copy->slots[i].block = own;
    }
    return copy;
}

void
vdr_memory_copy_state(vdr_memory *from, vdr_memory *to)
{
    (void)pthread_mutex_lock(&from->lock);
    VDR_ASSERT(to->newest == NULL && to->before == NULL);
    to->newest = copy_blocks(from->newest);
    to->before = copy_blocks(from->before);
    (void)pthread_mutex_unlock(&from->lock);
}

static void
copy_rows(const vdr_memory *from, vdr_memory *to)
{
    vdr_position end = vdr_mem_end(from, from->version);
    to->row_first = to->base.first;
    to->row_max = (size_t)(end - to->row_first);
    to->rows = vdr_alloc(to->row_max + 1, sizeof *to->rows);
    for (vdr_position p = to->row_first; p < end; p++) {
        vdr_mem_row *row = &to->rows[to->row_count++];
        *row = *vdr_mem_row_at(from, p, from->version);
        uint8_t *bytes = vdr_alloc(row->len, 1);
        memcpy(bytes, row->bytes, row->len);
        *row = (vdr_mem_row){
            .bytes = bytes, .len = row->len, .carries = row->carries, .born = 0, .dead = VDR_ALIVE};
        to->used_bytes += row->len;
    }
}

static void
copy_mails(const vdr_memory *from, vdr_memory *to)
{
    to->mailbox_max = from->mailbox_count;
    to->mailboxes = vdr_alloc(to->mailbox_max + 1, sizeof *to->mailboxes);
    for (size_t i = 0; i < from->mailbox_count; i++) {
        const vdr_mem_mailbox *old = &from->mailboxes[i];
        vdr_mem_mailbox *box = &to->mailboxes[to->mailbox_count++];
        *box = *old;
        box->max = old->count;
        box->mails = vdr_alloc(old->count + 1, sizeof *box->mails);
        for (size_t m = 0; m < old->count; m++) {
            box->mails[m] = old->mails[m];
            box->mails[m].born = 0;
            box->mails[m].dead = old->mails[m].dead <= from->version ? 0 : VDR_ALIVE;
            to->used_bytes += box->mails[m].dead == VDR_ALIVE ? VDR_MEM_MAIL_BYTES : 0;
        }
    }
}

void
vdr_memory_copy_log(vdr_memory *from, vdr_memory *to)
{
    (void)pthread_mutex_lock(&from->lock);
    VDR_ASSERT(to->row_count == 0 && to->mailbox_count == 0);
    to->base = from->base;
    to->carriers = from->carriers;
    copy_rows(from, to);
    copy_mails(from, to);
    (void)pthread_mutex_unlock(&from->lock);
}

/* Was it put there meanwhile? Then it never was. Removed meanwhile? Then it is there. */
static bool
was_there(uint64_t truth, uint64_t born, uint64_t *dead)
{
    if (*dead > truth)
        *dead = VDR_ALIVE;
    return born <= truth;
}

static void
take_log_back(vdr_memory *memory)
{
    uint64_t truth = memory->truth.version;
    while (memory->row_count > 0 && memory->rows[memory->row_count - 1].born > truth)
        free(memory->rows[--memory->row_count].bytes);
    memory->used_bytes = 0;
    for (size_t i = 0; i < memory->row_count; i++) {
        if (was_there(truth, memory->rows[i].born, &memory->rows[i].dead) &&
            memory->rows[i].dead == VDR_ALIVE)
            memory->used_bytes += memory->rows[i].len;
    }
    for (size_t i = 0; i < memory->mailbox_count; i++) {
        vdr_mem_mailbox *box = &memory->mailboxes[i];
        while (box->count > 0 && box->mails[box->count - 1].born > truth)
            box->count--;
        for (size_t j = 0; j < box->count; j++) {
            if (was_there(truth, box->mails[j].born, &box->mails[j].dead) && box->mails[j].dead == VDR_ALIVE)
                memory->used_bytes += VDR_MEM_MAIL_BYTES;
        }
    }
    memory->base = memory->truth.base;
    memory->kept_log = memory->has_kept_base = false;
}

static void
take_state_back(vdr_memory *memory)
{
    vdr_mem_state_free(memory->newest);
    vdr_mem_state_free(memory->before);
    vdr_mem_state_free(memory->kept);
    memory->newest = memory->truth.newest;
    memory->before = memory->truth.before;
    memory->truth.newest = memory->truth.before = memory->kept = NULL;
    memory->kept_fall_back = false;
}

void
vdr_memory_crash(vdr_memory *memory)
{
    (void)pthread_mutex_lock(&memory->lock);
    memory->life++;
    memory->log = NULL;
    memory->readers = NULL;
    memory->checkpoint = NULL;
    if (memory->truth.lies) {
        take_log_back(memory);
        if (memory->truth.state_too)
            take_state_back(memory);
        end_lie(memory);
    }
    vdr_memory_settle_log(memory);
    vdr_memory_settle_state(memory);
    (void)pthread_mutex_unlock(&memory->lock);
}

static uint64_t
oldest_version(const vdr_memory *memory)
{
    uint64_t oldest = memory->truth.lies ? memory->truth.version : memory->version;
    for (const vdr_log_memory_reader *r = memory->readers; r != NULL; r = r->older) {
        if (!r->reader.resting && r->version < oldest)
            oldest = r->version;
    }
    return oldest;
}

void
vdr_memory_collect(vdr_memory *memory)
{
    uint64_t oldest = oldest_version(memory);
    size_t gone = 0;
    while (gone < memory->row_count && memory->rows[gone].dead <= oldest)
        free(memory->rows[gone++].bytes);
    if (gone != 0) {
        memory->row_count -= gone;
        memory->row_first += gone;
        memmove(memory->rows, memory->rows + gone, memory->row_count * sizeof *memory->rows);
    }
    for (size_t i = 0; i < memory->mailbox_count; i++) {
        vdr_mem_mailbox *box = &memory->mailboxes[i];
        gone = 0;
        while (gone < box->count && box->mails[gone].dead <= oldest)
            gone++;
        if (gone == 0)
            continue;
        box->count -= gone;
        box->seq += gone;
        memmove(box->mails, box->mails + gone, box->count * sizeof *box->mails);
    }
}

bool
vdr_mem_mailbox_find(const vdr_memory *memory, uint32_t mailbox, size_t *ret_at)
{
    size_t low = 0, high = memory->mailbox_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->mailboxes[middle].mailbox < mailbox)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return low < memory->mailbox_count && memory->mailboxes[low].mailbox == mailbox;
}

vdr_position
vdr_mem_end(const vdr_memory *memory, uint64_t version)
{
    size_t count = memory->row_count;
    while (count > 0 && memory->rows[count - 1].born > version)
        count--;
    return memory->row_first + count;
}

const vdr_mem_row *
vdr_mem_row_at(const vdr_memory *memory, vdr_position position, uint64_t version)
{
    if (position < memory->row_first || position - memory->row_first >= memory->row_count)
        return NULL;
    const vdr_mem_row *row = &memory->rows[position - memory->row_first];
    return row->born <= version && version < row->dead ? row : NULL;
}

vdr_err
vdr_mem_record_at(const vdr_memory *memory, vdr_position position, uint64_t version, vdr_record *ret_record)
{
    const vdr_mem_row *row = vdr_mem_row_at(memory, position, version);
    if (row == NULL)
        return VDR_E_NOT_FOUND;
    return vdr_record_read(position, vdr_span_of(row->bytes, row->len), ret_record);
}
