#include "store/memory_disk.h"

#include "store/check.h"
#include "store/bytes.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PIECE_BYTES (UINT64_C(512) << 10) /* as the LMDB backend: a commit of its own */

typedef struct vdr_checkpoint_memory {
    vdr_checkpoint checkpoint;
    vdr_memory *memory;
    uint64_t life;
    bool failed;
    vdr_mem_state *work; /* between begin and commit */
    uint64_t fresh;
    uint64_t piece_bytes;
    _Atomic uint64_t written_bytes; /* read by any thread */
} vdr_checkpoint_memory;

static vdr_err
usable(const vdr_checkpoint_memory *c)
{
    return c->failed || c->life != c->memory->life ? VDR_E_STORE_FAILED : VDR_OK;
}

static uint64_t
check_of(vdr_block_id id, vdr_span bytes)
{
    uint8_t key[8];
    vdr_put_be32(key, id.table);
    vdr_put_be32(key + 4, id.number);
    return vdr_check_of(vdr_span_of(key, sizeof key), bytes);
}

static int
compare(vdr_block_id a, vdr_block_id b)
{
    if (a.table != b.table)
        return a.table < b.table ? -1 : 1;
    return (a.number > b.number) - (a.number < b.number);
}

static bool
find(const vdr_mem_state *state, vdr_block_id id, size_t *ret_at)
{
    size_t low = 0, high = state->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(state->slots[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return low < state->count && compare(state->slots[low].id, id) == 0;
}

static void
remove_at(vdr_mem_state *state, size_t at)
{
    vdr_mem_block_release(state->slots[at].block);
    state->count--;
    memmove(state->slots + at, state->slots + at + 1, (state->count - at) * sizeof *state->slots);
}

/* One commit of the disk. */
static vdr_err
commit_next(vdr_checkpoint_memory *c, vdr_memory_fault *ret_fault)
{
    *ret_fault = vdr_memory_next(c->memory, VDR_MEMORY_STATE);
    c->piece_bytes = 0;
    if (*ret_fault == VDR_MEMORY_NONE)
        return VDR_OK;
    if (*ret_fault == VDR_MEMORY_FULL)
        return VDR_E_STORE_FULL;
    c->failed = true;
    return VDR_E_STORE_FAILED;
}

static vdr_err
begin(vdr_checkpoint *base)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    const vdr_mem_state *from = c->memory->newest;
    vdr_mem_state *work = vdr_alloc(1, sizeof *work);
    if (from != NULL && from->count != 0) {
        work->slots = vdr_alloc(from->count, sizeof *work->slots);
        work->max = work->count = from->count;
        memcpy(work->slots, from->slots, from->count * sizeof *work->slots);
        for (size_t i = 0; i < from->count; i++) {
            work->slots[i].block->holders++;
            work->slots[i].fresh = false;
        }
    }
    c->fresh = 0;
    c->work = work;
    c->piece_bytes = 0;
    return VDR_OK;
}

static vdr_err
put(vdr_checkpoint *base, vdr_block_id id, vdr_span bytes)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_memory_fault fault;
    size_t at;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    vdr_mem_state *work = c->work;
    if (find(work, id, &at)) {
        c->fresh -= work->slots[at].fresh;
        remove_at(work, at);
    }
    if (work->count == work->max) {
        work->max = work->max != 0 ? 2 * work->max : 16;
        work->slots = vdr_realloc(work->slots, work->max, sizeof *work->slots);
    }
    vdr_mem_block *block = vdr_alloc(1, sizeof *block);
    *block = (vdr_mem_block){
        .bytes = vdr_alloc(bytes.len, 1), .len = bytes.len, .check = check_of(id, bytes), .holders = 1};
    if (bytes.len != 0)
        memcpy(block->bytes, bytes.at, bytes.len);
    memmove(work->slots + at + 1, work->slots + at, (work->count - at) * sizeof *work->slots);
    work->slots[at] = (vdr_mem_slot){.id = id, .fresh = true, .block = block};
    work->count++;
    c->fresh++;
    c->piece_bytes += bytes.len;
    atomic_fetch_add_explicit(&c->written_bytes, bytes.len, memory_order_relaxed);
    return c->piece_bytes >= PIECE_BYTES ? commit_next(c, &fault) : VDR_OK;
}

static vdr_err
drop(vdr_checkpoint *base, vdr_block_id id)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    size_t at;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    if (!find(c->work, id, &at))
        return VDR_E_NOT_FOUND;
    c->fresh -= c->work->slots[at].fresh;
    remove_at(c->work, at);
    return VDR_OK;
}

static vdr_err
commit(vdr_checkpoint *base, const vdr_checkpoint_manifest *manifest)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_memory *memory = c->memory;
    vdr_memory_fault fault;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    VDR_ASSERT(manifest->blocks == c->work->count);
    err = commit_next(c, &fault);
    if (fault != VDR_MEMORY_NONE && fault != VDR_MEMORY_KEPT)
        return err;
    vdr_mem_state *work = c->work;
    c->work = NULL;
    work->position = manifest->position;
    memcpy(work->chain, manifest->chain, sizeof work->chain);
    work->generation = manifest->generation;
    work->pressed = manifest->pressed;
    work->head = vdr_alloc(manifest->head.len, 1);
    work->head_len = manifest->head.len;
    if (manifest->head.len != 0)
        memcpy(work->head, manifest->head.at, manifest->head.len);
    memory->kept = work;
    if (fault == VDR_MEMORY_NONE)
        vdr_memory_settle_state(memory);
    return err;
}

static void
abandon(vdr_checkpoint *base)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_mem_state_free(c->work);
    c->work = NULL;
}

