"""Rules: each one, of the server and of a secret, allowed and refused, by every way to a secret; a refusal never consumes and is
always in the audit log. Clients and countries are played by a trusted proxy.

python3 Tests/Blackbox/rules.py          about 15 seconds
"""

import json
import os
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from keys import bearer, keygen  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import JSON, burn, json_body, post_form, receipt, request, reveal, share  # noqa: E402

PROXY = ("--trusted-proxies", "127.0.0.1", "--country-header", "CF-IPCountry")
INSIDE = [("X-Forwarded-For", "192.0.2.7"), ("CF-IPCountry", "NL")]
OUTSIDE = [("X-Forwarded-For", "198.51.100.9"), ("CF-IPCountry", "KP")]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hours(days):
    """A window of a whole day in UTC, so many days from now."""
    return "%s 00:00-24:00 UTC" % DAYS[(time.gmtime().tm_wday + days) % 7]


class Audited:
    """A server with an audit log in memory and a key that may read it; it may live by a clock that the test moves."""

    def __init__(self, *arguments, clock=None, keys=(), **environment):
        self.key, line = keygen("auditor", "--scopes", "audit")
        start = clock.server if clock else Server
        self.server = start(
            "--audit", "memory", *PROXY, *arguments, environment=dict(environment, API_KEYS="\n".join((line, *keys)))
        )

    def __enter__(self):
        self.server.start()
        self.port = self.server.port
        self.seen = 0
        return self

    def __exit__(self, *_):
        self.server.close()

    def events(self):
        """What was written since this was asked last, without what asking writes."""
        answer = request(self.port, "GET", "/api/audit?from=%d" % self.seen, [bearer(self.key)] + INSIDE)
        assert answer.status == 200, answer.text()
        self.seen = int(answer.header("X-Onetime-Next"))
        lines = [json.loads(line) for line in answer.text().splitlines()]
        return [line for line in lines if line["event.action"] not in ("audit-look", "key-use")]

    def proof(self):
        page = request(self.port, "GET", "/", INSIDE).text()
        return re.search(r'name="form_token" value="([^"]+)"', page)[1]


def ways(served, key, client):
    """Every way to a secret, as (name, answer)."""
    proof = served.proof()
    yield "api", reveal(served.port, key, client)
    fields = {"form_token": proof, "claim": "0123456789abcdef" * 2}
    yield "claim", post_form(served.port, "/secret/%s/claim" % key, fields, client)
    yield "page", post_form(served.port, "/secret/%s" % key, {"form_token": proof}, client)


def is_refused(answer):
    return answer.status == 403 or answer.header("X-OTS-Intended-Status") == "403"


def try_rule(results, served, name, rule, fields):
    """A secret that INSIDE may read and OUTSIDE may not."""
    made = share(served.port, "content of " + name, INSIDE, **fields)
    served.events()
    refused = 0
    for way, answer in ways(served, made["secret_key"], OUTSIDE):
        results.check(is_refused(answer), "%s: %s: refused" % (name, way), (answer.status, answer.text()[:200]))
        results.check("content of" not in answer.text(), "%s: %s: tells no content" % (name, way))
        refused += 1
    looked = request(served.port, "GET", "/secret/" + made["secret_key"], OUTSIDE)
    results.equal(looked.status, 403, name + ": a look says so too")
    told = [event for event in served.events() if event["event.action"] == "refused"]
    results.check(len(told) >= refused, name + ": every refusal is audited", told)
    results.check(all(event["rule.name"] == rule for event in told), name + ": with its rule", told)
    results.check(all(event["source.ip"] == "198.51.100.9" for event in told), name + ": and from where", told)
    state = receipt(served.port, made["metadata_key"], INSIDE).json()
    results.equal(state["state"], "new", name + ": nothing is consumed")
    if fields:
        results.equal((state["refused"], state["refused_by"]), (refused, rule), name + ": the sender learns of it")
    answer = reveal(served.port, made["secret_key"], INSIDE)
    results.equal((answer.status, answer.json().get("value")), (200, "content of " + name), name + ": allowed elsewhere")
    told = [event["event.action"] for event in served.events()]
    results.check("reveal" in told, name + ": which is audited as well", told)


