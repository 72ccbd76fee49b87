"""The gateway behind Apache, with the example of deploy/gateway/apache.conf: people log in at an identity provider (OpenID
Connect), here one of our own that holds the example to what it promises. Needs Debian's packages apache2-bin and
libapache2-mod-auth-openidc (deploy/packages test)."""

import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

from gateway import PATIENCE, Gateway, new_folder, tests, wait_for
from keys import Authority, Signer, key_set

APACHE = shutil.which("apache2", path=os.environ.get("PATH", "") + ":/usr/sbin")
MODULES = "/usr/lib/apache2/modules"
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/gateway/apache.conf")
STRONG = "urn:example:acr:two-factor"
WANTED = ("mpm_event", "authn_core", "authz_core", "authz_user", "ssl", "http2", "headers", "proxy", "proxy_http", "reqtimeout",
          "auth_openidc")
ANNA = {"sub": "anna@voordeur.example", "name": "Anna de Vries", "acr": STRONG}
BERT = {"sub": "bert@voordeur.example", "name": "Bert", "acr": "urn:example:acr:password"}


class Provider:
    """An identity provider: whoever is in `person` is who sits at the screen."""

    def __init__(self, folder):
        self.person, self.codes, self.faults = ANNA, {}, []
        self.signer = Signer(folder, "op-key")
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def say(self, value, status=200, **headers):
                body = json.dumps(value).encode()
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if path == "/.well-known/openid-configuration":
                    self.say(provider.metadata())
                elif path == "/jwks":
                    self.say(json.loads(key_set(provider.signer)))
                elif path == "/authorize":
                    self.say({}, 302, Location=provider.authorize(dict(urllib.parse.parse_qsl(query))))
                else:
                    self.say({}, 404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                given = dict(urllib.parse.parse_qsl(body))
                self.say(*provider.token(given, self.headers.get("Authorization", "")))

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"https://localhost:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def metadata(self):
        return {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"]}

    def authorize(self, asked):
        for name, value in (("response_type", "code"), ("client_id", "voordeur"), ("code_challenge_method", "S256"),
                            ("acr_values", STRONG), ("scope", "openid profile")):
            if asked.get(name) != value:
                self.faults.append(f"{name} is {asked.get(name)!r}")
        code = f"code-{len(self.codes)}"
        self.codes[code] = (asked, dict(self.person))
        return asked["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": asked["state"]})

    def token(self, given, authorization):
        asked, person = self.codes.pop(given.get("code"), (None, None))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            self.faults.append("a code that is none, or shown by another")
            return {"error": "invalid_grant"}, 400
        if authorization != "Basic " + base64.b64encode(b"voordeur:a-client-secret").decode():
            self.faults.append("the client did not show its secret: " + authorization)
            return {"error": "invalid_client"}, 401
        now = int(time.time())
        token = self.signer.token(iss=self.url, aud="voordeur", iat=now, exp=now + 600, nonce=asked["nonce"], **person)
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 600, "id_token": token}, 200


class Apache:
    """Runs the example with its places in a folder, and on a port of its own."""

    def __init__(self, folder, provider):
        self.folder, self.provider = folder, provider

    def write(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.origin = f"https://localhost:{self.port}"
        with open(EXAMPLE) as f:
            site = f.read()
        for before, after in (("*:443", f"127.0.0.1:{self.port}"), ("ServerName voordeur.example", "ServerName localhost"),
                              ("https://login.example", self.provider.url), ("https://voordeur.example/oidc", self.origin + "/oidc"),
                              ("/etc/voordeur/tls", self.folder), ("/etc/voordeur", self.folder), ("/run/voordeur", self.folder)):
            assert before in site, before
            site = site.replace(before, after)
        assert "/etc/voordeur" not in site and "/run/voordeur" not in site and "login.example" not in site
        with open(f"{self.folder}/oidc-secret.conf", "w") as f:
            f.write('OIDCClientSecret a-client-secret\nOIDCCryptoPassphrase "a passphrase of the test"\n'
                    f"OIDCCABundlePath {self.folder}/town.pem\n")
        with open(f"{self.folder}/apache.conf", "w") as f:
            f.write("".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in WANTED))
            f.write(f"ServerRoot {self.folder}\nDefaultRuntimeDir {self.folder}\nPidFile {self.folder}/apache.pid\n"
                    f"ErrorLog {self.folder}/apache.err\nListen 127.0.0.1:{self.port}\nServerName localhost\n"
                    f"User www-data\nGroup www-data\nStartServers 1\nServerLimit 1\nThreadsPerChild 16\n"
                    f"MaxRequestWorkers 16\nMinSpareThreads 1\nMaxSpareThreads 16\n{site}\n")

    def __enter__(self):
        for _ in range(5):  # the port may be taken meanwhile
            self.write()
            self.process = subprocess.Popen([APACHE, "-f", f"{self.folder}/apache.conf", "-DFOREGROUND"])
            wait_for("Apache", lambda: self.process.poll() is not None or self.listens())
            if self.process.poll() is None:
                return self
        raise AssertionError(self.words())

    def words(self):
        with open(f"{self.folder}/apache.err") as f:
            return f.read()[-3000:]

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except ConnectionRefusedError:
            return False

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        self.process.wait(PATIENCE)
        if kind is not None:
            print(self.words())


