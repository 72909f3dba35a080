"""Owns the life of a secret as the forensic suite walks it: each step makes requests and plants canaries.

A step takes a Session and leaves the server idle. What it planted stays among the canaries of all later scans.
"""

import base64
import os
import re
import secrets
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path  # noqa: E402
from onetime_http import (
    FORM,
    JSON,
    Connection,
    ProtocolError,
    build,
    burn,
    form,
    json_body,
    multipart,
    origin,
    post_form,  # noqa: E402
    query,
    receipt,
    request,
    reveal,
    share,
)
from scan import Canaries, random_text  # noqa: E402

CONTROL = "control"
LINK = re.compile(r"/secret/([0-9a-z]{31})")
RECEIPT_LINK = re.compile(r"/receipt/([0-9a-z]{31})")


class Session:
    """A server with its canaries. The control is an ordinary environment variable, which nobody has reason to wipe."""

    def __init__(self, arguments, binary=None, api_key=True):
        self.canaries = Canaries()
        control = random_text(48)
        self.user = "forensics"
        self.token = random_text(40)
        environment = {"CONTROL_CANARY": control}
        self.canaries.add(CONTROL, control)
        keygen = [os.path.abspath(binary) if binary else binary_path(), "keygen", "--name", "admin", "--scopes", "admin"]
        self.admin, line = subprocess.run(keygen, capture_output=True, check=True, text=True).stdout.splitlines()
        # What is before is the id, by which a key is found, and no secret.
        self.canaries.add("administrator's key", self.admin[13:])
        environment["API_KEYS"] = line
        if api_key:
            environment.update(ONETIME_USER=self.user, ONETIME_APITOKEN=self.token)
            self.canaries.add("API token", self.token)
        self.server = Server(*arguments, environment=environment, binary=binary)
        self.held = []
        # What the server has to keep while it runs, in locked memory, and what of it was seen there.
        self.lasting = []
        self.seen = set()

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        for connection in self.held:
            connection.close()
        self.server.close()

    @property
    def port(self):
        """The server's port."""
        return self.server.port

    def plant(self, name, length=200, lively=True):
        """A new canary text."""
        text = random_text(length, lively)
        self.canaries.add(name, text)
        return text

    def keep(self, name, answer):
        """Takes the tokens of a receipt among the canaries and returns the receipt."""
        self.canaries.add_token(name + ": secret token", answer["secret_key"])
        self.canaries.add_token(name + ": receipt token", answer["metadata_key"])
        return answer

    def create(self, name, length=200, **fields):
        """Creates a secret with a planted content; (receipt, content)."""
        content = self.plant(name + ": content", length)
        return self.keep(name, share(self.port, content, **fields)), content


def expect(answer, status, part=b""):
    """The answer, if it is the one the step needs. Raises ProtocolError: a step that did not happen proves nothing."""
    if answer.status != status or part not in answer.body:
        raise ProtocolError("the step needed %d, got %r" % (status, answer))
    return answer


def start(session):
    """Nothing has happened but /health."""
    expect(request(session.port, "GET", "/health"), 200)


def create(session):
    """Three plain secrets that live on."""
    for number in range(3):
        session.create("created %d" % number)


def create_with_passphrase(session):
    """Two secrets with a passphrase that live on."""
    for number in range(2):
        session.create("protected %d" % number, passphrase=session.plant("protected %d: passphrase" % number, 32))


def receipt_view(session):
    """The sender looks at a receipt, on v1 and on the page."""
    made, _ = session.create("looked at")
    expect(receipt(session.port, made["metadata_key"]), 200, made["secret_key"].encode())
    expect(request(session.port, "GET", "/receipt/" + made["metadata_key"]), 200)
    expect(request(session.port, "GET", "/secret/" + made["secret_key"]), 200)


def follow(session):
    """The sender's page follows its receipt and goes on to, with the link drawn as a QR code; its recipient errs meanwhile."""
    made, _ = session.create("followed", passphrase=session.plant("followed: passphrase", 32))
    expect(request(session.port, "GET", "/receipt/" + made["metadata_key"]), 200, b"<svg")
    connection = Connection(session.port)
    session.held.append(connection)
    connection.send(build("GET", "/receipt/%s/events" % made["metadata_key"]))
    wrong = session.plant("followed: wrong passphrase", 32)
    expect(reveal(session.port, made["secret_key"], passphrase=wrong), 404)
    told = b""
    while b"data: new 0 1" not in told:
        piece = connection.socket.recv(65536)
        if not piece:
            raise ProtocolError("the receipt is not followed: %r" % told[-100:])
        told += piece


