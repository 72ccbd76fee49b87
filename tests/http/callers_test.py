"""Who is calling: certificates, tokens, and what a proxy may say."""

import http.server
import json
import os
import ssl
import threading
import time
import urllib.parse
import warnings

from gateway import new_folder, read_answer, tests, wait_for
from keys import Authority, Signer, b64, key_set
from parties import cookie_of, prepared, who

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is asked for, to be refused


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


def test_nobody_signs_others_out_by_signing_in():
    folder = new_folder()
    gateway = prepared(
        folder=folder, listen=f"unix:{folder}/sock",
        text="behind_proxy: {subject_header: X-Subject}\nlimits: {sessions: 48}\n",
        parties='[{party: "regisseur:r-1", key: r-1.key, token_subjects: ["anna@town", "bert@town"]}]')
    with gateway:
        anna = [("X-Subject", "anna@town")]
        anna.append(("Cookie", cookie_of(gateway.get("/v1/session", anna))))
        berts = [cookie_of(gateway.get("/v1/session", [("X-Subject", "bert@town")])) for _ in range(64)]
        assert not gateway.get("/v1/session", anna).header("set-cookie"), "hers is alive"
        assert gateway.metric("sessions") == 33
        newest = gateway.get("/v1/session", [("X-Subject", "bert@town"), ("Cookie", berts[-1])])
        assert not newest.header("set-cookie"), "and so is his newest"


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


def test_a_token_that_is_bound_holds_with_its_certificate_only():
    """RFC 8705: whoever finds a token cannot use it without the key of the certificate that it names."""
    folder = new_folder()
    authority = Authority(folder)
    authority.certificate("server")
    digests = {name: authority.certificate(name) for name in ("school", "other")}
    signer = Signer(folder, "k1")
    with open(os.path.join(folder, "keys.json"), "w") as f:
        f.write(key_set(signer))
    bound = {name: signer.token(cnf={"x5t#S256": b64(bytes.fromhex(digest))}) for name, digest in digests.items()}
    strange = [signer.token(cnf=cnf) for cnf in ({}, {"jkt": bound["school"][:43]}, {"x5t#S256": "AAAA"}, "x")]

    def judge(ask):
        assert who(ask("school", bound["school"])) == "school-1"
        assert who(ask("other", bound["other"])) == "school-1", "the certificate need not be the party's"
        assert who(ask("school", signer.token())) == "school-1", "not bound"
        for name, token in [("other", bound["school"]), ("school", bound["other"]), (None, bound["school"])] + [
                ("school", token) for token in strange]:
            answer = ask(name, token)
            assert answer.status == 401 and answer.header("www-authenticate"), (name, answer.status)

    with prepared(folder=folder, text=JWT % "keys.json" +
                  "tls: {certificate: server.pem, key: server.key, client_ca: authority.pem}\n") as gateway:
        def ask(name, token):
            context = ssl.create_default_context(cafile=os.path.join(folder, "authority.pem"))
            if name:
                context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
            with context.wrap_socket(gateway.connect(), server_hostname="localhost") as s:
                s.sendall(b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" %
                          token.encode())
                return read_answer(s)
        judge(ask)
    # The same where a proxy has verified the certificate, and says which it was.
    with prepared(folder=folder, text=JWT % "keys.json" + "behind_proxy: {certificate_header: X-Client-Cert}\n",
                  listen=f"[\"127.0.0.1:0\", \"unix:{folder}/sock\"]") as gateway:
        def ask_proxy(name, token, number=1):
            shown = [("X-Client-Cert", digests[name])] if name else []
            return gateway.get("/v1/session", shown + [("Authorization", "Bearer " + token)], number=number)
        judge(ask_proxy)
        assert ask_proxy("school", bound["school"], number=0).status == 401, "over TCP the header is nobody's word"


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


def bearer(signer):
    return [("Authorization", "Bearer " + signer.token())]


def test_keys_change_while_it_runs():
    """As an issuer rotates: the new one beside the old, then alone."""
    folder = new_folder()
    first, second = Signer(folder, "k1"), Signer(folder, "k2")
    server = KeyServer(folder, key_set(first))
    text = JWT % f"\"{server.url}\", jwks_ca: web.pem" + "limits: {key_set_pause: 100ms, key_set_time: 2s, " \
        "requests_per_second: 100000, burst: 100000}\n"
    with prepared(folder=folder, text=text) as gateway:
        wait_for("the first key", lambda: who(gateway.get("/v1/session", bearer(first))) == "school-1")
        server.text = key_set(first, second)
        wait_for("the second", lambda: who(gateway.get("/v1/session", bearer(second))) == "school-1")
        assert who(gateway.get("/v1/session", bearer(first))) == "school-1", "the old one still holds"
        # A key that is withdrawn is known of at the end of the set's term, without anybody showing an unknown one.
        server.text = key_set(second)
        wait_for("the end of the first", lambda: gateway.get("/v1/session", bearer(first)).status == 401)
        assert who(gateway.get("/v1/session", bearer(second))) == "school-1"
        # One who shows unknown keys makes it be asked for no more often than the pause lets.
        stranger, asked, begin = Signer(folder, "k9"), server.asked, time.monotonic()
        shown, sent = bearer(stranger), 0
        while time.monotonic() - begin < 1.0:
            assert gateway.get("/v1/session", shown).status == 401
            sent += 1
        assert server.asked - asked <= (time.monotonic() - begin) / 0.1 + 2, (server.asked - asked, sent)
        # The issuer goes away: what there is holds until its term ends, and then nobody is blamed.
        server.http.shutdown()
        server.http.server_close()
        wait_for("the end of the term", lambda: gateway.get("/v1/session", bearer(second)).status == 503)


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
