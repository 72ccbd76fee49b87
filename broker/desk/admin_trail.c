/* AUDIT and AUDIT_LOOK (protocol.md 7.18): who did and saw what, for privacy officers and auditors. Who asks for a
 * household or a case leaves a VIEW in the log before the first page is made. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <stdlib.h>

/* "household=12 case=3 party=regisseur:r-anna from=… until=… kinds=…": numbers are decimal. */
bool
vdr_trail_number_read(vdr_span text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || number > (UINT64_MAX >> 1) / 10 - 1)
            return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    *ret_number = number;
    return text.len != 0;
}

static bool
read_party(vdr_span text, vdr_trail_ask *ask)
{
    const uint8_t *colon = memchr(text.at, ':', text.len);
    if (colon == NULL)
        return false;
    size_t len = (size_t)(colon - text.at);
    ask->party_kind = vdr_party_kind_of(vdr_span_of(text.at, len));
    ask->party = vdr_span_of(colon + 1, text.len - len - 1);
    return ask->party_kind != VDR_PARTY_NONE && ask->party.len <= VDR_CONF_NAME_MAX;
}

static bool
take_term(void *context, vdr_span name, vdr_span value)
{
    vdr_trail_ask *ask = context;
    uint64_t number = 0;
    if (vdr_span_equal(name, vdr_span_str("party")))
        return read_party(value, ask);
    if (!vdr_trail_number_read(value, &number))
        return false;
    if (vdr_span_equal(name, vdr_span_str("household")))
        ask->household.number = number;
    else if (vdr_span_equal(name, vdr_span_str("case")))
        ask->case_id.number = number;
    else if (vdr_span_equal(name, vdr_span_str("from")))
        ask->from = (vdr_ms)number;
    else if (vdr_span_equal(name, vdr_span_str("until")))
        ask->until = (vdr_ms)number;
    else if (vdr_span_equal(name, vdr_span_str("kinds")))
        ask->kinds = (unsigned)number & ((1u << VDR_TRAIL_KINDS) - 1);
    else
        return false;
    return true;
}

bool
vdr_trail_terms_read(vdr_span text, bool (*take)(void *context, vdr_span name, vdr_span value), void *context)
{
    while (text.len != 0) {
        const uint8_t *blank = memchr(text.at, ' ', text.len);
        size_t len = blank != NULL ? (size_t)(blank - text.at) : text.len;
        const uint8_t *is = memchr(text.at, '=', len);
        if (is == NULL)
            return false;
        size_t name = (size_t)(is - text.at);
        if (!take(context, vdr_span_of(text.at, name), vdr_span_of(is + 1, len - name - 1)))
            return false;
        size_t taken = blank != NULL ? len + 1 : len;
        text = vdr_span_of(text.at + taken, text.len - taken);
    }
    return true;
}

bool
vdr_trail_ask_read(vdr_span text, vdr_trail_ask *ret_ask)
{
    vdr_trail_ask ask = VDR_TRAIL_ASK_NEW;
    bool good = vdr_trail_terms_read(text, take_term, &ask);
    if (good)
        *ret_ask = ask;
    return good;
}

static vdr_trail_mailbox *
mailboxes_of(const vdr_core *core, size_t *ret_count)
{
    uint32_t count = vdr_core_mailbox_count(core);
    vdr_trail_mailbox *mailboxes = vdr_alloc(count + (size_t)1, sizeof *mailboxes);
    for (uint32_t i = 0; i < count; i++) {
        vdr_mailbox_view view;
        if (!vdr_core_mailbox_view(core, i + 1, &view) || view.id.len > VDR_CONF_NAME_MAX)
            continue;
        mailboxes[i].kind = view.kind;
        memcpy(mailboxes[i].id, view.id.at, view.id.len);
    }
    *ret_count = count;
    return mailboxes;
}

vdr_err
vdr_trail_saw(vdr_daemon *daemon, const vdr_session *session, uint32_t query, vdr_household_id household,
              vdr_case_id case_id, uint32_t parts, uint64_t number)
{
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ADMIN, session->number, number);
    const vdr_command_seen seen = {.kind = household.number != 0 ? VDR_SEEN_HOUSEHOLD : VDR_SEEN_CASE,
                                   .parts = parts,
                                   .household = household,
                                   .case_id = case_id};
    const vdr_command view = {.sender_kind = session->kind,
                              .sender_id = vdr_span_str(session->party),
                              .query = query,
                              .seen = &seen,
                              .seen_count = 1};
    if (vdr_engine_room(daemon->engine) == 0)
        return VDR_E_BUSY;
    return household.number != 0 || case_id.number != 0
               ? vdr_engine_submit_view(daemon->engine, ticket, &view)
               : vdr_engine_submit_barrier(daemon->engine, ticket);
}

static void
begin(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    vdr_trail_ask ask;
    size_t count = 0;
    uint64_t whose = vdr_trail_desk_session(daemon->trail);
    if (!vdr_trail_ask_read(admin->name, &ask)) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BAD_FRAME,
                            "the name must be household=, case=, party=, from=, until=, kinds=");
        return;
    }
    if (whose != 0 && whose != session->number && vdr_session_by_number(daemon->sessions, whose) != NULL) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, "another audit is being read");
        return;
    }
    vdr_admin_wait *wait = vdr_admin_wait_for(daemon, session, admin);
    if (wait == NULL) {
        vdr_admin_say_error(daemon, session, admin->request, VDR_E_BUSY, vdr_err_text(VDR_E_BUSY));
        return;
    }
    vdr_case_id case_id = ask.household.number == 0 ? ask.case_id : (vdr_case_id){0};
    vdr_err err = vdr_trail_saw(daemon, session, VDR_TRAIL_QUERY_AUDIT, ask.household, case_id,
                                VDR_SEEN_FACTS, wait->number);
    if (err != VDR_OK) {
        vdr_admin_give_up(daemon, session, wait->number, err, vdr_err_text(err));
        return;
    }
    vdr_trail_mailbox *mailboxes = mailboxes_of(vdr_engine_core(daemon->engine), &count);
    vdr_trail_desk_begin(daemon->trail, session->number, &ask, mailboxes, count);
}

static void
look(vdr_daemon *daemon, vdr_session *session, uint64_t request)
{
    vdr_trail_page page;
    if (vdr_trail_desk_session(daemon->trail) != session->number) {
        vdr_admin_say_error(daemon, session, request, VDR_E_NOT_FOUND, "no audit was begun: AUDIT first");
        return;
    }
    vdr_trail_desk_take(daemon->trail, &page);
    if (page.err != VDR_OK) {
        vdr_admin_say_error(daemon, session, request, page.err, vdr_err_text(page.err));
        return;
    }
    const vdr_wire_counter counters[] = {
        {vdr_span_str("running"), page.running},          {vdr_span_str("end"), page.end},
        {vdr_span_str("position_first"), page.sum.first}, {vdr_span_str("position"), page.sum.at},
        {vdr_span_str("position_last"), page.sum.last},   {vdr_span_str("erased"), page.sum.erased}};
    vdr_wire_admin_result result = {.verb = VDR_VERB_AUDIT_LOOK,
                                    .request = request,
                                    .counters = counters,
                                    .counter_count = sizeof counters / sizeof counters[0],
                                    .rows = page.rows,
                                    .row_count = page.row_count};
    vdr_admin_say(daemon, session, &result);
}

void
vdr_trail_verb(vdr_daemon *daemon, vdr_session *session, const vdr_wire_admin *admin)
{
    if (admin->verb == VDR_VERB_AUDIT)
        begin(daemon, session, admin);
    else
        look(daemon, session, admin->request);
}
