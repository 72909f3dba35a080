"""API keys: each scope on each route, caps, ends, rotation under load, and links that create one secret.

python3 Tests/Blackbox/keys.py          about 30 seconds
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path, free_port, run_suite  # noqa: E402
from onetime_http import (  # noqa: E402
    JSON,
    Connection,
    build,
    burn,
    form,
    json_body,
    multipart,
    post_form,
    receipt,
    request,
    reveal,
    share,
)
from onetime_http import FORM  # noqa: E402
import signal  # noqa: E402

SCOPES = ("create", "reveal", "burn", "receipt", "recent", "audit", "admin")
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CLOSED = "--auth-required"


def keygen(name, *arguments):
    """(key, line) of a new key."""
    command = [binary_path(), "keygen", "--name", name] + list(arguments)
    key, line = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return key, line


def basic(name, token):
    """The header of Basic authentication."""
    return ("Authorization", "Basic " + base64.b64encode(("%s:%s" % (name, token)).encode()).decode())


def bearer(key):
    """The header of Bearer authentication."""
    return ("Authorization", "Bearer " + key)


def server_of(*lines, arguments=(), **environment):
    """A server that knows the keys of some lines, from its environment."""
    return Server(*arguments, environment=dict(environment, API_KEYS="\n".join(lines)))


def intended(answer):
    """What an answer says that its status is."""
    return int(answer.header("x-ots-intended-status") or answer.status)


def used(port, admin, key):
    """How many uses and creations the server counts for a key."""
    keys = request(port, "GET", "/api/keys", [bearer(admin)]).json()["keys"]
    found = [entry for entry in keys if entry["id"] == key[4:12]][0]
    return found["used"], found["created"]


def making(results):
    """keygen prints a key with 256 random bits and a check, and a line with its hash; wrong options are told, and no secret."""
    keys = set()
    for _ in range(50):
        key, line = keygen("ci", "--scopes", "create,admin", "--max-ttl", "1h")
        keys.add(key)
        check, number = "", zlib.crc32(key[:56].encode())
        for _ in range(6):
            check, number = BASE62[number % 62] + check, number // 62
        good = re.fullmatch(r"otl_[0-9a-z]{8}_[0-9A-Za-z]{49}", key) and key.endswith(check)
        digest = hashlib.sha256(key.encode()).hexdigest()
        results.equal(
            (bool(good), line), (True, "name=ci id=%s sha256=%s scopes=create,admin max-ttl=3600" % (key[4:12], digest)), "keygen"
        )
    results.equal(len(keys), 50, "no key twice")
    for wrong in ([], ["--name", "a b"], ["--name", "a", "--scopes", "root"], ["--name", "a", "--uses", "0"], ["--name"]):
        done = subprocess.run([binary_path(), "keygen"] + wrong, capture_output=True, text=True, check=False)
        results.check(
            done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1, "keygen %s" % wrong, done.stderr
        )
    key, _ = keygen("ci")
    for wrong in (key, "name=a id=%s sha256=%s" % (key[4:12], key)):
        environment = {"API_KEYS": "\n\n" + wrong, "PATH": os.environ["PATH"]}
        listen = "127.0.0.1:%d" % free_port()
        done = subprocess.run(
            [binary_path(), "serve", "--listen", listen], env=environment, capture_output=True, text=True, check=False, timeout=5
        )
        results.check(
            done.returncode == 2 and "line 3" in done.stderr and key not in done.stderr, "a key in place of its line", done.stderr
        )
    done = subprocess.run(
        [binary_path(), "serve", CLOSED, "--listen", "127.0.0.1:%d" % free_port()], capture_output=True, text=True, check=False
    )
    results.equal(done.returncode, 2, "closed to everybody is a mistake")


def scopes(results):
    """Each scope lets do one kind of thing; what is refused consumes nothing; who has no key is as free as ever."""
    made = {scope: keygen("only-" + scope, "--scopes", scope) for scope in SCOPES}
    with server_of(*(line for _, line in made.values())) as server:
        port = server.port
        admin = made["admin"][0]
        for scope, (key, _) in made.items():
            for header in (bearer(key), basic("only-" + scope, key), basic(key, "")):
                kept = share(port, "kept")
                routes = [
                    ("create", lambda: post_form(port, "/api/v1/share", {"secret": "x"}, [header])),
                    ("create", lambda: post_form(port, "/api/v1/generate", {}, [header])),
                    ("receipt", lambda: receipt(port, kept["metadata_key"], [header])),
                    ("recent", lambda: request(port, "GET", "/api/v1/private/recent", [header])),
                    ("admin", lambda: request(port, "GET", "/api/keys", [header])),
                    ("burn", lambda: burn(port, share(port, "b")["metadata_key"], [header])),
                    ("reveal", lambda: reveal(port, kept["secret_key"], [header])),
                ]
                for wanted, act in routes:
                    before = used(port, admin, key)[0]
                    answer = act()
                    after = used(port, admin, key)[0]
                    name = "%s key on a route of %s by %s" % (scope, wanted, header[1][:6])
                    results.equal(intended(answer), 200 if wanted == scope else 403, name)
                    # Looking takes a use of the administrator's own key.
                    looks = 1 if scope == "admin" else 0
                    results.equal(after - before, looks + (wanted == scope), name + ": uses")
                alive = reveal(port, kept["secret_key"])
                results.equal(alive.status, 404 if scope == "reveal" else 200, "%s: revealed or still there" % scope)
        for header in ([], [basic("", "")]):
            made_free = share(port, "free", header)
            results.equal(receipt(port, made_free["metadata_key"], header).status, 200, "receipts are free")
            results.equal(reveal(port, made_free["secret_key"], header).json()["value"], "free", "recipients are free")
            results.equal(burn(port, share(port, "b")["metadata_key"], header).status, 200, "burning is free")
            for target in ("/api/v1/private/recent", "/api/v1/authcheck", "/api/keys"):
                results.equal(intended(request(port, "GET", target, header)), 401, target + " is not")
        key = made["create"][0]
        wrong = [
            bearer(key[:-1] + ("0" if key[-1] != "0" else "1")),
            bearer(key[:20] + ("0" if key[20] != "0" else "1") + key[21:]),
            bearer("otl_"),
            bearer(key + "0"),
            basic("other-name", key),
            basic("only-create", key[:-1]),
            ("Authorization", "Basic !!!"),
            ("Authorization", "Bearer " + "x" * 3000),
        ]
        kept = share(port, "kept")
        for header in (bearer("  " + key), ("Authorization", "BEARER " + key), ("Authorization", basic("only-create", key)[1].replace(" ", "   "))):
            results.equal(post_form(port, "/api/v1/share", {"secret": "x"}, [header]).status, 200, "another way to write it")
        for header in wrong:
            results.equal(intended(reveal(port, kept["secret_key"], [header])), 401, "wrong: %s" % header[1][:40])
            results.equal(intended(post_form(port, "/api/v1/share", {"secret": "x"}, [header])), 401, "wrong, create")
        failed = request(port, "GET", "/api/keys", [bearer(admin)]).json()["failed"]
        results.equal(failed, 2 * len(wrong), "failed tries are counted, each once")
        results.equal(reveal(port, kept["secret_key"]).json()["value"], "kept", "no wrong key consumed it")
        # A browser sends its key to every page; recipients and senders are not hindered by that.
        kept = share(port, "on a page")
        page = post_form(port, "/secret/" + kept["secret_key"], {}, [bearer(made["audit"][0])])
        results.check(page.status == 200 and b"on a page" in page.body, "a page does not mind keys")
        printed = server.text("stdout") + server.text("stderr")
        results.check(not re.search("otl_", printed), "no key is printed", printed)


def old_key(results):
    """ONETIME_USER stays as it was, beside others: all scopes but audit and admin."""
    other, line = keygen("other")
    with server_of(line, ONETIME_USER="me@example.com", ONETIME_APITOKEN="secret:token") as server:
        port = server.port
        own = [basic("me@example.com", "secret:token")]
        first = share(port, "own", own, ttl=20 * 86400)
        results.equal((first["custid"], first["ttl"]), ("me@example.com", 20 * 86400), "the owner's secret")
        second = share(port, "other", [bearer(other)], ttl=20 * 86400)
        results.equal((second["custid"], second["ttl"]), ("other", 20 * 86400), "another's secret")
        for header, mine in ((own, first), ([bearer(other)], second), ([basic("other", other)], second)):
            listed = request(port, "GET", "/api/v1/private/recent", header).json()
            results.equal([entry["metadata_key"] for entry in listed], [mine["metadata_key"]], "everybody lists his own")
        results.equal(request(port, "GET", "/api/v1/authcheck", own).status, 200, "authcheck")
        results.equal(request(port, "GET", "/api/keys", own).status, 403, "it is no administrator's")
        results.equal(intended(reveal(port, first["secret_key"], [basic("me@example.com", "secret")])), 401, "half a token")


def caps(results):
    """What a key is limited to is told, and nothing is used up by what is refused."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    ttl = keygen("ttl", "--max-ttl", "120")
    size = keygen("size", "--max-size", "20")
    count = keygen("count", "--max-count", "2")
    uses = keygen("uses", "--uses", "3")
    short = keygen("short", "--expires", "2s")
    with server_of(admin_line, *(line for _, line in (ttl, size, count, uses, short))) as server:
        port, begin = server.port, time.monotonic()
        header = [bearer(short[0])]
        results.equal(post_form(port, "/api/v1/share", {"secret": "x"}, header).status, 200, "before its end")
        header = [bearer(ttl[0])]
        answer = post_form(port, "/api/v1/share", {"secret": "x", "ttl": 121}, header)
        results.check(intended(answer) == 422 and "at most 120 seconds" in answer.text(), "a TTL that is too long", answer.text())
        results.equal(share(port, "x", header, ttl=120)["ttl"], 120, "the longest TTL")
        results.equal(share(port, "x", header)["ttl"], 120, "no TTL at all is the longest")
        header = [bearer(size[0])]
        answer = post_form(port, "/api/v1/share", {"secret": "x" * 21}, header)
        results.check(intended(answer) == 413 and "size of 20 bytes" in answer.text(), "a content that is too large", answer.text())
        results.equal(post_form(port, "/api/v1/share", {"secret": "x" * 20}, header).status, 200, "the largest content")
        results.equal(intended(post_form(port, "/api/v1/generate", {"length": 21}, header)), 413, "too much made up")
        header = [bearer(count[0])]
        for _ in range(3):
            results.equal(intended(post_form(port, "/api/v1/share", {"secret": ""}, header)), 422, "nothing to share")
        share(port, "1", header)
        kept = share(port, "2", header)
        results.equal(intended(post_form(port, "/api/v1/share", {"secret": "3"}, header)), 403, "one too many")
        results.equal(reveal(port, kept["secret_key"], header).status, 200, "it still reveals")
        results.equal(used(port, admin, count[0]), (3, 2), "counted")
        header = [bearer(uses[0])]
        for _ in range(2):
            kept = share(port, "x", header)
            results.equal(intended(reveal(port, "0" * 31, header)), 404, "what is not there is no use")
        results.equal(reveal(port, kept["secret_key"], header).status, 200, "the last use")
        answer = post_form(port, "/api/v1/share", {"secret": "x"}, header)
        results.check(intended(answer) == 403 and "no uses left" in answer.text(), "used up", answer.text())
        # With a passphrase all of them wait for a worker after they were let in.
        racer, racer_line = keygen("racer", "--max-count", "3")
        with server_of(racer_line) as other:
            answers = []
            race = [
                threading.Thread(
                    target=lambda: answers.append(
                        intended(
                            post_form(other.port, "/api/v1/share", {"secret": "x", "passphrase": "pass"}, [bearer(racer)])
                        )
                    )
                )
                for _ in range(10)
            ]
            for thread in race:
                thread.start()
            for thread in race:
                thread.join()
            results.equal((answers.count(200), answers.count(403)), (3, 7), "a race for three creations")
        time.sleep(max(0, 3.1 - (time.monotonic() - begin)))
        answer = post_form(port, "/api/v1/share", {"secret": "x"}, [bearer(short[0])])
        results.check(intended(answer) == 401 and "expired" in answer.text(), "after its end", answer.text())


