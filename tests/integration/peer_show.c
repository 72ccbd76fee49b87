/* What came, as a line of JSON (peer.c). */
#include "tests/integration/peer.h"

#include "proto/codec_schema.h"
#include "proto/time.h"

#include <stdio.h>

bool quiet, tell_fields;
peer_seen seen;

/* ---- the names of the fields that a body has, by its schema: whatever it is */

static void put_fields(const vdr_schema *schema, const uint8_t *plain, const char *path);

static void
put_sub(const vdr_field *field, const uint8_t *at, size_t count, const char *path, const char *name)
{
    char longer[512];
    (void)snprintf(longer, sizeof longer, "%s%s.", path, name);
    for (size_t i = 0; i < count; i++)
        put_fields(field->sub, at + i * field->sub->plain_bytes, longer);
}

static bool
has_field(const vdr_field *field, const uint8_t *plain)
{
    static const uint8_t nothing[8] = {0};
    const uint8_t *at = plain + field->offset;
    const vdr_span *span = (const vdr_span *)(const void *)at;
    switch (field->kind) {
    case VDR_FIELD_U32:
    case VDR_FIELD_ENUM:
        return memcmp(at, nothing, 4) != 0;
    case VDR_FIELD_U64:
    case VDR_FIELD_I64:
        return memcmp(at, nothing, 8) != 0;
    case VDR_FIELD_BOOL:
        return *at != 0;
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
        return span->len != 0;
    case VDR_FIELD_OPTIONAL:
        return span->at != NULL;
    case VDR_FIELD_INSTANT:
        return *(const vdr_ms *)(const void *)at != VDR_MS_NONE;
    case VDR_FIELD_EMBED:
    case VDR_FIELD_POINTER:
    case VDR_FIELD_MANY:
    case VDR_FIELD_TEXTS:
        break;
    }
    return field->kind == VDR_FIELD_TEXTS &&
           *(const size_t *)(const void *)(plain + field->count_offset) != 0;
}

static void
put_fields(const vdr_schema *schema, const uint8_t *plain, const char *path)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        const vdr_field *field = &schema->fields[i];
        const uint8_t *at = plain + field->offset;
        const char *dot = strrchr(field->name, '.'), *name = dot != NULL ? dot + 1 : field->name;
        if (field->kind == VDR_FIELD_EMBED) {
            put_sub(field, at, 1, path, name);
        } else if (field->kind == VDR_FIELD_POINTER || field->kind == VDR_FIELD_MANY) {
            const uint8_t *first = *(const uint8_t *const *)(const void *)at;
            size_t count = field->kind == VDR_FIELD_MANY
                               ? *(const size_t *)(const void *)(plain + field->count_offset)
                               : first != NULL;
            put_sub(field, first, count, path, name);
        } else if (has_field(field, plain)) {
            (void)printf(",\"%s%s\"", path, name);
        }
    }
}

/* ---- JSON out */

static void
put_text(vdr_span text)
{
    static char at[LINE_BYTES];
    size_t len = vdr_json_string(text, at, sizeof at);
    (void)fwrite(at, 1, len, stdout);
}

static void
put_member(const char *name, vdr_span text)
{
    if (text.at == NULL)
        return;
    (void)printf(",\"%s\":", name);
    put_text(text);
}

static void
put_number(const char *name, uint64_t number)
{
    (void)printf(",\"%s\":%llu", name, (unsigned long long)number);
}

static void
put_signal_name(const char *name, const vdr_signal_name *signal)
{
    if (signal->id.at == NULL)
        return;
    (void)printf(",\"%s\":{\"source\":", name);
    put_text(signal->source);
    (void)printf(",\"id\":");
    put_text(signal->id);
    (void)printf("}");
}

