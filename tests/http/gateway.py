"""A gateway as a real process, for the tests of tests/http. Standard library only."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("VDR_BUILD", "build/debug")
PROGRAM = os.path.join(BUILD, "clients", "gateway", "voordeur-gateway")
PEER = os.path.join(BUILD, "tests", "integration", "integration_peer")
PATIENCE = 30  # seconds; only a broken gateway takes them


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.01)


def new_folder():
    """It is gone when the tests have ended."""
    folder = tempfile.mkdtemp(prefix="voordeur-http-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Gateway:
    """Runs in a folder of its own. `text` is gateway.yaml besides listen, admin and endpoints."""

    def __init__(self, folder=None, listen="127.0.0.1:0", text="", parties="[]", broker="tcp://127.0.0.1:1"):
        self.folder = folder or new_folder()
        self.config = os.path.join(self.folder, "gateway.yaml")
        self.endpoints = os.path.join(self.folder, "endpoints")
        broker_key = os.path.join(self.folder, "broker.pub")
        if not os.path.exists(broker_key):
            with open(broker_key, "w") as f:
                f.write("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\n")
        with open(self.config, "w") as f:
            f.write(f"listen: {listen}\nadmin: 127.0.0.1:0\nendpoints: endpoints\nbroker: {broker}\n"
                    f"broker_key: broker.pub\nparties: {parties}\n{text}")
        self.process = None
        self.before = None  # called in the process to be, as to set its limits

    def start(self):
        if os.path.exists(self.endpoints):
            os.unlink(self.endpoints)
        self.errors = open(os.path.join(self.folder, "stderr"), "ab")
        self.process = subprocess.Popen([PROGRAM, "--config", self.config], stderr=self.errors, preexec_fn=self.before)
        wait_for("the gateway's addresses", lambda: os.path.exists(self.endpoints) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.words()}")
        self.addresses = {"listen": [], "admin": []}
        with open(self.endpoints) as f:
            for line in f:
                kind, address = line.split(maxsplit=1)
                self.addresses[kind].append(address.strip())
        return self

    def words(self):
        with open(os.path.join(self.folder, "stderr")) as f:
            return f.read()

    def connect(self, kind="listen", number=0):
        address = self.addresses[kind][number]
        if address.startswith("unix:"):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(PATIENCE)
            s.connect(address[5:])
            return s
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE)

    def port(self, number=0):
        return int(self.addresses["listen"][number].rsplit(":", 1)[1])

    def ask(self, request, **where):
        """Sends the bytes and reads to the end of the connection, or of the answers."""
        with self.connect(**where) as s:
            s.sendall(request)
            return read_answer(s)

    def get(self, path, headers=(), **where):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode(), **where)

    def metric(self, name):
        for line in self.get("/metrics", kind="admin").body.decode().splitlines():
            if line.startswith(f"voordeur_gateway_{name} "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.errors.close()
        self.process = None
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        status = self.stop()
        words = self.words()
        if kind is None and status != 0:
            raise AssertionError(f"the gateway ended with {status}: {words}")


    def make_key(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            subprocess.run([PEER, "--keys", path], check=True, stdout=subprocess.DEVNULL)

    def account(self, *words, password=""):
        """voordeur-gateway account …"""
        return subprocess.run([PROGRAM, "account", *words, "--config", self.config], input=password + "\n", text=True,
                              capture_output=True, timeout=PATIENCE)

    def check(self):
        return subprocess.run([PROGRAM, "--config", self.config, "--check"], text=True, capture_output=True,
                              timeout=PATIENCE)

    def post(self, path, body, headers=(), **where):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return self.ask(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n{lines}\r\n{body}".encode(), **where)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # name in lower case: list of values
        self.body = body

    def header(self, name):
        return ", ".join(self.headers.get(name, []))

    def json(self):
        return json.loads(self.body)


def read_head(s, buffered=b""):
    data = buffered
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return None, data
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    status = int(lines[0].split(b" ")[1])
    headers = {}
    for line in lines[1:]:
        name, value = line.split(b": ", 1)
        headers.setdefault(name.decode().lower(), []).append(value.decode())
    return Answer(status, headers, b""), rest


def read_answer(s, buffered=b""):
    """One answer with its body, as its length says; None: the connection was closed without one."""
    answer, rest = read_head(s, buffered)
    if answer is None:
        return None
    length = int(answer.header("content-length") or 0)
    while len(rest) < length:
        more = s.recv(65536)
        if not more:
            raise AssertionError("the answer was cut")
        rest += more
    answer.body, answer.rest = rest[:length], rest[length:]
    return answer


def read_all(s):
    data = b""
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def tests(names):
    """Runs the functions test_* of a module, or those named on the command line."""
    failed = 0
    wanted = sys.argv[1:]
    for name, call in sorted(names.items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        begin = time.monotonic()
        try:
            call()
            print(f"ok    {name} ({time.monotonic() - begin:.1f} s)")
        except Exception as error:  # every test is to be seen
            failed += 1
            place = traceback.extract_tb(error.__traceback__)
            lines = ", ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in place[1:])
            print(f"FAIL  {name} ({lines}): {type(error).__name__}: {error}")
    sys.exit(1 if failed else 0)
