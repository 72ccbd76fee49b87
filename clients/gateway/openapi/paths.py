"""Every path of the HTTP face, under /v1."""

from parts import (BATCH, EVENT, EVERYBODY, ID, PAGED, SIGNAL_OF, STREAM, WITH_MAILBOX, act, answer,
                   operation, query, read, verb)
from schemas import ref

SCHOOL = "urn:nld:oin:00000099000000010000:systeem:magister"
SIGNAL_EVENT = {
    "specversion": "1.0", "id": "s-1", "source": SCHOOL, "type": "nl.onderwijs.verzuim-gemeld.v1",
    "time": "2026-03-02T09:00:00Z",
    "data": {"municipality": "GM9901", "severity": 3, "persons": [{"bsn": "999990342", "role": "youth"}]},
}
RECEIPT = {"id": "s-1", "source": SCHOOL, "position": 7, "receivedAt": "2026-03-02T09:00:01.250Z", "result": "accepted"}
WHOLE = [{"name": f"{n}.yaml", "text": "# …\n"} for n in ("town", "catalogue", "rules")]
FILES = [{"name": "rules.yaml", "text": "rules: []\n"}]

EVENT_ID = {"name": "Last-Event-ID", "in": "header", "required": False,
            "description": "The last `id` that came: what follows it is sent.",
            "schema": {"type": "string", "pattern": "^[0-9]{1,19}(\\.[0-9]{1,9})?$"}}
BINARY_HEADERS = [
    {"name": f"ce-{n}", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 2048},
     "description": f"Binary mode: the attribute {n}, percent-encoded."}
    for n in ("specversion", "id", "source", "type", "time")]


def stream(tag, ident, summary, roles, voordeur, params, words):
    return operation(tag, ident, summary, roles, voordeur,
                     {"200": answer("Events, until either side closes. A comment comes every 15 seconds.",
                                    {"type": "string"}, STREAM)}, params, words=words)


SESSION = {
    "/session": {
        "get": read("session", "getSession", "Who is asking", EVERYBODY, None, "Session"),
        "post": operation("session", "createSession", "Sign in with a local account", None, None,
                          {"201": answer("Signed in; the cookie is set.", "Session", headers=("Set-Cookie",))},
                          body="SessionRequest", body_example={"account": "anna", "password": "een lange zin"},
                          refuse={"401", "503"}),
        "delete": operation("session", "deleteSession", "Sign out", EVERYBODY, None,
                            {"204": answer("Signed out.", headers=("Set-Cookie",))}),
    },
    "/me": {"get": read("session", "getMe", "What the broker says of this party", EVERYBODY, {"query": "status"}, "Me")},
    "/directory": {"get": read("session", "getDirectory", "Who and what there is: nothing about residents",
                               EVERYBODY[:6], {"query": "directory"}, "Directory")},
}

MAILBOX = {
    "/mailbox": {"get": read(
        "mailbox", "listMessages", "Messages of this party", WITH_MAILBOX, {"frame": "subscribe"}, "Mailbox",
        [query("after", {"type": "integer", "minimum": 0, "maximum": 9223372036854775807},
               "After this number; without it, after what is acknowledged."), PAGED[0]])},
    "/mailbox/events": {"get": stream(
        "mailbox", "streamMessages", "Messages of this party as they come", WITH_MAILBOX, {"frame": "subscribe"},
        [query("after", {"type": "integer", "minimum": 0, "maximum": 9223372036854775807},
               "After this number; without it, after what is acknowledged. Last-Event-ID goes before."), EVENT_ID],
        "Server-sent events: `id` is the number, `event` the kind, `data` a Message. At least once, in order. Besides, "
        "without an `id` and never sent again: `changed`, an act of this party is in the log (for coordinators and "
        "privacy officers: of any of them), whichever window or system sent it. Its `data` has `act`, the id as in the "
        "act's receipt, `position`, and `case` and `revision` where it is about a case. What is shown may be old then.")},
    "/mailbox/acknowledgements": {"post": operation(
        "mailbox", "acknowledgeMessages", "Messages are dealt with for good", WITH_MAILBOX, {"frame": "ack"},
        {"200": answer("In the log.", "Acknowledged")}, body="Acknowledgement", body_example={"upTo": 41},
        refuse={"404"})},
}

