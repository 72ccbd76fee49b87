#!/usr/bin/env python3
"""The n-th call of the broker that changes a file fails, or the broker is killed before, in or after it.

    calls.py BUILD fail|kill [--every N] [--seed N]

A short day of a town: a start in an empty folder, signals, checkpoints, an erasure with its run, signed heads, an
orderly stop. It is lived again for n = 1, 2, … until no call is hit any more (every N-th of them, the seed says
which). Whatever happened:
  - the broker went on, or ended with status 3 and words, with 1 where it had no memory to start with (killed: by the
    signal); what was not written is not confirmed
  - it starts again, knows all that it confirmed, once, and takes the rest
  - `doctor` and `verify` find nothing, on the running broker and at rest
"""

import argparse
import collections
import errno
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
from field import Broken, TOWN, WAIT_S, LiveTown, Party, now, templates, tell  # noqa: E402

ROUNDS, LINES = 3, 12
LIMITS = "limits: {checkpoint_every: 1s, heads_every: 1s, reserve: 32MiB}\n"
GONE = "999990019"  # the person whose household is erased
OFFICER = "privacy_officer:fg-hanneke"

WRITES, SYNCS = "write,pwrite,writev", "fdatasync,fsync"
NAMES = "mkdir,rename,linkat,unlink,ftruncate,fallocate"
FAIL = (
    ("sync gives EIO", SYNCS, "error", errno.EIO),
    ("sync is done and gives EIO", SYNCS, "after", errno.EIO),
    ("write gives EIO", WRITES, "error", errno.EIO),
    ("write is done and gives EIO", WRITES, "after", errno.EIO),
    ("write gives ENOSPC", WRITES, "error", errno.ENOSPC),
    ("write is short", WRITES, "short", 0),
    ("name or length gives EIO", NAMES, "error", errno.EIO),
    ("name or length gives ENOSPC", NAMES, "error", errno.ENOSPC),
    ("mmap gives ENOMEM", "mmap", "error", errno.ENOMEM),
    ("open gives EIO", "open", "error", errno.EIO),
    ("open gives EMFILE", "open", "error", errno.EMFILE),
)
KILL = (("killed before", "", "kill", 0), ("killed in", WRITES, "torn", 0), ("killed after", "", "done", 0))


