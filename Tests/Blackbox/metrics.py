"""Figures and the log: counts add up, nothing that a client chose becomes a label, and nobody waits for the log's reader.

    python3 Tests/Blackbox/metrics.py            about 30 seconds

Figures are read by the parser of PyPI's prometheus_client, and by `promtool` where it is installed.
"""

import importlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path, die_with_parent, free_port, run_suite  # noqa: E402
from onetime_http import Connection, build, burn, receipt, request, reveal, share  # noqa: E402

PARSER = None
CONTENT = "what nobody may see in a log: Wasserfall-7731"
PASSPHRASE = "sesame-of-this-run"
ECS = {
    "@timestamp", "log.level", "ecs.version", "service.name", "message", "event.kind", "event.category", "event.type", "event.action",
    "event.outcome", "event.duration", "http.request.method", "http.request.body.bytes", "url.path",
    "http.response.status_code", "http.response.body.bytes", "http.version", "source.ip", "service.version", "url.full",
    "server.address",
}  # fmt: skip


def install_parser(results, directory):
    """Puts prometheus_client where it can be imported from."""
    global PARSER
    try:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore"]
        subprocess.run(pip + ["--target", directory, "prometheus_client"], check=True, timeout=240)
        sys.path.insert(0, directory)
        PARSER = importlib.import_module("prometheus_client.parser")
    except (OSError, subprocess.SubprocessError, ImportError) as reason:
        results.skip("the parser of prometheus_client", reason)


