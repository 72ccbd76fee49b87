#include "broker/core/state.h"

#include "broker/core/absence.h"
#include "broker/core/conflict.h"
#include "broker/core/guard.h"
#include "broker/core/household.h"
#include "broker/core/note.h"
#include "broker/core/review.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"

#include <stddef.h>
#include <stdlib.h>

/* Images hold records as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "an image is little-endian");

/* Records have no hidden padding: the sum of their members is their size. Whoever changes one raises its
 * version below, since older images hold the older one. */
_Static_assert(sizeof(vdr_name_record) == 24, "names");
_Static_assert(sizeof(vdr_terms) == 48, "terms");
_Static_assert(sizeof(vdr_sender) == 16, "senders");
_Static_assert(sizeof(vdr_regisseur) == 20, "regisseurs");
_Static_assert(sizeof(vdr_mailbox) == 40, "mailboxes");
_Static_assert(sizeof(vdr_mark) == 24, "marks");
_Static_assert(sizeof(vdr_rule_record) == 24, "rules");
_Static_assert(sizeof(vdr_household) == 64, "households");
_Static_assert(sizeof(vdr_member) == 36, "members");
_Static_assert(sizeof(vdr_signal) == 64, "signals");
_Static_assert(sizeof(vdr_signal_rest) == 44, "the rests of signals");
_Static_assert(sizeof(vdr_naming) == 12, "namings");
_Static_assert(sizeof(vdr_case) == 160, "cases");
_Static_assert(sizeof(vdr_tally) == 16, "tallies");
_Static_assert(sizeof(vdr_list) == 8, "lists");
_Static_assert(sizeof(vdr_latch) == 8, "latches");
_Static_assert(sizeof(vdr_review) == 48, "reviews");
_Static_assert(sizeof(vdr_overdue) == 20, "overdues");
_Static_assert(sizeof(vdr_act_record) == 40, "acts");
_Static_assert(sizeof(vdr_proposal) == 112, "proposals");
_Static_assert(sizeof(vdr_version) == 72, "versions");
_Static_assert(sizeof(vdr_pause) == 80, "pauses");
_Static_assert(sizeof(vdr_document) == 16, "documents");
_Static_assert(sizeof(vdr_page) == 1024, "pages");
_Static_assert(sizeof(vdr_left_record) == 56, "what left");
_Static_assert(sizeof(vdr_right) == 112, "rights");
_Static_assert(sizeof(vdr_conflict) == 40, "conflicts");
_Static_assert(sizeof(vdr_rewrite) == 32, "rewrites");
_Static_assert(sizeof(vdr_party_key) == 168, "keys of parties");
_Static_assert(sizeof(vdr_guarded) == 64, "what guards counted");
_Static_assert(sizeof(vdr_note) == 48, "notes");
_Static_assert(sizeof(vdr_absence) == 40, "absences");

/* What a timer asks of a record that may have been given back is not where the link of the free list lies. */
_Static_assert(offsetof(vdr_signal_rest, order) >= 4 && offsetof(vdr_signal_rest, follow_order) >= 4,
               "stale");
_Static_assert(offsetof(vdr_case, accept_order) >= 4 && offsetof(vdr_case, leave_order) >= 4, "stale");
_Static_assert(offsetof(vdr_right, order) >= 4, "stale");
_Static_assert(offsetof(vdr_household, born_order) >= 4 && offsetof(vdr_act_record, order) >= 4, "stale");

/* One row for each table of records; buckets, timers and texts follow in the order of vdr_state_slab. */
typedef struct row {
    size_t slab; /* offset in the state */
    uint32_t table, version;
    size_t record_bytes;
} row;

#define ROW(member, number, version, record)                                                                 \
    {                                                                                                        \
        offsetof(vdr_state, member), VDR_TABLE_##number, version, sizeof(record)                             \
    }

