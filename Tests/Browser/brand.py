"""Brands in a real Chromium: colours that can be read in both themes, pictures, texts that stay text, and no request more.

python3 Tests/Browser/brand.py [FOLDER]          about 60 seconds; leaves screenshots in a folder that is named
"""

import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("Harness", "Forensics"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))
from accessibility import axe_script, violations  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from privacy import Relay  # noqa: E402
from webdriver import Chromium  # noqa: E402

PICTURES = sys.argv[1] if len(sys.argv) > 1 else None
COLOURS = ["#ffff00", "#000000", "#0000ff", "#7a7a7a", "#ffffff"]
MARKUP = "<img src=x onerror=\"document.title='x'\">&amp;'\"</template></p><script>document.title='x'</script>"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" rx="8" fill="#c2410c"/>'
    '<circle cx="20" cy="20" r="12" fill="#fff"/><script>document.title="x"</script></svg>'
)
ARABIC = """
product-name = \u0645\u0624\u0633\u0633\u0629 \u0627\u0644\u0646\u0648\u0631
primary-color = #b45309
logo = logo.svg
before-reveal = \u0647\u0630\u0647 \u0627\u0644\u0631\u0633\u0627\u0644\u0629 \u0645\u0646 \u0645\u0624\u0633\u0633\u0629 \u0627\u0644\u0646\u0648\u0631.
before-reveal = If you did not expect it, write to help@noor.example.
after-reveal = \u0634\u0643\u0631\u0627\u064b \u0644\u0643.
footer-link = \u0627\u0644\u062e\u0635\u0648\u0635\u064a\u0629 | /privacy
footer-link = Imprint | https://noor.example/imprint
locale = ar
"""


def write_brands(folder):
    """A brand for each colour, all with markup for texts, one in Arabic, and one with everything."""
    text = ""
    for colour in COLOURS:
        text += "[c%s.localhost]\nproduct-name = %s\nprimary-color = %s\n" % (colour[1:], MARKUP[:100], colour)
        text += "before-reveal = Before %s\nafter-reveal = After %s\nafter-reveal = Again\n" % (MARKUP, MARKUP)
        text += "footer-link = %s | https://acme.example/?'\nlogo = logo.svg\n" % MARKUP[:60]
    text += "[ar.localhost]" + ARABIC
    text += "[mark.localhost]\nprimary-color = #be185d\n"
    text += "[wide.localhost]\nproduct-name = %s\nlogo = wide.svg\n" % ("Long name " * 10)
    for name, content in (
        ("logo.svg", SVG),
        ("wide.svg", SVG.replace('"0 0 120 40"', '"0 0 2000 40"')),
        ("brands", text),
    ):
        with open(os.path.join(folder, name), "w") as file:
            file.write(content)
    return os.path.join(folder, "brands")


def picture(browser, name):
    if PICTURES:
        browser.screenshot(os.path.join(PICTURES, name + ".png"))


def style(browser, css, name):
    return browser.run("return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", css, name)


def contrast(one, other):
    """The contrast of WCAG 2.2 between two computed colours."""

    def luminance(colour):
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        return sum(
            weight * (value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4)
            for weight, value in zip((0.2126, 0.7152, 0.0722), channels)
        )

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def states(browser, base):
    """Leads the browser through the pages that the brand's colours and texts are on."""
    browser.go(base + "/?locale=en")
    browser.find("#languages summary").click()
    yield "form"
    browser.find("#secret").type("the content")
    browser.find(".primary").click()
    link = browser.find("#link", seconds=20).value
    yield "receipt"
    browser.go("about:blank")
    browser.go(link)
    browser.find("#own", seconds=10)
    yield "secret"
    browser.find(".primary").click()
    browser.find("textarea[readonly]#secret", seconds=20)
    yield "revealed"


def readable(results, server, script):
    """Whatever the colour is, nothing is hard to read, nothing of the texts comes alive, and the policy has no complaint."""
    for theme in ("light", "dark"):
        for colour in COLOURS:
            with Chromium(dark=theme == "dark") as browser:
                base = "http://c%s.localhost:%d" % (colour[1:], server.port)
                for state in states(browser, base):
                    name = "%s, %s, %s" % (colour, theme, state)
                    if script:
                        results.equal(violations(browser, script), [], name)
                    shown = browser.text()
                    results.check(MARKUP[:60] in shown, name + ": markup at the foot is text", shown)
                    results.equal(browser.run("return document.querySelectorAll('img').length"), 1, name + ": one image")
                    results.check(browser.run("return document.title").count(MARKUP[:100]) == 1, name + ": title")
                    results.equal("Before " + MARKUP in shown, state == "secret", name + ": the text before")
                    results.equal("After " + MARKUP in shown and "Again" in shown, state == "revealed", name + ": the text after")
                    if state == "form":
                        button, ink = style(browser, ".primary", "backgroundColor"), style(browser, ".primary", "color")
                        results.check(button not in ("rgb(15, 107, 92)", "rgb(111, 208, 187)"), name + ": its colour", button)
                        results.check(contrast(button, ink) >= 4.5, name + ": the button can be read", (button, ink))
                        ground = style(browser, "body", "backgroundColor")
                        results.check(contrast(button, ground) >= 3, name + ": the button can be seen", (button, ground))
                    picture(browser, "%s-%s-%s" % (colour[1:], theme, state))
                results.equal(browser.complaints(), [], "%s, %s: the console is quiet" % (colour, theme))


