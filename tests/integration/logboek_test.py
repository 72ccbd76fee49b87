#!/usr/bin/env python3
"""The processing log: `voordeur audit --logboek` gives a row for each person and each thing that was done, the same
rows for the same log, and no person in clear."""

import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, BUILD, CATALOGUE, PARTIES, TOWN, Broker, act_event, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
REGISTER = "https://register.example/verwerkingen/"
SUBJECT = "dpl.core.data_subject_id"
ACTIVITY = "dpl.core.processing_activity_id"


def run(*arguments):
    return subprocess.run([VOORDEUR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def persons(*numbers):
    return [{"bsn": BSNS[n], "role": "youth"} for n in numbers]


class Logboek(unittest.TestCase):
    """A household of six with a case, which a regisseur reads once; and somebody else."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(town=TOWN + "processing_activity: %s1\n" % REGISTER)
        cls.broker.write("config/catalogue.yaml", CATALOGUE.replace(
            "purpose: safety, legal_basis: X", "purpose: safety, legal_basis: X, processing_activity: \"%s2\"" % REGISTER))
        cls.broker.start()
        school, police = (cls.broker.session("agency:" + a) for a in ("school", "politie"))
        first = json.loads(signal_event("school", "s-1", persons=persons(*range(6))))
        first["traceparent"] = "00-%s-%s-01" % (TRACE, PARENT)
        assert school.verdict(json.dumps(first)) == "accepted"
        assert police.verdict(signal_event("politie", "p-1", 0)) == "accepted"
        assert school.verdict(signal_event("school", "s-2", 9)) == "accepted"  # another household
        anna = cls.broker.session("regisseur:r-anna")
        assert anna.verdict(act_event("regisseur:r-anna", "a-1", "case_accepted", case="C1")) == "accepted"
        assert anna.read("case case=1")["error"] == "ok"
        assert cls.broker.stop() == 0

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None, None, None)

    def text(self, *more):
        done = run("audit", "--logboek", "--store", self.broker.path("store"), *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def rows(self, *more):
        return [json.loads(line) for line in self.text(*more).splitlines()]

    def named(self, name):
        return [row for row in self.rows() if row["name"] == name]

    def test_a_read_of_a_household_of_six_is_six_rows(self):
        seen = self.named("viewed: case")
        self.assertEqual(len(seen), 6)
        self.assertEqual(len({row["attributes"][SUBJECT] for row in seen}), 6)
        self.assertEqual(len({row["operation_id"] for row in seen}), 6)
        self.assertEqual(len({row["trace_id"] for row in seen}), 1)
        self.assertEqual({row["attributes"][ACTIVITY] for row in seen}, {REGISTER + "1"})
        self.assertEqual(len(self.named("act: case_accepted")), 6)
        self.assertEqual(len(self.named("decided: proposed")), 6)
        self.assertEqual(len(self.named("delivered: case_offered")), 6)

    def test_a_signal_is_a_row_for_each_person_that_it_names(self):
        by_position = {}
        for row in self.named("signal received"):
            by_position.setdefault(row["attributes"]["voordeur.position"], []).append(row)
        self.assertEqual([len(rows) for _, rows in sorted(by_position.items())], [6, 1, 1])
        first, second, third = (rows for _, rows in sorted(by_position.items()))
        self.assertEqual({row["trace_id"] for row in first}, {TRACE})
        self.assertEqual(first[0]["parent_operation_id"], PARENT)
        self.assertEqual({row["parent_operation_id"] for row in first[1:]}, {first[0]["operation_id"]})
        self.assertNotIn("parent_operation_id", second[0])
        self.assertEqual([rows[0]["attributes"][ACTIVITY] for rows in (first, second, third)],
                         [REGISTER + "1", REGISTER + "2", REGISTER + "1"])

    def test_every_row_has_what_the_standard_asks(self):
        rows = self.rows()
        for row in rows:
            self.assertRegex(row["trace_id"], "^[0-9a-f]{32}$")
            self.assertRegex(row["operation_id"], "^[0-9a-f]{16}$")
            self.assertEqual(row["status_code"], 1)
            self.assertLessEqual(row["start_time"], row["end_time"])
            self.assertEqual(row["resource"]["attributes"]["voordeur.municipality"], "GM9901")
            self.assertEqual(SUBJECT in row["attributes"], SUBJECT + "_type" in row["attributes"])
        self.assertEqual(len({row["operation_id"] for row in rows}), len(rows))

    def test_the_same_log_gives_the_same_bytes_and_another_key_other_ids(self):
        text = self.text()
        self.assertEqual(text, self.text())
        self.broker.write("keys/subjects.key", "%064x\n" % 11, 0o400)
        other = self.rows("--subject-key", self.broker.path("keys/subjects.key"))
        self.assertEqual(len(other), len(text.splitlines()))
        self.assertNotIn(other[-1]["operation_id"], text)

    def test_nobody_is_in_it_in_clear_and_only_the_key_joins(self):
        text = self.text()
        for number in (*range(6), 9):
            self.assertNotIn(BSNS[number], text)
        self.assertNotIn("persons", text)
        rows = [row for row in self.rows() if SUBJECT in row["attributes"]]
        ids = [row["attributes"][SUBJECT] for row in rows]
        self.assertEqual(len(set(ids)), len(ids))  # no two rows have one
        alone = [row for row in self.named("signal received")][-1]["attributes"]
        theirs = self.rows("--subject", alone[SUBJECT])
        self.assertIn("signal received", [row["name"] for row in theirs])
        self.assertEqual({row["attributes"]["voordeur.position"] for row in theirs}, {alone["voordeur.position"]})
        done = run("audit", "--logboek", "--store", self.broker.path("store"), "--subject", "00" * 56)
        self.assertEqual(done.returncode, 1)

    def test_what_goes_with_what(self):
        for wrong in (["--store", "x", "--household", "H1"], ["--store", "x", "--follow"], ["--subject", "00" * 56],
                      ["--subject-key", "x"], ["--from", "0"]):
            self.assertEqual(run("audit", "--logboek", *wrong).returncode, 2, wrong)
        self.assertEqual(run("audit", "--from", "3").returncode, 2)

    def test_it_goes_on_behind_a_record(self):
        rows = self.rows()
        middle = rows[len(rows) // 2]["attributes"]["voordeur.position"]
        later = [row for row in rows if row["attributes"]["voordeur.position"] >= middle]
        self.assertEqual(self.rows("--from", str(middle)), later)
        self.assertLess(len(later), len(rows))


class Live(unittest.TestCase):
    """Of a running broker, by those who oversee it: the same lines as of its store at rest."""

    def setUp(self):
        self.broker = Broker(parties=PARTIES + ["auditor:a-fg"]).start()
        self.server = self.broker.path("server.pub")
        with open(self.server, "w", encoding="ascii") as f:
            f.write(self.broker.endpoints["public_key"] + "\n")
        self.school = self.broker.session("agency:school")
        self.count = 0
        for person in range(4):
            self.signal(person)

    def tearDown(self):
        self.broker.__exit__(None, None, None)

    def signal(self, person):
        self.count += 1
        self.assertEqual(self.school.verdict(signal_event("school", "s-%d" % self.count, person)), "accepted")

    def asked(self, party, *more):
        zone = "operators" if party.startswith(("operator:", "auditor:")) else "listen"
        return ["audit", "--logboek", "--connect", self.broker.endpoints[zone], "--key", self.broker.key_file(party),
                "--server-key", self.server, *more]

    def live(self, *more, party="auditor:a-fg"):
        for _ in range(200):  # the broker may not have heard yet that the one before is gone
            done = run(*self.asked(party, *more))
            if "busy" not in done.stderr:
                break
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_a_running_broker_says_what_its_store_says(self):
        anna, officer = (self.broker.session(p) for p in ("regisseur:r-anna", "privacy_officer:p-els"))
        self.assertEqual(self.broker.session("agency:politie").verdict(signal_event("politie", "p-1", 0)), "accepted")
        self.assertEqual(anna.verdict(act_event("regisseur:r-anna", "a-1", "case_accepted", case="C1")), "accepted")
        self.assertEqual(anna.read("case case=1")["error"], "ok")
        self.assertEqual(officer.read("household household=2")["error"], "ok")
        first = self.live()
        names = [json.loads(line)["name"] for line in first.stdout.splitlines()]
        for name in ("signal received", "viewed: case", "act: case_accepted", "decided: accepted"):
            self.assertIn(name, names)
        self.assertEqual(self.live(party="privacy_officer:p-els").stdout, first.stdout)
        for person in range(4):
            self.assertNotIn(BSNS[person], first.stdout)
        follow = re.search(r"--from ([0-9]+)", first.stderr).group(1)
        self.assertEqual(self.live("--from", follow).stdout, "")
        self.signal(1)
        second = self.live("--from", follow)
        self.assertEqual([json.loads(line)["name"] for line in second.stdout.splitlines()][0], "signal received")
        self.assertEqual(self.live().stdout, first.stdout + second.stdout)
        self.assertEqual(self.live("--until", "2020-01-01T00:00:00Z").stdout, "")
        self.assertEqual(self.live("--since", "2020-01-01T00:00:00Z").stdout, first.stdout + second.stdout)
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        rest = run("audit", "--logboek", "--store", self.broker.path("store"))
        self.assertEqual(rest.stdout, first.stdout + second.stdout, rest.stderr)

    def test_others_do_not_get_it(self):
        for party in ("operator:beheer", "regisseur:r-anna", "agency:school"):
            done = run(*self.asked(party))
            self.assertEqual((done.returncode, done.stdout), (1, ""), party)
            self.assertIn("wrong_role", done.stderr, party)

    def test_who_follows_is_told_before_an_erasure_run_and_who_comes_after_it_is_not(self):
        with subprocess.Popen([VOORDEUR, *self.asked("auditor:a-fg", "--follow")], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as shipper:
            told = [json.loads(shipper.stdout.readline()) for _ in range(4)]
            officer, operator = (self.broker.session(p) for p in ("privacy_officer:p-els", "operator:beheer"))
            busy = run(*self.asked("privacy_officer:p-els"))
            self.assertEqual(busy.returncode, 1)
            self.assertIn("busy", busy.stderr)
            self.signal(5)
            while told[-1]["name"] != "signal received" or told[-1]["attributes"]["voordeur.position"] < 6:
                told.append(json.loads(shipper.stdout.readline()))
            self.assertEqual(officer.verdict(act_event("privacy_officer:p-els", "e-1", "erased", household="H2")),
                             "accepted")
            self.assertEqual(operator.admin("#60")["error"], "ok")
            self.signal(6)
            while told[-1]["name"] != "erased":
                told.append(json.loads(shipper.stdout.readline()))
            shipper.terminate()
            rest, words = shipper.communicate()
            self.assertEqual(shipper.returncode, 0, words)
            self.assertRegex(words, "--from [0-9]+")
        told += [json.loads(line) for line in rest.splitlines()]
        received = [row for row in told if row["name"] == "signal received"]
        self.assertLessEqual(5, len(received), "every signal, also the one that was erased")
        later = self.live()
        self.assertIn("there are no lines any more", later.stderr)
        after = [json.loads(line) for line in later.stdout.splitlines()]
        whole = {row["operation_id"]: row for row in told}
        for row in after:
            if row["operation_id"] in whole:
                self.assertEqual(row, whole[row["operation_id"]])

    def test_a_key_of_their_own_for_the_ids(self):
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        self.broker.write("keys/logboek.key", "%064x\n" % 13, 0o400)
        with open(self.broker.path("node.yaml"), encoding="utf-8") as f:
            node = f.read()
        self.broker.write("node.yaml", node + "logboek_key: keys/logboek.key\n")
        self.broker.start()
        live = self.live().stdout
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        rest = run("audit", "--logboek", "--store", self.broker.path("store"), "--subject-key",
                   self.broker.path("keys/logboek.key"))
        self.assertEqual(rest.stdout, live)


if __name__ == "__main__":
    unittest.main()
