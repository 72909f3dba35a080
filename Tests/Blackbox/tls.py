"""TLS from outside: who is let in, with what, and what happens to those who do not keep to it.

python3 Tests/Blackbox/tls.py           about 60 seconds; needs the openssl command, and cc for the floods
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
import tls_certificates  # noqa: E402
import tls_crowd  # noqa: E402
import tls_transfer  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import Connection, post_form, request, share  # noqa: E402
from onetime_tls import Records, connect, context, get, refusal  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
NEW, OLD = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2
MODERN = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"]
REFUSED = ["AES128-GCM-SHA256", "AES256-SHA", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"]
# The alert, or nothing where the reset came before it.
REFUSED_UPDATE = ["sslv3 alert illegal parameter", "closed"]


def versions_and_suites(results, server):
    """TLS 1.2 and 1.3; forward secret suites with authenticated encryption only."""
    for version, name in ((OLD, "TLSv1.2"), (NEW, "TLSv1.3")):
        with connect(server.port, context(version)) as secure:
            results.equal(secure.version(), name, name + " is spoken")
            results.equal(get(secure).status, 200, name + ": a request is answered")
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        reason = refusal(server.port, context(version, "ALL:@SECLEVEL=0"))
        results.equal(reason, "TLSV1_ALERT_PROTOCOL_VERSION", version.name + " is refused with an alert")
    for suite in MODERN:
        with connect(server.port, context(OLD, "ECDHE-ECDSA-" + suite)) as secure:
            results.equal(secure.cipher()[0], "ECDHE-ECDSA-" + suite, suite + " in TLS 1.2")
    for suite in REFUSED:
        reason = refusal(server.port, context(OLD, suite + ":@SECLEVEL=0"))
        results.equal(reason, "SSLV3_ALERT_HANDSHAKE_FAILURE", suite + " is refused with an alert")
    with connect(server.port, context(OLD, "ECDHE+AES128:ECDHE+AES256")) as secure:
        results.equal(secure.cipher()[0], "ECDHE-ECDSA-AES256-GCM-SHA384", "the server's order of suites counts")
    with connect(server.port, context(OLD, "ECDHE+CHACHA20:ECDHE+AESGCM")) as secure:
        results.equal(
            secure.cipher()[0], "ECDHE-ECDSA-CHACHA20-POLY1305", "who puts ChaCha20 first has no AES in hardware"
        )
    for group in ("X25519", "prime256v1", "secp384r1"):
        client = context()
        if group != "X25519":
            client.set_ecdh_curve(group)
        results.check(refusal(server.port, client) is None, group + " is a group that is spoken")


def protocols(results, server):
    """ALPN: HTTP/1.1, or HTTP/1.0, or no agreement."""
    for offered, chosen in (
        (["http/1.1"], "http/1.1"),
        (["h2", "http/1.1"], "http/1.1"),
        (["http/1.0"], "http/1.0"),
        (["http/1.0", "http/1.1"], "http/1.1"),
    ):
        for version in (OLD, NEW):
            with connect(server.port, context(version, protocols=offered)) as secure:
                results.equal(secure.selected_alpn_protocol(), chosen, "of %s %s is chosen" % (offered, chosen))
                results.equal(get(secure).status, 200, "and spoken")
    with connect(server.port) as secure:
        results.equal(secure.selected_alpn_protocol(), None, "who offers nothing gets nothing chosen")
    for version in (OLD, NEW):
        reason = refusal(server.port, context(version, protocols=["h2"]))
        results.equal(reason, "tlsv1 alert no application protocol", "h2 alone is refused with an alert")


def resumption(results, server):
    """A ticket takes a client back in without a full handshake, on another server it does not."""
    for version in (OLD, NEW):
        client = context(version)
        with connect(server.port, client) as secure:
            get(secure)
            session = secure.session
            results.check(session.has_ticket, version.name + ": a ticket is given")
            results.check(0 < session.ticket_lifetime_hint <= 7200, version.name + ": for an hour or two")
        with connect(server.port, client, session=session) as secure:
            results.check(secure.session_reused, version.name + ": the ticket is taken")
            results.equal(get(secure).status, 200, version.name + ": and requests are answered")
            again = secure.session
        if version == NEW:
            results.check(again.id != session.id, "TLS 1.3: each resumption gives a new ticket")
        with Server("--tls", "self-signed") as other:
            with connect(other.port, client, session=session) as secure:
                results.check(not secure.session_reused, version.name + ": no other process knows the key of a ticket")
                results.equal(get(secure).status, 200, version.name + ": a full handshake instead")


def plain_requests(results, server):
    """Who speaks plain HTTP to the port is sent to https, or told so; what was sent along stays unanswered."""
    port = int(server.port)
    host = "127.0.0.1:%d" % port
    for method in ("GET", "HEAD"):
        answer = request(port, method, "/secret/abc?x=1&y=%20z", host=host)
        results.equal(answer.status, 307, method + " is redirected")
        results.equal(answer.header("Location"), "https://%s/secret/abc?x=1&y=%%20z" % host, "to the same place")
        results.equal(answer.header("Connection"), "close", "and the connection ends")
        results.check(answer.header("Strict-Transport-Security") is None, "HSTS is not said over plain HTTP")
    answer = request(port, "GET", "/", host="secrets.example")
    results.equal(answer.header("Location"), "https://secrets.example/", "by the name that was asked for")
    for target in ("/", "/api/v1/share"):
        answer = post_form(port, target, {"secret": "sent in the clear"})
        results.equal(answer.status, 400, "POST is refused")
        results.check(b"TLS" in answer.body, "and told why", answer.body)
    for data, name in (
        (b"POST /api/v1/share HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900000, "a large body"),
        (b"GET / HTTP/1.0\r\n\r\n", "no Host"),
        (b"\x80\x2e\x01\x00\x02" + bytes(40), "SSL 2"),
        (bytes(range(128, 256)), "garbage"),
        (b"\r\n\r\n\r\n", "empty lines"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "an alert"),
    ):
        with Connection(port, 5.0) as connection:
            try:
                connection.send(data)
                connection.finish_sending()
                answer = connection.response()
                results.equal(answer.status, 400, name + ": 400")
            except OSError as reason:
                results.check(name == "empty lines", name + " is answered", reason)
    for data, name in ((b"\x16" + b"GET / HTTP/1.1\r\n\r\n" * 9, "0x16 and text"), (b"\x16\x03\x01\xff\xff", "too long")):
        with socket.create_connection(("127.0.0.1", port), 5.0) as plain:
            plain.sendall(data)
            came = plain.recv(4096)
            results.check(came[:1] in (b"", b"\x15"), name + ": an alert or a close, no text", came)
            results.check(came == b"" or plain.recv(4096) == b"", name + ": the end")
    results.equal(server.request("GET", "/health").status, 200, "all the while others are served")


def slow_handshakes(results):
    """Half a handshake and then silence ends by a time limit; a slow one that goes on does not; others notice nothing."""
    with Server("--tls", "self-signed", "--head-timeout", "2") as server:
        halves = []
        for count in (1, 5, 60):
            half = Records(server.port)
            try:
                half.session.do_handshake()
            except ssl.SSLWantReadError:
                pass
            half.socket.sendall(half.outward.read()[:count])
            halves.append((count, half))
        silent = Records(server.port)
        unfinished = Records(server.port)
        try:
            unfinished.session.do_handshake()
        except ssl.SSLWantReadError:
            unfinished.flush()
        begin = time.monotonic()
        for version in (OLD, NEW):
            with Records(server.port, context(version)) as slow:
                slow.shake(piece=1, pause=0.0005)
                slow.send(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", record=1, piece=1)
                content, end = slow.receive()
                results.check(content.startswith(b"HTTP/1.1 200"), version.name + " byte by byte is served", content)
                results.equal(end, "close_notify", version.name + " byte by byte: it ends in order")
        for count, half in halves + [(0, silent)]:
            half.socket.settimeout(6)
            results.equal(half.socket.recv(100), b"", "%d bytes of a ClientHello and silence: closed" % count)
        unfinished.receive(timeout=4)
        results.check(time.monotonic() - begin < 5, "all within the time limit and a little", time.monotonic() - begin)
        for _ in range(200):
            gone = Records(server.port)
            try:
                gone.session.do_handshake()
            except ssl.SSLWantReadError:
                gone.flush()
            gone.socket.close()
        with Connection(server.port) as connection:
            results.equal(connection.request("GET", "/health").status, 200, "200 that vanished within a handshake")
        with open("/proc/%d/status" % server.pid) as status:
            results.check("Threads:\t1\n" in status.read(), "one thread serves them all")
        time.sleep(0.3)
        left = len(os.listdir("/proc/%d/fd" % server.pid))
        results.check(left < 20, "no descriptor of theirs is left", left)
        results.equal(server.stop(), 0, "SIGTERM exits 0")


def page_and_links(results, server):
    """Links and receipts say https; a form's Origin has to say so, too; HSTS is not said with a self-signed certificate."""
    base = "https://127.0.0.1:%d" % server.port
    made = share(server.port, "over TLS")
    results.check("metadata_url" not in made or made["metadata_url"].startswith(base), "the receipt's link", made)
    fields = {"secret": "from a page", "ttl": "3600", "action": "conceal"}
    answer = post_form(server.port, "/", fields, [("Origin", base)])
    results.equal(answer.status, 303, "a form of a page over https is taken")
    shown = server.request("GET", answer.header("Location").replace(base, ""))
    results.check(base.encode() + b"/secret/" in shown.body, "its link says https", shown.body[:500])
    for origin in ("http://127.0.0.1:%d" % server.port, "https://127.0.0.1", "https://evil.example"):
        answer = post_form(server.port, "/", fields, [("Origin", origin)])
        results.equal(answer.status, 403, "a form of %s is refused" % origin)
    results.check(answer.header("Strict-Transport-Security") is None, "no HSTS with a self-signed certificate")
    caution = b"did not come over an encrypted connection"
    for host, secure in (("secrets.example", True), ("10.0.0.9:99", True), ("localhost", True)):
        page = server.request("GET", "/", host=host)
        results.equal(caution in page.body, not secure, "the page over TLS for %s does not warn of an open line" % host)


