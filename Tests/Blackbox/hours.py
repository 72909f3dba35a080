"""The table of rules, driven by a clock that the test moves: rule x server or secret x refused and allowed x consumed (never) x
audited (always) x on the receipt, by every way to a secret. Whoever was refused gets in once the clock has moved.

Networks and countries need no clock, but stand in the table. Where clocks cannot be moved (ptrace is not permitted),
rules.py tries hours around the machine's own, and this suite says that it was skipped.

python3 Tests/Blackbox/hours.py          about 30 seconds
"""

import os
import re
import signal
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from keys import bearer, keygen, make_link  # noqa: E402
from moving_clock import MovingClock, Program, can_move, moment  # noqa: E402
from onetime_harness import run_suite  # noqa: E402
from onetime_http import post_form, receipt, request, reveal, share  # noqa: E402
from rule_table import ROWS, Row, Timed, Window, make, ways  # noqa: E402
from rules import INSIDE, OUTSIDE  # noqa: E402

UTC = ZoneInfo("UTC")
DAY = 86400
MONDAY = moment("2027-05-03T00:00:00Z")
# When the clocks of a zone change: forward, then back.
CHANGES = (
    ("America/New_York", moment("2027-03-14T07:00:00Z")),
    ("Europe/Amsterdam", moment("2027-03-28T01:00:00Z")),
    ("Australia/Lord_Howe", moment("2027-04-03T15:00:00Z")),
    ("Australia/Lord_Howe", moment("2027-10-02T15:30:00Z")),
    ("Europe/Amsterdam", moment("2027-10-31T01:00:00Z")),
    ("America/New_York", moment("2027-11-07T06:00:00Z")),
)
# Hours that are on when the clocks change, and such as are left out or come twice then.
AROUND = ("01:30-03:30", "02:10-02:25", "01:40-01:55", "00:00-02:00")
# Windows, each with moments of a week at which it is closed.
WEEKS = (
    (("Mon-Fri", "09:00-17:00"), (0, 9 * 3600 - 1, 17 * 3600, 4 * DAY + 17 * 3600)),
    (("Fri", "22:00-06:00"), (0, 4 * DAY + 22 * 3600 - 1, 5 * DAY + 6 * 3600)),
)


def closed_until_it_opens(row, clock, window, closed, **fields):
    """Refused at each of the moments, in a week of its own, until the very second at which it opens."""
    for number, after in enumerate(closed):
        at = MONDAY + 7 * DAY * 2 * number + after
        clock.advance_to(at)
        made = make(row.served, number, ttl=8 * DAY, **fields)
        opens = window.opens(at)
        row.refused(made, wait=opens - at, opens=opens, look=True, receipt_says=4)
        clock.advance_to(opens - 0.001)
        row.refused(made, wait=1, opens=opens, receipt_says=8)
        clock.advance_to(opens)
        row.allowed(made)


def hours_of_the_server(results):
    """Days, the hour before and after, and over midnight: refused until the very second."""
    for words, closed in WEEKS:
        window = Window(*words, "UTC")
        with MovingClock(at=MONDAY) as clock, Timed(clock, "--hours", window.text) as served:
            row = Row(results, clock, served, "server, hours " + window.text, "hours")
            closed_until_it_opens(row, clock, window, closed)
            row.close()


def hours_of_a_secret(results):
    """The same for one secret; and where the server has hours as well, both have to be open."""
    for words, closed in WEEKS:
        window = Window(*words, "UTC")
        with MovingClock(at=MONDAY) as clock, Timed(clock) as served:
            row = Row(results, clock, served, "secret, hours " + window.text, "hours")
            closed_until_it_opens(row, clock, window, closed, hours=window.text)
            row.close()
    with MovingClock(at=MONDAY) as clock, Timed(clock, "--hours", "Mon-Fri 09:00-17:00 UTC") as served:
        row = Row(results, clock, served, "both, hours that overlap", "hours")
        made = make(served, "both", ttl=2 * DAY, hours="Mon-Sun 16:30-23:00 UTC")
        for at in (MONDAY + 10 * 3600, MONDAY + 18 * 3600, MONDAY + DAY + 16 * 3600):
            clock.advance_to(at)
            opens = MONDAY + 16 * 3600 + 1800 + (DAY if at > MONDAY + 17 * 3600 else 0)
            row.refused(made, wait=opens - at, opens=opens)
        clock.advance_to(MONDAY + DAY + 16 * 3600 + 1800)
        row.allowed(made)
        row.close()


