#!/usr/bin/env python3
"""The processing log: `voordeur audit --logboek` gives a row for each person and each thing that was done, the same
rows for the same log, and no person in clear."""

import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, BUILD, CATALOGUE, TOWN, Broker, act_event, signal_event  # noqa: E402

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

    def test_it_is_of_a_store_at_rest_only(self):
        self.assertEqual(run("audit", "--logboek").returncode, 2)
        self.assertEqual(run("audit", "--logboek", "--store", "x", "--household", "H1").returncode, 2)


if __name__ == "__main__":
    unittest.main()
