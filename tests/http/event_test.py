#!/usr/bin/python3
"""Signals over HTTP, and the NL GOV profile for CloudEvents as a list: what it and the HTTP binding ask of who receives
events, what they recommend, and a test for each. Where the town's law differs, the line says so."""

import json
import signal
import sys
import time
import urllib.parse

from town import BATCH, BSNS, EVENT, LIMITS, Town, signal_event, wait_for

# (number, MUST or SHOULD, from, what, test). "differs" lines say what is done instead, and why.
PROFILE = [
    (1, "MUST", "binding 3.2", "structured mode is taken", "structured"),
    (2, "MUST", "binding 3.1", "binary mode is taken, its headers percent-decoded and unquoted", "binary"),
    (3, "MAY", "binding 3.3", "a batch is taken, also an empty one", "batch"),
    (4, "MUST", "core", "id, source, specversion and type are there, and not empty", "required"),
    (5, "MUST", "core", "specversion is 1.0", "version"),
    (6, "MUST", "core", "names of attributes have a-z and 0-9 only", "names"),
    (7, "MUST", "core", "attributes are texts, integers or booleans", "attribute_types"),
    (8, "MUST", "JSON format", "an attribute that is null is absent", "null_attribute"),
    (9, "MUST", "core", "source and id together name an event: the same again is counted once", "twice"),
    (10, "MUST", "core", "time is RFC 3339", "time"),
    (11, "SHOULD", "core", "events of 64 KiB are taken", "size"),
    (12, "MUST", "core", "extensions that are not known do no harm", "extensions"),
    (13, "MUST", "core", "no sensitive data in attributes: a BSN as subject is refused", "subject"),
    (14, "MUST", "profile", "source is a URN; differs: it is the one that the town registered, whatever its form, since "
     "what counts is whose key speaks", "source"),
    (15, "MUST", "profile", "type is reverse DNS with one version; differs: it is one of the town's catalogue", "type"),
    (16, "SHOULD", "profile", "id is a persistent id of the sender; nothing but its length is asked", "id"),
    (17, "SHOULD", "profile", "time is when the sender logged it; what happened is data.occurred_at", "occurred"),
    (18, "SHOULD", "profile", "datacontenttype is JSON; anything else is refused, as is data_base64", "content_type"),
    (19, "SHOULD", "profile", "dataschema and subject may be there; they mean nothing here", "optional"),
    (20, "MUST", "profile", "attributes are not relied on as ce- headers in structured mode", "no_duplicates"),
    (21, "MUST", "profile, webhook", "no token in a URL: there is no query key for one", "no_token"),
    (22, "SHOULD", "profile", "sequence is kept as sent, and gaps are counted for operators", "sequence"),
    (23, "MUST", "binding", "another content type is refused with 415", "other_type"),
    (24, "MUST", "JSON format", "an event is one JSON object in UTF-8; nothing stands there twice", "not_json"),
    (25, "MUST", "core", "no attribute has controls (U+0000-U+001F, U+007F-U+009F), halves of surrogates or noncharacters",
     "characters"),
]

PATH = "/v1/signals"
AGENCY = "agency:school"


def post(town, event, kind=EVENT, **headers):
    return town.post(AGENCY, PATH, event if isinstance(event, (str, bytes)) else json.dumps(event), headers, kind)


def event(ident, **more):
    return {**json.loads(signal_event("school", ident)), **more}


def errors(reply):
    return {(e["pointer"], e["code"]) for e in reply.want(400, "malformed").json["errors"]}


def test_structured(town):
    reply = post(town, event("st-1")).want(201)
    assert reply.header("location") == "/v1/signals/st-1" and reply.json["result"] == "accepted"
    post(town, event("st-2"), kind=EVENT + "; charset=UTF-8").want(201)
    post(town, event("st-3"), kind=EVENT + "; charset=latin1").want(415)


def test_binary(town):
    whole = event("bi 1 é")
    headers = {"ce-specversion": "1.0", "ce-id": "bi%201%20%C3%A9", "ce-source": '"urn:test:school"',
               "ce-type": whole["type"], "ce-time": whole["time"], "ce-comment": 'a %22b%22'}
    made = post(town, whole["data"], "application/json", **headers).want(201).json
    assert made["id"] == "bi 1 é"
    same = {**whole, "comment": 'a "b"', "datacontenttype": "application/json"}
    assert post(town, same).want(200).json == made, "binary and structured are the same event"
    reply = post(town, whole["data"], "application/json", **{**headers, "ce-id": "%zz"})
    assert ("#ce-id", "bad_value") in errors(reply)
    post(town, whole["data"], "application/json").want(415)
    injected = json.dumps(whole["data"]) + ',"source":"urn:test:politie"'
    assert {c for _, c in errors(post(town, injected, "application/json", **headers))} == {"not_json"}


