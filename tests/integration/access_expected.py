"""What each role may do and see, written by hand and apart from the table of the broker: a wrong row fails here.

A cell is an error code, or the name of a set of fields. Roles: agency (the school), regisseur (Anna), service
(jeugdteam), coordinator, officer (of privacy), operator, auditor.
"""

ROLES = ["agency", "regisseur", "service", "coordinator", "officer", "operator", "auditor"]
W, N = "wrong_role", "not_found"


def cells(*values):
    assert len(values) == len(ROLES)
    return dict(zip(ROLES, values))


# ---- fields of answers: everything in the world of access_test.py that is not empty or false

LASTING = {"case_id", "household", "state", "priority", "revision", "regisseur", "since_ms", "rules", "version", "district",
           "person_total", "address_total"}
CASE = LASTING | {"signal_total", "agency_total"}  # while it is open
PLANNED = CASE | {"plan_revision"}
NAME = {"name.source", "name.id"}
FACTS = NAME | {"type", "agency", "at_ms", "occurred_at_ms"}
TERMS = {"severity", "domain"}
CONTENT = {"persons.handle", "persons.bsn", "persons.role", "address.handle", "address.bag", "address.buurt", "detail"}
PLACE = {"household", "case_id"}
MEMBERS = {"persons.handle", "addresses.handle"}
NUMBERS = MEMBERS | {"persons.bsn", "addresses.bag"}
HOUSEHOLD = {"household", "district", "open_case", "signals"}
LONE = {"household", "district", "signals"}  # without an open case


def under(prefix, names):
    return {prefix + "." + n for n in names}


def case(head, listed=()):
    return under("cases", set(head) | under("signals", listed))


NOTES = under("notes", {"at_ms", "by_kind", "by", "to_kind", "to", "signal.source", "signal.id", "text"})
GOALS = {"goals.domain", "goals.text", "goals.owner", "goals.due_ms", "goals.state"}

AWAY = under("absences", {"from_ms", "to_ms", "by_kind", "by"})
SETS = {
    "status": under("status", {"party_kind", "party_id"}),
    "status of a reader": under("status", {"party_kind", "party_id", "acknowledged", "newest"}),
    "status of a regisseur": under("status", {"party_kind", "party_id", "acknowledged", "newest", "load", "capacity",
                                              "hard_capacity"} | AWAY),
    # cases
    "held case": case(PLANNED | GOALS | NOTES, FACTS | TERMS | CONTENT),
    "held case in a list": case(PLANNED | GOALS),
    "known case": case(PLANNED, FACTS | TERMS),
    "numbered case": case(PLANNED, NAME),
    "offered case by glass": case(CASE | {"accept_by"}, FACTS | TERMS | CONTENT),
    "known offered case": case(CASE | {"accept_by"}, FACTS | TERMS),
    "numbered offered case": case(CASE | {"accept_by"}, NAME),
    "ended case with its end": case(LASTING | {"ended", "ended_with"}),
    "ended case": case(LASTING | {"ended"}),
    "unassigned case": case(CASE - {"regisseur"}, FACTS | TERMS),
    "unassigned case in a list": case(CASE - {"regisseur"}),
    # signals
    "sent signal": under("signals", FACTS | {"leaves_at_ms"}),
    "held signal": under("signals", FACTS | TERMS | CONTENT | PLACE | NOTES),
    "sent signal with notes": under("signals", FACTS | {"leaves_at_ms", "regisseur"} | NOTES),
    "routed signal with notes": under("signals", FACTS | TERMS | CONTENT | {"service", "regisseur"} | NOTES),
    "routed signal": under("signals", FACTS | TERMS | CONTENT | {"service"}),
    "signal in care": under("signals", FACTS | TERMS | PLACE | {"service"}),
    "lone signal in care": under("signals", FACTS | TERMS | {"household", "service"}),
    "overdue signal": under("signals", FACTS | TERMS | {"household", "service", "overdue"}),
    "signal by glass": under("signals", FACTS | TERMS | CONTENT | PLACE),
    "signal and notes by glass": under("signals", FACTS | TERMS | CONTENT | PLACE | NOTES),
    "signal by glass, and where it went": under("signals", FACTS | TERMS | CONTENT | PLACE | NOTES | {"service"}),
    "lone signal by glass": under("signals", FACTS | TERMS | CONTENT | {"household"}),
    "lone signal by glass, and where it went": under("signals", FACTS | TERMS | CONTENT | {"household", "service"}),
    # households
    "household with numbers": under("households", HOUSEHOLD | NUMBERS),
    "lone household with numbers": under("households", LONE | NUMBERS),
    "household with members": under("households", HOUSEHOLD | MEMBERS),
    "lone household with members": under("households", LONE | MEMBERS),
    "household": under("households", HOUSEHOLD),
    "lone household": under("households", LONE),
    # the rest
    "legal holds": under("rights", {"number", "kind", "state", "household", "at_ms", "author", "case_id"}),
    "what residents asked": under("rights", {"number", "kind", "state", "household", "signal.source", "signal.id", "at_ms",
                                             "due", "author", "case_id"}),
    "reviews": under("reviews", {"household", "other"}),
    "regisseurs": under("regisseurs", {"id", "load", "capacity", "hard_capacity", "districts", "expertise"} | AWAY),
}
SETS["everything of a coordinator's inbox"] = (SETS["unassigned case in a list"] | SETS["overdue signal"] |
                                               SETS["reviews"])
