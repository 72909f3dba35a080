"""Owns what a page of another site has a browser do with the key that it keeps: every POST that acts with one, over plain HTTP.

There browsers send no Sec-Fetch-Site, and the other page chooses whether they name its origin or say `null`.

python3 Tests/Blackbox/forged_forms.py          about 5 seconds
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from keys import basic, bearer, intended, keygen, server_of  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, form, json_body, post_form, receipt, request, share  # noqa: E402

NULL = ("Origin", "null")
EVERY = "create,reveal,burn,receipt,recent,audit,admin"


def token_of(port, path, *headers):
    """The hidden field of a page."""
    return re.search(r'name="form_token" value="([^"]+)"', request(port, "GET", path, headers).text())[1]


def own(port):
    """The origin of the server's pages."""
    return ("Origin", "http://127.0.0.1:%d" % port)


def origins(port):
    """What browsers say of a form that no page of the server sent."""
    host = "127.0.0.1:%d" % port
    return (
        [NULL],
        [("Origin", "http://evil.example")],
        [("Origin", "http://localhost:%d" % port)],
        [("Origin", "http://127.0.0.1:1")],
        [("Origin", "https://" + host)],
        [("Origin", "http://%s.evil.example" % host)],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site"), own(port)],
        [("Sec-Fetch-Site", "none"), NULL],
        [("Sec-Fetch-Site", "none"), ("Origin", "http://evil.example")],
    )


def every_action(port, kept):
    """(path, fields) of all that a key may do by POST; what the API does first."""
    return (
        ("/api/v1/share", {"secret": "x"}),
        ("/api/v1/create", {"secret": "x"}),
        ("/api/v1/generate", {}),
        ("/api/v1/secret/" + kept["secret_key"], {}),
        ("/api/v1/private/" + kept["metadata_key"], {}),
        ("/api/v1/private/%s/burn" % kept["metadata_key"], {}),
        ("/api/certificate", {}),
        ("/api/links", {}),
        ("/api/keys/rotate", {"name": "key"}),
        ("/api/keys/revoke", {"name": "other"}),
        ("/api/burn", {"all": "true", "confirm": "yes"}),
        ("/api/lockdown", {"mode": "all"}),
        ("/operator", {"action": "lock", "shown": "none", "creation": "on", "reveal": "on"}),
        ("/operator", {"action": "burn", "all": "yes", "confirm": "yes"}),
        ("/operator", {"action": "burn", "all": "yes"}),
        ("/", {"secret": "x"}),
        ("/secret", {"secret": "x"}),
    )


class Facts:
    """All that a forged form could have changed, as the administrator sees it; his looking is a use of his own key."""

    def __init__(self, port, header):
        def get(path):
            return request(port, "GET", path, [header]).json()

        state, keys = get("/api/state"), get("/api/keys")
        uses = {each["name"]: (each["used"], each["created"], each["revoked"]) for each in keys["keys"] if each["name"] != "boss"}
        self.all = (state["lockdown"], state["secrets"], state["burns"], keys["count"], keys["links"], uses)


def refused(results):
    """Whatever page sends it, and whichever field it has from a page that everybody may open: 403, and nothing is done."""
    key, line = keygen("key", "--scopes", EVERY)
    boss, boss_line = keygen("boss", "--scopes", "admin")
    _, other_line = keygen("other")
    for arguments in ((), ("--auth-required",)):
        with server_of(line, boss_line, other_line, arguments=("--audit", "memory") + arguments) as server:
            port = server.port
            kept = share(port, "kept", [bearer(key)])
            public = token_of(port, "/secret/" + kept["secret_key"])
            theirs = token_of(port, "/operator", basic("boss", boss))
            before = Facts(port, bearer(boss)).all
            for path, fields in every_action(port, kept):
                for headers in origins(port):
                    for proof in ({}, {"form_token": "wrong"}, {"form_token": public}, {"form_token": theirs}):
                        for name in ("key", "") if proof.get("form_token") == public else ("key",):
                            shown = basic(name, key) if name else basic(key, "")
                            answer = post_form(port, path, dict(proof, **fields), headers + [shown])
                            results.equal(intended(answer), 403, "%s with %s and %s" % (path, headers, proof))
            for path, fields in every_action(port, kept)[6:12]:
                for headers in origins(port)[:6]:
                    answer = post_form(port, path, dict(fields, form_token=public), headers + [bearer(key)])
                    results.equal(answer.status, 403, "nor may one with Bearer change keys or take a certificate: " + path)
            results.equal(Facts(port, bearer(boss)).all, before, "nothing was done, and no use of the key is gone")
            log = request(port, "GET", "/api/audit", [bearer(key)]).text()
            results.check('"rule.name":"origin"' in log, "and it is written down")


