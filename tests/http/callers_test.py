"""Who is calling: certificates, tokens, sessions, and what a proxy may say."""

import http.server
import json
import os
import select
import ssl
import threading
import time
import urllib.parse
import warnings

from gateway import Gateway, new_folder, read_answer, tests, wait_for
from keys import Authority, Signer, b64, key_set

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is asked for, to be refused
PASSWORD = "zeven paarse olifanten"


def who(answer):
    """The party of GET /v1/session; None: nobody."""
    return answer.json()["party"]["id"] if answer.status == 200 else None


def prepared(text="", parties=None, **how):
    parties = parties or '[{party: "regisseur:r-1", key: r-1.key}, {party: "agency:school-1", key: school-1.key, ' \
                         'token_subjects: ["school-1"]}]'
    gateway = Gateway(text=text, parties=parties, **how)
    for name in ("r-1.key", "school-1.key"):
        gateway.make_key(name)
    return gateway


# ---- Sessions of local accounts ----

def with_account():
    gateway = prepared(text="accounts: accounts\n")
    made = gateway.account("add", "anna", "regisseur:r-1", "Anna de Vries", password=PASSWORD)
    assert made.returncode == 0, made.stderr
    return gateway


def login(gateway, account="anna", password=PASSWORD, headers=()):
    return gateway.post("/v1/session", json.dumps({"account": account, "password": password}), headers)


def cookie_of(answer):
    return answer.header("set-cookie").split(";")[0]


def test_a_login_begins_a_session_and_a_logout_ends_it():
    with with_account() as gateway:
        begun = login(gateway)
        assert begun.status in (200, 201) and begun.json()["name"] == "Anna de Vries", begun.body
        cookie = begun.header("set-cookie")
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            assert part in cookie, cookie
        token = begun.json()["csrfToken"]
        shown = [("Cookie", "other=1; " + cookie_of(begun))]
        assert who(gateway.get("/v1/session", shown)) == "r-1"
        assert gateway.get("/v1/session").status == 401
        assert gateway.metric("sessions") == 1
        delete = f"DELETE /v1/session HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie_of(begun)}\r\n"
        assert gateway.ask((delete + "\r\n").encode()).status == 403, "without the token"
        ended = gateway.ask((delete + f"X-CSRF-Token: {token}\r\n\r\n").encode())
        assert ended.status in (200, 204) and "Max-Age=0" in ended.header("set-cookie")
        assert gateway.get("/v1/session", shown).status == 401, "what was stolen is worth nothing"


def test_every_login_has_an_id_of_its_own():
    with with_account() as gateway:
        first = login(gateway)
        again = login(gateway, headers=[("Cookie", cookie_of(first)), ("X-CSRF-Token", first.json()["csrfToken"])])
        assert again.status in (200, 201) and cookie_of(again) != cookie_of(first)
        assert gateway.get("/v1/session", [("Cookie", cookie_of(first))]).status == 401
        # An id that the client brings along is never taken up.
        brought = "voordeur=" + "A" * 43
        assert cookie_of(login(gateway, headers=[("Cookie", brought)])) != brought


def test_what_another_page_sends_changes_nothing():
    with with_account() as gateway:
        begun = login(gateway)
        mine = [("Cookie", cookie_of(begun)), ("X-CSRF-Token", begun.json()["csrfToken"])]
        for foreign in ([("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")],
                        [("Sec-Fetch-Site", "same-site")], [("Origin", "https://localhost")]):
            answer = gateway.post("/v1/signals", "{}", mine + foreign)
            assert answer.status == 403 and answer.json()["code"] == "not_same_origin", foreign
            assert login(gateway, headers=foreign).status == 403, "a login of another's making"
        for own in ([("Origin", "http://localhost")], [("Sec-Fetch-Site", "same-origin")], []):
            assert gateway.post("/v1/signals", "{}", mine + own).json()["code"] != "not_same_origin", own
        for token in ("", "x", begun.json()["csrfToken"][:-1] + "-"):
            assert gateway.post("/v1/signals", "{}", [mine[0], ("X-CSRF-Token", token)]).status == 403, token


