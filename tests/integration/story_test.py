#!/usr/bin/env python3
"""A change of the routing from the first idea to the way back, by two operators of a running town.

Goal: what lint, rule tests, back-test and shadow say beforehand is what comes, and `replay` says the same. Which
month, which households and which figures: computed from the town's year, played with both configurations.
"""

import collections
import contextlib
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy"))
from live_town import WAIT_S, LiveTown  # noqa: E402

BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
MAKE_STORE = os.path.join(BUILD, "tests", "integration", "integration_make_store")
CLI = os.path.join(BUILD, "clients", "cli", "voordeur")
ZOMERDAL = os.path.join(ROOT, "deploy", "zomerdal")
FILES = ("town.yaml", "catalogue.yaml", "rules.yaml")
STRICTER, LOOSER = "drie-domeinen", "niet-opgevolgd"
CHANGE = (("at_least: {domains: 3, agencies: 2}", "at_least: {domains: 3, agencies: 3}"),
          ("at_least: {overdue: 2, domains: 2}", "at_least: {overdue: 2, domains: 1}"))
LINTED = "2026-09-01T00:00:00Z"  # after the holidays, of which lint has its own opinion
SLIP = ("at_least: {domains: 3, agencies: 2}", "at_least: {domains: 30, agencies: 2}")
HISTORY_KEY = "01" + 31 * "00"  # of make_store.c
ANSWERED = "      - {at: 1d, feedback: g1}\n"
VIOLENCE = "      - {at: 0d, signal: g1, type: nl.veiligheid.huiselijk-geweld-gemeld.v1, household: A}\n"
OTHER_TESTS = (  # what the rule tests expect of the change
    ("herhaald-geweld, three days and two agencies\n    steps:\n" + VIOLENCE,) * 2 + (ANSWERED,),
    ("herhaald-geweld, three signals are enough\n    steps:\n" + VIOLENCE,) * 2 + (ANSWERED,),
    ("household: A, expect: [{case: A, rule: drie-domeinen}]}", "household: A, expect_not: [{case: A}]}", ""),
    ("drie-domeinen, two agencies are enough", "drie-domeinen, two agencies are not enough", ""),
    ("niet-opgevolgd, light signals, debts and twice the same domain do not count",
     "niet-opgevolgd, light signals and debts do not count, twice the same domain does", ""),
    ("{overdue: o}, {overdue: h}], expect_not: [{case: A}]}",
     "{overdue: o}, {overdue: h}, {case: A, rule: niet-opgevolgd, signals: [z1, z2]}]}", ""))


