"""Every page and state under axe-core's rules (WCAG 2.2 AA and best practice) in both themes and in forced colours.

python3 Tests/Browser/accessibility.py [FOLDER]          about 60 seconds; leaves screenshots in a folder that is named
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import fill, gone, home, says, seal  # noqa: E402
from incident import admin, console, sign_in  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import post_form  # noqa: E402
from webdriver import Chromium  # noqa: E402

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# So that the form has all of its fields.
COUNTRIES = ("--trusted-proxies", "127.0.0.1", "--country-header", "CF-IPCountry")
PICTURES = sys.argv[1] if len(sys.argv) > 1 else None


def axe_script():
    """The rules, out of the package that carries them on PyPI; None where it can't be had."""
    folder = tempfile.mkdtemp(prefix="onetime-axe-")
    try:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, "axe-core-python==0.1.0"]
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return None
        with zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0]) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith("axe.min.js"))
            return wheel.read(name).decode()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def violations(browser, script):
    """What axe-core finds on the page at hand, in lines."""
    browser.run(script)
    call = """
        const done = arguments[arguments.length - 1];
        axe.run(document, {runOnly: arguments[0]}).then(found => done(found.violations.map(
            rule => rule.id + ': ' + rule.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ').slice(0, 600))));
    """
    return browser.call("POST", "/execute/async", {"script": call, "args": [TAGS]})


def states(server, browser, key):
    """Leads the browser through every page and state, and names each."""
    browser.go(home(server))
    yield "form"
    browser.find("summary").click()
    browser.find("#passphrase").type("a")
    browser.button("Make one up").click()
    browser.find("#made-of")
    browser.run(
        "const kind = document.querySelector('#made-of'); kind.value = 'characters'; kind.dispatchEvent(new Event('change'))"
    )
    browser.find("#languages summary").click()
    yield "form with everything open"
    browser.find(".primary").click()
    fill(browser, server, "")
    browser.find(".primary").click()
    browser.find("#problem")
    yield "form with a problem"
    fill(browser, server, "text", hours="never")
    browser.find(".primary").click()
    browser.find("#problem", seconds=20)
    yield "form with a problem of a rule"
    fill(browser, server, "text", parts="3", needed="2")
    browser.find(".primary").click()
    browser.wait(lambda: len(browser.all("input[readonly]")) == 3, "three links", 20)
    links = [field.value for field in browser.all("input[readonly]")]
    yield "links"
    browser.go(links[0])
    browser.find(".primary").click()
    browser.find("#part", seconds=20)
    yield "part"

    link = seal(browser, server, "text", passphrase="correct horse", note="a note", label="a label", hours="Mon-Sun 00:00-24:00", deny_countries="KP")
    receipt = browser.url
    browser.find("#qr summary").click()
    browser.find("#qr svg")
    yield "receipt"
    browser.go(receipt + "/burn")
    yield "burn"
    browser.go("about:blank")
    browser.go(link)
    browser.find("#own")
    yield "secret"
    browser.find("#passphrase").type("wrong")
    browser.find(".primary").click()
    browser.find("#problem", seconds=20)
    yield "secret with a wrong passphrase"
    browser.find("#passphrase").clear()
    browser.find("#passphrase").type("correct horse")
    browser.find(".primary").click()
    browser.find("textarea[readonly]#secret", seconds=20)
    yield "revealed"
    browser.button("Clear now").click()
    says(browser, "no longer on this page")
    yield "cleared"
    browser.go(receipt)
    yield "receipt of what was read"
    browser.go(link)
    gone(browser)
    yield "gone"
    browser.go(home(server) + "nowhere")
    yield "not found"

    fill(browser, server, "")
    for path in (os.path.abspath(__file__),):
        browser.find("#files").type(path)
    yield "form with a file"
    browser.find(".primary").click()
    browser.go(browser.find("#link", seconds=20).value)
    browser.find(".primary").click()
    browser.find("#file-list", seconds=20)
    yield "revealed file"
    link = seal(browser, server, "text")
    receipt = browser.url
    browser.go(link)
    browser.button("Destroy it unread").click()
    says(browser, "There is no way back")
    yield "destroy"
    browser.find("button.danger").click()
    says(browser, "was destroyed")
    yield "destroyed"
    browser.go(receipt)
    yield "receipt of what was burned"

    seal(browser, server, "text", passphrase="correct horse", readers="3")
    sign_in(browser, server, key)
    browser.go(console(server))
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    yield "operator"
    browser.find("main details button.danger").click()
    says(browser, "There is no way back")
    yield "operator burns"
    browser.go(console(server, "?from=2026-01-01T00%3A00"))
    yield "operator's report"
    post_form(server.port, "/api/lockdown", {"mode": "all"}, [("Authorization", "Bearer " + key)])
    browser.go(home(server))
    says(browser, "Locked down")
    yield "locked down"
    post_form(server.port, "/api/lockdown", {"mode": "none"}, [("Authorization", "Bearer " + key)])


def rules(results, server, script, key):
    """No violation anywhere, in either theme and in forced colours."""
    for name, media in (("light", {}), ("dark", {"dark": True}), ("forced colours", {"forced_colors": True})):
        with Chromium() as browser:
            browser.media(**media)
            for state in states(server, browser, key):
                results.equal(violations(browser, script), [], "%s, %s" % (state, name))
                if PICTURES:
                    browser.screenshot(os.path.join(PICTURES, "%s-%s.png" % (state.replace(" ", "-"), name[:5].strip())))
            results.equal(browser.complaints(), [], "the console is quiet, " + name)


def main(results):
    script = axe_script()
    key, line = admin()
    with Server(*COUNTRIES, environment={"API_KEYS": line}) as server:
        if script:
            results.run(rules, results, server, script, key)
        else:
            results.skip("axe-core", "the package axe-core-python cannot be had here")


if __name__ == "__main__":
    run_suite(main, 580)
