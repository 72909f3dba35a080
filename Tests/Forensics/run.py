"""The memory forensic suite: walks a secret's life on the real executable and searches the whole process after each
step.

Needs root (ptrace, /proc/PID/mem) and a C compiler; gcore of Debian's gdb for the second pass. Takes two to
three minutes.

    run.py                        both arenas (memfd_secret, and mlock whose pages can be read), all steps, all ends; by TLS; and
                                  with all on that controls a server
    run.py --no-gcore             without the second pass over core files
    run.py --only mlock           one arena: memfd or mlock, or either by TLS (memfd-tls), or with everything on (memfd-control)
    run.py --binary PATH --expect-found
                                  for a build whose wiping is off: passes if canaries are found, and says where
"""

import argparse
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from onetime_harness import TimeLimit, run_suite  # noqa: E402
from control_steps import CONTROL_LIFE, ControlSession  # noqa: E402
from scan import ScanFailure, Scanner, locked_ranges  # noqa: E402
from steps import CONTROL, LIFE, Session, live_secrets  # noqa: E402
from tls_steps import TLS_LIFE, UNDER_WAY  # noqa: E402

SETTLE_SECONDS = 0.15
TLS = ["--tls", "self-signed"]
LOCKED = ["--no-memfd-secret"]
# Arena, arguments, steps, whether core files are searched as well: where nothing is hidden from them. What is under way at the
# moment of a search lies in the arena, so it is looked for where that cannot be read.
ARENAS = (
    ("memfd", [], LIFE, False),
    ("mlock", LOCKED, LIFE, True),
    ("memfd-tls", TLS, UNDER_WAY, False),
    ("mlock-tls", TLS + LOCKED, TLS_LIFE, False),
)
# With everything on at once; see control_steps.py.
CONTROLLED = (("memfd-control", []), ("mlock-control", LOCKED))
# What a build without wiping has to show. The webhook's secret is never copied; that it is seen where it lies is checked anyway.
KINDS = ["content", "passphrase", "label", "note", "secret token", "receipt token", "creation link", "administrator's key", "key by"]
KINDS += ["rotated key", "wrong key", "API token", "private key", "webhook's connection"]
ENDS = (("SIGTERM", signal.SIGTERM), ("SIGSEGV", signal.SIGSEGV), ("SIGABRT", signal.SIGABRT))


