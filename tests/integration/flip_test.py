#!/usr/bin/env python3
"""Any byte of any file of a store, flipped: `voordeur verify` finds it, and voordeurd does not run on it and says
what to do. Which bytes of LMDB's files mean something is decided here, by reading its format anew: those that do
must be found, those that do not must change nothing of what verify says.

    flip_test.py            a sample, for every run of the tests
    flip_test.py --long     every structural byte and many more (slow.flip)
"""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from broker import BSNS, BUILD, WAIT_S, Broker, act_event, signal_event  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
LONG = "--long" in sys.argv
SEED = int(os.environ.get("VDR_SEED", "20260302"))
SIGNALS, LOOK = 120, "#61"
PAGE_HEAD, NODE_HEAD, NONE = 16, 8, (1 << 64) - 1
BRANCH, LEAF, OVERFLOW, BIG, TREE = 1, 2, 4, 1, 2
META_TXNID = 128  # in a meta page, behind its head


class Pages:
    """The bytes of an LMDB file (data version 1) that are read by anybody: `means`, by offset, what they are."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.page = struct.unpack_from("<I", self.bytes, PAGE_HEAD + 24)[0]
        self.means, self.separators, self.either = {}, {}, set()
        metas = [struct.unpack_from("<Q", self.bytes, i * self.page + PAGE_HEAD + META_TXNID)[0] for i in (0, 1)]
        self.newest = metas[1] > metas[0]
        for i in (0, 1):  # of the older one, only what says that it is the older one
            at = i * self.page
            self.mark(at, 8, "meta number")
            self.mark(at + 10, 2, "meta flags")
            self.mark(at + PAGE_HEAD, 8, "magic")
            self.mark(at + PAGE_HEAD + 24, 4, "page size")
            self.mark(at + PAGE_HEAD + META_TXNID, 8, "transaction")
        at = self.newest * self.page + PAGE_HEAD
        for i in (0, 1):
            self.tree(at + 24 + 48 * i, i == 0, i == 1)

    def mark(self, at, count, what):
        for i in range(at, at + count):
            self.means[i] = what

    def tree(self, at, free, main):
        """flags are of the table's kind; a tree's own pad means something in the first only."""
        depth, = struct.unpack_from("<H", self.bytes, at + 6)
        root, = struct.unpack_from("<Q", self.bytes, at + 40)
        self.mark(at + 8, 40, "tree")
        if root != NONE:
            self.mark(at + 6, 2, "depth")
            self.walk(root, depth, free, main)

    def walk(self, number, levels, free, main):
        """Marks a page and what is under it; its first and its last key."""
        at = number * self.page
        flags, lower = struct.unpack_from("<HH", self.bytes, at + 10)
        assert flags == (LEAF if levels == 1 else BRANCH), "page %d" % number
        self.mark(at, 8, "page number")
        self.mark(at + 10, 6, "page head")
        first = last = None
        for i in range((lower - PAGE_HEAD) // 2):
            offset, = struct.unpack_from("<H", self.bytes, at + PAGE_HEAD + 2 * i)
            self.mark(at + PAGE_HEAD + 2 * i, 2, "node offset")
            low, high = self.node(at + offset, levels, free, main, last)
            first, last = low if first is None else first, high
        return first, last

    def node(self, at, levels, free, main, before):
        low, high, flags, key = struct.unpack_from("<HHHH", self.bytes, at)
        begin = at + NODE_HEAD
        self.mark(at, NODE_HEAD, "node")
        if levels > 1:
            first, last = self.walk(low | high << 16 | flags << 32, levels - 1, free, main)
            if before is not None:  # the first key of a branch is never looked at
                self.mark(begin, key, "separator")
                for i in range(begin, begin + key):
                    self.separators[i] = (begin, key, before, first)
            return first, last
        size, value = low | high << 16, begin + key
        if not free:  # of the free list it says when the pages became free; any time before now does
            self.mark(begin, key, "key")
        else:
            self.either.update(range(begin, begin + key))
        if flags & BIG:
            run, = struct.unpack_from("<Q", self.bytes, value)
            self.mark(value, 8, "run number")
            self.mark(run * self.page, 8, "page number")
            self.mark(run * self.page + 10, 6, "run head")
            self.value(run * self.page + PAGE_HEAD, size, free)
        elif flags & TREE:
            self.tree(value, False, False)
        else:
            self.value(value, size, free)
        name = self.bytes[begin:value]
        return (name[::-1], name[::-1]) if free else (name, name)

    def harmless(self, offset, bit):
        """Between two pages any key does that is above the one's last and not above the other's first."""
        if self.means.get(offset) == "transaction":  # the one pattern after which the two still follow each other:
            numbers = [struct.unpack_from("<Q", self.bytes, i * self.page + PAGE_HEAD + META_TXNID)[0] for i in (0, 1)]
            which = offset // self.page  # then the commit before the last is seen, as after a crash; heads tell it
            numbers[which] ^= 1 << bit + 8 * (offset - which * self.page - PAGE_HEAD - META_TXNID)
            return numbers[which] % 2 == which and abs(numbers[0] - numbers[1]) == 1
        if offset not in self.separators:
            return False
        begin, count, before, first = self.separators[offset]
        key = bytearray(self.bytes[begin:begin + count])
        key[offset - begin] ^= 1 << bit
        return before < bytes(key) <= first

    def value(self, at, size, free):
        if free:  # which pages may be used again: verify finds what contradicts itself, and a page lost is no data lost
            self.either.update(range(at, at + size))
        else:
            self.mark(at, size, "value")


def run(*arguments):
    done = subprocess.run([VOORDEUR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


class Copies(unittest.TestCase):
    """One store, made by make(); every test gets a copy."""

    @classmethod
    def setUpClass(cls):
        if cls is Copies:
            raise unittest.SkipTest("of the classes below")
        cls.random = random.Random(SEED)
        cls.make()
        cls.home = cls.broker.path("")
        cls.origin = cls.broker.path("store")
        status, cls.good, words = run("verify", "--store", cls.origin, "--json")
        assert status == 0, cls.good + words
        cls.tried = cls.refused = 0

    @classmethod
    def link(cls, zone, party):
        """Options for a verb that speaks with the broker."""
        server = cls.broker.path("server.pub")
        with open(server, "w", encoding="ascii") as f:
            f.write(cls.broker.endpoints["public_key"] + "\n")
        return ["--connect", cls.broker.endpoints[zone], "--key", cls.broker.key_file(party), "--server-key", server]

    @classmethod
    def tearDownClass(cls):
        print("\n  %d flips and other changes looked at by verify, %d of them also by a start" %
              (cls.tried, cls.refused))
        shutil.rmtree(cls.home, ignore_errors=True)

    def setUp(self):
        self.store = self.broker.path("work")
        self.fresh()

    def tearDown(self):
        shutil.rmtree(self.store, ignore_errors=True)

    def fresh(self):
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.origin, self.store)

    def start(self):
        """A start that must fail: its status and words."""
        type(self).refused += 1
        command = self.broker.command()
        command[command.index("--store") + 1] = self.store
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

    def verify(self):
        type(self).tried += 1
        return run("verify", "--store", self.store, "--json")

    def found(self, what, start):
        """verify finds it, names a part and says what to do; a start refuses with the same advice."""
        status, out, words = self.verify()
        self.assertEqual(status, 3, "%s: verify says %s %s" % (what, out, words))
        bad = [part for part in map(json.loads, out.splitlines()) if part["result"] == "bad"]
        self.assertTrue(bad and bad[0]["text"] and bad[0]["next"], what)
        if start:
            done = self.start()
            self.assertEqual(done.returncode, 4, "%s: voordeurd ended with %d\n%s" %
                             (what, done.returncode, done.stdout[-2000:]))
            self.assertIn("event=failed", done.stdout, what)
            self.assertRegex(done.stdout, "restore|put back|move DIR/state aside", what)
        return bad[0]

    def flip(self, name, offset, bit):
        with open(os.path.join(self.store, name), "r+b") as f:
            f.seek(offset)
            byte = f.read(1)[0]
            f.seek(offset)
            f.write(bytes([byte ^ 1 << bit]))

    def flips(self, names, start_every):
        """Bits of whole files that have no idle byte: the first, the last, and some between."""
        for name in names:
            size = os.path.getsize(os.path.join(self.origin, name))
            offsets = range(size) if LONG else [0, size - 1] + self.random.sample(range(size), 12)
            for i, offset in enumerate(offsets):
                bit = self.random.randrange(8)
                self.flip(name, offset, bit)
                self.found("%s: bit %d of byte %d" % (name, bit, offset), start=i % start_every == 0)
                self.flip(name, offset, bit)


class Flip(Copies):
    """A store with cases, mailboxes, two checkpoints and heads."""

    @classmethod
    def make(cls):
        cls.broker = Broker(limits="heads_every: 1s", node=["signing_key: keys/signing.key"])
        cls.broker.write("keys/signing.key", "%064x\n" % 11, 0o400)
        for part in range(3):
            cls.broker.start()
            for agency in ("school", "politie"):
                events = ""
                for number in range(part * SIGNALS, part * SIGNALS + SIGNALS // 3):
                    detail = "long words " * (400 if number % 20 == 0 else 2)  # some in pages of their own
                    events += signal_event(agency, "%s-%d" % (agency, number), number % 40, detail=detail) + "\n"
                cls.broker.write("events.jsonl", events)
                status, out, words = run("publish", *cls.link("listen", "agency:" + agency),
                                         cls.broker.path("events.jsonl"))
                assert status == 0, out + words
            assert cls.broker.stop() == 0, cls.broker.log()

    def some(self, means, count):
        """Offsets of every kind of byte, as many of each."""
        kinds = {}
        for offset, what in means.items():
            kinds.setdefault(what, []).append(offset)
        each = max(1, count // len(kinds))
        return [(offset, kind) for kind in sorted(kinds)
                for offset in self.random.sample(sorted(kinds[kind]), min(each, len(kinds[kind])))]

    def pages(self, name, count):
        pages = Pages(os.path.join(self.origin, name))
        for i, (offset, kind) in enumerate(self.some(pages.means, count)):
            bit = self.random.randrange(8)
            self.flip(name, offset, bit)
            if pages.harmless(offset, bit):
                self.assertEqual(self.verify()[0], 0)
            else:
                self.found("%s: bit %d of byte %d (%s)" % (name, bit, offset, kind), start=LONG or i % 3 == 0)
            self.flip(name, offset, bit)
        self.assertEqual(self.verify()[1], self.good)

    def test_a_flipped_bit_of_the_log_is_found(self):
        self.pages("log/data.mdb", 2000 if LONG else 60)

    def test_a_flipped_bit_of_the_checkpoints_is_found(self):
        self.pages("state/data.mdb", 2000 if LONG else 60)

    def test_a_flipped_bit_that_nothing_reads_changes_nothing(self):
        for name in ("log/data.mdb", "state/data.mdb"):
            pages = Pages(os.path.join(self.origin, name))
            idle = [i for i in range(len(pages.bytes)) if i not in pages.means and i not in pages.either]
            self.assertGreater(len(idle), 1000)
            for offset in self.random.sample(idle, 500 if LONG else 12):
                self.flip(name, offset, self.random.randrange(8))
                status, out, words = self.verify()
                self.assertEqual((status, out), (0, self.good), "%s: byte %d: %s" % (name, offset, words))
        shutil.copytree(self.store, self.broker.path("idle"))  # all of them together: the broker serves
        self.broker.arguments = ["--store", self.broker.path("idle")]  # the last one counts
        try:
            self.broker.start()
            self.assertEqual(self.broker.session("agency:school").verdict(signal_event("school", "idle", 3)), "accepted")
            self.broker.close_peers()
            self.assertEqual(self.broker.stop(), 0)
        finally:
            self.broker.arguments = []
        self.assertEqual(run("verify", "--store", self.broker.path("idle"))[0], 0)
        

    def test_a_flipped_bit_of_every_other_file_is_found(self):
        self.flips(("id", "heads/heads.jsonl", "heads/last", "keys/wrap"), 4)

    def test_a_truncated_file_is_found(self):
        for name in ("log/data.mdb", "state/data.mdb", "id", "heads/heads.jsonl", "heads/last"):
            size = os.path.getsize(os.path.join(self.origin, name))
            for keep in (0, 1, size // 2, size // 2 // 4096 * 4096):
                os.truncate(os.path.join(self.store, name), keep)
                self.found("%s cut to %d bytes" % (name, keep), start=True)
                self.fresh()

    def test_files_that_were_swapped_or_put_back_are_found(self):
        log, state = (os.path.join(self.store, part, "data.mdb") for part in ("log", "state"))
        shutil.copy(log, log + ".was")
        shutil.copy(state, log)
        shutil.move(log + ".was", state)
        self.found("log and state swapped", start=True)
        self.fresh()
        # The log of an earlier day beside the state and the heads of today.
        old = self.broker.path("old")
        shutil.copytree(self.origin, old)
        self.broker.start()
        peer = self.broker.session("agency:school")
        self.assertEqual(peer.verdict(signal_event("school", "later", 5)), "accepted")
        self.broker.close_peers()
        self.assertEqual(self.broker.stop(), 0)
        type(self).good = run("verify", "--store", self.origin, "--json")[1]
        self.fresh()
        shutil.copy(os.path.join(old, "log", "data.mdb"), log)
        self.found("an old log beside a newer state", start=True)
        shutil.copy(os.path.join(old, "state", "data.mdb"), state)
        bad = self.found("an old log and state beside newer heads", start=True)
        self.assertEqual(bad["part"], "heads")
        shutil.rmtree(old)

    def test_the_words_name_the_place(self):
        pages = Pages(os.path.join(self.origin, "log/data.mdb"))
        offset = next(i for i, what in pages.means.items() if what == "page number" and i >= 2 * pages.page)
        self.flip("log/data.mdb", offset, 0)
        status, out, words = run("verify", "--store", self.store)
        self.assertEqual(status, 3, words)
        self.assertRegex(out, r"NOT OK +log")
        self.assertIn("voordeur restore BACKUP DIR", out)

    def test_a_running_broker_looks_at_itself(self):
        self.broker.start()
        operator = self.link("operators", "operator:beheer")
        status, out, words = run("verify", *operator)
        self.assertEqual(status, 0, out + words)
        self.assertRegex(out, r"ok +log")
        self.assertRegex(out, r"ok +state")
        self.assertRegex(out, r"ok +heads")
        status, line, words = run("head", "show", *operator)
        self.assertEqual(status, 0, words)
        kept = self.broker.path("kept.jsonl")
        with open(kept, "w", encoding="ascii") as f:
            f.write(line)
        key = json.loads(line)["key"]
        self.assertIn(key, words)
        self.assertEqual(run("head", "check", kept, "--public-key", key, *operator)[0], 0)
        self.assertEqual(self.broker.stop(), 0)
        type(self).good = run("verify", "--store", self.origin, "--json")[1]
        self.assertEqual(run("head", "check", kept, "--public-key", key, "--store", self.origin)[0], 0)
        self.assertEqual(run("head", "check", kept, "--public-key", "00" * 32, "--store", self.origin)[0], 3)
        number = json.loads(line)["number"]
        self.assertEqual(run("verify", "--store", self.origin, "--from", str(number))[0], 0)


class Erased(Copies):
    """A store after an erasure run, with messages that were kept apart from it."""

    FILES = ("keys/table", "keys/kept", "keys/wrap", "proofs.jsonl")

    @classmethod
    def make(cls):
        cls.broker = Broker(node=["escrow: escrow", "erasure: {every: 1d}"])
        os.makedirs(cls.broker.path("escrow"))
        cls.broker.start()
        school = cls.broker.session("agency:school")
        both = [{"bsn": BSNS[0], "role": "youth"}, {"bsn": BSNS[20], "role": "parent"}]
        assert school.verdict(signal_event("school", "s-0", persons=both)) == "accepted"
        # its service does not read what is told of it, and one of both is erased
        for number in range(1, 8):
            assert school.verdict(signal_event("school", "s-%d" % number, number)) == "accepted"
        officer = cls.broker.session("privacy_officer:p-els")
        for name, what in (("person_erased", {"household": "H1", "bsn": BSNS[20]}), ("erased", {"household": "H2"})):
            verdict = officer.verdict(act_event("privacy_officer:p-els", "e-" + name, name, **what))
            assert verdict == "accepted", verdict
        operator, until = cls.broker.session("operator:beheer"), time.monotonic() + WAIT_S
        while True:  # an operator can only look
            seen = operator.admin(LOOK)["counters"]
            if seen["runs"] >= 1 and seen["waiting"] == 0:
                break
            assert time.monotonic() < until, seen
            time.sleep(0.02)
        cls.broker.close_peers()
        assert cls.broker.stop() == 0, cls.broker.log()
        for name in cls.FILES:
            assert os.path.exists(cls.broker.path("store", name)), name

    def test_a_flipped_bit_of_what_an_erasure_leaves_is_found(self):
        self.flips(self.FILES, 7)

    def test_a_file_that_was_cut_or_taken_away_is_found(self):
        for name in self.FILES:
            size = os.path.getsize(os.path.join(self.origin, name))
            for keep in (1, size // 2) if name != "proofs.jsonl" else ():  # its end may be cut off by a crash
                os.truncate(os.path.join(self.store, name), keep)
                self.found("%s cut to %d bytes" % (name, keep), start=keep == 1)
                self.fresh()
        os.remove(os.path.join(self.store, "keys", "table"))
        self.assertEqual(self.found("no key table", start=True)["file"], "keys/table")


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if a != "--long"]
    begun = time.monotonic()
    program = unittest.main(exit=False)
    print("  %.1f s" % (time.monotonic() - begun))
    sys.exit(not program.result.wasSuccessful())
