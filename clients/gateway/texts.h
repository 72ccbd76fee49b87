/* clients/gateway/texts.h - configurations that come in: their files, out of a body. Thread: the loop's. */
#ifndef VDR_GATEWAY_TEXTS_H
#define VDR_GATEWAY_TEXTS_H

#include "clients/gateway/body.h"
#include "proto/wire.h"

#define VDR_TEXTS_ALLOWED_MAX 100u

/* Spans are of the body. */
typedef struct vdr_texts {
    vdr_wire_file file[VDR_WIRE_FILES_MAX];
    size_t count;
    vdr_span allowed[VDR_TEXTS_ALLOWED_MAX];
    size_t allowed_count;
} vdr_texts;

/* tests: rule tests, under any name, go along; else only town.yaml, catalogue.yaml and rules.yaml. */
void vdr_texts_read(vdr_form *form, bool tests, vdr_texts *to);
void vdr_texts_read_allowed(vdr_form *form, vdr_texts *to);

#endif
