/* Who is asking: sessions of browsers, and what the broker says of the party. */
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

#include <string.h>

static void
write_session(vdr_ask *ask)
{
    const vdr_identity *identity = &ask->request->identity;
    const vdr_gate_party *who = identity->party;
    const vdr_wire_welcome *welcome = ask->party != NULL ? vdr_party_welcome(ask->party) : NULL;
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_show_party(w, "party", who->kind, vdr_span_str(who->id));
    vdr_write_string(w, "name", identity->name[0] != '\0' ? identity->name : who->id);
    vdr_write_string(w, "role", vdr_party_kind_name(who->kind));
    vdr_write_text_if(w, "csrfToken", vdr_span_str(identity->csrf_token));
    if (identity->way == VDR_IDENTITY_SESSION)
        vdr_write_instant_if(w, "expiresAt", identity->expires_at);
    vdr_write_flag(w, "demonstration", ask->api->gate->config->demonstration);
    if (welcome != NULL) {
        vdr_write_text(w, "municipality", welcome->municipality);
        vdr_write_string(w, "clock", welcome->clock == VDR_WIRE_CLOCK_EVENT ? "event" : "wall");
    } else {
        vdr_write_null(w, "municipality");
        vdr_write_null(w, "clock");
    }
    vdr_write_close(w, '}');
}

static void
session_met(void *context, vdr_err err)
{
    vdr_ask *ask = context;
    bool made = ask->route->method == VDR_HTTP_POST;
    (void)err; /* a broker that is away does not keep anybody from signing in */
    write_session(ask);
    vdr_ask_answer(ask, made ? 201 : 200);
}

static void
show_session(vdr_ask *ask)
{
    vdr_err err = vdr_parties_get(ask->api->parties, ask->request->identity.party, &ask->party);
    if (err == VDR_OK)
        vdr_party_meet(ask->party, session_met, ask);
    else
        session_met(ask, err);
}

void
vdr_call_session_get(vdr_ask *ask)
{
    show_session(ask);
}

static void
on_login(void *context, vdr_http_request *request, vdr_refusal refusal)
{
    vdr_ask *ask = context;
    ask->request = request;
    if (refusal == VDR_REFUSAL_NONE)
        show_session(ask);
    else
        vdr_ask_refuse_http(ask, refusal, NULL);
}

void
vdr_call_session_post(vdr_ask *ask)
{
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    const char *account = vdr_form_text(&form, "account", true, 1, 128);
    const char *password = vdr_form_text(&form, "password", true, 1, 1024);
    vdr_form_end(&form);
    if (vdr_ask_sound(ask))
        vdr_session_login(ask->api->gate->sessions, ask->request, vdr_span_str(account),
                          vdr_span_str(password), on_login, ask);
}

void
vdr_call_session_delete(vdr_ask *ask)
{
    vdr_session_logout(ask->api->gate->sessions, ask->request);
    vdr_ask_answer_empty(ask, 204);
}

static void
me_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    const vdr_wire_status_view *s = answer->status;
    const vdr_wire_welcome *welcome = vdr_party_welcome(ask->party);
    vdr_writer *w = &ask->w;
    if (s == NULL) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    vdr_write_open(w, NULL, '{');
    vdr_show_party(w, "party", s->party_kind, s->party_id);
    vdr_write_text_if(w, "source", welcome->source);
    vdr_write_text_if(w, "municipality", welcome->municipality);
    if (s->party_kind != VDR_PARTY_OPERATOR && s->party_kind != VDR_PARTY_AUDITOR) {
        vdr_write_open(w, "mailbox", '{');
        vdr_write_number(w, "acknowledged", s->acknowledged);
        vdr_write_number(w, "newest", s->newest);
        vdr_write_close(w, '}');
    }
    if (s->party_kind == VDR_PARTY_REGISSEUR) {
        vdr_write_number(w, "load", s->load);
        vdr_write_number(w, "capacity", s->capacity);
        vdr_write_number(w, "hardCapacity", s->hard_capacity);
        vdr_write_flag(w, "absent", s->absent);
        vdr_show_absences(w, "absences", s->absences, s->absence_count);
    }
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_me(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    vdr_ask_read(ask, &read, me_shown);
}

static void
directory_shown(vdr_ask *ask, const vdr_wire_answer *answer)
{
    if (answer->directory == NULL) {
        vdr_ask_refuse(ask, VDR_E_NOT_FOUND, (vdr_span){0}, 0);
        return;
    }
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_text(&ask->w, "municipality", vdr_party_welcome(ask->party)->municipality);
    vdr_show_directory_members(&ask->w, answer->directory);
    vdr_ask_write_state(ask, answer->position, answer->at_ms);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_directory(vdr_ask *ask)
{
    vdr_wire_read read = {.query = VDR_QUERY_DIRECTORY};
    vdr_ask_read(ask, &read, directory_shown);
}
