"""Owns what a hostile holder of a key, or one who guesses keys, tries: held requests, parallel ones, and ways around caps.

python3 Tests/Blackbox/key_attacks.py          about 15 seconds
"""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from forged_forms import token_of  # noqa: E402
from keys import basic, bearer, intended, keygen, server_of, used  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, post_form, receipt, request, reveal, share  # noqa: E402


def held(port, target, body, *headers):
    """A connection on which all of a POST but its last byte was sent, and that byte."""
    connection = Connection(port)
    connection.send(build("POST", target, [FORM, ("Content-Length", str(len(body)))] + list(headers), body[:-1]))
    return connection, body[-1:]


def finish(waiting):
    """The statuses that are meant by the answers to held requests, once their last bytes are sent."""
    for connection, last in waiting:
        connection.send(last)
    statuses = [intended(connection.response("POST")) for connection, _ in waiting]
    for connection, _ in waiting:
        connection.close()
    return statuses


def meanwhile(results):
    """A key is judged again when something is done: what ended while a body came does nothing."""
    admin, admin_line = keygen("admin", "--scopes", "admin,create")
    every = "create,reveal,burn,receipt,audit,admin"
    for way in ("revoked", "expired"):
        key, line = keygen("victim", "--scopes", every, *(("--expires", "3s") if way == "expired" else ()))
        with server_of(admin_line, line, arguments=["--audit", "memory", "--auth-required"]) as server:
            port, begin = server.port, time.monotonic()
            header = bearer(key)
            kept = share(port, "kept", [bearer(admin)])
            locked = share(port, "locked", [bearer(admin)], passphrase="pass")
            lock = "form_token=%s&action=lock&shown=none&creation=yes" % token_of(port, "/operator", basic("victim", key))
            waiting = [
                held(port, "/api/burn", b"all=true&confirm=yes", header),
                held(port, "/api/lockdown", b"mode=all", header),
                held(port, "/api/keys/rotate", b"name=admin", header),
                held(port, "/api/keys/revoke", b"name=admin", header),
                held(port, "/api/links", b"ttl=90", header),
                held(port, "/api/certificate", b"a=b", header),
                held(port, "/operator", lock.encode(), basic("victim", key)),
                held(port, "/api/v1/share", b"secret=x", header),
                held(port, "/", b"secret=x", header),
                held(port, "/api/v1/secret/" + kept["secret_key"], b"a=b", header),
                held(port, "/api/v1/secret/" + locked["secret_key"], b"passphrase=pass", header),
                held(port, "/api/v1/private/%s/burn" % kept["metadata_key"], b"a=b", header),
                held(port, "/api/v1/private/" + kept["metadata_key"], b"a=b", header),
            ]
            time.sleep(0.2)
            if way == "revoked":
                revoked = post_form(port, "/api/keys/revoke", {"name": "victim"}, [bearer(admin)])
                results.equal(revoked.status, 200, "revoked")
            time.sleep(max(0, 3.1 - (time.monotonic() - begin)) if way == "expired" else 0)
            results.equal(finish(waiting), [401] * len(waiting), "a key that was %s meanwhile" % way)
            state = request(port, "GET", "/api/state", [bearer(admin)]).json()
            results.equal((state["lockdown"], state["secrets"]), ("none", 2), way + ": nothing was done")
            keys = request(port, "GET", "/api/keys", [bearer(admin)]).json()
            results.equal((len(keys["keys"]), keys["links"]), (2, 0), way + ": no key was made, no link either")
            results.equal(reveal(port, kept["secret_key"]).json()["value"], "kept", way + ": it is there still")
            results.equal(reveal(port, locked["secret_key"], passphrase="pass").json()["value"], "locked", way + ": no try")


