"""Budgets and refusals: what counts as a guess, that none slips by beside others, and what the log and the receipt keep of it.
Clients are played by a trusted proxy.

python3 Tests/Blackbox/budgets.py          about 20 seconds
"""

import itertools
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from keys import CLOSED, bearer, keygen  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, burn, form, post_form, receipt, request, reveal, share  # noqa: E402

CLAIM = "0123456789abcdef" * 2


def client(number):
    """Header fields of a client of his own."""
    return [("X-Forwarded-For", "192.0.2.%d" % number)]


class Audited:
    """A server behind a proxy, with an audit log in memory and on standard output, and a key that may read it."""

    def __init__(self, *arguments):
        self.key, line = keygen("auditor", "--scopes", "audit")
        options = ("--audit", "memory,stdout", "--trusted-proxies", "127.0.0.1")
        self.server = Server(*options, *arguments, environment={"API_KEYS": line})

    def __enter__(self):
        self.server.start()
        self.port = self.server.port
        page = request(self.port, "GET", "/", client(250)).text()
        self.proof = re.search(r'name="form_token" value="([^"]+)"', page)[1]
        return self

    def __exit__(self, *_):
        self.server.close()

    def audit(self, start=0):
        """The answer, from a line on."""
        return request(self.port, "GET", "/api/audit?from=%d" % start, [bearer(self.key)] + client(251))

    def events(self):
        """What happened, without what asking writes."""
        lines, start = [], 0
        while True:
            answer = self.audit(start)
            part = [json.loads(line) for line in answer.text().splitlines()]
            lines += [line for line in part if line["event.action"] not in ("audit-look", "key-use")]
            # Asking is an event, too: the last answer has those of the asking alone.
            if len(part) < 50:
                return lines
            start = int(answer.header("X-Onetime-Next"))

    def refusals(self, rule):
        return [event for event in self.events() if event.get("rule.name") == rule]


def ways(served):
    """Every way to name a secret or a receipt by its token: name, whether it is a receipt's, and what asks."""

    def get(path, method="GET"):
        return lambda token, fields: request(served.port, method, path % token, fields)

    def post(path, **given):
        return lambda token, fields: post_form(served.port, path % token, dict(given, form_token=served.proof), fields)

    return (
        ("a look at a secret", False, get("/secret/%s")),
        ("a look by the short link", False, get("/%s")),
        ("a look at header fields", False, get("/secret/%s", "HEAD")),
        ("a look before destroying", False, get("/secret/%s/burn")),
        ("a reveal by the API", False, post("/api/v1/secret/%s")),
        ("a reveal on the page", False, post("/secret/%s")),
        ("a claim", False, post("/secret/%s/claim", claim=CLAIM)),
        ("a commit", False, post("/secret/%s/commit", claim=CLAIM)),
        ("destroying unread", False, post("/secret/%s/burn")),
        ("a receipt by the API", True, get("/api/v1/private/%s")),
        ("a receipt by the API and POST", True, post("/api/v1/private/%s")),
        ("a receipt's page", True, get("/receipt/%s")),
        ("a receipt's events", True, get("/receipt/%s/events", "HEAD")),
        ("a look before burning", True, get("/receipt/%s/burn")),
        ("burning by the API", True, post("/api/v1/private/%s/burn")),
        ("burning on the page", True, post("/receipt/%s/burn")),
    )


