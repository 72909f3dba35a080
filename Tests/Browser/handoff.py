"""A handoff in a real Chromium: form, receipt and secret, with scripts and without, and what goes wrong on the way.

python3 Tests/Browser/handoff.py          about 60 seconds
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import post_form, request, reveal  # noqa: E402
from webdriver import CONTROL, ENTER, TAB, Chromium  # noqa: E402

MARKUP = "<img src=x onerror=\"document.title='x'\">&amp;'\"</textarea><script>document.title='x'</script>"
HARD_NAMES = ['a "quoted" name.txt', "\u05e9\u05dc\u05d5\u05dd \u202egnp.exe", "n" * 251 + ".txt", MARKUP.replace("/", "_")]


def home(server):
    return "http://127.0.0.1:%d/" % server.port


def fill(browser, server, content="the content", options=False, **fields):
    """Puts a secret and other fields into the form."""
    browser.go(home(server))
    if content:
        browser.find("#secret").type(content)
    if fields or options:
        browser.find("summary").click()
    for name, value in fields.items():
        field = browser.find("#" + name)
        field.clear()
        field.type(value)


def seal(browser, server, content="the content", **fields):
    """Creates a secret; gives its whole link."""
    fill(browser, server, content, **fields)
    browser.find(".primary").click()
    return browser.find("#link", seconds=20).value


def shown(browser):
    """The content, once it is shown."""
    return browser.find("textarea[readonly]#secret", seconds=20).value


def says(browser, text):
    """Whether the page comes to say something."""
    return browser.wait(lambda: text in browser.text(), "the page does not say %r" % text, 20)


def gone(browser):
    says(browser, "There is nothing here any more")


def no_complaints(results, browser, name):
    results.equal(browser.complaints(), [], name + ": the console is quiet")


def camera(browser):
    """What a camera would read from the page."""
    browser.find("#qr summary").click()
    browser.find("#qr svg")
    with tempfile.NamedTemporaryFile(suffix=".png") as picture:
        browser.screenshot(picture.name)
        command = ["zbarimg", "-q", "--raw", picture.name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode().strip()


def sealed(results, server, browser):
    """The whole way with scripts: the server never gets the content."""
    link = seal(browser, server)
    results.check(len(link) <= 100, "a link has at most 100 characters", link)
    results.check(len(link.split("#")[1]) == 45, "256 bits of key and 12 of their check stand behind the #", link)
    token = link.split("#")[0].rsplit("/", 1)[1]
    results.check("Your secret link is ready" in browser.text(), "the receipt is shown")
    results.equal(camera(browser), link, "a camera reads the link from its QR code")
    address = browser.url
    browser.reload()
    results.equal(browser.find("#link").value, link, "the tab still has the whole link after a reload")
    no_complaints(results, browser, "sender")

    answer = reveal(server.port, token)
    results.equal(answer.status, 404, "the API does not give an envelope out")
    results.check("end to end" in answer.text(), "the API says why", answer.text())
    plain = post_form(server.port, "/secret/" + token, {})
    results.equal(plain.status, 422, "nor does the form without scripts")

    browser.go(link)
    results.check(browser.find("#own").is_displayed, "who made it is warned")
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "the content comes out")
    results.check(browser.wait(lambda: "#" not in browser.url, "the key stays"), "the key does not stay in the address")
    no_complaints(results, browser, "recipient")
    browser.reload()
    gone(browser)
    browser.go(address)
    results.check("Your secret was read" in browser.text(), "the receipt tells it")


def passphrase(results, server, browser):
    """Wrong passphrases consume nothing until the last."""
    link = seal(browser, server, passphrase="correct horse", tries="2")
    browser.go(link)
    browser.find("#passphrase").type("wrong")
    browser.find(".primary").click()
    alert = browser.find("#problem", seconds=20).text
    results.check("One try left" in alert, "a wrong one says how many tries are left", alert)
    browser.find("#passphrase").clear()
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "the right one opens it")

    link = seal(browser, server, passphrase="correct horse", tries="1")
    browser.go(link)
    browser.find("#passphrase").type("wrong")
    browser.find(".primary").click()
    gone(browser)
    no_complaints(results, browser, "passphrases")


def files(results, server, browser):
    """Files of all sizes and names come out as they went in."""
    folder = tempfile.mkdtemp(prefix="onetime-files-")
    contents = [("empty.bin", b""), ("one.bin", b"\x00"), ("large.bin", os.urandom(10_000_000)), ("three.txt", b"abc")]
    contents += [(name, name.encode()) for name in HARD_NAMES]
    for group in (contents[:1], contents[1:2], contents[2:3], contents[:2] + contents[3:]):
        fill(browser, server, content="")
        for name, data in group:
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            browser.find("#files").type(path)
        results.equal(len(browser.all("#file-list li")), len(group), "files are listed: %d" % len(group))
        browser.find(".primary").click()
        link = browser.find("#link", seconds=60).value
        browser.go(link)
        browser.find(".primary").click()
        browser.find("#file-list", seconds=60)
        for index, (element, (name, data)) in enumerate(zip(browser.all("#file-list li a"), group)):
            results.equal(element.attribute("download"), name, "the name %.20r" % name)
            # Browsers save under a longer name at first, for which a file system has no room behind 255 bytes.
            script = "document.querySelectorAll('#file-list li a')[arguments[0]].download = arguments[1]"
            browser.run(script, index, "saved-%d" % index)
            element.click()
            saved = browser.wait(lambda: finished(browser.downloads), "the download", 20)
            with open(saved, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            results.equal(digest, hashlib.sha256(data).hexdigest(), "%d bytes of %.20r" % (len(data), name))
            os.unlink(saved)
    no_complaints(results, browser, "files")


def finished(folder):
    """The one file that was downloaded, once it is whole."""
    names = os.listdir(folder)
    if len(names) == 1 and not names[0].startswith(".") and not names[0].endswith(".crdownload"):
        return os.path.join(folder, names[0])
    return None


def readers_and_words(results, server, browser):
    """Two readers, a note and a label with markup in them."""
    link = seal(browser, server, MARKUP, readers="2", note=MARKUP, label=MARKUP)
    results.check(MARKUP in browser.text(), "the label is shown as text")
    results.check("0 of 2" in browser.text(), "the receipt counts readers")
    for number in (1, 2):
        browser.go("about:blank")
        browser.go(link)
        results.check(MARKUP in browser.text(), "the note is shown as text")
        browser.find(".primary").click()
        results.equal(shown(browser), MARKUP, "reader %d gets it" % number)
        results.check(browser.title != "x", "nothing in it runs")
    browser.go(link)
    gone(browser)
    no_complaints(results, browser, "markup")


def races(results, server, browser):
    """Two tabs race; a lost answer is asked for again; burned and expired while open."""
    link = seal(browser, server)
    first = browser.tab
    browser.go(link)
    browser.new_tab()
    browser.go(link)
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "one tab gets it")
    browser.call("DELETE", "/window")
    browser.switch(first)
    browser.find(".primary").click()
    gone(browser)

    link = seal(browser, server)
    browser.go(link)
    # The answer is lost: the claim reaches the server, and the page is loaded anew before it shows anything.
    token = link.split("#")[0].rsplit("/", 1)[1]
    browser.run(
        """const form = document.querySelector('#reveal');
        const claim = 'ab'.repeat(16);
        sessionStorage.setItem('claim ' + arguments[0], JSON.stringify(
            {claim, formToken: form.form_token.value, isLocked: false, isSealed: true}));
        const request = new XMLHttpRequest();
        request.open('POST', '/secret/' + arguments[0] + '/claim', false);
        request.send(new URLSearchParams({claim, form_token: form.form_token.value}));""",
        token,
    )
    # The browser does not like how the suite waited.
    browser.complaints()
    browser.reload()
    results.equal(shown(browser), "the content", "a reload in the claim's time gets it again")
    no_complaints(results, browser, "lost answer")

    link = seal(browser, server)
    receipt_page = browser.url
    browser.go(link)
    key = receipt_page.rsplit("/", 1)[1]
    results.equal(post_form(server.port, "/receipt/%s/burn" % key, {}).status, 200, "burned meanwhile")
    browser.find(".primary").click()
    gone(browser)

    browser.go("about:blank")
    link = seal(browser, server)
    browser.go(link)
    browser.offline(True)
    browser.find(".primary").click()
    alert = browser.find("#problem").text
    results.check("cannot be reached" in alert, "offline is told", alert)
    browser.offline(False)
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "and loses nothing")

    browser.back()
    results.check("the content" not in browser.text(), "going back shows nothing")
    browser.complaints()


def damaged(results, server, browser):
    """A link that lost its key, or has one with a character too few or a wrong one, consumes nothing."""
    link = seal(browser, server)
    address, key = link.split("#")
    wrong = key[:20] + ("A" if key[20] != "A" else "B") + key[21:]
    for name, fragment in (("no key", ""), ("a character less", "#" + key[:-1]), ("no check", "#" + key[:-2]),
                           ("a character too much", "#" + key + "A"), ("one that is missing inside", "#" + key[:20] + key[21:]),
                           ("a wrong one", "#" + wrong)):
        # Another part behind the # alone would load nothing anew.
        browser.go("about:blank")
        browser.go(address + fragment)
        browser.find(".primary").click()
        alert = browser.find("#problem", seconds=20).text
        results.check("incomplete" in alert, name + ": the page says that the link is incomplete", alert)
        status = request(server.port, "GET", "/secret/" + address.rsplit("/", 1)[1]).status
        results.equal(status, 200, name + ": the secret is still there")
    browser.go("about:blank")
    browser.go(link)
    browser.find(".primary").click()
    results.equal(shown(browser), "the content", "the whole link opens it")
    no_complaints(results, browser, "damaged links")


def parts(results, server, browser):
    """Two of three links, one opened and one pasted; and separate links."""
    fill(browser, server, "split content", parts="3", needed="2")
    browser.find(".primary").click()
    browser.wait(lambda: len(browser.all("input[readonly]")) == 3, "three links", 20)
    links = [field.value for field in browser.all("input[readonly]")]
    browser.go(links[2])
    browser.find(".primary").click()
    browser.find("#part", seconds=20)
    results.check("Part 3 of 3" in browser.text(), "a part says which one it is", browser.text()[:200])
    results.check("split content" not in browser.text(), "one part shows nothing")
    browser.find("#part").type(links[0])
    browser.find(".primary").click()
    results.equal(shown(browser), "split content", "a pasted link completes it")

    fill(browser, server, "split content", parts="2", needed="2")
    browser.find(".primary").click()
    browser.wait(lambda: len(browser.all("input[readonly]")) == 2, "two links", 20)
    for link in [field.value for field in browser.all("input[readonly]")]:
        browser.go(link)
        browser.find(".primary").click()
        browser.wait(lambda: browser.all("#part") or browser.all("textarea[readonly]#secret"), "a part", 20)
    results.equal(shown(browser), "split content", "two links opened in one tab complete it")

    fill(browser, server, "for three", links="3")
    browser.find(".primary").click()
    browser.wait(lambda: len(browser.all("input[readonly]")) == 3, "three links", 20)
    for link in [field.value for field in browser.all("input[readonly]")]:
        browser.go(link)
        browser.find(".primary").click()
        results.equal(shown(browser), "for three", "each separate link opens by itself")
    no_complaints(results, browser, "parts")


def keyboard(results, server, browser):
    """The whole way by keyboard alone."""
    browser.go(home(server))
    browser.find("#secret")
    browser.keys(*"by keyboard", (CONTROL, ENTER))
    link = browser.find("#link", seconds=20).value
    results.equal(browser.run("return document.activeElement.tagName"), "H1", "the focus is where the new page begins")
    browser.go(link)
    for _ in range(12):
        browser.keys(TAB)
        if browser.run("return document.activeElement.className") == "primary":
            break
    browser.keys(ENTER)
    results.equal(shown(browser), "by keyboard", "it is revealed by keyboard")
    results.equal(browser.run("return document.activeElement.tagName"), "H1", "the focus is at the secret's page")


def destroyed(results, server, browser):
    """The recipient destroys it unread."""
    link = seal(browser, server)
    address = browser.url
    browser.go(link)
    browser.button("Destroy it unread").click()
    says(browser, "There is no way back")
    browser.find("button.danger").click()
    results.check(says(browser, "The secret was destroyed"), "it is destroyed")
    browser.go(address)
    results.check(says(browser, "Your secret was burned"), "the receipt tells it")


def without_scripts(results, server):
    """The whole way without scripts."""
    with Chromium(scripts=False) as browser:
        fill(browser, server, "plain", options=True, passphrase="correct horse", note="a note", label="mine")
        browser.find(".primary").click()
        link = browser.find("#link").attribute("value")
        results.check("mine" in browser.text(), "the label is on the receipt")
        browser.go(link)
        results.check("a note" in browser.text(), "the note is shown")
        browser.find("#passphrase").type("wrong")
        browser.find(".primary").click()
        results.check(says(browser, "not the right passphrase"), "a wrong passphrase is told")
        browser.find("#passphrase").type("correct horse")
        browser.find(".primary").click()
        says(browser, "Here is your secret")
        results.equal(browser.find("#secret").attribute("value") or browser.find("#secret").value, "plain", "it comes out")
        browser.go(link)
        gone(browser)
        no_complaints(results, browser, "without scripts")


def made_up(results, server, browser):
    """A passphrase is made of words, or of characters of the classes wanted."""
    browser.go(home(server))
    browser.find("summary").click()
    browser.button("Make one up").click()
    browser.wait(lambda: browser.find("#passphrase").value, "no passphrase")
    words = browser.find("#passphrase").value
    results.check(len(words.split("-")) == 7 and words.replace("-", "").isalpha(), "seven words")
    browser.button("Make one up").click()
    results.check(browser.wait(lambda: browser.find("#passphrase").value != words, "the same again"), "another one")
    count = browser.find("#made-length")
    count.clear()
    count.type("9" + TAB)
    browser.wait(lambda: len(browser.find("#passphrase").value.split("-")) == 9, "no nine words")
    browser.run("const kind = document.querySelector('#made-of'); kind.value = 'characters';"
                "kind.dispatchEvent(new Event('change'))")
    characters = browser.find("#passphrase").value
    results.check(len(characters) == 24 and characters.replace("-", "").isalnum(), "twenty characters in fours")
    for box in browser.all(".choices input")[2:]:
        box.click()
    characters = browser.find("#passphrase").value
    results.check(len(characters) == 20 and not any(letter.isdigit() for letter in characters), "signs, no digits")
    # One in twenty has so few different ones that it is no more than strong.
    judged = browser.find("#strength").text
    results.check(judged in ("Strength: strong", "Strength: very strong"), "it is judged", judged)
    no_complaints(results, browser, "made up")


def languages(results, server, browser):
    """A language chosen at the foot of the page stays, and takes the key behind the # with it."""
    link = seal(browser, server)
    browser.go(home(server))
    browser.find("#languages summary").click()
    browser.find("#languages a[lang=nl]").click()
    browser.wait(lambda: browser.find("html").attribute("lang") == "nl", "it is not Dutch")
    results.check(browser.url.endswith("/?locale=nl"), "the address names the language", browser.url)
    browser.find("#secret").type("geheim")
    browser.find(".primary").click()
    dutch = browser.find("#link", seconds=20).value
    results.check("locale" not in dutch, "the recipient chooses for himself", dutch)
    results.check("klaar" in browser.text(), "the receipt is Dutch", browser.text()[:200])
    browser.reload()
    results.check("klaar" in browser.text(), "and stays it when it is loaded anew")
    for address in (link, dutch):
        browser.go(address)
        browser.find("#languages summary").click()
        browser.find("#languages a[lang=de]").click()
        browser.wait(lambda: browser.find("html").attribute("lang") == "de", "it is not German")
        browser.find(".primary").click()
        results.equal(shown(browser), "the content" if address == link else "geheim", "the key came along")
        results.check(not browser.all("#languages"), "what is shown cannot be lost by another language")
    no_complaints(results, browser, "languages")


