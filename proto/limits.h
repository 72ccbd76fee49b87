/* proto/limits.h - every upper bound, in one place, with why. Those marked (published) are told in WELCOME. */
#ifndef VDR_PROTO_LIMITS_H
#define VDR_PROTO_LIMITS_H

#define VDR_NAME_BYTES_MAX  256u               /* what names something in an event (semantics section 3) */
#define VDR_CONF_NAME_MAX   128u               /* ids and names in a configuration (semantics section 4) */
#define VDR_JSON_DEPTH_MAX  64u                /* nesting of an event (semantics section 3) */
#define VDR_EVENT_BYTES_MAX (64u * 1024)       /* one event as JSON (published); a longer one is malformed */
#define VDR_FRAME_BYTES_MAX (256u * 1024)      /* one frame of an agency, regisseur, service (published) */
#define VDR_ADMIN_FRAME_MAX (4u * 1024 * 1024) /* one frame on the operators' listener */
#define VDR_BATCH_ITEMS_MAX 1024u              /* items of one PUBLISH frame (published) */
#define VDR_WINDOW_ITEMS    4096u              /* unconfirmed items of one session (published) */
#define VDR_WINDOW_BYTES    (4u * 1024 * 1024) /* unconfirmed bytes of one session (published) */
#define VDR_DELIVERY_WINDOW 1024u /* undelivered-to-acknowledged messages of a subscription (published) */
#define VDR_GROUP_RECORDS_MAX                                                                                \
    4096u /* commands of one turn: larger groups gain nothing (performance.md 4.3) */
#define VDR_GROUP_RECORDS_GOOD                                                                               \
    2048u /* so many need not wait for more: what follows is stepped while they sync */
#define VDR_GROUP_BYTES_MAX (8u * 1024 * 1024) /* bytes of one turn's commands */
#define VDR_CONF_BYTES_MAX  (1024u * 1024)     /* one YAML file */
#define VDR_PROTOCOL_MIN    1u
#define VDR_PROTOCOL_MAX    1u

#endif
