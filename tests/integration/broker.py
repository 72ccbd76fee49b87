"""A broker of our own for a test, and connections to it that say what they are told to (peer.c).

Every broker has a folder and ports of its own; both go when the test ends.
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VDR_BUILD", os.path.join(ROOT, "build", "debug"))
DAEMON = os.path.join(BUILD, "broker", "voordeurd")
PEER = os.path.join(BUILD, "tests", "integration", "integration_peer")
AS_ROOT = ["--allow-root"] if os.geteuid() == 0 else []
WAIT_S = float(os.environ.get("VDR_WAIT_S", "20"))

TOWN = """\
municipality: GM9901
identity: {address_match: join, max_persons: 12, excluded_addresses: []}
clocks: {future: 10m, late: 60d, cooldown: 90d, sticky: 730d, retry: 1h, accept: {urgent: 4h, high: 1d, normal: 3d}}
may_combine: [[youth, care], [youth, safety], [care, safety]]
agencies:
  - {id: school, kind: school, source: "urn:test:school", sees_match: true}
  - {id: politie, kind: police, source: "urn:test:politie", sees_match: true}
  - {id: jeugdhulp, kind: youth_care, source: "urn:test:jeugdhulp"}
services:
  - {id: wijkteam, domains: ["*"]}
  - {id: jeugdteam, domains: [education]}
regisseurs:
  - {id: r-anna, districts: ["*"], capacity: 1000, hard_capacity: 2000}
  - {id: r-bram, districts: ["*"], capacity: 1, hard_capacity: 2000}
coordinators: [c-piet]
privacy_officers: [p-els]
"""
CATALOGUE = """\
domains: {education: youth, safety: youth, care: youth}
types:
  test.verzuim.v1: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 365d, retain: 730d,
                    purpose: youth, legal_basis: X}
  test.melding.v1: {domain: safety, agencies: [police], severity: 3, kind: event, counts_for: 365d, retain: 730d,
                    purpose: safety, legal_basis: X}
  test.zorg.v1: {domain: care, agencies: [youth_care], severity: 3, kind: event, counts_for: 365d, retain: 730d,
                 purpose: care, legal_basis: X}
"""
RULES = """\
rules:
  - {id: two-domains, text: two life domains, level: case, priority: normal, purposes: [youth, safety, care],
     at_least: {domains: 2}}
"""
PARTIES = ["agency:school", "agency:politie", "agency:jeugdhulp", "service:wijkteam", "service:jeugdteam",
           "regisseur:r-anna", "regisseur:r-bram", "coordinator:c-piet", "privacy_officer:p-els", "operator:beheer"]
SOURCES = {"school": "urn:test:school", "politie": "urn:test:politie", "jeugdhulp": "urn:test:jeugdhulp"}
TYPES = {"school": "test.verzuim.v1", "politie": "test.melding.v1", "jeugdhulp": "test.zorg.v1"}


def sanitized():
    """Is it a sanitizer's build?"""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        return re.search(r"^VDR_SANITIZE:[A-Z]+=.+$", f.read(), re.M) is not None


def bsn(number):
    """A BSN that passes the elfproef and belongs to nobody: they begin with 9999."""
    base = "9999%04d" % number
    rest = sum(int(d) * w for d, w in zip(base, range(9, 1, -1))) % 11
    return base + str(rest) if rest < 10 else None


BSNS = [b for b in map(bsn, range(10000)) if b]


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def signal_event(agency, event_id, person=0, at=None, **data):
    at = at or now()
    event = {"specversion": "1.0", "id": event_id, "source": SOURCES[agency], "type": TYPES[agency], "time": at,
             "data": {"municipality": "GM9901", "persons": [{"bsn": BSNS[person], "role": "youth"}], **data}}
    return json.dumps(event, separators=(",", ":"))


def act_event(actor, event_id, name, at=None, **data):
    event = {"specversion": "1.0", "id": event_id, "source": SOURCES.get(actor, "urn:voordeur:" + actor),
             "type": "nl.voordeur.%s.v1" % name, "time": at or now(), "data": {"municipality": "GM9901", **data}}
    return json.dumps(event, separators=(",", ":"))