class Browser:
    """Keeps cookies, and follows where it is sent when told to."""

    def __init__(self, folder):
        self.context = ssl.create_default_context(cafile=f"{folder}/town.pem")
        self.cookies = {}

    def ask(self, method, url, headers=None, body=None):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection("localhost", parts.port, context=self.context, timeout=PATIENCE)
        ours = self.cookies.setdefault(parts.port, {})
        given = {"Host": parts.netloc, **(headers or {})}
        if ours:
            given["Cookie"] = "; ".join(f"{n}={v}" for n, v in ours.items())
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, given)
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            if value and "max-age=0" not in line.lower() and "01 jan 1970" not in line.lower():
                ours[name] = value
            else:
                ours.pop(name, None)
        return answer

    def open(self, url):
        """As somebody who types it: at most ten steps to a page."""
        for _ in range(10):
            answer = self.ask("GET", url, {"Accept": "text/html"})
            if answer.status not in (302, 303, 307):
                return answer
            url = urllib.parse.urljoin(url, answer.headers["Location"])
        raise AssertionError("sent round and round, last to " + url)


class Front:
    """All of them together."""

    def __enter__(self):
        folder = self.folder = new_folder()
        os.chmod(folder, 0o755)
        Authority(folder, "town").certificate("server")
        os.makedirs(f"{folder}/page")
        with open(f"{folder}/page/index.html", "w") as f:
            f.write("<!doctype html><title>Voordeur</title>")
        self.provider = Provider(folder)
        with open(EXAMPLE) as f:
            said = re.search(r"#   (behind_proxy: \{.*\})\n", f.read())[1]
        self.gateway = Gateway(folder=folder, listen=f"unix:{folder}/gateway.sock", text=f"{said}\nconsole: page\n",
                               parties='[{party: "regisseur:r-1", key: r-1.key, token_subjects: ["%s", "%s"]}]' % (
                                   ANNA["sub"], BERT["sub"]))
        self.gateway.make_key("r-1.key")
        self.gateway.start()
        os.chmod(f"{folder}/gateway.sock", 0o666)  # in deploy, Apache's user is of the gateway's group
        self.apache = Apache(folder, self.provider)
        self.apache.__enter__()
        self.url = self.apache.origin
        return self

    def __exit__(self, *raised):
        self.apache.__exit__(*raised)
        self.provider.http.shutdown()
        self.provider.http.server_close()
        assert self.gateway.stop() == 0 or raised[0], self.gateway.words()

    def browser(self):
        return Browser(self.folder)


def test_a_person_logs_in_at_the_provider_and_is_who_it_says():
    with Front() as front:
        browser = front.browser()
        assert browser.ask("GET", front.url + "/v1/session").status == 401, "a page in the background is not sent away"
        page = browser.open(front.url + "/app/")
        assert page.status == 200 and b"Voordeur" in page.text, (page.status, page.text)
        shown = browser.ask("GET", front.url + "/v1/session")
        told = json.loads(shown.text)
        assert shown.status == 200 and told["party"] == {"kind": "regisseur", "id": "r-1"}, told
        assert told["name"] == "Anna de Vries" and shown.headers["Strict-Transport-Security"]
        assert "__Host-voordeur" in browser.cookies[front.apache.port]
        # Nothing changes without the session's token, and with it all is as without a proxy.
        assert browser.ask("DELETE", front.url + "/v1/session").status == 403
        ended = browser.ask("DELETE", front.url + "/v1/session", {"X-CSRF-Token": told["csrfToken"], "Origin": front.url})
        assert ended.status == 204, ended.text
        assert front.provider.faults == [], front.provider.faults


def test_what_a_client_says_of_itself_is_dropped():
    forged = {"X-Oidc-Subject": BERT["sub"], "X-Oidc-Name": "Bert", "X-Client-Certificate": "0" * 64, "OIDC-CLAIM-sub": "x"}
    with Front() as front:
        browser = front.browser()
        stranger = browser.ask("GET", front.url + "/v1/session", forged)
        assert stranger.status == 401 and not stranger.headers["Set-Cookie"], (stranger.status, stranger.headers.items())
        described = browser.ask("GET", front.url + "/v1/openapi.json", forged)
        assert described.status == 200, described.text
        assert b'"openapi"' in described.text
        assert "__Host-voordeur" not in browser.cookies[front.apache.port], "nobody has become somebody"
        browser.open(front.url + "/app/")
        told = json.loads(browser.ask("GET", front.url + "/v1/session", forged).text)
        assert told["name"] == "Anna de Vries", told


def test_a_password_alone_is_not_enough():
    with Front() as front:
        front.provider.person = BERT
        browser = front.browser()
        assert browser.open(front.url + "/app/").status in (401, 403)
        assert browser.ask("GET", front.url + "/v1/session").status in (401, 403)
        assert front.gateway.metric("sessions") == 0, "the gateway has not heard of it"


def test_paths_and_bodies_come_through_as_they_were():
    with Front() as front:
        browser = front.browser()
        browser.open(front.url + "/app/")
        told = json.loads(browser.ask("GET", front.url + "/v1/session").text)
        own = {"X-CSRF-Token": told["csrfToken"], "Origin": front.url, "Content-Type": "application/json"}
        # An escaped slash is part of a name: without nocanon it would be another path. (There is no broker, so 503.)
        assert browser.ask("GET", front.url + "/v1/signals/a%2Fb").status in (503, 403)
        assert browser.ask("GET", front.url + "/v1/signals/a/b").status == 404
        wrong = browser.ask("POST", front.url + "/v1/cases/C1/declines", own, '{"reason": 7')
        assert wrong.status in (400, 503), wrong.status
        large = browser.ask("POST", front.url + "/v1/cases/C1/declines", own, "x" * 1048577)
        assert large.status == 413
        foreign = browser.ask("POST", front.url + "/v1/cases/C1/declines", {**own, "Origin": "https://evil.example"}, "{}")
        assert foreign.status == 403 and json.loads(foreign.text)["code"] == "not_same_origin"


if APACHE is None or not os.path.exists(f"{MODULES}/mod_auth_openidc.so"):
    sys.exit("Apache with mod_auth_openidc is missing: deploy/packages test")
tests(globals())