def instant(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (ms % 1000)


def day_after(at):
    day = datetime.date.fromisoformat(at[:10]) + datetime.timedelta(days=1)
    return day.isoformat() + "T00:00:00Z"


def call(*arguments, stdin=None):
    done = subprocess.run([CLI, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin,
                          timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def rows(text, kind):
    return [row for row in map(json.loads, text.splitlines()) if row["row"] == kind]


def figures(text):
    return [row for row in map(json.loads, text.splitlines())
            if row["row"] in ("cases", "signals", "acts", "rule", "district", "regisseur")]


class Played:
    """What `replay` decides about lines with a configuration."""

    def __init__(self, config, lines):
        status, out, err = call("replay", "--config", config, "-", stdin=b"".join(lines))
        assert status == 0, err
        self.decided = [json.loads(line) for line in out.splitlines()]
        self.verdicts = [v["verdict"] for v in self.decided if v["event"] in ("signal", "command")]
        self.cases = [v for v in self.decided if v.get("change") == "proposed"]
        self.opened = {}  # household: its first case
        for v in self.cases:
            self.opened.setdefault(v["household"], v)
        self.regular = sum(v.get("outcome") == "regular" for v in self.decided if v["event"] == "signal")
        self.of_rule = collections.Counter(rule for v in self.cases for rule in v["rules"])

    def only(self, other, begin, end="9999"):
        """The cases of households that have none in the other, in their order."""
        return [v for h, v in self.opened.items() if h not in other.opened and begin <= v["at"] < end]


class Plan:
    """When what happens: the first month to shadow that shows a case that comes and one that goes, and that is
    followed by more of both."""

    def __init__(self, old, new):
        for month in range(2, 11):
            self.shadowed, self.active = ("2026-%02d-01T00:00:00Z" % m for m in (month, month + 1))
            self.month_new = new.only(old, self.shadowed, self.active)
            self.month_gone = old.only(new, self.shadowed, self.active)
            if not (self.month_new and self.month_gone and new.only(old, self.active) and old.only(new, self.active)):
                continue
            self.comes, self.goes = new.only(old, self.active)[0], old.only(new, self.active)[0]
            self.back = day_after(max(self.comes["at"], self.goes["at"]))
            self.stays_away = next(iter(new.only(old, self.back)), None)
            self.comes_again = next((v for h, v in old.opened.items() if v["at"] > self.back and
                                     (h not in new.opened or new.opened[h]["at"] > self.back)), None)
            if self.stays_away and self.comes_again:
                self.end = day_after(max(self.stays_away["at"], self.comes_again["at"]))
                return
        raise AssertionError("the year has no month for this story")


class Story(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="vdr-story-")
        self.addCleanup(shutil.rmtree, self.home, True)
        self.people, self.sent = {}, 0
        with open(os.path.join(ZOMERDAL, "signals.jsonl"), "rb") as f:
            self.lines = f.readlines()
        self.times = [json.loads(line)["time"] for line in self.lines]

    @contextlib.contextmanager
    def chapter(self, name):
        try:
            yield
        except Exception as e:
            raise AssertionError("chapter \"%s\": %s" % (name, e)) from e

    # The operators, and the town.

    def ask(self, who, *arguments):
        return call(*arguments, "--home", self.town.home, "--as", "operator:" + who)

    def good(self, who, *arguments):
        status, out, err = self.ask(who, *arguments)
        self.assertEqual(status, 0, (arguments, out, err))
        return out

    def told(self, who, *arguments):
        return [json.loads(line) for line in self.good(who, *arguments, "--json").splitlines()]

    def until(self, at):
        return next((n for n, time in enumerate(self.times) if time > at), len(self.lines))

    def live(self, at):
        """The town goes on until then: agencies publish, and what falls due by then falls due."""
        upto = self.until(at)
        for line in self.lines[self.sent:upto]:
            who = self.town.sender_of(line)
            if who not in self.people:
                self.people[who] = self.town.party(who)
                self.addCleanup(self.away, self.people[who])
            self.people[who].publish(line)
        self.sent = upto
        self.good("beheer", "clock", "advance", at)

    @staticmethod
    def away(person):
        person.kill()
        person.process.stdin.close()
        person.process.stdout.close()

    def opened(self):
        """The first case of each household, as the broker decided."""
        cases = {}
        for v in self.told("beheer", "decisions", "--from", "0"):
            if v.get("change") == "proposed":
                cases.setdefault(v["household"], v)
        return cases

    # The files.

    def edit(self, name, old, new):
        with open(os.path.join(self.draft, name), encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(text.count(old), 1, old)
        with open(os.path.join(self.draft, name), "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def offline(self, config, upto, *arguments):
        events = os.path.join(self.home, "events.jsonl")
        with open(events, "wb") as f:
            f.writelines(self.lines[:upto])
        status, out, err = call(*arguments, "--config", config, "--events", events, "--json")
        self.assertEqual(status, 0, err)
        return json.loads(out)

    # The chapters.

    def test_a_change_from_idea_to_way_back(self):
        self.draft = os.path.join(self.home, "draft")
        shutil.copytree(os.path.join(ZOMERDAL, "tests"), os.path.join(self.draft, "tests"))
        for name in FILES:
            shutil.copy(os.path.join(ZOMERDAL, name), self.draft)
        with self.chapter("lint"):
            self.lint()
        with self.chapter("test"):
            self.rule_tests()
        with self.chapter("plan"):
            self.old, self.new = Played(ZOMERDAL, self.lines), Played(self.draft, self.lines)
            self.plan = Plan(self.old, self.new)
        for name, play in (("too early", self.too_early), ("back-test", self.back_test), ("shadow", self.shadow),
                           ("approve", self.approve), ("effect", self.effect), ("explain", self.explain),
                           ("roll back", self.roll_back), ("log", self.log)):
            with self.chapter(name):
                play()

    def lint(self):
        self.edit("rules.yaml", *SLIP)
        status, out, _ = call("rules", "lint", "--at", LINTED, self.draft)
        self.assertEqual(status, 1)
        self.assertIn("never-holds: " + STRICTER, out)
        self.edit("rules.yaml", *reversed(SLIP))
        for change in CHANGE:
            self.edit("rules.yaml", *change)
        status, out, _ = call("rules", "lint", "--at", LINTED, self.draft)
        self.assertEqual(status, 0, out)
        self.assertIn("one-agency-alone: " + LOOSER, out)  # a note: what the change makes possible

    def rule_tests(self):
        status, out, _ = call("rules", "test", self.draft)
        self.assertEqual(status, 1)
        failed = [line.split("FAIL")[1].strip() for line in out.splitlines() if line.startswith("  FAIL")]
        self.assertTrue(any(name.startswith(STRICTER) for name in failed), failed)
        self.assertTrue(any(name.startswith(LOOSER) for name in failed), failed)
        self.failed = failed

    def too_early(self):
        """The town as it is when the idea comes. What fails its rule tests is not even proposed."""
        self.town = LiveTown(BUILD, ZOMERDAL, os.path.join(self.home, "town"))
        self.sent = self.until(self.plan.shadowed)
        history = os.path.join(self.home, "history.jsonl")
        with open(history, "wb") as f:
            f.writelines(self.lines[:self.sent])
        subprocess.run([MAKE_STORE, ZOMERDAL, history, os.path.join(self.town.home, "store")], check=True,
                       stdout=subprocess.DEVNULL)
        # The broker knows the persons of the history only with the key that it was written with.
        key = os.path.join(self.town.home, "keys", "pseudonym.key")
        os.remove(key)
        with open(key, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o400)) as f:
            f.write(HISTORY_KEY + "\n")
        self.addCleanup(self.town.kill)
        self.town.start()
        status, out, err = self.ask("beheer", "rules", "propose", self.draft, "--reason", "as an idea")
        self.assertEqual((status, out), (1, ""))
        self.assertIn(self.failed[0], err)
        for old, new, more in OTHER_TESTS:
            self.edit("tests/cases.yaml", old, new + more)
        status, out, _ = call("rules", "test", self.draft)
        self.assertEqual(status, 0, out)
        self.assertEqual(self.told("toezicht", "rules", "proposals", "--all"), [])

    def back_test(self):
        status, out, err = self.ask("beheer", "backtest", "--rules", self.draft, "--diff", "current", "--sample", "100",
                                    "--json")
        self.assertEqual(status, 3, err)
        # The log has what was accepted: replay of that, with both.
        accepted = [line for line, verdict in zip(self.lines[:self.sent], self.old.verdicts) if verdict == "accepted"]
        old, new = Played(ZOMERDAL, accepted), Played(self.draft, accepted)
        same = {h for h in old.opened if h in new.opened and
                all(old.opened[h][k] == new.opened[h][k] for k in ("at", "rules", "priority"))}
        both = set(old.opened) & set(new.opened)
        cases, = rows(out, "cases")
        self.assertEqual([cases[k] for k in ("current", "candidate", "same", "new", "gone", "changed")],
                         [len(old.cases), len(new.cases), len(same), len(new.only(old, "")), len(old.only(new, "")),
                          len(both - same)])
        self.assertGreater(cases["new"], 0)
        self.assertGreater(cases["gone"], 0)
        for row in rows(out, "rule"):
            self.assertEqual((row["current"], row["candidate"]),
                             (old.of_rule[row["rule"]], new.of_rule[row["rule"]]), row["rule"])
        signals, = rows(out, "signals")
        self.assertEqual((signals["current_regular"], signals["candidate_regular"]), (old.regular, new.regular))
        self.same_samples(out, new.only(old, ""), old.only(new, ""))
        people = {p["bsn"] for line in self.lines for p in json.loads(line)["data"].get("persons", [])
                  if isinstance(p, dict) and isinstance(p.get("bsn"), str) and p["bsn"]}
        self.assertEqual([bsn for bsn in people if bsn in out], [])
        self.fits("beheer", "backtest", "--rules", self.draft, status=3)

    def same_samples(self, out, new, gone):
        """Of the samples, these and at these instants are among them."""
        shown = {(row["difference"], "H%d" % row["household"], instant(row["candidate_opened_ms" if
                  row["difference"] == "new" else "current_opened_ms"])) for row in rows(out, "sample")
                 if row["difference"] != "changed"}
        self.assertLessEqual({(kind, v["household"], v["at"]) for kind, cases in (("new", new), ("gone", gone))
                              for v in cases}, shown)

    def shadow(self):
        self.good("beheer", "rules", "shadow", "start", self.draft)
        before = self.opened()
        self.live(self.plan.active)
        status, seen, err = self.ask("toezicht", "rules", "diff", "--json")
        self.assertEqual(status, 3, err)
        self.fits("toezicht", "rules", "diff", status=3)
        cases, = rows(seen, "cases")
        self.assertGreaterEqual(cases["new"], len(self.plan.month_new))
        self.assertGreaterEqual(cases["gone"], len(self.plan.month_gone))
        # It never acted: what happened is what the old rules say.
        opened = {h: v["at"] for h, v in self.opened().items() if h not in before}
        self.assertEqual(opened, {h: v["at"] for h, v in self.old.opened.items()
                                  if self.plan.shadowed <= v["at"] < self.plan.active})
        since = instant(rows(seen, "span")[0]["from_ms"])
        status, out, err = self.ask("toezicht", "backtest", "--rules", self.draft, "--since", since, "--sample", "100",
                                    "--json")
        self.assertEqual(status, 3, err)
        self.assertEqual(figures(out), figures(seen))
        self.same_samples(out, self.plan.month_new, self.plan.month_gone)
        self.good("beheer", "rules", "shadow", "stop")

    def approve(self):
        reason = "two agencies are too few; what nobody follows up is enough"
        propose = ("rules", "propose", self.draft, "--reason", reason)
        status, _, err = self.ask("beheer", *propose)
        self.assertEqual(status, 1)
        self.assertIn("nobody-present", err)  # lint on the day: a week of holidays lies ahead, which is known
        self.assertEqual(self.told("beheer", *propose, "--allow", "nobody-present")[0]["proposal"], 1)
        row, = self.told("toezicht", "rules", "proposals")
        self.assertEqual((row["author"], row["reason"], row["against"]), ("beheer", reason, 1))
        files, = self.told("toezicht", "rules", "version", "--proposal", "1")
        with open(os.path.join(self.draft, "rules.yaml"), encoding="utf-8") as f:
            self.assertEqual(files["rules.yaml"], f.read())
        status, _, err = self.ask("beheer", "rules", "approve", "1")
        self.assertEqual(status, 1)
        self.assertIn("four_eyes", err)
        approved = self.told("toezicht", "rules", "approve", "1", "--reason", "read, with the shadow of a month")[0]
        self.assertEqual(approved["version"], 2)
        self.position = approved["position"]

    def effect(self):
        """Somebody watches when the first case comes that only the new rules open."""
        watch = subprocess.Popen([CLI, "watch", "--from", str(self.position), "--kind", "case", "--json", "--home",
                                  self.town.home, "--as", "operator:toezicht"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        late, came = threading.Timer(WAIT_S, watch.kill), None
        try:
            self.live(self.plan.back)
            late.start()
            for line in watch.stdout:
                v = json.loads(line)
                if v["household"] == self.plan.comes["household"] and v["change"] == "proposed":
                    came = v
                    break
        finally:
            late.cancel()
            watch.kill()
            watch.wait()
            watch.stdout.close()
        self.assertIsNotNone(came, "watch did not show %s" % self.plan.comes)
        for member in ("at", "household", "rules", "signals", "priority"):
            self.assertEqual(came[member], self.plan.comes[member], member)
        opened = self.opened()
        self.assertNotIn(self.plan.goes["household"], opened)
        self.as_played(self.new, self.plan.active, self.plan.back)
        self.comes = opened[self.plan.comes["household"]]
        self.assertEqual(self.comes, came)

    def as_played(self, played, begin, end):
        """Households that no rules had opened a case for get theirs as these rules say."""
        def fresh(cases):
            return {h: (v["at"], v["rules"], v["signals"]) for h, v in cases.items() if begin <= v["at"] < end and
                    all(p.opened[h]["at"] >= begin for p in (self.old, self.new) if h in p.opened)}
        self.assertEqual(fresh(self.opened()), fresh(played.opened))

    def fits(self, who, *arguments, status=0):
        got, out, err = self.ask(who, *arguments)
        self.assertEqual(got, status, err)
        self.assertEqual([line for line in out.splitlines() if len(line) > 80], [])

    def explain(self):
        def of(told, rule):
            return next(r for r in told["rules"] if r["id"] == rule)

        # The new case: it stands on the clause that was changed, and on the signals that replay names.
        case = ("explain", "case", self.comes["case"], "--at", self.comes["at"])
        told, = self.told("toezicht", *case)
        self.assertEqual((told["version"], told["household"]), (2, self.plan.comes["household"]))
        made = next(c for c in told["cases"] if c["case"] == self.comes["case"])
        self.assertEqual((made["rules"], [s["id"] for s in made["signals"]]),
                         (self.plan.comes["rules"], self.plan.comes["signals"]))
        rule = of(told, LOOSER)
        self.assertTrue(rule["holds"])
        self.assertEqual({s["id"] for s in rule["signals"] if s["use"] == "counted"}, set(self.plan.comes["signals"]))
        there = self.offline(self.draft, self.sent, "explain", "household", self.plan.comes["household"], "--at",
                             self.comes["at"])
        self.assertEqual(told["rules"], there["rules"])
        # With the old rules that clause failed.
        was = of(self.offline(ZOMERDAL, self.sent, "explain", "household", self.plan.comes["household"], "--at",
                              self.comes["at"]), LOOSER)
        self.assertFalse(was["holds"])
        self.assertIn(("domains", 1, 2, False), self.clauses(was))
        # The case that no longer opens: the same signals, one agency short.
        why = ("why-not", "--household", self.plan.goes["household"], "--rule", STRICTER)
        told, = self.told("toezicht", *why, "--at", self.plan.goes["at"])
        rule, = told["rules"]
        self.assertFalse(rule["holds"])
        self.assertEqual(told["version"], 2)
        self.assertEqual({s["id"] for s in rule["signals"] if s["use"] == "counted"}, set(self.plan.goes["signals"]))
        self.assertEqual(self.clauses(rule), [("domains", 3, 3, True), ("agencies", 2, 3, False)])
        there = self.offline(self.draft, self.sent, *why, "--at", self.plan.goes["at"])
        self.assertEqual(told["rules"], there["rules"])
        was, = self.offline(ZOMERDAL, self.sent, *why, "--at", self.plan.goes["at"])["rules"]
        self.assertEqual((was["holds"], self.clauses(was)),
                         (True, [("domains", 3, 3, True), ("agencies", 2, 2, True)]))
        self.assertIn("It does not hold: it lacks", self.good("toezicht", *why))
        self.fits("toezicht", *why)
        self.fits("toezicht", *case)
        # What was decided before is explained by the rules of then.
        gone = self.plan.month_gone[0]
        told, = self.told("toezicht", "explain", "household", gone["household"], "--at", gone["at"])
        self.assertEqual((told["version"], of(told, STRICTER)["holds"]), (1, True))
        self.assertEqual(told["cases"][0]["case"], self.opened()[gone["household"]]["case"])

    @staticmethod
    def clauses(rule):
        return [(c["clause"], c["value"], c["least"], c["reached"]) for c in rule["groups"][0]["clauses"]]

    def roll_back(self):
        self.good("toezicht", "rules", "rollback", "1", "--reason", "twice the cases")
        self.assertEqual(self.ask("toezicht", "rules", "approve", "2")[0], 1)
        self.assertEqual(self.told("beheer", "rules", "approve", "2")[0]["version"], 3)
        self.live(self.plan.end)
        opened = self.opened()
        self.assertNotIn(self.plan.stays_away["household"], opened)
        self.as_played(self.old, self.plan.back, self.plan.end)
        again = self.plan.comes_again
        self.assertEqual((opened[again["household"]]["at"], opened[again["household"]]["rules"]),
                         (again["at"], again["rules"]))
        # Who has a case keeps it, and it is explained by the rules of then; the household that lost its case to the
        # stricter rule is one for which the rule holds once more.
        told, = self.told("toezicht", "explain", "case", self.comes["case"], "--at", self.comes["at"])
        self.assertEqual(told["version"], 2)
        told, = self.told("toezicht", "why-not", "--household", self.plan.goes["household"], "--rule", STRICTER, "--at",
                          self.plan.back)
        self.assertEqual((told["version"], told["rules"][0]["holds"]), (3, True))
        self.assertNotIn(self.plan.goes["household"], opened)  # it waits for a signal: nobody sent one
        self.assertIn("opens a case", " ".join(self.good("toezicht", "why-not", "--household",
                                                         self.plan.goes["household"], "--rule", STRICTER).split()))
        self.fits("toezicht", "rules", "history")
        history = self.told("toezicht", "rules", "history")
        self.assertEqual([(v["version"], v["author"], v["approver"], v["rollback_of"]) for v in history],
                         [(3, "toezicht", "beheer", 1), (2, "beheer", "toezicht", None), (1, None, None, None)])
        self.assertEqual(history[0]["digest"], history[2]["digest"])
        self.assertEqual(sum(v["cases"] for v in history),
                         sum(v.get("change") == "proposed" for v in self.told("beheer", "decisions", "--from", "0")))

    def log(self):
        """All of it comes from the log again."""
        told = self.good("beheer", "decisions", "--from", "0", "--json").splitlines()
        for person in self.people.values():
            person.stop()
        self.assertEqual(self.town.stop(), 0)
        status, out, err = call("replay", "--store", os.path.join(self.town.home, "store"))
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out.splitlines(), told)


if __name__ == "__main__":
    unittest.main()
