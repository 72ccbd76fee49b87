"""A town to talk to over HTTP: a broker (tests/integration/broker.py) and a gateway in front of it.

The gateway stands behind a proxy that vouches for who calls: a header on its unix socket names the fingerprint of a
certificate, one for each party. So a test asks as whomever it wants.
"""

import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from broker import BSNS, PARTIES, Broker, signal_event  # noqa: E402,F401
from gateway import PATIENCE, Answer, Gateway, read_answer, read_head, wait_for  # noqa: E402,F401

AUDITED = [*PARTIES, "auditor:a-jo"]
LIMITS = "limits: {requests_per_second: 1000000, burst: 1000000, streams_per_caller: 64}\n"
EVENT, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def fingerprint(party):
    return hashlib.sha256(party.encode()).hexdigest()


class Reply(Answer):
    """An answer whose body is JSON, where there is one."""

    def __init__(self, answer):
        super().__init__(answer.status, answer.headers, answer.body)
        kind = self.header("content-type").split(";")[0]
        self.json = json.loads(answer.body) if kind.endswith("json") and answer.body else None

    def want(self, status, code=None):
        if self.status != status or (code and (self.json or {}).get("code") != code):
            raise AssertionError(f"{status} {code or ''} was wanted, this came: {self.status} {self.body[:2000]!r}")
        return self


def read_body(s, answer, rest):
    """The body of an answer whose head was read."""
    length = int(answer.header("content-length") or 0)
    while len(rest) < length:
        rest += s.recv(65536)
    answer.body = rest[:length]
    return answer


class Stream:
    """Server-sent events as they come."""

    def __init__(self, socket):
        self.socket = socket
        self.answer, self.rest = read_head(socket)
        self.chunked = self.answer.header("transfer-encoding") == "chunked"
        self.text = b""
        self.raw = self.rest
        self.take(b"")

    def take(self, more):
        if not self.chunked:
            self.text += self.raw + more
            self.raw = b""
            return
        self.raw += more
        while True:
            head, mark, rest = self.raw.partition(b"\r\n")
            if not mark or len(rest) < int(head, 16) + 2:
                return
            size = int(head, 16)
            self.text += rest[:size]
            self.raw = rest[size + 2:]

    def next(self):
        """The next event: {id, event, data}; comments are passed over. None: the stream ended."""
        while True:
            while b"\n\n" in self.text:
                frame, self.text = self.text.split(b"\n\n", 1)
                event = {}
                for line in frame.decode().split("\n"):
                    name, _, value = line.partition(": ")
                    if name in ("id", "event", "data"):
                        event[name] = json.loads(value) if name == "data" else value
                if event:
                    return event
            more = self.socket.recv(65536)
            if not more:
                return None
            self.take(more)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Town:
    def __init__(self, text="", limits=LIMITS, console="", **broker):
        self.broker = Broker(parties=broker.pop("parties", AUDITED), **broker)
        self.text, self.limits = text, limits
        self.before = None  # as of Gateway
        self.gateway = None

    def __enter__(self):
        self.broker.__enter__()
        self.start_gateway()
        return self

    def start_gateway(self):
        b = self.broker
        b.write("broker.pub", b.endpoints["public_key"] + "\n")
        rows = ", ".join(f'{{party: "{p}", key: "{b.key_file(p)}", certificates: ["{fingerprint(p)}"], token_subjects: ["{p}"]}}'
                         for p in b.parties)
        text = (f"operators: {b.endpoints['operators']}\nbehind_proxy: {{certificate_header: X-Client-Fingerprint}}\n"
                f"{self.limits}{self.text}")
        self.gateway = Gateway(folder=b.home, listen=f"unix:{b.path('gateway.sock')}", parties=f"[{rows}]",
                               broker=b.endpoints["listen"], text=text)
        self.gateway.before = self.before
        self.gateway.start()

    def __exit__(self, kind, error, trace):
        if error is not None and self.gateway is not None:
            print("---- the gateway's words\n" + self.gateway.words()[-4000:])
        status = self.gateway.stop() if self.gateway is not None else 0
        self.broker.__exit__(kind, error, trace)
        if error is None and status != 0:
            raise AssertionError(f"the gateway ended with {status}")

    def request(self, party, method, path, body=None, headers=(), kind=None):
        """The bytes of a request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if party is not None:
            lines.append("X-Client-Fingerprint: " + fingerprint(party))
        if body is not None:
            body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
            lines += [f"Content-Length: {len(body)}", "Content-Type: " + (kind or "application/json")]
        lines += [f"{n}: {v}" for n, v in dict(headers).items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + (body or b"")

    def ask(self, party, method, path, body=None, headers=(), kind=None):
        with self.gateway.connect() as s:
            s.sendall(self.request(party, method, path, body, headers, kind))
            return Reply(read_answer(s))

    def get(self, party, path, **headers):
        return self.ask(party, "GET", path, headers=headers)

    def post(self, party, path, body=None, headers=(), kind=None):
        return self.ask(party, "POST", path, {} if body is None else body, headers, kind)

    def signal(self, agency, event_id, **data):
        return self.post("agency:" + agency, "/v1/signals", signal_event(agency, event_id, **data), kind=EVENT)

    def stream(self, party, path, **headers):
        s = self.gateway.connect()
        s.sendall(self.request(party, "GET", path, headers=headers))
        return Stream(s)

    def case(self, person=0, prefix="c"):
        """Signals of two domains about one person, and the case that comes of them: its id."""
        self.signal("school", f"{prefix}-s{person}", person=person).want(201)
        self.signal("politie", f"{prefix}-p{person}", person=person).want(201)
        holder = self.holder()
        return holder[0], holder[1]

    def holder(self):
        """The newest case and its regisseur."""
        found = []
        for party in ("regisseur:r-anna", "regisseur:r-bram"):
            for one in self.get(party, "/v1/cases").want(200).json["items"]:
                found.append((int(one["id"][1:]), one["id"], party))
        if not found:
            raise AssertionError("there is no case")
        return max(found)[1:]