static void
put_confirm(const vdr_wire_confirm *c)
{
    seen.up_to = c->up_to;
    for (size_t i = 0; i < c->exception_count; i++)
        seen.exceptions += c->exceptions[i].count == 0 ? 1 : c->exceptions[i].count;
    if (quiet)
        return;
    put_number("up_to", c->up_to);
    put_number("window_items", c->window_items);
    put_number("durability", (uint64_t)c->durability);
    put_number("retry_after_ms", c->retry_after_ms);
    (void)printf(",\"exceptions\":[");
    for (size_t i = 0; i < c->exception_count; i++)
        (void)printf("%s{\"sequence\":%llu,\"count\":%u,\"error\":\"%s\",\"position\":%llu}",
                     i == 0 ? "" : ",", (unsigned long long)c->exceptions[i].sequence, c->exceptions[i].count,
                     vdr_err_code(c->exceptions[i].error), (unsigned long long)c->exceptions[i].position);
    (void)printf("],\"results\":[");
    for (size_t i = 0; i < c->result_count; i++)
        (void)printf(
            "%s{\"sequence\":%llu,\"error\":\"%s\",\"position\":%llu,\"case\":%llu,\"revision\":%llu}",
            i == 0 ? "" : ",", (unsigned long long)c->results[i].sequence, vdr_err_code(c->results[i].error),
            (unsigned long long)c->results[i].position, (unsigned long long)c->results[i].case_id.number,
            (unsigned long long)c->results[i].revision);
    (void)printf("]");
}

static void
put_messages(const vdr_wire_deliver *d)
{
    seen.messages += d->message_count;
    if (quiet)
        return;
    (void)printf(",\"messages\":[");
    for (size_t i = 0; i < d->message_count; i++) {
        const vdr_wire_message *m = &d->messages[i];
        (void)printf("%s{\"seq\":%llu,\"kind\":\"%s\"", i == 0 ? "" : ",", (unsigned long long)m->seq,
                     vdr_message_kind_name(m->kind));
        if (m->case_id.number != 0)
            put_number("case", m->case_id.number);
        put_signal_name("signal", &m->signal);
        if (m->household.number != 0)
            put_number("household", m->household.number);
        if (m->other.number != 0)
            put_number("other", m->other.number);
        if (m->agency_count != 0) {
            (void)printf(",\"agencies\":[");
            for (size_t j = 0; j < m->agency_count; j++) {
                (void)printf("%s", j == 0 ? "" : ",");
                put_text(m->agencies[j]);
            }
            (void)printf("]");
        }
        put_member("result", m->result);
        put_member("regisseur", m->regisseur);
        put_number("position", m->position);
        put_member("traceparent", m->traceparent);
        put_member("by", m->by);
        put_member("reason", m->reason);
        (void)printf("}");
    }
    (void)printf("]");
}

static void
put_notes(const vdr_wire_note *notes, size_t count)
{
    (void)printf(",\"notes\":[");
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s{\"at\":%lld", i == 0 ? "" : ",", (long long)notes[i].at_ms);
        put_member("by", notes[i].by);
        put_member("to", notes[i].to);
        put_signal_name("signal", &notes[i].signal);
        put_member("text", notes[i].text);
        (void)printf("}");
    }
    (void)printf("]");
}

static void
put_signal(const vdr_wire_signal_view *s)
{
    (void)printf("{\"withdrawn\":%s,\"overdue\":%s", s->withdrawn ? "true" : "false",
                 s->overdue ? "true" : "false");
    put_signal_name("name", &s->name);
    put_member("type", s->type);
    put_member("agency", s->agency);
    put_member("domain", s->domain);
    put_member("service", s->service);
    put_member("detail", s->detail);
    put_number("severity", s->severity);
    put_number("household", s->household.number);
    put_number("case", s->case_id.number);
    put_number("leaves_at_ms", (uint64_t)s->leaves_at_ms);
    (void)printf(",\"persons\":[");
    for (size_t i = 0; i < s->person_count; i++) {
        (void)printf("%s{\"n\":%zu", i == 0 ? "" : ",", i);
        put_member("handle", s->persons[i].handle);
        put_member("bsn", s->persons[i].bsn);
        put_member("role", s->persons[i].role);
        (void)printf("}");
    }
    (void)printf("]");
    put_notes(s->notes, s->note_count);
    put_member("regisseur", s->regisseur);
    if (s->address != NULL) {
        put_member("address", s->address->handle);
        put_member("bag", s->address->bag);
        put_member("buurt", s->address->buurt);
    }
    (void)printf("}");
}

