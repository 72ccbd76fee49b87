#!/usr/bin/env python3
"""Back-tests of stores that no broker uses, against what replay prints of the same events.

    backtest_store.py VOORDEUR STOREMAKER

Each check prints a line; exit status 0 when all hold.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOWN = os.path.join(ROOT, "deploy/zomerdal")
VOORDEUR, MAKE_STORE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
LIMIT_S = 120
failed = []


def call(*arguments):
    done = subprocess.run([VOORDEUR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S)
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")


def check(name, holds, seen=""):
    print("%s %s" % ("ok  " if holds else "FAIL", name))
    if not holds:
        failed.append(name)
        print("     saw: %.900s" % (seen,))


def lines_of(town, events):
    status, out, err = call("replay", "--config", town, events)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def backtest(store, rules, *more):
    status, out, err = call("backtest", "--store", store, "--rules", rules, "--json", *more)
    rows = [json.loads(line) for line in out.splitlines()]
    return status, rows, err


def row(rows, kind):
    return next(r for r in rows if r["row"] == kind)


def town_with(folder, rules):
    """Zomerdal with other rules."""
    os.makedirs(folder)
    for name in ("town.yaml", "catalogue.yaml"):
        with open(os.path.join(TOWN, name)) as f, open(os.path.join(folder, name), "w") as to:
            to.write(f.read())
    with open(os.path.join(folder, "rules.yaml"), "w") as f:
        f.write(rules)
    return folder


def opened(lines):
    """household: (at, rules) of its first case. Without acts no case ends, so it is the only one."""
    found = {}
    for line in lines:
        if line["event"] == "case" and line["change"] == "proposed":
            assert line["household"] not in found
            found[line["household"]] = (line["at"], sorted(line["rules"]), line["priority"])
    return found


def case_acts(lines):
    return sum(1 for l in lines if l["event"] == "command" and l["verdict"] == "accepted"
               and (l["type"].startswith("case_") or l["type"].startswith("handover_") or l["type"] == "plan_set"))


def without_acts(dir, store, other):
    """Nobody does anything: the cases opened are those of two replays."""
    now, then = (opened(lines_of(town, os.path.join(TOWN, "signals.jsonl"))) for town in (TOWN, other))
    status, rows, err = backtest(store, os.path.join(other, "rules.yaml"), "--sample", "100")
    cases = row(rows, "cases")
    both = set(now) & set(then)
    wanted = {"current": len(now), "candidate": len(then), "new": len(set(then) - set(now)),
              "gone": len(set(now) - set(then)), "same": sum(now[h] == then[h] for h in both),
              "changed": sum(now[h] != then[h] for h in both)}
    seen = {name: cases[name] for name in wanted}
    check("what differs is what two replays differ in", status == 3 and seen == wanted and wanted["new"] > 5
          and wanted["changed"] > 5, (seen, wanted, err))
    by_rule = {}
    for found, name in ((now, "current"), (then, "candidate")):
        for _, rules, _ in found.values():
            for rule in rules:
                by_rule.setdefault(rule, {"current": 0, "candidate": 0})[name] += 1
    seen = {r["rule"]: {"current": r["current"], "candidate": r["candidate"]} for r in rows
            if r["row"] == "rule" and r["current"] + r["candidate"] != 0}
    check("by rule, too", seen == by_rule, (seen, by_rule))
    regular = [sum(1 for l in lines_of(town, os.path.join(TOWN, "signals.jsonl")) if l.get("outcome") == "regular")
               for town in (TOWN, other)]
    signals = row(rows, "signals")
    check("and signals that stay regular", [signals["current_regular"], signals["candidate_regular"]] == regular,
          (signals, regular))
    fresh = {"H%d" % r["household"] for r in rows if r["row"] == "sample" and r["difference"] == "new"}
    check("the sample of new cases is of households that have one", fresh == set(then) - set(now), fresh)
    weeks = [r for r in rows if r["row"] == "week"]
    check("weeks add up", sum(w["current"] for w in weeks) == len(now) and sum(w["candidate"] for w in weeks) == len(then))
    acts = row(rows, "acts")
    check("nobody's act was applied or dropped", acts["applied"] == acts["dropped"] == acts["already"] == 0, acts)


def with_acts(dir, store, other, none):
    recorded = lines_of(TOWN, os.path.join(TOWN, "year.jsonl"))
    count = case_acts(recorded)
    same = os.path.join(TOWN, "rules.yaml")
    status, rows, err = backtest(store, same)
    check("unchanged rules: status 0", status == 0 and row(rows, "span")["differs"] == 0, (status, err))
    acts = row(rows, "acts")
    check("unchanged rules: every act is applied", acts["applied"] == count > 20 and acts["dropped"] == 0 and
          acts["others_dropped"] == 0 and acts["accepted_at_once"] == 0, (acts, count))
    out = call("backtest", "--store", store, "--rules", same)[1]
    check("unchanged rules: it says so", "No difference" in out, out)
    status, rows, err = backtest(store, TOWN)
    check("a folder with the same three files", status == 0, (status, err))
    status, rows, _ = backtest(store, os.path.join(none, "rules.yaml"))
    acts, cases = row(rows, "acts"), row(rows, "cases")
    check("rules that open no case: every act on one is dropped", status == 3 and acts["dropped_no_case"] == count and
          acts["applied"] == acts["already"] == acts["dropped_state"] == 0, (acts, count))
    check("rules that open no case: all are gone", cases["gone"] == cases["current"] > 20 and cases["candidate"] == 0, cases)
    status, rows, _ = backtest(store, os.path.join(other, "rules.yaml"))
    acts = row(rows, "acts")
    check("every act is applied, was so, or is dropped",
          status == 3 and acts["applied"] + acts["already"] + acts["dropped"] == count and acts["applied"] > 0 and
          acts["already"] > 0, (acts, count))
    lengths = []
    begun = {}
    for line in recorded:
        if line["event"] == "case" and line["change"] == "proposed":
            begun[line["case"]] = line["at"]
        if line["event"] == "case" and line["change"] == "closed":
            lengths.append(ms(line["at"]) - ms(begun[line["case"]]))
    lengths.sort()
    span = row(rows, "span")
    check("cases are closed at the median of those recorded",
          span["closed_cases"] == len(lengths) > 0 and span["median_ms"] == lengths[(len(lengths) - 1) // 2],
          (span, lengths))
    since = "2026-09-01T00:00:00Z"
    status, rows, _ = backtest(store, os.path.join(other, "rules.yaml"), "--since", since)
    wanted = sum(1 for l in recorded if l["event"] == "case" and l["change"] == "proposed" and l["at"] >= since)
    check("--since compares what came from then on", status == 3 and row(rows, "cases")["current"] == wanted > 0,
          (row(rows, "cases"), wanted))
    status, rows, _ = backtest(store, same, "--since", "120d")
    check("--since with unchanged rules: no difference", status == 0)
    check("nobody's BSN or address is shown", not re.search(r"9999\d{5}|99012000\d{8}", json.dumps(rows)))
    long = [l for l in call("backtest", "--store", store, "--rules", os.path.join(other, "rules.yaml"))[1].splitlines()
            if len(l) > 80]
    check("80 columns are enough", not long, long)


def ms(text):
    import datetime
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return int(at.timestamp() * 1000 + 0.5)


def cut(dir, other):
    """A log that was cut: the history is whole from its oldest checkpoint on."""
    store = os.path.join(dir, "cut")
    subprocess.run([MAKE_STORE, TOWN, os.path.join(TOWN, "year.jsonl"), store, "900", "1100"], check=True,
                   stdout=subprocess.DEVNULL, timeout=LIMIT_S)
    status, rows, err = backtest(store, os.path.join(TOWN, "rules.yaml"))
    span = row(rows, "span") if rows else {}
    check("a log that was cut: unchanged rules differ in nothing", status == 0, (status, rows[:2], err))
    check("a log that was cut: it says from when the history is whole",
          span.get("whole_from_position") == 902  # 900, and the configuration once more
           and span.get("whole_from_ms", 0) > 0, span)
    status, rows, err = backtest(store, os.path.join(other, "rules.yaml"))
    check("a log that was cut: other rules differ", status == 3 and row(rows, "cases")["new"] > 0, (status, err))


def wrong(dir, store):
    bad = os.path.join(dir, "bad.yaml")
    with open(bad, "w") as f:
        f.write("rules:\n  - id: x\n    text: y\n    level: casus\n    purposes: [youth]\n    at_least: {signals: 1}\n")
    status, out, err = call("backtest", "--store", store, "--rules", bad)
    check("an error in the new rules: status 2, with the place", status == 2 and "bad.yaml:4:" in err and not out, err)
    for arguments in ([], ["--rules", bad], ["--store", store], ["--rules", bad, "--store", store, "--since", "soon"],
                      ["--rules", bad, "--store", store, "--diff", "other"], ["--rules", "/nowhere", "--store", store],
                      ["--rules", bad, "--store", store, "--sample", "-1"]):
        status, out, err = call("backtest", *arguments)
        check("wrong use: %s" % " ".join(os.path.basename(a) for a in arguments), status == 2 and not out and err, err)
    status, out, err = call("backtest", "--rules", os.path.join(TOWN, "rules.yaml"), "--store", "/nowhere")
    check("no store: status 1", status == 1 and "/nowhere" in err, err)


def main():
    with open(os.path.join(TOWN, "rules.yaml")) as f:
        rules = f.read()
    lower = rules.replace("at_least: {domains: 3, agencies: 2}", "at_least: {domains: 2, agencies: 2}")
    assert lower != rules
    none = "rules:\n" + "".join(r for r in re.split(r"(?m)^(?=  - id:)", rules)[1:] if "level: case" not in r)
    with tempfile.TemporaryDirectory() as dir:
        other = town_with(os.path.join(dir, "other"), lower)
        no_case = town_with(os.path.join(dir, "none"), none)
        for events in ("signals", "year"):
            subprocess.run([MAKE_STORE, TOWN, os.path.join(TOWN, events + ".jsonl"), os.path.join(dir, events)],
                           check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)
        without_acts(dir, os.path.join(dir, "signals"), other)
        with_acts(dir, os.path.join(dir, "year"), other, no_case)
        cut(dir, other)
        wrong(dir, os.path.join(dir, "year"))
    print("%d failed" % len(failed))
    return 1 if failed else 0


sys.exit(main())
