"""A receipt that is followed: its state at once, then each change as it comes, until the secret is gone.

    python3 Tests/Blackbox/receipt_events.py            about 15 seconds
"""

import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, Connection, SecurePort, build, form, post_form, receipt, request, reveal, share  # noqa: E402


class Follower:
    """A connection on which a receipt's events come."""

    def __init__(self, port, key, method="GET"):
        self.connection = Connection(port)
        self.buffer = b""
        self.send(key, method)

    def send(self, key, method="GET"):
        self.connection.send(build(method, "/receipt/%s/events" % key))

    def until(self, end, seconds=3.0):
        """What comes up to some bytes; all that came when they do not come in time."""
        limit = time.monotonic() + seconds
        while end not in self.buffer and time.monotonic() < limit:
            self.connection.socket.settimeout(max(limit - time.monotonic(), 0.01))
            try:
                data = self.connection.socket.recv(65536)
            except socket.timeout:
                break
            if not data:
                break
            self.buffer += data
        taken, found, rest = self.buffer.partition(end)
        self.buffer = rest if found else self.buffer
        return taken + found if found else None

    def event(self, seconds=3.0):
        """The next event's data."""
        text = self.until(b"\n\n\r\n", seconds)
        if text and b"retry:" in text:
            text = self.until(b"\n\n\r\n", seconds)
        found = re.search(rb"data: (.*)\n", text or b"")
        return found.group(1).decode() if found else None

    @property
    def is_over(self):
        """Whether the answer ends in good order."""
        return self.until(b"0\r\n\r\n") is not None

    def close(self):
        self.connection.close()


def changes(results):
    """Each change comes when it happens, and the last one ends the answer."""
    with Server() as server:
        made = share(server.port, "x", passphrase="swordfish")
        follower = Follower(server.port, made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "the state comes at once")
        results.equal(follower.event(0.5), None, "nothing more while nothing happens")
        receipt(server.port, made["metadata_key"])
        request(server.port, "GET", "/secret/" + made["secret_key"])
        results.equal(follower.event(0.3), None, "a look is no change")
        reveal(server.port, made["secret_key"], passphrase="wrong")
        results.equal(follower.event(), "new 0 1", "a wrong passphrase")
        began = time.monotonic()
        reveal(server.port, made["secret_key"], passphrase="swordfish")
        results.equal(follower.event(), "received 1 1", "the reveal")
        results.check(time.monotonic() - began < 1, "it comes as it happens")
        results.check(follower.is_over, "nothing follows the end of a secret")
        follower.send(made["metadata_key"])
        results.equal(follower.event(), "received 1 1", "the same connection asks again: still read")
        results.check(follower.is_over, "an end is told once")

        made = share(server.port, "x", not_before=str(int(time.time()) + 1000))
        follower = Follower(server.port, made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "with a rule: the state comes at once")
        reveal(server.port, made["secret_key"])
        results.equal(follower.event(), "new 0 0 1", "whom a rule refused")

        made = share(server.port, "x")
        followers = [Follower(server.port, made["metadata_key"]) for _ in range(3)]
        results.equal([each.event() for each in followers], ["new 0 0"] * 3, "several pages follow one receipt")
        followers[0].close()
        time.sleep(0.1)
        post_form(server.port, "/api/v1/private/%s/burn" % made["metadata_key"], {})
        results.equal([each.event() for each in followers[1:]], ["burned 0 0"] * 2, "burned, one of them having left")


def readers(results):
    """Claims and several readers."""
    with Server() as server:
        page = request(server.port, "GET", "/").text()
        proof = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
        fields = {"secret": "x", "readers": "2", "ttl": "60", "form_token": proof}
        made = post_form(server.port, "/secret", fields).json()
        follower = Follower(server.port, made["receipt"])
        results.equal(follower.event(), "new 0 0", "two readers: none yet")
        claim = {"claim": "0" * 31 + "1", "form_token": proof}
        post_form(server.port, "/secret/%s/claim" % made["secret"], claim)
        results.equal(follower.event(), "new 1 0", "two readers: the first")
        post_form(server.port, "/secret/%s/claim" % made["secret"], claim)
        results.equal(follower.event(0.3), None, "the same claim again is no new reader")
        post_form(server.port, "/secret/%s/commit" % made["secret"], claim)
        post_form(server.port, "/secret/%s/claim" % made["secret"], {"claim": "0" * 31 + "2", "form_token": proof})
        results.equal(follower.event(), "received 2 0", "two readers: both")
        shown = request(server.port, "GET", "/receipt/" + made["receipt"]).text()
        results.equal(shown.count("<li><time"), 2, "the receipt says when each of them came")


