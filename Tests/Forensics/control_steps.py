"""Owns what the forensic suite does on a server on which all that controls it is on at once: keys, links, rules of server and secret,
lock-down, burnings, audit log with all its receivers, webhook, figures, request log, brands, domains with certificates, reload.

The receivers of webhook and syslog are played here. What went out to them is searched, too.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import ssl
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Blackbox"))
from keys import SCOPES, basic, bearer, intended, keygen, make_link  # noqa: E402
from key_material import private_numbers, sha256_state  # noqa: E402
from onetime_harness import free_port  # noqa: E402
from onetime_http import (  # noqa: E402
    FORM,
    Connection,
    ProtocolError,
    burn,
    form,
    multipart,
    origin,
    post_form,
    receipt,
    request,
    reveal,
    share,
)
from onetime_tls import Certificates, connect, context, get  # noqa: E402
from outbound import OK, Receiver, answers, octets  # noqa: E402
from outbound import context as receiving  # noqa: E402
from rules import hours  # noqa: E402
from scan import random_text  # noqa: E402
from steps import LINK, RECEIPT_LINK, Session, create_with_passphrase, expect, load  # noqa: E402
from tls_steps import closed_connections, still_served  # noqa: E402

COUNTRIES = os.path.join(os.path.dirname(HERE), "RulesTests", "Vectors", "countries-32.mmdb")
DUTCH, GERMAN, NOWHERE = ([("X-Forwarded-For", address)] for address in ("133.32.0.1", "211.52.94.1", "41.32.0.1"))
DOMAINS = {"own": "one.example", "other": "two.example"}
BRANDS = """product-name = Everybody
before-reveal = Before it is shown.

[one.example]
product-name = First
primary-color = #b45309
locale = nl

