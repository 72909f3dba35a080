"""The audit log and the certificate of destruction, as an operator meets them.

Chains are made and checked here by a second implementation, in Python. What the README says about `openssl pkeyutl` is run as it
stands there.

    python3 Tests/Blackbox/audit.py          about 45 seconds
"""

import fcntl
import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from keys import bearer, keygen  # noqa: E402
from onetime_harness import REPOSITORY, Server, binary_path, die_with_parent, free_port, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, burn, form, post_form, request, reveal, share  # noqa: E402

EVENTS = 1000000
# Of fcntl; Python has a name for it from 3.10 on.
F_GETPIPE_SZ = 1032
FIELD = b',"event.hash":"'
HEAD = '{"@timestamp":"2026-11-27T06:%02d:%02d.%03dZ","event.dataset":"onetime.audit","event.sequence":%d,'
MIDDLE = '"ecs.version":"8.17.0","service.name":"onetime-lite","event.kind":"event",'
KEY = "MCowBQYDK2VwAyEAvgiaEToGc/FEf+mg5eyv8IlaygoHNSzu/QPc4OzjV7c="
REVEAL = (
    '"event.category":["api"],"event.type":["access"],"event.action":"reveal","event.outcome":"success",'
    '"source.ip":"203.0.113.%d","onetime.secret":"%016x"'
)
BEGIN = (
    '"event.category":["process"],"event.type":["start"],"event.action":"start","event.outcome":"success",'
    '"service.version":"0.1.0","server.address":"127.0.0.1:7143","onetime.memory":"mlock","onetime.public_key":"%s"' % KEY
)


def chained(previous, body):
    """A line with its hash, and that hash."""
    digest = hashlib.sha256(previous + body).digest()
    return body + FIELD + digest.hex().encode() + b'"}\n', digest


