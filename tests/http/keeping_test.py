"""Who is kept out, and who is kept in: guesses of passwords, also behind a proxy, and sessions over a restart."""

import json
import os
import signal

from gateway import new_folder, tests, wait_for
from parties import cookie_of, prepared, who

PASSWORD = "zeven paarse olifanten"


def login(gateway, account="anna"):
    return gateway.post("/v1/session", json.dumps({"account": account, "password": PASSWORD}))


def behind_a_proxy(header):
    folder = new_folder()
    text = "accounts: accounts\nbehind_proxy: {subject_header: X-Subject%s}\n" % (
        f", address_header: {header}" if header else "")
    gateway = prepared(folder=folder, listen=f"[\"127.0.0.1:0\", \"unix:{folder}/sock\"]", text=text)
    made = gateway.account("add", "anna", "regisseur:r-1", "Anna de Vries", password=PASSWORD)
    assert made.returncode == 0, made.stderr
    return gateway


def from_proxy(gateway, password, *headers, number=1):
    body = json.dumps({"account": "anna", "password": password})
    return gateway.post("/v1/session", body, headers, number=number).status


def test_nobody_is_locked_out_by_guesses_from_elsewhere():
    # Of a list the last counts: what stands before it, the client may have written.
    rows = (("192.0.2.1", "203.0.113.9"), ("203.0.113.9, 192.0.2.2", "192.0.2.2, 203.0.113.8"),
            ("2001:db8:1::1", "[2001:db8:2::1]:4711"))
    with behind_a_proxy("X-Forwarded-For") as gateway:
        for mine, theirs in rows:
            theirs = ("X-Forwarded-For", theirs)
            wait_for("the pause of who guesses", lambda: from_proxy(gateway, "a wrong one", theirs) == 429)
            assert from_proxy(gateway, PASSWORD, theirs) == 429, "the right one as well, while it lasts"
            assert from_proxy(gateway, PASSWORD, ("X-Forwarded-For", mine)) in (200, 201), mine


def test_an_address_is_believed_of_the_proxy_only():
    with behind_a_proxy("X-Real-IP") as gateway:
        addresses = (f"192.0.2.{n}" for n in range(1, 250))
        wait_for("the pause of who changes the header",
                 lambda: from_proxy(gateway, "a wrong one", ("X-Real-IP", next(addresses)), number=0) == 429)
        assert from_proxy(gateway, PASSWORD, ("X-Real-IP", "192.0.2.1")) in (200, 201)


def test_without_an_address_the_account_waits():
    for headers in ((), (("X-Real-IP", "somewhere"),)):
        with behind_a_proxy("X-Real-IP" if headers else None) as gateway:
            wait_for("the pause", lambda: from_proxy(gateway, "a wrong one", *headers) == 429)
            assert from_proxy(gateway, PASSWORD, *headers) == 429


def test_a_name_that_is_too_long_to_keep_is_refused():
    folder = new_folder()
    subject = "anna@" + "x" * 260
    gateway = prepared(folder=folder, listen=f"unix:{folder}/sock",
                       text="behind_proxy: {subject_header: X-Subject, name_header: X-Name}\n",
                       parties=f'[{{party: "regisseur:r-1", key: r-1.key, token_subjects: ["anna@town", "{subject}"]}}]')
    with gateway:
        fits, cut = "x" * 254 + "\u00e9", "x" * 255 + "\u00e9"
        shown = gateway.get("/v1/session", [("X-Subject", "anna@town"), ("X-Name", fits)])
        assert shown.status == 200 and shown.json()["name"] == fits
        for headers in ([("X-Subject", "anna@town"), ("X-Name", cut)], [("X-Subject", subject)]):
            refused = gateway.get("/v1/session", headers)
            assert refused.status == 400 and refused.json()["code"] == "bad_request", refused.body
            assert not refused.header("set-cookie")


