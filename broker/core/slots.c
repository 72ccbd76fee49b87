#include "broker/core/slots.h"

#include "proto/assert.h"

#include <stdlib.h>

void
vdr_slots_add(vdr_slots *slots, vdr_slot slot)
{
    if (slots->count == slots->size) {
        slots->size = slots->size == 0 ? 64 : slots->size * 2;
        slots->at = vdr_realloc(slots->at, slots->size, sizeof *slots->at);
    }
    slots->at[slots->count++] = slot;
}

void
vdr_slots_done(vdr_slots *slots)
{
    free(slots->at);
    *slots = (vdr_slots){0};
}
