/* broker/door/sink.h - text of a length that is not known: counted first, then written. */
#ifndef VDR_DOOR_SINK_H
#define VDR_DOOR_SINK_H

#include "proto/decision.h"

typedef struct vdr_sink {
    uint8_t *at; /* NULL: only counting */
    size_t used;
} vdr_sink;

static inline void
vdr_sink_put(vdr_sink *sink, const void *bytes, size_t len)
{
    if (sink->at != NULL && len != 0)
        memcpy(sink->at + sink->used, bytes, len);
    sink->used += len;
}

static inline void
vdr_sink_text(vdr_sink *sink, const char *text)
{
    vdr_sink_put(sink, text, strlen(text));
}

/* As a JSON string, with its quotes. */
static inline void
vdr_sink_string(vdr_sink *sink, vdr_span text)
{
    size_t len = vdr_json_string(text, NULL, 0);
    if (sink->at != NULL)
        (void)vdr_json_string(text, (char *)sink->at + sink->used, len);
    sink->used += len;
}

#endif
