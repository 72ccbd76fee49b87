/* What is told of proposals, versions and pauses, and whether they are sound. */
#include "broker/core/control_inside.h"

#include "broker/core/core_inside.h"
#include "broker/core/document.h"
#include "broker/core/keys_inside.h"
#include "broker/core/names.h"

#include <stdlib.h>

vdr_err
vdr_control_verdict(const vdr_core *core, const vdr_command *command, const char **ret_words)
{
    return vdr_control_judge(&core->state, command, ret_words);
}

uint64_t
vdr_control_proposal_last(const vdr_core *core)
{
    return core->state.proposals.next - 1;
}

uint64_t
vdr_control_version_last(const vdr_core *core)
{
    return core->state.versions.next - 1;
}

uint64_t
vdr_control_pause_last(const vdr_core *core)
{
    return core->state.pauses.next - 1;
}

/* Of a slab whose slots are numbers. */
static const void *
numbered(const vdr_slab *slab, uint64_t number)
{
    return number != 0 && number < slab->next ? vdr_slab_at(slab, (uint32_t)number) : NULL;
}

static vdr_span
text_of(const vdr_state *state, uint32_t text)
{
    return text != 0 ? vdr_text_get(&state->texts, text) : (vdr_span){0};
}

static vdr_span
document_of(const vdr_state *state, vdr_slot document, vdr_arena *arena)
{
    vdr_span text = {0};
    return vdr_document_get(state, document, arena, &text) == VDR_OK ? text : (vdr_span){0};
}

static vdr_span
name_of(const vdr_state *state, vdr_name name)
{
    return name != 0 ? vdr_name_text(state, name) : (vdr_span){0};
}

bool
vdr_control_proposal(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_proposal_view *ret_view)
{
    const vdr_state *state = &core->state;
    const vdr_proposal *p = numbered(&state->proposals, number);
    if (p == NULL)
        return false;
    *ret_view = (vdr_proposal_view){.number = number,
                                    .kind = (vdr_proposal_kind)p->kind,
                                    .state = (vdr_proposal_state)p->state,
                                    .author = text_of(state, p->author),
                                    .reason = document_of(state, p->reason, arena),
                                    .at_ms = p->at,
                                    .position = p->position,
                                    .decider = text_of(state, p->decider),
                                    .verdict = document_of(state, p->verdict, arena),
                                    .ended = p->ended_at,
                                    .subject = name_of(state, p->subject),
                                    .until = p->until,
                                    .against = p->against,
                                    .rollback_of = p->rollback_of,
                                    .made = p->made};
    if (p->key != 0)
        ret_view->subject = vdr_key_party(state, p->key);
    if (p->kind == VDR_PROPOSAL_CONFIG)
        ret_view->digest = vdr_span_of(p->fingerprint.bytes, sizeof p->fingerprint.bytes);
    return true;
}

bool
vdr_control_version(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_version_view *ret_view)
{
    const vdr_state *state = &core->state;
    const vdr_version *v = numbered(&state->versions, number);
    if (v == NULL)
        return false;
    const vdr_version *after = numbered(&state->versions, number + 1);
    *ret_view = (vdr_version_view){.number = number,
                                   .digest = vdr_span_of(v->fingerprint.bytes, sizeof v->fingerprint.bytes),
                                   .position = v->position,
                                   .at = v->at,
                                   .ended = after != NULL ? after->at : VDR_MS_NONE,
                                   .author = text_of(state, v->author),
                                   .approver = text_of(state, v->approver),
                                   .reason = document_of(state, v->reason, arena),
                                   .proposal = v->proposal,
                                   .rollback_of = v->rollback_of,
                                   .cases = v->cases,
                                   .kept = v->texts[0] != 0};
    return true;
}

bool
vdr_control_pause(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_pause_view *ret_view)
{
    const vdr_state *state = &core->state;
    const vdr_pause *p = numbered(&state->pauses, number);
    if (p == NULL)
        return false;
    *ret_view = (vdr_pause_view){.number = number,
                                 .kind = (vdr_proposal_kind)p->kind,
                                 .subject = name_of(state, p->subject),
                                 .author = text_of(state, p->author),
                                 .reason = document_of(state, p->reason, arena),
                                 .approver = text_of(state, p->approver),
                                 .at_ms = p->at,
                                 .until_ms = p->until,
                                 .position = p->position,
                                 .ended = p->ended_at,
                                 .ended_by = text_of(state, p->ended_by),
                                 .ended_why = document_of(state, p->ended_why, arena)};
    return true;
}

static vdr_err
texts_of(const vdr_state *state, const vdr_slot documents[3], vdr_arena *arena, vdr_span ret_texts[3])
{
    vdr_span texts[3];
    for (size_t i = 0; i < 3; i++) {
        if (documents[i] == 0)
            return VDR_E_NOT_FOUND;
        vdr_err err = vdr_document_get(state, documents[i], arena, &texts[i]);
        if (err != VDR_OK)
            return err;
    }
    memcpy(ret_texts, texts, sizeof texts);
    return VDR_OK;
}

vdr_err
vdr_control_version_texts(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_span ret_texts[3])
{
    const vdr_version *v = numbered(&core->state.versions, number);
    return v != NULL ? texts_of(&core->state, v->texts, arena, ret_texts) : VDR_E_NOT_FOUND;
}

vdr_err
vdr_control_proposal_texts(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_span ret_texts[3])
{
    const vdr_proposal *p = numbered(&core->state.proposals, number);
    return p != NULL ? texts_of(&core->state, p->texts, arena, ret_texts) : VDR_E_NOT_FOUND;
}

