#!/usr/bin/python3
"""What people do over HTTP, as stories: the life of a case, who is second, what a privacy officer hears, four eyes."""

import time

from gateway import tests
from town import AUDITED, BSNS, Town, wait_for

ANNA, BRAM, PIET, ELS = "regisseur:r-anna", "regisseur:r-bram", "coordinator:c-piet", "privacy_officer:p-els"
OTHER = {ANNA: BRAM, BRAM: ANNA}
GOAL = {"domain": "education", "text": "elke dag naar school", "owner": "school", "due": "2027-06-01T00:00:00Z",
        "state": "open"}


def kinds(town, party):
    return [m["kind"] for m in town.get(party, "/v1/mailbox").want(200).json["items"]]


def audit_rows(town):
    """All of the audit that was begun."""
    rows, end = [], False
    until = time.monotonic() + 30
    while not end and time.monotonic() < until:
        page = town.get(ELS, "/v1/audits/current").want(200).json
        rows, end = rows + page["rows"], page["end"]
    assert end, rows[:3]
    return rows


def test_the_life_of_a_case():
    with Town() as town:
        case, holder = town.case(3)
        path, other = f"/v1/cases/{case}", OTHER[holder]
        other_id = other.split(":")[1]
        shown = town.get(holder, path).want(200)
        tag = shown.header("etag")
        assert tag == f'"{shown.json["revision"]}"' and shown.json["state"] == "offered"
        town.get(other, path).want(404, "not_found")
        town.post(holder, path + "/acceptances", {}, {"If-Match": '"99"'}).want(412, "stale_revision")
        assert town.post(holder, path + "/acceptances", {}, {"If-Match": "7"}).want(400).json["errors"][0]["pointer"] == "#If-Match"
        done = town.post(holder, path + "/acceptances", {}, {"If-Match": tag}).want(201).json
        assert done["case"] == case and f'"{done["revision"]}"' != tag
        town.post(holder, path + "/closures", {"outcome": "klaar"}, {"If-Match": tag}).want(412, "stale_revision")
        town.post(holder, path + "/acceptances").want(422, "wrong_state")
        assert "regisseur_known" in kinds(town, "agency:school")
        signal = town.get("agency:school", "/v1/signals/c-s3").want(200).json
        assert signal["regisseur"] == holder.split(":")[1] and "case" not in signal
        town.ask(holder, "PUT", path + "/plan", {"revision": 1, "goals": [GOAL]}).want(201)
        town.ask(holder, "PUT", path + "/plan", {"revision": 1, "goals": []}).want(422, "wrong_state")
        shown = town.get(holder, path).want(200).json
        assert shown["planRevision"] == 1 and shown["goals"] == [{**GOAL, "due": "2027-06-01T00:00:00.000Z"}]
        town.post(holder, path + "/notes", {"agency": "school", "text": "Ik bel u morgen."}).want(201)
        town.post("agency:school", "/v1/signals/c-s3/notes", {"text": "Goed."}).want(201)
        notes = town.get(holder, path).want(200).json["notes"]
        assert [n["text"] for n in notes] == ["Ik bel u morgen.", "Goed."] and notes[1]["by"]["id"] == "school"
        town.post(holder, path + "/handovers", {"to": "r-nobody"}).want(403, "unknown_actor")
        town.post(holder, path + "/handovers", {"to": other_id}).want(201)
        assert town.get(holder, path).want(200).json["handoverTo"] == other_id
        town.post(other, path + "/handover-acceptances").want(201)
        assert town.get(other, path).want(200).json["regisseur"] == other_id
        town.post(holder, path + "/closures", {"outcome": "klaar"}).want(404, "unknown_case")
        town.post(other, path + "/escalations", {"to": "directie", "reason": "geen plek"}).want(201)
        assert "escalated" in kinds(town, PIET)
        town.post(other, path + "/closures", {"outcome": "doelen gehaald"}).want(201)
        assert town.get(other, path).want(200).json["state"] == "closed"
        town.get(holder, "/v1/cases/C999").want(404, "not_found")
        town.post(holder, "/v1/cases/C999/acceptances").want(404, "unknown_case")


