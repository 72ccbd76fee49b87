#include "store/checkpoint.h"

#include "store/ops.h"

#include "store/bytes.h"
#include "store/press.h"

#include <sodium.h>
#include <stdlib.h>

#define MANIFEST_BOUND_BYTES (8u + 32u + 8u + 1u)

/* ---- Pressing and sealing ----
 *
 * What is sealed of a block is the block, pressed where that makes it smaller, and a byte behind it that says so.
 * Releases that did not press sealed the block alone; which it is, the manifest says, for all of its blocks. */

enum form { AS_IS = 0, PRESSED = 1 };

#define FORM_BYTES 1u

struct vdr_checkpoint_room {
    vdr_press press;
    uint8_t plain[VDR_BLOCK_BYTES_MAX + FORM_BYTES];                         /* what is sealed */
    uint8_t bytes[VDR_BLOCK_BYTES_MAX + FORM_BYTES + VDR_VAULT_BLOCK_BYTES]; /* sealed, or pressed no more */
};

/* A block belongs to its name, a head to the rest of its manifest. */
static void
block_bound(vdr_block_id id, uint8_t ret_bound[8])
{
    vdr_put_be32(ret_bound, id.table);
    vdr_put_be32(ret_bound + 4, id.number);
}

/* One of a release that did not press ends before what says so. */
static vdr_span
manifest_bound(const vdr_checkpoint_manifest *manifest, uint8_t ret_bound[MANIFEST_BOUND_BYTES])
{
    vdr_put_be64(ret_bound, manifest->position);
    memcpy(ret_bound + 8, manifest->chain, 32);
    vdr_put_be64(ret_bound + 40, manifest->blocks);
    ret_bound[48] = PRESSED;
    return vdr_span_of(ret_bound, MANIFEST_BOUND_BYTES - (manifest->pressed ? 0 : FORM_BYTES));
}

static struct vdr_checkpoint_room *
room(vdr_checkpoint *checkpoint)
{
    if (checkpoint->room == NULL)
        checkpoint->room = vdr_alloc(1, sizeof *checkpoint->room);
    return checkpoint->room;
}

static vdr_span
press(vdr_checkpoint *checkpoint, vdr_span bytes)
{
    struct vdr_checkpoint_room *r = room(checkpoint);
    size_t len = bytes.len != 0 ? vdr_press_block(&r->press, bytes, r->plain, bytes.len - 1) : 0;
    enum form form = len != 0 ? PRESSED : AS_IS;
    if (form == AS_IS) {
        len = bytes.len;
        if (len != 0)
            memcpy(r->plain, bytes.at, len);
    }
    r->plain[len] = (uint8_t)form;
    return vdr_span_of(r->plain, len + FORM_BYTES);
}

/* plain stands in the room, and so does what is given. STORE_CORRUPT. */
static vdr_err
press_open(vdr_checkpoint *checkpoint, vdr_span plain, vdr_span *ret_bytes)
{
    struct vdr_checkpoint_room *r = room(checkpoint);
    if (plain.len < FORM_BYTES || plain.at[plain.len - FORM_BYTES] > PRESSED)
        return VDR_E_STORE_CORRUPT;
    vdr_span body = vdr_span_of(plain.at, plain.len - FORM_BYTES);
    if (plain.at[body.len] == AS_IS) {
        *ret_bytes = body;
        return VDR_OK;
    }
    size_t len = 0;
    vdr_err err = vdr_press_block_open(body, r->bytes, VDR_BLOCK_BYTES_MAX, &len);
    if (err == VDR_OK)
        *ret_bytes = vdr_span_of(r->bytes, len);
    return err;
}

static vdr_span
seal(vdr_checkpoint *checkpoint, vdr_span bound, vdr_span bytes)
{
    uint8_t *sealed = room(checkpoint)->bytes;
    uint32_t generation = vdr_vault_seal_block(checkpoint->vault, bound, bytes, sealed);
    if (checkpoint->put == 0 || generation < checkpoint->put)
        checkpoint->put = generation;
    return vdr_span_of(sealed, bytes.len + VDR_VAULT_BLOCK_BYTES);
}

static vdr_err
open_sealed(const vdr_checkpoint *checkpoint, vdr_span bound, vdr_span sealed, uint8_t *into,
            vdr_span *ret_bytes)
{
    if (checkpoint->vault == NULL)
        return VDR_E_SEALED;
    vdr_err err = vdr_vault_open_block(checkpoint->vault, bound, sealed, into);
    if (err == VDR_OK)
        *ret_bytes = vdr_span_of(into, sealed.len - VDR_VAULT_BLOCK_BYTES);
    return err;
}

/* What the newest is now. A manifest that fails its check is told by who reads it: there may be one before it. */
static void
look(vdr_checkpoint *checkpoint)
{
    vdr_checkpoint_manifest manifest;
    vdr_err err = checkpoint->ops->manifest_get(checkpoint, &manifest);
    atomic_store(&checkpoint->generation, err == VDR_OK ? manifest.generation : 0);
    atomic_store(&checkpoint->pressed, err == VDR_OK && manifest.pressed);
}

