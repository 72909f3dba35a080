"""The main flow in Firefox: sealed, handed over with a passphrase and with a file, and once without scripts.

python3 Tests/Browser/firefox.py          about 30 seconds
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from bidi import Firefox  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402

CONTENT = "sealed by Firefox: \u00e9\u4e16 <b>&amp;"


def home(server):
    return "http://127.0.0.1:%d/" % server.port


def seal(browser):
    """Sends the form off; gives the whole link."""
    browser.click("#create .primary")
    browser.find("#link", 30)
    return browser.value("#link")


def shown(browser):
    browser.find("textarea[readonly]#secret", 30)
    return browser.value("#secret")


def handoff(results, server, browser):
    """Form, receipt, recipient's page, wrong passphrase, right one, gone."""
    browser.go(home(server))
    browser.type("#secret", CONTENT)
    browser.click("#create summary")
    browser.type("#passphrase", "correct horse")
    link = seal(browser)
    token, key = link.rsplit("/", 1)[1].split("#")
    results.check(len(key) == 45, "the key stands behind the #", link)
    receipt = browser.url
    results.check("/receipt/" in receipt, "the receipt is shown", receipt)
    browser.reload()
    results.equal(browser.value("#link"), link, "the tab still has the whole link after a reload")
    browser.click("#qr summary")
    browser.find("#qr svg")

    browser.go(link)
    browser.find("#own")
    browser.type("#passphrase", "wrong")
    browser.click("#reveal .primary")
    browser.find("#problem", 20)
    browser.says("tries left")
    browser.type("#passphrase", "correct horse")
    browser.click("#reveal .primary")
    results.equal(shown(browser), CONTENT, "the right passphrase opens it")
    results.check(browser.wait(lambda: "#" not in browser.url, "the key stays"), "the key does not stay in the address")
    results.equal(browser.run("return document.activeElement.tagName"), "H1", "the focus is where the new page begins")
    browser.go(home(server) + "secret/" + token)
    browser.says("There is nothing here any more")
    browser.go(receipt)
    browser.says("Your secret was read")
    results.equal(browser.complaints(), [], "the console is quiet")


def left_behind(results, server, browser):
    """Going back after a reveal shows nothing."""
    browser.go(home(server))
    browser.type("#secret", "left behind")
    browser.go(seal(browser))
    browser.click("#reveal .primary")
    shown(browser)
    browser.go(home(server))
    browser.here("browsingContext.traverseHistory", delta=-1)
    browser.says("There is nothing here any more")
    # Firefox never tells the end of a navigation that begins before this one's.
    browser.wait(lambda: browser.run("return document.readyState") == "complete", "the page is not complete")
    results.check("left behind" not in browser.run("return document.documentElement.outerHTML"), "no content in the page")
    values = browser.run("return Array.from(document.querySelectorAll('textarea, input'), field => field.value)")
    results.check("left behind" not in values, "nor in its fields", values)


def file(results, server, browser):
    """A file comes out as it went in."""
    path = os.path.join(browser.folder, 'a "file".bin')
    data = os.urandom(300_000)
    with open(path, "wb") as out:
        out.write(data)
    browser.go(home(server))
    browser.choose("#files", [path])
    browser.find("#file-list li")
    browser.go(seal(browser))
    browser.click("#reveal .primary")
    browser.find("#file-list a[download]", 30)
    name = browser.run("return document.querySelector('#file-list a').download")
    results.equal(name, 'a "file".bin', "it has its name")
    browser.click("#file-list a")

    def saved():
        names = [name for name in os.listdir(browser.downloads) if not name.endswith(".part")]
        if len(names) == 1:
            with open(os.path.join(browser.downloads, names[0]), "rb") as got:
                return got.read() == data

    results.check(browser.wait(saved, "it is not saved"), "and its bytes")
    results.equal(browser.complaints(), [], "the console is quiet")


def without_scripts(results, server):
    """The whole way where pages may run no scripts."""
    with Firefox(scripts=False) as browser:
        browser.go(home(server))
        results.check(browser.run("return document.querySelector('#sealed-here').hidden"), "no script ran")
        browser.type("#secret", CONTENT)
        browser.click("#create summary")
        browser.type("#passphrase", "correct horse")
        link = seal(browser)
        results.check("/secret/" in link and "#" not in link, "the link has no key", link)
        browser.go(link)
        browser.type("#passphrase", "wrong")
        browser.click("#reveal .primary")
        browser.says("not the right passphrase")
        browser.type("#passphrase", "correct horse")
        browser.click("#reveal .primary")
        browser.says("Here is your secret")
        results.equal(browser.value("#secret"), CONTENT, "it comes out")
        browser.go(link)
        browser.says("There is nothing here any more")
        results.equal(browser.complaints(), [], "the console is quiet")


def main(results):
    if not shutil.which("firefox-esr"):
        return results.skip("Firefox", "the package firefox-esr cannot be had here")
    with Server() as server:
        with Firefox() as browser:
            for test in (handoff, left_behind, file):
                results.run(test, results, server, browser)
        results.run(without_scripts, results, server)


if __name__ == "__main__":
    run_suite(main, 240)