def moments_around(window, change):
    """The change itself, and whatever opens or closes in the hours around it: a second before, and the moment."""
    edges = sorted({change, *window.edges(change - 3 * 3600, change + 5 * 3600)})
    return [at + second for at in edges for second in (-1, 0)]


def clocks_that_change(results):
    """Both changes of three zones, for server and secret: open and closed as zoneinfo has it, to the second."""
    for zone, change in CHANGES:
        for hours in AROUND:
            window = Window("Sat-Sun", hours, zone)
            name = "hours %s over the change of %s" % (window.text, datetime.fromtimestamp(change, UTC).date())
            for of_server in (True, False):
                begin = change - 4 * 3600
                arguments, fields = (("--hours", window.text), {}) if of_server else ((), {"hours": window.text})
                with MovingClock(at=begin) as clock, Timed(clock, *arguments) as served:
                    moments = moments_around(window, change)
                    made = [make(served, number, ttl=14 * DAY, **fields) for number in range(len(moments))]
                    row = Row(results, clock, served, ("server, " if of_server else "secret, ") + name, "hours")
                    refused = []
                    for at, one in zip(moments, made):
                        clock.advance_to(at)
                        when = datetime.fromtimestamp(at, window.zone).isoformat()
                        if window.is_open(at):
                            answer = reveal(served.port, one["secret_key"], INSIDE)
                            row.equal(answer.json().get("value"), row.content(one), "open at " + when)
                        else:
                            opens = window.opens(at)
                            row.refused(one, wait=opens - at, opens=opens, receipt_says=4)
                            refused.append(one)
                    row.check(refused, "closed at some time", len(made))
                    clock.advance_to(window.opens(round(clock.now())))
                    for one in refused:
                        row.allowed(one)
                    row.close()


def not_before(results):
    """A secret's own time: a second before it, nobody; then anybody. Setting the clock back closes it again."""
    with MovingClock(at=MONDAY) as clock, Timed(clock) as served:
        row = Row(results, clock, served, "secret, not before", "not-before")
        opens = MONDAY + 3 * DAY + 12345
        made = make(served, "later", ttl=7 * DAY, not_before=opens)
        row.refused(made, wait=opens - MONDAY, opens=opens, look=True, receipt_says=4)
        clock.advance_to(opens - 0.001)
        row.refused(made, wait=1, opens=opens, look=True, receipt_says=8)
        clock.advance_to(opens)
        clock.step(-10)
        row.refused(made, wait=10, opens=opens, receipt_says=12)
        clock.step(10)
        row.allowed(made)
        row.close()


def rates(results):
    """A minute that passes gives everything back, bit by bit; the wall clock has no part in it."""
    limits = ("creations", "misses", "wrong-passphrases", "failed-keys")
    arguments = sum((["--%s-per-minute" % limit, "3"] for limit in limits), [])
    with MovingClock(at=MONDAY) as clock, Timed(clock, *arguments) as served:
        port = served.port

        def waiting(row, ask):
            """What is refused now, and goes on bit by bit as time passes."""
            for step, wait in ((0, 20), (19, 1), (0.999, 1)):
                clock.advance(step)
                for jump in (0, 3 * DAY, -6 * DAY, 3 * DAY):
                    clock.step(jump)
                    row.refuses("one more", ask(), wait)
            clock.advance(0.001)
            row.equal(ask().status, 200, "twenty seconds later one may")

        row = Row(results, clock, served, "server, rate of creations", "rate-creations", 429)
        kept = [make(served, number, passphrase="swordfish") for number in range(3)]
        for way, path in (("the API", "/api/v1/share"), ("the page", "/"), ("the script", "/secret")):
            row.refuses(way, post_form(port, path, {"secret": "x", "form_token": served.form_token}, INSIDE))
        waiting(row, lambda: post_form(port, "/api/v1/share", {"secret": "x"}, INSIDE))
        row.keeps(kept[0])
        row.close()

        row = Row(results, clock, served, "server, rate of wrong passphrases", "rate-wrong-passphrases", 429)
        clock.advance(60)
        for number in range(3):
            reveal(port, kept[number]["secret_key"], INSIDE, passphrase="wrong")
        row.refused(kept[0], wait=20, passphrase="swordfish")
        row.allowed(kept[1], client=OUTSIDE, passphrase="swordfish")
        waiting(row, lambda: reveal(port, kept[2]["secret_key"], INSIDE, passphrase="swordfish"))
        row.allowed(kept[0], passphrase="swordfish")
        row.close()

        row = Row(results, clock, served, "server, rate of misses", "rate-misses", 429)
        clock.advance(60)
        one, other = make(served, "one"), make(served, "other")
        for number in range(3):
            reveal(port, "%031d" % number, INSIDE)
        for way, answer in ways(served, one):
            row.refuses(way, answer, 20)
        row.allowed(one, client=OUTSIDE)
        waiting(row, lambda: reveal(port, other["secret_key"], INSIDE))
        row.kept = "never"
        row.close()

        row = Row(results, clock, served, "server, rate of wrong keys", "rate-failed-keys", 429)
        clock.advance(60)
        made = make(served, "keyed", OUTSIDE)
        for _ in range(3):
            request(port, "GET", "/api/v1/authcheck", [bearer("otl_00000000_wrong")] + OUTSIDE)
        waiting(row, lambda: request(port, "GET", "/api/v1/authcheck", [bearer(served.key)] + OUTSIDE))
        row.keeps(made)
        row.close()


