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
    "review_set_aside": ["coordinator"],
}

# ---- what answers to ADMIN tell: verb, part, who (o operator, a auditor, p privacy officer), names

CASES = "proposed accepted dismissed retracted merged precision_permille"
WAITING = "id ready ready_since_ms"
PROBLEMS, FILES = "file line column text", "name text"
COMPARED = [  # of a back-test and of a shadow
    ("row span", "from_ms until_ms whole_from_position whole_from_ms records rules_from_ms closed_cases median_ms differs"),
    ("row cases", "current candidate same new gone changed earlier later other_rules other_priority other_regisseur"),
    ("row signals", "current candidate current_regular candidate_regular current_regular_permille "
                    "candidate_regular_permille other_way refused"),
    ("row acts", "applied by_other already dropped dropped_no_case dropped_state others_dropped accepted_at_once "
                 "closed_by_age handed_over config_misfits"),
    ("row rule", "rule current candidate new gone changed current_told candidate_told"),
    ("row district", "district current candidate new gone changed current_told candidate_told"),
    ("row regisseur", "regisseur current candidate current_peak candidate_peak"),
    ("row week", "from_ms current candidate current_open candidate_open"),
    ("row sample", "difference household district priority current_rules current_opened_ms current_case "
                   "current_priority candidate_rules candidate_opened_ms signals"),
    ("row signal", "agency domain severity type occurred_ms position"),
]
ANSWERS = [
    ("status", "counters", "oa", """
        position_first position_stepped position_durable position_checkpoint position_config epoch log_time_ms
        clock_ahead_ms submitted accepted accepted_per_s duplicates refused refused_store_full acknowledgements ticks
        groups group_records_p50 group_records_max commit_us_p50 commit_us_p99 commit_us_max turn_us_p99 turn_us_max
        checkpoints checkpoint_failures checkpoint_bytes checkpoint_age_ms log_bytes log_bytes_limit households persons
        addresses signals cases cases_unassigned cases_offered cases_active overdue reviews timers guards_reached
        config_version proposals_open paused_rules silenced_agencies state_bytes sessions sessions_operators keys
        keys_expiring key_soonest_ms convenant_soonest_ms convenants_ended descriptors handshakes_admitted
        handshakes_refused frames_received frames_sent dropped_routing_id dropped_no_key dropped_many_parts
        dropped_revoked time_ms next_due_ms disk_bytes disk_free_bytes mail_waiting unassigned_since_ms duplicates_day
        refused_day rotation_running rotation_left erasure_waiting erasure_failed erasure_next_ms erasure_last_ms
        backup_stale"""),
    ("status", "texts", "oa", "state version municipality clock listen operators public_key"),
    ("reload", "counters", "o", "position proposal version"), ("reload", "problems", "o", PROBLEMS),
    ("reload", "files", "o", FILES), ("clock-advance", "counters", "o", "position"),
    ("backup", "counters", "o", "position"), ("checkpoint", "counters", "o", "position"),
    ("sessions", "sessions", "o", "session party_kind party_id client_name since_ms idle_ms frames_in frames_out "
                                  "unconfirmed undelivered"),
    ("mailboxes", "mailboxes", "o", "kind id acknowledged newest"),
    ("report", "counters", "o", "position_first position from_ms time_ms rows_left_out records_read took_ms"),
    ("report", "row cases", "o", WAITING + " urgent high normal oldest_case_ms load"),
    ("report", "row regisseur", "o", WAITING + " offered active overdue accept_by_ms oldest_case_ms load capacity "
                                               "hard_capacity absent"),
    ("report", "row service", "o", WAITING + " service regular asked in_time late overdue waiting taken withdrawn left "
                                             "in_time_permille"),
    ("report", "row coordinator", "o", WAITING), ("report", "row privacy_officer", "o", WAITING),
    ("report", "row total", "o", "open stuck"),
    ("report", "row case", "o", "case household state priority regisseur why next opened_ms moved_ms accept_by_ms "
                                "refusals plans attached"),
    ("report", "row rule", "o", "rule level current paused_until_ms evaluations holds matches watched " + CASES),
    ("report", "row rule_agency", "o", "rule agency " + CASES),
    ("report", "row agency", "o", WAITING + " " + CASES + """ agency rhythm silenced_until_ms convenant
        convenant_from_ms convenant_until_ms convenant_holds signals signals_day signals_week last_ms weeks_known
        expected_permille attached regular late withdrawn acts clock_behind_ms clock_ahead_ms sequenced sequence_missing
        duplicates refused later malformed unknown_source unknown_actor id_reused unknown_type type_not_allowed
        not_allowed wrong_municipality no_subject bad_bsn bad_address bad_severity future too_old unknown_signal
        unknown_case unknown_household wrong_state stale_revision held_back no_convenant"""),
    ("check", "row check", "oa", "check text next good records bad_position mailboxes"),
    ("propose", "counters", "o", "position proposal version"), ("propose", "problems", "o", PROBLEMS),
    ("propose", "files", "o", FILES), ("approve", "counters", "o", "position version key pause"),
    ("reject", "counters", "o", "position"), ("withdraw", "counters", "o", "position"),
    ("rollback", "counters", "o", "position proposal version"),
    ("proposals", "proposals", "oa", "number kind state author reason at_ms position decider verdict ended subject until "
                                     "against rollback_of made digest"),
    ("versions", "versions", "oa", "number digest position at ended author approver reason proposal rollback_of cases "
                                   "kept"),
    ("texts", "counters", "oap", "number"), ("texts", "files", "oap", FILES),
    ("pause", "counters", "o", "position proposal pause"),
    ("pauses", "pauses", "oa", "number kind subject author reason approver at_ms until_ms position ended ended_by "
                               "ended_why"),
    ("resume", "counters", "o", "position"),
    ("backtest-look", "counters", "o", "state done all took_ms rows_left_out"),
    ("shadow-look", "counters", "o", "state done all position lag took_ms rows_left_out"),
    *[(verb, part, "o", names) for verb in ("backtest-look", "shadow-look") for part, names in COMPARED],
    ("key-add", "counters", "o", "position proposal key"), ("key-rotate", "counters", "o", "position proposal key"),
    ("key-revoke", "counters", "o", "position key"), ("keys", "counters", "oa", "time_ms rows_left_out"),
    ("keys", "row key", "oa", "number party state public_key replaced in author approver reason ended_by ended_why "
                              "position ended_position proposal at_ms from_ms until_ms ended_ms overlap_ms"),
    ("verify-look", "counters", "oa", "running ever position position_last took_ms"),
    ("verify-look", "row part", "oa", "part result text file next offset record head"), ("heads", "files", "oa", FILES),
    ("audit", "counters", "ap", "position"),
    ("audit-look", "counters", "ap", "running end position_first position position_last erased"),
    ("audit-look", "row trail", "ap", "kind at_ms position by to what household other case signal parts reason traceparent "
                                      "since_ms until_ms"),
    ("audit-look", "row trail", "p", "source id"),  # what an agency chose
    ("logboek-look", "counters", "ap", "running end position_first position position_last"),
    ("logboek-look", "row logboek", "ap", "trace_id operation_id parent_operation_id name activity municipality subject "
                                          "position status_code start_ms end_ms"),
    ("erase", "counters", "o", "position"),
    ("erase-look", "counters", "oa", "sealed waiting erased generation keys kept_messages runs last_ms last_kept "
                                     "last_dropped next_ms position position_last backup_generation backup_stale carried "
                                     "failures"),
    ("erase-look", "texts", "oa", "step failed escrow"), ("proofs", "files", "oa", FILES),
    ("rotate", "counters", "o", "position"),
    ("rotate-look", "counters", "oa", "running waits finishing position_begun position_ended members members_before signals "
                                      "signals_before acts acts_before others_before guards_before"),
    ("rotate-look", "texts", "oa", "state"), ("rotate-finish", "counters", "o", "position"),
    ("lint", "counters", "o", "fit errors warnings notes tests_passed tests_failed clauses clauses_tried rows_left_out"),
    ("lint", "row problem", "o", "file line column severity code text subject expected meant advice test allowed"),
    ("lint", "files", "o", FILES), ("sentences", "counters", "oap", "number"), ("sentences", "files", "oap", FILES),
]
LETTERS = {"o": "operator", "a": "auditor", "p": "officer"}
TOLD = {}  # (verb, "part name"): the roles that are told it
for _verb, _part, _who, _names in ANSWERS:
    for _name in _names.split():
        TOLD.setdefault((_verb, _part + " " + _name), set()).update(LETTERS[w] for w in _who)

