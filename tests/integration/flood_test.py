#!/usr/bin/env python3
"""A flood of handshakes from somebody without a key, while others work: they hardly notice, and it leaves
nothing behind.

Three kinds of attempt over plain TCP: a connection that says nothing, a greeting with rubbish after it, and a
whole CURVE HELLO that is made up, which costs the broker a curve operation. VDR_FLOOD_S seconds or
VDR_FLOOD_ATTEMPTS attempts, whichever comes first; a whole run is 60 and 100,000.
"""

import os
import random
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from broker import Broker, signal_event  # noqa: E402

FLOOD_S = float(os.environ.get("VDR_FLOOD_S", "6"))
ATTEMPTS = int(os.environ.get("VDR_FLOOD_ATTEMPTS", "100000"))
FLOODERS = int(os.environ.get("VDR_FLOODERS", "2"))
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\x00" + bytes(31)


def attempt(address, kind, rng):
    with socket.create_connection(address, timeout=5) as s:
        if kind == 0:
            return
        s.sendall(GREETING)
        if kind == 1:
            s.sendall(rng.randbytes(300))
        else:
            body = b"\x05HELLO\x01\x00" + bytes(72) + rng.randbytes(32) + (1).to_bytes(8, "big") + rng.randbytes(80)
            s.sendall(b"\x04" + bytes([len(body)]) + body)
        s.settimeout(0.05)
        try:
            s.recv(256)
        except OSError:
            pass


def flood(address, count, until, seed):
    """Runs as a process of its own; prints how many attempts were made."""
    rng, made = random.Random(seed), 0
    while made < count and time.time() < until:
        try:
            attempt(address, made % 3, rng)
        except OSError:
            pass
        made += 1
    print(made)


def descriptors(operator):
    return operator.admin("status")["counters"]["descriptors"]


class Flood(unittest.TestCase):
    def latencies(self, peer, name, wait_s):
        took, until, n = [], time.monotonic() + wait_s, 0
        while time.monotonic() < until or n < 50:
            at = time.monotonic()
            self.assertEqual(peer.verdict(signal_event("school", "%s-%d" % (name, n), n % 5000)), "accepted")
            took.append(time.monotonic() - at)
            n += 1
            time.sleep(0.005)
        return sorted(took)

    def test_others_work_on_and_nothing_stays(self):
        with Broker() as broker:
            school, operator = broker.session("agency:school"), broker.session("operator:beheer")
            before = self.latencies(school, "before", 2)
            start_fds = descriptors(operator)
            host, port = broker.endpoints["listen"][len("tcp://"):].rsplit(":", 1)
            until = time.time() + FLOOD_S
            processes = [subprocess.Popen([sys.executable, __file__, "--flood", host, port,
                                           str(ATTEMPTS // FLOODERS), str(until), str(seed)],
                                          stdout=subprocess.PIPE, text=True) for seed in range(FLOODERS)]
            try:
                during = self.latencies(school, "during", FLOOD_S * 0.8)
                late = broker.session("agency:politie")
                self.assertEqual(late.verdict(signal_event("politie", "late", 9)), "accepted")
                made = sum(int(p.communicate(timeout=FLOOD_S + 30)[0] or 0) for p in processes)
            finally:
                for p in processes:
                    if p.poll() is None:
                        p.kill()
            operator = broker.session("operator:beheer")  # the first has said nothing for as long as the flood was
            until = time.monotonic() + 15
            while descriptors(operator) > start_fds + 8 and time.monotonic() < until:
                time.sleep(0.1)

            def at(values, share):
                return 1000 * values[int(len(values) * share)]

            print("\n%d attempts; ms before: p50 %.1f p99 %.1f; during: p50 %.1f p99 %.1f max %.1f" % (
                made, at(before, 0.5), at(before, 0.99), at(during, 0.5), at(during, 0.99), 1000 * during[-1]))
            self.assertGreater(made, 100)
            self.assertLessEqual(descriptors(operator), start_fds + 8)
            self.assertEqual(broker.stop(), 0)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--flood":
        flood((sys.argv[2], int(sys.argv[3])), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
    else:
        unittest.main(verbosity=1)
