#include "proto/codec_schema.h"

#include "proto/codec.h"
#include "proto/utf8.h"
#include "voordeur.pb-c.h"

#define NAME  VDR_NAME_BYTES_MAX
#define FREE  VDR_EVENT_BYTES_MAX /* free text is part of an event */
#define WORDS 1024u               /* words for people */
#define ANY   UINT32_MAX          /* the size of the frame is the bound */

/* A row; the members are those of PLAIN. */
#define ROW(kind, member, count_at, least, most, schema)                                                     \
    {                                                                                                        \
#member, VDR_FIELD_##kind, offsetof(PLAIN, member), count_at, least, most, schema                    \
    }
#define U32(member)                ROW(U32, member, 0, 0, UINT32_MAX, NULL)
#define U64(member)                ROW(U64, member, 0, 0, UINT64_MAX, NULL)
#define U64_FROM(member, least)    ROW(U64, member, 0, least, UINT64_MAX, NULL)
#define I64(member)                ROW(I64, member, 0, 0, 0, NULL)
#define BOOL(member)               ROW(BOOL, member, 0, 0, 1, NULL)
#define ENUM(member, first, last)  ROW(ENUM, member, 0, first, last, NULL)
#define TEXT(member, least, most)  ROW(TEXT, member, 0, least, most, NULL)
#define PRESENT(member, most)      ROW(PRESENT, member, 0, 0, most, NULL)
#define RAW_TEXT(member)           ROW(RAW_TEXT, member, 0, 0, ANY, NULL)
#define BYTES(member, least, most) ROW(BYTES, member, 0, least, most, NULL)
#define OPTIONAL(member, most)     ROW(OPTIONAL, member, 0, 0, most, NULL)
#define INSTANT(member)            ROW(INSTANT, member, 0, 0, 0, NULL)
#define EMBED(member, schema)      ROW(EMBED, member, 0, 0, 0, &(schema))
#define POINTER(member, schema)    ROW(POINTER, member, 0, 0, 0, &(schema))
#define MANY(member, count, least, most, schema)                                                             \
    ROW(MANY, member, offsetof(PLAIN, count), least, most, &(schema))
#define TEXTS(member, count) ROW(TEXTS, member, offsetof(PLAIN, count), 0, ANY, NULL)

/* static const vdr_schema name_schema of message, with the rows that follow. */
#define SCHEMA_CHECKED(name, message, check_function, ...)                                                   \
    static const vdr_field name##_fields[] = {__VA_ARGS__};                                                  \
    static const vdr_schema name##_schema = {                                                                \
        .descriptor = &voordeur__v1__##message##__descriptor,                                                \
        .plain_bytes = sizeof(PLAIN),                                                                        \
        .fields = name##_fields,                                                                             \
        .field_count = sizeof name##_fields / sizeof name##_fields[0],                                       \
        .check = (check_function),                                                                           \
    };
#define SCHEMA(name, message, ...) SCHEMA_CHECKED(name, message, NULL, __VA_ARGS__)

const ProtobufCMessageDescriptor *const vdr_schema_instant = &voordeur__v1__instant__descriptor;
const ProtobufCMessageDescriptor *const vdr_schema_text = &voordeur__v1__text__descriptor;

#define PLAIN vdr_signal_name
SCHEMA(signal_name, signal_name, TEXT(source, 0, NAME), TEXT(id, 0, NAME))
#undef PLAIN

/* ---- 3 Sessions */

static bool
hello_is_a_range(const void *plain)
{
    const vdr_wire_hello *hello = plain;
    return hello->version_min >= 1 && hello->version_min <= hello->version_max;
}

#define PLAIN vdr_wire_hello
SCHEMA_CHECKED(hello, hello, hello_is_a_range, U32(version_min), U32(version_max),
               TEXT(client_name, 0, VDR_CONF_NAME_MAX))
#undef PLAIN

#define PLAIN vdr_wire_limits
SCHEMA(limits, limits, U32(frame_bytes), U32(event_bytes), U32(batch_items), U32(window_items),
       U32(window_bytes), U32(delivery_window), U32(heartbeat_ms))
#undef PLAIN

