"""Owns one row of the table of rules: who is refused by it, what that must never do, and how it is told (for hours.py)."""

import os
import re
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_http import post_form, receipt, request, reveal, share  # noqa: E402
from rules import INSIDE, Audited  # noqa: E402

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ROWS = []


class Window:
    """One stretch of hours on some days, worked out by Python's zoneinfo, minute by minute."""

    def __init__(self, days, hours, zone):
        self.text = "%s %s %s" % (days, hours, zone)
        first, _, last = days.partition("-")
        self.days = range(DAYS.index(first), DAYS.index(last or first) + 1)
        self.begin, self.end = ((int(part[:2]) * 60 + int(part[3:])) for part in hours.split("-"))
        self.zone = ZoneInfo(zone)

    def is_open(self, at):
        local = datetime.fromtimestamp(at, self.zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)

    def opens(self, at):
        """The first moment from another on at which it is open."""
        if self.is_open(at):
            return at
        at = at // 60 * 60 + 60
        while not self.is_open(at):
            at += 60
        return at

    def edges(self, begin, end):
        """The moments at which it opens or closes."""
        return [at for at in range(begin, end, 60) if self.is_open(at) != self.is_open(at - 60)]


class Timed(Audited):
    """A server with an audit log, under a clock that the test moves. The forms' proof is taken at the start: a locked one shows none."""

    def __init__(self, clock, *arguments, keys=()):
        super().__init__(*arguments, clock=clock, keys=keys)

    def __enter__(self):
        super().__enter__()
        found = re.search(r'name="form_token" value="([^"]+)"', request(self.port, "GET", "/", INSIDE).text())
        self.form_token = found and found[1]
        return self


def ways(served, made, client=INSIDE, **fields):
    """Every way to what is in a secret, as (name, answer)."""
    key, proof = made["secret_key"], {"form_token": served.form_token}
    yield "API", reveal(served.port, key, client, **fields)
    yield "claim", post_form(served.port, "/secret/%s/claim" % key, dict(fields, claim="0123456789abcdef" * 2, **proof), client)
    yield "page", post_form(served.port, "/secret/" + key, dict(fields, **proof), client)


def intended(answer):
    """The status that is meant: v1 says 404 to whatever upstream does."""
    return int(answer.header("X-OTS-Intended-Status") or answer.status)


class Row:
    """One row of the table: what a rule did, and what it must never do. `name` says whose rule it is, as in "server, hours"."""

    def __init__(self, results, clock, served, name, rule, status=403):
        self.results, self.clock, self.served = results, clock, served
        self.name, self.rule, self.status = name, rule, status
        self.refusals = self.lines = 0
        self.told = self.kept = "-"
        self.served.events()

    def check(self, condition, what, detail=""):
        return self.results.check(condition, "%s: %s" % (self.name, what), detail)

    def equal(self, actual, expected, what):
        return self.results.equal(actual, expected, "%s: %s" % (self.name, what))

    def collect(self):
        """Counts what the log says of refusals by this rule since it was asked last. A line may stand for several."""
        events = self.served.events()
        told = [event for event in events if event["event.outcome"] == "failure" and event.get("rule.name") == self.rule]
        self.lines += sum(event.get("onetime.count", 1) for event in told)
        return events

    def refuses(self, way, answer, wait=None):
        """One refusal."""
        self.refusals += 1
        self.equal(intended(answer), self.status, way + " is refused")
        if wait is not None:
            self.equal(answer.header("Retry-After"), str(wait), way + " is told how long")

    def keeps(self, made):
        """Nothing was consumed. What the receipt says."""
        state = receipt(self.served.port, made["metadata_key"], INSIDE).json()
        kept = self.equal(state["state"], "new", "nothing is consumed")
        self.kept = "never" if kept and self.kept in ("-", "never") else "YES"
        return state

    def refused(self, made, client=INSIDE, wait=None, opens=None, look=False, receipt_says=None, **fields):
        """Nobody gets in by any way, and everybody learns what he may."""
        for way, answer in ways(self.served, made, client, **fields):
            self.refuses(way, answer, wait)
            self.check(self.content(made) not in answer.text(), way + " tells no content")
            if opens is not None and way == "API":
                self.equal(answer.json().get("opens_at"), opens, "and when it opens")
        if self.status == 403:
            # One who may not read may not destroy it, either. Neither a lock-down nor a budget keeps anybody from that.
            path, proof = "/secret/%s/burn" % made["secret_key"], {"form_token": self.served.form_token}
            self.refuses("destroying", post_form(self.served.port, path, proof, client), wait)
        if look:
            self.refuses("a look", request(self.served.port, "GET", "/secret/" + made["secret_key"], client), wait)
        state = self.keeps(made)
        if receipt_says is not None:
            told = (state["refused"], state["refused_by"])
            self.equal(told, (receipt_says, self.rule), "the sender learns of it")
            self.told = "%d by %s" % told
        self.collect()

    @staticmethod
    def content(made):
        """What is in a secret of this suite."""
        return "content of " + made["content"]

    def allowed(self, made, client=INSIDE, **fields):
        """And then it may: all of it is there."""
        self.collect()
        answer = reveal(self.served.port, made["secret_key"], client, **fields)
        self.equal((answer.status, answer.json().get("value")), (200, self.content(made)), "then it is all there")
        self.check("reveal" in [event["event.action"] for event in self.collect()], "which is audited as well")

    def close(self):
        """Adds it to the table. What the log counts instead of telling it stands there once its minute is over."""
        self.collect()
        if self.lines < self.refusals:
            self.clock.advance(61)
            limit = time.monotonic() + 2
            while self.lines < self.refusals and time.monotonic() < limit:
                self.collect()
        self.equal(self.lines, self.refusals, "every refusal is audited, with its rule")
        ROWS.append((self.name, self.rule, self.status, self.refusals, self.kept, self.lines, self.told))


def make(served, number, client=INSIDE, **fields):
    """A secret whose content is known."""
    return dict(share(served.port, "content of %s" % number, client, **fields), content=str(number))