def test_wrong_passwords_wait_longer_and_longer_known_account_or_not():
    with with_account() as gateway:
        for account in ("anna", "nobody"):
            first = login(gateway, account, "a wrong password")
            assert first.status == 401 and first.json()["code"] == "wrong_password"
            # Each pause is twice the one before, so sooner or later the next attempt comes too early.
            late = None
            for i in range(12):
                answer = login(gateway, account, "another wrong password")
                assert answer.status in (401, 429), answer.status
                late = late or (answer if answer.status == 429 else None)
            assert late is not None and int(late.header("retry-after")) >= 1, account


def test_an_unknown_account_is_checked_like_a_known_one():
    with with_account() as gateway:
        took = {}
        for account in ("anna", "nobody"):
            begin = time.monotonic()
            assert login(gateway, account, "a wrong password").status == 401
            took[account] = time.monotonic() - begin
        # Argon2id takes tens of milliseconds at least; without it an answer takes less than one.
        assert took["nobody"] > took["anna"] / 10, took


def test_a_login_does_not_hold_up_others():
    with with_account() as gateway:
        many, body = [], '{"account": "n%02d", "password": "some password"}'
        for i in range(16):
            many.append(gateway.connect())
            text = body % i
            many[-1].sendall(f"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        assert gateway.get("/nothing").status == 404
        waiting = len(many) - len(select.select(many, [], [], 0)[0])
        assert waiting > 0, "the logins were all done before the other request was"
        assert [read_answer(s).status for s in many] == [401] * 16
        for s in many:
            s.close()


def test_an_account_that_is_removed_loses_its_sessions():
    with with_account() as gateway:
        shown = [("Cookie", cookie_of(login(gateway)))]
        assert who(gateway.get("/v1/session", shown)) == "r-1"
        assert gateway.account("remove", "anna").returncode == 0
        wait_for("the session to end", lambda: gateway.get("/v1/session", shown).status == 401)


def test_a_session_ends_when_it_is_not_used_and_when_its_time_is_over():
    for limit in ("session_idle: 1s", "session_absolute: 1s"):
        gateway = with_account()
        gateway.stop()
        gateway = prepared(folder=gateway.folder, text=f"accounts: accounts\nlimits: {{{limit}}}\n")
        with gateway:
            shown = [("Cookie", cookie_of(login(gateway)))]
            if "idle" in limit:
                wait_for("the session to end", lambda: gateway.metric("sessions") == 0)
            else:
                wait_for("the session to end", lambda: gateway.get("/v1/session", shown).status == 401)


def test_accounts_are_added_changed_listed_and_removed():
    gateway = with_account()
    rows = [(("add", "anna", "regisseur:r-1"), PASSWORD, 2, "already"),
            (("add", "bert", "regisseur:r-1"), "short", 2, "10 characters"),
            (("add", "b/t", "regisseur:r-1"), PASSWORD, 2, "letters"),
            (("add", "bert", "boss:r-1"), PASSWORD, 2, "KIND:ID"),
            (("add", "bert", "regisseur:r-1"), PASSWORD, 0, ""),
            (("password", "nobody"), PASSWORD, 2, "no such account"),
            (("password", "bert"), PASSWORD + "!", 0, ""),
            (("remove", "nobody"), "", 2, "no such account"),
            (("remove", "anna"), "", 0, ""),
            (("fly",), "", 2, "add NAME")]
    for words, password, status, told in rows:
        result = gateway.account(*words, password=password)
        assert result.returncode == status and told in result.stderr, (words, result)
    listed = gateway.account("list").stdout
    assert "bert" in listed and "anna" not in listed
    path = os.path.join(gateway.folder, "accounts")
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path) as f:
        text = f.read()
    assert "$argon2id$" in text and PASSWORD not in text
    os.chmod(path, 0o644)
    assert gateway.check().returncode == 2, "others may read it"


# ---- Certificates ----