static void
put_case(const vdr_wire_case_view *c)
{
    (void)printf("{\"case\":%llu", (unsigned long long)c->case_id.number);
    put_number("household", c->household.number);
    put_member("state", vdr_span_str(vdr_case_state_name(c->state)));
    put_number("revision", c->revision);
    put_number("version", c->version);
    put_member("priority", vdr_span_str(vdr_priority_name(c->priority)));
    put_number("plan_revision", c->plan_revision);
    put_member("regisseur", c->regisseur);
    put_member("handover_to", c->handover_to);
    put_member("ended_with", c->ended_with);
    put_number("goals", c->goal_count);
    (void)printf(",\"rules\":[");
    for (size_t i = 0; i < c->rule_count; i++) {
        (void)printf("%s", i == 0 ? "" : ",");
        put_text(c->rules[i]);
    }
    (void)printf("],\"signals\":[");
    for (size_t i = 0; i < c->signal_count; i++) {
        (void)printf("%s", i == 0 ? "" : ",");
        put_signal(&c->signals[i]);
    }
    (void)printf("]");
    put_notes(c->notes, c->note_count);
    (void)printf("}");
}

static void
put_household(const vdr_wire_household_view *h)
{
    (void)printf("{\"household\":%llu", (unsigned long long)h->household.number);
    put_member("district", h->district);
    put_number("open_case", h->open_case.number);
    put_number("signals", h->signals);
    (void)printf(",\"persons\":[");
    for (size_t i = 0; i < h->person_count; i++) {
        (void)printf("%s{\"n\":%zu", i == 0 ? "" : ",", i);
        put_member("handle", h->persons[i].handle);
        put_member("bsn", h->persons[i].bsn);
        (void)printf("}");
    }
    (void)printf("],\"addresses\":[");
    for (size_t i = 0; i < h->address_count; i++) {
        (void)printf("%s{\"n\":%zu", i == 0 ? "" : ",", i);
        put_member("handle", h->addresses[i].handle);
        put_member("bag", h->addresses[i].bag);
        (void)printf("}");
    }
    (void)printf("]}");
}

#define PUT_LIST(name, count, put, items)                                                                    \
    do {                                                                                                     \
        (void)printf(",\"%s\":[", name);                                                                     \
        for (size_t i_ = 0; i_ < (count); i_++) {                                                            \
            (void)printf("%s", i_ == 0 ? "" : ",");                                                          \
            put(&(items)[i_]);                                                                               \
        }                                                                                                    \
        (void)printf("]");                                                                                   \
    } while (0)

static void
put_review(const vdr_wire_review_view *r)
{
    (void)printf("[%llu,%llu]", (unsigned long long)r->household.number, (unsigned long long)r->other.number);
}

static void
put_regisseur(const vdr_wire_regisseur_view *r)
{
    (void)printf("{\"load\":%u", r->load);
    put_member("id", r->id);
    (void)printf(",\"absences\":[");
    for (size_t i = 0; i < r->absence_count; i++) {
        (void)printf("%s{\"from\":%lld,\"to\":%lld", i == 0 ? "" : ",", (long long)r->absences[i].from_ms,
                     (long long)r->absences[i].to_ms);
        put_member("by", r->absences[i].by);
        (void)printf("}");
    }
    (void)printf("]}");
}

static void
put_lines(const vdr_wire_decision *d)
{
    static char text[LINE_BYTES];
    seen.lines += d->line_count;
    if (quiet)
        return;
    put_number("first", d->first);
    (void)printf(",\"lines\":[");
    for (size_t i = 0; i < d->line_count; i++) {
        size_t len = vdr_decision_line(&d->lines[i].decision, text, sizeof text);
        (void)printf("%s{\"position\":%llu,\"version\":%llu,\"line\":", i == 0 ? "" : ",",
                     (unsigned long long)d->lines[i].position, (unsigned long long)d->lines[i].version);
        (void)fwrite(text, 1, len, stdout);
        (void)printf("}");
    }
    (void)printf("]");
}

