/* store/ops.h - what a backend of the log or the checkpoint is: a table of calls. Private to store/.
 *
 * A backend's object begins with a vdr_log, vdr_log_reader or vdr_checkpoint whose ops it sets; log.c and
 * checkpoint.c check arguments and call through. Contracts are those of log.h and checkpoint.h. */
#ifndef VDR_STORE_OPS_H
#define VDR_STORE_OPS_H

#include "store/checkpoint.h"
#include "store/log.h"

#include <stdatomic.h>

typedef struct vdr_log_ops {
    vdr_err (*append)(vdr_log *log, uint64_t epoch, vdr_position expected, const vdr_log_record *records,
                      size_t count, const vdr_log_mail *mails, size_t mail_count);
    vdr_err (*cut)(vdr_log *log, vdr_position keep, size_t count_max, size_t *ret_removed);
    vdr_err (*forget_mail)(vdr_log *log, uint32_t mailbox, uint64_t seq, size_t count_max,
                           size_t *ret_removed);
    void (*stats_get)(vdr_log *log, vdr_log_stats *ret_stats);
    vdr_err (*head)(vdr_log *log, vdr_position position, vdr_log_head *ret_head);
    vdr_err (*verify)(vdr_log *log, vdr_position from, vdr_store_progress_fn progress, void *context,
                      vdr_store_fault *ret_fault);
    vdr_err (*backup)(vdr_log *log, const char *dir);
    const char *(*reason)(vdr_log *log);
    void (*close)(vdr_log *log);

    vdr_err (*reader_open)(vdr_log *log, vdr_log_reader **ret_reader);
    vdr_err (*reader_refresh)(vdr_log_reader *reader);
    void (*reader_rest)(vdr_log_reader *reader);
    void (*reader_close)(vdr_log_reader *reader);
    vdr_err (*read)(vdr_log_reader *reader, vdr_position position, vdr_log_record *ret_record);
    vdr_err (*read_key)(vdr_log_reader *reader, vdr_position position, vdr_vault_key *ret_key);
    const vdr_vault *(*vault)(const vdr_log *log);
    vdr_err (*next)(vdr_log_reader *reader, vdr_position from, vdr_position *ret_position);
    vdr_err (*carrier)(vdr_log_reader *reader, vdr_position position, vdr_position *ret_carrier);
    vdr_err (*look_at)(vdr_log_reader *reader, vdr_position position, vdr_log_look *ret_look);
    vdr_err (*read_mail)(vdr_log_reader *reader, uint32_t mailbox, uint64_t seq, vdr_log_mail *ret_mails,
                         size_t max, size_t *ret_count);
} vdr_log_ops;

struct vdr_log {
    const vdr_log_ops *ops;
};

struct vdr_log_reader {
    const vdr_log_ops *ops;
    bool resting; /* kept by the backend, under its lock where other threads look at it */
};

typedef struct vdr_checkpoint_ops {
    vdr_err (*begin)(vdr_checkpoint *checkpoint);
    vdr_err (*put)(vdr_checkpoint *checkpoint, vdr_block_id id, vdr_span bytes);
    vdr_err (*drop)(vdr_checkpoint *checkpoint, vdr_block_id id);
    vdr_err (*commit)(vdr_checkpoint *checkpoint, const vdr_checkpoint_manifest *manifest);
    void (*abandon)(vdr_checkpoint *checkpoint);
    uint64_t (*fresh)(const vdr_checkpoint *checkpoint); /* blocks of the one being written that were put */
    vdr_err (*forget_older)(vdr_checkpoint *checkpoint);
    vdr_err (*manifest_get)(vdr_checkpoint *checkpoint, vdr_checkpoint_manifest *ret_manifest);
    vdr_err (*load)(vdr_checkpoint *checkpoint,
                    vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context);
    vdr_err (*fall_back)(vdr_checkpoint *checkpoint);
    vdr_err (*look_back)(vdr_checkpoint *checkpoint);
    vdr_err (*look_open)(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look);
    vdr_err (*verify)(vdr_checkpoint *checkpoint, vdr_store_progress_fn progress, void *context,
                      vdr_store_fault *ret_fault);
    vdr_err (*backup)(vdr_checkpoint *checkpoint, const char *dir);
    uint64_t (*written_bytes)(const vdr_checkpoint *checkpoint);
    const char *(*reason)(vdr_checkpoint *checkpoint);
    void (*close)(vdr_checkpoint *checkpoint);
} vdr_checkpoint_ops;

struct vdr_checkpoint {
    const vdr_checkpoint_ops *ops;
    bool begun; /* between begin and commit or abandon; kept by checkpoint.c */
    bool back;  /* looks at the one before the newest; kept by checkpoint.c */
    bool look;  /* a second handle that only reads; kept by checkpoint.c */

    /* Sealing is checkpoint.c's: a backend stores and gives sealed bytes, and of the manifest generation and pressed. */
    vdr_vault *vault;
    _Atomic uint32_t generation; /* of the newest; as vdr_checkpoint_generation tells */
    _Atomic bool pressed;        /* its blocks say at their end whether they are (checkpoint.c) */
    uint32_t put;                /* the oldest generation that was put under since begin; 0: none */
    uint8_t *head;               /* of the manifest last read */
    struct vdr_checkpoint_room *room;
};

/* checkpoint.c: a backend calls it when its handle is whole, and as it closes. */
void vdr_checkpoint_seal_begin(vdr_checkpoint *checkpoint, vdr_vault *vault);
void vdr_checkpoint_seal_end(vdr_checkpoint *checkpoint);

#endif