def places(results):
    """Networks and countries, of the server and of a secret."""
    for rule, name, value in (
        ("network", "allow_networks", "192.0.2.0/24"),
        ("network", "deny_networks", "198.51.100.0/24"),
        ("country", "allow_countries", "NL,DE"),
        ("country", "deny_countries", "KP"),
    ):
        with MovingClock(at=MONDAY) as clock, Timed(clock, "--" + name.replace("_", "-"), value) as served:
            row = Row(results, clock, served, "server, %s" % name.replace("_", " "), rule)
            made = make(served, rule)
            row.refused(made, client=OUTSIDE, look=True)
            row.allowed(made)
            row.close()
        with MovingClock(at=MONDAY) as clock, Timed(clock) as served:
            row = Row(results, clock, served, "secret, %s" % name.replace("_", " "), rule)
            made = make(served, rule, **{name: value})
            row.refused(made, client=OUTSIDE, look=True, receipt_says=4)
            row.allowed(made)
            row.close()


def keys(results):
    """A key's end and its caps: refused, told, audited; the secret is there for who may have it."""
    end = MONDAY + 90 * DAY
    short = keygen("short", "--expires", "2027-08-01T00:00:00Z")
    twice = keygen("twice", "--uses", "2")
    capped = keygen("capped", "--max-ttl", "120", "--max-size", "20", "--max-count", "1")
    near = keygen("near", "--networks", "192.0.2.0/24")
    lines = [line for _, line in (short, twice, capped, near)]
    results.equal(end, moment("2027-08-01T00:00:00Z"), "the end of a key")
    with MovingClock(at=end - 1) as clock, Timed(clock, keys=lines) as served:
        port = served.port

        def refuses(row, made, header, client=INSIDE):
            """The ways of the API, for one key. Pages ask for no key."""
            header = [bearer(header)] + client
            row.refuses("reveal", reveal(port, made["secret_key"], header))
            row.refuses("burn", post_form(port, "/api/v1/private/%s/burn" % made["metadata_key"], {}, header))
            row.refuses("receipt", receipt(port, made["metadata_key"], header))
            row.refuses("create", post_form(port, "/api/v1/share", {"secret": "x"}, header))
            row.keeps(made)
            row.allowed(made)
            row.close()

        row = Row(results, clock, served, "key, its end", "api-key-expired", 401)
        made = make(served, "short", [bearer(short[0])] + INSIDE)
        clock.advance(0.999)
        row.equal(receipt(port, made["metadata_key"], [bearer(short[0])] + INSIDE).status, 200, "good until its last second")
        clock.advance(0.001)
        refuses(row, made, short[0])

        row = Row(results, clock, served, "key, its uses", "api-key-uses")
        made = make(served, "twice", [bearer(twice[0])] + INSIDE)
        share(port, "x", [bearer(twice[0])] + INSIDE)
        refuses(row, made, twice[0])

        row = Row(results, clock, served, "key, its networks", "api-key-network")
        made = make(served, "near", [bearer(near[0])] + INSIDE)
        refuses(row, made, near[0], OUTSIDE)

        header = [bearer(capped[0])] + INSIDE
        for name, rule, fields, status in (
            ("longest TTL", "ttl", {"secret": "x", "ttl": 121}, 422),
            ("largest size", "size", {"secret": "x" * 21}, 413),
            ("number of secrets", "count", {"secret": "x"}, 403),
        ):
            row = Row(results, clock, served, "key, its " + name, "api-key-" + rule, status)
            if status == 403:
                made = make(served, "capped", header, ttl=120)
            row.refuses("create", post_form(port, "/api/v1/share", fields, header))
            row.kept = "never"
            if status == 403:
                row.keeps(made)
                row.allowed(made)
            row.close()