def test_batch(town):
    assert post(town, [], BATCH).want(200).json == {"items": []}
    events = [event("ba-1"), event("ba-2", specversion="2"), event("ba-1"), event("ba-3", type="test.unknown.v1"), "no",
              event("ba-1", time="2026-01-01T00:00:00Z")]
    items = post(town, events, BATCH).want(200).json["items"]
    assert [i["index"] for i in items] == list(range(6))
    assert [i["status"] for i in items] == [201, 400, 200, 422, 400, 409]
    assert items[0]["receipt"] == items[2]["receipt"]
    assert items[1]["problem"]["errors"][0]["pointer"] == "/specversion"
    assert items[3]["problem"]["code"] == "unknown_type" and items[5]["problem"]["code"] == "id_reused"
    many = [event(f"many-{i}") for i in range(1001)]
    assert errors(post(town, many, BATCH)) == {("", "too_long")}
    assert {i["status"] for i in post(town, many[:1000], BATCH).want(200).json["items"]} == {201}
    assert errors(post(town, {"a": 1}, BATCH)) == {("", "wrong_type")}


def test_required(town):
    for name in ("id", "source", "type", "time", "specversion", "data"):
        whole = event("re-1")
        del whole[name]
        assert ("/" + name, "required") in errors(post(town, whole))
        if name != "data":
            code = "bad_instant" if name == "time" else "too_short"
            assert ("/" + name, code) in errors(post(town, event("re-1", **{name: ""})))
    all_at_once = {"id": 7, "data": {"municipality": "", "persons": [{"role": "x"}, 3], "nothing": 1}}
    assert errors(post(town, all_at_once)) == {
        ("/specversion", "required"), ("/id", "wrong_type"), ("/source", "required"), ("/type", "required"),
        ("/time", "required"), ("/data/municipality", "too_short"), ("/data/persons/0/bsn", "required"),
        ("/data/persons/1", "wrong_type"), ("/data/nothing", "unknown_member")}


def test_version(town):
    assert errors(post(town, event("ve", specversion="0.3"))) == {("/specversion", "bad_value")}


def test_names(town):
    assert errors(post(town, event("na", traceParent="x", my_ext="y", **{"": 1}))) == {
        ("/traceParent", "unknown_member"), ("/my_ext", "unknown_member"), ("/", "unknown_member")}


def test_attribute_types(town):
    post(town, event("at-1", flag=True, count=3, text="x")).want(201)
    assert errors(post(town, event("at-2", deep={"a": 1}, half=1.5))) == {("/deep", "wrong_type"), ("/half", "wrong_type")}


def test_null_attribute(town):
    post(town, event("nu-1", subject=None, dataschema=None, datacontenttype=None, extra=None)).want(201)


def test_twice(town):
    other = event("tw2", time="2026-03-02T09:00:00Z")
    made = post(town, other).want(201).json
    spelled = json.dumps(dict(reversed(other.items())), indent=3)
    for _ in range(3):
        assert post(town, other).want(200).json == made
        assert post(town, spelled).want(200).json == made
    reused = post(town, {**other, "data": {**other["data"], "severity": 5}}).want(409, "id_reused").json
    assert reused["detail"] and reused["hints"]
    town.signal("politie", "tw2").want(201)  # another source, so another event


def test_time(town):
    for text in ("2026-03-02 09:00:00Z", "2026-03-02T09:00:00", "2026-03-02T09:00:00+01:00", "nu"):
        assert errors(post(town, event("ti", time=text))) == {("/time", "bad_instant")}
    post(town, event("ti", time="2026-03-02T09:00:00.123456789Z")).want(201)


def test_size(town):
    whole = event("si-1")
    whole["data"]["detail"] = "x" * (65536 - len(json.dumps(whole)) - 14)
    post(town, whole).want(201)
    post(town, {**whole, "id": "si-2", "comment": "x" * 1000}).want(413, "too_big")


def test_extensions(town):
    post(town, event("ex", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                     dataclassification="vertrouwelijk", recordedtime="2026-03-02T09:00:00Z")).want(201)


def test_subject(town):
    assert errors(post(town, event("su", subject=BSNS[0]))) == {("/subject", "sensitive_attribute")}
    post(town, event("su", subject="123456789x")).want(201)


def test_source(town):
    post(town, event("so", source="urn:test:politie")).want(403, "unknown_source")
    post(town, event("so", source="urn:nobody")).want(403, "unknown_source")


