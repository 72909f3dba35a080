"""The recipient's page where things go wrong: parts in several tabs, lost commits, blocked storage, links that are not what they seem.

python3 Tests/Browser/recipient.py          about 90 seconds
"""

import os
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, gone, home, no_complaints, says, seal, shown  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import request, share  # noqa: E402
from webdriver import Chromium  # noqa: E402

# What is copied, instead of putting it on a clipboard.
KEEP_COPIED = "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
NO_STORAGE = """
    Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError'); }});
    window.BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };
"""


class Relay:
    """Passes everything on, and swallows requests for paths that end with a mark, for as long as it is told to."""

    def __init__(self, port, mark):
        self.target, self.mark, self.is_swallowing, self.swallowed = port, mark, True, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source, sink, is_request):
        try:
            while data := source.recv(65536):
                if is_request and self.is_swallowing and self.mark in data.split(b"\r\n", 1)[0]:
                    self.swallowed += 1
                    continue
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def links(browser, count):
    """The links of a secret that was just sent."""
    browser.wait(lambda: len(browser.all("input[readonly]")) == count, "%d links" % count, 60)
    return [field.value for field in browser.all("input[readonly]")]


def split(browser, server, content="split content", parts=2, needed=2, **fields):
    """Splits a secret; gives the links of its parts."""
    fill(browser, server, content, parts=str(parts), needed=str(needed), **fields)
    browser.find(".primary").click()
    return links(browser, parts)


def open_part(browser, link):
    browser.go(link)
    browser.find("#reveal .primary").click()
    browser.find("#part", seconds=30)


def add(browser, text):
    field = browser.find("#part")
    field.clear()
    field.type(text)
    browser.find("#adder .primary").click()


def alert(browser):
    return browser.find("#problem", seconds=20).text


def exists(server, link):
    """Whether a secret is still there, for others."""
    return request(server.port, "GET", "/secret/" + link.split("#")[0].rsplit("/", 1)[1]).status == 200


def boxes(browser):
    return [box.value for box in browser.all("textarea[readonly]")]


def asks_before_leaving(browser):
    """Whether the page wants to be asked for before it is left."""
    return browser.run("return !dispatchEvent(new Event('beforeunload', {cancelable: true}))")


def close_others(browser, kept):
    for handle in browser.call("GET", "/window/handles"):
        if handle != kept:
            browser.switch(handle)
            browser.call("DELETE", "/window")
    browser.switch(kept)


def parts_in_two_tabs(results, server, browser):
    """A mail program opens each link in a tab of its own."""
    first, second = split(browser, server)
    one = browser.tab
    open_part(browser, first)
    two = browser.new_tab()
    browser.go(second)
    browser.find("#reveal .primary").click()
    results.equal(shown(browser), "split content", "the tab that was opened last has the secret")
    browser.switch(one)
    results.equal(shown(browser), "split content", "and so has the one that waited")
    results.check(not asks_before_leaving(browser), "which may be closed")
    kept = browser.run("return JSON.stringify(sessionStorage)")
    results.check('"parts ' not in kept and '"part ' not in kept, "no part is kept any longer", kept)
    browser.switch(two)
    browser.button("Clear now").click()
    browser.switch(one)
    results.check(says(browser, "no longer on this page"), "cleared in one tab, it is cleared in the other")
    close_others(browser, one)

    all_links = split(browser, server, parts=3, needed=3)
    for link in all_links[:2]:
        browser.new_tab()
        open_part(browser, link)
    results.check(says(browser, "still missing: 1"), "each further tab brings its part along")
    browser.new_tab()
    browser.go(all_links[2])
    browser.find("#reveal .primary").click()
    results.equal(shown(browser), "split content", "three of three come together")
    close_others(browser, one)
    no_complaints(results, browser, "two tabs")


def parts_of_two_devices(results, server, browser):
    """What is copied in one browser is pasted in the other."""
    first, second = split(browser, server)
    script = browser.before_pages(KEEP_COPIED)
    open_part(browser, first)
    browser.button("Copy").click()
    part = browser.wait(lambda: browser.run("return window.copied"), "nothing is copied")
    browser.no_longer(script)
    with Chromium() as other:
        open_part(other, second)
        add(other, part[:-8])
        results.check(not other.all("textarea"), "a part that is cut shows nothing")
        open_part_again = other.find("#part").value
        results.check(open_part_again != "", "and what was pasted stays to be mended", open_part_again)
        add(other, part)
        results.equal(shown(other), "split content", "a pasted part completes it")
        no_complaints(results, other, "other device")
    no_complaints(results, browser, "two devices")


