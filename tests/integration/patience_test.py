#!/usr/bin/env python3
"""An operator's verb that takes long is waited for as long as the broker gives a sign of life, and no longer."""

import os
import pty
import signal
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
from broker import BUILD, WAIT_S, Broker, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
SHIM = os.path.join(BUILD, "tests", "fault", "libvdr_fault_shim.so")


class Patience(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        # Whatever a backup syncs takes three seconds longer.
        self.broker.prefix = ["env", "LD_PRELOAD=" + SHIM, "VDR_FAULT_UNDER=" + self.broker.path("backups"),
                              "VDR_FAULT_CALLS=fsync,fdatasync", "VDR_FAULT_NTH=1", "VDR_FAULT_DOES=slow",
                              "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0"]
        self.broker.__enter__()
        self.broker.write("server.pub", self.broker.endpoints["public_key"] + "\n")
        school = self.broker.session("agency:school")
        self.assertEqual(school.verdict(signal_event("school", "s-1")), "accepted")

    def tearDown(self):
        self.broker.__exit__(None, None, None)

    def command(self, *words):
        return [VOORDEUR, *words, "--connect", self.broker.endpoints["operators"], "--server-key",
                self.broker.path("server.pub"), "--key", self.broker.key_file("operator:beheer"), "--timeout", "2s"]

    def test_a_backup_may_take_longer_than_an_answer(self):
        done = subprocess.run(self.command("backup", "night"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=WAIT_S + 10)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("fault: f", self.broker.log())
        self.assertTrue(os.path.exists(self.broker.path("backups", "night")))

    def test_a_terminal_sees_that_it_goes_on(self):
        ours, theirs = pty.openpty()
        done = subprocess.run(self.command("backup", "night"), stdout=subprocess.DEVNULL, stderr=theirs,
                              timeout=WAIT_S + 10)
        os.close(theirs)
        seen = os.read(ours, 65536).decode()
        os.close(ours)
        self.assertEqual(done.returncode, 0, seen)
        self.assertIn("backup: 1 s", seen)
        self.assertTrue(seen.endswith("\r"), seen)

    def test_a_broker_that_stands_still_is_not_waited_for(self):
        process = subprocess.Popen(self.command("backup", "night"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        try:
            still = threading.Timer(1.0, self.broker.process.send_signal, [signal.SIGSTOP])
            still.start()
            _, words = process.communicate(timeout=WAIT_S)
            self.assertEqual(process.returncode, 1)
            self.assertIn("timeout", words)
        finally:
            still.join()
            self.broker.process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
