#!/usr/bin/env python3
"""Power is cut under the broker: every write, sync and change of names of a day is recorded (shim.c), and disks are
built that the cut may leave. Each is opened by a broker.

    power.py BUILD [--images N] [--seed N] [--erase]

What was synced is certain, and so is a write that is durable at once. Of the rest a file has any sectors, and a folder
any number of the last changes of names, in their order: also of the day's first start, in an empty folder. Of each
disk the broker must start on it, all that was confirmed before the cut must be in the log, once, and what is told of
it must be the beginning of what the day told; `verify` finds nothing.

--erase: households are erased meanwhile, and the keys turned (not compared line by line: what is erased is told no
more); when a run was told as done, what it erased must not be told by any disk.
"""

import argparse
import collections
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
from field import Broken, field_of, tell, told_by  # noqa: E402

SECTOR = 512
LIMITS = "checkpoint_every: 1s, checkpoint_records: 60, heads_every: 1s, heads_records: 50, reserve: 32MiB"
OFFICER = "privacy_officer:fg-hanneke"
CONFIRMS = 90  # of each of two agencies
ROUNDS = 3


class Event:
    """A line of the trace. file: a number for what the inode was at that moment; folder: the same, of what holds it."""

    __slots__ = ("what", "at", "content", "durable", "file", "folder", "name", "to")

    def __init__(self, what, at, content, durable):
        self.what, self.at, self.content, self.durable = what, at, content, durable
        self.file = self.folder = self.name = self.to = None


class Trace:
    """The events of a day, which began with the folder root empty or not there."""

    def __init__(self, path, root):
        self.root, self.names, self.events, self.numbers = root, {root: 0}, [], 0
        with open(path, "rb") as f:
            while line := f.readline():
                what, at, length, durable, _, name = line.decode().rstrip("\n").split(" ", 5)
                content = f.read(int(length))
                self.add(Event(what, int(at), content, durable == "1"), name)

    def add(self, event, path):
        """Finds out which file is meant: paths change, files do not."""
        if event.what == "t":
            self.events.append(event)
            return
        event.file = self.names.get(path)
        event.folder, event.name = self.names.get(os.path.dirname(path)), os.path.basename(path)
        if event.what in "cm":
            self.numbers += 1
            event.file = self.names[path] = self.numbers
        elif event.what in "rl":
            to = event.content.rstrip(b"\0").decode()
            event.to = os.path.basename(to)
            for old in [x for x in self.names if x == path or x.startswith(path + "/")]:
                self.names[to + old[len(path):]] = self.names[old]
                if event.what == "r":
                    del self.names[old]
        elif event.what == "u":
            self.names.pop(path, None)
        if event.file is None and event.what != "d":
            raise Broken("the trace speaks of %s, which was never made" % path)
        self.events.append(event)

    def told(self):
        return [(i, e.content.decode()) for i, e in enumerate(self.events) if e.what == "t"]


def sectors(file, event, keep, rng):
    """Writes what of the event reaches the disk."""
    begin, content = 0, event.content
    while begin < len(content):
        end = min(len(content), begin + SECTOR - (event.at + begin) % SECTOR)
        if keep >= 1 or rng.random() < keep:
            at = event.at + begin
            if len(file) < at:
                file.extend(bytes(at - len(file)))
            file[at:at + end - begin] = content[begin:end]
        begin = end


def change(folders, event):
    """A change of names, if what it is about is there."""
    entries = folders[event.folder]
    if event.what in "cm":
        entries[event.name] = event.file
    elif event.name in entries:
        if event.what in "rl":
            entries[event.to] = entries[event.name]
        if event.what in "ru":
            del entries[event.name]


def image(trace, cut, rng):
    """Folders and files after a cut before event number cut."""
    synced, changed = {}, collections.defaultdict(list)
    for i, e in enumerate(trace.events[:cut]):
        if e.what in "sd" and e.file is not None:
            synced[e.file] = i
        elif e.what in "cmrlu":
            changed[e.folder].append(i)
    keep = rng.choice((0.0, 0.0, 0.5, 1.0, 0.9, 0.1))
    folders, files = collections.defaultdict(dict), collections.defaultdict(bytearray)
    for folder, order in changed.items():
        certain = sum(i < synced.get(folder, -1) for i in order)
        count = rng.choice((certain, len(order), rng.randint(certain, len(order))))
        for i in order[:count]:
            change(folders, trace.events[i])
    for i, e in enumerate(trace.events[:cut + 1]):
        if e.what not in "wz":
            continue
        certain = i < cut and (e.durable or i < synced.get(e.file, -1))
        file = files[e.file]
        if e.what == "w":
            sectors(file, e, 1 if certain else keep, rng)
        elif certain or rng.random() < keep:
            del file[e.at:]
            file.extend(bytes(e.at - len(file)))
    kinds = {e.file: e.what for e in trace.events if e.what in "cm"}
    return folders, files, kinds


def build(folder, number, folders, files, kinds):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name, inside in folders[number].items():
        path = os.path.join(folder, name)
        if kinds[inside] == "m":
            build(path, inside, folders, files, kinds)
        else:
            with open(path, "wb") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(files[inside])


