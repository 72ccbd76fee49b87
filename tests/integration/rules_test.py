#!/usr/bin/env python3
"""The verbs of `voordeur rules` as an operator uses them.

Uses the programs in VDR_BUILD (default build/debug).

Goal: what is said of a configuration is right, has a place, and has the same form for programs; no part changes
a file but fmt, and fmt changes no meaning.
"""

import difflib
import json
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VOORDEUR = os.path.join(os.environ.get("VDR_BUILD", os.path.join(SOURCE, "build", "debug")), "clients", "cli", "voordeur")
FILES = ("town.yaml", "catalogue.yaml", "rules.yaml")
EXAMPLE = os.path.join(SOURCE, "deploy", "example")


def rules(*arguments, cwd=None):
    done = subprocess.run([os.path.abspath(VOORDEUR), "rules", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, cwd=cwd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def golden(name, told, expected_status):
    """What was told must be the file tests/golden/NAME. VDR_GOLDEN=write makes it so; look at the diff then."""
    path = os.path.join(SOURCE, "tests", "golden", name)
    status, out, err = told
    if os.environ.get("VDR_GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as f:
            f.write(out)
    with open(path, encoding="utf-8") as f:
        expected = f.read()
    diff = "".join(difflib.unified_diff(expected.splitlines(True), out.splitlines(True), path, "output"))
    if diff or err or status != expected_status:
        raise AssertionError("%sexit status %s\n%s" % (diff, status, err))


class Town(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="rules-")
        self.addCleanup(shutil.rmtree, self.dir)
        for name in FILES:
            shutil.copy(os.path.join(EXAMPLE, name), self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def edit(self, name, old, new):
        text = self.text(name)
        self.assertEqual(text.count(old), 1, old)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))


class Check(Town):
    def test_an_error_has_its_place_its_line_and_a_mark(self):
        self.edit("rules.yaml", "level: watch", "level: wotch")
        status, out, err = rules("check", self.dir)
        lines = err.splitlines()
        self.assertEqual((status, out), (1, ""))
        self.assertIn("rules.yaml:31:12: level: expected one of watch, coordinate, case, found \"wotch\"; did you mean watch?",
                      lines[0])
        self.assertEqual(lines[1], "   31 |     level: wotch")
        self.assertEqual(lines[2], "      |            ^~~~~")

    def test_a_mark_is_as_long_as_what_is_quoted(self):
        self.edit("town.yaml", '"urn:nld:oin:00000099000000020000:systeem:bvh"', '"urn:voordeur:x, y"')
        lines = rules("check", self.dir)[2].splitlines()
        self.assertEqual(lines[2].strip(), "| " + " " * lines[1].split("| ")[1].index("urn:") + "^" + "~" * 16)

    def test_programs_get_the_same_as_json(self):
        self.edit("rules.yaml", "level: watch", "level: wotch")
        status, out, err = rules("check", "--json", self.dir)
        told = json.loads(out)
        self.assertEqual((status, err, told["more"], len(told["errors"])), (1, "", 0, 1))
        self.assertEqual((told["errors"][0]["line"], told["errors"][0]["column"]), (31, 12))
        self.assertEqual(told["errors"][0]["file"], self.path("rules.yaml"))


class Fmt(Town):
    def test_what_is_laid_out_stays(self):
        for town in ("example", "zomerdal"):
            self.assertEqual(rules("fmt", "--check", os.path.join(SOURCE, "deploy", town)), (0, "", ""))

    def test_blanks_go_and_comments_stay(self):
        before = self.text("rules.yaml")
        self.edit("rules.yaml", "  - id: serious\n    text:", "  -   id:   'serious'\n      text:")
        self.edit("rules.yaml", "{domains: 3, agencies: 2}", "{ domains: 3 ,agencies: 2 }  ")
        mode = 0o640
        os.chmod(self.path("rules.yaml"), mode)
        crooked = self.text("rules.yaml")
        # A mapping whose keys do not stand below each other is no YAML: it is told, and nothing is changed.
        status, out, err = rules("fmt", self.dir)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("rules.yaml:", err)
        self.assertEqual(self.text("rules.yaml"), crooked)
        self.edit("rules.yaml", "  -   id:   'serious'\n      text:", "  - id:   'serious'\n    text:")
        self.assertEqual(rules("fmt", "--check", self.dir), (1, self.path("rules.yaml") + "\n", ""))
        self.assertNotEqual(self.text("rules.yaml"), before)
        self.assertEqual(rules("fmt", self.dir), (0, self.path("rules.yaml") + "\n", ""))
        self.assertEqual(self.text("rules.yaml"), before)
        self.assertEqual(os.stat(self.path("rules.yaml")).st_mode & 0o777, mode)
        self.assertEqual(sorted(os.listdir(self.dir)), sorted(FILES))
        status, out, _ = rules("fmt", "--json", self.dir)
        self.assertEqual((status, json.loads(out)), (0, {"changed": [], "unchanged": 3}))

    def test_a_link_stays_one(self):
        os.rename(self.path("rules.yaml"), self.path("real.yaml"))
        os.symlink("real.yaml", self.path("rules.yaml"))
        self.edit("rules.yaml", "{domains: 3, agencies: 2}", "{ domains: 3, agencies: 2 }")
        self.assertEqual(rules("fmt", self.dir)[0], 0)
        self.assertTrue(os.path.islink(self.path("rules.yaml")))
        self.assertIn("{domains: 3, agencies: 2}", self.text("real.yaml"))

    def test_a_file_that_is_not_there_is_told(self):
        status, out, err = rules("fmt", self.path("no.yaml"))
        self.assertEqual((status, out), (1, ""))
        self.assertIn("no.yaml: ", err)


class Lint(Town):
    NEEDLESS = ("  - id: needless\n    text: three serious domains\n    level: case\n    priority: normal\n"
                "    purposes: [youth, care, safety]\n    over: 90d\n    where: {min_severity: 4}\n"
                "    at_least: {domains: 3, agencies: 3}\n\n  - id: more-than-one\n")

    def test_a_finding_has_its_place_and_advice(self):
        self.edit("rules.yaml", "  - id: more-than-one\n", self.NEEDLESS)
        status, out, err = rules("lint", self.dir)
        self.assertEqual((status, err), (1, ""))
        lines = out.splitlines()
        self.assertEqual(lines[0], self.path("rules.yaml") + ":22:5: warning: always-preceded: needless opens no "
                         "case of its own: whenever it holds, three-domains holds, with the same priority (normal)")
        self.assertEqual(lines[1:4], ["   22 |   - id: needless", "      |     ^~",
                                      "      = leave it out, give it a higher priority, or make three-domains stricter"])
        self.assertRegex(lines[-1], "^0 errors, [12] warnings?, [0-9] notes?$")

    def test_what_may_stand_is_said_on_the_command_line(self):
        self.edit("rules.yaml", "  - id: more-than-one\n", self.NEEDLESS)
        for allowed, expected in (("always-preceded", 0), ("always-preceded:needless", 0), ("always-preceded:serious", 1),
                                  ("never-holds", 1), ("no-such-code", 2)):
            status, out, _ = rules("lint", "--json", "--allow", allowed, self.dir)
            self.assertEqual(status, expected, allowed)
            if status != 2:
                told = json.loads(out)
                self.assertEqual(told["allowed"] == 0, status == 1)
                self.assertEqual(bool(told["warnings"]), status == 1)

    def test_what_is_shipped_has_no_errors_and_warnings(self):
        for town in ("example", "zomerdal"):
            status, out, err = rules("lint", "--at", "2026-09-01T00:00:00Z", os.path.join(SOURCE, "deploy", town))
            self.assertEqual((status, err), (0, ""), out)

    def test_a_configuration_that_is_not_right_is_not_linted(self):
        self.edit("rules.yaml", "level: watch", "level: wotch")
        status, out, err = rules("lint", self.dir)
        self.assertEqual((status, out), (2, ""))
        self.assertIn("did you mean watch?", err)

    def test_codes_are_listed(self):
        status, out, _ = rules("lint", "--codes")
        self.assertEqual(status, 0)
        self.assertIn("never-holds", out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)


class Test(Town):
    def test_what_is_shipped_passes_and_tries_every_clause(self):
        for town in ("example", "zomerdal"):
            path = os.path.join(SOURCE, "deploy", town)
            status, out, err = rules("test", "--cover", "100", path)
            self.assertEqual((status, err), (0, ""), out)
            self.assertRegex(out, r"coverage of \S+: (\d+) of \1 clauses tried \(100%\)")

    def test_failures_show_what_was_expected_what_was_and_how_near(self):
        golden("failing/expected.txt", rules("test", "tests/golden/failing/rules.yaml", cwd=SOURCE), 1)

    def test_programs_get_results_as_json_and_junit(self):
        junit = self.path("junit.xml")
        status, out, err = rules("test", "--json", "--junit", junit, "tests/golden/failing/rules.yaml", cwd=SOURCE)
        told = json.loads(out)
        self.assertEqual((status, err, told["passed"], told["failed"], len(told["tests"])), (1, "", 1, 4, 5))
        self.assertEqual([len(t["failures"]) == 0 for t in told["tests"]], [t["passed"] for t in told["tests"]])
        self.assertEqual(told["tests"][1]["failures"][0]["line"], 14)
        self.assertIn("- case A, rule serious\n+ no open case of A", told["tests"][1]["failures"][0]["words"])
        coverage = told["coverage"][0]
        self.assertEqual(coverage["clauses"] - coverage["tried"], len(coverage["untried"]))
        suites = xml.etree.ElementTree.parse(junit).getroot()
        self.assertEqual((suites.get("tests"), suites.get("failures")), ("5", "4"))
        cases = suites.findall("testsuite/testcase")
        self.assertEqual([c.get("name") for c in cases], [t["name"] for t in told["tests"]])
        self.assertEqual([len(c.findall("failure")) for c in cases], [len(t["failures"]) for t in told["tests"]])

    def test_another_threshold_makes_a_test_fail(self):
        shutil.copytree(os.path.join(EXAMPLE, "tests"), self.path("tests"))
        self.assertEqual(rules("test", self.dir)[0], 0)
        before = self.text("rules.yaml")
        for old, new in (("{domains: 3, agencies: 2}", "{domains: 2, agencies: 2}"), ("min_severity: 4", "min_severity: 3"),
                         ("min_severity: 4", "min_severity: 5"), ("{signals: 3}", "{signals: 2}"), ("spread: 90d", "spread: 101d"),
                         ("over: 90d", "over: 91d"), ("over: 90d", "over: 39d"), ("within_same: domain", "within_same: agency")):
            self.edit("rules.yaml", old, new)
            status, out, _ = rules("test", self.dir)
            if new != "within_same: agency":  # every domain has one agency here: no difference
                self.assertEqual(status, 1, (old, new, out))
            with open(self.path("rules.yaml"), "w", encoding="utf-8") as f:
                f.write(before)

    def test_too_little_that_was_tried_fails(self):
        with open(self.path("t.yaml"), "w", encoding="utf-8") as f:
            f.write("config: .\ntests:\n  - name: a\n    steps: [{at: 1d, expect_not: [{case: A}]}]\n")
        self.assertEqual(rules("test", self.path("t.yaml"))[0], 0)
        self.assertEqual(rules("test", "--cover", "1", self.path("t.yaml"))[0], 1)

    def test_what_cannot_be_read_is_told(self):
        status, out, err = rules("test", self.dir)
        self.assertEqual((status, out), (2, ""))
        self.assertIn("there are no tests", err)
        for text, told in (("config: .\ntests:\n  - name: a\n    steps: [{at: 1d, expect: [{case: A, rule: three-domain}]}]\n",
                            "t.yaml:4:47: rule: three-domain is no rule of rules.yaml; did you mean three-domains?"),
                           ("config: nowhere\ntests: []\n", "nowhere/town.yaml: ")):
            with open(self.path("t.yaml"), "w", encoding="utf-8") as f:
                f.write(text)
            status, out, err = rules("test", self.path("t.yaml"))
            self.assertEqual((status, out), (2, ""))
            self.assertIn(told, err)


class Show(Town):
    def test_rules_are_a_table_that_fits(self):
        golden("show/table.txt", rules("show", "deploy/zomerdal", cwd=SOURCE), 0)
        golden("show/rule.txt", rules("show", "deploy/zomerdal", "herhaald-politie", cwd=SOURCE), 0)
        self.assertLessEqual(max(map(len, rules("show", "deploy/zomerdal", cwd=SOURCE)[1].splitlines())), 80)

    def test_rules_are_json_for_programs(self):
        told = [json.loads(line) for line in rules("show", "--json", self.dir)[1].splitlines()]
        self.assertEqual([t["id"] for t in told], ["three-domains", "serious", "more-than-one", "keeps-coming-back"])
        self.assertEqual(told[1]["where"], {"min_severity": 4})
        self.assertEqual(told[3]["at_least"], {"signals": 3})
        self.assertEqual((told[3]["spread"], told[3]["within_same"], told[3]["priority"]), ("90d", "domain", None))

    def test_the_text_of_a_rule_is_no_part_of_its_version(self):
        def versions():
            return [json.loads(line)["version"] for line in rules("show", "--json", self.dir)[1].splitlines()]
        before = versions()
        self.edit("rules.yaml", "text: one life domain", "text: a domain")
        self.assertEqual(versions(), before)
        self.edit("rules.yaml", "spread: 90d", "spread: 91d")
        self.assertEqual([a == b for a, b in zip(versions(), before)], [True, True, True, False])

    def test_what_is_written_cannot_steer_the_terminal(self):
        self.edit("rules.yaml", "text: one life domain comes back", 'text: "one \\e[31mlife\\x9b domain\\n comes back')
        self.edit("rules.yaml", "for four months", 'for four months"')
        for part in (("show", self.dir, "keeps-coming-back"), ("publish", self.dir), ("publish", "--html", self.dir)):
            out = rules(*part)[1]
            self.assertIn("one  [31mlife", out.replace("\n", " "))
            self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_a_rule_that_is_not_there_is_told(self):
        status, out, err = rules("show", self.dir, "serius")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("  serious\n", err)


class Publish(Town):
    def test_rules_are_sentences_in_both_languages(self):
        golden("publish/zomerdal-nl.txt", rules("publish", "deploy/zomerdal", cwd=SOURCE), 0)
        golden("publish/zomerdal-en.md", rules("publish", "--lang", "en", "--markdown", "deploy/zomerdal", cwd=SOURCE), 0)
        golden("publish/example-nl.html", rules("publish", "--html", "deploy/example", cwd=SOURCE), 0)
        golden("publish/every-clause-en.txt", rules("publish", "--lang", "en", "tests/golden/publish/every-clause", cwd=SOURCE), 0)
        golden("publish/every-clause-nl.txt", rules("publish", "--lang", "nl", "tests/golden/publish/every-clause", cwd=SOURCE), 0)

    def test_text_fits_and_html_is_well_formed(self):
        _, out, _ = rules("publish", "--lang", "en", os.path.join(SOURCE, "deploy", "zomerdal"))
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.edit("rules.yaml", "text: one life domain comes back", "text: one <b>life</b> & *domain* comes back")
        _, out, _ = rules("publish", "--html", self.dir)
        self.assertIn("one &lt;b&gt;life&lt;/b&gt; &amp; *domain* comes back", out)
        out = out.replace("<!doctype html>\n", "").replace('<meta charset="utf-8">', "").replace(
            '<meta name="viewport" content="width=device-width, initial-scale=1">', "")
        self.assertEqual(xml.etree.ElementTree.fromstring(out).tag, "html")
        _, out, _ = rules("publish", "--markdown", self.dir)
        self.assertIn("one \\<b\\>life\\</b\\> & \\*domain\\* comes back", out)


class Use(unittest.TestCase):
    def test_wrong_use_is_told(self):
        for arguments in ([], ["chek", "x"], ["check"], ["check", "a", "b"], ["fmt"], ["fmt", "--wrong", "x"],
                          ["lint"], ["lint", "--at", "now", "x"], ["test"], ["test", "--cover", "101", "x"],
                          ["show"], ["show", "a", "b", "c"], ["publish"], ["publish", "--lang", "de", "x"]):
            status, out, err = rules(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertIn("tells how to use it", err)

    def test_every_part_has_a_page_that_fits(self):
        page = rules("--help")[1]
        parts = [line.split()[0] for line in page.splitlines() if line.startswith("  ") and "   " in line.strip()]
        self.assertIn("check", parts)
        for part in parts:
            status, out, err = rules(part, "--help")
            self.assertEqual((status, err), (0, ""), part)
            for word in ("usage: voordeur rules " + part, "exit status:", "example"):
                self.assertIn(word, out, part)
            again = subprocess.run([VOORDEUR, "help", "rules", part], stdout=subprocess.PIPE, timeout=60)
            self.assertEqual(again.stdout.decode(), out)


if __name__ == "__main__":
    unittest.main()
