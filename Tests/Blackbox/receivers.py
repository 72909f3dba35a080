"""Receivers that are there and take nothing: they end connections, are gone, stall, or ask to be left alone. What is counted, sent once
more, and told of that, and what of it a reader of the log can check.

    python3 Tests/Blackbox/receivers.py          about a minute, building send-lines first
"""

import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "Harness")]
from onetime_harness import Server, binary_path, free_port, run_suite  # noqa: E402
from outbound import NAME, OK, SECRET, NameServer, Receiver, answers, built, context, line, news, octets, prepare, sent  # noqa: E402

FORM = b"POST /api/v1/share HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nsecret=x"


def numbers(messages):
    """The numbers of lines in messages, in their order."""
    return [json.loads(message.split(b" - ", 1)[1])["number"] for message in messages]


def once(found):
    """The same without those that came again."""
    return list(dict.fromkeys(found))


def create(server, count):
    """Has a server make so many secrets."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        for _ in range(count // 100):
            client.sendall(FORM * 100)
            data = b""
            while data.count(b"}") < 100:
                data += client.recv(1 << 20)


def told(server):
    """What the log of a server says of its receivers, and how it ends."""
    return [json.loads(row)["message"] for row in server.text("stdout").splitlines()]


def verify(data, *arguments):
    """The command on a log; its status and what it says."""
    done = subprocess.run([binary_path(), "verify", "-", *arguments], input=data, capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode()


def hanging_up(results, program, certificates):
    """Who ends connections gets nothing, and is told so: the kernel takes what it is sent all the same."""
    lines = [line(number=number) for number in range(20)]
    strict = context(certificates, "good")
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(certificates.path("authority.crt"))
    receiver = Receiver(octets, strict)
    names = NameServer(["127.0.0.1"])
    said, counts = sent(
        program, "syslog+tls://%s:%d" % (NAME, receiver.port), lines, authorities=certificates.path("authority.crt"),
        server=names.address, pause=0.05, within=500,
    )
    results.equal((counts["delivered"], counts["failed"] + counts["dropped"]), (0, 20), "a certificate is wanted: %s" % said)
    results.equal([words[:26] for words in news(said)], ["fails: it refused TLS with"], "a certificate is wanted: it is told")

    def shut(_receiver, _peer, _number):
        pass

    def take_and_shut(_receiver, peer, _number):
        peer.settimeout(0.1)
        peer.recv(1 << 20)

    def reset(_receiver, peer, _number):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    for name, serve in (("at once", shut), ("after it took some", take_and_shut), ("with a reset", reset)):
        receiver = Receiver(serve)
        said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, lines, pause=0.1, proof=400, within=500)
        results.equal((counts["delivered"], counts["failed"] + counts["dropped"]), (0, 20), "%s: %s" % (name, said))
        results.equal([words[:5] for words in news(said)], ["fails"], "%s: it is told" % name)
        results.check(receiver.connections < 12, "%s: %d connections, ever more seldom" % (name, receiver.connections))


def recovering(results, program, _certificates):
    """What went by a connection that ended soon goes once more, so the next one has all, and the end of trouble is told once it lasts."""

    def later(receiver, peer, number):
        if number > 3:
            octets(receiver, peer, number)
        peer.settimeout(0.05)
        peer.recv(1 << 20)

    def flood():
        for number in range(3000):
            yield line(number=number, pad="x" * 500)
            if number % 20 == 0:
                time.sleep(0.01)
        time.sleep(2)

    receiver = Receiver(later)
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, flood(), queue=8 << 20, proof=300)
    time.sleep(0.2)
    found = numbers(receiver.taken)
    results.equal(once(found), list(range(3000)), "all come, in order: %s" % said)
    results.equal((counts["delivered"], counts["failed"], counts["dropped"]), (3000, 0, 0), "each counts once")
    results.equal([words[:5] for words in news(said)], ["fails", "works"], "it is told")

    def breaking(receiver, peer, number):
        peer.settimeout(10)
        if number == 1:
            data = b""
            while len(data) < 200000:
                data += peer.recv(20000)
            receiver.cut = data
            time.sleep(0.2)
            return  # with something unread, so that it is a reset
        octets(receiver, peer, number)

    receiver = Receiver(breaking)
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, flood(), queue=8 << 20, proof=300)
    time.sleep(0.2)
    first, data = [], receiver.cut
    while b" " in data and len(data) > int(data.split(b" ", 1)[0]) + len(data.split(b" ", 1)[0]):
        count, rest = data.split(b" ", 1)
        first.append(rest[: int(count)])
        data = rest[int(count) :]
    results.equal(once(numbers(first + receiver.taken)), list(range(3000)), "one that breaks off amid: %s" % said)
    results.equal((counts["delivered"], counts["failed"], counts["dropped"]), (3000, 0, 0), "one that breaks off amid: counts")


def dead_datagrams(results, program, _certificates):
    """Where nobody listens for datagrams it is told once, and not that it goes well while the next one is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = "syslog+udp://127.0.0.1:%d" % port
    said, counts = sent(program, url, [line(number=number) for number in range(20)], pause=0.1)
    results.equal([words[:5] for words in news(said)], ["fails"], "it is told once: %s" % said)
    results.equal((counts["delivered"], counts["failed"]), (0, 20), "and nothing counts as delivered")
    taken = []

    def listen():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind(("127.0.0.1", port))
            bound.settimeout(4)
            try:
                while True:
                    taken.append(bound.recv(65536))
            except OSError:
                pass

    thread = threading.Timer(1.0, listen)
    thread.start()
    said, counts = sent(program, url, [line(number=number) for number in range(20)], pause=0.15)
    thread.join()
    results.equal(once(numbers(taken)), list(range(20)), "one that comes later gets all: %s" % said)
    results.equal(([words[:5] for words in news(said)], counts["delivered"]), (["fails", "works"], 20), "and it is told")