def networks(results):
    """A key that is good for other networks only is refused, and uses nothing up."""
    near, near_line = keygen("near", "--networks", "127.0.0.0/8,2001:db8::/32")
    far, far_line = keygen("far", "--networks", "10.0.0.0/8,::1/128", "--uses", "1")
    admin, admin_line = keygen("admin", "--scopes", "admin")
    with server_of(near_line, far_line, admin_line) as server:
        kept = share(server.port, "kept", [bearer(near)])
        answer = reveal(server.port, kept["secret_key"], [bearer(far)])
        results.check(intended(answer) == 403 and "this network" in answer.text(), "from elsewhere", answer.text())
        results.equal(used(server.port, admin, far), (0, 0), "no use")
        results.equal(reveal(server.port, kept["secret_key"], [bearer(near)]).status, 200, "from where it may")
    wrong = subprocess.run([binary_path(), "keygen", "--name", "a", "--networks", "10.1.2.3/8"], capture_output=True, check=False)
    results.equal(wrong.returncode, 2, "a range with bits beyond its prefix")


def closed(results):
    """AUTH_REQUIRED closes creation, by API, page and script; recipients notice nothing."""
    creator, line = keygen("creator")
    reader, reader_line = keygen("reader", "--scopes", "reveal")
    with server_of(line, reader_line, AUTH_REQUIRED="true") as server:
        port = server.port
        for header in ([], [bearer(reader)]):
            wanted = 403 if header else 401
            for target in ("/api/v1/share", "/api/v1/generate"):
                answer = post_form(port, target, {"secret": "x"}, header)
                results.equal(intended(answer), wanted, target)
            for target in ("/", "/secret"):
                answer = post_form(port, target, {"secret": "x"}, header)
                results.check(answer.status == 401 and answer.header("www-authenticate"), "POST " + target, answer.status)
                type_, body = multipart({"secret": "x"})
                answer = request(port, "POST", target, [type_] + header, body)
                results.equal(answer.status, 401, "multipart to " + target)
            answer = request(port, "GET", "/", header)
            results.check(
                answer.status == 401 and answer.header("www-authenticate").startswith("Basic ") and b"API key" in answer.body,
                "the page says so, and has the browser ask",
                answer.text()[:300],
            )
        # Not a byte of a large body is waited for.
        with Connection(port) as connection:
            connection.send(build("POST", "/api/v1/share", [FORM, ("Content-Length", "10000000")]))
            results.equal(intended(connection.response("POST")), 401, "a large body is not read")
        for header in ([bearer(creator)], [basic("creator", creator)], [basic(creator, "")]):
            results.check(b"<form" in request(port, "GET", "/", header).body, "the form for who has a key")
            results.equal(post_form(port, "/", {"secret": "by the form"}, header).status, 303, "by the form")
            answer = post_form(port, "/secret", {"secret": "by script"}, header).json()
            page = post_form(port, "/secret/" + answer["secret"], {})
            results.check(b"by script" in page.body, "the recipient opens it without")
            made = share(port, "by the API", header)
            results.equal(receipt(port, made["metadata_key"]).status, 200, "the receipt is free")
            results.equal(reveal(port, made["secret_key"]).status, 200, "revealing is free")
            results.equal(request(port, "GET", "/health").status, 200, "health is free")


