"""What others chose is shown as text, wherever it comes back: file names, types, labels, notes, passphrases, brand, address.

python3 Tests/Browser/hostile.py          about 30 seconds
"""

import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import MARKUP, fill, finished, home, no_complaints, says, seal, shown  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import request  # noqa: E402
from webdriver import BrowserError, Chromium  # noqa: E402

NAMES = [
    "line\nfeed.txt", "carriage\r\nreturn.txt", "\x1b[31mred\x07.txt", "tab\t\x7f.txt", "../../up.txt", "C:\\windows\\x.txt",
    "\u202etxt.exe", "\u2066a\u2069.txt", "\u2028.txt", ".hidden", "a?b*c|d<e>.txt", "",
]
ADD_FILES = """
    const transfer = new DataTransfer();
    for (const [name, type] of arguments[0]) transfer.items.add(new File(['content of ' + name], name, {type}));
    const field = document.querySelector('#files');
    field.files = transfer.files;
    field.dispatchEvent(new Event('change'));
"""
# A picture of one pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def untouched(results, browser, name):
    """Nothing became markup: no picture but the product's own, no script but ours, no title of theirs."""
    found = browser.run(
        """return {title: document.title, pictures: document.querySelectorAll('img:not(.preview), iframe, object').length,
            inline: Array.from(document.scripts).filter(script => !script.src).length,
            handlers: Array.from(document.querySelectorAll('*')).flatMap(each => each.getAttributeNames())
                .filter(attribute => attribute.startsWith('on'))}"""
    )
    results.equal((found["pictures"], found["inline"], found["handlers"]), (0, 0, []), name + ": nothing became markup")
    results.check(found["title"] != "x", name + ": nothing ran")


def saved_by(browser, element, name):
    """The file that a link saves. Of many downloads in a row the browser loses one now and then, so it is asked twice."""
    for seconds in (8, 20):
        element.click()
        try:
            return browser.wait(lambda: finished(browser.downloads), "the download of %r" % name, seconds)
        except BrowserError as error:
            lost = error
    raise lost


def file_names(results, server, browser):
    """Names that no file system has: as they are in the list but for what would hide or turn them, saved under sane ones."""
    fill(browser, server, content="")
    browser.run(ADD_FILES, [[name, "text/html"] for name in NAMES])
    listed = [browser.run("return arguments[0].textContent", {"element-6066-11e4-a52e-4f735466cecf": each.identifier})
              for each in browser.all("#file-list bdi")]
    results.equal(len(listed), len(NAMES), "all are listed")
    results.check(not any(set(name) & set("\n\r\x1b\x07\x7f\u202e\u2066\u2028") for name in listed), "legibly", listed)
    browser.find(".primary").click()
    browser.go(browser.find("#link", seconds=20).value)
    browser.find(".primary").click()
    browser.find("#file-list", seconds=20)
    links = browser.all("#file-list li a")
    results.equal(len(links), len(NAMES), "all come out")
    for element, name in zip(links, NAMES):
        label = browser.run("return arguments[0].textContent", {"element-6066-11e4-a52e-4f735466cecf": element.identifier})
        results.check(not set(label) & set("\n\r\x1b\x07\x7f\u202e\u2028"), "%r is offered legibly" % name, repr(label))
        path = saved_by(browser, element, name)
        saved = os.path.basename(path)
        results.check(
            saved and not any(ord(letter) < 32 or letter in "/\\\x7f\u202e\u2066\u2028" for letter in saved),
            "%r is saved under a sane name" % name, repr(saved),
        )
        with open(path, "rb") as file:
            results.equal(file.read(), ("content of " + name).encode(), "%r has its content" % name)
        os.unlink(path)
    no_complaints(results, browser, "file names")


def file_types(results, server, browser):
    """Only pictures that cannot carry scripts are shown; everything else is only saved."""
    fill(browser, server, content="")
    browser.run(
        """const bytes = Uint8Array.from(atob(arguments[0]), letter => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], 'a.png', {type: 'image/png'}));
        transfer.items.add(new File(["<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"], 'b.svg',
            {type: 'image/svg+xml'}));
        transfer.items.add(new File(['<script>alert(1)</script>'], 'c.html', {type: 'text/html'}));
        const field = document.querySelector('#files');
        field.files = transfer.files;
        field.dispatchEvent(new Event('change'));""",
        PIXEL,
    )
    browser.find(".primary").click()
    browser.go(browser.find("#link", seconds=20).value)
    browser.find(".primary").click()
    browser.find("#file-list", seconds=20)
    browser.wait(lambda: browser.run("return document.querySelector('.preview')?.naturalWidth") == 1, "the picture is not shown")
    results.equal(len(browser.all("main img")), 1, "no other is")
    untouched(results, browser, "file types")
    no_complaints(results, browser, "file types")


