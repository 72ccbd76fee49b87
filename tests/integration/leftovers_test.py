#!/usr/bin/env python3
"""Nothing that a broker leaves behind shows whom its signals were about.

A day of a small town with real processes: signals, acts, plans, refusals, requests of residents, looking through
break-glass, back-test, shadow, reports, explanations, a backup, an erasure, restarts. Every BSN, address and free text
that went in is then looked for in every byte that is there: the store, backups, escrow, keys, the journal, endpoints,
the scrape of the metrics, file names, and what operators' verbs printed; as text (also UTF-16, hexadecimal, base64) and
as the formats pack numbers (decimal digits by fours, eight bytes, a varint).

Not looked at, since they are the senders' own and must hold it: the files that agencies send, and their outboxes. That
the search finds what is there is shown on those."""

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy"))
from broker import BSNS, BUILD  # noqa: E402
from live_town import LiveTown, free_port  # noqa: E402

CONFIG = os.path.join(ROOT, "tests", "conformance", "57-conflict")
SCHOOL, POLICE = "agency:school-noord", "agency:politie"
ANNA, PIET, ADA, TEAM = "regisseur:r-anna", "coordinator:c-piet", "privacy_officer:p-ada", "service:wijkteam"
TYPES = {SCHOOL: "nl.onderwijs.verzuim-gemeld.v1", POLICE: "nl.veiligheid.huiselijk-geweld-gemeld.v1"}
OWN = ("in", "outbox")  # folders of the senders