def places_of_the_server(results):
    for name, rule, arguments in (
        ("allowed networks", "network", ("--allow-networks", "192.0.2.0/24")),
        ("denied networks", "network", ("--deny-networks", "198.51.100.0/24")),
        ("allowed countries", "country", ("--allow-countries", "NL,DE")),
        ("denied countries", "country", ("--deny-countries", "KP")),
    ):
        with Audited(*arguments) as served:
            try_rule(results, served, "server, " + name, rule, {})
            answer = post_form(served.port, "/api/v1/share", {"secret": "x"}, OUTSIDE)
            results.check(is_refused(answer), name + ": nor may one create", answer.status)
            results.equal(request(served.port, "GET", "/health", OUTSIDE).status, 200, name + ": health is for all")


def places_of_a_secret(results):
    with Audited() as served:
        for name, rule, fields in (
            ("allowed networks", "network", {"allow_networks": "192.0.2.0/24, 2001:db8::/32"}),
            ("denied networks", "network", {"deny_networks": "198.51.100.9"}),
            ("allowed countries", "country", {"allow_countries": "nl DE"}),
            ("denied countries", "country", {"deny_countries": "KP"}),
        ):
            try_rule(results, served, "secret, " + name, rule, fields)
        unknown = [("X-Forwarded-For", "unknown")]
        made = share(served.port, "x", INSIDE, allow_networks="192.0.2.0/24")
        answer = reveal(served.port, made["secret_key"], unknown)
        results.check(is_refused(answer), "one whom nobody knows is in no network", answer.status)
        made = share(served.port, "x", INSIDE, allow_networks="192.0.2.0/24", passphrase="swordfish")
        for _ in range(7):
            answer = reveal(served.port, made["secret_key"], OUTSIDE, passphrase="wrong one")
            results.check(is_refused(answer), "a passphrase is not even tried from elsewhere", answer.status)
        answer = reveal(served.port, made["secret_key"], INSIDE, passphrase="swordfish")
        results.equal(answer.status, 200, "so no try is used up")
        made = share(served.port, "x", INSIDE, allow_networks="192.0.2.0/24")
        results.equal(burn(served.port, made["metadata_key"], OUTSIDE).status, 200, "a sender may burn from anywhere")


def hours_of_the_server(results):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("hours = %s\n" % hours(2))
        file.flush()
        with Audited("--config", file.name) as served:
            made = share(served.port, "later", INSIDE, ttl=4 * 86400)
            served.events()
            for way, answer in ways(served, made["secret_key"], INSIDE):
                results.check(is_refused(answer), "server, hours: %s: refused" % way, answer.status)
                wait = int(answer.header("Retry-After") or 0)
                results.check(86400 < wait <= 2 * 86400, "server, hours: %s: says when it opens" % way, wait)
            told = [event for event in served.events() if event["event.action"] == "refused"]
            results.equal([event["rule.name"] for event in told], ["hours"] * 3, "server, hours: audited")
            file.seek(0)
            file.write("hours = %s\n" % hours(0))
            file.flush()
            served.server.process.send_signal(signal.SIGHUP)
            served.server.wait_for_output("read anew") if hasattr(served.server, "wait_for_output") else time.sleep(0.5)
            answer = reveal(served.port, made["secret_key"], INSIDE)
            results.equal(answer.json().get("value"), "later", "server, hours: nothing was consumed")


