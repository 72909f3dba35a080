"""The sender's side where something is in the way: a browser that keeps nothing, answers that do not come, a change of mind.

python3 Tests/Browser/sender.py          about 90 seconds
"""

import os
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, home, no_complaints, says, seal, shown  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import receipt, request  # noqa: E402
from webdriver import ENTER, Chromium  # noqa: E402

NO_ROOM = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
# That a request was sent as a whole is told when the test says so.
LATE_NEWS = """
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (body) {
        window.tellSent = this.upload.onload;
        this.upload.onload = null;
        send.call(this, body);
    };
"""
HEARD = """
    window.heard = [];
    document.addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
        const text = document.querySelector('#spoken')?.textContent;
        if (text && heard.at(-1) !== text) heard.push(text);
    }).observe(document, {subtree: true, childList: true, characterData: true}));
"""
CLIPBOARD_FILE = """
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'pasted.txt'));
    const event = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
"""


class Relay:
    """Stands between browser and server: keeps what is sent, and answers, holds or drops what `rule` says.

    `rule` gets the first line of a request; it gives an answer's bytes, seconds to wait before the server's answer, or None.
    """

    def __init__(self, server, rule=lambda line: None):
        self.target, self.rule = server.port, rule
        self.sent, self.lines, self.made = b"", [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            wait = [0]
            threading.Thread(target=self._up, args=(near, far, wait), daemon=True).start()
            threading.Thread(target=self._down, args=(far, near, wait), daemon=True).start()

    def _up(self, near, far, wait):
        try:
            while piece := near.recv(1 << 16):
                self.sent += piece
                if re.match(rb"(GET|POST|HEAD) /", piece):
                    line = piece.split(b"\r\n")[0].decode()
                    self.lines.append(line)
                    said = self.rule(line)
                    wait[0] = said if isinstance(said, (int, float)) else 0
                    if isinstance(said, bytes):
                        # The rest of the request is read, so that the answer is not lost with it.
                        near.settimeout(0.2)
                        try:
                            while near.recv(1 << 16):
                                pass
                        except TimeoutError:
                            pass
                        near.sendall(said)
                        break
                far.sendall(piece)
        except OSError:
            pass
        self._end(near, far)

    def _down(self, far, near, wait):
        try:
            while piece := far.recv(1 << 16):
                time.sleep(wait[0])
                self.made += re.findall(rb'"secret":"(\w+)"', piece)
                near.sendall(piece)
        except OSError:
            pass
        self._end(near, far)

    @staticmethod
    def _end(*connections):
        for each in connections:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def alive(self):
        """How many of the secrets made are still there."""
        return sum(request(self.target, "GET", "/secret/" + key.decode()).status == 200 for key in self.made)


def answer(status, body=b"", kind=b"text/html"):
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, kind, len(body)) + body


BUSY = answer(b"429 Too Many Requests", b"<!DOCTYPE html><title>busy</title><main><h1>busy</h1></main>")
FULL = answer(b"507 Insufficient Storage", b'{"error":"No room for another."}', b"application/json")


def on_nth(number, start, said):
    """A rule for the nth request that starts so."""
    seen = [0]

    def rule(line):
        if line.startswith(start):
            seen[0] += 1
            return said if seen[0] == number else None
        return None

    return rule


def links(browser, count):
    browser.wait(lambda: len(browser.all("input[id^=link-]")) == count, "no %d links" % count, 20)
    return [field.value for field in browser.all("input[id^=link-]")]


def nothing_is_kept(results, server):
    """A browser that keeps nothing, or has no room: the link is whole all the same."""
    with Chromium(keeps=False) as browser:
        browser.go(home(server))
        refused = browser.run("try { sessionStorage.length; return ''; } catch (error) { return error.name; }")
        results.equal(refused, "SecurityError", "the browser keeps nothing")
        link = seal(browser, server)
        results.check("#" in link and not browser.all("#key-missing"), "nothing kept: the link is whole", link)
        no_complaints(results, browser, "nothing kept")
    with Chromium() as browser:
        browser.before_pages(NO_ROOM)
        link = seal(browser, server)
        results.check("#" in link, "no room: the link is whole", link)


def receipt_does_not_come(results, server, browser):
    """The secret is made, its receipt is not sent: the link is shown, and its key not forgotten."""
    for said, name in ((BUSY, "too many requests"), (b"", "a broken connection")):
        away = [True]
        # A browser asks again by itself where a connection that it had before breaks.
        with Relay(server, lambda line: said if away[0] and line.startswith("GET /receipt/") else None) as relay:
            fill(browser, relay)
            browser.find(".primary").click()
            link = links(browser, 1)[0]
            results.check("#" in link, name + ": the link is shown, whole", link)
            results.check("Your secret link is ready" in browser.text(), name + ": and called one link", browser.text()[:80])
            results.check(not browser.all("#problem"), name + ": nothing went wrong for people")
            away[0] = False
            browser.button("Receipt").click()
            results.equal(browser.find("#link").value, link, name + ": the receipt has it later")
    browser.complaints()