void
vdr_checkpoint_seal_begin(vdr_checkpoint *checkpoint, vdr_vault *vault)
{
    checkpoint->vault = vault;
    look(checkpoint);
}

void
vdr_checkpoint_seal_end(vdr_checkpoint *checkpoint)
{
    if (checkpoint->room != NULL)
        sodium_memzero(checkpoint->room, sizeof *checkpoint->room);
    free(checkpoint->room);
    free(checkpoint->head);
}

vdr_vault *
vdr_checkpoint_vault(const vdr_checkpoint *checkpoint)
{
    return checkpoint->vault;
}

uint32_t
vdr_checkpoint_generation(const vdr_checkpoint *checkpoint)
{
    return atomic_load(&checkpoint->generation);
}

bool
vdr_checkpoint_wants_all(const vdr_checkpoint *checkpoint)
{
    vdr_vault_status status;
    if (checkpoint->vault == NULL)
        return false;
    vdr_vault_status_get(checkpoint->vault, &status);
    return status.generation != vdr_checkpoint_generation(checkpoint) || !atomic_load(&checkpoint->pressed);
}

/* ---- Writing ---- */

vdr_err
vdr_checkpoint_begin(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back && !checkpoint->look);
    if (checkpoint->vault == NULL && vdr_checkpoint_generation(checkpoint) != 0)
        return VDR_E_SEALED;
    vdr_err err = checkpoint->ops->begin(checkpoint);
    checkpoint->begun = err == VDR_OK;
    checkpoint->put = 0;
    return err;
}

vdr_err
vdr_checkpoint_put(vdr_checkpoint *checkpoint, vdr_block_id id, vdr_span bytes)
{
    VDR_ASSERT(checkpoint->begun && bytes.len <= VDR_BLOCK_BYTES_MAX);
    uint8_t bound[8];
    if (checkpoint->vault != NULL) {
        block_bound(id, bound);
        bytes = seal(checkpoint, vdr_span_of(bound, sizeof bound), press(checkpoint, bytes));
    }
    return checkpoint->ops->put(checkpoint, id, bytes);
}

vdr_err
vdr_checkpoint_drop(vdr_checkpoint *checkpoint, vdr_block_id id)
{
    VDR_ASSERT(checkpoint->begun);
    return checkpoint->ops->drop(checkpoint, id);
}

/* Which generation the checkpoint will need: of what was put, and of what was carried over. */
static uint32_t
needs(const vdr_checkpoint *checkpoint, uint64_t blocks)
{
    uint32_t carried = vdr_checkpoint_generation(checkpoint);
    if (checkpoint->ops->fresh(checkpoint) == blocks)
        return checkpoint->put;
    VDR_ASSERT(carried != 0);                      /* plain blocks would be taken for sealed ones */
    VDR_ASSERT(atomic_load(&checkpoint->pressed)); /* and others' last byte for the form */
    return carried < checkpoint->put ? carried : checkpoint->put;
}

vdr_err
vdr_checkpoint_commit(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest)
{
    VDR_ASSERT(checkpoint->begun && manifest->head.len <= VDR_BLOCK_BYTES_MAX);
    vdr_checkpoint_manifest stored = *manifest;
    uint8_t bound[MANIFEST_BOUND_BYTES];
    stored.generation = 0;
    stored.pressed = checkpoint->vault != NULL;
    if (checkpoint->vault != NULL) {
        stored.head = seal(checkpoint, manifest_bound(&stored, bound), manifest->head);
        stored.generation = needs(checkpoint, manifest->blocks);
    }
    vdr_err err = checkpoint->ops->commit(checkpoint, &stored);
    if (err != VDR_OK) {
        checkpoint->ops->abandon(checkpoint);
    } else {
        atomic_store(&checkpoint->generation, stored.generation);
        atomic_store(&checkpoint->pressed, stored.pressed);
    }
    checkpoint->begun = false;
    return err;
}

void
vdr_checkpoint_abandon(vdr_checkpoint *checkpoint)
{
    if (checkpoint->begun)
        checkpoint->ops->abandon(checkpoint);
    checkpoint->begun = false;
}

/* ---- Reading ---- */

