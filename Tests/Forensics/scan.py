"""Owns the canaries, their disguises, and the reports of the memory scanner (scan.c, compiled when first used).

By hand, as root: `scan.py PID TEXT...` searches a running process for the texts in every disguise.
"""

import base64
import html
import json
import os
import secrets
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = 4096
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LIVELY = "<>&\"'/+= %;\\\n\u00e9\u20ac"


def random_text(length, lively=False):
    """A canary: high entropy; `lively` mixes in what the codings change, about every twentieth character."""
    letters = [secrets.choice(ALPHABET) for _ in range(length)]
    if lively:
        for place in range(10, length, 20):
            letters[place] = secrets.choice(LIVELY)
    return "".join(letters)


def swapped(data, width):
    """Every group of `width` bytes turned round: how words lie in memory after a hash loaded them."""
    return b"".join(data[i : i + width][::-1] for i in range(0, len(data) - width + 1, width))


def percent(data, everything, upper=True):
    """Percent coding of all bytes, or only of those outside the unreserved ones."""
    form = "%%%02X" if upper else "%%%02x"
    keep = b"" if everything else b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(chr(b) if b in keep else form % b for b in data).encode()


def disguises(data):
    """[(name, least run in bytes, bytes)] of one canary. The least run stands for at least five of its characters; where memory is full
    of text that looks the same (hashes in base 16, small letters), for six: five are met by chance now and then."""
    text = data.decode("utf-8", "replace")
    found = [("plain", 8, data)]
    for coding in ("utf-16-le", "utf-16-be"):
        found.append((coding, 10, text.encode(coding)))
    for coding in ("utf-32-le", "utf-32-be"):
        found.append((coding, 20, text.encode(coding)))
    lower, upper = data.hex(), data.hex().upper()
    found += [
        ("hex", 12, lower.encode()),
        ("HEX", 12, upper.encode()),
        ("hex in utf-16", 24, lower.encode("utf-16-le")),
    ]
    for skip in range(3):
        part = data[skip:]
        part = part[: len(part) // 3 * 3]
        found.append(("base64 +%d" % skip, 8, base64.b64encode(part)))
        found.append(("base64url +%d" % skip, 8, base64.urlsafe_b64encode(part)))
    for skip in range(5):
        part = data[skip:]
        coded = base64.b32encode(part[: len(part) // 5 * 5])
        found += [("BASE32 +%d" % skip, 10, coded), ("base32 +%d" % skip, 10, coded.lower())]
    found += [
        ("percent", 8, percent(data, False)),
        ("percent lower", 8, percent(data, False, False)),
        ("percent all", 15, percent(data, True)),
        ("percent all lower", 15, percent(data, True, False)),
        ("form", 8, percent(data, False).replace(b"%20", b"+")),
    ]
    plain_json = json.dumps(text, ensure_ascii=False)
    found += [
        ("json", 8, plain_json[1:-1].encode()),
        ("json ascii", 8, json.dumps(text)[1:-1].encode()),
        ("json slashes", 8, plain_json[1:-1].replace("/", "\\/").encode()),
        ("json in json", 8, json.dumps(plain_json, ensure_ascii=False)[3:-3].encode()),
        ("html", 8, html.escape(text).encode()),
        ("html'", 8, html.escape(text).replace("&#x27;", "&#39;").encode()),
        ("reversed", 8, data[::-1]),
    ]
    found += [("swapped 32 +%d" % skip, 8, swapped(data[skip:], 4)) for skip in range(4)]
    found += [("swapped 64 +%d" % skip, 8, swapped(data[skip:], 8)) for skip in range(8)]
    for name, mask in (("xor 36", 0x36), ("xor 5c", 0x5C), ("complement", 0xFF)):
        found.append((name, 8, bytes(b ^ mask for b in data)))
    seen, unique = set(), []
    for name, least, coded in found:
        if len(coded) >= 8 and coded not in seen:
            seen.add(coded)
            unique.append((name, least, coded))
    return unique


class Canaries:
    """What must not be found, and the one thing that must."""

    def __init__(self):
        self.names = []
        self.records = []
        self.disguises = []

    def add(self, name, value):
        """A canary of at least 12 bytes. Of one longer than 16 KiB only samples are looked for in every disguise."""
        data = value.encode("utf-8") if isinstance(value, str) else value
        if len(data) < 12:
            raise ValueError("too short to be a canary: " + name)
        self.names.append(name)
        if len(data) <= 4 * SAMPLE:
            for kind, least, coded in disguises(data):
                self._record(name, kind, least, coded)
            return
        self._record(name, "plain", 8, data)
        middle = len(data) // 2
        for start in (0, middle, len(data) - SAMPLE):
            for kind, least, coded in disguises(data[start : start + SAMPLE]):
                if kind != "plain":
                    self._record(name, kind, least, coded)

    def add_token(self, name, token):
        """A token as text, and as the number that its digits of base 36 write."""
        self.add(name, token)
        number = int(token, 36)
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        self._record(name, "number", 8, raw)
        self._record(name, "number turned", 8, raw[::-1])

    def _record(self, name, kind, least, coded):
        number = len(self.disguises)
        self.disguises.append((name, kind, len(coded)))
        self.records.append(struct.pack("<IIII", number, least, len(coded), 0) + coded)

    def write(self, path):
        """The pattern file for scan.c."""
        with open(path, "wb") as file:
            file.write(b"".join(self.records))


class Report:
    """What one scan found."""

    def __init__(self, canaries, lines):
        self.hits = []
        self.unread = []
        self.threads = 0
        self.scanned = 0
        self.exited = None
        for line in lines:
            parts = line.split("\t")
            if parts[0] == "hit":
                name, kind, length = canaries.disguises[int(parts[1])]
                self.hits.append((name, kind, int(parts[2]), length, parts[4], parts[3], bytes.fromhex(parts[5])))
            elif parts[0] == "unread":
                self.unread.append((int(parts[1]), parts[2]))
            elif parts[0] == "threads":
                self.threads = int(parts[1])
            elif parts[0] == "exited":
                self.exited = (parts[1], int(parts[2]))
            elif parts[0] == "scanned":
                self.scanned = int(parts[1])

    def forget_those_of(self, executable):
        """Drops hits whose bytes stand in the executable's own file, where no secret can have come to: its thousands of words in
        capitals and its table of the numbers from 00 to 99 (which a thread holds in eight registers) meet some characters of a
        disguise by chance. The live scan skips such pages; registers and core files have them."""
        if not self.hits:
            return
        with open(executable, "rb") as file:
            shipped = file.read()
        self.hits = [hit for hit in self.hits if not hit[6] or hit[6] not in shipped]

    def forget_where_they_lie(self, names, ranges):
        """Drops hits of what a process has to keep, where they lie within ranges of addresses. The names that were there."""
        kept, there = [], set()
        for hit in self.hits:
            address = int(hit[5], 16)
            if hit[0] in names and any(start <= address < end for start, end in ranges):
                there.add(hit[0])
            else:
                kept.append(hit)
        self.hits = kept
        return there

    def found(self, name):
        """Whether a canary of this name was found in any disguise."""
        return any(hit[0] == name for hit in self.hits)

    def of_others(self, control):
        """The hits that are not the control's."""
        return [hit for hit in self.hits if hit[0] != control]

    def describe(self, control, limit=12):
        """A few lines: which canary, in which disguise, how much of it, where, how often."""
        counts = Counter()
        longest = {}
        for name, kind, run, length, region, address, _ in self.of_others(control):
            key = (name, kind, region)
            counts[key] += 1
            if run > longest.get(key, (0,))[0]:
                longest[key] = (run, length, address)
        lines = []
        for key, count in counts.most_common(limit):
            run, length, address = longest[key]
            lines.append(
                "%s as %s: %d of %d bytes at %s in %s, %d times" % (key[0], key[1], run, length, address, key[2], count)
            )
        if len(counts) > limit:
            lines.append("and %d more kinds" % (len(counts) - limit))
        return "\n    ".join(lines)


def locked_ranges(pid):
    """The ranges of addresses that a process has locked in memory."""
    ranges, place = [], None
    with open("/proc/%d/smaps" % pid) as maps:
        for line in maps:
            words = line.split()
            if not words[0].endswith(":"):
                place = tuple(int(part, 16) for part in words[0].split("-"))
            elif words[0] == "VmFlags:" and "lo" in words:
                ranges.append(place)
    return ranges


class ScanFailure(Exception):
    """The scanner itself could not do its work."""


class Scanner:
    """The compiled scanner and a directory for its files; a context manager."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="onetime-scan-")
        self.program = os.path.join(self.directory, "scan")
        self.patterns = os.path.join(self.directory, "patterns")
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            raise ScanFailure("no C compiler")
        subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.program, os.path.join(HERE, "scan.c")],
            check=True,
            timeout=60,
        )
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, canaries, *arguments):
        canaries.write(self.patterns)
        done = subprocess.run(
            [self.program, arguments[0], arguments[1], self.patterns],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=120,
        )
        if done.returncode:
            raise ScanFailure(done.stderr.decode(errors="replace").strip())
        return Report(canaries, done.stdout.decode(errors="replace").splitlines())

    def live(self, pid, canaries):
        """Freezes the process and searches memory and registers."""
        report = self._run(canaries, "live", str(pid))
        report.forget_those_of("/proc/%d/exe" % pid)
        return report

    def file(self, path, canaries):
        """Searches a file."""
        return self._run(canaries, "file", path)

    def core(self, pid, canaries):
        """Takes a core with `gcore -a` and searches the file. None if gcore could not."""
        prefix = os.path.join(self.directory, "core")
        done = subprocess.run(
            ["gcore", "-a", "-o", prefix, str(pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        path = "%s.%d" % (prefix, pid)
        if done.returncode or not os.path.exists(path):
            raise ScanFailure("gcore: " + done.stdout.decode(errors="replace")[-300:])
        try:
            report = self._run(canaries, "file", path)
            report.forget_those_of("/proc/%d/exe" % pid)
            return report
        finally:
            os.unlink(path)

    def arm(self, pid, canaries, seconds=20):
        """Watches the process from now on; `collect` of the result returns the report once it has exited."""
        canaries.write(self.patterns)
        return ExitWatch(self.program, pid, canaries, self.patterns, seconds)


class ExitWatch:
    """A scanner that waits for the end of a process."""

    def __init__(self, program, pid, canaries, patterns, seconds):
        self.canaries = canaries
        self.seconds = seconds
        self.executable = os.readlink("/proc/%d/exe" % pid)
        self.process = subprocess.Popen(
            [program, "exit", str(pid), patterns, str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if self.process.stdout.readline().strip() != b"armed":
            raise ScanFailure(self.process.communicate(timeout=10)[1].decode(errors="replace"))

    def collect(self):
        """The report of the process at its exit."""
        try:
            out, err = self.process.communicate(timeout=self.seconds + 60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise ScanFailure("the scanner hangs")
        if self.process.returncode:
            raise ScanFailure(err.decode(errors="replace").strip())
        report = Report(self.canaries, out.decode(errors="replace").splitlines())
        report.forget_those_of(self.executable)
        return report


def main():
    """Searches one process for the texts given."""
    if len(sys.argv) < 3:
        print("usage: scan.py PID TEXT...")
        return 2
    canaries = Canaries()
    for text in sys.argv[2:]:
        canaries.add(text, text)
    with Scanner() as scanner:
        report = scanner.live(int(sys.argv[1]), canaries)
    print("%d bytes of %d threads searched; %d runs found" % (report.scanned, report.threads, len(report.hits)))
    print("    " + report.describe(None, 50))
    for size, region in report.unread:
        print("not readable: %d bytes of %s" % (size, region))
    return 1 if report.hits else 0


if __name__ == "__main__":
    sys.exit(main())
