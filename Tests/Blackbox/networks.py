"""Networks: connections that proxies open for others, whom they are believed about, and what may be said of it at the start.

    python3 Tests/Blackbox/networks.py                about 15 seconds
"""

import ipaddress
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Harness"))
from onetime_harness import Server, binary_path, free_port, run_suite  # noqa: E402
from onetime_http import build, share  # noqa: E402
from onetime_tls import context  # noqa: E402

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"
ASK = build("GET", "/health", [], None)
VECTORS = os.path.join(os.path.dirname(HERE), "RulesTests", "Vectors")
sys.path.insert(0, VECTORS)
import countries as mmdb  # noqa: E402


def proxied(client, more=b""):
    """The header of the PROXY protocol, version 2, for a client's address."""
    if ":" in client:
        pair = socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, "::1")
        family = 0x21
    else:
        pair, family = socket.inet_aton(client) + socket.inet_aton("127.0.0.1"), 0x11
    body = pair + struct.pack(">HH", 4711, 7143) + more
    return SIGNATURE + bytes([0x21, family]) + struct.pack(">H", len(body)) + body


class ProxiedServer(Server):
    """A server that expects a header from everybody, also from who looks whether it is there."""

    def _answers(self):
        try:
            with opened(self.port) as connection:
                return answer(connection, LOCAL + ASK).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


def opened(port, source="127.0.0.1"):
    connection = socket.socket()
    connection.settimeout(5)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(connection, data):
    """What comes back; empty where the connection is closed without an answer."""
    try:
        connection.sendall(data)
        return connection.recv(4096)
    except (ConnectionResetError, BrokenPipeError):
        return b""


def status(port, data, source="127.0.0.1"):
    with opened(port, source) as connection:
        return answer(connection, data)[9:12]


