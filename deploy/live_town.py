"""A town run for real: a broker process, and a process with its own key for each party.

What the demo (deploy/conductor) and the tests with real processes (tests/integration) share. Only the
standard library; everything goes through the command line `voordeur`, as a user would.
"""

import collections
import json
import os
import signal
import socket
import subprocess
import threading
import time

WAIT_S = float(os.environ.get("VDR_WAIT_S", "30"))
OPERATOR = "operator:beheer"


class Broken(Exception):
    """Something did not go as it must; the text says what, and where to look."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Party:
    """`voordeur agent`: publishes the lines it is given, reads and acknowledges its mailbox."""

    def __init__(self, cli, home, name, instance=""):
        self.name, self.messages, self.answers = name, [], collections.deque()
        self.changed = threading.Condition()
        self.log = os.path.join(home, "logs", name.replace(":", "-") + instance + ".log")
        self.stderr = open(self.log, "ab")
        self.process = subprocess.Popen([cli, "agent", "--home", home, "--as", name, "--json"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                v = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            with self.changed:
                if v["event"] == "message":
                    self.messages.append(v)
                elif v["event"] == "answer":
                    self.answers.append(v)
                self.changed.notify_all()
        with self.changed:
            self.answers.append(None)
            self.changed.notify_all()

    def send(self, line):
        self.process.stdin.write(line if line.endswith(b"\n") else line + b"\n")
        self.process.stdin.flush()

    def answer(self, wait_s=WAIT_S):
        with self.changed:
            if not self.changed.wait_for(lambda: self.answers, wait_s):
                raise Broken("%s got no answer within %d s; its words are in %s" % (self.name, wait_s, self.log))
            answer = self.answers.popleft()
        if answer is None:
            raise Broken("the process of %s ended; its words are in %s" % (self.name, self.log))
        return answer

    def publish(self, line):
        self.send(line)
        return self.answer()

    def stop(self):
        """Lets it finish reading and end by itself."""
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
                self.process.wait(WAIT_S)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(WAIT_S)
        self.stderr.close()


class Decisions:
    """`voordeur decisions --follow`: what the broker decided, line by line, as an operator sees it."""

    def __init__(self, cli, home, seen=None):
        self.lines = []
        self.seen = seen
        self.caught_up = threading.Semaphore(0)
        self.log = os.path.join(home, "logs", "decisions.log")
        self.process = subprocess.Popen(
            [cli, "decisions", "--home", home, "--as", OPERATOR, "--from", "0", "--follow", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self._read, self._words)]
        for t in self.threads:
            t.start()

    def _words(self):
        with open(self.log, "ab") as log:
            for line in self.process.stderr:
                log.write(line)
                log.flush()
                if line.rstrip().endswith(b"now live"):
                    self.caught_up.release()

    def wait_live(self):
        """Once for each session of the reader: from here on it misses nothing, also no line of a refused event,
        which is not in the log."""
        if not self.caught_up.acquire(timeout=WAIT_S):
            raise Broken("the reader of decisions did not come to the end within %d s; its words are in %s" %
                         (WAIT_S, self.log))

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if self.seen is not None:
                self.seen(json.loads(line))

    def wait_for(self, count, settle_s=0.0):
        """Until there are count lines, and then a little longer to see whether more come."""
        until = time.monotonic() + WAIT_S
        while len(self.lines) < count and time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.01)
        time.sleep(settle_s)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for t in self.threads:
            t.join(WAIT_S)


class LiveTown:
    """A configuration brought to life in the folder home, which must not exist or be empty."""

    def __init__(self, build, config, home, clock_event=True, daemon_prefix=()):
        self.cli = os.path.join(build, "clients/cli/voordeur")
        self.daemon = os.path.join(build, "broker/voordeurd")
        self.home, self.broker, self.prefix = home, None, list(daemon_prefix)
        self.clock = ["--clock", "event"] if clock_event else []
        os.makedirs(os.path.join(home, "logs"), exist_ok=True)
        self.log = os.path.join(home, "logs", "broker.log")
        self.operators = ("127.0.0.1", free_port())
        self.run("init", home, "--town", config, "--listen", "tcp://127.0.0.1:%d" % free_port(),
                 "--operators", "tcp://%s:%d" % self.operators)
        self.parties = json.loads(self.run("parties", "--home", home, "--json"))["parties"]
        self.by_source = {p["source"]: p["party"] for p in self.parties if p.get("source")}
        self.anyone = next(p["party"] for p in self.parties if p["party"].startswith("agency:"))

    def run(self, *arguments, check=True):
        done = subprocess.run([self.cli, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise Broken("voordeur %s: status %d: %s" % (" ".join(arguments), done.returncode,
                                                         done.stderr.decode("utf-8", "replace")[:500]))
        return done.stdout

    def operator(self, *arguments, check=True):
        return self.run(*arguments, "--home", self.home, "--as", OPERATOR, check=check)

    def start(self, detached=False):
        with open(self.log, "ab") as log:
            self.broker = subprocess.Popen(
                self.prefix + [self.daemon, "--config", os.path.join(self.home, "config"), "--store",
                               os.path.join(self.home, "store"), "--node", os.path.join(self.home, "node.yaml")] +
                self.clock + (["--allow-root"] if os.geteuid() == 0 else []), stdout=log, stderr=log, start_new_session=detached)
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if self.broker.poll() is not None:
                with open(self.log, encoding="utf-8", errors="replace") as f:
                    raise Broken("the broker did not start:\n" + f.read()[-2000:])
            if self.listens() and self.answers():
                return
            time.sleep(0.005)
        raise Broken("the broker did not answer within %d s; its words are in %s" % (WAIT_S, self.log))

    def listens(self):
        try:
            socket.create_connection(self.operators, WAIT_S).close()
            return True
        except OSError:
            return False

    def answers(self):
        """Asks for its status; who ends meanwhile does not answer."""
        asked = subprocess.Popen([self.cli, "status", "--home", self.home, "--as", OPERATOR, "--json"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while asked.poll() is None and self.broker.poll() is None:
            time.sleep(0.002)
        if asked.poll() is None:
            asked.kill()
        return asked.wait() == 0

    def party(self, name, instance=""):
        return Party(self.cli, self.home, name, instance)

    def decisions(self, seen=None):
        """A reader that misses nothing of what comes from now on."""
        decisions = Decisions(self.cli, self.home, seen)
        decisions.wait_live()
        return decisions

    def sender_of(self, line):
        """The party whose key a line is sent with: the one its source belongs to, else any agency."""
        try:
            v = json.loads(line)
        except ValueError:
            return self.anyone
        source = v.get("source") if isinstance(v, dict) else None
        return self.by_source.get(source, self.anyone) if isinstance(source, str) else self.anyone

    def stop(self):
        """Asks the broker to end; returns its exit status."""
        if self.broker is None or self.broker.poll() is not None:
            return None if self.broker is None else self.broker.returncode
        self.broker.send_signal(signal.SIGTERM)
        try:
            return self.broker.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.broker.kill()
            self.broker.wait()
            return None

    def kill(self):
        if self.broker is not None and self.broker.poll() is None:
            self.broker.kill()
            self.broker.wait()