SIGNALS = {
    "/signals": {"post": operation(
        "signals", "createSignals", "Tell the town a signal, or many", ["agency"], {"frame": "publish"},
        {"201": answer("In the log, on stable storage.", "Receipt", headers=("Location",), example=RECEIPT),
         "200": {**answer("The same event was sent before (its receipt), or what became of a batch.",
                          {"oneOf": [ref("Receipt"), ref("BatchResult")]})}},
        BINARY_HEADERS,
        {EVENT: {"schema": ref("CloudEvent"), "example": SIGNAL_EVENT},
         BATCH: {"schema": {"type": "array", "items": ref("CloudEvent"), "maxItems": 1000}, "example": [SIGNAL_EVENT]},
         "application/json": {"schema": ref("SignalContent"), "example": SIGNAL_EVENT["data"]}},
        words="Structured mode (application/cloudevents+json), a batch (application/cloudevents-batch+json), or binary "
        "mode (application/json and ce-* headers). It is answered when the event is durable. Sending it again is safe: "
        "an equal event gets the same receipt, another one with the same source and id is refused (409).",
        refuse={"409", "422"})},
    "/signals/{id}": {"get": read("signals", "getSignal", "What became of a signal",
                                  ["agency", "service", "regisseur", "coordinator"],
                                  {"query": "signal"}, "SignalAnswer", [ID["signal"], *SIGNAL_OF])},
    "/signals/{id}/withdrawals": {"post": act("signals", "withdrawSignal", "The signal was wrong", ["agency"],
                                              ["signal_withdrawn"], [ID["signal"]], "ReasonRequest",
                                              {"reason": "verkeerde leerling"})},
    "/signals/{id}/endings": {"post": act("signals", "endSignal", "What the signal told of is over", ["agency"],
                                          ["signal_ended"], [ID["signal"]], "EndingRequest", {}, body_required=False)},
    "/signals/{id}/corrections": {"post": operation(
        "signals", "correctSignal", "Another signal takes its place", ["agency"], {"frame": "publish"},
        {"201": answer("In the log.", "Receipt", headers=("Location",)), "200": answer("Sent before.", "Receipt")},
        [ID["signal"]], {EVENT: {"schema": ref("CloudEvent"), "example": {**SIGNAL_EVENT, "id": "s-2"}}},
        words="An event with an id of its own. Its `data.supersedes` is set to the signal's id.", refuse={"409", "422"})},
    "/signals/{id}/notes": {"post": act("signals", "noteSignal", "A note to whoever has the case",
                                        ["agency", "service"], ["note_answered"], [ID["signal"]], "NoteRequest",
                                        {"text": "Moeder belt liever 's avonds."})},
    "/signals/{id}/feedback": {"post": act("signals", "giveFeedback", "What the service did", ["service"], ["feedback"],
                                           [ID["signal"]], "FeedbackRequest", {"result": "gesprek gevoerd"})},
    "/signals/{id}/disclosures": {"post": operation(
        "glass", "discloseSignal", "Look at a signal that is not one's own: every privacy officer is told",
        ["regisseur", "coordinator", "privacy_officer"], {"query": "signal", "glass": True},
        {"200": answer("Once.", "SignalAnswer")}, [ID["signal"], *SIGNAL_OF], "GlassRequest",
        body_example={"reason": "spoed: waarneming voor Anna"}, refuse={"422"})},
}

HOLDER, REGIE, STEERING = ["regisseur"], ["regisseur", "coordinator"], ["coordinator"]
REASON = {"reason": "geen samenhang, zie overleg"}

