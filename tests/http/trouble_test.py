"""What goes wrong behind the gateway or around it: a full store, a broker that is away, a key that is revoked, descriptors
that run out, a key set of tokens that changes."""

import json
import resource
import signal
import time

from gateway import Gateway, read_answer, tests, wait_for
from town import BATCH, EVENT, LIMITS, Town, signal_event

SCHOOL, OPERATOR = "agency:school", "operator:beheer"


def test_a_full_store_is_told_at_once():
    town = Town(limits=LIMITS.replace("limits: {", "limits: {answer_time: 60s, "))
    town.broker.limits = "store: 16MiB"
    town.broker.write_node()
    with town:
        first = signal_event("school", "f-first")
        town.post(SCHOOL, "/v1/signals", first, kind=EVENT).want(201)
        full = None
        for batch in range(60):
            events = [json.loads(signal_event("school", f"f-{batch}-{i}", detail="x" * 400)) for i in range(1000)]
            begin = time.monotonic()
            items = town.post(SCHOOL, "/v1/signals", json.dumps(events), kind=BATCH).want(200).json["items"]
            full = [i["problem"]["code"] for i in items if i["status"] == 503]
            if full:
                break
        assert full and set(full) == {"store_full"}, full
        # Not after the answer time, when nobody listens any more.
        assert time.monotonic() - begin < 50
        reply = town.signal("school", "f-one").want(503, "store_full")
        assert int(reply.header("retry-after")) >= 1
        town.get(SCHOOL, "/v1/signals/f-first").want(503, "store_full")  # what cannot be logged as seen is not shown
        mailbox = town.get("service:jeugdteam", "/v1/mailbox?limit=10").want(200).json
        last = mailbox["items"][-1]["seq"]
        town.post("service:jeugdteam", "/v1/mailbox/acknowledgements", {"upTo": last}).want(200)


def ready(gateway):
    return gateway.get("/health/ready", kind="admin").status


def test_ready_is_asked_of_the_broker_and_not_of_who_came_before():
    with Town() as town:
        gateway = town.gateway
        wait_for("a session, though nobody has asked for anything", lambda: ready(gateway) == 200)
        town.broker.stop()
        wait_for("the loss to be noticed", lambda: ready(gateway) == 503)
        assert gateway.get("/health/live", kind="admin").status == 200
    with Gateway() as gateway:  # parties: []
        assert ready(gateway) == 200, "there is nothing that it could wait for"


def test_a_key_that_is_revoked_ends_what_runs():
    with Town() as town:
        town.signal("school", "rk-1").want(201)
        with town.stream(SCHOOL, "/v1/mailbox/events") as stream:
            assert stream.answer.status == 200
            town.broker.parties.remove(SCHOOL)
            town.broker.write_node()
            town.broker.process.send_signal(signal.SIGHUP)
            assert wait_for("the agency's refusal", lambda: refusal(town, "rk-2")) in ("disconnected", "key_revoked", "unknown_key")
            # Others are served, and the gateway is ready for them.
            town.signal("politie", "rk-3").want(201)
            assert ready(town.gateway) == 200
            # With the key back, the same session goes on by itself, the stream too.
            town.broker.parties.append(SCHOOL)
            town.broker.write_node()
            town.broker.process.send_signal(signal.SIGHUP)
            wait_for("the agency to be known again", lambda: town.signal("school", "rk-4").status in (200, 201))


def refusal(town, ident):
    """The code, once the agency is refused; before, it may have been quicker than the revocation."""
    reply = town.signal("school", ident)
    assert reply.status in (200, 201, 503, 504), reply.body
    assert reply.status != 503 or int(reply.header("retry-after")) >= 1
    return (reply.json or {}).get("code") if reply.status == 503 else None


def test_fewer_descriptors_are_fewer_connections():
    town = Town(limits="limits: {requests_per_second: 1000000, burst: 1000000, header_time: 60s, idle_time: 60s}\n")
    town.before = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    with town:
        gateway = town.gateway
        assert "event=few_descriptors" in gateway.words()
        kept = gateway.connect()
        kept.sendall(town.request(SCHOOL, "GET", "/v1/me"))
        assert read_answer(kept).status == 200
        crowd = [gateway.connect() for _ in range(400)]
        wait_for("the rest to be sent away", lambda: gateway.metric("connections_refused_total") >= 250)
        # Who is in is served, also by sessions that did not stand yet; and so are those who run it.
        for party in (SCHOOL, "agency:politie", "regisseur:r-anna", "coordinator:c-piet", OPERATOR):
            kept.sendall(town.request(party, "GET", "/v1/me"))
            assert read_answer(kept).status == 200, party
        kept.sendall(town.request(SCHOOL, "POST", "/v1/signals", signal_event("school", "fd-1"), kind=EVENT))
        assert read_answer(kept).status == 201
        assert ready(gateway) == 200
        for s in crowd:
            s.close()
        kept.close()
        wait_for("room again", lambda: gateway.metric("connections") == 1)
        town.signal("school", "fd-2").want(201)


tests(globals())