# What can be asked with a name alone, with what it must tell here: a part, or of it these names.
ASKED = [
    ("status", ["status"], ["counters", "texts"]), ("sessions", ["sessions"], ["sessions session", "sessions party_id"]),
    ("mailboxes", ["mailboxes"], ["mailboxes kind", "mailboxes id", "mailboxes newest"]),
    ("report", ["report queues"], ["counters position", "row cases id", "row cases urgent", "row regisseur offered",
                                   "row regisseur capacity", "row service waiting", "row coordinator id",
                                   "row privacy_officer ready", "row agency id"]),
    ("report", ["report cases"], ["row total", "row case case", "row case household", "row case why"]),
    ("report", ["report follow-up"], ["row service service", "row service asked"]),
    ("report", ["report rules"], ["row rule rule", "row rule evaluations", "row rule_agency agency", "row agency agency"]),
    ("report", ["report agencies"], ["row agency rhythm", "row agency signals", "row agency refused"]),
    ("check", ["check"], ["row check check", "row check text", "row check good"]), ("checkpoint", ["checkpoint"], ["counters"]),
    ("proposals", ["#25"], []), ("versions", ["#26"], ["versions number", "versions position"]),
    ("texts", ["#27"], ["counters", "files"]), ("pauses", ["#29"], []),
    ("backtest-look", ["#32"], ["counters"]), ("shadow-look", ["#36"], ["counters"]),
    ("keys", ["#43"], ["counters", "row key party", "row key state", "row key public_key", "row key in"]),
    ("verify-look", ["#50", "#51"], ["counters", "row part part", "row part result", "row part text"]),
    ("audit-look", ["#53", "#54"], ["counters", "row trail kind", "row trail by", "row trail to", "row trail what",
                                    "row trail household", "row trail case", "row trail signal", "row trail parts",
                                    "row trail reason", "row trail traceparent", "row trail source",
                                    "row trail id"]),
    ("logboek-look", ["#55", "#56"], ["counters", "row logboek name", "row logboek position", "row logboek trace_id",
                                        "row logboek status_code", "row logboek activity"]), ("erase-look", ["#61"], ["counters", "texts"]),
    ("erase", ["#60"], ["counters"]), ("proofs", ["#62"], []), ("rotate-look", ["#71"], ["counters", "texts"]),
]

