#include "clients/gateway/routes.h"

#define ANYBODY     0u
#define AGENCY      (1u << VDR_PARTY_AGENCY)
#define REGISSEUR   (1u << VDR_PARTY_REGISSEUR)
#define SERVICE     (1u << VDR_PARTY_SERVICE)
#define COORDINATOR (1u << VDR_PARTY_COORDINATOR)
#define OFFICER     (1u << VDR_PARTY_PRIVACY_OFFICER)
#define OPERATOR    (1u << VDR_PARTY_OPERATOR)
#define AUDITOR     (1u << VDR_PARTY_AUDITOR)
#define MAILED      (AGENCY | REGISSEUR | SERVICE | COORDINATOR | OFFICER)
#define ALL         (MAILED | OPERATOR | AUDITOR)
#define REGIE       (REGISSEUR | COORDINATOR)
#define GLASS       (REGIE | OFFICER)
#define OVERSIGHT   (OPERATOR | AUDITOR)

#define GET    VDR_HTTP_GET
#define POST   VDR_HTTP_POST
#define PUT    VDR_HTTP_PUT
#define DELETE VDR_HTTP_DELETE

#define STREAM    "text/event-stream"
#define PAGE      "text/html"
#define STYLE     "text/css"
#define ACT(name) vdr_call_act, VDR_ACT_##name, NULL, NULL