def test_acts_tell_nothing_of_cases_that_are_not_ones_own():
    """What a read does not show, no act tells, whichever state it is in; what it shows, has its real reason."""
    with Town() as town:
        case, holder = town.case(3)
        other = OTHER[holder]
        for name, body in (("acceptances", {}), ("declines", {"reason": "x"}), ("dismissals", {"reason": "x"}),
                           ("handovers", {"to": "r-anna"}), ("handover-acceptances", {}), ("closures", {"outcome": "x"}),
                           ("escalations", {"to": "x", "reason": "x"}), ("notes", {"agency": "school", "text": "x"})):
            answers = []
            for number in (case, "C999"):
                reply = town.post(other, f"/v1/cases/{number}/{name}", body).want(404, "unknown_case")
                stale = town.post(other, f"/v1/cases/{number}/{name}", body, {"If-Match": '"999"'}).want(404, "unknown_case")
                assert reply.json == stale.json
                answers.append(reply.json)
            assert answers[0] == answers[1], "nothing tells them apart"
        plan = {"revision": 1, "goals": []}
        town.ask(other, "PUT", f"/v1/cases/{case}/plan", plan).want(404, "unknown_case")
        town.get(PIET, f"/v1/cases/{case}").want(200)  # a coordinator sees it, and it is not unassigned
        town.post(PIET, f"/v1/cases/{case}/dismissals", {"reason": "x"}).want(403, "not_allowed")
        town.post(PIET, "/v1/cases/C999/dismissals", {"reason": "x"}).want(404, "unknown_case")
        town.post(holder, f"/v1/cases/{case}/handover-acceptances").want(422, "wrong_state")
        town.post(holder, f"/v1/cases/{case}/escalations", {"to": "x", "reason": "x"}).want(422, "wrong_state")
        town.post(holder, f"/v1/cases/{case}/acceptances", headers={"If-Match": '"999"'}).want(412, "stale_revision")
        # Any case is a coordinator's to assign.
        town.post(PIET, f"/v1/cases/{case}/assignments", {"regisseur": holder.split(":")[1]}).want(422, "wrong_state")
        # What is wrong in a list is told where it stands.
        for bad in (7, "", "x" * 257, None, {}):
            reply = town.post(PIET, "/v1/households/H1/splits", {"persons": ["999990019", bad, bad], "addresses": []})
            assert [(e["pointer"], e["code"]) for e in reply.want(400, "invalid_request").json["errors"]] == [
                ("/persons/1", "bad_value"), ("/persons/2", "bad_value")], reply.json
        # A signal, of whom it was not routed to.
        town.signal("school", "sx-1", person=9).want(201)
        for ident in ("sx-1", "sx-9"):
            town.post("service:wijkteam", f"/v1/signals/{ident}/feedback", {"result": "x"}).want(404, "unknown_signal")
        town.post("service:jeugdteam", "/v1/signals/sx-1/feedback", {"result": "klaar"}).want(201)
        town.post("service:jeugdteam", "/v1/signals/sx-1/feedback", {"result": "weer"}).want(422, "wrong_state")
        # An act that is refused shows nothing, and nothing was looked at.
        town.post(ELS, "/v1/audits", {"kinds": ["seen"]}).want(202)
        seen = [(row["by"].split(":")[0], row["what"]) for row in audit_rows(town)]
        assert ("coordinator", "case") in seen and not {("regisseur", "case"), ("service", "signal")} & set(seen), seen


def test_breaking_the_glass_is_told():
    with Town() as town:
        case, holder = town.case(3)
        other = OTHER[holder]
        town.post(other, f"/v1/cases/{case}/disclosures", {"reason": "kort"}).want(400)
        assert town.post(other, f"/v1/cases/{case}/disclosures", {"reason": "waarneming voor een zieke"}).want(200).json["id"] == case
        message = town.get(ELS, "/v1/mailbox").want(200).json["items"][-1]
        assert message["kind"] == "break_glass" and message["by"] == {"kind": "regisseur", "id": other.split(":")[1]}
        assert message["case"] == case and message["reason"] == "waarneming voor een zieke"
        household = town.get(holder, f"/v1/cases/{case}").json["household"]
        person = town.get(ELS, f"/v1/households/{household}").want(200).json
        assert person["id"] == household
        found = town.post(ELS, "/v1/persons/lookups", {"bsn": BSNS[3], "reason": "inzageverzoek, brief 12"}).want(200)
        assert found.json["household"]["id"] == household
        nobody = town.post(ELS, "/v1/persons/lookups", {"bsn": BSNS[99], "reason": "inzageverzoek, brief 13"}).want(200)
        assert nobody.json["household"] is None