def make_link(port, key, **fields):
    """The path of a new creation link."""
    answer = post_form(port, "/api/links", fields, [bearer(key)])
    if answer.status != 200:
        raise ValueError("no link: %d %s" % (answer.status, answer.text()))
    return re.search(r"/new/([0-9a-z]{31})$", answer.json()["link"]).group(1)


def links(results):
    """A creation link lets one who has no key create one secret, and looking at it changes nothing."""
    maker, line = keygen("maker", "--scopes", "create", "--max-ttl", "600")
    admin, admin_line = keygen("admin", "--scopes", "admin")
    reader, reader_line = keygen("reader", "--scopes", "reveal")
    with server_of(line, admin_line, reader_line, arguments=[CLOSED, "--max-creation-links", "3"]) as server:
        port = server.port
        for header, status in (([], 401), ([bearer(reader)], 403)):
            results.equal(post_form(port, "/api/links", {}, header).status, status, "who may not make links")
        for wrong in ({"ttl": 0}, {"ttl": 99999999}, {"ttl": "1h"}, {"ttl": ""}, {"max_ttl": "x"}, {"max_size": 0}):
            results.equal(post_form(port, "/api/links", wrong, [bearer(maker)]).status, 422, "a link with %s" % wrong)
        for wrong in ({"max_ttl": {}}, {"max_size": {"bytes": 9}}, {"max_size": []}, {"ttl": {"hours": 1}}):
            answer = request(port, "POST", "/api/links", [JSON, bearer(maker)], json_body(wrong))
            results.equal(answer.status, 422, "a link with %s in JSON" % wrong)
        for target in ("rotate", "revoke"):
            for wrong in ({"name": {"is": "maker"}}, {"name": []}, {"id": {}, "name": "maker"}, {"grace": {}, "name": "maker"}):
                if target == "revoke" and "grace" in wrong:
                    continue
                answer = request(port, "POST", "/api/keys/" + target, [JSON, bearer(admin)], json_body(wrong))
                results.equal(answer.status, 422, "%s with %s in JSON" % (target, wrong))
        results.equal(len(request(port, "GET", "/api/keys", [bearer(admin)]).json()["keys"]), 3, "nothing came of it")
        token = make_link(port, maker, max_size=50)
        for _ in range(3):
            page = request(port, "GET", "/new/" + token)
            results.check(page.status == 200 and b'name="link" value="%s"' % token.encode() in page.body, "the form")
        results.equal(request(port, "POST", "/new/" + token, [FORM], b"secret=x").status, 405, "the form posts elsewhere")
        results.equal(post_form(port, "/", {"link": token, "secret": ""}).status, 422, "nothing to share")
        again = post_form(port, "/", {"link": token, "secret": "x" * 51})
        results.check(again.status == 413 and token.encode() in again.body, "too large, and the form still has the link")
        type_, body = multipart({"link": token, "secret": "by a link", "ttl": "99999"})
        made = request(port, "POST", "/", [type_], body)
        results.equal(made.status, 303, "created")
        key = made.header("location").split("/receipt/")[1][:31]
        results.equal(receipt(port, key).json()["ttl"], 600, "the maker's TTL")
        results.equal(post_form(port, "/", {"link": token, "secret": "x"}).status, 404, "only once")
        for language, wanted in (("en", b"This link to create a secret was used"), ("de", b"zum Anlegen eines Geheimnisses wurde benutzt")):
            page = request(port, "GET", "/new/" + token, [("Accept-Language", language)])
            results.equal(page.status, 404, "and its form is gone")
            results.check(wanted in page.body and b"read once" not in page.body, "which the page says: " + language, page.body)
        token = make_link(port, admin)
        answer = post_form(port, "/secret", {"link": token, "secret": "by script"})
        results.equal(answer.status, 200, "by script")
        results.equal(post_form(port, "/secret", {"link": token, "secret": "x"}).status, 404, "only once by script")
        results.equal(post_form(port, "/api/v1/share", {"link": make_link(port, maker), "secret": "x"}).status, 404, "not by API")
        for passphrase in ({}, {"passphrase": "pass phrase"}):
            token = make_link(port, maker)
            statuses = []
            race = [
                threading.Thread(
                    target=lambda: statuses.append(
                        post_form(port, "/", dict(passphrase, link=token, secret="racer")).status
                    )
                )
                for _ in range(12)
            ]
            for thread in race:
                thread.start()
            for thread in race:
                thread.join()
            results.equal((statuses.count(303), statuses.count(404)), (1, 11), "one of twelve gets in")
        make_link(port, maker)
        make_link(port, maker)
        results.equal(post_form(port, "/api/links", {}, [bearer(maker)]).status, 507, "no room for another link")
    with server_of(line, admin_line, arguments=[CLOSED]) as server:
        port = server.port
        token = make_link(port, maker, ttl=1)
        other = make_link(port, maker)
        time.sleep(1.1)
        results.equal(post_form(port, "/", {"link": token, "secret": "x"}).status, 404, "its time is over")
        post_form(port, "/api/keys/revoke", {"name": "maker"}, [bearer(admin)])
        results.equal(post_form(port, "/", {"link": other, "secret": "x"}).status, 404, "its maker's key was revoked")


