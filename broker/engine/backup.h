/* broker/engine/backup.h - a consistent copy of a store, and its way back. The public half is in engine.h. */
#ifndef VDR_BROKER_BACKUP_H
#define VDR_BROKER_BACKUP_H

#include "broker/engine/engine.h"

/* OK: dir is not there, or empty. STORE_BUSY: there is something in it; NOT_FOUND: the folder that it should
 * be in is not there; IO. ret_words: VDR_ENGINE_WORDS_BYTES, filled on failure. */
VDR_MUST_CHECK vdr_err vdr_backup_dir_free(const char *dir, char *ret_words);

/* Copies the newest checkpoint, then the log, which others may append to: so the copy of the log reaches at
 * least as far as that of the checkpoint. No checkpoint may be written meanwhile: it is called on the
 * checkpointer's thread. ret_position: the last record of the copy. */
VDR_MUST_CHECK vdr_err vdr_backup_write(vdr_log *log, vdr_checkpoint *checkpoint, const char *dir,
                                        vdr_position *ret_position, char *ret_words);

#endif