def gaps(results, _program, _certificates):
    """What syslog's queue had no room for is told in the log itself, and the receiver's file shows that it is honest."""
    reads, parts = threading.Event(), []

    def stalled(_receiver, peer, _number):
        reads.wait(60)
        while part := peer.recv(1 << 20):
            parts.append(part)

    receiver = Receiver(stalled)
    with Server("--syslog", "syslog+tcp://127.0.0.1:%d" % receiver.port, "--syslog-queue", "16k", "--metrics") as server:
        create(server, 12000)
        reads.set()
        time.sleep(1)
        create(server, 100)
        time.sleep(1.5)
        figures = server.request("GET", "/metrics").body.decode()
        dropped = int(re.search(r'onetime_outbound_dropped_total\{to="syslog"\} (\d+)', figures)[1])
        server.stop()
        said = told(server)
    data, place, rows = b"".join(parts), 0, []
    while place < len(data):
        space = data.index(b" ", place)
        end = space + 1 + int(data[place:space])
        rows.append(data[space + 1 : end].split(b" - ", 1)[1].removeprefix(b"\xef\xbb\xbf"))
        place = end
    gap = [json.loads(row) for row in rows if b'"event.action":"gap"' in row]
    results.check(gap and all(each["onetime.audit.sink"] == "syslog" for each in gap), "the log tells of it: %d lines" % len(gap))
    missing = sum(each["onetime.audit.missing"] for each in gap)
    results.check(missing > 1000 and missing == dropped, "as many as were dropped: %d, %d" % (missing, dropped))
    results.check("messages; 0 were given up, %d dropped" % dropped in " ".join(said), "and the server's log", said)
    text = b"\n".join(rows) + b"\n"
    code, words = verify(text, "--sink", "syslog")
    results.check(code == 3 and "%d events are missing where the log itself says so" % missing in words, "it is whole otherwise", words)
    results.equal(verify(text, "--sink", "fd:3")[0], 1, "in another's file it is not")
    for name, removed in (("a line", rows[:700] + rows[701:]), ("the gap's line", [row for row in rows if b'"gap"' not in row])):
        results.equal(verify(b"\n".join(removed) + b"\n", "--sink", "syslog")[0], 1, "without " + name)
    again = rows[:700] + rows[400:700] + rows[650:]
    code, words = verify(b"\n".join(again) + b"\n", "--sink", "syslog")
    results.check(code == 3 and "350 lines came again" in words, "what came again is told from what was inserted", words)
    results.equal(verify(b"\n".join(again) + b"\n")[0], 1, "which no other receiver is sent")
    again[800] = again[800].replace(b'"create"', b'"reveal"')
    results.equal(verify(b"\n".join(again) + b"\n", "--sink", "syslog")[0], 1, "unless it was changed")
    results.equal(said[-1], "stopped; everything is wiped", "the last words")