def part_without_room(results, server, browser):
    """A part that is larger than the tab's memory is kept in the page."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(os.urandom(5_000_000))
        file.flush()
        browser.go(home(server))
        browser.find("#files").type(file.name)
        browser.find("summary").click()
        for name in ("parts", "needed"):
            browser.find("#" + name).clear()
            browser.find("#" + name).type("2")
        browser.find(".primary").click()
        first, second = links(browser, 2)
    open_part(browser, first)
    results.check(not browser.all("#problem"), "it is no error")
    results.check(asks_before_leaving(browser), "the page asks before it is left, for the part would be lost")
    add(browser, second)
    browser.find("#file-list", seconds=30)
    results.check("5 MB" in browser.find("#file-list").text, "both parts come together", browser.find("#file-list").text)
    no_complaints(results, browser, "no room")


def pressed_twice(results, server, browser):
    """Pressing twice adds a part once."""
    first, second = split(browser, server)
    open_part(browser, first)
    browser.find("#part").type(second)
    browser.run("const button = document.querySelector('#adder .primary'); button.click(); button.click(); button.click();")
    results.equal(shown(browser), "split content", "the secret is shown")
    time.sleep(0.5)
    results.equal(boxes(browser), ["split content"], "and stays")
    no_complaints(results, browser, "pressed twice")


def part_loaded_anew(results, server, browser):
    """A part that waits is still there when its page is loaded anew."""
    first, second = split(browser, server)
    open_part(browser, first)
    browser.wait(lambda: "#" not in browser.url, "the key stays in the address")
    browser.reload()
    browser.find("#part")
    results.check("Part 1 of 2" in browser.text() and "nothing here" not in browser.text(), "it waits for the others")
    add(browser, second)
    results.equal(shown(browser), "split content", "which complete it")
    browser.reload()
    gone(browser)
    no_complaints(results, browser, "loaded anew")


def links_of_others(results, server, browser):
    """What does not belong to the secret is told, and nothing of it is lost."""
    other = seal(browser, server, "another secret")
    first, second = split(browser, server)
    foreign, foreign_second = split(browser, server, "second split")
    open_part(browser, first)
    add(browser, second.replace("127.0.0.1:", "evil.example:"))
    results.check("does not belong" in alert(browser), "a link of another host is refused", alert(browser))
    results.check(exists(server, second), "and not used")
    add(browser, second.split("#")[0])
    results.check("incomplete" in alert(browser), "a link that was cut is told", alert(browser))
    results.check(exists(server, second), "and not used")
    browser.offline(True)
    add(browser, second)
    results.check("cannot be reached" in alert(browser), "without a network, it says so", alert(browser))
    browser.offline(False)
    add(browser, other)
    results.check("does not belong" in alert(browser), "another secret is told", alert(browser))
    results.equal(boxes(browser), ["another secret"], "it is shown, for it is used up")
    results.check(browser.all("#part"), "beside the part that waits")
    add(browser, foreign)
    results.check("does not belong" in alert(browser), "a part of another secret is told", alert(browser))
    results.check("Part 1 of 2" in browser.find("section.other h2").text or len(browser.all("section.other")) == 2,
                  "and kept beside")
    add(browser, second)
    results.check(browser.wait(lambda: "split content" in boxes(browser), "not joined", 20), "the right part completes it")
    results.check("another secret" in boxes(browser), "the other secret stays until the page is cleared")
    browser.go("about:blank")
    browser.go(foreign_second)
    browser.find("#reveal .primary").click()
    results.equal(shown(browser), "second split", "the other secret's part is not lost either")
    browser.complaints()


def locked_parts(results, server, browser):
    """A part that has a passphrase asks for it before a try is spent."""
    first, second = split(browser, server, passphrase="correct horse", tries="1")
    browser.go(first)
    browser.find("#passphrase").type("correct horse")
    browser.find("#reveal .primary").click()
    browser.find("#part", seconds=20)
    results.equal(browser.find("#passphrase").value, "correct horse", "the passphrase is there for the next part")
    browser.find("#passphrase").clear()
    add(browser, second)
    time.sleep(0.5)
    results.check(exists(server, second), "without a passphrase, no try is spent")
    browser.find("#passphrase").type("correct horse")
    browser.find("#adder .primary").click()
    results.equal(shown(browser), "split content", "with it, the part completes the secret")
    no_complaints(results, browser, "locked parts")


def insecure_split(results, server):
    """Parts made without HTTPS have no key, and are joined by pasting all the same."""
    with Chromium() as browser:
        browser.go("http://plain.test:%d/" % server.port)
        browser.find("#secret").type("split over the LAN")
        browser.find("summary").click()
        for name in ("parts", "needed"):
            browser.find("#" + name).clear()
            browser.find("#" + name).type("2")
        browser.find(".primary").click()
        first, second = [link.replace("127.0.0.1", "plain.test") for link in links(browser, 2)]
        open_part(browser, first)
        add(browser, second)
        results.equal(shown(browser), "split over the LAN", "a link without a key completes it")
        no_complaints(results, browser, "split without HTTPS")


def commit_that_hangs(results, server):
    """What is here is shown, whether the server hears of it or not."""
    relay = Relay(server.port, b"/commit")
    with Chromium() as browser:
        link = seal(browser, server, passphrase="correct horse").replace(":%d/" % server.port, ":%d/" % relay.port)
        browser.go(link)
        browser.find("#passphrase").type("correct horse")
        browser.find(".primary").click()
        results.equal(shown(browser), "the content", "it is shown at once")
        browser.wait(lambda: relay.swallowed, "no commit was sent")
        browser.reload()
        browser.find("#passphrase").type("correct horse")
        browser.find(".primary").click()
        results.equal(shown(browser), "the content", "loaded anew before the server knows, it is shown again")
        relay.is_swallowing = False
        browser.wait(lambda: "#" not in browser.url, "the commit is not repeated", 30)
        results.equal(browser.run("return Object.keys(sessionStorage).filter(key => key.startsWith('claim'))"), [],
                      "then the claim is forgotten")
        browser.reload()
        gone(browser)
        browser.complaints()


def without_storage(results, server):
    """Where the browser forbids to remember anything, secrets and parts come out."""
    with Chromium() as browser:
        link = seal(browser, server)
        first, second = split(browser, server)
        script = browser.before_pages(NO_STORAGE)
        browser.go(link)
        browser.find(".primary").click()
        results.equal(shown(browser), "the content", "a secret is shown")
        open_part(browser, first)
        add(browser, second)
        results.equal(shown(browser), "split content", "parts are joined")
        browser.no_longer(script)
        no_complaints(results, browser, "no storage")


def broken_part(results, server, browser):
    """What cannot be opened is not committed."""
    script = browser.before_pages(
        """const real = window.fetch;
        window.fetch = async (...given) => {
          const answer = await real(...given);
          window.asked = [...(window.asked ?? []), given[0].split('/').pop().split('?')[0]];
          if (!window.isBroken || !given[0].includes('/claim')) return answer;
          const bytes = new Uint8Array(await answer.arrayBuffer());
          bytes[30] ^= 1;
          return new Response(bytes, {headers: answer.headers});
        };"""
    )
    link = seal(browser, server)
    browser.go(link)
    browser.run("window.isBroken = true")
    browser.find(".primary").click()
    results.check("cannot be opened" in alert(browser), "it says so", alert(browser))
    time.sleep(0.3)
    results.equal(browser.run("return window.asked"), ["claim"], "nothing is committed")
    browser.run("window.isBroken = false")
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "what was broken on the way is got again")

    browser.go(home(server))
    browser.run(
        """(async () => {
          const seal = await import(document.querySelector('script[src]').src.replace('page.js', 'seal.js'));
          const fields = new FormData(document.querySelector('#create'));
          fields.set('kind', 'bundle');
          fields.set('secret', seal.payload([{part: new Uint8Array(5)}]), 'secret');
          window.made = await (await fetch('/secret', {method: 'POST', body: fields})).json();
        })()"""
    )
    token = browser.wait(lambda: browser.run("return window.made?.secret"), "nothing was made")
    browser.go(home(server) + "secret/" + token)
    browser.find(".primary").click()
    results.check("cannot be opened" in alert(browser), "a part that is none is told", alert(browser))
    time.sleep(0.3)
    results.equal(browser.run("return window.asked"), ["claim"], "and not committed")
    browser.no_longer(script)
    no_complaints(results, browser, "broken")


def foreign_fragment(results, server, browser):
    """What is behind the # of a link that needs no key is no key."""
    made = share(server.port, "plain secret", passphrase="swordfish")
    browser.go(home(server) + "secret/" + made["secret_key"] + "#" + "A" * 43)
    browser.find("#passphrase").type("swordfish")
    browser.find(".primary").click()
    results.equal(shown(browser), "plain secret", "it costs no try")
    no_complaints(results, browser, "foreign fragment")


