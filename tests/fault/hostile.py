#!/usr/bin/env python3
"""Hostile clients in numbers, while agencies are served: how others fare is measured and told, not asserted.

    hostile.py BUILD [--idle N] [--seconds S] [--seed N]

One agency publishes signal after signal, each answered before the next; others go on as they always do. Meanwhile,
one kind after the other: idle connections (N at a time, again as soon as the broker lets go of them), handshakes a byte
at a time, frames that announce 2 GiB, messages of 300,000 parts, bodies that unpack to many times their size or are
nested deeply, random bytes after a good handshake. Every agency must be served during each, and the broker's
memory stays within bounds; in the end all records agree (field.py). What each attack must hear is
tests/integration/attack_test.py's to say.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from field import ROOT, field_of, now, tell  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "tests/integration"))
from broker import Peer  # noqa: E402

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\x00" + bytes(31)
GROWTH = 256 << 20
LIMITS = "handshake: 1s, sessions_per_key: 64, connections: 16384"


class Measured(threading.Thread):
    """The agency whose answers are timed."""

    def __init__(self, field, agency):
        super().__init__(daemon=True)
        self.peer, self.event = peer_of(field, agency.name), agency.events[0]
        self.peer.hello()
        self.waits, self.stopping, self.wrong, self.number = [], False, [], 0
        self.start()

    def run(self):
        while not self.stopping:
            self.number += 1
            event, at = dict(self.event, id="measured-%d" % self.number, time=now()), time.monotonic()
            event["data"] = {k: v for k, v in event["data"].items() if k not in ("occurred_at", "act_before", "supersedes")}
            verdict = self.peer.verdict(json.dumps(event))
            self.waits.append(time.monotonic() - at)
            if verdict != "accepted":
                self.wrong.append(verdict)
            time.sleep(0.002)

    def take(self):
        waits, self.waits = sorted(self.waits), []
        return waits


def peer_of(field, party):
    with open(os.path.join(field.home, "keys", "server.pub"), encoding="ascii") as f:
        key = f.readline().strip()
    return Peer(["tcp://%s:%d" % field.listen(), key, os.path.join(field.home, "keys", party.replace(":", "-") + ".key")])


def resident(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


class Attacks:
    """Each goes on until the time is over; returns how many times it was done."""

    def __init__(self, field, idle, seed):
        self.field, self.idle, self.dice = field, idle, random.Random(seed)
        self.attacker = field.publishers[-1].name

    def dial(self):
        s = socket.socket()
        s.setblocking(False)
        with contextlib.suppress(OSError):
            s.connect(self.field.listen())
        return s

    @staticmethod
    def gone(s):
        try:
            return s.recv(4096) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def crowd(self, until, count, say):
        done, open_ = 0, []
        while time.monotonic() < until:
            while len(open_) < count and time.monotonic() < until:
                open_.append([self.dial(), 0])
                done += 1
            for each in open_:
                with contextlib.suppress(OSError):
                    say(each)
            kept = []
            for each in open_:
                if self.gone(each[0]):
                    each[0].close()
                else:
                    kept.append(each)
            open_ = kept
            time.sleep(0.05)
        for s, _ in open_:
            s.close()
        return done

    def idle_connections(self, until):
        return self.crowd(until, self.idle, lambda each: None)

    def slow_handshakes(self, until):
        def say(each):
            if each[1] < len(GREETING):
                each[1] += each[0].send(GREETING[each[1]:each[1] + 1])
        return self.crowd(until, 500, say)

    def announced(self, until):
        def say(each):
            if each[1] == 0:
                each[1] = each[0].send(GREETING + b"\x06" + (2 << 30).to_bytes(8, "big") + b"\x05HELLO")
        return self.crowd(until, 200, say)

    def sessions(self, until, *commands):
        done = 0
        while time.monotonic() < until:
            peer = peer_of(self.field, self.attacker)
            try:
                peer.hello()
                peer.say(*(c() if callable(c) else c for c in commands), "ping 7")
                done += 1
                with contextlib.suppress(AssertionError):
                    peer.wait("error")
            except AssertionError:
                pass  # not let in any more for a while: so it shall be
            finally:
                peer.close()
        return done

    def parts(self, until):
        return self.sessions(until, "parts 300000")

    def bombs(self, until):
        return self.sessions(until, "frame 3 " + "0a00" * 100000)

    def nested(self, until):
        body = b""
        for _ in range(2000):
            size, head = len(body), b""
            while size > 127:
                head, size = head + bytes([size & 127 | 128]), size >> 7
            body = b"\x0a" + head + bytes([size]) + body
        return self.sessions(until, "frame 3 " + body.hex())

    def noise(self, until):
        return self.sessions(until, lambda: "raw " + self.dice.randbytes(self.dice.randint(1, 3000)).hex())


def run(field, idle, seconds, seed):
    field.town.start()
    field.load(publishers=4, seed=seed, pace_s=0.02)
    field.wait_confirmed(20)
    measured, attacks = Measured(field, field.publishers[0]), Attacks(field, idle, seed)
    rows, faults, begin = [], [], resident(field.town.broker.pid)
    kinds = [("nothing", None), ("%d idle connections" % idle, attacks.idle_connections),
             ("500 slow handshakes", attacks.slow_handshakes), ("200 frames of 2 GiB announced", attacks.announced),
             ("messages of 300,000 parts", attacks.parts), ("bodies that unpack to much more", attacks.bombs),
             ("bodies nested 2000 deep", attacks.nested), ("random bytes after a handshake", attacks.noise),
             ("nothing, afterwards", None)]
    for name, attack in kinds:
        field.pump()
        measured.take()
        before, until, done = [x.confirmed for x in field.publishers], time.monotonic() + seconds, [0]
        if attack is not None:
            done[0] = attack(until)
        else:
            field.wait("a while", lambda: time.monotonic() > until)
        field.wait("agencies served: " + name, lambda: len(measured.waits) >= 20 and all(
            x.confirmed > b for x, b in zip(field.publishers, before)))
        waits = measured.take()
        rows.append((name, done[0], len(waits), *(1000 * waits[int(len(waits) * p)] for p in (0.5, 0.99)), 1000 * waits[-1],
                     (resident(field.town.broker.pid) - begin) / 2**20))
        if resident(field.town.broker.pid) - begin > GROWTH:
            faults.append("%s: %d MiB more in memory" % (name, rows[-1][-1]))
    measured.stopping = True
    measured.join(30)
    measured.peer.close()
    print("%-34s %8s %7s %8s %8s %8s %10s" % ("attack", "times", "served", "p50 ms", "p99 ms", "max ms", "MiB more"))
    for row in rows:
        print("%-34s %8d %7d %8.2f %8.2f %8.2f %10.1f" % row)
    if measured.wrong:
        faults.append("the agency that was measured was told: %s" % measured.wrong[:3])
    found, lines = field.judge()
    print("%s, %d lines told" % (field.figure(), lines))
    return faults + found


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--idle", type=int, default=1000)
    p.add_argument("--seconds", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, a.idle + 2000), hard))
    faults = []
    with field_of(faults, a.build, "hostile", limits=LIMITS) as field:
        faults += run(field, min(a.idle, hard - 1000), a.seconds, a.seed)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
