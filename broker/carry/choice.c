#include "broker/carry/choice.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS  4096u
#define LATE_MAX 65536u /* views that wait for a merge; those beyond are needed */

typedef struct needed_record {
    vdr_position position, place;
} needed_record;

/* Messages of a mailbox that are needed and were not acknowledged up to here: some of first to last. */
typedef struct pending {
    uint64_t first, last; /* 0: none */
} pending;

typedef struct late_view {
    needed_record record;
    uint64_t bytes, household;
} late_view;

struct vdr_choice {
    vdr_position first, end;
    uint64_t step; /* records of a bucket */
    uint64_t stands[BUCKETS], needs[BUCKETS];
    needed_record *needed;
    size_t needed_count, needed_room, chosen;
    vdr_position most; /* the list was full here */
    pending *boxes;    /* by number of the mailbox */
    size_t box_count;
    late_view *late;
    size_t late_count, late_room;
    uint64_t *merged_into; /* by number of the household */
    size_t merged_count;
};

vdr_choice *
vdr_choice_new(vdr_position first, vdr_position end)
{
    VDR_ASSERT(first < end);
    vdr_choice *choice = vdr_alloc(1, sizeof *choice);
    choice->first = first;
    choice->end = choice->most = end;
    choice->step = (end - first + BUCKETS - 1) / BUCKETS;
    return choice;
}

void
vdr_choice_free(vdr_choice **choice_p)
{
    vdr_choice *choice = *choice_p;
    if (choice == NULL)
        return;
    free(choice->needed);
    free(choice->boxes);
    free(choice->late);
    free(choice->merged_into);
    free(choice);
    *choice_p = NULL;
}

void
vdr_choice_stands(vdr_choice *choice, vdr_position position, uint64_t bytes)
{
    if (position >= choice->first && position < choice->end)
        choice->stands[(position - choice->first) / choice->step] += bytes;
}

static void
note_message(vdr_choice *choice, const vdr_effect *message)
{
    if (message->mailbox >= choice->box_count) {
        size_t count = 2 * (size_t)message->mailbox + 64;
        choice->boxes = vdr_realloc(choice->boxes, count, sizeof *choice->boxes);
        memset(choice->boxes + choice->box_count, 0, (count - choice->box_count) * sizeof *choice->boxes);
        choice->box_count = count;
    }
    pending *box = &choice->boxes[message->mailbox];
    box->first = box->first != 0 ? box->first : message->seq;
    box->last = message->seq;
}

static void
add(vdr_choice *choice, const needed_record *record, uint64_t bytes)
{
    if (record->place < choice->first || record->place >= choice->end)
        return; /* carried further on already */
    if (choice->needed_count == VDR_CHOICE_MAX) {
        choice->most = record->place < choice->most ? record->place : choice->most;
        return;
    }
    if (choice->needed_count == choice->needed_room) {
        choice->needed_room = choice->needed_room != 0 ? 2 * choice->needed_room : 256;
        choice->needed = vdr_realloc(choice->needed, choice->needed_room, sizeof *choice->needed);
    }
    choice->needed[choice->needed_count++] = *record;
    choice->needs[(record->place - choice->first) / choice->step] += bytes;
}

void
vdr_choice_needs(vdr_choice *choice, vdr_position position, vdr_position place, uint64_t bytes, vdr_span tale)
{
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        if (effect.kind == VDR_EFFECT_MESSAGE)
            note_message(choice, &effect);
    add(choice, &(needed_record){position, place}, bytes);
}

bool
vdr_choice_acknowledges(vdr_choice *choice, const vdr_command *acks)
{
    bool any = false;
    for (size_t i = 0; i < acks->ack_count; i++) {
        const vdr_command_ack *ack = &acks->acks[i];
        pending *box = ack->mailbox < choice->box_count ? &choice->boxes[ack->mailbox] : NULL;
        if (box == NULL || box->first == 0 || ack->seq < box->first)
            continue;
        any = true;
        box->first = ack->seq < box->last ? ack->seq + 1 : 0;
    }
    return any;
}

void
vdr_choice_may_need(vdr_choice *choice, vdr_position position, vdr_position place, uint64_t bytes,
                    const vdr_command *view)
{
    const needed_record record = {position, place};
    if (choice->late_count + view->seen_count > LATE_MAX) {
        add(choice, &record, bytes);
        return;
    }
    for (size_t i = 0; i < view->seen_count; i++) {
        if (view->seen[i].household.number == 0)
            continue;
        if (choice->late_count == choice->late_room) {
            choice->late_room = choice->late_room != 0 ? 2 * choice->late_room : 64;
            choice->late = vdr_realloc(choice->late, choice->late_room, sizeof *choice->late);
        }
        choice->late[choice->late_count++] = (late_view){record, bytes, view->seen[i].household.number};
    }
}

void
vdr_choice_merged(vdr_choice *choice, vdr_household_id from, vdr_household_id into)
{
    if (from.number >= choice->merged_count) {
        size_t count = 2 * (size_t)from.number + 1024;
        choice->merged_into = vdr_realloc(choice->merged_into, count, sizeof *choice->merged_into);
        memset(choice->merged_into + choice->merged_count, 0,
               (count - choice->merged_count) * sizeof *choice->merged_into);
        choice->merged_count = count;
    }
    choice->merged_into[from.number] = into.number;
}

/* The household that went on. */
static vdr_household_id
root_of(const vdr_choice *choice, uint64_t household)
{
    while (household < choice->merged_count && choice->merged_into[household] != 0)
        household = choice->merged_into[household];
    return (vdr_household_id){household};
}

static int
by_position(const void *a, const void *b)
{
    const needed_record *x = a, *y = b;
    return (x->position > y->position) - (x->position < y->position);
}

/* Where the last bucket ends up to which carrying is worth it. */
static vdr_position
find_end(const vdr_choice *choice, uint64_t bytes_min)
{
    uint64_t stands = 0, needs = 0;
    vdr_position found = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        vdr_position end = choice->first + (i + 1) * choice->step;
        stands += choice->stands[i];
        needs += choice->needs[i];
        if (end > choice->most)
            break;
        if (stands >= bytes_min && needs <= stands / VDR_CHOICE_PART)
            found = end;
    }
    return found;
}

vdr_position
vdr_choice_end(vdr_choice *choice, uint64_t bytes_min,
               bool (*is_here)(void *context, vdr_household_id household), void *context)
{
    vdr_position last = 0;
    for (size_t i = 0; i < choice->late_count; i++) {
        const late_view *view = &choice->late[i];
        if (view->record.position == last || !is_here(context, root_of(choice, view->household)))
            continue;
        last = view->record.position;
        add(choice, &view->record, view->bytes);
    }
    vdr_position end = find_end(choice, bytes_min);
    size_t kept = 0;
    for (size_t i = 0; i < choice->needed_count; i++)
        if (choice->needed[i].place < end)
            choice->needed[kept++] = choice->needed[i];
    choice->chosen = kept;
    if (kept != 0)
        qsort(choice->needed, kept, sizeof *choice->needed, by_position);
    return end;
}

size_t
vdr_choice_count(const vdr_choice *choice)
{
    return choice->chosen;
}

size_t
vdr_choice_get(const vdr_choice *choice, size_t from, vdr_position *ret_positions, size_t max)
{
    size_t count = 0;
    for (; count < max && from + count < choice->chosen; count++)
        ret_positions[count] = choice->needed[from + count].position;
    return count;
}