def hours_of_a_secret(results):
    with Audited() as served:
        made = share(served.port, "soon", INSIDE, not_before=str(int(time.time()) + 3))
        for way, answer in ways(served, made["secret_key"], INSIDE):
            results.check(is_refused(answer), "secret, not before: %s: refused" % way, answer.status)
        results.check("opens_at" in reveal(served.port, made["secret_key"], INSIDE).json(), "says when, as a number")
        state = receipt(served.port, made["metadata_key"], INSIDE).json()
        results.equal(state["refused_by"], "not-before", "secret, not before: the sender learns of it")
        time.sleep(3.2)
        answer = reveal(served.port, made["secret_key"], INSIDE)
        results.equal(answer.json().get("value"), "soon", "secret, not before: and then it may")
        open_now = share(served.port, "now", INSIDE, hours=hours(0))
        results.equal(reveal(served.port, open_now["secret_key"], INSIDE).status, 200, "secret, hours: open")
        closed = share(served.port, "x", INSIDE, hours=hours(1), ttl=3 * 86400)
        for way, answer in ways(served, closed["secret_key"], INSIDE):
            results.check(is_refused(answer), "secret, hours: %s: refused" % way, answer.status)
        state = receipt(served.port, closed["metadata_key"], INSIDE).json()
        results.equal((state["state"], state["refused_by"]), ("new", "hours"), "secret, hours: nothing is consumed")
        rules = {event.get("rule.name") for event in served.events() if event["event.action"] == "refused"}
        results.equal(rules, {"hours", "not-before"}, "both are audited")
        for name, fields in (
            ("hours after its end", {"hours": hours(3), "ttl": 3600}),
            ("not before its end", {"not_before": str(int(time.time()) + 7200), "ttl": 3600}),
            ("no hours", {"hours": "never"}),
            ("a moment that is none", {"not_before": "tomorrow"}),
            ("a year", {"not_before": "2027"}),
            ("a date without its signs", {"not_before": "20271231"}),
            ("networks with host bits", {"allow_networks": "192.0.2.7/24"}),
            ("a country that is none", {"allow_countries": "Netherlands"}),
            ("networks of which there is none", {"allow_networks": " , "}),
            ("countries of which there is none", {"deny_countries": ","}),
            ("too many networks", {"allow_networks": " ".join("10.0.0.%d" % number for number in range(17))}),
            ("a rule that is too long", {"hours": "Mon 00:00-24:00 UTC; " * 40}),
        ):
            answer = post_form(served.port, "/api/v1/share", dict(fields, secret="x"), INSIDE)
            results.check(
                answer.header("X-OTS-Intended-Status") == "422", "%s: refused at once" % name, answer.text()[:200]
            )
        for early in ("2027", "20271231", "999999999", "1999-12-31T23:59:59Z", "2001-09-09T01:46:39Z", "2027-01-01"):
            answer = post_form(served.port, "/api/v1/share", {"not_before": early, "secret": "x"}, INSIDE)
            results.equal(
                (answer.header("X-OTS-Intended-Status"), answer.json()["message"]),
                (
                    "422",
                    "not_before has to be seconds since 1970 (1000000000 or more), or date, time and zone such as"
                    " 2026-11-27T09:00:00+01:00 (2001-09-09T01:46:40Z or later)",
                ),
                "%s is refused, and the answer says what is not" % early,
            )
        for early in ("1000000000", "2001-09-09T01:46:40Z"):
            results.equal(
                reveal(served.port, share(served.port, "x", INSIDE, not_before=early)["secret_key"], INSIDE).status, 200,
                "%s, which it names, is not" % early,
            )
        served.events()
        soon, late = (str(int(time.time()) + wait) for wait in (1800, 7200))
        for name, fields in (
            ("hours", {"hours": hours(3)}),
            ("not_before", {"not_before": late}),
            ("not_before", {"not_before": late, "hours": hours(0)}),
            ("hours", {"not_before": soon, "hours": hours(3)}),
        ):
            answer = post_form(served.port, "/api/v1/share", dict(fields, secret="x", ttl=3600), INSIDE)
            expected = name + ": with this rule nobody could read the secret before it expires"
            results.equal(answer.json()["message"], expected, "the rule is named that leaves no time: %r" % fields)
            told = [event["rule.name"] for event in served.events()]
            results.equal(told, [name.replace("_", "-")], "and audited: %r" % fields)
        # What cannot be read must not leave the secret to everybody.
        for field in ("hours", "not_before", "allow_networks", "deny_networks", "allow_countries", "deny_countries", "passphrase"):
            for value in ({"a": "NL"}, {"a": {}}, {}, []):
                body = json.dumps({"secret": "x", field: value}).encode()
                answer = request(served.port, "POST", "/api/v1/share", [("Content-Type", "application/json")] + INSIDE, body)
                intended = answer.header("X-OTS-Intended-Status")
                wanted = "400" if field == "passphrase" else "422"
                results.equal(intended, wanted, "%s is %s: %s" % (field, value, answer.text()[:200]))
        body = json.dumps({"secret": "x", "hours": None, "other": {"hours": {}}, "more": []}).encode()
        answer = request(served.port, "POST", "/api/v1/share", [("Content-Type", "application/json")] + INSIDE, body)
        results.equal(answer.status, 200, "null says nothing, and fields that are not ours may be anything")