def clients(results):
    """Clients that are no browsers say nothing of where they come from, and go on with Basic as with Bearer, but at `/operator`."""
    key, line = keygen("key", "--scopes", EVERY)
    with server_of(line, keygen("other")[1], arguments=["--audit", "memory"]) as server:
        port = server.port
        for header in (basic("key", key), basic(key, ""), bearer(key)):
            kept = share(port, "kept")
            for path, fields in every_action(port, kept):
                if path.endswith("/burn"):
                    path = path.replace(kept["metadata_key"], share(port, "burned")["metadata_key"])
                if path == "/operator":
                    results.equal(post_form(port, path, fields, [header]).status, 403, "the page's forms are its own alone")
                    continue
                if path == "/api/keys/revoke":
                    made = post_form(port, "/api/keys/rotate", {"name": "other"}, [header]).json()
                    fields = {"id": made["new"]["id"]}
                answer = post_form(port, path, fields, [header])
                results.check(answer.status in (200, 303), "%s with %s" % (path, header[1][:12]), answer.status)
                if path == "/api/lockdown":
                    post_form(port, path, {"mode": "none"}, [header])
        answer = request(port, "POST", "/api/links", [("Content-Type", "application/json"), basic("key", key)], json_body({"ttl": 60}))
        results.equal(answer.status, 200, "JSON, too")
        for path, body in (("/api/v1/share", b"secret=x"), ("/api/certificate", b"")):
            answer = request(port, "POST", path, [FORM, own(port), basic("key", key)], body)
            results.equal(answer.status, 200, "a page of the server's own may: " + path)


def operator(results):
    """The operator's forms are known by a field that only the bearer of the very key gets, whatever else the browser says."""
    boss, boss_line = keygen("boss", "--scopes", "admin,create")
    deputy, deputy_line = keygen("deputy", "--scopes", "admin")
    with server_of(boss_line, deputy_line) as server:
        port, shown = server.port, basic("boss", boss)

        def lock(proof, *headers, credentials=shown, **fields):
            state = request(port, "GET", "/api/state", [bearer(boss)]).json()["lockdown"]
            given = {} if proof is None else {"form_token": proof}
            given.update(dict({"action": "lock", "shown": state}, **({} if state != "none" else {"creation": "on"})), **fields)
            status = post_form(port, "/operator", given, list(headers) + [credentials]).status
            changed = request(port, "GET", "/api/state", [bearer(boss)]).json()["lockdown"] != state
            results.equal(changed, status == 303, "changed or refused")
            return status

        mine, public = token_of(port, "/operator", shown), token_of(port, "/")
        theirs = token_of(port, "/operator", basic("deputy", deputy))
        results.equal(len({mine, public, theirs}), 3, "each key has its own, and everybody has another")
        results.check(re.fullmatch("[0-9a-f]{64}", mine) is not None, "of 256 bits", mine)
        results.equal(token_of(port, "/operator", shown), mine, "a page that is open stays good")
        good = ([], [NULL], [own(port)], [("Sec-Fetch-Site", "same-origin")], [("Sec-Fetch-Site", "none")])
        for headers in good:
            results.equal(lock(mine, *headers), 303, "the page's own form with %s" % headers)
            for proof in (None, "", "x", public, theirs, mine[:-1], mine + "0", mine.upper()):
                results.equal(lock(proof, *headers), 403, "%r with %s" % (proof, headers))
        for headers in ([("Origin", "http://evil.example")], [("Sec-Fetch-Site", "cross-site")], [("Origin", "https://127.0.0.1:%d" % port)]):
            results.equal(lock(mine, *headers), 403, "not from elsewhere, though it were known there: %s" % headers)
        results.equal(lock(mine, credentials=basic("deputy", deputy)), 403, "another's")
        results.equal(lock(None, credentials=bearer(boss)), 403, "scripts have the API")
        made = post_form(port, "/api/keys/rotate", {"name": "boss"}, [bearer(boss)]).json()["key"]
        results.equal(lock(mine, credentials=basic("boss", made)), 403, "the key that it was rotated to has one of its own")
        results.equal(lock(token_of(port, "/operator", basic("boss", made)), credentials=basic("boss", made)), 303, "which is good")
        asked = post_form(port, "/operator", {"form_token": mine, "action": "burn", "all": "yes"}, [NULL, shown]).text()
        results.check('name="form_token" value="%s"' % mine in asked, "the second thought has it, too")
        burned = {"form_token": mine, "action": "burn", "all": "yes", "confirm": "yes"}
        results.equal(post_form(port, "/operator", burned, [NULL, shown]).status, 303, "and is carried out")
        post_form(port, "/api/keys/revoke", {"id": boss[4:12]}, [bearer(deputy)])
        results.equal(post_form(port, "/operator", burned, [NULL, shown]).status, 401, "it ends with the key")
    with server_of(boss_line) as server:
        results.check(token_of(server.port, "/operator", shown) != mine, "and with the server")