def open_meanwhile(results):
    """Where everybody may create, what a key that ended meanwhile made is nobody's, and is counted for nobody."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    for way in ("revoked", "expired", "used up"):
        extra = {"revoked": (), "expired": ("--expires", "2s"), "used up": ("--uses", "1")}[way]
        key, line = keygen("victim", "--scopes", "create", "--max-ttl", "60", *extra)
        with server_of(admin_line, line, arguments=["--max-anonymous-ttl", "600"]) as server:
            port, begin = server.port, time.monotonic()
            bodies = (b"secret=x&ttl=3600", b"secret=x&ttl=3600&passphrase=pass")
            waiting = [held(port, "/", body, bearer(key)) for body in bodies]
            time.sleep(0.2)
            if way == "revoked":
                post_form(port, "/api/keys/revoke", {"name": "victim"}, [bearer(admin)])
            if way == "used up":
                share(port, "own", [bearer(key)], ttl=60)
            time.sleep(max(0, 2.1 - (time.monotonic() - begin)) if way == "expired" else 0)
            before = 1 if way == "used up" else 0
            results.equal(finish(waiting), [303, 303], way + ": everybody may")
            results.equal(used(port, admin, key), (before, before), way + ": the key did nothing more")
            listed = request(port, "GET", "/api/state", [bearer(admin)]).json()["list"]
            names = sorted(entry["key"] or "" for entry in listed)
            results.equal(names, ["", ""] + ["victim"] * before, way + ": the secrets are nobody's")
            lives = sorted(entry["expires"] - entry["created"] for entry in listed)
            results.check(all(598 <= life <= 602 for life in lives[-2:]), way + ": and live as long as anybody's", lives)


def last_use(results):
    """The last use of a key is had by one of those who ask for it at a time, also where all of them wait for a worker."""
    maker, maker_line = keygen("maker", "--scopes", "create")
    admin, admin_line = keygen("admin", "--scopes", "admin")
    made = [keygen("once%d" % number, "--uses", "1", "--scopes", "create,reveal,burn,receipt,admin") for number in range(6)]
    with server_of(maker_line, admin_line, *(line for _, line in made)) as server:
        port = server.port
        bodies = {"plain": b"a=b", "locked": b"passphrase=pass", "link": b"ttl=90"}
        wanted = [
            ("reveals", "/api/v1/secret/%(secret_key)s", "plain"),
            ("reveals with a passphrase", "/api/v1/secret/%(secret_key)s", "locked"),
            ("burns", "/api/v1/private/%(metadata_key)s/burn", "plain"),
            ("burns with a passphrase", "/api/v1/private/%(metadata_key)s/burn", "locked"),
            ("receipts", "/api/v1/private/%(metadata_key)s", "plain"),
            ("links", "/api/links", "link"),
        ]
        for (key, _), (name, target, kind) in zip(made, wanted):
            fields = {"passphrase": "pass"} if kind == "locked" else {}
            secrets = [share(port, "x", [bearer(maker)], **fields) for _ in range(6)]
            # What is refused uses nothing up, and leaves the use to those who wait.
            results.equal(intended(reveal(port, "0" * 31, [bearer(key)])), 404, "what is not there is no use")
            waiting = [held(port, target % secret, bodies[kind], bearer(key)) for secret in secrets]
            time.sleep(0.2)
            results.equal(sorted(finish(waiting)), [200] + [403] * 5, "one use for six " + name)
            if name.startswith(("reveals", "burns")):
                alive = [reveal(port, secret["secret_key"], **fields).status for secret in secrets]
                results.equal(sorted(alive), [200] * 5 + [404], name + ": the others are there still")


def guesses(results):
    """Wrong keys are limited and written down wherever a right one would be told from them, on pages too, and many at a time."""
    arguments = ["--trusted-proxies", "127.0.0.1", "--failed-keys-per-minute", "3", "--audit", "memory"]
    admin, admin_line = keygen("admin", "--scopes", "admin,audit")
    with server_of(admin_line, arguments=arguments, ONETIME_USER="bob", ONETIME_APITOKEN="right") as server:
        port = server.port

        def client(number, token=None):
            address = ("X-Forwarded-For", "203.0.113.%d" % number)
            return [address, basic("bob", token)] if token else [address]

        def failed():
            text, start, is_full = "", 0, True
            while is_full:
                # Looking is written down, too, so there is always one line more.
                answer = request(port, "GET", "/api/audit?from=%d" % start, [bearer(admin)])
                text, start, is_full = text + answer.text(), int(answer.header("x-onetime-next")), len(answer.body) > 16384
            return request(port, "GET", "/api/keys", [bearer(admin)]).json()["failed"], text.count('"key-failed"')

        ways = [
            ("POST", "/", {"secret": "x", "recipient": "a@b.example"}),
            ("POST", "/secret", {"secret": "x", "ttl": 29 * 86400}),
            ("POST", "/operator", {"action": "lock"}),
            ("POST", "/api/v1/share", {"secret": "x"}),
            ("POST", "/api/v1/secret/" + "a" * 31, {}),
            ("POST", "/api/v1/private/" + "a" * 31, {}),
            ("POST", "/api/certificate", {}),
            ("GET", "/api/v1/authcheck", None),
            ("GET", "/api/v1/status", None),
            ("GET", "/api/v1/private/" + "a" * 31, None),
            ("GET", "/operator", None),
            ("GET", "/", None),
        ]
        for number, (method, target, fields) in enumerate(ways):

            def ask(token):
                if method == "GET":
                    return intended(request(port, "GET", target, client(number, token)))
                return intended(post_form(port, target, fields, client(number, token)))

            name = "%s %s: " % (method, target)
            before = failed()
            statuses = [ask("wrong%d" % guess) for guess in range(5)]
            results.check(429 not in statuses[:3], name + "three guesses are heard", statuses)
            results.equal(statuses[3:], [429, 429], name + "no more are")
            results.equal(ask("right"), 429, name + "nor is the right one")
            after = failed()
            results.equal((after[0] - before[0], after[1] - before[1]), (3, 3), name + "each is noted once")
            for free in ("/health", "/secret/" + "a" * 31):
                answer = request(port, "GET", free, client(number, "right"))
                results.check(answer.status != 429, name + free + " looks at no key", answer.status)
            results.equal(post_form(port, "/", {"secret": "x"}, client(number)).status, 303, name + "who shows none is free")
        kept = share(port, "x", client(99))
        for _ in range(5):
            page = post_form(port, "/secret/" + "a" * 31, {}, client(99, "wrong"))
        results.equal(page.status, 404, "a page that looks at no key counts none")
        results.equal(reveal(port, kept["secret_key"], client(99, "right")).status, 200, "and its reader is heard")
        for number, (method, target, body) in enumerate(
            (("POST", "/api/v1/share", b"secret=x"), ("POST", "/", b"secret=x"), ("GET", "/api/v1/authcheck", b"x"))
        ):
            waiting = []
            for guess in range(60):
                connection = Connection(port)
                header = client(100 + number, "right" if guess == 40 else "wrong%d" % guess)
                connection.send(build(method, target, header + [FORM, ("Content-Length", str(len(body)))], body[:-1]))
                waiting.append((connection, body[-1:]))
            time.sleep(0.3)
            statuses = finish(waiting)
            results.equal(statuses.count(429), 57, "three of sixty at a time are heard: " + target)
            results.equal(statuses[40], 429, "the right one is not: " + target)


def link_ends(results):
    """A creation link ends with its maker's key, and says so."""
    short, line = keygen("short", "--scopes", "create", "--expires", "2s")
    with server_of(line, arguments=["--auth-required"]) as server:
        port = server.port
        made = post_form(port, "/api/links", {"ttl": 86400}, [bearer(short)]).json()
        token = made["link"].rsplit("/", 1)[1]
        results.check(made["expires"] <= time.time() + 2, "the link's end is that of the key", made)
        results.equal(request(port, "GET", "/new/" + token).status, 200, "before")
        time.sleep(2.1)
        results.equal(request(port, "GET", "/new/" + token).status, 404, "its form is gone with the key")
        for target in ("/", "/secret"):
            results.equal(post_form(port, target, {"link": token, "secret": "x"}).status, 404, "and creates nothing: " + target)