def wrong_passphrase(session):
    """The recipient errs, on v1 and on the page; the secret lives on."""
    made, _ = session.create("guessed at", passphrase=session.plant("guessed at: passphrase", 32))
    wrong = session.plant("wrong passphrase", 32)
    expect(reveal(session.port, made["secret_key"], passphrase=wrong), 404, b"Unknown secret")
    wrong_page = session.plant("wrong passphrase on the page", 32)
    post_form(session.port, "/secret/" + made["secret_key"], {"passphrase": wrong_page})
    expect(
        burn(session.port, made["metadata_key"], passphrase=session.plant("wrong burn passphrase", 32)),
        404,
        b"Double check",
    )


def revealed(session):
    """Plain secrets are read, the second time in vain."""
    for number in range(3):
        made, content = session.create("revealed %d" % number)
        if expect(reveal(session.port, made["secret_key"]), 200).json()["value"] != content:
            raise ProtocolError("another content came back")
        expect(reveal(session.port, made["secret_key"]), 404)
        expect(receipt(session.port, made["metadata_key"]), 200, b"received")


def revealed_with_passphrase(session):
    """A protected secret is read."""
    passphrase = session.plant("revealed protected: passphrase", 32)
    made, content = session.create("revealed protected", passphrase=passphrase)
    if expect(reveal(session.port, made["secret_key"], passphrase=passphrase), 200).json()["value"] != content:
        raise ProtocolError("another content came back")


def burned(session):
    """The sender burns a plain and a protected secret."""
    made, _ = session.create("burned")
    expect(burn(session.port, made["metadata_key"]), 200, b"burned")
    passphrase = session.plant("burned protected: passphrase", 32)
    made, _ = session.create("burned protected", passphrase=passphrase)
    expect(burn(session.port, made["metadata_key"], passphrase=passphrase), 200, b"burned")


def attempts_exhausted(session):
    """Five wrong passphrases burn the secret."""
    made, _ = session.create("locked out", passphrase=session.plant("locked out: passphrase", 32))
    for number in range(5):
        reveal(session.port, made["secret_key"], passphrase=session.plant("attempt %d" % number, 24))


def expired(session):
    """Secrets whose time passes unread."""
    made = [session.create("expired %d" % number, ttl=1)[0] for number in range(3)]
    time.sleep(2.6)
    expect(reveal(session.port, made[0]["secret_key"]), 404)


def page(session):
    """A person shares and a person reads, both without JavaScript."""
    content = session.plant("page: content")
    passphrase = session.plant("page: passphrase", 32)
    from_here = ("Origin", origin(session.port))
    fields = {"secret": content, "passphrase": passphrase, "ttl": "3600", "action": "conceal"}
    answer = post_form(session.port, "/", fields, [from_here])
    if answer.status in (302, 303):
        answer = request(session.port, "GET", re.sub(r"^https?://[^/]+", "", answer.header("location")))
    key = LINK.search(expect(answer, 200).text()).group(1)
    session.canaries.add_token("page: secret token", key)
    session.canaries.add_token("page: receipt token", RECEIPT_LINK.search(answer.text()).group(1))
    expect(request(session.port, "GET", "/secret/" + key), 200)
    shown = expect(post_form(session.port, "/secret/" + key, {"passphrase": passphrase}, [from_here]), 200)
    if content[:8].encode() not in shown.body:
        raise ProtocolError("the page did not show the content")
    kept = post_form(session.port, "/", dict(fields, secret=session.plant("page, unread: content")), [from_here])
    if kept.status == 200:
        session.canaries.add_token("page, unread: secret token", LINK.search(kept.text()).group(1))


