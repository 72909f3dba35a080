"""The rules of a secret on the pages, without scripts: the form's fields, what is wrong with them, the receipt, and the page of one
who may not read.

python3 Tests/Blackbox/rules_page.py          about 5 seconds
"""

import datetime
import html
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import post_form, receipt, request  # noqa: E402
from page import LINK, RECEIPT_LINK, Markup, check_page  # noqa: E402
from rules import INSIDE, OUTSIDE, PROXY, hours  # noqa: E402

LATER = int(time.time()) // 60 * 60 + 1800
LATER_IN_UTC = datetime.datetime.fromtimestamp(LATER, datetime.timezone.utc)
FIELDS = {"not_before", "hours", "allow_networks", "deny_networks"}
COUNTRIES = {"allow_countries", "deny_countries"}


def submit(server, client=INSIDE, query="", **fields):
    """Sends the form as a browser does that has all its fields, and follows the answer."""
    page = request(server.port, "GET", "/", client).text()
    proof = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    sent = dict.fromkeys(FIELDS, "")
    sent.update({"form_token": proof, "secret": "content", "passphrase": "", "ttl": "3600", "action": "conceal"}, **fields)
    answer = post_form(server.port, "/" + query, sent, client)
    if answer.status == 303:
        answer = request(server.port, "GET", answer.header("Location"), client)
    return answer


def field(answer, name):
    """What the form has of a field; None where it is not there."""
    found = [values for _, fields in Markup(answer.text()).forms for _, values in fields if values.get("name") == name]
    return found[0] if found else None


def is_open(answer):
    """Whether the part of the form is open that the rules are in."""
    return any(tag == "details" and "open" in values for tag, values in Markup(answer.text()).elements)


def each_rule(results, server):
    """Each field makes a rule, which the receipt tells, and which keeps others from reading; nothing is used up."""
    networks = "192.0.2.0/24, 2001:db8::/32"
    for name, value, told, title in (
        ("allow_networks", networks, networks, "Not from here"),
        ("deny_networks", "198.51.100.9,203.0.113.0/24", "198.51.100.9/32, 203.0.113.0/24", "Not from here"),
        ("allow_countries", "nl DE", "NL, DE", "Not from here"),
        ("deny_countries", "kp", "KP", "Not from here"),
        ("hours", hours(1), hours(1), "Not open now"),
        ("not_before", LATER_IN_UTC.strftime("%Y-%m-%dT%H:%M"), LATER, "Not open now"),
    ):
        made = submit(server, ttl="604800", **{name: value})
        check_page(results, made, name + ": receipt")
        key, handle = LINK.search(made.text())[1], RECEIPT_LINK.search(made.text())[1]
        state = receipt(server.port, handle, INSIDE).json()
        results.equal(state.get(name), told, name + ": the receipt of the API has the rule")
        results.equal((FIELDS | COUNTRIES) & state.keys(), {name}, name + ": and no other")
        shown = LATER_IN_UTC.strftime("%-d %B %Y, %H:%M UTC") if name == "not_before" else told
        results.check(shown in html.unescape(made.text()), name + ": so has the receipt's page", made.text()[-1500:])
        for how, answer in (
            ("a look", request(server.port, "GET", "/secret/" + key, OUTSIDE)),
            ("the button", post_form(server.port, "/secret/" + key, {"passphrase": ""}, OUTSIDE)),
        ):
            refused = check_page(results, answer, "%s: %s is refused" % (name, how), 403)
            results.check(title in refused.title, "%s: %s says why" % (name, how), refused.title)
            results.check("content" not in "".join(refused.texts), "%s: %s shows nothing" % (name, how))
            if title == "Not open now":
                results.check(" UTC" in "".join(refused.texts), "%s: %s says when it opens" % (name, how))
        state = receipt(server.port, handle, INSIDE).json()
        results.equal((state["state"], state["refused"]), ("new", 1), name + ": nothing is used up, the sender learns of it")
    made = submit(server, allow_networks="192.0.2.7")
    key, handle = LINK.search(made.text())[1], RECEIPT_LINK.search(made.text())[1]
    answer = post_form(server.port, "/secret/" + key, {"passphrase": ""}, INSIDE)
    results.check("content" in answer.text() and answer.status == 200, "who may read reads", answer.status)
    state = receipt(server.port, handle, INSIDE).json()
    results.equal((state["state"], "allow_networks" in state), ("received", False), "what is gone has no rules")
    made = submit(server, action="generate", secret="", deny_networks="198.51.100.9")
    results.check("198.51.100.9/32" in made.text(), "what is made up has its rules, too", made.status)
    made = submit(server)
    results.equal(
        (FIELDS | COUNTRIES) & receipt(server.port, RECEIPT_LINK.search(made.text())[1], INSIDE).json().keys(), set(),
        "empty fields are no rules",
    )


