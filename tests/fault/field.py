"""A town under load that keeps its own record, for tests with faults: agencies publish without pause, every
mailbox is read and acknowledged, regisseurs accept what they are offered. Each is a process of its own with its own
key. In the end the records that these clients kept are compared with what the broker decided:
  - every line answered `accepted` is accepted in the log, once; every `duplicate` too; nothing is there twice
  - what was refused is not there; what is refused for want of room the client library sends again until it is taken
  - each mailbox is a gapless sequence, equal to the messages that the decisions tell, and was read in order
  - `doctor` and `verify` find nothing, on the running broker and on the store at rest
  - stepping the log from its beginning (replay --store) gives the decisions that were told, byte for byte
"""

import collections
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy"))

from live_town import Broken, LiveTown, Party, WAIT_S  # noqa: E402

TOWN = os.path.join(ROOT, "deploy/zomerdal")
PUBLISHERS = 6
WINDOW = 64  # lines an agency has under way
PACE_S = 0.002  # between the lines of an agency
PATIENCE_S = 4 * WAIT_S  # faults come one after another before an answer does


def templates():
    """Signals of the town by source; the load sends them again with new ids and the time of now."""
    out = collections.defaultdict(list)
    with open(os.path.join(TOWN, "signals.jsonl"), encoding="utf-8") as f:
        for line in f:
            v = json.loads(line)
            d = v.get("data")
            if isinstance(d, dict) and not v["type"].startswith("nl.voordeur.") and d.get("municipality") == "GM9901":
                out[v["source"]].append(v)
    return out


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Publisher:
    """One agency: keeps lines under way, remembers every answer, sends again what a killed process left open."""

    def __init__(self, field, name, events, seed, pace_s=PACE_S, window=WINDOW):
        self.field, self.name, self.events = field, name, events
        self.random, self.pace_s, self.window = random.Random(seed), pace_s, window
        self.number, self.open, self.answers = 0, {}, {}
        self.confirmed = 0
        self.answered = threading.Event()  # since somebody cleared it
        self.stopping, self.process, self.generation, self.broken = False, None, 0, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def line(self):
        self.number += 1
        v = json.loads(json.dumps(self.random.choice(self.events)))
        v["id"], v["time"] = "k-%s-%d" % (self.name.split(":")[1], self.number), now()
        for member in ("occurred_at", "act_before", "supersedes"):
            v["data"].pop(member, None)
        return v["id"], json.dumps(v, separators=(",", ":")).encode()

    def take(self, answer):
        id_, verdict = answer["id"], answer["verdict"]
        if id_ not in self.open:
            return
        del self.open[id_]
        self.answers[id_] = verdict
        self.confirmed += verdict in ("accepted", "duplicate")
        self.answered.set()
        if self.field.told is not None:
            self.field.told(id_, verdict)

    def run(self):
        while not self.stopping or self.open:
            self.process = self.field.party(self.name, "-%d" % self.generation)
            self.generation += 1
            try:
                for line in list(self.open.values()):
                    self.process.send(line)
                while not self.stopping or self.open:
                    while not self.stopping and len(self.open) < self.window:
                        id_, line = self.line()
                        self.open[id_] = line
                        self.process.send(line)
                        time.sleep(self.pace_s)
                    self.take(self.process.answer(PATIENCE_S))
            except (Broken, OSError) as e:
                try:  # killed by us, or given up: its output ends a little before it does
                    self.process.process.wait(WAIT_S)
                except subprocess.TimeoutExpired:
                    self.broken = "%s no longer answers: %s" % (self.name, e)
                    return
            finally:
                self.process.kill()


class Reader:
    """One recipient: reads its mailbox; a new process goes on where the killed one stopped. A regisseur accepts each
    case that it is offered, and remembers the answer."""

    def __init__(self, field, name, acts=False):
        self.field, self.name, self.seen, self.last = field, name, [], 0
        self.acts = acts and name.startswith("regisseur:")
        self.open, self.answers, self.number = {}, {}, 0
        self.generation, self.over = 0, False
        self.process = None
        self.again()

    def again(self):
        if self.process is not None:
            self.process.kill()
            self.collect()
        self.process = self.field.party(self.name, "-reader-%d" % self.generation)
        self.generation += 1
        for line in self.open.values():
            self.send(line)

    def send(self, line):
        with contextlib.suppress(OSError):
            self.process.send(line)

    def accept(self, case):
        self.number += 1
        who = self.name.split(":")[1]
        event = {"specversion": "1.0", "id": "act-%s-%d" % (who, self.number), "source": "urn:voordeur:regisseur:" + who,
                 "type": "nl.voordeur.case_accepted.v1", "time": now(), "data": {"municipality": "GM9901", "case": case}}
        self.open[event["id"]] = json.dumps(event, separators=(",", ":")).encode()
        self.send(self.open[event["id"]])

    def collect(self):
        """Messages come at least once and in order; what was seen before is passed over. True: its output has ended."""
        with self.process.changed:
            messages, self.process.messages = self.process.messages, []
            answers = list(self.process.answers)
            self.process.answers.clear()
        for answer in answers:
            if answer is not None and answer["id"] in self.open:
                self.answers[answer["id"]] = answer["verdict"]
                del self.open[answer["id"]]
        for m in messages:
            if m["seq"] == self.last + 1:
                self.seen.append(m)
                self.last = m["seq"]
                if self.acts and m["kind"] == "case_offered":
                    self.accept(m["case"])
            elif m["seq"] > self.last:
                raise Broken("%s: message %d after %d" % (self.name, m["seq"], self.last))
        return None in answers

    def take(self):
        if self.collect() and not self.over and self.process.process.poll() is not None:
            self.again()  # it gave up, as after a long time without a broker


