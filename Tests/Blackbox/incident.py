"""Incident response: what is burned by key, label, time, receipt and as a whole; report, state, and the operator's page.

python3 Tests/Blackbox/incident.py          about 30 seconds
"""

import base64
import html
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import (  # noqa: E402
    FORM,
    JSON,
    Connection,
    build,
    burn,
    json_body,
    post_form,
    receipt,
    request,
    reveal,
    share,
)
from page import Markup  # noqa: E402

MANY = int(os.environ.get("ONETIME_INCIDENT_SECRETS", "100000"))


def keygen(name, *arguments):
    """(header, line) of a new key."""
    command = [binary_path(), "keygen", "--name", name] + list(arguments)
    key, line = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return ("Authorization", "Bearer " + key), line


class Scene:
    """A server with an administrator's key and two others."""

    def __init__(self, *arguments):
        self.admin, first = keygen("boss", "--scopes", "admin")
        self.night, second = keygen("night")
        self.day, third = keygen("day")
        self.server = Server(*arguments, environment={"API_KEYS": "\n".join((first, second, third))})

    def __enter__(self):
        self.server.__enter__()
        self.port = self.server.port
        page = request(self.port, "GET", "/").text()
        self.proof = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
        page = request(self.port, "GET", "/operator", [self.basic()]).text()
        self.own_proof = re.search(r'name="form_token" value="([^"]+)"', page).group(1)
        return self

    def __exit__(self, *rest):
        return self.server.__exit__(*rest)

    def basic(self):
        """The administrator's key as a browser shows it."""
        key = self.admin[1].split()[1]
        return ("Authorization", "Basic " + base64.b64encode(("boss:" + key).encode()).decode())

    def labelled(self, label, **fields):
        """A secret with a label, as the page makes it; in the shape of v1."""
        made = self.page("/secret", secret="labelled", label=label, **fields).json()
        return {"secret_key": made["secret"], "metadata_key": made["receipt"]}

    def page(self, path, **fields):
        """A form of the page."""
        return post_form(self.port, path, dict(fields, form_token=self.proof))

    def operate(self, fields, headers=()):
        """A form of the operator's page: its field stands before all others."""
        return post_form(self.port, "/operator", dict({"form_token": self.own_proof}, **fields), [self.basic()] + list(headers))

    def burn(self, headers=None, **fields):
        """POST /api/burn."""
        return post_form(self.port, "/api/burn", fields, headers if headers is not None else [self.admin])

    def lock(self, mode, headers=None):
        """POST /api/lockdown."""
        return post_form(self.port, "/api/lockdown", {"mode": mode}, headers if headers is not None else [self.admin])

    def get(self, path, headers=None):
        """GET as the administrator."""
        return request(self.port, "GET", path, headers if headers is not None else [self.admin])

    def state(self, made):
        """What the receipt says."""
        answer = receipt(self.port, made["metadata_key"])
        return answer.json()["state"] if answer.status == 200 else answer.status

    def list(self, path):
        """All pages of a list."""
        found, after = [], ""
        while after is not None:
            answer = self.get(path + ("&" if "?" in path else "?") + "after=%s" % after).json()
            found += answer["list"]
            after = answer["next"]
        return found