EXPLAINED = under("explanation", {
    "position", "config_position", "at_ms", "household", "case_id", "district", "person_count", "address_count",
    "signal_count", "open_case", "version"}) | under("explanation.signals", {
        "name.source", "name.id", "position", "type", "agency", "domain", "purpose", "occurred_at_ms", "until_ms",
        "leaves_at_ms", "severity", "case_id", "service"}) | under("explanation.cases", {
            "case_id", "state", "priority", "regisseur", "revision", "opened_position", "config_position", "opened_at_ms",
            "rules", "version", "signals.source", "signals.id"})
SETS["explanation"] = EXPLAINED  # besides rules, candidates and dues, which say nothing of persons

TYPES = under("directory.types", {"type", "domain", "kind", "severity", "agencies"}) | under("directory.domains", {
    "domain", "area"})
SERVICES = under("directory.services", {"id", "domains", "all"})
PEOPLE = under("directory.agencies", {"id", "kind"}) | under("directory.regisseurs", {"id", "districts", "everywhere",
                                                                                       "expertise"})
SETS["types"], SETS["types and services"] = TYPES, TYPES | SERVICES
SETS["directory"] = TYPES | SERVICES | PEOPLE

# ---- queries: what is asked of which thing, without and with a broken glass

QUERIES = {
    ("status", ""): cells("status of a reader", "status of a regisseur", "status of a reader", "status of a reader",
                          "status of a reader", "status", "status"),
    ("case", "held"): cells(W, "held case", W, "known case", W, "numbered case", W),
    ("case", "other"): cells(W, N, W, "known offered case", W, "numbered offered case", W),
    ("case", "ended"): cells(W, "ended case with its end", W, "ended case", W, "ended case", W),
    ("case", "unassigned"): cells(W, N, W, "unassigned case", W, None, W),
    ("case", "none"): cells(W, N, W, N, W, N, W),
    # the first of a case went to a service before there was one
    ("signal", "sent, held"): cells("sent signal with notes", "held signal", "routed signal with notes", N, W, W, W),
    ("signal", "of others"): cells(N, N, N, N, W, W, W),
    ("signal", "routed"): cells("sent signal", N, "routed signal", "lone signal in care", W, W, W),
    ("signal", "unassigned"): cells("sent signal", N, "routed signal", "signal in care", W, W, W),
    ("signal", "overdue"): cells("sent overdue", N, "routed overdue", "overdue signal", W, W, W),
    ("signal", "none"): cells(N, N, N, N, W, W, W),
    ("household", "held"): cells(W, "household with numbers", W, N, "household", W, W),
    ("household", "other"): cells(W, N, W, N, "household", W, W),
    ("household", "unassigned"): cells(W, N, W, "household with members", "household", W, W),
    ("household", "review"): cells(W, N, W, "lone household with numbers", "lone household", W, W),
    ("household", "none"): cells(W, N, W, N, N, W, W),
    ("inbox", "all"): cells(W, "held case in a list", W, "everything of a coordinator's inbox", W, W, W),
    ("inbox", "cases"): cells(W, "held case in a list", W, "unassigned case in a list", W, W, W),
    ("inbox", "overdue"): cells(W, W, W, "overdue signal", W, W, W),
    ("inbox", "reviews"): cells(W, W, W, "reviews", W, W, W),
    ("regisseurs", ""): cells(W, W, W, "regisseurs", W, "regisseurs", W),
    ("explain", "held"): cells(W, "explanation", W, W, W, "explanation", W),
    ("explain", "other"): cells(W, N, W, W, W, None, W),
    ("try", ""): cells(W, W, W, W, W, "lines", W),
    ("requests", ""): cells(W, W, W, "legal holds", "what residents asked", W, W),
    ("person", "held"): cells(W, W, W, W, W, W, W),
    ("directory", ""): cells("types", "directory", "types and services", "directory", "directory", "directory", W),
}
SETS["nobody"] = set()
SETS["sent overdue"] = SETS["sent signal"] | {"signals.overdue"}
SETS["routed overdue"] = SETS["routed signal"] | {"signals.overdue"}
for how in ("signal by glass", "signal by glass, and where it went", "lone signal by glass, and where it went"):
    SETS[how.replace("by glass", "to an officer")] = SETS[how] | {"signals.leaves_at_ms"}