def headers(results):
    """A header is taken to its last byte and not beyond; without one nobody is served."""
    with ProxiedServer("--proxy-protocol") as server:
        port = server.port
        tls_like = b"\x04" + struct.pack(">H", 1500) + bytes(1500)
        for name, header in (
            ("IPv4", proxied("198.51.100.7")),
            ("IPv6", proxied("2001:db8::7")),
            ("extensions", proxied("198.51.100.7", tls_like)),
            ("LOCAL", LOCAL),
            ("UNSPEC", SIGNATURE + b"\x21\0\0\0"),
            ("UNIX", SIGNATURE + b"\x21\x31\0\xd8" + bytes(216)),
        ):
            results.equal(status(port, header + ASK), b"200", "headers: %s, with the request" % name)
            with opened(port) as connection:
                connection.sendall(header)
                time.sleep(0.02)
                results.equal(answer(connection, ASK)[9:12], b"200", "headers: %s, before the request" % name)
                results.equal(answer(connection, ASK)[9:12], b"200", "headers: %s, for all requests" % name)
        with opened(port) as connection:
            for byte in proxied("2001:db8::7", b"\xee\0\x02ab"):
                connection.sendall(bytes([byte]))
                time.sleep(0.001)
            results.equal(answer(connection, ASK)[9:12], b"200", "headers: byte by byte")
        header = proxied("198.51.100.7")
        for name, data in (
            ("none", ASK),
            ("version 1", b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 7143\r\n" + ASK),
            ("another version", header[:12] + b"\x11" + header[13:] + ASK),
            ("another command", header[:12] + b"\x22" + header[13:] + ASK),
            ("datagrams", header[:13] + b"\x12" + header[14:] + ASK),
            ("too short for its addresses", header[:14] + b"\0\x0b" + header[16:] + ASK),
            ("65535 bytes", header[:14] + b"\xff\xff" + bytes(65535) + ASK),
            ("twice", header + header + ASK),
        ):
            answered = status(port, data)
            results.check(answered in (b"", b"400"), "headers: %s: nobody is served" % name, answered)
        with opened(port) as connection:
            connection.sendall(header[:20])
            connection.shutdown(socket.SHUT_WR)
            results.equal(connection.recv(100), b"", "headers: half of one, and the end")
        before = cpu_time(server)
        waiting = [opened(port) for _ in range(50)]
        for connection in waiting:
            connection.sendall(header[:20])
        time.sleep(0.5)
        results.check(cpu_time(server) - before < 0.1, "headers: half of one keeps nobody busy")
        for connection in waiting:
            results.equal(answer(connection, header[20:] + ASK)[9:12], b"200", "headers: the other half, later")
            connection.close()
        command = [binary_path(), "check", "--listen", "127.0.0.1:%d" % port, "--proxy-protocol"]
        results.equal(subprocess.run(command, capture_output=True, timeout=10).returncode, 0, "headers: check says LOCAL")
        results.equal(server.stop(), 0, "headers: the server ends well")


def cpu_time(server):
    with open("/proc/%d/stat" % server.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def before_tls(results):
    """The header comes before the handshake."""
    with Server("--proxy-protocol", "--trusted-proxies", "127.0.0.2", "--tls", "self-signed") as server:
        for source, header in (("127.0.0.2", proxied("198.51.100.7")), ("127.0.0.2", LOCAL), ("127.0.0.1", b"")):
            plain = opened(server.port, source)
            if header:
                plain.sendall(header)
            with context().wrap_socket(plain) as connection:
                connection.sendall(ASK)
                results.check(connection.recv(4096).startswith(b"HTTP/1.1 200"), "tls: from " + source)
        with opened(server.port, "127.0.0.2") as plain:
            try:
                context().wrap_socket(plain).close()
                results.check(False, "tls: a handshake without the header")
            except OSError:
                results.check(True, "tls: a handshake without the header")
        listen = "127.0.0.1:%d" % server.port
        for proxies, code in (("127.0.0.2", 0), ("127.0.0.0/8", 1)):
            command = [binary_path(), "check", "--listen", listen, "--proxy-protocol", "--trusted-proxies", proxies]
            done = subprocess.run(command, capture_output=True, timeout=10)
            results.equal(done.returncode, code, "tls: check says LOCAL where it is a proxy, %s" % proxies)


def who_is_believed(results):
    """Where proxies are named, others' headers are requests that make no sense, and others need none."""
    with Server("--proxy-protocol", "--trusted-proxies", "127.0.0.2,127.0.0.3") as server:
        header = proxied("198.51.100.7")
        results.equal(status(server.port, header + ASK, "127.0.0.2"), b"200", "believed: a proxy")
        results.equal(status(server.port, ASK, "127.0.0.2"), b"", "believed: a proxy without a header")
        results.equal(status(server.port, ASK), b"200", "believed: another without a header")
        results.equal(status(server.port, header + ASK), b"400", "believed: another with a header")


def requests(results):
    """Requests are counted by client, where a proxy that is believed says who that is."""

    def spent(port, lines, source="127.0.0.2", count=12, header=b""):
        """Whether one who asks so often at once is refused."""
        ask = build("GET", "/health", lines, None)
        return b"429" in [status(port, header + ask, source) for _ in range(count)]

    forwarded = lambda client: [("X-Forwarded-For", client)]
    with Server("--max-requests-per-address", "10", "--trusted-proxies", "127.0.0.2, 10.0.0.0/8") as server:
        port = server.port
        clients = ["198.51.100.%d" % number for number in range(40)]
        statuses = [status(port, build("GET", "/health", forwarded(client), None), "127.0.0.2") for client in clients]
        results.check(set(statuses) == {b"200"}, "requests: each client of a proxy has his own", statuses)
        results.check(spent(port, forwarded("203.0.113.1")), "requests: a client of a proxy has no more than that")
        results.check(spent(port, forwarded("203.0.113.1, 10.1.1.1"), count=2), "requests: ... by whatever proxies he comes")
        results.check(
            spent(port, [("Forwarded", 'for="203.0.113.1:80", for=10.1.1.1')], count=2), "requests: ... whichever field tells"
        )
        ours = ["203.0.113.2, 203.0.113.3", "10.3.3.3, 203.0.113.3", "unknown, 203.0.113.3"]
        for count, client in enumerate(ours):
            refused = spent(port, forwarded(client), count=12 if count == 0 else 2)
            results.check(refused, "requests: what he makes up changes nothing: " + client)
        two = [("X-Forwarded-For", "203.0.113.4"), ("X-Forwarded-For", "203.0.113.3")]
        results.check(spent(port, two, count=2), "requests: ... nor on a line of its own")
        hidden = spent(port, forwarded("unknown"))
        results.check(hidden, "requests: those who are hidden share one budget")
        contradicting = forwarded("203.0.113.5") + [("Forwarded", "for=203.0.113.6")]
        results.check(spent(port, contradicting, count=2), "requests: ... with those of whom two fields say two things")
        results.check(not spent(port, forwarded("203.0.113.7"), count=5), "requests: and nobody else's")
        networks = ["2001:db8:0:1::%x" % number for number in range(1, 14)]
        statuses = [status(port, build("GET", "/health", forwarded(client), None), "127.0.0.2") for client in networks]
        results.check(b"429" in statuses, "requests: an IPv6 /64 is one client", statuses)
    with Server("--max-requests-per-address", "10") as server:
        statuses = [
            status(server.port, build("GET", "/health", forwarded("198.51.100.%d" % number), None)) for number in range(30)
        ]
        results.check(b"429" in statuses, "requests: nobody is believed where no proxy is named", statuses)
    with ProxiedServer("--max-requests-per-address", "10", "--proxy-protocol") as server:
        statuses = [status(server.port, proxied("198.51.100.%d" % number) + ASK) for number in range(30)]
        results.check(set(statuses) == {b"200"}, "requests: each client of a PROXY header has his own", statuses)
        results.check(spent(server.port, [], "127.0.0.1", header=proxied("203.0.113.9")), "requests: ... and no more")


def budgets(results):
    """A proxy on this machine is spared budgets for what it asks itself, and not for whom it speaks for, known or not."""
    with Server("--creations-per-minute", "3", "--trusted-proxies", "127.0.0.1") as server:
        def created(lines):
            ask = build("POST", "/api/v1/share", lines, b"secret=counted")
            return [status(server.port, ask) for _ in range(5)]

        spared, limited = [b"200"] * 5, [b"200"] * 3 + [b"429"] * 2
        forwarded = [("X-Forwarded-For", "203.0.113.50")]
        results.equal(created([]), spared, "budgets: what asks on this machine itself is spared")
        results.equal(created(forwarded), limited, "budgets: a client of the proxy is not")
        contradicting = forwarded + [("Forwarded", "for=1.2.3.4")]
        results.equal(created(contradicting), limited, "budgets: nor one of whom two fields say two things")
        for hidden in ("203.0.113.51, unknown", "unknown", "203.0.113.52, 127.0.0.1, nonsense"):
            results.equal(created([("X-Forwarded-For", hidden)]), [b"429"] * 5, "budgets: who is not known shares his: " + hidden)
        results.equal(created([("X-Forwarded-For", "127.0.0.1")])[3:], [b"429"] * 2, "budgets: nor who is said to be here")
        results.equal(created([]), spared, "budgets: and what asks here itself is spared still")


def countries(results):
    """What a client added to the field of countries does not make him unknown."""
    with Server("--trusted-proxies", "127.0.0.2", "--country-header", "CF-IPCountry", "--deny-countries", "RU") as server:
        def seen(*values):
            fields = [("X-Forwarded-For", "203.0.113.1")] + [("CF-IPCountry", value) for value in values]
            return status(server.port, build("GET", "/api/v1/status", fields, None), "127.0.0.2")

        for values, code in (
            (["NL"], b"200"), (["ru"], b"404"), ([], b"200"), ([""], b"200"), (["T1"], b"200"),
            (["NL", "RU"], b"404"), (["RU,NL"], b"404"), (["RU, NL"], b"404"), (["NL,NL"], b"404"), (["Russia"], b"404"), (["N"], b"404"),
        ):
            results.equal(seen(*values), code, "countries: %r" % (values,))


def failed_headers(results):
    """A connection that has to begin with a proxy's header and does not is counted, told in the audit log, and once a minute in the log."""
    with ProxiedServer("--proxy-protocol", "--metrics", "--audit", "memory,stdout") as server:

        def counts():
            with opened(server.port) as connection:
                connection.sendall(LOCAL + build("GET", "/metrics", [("Connection", "close")], None))
                text = b""
                while part := connection.recv(65536):
                    text += part
            return dict(re.findall(r'onetime_proxy_headers_failed_total\{reason="([^"]+)"\} (\d+)', text.decode()))

        before = counts()
        for data in (ASK, b"PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n" + ASK, SIGNATURE + b"\x31\x11\0\x0c" + bytes(12), b"x"):
            results.equal(status(server.port, data), b"", "failed headers: the connection is closed")
        with opened(server.port) as connection:
            connection.sendall(SIGNATURE)
            connection.shutdown(socket.SHUT_WR)
            results.equal(connection.recv(1), b"", "failed headers: ... after a part of one")
        after = counts()
        grown = {reason: int(after[reason]) - int(before[reason]) for reason in after}
        # Those who look whether the server is there say nothing.
        results.equal(grown, {"missing": 2, "version-1": 1, "broken": 1, "incomplete": 1}, "failed headers: counted by what came")
        server.stop()
        lines = [json.loads(line) for line in server.text("stdout").split("\n") if line.startswith("{")]
    told = [line for line in lines if line.get("rule.name") == "proxy-header"]
    results.equal(
        [line["event.reason"] for line in told], ["missing", "version-1", "broken", "missing", "incomplete"], "failed headers: audited"
    )
    results.equal({line["source.ip"] for line in told}, {"127.0.0.1"}, "failed headers: with the address of the connection")
    logged = [line for line in lines if line.get("event.action") == "proxy-header"]
    results.equal([(line["onetime.count"], line["log.level"]) for line in logged], [("1", "warn")], "failed headers: one line a minute")


def unknown_clients(results):
    """Whoever a proxy hides is nobody's address: neither the proxy's in the audit log and the log of requests, nor one at all."""
    hidden = (
        ("hidden", [("Forwarded", "for=unknown")]),
        ("by a name", [("Forwarded", "for=_secret")]),
        ("no address", [("X-Forwarded-For", "somewhere")]),
        ("two of them", [("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=203.0.113.6")]),
    )
    for addresses in ("whole", "truncated", "hashed"):
        options = ("--audit", "memory,stdout", "--audit-addresses", addresses, "--trusted-proxies", "127.0.0.2", "--log-requests",
                   "--log-source", "--max-requests-per-address", "10")
        with Server(*options) as server:
            for _, lines in hidden:
                made = share(server.port, "x", [])
                for path in ("/api/v1/secret/", "/receipt/"):
                    key = made["secret_key" if "secret" in path else "metadata_key"]
                    method = "POST" if "secret" in path else "GET"
                    said = status(server.port, build(method, path + key, lines, b"" if method == "POST" else None), "127.0.0.2")
                    results.equal(said, b"200", "unknown: " + path)
            status(server.port, build("GET", "/receipt/" + made["metadata_key"], [], None), "127.0.0.2")
            tries = [status(server.port, build("DELETE", "/", hidden[0][1], None), "127.0.0.2")]
            while tries[-1] != b"429" and len(tries) < 1000:
                tries.append(status(server.port, build("DELETE", "/", hidden[0][1], None), "127.0.0.2"))
            server.stop()
            events = [json.loads(line) for line in server.text("stdout").split("\n") if line.startswith("{")]
        own = {"whole": "127.0.0.2", "truncated": "127.0.0.0", "hashed": None}[addresses]
        found = {}
        for event in events:
            kind = "request" if event.get("event.dataset") != "onetime.audit" else event["event.action"] + event.get("rule.name", "")
            source = (event.get("source.ip"), event.get("source.address"))
            found.setdefault(kind, []).append(source)
        unknown = (None, "unknown")
        results.equal(found["reveal"], [unknown] * len(hidden), "unknown: who read, addresses " + addresses)
        # One minute's looks at one receipt by those who are not known are one; those of the proxy itself are others.
        looks = found["receipt-look"]
        results.check(looks[:-1] == [unknown] * len(hidden) and looks[-1] != unknown, "unknown: who looked", looks)
        results.equal(looks[-1][0], own, "unknown: a proxy that asks for itself is known")
        results.equal(set(found["refusedmethod"]), {unknown}, "unknown: who was refused")
        results.equal(set(found["refusedrate-requests"]), {unknown}, "unknown: who asked too often")
        told = set(found["request"])
        results.equal(told, {unknown, ("127.0.0.1", None), ("127.0.0.2", None), (None, None)}, "unknown: in the log of requests")


def country_files(results):
    """A file tells countries in whichever form it has them; one of something else is refused, for its rules would refuse nobody."""
    networks = [ipaddress.ip_network(text) for text in ("203.0.113.0/24", "2001:db8::/32")]
    forms = {
        "MaxMind's": {"country": {"iso_code": "NL"}, "registered_country": {"iso_code": "US"}},
        "country_code": {"country": "Netherlands", "country_code": "NL"},
        "two letters in country": {"country": "nl", "country_name": "Netherlands"},
        "where it is registered": {"registered_country": {"iso_code": "NL"}},
    }
    others = {
        "ASN": {"autonomous_system_number": mmdb.Unsigned(64500, 6), "autonomous_system_organization": "Example"},
        "names": {"country": "Netherlands", "country_name": "NL"},
        "codes of no country": {"country_code": "XX", "country": "ZZ"},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file.mmdb")

        def put(record, version=6):
            with open(path, "wb") as file:
                file.write(mmdb.write({network: record for network in networks if version == 6 or network.version == 4}, 28, version))

        def checked(*arguments):
            command = [binary_path(), "check", "--config", "--country-file", path, *arguments]
            return subprocess.run(command, capture_output=True, timeout=10, text=True)

        def seen(server, client):
            return status(server.port, build("GET", "/api/v1/status", [("X-Forwarded-For", client)], None), "127.0.0.2")

        denied = ("--trusted-proxies", "127.0.0.2", "--country-file", path, "--deny-countries", "NL")
        for name, record in forms.items():
            put(record)
            with Server(*denied) as server:
                told = [seen(server, client) for client in ("203.0.113.9", "2001:db8::9", "198.51.100.9")]
                results.equal(told, [b"404", b"404", b"200"], "country files: " + name)
                results.check("warning: the country file" not in server.text("stdout"), "country files: %s: no warning" % name)
                if name == "MaxMind's":
                    for other, record in others.items():
                        put(record)
                        server.signal(signal.SIGHUP)
                        time.sleep(0.3)
                        last = json.loads(server.text("stdout").splitlines()[-1])
                        results.equal(last["event.outcome"], "failure", "country files: %s at SIGHUP: refused" % other)
                        results.equal(seen(server, "203.0.113.9"), b"404", "country files: %s at SIGHUP: the old one stays" % other)
                    put(forms["country_code"], 4)
                    server.signal(signal.SIGHUP)
                    time.sleep(0.3)
                    results.check("has no IPv6 addresses" in server.text("stdout"), "country files: SIGHUP warns of what is missing")
        for name, record in others.items():
            put(record)
            done = checked()
            results.check(done.returncode == 2 and "have no country" in done.stderr, "country files: %s: refused" % name, done)
            command = [binary_path(), "serve", "--listen", "127.0.0.1:0", *denied]
            done = subprocess.run(command, capture_output=True, timeout=10, text=True)
            results.check(done.returncode == 2 and "have no country" in done.stderr, "country files: %s: no start" % name, done)
        put(forms["country_code"], 4)
        done = checked("--json")
        results.equal(done.returncode, 0, "country files: IPv4 alone is a file of countries")
        results.check(json.loads(done.stdout), "country files: what is in force is told as before")
        results.check("has no IPv6 addresses" in done.stderr, "country files: check warns of it", done.stderr)
        with Server(*denied) as server:
            results.check("has no IPv6 addresses" in server.text("stdout"), "country files: the start warns of it", server.text("stdout"))
            told = [seen(server, client) for client in ("203.0.113.9", "2001:db8::9")]
            results.equal(told, [b"404", b"200"], "country files: who is in no known country is in no list")
        # 120 MiB of nodes that all point to something without a country.
        count = 15 << 20
        small = mmdb.write({networks[0]: others["ASN"]}, 32, 4)
        node = struct.pack(">I", count + 16) * 2
        values = small[small.index(bytes(16)) + 16 :].replace(b"node_count\xc1\x18", b"node_count\xc4" + struct.pack(">I", count))
        with open(path, "wb") as file:
            file.write(node * count + bytes(16) + values)
        began = time.monotonic()
        done = checked()
        took = time.monotonic() - began
        results.check("have no country" in done.stderr, "country files: a large one of something else", done.stderr)
        results.check(took < 2, "country files: is refused soon", took)


def figures(results):
    """The port for figures has no name and no clients: whoever reaches it may have them."""
    own = free_port()
    rules = ("--public-url", "https://secrets.example", "--allow-networks", "203.0.113.0/24")
    with Server("--metrics-listen", "127.0.0.1:%d" % own, *rules) as server:
        ask = b"GET /metrics HTTP/1.1\r\nHost: prometheus.example:9143\r\n\r\n"
        results.equal(status(own, ask), b"200", "figures: by any name, from where no request may come")
        results.equal(status(server.port, build("GET", "/api/v1/status", [], None)), b"404", "figures: which the rule says still")
        results.equal(status(server.port, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), b"421", "figures: a host that is none")
        with opened(own) as connection:
            connection.sendall(build("GET", "/metrics", [("Connection", "close")], None))
            text = b""
            while part := connection.recv(65536):
                text += part
        results.check(b'onetime_refusals_total{reason="host"} 1\n' in text, "figures: is counted")


def connections(results):
    """Connections are counted by the client that a header names, and those of a trusted proxy not at all."""
    with ProxiedServer("--max-connections-per-address", "4", "--proxy-protocol") as server:
        def take(client):
            connection = opened(server.port)
            answered = answer(connection, proxied(client) + ASK)
            return connection, answered

        kept = [take("198.51.100.7") for _ in range(4)]
        results.equal([answered[9:12] for _, answered in kept], [b"200"] * 4, "connections: as many as a client may")
        connection, answered = take("198.51.100.7")
        results.check(answered.startswith(b"HTTP/1.1 429 ") and b"Retry-After" in answered, "connections: not one more", answered)
        connection.close()
        others = [take("198.51.100.%d" % number) for number in range(8, 20)]
        results.equal({answered[9:12] for _, answered in others}, {b"200"}, "connections: others have theirs")
        loopback = [take("127.0.0.1") for _ in range(5)]
        results.equal(loopback[-1][1][9:12], b"429", "connections: a proxy's word for loopback spares nobody")
        waiting = [opened(server.port) for _ in range(8)]
        results.equal(take("198.51.100.50")[1][9:12], b"200", "connections: those without a header yet are nobody's")
        kept.pop()[0].close()
        time.sleep(0.1)
        results.equal(take("198.51.100.7")[1][9:12], b"200", "connections: one that was closed counts no more")
        for connection, _ in kept + others + loopback:
            connection.close()
        for connection in waiting:
            connection.close()
    with Server("--max-connections-per-address", "4", "--trusted-proxies", "127.0.0.2") as server:
        many = [opened(server.port, "127.0.0.2") for _ in range(20)]
        results.equal([answer(one, ASK)[9:12] for one in many], [b"200"] * 20, "connections: a trusted proxy's are not counted")
        few = [opened(server.port, "127.0.0.3") for _ in range(5)]
        results.equal([answer(one, ASK)[9:12] for one in few], [b"200"] * 4 + [b"429"], "connections: others' are")
        for connection in many + few:
            connection.close()


def start(results):
    """What makes no sense is told at the start; what does, starts."""

    def told(*arguments):
        command = [binary_path(), "serve", "--listen", "127.0.0.1:0"] + list(arguments)
        done = subprocess.run(command, capture_output=True, timeout=10, text=True)
        return done.stderr if done.returncode == 2 else "started, or %d" % done.returncode

    for arguments, words in (
        (["--trusted-proxies", "10.0.0.1/8"], "10.0.0.1/8"),
        (["--allow-networks", "10.0.0.0/8, all"], "'all'"),
        (["--deny-networks", " ".join("10.0.%d.%d" % (n // 250, n % 250) for n in range(1025))], "more than 1024"),
        (["--allow-countries", "NL Germany"], "'Germany'"),
        (["--allow-networks", ""], "--allow-networks needs a value"),
        (["--allow-networks="], "--allow-networks needs a value"),
        (["--deny-networks", " , "], "at least one address or range"),
        (["--deny-countries", ","], "at least one code of a country"),
        (["--audit", ","], "memory, stdout"),
        (["--allow-countries", "NL"], "need --country-file or --country-header"),
        (["--country-header", "CF-IPCountry"], "--trusted-proxies"),
        (["--country-header", "a b", "--trusted-proxies", "::1"], "name of a header field"),
        (["--country-file", "/nowhere"], "cannot be read"),
        (["--country-file", os.path.join(VECTORS, "countries.txt")], "no MaxMind DB file"),
    ):
        said = told(*arguments)
        results.check(words in said and said.count("\n") == 1, "start: " + " ".join(arguments)[:60], said)
    environment = {
        "TRUSTED_PROXY_CIDRS": "127.0.0.0/8 ::1,fd00::/8", "ALLOW_NETWORKS": "0.0.0.0/0, ::/0", "DENY_NETWORKS": "192.0.2.0/24",
        "ALLOW_COUNTRIES": "nl,DE", "DENY_COUNTRIES": "FR", "COUNTRY_FILE": os.path.join(VECTORS, "countries-32.mmdb"),
        "COUNTRY_HEADER": "CF-IPCountry",
    }
    with Server(environment=environment) as server:
        results.check(server.alive(), "start: all of it together")
    # No more memory than the file needs: 20 MB of a tree that is there, and nothing in it.
    with tempfile.NamedTemporaryFile(suffix=".mmdb") as file:
        with open(os.path.join(VECTORS, "countries-24.mmdb"), "rb") as small:
            data = small.read()
        place = data.rindex(b"\xab\xcd\xefMaxMind.com")
        file.write(data[:place] + bytes(20 << 20) + data[place:])
        file.flush()
        with Server("--country-file", file.name) as server, Server() as plain:
            grown = server.rss_kib() - plain.rss_kib()
            results.check(19_000 < grown < 25_000, "start: a file of 20 MiB takes 20 MiB", grown)


def main(results):
    """All of it."""
    parts = (headers, before_tls, who_is_believed, requests, budgets, countries, country_files, failed_headers, unknown_clients, figures)
    for part in parts + (connections, start):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 120)
