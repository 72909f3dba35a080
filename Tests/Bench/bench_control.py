"""What rules and the audit log cost a reveal, and what a receiver costs that stalls. Run by scripts/bench-control.

One server for each variant, all up at the same time; in each round every one of them, in another order, is given some thousand
secrets that are then revealed at full speed over 32 connections. So noise of the machine meets all alike; what is printed are medians
of rounds, and of the ratios to the plain server of the same round. All servers are started anew some times: where the kernel puts the
memory of one makes it some hundredths faster or slower for as long as it lives. CPU time is of the whole server, its threads that send
included. Lines of the audit log that a receiver did not get are told; they cost less.

    bench_control.py [--sittings N] [--rounds N] [--secrets N] [--only "plain;audit"] [--realtime] [--instructions]

On a busy machine `--realtime` puts all of it before everybody else, and before the threads that send. `--instructions` runs each variant under callgrind as well and prints what a reveal costs in instructions, which no noise touches; it
takes some ten seconds for each. The kernel's are not among them.
"""

import argparse
import contextlib
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import counts  # noqa: E402
from bench_tools import BenchFailure, Workshop, pinned_server  # noqa: E402
from onetime_harness import StartFailure, binary_path, cpu_seconds, die_with_parent  # noqa: E402
from onetime_http import request  # noqa: E402

CONNECTIONS = 32
MEASURED = ("rate", "cpu", "loop")  # reveals a second, and microseconds for each
PAUSE = 0.05  # seconds for threads that send to end what they have begun
WORDS = re.compile(r"(\w+) ([\d.]+)")
MANY = "1000000"
RULES = ["--hours", "00:00-24:00 Europe/Amsterdam", "--allow-networks", "127.0.0.0/8 10.0.0.0/8 2001:db8::/32"]
RULES += ["--deny-networks", "192.0.2.0/24", "--limit-loopback", "--creations-per-minute", MANY, "--misses-per-minute", MANY]
RULES += ["--wrong-passphrases-per-minute", MANY, "--failed-keys-per-minute", MANY]
FIELDS = "&hours=00%3A00-24%3A00+UTC&allow_networks=127.0.0.0%2F8"
AUDIT = ["--audit", "memory,fd:3"]
# Name, options, fields of its secrets, what reads what it sends.
VARIANTS = (
    ("plain", [], "", None),
    ("rules", RULES, "", None),
    ("rules of secrets", RULES, FIELDS, None),
    ("audit", AUDIT, "", "pipe"),
    ("audit and rules", AUDIT + RULES, "", "pipe"),
    ("and those of secrets", AUDIT + RULES, FIELDS, "pipe"),
    ("syslog tcp", ["--audit", "memory"], "", "tcp"),
    ("syslog tcp, stalled", ["--audit", "memory"], "", "stalled"),
    ("syslog udp", ["--audit", "memory"], "", "udp"),
    ("all, tcp", ["--audit", "memory"] + RULES, FIELDS, "tcp"),
    ("all, tcp, stalled", ["--audit", "memory"] + RULES, FIELDS, "stalled"),
)


def receive(bound, kind, core):
    """Takes what comes and forgets it; a stalled one accepts and takes nothing."""
    os.sched_setaffinity(0, {core})
    room = bytearray(1 << 20)
    if kind == "udp":
        while True:
            bound.recv_into(room)
    peers = []
    while True:
        peer = bound.accept()[0]
        peers.append(peer)
        while kind == "tcp" and peer.recv_into(room):
            pass


