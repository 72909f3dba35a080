"""What the server sends out by itself: a webhook's receiver and syslog servers are played here, well and badly behaved; a name
server too. The program send-lines sends what its input says through the same room of the house as the server.

    python3 Tests/Blackbox/outbound.py          about 40 seconds, building send-lines first
"""

import base64
import hashlib
import hmac
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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Harness"))
from onetime_harness import REPOSITORY, Server, run_suite
from onetime_http import share
from onetime_tls import Certificates, openssl

SECRET = "a key that the receiver shares"
NAME = "receiver.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def line(action="reveal", **more):
    """A line as the audit trail has them."""
    fields = {"@timestamp": "2026-11-23T20:17:00.123Z", "event.action": action, "event.outcome": "success", **more}
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def sent(program, url, lines, environment=None, pause=0.0, **options):
    """Sends lines; what the program said, with its counts by name."""
    arguments = [program, url] + ["%s=%s" % (name.rstrip("_"), value) for name, value in options.items()]
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "WEBHOOK_SECRET": SECRET, **(environment or {})},
    )
    for each in lines:
        process.stdin.write(each + "\n")
        process.stdin.flush()
        if pause:
            time.sleep(pause)
    process.stdin.close()
    said = process.stdout.read().splitlines()
    process.wait(30)
    counts = {words[0]: int(words[1]) for words in map(str.split, said) if len(words) == 2 and words[1].isdigit()}
    return said, counts


class Receiver:
    """A server of streams on a port of the loopback; each connection is handed to a function, with its number."""

    def __init__(self, serve, context=None, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(address)
        self.listener.listen(64)
        self.serve, self.context, self.taken, self.connections = serve, context, [], 0
        self.port = self.listener.getsockname()[1] if family == socket.AF_INET else None
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.handle, args=(plain, self.connections), daemon=True).start()

    def handle(self, plain, number):
        try:
            with self.context.wrap_socket(plain, server_side=True) if self.context else plain as peer:
                peer.settimeout(10)
                self.serve(self, peer, number)
        except OSError:
            plain.close()

    def close(self):
        self.listener.close()