def told_by(lines):
    """What the decisions say: how often each id was accepted, and what each mailbox must hold."""
    accepted, mail = collections.Counter(), collections.defaultdict(list)
    for line in lines:
        v = json.loads(line)
        if v["event"] in ("signal", "command") and v.get("verdict") == "accepted":
            accepted[v["id"]] += 1
        elif v["event"] == "message":
            mail[v["to"]].append((v["kind"], v.get("case"), v.get("signal")))
    return accepted, mail


class Field:
    """prefix: what the broker is started with, as ["env", "LD_PRELOAD=..."]. limits: of node.yaml. told: called
    with the id and the verdict of each answer to an agency."""

    def __init__(self, build, name, prefix=(), limits=None, node=(), folder=None, clock_event=False):
        self.home = tempfile.mkdtemp(prefix="vdr-%s-" % name, dir=folder)
        self.town = LiveTown(build, TOWN, self.home, clock_event=clock_event, daemon_prefix=prefix)
        self.store = os.path.join(self.home, "store")
        self.node_file = os.path.join(self.home, "node.yaml")
        lines = list(node) + (["limits: {%s}" % limits] if limits else [])
        if lines:
            with open(self.node_file, encoding="utf-8") as f:
                text = f.read()
            self.write_node(text.replace("approvals: two\n", "approvals: two\n" + "".join(x + "\n" for x in lines)))
        self.client_home, self.told = self.home, None
        self.publishers, self.readers = [], {}
        self.passed = False
        self.excused = ()  # checks of doctor that must find what the test is about, as a small volume
        self.unmount = []

    def write_node(self, text):
        with open(self.node_file, "w", encoding="utf-8") as f:
            f.write(text)

    def listen(self):
        """Host and port where parties connect."""
        with open(os.path.join(self.home, "clients.json"), encoding="utf-8") as f:
            host, port = json.load(f)["listen"][len("tcp://"):].rsplit(":", 1)
        return host, int(port)

    def through(self, host, port, operators=None):
        """From now on parties connect there; operators only where it is said."""
        folder = os.path.join(self.home, "through")
        os.makedirs(os.path.join(folder, "logs"), exist_ok=True)
        with open(os.path.join(self.home, "clients.json"), encoding="utf-8") as f:
            clients = json.load(f)
        clients["listen"] = "tcp://%s:%d" % (host, port)
        if operators is not None:
            clients["operators"] = operators
        with open(os.path.join(folder, "clients.json"), "w", encoding="utf-8") as f:
            json.dump(clients, f)
        keys = os.path.join(folder, "keys")
        if not os.path.lexists(keys):
            os.symlink(os.path.join(self.home, "keys"), keys)
        self.client_home = folder

    def party(self, name, instance=""):
        return Party(self.town.cli, self.client_home, name, instance)

    def log_text(self):
        with open(self.town.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def load(self, publishers=PUBLISHERS, seed=1, acts=True, **how):
        events = templates()
        able = [x for x in self.town.parties if x.get("source") in events]
        names = [able[i * len(able) // publishers] for i in range(publishers)]  # of all kinds, so that cases come of it
        self.publishers += [Publisher(self, x["party"], events[x["source"]], seed + i, **how) for i, x in enumerate(names)]
        for x in self.town.parties:
            if x["party"].split(":")[0] in ("service", "regisseur", "coordinator"):
                self.readers[x["party"]] = Reader(self, x["party"], acts)

    def confirmed(self):
        return sum(x.confirmed for x in self.publishers)

    def pump(self):
        """Reads what came, and sees whether somebody gave up."""
        for reader in self.readers.values():
            reader.take()
        for x in self.publishers:
            if x.broken is not None:
                raise Broken(x.broken)

    def wait(self, what, condition, wait_s=PATIENCE_S):
        """Until the condition holds; everybody reads on meanwhile."""
        until = time.monotonic() + wait_s
        while not condition():
            self.pump()
            if time.monotonic() > until:
                raise Broken("%s: not within %d s" % (what, wait_s))
            time.sleep(0.01)

    def wait_confirmed(self, each=1, wait_s=PATIENCE_S):
        """Until each agency had so many lines confirmed."""
        goal = [x.confirmed + each for x in self.publishers]
        self.wait("%d confirms of each agency" % each,
                  lambda: all(x.confirmed >= g for x, g in zip(self.publishers, goal)), wait_s)

    def drain(self):
        """No new lines; those under way are answered."""
        for x in self.publishers:
            x.stopping = True
        self.wait("every line answered", lambda: not any(x.thread.is_alive() for x in self.publishers))
        self.wait("every act answered", lambda: not any(x.open for x in self.readers.values()))

    def read_all(self, mail):
        """Until each reader has read as much as its mailbox must hold."""
        self.wait("every mailbox read", lambda: all(r.last >= len(mail.get(n, [])) for n, r in self.readers.items()))
        for r in self.readers.values():
            r.over = True
            r.process.stop()
            r.take()

    def operator(self, *arguments, check=True):
        return self.town.operator(*arguments, check=check)

    def status(self):
        return json.loads(self.operator("status", "--json"))

    def decisions(self):
        return self.operator("decisions", "--from", "0", "--json").splitlines()

    def clean(self, *verb):
        """The words of a verb that must find nothing; none is a pass."""
        done = subprocess.run([self.town.cli, *verb, *(["--json"] if verb[0] == "doctor" else [])],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        words = (done.stdout + done.stderr).decode("utf-8", "replace")
        if verb[0] == "doctor" and not done.stderr:
            bad = [v for v in map(json.loads, done.stdout.splitlines()) if v["good"] is False]
            if bad and all(v["check"] in self.excused for v in bad):
                return []
        return [] if done.returncode == 0 else ["voordeur %s: status %d: %s" % (
            " ".join(verb[:3]), done.returncode, words[-1500:])]

    def compare(self, lines):
        """The clients' records and what was decided."""
        faults = []
        accepted, mail = told_by(lines)
        self.read_all(mail)
        twice = [i for i, n in accepted.items() if n > 1]
        if twice:
            faults.append("accepted twice: %s" % twice[:5])
        for p in list(self.publishers) + list(self.readers.values()):
            if p.open:
                faults.append("%s: %d lines never answered" % (p.name, len(p.open)))
            for id_, verdict in p.answers.items():
                if verdict in ("accepted", "duplicate") and accepted[id_] != 1:
                    faults.append("confirmed and not in the log: %s (%s)" % (id_, verdict))
                elif verdict not in ("accepted", "duplicate") and accepted[id_] != 0:
                    faults.append("refused and in the log: %s (%s)" % (id_, verdict))
        for name, reader in self.readers.items():
            got, want = [(m["kind"], m.get("case"), m.get("signal")) for m in reader.seen], mail.get(name, [])
            if got != want:
                at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
                faults.append("mailbox of %s: read %d, told %d, first difference at %d" % (name, len(got), len(want), at + 1))
        return faults

    def judge(self, erases=None):
        """Everything finishes, and all records agree. Returns the faults, and the number of lines told. erases: called
        when the records were compared; what it erased can be told and stepped no more."""
        self.drain()
        lines = self.decisions()
        faults = self.compare(lines)
        if erases is not None:
            erases()
        faults += self.clean("doctor", "--home", self.home, "--as", "operator:beheer")
        if self.town.stop() != 0:
            faults.append("the broker did not stop with status 0; its words are in %s" % self.town.log)
        faults += self.at_rest(erases is not None)
        if erases is not None:
            return faults, len(lines)
        replayed = self.town.run("replay", "--store", self.store).splitlines()
        if replayed != lines:
            faults.append("replay of the log gives other lines than were told (%d, %d)" % (len(replayed), len(lines)))
        return faults, len(lines)

    def at_rest(self, erased=False):
        return self.clean("verify", "--store", self.store) + self.clean(
            "doctor", "--store", self.store, *([] if erased else ["--history"]))

    def acts(self):
        return sum(len(r.answers) for r in self.readers.values())

    def figure(self):
        return "%d confirmed, %d acts, %d messages read" % (
            self.confirmed(), self.acts(), sum(r.last for r in self.readers.values()))

    def close(self):
        for x in self.publishers:
            x.stopping = True
            x.open = {}
            if x.process is not None:
                x.process.kill()
        for r in self.readers.values():
            r.process.kill()
        for x in self.publishers:
            x.thread.join(WAIT_S)
        self.town.kill()
        for command in self.unmount:
            subprocess.run(command, check=False)
        if self.passed:
            shutil.rmtree(self.home, ignore_errors=True)
        else:
            print("logs: %s" % self.home)


def tell(faults):
    """The last line of a test, and its exit status."""
    for fault in faults:
        print(fault)
    print("%d passed, %d failed" % (0 if faults else 1, 1 if faults else 0))
    return 1 if faults else 0


@contextlib.contextmanager
def field_of(faults, *arguments, **how):
    """A field; what breaks is a fault."""
    field = None
    try:
        field = Field(*arguments, **how)
        yield field
        field.passed = not faults
    except Broken as e:
        faults.append(str(e))
        if field is not None:
            field.passed = False
    finally:
        if field is not None:
            field.close()
