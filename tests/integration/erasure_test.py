#!/usr/bin/env python3
"""Before and after an erasure: on the running broker, after kill -9, on a copy of the store, in a backup made before.

What was erased cannot be opened with any key that is left; everything else reads as it did."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, BUILD, WAIT_S, Broker, Peer, act_event, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
ERASE, LOOK, PROOFS = "#60", "#61", "#62"


def messages(peer, count):
    got = []
    while len(got) < count:
        got += peer.wait("deliver")["messages"]
    return got


class Erasure(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(node=["escrow: escrow", "erasure: {every: 1d}"])
        os.makedirs(self.broker.path("escrow"))
        self.broker.__enter__()

    def tearDown(self):
        self.broker.__exit__(*sys.exc_info())

    def counters(self, operator, verb=LOOK):
        result = operator.admin(verb)
        self.assertEqual(result["error"], "ok")
        return result["counters"]

    def await_runs(self, operator, runs):
        """Until so many runs are complete. The event is the run's end: an operator can only look."""
        until = time.monotonic() + WAIT_S
        while True:
            seen = self.counters(operator)
            if seen["runs"] >= runs and seen["waiting"] == 0:
                return seen
            self.assertLess(time.monotonic(), until, seen)
            time.sleep(0.02)

    def again(self, how=signal.SIGKILL):
        self.broker.close_peers()
        self.broker.stop(how)
        self.broker.start()

    def cli(self, *arguments, party="operator:beheer", good=True):
        zone = "operators" if party.startswith("operator:") else "listen"
        self.broker.write("server.pub", self.broker.endpoints["public_key"] + "\n")
        link = ["--connect", self.broker.endpoints[zone], "--server-key", self.broker.path("server.pub"), "--key",
                self.broker.key_file(party)]
        done = subprocess.run([VOORDEUR, *arguments, *link], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=WAIT_S)
        self.assertEqual(done.returncode == 0, good, done.stderr)
        return done.stdout.decode()

    def restore(self, backup, to):
        keys = ["--wrap", self.broker.path("escrow", "wrap"), "--store-key", self.broker.path("keys", "store.key")]
        return subprocess.run([VOORDEUR, "restore", *keys, self.broker.path("backups", backup), self.broker.path(to)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S)

    def two_households(self):
        school = self.broker.session("agency:school")
        self.assertEqual(school.verdict(signal_event("school", "first-secret", 0)), "accepted")
        self.assertEqual(school.verdict(signal_event("school", "second", 1)), "accepted")

    def erase_the_first(self):
        officer = self.broker.session("privacy_officer:p-els")
        self.assertEqual(officer.verdict(act_event("privacy_officer:p-els", "e-1", "erased", household="H1")), "accepted")

    def check_mailbox(self):
        team = self.broker.session("service:jeugdteam")
        team.say("subscribe 10")
        self.assertEqual(team.wait("acked")["newest"], 2)
        first, second = messages(team, 2)
        self.assertEqual((first["seq"], first["kind"]), (1, "erased"))
        self.assertEqual((second["seq"], second["kind"], second["signal"]["id"]), (2, "regular_signal", "second"))
        self.assertNotIn("signal", {k: v for k, v in first.items() if v})
        team.close()

    def check_reads(self):
        team = self.broker.session("service:jeugdteam")
        answer = team.read("signal id=second")
        self.assertEqual(answer["signals"][0]["persons"][0]["bsn"], BSNS[1])
        self.assertEqual(team.read("signal id=first-secret")["error"], "not_found")
        officer = self.broker.session("privacy_officer:p-els")
        self.assertEqual(officer.read("household household=1")["error"], "not_found")
        self.assertEqual(officer.read("household household=2")["error"], "ok")

    def test_after_a_run_nothing_of_it_opens_and_the_rest_reads_as_before(self):
        self.two_households()
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("backup before")["error"], "ok")
        old_wrap = self.broker.path("old-wrap")
        shutil.copy(self.broker.path("escrow", "wrap"), old_wrap)
        self.erase_the_first()
        seen = self.await_runs(operator, 1)
        self.assertEqual((seen["generation"], seen["last_dropped"]), (2, 1))
        self.assertEqual(seen["backup_stale"], 1)
        for how in (None, signal.SIGKILL, signal.SIGTERM):
            if how is not None:
                self.again(how)
            self.check_mailbox()
            self.check_reads()

        # Copies: what was kept of the key is gone, and a backup of before opens with nothing that is left.
        self.assertEqual(sorted(os.listdir(self.broker.path("store", "keys"))), ["table", "wrap"])
        for folder in ("store/keys", "escrow"):
            with open(self.broker.path(folder, "wrap"), "rb") as new, open(old_wrap, "rb") as old:
                self.assertNotEqual(new.read(), old.read(), folder)
        done = self.restore("before", "restored-before")
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(os.path.exists(self.broker.path("restored-before", "log")))
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("backup after")["error"], "ok")
        self.assertEqual(self.counters(operator)["backup_stale"], 0)
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        self.assertEqual(self.restore("after", "restored").returncode, 0)
        verified = subprocess.run([VOORDEUR, "verify", "--store", self.broker.path("restored")], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=WAIT_S)
        self.assertIn(b"log", verified.stdout)
        os.rename(self.broker.path("store"), self.broker.path("lost"))
        os.rename(self.broker.path("restored"), self.broker.path("store"))
        self.broker.start()
        self.check_mailbox()
        self.check_reads()

    def ends(self, words):
        """A start that must not go on: its status is one that systemd does not start again after."""
        done = subprocess.run(self.broker.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=WAIT_S)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn(words, done.stdout)
        self.assertIn("voordeur restore", done.stdout)

    def test_a_store_of_another_time_than_its_keys_waits_for_a_person(self):
        self.two_households()
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("checkpoint")["error"], "ok")
        self.broker.close_peers()
        self.broker.stop(signal.SIGKILL)
        store = self.broker.path("store")
        shutil.copytree(os.path.join(store, "log"), self.broker.path("log-before"))
        self.broker.start()
        self.erase_the_first()
        operator = self.broker.session("operator:beheer")
        self.await_runs(operator, 1)
        shutil.copy(os.path.join(store, "keys", "table"), self.broker.path("table-before"))
        self.assertEqual(operator.admin(ERASE)["error"], "ok")
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        shutil.copytree(store, self.broker.path("whole"))
        # The disk gave back an older table: what was kept of before the second run is not under its key.
        shutil.copy(self.broker.path("table-before"), os.path.join(store, "keys", "table"))
        self.ends("error=erased")
        # And with an older log than the state is of.
        shutil.rmtree(store)
        shutil.copytree(self.broker.path("whole"), store)
        shutil.rmtree(os.path.join(store, "log"))
        shutil.copytree(self.broker.path("log-before"), os.path.join(store, "log"))
        self.ends("event=failed")

    def test_a_run_that_was_killed_is_gone_through_again(self):
        self.two_households()
        self.erase_the_first()
        self.again()  # before the second is over after which it begins, or in the middle of it
        operator = self.broker.session("operator:beheer")
        self.await_runs(operator, 1)
        self.assertIn(self.counters(operator)["generation"], (2, 3))
        self.check_mailbox()
        self.check_reads()

    def test_an_operator_runs_one_and_sees_counts_and_proofs_and_nobody(self):
        self.two_households()
        self.erase_the_first()
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin(ERASE)["error"], "ok")
        self.await_runs(operator, 1)
        self.assertIn("destroyed", self.cli("erase", "run"))
        shown = self.cli("erase", "status")
        self.assertIn("0 left, 0 of them erased", shown)
        figures = json.loads(self.cli("erase", "status", "--json"))
        self.assertEqual((figures["waiting"], figures["step"]), (0, "idle"))
        checked = self.cli("verify")
        self.assertIn("ok      keys", checked)
        proofs = self.cli("erase", "proofs")
        lines = [json.loads(line) for line in proofs.splitlines()]
        self.assertEqual(sorted({x["left"] for x in lines if "left" in x}), ["household", "signal"])
        self.assertTrue(all(x["reason"] == "erased" for x in lines if "left" in x))
        self.assertTrue(any("run" in x for x in lines))
        with open(self.broker.path("escrow", "proofs.jsonl"), encoding="ascii") as f:
            escrowed = f.read()
        for text in (proofs, escrowed, self.broker.log()):
            self.assertNotIn("first-secret", text)
            self.assertNotIn(BSNS[0], text)
        # Decisions from the first record on: what was erased is left out, and nobody is thrown out.
        operator.say("decisions 0 1000")
        told = []
        while not any(x["line"].get("id") == "second" for x in told):
            told += operator.wait("decision")["lines"]
        self.assertFalse([x for x in told if x["line"].get("id") == "first-secret"])

    def test_a_broker_lost_before_its_run_was_over_erases_again_when_it_is_restored(self):
        self.two_households()
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("backup before")["error"], "ok")
        shutil.copy(self.broker.path("escrow", "wrap"), self.broker.path("kept-wrap"))
        self.erase_the_first()
        self.await_runs(operator, 1)
        self.broker.close_peers()
        self.broker.stop(signal.SIGKILL)
        # As if the disk had been lost between the note and the end of the key: its old key is still there.
        shutil.copy(self.broker.path("kept-wrap"), self.broker.path("escrow", "wrap"))
        self.assertEqual(self.restore("before", "restored").returncode, 0)
        os.rename(self.broker.path("store"), self.broker.path("lost"))
        os.rename(self.broker.path("restored"), self.broker.path("store"))
        self.broker.start()
        self.check_reads()
        self.await_runs(self.broker.session("operator:beheer"), 1)
        self.check_mailbox()

    def test_a_key_that_was_revoked_after_the_backup_is_shut_out_of_the_restored_store(self):
        operator = self.broker.session("operator:beheer")
        school = self.broker.session("agency:school")
        self.assertEqual(school.verdict(signal_event("school", "before", 0)), "accepted")
        self.assertEqual(operator.admin("backup before")["error"], "ok")
        listed = [json.loads(line) for line in self.cli("key", "list", "--json").splitlines()]
        key, = [row["public_key"] for row in listed if row["party"] == "agency:school"]
        self.cli("key", "revoke", key, "--reason", "lost")
        school.wait("bye")
        escrow, until = self.broker.path("escrow", "proofs.jsonl"), time.monotonic() + WAIT_S
        while True:  # the line follows the record, and nothing else tells of it
            if os.path.exists(escrow):
                with open(escrow, encoding="ascii") as f:
                    if "ended" in f.read():
                        break
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        self.broker.close_peers()
        self.broker.stop(signal.SIGKILL)
        self.assertEqual(self.restore("before", "restored").returncode, 0)
        os.rename(self.broker.path("store"), self.broker.path("lost"))
        os.rename(self.broker.path("restored"), self.broker.path("store"))
        self.broker.start()
        listed = [json.loads(line) for line in self.cli("key", "list", "--all", "--json").splitlines()]
        self.assertEqual([row["state"] for row in listed if row["party"] == "agency:school"], ["revoked"])
        peer = Peer(["--watch", self.broker.endpoints["listen"], self.broker.endpoints["public_key"],
                     self.broker.key_file("agency:school")])
        self.broker.peers.append(peer)
        peer.say("hello").wait("refused")
        self.assertEqual(self.broker.session("agency:politie").verdict(signal_event("politie", "after", 1)), "accepted")


if __name__ == "__main__":
    unittest.main()