def without_scripts(results, server):
    """The texts are on the pages that need no script, too."""
    with Chromium(scripts=False) as browser:
        browser.go("http://cffff00.localhost:%d/?locale=en" % server.port)
        browser.find("#secret").type("the content")
        browser.find(".primary").click()
        browser.go(browser.find("#link").value)
        results.check("Before " + MARKUP in browser.text(), "the text before")
        browser.find(".primary").click()
        results.equal(browser.find("textarea#secret").value, "the content", "the content comes out")
        results.check("After " + MARKUP in browser.text() and "Again" in browser.text(), "with the text after")
        results.equal(browser.complaints(), [], "the console is quiet")


def requests(results, server):
    """The first page takes four requests with a brand as without, all of them to this server."""
    for host, wanted in (
        ("127.0.0.1", {"/", "style.css", "page.js", "icon.svg"}),
        ("mark.localhost", {"/", "style.css", "page.js", "icon"}),
        ("cffff00.localhost", {"/", "style.css", "page.js", "logo"}),
    ):
        relay = Relay(server.port)
        with Chromium() as browser:
            browser.go("http://%s:%d/" % (host, relay.port))
            browser.find("#files-field.scripted")
            asked = lambda: re.findall(rb"GET (\S+) HTTP", b"".join(relay.captured))  # noqa: E731
            browser.wait(lambda: len(asked()) >= 4, "four requests: %s" % asked(), 5)
            entries = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
            results.check(all(":%d/" % relay.port in entry for entry in entries), host + ": nobody else is asked", entries)
        names = [path.decode().rsplit("/", 1)[1] or "/" for path in asked()]
        results.equal(sorted(names), sorted(wanted), host + ": four requests")
        relay.close()


def logo(results, server):
    """A logo is seen at its size, in a wide shape too, and is a document without rights when it is opened."""
    with Chromium() as browser:
        browser.go("http://cffff00.localhost:%d/" % server.port)
        results.equal(style(browser, ".brand img", "height"), "32px", "its height")
        results.equal(style(browser, ".brand img", "width"), "96px", "its width")
        results.check(browser.run("return document.querySelector('.brand img').naturalWidth") > 0, "it is decoded")
        browser.go(browser.run("return document.querySelector('.brand img').src"))
        results.check(browser.run("return document.title") != "x", "its script does not run")
        blocked = browser.complaints()
        results.check(blocked and all("script" in each for each in blocked), "because the policy forbids it", blocked)
        browser.width(320)
        browser.go("http://wide.localhost:%d/" % server.port)
        excess = browser.run("return document.documentElement.scrollWidth - 320")
        results.check(excess <= 0, "a wide logo and a long name fit 320 pixels", excess)
        picture(browser, "wide-320")


def right_to_left(results, server, script):
    """A brand in Arabic: the page's direction is right to left, and each text has its own."""
    for theme in ("light", "dark"):
        with Chromium(dark=theme == "dark", language="xx") as browser:
            base = "http://ar.localhost:%d" % server.port
            browser.go(base + "/?locale=ar")
            results.equal(browser.run("return document.documentElement.dir"), "rtl", "the page's direction")
            picture(browser, "ar-%s-form" % theme)
            browser.find("#secret").type("\u0633\u0631")
            browser.find(".primary").click()
            link = browser.find("#link", seconds=20).value
            browser.go("about:blank")
            browser.go(link.replace("#", "?locale=ar#"))
            browser.find("#own", seconds=10)
            texts = browser.all("main > p[dir]")
            results.equal(
                [browser.run("return getComputedStyle(arguments[0]).direction", {"element-6066-11e4-a52e-4f735466cecf": text.identifier}) for text in texts],
                ["rtl", "ltr"],
                "each text before has the direction of its language",
            )
            picture(browser, "ar-%s-secret" % theme)
            browser.find(".primary").click()
            browser.find("textarea[readonly]#secret", seconds=20)
            results.check("\u0634\u0643\u0631\u0627\u064b" in browser.text(), "the text after")
            if script:
                results.equal(violations(browser, script), [], "revealed in Arabic, " + theme)
            picture(browser, "ar-%s-revealed" % theme)
            results.equal(browser.complaints(), [], "the console is quiet")


def main(results):
    script = axe_script()
    if not script:
        results.skip("axe-core", "the package axe-core-python cannot be had here")
    folder = tempfile.mkdtemp(prefix="onetime-brand-")
    try:
        with Server("--brand-file", write_brands(folder)) as server:
            results.run(requests, results, server)
            results.run(logo, results, server)
            results.run(without_scripts, results, server)
            results.run(right_to_left, results, server, script)
            results.run(readable, results, server, script)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 300)
