#!/usr/bin/env python3
"""Attacks on a running broker, one after another, while another agency is served all the time.

Each row of ATTACKS does its worst and says what must have come of it. Meanwhile the police publishes signal after
signal, each answered before the next: what it got, how long it waited at most and how much memory the daemon took at
most are told as a table. Memory must stay within GROWTH of what it was; every answer to the police must be the right
one. How fast is told, not asserted.

    VDR_ATTACK_TIMES=10     each attack so many times over (1)
"""

import os
import random
import resource
import socket
import struct
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
from broker import BUILD, WAIT_S, Broker, act_event, sanitized, signal_event  # noqa: E402
from door_test import TYPES, frame  # noqa: E402

TIMES = int(os.environ.get("VDR_ATTACK_TIMES", "1"))
GROWTH = 96 * 1024 * 1024
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\x00" + bytes(31)
LIMITS = "handshake: 1s, queue: 512KiB, connections: 4096, sessions_per_key: 64"


class Served(threading.Thread):
    """The police, which is served."""

    def __init__(self, broker):
        super().__init__()
        self.broker, self.peer = broker, broker.session("agency:politie")
        self.lock, self.stopping, self.error = threading.Lock(), False, None
        self.waits, self.peak, self.number = [], 0, 0
        self.start()

    def resident(self):
        with open("/proc/%d/statm" % self.broker.process.pid, encoding="ascii") as f:
            return int(f.read().split()[1]) * resource.getpagesize()

    def run(self):
        try:
            while not self.stopping:
                self.number += 1
                at = time.monotonic()
                verdict = self.peer.verdict(signal_event("politie", "served-%d" % self.number, self.number % 5000))
                if verdict != "accepted":
                    raise AssertionError("signal %d of the police: %s" % (self.number, verdict))
                with self.lock:
                    self.waits.append(time.monotonic() - at)
                    self.peak = max(self.peak, self.resident())
                time.sleep(0.002)
        except Exception as error:  # told by the test's own thread
            self.error = error

    def take(self):
        """The waits and the most memory since the last time."""
        with self.lock:
            waits, peak, self.waits, self.peak = self.waits, self.peak, [], 0
        return sorted(waits), peak

    def wait_for(self, count):
        """Until so many were answered since take()."""
        until = time.monotonic() + WAIT_S
        while self.error is None and time.monotonic() < until:
            with self.lock:
                if len(self.waits) >= count:
                    return
            time.sleep(0.01)
        raise self.error or AssertionError("the police was not served %d times in %g s" % (count, WAIT_S))

    def close(self):
        self.stopping = True
        self.join(WAIT_S)