static const row rows[] = {
    ROW(names, NAMES, 1, vdr_name_record),
    ROW(terms, TERMS, 1, vdr_terms),
    ROW(senders, SENDERS, 1, vdr_sender),
    ROW(regisseurs, REGISSEURS, 2, vdr_regisseur),
    ROW(mailboxes, MAILBOXES, 1, vdr_mailbox),
    ROW(marks, MARKS, 1, vdr_mark),
    ROW(rules, RULES, 1, vdr_rule_record),
    ROW(households, HOUSEHOLDS, 1, vdr_household),
    ROW(members, MEMBERS, 2, vdr_member),
    ROW(signals, SIGNALS, 2, vdr_signal),
    ROW(signal_rests, SIGNAL_RESTS, 3, vdr_signal_rest),
    ROW(namings, NAMINGS, 2, vdr_naming),
    ROW(cases, CASES, 2, vdr_case),
    ROW(tallies, TALLIES, 1, vdr_tally),
    ROW(lists, LISTS, 1, vdr_list),
    ROW(latches, LATCHES, 1, vdr_latch),
    ROW(reviews, REVIEWS, 1, vdr_review),
    ROW(overdues, OVERDUES, 2, vdr_overdue),
    ROW(acts, ACTS, 1, vdr_act_record),
    ROW(proposals, PROPOSALS, 1, vdr_proposal),
    ROW(versions, VERSIONS, 1, vdr_version),
    ROW(pauses, PAUSES, 1, vdr_pause),
    ROW(documents, DOCUMENTS, 1, vdr_document),
    ROW(pages, PAGES, 1, vdr_page),
    ROW(left, LEFT, 1, vdr_left_record),
    ROW(rights, RIGHTS, 1, vdr_right),
    ROW(conflicts, CONFLICTS, 1, vdr_conflict),
    ROW(rewrites, REWRITES, 1, vdr_rewrite),
    ROW(party_keys, PARTY_KEYS, 1, vdr_party_key),
    ROW(guarded, GUARDED, 1, vdr_guarded),
    ROW(notes, NOTES, 1, vdr_note),
    ROW(absences, ABSENCES, 1, vdr_absence),
};

/* ---- by what each index finds ---- */

uint32_t
vdr_name_record_hash(const void *record)
{
    return ((const vdr_name_record *)record)->hash;
}

static uint32_t
household_hash(const void *record)
{
    return vdr_index_hash_number(((const vdr_household *)record)->number);
}

static uint32_t
member_hash(const void *record)
{
    return vdr_member_hash(&((const vdr_member *)record)->key);
}

static uint32_t
signal_hash(const void *record)
{
    return ((const vdr_signal *)record)->hash;
}

static uint32_t
case_hash(const void *record)
{
    return vdr_index_hash_number(((const vdr_case *)record)->number);
}

static uint32_t
review_hash(const void *record)
{
    const vdr_review *review = record;
    return vdr_review_hash(review->lower, review->higher);
}

static uint32_t
act_hash(const void *record)
{
    return ((const vdr_act_record *)record)->hash;
}

typedef struct index_row {
    size_t index, records;
    uint32_t table;
    vdr_index_hash_of *hash_of;
} index_row;

#define INDEX(member, slab, number, hash_of)                                                                 \
    {                                                                                                        \
        offsetof(vdr_state, member), offsetof(vdr_state, slab), VDR_TABLE_##number##_LINES, hash_of          \
    }

static const index_row index_rows[] = {
    INDEX(names_by_text, names, NAME, vdr_name_record_hash),
    INDEX(households_by_number, households, HOUSEHOLD, household_hash),
    INDEX(members_by_key, members, MEMBER, member_hash),
    INDEX(signals_by_id, signals, SIGNAL, signal_hash),
    INDEX(cases_by_number, cases, CASE, case_hash),
    INDEX(reviews_by_pair, reviews, REVIEW, review_hash),
    INDEX(acts_by_id, acts, ACT, act_hash),
    INDEX(rewrites_by_signal, rewrites, REWRITE, vdr_rewrite_hash),
    INDEX(rights_by_whom, rights, RIGHT, vdr_right_hash),
    INDEX(conflicts_by_whom, conflicts, CONFLICT, vdr_conflict_hash),
    INDEX(guarded_by_what, guarded, GUARDED, vdr_guarded_hash),
    INDEX(notes_by_signal, notes, NOTE, vdr_note_hash),
};