def cancelled(results, server, browser):
    """Who cancels leaves nothing on the server."""
    with Relay(server, lambda line: 0.7 if line.startswith("POST /secret ") else None) as relay:
        fill(browser, relay, links="6")
        browser.find(".primary").click()
        browser.wait(lambda: len(relay.made) == 2, "no two links", 20)
        browser.button("Cancel").click()
        browser.wait(lambda: "Cancelled" in browser.find("#status").text, "it is not told", 20)
        results.check(2 <= len(relay.made) < 6, "cancelled amid several", len(relay.made))
        results.equal(relay.alive(), 0, "none of those made is left")
        results.equal(browser.run("return Object.keys(sessionStorage).filter(key => key.startsWith('link'))"), [],
                      "the tab forgets them")
        results.equal(browser.find("#secret").value, "the content", "the form is as it was")
    with Relay(server, lambda line: 1 if line.startswith("POST /secret ") else None) as relay:
        fill(browser, relay)
        browser.find(".primary").click()
        browser.wait(lambda: any(line.startswith("POST /secret ") for line in relay.lines), "nothing is sent")
        time.sleep(0.4)
        browser.button("Cancel").click()
        browser.wait(lambda: "Cancelled" in browser.find("#status").text, "it is not told", 20)
        results.equal((len(relay.made), relay.alive()), (1, 0), "what was sent when it was cancelled is burned")
    with Relay(server, lambda line: 1 if line.startswith("POST /secret ") else None) as relay:
        fill(browser, relay)
        browser.run(LATE_NEWS)
        browser.find(".primary").click()
        browser.wait(lambda: any(line.startswith("POST /secret ") for line in relay.lines), "nothing is sent")
        time.sleep(0.4)
        browser.run("document.querySelector('.actions button:last-child').click(); tellSent();")
        browser.wait(lambda: "Cancelled" in browser.find("#status").text, "it is not told", 20)
        results.equal((len(relay.made), relay.alive()), (1, 0), "also where the browser tells late that it was sent")
    no_complaints(results, browser, "cancelled")


def failed_amid(results, server, browser):
    """An error after some of several links: those are shown. Parts are no good without the others."""
    with Relay(server, on_nth(3, "POST /secret ", FULL)) as relay:
        fill(browser, relay, links="5")
        browser.find(".primary").click()
        found = links(browser, 2)
        alert = browser.find("#problem").text
        results.check("No room for another." in alert, "the problem is told above them", alert)
        results.equal(relay.alive(), 2, "they live")
        browser.go(found[1])
        browser.find(".primary").click()
        results.equal(shown(browser), "the content", "and open")
    with Relay(server, on_nth(3, "POST /secret ", FULL)) as relay:
        fill(browser, relay, parts="3")
        browser.find(".primary").click()
        alert = browser.find("#problem", seconds=20).text
        results.check("No room for another." in alert, "parts: the problem is told", alert)
        results.equal((len(relay.made), relay.alive()), (2, 0), "parts that are too few are burned")
        results.equal(browser.find("#secret").value, "the content", "and the form is as it was")
    browser.complaints()


def generated(results, server):
    """A password that is made up is sealed like anything else, and nothing that was typed goes with it."""
    with Server("--generated-length", "20") as server, Relay(server) as relay, Chromium() as browser:
        fill(browser, relay, "typed-content", passphrase="typed-phrase")
        browser.button("Generate a password").click()
        password = browser.find("#generated", seconds=20).value
        results.check(re.fullmatch("[a-km-zA-HJ-NP-Z2-9]{20}", password), "the server says how long it is", password)
        for one in ("[a-z]", "[A-Z]", "[0-9]"):
            results.check(re.search(one, password), "it has one of " + one, password)
        for one in (password, "typed-content", "typed-phrase"):
            results.check(one.encode() not in relay.sent, "the server never sees %r" % one)
        results.check("shown to you only this once" in browser.text(), "it is said to be shown once")
        link = browser.find("#link").value
        first = browser.tab
        browser.new_tab()
        browser.go(link)
        browser.find("#passphrase").type("typed-phrase")
        browser.find(".primary").click()
        results.equal(shown(browser), password, "the recipient gets it")
        browser.switch(first)
        says(browser, "Your secret was read")
        results.equal(browser.find("#generated").value, password, "its maker still has it then")
        no_complaints(results, browser, "generated")

        browser.go("http://plain.test:%d/" % relay.port)
        browser.find("#secret").type("typed-in-the-clear")
        browser.find("summary").click()
        browser.button("Generate a password").click()
        results.check(len(browser.find("#generated", seconds=20).attribute("value")) == 20, "without HTTPS the server makes one")
        results.check(b"typed-in-the-clear" not in relay.sent, "and gets nothing else")
        says(browser, "follows the secret by itself")
        results.check("undefined" not in "".join(relay.lines), "its receipt follows, too")


