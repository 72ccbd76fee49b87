#!/usr/bin/python3
"""Server-sent events: they come by themselves and in order, go on after the last id, over a lost connection, a restart of
the gateway and one of the broker, without loss or double; and a client that does not read holds nobody up."""

import json
import os
import time

from gateway import new_folder, tests
from keys import Signer, key_set
from town import LIMITS, Town, signal_event, wait_for

PASSWORD = "zeven paarse olifanten"
HOLDER = "service:jeugdteam"  # gets every signal of a school that no case takes


def fixed_ports(town):
    """The broker's next start is at the same addresses."""
    text = open(town.broker.path("node.yaml"), encoding="utf-8").read()
    town.broker.write("node.yaml", text.replace("listen: tcp://127.0.0.1:*", "listen: " + town.broker.endpoints["listen"])
                      .replace("operators: tcp://127.0.0.1:*", "operators: " + town.broker.endpoints["operators"]))


def publish(town, first, last):
    """Signals about people of their own: each is a message to the service."""
    events = [json.loads(signal_event("school", f"m-{n}", person=n)) for n in range(first, last + 1)]
    reply = town.post("agency:school", "/v1/signals", json.dumps(events), kind="application/cloudevents-batch+json")
    assert {i["status"] for i in reply.want(200).json["items"]} == {201}


def take(stream, first, last):
    """The events with these numbers, no other."""
    for seq in range(first, last + 1):
        event = stream.next()
        assert event is not None, f"the stream ended before {seq}"
        assert event["id"] == str(seq) and event["data"]["seq"] == seq, (seq, event)
        assert event["event"] == event["data"]["kind"] == "regular_signal"
        assert event["data"]["signal"]["id"] == f"m-{seq}"


def test_messages_come_by_themselves_and_go_on_after_the_last_id():
    with Town() as town:
        with town.stream(HOLDER, "/v1/mailbox/events") as stream:
            assert stream.answer.header("content-type").startswith("text/event-stream")
            publish(town, 1, 5)
            take(stream, 1, 5)
        publish(town, 6, 8)
        with town.stream(HOLDER, "/v1/mailbox/events", **{"Last-Event-ID": "5"}) as stream:
            take(stream, 6, 8)
            publish(town, 9, 9)
            take(stream, 9, 9)
        with town.stream(HOLDER, "/v1/mailbox/events?after=3", **{"Last-Event-ID": "7"}) as stream:
            take(stream, 8, 9)
        with town.stream(HOLDER, "/v1/mailbox/events?after=3") as stream:
            take(stream, 4, 9)
        town.post(HOLDER, "/v1/mailbox/acknowledgements", {"upTo": 6}).want(200)
        with town.stream(HOLDER, "/v1/mailbox/events") as stream:
            take(stream, 7, 9)
        town.post(HOLDER, "/v1/mailbox/acknowledgements", {"upTo": 60}).want(404, "not_found")
        page = town.get(HOLDER, "/v1/mailbox?limit=2").want(200).json
        assert [m["seq"] for m in page["items"]] == [7, 8] and page["next"] == "8", page
        page = town.get(HOLDER, "/v1/mailbox?after=" + page["next"]).want(200).json
        assert [m["seq"] for m in page["items"]] == [9] and "next" not in page, page
        assert town.get(HOLDER, "/v1/mailbox?after=999").want(200).json["items"] == []
        assert town.get(HOLDER, "/v1/mailbox?after=0").want(200).json["items"][0]["seq"] == 7


def test_a_restart_of_the_broker_loses_and_doubles_nothing():
    with Town() as town:
        fixed_ports(town)
        with town.stream(HOLDER, "/v1/mailbox/events") as stream:
            publish(town, 1, 3)
            take(stream, 1, 3)
            assert town.broker.stop() == 0
            town.broker.start()
            wait_for("the session", lambda: town.get("agency:school", "/v1/me").status == 200)
            publish(town, 4, 6)
            take(stream, 4, 6)


