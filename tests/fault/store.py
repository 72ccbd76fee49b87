#!/usr/bin/env python3
"""The store on a disk that fails, whose process is killed, that loses power, that is full.

    store.py calls|kills|power|full STORE_LOAD SHIM [--rounds N]

calls  fails the n-th write or sync for n = 1, 2, ... until a run meets no failure any more
kills  ends the process at, in and after the n-th such call, the same way
power  records every write and sync of a run and builds disk images that a power cut may leave: what was
       synced is certain, of the rest any sectors
full   fills a small volume, cuts, and goes on

After each: everything that was told as appended is there, nothing is there twice or half, the chain holds,
the newest checkpoint can be loaded, and the store goes on from there.
"""

import argparse
import errno
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

GROUP_MAX = 9
END = 40  # records of a run: about 90 calls
SECTOR = 512


class Bed:
    def __init__(self, args):
        self.load, self.shim = args.load, args.shim
        # No disk is needed to fail, to be killed or to lose power as told: memory is faster.
        self.root = tempfile.mkdtemp(prefix="vdr-fault-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.count = 0

    def dir(self):
        self.count += 1
        return os.path.join(self.root, str(self.count), "store")

    def run(self, *arguments, **faults):
        env = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
        if faults:
            env["LD_PRELOAD"] = self.shim
            env.update({"VDR_FAULT_" + name.upper(): str(value) for name, value in faults.items()})
        done = subprocess.run([self.load, *map(str, arguments)], env=env, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


def last(word, output):
    found = re.findall(rf"^{word} (\d+)$", output, re.M)
    return int(found[-1]) if found else 0


def fail(what, *outputs):
    print(f"FAILED: {what}")
    for text in outputs:
        print("    " + text.replace("\n", "\n    "))
    sys.exit(1)


def check(bed, dir, told, checkpoint, what, upto=GROUP_MAX):
    """What was told is there; at most one group more, the one that was under way."""
    status, out, err = bed.run(dir, "check", told, checkpoint)
    if status != 0:
        fail(f"{what}: told {told}, checkpoint {checkpoint}", out, err)
    following = last("next", out)
    if following - 1 > told + upto:
        fail(f"{what}: told {told}, but {following - 1} records are there", out)


def go_on(bed, dir, what):
    status, out, err = bed.run(dir, "append", END + 20)
    if status != 0:
        fail(f"{what}: it does not go on", out, err)
    check(bed, dir, last("told", out), last("checkpoint", out), what + ", then", 0)


def every_call(bed, name, ends, **faults):
    """One scenario, for n = 1, 2, ... until the fault is not reached. ends: exit statuses that are right."""
    n = 0
    while True:
        n += 1
        what = f"{name}, call {n}"
        dir = bed.dir()
        os.makedirs(os.path.dirname(dir))
        status, out, err = bed.run(dir, "append", END, nth=n, **faults)
        hit = "fault: " in err
        if not hit:
            if status != 0:
                fail(what, out, err)
            check(bed, dir, last("told", out), last("checkpoint", out), what, 0)
            shutil.rmtree(os.path.dirname(dir))
            print(f"  {name}: {n - 1} calls")
            return n - 1
        if status not in ends:
            fail(f"{what}: status {status}", out, err)
        check(bed, dir, last("told", out), last("checkpoint", out), what)
        go_on(bed, dir, what)
        shutil.rmtree(os.path.dirname(dir))


def calls(bed, args):
    total = 0
    writes = "pwrite,writev"
    syncs = "fdatasync,fsync"
    makes = "mkdir,rename,ftruncate,fallocate"
    for name, counted, does, number, ends in (
        ("sync gives EIO", syncs, "error", errno.EIO, (0, 3)),
        ("sync is done and gives EIO", syncs, "after", errno.EIO, (0, 3)),
        ("write gives EIO", writes, "error", errno.EIO, (0, 3)),
        ("write is done and gives EIO", writes, "after", errno.EIO, (0, 3)),
        ("write gives ENOSPC", writes, "error", errno.ENOSPC, (0, 3)),
        ("write is short", writes, "short", 0, (0, 3)),
        ("others give EIO", makes, "error", errno.EIO, (0, 3)),
        ("others give ENOSPC", makes, "error", errno.ENOSPC, (0, 3)),
    ):
        total += every_call(bed, name, ends, calls=counted, does=does, errno=number)
    # A disk that stays broken, too.
    total += every_call(bed, "everything gives EIO from then on", (0, 3), does="error", errno=errno.EIO, stays=1)
    print(f"{total} runs with a failing call, none lost or doubled anything")


def kills(bed, args):
    total = 0
    for does, name in (("kill", "killed before"), ("torn", "killed in"), ("done", "killed after")):
        total += every_call(bed, name, (-9,), does=does)
    print(f"{total} kills, none lost or doubled anything")


def read_trace(path):
    """The events of a run: (what, place, bytes, durable at once, file)."""
    events = []
    with open(path, "rb") as f:
        while line := f.readline():
            what, at, length, durable, _, name = line.decode().rstrip("\n").split(" ", 5)
            events.append((what, int(at), f.read(int(length)), durable == "1", name))
    return events


def image(base, events, cut, rng):
    """The files after a power cut before event number cut."""
    files = {name: bytearray(content) for name, content in base.items()}
    synced = {}
    for i in range(cut):
        if events[i][0] == "s":
            synced[events[i][4]] = i
    keep = rng.choice((0.0, 0.5, 1.0, 0.9, 0.1))
    for i, (what, at, content, durable, name) in enumerate(events[: cut + 1]):
        if what != "w" or name not in files:
            continue
        certain = i < cut and (durable or i < synced.get(name, -1))
        file = files[name]
        if len(file) < at + len(content):
            file.extend(bytes(at + len(content) - len(file)))
        if certain:
            file[at : at + len(content)] = content
            continue
        begin = 0
        while begin < len(content):  # whole sectors are written or not
            end = min(len(content), begin + SECTOR - (at + begin) % SECTOR)
            if rng.random() < keep:
                file[at + begin : at + end] = content[begin:end]
            begin = end
    return files


def power(bed, args):
    rng = random.Random(args.seed)
    dir = bed.dir()
    os.makedirs(os.path.dirname(dir))
    status, out, err = bed.run(dir, "append", 20)
    if status != 0:
        fail("power", out, err)
    base = {}
    for part in ("log", "state"):
        name = os.path.realpath(os.path.join(dir, part, "data.mdb"))
        with open(name, "rb") as f:
            base[name] = f.read()
    trace = os.path.join(bed.root, "trace")
    open(trace, "w").close()
    status, out, err = bed.run(dir, "append", 400, trace=trace)
    if status != 0:
        fail("power", out, err)
    events = read_trace(trace)
    first = 20
    for number in range(args.rounds):
        cut = rng.randrange(len(events))
        output = "".join(e[2].decode() for e in events[:cut] if e[0] == "t")
        what = f"seed {args.seed}, image {number}, cut before event {cut} of {len(events)}"
        other = bed.dir()
        for name, content in image(base, events, cut, rng).items():
            part = os.path.basename(os.path.dirname(name))
            os.makedirs(os.path.join(other, part), mode=0o700)
            with open(os.path.join(other, part, "data.mdb"), "wb") as f:
                f.write(content)
        check(bed, other, max(first, last("told", output)), last("checkpoint", output), what, 2 * GROUP_MAX)
        if number % 10 == 0:
            status, out, err = bed.run(other, "append", 440)
            if status != 0:
                fail(f"{what}: it does not go on", out, err)
        shutil.rmtree(os.path.dirname(other))
    print(f"{args.rounds} images of {len(events)} writes, syncs and words, all good")


def fill(bed, dir, name, **faults):
    status, out, err = bed.run(dir, "fill", **faults)
    if status != 0:
        fail(name, out, err)
    check(bed, dir, 1, 0, name, 1 << 40)
    print(f"  {name}: " + "; ".join(out.splitlines()))


def full(bed, args):
    size = 24 << 20
    dir = bed.dir()
    os.makedirs(os.path.dirname(dir))
    fill(bed, dir, "a volume that gives no more blocks", quota=size)
    # Without blocks taken ahead the disk is found full in the middle of a commit. A group is then refused, or,
    # where a write comes back short, its outcome is unknown; after opening anew all is well.
    ends = set()
    for n in range(3):
        dir = bed.dir()
        os.makedirs(os.path.dirname(dir))
        status, out, err = bed.run(dir, "grow", 30000, quota=(8 << 20) + n * 1000, no_fallocate=1)
        if status != 3 or not re.search("^(full|failed store_f)", out, re.M):
            fail("full in a commit", out[-500:], err)
        check(bed, dir, last("told", out), last("checkpoint", out), "full in a commit")
        ends.add("failed" if "store_failed" in out else "full")
        go = bed.run(dir, "append", last("told", out) + 50)
        if go[0] != 0:
            fail("full in a commit: it does not go on", *go[1:])
    print(f"  a volume that fills up in a commit: {' or '.join(sorted(ends))}, nothing lost")
    mount = os.path.join(bed.root, "volume")
    os.makedirs(mount)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mount], capture_output=True)
    if mounted.returncode != 0:
        print("  a tmpfs cannot be mounted here (" + mounted.stderr.decode().strip() + "): the two ways above stand for it")
        return
    try:
        fill(bed, os.path.join(mount, "store"), "a tmpfs of 24 MiB")
    finally:
        subprocess.run(["umount", mount], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("calls", "kills", "power", "full"))
    parser.add_argument("load")
    parser.add_argument("shim")
    parser.add_argument("--rounds", type=int, default=300, help="images of a power cut")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    bed = Bed(args)
    try:
        {"calls": calls, "kills": kills, "power": power, "full": full}[args.part](bed, args)
    finally:
        shutil.rmtree(bed.root, ignore_errors=True)


if __name__ == "__main__":
    main()