#define PLAIN vdr_wire_welcome
SCHEMA(welcome, welcome, U32(version), U64(session), BYTES(store_id, VDR_STORE_ID_BYTES, VDR_STORE_ID_BYTES),
       U64(epoch), I64(broker_time_ms), ENUM(party_kind, VDR_PARTY_AGENCY, VDR_PARTY_LAST),
       TEXT(party_id, 1, VDR_CONF_NAME_MAX), TEXT(municipality, 0, NAME), TEXT(source, 0, NAME),
       ENUM(clock, VDR_WIRE_CLOCK_WALL, VDR_WIRE_CLOCK_EVENT), EMBED(limits, limits_schema),
       TEXT(broker_version, 0, VDR_CONF_NAME_MAX))
#undef PLAIN

#define PLAIN vdr_wire_ping
SCHEMA(ping, ping, U64(number))
#undef PLAIN

#define PLAIN vdr_wire_pong
SCHEMA(pong, pong, U64(number), I64(time_ms))
#undef PLAIN

#define PLAIN vdr_wire_bye
SCHEMA(bye, bye, U32(error), TEXT(text, 0, WORDS), U32(retry_after_ms))
#undef PLAIN

#define PLAIN vdr_wire_error
SCHEMA(error, error, U32(error), TEXT(code, 0, VDR_CONF_NAME_MAX),
       ENUM(error_class, VDR_ERR_NONE, VDR_ERR_LATER), TEXT(hint, 0, WORDS), TEXT(text, 0, WORDS),
       U32(retry_after_ms), U32(refers_to_type), U32(refers_to_sequence), U32(version_min), U32(version_max))
#undef PLAIN

/* ---- 4 Publish and confirm */

#define PLAIN vdr_wire_person
SCHEMA(person, person, RAW_TEXT(bsn), RAW_TEXT(role))
#undef PLAIN

#define PLAIN vdr_wire_address
SCHEMA(address, address, RAW_TEXT(bag), RAW_TEXT(buurt))
#undef PLAIN

#define PLAIN vdr_wire_member
SCHEMA(member, member, RAW_TEXT(name), RAW_TEXT(json))
#undef PLAIN

#define PLAIN vdr_wire_typed
SCHEMA(typed, typed, RAW_TEXT(id), RAW_TEXT(source), RAW_TEXT(type), RAW_TEXT(time), RAW_TEXT(municipality),
       RAW_TEXT(occurred_at), I64(severity), MANY(persons, person_count, 0, ANY, person_schema),
       POINTER(address, address_schema), RAW_TEXT(act_before), RAW_TEXT(supersedes), RAW_TEXT(detail),
       MANY(members, member_count, 0, ANY, member_schema))
#undef PLAIN

static bool
item_is_of_one_form(const void *plain)
{
    const vdr_wire_item *item = plain;
    return (item->json.at != NULL) != (item->typed != NULL);
}

#define PLAIN vdr_wire_item
static const vdr_field item_fields[] = {BYTES(json, 0, ANY), POINTER(typed, typed_schema),
                                        BOOL(check_revision), U64(revision)};
const vdr_schema vdr_schema_item = {
    .descriptor = &voordeur__v1__item__descriptor,
    .plain_bytes = sizeof(PLAIN),
    .fields = item_fields,
    .field_count = sizeof item_fields / sizeof item_fields[0],
    .encoded_offset = offsetof(PLAIN, encoded),
    .check = item_is_of_one_form,
};
#undef PLAIN

#define PLAIN vdr_wire_publish
SCHEMA(publish, publish, U64_FROM(first, 1), MANY(items, item_count, 1, VDR_BATCH_ITEMS_MAX, vdr_schema_item),
       BOOL(want_results))
#undef PLAIN

#define PLAIN vdr_wire_exception
SCHEMA(exception, exception, U64_FROM(sequence, 1), U32(count), U32(error), U64(position),
       TEXT(text, 0, WORDS))
#undef PLAIN

#define PLAIN vdr_wire_result
SCHEMA(result, result, U64_FROM(sequence, 1), U32(error), U64(position), I64(at_ms), U64(case_id),
       U64(revision))
#undef PLAIN

