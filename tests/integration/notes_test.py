#!/usr/bin/env python3
"""Notes, absences and set-aside reviews at a running broker: what a page shows of them, page by page, and what is left after a
restart and an erasure.

Goal: each reads what was written to them, and nothing of others; nothing of it is lost by a restart.
"""

import json
import sys
import unittest

sys.dont_write_bytecode = True
from broker import Broker, act_event, signal_event  # noqa: E402

ANNA, SCHOOL, POLICE, TEAM = "regisseur:r-anna", "agency:school", "agency:politie", "service:jeugdteam"


class Notes(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().__enter__()
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.count = 0

    def act(self, party, name, **data):
        self.count += 1
        event = act_event(party.replace("agency:", ""), "act-%d" % self.count, name, **data)
        self.assertEqual(self.broker.session(party).verdict(event), "accepted", (party, name, data))

    def active_case(self):
        self.assertEqual(self.broker.session(SCHOOL).verdict(signal_event("school", "s-1", 1)), "accepted")
        self.assertEqual(self.broker.session(POLICE).verdict(signal_event("politie", "p-1", 1)), "accepted")
        self.act(ANNA, "case_accepted", case="C1")

    def told(self, party, kind):
        peer = self.broker.session(party).say("subscribe 500")
        newest, got = peer.wait("acked")["newest"], []
        while not got or got[-1]["seq"] < newest:
            got += peer.wait("deliver")["messages"]
        return [m for m in got if m["kind"] == kind]

    def notes(self, party, question):
        """All pages, of five things each."""
        peer, notes, resume, pages = self.broker.session(party), [], "", 0
        while True:
            answer = peer.read("%s page=5%s" % (question, " resume=" + resume if resume else ""))
            self.assertEqual(answer["error"], "ok", (party, question, answer))
            for shown in answer["cases"] + answer["signals"]:
                notes += shown["notes"]
            resume, pages = answer["resume"], pages + 1
            if not resume:
                return notes
            self.assertLess(pages, 20)

    def texts(self, party, question):
        return [n["text"] for n in self.notes(party, question)]

    def test_a_thread_is_read_page_by_page_by_those_whose_it_is(self):
        self.active_case()
        said = []
        for i in range(6):
            for party, name, data in ((ANNA, "note_sent", {"case": "C1", "agency": "school"}),
                                      (SCHOOL, "note_answered", {"signal": "s-1"}),
                                      (ANNA, "note_sent", {"case": "C1", "agency": "politie"})):
                said.append("%s %d" % (data.get("agency", "answer"), i))
                self.act(party, name, text=said[-1], **data)
        self.act(ANNA, "note_sent", case="C1", service="jeugdteam", text="team")
        for round in ("before", "after a restart"):
            self.assertEqual(self.texts(ANNA, "case case=1"), said + ["team"], round)
            own = [t for t in said if not t.startswith("politie")]
            self.assertEqual(self.texts(SCHOOL, "signal id=s-1"), own, round)
            self.assertEqual(self.texts(POLICE, "signal id=p-1"), [t for t in said if t.startswith("politie")], round)
            self.assertEqual(self.texts(TEAM, "signal id=s-1"), ["team"], round)
            self.assertEqual(self.texts(ANNA, "signal id=p-1"), [t for t in said if t.startswith("politie")], round)
            self.assertEqual(self.texts("coordinator:c-piet", "case case=1"), [], round)
            first = self.notes(ANNA, "case case=1")[0]
            self.assertEqual((first["by"], first["to"], first["signal"]["id"]), ("r-anna", "school", "s-1"), round)
            for party, text in ((SCHOOL, "school 5"), (POLICE, "politie 5"), (TEAM, "team")):
                note = self.told(party, "note")[-1]
                self.assertEqual((note["result"], note["regisseur"]), (text, "r-anna"), party)
                self.assertNotIn("case", note, party)
                self.assertNotIn("household", note, party)
            answer = self.told(ANNA, "note_answered")[-1]
            self.assertEqual((answer["result"], answer["case"], answer["by"]), ("answer 5", 1, "school"))
            self.broker.close_peers()
            self.assertEqual(self.broker.stop(), 0)
            self.broker.start()

    def test_what_was_written_goes_with_the_household(self):
        self.active_case()
        self.act(ANNA, "note_sent", case="C1", agency="school", text="words that must go")
        self.act(ANNA, "case_closed", case="C1", outcome="better")
        self.assertEqual(self.texts(SCHOOL, "signal id=s-1"), ["words that must go"], "with the case it is kept")
        self.act("privacy_officer:p-els", "erased", household="H1")
        self.assertEqual(self.broker.session(ANNA).read("case case=1")["error"], "not_found")
        self.assertEqual(self.told(SCHOOL, "note"), [], "nor is it delivered")
        self.assertEqual(len(self.told(SCHOOL, "erased")), 3)  # who holds it, the note, that it is closed

    def test_absences_are_listed_until_they_are_lifted(self):
        month = {"from": "2099-05-01T00:00:00Z", "to": "2099-06-01T00:00:00Z"}
        piet = self.broker.session("coordinator:c-piet")

        def away():
            return {r["id"]: r["absences"] for r in piet.read("regisseurs")["regisseurs"]}

        self.act(ANNA, "absence_set", regisseur="r-anna", **month)
        self.assertEqual([a["by"] for a in away()["r-anna"]], ["r-anna"])
        self.assertEqual(self.broker.session(ANNA).read("status")["absences"], 1)
        self.act("coordinator:c-piet", "absence_lifted", regisseur="r-anna", **month)
        self.assertEqual(away()["r-anna"], [])

    def test_a_pair_that_is_set_aside_leaves_the_inbox(self):
        piet = self.broker.session("coordinator:c-piet")
        for name, person in (("s-1", 1), ("s-2", 2)):
            self.assertEqual(self.broker.session(SCHOOL).verdict(signal_event("school", name, person)), "accepted")
        both = json.loads(signal_event("school", "s-3", 1))
        both["data"]["persons"] += json.loads(signal_event("school", "s-4", 2))["data"]["persons"]
        self.assertEqual(self.broker.session(SCHOOL).verdict(json.dumps(both)), "accepted")
        self.assertEqual(len(piet.read("inbox list=3")["reviews"]), 1)
        self.assertEqual(piet.read("household household=2")["error"], "ok")
        self.act("coordinator:c-piet", "review_set_aside", household="H2", other="H1", reason="cousins")
        self.assertEqual(piet.read("inbox list=3")["reviews"], [])
        self.assertEqual(piet.read("household household=2")["error"], "not_found", "no longer in care")


if __name__ == "__main__":
    unittest.main(verbosity=1)
