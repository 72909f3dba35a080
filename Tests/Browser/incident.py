"""The operator's page in a browser, with scripts and without: what it shows, locking down, burning with a second thought, the report.

python3 Tests/Browser/incident.py          about 30 seconds
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import home, no_complaints, says  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import receipt, reveal, share  # noqa: E402
from webdriver import Chromium  # noqa: E402


def admin():
    """(key, line) of an administrator's new key."""
    command = [binary_path(), "keygen", "--name", "boss", "--scopes", "admin,create"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()


def sign_in(browser, server, key):
    """Shows the key as the browser's own question for it does; from then on it sends the key by itself."""
    browser.go("http://boss:%s@127.0.0.1:%d/operator" % (key, server.port))


def console(server, query=""):
    """The address of the page."""
    return "http://127.0.0.1:%d/operator%s" % (server.port, query)


def works(results, scripts):
    """Everything that the page can do."""
    key, line = admin()
    with Server(environment={"API_KEYS": line}) as server, Chromium(scripts=scripts) as browser:
        port = server.port
        made = [share(port, "number %d" % number) for number in range(3)]
        mine = share(port, "mine", [("Authorization", "Bearer " + key)])

        def states():
            return [receipt(port, one["metadata_key"]).json()["state"] for one in made + [mine]]

        sign_in(browser, server, key)
        browser.go(console(server))
        results.equal(len(browser.all("main details")), 4, "four secrets are listed")
        results.equal(browser.find("dd").text, "4", "and counted")

        browser.find("#stop-reveal").click()
        browser.button("Apply").click()
        browser.wait(lambda: browser.find("#stop-reveal").attribute("checked"), "the box stays set")
        results.equal(browser.find("#stop-creation").attribute("checked"), None, "the other one does not")
        results.equal(reveal(port, made[0]["secret_key"]).status, 503, "nothing is shown")
        browser.go(home(server) + "secret/" + made[0]["secret_key"])
        says(browser, "Nothing was stored, shown or used up")
        results.check(browser.title.startswith("Locked down"), "says its title", browser.title)
        browser.go(console(server))
        browser.find("#stop-reveal").click()
        browser.button("Apply").click()
        browser.wait(lambda: not browser.find("#stop-reveal").attribute("checked"), "and is taken away")
        results.equal(states(), ["new"] * 4, "nothing was consumed")

        browser.find("main details summary").click()
        browser.find("main details button.danger").click()
        says(browser, "There is no way back")
        results.equal(states(), ["new"] * 4, "burning asks first")
        browser.find("main form a.button").click()
        browser.find("#stop-reveal")
        results.equal(states(), ["new"] * 4, "who goes back has burned nothing")
        browser.find("main details summary").click()
        browser.find("main details button.danger").click()
        says(browser, "There is no way back")
        browser.find("main form button.danger").click()
        browser.find("#stop-reveal")
        results.equal(sorted(states()), ["burned", "new", "new", "new"], "one was burned")
        browser.reload()
        results.equal(len(browser.all("main details")), 3, "a reload burns nothing more")

        browser.find("#key").type("boss")
        browser.button("Burn these secrets").click()
        says(browser, "There is no way back")
        browser.find("main form button.danger").click()
        browser.find("#stop-reveal")
        results.equal((states()[3], states().count("new")), ("burned", 2), "by key")

        browser.button("Burn all secrets").click()
        says(browser, "There is no way back")
        browser.find("main form button.danger").click()
        browser.find("#stop-reveal")
        results.equal(states(), ["burned"] * 4, "all")
        results.equal(len(browser.all("main details")), 0, "nothing is left")

        stamp = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 60))
        browser.go(console(server, "?from=2026-01-01T00%3A00&to=" + stamp.replace(":", "%3A")))
        results.equal(len(browser.all("main summary .burned")), 4, "the report knows them")
        no_complaints(results, browser, "operator, scripts: %s" % scripts)


def main(results):
    """Everything."""
    results.run(works, results, True)
    results.run(works, results, False)


if __name__ == "__main__":
    run_suite(main, 200)
