"""Sessions of local accounts: begun by a password, ended by us."""

import json
import os
import select
import time

from gateway import read_answer, tests, wait_for
from parties import cookie_of, prepared, who

PASSWORD = "zeven paarse olifanten"


def with_account():
    gateway = prepared(text="accounts: accounts\n")
    made = gateway.account("add", "anna", "regisseur:r-1", "Anna de Vries", password=PASSWORD)
    assert made.returncode == 0, made.stderr
    return gateway


def login(gateway, account="anna", password=PASSWORD, headers=()):
    return gateway.post("/v1/session", json.dumps({"account": account, "password": password}), headers)


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


tests(globals())
