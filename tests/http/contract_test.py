#!/usr/bin/python3
"""Requests made from openapi.json against a real broker and gateway: each answer is one that is described, good requests
are not called bad, bad ones are told everything that is wrong with them, and each role may do what the list says."""

import json
import random
import re
import sys

from contract import API, PROBLEM, bad, check, faults, good, operations, path_of
from roles_expected import ROLES
from town import Reply, Town, read_answer, read_body, read_head

KEYS = {"agency": "agency:school", "regisseur": "regisseur:r-anna", "service": "service:wijkteam",
        "coordinator": "coordinator:c-piet", "privacy_officer": "privacy_officer:p-els",
        "operator": "operator:beheer", "auditor": "auditor:a-jo"}
STREAMS = {"streamMessages", "streamDecisions"}
SIGN = {"createSession", "deleteSession"}  # sessions have tests of their own
# Members that exclude each other, which a schema does not say.
CROSSED = {"addAbsence", "addRequest", "correctSignal", "explain", "noteCase", "propose", "startBacktest"}


class World:
    """A town with something of everything, and one connection for each party."""

    def __init__(self, town):
        self.town = town
        self.case, self.holder = town.case(3)
        household = town.get(self.holder, f"/v1/cases/{self.case}").want(200).json["household"]
        self.values = {"id": None, "number": 1, "name": "queues", "code": "not_found", "regisseur": "r-bram",
                       "letter": "regisseur-r-anna.1"}
        self.ids = {"signals": "c-s3", "cases": self.case, "households": household, "regisseurs": "r-anna"}
        self.connections = {}

    def ask(self, party, operation, body=None, media=None, headers=(), path=None):
        path = path or path_of(operation, {**self.values, "id": self.ids.get(operation.path.split("/")[2], "x")})
        if operation.ident in STREAMS:
            with self.town.gateway.connect() as s:
                s.sendall(self.town.request(party, "GET", path, headers={"Accept": "text/event-stream, " + PROBLEM}))
                answer, rest = read_head(s)
                return Reply(answer if answer.status == 200 else read_body(s, answer, rest))
        accept = {"Accept": "text/html, text/css, application/problem+json"} if "docs" in path or "problems" in path else {}
        request = self.town.request(party, operation.method, path, body, {**accept, **dict(headers)}, media)
        for attempt in range(2):  # a connection may have been closed in between
            s = self.connections.get(party) or self.town.gateway.connect()
            self.connections[party] = s
            try:
                s.sendall(request)
                answer = read_answer(s)
            except (BrokenPipeError, ConnectionResetError):
                answer = None
            if answer is not None and answer.header("connection") != "close":
                return Reply(answer)
            s.close()
            del self.connections[party]
            if answer is not None:
                return Reply(answer)
        raise AssertionError(f"{operation.name}: no answer")

    def close(self):
        for s in self.connections.values():
            s.close()


def example(content):
    """The description's example, of this town."""
    text = json.dumps(content["example"])
    return json.loads(text.replace("urn:nld:oin:00000099000000010000:systeem:magister", "urn:test:school")
                      .replace("nl.onderwijs.verzuim-gemeld.v1", "test.verzuim.v1"))


def served():
    return [o for o in operations() if o.ident not in SIGN]


def check_roles(world):
    """Cell by cell: a role that may is never told wrong_role, one that may not always is."""
    described = {(o.method, o.path): set(o.roles) if o.roles else None for o in operations()}
    assert described == ROLES, {k: (described.get(k), ROLES.get(k)) for k in described.keys() | ROLES.keys()
                                if described.get(k, 0) != ROLES.get(k, 0)}
    cells = 0
    for o in served():
        body, media = o.example()
        for role, party in [*KEYS.items(), (None, None)]:
            may = ROLES[o.method, o.path] is None or role in ROLES[o.method, o.path]
            if may and o.method != "GET":
                continue  # good requests are below: here nothing shall change
            reply = world.ask(party, o, body, media)
            check(o, reply)
            code = (reply.json or {}).get("code") if reply.status >= 400 else None
            if role is None and not may:
                assert reply.status == 401 and code == "unauthenticated", (o.name, reply.status, code)
            elif may:
                assert code not in ("wrong_role", "unauthenticated"), (o.name, role, code)
            else:
                assert reply.status == 403 and code == "wrong_role", (o.name, role, reply.status, code)
            cells += 1
    print(f"roles: {cells} cells")


def parties_of(o):
    return [KEYS[r] for r in o.roles] if o.roles else [None]


def check_good(world):
    """What fits the schemas is answered as described and not called malformed."""
    dice = random.Random(20260302)
    asked = 0
    for o in served():
        for media, content in o.bodies.items():
            schema = content["schema"]
            bodies = [example(content)] + [good(schema, dice, i > 0) for i in range(6)]
            for body in bodies:
                assert not faults(schema, body), (o.name, body, faults(schema, body))
                for party in parties_of(o)[:2]:
                    headers = {}
                    if o.ident == "createSignals" and media == "application/json":
                        headers = {"ce-specversion": "1.0", "ce-id": f"b-{dice.random()}", "ce-source": "urn:test:school",
                                   "ce-type": "test.verzuim.v1", "ce-time": "2026-03-02T09:00:00Z"}
                    reply = world.ask(party, o, body, media, headers)
                    check(o, reply)
                    assert o.ident in CROSSED or reply.status != 400, (o.name, body, reply.body)
                    asked += 1
        if not o.bodies:
            for party in parties_of(o):
                check(o, world.ask(party, o))
                asked += 1
    print(f"good: {asked} requests")