class Day:
    def __init__(self, build, rng):
        shm = "/dev/shm" if os.path.isdir("/dev/shm") else None  # no disk is needed to fail as told
        self.home = tempfile.mkdtemp(prefix="vdr-calls-", dir=shm)
        self.shim = os.path.join(build, "tests/fault/libvdr_fault_shim.so")
        self.town = LiveTown(build, TOWN, self.home, clock_event=False)
        self.store = os.path.join(self.home, "store")
        with open(os.path.join(self.home, "node.yaml"), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(self.home, "node.yaml"), "w", encoding="utf-8") as f:
            f.write(text.replace("approvals: two\n", "approvals: two\n" + LIMITS))
        self.rng = rng
        self.agency, self.events = next((self.town.by_source[s], e) for s, e in templates().items()
                                        if "politie" in self.town.by_source[s])

    def lines(self, first):
        out = {}
        for number in range(first, first + LINES):
            v = json.loads(json.dumps(self.rng.choice(self.events)))
            v["id"], v["time"] = "k-%d" % number, now()
            for member in ("occurred_at", "act_before", "supersedes"):
                v["data"].pop(member, None)
            if number == LINES:
                v["id"] = "gone"
                v["data"] = {"municipality": "GM9901", "persons": [{"bsn": GONE, "role": "adult"}]}
            out[v["id"]] = json.dumps(v).encode()
        return out

    def publish(self, lines):
        """Sends the lines; what is answered until all are, or the broker is gone."""
        party, broker, answers = Party(self.town.cli, self.home, self.agency), self.town.broker, {}
        try:
            for line in lines.values():
                party.send(line)
            waiter = threading.Thread(target=lambda: (broker.wait(), party.process.kill()), daemon=True)
            waiter.start()
            while len(answers) < len(lines):
                answer = party.answer()
                answers[answer["id"]] = answer["verdict"]
        except (Broken, OSError):
            if broker.poll() is None:
                raise Broken("a broker that goes on does not answer")
        finally:
            party.kill()
        return answers

    def live(self, faults):
        """One day. Returns what was confirmed and what was sent, and the status it ended with."""
        shutil.rmtree(self.store, ignore_errors=True)
        open(self.town.log, "w").close()
        environment = ["VDR_FAULT_%s=%s" % (k.upper(), v) for k, v in faults.items()]
        self.town.prefix = ["env", "LD_PRELOAD=" + self.shim, "VDR_FAULT_UNDER=" + self.store, *environment]
        answers, sent = {}, {}
        try:
            self.town.start()
            for n in range(ROUNDS):
                lines = self.lines(n * LINES)
                sent.update(lines)
                answers.update(self.publish(lines))
                if self.town.broker.poll() is not None:
                    break
                self.say("checkpoint")
                if n == 1:
                    self.erase()
        except Broken:
            if self.town.broker.poll() is None:
                raise
        status = self.town.stop() if self.town.broker.poll() is None else self.town.broker.returncode
        return answers, sent, status

    def say(self, *verb, party="operator:beheer"):
        """A verb, and what it printed; a broker that is gone is not waited for."""
        client = subprocess.Popen([self.town.cli, *verb, "--home", self.home, "--as", party], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        broker = self.town.broker
        threading.Thread(target=lambda: (broker.wait(), client.kill()), daemon=True).start()
        return client.communicate()[0]

    def erase(self):
        """The household of GONE is the one whose signal has that id."""
        for line in self.say("decisions", "--from", "0", "--json").splitlines():
            v = json.loads(line)
            if v.get("id") == "gone" and v.get("household"):
                self.say("erase", v["household"], party=OFFICER)
        self.say("erase", "run")

    def log_text(self):
        with open(self.town.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def again(self, answers, sent):
        """The start after it. Returns what is wrong."""
        self.town.prefix = []
        self.town.start()
        more = dict(self.lines(1000), **{i: x for i, x in sent.items() if answers.get(i) is None and i != "gone"})
        answers = dict(answers, **self.publish(more))
        accepted = collections.Counter(
            v["id"] for v in map(json.loads, self.town.operator("decisions", "--from", "0", "--json").splitlines())
            if v["event"] == "signal" and v["verdict"] == "accepted")
        wrong = ["%s: answered %s, %d times in the log" % (i, v, accepted[i]) for i, v in answers.items()
                 if i != "gone" and accepted[i] != (1 if v in ("accepted", "duplicate") else 0)]
        wrong += self.find("doctor", "--home", self.home, "--as", "operator:beheer")
        if self.town.stop() != 0:
            wrong.append("it did not stop with status 0")
        return wrong + self.find("verify", "--store", self.store) + self.find("doctor", "--store", self.store)

    def find(self, *verb):
        done = subprocess.run([self.town.cli, *verb], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return [] if done.returncode == 0 else ["%s: %s" % (" ".join(verb[:2]), done.stdout[-800:])]

    def close(self):
        self.town.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def judge(day, kind, n, status, wrong):
    """What must not be, of one day."""
    text = day.log_text()
    if kind == "kill" and status != -9:
        wrong.append("ended with status %s" % status)
    no_memory = status == 1 and "event=failed what=store error=no_memory" in text  # which is not the disk's
    if kind == "fail" and status not in (0, 3) and not no_memory:
        wrong.append("ended with status %s" % status)
    if status == 3 and not re.search("event=(failed|[a-z_]*).*(error|text)=", text.split("fault: ", 1)[1]):
        wrong.append("ended without words")
    return wrong


def every(day, kind, row, step, rng):
    """One way to fail, for n = 1, 2, … Returns how many were hit, how many ended the broker, and the faults."""
    name, calls, does, number = row
    hits, ended, faults, n = 0, 0, [], 1 + rng.randrange(step)
    while True:
        answers, sent, status = day.live({"calls": calls, "does": does, "errno": number, "nth": n})
        hit = re.search(r"^fault: .*$", day.log_text(), re.M)
        if hit is None:
            break
        hits += 1
        ended += status != 0
        words = day.log_text()
        wrong = judge(day, kind, n, status, [])
        try:
            wrong += day.again(answers, sent)
        except Broken as e:
            wrong.append("afterwards: %s" % e)
            day.town.kill()
        if wrong:
            faults.append("%s, call %d (%s), status %s: %s\n%s" % (
                name, n, hit.group(0), status, "; ".join(wrong[:3]), words.split("fault: ", 1)[1][:1500]))
        n += step
    if status != 0:
        faults.append("%s: a day without a fault ended with status %s" % (name, status))
    print("%-30s %4d hit, %4d ended the broker" % (name, hits, ended), flush=True)
    return hits, ended, faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("kind", choices=("fail", "kill"))
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", default="", help="the ways whose name has this")
    a = p.parse_args()
    rng = random.Random(a.seed)
    day, hits, ended, faults = Day(a.build, random.Random(a.seed)), 0, 0, []
    try:
        for row in FAIL if a.kind == "fail" else KILL:
            if a.only in row[0]:
                h, e, f = every(day, a.kind, row, a.every, rng)
                hits, ended, faults = hits + h, ended + e, faults + f
    finally:
        day.close()
    print("%d calls hit, %d of them ended the broker; nothing confirmed was lost, nothing is there twice%s" % (
        hits, ended, ", but for what follows" if faults else ""))
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