GLASS = {
    ("status", ""): cells(W, W, W, W, W, W, W),
    ("case", "held"): cells(W, "held case", W, "held case", "held case", W, W),
    ("case", "other"): cells(W, "offered case by glass", W, "offered case by glass", "offered case by glass", W, W),
    ("case", "ended"): cells(W, "ended case with its end", W, "ended case with its end", "ended case with its end", W, W),
    ("case", "none"): cells(W, N, W, N, N, W, W),
    ("signal", "sent, held"): cells(W, "signal and notes by glass", W, "signal by glass, and where it went",
                                    "signal to an officer, and where it went", W, W),
    ("signal", "of others"): cells(W, "signal by glass", W, "signal by glass", "signal to an officer", W, W),
    ("signal", "routed"): cells(W, "lone signal by glass", W, "lone signal by glass, and where it went",
                                "lone signal to an officer, and where it went", W, W),
    ("household", "held"): cells(W, "household with numbers", W, "household with numbers", "household with numbers", W, W),
    ("household", "other"): cells(W, "household with numbers", W, "household with numbers", "household with numbers", W, W),
    ("household", "review"): cells(W, "lone household with numbers", W, "lone household with numbers",
                                   "lone household with numbers", W, W),
    ("inbox", "all"): cells(W, W, W, W, W, W, W),
    ("regisseurs", ""): cells(W, W, W, W, W, W, W),
    ("explain", "held"): cells(W, W, W, W, W, W, W),
    ("try", ""): cells(W, W, W, W, W, W, W),
    ("requests", ""): cells(W, W, W, W, W, W, W),
    ("directory", ""): cells(W, W, W, W, W, W, W),
    ("person", "held"): cells(W, W, W, W, "household with numbers", W, W),
    ("person", "unknown"): cells(W, W, W, W, "nobody", W, W),
}

# ---- frames and mailboxes: "yes", or the code that refuses

FRAMES = {
    "hello": cells("yes", "yes", "yes", "yes", "yes", "yes", "yes"),
    "publish": cells("yes", "yes", "yes", "yes", "yes", W, W),
    "subscribe": cells("yes", "yes", "yes", "yes", "yes", N, W),  # none is named: an operator has none
    "credit": cells("yes", "yes", "yes", "yes", "yes", "yes", W),
    "ack": cells("yes", "yes", "yes", "yes", "yes", W, W),
    "read": cells("yes", "yes", "yes", "yes", "yes", "yes", "yes"),
    "decisions": cells(W, W, W, W, W, "yes", W),
    "admin": cells(W, W, W, W, "yes", "yes", "yes"),  # which verb is judged below
    "ping": cells("yes", "yes", "yes", "yes", "yes", "yes", "yes"),
    "pong": cells("yes", "yes", "yes", "yes", "yes", "yes", "yes"),
    "bye": cells("yes", "yes", "yes", "yes", "yes", "yes", "yes"),
}
MAILBOXES = {  # whose, and the name of one: another's of the kind is not_found to those of the kind
    "agency": ("politie", cells(N, N, N, N, N, "yes", W)),
    "regisseur": ("r-bram", cells(N, N, N, N, N, "yes", W)),
    "service": ("wijkteam", cells(N, N, N, N, N, "yes", W)),
    "coordinator": ("c-kees", cells(N, N, N, N, N, "yes", W)),
    "privacy_officer": ("p-mia", cells(N, N, N, N, N, N, W)),
}

# ---- acts: who may do it at all; everybody else gets not_allowed, and who cannot publish wrong_role