def copied_as_it_was(results, server, browser):
    """Copying gives the very text."""
    text = "\ufeffa\r\nb\x00c"
    made = share(server.port, text)
    browser.go(home(server) + "secret/" + made["secret_key"])
    browser.run(KEEP_COPIED)
    browser.find(".primary").click()
    shown(browser)
    browser.button("Copy").click()
    copied = browser.wait(lambda: browser.run("return window.copied"), "nothing is copied")
    results.equal(copied, text, "byte order mark, line end and NUL stay")
    no_complaints(results, browser, "copied")


def passphrase_left(results, server, browser):
    """A passphrase that has done its work is in no field any more."""
    link = seal(browser, server, passphrase="correct horse")
    browser.go(link)
    browser.run("window.field = document.querySelector('#passphrase')")
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    shown(browser)
    results.equal(browser.run("return window.field.value"), "", "the field that is no longer shown is empty")
    no_complaints(results, browser, "passphrase")


def kept_after_all(results, server, browser):
    """Who looks at the way to destroy it, and keeps it, still has the key."""
    link = seal(browser, server)
    browser.go(link)
    key = link.split("#")[1]
    results.check(browser.button("Destroy it unread").attribute("href").endswith("/burn#" + key), "the key goes along")
    browser.button("Destroy it unread").click()
    says(browser, "There is no way back")
    results.check(browser.button("Keep it").attribute("href").endswith("#" + key), "and comes back, in a new tab too")
    browser.button("Keep it").click()
    browser.find("#reveal .primary").click()
    results.equal(shown(browser), "the content", "the secret opens")
    no_complaints(results, browser, "kept")