def what_is_wrong(results, server):
    """A rule that is not understood is told with what of it is wrong and what is right; what else was typed stays."""
    good = {"hours": hours(0), "allow_networks": "192.0.2.0/24", "deny_networks": "198.51.100.9", "allow_countries": "NL"}
    good["not_before"] = LATER_IN_UTC.strftime("%Y-%m-%dT%H:%M")
    for name, value, wrong in (
        ("hours", "Sat 10:00-12:00 UTC; Mon-Fri 09:00-17:00 Europe/Amsterdan", "Europe/Amsterdan"),
        ("hours", "Mox 09:00-17:00", "Mox"),
        ("hours", "Mon 09:00-25:00", "Mon 09:00-25:00"),
        ("hours", "; ".join(["Mon 09:00-17:00"] * 9), "> 8"),
        ("hours", "<b>" * 200, "> 512"),
        ("allow_networks", "192.0.2.0/24 10.0.0.0/33", "10.0.0.0/33"),
        ("deny_networks", "192.0.2.7/24", "192.0.2.7/24"),
        ("deny_networks", " , ", " , "),
        ("deny_networks", " ".join("10.0.0.%d" % number for number in range(17)), "> 16"),
        ("allow_countries", "NL, Netherlands", "Netherlands"),
        ("not_before", "<i>soon</i>", "<i>soon</i>"),
        ("not_before", "2027", "2027 < 1000000000"),
        ("not_before", "1999-12-31T23:59", "1999-12-31T23:59:00Z < 2001-09-09T01:46:40Z"),
    ):
        sent = dict(good, ttl="86400")
        sent[name] = value
        answer = submit(server, **sent)
        told = "%s, %s" % (name, wrong)
        markup = check_page(results, answer, told, 422)
        problem = re.search(r'id="problem".*?</div>', answer.text(), re.S)[0]
        results.check(wrong in html.unescape(problem), told + ": says what", problem)
        results.check("example: " in problem, told + ": and what would be right", problem)
        results.check(is_open(answer), told + ": the field is not folded away")
        results.equal(field(answer, name).get("aria-invalid"), "true", told + ": the field is marked")
        for other, typed in sent.items():
            if other in FIELDS | COUNTRIES and not (other == name and (name == "not_before" or wrong == "> 512")):
                results.equal(field(answer, other).get("value"), typed, "%s: %s is as it was typed" % (told, other))
        results.check(">content<" not in answer.text(), told + ": the content is not sent back")
        results.check('<option value="86400" selected' in answer.text(), told + ": the lifetime is kept")
        results.check(not LINK.search(answer.text()), told + ": nothing is made", markup.title)
    answer = submit(server, deny_networks="x\u202ey\u2069z\u200f\u0085\u061c\u2028\x1b\u00e9")
    problem = re.search(r'id="problem".*?</div>', answer.text(), re.S)[0]
    said = "\u2068x\ufffdy\ufffdz\ufffd\ufffd\ufffd\ufffd\ufffd\u00e9\u2069"
    results.check(said in html.unescape(problem), "what turns or hides what follows is replaced", problem)
    answer = submit(server, hours=hours(3))
    check_page(results, answer, "hours after its end", 422)
    results.check("nobody can read it before it expires" in answer.text(), "hours after its end are told", answer.text()[:2000])
    after = (LATER_IN_UTC + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    for wrong, fields in (
        ("hours", {"hours": hours(3)}),
        ("not_before", {"not_before": after}),
        ("not_before", {"not_before": after, "hours": hours(0)}),
        ("hours", {"not_before": good["not_before"], "hours": hours(3)}),
    ):
        answer = submit(server, **fields)
        markup = check_page(results, answer, "%r leave no time" % fields, 422)
        marked = {values.get("name") for _, values in markup.elements if values.get("aria-invalid") == "true"}
        results.equal(marked, {wrong}, "the field that leaves no time is marked: %r" % fields)
    answer = submit(server, query="?locale=de", allow_networks="x")
    problem = re.search(r'id="problem".*?</div>', answer.text(), re.S)[0]
    results.check("Nur aus diesen Netzen – hier ungültig: " in problem, "in the reader's language", problem)


def without_countries(results, server):
    """A server that cannot tell countries does not ask for them."""
    answer = request(server.port, "GET", "/")
    results.equal((FIELDS | COUNTRIES) & Markup(answer.text()).fields(), FIELDS, "the form has the rules that can be kept")
    answer = submit(server, [], allow_countries="NL")
    check_page(results, answer, "a country all the same", 422)
    problem = re.search(r'id="problem".*?</div>', answer.text(), re.S)[0]
    results.check("NL" in problem and "example" not in problem, "it says that no country can be named", problem)


def main(results):
    with Server(*PROXY) as server:
        fields = Markup(request(server.port, "GET", "/", INSIDE).text()).fields()
        results.check(FIELDS | COUNTRIES <= fields, "the form has all fields", fields)
        results.check(not is_open(request(server.port, "GET", "/", INSIDE)), "which are folded away at first")
        results.run(each_rule, results, server)
        results.run(what_is_wrong, results, server)
        results.check(server.alive(), "the server is alive at the end")
    with Server() as server:
        results.run(without_countries, results, server)


if __name__ == "__main__":
    run_suite(main, 120)