def burning(results):
    """Each selection burns what it says, and nothing else."""
    with Scene() as scene:
        port = scene.port
        free = share(port, "free")
        old = share(port, "old")
        night = [share(port, "n", [scene.night]) for _ in range(3)]
        day = share(port, "d", [scene.day])
        labelled = [scene.labelled("Acme, Q3"), share(port, "by the API", label="Acme, Q3"), scene.labelled("Acme, Q4"), scene.labelled("")]
        everything = [free, old, day] + night + labelled

        def alive(*gone):
            expected = ["burned" if made in gone else "new" for made in everything]
            results.equal([scene.state(made) for made in everything], expected, "burned and nothing else")

        answer = scene.burn(key="night")
        results.equal(answer.status, 200, "by key")
        told = answer.json()
        results.equal((told["burned"], told["cut_off"], told["finished"], told["burn"]), (3, 0, True, 1), "counts")
        alive(*night)
        results.equal(reveal(port, night[0]["secret_key"]).status, 404, "what was burned is gone")
        results.equal(scene.burn(label="Acme, Q3", key="day").json()["burned"], 0, "all conditions have to hold")
        results.equal(scene.burn(label="acme, q3").json()["burned"], 0, "a label is taken to the letter")
        results.equal(scene.burn(label="Acme, Q3").json()["burned"], 2, "by label")
        gone = night + labelled[:2]
        alive(*gone)
        ids = {each["id"]: each for each in scene.list("/api/state")}
        results.equal(len(ids), 5, "the list has what is left")
        one = [each for each in ids.values() if each["key"] == "day"][0]
        results.equal(scene.burn(receipt=one["id"] + ",0123456789abcdef").json()["burned"], 1, "by the receipt's id")
        gone.append(day)
        alive(*gone)
        day_again = share(port, "again", [scene.day])
        time.sleep(1.1)
        begin = int(time.time())
        late = share(port, "late")
        results.equal(scene.burn(**{"from": begin, "to": begin + 100}).json()["burned"], 1, "by time of creation")
        results.equal(scene.state(late), "burned", "which says so")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin - 1000))
        results.equal(scene.burn(to=stamp).json()["burned"], 0, "RFC 3339, and nothing from before")
        alive(*gone)

        # Refusals burn nothing, whatever else they say.
        for fields, status, headers in [
            ({}, 422, None), ({"all": "true"}, 422, None), ({"all": "true", "confirm": "no"}, 422, None),
            ({"all": "perhaps", "confirm": "yes"}, 422, None), ({"all": "true", "confirm": "yes", "key": "day"}, 422, None),
            ({"key": "nobody"}, 404, None), ({"key": ""}, 422, None), ({"from": "yesterday"}, 422, None),
            ({"from": "200", "to": "100"}, 422, None), ({"receipt": "123"}, 422, None), ({"receipt": "a" * 5000}, 422, None),
            ({"key": "day", "labl": "x"}, 400, None), ({"key": "day", "secret": "x"}, 400, None),
            ({"all": "true", "confirm": "yes"}, 401, []), ({"all": "true", "confirm": "yes"}, 403, [scene.day]),
            ({"all": "true", "confirm": "yes"}, 401, [("Authorization", "Bearer otl_nonsense")]),
            ({"all": "true", "confirm": "yes"}, 403, [scene.admin, ("Sec-Fetch-Site", "cross-site")]),
            ({"all": "true", "confirm": "yes"}, 403, [scene.admin, ("Origin", "https://evil.example")]),
        ]:
            results.equal(scene.burn(headers, **fields).status, status, "refused: %r %r" % (fields, headers))
        twice = request(port, "POST", "/api/burn", [FORM, scene.admin], b"key=day&key=night")
        results.equal(twice.status, 400, "a field twice")
        both = request(port, "POST", "/api/burn?key=day", [FORM, scene.admin], b"key=night")
        results.equal(both.status, 400, "a field in address and body")
        nested = request(port, "POST", "/api/burn", [JSON, scene.admin], json_body({"only": {"key": "x"}, "key": "day"}))
        results.equal(nested.status, 422, "fields within a field")
        # What says nothing, beside something that says enough to burn.
        for body in (b"label=", b"receipt=", b"receipt=,", b"receipt=%20", b"receipt[]=", b"from=", b"confirm=", b"all=false&label="):
            answer = request(port, "POST", "/api/burn", [FORM, scene.admin], b"key=day&" + body)
            results.equal(answer.status, 422, "an empty field: %r" % body)
            answer = request(port, "POST", "/api/burn?" + body.decode(), [FORM, scene.admin], b"key=day")
            results.equal(answer.status, 422, "an empty field in the address: %r" % body)
        for name in ("label", "receipt", "from", "to", "all", "confirm", "other"):
            for value, status in (([], 422), ({}, 422), ({"a": "x"}, 422), (None, 400), ("", 422), ([""], 422), ([None], 400)):
                status = 400 if name == "other" and value not in ([], {}, {"a": "x"}) else status
                answer = request(port, "POST", "/api/burn", [JSON, scene.admin], json_body({"key": "day", name: value}))
                results.equal(answer.status, status, "an empty field: %s %r" % (name, value))
        plain = request(port, "POST", "/api/burn?key=day", [("Content-Type", "text/plain"), scene.admin], b"label=x")
        results.equal(plain.status, 422, "a body that is no form, beside fields in the address")
        spread = request(port, "POST", "/api/burn?receipt=" + "0" * 16, [FORM, scene.admin], b"receipt=" + b"1" * 16)
        results.equal(spread.status, 400, "receipts in address and body")
        for path in ("/api/burn", "/api/lockdown"):
            results.equal(scene.get(path + "?all=true&confirm=yes&mode=all").status, 405, "GET changes nothing")
        alive(*gone)
        results.equal(scene.state(day_again), "new", "none of them burned anything")

        answer = request(port, "POST", "/api/burn", [JSON, scene.admin], json_body({"all": True, "confirm": "yes"}))
        results.equal((answer.status, answer.json()["burned"]), (200, 5), "all, by JSON")
        results.equal(scene.get("/api/state").json()["secrets"], 0, "nothing is held")
        after = share(port, "after")
        results.equal(reveal(port, after["secret_key"]).json()["value"], "after", "what comes later lives")
        told = scene.server.text("stdout")
        for word in ("Acme", day["metadata_key"], scene.admin[1].split()[1]):
            results.check(word not in told, "no label, token or key in the log")
        burns = [event for event in scene.server.events() if event.get("event.action") == "burn"]
        results.check(len(burns) == 8 and all(event["user.name"] == "boss" for event in burns), "burnings are logged", burns)


