#!/usr/bin/env python3
"""What an operator sees: reports, lights, top, watch and doctor on a broker that holds Zomerdal's year.

The figures of reports are compared with figures that this test counts itself over the lines of `decisions`.
"""

import collections
import json
import os
import pty
import subprocess
import sys
import tempfile
import shutil
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy"))
from live_town import OPERATOR, LiveTown  # noqa: E402

BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
MAKE_STORE = os.path.join(BUILD, "tests", "integration", "integration_make_store")
ZOMERDAL = os.path.join(ROOT, "deploy", "zomerdal")
WIDTH = 80


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


class See(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="vdr-see-")
        cls.town = LiveTown(BUILD, ZOMERDAL, cls.home)
        subprocess.run([MAKE_STORE, ZOMERDAL, os.path.join(ZOMERDAL, "year.jsonl"), os.path.join(cls.home, "store")],
                       check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, VOORDEUR_STORE_KEY=os.path.join(cls.home, "keys", "store.key")))
        cls.town.start()
        cls.lines = parsed(cls.town.operator("decisions", "--from", "0", "--json"))

    @classmethod
    def tearDownClass(cls):
        cls.town.kill()
        shutil.rmtree(cls.home)

    def report(self, *which):
        """The head, and the rows by kind."""
        lines = parsed(self.town.operator("report", *which, "--json"))
        rows = collections.defaultdict(list)
        for line in lines[1:]:
            rows[line.pop("row")].append(line)
        return lines[0], rows

    def of(self, event, **members):
        return [x for x in self.lines if x["event"] == event and all(x.get(k) == v for k, v in members.items())]

    def cases(self):
        """Open cases after the last line: the last line of each."""
        last = {}
        for x in self.of("case"):
            last[x["case"]] = x
        return [x for x in last.values() if x["state"] in ("unassigned", "offered", "active")]

    def fits(self, text, lines=None):
        for line in text.decode().splitlines():
            self.assertLessEqual(len(line), WIDTH, line)
        if lines:
            self.assertLessEqual(len(text.decode().splitlines()), lines, text.decode())

    def test_rules_count_the_cases_they_made_and_what_became_of_them(self):
        head, rows = self.report("rules")
        self.assertEqual(head["position_first"], 1)
        proposed, judged = collections.Counter(), collections.defaultdict(dict)
        for x in self.of("case"):
            if x["change"] == "proposed":
                judged[x["case"]]["rules"] = x["rules"]
                proposed.update(x["rules"])
            elif x["change"] in ("accepted", "dismissed"):
                judged[x["case"]]["as"] = x["change"]
        count = collections.Counter((rule, c.get("as")) for c in judged.values() for rule in c["rules"])
        watched = collections.Counter(x["rule"] for x in self.of("watch"))
        matched = collections.Counter(x[0] for x in {(x["rule"], x["at"], tuple(sorted(x["agencies"] + [x["to"][7:]])))
                                                     for x in self.of("message", kind="match")})
        self.assertGreater(sum(proposed.values()), 10)
        for row in rows["rule"]:
            rule = row["rule"]
            self.assertEqual((row["proposed"], row["accepted"], row["dismissed"], row["watched"], row["matches"]),
                             (proposed[rule], count[rule, "accepted"], count[rule, "dismissed"], watched[rule],
                              matched[rule]), rule)
            self.assertGreaterEqual(row["evaluations"], row["proposed"])
            n = row["accepted"] + row["dismissed"]
            self.assertEqual(row.get("precision_permille"), row["accepted"] * 1000 // n if n else None)
        self.assertEqual({r["rule"] for r in rows["rule"] if r["current"]} & set(proposed), set(proposed))
        pairs = collections.Counter()
        for row in rows["rule_agency"]:
            pairs[row["rule"]] += row["proposed"]
        self.assertTrue(all(pairs[rule] >= proposed[rule] for rule in proposed))

    def test_queues_hold_what_the_lines_left_in_them(self):
        head, rows = self.report("queues")
        held = collections.Counter((x["regisseur"], x["state"]) for x in self.cases())
        self.assertGreater(sum(held.values()), 0)
        for row in rows["regisseur"]:
            self.assertEqual((row["offered"], row["active"]),
                             (held[row["id"], "offered"], held[row["id"], "active"]), row["id"])
            if "load" in row:  # not when the broker itself wrote a record meanwhile
                self.assertEqual(row["load"], row["offered"] + row["active"], "the state says what the log says")
        self.assertEqual(rows["cases"][0]["ready"], held[None, "unassigned"])
        waiting = collections.Counter(x["to"] for x in self.of("message"))
        for kind in ("regisseur", "service", "coordinator", "agency"):
            for row in rows[kind]:
                name = kind + ":" + row["id"]
                self.assertEqual(row["ready"], waiting[name], name)
                if waiting[name]:
                    first = next(x["at"] for x in self.of("message", to=name))
                    oldest = self.instant(row["ready_since_ms"])
                    self.assertEqual(oldest, first[:19], name)

    @staticmethod
    def instant(ms):
        import datetime
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S")

    def test_follow_ups_are_counted_by_service(self):
        _, rows = self.report("follow-up")
        overdue, answered_late, answered = set(), collections.Counter(), collections.Counter()
        at_service = {}
        routed = collections.Counter()
        for x in self.of("message"):
            if x["kind"] == "regular_signal":
                routed[x["to"][8:]] += 1
                at_service[x["signal"]] = x["to"][8:]
            elif x["kind"] == "overdue":
                overdue.add(x["signal"])
            elif x["kind"] == "feedback":
                late = x["signal"] in overdue
                (answered_late if late else answered)[at_service[x["signal"]]] += 1
        self.assertGreater(sum(answered.values()), 10)
        self.assertGreater(sum(answered_late.values()), 0)
        for row in rows["service"]:
            service = row["service"]
            self.assertEqual(row["regular"], routed[service], service)
            self.assertEqual((row["in_time"], row["late"]), (self.timely(service, answered), answered_late[service]),
                             service)
        status = json.loads(self.town.operator("status", "--json"))
        self.assertEqual(sum(r["overdue"] for r in rows["service"]), status["overdue"])

    def timely(self, service, answered):
        """Feedback on a signal whose type asks for none is no follow-up: the catalogue knows which."""
        asked = set()
        with open(os.path.join(ZOMERDAL, "catalogue.yaml"), encoding="utf-8") as f:
            current = None
            for line in f:
                if line.startswith("  nl."):
                    current = line.strip().split(":")[0]
                if "follow_up" in line and current:
                    asked.add(current)
        return answered[service] if asked else 0

    def test_agencies_count_what_was_accepted(self):
        head, rows = self.report("agencies")
        by_source = {p["source"]: p["party"][7:] for p in self.town.parties
                     if p["party"].startswith("agency:") and p.get("source")}
        accepted = collections.Counter(by_source[x["source"]] for x in self.of("signal", verdict="accepted"))
        regular = collections.Counter(by_source[x["source"]]
                                      for x in self.of("signal", verdict="accepted", outcome="regular"))
        self.assertGreater(sum(accepted.values()), 1000)
        for row in rows["agency"]:
            self.assertEqual((row["signals"], row["regular"]), (accepted[row["agency"]], regular[row["agency"]]))
            self.assertEqual(row["signals"], row["attached"] + row["proposed"] + row["regular"])
            self.assertIn(row["rhythm"], ("learning", "as usual", "slow", "quiet"))

    def test_stuck_cases_are_open_and_named_by_number_only(self):
        _, rows = self.report("cases", "--stuck")
        cases = {x["case"]: x for x in self.cases()}
        self.assertEqual(rows["total"][0]["open"], len(cases))
        self.assertEqual(rows["total"][0]["stuck"], len(rows["case"]))
        self.assertGreater(len(rows["case"]), 0)
        for row in rows["case"]:
            line = cases["C%d" % row["case"]]
            self.assertEqual(("H%d" % row["household"], row["state"], row["priority"]),
                             (line["household"], line["state"], line["priority"]))
            self.assertTrue(row["why"] and row["next"])

    def test_every_report_fits_80_columns(self):
        for which in (("queues",), ("cases", "--stuck"), ("follow-up",), ("rules",), ("agencies",)):
            text = self.town.operator("report", *which)
            self.assertIn(b"records 1 to ", text)
            self.fits(text)

    def test_the_lights_fit_a_screen_and_say_the_next_step(self):
        text = self.town.operator("status")
        self.fits(text, 24)
        lines = text.decode().splitlines()
        lights = {line[7:20].strip(): line.split()[0] for line in lines[2:] if line[:5].strip()}
        self.assertEqual(lights["broker"], "green")
        self.assertEqual(lights["mailboxes"], "red", "nobody reads")
        self.assertEqual(lights["follow-ups"], "amber")
        self.assertEqual(sum(line.startswith("       -> ") for line in lines),
                         sum(light in ("amber", "red") for light in lights.values()))
        every = json.loads(self.town.operator("status", "--json"))
        for name in ("position_durable", "signals", "cases_unassigned", "disk_free_bytes", "mail_waiting", "state"):
            self.assertIn(name, every)
        self.assertIn(b"position_durable", self.town.operator("status", "--all"))

    def test_top_once_fits_a_screen(self):
        text = self.town.operator("top", "--once")
        self.fits(text, 24)
        self.assertIn(b"BUSIEST SESSIONS", text)
        self.assertIn(b"coordinator:c-piet", text)
        sample = json.loads(self.town.operator("top", "--once", "--json"))
        self.assertEqual(sample["accepted_per_s"], 0)
        self.assertGreater(sample["frames_in_per_s"], 0)

    def test_top_ends_with_q_and_gives_the_terminal_back(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(self.town.cli, [self.town.cli, "top", "--home", self.home, "--as", OPERATOR])
        shown, asked = b"", False
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
            if not asked and b"FULLEST MAILBOXES" in shown:
                os.write(terminal, b"q")
                asked = True
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        os.close(terminal)
        self.assertTrue(shown.endswith(b"\x1b[?25h"), "the cursor is back")

    def test_watch_shows_what_was_asked_for(self):
        def watch(*filters):
            return parsed(self.town.operator("watch", "--from", "0", "--once", "--json", *filters))

        case = self.cases()[0]["case"]
        self.assertEqual(watch("--case", case, "--kind", "case"), self.of("case", case=case))
        self.assertEqual(watch("--kind", "watch"), self.of("watch"))
        self.assertEqual(watch("--kind", "watch", "--kind", "command"),
                         [x for x in self.lines if x["event"] in ("watch", "command")])
        rule = next(x["rules"][0] for x in self.of("case", change="proposed"))
        made = {x["case"] for x in self.of("case", change="proposed") if rule in x["rules"]}
        self.assertEqual(watch("--rule", rule, "--kind", "case"), [x for x in self.of("case") if x["case"] in made])
        source = next(p["source"] for p in self.town.parties if p["party"] == "agency:jgz")
        self.assertEqual(watch("--agency", "jgz", "--kind", "signal"), self.of("signal", source=source))
        text = self.town.operator("watch", "--from", "0", "--once", "--kind", "case").decode().splitlines()
        self.assertEqual(len(text), len(self.of("case")))

    def doctor(self, *arguments, home=True):
        who = ["--home", self.home, "--as", OPERATOR] if home else []
        done = subprocess.run([self.town.cli, "doctor", "--json", *arguments, *who], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        found = {x["check"]: x for x in parsed(done.stdout)}
        self.assertEqual(done.returncode, 1 if any(x["good"] is False for x in found.values()) else 0, found)
        found.pop("disk")  # how full the disk of this machine is says nothing of the doctor
        return 1 if any(x["good"] is False for x in found.values()) else 0, found

    def test_the_doctor_finds_a_running_broker_well(self):
        status, found = self.doctor()
        self.assertEqual(status, 0, found)
        for check in ("session", "broker", "counts", "log", "mailboxes", "keys"):
            self.assertIs(found[check]["good"], True, found[check])
        self.assertIsNone(found["clock"]["good"], "a clock of events is not judged")
        self.fits(self.town.operator("doctor", check=False))
        status, found = self.doctor("--deep", "--history")
        self.assertEqual(status, 0, found)
        for check in ("state", "invariants", "history"):
            self.assertIs(found[check]["good"], True, found[check])
        self.assertEqual([x for x in os.listdir(os.path.join(self.home, "backups")) if x.startswith("doctor-")], [])

    def test_the_doctor_finds_a_store_at_rest_well_or_not(self):
        self.assertEqual(self.doctor("--store", os.path.join(self.home, "store"), home=False)[0], 1, "it is in use")
        self.town.operator("backup", "rest")
        copy = os.path.join(self.home, "backups", "rest")
        status, found = self.doctor("--store", copy, "--history", home=False)
        self.assertEqual(status, 0, found)
        for check in ("store", "log", "sealing"):
            self.assertIs(found[check]["good"], True, "without keys checksums and chain are checked")
        for check in ("state", "invariants", "mailboxes"):
            self.assertIsNone(found[check]["good"], "and it is said what was not")
        keys = ("--wrap", os.path.join(self.home, "store", "keys", "wrap"), "--store-key",
                os.path.join(self.home, "keys", "store.key"))
        status, found = self.doctor("--store", copy, "--history", *keys, home=False)
        self.assertEqual(status, 0, found)
        self.assertEqual({x["good"] for x in found.values()}, {True})
        with open(os.path.join(copy, "log", "data.mdb"), "r+b") as f:
            text = f.read()
            self.assertNotIn(next(x["id"] for x in self.of("signal", verdict="accepted")).encode(), text)
            f.seek(len(text) // 2 // 4096 * 4096 + 2000)
            byte = f.read(1)
            f.seek(-1, 1)
            f.write(bytes([byte[0] ^ 1]))
        status, found = self.doctor("--store", copy, home=False)
        self.assertEqual(status, 1)
        bad = [x for x in found.values() if x["good"] is False]
        self.assertTrue(bad and all(x["next"] for x in bad), found)
        self.assertIsNone(found["invariants"]["good"], "nothing is said of a state that cannot be had")

    def test_a_report_that_is_none_is_refused(self):
        for wrong in (("report",), ("report", "people"), ("report", "cases"), ("report", "rules", "--stuck")):
            done = subprocess.run([self.town.cli, *wrong, "--home", self.home, "--as", OPERATOR],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 2, wrong)

    def test_nobody_but_an_operator_gets_a_report(self):
        for party in ("coordinator:c-piet", "regisseur:r-anna", "agency:school-1"):
            done = subprocess.run([self.town.cli, "report", "rules", "--home", self.home, "--as", party],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1, party)
            self.assertIn(b"wrong_role", done.stderr)


class Told(unittest.TestCase):
    """What is not in the log, and what only the content of events says."""

    def test_refusals_duplicates_and_numbers_that_are_missing(self):
        home = tempfile.mkdtemp(prefix="vdr-see-")
        town = LiveTown(BUILD, ZOMERDAL, home)
        town.start()
        try:
            with open(os.path.join(ZOMERDAL, "year.jsonl"), encoding="utf-8") as f:
                first = json.loads(f.readline())
            name = town.by_source[first["source"]]
            party = town.party(name)

            def publish(number, **changed):
                event = {**first, "id": "n-%d" % number, "sequence": "%010d" % number, **changed}
                return party.publish(json.dumps(event).encode())

            for number in (7, 8, 11, 12, 10):
                publish(number)
            publish(12)
            publish(13, type="nl.niets.v1")
            publish(14, data={**first["data"], "municipality": "GM0000"})
            party.stop()
            rows = [x for x in parsed(town.operator("report", "agencies", "--json")) if x.get("agency") == name[7:]]
            self.assertEqual({k: rows[0].get(k) for k in ("signals", "sequenced", "sequence_missing", "duplicates",
                                                          "refused", "unknown_type", "wrong_municipality")},
                             {"signals": 5, "sequenced": 5, "sequence_missing": 1, "duplicates": 1, "refused": 2,
                              "unknown_type": 1, "wrong_municipality": 1})
            text = town.operator("report", "agencies").decode()
            self.assertIn("missing %s: 1 numbers" % name[7:], text)
            self.assertIn("refused %s:" % name[7:], text)
        finally:
            town.kill()
            shutil.rmtree(home)

    def test_of_a_log_that_was_cut_the_rest_is_counted(self):
        home = tempfile.mkdtemp(prefix="vdr-see-")
        town = LiveTown(BUILD, ZOMERDAL, home)
        subprocess.run([MAKE_STORE, ZOMERDAL, os.path.join(ZOMERDAL, "year.jsonl"), os.path.join(home, "store"), "200",
                        "400"], check=True, stdout=subprocess.DEVNULL)
        town.start()
        try:
            lines = parsed(town.operator("decisions", "--from", "0", "--json"))
            rows = parsed(town.operator("report", "agencies", "--json"))
            self.assertGreater(rows[0]["position_first"], 1)
            self.assertEqual(sum(x.get("signals", 0) for x in rows[1:]),
                             len([x for x in lines if x["event"] == "signal" and x["verdict"] == "accepted"]))
        finally:
            town.kill()
            shutil.rmtree(home)


if __name__ == "__main__":
    unittest.main()
