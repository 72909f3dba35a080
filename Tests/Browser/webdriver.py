"""A client of the WebDriver protocol, for Debian's Chromium and its driver: only what the suites beside it need."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER, TAB, SPACE, CONTROL = "\ue007", "\ue004", " ", "\ue009"


# What the page violates of its Content-Security-Policy, and what the browser reports otherwise, as errors of the console.
WATCH = """
addEventListener('securitypolicyviolation', event => console.error('violates ' + event.effectiveDirective + ' ' + event.blockedURI));
new ReportingObserver(all => all.forEach(each => console.error(each.type + ' ' + JSON.stringify(each.body))), {buffered: true}).observe();
"""

# Answers that are no 200; what is told of every page without HTTPS; and that nobody is asked before a page is left on which only
# a program clicked.
EXPECTED = (
    "Failed to load resource",
    "Cross-Origin-Opener-Policy header has been ignored",
    "confirmation panel for a frame that never had a user gesture",
)


class BrowserError(Exception):
    """What the driver said was wrong."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Element:
    """An element of the page at hand."""

    def __init__(self, browser, identifier):
        self.browser, self.identifier = browser, identifier

    def _call(self, method, path, body=None):
        return self.browser.call(method, "/element/%s/%s" % (self.identifier, path), body)

    def click(self):
        self._call("POST", "click", {})

    def type(self, text):
        self._call("POST", "value", {"text": text})

    def clear(self):
        self._call("POST", "clear", {})

    @property
    def text(self):
        return self._call("GET", "text")

    @property
    def value(self):
        return self._call("GET", "property/value")

    def attribute(self, name):
        return self._call("GET", "attribute/" + name)

    @property
    def is_displayed(self):
        return self._call("GET", "displayed")


class Chromium:
    """One headless browser with a profile of its own."""

    def __init__(self, scripts=True, language="en", width=1000, height=900, dark=False, keeps=True):
        self.scripts = scripts
        self.folder = tempfile.mkdtemp(prefix="onetime-chromium-")
        self.downloads = os.path.join(self.folder, "downloads")
        os.mkdir(self.downloads)
        self.port = free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=%d" % self.port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        preferences = {
            "intl.accept_languages": language,
            "download.default_directory": self.downloads,
            "download.prompt_for_download": False,
            "profile.managed_default_content_settings.javascript": 1 if scripts else 2,
            # 2 keeps nothing of any site, so that even a tab's own memory is an error.
            "profile.default_content_setting_values.cookies": 1 if keeps else 2,
        }
        options = {
            "binary": shutil.which("chromium"),
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--user-data-dir=" + os.path.join(self.folder, "profile"),
                "--window-size=%d,%d" % (width, height),
                "--lang=" + language,
                "--host-resolver-rules=MAP plain.test 127.0.0.1",
                "--no-first-run",
                "--disable-background-networking",
            ],
            "prefs": preferences,
        }
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "unhandledPromptBehavior": "ignore",
        }
        self.session = None
        for _ in range(100):
            try:
                answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
                break
            except (ConnectionError, urllib.error.URLError):
                time.sleep(0.05)
        else:
            raise BrowserError("chromedriver does not answer")
        self.session = answer["sessionId"]
        self.media(dark=dark)
        self.before_pages(WATCH)

    def _send(self, method, path, body=None):
        request = urllib.request.Request(
            "http://127.0.0.1:%d%s" % (self.port, path),
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise BrowserError("%s: %s" % (told["error"], told["message"].splitlines()[0])) from None

    def call(self, method, path, body=None):
        """One command of the session."""
        return self._send(method, "/session/%s%s" % (self.session, path), body)

    def go(self, url):
        self.call("POST", "/url", {"url": url})
        self._settle()

    def _settle(self):
        """The form's script begins once the page is painted: nobody's hands are as quick as a program's. It may never come, too."""
        end = time.monotonic() + 2
        try:
            while self.scripts and self.all("#create button:disabled") and time.monotonic() < end:
                time.sleep(0.005)
        except BrowserError:
            # The browser asks something first.
            pass

    @property
    def url(self):
        return self.call("GET", "/url")

    @property
    def title(self):
        return self.call("GET", "/title")

    def reload(self):
        self.call("POST", "/refresh", {})
        self._settle()

    def back(self):
        self.call("POST", "/back", {})
        self._settle()

    def all(self, css):
        found = self.call("POST", "/elements", {"using": "css selector", "value": css})
        return [Element(self, each[ELEMENT]) for each in found]

    def find(self, css, seconds=10):
        """The first such element, once there is one."""
        return self.wait(lambda: (self.all(css) or [None])[0], "nothing matches " + css, seconds)

    def wait(self, condition, what="it did not happen", seconds=10):
        """What a condition gives, once that is something."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = condition()
                if value:
                    return value
            except BrowserError as error:
                if "stale" not in str(error) and "no such element" not in str(error):
                    raise
            if time.monotonic() > end:
                raise BrowserError("%s; the page says: %s" % (what, self.text()[:500]))
            time.sleep(0.03)

    def button(self, label):
        """The button or link with a label."""
        for each in self.all("button, a.button, a"):
            if each.text == label:
                return each
        raise BrowserError("no button %r; the page says: %s" % (label, self.text()[:500]))

    def text(self):
        return self.run("return document.body ? document.body.innerText : ''")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def keys(self, *keys):
        """Presses keys one after the other, wherever the focus is; a tuple is pressed together."""
        actions = []
        for key in keys:
            together = key if isinstance(key, tuple) else (key,)
            actions += [{"type": "keyDown", "value": each} for each in together]
            actions += [{"type": "keyUp", "value": each} for each in reversed(together)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def cdp(self, command, parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def before_pages(self, script):
        """Runs a script in every page from now on, before the page's own; gives what `no_longer` takes."""
        return self.cdp("Page.addScriptToEvaluateOnNewDocument", {"source": script})["identifier"]

    def no_longer(self, identifier):
        self.cdp("Page.removeScriptToEvaluateOnNewDocument", {"identifier": identifier})

    def media(self, dark=False, forced_colors=False, reduced_motion=False):
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "forced-colors", "value": "active" if forced_colors else "none"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        self.cdp("Emulation.setEmulatedMedia", {"features": features})

    def width(self, pixels, height=800):
        """Makes the page exactly so wide."""
        metrics = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)

    def offline(self, is_offline):
        self.cdp("Network.enable", {})
        conditions = {"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.cdp("Network.emulateNetworkConditions", conditions)

    def new_tab(self):
        handle = self.call("POST", "/window/new", {"type": "tab"})["handle"]
        self.call("POST", "/window", {"handle": handle})
        return handle

    @property
    def tab(self):
        return self.call("GET", "/window")

    def switch(self, handle):
        self.call("POST", "/window", {"handle": handle})

    def screenshot(self, path):
        """The whole page as a picture."""
        import base64

        size = self.cdp("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        picture = self.cdp("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def complaints(self):
        """What the browser's console complained of since it was asked last, but for what is expected."""
        entries = self.call("POST", "/se/log", {"type": "browser"})
        return [
            entry["message"]
            for entry in entries
            if entry["level"] in ("SEVERE", "WARNING") and not any(each in entry["message"] for each in EXPECTED)
        ]

    def close(self):
        try:
            self.call("DELETE", "", None)
        except (BrowserError, OSError):
            pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            # Complaints that no test asked for are failures of the suite.
            left = [] if kind else self.complaints()
        finally:
            self.close()
        if left:
            raise BrowserError("the console complained: %s" % left)