def receipts(results):
    """A list of a hundred ids is taken, by the API and by the page; one that is too long, or no list, burns nothing."""
    with Scene() as scene:
        port, basic = scene.port, scene.basic()
        with Connection(port) as connection:
            connection.send(b"".join(build("POST", "/api/v1/share", [FORM, scene.night], b"secret=x") for _ in range(230)))
            for _ in range(230):
                connection.response("POST")
        ids = [each["id"] for each in scene.list("/api/state")]

        def post(**fields):
            return scene.operate(fields)

        def held():
            return scene.get("/api/state").json()["secrets"]

        for some in (", ".join(ids[:101]), " ", ",", ", ,", "x", ids[0] + ",x", "0" * 5000):
            results.equal(scene.burn(key="night", receipt=some).status, 422, "by the API: %.40r" % some)
            for fields in ({}, {"confirm": "yes"}):
                results.equal(post(action="burn", key="night", receipt=some, **fields).status, 400, "by the page: %.40r" % some)
        for body in ({"key": "night", "receipt": []}, {"key": "night", "label": {}}, {"key": "night", "labl": "x"}):
            body = json_body(dict({"form_token": scene.own_proof}, **body, action="burn", confirm="yes"))
            results.equal(request(port, "POST", "/operator", [JSON, basic], body).status, 400, "what is of no use: %r" % body)
        results.equal(held(), 230, "nothing was burned")
        results.equal(scene.burn(receipt=", ".join(ids[:100])).json()["burned"], 100, "a hundred by the API")
        asked = post(action="burn", key="night", receipt=", ".join(ids[100:200]))
        said = re.search(r'name="receipt" value="([^"]+)"', asked.text()).group(1)
        results.equal(said, ",".join(ids[100:200]), "the page asks about all of them")
        results.equal(post(action="burn", key="night", receipt=said, confirm="yes").status, 303, "and burns them")
        results.equal(held(), 30, "and no other")