def check_bad(world):
    """A body that is wrong in one place is refused, and the place is told."""
    asked = 0
    for o in served():
        for media, content in o.bodies.items():
            if media.endswith("batch+json") or (o.ident == "createSignals" and media == "application/json"):
                continue  # an item's faults are in its own problem; event_test.py
            party = parties_of(o)[0]
            for pointer, code, body in bad(content["schema"], example(content)):
                assert faults(content["schema"], body) or code in (None, "bad_instant"), (o.name, body)
                reply = world.ask(party, o, body, media)
                check(o, reply)
                judged = o.ident == "tryEvent" and reply.status == 200 and reply.json["lines"][0]["verdict"] != "accepted"
                if reply.status in (413, 422) or judged:  # what the law has a verdict for, as a severity of 0
                    asked += 1
                    continue
                assert reply.status == 400, (o.name, body, reply.status, reply.body)
                told = {(e["pointer"], e["code"]) for e in reply.json.get("errors", [])}
                near = {p for p, _ in told}
                assert pointer in near or any(pointer.startswith(p + "/") for p in near), (o.name, pointer, told)
                assert code is None or o.ident in CROSSED or any(c == code for _, c in told), (o.name, pointer, code, told)
                asked += 1
    print(f"bad: {asked} requests")


def check_parameters(world):
    asked = 0
    for o in served():
        party = parties_of(o)[0]
        if o.ident in STREAMS or o.roles is None:
            continue
        body, media = o.example()
        path = path_of(o, {**world.values, "id": world.ids.get(o.path.split("/")[2], "x")})
        for p in o.parameters:
            if p["in"] == "query" and p["schema"].get("type") in ("integer", "boolean"):
                for wrong in ("-1", "x", "", "99999999999999999999"):
                    reply = world.ask(party, o, body, media, path=f"{path}?{p['name']}={wrong}")
                    check(o, reply)
                    assert reply.status == 400, (o.name, p["name"], wrong, reply.status)
                    assert {"?" + p["name"]} == {e["pointer"] for e in reply.json["errors"]} or o.ident == "explain"
                    asked += 1
        if o.method == "GET":
            reply = world.ask(party, o, path=path + "?nobodyKnowsThis=1")
            check(o, reply)
            assert reply.status == 400 and reply.json["errors"][0]["pointer"] == "?nobodyKnowsThis", o.name
        for name in re.findall(r"\{([a-z]+)\}", o.path):
            if name in ("id", "number") and "signals" not in o.path and "regisseurs" not in o.path:
                for wrong in ("x", "C0", "0", "C1x", "%00", "%C3%28"):
                    values = {**world.values, "id": "C1", name: wrong}
                    reply = world.ask(party, o, body, media, path=path_of(o, values))
                    assert reply.status in (400, 404), (o.name, wrong, reply.status)
                    asked += 1
    print(f"parameters: {asked} requests")


def check_edges(world):
    """Methods, types and paths that are not."""
    t = world.town
    for path, allow in (("/v1/cases", "GET"), ("/v1/session", "GET, POST, DELETE"), ("/v1/signals", "POST")):
        reply = t.ask("regisseur:r-anna", "PATCH", path, {})
        assert reply.status == 405 and reply.header("allow") == allow, (path, reply.status, reply.header("allow"))
    for path in ("/v1/cases/", "/v1", "/v1/nothing", "/v2/cases", "/v1/cases/C1/plans"):
        t.get("regisseur:r-anna", path).want(404, "no_such_path")
    t.get("regisseur:r-anna", "/v1/cases", Accept="image/png").want(406, "not_acceptable")
    t.ask("agency:school", "POST", "/v1/signals", "{}", kind="text/plain").want(415, "unsupported_type")
    t.ask("regisseur:r-anna", "POST", "/v1/cases/C1/declines", "{}", kind="application/xml").want(415)
    for code in ("not_found", "invalid_request", "malformed"):
        page = t.get(None, "/problems/" + code, Accept="text/html").want(200)
        assert code.encode() in page.body
    t.get(None, "/problems/nonsense", Accept="text/html").want(404)
    for path, kind in (("/v1/docs", "text/html"), ("/v1/docs/style", "text/css"), ("/problems/busy", "text/html")):
        page = t.get(None, path, Accept=kind).want(200)
        text = page.body.decode()
        # Nothing from outside, and nothing that the policy of pages does not let through.
        assert not re.search(r"(src|href)=['\"]?(https?:)?//|<script|<style| style=|@import|url\(", text), path
        assert kind != "text/html" or ("<html lang=" in text and "<main>" in text and text.count("<h1>") == 1), path
    own = t.get(None, "/v1/openapi.json").want(200)
    assert own.json == API and own.header("access-control-allow-origin") == "*"


def main():
    with Town() as town:
        world = World(town)
        try:
            for step in (check_roles, check_bad, check_parameters, check_edges, check_good):
                if len(sys.argv) == 1 or step.__name__ in sys.argv:
                    step(world)
        finally:
            world.close()
    return 0


sys.exit(main())
