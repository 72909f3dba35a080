"""Request smuggling: pairs of framings that two servers could read differently. Each is a reveal of a live secret with another
request hidden behind one of its readings. The server has to refuse every one, answer nothing that follows, and close; at once, too,
where by one of the readings more has to come. And bodies that nobody wants: a server that leaves one unread and goes on takes what
is in it for the next request (CL.0)."""

import itertools
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM as FORM_TYPE  # noqa: E402
from onetime_http import Connection, request  # noqa: E402

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CONTENT = "nobody-but-the-last-one-51c7"
STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")
HIDDEN = b"GET /api/v2/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

# Ways to say "chunked" that one server sees and another does not. Those that are well-formed are refused for the length beside.
TRANSFER_ENCODINGS = [
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:chunked\r\n",
    b"Transfer-Encoding:\tchunked\r\n",
    b"Transfer-Encoding:   chunked   \r\n",
    b"transfer-encoding: CHUNKED\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunkedx\r\n",
    b"Transfer-Encoding: chunk\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked,\r\n",
    b"Transfer-Encoding: ,chunked\r\n",
    b"Transfer-Encoding: chunked;q=1\r\n",
    b"Transfer-Encoding: \"chunked\"\r\n",
    b"Transfer-Encoding: 'chunked'\r\n",
    b"Transfer-Encoding: chunked\x0b\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n",
    b"Transfer-Encoding: chunked\x0c\r\n",
    b"Transfer-Encoding: chunked\0\r\n",
    b"Transfer-Encoding: \xa0chunked\r\n",
    b"Transfer-Encoding: ch\xc3\xbcnked\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n",
    b"Transfer-Encoding: chunked\r\n x\r\n",
    b"Transfer-Encoding:\n chunked\r\n",
    b"Transfer-Encoding: chunked\n",
    b"Transfer-Encoding: \r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding\t: chunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"\tTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding\r\n: chunked\r\n",
    b"Transfer\0-Encoding: chunked\r\n",
    b"Transfer-Encoding\0: chunked\r\n",
    b"Transfer-Encoding chunked\r\n",
    b"X: x\rTransfer-Encoding: chunked\r\n",
    b"X: x\nTransfer-Encoding: chunked\r\n",
    b"X: x\r\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
]
# Lengths that are none, or more than one.
CONTENT_LENGTHS = [
    b"Content-Length: %d\r\nContent-Length: 0\r\n",
    b"Content-Length: 0\r\nContent-Length: %d\r\n",
    b"Content-Length: %d, 0\r\n",
    b"Content-Length: 0, %d\r\n",
    b"Content-Length: +%d\r\n",
    b"Content-Length: -%d\r\n",
    b"Content-Length: %d.0\r\n",
    b"Content-Length: %de0\r\n",
    b"Content-Length: 0x%x\r\n",
    b"Content-Length: %d 0\r\n",
    b"Content-Length: \"%d\"\r\n",
    b"Content-Length: %d\x0b\r\n",
    b"Content-Length: \x0b%d\r\n",
    b"Content-Length: %d\0\r\n",
    b"Content-Length: %d;\r\n",
    b"Content-Length: 1_0%d\r\n",
    b"Content-Length: 18446744073709551616%d\r\n",
    b"Content-Length : %d\r\n",
    b"Content-Length\t: %d\r\n",
    b" Content-Length: %d\r\n",
    b"Content-Length:\r\n %d\r\n",
    b"Content-Length: %d\n",
    b"X: x\rContent-Length: %d\r\n",
    b"X: x\nContent-Length: %d\r\n",
    b"Content-Length\0: %d\r\n",
    b"Content-Length: \r\n",
]


def messages(key):
    """Every message: a name and its bytes."""
    for version in (b"1.1", b"1.0"):
        line = b"POST /api/v1/secret/" + key + b" HTTP/" + version + b"\r\nHost: 127.0.0.1\r\n" + FORM
        for number, encoding in enumerate(TRANSFER_ENCODINGS):
            # By one reading the hidden request is body, by the other it is the next request.
            for body, length in ((b"0\r\n\r\n" + HIDDEN, 5 + len(HIDDEN)), (b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN), 4)):
                fields = (b"Content-Length: %d\r\n" % length, encoding)
                for order, pair in enumerate(itertools.permutations(fields)):
                    name = "encoding %d, length %d, order %d, %s" % (number, length, order, version.decode())
                    yield name, line + b"".join(pair) + b"\r\n" + body
        for number, length in enumerate(CONTENT_LENGTHS):
            field = length % (len(HIDDEN),) if b"%" in length else length
            yield "length %d, %s" % (number, version.decode()), line + field + b"\r\n" + HIDDEN


