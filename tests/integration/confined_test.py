#!/usr/bin/env python3
"""What is left to a broker that serves: no core dumps, no descriptor that a child would inherit, no path and no system
call that it has no business with; and who may run it. What the sandbox forbids is shown by tests/unit/sandbox_test.c,
which takes the same from itself; here the kernel is asked whether the daemon has done so."""

import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from broker import AS_ROOT, BUILD, Broker, signal_event  # noqa: E402


def sanitized():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        return re.search(r"^(VDR_SANITIZE:[A-Z]+=.+|VDR_COVERAGE:[A-Z]+=ON)$", f.read(), re.M) is not None


def process_file(broker, name):
    with open("/proc/%d/%s" % (broker.process.pid, name), encoding="utf-8") as f:
        return f.read()


class Confined(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(node=["metrics: 127.0.0.1:0"]).__enter__()
        school = cls.broker.session("agency:school")
        assert school.verdict(signal_event("school", "here", 1)) == "accepted"

    @classmethod
    def tearDownClass(cls):
        status = cls.broker.stop()
        cls.broker.__exit__(None, None, None)
        assert status == 0, status

    def test_every_thread_is_confined_and_may_gain_nothing(self):
        if sanitized():
            self.skipTest("this build's tools need more")
        if 'event=sandbox_open what=calls text="this kernel has none"' in self.broker.log():
            self.skipTest("this kernel, or the container around us, has no seccomp")
        threads = os.listdir("/proc/%d/task" % self.broker.process.pid)
        self.assertGreater(len(threads), 4)
        for thread in threads:
            status = process_file(self.broker, "task/%s/status" % thread)
            self.assertRegex(status, r"(?m)^Seccomp:\s+2$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        said = re.search(r"event=sandbox user=\S+ landlock=(\d+) calls=(\d+)", self.broker.log())
        self.assertIsNotNone(said)
        self.assertGreater(int(said.group(2)), 50)
        if int(said.group(1)) == 0:
            self.assertIn('event=sandbox_open what=paths text="this kernel has none"', self.broker.log())

    def test_no_core_is_written(self):
        self.assertRegex(process_file(self.broker, "limits"), r"(?m)^Max core file size\s+0\s+0\s")
        self.assertEqual(os.stat("/proc/%d/environ" % self.broker.process.pid).st_uid, 0, "not dumpable")

    def test_what_it_opens_is_closed_in_any_child_and_what_it_makes_is_nobody_elses(self):
        if os.geteuid() != 0:
            self.skipTest("what is not dumpable shows its descriptors to root only")
        folder = "/proc/%d/fd" % self.broker.process.pid
        kept = []
        for fd in map(int, os.listdir(folder)):
            try:
                target = os.readlink("%s/%d" % (folder, fd))
                flags = re.search(r"flags:\s+(\d+)", process_file(self.broker, "fdinfo/%d" % fd)).group(1)
            except FileNotFoundError:
                continue  # closed meanwhile
            if fd > 2 and not int(flags, 8) & os.O_CLOEXEC:
                kept.append((fd, target))
        self.assertEqual(kept, [])
        self.assertRegex(process_file(self.broker, "status"), r"(?m)^Umask:\s+0077$")
        for path, _, files in os.walk(self.broker.path("store")):
            for name in [path] + [os.path.join(path, f) for f in files]:
                self.assertEqual(os.stat(name).st_mode & 0o077, 0, name)

    def test_backups_a_reload_and_metrics_work_within_it(self):
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("backup inside")["error"], "ok")
        self.assertTrue(os.path.exists(self.broker.path("backups", "inside", "log", "data.mdb")))
        self.broker.write_node()  # another file in the place of the old one
        self.assertEqual(operator.admin("reload")["error"], "ok")
        self.assertGreater(operator.admin("status")["counters"]["descriptors"], 3)


class Root(unittest.TestCase):
    def test_root_is_refused_unless_it_is_allowed(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        broker = Broker()
        try:
            words = [w for w in broker.command() if w not in AS_ROOT]
            refused = subprocess.run(words, stderr=subprocess.PIPE, text=True, timeout=20)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--allow-root", refused.stderr)
            self.assertFalse(os.path.exists(broker.path("store")), "nothing was touched")
            checked = subprocess.run(words + ["--check"], stderr=subprocess.PIPE, text=True, timeout=20)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), "what starts nothing may look")
        finally:
            broker.__exit__(None, None, None)

    def test_a_debugger_gets_everything_and_the_journal_says_so(self):
        with Broker(arguments=["--no-sandbox"]) as broker:
            self.assertRegex(process_file(broker, "status"), r"(?m)^Seccomp:\s+0$")
            self.assertIn("event=sandbox_open what=\"paths and calls\" text=--no-sandbox", broker.log())
            self.assertEqual(broker.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
