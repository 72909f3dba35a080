"""API v1 as its clients speak it: fields, types, texts, codings and states, on the real executable.

python3 Tests/Blackbox/api_v1.py          about 20 seconds
"""

import base64
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from api_v1_checks import check_receipt, refused  # noqa: E402
from api_v1_input import empty_and_broken, invalid_utf8, recipients, sizes, texts, times_to_live, words  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import (
    FORM,
    JSON,
    burn,
    post_form,
    receipt,
    request,
    reveal,  # noqa: E402
    share,
)

KEY = re.compile(r"[0-9a-z]{31}")
NO_KEY = "0" * 31
USER, TOKEN = "seller@example.com", "k7Qp0Zr3mWx9Tt5Vb2Nn8Lc4"


def routes_and_receipt(results, server):
    """share, create, private and its aliases, secret, and what is left afterwards."""
    port = server.port
    for method, target in (("GET", "/api/v1/status"), ("HEAD", "/api/v1/status")):
        answer = request(port, method, target)
        results.equal(answer.status, 200, method + " status")
    results.equal(request(port, "GET", "/api/v1/status").json(), {"status": "nominal", "locale": "en"}, "status body")
    results.equal(
        request(port, "GET", "/api/v2/status").json(),
        {"success": True, "status": "nominal", "locale": "en"},
        "v2 status",
    )
    results.equal(request(port, "GET", "/health").status, 200, "health")
    for alias in ("share", "create"):
        before = int(time.time())
        answer = post_form(port, "/api/v1/" + alias, {"secret": "content of " + alias, "ttl": 600})
        results.equal(answer.status, 200, alias)
        results.equal(answer.header("Content-Type"), "application/json; charset=utf-8", alias + ": Content-Type")
        results.check(
            "no-store" in (answer.header("Cache-Control") or ""),
            alias + ": Cache-Control",
            answer.header("Cache-Control"),
        )
        made = answer.json()
        check_receipt(results, made, alias)
        results.check(
            KEY.fullmatch(made["secret_key"]) and KEY.fullmatch(made["metadata_key"]),
            alias + ": form of the keys",
            made,
        )
        results.check(made["secret_key"] != made["metadata_key"], alias + ": two keys")
        results.equal(
            (made["custid"], made["recipient"], made["share_domain"], made["passphrase_required"]),
            ("anon", [], "", False),
            alias + ": values",
        )
        results.equal(made["ttl"], 600, alias + ": ttl")
        results.check(598 <= made["secret_ttl"] <= 600, alias + ": secret_ttl", made["secret_ttl"])
        results.check(
            1198 <= made["metadata_ttl"] <= 1200, alias + ": metadata_ttl is twice the ttl", made["metadata_ttl"]
        )
        results.check(before - 1 <= made["created"] <= time.time() + 1, alias + ": created", made["created"])
        results.check(
            re.fullmatch(
                r"http://127\.0\.0\.1:%d/(receipt|private)/%s" % (port, made["metadata_key"]), made["metadata_url"]
            ),
            alias + ": metadata_url",
            made["metadata_url"],
        )
    key, handle = made["secret_key"], made["metadata_key"]
    for method in ("GET", "POST"):
        for alias in ("private", "metadata", "receipt"):
            answer = request(port, method, "/api/v1/%s/%s" % (alias, handle))
            results.equal(answer.status, 200, method + " " + alias)
            check_receipt(results, answer.json(), method + " " + alias)
            results.check("value" not in answer.json(), method + " " + alias + " never shows the content")
            results.equal(answer.json()["secret_key"], key, method + " " + alias + ": secret_key")
    answer = reveal(port, key)
    results.equal(
        (answer.status, answer.json()),
        (200, {"value": "content of create", "secret_key": key, "share_domain": ""}),
        "reveal",
    )
    results.equal(answer.header("Content-Type"), "application/json; charset=utf-8", "reveal: Content-Type")
    refused(results, reveal(port, key), 404, "Unknown secret", "second reveal", secret_key=key)
    answer = receipt(port, handle)
    check_receipt(results, answer.json(), "receipt afterwards", "received")
    refused(results, burn(port, handle), 404, "Unknown secret", "burn after reveal", secret_key=handle)
    refused(results, reveal(port, NO_KEY), 404, "Unknown secret", "reveal of an unknown key", secret_key=NO_KEY)
    refused(results, receipt(port, NO_KEY), 404, "Unknown secret", "receipt of an unknown key", secret_key=NO_KEY)
    refused(results, burn(port, NO_KEY), 404, "Unknown secret", "burn of an unknown key", secret_key=NO_KEY)
    for bad in ("short", "A" * 31, "0" * 30, "0" * 32, "0" * 30 + "%20"):
        refused(results, reveal(port, bad), 404, "Not Found", "reveal of " + bad)
    for target in ("/api/v1/nothing", "/api/v9/x", "/api", "/api/v1/secret"):
        answer = request(port, "GET", target)
        results.equal((answer.status, answer.json()), (404, {"error": "Not Found"}), "unrouted " + target)


