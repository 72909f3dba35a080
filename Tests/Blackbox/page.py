"""The pages as a browser without JavaScript meets them: form, links, reveal, receipt, burn, headers, languages, other
origins.

python3 Tests/Blackbox/page.py          about 5 seconds
"""

import html
import os
import re
import sys
import time
from html.parser import HTMLParser

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, burn, form, post_form, receipt, request, reveal, share  # noqa: E402

LINK = re.compile(r"/secret/([0-9a-z]{31})")
RECEIPT_LINK = re.compile(r"/receipt/([0-9a-z]{31})")
NO_KEY = "0" * 31
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Markup(HTMLParser):
    """What a page consists of: forms with their fields, the language, scripts, inline code, and whether elements are
    balanced."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.forms, self.open, self.problems, self.texts = [], [], [], []
        self.language, self.title, self.elements, self.addresses = None, "", [], []
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append("never closed: %s" % self.open)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.elements.append((tag, values))
        self.problems += [
            "inline code: %s %s" % (tag, name) for name in values if name.startswith("on") or name == "style"
        ]
        self.addresses += [values[name] for name in ("src", "href", "action", "formaction") if values.get(name)]
        if tag == "html":
            self.language = values.get("lang")
        if tag == "form":
            self.forms.append((values, []))
        if tag in ("input", "textarea", "select", "button") and self.forms:
            self.forms[-1][1].append((tag, values))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.problems.append("</%s> where %s is open" % (tag, self.open[-3:]))

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] == "title":
            self.title += data
        if self.open and self.open[-1] in ("script", "style") and data.strip():
            self.problems.append("inline code in <%s>" % self.open[-1])

    def fields(self):
        """The names of all fields of all forms."""
        return {values.get("name") for _, fields in self.forms for _, values in fields}


def check_page(results, answer, name, status=200, opener="same-origin"):
    """Status, headers and markup of any page."""
    results.equal(answer.status, status, name + ": status")
    header = {
        key: answer.header(key) or ""
        for key in (
            "Content-Type",
            "Content-Security-Policy",
            "Cache-Control",
            "Referrer-Policy",
            "X-Content-Type-Options",
            "Cross-Origin-Resource-Policy",
            "Permissions-Policy",
        )
    }
    results.equal(header["Content-Type"].lower(), "text/html; charset=utf-8", name + ": Content-Type")
    policy = header["Content-Security-Policy"]
    results.check(
        "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "form-action" in policy
        and "base-uri 'none'" in policy,
        name + ": Content-Security-Policy",
        policy,
    )
    results.check(
        "unsafe" not in policy and "*" not in policy and "data:" not in policy,
        name + ": no inline code is allowed",
        policy,
    )
    results.check("no-store" in header["Cache-Control"], name + ": no-store", header["Cache-Control"])
    results.equal(header["Referrer-Policy"], "no-referrer", name + ": Referrer-Policy")
    results.equal(header["X-Content-Type-Options"], "nosniff", name + ": X-Content-Type-Options")
    results.equal(answer.header("Cross-Origin-Opener-Policy"), opener, name + ": Cross-Origin-Opener-Policy")
    results.equal(header["Cross-Origin-Resource-Policy"], "same-origin", name + ": Cross-Origin-Resource-Policy")
    results.check(
        "camera=()" in header["Permissions-Policy"], name + ": Permissions-Policy", header["Permissions-Policy"]
    )
    results.check(answer.header("Set-Cookie") is None, name + ": no cookie")
    markup = Markup(answer.text())
    results.check(not markup.problems, name + ": markup", markup.problems[:5])
    results.check(answer.text().lower().startswith("<!doctype html>"), name + ": doctype")
    results.equal(markup.language, answer.header("Content-Language"), name + ": lang")
    foreign = [
        address for address in markup.addresses if re.match(r"(https?:)?//", address) and "127.0.0.1" not in address
    ]
    results.check(not foreign, name + ": nothing is loaded from elsewhere", foreign)
    return markup


def submit(server, fields, path="/", headers=(), language=None):
    """Sends a form as a browser does, and follows one redirect."""
    head = [
        ("Origin", "http://127.0.0.1:%d" % server.port),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "navigate"),
    ]
    head = list(headers) or head
    if language:
        head.append(("Accept-Language", language))
    answer = post_form(server.port, path, fields, head)
    if answer.status in (302, 303):
        answer = request(server.port, "GET", re.sub(r"^https?://[^/]+", "", answer.header("Location")), head[3:])
    return answer


def create(server, **fields):
    """Creates by the form; (secret key, receipt key, answer)."""
    answer = submit(server, dict({"passphrase": "", "ttl": "3600", "action": "conceal"}, **fields))
    key, handle = LINK.search(answer.text()), RECEIPT_LINK.search(answer.text())
    return key and key.group(1), handle and handle.group(1), answer


def form_flow(results, server):
    """Share and read, with and without passphrase; what is on the page is what the browser needs."""
    markup = check_page(results, request(server.port, "GET", "/"), "form", opener=None)
    results.check({"secret", "passphrase", "ttl", "action"} <= markup.fields(), "form: fields", markup.fields())
    results.check(
        any(values.get("method", "").lower() == "post" for values, _ in markup.forms), "form: POST", markup.forms[:1]
    )
    for name, values in (
        ("stylesheet", [v for t, v in markup.elements if t == "link" and v.get("rel") == "stylesheet"]),
        ("script", [v for t, v in markup.elements if t == "script"]),
    ):
        for value in values:
            answer = request(server.port, "GET", value.get("href") or value.get("src") or "/")
            results.equal(answer.status, 200, "the %s is there" % name)
            results.check(
                (answer.header("Content-Type") or "").startswith("text/"), "the %s has its type" % name, answer.headers
            )
    key, handle, answer = create(server, secret="read on the page")
    if not results.check(key and handle, "the result shows link and receipt", answer.text()[:500]):
        return
    check_page(results, answer, "result")
    results.check(
        "http://127.0.0.1:%d/secret/%s" % (server.port, key) in html.unescape(answer.text()),
        "the result shows the whole link",
    )
    results.check("read on the page" not in answer.text(), "the result does not repeat the content")
    for _ in range(3):
        shown = request(server.port, "GET", "/secret/" + key)
        markup = check_page(results, shown, "recipient")
        results.check("read on the page" not in shown.text(), "looking shows nothing")
        results.check(
            any(values.get("method", "").lower() == "post" for values, _ in markup.forms),
            "there is a button",
            markup.forms,
        )
    results.equal(request(server.port, "HEAD", "/secret/" + key).status, 200, "HEAD of the recipient's page")
    check_page(results, request(server.port, "GET", "/receipt/" + handle), "receipt")
    shown = submit(server, {"passphrase": ""}, "/secret/" + key)
    check_page(results, shown, "reveal")
    results.check("read on the page" in html.unescape(shown.text()), "the button shows the content")
    gone = submit(server, {"passphrase": ""}, "/secret/" + key)
    results.check(gone.status in (404, 410), "the second press", gone.status)
    results.equal(receipt(server.port, handle).json()["state"], "received", "API and page agree")
    check_page(results, request(server.port, "GET", "/receipt/" + handle), "receipt of a read secret")


def with_passphrase(results, server):
    """A wrong passphrase shows the field again and consumes nothing."""
    key, handle, _ = create(server, secret="behind a passphrase", passphrase="open <sesame> & so")
    markup = Markup(request(server.port, "GET", "/secret/" + key).text())
    results.check("passphrase" in markup.fields(), "the field is there", markup.fields())
    wrong = submit(server, {"passphrase": "open barley"}, "/secret/" + key)
    results.check(
        wrong.status in (200, 401, 403, 422) and "behind a passphrase" not in wrong.text(), "a wrong one", wrong.status
    )
    results.check("passphrase" in Markup(wrong.text()).fields(), "the field is there again")
    results.check("open barley" not in wrong.text(), "what was typed is not repeated")
    results.equal(receipt(server.port, handle).json()["state"], "new", "nothing is consumed")
    right = submit(server, {"passphrase": "open <sesame> & so"}, "/secret/" + key)
    results.check(right.status == 200 and "behind a passphrase" in right.text(), "the right one", right)


def generated(results, server):
    """The button that makes a secret itself."""
    answer = submit(server, {"secret": "", "passphrase": "", "ttl": "3600", "action": "generate"})
    key = LINK.search(answer.text())
    if results.check(answer.status == 200 and key, "generate", answer):
        value = reveal(server.port, key.group(1)).json()["value"]
        results.check(re.fullmatch(r"[!-~]{12}", value), "twelve characters", value)
    answer = submit(server, {"secret": "", "passphrase": "", "ttl": "3600", "action": "conceal"})
    results.check(
        answer.status in (200, 400, 422) and not LINK.search(answer.text()), "nothing to share: no link", answer.status
    )
    check_page(results, answer, "nothing to share", answer.status)


def receipts(results, server):
    """State and burn on the receipt's page; burning is confirmed by a POST, never done by a GET."""
    made = share(server.port, "burned on the page")
    page = "/receipt/" + made["metadata_key"]
    check_page(results, request(server.port, "GET", page), "receipt")
    for method in ("GET", "HEAD"):
        request(server.port, method, page + "/burn")
    results.equal(receipt(server.port, made["metadata_key"]).json()["state"], "new", "a GET of burn burns nothing")
    answer = submit(server, {}, page + "/burn")
    state = receipt(server.port, made["metadata_key"]).json()["state"]
    if state == "new":  # a page that asks once more
        hidden = {
            values["name"]: values.get("value", "")
            for _, fields in Markup(answer.text()).forms
            for _, values in fields
            if values.get("name")
        }
        answer = submit(server, hidden, page + "/burn")
        state = receipt(server.port, made["metadata_key"]).json()["state"]
    results.equal(state, "burned", "burned by the page")
    check_page(results, answer, "after burning", answer.status)
    results.check(
        request(server.port, "GET", "/secret/" + made["secret_key"]).status in (404, 410),
        "the recipient's page afterwards",
    )
    check_page(
        results,
        request(server.port, "GET", "/receipt/" + NO_KEY),
        "unknown receipt",
        request(server.port, "GET", "/receipt/" + NO_KEY).status,
    )


