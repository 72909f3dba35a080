"""What somebody may do to a real server's log without its signing key, and that `onetime-lite verify` finds it, names the first line that
is wrong, and takes neither much memory nor time.

    python3 Tests/Blackbox/verify_attacks.py [SEED]          about 15 seconds
"""

import base64
import concurrent.futures
import hashlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit import FIELD, HEAD, MIDDLE, REVEAL, audit_lines, chained, verify  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form  # noqa: E402

EVENTS = 2500
# How many lines, of all, of the beginning and of the end, are attacked.
CHOSEN, EDGE = 8, 4
MEMORY = 256 << 20
GAP = (
    '"event.category":["process"],"event.type":["info"],"event.action":"gap","event.outcome":"failure",'
    '"onetime.audit.missing":%d,"onetime.audit.previous_hash":"%s","onetime.audit.sink":"%s"'
)
START = '"event.category":["process"],"event.type":["start"],"event.action":"start","event.outcome":"success","onetime.public_key":"%s"'


def real_run():
    """The lines of a server's log, and its certificate."""
    with Server("--audit", "stdout", "--certificate", "stdout") as server:
        with Connection(server.port) as connection:
            for number in range(EVENTS):
                body = form({"secret": "x%d" % number})
                connection.send(build("POST", "/api/v1/share", [FORM], body, "127.0.0.1:%d" % server.port))
                connection.response("POST")
        server.stop()
        stream = server.text("stdout").encode()
    return audit_lines(stream), next(line for line in stream.splitlines(True) if b"onetime.certificate" in line)


class Attacks:
    """A log, what was done to it, and what has to be said of that."""

    def __init__(self, directory, generator):
        self.directory, self.generator, self.found = directory, generator, []
        self.lines, self.signed = real_run()
        self.others, other_signed = real_run()
        self.key = json.loads(self.lines[0])["onetime.public_key"]
        self.certificate, self.other_certificate = self.keep("own", self.signed), self.keep("other", other_signed)
        self.other_key = json.loads(self.others[0])["onetime.public_key"]
        self.full = ["--certificate", self.certificate, "--public-key", self.key]

    def keep(self, name, line):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(line)
        return path

    def add(self, name, lines, code, line=None, words="", arguments=()):
        """Has something judged: by its exit status, the line that is named, and what is said, one of several if these are a tuple."""
        self.found.append((name, lines, code, line, words, list(arguments)))

    def previous(self, place):
        return bytes.fromhex(json.loads(self.lines[place - 1])["event.hash"])

    def signed_anew(self, change=lambda statement: statement):
        """The certificate with a signature of somebody's own key, and that key."""
        fields = json.loads(self.signed)
        path, text = os.path.join(self.directory, "key.pem"), os.path.join(self.directory, "statement")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
        form = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True)
        key = base64.b64encode(form.stdout).decode()
        statement = change(base64.b64decode(fields["onetime.statement"]).replace(self.key.encode(), key.encode()))
        with open(text, "wb") as file:
            file.write(statement)
        sign = ["openssl", "pkeyutl", "-sign", "-inkey", path, "-rawin", "-in", text]
        signature = subprocess.run(sign, check=True, capture_output=True).stdout
        line = self.signed.decode().replace(fields["onetime.statement"], base64.b64encode(statement).decode())
        line = line.replace(fields["onetime.signature"], base64.b64encode(signature).decode()).replace(self.key, key)
        return self.keep("anew-%d" % len(self.found), line.encode()), key


def flipped(line, place, bits):
    changed = bytearray(line)
    changed[place] ^= bits
    return bytes(changed)