def test_a_restart_of_the_gateway_is_resumed():
    with Town() as town:
        with town.stream(HOLDER, "/v1/mailbox/events") as stream:
            publish(town, 1, 3)
            take(stream, 1, 3)
            town.gateway.stop()
            assert stream.next() is None
        town.start_gateway()
        publish(town, 4, 4)
        with town.stream(HOLDER, "/v1/mailbox/events", **{"Last-Event-ID": "3"}) as stream:
            take(stream, 4, 4)


def lines(town, position):
    """(id, line) of the log from a position on, until it is caught up."""
    got = []
    with town.stream("operator:beheer", f"/v1/decisions/events?from={position}") as stream:
        while True:
            event = stream.next()
            if event["event"] == "caught-up":
                return got
            got.append((event["id"], event["data"]))


def test_decisions_go_on_line_by_line():
    with Town() as town:
        town.case(3)
        whole = lines(town, 1)
        assert len(whole) >= 4 and [p["position"] for _, p in whole] == sorted(p["position"] for _, p in whole)
        for at in range(len(whole)):
            with town.stream("operator:beheer", "/v1/decisions/events", **{"Last-Event-ID": whole[at][0]}) as stream:
                rest = []
                while (event := stream.next())["event"] != "caught-up":
                    rest.append((event["id"], event["data"]))
                assert rest == whole[at + 1:], (whole[at][0], rest)
        with town.stream("operator:beheer", "/v1/decisions/events") as stream:
            while stream.next()["event"] != "caught-up":
                pass
            town.signal("school", "refused", person=3, severity=9).want(422, "bad_severity")
            event = stream.next()
            assert "id" not in event and event["data"]["position"] == 0
            assert event["data"]["line"]["verdict"] == "bad_severity"
        town.stream("operator:beheer", "/v1/decisions/events", **{"Last-Event-ID": "x"}).close()


def test_a_client_that_does_not_read_holds_nobody_up():
    limits = LIMITS.replace("streams_per_caller: 64", "streams_per_caller: 64, stream_buffer: 4096")
    with Town(limits=limits) as town:
        slow = town.stream(HOLDER, "/v1/mailbox/events")
        for n in range(20):
            publish(town, 1 + 250 * n, 250 * (n + 1))
        with town.stream(HOLDER, "/v1/mailbox/events?after=4990") as stream:
            take(stream, 4991, 5000)
        seen = 0  # what was held back is there as soon as it is read; or it was let go, and resumes
        while seen < 5000:
            event = slow.next()
            if event is None:
                slow.close()
                slow = town.stream(HOLDER, "/v1/mailbox/events", **{"Last-Event-ID": str(seen)})
                continue
            assert int(event["id"]) == seen + 1, (event, seen)
            seen += 1
        slow.close()


def changed(stream):
    """The next event that is no message: one without an id."""
    event = stream.next()
    while event["event"] != "changed":
        event = stream.next()
    assert "id" not in event, event
    return event["data"]


