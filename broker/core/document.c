#include "broker/core/document.h"

static const vdr_document *
document_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->documents, slot);
}

static const vdr_page *
page_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->pages, slot);
}

static size_t
part_of(size_t left)
{
    return left < VDR_PAGE_BYTES ? left : VDR_PAGE_BYTES;
}

bool
vdr_document_is(const vdr_state *state, vdr_slot slot, vdr_span text)
{
    const vdr_document *document = document_at(state, slot);
    if (document->len != text.len)
        return false;
    size_t done = 0;
    for (vdr_slot at = document->pages; at != 0; at = page_at(state, at)->next) {
        size_t part = part_of(text.len - done);
        if (memcmp(page_at(state, at)->bytes, text.at + done, part) != 0)
            return false;
        done += part;
    }
    VDR_ASSERT(done == text.len);
    return true;
}

static vdr_slot
find(const vdr_state *state, vdr_span text)
{
    for (vdr_slot slot = 1; slot < state->documents.next; slot++)
        if (document_at(state, slot)->uses != 0 && vdr_document_is(state, slot, text))
            return slot;
    return 0;
}

/* From the last page to the first, so that each knows the one after it. */
static vdr_slot
put_pages(vdr_state *state, vdr_span text)
{
    vdr_slot next = 0;
    for (size_t pages = (text.len + VDR_PAGE_BYTES - 1) / VDR_PAGE_BYTES; pages > 0; pages--) {
        size_t from = (pages - 1) * VDR_PAGE_BYTES;
        vdr_slot slot = vdr_slab_take(&state->pages);
        vdr_page *page = vdr_slab_edit(&state->pages, slot);
        page->next = next;
        memcpy(page->bytes, text.at + from, part_of(text.len - from));
        next = slot;
    }
    return next;
}

vdr_slot
vdr_document_put(vdr_state *state, vdr_span text)
{
    if (text.at == NULL)
        return 0;
    VDR_ASSERT(text.len <= UINT32_MAX);
    vdr_slot slot = find(state, text);
    if (slot == 0) {
        slot = vdr_slab_take(&state->documents);
        vdr_slot pages = put_pages(state, text);
        *(vdr_document *)vdr_slab_edit(&state->documents, slot) =
            (vdr_document){.pages = pages, .len = (uint32_t)text.len};
    }
    vdr_document_use(state, slot);
    return slot;
}

void
vdr_document_use(vdr_state *state, vdr_slot slot)
{
    if (slot != 0)
        ((vdr_document *)vdr_slab_edit(&state->documents, slot))->uses++;
}

void
vdr_document_drop(vdr_state *state, vdr_slot slot)
{
    if (slot == 0)
        return;
    vdr_document *document = vdr_slab_edit(&state->documents, slot);
    VDR_ASSERT(document->uses > 0);
    if (--document->uses != 0)
        return;
    for (vdr_slot at = document->pages; at != 0;) {
        vdr_slot next = page_at(state, at)->next;
        vdr_slab_give(&state->pages, at);
        at = next;
    }
    vdr_slab_give(&state->documents, slot);
}

vdr_err
vdr_document_get(const vdr_state *state, vdr_slot slot, vdr_arena *arena, vdr_span *ret_text)
{
    if (slot == 0) {
        *ret_text = (vdr_span){0};
        return VDR_OK;
    }
    const vdr_document *document = document_at(state, slot);
    uint8_t *to = vdr_arena_alloc(arena, (size_t)document->len + 1);
    if (to == NULL)
        return VDR_E_NO_MEMORY;
    size_t done = 0;
    for (vdr_slot at = document->pages; at != 0; at = page_at(state, at)->next) {
        size_t part = part_of(document->len - done);
        memcpy(to + done, page_at(state, at)->bytes, part);
        done += part;
    }
    VDR_ASSERT(done == document->len);
    *ret_text = vdr_span_of(to, done);
    return VDR_OK;
}

bool
vdr_document_sound(const vdr_state *state, vdr_slot slot)
{
    const vdr_document *document = document_at(state, slot);
    uint32_t pages = 0, expected = (document->len + VDR_PAGE_BYTES - 1) / VDR_PAGE_BYTES;
    for (vdr_slot at = document->pages; at != 0 && pages <= expected; at = page_at(state, at)->next)
        pages++;
    return pages == expected;
}
