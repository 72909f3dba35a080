"""Uploads many large secrets at once, then reveals all at once and compares every byte. Run by bench_bodies.py.

    upload_client.py PORT COUNT SIZE

Prints "ready 1", waits for a line, uploads; prints a line, waits for a line, reveals; prints a line. A line has: good,
refused (answered with another status than 200), lost (no whole answer, or another content), seconds, client (processor
seconds of this program). Contents are stretches of one block of random letters, so they differ and cost no memory.
"""

import json
import random
import selectors
import socket
import sys
import time

STEP = 4096
CHUNK = 1 << 18
PATIENCE = 90
VALUE = b'"value":"'


class ChunkedBody:
    """Undoes Transfer-Encoding: chunked piece by piece; trailers are not expected."""

    def __init__(self):
        self.left = self.skip = 0
        self.pending = b""
        self.whole = False

    def feed(self, data):
        """The content in what has arrived."""
        data, self.pending = self.pending + data, b""
        at, found = 0, []
        while at < len(data):
            step = min(self.skip or self.left, len(data) - at)
            if self.skip:
                self.skip -= step
            elif self.left:
                found.append(data[at : at + step])
                self.left -= step
                self.skip = 0 if self.left else 2
            else:
                end = data.find(b"\r\n", at)
                if end < 0:
                    self.pending = data[at:]
                    break
                self.left, step = int(data[at:end], 16), end + 2 - at
                if not self.left:
                    self.whole = True
                    break
            at += step
        return found


class CountedBody:
    """A body of a known length."""

    def __init__(self, length):
        self.left = length
        self.whole = length == 0

    def feed(self, data):
        """The content in what has arrived."""
        self.left -= len(data)
        self.whole = self.left <= 0
        return [data]


def body_of(head):
    """The reader of the body that a head announces."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return CountedBody(int(line[15:]))
    return ChunkedBody()


class Exchange:
    """One request with a large body, or one answer with a large value, on a connection of its own."""

    def __init__(self, port, head, body, expected):
        self.head, self.body, self.expected = head, body, expected
        self.sent = self.matched = 0
        self.within = self.differs = False  # inside the value; other than expected
        self.answer = b""
        self.reader = self.status = None
        self.state = "going"
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def write(self):
        """Sends what the kernel takes; whether all is sent."""
        if self.sent < len(self.head):
            self.sent += self.socket.send(self.head[self.sent :])
            return False
        at = self.sent - len(self.head)
        if at < len(self.body):
            self.sent += self.socket.send(self.body[at : at + CHUNK])
        return self.sent == len(self.head) + len(self.body)

    def read(self):
        """Takes what has arrived; whether the answer is whole or the connection over."""
        data = self.socket.recv(CHUNK)
        if not data:
            self.state = "lost"
            return True
        if self.status is None:
            self.answer += data
            head, found, data = self.answer.partition(b"\r\n\r\n")
            if not found:
                return False
            self.status = int(head.split(b" ", 2)[1])
            self.reader, self.answer = body_of(head), b""
        for piece in self.reader.feed(data):
            self.keep(piece)
        if not self.reader.whole:
            return False
        self.state = "good" if self.status == 200 else "refused"
        if self.state == "good" and self.expected is not None:
            self.state = "lost" if self.differs or self.matched != len(self.expected) else "good"
        return True

    def keep(self, data):
        """Keeps a small answer whole; compares a large value as it comes and forgets it."""
        if self.within:
            part = data[: len(self.expected) - self.matched]
            self.differs = self.differs or self.expected[self.matched : self.matched + len(part)] != part
            self.matched += len(part)
            return
        self.answer += data
        at = self.answer.find(VALUE) if self.expected is not None and self.status == 200 else -1
        if at >= 0:
            self.within, data, self.answer = True, self.answer[at + len(VALUE) :], b""
            self.keep(data)


def together(exchanges):
    """Runs all exchanges at once until each is over, or for PATIENCE seconds."""
    selector = selectors.DefaultSelector()
    for exchange in exchanges:
        selector.register(exchange.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, exchange)
    begin, going = time.monotonic(), len(exchanges)
    while going and time.monotonic() - begin < PATIENCE:
        for key, ready in selector.select(1):
            exchange = key.data
            try:
                over = bool(ready & selectors.EVENT_READ) and exchange.read()
                if not over and ready & selectors.EVENT_WRITE and exchange.write():
                    selector.modify(exchange.socket, selectors.EVENT_READ, exchange)
            except BlockingIOError:
                continue
            except OSError:
                over = answered(exchange)
            if over:
                going -= 1
                selector.unregister(exchange.socket)
                exchange.socket.close()
    for exchange in exchanges:
        if exchange.state == "going":
            exchange.state = "lost"
            exchange.socket.close()
    return time.monotonic() - begin


def answered(exchange):
    """A server may refuse a body before it is whole and close: its answer counts, if it is still there to read."""
    try:
        while not exchange.read():
            pass
    except OSError:
        exchange.state = "lost"
    return True


def report(exchanges, seconds, spent):
    """Prints the line of one phase; waits for the go-ahead."""
    counts = {state: sum(exchange.state == state for exchange in exchanges) for state in ("good", "refused", "lost")}
    counts.update(seconds="%.4f" % seconds, client="%.3f" % spent)
    print(" ".join("%s %s" % pair for pair in counts.items()), flush=True)
    for exchange in [exchange for exchange in exchanges if exchange.state == "refused"][:2]:
        print("refused: %d %r" % (exchange.status, exchange.answer[:200]), file=sys.stderr)


def main():
    """Both phases."""
    port, count, size = map(int, sys.argv[1:4])
    letters = bytes(97 + byte % 26 for byte in random.Random(1).randbytes(1 << 20))
    block = memoryview(letters * ((size + count * STEP) // len(letters) + 1))
    contents = [block[number * STEP : number * STEP + size] for number in range(count)]
    host = "Host: 127.0.0.1:%d\r\n" % port
    create = "POST /api/v1/share HTTP/1.1\r\n%sContent-Type: application/x-www-form-urlencoded\r\n" % host
    create = (create + "Content-Length: %d\r\n\r\nsecret=" % (size + 7)).encode()
    print("ready 1", flush=True)
    sys.stdin.readline()
    spent = time.process_time()
    uploads = [Exchange(port, create, content, None) for content in contents]
    seconds = together(uploads)
    report(uploads, seconds, time.process_time() - spent)
    sys.stdin.readline()
    spent = time.process_time()
    reveals = []
    for upload, content in zip(uploads, contents):
        if upload.state == "good":
            key = json.loads(upload.answer)["secret_key"]
            head = "POST /api/v1/secret/%s HTTP/1.1\r\n%sContent-Length: 0\r\n\r\n" % (key, host)
            reveals.append(Exchange(port, head.encode(), b"", content))
    seconds = together(reveals)
    report(reveals, seconds, time.process_time() - spent)


if __name__ == "__main__":
    main()
