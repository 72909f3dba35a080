"""The sender's page while things happen to his secret: it follows by itself, and says how to ask where it cannot.

python3 Tests/Browser/live.py          about 30 seconds
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import camera, home, no_complaints, says, seal, shown  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import burn, reveal, share  # noqa: E402
from webdriver import Chromium  # noqa: E402

FOLLOWS = "This page follows the secret by itself."


def open_receipt(browser, server, **fields):
    """The sender's page of a secret that the API took, once it follows."""
    made = share(server.port, "x", **fields)
    browser.go(home(server) + "receipt/" + made["metadata_key"])
    says(browser, FOLLOWS)
    return made


def follows(results, server, browser):
    """What happens is on the page without a reload, and nothing that one was doing is lost."""
    made = open_receipt(browser, server, passphrase="swordfish")
    results.check(not browser.find("#refresh").is_displayed, "nobody need ask")
    browser.run("window.isSamePage = true; document.querySelector('#link').focus()")
    reveal(server.port, made["secret_key"], passphrase="wrong")
    says(browser, "Wrong tries")
    results.equal(len(browser.all(".times li")), 1, "it says when the wrong passphrase came")
    results.equal(browser.run("return document.activeElement.id"), "link", "the focus stays where it was")
    results.check(browser.find("#live").is_displayed, "and goes on to follow")
    reveal(server.port, made["secret_key"], passphrase="swordfish")
    says(browser, "Your secret was read")
    results.check(not browser.all("#link") and not browser.all("#live"), "the link is gone")
    results.check(browser.title.startswith("Your secret was read"), "the title tells it", browser.title)
    results.equal(browser.run("return document.activeElement.tagName"), "H1", "the focus is where one reads on")
    browser.wait(lambda: browser.find("#status").text == "Read", "nothing is announced")
    results.check(browser.run("return window.isSamePage"), "it was never loaded anew")

    made = open_receipt(browser, server)
    burn(server.port, made["metadata_key"])
    results.check(says(browser, "Your secret was burned"), "burned elsewhere")
    open_receipt(browser, server, ttl="2")
    results.check(says(browser, "Your secret expired"), "expired")
    no_complaints(results, browser, "following")


def in_two_tabs(results, server, browser):
    """A secret sealed in this browser, read in another tab: the receipt that the form led to knows."""
    link = seal(browser, server)
    sender = browser.tab
    says(browser, FOLLOWS)
    browser.new_tab()
    browser.go(link)
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "it is read")
    browser.call("DELETE", "/window")
    browser.switch(sender)
    results.check(says(browser, "Your secret was read"), "and the sender's tab shows it")
    results.check("/receipt/" in browser.url, "at the receipt's own address", browser.url)
    no_complaints(results, browser, "two tabs")


def speaks(results, server, browser):
    """What follows is in the page's language."""
    made = share(server.port, "x")
    browser.go(home(server) + "receipt/" + made["metadata_key"] + "?locale=nl")
    browser.wait(lambda: browser.find("#live").is_displayed, "it does not follow")
    reveal(server.port, made["secret_key"])
    browser.wait(lambda: not browser.all("#live"), "it is not told")
    text = browser.text()
    results.equal(browser.find("html").attribute("lang"), "nl", "the language stays")
    results.check("Your secret" not in text and "gelezen" in text, "and so do its words", text[:300])


def without_a_server(results, browser):
    """A server that is gone: the page says how to ask."""
    with Server() as server:
        open_receipt(browser, server)
    browser.wait(lambda: browser.find("#refresh").is_displayed, "the way to ask does not come back", 15)
    results.check(not browser.find("#live").is_displayed, "it no longer claims to follow")
    browser.complaints()


def without_scripts(results, server):
    """Without scripts one asks, and the server draws the link for a camera."""
    with Chromium(scripts=False) as browser:
        made = share(server.port, "x")
        browser.go(home(server) + "receipt/" + made["metadata_key"])
        link = browser.find("#link").attribute("value")
        results.equal(camera(browser), link, "a camera reads the link")
        reveal(server.port, made["secret_key"])
        browser.find("#refresh").click()
        results.check(says(browser, "Your secret was read"), "asked, it tells")
        results.check(not browser.all("#qr"), "and the code is gone")
        shown_time = browser.find("#facts").text
        results.check(re.search(r"Read\s+\d+ \w+ \d{4}", shown_time), "it says when", shown_time)
        no_complaints(results, browser, "without scripts")


def main(results):
    with Server("--min-ttl", "1") as server:
        with Chromium() as browser:
            for test in (follows, in_two_tabs, speaks):
                results.run(test, results, server, browser)
            results.run(without_a_server, results, browser)
        results.run(without_scripts, results, server)


if __name__ == "__main__":
    run_suite(main, 200)
