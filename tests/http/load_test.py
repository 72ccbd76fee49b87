"""Many requests and many connections leave the gateway as large as it was. Slow: a hundred thousand requests."""

import os
import resource
import threading

from gateway import BUILD, Gateway, new_folder, read_answer, tests, wait_for
from town import EVENT, Town, signal_event

WIDE = "limits: {requests_per_second: 1000000, burst: 1000000, connections: 12000, connections_per_address: 12000, " \
       "idle_time: 600s, header_time: 600s}\n"
CONNECTIONS = 10000
MIB = 1 << 20


def sanitized():
    """Its memory says nothing of ours then."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        return any(line.startswith("VDR_SANITIZE") and line.strip().split("=")[1] for line in f)


def resident(gateway):
    with open(f"/proc/{gateway.process.pid}/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmRSS"))


def descriptors(gateway):
    return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))


def many(gateway, request, count, statuses, lanes=16, ahead=20):
    """Sends it so often, over so many connections, so many ahead of the answers; every answer is looked at."""
    wrong = []

    def lane():
        with gateway.connect() as s:
            left = count // lanes
            while left > 0:
                burst = min(ahead, left)
                s.sendall(request * burst)
                rest = b""
                for _ in range(burst):
                    answer = read_answer(s, rest)
                    rest = answer.rest
                    if answer.status not in statuses:
                        wrong.append((answer.status, answer.body[:200]))
                left -= burst
    threads = [threading.Thread(target=lane) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]


def test_a_hundred_thousand_requests_leave_nothing_behind():
    with Town(limits=WIDE) as town:
        gateway = town.gateway
        town.signal("school", "lo-1").want(201)
        same = town.request("agency:school", "POST", "/v1/signals", signal_event("school", "lo-2", at="2026-03-02T09:00:00Z"), kind=EVENT)
        kinds = ((town.request("agency:school", "GET", "/v1/signals/lo-1"), {200}),
                 (same, {200, 201}),
                 (town.request("agency:school", "POST", "/v1/signals", "{", kind=EVENT), {400}),
                 (town.request(None, "GET", "/v1/me"), {401}),
                 (town.request("agency:school", "GET", "/nowhere"), {404}))
        for request, statuses in kinds:
            many(gateway, request, 2000, statuses)
        before, files = resident(gateway), descriptors(gateway)
        for request, statuses in kinds:
            many(gateway, request, 20000, statuses)
        wait_for("the connections to be gone", lambda: gateway.metric("connections") == 1)
        grown = resident(gateway) - before
        print(f"      100,000 requests: {before / MIB:.1f} MiB and {grown / MIB:+.1f}; descriptors {files}, then {descriptors(gateway)}")
        assert sanitized() or grown < 4 * MIB, grown
        assert descriptors(gateway) <= files + 2


def connected(gateway):
    """None: more have come than were let in yet."""
    try:
        return gateway.connect()
    except BlockingIOError:
        return None


def test_ten_thousand_idle_connections_cost_what_they_should():
    folder = new_folder()
    gateway = Gateway(folder=folder, listen=f"unix:{folder}/sock", text=WIDE)
    ask = b"GET /problems/busy HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n"
    with gateway:
        gateway.ask(ask)
        empty, files = resident(gateway), descriptors(gateway)
        sizes = []
        for _ in range(2):
            crowd = []
            for i in range(CONNECTIONS):
                s = wait_for("room to connect", lambda: connected(gateway))
                crowd.append(s)
                # Some have said nothing, some half of something, some were answered once.
                s.send(b"" if i % 3 == 0 else ask[:30] if i % 3 == 1 else ask)
            wait_for("all of them to be in", lambda: gateway.metric("connections") == CONNECTIONS + 1)
            for s in crowd[2::3]:
                assert read_answer(s).status == 200
            sizes.append(resident(gateway))
            assert gateway.ask(ask).status == 200, "others are served"
            for s in crowd:
                s.close()
            wait_for("all of them to be gone", lambda: gateway.metric("connections") == 1)
        each = (sizes[0] - empty) // CONNECTIONS
        print(f"      {CONNECTIONS} idle: {each} bytes each; a second time {(sizes[1] - sizes[0]) / MIB:+.1f} MiB")
        assert sanitized() or each < 16384, each
        assert sanitized() or sizes[1] - sizes[0] < 4 * MIB, sizes
        assert descriptors(gateway) <= files + 2


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
if most < CONNECTIONS + 200:
    CONNECTIONS = most - 200  # as many as this machine lets one process have
tests(globals())