def guesses(results):
    """Whoever asks for what is not there too often is not heard, by whatever way he asks; who knows what he asks for is."""
    with Audited("--misses-per-minute", "3") as served:
        for number, (name, isReceipt, ask) in enumerate(ways(served), 1):
            statuses = [ask("%031d" % miss, client(number)).status for miss in range(3)]
            results.check(429 not in statuses, name + ": three guesses are free", statuses)
            made = share(served.port, "kept", client(200))
            token = made["metadata_key" if isReceipt else "secret_key"]
            answer = ask(token, client(number))
            results.equal(answer.status, 429, name + ": then even the right one waits")
            results.check(0 < int(answer.header("Retry-After") or 0) <= 20, name + ": and is told how long")
            state = receipt(served.port, made["metadata_key"], client(200)).json()["state"]
            results.equal(state, "new", name + ": nothing is consumed")
            statuses = [ask("not-a-token", client(100 + number)).status for _ in range(4)]
            results.check(429 in statuses or "short" in name, name + ": what is no token counts, too", statuses)
        told = served.refusals("rate-misses")
        results.check(len(told) >= 16, "each of them is audited", len(told))
        made = share(served.port, "kept", client(200), passphrase="swordfish")
        for path in ("/secret/" + made["secret_key"], "/receipt/" + made["metadata_key"]):
            statuses = {request(served.port, "GET", path, client(201)).status for _ in range(12)}
            results.equal(statuses, {200}, "whoever looks at what is there spends nothing")
        for _ in range(12):
            receipt(served.port, made["metadata_key"], client(201))
        results.equal(burn(served.port, made["metadata_key"], client(201), passphrase="swordfish").status, 200, "burn")
        statuses = {burn(served.port, made["metadata_key"], client(201)).status for _ in range(12)}
        results.equal(statuses, {404}, "nor does one who burns again by his receipt")


