"""The values of the HTTP face: what goes in and what comes out. `make` writes them into openapi.json.

Members are named as in proto/protocol.md, in lowerCamelCase. A member that is not required is absent where the
reader may not see it, or where there is nothing to say (protocol.md section 8).
"""

PARTY_KINDS = ["agency", "regisseur", "service", "coordinator", "privacy_officer", "operator", "auditor"]
CASE_STATES = ["unassigned", "offered", "active", "closed", "dismissed", "retracted", "merged"]
PRIORITIES = ["normal", "high", "urgent"]
MESSAGE_KINDS = [
    "regular_signal", "signal_attached", "support_withdrawn", "case_offered", "case_taken_back", "case_withdrawn",
    "priority_raised", "needs_regisseur", "escalated", "case_closed", "not_accepted", "regisseur_known",
    "handover_offered", "handover_accepted", "overdue", "feedback", "match", "review", "break_glass", "erased",
    "erasure_requested", "request_due", "request_overdue", "request_done", "rectification_requested", "note",
    "note_answered",
]
REQUEST_KINDS = ["erasure", "objection", "restriction", "rectification", "hold"]
REQUEST_STATES = ["stands", "placed", "lifting", "done", "upheld", "rejected", "lifted", "withdrawn", "gone"]
AUDIT_KINDS = ["signal", "act", "decided", "told", "read", "seen", "control", "left"]


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def text(words, most=1024, least=1, **more):
    return {"type": "string", "minLength": least, "maxLength": most, "description": words, **more}


def name(words, **more):
    return text(words, 256, **more)


def count(words, least=0, **more):
    return {"type": "integer", "minimum": least, "maximum": 9223372036854775807, "description": words, **more}


def flag(words):
    return {"type": "boolean", "description": words}


def one_of(words, values, **more):
    return {"type": "string", "enum": values, "description": words, **more}


def array(of, words, **more):
    return {"type": "array", "items": of, "description": words, **more}


def pointed(name_of_schema, words):
    return {**ref(name_of_schema), "description": words}


def instant(words, **more):
    return {"type": "string", "format": "date-time", "description": words, **more}


