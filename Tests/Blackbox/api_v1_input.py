"""Owns the part of the API v1 suite about what comes in: languages, sizes, codings, times to live, and bad input."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from api_v1_checks import check_receipt, refused  # noqa: E402
from onetime_http import (
    FORM,
    JSON,
    burn,
    form,
    json_body,
    multipart,
    post_form,
    query,
    receipt,
    request,
    reveal,  # noqa: E402
    share,
)

NOTHING = "You did not provide anything to share"
TEXTS = {
    "ASCII": "plain text, with punctuation: <>&\"'\\/%+=;~",
    "Dutch": "Één geheim, geënt op ’s werelds ijsvogel",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Russian": "Съешь же ещё этих мягких французских булок",
    "Arabic": "نص حكيم له سر قاطع وذو شأن عظيم",
    "Hebrew": "דג סקרן שט בים מאוכזב",
    "Hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों",
    "Chinese": "視野無限廣,窗外有藍天",
    "Japanese": "いろはにほへと ちりぬるを カタカナ",
    "Korean": "키스의 고유조건은 입술끼리 만나야 하고",
    "Thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "emoji": "👩‍👩‍👧‍👦 🏴‍☠️ 🇳🇱 🙂\U0010ffff",
    "NUL and controls": "a\0b\x01\x02\x1b[31m\x7f\u0085\u2028\u2029\ufeff",
    "lines": "one\ntwo\r\nthree\rfour\n",
    "spaces": "  leading, trailing \t ",
    "combining": "e\u0301 n\u0303 \u202edrawkcab",
    "one byte": "x",
    "one NUL": "\0",
}


def texts(results, server):
    """Content of many languages comes back byte for byte, by every coding."""
    port = server.port
    codings = {
        "form": lambda t: ([FORM], form({"secret": t})),
        "multipart": lambda t: (lambda head, body: ([head], body))(*multipart({"secret": t})),
        "JSON": lambda t: ([JSON], json_body({"secret": t})),
        "JSON escaped": lambda t: ([JSON], json_body({"secret": t}, True)),
    }
    for language, text in TEXTS.items():
        for coding, encode in codings.items():
            head, body = encode(text)
            answer = request(port, "POST", "/api/v1/share", head, body)
            name = "%s by %s" % (language, coding)
            if not results.equal(answer.status, 200, name):
                continue
            answer = reveal(port, answer.json()["secret_key"])
            results.equal(answer.json().get("value"), text, name)
    answer = request(port, "POST", "/api/v1/share?" + query({"secret": TEXTS["Greek"], "ttl": "900"}), [FORM], b"")
    results.equal(answer.json().get("ttl"), 900, "ttl by query")
    results.equal(reveal(port, answer.json()["secret_key"]).json()["value"], TEXTS["Greek"], "content by query")
    answer = request(
        port,
        "POST",
        "/api/v1/share?" + query({"secret": "of the query", "ttl": "900"}),
        [FORM],
        form({"secret": "of the body"}),
    )
    results.equal(answer.json().get("ttl"), 900, "ttl by query beside a body")
    results.equal(
        reveal(port, answer.json()["secret_key"]).json()["value"], "of the body", "the body wins over the query"
    )


def sizes(results, server):
    """From a byte to a mebibyte, and one byte too many."""
    port = server.port
    full = "0123456789abcdef" * 65536
    for size in (1, 15, 16, 17, 255, 4095, 4096, 4097, 16384, 65535, 65536, 65537, 500_000, len(full)):
        answer = post_form(port, "/api/v1/share", {"secret": full[:size]})
        if results.equal(answer.status, 200, "%d bytes" % size):
            results.check(
                reveal(port, answer.json()["secret_key"]).json().get("value") == full[:size],
                "%d bytes come back" % size,
            )
    head, body = multipart({"secret": full})
    answer = request(port, "POST", "/api/v1/share", [head], body)
    results.equal(answer.status, 200, "a mebibyte by multipart")
    answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": full}))
    results.equal(answer.status, 200, "a mebibyte by JSON")
    percent_coded = "é" * (len(full) // 2)
    answer = post_form(port, "/api/v1/share", {"secret": percent_coded})
    if results.equal(answer.status, 200, "a mebibyte that is three when percent-coded"):
        results.check(reveal(port, answer.json()["secret_key"]).json().get("value") == percent_coded, "and comes back")
    refused(
        results,
        post_form(port, "/api/v1/share", {"secret": full + "x"}),
        413,
        "Secret value exceeds the maximum size of 1048576 bytes",
        "a byte too many",
    )


def invalid_utf8(results, server):
    """Bytes that are no UTF-8 are refused with a message or survive; they are never stored as something else."""
    answer = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=%ff%fe%80abc")
    if answer.status == 404:
        results.check("message" in answer.json(), "invalid UTF-8 is refused with a message")
    else:
        results.equal(answer.status, 200, "invalid UTF-8: status")
        value = reveal(server.port, answer.json()["secret_key"])
        results.check(b"abc" in value.body, "invalid UTF-8 is handed back", value)


def times_to_live(results, server):
    """Clamping, defaults, and the end."""
    port = server.port
    default = share(port, "x")["ttl"]
    results.equal(default, 3600, "the default is an hour")
    week = 604800
    for given, wanted in (
        ("600", 600),
        ("1", 1),
        ("604800", week),
        ("604801", week),
        ("99999999999999999999999999", week),
        ("0", default),
        ("-5", default),
        ("", default),
        ("abc", default),
        ("12x", default),
        ("1e3", default),
        ("-99999999999999999999999", default),
        (" 60", None),
        ("60.5", None),
        ("+60", None),
        ("0x10", default),
    ):
        made = share(port, "x", ttl=given)
        if wanted is None:
            results.check(made["ttl"] in (60, default), "ttl %r" % given, made["ttl"])
        else:
            results.equal(made["ttl"], wanted, "ttl %r" % given)
    answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", "ttl": 900}))
    results.equal(answer.json().get("ttl"), 900, "ttl as a JSON number")
    made = share(port, "short-lived", ttl=1)
    results.equal(made["secret_ttl"] in (0, 1), True, "secret_ttl of a second")
    time.sleep(1.15)
    key = made["secret_key"]
    refused(results, reveal(port, key), 404, "Unknown secret", "reveal after the time", secret_key=key)
    answer = receipt(port, made["metadata_key"])
    results.equal(answer.status, 200, "the receipt outlives the secret")
    results.equal(answer.json().get("state"), "expired", "its state")
    check_receipt(results, answer.json(), "expired receipt", "expired")
    refused(
        results,
        burn(port, made["metadata_key"]),
        404,
        "Unknown secret",
        "burn after the time",
        secret_key=made["metadata_key"],
    )
    time.sleep(1.6)
    refused(
        results,
        receipt(port, made["metadata_key"]),
        404,
        "Unknown secret",
        "the receipt ends too",
        secret_key=made["metadata_key"],
    )


def empty_and_broken(results, server):
    """Nothing to share, unknown types, broken bodies: the documented message, and no secret."""
    port = server.port
    path = "/api/v1/share"
    for name, head, body in (
        ("no body", [], None),
        ("an empty form", [FORM], b""),
        ("secret empty", [FORM], b"secret="),
        ("another field", [FORM], b"ttl=60"),
        ("JSON without a body", [JSON], b""),
        ("JSON without secret", [JSON], b"{}"),
        ("JSON null", [JSON], b'{"secret":null}'),
        ("JSON empty", [JSON], b'{"secret":""}'),
    ):
        refused(results, request(port, "POST", path, head, body), None, NOTHING, name)
    for name, head, body in (
        ("broken JSON", [JSON], b'{"secret":"x"'),
        ("JSON of another kind", [JSON], b'["secret"]'),
        ("JSON with trailing text", [JSON], b'{"secret":"x"} y'),
        ("a lone surrogate", [JSON], b'{"secret":"\\ud800"}'),
        ("JSON with a raw NUL", [JSON], b'{"secret":"a\0b"}'),
        ("deep JSON", [JSON], b'{"secret":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        ("JSON with a bad escape", [JSON], b'{"secret":"\\x41"}'),
        ("JSON in invalid UTF-8", [JSON], b'{"secret":"\xff\xfe"}'),
        ("a bad percent code", [FORM], b"secret=%zz"),
        ("a cut percent code", [FORM], b"secret=abc%4"),
        ("an unknown type", [("Content-Type", "text/plain")], b"secret=x"),
        ("an unknown type of no form", [("Content-Type", ";;;")], b"secret=x"),
        ("multipart without boundary", [("Content-Type", "multipart/form-data")], b"--x\r\n"),
        (
            "multipart never closed",
            [("Content-Type", "multipart/form-data; boundary=x")],
            b'--x\r\nContent-Disposition: form-data; name="secret"\r\n\r\nabc',
        ),
        ("a nested object", [JSON], b'{"secret":{"secret":"x"}}'),
    ):
        answer = request(port, "POST", path, head, body)
        if answer.status == 200:
            results.check(
                name in ("a bad percent code", "a cut percent code", "JSON in invalid UTF-8", "JSON with a raw NUL"),
                name + " was taken",
                answer,
            )
            continue
        results.check(answer.status in (400, 404, 415), name + ": refused", answer)
        try:
            results.check(
                isinstance(answer.json().get("message", answer.json().get("error")), str), name + ": a message", answer
            )
        except ValueError:
            results.check(False, name + ": the body is no JSON", answer)
    first_or_last = request(port, "POST", path, [FORM], b"secret=first&secret=last")
    if first_or_last.status == 200:
        value = reveal(port, first_or_last.json()["secret_key"]).json()["value"]
        results.check(value in ("first", "last"), "a field given twice is one of the two, never both", value)
    else:
        results.equal(first_or_last.status, 404, "a field given twice is refused")
    results.equal(request(port, "GET", "/health").status, 200, "the server is well")


def words(results, server):
    """Readers, tries, a note and a label are the sender's choice by the API as on the page, with the same limits."""
    port = server.port
    for coding in ("form", "JSON", "query"):
        fields = {"secret": "for two", "readers": 2, "note": "Ünder the mat", "label": "alpha"}
        if coding == "form":
            answer = post_form(port, "/api/v1/share", fields)
        elif coding == "JSON":
            answer = request(port, "POST", "/api/v1/share", [JSON], json_body(fields))
        else:
            answer = request(port, "POST", "/api/v1/share?" + query(fields), [FORM], b"")
        made = answer.json()
        page = request(port, "GET", "/secret/" + made["secret_key"]).text()
        results.check("Ünder the mat" in page, coding + ": who opens the link sees the note")
        page = request(port, "GET", "/receipt/" + made["metadata_key"]).text()
        results.check("alpha" in page and "0 of 2" in page, coding + ": the receipt has label and readers")
        values = [reveal(port, made["secret_key"]).json().get("value") for _ in range(3)]
        results.equal(values, ["for two", "for two", None], coding + ": two readers, and no more")
    made = post_form(port, "/api/v1/generate", {"readers": 2, "label": "made up"}).json()
    values = [reveal(port, made["secret_key"]).json().get("value") for _ in range(3)]
    results.equal(values, [made["value"]] * 2 + [None], "a generated value for two")
    made = share(port, "x", passphrase="swordfish", tries=1)
    reveal(port, made["secret_key"], passphrase="wrong")
    results.equal(receipt(port, made["metadata_key"]).json()["state"], "burned", "one wrong passphrase, and it burns")
    for name in ("note", "label"):
        results.equal(post_form(port, "/api/v1/share", {"secret": "x", name: "x" * 1024}).status, 200, "%s: 1024 bytes" % name)
        answer = post_form(port, "/api/v1/share", {"secret": "x", name: "x" * 1025})
        results.equal(answer.header("X-OTS-Intended-Status"), "400", "%s: 1025 bytes are refused" % name)
        answer = request(port, "POST", "/api/v1/share", [FORM], b"secret=x&%s=%%ff" % name.encode())
        results.equal(answer.header("X-OTS-Intended-Status"), "400", "%s: what is no text is refused" % name)
    for name in ("note", "label", "readers", "tries"):
        answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", name: {"a": "b"}}))
        results.equal(answer.header("X-OTS-Intended-Status"), "400", "%s: an object is refused" % name)
        answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", name: None}))
        results.equal(answer.status, 200, "%s: null says nothing" % name)
    for name, most in (("readers", 100), ("tries", 5)):
        for value in ("abc", "0", "-1", str(most + 1), "1.0", "1" * 30):
            answer = post_form(port, "/api/v1/share", {"secret": "x", name: value})
            results.equal(answer.header("X-OTS-Intended-Status"), "422", "%s=%s is refused" % (name, value))
            results.check(b"%s has to be a whole number from 1 to %d" % (name.encode(), most) in answer.body, answer.body)
        for value in (True, 1.5, 0):
            answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", name: value}))
            results.equal(answer.header("X-OTS-Intended-Status"), "422", "%s: %s of JSON is refused" % (name, value))
        for value in ("", "1", str(most)):
            results.equal(post_form(port, "/api/v1/share", {"secret": "x", name: value}).status, 200, "%s=%s" % (name, value))
    # In pieces, so that all memory is taken before the body.
    with server.connect() as connection:
        body = form({"secret": "in pieces", "note": "n" * 1000, "label": "l" * 1000})
        head = b"POST /api/v1/share HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
        connection.send(head % len(body) + body[:20])
        time.sleep(0.05)
        connection.send(body[20:])
        results.equal(connection.response().status, 200, "in pieces")
    for path in ("/api/v1/share", "/api/v1/create", "/api/v1/generate"):
        for body in (b"link=" + b"x" * 31 + b"&secret=x", b"secret=x&link=" + b"x" * 31):
            answer = request(port, "POST", path, [FORM], body)
            results.equal(answer.header("X-OTS-Intended-Status"), "400", "%s: a creation link is refused: %s" % (path, body))
            results.check("form" in answer.json()["message"], "and told where it goes", answer.text())


