"""HTTP/1.1 at its edges: malformed, ambiguous, slow, cut off, pipelined. The server refuses, closes, and goes on for
the others.

python3 Tests/Blackbox/wire.py          about 20 seconds
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from malformed import AMBIGUOUS, CASES, REFUSALS  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form, receipt, request, reveal, share  # noqa: E402

HEAD_SECONDS, BODY_SECONDS, IDLE_SECONDS = 1, 1, 2
TIMEOUTS = [
    "--head-timeout",
    str(HEAD_SECONDS),
    "--body-timeout",
    str(BODY_SECONDS),
    "--idle-timeout",
    str(IDLE_SECONDS),
]


def malformed(results, server):
    """Every malformed request: a status that says so, then a close; a bystander and his secret notice nothing."""
    made = share(server.port, "kept through it all")
    bystander = Connection(server.port)
    accepted = set()
    for name, data, allowed in CASES:
        data = data.replace(b"KEY", made["secret_key"].encode()).replace(b"HANDLE", made["metadata_key"].encode())
        try:
            with Connection(server.port, 6.0) as connection:
                try:
                    connection.send(data)
                except OSError:
                    pass  # the server may close while an oversized request is still being sent
                answer = connection.response("GET")
                if answer.status not in REFUSALS:
                    accepted.add(name)
                results.check(answer.status in allowed, name + ": status", "%r, allowed %s" % (answer, sorted(allowed)))
                results.check(b"kept through" not in answer.body, name + ": no content")
                if answer.status in REFUSALS:
                    results.check(
                        (answer.header("Connection") or "").lower() == "close",
                        name + ": says Connection: close",
                        answer.headers,
                    )
                    results.check(connection.closed(3.0), name + ": closes after the answer", connection.buffer[:100])
        except OSError as reason:
            results.check(False, name + ": no answer before the close", reason)
        if not server.alive():
            results.check(False, name + ": the server is gone")
            return
        try:
            state = bystander.request("GET", "/api/v1/private/" + made["metadata_key"]).json().get("state")
            results.check(True, name + ": a bystander's connection goes on")
        except OSError as reason:
            results.check(False, name + ": a bystander's connection goes on", reason)
            bystander, state = Connection(server.port), None
        if not results.equal(state, "new", name + ": the live secret is neither lost nor consumed"):
            made = share(server.port, "kept through it all")
    bystander.close()
    names = {name for name, _, _ in AMBIGUOUS}
    ambiguous = sorted(accepted & names)
    print("malformed: %d requests, %d of them ambiguous; ambiguous and accepted: %d" % (len(CASES), len(names), len(ambiguous)))
    results.equal(ambiguous, [], "no ambiguous request is accepted")
    results.equal(
        reveal(server.port, made["secret_key"]).json().get("value"), "kept through it all", "the secret is still there"
    )


def pipelining(results, server):
    """Many requests in one send; answers in order, bytes split anywhere."""
    count = 100
    with Connection(server.port) as connection:
        connection.send(
            b"".join(build("POST", "/api/v1/share", [FORM], form({"secret": "piped %d" % n})) for n in range(count))
        )
        keys = [connection.response("POST").json()["secret_key"] for _ in range(count)]
        connection.send(b"".join(build("POST", "/api/v1/secret/" + key) for key in keys))
        values = [connection.response("POST").json().get("value") for _ in keys]
        results.equal(
            values, ["piped %d" % n for n in range(count)], "a hundred pipelined requests are answered in order"
        )
        mixed = (
            build("GET", "/health")
            + build("HEAD", "/health")
            + build("POST", "/api/v1/share", [FORM], b"")
            + build("GET", "/nothing")
        )
        connection.send(mixed)
        seen = [
            connection.response("GET").status,
            connection.response("HEAD").status,
            connection.response("POST").status,
            connection.response("GET").status,
        ]
        results.equal(seen, [200, 200, 404, 404], "mixed pipelined requests")
    data = build("POST", "/api/v1/share", [FORM], form({"secret": "split anywhere"})) + build("GET", "/health")
    for cut in range(1, len(data)):
        with Connection(server.port) as connection:
            connection.send(data[:cut])
            time.sleep(0.001)
            connection.send(data[cut:])
            answers = connection.response("POST").status, connection.response("GET").status
            if answers != (200, 200):
                results.check(False, "cut at byte %d" % cut, answers)
    results.check(True, "requests cut at every byte")
    with Connection(server.port) as connection:
        for byte in data:
            connection.send(bytes([byte]))
        results.equal(
            (connection.response("POST").status, connection.response("GET").status), (200, 200), "byte by byte"
        )
    with Connection(server.port) as connection:
        connection.send(build("GET", "/health") + b"BROKEN\r\n\r\n" + build("GET", "/health"))
        results.equal(connection.response("GET").status, 200, "the request before a broken one is answered")
        results.equal(connection.response("GET").status, 400, "the broken one is refused")
        results.check(connection.closed(), "and what follows is not looked at")


def keep_alive(results, server):
    """Connection: close, HTTP/1.0, HEAD, and many requests on one connection."""
    with Connection(server.port) as connection:
        for _ in range(1000):
            answer = connection.request("GET", "/health")
        results.equal(answer.status, 200, "a thousand requests on a connection")
        answer = connection.request("GET", "/health", [("Connection", "close")])
        results.equal(
            (answer.status, (answer.header("Connection") or "").lower()),
            (200, "close"),
            "Connection: close is answered so",
        )
        results.check(connection.closed(), "Connection: close closes")
    for value in ("keep-alive, close", "Close", "close , x"):
        with Connection(server.port) as connection:
            connection.request("GET", "/health", [("Connection", value)])
            results.check(connection.closed(), "Connection: %s closes" % value)
    with Connection(server.port) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        results.equal(connection.response("GET").status, 200, "HTTP/1.0 without Host")
        results.check(connection.closed(), "HTTP/1.0 closes")
    made = share(server.port, "x")
    for target in (
        "/",
        "/health",
        "/api/v1/status",
        "/api/v1/private/" + made["metadata_key"],
        "/secret/" + made["secret_key"],
        "/receipt/" + made["metadata_key"],
        "/nothing",
    ):
        with Connection(server.port) as connection:
            get = connection.request("GET", target)
            head = connection.request("HEAD", target)
            results.equal(
                (head.status, head.header("Content-Length")),
                (get.status, get.header("Content-Length")),
                "HEAD " + target[:12],
            )
            results.equal(
                connection.request("GET", "/health").status, 200, "nothing after the head of HEAD " + target[:12]
            )
    answer = request(server.port, "DELETE", "/health")
    results.equal(answer.status, 405, "DELETE /health")
    results.check("GET" in (answer.header("Allow") or ""), "405 names what is allowed", answer.headers)


def expectations(results, server):
    """Expect: 100-continue, judged by the size before the body is sent."""
    body = form({"secret": "waited for leave"})
    head = [FORM, ("Content-Length", str(len(body))), ("Expect", "100-continue")]
    with Connection(server.port) as connection:
        connection.send(build("POST", "/api/v1/share", head))
        answer = connection._one("POST")
        results.equal(answer.status, 100, "100 Continue")
        connection.send(body)
        results.equal(connection.response("POST").status, 200, "the answer after it")
    with Connection(server.port) as connection:
        connection.send(build("POST", "/api/v1/share", head) + body)
        answer = connection.response("POST")
        results.equal(answer.status, 200, "a client that did not wait")
        results.equal(connection.request("GET", "/health").status, 200, "and its connection goes on")
    with Connection(server.port) as connection:
        connection.send(
            build("POST", "/api/v1/share", [FORM, ("Content-Length", "99999999999"), ("Expect", "100-continue")])
        )
        answer = connection.response("POST")
        results.check(
            answer.status == 413 and not answer.interim, "too large: 413 and no leave to send", (answer, answer.interim)
        )
    with Connection(server.port) as connection:
        connection.send(build("POST", "/api/v1/share", [FORM, ("Expect", "wonders")], body))
        results.equal(connection.response("POST").status, 417, "another expectation")


def chunked(results, server):
    """Chunked bodies: extensions, trailers, every cut; malformed ones are among the malformed requests."""
    body = form({"secret": "in chunks, cut anywhere"})
    head = build("POST", "/api/v1/share", [FORM, ("Transfer-Encoding", "chunked")])
    plain = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7))
    forms = {
        "one chunk": b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        "capital digits and zeros": b"000%X\r\n%s\r\n000\r\n\r\n" % (len(body), body),
        "seven bytes each": plain + b"0\r\n\r\n",
        "one byte each": b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n",
        "extensions": plain.replace(b"7\r\n", b'7;name=value;q="a;b"\r\n', 1) + b"0;last\r\n\r\n",
        "trailers": plain + b"0\r\nX-Note: one\r\nX-Other: two\r\n\r\n",
    }
    for name, data in forms.items():
        with Connection(server.port) as connection:
            connection.send(head + data)
            answer = connection.response("POST")
            if results.equal(answer.status, 200, "chunked, " + name):
                results.equal(
                    reveal(server.port, answer.json()["secret_key"]).json().get("value"),
                    "in chunks, cut anywhere",
                    "chunked, %s: content" % name,
                )
            results.equal(connection.request("GET", "/health").status, 200, "chunked, %s: the next request" % name)
    data = head + forms["extensions"] + build("GET", "/health")
    for cut in range(len(head) - 2, len(data)):
        with Connection(server.port) as connection:
            connection.send(data[:cut])
            time.sleep(0.001)
            connection.send(data[cut:])
            answers = connection.response("POST").status, connection.response("GET").status
            if answers != (200, 200):
                results.check(False, "chunked, cut at byte %d" % cut, answers)
    results.check(True, "chunked bodies cut at every byte")
    content = "long " * 100_000
    body = form({"secret": content})
    pieces = b"".join(
        b"%x\r\n%s\r\n" % (len(body[i : i + 5000]), body[i : i + 5000]) for i in range(0, len(body), 5000)
    )
    with Connection(server.port) as connection:
        connection.send(head + pieces + b"0\r\n\r\n")
        answer = connection.response("POST")
    if results.equal(answer.status, 200, "half a megabyte in chunks"):
        results.check(
            reveal(server.port, answer.json()["secret_key"]).json().get("value") == content, "and its content"
        )


def half_closed(results, server):
    """A client that has nothing more to say still gets its answer; one that leaves in the middle harms nobody."""
    made = share(server.port, "for the half-closed")
    with Connection(server.port) as connection:
        connection.send(build("POST", "/api/v1/secret/" + made["secret_key"]))
        connection.finish_sending()
        results.equal(
            connection.response("POST").json().get("value"), "for the half-closed", "the answer after a half-close"
        )
        results.check(connection.closed(), "then it closes")
    made = share(server.port, "not consumed")
    whole = build("POST", "/api/v1/secret/" + made["secret_key"], [FORM], b"passphrase=abcdef")
    for cut in (1, 10, 40, len(whole) - 18, len(whole) - 1):
        with Connection(server.port) as connection:
            connection.send(whole[:cut])
            connection.finish_sending()
            try:
                answer = connection.response("POST")
                results.check(answer.status in (400, 408), "half-closed at byte %d" % cut, answer)
            except OSError:
                results.check(True, "half-closed at byte %d: closed without an answer" % cut)
    for cut in (1, 40, len(whole) - 1):
        Connection(server.port).send(whole[:cut])
    results.equal(
        reveal(server.port, made["secret_key"]).json().get("value"),
        "not consumed",
        "a request cut short consumed nothing",
    )


def timed(results, connection, name, limit, statuses, may_be_silent):
    """Waits for the server to lose patience: how long it took, with which status."""
    begin = time.monotonic()
    connection.socket.settimeout(limit + 6)
    try:
        answer = connection.response("POST")
        results.check(answer.status in statuses, name + ": status", answer)
        results.check(connection.closed(), name + ": closes")
    except OSError as reason:
        silent = may_be_silent and "closed after 0 bytes" in str(reason)
        results.check(silent, name + ": answered before the close", reason)
    took = time.monotonic() - begin
    results.check(took < limit + 3, name + ": in time", "%.1f s for a limit of %d s" % (took, limit))


def slow(results):
    """Short timeouts for head, body and idle connections; dripping bytes do not stretch them."""
    with Server(*TIMEOUTS) as server:
        whole = build("POST", "/api/v1/share", [FORM], form({"secret": "slow"}))
        with Connection(server.port) as connection:
            connection.send(whole[:30])
            timed(results, connection, "a slow head", HEAD_SECONDS, (408,), False)
        with Connection(server.port) as connection:
            connection.send(whole[:-2])
            timed(results, connection, "a slow body", BODY_SECONDS, (408,), False)
        with Connection(server.port) as connection:
            timed(results, connection, "a connection that says nothing", IDLE_SECONDS, (408,), True)
        with Connection(server.port) as connection:
            connection.request("GET", "/health")
            timed(results, connection, "an idle connection", IDLE_SECONDS, (408,), True)
        for name, prefix, drip in (
            ("a dripping head", whole[:30], b"X-A: b\r\n"),
            ("a dripping body", whole[:-25], b"a"),
            (
                "an endless chunk extension",
                build("POST", "/api/v1/share", [FORM, ("Transfer-Encoding", "chunked")]) + b"1;",
                b"x",
            ),
        ):
            with Connection(server.port) as connection:
                connection.send(prefix)
                begin, ended = time.monotonic(), False
                connection.socket.settimeout(0.1)
                while time.monotonic() - begin < 8 and not ended:
                    try:
                        connection.send(drip)
                        connection.buffer += connection.socket.recv(4096)
                        ended = True
                    except TimeoutError:
                        continue
                    except OSError as reason:
                        if "timed out" not in str(reason):
                            ended = True
                results.check(
                    ended and time.monotonic() - begin < 5, name + " is cut off", "%.1f s" % (time.monotonic() - begin)
                )
        made = share(server.port, "large answer", timeout=20)
        results.equal(receipt(server.port, made["metadata_key"]).status, 200, "the server is well afterwards")
        crowd = [Connection(server.port) for _ in range(400)]
        for connection in crowd:
            connection.send(b"GET /health HT")
        begin = time.monotonic()
        results.equal(request(server.port, "GET", "/health").status, 200, "400 slow clients do not hold up another")
        results.check(time.monotonic() - begin < 1, "and he waits less than a second")
        for connection in crowd:
            connection.close()


def slow_reader(results, server):
    """A client that reads nothing of many large answers holds up nobody."""
    content = "y" * 900_000
    keys = [share(server.port, content)["secret_key"] for _ in range(8)]
    with Connection(server.port, 20.0) as connection:
        connection.send(b"".join(build("POST", "/api/v1/secret/" + key) for key in keys))
        time.sleep(0.3)
        begin = time.monotonic()
        results.equal(request(server.port, "GET", "/health").status, 200, "others are answered while one does not read")
        results.check(time.monotonic() - begin < 0.5, "at once")
        whole = sum(connection.response("POST").json().get("value") == content for _ in keys)
        results.equal(whole, len(keys), "the slow reader gets all in the end")


def main(results):
    """All of it."""
    with Server("--max-content", "1M") as server:
        for part in (malformed, pipelining, keep_alive, expectations, chunked, half_closed, slow_reader):
            results.run(part, results, server)
        results.check(server.alive(), "the server is alive at the end")
    results.run(slow, results)
    with Server("--max-content", "1M", "--tls", "self-signed") as server:
        results.run(malformed, results, server)


if __name__ == "__main__":
    run_suite(main, 240)
