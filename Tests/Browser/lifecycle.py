"""What time and the browser do to a page that is open: expiry, going back, clearing, the clipboard, the share sheet.

python3 Tests/Browser/lifecycle.py          about 40 seconds
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, gone, home, no_complaints, says, seal, shown  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from webdriver import CONTROL, Chromium  # noqa: E402

LIFETIME = 4
# An hour passes in little more than three seconds; what is quick stays quick.
QUICK_CLOCK = """
    const set = setTimeout;
    window.setTimeout = (run, time = 0, ...values) => set(run, time >= 1000 ? time / 1000 : time, ...values);
"""
KEEP_SHARED = "navigator.share = async (data) => { (window.shared ??= []).push(data); };"
NO_CLIPBOARD = "navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
COPIES_NOTHING = NO_CLIPBOARD + "document.execCommand = () => false;"


def short(browser, server, **fields):
    """Creates a secret that soon expires; gives its whole link and when that is."""
    fill(browser, server, options=True, **fields)
    browser.run("document.querySelector('#ttl').value = arguments[0]", str(LIFETIME))
    browser.find(".primary").click()
    link = browser.find("#link", seconds=20).value
    return link, time.monotonic() + LIFETIME


def sleep_until(moment):
    time.sleep(max(0, moment - time.monotonic()) + 0.3)


def expired_while_open(results, server, browser):
    """The time passes while the recipient types and the sender looks."""
    link, end = short(browser, server, passphrase="correct horse")
    receipt = browser.url
    sender = browser.tab
    browser.new_tab()
    browser.go(link)
    browser.find("#passphrase").type("correct horse")
    sleep_until(end)
    browser.find(".primary").click()
    gone(browser)
    results.equal(browser.run("return Object.keys(sessionStorage).filter(key => key.startsWith('claim'))"), [],
                  "nothing of the try is kept")
    no_complaints(results, browser, "recipient")
    browser.call("DELETE", "/window")
    browser.switch(sender)
    browser.reload()
    results.check(says(browser, "expired"), "the sender's page tells it")
    results.equal(browser.url, receipt, "at the same address")
    results.equal(browser.all("#link"), [], "and gives no link any more")
    no_complaints(results, browser, "sender")

    link, end = short(browser, server)
    browser.go(link)
    sleep_until(end)
    browser.find(".primary").click()
    gone(browser)
    results.equal(browser.all("#problem, #reveal"), [], "no error is left hanging")
    no_complaints(results, browser, "without a passphrase")


def expired_while_claimed(results, server, browser):
    """The time passes while an answer is asked for again."""
    link, end = short(browser, server, passphrase="correct horse")
    browser.go(link)
    # The answer is lost: everything after the claim was sent is forgotten.
    browser.run("window.fetch = () => { window.fetched = true; return new Promise(() => {}); }")
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    browser.wait(lambda: browser.run("return window.fetched"), "no claim")
    sleep_until(end)
    browser.reload()
    gone(browser)
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    browser.wait(lambda: not browser.all("#reveal"), "it still offers to try", 20)
    gone(browser)
    browser.reload()
    gone(browser)
    results.equal(browser.all("#problem, #reveal"), [], "no error and no form is left hanging")
    no_complaints(results, browser, "expired while claimed")


def values(browser):
    """Everything that a page holds in its text and its fields."""
    return browser.run(
        """return document.documentElement.outerHTML
            + Array.from(document.querySelectorAll('textarea, input'), field => field.value).join()"""
    )


def going_back(results, server, browser):
    """Neither the recipient's page nor the form comes back with what was in it."""
    link = seal(browser, server, "left behind")
    browser.back()
    browser.wait(lambda: browser.url == home(server), "it did not go back")
    browser.find("#create")
    results.check("left behind" not in values(browser), "the form is empty after going back")
    browser.go(link)
    browser.find(".primary").click()
    shown(browser)
    browser.go(home(server))
    browser.find("#create")
    browser.back()
    browser.wait(lambda: "/secret/" in browser.url or browser.all("main h1"), "it did not go back")
    results.check("left behind" not in values(browser), "what was revealed is not shown again", browser.text()[:200])
    results.check("left behind" not in browser.run("return JSON.stringify(sessionStorage)"), "the tab does not remember it")
    browser.go("about:blank")
    browser.back()
    results.check("left behind" not in values(browser), "nor from another site")

    # What a browser would keep of the page that is left, whether this one does or not.
    browser.go(seal(browser, server, "left behind"))
    browser.find(".primary").click()
    shown(browser)
    browser.run("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    results.check("left behind" not in values(browser), "a page that is left is cleared")
    no_complaints(results, browser, "going back")


def clearing(results, server, browser):
    """It is taken off the page after a while, if that is wanted, or at once."""
    script = browser.before_pages(QUICK_CLOCK)
    link = seal(browser, server, "for a minute")
    browser.go(link)
    browser.find(".primary").click()
    shown(browser)
    time.sleep(0.5)
    results.check("for a minute" in values(browser), "it stays as long as nothing else is wanted")
    choose = "const field = document.querySelector('#clear'); field.value = arguments[0]; field.dispatchEvent(new Event('change'));"
    browser.run(choose, "300")
    browser.run(choose, "0")
    time.sleep(0.5)
    results.check("for a minute" in values(browser), "the choice can be taken back")
    browser.run(
        """window.box = document.querySelector('#secret'); window.revoked = [];
        const revoke = URL.revokeObjectURL; URL.revokeObjectURL = (url) => { revoked.push(url); revoke.call(URL, url); };"""
    )
    address = browser.find("a[download]").attribute("href")
    browser.run(choose, "60")
    says(browser, "no longer on this page")
    results.check("for a minute" not in values(browser), "nothing of it is left")
    results.equal(browser.run("return box.value"), "", "the box that is no longer shown is empty")
    results.check(address in browser.run("return revoked"), "its download is given up")
    results.equal(browser.run("return document.activeElement.tagName"), "H1", "the focus is where the page begins")
    results.check("no longer on this page" in browser.title, "the title says it", browser.title)
    browser.no_longer(script)
    no_complaints(results, browser, "clearing")


def share_sheet(results, server, browser):
    """Where there is a share sheet it gets the whole link, and only that."""
    script = browser.before_pages(KEEP_SHARED)
    link = seal(browser, server, passphrase="correct horse", label="a label")
    browser.button("Send\u2026").click()
    results.equal(browser.run("return window.shared"), [{"url": link}], "the whole link is shared, and nothing else")
    browser.run("navigator.share = () => Promise.reject(new DOMException('no', 'AbortError'))")
    browser.button("Send\u2026").click()
    time.sleep(0.2)
    results.equal(browser.all("#problem"), [], "closing it is no error")
    browser.no_longer(script)
    no_complaints(results, browser, "share sheet")
    browser.run("delete navigator.share")
    seal(browser, server)
    offered = [button.text for button in browser.all("#link-actions button")]
    results.equal(offered, ["Copy the link"], "without a share sheet, it is not offered")


def copied(browser, label):
    """Presses a button that copies; gives what pasting then gives."""
    browser.button(label).click()
    says(browser, "Copied")
    browser.run("const box = document.createElement('textarea'); box.id = 'paste'; document.body.append(box); box.focus();")
    browser.keys((CONTROL, "v"))
    pasted = browser.find("#paste").value
    browser.run("document.querySelector('#paste').remove()")
    return pasted


def clipboard(results, server, browser):
    """Copying works by every way that there is, and never claims what it did not do."""
    script = browser.before_pages(NO_CLIPBOARD)
    link = seal(browser, server, passphrase="correct horse")
    results.equal(copied(browser, "Copy the link"), link, "where the clipboard is refused, the old way works")
    results.equal(copied(browser, "Copy the passphrase"), "correct horse", "and it does for the passphrase")
    results.check(browser.run("return document.querySelector('#status').role === 'status'"), "screen readers are told")
    browser.button("Copy the link").click()
    focus = browser.run("return document.activeElement.textContent")
    results.equal(focus, "Copy the link", "the focus stays where it was")
    browser.no_longer(script)

    script = browser.before_pages(COPIES_NOTHING)
    link = seal(browser, server)
    browser.button("Copy the link").click()
    time.sleep(0.3)
    results.check("Copied" not in browser.text(), "nothing is claimed where nothing was copied")
    selected = browser.run("const field = document.activeElement; return field.value.slice(field.selectionStart, field.selectionEnd)")
    results.equal(selected, link, "then it is selected, to be copied by hand")
    browser.no_longer(script)
    no_complaints(results, browser, "clipboard")


def clipboard_of_plain_http(results, server):
    """Without HTTPS, there is no clipboard but the old way."""
    with Chromium() as browser:
        browser.go("http://plain.test:%d/" % server.port)
        browser.find("#secret").type("over the LAN")
        browser.find(".primary").click()
        link = browser.find("#link").value
        results.check(browser.run("return navigator.clipboard === undefined"), "there is no clipboard")
        results.equal(copied(browser, "Copy the link"), link, "the link is copied")
        no_complaints(results, browser, "plain HTTP")


def main(results):
    with Server("--ttl-options", "%d,3600" % LIFETIME) as server:
        with Chromium() as browser:
            tests = (expired_while_open, expired_while_claimed, going_back, clearing, share_sheet, clipboard)
            for test in tests:
                results.run(test, results, server, browser)
        results.run(clipboard_of_plain_http, results, server)


if __name__ == "__main__":
    run_suite(main, 240)
