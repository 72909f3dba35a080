"""Lock-down: what it refuses and what it lets go on, by API, page and signal, and in a race. Nothing that it refuses is consumed.

python3 Tests/Blackbox/lockdown.py          about 20 seconds
"""

import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from incident import Scene  # noqa: E402
from onetime_harness import run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, burn, post_form, receipt, request, reveal, share  # noqa: E402

MODES = ("none", "creation", "reveal", "all")


def expected(mode):
    """(creation, revealing) are allowed."""
    return mode in ("none", "reveal"), mode in ("none", "creation")


def table(results, scene, mode, how):
    """Everything that creates, reveals and burns, in one mode: allowed or refused, never consumed."""
    port, (creates, reveals) = scene.port, expected(mode)
    scene.lock("none")
    kept = share(port, "kept")
    locked = share(port, "locked", passphrase="open sesame")
    claimed = scene.labelled("x")
    to_burn, to_destroy = share(port, "burn"), share(port, "destroy")
    results.equal(scene.page("/secret/%s/claim" % claimed["secret_key"], claim="%032x" % 1).status, 200, "claimed before")
    link = post_form(port, "/api/links", {}, [scene.admin]).json()["link"]
    how(mode)
    results.equal(scene.get("/api/state").json()["lockdown"], mode, "the mode is told")

    def check(answer, allowed, name):
        name = "%s: %s" % (mode, name)
        if allowed:
            results.check(answer.status in (200, 204, 303), name + " is allowed", answer.status)
        else:
            results.equal((answer.status, answer.header("retry-after")), (503, "60"), name + " is refused")
            results.check("operator" in answer.text(), name + " says why", answer.text()[:300])

    check(post_form(port, "/api/v1/share", {"secret": "x"}), creates, "share")
    check(post_form(port, "/api/v1/share", {"secret": "x", "passphrase": "long enough"}, [scene.day]), creates, "share with a key")
    check(post_form(port, "/api/v1/generate", {}), creates, "generate")
    check(scene.page("/", secret="x"), creates, "the form")
    check(scene.page("/secret", secret="x"), creates, "the script")
    check(request(port, "GET", "/"), creates, "the form's page")
    check(request(port, "GET", link[link.index("/new/") :]), creates, "a creation link's page")
    # The longest way round: too large a body is not read at all.
    head = build("POST", "/api/v1/share", [FORM, ("Content-Length", "20000000")])
    with Connection(port) as connection:
        connection.send(head)
        if not creates:
            check(connection.response("POST"), False, "a large one is refused before it is read")

    for path in ("/secret/%s" % kept["secret_key"], "/secret/" + "0" * 31):
        answer = request(port, "GET", path)
        if reveals:
            results.equal(answer.status, 404 if path.endswith("0" * 31) else 200, mode + ": the secret's page")
        else:
            check(answer, False, "the secret's page")
    if not reveals:
        check(reveal(port, kept["secret_key"]), False, "reveal")
        check(scene.page("/secret/" + kept["secret_key"]), False, "reveal by the form")
        check(scene.page("/secret/%s/claim" % kept["secret_key"], claim="%032x" % 2), False, "a claim")
        check(scene.page("/secret/%s/claim" % claimed["secret_key"], claim="%032x" % 1), False, "an answer once more")
        for _ in range(8):
            check(reveal(port, locked["secret_key"], passphrase="wrong"), False, "a wrong passphrase")
        results.equal(scene.state(kept), "new", mode + ": nothing was consumed")
        look = receipt(port, locked["metadata_key"]).json()
        results.equal(look["state"], "new", mode + ": no try was used up")
    committed = scene.page("/secret/%s/commit" % claimed["secret_key"], claim="%032x" % 1)
    results.equal(committed.status, 204, mode + ": who has opened it may say so")
    results.equal(scene.state(claimed), "received", mode + ": which ends it")
    results.equal(burn(port, to_burn["metadata_key"]).status, 200, mode + ": burning goes on")
    results.equal(scene.page("/secret/%s/burn" % to_destroy["secret_key"]).status, 200, mode + ": so does the recipient's")
    results.equal((scene.state(to_burn), scene.state(to_destroy)), ("burned", "burned"), mode + ": both are burned")
    results.equal(request(port, "GET", "/health").status, 200, mode + ": health")

    scene.lock("none")
    results.equal(reveal(port, kept["secret_key"]).json()["value"], "kept", mode + ": it is all there afterwards")
    results.equal(reveal(port, locked["secret_key"], passphrase="open sesame").json()["value"], "locked", mode + ": with all tries")
    results.equal(request(port, "GET", link[link.index("/new/") :]).status, 200, mode + ": the link was not used up")