def told(words):
    """An instant as the gateway writes it: UTC with milliseconds."""
    return instant(words, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")


def record(words, members, required=None, **more):
    """An object with these members and no others; all required but where it is said otherwise."""
    return {
        "type": "object", "description": words, "properties": members,
        "required": list(members) if required is None else required, "additionalProperties": False, **more,
    }


def with_optional(words, required, optional, **more):
    return record(words, {**required, **optional}, list(required), **more)


def listed(of, words, paged=False):
    optional = {"next": text("Where the next page begins; absent on the last one.", 512)} if paged else {}
    return with_optional(words, {"items": array(of, "The list.")}, {**STATE, **optional})


Z85 = r"^[0-9a-zA-Z.:+=^!/*?&<>()\[\]{}@%$#-]{40}$"
ZULU = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z$"

STATE = {
    "position": count("Position in the log of the state that is shown; durable."),
    "at": told("Log time of that state."),
}
REASON = text("Why, for whoever looks later.", 65536)
CONTROL_REASON = text("Why, for whoever looks later; at most 1000 bytes.", 1000)

SIGNAL_NAME = with_optional(
    "What names a signal.", {"id": name("Its id, as its sender chose it.")},
    {"source": name("Its source.")})

PERSON_VIEW = with_optional("A person.", {}, {
    "handle": text("Stands for the BSN when a household is split.", 34, 34, pattern="^p-[0-9a-f]{32}$"),
    "bsn": text("The BSN.", 9, 9), "role": name("Role in the household, as the sender said."),
})
ADDRESS_VIEW = with_optional("An address.", {}, {
    "handle": text("Stands for the BAG id when a household is split.", 34, 34, pattern="^a-[0-9a-f]{32}$"),
    "bag": text("The BAG id.", 16, 16), "buurt": text("The CBS neighbourhood.", 10, 10),
})

NOTE = with_optional(
    "What a regisseur and an agency or service wrote to each other.",
    {"at": told("Log time."), "by": ref("Party"), "to": ref("Party"), "text": text("What.", 65536, 0)},
    {"signal": ref("SignalName")})

SIGNAL = with_optional(
    "A signal, as far as the reader may see it.",
    {"id": name("As its sender chose it."), "withdrawn": flag("Its agency withdrew it."),
     "ended": flag("Its agency ended the state that it told of."),
     "overdue": flag("Nobody gave feedback in time."), "feedback": flag("Feedback was given.")},
    {"source": name("Of the agency's system."), "type": name("Type of the event."),
     "agency": name("Who sent it."), "acceptedAt": told("Log time of its acceptance."),
     "occurredAt": told("When it happened."), "severity": count("1 light to 5 acute.", 1),
     "domain": name("Life domain."), "household": pointed("HouseholdId", "Whose it is."),
     "case": pointed("CaseId", "The open case it is in."), "service": name("It was routed to."),
     "regisseur": name("Who has the active case that it is in."),
     "leavesAt": told("When it is destroyed."),
     "persons": array(ref("PersonView"), "Whom it names."), "address": ref("AddressView"),
     "detail": text("Free text, for whoever holds the case.", 65536, 0),
     "notes": array(ref("Note"), "In log order.")})

GOAL_TEXT = {"domain": name("Life domain."), "text": text("What is to be reached.", 65536),
             "owner": text("Who sees to it.", 1024), "due": instant("By when."),
             "state": name("How far it is, in the town's words: open, reached, dropped …")}

CASE_HEAD = {
    "id": ref("CaseId"), "state": ref("CaseState"), "priority": ref("Priority"),
    "revision": count("Counts the case's changes and the signals attached to it; its ETag."),
    "regisseur": {"type": ["string", "null"], "maxLength": 256,
                  "description": "Who has it, or had it last; null: nobody."},
    "rules": array(name("Id of a rule."), "Rules that made it, in the order of rules.yaml."),
    "planRevision": count("0: it has no plan."),
}
CASE_MORE = {
    "household": ref("HouseholdId"), "version": count("Of the configuration whose rules made it.", 1),
    "handoverTo": name("To whom a hand-over is offered."), "since": told("When it was proposed."),
    "acceptBy": told("When the offer ends; of an offered case."), "ended": told("When it ended."),
    "endedWith": text("Outcome or reason of the act that ended it.", 65536, 0),
    "notes": array(ref("Note"), "In log order, the newest 200."),
}

CLAUSE = with_optional(
    "A measure of a rule.",
    {"clause": one_of("What is measured.", ["signals", "domains", "agencies", "persons", "core_areas", "types",
                                            "days", "overdue", "spread"]),
     "reached": flag("It is as much as the rule asks.")},
    {"value": count("What was counted."), "least": count("What the rule asks."),
     "valueMs": count("Of spread, in milliseconds."), "leastMs": count("Of spread, in milliseconds."),
     "orMore": flag("One signal alone names as many persons as are asked; they were not all counted.")})

GROUP = with_optional(
    "What is counted together.",
    {"holds": flag("Every clause is reached."), "clauses": array(CLAUSE, "Its measures.")},
    {"name": name("Domain, type or agency."),
     "person": count("1, 2, 3 in the order in which signals named them.", 1)})

EXPLAINED_USE = with_optional(
    "What a rule makes of a signal.",
    {"id": name("Of the signal."),
     "use": one_of("Why it counts or does not.",
                   ["counted", "group", "withdrawn", "superseded", "not_yet", "over", "ended", "window", "purpose",
                    "type", "domain", "agency", "severity", "role", "silenced", "held", "none"])},
    {"source": name("Of the signal."), "from": told("It counts from then on."),
     "until": told("It counts, or counted, until then.")})

EXPLAINED_RULE = with_optional(
    "What a rule says of the household.",
    {"id": name("Of the rule."), "level": one_of("What it does.", ["watch", "coordinate", "case"]),
     "holds": flag("It holds now."), "groups": array(GROUP, "What it counts together."),
     "counted": count("Signals that it counts."), "signals": array(ref("ExplainedUse"), "What it makes of each.")},
    {"text": text("The rule's words.", 1024), "priority": ref("Priority"),
     "overMs": count("How far back it looks."),
     "withinSame": one_of("What it groups by.", ["domain", "type", "agency", "person"]),
     "groupsMore": count("Groups that are not listed."),
     "nearest": count("Index in groups of the one that lacks least."),
     "barred": one_of("What stands in the way of a case.", ["open_case", "cooldown", "nothing_new", "paused"]),
     "barredUntil": told("Until then."), "latched": flag("It was told, and is not told again while it holds."),
     "heldUntil": told("It held until just before then."),
     "holdsUntil": told("It holds until then if nothing comes.")})

EXPLAINED_SIGNAL = with_optional(
    "A signal of the household, without a person.",
    {"id": name("Of the signal; a token for operators."), "position": count("In the log."),
     "severity": count("Effective."), "overdue": flag("No feedback in time."), "feedback": flag("It was given.")},
    {"source": name("Of the signal."), "type": name("Its type."), "agency": name("Who sent it."),
     "domain": name("Life domain."), "purpose": name("Purpose."), "occurredAt": told("When it happened."),
     "countsUntil": told("It counts until then."), "leavesAt": told("When it is destroyed."),
     "case": ref("CaseId"), "service": name("It was routed to.")})

EXPLAINED_CASE = with_optional(
    "A case of the household.",
    {"id": ref("CaseId"), "state": ref("CaseState"), "priority": ref("Priority"),
     "revision": count("Of the case."), "rules": array(name("Id of a rule."), "That made it."),
     "signals": array(ref("SignalName"), "Of an open case.")},
    {"regisseur": name("Who has it, or had it last."), "openedAt": told("When."),
     "openedPosition": count("Of the command that made it."),
     "configPosition": count("Of the configuration whose rules made it."),
     "version": count("The number of that configuration."), "endedAt": told("When it ended.")})

CANDIDATE = with_optional(
    "A regisseur whom the case could go to.",
    {"regisseur": name("Id."),
     "why": one_of("Chosen, or the first reason why not.",
                   ["chosen", "refused", "absent", "full", "sticky", "district", "load", "expertise", "id",
                    "conflict"]),
     "holder": flag("Has it now."), "inDistrict": flag("Works in the household's district."),
     "load": count("Offered and active cases, without this one."), "capacity": count("Right for one person."),
     "hardCapacity": count("A wall."), "expertise": count("Domains of the case that they know.")}, {})

TIMER = with_optional(
    "What falls due.", {"timer": one_of("What.", ["follow_up", "accept", "retry"])},
    {"due": told("When."), "signal": ref("SignalName"), "case": ref("CaseId")})

EXPLANATION = with_optional(
    "Why a household is where it is; no person is in it.",
    {"at": told("Log time it is about."), "position": count("The state after this record."),
     "configPosition": count("Of the configuration that holds."), "version": count("Its number."),
     "persons": count("How many."), "addresses": count("How many."), "signalCount": count("How many there are."),
     "signals": array(ref("ExplainedSignal"), "The newest, in log order."),
     "rules": array(ref("ExplainedRule"), "Each rule, or the one that was asked about."),
     "cases": array(ref("ExplainedCase"), "Newest first."), "timers": array(TIMER, "What falls due.")},
    {"household": ref("HouseholdId"), "case": pointed("CaseId", "What was asked about."),
     "signal": ref("SignalName"), "district": name("CBS neighbourhood."), "openCase": ref("CaseId"),
     "assignment": with_optional(
         "To whom the open case would go if nobody had it.",
         {"case": ref("CaseId"),
          "by": one_of("Which step found them.", ["sticky", "district", "anywhere", "nobody", "none"]),
          "candidates": array(CANDIDATE, "In the order of town.yaml.")}, {})})

MESSAGE = with_optional(
    "What a mailbox was told. Members by kind: protocol.md 6.4.",
    {"seq": count("Number in this mailbox, without a gap.", 1), "kind": ref("MessageKind"),
     "at": {"type": ["string", "null"], "format": "date-time",
            "description": "Log time; null where what it was about has left."}},
    {"position": count("In the log, of what caused it."), "case": ref("CaseId"), "signal": ref("SignalName"),
     "household": ref("HouseholdId"), "other": pointed("HouseholdId", "Of a review: the higher number."),
     "agencies": array(name("Id."), "Of a match."), "result": text("Feedback, or what is asked.", 65536, 0),
     "regisseur": name("Who, by kind."), "by": pointed("Party", "Who broke the glass, or wrote the note."),
     "reason": text("Why the glass was broken.", 500, 0),
     "traceparent": text("Of the signal's event.", 55, 55)})

ROW = {
    "type": "object", "description": "A row of a report (protocol.md 7.8, 7.10): figures and words by name. "
    "A name that is not known is passed over. Names that end in Ms are milliseconds, instants since 1970.",
    "properties": {"row": name("What the row is about.")}, "required": ["row"],
    "additionalProperties": {"type": ["string", "integer"]},
}
COUNTERS = {"type": "object", "description": "Figures by name.", "additionalProperties": {"type": "integer"}}
WORDS = {"type": "object", "description": "Words by name.", "additionalProperties": {"type": "string"}}

FILE = record("A file of a configuration, or a rule test.", {
    "name": text("town.yaml, catalogue.yaml, rules.yaml; anything else is a rule test.", 256),
    "text": text("What is in it.", 1048576, 0)})
FILES = array(ref("File"), "town.yaml, catalogue.yaml and rules.yaml, and rule tests.", minItems=1, maxItems=1000)

PART = record("A file of a configuration.", {
    "name": one_of("Which.", ["town.yaml", "catalogue.yaml", "rules.yaml"]), "text": text("What is in it.", 1048576, 0)})
PARTS = array(PART, "What is missing is as it is, or was.", minItems=1, maxItems=1000)

CONFIG_PROBLEM = with_optional(
    "What is wrong with a file.", {"text": text("In words.", 65536, 0)},
    {"file": name("Which."), "line": count("Where.", 1), "column": count("Where.", 1)})

RUN_STATE = one_of("Where it is.", ["none", "running", "over"])

SIGNAL_CONTENT = with_optional(
    "What a signal says: protocol.md 5.1. At least one person, or an address with bag.",
    {"municipality": text("The town's code.", 256)},
    {"occurred_at": instant("When it happened; without it: time.", pattern=ZULU),
     "severity": {"type": "integer", "minimum": 1, "maximum": 5, "description": "1 light to 5 acute."},
     "persons": array(with_optional("A person.", {"bsn": name("Nine digits that pass the elfproef.")},
                                    {"role": name("Role in the household.")}), "Whom it is about."),
     "address": with_optional("An address.", {}, {"bag": name("16 digits."), "buurt": name("BU and 8 signs.")}),
     "act_before": instant("For types of kind deadline.", pattern=ZULU),
     "supersedes": name("Id of an earlier signal of the same source, which this one corrects."),
     "detail": text("Free text, for whoever holds the case only.", 65536, 0)})

# What CloudEvents lets no attribute hold, as far as a pattern can say it: noncharacters beyond U+FFFF are refused, too.
PLAIN = r"^[^\u0000-\u001F\u007F-\u009F\uFDD0-\uFDEF\uFFFE\uFFFF]*$"

CLOUD_EVENT = {
    "type": "object",
    "description": "A signal as a CloudEvent 1.0, by the NL GOV profile. Extensions are kept as sent, and mean "
    "nothing here but for traceparent and sequence.",
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": name("Names the event, with source: sending it again is safe.", pattern=PLAIN),
        "source": name("urn:nld:oin:NUMBER:systeem:NAME, as the municipality registered it.", pattern=PLAIN),
        "type": name("Reverse DNS with a version, as in the town's catalogue.", pattern=PLAIN),
        "time": instant("When the sender logged it.", pattern=ZULU),
        "datacontenttype": {"type": ["string", "null"], "description": "JSON, if it is said at all.",
                            "pattern": r"^application/([a-z0-9.+-]+\+)?json(;[^\u0000-\u001F\u007F-\u009F]*)?$"},
        "dataschema": {**text("URI of a schema.", 2048, format="uri", pattern=PLAIN), "type": ["string", "null"]},
        "subject": {**name("Not needed; never a BSN: attributes are read on the way.", pattern=PLAIN),
                    "type": ["string", "null"]},
        "data": ref("SignalContent"),
    },
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "patternProperties": {
        "^(?!(specversion|id|source|type|time|datacontenttype|dataschema|subject|data)$)[a-z0-9]+$":
            {"type": ["string", "integer", "boolean", "null"], "pattern": PLAIN}},
    "additionalProperties": False,
}