def test_type(town):
    post(town, event("ty", type="test.nothing.v1")).want(422, "unknown_type")
    post(town, event("ty", type="test.melding.v1")).want(422, "type_not_allowed")


def test_id(town):
    post(town, event("é" * 128)).want(201)
    assert errors(post(town, event("x" * 257))) == {("/id", "too_long")}
    strange = "a/b?c#d %41\"\\<>"
    made = post(town, event(strange)).want(201)
    assert town.get(AGENCY, made.header("location")).want(200).json["id"] == strange


def test_occurred(town):
    whole = event("oc")
    whole["data"]["occurred_at"] = "2026-02-01T10:00:00Z"
    post(town, whole).want(201)
    assert town.get(AGENCY, PATH + "/oc").want(200).json["occurredAt"] == "2026-02-01T10:00:00.000Z"


def test_content_type(town):
    post(town, event("ct-1", datacontenttype="application/json; charset=utf-8")).want(201)
    post(town, event("ct-2", datacontenttype="application/vnd.x+json")).want(201)
    post(town, event("ct-2b", datacontenttype="Application/Vnd.X+JSON ;charset=UTF-8")).want(201)
    assert errors(post(town, event("ct-3", datacontenttype="text/xml"))) == {("/datacontenttype", "bad_value")}
    assert errors(post(town, event("ct-4", data_base64="e30="))) == {("/data_base64", "unknown_member")}


def test_optional(town):
    post(town, event("op", dataschema="https://example.org/s.json", subject="leerling-7")).want(201)


def test_no_duplicates(town):
    post(town, event("nd"), **{"ce-id": "another", "ce-source": "urn:nobody"}).want(201)
    assert town.get(AGENCY, PATH + "/nd").status == 200 and town.get(AGENCY, PATH + "/another").status == 404


def test_no_token(town):
    reply = town.post(AGENCY, PATH + "?access_token=x", json.dumps(event("nt")), kind=EVENT).want(400)
    assert reply.json["errors"][0]["pointer"] == "?access_token"


def test_sequence(town):
    for n in (1, 2, 5):
        post(town, event(f"se-{n}", sequence=str(n))).want(201)
    rows = town.get("operator:beheer", "/v1/reports/agencies").want(200).json["rows"]
    school = [r for r in rows if r.get("id") == "school" or r.get("agency") == "school"][0]
    assert school["sequenced"] == 3 and school["sequenceMissing"] == 2


def test_other_type(town):
    for kind in ("text/plain", "application/xml", "application/cloudevents+xml", "application/cloudevents"):
        post(town, event("ot"), kind).want(415, "unsupported_type")


def test_not_json(town):
    whole = json.dumps(event("nj"))
    for text, code in ((b"", "not_json"), (b"{", "not_json"), (whole.encode() + b"x", "not_json"),
                       (whole[:-1].encode() + b',"id":"2"}', "duplicate_member"), (b'{"id":"\xff"}', "not_utf8"),
                       (b"[" * 100 + b"]" * 100, "too_deep"), (b'{"a":' * 70 + b"1" + b"}" * 70, "too_deep"),
                       (b"NaN", "not_json"), (b'{"a":1e999}', "not_json"), (b'{"a":99999999999999999999}', "not_json"),
                       (b'{"id":"\\u0000"}', "not_json"), (b'{"id":"\\ud800"}', "not_json"), (b"[]", "wrong_type"),
                       (b'\xef\xbb\xbf{}', "not_json"), (b"{'id':1}", "not_json"), (b'{"id":01}', "not_json")):
        codes = {c for _, c in errors(post(town, text))}
        assert codes == {code}, (text, codes)