def address_says_nothing(results, server, browser):
    """Nothing but the language is taken from the form's address; fields are sent also when they are empty."""
    with Relay(server) as relay:
        browser.go(home(relay) + "?note=evil&passphrase=evil1&locale=nl")
        browser.find("#secret").type("x")
        browser.find(".primary").click()
        link = browser.find("#link", seconds=20).value
        sent = [line for line in relay.lines if line.startswith("POST")]
        results.equal(sent, ["POST /secret?locale=nl HTTP/1.1"], "the address of what is sent")
        for name in (b"note", b"label", b"passphrase"):
            results.check(b'name="%s"' % name in relay.sent, "%s is sent, empty" % name.decode())
        browser.go("about:blank")
        browser.go(link)
        results.check("evil" not in browser.text() and not browser.all("#passphrase"), "nothing slipped in")


def several(results, server, browser):
    """All parts are needed if nothing else is said; parts and separate links exclude each other."""
    fill(browser, server, "split", parts="4")
    results.equal(browser.find("#needed").value, "4", "all are needed")
    browser.find("#parts").clear()
    browser.find("#parts").type("3")
    results.equal(browser.find("#needed").value, "3", "also when there are others")
    results.check(browser.find("#links").attribute("disabled"), "separate links cannot be had too")
    browser.find(".primary").click()
    links(browser, 3)
    results.check("3 of 3" in browser.text(), "and it is said so", browser.text()[:200])

    fill(browser, server, "split", parts="5", needed="4")
    browser.find("#parts").clear()
    browser.find("#parts").type("3")
    results.equal(browser.find("#needed").value, "3", "not more than there are")
    browser.find("#needed").clear()
    browser.find("#needed").type("1")
    results.check(not browser.run("return document.querySelector('#needed').validity.valid"), "one is none")
    browser.find("#parts").clear()
    browser.find("#parts").type("1")
    browser.find("#links").clear()
    browser.find("#links").type("2")
    results.check(browser.find("#parts").attribute("disabled"), "with separate links there are no parts")
    browser.find(".primary").click()
    links(browser, 2)
    no_complaints(results, browser, "several")


def nothing_stays(results, server, browser):
    """What was put in does not stay in the page that it led to."""
    fill(browser, server, "left behind", passphrase="left phrase")
    browser.run("window.form = document.querySelector('#create')")
    browser.find(".primary").click()
    browser.find("#link", seconds=20)
    left = browser.run("return [...window.form.elements].map((field) => field.value).join()")
    results.check("left behind" not in left and "left phrase" not in left, "the form is empty", left)
    results.equal(browser.run(CLIPBOARD_FILE), False, "and no longer takes files")
    browser.go(home(server))
    results.equal(browser.run(CLIPBOARD_FILE), True, "which it did before")


def back_and_forth(results, server, browser):
    """Each address shows its page."""
    link = seal(browser, server)
    browser.back()
    browser.wait(lambda: browser.all("#create"), "no form")
    browser.call("POST", "/forward", {})
    browser.wait(lambda: browser.all("#link"), "no receipt at the receipt's address")
    results.equal(browser.find("#link").value, link, "the receipt comes back with its link")
    no_complaints(results, browser, "back and forth")


def causes(results, server, browser):
    """What goes wrong is told as what it is."""
    path = os.path.join(browser.folder, "deleted.txt")
    for address in (home(server), "http://plain.test:%d/" % server.port):
        with open(path, "w") as file:
            file.write("x")
        browser.go(address)
        browser.find("#files").type(path)
        os.unlink(path)
        browser.find(".primary").click()
        alert = browser.find("#problem", seconds=20).text
        results.check("could not be found" in alert, "a file that is gone", alert)
    many = """const data = new DataTransfer(), input = document.querySelector('#files');
        for (let index = 0; index < 1001; index++) data.items.add(new File(['x'], `f${index}`));
        input.files = data.files;
        input.dispatchEvent(new Event('change'));"""
    browser.go(home(server))
    browser.run(many)
    browser.find(".primary").click()
    alert = browser.find("#problem", seconds=20).text
    results.check("1001 of 1000" in alert, "too many files", alert)
    fill(browser, server)
    browser.offline(True)
    browser.find(".primary").click()
    alert = browser.find("#problem", seconds=20).text
    results.check("cannot be reached" in alert, "no network", alert)
    browser.offline(False)
    browser.find(".primary").click()
    results.check(browser.find("#link", seconds=20), "and it can be tried again")
    browser.complaints()