RECEIPT = record("An event that is in the log, on stable storage, with all its effects. The same each time it is sent.", {
    "id": name("Of the event."), "source": name("Of the event."), "position": count("In the log.", 1),
    "receivedAt": told("Log time."), "result": one_of("Always this.", ["accepted"])})

ACT_RECEIPT = with_optional(
    "An act that is in the log, on stable storage, with all its effects. A second answer to the same "
    "Idempotency-Key says where the act is, without the case.",
    {"id": name("Of the act's event."), "position": count("In the log.", 1), "receivedAt": told("Log time."),
     "result": one_of("Always this.", ["accepted"])},
    {"case": pointed("CaseId", "The case that it was about."),
     "revision": count("Of that case, after the act.")})

PROBLEM = with_optional(
    "RFC 9457. `code` is stable; of the broker's errors it is the code of protocol.md section 9.",
    {"type": text("A page about it: /problems/{code}.", 256, format="uri-reference"), "title": text("What.", 256),
     "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "As the answer's."},
     "detail": text("This very case; never personal.", 4096, 0), "code": text("For programs.", 64),
     "hints": array(text("What to do.", 512), "What to do.")},
    {"errors": array(with_optional(
        "One thing that is wrong with the request.",
        {"pointer": text("JSON Pointer into the body; #header or ?query of a name for those.", 1024, 0),
         "code": text("For programs.", 64), "detail": text("In words.", 1024)}, {}), "All of them, at once."),
     "problems": array(ref("ConfigProblem"), "Of a configuration that was not taken."),
     "instance": text("Of this answer.", 256)})

