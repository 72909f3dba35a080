"""A million live secrets: memory, the price of one more, and what is given back. Run by scripts/bench-memory.

The price of a create is the server's processor time, measured the same way at 1 000 and at a million live secrets:
batches of 2 000 are created (measured) and burned again (not measured); the median of the batches counts.
"""

import argparse
import os
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench_tools import BenchFailure, Workshop, pinned_server  # noqa: E402
from onetime_harness import StartFailure, binary_path, cpu_seconds, memory_kib  # noqa: E402
from onetime_http import request  # noqa: E402

BATCH, BATCHES = 2000, 12
LIMIT_MIB, LIMIT_RATIO, LIMIT_IDLE = 500, 1.25, 1.10


def mib(server):
    """Resident memory in MiB."""
    return server.rss_kib() / 1024


def price(workshop, server):
    """Processor microseconds of one create, at about the present number of live secrets."""
    costs = []
    for _ in range(BATCHES):
        keys = workshop.path("batch")
        if os.path.exists(keys):
            os.unlink(keys)
        before = cpu_seconds(server.pid)
        workshop.load("create", server.port, keys, BATCH, 256, connections=8, depth=8)
        costs.append((cpu_seconds(server.pid) - before) / BATCH * 1e6)
        workshop.load("burn", server.port, keys, connections=8, depth=8)
    return statistics.median(costs)


def verdict(holds, text):
    """Prints one judgement; whether it holds."""
    print("%s: %s" % ("met" if holds else "NOT MET", text), flush=True)
    return holds


def filled(workshop, server, keys, count):
    """Creates secrets until `count` more live; prints the rate."""
    made, seconds = workshop.load("create", server.port, keys, count, 256)
    print("%d secrets of 256 bytes created in %.1f s (%.0f a second)" % (made, seconds, made / seconds), flush=True)


def measure(workshop, options):
    """The whole measurement; a list of judgements."""
    held = []
    with pinned_server(workshop) as server:
        request(server.port, "GET", "/health")
        time.sleep(1)  # pages of the protected memory are backed in the background after the start
        idle = mib(server)
        print("idle RSS: %.1f MiB" % idle, flush=True)
        keys = workshop.path("keys")
        workshop.load("create", server.port, keys, 1000, 256)
        few = price(workshop, server)
        filled(workshop, server, keys, options.secrets - 1000)
        full = mib(server)
        print(
            "RSS with %d live secrets: %.1f MiB (%.0f bytes each; locked %.1f MiB)"
            % (
                options.secrets,
                full,
                (full - idle) * 1048576 / options.secrets,
                memory_kib(server.pid, "VmLck") / 1024,
            ),
            flush=True,
        )
        held.append(
            verdict(full <= LIMIT_MIB * max(1.0, options.secrets / 1e6), "at most %d MiB for a million" % LIMIT_MIB)
        )
        many = price(workshop, server)
        text = "a create costs %.2f us at 1 000 and %.2f us at %d: %.2f times (at most %.2f)" % (
            few,
            many,
            options.secrets,
            many / few,
            LIMIT_RATIO,
        )
        held.append(verdict(many / few <= LIMIT_RATIO, text))
        burned, seconds = workshop.load("burn", server.port, keys)
        time.sleep(1)
        after = mib(server)
        print("%d burned by the API in %.1f s" % (burned, seconds), flush=True)
        held.append(
            verdict(
                after <= idle * LIMIT_IDLE, "RSS a second after burning all: %.1f MiB, idle was %.1f" % (after, idle)
            )
        )
    with pinned_server(workshop) as server:
        request(server.port, "GET", "/health")
        time.sleep(1)  # pages of the protected memory are backed in the background after the start
        idle = mib(server)
        keys = workshop.path("keys")
        os.unlink(keys)
        filled(workshop, server, keys, options.secrets)
        begin = time.monotonic()
        server.signal(signal.SIGUSR1)
        time.sleep(0.005)
        request(server.port, "GET", "/health", timeout=30)
        took = time.monotonic() - begin
        time.sleep(1)
        after = mib(server)
        held.append(
            verdict(
                after <= idle * LIMIT_IDLE,
                "RSS a second after SIGUSR1: %.1f MiB, idle was %.1f (next answer after %.2f s)" % (after, idle, took),
            )
        )
        filled(workshop, server, workshop.path("again"), 1000)
        begin = time.monotonic()
        held.append(verdict(server.stop(10) == 0, "SIGTERM exits 0 (%.2f s)" % (time.monotonic() - begin)))
    return held


def main():
    """Prints the numbers and a judgement for each limit; exits 1 if one does not hold."""
    parser = argparse.ArgumentParser(description="memory and cost of many live secrets")
    parser.add_argument("--secrets", type=int, default=1_000_000)
    options = parser.parse_args()
    if not os.access(binary_path(), os.X_OK):
        print("no executable at %s (run scripts/build, or set ONETIME_LITE)" % binary_path())
        return 1
    try:
        with Workshop() as workshop:
            held = measure(workshop, options)
    except (BenchFailure, StartFailure, OSError) as reason:
        print("the benchmark failed: %s" % reason)
        return 1
    print("%d of %d limits met" % (sum(held), len(held)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