def read(text):
    """{(name, labels as a sorted tuple): value}, by a parser of our own that takes nothing but the format's plain subset."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? ([0-9.]+)", line).groups()
        pairs = tuple(sorted(re.findall(r'([a-z]+)="([^"]*)"', labels or "")))
        assert (name, pairs) not in samples, line
        samples[(name, pairs)] = float(value)
    return samples


def figures(port):
    """The figures of a server, read."""
    answer = request(port, "GET", "/metrics")
    assert answer.status == 200, answer
    return read(answer.text())


def value(samples, name, **labels):
    """One sample, 0 if it is not there."""
    return samples.get((name, tuple(sorted(labels.items()))), 0)


def requests_of(samples, **labels):
    """How many requests have these labels."""
    wanted = set(labels.items())
    return sum(n for (name, pairs), n in samples.items() if name == "onetime_http_requests_total" and wanted <= set(pairs))


def check_histograms(results, samples):
    """Buckets only grow, the last one is the count, and the sum lies within what they allow."""
    names = {(name[:-7], tuple(p for p in pairs if p[0] != "le")) for name, pairs in samples if name.endswith("_bucket")}
    for base, labels in sorted(names):
        buckets = []
        for (name, pairs), count in samples.items():
            if name == base + "_bucket" and set(labels) <= set(pairs):
                buckets.append((float(dict(pairs)["le"].replace("+Inf", "inf")), count))
        buckets.sort()
        counts = [count for _, count in buckets]
        results.check(len(buckets) == 15 and counts == sorted(counts), "buckets of %s %s grow" % (base, labels), buckets)
        results.equal(samples[(base + "_count", labels)], counts[-1], "the last bucket of %s %s is the count" % (base, labels))
        least = sum((n - m) * low for (low, m), (_, n) in zip(buckets, buckets[1:]) if low != float("inf"))
        results.check(samples[(base + "_sum", labels)] >= least * 0.999, "the sum of %s %s" % (base, labels))


def counts(results):
    """A known mix of requests is counted, each once."""
    with Server("--metrics", "--workers", "1") as server:
        port = server.port
        before = figures(port)
        first, second, third = (share(port, CONTENT), share(port, CONTENT), share(port, CONTENT, passphrase=PASSPHRASE))
        share(port, CONTENT)
        results.equal(reveal(port, first["secret_key"]).json()["value"], CONTENT, "a secret is read")
        results.equal(reveal(port, first["secret_key"]).status, 404, "once")
        burn(port, second["metadata_key"])
        for _ in range(2):
            reveal(port, third["secret_key"], passphrase="wrong")
        receipt(port, third["metadata_key"])
        share(port, CONTENT, ttl=1)
        request(port, "GET", "/secret/" + third["secret_key"])
        request(port, "HEAD", "/")
        request(port, "DELETE", "/")
        request(port, "OPTIONS", "/api/v1/share")
        request(port, "GET", "/nothing/here")
        with Connection(port) as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            results.equal(connection.response().status, 400, "a malformed request")
        with Connection(port) as connection:
            connection.send(b"".join(build("GET", "/health") for _ in range(5)))
            for _ in range(5):
                connection.response()
        time.sleep(1.3)
        answer = request(port, "GET", "/metrics")
        results.equal(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8", "the type of the format")
        after = read(answer.text())

        def grew(name, **labels):
            return value(after, name, **labels) - value(before, name, **labels)

        for expected, name, labels in [
            (5, "created_total", {}), (1, "revealed_total", {}), (1, "ended_total", {"how": "received"}),
            (1, "ended_total", {"how": "burned"}), (1, "ended_total", {"how": "expired"}), (0, "ended_total", {"how": "wiped"}),
        ]:  # fmt: skip
            results.equal(grew("onetime_secrets_" + name, **labels), expected, "%s %s" % (name, labels))
        results.equal(value(after, "onetime_secrets_held"), 2, "two are held")
        results.equal(grew("onetime_wrong_passphrases_total"), 2, "wrong passphrases")
        for expected, labels in [
            (5, {"route": "/api/v1/share", "method": "POST", "status": "2xx"}),
            (1, {"route": "/api/v1/secret/{key}", "method": "POST", "status": "2xx"}),
            (3, {"route": "/api/v1/secret/{key}", "method": "POST", "status": "4xx"}),
            (1, {"route": "/api/v1/private/{key}/burn", "method": "POST", "status": "2xx"}),
            (1, {"route": "/api/v1/private/{key}", "method": "GET", "status": "2xx"}),
            (1, {"route": "/secret/{key}", "method": "GET", "status": "2xx"}),
            (1, {"route": "/", "method": "HEAD", "status": "2xx"}),
            (1, {"route": "/", "method": "other", "status": "4xx"}),
            (1, {"route": "/api/v1/share", "method": "OPTIONS", "status": "2xx"}),
            (1, {"route": "unknown", "method": "GET", "status": "4xx"}),
            (1, {"route": "invalid", "method": "other", "status": "4xx"}),
            (5, {"route": "/health", "method": "GET", "status": "2xx"}),
            (1, {"route": "/metrics", "method": "GET", "status": "2xx"}),
        ]:  # fmt: skip
            results.equal(requests_of(after, **labels) - requests_of(before, **labels), expected, "requests %s" % labels)
        for expected, reason in [(1, "malformed"), (2, "wrong-passphrase"), (1, "unknown"), (1, "method")]:
            results.equal(grew("onetime_refusals_total", reason=reason), expected, "refused: " + reason)
        by_route = {}
        for (name, pairs), count in after.items():
            if name == "onetime_http_requests_total":
                by_route[dict(pairs)["route"]] = by_route.get(dict(pairs)["route"], 0) + count
        for route, count in by_route.items():
            results.equal(value(after, "onetime_http_request_duration_seconds_count", route=route), count, "durations of " + route)
        slow = value(after, "onetime_http_request_duration_seconds_sum", route="/api/v1/secret/{key}")
        results.check(slow > 0.02, "a passphrase takes its time", slow)
        check_histograms(results, after)
        received = grew("onetime_http_received_bytes_total")
        results.check(2000 < received < 10000, "bytes that came", received)
        results.check(grew("onetime_http_sent_bytes_total") > received, "bytes that went")
        with open("/proc/%d/status" % server.pid) as status:
            resident = int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024
        results.check(abs(value(after, "process_resident_memory_bytes") - resident) < 4 << 20, "resident memory")
        results.check(abs(value(after, "process_start_time_seconds") - time.time()) < 60, "the start")
        if ("process_open_fds", ()) in after:
            there = len(os.listdir("/proc/%d/fd" % server.pid))
            results.check(abs(value(after, "process_open_fds") - there) <= 2, "open descriptors", there)
        server.signal(signal.SIGUSR1)
        time.sleep(0.2)
        wiped = figures(port)
        results.equal(value(wiped, "onetime_secrets_ended_total", how="wiped"), 2, "a signal wipes two")
        results.equal(value(wiped, "onetime_secrets_held"), 0, "none is held")
        check_format(results, answer.text())


def check_format(results, text):
    """Others who read the format find nothing wrong with it."""
    helps = re.findall(r"^# HELP (\S+) (.+)$", text, re.M)
    types = dict(re.findall(r"^# TYPE (\S+) (counter|gauge|histogram)$", text, re.M))
    results.equal([name for name, _ in helps], list(types), "each metric has one help and one type")
    for name, kind in types.items():
        results.equal(name.endswith("_total"), kind == "counter", "the name of " + name)
    if PARSER:
        families = list(PARSER.text_string_to_metric_families(text))
        found = {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}
        results.equal(found, read(text), "prometheus_client reads the same")
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60)
        results.equal((checked.returncode, checked.stdout + checked.stderr), (0, ""), "promtool finds nothing")
    else:
        results.skip("promtool", "it is not installed")


def labels(results):
    """Whatever a client sends adds no label value beyond those that are known, and no token is in any of them."""
    with Server("--metrics") as server:
        made = share(server.port, CONTENT)
        hostile = ["/%s" % ("x%d" % n) for n in range(40)]
        hostile += ["/metrics/%d" % n for n in range(5)] + ['/a"b', "/{key}", "/api/v1/%0a", "/secret/../..", "/%22%7D"]
        hostile += ["/secret/" + made["secret_key"], "/receipt/" + made["metadata_key"], "/assets/../" + made["secret_key"]]
        for number, path in enumerate(hostile):
            for method in ("GET", "POST", "PATCH", "TRACE", "FROB%d" % number):
                with Connection(server.port) as connection:
                    connection.send(("%s %s HTTP/1.1\r\nHost: evil%d.example\r\n\r\n" % (method, path, number)).encode())
                    connection.response()
        text = request(server.port, "GET", "/metrics").text()
        samples = read(text)
        routes = {dict(pairs)["route"] for _, pairs in samples if "route" in dict(pairs)}
        results.check(
            routes <= {"invalid", "unknown", "/health", "/metrics", "/api/v1/share", "/secret/{key}", "/receipt/{key}", "/"},
            "routes are those of a table", routes,
        )  # fmt: skip
        methods = {dict(pairs)["method"] for _, pairs in samples if "method" in dict(pairs)}
        results.check(methods <= {"GET", "HEAD", "POST", "OPTIONS", "other"}, "methods are those of a table", methods)
        for word in (made["secret_key"], made["metadata_key"], "evil", "127.0.0.1", "FROB", "x1"):
            results.check(word not in text, "no %s in the figures" % word)
        check_format(results, text)


def ports(results):
    """Figures are on no port unless asked for, and on a port of their own not on the main one."""
    with Server() as server:
        results.equal(request(server.port, "GET", "/metrics").status, 404, "no figures without being asked")
    own = free_port()
    with Server("--metrics", "--metrics-listen", "127.0.0.1:%d" % own, "--max-connections", "16") as server:
        results.equal(request(server.port, "GET", "/metrics").status, 404, "not on the main port as well")
        results.equal(request(own, "GET", "/health").status, 200, "/health on the port of its own")
        for path in ("/", "/api/v1/status", "/secret/abc", "/robots.txt"):
            results.equal(request(own, "GET", path).status, 404, "nothing else there: " + path)
        results.equal(request(own, "POST", "/metrics").status, 405, "nothing to be posted there")
        results.equal(request(own, "HEAD", "/metrics").status, 200, "HEAD")
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
        time.sleep(0.2)
        samples = figures(own)
        results.check(value(samples, "onetime_connections_open") >= 17, "figures while all connections are taken")
        results.check(value(samples, "onetime_accept_pauses_total", reason="connection_limit") >= 1, "which is told")
        for member in crowd:
            member.close()
        crowd = [socket.create_connection(("127.0.0.1", own)) for _ in range(40)]
        time.sleep(0.2)
        results.equal(request(server.port, "GET", "/health").status, 200, "a crowd there keeps nobody from the main port")
        for member in crowd:
            member.close()
        time.sleep(0.2)
        with Connection(own) as kept:
            for _ in range(3):
                results.equal(kept.request("GET", "/metrics").status, 200, "a scraper keeps its connection")
            results.equal(server.stop(), 0, "and the server ends all the same")
    with Server("--tls", "self-signed", "--metrics-listen", "127.0.0.1:%d" % own) as server:
        results.equal(request(own, "GET", "/metrics").status, 200, "without TLS where the main port speaks it")
        with Server(min_ttl=None) as other:
            process = subprocess.run(
                [binary_path(), "--listen", "127.0.0.1:%d" % free_port(), "--metrics-listen", "127.0.0.1:%d" % other.port],
                capture_output=True, text=True, timeout=20,
            )  # fmt: skip
            results.check(
                process.returncode == 1 and "cannot show figures on 127.0.0.1" in process.stderr, "a port that is taken", process
            )


def log_lines(results):
    """A request is one line with the names of ECS, and nothing of it is a secret or leads to one."""
    with Server("--log-requests", "--log-source", environment={"LOG_LEVEL": "debug"}) as server:
        port = server.port
        made = share(port, CONTENT, passphrase=PASSPHRASE)
        reveal(port, made["secret_key"], passphrase="not-" + PASSPHRASE)
        reveal(port, made["secret_key"], passphrase=PASSPHRASE)
        receipt(port, made["metadata_key"])
        for path in ("/secret/", "/receipt/", "/", "/api/v1/private/", "/secret/x/"):
            request(port, "GET", path + made["secret_key"] + "?token=" + made["metadata_key"])
        request(port, "GET", "/assets/1/style.css")
        with Connection(port) as connection:
            connection.send(b"BROKEN " + made["secret_key"].encode() + b"\r\n\r\n")
            connection.response()
        large = share(port, "x" * 15_000_000)
        with Connection(port) as connection:
            connection.send(build("POST", "/api/v1/secret/" + large["secret_key"], body=b""))
            connection._take(200_000)
        time.sleep(0.3)
        results.equal(server.stop(), 0, "ends well")
        lines = [line for line in server.events() if line.get("event.action") == "request"]
        names = {name for line in server.events() for name in line if not name.startswith("onetime.")}
        results.check(names <= ECS, "names are those of ECS", names - ECS)
        first = next(line for line in lines if line.get("url.path") == "/api/v1/share")
        results.check(1000 <= first["event.duration"] < 10**10, "a duration in nanoseconds", first)
        results.equal(
            [first[name] for name in ("http.request.method", "http.response.status_code", "http.version", "source.ip")],
            ["POST", 200, "1.1", "127.0.0.1"], "what a line says",
        )  # fmt: skip
        results.check(first["http.response.body.bytes"] > 100 and first["http.request.body.bytes"] > 50, "sizes", first)
        levels = {line.get("url.path"): line["log.level"] for line in lines}
        results.equal((levels["/health"], levels["/assets/{file}"], levels["/secret/{key}"]), ("debug", "debug", "info"), "levels")
        cut = [line for line in lines if line["http.response.body.bytes"] > 50_000]
        results.check(len(cut) == 1 and cut[0]["event.outcome"] == "failure", "an answer that was cut off", cut)
        everything = server.text("stdout") + server.text("stderr")
        for word in (CONTENT, "Wasserfall", PASSPHRASE, made["secret_key"], made["metadata_key"], large["secret_key"]):
            results.check(word not in everything and word[:12] not in everything, "the log does not know " + word)
    with Server() as server:
        share(server.port, CONTENT)
        server.stop()
        actions = [line.get("event.action") for line in server.events()]
        results.equal((actions[0], actions[-1], "request" in actions), ("start", "stop", False), "no lines unless asked for")
    with Server("--log-requests", "--log-level", "error") as server:
        share(server.port, CONTENT)
        server.stop()
        results.equal(server.text("stdout"), "", "nothing went wrong, so nothing is said")
    with Server("--log-requests", "--log-format", "text") as server:
        share(server.port, CONTENT)
        server.stop()
        pattern = r"^\S+Z info POST /api/v1/share 200 [0-9.]+ ms [0-9]+ B$"
        results.check(re.search(pattern, server.text("stdout"), re.M), "text where it is asked for", server.text("stdout"))
        results.check("\x1b" not in server.text("stdout"), "no colours in a file")
    for arguments in (["--log-level", "loud"], ["--log-format", "xml"], ["--metrics-listen", "9000"], ["--log-source"]):
        process = subprocess.run([binary_path()] + arguments, capture_output=True, timeout=20)
        results.check(process.returncode == 2 and process.stderr, "refused: " + " ".join(arguments))


def lost_messages(results):
    """Messages that no receiver got are counted, and told when that begins and at the end."""
    silent = socket.create_server(("127.0.0.1", 0))
    target = "http://127.0.0.1:%d/" % silent.getsockname()[1]
    options = ("--audit", "memory", "--metrics", "--webhook", target, "--webhook-allow-private", "--webhook-queue", "16k")
    with Server(*options, "--outbound-drain", "0", environment={"WEBHOOK_SECRET": "0123456789abcdef"}) as server:
        for _ in range(200):
            share(server.port, b"x")
            time.sleep(0.002)  # what hands lines on has its turn, however busy the machine is
        samples = figures(server.port)
        lines = value(samples, "onetime_audit_lines_total")
        dropped = value(samples, "onetime_outbound_dropped_total", to="webhook")
        results.check(lines > 200, "the lines of the audit log are counted", lines)
        results.check(100 < dropped < lines, "and those that never went out", (dropped, lines))
        results.equal(value(samples, "onetime_outbound_delivered_total", to="webhook"), 0, "none arrived")
        results.equal(value(samples, "onetime_audit_lines_dropped_total"), 0, "the log itself lost none")
        told = [event["message"] for event in server.events() if event.get("event.action") == "webhook"]
        results.equal(len([text for text in told if "not all" in text]), 1, "the log tells it once: %s" % told)
        results.equal(server.stop(), 0, "the server ends")
        told = [event["message"] for event in server.events() if event.get("event.action") == "webhook"]
        results.check("got 0 messages" in told[-1] and "dropped" in told[-1], "and tells how many were lost: %s" % told[-1])
    silent.close()


def on_terminal(**environment):
    """What a server writes to a terminal."""
    port = free_port()
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [binary_path(), "--listen", "127.0.0.1:%d" % port, "--log-requests"], stdin=subprocess.DEVNULL, stdout=slave,
        stderr=subprocess.DEVNULL, env=dict({"PATH": "/usr/bin:/bin", "TERM": "xterm"}, **environment), preexec_fn=die_with_parent,
    )  # fmt: skip
    os.close(slave)
    text = b""
    deadline = time.monotonic() + 10
    while b"listening" not in text and time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            text += os.read(master, 65536)
    share(port, CONTENT)
    request(port, "GET", "/nothing")
    time.sleep(0.2)
    process.terminate()
    process.wait(10)
    while select.select([master], [], [], 0.1)[0]:
        try:
            text += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    return text.decode()


def terminal(results):
    """On a terminal lines are words in colours, without JSON; NO_COLOR takes the colours away."""
    text = on_terminal()
    results.check("POST /api/v1/share \x1b[32m200\x1b[0m " in text, "a success is green", text)
    results.check("GET - \x1b[33m404\x1b[0m " in text and '{"' not in text, "a miss is yellow, and nothing is JSON", text)
    results.check("stopped; everything is wiped" in text, "the last words", text)
    text = on_terminal(NO_COLOR="1")
    results.check("POST /api/v1/share 200 " in text and "\x1b" not in text, "NO_COLOR", text)
    results.check("\x1b" not in on_terminal(TERM="dumb"), "a dumb terminal")
    results.check('"http.request.method":"POST"' in on_terminal(LOG_FORMAT="json"), "JSON where it is asked for")


def stalled(results):
    """A reader who stops reading slows nobody down; what he missed is counted, and told once he reads again."""
    for kind in ("pipe", "socket"):
        port = free_port()
        if kind == "pipe":
            reading, writing = os.pipe()
        else:
            ours, theirs = socket.socketpair()
            reading, writing = ours.detach(), theirs.detach()
        process = subprocess.Popen(
            [binary_path(), "--listen", "127.0.0.1:%d" % port, "--log-requests", "--metrics"], stdin=subprocess.DEVNULL,
            stdout=writing, env={"PATH": "/usr/bin:/bin"}, preexec_fn=die_with_parent,
        )  # fmt: skip
        os.close(writing)
        select.select([reading], [], [], 10)
        slowest, sent = 0.0, 4000
        with Connection(port) as connection:
            for _ in range(sent):
                begin = time.monotonic()
                assert connection.request("GET", "/api/v1/status").status == 200
                slowest = max(slowest, time.monotonic() - begin)
            results.check(slowest < 0.5, "the slowest request while nobody reads the %s" % kind, slowest)
        dropped = value(figures(port), "onetime_log_lines_dropped_total")
        results.check(0 < dropped < sent, "lines are dropped, and counted", dropped)
        os.set_blocking(reading, False)
        text, deadline = b"", time.monotonic() + 5
        while b"onetime.log.dropped" not in text and time.monotonic() < deadline:
            if select.select([reading], [], [], 0.2)[0]:
                text += os.read(reading, 1 << 20)
        lines = [json.loads(line) for line in text.decode().splitlines()]
        there = sum(1 for line in lines if line.get("url.path") == "/api/{version}/status")
        told = sum(int(line.get("onetime.log.dropped", 0)) for line in lines)
        results.equal(there + told, sent, "each line is there or told of")
        begin = time.monotonic()
        process.terminate()
        results.equal(process.wait(10), 0, "ends well")
        os.close(reading)
    # Nobody reads, and nobody ever will.
    reading, writing = os.pipe()
    port = free_port()
    process = subprocess.Popen(
        [binary_path(), "--listen", "127.0.0.1:%d" % port, "--log-requests"], stdin=subprocess.DEVNULL, stdout=writing,
        env={"PATH": "/usr/bin:/bin"}, preexec_fn=die_with_parent,
    )  # fmt: skip
    os.close(writing)
    select.select([reading], [], [], 10)
    with Connection(port) as connection:
        for _ in range(1000):
            connection.request("GET", "/api/v1/status")
    begin = time.monotonic()
    process.terminate()
    results.equal(process.wait(10), 0, "ends although its last words find no reader")
    results.check(time.monotonic() - begin < 3, "soon", time.monotonic() - begin)
    os.close(reading)


def main(results):
    """All of it."""
    directory = tempfile.mkdtemp(prefix="onetime-metrics-")
    try:
        install_parser(results, directory)
        for body in (counts, labels, ports, lost_messages, log_lines, terminal, stalled):
            results.run(body, results)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 300)
