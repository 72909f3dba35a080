"""Every figure that the product must show, beside its baselines, in one run: tables, JSON and plots in a folder. Run by
scripts/bench.

Server on one core, client on another; the contenders of a part take turns in interleaved rounds, so that noise meets all
alike, and medians of the rounds count.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench_report  # noqa: E402
from bench_bodies import Bodies  # noqa: E402
from bench_figures import Figures  # noqa: E402
from bench_http import Connections, Create, Health, Reveal  # noqa: E402
from bench_idle import Idle  # noqa: E402
from bench_rooms import Rooms  # noqa: E402
from bench_slow import Slow  # noqa: E402
from bench_tls import Handshakes, KeepAlive  # noqa: E402
from bench_tools import BenchFailure, Workshop  # noqa: E402
from onetime_harness import REPOSITORY, StartFailure, binary_path  # noqa: E402

PARTS = (Health, Create, Reveal, Connections, KeepAlive, Handshakes, Idle, Slow, Bodies, Rooms)
FAILURES = (BenchFailure, StartFailure, OSError, subprocess.SubprocessError, ValueError)
LIMIT_SECONDS = 12 * 60


class TimeLimit(BaseException):
    """The whole run took longer than it may."""


def arguments():
    """The options of the command line."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="scripts/bench", description="every figure beside its baselines, in one run")
    parser.add_argument("--folder", help="where the report goes (default: .build/bench/ and the time)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; their medians count (3)")
    parser.add_argument("--seconds", type=int, default=3, help="of each run under load (3)")
    parser.add_argument("--only", default=",".join(names), help="parts, with commas: " + " ".join(names))
    options = parser.parse_args()
    options.only = options.only.replace(",", " ").split()
    for name in options.only:
        if name not in names:
            parser.error("no part is called %s; there are %s" % (name, " ".join(names)))
    if options.rounds < 1 or not 1 <= options.seconds <= 20:
        parser.error("at least one round, of 1 to 20 seconds")
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    options.folder = os.path.abspath(options.folder or os.path.join(REPOSITORY, ".build", "bench", stamp))
    return options


def prepared(workshop, figures, options):
    """The parts that can be measured; those that cannot are said so."""
    parts = []
    for kind in PARTS:
        if kind.name not in options.only:
            continue
        part = kind(workshop, figures, options.seconds)
        try:
            for helper in part.helpers:
                if not os.path.exists(workshop.path(helper)):
                    workshop.compile(helper)
            part.prepare()
            parts.append(part)
        except FAILURES as reason:
            figures.note("%s: not measured: %s" % (part.name, reason))
    return parts


def run_rounds(parts, figures, options):
    """The rounds of each part, one part after the other."""
    for part in parts:
        begin = time.monotonic()
        for number in range(1 if part.once else options.rounds):
            for contender, measure in part.contenders():
                try:
                    figures.add(part.name, contender, measure())
                except FAILURES as reason:
                    figures.note("%s: a run of %s failed: %s" % (part.name, contender, str(reason)[:400]))
            print("%s: round %d done (%.0f s)" % (part.name, number + 1, time.monotonic() - begin), flush=True)


def over(_number, _frame):
    """The alarm's handler."""
    raise TimeLimit()


def main():
    """Measures, writes the report, prints it; exits 1 if something could not be measured."""
    options = arguments()
    if not os.access(binary_path(), os.X_OK):
        print("no executable at %s (run scripts/build, or set ONETIME_LITE)" % binary_path())
        return 1
    figures, parts, begin = Figures(), [], time.monotonic()
    signal.signal(signal.SIGALRM, over)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.alarm(LIMIT_SECONDS)
    try:
        with Workshop(()) as workshop:
            parts = prepared(workshop, figures, options)
            run_rounds(parts, figures, options)
    except TimeLimit:
        figures.note("the run was ended after %d minutes" % (LIMIT_SECONDS // 60))
    signal.alarm(0)
    musts = [must for part in parts for must in part.musts()]
    took = time.monotonic() - begin
    facts = "Medians of %d interleaved rounds of %d s; server on one core, client on another; %.0f s in all." % (
        options.rounds,
        options.seconds,
        took,
    )
    print("\n" + bench_report.write(options.folder, figures, parts, musts, facts))
    met = sum(must.met() is True for must in musts)
    print("%d of %d musts met; report, figures and plots are in %s" % (met, len(musts), options.folder))
    return 1 if figures.notes else 0


if __name__ == "__main__":
    sys.exit(main())