# ---- verbs of ADMIN by number: of operators, and which of them auditors have too; the audit is for those who oversee

OPERATE = {
    "reload": 2, "clock-advance": 3, "backup": 4, "checkpoint": 5, "sessions": 6, "mailboxes": 7, "drain": 8,
    "undrain": 9, "stop": 10, "report": 11, "propose": 20, "approve": 21, "reject": 22, "withdraw": 23,
    "rollback": 24, "pause": 28, "resume": 30, "backtest": 31, "backtest-look": 32, "backtest-stop": 33,
    "shadow-start": 34, "shadow-stop": 35, "shadow-look": 36, "key-add": 40, "key-rotate": 41, "key-revoke": 42,
    "erase": 60, "rotate": 70, "rotate": 70, "rotate-finish": 72, "rotate-finish": 72, "lint": 80,
}
LOOK = {  # operators and auditors
    "status": 1, "check": 12, "proposals": 25, "versions": 26, "pauses": 29, "keys": 43, "verify": 50,
    "verify-look": 51, "heads": 52, "erase-look": 61, "proofs": 62, "rotate-look": 71, "rotate-look": 71,
}
OVERSEE = {"audit": 53, "audit-look": 54, "logboek": 55, "logboek-look": 56}  # auditors and privacy officers
SHOWN = {"texts": 27, "sentences": 81}  # operators, auditors and privacy officers
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
