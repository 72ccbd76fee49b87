/* broker/gauge/exporter.h - serves the numbers of metrics.h and two states to whoever asks on this machine.
 *
 *   GET /metrics   all numbers, as of the last second
 *   GET /healthz   200: the process works, or is starting; 503: it failed, or its loop has stood still for 10 s
 *   GET /readyz    200: new signals are taken; 503 and a word: starting, draining, full, stopping, failed
 *
 * Plain HTTP, one request a connection, read strictly (scrape.h). Bounded: 8 connections, 4 KiB a request, 3 s each;
 * more wait in the backlog. What is served is a copy, so a slow or hostile reader costs the reactor nothing.
 *
 * Thread:  open, give and close are the reactor's; serving is a thread of its own. */
#ifndef VDR_BROKER_EXPORTER_H
#define VDR_BROKER_EXPORTER_H

#include "broker/gauge/metrics.h"

#include <sys/socket.h>

typedef struct vdr_exporter vdr_exporter;

/* 127.0.0.1:PORT, [::1]:PORT (0: any port) or unix:/PATH; false: none of these. */
typedef struct vdr_exporter_place {
    struct sockaddr_storage address;
    socklen_t len;
} vdr_exporter_place;

bool vdr_exporter_place_of(const char *address, vdr_exporter_place *ret_place);

/* IO: the address cannot be had; ret_words (VDR_ENGINE_WORDS_BYTES) says why. A socket at a unix PATH is replaced. */
VDR_MUST_CHECK vdr_err vdr_exporter_open(const char *address, vdr_exporter **ret_exporter, char *ret_words);
void vdr_exporter_close(vdr_exporter **exporter_p); /* NULL-safe */

const char *vdr_exporter_address(const vdr_exporter *exporter);             /* as bound, with the real port */
void vdr_exporter_give(vdr_exporter *exporter, const vdr_metrics *metrics); /* copied */

#endif
