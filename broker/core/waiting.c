#include "broker/core/waiting.h"

#include "broker/core/conflict.h"
#include "broker/core/town.h"

#include <stdlib.h>

#define DEPTH_MAX 64 /* of the tree: a branch for each bit of a key */

/* A leaf is a case; a branch parts keys by the highest bit in which those below it differ. */
typedef struct node {
    uint64_t key;      /* of a leaf */
    uint32_t child[2]; /* of a branch: keys with a 0 there, and with a 1; of a free node [0] is the next */
    vdr_slot slot;     /* of a leaf; 0: a branch */
    uint32_t bit;      /* of a branch */
} node;

struct vdr_waiting {
    node *nodes;    /* 0 is none */
    uint64_t *open; /* words for each node: who has not refused it, or some case below it */
    uint32_t words, next, size, free, root, count;
};

static uint64_t
key_of(int priority, uint64_t number)
{
    return (uint64_t)(VDR_PRIORITY_URGENT - priority) << 62 | number;
}

static uint64_t
key_of_case(const vdr_case *of)
{
    return key_of(of->priority, of->number);
}

static uint64_t *
open_at(const vdr_waiting *waiting, uint32_t number)
{
    return waiting->open + (size_t)number * waiting->words;
}

static unsigned
side_of(const node *branch, uint64_t key)
{
    return (unsigned)(key >> branch->bit & 1);
}

/* ---- nodes ---- */

static uint32_t
take(vdr_waiting *waiting)
{
    uint32_t number = waiting->free;
    if (number != 0) {
        waiting->free = waiting->nodes[number].child[0];
        return number;
    }
    if (waiting->next == waiting->size) {
        waiting->size *= 2;
        waiting->nodes = vdr_realloc(waiting->nodes, waiting->size, sizeof *waiting->nodes);
        waiting->open = vdr_realloc(waiting->open, waiting->size, waiting->words * sizeof *waiting->open);
    }
    return waiting->next++;
}

static void
give(vdr_waiting *waiting, uint32_t number)
{
    waiting->nodes[number].child[0] = waiting->free;
    waiting->free = number;
}

/* ---- the tree ---- */

static uint32_t
leaf_towards(const vdr_waiting *waiting, uint64_t key)
{
    uint32_t at = waiting->root;
    while (waiting->nodes[at].slot == 0)
        at = waiting->nodes[at].child[side_of(&waiting->nodes[at], key)];
    return at;
}

/* The highest bit in which a key that is not there differs from those it belongs to. There must be some. */
static uint32_t
parting_bit(const vdr_waiting *waiting, uint64_t key)
{
    uint64_t differs = waiting->nodes[leaf_towards(waiting, key)].key ^ key;
    VDR_ASSERT(differs != 0);
    return 63 - (uint32_t)__builtin_clzll(differs);
}

static void
unite_children(vdr_waiting *waiting, uint32_t branch)
{
    const uint64_t *a = open_at(waiting, waiting->nodes[branch].child[0]);
    const uint64_t *b = open_at(waiting, waiting->nodes[branch].child[1]);
    uint64_t *both = open_at(waiting, branch);
    for (uint32_t i = 0; i < waiting->words; i++)
        both[i] = a[i] | b[i];
}

static void
put_leaf(vdr_waiting *waiting, uint32_t leaf)
{
    uint32_t path[DEPTH_MAX], depth = 0;
    waiting->count++;
    if (waiting->root == 0) {
        waiting->root = leaf;
        return;
    }
    uint64_t key = waiting->nodes[leaf].key;
    uint32_t bit = parting_bit(waiting, key), branch = take(waiting), at = waiting->root;
    while (waiting->nodes[at].slot == 0 && waiting->nodes[at].bit > bit) {
        path[depth++] = at;
        at = waiting->nodes[at].child[side_of(&waiting->nodes[at], key)];
    }
    waiting->nodes[branch] = (node){.bit = bit};
    unsigned side = side_of(&waiting->nodes[branch], key);
    waiting->nodes[branch].child[side] = leaf;
    waiting->nodes[branch].child[1 - side] = at;
    if (depth == 0)
        waiting->root = branch;
    else
        waiting->nodes[path[depth - 1]].child[side_of(&waiting->nodes[path[depth - 1]], key)] = branch;
    unite_children(waiting, branch);
    while (depth-- > 0)
        unite_children(waiting, path[depth]);
}

