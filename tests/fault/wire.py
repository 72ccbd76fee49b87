#!/usr/bin/env python3
"""The broker in a network of its own, joined to its clients by a wire that the kernel's packet filter spoils.

    wire.py BUILD [--rounds N] [--seed N]

Two network namespaces and a pair of virtual interfaces; nftables drops packets at random, in one way or in both,
lets few through, answers with resets, or the wire is taken out. After each round the wire is well again and every
agency must get on; in the end everything finishes and the records agree (field.py). Needs the right to make network
namespaces, and nft; where these are missing it says so and ends with status 77: not run.
"""

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from field import field_of, tell  # noqa: E402

NOT_RUN = 77
OURS, BROKERS = "10.77.0.1", "10.77.0.2"
LIMITS = "heartbeat: 1s"
HOLD_S = (0.5, 5.0)
# Rules by fault; IN and OUT are what comes from the broker's port and what goes there.
FAULTS = {
    "5% of packets lost": ["{way} numgen random mod 100 < 5 counter drop"],
    "30% of packets lost": ["{way} numgen random mod 100 < 30 counter drop"],
    "packets to the broker lost": ["OUT counter drop"],
    "packets from the broker lost": ["IN counter drop"],
    "partition": ["{way} counter drop"],
    "resets": ["OUT numgen random mod 20 0 counter reject with tcp reset"],
    "40 packets a second": ["{way} limit rate over 40/second burst 40 packets counter drop"],
    "resets, and no new connections": ["OUT tcp flags & (syn | ack) == syn counter drop",
                                       "OUT numgen random mod 20 0 counter reject with tcp reset"],
    "wire taken out": [],
}


def run_quietly(*command, check=True, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=check)


class Wire:
    """This process is in a namespace of its own already; the broker's is held open by a process that sleeps."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec sleep 86400"],
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.net = "/proc/%d/ns/net" % self.holder.pid
        self.enter = ["nsenter", "--net=" + self.net]
        pid = str(self.holder.pid)
        for command in (["ip", "link", "set", "lo", "up"],
                        ["ip", "link", "add", "ours", "type", "veth", "peer", "name", "brokers", "netns", pid],
                        ["ip", "address", "add", OURS + "/24", "dev", "ours"], ["ip", "link", "set", "ours", "up"],
                        self.enter + ["ip", "link", "set", "lo", "up"],
                        self.enter + ["ip", "address", "add", BROKERS + "/24", "dev", "brokers"],
                        self.enter + ["ip", "link", "set", "brokers", "up"]):
            run_quietly(*command)

    def spoil(self, fault, port):
        ways = {"IN": ("input", "tcp sport %d" % port), "OUT": ("output", "tcp dport %d" % port)}
        lines = ["table inet fault {"]
        for way, (hook, match) in ways.items():
            lines += ["chain %s {" % hook, "type filter hook %s priority 0;" % hook]
            for rule in FAULTS[fault]:
                if rule.startswith((way, "{way}")):
                    lines.append(match + " " + rule.split(" ", 1)[1])
            lines.append("}")
        lines.append("}")
        run_quietly("nft", "-f", "-", text="\n".join(lines))
        if fault == "wire taken out":
            run_quietly("ip", "link", "set", "ours", "down")

    def mend(self):
        """How many packets were hit."""
        packets = sum(map(int, re.findall(r"counter packets (\d+)", run_quietly("nft", "list", "ruleset").stdout)))
        run_quietly("nft", "flush", "ruleset")
        run_quietly("ip", "link", "set", "ours", "up")
        return packets

    def close(self):
        self.holder.kill()
        self.holder.wait()


def missing():
    """What this machine lacks; None: nothing."""
    for tool in ("unshare", "nsenter", "ip", "nft"):
        if shutil.which(tool) is None:
            return "%s is not installed" % tool
    for what, command in (("network namespaces", ["unshare", "--net", "true"]),
                          ("nftables", ["unshare", "--net", "nft", "add table inet fault"]),
                          ("random drops", ["unshare", "--net", "nft", "add table inet f; add chain inet f c; "
                                            "add rule inet f c numgen random mod 100 < 5 counter drop"])):
        done = run_quietly(*command, check=False)
        if done.returncode != 0:
            return "no %s here: %s" % (what, done.stderr.strip().replace("\n", " ")[:200])
    return None


def move(field, wire):
    """The broker and its addresses go to the other end of the wire."""
    clients = os.path.join(field.home, "clients.json")
    for path in (field.node_file, clients):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("127.0.0.1:", BROKERS + ":"))
    field.town.prefix = wire.enter
    field.town.operators = (BROKERS, field.town.operators[1])


def run(field, wire, rounds, seed):
    rng = random.Random(seed)
    move(field, wire)
    field.town.start()
    field.load(publishers=4, seed=seed, pace_s=0.01)
    hit, times = collections.Counter(), collections.Counter()
    order = []
    while len(order) < rounds:
        order += rng.sample(sorted(FAULTS), len(FAULTS))
    for fault in order[:rounds]:
        field.wait_confirmed(5)
        wire.spoil(fault, field.listen()[1])
        time.sleep(rng.uniform(*HOLD_S))
        hit[fault] += wire.mend()
        times[fault] += 1
        field.pump()
    field.wait_confirmed(5)
    faults, lines = field.judge()
    for fault in sorted(times):
        print("%3d times %-30s %d packets" % (times[fault], fault, hit[fault]))
    print("%s, %d lines told" % (field.figure(), lines))
    if not all(hit[x] for x in times if FAULTS[x]):
        faults.append("a filter hit no packet")
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=len(FAULTS))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    lacks = missing() if not a.inside else None
    if lacks is not None:
        print("not run: " + lacks)
        return NOT_RUN
    if not a.inside:
        return subprocess.call(["unshare", "--net", sys.executable, __file__, *sys.argv[1:], "--inside"])
    wire, faults = Wire(), []
    try:
        with field_of(faults, a.build, "wire", limits=LIMITS) as field:
            faults += run(field, wire, a.rounds, a.seed)
    finally:
        wire.close()
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
