#!/usr/bin/env python3
"""A broker whose disk fills up: a small tmpfs, or ext4 on a loop device, mounted where the store is.

    full.py BUILD tmpfs|ext4 [--rounds N] [--seed N]

A file beside the store takes the room away, while agencies publish. Then
  - agencies are refused with store_full, the hint and when to come again; their lines wait at theirs
  - every mailbox is read to its end and acknowledged, a regisseur's act is taken, so are operators' verbs and an erasure
  - with no byte left at all the broker goes on too: it answers, and confirms nothing that it cannot keep
  - it can be stopped and started; a start without room ends with status 3 and words, or serves
  - with room again every agency goes on, and all records agree (field.py)
Needs the right to mount; where it is missing it says so and ends with status 77: not run.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from field import Broken, ROOT, field_of, now, tell  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "tests/integration"))
from broker import Peer  # noqa: E402

NOT_RUN = 77
MIB = 1 << 20
PAGE = 4096
VOLUME = 128 * MIB
RESERVE = 32 * MIB
LOOK_S = 0.25  # the broker looks at its volume more often
LIMITS = "reserve: 32MiB, checkpoint_records: 2000, checkpoint_every: 1s"


def mount(kind, folder, image):
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", "mode=700,size=%d" % VOLUME, "tmpfs", folder]
    else:
        with open(image, "wb") as f:
            f.truncate(VOLUME)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True, stdout=subprocess.DEVNULL)
        command = ["mount", "-o", "loop", image, folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    if kind == "ext4":
        os.chmod(folder, 0o700)
        os.rmdir(os.path.join(folder, "lost+found"))
    return None


class Ballast:
    def __init__(self, folder):
        self.folder, self.path = folder, os.path.join(folder, "ballast")

    def free(self):
        v = os.statvfs(self.folder)
        return v.f_bavail * v.f_frsize

    def leave(self, left):
        """Takes room until only so much is left, in smaller and smaller steps where the volume refuses."""
        step = MIB
        with open(self.path, "ab") as f:
            while step >= PAGE and self.free() > left:
                more = max(PAGE, min(self.free() - left, step))
                try:
                    os.posix_fallocate(f.fileno(), os.fstat(f.fileno()).st_size, more)
                except OSError:
                    step = more // 2

    def until_full(self, field, left):
        """The broker also has free room inside its file: less is left until it says that it is full."""
        while field.status()["state"] != "full":
            self.leave(left)
            left = max(0, left - MIB)
            until = time.monotonic() + LOOK_S
            field.wait("a look at the room", lambda: time.monotonic() > until)

    def give_back(self):
        os.unlink(self.path)


def refused(field):
    return field.status()["refused_store_full"]


def told_full(field):
    """A client that says what it is told, beside those that keep their lines and try again."""
    before = refused(field)
    field.wait("signals refused", lambda: refused(field) > before)
    agency = field.publishers[0]
    peer = Peer(["tcp://%s:%d" % field.listen(), field.server_key, os.path.join(
        field.home, "keys", agency.name.replace(":", "-") + ".key")])
    try:
        peer.hello()
        event = dict(agency.events[0], id="refused-%d" % before, time=now())
        peer.say("publish " + json.dumps(event))
        confirm = peer.wait("confirm")
        if [e["error"] for e in confirm["exceptions"]] != ["store_full"] or not confirm["retry_after_ms"]:
            raise Broken("a full store said: %s" % confirm)
    finally:
        peer.close()


def alive(field):
    if field.town.broker.poll() is not None:
        raise Broken("the broker ended with status %s" % field.town.broker.returncode)


def drained(field):
    """Each mailbox is read to its end and acknowledged."""
    def waiting():
        boxes = map(json.loads, field.operator("mailboxes", "--json").splitlines())
        return sum(b["newest"] - b["acknowledged"] for b in boxes if b["mailbox"] in field.readers)
    field.wait("mailboxes drained", lambda: waiting() == 0)


def acts(field, number):
    """What still works: an operator's verbs, and an act that is logged. Returns how many were taken."""
    cli, home = field.town.cli, ["--home", field.home]
    state = field.status()
    if state["state"] != "full":
        raise Broken("status does not say that the store is full: %s" % str(state)[:300])
    taken = 0
    for verb in (["checkpoint"], ["sessions"], ["mailboxes"], ["report", "queues"]):
        field.operator(*verb)
        taken += 1
    when = "20%02d-07-01T00:00:00Z" % (30 + number)
    done = subprocess.run([cli, "absence", "set", "r-anna", "--from", when, "--to", when.replace("07-01", "07-22"),
                           *home, "--as", "coordinator:c-piet"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Broken("an act is not taken by a full store: " + done.stdout.decode()[-300:])
    return taken + 1


def erase(field):
    """A household that has no open case is erased, for good."""
    home = ["--home", field.home]
    for number in range(1, 200):
        done = subprocess.run([field.town.cli, "erase", "H%d" % number, *home, "--as", "privacy_officer:fg-hanneke"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == 0:
            field.operator("erase", "run")
            return
    raise Broken("no household can be erased in a full store: " + done.stdout.decode()[-300:])


def restart(field):
    """Stopped in order; then a start that serves, or says what is wrong."""
    status = field.town.stop()
    if status != 0:
        raise Broken("a full broker did not stop with status 0 but %s" % status)
    try:
        field.town.start()
        return "served"
    except Broken:
        if field.town.broker.returncode != 3:
            raise
        return "refused"


def run(field, kind, rounds, seed):
    rng = random.Random(seed)
    why = mount(kind, field.store, os.path.join(field.home, "volume"))
    if why is not None:
        print("not run: %s cannot be mounted here: %s" % (kind, why))
        return None
    field.unmount.append(["umount", field.store])
    field.excused = ("disk",)
    with open(os.path.join(field.home, "keys", "server.pub"), encoding="ascii") as f:
        field.server_key = f.readline().strip()
    ballast = Ballast(field.store)
    field.town.start()
    field.load(publishers=4, seed=seed)
    verbs, restarts, empty, count = 0, [], 0, 0
    for number in range(rounds):
        field.wait_confirmed(20)
        ballast.until_full(field, RESERVE + rng.randrange(4 * MIB))
        told_full(field)
        alive(field)
        verbs += acts(field, number)
        drained(field)
        ballast.leave(0)
        told_full(field)
        field.status()
        alive(field)
        empty += 1
        count += refused(field)
        if number % 2 == 0:
            restarts.append(restart(field))
        ballast.give_back()
        if field.town.broker.poll() is not None:
            field.town.start()
        field.wait_confirmed(20)

    def erase_in_need():
        ballast.leave(RESERVE // 2)  # nobody publishes any more: the broker has no reason to look
        erase(field)
        ballast.give_back()
        field.wait("room again", lambda: field.status()["state"] != "full")

    faults, lines = field.judge(erases=erase_in_need)
    print("%s: full %d times, %d times to the last byte; %d signals refused, %d verbs taken, "
          "1 erasure; starts: %s" % (kind, rounds, empty, count, verbs, restarts))
    print("%s, %d lines told" % (field.figure(), lines))
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("kind", choices=("tmpfs", "ext4"))
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    if not a.inside:  # what is mounted goes when this process does
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            print("not run: no right to mount here")
            return NOT_RUN
        return subprocess.call(["unshare", "--mount", sys.executable, __file__, *sys.argv[1:], "--inside"])
    faults = []
    with field_of(faults, a.build, "full", limits=LIMITS) as field:
        os.makedirs(field.store, mode=0o700)
        found = run(field, a.kind, a.rounds, a.seed)
        if found is None:
            field.passed = True
            return NOT_RUN
        faults += found
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