def other_bodies(session):
    """Multipart, JSON (plain and escaped), query string and chunks; each is created, and all but one read."""
    head, body = multipart(
        {"secret": session.plant("multipart: content"), "passphrase": session.plant("multipart: passphrase", 32)}
    )
    session.keep("multipart", expect(request(session.port, "POST", "/api/v1/share", [head], body), 200).json())
    for escaped in (False, True):
        name = "json escaped" if escaped else "json"
        body = json_body({"secret": session.plant(name + ": content"), "ttl": 600}, escaped)
        made = session.keep(name, expect(request(session.port, "POST", "/api/v1/share", [JSON], body), 200).json())
        expect(request(session.port, "POST", "/api/v1/secret/" + made["secret_key"], [JSON], b""), 200)
    target = "/api/v1/share?" + query({"secret": session.plant("query: content")})
    made = session.keep("query", expect(request(session.port, "POST", target, [FORM], b""), 200).json())
    expect(reveal(session.port, made["secret_key"]), 200)
    body = form({"secret": session.plant("chunks: content")})
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 37]), body[i : i + 37]) for i in range(0, len(body), 37))
    chunked = [FORM, ("Transfer-Encoding", "chunked")]
    made = session.keep(
        "chunks", expect(request(session.port, "POST", "/api/v1/share", chunked, pieces + b"0\r\n\r\n"), 200).json()
    )
    expect(reveal(session.port, made["secret_key"]), 200)


def files(session):
    """Files in the form: one secret kept, one read, one on its way to a reader who takes nothing more, one cut off."""
    boundary = "----forensics"
    head = ("Content-Type", "multipart/form-data; boundary=" + boundary)
    for name, count in (("kept", 1), ("read", 1), ("stalled", 12), ("cut off", 1)):
        text = session.plant("files, %s: text" % name)
        content = session.plant("files, %s: file" % name, 400_000).encode() * count
        title = session.plant("files, %s: name" % name, 100, False)
        part = 'Content-Disposition: form-data; name="%s"%s\r\n\r\n'
        body = b"".join(
            ("--%s\r\n" % boundary).encode() + (part % (field, rest)).encode() + value + b"\r\n"
            for field, rest, value in (("secret", "", text.encode()), ("file", '; filename="%s.bin"' % title, content))
        )
        if name == "cut off":
            with Connection(session.port) as connection:
                connection.send(build("POST", "/", [head], body)[:-20])
                time.sleep(0.05)
            continue
        answer = request(session.port, "POST", "/", [head], body + ("--%s--\r\n" % boundary).encode())
        answer = request(session.port, "GET", expect(answer, 303).header("location"))
        key = LINK.search(expect(answer, 200).text()).group(1)
        session.canaries.add_token("files, %s: secret token" % name, key)
        session.canaries.add_token("files, %s: receipt token" % name, RECEIPT_LINK.search(answer.text()).group(1))
        if name == "read":
            shown = expect(post_form(session.port, "/secret/" + key, {}), 200, title.encode())
            if base64.b64encode(content[:30]) not in shown.body:
                raise ProtocolError("the page did not hold the file")
        if name == "stalled":
            connection = Connection(session.port)
            session.held.append(connection)
            connection.send(build("POST", "/secret/" + key, [FORM], b""))
            if b"chunked" not in connection.socket.recv(30_000):
                raise ProtocolError("the page did not begin")


def generated(session):
    """The server makes the content itself."""
    for kept in (True, False):
        name = "generated, kept" if kept else "generated, read"
        made = expect(post_form(session.port, "/api/v1/generate", {"length": 64}), 200).json()
        session.canaries.add(name + ": content", made["value"])
        session.keep(name, made)
        if not kept:
            expect(reveal(session.port, made["secret_key"]), 200, b"value")


def large(session):
    """600 kB, one kept and one read."""
    session.create("large, kept", 600_000)
    made, content = session.create("large, read", 600_000)
    if expect(reveal(session.port, made["secret_key"]), 200).json()["value"] != content:
        raise ProtocolError("another content came back")


def basic_auth(session):
    """Good and bad credentials, and the list of recent receipts."""
    good = ("Authorization", "Basic " + base64.b64encode((session.user + ":" + session.token).encode()).decode())
    made = session.keep("authorised", share(session.port, session.plant("authorised: content"), [good]))
    expect(request(session.port, "GET", "/api/v1/private/recent", [good]), 200, made["metadata_key"].encode())
    wrong = session.plant("wrong API token", 40, False)
    bad = ("Authorization", "Basic " + base64.b64encode((session.user + ":" + wrong).encode()).decode())
    expect(request(session.port, "GET", "/api/v1/authcheck", [bad]), 404, b"Not authorized")


