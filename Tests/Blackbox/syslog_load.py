"""Many lines to syslog at one time: none is lost, even where the connection breaks amid them; then the last ones before that come twice.

    python3 Tests/Blackbox/syslog_load.py          about 5 seconds, building send-lines first
"""

import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "Harness")]
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_tls import Certificates  # noqa: E402
from outbound import Receiver, built, context, line, sent  # noqa: E402


def breaks(results, program):
    """Where a connection breaks amid many lines, the next one begins with whole lines of those that went last, as they were."""
    lines = [line(number=number, pad="x" * (number % 800)) for number in range(10000)]
    parts, folder = [], tempfile.mkdtemp(prefix="onetime-syslog-")
    path = os.path.join(folder, "stream")

    def serve(_receiver, peer, number):
        data = b""
        for turn in range(20 if number == 1 else 0):
            time.sleep(0.1)  # for it to send what there is room for
            waiting = peer.recv(1 << 20, socket.MSG_PEEK)
            if waiting[-1:] != b"\n":
                break
            data += peer.recv(len(waiting) - 20000 - 1000 * turn)
        if number == 1:
            # Nothing more comes in, and what is there can be read.
            peer.shutdown(socket.SHUT_RD)
        while more := peer.recv(1 << 20):
            data += more
        parts.append(data)

    def given():
        yield from lines
        time.sleep(3)

    try:
        # Not there before all lines wait, so that as many are sent at one time as can be.
        threading.Timer(0.5, Receiver, (serve,), {"family": socket.AF_UNIX, "address": path}).start()
        said, counts = sent(program, "syslog+unix:" + path, given(), queue=8 << 20)
        time.sleep(0.2)
    finally:
        shutil.rmtree(folder)
    results.equal(len(parts), 2, "a connection that breaks: %s" % said)
    whole, cut = parts[0].rsplit(b"\n", 1)
    results.check(cut and b"\n" + cut in parts[1], "the line that was cut comes whole")
    rows = whole.split(b"\n") + parts[1].splitlines()
    again = len(rows) - 10000
    found = [row.split(b" - ", 1)[1].decode() for row in rows]
    results.check(list(dict.fromkeys(found)) == lines, "each line arrives, in order")
    first = whole.count(b"\n") + 1
    results.check(found[:first] == lines[:first] and found[first:] == lines[first - again :], "the last ones twice: %d" % again)
    size = sum(len(each) + 1 for each in lines[first - again : first])
    results.check(0 < size <= 512 << 10, "and no more than are kept for that: %d bytes" % size)
    results.equal((counts["delivered"], counts["failed"], counts["dropped"]), (10000, 0, 0), "and counts once: %s" % said)


def busy(results, _program):
    """A receiver that reads gets all that a busy server writes down, in order, in the clear and by TLS."""
    serve_busily(results, "tcp", None, [])
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(folder)
        certificates.make("receiver", "IP:127.0.0.1")
        serve_busily(results, "tls", context(certificates, "receiver"), ["--ca-file", certificates.path("authority.crt")])


def serve_busily(results, transport, secured, options):
    """Has a server with such a receiver make and show 10000 secrets."""
    parts = []

    def take(_receiver, peer, _number):
        while part := peer.recv(1 << 20):
            parts.append(part)

    receiver = Receiver(take, secured)
    url = "syslog+%s://127.0.0.1:%d" % (transport, receiver.port)
    with Server("--audit", "memory", "--syslog", url, "--syslog-queue", "16M", *options) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:

            def ask(requests):
                """Sends some at one time; the bodies of their answers."""
                client.sendall(b"".join(requests))
                data = b""
                while data.count(b"}") < len(requests):
                    data += client.recv(1 << 20)
                return [answer.split(b"\r\n\r\n", 1)[1] for answer in data.split(b"HTTP/1.1 200 OK\r\n")[1:]]

            head = b"HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
            for _ in range(50):
                made = ask([b"POST /api/v1/share " + head % 8 + b"secret=x"] * 200)
                keys = [json.loads(body)["secret_key"].encode() for body in made]
                shown = ask([b"POST /api/v1/secret/" + key + b" " + head % 0 for key in keys])
                results.check(all(b'"value":"x"' in body for body in shown) and len(shown) == 200, transport + ": 200 secrets are made and shown")
        server.stop()
    data, place, lines = b"".join(parts), 0, []
    while place < len(data):
        space = data.index(b" ", place)
        end = space + 1 + int(data[place:space])
        lines.append(json.loads(data[space + 1 : end].split(b" - ", 1)[1]))
        place = end
    actions = [each["event.action"] for each in lines]
    results.equal([each["event.sequence"] for each in lines], list(range(len(lines))), transport + ": each line once, in order")
    results.check(actions.count("create") == 10000 and actions.count("reveal") == 10000, transport + ": and all of them: %d" % len(lines))


def main(results):
    """Builds the program that sends lines, then plays the receivers."""
    program = built()
    for test in (breaks, busy):
        results.run(test, results, program)


if __name__ == "__main__":
    run_suite(main, 580)
