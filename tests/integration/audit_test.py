#!/usr/bin/env python3
"""Who did and saw what: `voordeur audit`, of a running broker and of its store at rest, says the same, names things and
shows nothing of anybody; and only privacy officers and auditors get it."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, BUILD, PARTIES, Broker, act_event, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
WORDS = "moeder zegt dat het niet gaat"


def run(*arguments, **more):
    return subprocess.run([VOORDEUR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


class Audit(unittest.TestCase):
    """One household with a case; a regisseur takes it, reads it, and sets a plan."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(parties=PARTIES + ["auditor:a-fg"]).start()
        school, police = (cls.broker.session("agency:" + a) for a in ("school", "politie"))
        assert school.verdict(signal_event("school", "s-1", 0, detail=WORDS)) == "accepted"
        assert police.verdict(signal_event("politie", "p-1", 0)) == "accepted"
        assert school.verdict(signal_event("school", "s-2", 9)) == "accepted"  # another household
        anna = cls.broker.session("regisseur:r-anna")
        anna.say("subscribe 10")
        offered = anna.wait("deliver")["messages"][0]
        assert offered["kind"] == "case_offered"
        anna.say("ack %d" % offered["seq"])
        anna.wait("acked")
        assert anna.verdict(act_event("regisseur:r-anna", "a-1", "case_accepted", case="C1")) == "accepted"
        assert anna.read("case case=1")["error"] == "ok"
        cls.server = cls.broker.path("server.pub")
        with open(cls.server, "w", encoding="ascii") as f:
            f.write(cls.broker.endpoints["public_key"] + "\n")

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None, None, None)

    def link(self, party):
        zone = "operators" if party.startswith(("operator:", "auditor:")) else "listen"
        return ["--connect", self.broker.endpoints[zone], "--key", self.broker.key_file(party), "--server-key",
                self.server]

    def rows(self, *arguments):
        done = run("audit", "--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        for bsn in BSNS[0], BSNS[9]:
            self.assertNotIn(bsn, done.stdout)
        self.assertNotIn(WORDS, done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_1_a_household_s_story_is_told_and_no_other_s(self):
        rows = self.rows("--household", "H1", *self.link("privacy_officer:p-els"))
        told = [(row["kind"], row.get("by", row.get("to", "")), row.get("what")) for row in rows]
        for wanted in (("signal", "agency:school", "test.verzuim.v1"), ("signal", "agency:politie", "test.melding.v1"),
                       ("decided", "", "proposed"), ("told", "regisseur:r-anna", "case_offered"),
                       ("read", "regisseur:r-anna", "case_offered"), ("act", "regisseur:r-anna", "case_accepted"),
                       ("decided", "", "accepted"), ("seen", "regisseur:r-anna", "case")):
            self.assertIn(wanted, told)
        self.assertEqual({row.get("household") for row in rows} - {None}, {"H1"})
        self.assertNotIn("s-2", [row.get("signal") for row in rows])
        self.assertIn("s-1", [row.get("signal") for row in rows])
        again = self.rows("--household", "H1", "--kind", "seen", *self.link("privacy_officer:p-els"))
        self.assertIn(("privacy_officer:p-els", "audit"), [(row["by"], row["what"]) for row in again])

    def test_1_a_look_that_was_repeated_is_one_row_with_its_term(self):
        anna = self.broker.session("regisseur:r-anna")
        for _ in range(5):
            self.assertEqual(anna.read("inbox")["error"], "ok")
        rows = [r for r in self.rows("--household", "H1", "--kind", "seen", *self.link("auditor:a-fg"))
                if r["what"] == "inbox"]
        self.assertEqual(len(rows), 1)
        self.assertRegex(rows[0]["until"], r"^20..-..-..T.*Z$")
        self.assertLess(rows[0]["at"], rows[0]["until"])
        page = run("access-report", "--household", "H1", "--reason", "verzoek om inzage 16",
                   *self.link("privacy_officer:p-els"))
        self.assertIn("| tussen %s en %s | regisseur:r-anna | seen: inbox |" % (rows[0]["at"], rows[0]["until"]),
                      page.stdout)

    def test_2_an_auditor_sees_where_signals_stand_and_not_their_ids(self):
        rows = self.rows("--kind", "signal", *self.link("auditor:a-fg"))
        self.assertEqual(len(rows), 3)
        for row in rows:
            self.assertNotIn("signal", row)
            self.assertGreater(row["signal_position"], 0)

    def test_3_by_party_case_and_time(self):
        rows = self.rows("--party", "regisseur:r-anna", *self.link("auditor:a-fg"))
        self.assertEqual({row.get("by", row.get("to")) for row in rows}, {"regisseur:r-anna"})
        rows = self.rows("--case", "C1", *self.link("auditor:a-fg"))
        self.assertEqual({row["case"] for row in rows}, {"C1"})
        self.assertEqual(self.rows("--until", "2020-01-01T00:00:00Z", *self.link("auditor:a-fg")), [])

    def test_4_operators_and_regisseurs_do_not_get_it(self):
        for party in ("operator:beheer", "regisseur:r-anna", "agency:school"):
            done = run("audit", *self.link(party))
            self.assertEqual(done.returncode, 1, party)
            self.assertIn("wrong_role", done.stdout + done.stderr, party)

    def test_5_a_report_for_a_resident_has_everything_and_leaves_views(self):
        asked = ["access-report", "--household", "H1", "--reason", "verzoek om inzage 17"]
        done = run(*asked, "--json", *self.link("privacy_officer:p-els"))
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(sorted(s["id"] for s in report["signals"]), ["p-1", "s-1"])
        self.assertIn(WORDS, done.stdout)
        self.assertIn(BSNS[0], done.stdout)
        self.assertNotIn(BSNS[9], done.stdout)
        self.assertEqual(len(report["cases"]), 1)
        page = run(*asked, *self.link("privacy_officer:p-els"))
        self.assertEqual(page.returncode, 0, page.stderr)
        for wanted in ("# Inzage: huishouden H1", WORDS, BSNS[0], "regisseur:r-anna", "case_accepted"):
            self.assertIn(wanted, page.stdout)
        seen = self.rows("--household", "H1", "--kind", "seen", *self.link("privacy_officer:p-els"))
        self.assertIn(("privacy_officer:p-els", "household", "verzoek om inzage 17"),
                      [(row["by"], row["what"], row.get("reason")) for row in seen])
        rule, = report["rules"]
        self.assertEqual(rule["case"], "C1")
        self.assertIn("In het kort", rule["sentences"])
        self.assertIn(rule["sentences"].strip(), page.stdout)
        self.assertTrue(all(re.fullmatch(r"20..-..-..T.*Z", s["leaves_at"]) for s in report["signals"]))
        self.assertIn("leaves_at: 20", page.stdout)
        counters = lambda: self.broker.session("operator:beheer").admin("status")["counters"]  # noqa: E731
        before = counters()["position_durable"]
        for party in ("regisseur:r-anna", "coordinator:c-piet", "agency:school", "operator:beheer", "auditor:a-fg"):
            done = run(*asked, *self.link(party))
            self.assertEqual((done.returncode, done.stdout), (1, ""), party)
            self.assertIn("wrong_role", done.stderr, party)
        self.assertEqual(counters()["position_durable"], before, "a glass was broken for somebody who may not have it")

    def test_5_of_a_person_whose_number_is_never_an_argument(self):
        asked = ["access-report", "--reason", "verzoek om inzage 18", *self.link("privacy_officer:p-els")]
        found = run(*asked, "--bsn", "-", "--json", input=BSNS[0] + "\n")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(json.loads(found.stdout)["household"]["household"], "H1")
        nobody = run(*asked, "--bsn", "-", input=BSNS[20] + "\n")
        self.assertEqual(nobody.returncode, 0, nobody.stderr)
        self.assertIn("wordt niets bewaard", nobody.stdout)
        for wrong in (["--bsn", BSNS[0]], ["--bsn", "-", "--household", "H1"], []):
            self.assertEqual(run(*asked, *wrong, input=BSNS[0]).returncode, 2, wrong)
        self.assertEqual(run(*asked, "--bsn", "-", input="").returncode, 2)
        seen = self.rows("--party", "privacy_officer:p-els", "--kind", "seen", *self.link("privacy_officer:p-els"))
        self.assertEqual([row.get("household") for row in seen if row["what"] == "person"], ["H1", None],
                         "a search that finds nobody is in the log too")
        officer = self.broker.session("privacy_officer:p-els")
        newest = officer.say("subscribe 1000").wait("acked")["newest"]
        told = []
        while not told or told[-1]["seq"] < newest:
            told += officer.wait("deliver")["messages"]
        glass = [m for m in told if m["kind"] == "break_glass" and m["reason"] == "verzoek om inzage 18"]
        self.assertIn(0, [m.get("household", 0) for m in glass])
        self.assertIn(1, [m.get("household", 0) for m in glass])

    def test_6_a_store_at_rest_says_the_same(self):
        live = self.rows("--household", "H1", *self.link("privacy_officer:p-els"))
        self.broker.close_peers()
        self.broker.stop(signal.SIGKILL)
        self.broker.start()  # steps the log again: every tale is as it was
        self.assertEqual(self.broker.stop(), 0)
        rest = self.rows("--household", "H1", "--store", self.broker.path("store"))
        asked = lambda row: row["what"] == "audit"  # noqa: E731 - one's own question may be in the log already, or not
        self.assertEqual([row for row in rest if not asked(row)], [row for row in live if not asked(row)])
        table = run("audit", "--household", "H1", "--store", self.broker.path("store"))
        self.assertIn("case_accepted", table.stdout)


if __name__ == "__main__":
    unittest.main()