def ends(results):
    """Expiry, a wipe, a time without news and the end of the server."""
    with Server("--min-ttl", "1", "--follow-timeout", "2") as server:
        made = share(server.port, "x", ttl="1")
        follower = Follower(server.port, made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "before it expires")
        results.equal(follower.event(), "expired 0 0", "it expires")

        made = share(server.port, "x")
        follower = Follower(server.port, made["metadata_key"])
        follower.event()
        results.check(follower.is_over, "without news an answer ends in good order")
        follower.send(made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "and the same connection asks again")
        server.signal(signal.SIGUSR1)
        results.equal(follower.event(), "gone", "all is wiped")
        results.check(follower.is_over, "a wiped receipt is the end")

        made = share(server.port, "x")
        follower = Follower(server.port, made["metadata_key"])
        follower.event()
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        results.check(follower.is_over, "the end of the server ends answers in good order")
        results.equal(server.wait(), 0, "it stops")
        results.check(time.monotonic() - began < 2, "who follows does not hold the end up")


def edges(results):
    """What is no receipt, HEAD, HTTP/1.0, requests behind, and too many who follow."""
    with Server("--follow-timeout", "1") as server:
        made = share(server.port, "x")
        key = made["metadata_key"]
        results.equal(request(server.port, "GET", "/receipt/%s/events" % ("0" * 31)).status, 404, "no such receipt")
        results.equal(request(server.port, "GET", "/receipt/nokey/events").status, 404, "no key")
        results.equal(request(server.port, "POST", "/receipt/%s/events" % key).status, 405, "POST")
        head = request(server.port, "HEAD", "/receipt/%s/events" % key)
        results.equal((head.status, head.body), (200, b""), "HEAD has the fields alone")
        results.equal(head.header("content-type"), "text/event-stream", "its type")

        old = Connection(server.port)
        old.send(b"GET /receipt/%s/events HTTP/1.0\r\nHost: h\r\n\r\n" % key.encode())
        text = b""
        while True:
            piece = old.socket.recv(65536)
            if not piece:
                break
            text += piece
        results.check(text.endswith(b"data: new 0 0\n\n"), "HTTP/1.0 gets it as it is, up to the end", text[-60:])

        behind = Connection(server.port)
        behind.send(build("GET", "/receipt/%s/events" % key) + build("GET", "/health"))
        first = behind.response()
        results.check(first.body.endswith(b"data: new 0 0\n\n"), "with a request behind it ends in good order", first.body)
        results.equal(behind.socket.recv(100), b"", "and the connection with it: nothing is kept for so long")
        leaving = Follower(server.port, key)
        results.equal(leaving.event(), "new 0 0", "one who follows")
        leaving.connection.finish_sending()
        results.check(leaving.is_over, "gets an end in good order when he says that he will not ask again")

        crowd = [Follower(server.port, key) for _ in range(16)]
        results.equal([each.event() for each in crowd], ["new 0 0"] * 16, "sixteen may follow")
        late = request(server.port, "GET", "/receipt/%s/events" % key)
        results.equal((late.status, late.body), (200, b"retry: 30000\n\n"), "the next one is told to come later")
        for each in crowd:
            each.close()
        time.sleep(0.2)
        follower = Follower(server.port, key)
        results.equal(follower.event(), "new 0 0", "after they left he may")
        connection = Connection(server.port)
        connection.send(build("POST", "/api/v1/secret/" + made["secret_key"], [FORM], form({})))
        results.equal(connection.response("POST").status, 200, "the secret was there all the time")
        results.equal(follower.event(), "received 1 0", "and the follower is told")


def starving(results):
    """Who follows by TLS and sends more holds no memory that others need."""
    with Server("--tls", "self-signed") as server:
        port = SecurePort(server.port)
        made = share(port, "x")
        events = build("GET", "/receipt/%s/events" % made["metadata_key"])
        crowd = [Connection(port) for _ in range(24)]
        for each in crowd:
            each.send(events + b"GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + b"x" * 15000)
        time.sleep(0.3)
        for _ in range(5):
            results.equal(request(port, "GET", "/health", timeout=5).status, 200, "others are served")
        for each in crowd:
            each.close()


def wakes(results):
    """News that a request behind another follower's answer makes is told at once."""
    with Server() as server:
        page = request(server.port, "GET", "/").text()
        proof = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
        first, second = share(server.port, "x"), share(server.port, "x")
        follower = Follower(server.port, second["metadata_key"])
        follower.event()
        connection = Connection(server.port)
        claim = form({"claim": "0" * 32, "form_token": proof})
        connection.send(
            build("GET", "/receipt/%s/events" % first["metadata_key"])
            + build("POST", "/secret/%s/claim" % second["secret_key"], [FORM], claim)
        )
        time.sleep(0.2)
        reveal(server.port, first["secret_key"])
        results.check(connection.response().body.endswith(b"data: received 1 0\n\n"), "the first is told")
        connection = Connection(server.port)
        connection.send(build("POST", "/secret/%s/claim" % second["secret_key"], [FORM], claim))
        results.equal(connection.response("POST").status, 200, "a claim")
        results.equal(follower.event(1), "received 1 0", "and the second is told within a second")


def main(results):
    for test in (changes, readers, ends, edges, starving, wakes):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 90)