static void
put_answer(const vdr_wire_answer *a)
{
    put_number("request", a->request);
    put_member("error", vdr_span_str(vdr_err_code(a->error)));
    put_number("position", a->position);
    if (a->status != NULL) {
        put_number("acknowledged", a->status->acknowledged);
        put_number("newest", a->status->newest);
        put_number("load", a->status->load);
        put_number("absences", a->status->absence_count);
    }
    PUT_LIST("cases", a->case_count, put_case, a->cases);
    PUT_LIST("signals", a->signal_count, put_signal, a->signals);
    PUT_LIST("households", a->household_count, put_household, a->households);
    PUT_LIST("reviews", a->review_count, put_review, a->reviews);
    PUT_LIST("regisseurs", a->regisseur_count, put_regisseur, a->regisseurs);
    if (a->explanation != NULL) {
        put_number("explained", a->explanation->household.number);
        (void)printf(",\"explained_signals\":[");
        for (size_t i = 0; i < a->explanation->signal_list_count; i++) {
            (void)printf("%s", i == 0 ? "" : ",");
            put_text(a->explanation->signals[i].name.id);
        }
        (void)printf("]");
    }
    if (a->line_count != 0)
        put_lines(&(vdr_wire_decision){.lines = a->lines, .line_count = a->line_count});
    (void)printf(",\"resume\":\"");
    for (size_t i = 0; i < a->resume.len; i++)
        (void)printf("%02x", a->resume.at[i]);
    (void)printf("\"");
}

/* What a RESULT tells by name, as the table of roles calls it: "counters NAME", "texts NAME", "row KIND NAME". */
static void
put_told(const vdr_wire_admin_result *r)
{
    (void)printf(",\"told\":[\"\"");
    for (size_t i = 0; i < r->counter_count; i++)
        (void)printf(",\"counters %.*s\"", (int)r->counters[i].name.len,
                     (const char *)r->counters[i].name.at);
    for (size_t i = 0; i < r->text_count; i++)
        (void)printf(",\"texts %.*s\"", (int)r->texts[i].name.len, (const char *)r->texts[i].name.at);
    for (size_t i = 0; i < r->row_count; i++) {
        const vdr_wire_row *row = &r->rows[i];
        for (size_t j = 0; j < row->text_count; j++)
            (void)printf(",\"row %.*s %.*s\"", (int)row->kind.len, (const char *)row->kind.at,
                         (int)row->texts[j].name.len, (const char *)row->texts[j].name.at);
        for (size_t j = 0; j < row->number_count; j++)
            (void)printf(",\"row %.*s %.*s\"", (int)row->kind.len, (const char *)row->kind.at,
                         (int)row->numbers[j].name.len, (const char *)row->numbers[j].name.at);
    }
    (void)printf("]");
}

static void
put_result(const vdr_wire_admin_result *r)
{
    if (tell_fields)
        put_told(r);
    put_number("request", r->request);
    put_member("error", vdr_span_str(vdr_err_code(r->error)));
    put_member("text", r->text);
    (void)printf(",\"counters\":{\"_\":0");
    for (size_t i = 0; i < r->counter_count; i++) {
        (void)printf(",");
        put_text(r->counters[i].name);
        (void)printf(":%llu", (unsigned long long)r->counters[i].value);
    }
    (void)printf("},\"texts\":{\"_\":0");
    for (size_t i = 0; i < r->text_count; i++) {
        (void)printf(",");
        put_text(r->texts[i].name);
        (void)printf(":");
        put_text(r->texts[i].text);
    }
    (void)printf("},\"sessions\":[");
    for (size_t i = 0; i < r->session_count; i++) {
        (void)printf("%s{\"session\":%llu", i == 0 ? "" : ",", (unsigned long long)r->sessions[i].session);
        put_member("party", r->sessions[i].party_id);
        put_member("client", r->sessions[i].client_name);
        (void)printf("}");
    }
    (void)printf("],\"mailboxes\":[");
    for (size_t i = 0; i < r->mailbox_count; i++) {
        (void)printf("%s{\"newest\":%llu,\"acknowledged\":%llu", i == 0 ? "" : ",",
                     (unsigned long long)r->mailboxes[i].newest,
                     (unsigned long long)r->mailboxes[i].acknowledged);
        put_member("id", r->mailboxes[i].id);
        (void)printf("}");
    }
    (void)printf("],\"problems\":[");
    for (size_t i = 0; i < r->problem_count; i++) {
        (void)printf("%s{\"line\":%u,\"column\":%u", i == 0 ? "" : ",", r->problems[i].line,
                     r->problems[i].column);
        put_member("text", r->problems[i].text);
        (void)printf("}");
    }
    (void)printf("]");
}

