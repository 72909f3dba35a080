"""From start to end: how fast it starts, how little it holds, what it says to wrong options, and how it stops.

python3 Tests/Blackbox/lifecycle.py          about 25 seconds
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path, free_port, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form, receipt, request, reveal, share  # noqa: E402

STARTS = 20
RSS_LIMIT_MIB = float(os.environ.get("ONETIME_RSS_MIB", "10"))
WRONG = [
    ["--nonsense"],
    ["serve", "--nonsense"],
    ["nonsense"],
    ["serve", "more"],
    ["serve", "--listen"],
    ["serve", "--listen", "nowhere"],
    ["serve", "--listen", "127.0.0.1"],
    ["serve", "--listen", "127.0.0.1:"],
    ["serve", "--listen", "127.0.0.1:x"],
    ["serve", "--listen", "127.0.0.1:65536"],
    ["serve", "--listen", "127.0.0.1:-1"],
    ["serve", "--listen", "256.0.0.1:7143"],
    ["serve", "--min-ttl", "soon"],
    ["serve", "--min-ttl", "-1"],
    ["serve", "--min-ttl"],
    ["serve", "--max-attempts", "0"],
    ["serve", "--max-content", "1x"],
    ["serve", "--max-secrets", "99999999999999999999999"],
    ["serve", "--max-bytes", ""],
    ["serve", "--public-url", "not a url"],
    ["serve", "--public-url", "ftp://example.org"],
    ["serve", "--public-url"],
    ["-x"],
    ["--"],
    ["serve", "--listen=127.0.0.1:99999"],
]
WRONG_ENVIRONMENT = [{"PORT": "many"}, {"DEFAULT_TTL": "soon"}, {"SECRET_MAX_LENGTH": "-1"}]


def run(arguments, environment=None, timeout=5.0):
    """Runs the executable to its end; (code, stdout, stderr), code None if it had to be killed."""
    whole = {"PATH": os.environ.get("PATH", "")}
    whole.update(environment or {})
    process = subprocess.Popen(
        [binary_path()] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=whole
    )
    try:
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return None, out.decode(errors="replace"), err.decode(errors="replace")


def starting(results):
    """Start to the first 200, memory when idle, and what is printed."""
    times, sizes = [], []
    for _ in range(STARTS):
        with Server() as server:
            times.append(server.started_in * 1000)
            sizes.append(server.rss_kib() / 1024)
    median = statistics.median(times)
    print(
        "start to the first 200: median %.1f ms of %d (%.1f to %.1f); idle RSS %.1f MiB"
        % (median, STARTS, min(times), max(times), statistics.median(sizes)),
        flush=True,
    )
    results.check(
        statistics.median(sizes) <= RSS_LIMIT_MIB,
        "idle RSS of at most %.0f MiB" % RSS_LIMIT_MIB,
        "%.1f MiB" % statistics.median(sizes),
    )
    with Server() as server:
        share(server.port, "for the log", passphrase="not for the log")
        results.equal(server.stop(), 0, "SIGTERM exits 0")
        try:
            events = server.events()
            results.check(
                len(events) >= 1 and all(isinstance(event, dict) for event in events), "stdout is JSON lines", events
            )
        except ValueError as reason:
            results.check(False, "stdout is JSON lines", "%s: %s" % (reason, server.text("stdout")[:300]))
        printed = server.text("stdout") + server.text("stderr")
        results.check(
            "for the log" not in printed and not re.search(r"\b[0-9a-z]{31}\b", printed),
            "no content, no token is printed",
            printed,
        )


def words(results):
    """--help, --version, and one line for every wrong option."""
    code, out, err = run(["--help"])
    results.check(
        code == 0 and not err and "serve" in out and "--listen" in out, "--help", (code, out[:200], err[:200])
    )
    results.check(max(map(len, out.splitlines())) <= 100, "--help fits a terminal")
    code, out, err = run(["serve", "--help"])
    results.check(code == 0 and "--listen" in out, "serve --help", (code, out[:100], err[:100]))
    code, out, err = run(["--version"])
    results.check(code == 0 and not err and re.fullmatch(r"onetime-lite \S+\n", out), "--version", (code, out, err))
    for arguments in WRONG:
        code, out, err = run(arguments, timeout=2.0)
        name = "wrong: " + " ".join(arguments)
        results.equal(code, 2, name + ": exit code")
        lines = err.strip("\n").split("\n")
        results.check(
            not out and len(lines) == 1 and len(lines[0]) > 10, name + ": one line on stderr", (out[:200], err[:400])
        )
    for environment in WRONG_ENVIRONMENT:
        code, out, err = run(["serve", "--listen", "127.0.0.1:%d" % free_port()], environment, timeout=2.0)
        name = "wrong: " + " ".join("%s=%s" % pair for pair in environment.items())
        results.equal(code, 2, name + ": exit code")
        results.check(
            len(err.strip("\n").split("\n")) == 1 and list(environment)[0] in err,
            name + ": one line that names it",
            err[:300],
        )
    with Server() as server:
        code, out, err = run(["serve", "--listen", "127.0.0.1:%d" % server.port], timeout=3.0)
        results.check(
            code not in (0, None) and len(err.strip("\n").split("\n")) == 1, "a port that is taken", (code, err[:300])
        )
        results.equal(request(server.port, "GET", "/health").status, 200, "the one who has the port goes on")


def checking(results):
    """`check` asks a running server for its health."""
    with Server() as server:
        address = ["--listen", "127.0.0.1:%d" % server.port]
        code, out, err = run(["check"] + address)
        results.equal(code, 0, "check of a running server (%s)" % (out + err)[:200])
        code, _, _ = run(["check"], {"HOST": "127.0.0.1", "PORT": str(server.port)})
        results.equal(code, 0, "check with HOST and PORT")
    code, out, err = run(["check"] + address)
    results.check(code not in (0, None), "check of a server that is gone", (code, out, err))


def ending(results):
    """SIGTERM, SIGINT and SIGQUIT: nothing new is taken, what is in flight is finished, exit code 0, soon."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        with Server() as server:
            share(server.port, "x", passphrase="with one")
            begin = time.monotonic()
            server.signal(number)
            results.equal(server.wait(5), 0, "%s exits 0" % number.name)
            results.check(
                time.monotonic() - begin < 2, "%s in time" % number.name, "%.2f s" % (time.monotonic() - begin)
            )
    with Server() as server:
        idle = Connection(server.port)
        idle.request("GET", "/health")
        body = form({"secret": "in flight"})
        with Connection(server.port) as connection:
            connection.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", str(len(body)))], body[:5]))
            time.sleep(0.2)
            server.signal(signal.SIGTERM)
            time.sleep(0.2)
            results.check(server.alive(), "it waits for the request in flight")
            refused = False
            try:
                with Connection(server.port, 1.0) as late:
                    late.request("GET", "/health")
            except OSError:
                refused = True
            results.check(refused, "nothing new is taken")
            connection.send(body[5:])
            answer = connection.response("POST")
            results.equal(answer.status, 200, "the request in flight is answered")
            results.check(connection.closed(3), "then its connection closes")
        results.equal(server.wait(5), 0, "then it exits 0")
        idle.close()
    with Server() as server:
        key = share(server.port, "slow work", passphrase="with one")["secret_key"]
        with Connection(server.port) as connection:
            connection.send(build("POST", "/api/v1/secret/" + key, [FORM], b"passphrase=with+one"))
            time.sleep(0.02)
            server.signal(signal.SIGTERM)
            results.equal(connection.response("POST").status, 200, "a reveal whose key is being derived is finished")
        results.equal(server.wait(5), 0, "and it exits 0")