def day(field, trace_path, erase):
    """Records a day. Returns the lines told and, for what was erased, the ids and the event at which it was told."""
    out = os.open(trace_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def told(text):
        content = text.encode()
        os.write(out, b"t 0 %d 0 0 -\n" % len(content) + content)

    field.told = lambda id_, verdict: told("%s %s" % (id_, verdict))
    field.town.start()
    field.load(publishers=2, seed=1, acts=False, window=8)
    for n in range(ROUNDS):
        field.wait_confirmed(CONFIRMS // ROUNDS)
        field.operator("checkpoint")
        if erase and n < ROUNDS - 1:
            before = told_by(field.decisions())[0]
            for number in range(5 + 20 * n, 12 + 20 * n):
                field.town.run("erase", "H%d" % number, "--home", field.home, "--as", OFFICER, check=False)
            field.operator("erase", "run")
            told("erased " + " ".join(sorted(set(before) - set(told_by(field.decisions())[0]))))
    field.drain()
    lines = field.decisions()
    accepted, mail = told_by(lines)
    confirmed = {i for x in field.publishers for i, v in x.answers.items() if v in ("accepted", "duplicate")}
    erased = confirmed - set(accepted) if erase else set()
    if erase:
        mail = {name: [None] * reader.last for name, reader in field.readers.items()}  # less is told of it now
    elif confirmed != set(accepted):
        raise Broken("not all that was confirmed is told")
    field.read_all(mail)
    if field.town.stop() != 0:
        raise Broken("the broker did not stop with status 0")
    os.close(out)
    return lines, erased


class Opener:
    """A broker on one disk after the other."""

    def __init__(self, field):
        self.field, self.town = field, field.town
        self.town.prefix = []

    def look(self, trace, cut, lines, erased):
        """What is wrong with the disk in field.store."""
        confirmed, gone = set(), set()
        for i, text in trace.told():
            if i >= cut:
                break
            words = text.split()
            if words[0] == "erased":
                gone |= set(words[1:])
            elif words[1] in ("accepted", "duplicate"):
                confirmed.add(words[0])
        try:
            self.town.start()
        except Broken as e:
            self.town.kill()
            return [str(e)[-1500:]]
        got = self.field.decisions()
        wrong = []
        accepted = told_by(got)[0]
        lost = [x for x in confirmed - erased if accepted[x] != 1]
        back = [x for x in gone if accepted[x]]
        if lost:
            wrong.append("confirmed, and not there once: %s" % lost[:5])
        if back:
            wrong.append("erased, and there: %s" % back[:5])
        if not erased and got != lines[:len(got)]:
            wrong.append("what it tells is not the beginning of what was told")
        if self.town.stop() != 0:
            wrong.append("it did not stop with status 0")
        return wrong + self.field.clean("verify", "--store", self.field.store)


def run(field, images, seed, erase):
    shim = os.path.join(os.path.dirname(os.path.dirname(field.town.daemon)), "tests/fault/libvdr_fault_shim.so")
    trace_path = os.path.join(field.home, "trace")
    field.town.prefix = ["env", "LD_PRELOAD=" + shim, "VDR_FAULT_UNDER=" + field.home, "VDR_FAULT_TRACE=" + trace_path]
    open(trace_path, "w").close()
    lines, erased = day(field, trace_path, erase)
    trace = Trace(trace_path, os.path.dirname(field.store))
    opener, rng, wrong = Opener(field), random.Random(seed), []
    names = [i for i, e in enumerate(trace.events) if e.what not in "wst"]  # little happens to them: more often
    for number in range(images):
        cut = rng.choice(names) + rng.randint(0, 3) if rng.random() < 0.4 else rng.randrange(1, len(trace.events))
        cut = min(cut, len(trace.events) - 1)
        shutil.rmtree(field.store, ignore_errors=True)
        folders, files, kinds = image(trace, cut, rng)
        build(os.path.dirname(field.store), 0, folders, files, kinds)
        wrong += ["image %d, cut before event %d of %d: %s" % (number, cut, len(trace.events), x)
                  for x in opener.look(trace, cut, lines, erased)]
        if wrong:
            shutil.copytree(field.store, os.path.join(field.home, "bad-%d" % number), dirs_exist_ok=True)
            break
    kinds = collections.Counter(e.what for e in trace.events)
    print("%d disks of %d writes, %d syncs of files and %d of folders, %d changes of names, %d confirms%s: %s" % (
        images, kinds["w"] + kinds["z"], kinds["s"], kinds["d"], sum(kinds[x] for x in "cmrlu"), kinds["t"],
        ", %d signals erased" % len(erased) if erase else "", "one is bad" if wrong else "all good"))
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("build")
    p.add_argument("--images", type=int, default=60)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--erase", action="store_true")
    a = p.parse_args()
    faults = []
    shm = "/dev/shm" if os.path.isdir("/dev/shm") else None  # what reaches a disk is told by the trace
    with field_of(faults, a.build, "power", limits=LIMITS, folder=shm) as field:
        faults += run(field, a.images, a.seed, a.erase)
    return tell(faults)


if __name__ == "__main__":
    sys.exit(main())
