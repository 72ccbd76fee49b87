#!/usr/bin/env python3
"""Keys of parties, with a real broker: given, rotated under load, expired, revoked, and who must agree.

Goal: who may connect is changed by the log alone, at once, and by nobody alone where four eyes are asked for. Every
wait is for an event, none for a time.
"""

import json
import os
import signal
import subprocess
import time
import unittest

from broker import BUILD, PARTIES, WAIT_S, Broker, Peer, signal_event

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")


def instant(seconds_ahead):
    ms = int((time.time() + seconds_ahead) * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".%03dZ" % (ms % 1000)


class Town(Broker):
    def __init__(self, approvals="two", without=(), **more):
        self.spare = list(without)
        parties = [p for p in PARTIES if p not in self.spare] + ["operator:toezicht"]
        super().__init__(parties=parties, approvals=approvals, **more)
        self.write("server.pub", self.public_key("server") + "\n")

    def new_key(self, name):
        """A pair in keys/; its public half."""
        self.make_keys([name])
        return self.public_key(name)

    def run(self, who, *arguments):
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

    def refused(self, who, *arguments):
        """Code and words of a refusal."""
        status, out, err = self.run(who, *arguments, "--json")
        assert status == 1 and out == "", (arguments, status, out, err)
        error = json.loads(err.splitlines()[-1])
        return error["code"], error["text"]

    def connect(self, key, zone="listen"):
        peer = Peer([self.endpoints[zone], self.endpoints["public_key"], self.key_file(key)])
        self.peers.append(peer)
        return peer

    def shut_out(self, key, zone="listen"):
        """What whoever shows this key learns: the answer to its handshake, before which nothing came."""
        peer = Peer(["--watch", self.endpoints[zone], self.endpoints["public_key"], self.key_file(key)])
        self.peers.append(peer)
        answer = peer.say("hello").wait("refused")
        assert peer.kept == [], peer.kept
        return answer["event"], answer["status"]

    def wait_log(self, *words):
        """Until one line of the journal has all of them."""
        until = time.monotonic() + WAIT_S
        while True:
            with open(self.path("log"), encoding="utf-8") as f:
                found = [line for line in f if all(w in line for w in words)]
            if found:
                return found[-1]
            if time.monotonic() > until:
                raise AssertionError("no line with %s:\n%s" % (words, self.log()))
            time.sleep(0.01)


class Keys(unittest.TestCase):
    def open(self, **more):
        broker = Town(**more)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker.start()

    def replays(self, broker):
        """The store tells the same when it is stepped again."""
        self.assertEqual(broker.stop(), 0)
        done = subprocess.run([VOORDEUR, "replay", "--store", broker.path("store")], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))

    def test_a_key_is_given_listed_shown_and_outlives_a_restart(self):
        broker = self.open(without=["agency:jeugdhulp"])
        public = broker.new_key("new")
        done = broker.rows("beheer", "key", "add", "agency:jeugdhulp", "--public-key", public, "--reason", "a start")
        self.assertEqual((done[0]["result"], done[0]["key"]), ("ok", 1))
        self.assertEqual(broker.connect("new").hello()["party"], "jeugdhulp")
        row = broker.rows("beheer", "key", "list", "agency:jeugdhulp")[0]
        self.assertEqual((row["state"], row["author"], row["reason"], row["in"]), ("valid", "beheer", "a start", "log"))
        self.assertEqual(broker.rows("beheer", "key", "show", "1"), [row])
        self.assertEqual(broker.rows("beheer", "key", "show", public), [row])
        self.assertIn("agency:school", broker.good("beheer", "key", "list"))
        # A public key may begin with what begins an option.
        self.assertIn("no such key", broker.run("beheer", "key", "show", "-ys!MDcF5/XEuLGZtf5$A.3m.qt7&kG{.o-=REKJ")[2])
        self.assertIn(public, broker.good("beheer", "key", "show", "1"))
        self.assertEqual(broker.stop(), 0)
        broker.start()
        self.assertEqual(broker.connect("new").hello()["party"], "jeugdhulp")
        # A pair may be made on the way; one that is refused leaves no file.
        self.assertEqual(broker.refused("beheer", "key", "add", "agency:jeugdhulp", "--generate",
                                        broker.path("keys", "third.key"))[0], "wrong_state")
        self.assertFalse(os.path.exists(broker.path("keys", "third.key")))
        done = broker.rows("beheer", "key", "rotate", "agency:jeugdhulp", "--generate", broker.path("keys", "third.key"))
        self.assertEqual(done[0]["key"], 2)
        self.assertEqual(broker.connect("third").hello()["party"], "jeugdhulp")
        self.assertEqual(broker.connect("new").hello()["party"], "jeugdhulp") # both, while they overlap
        self.replays(broker)

    def test_what_may_not_be_is_refused_with_words(self):
        broker = self.open(approvals="one", without=["agency:jeugdhulp", "agency:politie"])
        keys = {name: broker.new_key(name) for name in "abcd"}
        broker.good("beheer", "key", "add", "agency:jeugdhulp", "--public-key", keys["a"])
        def public(name):
            return ["--public-key", keys[name]]
        rows = (("nobody", ["add", "agency:nobody", *public("b")], "not_found", "no such party"),
                ("no kind", ["add", "school:nobody", *public("b")], "bad_frame", "KIND:ID"),
                ("of another", ["add", "agency:politie", *public("a")], "wrong_state", "another party"),
                ("of another, in node.yaml", ["add", "agency:politie", "--public-key",
                                              broker.public_key("agency:school")], "wrong_state", "node.yaml"),
                ("a second", ["add", "agency:jeugdhulp", *public("b")], "wrong_state", "rotate"),
                ("a second, in node.yaml", ["add", "agency:school", *public("b")], "wrong_state", "rotate"),
                ("nothing to rotate", ["rotate", "agency:politie", *public("b")], "wrong_state", "add one"),
                ("an end that is over", ["add", "agency:politie", *public("b"), "--until", "2020-01-01T00:00:00Z"],
                 "wrong_state", "ahead"),
                ("an end far away", ["add", "agency:politie", *public("b"), "--for", "366d"], "wrong_state", "key_term"),
                ("no such key", ["revoke", "77", "--reason", "x"], "not_found", "key list"))
        for name, arguments, code, words in rows:
            with self.subTest(name):
                got = broker.refused("beheer", "key", *arguments)
                self.assertEqual(got[0], code)
                self.assertIn(words, got[1])
        # Two keys are the most; the last operator stays.
        broker.good("beheer", "key", "rotate", "agency:jeugdhulp", *public("b"))
        self.assertIn("two keys", broker.refused("beheer", "key", "rotate", "agency:jeugdhulp", *public("c"))[1])
        broker.good("beheer", "key", "revoke", broker.public_key("operator:toezicht"), "--reason", "left")
        code, words = broker.refused("beheer", "key", "revoke", broker.public_key("operator:beheer"), "--reason", "x")
        self.assertEqual((code, "last key" in words), ("wrong_state", True))
        for arguments in (["key"], ["key", "add", "agency:politie"], ["key", "revoke", "1"], ["key", "show", "x"],
                          ["key", "add", "politie", *public("c")]):
            self.assertEqual(broker.run("beheer", *arguments)[0], 2, arguments)
        self.replays(broker)

    def test_an_operators_key_needs_another_operator(self):
        broker = self.open(without=["privacy_officer:p-els"])
        for party, zone in (("operator:mia", "operators"), ("privacy_officer:p-els", "listen")):
            public = broker.new_key("new-" + zone)
            number = broker.rows("beheer", "key", "add", party, "--public-key", public)[0]["proposal"]
            row = broker.rows("beheer", "key", "show", public)[0]
            self.assertEqual((row["state"], row["proposal"]), ("proposed", number))
            proposal = broker.rows("toezicht", "rules", "proposals")[0]
            self.assertEqual((proposal["kind"], proposal["subject"], proposal["author"]), ("key", party, "beheer"))
            broker.shut_out("new-" + zone, zone)
            self.assertEqual(broker.refused("beheer", "rules", "approve", str(number))[0], "four_eyes")
            self.assertIn("key of " + party, broker.good("toezicht", "rules", "proposals"))
            broker.good("toezicht", "rules", "approve", str(number), "--reason", "known to me")
            row = broker.rows("beheer", "key", "show", public)[0]
            self.assertEqual((row["state"], row["author"], row["approver"]), ("valid", "beheer", "toezicht"))
            self.assertEqual(broker.connect("new-" + zone, zone).hello()["party"], party.split(":")[1])
        # So does a rotation; a rejected key gets nobody in.
        public = broker.new_key("other")
        number = broker.rows("beheer", "key", "rotate", "operator:mia", "--public-key", public)[0]
        broker.good("toezicht", "rules", "reject", str(number["proposal"]), "--reason", "not today")
        self.assertEqual(broker.rows("beheer", "key", "show", "3")[0]["state"], "refused")
        broker.shut_out("other", "operators")
        self.replays(broker)

    def test_a_revoked_key_ends_the_session_and_never_comes_back(self):
        broker = self.open()
        public = broker.public_key("agency:school") # of node.yaml
        live, other = broker.session("agency:school"), broker.session("agency:politie")
        operator = broker.session("operator:beheer")
        self.assertEqual(live.verdict(signal_event("school", "s-1")), "accepted")
        began = time.monotonic()
        operator.say("admin revoke " + public)
        bye = live.wait("bye")
        took_ms = (time.monotonic() - began) * 1000
        self.assertEqual(operator.wait("result")["error"], "ok")
        self.assertEqual(bye["error"], "key_revoked")
        print("revoked: BYE after %.1f ms" % took_ms)
        self.assertLess(took_ms, WAIT_S * 1000) # it came; the figure is for people
        self.assertEqual(other.verdict(signal_event("politie", "p-1")), "accepted") # nobody else noticed
        # Whatever node.yaml says, and after a reload and a restart.
        broker.shut_out("agency:school")
        broker.wait_log("key_refused", "party=school", "reason=revoked")
        broker.good("beheer", "reload")
        broker.shut_out("agency:school")
        self.assertEqual(broker.stop(signal.SIGKILL), -signal.SIGKILL) # what was answered outlives a crash
        broker.start()
        broker.shut_out("agency:school")
        row = broker.rows("beheer", "key", "list", "agency:school", "--all")[0]
        self.assertEqual((row["state"], row["ended_by"], row["in"]), ("revoked", "beheer", "node.yaml"))
        # Another key for the same agency: it goes on where it was.
        new = broker.new_key("new")
        broker.good("beheer", "key", "add", "agency:school", "--public-key", new)
        again = broker.connect("new")
        again.hello()
        self.assertEqual(again.verdict(signal_event("school", "s-1", at="2026-01-01T00:00:00Z")), "id_reused")
        self.assertEqual(again.verdict(signal_event("school", "s-2")), "accepted")
        self.replays(broker)

    def test_an_expired_key_is_shut_out_and_a_refused_key_learns_nothing(self):
        broker = self.open(without=["agency:jeugdhulp", "agency:politie"])
        broker.make_keys(["stranger"])
        broker.good("beheer", "key", "add", "agency:jeugdhulp", "--public-key", broker.new_key("short"), "--for", "5d")
        self.assertEqual(broker.rows("beheer", "key", "show", "1")[0]["state"], "expiring")
        broker.wait_log("key_term", "party=agency:jeugdhulp", "within 7 days")
        live = broker.connect("short")
        live.hello()
        broker.good("beheer", "key", "rotate", "agency:jeugdhulp", "--public-key", broker.new_key("next"), "--overlap", "1s")
        self.assertEqual(live.wait("bye")["error"], "key_expired")
        self.assertEqual(broker.rows("beheer", "key", "show", "1")[0]["state"], "expired")
        # One that ends and that none was put beside.
        soon = broker.new_key("soon")
        for seconds in (2, 8): # a slow machine may come too late with the first
            status, _, err = broker.run("beheer", "key", "add", "agency:politie", "--public-key", soon, "--until",
                                        instant(seconds))
            if status == 0:
                break
        self.assertEqual(status, 0, err)
        broker.wait_log("key_term", "party=agency:politie", "has ended")
        broker.good("beheer", "key", "revoke", broker.public_key("agency:school"), "--reason", "x")
        # Nobody's key, one at the wrong door, an expired and a revoked one: the same answer.
        seen = {name: broker.shut_out(name) for name in ("stranger", "operator:beheer", "short", "agency:school")}
        self.assertEqual(set(seen.values()), {seen["stranger"]}, seen)
        broker.wait_log("key_refused", "party=jeugdhulp", "reason=expired")
        broker.wait_log("key_refused", "party=school", "reason=revoked")
        self.replays(broker)

    def test_a_rotation_under_load_loses_and_doubles_nothing(self):
        broker = self.open()
        new = broker.new_key("new")
        operator = broker.session("operator:beheer")
        before = operator.admin("status")["counters"]["accepted"]
        chunks, chunk, size = 0, [], 200

        def send(peer):
            """One chunk; True when all of it is answered, False on a BYE."""
            peer.say(*["publish " + e for e in chunk])
            first, answered = peer.sent + 1, 0
            peer.sent += size
            while answered < first + size - 1:
                v = peer.came.get(timeout=WAIT_S)
                if v["type"] == "bye":
                    self.assertEqual(v["error"], "key_expired")
                    return False
                if v["type"] == "confirm":
                    answered = v["up_to"]
                    for e in v["exceptions"]:
                        self.assertEqual(e["error"], "duplicate")
            return True

        old = broker.session("agency:school")
        old.sent = 0
        rotated = False
        while True:
            chunk = [signal_event("school", "c%d-%d" % (chunks, i), i % 50) for i in range(size)]
            chunks += 1
            if not send(old):
                break
            if not rotated:
                broker.good("beheer", "key", "rotate", "agency:school", "--public-key", new, "--overlap", "2s")
                rotated = True
        fresh = broker.connect("new")
        fresh.hello()
        fresh.sent = 0
        self.assertTrue(send(fresh)) # again what was not answered
        for _ in range(3):
            chunk = [signal_event("school", "c%d-%d" % (chunks, i), i % 50) for i in range(size)]
            chunks += 1
            self.assertTrue(send(fresh))
        status = operator.admin("status")["counters"]
        print("rotated under load: %d signals, %d sent twice" % (chunks * size, status["duplicates"]))
        self.assertEqual(status["accepted"] - before, chunks * size)
        self.assertEqual(status["signals"], chunks * size)
        self.replays(broker)


if __name__ == "__main__":
    unittest.main()
