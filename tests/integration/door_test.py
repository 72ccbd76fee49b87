#!/usr/bin/env python3
"""Who gets in, what they may say, and what happens to those who say it wrong."""

import struct
import sys
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, PARTIES, TOWN, Broker, act_event, now, signal_event  # noqa: E402

HELLO = "08011001"  # versions 1 to 1
TYPES = {n: i + 1 for i, n in enumerate(
    "hello welcome publish confirm subscribe deliver credit ack acked read answer decisions decision admin result "
    "ping pong bye error".split())}


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc


def frame(kind, body=b"", sequence=1, version=1, flags=0, length=None, check=None, magic=b"VDR"):
    head = magic + bytes([version, kind, flags])
    tail = struct.pack("<II", len(body) if length is None else length, sequence)
    return (head + struct.pack("<H", crc16(head + tail) if check is None else check) + tail + body).hex()


class Door(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker().__enter__()
        cls.broker.make_keys(["stranger"])

    @classmethod
    def tearDownClass(cls):
        status = cls.broker.stop()
        cls.broker.__exit__(None, None, None)
        assert status == 0, status

    def tearDown(self):
        self.broker.close_peers()

    def test_a_key_that_nobody_registered_gets_nothing(self):
        for zone in ("listen", "operators"):
            peer = self.broker.peer("stranger", zone=zone)
            peer.say("hello")
            self.assertEqual(peer.silent(), [])

    def test_a_key_at_the_other_door_gets_nothing(self):
        for party, zone in (("agency:school", "operators"), ("operator:beheer", "listen")):
            peer = self.broker.peer(party, zone=zone)
            peer.say("hello")
            self.assertEqual(peer.silent(), [], party)

    def test_welcome_says_who_the_key_is(self):
        rows = (("agency:school", "urn:test:school"), ("regisseur:r-anna", "urn:voordeur:regisseur:r-anna"),
                ("service:wijkteam", "urn:voordeur:service:wijkteam"),
                ("coordinator:c-piet", "urn:voordeur:coordinator:c-piet"),
                ("privacy_officer:p-els", "urn:voordeur:privacy_officer:p-els"), ("operator:beheer", None))
        for party, source in rows:
            welcome = self.broker.peer(party).hello()
            self.assertEqual(welcome["kind"] + ":" + welcome["party"], party)
            self.assertEqual(welcome.get("source"), source)

    def test_a_squatted_routing_id_gets_nothing_and_is_in_nobodys_way(self):
        squatter = self.broker.peer("agency:politie", "school")
        squatter.say("hello")
        self.assertEqual(squatter.silent(), [])
        self.assertEqual(self.broker.session("agency:school").verdict(signal_event("school", "squat-1", 50)), "accepted")

    def test_frames_that_are_wrong_end_the_session_with_their_code(self):
        rows = (  # name, said after HELLO (or first), code
            ("not a frame", "raw 00", "bad_frame"),
            ("nothing", "raw ", "bad_frame"),
            ("another magic", "raw " + frame(TYPES["ping"], sequence=2, magic=b"VDX"), "bad_frame"),
            ("another version of the head", "raw " + frame(TYPES["ping"], sequence=2, version=2), "bad_version"),
            ("an unknown type", "raw " + frame(77, sequence=2), "bad_frame"),
            ("a flag", "raw " + frame(TYPES["ping"], sequence=2, flags=1), "bad_frame"),
            ("a wrong check", "raw " + frame(TYPES["ping"], sequence=2, check=1), "bad_frame"),
            ("a length that is not the body's", "raw " + frame(TYPES["ping"], sequence=2, length=5), "bad_frame"),
            ("a frame of the broker's", "raw " + frame(TYPES["welcome"], sequence=2), "bad_frame"),
            ("a body that does not parse", "raw " + frame(TYPES["publish"], b"\xff\xff", 2), "bad_frame"),
            ("a PUBLISH without items", "raw " + frame(TYPES["publish"], b"\x08\x01", 2), "bad_frame"),
            ("a frame number left out", "raw " + frame(TYPES["ping"], sequence=3), "sequence_gap"),
            ("a frame number again", "raw " + frame(TYPES["ping"], sequence=1), "sequence_gap"),
            ("an item number left out", "next 2\npublish " + signal_event("school", "gap"), "sequence_gap"),
            ("a second HELLO", "hello", "bad_frame"),
            ("more than one part", "parts 3", "bad_frame"),
            ("very many parts", "parts 20000", "bad_frame"),
            ("a resume key that was never given out", "read status resume=00", "bad_frame"),
        )
        for name, said, code in rows:
            peer = self.broker.session("agency:school")
            peer.say(said)
            self.assertEqual(peer.wait("error")["code"], code, name)
            peer.say("ping 1", "hello")
            self.assertEqual(peer.silent(0.2), [], name + ": nothing is looked at afterwards")

    def test_the_first_frame_is_hello(self):
        rows = (("ping 1", "hello_first"), ("publish {}", "hello_first"), ("raw 00", "bad_frame"),
                ("sequence 5\nhello", "sequence_gap"), ("hello 2 9", "bad_version"), ("hello 1 0", None))
        for said, code in rows[:-1]:
            peer = self.broker.peer("agency:school")
            peer.say(said)
            error = peer.wait("error")
            self.assertEqual(error["code"], code, said)
            if code == "bad_version":
                self.assertEqual((error["version_min"], error["version_max"]), (1, 1))
        self.assertEqual(self.broker.peer("agency:school").say("hello 1 7").wait("welcome")["sequence"], 1)

    def test_a_frame_beyond_the_limit_ends_the_connection_and_nothing_else(self):
        other = self.broker.session("agency:politie")
        peer = self.broker.session("agency:school")
        peer.say("raw " + "00" * (300 * 1024))
        self.assertEqual(peer.silent(0.3), [])
        self.assertEqual(other.verdict(signal_event("politie", "beside", 51)), "accepted")

    def test_verbs_of_another_role_are_refused_and_the_session_goes_on(self):
        agency, anna = "agency:school", "regisseur:r-anna"
        operator, privacy = "operator:beheer", "privacy_officer:p-els"
        rows = [(party, verb) for party in PARTIES if party != operator
                for verb in ("admin status", "decisions 0 10", "admin stop")
                if party != privacy or verb.startswith("decisions")]  # has verbs of its own (7.18): RESULT says no
        rows += [(operator, "publish {}"), (operator, "ack 0"), (privacy, "credit 2 0 1"), (agency, "credit 2 0 1"),
                 (anna, "credit 2 0 1")]
        self.assertEqual(self.broker.session(privacy).admin("stop")["error"], "wrong_role")
        for party, verb in rows:
            peer = self.broker.session(party)
            peer.say(verb)
            self.assertEqual(peer.wait("error")["code"], "wrong_role", "%s: %s" % (party, verb))
            peer.say("ping 9")
            self.assertEqual(peer.wait("pong")["number"], 9, "%s: %s" % (party, verb))

    def test_questions_of_another_role_are_refused(self):
        allowed = {"status": PARTIES, "case case=1": ["regisseur", "coordinator", "operator"],
                   "signal id=x": ["agency", "regisseur", "service", "coordinator"],
                   "household household=1": ["regisseur", "coordinator", "privacy_officer"],
                   "inbox": ["regisseur", "coordinator"], "inbox list=2": ["coordinator"],
                   "inbox list=3": ["coordinator"], "regisseurs": ["coordinator", "operator"]}
        for party in ("agency:school", "regisseur:r-anna", "service:wijkteam", "coordinator:c-piet",
                      "privacy_officer:p-els", "operator:beheer"):
            peer = self.broker.session(party)
            for question, kinds in allowed.items():
                may = any(party.startswith(kind) for kind in kinds)
                error = peer.read(question)["error"]
                self.assertEqual(error == "wrong_role", not may, "%s: %s: %s" % (party, question, error))

    def test_the_events_of_others_are_unknown_to_a_key(self):
        rows = (("agency:school", signal_event("politie", "x-1"), "unknown_source"),
                ("regisseur:r-anna", signal_event("school", "x-2"), "unknown_source"),
                ("agency:school", act_event("regisseur:r-anna", "x-3", "case_accepted", case="C1"), "unknown_actor"),
                ("regisseur:r-anna", act_event("regisseur:r-bram", "x-4", "case_accepted", case="C1"),
                 "unknown_actor"),
                ("coordinator:c-piet", act_event("privacy_officer:p-els", "x-5", "erased", household="H1"),
                 "unknown_actor"),
                ("agency:school", act_event("school", "x-6", "case_accepted", case="C1"), "not_allowed"),
                ("agency:school", "no JSON", "malformed"), ("agency:school", "{}", "malformed"))
        for party, event, code in rows:
            self.assertEqual(self.broker.session(party).verdict(event), code, "%s: %s" % (party, event[:80]))

    def test_a_big_event_is_malformed_and_a_batch_is_answered_item_by_item(self):
        peer = self.broker.session("agency:school")
        self.assertEqual(peer.verdict(signal_event("school", "big", 52, detail="x" * 65536)), "malformed")
        peer.say("many 1024 1024 " + signal_event("school", "m-@", 53))
        confirm = peer.wait("confirm", where=lambda c: c["up_to"] == 1025)
        self.assertEqual(confirm["exceptions"], [])
        peer.say("next 1026", "many 1025 1025 " + signal_event("school", "n-@", 53))
        self.assertEqual(peer.wait("trouble")["text"], "too_big", "the codec does not even say it")

    def new_case(self, name, person):
        """A case by two signals, NAME-1 and NAME-2: sessions of both regisseurs, who has it, who has not, itself."""
        school, police = self.broker.session("agency:school"), self.broker.session("agency:politie")
        sessions = {who: self.broker.session("regisseur:" + who) for who in ("r-anna", "r-bram")}

        def inboxes():
            return [(who, x) for who, peer in sessions.items() for x in peer.read("inbox list=1")["cases"]]

        before = [x["case"] for _, x in inboxes()]
        school.verdict(signal_event("school", name + "-1", person))
        police.verdict(signal_event("politie", name + "-2", person))
        (holder, case), = ((who, x) for who, x in inboxes() if x["case"] not in before)
        return sessions, holder, "r-bram" if holder == "r-anna" else "r-anna", case

    def test_a_stale_revision_and_anothers_case(self):
        sessions, holder, other, case = self.new_case("r", 60)
        name = "C%d" % case["case"]

        def accept(who, number, revision=None):
            event = act_event("regisseur:" + who, "rev-%d" % number, "case_accepted", case=name)
            command = "publish" if revision is None else "revision %d" % revision
            return sessions[who].verdict(event, command)

        self.assertEqual(accept(other, 1), "unknown_case")
        self.assertEqual(accept(other, 2, case["revision"]), "unknown_case")
        self.assertEqual(sessions[other].read("case case=%d" % case["case"])["error"], "not_found")
        self.assertEqual(accept(holder, 3, case["revision"] + 1), "stale_revision")
        sessions[holder].say("revision %d %s" % (case["revision"], act_event("regisseur:" + holder, "rev-4",
                                                                             "case_accepted", case=name)))
        confirm = sessions[holder].wait("confirm")
        self.assertEqual(confirm["exceptions"], [])
        self.assertEqual((confirm["results"][0]["case"], confirm["results"][0]["revision"]),
                         (case["case"], case["revision"] + 1))
        self.assertEqual(accept(holder, 5, case["revision"]), "stale_revision")
        self.assertEqual(accept(holder, 4, case["revision"] + 7), "duplicate", "the revision is no part of the event")

    def test_who_may_not_see_a_case_or_signal_learns_nothing_of_it_by_acts(self):
        sessions, holder, other, case = self.new_case("hide", 70)
        there, nowhere = "C%d" % case["case"], "C999999"
        rows = [(name, "case", data) for name, data in (
            ("case_accepted", {}), ("case_declined", {"reason": "x"}), ("case_dismissed", {"reason": "x"}),
            ("handover_offered", {"to": holder}), ("handover_offered", {"to": "r-nobody"}), ("handover_accepted", {}),
            ("case_escalated", {"to": "x", "reason": "x"}), ("plan_set", {"revision": 1, "goals": []}),
            ("case_closed", {"outcome": "x"}), ("note_sent", {"agency": "school", "text": "x"}),
            ("note_sent", {"agency": "nobody", "text": "x"}), ("case_accepted", {"municipality": "GM0000"}),
            ("case_closed", {"municipality": "GM0000", "outcome": "x"}))]
        rows += [(name, "signal", data) for name, data in (
            ("feedback", {"result": "x"}), ("feedback", {"result": "x", "agency": "school"}),
            ("note_answered", {"text": "x"}), ("note_answered", {"text": "x", "agency": "school"}))]
        # Whoever may not do it at all learns as little by a revision.
        parties = {"case": ["regisseur:" + other, "agency:jeugdhulp", "service:wijkteam", "privacy_officer:p-els"],
                   "signal": ["service:wijkteam"]}
        operator = self.broker.session("operator:beheer")
        operator.say("decisions 0 100000")
        count = 0
        for i, (name, about, data) in enumerate(rows):
            for party in parties[about]:
                peer = self.broker.session(party)
                for command in ("publish", "revision 4711"):
                    told = []
                    for where in ((there, nowhere) if about == "case" else ("hide-1", "hide-none")):
                        event = act_event(party, "h-%d-%s-%s" % (i, where, command[:3]), name, **{about: where}, **data)
                        told.append(peer.verdict(event, command))
                        count += 1
                    self.assertEqual(told[0], told[1], "%s: %s %s %s" % (party, command, name, data))
                    self.assertNotEqual(told[0], "accepted")
                peer.close()
        # Operators are told what the law says.
        lines = []
        while len(lines) < count:
            lines += [x["line"] for x in operator.wait("decision")["lines"] if (x["line"].get("id") or "")[:2] == "h-"]
        self.assertLessEqual({"unknown_case", "unknown_signal", "not_allowed", "wrong_state", "stale_revision"},
                             {x["verdict"] for x in lines})
        # And who holds it is told as before.
        event = act_event("regisseur:" + holder, "h-closed", "case_closed", case=there, outcome="x")
        self.assertEqual(sessions[holder].verdict(event), "wrong_state")

    def test_unknown_and_others_things_are_the_same_to_a_reader(self):
        school, police = self.broker.session("agency:school"), self.broker.session("agency:politie")
        school.verdict(signal_event("school", "nf-1", 61))
        rows = (("agency:politie", "signal id=nf-1"), ("agency:politie", "signal id=nf-1 source=urn:test:school"),
                ("agency:school", "signal id=nf-2"), ("regisseur:r-anna", "signal id=nf-1"),
                ("service:wijkteam", "signal id=nf-1"), ("coordinator:c-piet", "signal id=nf-1"),
                ("regisseur:r-anna", "case case=999999"), ("coordinator:c-piet", "household household=999999"),
                ("privacy_officer:p-els", "household household=999999"),
                ("regisseur:r-anna", "household household=1"))
        for party, question in rows:
            answer = self.broker.session(party).read(question)
            self.assertEqual(answer["error"], "not_found", "%s: %s" % (party, question))
            self.assertEqual(answer["signals"] + answer["cases"] + answer["households"], [])
        self.assertEqual(school.read("signal id=nf-1")["error"], "ok")
        content = self.broker.session("service:jeugdteam").read("signal id=nf-1 agency=school")["signals"][0]
        self.assertEqual(content["persons"][0]["bsn"], BSNS[61])
        mine = school.read("signal id=nf-1")["signals"][0]
        self.assertEqual((mine["persons"], mine["household"], mine["case"], mine.get("service")), ([], 0, 0, None))
        self.assertGreater(mine["leaves_at_ms"], 0)
        self.assertTrue(police.process.poll() is None)


class Window(unittest.TestCase):
    def test_items_beyond_the_window_are_answered_in_order_and_not_looked_at(self):
        with Broker(limits="window_items: 100") as broker:
            school, at = broker.session("agency:school"), now()
            school.say("many 1000 1000 " + signal_event("school", "w-@", 54, at))
            confirms = [school.wait("confirm")]
            while confirms[-1]["up_to"] < 1000:
                confirms.append(school.wait("confirm"))
            refused = [e for c in confirms for e in c["exceptions"]]
            self.assertEqual({e["error"] for e in refused}, {"beyond_credit"})
            self.assertEqual((refused[0]["sequence"], sum(e["count"] for e in refused)), (101, 900))
            self.assertGreater(confirms[-1]["retry_after_ms"], 0)
            self.assertEqual(school.verdict(signal_event("school", "w-101", 54, at)), "accepted")
            self.assertEqual(school.verdict(signal_event("school", "w-100", 54, at)), "duplicate")
            self.assertEqual(broker.stop(), 0)

    def test_a_session_too_many_is_told_to_come_back(self):
        with Broker(limits="sessions: 3, sessions_per_key: 2, operator_sessions: 1") as broker:
            first, second = broker.session("agency:school"), broker.session("agency:school")
            first.say("ping 1")
            first.wait("pong")
            third = broker.session("agency:school")
            self.assertEqual(second.wait("bye")["error"], "busy", "the one that was silent longest gives way")
            police = broker.session("agency:politie")
            refused = broker.peer("regisseur:r-anna")
            self.assertEqual(refused.say("hello").wait("bye")["error"], "busy")
            operator = broker.session("operator:beheer")
            self.assertEqual(operator.admin("status")["counters"]["sessions"], 3)
            for peer in (first, third, police):
                peer.say("ping 2")
                peer.wait("pong")


class Large(unittest.TestCase):
    def test_an_answer_of_which_one_item_fits_no_frame_is_too_big_and_the_session_goes_on(self):
        districts = ", ".join('"BU%08d%s"' % (i, "x" * 100) for i in range(2600))
        town = TOWN.replace('{id: r-bram, districts: ["*"]', "{id: r-bram, districts: [%s]" % districts)
        with Broker(town=town) as broker:
            coordinator = broker.session("coordinator:c-piet")
            for _ in range(2):
                answer = coordinator.read("regisseurs page=1")
                self.assertEqual((answer["error"], [r["id"] for r in answer["regisseurs"]]), ("ok", ["r-anna"]))
                answer = coordinator.read("regisseurs")
                answer = coordinator.read("regisseurs resume=%s" % answer["resume"])
                self.assertEqual(answer["error"], "too_big")
            self.assertEqual(coordinator.read("status")["error"], "ok")
            self.assertEqual(broker.session("operator:beheer").read("regisseurs")["error"], "ok", "its frames are larger")
            self.assertEqual(broker.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