def creation(results):
    """The form at `/` creates with a key where its page was opened with that key; everybody's and links' forms go on as they were."""
    key, line = keygen("key", "--scopes", "create")
    environment = {"ONETIME_USER": "me@example.com", "ONETIME_APITOKEN": "a-token-of-the-environment"}
    for shown in (basic("key", key), basic(environment["ONETIME_USER"], environment["ONETIME_APITOKEN"])):
        for arguments in ([], ["--auth-required"]):
            with Server(*arguments, environment=dict(environment, API_KEYS=line)) as server:
                port = server.port
                made = share(port, "x", [shown])
                mine, public = token_of(port, "/", shown), token_of(port, "/secret/" + made["secret_key"])

                def create(path, proof, *headers):
                    return post_form(port, path, {"form_token": proof, "secret": "x"}, list(headers)).status

                for path, good in (("/", 303), ("/secret", 200)):
                    results.equal(create(path, mine, NULL, shown), good, "with the page's own field: " + path)
                    results.equal(create(path, public, NULL, shown), 403, "with everybody's: " + path)
                    results.equal(create(path, public, own(port), shown), good, "which is enough where the browser says whose it is")
                    results.equal(create(path, mine, ("Origin", "http://evil.example"), shown), 403, "not from another site")
                    results.equal(create(path, public, NULL), 401 if arguments else good, "without a key it is as before: " + path)
                    link = post_form(port, "/api/links", {}, [bearer(key)]).json()["link"].rsplit("/", 1)[1]
                    fields = {"form_token": token_of(port, "/new/" + link, shown), "link": link, "secret": "x"}
                    results.equal(post_form(port, path, fields, [NULL, shown]).status, good, "a link is a right by itself: " + path)
                again = post_form(port, "/", {"form_token": mine, "secret": ""}, [NULL, shown])
                results.equal(again.status, 422, "a form with a mistake")
                results.check('name="form_token" value="%s"' % mine in again.text(), "is shown again with its field")


def capabilities(results):
    """What a link or a receipt opens needs no key, and minds none that a browser keeps; a page of another site cannot ask for it."""
    key, line = keygen("key", "--scopes", EVERY)
    with server_of(line, arguments=["--auth-required"]) as server:
        port, shown = server.port, basic("key", key)

        def forms(made):
            yield "/secret/%s/burn" % made["secret_key"], {}
            yield "/receipt/%s/burn" % made["metadata_key"], {}
            yield "/secret/" + made["secret_key"], {"passphrase": ""}
            yield "/secret/%s/claim" % made["secret_key"], {"claim": "0" * 32}

        for number in range(4):
            made = share(port, "x", [shown])
            path, fields = list(forms(made))[number]
            public = token_of(port, "/secret/" + made["secret_key"], shown)
            results.equal(post_form(port, path, fields, [NULL, shown]).status, 403, "without its page: " + path[:9])
            evil = [("Origin", "http://evil.example"), shown]
            results.equal(post_form(port, path, dict(fields, form_token=public), evil).status, 403, "from another site: " + path[:9])
            results.equal(receipt(port, made["metadata_key"], [shown]).json()["state"], "new", "nothing was done")
            answer = request(port, "POST", path, [FORM, NULL, shown], form(dict(fields, form_token=public)))
            results.equal(answer.status, 200, "by its page: " + path[:9])


def main(results):
    """Everything."""
    for test in (refused, clients, operator, creation, capabilities):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 120)
