"""Request smuggling: pairs of framings that two servers could read differently. Each is a reveal of a live secret with another
request hidden behind one of its readings. The server has to refuse every one, answer nothing that follows, and close."""

import itertools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import Connection, request  # noqa: E402

FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
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


def main(results):
    """All of them, against one server with one secret that has to survive."""
    with Server() as server:
        made = request(server.port, "POST", "/api/v1/share", [("Content-Type", FORM.split(b": ")[1].strip().decode())], b"secret=kept")
        key = made.json()["secret_key"]
        accepted = 0
        count = 0
        for name, message in messages(key.encode()):
            count += 1
            with Connection(server.port, 5) as connection:
                connection.send(message)
                data = b""
                while True:
                    try:
                        piece = connection.socket.recv(65536)
                    except ConnectionError:
                        break
                    if not piece:
                        break
                    data += piece
            answers = data.count(b"HTTP/1.1 ")
            refused = data[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 501", b"HTTP/1.1 413", b"HTTP/1.1 411")
            if not results.check(refused and answers == 1, name, (message[:300], data[:200])):
                accepted += 1
        value = request(server.port, "POST", "/api/v1/secret/" + key).json().get("value")
        results.equal(value, "kept", "the secret survived")
        print("smuggling: %d ambiguous messages, %d accepted" % (count, accepted))


if __name__ == "__main__":
    run_suite(main, 120)
