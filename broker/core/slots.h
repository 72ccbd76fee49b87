/* broker/core/slots.h - a growing array of slots that is used again and again. Core only. Thread: one. */
#ifndef VDR_CORE_SLOTS_H
#define VDR_CORE_SLOTS_H

#include "proto/types.h"

typedef uint32_t vdr_slot; /* index of a record in its table (slab.h); 0 none */

typedef struct vdr_slots {
    vdr_slot *at;
    size_t count, size;
} vdr_slots;

void vdr_slots_add(vdr_slots *slots, vdr_slot slot);
void vdr_slots_done(vdr_slots *slots);

#endif
