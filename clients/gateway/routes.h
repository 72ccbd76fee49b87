/* clients/gateway/routes.h - which path and method is whose, as data. openapi.json says the same to people and
 * programs; a test compares the two.
 *
 * Thread: any; the table is constant. */
#ifndef VDR_GATEWAY_ROUTES_H
#define VDR_GATEWAY_ROUTES_H

#include "clients/gateway/ask.h"

typedef void (*vdr_route_call)(vdr_ask *ask);

typedef struct vdr_route {
    vdr_http_method method;
    const char *pattern; /* "/v1/cases/{id}" */
    unsigned roles;      /* bits of 1 << vdr_party_kind; 0: whoever asks need not be known */
    vdr_route_call call;
    unsigned what;     /* for the call: which act, list or file */
    const char *type;  /* of the answer, for Accept; NULL: JSON */
    const char *query; /* its query keys, with blanks between; NULL: none. Another key is a fault */
} vdr_route;

extern const vdr_route vdr_routes[];
extern const size_t vdr_route_count;

/* The route of a request. NULL: there is none; then ret_allow names the methods of the path ("GET, POST"), or is
 * empty if there is no such path. */
const vdr_route *vdr_route_find(const vdr_http_request *request, char ret_allow[64]);

const char *vdr_http_method_name(vdr_http_method method);

/* ---- The calls, by file ---- */

/* sign.c */
void vdr_call_session_get(vdr_ask *ask);
void vdr_call_session_post(vdr_ask *ask);
void vdr_call_session_delete(vdr_ask *ask);
void vdr_call_me(vdr_ask *ask);
void vdr_call_directory(vdr_ask *ask);
/* documents.c */
void vdr_call_openapi(vdr_ask *ask);
void vdr_call_docs(vdr_ask *ask);
void vdr_call_style(vdr_ask *ask);
void vdr_call_problem(vdr_ask *ask);
/* mailbox.c, stream.c */
void vdr_call_mailbox(vdr_ask *ask);
void vdr_call_acknowledge(vdr_ask *ask);
void vdr_call_mail_stream(vdr_ask *ask);
void vdr_call_decision_stream(vdr_ask *ask);
/* signals.c */
void vdr_call_signals(vdr_ask *ask);
void vdr_call_correction(vdr_ask *ask);
/* acts.c: what is a vdr_act */
void vdr_call_act(vdr_ask *ask);
/* reads.c */
void vdr_call_signal(vdr_ask *ask); /* what 1: by breaking the glass */
void vdr_call_case(vdr_ask *ask);
void vdr_call_household(vdr_ask *ask);
void vdr_call_case_explanation(vdr_ask *ask);
void vdr_call_explanation(vdr_ask *ask);
void vdr_call_cases(vdr_ask *ask);
void vdr_call_inbox(vdr_ask *ask); /* what: vdr_inbox_part */
void vdr_call_regisseurs(vdr_ask *ask);
void vdr_call_trial(vdr_ask *ask);
/* absences.c */
void vdr_call_absences(vdr_ask *ask);
void vdr_call_absence_lift(vdr_ask *ask);
/* rules.c */
void vdr_call_rules(vdr_ask *ask);
void vdr_call_rule_check(vdr_ask *ask);
/* operate.c */
void vdr_call_status(vdr_ask *ask);
void vdr_call_report(vdr_ask *ask);
void vdr_call_list(vdr_ask *ask);       /* what: vdr_verb */
void vdr_call_controlled(vdr_ask *ask); /* proposal or version with its files; what: vdr_verb */
void vdr_call_propose(vdr_ask *ask);
void vdr_call_decide(vdr_ask *ask); /* what: vdr_verb */
void vdr_call_pause(vdr_ask *ask);
void vdr_call_key(vdr_ask *ask); /* what: vdr_verb */
void vdr_call_key_revoke(vdr_ask *ask);
void vdr_call_run_start(vdr_ask *ask); /* what: vdr_verb */
void vdr_call_run_look(vdr_ask *ask);
void vdr_call_run_stop(vdr_ask *ask);
/* proof.c */
void vdr_call_erasure_runs(vdr_ask *ask); /* what: vdr_verb */
void vdr_call_verification(vdr_ask *ask); /* what: vdr_verb */
/* deliveries.c */
void vdr_call_deliveries(vdr_ask *ask);
void vdr_call_letter(vdr_ask *ask); /* what 1: sent again, 0: dropped */
/* rights.c */
void vdr_call_requests(vdr_ask *ask);
void vdr_call_request_add(vdr_ask *ask);
void vdr_call_request_act(vdr_ask *ask); /* what: vdr_request_deed */
void vdr_call_lookup(vdr_ask *ask);
void vdr_call_audit(vdr_ask *ask);
void vdr_call_audit_look(vdr_ask *ask);

typedef enum vdr_request_deed {
    VDR_REQUEST_DECIDE,
    VDR_REQUEST_WITHDRAW,
    VDR_REQUEST_CONFIRM,
    VDR_REQUEST_LIFT,
} vdr_request_deed;

#endif