def report(results):
    """What was open at a moment, and when it was read: no content, no token, no note, no label."""
    with Scene("--max-attempts", "3") as scene:
        port = scene.port
        first = share(port, "one-content")
        locked = share(port, "two-content", passphrase="open sesame")
        noted = scene.labelled("a-label", note="a-note", readers=3)
        results.equal(reveal(port, locked["secret_key"], passphrase="wrong").status, 404, "a wrong passphrase")
        time.sleep(2.1)
        middle = int(time.time()) - 1
        results.equal(reveal(port, first["secret_key"]).status, 200, "one is read")
        burn(port, locked["metadata_key"], passphrase="open sesame")
        claimed = scene.page("/secret/%s/claim" % noted["secret_key"], claim="%032x" % 7)
        results.equal(claimed.body, b"labelled", "one reader of three")
        time.sleep(1.1)
        later = share(port, "three-content", [scene.night])
        now = int(time.time())

        answers = [scene.get("/api/report?at=%d" % middle), scene.get("/api/report?from=%d" % (middle + 1)), scene.get("/api/state")]
        at_middle, since, state = (answer.json() for answer in answers)
        entries = {each["secret"]: each for each in at_middle["list"]}
        results.equal(sorted(each["state"] for each in entries.values()), ["burned", "new", "received"], "open at the moment")
        by_state = {each["state"]: each for each in entries.values()}
        read = by_state["received"]
        results.check(len(read["read_at"]) == 1 and middle <= read["read_at"][0] <= now, "when it was read", read)
        results.equal((by_state["burned"]["wrong_passphrases"], len(by_state["burned"]["wrong_at"])), (1, 1), "wrong ones")
        results.equal((by_state["new"]["reads"], by_state["new"]["readers"], by_state["new"]["label"]), (1, 3, True), "readers")
        results.equal(len(since["list"]), 4, "open or read since")
        results.equal((state["secrets"], [each["key"] for each in state["list"]].count("night")), (2, 1), "held now, by whom")
        results.equal(scene.get("/api/report?to=%d" % (middle - 100)).json()["list"], [], "nothing before")
        results.equal(len(scene.get("/api/report").json()["list"]), 4, "everything there is and was")
        for answer in answers:
            text = answer.text()
            for made in (first, locked, noted, later):
                for token in (made["secret_key"], made["metadata_key"]):
                    results.check(token not in text and token[:12] not in text, "no token")
            for word in ("content", "a-label", "a-note", "sesame"):
                results.check(word not in text, "not " + word, text)
        for path, status in (
            ("/api/report?at=now", 422), ("/api/report?at=1&from=1", 422), ("/api/report?from=2&to=1", 422),
            ("/api/report?until=5", 400), ("/api/report?AT=1", 400), ("/api/report?at", 400), ("/api/report?at=1&at=2", 400),
            ("/api/report?at=1&&", 200), ("/api/state?at=1", 400), ("/api/state?x", 400), ("/api/state?after=x", 422),
            ("/api/state?after=99999999999999", 200), ("/api/report?after=99999999999999", 200),
        ):
            results.equal(scene.get(path).status, status, path)
        # Moments in an address, however its writer escapes them.
        moment = 1767265200
        for text in ("2026-01-01T13:00:00+02:00", "2026-01-01T09:00:00-02:00", "2026-01-01T11:00:00Z", "2026-01-01T11:00", str(moment)):
            for escaped in (text, quote(text), quote(text, safe=":"), quote(text, safe="+"), "".join("%%%02x" % ord(c) for c in text)):
                for path in ("/api/report?at=%s" % escaped, "/api/report?from=%s&to=%s" % (escaped, escaped)):
                    answer = scene.get(path)
                    results.equal((answer.status, answer.json().get("from"), answer.json().get("to")), (200, moment, moment), path)
        page = request(port, "GET", "/operator?from=2026-01-01T13%3A00&to=2026-01-01T15:00%3a00%2B02:00", [scene.basic()])
        results.check('value="2026-01-01T13:00"' in page.text() and page.status == 200, "on the page, too", page.text()[:2000])
        for text in (
            "2026-01-01T13:00:00%2", "2026-01-01T13:00:00%", "2026-01-01T13:00:00%2x02:00", "2026-01-01T13:00:00%252B02:00",
            "2026-01-01T13:00:00%2002:00", "2026-01-01+13:00:00Z", "%2B2026", "%00", "2026-01-01T13:00:00%2B02:00%00", "%31" * 33,
        ):
            results.equal(scene.get("/api/report?at=" + text).status, 422, "malformed: " + text)
        for path in ("/api/state", "/api/report"):
            for headers, status in (([], 401), ([scene.night], 403), ([("Authorization", "Bearer x")], 401)):
                results.equal(scene.get(path, headers).status, status, path + " is not for everybody")
        # More than one page.
        with Connection(port) as connection:
            for _ in range(5):
                connection.send(b"".join(build("POST", "/api/v1/share", [FORM], b"secret=x") for _ in range(100)))
                for _ in range(100):
                    connection.response("POST")
        results.equal(len({each["id"] for each in scene.list("/api/state")}), 502, "pages tell every secret once")
        results.check(len(scene.get("/api/state").body) < 65536, "and are bounded")


def audit_of(scene):
    """The audit log's lines, once the server has stopped."""
    scene.server.stop()
    return [json.loads(line) for line in scene.server.text("stdout").split("\n") if '"onetime.audit"' in line]