PROPOSAL = with_optional(
    "A change of the routing that somebody proposed.",
    {"number": count("Its number.", 1), "kind": one_of("Of what.", ["config", "pause", "silence", "key"]),
     "state": one_of("Where it is.", ["open", "approved", "rejected", "withdrawn"]),
     "author": text("Who proposed it.", 256, 0), "reason": text("Why.", 1000, 0), "at": told("When."),
     "position": count("In the log.")},
    {"decider": name("Who ended it."), "verdict": text("Why.", 1000, 0), "ended": told("When."),
     "subject": name("The rule, the agency or the party."), "until": told("Of a pause, a silence or a key."),
     "against": count("The version that was in force."), "rollbackOf": count("It brings this version back.", 1),
     "made": count("The version, pause or key that came of it.", 1),
     "digest": text("Of the three texts.", 32, 32, pattern="^[0-9a-f]{32}$")})

VERSION = with_optional(
    "A configuration that is, or was, in force.",
    {"number": count("Its number.", 1), "position": count("In the log."),
     "digest": text("Of the three texts.", 32, 32, pattern="^[0-9a-f]{32}$"),
     "cases": count("Opened under it that are still known."), "kept": flag("Its files can be shown and brought back.")},
    {"at": told("From then on."), "ended": told("Until then; absent: in force."), "author": name("Who."),
     "approver": name("Who else."), "reason": text("Why.", 1000, 0), "proposal": count("That it was.", 1),
     "rollbackOf": count("It brought this version back.", 1)})

PAUSE = with_optional(
    "A rule that is paused, or an agency that is silenced.",
    {"number": count("Its number.", 1), "kind": one_of("Of a rule, or of an agency.", ["pause", "silence"]),
     "subject": name("The rule or the agency."), "author": text("Who.", 256, 0), "reason": text("Why.", 1000, 0),
     "at": told("From then on."), "until": told("Until then at the latest."), "position": count("In the log.")},
    {"approver": name("Who else."), "ended": told("When it ended; absent: it holds."), "endedBy": name("Who ended it."),
     "endedWhy": text("Why.", 1000, 0)})

REQUEST = with_optional(
    "What a resident asked, or what stands (protocol.md 5.10).",
    {"number": count("Its number.", 1), "kind": one_of("What.", REQUEST_KINDS),
     "state": one_of("Where it is.", REQUEST_STATES)},
    {"household": ref("HouseholdId"), "signal": ref("SignalName"), "at": told("When it was asked."),
     "due": told("Its term."), "ended": told("When it ended; absent: it stands."), "author": name("Who wrote it down."),
     "second": name("Of a hold: who confirmed it, or asks to lift it."), "case": ref("CaseId")})

REGISSEUR = with_optional(
    "A regisseur, and how much they have.",
    {"id": name("Id."), "load": count("Offered and active cases."), "capacity": count("Right for one person."),
     "hardCapacity": count("A wall."), "absent": flag("Now."),
     "absences": array(ref("Absence"), "That are not over."),
     "districts": array(name("Beginning of neighbourhood codes, or *."), "Where."),
     "expertise": array(name("Domain."), "What they know.")}, {})