def test_a_client_certificate_is_a_party():
    folder = new_folder()
    authority, foreign = Authority(folder), Authority(folder, "foreign")
    authority.certificate("server")
    digest = authority.certificate("school")
    authority.certificate("stranger")
    foreign.certificate("intruder")
    gateway = prepared(folder=folder, text="tls: {certificate: server.pem, key: server.key, client_ca: authority.pem}\n",
                       parties='[{party: "agency:school-1", key: school-1.key, certificates: ["%s"]}]' % digest)

    def ask(name, **how):
        context = ssl.create_default_context(cafile=os.path.join(folder, "authority.pem"))
        if "most" in how:
            context.maximum_version = how["most"]
        if name:
            context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
        with context.wrap_socket(gateway.connect(), server_hostname="localhost") as s:
            s.sendall(b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return read_answer(s)

    with gateway:
        answer = ask("school")
        assert who(answer) == "school-1", (answer.status, answer.body)
        assert answer.header("strict-transport-security")
        assert who(ask("school", most=ssl.TLSVersion.TLSv1_2)) == "school-1"
        assert ask(None).status == 401
        assert ask("stranger").status == 401, "of the authority, and nobody's"
        for name, how in (("intruder", {}), ("school", {"most": ssl.TLSVersion.TLSv1_1})):
            try:
                answer = ask(name, **how)
                assert answer is None, "it got in"
            except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
                pass
        with gateway.connect() as plain:  # no TLS at all
            plain.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                assert b"HTTP" not in plain.recv(1000)
            except ConnectionResetError:
                pass
        assert who(ask("school")) == "school-1"


def test_a_proxy_is_believed_on_its_socket_only():
    folder = new_folder()
    authority = Authority(folder)
    digest = authority.certificate("school")
    with open(os.path.join(folder, "school.pem")) as f:
        pem = f.read()
    pem = pem[pem.index("-----BEGIN"):]
    gateway = prepared(
        folder=folder, listen=f"[\"127.0.0.1:0\", \"unix:{folder}/sock\"]",
        text="behind_proxy: {certificate_header: X-Client-Cert, subject_header: X-Subject, name_header: X-Name}\n",
        parties='[{party: "agency:school-1", key: school-1.key, certificates: ["%s"]}, '
                '{party: "regisseur:r-1", key: r-1.key, token_subjects: ["anna@town"]}]' % digest)
    escaped, blanks = ("X-Client-Cert", urllib.parse.quote(pem)), ("X-Client-Cert", " ".join(pem.strip().split("\n")))
    with gateway:
        for header in (escaped, blanks, ("X-Client-Cert", digest)):
            assert who(gateway.get("/v1/session", [header], number=1)) == "school-1", header
            assert gateway.get("/v1/session", [header]).status == 401, "over TCP it is nobody's word"
        assert gateway.get("/v1/session", [("X-Client-Cert", "junk")], number=1).status == 401
        # A person whom the proxy let in: a session begins by itself.
        person = [("X-Subject", "anna@town"), ("X-Name", "Anna de Vries"), ("X-Forwarded-Proto", "https")]
        assert gateway.get("/v1/session", person).status == 401
        begun = gateway.get("/v1/session", person, number=1)
        assert who(begun) == "r-1" and begun.json()["name"] == "Anna de Vries"
        assert begun.header("set-cookie").startswith("__Host-voordeur=") and "Secure" in begun.header("set-cookie")
        assert begun.header("strict-transport-security")
        cookie = ("Cookie", cookie_of(begun))
        again = gateway.get("/v1/session", person + [cookie], number=1)
        assert who(again) == "r-1" and not again.header("set-cookie")
        # The cookie alone, or with another person, is nothing.
        assert gateway.get("/v1/session", [cookie, person[2]], number=1).status == 401
        assert gateway.get("/v1/session", [("X-Subject", "bert@town"), cookie], number=1).status == 401
        assert gateway.post("/v1/signals", "{}", person, number=1).status == 403, "no session yet, so no token"
        answer = gateway.post("/v1/signals", "{}", person + [cookie, ("X-CSRF-Token", begun.json()["csrfToken"])],
                              number=1)
        assert answer.json()["code"] != "not_same_origin", answer.body


# ---- Tokens ----

JWT = "jwt: {issuer: \"https://login.example\", audience: voordeur, jwks: %s}\n"


def test_a_token_holds_when_all_of_it_does():
    gateway = prepared(text=JWT % "keys.json")
    rsa, ec, other = (Signer(gateway.folder, kid, kind) for kid, kind in (("k1", "RSA"), ("k2", "EC"), ("k1x", "RSA")))
    with open(os.path.join(gateway.folder, "keys.json"), "w") as f:
        f.write(key_set(rsa, ec))
    now = int(time.time())
    good = [rsa.token(), rsa.token("PS256"), ec.token(), rsa.token(aud=["x", "voordeur"]),
            rsa.token(nbf=now - 10, iat=now)]
    bad = {
        "another issuer": rsa.token(iss="https://evil.example"),
        "no issuer": rsa.token(iss=None),
        "another audience": rsa.token(aud="x"),
        "no audience": rsa.token(aud=None),
        "over": rsa.token(exp=now - 3600),
        "no end": rsa.token(exp=None),
        "an end in words": rsa.token(exp="never"),
        "not yet": rsa.token(nbf=now + 3600),
        "nobody's subject": rsa.token(sub="x"),
        "no subject": rsa.token(sub=None),
        "signed by another": rsa.token(signer=other),
        "no key named": rsa.token(header={"kid": None}),
        "an unknown key": other.token(),
        "none": rsa.token("none"),
        "a secret that is public": rsa.token("HS256"),
        "RSA named, EC key": rsa.token(header={"kid": "k2"}),
        "crit": rsa.token(header={"crit": ["exp"]}),
        "bound to a certificate": rsa.token(cnf={"x5t#S256": b64(b"\0" * 32)}),
        "cut": rsa.token()[:-10],
        "changed": rsa.token().replace(".", ".e", 1),
        "no signature": rsa.token().rsplit(".", 1)[0] + ".",
        "two parts": rsa.token().rsplit(".", 1)[0],
        "empty": "",
        "junk": "a.b.c",
        "long": "a" * 9000,
    }
    with gateway:
        wait_for("the key set", lambda: gateway.get("/v1/session", [("Authorization", "Bearer " + good[0])]).status != 503)
        for token in good:
            answer = gateway.get("/v1/session", [("Authorization", "Bearer " + token)])
            assert who(answer) == "school-1", answer.body
        for name, token in bad.items():
            answer = gateway.get("/v1/session", [("Authorization", "Bearer " + token)])
            assert answer.status == 401 and answer.header("www-authenticate"), (name, answer.status)
        assert gateway.get("/v1/session", [("Authorization", "Basic YTpi")]).status == 401


class KeyServer:
    """Serves a key set over https, and counts how often it was asked."""

    def __init__(self, folder, text):
        self.text, self.asked = text, 0
        authority = Authority(folder, "web")
        authority.certificate("site")
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked += 1
                if server.text is None:
                    self.send_response(302)
                    self.send_header("Location", "https://127.0.0.1:1/")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(server.text)))
                self.end_headers()
                self.wfile.write(server.text.encode())

            def log_message(self, *words):
                pass

        self.http = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "site.pem"), os.path.join(folder, "site.key"))
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.http.server_address[1]}/keys"


