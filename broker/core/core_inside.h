/* broker/core/core_inside.h - what a core is made of. Core only. */
#ifndef VDR_CORE_CORE_INSIDE_H
#define VDR_CORE_CORE_INSIDE_H

#include "broker/core/phrase.h"
#include "broker/core/state.h"

struct vdr_core {
    vdr_state state;
    vdr_phrase objection; /* of vdr_core_config_objection */
    uint32_t foreseen;    /* events that were foreseen and not stepped yet: a guess, for speed alone */

    /* The image in progress, or the load. */
    bool imaging, loading;
    uint32_t image_slab;         /* whose chunks come next */
    uint64_t image_blocks;       /* of the whole image */
    vdr_position image_position; /* the state after this record is in the image */
    uint8_t *image_head;
    size_t image_head_len;
};

/* config.c: puts the configuration in force that state->config is set to. */
void vdr_config_bind(vdr_state *state);

#endif
