/* tests/typed_law.h - a typed item and the JSON event that it stands for give the same command: the law that
 * the unit test puts to made-up items and the fuzzer to any. */
#ifndef TESTS_TYPED_LAW_H
#define TESTS_TYPED_LAW_H

#include "broker/door/event.h"

static inline bool
law_span_same(vdr_span a, vdr_span b)
{
    return (a.at == NULL) == (b.at == NULL) && vdr_span_equal(a, b);
}

/* What differs, or NULL. */
static inline const char *
law_command_difference(const vdr_command *a, const vdr_command *b)
{
    if (a->kind != b->kind || a->act != b->act || a->shape != b->shape)
        return "kind, act or shape";
    if (a->timers_max != b->timers_max || !vdr_key16_equal(&a->key_check, &b->key_check))
        return "timers or key";
    if (a->at != b->at || a->time != b->time)
        return "time";
    if (!law_span_same(a->id, b->id) || !law_span_same(a->source, b->source) ||
        !law_span_same(a->type, b->type))
        return "id, source or type";
    if (!vdr_key16_equal(&a->digest, &b->digest) || a->id_hash != b->id_hash)
        return "digest or id hash";
    if (a->sender_kind != b->sender_kind || !law_span_same(a->sender_id, b->sender_id) ||
        a->revision_checked != b->revision_checked || a->revision_expected != b->revision_expected)
        return "sender or revision";
    if (!law_span_same(a->municipality, b->municipality) || a->occurred_at != b->occurred_at ||
        a->act_before != b->act_before)
        return "municipality, occurred_at or act_before";
    if (a->person_count != b->person_count || a->bsn_bad != b->bsn_bad)
        return "persons";
    for (size_t i = 0; i < a->person_count; i++)
        if (!vdr_key16_equal(&a->persons[i].key, &b->persons[i].key) ||
            !law_span_same(a->persons[i].role, b->persons[i].role))
            return "a person";
    if (a->address_count != b->address_count || a->address_bad != b->address_bad ||
        a->address_excluded != b->address_excluded || !law_span_same(a->buurt, b->buurt))
        return "address";
    for (size_t i = 0; i < a->address_count; i++)
        if (!vdr_key16_equal(&a->addresses[i], &b->addresses[i]))
            return "an address";
    if (a->has_severity != b->has_severity || a->severity != b->severity)
        return "severity";
    if (!law_span_same(a->signal.id, b->signal.id) || a->signal.hash != b->signal.hash)
        return "signal";
    if (a->case_id.number != b->case_id.number || a->household.number != b->household.number ||
        a->into.number != b->into.number || a->from.number != b->from.number)
        return "case or household";
    if (!law_span_same(a->regisseur, b->regisseur) || !law_span_same(a->agency, b->agency) ||
        a->absent_from != b->absent_from || a->absent_to != b->absent_to ||
        !law_span_same(a->service, b->service) || !law_span_same(a->result, b->result) ||
        a->plan_revision != b->plan_revision)
        return "regisseur, agency, result or plan";
    if (a->ack_count != b->ack_count)
        return "acknowledgements";
    for (size_t i = 0; i < a->ack_count; i++)
        if (a->acks[i].mailbox != b->acks[i].mailbox || a->acks[i].seq != b->acks[i].seq)
            return "acknowledgements";
    if (!law_span_same(a->author, b->author) || !law_span_same(a->reason, b->reason) ||
        a->alone != b->alone || a->number != b->number || a->decide != b->decide ||
        a->proposal != b->proposal || !vdr_key16_equal(&a->fingerprint, &b->fingerprint) ||
        a->rollback_of != b->rollback_of || !law_span_same(a->subject, b->subject) || a->until != b->until ||
        a->party_kind != b->party_kind || !law_span_same(a->public_key, b->public_key) ||
        !law_span_same(a->replaced, b->replaced) || a->overlap_ms != b->overlap_ms)
        return "what an operator asks for";
    if (a->through != b->through || a->generation != b->generation || a->keys_kept != b->keys_kept ||
        a->keys_dropped != b->keys_dropped || a->left_count != b->left_count)
        return "an erasure";
    for (size_t i = 0; i < a->left_count; i++) {
        const vdr_command_left *of = &a->left[i], *other = &b->left[i];
        if (of->kind != other->kind || of->reason != other->reason || of->number != other->number ||
            of->at != other->at || of->time != other->time || of->hash != other->hash ||
            !law_span_same(of->id, other->id) || !law_span_same(of->source, other->source) ||
            !law_span_same(of->type, other->type))
            return "what left";
    }
    if ((a->earlier == NULL) != (b->earlier == NULL))
        return "whether keys change";
    if (a->earlier != NULL &&
        (!vdr_key16_equal(&a->earlier->digest, &b->earlier->digest) ||
         memcmp(a->earlier->persons, b->earlier->persons, a->person_count * sizeof(vdr_key16)) != 0 ||
         memcmp(a->earlier->addresses, b->earlier->addresses, a->address_count * sizeof(vdr_key16)) != 0))
        return "what is under the key before";
    if (a->rekey != b->rekey || !vdr_key16_equal(&a->id_key, &b->id_key) || a->pair_count != b->pair_count ||
        a->rekeyed_count != b->rekeyed_count)
        return "a change of the key";
    for (size_t i = 0; i < a->pair_count; i++)
        if (a->pairs[i].is_address != b->pairs[i].is_address ||
            !vdr_key16_equal(&a->pairs[i].from, &b->pairs[i].from) ||
            !vdr_key16_equal(&a->pairs[i].to, &b->pairs[i].to))
            return "a pair";
    for (size_t i = 0; i < a->rekeyed_count; i++)
        if (a->rekeyed[i].kind != b->rekeyed[i].kind || a->rekeyed[i].hash != b->rekeyed[i].hash ||
            a->rekeyed[i].from != b->rekeyed[i].from || a->rekeyed[i].to != b->rekeyed[i].to)
            return "a digest that goes over";
    if (a->query != b->query || !law_span_same(a->traceparent, b->traceparent) ||
        a->seen_count != b->seen_count)
        return "a view";
    for (size_t i = 0; i < a->seen_count; i++)
        if (a->seen[i].kind != b->seen[i].kind || a->seen[i].parts != b->seen[i].parts ||
            a->seen[i].household.number != b->seen[i].household.number ||
            a->seen[i].case_id.number != b->seen[i].case_id.number ||
            a->seen[i].position != b->seen[i].position)
            return "what was seen";
    return NULL;
}

/* NULL: the law holds. ret_shape (may be NULL) tells what the command was. */
static inline const char *
typed_law(const vdr_door *door, const vdr_event_options *options, const vdr_wire_typed *typed,
          vdr_arena *arena, vdr_err *ret_shape)
{
    vdr_command straight, by_text;
    vdr_span json;

    vdr_event_typed(door, options, typed, arena, &straight);
    if (vdr_event_render(typed, arena, &json) != VDR_OK)
        json = vdr_span_str("no JSON");
    vdr_event_read(door, options, json, arena, &by_text, NULL);
    if (ret_shape != NULL)
        *ret_shape = straight.shape;
    return law_command_difference(&straight, &by_text);
}

#endif
