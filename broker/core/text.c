#include "broker/core/text.h"

#include "proto/limits.h"

/* A record is a length of two bytes and the text. The second size fits the short numbered ids that most systems
 * make. The last is for texts of just its size and has no length: those are UUIDs as they are usually written. */
static const uint32_t record_bytes[VDR_TEXT_CLASSES] = {12, 20, 40, 72, 136, 260, 36};

#define UUID_CLASS 6u
#define UUID_BYTES 36u

/* A text's number is its slot times eight plus its class: never 0, since slots start at 1. */
#define CLASS_BITS 3u
#define CLASS_MASK 7u

static vdr_slab *
class_of(vdr_texts *texts, uint32_t number)
{
    VDR_ASSERT((number & CLASS_MASK) < VDR_TEXT_CLASSES);
    return &texts->classes[number & CLASS_MASK];
}

void
vdr_texts_init(vdr_texts *texts, uint32_t table)
{
    for (uint32_t i = 0; i < VDR_TEXT_CLASSES; i++)
        vdr_slab_init(&texts->classes[i], table + i, 1, record_bytes[i]);
}

void
vdr_texts_done(vdr_texts *texts)
{
    for (uint32_t i = 0; i < VDR_TEXT_CLASSES; i++)
        vdr_slab_done(&texts->classes[i]);
}

uint32_t
vdr_text_put(vdr_texts *texts, vdr_span text)
{
    VDR_ASSERT(text.len <= VDR_NAME_BYTES_MAX);
    uint32_t class = 0;
    if (text.len == UUID_BYTES)
        class = UUID_CLASS;
    while (text.len + sizeof(uint16_t) > record_bytes[class] && class != UUID_CLASS)
        class ++;
    vdr_slab *slab = &texts->classes[class];
    uint32_t slot = vdr_slab_take(slab);
    VDR_ASSERT(slot <= UINT32_MAX >> CLASS_BITS);
    uint8_t *record = vdr_slab_edit(slab, slot);
    if (class == UUID_CLASS) {
        memcpy(record, text.at, UUID_BYTES);
        return slot << CLASS_BITS | class;
    }
    uint16_t len = (uint16_t)text.len;
    memcpy(record, &len, sizeof len);
    if (len != 0)
        memcpy(record + sizeof len, text.at, len);
    return slot << CLASS_BITS | class;
}

vdr_span
vdr_text_get(const vdr_texts *texts, uint32_t number)
{
    VDR_ASSERT((number & CLASS_MASK) < VDR_TEXT_CLASSES);
    const vdr_slab *slab = &texts->classes[number & CLASS_MASK];
    const uint8_t *record = vdr_slab_at(slab, number >> CLASS_BITS);
    if ((number & CLASS_MASK) == UUID_CLASS)
        return vdr_span_of(record, UUID_BYTES);
    uint16_t len;
    memcpy(&len, record, sizeof len);
    VDR_ASSERT(len + sizeof len <= slab->record_bytes);
    return vdr_span_of(record + sizeof len, len);
}

void
vdr_text_drop(vdr_texts *texts, uint32_t number)
{
    if (number != 0)
        vdr_slab_give(class_of(texts, number), number >> CLASS_BITS);
}