def passphrases(results, server):
    """A wrong one never consumes, the last allowed one burns; burning asks for it too."""
    port = server.port
    made = share(port, "protected", passphrase="right horse  ")
    results.equal(made["passphrase_required"], True, "passphrase_required")
    key, handle = made["secret_key"], made["metadata_key"]
    refused(results, reveal(port, key), 404, "Unknown secret", "missing passphrase", secret_key=key)
    refused(
        results, reveal(port, key, passphrase="wrong horse"), 404, "Unknown secret", "wrong passphrase", secret_key=key
    )
    refused(
        results,
        reveal(port, key, passphrase="right horse"),
        404,
        "Unknown secret",
        "a trimmed passphrase",
        secret_key=key,
    )
    refused(
        results,
        burn(port, handle, passphrase="wrong"),
        None,
        "Double check that passphrase",
        "burn with a wrong passphrase",
    )
    results.equal(receipt(port, handle).json()["state"], "new", "still there")
    results.equal(
        reveal(port, key, passphrase="right horse  ").json().get("value"), "protected", "the right passphrase"
    )
    made = share(port, "burned", passphrase="päss wörd 🙂")
    answer = burn(port, made["metadata_key"], passphrase="päss wörd 🙂")
    results.equal(answer.status, 200, "burn with the passphrase")
    made = share(port, "locked out", passphrase="abcd")
    for _ in range(5):
        reveal(port, made["secret_key"], passphrase="dcba")
    refused(
        results,
        reveal(port, made["secret_key"], passphrase="abcd"),
        404,
        "Unknown secret",
        "after five wrong ones",
        secret_key=made["secret_key"],
    )
    results.equal(receipt(port, made["metadata_key"]).json()["state"], "burned", "the fifth wrong passphrase burned it")
    answer = post_form(port, "/api/v1/share", {"secret": "x", "passphrase": "abc"})
    refused(
        results,
        answer,
        None,
        "Passphrase must be at least 4 characters long",
        "short passphrase",
    )
    answer = post_form(port, "/api/v1/share", {"secret": "x", "passphrase": "a" * 129})
    refused(
        results,
        answer,
        None,
        "Passphrase must be no more than 128 characters long",
        "long passphrase",
    )
    results.equal(
        post_form(port, "/api/v1/share", {"secret": "x", "passphrase": "é" * 128}).status,
        200,
        "128 characters of two bytes",
    )
    results.equal(share(port, "x", passphrase="")["passphrase_required"], False, "an empty passphrase is none")
    made = share(port, "not asked for")
    results.equal(reveal(port, made["secret_key"], passphrase="some").status, 200, "a passphrase that nobody asked for")


def burning(results, server):
    """The sender destroys unread."""
    port = server.port
    for alias in ("private", "metadata", "receipt"):
        made = share(port, "to be burned")
        answer = request(port, "POST", "/api/v1/%s/%s/burn" % (alias, made["metadata_key"]))
        if not results.equal(answer.status, 200, "burn by " + alias):
            continue
        body = answer.json()
        results.equal(set(body), {"state", "secret_shortkey"}, "burn by %s: fields" % alias)
        results.equal(body["secret_shortkey"], made["secret_key"][:8], "burn by %s: secret_shortkey" % alias)
        check_receipt(results, body["state"], "burn by " + alias, "burned")
        handle = made["metadata_key"]
        refused(results, burn(port, handle), 404, "Unknown secret", "second burn by " + alias, secret_key=handle)
        refused(
            results,
            reveal(port, made["secret_key"]),
            404,
            "Unknown secret",
            "reveal after burn",
            secret_key=made["secret_key"],
        )
        results.equal(receipt(port, handle).json()["state"], "burned", "receipt after burn")
    made = share(port, "a secret's key does not burn")
    refused(
        results,
        burn(port, made["secret_key"]),
        404,
        "Unknown secret",
        "burn by the secret's key",
        secret_key=made["secret_key"],
    )
    refused(
        results,
        reveal(port, made["metadata_key"]),
        404,
        "Unknown secret",
        "reveal by the receipt's key",
        secret_key=made["metadata_key"],
    )
    results.equal(reveal(port, made["secret_key"]).status, 200, "neither did harm")


