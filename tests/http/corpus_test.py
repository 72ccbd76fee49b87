"""The corpus of malformed and hostile requests against the built gateway."""

import socket

import corpus
from gateway import Gateway, read_answer, read_all, tests, wait_for


def judge(gateway, row):
    """What is wrong with the answer to the row; None: nothing."""
    with gateway.connect() as s:
        try:
            s.sendall(row.request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent
        try:
            answer = read_answer(s)
        except ConnectionResetError:
            answer = None
        if answer is None:
            return None if None in row.statuses else "closed without an answer"
        if answer.status not in row.statuses:
            return f"answered {answer.status}, not {row.statuses}"
        if answer.status >= 400 and "problem+json" not in answer.header("content-type"):
            return "not a problem document"
        if row.answers == 2:
            second = read_answer(s, answer.rest)
            return None if second is not None and second.status in row.statuses else "one answer, not two"
        if answer.status in (200, 404):
            return None
        # Refused bytes end the connection: nothing behind them is ever read as a request.
        s.shutdown(socket.SHUT_WR)
        rest = answer.rest + read_all(s)
        return None if rest == b"" else "more than one answer"


def test_every_row_is_refused_as_it_should_be():
    with Gateway() as gateway:
        wrong = [f"{row.name}: {fault}" for row in corpus.ROWS if (fault := judge(gateway, row))]
        assert not wrong, "\n" + "\n".join(wrong)


def test_bytes_one_by_one_are_judged_alike():
    rows = [row for row in corpus.ROWS if len(row.request) < 200]
    with Gateway() as gateway:
        for row in rows[::7]:
            with gateway.connect() as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    for i in range(len(row.request)):
                        s.sendall(row.request[i:i + 1])
                except (BrokenPipeError, ConnectionResetError):
                    pass
                try:
                    answer = read_answer(s)
                except ConnectionResetError:
                    continue  # the bytes behind a refusal met a closed door
                assert (answer.status if answer else None) in row.statuses, row.name


def test_a_thousand_refusals_leave_nothing_open():
    with Gateway(text="limits: {connections_per_address: 4096}\n") as gateway:
        for _ in range(10):
            for row in corpus.ROWS:
                if len(row.request) > 5000:
                    continue
                s = gateway.connect()
                try:
                    s.sendall(row.request)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                s.close()
        wait_for("all connections to end", lambda: gateway.metric("connections") == 1)  # the asking one


tests(globals())
