"""A TCP proxy that does to connections what networks do: delays, byte by byte, slow, cut, reset, half-open, lost in
one way or both, stopped and going on, partitions. What is done to the n-th connection follows from the seed.

Bytes are never changed, doubled or swapped: TCP does not do that to an application either.
"""

import collections
import random
import selectors
import socket
import struct
import threading
import time

CHUNK = 16384
HELD_MAX = 262144  # bytes on their way in one direction; beyond that nothing is read
TICK_S = 0.005
KINDS = ("reset", "cut", "delay", "byte by byte", "slow", "lost to the broker", "lost to the client",
         "lost both ways", "half-open", "stopped", "refused")


class Way:
    """One direction of a connection."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.held = collections.deque()  # (when it may go, bytes)
        self.size = self.seen = 0
        self.delay_s, self.piece, self.lost, self.over = 0.0, CHUNK, False, False
        self.stopped_until = 0.0

    def take(self, chunk, at):
        self.seen += len(chunk)
        if not self.lost:
            self.held.append((at + self.delay_s, chunk))
            self.size += len(chunk)

    def give(self, at):
        """Sends what is due; False: the other side is gone."""
        while self.held and at >= self.stopped_until and self.held[0][0] <= at:
            due, chunk = self.held[0]
            try:
                sent = self.target.send(chunk[:self.piece])
            except BlockingIOError:
                return True
            except OSError:
                return False
            self.size -= sent
            if sent == len(chunk):
                self.held.popleft()
            else:
                self.held[0] = (due, chunk[sent:])
            if self.piece < CHUNK:
                return True  # one piece a tick
        if self.over and not self.held:
            try:
                self.target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        return True


class Link:
    def __init__(self, client, broker):
        self.client, self.broker = client, broker
        self.ways = (Way(client, broker), Way(broker, client))
        self.kind, self.after, self.done = "clean", None, False

    def way_from(self, sock):
        return self.ways[0] if sock is self.client else self.ways[1]


def reset(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


class Proxy(threading.Thread):
    def __init__(self, host, port, seed, listen="127.0.0.1"):
        super().__init__(daemon=True)
        self.upstream, self.random = (host, port), random.Random(seed)
        self.listener = socket.create_server((listen, 0), backlog=256)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.links, self.injected = set(), collections.Counter()
        self.wild, self.apart, self.quit = False, False, False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.connections = 0
        self.start()

    def total(self):
        return sum(self.injected.values())

    def partition(self, apart):
        """Nothing passes, nothing is told, nobody is let in; or again."""
        if apart and not self.apart:
            self.injected["partition"] += 1
        self.apart = apart

    def calm(self):
        """New connections are left alone, and those that only wait go on. What was lost stays lost: the two sides
        have to find out."""
        self.wild = self.apart = False
        for link in list(self.links):
            for way in link.ways:
                way.delay_s, way.piece, way.stopped_until = 0.0, CHUNK, 0.0
            if not link.done:
                link.after = None

    def close(self):
        self.quit = True
        self.join(10)
        for link in list(self.links):
            self.drop(link, True)
        self.listener.close()

    # ---- what is done to a connection

    def plan(self, link):
        """Every connection meets its fault after so many bytes, so that none lasts for ever."""
        link.kind = self.random.choice(KINDS)
        link.after = self.random.choice((0, 20, 200, 700, 3000, 20000, 60000))
        seen = sum(way.seen for way in link.ways)
        delay_s, piece = self.random.uniform(0.005, 0.1), self.random.choice((1, 7, 100))
        if link.kind in ("delay", "byte by byte", "slow"):
            self.injected[link.kind] += 1
            for way in link.ways:
                if link.kind == "delay":
                    way.delay_s = delay_s
                else:
                    way.piece = 1 if link.kind == "byte by byte" else 50 * piece
            link.after = self.random.choice((700, 2000) if link.kind == "byte by byte" else (3000, 20000))
        link.after += seen

    def strike(self, link):
        """The fault itself. False: the connection is over."""
        link.done = True
        kind = link.kind
        self.injected["reset" if kind in ("delay", "byte by byte", "slow") else kind] += 1
        if kind in ("lost to the broker", "lost both ways"):
            link.ways[0].lost = True
        if kind in ("lost to the client", "lost both ways"):
            link.ways[1].lost = True
        if kind == "stopped":
            for way in link.ways:
                way.stopped_until = time.monotonic() + self.random.uniform(0.5, 3)
            if self.wild:  # it goes on, and to the next fault: in the end all connections would be such that had theirs
                link.done = False
                self.plan(link)
        elif kind == "half-open":  # the broker sees an end, the client does not
            self.forget(link.broker)
            link.ways[0].lost = True
        elif kind == "cut":
            self.drop(link, False)
            return False
        elif not kind.startswith("lost"):
            self.drop(link, True)
            return False
        return True

    # ---- moving bytes

    def forget(self, sock):
        try:
            self.selector.unregister(sock)
        except (KeyError, ValueError):
            pass
        sock.close()

    def drop(self, link, hard):
        self.links.discard(link)
        for sock in (link.client, link.broker):
            try:
                self.selector.unregister(sock)
            except (KeyError, ValueError):
                pass
            reset(sock) if hard else sock.close()

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        if self.apart:
            reset(client)
            return
        self.connections += 1
        broker = socket.socket()
        try:
            broker.connect(self.upstream)
        except OSError:
            broker.close()
            reset(client)
            return
        for sock in (client, broker):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, broker)
        self.links.add(link)
        if self.wild:
            self.plan(link)
            if link.kind == "refused":
                self.strike(link)
                return
        self.selector.register(client, selectors.EVENT_READ, link)
        self.selector.register(broker, selectors.EVENT_READ, link)

    def read(self, link, sock):
        way = link.way_from(sock)
        if link not in self.links or way.size > HELD_MAX or self.apart:
            return
        try:
            chunk = sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = None
        if chunk is None or (not chunk and link.done):
            self.drop(link, chunk is None)
            return
        if not chunk:
            way.over = True
            self.selector.unregister(sock)
            if all(w.over for w in link.ways) and not any(w.held for w in link.ways):
                self.drop(link, False)
            return
        way.take(chunk, time.monotonic())
        if link.after is not None and not link.done and sum(w.seen for w in link.ways) >= link.after:
            self.strike(link)

    def run(self):
        while not self.quit:
            busy = self.apart or any(w.held for x in self.links for w in x.ways)
            for key, _ in self.selector.select(TICK_S if busy else 0.05):
                if key.data is None:
                    self.accept()
                else:
                    self.read(key.data, key.fileobj)
            if self.apart:
                time.sleep(TICK_S)
                continue
            at = time.monotonic()
            for link in list(self.links):
                if not all(way.give(at) for way in link.ways) or (
                        all(w.over for w in link.ways) and not any(w.held for w in link.ways)):
                    self.drop(link, False)