def reading_never_changes(results, server):
    """GET, HEAD and OPTIONS leave every state as it was, on every route."""
    port = server.port
    made = share(port, "untouched")
    key, handle = made["secret_key"], made["metadata_key"]
    tails = [
        "/api/v1/secret/" + key,
        "/api/v1/private/" + handle,
        "/api/v1/private/" + handle + "/burn",
        "/secret/" + key,
        "/receipt/" + handle,
        "/receipt/" + handle + "/burn",
        "/api/v1/secret/" + key + "?passphrase=&continue=true",
        "/api/v2/secret/" + key + "?continue=true",
        "/api/v2/secret/" + key + "/reveal?continue=true",
    ]
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        for target in tails:
            answer = request(port, method, target)
            results.check(b"untouched" not in answer.body, "%s %s shows nothing" % (method, target[:20]))
    answer = request(port, "GET", "/api/v1/secret/" + key)
    results.check(answer.status in (404, 405), "there is no GET /secret", answer)
    results.equal(receipt(port, handle).json()["state"], "new", "the state is new after them all")
    results.equal(reveal(port, key).json().get("value"), "untouched", "and the content is there")


def generate(results, server):
    """The server makes the content; only the answer to /generate shows it."""
    port = server.port
    seen = set()
    for _ in range(20):
        made = post_form(port, "/api/v1/generate", {"secret": "ignored", "ttl": 600}).json()
        value = made.pop("value", None)
        check_receipt(results, made, "generate")
        results.check(
            re.fullmatch(r"[!-~]{12}", value or "") and not set(value) & set("iloIO01"), "a generated value", value
        )
        seen.add(value)
    results.equal(len(seen), 20, "twenty different values")
    results.check("value" not in receipt(port, made["metadata_key"]).json(), "a receipt never shows the value")
    results.equal(reveal(port, made["secret_key"]).json().get("value"), value, "reveal of a generated value")
    made = post_form(port, "/api/v1/generate", {"length": 40}).json()
    results.equal(len(made["value"]), 40, "length 40")
    made = post_form(port, "/api/v1/generate", {"length": 100000}).json()
    results.check(len(made.get("value", "")) in (12, 128), "length is bounded by 128", made)
    made = request(port, "POST", "/api/v1/generate", [JSON], b"").json()
    results.equal(len(made.get("value", "")), 12, "generate with JSON and no body")


def anonymous_credentials(results, server):
    """While no key is configured, empty and unknown Basic headers are ignored; authcheck and recent stay closed."""
    port = server.port
    for value in ("Basic Og==", "Basic", "Basic " + base64.b64encode(b"a:b").decode()):
        results.equal(
            post_form(port, "/api/v1/share", {"secret": "x"}, [("Authorization", value)]).status,
            200,
            "create with " + value,
        )
    for target in ("authcheck", "private/recent", "metadata/recent", "receipt/recent"):
        refused(results, request(port, "GET", "/api/v1/" + target), 401, "Not authorized", "anonymous " + target)