def at_once(count, ask):
    """The answers to so many requests at the same time."""
    answers = [None] * count

    def run(number):
        answers[number] = ask(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def passphrases(results):
    """Tries at the same time are no more than those one after the other, and the right one is none."""
    with Audited("--wrong-passphrases-per-minute", "3") as served:
        made = [share(served.port, "x", client(200), passphrase="swordfish") for _ in range(8)]
        proof = {"form_token": served.proof}
        for number, (name, ask) in enumerate(
            (
                ("API", lambda one, who, phrase: reveal(served.port, one["secret_key"], who, passphrase=phrase)),
                (
                    "page",
                    lambda one, who, phrase: post_form(
                        served.port, "/secret/" + one["secret_key"], dict(proof, passphrase=phrase), who
                    ),
                ),
                ("burning", lambda one, who, phrase: burn(served.port, one["metadata_key"], who, passphrase=phrase)),
                (
                    "burning on the page",
                    lambda one, who, phrase: post_form(
                        served.port, "/receipt/%s/burn" % one["metadata_key"], dict(proof, passphrase=phrase), who
                    ),
                ),
            ),
            1,
        ):
            answers = at_once(8, lambda index: ask(made[index], client(number), "wrong"))
            heard = [answer.status for answer in answers if answer.status != 429]
            results.equal(len(heard), 3, name + ": of eight at once three are tried")
            results.equal(ask(made[0], client(number), "swordfish").status, 429, name + ": then the right one waits")
            state = receipt(served.port, made[0]["metadata_key"], client(200)).json()["state"]
            results.equal(state, "new", name + ": and consumes nothing")
            right = [share(served.port, "x", client(200), passphrase="swordfish") for _ in range(5)]
            statuses = [ask(one, client(100 + number), "swordfish").status for one in right]
            results.equal(statuses, [200] * 5, name + ": right ones are given back")
            right = [share(served.port, "x", client(200), passphrase="swordfish") for _ in range(3)]
            answers = at_once(3, lambda index: ask(right[index], client(100 + number), "swordfish"))
            results.equal([answer.status for answer in answers], [200] * 3, name + ": at the same time, too")
        one = share(served.port, "x", client(200), passphrase="swordfish")
        for _ in range(4):
            # Nobody waits for the answer: nothing was tried.
            with Connection(served.port) as connection:
                body = form({"passphrase": "wrong"})
                target = "/api/v1/secret/" + one["secret_key"]
                connection.send(build("POST", target, client(150) + [FORM], body, "127.0.0.1:%d" % served.port))
                time.sleep(0.02)
        time.sleep(0.6)
        answer = reveal(served.port, one["secret_key"], client(150), passphrase="swordfish")
        results.equal(answer.status, 200, "tries that nobody waits for are given back")


def no_passphrase(results):
    """Whoever gives none guesses nothing, and the log says so."""
    with Audited("--wrong-passphrases-per-minute", "3") as served:
        made = share(served.port, "x", client(200), passphrase="swordfish")
        key = made["secret_key"]
        for _ in range(3):
            reveal(served.port, key, client(1))
            post_form(served.port, "/secret/" + key, {"form_token": served.proof, "passphrase": ""}, client(1))
            burn(served.port, made["metadata_key"], client(1))
        actions = [event["event.action"] for event in served.events()]
        results.check("wrong-passphrase" not in actions, "none is no wrong one", actions)
        told = served.refusals("passphrase-required")
        results.equal({event["event.action"] for event in told}, {"refused"}, "it is a refusal with a rule of its own")
        results.check(all("onetime.secret" in event for event in told), "of a secret", told)
        page = request(served.port, "GET", "/receipt/" + made["metadata_key"], client(200)).text()
        results.check("Wrong tries" not in page, "the sender is told of no try")
        results.equal(reveal(served.port, key, client(1), passphrase="swordfish").status, 200, "and none is used up")
        made = share(served.port, "x", client(200), passphrase="swordfish")
        reveal(served.port, made["secret_key"], client(1), passphrase="wrong")
        told = [event for event in served.events() if event["event.action"] == "wrong-passphrase"]
        results.equal([event["rule.name"] for event in told], ["passphrase"], "a wrong one is a wrong one still")


def receipts(results):
    """Whom rules refused is on the receipt, on its page too, and stays there when the secret is gone."""
    with Audited() as served:
        for end in ("new", "received", "burned", "expired"):
            made = share(served.port, "x", client(1), allow_networks="192.0.2.1", ttl=2 if end == "expired" else 60)
            for _ in range(2):
                reveal(served.port, made["secret_key"], client(2))
            if end == "received":
                reveal(served.port, made["secret_key"], client(1))
            if end == "burned":
                burn(served.port, made["metadata_key"], client(1))
            if end == "expired":
                time.sleep(2.3)
            told = receipt(served.port, made["metadata_key"], client(1)).json()
            results.equal(
                (told["state"], told.get("refused"), told.get("refused_by")), (end, 2, "network"), end + ": by the API"
            )
            page = request(served.port, "GET", "/receipt/" + made["metadata_key"], client(1)).text()
            found = re.search(r"<dt>Refused tries</dt><dd>2<ol.*?</ol>", page)
            results.check(found is not None, end + ": on the page", page[-1500:])
            results.equal((found[0] if found else "").count("</time> (network)</li>"), 2, end + ": when, and by what")
        made = share(served.port, "x", client(1), not_before=str(int(time.time()) + 1000))
        reveal(served.port, made["secret_key"], client(2))
        page = request(served.port, "GET", "/receipt/" + made["metadata_key"] + "?locale=de", client(1)).text()
        results.check("<dt>Abgewiesene Versuche</dt>" in page and "(zu früh)" in page, "in the sender's language")
        made = share(served.port, "x", client(1))
        page = request(served.port, "GET", "/receipt/" + made["metadata_key"], client(1)).text()
        results.check("Refused tries" not in page, "where nobody was refused nothing is said")


def stamps(results):
    """A line bears the time at which it happened, and none is older than the one before it."""
    with Audited() as served:
        made = share(served.port, "x", client(1))
        with Connection(served.port) as connection:
            data = build(
                "POST", "/api/v1/secret/" + made["secret_key"], client(1) + [FORM], b"a=b", "127.0.0.1:%d" % served.port
            )
            connection.send(data[:-1])
            time.sleep(1.3)
            share(served.port, "y", client(1))
            connection.send(data[-1:])
            results.equal(connection.response("POST").status, 200, "a slow reader is one")
        with Connection(served.port) as connection:
            data = build("POST", "/api/v1/secret/" + "0" * 31, client(1) + [FORM], b"a=b")
            connection.send(data[:-1])
            time.sleep(0.3)
            share(served.port, "z", client(1))
            connection.send(data[-1:])
            connection.response("POST")
        events = served.events()
        times = [event["@timestamp"] for event in events]
        results.equal(times, sorted(times), "the lines are in the order of their times")
        at = {event["event.action"]: event["@timestamp"] for event in events}
        created = [event["@timestamp"] for event in events if event["event.action"] == "create"]
        results.check(at["reveal"] >= created[1] > created[0], "a reveal is not stamped as of its request's beginning", at)
        results.check(at["refused"] >= created[2], "nor is a refusal", at)


def floods(results):
    """However often one is refused, what happened before stays in the log, and no refusal is lost."""
    with Audited("--audit-size", "256k", "--misses-per-minute", "3") as served:
        made = share(served.port, "x", client(1), allow_networks="192.0.2.1")
        reveal(served.port, made["secret_key"], client(1))
        guesses, attempts = 1500, 150
        with Connection(served.port) as connection:
            for number in range(guesses):
                connection.request("GET", "/secret/%031d" % number, client(2))
            made = share(served.port, "x", client(1), allow_networks="192.0.2.1")
            for number in range(attempts):
                connection.request("POST", "/api/v1/secret/" + made["secret_key"], client(3))
            for number in range(200):
                connection.request("GET", "/secret/not-a-token", client(number % 100 + 4))
                connection.request("GET", "/secret/not-a-token", client(number % 100 + 4))
        answer = served.audit()
        results.equal(answer.header("X-Onetime-Missed"), "0", "nothing was pushed out")
        actions = [event["event.action"] for event in served.events()]
        results.check("reveal" in actions and "create" in actions, "what happened before is there", actions[:5])
        told = served.refusals("rate-misses")
        results.equal([event.get("source.ip") for event in told], ["192.0.2.2", None], "one line for one who guesses")
        results.equal(told[-1].get("event.reason"), "from many addresses", "and one for all who are too many")
        results.equal(len(served.refusals("network")), 8, "some for each rule of a secret")
        served.server.stop()
        lines = [json.loads(line) for line in served.server.text("stdout").splitlines() if "onetime.audit" in line]
        for rule, total in (("rate-misses", guesses - 3 + 100), ("network", attempts)):
            of_rule = [line for line in lines if line.get("rule.name") == rule]
            counted = [line for line in of_rule if line.get("event.reason") == "repeated"]
            number = sum(line["onetime.count"] for line in counted) + len(of_rule) - len(counted)
            results.equal(number, total, rule + ": the others are counted")
        results.equal(lines[-1]["event.action"], "stop", "before the log ends")
        times = [line["@timestamp"] for line in lines]
        results.equal(times, sorted(times), "and in the order of time")


def before_a_look(results):
    """What is refused before anybody knows what it is about is written down, too, with its rule and from where."""
    arguments = ("--allow-host", "main.example", "--deny-networks", "192.0.2.9", "--max-requests-per-address", "20")
    with Audited(*arguments) as served:
        port = served.port

        def told(rule):
            return [(event["event.action"], event["event.outcome"], event.get("source.ip")) for event in served.refusals(rule)]

        results.equal(request(port, "GET", "/", client(1), host="evil.example").status, 421, "a host that is none of ours")
        results.equal(told("host"), [("refused", "failure", "192.0.2.1")], "is audited")
        for method, target, status in (("POST", "/health", 405), ("GET", "/api/v1/share", 405), ("GET", "/api/v1/secret/x", 404)):
            results.equal(request(port, method, target, client(2)).status, status, "%s %s" % (method, target))
        results.equal(told("method"), [("refused", "failure", "192.0.2.2")] * 3, "is audited")
        for target in ("/", "/api/v1/share", "/secret/" + "0" * 31, "/icon.svg"):
            answer = request(port, "OPTIONS", target, client(9))
            status = answer.header("X-OTS-Intended-Status") or str(answer.status)
            results.equal((status, answer.header("Allow")), ("403", None), "OPTIONS from a denied network: " + target)
        results.equal(told("network"), [("refused", "failure", "192.0.2.9")] * 4, "is audited")
        answer = request(port, "OPTIONS", "/api/v1/share", client(3))
        results.equal((answer.status, answer.header("Allow")), (204, "POST, OPTIONS"), "elsewhere OPTIONS tells the methods")
        for garbage in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"):
            with Connection(port) as connection:
                connection.send(garbage)
                results.equal(connection.response().status // 100, 4, "what is no request")
        results.equal(told("malformed"), [("refused", "failure", "127.0.0.1")] * 3, "is audited, as far as it is known from whom")
        request(port, "GET", "/no-such-page", client(5))
        results.equal(served.refusals("unknown"), [], "what is no path is refused by no rule")
        statuses = [request(port, "GET", "/health", client(4)).status for _ in range(100)]
        results.check(statuses.count(429) > 1, "too many requests of an address", statuses)
        results.equal(told("rate-requests"), [("refused", "failure", "192.0.2.4")], "are one line a minute")
    with Server("--max-connections-per-address", "2", "--audit", "stdout") as server:
        kept = [Connection(server.port) for _ in range(3)]
        answer = kept[2].response()
        results.equal(answer.status, 429, "too many connections of an address")
        results.check(answer.header("Date"), "which is told when, as in each answer", answer.headers)
        for connection in kept:
            connection.close()
        server.stop()
        lines = [json.loads(line) for line in server.text("stdout").splitlines() if "onetime.audit" in line]
        results.equal(
            [line["source.ip"] for line in lines if line.get("rule.name") == "rate-connections"][:1], ["127.0.0.1"], "are audited"
        )


def looks_at_secrets(results):
    """A look that a secret's rule refuses says which secret, and asking before destroying is one like any other."""
    with Audited() as served:
        made = share(served.port, "x", client(1), allow_networks="192.0.2.1")
        path = "/secret/" + made["secret_key"]
        proof = {"form_token": served.proof}
        for ask in (
            lambda who: request(served.port, "GET", path, who),
            lambda who: request(served.port, "GET", path + "/burn", who),
            lambda who: post_form(served.port, path, proof, who),
            lambda who: post_form(served.port, path + "/burn", proof, who),
        ):
            results.equal(ask(client(2)).status, 403, "refused from elsewhere")
        secret = [event["onetime.secret"] for event in served.events() if event["event.action"] == "create"]
        told = [event.get("onetime.secret") for event in served.refusals("network")]
        results.equal(told, secret * 4, "each line says which secret it was")
        results.equal(request(served.port, "GET", path + "/burn", client(1)).status, 200, "who may read it is asked")
        results.equal(post_form(served.port, path + "/burn", proof, client(1)).status, 200, "and may destroy it")


def embeddings(results):
    """What pages of other sites and of neighbours have a browser fetch is refused unseen and spends nothing; links that people follow
    are served."""

    def fetched(mode, destination, site="cross-site"):
        return [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination)]

    kinds = (("no-cors", "image"), ("cors", "empty"), ("no-cors", "script"), ("navigate", "iframe"), ("navigate", "object"))
    with Audited("--misses-per-minute", "3") as served:
        made = share(served.port, "kept", client(200))
        for number, (site, (mode, destination)) in enumerate(itertools.product(("cross-site", "same-site"), kinds), 1):
            for path in ("/receipt/%s", "/secret/%s", "/%s", "/receipt/%s/events", "/new/%s", "/api/v1/private/%s", "/secret/%s/burn"):
                fields = client(number) + fetched(mode, destination, site)
                answers = [request(served.port, "GET", path % ("%031d" % miss), fields) for miss in range(4)]
                statuses = {answer.header("X-OTS-Intended-Status") or str(answer.status) for answer in answers}
                results.equal(statuses, {"403"}, "%s as %s by %s, %s" % (path, destination, mode, site))
            path = "/receipt/" + made["metadata_key"]
            fields = client(number) + fetched(mode, destination, site)
            results.equal(request(served.port, "GET", path, fields).status, 403, "also one that is")
            results.equal(request(served.port, "GET", path, client(number)).status, 200, "and nothing was spent by it")
            # A form that sends itself: by what is no token, too.
            for _ in range(4):
                fields = client(number) + fetched("navigate", "document", site)
                results.equal(post_form(served.port, "/secret/no-token", {}, fields).status, 403, "a foreign form")
            results.equal(request(served.port, "GET", path, client(number)).status, 200, "spends nothing either")
        for path in ("/receipt/" + made["metadata_key"], "/secret/" + made["secret_key"], "/" + made["secret_key"]):
            for fields in (
                fetched("navigate", "document"),
                fetched("navigate", "document", "same-site"),
                fetched("no-cors", "image", "same-origin"),
                fetched("navigate", "document", "none"),
                [("Sec-Fetch-Site", "cross-site")],
            ):
                results.equal(request(served.port, "GET", path, client(100) + fields).status, 200, "a link: %s" % fields)
        results.check(len(served.refusals("origin")) >= 5, "each is audited")


def links(results):
    """Guesses at creation links are misses, on their pages and in forms."""
    key, line = keygen("maker", "--scopes", "create")
    arguments = ("--trusted-proxies", "127.0.0.1", CLOSED, "--misses-per-minute", "3")
    with Server(*arguments, environment={"API_KEYS": line}) as server:
        port = server.port

        def make():
            return post_form(port, "/api/links", {}, [bearer(key)] + client(200)).json()["link"].rsplit("/", 1)[1]

        def send(path):
            return lambda token, who: post_form(port, path, {"link": token, "secret": "x"}, who)

        for number, (name, ask) in enumerate(
            (
                ("its page", lambda token, who: request(port, "GET", "/new/" + token, who)),
                ("the form", send("/")),
                ("the script", send("/secret")),
            ),
            1,
        ):
            right = make()
            statuses = [ask("%031d" % miss, client(number)).status for miss in range(3)]
            results.check(429 not in statuses and 200 not in statuses, name + ": three guesses are free", statuses)
            results.equal(ask(right, client(number)).status, 429, name + ": then even the right link waits")
            results.equal(request(port, "GET", "/receipt/" + "0" * 31, client(number)).status, 429, name + ": and all else")
            results.check(ask(right, client(100)).status in (200, 201, 303), name + ": the link is there still")


def hours_that_never_come(results):
    """To find out that hours never meet is work: it counts as a secret that was made."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    closed = "%s 00:00-24:00 UTC" % days[(time.gmtime().tm_wday + 3) % 7]
    with Server("--trusted-proxies", "127.0.0.1", "--creations-per-minute", "3") as server:
        fields = {"secret": "x", "hours": closed, "ttl": 3600}
        intended = [
            post_form(server.port, "/api/v1/share", fields, client(1)).header("X-OTS-Intended-Status") for _ in range(4)
        ]
        results.equal(intended, ["422"] * 3 + ["429"], "so many, and then he has to wait")
        results.equal(post_form(server.port, "/api/v1/share", {"secret": "x"}, client(2)).status, 200, "others need not")


def looks(results):
    """Looks at one receipt are one line a minute and a number; creations have theirs."""
    with Audited() as served:
        made = [share(served.port, "x", client(1)) for _ in range(12)]
        for number in range(30):
            request(served.port, "GET", "/receipt/" + made[0]["metadata_key"], client(1))
            receipt(served.port, made[0]["metadata_key"], client(1))
            receipt(served.port, made[0]["metadata_key"], client(2))
        for one in made:
            receipt(served.port, one["metadata_key"], client(1))
        events = served.events()
        results.equal(len([event for event in events if event["event.action"] == "create"]), 12, "every creation has a line")
        seen = [(event["onetime.receipt"], event["source.ip"]) for event in events if event["event.action"] == "receipt-look"]
        results.equal((len(seen), len(set(seen))), (13, 13), "one for each receipt and network")
        served.server.stop()
        lines = [json.loads(line) for line in served.server.text("stdout").splitlines() if '"receipt-look"' in line]
        counted = [(line["onetime.receipt"], line["source.ip"], line["onetime.count"]) for line in lines if "onetime.count" in line]
        results.equal(counted, [seen[0] + (60,), seen[1] + (29,)], "the others are counted, each with its receipt")


def main(results):
    results.run(before_a_look, results)
    results.run(looks_at_secrets, results)
    results.run(embeddings, results)
    results.run(links, results)
    results.run(hours_that_never_come, results)
    results.run(looks, results)
    results.run(guesses, results)
    results.run(passphrases, results)
    results.run(no_passphrase, results)
    results.run(receipts, results)
    results.run(stamps, results)
    results.run(floods, results)


if __name__ == "__main__":
    run_suite(main, 180)