def link_owner(results):
    """What is made by a creation link is burned with what its maker made; who made it reads nothing of the maker's."""
    maker, maker_line = keygen("the-maker", "--scopes", "create,recent")
    other, other_line = keygen("other", "--scopes", "create")
    admin, admin_line = keygen("admin", "--scopes", "admin")
    with server_of(maker_line, other_line, admin_line, arguments=["--auth-required"]) as server:
        port = server.port
        made = []
        for passphrase in ({}, {"passphrase": "pass"}):
            token = post_form(port, "/api/links", {}, [bearer(maker)]).json()["link"].rsplit("/", 1)[1]
            made.append(post_form(port, "/secret", dict(passphrase, link=token, secret="by a link")).json())
        own = share(port, "own", [bearer(maker)])
        kept = share(port, "another's", [bearer(other)])
        for entry in made:
            seen = receipt(port, entry["receipt"])
            results.check(seen.json()["custid"] == "anon" and "the-maker" not in seen.text(), "no name is told", seen.text())
        results.equal(receipt(port, own["metadata_key"]).json()["custid"], "the-maker", "who has the key sees his name")
        listed = request(port, "GET", "/api/v1/private/recent", [bearer(maker)]).json()
        results.equal([entry["metadata_key"] for entry in listed], [own["metadata_key"]], "its maker lists his own alone")
        names = [entry["key"] for entry in request(port, "GET", "/api/state", [bearer(admin)]).json()["list"]]
        results.equal(sorted(names), ["other", "the-maker", "the-maker", "the-maker"], "an administrator sees whose they are")
        answer = post_form(port, "/api/burn", {"key": "the-maker"}, [bearer(admin)]).json()
        results.equal((answer["burned"], answer["finished"]), (3, True), "all are burned by the key's name")
        for entry in made:
            page = post_form(port, "/secret/" + entry["secret"], {})
            results.equal(page.status, 404, "gone")
            seen = receipt(port, entry["receipt"]).json()
            results.equal((seen["state"], seen["custid"]), ("burned", "anon"), "and its receipt says so, and no name")
        results.equal(reveal(port, kept["secret_key"]).status, 200, "another's is there still")


