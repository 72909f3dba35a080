"""Time that passes, and clocks that jump: every life ends when it has to and not before, whatever is done to the wall clock.

The clocks are moved under the real executable (Tests/Harness/moving_clock.c). Where that is not permitted, the suite says so.

python3 Tests/Blackbox/clock.py          about 15 seconds
"""

import base64
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from keys import bearer, keygen  # noqa: E402
from moving_clock import MovingClock, Program, can_move, moment  # noqa: E402
from onetime_harness import binary_path, run_suite  # noqa: E402
from onetime_http import Connection, burn, post_form, receipt, request, reveal, share  # noqa: E402
from receipt_events import Follower  # noqa: E402
from rules import Audited  # noqa: E402

DAY = 86400
BEGIN = moment("2027-05-03T12:00:00Z")
TICK = 0.1  # seconds; what expires is wiped at the next tick, and out of reach before
LEAP = moment("2028-02-28T23:59:00Z")


def wait_for(condition, seconds=5.0):
    """Whether something comes true in a while of real time: the server needs a turn to see that its clock was moved."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def log_of(served):
    """The audit log as it stands, from its first line on. What asking for it writes may be missing at the end."""
    text, next_line = b"", 0
    while True:
        answer = request(served.port, "GET", "/api/audit?from=%d" % next_line, [bearer(served.key)])
        text, next_line = text + answer.body, int(answer.header("X-Onetime-Next"))
        if answer.body.count(b"\n") < 8:
            return text


def lines(served):
    """The lines of the log."""
    return [json.loads(line) for line in log_of(served).splitlines()]


def actions(served, action):
    """The lines of one kind."""
    return [line for line in lines(served) if line["event.action"] == action]


def stamps(served):
    """When each line says that it was written."""
    return [line["@timestamp"] for line in lines(served)]


def look(served, made):
    """The receipt, or the status of what is not there."""
    answer = receipt(served.port, made["metadata_key"])
    return answer.json() if answer.status == 200 else answer.status


def page_of(served, made):
    """The status of a secret's page."""
    return request(served.port, "GET", "/secret/" + made["secret_key"]).status


def verified(served, name, results):
    """Whether the chain holds, in the eyes of `onetime-lite verify`."""
    done = subprocess.run([binary_path(), "verify", "-"], input=log_of(served), capture_output=True, check=False, timeout=30)
    results.equal(done.returncode, 0, name + ": the chain holds (%s)" % (done.stdout + done.stderr).decode()[:200])


def a_life(results):
    """Seven days, to the millisecond: there before, gone after, in the log, on the receipt; then the receipt goes, too."""
    for at, ttl in ((BEGIN, 7 * DAY), (BEGIN, 60), (LEAP, 3 * DAY), (moment("2027-12-31T23:59:59Z"), 7 * DAY)):
        name = "a life of %d s from %s" % (ttl, time.strftime("%F", time.gmtime(at)))
        with MovingClock(at=at) as clock, Audited(clock=clock) as served:
            made, locked = share(served.port, "x", ttl=ttl), share(served.port, "y", ttl=ttl, passphrase="swordfish")
            clock.advance(ttl - 0.001)
            state = look(served, made)
            results.equal((state["state"], state["secret_ttl"]), ("new", 1), name + ": there until the last millisecond")
            results.equal(page_of(served, made), 200, name + ": its page is there")
            results.equal(actions(served, "expire"), [], name + ": nothing has expired")
            clock.advance(0.001)
            results.equal(page_of(served, made), 404, name + ": its page is gone")
            results.equal(reveal(served.port, made["secret_key"]).status, 404, name + ": it cannot be revealed")
            answer = reveal(served.port, locked["secret_key"], passphrase="swordfish")
            results.equal(answer.status, 404, name + ": not by its passphrase, either")
            results.equal(burn(served.port, made["metadata_key"]).status, 404, name + ": there is nothing to burn")
            clock.advance(TICK)
            wait_for(lambda: len(actions(served, "expire")) == 2)
            ends = [moment(line["@timestamp"]) for line in actions(served, "expire")]
            results.equal(ends, [at + ttl] * 2, name + ": the log has its end, once")
            state = look(served, made)
            wanted = ("expired", at, at + ttl, None)
            told = tuple(state[field] for field in ("state", "created", "updated", "secret_ttl"))
            results.equal(told, wanted, name + ": the receipt says so")
            clock.advance(ttl - TICK - 0.001)
            results.equal(look(served, made)["state"], "expired", name + ": as long again")
            clock.advance(0.001)
            results.equal(look(served, made), 404, name + ": then the receipt is gone")
            verified(served, name, results)


