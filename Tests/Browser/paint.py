"""What the first page costs a browser that never saw it: requests, bytes, and when it is painted, beside a page of two lines.

python3 Tests/Browser/paint.py [LOADS]          about 15 seconds; times are printed, never judged: the machine may be busy
"""

import os
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from handoff import home  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import request  # noqa: E402
from webdriver import Chromium  # noqa: E402

LOADS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
BARE = b"<!DOCTYPE html><html lang=en><title>bare</title>\n<p>Two lines.</p>\n"
TIMES = """
    const [page] = performance.getEntriesByType('navigation');
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    return paint && page.loadEventEnd && {answer: page.responseStart, parsed: page.domInteractive, paint: paint.startTime,
        loaded: page.loadEventEnd, styles: Math.max(0, ...performance.getEntriesByType('resource')
            .filter(entry => entry.name.includes('.css')).map(entry => entry.responseEnd))};
"""


class BareServer:
    """Answers everything with a page of two lines, as quickly as can be; with header fields where they are given."""

    def __init__(self, fields=b""):
        self.fields = fields
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n" % len(BARE)
        head += self.fields + b"\r\n"
        with connection:
            try:
                while connection.recv(65536):
                    connection.sendall(head + BARE)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def load(browser, address):
    """One load with an empty cache, in milliseconds since it began, and how long the page's thread was at work."""
    browser.go("about:blank")
    browser.cdp("Network.clearBrowserCache", {})
    browser.go(address)
    times = browser.wait(lambda: browser.run(TIMES), "it is not painted")
    for each in browser.cdp("Performance.getMetrics", {})["metrics"]:
        if each["name"] == "TaskDuration":
            times["busy"] = each["value"] * 1000
    return times


def median(loads, name):
    return statistics.median(each[name] for each in loads)


def paint(results, server):
    answer = request(server.port, "GET", "/")
    fields = b"".join(
        b"%s: %s\r\n" % (name.encode(), answer.header(name).encode())
        for name in ("Content-Security-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy")
    )
    bare, isolated = BareServer(), BareServer(fields)
    with Chromium() as browser:
        browser.cdp("Network.enable", {})
        browser.cdp("Performance.enable", {"timeDomain": "threadTicks"})
        pages = {
            "first page": home(server),
            "bare page": "http://127.0.0.1:%d/" % bare.port,
            "bare page with our header fields": "http://127.0.0.1:%d/" % isolated.port,
        }
        found = {name: [] for name in pages}
        for number in range(LOADS + 3):
            for name, address in pages.items():
                times = load(browser, address)
                # The first loads warm the browser up.
                if number >= 3:
                    found[name].append(times)
    bare.close()
    isolated.close()
    for name, loads in found.items():
        print(
            "%s, median of %d: answer %.0f ms, styles %.0f ms, parsed %.0f ms, painted %.0f ms (%.0f to %.0f), "
            "loaded %.0f ms, busy %.0f ms"
            % (
                name, len(loads), median(loads, "answer"), median(loads, "styles"), median(loads, "parsed"),
                median(loads, "paint"), min(each["paint"] for each in loads), max(each["paint"] for each in loads),
                median(loads, "loaded"), median(loads, "busy"),
            )
        )
    results.check(all(found.values()), "all are painted")
    print("load of the machine: %.2f" % os.getloadavg()[0])


def first_page(results, server):
    """How much the first page takes."""
    with Chromium() as browser:
        browser.go(home(server))
        browser.find("#secret")
        time.sleep(0.3)
        entries = browser.run(
            """return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
                .map(entry => [entry.name, entry.transferSize])"""
        )
        total = sum(size for _, size in entries)
        print("first page: %d requests, %d bytes" % (len(entries), total))
        results.check(len(entries) <= 4, "the first page takes at most 4 requests", entries)
        results.check(total <= 60_000, "and at most 60 kB", total)


def main(results):
    with Server() as server:
        results.run(first_page, results, server)
        results.run(paint, results, server)


if __name__ == "__main__":
    run_suite(main, 120)
