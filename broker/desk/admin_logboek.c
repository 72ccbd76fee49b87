/* LOGBOEK and LOGBOEK_LOOK (protocol.md 7.19): the processing log, for privacy officers and auditors. A row says of a
 * person no more than an encrypted id, and of content nothing: so it leaves no VIEW. */
#include "broker/daemon.h"

static bool
take_term(void *context, vdr_span name, vdr_span value)
{
    vdr_logboek_ask *ask = context;
    uint64_t number;
    if (!vdr_trail_number_read(value, &number))
        return false;
    if (vdr_span_equal(name, vdr_span_str("position")))
        ask->position = number;
    else if (vdr_span_equal(name, vdr_span_str("from")))
        ask->from = (vdr_ms)number;
    else if (vdr_span_equal(name, vdr_span_str("until")))
        ask->until = (vdr_ms)number;
    else if (vdr_span_equal(name, vdr_span_str("follow")) && number <= 1)
        ask->follow = number == 1;
    else
        return false;
    return true;
}

static void
begin(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_logboek_ask ask = {
        .from = VDR_MS_NONE, .until = VDR_MS_NONE, .memory_max = vdr_rehearsal_memory(daemon)};
    uint64_t whose = vdr_logboek_desk_session(daemon->logboek);
    if (!vdr_trail_terms_read(admin->name, take_term, &ask)) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BAD_FRAME,
                            "the name must be position=, from=, until=, follow=");
    } else if (whose != 0 && whose != session->number &&
               vdr_session_by_number(daemon->sessions, whose) != NULL) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY,
                            "the processing log is being read by another session");
    } else {
        vdr_logboek_desk_begin(daemon->logboek, session->number, &ask);
        vdr_admin_say_error(daemon, session, admin->request, VDR_OK, NULL);
    }
}

static void
look(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_logboek_page page;
    if (vdr_logboek_desk_session(daemon->logboek) != session->number) {
        vdr_admin_say_error(daemon, session, request, VDR_E_NOT_FOUND,
                            "no processing log was begun: LOGBOEK first");
        return;
    }
    vdr_logboek_desk_take(daemon->logboek, &page);
    if (page.err != VDR_OK) {
        vdr_admin_say_error(daemon, session, request, page.err,
                            *page.words != '\0' ? page.words : vdr_err_text(page.err));
        return;
    }
    const vdr_wire_counter counters[] = {{vdr_span_str("running"), page.running},
                                         {vdr_span_str("end"), page.end},
                                         {vdr_span_str("position_first"), page.first},
                                         {vdr_span_str("position"), page.at},
                                         {vdr_span_str("position_last"), page.last}};
    vdr_wire_admin_result result = {.verb = VDR_VERB_LOGBOEK_LOOK,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .rows = page.rows,
                                    .row_count = page.row_count};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_logboek_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_LOGBOEK)
        begin(daemon, session, admin);
    else
        look(daemon, session, admin->request);
}