def make_chain(count):
    """The lines of a log with so many events."""
    lines, previous = [], bytes(32)
    for number in range(count):
        head = HEAD % (number // 60000 % 60, number // 1000 % 60, number % 1000, number)
        rest = REVEAL % (number % 256, number * 0x9E3779B97F4A7C15 % 2**64) if number else BEGIN
        line, previous = chained(previous, (head + MIDDLE + rest).encode())
        lines.append(line)
    return lines


def audit_lines(data):
    """The lines of the log within a stream."""
    return [line + b"\n" for line in data.split(b"\n") if b'"event.dataset":"onetime.audit"' in line]


def verify(*arguments, given=None):
    """Exit code and both outputs of `onetime-lite verify`."""
    done = subprocess.run(
        [binary_path(), "verify", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def a_million_events(results, directory):
    """The largest log, whole and then with one thing wrong at a time."""
    lines = make_chain(EVENTS)
    path = os.path.join(directory, "million.ndjson")
    with open(path, "wb") as file:
        file.writelines(lines)
    best = 99.0
    for _ in range(3):
        before = os.times().children_user + os.times().children_system
        code, text = verify(path)
        best = min(best, os.times().children_user + os.times().children_system - before)
        results.equal(code, 0, "a million events are whole")
        results.check("%d events" % EVENTS in text, "their number is told", text)
    print("verify: %d events, %.0f MB, %.2f s of CPU; a quiet machine takes 1 to 1.4" % (EVENTS, os.path.getsize(path) / 1e6, best), flush=True)

    def tampered(place, kind):
        if kind == "changed":
            bytes_of_line = bytearray(lines[place])
            bytes_of_line[random.randrange(230, len(bytes_of_line) - 90)] ^= 1
            return lines[:place] + [bytes(bytes_of_line)] + lines[place + 1 :], place + 1
        if kind == "removed":
            return lines[:place] + lines[place + 1 :], place + 1
        if kind == "swapped":
            return lines[:place] + [lines[place + 1], lines[place]] + lines[place + 2 :], place + 1
        return lines[:place] + [lines[place // 2]] + lines[place:], place + 1

    words = {"changed": "was changed", "removed": "missing", "swapped": "stands where", "inserted": "was inserted"}
    for kind, word in words.items():
        for _ in range(2):
            place = random.randrange(2, EVENTS - 2)
            other, line = tampered(place, kind)
            with open(path, "wb") as file:
                file.writelines(other)
            code, text = verify(path)
            results.equal(code, 1, "%s at %d is found" % (kind, place))
            results.check("line %d:" % line in text and word in text, "%s: line and reason are named" % kind, text)
    os.remove(path)


def small_tampering(results):
    """Every kind at every place of a short log, by standard input."""
    lines = make_chain(40)
    results.equal(verify(given=b"".join(lines))[0], 0, "a short log is whole")
    for place in range(1, 39):
        for name, other in (
            ("removed", lines[:place] + lines[place + 1 :]),
            ("swapped", lines[:place] + [lines[place + 1], lines[place]] + lines[place + 2 :]),
            ("inserted", lines[:place] + [lines[place - 1]] + lines[place:]),
            ("cut within", lines[:place] + [lines[place][:-30] + b"\n"] + lines[place + 1 :]),
        ):
            code, text = verify(given=b"".join(other))
            results.check(code == 1 and "line " in text, "%s at %d" % (name, place), text)
    for foreign in (b"\n", b"hello\n", b"x" * 70000 + b"\n", b"x" * 300000):
        results.equal(verify(given=lines[0] + foreign)[0], 1, "foreign lines are refused")
    results.equal(verify(given=b"".join(lines[5:]))[0], 1, "a log without its beginning is refused")
    results.equal(verify("--partial", given=b"".join(lines[5:]))[0], 3, "or taken on trust")
    results.equal(verify("/nonexistent")[0], 2, "a file that is not there")
    results.equal(verify("--nonsense")[0], 2, "an option that is none")


def session(results, directory):
    """A server's own log and certificate."""
    with Server("--audit", "stdout,memory", "--certificate", "stdout") as server:
        sent = [share(server.port, "secret=%d" % number) for number in range(3)]
        reveal(server.port, sent[0]["secret_key"])
        burn(server.port, sent[1]["metadata_key"])
        time.sleep(0.1)
        running = server.text("stdout")
        results.check('"event.action":"start"' in running.split("\n")[0], "the first line is there at once", running)
        results.equal(server.stop(), 0, "it stops")
        stream = server.text("stdout").encode()
    path = os.path.join(directory, "log.ndjson")
    with open(path, "wb") as file:
        file.write(stream)
    lines = audit_lines(stream)
    previous = bytes(32)
    for line in lines:
        body = line[: line.index(FIELD)]
        expected, previous = chained(previous, body)
        results.equal(line, expected, "the second implementation makes the same hash")
    results.equal([json.loads(line)["event.action"] for line in lines[-2:]], ["shutdown-wipe", "stop"], "its end")
    results.equal(verify(path)[0], 0, "the stream is whole, among other lines")
    code, text = verify(path, "--certificate", path)
    results.equal(code, 3, "the certificate fits, but anybody could have made it")
    results.check("Whose key it is was not checked" in text and "It ends as the certificate says" in text, "and that is said", text)
    results.equal(verify("--certificate", path)[0], 3, "alone, too")
    for fact in ("created: 3", "revealed: 1", "burned: 1", "wiped: 1", "held: 0", "final: true"):
        results.check(fact + "\n" in text, "it says " + fact, text)
    with open(binary_path(), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    results.check("executable sha256: " + digest in text, "and which program it was", text)
    for token in (reply[name] for reply in sent for name in ("secret_key", "metadata_key")):
        results.check(token.encode() not in stream, "no token is in the log")
    key = json.loads(lines[0])["onetime.public_key"]
    results.equal(verify(path, "--certificate", path, "--public-key", key)[0], 0, "the key is the one that was printed")
    results.equal(verify("--certificate", path, "--public-key", key)[0], 0, "alone, too")
    results.equal(verify(path, "--certificate", path, "--public-key", KEY)[0], 1, "another key is refused")
    cut = os.path.join(directory, "cut.ndjson")
    with open(cut, "wb") as file:
        file.writelines(lines[:-1])
    code, text = verify(cut)
    results.check(code == 0 and "do not end with a stop" in text, "a cut tail is not seen without a certificate", text)
    code, text = verify(cut, "--certificate", path)
    results.check(code == 1 and "cut off" in text, "and is seen with it", text)
    by_readme(results, directory, stream, key)


def by_readme(results, directory, stream, key):
    """The commands of the README, as they stand there."""
    with open(os.path.join(REPOSITORY, "README.md")) as file:
        section = file.read().split("### Certificate of destruction")[1].split("\n### ")[0].split("\n## ")[0]
    commands = [line[2:] for line in section.split("\n") if re.match(r"\$ (?!.{,6}onetime-lite|curl )", line)]
    results.check(len(commands) >= 4, "the README has the commands", commands)
    with open(os.path.join(directory, "certificate.json"), "wb") as file:
        file.writelines(line + b"\n" for line in stream.split(b"\n") if b"onetime.certificate" in line)

    def run(some):
        script = "set -e\nKEY='%s'\n%s\n" % (key, "\n".join(some))
        return subprocess.run(
            ["bash", "-c", script], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30
        )

    done = run(commands)
    results.equal(done.returncode, 0, "openssl verifies it")
    results.check(b"Signature Verified Successfully" in done.stdout, "and says so", done.stdout)
    statement = os.path.join(directory, "statement.json")
    with open(statement, "rb") as file:
        original = file.read()
    results.equal(json.loads(original)["created"], 3, "the statement is JSON")
    for place in random.sample(range(len(original)), 10):
        with open(statement, "wb") as file:
            file.write(original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :])
        results.check(run(commands[-1:]).returncode != 0, "not with byte %d changed" % place)
    other = stream.replace(b'onetime.signature":"', b'onetime.signature":"AAAA', 1)
    results.equal(verify("--certificate", "-", given=other)[0], 1, "nor does our own check take a changed signature")


def wait_for(port):
    """Waits until a server that was started without `Server` answers; 10 seconds at most."""
    for _ in range(500):
        try:
            if request(port, "GET", "/health").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.02)


def read_all(reader, seconds):
    """What comes until the end, or until nothing came for so long."""
    taken = b""
    while select.select([reader], [], [], seconds)[0]:
        part = os.read(reader, 65536)
        if not part:
            break
        taken += part
    return taken


def stalled_receiver(results, directory):
    """A pipe that nobody reads delays neither requests nor the end, and the log says what is missing."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    port = free_port()
    with open(os.path.join(directory, "out"), "wb") as out:
        process = subprocess.Popen(
            [binary_path(), "--port", str(port), "--audit-queue", "4096"]
            + ["--audit", "fd:%d" % writer, "--certificate", "fd:%d" % writer],
            stdout=out,
            pass_fds=[writer],
            preexec_fn=die_with_parent,
        )
    os.close(writer)
    wait_for(port)
    # SIGUSR1 is what is sure to be written down.
    for _ in range(1000):
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.001)
    results.equal(request(port, "GET", "/health").status, 200, "it answers while the receiver stalls")
    taken = read_all(reader, 1.5)
    process.send_signal(signal.SIGUSR1)
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    taken += read_all(reader, 10)
    results.equal(process.wait(10), 0, "it ends in order")
    key = json.loads(taken.split(b"\n")[0])["onetime.public_key"]
    code, text = verify("--certificate", "-", "--public-key", key, given=taken)
    results.equal(code, 0, "the certificate came by the same descriptor")
    code, text = verify(given=taken)
    results.check(code == 3 and "missing where the log itself says so" in text, "the log says what is missing", text)
    results.check("too slow, fd:%d." % writer in text, "and to whom", text)
    results.equal(verify("--sink", "fd:%d" % writer, given=taken)[0], 3, "this was its file")
    code, text = verify("--sink", "stdout", given=taken)
    results.check(code == 1 and "another receiver" in text, "it excuses nothing in the file of another one", text)
    gap = [line for line in taken.split(b"\n") if b'"event.action":"gap"' in line]
    results.check(len(gap) >= 1, "in a line of its own", taken[-2000:])
    without = b"\n".join(line for line in taken.split(b"\n") if line not in gap)
    results.equal(verify(given=without)[0], 1, "without which it is a gap like any other")
    os.close(reader)


def several_receivers(results):
    """Whoever reads only at the end gets all of what waits for him, though another one stalls; only a pipe of its own is made to hold
    more."""
    (near, shared), (far, stalled), (peer, own) = os.pipe(), os.pipe(), socket.socketpair()
    sinks = "fd:%d,stdout,fd:%d" % (stalled, own.fileno())
    port = free_port()
    process = subprocess.Popen(
        [binary_path(), "--port", str(port), "--audit", sinks, "--audit-queue", "1M"],
        stdout=shared,
        pass_fds=[stalled, own.fileno()],
        preexec_fn=die_with_parent,
    )
    os.close(shared)
    os.close(stalled)
    own.close()
    taken = {near: [], peer.fileno(): []}

    def keep_reading(descriptor):
        while part := os.read(descriptor, 65536):
            taken[descriptor].append(part)

    readers = [threading.Thread(target=keep_reading, args=[descriptor], daemon=True) for descriptor in taken]
    wait_for(port)
    results.check(fcntl.fcntl(far, F_GETPIPE_SZ) > fcntl.fcntl(near, F_GETPIPE_SZ), "a pipe of its own holds more")
    one = build("POST", "/api/v1/share", [FORM], form({"secret": "x"}), "127.0.0.1:%d" % port)
    for _ in range(10):
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for connection in crowd:
            connection.sendall(one * 10)
        for connection in crowd:
            text = b""
            while text.count(b"HTTP/1.1 200") < 10:
                text += connection.recv(65536) or b"HTTP/1.1 200" * 10
            connection.close()
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    for reader in readers:
        reader.start()
    results.equal(process.wait(10), 0, "it ends in order")
    results.check(time.monotonic() - begin < 5, "and soon", time.monotonic() - begin)
    for reader in readers:
        reader.join(5)
    for descriptor, name in ((near, "stdout"), (peer.fileno(), "a socket")):
        lines = audit_lines(b"".join(taken[descriptor]))
        results.equal(verify(given=b"".join(lines)), (0, "The chain is whole: %d events.\n" % len(lines)), name + " got all")
        results.check(len(lines) > 2000 and b'"event.action":"stop"' in lines[-1], "to the end", len(lines))
    os.close(near)
    os.close(far)
    peer.close()


def options(results):
    """What is refused, and what is off costs nothing."""
    for arguments in (["--audit", "file.log"], ["--audit", "fd:77"], ["--audit-addresses", "some"], ["--certificate", "x"]):
        done = subprocess.run(
            [binary_path(), "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10
        )
        results.equal(done.returncode, 2, " ".join(arguments) + " is refused")
        results.check(len(done.stderr.splitlines()) == 1, "in one line", done.stderr)
    with Server() as server:
        server.stop()
        text = server.text("stdout") + server.text("stderr")
    results.check("audit" not in text and "certificate" not in text, "nothing is said of either by default", text)
    with Server("--certificate", "stderr") as server:
        server.stop()
        results.check("onetime.certificate" in server.text("stderr"), "a certificate without a log")
        results.check("audit_head" not in server.text("stderr"), "says nothing of one")


def configuration(results, directory):
    """What was set and where is in the log, and nothing of it that is or may hold a secret."""
    secret = "a-secret-that-no-log-may-hold"
    digits = "0123456789abcdef" * 4
    path = os.path.join(directory, "lite.conf")
    with open(path, "w") as file:
        file.write("syslog = syslog+udp://collector.%s.example\ncreations-per-minute = 7\n" % secret)
    environment = {
        "WEBHOOK": "https://hooks.example/services/%s?key=%s" % (secret, secret),
        "WEBHOOK_SECRET": secret,
        "API_KEYS": "name=ci id=abcdefgh sha256=" + digits,
        "ONETIME_USER": "somebody",
        "ONETIME_APITOKEN": secret,
        "MISSES_PER_MINUTE": "8",
    }
    with Server("--config", path, "--audit", "stderr", "--name-server", "127.0.0.1:9", environment=environment) as server:
        server.stop()
        lines = [json.loads(line) for line in audit_lines(server.text("stderr").encode())]
        whole = server.text("stderr") + server.text("stdout")
    told = [line["message"] for line in lines if line["event.action"] == "configuration"]
    results.equal(len(told), 1, "the configuration is told at the start")
    results.equal([line["onetime.count"] for line in lines if line["event.action"] == "configuration"], [1], "in one line")
    for part in (
        "webhook=*** (variable WEBHOOK)",
        "syslog=*** (%s:1)" % path,
        "creations-per-minute=7 (%s:2)" % path,
        "misses-per-minute=8 (variable MISSES_PER_MINUTE)",
        "name-server=127.0.0.1:9 (flag)",
    ):
        results.check(part in told[0], "told: " + part, told)
    results.check(secret not in whole and digits not in whole, "no secret in any line", whole)


def long_configuration(results):
    """However much was set, all of it is in the log, in lines that are not cut and say how many they are."""
    networks = ",".join("10.%d.0.0/16" % number for number in range(120))
    hosts = ["host-%d.example" % number for number in range(60)]
    arguments = ["--trusted-proxies", networks]
    for host in hosts:
        arguments += ["--allow-host", host]
    with Server("--audit", "stdout", *arguments) as server:
        server.stop()
        lines = [json.loads(line) for line in audit_lines(server.text("stdout").encode())]
    told = [line for line in lines if line["event.action"] == "configuration"]
    results.check(len(told) > 3, "it takes several lines", len(told))
    results.equal({line["onetime.count"] for line in told}, {len(told)}, "each says how many")
    results.check(max(len(line["message"]) for line in told) <= 512, "none is too long")
    whole = "".join(line["message"] for line in told)
    results.check("trusted-proxies=" + networks + " (flag)" in whole, "the networks are there to the last", whole)
    missing = [host for host in hosts if host not in whole]
    results.equal(missing, [], "and all hosts")
    results.check("audit=stdout (flag)" in whole, "and what is short")
    for typed in (["serve", "--port", "0"], ["--port", "0"], ["serve"], ["check"], ["keygen"], []):
        done = subprocess.run(
            [binary_path(), *typed, "a-secret-word"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10
        )
        results.check(done.returncode == 2 and b"secret-word" not in done.stdout, "what is typed is not repeated", done.stdout)


def wrong_passphrases(results):
    """Each wrong passphrase has its line, also one that turns out to be wrong after the secret's end; the burning that comes of it
    has the next one, and none of them is a refusal besides."""
    admin, line = keygen("operator", "--scopes", "admin")
    wrong, burned, gone = ("wrong-passphrase", "passphrase"), ("burn", "tries"), ("refused", "unknown")
    with Server("--audit", "stdout", "--max-attempts", "2", environment={"API_KEYS": line}) as server:
        port = server.port
        proof = re.search(r'name="form_token" value="([^"]+)"', request(port, "GET", "/").text())[1]

        def make(**fields):
            made = share(port, "x", passphrase="swordfish", **fields)
            made["ends"] = time.monotonic() + made["secret_ttl"]
            time.sleep(0.1)
            line = json.loads(audit_lines(server.text("stdout").encode())[-1])
            return dict(made, number=line["event.sequence"], secret=line["onetime.secret"])

        def told(made):
            """Action and rule of what the log has about a secret, or about none, since it was made."""
            time.sleep(0.1)
            lines = [json.loads(line) for line in audit_lines(server.text("stdout").encode())]
            lines = [line for line in lines if line["event.sequence"] > made["number"]]
            lines = [line for line in lines if line.get("onetime.secret", made["secret"]) == made["secret"]]
            return [(line["event.action"], line.get("rule.name")) for line in lines if line["event.action"] != "key-use"]

        for name, ask in (
            ("API", lambda one: reveal(port, one["secret_key"], passphrase="wrong")),
            ("page", lambda one: post_form(port, "/secret/" + one["secret_key"], {"form_token": proof, "passphrase": "wrong"})),
            ("burning", lambda one: burn(port, one["metadata_key"], passphrase="wrong")),
        ):
            made = make()
            for lines in ([wrong], [wrong, wrong, burned], [wrong, wrong, burned, gone]):
                ask(made)
                results.equal(told(made), lines, name + ": each try, then what came of the last; what is gone takes none")

        def send(connection, made):
            target = "/api/v1/secret/" + made["secret_key"]
            body = form({"passphrase": "wrong"})
            connection.send(build("POST", target, [FORM], body, "127.0.0.1:%d" % port))

        made = make()
        with Connection(port) as first, Connection(port) as second:
            for connection in (first, second):
                send(connection, made)
            statuses = [connection.response("POST").status for connection in (first, second)]
        results.equal((statuses, told(made)), ([404, 404], [wrong, wrong, burned]), "two tries at the same time are two")

        def end_meanwhile(end, **fields):
            """What the log says of a secret that ended while a passphrase was tried on it, which others before it kept waiting."""
            for _ in range(5):
                busy, made = make(), make(**fields)
                with Connection(port) as first, Connection(port) as second, Connection(port) as connection:
                    for other in (first, second):
                        send(other, busy)
                    end(made["ends"], lambda: send(connection, made))
                    results.equal(connection.response("POST").status, 404, "it is refused")
                is_late = time.monotonic() > made["ends"] + 0.02
                lines = told(made)
                # The machine may have been so busy that the try came before or after it all.
                if wrong in lines and (is_late or lines[0] != wrong):
                    return sorted(lines)
            return "never so in five times", lines

        def burn_all(_, send_try):
            send_try()
            time.sleep(0.02)
            answer = post_form(port, "/api/burn", {"all": "true", "confirm": "yes"}, [bearer(admin)])
            results.equal(answer.status, 200, "all are burned")

        burned_all = [("burn", None), ("burn-many", None), wrong]
        results.equal(end_meanwhile(burn_all), burned_all, "a try that ends after a burning is a wrong one")

        def expire(ends, send_try):
            time.sleep(max(ends - time.monotonic() - 0.05, 0))
            send_try()

        results.equal(end_meanwhile(expire, ttl=1), [("expire", None), wrong], "or after the secret's time")


def polling_keys(results):
    """Whoever looks again and again with a key has a line a minute and a number; whatever is done with it has its line each time."""
    keys = {}
    for name in ("boss", "ci", "night"):
        command = [binary_path(), "keygen", "--name", name, "--scopes", "create,burn,receipt,recent,admin"]
        keys[name] = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    lines = "\n".join(line for _, line in keys.values())
    with Server("--audit", "memory,stdout", environment={"API_KEYS": lines}) as server:

        def bearer(name):
            return [("Authorization", "Bearer " + keys[name][0])]

        made = [share(server.port, "x", bearer("ci")) for _ in range(5)]
        burn(server.port, made[0]["metadata_key"], bearer("ci"))
        receipt = "/api/v1/private/" + made[1]["metadata_key"]
        ways = (("ci", "/api/v1/private/recent"), ("ci", receipt), ("night", "/api/v1/private/recent"), ("boss", "/api/state"),
                ("boss", "/api/report"), ("boss", "/operator"), ("boss", "/api/keys"))
        for _ in range(50):
            for name, path in ways:
                answer = request(server.port, "GET", path, bearer(name))
                results.check(answer.status == 200, "it is shown", (path, answer.status))
        revoked = post_form(server.port, "/api/keys/revoke", {"name": "night"}, bearer("boss"))
        results.equal(revoked.status, 200, "a key ends")
        server.stop()
        told = [json.loads(line) for line in audit_lines(server.text("stdout").encode())]

    def seen(action, name):
        """How many lines, and how many more these count."""
        some = [line for line in told if line["event.action"] == action and line.get("user.name") == name]
        counted = [line["onetime.count"] for line in some if "onetime.count" in line]
        results.check(all(line["source.ip"] == "127.0.0.1" for line in some if action != "report"), "%s: from where" % action, some)
        return len(some) - len(counted), counted

    for action, name, wanted in (
        ("create", "ci", (5, [])), ("burn", "ci", (1, [])), ("recent", "ci", (1, [49])), ("receipt-look", "ci", (1, [49])),
        ("key-use", "ci", (5 + 1 + 1, [99])), ("recent", "night", (1, [49])), ("key-use", "night", (1, [49])),
        ("report", "boss", (1, [149])), ("key-use", "boss", (1 + 1, [199])), ("key-revoked", "boss", (1, [])),
    ):
        results.equal(seen(action, name), wanted, "%s of %s" % (action, name))


def body(results):
    directory = tempfile.mkdtemp(prefix="onetime-audit-")
    try:
        results.run(options, results)
        results.run(configuration, results, directory)
        results.run(long_configuration, results)
        results.run(wrong_passphrases, results)
        results.run(polling_keys, results)
        results.run(session, results, directory)
        results.run(small_tampering, results)
        results.run(stalled_receiver, results, directory)
        results.run(several_receivers, results)
        results.run(a_million_events, results, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(body, 240)