[two.example]
product-name = Second
footer-link = Imprint | /imprint
"""


class ControlSession(Session):
    """A server with everything on, and the receivers of what it sends. `lasting` names what it has to keep for as long as it runs:
    that may lie in locked memory and nowhere else."""

    def __init__(self, arguments, binary=None, by_file=False):
        super().__init__(arguments, binary)
        self.folder = tempfile.mkdtemp(prefix="onetime-control-")
        self.figures = free_port()
        self.keylog = self.path("receiver-keys")
        self.told = 0
        made = Certificates(self.folder)
        made.make("address", "IP:127.0.0.1")
        for name, kind in (("own", "P-256"), ("other", "RSA-2048")):
            self.server.arguments += ["--tls", made.make(name, "DNS:" + DOMAINS[name], kind)]
            for part, number in private_numbers(made.path(name + ".key")):
                self.add_lasting("private key of %s: %s" % (name, part), number)
        self.keys, self.lines = {}, {}
        for name in [*SCOPES, "by file", "to revoke"]:
            scopes = ["--scopes", name] if name in SCOPES else []
            self.keys[name], self.lines[name] = keygen(name.replace(" ", "-"), *scopes)
            self.canaries.add("key " + name, self.keys[name][13:])
        self.server.environment["API_KEYS"] += "\n" + "\n".join(self.lines[name] for name in SCOPES)
        self.write_keys("by file", "to revoke")
        self.write("brands", BRANDS)
        self.write("settings", "log-source = true\n")
        self.webhook_secret = random_text(100 if by_file else 48)
        self.add_secret(self.webhook_secret.encode())
        if by_file:
            self.write("webhook-secret", self.webhook_secret + "\n")
            self.server.arguments += ["--webhook-secret-file", self.path("webhook-secret")]
        else:
            self.server.environment["WEBHOOK_SECRET"] = self.webhook_secret
        receiver = receiving(made, "address")
        receiver.keylog_filename = self.keylog
        self.hooks = Receiver(answers(OK), receiver)
        self.syslog = Receiver(octets, receiving(made, "address"))
        self.server.arguments += [
            *("--webhook", "https://127.0.0.1:%d/hook" % self.hooks.port, "--webhook-allow-private"),
            *("--syslog", "syslog+tls://127.0.0.1:%d" % self.syslog.port, "--ca-file", made.path("authority.crt")),
            *("--audit", "memory,stdout,fd:3", "--audit-addresses", "hashed", "--certificate", "fd:3"),
            *("--metrics-listen", "127.0.0.1:%d" % self.figures, "--log-requests", "--log-level", "debug"),
            *("--key-file", self.path("keys"), "--config", self.path("settings"), "--brand-file", self.path("brands")),
            *("--allow-host", "one.example", "--trusted-proxies", "127.0.0.1", "--country-file", COUNTRIES),
            *("--deny-networks", "192.0.2.0/24"),
        ]
        self.server.wrapper = ["sh", "-c", 'exec "$@" 3>>"$0"', self.path("stream")]

    def __exit__(self, *rest):
        super().__exit__(*rest)
        self.hooks.close()
        self.syslog.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        """A file of the session's folder."""
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """Writes a file of the session's folder."""
        with open(self.path(name), "w") as file:
            file.write(text)

    def write_keys(self, *names):
        """Writes the file of keys."""
        self.write("keys", "# keys\n" + "".join(self.lines[name] + "\n" for name in names))

    def add_lasting(self, name, value):
        """A canary that the server keeps while it runs."""
        self.canaries.add(name, value)
        self.lasting.append(name)

    def add_secret(self, secret):
        """The webhook's secret, and what HMAC makes of it: each would do to sign."""
        self.add_lasting("webhook's secret", secret)
        key = secret
        if len(secret) > 64:
            key = hashlib.sha256(secret).digest()
            self.canaries.add("webhook's secret, hashed", key)
        for name, mask in (("inner", 0x36), ("outer", 0x5C)):
            block = bytes(byte ^ mask for byte in key.ljust(64, b"\0"))
            self.canaries.add("webhook's secret, %s state" % name, sha256_state(block))

    def reload(self, outcome="success"):
        """SIGHUP; returns once the server says how it went."""
        before = self.server.text("stdout").count('"event.action":"reload"')
        self.server.signal(signal.SIGHUP)
        for _ in range(500):
            found = re.findall(r'\{[^\n]*"event.action":"reload"[^\n]*\}\n', self.server.text("stdout"))
            if len(found) > before:
                break
            time.sleep(0.01)
        else:
            raise ProtocolError("nothing is said of the reload")
        if json.loads(found[-1])["event.outcome"] != outcome:
            raise ProtocolError("the reload: " + found[-1])

    def administer(self, path, status=200, **fields):
        """A POST with the administrator's key."""
        return expect(post_form(self.port, path, fields, [bearer(self.admin)]), status)

    def administer_get(self, target):
        """A GET with the administrator's key."""
        return expect(request(self.port, "GET", target, [bearer(self.admin)]), 200)

    def lock(self, mode):
        """Locks down, or unlocks."""
        self.administer("/api/lockdown", mode=mode)

    def operate(self, status, **fields):
        """A form of the operator's page, with the key as a browser sends it."""
        headers = [basic("admin", self.admin), ("Origin", origin(self.port))]
        page = expect(request(self.port, "GET", "/operator", headers[:1]), 200)
        proof = re.search(r'name="form_token" value="([^"]+)"', page.text())[1]
        fields = dict({"form_token": proof}, **fields)
        return expect(post_form(self.port, "/operator", fields, headers), status)

    def conceal(self, name, headers=(), **fields):
        """A secret by the page's script, with a label and a note; (secret token, receipt token, content)."""
        content, label = self.plant(name + ": content"), self.plant(name + ": label", 60)
        fields = dict(fields, secret=content, label=label, note=self.plant(name + ": note", 60))
        made = expect(post_form(self.port, "/secret", fields, [("Origin", origin(self.port)), *headers]), 200).json()
        self.keep(name, {"secret_key": made["secret"], "metadata_key": made["receipt"]})
        return made["secret"], made["receipt"], content, label

    def quiet(self):
        """Waits until nothing more arrives at the receivers; the keys of the connections that are over become canaries."""
        count = -1
        while count != len(self.hooks.taken) + len(self.syslog.taken):
            count = len(self.hooks.taken) + len(self.syslog.taken)
            time.sleep(0.2)
        with open(self.keylog) as file:
            lines = [line.split() for line in file if not line.startswith("#")]
        for number, line in list(enumerate(lines))[self.told :][:40]:
            self.canaries.add("webhook's connection: %s %d" % (line[0], number), bytes.fromhex(line[2]))
        self.told = len(lines)

    def outside(self):
        """Writes into one file all that went out: logs, streams, messages; and the control. Its path."""
        with open(self.path("outside"), "wb") as file:
            for name in (self.server.path("stdout"), self.server.path("stderr"), self.path("stream")):
                with open(name, "rb") as said:
                    shutil.copyfileobj(said, file)
            for _, fields, body in self.hooks.taken:
                file.write(repr(fields).encode() + body + b"\n")
            file.write(b"\n".join(self.syslog.taken) + b"\n" + self.server.environment["CONTROL_CANARY"].encode())
        return self.path("outside")