def shapes(results):
    """In JSON, too, what was to be a rule or a passphrase is never nothing: a secret that was to be kept is not made open."""
    with Server() as server:
        empty = ([""], [None], [None, ""], [None, None])
        for name, values in {
            "hours": ({"days": "Mon"}, {}, []),
            "not_before": ({"at": 1}, []),
            "allow_networks": ({"v4": "192.0.2.0/24"}, [], ["192.0.2.0/24", "10.0.0.0/8"], ["", ""], [[]], True),
            "deny_networks": ({}, []),
            "allow_countries": ({}, []),
            "deny_countries": ({}, []),
            "passphrase": ({"a": "b"}, {}, []),
        }.items():
            for value in values + empty:
                for path in ("/api/v1/share", "/api/v1/generate"):
                    answer = request(server.port, "POST", path, [JSON], json_body({name: value, "secret": "x"}))
                    told = "%s, %s as %s" % (path, name, value)
                    # What comes twice, and what is no value at all, is refused before it is known what it would be.
                    is_early = value in ([[]], ["", ""], ["192.0.2.0/24", "10.0.0.0/8"])
                    wanted = "400" if name == "passphrase" or is_early else "422"
                    results.equal(answer.header("X-OTS-Intended-Status"), wanted, told + " " + answer.text()[:200])
                    if not is_early:
                        named = answer.json()["message"].startswith(name + " has to be ")
                        results.check(named, told + ": the answer names it", answer.text()[:200])
        for fields in (
            {"hours": None},
            {"passphrase": None},
            {"passphrase": "", "hours": "", "not_before": "", "deny_networks": "", "allow_countries": ""},
            {"other": {"hours": {}, "passphrase": [], "allow_networks": [None]}},
            {"other": []},
            {"other": [None, ""]},
            {"ttl": None, "recipient": [""]},
        ):
            answer = request(server.port, "POST", "/api/v1/share", [JSON], json_body(dict(fields, secret="x")))
            results.equal(answer.status, 200, "what says nothing is nothing: %s" % fields)
        made = request(
            server.port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", "allow_networks": ["192.0.2.0/24"]})
        ).json()
        results.check(is_refused(reveal(server.port, made["secret_key"])), "a list of one is one")
        made = request(
            server.port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", "allow_networks": [None, "192.0.2.0/24"]})
        ).json()
        results.check(is_refused(reveal(server.port, made["secret_key"])), "and so is one with nothing beside it")
        answer = request(
            server.port, "POST", "/api/v1/share?passphrase=good-enough", [JSON], json_body({"secret": "x", "passphrase": [None]})
        )
        results.equal(answer.header("X-OTS-Intended-Status"), "400", "nor does nothing stand for what the address says")


