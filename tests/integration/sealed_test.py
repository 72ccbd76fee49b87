#!/usr/bin/env python3
"""A sealed store in earnest: nothing of a person in any file, its key refused, changed while the broker runs and
missed, the escrow of its keys, and a backup that comes back with it and not without."""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import BSNS, BUILD, Broker, sanitized, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")


def waited(condition, wait_s=30.0):
    until = time.monotonic() + wait_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def files_under(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(path, name)


def content(path):
    with open(path, "rb") as f:
        return f.read()


class Sealed(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(node=["escrow: escrow"])
        self.addCleanup(self.broker.__exit__, None, None, None)
        os.mkdir(self.broker.path("escrow"), 0o700)

    def start_on(self, store="store"):
        """Starts the daemon on it in the foreground: its exit status and words; for starts that must fail."""
        command = self.broker.command()
        command[command.index("--store") + 1] = self.broker.path(store)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=60)
        return done.returncode, done.stderr.decode()

    def cli(self, *arguments):
        done = subprocess.run([VOORDEUR, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def publish(self, event_id):
        event = signal_event("school", event_id, 1, at=None)
        verdict = self.broker.session("agency:school").verdict(event)
        self.assertEqual(verdict, "accepted")

    def stop(self):
        self.assertEqual(self.broker.stop(), 0, self.broker.log())
        self.broker.close_peers()

    def test_nothing_of_a_person_is_in_any_file(self):
        self.broker.start()
        for i in range(20):
            self.publish("marker-%d" % i)
        operator = self.broker.session("operator:beheer")
        self.assertEqual(operator.admin("checkpoint")["error"], "ok")
        self.assertEqual(operator.admin("backup monday")["error"], "ok")
        with open("/proc/%d/status" % self.broker.process.pid, encoding="ascii") as f:
            status = dict(line.split(":", 1) for line in f)
        if not sanitized():  # a sanitizer's mlock locks nothing
            self.assertGreater(int(status["VmLck"].split()[0]), 0, "keys lie in locked memory")
        self.stop()
        looked = 0
        for folder in ("store", "backups", "escrow"):
            for path in files_under(self.broker.path(folder)):
                text = content(path)
                looked += 1
                for secret in (BSNS[1].encode(), b"marker-7", b"urn:", b"GM9901", b"verzuim"):
                    self.assertNotIn(secret, text, path)
                    self.assertNotIn(secret, os.path.basename(path).encode())
        self.assertGreater(looked, 8)
        for path in files_under(self.broker.path("store")):
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
        self.assertNotIn(BSNS[1].encode(), content(self.broker.path("log")))

    def test_the_store_key_is_needed_and_must_be_the_right_one(self):
        node = content(self.broker.path("node.yaml")).decode()
        self.broker.write("node.yaml", node.replace("store_key: keys/store.key\n", ""))
        status, words = self.start_on()
        self.assertEqual(status, 2)
        self.assertIn("store_key is missing", words)
        self.assertIn("openssl rand -hex 32", words)
        self.broker.write("node.yaml", node)
        self.broker.start()
        self.publish("k-1")
        self.stop()
        good = content(self.broker.path("keys/store.key")).decode()
        self.broker.write("keys/store.key", "%064x\n" % 11, 0o400)
        status, words = self.start_on()
        self.assertEqual(status, 2)
        self.assertIn("wrong_key", words)
        self.assertIn("not the one that this store is sealed under", words)
        status, _, words = self.cli("replay", "--store", self.broker.path("store"))
        self.assertEqual(status, 1)
        self.assertIn("put back the key file", words)
        os.remove(self.broker.path("keys/store.key"))
        status, _, words = self.cli("replay", "--store", self.broker.path("store"))
        self.assertEqual(status, 1)
        self.assertIn("sealed and no key was given", words)
        self.assertIn("--store-key", words)
        other = self.broker.path("elsewhere.key")
        with open(other, "w", encoding="ascii") as f:
            f.write(good)
        os.chmod(other, 0o400)
        status, out, words = self.cli("replay", "--store", self.broker.path("store"), "--store-key", other)
        self.assertEqual((status, words), (0, ""))
        self.assertIn('"id":"k-1"', out)
        # Its own keys gone: no new ones are made beside what they sealed.
        self.broker.write("keys/store.key", good, 0o400)
        os.rename(self.broker.path("store", "keys", "wrap"), self.broker.path("wrap"))
        status, words = self.start_on()
        self.assertEqual(status, 2)
        self.assertIn("keys/wrap is missing", words)
        os.rename(self.broker.path("wrap"), self.broker.path("store", "keys", "wrap"))
        self.broker.start()
        self.publish("k-2")

    def test_the_store_key_is_changed_while_it_runs(self):
        self.broker.start()
        self.publish("k-1")
        before = content(self.broker.path("store", "keys", "wrap"))
        self.broker.write("keys/next.key", "%064x\n" % 12, 0o400)
        self.broker.node.append("store_key_next: keys/next.key")
        self.broker.write_node()
        self.broker.process.send_signal(signal.SIGHUP)
        self.assertTrue(waited(lambda: "event=store_key" in self.broker.log()), self.broker.log())
        now = content(self.broker.path("store", "keys", "wrap"))
        self.assertNotEqual(now, before)
        self.assertEqual(content(self.broker.path("escrow", "wrap")), now)
        self.publish("k-2")
        self.stop()
        self.broker.start()  # with both, as node.yaml says still
        self.publish("k-3")
        self.stop()
        self.broker.node.remove("store_key_next: keys/next.key")
        self.broker.write_node()
        self.assertIn("wrong_key", self.start_on()[1], "the old one alone opens nothing")
        self.broker.write("keys/store.key", "%064x\n" % 12, 0o400)
        self.broker.start()
        self.publish("k-4")
        self.stop()
        out = self.cli("replay", "--store", self.broker.path("store"))[1]
        for i in range(1, 5):
            self.assertIn('"id":"k-%d"' % i, out)

    def test_a_backup_comes_back_with_the_escrow_and_the_key(self):
        self.broker.start()
        self.publish("k-1")
        self.assertEqual(self.broker.session("operator:beheer").admin("backup monday")["error"], "ok")
        self.publish("k-2")
        self.stop()
        shutil.rmtree(self.broker.path("store"))
        backup, key = self.broker.path("backups", "monday"), self.broker.path("keys", "store.key")
        status, out, words = self.cli("restore", "--check", backup)
        self.assertEqual((status, words), (0, ""))
        self.assertIn("was not checked", out)
        status, out, words = self.cli("restore", "--check", "--escrow", self.broker.path("escrow"), "--store-key", key,
                                      backup)
        self.assertEqual((status, words), (0, ""))
        self.assertNotIn("was not checked", out)
        self.broker.write("keys/other.key", "%064x\n" % 13, 0o400)
        status, out, words = self.cli("restore", "--escrow", self.broker.path("escrow"), "--store-key",
                                      self.broker.path("keys", "other.key"), backup, self.broker.path("store"))
        self.assertEqual(status, 1)
        self.assertIn("wrong_key", words)
        self.assertFalse(os.path.exists(self.broker.path("store")), "what was copied is removed")
        # Without its keys it is copied, and no broker starts on it.
        status, out, words = self.cli("restore", backup, self.broker.path("bare"))
        self.assertEqual((status, words), (0, ""))
        self.assertIn("was not checked", out)
        status, words = self.start_on("bare")
        self.assertEqual(status, 2)
        self.assertIn("name the escrow", words)
        status, out, words = self.cli("restore", "--escrow", self.broker.path("escrow"), "--store-key", key, backup,
                                      self.broker.path("store"))
        self.assertEqual((status, words), (0, ""))
        self.broker.start()
        self.publish("k-3")
        self.stop()
        out = self.cli("replay", "--store", self.broker.path("store"))[1]
        self.assertIn('"id":"k-1"', out)
        self.assertNotIn('"id":"k-2"', out, "it came after the backup")
        self.assertIn('"id":"k-3"', out)

    def test_an_escrow_that_cannot_be_written_is_told(self):
        os.rmdir(self.broker.path("escrow"))
        with open(self.broker.path("escrow"), "w", encoding="ascii") as f:
            f.write("a file, where a folder should be\n")
        self.broker.start()
        self.assertIn("event=escrow", self.broker.log())
        self.publish("k-1")
        self.stop()
        os.remove(self.broker.path("escrow"))
        os.mkdir(self.broker.path("escrow"), 0o700)
        self.broker.start()
        self.assertEqual(content(self.broker.path("escrow", "wrap")), content(self.broker.path("store", "keys", "wrap")))
        self.stop()


if __name__ == "__main__":
    unittest.main()
