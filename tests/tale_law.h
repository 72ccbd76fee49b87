/* tests/tale_law.h - what must hold of any bytes that are read as a tale: whatever effect can be read is, when
 * written again, the very bytes that it was read from. Shared by the fuzz target and the unit test.
 * Reading ends at the first effect that cannot be read. Returns how many could. */
#ifndef TESTS_TALE_LAW_H
#define TESTS_TALE_LAW_H

#include "broker/core/effect_write.h"

#include <stdlib.h>

static void
tale_law_write(vdr_tale *tale, const vdr_effect *effect)
{
    vdr_effect_list names = effect->kind == VDR_EFFECT_CASE ? effect->rules : effect->agencies;
    vdr_effect_list signals = effect->signals;
    uint32_t name_count = names.count, signal_count = signals.count;
    vdr_name *name = vdr_alloc(name_count, sizeof *name);
    vdr_signal_ref *signal = vdr_alloc(signal_count, sizeof *signal);
    for (uint32_t i = 0; i < name_count; i++)
        VDR_ASSERT(vdr_effect_list_name(&names, &name[i]));
    for (uint32_t i = 0; i < signal_count; i++)
        VDR_ASSERT(vdr_effect_list_signal(&signals, &signal[i]));
    VDR_ASSERT(names.rest.len == 0 && signals.rest.len == 0);
    if (effect->kind == VDR_EFFECT_CASE && effect->change == VDR_CHANGE_PROPOSED)
        (void)vdr_tale_add_proposed(tale, effect, name, name_count, signal, signal_count);
    else if (effect->kind == VDR_EFFECT_MESSAGE && effect->message == VDR_MESSAGE_MATCH)
        (void)vdr_tale_add_match(tale, effect, name, name_count);
    else
        (void)vdr_tale_add(tale, effect);
    free(name);
    free(signal);
}

static size_t
tale_law(vdr_span bytes)
{
    vdr_tale tale;
    vdr_effect effect;
    uint32_t offset = 0;
    size_t count = 0;
    vdr_tale_init(&tale);
    while (vdr_effect_next(bytes, &offset, &effect) == VDR_OK) {
        tale_law_write(&tale, &effect);
        VDR_ASSERT(offset > effect.offset && offset <= bytes.len);
        VDR_ASSERT(tale.len == offset && memcmp(tale.at, bytes.at, tale.len) == 0);
        count++;
    }
    vdr_tale_done(&tale);
    return count;
}

#endif
