#include "store/env.h"

vdr_err
vdr_env_check_pages(vdr_env *env, vdr_pages_bad *ret_bad)
{
    vdr_err err = VDR_E_BUSY;
    int fd = -1;
    (void)mdb_env_get_fd(env->mdb, &fd);
    while (err == VDR_E_BUSY) { /* commits came between: another snapshot */
        MDB_txn *txn = NULL;
        err = vdr_env_read_begin(env, &txn);
        if (err != VDR_OK)
            return err;
        err = vdr_pages_check_all(fd, mdb_txn_id(txn), ret_bad);
        vdr_env_read_end(env, txn, false);
    }
    return err;
}