def by_itself(results):
    """Nobody has to ask: the server's own alarm rings when the time has come, and only then."""
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        made = share(served.port, "x", ttl=7 * DAY)
        follower = Follower(served.port, made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "followed")
        with Connection(served.port, 30.0) as idle:
            idle.request("GET", "/health")
            clock.advance(3600)
            results.check(idle.closed(), "a connection that is idle for an hour is closed")
        results.check(follower.is_over, "nobody follows for an hour, either")
        clock.advance(7 * DAY - 3600 - 1)
        follower = Follower(served.port, made["metadata_key"])
        results.equal(follower.event(), "new 0 0", "followed again, a second before the end")
        results.equal(follower.event(0.3), None, "nothing comes before its time")
        clock.advance(1 + TICK)
        results.equal(follower.event(), "expired 0 0", "the follower is told")
        follower.close()
    with MovingClock() as clock, Audited(clock=clock) as served:
        made = share(served.port, "x", ttl=7 * DAY)
        clock.advance(7 * DAY - 0.5)
        results.equal(look(served, made)["state"], "new", "with clocks that run: half a second is left")
        results.check(wait_for(lambda: actions(served, "expire")), "and passes by itself")


def many_lives(results):
    """A thousand lives of any length: at each moment exactly those are there whose time is not over."""
    chance = random.Random(5)
    with MovingClock(at=BEGIN) as clock, Audited("--creations-per-minute", "0", clock=clock) as served:
        ends = {}
        with Connection(served.port) as connection:
            for _ in range(1000):
                ttl = chance.choice((chance.randint(1, 120), chance.randint(60, DAY), chance.randint(DAY, 7 * DAY)))
                body = b"secret=x&ttl=%d" % ttl
                form = ("Content-Type", "application/x-www-form-urlencoded")
                made = connection.request("POST", "/api/v1/share", [form], body).json()
                ends[made["metadata_key"]] = round(clock.boot() + made["ttl"], 3)
                clock.advance(chance.choice((0, 0, 0.001, 0.25)))
        for _ in range(12):
            clock.advance(chance.choice((0.5, 30, 600, 3600, DAY)))
            wrong = []
            with Connection(served.port) as connection:
                for key in chance.sample(sorted(ends), 60):
                    answer = connection.request("GET", "/api/v1/private/" + key)
                    there = answer.status == 200 and answer.json()["state"] == "new"
                    if there != (ends[key] > round(clock.boot(), 3)):
                        wrong.append((key, ends[key] - clock.boot(), answer.status))
            results.equal(wrong, [], "exactly those whose time is not over")
        clock.advance(8 * DAY)
        results.check(wait_for(lambda: certified(served)["held"] == 0), "in the end all are gone", certified(served))
        told = certified(served)
        results.equal((told["created"], told["expired"]), (1000, 1000), "a thousand were made, and a thousand have expired")


def statement_of(text):
    """What a certificate states."""
    return json.loads(base64.b64decode(re.search(r'"onetime.statement":"([^"]+)"', text)[1]))


def certified(served):
    """A certificate on demand."""
    return statement_of(request(served.port, "POST", "/api/certificate", [bearer(served.key)], b"").text())