static void
cut_leaf(vdr_waiting *waiting, uint64_t key)
{
    uint32_t path[DEPTH_MAX], depth = 0, at = waiting->root;
    while (waiting->nodes[at].slot == 0) {
        VDR_ASSERT(depth < DEPTH_MAX);
        path[depth++] = at;
        at = waiting->nodes[at].child[side_of(&waiting->nodes[at], key)];
    }
    VDR_ASSERT(at != 0 && waiting->nodes[at].key == key);
    waiting->count--;
    give(waiting, at);
    if (depth == 0) {
        waiting->root = 0;
        return;
    }
    uint32_t branch = path[--depth];
    uint32_t other = waiting->nodes[branch].child[1 - side_of(&waiting->nodes[branch], key)];
    give(waiting, branch);
    if (depth == 0)
        waiting->root = other;
    else
        waiting->nodes[path[depth - 1]].child[side_of(&waiting->nodes[path[depth - 1]], key)] = other;
    while (depth-- > 0)
        unite_children(waiting, path[depth]);
}

/* The leaf with the highest key below one that is not there; 0: none. */
static uint32_t
highest_below(const vdr_waiting *waiting, uint64_t key, uint64_t *inout_looks)
{
    if (waiting->root == 0)
        return 0;
    uint32_t bit = parting_bit(waiting, key), at = waiting->root, lower = 0;
    for (; waiting->nodes[at].slot == 0 && waiting->nodes[at].bit > bit; ++*inout_looks) {
        unsigned side = side_of(&waiting->nodes[at], key);
        if (side == 1)
            lower = waiting->nodes[at].child[0];
        at = waiting->nodes[at].child[side];
    }
    at = (key >> bit & 1) != 0 ? at : lower;
    for (; at != 0 && waiting->nodes[at].slot == 0; ++*inout_looks)
        at = waiting->nodes[at].child[1];
    return at;
}

/* ---- cases ---- */

/* Everybody in the town but those on its refused list, and those whom a conflict of interest binds. */
static void
find_open(const vdr_state *state, const vdr_case *of, uint64_t *ret_open)
{
    size_t count = state->config->regisseur_count;
    memset(ret_open, 0, state->waiting->words * sizeof *ret_open);
    for (size_t place = 0; place < count; place += 64)
        ret_open[place / 64] = count - place >= 64 ? UINT64_MAX : (UINT64_C(1) << (count - place)) - 1;
    for (vdr_slot slot = of->refused; slot != 0;) {
        const vdr_list *one = vdr_slab_at(&state->lists, slot);
        uint32_t place = vdr_town_name_of(state->town, one->name)->regisseur;
        if (place != VDR_TOWN_NONE)
            ret_open[place / 64] &= ~(UINT64_C(1) << (place % 64));
        slot = one->next;
    }
    vdr_conflict_mask(state, of->household, ret_open);
}

void
vdr_waiting_put(vdr_state *state, vdr_slot case_slot)
{
    vdr_waiting *waiting = state->waiting;
    const vdr_case *of = vdr_case_at(state, case_slot);
    uint32_t leaf = take(waiting);
    waiting->nodes[leaf] = (node){.key = key_of_case(of), .slot = case_slot};
    find_open(state, of, open_at(waiting, leaf));
    put_leaf(waiting, leaf);
}

void
vdr_waiting_cut(vdr_state *state, vdr_slot case_slot)
{
    cut_leaf(state->waiting, key_of_case(vdr_case_at(state, case_slot)));
}

const uint64_t *
vdr_waiting_open(const vdr_state *state, vdr_slot case_slot)
{
    const vdr_waiting *waiting = state->waiting;
    uint32_t leaf = leaf_towards(waiting, key_of_case(vdr_case_at(state, case_slot)));
    VDR_ASSERT(waiting->nodes[leaf].slot == case_slot);
    return open_at(waiting, leaf);
}

uint64_t *
vdr_waiting_wanted(const vdr_state *state)
{
    const vdr_waiting *waiting = state->waiting;
    uint64_t *wanted = vdr_alloc(waiting->words, sizeof *wanted);
    if (waiting->root != 0)
        memcpy(wanted, open_at(waiting, waiting->root), waiting->words * sizeof *wanted);
    return wanted;
}

static bool
meets(const vdr_waiting *waiting, uint32_t number, const uint64_t *takers)
{
    const uint64_t *open = open_at(waiting, number);
    for (uint32_t i = 0; i < waiting->words; i++)
        if ((open[i] & takers[i]) != 0)
            return true;
    return false;
}

vdr_slot
vdr_waiting_first(vdr_state *state, const uint64_t *takers)
{
    const vdr_waiting *waiting = state->waiting;
    uint32_t at = waiting->root;
    state->looks++;
    if (at == 0 || !meets(waiting, at, takers))
        return 0;
    for (; waiting->nodes[at].slot == 0; state->looks++) {
        const uint32_t *child = waiting->nodes[at].child;
        at = meets(waiting, child[0], takers) ? child[0] : child[1];
    }
    return waiting->nodes[at].slot;
}