class Variant:
    """A server with its options, and the one who reads what it sends; a context manager."""

    def __init__(self, workshop, name, options, fields, kind):
        self.workshop, self.name, self.fields, self.kind = workshop, name, fields, kind
        self.reader, self.figures, self.lost = None, {name: [] for name in MEASURED}, 0
        self.keys = workshop.path("keys of " + name.replace(",", ""))
        self.stack = contextlib.ExitStack()
        options = list(options)
        if kind in ("tcp", "stalled", "udp"):
            options += ["--syslog", "syslog+%s://127.0.0.1:%d" % ("udp" if kind == "udp" else "tcp", self.listen())]
        self.server = pinned_server(workshop, "--metrics", *options)
        if kind == "pipe":
            self.server.wrapper = ["sh", "-c", 'mkfifo "$0"; exec "$@" 3<>"$0"', workshop.path("pipe"), *self.server.wrapper]

    def listen(self):
        """Starts the receiver; its port."""
        family = socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM
        bound = self.stack.enter_context(socket.socket(socket.AF_INET, family))
        bound.bind(("127.0.0.1", 0))
        if self.kind != "udp":
            bound.listen(4)
        self.reader = multiprocessing.Process(target=receive, args=(bound, self.kind, self.workshop.client_core), daemon=True)
        self.reader.start()
        return bound.getsockname()[1]

    def __enter__(self):
        self.server.start()
        if self.kind == "pipe":
            command = self.workshop.on_client_core() + ["cat", self.workshop.path("pipe")]
            self.reader = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        return self

    def count_lost(self):
        """Lines that a receiver of the log did not get."""
        found = re.search(rb"^onetime_audit_lines_dropped_total (\d+)$", request(self.server.port, "GET", "/metrics").body, re.M)
        self.lost = int(found[1]) if found else 0

    def __exit__(self, *_):
        self.server.close()
        if self.reader:
            self.reader.kill()
        self.stack.close()

    def round(self, count):
        """Reveals so many secrets."""
        self.workshop.fill(self.server.port, self.keys, count, self.fields)
        time.sleep(PAUSE)
        whole, loop = cpu_seconds(self.server.pid), self.loop_seconds()
        command = self.workshop.on_client_core() + [self.workshop.path("drive"), "reveal", str(self.server.port), "60", self.keys]
        environment = dict(os.environ, DRIVE_CONNECTIONS=str(CONNECTIONS))
        done = subprocess.run(command, capture_output=True, env=environment, timeout=90, check=False)
        found = {name: float(value) for name, value in WORDS.findall(done.stdout.decode())}
        if done.returncode or found.get("failed") != 0 or found["requests"] != count:
            raise BenchFailure("%s: %s%s" % (self.name, done.stdout.decode(), done.stderr.decode()[:600]))
        time.sleep(PAUSE)
        self.figures["rate"].append(count / found["seconds"])
        self.figures["cpu"].append((cpu_seconds(self.server.pid) - whole) / count * 1e6)
        self.figures["loop"].append((self.loop_seconds() - loop) / count * 1e6)

    def loop_seconds(self):
        """CPU time of the thread that serves."""
        with open("/proc/%d/schedstat" % self.server.pid) as statistics_of_it:
            return int(statistics_of_it.read().split()[0]) / 1e9


class Row:
    """What was measured of a variant, in all sittings."""

    def __init__(self, name):
        self.name, self.lost = name, 0
        self.values, self.ratios = {name: [] for name in MEASURED}, {name: [] for name in MEASURED}

    def add(self, variant, plain):
        """One sitting."""
        self.lost += variant.lost
        for name in MEASURED:
            self.values[name] += variant.figures[name]
            self.ratios[name] += [ours / theirs for ours, theirs in zip(variant.figures[name], plain.figures[name])]

    def __str__(self):
        values = [statistics.median(self.values[name]) for name in MEASURED]
        ratios = [statistics.median(self.ratios[name]) * 100 for name in MEASURED]
        text = "%-20s %7.0f reveals/s (%5.1f %%)   %5.2f us of CPU (%5.1f %%)   %5.2f us of its loop (%5.1f %%)"
        text %= (self.name, values[0], ratios[0], values[1], ratios[1], values[2], ratios[2])
        return text + ("   %d lines lost" % self.lost if self.lost else "")


def sit(options, wanted, workshop, number, rows):
    """Servers anew, and some rounds."""
    with contextlib.ExitStack() as stack:
        variants = [stack.enter_context(Variant(workshop, *each)) for each in wanted]
        for place in range(-1, options.rounds):
            turn = (number + place) % len(variants)
            for variant in variants[turn:] + variants[:turn]:
                variant.round(options.secrets)
            if place < 0:  # the first round warms up
                for variant in variants:
                    variant.figures = {name: [] for name in MEASURED}
        for row, variant in zip(rows, variants):
            variant.count_lost()
            row.add(variant, variants[0])


def measure(options, wanted):
    """All sittings, then the lines."""
    rows = [Row(each[0]) for each in wanted]
    for number in range(options.sittings):
        with Workshop(helpers=("load", "drive")) as workshop:
            sit(options, wanted, workshop, number, rows)
    measured = (options.sittings, options.rounds, options.secrets)
    print("medians of %d x %d rounds of %d reveals; in brackets those of the ratios to plain" % measured)
    for row in rows:
        print(row, flush=True)


def count_instructions(wanted):
    """What a reveal costs under callgrind."""
    with tempfile.TemporaryDirectory() as directory:
        binary, plain = counts.unstripped(directory), None
        for name, arguments, fields, kind in wanted:
            if kind not in (None, "pipe"):
                continue
            found = counts.reveal_cost(directory, binary, [word.replace("fd:3", "stdout") for word in arguments], fields)
            plain = plain or found
            print("%-20s %7d instructions a reveal (%5.1f %%)" % (name, found, found / plain * 100), flush=True)


def main():
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="what rules, the audit log and a stalled receiver cost a reveal")
    parser.add_argument("--sittings", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--secrets", type=int, default=10_000)
    parser.add_argument("--only", help="names of variants, plain first")
    parser.add_argument("--realtime", action="store_true", help="before everything else on the machine")
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    if not os.access(binary_path(), os.X_OK):
        print("no executable at %s (run scripts/build, or set ONETIME_LITE)" % binary_path())
        return 1
    names = options.only.split(";") if options.only else [each[0] for each in VARIANTS]
    wanted = [each for each in VARIANTS if each[0] in names]
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        measure(options, wanted)
        if options.instructions:
            count_instructions(wanted)
    except (BenchFailure, StartFailure, OSError) as reason:
        print("the benchmark failed: %s" % reason)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
