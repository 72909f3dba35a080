"""Proves that the scanner can see: canaries put into known places and disguises of a small program must be found there.

self_test.py          as root; about 5 seconds
"""

import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from onetime_harness import Results, die_with_parent  # noqa: E402
from scan import Canaries, Scanner, disguises, random_text  # noqa: E402

PLACES = ["heap", "stack", "anonymous", "shared", "file", "dontdump", "none", "registers"]


class Subject:
    """The small program with its canaries planted; a context manager."""

    def __init__(self, scanner, plants):
        self.program = os.path.join(scanner.directory, "leaky")
        self.plants = plants

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent
        )
        for place, data in self.plants:
            self.process.stdin.write(("%s %s\n" % (place, data.hex())).encode())
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        self.said = []
        while True:
            line = self.process.stdout.readline().decode().strip()
            self.said.append(line)
            if line in ("ready", ""):
                return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def places(results, scanner):
    """A fragment of twelve bytes is found wherever a process can keep it; alive, in a core, and at exit."""
    canaries, plants, texts = Canaries(), [], {}
    for place in PLACES:
        texts[place] = random_text(96).encode()
        canaries.add(place, texts[place])
        plants.append((place, texts[place][:64] if place == "registers" else texts[place][40:52]))
    with Subject(scanner, plants) as subject:
        for title, report in (
            ("alive", scanner.live(subject.process.pid, canaries)),
            ("in a core", scanner.core(subject.process.pid, canaries) if shutil.which("gcore") else None),
        ):
            if report is None:
                results.skip("cores", "gcore is missing")
                continue
            for place in PLACES:
                results.check(report.found(place), "%s: found in %s" % (title, place), subject.said)
        watch = scanner.arm(subject.process.pid, canaries)
        os.kill(subject.process.pid, signal.SIGTERM)
        report = watch.collect()
        for place in PLACES:
            results.check(report.found(place), "at exit: found in " + place)
        results.equal(report.exited, ("signal", int(signal.SIGTERM)), "at exit: how it ended")


def coded(results, scanner):
    """Every disguise is found."""
    text = random_text(120, True).encode()
    canaries = Canaries()
    canaries.add("text", text)
    forms = disguises(text)
    plants = [("heap", data[len(data) // 3 : len(data) // 3 + max(least, 8) + 16]) for _, least, data in forms]
    for (kind, _, _), plant in zip(forms, plants):
        with Subject(scanner, [plant]) as subject:
            report = scanner.live(subject.process.pid, canaries)
        results.check(report.hits, "found as " + kind)
    print("%d disguises of a text" % len(forms), flush=True)


def nothing(results, scanner):
    """What is not there is not found, and what cannot be read is named."""
    canaries = Canaries()
    canaries.add("elsewhere", random_text(200, True))
    secret = random_text(96)
    canaries.add("secret", secret)
    with Subject(scanner, [("secret", secret.encode()), ("heap", random_text(200).encode())]) as subject:
        report = scanner.live(subject.process.pid, canaries)
    results.check(not report.hits, "nothing is found", report.describe(None))
    if "no memfd_secret" in subject.said:
        results.skip("secret memory", "this kernel has no memfd_secret")
    else:
        results.check(
            any("secretmem" in region for _, region in report.unread), "secret memory is named", report.unread
        )


def shipped(results, scanner):
    """Bytes of the executable's own file are nobody's secret, wherever they lie; one byte more than they is."""
    text = "no memfd_secret"  # of leaky.c
    rest = random_text(49)
    canaries = Canaries()
    canaries.add("as shipped", random_text(20) + text + random_text(20))
    canaries.add("one more", rest[-1] + text)
    for plant, wanted in ((rest + text, "one more"), ("." + rest[:-1] + text, None)):
        with Subject(scanner, [("registers", plant.encode())]) as subject:
            report = scanner.live(subject.process.pid, canaries)
            watch = scanner.arm(subject.process.pid, canaries)
            os.kill(subject.process.pid, signal.SIGTERM)
            for found in (report, watch.collect()):
                results.equal({hit[0] for hit in found.hits}, {wanted} - {None}, "found beside what the file has")


def main():
    """All of it."""
    results = Results()
    if os.geteuid() != 0:
        results.skip("the scanner's own test", "NOT ROOT")
        return results.finish()
    with Scanner() as scanner:
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaky.c")
        target = os.path.join(scanner.directory, "leaky")
        subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", target, source], check=True)
        for part in (places, coded, nothing, shipped):
            results.run(part, results, scanner)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