#define PLAIN vdr_wire_confirm
SCHEMA(confirm, confirm, U64(up_to), MANY(exceptions, exception_count, 0, ANY, exception_schema),
       MANY(results, result_count, 0, ANY, result_schema), U32(window_items), U32(window_bytes),
       ENUM(durability, VDR_DURABILITY_NONE, VDR_REPLICATED), U32(retry_after_ms))
#undef PLAIN

/* ---- 6 Delivery and acknowledgement */

static bool
mailbox_is_named_whole(const void *plain)
{
    const vdr_wire_subscribe *subscribe = plain;
    return (subscribe->mailbox_kind == VDR_PARTY_NONE) == (subscribe->mailbox_id.at == NULL);
}

#define PLAIN vdr_wire_subscribe
SCHEMA_CHECKED(subscribe, subscribe, mailbox_is_named_whole,
               ENUM(mailbox_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(mailbox_id, 0, VDR_CONF_NAME_MAX),
               BOOL(after_given), U64(after), U32(window))
#undef PLAIN

#define PLAIN vdr_wire_message
SCHEMA(message, message, U64_FROM(seq, 1), I64(at_ms),
       ENUM(kind, VDR_MESSAGE_REGULAR_SIGNAL, VDR_MESSAGE_LAST), U64(case_id),
       EMBED(signal, signal_name_schema), U64(household), U64(other), TEXTS(agencies, agency_count),
       PRESENT(result, FREE), TEXT(regisseur, 0, NAME), U64(position), TEXT(traceparent, 0, NAME),
       ENUM(by_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(by, 0, NAME), TEXT(reason, 0, FREE))
#undef PLAIN

#define PLAIN vdr_wire_deliver
SCHEMA(deliver, deliver, MANY(messages, message_count, 1, ANY, message_schema))
#undef PLAIN

#define PLAIN vdr_wire_credit
SCHEMA(credit, credit, ENUM(stream, VDR_STREAM_MAILBOX, VDR_STREAM_DECISIONS), U64(done), U32(window))
#undef PLAIN

#define PLAIN vdr_wire_ack
SCHEMA(ack, ack, U64(up_to))
#undef PLAIN

#define PLAIN vdr_wire_acked
SCHEMA(acked, acked, U64(up_to), U64(newest))
#undef PLAIN

/* ---- 7 Reads */

#define PLAIN vdr_wire_read
SCHEMA(read, read, U64(request), ENUM(query, VDR_QUERY_STATUS, VDR_QUERY_LAST), U64(case_id),
       EMBED(signal, signal_name_schema), TEXT(agency, 0, NAME), U64(household),
       ENUM(list, VDR_INBOX_ALL, VDR_INBOX_REVIEWS), U32(page_items), BYTES(resume, 0, VDR_RESUME_BYTES_MAX),
       TEXT(rule, 0, NAME), I64(at_ms), BYTES(event, 0, ANY), TEXT(break_glass, 0, FREE),
       TEXT(traceparent, 0, NAME), TEXT(bsn, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_absence
SCHEMA(absence, absence, I64(from_ms), I64(to_ms), ENUM(by_kind, VDR_PARTY_NONE, VDR_PARTY_LAST),
       TEXT(by, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_status_view
SCHEMA(status_view, status_view, ENUM(party_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(party_id, 0, NAME),
       U64(acknowledged), U64(newest), U32(load), U32(capacity), U32(hard_capacity), BOOL(absent),
       MANY(absences, absence_count, 0, ANY, absence_schema))
#undef PLAIN

#define PLAIN vdr_wire_person_view
SCHEMA(person_view, person_view, TEXT(handle, 0, NAME), TEXT(bsn, 0, NAME), TEXT(role, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_address_view
SCHEMA(address_view, address_view, TEXT(handle, 0, NAME), TEXT(bag, 0, NAME), TEXT(buurt, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_note
SCHEMA(note, note, I64(at_ms), ENUM(by_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(by, 0, NAME),
       ENUM(to_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(to, 0, NAME), EMBED(signal, signal_name_schema),
       TEXT(text, 0, FREE))
#undef PLAIN

#define PLAIN vdr_wire_signal_view
SCHEMA(signal_view, signal_view, EMBED(name, signal_name_schema), TEXT(type, 0, NAME), TEXT(agency, 0, NAME),
       I64(at_ms), I64(occurred_at_ms), U32(severity), TEXT(domain, 0, NAME),
       ENUM(outcome, VDR_OUTCOME_NONE, VDR_OUTCOME_REGULAR), U64(household), U64(case_id),
       TEXT(service, 0, NAME), BOOL(withdrawn), BOOL(ended), BOOL(overdue), BOOL(feedback), I64(leaves_at_ms),
       MANY(persons, person_count, 0, ANY, person_view_schema), POINTER(address, address_view_schema),
       TEXT(detail, 0, FREE), MANY(notes, note_count, 0, ANY, note_schema), TEXT(regisseur, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_goal
SCHEMA(goal, goal, TEXT(domain, 0, FREE), TEXT(text, 0, FREE), TEXT(owner, 0, FREE), I64(due_ms),
       TEXT(state, 0, FREE))
#undef PLAIN

#define PLAIN vdr_wire_case_view
SCHEMA(case_view, case_view, U64_FROM(case_id, 1), U64(household), ENUM(state, 0, VDR_CASE_MERGED),
       ENUM(priority, VDR_PRIORITY_NONE, VDR_PRIORITY_URGENT), U64(revision), TEXT(regisseur, 0, NAME),
       TEXT(handover_to, 0, NAME), I64(since_ms), INSTANT(accept_by), INSTANT(ended),
       TEXTS(rules, rule_count), MANY(signals, signal_count, 0, ANY, signal_view_schema), U64(plan_revision),
       MANY(goals, goal_count, 0, ANY, goal_schema), TEXT(ended_with, 0, FREE), U64(version),
       MANY(notes, note_count, 0, ANY, note_schema), TEXT(district, 0, NAME), U32(person_total),
       U32(address_total), U32(signal_total), U32(agency_total))
#undef PLAIN

#define PLAIN vdr_wire_household_view
SCHEMA(household_view, household_view, U64_FROM(household, 1), TEXT(district, 0, NAME), U64(open_case),
       U32(signals), MANY(persons, person_count, 0, ANY, person_view_schema),
       MANY(addresses, address_count, 0, ANY, address_view_schema))
#undef PLAIN

#define PLAIN vdr_wire_review_view
SCHEMA(review_view, review_view, U64_FROM(household, 1), U64_FROM(other, 1))
#undef PLAIN

#define PLAIN vdr_wire_right_view
SCHEMA(right_view, right_view, U64_FROM(number, 1), ENUM(kind, VDR_RIGHT_ERASURE, VDR_RIGHT_KIND_LAST),
       ENUM(state, VDR_RIGHT_STANDS, VDR_RIGHT_STATE_LAST), U64(household), EMBED(signal, signal_name_schema),
       I64(at_ms), INSTANT(due), INSTANT(ended), TEXT(author, 0, NAME), TEXT(second, 0, NAME), U64(case_id))
#undef PLAIN

#define PLAIN vdr_wire_regisseur_view
SCHEMA(regisseur_view, regisseur_view, TEXT(id, 1, NAME), U32(load), U32(capacity), U32(hard_capacity),
       BOOL(absent), TEXTS(districts, district_count), TEXTS(expertise, expertise_count),
       MANY(absences, absence_count, 0, ANY, absence_schema))
#undef PLAIN

#define PLAIN vdr_wire_directory_type
SCHEMA(directory_type, directory_type, TEXT(type, 1, NAME), TEXT(title, 0, NAME), TEXT(domain, 0, NAME),
       ENUM(kind, 0, VDR_SIGNAL_DEADLINE), U32(severity), TEXTS(agencies, agency_count))
#undef PLAIN

#define PLAIN vdr_wire_directory_domain
SCHEMA(directory_domain, directory_domain, TEXT(domain, 1, NAME), TEXT(area, 0, NAME), BOOL(by_role))
#undef PLAIN

#define PLAIN vdr_wire_directory_agency
SCHEMA(directory_agency, directory_agency, TEXT(id, 1, NAME), TEXT(kind, 0, NAME))
#undef PLAIN

#define PLAIN vdr_wire_directory_service
SCHEMA(directory_service, directory_service, TEXT(id, 1, NAME), TEXTS(domains, domain_count), BOOL(all))
#undef PLAIN

#define PLAIN vdr_wire_directory_regisseur
SCHEMA(directory_regisseur, directory_regisseur, TEXT(id, 1, NAME), TEXTS(districts, district_count),
       BOOL(everywhere), TEXTS(expertise, expertise_count), BOOL(absent))
#undef PLAIN

#define PLAIN vdr_wire_directory
SCHEMA(directory, directory, MANY(types, type_count, 0, ANY, directory_type_schema),
       MANY(domains, domain_count, 0, ANY, directory_domain_schema),
       MANY(agencies, agency_count, 0, ANY, directory_agency_schema),
       MANY(services, service_count, 0, ANY, directory_service_schema),
       MANY(regisseurs, regisseur_count, 0, ANY, directory_regisseur_schema))
#undef PLAIN

/* Lines of the answer to a try, and of the stream of decisions. */
#define PLAIN vdr_wire_line
SCHEMA(line, line, ENUM(decision.kind, VDR_DECISION_SIGNAL, VDR_DECISION_WATCH), U64(position),
       INSTANT(decision.at), OPTIONAL(decision.id, ANY), OPTIONAL(decision.source, ANY),
       U32(decision.verdict), ENUM(decision.act, VDR_ACT_NONE, VDR_ACT_LAST),
       ENUM(decision.match, VDR_MATCH_NONE, VDR_MATCH_NEW),
       ENUM(decision.outcome, VDR_OUTCOME_NONE, VDR_OUTCOME_REGULAR), U64(decision.household),
       U64(decision.case_id), ENUM(decision.change, 0, VDR_CHANGE_LAST),
       ENUM(decision.state, 0, VDR_CASE_MERGED),
       ENUM(decision.priority, VDR_PRIORITY_NONE, VDR_PRIORITY_URGENT), TEXT(decision.regisseur, 0, NAME),
       TEXTS(decision.rules, decision.rule_count),
       MANY(decision.signals, decision.signal_count, 0, ANY, signal_name_schema),
       ENUM(decision.to_kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(decision.to, 0, NAME),
       ENUM(decision.message, 0, VDR_MESSAGE_LAST), EMBED(decision.signal, signal_name_schema),
       U64(decision.other), TEXT(decision.rule, 0, NAME), TEXTS(decision.agencies, decision.agency_count),
       PRESENT(decision.result, FREE), U64(version), ENUM(decision.by_kind, VDR_PARTY_NONE, VDR_PARTY_LAST),
       TEXT(decision.by, 0, NAME), TEXT(decision.reason, 0, FREE))
#undef PLAIN

/* ---- 7.6 Explanations */

#define PLAIN vdr_explained_signal
SCHEMA(explained_signal, explained_signal, EMBED(name, signal_name_schema), U64(position),
       TEXT(type, 0, NAME), TEXT(agency, 0, NAME), TEXT(domain, 0, NAME), TEXT(purpose, 0, NAME),
       I64(occurred_at_ms), I64(until_ms), I64(leaves_at_ms), U32(severity), U64(case_id),
       TEXT(service, 0, NAME), BOOL(overdue), BOOL(feedback))
#undef PLAIN

#define PLAIN vdr_explained_clause
SCHEMA(explained_clause, explained_clause, ENUM(clause, 0, VDR_CLAUSE_SPREAD), U64(value), U64(least),
       BOOL(reached), BOOL(or_more))
#undef PLAIN

#define PLAIN vdr_explained_group
SCHEMA(explained_group, explained_group, TEXT(name, 0, NAME), U32(person), BOOL(holds),
       MANY(clauses, clause_count, 0, ANY, explained_clause_schema))
#undef PLAIN

#define PLAIN vdr_explained_use
SCHEMA(explained_use, explained_use, ENUM(use, VDR_USE_NONE, VDR_USE_LAST), INSTANT(until))
#undef PLAIN

#define PLAIN vdr_explained_rule
SCHEMA(explained_rule, explained_rule, TEXT(id, 1, NAME), TEXT(text, 0, WORDS),
       ENUM(level, VDR_LEVEL_WATCH, VDR_LEVEL_CASE), ENUM(priority, VDR_PRIORITY_NONE, VDR_PRIORITY_URGENT),
       BOOL(holds), I64(over_ms), ENUM(within, VDR_WITHIN_NONE, VDR_WITHIN_PERSON),
       MANY(groups, group_count, 0, ANY, explained_group_schema), U32(groups_more), U32(nearest),
       MANY(uses, use_count, 0, ANY, explained_use_schema), U32(counted),
       ENUM(barred, VDR_BARRED_NOT, VDR_BARRED_PAUSED), INSTANT(barred_until), BOOL(latched),
       INSTANT(held_until), INSTANT(holds_until))
#undef PLAIN

#define PLAIN vdr_explained_case
SCHEMA(explained_case, explained_case, U64_FROM(case_id, 1), ENUM(state, 0, VDR_CASE_MERGED),
       ENUM(priority, VDR_PRIORITY_NONE, VDR_PRIORITY_URGENT), TEXT(regisseur, 0, NAME), U64(revision),
       U64(opened_position), U64(config_position), I64(opened_at_ms), INSTANT(ended),
       TEXTS(rules, rule_count), MANY(signals, signal_count, 0, ANY, signal_name_schema), U64(version))
#undef PLAIN

#define PLAIN vdr_explained_candidate
SCHEMA(explained_candidate, explained_candidate, TEXT(id, 1, NAME), ENUM(why, VDR_WHY_CHOSEN, VDR_WHY_LAST),
       BOOL(holder), BOOL(in_district), U32(load), U64(capacity), U64(hard_capacity), U32(known))
#undef PLAIN

#define PLAIN vdr_explained_due
SCHEMA(explained_due, explained_due, ENUM(kind, VDR_DUE_FOLLOW_UP, VDR_DUE_RETRY), INSTANT(due),
       EMBED(signal, signal_name_schema), U64(case_id))
#undef PLAIN

#define PLAIN vdr_explanation
SCHEMA(explanation, explanation, U64(position), U64(config_position), I64(at_ms), U64_FROM(household, 1),
       U64(case_id), EMBED(signal, signal_name_schema), TEXT(district, 0, NAME), U32(person_count),
       U32(address_count), U32(signal_count), U64(open_case),
       MANY(signals, signal_list_count, 0, ANY, explained_signal_schema),
       MANY(rules, rule_count, 0, ANY, explained_rule_schema),
       MANY(cases, case_count, 0, ANY, explained_case_schema), U64(assigned),
       ENUM(assigned_by, VDR_ASSIGN_NONE, VDR_ASSIGN_NOBODY),
       MANY(candidates, candidate_count, 0, ANY, explained_candidate_schema),
       MANY(dues, due_count, 0, ANY, explained_due_schema), U64(version))
#undef PLAIN

#define PLAIN vdr_wire_answer
SCHEMA(answer, answer, U64(request), U32(error), TEXT(text, 0, WORDS), U64(position), I64(at_ms),
       POINTER(status, status_view_schema), MANY(cases, case_count, 0, ANY, case_view_schema),
       MANY(signals, signal_count, 0, ANY, signal_view_schema),
       MANY(households, household_count, 0, ANY, household_view_schema),
       MANY(reviews, review_count, 0, ANY, review_view_schema),
       MANY(regisseurs, regisseur_count, 0, ANY, regisseur_view_schema),
       BYTES(resume, 0, VDR_RESUME_BYTES_MAX), POINTER(explanation, explanation_schema),
       MANY(lines, line_count, 0, ANY, line_schema), MANY(rights, right_count, 0, ANY, right_view_schema),
       POINTER(directory, directory_schema))
#undef PLAIN

/* ---- 7 Operators */

#define PLAIN vdr_wire_decisions
SCHEMA(decisions, decisions, BOOL(from_given), U64(position), U32(window), BOOL(stop))
#undef PLAIN

#define PLAIN vdr_wire_decision
SCHEMA(decision_lines, decision_lines, U64_FROM(first, 1), MANY(lines, line_count, 0, ANY, line_schema),
       U64(caught_up))
#undef PLAIN

#define PLAIN vdr_wire_file
SCHEMA(file, file, TEXT(name, 1, NAME), BYTES(text, 0, VDR_CONF_BYTES_MAX))
#undef PLAIN

#define PLAIN vdr_wire_admin
SCHEMA(admin, admin, U64(request), ENUM(verb, VDR_VERB_STATUS, VDR_VERB_SENTENCES), INSTANT(time),
       TEXT(name, 0, NAME), TEXT(reason, 0, VDR_REASON_BYTES_MAX), U64(number),
       ENUM(kind, 0, VDR_PROPOSAL_KEY), MANY(files, file_count, 0, VDR_WIRE_FILES_MAX, file_schema),
       TEXTS(allowed, allowed_count), BYTES(public_key, 0, VDR_PUBLIC_KEY_BYTES), U64(overlap_ms))
#undef PLAIN

#define PLAIN vdr_wire_counter
SCHEMA(counter, counter, TEXT(name, 1, VDR_CONF_NAME_MAX), U64(value))
#undef PLAIN

#define PLAIN vdr_wire_named
SCHEMA(named, named, TEXT(name, 1, VDR_CONF_NAME_MAX), TEXT(text, 0, WORDS))
#undef PLAIN

#define PLAIN vdr_wire_session_view
SCHEMA(session_view, session_view, U64(session), ENUM(party_kind, VDR_PARTY_NONE, VDR_PARTY_LAST),
       TEXT(party_id, 0, NAME), TEXT(client_name, 0, VDR_CONF_NAME_MAX), I64(since_ms), I64(idle_ms),
       U64(frames_in), U64(frames_out), U32(unconfirmed), U32(undelivered))
#undef PLAIN

#define PLAIN vdr_wire_mailbox_view
SCHEMA(mailbox_view, mailbox_view, ENUM(kind, VDR_PARTY_NONE, VDR_PARTY_LAST), TEXT(id, 0, NAME),
       U64(acknowledged), U64(newest))
#undef PLAIN

#define PLAIN vdr_wire_problem
SCHEMA(problem, problem, TEXT(file, 0, WORDS), U32(line), U32(column), TEXT(text, 0, WORDS))
#undef PLAIN

#define PLAIN vdr_wire_row
SCHEMA(row, row, TEXT(kind, 1, VDR_CONF_NAME_MAX), MANY(texts, text_count, 0, ANY, named_schema),
       MANY(numbers, number_count, 0, ANY, counter_schema))
#undef PLAIN

#define DIGEST BYTES(digest, 0, sizeof(vdr_key16))
#define PLAIN  vdr_proposal_view
SCHEMA(proposal_view, proposal_view, U64_FROM(number, 1), ENUM(kind, VDR_PROPOSAL_CONFIG, VDR_PROPOSAL_KEY),
       ENUM(state, VDR_PROPOSAL_OPEN, VDR_PROPOSAL_WITHDRAWN), TEXT(author, 0, VDR_CONF_NAME_MAX),
       TEXT(reason, 0, VDR_REASON_BYTES_MAX), I64(at_ms), U64(position), TEXT(decider, 0, VDR_CONF_NAME_MAX),
       TEXT(verdict, 0, VDR_REASON_BYTES_MAX), INSTANT(ended), TEXT(subject, 0, NAME), INSTANT(until),
       U64(against), U64(rollback_of), U64(made), DIGEST)
#undef PLAIN

#define PLAIN vdr_version_view
SCHEMA(version_view, version_view, U64_FROM(number, 1), DIGEST, U64(position), INSTANT(at), INSTANT(ended),
       TEXT(author, 0, VDR_CONF_NAME_MAX), TEXT(approver, 0, VDR_CONF_NAME_MAX),
       TEXT(reason, 0, VDR_REASON_BYTES_MAX), U64(proposal), U64(rollback_of), U64(cases), BOOL(kept))
#undef PLAIN

#define PLAIN vdr_pause_view
SCHEMA(pause_view, pause_view, U64_FROM(number, 1), ENUM(kind, VDR_PROPOSAL_PAUSE, VDR_PROPOSAL_SILENCE),
       TEXT(subject, 0, VDR_CONF_NAME_MAX), TEXT(author, 0, VDR_CONF_NAME_MAX),
       TEXT(reason, 0, VDR_REASON_BYTES_MAX), TEXT(approver, 0, VDR_CONF_NAME_MAX), I64(at_ms), I64(until_ms),
       U64(position), INSTANT(ended), TEXT(ended_by, 0, VDR_CONF_NAME_MAX),
       TEXT(ended_why, 0, VDR_REASON_BYTES_MAX))
#undef PLAIN

#define PLAIN vdr_wire_admin_result
SCHEMA(admin_result, admin_result, U64(request), U32(error), TEXT(text, 0, WORDS),
       MANY(counters, counter_count, 0, ANY, counter_schema), MANY(texts, text_count, 0, ANY, named_schema),
       MANY(sessions, session_count, 0, ANY, session_view_schema),
       MANY(mailboxes, mailbox_count, 0, ANY, mailbox_view_schema),
       MANY(problems, problem_count, 0, ANY, problem_schema), MANY(rows, row_count, 0, ANY, row_schema),
       MANY(files, file_count, 0, ANY, file_schema),
       MANY(proposals, proposal_count, 0, ANY, proposal_view_schema),
       MANY(versions, version_count, 0, ANY, version_view_schema),
       MANY(pauses, pause_count, 0, ANY, pause_view_schema))
#undef PLAIN

const vdr_schema *
vdr_schema_of(vdr_frame_type type)
{
    static const vdr_schema *const schemas[] = {
        [VDR_FRAME_HELLO] = &hello_schema,
        [VDR_FRAME_WELCOME] = &welcome_schema,
        [VDR_FRAME_PUBLISH] = &publish_schema,
        [VDR_FRAME_CONFIRM] = &confirm_schema,
        [VDR_FRAME_SUBSCRIBE] = &subscribe_schema,
        [VDR_FRAME_DELIVER] = &deliver_schema,
        [VDR_FRAME_CREDIT] = &credit_schema,
        [VDR_FRAME_ACK] = &ack_schema,
        [VDR_FRAME_ACKED] = &acked_schema,
        [VDR_FRAME_READ] = &read_schema,
        [VDR_FRAME_ANSWER] = &answer_schema,
        [VDR_FRAME_DECISIONS] = &decisions_schema,
        [VDR_FRAME_DECISION] = &decision_lines_schema,
        [VDR_FRAME_ADMIN] = &admin_schema,
        [VDR_FRAME_RESULT] = &admin_result_schema,
        [VDR_FRAME_PING] = &ping_schema,
        [VDR_FRAME_PONG] = &pong_schema,
        [VDR_FRAME_BYE] = &bye_schema,
        [VDR_FRAME_ERROR] = &error_schema,
    };
    VDR_ASSERT((unsigned)type <= VDR_FRAME_TYPE_MAX && schemas[type] != NULL);
    return schemas[type];
}

static bool
text_is_good(vdr_span text, uint64_t min, uint64_t max)
{
    return text.len >= min && text.len <= max && (text.len == 0 || memchr(text.at, 0, text.len) == NULL) &&
           vdr_span_is_utf8(text);
}

bool
vdr_field_takes(const vdr_field *field, vdr_span span)
{
    switch (field->kind) {
    case VDR_FIELD_RAW_TEXT:
        return vdr_span_is_utf8(span);
    case VDR_FIELD_BYTES:
        return span.len >= field->min && span.len <= field->max;
    case VDR_FIELD_TEXTS:
        return text_is_good(span, 1, VDR_NAME_BYTES_MAX);
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_OPTIONAL:
        return text_is_good(span, field->min, field->max);
    case VDR_FIELD_U32:
    case VDR_FIELD_U64:
    case VDR_FIELD_I64:
    case VDR_FIELD_BOOL:
    case VDR_FIELD_ENUM:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_POINTER:
    case VDR_FIELD_MANY:
        VDR_ASSERT(0 && "no span");
        break;
    }
    return false;
}
