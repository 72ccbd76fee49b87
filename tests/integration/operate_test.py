#!/usr/bin/env python3
"""What an operator does: start, reload, revoke, look, back up, stop; and what a full store says."""

import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from broker import BUILD, PARTIES, RULES, TOWN, Broker, signal_event  # noqa: E402


VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")


def waited(condition, wait_s=10.0):
    until = time.monotonic() + wait_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


class Operate(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().__enter__()

    def tearDown(self):
        self.broker.__exit__(None, None, None)

    def lines(self, operator, count):
        got = []
        while len(got) < count:
            got += operator.wait("decision")["lines"]
        return got

    def caught_up(self, operator):
        """The position with which the stream says so; no line may come before it."""
        frame = operator.wait("decision")
        self.assertEqual(frame["lines"], [])
        return frame["caught_up"]

    def test_a_revoked_key_ends_its_session_at_once_and_no_other(self):
        school, second = self.broker.session("agency:school"), self.broker.session("agency:school")
        police = self.broker.session("agency:politie")
        self.broker.parties.remove("agency:school")
        self.broker.write_node()
        self.broker.process.send_signal(signal.SIGHUP)
        for peer in (school, second):
            self.assertEqual(peer.wait("bye")["error"], "key_revoked")
            peer.say("publish " + signal_event("school", "after", 1), "ping 1")
            self.assertEqual(peer.silent(0.3), [])
        late = self.broker.peer("agency:school").say("hello")
        self.assertEqual(late.silent(0.3), [])
        self.assertEqual(police.verdict(signal_event("politie", "p-1", 1)), "accepted")
        self.broker.parties.append("agency:school")
        self.broker.write_node()
        self.assertEqual(self.broker.session("operator:beheer").admin("reload")["error"], "ok")
        self.assertEqual(self.broker.session("agency:school").verdict(signal_event("school", "back", 1)), "accepted")
        second.say("ping 2")
        self.assertEqual(second.silent(0.2), [], "a session that is over stays over")

    def test_a_new_key_of_a_party_is_let_in_beside_the_old_one(self):
        self.broker.make_keys(["agency:school#2"])
        old = self.broker.session("agency:school")
        self.broker.parties.append("agency:school#2")
        self.broker.write_node()
        self.assertEqual(self.broker.session("operator:beheer").admin("reload")["error"], "ok")
        new = self.broker.session("agency:school#2")
        self.assertEqual(new.verdict(signal_event("school", "k-1", 1)), "accepted")
        self.assertEqual(old.verdict(signal_event("school", "k-2", 1)), "accepted")

    def test_a_bad_file_changes_nothing_and_is_told_with_its_place(self):
        operator = self.broker.session("operator:beheer")
        school = self.broker.session("agency:school")
        before = operator.admin("status")["counters"]["position_config"]
        rows = (("config/town.yaml", TOWN.replace("agencies:", "agencys:"), "agencys"),
                ("config/rules.yaml", "rules: [\n", ""),
                ("node.yaml", "listen: nowhere\n", "operators"))
        for name, text, word in rows:
            with open(self.broker.path(name), encoding="utf-8") as f:
                good = f.read()
            self.broker.write(name, text)
            result = operator.admin("reload")
            self.assertEqual(result["error"], "bad_config", name)
            self.assertTrue(result["problems"], name)
            self.assertTrue(any(word in p["text"] for p in result["problems"]), result["problems"])
            self.assertTrue(all(p["line"] >= 1 for p in result["problems"]))
            self.broker.write(name, good)
        # An agency with a mail that was not read cannot go; the words say so.
        self.broker.write("config/town.yaml", TOWN.replace("  - {id: r-anna", "  - {id: r-new").replace(
            "coordinators: [c-piet]", "coordinators: [c-new]"))
        school.verdict(signal_event("school", "o-1", 1))
        self.broker.session("agency:politie").verdict(signal_event("politie", "o-2", 1))
        result = operator.admin("reload")
        self.assertEqual(result["error"], "bad_config")
        self.assertIn("r-anna", result["text"])
        self.assertEqual(operator.admin("status")["counters"]["position_config"], before)
        self.assertEqual(school.verdict(signal_event("school", "o-3", 1)), "accepted")
        self.broker.write("config/town.yaml", TOWN.replace("coordinators: [c-piet]", "coordinators: [c-piet, c-new]"))
        self.assertEqual(operator.admin("reload")["error"], "ok")
        self.assertGreater(operator.admin("status")["counters"]["position_config"], before)

    def test_decisions_come_live_with_refused_lines_and_again_from_the_log(self):
        school, operator = self.broker.session("agency:school"), self.broker.session("operator:beheer")
        operator.say("decisions live 1000")
        self.assertEqual(self.caught_up(operator), 2)
        for n in range(3):
            school.verdict(signal_event("school", "l-%d" % n, n))
        school.verdict(signal_event("politie", "refused", 1))
        live = self.lines(operator, 7)
        self.assertEqual([x["line"].get("verdict", x["line"]["event"]) for x in live],
                         ["accepted", "message"] * 3 + ["unknown_source"])
        self.assertEqual([x["position"] for x in live], [2, 2, 3, 3, 4, 4, 0])
        other = self.broker.session("operator:beheer")
        other.say("decisions 0 1000")
        self.assertEqual(self.lines(other, 6), live[:6])
        self.assertEqual(self.caught_up(other), 5)
        slow = self.broker.session("operator:beheer")
        slow.say("decisions 3 3")
        self.assertEqual(self.lines(slow, 3), live[2:5])
        self.assertEqual(slow.silent(0.2), [])
        slow.say("credit 2 3 1")
        self.assertEqual(self.lines(slow, 1), live[5:6])
        self.assertEqual(self.caught_up(slow), 5)
        slow.say("stop", "credit 2 4 100")
        school.verdict(signal_event("school", "l-9", 9))
        self.assertEqual(slow.silent(0.2), [])
        self.assertEqual(len(self.lines(other, 2)), 2)

    def test_lines_from_the_log_are_those_that_came_live_wherever_a_frame_ends(self):
        school, police = self.broker.session("agency:school"), self.broker.session("agency:politie")
        live = self.broker.session("operator:beheer")
        live.say("decisions live 100000")
        self.caught_up(live)
        school.verdict(signal_event("school", "w-first", 1000))  # so that frames end within a record's lines
        for n in range(150):
            school.say("many 60 60 " + signal_event("school", "w-%d-@" % n, n))
            while school.wait("confirm")["up_to"] < 60 * n + 61:
                pass
        for n in range(150):  # each is told of in four lines, with sixty-one signals
            self.assertEqual(police.verdict(signal_event("politie", "w-%d" % n, n)), "accepted")
        school.verdict(signal_event("politie", "refused", 1))
        told = []
        while not told or told[-1]["position"] != 0:  # the line of the refused event is the last
            told += self.lines(live, 1)
        told.pop()
        self.assertEqual(sum(x["line"].get("change") == "proposed" for x in told), 150)
        for window in (100000, 255, 70):
            again = self.broker.session("operator:beheer")
            again.say("decisions 0 %d" % window)
            got = []
            while len(got) < len(told):
                got += self.lines(again, 1)
                again.say("credit 2 %d %d" % (len(got), window))
            self.assertEqual(got, told)

    def test_a_stream_that_does_not_read_costs_nobody_anything_and_catches_up(self):
        school, slow = self.broker.session("agency:school"), self.broker.session("operator:beheer")
        slow.say("quiet", "decisions 0 10")
        for _ in range(5):
            school.say("many 4000 1000 " + signal_event("school", "s-@", 3))
            up_to = school.wait("confirm")
            while up_to["up_to"] % 4000 != 0:
                up_to = school.wait("confirm")
        slow.say("credit 2 10 100000")
        self.assertTrue(waited(lambda: slow.say("count").wait("count")["lines"] == 40000, 30))

    def test_verbs_answer(self):
        operator = self.broker.session("operator:beheer")
        school = self.broker.session("agency:school")
        school.verdict(signal_event("school", "v-1", 1))
        status = operator.admin("status")
        self.assertEqual((status["texts"]["state"], status["texts"]["municipality"]), ("serving", "GM9901"))
        self.assertEqual(status["counters"]["signals"], 1)
        self.assertEqual({s["party"] for s in operator.admin("sessions")["sessions"]}, {"beheer", "school"})
        self.assertEqual(operator.admin("mailboxes")["mailboxes"],
                         [{"newest": 1, "acknowledged": 0, "id": "jeugdteam"}])
        self.assertEqual(operator.admin("advance 2026-01-01T00:00:00Z")["error"], "wrong_role")
        self.assertEqual(operator.admin("checkpoint")["error"], "ok")
        self.assertEqual(operator.admin("status")["counters"]["position_checkpoint"], 2)
        self.assertEqual(operator.admin("backup monday")["error"], "ok")
        self.assertTrue(os.path.isdir(self.broker.path("backups", "monday")))
        copied = [n for _, _, names in os.walk(self.broker.path("backups", "monday")) for n in names]
        self.assertFalse([n for n in copied if "key" in n or "wrap" in n])
        self.assertNotEqual(operator.admin("backup monday")["error"], "ok")
        for name in ("../out", ".hidden", "a/b", "/tmp/x"):
            self.assertEqual(operator.admin("backup " + name)["error"], "not_found", name)
        self.assertEqual(operator.admin("drain")["error"], "ok")
        self.assertEqual(school.verdict(signal_event("school", "v-2", 1)), "closing")
        self.assertEqual(operator.admin("undrain")["error"], "ok")
        self.assertEqual(school.verdict(signal_event("school", "v-3", 1)), "accepted")
        self.assertEqual(operator.admin("stop")["error"], "ok")
        self.assertEqual(school.wait("bye")["error"], "closing")
        self.assertEqual(self.broker.process.wait(10), 0)

    def test_a_silent_session_is_forgotten_and_a_beating_one_is_not(self):
        self.broker.close_peers()
        self.broker.stop()
        self.broker.limits = "heartbeat: 1s"
        self.broker.write_node()
        self.broker.start()
        operator, silent = self.broker.session("operator:beheer"), self.broker.session("agency:school")
        beating = self.broker.session("agency:politie")
        for n in range(20):
            beating.say("ping %d" % n)
            operator.say("ping %d" % n)
            time.sleep(0.25)
        self.assertEqual({s["party"] for s in operator.admin("sessions")["sessions"]}, {"beheer", "politie"})
        silent.say("ping 1")
        self.assertEqual(silent.wait("error")["code"], "hello_first")

    def test_a_full_store_is_told_and_the_rest_goes_on(self):
        self.broker.close_peers()
        self.broker.stop()
        self.broker.limits = "store: 16MiB"
        self.broker.write_node()
        self.broker.start()
        school, team = self.broker.session("agency:school"), self.broker.session("service:jeugdteam")
        operator = self.broker.session("operator:beheer")
        codes, sent = set(), 0
        while "store_full" not in codes and sent < 60000:
            school.say("many 2000 200 " + signal_event("school", "f-@", 5, detail="x" * 400))
            sent += 2000
            confirm = school.wait("confirm")
            while True:
                codes |= {e["error"] for e in confirm["exceptions"]}
                if confirm["up_to"] == sent:
                    break
                confirm = school.wait("confirm")
        self.assertEqual(codes, {"store_full"})
        self.assertGreater(confirm["retry_after_ms"], 0)
        self.assertEqual(operator.admin("status")["texts"]["state"], "full")
        team.say("subscribe 1000")
        newest = team.wait("acked")["newest"]
        self.assertGreater(newest, 1000)
        team.wait("deliver")
        team.say("ack 500")
        self.assertEqual(team.wait("acked")["up_to"], 500, "acknowledging still finds room")
        school.say("read signal id=f-1")
        self.assertEqual(school.wait("error")["code"], "store_full", "what cannot be logged as seen is not shown")
        officer = self.broker.session("privacy_officer:p-els")
        self.assertEqual(officer.read("household household=1")["error"], "ok", "but to those who can help")
        self.assertTrue(waited(lambda: "store_full" in self.broker.log()))
        self.assertEqual(self.broker.stop(), 0)


class Start(unittest.TestCase):
    def status(self, broker, *more):
        done = subprocess.run(broker.command() + list(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=30)
        return done.returncode, done.stderr.decode()

    def test_what_is_wrong_at_the_start_is_told_with_an_exit_status(self):
        broker = Broker()
        try:
            self.assertEqual(self.status(broker, "--check"), (0, ""))
            self.assertFalse(os.path.exists(broker.path("store")), "--check starts nothing")
            rows = (("keys/pseudonym.key", 0o640, "chmod"), ("keys/server.key", 0o444, "chmod"))
            for name, mode, word in rows:
                os.chmod(broker.path(name), mode)
                status, words = self.status(broker)
                self.assertEqual(status, 2, name)
                self.assertIn(word, words)
                os.chmod(broker.path(name), 0o400)
            for name in ("config/town.yaml", "config/rules.yaml", "config/catalogue.yaml", "node.yaml"):
                with open(broker.path(name), encoding="utf-8") as f:
                    good = f.read()
                broker.write(name, good + "colour: red\n")
                for more in ((), ("--check",)):
                    status, words = self.status(broker, *more)
                    self.assertEqual(status, 2, name)
                    self.assertIn("%s:%d:1" % (broker.path(name), good.count("\n") + 1), words)
                broker.write(name, good)
            broker.write("config/town.yaml", TOWN.replace("id: jeugdhulp", "id: ander"))
            status, words = self.status(broker, "--check")
            self.assertEqual(status, 0)
            self.assertIn("agency:jeugdhulp", words)
            self.assertEqual(self.status(broker, "--clock", "sun")[0], 2)
            self.assertEqual(subprocess.run([broker.command()[0]], stderr=subprocess.DEVNULL).returncode, 2)
            broker.start()
            self.assertIn("agency:jeugdhulp", broker.log())
            status, words = self.status(broker)
            self.assertEqual(status, 1, "the store is in use")
            self.assertIn("store_busy", words)
            self.assertEqual(broker.stop(), 0)
            with open(broker.path("store", "log", "data.mdb"), "r+b") as f:
                f.write(b"\0" * 8192)
            self.assertEqual(self.status(broker)[0], 4)
        finally:
            broker.__exit__(None, None, None)

    def test_another_pseudonym_key_than_the_stores_is_refused(self):
        broker = Broker()
        try:
            broker.start()
            self.assertEqual(broker.session("agency:school").verdict(signal_event("school", "k-1", 1)), "accepted")
            operator = broker.session("operator:beheer")
            self.assertEqual(operator.admin("backup monday")["error"], "ok")
            self.assertEqual(broker.stop(), 0)
            broker.close_peers()
            with open(broker.path("keys/pseudonym.key"), encoding="ascii") as f:
                good = f.read()
            restored = broker.path("restored")
            subprocess.run([VOORDEUR, "restore", "--wrap", broker.path("store", "keys", "wrap"), "--store-key",
                            broker.path("keys", "store.key"), broker.path("backups", "monday"), restored], check=True,
                           stdout=subprocess.DEVNULL)
            for store in ("store", "restored"):
                here = broker.command()
                here[here.index("--store") + 1] = broker.path(store)
                broker.write("keys/pseudonym.key", "%064x\n" % 8, 0o400)
                done = subprocess.run(here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=30)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(b"wrong_key", done.stderr)
                self.assertIn(b"put back the key file", done.stderr)
                replayed = subprocess.run([VOORDEUR, "replay", "--store", broker.path(store)], check=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
                self.assertIn(b'"id":"k-1"', replayed.stdout, "a replay needs no pseudonym key")
                broker.write("keys/pseudonym.key", good, 0o400)
            broker.start()
            self.assertEqual(broker.session("agency:school").verdict(signal_event("school", "k-2", 1)), "accepted")
        finally:
            broker.__exit__(None, None, None)

    def test_keep_config_starts_on_the_stores_configuration(self):
        broker = Broker()
        try:
            broker.write("config/rules.yaml", "rules: [\n")
            status, words = self.status(broker, "--keep-config")
            self.assertEqual(status, 2, "a new store has none to keep")
            broker.write("config/rules.yaml", RULES)
            broker.start()
            self.assertEqual(broker.session("agency:school").verdict(signal_event("school", "k-1", 1)), "accepted")
            self.assertEqual(broker.stop(), 0)
            broker.close_peers()
            broken = (lambda: broker.write("config/rules.yaml", "rules: [\n"),
                      lambda: os.remove(broker.path("config/rules.yaml")),
                      lambda: broker.write("config/town.yaml", TOWN.replace("GM9901", "GM9902")))
            for number, spoil in enumerate(broken):
                spoil()
                self.assertEqual(self.status(broker)[0], 2, "without it the start is refused")
                self.assertEqual(self.status(broker, "--keep-config", "--check")[0], 0 if number == 2 else 2)
                broker.arguments = ["--keep-config"]
                broker.start()
                self.assertTrue(waited(lambda: "is not in force" in broker.log()), broker.log())
                school = broker.session("agency:school")
                self.assertEqual(school.verdict(signal_event("school", "k-1%d" % number, 1)), "accepted")
                self.assertEqual(broker.stop(), 0)
                broker.close_peers()
                broker.arguments = []
                broker.write("config/rules.yaml", RULES)
                broker.write("config/town.yaml", TOWN)
                os.remove(broker.path("log"))
            broker.start()
            self.assertNotIn("is not in force", broker.log())
        finally:
            broker.__exit__(None, None, None)

    def test_the_journal_names_no_person_and_no_signal(self):
        with Broker() as broker:
            school = broker.session("agency:school")
            self.assertEqual(len(PARTIES), 10)
            for n in range(20):
                school.verdict(signal_event("school", "geheim-%d" % n, n, detail="vrije tekst"))
            school.say("raw 00")
            school.wait("error")
            self.assertEqual(broker.stop(), 0)
            for word in ("9999", "geheim", "vrije", "urn:"):
                self.assertNotIn(word, "\n".join(l.split("public_key")[0] for l in broker.log().splitlines()))


if __name__ == "__main__":
    unittest.main(verbosity=1)