# Where nobody expects a body, and one where somebody does.
UNWANTED = [
    (b"GET", b"/"),
    (b"HEAD", b"/"),
    (b"GET", b"/health"),
    (b"OPTIONS", b"/"),
    (b"OPTIONS", b"*"),
    (b"DELETE", b"/"),
    (b"PUT", b"/health"),
    (b"POST", b"/health"),
    (b"POST", b"/nothing"),
    (b"GET", b"/nothing"),
    (b"GET", b"/api/v1/status"),
    (b"POST", b"/api/v1/status"),
    (b"GET", b"/secret/KEY"),
    (b"GET", b"/api/v1/secret/KEY"),
    (b"POST", b"/api/v1/secret/nothing"),
    (b"POST", b"/api/v1/private/nothing/burn"),
]


def unwanted(key):
    """Requests with a body that is a reveal: a name and the bytes, a last request of their own behind them."""
    hidden = b"POST /api/v1/secret/" + key + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    for method, target in UNWANTED:
        line = method + b" " + target.replace(b"KEY", key) + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for framing, fields, body in (
            ("a length", b"Content-Length: %d\r\n" % len(hidden), hidden),
            ("chunks", b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)),
            ("a length, asking for leave", b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(hidden), hidden),
        ):
            name = "%s %s, a body with %s" % (method.decode(), target.decode(), framing)
            yield name, line + fields + b"\r\n" + body + b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def answers_to(port, data):
    """All that comes back until the server closes, and how long its first byte took."""
    with Connection(port, 30) as connection:
        begin, took, received = time.monotonic(), None, b""
        connection.send(data)
        while True:
            try:
                piece = connection.socket.recv(65536)
            except ConnectionError:
                break
            took = took or time.monotonic() - begin
            if not piece:
                break
            received += piece
    return received, took or 0.0


def ambiguous(results, port, key):
    """Every pair of framings, whole and without its body."""
    whole = list(messages(key))
    # Half of the patience with a head: one that waits for a body by either reading is found out.
    for kind, limit in (("whole", 5), ("without its body", 5)):
        accepted, slowest = 0, 0.0
        for name, message in whole:
            if kind != "whole":
                head, end, _ = message.partition(b"\r\n\r\n")
                message = head + end
            data, took = answers_to(port, message)
            refused = data[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 501", b"HTTP/1.1 413", b"HTTP/1.1 411")
            good = refused and len(STATUS.findall(data)) == 1 and took < limit
            slowest = max(slowest, took)
            accepted += not results.check(good, "%s, %s" % (name, kind), (message[:300], data[:200], took))
        print("smuggling: %d ambiguous messages, %s: %d accepted, slowest %.0f ms" % (len(whole), kind, accepted, slowest * 1000))


def bodies(results, port, key):
    """Every body that nobody wants: the request and the one behind the body are answered, and never what is in it."""
    count = 0
    for name, message in unwanted(key):
        data, _ = answers_to(port, message)
        codes = [code for code in STATUS.findall(data) if code != b"100"]
        # Either the connection ends with the first answer, or the next request is the one behind the body.
        good = len(codes) == 1 or (len(codes) == 2 and codes[1] == b"200" and b'"status":"ok"' in data)
        results.check(good and CONTENT.encode() not in data, name, (codes, data[:300]))
        count += 1
    print("smuggling: %d bodies that nobody wants" % count)


def main(results):
    """All of them, by plain HTTP and by TLS, against a server with one secret that has to survive."""
    for arguments in ([], ["--tls", "self-signed"]):
        with Server(*arguments) as server:
            made = request(server.port, "POST", "/api/v1/share", [FORM_TYPE], b"secret=" + CONTENT.encode())
            key = made.json()["secret_key"]
            ambiguous(results, server.port, key.encode())
            bodies(results, server.port, key.encode())
            value = request(server.port, "POST", "/api/v1/secret/" + key).json().get("value")
            results.equal(value, CONTENT, "the secret survived")


if __name__ == "__main__":
    run_suite(main, 120)