/* A record that brings a version still tells what timers before it did: under the one before. */
uint64_t
vdr_control_version_at(const vdr_core *core, vdr_position position)
{
    const vdr_slab *versions = &core->state.versions;
    uint32_t first = 1, end = versions->next;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (((const vdr_version *)vdr_slab_at(versions, middle))->position < position)
            first = middle + 1;
        else
            end = middle;
    }
    return first - 1;
}

uint64_t
vdr_control_open(const vdr_core *core)
{
    const vdr_slab *proposals = &core->state.proposals;
    uint64_t count = 0;
    for (vdr_slot slot = 1; slot < proposals->next; slot++)
        count += ((const vdr_proposal *)vdr_slab_at(proposals, slot))->state == VDR_PROPOSAL_OPEN;
    return count;
}

uint64_t
vdr_control_holding(const vdr_core *core, vdr_proposal_kind kind)
{
    const vdr_slab *pauses = &core->state.pauses;
    uint64_t count = 0;
    for (vdr_slot slot = 1; slot < pauses->next; slot++) {
        const vdr_pause *pause = vdr_slab_at(pauses, slot);
        count += pause->ended_position == 0 && pause->kind == kind;
    }
    return count;
}

uint64_t
vdr_control_paused(const vdr_core *core, vdr_proposal_kind kind, vdr_span subject)
{
    vdr_name name = vdr_name_find(&core->state, subject);
    return name != 0 ? vdr_pause_find(&core->state, kind, name) : 0;
}

vdr_ms
vdr_control_until(const vdr_core *core, vdr_proposal_kind kind, vdr_span subject)
{
    const vdr_pause *pause = numbered(&core->state.pauses, vdr_control_paused(core, kind, subject));
    return pause != NULL ? pause->until : VDR_MS_NONE;
}

/* ---- soundness ---- */

#define EXPECT(condition, words)                                                                             \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return words;                                                                                    \
    } while (0)

static void
use_three(uint32_t *uses, const vdr_slot documents[3])
{
    for (size_t i = 0; i < 3; i++)
        uses[documents[i]]++;
}

/* uses: by document, zeros. */
static const char *
check_documents(const vdr_state *state, uint32_t *uses)
{
    uint32_t pages = 0;
    for (vdr_slot slot = 1; slot < state->proposals.next; slot++) {
        const vdr_proposal *p = vdr_slab_at(&state->proposals, slot);
        uses[p->reason]++;
        uses[p->verdict]++;
        use_three(uses, p->texts);
    }
    for (vdr_slot slot = 1; slot < state->versions.next; slot++) {
        const vdr_version *v = vdr_slab_at(&state->versions, slot);
        uses[v->reason]++;
        use_three(uses, v->texts);
    }
    for (vdr_slot slot = 1; slot < state->pauses.next; slot++) {
        const vdr_pause *p = vdr_slab_at(&state->pauses, slot);
        uses[p->reason]++;
        uses[p->ended_why]++;
    }
    vdr_keys_use(state, uses);
    for (vdr_slot slot = 1; slot < state->documents.next; slot++) {
        const vdr_document *document = vdr_slab_at(&state->documents, slot);
        EXPECT(document->uses == uses[slot], "I19: a text is not used as often as it says");
        if (document->uses == 0)
            continue;
        EXPECT(vdr_document_sound(state, slot), "a text of the state is torn");
        pages += (document->len + VDR_PAGE_BYTES - 1) / VDR_PAGE_BYTES;
    }
    EXPECT(pages == state->pages.live, "I19: a page of a text is kept for nothing");
    return NULL;
}

/* cases: by version, zeros. */
static const char *
check_versions(const vdr_state *state, uint32_t *cases)
{
    vdr_position before = 0;
    uint32_t last = state->versions.next - 1;
    for (vdr_slot slot = 1; slot < state->cases.next; slot++) {
        const vdr_case *of = vdr_case_at(state, slot);
        EXPECT(of->version <= last, "a case was made by a version that never was");
        if (of->revision != 0) /* zero where it was given back */
            cases[of->version]++;
    }
    EXPECT(cases[0] == 0, "a case was made by no version");
    for (vdr_slot slot = 1; slot <= last; slot++) {
        const vdr_version *v = vdr_slab_at(&state->versions, slot);
        EXPECT(v->position > before && v->position <= state->config_position,
               "the versions of the configuration are not in order");
        EXPECT(v->cases == cases[slot], "I19: a version does not know how many cases it made");
        before = v->position;
    }
    if (last != 0)
        EXPECT(vdr_key16_equal(&((const vdr_version *)vdr_slab_at(&state->versions, last))->fingerprint,
                               &state->config_fingerprint),
               "the newest version is not the configuration in force");
    return NULL;
}

static const char *
check_pauses(const vdr_state *state)
{
    for (vdr_slot slot = 1; slot < state->pauses.next; slot++) {
        const vdr_pause *p = vdr_slab_at(&state->pauses, slot);
        EXPECT((p->order != 0) == (p->ended_position == 0), "I9: a pause or silence does not end");
        EXPECT(p->ended_position != 0 || vdr_pause_find(state, p->kind, p->subject) == slot,
               "a rule is paused, or an agency silenced, twice");
    }
    return NULL;
}

const char *
vdr_control_check(const vdr_state *state)
{
    uint32_t *uses = vdr_alloc(state->documents.next, sizeof *uses);
    uint32_t *cases = vdr_alloc(state->versions.next, sizeof *cases);
    const char *words = check_documents(state, uses);
    if (words == NULL)
        words = check_versions(state, cases);
    if (words == NULL)
        words = check_pauses(state);
    if (words == NULL)
        words = vdr_keys_check(state);
    free(uses);
    free(cases);
    return words;
}