def configured(session):
    """Each domain shows its certificate and its brand; other hosts are refused; the webhook's receiver can check who signed."""
    for name, host in DOMAINS.items():
        version = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[name == "own"]
        with connect(session.port, context(version), name=host) as secure:
            expect(get(secure, "/", host), 200, b"First" if name == "own" else b"Second")
    expect(request(session.port, "GET", "/", host="evil.example"), 421)
    expect(request(session.figures, "GET", "/metrics"), 200, b"onetime_secrets_held")
    session.quiet()
    _, fields, body = session.hooks.taken[0]
    signed = b".".join([fields["webhook-id"].encode(), fields["webhook-timestamp"].encode(), body])
    code = base64.b64encode(hmac.new(session.webhook_secret.encode(), signed, hashlib.sha256).digest()).decode()
    if fields["webhook-signature"] != "v1," + code or not session.syslog.taken:
        raise ProtocolError("the receivers got nothing that is good")


def keys_used(session):
    """Every scope by Bearer, by Basic and alone, from file and environment; each where it may and where it may not."""
    keys, port = session.keys, session.port
    made = session.keep("by key create", share(port, session.plant("by key create: content"), [bearer(keys["create"])]))
    expect(receipt(port, made["metadata_key"], [basic("receipt", keys["receipt"])]), 200)
    expect(burn(port, made["metadata_key"], [bearer(keys["reveal"])]), 404)
    expect(reveal(port, made["secret_key"], [basic(keys["reveal"], "")]), 200)
    made, _ = session.create("by key burn")
    expect(burn(port, made["metadata_key"], [basic("burn", keys["burn"])]), 200)
    expect(request(port, "GET", "/api/v1/private/recent", [bearer(keys["recent"])]), 200)
    expect(request(port, "GET", "/api/audit", [bearer(keys["audit"])]), 200, b"key-use")
    expect(request(port, "GET", "/api/audit", [bearer(keys["admin"])]), 403)
    expect(request(port, "GET", "/api/keys", [basic("admin", keys["admin"])]), 200)
    for header in (bearer(keys["by file"]), basic("by-file", keys["by file"]), basic(session.user, session.token)):
        made = session.keep("by other keys", share(port, session.plant("by other keys: content"), [header]))
        expect(request(port, "GET", "/api/v1/private/recent", [header]), 200, made["metadata_key"].encode())


