#!/usr/bin/env python3
"""Any byte of any file of a store, flipped: `voordeur verify` finds it, and voordeurd does not run on it and says
what to do. What every byte of LMDB's files is, is decided here, by reading its format anew: those that mean
something must be found, those that nothing reads must change nothing of what verify says.

    flip_test.py            some of every kind of byte, and every byte of small files, for every run of the tests
    flip_test.py --long     every bit of other files, every byte of the meta pages, thousands of every kind (slow.flip)
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
FLIPPER = os.path.join(BUILD, "tests", "integration", "integration_flipper")
LONG = "--long" in sys.argv
SEED = int(os.environ.get("VDR_SEED", "20260302"))
SIGNALS, LOOK = 120, "#61"
PAGE_HEAD, NODE_HEAD, NONE = 16, 8, (1 << 64) - 1
BRANCH, LEAF, OVERFLOW, BIG, TREE = 1, 2, 4, 1, 2
META_TXNID = 128  # in a meta page, behind its head


class Pages:
    """What every byte of an LMDB file (data version 1) is: `kinds`, offsets by kind; READ kinds mean something."""

    READ = {"meta page", "tree", "page number", "page head", "node offset", "node", "key", "value", "separator",
            "run number", "run head", "free pages", "freed by"}
    # Of the commit before the last only the meta page is read, to know which of both is the newer one. Its pages that
    # the last commit has not are free: a start looks at them as at others, but no row in them is ever read.
    EITHER = {"page of the commit before"}
    IDLE = {"free page", "behind the last page", "gap in a page"}

    def __init__(self, path):
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.page, = struct.unpack_from("<I", self.bytes, PAGE_HEAD + 24)
        self.kind = {}  # of bytes that are read
        self.between, self.freed, self.free = {}, [], set()
        self.numbers = [struct.unpack_from("<Q", self.bytes, i * self.page + PAGE_HEAD + META_TXNID)[0] for i in (0, 1)]
        newer = self.numbers[1] > self.numbers[0]
        self.mark(0, 2 * self.page, "meta page")
        self.used = set()
        self.trees(newer)
        now, self.used = self.used, set()
        of_now = dict(self.kind), dict(self.between), self.freed, self.free
        self.trees(not newer)
        before = self.used - now
        self.kind, self.between, self.freed, free = of_now
        assert not free & now
        last, = struct.unpack_from("<Q", self.bytes, newer * self.page + PAGE_HEAD + META_TXNID - 8)
        assert free | now | {0, 1} == set(range(last + 1)), "pages are missing"
        self.kinds = {}
        for offset in range(len(self.bytes)):
            page, kind = offset // self.page, self.kind.get(offset)
            if kind is None:
                kind = ("behind the last page" if page > last else "gap in a page" if page in now else
                        "page of the commit before" if page in before else "free page")
            self.kinds.setdefault(kind, []).append(offset)
        assert self.kinds.keys() <= self.READ | self.EITHER | self.IDLE

    def mark(self, at, count, what):
        for i in range(at, at + count):
            self.kind[i] = what

    def trees(self, meta):
        self.freed, self.free = [], set()
        at = meta * self.page + PAGE_HEAD + 24
        self.tree(at, True, False)
        self.tree(at + 48, False, True)

    def tree(self, at, free, main):
        depth, = struct.unpack_from("<H", self.bytes, at + 6)
        assert not free or depth <= 1, "harmless() looks at one page of the free list"
        root, = struct.unpack_from("<Q", self.bytes, at + 40)
        if at >= 2 * self.page:
            self.mark(at, 48, "tree")
        if root != NONE:
            self.walk(root, depth, free, main)

    def walk(self, number, levels, free, main):
        """Marks a page and what is under it; its first and its last key."""
        at = number * self.page
        self.used.add(number)
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
        name = self.bytes[begin:begin + key]
        name = name[::-1] if free else name  # numbers of the free list are little-endian
        self.mark(at, NODE_HEAD, "node")
        if levels > 1:
            first, last = self.walk(low | high << 16 | flags << 32, levels - 1, free, main)
            if before is not None:  # the first key of a branch is never looked at
                self.mark(begin, key, "separator")
                for i in range(begin, begin + key):
                    self.between[i] = (begin, key, free, before, first)
            return first, last
        size, value = low | high << 16, begin + key
        self.mark(begin, key, "freed by" if free else "key")
        if free:
            self.freed.append((begin, name))
        if flags & BIG:
            run, = struct.unpack_from("<Q", self.bytes, value)
            self.mark(value, 8, "run number")
            self.mark(run * self.page, 8, "page number")
            self.mark(run * self.page + 10, 6, "run head")
            pages, = struct.unpack_from("<I", self.bytes, run * self.page + 12)
            self.used.update(range(run, run + pages))
            self.value(run * self.page + PAGE_HEAD, size, free)
        elif flags & TREE:
            self.tree(value, False, False)
        else:
            self.value(value, size, free)
        return name, name

    def value(self, at, size, free):
        if not free:
            self.mark(at, size, "value")
            return
        count, = struct.unpack_from("<Q", self.bytes, at)  # an entry may have room for more than it has
        self.mark(at, 8 + 8 * count, "free pages")
        self.free.update(struct.unpack_from("<%dQ" % count, self.bytes, at + 8))

    def harmless(self, offset, bit):
        """Flips after which the same is read. Between two pages any key does that is above the one's last and not
        above the other's first. And a free page may be used again whatever transaction freed it, but those of the
        last two: only readers of another process would care, and there are none after a start. The last
        transaction's number must stand there."""
        def flipped(begin, count, little):
            key = bytearray(self.bytes[begin:begin + count])
            key[offset - begin] ^= 1 << bit
            return bytes(key[::-1]) if little else bytes(key)
        if offset in self.between:
            begin, count, free, before, first = self.between[offset]
            return before < flipped(begin, count, free) <= first
        for i, (begin, _) in enumerate(self.freed):
            if begin <= offset < begin + 8 and i + 1 < len(self.freed):
                after = self.freed[i - 1][1] if i > 0 else bytes(8)
                return after < flipped(begin, 8, True) < self.freed[i + 1][1]
        return False


