"""The longest answer while a million secrets come, expire at one instant, and are wiped. Run by scripts/bench-stalls.

A probe asks for /health at a constant rate on connections of its own, and counts from the moment at which a request was
due. The instant at which all expire is made by stopping the process (SIGSTOP) while their times pass. What the probe sees
of an idle server tells how quiet the machine is; on a busy one `--realtime` puts server and probe before everybody else.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench_tools import BenchFailure, Workshop, pinned_server  # noqa: E402
from onetime_harness import StartFailure, binary_path, die_with_parent  # noqa: E402
from onetime_http import request  # noqa: E402

RATE, CONNECTIONS = 2000, 4
SLICE = 2  # seconds of a run of the probe
LIFE = 90  # seconds of a secret's life; longer than it takes to create all
WORDS = re.compile(r"(\w+) ([\d.]+)")


class Probe:
    """Runs of the probe; the worst of all counts."""

    def __init__(self, workshop, port):
        self.workshop, self.port, self.runs = workshop, port, []

    def start(self, seconds=SLICE):
        """Begins a run."""
        environment = dict(os.environ, DRIVE_RATE=str(RATE), DRIVE_CONNECTIONS=str(CONNECTIONS))
        command = self.workshop.on_client_core() + [self.workshop.path("drive"), "get", str(self.port), str(seconds)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, preexec_fn=die_with_parent
        )
        first(self.process.pid)

    def finish(self):
        """Ends a run. Raises BenchFailure when an answer failed."""
        text = self.process.communicate(timeout=60)[0].decode()
        found = {name: float(value) for name, value in WORDS.findall(text)}
        if self.process.returncode or found.get("failed") != 0:
            raise BenchFailure("the probe: " + text[-300:])
        self.runs.append(found)

    def report(self, name):
        """Prints what all runs found, and forgets them."""
        worst = sorted(run["worst"] / 1000 for run in self.runs)
        slow = sorted(run["p999"] / 1000 for run in self.runs)
        text = "%-31s longest answer %6.2f ms, median of %2d runs %6.2f ms, all but a thousandth within %6.2f ms"
        print(text % (name, worst[-1], len(worst), worst[len(worst) // 2], slow[len(slow) // 2]), flush=True)
        self.runs = []


def first(pid):
    """Puts a process before ordinary ones, where that is permitted."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass


def grow(workshop, probe, server, count):
    """Creates secrets while the probe looks."""
    keys = workshop.path("keys")
    if os.path.exists(keys):
        os.unlink(keys)
    environment = dict(os.environ, LOAD_CONNECTIONS="16", LOAD_DEPTH="1")
    command = workshop.on_client_core() + [workshop.path("load"), "create", str(server.port), keys, str(count), "256"]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, preexec_fn=die_with_parent)
    begin = time.monotonic()
    while load.poll() is None:
        probe.start()
        probe.finish()
    took = time.monotonic() - begin
    if load.returncode:
        raise BenchFailure("creating: " + load.stdout.read().decode())
    print("%d secrets of 256 bytes in %.0f s" % (count, took), flush=True)
    return begin, took


def quiet(probe, runs):
    """The probe alone."""
    for _ in range(runs):
        probe.start()
        probe.finish()


def measure(workshop, options):
    """The whole measurement."""
    with pinned_server(workshop, "--default-ttl", str(LIFE)) as server:
        if options.realtime:
            first(server.pid)
        request(server.port, "GET", "/health")
        time.sleep(1)  # pages of the protected memory are backed in the background after the start
        probe = Probe(workshop, server.port)
        quiet(probe, 5)
        probe.report("idle")
        begin, took = grow(workshop, probe, server, options.secrets)
        probe.report("growing (16 connections create)")
        if took > LIFE - 10:
            raise BenchFailure("creating took so long that the first ones expired")
        time.sleep(max(0, begin + LIFE - 2 - time.monotonic()))
        server.signal(signal.SIGSTOP)
        time.sleep(max(0, begin + took + LIFE + 2 - time.monotonic()))
        server.signal(signal.SIGCONT)
        time.sleep(0.005)  # for the one answer that the stop itself would keep waiting
        probe.start()
        probe.finish()
        probe.report("all expire at one instant")
        print("resident after that: %.0f MiB" % (server.rss_kib() / 1024), flush=True)
        grow(workshop, probe, server, options.secrets)
        probe.report("growing again")
        probe.start()
        time.sleep(SLICE / 4)
        server.signal(signal.SIGUSR1)
        probe.finish()
        probe.report("SIGUSR1 wipes all")
        print("resident after that: %.0f MiB" % (server.rss_kib() / 1024), flush=True)


def main():
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="the longest answer while a million secrets come and go")
    parser.add_argument("--secrets", type=int, default=1_000_000)
    parser.add_argument("--realtime", action="store_true", help="server and probe before everything else on the machine")
    options = parser.parse_args()
    if not os.access(binary_path(), os.X_OK):
        print("no executable at %s (run scripts/build, or set ONETIME_LITE)" % binary_path())
        return 1
    try:
        with Workshop(helpers=("load", "drive")) as workshop:
            measure(workshop, options)
    except (BenchFailure, StartFailure, OSError) as reason:
        print("the benchmark failed: %s" % reason)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
