"""Keys in a browser: a creation link with and without scripts, and the form that is closed to those who have no key.

python3 Tests/Browser/keys.py          about 20 seconds
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import says, shown  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import post_form  # noqa: E402
from webdriver import Chromium  # noqa: E402


def keygen(name):
    """(key, line) of a new key."""
    command = [binary_path(), "keygen", "--name", name]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()


def new_link(server, key):
    """A creation link."""
    answer = post_form(server.port, "/api/links", {}, [("Authorization", "Bearer " + key)])
    return answer.json()["link"]


def by_link(results):
    """Somebody without a key creates one secret: his browser seals it, or the form does, and the second try is told off."""
    key, line = keygen("maker")
    with Server("--auth-required", environment={"API_KEYS": line}) as server:
        for scripts in (True, False):
            link = new_link(server, key)
            with Chromium(scripts=scripts) as browser:
                browser.go(link)
                browser.find("#secret").type("by a link")
                browser.find(".primary").click()
                made = browser.find("#link", seconds=20).value
                results.equal("#" in made, scripts, "sealed by the browser where it has scripts")
                browser.go(made)
                browser.find("form .primary").click()
                results.equal(shown(browser), "by a link", "its recipient opens it")
                browser.go(link)
                says(browser, "There is nothing here any more")
                if scripts:
                    used = new_link(server, key)
                    browser.go(used)
                    browser.find("#secret").type("too late")
                    post_form(server.port, "/", {"link": used[-31:], "secret": "first"})
                    browser.find(".primary").click()
                    says(browser, "That did not work")
                    results.equal(browser.find("#secret").value, "too late", "what was written is still there")


def closed(results):
    """The form asks for a name and a key, with scripts and without; a recipient is asked for nothing."""
    key, line = keygen("me")
    with Server("--auth-required", environment={"API_KEYS": line}) as server:
        home = "127.0.0.1:%d/" % server.port
        for scripts in (True, False):
            with Chromium(scripts=scripts) as browser:
                browser.go("http://me:%s@%s" % (key, home))
                browser.go("http://" + home)
                browser.find("#secret").type("by key")
                browser.find(".primary").click()
                made = browser.find("#link", seconds=20).value
            with Chromium(scripts=scripts) as browser:
                browser.go(made)
                browser.find("form .primary").click()
                results.equal(shown(browser), "by key", "its recipient has no key")


def main(results):
    """Everything."""
    results.run(by_link, results)
    results.run(closed, results)


if __name__ == "__main__":
    run_suite(main, 120)
