#!/usr/bin/env python3
"""The routing under control, with two operators and a real broker: propose, approve, take effect, roll back, pause.

Goal: nobody changes the routing alone, whoever changed it is known, and what is refused leaves what is in force.
"""

import json
import os
import signal
import subprocess
import unittest

from broker import BUILD, CATALOGUE, PARTIES, RULES, Broker, act_event, signal_event

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
HIGH = RULES.replace("priority: normal", "priority: high")
TESTS = """\
tests:
  - name: two domains open a case
    steps:
      - {at: 0d, signal: s-1, type: test.verzuim.v1, agency: school, household: A}
      - {at: 1d, signal: s-2, type: test.melding.v1, agency: politie, household: A,
         expect: [{case: A, rule: two-domains, priority: %s}]}
"""


class Town(Broker):
    def __init__(self, approvals="two", **more):
        super().__init__(parties=PARTIES + ["operator:toezicht"], approvals=approvals, **more)
        self.write("server.pub", self.public_key("server") + "\n")

    def run(self, who, *arguments):
        """Status, what was printed, and what was said besides."""
        link = ["--connect", self.endpoints["operators"], "--server-key", self.path("server.pub"), "--key",
                self.key_file("operator:" + who)]
        done = subprocess.run([VOORDEUR, *arguments, *link], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def good(self, who, *arguments):
        status, out, err = self.run(who, *arguments)
        assert status == 0, (arguments, out, err)
        return out

    def rows(self, who, *arguments):
        return [json.loads(line) for line in self.good(who, *arguments, "--json").splitlines()]

    def change_rules(self, text, priority):
        self.write("config/rules.yaml", text)
        os.makedirs(self.path("config", "tests"), exist_ok=True)
        self.write("config/tests/rules.yaml", TESTS % priority)

    def two_signals(self, name, person):
        self.session("agency:school").verdict(signal_event("school", name + "-1", person))
        self.session("agency:politie").verdict(signal_event("politie", name + "-2", person))


class FourEyes(unittest.TestCase):
    def open(self, **more):
        broker = Town(**more)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker.start()

    def replays(self, broker):
        """The store tells the same when it is stepped again, and what was copied of it, too."""
        self.assertIn("position", broker.good("beheer", "backup", "copy"))
        self.assertEqual(broker.stop(), 0)
        keys = ("--store-key", broker.path("keys", "store.key"), "--wrap", broker.path("store", "keys", "wrap"))
        for store in ("store", "backups/copy"):
            done = subprocess.run([VOORDEUR, "replay", "--store", broker.path(store), *keys], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr.decode()), (0, ""), store)
            self.assertGreater(len(done.stdout.splitlines()), 5)

    def propose(self, broker, who="beheer"):
        return broker.rows(who, "rules", "propose", broker.path("config"), "--reason", "graver")[0]

    def look(self, broker, rules, tests=None, status=1):
        broker.write("config/rules.yaml", rules)
        if tests is not None:
            os.makedirs(broker.path("config", "tests"), exist_ok=True)
            broker.write("config/tests/rules.yaml", tests)
        got, out, err = broker.run("beheer", "rules", "look", broker.path("config"), "--json")
        self.assertEqual(got, status, err)
        rows = [json.loads(line) for line in out.splitlines()]
        return [r for r in rows if r["row"] == "problem"], {r["rule"]: r["text"] for r in rows if r["row"] == "sentences"}

    def test_a_look_tells_everything_and_nothing_comes_of_it(self):
        broker = self.open()
        _, sentences = self.look(broker, HIGH, status=0)
        self.assertEqual(set(sentences), {"nl/two-domains", "en/two-domains"})
        self.assertIn("high", sentences["en/two-domains"].lower())
        problems, sentences = self.look(broker, RULES.replace("priority:", "prioritee:"))
        self.assertEqual(sentences, {}, "it cannot be read")
        meant = next(p for p in problems if p.get("meant"))
        self.assertEqual((meant["meant"], meant["code"], meant["severity"]), ("priority", "unreadable", "error"))
        self.assertEqual((meant["file"], meant["line"] > 1, meant["column"] > 1), ("rules.yaml", True, True))
        problems, _ = self.look(broker, RULES.replace("priority: normal", "priority: huge"))
        self.assertEqual(next(p["expected"] for p in problems if "expected" in p), "one of normal, high, urgent")
        never = RULES.replace("domains: 2", "domains: 20")
        problems, _ = self.look(broker, never, TESTS % "normal")
        codes = {p["code"] for p in problems}
        self.assertLessEqual({"never-holds", "test-failed"}, codes)
        failed = next(p for p in problems if p["code"] == "test-failed")
        self.assertEqual((failed["test"], failed["file"]), ("two domains open a case", "tests/rules.yaml"))
        problems, _ = self.look(broker, RULES, "tests: [{name: x}]\n")
        self.assertIn("test-unreadable", {p["code"] for p in problems})
        self.assertEqual(broker.rows("toezicht", "rules", "proposals"), [])
        self.assertEqual(len(broker.rows("beheer", "rules", "history")), 1)
        page = broker.rows("toezicht", "rules", "sentences")[0]
        self.assertEqual(set(page), {"nl", "en"})
        self.assertNotEqual(page["nl"], page["en"])
        self.assertEqual(broker.stop(), 0)

    def test_what_is_wrong_is_told_whatever_letters_the_file_has(self):
        """Words are cut in the midst of what a file says, and never in the midst of a letter of it."""
        broker = self.open()
        for letters in ("\u00e9", "\u20ac", "\U0001f3e0"):
            for before in ("", "a", "aa", "aaa"):
                huge = RULES.replace("priority: normal", "priority: " + before + letters * 200)
                problems, _ = self.look(broker, huge)
                self.assertEqual([p["code"] for p in problems if "priority" in p["text"]], ["unreadable"])
                got, out, err = broker.run("beheer", "rules", "propose", broker.path("config"), "--reason", "graver")
                self.assertEqual((got != 0, "one of normal, high, urgent" in out + err), (True, True), out + err)
                done = subprocess.run([VOORDEUR, "rules", "check", "--json", broker.path("config")],
                                      stdout=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 1)
                told = json.loads(done.stdout)["errors"]
                self.assertEqual(len(told), 1)
                self.assertIn("priority: expected one of normal, high, urgent", told[0]["message"])
        broker.write("config/rules.yaml", HIGH)
        broker.good("beheer", "rules", "propose", broker.path("config"), "--reason", "why\u009b2J\x1b[2J\u00e9")
        for shown in (["proposals"], ["version", "--proposal", "1"]):
            out = broker.good("toezicht", "rules", *shown)
            self.assertTrue(all(c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) for c in out), repr(out))
            self.assertEqual("why" in out, "[2J\u00e9" in out)
        for words in (b"caf\xe9", b"\xff"):
            got, _, err = broker.run("beheer", "rules", "propose", broker.path("config"), "--reason", words)
            self.assertEqual((got, "is not UTF-8" in err), (2, True), err)
            os.makedirs(broker.path("config").encode() + words, exist_ok=True)
            done = subprocess.run([VOORDEUR, "rules", "check", broker.path("config").encode() + words],
                                  stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, b"town.yaml: No such file" in done.stderr), (1, True), done.stderr)
        self.assertEqual(broker.stop(), 0)

    def test_a_change_is_proposed_approved_by_another_and_rolled_back(self):
        broker = self.open()
        broker.two_signals("a", 1)
        broker.change_rules(HIGH, "high")
        self.assertEqual(self.propose(broker)["proposal"], 1)
        row = broker.rows("toezicht", "rules", "proposals")[0]
        self.assertEqual((row["author"], row["reason"], row["against"]), ("beheer", "graver", 1))
        self.assertIn("priority: high", broker.rows("toezicht", "rules", "version", "--proposal", "1")[0]["rules.yaml"])
        status, _, err = broker.run("beheer", "rules", "approve", "1")
        self.assertEqual(status, 1)
        self.assertIn("four_eyes", err)
        self.assertIn("another operator", err)
        broker.two_signals("b", 2)
        approved = broker.rows("toezicht", "rules", "approve", "1", "--reason", "seen")[0]
        self.assertEqual(approved["version"], 2)
        broker.two_signals("c", 3)
        operator = broker.session("operator:beheer")
        cases = [operator.read("case case=%d" % n)["cases"][0] for n in (1, 2, 3)]
        self.assertEqual([(c["priority"], c["version"]) for c in cases], [("normal", 1), ("normal", 1), ("high", 2)])
        operator.say("decisions 1 1000")
        lines = {}
        for _ in range(100):
            if len(lines) == 3:
                break
            for line in operator.wait("decision").get("lines", []):
                if line["line"].get("change") == "proposed":
                    lines[line["line"]["case"]] = (line["position"], line["version"])
        self.assertEqual([lines[c][1] for c in sorted(lines)], [1, 1, 2])
        self.assertGreater(sorted(lines.values())[2][0], approved["position"])
        # Whoever proposes next, the old version comes back as a new one.
        broker.good("toezicht", "rules", "rollback", "1", "--reason", "too grave")
        self.assertEqual(broker.run("toezicht", "rules", "approve", "2")[0], 1)
        self.assertEqual(broker.rows("beheer", "rules", "approve", "2")[0]["version"], 3)
        history = broker.rows("beheer", "rules", "history")
        self.assertEqual([(v["version"], v["author"], v["approver"], v["rollback_of"]) for v in history],
                         [(3, "toezicht", "beheer", 1), (2, "beheer", "toezicht", None), (1, None, None, None)])
        self.assertEqual(history[0]["digest"], history[2]["digest"])
        self.assertEqual([v["cases"] for v in history], [0, 1, 2])
        broker.good("beheer", "rules", "version", "2", "--out", broker.path("was"))
        with open(broker.path("was", "rules.yaml"), encoding="utf-8") as f:
            self.assertEqual(f.read(), HIGH)
        text = broker.good("beheer", "rules", "history")
        self.assertIn("by toezicht, approved by beheer", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        # All of it is there after a crash.
        broker.stop(signal.SIGKILL)
        broker.close_peers()
        broker.start()
        self.assertEqual(broker.rows("beheer", "rules", "history"), history)
        self.assertIn("not version 3", broker.log()) # the directory has other rules
        self.replays(broker)

    def test_what_is_wrong_unwise_or_fails_its_tests_is_not_proposed(self):
        broker = self.open()
        unwise = RULES.replace("{domains: 2}", "{domains: 9}")
        rows = (("a fault", RULES.replace("at_least", "at_most"), "normal", "rules.yaml:", "unknown key"), # the command line looks first
                ("lint", unwise, "normal", "never-holds", "bad_config"),
                ("a test", HIGH, "normal", "two domains open a case", "tests_failed"))
        for name, text, priority, word, other in rows:
            with self.subTest(name):
                broker.change_rules(text, priority)
                status, out, err = broker.run("beheer", "rules", "propose", broker.path("config"), "--reason", "x")
                self.assertNotEqual(status, 0, out)
                self.assertIn(word, err)
                self.assertIn(other, err)
        self.assertEqual(broker.rows("beheer", "rules", "proposals", "--all"), [])
        self.assertEqual(broker.run("beheer", "rules", "propose", broker.path("config"))[0], 2)

    def test_an_objection_at_the_approval_leaves_what_is_in_force(self):
        broker = self.open()
        with open(broker.path("config", "town.yaml"), encoding="utf-8") as f:
            town = f.read()
        broker.write("config/town.yaml", "".join(l for l in town.splitlines(True) if "r-anna" not in l))
        self.assertEqual(self.propose(broker)["proposal"], 1)
        broker.two_signals("a", 1) # to r-anna
        status, _, err = broker.run("toezicht", "rules", "approve", "1")
        self.assertEqual(status, 1)
        self.assertIn("r-anna", err)
        self.assertEqual(len(broker.rows("beheer", "rules", "history")), 1)
        broker.two_signals("b", 2)
        self.assertEqual(broker.run("toezicht", "rules", "withdraw", "1")[0], 1)
        broker.good("toezicht", "rules", "reject", "1", "--reason", "anna has a case")
        row = broker.rows("beheer", "rules", "proposals", "--all")[0]
        self.assertEqual((row["state"], row["decider"], row["verdict"]), ("rejected", "toezicht", "anna has a case"))

    def test_reload_proposes_with_two_and_activates_with_one(self):
        broker = self.open()
        operator = broker.session("operator:beheer")
        broker.write("config/rules.yaml", HIGH)
        result = operator.admin("reload")
        self.assertEqual(result["error"], "ok")
        self.assertIn("proposal 1", result["text"])
        again = operator.admin("reload")
        self.assertEqual(again["error"], "ok")
        self.assertIn("proposed already", again["text"])
        self.assertEqual(operator.admin("status")["counters"]["config_version"], 1)
        broker.approvals = "one"
        broker.write_node()
        self.assertIn("proposed already", operator.admin("reload")["text"]) # the stricter of both counts
        result = operator.admin("reload")
        self.assertIn("as version 2", result["text"])
        self.assertIn("nobody else has approved", broker.log())
        self.assertEqual(broker.rows("beheer", "rules", "history")[0]["approver"], None)

    def test_a_rule_is_paused_and_an_agency_silenced_until_an_end(self):
        broker = self.open(arguments=["--clock", "event"])
        school, politie = broker.session("agency:school"), broker.session("agency:politie")

        def signals(name, person, at):
            school.verdict(signal_event("school", name + "-1", person, at))
            politie.verdict(signal_event("politie", name + "-2", person, at))

        signals("a", 1, "2026-03-02T09:00:00Z") # C1
        broker.good("beheer", "pause", "rule", "two-domains", "--until", "2026-03-03T09:00:00Z", "--reason", "misfires")
        self.assertEqual(broker.rows("beheer", "pauses"), [])
        self.assertEqual(broker.run("beheer", "rules", "approve", "1")[0], 1)
        broker.good("toezicht", "rules", "approve", "1")
        row = broker.rows("beheer", "pauses")[0]
        self.assertEqual((row["kind"], row["subject"], row["author"], row["approver"], row["reason"]),
                         ("pause", "two-domains", "beheer", "toezicht", "misfires"))
        signals("b", 2, "2026-03-02T10:00:00Z")
        operator = broker.session("operator:beheer")
        self.assertEqual(operator.read("case case=2")["error"], "not_found")
        counters = operator.admin("status")["counters"]
        self.assertEqual((counters["paused_rules"], counters["silenced_agencies"]), (1, 0))
        rule = [line for line in broker.good("beheer", "report", "rules").splitlines() if "two-domains" in line][0]
        self.assertIn("paused", rule)
        broker.good("beheer", "clock", "advance", "2026-03-03T09:00:00Z")
        self.assertEqual(broker.rows("beheer", "pauses"), [])
        self.assertIsNone(broker.rows("beheer", "pauses", "--all")[0]["ended_by"])
        signals("c", 3, "2026-03-03T10:00:00Z")
        self.assertEqual(operator.read("case case=2")["error"], "ok")
        # An agency, and back before its time by one operator.
        broker.good("toezicht", "silence", "agency", "politie", "--until", "2026-04-03T09:00:00Z", "--reason", "test data")
        broker.good("beheer", "rules", "approve", "2")
        signals("d", 4, "2026-03-03T11:00:00Z")
        self.assertEqual(operator.read("case case=3")["error"], "not_found")
        self.assertIn("silence of agency politie", broker.good("beheer", "pauses"))
        broker.good("beheer", "resume", "2", "--reason", "it was one day")
        signals("e", 4, "2026-03-03T12:00:00Z")
        self.assertEqual(operator.read("case case=3")["error"], "ok")
        row = broker.rows("beheer", "pauses", "--all")[0]
        self.assertEqual((row["ended_by"], row["ended_why"]), ("beheer", "it was one day"))
        self.assertEqual(broker.run("beheer", "pause", "rule", "two-domains", "--reason", "x")[0], 2)
        status, _, err = broker.run("beheer", "pause", "rule", "nothing", "--until", "2026-03-04T09:00:00Z", "--reason", "x")
        self.assertEqual(status, 1)
        self.assertIn("no such rule", err)
        self.replays(broker)


if __name__ == "__main__":
    unittest.main()