def test_what_residents_ask():
    with Town() as town:
        case, holder = town.case(3)
        household = town.get(holder, f"/v1/cases/{case}").json["household"]
        town.post(ELS, "/v1/requests", {"kind": "objection", "household": household, "reason": "brief"}).want(201)
        one = town.get(ELS, "/v1/requests").want(200).json["items"][0]
        assert one["kind"] == "objection" and one["state"] == "stands" and one["household"] == household
        number = one["number"]
        town.post(ELS, f"/v1/requests/{number}/liftings", {"reason": "x"}).want(422, "wrong_state")
        town.post(ELS, f"/v1/requests/{number}/decisions", {"decision": "rejected", "reason": "geen grond"}).want(201)
        assert town.get(ELS, "/v1/requests").json["items"][0]["state"] == "rejected"
        town.post(ELS, "/v1/requests/99/withdrawals", {"reason": "x"}).want(404, "not_found")
        faults = town.post(ELS, "/v1/requests", {"kind": "hold", "reason": "x"}).want(400).json["errors"]
        assert faults == [{"pointer": "", "code": "required",
                           "detail": "exactly one of household, signal and bsn is asked for"}]
        town.post(ELS, "/v1/requests", {"kind": "hold", "household": household, "reason": "rechtszaak"}).want(201)
        hold = [r for r in town.get(PIET, "/v1/requests").want(200).json["items"] if r["kind"] == "hold"][0]
        town.post(ELS, f"/v1/requests/{hold['number']}/confirmations").want(403, "not_allowed")
        town.post(PIET, f"/v1/requests/{hold['number']}/confirmations").want(201)
        town.post(ELS, "/v1/audits", {"household": household, "kinds": ["signal", "decided"]}).want(202)
        rows = audit_rows(town)
        assert {r["kind"] for r in rows} == {"signal", "decided"}, rows[:3]


def test_absences_are_set_listed_and_lifted():
    with Town() as town:
        away = {"from": "2027-07-01T00:00:00+02:00", "to": "2027-07-22T00:00:00Z"}
        town.post(ANNA, "/v1/regisseurs/r-bram/absences", away).want(403, "not_allowed")
        town.get(ANNA, "/v1/regisseurs/r-bram/absences").want(404)
        town.post(ANNA, "/v1/regisseurs/r-anna/absences", away).want(201)
        town.post(PIET, "/v1/regisseurs/r-anna/absences", away).want(422, "wrong_state")
        for party in (ANNA, PIET):
            listed = town.get(party, "/v1/regisseurs/r-anna/absences").want(200).json["items"]
            assert [(a["from"], a["to"], a["by"]["id"]) for a in listed] == [
                ("2027-06-30T22:00:00.000Z", "2027-07-22T00:00:00.000Z", "r-anna")]
        assert town.get(ANNA, "/v1/me").json["absences"] == listed
        town.ask(PIET, "DELETE", "/v1/regisseurs/r-anna/absences/7").want(404)
        town.ask(PIET, "DELETE", f"/v1/regisseurs/r-anna/absences/{listed[0]['number']}").want(201)
        assert town.get(PIET, "/v1/regisseurs/r-anna/absences").json["items"] == []