def nowhere(results):
    """Rules that leave no network or no country, by themselves or with the server's, are refused at once; any place left is enough."""
    everywhere, ten = "0.0.0.0/0, ::/0", "10.0.0.0/8"
    cases = (
        ((), (
            ({"deny_networks": everywhere}, "deny_networks"),
            ({"deny_networks": "0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1"}, "deny_networks"),
            ({"allow_networks": ten, "deny_networks": ten}, "deny_networks"),
            ({"allow_networks": ten, "deny_networks": "10.192.0.0/10 10.0.0.0/9 10.128.0.0/10"}, "deny_networks"),
            ({"allow_networks": "10.1.2.3 2001:db8::/32", "deny_networks": "10.0.0.0/8 2001:d00::/24"}, "deny_networks"),
            ({"allow_countries": "NL", "deny_countries": "nl"}, "deny_countries"),
            ({"deny_networks": "0.0.0.0/0"}, None),
            ({"deny_networks": "::/0"}, None),
            ({"allow_networks": ten, "deny_networks": "10.0.0.0/9 10.128.0.0/10"}, None),
            ({"allow_networks": "10.0.0.0/8 192.0.2.1", "deny_networks": ten}, None),
            ({"allow_countries": "NL DE", "deny_countries": "NL"}, None),
            ({"deny_countries": "NL"}, None),
        )),
        (("--allow-networks", "192.0.2.0/24 198.51.100.0/24", "--deny-networks", "198.51.100.0/25"), (
            ({"allow_networks": ten}, "allow_networks"),
            ({"allow_networks": "198.51.100.0/26 2001:db8::/32"}, "allow_networks"),
            ({"deny_networks": "192.0.2.0/25 192.0.2.128/25 198.51.100.128/25"}, "deny_networks"),
            ({"allow_networks": "198.51.100.0/24", "deny_networks": "198.51.100.128/25"}, "deny_networks"),
            ({"allow_networks": "192.0.0.0/16"}, None),
            ({"deny_networks": "192.0.2.0/24"}, None),
            ({"allow_networks": "198.51.100.0/24"}, None),
        )),
        (("--allow-countries", "NL,DE,FR", "--deny-countries", "FR"), (
            ({"allow_countries": "KP"}, "allow_countries"),
            ({"allow_countries": "FR"}, "allow_countries"),
            ({"deny_countries": "NL DE"}, "deny_countries"),
            ({"allow_countries": "KP NL"}, None),
            ({"deny_countries": "NL KP"}, None),
        )),
        (("--deny-countries", "KP"), (({"allow_countries": "KP"}, "allow_countries"), ({"deny_countries": "NL"}, None))),
    )
    for arguments, rows in cases:
        with Audited(*arguments) as served:
            proof = served.proof()
            for number, (fields, blamed) in enumerate(rows):
                name = "nowhere: %s %s" % (" ".join(arguments), fields)
                served.events()
                # Each his own address: of one, few refusals a minute have a line.
                client = [("X-Forwarded-For", "192.0.2.%d" % (number + 10)), INSIDE[1]]
                answer = post_form(served.port, "/api/v1/share", dict(fields, secret="x"), client)
                if blamed is None:
                    results.equal(answer.status, 200, name + ": there is a place left")
                    continue
                results.equal(answer.header("X-OTS-Intended-Status"), "422", name + ": refused at once")
                results.check(answer.json().get("message", "").startswith(blamed + ": "), name + ": says which rule", answer.text())
                told = [event["rule.name"] for event in served.events()]
                results.equal(told, ["network" if "networks" in blamed else "country"], name + ": audited")
                for path in ("/", "/secret"):
                    answer = post_form(served.port, path, dict(fields, secret="x", form_token=proof), client)
                    results.equal(answer.status, 422, "%s: by %s" % (name, path))
                    results.check(re.split("[ ,]", fields[blamed])[0] in answer.text(), "%s: %s says what" % (name, path))


