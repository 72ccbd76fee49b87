/* proto/right.h - what residents ask and what stands about them (protocol.md 5.10): kinds and states whose numbers
 * are stored and sent, and one as it is shown. Add at the end, never renumber. Plain values. */
#ifndef VDR_PROTO_RIGHT_H
#define VDR_PROTO_RIGHT_H

#include "proto/types.h"

typedef enum vdr_right_kind {
    VDR_RIGHT_ERASURE = 1,
    VDR_RIGHT_OBJECTION = 2,
    VDR_RIGHT_RESTRICTION = 3,
    VDR_RIGHT_RECTIFICATION = 4,
    VDR_RIGHT_HOLD = 5
} vdr_right_kind;
#define VDR_RIGHT_KIND_LAST VDR_RIGHT_HOLD

typedef enum vdr_right_state {
    VDR_RIGHT_STANDS = 1,
    VDR_RIGHT_PLACED = 2,  /* a hold that somebody else must confirm */
    VDR_RIGHT_LIFTING = 3, /* a hold that stands until somebody else confirms that it is lifted */
    /* ended */
    VDR_RIGHT_DONE = 4, /* erased, rectified */
    VDR_RIGHT_UPHELD = 5,
    VDR_RIGHT_REJECTED = 6,
    VDR_RIGHT_LIFTED = 7,
    VDR_RIGHT_WITHDRAWN = 8, /* before it was done or confirmed */
    VDR_RIGHT_GONE = 9       /* what it was about left, or became part of another that has the same */
} vdr_right_state;
#define VDR_RIGHT_STATE_LAST VDR_RIGHT_GONE

const char *vdr_right_kind_name(vdr_right_kind kind); /* "erasure", …; never NULL */
const char *vdr_right_state_name(vdr_right_state state);

#endif