CASES = {
    "/cases": {"get": read("cases", "listCases", "Cases offered to or held by this regisseur; or that nobody has", REGIE,
                           {"query": "inbox"}, "CaseList",
                           [query("list", {"type": "string", "enum": ["inbox", "unassigned"], "default": "inbox"},
                                  "unassigned: coordinators only."), *PAGED])},
    "/cases/{id}": {"get": read("cases", "getCase", "A case", [*REGIE, "operator"], {"query": "case"}, "Case",
                                [ID["case"]], headers=("ETag",))},
    "/cases/{id}/explanation": {"get": read("cases", "explainCase", "Why this case, and why this regisseur",
                                            ["regisseur", "operator"], {"query": "explain"}, "Explanation",
                                            [ID["case"]])},
    "/cases/{id}/acceptances": {"post": act("cases", "acceptCase", "I take it", HOLDER, ["case_accepted"], [ID["case"]],
                                            "EmptyRequest", {}, True, body_required=False)},
    "/cases/{id}/declines": {"post": act("cases", "declineCase", "Not for me", HOLDER, ["case_declined"], [ID["case"]],
                                         "ReasonRequest", REASON, True)},
    "/cases/{id}/dismissals": {"post": act("cases", "dismissCase", "No coordination is needed", REGIE,
                                           ["case_dismissed"], [ID["case"]], "ReasonRequest", REASON, True)},
    "/cases/{id}/handovers": {"post": act("cases", "offerHandover", "Somebody else should have it", HOLDER,
                                          ["handover_offered"], [ID["case"]], "HandoverRequest", {"to": "r-bram"}, True)},
    "/cases/{id}/handover-acceptances": {"post": act("cases", "acceptHandover", "I take it over", HOLDER,
                                                     ["handover_accepted"], [ID["case"]], "EmptyRequest", {}, True,
                                                     body_required=False)},
    "/cases/{id}/escalations": {"post": act("cases", "escalateCase", "It needs somebody higher up", HOLDER,
                                            ["case_escalated"], [ID["case"]], "EscalationRequest",
                                            {"to": "afdelingshoofd jeugd", "reason": "geen plek bij jeugdhulp"}, True)},
    "/cases/{id}/closures": {"post": act("cases", "closeCase", "It is done", HOLDER, ["case_closed"], [ID["case"]],
                                         "ClosureRequest", {"outcome": "doelen gehaald"}, True)},
    "/cases/{id}/plan": {"put": act(
        "cases", "setPlan", "The one plan", HOLDER, ["plan_set"], [ID["case"]], "PlanRequest",
        {"revision": 1, "goals": [{"domain": "education", "text": "Sam gaat elke dag naar school", "owner": "school",
                                   "due": "2026-06-01T00:00:00Z", "state": "open"}]}, True)},
    "/cases/{id}/assignments": {"post": act("cases", "assignCase", "This regisseur has it now", STEERING,
                                            ["case_assigned"], [ID["case"]], "AssignmentRequest",
                                            {"regisseur": "r-bram"}, True)},
    "/cases/{id}/notes": {"post": act("cases", "noteCase", "A note to an agency or service of the case", HOLDER, ["note_sent"],
                                      [ID["case"]], "CaseNoteRequest",
                                      {"agency": "school-noord", "text": "Ik ben vanaf nu uw contact."})},
    "/cases/{id}/disclosures": {"post": operation(
        "glass", "discloseCase", "Look at a case that is not one's own: every privacy officer is told",
        ["regisseur", "coordinator", "privacy_officer"], {"query": "case", "glass": True},
        {"200": answer("Once.", "Case")}, [ID["case"]], "GlassRequest",
        body_example={"reason": "spoed: waarneming voor Anna"}, refuse={"422"})},
}

