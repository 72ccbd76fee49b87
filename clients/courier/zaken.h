/* clients/courier/zaken.h - every case as a zaak in a case system (Zaken API 1.5, "ZGW").
 *
 * What happens to cases comes from the broker's decisions, as an operator sees them: no person is in them, so none goes
 * into the case system either. A zaak has the case's number as its identificatie, one rol for its regisseur (none while
 * nobody has it), the status that its state asks for, and a resultaat before the last status.
 *
 *   proposed → the zaak, status opened     accepted → status accepted     plan_set → status planned
 *   closed, dismissed, retracted, merged → resultaat, status ended
 *   whoever the case is offered to or held by → the one rol; a hand-over takes the old one away first
 *
 * Every step looks before it writes, so that a line handled twice leaves one zaak, one rol, one status. The log position
 * of the line at work is on disk (folder/zaken.position); a start goes on there. What cannot be reached is tried again
 * from that position; what the case system refuses (4xx) becomes a dead letter and the next line goes on.
 *
 * Thread: one of its own; status may be read from any. */
#ifndef VDR_COURIER_ZAKEN_H
#define VDR_COURIER_ZAKEN_H

#include "clients/courier/config.h"

#define VDR_ZAKEN_NAME "zaken" /* of its letters' folder */

typedef struct vdr_zaken vdr_zaken;

typedef struct vdr_zaken_status {
    bool connected, retrying;
    uint64_t position; /* up to which it is done */
    uint64_t lines, failed, dead;
    char why[256];
} vdr_zaken_status;

/* Starts its thread. IO, USAGE: the key or the position file (ret_words, 256 bytes). */
VDR_MUST_CHECK vdr_err vdr_zaken_start(const vdr_courier_config *config, vdr_zaken **ret_zaken,
                                       char *ret_words);
void vdr_zaken_status_get(vdr_zaken *zaken, vdr_zaken_status *ret_status);
void vdr_zaken_stop(vdr_zaken *zaken); /* NULL-safe */
void vdr_zaken_join(vdr_zaken **zaken_p);

#endif
