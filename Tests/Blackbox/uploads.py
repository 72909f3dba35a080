"""Uploads: many large ones at once through little protected memory. Nothing is lost and nothing is refused.

    python3 Tests/Blackbox/uploads.py             100 uploads of 1 MiB, and one of 16 MiB in each format; about 20 seconds
    python3 Tests/Blackbox/uploads.py --total 1G  100 uploads of 10.24 MiB, 1 GiB in all
"""

import hashlib
import html
import json
import os
import random
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, JSON, build, form, json_body, multipart, reveal  # noqa: E402

UPLOADS = 100
PIECE = 16384
MEBIBYTE = 1 << 20


class Upload:
    """One upload under way: what is still to be sent, and what came back."""

    def __init__(self, port, number, size):
        unit = hashlib.sha512(b"%d" % number).hexdigest().encode()
        self.content = (unit * (size // len(unit) + 1))[:size]
        body = b"secret=" + self.content
        head = build("POST", "/api/v1/share", [FORM, ("Content-Length", str(len(body))), ("Connection", "close")], None)
        self.data = memoryview(head + body)
        self.sent = 0
        self.answer = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)

    def step(self, events):
        """Sends a piece, or receives one. Returns whether it is done."""
        if events & selectors.EVENT_READ:
            data = self.socket.recv(65536)
            self.answer += data
            return not data
        try:
            self.sent += self.socket.send(self.data[self.sent : self.sent + PIECE])
        except BlockingIOError:
            pass
        return False


def many_at_once(results, total, memory):
    """All are begun before any of them ends, and all go on at the same time."""
    size = total // UPLOADS
    with Server("--locked-memory", memory, "--max-bytes", str(2 * total)) as server:
        chooser = selectors.DefaultSelector()
        uploads = [Upload(server.port, number, size) for number in range(UPLOADS)]
        for upload in uploads:
            chooser.register(upload.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, upload)
        begin = time.monotonic()
        left = UPLOADS
        while left:
            ready = chooser.select(30)
            if not ready:
                break
            for key, events in ready:
                upload = key.data
                if upload.step(events):
                    chooser.unregister(upload.socket)
                    upload.socket.close()
                    left -= 1
                elif upload.sent == len(upload.data):
                    chooser.modify(upload.socket, selectors.EVENT_READ, upload)
        print(
            "%d uploads of %.2f MiB with %s: %.1f s, peak %.0f MiB"
            % (UPLOADS, size / MEBIBYTE, memory, time.monotonic() - begin, server.rss_kib() / 1024)
        )
        accepted = [upload for upload in uploads if upload.answer.startswith(b"HTTP/1.1 200")]
        refused = {upload.answer[:300] for upload in uploads if upload not in accepted}
        results.check(not refused, "every upload is taken", (UPLOADS - len(accepted), refused))
        whole = 0
        for upload in accepted:
            body = upload.answer.split(b"\r\n\r\n", 1)[1]
            key = body.split(b'"secret_key":"', 1)[1].split(b'"', 1)[0].decode()
            whole += reveal(server.port, key).json().get("value") == upload.content.decode()
        results.equal(whole, UPLOADS, "contents that came back whole")


def the_largest(results):
    """A secret of 16 MiB in each format, also where every byte is escaped; a byte more is refused."""
    size = 16 * MEBIBYTE
    plain = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz +&%\n", k=4096)) * (size // 4096)
    boundary, parts = multipart({"secret": plain})
    formats = [
        ("form", [FORM], form({"secret": plain}), plain),
        ("multipart", [boundary], parts, plain),
        ("JSON", [JSON], json_body({"secret": plain}), plain),
        ("JSON, all escaped", [JSON], b'{"secret":"' + b"\\u0001" * size + b'"}', "\x01" * size),
        ("chunks", [JSON, ("Transfer-Encoding", "chunked")], in_chunks(json_body({"secret": plain})), plain),
    ]
    with Server() as server:
        for name, fields, body, content in formats:
            status, created = exchange(server.port, "/api/v1/share", fields, body)
            if not results.equal(status, 200, "16 MiB by %s" % name):
                continue
            key = json.loads(created)["secret_key"]
            status, revealed = exchange(server.port, "/api/v1/secret/" + key, [FORM], b"")
            results.check(json.loads(revealed).get("value") == content, "16 MiB by %s come back" % name, status)
        status, created = exchange(server.port, "/api/v1/share", [boundary], parts)
        status, page = exchange(server.port, "/secret/" + json.loads(created)["secret_key"], [FORM], b"")
        results.check(status == 200 and on_page(page.decode()) == plain, "16 MiB on a page are whole", status)
        more = multipart({"secret": plain + "x"})[1]
        status, refusal = exchange(server.port, "/api/v1/share", [boundary], more)
        results.check(status == 404 and b"exceeds the maximum size of 16777216" in refusal, "a byte more", status)
        announced = [FORM, ("Content-Length", str(200 * MEBIBYTE))]
        results.equal(exchange(server.port, "/api/v1/share", announced, b"")[0], 413, "more than any content takes")


def in_chunks(body):
    """A body in chunks of 64 KiB."""
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def exchange(port, target, fields, body):
    """One POST on a connection of its own; (status, body) of the answer, which is read to the end of the stream."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        try:
            connection.sendall(build("POST", target, fields + [("Connection", "close")], body))
        except OSError:
            pass  # it was answered before it was read
        answer = []
        while True:
            data = connection.recv(262144)
            if not data:
                break
            answer.append(data)
    head, _, body = b"".join(answer).partition(b"\r\n\r\n")
    if b"chunked" in head:
        body = without_chunks(body)
    return int(head.split(b" ")[1]), body


def without_chunks(data):
    """What a chunked body holds."""
    pieces, at = [], 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(data[end + 2 : end + 2 + size])
        at = end + size + 4


def on_page(text):
    """The content of the box on a page that shows a secret."""
    return html.unescape(text.split("<textarea", 1)[1].split(">\n", 1)[1].split("</textarea>", 1)[0])


def main(results):
    """All of it."""
    total = UPLOADS * MEBIBYTE
    if sys.argv[1:2] == ["--total"]:
        units = {"M": MEBIBYTE, "G": 1 << 30}
        total = int(sys.argv[2][:-1]) * units[sys.argv[2][-1]]
    for memory in ("1M", "2M", "8M") if total < 1 << 29 else ("8M",):
        results.run(many_at_once, results, total, memory)
    if "--many" not in sys.argv:
        results.run(the_largest, results)


if __name__ == "__main__":
    run_suite(main, 600)
