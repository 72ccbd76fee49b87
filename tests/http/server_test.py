"""The server of the gateway: what stands on every answer, limits, slow clients, files, and an orderly end."""

import gzip
import os
import signal
import socket
import ssl
import subprocess
import threading

from gateway import PROGRAM, Gateway, new_folder, read_all, read_answer, read_head, tests, wait_for
from keys import Authority

EVERY = {"api-version": "1.0.0", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
         "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin"}


def test_health_and_metrics_are_on_the_admin_listener_only():
    with Gateway() as gateway:
        assert gateway.get("/health/live", kind="admin").status == 200
        assert gateway.get("/health/ready", kind="admin").status in (200, 503)
        text = gateway.get("/metrics", kind="admin").body.decode()
        for name in ("connections", "requests_refused_total", "request_seconds_bucket"):
            assert f"voordeur_gateway_{name}" in text, name
        for path in ("/metrics", "/health/live", "/health/ready"):
            assert gateway.get(path).status == 404, path
        assert gateway.post("/metrics", "{}", kind="admin").status == 405


def test_a_demonstration_says_so_on_every_answer_to_everybody():
    for said, text in (("yes", "demonstration: yes\n"), ("", "demonstration: no\n"), ("", "")):
        with Gateway(text=text) as gateway:
            for path, status in (("/v1/session", 401), ("/v1/openapi.json", 200), ("/nowhere", 404), ("/v1/cases/", 404)):
                answer = gateway.get(path)
                assert (answer.status, answer.header("demonstration")) == (status, said), (text, path)
            broken = gateway.ask(b"GET / HTTP/1.1\r\n\r\n")
            assert (broken.status, broken.header("demonstration")) == (400, said), text


def test_every_answer_has_the_headers_of_security():
    with page_gateway() as gateway:
        answers = [gateway.get(path) for path in ("/nothing", "/v1/openapi.json", "/app/", "/app/assets/a-1.js", "/")]
        answers.append(gateway.ask(b"GET /x HTTP/1.1\r\n\r\n"))
        answers.append(gateway.post("/v1/session", "{"))
        answers.append(gateway.get("/metrics", kind="admin"))
        for number, answer in enumerate(answers):
            for name, value in EVERY.items():
                if not (name == "cross-origin-resource-policy" and number == 1):
                    assert answer.header(name) == value, (number, name, answer.header(name))
            assert "default-src 'none'" in answer.header("content-security-policy"), number
            assert "unsafe" not in answer.header("content-security-policy"), number
            assert answer.header("cache-control"), number
            assert "server" not in answer.headers, number
            assert "strict-transport-security" not in answer.headers, "this is no TLS"


def test_a_refusal_is_a_problem_document():
    with Gateway() as gateway:
        answer = gateway.get("/v1/nothing/")
        assert answer.status == 404 and answer.header("content-type") == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == 404 and problem["type"] == "/problems/" + problem["code"]
        assert problem["title"] and problem["detail"] and problem["hints"]


