/* broker/access/render.h - the table as pages for people: `voordeur access`, and protocol.md section 8.
 *
 * Thread:  any. Memory: what is added to the bytes is the caller's. */
#ifndef VDR_BROKER_ACCESS_RENDER_H
#define VDR_BROKER_ACCESS_RENDER_H

#include "proto/bytes.h"

typedef enum vdr_access_form { VDR_ACCESS_TEXT, VDR_ACCESS_MARKDOWN, VDR_ACCESS_JSON } vdr_access_form;

/* MARKDOWN: three tables, with an empty line between. JSON: one object, in one line. */
void vdr_access_render(vdr_access_form form, vdr_bytes *out);

#endif