def recipients(results, server):
    """Anonymous senders may not name one; empty ones are none."""
    port = server.port
    for name, body in (
        ("recipient", b"secret=x&recipient=someone%40example.com"),
        ("recipient[]", b"secret=x&recipient[]=a%40example.com"),
        ("recipient%5B%5D", b"secret=x&recipient%5B%5D=a%40example.com&recipient%5B%5D=b%40example.com"),
    ):
        answer = request(port, "POST", "/api/v1/share", [FORM], body)
        refused(results, answer, None, "An account is required to send emails.", name)
    answer = request(port, "POST", "/api/v1/share", [JSON], json_body({"secret": "x", "recipient": ["a@example.com"]}))
    refused(
        results,
        answer,
        None,
        "An account is required to send emails.",
        "a JSON array",
    )
    for name, head, body in (
        ("recipient=", [FORM], b"secret=x&recipient="),
        ("recipient[]=", [FORM], b"secret=x&recipient[]="),
        ("[]", [JSON], b'{"secret":"x","recipient":[]}'),
        ('""', [JSON], b'{"secret":"x","recipient":""}'),
        ("null", [JSON], b'{"secret":"x","recipient":null}'),
    ):
        answer = request(port, "POST", "/api/v1/share", head, body)
        results.equal(answer.status, 200, "no recipient: " + name)
        results.equal(answer.json().get("recipient"), [], "no recipient is []: " + name)