def test_a_connection_is_kept_and_head_has_no_body():
    with Gateway() as gateway, gateway.connect() as s:
        for _ in range(3):
            s.sendall(b"HEAD /v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
            answer, rest = read_head(s)
            assert answer.status == 200 and int(answer.header("content-length")) > 100 and rest == b""
        s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Close\r\n\r\n")
        assert read_answer(s).header("connection") == "close"
        assert read_all(s) == b""


def test_a_body_that_waits_for_a_word_gets_it():
    with Gateway() as gateway, gateway.connect() as s:
        s.sendall(b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                  b"Expect: 100-continue\r\n\r\n")
        went_on, rest = read_head(s)
        assert went_on.status == 100 and rest == b""
        s.sendall(b"{}")
        assert read_answer(s).status >= 400


def test_who_is_nobody_may_not_send_much():
    with Gateway() as gateway, gateway.connect() as s:
        s.sendall(b"POST /v1/signals HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        assert read_answer(s).status == 401


def test_a_head_or_a_body_that_comes_too_slowly_is_given_up():
    with Gateway(text="limits: {header_time: 300ms, body_time: 300ms}\n") as gateway:
        for begin, status in ((b"GET /x HT", 408), (b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{", 408),
                              (b"", None)):
            with gateway.connect() as s:
                s.sendall(begin)
                answer = read_answer(s)
                assert (answer and answer.status) == status, begin
    with Gateway(text="limits: {idle_time: 300ms}\n") as gateway, gateway.connect() as s:
        s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(s).status == 404
        assert s.recv(1) == b"", "idle after an answer"


def test_slow_clients_disturb_nobody():
    with Gateway(text="limits: {connections_per_address: 500}\n") as gateway:
        slow = []
        for i in range(200):
            s = gateway.connect()
            s.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nX: " if i % 2 else
                      b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
            slow.append(s)
        assert gateway.get("/v1/openapi.json").status == 200
        # One that asks and never reads.
        deaf = gateway.connect()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        try:
            for _ in range(10000):
                deaf.send(request)
        except BlockingIOError:
            pass
        for _ in range(20):
            assert gateway.get("/nothing").status == 404
        for s in slow + [deaf]:
            s.close()


def test_one_address_has_so_many_connections():
    with Gateway(text="limits: {connections_per_address: 8}\n") as gateway:
        held = []
        for _ in range(8):
            s = gateway.connect()
            s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_answer(s).status == 404
            held.append(s)
        with gateway.connect() as s:
            try:
                assert s.recv(1) == b"", "the ninth is closed"
            except ConnectionResetError:
                pass
        assert gateway.metric("connections_refused_total") == 1, "and the admin gets in still"
        held.pop().close()

        def room():
            try:
                return gateway.get("/x").status == 404
            except (AssertionError, AttributeError, ConnectionResetError, BrokenPipeError):
                return False
        wait_for("room after one has gone", room)
        for s in held:
            s.close()


def test_too_many_requests_are_told_when_to_come_again():
    with Gateway(text="limits: {requests_per_second: 1, burst: 5}\n") as gateway:
        answers, rest = [], b""
        with gateway.connect() as s:
            s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
            for _ in range(100):
                answers.append(read_answer(s, rest))
                rest = answers[-1].rest
        statuses = [answer.status for answer in answers]
        assert statuses[:5] == [404] * 5 and 429 in statuses[5:], statuses
        late = next(answer for answer in answers if answer.status == 429)
        assert int(late.header("retry-after")) >= 1 and late.json()["code"] == "too_many_requests"
        assert gateway.get("/health/live", kind="admin").status == 200, "the admin is not throttled"


def test_the_sixth_version_of_addresses_serves_too():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        print("not tried: there is no ::1 here")
        return
    with Gateway(listen="[\"[::1]:0\", \"127.0.0.1:0\"]", text="limits: {connections_per_address: 3}\n") as gateway:
        held = [gateway.connect() for _ in range(3)]
        for s in held:
            s.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_answer(s).status == 404
        with gateway.connect() as s:
            try:
                assert s.recv(1) == b"", "the fourth is closed"
            except ConnectionResetError:
                pass
        assert gateway.get("/x", number=1).status == 404, "another address has its own"
        for s in held:
            s.close()
        wait_for("room", lambda: gateway.metric("connections") <= 1)
        assert gateway.get("/x").status == 404


def test_a_unix_socket_serves_too_and_leaves_nothing_behind():
    gateway = Gateway()
    path = os.path.join(gateway.folder, "sock")
    gateway = Gateway(folder=gateway.folder, listen=f"[\"127.0.0.1:0\", \"unix:{path}\"]")
    with gateway:
        assert gateway.get("/x", number=1).status == 404
        assert os.stat(path).st_mode & 0o007 == 0, "others may not connect"
        again = Gateway(listen=f"\"unix:{path}\"")
        refused = subprocess.run([PROGRAM, "--config", again.config], capture_output=True, text=True)
        assert refused.returncode == 1 and "already" in refused.stderr, refused.stderr
    assert not os.path.exists(path)
    with open(path, "w") as f:
        f.write("not a socket\n")
    refused = subprocess.run([PROGRAM, "--config", gateway.config], capture_output=True, text=True)
    assert refused.returncode == 1 and os.path.exists(path), "a file that is no socket is left alone"


def page_gateway():
    gateway = Gateway(text="console: page\n")
    page = os.path.join(gateway.folder, "page")
    os.makedirs(os.path.join(page, "assets"))
    for name, content in (("index.html", b"<!doctype html><title>x</title>"), ("assets/a-1.js", b"let a = 1;\n" * 50),
                          ("assets/a-1.js.gz", gzip.compress(b"let a = 1;\n" * 50)), ("icon.svg", b"<svg/>"),
                          (".hidden", b"no")):
        with open(os.path.join(page, name), "wb") as f:
            f.write(content)
    os.symlink("/etc/passwd", os.path.join(page, "passwd.txt"))
    return gateway


def test_the_page_is_served_from_what_was_there_at_the_start():
    with page_gateway() as gateway:
        to_page = gateway.get("/")
        assert to_page.status == 307 and to_page.header("location") == "/app/"
        for path in ("/app", "/app/", "/app/cases/C7"):
            answer = gateway.get(path)
            assert answer.status == 200 and answer.header("content-type") == "text/html; charset=utf-8", path
            assert "script-src 'self'" in answer.header("content-security-policy")
            assert answer.header("cache-control") == "no-cache"
        script = gateway.get("/app/assets/a-1.js")
        assert script.header("cache-control") == "public, max-age=31536000, immutable"
        assert script.header("content-type") == "text/javascript; charset=utf-8"
        packed = gateway.get("/app/assets/a-1.js", [("Accept-Encoding", "br, gzip;q=0.5")])
        assert packed.header("content-encoding") == "gzip" and gzip.decompress(packed.body) == script.body
        same = gateway.get("/app/assets/a-1.js", [("If-None-Match", f"\"x\", W/{script.header('etag')}")])
        assert same.status == 304 and same.body == b""
        assert not same.header("content-security-policy"), "it would replace the page's own, and nothing of it would load"
        with open(os.path.join(gateway.folder, "page", "late.js"), "w") as f:
            f.write("late")
        for path in ("/app/late.js", "/app/.hidden", "/app/passwd.txt", "/app/assets/a-1.js.gz", "/app/assets/",
                     "/app/..%2fstderr", "/app/%2e%2e/stderr"):
            answer = gateway.get(path)
            assert answer.status in (400, 404), (path, answer.status)
        assert gateway.post("/app/", "{}").status == 405


def test_what_runs_is_finished_and_what_idles_is_ended():
    gateway = Gateway()
    gateway.start()
    idle, busy, late = gateway.connect(), gateway.connect(), gateway.connect()
    idle.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    read_answer(idle)
    begun = b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" \
            b"Expect: 100-continue\r\n\r\n"
    busy.sendall(begun)
    assert read_head(busy)[0].status == 100
    port = gateway.port()
    gateway.process.send_signal(signal.SIGTERM)
    assert idle.recv(1) == b"", "the idle one is ended"
    busy.sendall(b"{}")
    answer = read_answer(busy)
    assert answer.status >= 400 and answer.header("connection") == "close"
    assert gateway.process.wait(30) == 0
    late.close()
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5)
        raise AssertionError("it still listens")
    except ConnectionRefusedError:
        pass


def test_faults_of_the_file_are_told_as_a_compiler_does():
    rows = [
        ("limits: {boddy: 1MiB}", "boddy: there is no such key; did you mean body?"),
        ("limits: {body: 1}", "body: expected a size"),
        ("limits: {drain: soon}", "drain: expected a duration"),
        ("demonstration: perhaps", "expected yes or no"),
        ("admin: 127.0.0.1:1", "twice"),
        ("origins: [\"https://a/b\"]", "without a path"),
        ("jwt: {issuer: a, audience: b, jwks: \"http://x/\"}", "https URL"),
        ("behind_proxy: {subject_header: X-Subject}", "unix socket"),
        ("tls: {certificate: a}", "key is missing"),
        ("surprise: 1", "there is no such key"),
    ]
    for text, words in rows:
        result = Gateway(text=text + "\n").check()
        assert result.returncode == 2, (text, result.stderr)
        first = result.stderr.splitlines()[0]
        assert words in result.stderr and first.split(":")[1].isdigit() and "^" in result.stderr, (text, result.stderr)
    for listen, words in (("0.0.0.0:0", "without tls"), ("[::]:0", "without tls"), ("[::1:0", "expected ADDRESS:PORT"),
                          ("[]:0", "expected ADDRESS:PORT"), ("::1:0", "expected ADDRESS:PORT"),
                          ("[fe80::x]:0", "expected ADDRESS:PORT"), ("[::1]:65536", "expected ADDRESS:PORT"),
                          ("unix:sock", "expected ADDRESS:PORT"), ("unix:/" + "x" * 108, "expected ADDRESS:PORT")):
        outside = Gateway(listen='"%s"' % listen).check()
        assert outside.returncode == 2 and words in outside.stderr, (listen, outside.stderr)
    twice = Gateway(parties="[{party: \"agency:a\", key: k, token_subjects: [x]}, "
                            "{party: \"agency:b\", key: k, token_subjects: [x]}]").check()
    assert twice.returncode == 2 and "leads to agency:a already" in twice.stderr, twice.stderr


def test_the_process_leaves_no_core_and_gains_no_rights():
    with Gateway() as gateway:
        with open(f"/proc/{gateway.process.pid}/status") as f:
            assert "NoNewPrivs:\t1" in f.read()
        with open(f"/proc/{gateway.process.pid}/limits") as f:
            core = next(line for line in f if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core


def test_who_is_done_with_speaking_is_answered_still():
    folder = new_folder()
    with Gateway(folder=folder, listen=f"[\"127.0.0.1:0\", \"unix:{folder}/sock\"]") as gateway:
        get = b"GET /problems/busy HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n"
        post = b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n" \
               b'{"account": "a", "password": "b"}'
        for number in (0, 1):
            for sent, statuses in ((get, [200]), (get * 3, [200] * 3), (post, [404]), (get + post + get, [200, 404, 200]),
                                   (get + get[:-2], [200]), (get + post[:-1], [200])):
                with gateway.connect(number=number) as s:
                    s.sendall(sent)
                    s.shutdown(socket.SHUT_WR)
                    got, rest = [], b""
                    while (answer := read_answer(s, rest)) is not None:
                        got.append(answer.status)
                        rest = answer.rest
                    assert got == statuses, (number, sent[-60:], got)
        wait_for("no connection to be left", lambda: gateway.metric("connections") == 1)  # that which asks


def test_who_is_done_with_speaking_under_tls_is_answered_still():
    folder = new_folder()
    Authority(folder).certificate("server")
    with Gateway(folder=folder, text="tls: {certificate: server.pem, key: server.key}\n") as gateway:
        context = ssl.create_default_context(cafile=os.path.join(folder, "authority.pem"))
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(there, back, server_hostname="localhost")
        with gateway.connect() as s:
            def through(step):
                while True:
                    try:
                        value = step()
                        if back.pending:
                            s.sendall(back.read())
                        return value
                    except ssl.SSLWantReadError:
                        if back.pending:
                            s.sendall(back.read())
                        there.write(s.recv(65536))
            through(tls.do_handshake)
            tls.write(b"GET /problems/busy HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n")
            try:
                tls.unwrap()  # says that nothing more comes; the other's word for it is not waited for
            except ssl.SSLWantReadError:
                pass
            s.sendall(back.read())
            s.shutdown(socket.SHUT_WR)
            data = b""
            while b"</html>" not in data:
                data += through(lambda: tls.read(65536))
            assert data.startswith(b"HTTP/1.1 200"), data[:100]


def test_many_at_once_are_answered_each_its_own():
    with Gateway() as gateway:
        wrong = []

        def client(number):
            with gateway.connect() as s:
                for i in range(50):
                    s.sendall(f"GET /problems/x{number}-{i} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                    answer = read_answer(s)
                    if answer.status not in (404, 429):
                        wrong.append((number, i, answer.status))
        threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong


tests(globals())
