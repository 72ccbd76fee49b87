#include "clients/gateway/views.h"

void
vdr_show_bare_line(vdr_writer *w, vdr_bytes *scratch, const vdr_wire_line *line)
{
    size_t bytes = vdr_decision_line(&line->decision, NULL, 0);
    scratch->len = 0;
    (void)vdr_decision_line(&line->decision, (char *)vdr_bytes_extend(scratch, bytes), bytes);
    vdr_write_raw(w, NULL, vdr_bytes_span(scratch));
}

void
vdr_show_line(vdr_writer *w, vdr_bytes *scratch, const vdr_wire_line *line)
{
    size_t bytes = vdr_decision_line(&line->decision, NULL, 0);
    scratch->len = 0;
    (void)vdr_decision_line(&line->decision, (char *)vdr_bytes_extend(scratch, bytes), bytes);
    vdr_write_open(w, NULL, '{');
    vdr_write_number(w, "position", line->position);
    vdr_write_number(w, "version", line->version);
    vdr_write_raw(w, "line", vdr_bytes_span(scratch));
    vdr_write_close(w, '}');
}

void
vdr_show_row(vdr_writer *w, const vdr_wire_row *row)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "row", row->kind);
    for (size_t i = 0; i < row->text_count; i++)
        vdr_write_named(w, row->texts[i].name, row->texts[i].text);
    for (size_t i = 0; i < row->number_count; i++)
        vdr_write_counted(w, row->numbers[i].name, row->numbers[i].value);
    vdr_write_close(w, '}');
}

void
vdr_show_counters(vdr_writer *w, const char *name, const vdr_wire_admin_result *result)
{
    vdr_write_open(w, name, '{');
    for (size_t i = 0; i < result->counter_count; i++)
        vdr_write_counted(w, result->counters[i].name, result->counters[i].value);
    vdr_write_close(w, '}');
}

void
vdr_show_texts(vdr_writer *w, const char *name, const vdr_wire_admin_result *result)
{
    vdr_write_open(w, name, '{');
    for (size_t i = 0; i < result->text_count; i++)
        vdr_write_named(w, result->texts[i].name, result->texts[i].text);
    vdr_write_close(w, '}');
}

void
vdr_show_files(vdr_writer *w, const char *name, const vdr_wire_file *files, size_t count)
{
    vdr_write_open(w, name, '[');
    for (size_t i = 0; i < count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_write_text(w, "name", files[i].name);
        vdr_write_text(w, "text", files[i].text);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

static void
hex(vdr_writer *w, const char *name, vdr_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    char text[64];
    size_t len = bytes.len < sizeof text / 2 ? bytes.len : sizeof text / 2;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes.at[i] >> 4];
        text[2 * i + 1] = digits[bytes.at[i] & 15];
    }
    vdr_write_text_if(w, name, vdr_span_of(text, 2 * len));
}

void
vdr_show_proposal_members(vdr_writer *w, const vdr_proposal_view *p)
{
    vdr_write_number(w, "number", p->number);
    vdr_write_string(w, "kind", vdr_proposal_kind_name(p->kind));
    vdr_write_string(w, "state", vdr_proposal_state_name(p->state));
    vdr_write_text(w, "author", p->author);
    vdr_write_text(w, "reason", p->reason);
    vdr_write_instant(w, "at", p->at_ms >= 0 ? p->at_ms : 0);
    vdr_write_number(w, "position", p->position);
    vdr_write_text_if(w, "decider", p->decider);
    vdr_write_text_if(w, "verdict", p->verdict);
    vdr_write_instant_if(w, "ended", p->ended);
    vdr_write_text_if(w, "subject", p->subject);
    vdr_write_instant_if(w, "until", p->until);
    if (p->kind == VDR_PROPOSAL_CONFIG)
        vdr_write_number(w, "against", p->against);
    vdr_write_number_if(w, "rollbackOf", p->rollback_of);
    vdr_write_number_if(w, "made", p->made);
    hex(w, "digest", p->digest);
}

void
vdr_show_version_members(vdr_writer *w, const vdr_version_view *v)
{
    vdr_write_number(w, "number", v->number);
    hex(w, "digest", v->digest);
    vdr_write_number(w, "position", v->position);
    vdr_write_instant_if(w, "at", v->at);
    vdr_write_instant_if(w, "ended", v->ended);
    vdr_write_text_if(w, "author", v->author);
    vdr_write_text_if(w, "approver", v->approver);
    vdr_write_text_if(w, "reason", v->reason);
    vdr_write_number_if(w, "proposal", v->proposal);
    vdr_write_number_if(w, "rollbackOf", v->rollback_of);
    vdr_write_number(w, "cases", v->cases);
    vdr_write_flag(w, "kept", v->kept);
}

void
vdr_show_pause(vdr_writer *w, const vdr_pause_view *p)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_number(w, "number", p->number);
    vdr_write_string(w, "kind", vdr_proposal_kind_name(p->kind));
    vdr_write_text(w, "subject", p->subject);
    vdr_write_text(w, "author", p->author);
    vdr_write_text(w, "reason", p->reason);
    vdr_write_text_if(w, "approver", p->approver);
    vdr_write_instant(w, "at", p->at_ms >= 0 ? p->at_ms : 0);
    vdr_write_instant(w, "until", p->until_ms >= 0 ? p->until_ms : 0);
    vdr_write_number(w, "position", p->position);
    vdr_write_instant_if(w, "ended", p->ended);
    vdr_write_text_if(w, "endedBy", p->ended_by);
    vdr_write_text_if(w, "endedWhy", p->ended_why);
    vdr_write_close(w, '}');
}

void
vdr_show_session(vdr_writer *w, const vdr_wire_session_view *s)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_number(w, "session", s->session);
    vdr_show_party(w, "party", s->party_kind, s->party_id);
    vdr_write_text(w, "clientName", s->client_name);
    vdr_write_instant(w, "since", s->since_ms >= 0 ? s->since_ms : 0);
    vdr_write_number(w, "idleMs", s->idle_ms > 0 ? (uint64_t)s->idle_ms : 0);
    vdr_write_number(w, "framesIn", s->frames_in);
    vdr_write_number(w, "framesOut", s->frames_out);
    vdr_write_number(w, "unconfirmed", s->unconfirmed);
    vdr_write_number(w, "undelivered", s->undelivered);
    vdr_write_close(w, '}');
}

void
vdr_show_mailbox(vdr_writer *w, const vdr_wire_mailbox_view *m)
{
    vdr_write_open(w, NULL, '{');
    vdr_show_party(w, "party", m->kind, m->id);
    vdr_write_number(w, "acknowledged", m->acknowledged);
    vdr_write_number(w, "newest", m->newest);
    vdr_write_close(w, '}');
}

uint64_t
vdr_show_counter(const vdr_wire_admin_result *result, const char *name)
{
    for (size_t i = 0; i < result->counter_count; i++) {
        if (vdr_span_equal(result->counters[i].name, vdr_span_str(name)))
            return result->counters[i].value;
    }
    return 0;
}