void
put_wire(const vdr_wire *wire, uint32_t sequence)
{
    bool silent = quiet && (wire->type == VDR_FRAME_CONFIRM || wire->type == VDR_FRAME_DELIVER ||
                            wire->type == VDR_FRAME_DECISION);
    if (!silent)
        (void)printf("{\"type\":\"%s\",\"sequence\":%u", vdr_frame_type_name(wire->type), sequence);
    if (wire->type == VDR_FRAME_WELCOME) {
        put_number("session", wire->welcome.session);
        put_number("epoch", wire->welcome.epoch);
        put_member("kind", vdr_span_str(vdr_party_kind_name(wire->welcome.party_kind)));
        put_member("party", wire->welcome.party_id);
        put_member("source", wire->welcome.source);
        put_number("window_items", wire->welcome.limits.window_items);
        put_number("clock", (uint64_t)wire->welcome.clock);
    } else if (wire->type == VDR_FRAME_CONFIRM) {
        put_confirm(&wire->confirm);
    } else if (wire->type == VDR_FRAME_DELIVER) {
        put_messages(&wire->deliver);
    } else if (wire->type == VDR_FRAME_ACKED) {
        put_number("up_to", wire->acked.up_to);
        put_number("newest", wire->acked.newest);
    } else if (wire->type == VDR_FRAME_ANSWER) {
        put_answer(&wire->answer);
    } else if (wire->type == VDR_FRAME_DECISION) {
        put_lines(&wire->decision);
        if (!silent && wire->decision.caught_up != 0)
            put_number("caught_up", wire->decision.caught_up);
    } else if (wire->type == VDR_FRAME_RESULT) {
        put_result(&wire->result);
    } else if (wire->type == VDR_FRAME_PONG) {
        put_number("number", wire->pong.number);
    } else if (wire->type == VDR_FRAME_BYE) {
        put_member("error", vdr_span_str(vdr_err_code(wire->bye.error)));
        put_number("retry_after_ms", wire->bye.retry_after_ms);
    } else if (wire->type == VDR_FRAME_ERROR) {
        put_member("error", vdr_span_str(vdr_err_code(wire->error.error)));
        put_member("code", wire->error.code);
        put_number("refers_to_type", wire->error.refers_to_type);
        put_number("refers_to_sequence", wire->error.refers_to_sequence);
        put_number("version_min", wire->error.version_min);
        put_number("version_max", wire->error.version_max);
    }
    if (!silent && tell_fields && wire->type == VDR_FRAME_ANSWER) {
        (void)printf(",\"fields\":[\"\"");
        put_fields(vdr_schema_of(wire->type), (const uint8_t *)&wire->answer, "");
        (void)printf("]");
    } else if (!silent && tell_fields && wire->type == VDR_FRAME_DELIVER) {
        (void)printf(",\"fields\":[");
        const vdr_field *field = &vdr_schema_of(wire->type)->fields[0];
        for (size_t i = 0; i < wire->deliver.message_count; i++) {
            (void)printf("%s[\"\"", i == 0 ? "" : ",");
            put_fields(field->sub, (const uint8_t *)&wire->deliver.messages[i], "");
            (void)printf("]");
        }
        (void)printf("]");
    } else if (!silent && tell_fields && wire->type == VDR_FRAME_DECISION) {
        (void)printf(",\"fields\":[\"\"");
        put_fields(vdr_schema_of(wire->type), (const uint8_t *)&wire->decision, "");
        (void)printf("]");
    } else if (!silent && tell_fields && wire->type == VDR_FRAME_RESULT) {
        (void)printf(",\"fields\":[\"\"");
        put_fields(vdr_schema_of(wire->type), (const uint8_t *)&wire->result, "");
        (void)printf("]");
    }
    if (!silent)
        (void)printf("}\n");
}
