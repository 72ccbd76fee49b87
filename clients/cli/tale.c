#include "clients/cli/tale.h"

#include "proto/decision.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define OUT_BYTES      ((size_t)256 * 1024)
#define DECISION_BYTES ((size_t)64 * 1024 * 1024) /* a case may be proposed for very many signals */

void
vdr_tale_out_init(vdr_tale_out *out)
{
    *out = (vdr_tale_out){.at = vdr_alloc(1, OUT_BYTES), .size = OUT_BYTES};
    vdr_arena_init(&out->arena, DECISION_BYTES);
}

void
vdr_tale_out_done(vdr_tale_out *out)
{
    free(out->at);
    vdr_arena_done(&out->arena);
    *out = (vdr_tale_out){0};
}

vdr_err
vdr_tale_out_flush(vdr_tale_out *out)
{
    size_t written = 0;
    while (written < out->used) {
        ssize_t put = write(STDOUT_FILENO, out->at + written, out->used - written);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            out->failed = true;
            return VDR_E_IO;
        }
        written += (size_t)put;
    }
    out->used = 0;
    return VDR_OK;
}

static vdr_err
put_line(vdr_tale_out *out, const vdr_decision *decision)
{
    size_t len = vdr_decision_line(decision, out->at + out->used, out->size - out->used);
    if (len + 1 > out->size - out->used) {
        vdr_err err = vdr_tale_out_flush(out);
        if (err != VDR_OK)
            return err;
        if (len + 1 > out->size) {
            out->size = len + 1;
            out->at = vdr_realloc(out->at, 1, out->size);
        }
        (void)vdr_decision_line(decision, out->at, out->size);
    }
    out->used += len;
    out->at[out->used++] = '\n';
    return VDR_OK;
}

vdr_err
vdr_tale_out_put(vdr_tale_out *out, const vdr_core *core, vdr_span tale)
{
    uint32_t offset = 0;
    for (;;) {
        vdr_effect effect;
        vdr_decision decision;
        vdr_err err = vdr_effect_next(tale, &offset, &effect);
        if (err == VDR_E_END)
            return VDR_OK;
        if (err == VDR_OK) {
            vdr_arena_reset(&out->arena);
            err = vdr_core_decision(core, &effect, &out->arena, &decision);
        }
        if (err == VDR_OK)
            err = put_line(out, &decision);
        if (err != VDR_OK)
            return err;
    }
}