def wrong_keys(session):
    """Keys that are wrong in part, belong to nobody, or come too often, by POST and GET, to the API and to the operator's page."""
    port, good = session.port, session.keys["create"]
    for number in range(14):
        wrong = session.plant("wrong key %d" % number, 43, False)
        header = (bearer(good[:13] + wrong), basic("create", "otl_" + wrong), basic(session.user, wrong))[number % 3]
        answer = post_form(port, "/api/v1/share", {"secret": session.plant("by a wrong key: content")}, [header, *GERMAN])
        if intended(answer) not in (401, 429):
            raise ProtocolError("a wrong key: %r" % answer)
        for path in ("/api/audit", "/operator"):
            request(port, "GET", path, [header, *NOWHERE])


def rotated_and_revoked(session):
    """Keys are rotated, used meanwhile, and revoked."""
    port = session.port
    new = session.administer("/api/keys/rotate", name="by-file", grace=3600).json()["key"]
    session.canaries.add("rotated key", new[13:])
    for key in (session.keys["by file"], new):
        session.keep("rotated", share(port, session.plant("rotated: content"), [bearer(key)]))
    session.administer("/api/keys/revoke", name="to-revoke")
    answer = post_form(port, "/api/v1/share", {"secret": session.plant("revoked: content")}, [bearer(session.keys["to revoke"])])
    if intended(answer) != 401:
        raise ProtocolError("a revoked key is good: %r" % answer)
    own = post_form(port, "/api/keys/rotate", {}, [basic("admin", session.keys["admin"])])
    session.canaries.add("administrator's other key", expect(own, 200).json()["key"][13:])


def creation_links(session):
    """Links are made; one is looked at and used, one used with a mistake first, one only looked at, one left alone."""
    port = session.port
    tokens = [make_link(port, session.keys["create"], max_size=300) for _ in range(4)]
    for number, token in enumerate(tokens):
        session.canaries.add_token("creation link %d" % number, token)
    for token in tokens[:3]:
        expect(request(port, "GET", "/new/" + token), 200, token.encode())
    expect(post_form(port, "/", {"link": tokens[1], "secret": session.plant("by a link, too long: content", 400)}), 413)
    for number in range(2):
        name = "by link %d" % number
        head, body = multipart({"link": tokens[number], "secret": session.plant(name + ": content", 100)})
        made = expect(request(port, "POST", "/", [head], body), 303)
        session.canaries.add_token(name + ": receipt token", made.header("location").split("/receipt/")[1][:31])
        expect(post_form(port, "/", {"link": tokens[number], "secret": session.plant(name + ", again: content")}), 404)
    session.administer("/api/keys/revoke", name="create")
    expect(request(port, "GET", "/new/" + tokens[2]), 404)


def by_page_and_script(session):
    """What is made and read by page and script, with label and note, by key and without; wrong passphrases and claims."""
    port, passphrase = session.port, session.plant("claimed: passphrase", 32)
    key, _, content, _ = session.conceal("claimed", [bearer(session.keys["by file"])], passphrase=passphrase)
    for number in range(2):
        wrong = session.plant("claimed: wrong passphrase %d" % number, 32)
        post_form(port, "/secret/%s/claim" % key, {"claim": "%032x" % 7, "passphrase": wrong})
    claim = {"claim": "%032x" % 7, "passphrase": passphrase}
    expect(post_form(port, "/secret/%s/claim" % key, claim), 200, content[:8].encode())
    expect(post_form(port, "/secret/%s/claim" % key, claim), 200, content[:8].encode())
    expect(post_form(port, "/secret/%s/commit" % key, {"claim": "%032x" % 7}), 204)
    key, _, content, _ = session.conceal("on a page")
    expect(request(port, "GET", "/secret/" + key, host="one.example"), 200)
    expect(post_form(port, "/secret/" + key, {}, [("Origin", origin(port))]), 200, content[:8].encode())
    fields = {"secret": session.plant("by the form: content"), "label": session.plant("by the form: label", 60)}
    answer = expect(post_form(port, "/", fields, [("Origin", origin(port))]), 303)
    shown = expect(request(port, "GET", re.sub(r"^https?://[^/]+", "", answer.header("location"))), 200).text()
    session.canaries.add_token("by the form: secret token", LINK.search(shown).group(1))
    session.canaries.add_token("by the form: receipt token", RECEIPT_LINK.search(shown).group(1))