def on_one_line(attacks, place):
    """What changes one line, byte by byte or in its form alone, or puts something beside it."""
    lines, line, add = attacks.lines, attacks.lines[place], attacks.add
    before, behind = lines[:place], lines[place + 1 :]
    at = attacks.generator.randrange(1, len(line) - 1)
    number = '"event.sequence":%d,' % place
    text = line.decode()
    fields = json.loads(line)
    for name, changed in (
        ("a changed bit", flipped(line, attacks.generator.randrange(len(line) - 1), 1 << attacks.generator.randrange(8))),
        ("another hash", flipped(line, len(line) - 10, 1)), ("a split line", line[:at] + b"\n" + line[at:]),
        ("two lines in one", line[:-1] + (behind[0] if behind else line)), ("an empty line", b"\n" + line),
        ("CR", line[:-1] + b"\r\n"), ("NUL", line[:at] + b"\0" + line[at:]), ("NUL at the end", line[:-1] + b"\0\n"),
        ("no UTF-8", line[:at] + b"\xff\xfe" + line[at:]), ("garbage behind", line[:-1] + b" x\n"), ("a space behind", line[:-1] + b" \n"),
        ("a space before", b" " + line), ("spaces", json.dumps(fields).encode() + b"\n"),
        ("another order", json.dumps(fields, separators=(",", ":"), sort_keys=True).encode() + b"\n"),
        ("as a fraction", text.replace(number, number[:-1] + ".0,")), ("with an exponent", text.replace(number, number[:-1] + "e0,")),
        ("with a zero", text.replace(number, '"event.sequence":0%d,' % place)), ("negative", text.replace(number, '"event.sequence":-%d,' % place)),
        ("2^64 more", text.replace(number, '"event.sequence":%d,' % (place + 2**64))),
        ("the greatest number", text.replace(number, '"event.sequence":%d,' % (2**64 - 1))),
        ("2^53", text.replace(number, '"event.sequence":%d,' % 2**53)), ("an escape in a name", text.replace("event.action", "event\\u002eaction")),
        ("an escape", text.replace('"event.kind":"event"', '"event.kind":"even\\u0074"')), ("large digits", text[:-67] + text[-67:].upper()),
        ("a name twice", text.replace(',"event.hash"', ',"event.action":"burn","event.hash"')), ("64 KiB", line[:-70] + b"x" * (64 << 10) + line[-70:]),
        ("1 MiB before it", b"x" * (1 << 20) + b"\n" + line), ("256 KiB before it", b"x" * (256 << 10) + b"\n" + line),
    ):
        changed = changed.encode() if isinstance(changed, str) else changed
        assert changed != line, name
        rest = behind[1:] if name == "two lines in one" else behind
        add("%s, line %d" % (name, place + 1), before + [changed] + rest, 1, place + 1)


def on_order(attacks, place):
    """What removes, swaps, doubles and inserts lines, and cuts beginning and end off."""
    lines, others, add, generator, last = attacks.lines, attacks.others, attacks.add, attacks.generator, len(attacks.lines) - 1
    before, line, behind = lines[:place], lines[place], lines[place + 1 :]
    number = place + 1
    far = generator.choice([each for each in range(last) if abs(each - place) > 1])
    first, second = sorted((place, far))
    swapped = lines[:first] + [lines[second]] + lines[first + 1 : second] + [lines[first]] + lines[second + 1 :]
    add("swapped %d and %d" % (first, second), swapped, 1, first + 1)
    for arguments in ([], attacks.full):
        add("twice, %d" % number, before + [line, line] + behind, 1, number + 1, ("inserted", "second time"), arguments)
    add("three times, %d" % number, before + [line, line, line] + behind, 1, number + 1)
    if place < last:
        add("neighbours, %d" % number, before + [behind[0], line] + behind[1:], 1, number)
    if place == 0:
        return add("no first line", behind, 1, 1, "begins with event 1")
    if place < last:
        add("removed, %d" % number, before + behind, 1, number, "1 events are missing, from event %d" % place)
    add("an old line, %d" % number, before + [lines[generator.randrange(place)]] + lines[place:], 1, number)
    for name, some in (
        ("another run's line", [others[generator.randrange(1, last)]]), ("another run's first line", others[:1]), ("another run's lines", others[:5]),
        ("another run", others), ("another run's line of this number", [others[place]]),
    ):
        for arguments in ([], attacks.full):
            add("%s, %d" % (name, number), before + some + lines[place:], 1, number, ("inserted", "stands where"), arguments)
    add("another run's line instead, %d" % number, before + [others[place]] + behind, 1, number)
    add("another run's rest, %d" % number, before + others[place:], 1, number)
    add("no beginning, %d" % number, lines[place:], 1, 1, "--partial")
    add("a part, %d" % number, lines[place:], 3, None, "on trust", ["--partial"])
    add("a certified part, %d" % number, lines[place:], 3, None, "It ends as the certificate says", ["--partial"] + attacks.full)
    add("no end, %d" % number, before, 0, None, "do not end with a stop")
    for arguments in (attacks.full, attacks.full + ["--partial"]):
        add("no end, certified, %d" % number, before, 1, place, "cut off", arguments)
    if place > 3:
        add("neither beginning nor end, %d" % number, lines[2:place], 1, place - 2, "cut off", attacks.full + ["--partial"])
    for arguments in (["--partial"], attacks.full + ["--partial"]):
        add("the end before the beginning, %d" % number, lines[place:] + before, 1, None, "wrong order", arguments)


