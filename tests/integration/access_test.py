#!/usr/bin/env python3
"""Every cell of who may do and see what, against a running broker: role by what is asked or done by own and other's.

The cells are those of the broker's own table (`voordeur access --json`), each judged by access_expected.py, which is
written apart. Then: what is looked at is in the log before it is shown, a broken glass is told to privacy officers,
and operators who look at real persons see tokens.
"""

import calendar
import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import access_expected as expected  # noqa: E402
from broker import BSNS, BUILD, PARTIES, TOWN, Broker  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
CATALOGUE = """\
domains: {education: youth, safety: youth, care: youth}
types:
  test.verzuim.v1: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 365d, retain: 730d,
                    purpose: youth, legal_basis: X}
  test.overleg.v1: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 365d, retain: 730d,
                    purpose: youth, legal_basis: X, follow_up: 1d}
  test.opschool.v1: {domain: education, agencies: [police], severity: 3, kind: event, counts_for: 365d, retain: 730d,
                     purpose: youth, legal_basis: X}
  test.melding.v1: {domain: safety, agencies: [police], severity: 3, kind: event, counts_for: 365d, retain: 730d,
                    purpose: safety, legal_basis: X}
"""
RULES = """\
rules:
  - {id: two-domains, text: two life domains, level: case, priority: normal, purposes: [youth, safety],
     at_least: {domains: 2}}
  - {id: two-agencies, text: two agencies, level: coordinate, purposes: [youth], at_least: {agencies: 2}}
"""
NAMES = {"agency": "agency:school", "regisseur": "regisseur:r-anna", "service": "service:jeugdteam",
         "coordinator": "coordinator:c-piet", "officer": "privacy_officer:p-els", "operator": "operator:beheer",
         "auditor": "auditor:rekenkamer"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
REASON = "a_neighbour_called_in_the_night"
HALF_PAST_MIDNIGHT_MS = calendar.timegm((2026, 3, 2, 0, 30, 0)) * 1000
MONTH = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
NOTE = "the child sat in the dark"
WORDS = "help has begun at home"  # of a service; nobody but the agency reads it


class Town(Broker):
    """The world of the cells. Log time comes from the events."""

    def __init__(self, **options):
        parties = PARTIES + ["auditor:rekenkamer", "privacy_officer:p-mia", "coordinator:c-kees"]
        town = TOWN.replace("[c-piet]", "[c-piet, c-kees]").replace("[p-els]", "[p-els, p-mia]").replace(
            'r-anna, districts: ["*"]', "r-anna, districts: [BU990101], expertise: [education]")
        limits = "sessions_per_key: 500, sessions: 2000, operator_sessions: 500, heartbeat: 60s"
        super().__init__(parties=parties, town=town, arguments=["--clock", "event"], limits=limits, **options)
        self.write("config/catalogue.yaml", CATALOGUE)
        self.write("config/rules.yaml", RULES)
        self.said, self.minute, self.things = {}, 0, {}

    def peer_of(self, party):
        if party not in self.said:
            self.said[party] = self.session(party)
        return self.said[party]

    def time(self):
        self.minute += 1
        return "2026-03-%02dT%02d:%02d:00Z" % (2 + self.minute // 1440, self.minute % 1440 // 60, self.minute % 60)

    def event(self, source, kind, event_id, envelope=(), **data):
        at = self.time()
        return json.dumps({"specversion": "1.0", "id": event_id, "source": source, "type": kind, "time": at,
                           **dict(envelope), "data": {"municipality": "GM9901", **data}}, separators=(",", ":"))

    def signal(self, agency, kind, event_id, people, envelope=(), **data):
        home = {"bag": "99012000%08d" % people[0], "buurt": "BU99010101"}
        event = self.event("urn:test:" + agency, kind, event_id, envelope, severity=3, detail="words about " + event_id,
                           persons=[{"bsn": BSNS[p], "role": "youth"} for p in people], address=home, **data)
        self.accepted("agency:" + agency, event)

    def act(self, party, name, **data):
        source = "urn:test:" + party.split(":")[1] if party.startswith("agency:") else "urn:voordeur:" + party
        return self.event(source, "nl.voordeur.%s.v1" % name, "act-%d" % self.minute, **data)

    def accepted(self, party, event):
        verdict = self.peer_of(party).verdict(event)
        assert verdict == "accepted", (party, event, verdict)

    def does(self, party, name, **data):
        self.accepted(party, self.act(party, name, **data))

    def build(self):
        anna, bram = "regisseur:r-anna", "regisseur:r-bram"
        for number, person in enumerate((0, 1, 2, 3)):  # C1 to C4
            letter = "abcd"[number]
            self.signal("school", "test.verzuim.v1", "s-%s1" % letter, [person])
            self.signal("politie", "test.melding.v1", "p-%s1" % letter, [person])
            case = "C%d" % (number + 1)
            if number == 0:  # Anna's, with a plan and a signal that came later
                self.does(anna, "case_accepted", case=case)
                self.does(anna, "plan_set", case=case, revision=1, goals=[
                    {"domain": "education", "text": "back to school", "owner": "school", "due": "2026-09-01T00:00:00Z",
                     "state": "open"}])
                self.does(anna, "note_sent", case=case, agency="school", text=NOTE)
                self.does(anna, "note_sent", case=case, service="jeugdteam", text=NOTE)
                self.does("agency:school", "note_answered", signal="s-a1", text=NOTE)
                self.signal("school", "test.verzuim.v1", "s-a2", [person], {"traceparent": TRACE}.items())
            elif number == 2:  # nobody's
                self.does(anna, "case_declined", case=case, reason="too many")
                self.does(bram, "case_declined", case=case, reason="too many")
            elif number == 3:  # Anna's, that ended
                self.does(anna, "case_accepted", case=case)
                self.does(anna, "case_closed", case=case, outcome="school and home speak again")
        self.signal("school", "test.verzuim.v1", "s-e1", [4])
        self.signal("school", "test.verzuim.v1", "s-f1", [5])
        self.signal("school", "test.verzuim.v1", "s-g1", [4, 5])  # may be one
        self.signal("school", "test.overleg.v1", "s-o1", [6])  # nobody will answer
        self.signal("school", "test.verzuim.v1", "s-m1", [7])
        self.signal("politie", "test.opschool.v1", "p-m1", [7])  # match
        self.does("service:jeugdteam", "feedback", signal="s-f1", result=WORDS)
        self.does("privacy_officer:p-els", "rectification_requested", signal="s-f1", agency="school",
                  correction="it was another day")
        self.does("privacy_officer:p-els", "hold_placed", household="H2", reason="a judge asked for it")
        self.does("coordinator:c-piet", "absence_set", regisseur="r-anna", **MONTH)
        self.peer_of("operator:beheer").admin("advance 2026-03-03T12:00:00Z")
        self.minute = 1440 + 720
        glass = self.peer_of("regisseur:r-bram").read("case case=1 glass=" + REASON + " trace=" + TRACE)
        assert glass["error"] == "ok", glass
        self.find()
        return self

    def find(self):
        """Numbers of households, as a coordinator may know them."""
        piet = self.peer_of("coordinator:c-piet")
        households = {c: piet.read("case case=%d" % c)["cases"][0]["household"] for c in (1, 2, 3, 4)}
        review = piet.read("inbox list=3")["reviews"][0][0]
        self.things = {
            ("status", ""): "status", ("regisseurs", ""): "regisseurs", ("requests", ""): "requests", ("directory", ""): "directory",
            ("case", "held"): "case case=1", ("case", "other"): "case case=2", ("case", "unassigned"): "case case=3",
            ("case", "ended"): "case case=4", ("case", "none"): "case case=99",
            ("signal", "sent, held"): "signal id=s-a1", ("signal", "of others"): "signal id=p-b1",
            ("signal", "routed"): "signal id=s-e1", ("signal", "unassigned"): "signal id=s-c1",
            ("signal", "overdue"): "signal id=s-o1", ("signal", "none"): "signal id=s-none",
            ("household", "held"): "household household=%d" % households[1],
            ("household", "other"): "household household=%d" % households[2],
            ("household", "unassigned"): "household household=%d" % households[3],
            ("household", "review"): "household household=%d" % review, ("household", "none"): "household household=999",
            ("inbox", "all"): "inbox", ("inbox", "cases"): "inbox list=1", ("inbox", "overdue"): "inbox list=2",
            ("inbox", "reviews"): "inbox list=3",
            ("person", "held"): "person bsn=" + BSNS[0], ("person", "unknown"): "person bsn=" + BSNS[1000],
            ("explain", "held"): "explain case=1", ("explain", "other"): "explain case=2",
            ("try", ""): "try event=" + self.event("urn:test:school", "test.verzuim.v1", "t-1",
                                                   persons=[{"bsn": BSNS[0], "role": "youth"}]),
        }


def fields_of(answer):
    """What an answer tells, but for its own head, and what explanations say of rules and regisseurs."""
    heads = ("", "request", "error", "position", "at_ms", "resume", "text")
    beside = re.compile(r"explanation\.(rules|candidates|dues|assigned|assigned_by)")
    return {f for f in answer["fields"] if f not in heads and not beside.match(f)}


class Cells(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Town().__enter__()
        cls.broker.build()
        table = subprocess.run([VOORDEUR, "access", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
        cls.table = json.loads(table)

    @classmethod
    def tearDownClass(cls):
        status = cls.broker.stop()
        cls.broker.__exit__(None, None, None)
        assert status == 0, status

    def rows(self, area):
        return [r["name"] for r in self.table["verbs"] if r["area"] == area]

    def fresh(self, role):
        return self.broker.session(NAMES[role])

    # ---- frames, mailboxes, verbs

    def test_1_frames(self):
        frames = {"hello": ("", None), "publish": ("publish {}", "confirm"), "subscribe": ("subscribe 5", "acked"),
                  "credit": ("credit 1 0 5\nping 1", "pong"), "ack": ("ack 0", "acked"), "read": ("read status", "answer"),
                  "decisions": ("decisions live 5\nping 1", "pong"), "admin": ("admin status", "result"),
                  "ping": ("ping 1", "pong"), "pong": ("frame 17\nping 1", "pong"), "bye": ("bye", None)}
        self.assertEqual(sorted(self.rows("frame")), sorted(expected.FRAMES), "every frame of the table is judged")
        sessions = {role: self.fresh(role) for role in expected.ROLES}
        for name in self.rows("frame"):  # "bye" is the last
            said, answer = frames[name]
            for role, want in expected.FRAMES[name].items():
                peer = sessions[role]
                if said:
                    peer.say(*said.split("\n"))
                if want != "yes":
                    self.assertEqual(peer.wait("error")["code"], want, "%s: %s" % (role, name))
                    peer.say("ping 7")
                    peer.wait("pong", where=lambda p: p["number"] == 7)
                elif answer:
                    peer.wait(answer)
                peer.kept.clear()

    def test_2_mailboxes(self):
        self.assertEqual(sorted(self.rows("mailbox")), sorted(expected.MAILBOXES))
        for kind, (other, cells) in expected.MAILBOXES.items():
            for role, want in cells.items():
                peer = self.fresh(role).say("mailbox %s %s 5" % (kind, other))
                got = "yes" if want == "yes" and peer.wait("acked") else peer.wait("error")["code"]
                self.assertEqual(got, want, "%s looks at another's mailbox, %s" % (role, kind))
                peer.close()
        for role in ("agency", "regisseur", "service", "coordinator", "officer"):
            self.fresh(role).say("mailbox %s 5" % NAMES[role].replace(":", " ")).wait("acked")

    def test_3_verbs(self):
        sessions = {role: self.fresh(role) for role in expected.ROLES}
        for name in self.rows("verb"):
            row = next(r for r in self.table["verbs"] if r["area"] == "verb" and r["name"] == name)
            number, roles = expected.VERBS.get(name, (None, ["operator", "auditor", "officer"]))
            for role in expected.ROLES:
                what = "%s: %s" % (role, name)
                if role not in roles:
                    self.assertEqual(row[NAMES[role].split(":")[0]], "no", what)
                if number is None or (role == "operator" and name in ("stop", "drain", "clock-advance")):
                    continue
                peer = sessions[role].say("admin #%d" % number)
                if expected.FRAMES["admin"][role] == "yes":
                    result = peer.wait("result")
                    self.assertEqual(result["error"] == "wrong_role", role not in roles, "%s: %s" % (what, result))
                    self.assertNotEqual(result.get("text"), "there is no such verb", what)
                else:
                    self.assertEqual(peer.wait("error")["code"], "wrong_role", what)
        for peer in sessions.values():  # what they began to read is for others now
            peer.say("bye")

    # ---- what answers to ADMIN tell

    def test_3_what_answers_tell_is_judged_name_by_name(self):
        """The broker's own table against the list that is written apart, every verb, part, name and role."""
        table = {}
        for row in self.table["answers"]:
            for name in row["names"].split():
                roles = {role for role in expected.ROLES if row[NAMES[role].split(":")[0]] == "told"}
                self.assertLessEqual(roles, set(expected.VERBS[row["verb"]][1]), row)
                table.setdefault((row["verb"], row["part"] + " " + name), set()).update(roles)
        self.assertEqual(table, expected.TOLD)

    def told(self, peer, words):
        """All that the answers tell, looked at until nothing more is under way."""
        told, result, end = set(), {"error": "ok"}, False
        for word in words:
            while not end and result["error"] == "ok":
                result = peer.say("admin " + word).wait("result")
                for _ in range(2000):  # who read it before has said bye: the broker is about to hear it
                    if result["error"] != "busy":
                        break
                    result = peer.say("admin " + word).wait("result")
                told |= {t for t in result["told"] if t}
                for field in result["fields"]:
                    part, _, name = field.partition(".")
                    if name and part not in ("counters", "texts", "rows"):
                        told.add(part + " " + name)
                counters = result["counters"]
                end = word != words[-1] or (counters.get("running", 0) == 0 and counters.get("end", 1) == 1)
            end = False
        return result["error"], told

    def test_3_what_answers_tell_to_each_role(self):
        """On the running broker: a role is told what the list says, no name more, and what it says must be there is."""
        for role in expected.ROLES:
            if expected.FRAMES["admin"][role] != "yes":
                continue  # test_1
            for verb, words, must in expected.ASKED:
                peer = self.fresh(role)
                peer.say("fields")
                error, told = self.told(peer, words)
                peer.say("bye")
                what = "%s: %s" % (role, words)
                may = {name for (of, name), roles in expected.TOLD.items() if of == verb and role in roles}
                self.assertLessEqual(told, may, what)
                if role not in expected.VERBS[verb][1]:
                    self.assertEqual((error, told), ("wrong_role", set()), what)
                    continue
                self.assertEqual(error, "ok", what)
                wanted = {n for m in must for n in may if n == m or (m in ("counters", "texts", "files") and n.startswith(m))
                          or (m == "row total" and n.startswith("row total "))}
                self.assertLessEqual(wanted, told, what)

    # ---- messages

    def messages(self, peer, subscribe):
        peer.say("fields", subscribe)
        newest, got = peer.wait("acked")["newest"], []
        while not got or got[-1][0]["seq"] < newest:
            deliver = peer.wait("deliver")
            got += [(m, {f for f in fs if f}) for m, fs in zip(deliver["messages"], deliver["fields"])]
        return got

    def test_4_messages(self):
        for role, kinds in expected.MESSAGES.items():
            party, seen = NAMES[role], set()
            for message, fields in self.messages(self.fresh(role), "subscribe 500"):
                kind = message["kind"]
                if kind in kinds:
                    allowed = kinds[kind] - ({"case_id"} if message.get("case", 0) == 0 else set())
                    optional = {"traceparent"} if kind == "signal_attached" else set()
                    self.assertEqual(fields | optional, allowed | optional, "%s: %s" % (party, kind))
                    seen.add(kind)
            if role != "coordinator":  # nobody let an offer run out
                self.assertEqual(seen, set(kinds), party)
        for party in ("agency school", "regisseur r-anna", "service jeugdteam", "coordinator c-piet"):
            for message, fields in self.messages(self.fresh("operator"), "mailbox %s 500" % party):
                if message["kind"] in expected.LOOKED_AT:
                    self.assertLessEqual(fields, expected.LOOKED_AT[message["kind"]] | self.plain_to_operators(message),
                                         "operator: %s: %s" % (party, message["kind"]))

    def plain_to_operators(self, message):
        """In a demonstration operators see messages whole."""
        return {"result", "traceparent", "signal.source", "signal.id"}

    # ---- queries

    def test_5_queries(self):
        for role, party in NAMES.items():
            if role not in ("operator", "auditor"):
                self.fresh(role).say("ack 1").wait("acked", where=lambda a: a["up_to"] >= 1)
        self.judge(expected.QUERIES, "")

    def test_6_queries_with_a_broken_glass(self):
        self.judge(expected.GLASS, " glass=" + REASON)

    def judge(self, judged, besides):
        asked = {name for name, _ in judged}
        self.assertLessEqual(asked, set(self.rows("query")))
        for row in self.table["verbs"]:  # one that is not judged here is for those who oversee
            if row["area"] == "query" and row["name"] not in asked:
                self.assertEqual({row[role] for role in ("agency", "regisseur", "service")}, {"no"}, row["name"])
        for role in expected.ROLES:
            peer = self.fresh(role)
            peer.say("fields")
            for (name, which), cells in judged.items():
                want, what = cells[role], "%s: %s %s%s" % (role, name, which, besides)
                if want is None:
                    continue
                answer = peer.read(self.broker.things[name, which] + besides)
                if want == "lines":
                    self.assertEqual((answer["error"], len(answer["lines"]) > 0), ("ok", True), what)
                elif want in expected.SETS:
                    self.assertEqual(answer["error"], "ok", what)
                    self.assertEqual(fields_of(answer), expected.SETS[want], what)
                else:
                    self.assertEqual(answer["error"], want, what)
                    self.assertEqual(fields_of(answer), set(), what)
            peer.close()

    # ---- acts

    DATA = {
        "signal_withdrawn": {"signal": "s-none", "reason": "x"}, "signal_ended": {"signal": "s-none"},
        "feedback": {"signal": "s-none", "result": "x"}, "case_accepted": {"case": "C99"},
        "case_declined": {"case": "C99", "reason": "x"}, "case_dismissed": {"case": "C99", "reason": "x"},
        "case_assigned": {"case": "C99", "regisseur": "r-anna"}, "handover_offered": {"case": "C99", "to": "r-bram"},
        "handover_accepted": {"case": "C99"}, "case_escalated": {"case": "C99", "to": "x", "reason": "x"},
        "plan_set": {"case": "C99", "revision": 1, "goals": []}, "case_closed": {"case": "C99", "outcome": "x"},
        "household_merged": {"into": "H998", "from": "H999"}, "household_split": {"household": "H999", "persons": [BSNS[0]]},
        "person_moved": {"bsn": BSNS[0], "to": "9901200000000099"}, "erased": {"household": "H999"},
        "conflict_declared": {"regisseur": "r-anna", "household": "H999"},
        "conflict_lifted": {"regisseur": "r-anna", "household": "H999"},
        "objected": {"household": "H999", "reason": "x"},
        "objection_decided": {"household": "H999", "decision": "upheld", "reason": "x"},
        "restricted": {"household": "H999", "reason": "x"}, "restriction_lifted": {"household": "H999", "reason": "x"},
        "erasure_requested": {"household": "H999", "reason": "x"},
        "erasure_request_withdrawn": {"household": "H999", "reason": "x"},
        "hold_placed": {"household": "H999", "reason": "x"}, "hold_confirmed": {"household": "H999"},
        "hold_lifted": {"household": "H999", "reason": "x"},
        "rectification_requested": {"signal": "s-none", "correction": "x"},
        "person_erased": {"household": "H999", "bsn": BSNS[0]},
        "note_sent": {"case": "C99", "agency": "school", "text": "x"}, "note_answered": {"signal": "s-none", "text": "x"},
        "review_set_aside": {"household": "H998", "other": "H999"},
        "absence_set": {"regisseur": "r-none", **MONTH}, "absence_lifted": {"regisseur": "r-none", **MONTH},
    }

    def test_7_acts_of_a_role(self):
        """Of things that are not there: who may not do it at all hears so, everybody else that it is not there."""
        unknown = ("unknown_signal", "unknown_case", "unknown_household", "unknown_actor")
        sessions = {role: self.fresh(role) for role in expected.ROLES}
        for name in self.rows("act"):
            if name not in expected.ACTS:
                continue  # judged where it was made
            for role, party in NAMES.items():
                peer = sessions[role]
                if role in ("operator", "auditor"):
                    self.assertEqual(peer.say("publish {}").wait("error")["code"], "wrong_role", role)
                else:
                    verdict = peer.verdict(self.broker.act(party, name, **self.DATA[name]))
                    if role in expected.ACTS[name]:
                        self.assertIn(verdict, unknown, "%s: %s" % (role, name))
                    else:
                        self.assertEqual(verdict, "not_allowed", "%s: %s" % (role, name))

    def test_8_acts_on_what_is_anothers(self):
        broker = self.broker
        rows = (("regisseur:r-anna", "case_accepted", {"case": "C2"}, "unknown_case"),
                ("regisseur:r-anna", "case_declined", {"case": "C2", "reason": "x"}, "unknown_case"),
                ("regisseur:r-anna", "case_dismissed", {"case": "C2", "reason": "x"}, "unknown_case"),
                ("coordinator:c-piet", "case_dismissed", {"case": "C2", "reason": "x"}, "not_allowed"),
                ("regisseur:r-bram", "plan_set", {"case": "C1", "revision": 2, "goals": []}, "unknown_case"),
                ("regisseur:r-bram", "case_closed", {"case": "C1", "outcome": "x"}, "unknown_case"),
                ("regisseur:r-bram", "case_escalated", {"case": "C1", "to": "x", "reason": "x"}, "unknown_case"),
                ("regisseur:r-bram", "handover_offered", {"case": "C1", "to": "r-anna"}, "unknown_case"),
                ("agency:school", "signal_withdrawn", {"signal": "p-a1", "reason": "x"}, "unknown_signal"),
                ("service:jeugdteam", "feedback", {"signal": "p-m1", "result": "x", "agency": "politie"}, "accepted"),
                ("service:wijkteam", "feedback", {"signal": "s-e1", "result": "x", "agency": "school"}, "unknown_signal"),
                ("regisseur:r-bram", "note_sent", {"case": "C1", "agency": "school", "text": "x"}, "unknown_case"),
                ("regisseur:r-anna", "note_sent", {"case": "C2", "agency": "school", "text": "x"}, "unknown_case"),
                ("agency:school", "note_answered", {"signal": "p-a1", "text": "x"}, "unknown_signal"),
                ("service:wijkteam", "note_answered", {"signal": "s-a1", "text": "x"}, "unknown_signal"),
                ("regisseur:r-anna", "absence_set", {"regisseur": "r-bram", **MONTH}, "not_allowed"),
                ("regisseur:r-bram", "absence_lifted", {"regisseur": "r-anna", **MONTH}, "not_allowed"),
                # and on one's own
                ("regisseur:r-bram", "absence_set", {"regisseur": "r-bram", **MONTH}, "accepted"),
                ("regisseur:r-anna", "handover_offered", {"case": "C1", "to": "r-bram"}, "accepted"),
                ("regisseur:r-anna", "handover_accepted", {"case": "C1"}, "not_allowed"),
                ("regisseur:r-bram", "handover_accepted", {"case": "C1"}, "accepted"),
                ("regisseur:r-bram", "case_accepted", {"case": "C2"}, "accepted"),
                ("coordinator:c-piet", "case_dismissed", {"case": "C3", "reason": "x"}, "accepted"),
                ("service:jeugdteam", "feedback", {"signal": "s-e1", "result": "x", "agency": "school"}, "accepted"),
                ("agency:school", "signal_withdrawn", {"signal": "s-e1", "reason": "x"}, "accepted"))
        for party, name, data, want in rows:
            self.assertEqual(broker.peer_of(party).verdict(broker.act(party, name, **data)), want,
                             "%s: %s %s" % (party, name, data))
        # Anna held C1 and does no longer: what was hers is another's now.
        for question in ("held",):
            self.assertEqual(self.fresh("regisseur").read(broker.things["case", question])["error"], "not_found")
            self.assertEqual(self.fresh("regisseur").read(broker.things["household", question])["error"], "not_found")

    def test_9_a_conflict_of_interest_is_not_looked_through(self):
        broker, bram = self.broker, self.broker.peer_of("regisseur:r-bram")
        household = broker.things["household", "other"]
        number = household.split("=")[1]
        self.assertEqual(bram.read(household)["error"], "ok")
        broker.does("coordinator:c-piet", "conflict_declared", regisseur="r-bram", household="H" + number)
        for question in (household, "case case=2", "signal id=p-b1"):
            for besides in ("", " glass=" + REASON):
                answer = bram.read(question + besides)
                self.assertEqual(answer["error"], "not_found", question + besides)



class Views(unittest.TestCase):
    def test_what_is_looked_at_is_in_the_log_first(self):
        with Town() as broker:
            broker.build()
            operator = broker.peer_of("operator:beheer")

            def durable():
                return operator.admin("status")["counters"]["position_durable"]

            rows = (("regisseur:r-anna", ("case", "held"), 1), ("regisseur:r-anna", ("case", "other"), 0),
                    ("regisseur:r-anna", ("inbox", "all"), 1), ("service:jeugdteam", ("signal", "routed"), 1),
                    ("coordinator:c-piet", ("inbox", "overdue"), 1), ("coordinator:c-piet", ("household", "review"), 1), ("privacy_officer:p-els", ("household", "held"), 1),
                    ("operator:beheer", ("explain", "held"), 1), ("operator:beheer", ("case", "held"), 1),
                    ("agency:school", ("status", ""), 0), ("coordinator:c-piet", ("regisseurs", ""), 0),
                    ("operator:beheer", ("try", ""), 0))
            for party, thing, records in rows:
                before = durable()
                broker.peer_of(party).read(broker.things[thing])
                self.assertEqual(durable() - before, records, "%s: %s" % (party, thing))
            self.assertEqual(broker.stop(), 0)
            broker.said.clear()
            broker.start()  # steps the log again: every tale is as it was
            self.assertEqual(broker.session("regisseur:r-anna").read("case case=1")["error"], "ok")
            self.assertEqual(broker.stop(), 0)

    def test_a_screen_that_asks_again_writes_one_record_for_its_term(self):
        with Town() as broker:
            broker.build()
            operator, anna = broker.peer_of("operator:beheer"), broker.peer_of("regisseur:r-anna")

            def records(peer, question):
                before = operator.admin("status")["counters"]["position_durable"]
                answer = peer.read(question)
                self.assertEqual(answer["error"], "ok", question)
                self.assertLessEqual(before, answer["position"])
                return operator.admin("status")["counters"]["position_durable"] - before

            inbox, held = broker.things["inbox", "all"], broker.things["case", "held"]
            self.assertEqual([records(anna, inbox) for _ in range(20)], [1] + 19 * [0])
            self.assertEqual([records(broker.session("regisseur:r-anna"), inbox) for _ in range(2)], [0, 0],
                             "it is the person who is covered, not the session")
            self.assertEqual(records(anna, inbox + " trace=" + TRACE), 1, "a trace is told")
            self.assertEqual([records(anna, held), records(anna, held)], [1, 0])
            self.assertEqual(records(anna, held + " glass=" + REASON), 1, "a broken glass always is")
            self.assertEqual(records(anna, held + " glass=" + REASON), 1)
            self.assertEqual(records(broker.peer_of("coordinator:c-kees"), held), 1, "somebody else")
            broker.does("regisseur:r-anna", "plan_set", case="C1", revision=2, goals=[])
            self.assertEqual([records(anna, held), records(anna, held)], [1, 0], "what is new was not seen before")
            minutes = broker.minute
            operator.admin("advance 2026-03-%02dT%02d:%02d:00Z" % (2 + (minutes + 14) // 1440,
                           (minutes + 14) % 1440 // 60, (minutes + 14) % 60))
            self.assertEqual(records(anna, held), 0, "within the term")
            operator.admin("advance 2026-03-%02dT%02d:%02d:00Z" % (2 + (minutes + 15) // 1440,
                           (minutes + 15) % 1440 // 60, (minutes + 15) % 60))
            self.assertEqual([records(anna, held), records(anna, held)], [1, 0], "the term is over")
            broker.said.clear()
            broker.close_peers()
            self.assertEqual(broker.stop(), 0)
            broker.start()
            operator, anna = broker.peer_of("operator:beheer"), broker.peer_of("regisseur:r-anna")
            self.assertEqual([records(anna, held), records(anna, held)], [1, 0], "a restart knows of none")
            self.assertEqual(broker.stop(), 0)

    def test_a_broken_glass_is_for_a_reason_that_every_privacy_officer_reads(self):
        with Town() as broker:
            broker.build()
            bram = broker.peer_of("regisseur:r-bram")
            for reason, code in (("short", "not_allowed"), ("x" * 501, "not_allowed"), ("x" * 10, "ok"),
                                 ("x" * 500, "ok")):
                answer = bram.read("household household=1 glass=" + reason)
                self.assertEqual(answer["error"], code, len(reason))
                self.assertEqual(len(answer["households"]), code == "ok")
            for officer in ("privacy_officer:p-els", "privacy_officer:p-mia"):
                peer = broker.session(officer)
                newest = peer.say("subscribe 100").wait("acked")["newest"]
                told = []
                while not told or told[-1]["seq"] < newest:
                    told += peer.wait("deliver")["messages"]
                glass = [m for m in told if m["kind"] == "break_glass"]
                self.assertEqual([m["reason"] for m in glass], [REASON, "x" * 10, "x" * 500], officer)
                self.assertEqual({m["by"] for m in glass}, {"r-bram"})
                self.assertEqual((glass[0]["case"], glass[0]["household"]), (1, 1))
            # Without anybody to tell, none is broken.
            for officer in ("p-els", "p-mia"):
                peer = broker.session("privacy_officer:" + officer)
                peer.say("ack %d" % broker.session("privacy_officer:" + officer).read("status")["newest"])
                peer.wait("acked")
            with open(broker.path("config/town.yaml"), encoding="utf-8") as f:
                town = f.read().replace("privacy_officers: [p-els, p-mia]\n", "")
            broker.write("config/town.yaml", town)
            self.assertEqual(broker.peer_of("operator:beheer").admin("reload")["error"], "ok")
            self.assertEqual(bram.read("household household=1 glass=" + REASON)["error"], "not_allowed")
            self.assertEqual(broker.stop(), 0)


class Masked(unittest.TestCase):
    """Real persons: what an operator can see has no id that an agency chose, no words, and tells of nobody."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Town(demonstration="no").__enter__()
        cls.broker.build()
        cls.operator = cls.broker.session("operator:beheer")

    @classmethod
    def tearDownClass(cls):
        status = cls.broker.stop()
        cls.broker.__exit__(None, None, None)
        assert status == 0, status

    def lines(self):
        lines = []
        self.operator.say("decisions 0 100000")
        while True:
            came = self.operator.wait("decision")
            lines += [l["line"] for l in came["lines"]]
            if "caught_up" in came:
                self.operator.say("stop")
                return lines

    def is_clean(self, text):
        for secret in ["s-a1", "p-a1", "s-e1", "act-", WORDS, NOTE, REASON, "another day"] + BSNS[:8]:
            self.assertNotIn(secret, text)

    def test_decisions(self):
        self.broker.peer_of("agency:school").verdict('{"id":"s-wrong","source":"urn:jansen"}')
        lines = self.lines()
        self.is_clean(json.dumps(lines))
        signals = [l for l in lines if l["event"] == "signal"]
        self.assertTrue(all(re.fullmatch("~[0-9a-f]{16}", l["id"]) for l in signals))
        proposed = next(l for l in lines if l.get("change") == "proposed")
        self.assertEqual(set(proposed["signals"]), {l["id"] for l in signals[:2]}, "the same id has the same token")
        glass = [l for l in lines if l.get("kind") == "break_glass"]
        self.assertEqual([(l["by"], l["reason"]) for l in glass], [("regisseur:r-bram", None)] * 2)
        feedback = next(l for l in lines if l.get("kind") == "feedback")
        self.assertIn(feedback["result"], (None, ""))

    def test_explanations_cases_and_mailboxes(self):
        first = next(l for l in self.lines() if l["event"] == "signal")
        answer = self.operator.read("explain id=" + first["id"])
        self.assertEqual((answer["error"], answer["explained"]), ("ok", 1), "a token finds its signal")
        self.assertIn(first["id"], answer["explained_signals"])
        self.is_clean(json.dumps(answer))
        past = self.operator.read("explain id=%s at=%d" % (first["id"], HALF_PAST_MIDNIGHT_MS))
        self.assertEqual((past["error"], past["explained"]), ("ok", 1), "also in the past")
        self.is_clean(json.dumps(past))
        self.assertEqual(self.operator.read("explain id=s-a1")["explained"], 1, "so does the id")
        self.assertEqual(self.operator.read("explain id=~0123456789abcdef")["error"], "not_found")
        self.is_clean(json.dumps(self.operator.read("case case=1")))
        self.operator.say("mailbox agency school 100")
        newest, told = self.operator.wait("acked")["newest"], []
        while not told or told[-1]["seq"] < newest:
            told += self.operator.wait("deliver")["messages"]
        self.is_clean(json.dumps(told))

    def test_a_trial_does_not_tell_whether_somebody_is_known(self):
        def tried(person, event_id, bag):
            event = self.broker.event("urn:test:school", "test.verzuim.v1", event_id, persons=[{"bsn": BSNS[person]}],
                                      address={"bag": bag})
            lines = self.operator.read("try event=" + event)["lines"]
            return [{k: v for k, v in l["line"].items() if k not in ("id", "at", "signal")} for l in lines]

        nobody = tried(1000, "t-1", "9901200000099999")
        self.assertEqual(nobody[0]["match"], "new")
        for person, event_id, bag in ((0, "t-2", "9901200000099999"), (1, "t-3", "9901200000000001"),
                                      (6, "s-a1", "9901200000000006")):
            self.assertEqual(tried(person, event_id, bag), nobody, "%d %s" % (person, event_id))


if __name__ == "__main__":
    unittest.main(verbosity=1)
