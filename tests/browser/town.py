"""A town for the browser's tests: a broker and a gateway as real processes, in a folder of their own.

Driven by lines of JSON on standard input, each answered by one line on standard output: town.mjs is the other side.
It goes when standard input ends.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "courier")]

import broker as towns  # noqa: E402
from broker import BUILD, ROOT, TOWN, WAIT_S, Broker, signal_event  # noqa: E402

from stub import Hook  # noqa: E402

PROGRAM = os.path.join(BUILD, "clients", "gateway", "voordeur-gateway")
COURIER = os.path.join(BUILD, "clients", "courier", "voordeur-courier")
PASSWORD = "een-goed-wachtwoord"
ACCOUNTS = {"anna": "regisseur:r-anna", "bram": "regisseur:r-bram", "piet": "coordinator:c-piet", "els": "privacy_officer:p-els",
            "beheer": "operator:beheer", "toezicht": "operator:toezicht"}
# Everybody is right for one case after the other: who has least gets the next.
OUR_TOWN = TOWN.replace("capacity: 1000, hard", "capacity: 10, hard").replace("capacity: 1, hard", "capacity: 5, hard")
PARTIES = ["agency:school", "agency:politie", "agency:jeugdhulp", "service:wijkteam", "service:jeugdteam",
           "regisseur:r-anna", "regisseur:r-bram", "coordinator:c-piet", "privacy_officer:p-els", "operator:beheer",
           "operator:toezicht"]


class Gateway:
    """With a port for browsers, and a socket on which a header says which agency calls."""

    def __init__(self, broker, demonstration, limits):
        self.broker, self.process = broker, None
        b = broker
        b.write("broker.pub", b.endpoints["public_key"] + "\n")
        rows = "\n".join('  - {party: "%s", key: "%s", certificates: ["%s"]}' % (p, b.key_file(p), self.mark(p)) for p in PARTIES)
        with socket.socket() as s:  # the same port after a restart, since the browser knows it
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.socket = b.path("gateway.sock")
        b.write("gateway.yaml", "listen: [\"127.0.0.1:%d\", \"unix:%s\"]\nadmin: 127.0.0.1:0\nendpoints: gateway-endpoints\nbroker: %s\n"
                "operators: %s\nbroker_key: broker.pub\naccounts: accounts\nconsole: %s\ncourier: courier\ndemonstration: %s\n"
                "behind_proxy: {certificate_header: X-Client-Fingerprint}\nlimits: {%s}\nparties:\n%s\n" % (
                    self.port, self.socket, b.endpoints["listen"], b.endpoints["operators"],
                    os.path.join(ROOT, "clients", "console", "dist"), "yes" if demonstration else "no", limits, rows))
        for name, party in ACCOUNTS.items():
            subprocess.run([PROGRAM, "account", "add", name, party, name.capitalize(), "--config", b.path("gateway.yaml")],
                           input=PASSWORD + "\n", text=True, check=True, capture_output=True)

    @staticmethod
    def mark(party):
        return party.encode().hex()[:64].ljust(64, "0")

    def start(self):
        endpoints = self.broker.path("gateway-endpoints")
        if os.path.exists(endpoints):
            os.remove(endpoints)
        with open(self.broker.path("gateway.log"), "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "--config", self.broker.path("gateway.yaml")], stdout=log, stderr=log)
        until = time.monotonic() + WAIT_S
        while not os.path.exists(endpoints):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError("the gateway did not start:\n" + self.words())
            time.sleep(0.01)

    def words(self):
        with open(self.broker.path("gateway.log"), encoding="utf-8") as f:
            return f.read()[-8000:]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(WAIT_S)

    def post(self, party, path, text, kind="application/json"):
        """As a party's own system asks; the status and the answer."""
        body = text.encode()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(WAIT_S)
            s.connect(self.socket)
            s.sendall(("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\nX-Client-Fingerprint: %s\r\n"
                       "Content-Length: %d\r\n\r\n" % (path, kind, self.mark(party), len(body))).encode() + body)
            answer = b""
            while True:
                more = s.recv(65536)
                if not more:
                    break
                answer += more
        head, _, rest = answer.partition(b"\r\n\r\n")
        return {"status": int(head.split(b" ")[1]), "answer": rest.decode()}