def other_tabs(results, server, browser):
    """Half a link is not offered; the maker of several links is warned in another tab, too."""
    seal(browser, server)
    address = browser.url
    first = browser.tab
    browser.new_tab()
    browser.go(address)
    says(browser, "is only in the tab that made it")
    results.equal(browser.all("#link-actions button, #qr"), [], "there is nothing to hand half a link on with")
    browser.switch(first)
    fill(browser, server, links="2")
    browser.find(".primary").click()
    link = links(browser, 2)[1]
    browser.new_tab()
    browser.go(link)
    results.check(browser.find("#own"), "who made several links is warned")
    no_complaints(results, browser, "other tabs")


def heard(results, server):
    """What others see is said to those who listen."""
    with Server("--max-content", "2000") as server, Chromium() as browser:
        browser.before_pages(HEARD)
        fill(browser, server, "x" * 1900, passphrase="correct horse")
        described = browser.find("#secret").attribute("aria-describedby")
        results.check("room" in described.split(), "how much room is left belongs to the box", described)
        browser.wait(lambda: "Strength" in browser.run("return heard.at(-1) ?? ''"), "the strength is not said")
        said = browser.run("return heard")
        results.check(len(said) <= 3, "not with each key", said)
        path = os.path.join(browser.folder, "one.txt")
        with open(path, "w") as file:
            file.write("x")
        browser.find("#files").type(path)
        browser.wait(lambda: "Files: 1" in browser.run("return heard.at(-1)"), "files are not said")
        results.check("Room left" in browser.run("return heard.at(-1)"), "nor what room they leave", browser.run("return heard"))
        browser.find(".primary").click()
        browser.wait(lambda: "Send this link to one person." in browser.run("return heard"), "the end is not said", 20)
        said = browser.run("return heard")
        results.check("Sealing: 0%" in said, "that it is sealed", said)
        no_complaints(results, browser, "heard")


def before_the_script(results, server):
    """A form whose script is to seal does not go before it; without scripts it goes."""
    script = lambda line: BUSY if "/page.js" in line else None  # noqa: E731
    with Relay(server, script) as relay, Chromium() as browser:
        browser.go(home(relay))
        browser.find("#secret").type("too-early")
        browser.find(".primary").click()
        browser.find("summary").click()
        results.equal(browser.all("#label, [value=generate]"), [], "what sends the form by itself waits for the script, too")
        time.sleep(0.5)
        results.check(b"too-early" not in relay.sent, "nothing goes in the clear")
        results.check("<button" not in browser.text(), "and the other button is not shown as text")
        browser.complaints()
    with Chromium(scripts=False) as browser:
        for by_key in (False, True):
            browser.go(home(server))
            seen = [each.text for each in browser.all("button.primary") if each.is_displayed]
            results.equal(seen, ["Create a secret link"], "without scripts there is one button")
            browser.find("#secret").type("without scripts")
            if by_key:
                browser.find("summary").click()
                browser.find("#label").type("a label")
                browser.keys(ENTER)
            else:
                browser.find(".primary").click()
            results.check(browser.find("#link"), "and it works, by key: %s" % by_key)