def audited(results):
    """Whatever is burned, stopped or listed is in the audit log with who did it, from where and by what; each secret for itself."""
    with Scene("--audit", "memory,stdout") as scene:
        port = scene.port
        boss = scene.admin[1].split("_")[1]
        made = [share(port, "x", [scene.night]) for _ in range(2)] + [scene.labelled("a-label-in-no-line") for _ in range(2)]
        made += [share(port, "x") for _ in range(3)]
        ids = {entry["id"]: entry["secret"] for entry in scene.list("/api/state")}
        scene.burn(key="night")
        scene.burn(label="a-label-in-no-line", **{"from": "0"})
        one = next(entry["id"] for entry in scene.list("/api/state"))
        scene.page("/operator", receipt=one, confirm="yes")
        post_form(port, "/operator", {"receipt": one, "confirm": "yes", "form_token": scene.own_proof}, [scene.basic()])
        scene.burn(all="true", confirm="yes")
        scene.burn(all="true", confirm="yes")
        scene.lock("creation")
        scene.lock("none")
        scene.server.signal(signal.SIGUSR2)
        time.sleep(0.2)
        lines = audit_of(scene)
    who = ("boss", boss, "127.0.0.1")

    def seen(action, *fields):
        return [
            tuple(line.get(field) for field in ("user.name", "user.id", "source.ip") + fields)
            for line in lines
            if line["event.action"] == action and line.get("user.name") != "night"
        ]

    results.equal(
        seen("burn-many", "onetime.count", "onetime.burned_by", "onetime.burn"),
        [who + (2, ["key"], 1), who + (2, ["label", "time"], 2), who + (1, ["receipt"], 3), who + (2, ["all"], 4), who + (0, ["all"], 5)],
        "audited: what was burned by whom, from where, and by what",
    )
    burns = seen("burn", "onetime.receipt", "onetime.secret", "onetime.burn")
    results.equal({burn[:3] for burn in burns}, {who}, "audited: each burn has who did it")
    results.equal({burn[3]: burn[4] for burn in burns}, ids, "audited: and is one of those secrets")
    results.equal([burn[5] for burn in burns], [1, 1, 2, 2, 3, 4, 4], "audited: and says which burning it was")
    results.check("a-label-in-no-line" not in json.dumps(lines), "audited: the label's words are in no line")
    results.equal(seen("lockdown", "rule.name")[0], who + ("creation",), "audited: who stopped it, and from where")
    results.equal(seen("unlock", "rule.name"), [who + ("none",)], "audited: who let it go on")
    results.equal(seen("lockdown", "rule.name")[1], (None, None, None, "all"), "audited: a signal comes from nowhere")
    results.equal(set(seen("report")), {who}, "audited: who listed them")


def fill(port, count):
    """So many secrets, and the keys of some of them."""
    keys, one = [], build("POST", "/api/v1/share", [FORM], b"secret=one+of+many&ttl=3600")
    with Connection(port, 60) as connection:
        for start in range(0, count, 250):
            connection.send(one * 250)
            for number in range(250):
                body = connection.response("POST").body
                if (start + number) % 100 == 0:
                    keys.append(re.search(rb'"secret_key":"([^"]+)"', body).group(1).decode())
    return keys


