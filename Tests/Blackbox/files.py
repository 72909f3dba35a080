"""Files in a form without scripts, and on a page without scripts: any size, any name, one reader.

python3 Tests/Blackbox/files.py          about 20 seconds
"""

import base64
import html.parser
import os
import re
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, post_form, receipt, request, reveal, share  # noqa: E402

BOUNDARY = "----onetimeFiles7MA4YWxk"
TYPE = ("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
RTL = "\u05e9\u05dc\u05d5\u05dd \u0645\u0644\u0641.pdf"
MARKUP = "<img src=x onerror=alert(1)>&amp;'\"</textarea></a>.txt"


def field(name, value):
    """A field of a form."""
    return ('Content-Disposition: form-data; name="%s"\r\n\r\n' % name).encode() + value.encode()


def file(name, content, field_name="file", kind="application/octet-stream"):
    """A file as browsers send it (HTML Standard, "multipart/form-data encoding algorithm")."""
    escaped = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = 'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
    return (head % (field_name, escaped, kind)).encode() + content


def body_of(parts):
    """Parts as a body."""
    begin = ("--%s\r\n" % BOUNDARY).encode()
    return b"".join(begin + part + b"\r\n" for part in parts) + ("--%s--\r\n" % BOUNDARY).encode()


def send(port, parts, target="/", headers=()):
    """Posts parts; the answer."""
    return request(port, "POST", target, [TYPE] + list(headers), body_of(parts), timeout=60)


def conceal(port, parts, target="/"):
    """Creates a secret by the form; (key, receipt) of it."""
    answer = send(port, parts, target)
    if answer.status != 303:
        raise AssertionError("the form is answered with %r" % answer)
    handle = answer.header("Location").rsplit("/", 1)[1]
    page = request(port, "GET", "/receipt/" + handle).text()
    return re.search("/secret/([0-9a-z]{31})", page).group(1), handle


def open_page(port, key, **fields):
    """What a browser without scripts gets."""
    return post_form(port, "/secret/" + key, fields, timeout=60)


class Shown(html.parser.HTMLParser):
    """The texts and files of a page: (name, bytes) of files, text in boxes, and what stands in links."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.files, self.texts, self.labels, self.tags = [], [], [], []
        self.place = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag == "textarea":
            self.place = self.texts
            self.texts.append("")
        if tag == "a" and "download" in attributes:
            self.place = self.labels
            self.labels.append("")
            head, data = attributes["href"].split(",", 1)
            assert head == "data:application/octet-stream;base64", head
            self.files.append((attributes["download"], base64.b64decode(data, validate=True)))

    def handle_endtag(self, tag):
        if tag in ("textarea", "a"):
            self.place = None

    def handle_data(self, data):
        if self.place is not None:
            self.place[-1] += data

    @property
    def text(self):
        """The texts, without the line feed that a browser drops."""
        return [text[1:] for text in self.texts]


def shown(port, key, **fields):
    """A secret that is opened on the page."""
    answer = open_page(port, key, **fields)
    if answer.status != 200:
        raise AssertionError("%r" % answer)
    return Shown(answer.body.decode())


def items(stream):
    """The text and the items of what a claim gives."""
    end = stream.index(b"\xff")
    found, at = [stream[:end]], end + 1
    while at < len(stream):
        kind, size = struct.unpack_from(">BH", stream, at)
        at += 3
        name, at = stream[at : at + size], at + size
        (size,) = struct.unpack_from(">H", stream, at)
        mime, at, content = stream[at + 2 : at + 2 + size], at + 2 + size, b""
        while True:
            (size,) = struct.unpack_from(">I", stream, at)
            content, at = content + stream[at + 4 : at + 4 + size], at + 4 + size
            if not size:
                break
        found.append((kind, name.decode(), mime.decode(), content))
    return found


def sizes(results):
    """Files of each size come out as they went in: on the page, and by a claim."""
    with Server("--locked-memory", "1M") as server:
        for size in (0, 1, 2, 3, 8191, 8192, 8193, 65536, 10_000_000):
            content = os.urandom(size)
            key, _ = conceal(server.port, [field("secret", ""), file("x.bin", content)])
            page = shown(server.port, key)
            results.check(page.files == [("x.bin", content)], "%d bytes" % size, [len(data) for _, data in page.files])
            results.equal(page.texts, [], "%d bytes: no text was given, none is shown" % size)
            results.equal(open_page(server.port, key).status, 404, "%d bytes: once" % size)
            key, _ = conceal(server.port, [file("x.bin", content, kind="image/png")])
            answer = post_form(server.port, "/secret/%s/claim" % key, {"claim": "ab" * 16}, timeout=60)
            results.equal(answer.header("X-Onetime-Kind"), "files", "a claim tells the kind")
            found = items(answer.body)
            results.check(found == [b"", (1, "x.bin", "image/png", content)], "%d bytes by a claim" % size)


def in_a_form(results):
    """Text, files and options in any order; what is no file; what is only text."""
    three = [file("a.txt", b"one"), file("b", b"", "files"), file("c.png", os.urandom(20_000), kind="image/png")]
    plain = [("a.txt", b"one"), ("b", b""), ("c.png", three[2][-20_000:])]
    text = "a text\r\nwith <b>markup</b> & \u00e9 \u202e\r\n"
    with Server() as server:
        port = server.port
        for order in (three, three[::-1]):
            names = [part.split(b'filename="')[1].split(b'"')[0].decode() for part in order]
            for parts in ([field("secret", text)] + order, order + [field("secret", text)], order[:1] + [field("secret", text)] + order[1:]):
                key, _ = conceal(port, parts + [field("ttl", "60"), field("action", "conceal")])
                page = shown(port, key)
                results.equal(page.text, [text.replace("\r\n", "\n")], "the text beside files")
                results.equal(page.files, [next(each for each in plain if each[0] == name) for name in names], "three files")
                results.equal(page.labels, ["Download " + name for name in names], "and their links")
        key, handle = conceal(port, [field("ttl", "120"), file("x", b"x"), field("passphrase", "correct"), field("label", "mine")])
        results.equal(receipt(port, handle).json()["metadata_ttl"] <= 240, True, "options before a file count")
        results.check("mine" in request(port, "GET", "/receipt/" + handle).text(), "options after a file count")
        for number, wrong in enumerate(({}, {"passphrase": "wrong!"})):
            results.equal(open_page(port, key, **wrong).status, 403, "a wrong passphrase opens nothing")
        results.equal(shown(port, key, passphrase="correct").files, [("x", b"x")], "and consumes nothing")

        chosen = file("", b"")
        key, _ = conceal(port, [field("secret", "only text"), chosen])
        results.equal(reveal(port, key).json()["value"], "only text", "a text alone is a text, for the API too")
        answer = send(port, [field("secret", ""), chosen])
        results.check(answer.status == 422 and 'id="problem"' in answer.text(), "nothing at all is told", answer.status)
        key, _ = conceal(port, [field("secret", ""), file("", b"nameless")])
        results.equal(shown(port, key).files, [("file", b"nameless")], "a file without a name")
        key, _ = conceal(port, [field("secret", "text"), field("file", "no file"), file("x", b"y", "other")])
        results.equal(reveal(port, key).json()["value"], "text", "what is no file is none")
        answer = send(port, [field("secret", "x"), file("x", b"x"), field("action", "generate")])
        results.equal(answer.status, 200, "a value is made up")
        key = re.search("/secret/([0-9a-z]{31})", answer.text()).group(1)
        value = reveal(port, key).json()["value"]
        results.check(len(value) == 12 and value != "x", "without the files", value)
        results.equal(send(port, [file("x", b"x"), field("secret", "\x00a\x00")]).status, 303, "a NUL is text")
        bad = b'Content-Disposition: form-data; name="secret"\r\n\r\n\xff\xfe'
        for parts in ([file("x", b"x"), bad], [bad, file("x", b"x")]):
            results.equal(send(port, parts).status, 400, "what is no text is refused beside files")
        answer = send(port, [field("secret", "a"), file("x", b"x"), field("secret", "b")])
        results.equal(answer.status, 400, "two texts are refused")
        key, _ = conceal(port, [file("x", b"x")], "/?secret=a")
        page = shown(port, key)
        results.equal((page.text, page.files), ([], [("x", b"x")]), "a text in the address is none")
        answer = send(port, [field("secret", "x"), file("x", b"x")], "/api/v1/share")
        results.equal(reveal(port, answer.json()["secret_key"]).json()["value"], "x", "the API knows no files")
        answer = send(port, [file("x", b"x")], "/", [("Origin", "http://elsewhere.test")])
        results.equal(answer.status, 403, "nor does a form of another site")


def names(results):
    """Names come out as they went in, but for controls and paths."""
    every = [
        'a "quoted" \'name\' 100%.txt', "two\r\nlines.txt", RTL, "n" * 255, "\U0001f511" * 63 + "abc", '"' * 255, "\r" * 254 + "x",
        MARKUP.replace("/", "_"), "tab\tand \x9f", "C:\\path\\windows.doc", "/etc/passwd", "n" * 1023 + "\u00e9", " ", "..",
    ]
    with Server() as server:
        for name in every:
            key, _ = conceal(server.port, [field("secret", "text"), file(name, name.encode())])
            page = shown(server.port, key)
            kept = re.split(r"[/\\]", name)[-1]
            while len(kept.encode()) > 1024:
                kept = kept[:-1]
            kept = re.sub("[\x00-\x1f\x7f-\x9f]", "", kept) or "file"
            results.equal(page.files, [(kept, name.encode())], "the name %.30r" % name)
            results.equal(page.labels, ["Download " + kept], "the link of %.30r" % name)
            results.check("img" not in page.tags and page.tags.count("a") == 3, "nothing of it is markup", page.tags)
            key, _ = conceal(server.port, [file(name, b"")])
            found = items(post_form(server.port, "/secret/%s/claim" % key, {"claim": "ab" * 16}).body)
            results.equal(found[1][1].encode(), re.split(r"[/\\]", name)[-1].encode()[:1024].decode("utf-8", "ignore").encode(), "by a claim")
        head = b'Content-Disposition: form-data; name="file"; filename="\xe9t\xe9.txt"\r\nContent-Type: %s\r\n\r\nx'
        for kind in (b"text/plain", b"t" * 256, b"\xc3\xa9/x"):
            key, _ = conceal(server.port, [head % kind])
            found = items(post_form(server.port, "/secret/%s/claim" % key, {"claim": "ab" * 16}).body)
            expected = (1, "", kind.decode() if kind == b"text/plain" else "", b"x")
            results.equal(found, [b"", expected], "what is no UTF-8 or no type is left out")


def limits(results):
    """As many bytes and files as there may be, and one more."""
    with Server(environment={"SECRET_MAX_LENGTH": "100000"}) as server:
        port = server.port
        half = os.urandom(50_000)
        key, _ = conceal(port, [field("secret", "x" * 50_000), file("a", half)])
        results.equal(shown(port, key).files, [("a", half)], "as much as there may be")
        for parts in ([field("secret", "x" * 50_001), file("a", half)], [file("a", half), file("b", half + b"x")],
                      [file("n" * 1000, b"") for _ in range(170)]):
            answer = send(port, parts)
            results.equal(answer.status, 413, "a byte more, or names that take more")
            results.check('id="problem"' in answer.text(), "is told on the form")
        answer = send(port, [file("a", b"x" * 1_000_000)])
        results.equal(answer.status, 413, "more than any content takes")
    with Server() as server:
        for size in (0, 3):
            many = [("f%d" % number, b"%03d" % (number % 1000) if size else b"") for number in range(1000)]
            parts = [file(name, content) for name, content in many]
            key, _ = conceal(server.port, [field("secret", "text")] + parts + [field("note", "n"), file("", b"")])
            results.equal(shown(server.port, key).files, many, "a thousand files of %d bytes" % size)
            answer = send(server.port, parts + [file("one", b"")])
            results.equal(answer.status, 400, "and one more")


def api(results):
    """The API can't hold files, and consumes nothing."""
    with Server() as server:
        key, handle = conceal(server.port, [file("x", b"x")])
        answer = reveal(server.port, key)
        results.equal(answer.status, 404, "the API does not give files out")
        results.equal(answer.header("X-OTS-Intended-Status"), "422", "and means that it cannot")
        results.check("open its link in a browser" in answer.json()["message"], "it says where", answer.text())
        page = request(server.port, "GET", "/secret/" + key)
        results.check("needs JavaScript" not in page.text(), "the page needs no script")
        results.equal(receipt(server.port, handle).json()["state"], "new", "nobody has read it")
        results.equal(shown(server.port, key).files, [("x", b"x")], "it is still there")
        results.equal(receipt(server.port, handle).json()["state"], "received", "now somebody has")


def by_script(results):
    """What the script posts where the browser can't seal."""
    with Server() as server:
        parts = [field("kind", "text"), file("secret", b"a\r\ntext", "secret"), file("a.bin", b"a"), file("b.bin", b"b")]
        answer = send(server.port, parts, "/secret").json()
        results.check("/secret/" in answer["link"], "the link is an ordinary one", answer)
        claimed = post_form(server.port, "/secret/%s/claim" % answer["secret"], {"claim": "ab" * 16})
        mime = "application/octet-stream"
        expected = [b"a\r\ntext", (1, "a.bin", mime, b"a"), (1, "b.bin", mime, b"b")]
        results.equal(items(claimed.body), expected, "a text to the byte, and files")
        again = post_form(server.port, "/secret/%s/claim" % answer["secret"], {"claim": "ab" * 16})
        results.check(again.body == claimed.body, "the same reader may ask again")
        for kind in ("envelope", "bundle"):
            for parts in ([field("kind", kind), file("x", b"x")], [file("x", b"x"), field("kind", kind)]):
                results.equal(send(server.port, parts, "/secret").status, 400, "no files beside what the browser sealed")


def in_pieces(results):
    """A body that comes byte by byte, and in chunks, is the same."""
    content = os.urandom(3000) + b"\r\n--%s" % BOUNDARY.encode()[:-1]
    body = body_of([field("secret", "text"), file("x", content), file("y", b"")])
    with Server() as server:
        chunked = [TYPE, ("Transfer-Encoding", "chunked")]
        for head, pieces in (
            (build("POST", "/", [TYPE, ("Content-Length", str(len(body)))]), [body[at : at + 1] for at in range(len(body))]),
            (build("POST", "/", chunked), [b"1\r\n" + body[at : at + 1] + b"\r\n" for at in range(len(body))] + [b"0\r\n\r\n"]),
        ):
            with Connection(server.port, 30) as connection:
                connection.send(head)
                for piece in pieces:
                    connection.send(piece)
                answer = connection.response("POST")
            results.equal(answer.status, 303, "a body in pieces is taken")
            page = request(server.port, "GET", answer.header("Location")).text()
            found = shown(server.port, re.search("/secret/([0-9a-z]{31})", page).group(1))
            results.check(found.files == [("x", content), ("y", b"")] and found.text == ["text"], "and is whole")


def slow_readers(results):
    """Those who take the page bit by bit get the same bytes, at the same time as others."""
    content = os.urandom(300_000)
    parts = [field("secret", "text & " * 9000), file("x", content)] + [file("n%d" % number, b"x" * number) for number in range(300)]
    with Server("--locked-memory", "1M") as server:
        key, _ = conceal(server.port, parts)
        fast = open_page(server.port, key).body
        results.check(Shown(fast.decode()).files[0] == ("x", content), "a fast reader gets it")
        readers = []
        for _ in range(8):
            key, _ = conceal(server.port, parts)
            connection = Connection(server.port, 30)
            connection.close()
            connection.socket = socket.socket()
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.socket.settimeout(30)
            connection.socket.connect(("127.0.0.1", int(server.port)))
            connection.send(build("POST", "/secret/" + key, [FORM, ("Connection", "close")], b""))
            readers.append((connection, []))
        waiting = list(readers)
        number = 0
        while waiting:
            for connection, pieces in list(waiting):
                number += 1
                data = connection.socket.recv(1 + number * 37 % 4000)
                pieces.append(data)
                if not data:
                    waiting.remove((connection, pieces))
        for connection, pieces in readers:
            connection.close()
            head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
            results.check(without_chunks(body) == fast, "a slow reader gets the same bytes", head[:100])


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


def races(results):
    """Of racing readers one gets all, the others nothing."""
    content = os.urandom(200_000)
    with Server() as server:
        for _ in range(20):
            key, _ = conceal(server.port, [field("secret", "text"), file("x", content)])
            barrier, answers = threading.Barrier(8), []

            def read(key=key, barrier=barrier, answers=answers):
                barrier.wait(10)
                answers.append(open_page(server.port, key))

            threads = [threading.Thread(target=read) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            won = [answer for answer in answers if answer.status == 200]
            results.check(len(won) == 1 and Shown(won[0].body.decode()).files == [("x", content)], "one reader gets all")
            results.equal([answer.status for answer in answers].count(404), 7, "the others nothing")


def memory(results):
    """Ten megabytes pass through little memory, and the page begins long before it is whole."""
    content = os.urandom(10_000_000)
    with Server("--locked-memory", "1M") as server:
        conceal(server.port, [file("warm", b"up")])
        before = server.rss_kib()
        key, _ = conceal(server.port, [file("x", content)])
        held = server.rss_kib() - before
        results.check(held < 13_000, "10 MB take their own size", "%d KiB" % held)
        with Connection(server.port, 30) as connection:
            connection.send(build("POST", "/secret/" + key, [FORM], b""))
            received = connection.socket.recv(65536)
            results.check(received.startswith(b"HTTP/1.1 200") and b"chunked" in received, "the page begins")
            most = 0
            while not received.endswith(b"0\r\n\r\n"):
                received += connection.socket.recv(1 << 20)
                most = max(most, server.rss_kib())
            body = without_chunks(received.partition(b"\r\n\r\n")[2])
            results.check(Shown(body.decode()).files == [("x", content)], "and is whole")
        results.check(most - before - held < 1000, "on the way out it takes nothing more", "%d KiB" % (most - before - held))
        results.check(server.rss_kib() - before < 2000, "afterwards it is gone", "%d KiB" % (server.rss_kib() - before))
        key, handle = conceal(server.port, [file("x", content)])
        with Connection(server.port, 30) as connection:
            connection.send(build("POST", "/secret/" + key, [FORM], b""))
            connection.socket.recv(65536)
        results.equal(receipt(server.port, handle).json()["state"], "received", "one who hangs up has had it")
        results.equal(open_page(server.port, key).status, 404, "and nobody else gets it")
        results.equal(reveal(server.port, share(server.port, "x")["secret_key"]).json()["value"], "x", "the server goes on")


def main(results):
    for test in (sizes, in_a_form, names, limits, api, by_script, in_pieces, slow_readers, races, memory):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 300)