def at_once(results):
    """One that is ended as soon as it answers ends well, while its memory is still being prepared."""
    codes = []
    for _ in range(20):
        with Server() as server:
            codes.append(server.stop())
    results.equal(codes, [0] * 20, "SIGTERM right after the start")


def impatient(results):
    """A request that never ends does not hold up the end; a second signal ends it at once."""
    with Server() as server:
        with Connection(server.port) as connection:
            connection.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", "1000")], b"secret=never"))
            time.sleep(0.2)
            begin = time.monotonic()
            server.signal(signal.SIGTERM)
            time.sleep(0.3)
            server.signal(signal.SIGTERM)
            code = server.wait(3)
            results.check(
                code is not None and time.monotonic() - begin < 2,
                "a second signal ends it at once",
                "%s after %.1f s" % (code, time.monotonic() - begin),
            )
    with Server() as server:
        with Connection(server.port) as connection:
            connection.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", "1000")], b"secret=never"))
            time.sleep(0.2)
            begin = time.monotonic()
            server.signal(signal.SIGTERM)
            code = server.wait(40)
            results.check(
                code == 0,
                "the wait for requests in flight is bounded",
                "%s after %.1f s" % (code, time.monotonic() - begin),
            )
            print("waited %.1f s for a request that never ended" % (time.monotonic() - begin), flush=True)


