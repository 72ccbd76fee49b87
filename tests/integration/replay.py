#!/usr/bin/env python3
"""replay and rules check as a user meets them: bytes, files, standard input, statuses and words.

    replay.py VOORDEUR [STOREMAKER]

STOREMAKER writes a store from a configuration and events (tests/integration/make_store.c). Each check prints a
line; exit status 0 when all hold.
"""

import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOWN = os.path.join(ROOT, "deploy/zomerdal")
CASES = os.path.join(ROOT, "tests/conformance")
VOORDEUR = os.path.abspath(sys.argv[1])
MAKE_STORE = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
LIMIT_S = 60
failed = []


def call(*arguments, given=b"", to=subprocess.PIPE):
    done = subprocess.run([VOORDEUR, *arguments], input=given, stdout=to, stderr=subprocess.PIPE, timeout=LIMIT_S)
    return done.returncode, done.stdout or b"", done.stderr.decode("utf-8", "replace")


def check(name, holds, seen=""):
    print("%s %s" % ("ok  " if holds else "FAIL", name))
    if not holds:
        failed.append(name)
        print("     saw: %.600s" % (seen,))


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def line(number, time="2026-03-02T09:00:00Z", extra=""):
    return ('{"specversion":"1.0","id":"x-%d","source":"urn:nld:oin:00000099000000010000:systeem:magister",'
            '"type":"nl.onderwijs.verzuim-gemeld.v1","time":"%s","data":{"municipality":"GM9901",'
            '"persons":[{"bsn":"999900006","role":"youth"}]%s}}' % (number, time, extra)).encode()


def bytes_are_exact():
    for events, expected in (("signals.jsonl", "expected.jsonl"), ("year.jsonl", "year-expected.jsonl")):
        status, out, err = call("replay", "--config", TOWN, os.path.join(TOWN, events))
        check("%s gives %s to the byte" % (events, expected), status == 0 and out == read(TOWN, expected) and not err,
              err or out[:300])
        again = call("replay", "--config", TOWN, os.path.join(TOWN, events))[1]
        check("%s gives it again" % events, again == out)


def inputs():
    year, expected = read(TOWN, "year.jsonl"), read(TOWN, "year-expected.jsonl")
    check("standard input without FILE", call("replay", "--config", TOWN, given=year)[1] == expected)
    check("standard input as -", call("replay", "--config", TOWN, "-", given=year)[1] == expected)
    lines = year.splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as dir:
        first, last = os.path.join(dir, "first"), os.path.join(dir, "last")
        with open(first, "wb") as f:
            f.writelines(lines[:100])
        with open(last, "wb") as f:
            f.writelines(lines[200:])
        out = call("replay", "--config", TOWN, first, "-", last, given=b"".join(lines[100:200]))[1]
        check("files one after the other, - between them", out == expected)
    check("no line end at the end", call("replay", "--config", TOWN, given=year.rstrip(b"\n"))[1] == expected)
    check("lines that end as on Windows", call("replay", "--config", TOWN, given=year.replace(b"\n", b"\r\n"))[1] == expected)
    blanks = b"\n \t\r\n".join([b""] + year.splitlines() + [b" " * 300000])
    check("white space between lines", call("replay", "--config", TOWN, given=blanks)[1] == expected)
    check("nothing at all", call("replay", "--config", TOWN) == (0, b"", ""))


def long_lines():
    case = os.path.join(CASES, "02-malformed")
    room = 65536 - len(line(2, extra=',"detail":""'))
    given = b"\n".join([
        line(1),
        line(2, extra=',"detail":"%s"' % ("x" * room)),  # as long as an event may be
        line(3, time="2027-01-01T00:00:00Z", extra=',"detail":"%s"' % ("x" * (room + 1))),
        b'{"id":"' + b"y" * 5000000,
        line(4) + b" " * 200000,
        line(5)])
    status, out, _ = call("replay", "--config", case, given=given)
    seen = [(l.split(b'"id":')[1].split(b",")[0], l.split(b'"verdict":"')[1].split(b'"')[0], l[7:17])
            for l in out.splitlines() if b'"event":"signal"' in l]
    wanted = [(b'"x-1"', b"accepted"), (b'"x-2"', b"accepted"), (b"null", b"malformed"), (b"null", b"malformed"),
              (b"null", b"malformed"), (b'"x-5"', b"accepted")]
    check("a line that is too long is malformed and nothing of it is read",
          status == 0 and [s[:2] for s in seen] == wanted and all(s[2] == b"2026-03-02" for s in seen), seen)