def rotated_keys(results):
    """An old key is good for as long as was said, and no longer."""
    admin, line = keygen("boss", "--scopes", "admin")
    old, old_line = keygen("old")
    with MovingClock(at=MONDAY) as clock, Timed(clock, keys=(line, old_line)) as served:
        row = Row(results, clock, served, "key, rotated", "api-key-expired", 401)
        answer = post_form(served.port, "/api/keys/rotate", {"name": "old", "grace": 3600}, [bearer(admin)] + INSIDE)
        new = answer.json()["key"]
        clock.advance(3599)
        made = make(served, "old", [bearer(old)] + INSIDE)
        clock.advance(1)
        row.refuses("the old one", reveal(served.port, made["secret_key"], [bearer(old)] + INSIDE))
        row.keeps(made)
        row.allowed(made, [bearer(new)] + INSIDE)
        row.close()


def creation_links(results):
    """A link is good for as long as was said, whatever the wall clock is set to; its form says so, too."""
    maker, line = keygen("maker", "--scopes", "create")
    with MovingClock(at=MONDAY) as clock, Timed(clock, "--auth-required", keys=(line,)) as served:
        port = served.port
        row = Row(results, clock, served, "creation link, its end", "creation-link", 404)
        # The maker is at the loopback, which is trusted to say for whom it speaks.
        first, second = (make_link(port, maker, ttl=3600) for _ in range(2))
        clock.step(30 * DAY)
        results.equal(request(port, "GET", "/new/" + first, INSIDE).status, 200, "the wall clock does not end a link")
        clock.step(-60 * DAY)
        clock.advance(3599.999)
        results.equal(post_form(port, "/", {"link": first, "secret": "x"}, INSIDE).status, 303, "good until its end")
        clock.advance(0.001)
        row.refuses("page", request(port, "GET", "/new/" + second, INSIDE))
        row.refuses("form", post_form(port, "/", {"link": second, "secret": "x"}, INSIDE))
        row.refuses("script", post_form(port, "/secret", {"link": second, "secret": "x"}, INSIDE))
        row.kept = "never"
        row.close()


def lock_down(results):
    """By key and by signal: refused, kept, and no longer than its life; time goes on meanwhile."""
    admin, line = keygen("boss", "--scopes", "admin")
    with MovingClock(at=MONDAY) as clock, Timed(clock, keys=(line,)) as served:
        row = Row(results, clock, served, "server, lock-down", "lockdown", 503)
        long, brief = make(served, "long", ttl=2 * DAY), make(served, "brief", ttl=DAY)
        locked = post_form(served.port, "/api/lockdown", {"mode": "all"}, [bearer(admin)] + INSIDE)
        results.equal(locked.status, 200, "locked down")
        row.refused(long, wait=60, look=True)
        clock.advance(DAY)
        for _ in range(200):
            state = receipt(served.port, brief["metadata_key"], INSIDE).json()["state"]
            if state == "expired":
                break
            time.sleep(0.01)
        row.equal(state, "expired", "what is locked expires when its time is over")
        served.server.signal(signal.SIGUSR2)
        for _ in range(200):
            if request(served.port, "GET", "/api/state", [bearer(admin)] + INSIDE).json()["lockdown"] == "none":
                break
            time.sleep(0.01)
        row.allowed(long)
        row.close()


def table(results):
    """The table itself. Every row has refused, consumed nothing, and is in the log as often as it refused."""
    together = {}
    for name, rule, status, refusals, kept, lines, told in ROWS:
        results.check(refusals == lines > 0 and kept == "never", "the row " + name, (refusals, lines, kept))
        name = re.sub(r"hours S.*over the change of .*", "hours over changes of the clocks", name)
        before = together.get((name, rule, status), (0, 0, "-"))
        together[name, rule, status] = (before[0] + refusals, before[1] + lines, told if before[2] == "-" else before[2])
    form = "    %-40s %-23s %6s %8s %9s %8s  %s"
    print(form % ("whose, which", "rule in the log", "status", "refused", "consumed", "audited", "on the receipt"))
    for (name, rule, status), (refusals, lines, told) in together.items():
        print(form % (name, rule, status, refusals, "never", lines, told))


def main(results):
    if not can_move():
        results.skip("the table of rules with a clock that moves", Program.reason + "; rules.py goes by the machine's clock")
        return
    for test in (
        hours_of_the_server,
        hours_of_a_secret,
        clocks_that_change,
        not_before,
        places,
        rates,
        keys,
        rotated_keys,
        creation_links,
        lock_down,
        table,
    ):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 400)
