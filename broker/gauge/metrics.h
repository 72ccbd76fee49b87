/* broker/gauge/metrics.h - the numbers of a broker as Prometheus reads them, text format 0.0.4.
 *
 * A vdr_metrics is a copy of numbers, taken by the reactor (measure.c) and written out by whoever serves them
 * (exporter.c). Gauges are the state's own figures at the copy; counters count since the start of this process, as
 * Prometheus expects. No label holds a person, a party or anything else that grows: labels are verdicts, kinds of
 * parties, listeners and states, all from closed tables.
 *
 * Thread:  none of its own; a value. */
#ifndef VDR_BROKER_METRICS_H
#define VDR_BROKER_METRICS_H

#include "broker/engine/engine.h"
#include "broker/net/net.h"
#include "broker/gauge/refusals.h"
#include "proto/bytes.h"

#define VDR_METRICS_KINDS 7u /* of parties, by vdr_party_kind; [0] unused */

typedef enum vdr_serving {
    VDR_SERVING_STARTING,
    VDR_SERVING_OPEN,
    VDR_SERVING_DRAINING,
    VDR_SERVING_FULL,
    VDR_SERVING_STOPPING,
    VDR_SERVING_FAILED,
    VDR_SERVINGS
} vdr_serving;

const char *vdr_serving_name(vdr_serving serving); /* "starting", "serving", "draining", … */

typedef struct vdr_metrics {
    vdr_serving serving;
    int64_t taken_us; /* steady */
    vdr_engine_status engine;
    vdr_histogram commit_us, turn_us, group_records;
    vdr_net_counts net;
    uint64_t
        verdicts[VDR_REFUSALS_CODES]; /* not accepted, by verdict - VDR_E_ACCEPTED; [0]: what is no verdict */
    uint64_t sessions[VDR_ZONES];
    uint64_t revoked_drops;
    uint64_t keys;
    int64_t key_left_ms[VDR_PARTY_LAST +
                        1]; /* until the next key of the kind ends that none was put beside; -1: none does */
    uint64_t keys_expiring; /* of those, within 30 days */
    uint64_t convenants_ended;                /* of agencies: what they signal is refused */
    bool rotation_running;                    /* the pseudonym key changes */
    uint64_t rotation_left;                   /* what is still known under the one before */
    uint64_t erasure_waiting;                 /* things that left and wait for a run */
    bool erasure_failed, backup_stale;        /* the last run; older backups cannot be opened any more */
    int64_t convenant_left_ms;                /* until the next convenant ends; -1: none does */
    uint64_t mail_waiting[VDR_METRICS_KINDS]; /* messages that are not acknowledged */
    uint64_t mailboxes_waiting[VDR_METRICS_KINDS];
    uint64_t unassigned_s; /* how long the oldest case that nobody has is open; 0: there is none */
    uint64_t lag_s;        /* of log time behind the clock; 0 where it has none */
    uint64_t proposals, pauses, silences, version;
    uint64_t guards;                      /* that have been reached, in windows that are not over */
    uint64_t disk_bytes, disk_free_bytes; /* of the store's volume */
} vdr_metrics;

/* What the process uses, read when it is asked for. */
typedef struct vdr_process_use {
    uint64_t cpu_us, resident_bytes, virtual_bytes, descriptors, descriptors_max;
    int64_t started_ms; /* wall clock */
} vdr_process_use;

uint64_t
vdr_metrics_descriptors(void); /* open ones: what connections that never came through would pile up in */
void vdr_process_use_get(vdr_process_use *ret_use); /* but started_ms */

/* All families, each with HELP and TYPE, at the end of text. While starting there are no others than those of the
 * process, the version and the state. */
void vdr_metrics_write(const vdr_metrics *metrics, const vdr_process_use *use, vdr_bytes *text);

#endif
