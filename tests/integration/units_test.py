#!/usr/bin/env python3
"""The units of systemd in deploy: systemd-analyze finds nothing to say about them, and they give away next to nothing.

Nothing is started. What a unit's own systemd does not know it passes over, so that it is silent matters: a group of calls
that is unknown, for one, forbids them.
"""

import glob
import os
import re
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VDR_BUILD", os.path.join(SOURCE, "build", "debug"))
PROGRAMS = {"voordeurd": "broker", "voordeur-gateway": "clients/gateway", "voordeur-courier": "clients/courier"}
EXPOSURE = 15  # tenths, of 100; ours have 12
# What the daemon's own confinement calls, none of which @system-service has.
CONFINING = ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")


def units():
    return sorted(glob.glob(os.path.join(SOURCE, "deploy", "**", "*.service"), recursive=True))


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vdr-units-")

    def tearDown(self):
        self.folder.cleanup()

    def here(self, path):
        """A copy with the programs of this build in it."""
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for program, folder in PROGRAMS.items():
            built = os.path.join(BUILD, folder, program)
            self.assertTrue(os.access(built, os.X_OK), built)
            text = text.replace("/usr/bin/%s " % program, built + " ")
        self.assertNotIn("/usr/bin/voordeur", text)
        copy = os.path.join(self.folder.name, os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        return copy

    def analyze(self, *words):
        done = subprocess.run(["systemd-analyze", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_nothing_is_to_be_said_about_them(self):
        self.assertEqual(len(units()), 3)
        for path in units():
            self.assertEqual(self.analyze("verify", "--man=no", self.here(path))[::2], (0, ""), path)

    def test_they_are_exposed_to_next_to_nothing(self):
        for path in units():
            status, told, words = self.analyze("security", "--offline=yes", "--threshold=%d" % EXPOSURE, self.here(path))
            self.assertEqual(status, 0, told[-200:] + words)

    def test_the_daemon_may_confine_itself(self):
        with open(os.path.join(SOURCE, "deploy", "voordeur.service"), encoding="utf-8") as f:
            allowed, forbidden = re.findall("^SystemCallFilter=(.*)$", f.read(), re.M)
        named = set()
        for word in allowed.split():
            named |= self.group(word) if word.startswith("@") else {word}
        for word in forbidden[1:].split():
            named -= self.group(word)
        self.assertEqual([call for call in CONFINING if call not in named], [])

    def group(self, name):
        """Its calls, those of groups in it, too."""
        calls = set()
        for line in self.analyze("syscall-filter", name)[1].splitlines():
            word = line.strip()
            if line.startswith("    ") and word and not word.startswith("#"):
                calls |= self.group(word) if word.startswith("@") else {word}
        return calls


if __name__ == "__main__":
    unittest.main()