def claims(results):
    """A reader may come again for a minute, and for no more; with the last claim the secret is gone."""
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        proof = {"form_token": served.proof()}

        def claim(made, number):
            return post_form(served.port, "/secret/%s/claim" % made["secret_key"], dict(proof, claim="%032x" % number))

        made = share(served.port, "content", ttl=3600)
        results.equal(claim(made, 1).body, b"content", "a claim")
        for jump in (3600, -7200, 3600):
            clock.step(jump)
            results.equal(claim(made, 1).body, b"content", "the wall clock does not end it")
        results.equal(claim(made, 2).status, 404, "it is one reader's")
        clock.advance(59.999)
        results.equal(claim(made, 1).body, b"content", "until the last millisecond of a minute")
        clock.advance(0.001)
        results.equal(claim(made, 1).status, 404, "and then no more")
        results.equal(look(served, made)["state"], "received", "it was received")
        results.equal(len(actions(served, "expire")), 0, "and has not expired")
        brief = share(served.port, "content", ttl=30)
        results.equal(claim(brief, 1).status, 200, "a claim on what lives for half a minute")
        clock.advance(29.999)
        results.equal(claim(brief, 1).status, 200, "holds as long as that")
        clock.advance(0.001)
        results.equal(claim(brief, 1).status, 404, "and no longer")
        results.equal(look(served, brief)["state"], "received", "received, not expired")


def jumps(results):
    """The wall clock is set, by days, forward and back: no life becomes shorter or longer, and nothing that is gone comes back."""
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        made, soon = share(served.port, "long", ttl=7 * DAY), share(served.port, "soon", ttl=DAY)
        for jump in (30 * DAY, -60 * DAY, 400 * DAY, -370 * DAY, 0.25, -0.5, 0.25):
            clock.step(jump)
            name = "a jump of %s s" % jump
            results.equal((look(served, made)["state"], look(served, soon)["state"]), ("new", "new"), name + ": both are there")
            results.equal(look(served, soon)["secret_ttl"], DAY, name + ": for as long as ever")
            results.equal(page_of(served, made), 200, name + ": and so is the page")
        results.equal(actions(served, "expire"), [], "nothing has expired")
        clock.advance(DAY + TICK)
        results.check(wait_for(lambda: len(actions(served, "expire")) == 1), "a day later one of them has")
        for jump in (-30 * DAY, 60 * DAY, -30 * DAY):
            clock.step(jump)
            results.equal(page_of(served, soon), 404, "what is gone does not come back")
            results.equal(look(served, soon)["state"], "expired", "and its receipt says the same")
        clock.step(-3 * DAY)
        results.equal(reveal(served.port, made["secret_key"]).json()["value"], "long", "the other is there to be read")
        fresh = share(served.port, "fresh", ttl=60)
        results.equal(fresh["created"], round(clock.now()), "what is made now bears the time that people read")
        clock.step(5 * DAY)
        clock.advance(59.999)
        results.equal(look(served, fresh)["state"], "new", "and lives for its minute")
        clock.advance(0.001)
        results.equal(page_of(served, fresh), 404, "exactly")
        verified(served, "after all jumps", results)


def years_later(results):
    """A server that runs for long, over TLS: it serves as on the first day."""
    with MovingClock(at=BEGIN) as clock, Audited("--tls", "self-signed", clock=clock) as served:
        for year in range(3):
            made = share(served.port, "x", ttl=60)
            results.equal(reveal(served.port, made["secret_key"]).json().get("value"), "x", "after %d years" % year)
            kept = share(served.port, "x", ttl=60)
            clock.advance(365 * DAY)
            results.equal(page_of(served, kept), 404, "what was kept for a minute is gone a year later")
        results.check(wait_for(lambda: len(actions(served, "expire")) == 3), "as the log says")
        verified(served, "three years", results)


def any_year(results):
    """A machine without a battery begins in 1970, and some clocks end in 2038: a server does not mind."""
    for at in ("1970-01-01T00:00:00Z", "2025-12-31T23:59:30Z", "2038-01-19T03:14:00Z", "2100-02-28T23:59:30Z"):
        begin, whole_week = moment(at), "Mon-Sun 00:00-24:00 Europe/Amsterdam"
        with MovingClock(at=begin) as clock, Audited("--hours", whole_week, clock=clock) as served:
            made = share(served.port, "x", ttl=61, hours=whole_week)
            gone = share(served.port, "x", ttl=59)
            clock.advance(60)
            results.equal(look(served, gone)["state"], "expired", at + ": one is gone")
            results.equal(reveal(served.port, made["secret_key"]).json().get("value"), "x", at + ": one is there")
            results.equal(moment(stamps(served)[-1]), begin + 60, at + ": the log has the time")
            verified(served, at, results)