HOUSEHOLDS = {
    "/households/{id}": {"get": read("households", "getHousehold", "Who belongs together",
                                     ["regisseur", "coordinator", "privacy_officer"], {"query": "household"},
                                     "Household", [ID["household"]])},
    "/households/{id}/disclosures": {"post": operation(
        "glass", "discloseHousehold", "Look at a household that is not one's own: every privacy officer is told",
        ["regisseur", "coordinator", "privacy_officer"], {"query": "household", "glass": True},
        {"200": answer("Once.", "Household")}, [ID["household"]], "GlassRequest",
        body_example={"reason": "spoed: waarneming voor Anna"}, refuse={"422"})},
    "/households/{id}/mergers": {"post": act("households", "mergeHouseholds", "They are one", STEERING,
                                             ["household_merged"], [ID["household"]], "MergerRequest", {"from": "H13"})},
    "/households/{id}/splits": {"post": act("households", "splitHousehold", "They are two", STEERING,
                                            ["household_split"], [ID["household"]], "SplitRequest",
                                            {"persons": ["p-0123456789abcdef0123456789abcdef"]})},
    "/households/{id}/conflicts": {"post": act(
        "households", "declareConflict", "This regisseur may not have to do with them",
        ["regisseur", "coordinator", "privacy_officer"], ["conflict_declared"], [ID["household"]], "ConflictRequest",
        {"regisseur": "r-anna"})},
    "/households/{id}/conflicts/{regisseur}": {"delete": act(
        "households", "liftConflict", "The conflict no longer stands", ["coordinator", "privacy_officer"],
        ["conflict_lifted"], [ID["household"], ID["other"]], None)},
    "/follow-ups": {"get": read("households", "listFollowUps", "Signals without feedback in time", STEERING,
                                {"query": "inbox"}, "SignalList", PAGED)},
    "/reviews": {"get": read("households", "listReviews", "Households that may be one", STEERING, {"query": "inbox"},
                             "ReviewList", PAGED)},
    "/reviews/set-asides": {"post": act("households", "setReviewAside", "They are two, and stay so", STEERING,
                                        ["review_set_aside"], [], "SetAsideRequest",
                                        {"household": "H12", "other": "H13"})},
    "/persons/conflicts": {"post": act(
        "households", "declarePersonConflict", "This regisseur may not have to do with that person's household",
        ["regisseur", "coordinator", "privacy_officer"], ["conflict_declared"], [], "PersonConflictRequest",
        {"regisseur": "r-anna", "bsn": "999990342"})},
    "/persons/conflict-liftings": {"post": act(
        "households", "liftPersonConflict", "The conflict no longer stands", ["coordinator", "privacy_officer"],
        ["conflict_lifted"], [], "PersonConflictRequest", {"regisseur": "r-anna", "bsn": "999990342"})},
    "/persons/moves": {"post": act("households", "movePerson", "A person moved (agencies of kind brp)", ["agency"],
                                   ["person_moved"], [], "MoveRequest",
                                   {"bsn": "999990342", "to": "9901200000000012"})},
    "/regisseurs": {"get": read("regisseurs", "listRegisseurs", "Regisseurs, and how much they have",
                                ["coordinator", "operator"], {"query": "regisseurs"}, "RegisseurList", PAGED)},
    "/regisseurs/{id}/absences": {
        "get": read("regisseurs", "listAbsences", "When a regisseur is away", REGIE, {"query": "regisseurs"},
                    "AbsenceList", [ID["regisseur"]]),
        "post": act("regisseurs", "addAbsence", "A regisseur is away", REGIE, ["absence_set"], [ID["regisseur"]],
                    "AbsenceRequest", {"from": "2026-07-01T00:00:00Z", "to": "2026-07-22T00:00:00Z"}),
    },
    "/regisseurs/{id}/absences/{number}": {"delete": act(
        "regisseurs", "removeAbsence", "They are there after all", REGIE, ["absence_lifted"],
        [ID["regisseur"], ID["number"]], None)},
}

WHY = {"reason": "overleg van 2 maart"}
RUN = {"202": answer("It begins; ask for it.", "Run")}
ENDED = {"204": answer("It ends.")}