DIRECTORY = with_optional(
    "What the configuration in force names, for screens: nothing about residents. What a role does not see is empty.",
    {"municipality": name("The town's code."),
     "signalTypes": array(with_optional(
         "A type of the catalogue.",
         {"type": name("Of the event."), "domain": name("Life domain."),
          "kind": one_of("How it counts.", ["event", "state", "deadline"]),
          "severity": count("Of a signal that says none.", 1),
          "agencies": array(name("Kind of agency."), "Who may send it.")},
         {"title": text("For people, as the town wrote it.", 128)}), "The catalogue."),
     "domains": array(with_optional(
         "A life domain.", {"id": name("Id."), "byRole": flag("Its area is that of the person's role.")},
         {"area": name("Its area.")}), "Life domains."),
     "agencies": array(record("An agency.", {"id": name("Id."), "kind": name("Kind.")}), "Who may signal."),
     "services": array(record("A regular service.", {
         "id": name("Id."), "domains": array(name("Domain."), "Which it gets."),
         "all": flag("Every domain that no other service names.")}), "Services."),
     "regisseurs": array(record("A regisseur.", {
         "id": name("Id."), "districts": array(name("Beginning of neighbourhood codes."), "Where."),
         "everywhere": flag("Every district, and none."), "expertise": array(name("Domain."), "What they know."),
         "absent": flag("Now.")}), "Who can have a case.")}, STATE)