def comes_back(results, server, browser):
    """A receipt that the browser kept while others were looked at follows again."""
    link = seal(browser, server)
    says(browser, "follows the secret by itself")
    browser.run("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    browser.run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    first = browser.tab
    browser.new_tab()
    browser.go(link)
    browser.find(".primary").click()
    shown(browser)
    browser.switch(first)
    results.check(says(browser, "Your secret was read"), "what happened is told")
    no_complaints(results, browser, "comes back")


def short_passphrase(results, server):
    """What is too short is told before anything is sealed, also where the options are folded away."""
    with Server("--passphrase-min-length", "10") as server, Relay(server) as relay, Chromium() as browser:
        for label in ("Create a secret link", "Generate a password"):
            fill(browser, relay)
            browser.find("summary").click()
            change = "const field = document.querySelector('#passphrase'); field.value = arguments[0]; field.dispatchEvent(new Event('input'));"
            browser.run(change, "ninesigns")
            if label.startswith("Create"):
                browser.find("summary").click()
            browser.button(label).click()
            browser.wait(lambda: browser.run("return document.activeElement.id") == "passphrase", "the field is not shown")
            told = browser.run("return document.querySelector('#passphrase').validationMessage")
            results.equal(told, "At least 10 characters.", label + ": it says how long it has to be")
            results.check(not [line for line in relay.lines if line.startswith("POST")], label + ": nothing is sent")
        browser.run(change, "ten signs.")
        browser.find(".primary").click()
        results.check(browser.find("#link", seconds=20), "ten are enough")
        no_complaints(results, browser, "short passphrase")


def rules(results):
    """Rules go with what is sealed; a moment is one of the browser's time zone, with the server's form as well."""
    later = int(time.time()) // 60 * 60 + 1800
    # Five and a half hours ahead of UTC all year.
    local = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(later + 19800))
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    always = "Mon-Sun 00:00-24:00 Asia/Kolkata"
    never = "%s 00:00-24:00 UTC" % days[(time.gmtime().tm_wday + 3) % 7]
    change = """const field = document.querySelector(arguments[0]); field.value = arguments[1];
        field.dispatchEvent(new Event('input', {bubbles: true}));"""
    with Server("--trusted-proxies", "127.0.0.1", "--country-header", "CF-IPCountry") as server, Chromium() as browser:
        browser.cdp("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kolkata"})
        for address in (home(server), "http://plain.test:%d/" % server.port):
            name = "sealed" if address == home(server) else "by the server"
            browser.go(address)
            browser.find("#create summary").click()
            zones = ("Asia/Kolkata", "Asia/Calcutta")
            results.check(browser.find("#zone").text in zones, name + ": the form says whose time it is", browser.find("#zone").text)
            results.check(browser.find("#hours-hint").text.split("\n")[0].endswith(zones), name + ": and how it is called")
            browser.find("#secret").type("the content")
            browser.run(change, "#not_before", local)
            browser.find("#hours").type("Mon-Sun 00:00-24:00 Asia/Kolkatta")
            browser.find("#deny_countries").type("kp")
            browser.find(".primary").click()
            alert = browser.find("#problem", seconds=20).text
            results.check("Asia/Kolkatta" in alert and "Europe/Amsterdam" in alert, name + ": what is wrong, and what would be right", alert)
            for field, value in (("#not_before", local), ("#hours", "Mon-Sun 00:00-24:00 Asia/Kolkatta"), ("#deny_countries", "kp")):
                results.equal(browser.find(field).value, value, "%s: %s stays as it was typed" % (name, field))
            if name == "sealed":
                results.equal(browser.find("#secret").value, "the content", "and so does the secret")
                browser.run(change, "#hours", never)
                browser.find(".primary").click()
                says(browser, "nobody can read it before it expires")
            else:
                browser.find("#secret").type("the content")
            browser.run(change, "#hours", always)
            browser.find(".primary").click()
            link = browser.find("#link", seconds=20).value
            told = receipt(server.port, browser.url.split("/receipt/")[1]).json()
            wanted = {"not_before": later, "hours": always, "deny_countries": "KP"}
            results.equal({rule: told.get(rule) for rule in wanted}, wanted, name + ": the secret has its rules")
            facts = browser.find("#facts").text
            results.check(always in facts and "KP" in facts and time.strftime("%H:%M UTC", time.gmtime(later)) in facts,
                          name + ": which the receipt shows", facts)
            browser.go(link)
            says(browser, "Not open now")
            results.check(time.strftime("%H:%M UTC", time.gmtime(later)) in browser.text(), name + ": the recipient learns when")
        # Above, an answer of 422 and of 403 is what is looked for.
        results.equal([line for line in browser.complaints() if "status of 4" not in line], [], "rules: the console is quiet")
        fill(browser, server, "each", links="2", deny_networks="198.51.100.0/24")
        browser.find(".primary").click()
        for link in links(browser, 2):
            token = link.split("#")[0].rsplit("/", 1)[1]
            refused = request(server.port, "GET", "/secret/" + token, [("X-Forwarded-For", "198.51.100.9")])
            results.equal(refused.status, 403, "each of several links has the rules")


def main(results):
    with Server() as server:
        with Chromium() as browser:
            for test in (receipt_does_not_come, cancelled, failed_amid, address_says_nothing, several, nothing_stays,
                         back_and_forth, causes, other_tabs, comes_back):
                results.run(test, results, server, browser)
        for test in (nothing_is_kept, generated, heard, before_the_script, short_passphrase):
            results.run(test, results, server)
        results.run(rules, results)


if __name__ == "__main__":
    run_suite(main, 400)