def many(results):
    """All of many, while others reveal: nobody gets any of it after the answer, and nobody waits."""
    with Scene("--audit", "memory,stdout", "--audit-queue", "256M") as scene:
        keys = fill(scene.port, MANY)
        ends = threading.Event()
        waits, wrong = [], []

        def go_on():
            with Connection(scene.port) as connection:
                while not ends.is_set():
                    begun = time.monotonic()
                    made = connection.request("POST", "/api/v1/share", [FORM], b"secret=meanwhile").json()
                    middle = time.monotonic()
                    answer = connection.request("POST", "/api/v1/secret/" + made["secret_key"], [FORM], b"")
                    waits.append((max(time.monotonic() - middle, middle - begun), begun))
                    # One that came just before the burning is burned, as it should be.
                    if answer.status != 200:
                        wrong.append(begun)

        thread = threading.Thread(target=go_on)
        thread.start()
        time.sleep(2)
        begun = time.monotonic()
        answer = scene.burn(all="true", confirm="yes").json()
        answered = time.monotonic()
        results.check(not answer["finished"] and answer["burned"] < 1000, "a part is done at once", answer)
        for key in (keys[-1], keys[-2], keys[len(keys) // 2]):
            results.equal(reveal(scene.port, key).status, 404, "nobody gets any of it")
        state = scene.get("/api/state").json()
        while not state["burns"][-1]["finished"] and time.monotonic() - begun < 60:
            time.sleep(0.02)
            state = scene.get("/api/state").json()
        done = time.monotonic()
        time.sleep(1)
        ends.set()
        thread.join()
        burned = state["burns"][-1]["burned"]
        results.check(MANY <= burned <= MANY + 1, "all of them", burned)
        results.check(all(begun - 0.5 < moment < answered for moment in wrong), "and nothing that came later", wrong)
        quiet = sorted(wait for wait, moment in waits if moment < begun - 0.1 or moment > done + 0.1)
        busy = sorted(wait for wait, moment in waits if begun - 0.1 <= moment <= done + 0.1)
        print(
            "burning %d: answered in %.1f ms, done after %.2f s; longest wait of %d reveals %.1f ms (median %.2f), without it %.1f ms"
            " (median %.2f)"
            % (
                burned, (answered - begun) * 1000, done - begun, len(busy), busy[-1] * 1000, busy[len(busy) // 2] * 1000,
                quiet[-1] * 1000, quiet[len(quiet) // 2] * 1000,
            ),
            flush=True,
        )
        results.check(busy[len(busy) // 2] < 0.02, "reveals go on meanwhile", busy[len(busy) // 2])
        results.check(busy[-1] < max(0.1, 3 * quiet[-1]), "and none waits long", busy[-1])
        lines = audit_of(scene)
        ended = [line for line in lines if line["event.action"] == "burn" and line.get("onetime.burn") == 1]
        results.equal(len({line["onetime.secret"] for line in ended}), burned, "each of them has a line, whatever turn it was burned in")
        results.equal({(line["user.name"], line["source.ip"]) for line in ended}, {("boss", "127.0.0.1")}, "with who burned it")
        told = [(line["onetime.count"], line["user.name"]) for line in lines if line["event.action"] == "burn-many"]
        results.equal(told, [(answer["burned"], "boss"), (burned, "boss")], "and the end of it, too")


def operator(results):
    """The page is there for a key with the scope, by Basic authentication; forms of other sites do nothing; burning asks first."""
    with Server() as server:
        for method in ("GET", "POST"):
            answer = request(server.port, method, "/operator")
            results.equal((answer.status, answer.header("www-authenticate")), (404, None), "no key, no page")
    with Scene() as scene:
        port, basic = scene.port, scene.basic()
        made = [share(port, "x", [scene.night]), share(port, "y"), scene.labelled('L<b>"&')]
        night = base64.b64encode(("night:" + scene.night[1].split()[1]).encode()).decode()
        for headers in ([], [("Authorization", "Basic " + night)], [("Authorization", "Basic Ym9zczp3cm9uZw==")]):
            for method in ("GET", "POST"):
                answer = request(port, method, "/operator", headers)
                results.check(
                    answer.status == 401 and answer.header("www-authenticate").startswith("Basic "), "asks for a key", answer.status
                )
                results.check("otl_" not in answer.text() and "night" not in answer.text(), "and tells nothing")
        page = request(port, "GET", "/operator", [basic])
        results.equal(page.status, 200, "opens by key")
        results.check(page.header("set-cookie") is None and "<script" not in page.text(), "no cookie, no script")
        results.check("noindex" in page.header("x-robots-tag") and page.header("cache-control") == "no-store", "not kept")
        results.equal(page.text().count("<details>"), 3, "three secrets")
        results.check("night" in page.text() and "L&lt;b" not in page.text(), "with key names, without labels")
        german = request(port, "GET", "/operator?locale=de", [basic]).text()
        results.check("Für den Betreiber" in german and 'action="/operator?locale=de"' in german, "in the language of the address")

        post = scene.operate
        fields = {"action": "burn", "all": "yes"}
        asked = post(fields)
        results.check(asked.status == 200 and 'name="confirm" value="yes"' in asked.text(), "burning asks first")
        foreign = dict(fields, confirm="yes")
        for headers in ([("Sec-Fetch-Site", "cross-site")], [("Origin", "https://evil.example")]):
            results.equal(post(foreign, headers).status, 403, "not from another site")
        results.equal(post(dict(foreign, form_token="x"), [("Origin", "null")]).status, 403, "not without the proof")
        results.equal(post({"action": "burn"}).status, 400, "nothing selected")
        results.equal(post({"action": "burn", "from": "soon"}).status, 400, "no such time")
        results.equal(post({"action": "burn", "key": "nobody"}).status, 400, "no such key")
        results.equal({scene.state(one) for one in made}, {"new"}, "none of it burned anything")
        empty = {"key": "", "label": 'L<b>"&', "receipt": "", "from": "", "to": ""}
        asked = post(dict(empty, action="burn")).text()
        results.check('value="L&lt;b&gt;&#34;&amp;"' in asked, "the label goes along, escaped", asked[-2000:])
        answer = post(dict(empty, action="burn", confirm="yes"))
        results.equal((answer.status, answer.header("location")), (303, "/operator"), "and then burns")
        results.equal([scene.state(one) for one in made], ["new", "new", "burned"], "what was asked for")
        now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 120)).replace(":", "%3A")
        report = request(port, "GET", "/operator?from=2026-01-01T00%3A00&to=" + now, [basic]).text()
        results.check(report.count("<details>") == 3 and "Burned" in report, "the report tells of what is gone")
        for query in ("from=soon", "until=5", "AT=1", "at=1&at=2"):
            results.equal(request(port, "GET", "/operator?" + query, [basic]).status, 400, "no such time, or field: " + query)
        turned, legible = "a\u202eb\u2069c\x1b", "<bdi>a\ufffdb\ufffdc\ufffd</bdi>"
        asked = post(dict(empty, label=turned, action="burn")).text()
        results.check(legible in asked and 'value="%s"' % turned in asked, "a label is shown legibly, and sent as it is", asked[-2000:])
        shown = request(port, "GET", "/receipt/" + scene.labelled(turned)["metadata_key"]).text()
        results.check(legible in shown and turned not in shown, "so it is on the receipt", shown[-2000:])
        results.equal(request(port, "POST", "/api/keys/revoke", [FORM, scene.admin], b"name=boss").status, 200, "the key ends")
        results.equal(request(port, "GET", "/operator", [basic]).status, 404, "and the page with it")


def rules(results):
    """Both lists tell which secrets have rules, as their receipts do; all that may be told of many secrets fits into the pages."""
    networks = ", ".join("2001:db8:1111:2222:3333:4444:5555:%04x/128" % number for number in range(0x1000, 0x100b))
    hours = "; ".join("Mon,Wed,Fri,Sun %02d:10-%02d:50 America/Argentina/Buenos_Aires" % (hour, hour) for hour in range(8))
    begin = int(time.time()) + 2 * 86400
    given = {"not_before": str(begin), "hours": hours, "allow_networks": networks, "deny_networks": networks.replace("db8", "db9")}
    with Scene() as scene:
        port, basic = scene.port, scene.basic()
        plain, made = share(port, "x"), share(port, "y", ttl=604800, **given)
        told = receipt(port, made["metadata_key"]).json()
        told = {name: told[name] for name in given}
        for path in ("/api/state", "/api/report"):
            listed = scene.list(path)
            results.equal([{name: each[name] for name in given if name in each} for each in listed], [{}, told], path)
        shown = Markup(request(port, "GET", "/operator", [basic]).text()).texts
        page = " ".join("".join(shown).split())
        for text in (hours, networks, "Not before", time.strftime("%-d %B %Y, %H:%M UTC", time.gmtime(begin))):
            results.equal(page.count(text), 1, "the page tells of it once: %.40s" % text)
        results.equal(scene.burn(key="night").status, 200, "nothing of it is in the way")
        burn(port, made["metadata_key"])
        results.check(all(told["hours"] not in each.values() for each in scene.list("/api/report")), "what is gone has no rules")
        # The longest that there may be, refused as often as is remembered.
        for number in range(60):
            made = share(port, "x", ttl=604800, **given)
            if number < 30:
                for _ in range(20):
                    reveal(port, made["secret_key"])
        results.equal(len({each["id"] for each in scene.list("/api/state")}), 61, "all of them are listed")
        ids, path = [], "/operator"
        while path:
            answer = request(port, "GET", path, [basic])
            results.equal(answer.status, 200, "a page of them")
            some = re.findall(r"<summary><code>([0-9a-f]{16})", answer.text())
            results.check(1 <= len(some) <= 20, "some on each", len(some))
            ids += some
            path = re.search(r'href="(/operator\?after=[^"]*)"', answer.text())
            path = path and html.unescape(path[1])
        results.equal((len(ids), len(set(ids))), (61, 61), "and each on one of its pages")


def main(results):
    """Everything."""
    for test in (burning, receipts, report, operator, rules, audited, many):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 300)
