#!/usr/bin/env python3
"""The exporter of a running broker: what it answers, that its numbers are the broker's own, and that alerts and
dashboard find something in a real Prometheus. Needs Debian's package prometheus (deploy/packages test)."""

import http.client
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

from broker import ROOT, WAIT_S, Broker, signal_event

DEPLOY = os.path.join(ROOT, "deploy")
ALERTS = os.path.join(DEPLOY, "prometheus", "alerts.yml")
NODE = ["metrics: 127.0.0.1:0"]


def get(broker, path):
    host, port = broker.endpoints["metrics"].rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=WAIT_S)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def raw(broker, request):
    """Everything that comes until the other side closes."""
    host, port = broker.endpoints["metrics"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as s:
        s.sendall(request)
        came = b""
        while piece := s.recv(65536):
            came += piece
    return came


def wait_for(what, look):
    until = time.monotonic() + WAIT_S
    while not (found := look()):
        assert time.monotonic() < until, "in vain: " + what
        time.sleep(0.05)
    return found


def numbers(text):
    """{name with labels: value}"""
    return {k: float(v) for k, v in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


def promtool(*arguments, text=None):
    run = subprocess.run(["promtool", *arguments], input=text, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    assert run.returncode == 0, "promtool %s:\n%s" % (" ".join(arguments), run.stdout)
    return run.stdout


def the_exporter_tells_the_brokers_own_numbers():
    with Broker(node=NODE) as broker:
        school, operator = broker.session("agency:school"), broker.session("operator:beheer")
        assert school.verdict(signal_event("school", "s-1", 1)) == "accepted"
        assert school.verdict(signal_event("school", "s-2", 2, severity=9)) == "bad_severity"
        assert broker.session("agency:politie").verdict(signal_event("politie", "p-1", 1)) == "accepted"

        status = operator.admin("status")["counters"]
        same = {"voordeur_events_accepted_total": "accepted", "voordeur_households": "households",
                "voordeur_signals": "signals", "voordeur_keys": "keys", "voordeur_messages_waiting": "mail_waiting",
                "voordeur_log_durable_position": "position_durable",
                'voordeur_cases_open{state="offered"}': "cases_offered", "voordeur_log_limit_bytes": "log_bytes_limit"}
        assert status["accepted"] == 2 and status["mail_waiting"] > 0, status

        def settled():  # the exporter's are of the last second
            found = numbers(get(broker, "/metrics")[1])
            for ours, theirs in same.items():
                if sum(v for k, v in found.items() if k == ours or k.startswith(ours + "{")) != status[theirs]:
                    return None
            return found

        came = wait_for("the numbers of %s" % status, settled)
        assert came['voordeur_events_refused_total{code="bad_severity"}'] == 1
        assert came['voordeur_events_refused_total{code="no_subject"}'] == 0
        assert came["voordeur_commit_duration_seconds_count"] == \
            came['voordeur_commit_duration_seconds_bucket{le="+Inf"}'] > 0
        text = get(broker, "/metrics")[1]
        assert promtool("check", "metrics", text=text) == "", promtool("check", "metrics", text=text)
        for secret in ("9999", "school", "politie", "anna", "urn:", "GM99", "BU99"):
            assert not re.search(r"%s" % secret, re.sub(r" \S+$", "", text, flags=re.M)), secret
        assert get(broker, "/healthz") == (200, "serving\n")
        assert get(broker, "/readyz") == (200, "serving\n")
        operator.admin("drain")
        wait_for("draining", lambda: get(broker, "/readyz") == (503, "draining\n"))
        assert get(broker, "/healthz") == (200, "draining\n")
        assert broker.stop() == 0


def what_is_no_plain_get_is_refused_and_closed():
    with Broker(node=NODE) as broker:
        rows = [(b"GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400),
                (b"GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 400),
                (b"GET /metrics HTTP/1.1\nHost: a\n\n", 400),
                (b"POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                (b"GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404),
                (b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000, 431),
                (b"\x16\x03\x01\x02\x00\x01", 400)]
        for request, status in rows:
            came = raw(broker, request)
            assert came.startswith(b"HTTP/1.1 %d " % status) and came.count(b"HTTP/1.1") == 1, (request, came)
            assert b"Connection: close\r\n" in came, came
        # Eight that say nothing fill the places; the ninth is served when they are out of time.
        host, port = broker.endpoints["metrics"].rsplit(":", 1)
        silent = [socket.create_connection((host, int(port))) for _ in range(8)]
        assert get(broker, "/readyz")[0] == 200
        for s in silent:
            s.close()
        assert broker.stop() == 0


def only_this_machine_may_ask():
    for address in ("0.0.0.0:9464", "192.0.2.1:9464", "127.0.0.1", "127.0.0.1:99999", "[::]:9464", "unix:relative"):
        broker = Broker(node=["metrics: \"%s\"" % address])
        run = subprocess.run(broker.command() + ["--check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shutil.rmtree(broker.home)
        assert run.returncode == 2 and "metrics: expected 127.0.0.1:PORT" in run.stdout, (address, run)
    home = tempfile.mkdtemp(prefix="vdr-unix-")
    try:
        with Broker(node=["metrics: \"unix:%s/m\"" % home]) as broker:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(home + "/m")
                s.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
                assert s.recv(20).startswith(b"HTTP/1.1 ")
            assert broker.stop() == 0
        assert not os.path.exists(home + "/m")
    finally:
        shutil.rmtree(home)


def events_come_as_lines_of_json_where_node_yaml_says_so():
    with Broker(node=["log: {format: json}"]) as broker:
        broker.session("agency:school")
        assert broker.stop() == 0
        lines = [json.loads(line) for line in broker.log().splitlines()]
        seen = {line["event"]: line for line in lines}
        assert {"starting", "ready", "session_open", "stopped"} <= set(seen), seen
        assert seen["session_open"]["event_id"] == 300 and seen["session_open"]["party"] == "school", seen
    broker = Broker(node=["log: {format: xml}"])
    run = subprocess.run(broker.command() + ["--check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    shutil.rmtree(broker.home)
    assert run.returncode == 2 and "expected text, json or journald" in run.stdout, run


def a_trace_goes_from_publishing_to_delivery():
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with Broker() as broker:
        school, team = broker.session("agency:school"), broker.session("service:jeugdteam")
        team.say("subscribe 10")
        for i, trace in enumerate((good, "no trace", None)):
            event = json.loads(signal_event("school", "s-%d" % i, i))
            if trace is not None:
                event["traceparent"] = trace
            assert school.verdict(json.dumps(event)) == "accepted"
        for again in (False, True):  # as they come; and from the store, to another session
            if again:
                team = broker.session("service:jeugdteam").say("subscribe 10 0")
            seen = {}
            while len(seen) < 3:
                for message in team.wait("deliver")["messages"]:
                    seen[message["signal"]["id"]] = message.get("traceparent")
            assert seen == {"s-0": good, "s-1": None, "s-2": None}, seen
        assert broker.stop() == 0


class Prometheus:
    """A real one on a port of its own, with the configuration of deploy/ but for target and interval."""

    def __init__(self, target):
        self.home = tempfile.mkdtemp(prefix="vdr-prometheus-")
        with open(os.path.join(DEPLOY, "prometheus", "prometheus.yml"), encoding="utf-8") as f:
            text = f.read()
        shown = text.replace("127.0.0.1:9464\"]", target + "\"]").replace("15s", "1s")
        assert shown.count(target) == 1
        with open(os.path.join(self.home, "prometheus.yml"), "w", encoding="utf-8") as f:
            f.write(shown)
        shutil.copy(ALERTS, self.home)
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=" + os.path.join(self.home, "prometheus.yml"),
             "--storage.tsdb.path=" + os.path.join(self.home, "tsdb"), "--web.listen-address=127.0.0.1:0"],
            stdout=self.log, stderr=self.log)
        self.port = wait_for("Prometheus listening", self._port)

    def _port(self):
        """Of the socket it listens on; the system chose it."""
        assert self.process.poll() is None, open(self.log.name, encoding="utf-8").read()
        folder = "/proc/%d/fd" % self.process.pid
        inodes = set()
        for fd in os.listdir(folder):
            try:
                inodes.add(os.readlink(os.path.join(folder, fd)))
            except FileNotFoundError:
                pass
        with open("/proc/net/tcp", encoding="ascii") as f:
            for line in f.readlines()[1:]:
                words = line.split()
                if words[3] == "0A" and "socket:[%s]" % words[9] in inodes:
                    return int(words[1].split(":")[1], 16)
        return None

    def ask(self, query):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.request("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
        connection.close()
        if status == 503:  # it is still starting
            return []
        said = json.loads(body)
        assert said["status"] == "success", (query, said)
        return said["data"]["result"]

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.home)


def queries():
    """(where from, query) of alerts and dashboard. A comparison filters; with bool it gives 0 or 1 instead, so an
    empty answer means that there are no such series."""
    with open(ALERTS, encoding="utf-8") as f:
        for expression in re.findall(r"^ +expr: (.*)$", f.read(), re.M):
            yield "alerts.yml", re.sub(r" (==|>|<) ", r" \1 bool ", expression)
    with open(os.path.join(DEPLOY, "grafana", "voordeur.json"), encoding="utf-8") as f:
        board = json.load(f)
    assert len({p["id"] for p in board["panels"]}) == len(board["panels"]) > 10
    for panel in board["panels"]:
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            query = target["expr"].replace("$instance", ".*").replace("$__rate_interval", "1m")
            assert "$" not in query, query
            yield panel["title"], query


def every_query_finds_something_in_a_real_prometheus():
    with Broker(node=NODE) as broker:
        school = broker.session("agency:school")
        prometheus = Prometheus(broker.endpoints["metrics"])
        try:
            left = list(queries())
            assert len(left) > 40, len(left)
            until, sent = time.monotonic() + 3 * WAIT_S, 0
            while left:  # some need two scrapes with signals between them
                assert time.monotonic() < until, "these give nothing: %s" % left
                sent += 1
                assert school.verdict(signal_event("school", "s-%d" % sent, sent % 100)) == "accepted"
                left = [q for q in left if not any(math.isfinite(float(r["value"][1])) for r in prometheus.ask(q[1]))]
                time.sleep(0.1)
            firing = prometheus.ask('ALERTS{alertstate="firing"}')
            assert not firing, firing
        finally:
            prometheus.close()
        assert broker.stop() == 0


def alerts_are_right_by_their_own_tests():
    promtool("check", "rules", ALERTS)
    promtool("test", "rules", os.path.join(DEPLOY, "prometheus", "alerts_test.yml"))
    promtool("check", "config", os.path.join(DEPLOY, "prometheus", "prometheus.yml"))
    with open(ALERTS, encoding="utf-8") as f:
        names = re.findall(r"alert: (\w+)", f.read())
    with open(os.path.join(DEPLOY, "prometheus", "alerts_test.yml"), encoding="utf-8") as f:
        tests = f.read()
    for name in names:
        assert "%s sounds" % name in tests and "%s keeps quiet" % name in tests, name


if __name__ == "__main__":
    for tool in ("prometheus", "promtool"):
        if shutil.which(tool) is None:
            sys.exit("metrics_test: %s is not installed: deploy/packages test" % tool)
    for test in (the_exporter_tells_the_brokers_own_numbers, what_is_no_plain_get_is_refused_and_closed,
                 only_this_machine_may_ask, events_come_as_lines_of_json_where_node_yaml_says_so,
                 a_trace_goes_from_publishing_to_delivery, alerts_are_right_by_their_own_tests,
                 every_query_finds_something_in_a_real_prometheus):
        test()
        print("ok", test.__name__, flush=True)
