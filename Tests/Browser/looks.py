"""How pages look: 320 pixels wide in every language, with letters twice as large, without motion, in both directions.

python3 Tests/Browser/looks.py [FOLDER]          about 90 seconds; leaves screenshots in a folder that is named
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, home, no_complaints, seal, shown  # noqa: E402
from incident import admin, console, sign_in  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from webdriver import Chromium  # noqa: E402

PICTURES = sys.argv[1] if len(sys.argv) > 1 else None
RIGHT_TO_LEFT = ("ar", "he")
# So that the form has all of its fields, and a receipt long rules.
COUNTRIES = ("--trusted-proxies", "127.0.0.1", "--country-header", "CF-IPCountry")
RULES = {"hours": "Mon-Sun 00:00-24:00 America/Argentina/ComodRivadavia; 00:00-24:00", "allow_networks": "127.0.0.0/8, ::1, 2001:db8:1234:5678::/64"}
NAME = "\u05e9\u05dc\u05d5\u05dd report (2).txt"
# What sticks out of the page, what is cut off, and what lies on something else.
FAULTS = """
    const faults = [], width = document.documentElement.clientWidth;
    const name = (each) => each.tagName + '#' + each.id + '.' + each.className + ' ' + each.textContent.trim().slice(0, 40);
    if (document.documentElement.scrollWidth > width) faults.push('wider than the page');
    const shown = Array.from(document.querySelectorAll('body *')).filter(each =>
        each.checkVisibility({contentVisibilityAuto: true, opacityProperty: true}) && each.offsetWidth > 1);
    for (const each of shown) {
        const box = each.getBoundingClientRect();
        if (box.left < -0.5 || box.right > width + 0.5) faults.push('sticks out: ' + name(each));
        const holdsText = !['INPUT', 'TEXTAREA', 'SELECT'].includes(each.tagName);
        if (holdsText && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
            faults.push('cut off: ' + name(each) + ' ' + each.scrollWidth + '>' + each.clientWidth);
    }
    const leaves = shown.filter(each => each.matches('button, .button, input, select, textarea, p, dd, dt, label, h1, h2, summary')
        && !each.matches('#status, label:has(input)'));
    leaves.forEach((one, index) => {
        for (const other of leaves.slice(index + 1)) {
            if (one.contains(other) || other.contains(one)) continue;
            const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 1) faults.push('overlap: ' + name(one) + ' and ' + name(other));
        }
    });
    return faults;
"""


def languages():
    """The tags of all languages, as `--help` lists them."""
    help_text = subprocess.run([binary_path(), "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return re.search(r"--locale\s+(\S+)", help_text).group(1).split("|")


class Gallery:
    """Looks at pages one after the other."""

    def __init__(self, results, server, browser, key):
        self.results, self.server, self.browser = results, server, browser
        self.content = "Pa55-w\u00f6rd: " + "x" * 60 + "\n\u05e9\u05dc\u05d5\u05dd (1)"
        # One secret that is read again and again, one that needs a passphrase, one that is gone.
        self.open_link = self._with_file(readers="100", note="The key of the door, (2) of 3")
        self.locked_link = seal(browser, server, self.content, passphrase="correct horse", label="a label", **RULES)
        self.receipt = browser.url
        sign_in(browser, server, key)

    def _with_file(self, **fields):
        path = os.path.join(self.browser.folder, NAME)
        with open(path, "w") as file:
            file.write("x" * 1234)
        fill(self.browser, self.server, self.content, **fields)
        self.browser.find("#files").type(path)
        self.browser.find(".primary").click()
        return self.browser.find("#link", seconds=20).value

    def states(self, tag):
        """Leads the browser through the pages in a language, and names each."""
        browser, query = self.browser, "?locale=" + tag
        browser.go(home(self.server) + query)
        browser.find("summary").click()
        browser.find("#passphrase").type("correct horse")
        browser.find("#passphrase-hint ~ button").click()
        browser.find("#made-of")
        yield "form"
        browser.go(self.receipt + query)
        browser.find("#link-actions button").click()
        yield "receipt"
        browser.go(self.locked_link.replace("#", query + "#"))
        yield "secret"
        browser.go("about:blank")
        browser.go(self.open_link.replace("#", query + "#"))
        browser.find(".primary").click()
        shown(browser)
        yield "revealed"
        browser.go(home(self.server) + "secret/" + "0" * 31 + query)
        yield "gone"
        browser.go(console(self.server, query))
        browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        yield "operator"
        browser.find("main details button.danger").click()
        browser.wait(lambda: not browser.all("main details"), "the second page")
        yield "operator-burns"

    def look(self, state, name):
        self.results.equal(self.browser.run(FAULTS), [], "%s, %s" % (state, name))
        if PICTURES:
            self.browser.screenshot(os.path.join(PICTURES, "%s-%s.png" % (state, name)))


def narrow(results, server, key):
    """Nothing sticks out, is cut off or overlaps at 320 pixels, in any language; what is code stays left to right."""
    with Chromium() as browser:
        gallery = Gallery(results, server, browser, key)
        browser.width(320)
        english = {}
        for tag in languages():
            for state in gallery.states(tag):
                gallery.look(state, tag)
                root = browser.run("return [document.documentElement.lang, getComputedStyle(document.documentElement).direction]")
                results.equal(root, [tag, "rtl" if tag in RIGHT_TO_LEFT else "ltr"], "%s: language and direction" % tag)
                if state == "receipt":
                    results.equal(browser.run("return getComputedStyle(document.querySelector('#link')).direction"), "ltr",
                                  "the link is written from left to right in " + tag)
                words = browser.run(
                    """return Array.from(document.querySelectorAll('main *')).filter(each => !each.children.length
                        && !each.closest('template, bdi, [dir=auto], [download]')).map(each => each.textContent.trim())
                        .filter(text => text.split(' ').length > 3)"""
                )
                if tag == "en":
                    english[state] = set(words)
                else:
                    results.equal([each for each in words if each in english[state]], [], "%s in %s is translated" % (state, tag))
        no_complaints(results, browser, "all languages")


def enlarged(results, server, key):
    """Letters twice as large, in half of an ordinary window."""
    with Chromium() as browser:
        gallery = Gallery(results, server, browser, key)
        browser.width(640)
        browser.before_pages("addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '200%'; })")
        for tag in ("de", "ar", "fi"):
            for state in gallery.states(tag):
                gallery.look(state, tag + "-enlarged")


def wide(results, server, key):
    """Ordinary windows, in both themes, in forced colours and without motion."""
    with Chromium() as browser:
        gallery = Gallery(results, server, browser, key)
        for name, media in (("light", {}), ("dark", {"dark": True}), ("forced", {"forced_colors": True})):
            browser.media(**media)
            for state in gallery.states("ar" if name == "light" else "en"):
                gallery.look(state, "wide-" + name)
        browser.media(reduced_motion=True)
        for state in gallery.states("en"):
            moving = browser.run(
                """return Array.from(document.querySelectorAll('*')).filter(each => {
                    const style = getComputedStyle(each);
                    return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none' || style.scrollBehavior !== 'auto';
                }).map(each => each.outerHTML.slice(0, 80))"""
            )
            results.equal(moving, [], state + " does not move where that is not wanted")


def main(results):
    key, line = admin()
    with Server(*COUNTRIES, environment={"API_KEYS": line}) as server:
        for test in (narrow, enlarged, wide):
            results.run(test, results, server, key)


if __name__ == "__main__":
    run_suite(main, 400)