class Flipper:
    """flipper.c on one store: what verify says of a flipped bit, thousands of times."""

    def __init__(self, store):
        self.process = subprocess.Popen([FLIPPER, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, name, offset, bit):
        self.process.stdin.write("%s %d %d\n" % (name, offset, bit))
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line.endswith("\n"), "flipper ended at %s, byte %d, bit %d" % (name, offset, bit)
        return line.rstrip("\n").split("\t")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


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
    def files(cls):
        """Every file of the store: those of LMDB's, those of which every byte means something, and locks, which are
        made anew by whoever opens the store."""
        names = sorted(os.path.relpath(os.path.join(folder, name), cls.origin)
                       for folder, _, found in os.walk(cls.origin) for name in found)
        locks = [name for name in names if name.endswith((".lock", "lock.mdb"))]
        pages = [name for name in names if name.endswith("data.mdb")]
        return pages, [name for name in names if name not in locks + pages], locks

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

    def found(self, what, start, ends=4):
        """verify finds it, names a part and says what to do; a start refuses with the same advice."""
        status, out, words = self.verify()
        self.assertEqual(status, 3, "%s: verify says %s %s" % (what, out, words))
        bad = [part for part in map(json.loads, out.splitlines()) if part["result"] == "bad"]
        self.assertTrue(bad and bad[0]["text"] and bad[0]["next"], what)
        if start:
            done = self.start()
            self.assertEqual(done.returncode, ends, "%s: voordeurd ended with %d\n%s" %
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

    def expect_found(self, flipper, name, offset, bit, what):
        type(self).tried += 1
        code, part, _, advice, _ = flipper(name, offset, bit)
        where = "%s: bit %d of byte %d (%s)" % (name, bit, offset, what)
        self.assertIn(code, ("store_corrupt", "store_version"), where)
        self.assertTrue(part and advice, where)

    def expect_start_refuses(self, name, offset, bit, what):
        self.flip(name, offset, bit)
        self.found("%s: bit %d of byte %d (%s)" % (name, bit, offset, what), start=True)
        self.flip(name, offset, bit)

    def flips(self, names):
        """Every byte of whole files that have no idle one; of long ones some."""
        flipper = Flipper(self.store)
        for name in names:
            size = os.path.getsize(os.path.join(self.origin, name))
            few = LONG or size <= 700
            for offset in range(size) if few else sorted(self.random.sample(range(size), 350)):
                for bit in range(8) if LONG else [self.random.randrange(8)]:
                    self.expect_found(flipper, name, offset, bit, "every byte")
        flipper.close()
        for name in names:
            size = os.path.getsize(os.path.join(self.origin, name))
            for offset in {0, size - 1, self.random.randrange(size)}:
                self.expect_start_refuses(name, offset, self.random.randrange(8), "a start")


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

    def pages(self, name):
        """Of every kind of byte that is read."""
        pages, flipper = Pages(os.path.join(self.origin, name)), Flipper(self.store)
        starts, harmless = [], 0
        good = flipper("id", 0, 0)  # found; and flipped back
        self.assertEqual(good[0], "store_corrupt")
        good = self.texts()
        for kind in sorted(pages.kinds.keys() & pages.READ):
            offsets = pages.kinds[kind]
            if kind != "meta page" or not LONG:
                head = [o for o in offsets if o % pages.page < 160] if kind == "meta page" else []
                offsets = head + self.random.sample(offsets, min(4000 if LONG else 40, len(offsets)))
            for offset in offsets:
                bit = self.random.randrange(8)
                if pages.harmless(offset, bit):
                    harmless += 1
                    self.assertEqual(flipper(name, offset, bit)[::4], ["ok", good], (offset, bit, kind))
                else:
                    self.expect_found(flipper, name, offset, bit, kind)
                    starts.append((offset, bit, kind))
        flipper.close()
        tried = {}
        self.random.shuffle(starts)
        for offset, bit, kind in starts:
            tried[kind] = tried.get(kind, 0) + 1
            if tried[kind] <= (20 if LONG else 1):
                self.expect_start_refuses(name, offset, bit, kind)
        print("\n  %s: bytes by kind: %s; %d flips harmless" %
              (name, ", ".join("%s %d" % (k, len(o)) for k, o in sorted(pages.kinds.items())), harmless))

    def texts(self):
        """As the flipper tells them."""
        return "".join("%s: %s; " % (p["part"], p["text"]) for p in map(json.loads, self.good.splitlines()))

    def test_a_flipped_bit_of_the_log_is_found(self):
        self.pages("log/data.mdb")

    def test_a_flipped_bit_of_the_checkpoints_is_found(self):
        self.pages("state/data.mdb")

    def test_a_flipped_bit_that_nothing_reads_changes_nothing(self):
        flipper = Flipper(self.store)
        for name in ("log/data.mdb", "state/data.mdb"):
            pages = Pages(os.path.join(self.origin, name))
            for kind in sorted(pages.kinds.keys() & (pages.IDLE | pages.EITHER)):
                offsets = pages.kinds[kind]
                for offset in self.random.sample(offsets, min(2000 if LONG else 20, len(offsets))):
                    bit = self.random.randrange(8)
                    answer = flipper(name, offset, bit)
                    if kind in pages.IDLE or answer[0] == "ok":
                        self.assertEqual(answer[::4], ["ok", self.texts()], (name, offset, bit, kind))
                        self.flip(name, offset, bit)
        flipper.close()
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
        pages, whole, locks = self.files()
        self.assertEqual(pages, ["log/data.mdb", "state/data.mdb"])
        self.assertEqual(whole, ["heads/heads.jsonl", "heads/last", "id", "keys/wrap", "proofs.last"])
        self.assertEqual(locks, ["keys.lock", "log.lock", "log/lock.mdb", "state.lock", "state/lock.mdb"])
        self.flips(whole)

    def test_a_flipped_bit_of_a_lock_changes_nothing(self):
        flipper = Flipper(self.store)
        for name in self.files()[2]:
            size = os.path.getsize(os.path.join(self.origin, name))
            for offset in self.random.sample(range(size), min(size, 2000 if LONG else 50)):
                answer = flipper(name, offset, self.random.randrange(8))
                self.assertEqual(answer[::4], ["ok", self.texts()], (name, offset))
        flipper.close()

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
        offset = pages.kinds["page number"][0]
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

    FILES = ("keys/table", "keys/wrap", "proofs.jsonl", "proofs.last")

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

    def test_a_flipped_bit_of_what_an_erasure_leaves_is_found(self):
        whole = self.files()[1]
        self.assertEqual(sorted(set(whole) & set(self.FILES)), sorted(self.FILES))
        self.flips(whole)

    def test_a_file_that_was_cut_or_taken_away_is_found(self):
        for name in self.FILES:
            with open(os.path.join(self.origin, name), "rb") as f:
                content = f.read()
            ends = [i + 1 for i, byte in enumerate(content[:-1]) if byte == 10] if name == "proofs.jsonl" else []
            for keep in [0, 1, len(content) // 2, len(content) - 1] + ends:
                os.truncate(os.path.join(self.store, name), keep)
                self.found("%s cut to %d bytes" % (name, keep), start=keep in [1] + ends[-1:])
                self.fresh()
            os.remove(os.path.join(self.store, name))
            self.found("no %s" % name, start=True, ends=2 if name == "keys/wrap" else 4)  # where is the key?
            self.fresh()
        for name in ("proofs.jsonl", "proofs.last"):
            os.remove(os.path.join(self.store, name))
        self.found("no proofs", start=True)
        self.fresh()
        os.remove(os.path.join(self.store, "keys", "table"))
        self.assertEqual(self.found("no key table, and proofs", start=True)["part"], "keys")

    def test_messages_that_are_kept_stand_in_the_key_table(self):
        with open(os.path.join(self.origin, "keys", "table"), "rb") as f:
            beside, = struct.unpack_from("<Q", f.read(), 56)
        self.assertGreater(beside, 60)  # so that the flips above have met them


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if a != "--long"]
    begun = time.monotonic()
    program = unittest.main(exit=False)
    print("  %.1f s" % (time.monotonic() - begun))
    sys.exit(not program.result.wasSuccessful())