def on_hashes(attacks, place):
    """What somebody does who computes hashes anew, for which no key is needed."""
    lines, add = attacks.lines, attacks.add
    if place == 0:
        return
    previous, anew = attacks.previous(place), []
    for number, line in enumerate(lines[place:]):
        body = line[: line.index(FIELD)]
        line, previous = chained(previous, body if number else body[:-1] + b',"a":1"')
        anew.append(line)
    before, number = lines[:place], place + 1
    for name, some, arguments in (
        ("from", before + anew, []), ("without the beginning, from", lines[1:place] + anew, ["--partial"]), ("and cut, from", anew, ["--partial"]),
    ):
        add("anew %s %d" % (name, number), some, 1, len(some), "does not hold what the certificate vouches for", attacks.full + arguments)
    if place < len(lines) - 1:
        add("one line anew, %d" % number, before + anew[:1] + lines[place + 1 :], 1, number + 1, "or the one before it")
        add("an own line, %d" % number, before + anew[:1] + lines[place:], 1, number, "inserted")
        add("an own line at the end, %d" % number, before + anew[:1] + [lines[place]], 1, number + 1, "one was inserted")
        both = before + anew[:1] + [flipped(lines[place], len(lines[place]) - 10, 1)] + lines[place + 1 :]
        add("an own line, and the next one changed, %d" % number, both, 1, number + 1)