def gone_is_one_answer(results, server):
    """Received, burned, expired, never existed: same status, body, length and headers, for looking and for pressing."""
    read, burned, late = (
        share(server.port, "a"),
        share(server.port, "b", passphrase="with one"),
        share(server.port, "c", ttl=1),
    )
    reveal(server.port, read["secret_key"])
    burn(server.port, burned["metadata_key"], passphrase="with one")
    time.sleep(1.2)
    keys = {
        "received": read["secret_key"],
        "burned": burned["secret_key"],
        "expired": late["secret_key"],
        "never": NO_KEY,
    }

    def facts(answer, key):
        kept = [(name, value) for name, value in answer.headers if name not in ("date", "age")]
        return answer.status, answer.body.replace(key.encode(), b"KEY"), len(answer.body), kept

    for what, ask in (
        ("looking", lambda key: request(server.port, "GET", "/secret/" + key)),
        ("pressing", lambda key: submit(server, {"passphrase": ""}, "/secret/" + key)),
        ("a passphrase", lambda key: submit(server, {"passphrase": "with one"}, "/secret/" + key)),
        ("the API", lambda key: reveal(server.port, key)),
        ("the API with a passphrase", lambda key: reveal(server.port, key, passphrase="with one")),
    ):
        wanted = None
        for state, key in keys.items():
            answer = ask(key)
            if wanted is None:
                wanted = facts(answer, key)
                results.check(answer.status in (404, 410), "gone, %s: status" % what, answer.status)
            results.equal(facts(answer, key), wanted, "gone, %s: %s is the same answer" % (what, state))
    check_page(
        results,
        request(server.port, "GET", "/secret/" + NO_KEY),
        "gone",
        request(server.port, "GET", "/secret/" + NO_KEY).status,
    )
    malformed = request(server.port, "GET", "/secret/not-a-key")
    results.check(malformed.status in (404, 410), "no form of a key", malformed.status)