def kept_gateway():
    gateway = prepared(text="accounts: accounts\nsessions: sleeping\n")
    for name in ("anna", "bert"):
        assert gateway.account("add", name, "regisseur:r-1", name.title(), password=PASSWORD).returncode == 0
    return gateway, os.path.join(gateway.folder, "sleeping")


def sign_out(gateway, session, cookie):
    token = session.json()["csrfToken"]
    ended = gateway.ask(f"DELETE /v1/session HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
                        f"X-CSRF-Token: {token}\r\n\r\n".encode())
    assert ended.status == 204


def alive(gateway, cookie):
    return gateway.get("/v1/session", [("Cookie", cookie)]).status == 200


def test_people_stay_signed_in_while_it_is_started_anew():
    gateway, sleeping = kept_gateway()
    gateway.start()
    anna, bert, gone = login(gateway), login(gateway, "bert"), login(gateway)
    sign_out(gateway, gone, cookie_of(gone))
    assert gateway.stop() == 0
    assert os.stat(sleeping).st_mode & 0o777 == 0o600
    with open(sleeping, "rb") as f:
        old = f.read()
    assert b"anna" not in old and b"Anna" not in old and cookie_of(anna).split("=")[1].encode() not in old
    assert gateway.account("remove", "bert").returncode == 0
    gateway.start()
    again = gateway.get("/v1/session", [("Cookie", cookie_of(anna))])
    assert who(again) == "r-1" and again.json()["csrfToken"] == anna.json()["csrfToken"]
    assert again.json()["name"] == "Anna"
    assert not alive(gateway, cookie_of(bert)), "the account went meanwhile"
    assert not alive(gateway, cookie_of(gone)), "it was ended before"
    assert gateway.metric("sessions") == 1
    # What was ended after it was written is not alive again after a crash.
    sign_out(gateway, again, cookie_of(anna))
    gateway.stop(signal.SIGKILL)
    gateway.start()
    assert not alive(gateway, cookie_of(anna)) and gateway.metric("sessions") == 0
    gateway.stop(signal.SIGKILL)
    # Nor is a file taken that somebody else wrote, or that was changed; one of before is only that.
    for text in (b"", b"x", old[:-1], old[:-1] + bytes([old[-1] ^ 1]), old.replace(b"sessions 2", b"sessions 1")):
        with open(sleeping, "wb") as f:
            f.write(text)
        gateway.start()
        assert not alive(gateway, cookie_of(anna))
        assert "event=sessions_lost" in gateway.words()
        gateway.stop(signal.SIGKILL)


def test_people_stay_signed_in_over_a_crash():
    gateway, _ = kept_gateway()
    gateway.start()
    known, gone = {}, []
    for name in ("anna", "bert"):  # each life ends without a word
        one, out = login(gateway, name), login(gateway)
        known[cookie_of(one)] = one.json()["csrfToken"]
        gone.append(cookie_of(out))
        sign_out(gateway, out, cookie_of(out))
        gateway.stop(signal.SIGKILL)
        gateway.start()
        assert "event=sessions_lost" not in gateway.words()
        assert gateway.metric("sessions") == len(known)
    for cookie, token in known.items():
        shown = gateway.get("/v1/session", [("Cookie", cookie)])
        assert shown.status == 200 and shown.json()["csrfToken"] == token
    assert not any(alive(gateway, cookie) for cookie in gone)
    gateway.stop()


def test_sessions_that_cannot_be_kept_end_with_a_crash():
    gateway, sleeping = kept_gateway()
    gateway.start()
    anna = login(gateway)
    os.unlink(sleeping)
    os.mkdir(sleeping)  # nothing can be put in its place
    bert = login(gateway, "bert")
    sign_out(gateway, anna, cookie_of(anna))
    assert alive(gateway, cookie_of(bert))
    gateway.stop(signal.SIGKILL)
    os.rmdir(sleeping)
    gateway.start()
    assert not alive(gateway, cookie_of(anna)) and not alive(gateway, cookie_of(bert))
    gateway.stop()


tests(globals())