def changing(results):
    """Keys are rotated, revoked, and their file is read anew on the running server."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    one, one_line = keygen("one", "--max-count", "6")
    two, two_line = keygen("two")
    with Server(environment={"API_KEYS": admin_line}) as server:
        path = server.path("keys")
        port = server.port
        results.equal(intended(post_form(port, "/api/v1/share", {"secret": "x"}, [bearer(one)])), 401, "not known yet")
    directory = os.path.dirname(binary_path())
    path = os.path.join(directory, "keys-test-%d" % os.getpid())
    try:
        with open(path, "w") as file:
            file.write("# keys\n%s\n%s\n" % (one_line, two_line))
        with Server("--key-file", path, environment={"API_KEYS": admin_line}) as server:
            port = server.port

            def status(key):
                return intended(post_form(port, "/api/v1/share", {"secret": "x"}, [bearer(key)]))

            def hang_up(text, word):
                with open(path, "w") as file:
                    file.write(text)
                before = server.text("stdout").count("event.action\":\"reload")
                server.signal(signal.SIGHUP)
                for _ in range(200):
                    if server.text("stdout").count("event.action\":\"reload") > before:
                        break
                    time.sleep(0.01)
                results.check(word in server.events()[-1]["event.outcome"], "the reload is a " + word, server.events()[-1])

            results.equal((status(one), status(two)), (200, 200), "both are known")
            hang_up(two_line, "success")
            results.equal((status(one), status(two)), (401, 200), "a removed key fails at once")
            hang_up(two_line + " nonsense=1", "failure")
            results.equal(status(two), 200, "a wrong file changes nothing")
            hang_up("%s\n%s" % (one_line, two_line), "success")
            results.equal(status(one), 200, "a key that comes again, with what it has used up")

            def change(what, key=admin, **fields):
                return post_form(port, "/api/keys/" + what, fields, [bearer(key)])

            results.equal(change("rotate", key=two).status, 403, "no administrator's key")
            results.equal(change("rotate", name="nobody").status, 404, "a name that is not there")
            results.equal(change("rotate", grace="x").status, 422, "a time that is none")
            origin = [bearer(admin), ("Origin", "http://evil.example")]
            results.equal(post_form(port, "/api/keys/rotate", {}, origin).status, 403, "not from another site")
            answer = change("rotate", name="one", grace=2).json()
            new = answer["key"]
            results.check(
                answer["line"].startswith("name=one id=%s sha256=%s" % (new[4:12], hashlib.sha256(new.encode()).hexdigest()))
                and "max-count=6" in answer["line"],
                "the line of the new key",
                answer["line"],
            )
            results.equal((status(one), status(new)), (200, 200), "both are good for a time")
            time.sleep(3.1)
            results.equal((status(one), status(new)), (401, 200), "then only the new one")
            hang_up("%s\n%s" % (one_line, two_line), "success")
            results.equal((status(one), status(new)), (401, 200), "reading the file anew does not bring the old one back")
            results.equal(status(new), 403, "rotating gives no more creations")
            hang_up("%s\n%s" % (answer["line"], two_line), "success")
            results.equal(status(new), 403, "its line in the file changes nothing")
            hang_up(two_line, "success")
            results.equal(status(new), 401, "until its line is gone")
            results.equal(change("revoke", name="two").status, 200, "revoked")
            results.equal(status(two), 401, "fails at once")
            results.equal(change("revoke", name="two").status, 404, "there is none to revoke")
            hang_up(two_line, "success")
            results.equal(status(two), 401, "reading the file anew does not bring it back")
            listed = request(port, "GET", "/api/keys", [bearer(admin)])
            names = {entry["name"]: entry["revoked"] for entry in listed.json()["keys"]}
            results.equal(names, {"admin": False, "two": True}, "the list")
            results.check("sha256" not in listed.text() and admin not in listed.text(), "no hash, no key in the list")
            own = change("rotate", grace=0).json()["key"]
            results.equal(change("rotate").status, 401, "an administrator's own key, without grace")
            results.equal(change("revoke", key=own, name="nobody").status, 404, "its successor is one, too")
            results.equal(change("revoke", key=own).status, 422, "whom?")
            ops, ops_line = keygen("ops", "--scopes", "admin,create")
            plain_line = keygen("ops", "--scopes", "create")[1]
            hang_up("%s\n%s" % (ops_line, plain_line), "success")
            made = change("rotate", key=ops).json()["key"]
            results.equal(change("revoke", key=made, name="nobody").status, 404, "what a key was rotated to does what that did")
            hang_up("%s\n%s" % (ops_line.replace(",admin", ""), plain_line), "success")
            results.equal((change("revoke", key=made, name="nobody").status, status(made)), (403, 200), "and no more than its line")
            hang_up(plain_line, "success")
            results.equal(status(made), 401, "nor longer, whatever other line has its name")
            team, team_line = keygen("team")
            hang_up(team_line, "success")
            made = change("rotate", key=own, name="team").json()["key"]
            results.equal(status(made), 200, "a secret by the rotated key")
            hang_up(team_line.replace("name=team", "name=crew"), "success")
            results.equal((status(team), status(made)), (200, 200), "a line with another name is the same key, and so is what it was rotated to")
            listed = request(port, "GET", "/api/keys", [bearer(own)]).json()["keys"]
            names = [entry["name"] for entry in listed if entry["id"] in (team[4:12], made[4:12])]
            results.equal(names, ["crew", "crew"], "both have the line's new name")
            for name, wanted in (("team", 401), ("crew", 200)):
                answer = post_form(port, "/api/v1/share", {"secret": "x"}, [basic(name, made)])
                results.equal(intended(answer), wanted, "Basic takes the one that it has: " + name)
            burned = request(port, "POST", "/api/burn", [FORM, bearer(own)], form({"key": "team"})).json()
            results.equal(burned.get("burned"), 1, "what was created before has the name of then: %s" % burned)
            results.equal(change("revoke", key=own, name="team").status, 404, "nothing is left to revoke by the old name")
            results.equal(change("revoke", key=own, name="crew").json()["count"], 2, "by the new one all is")
            results.equal((status(team), status(made)), (401, 401), "and has ended at once")
    finally:
        if os.path.exists(path):
            os.remove(path)


def audited(results):
    """The audit log says which key was used, refused or changed, by whom and why, with the id that the list has."""
    keys = {}
    for name, arguments in (
        ("boss", ["--scopes", "admin,audit"]), ("ci", []), ("ci-2", []), ("looker", ["--scopes", "receipt"]), ("few", ["--uses", "2"]),
        ("far", ["--networks", "203.0.113.0/24"]), ("one", ["--max-count", "1"]), ("short", ["--max-ttl", "60"]),
        ("small", ["--max-size", "3"]), ("late", []), ("ended", []),
    ):
        keys[name] = keygen(name.split("-")[0], *arguments)
    lines = [line + (" expires=2020-01-01T00:00:00Z" if name == "late" else "") for name, (_, line) in keys.items()]
    show = {name: bearer(key) for name, (key, _) in keys.items()}
    ids = {name: key[4:12] for name, (key, _) in keys.items()}
    own = basic("owner", "a-token-of-the-environment")
    environment = {"ONETIME_USER": "owner", "ONETIME_APITOKEN": "a-token-of-the-environment"}
    with server_of(*lines, arguments=("--audit", "memory,stdout", "--auth-required"), **environment) as server:
        port = server.port

        def create(name, status, **fields):
            body = dict({"secret": "x"}, **fields)
            answer = post_form(port, "/api/v1/share", body, [own if name == "own" else show[name]])
            results.equal(intended(answer), status, "audited: %s creates" % name)
            return answer

        for name in ("ci", "ci-2", "own"):
            create(name, 200)
        create("looker", 403)
        create("far", 403)
        create("late", 401)
        create("one", 200)
        create("one", 403)
        create("short", 422, ttl="3600")
        create("small", 413, secret="long")
        for status in (200, 200, 403):
            results.equal(intended(request(port, "GET", "/api/v1/authcheck", [show["few"]])), status, "audited: a check is a use")
        results.equal(used(port, keys["boss"][0], keys["few"][0]), (2, 0), "audited: and is counted as one")
        results.equal(intended(request(port, "GET", "/api/keys", [show["ci"]])), 403, "audited: out of scope")
        post_form(port, "/api/keys/revoke", {"id": ids["ended"]}, [show["boss"]])
        rotated = post_form(port, "/api/keys/rotate", {"id": ids["ci"]}, [show["boss"]]).json()["new"]["id"]
        create("ended", 401)
        wrong = bearer(keys["ci"][0][:-6] + "000000")
        results.equal(intended(request(port, "GET", "/api/v1/authcheck", [wrong])), 401, "audited: a wrong one")
        forged = keygen("ci")[0]
        results.equal(intended(request(port, "GET", "/api/v1/authcheck", [basic("ci", forged)])), 401, "audited: one that is none")
        results.equal(intended(post_form(port, "/api/keys/rotate", {"grace": "x"}, [show["boss"]])), 422, "audited: a bad field")
        create("ci-2", 422, readers="0")
        link = post_form(port, "/api/links", {}, [show["one"]])
        results.equal(intended(link), 403, "audited: nor a link")
        listed = {entry["id"]: entry["name"] for entry in request(port, "GET", "/api/keys", [show["boss"]]).json()["keys"]}
        server.stop()
        told = [json.loads(line) for line in server.text("stdout").split("\n") if '"onetime.audit"' in line]

    def seen(action):
        return [(e.get("user.name"), e.get("user.id"), e.get("rule.name")) for e in told if e["event.action"] == action]

    results.check(all((e.get("user.name") is None) == (e.get("user.id") is None) for e in told), "audited: a name has its id")
    results.check(all(listed[e["user.id"]] == e["user.name"] for e in told if "user.id" in e), "audited: as the list has them", told)
    results.equal(
        seen("create"),
        [("ci", ids["ci"], None), ("ci", ids["ci-2"], None), ("owner", "environment", None), ("one", ids["one"], None)],
        "audited: who created",
    )
    results.equal(
        seen("refused"),
        [
            ("looker", ids["looker"], "api-key-scope"), ("far", ids["far"], "api-key-network"), ("late", ids["late"], "api-key-expired"),
            ("one", ids["one"], "api-key-count"), ("short", ids["short"], "api-key-ttl"), ("small", ids["small"], "api-key-size"),
            ("few", ids["few"], "api-key-uses"), ("ci", ids["ci"], "api-key-scope"), ("boss", ids["boss"], "form"),
            ("ci", ids["ci-2"], "form"), ("one", ids["one"], "api-key-count"),
        ],
        "audited: which key was refused, and why",
    )
    results.equal(
        seen("key-failed"),
        [("ended", ids["ended"], "api-key-revoked"), (None, None, "api-key"), (None, None, "api-key")],
        "audited: a key that was revoked is named, and one that is none is not",
    )
    results.equal([e for e in seen("key-use") if e[0] == "few"], [("few", ids["few"], None)] * 2, "audited: a check is a look")
    changes = [
        [e.get(field) for field in ("user.name", "user.id", "user.target.name", "user.target.id", "user.changes.id")]
        for e in told
        if e["event.action"] in ("key-revoked", "key-rotated")
    ]
    results.equal(
        changes,
        [["boss", ids["boss"], "ended", ids["ended"], None], ["boss", ids["boss"], "ci", ids["ci"], rotated]],
        "audited: who did it, and to which key",
    )


def long_list(results):
    """A list that is longer than one answer says how many there are, and goes on; so says what was revoked."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    many = ["name=many id=m%07d sha256=%s" % (number, hashlib.sha256(b"%d" % number).hexdigest()) for number in range(999)]
    with server_of(admin_line, *many) as server:

        def get(query=""):
            return request(server.port, "GET", "/api/keys" + query, [bearer(admin)])

        found, query = [], ""
        for page in range(100):
            answer = get(query).json()
            results.equal(answer["count"], 1000, "all are counted")
            found += [key["id"] for key in answer["keys"]]
            if answer["next"] is None:
                break
            results.equal(answer["next"], found[-1], "the next page begins behind the last one")
            query = "?after=" + answer["next"]
        results.check(page > 1, "there are several pages", page)
        results.equal(found, [admin[4:12]] + ["m%07d" % number for number in range(999)], "each key once")
        for query, status in (("?after=m9999999", 404), ("?after=x", 404), ("?page=2", 400), ("?after=", 200), ("?after=%s" % found[-1], 200)):
            results.equal(get(query).status, status, query)
        results.equal(get("?after=%s" % found[-1]).json()["keys"], [], "nothing behind the last one")
        answer = post_form(server.port, "/api/keys/revoke", {"name": "many"}, [bearer(admin)]).json()
        results.equal(answer["count"], 999, "all that were revoked are counted")
        results.check(len(answer["revoked"]) < 999, "though not all are listed", len(answer["revoked"]))


