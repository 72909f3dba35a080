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
    """Readers with slow links get their secret whole, or are told to come again and lose nothing."""
    content = "\x01" * 600_000  # grows by six in JSON
    readers = 40
    with Server() as server:
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
        whole = 0
        for secret, answer in zip(made, answers):
            state = receipt(server.port, secret["metadata_key"]).json()["state"]
            if answer.startswith(b"HTTP/1.1 200"):
                whole += 1
                results.check(answer.endswith(b"0\r\n\r\n"), "slow readers: an answer is whole", len(answer))
                results.equal(state, "received", "slow readers: state of what was read")
            else:
                results.check(answer.startswith(b"HTTP/1.1 503"), "slow readers: or a refusal", answer[:60])
                results.equal(state, "new", "slow readers: state of what was refused")
        results.check(whole > 0, "slow readers: some are served at the same time", whole)


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
    """Requests that never end take memory from no one's secret."""
    with Server("--locked-memory", "1M") as server:
        made = share(server.port, "kept", passphrase="swordfish")
        held = []
        for _ in range(200):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 6000)
            held.append(connection)
        time.sleep(0.3)
        for _ in range(8):
            answer = reveal(server.port, made["secret_key"], passphrase="swordfish")
            if answer.status == 200:
                break
            results.equal(answer.status, 503, "half heads: refused for want of memory")
        for connection in held:
            connection.close()
        time.sleep(0.5)
        if answer.status != 200:
            answer = reveal(server.port, made["secret_key"], passphrase="swordfish")
        results.equal(answer.json().get("value"), "kept", "half heads: the secret is still there")


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
    for part in (slow_readers, hangs_up, in_order, half_heads, unfinished_uploads):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 180)