class Between(threading.Thread):
    """Sits between a client and the broker and does something to the frames that the client sends: edit() gets the
    whole frames so far unsent, greeting left out, and gives those to send."""

    def __init__(self, endpoint, edit):
        super().__init__(daemon=True)
        host, port = endpoint[len("tcp://"):].rsplit(":", 1)
        self.behind, self.edit, self.sent = (host, int(port)), edit, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.ended = threading.Event()  # the broker has closed the connection
        self.start()

    def run(self):
        try:
            client, _ = self.listener.accept()
            with client, socket.create_connection(self.behind) as broker:
                threading.Thread(target=self.back, args=(broker, client), daemon=True).start()
                self.forth(client, broker)
        except OSError:
            pass

    def back(self, broker, client):
        try:
            while chunk := broker.recv(65536):
                client.sendall(chunk)
        except OSError:
            pass
        self.ended.set()

    def forth(self, client, broker):
        pending, count, greeted = b"", 0, 0
        while chunk := client.recv(65536):
            if greeted < 64:  # the greeting goes back and forth piece by piece
                piece = chunk[:64 - greeted]
                broker.sendall(piece)
                self.sent.append(piece)
                greeted += len(piece)
                chunk = chunk[len(piece):]
            pending += chunk
            while (size := self.frame_bytes(pending)) is not None and len(pending) >= size:
                for out in self.edit(count, pending[:size]):
                    broker.sendall(out)
                    self.sent.append(out)
                pending, count = pending[size:], count + 1

    @staticmethod
    def frame_bytes(pending):
        if len(pending) < 2:
            return None
        if not pending[0] & 2:  # a short frame
            return 2 + pending[1]
        return 9 + struct.unpack(">Q", pending[1:9])[0] if len(pending) >= 9 else None

    def close(self):
        self.listener.close()


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
        cls.sockets = min(2000, min(8192, hard) // 2)
        cls.broker = Broker(limits=LIMITS).__enter__()
        host, port = cls.broker.endpoints["listen"][len("tcp://"):].rsplit(":", 1)
        cls.address = (host, int(port))
        cls.served, cls.rows, cls.dice = Served(cls.broker), [], random.Random(4)

    @classmethod
    def tearDownClass(cls):
        cls.served.close()
        print("\n%-46s %7s %9s %9s %11s" % ("attack", "served", "p50 ms", "max ms", "memory MiB"))
        for row in cls.rows:
            print("%-46s %7d %9.1f %9.1f %+11.1f" % row)
        status = cls.broker.stop()
        cls.broker.__exit__(None, None, None)
        assert status == 0, status
        if cls.served.error is not None:
            raise cls.served.error

    def survives(self, name, attack):
        """Runs the attack, and looks how the police fared."""
        self.served.take()
        self.served.wait_for(3)
        before = self.served.resident()
        self.served.take()
        for _ in range(TIMES):
            attack()
        self.served.wait_for(10)
        waits, peak = self.served.take()
        self.rows.append((name, len(waits), 1000 * waits[len(waits) // 2], 1000 * waits[-1],
                          (peak - before) / (1024 * 1024)))
        if not sanitized():  # whose quarantine grows by itself
            self.assertLess(peak - before, GROWTH, name)
        while self.broker.peers and self.broker.peers[-1] is not self.served.peer:
            self.broker.peers.pop().close()

    def ends_with(self, said, *codes, after_hello=True):
        """A session that says this hears one of the codes, and that is its end."""
        peer = self.broker.session("agency:school") if after_hello else self.broker.peer("agency:school")
        peer.say(*said)
        self.assertIn(peer.wait("error")["code"], codes)

    # ---- bodies

    def test_bodies_that_unpack_to_many_times_their_size(self):
        room = 256 * 1024 - 64
        item = lambda body: b"\x12" + self.varint(len(body)) + body  # noqa: E731
        typed = lambda body: b"\x12" + self.varint(len(body)) + body  # noqa: E731
        bombs = {
            "empty items": b"\x12\x00" * (room // 2),
            "an item of empty persons": b"\x08\x01" + item(typed(b"\x42\x00" * ((room - 32) // 2))),
            "an item of empty members": b"\x08\x01" + item(typed(b"\x6a\x00" * ((room - 32) // 2))),
            "an item of addresses, each in place of the last": b"\x08\x01" + item(typed(b"\x4a\x00" * (room // 2 - 16))),
            "unknown fields": b"\x08\x01" + b"\xfa\x07\x00" * (room // 3 - 2),
            "groups in groups": b"\x08\x01" + b"\x0b" * (room - 4),
            "a length beyond the end": b"\x08\x01\x12\xff\xff\xff\xff\x0f",
            "a number without an end": b"\x08" + b"\xff" * 1000,
        }

        def attack():
            for name, body in bombs.items():
                with self.subTest(name):
                    for kind in ("publish", "read", "subscribe"):
                        peer = self.broker.session("agency:school")
                        peer.say("raw " + frame(TYPES[kind], body, 2))
                        # An item that is no event is answered as such, whatever it was packed in.
                        came = self.first(peer, "error", "confirm", "acked", "answer")
                        if came["type"] == "error":
                            self.assertIn(came["code"], ("bad_frame", "too_big"), name)
                        elif came["type"] == "confirm":
                            self.assertEqual({e["error"] for e in came["exceptions"]}, {"malformed"}, name)

        self.survives("protobuf bombs", attack)

    def test_json_that_is_deep_or_huge_or_strange(self):
        event = signal_event("school", "deep", 1)
        with_detail = lambda value: event[:-2] + ',"detail":' + value + "}}"  # noqa: E731
        rows = ["[" * 65000, '{"a":' * 10000, with_detail("[" * 60000 + "]" * 1000), with_detail('"' + "\\u0041" * 10000),
                with_detail("9" * 60000), with_detail("1e" + "9" * 60000), with_detail('"' + "x" * 66000 + '"'),
                with_detail('"\\ud800"'), with_detail('"\\u0000"'), event[:-1] + ',"data":{}}',
                "{" + ",".join('"k%d":%d' % (i, i) for i in range(4500)) + "}",
                "{" + ",".join('"k":%d' % i for i in range(7000)) + "}", '"' + "a" * 65000, " " * 65000]

        def attack():
            peer = self.broker.session("agency:school")
            for row in rows:
                self.assertEqual(peer.verdict(row), "malformed", row[:40])
            # Deep and wide within the shape: allowed members of the envelope count, and cost what they are.
            wide = event.replace('"deep"', '"deep-%d"' % self.dice.randrange(1 << 40))
            self.assertEqual(peer.verdict(wide[:-1] + ',"x":' + "[" * 62 + "]" * 62 + "}"), "accepted")

        self.survives("deep, huge and strange JSON", attack)

    def test_random_bytes_as_frames_and_bodies(self):
        def attack():
            for kind in sorted(TYPES.values()):
                if kind == TYPES["bye"]:
                    continue
                peer = self.broker.session("agency:school")
                peer.say("raw " + frame(kind, b"\xff" + self.dice.randbytes(self.dice.randrange(2000)), 2))
                self.assertIn(peer.wait("error")["code"], ("bad_frame", "wrong_role"), kind)
            for size in (1, 15, 16, 17, 1000, 200000):
                self.ends_with(["raw " + self.dice.randbytes(size).hex()], "bad_frame", after_hello=size % 2 == 0)

        self.survives("random frames and bodies", attack)

    # ---- frames

    def test_a_message_of_300000_frames(self):
        self.survives("a message of 300,000 frames",
                      lambda: self.ends_with(["parts 300000"], "bad_frame"))

    def test_frames_that_announce_two_gibibytes(self):
        announced = b"\x02" + struct.pack(">Q", 1 << 31)

        def by_a_stranger():
            with socket.create_connection(self.address, timeout=WAIT_S) as s:
                s.sendall(GREETING + announced + bytes(100))
                self.closed(s)

        def by_a_party():
            """After the handshake, in the place of its first frame."""
            self.edited(lambda count, out: [out] if count < 2 else [announced + bytes(1000)])

        def attack():
            by_a_stranger()
            by_a_party()

        self.survives("frames that announce 2 GiB", attack)

    def test_frames_of_a_session_again_and_in_another_order(self):
        held = []

        def doubled(count, out):
            return [out, out] if count == 2 else [out]

        def swapped(count, out):
            if count == 2:
                held.append(out)
                return []
            return [out, held.pop()] if held else [out]

        def changed(count, out):
            return [out[:-1] + bytes([out[-1] ^ 1])] if count == 2 else [out]

        def attack():
            for edit in (doubled, swapped, changed):
                held.clear()
                self.edited(edit)
            recorded = Between(self.broker.endpoints["listen"], lambda count, out: [out])
            peer = self.through(recorded)
            peer.hello()
            number = "recorded-%d" % self.dice.randrange(1 << 40)
            self.assertEqual(peer.verdict(signal_event("school", number, 3)), "accepted")
            peer.close()
            recorded.close()
            before = self.counters()
            with socket.create_connection(self.address, timeout=WAIT_S) as s:  # all of it, word for word
                s.sendall(b"".join(recorded.sent))
                self.closed(s)
            after = self.counters()
            self.assertEqual(after["sessions"], before["sessions"], "a recording opens no session")

        self.survives("frames replayed, swapped, changed", attack)

    # ---- connections

    def test_connections_that_say_nothing_or_little(self):
        def attack():
            idle = [socket.create_connection(self.address, timeout=WAIT_S) for _ in range(self.sockets)]
            slow = [socket.create_connection(self.address, timeout=WAIT_S) for _ in range(100)]
            for at in range(0, 64):  # a byte at a time, all of them
                for s in slow:
                    try:
                        s.sendall(GREETING[at:at + 1])
                    except OSError:
                        pass
            late = self.broker.session("agency:jeugdhulp")  # who means it comes in between
            self.assertEqual(late.verdict(signal_event("jeugdhulp", "late-%d" % self.dice.randrange(1 << 40), 4)), "accepted")
            for s in idle + slow:
                self.closed(s)
                s.close()

        self.survives("%d idle connections, 100 slow ones" % self.sockets, attack)

    def test_a_client_that_never_reads(self):
        def attack():
            deaf = self.broker.session("coordinator:c-piet")
            since = self.counters()["sessions"]
            deaf.say("deaf")
            # Each answer is far larger than its question: they wait, in bounded room, and then it is over.
            until = time.monotonic() + WAIT_S
            while self.counters()["sessions"] >= since and time.monotonic() < until:
                deaf.say(*["read regisseurs"] * 200)
            self.assertLess(self.counters()["sessions"], since, "the session of who never reads goes on")

        self.survives("a client that never reads", attack)

    # ---- parties that mean harm

    def test_the_ids_and_sources_of_others(self):
        school = self.broker.session("agency:school")

        def attack():
            mark = self.dice.randrange(1 << 40)
            ids = ["taken-%d-%d" % (mark, i) for i in range(200)]
            for one in ids:
                self.assertEqual(school.verdict(signal_event("politie", one, 5)), "unknown_source")
                self.assertEqual(school.verdict(signal_event("school", one, 5)), "accepted")
            police = self.broker.session("agency:politie")
            for one in ids:  # an id is taken in one's own source only
                self.assertEqual(police.verdict(signal_event("politie", one, 6)), "accepted")

        self.survives("ids and sources of others", attack)

    def test_verbs_of_others_and_old_revisions(self):
        def attack():
            mark = self.dice.randrange(1 << 40)
            school, anna = self.broker.session("agency:school"), self.broker.session("regisseur:r-anna")
            for i in range(100):
                for verb in ("admin stop", "decisions 0 10", "credit 2 0 1"):
                    school.say(verb)
                    self.assertEqual(school.wait("error")["code"], "wrong_role")
                event = act_event("regisseur:r-anna", "old-%d-%d" % (mark, i), "case_closed", case="C1", outcome="x")
                self.assertIn(anna.verdict(event, "revision 99999"), ("stale_revision", "unknown_case", "not_allowed",
                                                                     "wrong_state"))
            event = act_event("regisseur:r-anna", "not-mine-%d" % mark, "case_closed", case="C1", outcome="x")
            self.assertEqual(school.verdict(event), "unknown_actor")

        self.survives("verbs of others, old revisions", attack)

    def test_acknowledgements_beyond_what_there_is(self):
        def attack():
            for number in (1 << 20, (1 << 63) - 1, (1 << 64) - 1):
                peer = self.broker.session("coordinator:c-piet")
                newest = peer.read("status")["newest"]
                peer.say("subscribe 1", "ack %d" % number)
                came = self.first(peer, "acked", "error")
                if came["type"] == "acked":
                    self.assertLessEqual(came["up_to"], came["newest"])
                else:
                    self.assertEqual(came["code"], "bad_frame")
                after = self.broker.session("coordinator:c-piet").read("status")
                self.assertLessEqual(after["acknowledged"], max(newest, after["newest"]))

        self.survives("acknowledgements beyond the newest", attack)

    # ---- tools

    @staticmethod
    def varint(n):
        out = bytearray()
        while n > 0x7f:
            out.append(n & 0x7f | 0x80)
            n >>= 7
        return bytes(out) + bytes([n])

    def first(self, peer, *kinds):
        """The next of these types."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            for i, v in enumerate(peer.kept):
                if v["type"] in kinds:
                    return peer.kept.pop(i)
            try:
                peer.kept.append(peer.came.get(timeout=0.05))
            except Exception:
                continue
        raise AssertionError("none of %s within %g s; came: %s" % (kinds, WAIT_S, str(peer.kept)[:500]))

    def closed(self, s):
        """The broker closes this connection."""
        s.settimeout(WAIT_S)
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass

    def through(self, between):
        own = dict(self.broker.endpoints)
        try:
            self.broker.endpoints["listen"] = between.endpoint
            return self.broker.peer("agency:school")
        finally:
            self.broker.endpoints = own

    def edited(self, edit):
        """A session whose frames are tampered with is ended by the broker, and nothing of it is accepted twice."""
        between = Between(self.broker.endpoints["listen"], edit)
        peer = self.through(between)
        peer.say("hello", "ping 1", "ping 2", "ping 3")
        self.assertTrue(between.ended.wait(WAIT_S), "the broker keeps a connection whose frames were tampered with")
        peer.close()
        between.close()

    def counters(self):
        operator = self.broker.session("operator:beheer")
        counters = operator.admin("status")["counters"]
        operator.say("bye")
        return counters


if __name__ == "__main__":
    unittest.main(verbosity=1)
