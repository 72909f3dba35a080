"""The operator's page in a browser, with scripts and without: what it shows, locking down, burning with a second thought, the report;
and a page of somebody else's that makes the operator's browser send its forms.

python3 Tests/Browser/incident.py          about 30 seconds
"""

import html
import http.server
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import home, no_complaints, says  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import receipt, request, reveal, share  # noqa: E402
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


class Stranger(http.server.BaseHTTPRequestHandler):
    """A page of another site with a form for this server, which it sends at once."""

    forms = {}

    def do_GET(self):
        policy, target, fields = self.forms.get(self.path, ("", "", {}))
        page = "<meta name=referrer content=%s><form method=post action='%s'>" % (policy, target)
        for name, value in fields.items():
            page += "<input name='%s' value='%s'>" % (name, html.escape(value))
        page += "</form><script>document.forms[0].submit()</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_):
        pass


def forged(results):
    """The browser shows the key that it keeps to the server whichever page has a form sent: without the page's own field that does
    nothing. The server's name is one that browsers send no Sec-Fetch-Site to, as they do not to any name over plain HTTP."""
    key, line = admin()
    with Server(environment={"API_KEYS": line}) as server, Chromium() as browser:
        strangers = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        threading.Thread(target=strangers.serve_forever, daemon=True).start()
        try:
            port, own = server.port, "http://plain.test:%d" % server.port
            made = share(port, "kept")

            def state():
                found = request(port, "GET", "/api/state", [("Authorization", "Bearer " + key)]).json()
                return found["lockdown"], found["secrets"], found["burns"]

            # Whoever opens a page himself has the field of everybody's forms.
            public = re.search(r'name="form_token" value="([^"]+)"', request(port, "GET", "/").text())[1]
            forms = {
                "lock": ("/operator", {"action": "lock", "shown": "none", "creation": "on", "reveal": "on"}),
                "burn": ("/operator", {"action": "burn", "all": "yes", "confirm": "yes"}),
                "create": ("/", {"secret": "forged"}),
                "rotate": ("/api/keys/rotate", {"name": "boss"}),
                "burn by the API": ("/api/burn", {"all": "yes", "confirm": "yes"}),
            }
            browser.go("http://boss:%s@plain.test:%d/operator" % (key, port))
            browser.go(own + "/operator")
            results.equal(browser.find("h1").text, "For the operator", "the browser keeps the key")
            for policy in ("no-referrer", "unsafe-url"):
                for name, (path, fields) in forms.items():
                    address = "/%s/%s" % (policy, path.strip("/").replace("/", "-") + fields.get("action", ""))
                    Stranger.forms[address] = (policy, own + path, dict({"form_token": public}, **fields))
                    browser.go("http://127.0.0.1:%d%s" % (strangers.server_port, address))
                    browser.wait(lambda: browser.run("return location.host").startswith("plain.test"), "the form was sent")
                    says(browser, "other origins" if path.startswith("/api") else "did not come from a page of this server")
                    results.equal(state(), ("none", 1, []), "%s with %s does nothing" % (name, policy))
            keys = request(port, "GET", "/api/keys", [("Authorization", "Bearer " + key)]).json()
            results.equal((keys["count"], keys["keys"][0]["created"]), (1, 0), "no key was made, none was used to create")
            browser.go(own + "/operator")
            browser.find("#stop-reveal").click()
            browser.button("Apply").click()
            browser.wait(lambda: browser.find("#stop-reveal").attribute("checked"), "the page's own form is heard")
            results.equal((state()[0], receipt(port, made["metadata_key"]).json()["state"]), ("reveal", "new"), "and does what it says")
        finally:
            strangers.shutdown()
            strangers.server_close()


def main(results):
    """Everything."""
    results.run(works, results, True)
    results.run(works, results, False)
    results.run(forged, results)


if __name__ == "__main__":
    run_suite(main, 200)