vdr_slot
vdr_waiting_before(vdr_state *state, uint64_t number)
{
    vdr_slot before = 0;
    for (int priority = VDR_PRIORITY_NORMAL; priority <= VDR_PRIORITY_URGENT; priority++) {
        uint32_t leaf = highest_below(state->waiting, key_of(priority, number), &state->looks);
        if (leaf == 0)
            continue;
        vdr_slot slot = state->waiting->nodes[leaf].slot;
        const vdr_case *of = vdr_case_at(state, slot);
        if (of->priority == priority && (before == 0 || of->number > vdr_case_at(state, before)->number))
            before = slot;
    }
    return before;
}

/* ---- made again ---- */

void
vdr_waiting_bind(vdr_state *state)
{
    vdr_waiting *waiting = vdr_alloc(1, sizeof *waiting);
    waiting->words = (uint32_t)(state->config->regisseur_count / 64 + 1);
    waiting->next = 1;
    waiting->size = 64;
    waiting->nodes = vdr_alloc(waiting->size, sizeof *waiting->nodes);
    waiting->open = vdr_alloc(waiting->size, waiting->words * sizeof *waiting->open);
    vdr_waiting_free(&state->waiting);
    state->waiting = waiting;
    for (vdr_slot slot = state->unassigned_first; slot != 0; slot = vdr_case_at(state, slot)->held_after)
        vdr_waiting_put(state, slot);
}

vdr_waiting *
vdr_waiting_copy(const vdr_waiting *waiting)
{
    vdr_waiting *copy = vdr_alloc(1, sizeof *copy);
    size_t row_bytes = waiting->words * sizeof *waiting->open;
    *copy = *waiting;
    copy->nodes = vdr_alloc(waiting->size, sizeof *waiting->nodes);
    copy->open = vdr_alloc(waiting->size, row_bytes);
    memcpy(copy->nodes, waiting->nodes, waiting->next * sizeof *waiting->nodes);
    memcpy(copy->open, waiting->open, waiting->next * row_bytes);
    return copy;
}

void
vdr_waiting_free(vdr_waiting **waiting_p)
{
    vdr_waiting *waiting = *waiting_p;
    if (waiting == NULL)
        return;
    free(waiting->nodes);
    free(waiting->open);
    free(waiting);
    *waiting_p = NULL;
}

uint64_t
vdr_waiting_bytes(const vdr_waiting *waiting)
{
    return waiting->size * (sizeof *waiting->nodes + waiting->words * sizeof *waiting->open);
}

/* ---- checking ---- */

/* True: every case below is in order, and a branch knows what its children know. */
static bool
branches_hold(const vdr_waiting *waiting, uint32_t at, uint64_t *inout_last, uint32_t *inout_count)
{
    const node *checked = &waiting->nodes[at];
    if (checked->slot != 0) {
        bool later = *inout_count == 0 || checked->key > *inout_last;
        *inout_last = checked->key;
        ++*inout_count;
        return later;
    }
    for (uint32_t i = 0; i < waiting->words; i++)
        if (open_at(waiting, at)[i] !=
            (open_at(waiting, checked->child[0])[i] | open_at(waiting, checked->child[1])[i]))
            return false;
    return branches_hold(waiting, checked->child[0], inout_last, inout_count) &&
           branches_hold(waiting, checked->child[1], inout_last, inout_count);
}

const char *
vdr_waiting_check(const vdr_state *state)
{
    const vdr_waiting *waiting = state->waiting;
    if (waiting == NULL)
        return NULL;
    uint64_t last = 0;
    uint32_t count = 0;
    if (waiting->root != 0 && !branches_hold(waiting, waiting->root, &last, &count))
        return "the tree of waiting cases is torn";
    if (count != waiting->count || count != state->unassigned_count)
        return "an unassigned case does not wait, or another does";
    uint64_t *open = vdr_alloc(waiting->words, sizeof *open);
    const char *words = NULL;
    for (vdr_slot slot = state->unassigned_first; slot != 0 && words == NULL;) {
        const vdr_case *of = vdr_case_at(state, slot);
        uint32_t leaf = leaf_towards(waiting, key_of_case(of));
        find_open(state, of, open);
        if (waiting->nodes[leaf].slot != slot ||
            memcmp(open, open_at(waiting, leaf), waiting->words * sizeof *open) != 0)
            words = "an unassigned case waits for others than those who have not refused it";
        slot = of->held_after;
    }
    free(open);
    return words;
}
