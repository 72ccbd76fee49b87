#!/usr/bin/env python3
"""The courier: mailboxes pushed as signed webhooks, dead letters, cases kept in step in a case system."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from broker import BUILD, TOWN, WAIT_S, Broker, act_event, signal_event  # noqa: E402
from stub import Hook, Zaken  # noqa: E402

COURIER = os.path.join(BUILD, "clients", "courier", "voordeur-courier")
SECRETS = ["whsec_" + base64.b64encode(bytes(range(n, n + 32))).decode() for n in (1, 77)]
ZGW_SECRET = "a secret of the case system"
QUICK = "retries: {first: 20ms, factor: 1, longest: 50ms, attempts: 4}\n"


def until(condition, what, wait_s=WAIT_S):
    end = time.monotonic() + wait_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come: " + what)
        time.sleep(0.02)


def verify(request, secrets):
    """Standard Webhooks, by the text of its specification."""
    _, _, headers, body, _ = request
    headers = {k.lower(): v for k, v in headers.items()}
    signed = ("%s.%s." % (headers["webhook-id"], headers["webhook-timestamp"])).encode() + body
    given = headers["webhook-signature"].split(" ")
    wanted = ["v1," + base64.b64encode(hmac.new(base64.b64decode(s[6:]), signed, hashlib.sha256).digest()).decode()
              for s in secrets]
    return given == wanted and abs(int(headers["webhook-timestamp"]) - time.time()) < 300


class Courier(unittest.TestCase):
    def setUp(self):
        # Every case is r-anna's, but where a test is about handing over.
        alone = TOWN.replace('{id: r-bram, districts: ["*"],',
                             '{id: r-bram, districts: ["*"], absent: [{from: 2020-01-01T00:00:00Z, to: 2090-01-01T00:00:00Z}],')
        self.broker = Broker(town=TOWN if "zaak" in self._testMethodName else alone).__enter__()
        self.hooks, self.process = [], None

    def tearDown(self):
        self.kill()
        for hook in self.hooks:
            hook.close()
        self.broker.__exit__(None, None, None)

    def hook(self, *arguments, **named):
        self.hooks.append(Hook(*arguments, **named))
        return self.hooks[-1]

    # ---- the courier's own life

    def configure(self, deliveries=(), more="", secrets=(0,), allow='allow: ["127.0.0.0/8"]\n', retries=QUICK):
        b = self.broker
        for i, secret in enumerate(SECRETS):
            b.write("secret%d" % i, secret + "\n", 0o400)
        b.write("zgw-secret", ZGW_SECRET + "\n", 0o400)
        b.write("broker.pub", b.endpoints["public_key"] + "\n")
        rows = "".join('  - {party: "%s", key: "%s", url: "%s", secrets: [%s]}\n' % (
            party, b.key_file(party), url, ", ".join("secret%d" % s for s in secrets)) for party, url in deliveries)
        b.write("courier.yaml", 'broker: "%s"\noperators: "%s"\nbroker_key: broker.pub\nfolder: courier\n'
                "origin: voordeur.example\ninsecure: yes\n%s%s%s%s" % (
                    b.endpoints["listen"], b.endpoints["operators"], allow, retries,
                    "deliveries:\n" + rows if rows else "", more))

    def run_courier(self, *arguments):
        return subprocess.run([COURIER, *arguments, "--config", self.broker.path("courier.yaml")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S)

    def start(self, *arguments, **named):
        if arguments or named:
            self.configure(*arguments, **named)
        with open(self.broker.path("courier.log"), "ab") as log:
            self.process = subprocess.Popen([COURIER, "--config", self.broker.path("courier.yaml")], stderr=log)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(WAIT_S + 20), 0)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        with open(self.broker.path("courier.log"), encoding="utf-8") as f:
            return f.read()

    def status(self):
        try:
            with open(self.broker.path("courier", "status.json"), encoding="utf-8") as f:
                return json.load(f)
        except FileNotFoundError:
            return None

    def state(self, index=0):
        told = self.status()
        return told["deliveries"][index]["state"] if told else None

    def letters(self):
        lines = self.run_courier("letters", "list", "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    # ---- the town

    def case(self, person):
        """A case for this person."""
        for agency in ("school", "politie"):
            peer = self.broker.session("agency:" + agency)
            self.assertEqual(peer.verdict(signal_event(agency, "%s-%d" % (agency, person), person)), "accepted")
            peer.close()

    # ---- webhooks

    def test_a_mailbox_comes_signed_in_order_and_is_acknowledged(self):
        hook = self.hook()
        self.start([("regisseur:r-anna", hook.url())], secrets=(0, 1))
        for person in (1, 2, 3):
            self.case(person)
        hook.wait(lambda: len(hook.posts()) >= 3)
        self.assertEqual(hook.requests[0][0], "OPTIONS")
        self.assertEqual(hook.requests[0][2]["WebHook-Request-Origin"], "voordeur.example")
        events = hook.events()
        self.assertEqual([e["id"] for e in events], ["GM9901.regisseur-r-anna.%d" % n for n in range(1, len(events) + 1)])
        for request, event in zip(hook.posts(), events):
            self.assertTrue(verify(request, SECRETS))
            self.assertEqual(request[2]["Content-Type"], "application/cloudevents+json; charset=utf-8")
            self.assertEqual(request[2]["webhook-id"], event["id"])
            self.assertEqual(event["specversion"], "1.0")
            self.assertEqual(event["source"], "urn:voordeur:GM9901")
        self.assertEqual(events[0]["type"], "nl.voordeur.message.case_offered.v1")
        until(lambda: self.state() == "idle", "idle")
        self.stop()
        # What was taken was acknowledged: a new life of the courier sends nothing of it again.
        self.start()
        self.case(4)
        hook.wait(lambda: any(e["data"]["seq"] > 3 for e in hook.events()))
        seqs = [e["data"]["seq"] for e in hook.events()]
        self.assertEqual(seqs, sorted(set(seqs)))

    def test_what_fails_is_tried_again_in_order(self):
        hook = self.hook([500, 503, 302])
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        self.case(2)
        hook.wait(lambda: len(hook.posts(204)) >= 2)
        ids = [r[2]["webhook-id"] for r in hook.posts()]
        self.assertEqual(ids[:4], ["GM9901.regisseur-r-anna.1"] * 4)
        self.assertEqual(ids[4], "GM9901.regisseur-r-anna.2")
        self.assertEqual([r[1] for r in hook.posts()], ["/hook"] * len(ids))  # a redirect is not followed
        self.assertEqual(self.letters(), [])

    def test_a_receiver_that_says_when_is_obeyed(self):
        hook = self.hook([429], headers={"Retry-After": "2"})
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        hook.wait(lambda: len(hook.posts()) >= 1)
        until(lambda: "next_ms=2000" in self.log(), "the pause that was asked for")
        hook.wait(lambda: len(hook.posts(204)) == 1)

    def test_what_is_given_up_is_a_letter_and_the_rest_goes_on(self):
        hook = self.hook([500] * 4)
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        hook.wait(lambda: len(hook.posts(500)) == 4)
        until(lambda: len(self.letters()) == 1, "a letter")
        self.case(2)
        hook.wait(lambda: len(hook.posts(204)) >= 1)
        self.assertEqual(hook.events()[0]["data"]["seq"], 2)
        letter = self.letters()[0]
        self.assertEqual((letter["seq"], letter["kind"], letter["attempts"], letter["why"]), (1, "case_offered", 4, "status 500"))
        # It is sealed: neither the household nor the case can be read from the file.
        name = self.broker.path("courier", "regisseur-r-anna", "%020d.dead" % 1)
        with open(name, "rb") as f:
            head, _, sealed = f.read().partition(b"\n")
        self.assertEqual(sorted(json.loads(head)), ["at", "attempts", "died", "kind", "seq", "why"])
        self.assertNotIn(b"specversion", sealed)
        self.assertEqual(os.stat(name).st_mode & 0o777, 0o600)
        # Sent again while the courier runs, with the id that it always had.
        self.assertEqual(self.run_courier("letters", "replay", "regisseur:r-anna", "1").returncode, 0)
        hook.wait(lambda: any(e["data"]["seq"] == 1 for e in hook.events()))
        self.assertEqual(hook.posts(204)[-1][2]["webhook-id"], "GM9901.regisseur-r-anna.1")
        until(lambda: self.letters() == [], "the letter goes")

    def test_a_letter_that_fails_again_stays_and_can_be_dropped(self):
        hook = self.hook([500] * 8)
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        until(lambda: len(self.letters()) == 1, "a letter")
        self.run_courier("letters", "replay", "regisseur:r-anna", "all")
        until(lambda: [(x["attempts"], x["again"]) for x in self.letters()] == [(8, False)], "it is dead again")
        self.assertEqual(self.run_courier("letters", "drop", "regisseur:r-anna", "1").returncode, 0)
        self.assertEqual(self.letters(), [])
        self.assertEqual(self.run_courier("letters", "drop", "regisseur:r-anna", "1").returncode, 1)

    def test_gone_is_gone(self):
        hook = self.hook([410])
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        hook.wait(lambda: len(hook.posts()) == 1)
        until(lambda: self.state() == "stopped", "stopped")
        self.case(2)
        self.stop()
        self.assertEqual(len(hook.posts()), 1)
        self.assertEqual(self.letters(), [])  # everything waits in the mailbox, for a receiver that is configured anew

    def test_no_leave_no_message(self):
        hook = self.hook(allowed="somebody.else.example")
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        hook.wait(lambda: len(hook.requests) >= 3)
        self.assertEqual(hook.posts(), [])
        until(lambda: self.state() == "asking", "asking")
        hook.allowed = "voordeur.example"
        hook.wait(lambda: len(hook.posts(204)) == 1)

    def test_what_a_receiver_says_stays_within_its_words(self):
        hook = self.hook(allowed="x\" level=error event=forged \xff\xfe\x1b[2J")
        self.start([("regisseur:r-anna", hook.url())])
        hook.wait(lambda: len(hook.requests) >= 2)
        until(lambda: "x' level" in (self.status() or {}).get("deliveries", [{}])[0].get("why", ""), "its words")
        lines = [line for line in self.log().splitlines() if "event=no_leave" in line]
        for line in lines:
            self.assertEqual(line.count('"'), 2, line)
            self.assertNotIn("\x1b", line)

    def test_a_redirect_leads_nowhere(self):
        elsewhere = self.hook()
        hook = self.hook([302, 307, 308, 301], headers={"Location": elsewhere.url()})
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        until(lambda: len(self.letters()) == 1, "a letter")
        self.assertEqual(elsewhere.requests, [])

    def test_an_answer_has_an_end(self):
        hook = self.hook(headers={"X-%d" % n: "a" * 1000 for n in range(99)})
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        until(lambda: len(self.letters()) == 1, "a letter")
        self.assertEqual(len(hook.posts()), 4)

    def test_what_lies_behind_the_walls_is_not_spoken_to(self):
        hook = self.hook()
        self.start([("regisseur:r-anna", hook.url())], allow="")
        self.case(1)
        until(lambda: (self.status() or {}).get("deliveries", [{}])[0].get("why", "").endswith("`allow` does not name it"),
              "a refusal")
        self.assertEqual(hook.requests, [])

    def test_killed_at_any_moment_nothing_is_lost_and_the_order_stays(self):
        hook = self.hook([204, 500, 204, 204, 500, 500])
        self.configure([("regisseur:r-anna", hook.url())])
        for person in range(1, 7):
            self.case(person)
        for _ in range(6):
            have = len(hook.posts())
            self.start()
            hook.wait(lambda: len(hook.posts()) > have or len({e["id"] for e in hook.events()}) == 6)
            self.kill()
        self.start()
        hook.wait(lambda: len({e["id"] for e in hook.events()}) == 6)
        first = []
        for event in hook.events():
            if event["data"]["seq"] not in first:
                first.append(event["data"]["seq"])
        self.assertEqual(first, sorted(first))
        self.assertEqual(self.letters(), [])

    def test_a_broker_that_restarts_is_found_again(self):
        hook = self.hook()
        self.broker.stop()
        port = 20000 + os.getpid() % 20000  # a fixed one, for both of its lives
        with open(self.broker.path("node.yaml"), encoding="utf-8") as f:
            text = f.read().replace("listen: tcp://127.0.0.1:*", "listen: tcp://127.0.0.1:%d" % port, 1)
        self.broker.write("node.yaml", text)
        self.broker.start()
        self.start([("regisseur:r-anna", hook.url())])
        self.case(1)
        hook.wait(lambda: len(hook.posts()) == 1)
        self.broker.close_peers()
        self.broker.stop()
        self.broker.start()
        self.case(2)
        hook.wait(lambda: len({e["id"] for e in hook.events()}) == 2)

    def test_a_folder_has_one_courier_and_bad_files_are_told_with_their_place(self):
        hook = self.hook()
        self.start([("regisseur:r-anna", hook.url())])
        until(lambda: self.status() is not None, "it runs")
        second = self.run_courier()
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"another courier", second.stderr)
        self.configure([("regisseur:r-anna", "ftp://x/")], more="zaken: {url: x}\nunknown: 1\n")
        told = self.run_courier("--check")
        self.assertEqual(told.returncode, 2)
        for word in (b"courier.yaml:", b"https://", b"unknown", b"organisation"):
            self.assertIn(word, told.stderr)

    # ---- the case system

    def check_token(self, header):
        """None, or what is wrong with it (RFC 7519, HS256)."""
        parts = header[len("Bearer "):].split(".")
        pad = lambda s: base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))  # noqa: E731
        if not header.startswith("Bearer ") or len(parts) != 3:
            return "no token: " + header
        good = hmac.new(ZGW_SECRET.encode(), (parts[0] + "." + parts[1]).encode(), hashlib.sha256).digest()
        claims = json.loads(pad(parts[1]))
        if json.loads(pad(parts[0]))["alg"] != "HS256" or good != pad(parts[2]):
            return "a wrong signature"
        if claims["iss"] != "voordeur-client" or claims["client_id"] != claims["iss"] or abs(claims["iat"] - time.time()) > 300:
            return "wrong claims: %r" % claims
        return None

    def zaken(self):
        zaken = Zaken(self.check_token)
        self.hooks.append(zaken)
        types = {name: zaken.type_url("statustypen/" + name) for name in Zaken.STATUSES}
        results = {name: zaken.type_url("resultaattypen/" + name) for name in Zaken.RESULTS}
        as_map = lambda d: "{%s}" % ", ".join('%s: "%s"' % x for x in d.items())  # noqa: E731
        self.configure(more='zaken: {key: "%s", url: "%s", organisation: "000000012", zaaktype: "%s", roltype: "%s",\n'
                       "  statustypes: %s,\n  resulttypes: %s, client_id: voordeur-client, secret: zgw-secret}\n" % (
                           self.broker.key_file("operator:beheer"), zaken.api(), zaken.type_url("zaaktypen/1"),
                           zaken.type_url("roltypen/1"), as_map(types), as_map(results)))
        return zaken

    def act(self, actor, name, number, **data):
        peer = self.broker.session(actor)
        self.assertEqual(peer.verdict(act_event(actor, "a-%d" % number, name, **data)), "accepted")
        peer.close()

    def statuses(self, zaken):
        zaak = next(iter(zaken.zaken.values()))
        return [s["statustype"].rsplit("/", 1)[1] for s in zaken.of("statussen", zaak)]

    def coordinators(self, zaken):
        zaak = next(iter(zaken.zaken.values()), None)
        return [r["betrokkeneIdentificatie"]["identificatie"] for r in zaken.of("rollen", zaak)] if zaak else []

    def test_a_case_is_one_zaak_from_its_opening_to_its_end(self):
        zaken = self.zaken()
        zaken.fail = [500, 503, 429]
        self.start()
        self.case(1)
        zaken.wait(lambda: self.coordinators(zaken) == ["r-anna"] and self.statuses(zaken) == ["opened"])
        zaak = next(iter(zaken.zaken.values()))
        self.assertEqual((zaak["identificatie"], zaak["bronorganisatie"]), ("GM9901-C1", "000000012"))
        self.act("regisseur:r-anna", "case_accepted", 1, case="C1")
        self.act("regisseur:r-anna", "plan_set", 2, case="C1", revision=1, goals=[
            {"domain": "education", "text": "naar school", "owner": "r-anna", "due": "2030-01-01T00:00:00Z", "state": "open"}])
        zaken.wait(lambda: self.statuses(zaken) == ["opened", "accepted", "planned"])
        self.kill()
        self.act("regisseur:r-anna", "handover_offered", 3, case="C1", to="r-bram")
        self.act("regisseur:r-bram", "handover_accepted", 4, case="C1")
        self.start()
        zaken.wait(lambda: self.coordinators(zaken) == ["r-bram"])
        self.act("regisseur:r-bram", "case_closed", 5, case="C1", outcome="doelen gehaald")
        zaken.wait(lambda: self.statuses(zaken) == ["opened", "accepted", "planned", "ended"])
        self.assertEqual([r["resultaattype"].rsplit("/", 1)[1] for r in zaken.resultaten.values()], ["closed"])
        # Lived through a second time, from the log's first record: nothing is doubled, nothing refused.
        self.stop()
        os.remove(self.broker.path("courier", "zaken.position"))
        before = len(zaken.requests)
        self.start()
        self.case(2)
        zaken.wait(lambda: len(zaken.zaken) == 2)
        self.assertGreater(len(zaken.requests), before + 4)
        self.assertEqual(self.statuses(zaken), ["opened", "accepted", "planned", "ended"])
        self.assertEqual([z["identificatie"] for z in zaken.zaken.values()], ["GM9901-C1", "GM9901-C2"])
        self.assertEqual(zaken.faults, [])
        # No person, and no BSN, went there.
        for request in zaken.requests:
            self.assertNotIn(b"9999", request[3].replace(b"GM9901", b""))

    def test_what_a_case_system_refuses_is_a_letter_and_the_next_case_goes_on(self):
        zaken = self.zaken()
        zaken.fail = [400]
        self.start()
        self.case(1)
        until(lambda: len(self.letters()) == 1, "a letter")
        self.assertEqual(self.letters()[0]["kind"], "C1 proposed")
        self.case(2)
        zaken.wait(lambda: any(z["identificatie"] == "GM9901-C2" for z in zaken.zaken.values()))
        self.assertEqual(self.run_courier("letters", "replay", "zaken", "all").returncode, 0)
        until(lambda: self.letters() == [], "the letter goes")
        self.assertEqual(zaken.faults, [])

    def crowd(self, zaken):
        """Others who have a part in the case, more of them than a page has, before the regisseur of now."""
        zaak = next(iter(zaken.zaken.values()))
        with zaken.changed:
            own = zaken.rollen.popitem()
            for n in range(1, 8):
                zaken.rollen["9%d" % n] = {
                    "url": zaken.api() + "/rollen/9%d" % n, "zaak": zaak["url"], "betrokkeneType": "medewerker",
                    "roltype": zaken.type_url("roltypen/2"), "roltoelichting": "behandelaar",
                    "betrokkeneIdentificatie": {"identificatie": "b-%d" % n}}
            zaken.rollen[own[0]] = own[1]

    def test_a_zaak_with_pages_of_people_keeps_one_regisseur(self):
        zaken = self.zaken()
        zaken.page = 2
        self.start()
        self.case(1)
        zaken.wait(lambda: self.coordinators(zaken) == ["r-anna"] and self.statuses(zaken) == ["opened"])
        self.crowd(zaken)
        self.act("regisseur:r-anna", "case_accepted", 1, case="C1")
        self.act("regisseur:r-anna", "handover_offered", 3, case="C1", to="r-bram")
        self.act("regisseur:r-bram", "handover_accepted", 4, case="C1")
        zaken.wait(lambda: self.coordinators(zaken)[-1] == "r-bram")
        self.assertEqual(self.coordinators(zaken), ["b-%d" % n for n in range(1, 8)] + ["r-bram"])
        self.assertEqual((zaken.faults, self.letters()), ([], []))

    def test_a_next_page_elsewhere_is_not_asked_for(self):
        zaken, elsewhere = self.zaken(), self.hook()
        self.start()
        self.case(1)
        zaken.wait(lambda: self.coordinators(zaken) == ["r-anna"] and self.statuses(zaken) == ["opened"])
        self.crowd(zaken)
        zaken.page, zaken.elsewhere = 2, elsewhere.url()
        self.act("regisseur:r-anna", "case_accepted", 1, case="C1")
        until(lambda: len(self.letters()) == 1, "a letter")
        self.assertIn("not under the API", self.letters()[0]["why"])
        zaken.elsewhere = zaken.api() + "/rollen?page=1"  # for ever
        self.assertEqual(self.run_courier("letters", "replay", "zaken", "all").returncode, 0)
        until(lambda: "pages" in self.letters()[0]["why"], "the end of it")
        self.assertEqual(elsewhere.requests, [])

    def test_a_case_system_may_refuse_in_any_words(self):
        zaken = self.zaken()
        words = {"title": "x" + "\u00e9" * 200, "detail": "een\nlevel=error event=forged text=\"" + "\u20ac" * 90}
        zaken.fail = [(400, {}, json.dumps(words).encode())]
        self.start()
        self.case(1)
        until(lambda: self.process.poll() is not None or len(self.letters()) == 1, "a letter")
        self.assertIsNone(self.process.poll())
        self.assertIn("\u00e9", self.letters()[0]["why"])
        self.assertFalse([line for line in self.log().splitlines() if line.startswith("level=error event=forged")])
        self.case(2)
        zaken.wait(lambda: any(z["identificatie"] == "GM9901-C2" for z in zaken.zaken.values()))


if __name__ == "__main__":
    unittest.main()