def test_all_windows_of_a_party_are_told_of_its_own_acts():
    with Town() as town:
        case, holder = town.case()
        other = "regisseur:r-bram" if holder == "regisseur:r-anna" else "regisseur:r-anna"
        with town.stream(holder, "/v1/mailbox/events") as stream:
            newest = stream.next()["id"]
            with town.stream(holder, "/v1/mailbox/events?after=" + newest) as first, \
                    town.stream(holder, "/v1/mailbox/events?after=" + newest) as second, \
                    town.stream(other, "/v1/mailbox/events") as strange, \
                    town.stream("coordinator:c-piet", "/v1/mailbox/events") as desk:
                for window in (first, second):  # the gateway has it: what follows comes after
                    assert window.answer.status == 200
                done = town.post(holder, f"/v1/cases/{case}/acceptances", headers={"Idempotency-Key": "k1"}).want(201).json
                told = {"act": "http-key-k1", "position": done["position"], "case": case, "revision": done["revision"]}
                assert changed(first) == told and changed(second) == told
                # The same act again changes nothing, and nobody is told; an act without a case has none.
                town.post(holder, f"/v1/cases/{case}/acceptances", headers={"Idempotency-Key": "k1"}).want(200)
                away = {"from": "2040-01-01T00:00:00Z", "to": "2040-02-01T00:00:00Z"}
                rest = town.post(holder, f"/v1/regisseurs/{holder.split(':')[1]}/absences", away,
                                 headers={"Idempotency-Key": "k2"}).want(201).json
                assert changed(first) == {"act": "http-key-k2", "position": rest["position"]}
                # Others hear nothing of it; a coordinator hears of what coordinators do.
                town.post("coordinator:c-piet", f"/v1/cases/{case}/assignments", {"regisseur": other.split(":")[1]},
                          headers={"Idempotency-Key": "k3"}).want(201)
                assert changed(desk)["act"] == "http-key-k3"
                assert strange.next()["event"] == "case_offered"
        # Where to go on after is as it was.
        with town.stream(holder, "/v1/mailbox/events", **{"Last-Event-ID": newest}) as stream:
            assert stream.next()["event"] == "case_taken_back"


def test_streams_are_limited_and_refused_in_words():
    with Town(limits=LIMITS.replace("streams_per_caller: 64", "streams_per_caller: 2")) as town:
        open_ones = [town.stream(HOLDER, "/v1/mailbox/events") for _ in range(2)]
        assert [s.answer.status for s in open_ones] == [200, 200]
        town.get(HOLDER, "/v1/mailbox/events", Accept="text/event-stream").want(429)
        for s in open_ones:
            s.close()
        wait_for("a place", lambda: town.stream(HOLDER, "/v1/mailbox/events").answer.status == 200)
        town.get(HOLDER, "/v1/mailbox/events?after=x", Accept="text/event-stream").want(400)
        town.get(HOLDER, "/v1/mailbox/events", Accept="application/json").want(406)


def signed_in(town, name):
    """A session of a local account of HOLDER: the headers that show it."""
    made = town.gateway.account("add", name, HOLDER, name.title(), password=PASSWORD)
    assert made.returncode == 0, made.stderr
    begun = town.post(None, "/v1/session", {"account": name, "password": PASSWORD}).want(201)
    return {"Cookie": begun.header("set-cookie").split(";")[0], "X-CSRF-Token": begun.json["csrfToken"]}


def test_a_stream_ends_with_its_session():
    with Town(text="accounts: accounts\n") as town:
        shown, other = signed_in(town, "anna"), signed_in(town, "bert")
        stream = town.stream(None, "/v1/mailbox/events", **shown)
        beside = town.stream(None, "/v1/mailbox/events", **other)
        publish(town, 1, 1)
        take(stream, 1, 1)
        take(beside, 1, 1)
        town.ask(None, "DELETE", "/v1/session", headers=shown).want(204)
        assert stream.next() is None, "a stream of nobody"
        publish(town, 2, 2)
        take(beside, 2, 2)
        assert town.gateway.account("remove", "bert").returncode == 0
        assert beside.next() is None, "a stream of an account that is no more"


def test_a_stream_ends_with_its_token():
    folder = new_folder()
    signer = Signer(folder, "k1")
    with open(os.path.join(folder, "keys.json"), "w", encoding="utf-8") as f:
        f.write(key_set(signer))
    with Town(text=f"jwt: {{issuer: \"https://login.example\", audience: voordeur, jwks: {folder}/keys.json}}\n") as town:
        for left_s in (3, 10, 20, 40):  # of the minute of grace; a slow machine has the next
            token = signer.token(sub=HOLDER, exp=int(time.time()) - 60 + left_s)
            stream = town.stream(None, "/v1/mailbox/events", Authorization="Bearer " + token)
            if stream.answer.status == 200:
                break
        assert stream.answer.status == 200
        stream.socket.settimeout(60)
        assert stream.next() is None, "a stream of a token that holds no more"


tests(dict(globals()))