def test_four_eyes_change_a_rule():
    with Town(parties=["agency:school", "operator:beheer", "operator:tweede", "auditor:a-jo"], approvals="two") as town:
        first, second = "operator:beheer", "operator:tweede"
        rules = town.get(first, "/v1/rules").want(200).json
        files = [f for f in rules["files"]]
        assert rules["version"] == 1 and "two life domains" in rules["sentences"]["en"]
        changed = [{**f, "text": f["text"].replace("two life domains", "two domains of life")} for f in files]
        looked = town.post(first, "/v1/rule-checks", {"files": changed}).want(200).json
        allowed = [p["code"] + (":" + p["subject"] if "subject" in p else "") for p in looked["problems"] if not p["allowed"]
                   and p["severity"] != "note"]
        broken = [{**f, "text": f["text"] + "\n  x: [" if f["name"] == "rules.yaml" else f["text"]} for f in files]
        problem = town.post(first, "/v1/proposals", {"files": broken, "reason": "proef"}).want(422, "bad_config").json
        assert problem["problems"][0]["file"].endswith("rules.yaml") and problem["problems"][0]["line"] > 1
        made = town.post(first, "/v1/proposals", {"files": changed, "reason": "duidelijker", "allowed": allowed}).want(201).json
        number = made["proposal"]
        assert made["position"] > 0 and "version" not in made
        proposal = town.get(second, f"/v1/proposals/{number}").want(200).json
        assert proposal["author"] == "beheer" and proposal["files"] and proposal["state"] == "open"
        town.post(first, f"/v1/proposals/{number}/approvals").want(403, "four_eyes")
        town.post("auditor:a-jo", f"/v1/proposals/{number}/approvals").want(403, "wrong_role")
        assert town.post(second, f"/v1/proposals/{number}/approvals").want(201).json["position"] > 0
        assert "two domains of life" in town.get(first, "/v1/rules").json["sentences"]["en"]
        assert [v["number"] for v in town.get(first, "/v1/versions").json["items"]] == [2, 1]
        assert town.get(first, "/v1/versions/1").want(200).json["files"] == files
        town.get(first, "/v1/versions/9").want(404)


def test_a_back_test_says_how_it_ended():
    with Town() as town:
        town.case(3)
        rule = "rules:\n  - {id: x, text: y, level: case, priority: normal, purposes: [%s], at_least: {domains: 1}}\n"
        for purpose, code in (("youth", None), ("nope", "bad_config")):
            body = {"files": [{"name": "rules.yaml", "text": rule % purpose}], "samples": 2}
            town.post("operator:beheer", "/v1/backtest", body).want(202)
            run = wait_for("its end", lambda: (lambda r: r if r["state"] == "over" else None)(
                town.get("operator:beheer", "/v1/backtest").want(200).json))
            assert run.get("problem", {}).get("code") == code and bool(run["rows"]) == (code is None), run


def test_what_left_is_proved_and_the_store_is_what_was_written():
    operator, auditor = "operator:beheer", "auditor:a-jo"
    with Town(parties=[*AUDITED]) as town:
        case, holder = town.case(3)
        household = town.get(holder, f"/v1/cases/{case}").want(200).json["household"]
        before = town.get(auditor, "/v1/erasure-runs").want(200).json
        assert before["counters"]["sealed"] == 1 and before["counters"]["runs"] == 0 and before["texts"]["step"] == "idle"
        town.post(auditor, "/v1/erasure-runs").want(403, "wrong_role")
        for act, body in (("acceptances", {}), ("closures", {"outcome": "klaar"})):
            town.post(holder, f"/v1/cases/{case}/{act}", body).want(201)
        town.post(ELS, "/v1/erasures", {"household": household}).want(201)
        ran = town.post(operator, "/v1/erasure-runs", {}).want(201).json["counters"]
        assert ran["runs"] >= 1 and ran["waiting"] == 0 and ran["generation"] > before["counters"]["generation"], ran
        proofs = town.get(auditor, "/v1/erasure-proofs").want(200).json["items"]
        assert {p["left"] for p in proofs if "left" in p} >= {"signal", "household"} and any("run" in p for p in proofs), proofs
        town.get(operator, "/v1/heads").want(404, "not_found")  # this town signs none
        assert town.get(operator, "/v1/verifications/current").want(200).json["ever"] is False
        begun = town.post(auditor, "/v1/verifications").want(202).json
        assert begun["ever"] is True
        found = wait_for("its end", lambda: (lambda v: None if v["running"] else v)(
            town.get(operator, "/v1/verifications/current").want(200).json))
        results = {part["part"]: part["result"] for part in found["parts"]}
        assert results["log"] == results["state"] == results["keys"] == "good" and "bad" not in results.values(), found
        assert found["positionLast"] > 0, found


tests(dict(globals()))