OPERATE = {
    "/status": {"get": read("operate", "getStatus", "How the broker is", ["operator", "auditor"], {"verb": "status"},
                            "Status")},
    "/reports/{name}": {"get": read("operate", "getReport", "Figures over the log and the state", ["operator"],
                                    {"verb": "report"}, "Report", [ID["report"]])},
    "/decisions/events": {"get": stream(
        "operate", "streamDecisions", "What the broker decides, line by line", ["operator"], {"frame": "decisions"},
        [query("from", {"type": "integer", "minimum": 1, "maximum": 9223372036854775807},
               "From this log position on; without it, from now on. Last-Event-ID goes before."), EVENT_ID],
        "Server-sent events: `event` is the kind of line, `data` {position, version, line} with the line of semantics "
        "section 11. `id` is POSITION.N; lines of refused events have none. `caught-up` {position} comes once.")},
    "/rules": {"get": read("rules", "getRules", "The configuration in force", ["operator", "auditor"],
                           {"verb": "texts"}, "Rules")},
    "/rule-checks": {"post": verb("rules", "checkRules", "What is wrong with these rules?", "lint", "RuleCheckRequest",
                                  answers={"200": answer("Looked at.", "RuleCheck")}, body_example={"files": FILES})},
    "/proposals": {
        "get": read("rules", "listProposals", "Proposed changes", ["operator", "auditor"], {"verb": "proposals"},
                    "ProposalList"),
        "post": verb("rules", "propose", "Other rules should hold", "propose", "ProposalRequest",
                     body_example={"files": WHOLE, **WHY}),
    },
    "/proposals/{number}": {"get": read("rules", "getProposal", "A proposal and its files", ["operator", "auditor"],
                                        {"verb": "proposals"}, "ProposalAnswer", [ID["number"]])},
    "/proposals/{number}/approvals": {"post": verb("rules", "approveProposal", "It shall hold", "approve",
                                                   "OptionalReasonRequest", [ID["number"]], body_example=WHY,
                                                   body_required=False)},
    "/proposals/{number}/rejections": {"post": verb("rules", "rejectProposal", "It shall not", "reject",
                                                    "ControlReasonRequest", [ID["number"]], body_example=WHY)},
    "/proposals/{number}/withdrawals": {"post": verb("rules", "withdrawProposal", "I no longer propose it", "withdraw",
                                                     "OptionalReasonRequest", [ID["number"]], body_example=WHY,
                                                     body_required=False)},
    "/versions": {"get": read("rules", "listVersions", "Configurations that are or were in force",
                              ["operator", "auditor"], {"verb": "versions"}, "VersionList")},
    "/versions/{number}": {"get": read("rules", "getVersion", "A version and its files", ["operator", "auditor"],
                                       {"verb": "versions"}, "VersionAnswer", [ID["number"]])},
    "/versions/{number}/rollbacks": {"post": verb("rules", "rollBack", "It shall hold again", "rollback",
                                                  "ControlReasonRequest", [ID["number"]], body_example=WHY)},
    "/pauses": {
        "get": read("rules", "listPauses", "Rules that rest, agencies that are silenced", ["operator", "auditor"],
                    {"verb": "pauses"}, "PauseList"),
        "post": verb("rules", "pause", "A rule rests for a while, or an agency is silenced", "pause", "PauseRequest",
                     body_example={"kind": "pause", "subject": "three-domains", "until": "2026-04-01T00:00:00Z", **WHY}),
    },
    "/pauses/{number}/resumptions": {"post": verb("rules", "resume", "It ends now", "resume", "OptionalReasonRequest",
                                                  [ID["number"]], body_example=WHY, body_required=False)},
    "/backtest": {
        "get": read("rules", "getBacktest", "What other rules would have done", ["operator"],
                    {"verb": "backtest-look"}, "Run", refuse={"404"}),
        "post": verb("rules", "startBacktest", "What would these rules have done?", "backtest", "BacktestRequest",
                     answers=RUN, body_example={"files": FILES, "since": "180d", "samples": 5}),
        "delete": verb("rules", "stopBacktest", "Not any more", "backtest-stop", None, answers=ENDED),
    },
    "/shadow": {
        "get": read("rules", "getShadow", "What rules that run along do", ["operator"], {"verb": "shadow-look"}, "Run",
                    [query("fresh", {"type": "boolean", "default": False}, "Makes the rows anew.")]),
        "post": verb("rules", "startShadow", "These rules run along from now on", "shadow-start", "ShadowRequest",
                     answers=RUN, body_example={"files": FILES}),
        "delete": verb("rules", "stopShadow", "Not any more", "shadow-stop", None, answers=ENDED),
    },
    "/explanations": {"get": read(
        "rules", "explain", "Why is it so, or not? About one of signal, case and household", ["operator"],
        {"query": "explain"}, "Explanation",
        [query("signal", {"type": "string", "minLength": 1, "maxLength": 256}, "Its id, or its token."),
         query("source", {"type": "string", "minLength": 1, "maxLength": 256}, "Of the signal."),
         query("case", ref("CaseId"), "The case."), query("household", ref("HouseholdId"), "The household."),
         query("rule", {"type": "string", "minLength": 1, "maxLength": 128}, "This rule only."),
         query("at", {"type": "string", "format": "date-time"}, "At this log time.")])},
    "/trials": {"post": operation(
        "rules", "tryEvent", "What would this event set off? Without effect, and of strangers", ["operator"],
        {"query": "try"}, {"200": answer("What would be told.", "Trial")},
        body={EVENT: {"schema": ref("TrialRequest"), "example": SIGNAL_EVENT}}, refuse={"422"})},
    "/keys": {
        "get": read("keys", "listKeys", "Keys of parties", ["operator", "auditor"], {"verb": "keys"}, "KeyList"),
        "post": verb("keys", "addKey", "A party's first key", "key-add", "KeyRequest",
                     body_example={"party": "agency:school-noord",
                                   "publicKey": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"}),
    },
    "/key-rotations": {"post": verb("keys", "rotateKey", "A key takes another's place", "key-rotate",
                                    "KeyRotationRequest",
                                    body_example={"party": "agency:school-noord",
                                                  "publicKey": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"})},
    "/keys/{number}/revocations": {"post": verb("keys", "revokeKey", "It ends now", "key-revoke",
                                                "ControlReasonRequest", [ID["number"]], body_example=WHY)},
    "/key-revocations": {"post": verb("keys", "revokeThisKey", "This key ends now, also one of node.yaml", "key-revoke",
                                      "KeyRevocationRequest",
                                      body_example={"publicKey": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", **WHY})},
    "/sessions": {"get": read("operate", "listSessions", "Who is connected to the broker", ["operator"],
                              {"verb": "sessions"}, "SessionList")},
    "/mailboxes": {"get": read("operate", "listMailboxes", "How far mailboxes are read", ["operator"],
                               {"verb": "mailboxes"}, "MailboxList")},
    "/deliveries": {"get": read("operate", "listDeliveries", "How webhooks and the case system stand, and dead letters",
                                ["operator"], {}, "DeliveryList")},
    "/deliveries/{letter}/retries": {"post": operation(
        "operate", "retryDelivery", "A dead letter is sent again", ["operator"], {},
        {"202": answer("The courier will send it.")}, [ID["letter"]], "EmptyRequest", body_required=False, body_example={})},
    "/deliveries/{letter}/removals": {"post": operation(
        "operate", "dropDelivery", "A dead letter is thrown away", ["operator"], {}, {"204": answer("It is gone.")},
        [ID["letter"]], "ControlReasonRequest", body_example={"reason": "de ontvanger heeft het al"},
        words="Who threw what away, and why, is in the gateway's journal.")},
    "/erasure-runs": {
        "get": read("operate", "getErasureRuns", "How erasing for good stands", ["operator", "auditor"],
                    {"verb": "erase-look"}, "ErasureRuns"),
        "post": verb("operate", "runErasure", "What left cannot be opened from now on", "erase", "EmptyRequest",
                     answers={"201": answer("The run is complete; how it stands now.", "ErasureRuns")}, body_example={},
                     body_required=False, words="A run destroys the key under which what left is sealed (protocol.md 7.16). "
                     "404 with words: nothing is sealed, as the broker has no store key."),
    },
    "/erasure-proofs": {"get": read("operate", "listErasureProofs", "What left, when and why", ["operator", "auditor"],
                                    {"verb": "proofs"}, "ProofList", refuse={"404"})},
    "/verifications": {"post": verb("operate", "startVerification", "Is the store what was written?", "verify",
                                    "EmptyRequest", answers={"202": answer("It begins; ask for it.", "Verification")},
                                    roles=("operator", "auditor"), body_example={}, body_required=False)},
    "/verifications/current": {"get": read("operate", "getVerification", "What the last look at the store found",
                                           ["operator", "auditor"], {"verb": "verify-look"}, "Verification")},
    "/heads": {"get": read("operate", "listHeads", "Signed heads of the log, the newest last", ["operator", "auditor"],
                           {"verb": "heads"}, "HeadList", refuse={"404"})},
}

OFFICER = ["privacy_officer"]
RIGHTS = {
    "/requests": {
        "get": read("rights", "listRequests", "What residents asked, and what stands", ["privacy_officer", "coordinator"],
                    {"query": "requests"}, "RequestList", PAGED),
        "post": act("rights", "addRequest", "A resident asks; or a legal hold", ["privacy_officer", "coordinator"],
                    ["erasure_requested", "objected", "restricted", "rectification_requested", "hold_placed"], [],
                    "RequestRequest", {"kind": "objection", "household": "H12", "reason": "brief van 1 maart"}),
    },
    "/requests/{number}/decisions": {"post": act("rights", "decideRequest", "An objection is decided", OFFICER,
                                                 ["objection_decided"], [ID["number"]], "RequestDecision",
                                                 {"decision": "rejected", **WHY})},
    "/requests/{number}/withdrawals": {"post": act("rights", "withdrawRequest", "Nothing is asked any more", OFFICER,
                                                   ["erasure_request_withdrawn"], [ID["number"]], "ReasonRequest", WHY)},
    "/requests/{number}/confirmations": {"post": act("rights", "confirmRequest", "A hold, seen by a second person",
                                                     ["privacy_officer", "coordinator"], ["hold_confirmed"],
                                                     [ID["number"]], "EmptyRequest", {}, body_required=False)},
    "/requests/{number}/liftings": {"post": act("rights", "liftRequest", "A restriction or a hold ends",
                                                ["privacy_officer", "coordinator"],
                                                ["restriction_lifted", "hold_lifted"], [ID["number"]],
                                                "RequestLifting", WHY)},
    "/erasures": {"post": act("rights", "erase", "A household, or one person of it, leaves now", OFFICER,
                              ["erased", "person_erased"], [], "ErasureRequest", {"household": "H12"})},
    "/persons/lookups": {"post": operation(
        "glass", "lookUpPerson", "What a resident asks of themselves: every privacy officer is told", OFFICER,
        {"query": "person", "glass": True}, {"200": answer("Once.", "Lookup")}, body="LookupRequest",
        body_example={"bsn": "999990342", "reason": "inzageverzoek van 1 maart"}, refuse={"422"})},
    "/audits": {"post": operation(
        "rights", "startAudit", "Who did and saw what", ["privacy_officer", "auditor"], {"verb": "audit"},
        {"202": answer("It begins; ask for its pages.", "AuditStarted")}, body="AuditRequest",
        body_example={"household": "H12"}, refuse={"422"})},
    "/audits/current": {"get": read("rights", "getAudit", "The next page of it", ["privacy_officer", "auditor"],
                                    {"verb": "audit-look"}, "Audit", refuse={"404"})},
}

DOCUMENTS = {
    "/openapi.json": {"get": operation("documents", "getOpenapi", "This description", None, None, {
        "200": answer("It.", {"type": "object"}, headers=("Access-Control-Allow-Origin",))})},
    "/docs": {"get": operation("documents", "getDocs", "This description, to read", None, None, {
        "200": answer("A page.", {"type": "string"}, "text/html")})},
    "/docs/style": {"get": operation("documents", "getDocsStyle", "How that page looks", None, None, {
        "200": answer("A style sheet.", {"type": "string"}, "text/css")})},
    "/problems/{code}": {"servers": [{"url": "/", "description": "Beside /v1: problems outlive versions."}],
                         "get": operation("documents", "getProblem", "What a problem means, and what to do", None, None,
                                          {"200": answer("A page.", {"type": "string"}, "text/html")}, [ID["code"]])},
}

PATHS = {**SESSION, **MAILBOX, **SIGNALS, **CASES, **HOUSEHOLDS, **OPERATE, **RIGHTS, **DOCUMENTS}