/* clang-format off */
const vdr_route vdr_routes[] = {
    {GET,    "/v1/session", ALL, vdr_call_session_get, 0, NULL, NULL},
    {POST,   "/v1/session", ANYBODY, vdr_call_session_post, 0, NULL, NULL},
    {DELETE, "/v1/session", ALL, vdr_call_session_delete, 0, NULL, NULL},
    {GET,    "/v1/me", ALL, vdr_call_me, 0, NULL, NULL},
    {GET,    "/v1/directory", ALL & ~AUDITOR, vdr_call_directory, 0, NULL, NULL},

    {GET,    "/v1/mailbox", MAILED, vdr_call_mailbox, 0, NULL, "after limit"},
    {GET,    "/v1/mailbox/events", MAILED, vdr_call_mail_stream, 0, STREAM, "after"},
    {POST,   "/v1/mailbox/acknowledgements", MAILED, vdr_call_acknowledge, 0, NULL, NULL},

    {POST,   "/v1/signals", AGENCY, vdr_call_signals, 0, NULL, NULL},
    {GET,    "/v1/signals/{id}", AGENCY | SERVICE | REGIE, vdr_call_signal, 0, NULL, "source agency"},
    {POST,   "/v1/signals/{id}/withdrawals", AGENCY, ACT(SIGNAL_WITHDRAWN)},
    {POST,   "/v1/signals/{id}/endings", AGENCY, ACT(SIGNAL_ENDED)},
    {POST,   "/v1/signals/{id}/corrections", AGENCY, vdr_call_correction, 0, NULL, NULL},
    {POST,   "/v1/signals/{id}/notes", AGENCY | SERVICE, ACT(NOTE_ANSWERED)},
    {POST,   "/v1/signals/{id}/feedback", SERVICE, ACT(FEEDBACK)},
    {POST,   "/v1/signals/{id}/disclosures", GLASS, vdr_call_signal, 1, NULL, "source agency"},

    {GET,    "/v1/cases", REGIE, vdr_call_cases, 0, NULL, "list limit next"},
    {GET,    "/v1/cases/{id}", REGIE | OPERATOR, vdr_call_case, 0, NULL, NULL},
    {GET,    "/v1/cases/{id}/explanation", REGISSEUR | OPERATOR, vdr_call_case_explanation, 0, NULL, NULL},
    {POST,   "/v1/cases/{id}/acceptances", REGISSEUR, ACT(CASE_ACCEPTED)},
    {POST,   "/v1/cases/{id}/declines", REGISSEUR, ACT(CASE_DECLINED)},
    {POST,   "/v1/cases/{id}/dismissals", REGIE, ACT(CASE_DISMISSED)},
    {POST,   "/v1/cases/{id}/handovers", REGISSEUR, ACT(HANDOVER_OFFERED)},
    {POST,   "/v1/cases/{id}/handover-acceptances", REGISSEUR, ACT(HANDOVER_ACCEPTED)},
    {POST,   "/v1/cases/{id}/escalations", REGISSEUR, ACT(CASE_ESCALATED)},
    {POST,   "/v1/cases/{id}/closures", REGISSEUR, ACT(CASE_CLOSED)},
    {PUT,    "/v1/cases/{id}/plan", REGISSEUR, ACT(PLAN_SET)},
    {POST,   "/v1/cases/{id}/assignments", COORDINATOR, ACT(CASE_ASSIGNED)},
    {POST,   "/v1/cases/{id}/notes", REGISSEUR, ACT(NOTE_SENT)},
    {POST,   "/v1/cases/{id}/disclosures", GLASS, vdr_call_case, 1, NULL, NULL},

    {GET,    "/v1/households/{id}", GLASS, vdr_call_household, 0, NULL, NULL},
    {POST,   "/v1/households/{id}/disclosures", GLASS, vdr_call_household, 1, NULL, NULL},
    {POST,   "/v1/households/{id}/mergers", COORDINATOR, ACT(HOUSEHOLD_MERGED)},
    {POST,   "/v1/households/{id}/splits", COORDINATOR, ACT(HOUSEHOLD_SPLIT)},
    {POST,   "/v1/households/{id}/conflicts", GLASS, ACT(CONFLICT_DECLARED)},
    {DELETE, "/v1/households/{id}/conflicts/{regisseur}", COORDINATOR | OFFICER, ACT(CONFLICT_LIFTED)},
    {POST,   "/v1/persons/conflicts", GLASS, ACT(CONFLICT_DECLARED)},
    {POST,   "/v1/persons/conflict-liftings", COORDINATOR | OFFICER, ACT(CONFLICT_LIFTED)},
    {POST,   "/v1/persons/moves", AGENCY, ACT(PERSON_MOVED)},
    {GET,    "/v1/follow-ups", COORDINATOR, vdr_call_inbox, VDR_INBOX_OVERDUE, NULL, "limit next"},
    {GET,    "/v1/reviews", COORDINATOR, vdr_call_inbox, VDR_INBOX_REVIEWS, NULL, "limit next"},
    {POST,   "/v1/reviews/set-asides", COORDINATOR, ACT(REVIEW_SET_ASIDE)},
    {GET,    "/v1/regisseurs", COORDINATOR | OPERATOR, vdr_call_regisseurs, 0, NULL, "limit next"},
    {GET,    "/v1/regisseurs/{id}/absences", REGIE, vdr_call_absences, 0, NULL, NULL},
    {POST,   "/v1/regisseurs/{id}/absences", REGIE, ACT(ABSENCE_SET)},
    {DELETE, "/v1/regisseurs/{id}/absences/{number}", REGIE, vdr_call_absence_lift, 0, NULL, NULL},

    {GET,    "/v1/status", OVERSIGHT, vdr_call_status, 0, NULL, NULL},
    {GET,    "/v1/reports/{name}", OPERATOR, vdr_call_report, 0, NULL, NULL},
    {GET,    "/v1/decisions/events", OPERATOR, vdr_call_decision_stream, 0, STREAM, "from"},
    {GET,    "/v1/rules", OVERSIGHT, vdr_call_rules, 0, NULL, NULL},
    {POST,   "/v1/rule-checks", OPERATOR, vdr_call_rule_check, 0, NULL, NULL},
    {GET,    "/v1/proposals", OVERSIGHT, vdr_call_list, VDR_VERB_PROPOSALS, NULL, NULL},
    {POST,   "/v1/proposals", OPERATOR, vdr_call_propose, 0, NULL, NULL},
    {GET,    "/v1/proposals/{number}", OVERSIGHT, vdr_call_controlled, VDR_VERB_PROPOSALS, NULL, NULL},
    {POST,   "/v1/proposals/{number}/approvals", OPERATOR, vdr_call_decide, VDR_VERB_APPROVE, NULL, NULL},
    {POST,   "/v1/proposals/{number}/rejections", OPERATOR, vdr_call_decide, VDR_VERB_REJECT, NULL, NULL},
    {POST,   "/v1/proposals/{number}/withdrawals", OPERATOR, vdr_call_decide, VDR_VERB_WITHDRAW, NULL, NULL},
    {GET,    "/v1/versions", OVERSIGHT, vdr_call_list, VDR_VERB_VERSIONS, NULL, NULL},
    {GET,    "/v1/versions/{number}", OVERSIGHT, vdr_call_controlled, VDR_VERB_VERSIONS, NULL, NULL},
    {POST,   "/v1/versions/{number}/rollbacks", OPERATOR, vdr_call_decide, VDR_VERB_ROLLBACK, NULL, NULL},
    {GET,    "/v1/pauses", OVERSIGHT, vdr_call_list, VDR_VERB_PAUSES, NULL, NULL},
    {POST,   "/v1/pauses", OPERATOR, vdr_call_pause, 0, NULL, NULL},
    {POST,   "/v1/pauses/{number}/resumptions", OPERATOR, vdr_call_decide, VDR_VERB_RESUME, NULL, NULL},
    {GET,    "/v1/backtest", OPERATOR, vdr_call_run_look, VDR_VERB_BACKTEST_LOOK, NULL, NULL},
    {POST,   "/v1/backtest", OPERATOR, vdr_call_run_start, VDR_VERB_BACKTEST, NULL, NULL},
    {DELETE, "/v1/backtest", OPERATOR, vdr_call_run_stop, VDR_VERB_BACKTEST_STOP, NULL, NULL},
    {GET,    "/v1/shadow", OPERATOR, vdr_call_run_look, VDR_VERB_SHADOW_LOOK, NULL, "fresh"},
    {POST,   "/v1/shadow", OPERATOR, vdr_call_run_start, VDR_VERB_SHADOW_START, NULL, NULL},
    {DELETE, "/v1/shadow", OPERATOR, vdr_call_run_stop, VDR_VERB_SHADOW_STOP, NULL, NULL},
    {GET,    "/v1/explanations", OPERATOR, vdr_call_explanation, 0, NULL, "signal source case household rule at"},
    {POST,   "/v1/trials", OPERATOR, vdr_call_trial, 0, NULL, NULL},
    {GET,    "/v1/keys", OVERSIGHT, vdr_call_list, VDR_VERB_KEYS, NULL, NULL},
    {POST,   "/v1/keys", OPERATOR, vdr_call_key, VDR_VERB_KEY_ADD, NULL, NULL},
    {POST,   "/v1/key-rotations", OPERATOR, vdr_call_key, VDR_VERB_KEY_ROTATE, NULL, NULL},
    {POST,   "/v1/keys/{number}/revocations", OPERATOR, vdr_call_decide, VDR_VERB_KEY_REVOKE, NULL, NULL},
    {POST,   "/v1/key-revocations", OPERATOR, vdr_call_key_revoke, 0, NULL, NULL},
    {GET,    "/v1/sessions", OPERATOR, vdr_call_list, VDR_VERB_SESSIONS, NULL, NULL},
    {GET,    "/v1/mailboxes", OPERATOR, vdr_call_list, VDR_VERB_MAILBOXES, NULL, NULL},
    {GET,    "/v1/deliveries", OPERATOR, vdr_call_deliveries, 0, NULL, NULL},
    {POST,   "/v1/deliveries/{letter}/retries", OPERATOR, vdr_call_letter, 1, NULL, NULL},
    {POST,   "/v1/deliveries/{letter}/removals", OPERATOR, vdr_call_letter, 0, NULL, NULL},
    {GET,    "/v1/erasure-runs", OVERSIGHT, vdr_call_erasure_runs, VDR_VERB_ERASE_LOOK, NULL, NULL},
    {POST,   "/v1/erasure-runs", OPERATOR, vdr_call_erasure_runs, VDR_VERB_ERASE, NULL, NULL},
    {GET,    "/v1/erasure-proofs", OVERSIGHT, vdr_call_list, VDR_VERB_PROOFS, NULL, NULL},
    {POST,   "/v1/verifications", OVERSIGHT, vdr_call_verification, VDR_VERB_VERIFY, NULL, NULL},
    {GET,    "/v1/verifications/current", OVERSIGHT, vdr_call_verification, VDR_VERB_VERIFY_LOOK, NULL, NULL},
    {GET,    "/v1/heads", OVERSIGHT, vdr_call_list, VDR_VERB_HEADS, NULL, NULL},

    {GET,    "/v1/requests", COORDINATOR | OFFICER, vdr_call_requests, 0, NULL, "limit next"},
    {POST,   "/v1/requests", COORDINATOR | OFFICER, vdr_call_request_add, 0, NULL, NULL},
    {POST,   "/v1/requests/{number}/decisions", OFFICER, vdr_call_request_act, VDR_REQUEST_DECIDE, NULL, NULL},
    {POST,   "/v1/requests/{number}/withdrawals", OFFICER, vdr_call_request_act, VDR_REQUEST_WITHDRAW, NULL, NULL},
    {POST,   "/v1/requests/{number}/confirmations", COORDINATOR | OFFICER, vdr_call_request_act, VDR_REQUEST_CONFIRM, NULL, NULL},
    {POST,   "/v1/requests/{number}/liftings", COORDINATOR | OFFICER, vdr_call_request_act, VDR_REQUEST_LIFT, NULL, NULL},
    {POST,   "/v1/erasures", OFFICER, ACT(ERASED)},
    {POST,   "/v1/persons/lookups", OFFICER, vdr_call_lookup, 0, NULL, NULL},
    {POST,   "/v1/audits", OFFICER | AUDITOR, vdr_call_audit, 0, NULL, NULL},
    {GET,    "/v1/audits/current", OFFICER | AUDITOR, vdr_call_audit_look, 0, NULL, NULL},

    {GET,    "/v1/openapi.json", ANYBODY, vdr_call_openapi, 0, NULL, NULL},
    {GET,    "/v1/docs", ANYBODY, vdr_call_docs, 0, PAGE, NULL},
    {GET,    "/v1/docs/style", ANYBODY, vdr_call_style, 0, STYLE, NULL},
    {GET,    "/problems/{code}", ANYBODY, vdr_call_problem, 0, PAGE, NULL},
};
/* clang-format on */
const size_t vdr_route_count = sizeof vdr_routes / sizeof vdr_routes[0];

