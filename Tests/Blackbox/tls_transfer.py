"""Content over TLS: sizes around the limits of records, records of one byte, many in one and one in many; how it ends."""

import json
import os
import signal
import socket
import ssl
import threading
import time

from onetime_harness import Server
from onetime_http import FORM, JSON, Connection, build, form, json_body, request, reveal, share
from onetime_tls import Records, connect, context, wrapped

NEW, OLD = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2
KIB = 1024
HEAD = b"HTTP/1.1 "


def text(length):
    """So much content, different in each place."""
    return ("%08x" * (length // 8 + 1) % tuple(range(length // 8 + 1)))[:length]


def answer(content):
    """(status, JSON) of one whole answer."""
    head, body = content.split(b"\r\n\r\n", 1)
    return int(head.split(b" ")[1]), json.loads(body)


def large_bodies(results, server):
    """In and out again, in records of all sizes."""
    sizes = [1, 255, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300_000, 1024 * KIB]
    for version in (OLD, NEW):
        for size in sizes:
            for record in (16384, 4093, 1):
                if record == 1 and size > 64 * KIB + 1:
                    continue
                name = "%s, %d bytes in records of %d" % (version.name, size, record)
                content = text(size)
                with Records(server.port, context(version)) as client:
                    client.shake()
                    client.send(build("POST", "/api/v1/share", [FORM], form({"secret": content})), record)
                    with wrapping(client) as connection:
                        made = connection.response("POST").json()
                        connection.send(build("POST", "/api/v1/secret/" + made.get("secret_key", "")))
                        value = connection.response("POST").json().get("value", "")
                        results.check(value == content, name, "%d bytes came back" % len(value))


class wrapping(Connection):
    """A Connection over Records: what it sends goes out in whole records."""

    def __init__(self, records, record=16384):
        self.records, self.record, self.socket, self.buffer = records, record, self, b""

    def __exit__(self, *_):
        pass

    def sendall(self, data):
        """As a socket's."""
        self.records.send(data, self.record)

    def recv(self, _count):
        """As a socket's."""
        return self.records.receive(1)[0]


def requests_and_records(results, server):
    """A hundred requests in one record, one request in a record for each byte, and all of that in segments of any size."""
    keys = [share(server.port, "piped %d" % number)["secret_key"] for number in range(60)]
    reads = b"".join(build("POST", "/api/v1/secret/" + key) for key in keys)
    with Records(server.port) as client:
        client.shake()
        client.send(reads)
        with wrapping(client) as connection:
            values = [connection.response("POST").json().get("value") for _ in keys]
    results.equal(values, ["piped %d" % number for number in range(60)], "60 requests in one record, answered in order")
    for record, piece in ((1, 1), (1, 65536), (7, 11), (16384, 1), (16384, 3)):
        with Records(server.port) as client:
            client.shake()
            client.send(build("GET", "/health") * 3 + build("POST", "/api/v1/share", [FORM], b"secret=x"), record, piece)
            with wrapping(client) as connection:
                statuses = [connection.response("GET").status for _ in range(4)]
            results.equal(statuses, [200] * 4, "records of %d in segments of %d" % (record, piece))
    with Records(server.port) as client:
        client.shake()
        body = json_body({"secret": text(70000)})
        data = build("POST", "/api/v1/share", [JSON], body)
        sealed = client.seal(data + build("GET", "/health"), 9999)
        for start in range(0, len(sealed), 9000):
            client.socket.sendall(sealed[start : start + 9000])
            time.sleep(0.01)
        with wrapping(client) as connection:
            results.equal(connection.response("POST").status, 200, "an upload that stops within each record")
            results.equal(connection.response("GET").status, 200, "and the request behind it")
    with Records(server.port) as client:
        client.shake()
        client.send(build("POST", "/api/v1/share", [FORM, ("Expect", "100-continue")], form({"secret": "e"}))[:-8])
        client.send(b"secret=e")
        results.check(client.receive(12)[0].startswith(HEAD), "Expect: 100-continue")
    with Records(server.port) as client:
        client.shake()
        # The end of the handshake and the first request in one segment.
        client.session.write(build("GET", "/health"))
        client.flush()
        results.check(client.receive(12)[0].startswith(HEAD + b"200"), "a request right behind the handshake")


def tampering(results, server):
    """A record that was changed on its way ends the connection with an alert, and nothing of it is taken."""
    made = share(server.port, "not for those who flip bits")
    for version in (OLD, NEW):
        with Records(server.port, context(version)) as client:
            client.shake()
            sealed = bytearray(client.seal(build("POST", "/api/v1/secret/" + made["secret_key"])))
            sealed[-1] ^= 1
            client.socket.sendall(bytes(sealed))
            content, end = client.receive()
            results.equal(content, b"", version.name + ": no answer to a changed record")
            results.check("BAD_RECORD_MAC" in (end or ""), version.name + ": an alert says so", end)
    results.equal(reveal(server.port, made["secret_key"]).status, 200, "the secret is still there")


def ends(results, server):
    """close_notify from either side, and the lack of it."""
    for version in (OLD, NEW):
        name = version.name
        with Records(server.port, context(version)) as client:
            client.shake()
            client.send(build("GET", "/health", [("Connection", "close")]))
            content, end = client.receive()
            results.check(content.startswith(HEAD + b"200"), name + ": the last answer", content)
            results.equal(end, "close_notify", name + ": ends with close_notify after Connection: close")
        with Records(server.port, context(version)) as client:
            client.shake()
            client.send(build("GET", "/health") + b"GET /bad header\r\n\r\n")
            content, end = client.receive()
            results.check(HEAD + b"400" in content, name + ": a refusal", content)
            results.equal(end, "close_notify", name + ": ends with close_notify after a refusal")
        with Records(server.port, context(version)) as client:
            client.shake()
            client.send(build("GET", "/health"))
            try:
                client.session.unwrap()
            except ssl.SSLError:
                client.flush()
            content, end = client.receive()
            results.check(content.startswith(HEAD + b"200"), name + ": who says close_notify gets what he asked for", end)
            results.equal(end, "close_notify", name + ": and close_notify")
        with Records(server.port, context(version)) as client:
            client.shake()
            client.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", "100")], b"secret=half"))
            client.socket.shutdown(socket.SHUT_WR)
            content, end = client.receive()
            results.check(content.startswith(HEAD + b"400"), name + ": a body that is cut off is refused", content)
        with Records(server.port, context(version)) as client:
            client.shake()
            client.socket.shutdown(socket.SHUT_WR)
            results.equal(client.receive(), (b"", "close_notify"), name + ": a bare FIN ends it in order")


def slow_reader(results, server):
    """Someone who reads slowly gets all of it, while others are served and no memory grows."""
    content = text(1000 * KIB)
    made = share(server.port, content)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    plain.connect(("127.0.0.1", int(server.port)))
    plain.settimeout(20)
    with context().wrap_socket(plain) as slow:
        slow.sendall(build("POST", "/api/v1/secret/" + made["secret_key"]) + build("GET", "/health"))
        time.sleep(0.2)
        memory = server.rss_kib()
        received = b""
        while len(received) < len(content):
            received += slow.recv(20000)
            if len(received) < 200_000:
                time.sleep(0.01)
            elif len(received) < 300_000:
                results_of_others = server.request("GET", "/health").status
        results.equal(results_of_others, 200, "others are served meanwhile")
        results.check(server.rss_kib() - memory < 4096, "no memory grows", (memory, server.rss_kib()))
        connection = wrapped(slow)
        connection.buffer = received
        first = connection.response("POST")
        results.check(first.json().get("value") == content, "a slow reader gets all of it")
        results.equal(connection.response("GET").status, 200, "and the answer behind it")


def one_reader(results, server):
    """Fifty at once: one gets it."""
    for _ in range(3):
        made = share(server.port, "for one reader")
        answers = []
        barrier = threading.Barrier(50)

        def read(made=made, answers=answers, barrier=barrier):
            with Connection(server.port) as connection:
                barrier.wait()
                answers.append(connection.request("POST", "/api/v1/secret/" + made["secret_key"]).status)

        readers = [threading.Thread(target=read) for _ in range(50)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        results.equal(sorted(answers), [200] + [404] * 49, "of 50 readers one gets it")


def hang_up_while_waiting(results, server):
    """A reader who hangs up while his passphrase is checked loses nothing, by TLS neither."""
    for version in (OLD, NEW):
        made = share(server.port, "kept for later", passphrase="correct horse")
        data = build("POST", "/api/v1/secret/" + made["secret_key"], [FORM], form({"passphrase": "correct horse"}))
        client = connect(server.port, context(version))
        client.sendall(data)
        time.sleep(0.02)
        client.close()
        time.sleep(0.5)
        answer = reveal(server.port, made["secret_key"], passphrase="correct horse")
        results.equal(answer.status, 200, version.name + ": who hung up did not consume it")


def drain(results):
    """SIGTERM: what is under way is finished and ended in order, then exit 0."""
    with Server("--tls", "self-signed") as server:
        content = text(500_000)
        data = build("POST", "/api/v1/share", [FORM], form({"secret": content}))
        with Records(server.port) as upload, Records(server.port) as idle, Records(server.port) as half:
            for client in (upload, idle, half):
                client.shake()
            idle.send(build("GET", "/health"))
            idle.receive(60)
            upload.send(data[:300_000])
            time.sleep(0.1)
            server.signal(signal.SIGTERM)
            time.sleep(0.2)
            results.equal(idle.receive()[1], "close_notify", "an idle connection is ended in order")
            upload.send(data[300_000:])
            came, end = upload.receive()
            results.check(came.startswith(HEAD + b"200"), "the upload under way is answered", came[:100])
            results.equal(end, "close_notify", "and ended in order")
        results.equal(server.wait(8), 0, "SIGTERM exits 0")


def check_command(results):
    """`onetime-lite check` finds out by itself what the port speaks."""
    import subprocess

    for arguments in (["--tls", "self-signed"], []):
        with Server(*arguments) as server:
            command = [server.binary, "check", "--listen", "127.0.0.1:%d" % server.port]
            done = subprocess.run(command, capture_output=True, timeout=20, env=server.environment)
            results.equal(done.returncode, 0, "check says well, %s" % (arguments or "plain"))
            results.equal(done.stdout + done.stderr, b"", "and nothing else")
            os.kill(server.pid, signal.SIGSTOP)
            stopped = subprocess.run(command, capture_output=True, timeout=20, env=server.environment)
            os.kill(server.pid, signal.SIGCONT)
            results.equal(stopped.returncode, 1, "check says ill when there is no answer")
    done = subprocess.run(command, capture_output=True, timeout=20, env=server.environment)
    results.equal(done.returncode, 1, "check says ill when nobody listens")


TESTS = [
    large_bodies,
    requests_and_records,
    tampering,
    ends,
    slow_reader,
    one_reader,
    hang_up_while_waiting,
]
TESTS_OF_THE_END = [drain, check_command]