def texts(results, server, browser):
    """Label, note, passphrase and content with markup in them, all the way."""
    link = seal(browser, server, MARKUP, passphrase=MARKUP, note=MARKUP, label=MARKUP)
    receipt = browser.url
    untouched(results, browser, "receipt")
    browser.go(home(server))
    results.check(MARKUP in browser.find("#recent").text, "the label is text among this tab's receipts")
    untouched(results, browser, "form")
    browser.go(link)
    browser.find("#passphrase").type("<b>wrong</b>")
    browser.find(".primary").click()
    browser.find("#problem", seconds=20)
    untouched(results, browser, "wrong passphrase")
    browser.find("#passphrase").clear()
    browser.find("#passphrase").type(MARKUP)
    browser.find(".primary").click()
    results.equal(shown(browser), MARKUP, "the content is text")
    untouched(results, browser, "revealed")
    browser.go(receipt)
    results.check(MARKUP in browser.text(), "the label is text afterwards")
    untouched(results, browser, "receipt of what was read")

    fill(browser, server, MARKUP, passphrase=MARKUP, label=MARKUP, parts="2", needed="2")
    browser.find(".primary").click()
    browser.wait(lambda: len(browser.all("input[readonly]")) == 2, "two links", 20)
    untouched(results, browser, "links")
    browser.go(browser.find("input[readonly]").value)
    browser.find("#passphrase").type(MARKUP)
    browser.find(".primary").click()
    browser.find("#part", seconds=20)
    results.equal(browser.find("#passphrase").value, MARKUP, "the passphrase is kept as text for the next part")
    untouched(results, browser, "part")
    browser.find("#part").type("javascript:document.title='x'")
    browser.find(".primary").click()
    browser.find("#problem")
    untouched(results, browser, "a link that is none")
    no_complaints(results, browser, "texts")


def addresses(results, server, browser):
    """What is in the address never becomes part of the page."""
    link = seal(browser, server)
    receipt = browser.url
    plain = link.split("#")[0]
    for address in (home(server), home(server) + "nowhere", plain, plain + "/burn", receipt, receipt + "/burn"):
        for attack in ("?locale=%s", "?x=%s", "?locale=\"'>%s", "?%s", "?locale=en&%s", "?locale=nl#%s"):
            browser.go(address + attack % MARKUP)
            browser.find("h1")
            untouched(results, browser, address[-20:] + attack)
        path = urllib.parse.urlsplit(address).path
        for raw in ("?locale=" + MARKUP.replace(" ", "+"), "?locale=en\"><marked>", "?<marked>"):
            answer = request(server.port, "GET", path + raw)
            told = answer.body.lower()
            results.check(b"<img" not in told and b"<marked" not in told, "as raw bytes neither: %s %s" % (path[:12], raw[:20]))
    browser.go(home(server) + "<marked>" + urllib.parse.quote(MARKUP))
    untouched(results, browser, "a path")
    results.check("marked" not in browser.text(), "the page that is not there does not repeat the address")
    browser.go(link.replace("#", "?x=%s#" % urllib.parse.quote(MARKUP)))
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "it opens all the same")
    browser.button("Clear now").click()
    says(browser, "no longer on this page")
    untouched(results, browser, "cleared")
    no_complaints(results, browser, "addresses")


def brand(results):
    """The owner's name is text, too."""
    with Server("--brand", MARKUP) as server, Chromium() as browser:
        link = seal(browser, server)
        results.check(MARKUP in browser.find("header").text and MARKUP in browser.title, "the brand is text", browser.title)
        untouched(results, browser, "receipt with a brand")
        browser.go(link)
        browser.find(".primary").click()
        shown(browser)
        results.check(MARKUP in browser.title, "it stays in the title", browser.title)
        untouched(results, browser, "revealed with a brand")
        no_complaints(results, browser, "brand")


def without_scripts(results, server):
    """The server's own pages, where no script could put anything right."""
    with Chromium(scripts=False) as browser:
        fill(browser, server, MARKUP, options=True, passphrase=MARKUP, note=MARKUP, label=MARKUP)
        browser.find(".primary").click()
        link = browser.find("#link").attribute("value")
        results.check(MARKUP in browser.find("dl").text, "the label is text")
        results.equal(browser.all("main img, main script, main iframe"), [], "no markup on the receipt")
        browser.go(link)
        results.check(MARKUP in browser.find("dl").text, "the note is text")
        browser.find("#passphrase").type("<b>wrong")
        browser.find(".primary").click()
        says(browser, "not the right passphrase")
        results.equal(browser.all("main img, main script, main b"), [], "no markup beside the problem")
        browser.find("#passphrase").type(MARKUP)
        browser.find(".primary").click()
        says(browser, "Here is your secret")
        results.equal(browser.find("#secret").value, MARKUP, "the content is text")
        results.equal(browser.all("main img, main script, main iframe"), [], "no markup around the secret")
        no_complaints(results, browser, "without scripts")


def main(results):
    with Server() as server:
        with Chromium() as browser:
            for test in (file_names, file_types, texts, addresses):
                results.run(test, results, server, browser)
        results.run(without_scripts, results, server)
    results.run(brand, results)


if __name__ == "__main__":
    run_suite(main, 240)