def with_api_key(results):
    """One key from the environment."""

    def basic(user, token):
        return ("Authorization", "Basic " + base64.b64encode(("%s:%s" % (user, token)).encode()).decode())

    good = basic(USER, TOKEN)
    with Server("--max-content", "1M", environment={"ONETIME_USER": USER, "ONETIME_APITOKEN": TOKEN}) as server:
        port = server.port
        results.equal(
            request(port, "GET", "/api/v1/authcheck", [good]).json(), {"status": "nominal", "locale": "en"}, "authcheck"
        )
        for name, bad in (
            ("a wrong token", basic(USER, "x")),
            ("a wrong user", basic("x", TOKEN)),
            ("a longer token", basic(USER, TOKEN + "x")),
            ("no colon", ("Authorization", "Basic YWJj")),
            ("no base64", ("Authorization", "Basic ***")),
            ("another scheme", ("Authorization", "Bearer " + TOKEN)),
        ):
            refused(
                results,
                request(port, "GET", "/api/v1/authcheck", [bad]),
                401,
                "Not authorized",
                "authcheck with " + name,
            )
        refused(
            results,
            post_form(port, "/api/v1/share", {"secret": "x"}, [basic(USER, "x")]),
            401,
            "Not authorized",
            "create with a wrong token",
        )
        results.equal(request(port, "GET", "/api/v1/private/recent", [good]).json(), [], "nothing recent at first")
        anonymous = share(port, "not his")
        mine = [share(port, "mine %d" % number, [good]) for number in range(3)]
        results.equal(mine[0]["custid"], USER, "custid is the owner's name")
        results.equal(anonymous["custid"], "anon", "custid of an anonymous secret")
        reveal(port, mine[0]["secret_key"])
        for alias in ("private", "metadata", "receipt"):
            listed = request(port, "GET", "/api/v1/%s/recent" % alias, [good]).json()
            results.equal(
                [one["metadata_key"] for one in listed],
                [one["metadata_key"] for one in reversed(mine)],
                "recent by %s, newest first" % alias,
            )
            results.check(all("secret_key" not in one for one in listed), "recent never shows a secret's key")
            for one in listed:
                check_receipt(results, one, "recent", one["state"], with_key=False)
        answer = post_form(port, "/api/v1/share", {"secret": "x", "recipient": "someone@example.com"}, [good])
        results.equal(answer.status, 200, "a recipient given by an owner")
        shown = answer.json().get("recipient")
        results.check(
            isinstance(shown, list) and len(shown) == 1 and "*" in shown[0] and "someone" not in shown[0],
            "the address is obscured",
            shown,
        )


def full_vault(results):
    """A full vault refuses with 507 and loses nothing."""
    for name, arguments, size in (
        ("by count", ["--max-secrets", "20"], 50),
        ("by bytes", ["--max-bytes", "100000"], 10_000),
    ):
        with Server(*arguments) as server:
            kept, full = {}, None
            for number in range(40):
                content = ("%04d" % number) * (size // 4)
                answer = post_form(server.port, "/api/v1/share", {"secret": content})
                if answer.status != 200:
                    full = answer
                    break
                kept[answer.json()["secret_key"]] = content
            if not results.check(full is not None, "full %s: refused at last" % name, len(kept)):
                continue
            results.check(
                full.status == 507 or (full.status == 404 and full.header("X-OTS-Intended-Status") == "507"),
                "full %s: 507" % name,
                "%r %r" % (full, full.headers),
            )
            if name == "by count":
                results.equal(len(kept), 20, "full by count: as many as allowed")
            results.check(len(kept) > 2, "full %s: room before" % name, len(kept))
            for key, content in kept.items():
                results.check(
                    reveal(server.port, key).json().get("value") == content, "full %s: nothing is lost" % name
                )
            results.equal(
                post_form(server.port, "/api/v1/share", {"secret": "x" * size}).status, 200, "room again, " + name
            )


def public_url(results):
    """Links are built from the public URL where one is set, and never from a strange Host."""
    with Server("--public-url", "https://once.example.org:8443") as server:
        made = share(server.port, "x")
        results.check(
            re.fullmatch(
                r"https://once\.example\.org:8443/(receipt|private)/" + made["metadata_key"], made["metadata_url"]
            ),
            "metadata_url with a public URL",
            made["metadata_url"],
        )
    with Server("--max-content", "1M") as server:
        answer = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x", host="evil.example.com")
        results.check(b"evil.example.com" not in answer.body, "a strange Host never gets into a link", answer)


def main(results):
    """All of it; the parts that need no flags share one server."""
    with Server("--max-content", "1M") as server:
        for part in (
            routes_and_receipt,
            texts,
            sizes,
            invalid_utf8,
            passphrases,
            burning,
            reading_never_changes,
            times_to_live,
            empty_and_broken,
            generate,
            recipients,
            words,
            anonymous_credentials,
        ):
            results.run(part, results, server)
        results.check(server.alive(), "the server is alive at the end")
    for part in (with_api_key, full_vault, public_url):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 180)