def statuses():
    bad = os.path.join(CASES, "config-errors/03-wrong-type")
    status, out, err = call("replay", "--config", bad, given=line(1))
    check("an error in the configuration: status 2, nothing written", status == 2 and not out and "town.yaml:27:" in err, err)
    status, out, err = call("rules", "check", bad)
    check("rules check: status 1 with the place and a caret", status == 1 and not out and "town.yaml:27:" in err and "^" in err, err)
    status, out, err = call("rules", "check", "/nowhere")
    check("rules check of nothing: status 1, and which file", status == 1 and "/nowhere/town.yaml" in err, err)
    status, out, err = call("rules", "check", TOWN)
    check("rules check of what is right: status 0 and a summary", status == 0 and b"9 rules" in out and not err, err)
    status, out, err = call("rules", "check", "--json", TOWN)
    check("rules check --json", status == 0 and out.startswith(b'{"municipality":"GM9901"'), out)
    for arguments in (["replay"], ["replay", "--config"], ["replay", "--config", TOWN, "--until", "yesterday"],
                      ["replay", "--config", TOWN, "/nowhere/events"], ["replay", "--config", TOWN, "--what"],
                      ["replay", "--config", TOWN, "--store", TOWN], ["replay", "--config", "/nowhere"],
                      ["rules"], ["rules", "check"], ["rules", "chekc"], ["no-such-verb"], []):
        status, out, err = call(*arguments)
        check("wrong use: voordeur %s" % " ".join(arguments), status == 2 and not out and err, (status, err))
    status, out, err = call("replay", "--config", TOWN, TOWN)
    check("a directory as events: status 1, with words", status == 1 and TOWN in err, (status, err))
    status, out, err = call("replay", "--config", TOWN, os.path.join(TOWN, "year.jsonl"), TOWN)
    check("what was decided before it is written all the same", status == 1 and out == read(TOWN, "year-expected.jsonl"), err)
    with open("/dev/full", "wb") as full:
        status, _, err = call("replay", "--config", TOWN, os.path.join(TOWN, "year.jsonl"), to=full)
    check("a full disk below the output: status 1, with words", status == 1 and "standard output" in err, (status, err))
    hang = subprocess.Popen([VOORDEUR, "replay", "--config", TOWN, os.path.join(TOWN, "year.jsonl")],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    hang.stdout.close()
    err = hang.stderr.read().decode()
    check("a reader that went away: status 1, with words", hang.wait(LIMIT_S) == 1 and "standard output" in err, err)
    for verb in ("replay", "rules"):
        status, out, err = call("help", verb)
        check("help %s" % verb, status == 0 and out.startswith(b"usage: voordeur " + verb.encode()), err)


def until():
    case = os.path.join(CASES, "37-accept-timer")
    everything = read(case, "expected.jsonl").splitlines()
    for at in ("2026-03-05T08:59:59.999Z", "2026-03-05T09:00:00Z", "2026-03-09T09:00:00Z", "1970-01-01T00:00:00Z"):
        out = call("replay", "--config", case, "--until", at, os.path.join(case, "input.jsonl"))[1].splitlines()
        wanted = [l for l in everything if l.decode().split('"at":')[1].strip()[1:25] <= (at if "." in at else at[:-1] + ".000Z")]
        check("--until %s" % at, len(out) == len(wanted), (len(out), len(wanted)))


def stores():
    """A store holds what was accepted; stepping it gives the lines of replay without those that were refused."""
    for town, events in ((TOWN, os.path.join(TOWN, "year.jsonl")),
                         (os.path.join(CASES, "37-accept-timer"), os.path.join(CASES, "37-accept-timer/input.jsonl"))):
        with tempfile.TemporaryDirectory() as dir:
            store = os.path.join(dir, "store")
            subprocess.run([MAKE_STORE, town, events, store], check=True, timeout=LIMIT_S)
            wanted = [l for l in call("replay", "--config", town, events)[1].splitlines()
                      if b'"verdict"' not in l or b'"verdict":"accepted"' in l]
            status, out, err = call("replay", "--store", store)
            check("--store steps the log of %s" % os.path.basename(town), status == 0 and out.splitlines() == wanted, err)
            at = wanted[len(wanted) // 2][7:31].decode()
            status, out, err = call("replay", "--store", store, "--until", at)
            half = [l for l in wanted if l[7:31].decode() <= at]
            check("--store --until %s" % at, status == 0 and out.splitlines() == half, err)
    status, out, err = call("replay", "--store", "/nowhere")
    check("no store: status 1, with words", status == 1 and not out and "/nowhere" in err, err)


def cut_stores():
    """The older of two checkpoints is where the lines of a cut log begin, and words say so."""
    events = os.path.join(TOWN, "year.jsonl")
    wanted = [l for l in call("replay", "--config", TOWN, events)[1].splitlines()
              if b'"verdict"' not in l or b'"verdict":"accepted"' in l]
    with tempfile.TemporaryDirectory() as dir:
        store = os.path.join(dir, "store")
        made = subprocess.run([MAKE_STORE, TOWN, events, store, "200", "400"], check=True, timeout=LIMIT_S,
                              stdout=subprocess.PIPE)
        before = int(made.stdout)
        check("the store has lines before the cut", 0 < before < len(wanted), before)
        status, out, err = call("replay", "--store", store)
        check("a cut log gives its lines from the older checkpoint on",
              status == 0 and out.splitlines() == wanted[before:], (status, len(out.splitlines()), err))
        check("and says from which record they are whole",
              "the log was cut: its lines are whole from record 202 on, after 20" in err, err)
        last = wanted[-1][7:31].decode()
        status, out, err = call("replay", "--store", store, "--until", last)
        check("--until works on a cut log", status == 0 and out.splitlines() == wanted[before:], err)
        status, out, err = call("replay", "--store", store, "--until", "2000-01-01T00:00:00Z")
        check("--until before all of it: no lines, with words", status == 0 and not out and "there are no lines" in err,
              (status, out[:200], err))
        again = call("replay", "--store", store)[1].splitlines()
        check("looking back forgets nothing", again == wanted[before:], len(again))
        shutil.rmtree(os.path.join(store, "state"))
        status, out, err = call("replay", "--store", store)
        check("a cut log without a checkpoint: status 1, nothing told, and why",
              status == 1 and not out and "the log begins at record 201" in err and "can be decided again" in err, (status, err))


bytes_are_exact()
inputs()
long_lines()
statuses()
until()
if MAKE_STORE:
    stores()
    cut_stores()
sys.exit(1 if failed else 0)
