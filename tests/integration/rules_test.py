#!/usr/bin/env python3
"""The verbs of `voordeur rules` as an operator uses them.

Uses the programs in VDR_BUILD (default build/debug).

Goal: what is said of a configuration is right, has a place, and has the same form for programs; no part changes
a file but fmt, and fmt changes no meaning.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VOORDEUR = os.path.join(os.environ.get("VDR_BUILD", os.path.join(SOURCE, "build", "debug")), "clients", "cli", "voordeur")
FILES = ("town.yaml", "catalogue.yaml", "rules.yaml")
EXAMPLE = os.path.join(SOURCE, "deploy", "example")


def rules(*arguments):
    done = subprocess.run([VOORDEUR, "rules", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


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

    def test_a_file_that_is_not_there_is_told(self):
        status, out, err = rules("fmt", self.path("no.yaml"))
        self.assertEqual((status, out), (1, ""))
        self.assertIn("no.yaml: ", err)


class Use(unittest.TestCase):
    def test_wrong_use_is_told(self):
        for arguments in ([], ["chek", "x"], ["check"], ["check", "a", "b"], ["fmt"], ["fmt", "--wrong", "x"]):
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