class Verdicts:
    """Judges reports: the control must be in every one, and nothing else; or, turned round, something else in one of
    them."""

    def __init__(self, results, expect_found):
        self.results = results
        self.expect_found = expect_found
        self.scans = 0
        self.dirty = 0
        self.runs = 0
        self.names = set()
        self.unread = {}

    def judge(self, report, title, is_process=True):
        """Counts one scan and prints one line for it."""
        others = report.of_others(CONTROL)
        self.scans += 1
        self.dirty += bool(others)
        self.runs += len(others)
        self.names.update(hit[0] for hit in others)
        print(
            "%-58s %7.1f MiB  %3s threads  %5d runs"
            % (title, report.scanned / 1048576, report.threads or "-", len(others)),
            flush=True,
        )
        for size, region in report.unread:
            self.unread[region] = max(size, self.unread.get(region, 0))
        self.results.check(report.found(CONTROL), title + ": the control was not found, so the scan proves nothing")
        self.results.check(report.scanned > 65536, title + ": hardly anything could be read")
        if self.expect_found and is_process:
            if others:
                print("    " + report.describe(CONTROL, 4), flush=True)
        else:
            self.results.check(not others, title + ": canaries found", report.describe(CONTROL))

    def close(self):
        """The closing judgement, and what was beyond reach."""
        for region, size in sorted(self.unread.items()):
            print("not readable, even for root: %s %s" % ("%d KiB of" % (size // 1024) if size else "", region))
        print("%d scans, %d with canaries, %d runs found in all" % (self.scans, self.dirty, self.runs))
        if self.expect_found:
            self.results.check(self.runs > 0, "canaries were expected in this build, none was found")


def scan_both(session, scanner, verdicts, title, with_core):
    """The live process, and then its core file."""
    time.sleep(SETTLE_SECONDS)
    if not session.server.alive():
        verdicts.results.check(False, title + ": the server is gone", session.server.text("stderr")[-300:])
        return
    passes = [("", scanner.live)] + ([(" (core)", scanner.core)] if with_core else [])
    for suffix, scan in passes:
        try:
            report = scan(session.server.pid, session.canaries)
            if session.lasting and not suffix:
                there = report.forget_where_they_lie(session.lasting, locked_ranges(session.server.pid))
                session.seen.update(there)
            verdicts.judge(report, title + suffix)
        except ScanFailure as reason:
            verdicts.results.check(False, title + suffix + ": no scan", reason)


def walk(session, scanner, verdicts, with_core, arena, steps):
    """All steps on one server, a scan after each; then SIGUSR1."""
    results = verdicts.results
    for step in steps:
        title = "%s: %s" % (arena, step.__name__.replace("_", " "))
        try:
            step(session)
        except TimeLimit:
            raise
        except Exception as reason:
            results.check(False, title + ": the step itself failed", "%s: %s" % (type(reason).__name__, reason))
        scan_both(session, scanner, verdicts, title, with_core)
    if not session.server.alive():
        return
    session.server.signal(signal.SIGUSR1)
    time.sleep(0.5)
    results.check(session.server.alive(), arena + ": the server goes on after SIGUSR1")
    scan_both(session, scanner, verdicts, arena + ": after SIGUSR1", with_core)


def controlled(scanner, verdicts, options, arena, arguments):
    """A server with everything on: all steps, what went out meanwhile, and its end with live secrets."""
    with ControlSession(arguments, options.binary, by_file=LOCKED[0] in arguments) as session:
        walk(session, scanner, verdicts, False, arena, CONTROL_LIFE)
        if not session.server.alive():
            return
        # What the scan passes over in locked memory has to be there, or it passes over too much.
        wanted = [name for name in session.lasting if LOCKED[0] in arguments or name != "webhook's secret"]
        verdicts.results.equal([name for name in wanted if name not in session.seen], [], arena + ": lasting keys not seen")
        verdicts.judge(scanner.file(session.outside(), session.canaries), arena + ": what went out", False)
        finish(session, scanner, verdicts, options, arena, "SIGTERM", signal.SIGTERM)
    if options.expect_found:
        unseen = [kind for kind in KINDS if not any(kind in name for name in verdicts.names)]
        verdicts.results.equal(unseen, [], arena + ": kinds of canaries that a build without wiping shows nowhere")


def end(scanner, verdicts, options, arena, arguments, name, number):
    """A server with live secrets ends by a signal; it is searched on its way out."""
    with Session(arguments, options.binary) as session:
        finish(session, scanner, verdicts, options, arena, name, number)


def finish(session, scanner, verdicts, options, arena, name, number):
    """Live secrets, then the signal, and a search of what is left in the process that goes."""
    title = "%s: at exit after %s" % (arena, name)
    try:
        live_secrets(session)
        time.sleep(SETTLE_SECONDS)
        watch = scanner.arm(session.server.pid, session.canaries)
        session.server.signal(number)
        report = watch.collect()
    except (ScanFailure, OSError) as reason:
        verdicts.results.check(False, title + ": no scan", reason)
        return
    verdicts.judge(report, title)
    if not options.expect_found:
        wanted = ("code", 0) if number == signal.SIGTERM else ("signal", int(number))
        verdicts.results.equal(report.exited, wanted, title + ": how it ended")


def main(results, options):
    """All arenas, all steps, all ends."""
    if os.geteuid() != 0:
        results.skip(
            "the whole forensic suite", "NOT ROOT: memory of another process cannot be searched. Run it as root."
        )
        return
    if options.core and not shutil.which("gcore"):
        results.skip("the second pass over core files", "gcore is missing (apt-get install gdb)")
        options.core = False
    verdicts = Verdicts(results, options.expect_found)
    with Scanner() as scanner:
        for arena, arguments, steps, is_dumped in ARENAS:
            if options.only not in (None, arena):
                continue
            with Session(arguments, options.binary) as session:
                walk(session, scanner, verdicts, options.core and is_dumped, arena, steps)
            for name, number in ENDS if steps is LIFE else ENDS[:1]:
                end(scanner, verdicts, options, arena, arguments, name, number)
        for arena, arguments in CONTROLLED:
            if options.only in (None, arena):
                controlled(scanner, verdicts, options, arena, arguments)
    verdicts.close()


def arguments_of_command_line():
    """The options; see the top of this file."""
    parser = argparse.ArgumentParser(description="search the server's memory for what must not be there")
    parser.add_argument("--binary", help="the executable (default: ONETIME_LITE, else .build/onetime-lite)")
    parser.add_argument(
        "--expect-found", action="store_true", help="pass if canaries ARE found (a build without wiping)"
    )
    parser.add_argument("--no-gcore", dest="core", action="store_false", help="leave out the core files")
    parser.add_argument("--only", choices=[arena[0] for arena in ARENAS + CONTROLLED], help="one arena")
    options = parser.parse_args()
    if options.binary:
        os.environ["ONETIME_LITE"] = options.binary
    return options


if __name__ == "__main__":
    chosen = arguments_of_command_line()
    run_suite(lambda results: main(results, chosen), 900)