class Peer:
    """A connection. Commands go in as lines (peer.c); what came is waited for by type."""

    def __init__(self, arguments):
        self.process = subprocess.Popen([PEER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.came = queue.Queue()
        self.kept = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.came.put(json.loads(line))

    def say(self, *commands):
        for command in commands:
            self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self

    def wait(self, kind, wait_s=WAIT_S, where=lambda v: True):
        """The next of this type for which where holds; what came before it is kept for later waits."""
        for i, v in enumerate(self.kept):
            if v["type"] == kind and where(v):
                return self.kept.pop(i)
        until = time.monotonic() + wait_s
        while True:
            try:
                v = self.came.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError("no %s within %g s; came: %s" % (kind, wait_s, str(self.kept)[:2000]))
            if v["type"] == kind and where(v):
                return v
            self.kept.append(v)

    def silent(self, wait_s=0.4):
        """What came, besides nothing, in a while."""
        time.sleep(wait_s)
        while not self.came.empty():
            self.kept.append(self.came.get())
        kept, self.kept = self.kept, []
        return kept

    def hello(self):
        self.say("hello")
        return self.wait("welcome")

    def verdict(self, event, command="publish"):
        """Publishes one event and waits for its answer: a verdict's code."""
        self.say("%s %s" % (command, event))
        confirm = self.wait("confirm")
        return confirm["exceptions"][0]["error"] if confirm["exceptions"] else "accepted"

    def read(self, question):
        self.say("read " + question)
        return self.wait("answer")

    def admin(self, verb):
        self.say("admin " + verb)
        return self.wait("result")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(WAIT_S)
        self.process.stdin.close()
        self.process.stdout.close()


class Broker:
    """A town of our own, its keys and a voordeurd. Use with "with"."""

    def __init__(self, limits="", parties=None, town=TOWN, arguments=(), prefix=(), approvals="one", node=(),
                 demonstration="yes"):
        self.home = tempfile.mkdtemp(prefix="vdr-broker-")
        self.parties = list(parties or PARTIES)
        self.demonstration = demonstration
        self.approvals, self.node = approvals, list(node)  # node: further lines of node.yaml
        self.limits, self.arguments, self.prefix = limits, list(arguments), list(prefix)
        self.process, self.peers, self.endpoints = None, [], {}
        os.makedirs(self.path("config"))
        os.makedirs(self.path("keys"))
        for name, text in (("town", town), ("catalogue", CATALOGUE), ("rules", RULES)):
            self.write("config/%s.yaml" % name, text)
        self.write("keys/pseudonym.key", "%064x\n" % 7, 0o400)
        self.write("keys/store.key", "%064x\n" % 9, 0o400)
        self.make_keys(["server"] + self.parties)
        self.write_node()

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        if os.path.exists(path):
            os.chmod(path, 0o600)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def key_file(self, party):
        return self.path("keys", party.replace(":", "-") + ".key")

    def public_key(self, party):
        with open(self.key_file(party), encoding="ascii") as f:
            return f.readline().strip()

    def make_keys(self, names):
        subprocess.run([PEER, "--keys"] + [self.key_file(n) for n in names], check=True, stdout=subprocess.DEVNULL)

    def write_node(self):
        lines = ["listen: tcp://127.0.0.1:*", "operators: tcp://127.0.0.1:*", "server_key: keys/server.key",
                 "pseudonym_key: keys/pseudonym.key", "store_key: keys/store.key", "backups: backups",
                 "endpoints: endpoints", "approvals: " + self.approvals,
                 "demonstration: " + self.demonstration] + self.node
        if self.limits:
            lines.append("limits: {%s}" % self.limits)
        lines.append("parties:")
        lines += ['  - {party: "%s", public_key: "%s"}' % (p.split("#")[0], self.public_key(p)) for p in self.parties]
        self.write("node.yaml", "\n".join(lines) + "\n")

    def command(self):
        return self.prefix + [DAEMON, "--config", self.path("config"), "--store", self.path("store"), "--node",
                              self.path("node.yaml")] + AS_ROOT + self.arguments

    def start(self):
        try:
            os.remove(self.path("endpoints"))
        except FileNotFoundError:
            pass
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        until = time.monotonic() + WAIT_S
        while not os.path.exists(self.path("endpoints")):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError("the broker did not start (status %s):\n%s" % (self.process.poll(), self.log()))
            time.sleep(0.01)
        with open(self.path("endpoints"), encoding="ascii") as f:
            self.endpoints = dict(line.split() for line in f)
        return self

    def log(self):
        with open(self.path("log"), encoding="utf-8") as f:
            return f.read()[-8000:]

    def peer(self, party, *routing_id, zone=None):
        zone = zone or ("operators" if party.startswith(("operator:", "auditor:")) else "listen")
        peer = Peer([self.endpoints[zone], self.endpoints["public_key"], self.key_file(party), *routing_id])
        self.peers.append(peer)
        return peer

    def session(self, party):
        peer = self.peer(party)
        peer.hello()
        return peer

    def stop(self, signal_number=signal.SIGTERM):
        """Its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            return self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the broker did not stop:\n" + self.log())

    def close_peers(self):
        while self.peers:
            self.peers.pop().close()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        self.close_peers()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if error is not None:
            print("---- the broker's words\n" + self.log())
        shutil.rmtree(self.home, ignore_errors=True)
