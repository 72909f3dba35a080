"""Speed beside a bare C responder in the same run: /health, create, reveal, and a connection for each request. Run by
scripts/bench.

Server on one core, wrk with 64 connections on another; the rounds are interleaved, so that noise meets all alike. The
two numbers to trust on a busy machine are the server's processor time for each request and the ratios.
"""

import argparse
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench_tools import BenchFailure, Responder, Workshop, install, pinned_server  # noqa: E402
from onetime_harness import StartFailure, binary_path  # noqa: E402

CLOSE = ("Connection: close",)
KINDS = [
    # name, target, wrk script, headers, the aim for the ratio to C
    ("health", "/health", None, (), 0.9),
    ("create", "/api/v1/share", "create.lua", (), 0.6),
    ("reveal", "/api/v1/secret", "reveal.lua", (), 0.6),
    ("connection per request", "/health", None, CLOSE, None),
]


def run_c(workshop, kind, seconds, keys):
    """The same requests against the C responder."""
    _, target, script, headers, _ = kind
    with Responder(workshop) as responder:
        return workshop.wrk(responder.pid, responder.port, target, seconds, script, headers, {"BENCH_KEYS": keys})


def run_ours(workshop, kind, seconds, keys):
    """One kind of request against a fresh server; for reveals it is filled first."""
    name, target, script, headers, _ = kind
    with pinned_server(workshop) as server:
        if name == "reveal":
            if os.path.exists(keys):
                os.unlink(keys)
            workshop.load("create", server.port, keys, workshop.reveals)
        measured = workshop.wrk(server.pid, server.port, target, seconds, script, headers, {"BENCH_KEYS": keys})
        if name == "create":  # enough keys for the reveals of the next round, twice over
            workshop.reveals = max(workshop.reveals, int(measured["rate"] * seconds * 2) + 1000)
    if measured["bad"]:
        raise BenchFailure("%s: %d of %d answers were not 200" % (name, measured["bad"], measured["requests"]))
    return measured


def show(name, runs):
    """One line of medians."""
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    print(
        "%-32s %10.0f %9.0f %9.0f %9.2f %7.0f %7.0f"
        % (name, middle["rate"], middle["p50"], middle["p99"], middle["cpu"], middle["server"], middle["client"]),
        flush=True,
    )
    return middle


def main():
    """Runs the rounds and prints medians and ratios."""
    parser = argparse.ArgumentParser(description="req/s, latency and processor time beside a bare C responder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    if not os.access(binary_path(), os.X_OK):
        print("no executable at %s (run scripts/build, or set ONETIME_LITE)" % binary_path())
        return 1
    runs = {}
    try:
        install("wrk", "wrk")
        with Workshop() as workshop:
            keys = workshop.path("keys")
            workshop.reveals = 1000
            for number in range(options.rounds):
                for kind in KINDS:
                    print("round %d of %d: %s" % (number + 1, options.rounds, kind[0]), flush=True)
                    runs.setdefault(kind[0], []).append(run_ours(workshop, kind, options.seconds, keys))
                    runs.setdefault("C, " + kind[0], []).append(run_c(workshop, kind, options.seconds, keys))
    except (BenchFailure, StartFailure, OSError) as reason:
        print("the benchmark failed: %s" % reason)
        return 1
    print("\nmedians of %d rounds of %d s, wrk with 64 connections" % (options.rounds, options.seconds))
    print("%-32s %10s %9s %9s %9s %7s %7s" % ("", "req/s", "p50 us", "p99 us", "CPU us/r", "srv %", "wrk %"))
    medians = {}
    for kind in KINDS:
        for name in ("C, " + kind[0], kind[0]):
            medians[name] = show(name, runs[name])
    print("\nratios to C (req/s: higher is better; processor time of C over ours)")
    for name, _, _, _, aim in KINDS:
        ours, bare = medians[name], medians["C, " + name]
        rate = ours["rate"] / bare["rate"]
        verdict = "" if aim is None else "   aim %.1f: %s" % (aim, "met" if rate >= aim else "not met")
        print("%-32s req/s %.2f   CPU %.2f%s" % (name, rate, bare["cpu"] / ours["cpu"], verdict))
    print("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