def test_characters(town):
    for bad in ("\x01", "\t", "\n", "\x1f", "\x7f", "\x80", "\x9f", "\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"):
        for name in ("id", "source", "type", "subject", "dataschema", "remark"):
            whole = event("ch-1", **{name: f"a{bad}b"})
            told = errors(post(town, whole))  # as \\u escapes
            assert told == {("/" + name, "bad_character")}, (name, bad, told)
            if bad >= "\x7f":  # as they are: others are no JSON
                assert errors(post(town, json.dumps(whole, ensure_ascii=False))) == told
    for half in ('"\\ud800"', '"\\udc00x"', '"\\ud800\\u0041"', '"\\u0000"'):
        text = json.dumps(event("ch-2", remark="HALF")).replace('"HALF"', half)
        assert {c for _, c in errors(post(town, text))} == {"not_json"}, half
    assert {c for _, c in errors(post(town, json.dumps(event("ch-3")).encode().replace(b"ch-3", b"\xed\xa0\x80")))} == {"not_utf8"}
    whole = event("ch-4")
    headers = {"ce-specversion": "1.0", "ce-id": "ch%0A4", "ce-source": whole["source"], "ce-type": whole["type"],
               "ce-time": whole["time"], "ce-remark": "%C2%85"}
    assert errors(post(town, whole["data"], "application/json", **headers)) == {("/id", "bad_character"), ("/remark", "bad_character")}
    items = post(town, [event("ch-5"), event("ch\x02")], BATCH).want(200).json["items"]
    assert [i["status"] for i in items] == [201, 400] and items[1]["problem"]["errors"][0]["code"] == "bad_character"
    post(town, event("ch-\xa0\u2028\ufdcf\ufdf0\ufffd\U0001f600")).want(201)  # none of those
    whole["data"]["detail"] = "regel 1\nregel 2\t\x01"  # text for people is data
    post(town, whole).want(201)


# ---- What else is promised about signals

def test_life_of_a_signal(town):
    post(town, event("li-1")).want(201)
    shown = town.get(AGENCY, PATH + "/li-1").want(200).json
    assert not shown["withdrawn"] and shown["acceptedAt"]
    town.get("agency:politie", PATH + "/li-1").want(404, "not_found")
    correction = event("li-2")
    correction["data"]["severity"] = 4
    made = town.post(AGENCY, PATH + "/li-1/corrections", json.dumps(correction), kind=EVENT).want(201)
    assert made.header("location") == "/v1/signals/li-2"
    assert town.post(AGENCY, PATH + "/li-1/corrections", json.dumps(correction), kind=EVENT).want(200).json == made.json
    correction["data"]["supersedes"] = "another"
    assert errors(town.post(AGENCY, PATH + "/li-1/corrections", json.dumps(correction), kind=EVENT)) == {
        ("/data/supersedes", "bad_value")}
    town.post(AGENCY, PATH + "/li-9/corrections", json.dumps(event("li-3")), kind=EVENT).want(404, "unknown_signal")
    town.post(AGENCY, PATH + "/li-2/withdrawals", {"reason": "verkeerde leerling"}).want(201)
    assert town.get(AGENCY, PATH + "/li-2").want(200).json["withdrawn"]
    town.post(AGENCY, PATH + "/li-2/withdrawals", {"reason": "nog eens"}).want(422, "wrong_state")


def test_acts_are_idempotent_by_their_key(town):
    post(town, event("ak-1")).want(201)
    uuid = "%012x" % int(time.time() * 1000)
    keys = {"ak-1": "0192f0c1-aaaa", "ak-2": f"{uuid[:8]}-{uuid[8:]}-7abc-8abc-0123456789ab",
            "ak-3": "5f0c2c62-3a0e-4c3c-9a5a-0d5a1c1d2e3f"}
    first = {}
    for ident, key in keys.items():
        key = {"Idempotency-Key": key}
        assert post(town, event(ident)).status in (200, 201)
        path = f"{PATH}/{ident}/withdrawals"
        first[ident] = town.post(AGENCY, path, {"reason": "fout"}, key).want(201).json
        again = town.post(AGENCY, path, {"reason": "fout"}, key).want(200).json
        assert {**again, "case": 0, "revision": 0} == {**first[ident], "case": 0, "revision": 0}
        town.post(AGENCY, path, {"reason": "anders"}, key).want(409, "id_reused")
    # The broker's log knows them, so a gateway that was started anew does, too.
    town.gateway.stop()
    town.start_gateway()
    for ident, key in keys.items():
        again = town.post(AGENCY, f"{PATH}/{ident}/withdrawals", {"reason": "fout"}, {"Idempotency-Key": key}).want(200).json
        assert (first[ident]["position"], first[ident]["receivedAt"]) == (again["position"], again["receivedAt"])


def test_keys_of_acts_that_are_refused(town):
    post(town, event("kr-1")).want(201)
    path = PATH + "/kr-1/withdrawals"
    future = "%012x" % int((time.time() + 3 * 86400) * 1000)
    late = f"{future[:8]}-{future[8:]}-7abc-8abc-0123456789ab"
    for key in ("met spatie", "", "x" * 65, "a/b", late, late.upper()):
        reply = town.post(AGENCY, path, {"reason": "fout"}, {"Idempotency-Key": key}).want(400)
        assert reply.json["errors"][0]["pointer"] == "#Idempotency-Key", key
    # A key that has no time cannot say when something ended.
    reply = town.post(AGENCY, PATH + "/kr-1/endings", {}, {"Idempotency-Key": "k"}).want(400)
    assert [e["pointer"] for e in reply.json["errors"]] == ["/occurredAt"]