OFFICER, BOTH = ["officer"], ["officer", "coordinator"]
ACTS = {
    "signal_withdrawn": ["agency"], "signal_ended": ["agency"], "feedback": ["service"], "case_accepted": ["regisseur"],
    "case_declined": ["regisseur"], "case_dismissed": ["regisseur", "coordinator"], "case_assigned": ["coordinator"],
    "handover_offered": ["regisseur"], "handover_accepted": ["regisseur"], "case_escalated": ["regisseur"],
    "plan_set": ["regisseur"], "case_closed": ["regisseur"], "household_merged": ["coordinator"],
    "household_split": ["coordinator"], "person_moved": [],  # of a registry only: the school is none
    "erased": OFFICER, "conflict_declared": ["regisseur"] + BOTH, "conflict_lifted": BOTH, "objected": OFFICER,
    "objection_decided": OFFICER, "restricted": OFFICER, "restriction_lifted": OFFICER, "erasure_requested": OFFICER,
    "erasure_request_withdrawn": OFFICER, "hold_placed": BOTH, "hold_confirmed": BOTH, "hold_lifted": BOTH,
    "rectification_requested": OFFICER, "person_erased": OFFICER,
    "note_sent": ["regisseur"], "note_answered": ["agency", "service"],
    "absence_set": ["regisseur", "coordinator"], "absence_lifted": ["regisseur", "coordinator"],
}

# ---- verbs of ADMIN by number: of operators, and which of them auditors have too; the audit is for those who oversee

OPERATE = {
    "reload": 2, "clock-advance": 3, "backup": 4, "checkpoint": 5, "sessions": 6, "mailboxes": 7, "drain": 8,
    "undrain": 9, "stop": 10, "report": 11, "propose": 20, "approve": 21, "reject": 22, "withdraw": 23,
    "rollback": 24, "pause": 28, "resume": 30, "backtest": 31, "backtest-look": 32, "backtest-stop": 33,
    "shadow-start": 34, "shadow-stop": 35, "shadow-look": 36, "key-add": 40, "key-rotate": 41, "key-revoke": 42,
    "erase": 60, "rotate": 70, "rotate": 70, "rotate-finish": 72, "rotate-finish": 72,
}
LOOK = {  # operators and auditors
    "status": 1, "check": 12, "proposals": 25, "versions": 26, "pauses": 29, "keys": 43, "verify": 50,
    "verify-look": 51, "heads": 52, "erase-look": 61, "proofs": 62, "rotate-look": 71, "rotate-look": 71,
}
OVERSEE = {"audit": 53, "audit-look": 54, "logboek": 55, "logboek-look": 56}  # auditors and privacy officers
SHOWN = {"texts": 27}  # operators, auditors and privacy officers
VERBS = {name: (number, ["operator"]) for name, number in OPERATE.items()}
VERBS.update({name: (number, ["operator", "auditor"]) for name, number in LOOK.items()})
VERBS.update({name: (number, ["auditor", "officer"]) for name, number in OVERSEE.items()})
VERBS.update({name: (number, ["operator", "auditor", "officer"]) for name, number in SHOWN.items()})

# ---- messages by kind, as who they are for gets them, and as an operator sees them who looks

HEAD = {"seq", "at_ms", "kind", "position"}
SIGNAL = {"signal.source", "signal.id"}
MESSAGES = {
    "agency": {"regisseur_known": HEAD | {"case_id", "regisseur"}, "feedback": HEAD | SIGNAL | {"result"},
               "match": HEAD | {"agencies"}, "rectification_requested": HEAD | SIGNAL | {"result"},
               "note": HEAD | SIGNAL | {"result", "regisseur"}},
    "regisseur": {"case_offered": HEAD | {"case_id"}, "signal_attached": HEAD | SIGNAL | {"case_id", "traceparent"},
                  "note_answered": HEAD | SIGNAL | {"case_id", "result", "by_kind", "by"}},
    "service": {"regular_signal": HEAD | SIGNAL, "note": HEAD | SIGNAL | {"result", "regisseur"}},
    "coordinator": {"needs_regisseur": HEAD | {"case_id"}, "review": HEAD | {"household", "other"},
                    "overdue": HEAD | SIGNAL | {"household"}, "not_accepted": HEAD | {"case_id", "regisseur"}},
    "officer": {"break_glass": HEAD | {"case_id", "household", "by_kind", "by", "reason"}},
}
LOOKED_AT = {
    "feedback": HEAD | SIGNAL, "regisseur_known": HEAD | {"case_id", "regisseur"}, "match": HEAD | {"agencies"},
    "signal_attached": HEAD | SIGNAL | {"case_id"}, "overdue": HEAD | SIGNAL | {"household"},
    "review": HEAD | {"household", "other"}, "rectification_requested": HEAD | SIGNAL,
    "note": HEAD | SIGNAL | {"regisseur"}, "note_answered": HEAD | SIGNAL | {"case_id", "by_kind", "by"},
}
