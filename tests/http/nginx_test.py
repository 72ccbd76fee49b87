"""The gateway behind nginx, with the example of deploy/gateway/nginx.conf: both see the same requests, whatever is
sent. Needs Debian's package nginx-light (deploy/packages test)."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.parse

import corpus
from gateway import PATIENCE, Gateway, new_folder, read_all, read_answer, tests, wait_for
from keys import Authority

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/gateway/nginx.conf")


class Nginx:
    """Runs the example with its places in a folder, and on unix sockets instead of ports."""

    def __init__(self, folder):
        self.folder = folder
        with open(EXAMPLE) as f:
            site = f.read()
        site = re.sub(r"listen \[::\]:\d+[^;]*;", "", site)
        site = site.replace("listen 443 ssl http2;", f"listen unix:{folder}/front.sock ssl;")
        site = site.replace("listen 80;", f"listen unix:{folder}/plain.sock;")
        site = site.replace("/run/voordeur/gateway.sock", f"{folder}/gateway.sock")
        site = site.replace("/etc/voordeur/tls", folder)
        assert "/etc/voordeur" not in site and "/run/voordeur" not in site
        paths = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(os.path.join(folder, "nginx.conf"), "w") as f:
            f.write(f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;\n"
                    f"events {{ worker_connections 256; }}\n"
                    f"http {{ log_format told '$upstream_status';\naccess_log {folder}/access told;\n{paths}\n"
                    # A client that has gone is waited for, so that each request sent on has its status in the log.
                    f"proxy_ignore_client_abort on;\n"
                    f"{site}\n}}\n")

    def __enter__(self):
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-e", f"{self.folder}/nginx.err", "-c",
                                         f"{self.folder}/nginx.conf"])
        wait_for("nginx", self.answers)
        return self

    def answers(self):
        assert self.process.poll() is None, open(f"{self.folder}/nginx.err").read()
        try:
            self.connect().close()
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def connect(self, certificate=None):
        context = ssl.create_default_context(cafile=f"{self.folder}/town.pem")
        if certificate:
            context.load_cert_chain(f"{self.folder}/{certificate}.pem", f"{self.folder}/{certificate}.key")
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        s.connect(f"{self.folder}/front.sock")
        return context.wrap_socket(s, server_hostname="localhost")

    def forwarded(self):
        """How many requests went on to the gateway; several statuses in a line are several attempts."""
        with open(f"{self.folder}/access") as f:
            return sum(len(line.split(",")) for line in f if line.strip() != "-")

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        self.process.wait(PATIENCE)


def prepared():
    folder = new_folder()
    town, agencies = Authority(folder, "town"), Authority(folder, "agencies")
    town.certificate("server")
    digest = agencies.certificate("school")
    agencies.certificate("stranger")
    gateway = Gateway(folder=folder, listen=f"unix:{folder}/gateway.sock",
                      text="behind_proxy: {certificate_header: X-Client-Certificate, subject_header: X-Oidc-Subject}\n",
                      parties='[{party: "agency:school-1", key: school-1.key, certificates: ["%s"], '
                              'token_subjects: ["anna"]}]' % digest)
    gateway.make_key("school-1.key")
    return gateway, Nginx(folder)


def seen(gateway):
    """How many requests the gateway has seen, good or bad."""
    text = gateway.get("/metrics", kind="admin").body.decode()
    served = sum(float(n) for n in re.findall(r'^voordeur_gateway_requests_total\{(?![^}]*route="admin")[^}]*\} (\S+)$',
                                              text, re.M))
    return int(served + float(re.search(r"^voordeur_gateway_heads_refused_total (\S+)$", text, re.M)[1]))


def session(s, *headers):
    s.sendall(f"GET /v1/session HTTP/1.1\r\nHost: localhost\r\n{''.join(h + chr(13) + chr(10) for h in headers)}\r\n".encode())
    return read_answer(s)


def test_both_see_the_same_requests():
    gateway, nginx = prepared()
    with gateway, nginx:
        for row in corpus.ROWS:
            before = nginx.forwarded()
            with nginx.connect() as s:
                try:
                    s.sendall(row.request)
                    s.unwrap().shutdown(socket.SHUT_WR)
                except (OSError, ValueError):
                    pass
                try:
                    read_all(s)
                except (OSError, ValueError):
                    pass
            # What was sent after it is answered after it, so nothing of the row is still on its way.
            with nginx.connect() as s:
                s.sendall(b"GET /marker HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert read_answer(s).status == 404, row.name
                read_all(s)
            wait_for("the log of nginx", lambda: nginx.forwarded() > before)
        wait_for("as many requests seen as were sent on", lambda: seen(gateway) == nginx.forwarded())


def test_an_agency_is_known_by_its_certificate_and_nobody_by_a_header():
    gateway, nginx = prepared()
    with open(f"{gateway.folder}/school.pem") as f:
        pem = f.read()
    forged = ["X-Client-Certificate: " + urllib.parse.quote(pem), "X-Oidc-Subject: anna"]
    with gateway, nginx:
        with nginx.connect("school") as s:
            answer = session(s)
            assert answer.status == 200 and answer.json()["party"]["id"] == "school-1", answer.body
            assert answer.header("strict-transport-security")
            # The next request of another connection may go the same way to the gateway, and is somebody else's.
            for _ in range(5):
                with nginx.connect() as other:
                    assert session(other).status == 401
                    assert session(other, *forged).status == 401
                assert session(s).status == 200
        with nginx.connect("stranger") as s:
            assert session(s).status == 401
        with nginx.connect("server") as s:
            assert session(s).status == 400, "a certificate of another authority"


if NGINX is None:
    sys.exit("nginx is missing: deploy/packages test")
tests(globals())