/* The next segment of a pattern, behind its slash. */
static vdr_span
next_segment(const char **at)
{
    const char *from = *at + 1, *end = from;
    while (*end != '\0' && *end != '/')
        end++;
    *at = end;
    return vdr_span_of(from, (size_t)(end - from));
}

static bool
fits(const char *pattern, const vdr_http_request *request)
{
    size_t n = 0;
    while (*pattern != '\0') {
        vdr_span segment = next_segment(&pattern);
        if (n == request->segment_count)
            return false;
        if (segment.at[0] != '{' && !vdr_span_equal(segment, request->segments[n]))
            return false;
        n++;
    }
    return n == request->segment_count;
}

const vdr_route *
vdr_route_find(const vdr_http_request *request, char ret_allow[64])
{
    size_t len = 0;
    ret_allow[0] = '\0';
    for (size_t i = 0; i < vdr_route_count; i++) {
        const vdr_route *route = &vdr_routes[i];
        if (!fits(route->pattern, request))
            continue;
        if (route->method == request->method)
            return route;
        const char *name = vdr_http_method_name(route->method);
        size_t more = strlen(name) + (len != 0 ? 2 : 0);
        VDR_ASSERT(len + more < 64);
        memcpy(ret_allow + len, len != 0 ? ", " : "", len != 0 ? 2 : 0);
        memcpy(ret_allow + len + more - strlen(name), name, strlen(name) + 1);
        len += more;
    }
    return NULL;
}

const char *
vdr_http_method_name(vdr_http_method method)
{
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    return names[method];
}
