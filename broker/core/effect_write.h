/* broker/core/effect_write.h - writes the effects of a step as a tale (effect.h). Core only.
 *
 * The line of a command comes before what it caused, but its outcome is known only afterwards: begin keeps
 * its place, and settle puts it there. Thread: one. Memory: grows to the largest step and is used again. */
#ifndef VDR_CORE_EFFECT_WRITE_H
#define VDR_CORE_EFFECT_WRITE_H

#include "broker/core/effect.h"

typedef struct vdr_tale {
    uint8_t *at;
    uint32_t len, size;
} vdr_tale;

void vdr_tale_init(vdr_tale *tale);
void vdr_tale_done(vdr_tale *tale);
void vdr_tale_clear(vdr_tale *tale);

/* Each appends one effect and returns its offset. The lists of the effect are not used: CASE proposed takes
 * rules and signals, MESSAGE match takes agencies, as arrays. Offsets are given after vdr_tale_settle. */
uint32_t vdr_tale_add(vdr_tale *tale, const vdr_effect *effect);
uint32_t vdr_tale_add_proposed(vdr_tale *tale, const vdr_effect *effect, const vdr_name *rules,
                               size_t rule_count, const vdr_signal_ref *signals, size_t signal_count);
uint32_t vdr_tale_add_match(vdr_tale *tale, const vdr_effect *effect, const vdr_name *agencies,
                            size_t agency_count);

/* Moves the effect last added to offset, in front of those that were added after the place was marked:
 * mark = vdr_tale_mark(); …causes…; add(own line); settle(mark). Returns by how many bytes the causes moved,
 * to be added to the offsets of their messages. */
uint32_t vdr_tale_mark(const vdr_tale *tale);
uint32_t vdr_tale_settle(vdr_tale *tale, uint32_t mark, uint32_t last);

#endif