def refused_by_rules(session):
    """Rules of a secret and of the server refuse readers by API, claim and page, with and without the right passphrase."""
    port, later = session.port, str(int(time.time()) + 3000)
    for name, rule in (
        ("network", {"allow_networks": "211.52.94.0/24"}),
        ("country", {"deny_countries": "NL"}),
        ("hours", {"hours": hours(2), "ttl": 4 * 86400}),
        ("not before", {"not_before": later}),
    ):
        passphrase = session.plant("refused by %s: passphrase" % name, 32)
        made, _ = session.create("refused by " + name, passphrase=passphrase, **rule)
        key = made["secret_key"]
        if intended(reveal(port, key, DUTCH, passphrase=passphrase)) != 403:
            raise ProtocolError("%s refuses nothing" % name)
        wrong = session.plant("refused by %s: wrong passphrase" % name, 32)
        expect(post_form(port, "/secret/%s/claim" % key, {"claim": "%032x" % 9, "passphrase": wrong}, DUTCH), 403)
        expect(post_form(port, "/secret/" + key, {"passphrase": passphrase}, [("Origin", origin(port)), *DUTCH]), 403)
        expect(receipt(port, made["metadata_key"], GERMAN), 200, b'"refused"')
        if name in ("network", "country"):
            expect(reveal(port, key, GERMAN, passphrase=passphrase), 200)
    answer = post_form(port, "/api/v1/share", {"secret": session.plant("denied: content")}, [("X-Forwarded-For", "192.0.2.7")])
    if intended(answer) != 403:
        raise ProtocolError("a denied network may create: %r" % answer)
    rule = {"secret": session.plant("a rule that is none: content"), "hours": session.plant("a rule that is none", 40)}
    if intended(post_form(port, "/api/v1/share", rule)) not in (400, 422):
        raise ProtocolError("a rule that is none is taken")


def reloaded(session):
    """SIGHUP: the server's hours close and open, a file of keys is wrong, loses a key and gets it back."""
    port, passphrase = session.port, session.plant("outside the hours: passphrase", 32)
    made, content = session.create("outside the hours", passphrase=passphrase)
    session.write("settings", "hours = %s\n" % hours(2))
    session.reload()
    if intended(reveal(port, made["secret_key"], passphrase=passphrase)) != 403:
        raise ProtocolError("the hours refuse nothing")
    session.write("settings", "log-source = true\n")
    session.write("keys", session.lines["by file"] + " nonsense=1\n")
    session.reload("failure")
    session.write_keys("to revoke")
    session.reload()
    fields = {"secret": session.plant("by a key that is gone: content")}
    if intended(post_form(port, "/api/v1/share", fields, [bearer(session.keys["by file"])])) != 401:
        raise ProtocolError("a key whose line is gone is good")
    session.write_keys("by file")
    session.reload()
    expect(reveal(port, made["secret_key"], passphrase=passphrase), 200, content[:8].encode())


def locked_down(session):
    """Lock-down by API, page and signal: what comes meanwhile is refused and lives on."""
    port, passphrase = session.port, session.plant("locked down: passphrase", 32)
    made, content = session.create("locked down", passphrase=passphrase)

    def by_page(*stops):
        shown = session.administer_get("/api/state").json()["lockdown"]
        session.operate(303, action="lock", shown=shown, **{stop: "on" for stop in stops})

    def by_signal(mode):
        session.server.signal(signal.SIGUSR2)
        while session.administer_get("/api/state").json()["lockdown"] != mode:
            time.sleep(0.01)

    ways = (
        (lambda: session.lock("all"), lambda: session.lock("none")),
        (lambda: by_page("creation", "reveal"), by_page),
        (lambda: by_signal("all"), lambda: by_signal("none")),
    )
    for number, (lock, unlock) in enumerate(ways):
        lock()
        name = "refused in lock-down %d: " % number
        fields = {"secret": session.plant(name + "content"), "passphrase": session.plant(name + "passphrase", 32)}
        expect(post_form(port, "/api/v1/share", fields), 503)
        head, body = multipart(fields)
        expect(request(port, "POST", "/", [head], body), 503)
        expect(reveal(port, made["secret_key"], passphrase=passphrase), 503)
        unlock()
    expect(reveal(port, made["secret_key"], passphrase=passphrase), 200, content[:8].encode())


