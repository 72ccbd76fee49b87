#include "broker/core/review.h"

#include "broker/core/household.h"
#include "broker/core/mailbox.h"

static vdr_review *
review_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->reviews, slot);
}

uint32_t
vdr_review_hash(uint64_t lower, uint64_t higher)
{
    return vdr_index_hash_number(lower) ^ vdr_index_hash_number(~higher);
}

/* A review is in the lists of two households: which of its links are for this one? */
static int
side_of(const vdr_review *review, uint64_t number)
{
    VDR_ASSERT(number == review->lower || number == review->higher);
    return number == review->higher;
}

static vdr_slot
find(const vdr_state *state, uint64_t lower, uint64_t higher)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->reviews_by_pair, vdr_review_hash(lower, higher), &search);
    while (slot != 0) {
        const vdr_review *review = vdr_review_at(state, slot);
        if (review->lower == lower && review->higher == higher)
            break;
        slot = vdr_index_next(&search);
    }
    return slot;
}

static void
side_put(vdr_state *state, vdr_slot slot, vdr_slot household_slot)
{
    vdr_household *household = vdr_household_edit(state, household_slot);
    vdr_review *review = review_edit(state, slot);
    int side = side_of(review, household->number);
    review->side_after[side] = household->reviews;
    if (household->reviews != 0) {
        vdr_review *first = review_edit(state, household->reviews);
        first->side_before[side_of(first, household->number)] = slot;
    }
    household->reviews = slot;
}

static void
side_cut(vdr_state *state, vdr_slot slot, vdr_slot household_slot)
{
    vdr_household *household = vdr_household_edit(state, household_slot);
    const vdr_review *review = vdr_review_at(state, slot);
    int side = side_of(review, household->number);
    vdr_slot before = review->side_before[side], after = review->side_after[side];
    if (before != 0) {
        vdr_review *edited = review_edit(state, before);
        edited->side_after[side_of(edited, household->number)] = after;
    } else {
        household->reviews = after;
    }
    if (after != 0) {
        vdr_review *edited = review_edit(state, after);
        edited->side_before[side_of(edited, household->number)] = before;
    }
}

static void
put(vdr_state *state, uint64_t lower, uint64_t higher, vdr_slot household, vdr_slot other)
{
    vdr_slot slot = vdr_slab_take(&state->reviews);
    vdr_review *review = review_edit(state, slot);
    review->lower = lower;
    review->higher = higher;
    review->number = ++state->review_last;
    review->before = state->reviews_last;
    if (state->reviews_last != 0)
        review_edit(state, state->reviews_last)->after = slot;
    else
        state->reviews_first = slot;
    state->reviews_last = slot;
    vdr_index_put(&state->reviews_by_pair, slot);
    side_put(state, slot, household);
    side_put(state, slot, other);
}

void
vdr_review_ask(vdr_state *state, vdr_slot household, vdr_slot other)
{
    uint64_t a = vdr_household_at(state, household)->number, b = vdr_household_at(state, other)->number;
    uint64_t lower = a < b ? a : b, higher = a < b ? b : a;
    if (find(state, lower, higher) != 0)
        return;
    put(state, lower, higher, household, other);
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_REVIEW);
    message.household.number = lower;
    message.other.number = higher;
    vdr_tell_coordinators(state, &message);
}

/* Out of the list of all. */
static void
list_cut(vdr_state *state, vdr_slot slot)
{
    const vdr_review *review = vdr_review_at(state, slot);
    if (review->before != 0)
        review_edit(state, review->before)->after = review->after;
    else
        state->reviews_first = review->after;
    if (review->after != 0)
        review_edit(state, review->after)->before = review->before;
    else
        state->reviews_last = review->before;
}

vdr_slot
vdr_review_open(const vdr_state *state, vdr_slot household, vdr_slot other)
{
    uint64_t a = vdr_household_at(state, household)->number, b = vdr_household_at(state, other)->number;
    vdr_slot slot = find(state, a < b ? a : b, a < b ? b : a);
    return slot != 0 && vdr_review_at(state, slot)->number != 0 ? slot : 0;
}

void
vdr_review_set_aside(vdr_state *state, vdr_slot slot)
{
    list_cut(state, slot);
    vdr_review *review = review_edit(state, slot);
    review->number = 0;
    state->reviews_aside++;
    review->before = review->after = 0;
}

bool
vdr_review_has(const vdr_state *state, vdr_slot household)
{
    uint64_t number = vdr_household_at(state, household)->number;
    vdr_slot slot = vdr_household_at(state, household)->reviews;
    while (slot != 0 && vdr_review_at(state, slot)->number == 0)
        slot = vdr_review_at(state, slot)->side_after[side_of(vdr_review_at(state, slot), number)];
    return slot != 0;
}

void
vdr_reviews_drop(vdr_state *state, vdr_slot household)
{
    uint64_t number = vdr_household_at(state, household)->number;
    vdr_slot slot;
    while ((slot = vdr_household_at(state, household)->reviews) != 0) {
        const vdr_review *review = vdr_review_at(state, slot);
        uint64_t other = review->lower == number ? review->higher : review->lower;
        side_cut(state, slot, household);
        side_cut(state, slot, vdr_household_find(state, (vdr_household_id){other}));
        if (review->number != 0)
            list_cut(state, slot);
        else
            state->reviews_aside--;
        vdr_index_remove(&state->reviews_by_pair, slot);
        vdr_slab_give(&state->reviews, slot);
    }
}
