/* broker/door/activity.h - which processing activity what is done with persons belongs to: URIs into the town's register
 * (protocol.md 5.13), for the processing log.
 *
 * Read from the texts of a configuration and not from vdr_config: no step depends on them, and the core knows only what
 * it reads. Of a type: its own; else the town's; else urn:voordeur:activity:MUNICIPALITY:TYPE. Of households and cases:
 * the town's; else urn:voordeur:activity:MUNICIPALITY:households.
 *
 * Thread:  immutable once made; any.
 * Memory:  its own; spans live until vdr_activities_free. */
#ifndef VDR_DOOR_ACTIVITY_H
#define VDR_DOOR_ACTIVITY_H

#include "broker/door/config_read.h"

typedef struct vdr_activities vdr_activities;

/* Of texts that vdr_config_read has taken. BAD_CONFIG, NO_MEMORY. */
VDR_MUST_CHECK vdr_err vdr_activities_read(const vdr_config_texts *texts, vdr_activities **ret_activities);
void vdr_activities_free(vdr_activities **activities_p); /* NULL-safe */

vdr_span vdr_activities_municipality(const vdr_activities *activities);
/* type absent, or of no configuration any more: of households and cases. */
vdr_span vdr_activity_of(const vdr_activities *activities, vdr_span type);

#endif
