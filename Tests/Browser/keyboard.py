"""The whole flow by keyboard alone: the focus is always seen and never lost, and what happens is told to those who listen.

python3 Tests/Browser/keyboard.py          about 40 seconds
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, finished, home, no_complaints, says  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from webdriver import CONTROL, ENTER, SPACE, TAB, Chromium  # noqa: E402

SHIFT = "\ue008"
FOCUS = """
    const focused = document.activeElement;
    const label = focused.id === 'files' ? document.querySelector('label[for=files]') : focused;
    const style = getComputedStyle(label), box = label.getBoundingClientRect();
    return {tag: focused.tagName, id: focused.id, type: focused.type ?? '', text: (focused.innerText ?? '').trim(), value: focused.value ?? '',
        outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
        isSeen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
"""


class Walk:
    """Somebody with a keyboard, who looks where the focus is after each key."""

    def __init__(self, results, browser):
        self.results, self.browser = results, browser

    def focus(self):
        return self.browser.run(FOCUS)

    def seen(self, what):
        """The focus is somewhere, and it shows."""
        for _ in range(20):
            at = self.focus()
            # Where a page begins anew it is read from its title, which needs no frame around it.
            if at["tag"] == "H1" or at["outline"] >= 2 and at["isSeen"]:
                break
            time.sleep(0.05)
        self.results.check(at["tag"] != "BODY", what + ": the focus is not lost", at)
        self.results.check(at["tag"] == "H1" or at["outline"] >= 2 and at["isSeen"], what + ": the focus is seen", at)
        return at

    def to(self, what, backwards=False, **wanted):
        """Tabs on to what is wanted."""
        passed = []
        for _ in range(70):
            self.browser.keys((SHIFT, TAB) if backwards else TAB)
            at = self.focus()
            if at["tag"] != "BODY":
                at = self.seen(what)
            passed.append(at["id"] or at["text"])
            if all(at[name] == value for name, value in wanted.items()):
                return at
        return self.results.check(False, what + " is reached by the tabulator", passed)

    def press(self, *keys):
        self.browser.keys(*keys)

    def lands(self, what, **wanted):
        """The focus comes to something by itself."""

        def is_there():
            at = self.focus()
            return all(at[name] == value for name, value in wanted.items())

        self.browser.wait(is_there, "%s: the focus is at %s" % (what, self.focus()), 20)
        self.seen(what)

    def told(self, text):
        """The status, which screen readers read out, says something."""
        spoken = "const status = document.querySelector('[role=status]'); return status && status.innerText"
        self.browser.wait(lambda: self.browser.run(spoken) == text, "the status does not say %r" % text)
        self.results.check(True, text)

    def titled(self, text):
        self.results.check(text in self.browser.title, "the title says %r" % text, self.browser.title)


def create(walk, server):
    """Form to receipt with everything on; leaves the whole link."""
    browser, results = walk.browser, walk.results
    browser.go(home(server))
    walk.lands("the form", id="secret")
    walk.titled("Share a secret")
    walk.press(*"by keyboard")
    walk.to("the button for files", id="files")
    # What the system's own dialogue does.
    path = os.path.join(browser.folder, "file.txt")
    for name in ("file.txt", "other.txt"):
        path = os.path.join(browser.folder, name)
        with open(path, "w") as file:
            file.write("by keyboard")
        browser.find("#files").type(path)
    browser.find("#file-list li")
    walk.seen("after choosing files")
    removed = walk.to("removing a file", tag="BUTTON")
    results.check("file.txt" in removed["text"], "the button says which file it removes", removed)
    walk.press(ENTER)
    walk.lands("after removing", id="files")
    results.equal(len(browser.all("#file-list li")), 1, "it is removed")
    walk.to("options", tag="SUMMARY")
    walk.press(ENTER)
    walk.seen("options")
    walk.to("the passphrase", id="passphrase")
    walk.to("making one up", text="Make one up")
    walk.press(SPACE)
    browser.find("#made-of")
    walk.seen("making one up")
    walk.to("how many", id="made-length")
    walk.press((CONTROL, "a"), *"5", TAB)
    walk.seen("after how many")
    browser.wait(lambda: len(browser.find("#passphrase").value.split("-")) == 5, "no five words")
    walk.to("the passphrase again", backwards=True, id="passphrase")
    walk.press((CONTROL, "a"), *"correct horse")
    walk.to("the time", id="ttl")
    walk.to("the note", id="note")
    walk.press(*"a note")
    walk.to("the label", id="label")
    walk.press(*"a label", ENTER)
    walk.lands("the receipt", tag="H1")
    walk.titled("Your secret link is ready")
    walk.to("the link", id="link")
    link = walk.focus()["value"]
    results.check("#" in link, "it is whole", link)
    selected = browser.run("const field = document.activeElement; return field.selectionEnd - field.selectionStart")
    results.equal(selected, len(link), "it is selected")
    walk.to("copying the link", text="Copy the link")
    walk.press(ENTER)
    walk.told("Copied")
    walk.lands("after copying", text="Copy the link")
    walk.to("copying the passphrase", text="Copy the passphrase")
    walk.press(SPACE)
    walk.told("Copied")
    walk.lands("after copying", text="Copy the passphrase")
    walk.to("the QR code", tag="SUMMARY")
    walk.press(ENTER)
    browser.find("#qr svg")
    walk.seen("the QR code")
    return link


def handed_over(results, server, browser):
    """Created, revealed with a passphrase that was wrong first, copied, hidden, saved, cleared."""
    walk = Walk(results, browser)
    link = create(walk, server)
    browser.go("about:blank")
    browser.go(link)
    walk.lands("the recipient's page", id="passphrase")
    walk.press(*"wrong", ENTER)
    walk.lands("a wrong passphrase", id="problem")
    results.check("4 tries left" in walk.focus()["text"], "what is read out says how many tries are left", walk.focus())
    walk.to("the passphrase", id="passphrase")
    walk.press((CONTROL, "a"), *"correct horse", ENTER)
    walk.seen("while it is opened")
    walk.lands("what is revealed", tag="H1")
    walk.titled("Here is your secret")
    results.equal(walk.to("the secret", id="secret")["value"], "by keyboard", "it can be read")
    walk.to("copying it", text="Copy")
    walk.press(ENTER)
    walk.told("Copied")
    walk.lands("after copying", text="Copy")
    walk.to("hiding it", text="Hide")
    walk.press(SPACE)
    results.check(not browser.find("#secret").is_displayed, "it is hidden")
    walk.lands("hidden", text="Show")
    walk.press(SPACE)
    walk.lands("shown", text="Hide")
    results.check(browser.find("#secret").is_displayed, "it is shown")
    walk.to("saving it", tag="A")
    walk.press(ENTER)
    os.unlink(browser.wait(lambda: finished(browser.downloads), "the download"))
    walk.seen("after saving")
    walk.to("when to clear", id="clear")
    walk.to("clearing", text="Clear now")
    walk.press(ENTER)
    walk.lands("cleared", tag="H1")
    walk.titled("no longer on this page")
    walk.to("sharing", tag="A", text="Share a secret")
    walk.press(ENTER)
    walk.lands("the form again", id="secret")
    no_complaints(results, browser, "handed over")


def burned(results, server, browser):
    """Burned after asking. What a browser sealed takes no passphrase: it could not be judged."""
    walk = Walk(results, browser)
    create(walk, server)
    walk.to("burning", text="Burn the secret")
    walk.press(ENTER)
    says(browser, "There is no way back")
    walk.to("keeping it", tag="A", text="Keep it")
    walk.to("burning it", backwards=True, tag="BUTTON")
    walk.press(ENTER)
    says(browser, "was burned")
    walk.titled("was burned")
    walk.to("another one", tag="A", text="Share another secret")
    no_complaints(results, browser, "burned")


def destroyed(results, server, browser):
    """Destroyed by the recipient, after asking."""
    walk = Walk(results, browser)
    fill(browser, server, "by keyboard")
    walk.press((CONTROL, ENTER))
    walk.lands("the receipt", tag="H1")
    browser.go(browser.find("#link").value)
    walk.to("destroying", text="Destroy it unread")
    walk.press(ENTER)
    says(browser, "There is no way back")
    walk.to("destroying it", tag="BUTTON")
    walk.press(SPACE)
    says(browser, "was destroyed")
    walk.to("sharing", tag="A", text="Share a secret")
    no_complaints(results, browser, "destroyed")


def problems(results, server, browser):
    """What is wrong is told where the focus goes; cancelling gives it back."""
    walk = Walk(results, browser)
    browser.go(home(server))
    walk.lands("the form", id="secret")
    walk.press((CONTROL, ENTER))
    walk.lands("an empty form", id="problem")
    results.equal(browser.run("return document.activeElement.getAttribute('role')"), "alert", "it is read out")
    walk.to("the box", id="secret")
    path = os.path.join(browser.folder, "large.bin")
    with open(path, "wb") as file:
        file.write(bytes(12_000_000))
    browser.find("#files").type(path)
    walk.to("the button", tag="BUTTON", text="Create a secret link")
    # Sealing comes to no end.
    browser.run("crypto.subtle.encrypt = () => new Promise(resolve => { window.go = resolve; })")
    walk.press(ENTER)
    browser.wait(lambda: browser.run("return !!window.go"), "it is not sealed")
    walk.lands("while it is sealed", text="Create a secret link")
    walk.press(ENTER)
    walk.to("cancelling", text="Cancel")
    walk.press(ENTER)
    browser.run("window.go(new ArrayBuffer(1))")
    walk.told("Cancelled. Nothing was stored.")
    walk.lands("cancelled", text="Create a secret link")
    no_complaints(results, browser, "problems")


def skips(results, server, browser):
    """Every control has a name, and the order of the focus is that of the page."""
    browser.go(home(server))
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    walk = Walk(results, browser)
    browser.run("document.activeElement.blur()")
    places = []
    for _ in range(80):
        browser.keys(TAB)
        if walk.focus()["tag"] == "BODY":
            break
        walk.seen("the form")
        places.append(browser.run("return document.activeElement.getBoundingClientRect().top + scrollY"))
    results.check(len(places) > 40, "everything is reached", len(places))
    time.sleep(0.1)
    jumps = [(before, after) for before, after in zip(places, places[1:]) if after < before - 60]
    results.check(len(jumps) <= 1, "the focus goes down the page", jumps)
    results.equal(browser.all("[tabindex]:not([tabindex='-1'])"), [], "no order but the page's")


def main(results):
    with Server() as server:
        with Chromium() as browser:
            for test in (handed_over, burned, destroyed, problems, skips):
                results.run(test, results, server, browser)


if __name__ == "__main__":
    run_suite(main, 240)