static const vdr_mem_state *
looked_at(const vdr_checkpoint_memory *c)
{
    return c->checkpoint.back ? c->memory->before : c->memory->newest;
}

static vdr_err
manifest_get(vdr_checkpoint *base, vdr_checkpoint_manifest *ret_manifest)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    const vdr_mem_state *state = looked_at(c);
    if (c->life != c->memory->life)
        return VDR_E_STORE_FAILED;
    if (state == NULL)
        return VDR_E_NOT_FOUND;
    ret_manifest->position = state->position;
    memcpy(ret_manifest->chain, state->chain, sizeof state->chain);
    ret_manifest->blocks = state->count;
    ret_manifest->generation = state->generation;
    ret_manifest->pressed = state->pressed;
    ret_manifest->head = vdr_span_of(state->head, state->head_len);
    return VDR_OK;
}

static vdr_err
load(vdr_checkpoint *base, vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    const vdr_mem_state *state = looked_at(c);
    if (c->life != c->memory->life)
        return VDR_E_STORE_FAILED;
    if (state == NULL)
        return VDR_E_NOT_FOUND;
    for (size_t i = 0; i < state->count; i++) {
        vdr_block_id id = state->slots[i].id;
        const vdr_mem_block *b = state->slots[i].block;
        vdr_span bytes = vdr_span_of(b->bytes, b->len);
        vdr_err err = check_of(id, bytes) == b->check ? block(context, id, bytes) : VDR_E_STORE_CORRUPT;
        if (err != VDR_OK)
            return err;
    }
    return VDR_OK;
}

static vdr_err
fall_back(vdr_checkpoint *base)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_memory_fault fault;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    if (c->memory->newest == NULL)
        return VDR_E_NOT_FOUND;
    err = commit_next(c, &fault);
    c->memory->kept_fall_back = fault == VDR_MEMORY_NONE || fault == VDR_MEMORY_KEPT;
    if (fault == VDR_MEMORY_NONE)
        vdr_memory_settle_state(c->memory);
    return err;
}

static uint64_t
fresh(const vdr_checkpoint *base)
{
    return ((const vdr_checkpoint_memory *)base)->fresh;
}

static vdr_err
forget_older(vdr_checkpoint *base)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    vdr_memory_fault fault;
    vdr_err err = usable(c);
    if (err != VDR_OK)
        return err;
    if (c->memory->newest == NULL)
        return VDR_E_NOT_FOUND;
    if (c->memory->before == NULL)
        return VDR_OK;
    err = commit_next(c, &fault);
    if (fault == VDR_MEMORY_NONE || fault == VDR_MEMORY_KEPT) {
        vdr_mem_state_free(c->memory->before);
        c->memory->before = NULL;
    }
    return err;
}

static vdr_err
look_back(vdr_checkpoint *base)
{
    const vdr_checkpoint_memory *c = (const vdr_checkpoint_memory *)base;
    vdr_err err = usable(c);
    if (err == VDR_OK && c->memory->before == NULL)
        err = VDR_E_NOT_FOUND;
    return err;
}

static vdr_err
pass_block(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)context;
    (void)id;
    (void)bytes;
    return VDR_OK;
}

/* The twin has no pages; on the thread that uses the handle. */
static vdr_err
verify(vdr_checkpoint *base, vdr_store_progress_fn progress, void *context, vdr_store_fault *ret_fault)
{
    vdr_err err = load(base, pass_block, NULL);
    if (err == VDR_E_NOT_FOUND)
        err = VDR_OK;
    if (err == VDR_OK && progress != NULL && !progress(context, 0))
        err = VDR_E_CLOSING;
    if (err != VDR_OK)
        *ret_fault = (vdr_store_fault){.file = "", .text = "it is not what was written"};
    return err;
}

static vdr_err
backup(vdr_checkpoint *base, const char *dir)
{
    (void)base;
    (void)dir;
    return VDR_E_IO; /* the twin has no files */
}

static uint64_t
written_bytes(const vdr_checkpoint *base)
{
    return atomic_load_explicit(&((const vdr_checkpoint_memory *)base)->written_bytes, memory_order_relaxed);
}

static const char *
reason(vdr_checkpoint *base)
{
    return usable((const vdr_checkpoint_memory *)base) == VDR_OK ? "" : "memory: failed on purpose";
}

static void
close_checkpoint(vdr_checkpoint *base)
{
    vdr_checkpoint_memory *c = (vdr_checkpoint_memory *)base;
    if (c->memory->checkpoint == base)
        c->memory->checkpoint = NULL;
    vdr_checkpoint_seal_end(base);
    free(c);
}

static const vdr_checkpoint_ops ops = {
    .begin = begin,
    .put = put,
    .drop = drop,
    .commit = commit,
    .abandon = abandon,
    .manifest_get = manifest_get,
    .load = load,
    .fresh = fresh,
    .forget_older = forget_older,
    .fall_back = fall_back,
    .look_back = look_back,
    .verify = verify,
    .backup = backup,
    .written_bytes = written_bytes,
    .reason = reason,
    .close = close_checkpoint,
};

vdr_err
vdr_checkpoint_open_memory(vdr_memory *memory, vdr_vault *vault, vdr_checkpoint **ret_checkpoint)
{
    if (memory->checkpoint != NULL)
        return VDR_E_STORE_BUSY;
    vdr_memory_settle_state(memory);
    vdr_checkpoint_memory *c = vdr_alloc(1, sizeof *c);
    *c = (vdr_checkpoint_memory){.checkpoint = {.ops = &ops}, .memory = memory, .life = memory->life};
    vdr_checkpoint_seal_begin(&c->checkpoint, vault);
    memory->checkpoint = &c->checkpoint;
    *ret_checkpoint = &c->checkpoint;
    return VDR_OK;
}
