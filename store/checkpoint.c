#include "store/checkpoint.h"

#include "store/ops.h"

vdr_err
vdr_checkpoint_begin(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back);
    vdr_err err = checkpoint->ops->begin(checkpoint);
    checkpoint->begun = err == VDR_OK;
    return err;
}

vdr_err
vdr_checkpoint_put(vdr_checkpoint *checkpoint, vdr_block_id id, vdr_span bytes)
{
    VDR_ASSERT(checkpoint->begun && bytes.len <= VDR_BLOCK_BYTES_MAX);
    return checkpoint->ops->put(checkpoint, id, bytes);
}

vdr_err
vdr_checkpoint_drop(vdr_checkpoint *checkpoint, vdr_block_id id)
{
    VDR_ASSERT(checkpoint->begun);
    return checkpoint->ops->drop(checkpoint, id);
}

vdr_err
vdr_checkpoint_commit(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest)
{
    VDR_ASSERT(checkpoint->begun && manifest->head.len <= VDR_BLOCK_BYTES_MAX);
    vdr_err err = checkpoint->ops->commit(checkpoint, manifest);
    if (err != VDR_OK)
        checkpoint->ops->abandon(checkpoint);
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

vdr_err
vdr_checkpoint_manifest_get(vdr_checkpoint *checkpoint, vdr_checkpoint_manifest *ret_manifest)
{
    return checkpoint->ops->manifest_get(checkpoint, ret_manifest);
}

vdr_err
vdr_checkpoint_load(vdr_checkpoint *checkpoint,
                    vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    VDR_ASSERT(!checkpoint->begun);
    return checkpoint->ops->load(checkpoint, block, context);
}

vdr_err
vdr_checkpoint_fall_back(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back);
    return checkpoint->ops->fall_back(checkpoint);
}

vdr_err
vdr_checkpoint_look_back(vdr_checkpoint *checkpoint)
{
    VDR_ASSERT(!checkpoint->begun && !checkpoint->back);
    vdr_err err = checkpoint->ops->look_back(checkpoint);
    checkpoint->back = err == VDR_OK;
    return err;
}

vdr_err
vdr_checkpoint_backup(vdr_checkpoint *checkpoint, const char *dir)
{
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
