"""Who may ask what over HTTP, written apart from the program and from openapi.json: a letter for each role.

a agency, r regisseur, s service, c coordinator, p privacy officer, o operator, u auditor; * also who is not known.
"""

LETTERS = {"a": "agency", "r": "regisseur", "s": "service", "c": "coordinator", "p": "privacy_officer",
           "o": "operator", "u": "auditor"}

TABLE = """
GET    /v1/session                                  arscpou
POST   /v1/session                                  *
DELETE /v1/session                                  arscpou
GET    /v1/me                                       arscpou
GET    /v1/directory                                arscpo
GET    /v1/mailbox                                  arscp
GET    /v1/mailbox/events                           arscp
POST   /v1/mailbox/acknowledgements                 arscp
POST   /v1/signals                                  a
GET    /v1/signals/{id}                             arsc
POST   /v1/signals/{id}/withdrawals                 a
POST   /v1/signals/{id}/endings                     a
POST   /v1/signals/{id}/corrections                 a
POST   /v1/signals/{id}/notes                       as
POST   /v1/signals/{id}/feedback                    s
POST   /v1/signals/{id}/disclosures                 rcp
GET    /v1/cases                                    rc
GET    /v1/cases/{id}                               rco
GET    /v1/cases/{id}/explanation                   ro
POST   /v1/cases/{id}/acceptances                   r
POST   /v1/cases/{id}/declines                      r
POST   /v1/cases/{id}/dismissals                    rc
POST   /v1/cases/{id}/handovers                     r
POST   /v1/cases/{id}/handover-acceptances          r
POST   /v1/cases/{id}/escalations                   r
POST   /v1/cases/{id}/closures                      r
PUT    /v1/cases/{id}/plan                          r
POST   /v1/cases/{id}/assignments                   c
POST   /v1/cases/{id}/notes                         r
POST   /v1/cases/{id}/disclosures                   rcp
GET    /v1/households/{id}                          rcp
POST   /v1/households/{id}/disclosures              rcp
POST   /v1/households/{id}/mergers                  c
POST   /v1/households/{id}/splits                   c
POST   /v1/households/{id}/conflicts                rcp
DELETE /v1/households/{id}/conflicts/{regisseur}    cp
POST   /v1/persons/conflicts                        rcp
POST   /v1/persons/conflict-liftings                cp
POST   /v1/persons/moves                            a
POST   /v1/persons/lookups                          p
GET    /v1/follow-ups                               c
GET    /v1/reviews                                  c
POST   /v1/reviews/set-asides                       c
GET    /v1/regisseurs                               co
GET    /v1/regisseurs/{id}/absences                 rc
POST   /v1/regisseurs/{id}/absences                 rc
DELETE /v1/regisseurs/{id}/absences/{number}        rc
GET    /v1/status                                   ou
GET    /v1/reports/{name}                           o
GET    /v1/decisions/events                         o
GET    /v1/rules                                    ou
POST   /v1/rule-checks                              o
GET    /v1/proposals                                ou
POST   /v1/proposals                                o
GET    /v1/proposals/{number}                       ou
POST   /v1/proposals/{number}/approvals             o
POST   /v1/proposals/{number}/rejections            o
POST   /v1/proposals/{number}/withdrawals           o
GET    /v1/versions                                 ou
GET    /v1/versions/{number}                        ou
POST   /v1/versions/{number}/rollbacks              o
GET    /v1/pauses                                   ou
POST   /v1/pauses                                   o
POST   /v1/pauses/{number}/resumptions              o
GET    /v1/backtest                                 o
POST   /v1/backtest                                 o
DELETE /v1/backtest                                 o
GET    /v1/shadow                                   o
POST   /v1/shadow                                   o
DELETE /v1/shadow                                   o
GET    /v1/explanations                             o
POST   /v1/trials                                   o
GET    /v1/keys                                     ou
POST   /v1/keys                                     o
POST   /v1/key-rotations                            o
POST   /v1/keys/{number}/revocations                o
POST   /v1/key-revocations                          o
GET    /v1/sessions                                 o
GET    /v1/mailboxes                                o
GET    /v1/deliveries                               o
POST   /v1/deliveries/{letter}/retries             o
POST   /v1/deliveries/{letter}/removals            o
GET    /v1/erasure-runs                             ou
POST   /v1/erasure-runs                             o
GET    /v1/erasure-proofs                           ou
POST   /v1/verifications                            ou
GET    /v1/verifications/current                    ou
GET    /v1/heads                                    ou
GET    /v1/requests                                 cp
POST   /v1/requests                                 cp
POST   /v1/requests/{number}/decisions              p
POST   /v1/requests/{number}/withdrawals            p
POST   /v1/requests/{number}/confirmations          cp
POST   /v1/requests/{number}/liftings               cp
POST   /v1/erasures                                 p
POST   /v1/audits                                   pu
GET    /v1/audits/current                           pu
GET    /v1/openapi.json                             *
GET    /v1/docs                                     *
GET    /v1/docs/style                               *
GET    /problems/{code}                             *
"""

ROLES = {}
for line in TABLE.split("\n"):
    if line:
        method, path, letters = line.split()
        ROLES[method, path] = None if letters == "*" else {LETTERS[x] for x in letters}