def rotating_under_load(results):
    """Two keys rotated again and again under 1 000 requests a second: no request fails."""
    admin, admin_line = keygen("admin", "--scopes", "admin")
    made = [keygen("left"), keygen("right")]
    current = {"left": made[0][0], "right": made[1][0]}
    failures, counts = [], []
    with server_of(admin_line, *(line for _, line in made)) as server:
        port, end = server.port, time.monotonic() + 5

        def ask(name, number):
            with Connection(port) as connection:
                begin, done = time.monotonic(), 0
                while time.monotonic() < end:
                    answer = connection.request("GET", "/api/v1/authcheck", [bearer(current[name])])
                    if answer.status != 200:
                        failures.append((name, answer.status, answer.text()))
                    done += 1
                    time.sleep(max(0, begin + done / 280 - time.monotonic()))
                counts.append(done)

        crowd = [threading.Thread(target=ask, args=(name, number)) for number in range(2) for name in current]
        for thread in crowd:
            thread.start()
        rotations = 0
        while time.monotonic() < end - 0.2:
            for name in current:
                answer = post_form(port, "/api/keys/rotate", {"name": name, "grace": 3}, [bearer(admin)])
                if answer.status != 200:
                    failures.append(answer.text())
                    continue
                current[name] = answer.json()["key"]
                rotations += 1
            time.sleep(0.05)
        for thread in crowd:
            thread.join()
        rate = sum(counts) / 5
        print("%d requests a second, %d rotations" % (rate, rotations), flush=True)
        results.equal(failures[:3], [], "no request fails")
        results.check(rate > 900 and rotations > 40, "a thousand requests a second", (rate, rotations))
        results.equal(request(port, "GET", "/api/v1/authcheck", [bearer(current["left"])]).status, 200, "before")
        post_form(port, "/api/keys/revoke", {"name": "left"}, [bearer(admin)])
        results.equal(intended(request(port, "GET", "/api/v1/authcheck", [bearer(current["left"])])), 401, "and after")


def main(results):
    """Everything."""
    for test in (making, scopes, old_key, caps, networks, closed, links, changing, audited, long_list, rotating_under_load):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 180)