def insecure(results, server):
    """A name that is not the loopback's, without HTTPS: the server seals."""
    with Chromium() as browser:
        browser.go("http://plain.test:%d/" % server.port)
        results.check("Without HTTPS your browser cannot seal it" in browser.text(), "the page says so")
        browser.find("#secret").type("over the LAN")
        browser.find(".primary").click()
        link = browser.find("#link").value
        results.check("#" not in link and "/secret/" in link, "the link has no key", link)
        browser.go(link.replace("127.0.0.1", "plain.test"))
        browser.find(".primary").click()
        results.equal(shown(browser), "over the LAN", "it comes out")


def without_its_scripts(results, server):
    """A browser that runs scripts but does not get the page's: it is told that the server seals before it can send, and all goes on as
    without scripts."""
    told = "Without JavaScript your browser cannot seal it: the server does."
    is_shown = "const way = document.querySelector('#unscripted'); return way && way.checkVisibility({visibilityProperty: true});"
    with Chromium() as browser:
        browser.cdp("Network.enable", {})
        for blocked, reduced in (("*/page.js", False), ("*.js", True)):
            browser.media(reduced_motion=reduced)
            browser.cdp("Network.setBlockedURLs", {"urls": [blocked]})
            browser.go(home(server))
            browser.find("#secret").type("the content")
            results.check(not browser.run(is_shown), blocked + ": scripts are given time")
            height = browser.run("return document.querySelector('#unscripted').offsetHeight")
            results.equal(height, 0, blocked + ": the other way takes no room before")
            browser.find(".primary").click()
            results.equal(browser.url, home(server), blocked + ": nothing goes before it was told who seals")
            browser.wait(lambda: browser.run(is_shown), "there is another way", 10)
            results.equal(browser.find("#unscripted p").text, told, blocked + ": it is told who seals")
            results.check(browser.run("return document.querySelector('#unscripted').offsetHeight") > 80, blocked + ": it is all there")
            browser.find("#unscripted button").click()
            link = browser.find("#link", seconds=20).attribute("value")
            results.check("#" not in link, blocked + ": the server sealed it", link)
            browser.go(link)
            browser.find(".primary").click()
            results.equal(shown(browser), "the content", blocked + ": and it comes out")
        with Server("--passphrase-required") as strict:
            # There is a field to press Enter in.
            browser.go(home(strict))
            browser.find("#secret").type("the content")
            browser.find("#passphrase").type("correct horse" + ENTER)
            time.sleep(0.5)
            results.equal(browser.url, home(strict), "Enter sends nothing before it was told who seals")
            browser.wait(lambda: browser.run(is_shown), "there is another way", 10)
            browser.find("#unscripted button").click()
            results.check(browser.find("#link", seconds=20), "which takes all fields that are there")
        browser.cdp("Network.setBlockedURLs", {"urls": []})
        browser.go(home(server))
        browser.wait(lambda: not browser.all("#unscripted"), "the script takes the other way away")
    with Chromium() as browser:
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", {"source": "Intl.DateTimeFormat = undefined;"})
        browser.go(home(server))
        browser.find("#secret").type("the content")
        time.sleep(1)
        browser.find(".primary").click()
        results.equal(browser.url, home(server), "a script that fails when it begins lets nothing go unsealed")
        browser.wait(lambda: browser.run(is_shown), "which is told of, too", 10)
        results.check(all("DateTimeFormat" in complaint for complaint in browser.complaints()), "nothing else fails")
    with Chromium(scripts=False) as browser:
        browser.go(home(server))
        time.sleep(5.5)
        buttons = [button.text for button in browser.all("#create button") if button.is_displayed]
        results.equal(buttons, ["Create a secret link"], "without scripts there is one button, which waits for none")


def main(results):
    with Server() as server:
        with Chromium() as browser:
            for test in (sealed, passphrase, files, readers_and_words, races, damaged, parts, keyboard, destroyed, made_up, languages):
                results.run(test, results, server, browser)
        for test in (without_scripts, without_its_scripts, insecure):
            results.run(test, results, server)


if __name__ == "__main__":
    run_suite(main, 560)