def other_origins(results, server):
    """POSTs that another site makes a browser send are refused, and change nothing."""
    made = share(server.port, "not for others")
    targets = (
        ("/", {"secret": "x", "action": "conceal", "ttl": "3600"}),
        ("/secret/" + made["secret_key"], {"passphrase": ""}),
        ("/receipt/%s/burn" % made["metadata_key"], {}),
    )
    for name, headers in (
        ("another Origin", [("Origin", "https://evil.example.com")]),
        ("Origin null", [("Origin", "null")]),
        ("another port", [("Origin", "http://127.0.0.1:1")]),
        ("another scheme", [("Origin", "https://127.0.0.1:%d" % server.port)]),
        ("a longer host", [("Origin", "http://127.0.0.1:%d.evil.example.com" % server.port)]),
        ("Sec-Fetch-Site cross-site", [("Sec-Fetch-Site", "cross-site")]),
        (
            "Sec-Fetch-Site with a good Origin",
            [("Origin", "http://127.0.0.1:%d" % server.port), ("Sec-Fetch-Site", "cross-site")],
        ),
    ):
        for target, fields in targets:
            answer = request(server.port, "POST", target, [FORM] + headers, form(fields))
            results.check(answer.status in (400, 403), "%s: POST %s is refused" % (name, target[:9]), answer.status)
            results.check(b"not for others" not in answer.body, name + ": no content")
    results.equal(receipt(server.port, made["metadata_key"]).json()["state"], "new", "nothing happened")
    answer = request(server.port, "POST", "/secret/" + made["secret_key"], [FORM], b"passphrase=")
    results.equal(answer.status, 200, "a client that names no origin is served")