def operated(session):
    """The operator's page: its lists, a burning by label that it asks about first, and one by key."""
    port, header = session.port, basic("admin", session.admin)
    _, _, _, label = session.conceal("burned on the page")
    session.keep("burned by key", share(port, session.plant("burned by key: content"), [bearer(session.keys["by file"])]))
    for query in ("", "?from=2026-01-01T00%3A00&to=2036-01-01T00%3A00"):
        expect(request(port, "GET", "/operator" + query, [header]), 200, b"<details>")
    shown = session.operate(200, action="burn", label=label, key="", receipt="", **{"from": "", "to": ""})
    if b'name="confirm" value="yes"' not in shown.body:
        raise ProtocolError("the page does not ask")
    session.operate(303, action="burn", label=label, confirm="yes")
    session.operate(303, action="burn", key="by-file", confirm="yes")
    session.operate(400, action="burn", label=session.plant("a label beside a wrong time", 60), **{"from": "soon"})


def burned_by_api(session):
    """Burnings by receipt, label, time, and all."""
    listed = session.administer_get("/api/state").json()["list"]
    session.administer("/api/burn", receipt=listed[0]["id"])
    _, _, _, label = session.conceal("burned by label")
    if session.administer("/api/burn", label=label).json()["burned"] != 1:
        raise ProtocolError("the label burns nothing")
    session.administer("/api/burn", label=session.plant("a label that nothing has", 60))
    session.create("burned by time")
    session.administer("/api/burn", **{"from": int(time.time()) - 1, "to": int(time.time()) + 100})
    session.create("burned with all")
    session.administer("/api/burn", all="true", confirm="yes")


def told(session):
    """Report, log, certificate on demand and figures are asked for, after all that."""
    expect(session.administer_get("/api/report?from=%d" % (time.time() - 3600)), 200)
    audit = [bearer(session.keys["audit"])]
    expect(request(session.port, "GET", "/api/audit", audit), 200, b'"rule.name"')
    expect(request(session.port, "POST", "/api/certificate", audit, b""), 200, b"onetime.signature")
    with Connection(session.figures) as connection:
        expect(connection.request("GET", "/metrics"), 200, b"onetime_refusals_total")
    session.quiet()


def under_load(session):
    """Many secrets by key come and go while all of it is written down and sent."""
    load(session, 96, 8)
    failures = []

    def work():
        try:
            with Connection(session.port) as connection:
                for number in range(6):
                    body = form({"secret": session.plant("by key, load: content")})
                    head = [FORM, (basic("by-file", session.keys["by file"]), bearer(session.keys["by file"]))[number % 2]]
                    made = session.keep("by key, load", connection.request("POST", "/api/v1/share", head, body).json())
                    expect(connection.request("POST", "/api/v1/secret/" + made["secret_key"], DUTCH), 200)
        except (OSError, ValueError, KeyError) as reason:
            failures.append(reason)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    session.quiet()


CONTROL_LIFE = [
    configured,
    keys_used,
    wrong_keys,
    rotated_and_revoked,
    creation_links,
    by_page_and_script,
    refused_by_rules,
    create_with_passphrase,
    reloaded,
    locked_down,
    operated,
    burned_by_api,
    under_load,
    closed_connections,
    told,
    still_served,
]