def on_certificates(attacks):
    """Certificates of other runs and other keys, and what is not quite a certificate."""
    lines, others, add, full, end = attacks.lines, attacks.others, attacks.add, attacks.full, len(attacks.lines)
    of_other = ["--certificate", attacks.other_certificate]
    add("another run's certificate with the same number", lines, 1, None, "not here", of_other)
    add("its key, too", lines, 1, None, "not here", of_other + ["--public-key", attacks.other_key])
    add("with our key", lines, 1, None, "another key", of_other + ["--public-key", attacks.key])
    add("both certificates", lines, 1, None, "not here", of_other + full)
    add("both, of a part", lines, 3, None, "The run of %s is not here" % attacks.other_key, of_other + full + ["--partial"])
    add("another run behind it", lines + others, 3, None, "Run 2: no certificate", full)
    both = full + of_other + ["--public-key", attacks.other_key]
    add("both runs", lines + others, 0, None, "All end as their certificates say", both)
    add("no end of the first of two", lines[:-1] + others, 1, end - 1, "cut off", both)
    add("that, and what another run has behind it", lines[:-1] + others[:1] + lines[-1:], 1, end, "inserted", full)
    add("a start behind a certified end that is not there", lines[:-1] + others[:1] + lines[:1], 1, end - 1, "cut off", full)
    add("that, and a changed line behind it", lines[:-1] + others[:9] + others[10:], 1, end - 1, "cut off", both)
    add("a log twice", lines + lines, 1, end + 1, "second time")
    last = lines[-1][: lines[-1].index(FIELD)].replace(b":%d," % (end - 1), b":%d," % end)
    add("a line behind the end", lines + [chained(attacks.previous(end), last)[0]], 1, end + 1, "ended before", full)
    path, key = attacks.signed_anew()
    own = ["--certificate", path]
    add("signed anew", lines, 1, end, "another key", own)
    add("with its key", lines, 1, end, "another key", own + ["--public-key", key])
    add("with our key", lines, 1, None, "another key", own + ["--public-key", attacks.key])
    add("beside the right one", lines, 1, end, "another key", own + full)
    add("of a part", lines[3:], 3, None, "was not checked", own + ["--partial"])
    add("of a part, beside the right one", lines[3:], 1, end - 3, "another key", own + full + ["--partial"])
    for count in (2**64 - 1, 2**53, end + 1, 1, 0):
        path, _ = attacks.signed_anew(lambda statement: re.sub(rb'"audit_events":\d+', b'"audit_events":%d' % count, statement))
        add("signed anew for %d events" % count, lines, 1, None, "", ["--certificate", path])
    fields = re.finditer(rb'"onetime\.[a-z_]+":"([^"]*)"', attacks.signed)
    signed = [place for field in fields for place in range(field.start(), field.end())]
    for place in attacks.generator.sample(signed, 40):
        changed = attacks.keep("changed-%d" % place, flipped(attacks.signed, place, 1))
        add("certificate with byte %d changed" % place, lines, 1, None, "", ["--certificate", changed, "--public-key", attacks.key])
    statement = re.search(rb'"onetime.statement":"[^"]*",', attacks.signed)[0]
    twice = attacks.keep("twice", attacks.signed.replace(statement, statement * 2))
    add("certificate with two statements", lines, 1, None, "no certificate", ["--certificate", twice])
    behind = attacks.keep("behind", b"x" * (1 << 20) + b"\n" + attacks.signed)
    add("certificate behind a long line", lines, 0, None, "It ends as", ["--certificate", behind, "--public-key", attacks.key])


def own_chain(*bodies, previous=bytes(32)):
    lines = []
    for body in bodies:
        line, previous = chained(previous, body.encode())
        lines.append(line)
    return lines


def on_the_whole(attacks):
    """What is no log, and numbers that nobody counts up to."""
    lines, add, end = attacks.lines, attacks.add, len(attacks.lines)
    whole = b"".join(lines)
    add("nobody touched it", lines, 0, None, "It ends as the certificate says", attacks.full)
    add("no last line feed", [whole[:-1]], 0)
    for name, text, line in (
        ("a byte order mark", b"\xef\xbb\xbf" + whole, 1), ("UTF-16", whole.decode().encode("utf-16"), 1), ("CR LF", whole.replace(b"\n", b"\r\n"), 1),
        ("CR", whole.replace(b"\n", b"\r"), 1), ("an empty last line", whole + b"\n", end + 1), ("garbage", whole + b"garbage", end + 1),
        ("NULs", whole + bytes(5000), end + 1), ("JSON", whole + b'{"a":1}\n', end + 1), ("an empty line", b"\n", 1),
        ("an escape in another line", whole + b'{"@timestamp":"\x1b[2J"}\n', end + 1),
    ):
        add(name, [text], 1, line)
    for arguments in ([], attacks.full, attacks.full + ["--partial"]):
        add("nothing", [], 1, None, "no line of an audit log", arguments)

    def body(number, rest=REVEAL % (1, 1)):
        return HEAD % (0, 0, 0, number) + MIDDLE + rest

    some = hashlib.sha256().digest()
    for number in (2**53, 2**53 + 1, 2**63, 2**64 - 2, 2**64 - 1):
        code = 3 if number == 2**53 else 1
        add("first %d" % number, own_chain(body(number)), code, None, "", ["--partial"])
        add("first %d, and the next" % number, own_chain(body(number), body(number + 1)), 1, None, "", ["--partial"])
        add("%d in between" % number, lines[:5] + own_chain(body(number)) + lines[5:], 1, 6)
        add("%d at the end" % number, lines[:5] + own_chain(body(number)), 1, 6)
        gap = body(number, GAP % (number - 5, some.hex(), "fd:3"))
        add("a gap up to %d" % number, lines[:5] + own_chain(gap, previous=some), code)
    gap = body(9, GAP % (4, some.hex(), "s" * 40000))
    add("a receiver with a long name", lines[:5] + own_chain(gap, previous=some), 1, 6)
    runs = []
    for number in range(2100):
        key = bytes.fromhex("302a300506032b6570032100") + hashlib.sha256(b"%d" % number).digest()
        runs += own_chain(body(0, START % base64.b64encode(key).decode()))
        runs += own_chain(body(2**53, GAP % (2**53 - 1, some.hex(), "fd:%d" % number)), previous=some)
    add("more missing than can be counted", runs, 3, None, "events are missing")