vdr_err
vdr_checkpoint_manifest_get(vdr_checkpoint *checkpoint, vdr_checkpoint_manifest *ret_manifest)
{
    vdr_checkpoint_manifest manifest;
    uint8_t bound[MANIFEST_BOUND_BYTES];
    vdr_err err = checkpoint->ops->manifest_get(checkpoint, &manifest);
    if (err != VDR_OK)
        return err;
    if (manifest.generation != 0) {
        vdr_span sealed = manifest.head;
        manifest.head = (vdr_span){0};
        if (sealed.len < VDR_VAULT_BLOCK_BYTES)
            return VDR_E_STORE_CORRUPT;
        uint8_t *opened = vdr_alloc(sealed.len, 1);
        err = open_sealed(checkpoint, manifest_bound(&manifest, bound), sealed, opened, &manifest.head);
        free(checkpoint->head);
        checkpoint->head = opened;
    }
    if (err == VDR_OK || err == VDR_E_SEALED)
        *ret_manifest = manifest;
    return err;
}

typedef struct loading {
    vdr_checkpoint *checkpoint;
    vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes);
    void *context;
} loading;

static vdr_err
load_sealed(void *context, vdr_block_id id, vdr_span sealed)
{
    const loading *l = context;
    uint8_t bound[8];
    vdr_span bytes;
    if (sealed.len > sizeof l->checkpoint->room->plain + VDR_VAULT_BLOCK_BYTES)
        return VDR_E_STORE_CORRUPT;
    block_bound(id, bound);
    vdr_err err = open_sealed(l->checkpoint, vdr_span_of(bound, sizeof bound), sealed,
                              room(l->checkpoint)->plain, &bytes);
    if (err == VDR_OK && atomic_load(&l->checkpoint->pressed))
        err = press_open(l->checkpoint, bytes, &bytes);
    return err == VDR_OK ? l->block(l->context, id, bytes) : err;
}

vdr_err
vdr_checkpoint_load(vdr_checkpoint *checkpoint,
                    vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    VDR_ASSERT(!checkpoint->begun);
    loading l = {.checkpoint = checkpoint, .block = block, .context = context};
    return vdr_checkpoint_generation(checkpoint) == 0 ? checkpoint->ops->load(checkpoint, block, context)
                                                      : checkpoint->ops->load(checkpoint, load_sealed, &l);
}

static vdr_err
pass_block(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)context;
    (void)id;
    (void)bytes;
    return VDR_OK;
}

vdr_err
vdr_checkpoint_verify(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun);
    return checkpoint->ops->load(checkpoint, pass_block, NULL);
}

vdr_err
vdr_checkpoint_fall_back(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back && !checkpoint->look);
    vdr_err err = checkpoint->ops->fall_back(checkpoint);
    if (err == VDR_OK)
        look(checkpoint);
    return err;
}

vdr_err
vdr_checkpoint_forget_older(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back && !checkpoint->look);
    return checkpoint->ops->forget_older(checkpoint);
}

vdr_err
vdr_checkpoint_look_back(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back);
    vdr_err err = checkpoint->ops->look_back(checkpoint);
    checkpoint->back = err == VDR_OK;
    if (err == VDR_OK)
        look(checkpoint);
    return err;
}

vdr_err
vdr_checkpoint_proofread(vdr_checkpoint *checkpoint, vdr_store_progress_fn progress, void *context,
                         vdr_store_fault *ret_fault)
{
    *ret_fault = (vdr_store_fault){.file = "", .text = ""};
    return checkpoint->ops->verify(checkpoint, progress, context, ret_fault);
}

vdr_err
vdr_checkpoint_look_open(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look)
{
    vdr_checkpoint *made;
    VDR_ASSERT(checkpoint->ops->look_open != NULL); /* memory has no second handle */
    vdr_err err = checkpoint->ops->look_open(checkpoint, &made);
    if (err != VDR_OK)
        return err;
    made->look = true;
    vdr_checkpoint_seal_begin(made, checkpoint->vault);
    *ret_look = made;
    return VDR_OK;
}

vdr_err
vdr_checkpoint_look_oldest(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look)
{
    vdr_checkpoint *look = NULL;
    vdr_err err = vdr_checkpoint_look_open(checkpoint, &look);
    if (err == VDR_OK)
        err = vdr_checkpoint_look_back(look);
    if (err == VDR_OK || err == VDR_E_NOT_FOUND) {
        *ret_look = look;
        return VDR_OK;
    }
    vdr_checkpoint_close(&look);
    return err;
}

vdr_err
vdr_checkpoint_backup(vdr_checkpoint *checkpoint, const char *dir)
{
    VDR_ASSERT(!checkpoint->look);
    return checkpoint->ops->backup(checkpoint, dir);
}

uint64_t
vdr_checkpoint_written_bytes(const vdr_checkpoint *checkpoint)
{
    return checkpoint->ops->written_bytes(checkpoint);
}

const char *
vdr_checkpoint_reason(vdr_checkpoint *checkpoint)
{
    return checkpoint->ops->reason(checkpoint);
}

void
vdr_checkpoint_close(vdr_checkpoint **checkpoint_p)
{
    if (*checkpoint_p == NULL)
        return;
    vdr_checkpoint_abandon(*checkpoint_p);
    (*checkpoint_p)->ops->close(*checkpoint_p);
    *checkpoint_p = NULL;
}
