#!/usr/bin/env python3
"""The dates of a convenant: an agency's signals outside them are refused, live and in a replay, and operators are warned.

Goal: the verdict comes from the configuration and log time alone, and is told with its own code.
"""

import json
import os
import subprocess
import time
import unittest

from broker import BUILD, TOWN, WAIT_S, Broker, signal_event

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
POLITIE = '{id: politie, kind: police, source: "urn:test:politie", sees_match: true'


def town(first, until):
    return TOWN.replace(POLITIE, POLITIE + ", convenant: {id: c-2026, from: %s, until: %s}" % (first, until))


def day(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))


class Convenants(unittest.TestCase):
    def open(self, text):
        broker = Broker(town=text)
        self.addCleanup(broker.__exit__, None, None, None)
        broker.start()
        broker.write("server.pub", broker.public_key("server") + "\n")
        return broker

    def run_cli(self, broker, *arguments):
        done = subprocess.run([VOORDEUR, *arguments, "--connect", broker.endpoints["operators"], "--server-key",
                               broker.path("server.pub"), "--key", broker.key_file("operator:beheer")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def wait_log(self, broker, *words):
        until = time.monotonic() + WAIT_S
        while True:
            with open(broker.path("log"), encoding="utf-8") as f:
                if any(all(w in line for w in words) for line in f):
                    return
            self.assertLess(time.monotonic(), until, broker.log())
            time.sleep(0.01)

    def test_outside_its_dates_a_signal_is_refused_and_told(self):
        broker = self.open(town("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"))
        politie, school = broker.session("agency:politie"), broker.session("agency:school")
        self.assertEqual(politie.verdict(signal_event("politie", "p-1")), "no_convenant")
        self.assertEqual(school.verdict(signal_event("school", "s-1")), "accepted")
        self.wait_log(broker, "key_term", "what=convenant", "party=politie", "has ended")
        rows = [json.loads(line) for line in self.run_cli(broker, "report", "agencies", "--json").splitlines()]
        row = next(r for r in rows if r.get("agency") == "politie")
        self.assertEqual((row["convenant"], row["convenant_holds"], row["no_convenant"]), ("c-2026", 0, 1))
        self.assertFalse(any("convenant" in r for r in rows if r.get("agency") == "school"))
        self.assertIn("it does not hold now", self.run_cli(broker, "report", "agencies"))
        self.assertIn("convenants", self.run_cli(broker, "status"))
        # New dates let it in from their configuration on.
        broker.write("config/town.yaml", town("2020-01-01T00:00:00Z", day(20)))
        self.run_cli(broker, "reload")
        self.assertEqual(politie.verdict(signal_event("politie", "p-1")), "accepted")
        self.wait_log(broker, "key_term", "what=convenant", "within 30 days")
        self.assertEqual(broker.stop(), 0)
        replay = subprocess.run([VOORDEUR, "replay", "--store", broker.path("store")], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((replay.returncode, replay.stderr), (0, b""))

    def test_a_replay_judges_by_log_time(self):
        broker = Broker(town=town("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"))
        self.addCleanup(broker.__exit__, None, None, None)
        times = ("2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00Z")
        events = "".join(signal_event("politie", "p-%d" % i, at=at) + "\n" for i, at in enumerate(times))
        done = subprocess.run([VOORDEUR, "replay", "--config", broker.path("config")], input=events.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines() if b'"event":"signal"' in line]
        self.assertEqual(verdicts, ["no_convenant", "accepted", "accepted", "no_convenant"])


if __name__ == "__main__":
    unittest.main()