def test_names_are_as_long_as_the_protocol_lets_them(town):
    """In bytes, as the broker counts them: what is longer names nothing, or is told where it stands."""
    long, path = "\u00e9" * 200, urllib.parse.quote("\u00e9" * 200)
    town.get(AGENCY, f"{PATH}/{path}").want(404, "not_found")
    town.post(AGENCY, f"{PATH}/{path}/withdrawals", {"reason": "x"}).want(404, "not_found")
    town.post(AGENCY, f"{PATH}/{'x' * 257}/corrections", json.dumps(event("lo-1")), kind=EVENT).want(404, "not_found")
    town.get(AGENCY, f"{PATH}/{'x' * 256}").want(404, "not_found")
    town.post("coordinator:c-piet", f"/v1/regisseurs/{'x' * 257}/absences",
              {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z"}).want(404, "not_found")
    assert errors(post(town, event(long))) == {("/id", "too_long")}
    reply = town.get("service:wijkteam", f"{PATH}/x?agency={path}").want(400)
    assert [(e["pointer"], e["code"]) for e in reply.json["errors"]] == [("?agency", "too_long")]
    reply = town.post("operator:beheer", "/v1/pauses", {"kind": "pause", "subject": "two-domains", "until": "2030-01-01T00:00:00Z",
                                                         "reason": "\u00e9" * 900})
    assert [(e["pointer"], e["code"]) for e in reply.want(400).json["errors"]] == [("/reason", "too_long")]
    town.post(AGENCY, PATH + "/x/withdrawals", {"reason": "x" * 65500}).want(413, "too_big")


def test_a_broker_that_is_away(town):
    whole = event("aw-1")
    first = post(town, whole).want(201).json
    assert town.broker.stop() == 0
    unsure = event("aw-2")
    reply = post(town, unsure).want(503, "disconnected")
    assert int(reply.header("retry-after")) >= 1
    town.get(AGENCY, "/v1/me").want(503)
    endpoint = {k: town.broker.endpoints[k] for k in ("listen", "operators")}
    text = open(town.broker.path("node.yaml"), encoding="utf-8").read()
    town.broker.write("node.yaml", text.replace("listen: tcp://127.0.0.1:*", "listen: " + endpoint["listen"])
                      .replace("operators: tcp://127.0.0.1:*", "operators: " + endpoint["operators"]))
    town.broker.start()
    wait_for("the session", lambda: post(town, event("aw-3")).status in (200, 201))
    assert post(town, whole).want(200).json == first
    made = post(town, unsure)  # it was still being published, or is new: there is one receipt
    assert made.status in (200, 201) and post(town, unsure).want(200).json == made.json


def test_a_client_that_goes_away(town):
    whole = event("ga-1")
    with town.gateway.connect() as s:
        s.sendall(town.request(AGENCY, "POST", PATH, json.dumps(whole), kind=EVENT))
    made = post(town, whole)
    assert made.status in (200, 201) and post(town, whole).want(200).json == made.json


def test_a_broker_that_does_not_answer(_):
    with Town(limits=LIMITS.replace("limits: {", "limits: {answer_time: 2s, ")) as town:
        post(town, event("no-1")).want(201)
        town.broker.process.send_signal(signal.SIGSTOP)
        try:
            unsure = event("no-2")
            post(town, unsure).want(504, "timeout")
            town.get(AGENCY, "/v1/me").want(504, "timeout")
        finally:
            town.broker.process.send_signal(signal.SIGCONT)
        made = post(town, unsure)
        assert made.status in (200, 201) and post(town, unsure).want(200).json == made.json


def main():
    tests = {name[5:]: call for name, call in globals().items() if name.startswith("test_")}
    listed = [row[4] for row in PROFILE]
    assert len(set(listed)) == len(listed) and set(listed) <= set(tests), set(listed) - set(tests)
    wanted = sys.argv[1:] or list(tests)
    failed = 0
    with Town() as town:
        for name in wanted:
            try:
                tests[name](town)
            except Exception as error:  # every line of the list is to be seen
                failed += 1
                print(f"FAIL  {name}: {type(error).__name__}: {error}")
                continue
            for number, level, origin, what, test in PROFILE:
                if test == name:
                    print(f"ok    {number:2} {level:6} {origin}: {what}")
            if name not in listed:
                print(f"ok    {name}")
    return 1 if failed else 0


sys.exit(main())
