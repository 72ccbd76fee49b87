/* clients/cli/screen.h - the screen of `voordeur top`: 80 columns, 24 lines, of two samples.
 *
 * Thread: any; pure. */
#ifndef VDR_CLI_SCREEN_H
#define VDR_CLI_SCREEN_H

#include "proto/wire.h"

#define VDR_SCREEN_SESSIONS 256u /* the busiest of these are shown */
#define VDR_SCREEN_QUEUES   6u

typedef struct vdr_screen_session {
    uint64_t session, in, out;
    char party[40], program[24];
    uint32_t open;
    int64_t idle_ms;
} vdr_screen_session;

typedef struct vdr_screen_queue {
    char name[40];
    uint64_t waiting, newest, acknowledged;
} vdr_screen_queue;

/* What was asked of the broker at one moment. */
typedef struct vdr_sample {
    int64_t taken_ms; /* of a steady clock */
    char municipality[24], version[16], state[16];
    uint64_t time_ms;
    uint64_t accepted, duplicates, refused, acks, frames_in, frames_out, groups, ticks;
    uint64_t commit_p50, commit_p99, commit_max, turn_p99, turn_max, records_p50, records_max;
    uint64_t position, durable, checkpoint, checkpoint_age_ms;
    uint64_t log_bytes, log_limit, disk_free, disk, state_bytes;
    uint64_t households, signals, unassigned, offered, active, overdue, mail_waiting;
    uint64_t sessions_parties, sessions_operators, descriptors;
    vdr_screen_session sessions[VDR_SCREEN_SESSIONS];
    size_t session_count;
    vdr_screen_queue queues[VDR_SCREEN_QUEUES]; /* those with most that waits */
    size_t queue_count;
} vdr_sample;

/* Each takes its part of an answer. */
void vdr_sample_status(vdr_sample *sample, const vdr_wire_admin_result *status);
void vdr_sample_sessions(vdr_sample *sample, const vdr_wire_admin_result *sessions);
void vdr_sample_mailboxes(vdr_sample *sample, const vdr_wire_admin_result *mailboxes);

/* So much a second between two samples; 0 where the figure went back: another broker, or a restart. */
uint64_t vdr_sample_rate(uint64_t before, uint64_t now, int64_t passed_ms);

/* before: NULL shows "-" for what is a rate. Terminated; returns the bytes of the whole text. */
size_t vdr_screen_text(const vdr_sample *before, const vdr_sample *now, char *text, size_t size);

#endif
