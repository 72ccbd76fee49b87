/* store/memory_disk.h - what the parts of the memory twin share. Private to store/memory.c, log_memory*.c
 * and checkpoint_memory.c. Everything here is guarded by memory->lock. */
#ifndef VDR_STORE_MEMORY_DISK_H
#define VDR_STORE_MEMORY_DISK_H

#include "store/memory.h"
#include "store/ops.h"
#include "store/record.h"

#include <pthread.h>

#define VDR_ALIVE          UINT64_MAX
#define VDR_MEM_MAIL_BYTES 12u /* what an entry of the index counts for */

/* Every commit of the log makes a version. A row or entry is in the snapshots from born to before dead. */
typedef struct vdr_mem_row {
    uint8_t *bytes;
    size_t len;
    vdr_position carries; /* 0: no other */
    uint64_t born, dead;
} vdr_mem_row;

typedef struct vdr_mem_mail {
    vdr_position position;
    uint32_t offset;
    uint64_t born, dead;
} vdr_mem_mail;

/* A mailbox; entry i is number seq + i. */
typedef struct vdr_mem_mailbox {
    uint32_t mailbox;
    uint64_t seq;
    vdr_mem_mail *mails;
    size_t count, max;
} vdr_mem_mailbox;

typedef struct vdr_mem_base {
    vdr_position first;
    uint64_t epoch;
    vdr_heads heads;
} vdr_mem_base;

/* Blocks are shared by the checkpoints that have them. */
typedef struct vdr_mem_block {
    uint8_t *bytes;
    size_t len;
    uint64_t check;
    unsigned holders;
} vdr_mem_block;

typedef struct vdr_mem_slot {
    vdr_block_id id;
    bool fresh; /* put since the checkpoint that is written was begun */
    vdr_mem_block *block;
} vdr_mem_slot;

typedef struct vdr_mem_state {
    vdr_position position;
    uint8_t chain[32];
    uint32_t generation;
    bool pressed;
    uint8_t *head;
    size_t head_len;
    vdr_mem_slot *slots; /* in order of name */
    size_t count, max;
} vdr_mem_state;

typedef struct vdr_log_memory {
    vdr_log log;
    vdr_memory *memory;
    uint64_t life; /* of the disk when it was opened */
    bool failed;
    vdr_vault *vault; /* NULL: plain */
    bool sealed;      /* the last record is */
    uint64_t limit_bytes, reserve_bytes;
    vdr_position next;
    uint64_t epoch;
    vdr_heads heads;
    uint64_t groups, syncs;
} vdr_log_memory;

typedef struct vdr_log_memory_reader {
    vdr_log_reader reader;
    vdr_log_memory *log;
    uint64_t version; /* that it sees */
    vdr_record_room room;
    struct vdr_log_memory_reader *older;
} vdr_log_memory_reader;

/* What is true while the disk lies. */
typedef struct vdr_mem_truth {
    bool lies, state_too;
    uint64_t version;
    vdr_mem_base base;
    vdr_mem_state *newest, *before; /* copies; NULL: there was none */
} vdr_mem_truth;

struct vdr_memory {
    pthread_mutex_t lock;
    uint64_t life; /* crashes so far */
    uint64_t passing[2], commits[2];
    vdr_memory_fault fault[2];
    uint64_t capacity_bytes;

    uint64_t version; /* that a reader gets now */
    uint64_t used_bytes;
    vdr_position row_first; /* of rows[0]; rows before base.first wait for readers */
    vdr_mem_row *rows;
    size_t row_count, row_max;
    size_t carriers;            /* rows that carry another, of all that were ever put */
    vdr_mem_mailbox *mailboxes; /* in order of number */
    size_t mailbox_count, mailbox_max;
    vdr_mem_base base, kept_base; /* kept: of a cut that is durable but was reported as failed */
    bool has_kept_base;
    bool kept_log; /* a commit is durable but was reported as failed: version + 1 */
    vdr_log_memory *log;
    vdr_log_memory_reader *readers;

    vdr_mem_state *newest, *before;
    vdr_mem_truth truth;
    vdr_mem_state *kept; /* a manifest that is durable but was reported as failed */
    bool kept_fall_back;
    vdr_checkpoint *checkpoint;
};

/* What the next commit of part shall do; counts it. */
vdr_memory_fault vdr_memory_next(vdr_memory *memory, vdr_memory_part part);
/* Makes what is durable the present: rows and checkpoints that were kept appear. */
void vdr_memory_settle_log(vdr_memory *memory);
void vdr_memory_settle_state(vdr_memory *memory);
/* Frees rows and entries that no reader can see. */
void vdr_memory_collect(vdr_memory *memory);
void vdr_mem_block_release(vdr_mem_block *block);
void vdr_mem_state_free(vdr_mem_state *state); /* NULL-safe */

/* The mailbox, or where it would stand: *ret_at. */
bool vdr_mem_mailbox_find(const vdr_memory *memory, uint32_t mailbox, size_t *ret_at);
/* The position after the last record of a version. */
vdr_position vdr_mem_end(const vdr_memory *memory, uint64_t version);
/* The row of position in a version; NULL: none. */
const vdr_mem_row *vdr_mem_row_at(const vdr_memory *memory, vdr_position position, uint64_t version);
VDR_MUST_CHECK vdr_err vdr_mem_record_at(const vdr_memory *memory, vdr_position position, uint64_t version,
                                         vdr_record *ret_record);
/* Is the handle of the present life, and good for writing? Else STORE_FAILED. */
VDR_MUST_CHECK vdr_err vdr_log_memory_usable(const vdr_log_memory *log);

/* log_memory_read.c */
vdr_err vdr_log_memory_reader_open(vdr_log *log, vdr_log_reader **ret_reader);
vdr_err vdr_log_memory_reader_refresh(vdr_log_reader *reader);
void vdr_log_memory_reader_rest(vdr_log_reader *reader);
void vdr_log_memory_reader_close(vdr_log_reader *reader);
vdr_err vdr_log_memory_read(vdr_log_reader *reader, vdr_position position, vdr_log_record *ret_record);
vdr_err vdr_log_memory_read_key(vdr_log_reader *reader, vdr_position position, vdr_vault_key *ret_key);
vdr_err vdr_log_memory_next(vdr_log_reader *reader, vdr_position from, vdr_position *ret_position);
vdr_err vdr_log_memory_carrier(vdr_log_reader *reader, vdr_position position, vdr_position *ret_carrier);
vdr_err vdr_log_memory_look_at(vdr_log_reader *reader, vdr_position position, vdr_log_look *ret_look);
vdr_err vdr_log_memory_read_mail(vdr_log_reader *reader, uint32_t mailbox, uint64_t seq,
                                 vdr_log_mail *ret_mails, size_t max, size_t *ret_count);
vdr_err vdr_log_memory_verify(vdr_log *log, vdr_position from, vdr_store_progress_fn progress, void *context,
                              vdr_store_fault *ret_fault);

#endif