def server_that_opens_too_late(results):
    """A secret that would be gone before the server's hours come is refused, and the sender is told when they do."""
    with Audited("--hours", hours(2)) as served:
        opens = (int(time.time()) // 86400 + 2) * 86400
        soon = str(int(time.time()) + 60)
        for fields in ({}, {"ttl": 600}, {"ttl": 600, "not_before": soon}, {"ttl": 600, "hours": hours(0)}, {"deny_networks": "10.0.0.1"}):
            name = "too late: %s" % sorted(fields)
            served.events()
            answer = post_form(served.port, "/api/v1/share", dict(fields, secret="x"), INSIDE)
            results.equal(answer.header("X-OTS-Intended-Status"), "422", name + ": refused")
            results.equal(answer.json().get("opens_at"), opens, name + ": says when it opens")
            results.equal([event["rule.name"] for event in served.events()], ["hours"], name + ": audited")
        answer = post_form(served.port, "/api/v1/generate", {"ttl": 600}, INSIDE)
        results.equal(answer.header("X-OTS-Intended-Status"), "422", "too late: a generated one as well")
        proof = served.proof()
        for path in ("/", "/secret"):
            answer = post_form(served.port, path, {"secret": "x", "ttl": 600, "form_token": proof}, INSIDE)
            day = "%d" % time.gmtime(opens).tm_mday
            results.equal(answer.status, 422, "too late: by " + path)
            results.check("opens next on " + day in answer.text(), "too late: %s says when" % path, answer.text()[:3000])
        for fields in ({}, {"not_before": soon}):
            made = share(served.port, "x", INSIDE, ttl=4 * 86400, **fields)
            results.check("secret_key" in made, "one that lives longer is kept: %s" % fields)
    with Audited("--hours", hours(0)) as served:
        results.check("secret_key" in share(served.port, "x", INSIDE, ttl=60), "while the server is open any may be created")


def rates(results):
    arguments = ("--limit-loopback", "--creations-per-minute", "3", "--misses-per-minute", "3")
    arguments += ("--wrong-passphrases-per-minute", "3", "--failed-keys-per-minute", "3")
    with Audited(*arguments) as served:
        made = [share(served.port, "x", INSIDE, passphrase="swordfish") for _ in range(3)]
        answer = post_form(served.port, "/api/v1/share", {"secret": "x"}, INSIDE)
        results.equal(answer.status, 429, "the fourth creation of a minute waits")
        results.check(0 < int(answer.header("Retry-After")) <= 20, "and is told how long", answer.header("Retry-After"))
        share(served.port, "x", OUTSIDE)
        results.check(True, "others may go on")
        for number in range(3):
            reveal(served.port, made[number % 2]["secret_key"], INSIDE, passphrase="wrong %d" % number)
        answer = reveal(served.port, made[2]["secret_key"], INSIDE, passphrase="swordfish")
        results.equal(answer.status, 429, "after three wrong passphrases even the right one waits")
        answer = reveal(served.port, made[2]["secret_key"], OUTSIDE, passphrase="swordfish")
        results.equal(answer.status, 200, "and nothing is consumed for others")
        for number in range(3):
            reveal(served.port, "%031d" % number, INSIDE)
        results.equal(reveal(served.port, "%031d" % 7, INSIDE).status, 429, "whoever guesses links is stopped")
        names = {event.get("rule.name") for event in served.events()}
        wanted = {"rate-creations", "rate-wrong-passphrases", "rate-misses"}
        results.check(wanted <= names, "all of it is audited", names)
        for _ in range(3):
            request(served.port, "GET", "/api/v1/authcheck", [bearer("otl_00000000_wrong")] + OUTSIDE)
        answer = post_form(served.port, "/api/v1/share", {"secret": "x"}, [bearer(served.key)] + OUTSIDE)
        results.equal(answer.status, 429, "after three wrong keys even a right one waits")


def no_secrets(results):
    with Audited() as served:
        made = share(served.port, "the content itself", INSIDE, passphrase="swordfish", hours=hours(0))
        reveal(served.port, made["secret_key"], INSIDE, passphrase="not swordfish")
        reveal(served.port, made["secret_key"], INSIDE, passphrase="swordfish")
        receipt(served.port, made["metadata_key"], INSIDE)
        answer = request(served.port, "GET", "/api/audit", [bearer(served.key)])
        for name, text in (("content", "the content itself"), ("passphrase", "swordfish"), ("key", served.key)):
            results.check(text not in answer.text(), "the log has no " + name)
        for token in (made["secret_key"], made["metadata_key"]):
            results.check(token[:12] not in answer.text(), "the log has no token")
        actions = [json.loads(line)["event.action"] for line in answer.text().splitlines()]
        wanted = ["start", "configuration", "create", "wrong-passphrase", "reveal", "receipt-look"]
        results.equal([action for action in actions if action != "key-use"], wanted, "and all that happened")
        results.equal(request(served.port, "GET", "/api/audit").status, 401, "nobody reads it without a key")
        answer = request(served.port, "POST", "/api/certificate", [bearer(served.key)], b"")
        results.equal(answer.status, 200, "a certificate on demand")
        results.check("onetime.signature" in answer.text(), "is signed", answer.text()[:100])


def main(results):
    results.run(places_of_the_server, results)
    results.run(places_of_a_secret, results)
    results.run(hours_of_the_server, results)
    results.run(hours_of_a_secret, results)
    results.run(shapes, results)
    results.run(nowhere, results)
    results.run(server_that_opens_too_late, results)
    results.run(rates, results)
    results.run(no_secrets, results)


if __name__ == "__main__":
    run_suite(main, 120)