#define ROWS       (sizeof rows / sizeof rows[0])
#define INDEX_ROWS (sizeof index_rows / sizeof index_rows[0])
_Static_assert(VDR_STATE_SLABS == ROWS + 2 * INDEX_ROWS + 1 + VDR_TEXT_CLASSES, "every slab is in an image");

static void *
member_of(vdr_state *state, size_t offset)
{
    return (uint8_t *)state + offset;
}

void
vdr_state_init(vdr_state *state)
{
    *state = (vdr_state){.now = VDR_MS_NONE};
    for (size_t i = 0; i < ROWS; i++)
        vdr_slab_init(member_of(state, rows[i].slab), rows[i].table, rows[i].version,
                      (uint32_t)rows[i].record_bytes);
    for (size_t i = 0; i < INDEX_ROWS; i++)
        vdr_index_init(member_of(state, index_rows[i].index), index_rows[i].table,
                       member_of(state, index_rows[i].records), index_rows[i].hash_of);
    vdr_timers_init(&state->timers, VDR_TABLE_TIMERS);
    vdr_texts_init(&state->texts, VDR_TABLE_TEXTS);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        vdr_state_slab(state, i)->pool = &state->pool;
    vdr_tale_init(&state->tale);
}

void
vdr_state_done(vdr_state *state)
{
    for (size_t i = 0; i < ROWS; i++)
        vdr_slab_done(member_of(state, rows[i].slab));
    for (size_t i = 0; i < INDEX_ROWS; i++)
        vdr_index_done(member_of(state, index_rows[i].index));
    vdr_timers_done(&state->timers);
    vdr_texts_done(&state->texts);
    vdr_pool_done(&state->pool);
    vdr_tale_done(&state->tale);
    free(state->mails);
    free(state->loads);
    vdr_slots_done(&state->persons);
    vdr_slots_done(&state->asked);
    vdr_slots_done(&state->touched);
    *state = (vdr_state){0};
}

vdr_slab *
vdr_state_slab(vdr_state *state, uint32_t number)
{
    VDR_ASSERT(number < VDR_STATE_SLABS);
    if (number < ROWS)
        return member_of(state, rows[number].slab);
    number -= (uint32_t)ROWS;
    if (number < 2 * INDEX_ROWS) {
        vdr_index *index = member_of(state, index_rows[number / 2].index);
        return number % 2 == 0 ? &index->lines : &index->behind;
    }
    number -= 2 * (uint32_t)INDEX_ROWS;
    return number == 0 ? &state->timers.heap : &state->texts.classes[number - 1];
}

const vdr_slab *
vdr_state_slab_at(const vdr_state *state, uint32_t number)
{
    VDR_ASSERT(number < VDR_STATE_SLABS);
    if (number < ROWS)
        return (const vdr_slab *)(const void *)((const uint8_t *)state + rows[number].slab);
    number -= (uint32_t)ROWS;
    if (number < 2 * INDEX_ROWS) {
        const vdr_index *index =
            (const vdr_index *)(const void *)((const uint8_t *)state + index_rows[number / 2].index);
        return number % 2 == 0 ? &index->lines : &index->behind;
    }
    number -= 2 * (uint32_t)INDEX_ROWS;
    return number == 0 ? &state->timers.heap : &state->texts.classes[number - 1];
}

uint64_t
vdr_state_timer(vdr_state *state, vdr_timer_kind kind, vdr_ms due, vdr_slot target)
{
    VDR_ASSERT(state->order_last < VDR_TIMER_ORDER_MAX);
    vdr_timer timer = {
        .due = due, .order = ++state->order_last & VDR_TIMER_ORDER_MAX, .target = target, .kind = kind & 15};
    vdr_timers_add(&state->timers, &timer);
    return timer.order;
}
