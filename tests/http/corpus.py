"""Requests that RFC 9112 says to refuse, or that two readers could read in two ways.

A row: name, bytes, and what the gateway must answer to them: the statuses that are right, or None where it may
only close. Whatever is answered, no row may make the gateway answer twice but those with `answers`, and the path
/smuggled must never be served. `seen` is what the three HTTP libraries of Debian 12 made of the same bytes
(libmicrohttpd 0.9.75 in strict mode, h2o 2.2.5, libevent 2.1.12), each with a handler that answers 200 to
everything: s = served as if nothing were wrong, S = served, and the smuggled request too, r = refused,
c = closed without a word, w = waited for more.
"""

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


class Row:
    def __init__(self, name, request, statuses=(400,), answers=1):
        self.name = name
        self.request = request
        self.statuses = statuses
        self.answers = answers


def post(headers, body=b""):
    return b"POST /x HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n" + body


def get(headers=b"", target=b"/x"):
    return b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n"


ROWS = [
    # Where a body ends.
    Row("length and chunked", post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED), (400, 411)),
    Row("chunked and length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", b"0\r\n\r\n" + SMUGGLED), (400, 411)),
    Row("two lengths", post(b"Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED)),
    Row("two equal lengths", post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc")),
    Row("a list of lengths", post(b"Content-Length: 5, 5\r\n", b"hello")),
    Row("a length with plus", post(b"Content-Length: +5\r\n", b"hello")),
    Row("a length with minus", post(b"Content-Length: -1\r\n", SMUGGLED)),
    Row("a hexadecimal length", post(b"Content-Length: 0x5\r\n", b"hello")),
    Row("a length with a blank inside", post(b"Content-Length: 1 0\r\n", b"0123456789")),
    Row("an empty length", post(b"Content-Length: \r\n", SMUGGLED)),
    Row("a length beyond 64 bits", post(b"Content-Length: 18446744073709551620\r\n", b"abcd" + SMUGGLED), (400, 413)),
    Row("blank before the colon of the length", post(b"Content-Length : 44\r\n", SMUGGLED)),
    Row("tab before the colon of the length", post(b"Content-Length\t: 44\r\n", SMUGGLED)),
    Row("chunked", post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"), (411,)),
    Row("chunked, LF only", post(b"Transfer-Encoding: chunked\r\n", b"5\nhello\n0\n\n"), (411,)),
    Row("chunked, junk in an extension", post(b"Transfer-Encoding: chunked\r\n", b"5;a=\x00\x01\r\nhello\r\n0\r\n\r\n"), (411,)),
    Row("chunked, a huge size", post(b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), (411,)),
    Row("chunked, a size with plus", post(b"Transfer-Encoding: chunked\r\n", b"+5\r\nhello\r\n0\r\n\r\n"), (411,)),
    Row("chunked, in 1.0", b"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", (400, 411)),
    Row("an unknown coding", post(b"Transfer-Encoding: pigs\r\n", b"5\r\nhello\r\n0\r\n\r\n"), (400, 411, 501)),
    Row("chunked twice", post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"), (400, 411)),
    Row("chunked, then identity", post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + SMUGGLED), (400, 411)),
    Row("chunked behind a vertical tab", post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n")),
    Row("chunked in quotes", post(b"Transfer-Encoding: \"chunked\"\r\n", b"0\r\n\r\n"), (400, 411)),
    Row("underscore in the coding's name", post(b"Content-Length: 0\r\nTransfer_Encoding: chunked\r\n", SMUGGLED)),
    Row("a GET with chunked", get(b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n" + SMUGGLED, (400, 411)),
    Row("a POST without a length", post(b""), (411,)),
    # Where a line and a header end.
    Row("LF only", b"GET /x HTTP/1.1\nHost: a\n\n"),
    Row("LF ends one header", b"GET /x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    Row("LF ends the head", b"GET /x HTTP/1.1\r\nHost: a\r\n\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("CR in a value", get(b"X: a\rb\r\n")),
    Row("CR CR LF", b"GET /x HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    Row("CR in the request line", b"GET /x\r HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("CR only", b"GET /x HTTP/1.1\rHost: a\r\r", (400, 408, None)),
    Row("zero byte in a value", get(b"X: a\x00b\r\n")),
    Row("zero byte in a name", get(b"X\x00Y: a\r\n")),
    Row("zero byte in the target", get(target=b"/x\x00y")),
    Row("a control in a value", get(b"X: a\x01b\r\n")),
    Row("DEL in a value", get(b"X: a\x7fb\r\n")),
    Row("a value that is not UTF-8", get(b"X: a\xffb\r\n")),
    Row("a folded header", get(b"X: a\r\n b\r\n")),
    Row("a folded length", post(b"Content-Length:\r\n 44\r\n", SMUGGLED)),
    Row("blank before the first header", b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
    Row("tab before the first header", b"GET /x HTTP/1.1\r\n\tX: a\r\nHost: a\r\n\r\n"),
    Row("a header without a colon", get(b"nonsense\r\n")),
    Row("a header without a name", get(b": a\r\n")),
    Row("a blank in a name", get(b"X Y: a\r\n")),
    Row("a bracket in a name", get(b"X(Y): a\r\n")),
    Row("a name beyond ASCII", get(b"X\xc3\xa9: a\r\n")),
    # The host.
    Row("two hosts", b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    Row("two equal hosts", b"GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    Row("no host", b"GET /x HTTP/1.1\r\n\r\n"),
    Row("an empty host", b"GET /x HTTP/1.1\r\nHost:\r\n\r\n"),
    Row("a host with a path", b"GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Row("a host with a user", b"GET /x HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    Row("a host with a bad port", b"GET /x HTTP/1.1\r\nHost: a:99999\r\n\r\n"),
    Row("a list of hosts", b"GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    # The request line.
    Row("absolute form", b"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("authority form", b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", (400, 405, 501)),
    Row("asterisk form", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("a fragment", get(target=b"/x#y")),
    Row("two blanks", b"GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("a tab for a blank", b"GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("a blank in the target", b"GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"),
    Row("a blank at the end", b"GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"),
    Row("HTTP/0.9", b"GET /x\r\n", (400, None)),
    Row("HTTP/0.9 and a host", b"GET /x\r\nHost: a\r\n\r\n"),
    Row("HTTP/2.0", b"GET /x HTTP/2.0\r\nHost: a\r\n\r\n", (400, 505)),
    Row("HTTP/1.2", b"GET /x HTTP/1.2\r\nHost: a\r\n\r\n", (400, 505)),
    Row("HTTP/1.10", b"GET /x HTTP/1.10\r\nHost: a\r\n\r\n", (400, 505)),
    Row("small letters", b"GET /x http/1.1\r\nHost: a\r\n\r\n"),
    Row("a small method", b"get /x HTTP/1.1\r\nHost: a\r\n\r\n", (400, 501)),
    Row("TRACE", b"TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n", (405, 501)),
    Row("an unknown method", b"BREW /x HTTP/1.1\r\nHost: a\r\n\r\n", (501,)),
    Row("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    Row("a TLS hello", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x00" * 64),
    Row("two empty lines before", b"\r\n\r\n" + get()),
    Row("bytes beyond ASCII in the target", get(target=b"/\xff")),
    # The path.
    Row("%00", get(target=b"/x%00y")),
    Row("a broken escape", get(target=b"/x%zz")),
    Row("a cut escape", get(target=b"/x%4")),
    Row("an escape that is not UTF-8", get(target=b"/x%ff")),
    Row("an overlong escape", get(target=b"/x%c0%af")),
    Row("an escaped control", get(target=b"/x%0d%0aSet-Cookie:a")),
    Row("two dots", get(target=b"/x/../y")),
    Row("two escaped dots", get(target=b"/x/%2e%2E/y")),
    Row("one dot", get(target=b"/x/./y")),
    Row("a backslash", get(target=b"/x\\..\\y")),
    Row("%00 in the query", get(target=b"/x?a=%00")),
    Row("a broken escape in the query", get(target=b"/x?a=%g1")),
    # Sizes.
    Row("a long target", get(target=b"/" + b"a" * 20000), (414, 431)),
    Row("a long header", get(b"X: " + b"a" * 70000 + b"\r\n"), (431,)),
    Row("many headers", get(b"".join(b"X-%d: a\r\n" % i for i in range(100))), (431,)),
    Row("a long line without an end", b"GET /" + b"a" * 100000, (414, 431)),
    Row("a large body announced", post(b"Content-Length: 99999999999\r\n"), (413,)),
    # What stands once.
    Row("two authorizations", get(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")),
    Row("two content types", post(b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n")),
    Row("two cookies headers", get(b"Cookie: a=b\r\nCookie: c=d\r\n")),
    Row("an expectation that is not known", post(b"Expect: magic\r\nContent-Length: 1\r\n", b"a"), (417,)),
    Row("an upgrade with a body behind", get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), (200, 404)),
    # And what is right stays right.
    Row("two requests in one go", get() + get(), (200, 404), answers=2),
    Row("a body and the next request", post(b"Content-Length: 2\r\n", b"{}") + get(), (200, 404, 405), answers=2),
    Row("an empty line before", b"\r\n" + get(), (200, 404)),  # RFC 9112 section 2.2: one is passed over
    Row("HTTP/1.0", b"GET /x HTTP/1.0\r\n\r\n", (200, 404)),
    Row("a blank-padded value", get(b"X: \t a \t \r\n"), (200, 404)),
    Row("an empty value", get(b"X:\r\n"), (200, 404)),
]