def lockdown(results):
    """The table, by API, by page and by signal."""
    with Scene("--max-attempts", "5") as scene:
        for mode in MODES:
            table(results, scene, mode, scene.lock)

        def by_page(mode):
            creates, reveals = expected(mode)
            shown = scene.get("/api/state").json()["lockdown"]
            fields = {"action": "lock", "shown": shown}
            fields.update({} if creates else {"creation": "on"})
            fields.update({} if reveals else {"reveal": "on"})
            answer = scene.operate(fields)
            results.equal((answer.status, answer.header("location")), (303, "/operator"), "by the page")

        for mode in MODES:
            table(results, scene, mode, by_page)

        def by_signal(mode):
            before = len(scene.server.events())
            scene.server.signal(signal.SIGUSR2)
            while len(scene.server.events()) == before:
                time.sleep(0.01)

        table(results, scene, "all", by_signal)
        for before in ("creation", "reveal", "none"):
            scene.lock(before)
            by_signal("all")
            results.equal(scene.get("/api/state").json()["lockdown"], "all", "the signal stops both after " + before)
        by_signal("none")
        results.equal(scene.get("/api/state").json()["lockdown"], "none", "and unlocks where both were stopped")
        for headers, status in (([], 401), ([scene.night], 403), ([scene.admin, ("Sec-Fetch-Site", "cross-site")], 403)):
            results.equal(scene.lock("all", headers).status, status, "not for everybody")
        for mode in ("", "ALL", "some"):
            results.equal(scene.lock(mode).status, 422, "no such mode: %r" % mode)
        results.equal(scene.get("/api/state").json()["lockdown"], "none", "nothing came of it")


def stale_page(results):
    """A page that shows another state than there is changes nothing: it would undo what somebody else did meanwhile."""
    with Scene() as scene:

        def page():
            text = request(scene.port, "GET", "/operator", [scene.basic()]).text()
            return re.search(r'name="shown" value="([^"]+)"', text).group(1)

        def post(**fields):
            return scene.operate(dict(fields, action="lock"))

        shown = page()
        results.equal(shown, "none", "the form has what it shows")
        scene.lock("all")
        for fields in ({}, {"creation": "on"}, {"creation": "on", "reveal": "on"}):
            answer = post(shown=shown, **fields)
            results.equal(answer.status, 409, "an old page: %r" % fields)
            results.check("The lock-down has changed since" in answer.text(), "says so", answer.text()[-900:])
            results.check('href="/operator"' in answer.text(), "and leads back to the page", answer.text()[-900:])
            results.equal(post(**fields).status, 409, "a form that does not say what it showed")
        german = request(scene.port, "POST", "/operator?locale=de", [FORM, scene.basic()], b"form_token=%s&action=lock" % scene.own_proof.encode())
        results.check("Die Sperre wurde geändert" in german.text(), "in the reader's language", german.text()[-900:])
        results.check('href="/operator?locale=de"' in german.text(), "which stays", german.text()[-900:])
        results.equal(post(shown="some").status, 400, "no such state")
        results.equal(post(shown="all", creation="maybe").status, 400, "no such answer")
        results.equal(scene.get("/api/state").json()["lockdown"], "all", "nothing was unlocked")
        results.equal(post(shown=page()).status, 303, "a page that is opened again does")
        results.equal(page(), "none", "what it says")


def racing(results):
    """Under load, what was refused is there, what was shown is not, and after the answer to a lock-down nothing is shown."""
    with Scene() as scene:
        made = [share(scene.port, "secret %d" % number) for number in range(1500)]
        locked = [share(scene.port, "locked", passphrase="open sesame") for _ in range(6)]
        outcomes, when, done = {}, {}, {}

        def read(part):
            with Connection(scene.port) as connection:
                for one in part:
                    begun = time.monotonic()
                    answer = connection.request("POST", "/api/v1/secret/" + one["secret_key"], [FORM], b"")
                    done[one["secret_key"]] = time.monotonic()
                    outcomes[one["secret_key"]], when[one["secret_key"]] = answer.status, begun

        def unlock(one):
            outcomes[one["secret_key"]] = reveal(scene.port, one["secret_key"], passphrase="open sesame").status
            done[one["secret_key"]] = time.monotonic()

        threads = [threading.Thread(target=read, args=(made[start::6],)) for start in range(6)]
        threads += [threading.Thread(target=unlock, args=(one,)) for one in locked]
        for thread in threads:
            thread.start()
        while len(done) < 300:
            time.sleep(0.001)
        scene.lock("reveal")
        stopped = time.monotonic()
        for thread in threads:
            thread.join()
        shown = [key for key, status in outcomes.items() if status == 200]
        refused = [key for key, status in outcomes.items() if status == 503]
        print("in the race: %d shown, %d refused" % (len(shown), len(refused)), flush=True)
        results.equal(len(shown) + len(refused), 1506, "one or the other")
        results.check(len(shown) > 20 and len(refused) > 20, "both came", (len(shown), len(refused)))
        results.equal([key for key in shown if when.get(key, 0) > stopped], [], "nothing that was asked for after the answer")
        late = [key for key in shown if done[key] > stopped + 0.05]
        results.equal(late, [], "nor what waited for its passphrase to be stretched")
        scene.lock("none")
        by_key = {one["secret_key"]: one for one in made + locked}
        for key in refused:
            fields = {"passphrase": "open sesame"} if by_key[key] in locked else {}
            if reveal(scene.port, key, **fields).status != 200:
                results.check(False, "what was refused is there", key)
        results.equal({scene.state(by_key[key]) for key in shown}, {"received"}, "what was shown is not")
        # A creation whose passphrase is stretched while creating stops.
        answers = []
        maker = threading.Thread(
            target=lambda: answers.append(post_form(scene.port, "/api/v1/share", {"secret": "x", "passphrase": "open sesame"}))
        )
        before = scene.get("/api/state").json()["secrets"]
        maker.start()
        time.sleep(0.03)
        scene.lock("creation")
        maker.join()
        after = scene.get("/api/state").json()["secrets"]
        results.check(
            (answers[0].status, after - before) in ((503, 0), (200, 1)), "refused, or there", (answers[0].status, after - before)
        )


def main(results):
    """Everything."""
    for test in (lockdown, stale_page, racing):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 300)