def last_words(results, _program, _certificates):
    """Nothing follows the word that the server has stopped."""
    environment = {"WEBHOOK_SECRET": SECRET}
    arguments = ["--webhook", "http://127.0.0.1:%d/" % free_port(), "--webhook-allow-private"]
    arguments += ["--syslog", "syslog+tcp://127.0.0.1:%d" % free_port(), "--outbound-drain", "1"]
    with Server(*arguments, environment=environment) as server:
        create(server, 100)
        server.stop()
        said = told(server)
    results.check(any("webhook's receiver got 0 messages" in words for words in said), "the webhook's end is told", said)
    results.check(any("syslog's receiver got 0 messages" in words for words in said), "syslog's end is told", said)
    results.equal(said[-1], "stopped; everything is wiped", "and then nothing more")


def asking_for_quiet(results, program, _certificates):
    """A webhook's receiver is left alone for as long as it asks, and for good where it wants nothing more."""
    for status in ("429 Slower", "503 Later"):
        moments = []
        answer = b"HTTP/1.1 %s\r\nServer: x\r\nretry-after:  2 \r\nContent-Length: 0\r\n\r\n" % status.encode()

        def serve(receiver, peer, number, answer=answer, moments=moments):
            moments.append(time.monotonic())
            answers(answer, OK)(receiver, peer, number)

        receiver = Receiver(serve)
        said, counts = sent(
            program, "http://127.0.0.1:%d/" % receiver.port, [line(), line()], private="yes", threads=1, pause=1.5
        )
        waits = [after - before for before, after in zip(moments, moments[1:])]
        results.check(waits and 1.9 < waits[0] < 3, "%s: %s" % (status, waits), said)
        results.equal((counts["delivered"], counts["failed"]), (2, 0), "%s: and then all arrives" % status)
    for value in ("Fri, 31 Dec 1999 23:59:59 GMT", "", "-1", "0", "soon"):
        answer = b"HTTP/1.1 503 Later\r\nRetry-After: %s\r\n\r\n" % value.encode()
        begin = time.monotonic()
        said, counts = sent(
            program, "http://127.0.0.1:%d/" % Receiver(answers(answer, OK)).port, [line()], private="yes", pause=0.5
        )
        results.check(counts["delivered"] == 1 and time.monotonic() - begin < 1.5, "no number of seconds: %r" % value, said)
    receiver = Receiver(answers(OK, b"HTTP/1.1 410 Gone\r\n\r\n", OK))
    said, counts = sent(
        program, "http://127.0.0.1:%d/" % receiver.port, [line()] * 6, private="yes", threads=1, pause=0.2
    )
    results.equal((counts["delivered"], counts["failed"], receiver.connections), (1, 5, 2), "410 is for good: %s" % said)
    results.equal([words for words in said if words == "unwanted"], ["unwanted"], "it is told")
    said, _ = sent(program, "https://127.0.0.1:%d/" % receiver.port, [line()], tries=1)
    results.check(any("--webhook-allow-private" in words for words in said), "a refusal names what would allow it", said)
    said, _ = sent(program, "https://224.0.0.1/", [line()], tries=1)
    results.check(any("may be sent to" in words and "allow" not in words for words in said), "if anything would", said)


def main(results):
    """Builds the program that sends lines, then plays the receivers."""
    program = built()
    folder = tempfile.mkdtemp(prefix="onetime-receivers-")
    try:
        certificates = prepare(folder)
        for test in (hanging_up, recovering, dead_datagrams, gaps, last_words, asking_for_quiet):
            results.run(test, results, program, certificates)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 580)
