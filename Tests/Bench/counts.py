"""Counts what a request costs, in instructions and heap allocations, and compares it with Tests/Bench/counts.txt.

    counts.py                         compares; exits 1 where a count left its bounds
    counts.py --update                writes counts.txt anew
    counts.py --functions create [N]  shows the N (default 40) functions that a request spends most in

Unlike times, counts are the same on a busy machine. The executable runs under callgrind, which always shows it the same
processor. One connection sends one request after the other: first some of every kind, then the counted ones. What a
request costs is the difference between a run with those and a run without, divided by their number.
"""

import collections
import ctypes
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Harness"))
from onetime_harness import REPOSITORY, Server  # noqa: E402

EXPECTED = os.path.join(HERE, "counts.txt")
TOLERANCE = 0.10
REQUESTS = 1000
WARM_UP = 40
KINDS = ("health", "create", "reveal")
ALLOCATORS = {"_mid_memalign", "malloc", "calloc", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc"}
PREFACE = """\
# What one request costs on a connection that is kept alive, with 256 bytes of content: instructions in all, those of
# them in Swift and its runtime, and heap allocations. scripts/test-counts compares: instructions within 10 %,
# allocations at most so many.
# `scripts/test-counts --update` writes this file.
# machine request instructions swift allocations
"""
HEAD = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CONTENT = "0123456789abcdef" * 16


def callgrind(output, command):
    """Becomes callgrind over a command. The command's promise never to have writable memory made executable
    (PR_SET_MDWE) would hold for callgrind's own code too, so the kernel is told to refuse that promise."""
    number = {"x86_64": 157, "aarch64": 167}[platform.machine()]
    load, jump_equal, give = 0x20, 0x15, 0x06
    refuse, allow = 0x00050016, 0x7FFF0000
    program = [(load, 0, 0, 0), (jump_equal, 0, 3, number), (load, 0, 0, 16), (jump_equal, 0, 1, 65)]
    program += [(give, 0, 0, refuse), (give, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    library = ctypes.CDLL(None)
    if library.prctl(38, 1, 0, 0, 0) or library.prctl(22, 2, header, 0, 0):
        sys.exit("the kernel takes no seccomp filter here")
    # Wiping the vault at the end is no part of any request.
    options = ["--toggle-collect=*Vault*wipeAll*", "--collect-atstart=yes", "--callgrind-out-file=" + output]
    os.execvp("valgrind", ["valgrind", "--tool=callgrind"] + options + command)


class Client:
    """One connection that sends one request after the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request):
        """The body of the answer, which has to be 200."""
        self.socket.sendall(request.encode())
        answer = b""
        while True:
            answer += self.socket.recv(65536)
            head, end, body = answer.partition(b"\r\n\r\n")
            if end and len(body) == int(re.search(rb"Content-Length: (\d+)", head).group(1)):
                break
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ValueError(answer.decode())
        return body

    def health(self):
        self.ask("GET /health %s\r\n" % HEAD)

    def create(self, fields=""):
        """The new secret's token."""
        body = "secret=" + CONTENT + fields
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = self.ask("POST /api/v1/share %s%s%s" % (HEAD, form, body))
        return re.search(rb'"secret_key":"([0-9a-z]{31})"', answer).group(1).decode()

    def reveal(self, token):
        answer = self.ask("POST /api/v1/secret/%s %sContent-Length: 0\r\n\r\n" % (token, HEAD))
        if b'"value":"' + CONTENT.encode() + b'"' not in answer:
            raise ValueError(answer.decode())


class Profile:
    """What callgrind counted in one run: instructions and allocations by function."""

    def __init__(self, path):
        self.instructions = collections.Counter()
        self.allocations = collections.Counter()
        names, function, callee, is_call = {}, "", "", False
        with open(path) as file:
            for line in file:
                key, equals, value = line.rstrip("\n").partition("=")
                if is_call:
                    # The line after a call counts what the called function spent, which stands there already.
                    is_call = False
                elif key in ("fn", "cfn"):
                    number, _, name = value.partition(" ")
                    name = names.setdefault(number, name).split("'")[0].removesuffix(".constprop.0")
                    if key == "fn":
                        function = name
                    else:
                        callee = name
                elif key == "calls":
                    is_call = True
                    if callee in ALLOCATORS and function not in ALLOCATORS:
                        self.allocations[function] += int(value.split()[0])
                elif not equals and line[:1] in "+-*0123456789":
                    self.instructions[function] += int(line.split()[1])

    def total(self):
        """Of the whole run: all instructions, those in Swift and its runtime, and allocations."""
        swift = (count for name, count in self.instructions.items() if name.startswith("$s") or "swift" in name)
        return sum(self.instructions.values()), sum(swift), sum(self.allocations.values())


def profile(directory, binary, healths=0, creates=0, reveals=0, arguments=(), fields=""):
    """The profile of one run with so many counted requests, of a server with some options and secrets with some fields."""
    output = os.path.join(directory, "callgrind.out")
    wrapper = [sys.executable, os.path.abspath(__file__), "--callgrind", output]
    server = Server("--no-memfd-secret", *arguments, binary=binary, wrapper=wrapper, start_timeout=60)
    with server:
        client = Client(server.port)
        client.create()
        for _ in range(WARM_UP):
            client.health()
            client.reveal(client.create())
        for _ in range(healths):
            client.health()
        tokens = [client.create(fields) for _ in range(creates)]
        for token in tokens[:reveals]:
            client.reveal(token)
        client.socket.close()
        if server.stop(60) != 0:
            raise RuntimeError("the server did not end well: " + server.text("stderr")[-600:])
        return Profile(output)


def reveal_cost(directory, binary, arguments, fields):
    """Instructions of a reveal by a server with some options, of secrets with some fields."""
    runs = [profile(directory, binary, 0, REQUESTS, count, arguments, fields) for count in (0, REQUESTS)]
    return round((runs[1].total()[0] - runs[0].total()[0]) / REQUESTS)


def unstripped(directory):
    """The executable with its function names, but without debug information that valgrind cannot read."""
    built = os.environ.get("ONETIME_LITE_SYMBOLS") or os.path.join(
        REPOSITORY, ".build", "static", platform.machine() + "-unknown-linux-gnu", "release", "onetime-lite"
    )
    copy = os.path.join(directory, "onetime-lite")
    subprocess.run(["strip", "-g", "-o", copy, built], check=True)
    return copy


def measure():
    """For each kind, the profiles of a run without and of a run with its requests."""
    directory = tempfile.mkdtemp(prefix="onetime-counts-")
    try:
        binary = unstripped(directory)
        base = profile(directory, binary)
        created = profile(directory, binary, creates=REQUESTS)
        return {
            "health": (base, profile(directory, binary, healths=REQUESTS)),
            "create": (base, created),
            "reveal": (created, profile(directory, binary, creates=REQUESTS, reveals=REQUESTS)),
        }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def per_request(before, after):
    """The counts of one request."""
    spent = [(more - less) / REQUESTS for less, more in zip(before.total(), after.total())]
    return {"instructions": round(spent[0]), "swift": round(spent[1]), "allocations": round(spent[2] + 0.0, 2)}


def expected_lines():
    """The lines of counts.txt, split."""
    with open(EXPECTED) as file:
        return [line.split() for line in file if line.strip() and not line.startswith("#")]


def update(counts):
    """Writes counts.txt; what it says about other machines stays."""
    lines = [line for line in expected_lines() if line[0] != platform.machine()]
    for kind in KINDS:
        found = counts[kind]
        numbers = ["%d" % found["instructions"], "%d" % found["swift"], "%.0f" % found["allocations"]]
        lines.append([platform.machine(), kind] + numbers)
    with open(EXPECTED, "w") as file:
        file.write(PREFACE)
        file.writelines(" ".join(line) + "\n" for line in sorted(lines))


def compare(counts):
    """Prints a table; whether all counts are in bounds."""
    ours = [line[1:] for line in expected_lines() if line[0] == platform.machine()]
    expected = {kind: [int(number) for number in numbers] for kind, *numbers in ours}
    bounds = {"instructions": "10 %", "swift": "10 %", "allocations": "at most"}
    good = True
    print("%-8s %-13s %10s %10s %8s  %s" % ("request", "count", "now", "expected", "change", "bounds"))
    for kind in KINDS:
        for count, wanted in zip(bounds, expected.get(kind, [])):
            now = counts[kind][count]
            if count == "allocations":
                # A table of the vault grows by a segment now and then, which is no request's own doing.
                in_bounds = now < wanted + 0.5
            else:
                in_bounds = abs(now - wanted) <= wanted * TOLERANCE
            good = good and in_bounds
            change = "%+.1f %%" % (100 * (now - wanted) / wanted) if wanted else ""
            verdict = bounds[count] if in_bounds else bounds[count] + ", LEFT"
            print("%-8s %-13s %10g %10d %8s  %s" % (kind, count, now, wanted, change, verdict))
    if not expected:
        print("counts.txt says nothing about %s: nothing was compared" % platform.machine())
    if not good:
        print("If it is meant to be so, or is better than before: scripts/test-counts --update, and commit counts.txt.")
        print("To see where it goes: scripts/test-counts --functions create")
    return good


def show_functions(kind, number, profiles):
    """Prints where a request spends its instructions, and who allocates."""
    before, after = profiles[kind]
    spent = {name: (after.instructions[name] - before.instructions[name]) / REQUESTS for name in after.instructions}
    for name in sorted(spent, key=spent.get, reverse=True)[:number]:
        print("%10.1f  %s" % (spent[name], name))
    print("allocations, by caller:")
    for name in after.allocations:
        if (after.allocations[name] - before.allocations[name]) / REQUESTS > 0.01:
            print("%10.2f  %s" % ((after.allocations[name] - before.allocations[name]) / REQUESTS, name))


def main(arguments):
    if arguments[:1] == ["--callgrind"]:
        callgrind(arguments[1], arguments[2:])
    profiles = measure()
    counts = {kind: per_request(*profiles[kind]) for kind in KINDS}
    if arguments[:1] == ["--functions"]:
        show_functions(arguments[1], int((arguments + ["40"])[2]), profiles)
    elif arguments == ["--update"]:
        update(counts)
        compare(counts)
    elif not compare(counts):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