def sealed_count(content):
    """The size of an envelope around one text, by README.md."""
    payload = 2 + 13 + content
    return 21 + payload + 16 * ((payload + 65535) // 65536)


def sizes(results):
    """A cap on the size is one for every kind of content: an envelope may be what that much content takes, and no more."""
    with_caps = {cap: keygen("cap%d" % cap, "--scopes", "create", "--max-size", str(cap)) for cap in (1, 10, 65521, 70000)}
    with server_of(*(line for _, line in with_caps.values()), arguments=["--auth-required"]) as server:
        port = server.port

        def by_key(fields, key):
            return post_form(port, "/secret", fields, [bearer(key)]).status

        def by_link(fields, key, cap):
            answer = post_form(port, "/api/links", {"max_size": cap}, [bearer(key)])
            token = answer.json()["link"].rsplit("/", 1)[1]
            return post_form(port, "/secret", dict({"link": token}, **fields)).status

        free = with_caps[70000][0]
        for cap, (key, _) in with_caps.items():
            for kind, limit in (("text", cap), ("bundle", cap + 15), ("envelope", sealed_count(cap))):
                for count, status in ((limit, 200), (limit + 1, 413)):
                    fields = {"kind": kind, "secret": "x" * count}
                    name = "%d bytes of %s where %d are allowed" % (count, kind, cap)
                    results.equal(by_key(fields, key), status, name)
                    results.equal(by_link(fields, free, cap), status, name + ", by a link")
        key = with_caps[10][0]
        for name, type_, content, status in (
            ("a", "", b"x" * 9, 303),
            ("a", "", b"x" * 10, 413),
            ("name", "a/b", b"xxx", 303),
            ("name", "a/bc", b"xxx", 413),
            ("n" * 900, "", b"", 413),
        ):
            boundary = "limit"
            head = 'Content-Disposition: form-data; name="file"; filename="%s"\r\n' % name
            head += "Content-Type: %s\r\n" % type_ if type_ else ""
            body = ("--%s\r\n%s\r\n" % (boundary, head)).encode() + content + ("\r\n--%s--\r\n" % boundary).encode()
            headers = [("Content-Type", "multipart/form-data; boundary=" + boundary), bearer(key)]
            answer = request(port, "POST", "/", headers, body)
            results.equal(answer.status, status, "a file of %d bytes, with %d of name and %d of type" % (len(content), len(name), len(type_)))


def rates(results):
    """What is made with a key counts for the key as well, from wherever it comes; others are not hindered by it."""
    busy, busy_line = keygen("busy", "--scopes", "create")
    other, other_line = keygen("other", "--scopes", "create")
    arguments = ["--trusted-proxies", "127.0.0.1", "--creations-per-minute", "5"]
    with server_of(busy_line, other_line, arguments=arguments) as server:
        port = server.port

        def create(number, *headers, target="/api/v1/share", **fields):
            address = ("X-Forwarded-For", "203.0.113.%d" % number)
            fields = fields if target == "/api/links" else dict({"secret": "x"}, **fields)
            return intended(post_form(port, target, fields, [address] + list(headers)))

        statuses = [create(number, bearer(busy)) for number in range(4)] + [create(4, bearer(busy), target="/secret")]
        results.equal(statuses, [200] * 5, "five from five addresses")
        for number, target in ((5, "/api/v1/share"), (6, "/api/v1/generate"), (7, "/"), (8, "/secret"), (9, "/api/links")):
            results.equal(create(number, bearer(busy), target=target), 429, "a sixth with the key: " + target)
        results.equal(create(10, bearer(busy), passphrase="pass"), 429, "nor one with a passphrase")
        results.equal((create(10), create(10, bearer(other))), (200, 200), "others may, from the same address")
        results.equal([create(11) for _ in range(6)], [200] * 5 + [429], "without a key the address alone counts")
        # A server on the loopback is spared, key or not.
        statuses = [intended(post_form(port, "/api/v1/share", {"secret": "x"}, [bearer(other)])) for _ in range(8)]
        results.equal(statuses, [200] * 8, "the loopback is spared")


def coming_again(results):
    """A revoked key stays so, and a used one stays used, when its line goes and comes again over two SIGHUPs."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    revoked, revoked_line = keygen("revoked")
    spent, spent_line = keygen("spent", "--uses", "2")
    path = os.path.join(os.path.dirname(binary_path()), "key-attacks-%d" % os.getpid())

    def write(*lines):
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")

    try:
        write(admin_line, revoked_line, spent_line)
        with Server("--key-file", path) as server:
            port = server.port

            def status(key):
                return intended(post_form(port, "/api/v1/share", {"secret": "x"}, [bearer(key)]))

            results.equal((status(revoked), status(spent)), (200, 200), "both are good")
            post_form(port, "/api/keys/revoke", {"name": "revoked"}, [bearer(admin)])
            for lines, statuses in (
                ([admin_line], [401, 401]),
                ([admin_line, revoked_line, spent_line], [401, 200]),
                ([admin_line], [401, 401]),
                ([admin_line, revoked_line, spent_line], [401, 403]),
            ):
                write(*lines)
                before = server.text("stdout").count('event.action":"reload')
                server.signal(signal.SIGHUP)
                for _ in range(200):
                    if server.text("stdout").count('event.action":"reload') > before:
                        break
                    time.sleep(0.01)
                results.equal([status(revoked), status(spent)], statuses, "with %d lines" % len(lines))
    finally:
        if os.path.exists(path):
            os.remove(path)


def misspelled(results):
    """A field that is not known changes no key and makes no link: it would be one without its limit, or live on for longer."""
    admin, line = keygen("admin", "--scopes", "admin,create")
    with server_of(line, keygen("other")[1]) as server:
        port, header = server.port, bearer(admin)
        json = ("Content-Type", "application/json")

        def post(path, body, kind=FORM):
            answer = request(port, "POST", path, [kind, header], body)
            return answer.status, answer.json().get("message")

        unknown = (400, "A field is not known here")
        for path, bodies in (
            ("/api/links", (b"maxsize=3", b"max_size=3&maxttl=60", b"grace=1", b"name=other", b"secret=x", b"passphrase=x", b"mode=all", b"a")),
            ("/api/keys/rotate", (b"name=other&graze=1", b"key=other", b"name=other&ttl=60", b"max_size=3", b"all=yes", b"=1")),
            ("/api/keys/revoke", (b"name=other&ids=x", b"name=other&grace=9", b"name=other&all=no", b"receipt=0123456789abcdef&name=other")),
        ):
            for body in bodies:
                results.equal(post(path, body), unknown, "%s with %r" % (path, body))
                results.equal(post(path + "?" + body.decode(), b""), unknown, "in the address: %s with %r" % (path, body))
        for path, body in (
            ("/api/links", b'{"maxsize":3}'),
            ("/api/links", b'{"max_size":null}'),
            ("/api/links", b'{"limits":{"max_size":3}}'),
            ("/api/links", b'{"max_size":[]}'),
            ("/api/keys/rotate", b'{"name":"other","graze":1}'),
            ("/api/keys/rotate", b'{"name":{"name":"other"}}'),
            ("/api/keys/rotate", b'{"name":null}'),
            ("/api/keys/revoke", b'{"name":"other","id":null}'),
        ):
            status, message = post(path, body, json)
            results.check(status in (400, 422), "%s with %r" % (path, body), (status, message))
        plain = ("Content-Type", "text/plain")
        results.equal(post("/api/links", b"max_size=3", plain)[0], 422, "nor is a body of use that cannot be read")
        results.equal(post("/api/links", b"max_size=" + b"3" * 400)[0], 422, "nor a number that is too long")
        keys = request(port, "GET", "/api/keys", [header]).json()
        results.equal((keys["count"], keys["links"], [each["revoked"] for each in keys["keys"]]), (2, 0, [False] * 2), "nothing was done")
        for path, body, kind in (
            ("/api/links", b"ttl=60&max_ttl=60&max_size=3", FORM),
            ("/api/links", b'{"ttl":60,"max_ttl":60,"max_size":3}', json),
            ("/api/links?ttl=60", b"", FORM),
            ("/api/links", b"", plain),
            ("/api/keys/rotate", b"name=other&grace=1", FORM),
            ("/api/keys/rotate", b"", FORM),
            ("/api/keys/revoke", b'{"name":"other"}', json),
        ):
            results.equal(post(path, body, kind)[0], 200, "what is known is done: %s with %r" % (path, body))


def late_link(results):
    """A creation link comes before the content, which is not taken in without a right; one that comes later is told and not used."""
    maker, line = keygen("maker", "--scopes", "create")
    with server_of(line, arguments=["--auth-required"]) as server:
        port = server.port
        token = post_form(port, "/api/links", {}, [bearer(maker)]).json()["link"].rsplit("/", 1)[1]
        for target in ("/", "/secret"):
            answer = request(port, "POST", target, [FORM], b"secret=x&link=" + token.encode())
            results.equal(answer.status, 400, "the wrong order is a mistake in the form: " + target)
            results.equal(request(port, "POST", target, [FORM], b"secret=x").status, 401, "no link at all: " + target)
        results.equal(request(port, "POST", "/", [FORM], b"link=%s&secret=x" % token.encode()).status, 303, "in order")


def main(results):
    """Everything."""
    for test in (meanwhile, open_meanwhile, last_use, guesses, link_ends, link_owner, sizes, rates, coming_again, misspelled, late_link):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 120)