class Courier:
    """Brings the mailbox of the youth team to a receiver that takes nothing, `failures` times; two tries each."""

    PARTY = "service:jeugdteam"

    def __init__(self, broker, failures):
        b = broker
        self.hook = Hook([500] * failures)
        b.write("secret", "whsec_" + base64.b64encode(bytes(range(32))).decode() + "\n", 0o400)
        b.write("courier.yaml", 'broker: "%s"\nbroker_key: broker.pub\nfolder: courier\norigin: voordeur.example\ninsecure: yes\n'
                'allow: ["127.0.0.0/8"]\nretries: {first: 20ms, factor: 1, longest: 50ms, attempts: 2}\n'
                'deliveries:\n  - {party: "%s", key: "%s", url: "%s", secrets: [secret]}\n' % (
                    b.endpoints["listen"], self.PARTY, b.key_file(self.PARTY), self.hook.url()))
        with open(b.path("courier.log"), "ab") as log:
            self.process = subprocess.Popen([COURIER, "--config", b.path("courier.yaml")], stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(WAIT_S)
        self.hook.close()


def main():
    wishes = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    town = OUR_TOWN
    for old, new in wishes.get("town", []):
        assert old in town, old
        town = town.replace(old, new)
    for old, new in wishes.get("catalogue", []):
        assert old in towns.CATALOGUE, old
        towns.CATALOGUE = towns.CATALOGUE.replace(old, new)
    numbers = 0
    made = Broker(parties=PARTIES, town=town, approvals=wishes.get("approvals", "one"),
                  node=["signing_key: keys/signing.key"] if wishes.get("signed") else [])
    if wishes.get("signed"):
        made.write("keys/signing.key", "%064x\n" % 11, 0o400)
    with made as broker:
        if wishes.get("steady", True):  # the gateway finds the broker where it was, after a restart
            node = broker.path("node.yaml")
            broker.stop()
            with open(node, encoding="utf-8") as f:
                text = f.read()
            for zone in ("listen", "operators"):
                text = text.replace(zone + ": tcp://127.0.0.1:*", "%s: %s" % (zone, broker.endpoints[zone]), 1)
            broker.write("node.yaml", text)
            broker.start()
        gateway = Gateway(broker, wishes.get("demonstration", False), wishes.get("limits", "requests_per_second: 1000, burst: 2000"))
        gateway.start()
        courier = Courier(broker, wishes["courier"]) if "courier" in wishes else None
        print(json.dumps({"url": "http://localhost:%d" % gateway.port, "password": PASSWORD}), flush=True)
        try:
            for line in sys.stdin:
                wish = json.loads(line)
                told = {}
                if wish["do"] == "publish":
                    numbers += 1
                    event = signal_event(wish["agency"], wish.get("id", "s-%d" % numbers), wish.get("person", 0), **wish.get("more", {}))
                    told = gateway.post("agency:" + wish["agency"], "/v1/signals", event, "application/cloudevents+json")
                elif wish["do"] == "post":
                    told = gateway.post(wish["party"], wish["path"], json.dumps(wish["body"]))
                elif wish["do"] == "stop broker":
                    broker.stop(signal.SIGKILL if wish.get("hard") else signal.SIGTERM)
                elif wish["do"] == "start broker":
                    broker.start()
                elif wish["do"] == "stop gateway":
                    gateway.stop()
                elif wish["do"] == "start gateway":
                    gateway.start()
                elif wish["do"] == "words":
                    told = {"gateway": gateway.words(), "broker": broker.log()}
                else:
                    raise AssertionError(wish)
                print(json.dumps(told), flush=True)
        finally:
            if courier is not None:
                courier.stop()
            if gateway.process.poll() is None:
                gateway.stop()


if __name__ == "__main__":
    main()
