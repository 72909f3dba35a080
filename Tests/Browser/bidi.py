"""A client of WebDriver BiDi over a WebSocket (RFC 6455), for Debian's Firefox, which has no driver beside it: only what the suite
of Firefox needs. https://www.w3.org/TR/webdriver-bidi/ has the commands.
"""

import base64
import json
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

# Nobody is there to answer whether a page may be left that shows a secret.
PREFERENCES = {
    "dom.disable_beforeunload": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "",
    "intl.accept_languages": "en",
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
}


class FirefoxError(Exception):
    """What the browser said was wrong."""


class WebSocket:
    """A connection that carries texts."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            (
                "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (path, port, key)
            ).encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._take(1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise FirefoxError("no WebSocket: %r" % head[:200])

    def _take(self, count):
        data = bytearray()
        while len(data) < count:
            more = self.socket.recv(min(65536, count - len(data)))
            if not more:
                raise FirefoxError("the browser hung up")
            data += more
        return bytes(data)

    def _frame(self, opcode, data):
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        mask = secrets.token_bytes(4)
        pattern = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def send(self, text):
        self._frame(1, text.encode())

    def receive(self):
        """The next text."""
        message = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._take(8))
            data = self._take(size)
            opcode = first & 0x0F
            if opcode == 9:
                self._frame(10, data)
            elif opcode == 8:
                raise FirefoxError("the browser closed the connection")
            elif opcode in (0, 1):
                message += data
                if first & 0x80:
                    return message.decode()

    def close(self):
        self.socket.close()


class Firefox:
    """One headless browser with a profile of its own."""

    def __init__(self, scripts=True):
        self.folder = tempfile.mkdtemp(prefix="onetime-firefox-")
        self.downloads = os.path.join(self.folder, "downloads")
        profile = os.path.join(self.folder, "profile")
        os.mkdir(self.downloads)
        os.mkdir(profile)
        preferences = {**PREFERENCES, "javascript.enabled": scripts, "browser.download.dir": self.downloads}
        with open(os.path.join(profile, "user.js"), "w") as file:
            for name, value in preferences.items():
                file.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))
        environment = {**os.environ, "HOME": self.folder, "MOZ_HEADLESS": "1", "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--remote-debugging-port", "0", "--no-remote", "--profile", profile, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, start_new_session=True,
        )
        self.number, self.entries = 0, []
        self.web_socket = WebSocket(self._port(), "/session")
        self.call("session.new", {"capabilities": {"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}}})
        self.call("session.subscribe", {"events": ["log.entryAdded"]})
        self.context = self.call("browsingContext.getTree", {})["contexts"][0]["context"]

    def _port(self):
        """The port that Firefox chose and tells at its start; what it says later is read away."""
        for line in self.process.stderr:
            told = re.search(rb"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)", line)
            if told:
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return int(told.group(1))
        raise FirefoxError("Firefox ended with %s" % self.process.wait())

    def call(self, method, parameters):
        """One command; events that come before its answer are kept."""
        self.number += 1
        self.web_socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.web_socket.receive())
            if message.get("id") == self.number:
                if message["type"] == "error":
                    raise FirefoxError("%s: %s: %s" % (method, message["error"], message["message"]))
                return message["result"]
            if message.get("method") == "log.entryAdded":
                self.entries.append(message["params"])

    def here(self, method, **parameters):
        """A command of the tab."""
        return self.call(method, {"context": self.context, **parameters})

    def go(self, url):
        self.here("browsingContext.navigate", url=url, wait="complete")

    def reload(self):
        self.here("browsingContext.reload", wait="complete")

    @property
    def url(self):
        return self.call("browsingContext.getTree", {"root": self.context})["contexts"][0]["url"]

    def run(self, body, *arguments):
        """What a function's body gives, seen from a sandbox: it works where pages may run no scripts, too."""
        answer = self.call(
            "script.callFunction",
            {
                "functionDeclaration": "(...given) => JSON.stringify(((...arguments) => { %s })(...given.map(JSON.parse))) ?? 'null'"
                % body,
                "arguments": [{"type": "string", "value": json.dumps(each)} for each in arguments],
                "target": {"context": self.context, "sandbox": "suite"},
                "awaitPromise": False,
            },
        )
        if answer["type"] == "exception":
            raise FirefoxError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def text(self):
        return self.run("return document.body ? document.body.innerText : ''")

    def all(self, css):
        found = self.here("browsingContext.locateNodes", locator={"type": "css", "value": css})
        return [{"sharedId": node["sharedId"]} for node in found["nodes"]]

    def find(self, css, seconds=15):
        return self.wait(lambda: (self.all(css) or [None])[0], "nothing matches " + css, seconds)

    def wait(self, condition, what="it did not happen", seconds=15):
        """What a condition gives, once that is something. Between pages there may be nothing to ask."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = condition()
                if value:
                    return value
            except FirefoxError as error:
                if time.monotonic() > end:
                    raise FirefoxError("%s: %s" % (what, error)) from None
            if time.monotonic() > end:
                raise FirefoxError("%s; the page says: %s" % (what, self.text()[:500]))
            time.sleep(0.05)

    def says(self, text):
        return self.wait(lambda: text in self.text(), "the page does not say %r" % text, 20)

    def value(self, css):
        self.find(css)
        return self.run("return document.querySelector(arguments[0]).value", css)

    def click(self, css):
        """Presses the middle of an element with the mouse."""
        element = self.find(css)
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        move = {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": element}}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.here("input.performActions", actions=[{"type": "pointer", "id": "mouse", "actions": [move, *press]}])

    def keys(self, *keys):
        """Presses keys one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.here("input.performActions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def type(self, css, text):
        self.click(css)
        self.run("document.querySelector(arguments[0]).select()", css)
        self.keys(*text)

    def choose(self, css, paths):
        """Chooses files for a file field."""
        self.here("input.setFiles", element=self.find(css), files=paths)

    def complaints(self):
        """What the console complained of since it was asked last; violations of the Content-Security-Policy are among it."""
        # An answer comes behind the events before it.
        self.call("browsingContext.getTree", {})
        told, self.entries = self.entries, []
        return [entry["text"] for entry in told if entry["level"] in ("error", "warn")]

    def close(self):
        try:
            self.call("browser.close", {})
        except (FirefoxError, OSError):
            pass
        self.web_socket.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
