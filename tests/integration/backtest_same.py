#!/usr/bin/env python3
"""A back-test with the files of always differs in nothing, whatever happened: random streams and conformance cases.

    backtest_same.py VOORDEUR STOREMAKER FROM..TO [FOLDER...]

FROM..TO: seeds of tests/model/generate.py. FOLDER: a folder of conformance cases. Each stream that differs prints a line
with what the back-test said of it; exit status 0 when none does.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "model"))
from generate import generate, write_stream  # noqa: E402

VOORDEUR, MAKE_STORE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
LINES = 300
LIMIT_S = 120
# What must be nothing, by row of the report (protocol.md 7.9).
NOTHING = {"span": ["differs"], "cases": ["new", "gone", "changed", "other_regisseur"], "signals": ["other_way", "refused"],
           "acts": ["by_other", "dropped_no_case", "dropped_state", "others_dropped", "config_misfits"]}


def make_store(town, events, store, *cut):
    done = subprocess.run([MAKE_STORE, town, events, store, *map(str, cut)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=LIMIT_S)
    if done.returncode != 0:
        raise SystemExit("%s: %s" % (events, done.stderr.decode("utf-8", "replace")))


def what_differs(town, store, *more):
    done = subprocess.run([VOORDEUR, "backtest", "--store", store, "--rules", town, "--json", *more],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S)
    rows = {row["row"]: row for row in map(json.loads, done.stdout.decode().splitlines())}
    found = ["%s %s=%d" % (name, field, rows[name][field]) for name, fields in NOTHING.items() for field in fields
             if rows and rows[name][field] != 0]
    if done.returncode != 0 or not rows:
        found.append("exit status %d %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[-300:]))
    return found, rows


def middle(rows):
    """An instant with some of the history on both sides."""
    span = rows["span"]
    at = (span["from_ms"] + span["until_ms"]) // 2
    return datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    first, last = map(int, sys.argv[3].split(".."))
    failed, applied, streams = 0, 0, 0
    with tempfile.TemporaryDirectory() as dir:
        places = []
        for seed in range(first, last + 1):
            folder = os.path.join(dir, str(seed))
            os.mkdir(folder)
            _, lines, until = generate(seed, LINES, folder)
            write_stream(lines, until, folder)
            places.append(("seed %d" % seed, folder))
        for cases in sys.argv[4:]:
            places += [(os.path.join(cases, name), os.path.join(cases, name)) for name in sorted(os.listdir(cases))
                       if os.path.exists(os.path.join(cases, name, "input.jsonl"))]
        for number, (name, town) in enumerate(places):
            events = os.path.join(town, "input.jsonl")
            store, cut = (os.path.join(dir, "%s-%d" % (kind, number)) for kind in ("store", "cut"))
            make_store(town, events, store)
            found, rows = what_differs(town, store)
            applied += rows["acts"]["applied"] if rows else 0
            records = rows["span"]["records"] if rows else 0
            if records > 60:
                found += ["since: " + one for one in what_differs(town, store, "--since", middle(rows))[0]]
                make_store(town, events, cut, records // 3, records // 2)
                found += ["cut: " + one for one in what_differs(town, cut)[0]]
            streams += 1
            if found:
                failed += 1
                print("FAIL %s: %s" % (name, ", ".join(found)))
    print("%d streams, %d acts about cases, %d differ" % (streams, applied, failed))
    assert applied > streams, "the streams have hardly an act: this looks at nothing"
    return 1 if failed else 0


sys.exit(main())