def test_keys_are_fetched_once_and_again_for_an_unknown_one():
    folder = new_folder()
    first, second, third = (Signer(folder, kid) for kid in ("k1", "k2", "k3"))
    server = KeyServer(folder, key_set(first))
    gateway = prepared(folder=folder, text=JWT % f"\"{server.url}\", jwks_ca: web.pem")
    with gateway:
        # The first request may come before the keys: then it waits for them.
        for _ in range(5):
            assert who(gateway.get("/v1/session", [("Authorization", "Bearer " + first.token())])) == "school-1"
        assert server.asked == 1
        # An unknown key within the minute is not asked for: that would let strangers drive the asking.
        server.text = key_set(first, second)
        for token in (second.token(), third.token(), third.token()):
            assert gateway.get("/v1/session", [("Authorization", "Bearer " + token)]).status == 401
        assert server.asked == 1


def test_keys_that_cannot_be_had_are_nobodys_fault():
    folder = new_folder()
    signer = Signer(folder, "k1")
    server = KeyServer(folder, None)  # it redirects, which is not followed
    with prepared(folder=folder, text=JWT % f"\"{server.url}\", jwks_ca: web.pem") as gateway:
        answer = gateway.get("/v1/session", [("Authorization", "Bearer " + signer.token())])
        assert answer.status == 503 and answer.header("retry-after"), answer.status
        checked = gateway.check()
        assert checked.returncode == 2 and "jwks" in checked.stderr


tests(globals())