def refused(session):
    """Content that never became a secret: refused, cut off, malformed, or asked for under an unknown key."""
    post_form(
        session.port, "/api/v1/share", {"secret": session.plant("refused: content"), "recipient": "someone@example.com"}
    )
    post_form(session.port, "/api/v1/share", {"secret": session.plant("bad passphrase: content"), "passphrase": "abc"})
    request(
        session.port,
        "POST",
        "/api/v1/share",
        [JSON],
        b'{"secret":"' + session.plant("broken JSON", 200, False).encode(),
    )
    request(
        session.port,
        "POST",
        "/api/v1/share",
        [FORM],
        b"secret=" + session.plant("bad percent", 200, False).encode() + b"%zz",
    )
    token = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(31))
    session.canaries.add_token("unknown token", token)
    expect(reveal(session.port, token), 404)
    request(session.port, "GET", "/secret/" + token)
    cut = build("POST", "/api/v1/share", [FORM], form({"secret": session.plant("cut off: content")}))
    with Connection(session.port) as connection:
        connection.send(cut[:-20])
        time.sleep(0.05)
    malformed = cut.replace(b"Host:", b"X-Note: %s\r\nHost :" % session.plant("malformed head", 200, False).encode())
    with Connection(session.port) as connection:
        connection.send(malformed)
        try:
            connection.response("POST")
        except OSError:
            pass


def waiting_connection(session):
    """A connection that stays open after its requests."""
    connection = Connection(session.port)
    session.held.append(connection)
    content = session.plant("on a kept connection: content")
    made = connection.request("POST", "/api/v1/share", [FORM], form({"secret": content})).json()
    session.keep("on a kept connection", made)
    expect(connection.request("POST", "/api/v1/secret/" + made["secret_key"]), 200)


def load(session, pairs=200, connections=8):
    """Many secrets created and read on several connections that stay open."""
    plans = [
        [(session.plant("load %d.%d: content" % (c, n), 120, False)) for n in range(pairs // connections)]
        for c in range(connections)
    ]
    made, failures = [], []

    def work(contents):
        try:
            connection = Connection(session.port)
            session.held.append(connection)
            for content in contents:
                answer = expect(
                    connection.request("POST", "/api/v1/share", [FORM], form({"secret": content})), 200
                ).json()
                made.append(answer)
                expect(connection.request("POST", "/api/v1/secret/" + answer["secret_key"]), 200, content.encode())
        except (OSError, ValueError) as reason:
            failures.append(reason)

    workers = [threading.Thread(target=work, args=(contents,)) for contents in plans]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    for number, answer in enumerate(made[:40]):
        session.keep("load %d" % number, answer)


def live_secrets(session, count=10):
    """What is there when the server must end: plain and protected secrets, and a half-sent request."""
    for number in range(count):
        session.create("live %d" % number)
    session.create("live protected", passphrase=session.plant("live protected: passphrase", 32))
    made, _ = session.create("live, read before")
    expect(reveal(session.port, made["secret_key"]), 200)
    half = build("POST", "/api/v1/share", [FORM], form({"secret": session.plant("half sent", 200)}))
    connection = Connection(session.port)
    session.held.append(connection)
    connection.send(half[:-20])


def rotate_and_invite(session):
    """An administrator's key makes another one and a creation link, which is used; keys come as Bearer, as Basic, alone and wrong."""
    admin = [("Authorization", "Bearer " + session.admin)]
    answer = post_form(session.port, "/api/keys/rotate", {"grace": 3600}, admin)
    made = expect(answer, 200).json()["key"]
    session.canaries.add("rotated key", made[13:])
    for credentials in (session.admin + ":", made + ":", "admin:" + made):
        header = ("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
        expect(request(session.port, "GET", "/api/keys", [header]), 200)
    wrong = [("Authorization", "Bearer " + made[:12] + session.plant("wrong key", 50, lively=False))]
    expect(request(session.port, "GET", "/api/keys", wrong), 401)
    link = expect(post_form(session.port, "/api/links", {}, admin), 200).json()["link"]
    token = link[-31:]
    session.canaries.add_token("creation link", token)
    expect(request(session.port, "GET", "/new/" + token), 200)
    made = post_form(session.port, "/", {"link": token, "secret": session.plant("by a link: content")})
    session.canaries.add_token("by a link: receipt token", expect(made, 303).header("location").split("/")[-1][:31])


LIFE = [
    start,
    rotate_and_invite,
    create,
    create_with_passphrase,
    receipt_view,
    follow,
    wrong_passphrase,
    revealed,
    revealed_with_passphrase,
    burned,
    attempts_exhausted,
    expired,
    page,
    other_bodies,
    files,
    generated,
    large,
    basic_auth,
    refused,
    waiting_connection,
    load,
]