def varint(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def forms(secret):
    """The ways in which a secret could lie in bytes, by name."""
    text = secret.encode()
    found = {"text": text, "utf-16": secret.encode("utf-16-le"), "hex": text.hex().encode(),
             "HEX": text.hex().upper().encode()}
    for shift in range(3):  # base64 of something that holds it: the part that does not depend on what is beside
        cut = base64.b64encode(b"\0" * shift + text)
        found["base64+%d" % shift] = cut[-(-shift * 8 // 6):len(cut) // 4 * 4 - 4]
    if secret.isdigit():
        number, even = int(secret), secret.zfill(len(secret) + len(secret) % 2)
        found["digits by fours"] = bytes.fromhex(even)
        found["eight bytes"], found["eight bytes, big end first"] = struct.pack("<Q", number), struct.pack(">Q", number)
        found["varint"] = varint(number)
    return found


class Secrets:
    def __init__(self):
        self.all, self.count = [], 0

    def text(self, about):
        self.count += 1
        return self.add("Lek%03d %s %s" % (self.count, about, os.urandom(9).hex()))

    def add(self, secret):
        if secret not in self.all:
            self.all.append(secret)
        return secret

    def found_in(self, data):
        return [(secret, name) for secret in self.all for name, form in forms(secret).items() if form in data]


class Leftovers(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="vdr-leftovers-")
        self.secrets, self.printed, self.number = Secrets(), [], 0
        self.town = LiveTown(BUILD, CONFIG, self.home, clock_event=False)
        self.metrics = "127.0.0.1:%d" % free_port()
        self.node = os.path.join(self.home, "node.yaml")
        with open(self.node, encoding="utf-8") as f:
            text = f.read()
        with open(self.node, "w", encoding="utf-8") as f:
            f.write("metrics: %s\nendpoints: endpoints\n" % self.metrics + text.replace("demonstration: yes", "demonstration: no"))
        for folder in OWN:
            os.mkdir(os.path.join(self.home, folder))

    def tearDown(self):
        self.town.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- what people do

    def say(self, who, *words, statuses=(0,)):
        done = subprocess.run([self.town.cli, *words, "--home", self.home, "--as", who], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertIn(done.returncode, statuses, (words, done.stdout[-500:], done.stderr[-500:]))
        return done.stdout + done.stderr

    def operator(self, *words, statuses=(0,)):
        out = self.say("operator:beheer", *words, statuses=statuses)
        self.printed.append((" ".join(words), out))
        return out

    def event(self, agency, person, **data):
        self.number += 1
        source = next(p["source"] for p in self.town.parties if p["party"] == agency)
        body = {"municipality": "GM9901", "persons": [{"bsn": self.secrets.add(BSNS[person]), "role": "youth"}],
                "address": {"bag": self.secrets.add("99012%011d" % (7310000000 + person)), "buurt": "BU99010101"},
                "detail": self.secrets.text("toelichting"), **data}
        return {"specversion": "1.0", "id": "s-%d" % self.number, "source": source, "type": TYPES[agency],
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "data": body}

    def publish(self, agency, *events, statuses=(0,)):
        name = "%s-%d" % (agency.split(":")[1], self.number)
        path = os.path.join(self.home, "in", name + ".jsonl")
        with open(path, "w", encoding="utf-8") as f:
            for event in events:
                f.write((event if isinstance(event, str) else json.dumps(event)) + "\n")
        self.say(agency, "publish", "--quiet", "--outbox", os.path.join(self.home, "outbox", name), path, statuses=statuses)

    def work(self):
        text = self.secrets.text
        self.publish(SCHOOL, *[self.event(SCHOOL, i) for i in range(8)])
        self.publish(POLICE, *[self.event(POLICE, i) for i in range(4)])
        self.publish(SCHOOL, self.event(SCHOOL, 1, occurred_at="no instant"), self.event(SCHOOL, 2, extra=text("onbekend")),
                     '{"specversion":"1.0","id":"%s","data":' % text("kapot"), self.event(SCHOOL, 3, severity=9),
                     self.event(POLICE, 4), statuses=(1,))
        self.say(SCHOOL, "signal", "withdraw", "s-1", "--reason", text("intrekking"))
        self.say(TEAM, "signal", "feedback", "s-8", "--agency", "school-noord", "--result", text("terugmelding"))
        self.say(ANNA, "case", "accept", "C1")
        plan = os.path.join(self.home, "in", "plan.json")
        with open(plan, "w", encoding="utf-8") as f:
            json.dump({"goals": [{"domain": "education", "text": text("doel"), "owner": text("eigenaar"),
                                  "due": "2027-01-01T00:00:00Z", "state": text("stand")}]}, f)
        self.say(ANNA, "case", "plan", "C1", plan)
        self.say(ANNA, "case", "escalate", "C1", "--to", text("naar wie"), "--reason", text("opschaling"))
        self.say(ANNA, "case", "decline", "C2", "--reason", text("weigering"))
        self.say(ANNA, "case", "show", "C1")
        self.say(PIET, "household", "show", "H3", "--break-glass", text("gluren"))
        self.say(PIET, "case", "show", "C1", "--break-glass", text("noodgeval"), statuses=(0, 1))
        self.say(ADA, "privacy", "object", "H6", "--reason", text("bezwaar"))
        self.say(ADA, "privacy", "rectify", "s-7", "--agency", "school-noord", "--correction", text("verbetering"))

    def look(self):
        for words in (("status",), ("status", "--json"), ("report", "queues"), ("report", "rules"), ("report", "agencies"),
                      ("report", "follow-up"), ("report", "cases", "--stuck"), ("decisions", "--from", "0", "--json"),
                      ("watch", "--from", "0", "--once"), ("explain", "case", "C1"), ("explain", "household", "H3", "--json"),
                      ("explain", "signal", "s-3"), ("why-not", "--household", "H3", "--rule", "two"), ("sessions",),
                      ("mailboxes",), ("key", "list"), ("access", "--help"), ("rules", "history"), ("checkpoint",)):
            self.operator(*words)
        self.operator("doctor", statuses=(0, 1))
        self.operator("verify")
        self.operator("backtest", "--rules", os.path.join(CONFIG, "rules.yaml"))
        self.operator("rules", "shadow", "start", os.path.join(CONFIG, "rules.yaml"))
        self.operator("rules", "diff", statuses=(0, 1))
        attempt = os.path.join(self.home, "in", "try.json")
        with open(attempt, "w", encoding="utf-8") as f:
            json.dump(self.event(POLICE, 5), f)
        self.operator("try", attempt, statuses=(0, 1))
        self.operator("household", "show", "H3", statuses=(1, 2))
        with urllib.request.urlopen("http://%s/metrics" % self.metrics, timeout=20) as answer:
            self.printed.append(("the metrics", answer.read()))
        self.operator("backup", "whole")

    # ---- what is left

    def left_behind(self):
        """(what, bytes) of everything but the senders' own."""
        for folder, folders, files in os.walk(self.home):
            if folder == self.home:
                for own in OWN:
                    folders.remove(own)
            for name in files:
                path = os.path.join(folder, name)
                yield "the name of a file", path.encode()
                with open(path, "rb") as f:
                    yield os.path.relpath(path, self.home), f.read()
        yield from self.printed

    def test_nothing_shows_whom_it_was_about(self):
        self.town.start()
        self.work()
        self.look()
        # Only now: what a run of erasure does not keep, a back-test does not find.
        self.say(ADA, "privacy", "request-erasure", "H5", "--reason", self.secrets.text("brief"))
        self.say(ADA, "erase", "H8")
        self.operator("erase", "run")
        self.operator("erase", "proofs")
        self.operator("backup", "after")
        # The daemon is not dumpable: its environment is root's to read.
        for path in ("cmdline", "environ") if os.geteuid() == 0 else ("cmdline",):
            with open("/proc/%d/%s" % (self.town.broker.pid, path), "rb") as f:
                self.printed.append((path + " of the process", f.read()))
        self.assertEqual(self.town.stop(), 0)
        self.town.start()
        self.publish(POLICE, self.event(POLICE, 6))
        self.assertEqual(self.town.stop(), 0)
        with open(self.node, encoding="utf-8") as f:
            self.assertIn("store_key:", f.read(), "init makes sealed stores")

        own = b""
        for name in sorted(os.listdir(os.path.join(self.home, "in"))):
            with open(os.path.join(self.home, "in", name), "rb") as f:
                own += f.read()
        seen = {secret for secret, form in self.secrets.found_in(own) if form == "text"}
        self.assertGreater(len(seen), 25, "the search finds what is there")
        looked_at, names, leaks = 0, set(), []
        for what, data in self.left_behind():
            looked_at += len(data)
            names.add(what)
            leaks += ["%s: %s (%s)" % (what, secret, form) for secret, form in self.secrets.found_in(data)]
        self.assertEqual(leaks[:20], [])
        for wanted in ("store/log/data.mdb", "store/state/data.mdb", "backups/whole/log/data.mdb", "logs/broker.log",
                       "endpoints", "the metrics", "decisions --from 0 --json"):
            self.assertIn(wanted, names)
        print("\n%d secrets in %d forms, looked for in %.1f MiB of %d things" % (
            len(self.secrets.all), sum(len(forms(s)) for s in self.secrets.all), looked_at / 1048576, len(names)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
