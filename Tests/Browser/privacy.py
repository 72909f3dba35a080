"""What the server and the network get to see of a handoff that is sealed in the browser: neither content nor key nor passphrase.

Everything between browser and server is captured by a relay, and the server's whole memory is searched after each step, as the
forensic suite does it. Needs root and a C compiler.

python3 Tests/Browser/privacy.py          about 15 seconds
"""

import os
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("Harness", "Forensics"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))
from onetime_harness import run_suite  # noqa: E402
from onetime_http import request  # noqa: E402
from scan import Canaries, Scanner, random_text  # noqa: E402
from steps import CONTROL, Session  # noqa: E402
from webdriver import Chromium  # noqa: E402


class Relay:
    """Passes connections on to a port and keeps every byte of both directions."""

    def __init__(self, port):
        self.target = port
        self.captured = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source, sink):
        try:
            while data := source.recv(65536):
                self.captured.append(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def search(results, scanner, session, title):
    """The server's memory has none of the canaries, and has the control, without which nothing is proven."""
    time.sleep(0.2)
    report = scanner.live(session.server.pid, session.canaries)
    results.check(report.found(CONTROL), title + ": the scanner sees the process")
    others = report.of_others(CONTROL)
    print("%s: %.1f MiB searched, %d runs" % (title, report.scanned / 2**20, len(others)))
    results.check(not others, title + ": the memory tells nothing", report.describe(CONTROL))


def handoff(results, session, scanner):
    relay = Relay(session.port)
    content, words = session.plant("content", 3000), session.plant("passphrase", 24)
    file_content = session.plant("file", 5000)
    note, label = session.plant("note", 60), session.plant("label", 60)
    captured = Canaries()
    for name, value in (("content", content), ("passphrase", words), ("file", file_content)):
        captured.add(name, value)
    with Chromium() as browser:
        path = os.path.join(browser.folder, "file.txt")
        with open(path, "w") as file:
            file.write(file_content)
        browser.go("http://127.0.0.1:%d/" % relay.port)
        browser.find("#secret").type(content)
        browser.find("#files").type(path)
        browser.find("summary").click()
        for name, value in (("passphrase", words), ("note", note), ("label", label)):
            browser.find("#" + name).type(value)
        browser.find(".primary").click()
        link = browser.find("#link", seconds=30).value
        key = link.split("#")[1]
        session.canaries.add("key of the link", key)
        captured.add("key of the link", key)
        browser.go("about:blank")
        search(results, scanner, session, "sealed and stored")
        browser.go(link)
        browser.find("#passphrase").type(words)
        browser.go("about:blank")
        search(results, scanner, session, "looked at")
        browser.go(link)
        browser.find("#passphrase").type(words)
        browser.find("#reveal .primary").click()
        shown = browser.find("textarea[readonly]#secret", seconds=30).value
        results.equal(shown, content, "it comes out")
        browser.go("about:blank")
        search(results, scanner, session, "revealed")
    relay.close()
    traffic = b"".join(relay.captured)
    results.check(b"/claim" in traffic and b"OTL\x01" in traffic, "the relay saw the handoff")
    file = os.path.join(scanner.directory, "capture")
    with open(file, "wb") as out:
        out.write(traffic)
    found = scanner.file(file, captured).of_others(CONTROL)
    print("%d bytes captured, %d runs" % (len(traffic), len(found)))
    results.check(not found, "the network saw none of it", found[:5])


def main(results):
    with Scanner() as scanner:
        for arguments in ([], ["--no-memfd-secret"]):
            with Session(arguments) as session:
                results.run(handoff, results, session, scanner)
                results.equal(request(session.port, "GET", "/health").status, 200, "the server is well")


if __name__ == "__main__":
    run_suite(main, 180)
