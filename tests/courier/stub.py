"""Receivers for the courier's tests: a webhook's, and a Zaken API that checks what the standard requires."""

import http.server
import json
import re
import threading
import urllib.parse


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.changed = threading.Condition()
        self.requests = []  # (method, path, headers, body)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/hook"):
        return "http://127.0.0.1:%d%s" % (self.server_address[1], path)

    def wait(self, condition, wait_s=30.0):
        with self.changed:
            if not self.changed.wait_for(condition, wait_s):
                raise AssertionError("it did not come; there were: %r" % [r[:2] for r in self.requests])

    def handle_error(self, request, client_address):
        """A courier that is killed leaves its connection; that is what the test wants."""

    def close(self):
        self.shutdown()
        self.server_close()

    def answer(self, method, path, headers, body):
        """To be said by a subclass: (status, headers, body)."""
        raise NotImplementedError


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.changed:
            status, headers, answer = self.server.answer(self.command, self.path, self.headers, body)
            self.server.requests.append((self.command, self.path, dict(self.headers.items()), body, status))
            self.server.changed.notify_all()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_OPTIONS = do_DELETE = do_PUT = do_PATCH = handle_one

    def log_message(self, *_):
        pass


class Hook(Server):
    """Answers each POST with the next status of a list, then with 204."""

    def __init__(self, statuses=(), allowed="*", rate=None, headers=None):
        self.statuses, self.allowed, self.rate = list(statuses), allowed, rate
        self.extra = headers or {}
        super().__init__()

    def answer(self, method, path, headers, body):
        if method == "OPTIONS":
            given = {"WebHook-Allowed-Origin": self.allowed} if self.allowed else {}
            if self.rate:
                given["WebHook-Allowed-Rate"] = str(self.rate)
            return 200, given, b""
        return self.statuses.pop(0) if self.statuses else 204, self.extra, b""

    def posts(self, status=None):
        return [r for r in self.requests if r[0] == "POST" and (status is None or r[4] == status)]

    def events(self, status=204):
        return [json.loads(r[3]) for r in self.posts(status)]


class Zaken(Server):
    """The Zaken API as far as its text requires members, and what it refuses. Lists are pages, as in version 1.5."""

    BASE = "/zaken/api/v1"
    RESULTS, STATUSES = ("closed", "dismissed", "retracted", "merged"), ("opened", "accepted", "planned", "ended")

    def __init__(self, check_token):
        self.check_token = check_token
        self.zaken, self.rollen, self.statussen, self.resultaten = {}, {}, {}, {}
        self.faults = []  # what a case system would refuse
        self.fail = []    # what to answer with before anything is looked at: a status, or a whole answer
        self.number = 0
        self.page = 100         # rows of a page
        self.elsewhere = None   # what stands as the next page instead of it
        super().__init__()

    def api(self):
        return self.url(self.BASE)

    def type_url(self, name):
        return self.url("/catalogi/api/v1/" + name)

    def refuse(self, why):
        self.faults.append(why)
        return 400, {"Content-Type": "application/problem+json"}, json.dumps({"title": "Invalid input.",
                                                                                "detail": why}).encode()

    def answer(self, method, path, headers, body):
        if self.fail:
            first = self.fail.pop(0)
            return first if isinstance(first, tuple) else (first, {}, b"")
        token = self.check_token(headers.get("Authorization", ""))
        if token is not None:
            self.faults.append(token)
            return 403, {}, b"{}"
        parts = urllib.parse.urlsplit(path)
        found = re.fullmatch(self.BASE + r"/(zaken|rollen|statussen|resultaten)(?:/([0-9]+))?", parts.path)
        if not found:
            return self.refuse("no such path: " + path)
        noun, number = found.groups()
        held = getattr(self, noun)
        if method == "DELETE" and noun == "rollen" and number in held:
            del held[number]
            return 204, {}, b""
        if method == "GET" and number is None:
            if noun == "zaken" and headers.get("Accept-Crs") != "EPSG:4326":
                return self.refuse("Accept-Crs is required")
            query = dict(urllib.parse.parse_qsl(parts.query))
            page = int(query.pop("page", 1))
            rows = [row for row in held.values() if all(row.get(k) == v for k, v in query.items())]
            shown = rows[(page - 1) * self.page:page * self.page]
            if page > 1 and not shown:
                return self.refuse("there is no such page")
            url = self.api() + "/" + noun + "?" + urllib.parse.urlencode({**query, "page": page + 1})
            more = url if len(rows) > page * self.page else None
            if more and self.elsewhere:
                more = self.elsewhere
            return 200, {"Content-Type": "application/json"}, json.dumps(
                {"count": len(rows), "next": more, "previous": None, "results": shown}).encode()
        if method == "POST" and number is None:
            return self.make(noun, headers, json.loads(body))
        return self.refuse("%s %s" % (method, path))

    REQUIRED = {"zaken": ("bronorganisatie", "verantwoordelijkeOrganisatie", "zaaktype", "startdatum"),
                "rollen": ("zaak", "betrokkeneType", "roltype", "roltoelichting"),
                "statussen": ("zaak", "statustype", "datumStatusGezet"), "resultaten": ("zaak", "resultaattype")}

    def make(self, noun, headers, row):
        for member in self.REQUIRED[noun]:
            if not row.get(member):
                return self.refuse("%s: %s is required" % (noun, member))
        if noun == "zaken":
            if headers.get("Content-Crs") != "EPSG:4326" or headers.get("Accept-Crs") != "EPSG:4326":
                return self.refuse("Content-Crs and Accept-Crs are required")
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", row["startdatum"]) or not re.fullmatch(r"\d{9}", row["bronorganisatie"]):
                return self.refuse("startdatum or bronorganisatie has not the form")
            if any(z["identificatie"] == row["identificatie"] for z in self.zaken.values()):
                return self.refuse("identificatie must be unique")
            if len(row["identificatie"]) > 40:
                return self.refuse("identificatie is too long")
        elif not any(z["url"] == row["zaak"] for z in self.zaken.values()):
            return self.refuse("there is no such zaak")
        if noun == "rollen" and not row.get("betrokkeneIdentificatie", {}).get("identificatie"):
            return self.refuse("who is it?")
        if noun == "statussen":
            ended = [s for s in self.statussen.values() if s["zaak"] == row["zaak"] and s["statustype"].endswith("/ended")]
            if ended:
                return self.refuse("the zaak is closed")
            if row["statustype"].endswith("/ended") and not any(r["zaak"] == row["zaak"] for r in self.resultaten.values()):
                return self.refuse("a resultaat must be there before the last status")
        if noun == "resultaten" and any(r["zaak"] == row["zaak"] for r in self.resultaten.values()):
            return self.refuse("a zaak has one resultaat")
        self.number += 1
        row["url"] = "%s/%s/%d" % (self.api(), noun, self.number)
        getattr(self, noun)[str(self.number)] = row
        return 201, {"Content-Type": "application/json"}, json.dumps(row).encode()

    def of(self, noun, zaak):
        return [row for row in getattr(self, noun).values() if row["zaak"] == zaak["url"]]