def wiping(results):
    """SIGUSR1: everything is gone, the server goes on."""
    with Server() as server:
        made = [share(server.port, "wiped %d" % number) for number in range(50)]
        with server.connect() as connection:
            connection.request("GET", "/health")
            server.signal(signal.SIGUSR1)
            time.sleep(0.3)
            results.equal(connection.request("GET", "/health").status, 200, "open connections go on")
        for one in made[:10]:
            results.equal(reveal(server.port, one["secret_key"]).status, 404, "nothing is left to reveal")
            answer = receipt(server.port, one["metadata_key"])
            results.check(
                answer.status == 404 or answer.json()["state"] in ("burned", "orphaned"),
                "what the receipt says",
                answer,
            )
        one = share(server.port, "afterwards")
        results.equal(reveal(server.port, one["secret_key"]).json().get("value"), "afterwards", "new secrets work")
        for _ in range(5):
            server.signal(signal.SIGUSR1)
        time.sleep(0.2)
        results.equal(request(server.port, "GET", "/health").status, 200, "five signals in a row")
        server.signal(signal.SIGPIPE)
        time.sleep(0.1)
        results.check(server.alive(), "SIGPIPE is ignored")
        results.equal(server.stop(), 0, "SIGTERM after all that")


def hardened(results):
    """What the kernel says of the process: no new privileges, no core, not dumpable."""
    with Server() as server:
        with open("/proc/%d/status" % server.pid) as status:
            text = status.read()
        results.check(re.search(r"^NoNewPrivs:\s+1$", text, re.M), "no new privileges")
        with open("/proc/%d/limits" % server.pid) as limits:
            results.check(
                re.search(r"^Max core file size\s+0\s+0\b", limits.read(), re.M), "core files are limited to nothing"
            )
        locked = int(re.search(r"^VmLck:\s+(\d+)", text, re.M).group(1))
        results.check(locked > 0, "memory is locked", locked)
        results.check(re.search(r"^VmSwap:\s+0 kB$", text, re.M), "nothing is swapped")
        owner = os.stat("/proc/%d/environ" % server.pid).st_uid
        results.equal(owner, 0, "not dumpable: /proc belongs to root")
        names = [os.readlink("/proc/%d/fd/%s" % (server.pid, one)) for one in os.listdir("/proc/%d/fd" % server.pid)]
        results.check(
            not [name for name in names if "secretmem" in name], "no descriptor of the secret memory is open", names
        )
        files = [
            name
            for name in names
            if name.startswith("/") and not name.startswith("/dev/null") and server.directory not in name
        ]
        results.check(not files, "no file is open", files)


def limited(results):
    """A file that may not grow is a full disk, and no end of the server."""
    wrapper = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
    with Server("--log-requests", "--audit", "stderr", wrapper=wrapper) as server:
        made = share(server.port, "kept")
        results.equal(reveal(server.port, made["secret_key"]).json().get("value"), "kept", "it serves")
        results.equal(server.stop(), 0, "and ends as always")


def certificates(results):
    """Where the certificate cannot be written the log says so, and the end waits for nobody who does not read."""
    full = os.open("/dev/full", os.O_WRONLY)
    source, stalled = os.pipe()
    os.set_blocking(stalled, False)
    try:
        while True:
            os.write(stalled, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(stalled, True)
    for name, descriptor in (("a full disk", full), ("a pipe that nobody reads", stalled)):
        for audit in ("memory", "fd:%d" % descriptor):
            with Server("--certificate", "fd:%d" % descriptor, "--audit", audit, pass_fds=[descriptor]) as server:
                begin = time.monotonic()
                results.equal(server.stop(), 0, "%s, audit to %s: it ends as always" % (name, audit))
                took = time.monotonic() - begin
                results.check(took < 6, "%s, audit to %s: in time" % (name, audit), took)
                told = server.text("stdout")
                results.check("there is no certificate" in told, "%s, audit to %s: and says so" % (name, audit), told[-600:])
    for one in (full, source, stalled):
        os.close(one)


def closed(results):
    """Where the starter closed standard descriptors, nothing that the server opens gets their numbers."""
    with Server(wrapper=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]) as server:
        names = [os.readlink("/proc/%d/fd/%d" % (server.pid, one)) for one in range(3)]
        results.equal(names, ["/dev/null"] * 3, "they lead to nothing")
        results.equal(request(server.port, "GET", "/health").status, 200, "it serves")
        results.equal(server.stop(), 0, "and ends as always")
    port = free_port()
    for option, closing in (("--audit", "stdout"), ("--audit", "stderr"), ("--certificate", "stdout")):
        command = 'exec "$0" "$@" %s' % (">&-" if closing == "stdout" else "2>&-")
        ended = subprocess.run(
            ["sh", "-c", command, binary_path(), "--listen", "127.0.0.1:%d" % port, option, closing], timeout=5
        )
        results.equal(ended.returncode, 2, "%s %s where that is closed: refused" % (option, closing))


def main(results):
    """Each part starts servers of its own."""
    for part in (starting, words, checking, ending, at_once, impatient, wiping, hardened, limited, certificates, closed):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 180)
