#include "broker/access/mask.h"

#include "broker/access/access.h"

#define TOKEN_BYTES 17u /* "~" and 16 digits */

bool
vdr_mask_off(const vdr_daemon *daemon, vdr_party_kind kind)
{
    return kind == VDR_PARTY_OPERATOR && daemon->node->demonstration;
}

vdr_err
vdr_mask_id(const vdr_daemon *daemon, vdr_arena *arena, vdr_span *id)
{
    static const char digits[] = "0123456789abcdef";
    if (id->at == NULL)
        return VDR_OK;
    uint64_t hash = vdr_door_id_hash(daemon->door, *id);
    uint8_t *token = (uint8_t *)vdr_arena_alloc(arena, TOKEN_BYTES);
    if (token == NULL)
        return VDR_E_NO_MEMORY;
    token[0] = '~';
    for (unsigned i = 0; i < 16; i++)
        token[1 + i] = (uint8_t)digits[hash >> (60 - 4 * i) & 15];
    *id = vdr_span_of(token, TOKEN_BYTES);
    return VDR_OK;
}

bool
vdr_mask_token_read(vdr_span text, uint64_t *ret_hash)
{
    uint64_t hash = 0;
    if (text.len != TOKEN_BYTES || text.at[0] != '~')
        return false;
    for (size_t i = 1; i < TOKEN_BYTES; i++) {
        uint8_t c = text.at[i];
        if (c >= '0' && c <= '9')
            hash = hash << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            hash = hash << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret_hash = hash;
    return true;
}

/* The names of a list, as tokens, in a copy. */
static vdr_err
mask_names(const vdr_daemon *daemon, vdr_arena *arena, const vdr_signal_name **names, size_t count)
{
    vdr_signal_name *masked = (vdr_signal_name *)vdr_arena_alloc(arena, (count + 1) * sizeof *masked);
    vdr_err err = masked != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        masked[i] = (*names)[i];
        err = vdr_mask_id(daemon, arena, &masked[i].id);
    }
    *names = masked;
    return err;
}

static bool
is_token(vdr_party_kind kind, vdr_access_object object, size_t offset)
{
    return vdr_access_shown(kind, object, offset, VDR_STANDING_OWN) == VDR_SHOWN_TOKEN;
}

/* ---- lines */

vdr_err
vdr_mask_line(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_wire_line *line)
{
    vdr_decision *d = &line->decision;
    vdr_err err = VDR_OK;
    if (vdr_mask_off(daemon, kind))
        return VDR_OK;
    vdr_access_mask(kind, VDR_OBJECT_LINE, VDR_STANDING_OWN, line, sizeof *line);
    bool of_nobody = d->verdict == VDR_E_MALFORMED || d->verdict == VDR_E_UNKNOWN_SOURCE ||
                     d->verdict == VDR_E_UNKNOWN_ACTOR;
    if (of_nobody)
        d->source = (vdr_span){0}; /* whatever somebody wrote there */
    if (is_token(kind, VDR_OBJECT_LINE, offsetof(vdr_wire_line, decision.id)))
        err = vdr_mask_id(daemon, arena, &d->id);
    if (err == VDR_OK && is_token(kind, VDR_OBJECT_LINE, offsetof(vdr_wire_line, decision.signal)))
        err = vdr_mask_id(daemon, arena, &d->signal.id);
    if (err == VDR_OK && is_token(kind, VDR_OBJECT_LINE, offsetof(vdr_wire_line, decision.signals)))
        err = mask_names(daemon, arena, &d->signals, d->signal_count);
    return err;
}

/* ---- messages */

vdr_err
vdr_mask_message(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_wire_message *message)
{
    if (vdr_mask_off(daemon, kind))
        return VDR_OK;
    vdr_access_mask(kind, VDR_OBJECT_MESSAGE, VDR_STANDING_OWN, message, sizeof *message);
    return is_token(kind, VDR_OBJECT_MESSAGE, offsetof(vdr_wire_message, signal))
               ? vdr_mask_id(daemon, arena, &message->signal.id)
               : VDR_OK;
}

/* ---- explanations */

static vdr_err
mask_signals(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_explanation *told)
{
    bool token = is_token(kind, VDR_OBJECT_EXPLAINED_SIGNAL, offsetof(vdr_explained_signal, name));
    size_t count = told->signal_list_count;
    vdr_explained_signal *masked =
        (vdr_explained_signal *)vdr_arena_alloc(arena, (count + 1) * sizeof *masked);
    vdr_err err = masked != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        masked[i] = told->signals[i];
        vdr_access_mask(kind, VDR_OBJECT_EXPLAINED_SIGNAL, VDR_STANDING_OWN, &masked[i], sizeof masked[i]);
        if (token)
            err = vdr_mask_id(daemon, arena, &masked[i].name.id);
    }
    told->signals = masked;
    return err;
}

static vdr_err
mask_cases(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_explanation *told)
{
    bool token = is_token(kind, VDR_OBJECT_EXPLAINED_CASE, offsetof(vdr_explained_case, signals));
    size_t count = told->case_count;
    vdr_explained_case *masked = (vdr_explained_case *)vdr_arena_alloc(arena, (count + 1) * sizeof *masked);
    vdr_err err = masked != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        masked[i] = told->cases[i];
        vdr_access_mask(kind, VDR_OBJECT_EXPLAINED_CASE, VDR_STANDING_OWN, &masked[i], sizeof masked[i]);
        if (token)
            err = mask_names(daemon, arena, &masked[i].signals, masked[i].signal_count);
    }
    told->cases = masked;
    return err;
}

static vdr_err
mask_dues(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_explanation *told)
{
    bool token = is_token(kind, VDR_OBJECT_EXPLAINED_DUE, offsetof(vdr_explained_due, signal));
    size_t count = told->due_count;
    vdr_explained_due *masked = (vdr_explained_due *)vdr_arena_alloc(arena, (count + 1) * sizeof *masked);
    vdr_err err = masked != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        masked[i] = told->dues[i];
        vdr_access_mask(kind, VDR_OBJECT_EXPLAINED_DUE, VDR_STANDING_OWN, &masked[i], sizeof masked[i]);
        if (token)
            err = vdr_mask_id(daemon, arena, &masked[i].signal.id);
    }
    told->dues = masked;
    return err;
}

vdr_err
vdr_mask_explanation(const vdr_daemon *daemon, vdr_party_kind kind, vdr_arena *arena, vdr_explanation *told)
{
    if (vdr_mask_off(daemon, kind))
        return VDR_OK;
    vdr_access_mask(kind, VDR_OBJECT_EXPLANATION, VDR_STANDING_OWN, told, sizeof *told);
    vdr_err err = mask_signals(daemon, kind, arena, told);
    if (err == VDR_OK)
        err = mask_cases(daemon, kind, arena, told);
    if (err == VDR_OK)
        err = mask_dues(daemon, kind, arena, told);
    if (err == VDR_OK && is_token(kind, VDR_OBJECT_EXPLANATION, offsetof(vdr_explanation, signal)))
        err = vdr_mask_id(daemon, arena, &told->signal.id);
    return err;
}