SCHEMAS = {
    "CaseId": {"type": "string", "pattern": "^C[1-9][0-9]{0,18}$", "description": "Of a case.", "examples": ["C7"]},
    "HouseholdId": {"type": "string", "pattern": "^H[1-9][0-9]{0,18}$", "description": "Of a household.",
                    "examples": ["H12"]},
    "PartyKind": one_of("The role.", PARTY_KINDS),
    "CaseState": one_of("The first three are open.", CASE_STATES),
    "Priority": one_of("Of a case.", PRIORITIES),
    "MessageKind": one_of("What it tells.", MESSAGE_KINDS),
    "Party": record("Somebody who takes part.", {"kind": ref("PartyKind"), "id": name("Id.")}),
    "Problem": PROBLEM,
    "ConfigProblem": CONFIG_PROBLEM,
    "SessionRequest": record("A local account.", {"account": text("Its name.", 128),
                                                  "password": text("Its password.", 1024, format="password")}),
    "Session": with_optional(
        "Who is asking.",
        {"party": ref("Party"), "name": text("For people.", 256), "role": ref("PartyKind"),
         "demonstration": flag("Everything here is made up."),
         "municipality": {"type": ["string", "null"], "description": "null: the broker has not been reached yet."},
         "clock": {"type": ["string", "null"], "enum": ["wall", "event", None],
                   "description": "event: log time is taken from the events (demonstrations)."}},
        {"csrfToken": text("For the header X-CSRF-Token; of a browser's session only.", 256),
         "expiresAt": told("Of a browser's session, if nothing is asked meanwhile.")}),
    "Me": with_optional(
        "What the broker says of this party.",
        {"party": ref("Party"), **STATE},
        {"source": name("Of this party's events."), "municipality": name("The town's code."),
         "mailbox": record("Of this party.", {"acknowledged": count("Up to this number."),
                                              "newest": count("Number of the newest; 0: it never had one.")}),
         "load": count("Of a regisseur: offered and active cases."), "capacity": count("Right for one person."),
         "hardCapacity": count("A wall."), "absent": flag("Now."),
         "absences": array(ref("Absence"), "That are not over.")}),
    "Message": MESSAGE,
    "Mailbox": with_optional(
        "A piece of the mailbox.",
        {"items": array(ref("Message"), "In order."), "acknowledged": count("Up to this number."),
         "newest": count("Number of the newest; 0: it never had one.")},
        {"next": text("Number to ask for with `after`; absent: there is nothing more yet.", 20)}),
    "Acknowledgement": record("Messages that are dealt with for good.", {"upTo": count("Up to this number.", 1)}),
    "Acknowledged": record("What is acknowledged, in the log.",
                           {"acknowledged": count("Up to this number."), "newest": count("Number of the newest.")}),
    "Directory": DIRECTORY,
    "CloudEvent": CLOUD_EVENT,
    "SignalContent": SIGNAL_CONTENT,
    "Receipt": RECEIPT,
    "BatchResult": record("What became of each event, in order.", {"items": array(
        with_optional("Of one event.",
                      {"index": count("In the batch, from 0 on."),
                       "status": {"type": "integer", "minimum": 200, "maximum": 599,
                                  "description": "What the event would have been answered alone."}},
                      {"receipt": ref("Receipt"), "problem": ref("Problem")}), "As many as were sent.")}),
    "ActReceipt": ACT_RECEIPT,
    "SignalName": SIGNAL_NAME,
    "PersonView": PERSON_VIEW,
    "AddressView": ADDRESS_VIEW,
    "Note": NOTE,
    "Signal": SIGNAL,
    "SignalAnswer": {**SIGNAL, "properties": {**SIGNAL["properties"], **STATE}},
    "SignalList": listed(ref("Signal"), "Signals.", True),
    "Goal": record("A goal of the plan.", GOAL_TEXT),
    "PlanRequest": record("The one plan.", {
        "revision": count("The plan's: the one that was read and 1; 1 for the first.", 1),
        "goals": array(ref("Goal"), "All of them, in order.", maxItems=100)}),
    "CaseSummary": with_optional("A case in a list.", CASE_HEAD, CASE_MORE),
    "CaseList": listed(ref("CaseSummary"), "Cases.", True),
    "Case": with_optional("A case, as far as the reader may see it.", {
        **CASE_HEAD, "signals": array(ref("Signal"), "In log order."), "goals": array(ref("Goal"), "The plan's."),
    }, {**CASE_MORE, **STATE}),
    "Household": with_optional(
        "Persons and addresses that signals showed to belong together.",
        {"id": ref("HouseholdId"), "signalCount": count("Live signals."),
         "persons": array(ref("PersonView"), "Members."), "addresses": array(ref("AddressView"), "Where they live.")},
        {"district": name("CBS neighbourhood."), "openCase": ref("CaseId"), **STATE}),
    "Review": record("Two households that may be one.", {
        "household": pointed("HouseholdId", "The lower number."), "other": ref("HouseholdId")}),
    "ReviewList": listed(ref("Review"), "Pairs of households.", True),
    "Regisseur": REGISSEUR,
    "RegisseurList": listed(ref("Regisseur"), "Regisseurs.", True),
    "ExplainedUse": EXPLAINED_USE,
    "ExplainedRule": EXPLAINED_RULE,
    "ExplainedSignal": EXPLAINED_SIGNAL,
    "ExplainedCase": EXPLAINED_CASE,
    "Explanation": EXPLANATION,
    "ReasonRequest": record("Why.", {"reason": REASON}),
    "GlassRequest": record("Why something is looked at that is not one's own. Every privacy officer is told.", {
        "reason": text("10 to 500 bytes.", 500, 10)}),
    "EmptyRequest": record("Nothing needs to be said.", {}),
    "NoteRequest": with_optional("A note to whoever has the case.", {"text": text("What.", 65536)},
                                 {"agency": name("Of a service, where the signal's id is not enough.")}),
    "CaseNoteRequest": with_optional("A note to an agency or a service: one of the two.", {"text": text("What.", 65536)},
                                     {"agency": name("To which."), "service": name("To which.")}),
    "EndingRequest": with_optional("When the state that the signal told of ended.", {},
                                   {"occurredAt": instant("Without it: now.")}),
    "FeedbackRequest": with_optional("What the service did.", {"result": text("For the agency.", 65536)},
                                     {"agency": name("Where the signal's id is not enough.")}),
    "HandoverRequest": record("To whom.", {"to": name("Id of a regisseur.")}),
    "EscalationRequest": record("Whom it goes up to, and why.", {"to": text("In words.", 1024), "reason": REASON}),
    "ClosureRequest": record("How it ended.", {"outcome": text("In the town's words.", 65536)}),
    "AssignmentRequest": record("To whom.", {"regisseur": name("Id of a regisseur.")}),
    "MergerRequest": record("Which household becomes part of this one.", {"from": ref("HouseholdId")}),
    "SplitRequest": with_optional(
        "Who and what becomes a household of its own.", {},
        {"persons": array(name("BSN or handle."), "Who.", maxItems=100),
         "addresses": array(name("BAG id or handle."), "Where.", maxItems=100)}),
    "SetAsideRequest": with_optional("Two households that are two.", {
        "household": ref("HouseholdId"), "other": ref("HouseholdId")}, {"reason": REASON}),
    "AbsenceRequest": record("When.", {"from": instant("From then on."), "to": instant("Up to but not to.")}),
    "Absence": with_optional("When a regisseur is away.", {
        "number": count("Made of its instants.", 1), "from": told("From then on."), "to": told("Up to but not to.")},
        {"by": pointed("Party", "Who said so; absent: town.yaml.")}),
    "AbsenceList": listed(ref("Absence"), "Absences."),
    "ConflictRequest": record("Who may not have to do with the household.", {"regisseur": name("Id of a regisseur.")}),
    "PersonConflictRequest": record("Who may not have to do with the household of that person.", {
        "regisseur": name("Id of a regisseur."), "bsn": text("Of whom.", 9, 9, pattern="^[0-9]{9}$")}),
    "MoveRequest": record("A person goes to an address.", {
        "bsn": text("Who.", 9, 9, pattern="^[0-9]{9}$"), "to": text("BAG id.", 16, 16, pattern="^[0-9]{16}$")}),
    "Status": with_optional("How the broker is.", {"counters": COUNTERS, "texts": WORDS}, {}),
    "Row": ROW,
    "Report": record("Figures over the log and the state.", {
        "name": name("Which."), "counters": COUNTERS, "rows": array(ref("Row"), "In order.")}),
    "File": FILE,
    "Rules": record(
        "What is in force.", {"version": count("Its number.", 1), "files": array(ref("File"), "The texts."),
                              "sentences": record("All rules in sentences, as Markdown.", {
                                  "nl": text("In Dutch.", 10**7, 0), "en": text("In English.", 10**7, 0)})}),
    "RuleCheckRequest": with_optional(
        "Rules that are looked at. What is missing of a configuration is as in force.", {"files": FILES},
        {"allowed": array(name("CODE or CODE:SUBJECT."), "Findings that may stand.", maxItems=100)}),
    "RuleProblem": with_optional(
        "What files, lint or rule tests show.",
        {"severity": one_of("How bad it is.", ["error", "warning", "note"]), "code": text("For programs.", 128),
         "text": text("In words.", 65536, 0), "allowed": flag("It may stand.")},
        {"file": name("Which."), "line": count("Where.", 1), "column": count("Where.", 1), "subject": name("Of what."),
         "expected": text("What was expected.", 65536), "meant": text("What may be meant.", 1024),
         "advice": text("What to do.", 4096), "test": text("Which test.", 1024)}),
    "RuleSentences": record("A rule in plain words.", {"rule": name("Id."), "text": text("Markdown.", 65536)}),
    "RuleCheck": record(
        "What there is to say of them.",
        {"fit": flag("They could be proposed."), "errors": count("How many."), "warnings": count("How many."),
         "notes": count("How many."), "testsPassed": count("How many."), "testsFailed": count("How many."),
         "clauses": count("Of the rules."), "clausesTried": count("By the tests."),
         "rowsLeftOut": count("Problems that are not listed."),
         "problems": array(ref("RuleProblem"), "All of them, at most 1000."),
         "sentences": record("Each rule in plain words.", {
             "nl": array(ref("RuleSentences"), "In Dutch."), "en": array(ref("RuleSentences"), "In English.")})}),
    "ProposalRequest": with_optional(
        "Another configuration.", {"files": FILES, "reason": CONTROL_REASON},
        {"allowed": array(name("CODE or CODE:SUBJECT."), "Findings that may stand.", maxItems=100)}),
    "Controlled": with_optional(
        "What came of it.", {"position": count("Of its record in the log.")},
        {"proposal": count("Its number: another operator must approve it, and nothing holds before.", 1),
         "version": count("Of the configuration that holds.", 1),
         "pause": count("That holds, or ended.", 1), "key": count("That holds, or ended.", 1)}),
    "OptionalReasonRequest": with_optional("Why, if there is something to say.", {}, {"reason": CONTROL_REASON}),
    "ControlReasonRequest": record("Why.", {"reason": CONTROL_REASON}),
    "Proposal": PROPOSAL,
    "ProposalList": listed(ref("Proposal"), "The newest first."),
    "ProposalAnswer": {**PROPOSAL, "properties": {
        **PROPOSAL["properties"], "files": array(ref("File"), "Of an open proposal of a configuration.")}},
    "Version": VERSION,
    "VersionList": listed(ref("Version"), "The newest first."),
    "VersionAnswer": {**VERSION, "properties": {**VERSION["properties"], "files": array(ref("File"), "While kept.")}},
    "PauseRequest": record("What rests for a while.", {
        "kind": one_of("A rule is paused, an agency silenced.", ["pause", "silence"]),
        "subject": name("The rule or the agency."), "until": instant("At most 92 days ahead."),
        "reason": CONTROL_REASON}),
    "Pause": PAUSE,
    "PauseList": listed(ref("Pause"), "The newest first."),
    "BacktestRequest": with_optional(
        "Rules that might have been.", {"files": PARTS},
        {"from": instant("They hold from then on."),
         "since": text("Instead: how long before the last record.", 16, pattern="^[1-9][0-9]*[smhd]$"),
         "samples": {"type": "integer", "minimum": 0, "maximum": 100, "description": "Cases shown of each kind."}}),
    "ShadowRequest": record("Rules that run along.", {"files": PARTS}),
    "Run": with_optional(
        "Where it is, and what it found (rows: protocol.md 7.10).",
        {"state": RUN_STATE, "done": count("Records so far."), "all": count("Of so many."),
         "tookMs": count("Milliseconds."), "rows": array(ref("Row"), "What it found.")},
        {"rowsLeftOut": count("Beyond what is told."), "problem": ref("Problem"),
         "position": count("Of a shadow: the last record that it decided."),
         "lag": count("Of a shadow: how many are durable beyond.")}),
    "TrialRequest": {**ref("CloudEvent")},
    "Trial": record("What would be told (semantics section 11), of strangers.", {
        "lines": array({"type": "object", "description": "A line of semantics section 11, as it is there."},
                       "In order.")}),
    "Key": {**ROW, "description": "A key of a party (protocol.md 7.15)."},
    "KeyList": listed(ref("Key"), "Keys."),
    "KeyRequest": with_optional(
        "A key for a party.",
        {"party": text("KIND:ID.", 256, pattern="^[a-z_]+:.+$"),
         "publicKey": text("40 characters of Z85.", 40, 40, pattern=Z85)},
        {"until": instant("Its end."), "reason": CONTROL_REASON}),
    "KeyRotationRequest": with_optional(
        "A key that takes another's place.",
        {"party": text("KIND:ID.", 256, pattern="^[a-z_]+:.+$"),
         "publicKey": text("40 characters of Z85.", 40, 40, pattern=Z85)},
        {"until": instant("Its end."), "reason": CONTROL_REASON,
         "overlapMs": count("How long the other one stays.", 1)}),
    "KeyRevocationRequest": record("Which key ends.", {
        "publicKey": text("40 characters of Z85.", 40, 40, pattern=Z85), "reason": CONTROL_REASON}),
    "SessionView": record("A session with the broker.", {
        "session": count("Its number."), "party": ref("Party"), "clientName": text("What it calls itself.", 128, 0),
        "since": told("Since when."), "idleMs": count("Milliseconds of silence."), "framesIn": count("From it."),
        "framesOut": count("To it."), "unconfirmed": count("Items."), "undelivered": count("Messages.")}),
    "SessionList": listed(ref("SessionView"), "Sessions with the broker."),
    "MailboxView": record("A mailbox, without what is in it.", {
        "party": ref("Party"), "acknowledged": count("Up to this number."), "newest": count("Number of the newest.")}),
    "MailboxList": listed(ref("MailboxView"), "Mailboxes."),
    "Delivery": with_optional("A mailbox that is pushed to its receiver.", {
        "party": text("KIND:ID.", 256), "receiver": text("Its host.", 1024),
        "state": one_of("How it stands.", ["connecting", "asking", "idle", "retrying", "stopped"]),
        "delivered": count("Since the courier's start."), "failed": count("Attempts."), "dead": count("Letters."),
        "waiting": count("In the mailbox."), "seq": count("The newest dealt with."),
        "attempts": count("Of the one that is tried again."), "why": text("The last failure.", 256, 0)},
        {"nextAt": told("Of the next attempt.")}),
    "ZakenDelivery": record("Cases, kept in step in the case system.", {
        "state": one_of("How it stands.", ["connecting", "idle", "retrying"]), "position": count("In the log."),
        "lines": count("Since the courier's start."), "failed": count("Attempts."), "dead": count("Letters."),
        "why": text("The last failure.", 256, 0)}),
    "DeadLetter": record("What a receiver did not take; its content is sealed.", {
        "id": text("Of the letter.", 256), "delivery": text("Whose.", 256), "seq": count("Of the message.", 1),
        "kind": text("Of the message.", 64, 0), "at": told("Of the message."), "died": told("When it was given up."),
        "attempts": count("To send it."), "why": text("The last failure.", 256, 0),
        "again": flag("It waits to be sent again.")}),
    "DeliveryList": with_optional("How the courier stands.", {
        "items": {"type": "array", "items": ref("Delivery")}, "letters": {"type": "array", "items": ref("DeadLetter")}},
        {"at": told("When the courier said so."), "zaken": ref("ZakenDelivery")}),
    "Request": REQUEST,
    "RequestList": listed(ref("Request"), "By number.", True),
    "RequestRequest": with_optional(
        "What a resident asks, or a legal hold. About exactly one of household, signal and bsn.",
        {"kind": one_of("What.", REQUEST_KINDS)},
        {"household": ref("HouseholdId"), "signal": name("Id of a signal."), "agency": name("Whose signal."),
         "bsn": text("Of whom.", 9, 9, pattern="^[0-9]{9}$"), "reason": REASON,
         "correction": text("Of a rectification: what is to be corrected.", 65536), "due": instant("Its term.")}),
    "RequestDecision": with_optional(
        "What was decided.",
        {"decision": one_of("Upheld: what it is about is withdrawn. Rejected: it counts again.", ["upheld", "rejected"]),
         "reason": REASON},
        {"bsn": text("Of a request about a person: of whom.", 9, 9, pattern="^[0-9]{9}$")}),
    "RequestLifting": with_optional("Why it no longer stands.", {"reason": REASON}, {
        "bsn": text("Of a request about a person: of whom.", 9, 9, pattern="^[0-9]{9}$")}),
    "ErasureRequest": with_optional("What leaves now.", {"household": ref("HouseholdId")}, {
        "bsn": text("This person of it only.", 9, 9, pattern="^[0-9]{9}$")}),
    "LookupRequest": record("What a resident asks of themselves. Every privacy officer is told.", {
        "bsn": text("Of whom.", 9, 9, pattern="^[0-9]{9}$"), "reason": text("10 to 500 bytes.", 500, 10)}),
    "Lookup": with_optional("The household of that person.", {
        "household": {"oneOf": [ref("Household"), {"type": "null"}], "description": "null: of none."}}, STATE),
    "AuditRequest": with_optional("Whose trail. Without members: everybody's.", {}, {
        "household": ref("HouseholdId"), "case": ref("CaseId"), "party": text("KIND:ID.", 256, pattern="^[a-z_]+:.+$"),
        "from": instant("From then on."), "until": instant("Before then."),
        "kinds": array(one_of("What was done.", AUDIT_KINDS), "Only these.", minItems=1, maxItems=8)}),
    "AuditStarted": record("It is being read: ask for the pages.", {"running": flag("Always true.")}),
    "Audit": record("The next page of the trail.", {
        "running": flag("It is not there yet: look again."), "end": flag("This was the last page."),
        "counters": COUNTERS, "rows": array(ref("Row"), "In log order.")}),
    "ErasureRuns": record("How erasing for good stands (counters and texts: protocol.md 7.16).",
                          {"counters": COUNTERS, "texts": WORDS}),
    "Verification": record("A look at the whole store: the running one, or the last.", {
        "running": flag("It goes on."), "ever": flag("One was asked for since the start."),
        "position": count("Records so far."), "positionLast": count("Of so many."), "tookMs": count("Milliseconds."),
        "parts": array(ref("Row"), "So far: `part`, `result` (good, bad, none), `text`; where bad also `next`.")}),
    "HeadList": listed({"type": "object", "description": "A line of heads.jsonl (protocol.md 7.12), as it is there."},
                       "The newest, some hundred."),
    "ProofList": listed({"type": "object", "description": "A line of proofs.jsonl, as it is there."},
                        "What left, when and why; the newest."),
}
