"""Pressure: what happens to secrets when protected memory, patience or order run out.

    python3 Tests/Blackbox/pressure.py                about 15 seconds
"""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form, receipt, reveal, share  # noqa: E402


def slow_connection(port):
    """A connection whose reader takes little at a time."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    return connection


def everything(connection, into, place):
    """Reads to the end of the stream."""
    data = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
    except OSError:
        pass
    into[place] = data


def slow_readers(results):
    """Readers with slow links get their secret whole, all at the same time: nothing in the clear is kept for them."""
    content = "\x01" * 600_000  # grows by six in JSON
    readers = 40
    with Server("--locked-memory", "1M") as server:
        made = [share(server.port, content) for _ in range(readers)]
        connections = []
        for secret in made:
            connection = slow_connection(server.port)
            target = "/api/v1/secret/" + secret["secret_key"]
            connection.sendall(build("POST", target, [("Connection", "close")], b""))
            connections.append(connection)
        time.sleep(1)
        answers = [b""] * readers
        threads = [
            threading.Thread(target=everything, args=(connection, answers, place))
            for place, connection in enumerate(connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for secret, answer in zip(made, answers):
            state = receipt(server.port, secret["metadata_key"]).json()["state"]
            results.check(answer.startswith(b"HTTP/1.1 200"), "slow readers: all are served", answer[:60])
            results.equal(answer.count(b"\\u0001"), len(content), "slow readers: an answer is whole")
            results.equal(state, "received", "slow readers: state of what was read")


def hangs_up(results):
    """Whoever hangs up while his passphrase is checked gets no secret and loses none."""
    with Server() as server:
        made = share(server.port, "still here", passphrase="swordfish")
        target = "/api/v1/secret/" + made["secret_key"]
        for _ in range(12):  # more often than wrong tries are allowed
            with Connection(server.port) as connection:
                connection.send(build("POST", target, [FORM], form({"passphrase": "swordfish"})))
                time.sleep(0.02)
        time.sleep(1.5)
        state = receipt(server.port, made["metadata_key"]).json()["state"]
        results.equal(state, "new", "hanging up: state")
        answer = reveal(server.port, made["secret_key"], passphrase="swordfish")
        results.equal(answer.json().get("value"), "still here", "hanging up: the next one gets it")


def in_order(results):
    """Answers to pipelined requests come whole and in order, also behind a long one."""
    with Server() as server:
        for size in range(300_000, 420_000, 8_000):
            made = share(server.port, "v" * size)
            connection = slow_connection(server.port)
            target = "/api/v1/secret/" + made["secret_key"]
            health = build("GET", "/health", [], None)
            last = build("GET", "/health", [("Connection", "close")], None)
            connection.sendall(build("POST", target, [], b"") + health + last)
            time.sleep(0.05)
            answers = [b""]
            everything(connection, answers, 0)
            data = answers[0]
            results.equal(data.count(b"v") >= size, True, "in order: the content of %d bytes is whole" % size)
            results.equal(data.count(b'{"status":"ok"'), 2, "in order: both answers follow")
            results.check(data.find(b'"}\r\n0\r\n\r\nHTTP/1.1 200') > 0, "in order: and only then", size)


def half_heads(results):
    """Requests that never end take memory from nobody: what there is no room for stays with the kernel."""
    with Server("--locked-memory", "1M") as server:
        made = [share(server.port, "kept %d" % n, passphrase="swordfish") for n in range(8)]
        held = []
        for number in range(600):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 6000)
            held.append(connection)
        time.sleep(0.3)
        for number, secret in enumerate(made):
            answer = reveal(server.port, secret["secret_key"], passphrase="swordfish")
            results.equal(answer.json().get("value"), "kept %d" % number, "half heads: a secret is read meanwhile")
            results.equal(share(server.port, "new")["state"], "new", "half heads: and one is made")
        for connection in held:
            connection.sendall(b"\r\n\r\n")
        answered = 0
        for connection in held:
            connection.settimeout(10)
            answered += connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.close()
        results.equal(answered, len(held), "half heads: each is answered once it is whole")


def stalled_uploads(results):
    """Uploads that stall keep others waiting for a moment, and small requests not at all. Who waits is not refused."""
    with Server("--locked-memory", "1M") as server:
        head = build("POST", "/api/v1/share", [FORM, ("Content-Length", "1000000")], None)
        held = []
        for _ in range(100):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(head + b"secret=" + b"x" * 1000)
            held.append(connection)
        time.sleep(0.3)
        begin = time.monotonic()
        for number in range(20):
            # Head and body come apart, as many clients send them.
            with Connection(server.port) as connection:
                body = form({"secret": "small %d" % number, "passphrase": "swordfish" if number < 2 else ""})
                connection.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", str(len(body)))], None))
                time.sleep(0.01)
                connection.send(body)
                results.equal(connection.response("POST").status, 200, "stalled uploads: a small secret is taken")
        results.check(time.monotonic() - begin < 2, "stalled uploads: at once", time.monotonic() - begin)
        large = "y" * 1_000_000
        taken = share(server.port, large, timeout=60)
        results.check(
            reveal(server.port, taken["secret_key"]).json()["value"] == large, "stalled uploads: a large one waits its turn"
        )
        told = 0
        for connection in held:
            connection.settimeout(0.01)
            try:
                told += connection.recv(1000).startswith(b"HTTP/1.1 408")
            except OSError:
                pass
            connection.close()
        results.check(told > 0, "stalled uploads: those who stalled are told so", told)


def unfinished_uploads(results):
    """Uploads that never end count against the budget of the vault."""
    with Server("--max-bytes", "4M") as server:
        before = server.rss_kib()
        body = b"secret=" + b"x" * 1_000_000
        held = []
        for _ in range(30):
            connection = socket.create_connection(("127.0.0.1", server.port))
            head = build("POST", "/api/v1/share", [FORM, ("Content-Length", str(len(body) + 1))], None)
            try:
                connection.sendall(head + body)
            except OSError:
                pass
            held.append(connection)
        time.sleep(0.5)
        results.check(server.rss_kib() - before < 12_000, "unfinished uploads: memory", server.rss_kib() - before)
        for connection in held:
            connection.close()
        time.sleep(0.3)
        results.equal(reveal(server.port, share(server.port, "x")["secret_key"]).status, 200, "and then there is room")


def main(results):
    """All of it."""
    for part in (slow_readers, hangs_up, in_order, half_heads, stalled_uploads, unfinished_uploads):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 180)