def flood_client(folder):
    """Compiles the client that floods. None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return None
    program = os.path.join(folder, "flood")
    source = os.path.join(HERE, "tls_flood.c")
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, "-lssl", "-lcrypto"], check=True)
    return program


def floods(results, server):
    """Key updates and renegotiations without end: others are served meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        program = flood_client(folder)
        if not program:
            results.skip("the floods", "no C compiler")
            return
        for kind, wanted in (
            ("key updates", REFUSED_UPDATE),
            ("answered key updates", REFUSED_UPDATE),
            ("renegotiation", ["no renegotiation"]),
        ):
            client = subprocess.Popen(
                [program, kind, str(int(server.port))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            results.equal(client.stdout.readline().strip(), "ready", kind + ": ready")
            waits = []
            with Connection(server.port) as bystander:
                client.stdin.write("go\n")
                client.stdin.flush()
                while client.poll() is None or not waits:
                    begin = time.monotonic()
                    bystander.request("GET", "/health")
                    waits.append(time.monotonic() - begin)
            outcome, took = client.communicate(timeout=60)[0].splitlines()
            results.check(outcome in wanted, kind + ": what becomes of it", outcome)
            print(
                "    %s: %s ms; meanwhile %d requests of another client, the longest wait %.1f ms"
                % (kind, took, len(waits), 1000 * max(waits))
            )
        results.check(server.alive(), "the server is there after the floods")


def main(results):
    """One server for what leaves it whole, others for the rest."""
    with Server("--tls", "self-signed") as server:
        for test in (versions_and_suites, protocols, resumption, plain_requests, page_and_links, floods):
            results.run(test, results, server)
        for test in tls_transfer.TESTS:
            results.run(test, results, server)
        results.equal(server.stop(), 0, "SIGTERM exits 0")
    results.run(slow_handshakes, results)
    for test in tls_certificates.TESTS + tls_crowd.TESTS + tls_transfer.TESTS_OF_THE_END:
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 300)
