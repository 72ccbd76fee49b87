/* A second handle on an open store, for another thread: one read transaction, from opening to closing. */
#include "store/checkpoint_lmdb.h"

#include <stdlib.h>

typedef struct look {
    vdr_checkpoint checkpoint;
    vdr_checkpoint_lmdb *of; /* its environment alone: what else is there is the writer's */
    MDB_txn *txn;
    uint64_t newest, before; /* in txn */
} look;

static vdr_err
manifest_get(vdr_checkpoint *base, vdr_checkpoint_manifest *ret_manifest)
{
    look *l = (look *)base;
    vdr_checkpoint_manifest manifest;
    uint64_t sum;
    vdr_err err = vdr_checkpoint_lmdb_manifest(l->of, l->txn, l->newest, &manifest, &sum);
    if (err == VDR_OK) {
        vdr_manifest_keep(base, &manifest);
        *ret_manifest = manifest;
    }
    return err;
}

static vdr_err
load(vdr_checkpoint *base, vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    look *l = (look *)base;
    return vdr_blocks_load(l->of, l->txn, l->newest, block, context);
}

static vdr_err
look_back(vdr_checkpoint *base)
{
    look *l = (look *)base;
    if (l->before == 0)
        return VDR_E_NOT_FOUND;
    l->newest = l->before;
    l->before = 0;
    return VDR_OK;
}

static void
close_look(vdr_checkpoint *base)
{
    look *l = (look *)base;
    vdr_env_read_end(&l->of->env, l->txn, false);
    vdr_checkpoint_seal_end(base);
    free(l);
}

/* What is missing is asserted against in checkpoint.c. */
static const vdr_checkpoint_ops ops = {
    .manifest_get = manifest_get,
    .load = load,
    .look_back = look_back,
    .close = close_look,
};

vdr_err
vdr_checkpoint_lmdb_look(vdr_checkpoint *base, vdr_checkpoint **ret_look)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    uint64_t found[2];
    MDB_txn *txn = NULL;
    vdr_err err = vdr_env_read_begin(&c->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_manifest_newest(c, txn, found);
    if (err == VDR_OK && found[0] == 0)
        err = VDR_E_NOT_FOUND;
    if (err != VDR_OK) {
        vdr_env_read_end(&c->env, txn, false);
        return err;
    }
    look *l = vdr_alloc(1, sizeof *l);
    l->checkpoint.ops = &ops;
    l->of = c;
    l->txn = txn;
    l->newest = found[0];
    l->before = found[1];
    *ret_look = &l->checkpoint;
    return VDR_OK;
}