def judge(attack):
    """What is wrong with the answer; nil where nothing is."""
    name, lines, code, line, words, arguments = attack

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    command = [binary_path(), "verify", "-", *arguments]
    try:
        done = subprocess.run(command, input=b"".join(lines), capture_output=True, timeout=20, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return name, "no answer in 20 s"
    text = (done.stdout + done.stderr).decode()
    choice = words if isinstance(words, tuple) else (words,)
    is_named = line is None or "standard input, line %d: " % line in text
    return (name, None if done.returncode == code and is_named and any(word in text for word in choice) else (done.returncode, text[-300:]))


def attacks_on_a_log(results, directory):
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10**6)
    generator = random.Random(seed)
    attacks = Attacks(directory, generator)
    end = len(attacks.lines)
    places = {*range(EDGE), *range(end - EDGE, end), *generator.sample(range(end), CHOSEN)}
    for place in sorted(places):
        on_one_line(attacks, place)
        on_order(attacks, place)
        on_hashes(attacks, place)
    on_certificates(attacks)
    on_the_whole(attacks)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, fault in pool.map(judge, attacks.found):
            results.check(fault is None, "%s (seed %d)" % (name, seed), fault)


def words_of_others(results, directory):
    """What somebody signs with a key of his own does not pass for what the program says of it."""
    attacks = Attacks(directory, random.Random(1))
    claim = b'{"The signature is right. The key is the one that was given.",The chain is whole,\nx\r\x1b[A,'
    path, _ = attacks.signed_anew(lambda statement: statement.replace(b"{", claim, 1))
    with open(path, "ab") as file:
        file.write(attacks.signed)
    code, text = verify("-", "--certificate", path, "--public-key", attacks.key, given=b"".join(attacks.lines))
    said = [line for line in text.split("\n") if not line.startswith("  ")]
    results.equal(code, 1, "the log is of one key")
    results.equal([line for line in said if "is the one that was given" in line], ["The signature is right. The key is the one that was given."],
        "said of one of two")
    results.check(not any(line.startswith("The chain") for line in said) and "\x1b" not in text and "\r" not in text, "nothing else", text)


def without_end(results):
    """A line of 100 MB is refused at once where a log is read, and skipped where certificates are; neither takes memory."""
    for arguments, seconds in ((["-"], 5), (["--partial", "-"], 5), (["--certificate", "-"], 20)):
        source = subprocess.Popen(["head", "-c", "100000000", "/dev/zero"], stdout=subprocess.PIPE)
        begin = time.monotonic()
        done = subprocess.run(
            [binary_path(), "verify", *arguments], stdin=source.stdout, capture_output=True, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )
        source.stdout.close()
        source.wait()
        results.check(done.returncode == 1 and time.monotonic() - begin < seconds, " ".join(arguments), (done, time.monotonic() - begin))


def body(results):
    directory = tempfile.mkdtemp(prefix="onetime-attacks-")
    try:
        results.run(attacks_on_a_log, results, directory)
        results.run(words_of_others, results, directory)
        results.run(without_end, results)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(body, 180)