def wrong_passphrase(results, server, browser):
    """A wrong passphrase is told as the page without scripts tells it."""
    state = """const field = document.querySelector('#passphrase');
        return [field.getAttribute('aria-invalid'), field.getAttribute('aria-describedby'), document.title];"""
    link = seal(browser, server, passphrase="correct horse")
    browser.go(link)
    title = browser.title
    browser.find("#passphrase").type("wrong")
    browser.find(".primary").click()
    alert(browser)
    results.equal(browser.run(state), ["true", "problem passphrase-hint", "That did not work: " + title], "field and title tell it")
    browser.offline(True)
    browser.find(".primary").click()
    browser.wait(lambda: "cannot be reached" in browser.find("#problem").text, "offline is not told")
    results.equal(browser.run(state), [None, "passphrase-hint", "That did not work: " + title], "another problem is not the field's")
    browser.offline(False)
    browser.find("#passphrase").clear()
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    shown(browser)
    results.check("That did not work" not in browser.title, "the next try takes it back", browser.title)
    browser.complaints()


def progress(results, server, browser):
    """What takes a while is seen in a bar, and not told step by step."""
    script = browser.before_pages(
        """window.told = []; window.bars = 0;
        addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
          const text = document.querySelector('#status')?.textContent;
          if (text && text !== told.at(-1)) told.push(text);
          bars += Boolean(document.querySelector('#reveal progress'));
        }).observe(document.body, {childList: true, subtree: true, characterData: true}));"""
    )
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(os.urandom(6_000_000))
        file.flush()
        browser.go(home(server))
        browser.find("#files").type(file.name)
        browser.find(".primary").click()
        link = browser.find("#link", seconds=60).value
    browser.go(link)
    browser.find(".primary").click()
    browser.find("#file-list a", seconds=30)
    results.check(browser.run("return window.bars") > 0, "there is a bar")
    told = browser.run("return window.told")
    results.check(len(told) <= 1, "only the start is announced", told)
    browser.wait(lambda: not browser.all("progress"), "the bar stays")
    browser.no_longer(script)
    no_complaints(results, browser, "progress")


def neither_copied_nor_saved(results, server, browser):
    """A page that would be lost with what it shows asks once before it is left."""
    for way in ("nothing", "Copy", "Download", "Clear now"):
        browser.go(seal(browser, server))
        results.check(not asks_before_leaving(browser), "before anything is shown, nothing is asked")
        browser.find(".primary").click()
        shown(browser)
        browser.run(KEEP_COPIED)
        if way == "nothing":
            results.check(asks_before_leaving(browser), "it asks")
            results.check(not asks_before_leaving(browser), "once")
            continue
        if way == "Download":
            browser.find("a[download]").click()
        else:
            browser.button(way).click()
        time.sleep(0.2)
        results.check(not asks_before_leaving(browser), "it does not ask after " + way)
    no_complaints(results, browser, "leaving")


def kept_by_the_browser(results, server, browser):
    """A page that comes back from the browser's memory shows nothing of the secret."""
    browser.go(seal(browser, server, "left behind"))
    browser.find(".primary").click()
    shown(browser)
    browser.run("""dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}));
        dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}));""")
    results.equal(boxes(browser), [], "no box is left")
    results.check("no longer on this page" in browser.text(), "the page says so")
    results.check(not asks_before_leaving(browser), "and may be left")
    no_complaints(results, browser, "kept by the browser")


def main(results):
    with Server() as server:
        with Chromium() as browser:
            tests = (
                parts_in_two_tabs, parts_of_two_devices, part_without_room, pressed_twice, part_loaded_anew, links_of_others,
                locked_parts, broken_part, foreign_fragment, copied_as_it_was, passphrase_left, kept_after_all,
                wrong_passphrase, progress, neither_copied_nor_saved, kept_by_the_browser,
            )
            for test in tests:
                results.run(test, results, server, browser)
        for test in (insecure_split, commit_that_hangs, without_storage):
            results.run(test, results, server)


if __name__ == "__main__":
    run_suite(main, 360)