def request(peer):
    """One request: its fields in lower case, and its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    rows = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (row.split(": ", 1) for row in rows[1:])}
    while len(body) < int(fields["content-length"]):
        body += peer.recv(65536)
    return rows[0], fields, body


def answers(*all_answers):
    """Answers each connection with the next of these, the last one for ever."""

    def serve(receiver, peer, number):
        taken = request(peer)
        if taken:
            receiver.taken.append(taken)
            peer.sendall(all_answers[min(number, len(all_answers)) - 1])

    return serve


class NameServer:
    """Answers questions for addresses by UDP, the n-th with the n-th list; names all questions that it got."""

    def __init__(self, *lists, junk=False):
        self.lists, self.junk, self.questions = lists, junk, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            kind = question[-3]
            self.questions.append(question)
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            records = b""
            addresses = self.lists[min(self.asked, len(self.lists) - 1)]
            if kind == 28:
                self.asked += 1
            found = [a for a in addresses if (":" in a) == (kind == 28)]
            for address in found:
                data = socket.inet_pton(family, address)
                records += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
            if self.junk:  # by somebody who guesses: another number, another name
                forged = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + bytes([127, 0, 0, 9])
                header = struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
                self.socket.sendto(bytes([question[0] ^ 1]) + question[1:2] + header + question[12:] + forged, peer)
                self.socket.sendto(question[:2] + header + question[12:].replace(b"receiver", b"deceiver") + forged, peer)
                self.socket.sendto(question[:2] + b"\x81", peer)
            header = struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
            self.socket.sendto(question[:2] + header + question[12:] + records, peer)


def context(certificates, name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificates.path(name + ".pem"), certificates.path(name + ".key"))
    return made


def prompt(results, name, counts):
    """Handing over waited for nobody. The longest call may have waited for a busy machine, but for no timeout."""
    results.check(counts["most"] < 2000, "%s: 9 of 10 hand-overs take %d us" % (name, counts["most"]))
    results.check(counts["longest"] < 400000, "%s: the longest one takes %d us" % (name, counts["longest"]))


def signatures(results, program, certificates):
    """Messages arrive by HTTPS, and the receiver can check who signed them."""
    receiver = Receiver(answers(OK), context(certificates, "good"))
    names = NameServer(["127.0.0.1"], junk=True)
    said, counts = sent(
        program, "https://%s:%d/hook?team=a" % (NAME, receiver.port), [line(), line("burn"), line("create")],
        authorities=certificates.path("authority.crt"), server=names.address, private="yes", events="reveal,burn",
    )
    results.equal((counts["delivered"], counts["failed"], counts["dropped"]), (2, 0, 0), "two of three are wanted: %s" % said)
    results.equal(sorted(json.loads(body)["event.action"] for _, _, body in receiver.taken), ["burn", "reveal"], "and arrive")
    for head, headers, body in receiver.taken:
        results.equal(head, "POST /hook?team=a HTTP/1.1", "path and query")
        results.equal(headers["host"], "%s:%d" % (NAME, receiver.port), "Host")
        signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        results.equal(headers["webhook-signature"], "v1," + expected, "the signature")
        results.check(re.fullmatch("msg_[0-9a-f]{32}", headers["webhook-id"]), "the name of the message")
        results.check(abs(int(headers["webhook-timestamp"]) - time.time()) < 60, "the moment")
    results.check(len({headers["webhook-id"] for _, headers, _ in receiver.taken}) == 2, "each message has its own name")
    results.check(len({question[:2] for question in names.questions}) > 1, "questions have random numbers")
    # A secret in the form of the Standard Webhooks.
    receiver = Receiver(answers(OK))
    key = bytes(range(32))
    sent(
        program, "http://127.0.0.1:%d/" % receiver.port, [line()], {"WEBHOOK_SECRET": "whsec_" + base64.b64encode(key).decode()},
        private="yes",
    )
    _, headers, body = receiver.taken[0]
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    results.equal(
        headers["webhook-signature"][3:], base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode(), "whsec_"
    )
    results.equal(sent(program, "http://127.0.0.1:1/", [], {"WEBHOOK_SECRET": "short"})[0], ["no such secret"], "a short key")


def wrong_certificates(results, program, certificates):
    """Nothing is said to somebody who cannot prove who he is."""
    authority = certificates.path("authority.crt")
    for name, authorities, host, wanted in (
        ("other", authority, NAME, "for another name"),
        ("expired", authority, NAME, "not good at this time"),
        ("good", certificates.path("stranger.crt"), NAME, "from no authority"),
        ("self", authority, NAME, "from no authority"),
        ("good", authority, "127.0.0.1", "for another name"),
    ):
        receiver = Receiver(answers(OK), context(certificates, name))
        names = NameServer(["127.0.0.1"])
        said, counts = sent(
            program, "https://%s:%d/" % (host, receiver.port), [line()], authorities=authorities, server=names.address,
            private="yes", tries=1,
        )
        results.check(any(wanted in words for words in said), "%s to %s: %s" % (name, host, said))
        results.equal((counts["failed"], len(receiver.taken)), (1, 0), "%s to %s gets nothing" % (name, host))
    receiver = Receiver(answers(OK), context(certificates, "address"))
    _, counts = sent(program, "https://127.0.0.1:%d/" % receiver.port, [line()], authorities=authority, private="yes")
    results.equal(counts["delivered"], 1, "a certificate for an address is good for that")
    old = context(certificates, "good")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    receiver = Receiver(answers(OK), old)
    names = NameServer(["127.0.0.1"])
    said, counts = sent(
        program, "https://%s:%d/" % (NAME, receiver.port), [line()], authorities=authority, server=names.address,
        private="yes", tries=1,
    )
    results.equal(counts["failed"], 1, "TLS 1.1 is too old: %s" % said)


def tries(results, program, _certificates):
    """What may pass is tried again, what may not is not; redirects are not followed."""
    busy = b"HTTP/1.1 503 Later\r\n\r\n"
    receiver = Receiver(answers(busy, b"HTTP/1.1 500 Oh\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n" + OK))
    said, counts = sent(program, "http://127.0.0.1:%d/" % receiver.port, [line()], private="yes", pause=1.0)
    results.equal((counts["delivered"], counts["failed"]), (1, 0), "500 then 200: %s" % said)
    results.equal(len({fields["webhook-id"] for _, fields, _ in receiver.taken}), 1, "each try has the same name")
    results.equal([words for words in said if words[:5] in ("fails", "works")], ["fails: it answered 503", "works"], "said once")
    for name, answer, connections in (
        ("redirect", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\n\r\n", 1),
        ("refusal", b"HTTP/1.1 401 No\r\n\r\n", 1),
        ("too many", b"HTTP/1.1 429 Slower\r\n\r\n", 3),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", 3),
        ("endless head", b"HTTP/1.1 100 Continue\r\n" + b"X: y\r\n" * 4000, 3),
        ("endless interim", b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, 3),
        ("nothing", b"", 3),
    ):
        elsewhere = Receiver(answers(OK))
        receiver = Receiver(answers(answer % elsewhere.port if name == "redirect" else answer))
        said, counts = sent(program, "http://127.0.0.1:%d/" % receiver.port, [line()], private="yes", tries=3, pause=1.0)
        results.equal(
            (counts["failed"], receiver.connections, elsewhere.connections), (1, connections, 0), "%s: %s" % (name, said)
        )


def slowness(results, program, _certificates):
    """Who is slow, hangs up or does not answer costs the thread a bounded time and the one who hands over none."""

    def reset(_receiver, peer, _number):
        peer.recv(10)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(_receiver, peer, _number):
        for byte in OK:
            peer.sendall(bytes([byte]))
            time.sleep(0.5)

    def silent(_receiver, peer, _number):
        time.sleep(30)

    for name, serve in (("reset", reset), ("drip", drip), ("silent", silent)):
        receiver = Receiver(serve)
        begin = time.monotonic()
        said, counts = sent(
            program, "http://127.0.0.1:%d/" % receiver.port, [line()] * 50, private="yes", tries=2, timeout=500, within=1500,
        )
        spent = time.monotonic() - begin
        results.equal(counts["delivered"], 0, "%s: nothing arrives" % name)
        results.equal(counts["failed"] + counts["dropped"], 50, "%s: all are counted: %s" % (name, said))
        results.check(spent < 4, "%s: over after %.1f s" % (name, spent))
        prompt(results, name, counts)
    # A full queue loses the oldest.
    receiver = Receiver(lambda receiver, peer, number: (time.sleep(1 if number == 1 else 0), answers(OK)(receiver, peer, number)))
    lines = [line(number=number, pad="x" * 900) for number in range(100)]
    _, counts = sent(
        program, "http://127.0.0.1:%d/" % receiver.port, lines, private="yes", threads=1, queue=10000, timeout=5000
    )
    numbers = [json.loads(body)["number"] for _, _, body in receiver.taken]
    results.equal(numbers[-1], 99, "the newest one arrives")
    results.check(12 > len(numbers) > 5 and counts["dropped"] == 100 - len(numbers), "the oldest go: %s" % numbers)


def news(said):
    """What a sender said of itself, in its order."""
    return [words for words in said if words.startswith(("fails", "works", "overflows", "keeps up"))]


def overflows(results, program, _certificates):
    """Where more comes than a receiver takes it is said once, and once more when that is over, with the number of what was lost."""

    def slow(receiver, peer, number):
        time.sleep(0.05)
        answers(OK)(receiver, peer, number)

    def bursts():
        for _ in range(2):
            yield from (line(number=number, pad="x" * 900) for number in range(100))
            time.sleep(2.5)
            yield line()

    receiver = Receiver(slow)
    said, counts = sent(program, "http://127.0.0.1:%d/" % receiver.port, bursts(), private="yes", threads=2, queue=10000)
    told = news(said)
    results.check([words[:8] for words in told] == ["overflow", "keeps up"] * 2, "a webhook: two bursts: %s" % told)
    lost = sum(int(words.split()[2]) for words in told[1::2])
    results.equal((lost, counts["delivered"]), (counts["dropped"], 202 - counts["dropped"]), "a webhook: what was lost is told")
    answer = b"HTTP/1.1 503 Later\r\n\r\n"
    receiver = Receiver(lambda receiver, peer, number: (time.sleep(0.05), answers(*[answer] * 4, OK)(receiver, peer, number)))
    said, counts = sent(program, "http://127.0.0.1:%d/" % receiver.port, bursts(), private="yes", threads=1, queue=10000, tries=50)
    told = [words[:8] for words in news(said)]
    results.check(
        sorted(told[:2]) == ["fails: i", "overflow"] and told[2:] == ["works", "keeps up", "overflow", "keeps up"],
        "a webhook that fails at first: %s" % news(said),
    )

    def later(receiver, peer, number):
        time.sleep(1)
        octets(receiver, peer, number)

    def flood():
        yield from (line(number=number, pad="x" * 1000) for number in range(20000))
        time.sleep(4)

    receiver = Receiver(later)
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, flood(), timeout=5000)
    told = news(said)
    # It takes about as much as comes, so losses begin and end often.
    results.check([words[:8] for words in told] in (["overflow", "keeps up"], ["overflow", "keeps up"] * 2), "syslog: %s" % told)
    results.equal(sum(int(words.split()[2]) for words in told[1::2]), counts["dropped"], "syslog: what was lost is told")


def in_the_log(results, _program, _certificates):
    """The server's own log has it in an operator's words."""
    receiver = Receiver(lambda receiver, peer, number: (time.sleep(0.02), answers(OK)(receiver, peer, number)))
    arguments = ["--webhook", "http://127.0.0.1:%d/" % receiver.port, "--webhook-allow-private", "--webhook-queue", "16k"]
    with Server(*arguments, environment={"WEBHOOK_SECRET": SECRET}) as server:
        for _ in range(300):
            share(server.port, "secret=x")
        for _ in range(200):
            told = re.findall(r"the webhook's receiver gets [^\"]*", server.text("stdout"))
            if len(told) > 1:
                break
            time.sleep(0.05)
    results.equal(told[:1], ["the webhook's receiver gets not all: more waits than the queue holds, and the oldest are dropped"], "it begins")
    results.check(
        len(told) == 2 and re.fullmatch(r"the webhook's receiver gets all messages again; [1-9]\d* were dropped", told[1]), "it ends", told
    )


def private_targets(results, program, _certificates):
    """Unless it is allowed nothing goes to this machine or to private networks, however they are spelled."""
    receiver = Receiver(answers(OK))
    port = receiver.port
    literal = ["127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]
    literal += ["224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"]
    literal += ["[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001::1]"]
    for host in literal + ["localhost", "a.localhost", "LOCALHOST"]:
        said, counts = sent(program, "https://%s:%d/" % (host, port), [line()])
        results.check(any("may be sent to" in words for words in said), "%s: %s" % (host, said))
    for host in ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "017700000001", "127.0.0.01"]:
        said, _ = sent(program, "https://%s:%d/" % (host, port), [])
        results.equal(said, ["no such target"], "%s is no host" % host)
    for url in ["https://a:b@127.0.0.1/", "https://a#b", "ftp://a/", "https:///", "https://a:0/", "https://a b/", "https://[::1/"]:
        results.equal(sent(program, url, [])[0], ["no such target"], url)
    for address in ("127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1", "64:ff9b::a00:1"):
        names = NameServer([address])
        begun = time.monotonic()
        said, counts = sent(program, "https://%s:%d/" % (NAME, port), [line()], server=names.address, within=20000)
        results.check(any("may be sent to" in words for words in said), "a name of %s: %s" % (address, said))
        results.check(counts["failed"] == 1 and time.monotonic() - begun < 1, "a name of %s: tried once" % address, counts)
    for url, allowed in (("http://127.0.0.1:%d/", "no"), ("http://0.0.0.0:%d/", "yes"), ("https://[::]:%d/", "yes")):
        said, _ = sent(program, url % port, [line()], private=allowed)
        results.check(any("may be sent to" in words for words in said), "%s, %s: %s" % (url, allowed, said))
    before = receiver.connections
    names = NameServer(["192.0.2.7"], ["127.0.0.1"])
    said, counts = sent(program, "https://%s:%d/" % (NAME, port), [line(), line()], server=names.address, threads=1)
    results.equal((counts["failed"], receiver.connections), (2, before), "answers that change: %s" % said)
    names = NameServer(["1.1.1.1"])
    said, _ = sent(program, "http://%s/" % NAME, [line()], server=names.address, private="yes")
    results.check(any("may be sent to" in words for words in said), "a public name without TLS: %s" % said)
    names = NameServer([])
    said, counts = sent(program, "https://nobody.example/", [line()], server=names.address, tries=1)
    results.check(any("no address is known" in words for words in said), "a name without addresses: %s" % said)


def octets(receiver, peer, _number):
    """Takes messages that come behind their length."""
    data = b""
    while True:
        more = peer.recv(65536)
        if not more:
            return
        data += more
        while b" " in data and len(data) > int(data.split(b" ", 1)[0]) + len(data.split(b" ", 1)[0]):
            count, rest = data.split(b" ", 1)
            receiver.taken.append(rest[: int(count)])
            data = rest[int(count) :]


def datagrams(bound, taken):
    def run():
        while True:
            taken.append(bound.recv(65536))

    threading.Thread(target=run, daemon=True).start()


def syslog(results, program, certificates):
    """The same lines by every transport."""
    lines = [line(), line("refused", **{"event.outcome": "failure"}), line("create", label="Zoë"), line("a]b \"c"), '{"x":1}']
    prefix = b"1 2026-11-23T20:17:00.123Z unit.example onetime-lite 7 "
    expected = [
        b"<134>" + prefix + b"reveal - " + lines[0].encode(),
        b"<132>" + prefix + b"refused - " + lines[1].encode(),
        b"<134>" + prefix + b"create - \xef\xbb\xbf" + lines[2].encode(),
        b"<134>" + prefix + b"- - " + lines[3].encode(),
    ]

    def check(name, taken, counts, said):
        results.equal(taken[:4], expected, "%s: %s" % (name, said))
        results.check(
            len(taken) == 5 and re.fullmatch(rb"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ unit.example onetime-lite 7 - - {\"x\":1}", taken[4]),
            "%s: a line without facts" % name,
        )
        results.equal((counts["delivered"], counts["failed"], counts["dropped"]), (5, 0, 0), "%s: counts" % name)

    folder = tempfile.mkdtemp(prefix="onetime-syslog-")
    try:
        udp, taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), []
        udp.bind(("127.0.0.1", 0))
        datagrams(udp, taken)
        said, counts = sent(program, "syslog+udp://127.0.0.1:%d" % udp.getsockname()[1], lines)
        time.sleep(0.2)
        check("UDP", taken, counts, said)
        unix, taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), []
        unix.bind(os.path.join(folder, "log"))
        datagrams(unix, taken)
        said, counts = sent(program, "syslog+unix:" + os.path.join(folder, "log"), lines)
        time.sleep(0.2)
        check("unix", taken, counts, said)

        def rows(receiver, peer, _number):
            with peer.makefile("rb") as file:
                receiver.taken += [row.rstrip(b"\n") for row in file]

        receiver = Receiver(rows, family=socket.AF_UNIX, address=os.path.join(folder, "stream"))
        said, counts = sent(program, "syslog+unix://" + os.path.join(folder, "stream"), lines)
        time.sleep(0.2)
        check("unix stream", receiver.taken, counts, said)
    finally:
        shutil.rmtree(folder)
    receiver = Receiver(octets)
    said, counts = sent(program, "syslog+tcp://localhost:%d" % receiver.port, lines)
    time.sleep(0.2)
    check("TCP", receiver.taken, counts, said)
    receiver = Receiver(octets, context(certificates, "good"))
    names = NameServer(["127.0.0.1"])
    url = "syslog+tls://%s:%d" % (NAME, receiver.port)
    said, counts = sent(program, url, lines, authorities=certificates.path("authority.crt"), server=names.address)
    time.sleep(0.2)
    check("TLS", receiver.taken, counts, said)
    said, counts = sent(program, url, lines, authorities=certificates.path("stranger.crt"), server=names.address, within=300)
    results.check(any("from no authority" in words for words in said), "TLS with a stranger: %s" % said)
    results.equal(counts["failed"] + counts["dropped"], 5, "a stranger gets nothing")
    for url in ("syslog://a", "syslog+udp://", "syslog+unix:log", "syslog+tcp://2130706433", "syslog+unix:/" + "a" * 107):
        results.equal(sent(program, url, [])[0], ["no such target"], url)


def stalls(results, program, _certificates):
    """A syslog server that does not read, goes away, or is not there slows nobody; what is lost is counted."""
    lines = [line(number=number, pad="x" * 1000) for number in range(20000)]

    def stalled(_receiver, peer, _number):
        time.sleep(60)

    receiver = Receiver(stalled)
    begin = time.monotonic()
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, lines, timeout=500, within=500)
    results.check(time.monotonic() - begin < 8, "a stalled receiver: over after %.1f s" % (time.monotonic() - begin))
    prompt(results, "a stalled receiver", counts)
    results.equal(counts["delivered"] + counts["failed"] + counts["dropped"], 20000, "all are counted: %s" % said)
    results.check(counts["dropped"] > 1000, "and most are dropped")
    full = socket.socket()  # one that never accepts: connecting hangs
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
        fillers.append(filler)
    begin = time.monotonic()
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % full.getsockname()[1], lines[:200], timeout=500, within=500)
    results.check(time.monotonic() - begin < 4, "connecting hangs: over after %.1f s" % (time.monotonic() - begin))
    results.equal(counts["delivered"] + counts["failed"] + counts["dropped"], 200, "all are counted: %s" % said)

    def goes(receiver, peer, number):
        peer.settimeout(0.3)
        try:
            octets(receiver, peer, number)
        except OSError:
            pass

    receiver = Receiver(goes)  # ends each connection that is quiet for a while
    numbered = [line(number=number) for number in range(6)]
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % receiver.port, numbered, pause=0.6)
    results.equal(
        ([json.loads(message.split(b" - ", 1)[1])["number"] for message in receiver.taken], counts["failed"]),
        (list(range(6)), 0), "a server that hangs up loses no line: %s" % said,
    )
    results.check(receiver.connections > 2, "and is called again")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    late = []
    threading.Timer(1.0, lambda: late.append(Receiver(octets, address=("127.0.0.1", port)))).start()
    said, counts = sent(program, "syslog+tcp://127.0.0.1:%d" % port, [line(number=n) for n in range(20)], pause=0.15)
    results.equal((counts["delivered"], len(late[0].taken)), (20, 20), "a server that comes later gets all: %s" % said)
    results.equal([words[:5] for words in said if words[:5] in ("fails", "works")], ["fails", "works"], "said once")


def prepare(folder):
    """An authority, and certificates that are good, somebody else's, too old, an address's, or vouch for themselves."""
    made = Certificates(folder)
    made.make("good", "DNS:" + NAME)
    made.make("other", "DNS:other.example", "RSA-2048")
    made.make("address", "IP:127.0.0.1")
    made.make("self", "DNS:" + NAME, issuer=None)
    made.make("stranger", None, issuer=None)
    made.make("expired", "DNS:" + NAME)
    name = openssl("req", "-new", "-key", made.path("expired.key"), "-subj", "/CN=expired")
    with open(made.path("index"), "w"), open(made.path("serial"), "w") as serial:
        serial.write("77")
    with open(made.path("ca.cnf"), "w") as file:
        file.write(
            "[ca]\ndefault_ca=a\n[a]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n[p]\n"
            "commonName=supplied\n[e]\nsubjectAltName=DNS:%s\n" % (made.path("index"), made.path("serial"), folder, NAME)
        )
    with open(made.path("expired.csr"), "wb") as file:
        file.write(name)
    openssl(
        "ca", "-batch", "-notext", "-config", made.path("ca.cnf"), "-extensions", "e", "-cert", made.path("between.crt"),
        "-keyfile", made.path("between.key"), "-in", made.path("expired.csr"), "-out", made.path("expired.crt"),
        "-startdate", "20200101000000Z", "-enddate", "20200201000000Z",
    )
    made.write("expired.pem", "expired.crt", "between.crt")
    return made


def built():
    """Builds the program; its path."""
    build = ["swift", "build", "--package-path", REPOSITORY, "--product", "send-lines"]
    subprocess.run(build, stdout=subprocess.DEVNULL, check=True, timeout=480)
    path = subprocess.run(build + ["--show-bin-path"], capture_output=True, check=True, text=True).stdout.strip()
    return os.path.join(path, "send-lines")


def main(results):
    """Builds the program, then plays everybody it talks to."""
    program = built()
    folder = tempfile.mkdtemp(prefix="onetime-outbound-")
    try:
        certificates = prepare(folder)
        for test in (signatures, wrong_certificates, tries, slowness, overflows, in_the_log, private_targets, syslog, stalls):
            results.run(test, results, program, certificates)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 580)
