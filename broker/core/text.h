/* broker/core/text.h - short texts of the state (ids that agencies chose), in slabs by size.
 * Texts of 0 to 256 bytes. A number names a text; 0 is no text. Thread: one. */
#ifndef VDR_CORE_TEXT_H
#define VDR_CORE_TEXT_H

#include "broker/core/slab.h"

#define VDR_TEXT_CLASSES 7

typedef struct vdr_texts {
    vdr_slab classes[VDR_TEXT_CLASSES]; /* tables table .. table + 6 */
} vdr_texts;

void vdr_texts_init(vdr_texts *texts, uint32_t table);
void vdr_texts_done(vdr_texts *texts);
uint32_t vdr_text_put(vdr_texts *texts, vdr_span text);
vdr_span vdr_text_get(const vdr_texts *texts, uint32_t number); /* good until that text is dropped */
void vdr_text_drop(vdr_texts *texts, uint32_t number);          /* 0: nothing */

#endif