def stamps_go_on(results):
    """The log's moments never go back; a clock that was set back is waited for."""
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        share(served.port, "x")
        clock.advance(10)
        share(served.port, "x")
        clock.step(-3600)
        for _ in range(10):
            clock.advance(1)
            share(served.port, "x")
        found = stamps(served)
        results.equal(found, sorted(found), "no moment is before the one that was written earlier")
        made = [moment(line["@timestamp"]) for line in actions(served, "create")[1:]]
        results.check(BEGIN + 10 <= min(made) <= max(made) <= BEGIN + 20, "nor later than it would have been without", made)
        clock.advance(3600)
        share(served.port, "x")
        results.equal(moment(stamps(served)[-1]), int(clock.now()), "in the end it is the wall clock's time again")
        clock.step(3 * DAY)
        share(served.port, "x")
        results.equal(moment(stamps(served)[-1]), int(clock.now()), "a clock that was set forward is believed at once")
        verified(served, "set back and forward", results)


def statements(results):
    """A certificate does not end before it began, and a report leaves nothing out because the clock was set back."""
    admin, line = keygen("boss", "--scopes", "admin")
    with MovingClock(at=BEGIN) as clock, Audited("--certificate", "stdout", clock=clock, keys=(line,)) as served:
        made = share(served.port, "x")
        clock.step(-DAY)
        listed = request(served.port, "GET", "/api/report", [bearer(admin)]).json()["list"]
        results.equal([entry["created"] for entry in listed], [BEGIN], "the report has what was made before the clock was set")
        gone = post_form(served.port, "/api/burn", {"from": BEGIN}, [bearer(admin)])
        results.equal((gone.status, look(served, made)["state"]), (200, "burned"), "it can be burned by its time")
        code = served.server.stop()
        results.equal(code, 0, "SIGTERM ends it")
        statement = statement_of(served.server.text("stdout"))
        results.check(moment(statement["started"]) <= moment(statement["ended"]), "it ends no earlier than it began", statement)


def untouched(results):
    """What is tested is the server as it is: its protections are in force, its signals and its end are its own."""
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        server = served.server
        # A passphrase is stretched by another thread.
        made = share(served.port, "x", passphrase="swordfish")
        answer = reveal(served.port, made["secret_key"], passphrase="swordfish")
        results.equal(answer.json().get("value"), "x", "its threads work")
        with open("/proc/%d/status" % server.pid) as status:
            told = dict(line.split(":\t", 1) for line in status.read().splitlines())
        results.equal(told["NoNewPrivs"].strip(), "1", "it can gain no privileges")
        results.check(int(told["VmLck"].split()[0]) > 0, "memory is locked", told["VmLck"])
        tracer = int(told["TracerPid"])
        results.check(tracer > 0, "it is held by its tracer", tracer)
        begin = time.monotonic()
        with Connection(served.port) as connection:
            for _ in range(1000):
                connection.request("GET", "/health")
        print("    1000 requests on one connection took %.2f s" % (time.monotonic() - begin))
        os.kill(server.pid, signal.SIGSTOP)
        os.kill(server.pid, signal.SIGCONT)
        results.equal(request(served.port, "GET", "/health").status, 200, "it can be stopped and goes on")
        results.equal(server.stop(), 0, "SIGTERM exits 0")
        results.check(wait_for(lambda: not os.path.exists("/proc/%d/exe" % tracer)), "and its tracer is gone with it")
    with MovingClock(at=BEGIN) as clock, Audited(clock=clock) as served:
        with open("/proc/%d/status" % served.server.pid) as status:
            tracer = int(re.search(r"TracerPid:\s+(\d+)", status.read())[1])
        os.kill(tracer, signal.SIGKILL)
        results.equal(served.server.wait(), -signal.SIGKILL, "where the tracer is killed, nothing stays behind")


def main(results):
    if not can_move():
        results.skip("time that passes, and clocks that jump", Program.reason)
        return
    for test in (untouched, a_life, by_itself, many_lives, claims, jumps, years_later, any_year, stamps_go_on, statements):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 120)