def escaping(results, server):
    """Content with markup is text on the page."""
    contents = [
        "<script>alert(1)</script>",
        "</textarea></pre><img src=x onerror=alert(1)>",
        "\"'><svg onload=alert(1)>",
        "&lt;&amp;&#x27;",
        "a\r\nb\n\n  c\td",
        "\n\nleading newlines",
        "-->]]><!--",
        "日本語 🙂 \u202e",
        "</title></html>",
    ]
    for content in contents:
        key = share(server.port, content)["secret_key"]
        answer = submit(server, {"passphrase": ""}, "/secret/" + key)
        markup = check_page(results, answer, "escaping %r" % content[:12])
        shown = "".join(markup.texts) + "".join(str(values) for _, values in markup.elements)
        wanted = content.replace("\r\n", "\n").strip("\n")
        results.check(wanted in shown.replace("\r\n", "\n"), "shown as it is: %r" % content[:20], answer.text()[-600:])
        results.check(
            not any(
                tag in ("svg", "img") and ("onload" in values or "onerror" in values) for tag, values in markup.elements
            ),
            "no element of it comes alive: %r" % content[:20],
        )
    key = share(server.port, "a\0b")["secret_key"]
    results.equal(submit(server, {"passphrase": ""}, "/secret/" + key).status, 200, "a NUL on the page")
    for path in (
        "/secret/<script>alert(1)</script>",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/?x=<script>alert(1)</script>",
        "/receipt/%3Csvg%20onload=alert(1)%3E",
    ):
        answer = request(server.port, "GET", path)
        results.check(b"alert(1)" not in answer.body, "a path is not repeated: " + path)


def languages(results, server):
    """English and Dutch by Accept-Language, and by nothing else's mistake."""
    english, dutch = Markup(request(server.port, "GET", "/").text()), None
    results.equal(english.language, "en", "without Accept-Language")
    for value, wanted in (
        ("nl", "nl"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "nl"),
        ("en-GB,en;q=0.9,nl;q=0.1", "en"),
        ("nl;q=0.1,en;q=0.9", "en"),
        ("ia,nl;q=0.5", "nl"),
        ("xx", "en"),
        ("*", "en"),
        ("", "en"),
        ("nl;q=0, en", "en"),
        (",,;q=x", "en"),
        ("NL-be", "nl"),
    ):
        answer = request(server.port, "GET", "/", [("Accept-Language", value)])
        results.equal((answer.status, Markup(answer.text()).language), (200, wanted), "Accept-Language: %r" % value)
        results.check(
            "accept-language" in (answer.header("Vary") or "").lower()
            or "no-store" in (answer.header("Cache-Control") or ""),
            "no cache mixes languages",
        )
    dutch = Markup(request(server.port, "GET", "/", [("Accept-Language", "nl")]).text())
    results.check("geheim" in " ".join(dutch.texts).lower(), "the Dutch form speaks Dutch", dutch.texts[:10])
    results.check("".join(dutch.texts) != "".join(english.texts), "and says something else than the English one")
    key, _, _ = create(server, secret="taal")
    for path in ("/secret/" + key, "/secret/" + NO_KEY, "/receipt/" + NO_KEY):
        results.equal(
            Markup(request(server.port, "GET", path, [("Accept-Language", "nl")]).text()).language,
            "nl",
            "Dutch: " + path[:12],
        )


def main(results):
    """All of it on one server."""
    with Server() as server:
        for part in (
            form_flow,
            with_passphrase,
            generated,
            receipts,
            gone_is_one_answer,
            other_origins,
            escaping,
            languages,
        ):
            results.run(part, results, server)
        results.check(server.alive(), "the server is alive at the end")


if __name__ == "__main__":
    run_suite(main, 120)
