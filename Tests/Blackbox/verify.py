"""What `onetime-lite verify` makes of several runs, receivers and other lines, and reading the log by `/api/audit`.

    python3 Tests/Blackbox/verify.py          about 12 seconds
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit import BEGIN, HEAD, KEY, MIDDLE, REVEAL, audit_lines, chained, make_chain, verify, wait_for  # noqa: E402
from onetime_harness import Server, binary_path, die_with_parent, free_port, run_suite  # noqa: E402
from onetime_http import request, share  # noqa: E402


def gaps_of_others(results):
    """A line that tells what one receiver was not given excuses nothing that is missing from the file of another one."""
    gap = (
        '"event.category":["process"],"event.type":["info"],"event.action":"gap","event.outcome":"failure",'
        '"onetime.audit.missing":%d,"onetime.audit.previous_hash":"%s","onetime.audit.sink":"%s"'
    )
    lines, previous = [], bytes(32)
    told = {12: (4, "fd:3"), 20: (5, "fd:4"), 32: (6, "fd:3")}
    for number in range(40):
        rest = gap % (told[number][0], previous.hex(), told[number][1]) if number in told else REVEAL % (number, number)
        body = (HEAD % (0, 0, number, number) + MIDDLE + (rest if number else BEGIN)).encode()
        line, previous = chained(previous, body)
        lines.append(line)

    def without(*names):
        gone = {n for at, (count, name) in told.items() if name in names for n in range(at - count, at)}
        return b"".join(line for number, line in enumerate(lines) if number not in gone)

    code, text = verify(given=without("fd:3"))
    results.check(code == 3 and "10 events are missing" in text and "fd:3." in text, "the file of fd:3", text)
    code, text = verify(given=without("fd:4"))
    results.check(code == 3 and "5 events are missing" in text and "fd:4." in text, "the file of fd:4", text)
    results.equal(verify("--sink", "fd:3", given=without("fd:3"))[0], 3, "by name")
    code, text = verify("--sink", "fd:3", given=without("fd:4"))
    results.check(code == 1 and "line 16:" in text and "another receiver" in text, "not by the name of the other one", text)
    code, text = verify(given=without("fd:3", "fd:4"))
    results.check(code == 1 and "another receiver" in text, "nothing may be missing of two", text)
    for start, end in ((8, 12), (26, 32)):
        code, text = verify(given=b"".join(lines[:start] + lines[end:]))
        results.check(code == 1 and "another receiver" in text, "what is told by a receiver that was given the rest", text)


def other_lines(results):
    """Nothing that a reader of JSON takes for a line of the log passes as another line of the server."""
    lines = make_chain(6)
    mine = json.loads(lines[3])
    forged = lines[3].decode().replace('"event.action":"reveal"', '"event.action":"burn"')
    ways = [
        forged.replace('"onetime.audit"', '"onetime\\u002eaudit"').replace('"event.hash"', '"event\\u002ehash"'),
        forged.replace('"event.dataset"', '"event\\u002edataset"').replace('"event.hash"', '"event\\u002ehash"'),
        forged.replace('"event.dataset":', '"event.dataset" :'),
        forged.replace('"event.dataset":', '"event.dataset":"other","event.dataset":'),
        forged.replace('"event.hash":', '"event.hash" :').replace('"event.sequence"', '"a"'),
        forged.replace('"event.dataset":"onetime.audit"', '"event":{"dataset":"onetime.audit"}').replace("event.hash", "a"),
        '{"@timestamp":"%s","event.dataset":"onetime\\u002eaudit"}\n' % mine["@timestamp"],
        '{"@timestamp":"%s","event.sequence":3}\n' % mine["@timestamp"],
        '{"@timestamp":"%s","a":"}\n' % mine["@timestamp"],
    ]
    for line in ways:
        code, text = verify(given=b"".join(lines[:4]) + line.encode() + b"".join(lines[4:]))
        results.check(code == 1 and "line 5:" in text, "refused: " + line, text)
    for line in (
        '{"@timestamp":"x","log.level":"info","message":"a \\"event.hash\\": b, \\u00e9","event.category":["web"],"a":1}\n',
        '{"@timestamp":"x","event.dataset":"onetime.certificate","message":"onetime.audit"}\n',
    ):
        code, text = verify(given=b"".join(lines[:4]) + line.encode() + b"".join(lines[4:]))
        results.check(code == 0 and "1 other lines" in text, "passed over: " + line, text)


def one_run(path, count, ending=signal.SIGTERM):
    """A run of a server that appends its log and its certificate to a file; returns its key."""
    with open(path, "ab") as file:
        port, before = free_port(), file.tell()
        os.set_inheritable(file.fileno(), True)
        target = "fd:%d" % file.fileno()
        process = subprocess.Popen(
            [binary_path(), "--port", str(port), "--audit", target, "--certificate", target],
            stdout=subprocess.DEVNULL,
            pass_fds=[file.fileno()],
            preexec_fn=die_with_parent,
        )
    wait_for(port)
    for _ in range(count):
        share(port, "x")
    if ending == signal.SIGKILL:
        # What still waits for a receiver is lost with the process.
        wait_until(lambda: lines_behind(path, before) >= 2 + count)
    process.send_signal(ending)
    process.wait(10)
    with open(path, "rb") as file:
        file.seek(before)
        return json.loads(file.readline())["onetime.public_key"]


def lines_behind(path, place):
    """How many lines a file has from a place on."""
    with open(path, "rb") as file:
        file.seek(place)
        return file.read().count(b"\n")


def wait_until(is_done):
    """Waits for something that comes soon; 5 seconds at most."""
    for _ in range(500):
        if is_done():
            return
        time.sleep(0.01)


def several_runs(results, directory):
    """Each run is checked against its own certificate, and what no certificate of a given key vouches for is named."""
    path = os.path.join(directory, "runs.ndjson")
    keys = [one_run(path, 3), one_run(path, 2, signal.SIGQUIT), one_run(path, 4)]
    with open(path, "rb") as file:
        lines = file.read().splitlines(True)
    places = [number for number, line in enumerate(lines) if b"onetime.certificate" in line]
    results.equal(len(places), 3, "each run leaves a certificate, the one that SIGQUIT ended, too")
    given = [argument for key in keys for argument in ("--public-key", key)]

    def judged(some, *arguments):
        with open(path, "wb") as file:
            file.writelines(some)
        return verify(path, "--certificate", path, *arguments)

    code, text = judged(lines, *given)
    results.check(code == 0 and "All end as their certificates say" in text, "three runs with three keys", text)
    results.equal(text.count("The signature is right"), 3, "all certificates are shown")
    code, text = judged(lines, *given[4:])
    results.check(code == 3 and "Run 1 was begun by a key that was not given: " + keys[0] in text and "Run 2" in text, "one key", text)
    results.check("Run 3" not in text, "which is the third one's", text)
    results.equal(judged(lines)[0], 3, "no key")
    code, text = judged(lines, "--public-key", KEY)
    results.equal(code, 1, "the key of none")
    for number, place in enumerate(places):
        tail = lines[: place - 2] + lines[place:]
        code, text = judged(tail, *given)
        results.check(code == 1 and "cut off" in text, "the end of run %d is cut off" % (number + 1), text)
        start = places[number - 1] + 1 if number else 0
        code, text = judged(lines[:start] + lines[place:], *given)
        said = "the run of " + keys[number] + ", which a certificate vouches for, is not here"
        results.check(code == 1 and said in text, "run %d is gone, its certificate is not" % (number + 1), text)
        code, text = judged(lines[:start] + lines[place + 1 :], *given)
        results.equal(code, 1, "its certificate is gone, too, but its key is known")
        code, text = judged(lines[: place - 2] + lines[place + 1 :], *(given[: 2 * number] + given[2 * number + 2 :]))
        said = "Run %d: no certificate vouches for events 0 to" % (number + 1)
        results.check(code == 3 and said in text, "its end and its certificate are gone", text)
        results.check("1 runs do not end with a stop" in text, "the warning is there with certificates, too", text)
        shifted = lines[:place] + lines[place + 1 :] + [lines[place]]
        results.equal(judged(shifted, *given)[0], 0, "where a certificate stands does not matter")
    apart = [os.path.join(directory, "certificate-%d" % number) for number in range(len(places))]
    for place, name in zip(places, apart):
        with open(name, "wb") as file:
            file.write(lines[place])
    files = [argument for name in apart for argument in ("--certificate", name)]
    with open(path, "wb") as file:
        file.writelines(line for number, line in enumerate(lines) if number not in places)
    code, text = verify(path, *files, *given)
    results.check(code == 0 and "All end as their certificates say" in text, "certificates in files of their own", text)
    code, text = verify(path, *files[2:], *given)
    results.check(code == 3 and "Run 1: no certificate vouches" in text, "one of them is not given, though its key is", text)
    code, text = verify(*files[2:], *given)
    results.check(code == 1 and "another key" in text, "which is wrong where it is about certificates alone", text)
    results.equal(verify(path)[0], 0, "the chain alone is whole")
    other = os.path.join(directory, "forged.ndjson")
    one_run(other, 2)
    with open(other, "rb") as file:
        forged = file.read().splitlines(True)
    code, text = judged(forged + lines[places[0] + 1 :], *given[2:])
    results.check(code == 3 and "Run 1 was begun by a key that was not given" in text, "a run that somebody else made", text)
    code, text = judged(lines[:4] + lines[places[0] : places[0] + 1] + lines[places[0] + 1 :], *given)
    results.equal(code, 1, "half of a run")


def parts_of_runs(results, directory):
    """A part of a log may be without runs whose certificates and keys are known; they are named, and it may not be cut within one."""
    path, certificates = os.path.join(directory, "part.ndjson"), os.path.join(directory, "certificates.ndjson")
    keys = [one_run(path, 8)]
    time.sleep(1.1)  # certificates tell seconds
    keys += [one_run(path, 2, signal.SIGKILL), one_run(path, 4)]
    with open(path, "rb") as file:
        lines = file.read().splitlines(True)
    starts = [number for number, line in enumerate(lines) if b'"event.action":"start"' in line] + [len(lines)]
    with open(certificates, "wb") as file:
        file.writelines(line for line in lines if b"onetime.certificate" in line)
    first, third = ("--public-key", keys[0]), ("--public-key", keys[2])

    def judged(some, *arguments):
        with open(path, "wb") as file:
            file.writelines(line for line in some if b"onetime.certificate" not in line)
        return verify(path, "--certificate", certificates, *arguments)

    def absent(text):
        return [number for number, key in enumerate(keys) if "The run of %s is not here." % key in text]

    code, text = judged(lines, "--partial", *first, *third)
    results.check(code == 3 and absent(text) == [] and "Run 2: no certificate" in text, "all three, of which one was killed", text)
    code, text = judged(lines, *first, "--public-key", keys[1], *third)
    results.check(code == 3 and "Run 2: no certificate" in text, "that one's key is known, and the log is whole", text)
    code, text = judged(lines[: starts[1]] + lines[starts[2] :], *first, "--public-key", keys[1], *third)
    results.check(code == 1, "it is missing where the log has it not", text)
    for name, start, end, missing in (
        ("cut before the second run", starts[1], starts[3], [0]),
        ("cut within the second run", starts[1] + 2, starts[3], [0]),
        ("cut before the third run", starts[2], starts[3], [0]),
        ("cut within the third run", starts[2] + 1, starts[3], [0]),
        ("cut behind the first run", 0, starts[1], [2]),
        ("cut within the first run and behind it", 2, starts[1], [2]),
    ):
        for given in ((), (*first, *third)):
            code, text = judged(lines[start:end], "--partial", *given)
            results.check(code == 3 and absent(text) == missing, name, text)
        code, text = judged(lines[start:end], *first, *third)
        results.check(code == 1, name + ", which was not to be", text)
    code, text = judged(lines[starts[2] :], "--partial", *first)
    results.check(code == 1 and "another key" in text, "a part that has no run of the given keys", text)
    code, text = judged(lines[starts[1] : -2], "--partial", *first, *third)
    results.check(code == 1 and "cut off" in text, "the end is not to be cut off", text)
    code, text = judged(lines[starts[2] + 1 : -2], "--partial", *first, *third)
    results.check(code == 1 and "cut off" in text, "nor that of a run whose beginning is gone", text)
    with open(certificates, "rb") as file:
        some = file.read().splitlines(True)
    with open(certificates, "wb") as file:
        file.writelines(some[1:])
    code, text = judged(lines[starts[2] :], "--partial", *first, *third)
    results.check(code == 3 and absent(text) == [0], "a run of which there is but the key", text)
    code, text = judged(lines[starts[2] :], *first, *third)
    results.check(code == 1, "which was not to be, either", text)


def killed_runs(results, directory):
    """What is said where a server was killed, and started anew on the same file: which part of which run is there, whose certificate is
    given, and what whoever must trust the answer has to know."""
    done = subprocess.run([binary_path(), "keygen", "--name", "k", "--scopes", "audit"], capture_output=True, check=True)
    secret, line = done.stdout.decode().splitlines()

    def keep(name, lines):
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.writelines(lines)
        return path

    def run(name, ending):
        path = os.path.join(directory, name)
        key = one_run(path, 6, ending)
        time.sleep(1.1)  # certificates tell seconds
        with open(path, "rb") as file:
            lines = file.read().splitlines(True)
        return key, [each for each in lines if b"onetime.certificate" not in each], lines

    with Server("--audit", "stdout", environment={"API_KEYS": line}) as server:
        for number in range(9):
            share(server.port, "x")
            if number == 4:
                answer = request(server.port, "POST", "/api/certificate", [("Authorization", "Bearer " + secret)])
        wait_until(lambda: server.text("stdout").count("onetime.audit") >= 11)
        server.kill()
        killed = audit_lines(server.text("stdout").encode())
    time.sleep(1.1)
    killed_key = json.loads(killed[0])["onetime.public_key"]
    last, later, later_whole = run("later", signal.SIGTERM)
    other, another, another_whole = run("another", signal.SIGTERM)
    interim = keep("c-killed", [answer.body])
    seen = next(n for n, each in enumerate(killed) if b'"event.action":"certificate"' in each) + 1
    of_later, of_other = keep("c-later", later_whole), keep("c-other", another_whole)
    results.check(4 < seen < len(killed) - 2, "a certificate on demand is of the middle", (seen, len(killed)))
    head, tail, cut = killed[: seen - 1], killed[3:], later[:-2]
    absent = "The run of %s is not here.\n"
    wrong_end, no_start, order = "its end was cut off", "--partial takes that line on trust", "wrong order"
    lost = ["Run 1: no certificate vouches for events 3 to %d" % (len(killed) - 1), "first line was taken on trust", "1 runs do not end"]
    whole = ["Run 1: no certificate vouches for events 0 to %d" % (len(killed) - 1), "1 runs do not end"]
    rest = ["Run 1: no certificate vouches for events %d to %d" % (seen, len(killed) - 1)]
    # What is there, of which certificates are given; what is said, and what with --partial.
    rows = (
        ("killed, later", killed + later, [of_later], (3, whole), (3, whole)),
        ("killed, later; both certificates", killed + later, [interim, of_later], (3, rest), (3, rest)),
        ("killed, later; the killed one's", killed + later, [interim], (3, rest + ["Run 2: no"]), (3, rest + ["Run 2: no"])),
        ("tail of killed, later", tail + later, [of_later], (1, ["line 1:", no_start]), (3, lost)),
        ("tail of killed, later; both", tail + later, [interim, of_later], (1, ["line 1:", no_start]), (3, rest)),
        ("tail of killed alone; later's", tail, [of_later], (1, [no_start]), (3, lost + [absent % last])),
        ("tail of killed, later; another's", tail + later, [of_other], (1, [no_start]), (3, lost + [absent % other, "Run 2: no"])),
        ("killed alone; later's", killed, [of_later], (1, ["run of " + last]), (3, whole + [absent % last])),
        ("later alone; killed's and its own", later, [interim, of_later], (1, ["run of " + killed_key]), (3, [absent % killed_key])),
        ("end of killed behind its certificate", killed[seen + 1 :] + later, [interim, of_later], (1, [no_start]),
            (3, ["The run of %s is not here, or it is the first one" % killed_key, "Run 1: no"])),
        ("end of killed from its certificate on", killed[seen:] + later, [interim, of_later], (1, [no_start]), (3, rest)),
        ("middle of killed, before its certificate", killed[3 : seen - 1], [interim], (1, [no_start]), (1, [wrong_end])),
        ("killed without its end, later", head + later, [interim, of_later],
            (1, ["line %d:" % len(head), wrong_end]), (1, ["line %d:" % len(head), wrong_end])),
        ("killed, tail of later", killed + later[2:], [of_later], (1, ["line %d:" % (len(killed) + 1)]), (1, [])),
        ("tail of killed, tail of later", tail + later[2:], [of_later], (1, [no_start]), (1, ["line %d:" % (len(tail) + 1)])),
        ("killed, later cut", killed + cut, [of_later], (1, [wrong_end]), (1, [wrong_end])),
        ("tail of killed, later cut", tail + cut, [of_later], (1, [no_start]), (1, ["line %d:" % len(tail + cut), wrong_end])),
        ("tail of killed, later cut, another", tail + cut + another, [of_later, of_other], (1, [no_start]),
            (1, ["line %d:" % len(tail + cut), wrong_end])),
        ("tail of later", later[2:], [of_later], (1, [no_start]), (3, ["It ends as the certificate says", "on trust"])),
        ("middle of later", later[2:-1], [of_later], (1, [no_start]), (1, [wrong_end])),
        ("tail of later; killed's too", later[2:], [interim, of_later], (1, [no_start]), (3, [absent % killed_key, "on trust"])),
        ("later before killed", later + killed, [interim, of_later], (3, []), (3, ["Run 2: no certificate"])),
        ("end of later before its beginning", later[4:] + later[:4], [of_later], (1, [no_start]), (1, ["a second time", order])),
        ("end of killed before its beginning", tail + killed[:3], [], (1, [no_start]), (1, ["line 1:", order])),
        ("end of killed, later, beginning", tail + later + killed[:3], [of_later], (1, [no_start]), (1, ["line 1:", order])),
    )
    keys = [argument for key in (killed_key, last, other) for argument in ("--public-key", key)]
    for name, lines, certificates, *wanted in rows:
        path = keep("log", lines)
        places = [0, len(lines) // 3, len(lines) // 3 * 2, len(lines)]
        parts = [keep("log.%d" % number, lines[places[number] : places[number + 1]]) for number in range(3)]
        given = [argument for each in certificates for argument in ("--certificate", each)]
        for partial, (code, words) in zip(([], ["--partial"]), wanted):
            found, text = verify(path, *partial, *given, *(keys if partial or of_other in certificates else keys[:4]))
            results.check(found == code and all(word in text for word in words), " ".join([name, *partial]), (found, text))
            for way, arguments, stream in (("standard input", ["-"], b"".join(lines)), ("rotated", parts, None)):
                same, text = verify(*arguments, *partial, *given, given=stream)
                plain = [word for word in words if not word.startswith("line ")]
                results.check(same == code and all(word in text for word in plain), "%s, %s" % (name, way), (same, text))
    # The certificate in the stream, between the lines of what was started after it.
    for name, lines, partial, code, words in (
        ("killed, later, its certificate", killed + later_whole, [], 3, whole + ["1 other lines"]),
        ("tail of killed, later, its certificate", tail + later_whole, ["--partial"], 3, lost),
        ("later, its certificate, killed", later_whole + killed, [], 3, ["Run 2: no certificate", "1 runs do not end"]),
        ("its certificate, later, killed", later_whole[-1:] + later + killed, [], 3, ["Run 2: no certificate"]),
        ("end of later, its certificate, killed", later_whole[3:] + killed, ["--partial"], 3, ["Run 2: no certificate", "on trust"]),
    ):
        path = keep("log", lines)
        found, text = verify(path, "--certificate", path, "--public-key", last, "--public-key", killed_key, *partial)
        results.check(found == code and all(word in text for word in words), name, (found, text))
    code, text = verify("-", "--certificate", "-", given=b"".join(later_whole))
    results.check(code == 2 and "cannot be read twice" in text, "standard input is not both", text)
    code, text = verify("--certificate", of_later, "--public-key", last, given=b"".join(later[:-1]))
    results.check(code == 0 and "Only the certificate was checked" in text, "a log has to be named", text)
    for name, lines in (("no lines", []), ("the certificate alone", later_whole[-1:])):
        code, text = verify("-", "--certificate", of_later, "--partial", given=b"".join(lines))
        results.check(code == 1 and "no line of an audit log" in text, name + " is no log", text)


def polling(results):
    """Reading the log by `from`: any place of the query, nothing that is not known, and a reader catches up."""
    done = subprocess.run([binary_path(), "keygen", "--name", "reader", "--scopes", "audit"], capture_output=True, check=True)
    key, line = done.stdout.decode().splitlines()
    with Server("--audit", "memory", "--audit-size", "256k", environment={"API_KEYS": line}) as server:
        bearer = [("Authorization", "Bearer " + key)]

        def get(query=""):
            return request(server.port, "GET", "/api/audit" + query, bearer)

        counts, place = [], 0
        for _ in range(5):
            answer = get("?from=%d" % place)
            place = int(answer.header("x-onetime-next"))
            counts.append(answer.body.count(b"\n"))
        results.equal(counts[1:], [1, 0, 0, 0], "who only reads comes to an end")
        share(server.port, "x")
        results.equal(get("?from=%d" % place).body.count(b"\n"), 1, "and sees what happens")
        whole = get().text()
        looks = whole.count('"event.action":"audit-look"')
        results.equal(looks, 1, "that somebody looks is in it once a minute")
        results.check('"event.action":"key-use"' not in whole, "and the key's use is not told besides")
        for _ in range(1500):
            share(server.port, "x")
        for number in (0, 700, 701, 1203, 1204, 1400, 1450, 1500):
            answer = get("?from=%d" % number)
            lines = [json.loads(each)["event.sequence"] for each in answer.text().splitlines()]
            missed = int(answer.header("x-onetime-missed"))
            results.equal(lines[:1], [number + missed], "the first line is the one that was asked for, or the oldest")
            results.equal(lines, list(range(lines[0], lines[0] + len(lines))), "and all that follow")
            results.check(missed > 0 if number < 500 else missed == 0 or number < 1000, "what is gone is counted", (number, missed))
            results.equal(int(answer.header("x-onetime-next")), lines[-1] + 1, "and where to go on")
        for query in ("?&from=1450", "?from=1450&"):
            results.check(get(query).text().startswith(HEAD[:3]) and '"event.sequence":1450,' in get(query).text(), query)
        results.equal(get("?from=99999999999").body, b"", "nothing behind the end")
        for query, status in (
            ("?x=1&from=5", 400), ("?from=5&x=1", 400), ("?From=5", 400), ("?from", 400), ("?from=1&from=2", 400),
            ("?from=-1", 422), ("?from=x", 422), ("?from=9999999999999999999999", 422), ("?from=", 200),
        ):
            results.equal(get(query).status, status, query)


def body(results):
    directory = tempfile.mkdtemp(prefix="onetime-verify-")
    try:
        results.run(gaps_of_others, results)
        results.run(other_lines, results)
        results.run(several_runs, results, directory)
        results.run(parts_of_runs, results, directory)
        results.run(killed_runs, results, directory)
        results.run(polling, results)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(body, 120)
