"""Files in a real Chromium that runs no scripts, or that has no cryptography for pages: chosen, sent, opened, saved.

python3 Tests/Browser/files_without_scripts.py          about 30 seconds
"""

import hashlib
import os
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import post_form  # noqa: E402
from webdriver import Chromium  # noqa: E402

MARKUP = "<img src=x onerror=alert(1)>&amp;'\"<\u2215textarea>.txt"
RTL = "\u05e9\u05dc\u05d5\u05dd.txt"
LONG = "n" * 251 + ".txt"
# A name of two lines is in Tests/Blackbox/files.py: the driver's protocol takes a line's end for the next file.
GROUPS = [
    [("empty.bin", b"")],
    [("one.bin", b"\x00")],
    [("large.bin", os.urandom(10_000_000))],
    [("three.txt", b"abc"), ('a "quoted" name.txt', b"quoted"), (RTL, b"right to left")],
    [(LONG, b"long"), (MARKUP, b"markup"), ("page.html", b"<script>alert(1)</script>")],
]
# Browsers ask before they save anything that came without HTTPS, and a headless one never does: so here the links are looked into.
KEEP_BLOBS = """const make = URL.createObjectURL;
    window.blobs = [];
    URL.createObjectURL = (blob) => { blobs.push(blob); return make.call(URL, blob); };"""
SUMS_OF_BLOBS = """return Promise.all(blobs.map(async (blob) => {
    let a = 1, b = 0;
    for (const byte of new Uint8Array(await blob.arrayBuffer())) b = (b + (a = (a + byte) % 65521)) % 65521;
    return [blob.size, b * 65536 + a];
}));"""
TEXT = "beside <files> & \u00e9"


def put(folder, name, data):
    """A file on disk; its path."""
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def finished(folder):
    """The one file that was saved, once it is whole."""
    names = os.listdir(folder)
    if len(names) == 1 and not names[0].startswith(".") and not names[0].endswith(".crdownload"):
        return os.path.join(folder, names[0])
    return None


def digest(data):
    return hashlib.sha256(data).hexdigest()


def save_all(results, browser, group, links):
    """Clicks each link and looks at what was saved."""
    shown = [name for name, _ in group]
    results.equal([link.attribute("download") for link in links], shown, "the names in the links")
    results.equal([link.text for link in links], ["Download " + name for name in shown], "the names that are read")
    for link, (name, data) in zip(links, group):
        # A browser saves under a longer name at first, for which a file system has no room behind 255 bytes.
        if len(name) > 240:
            browser.cdp("Runtime.evaluate", {"expression": "document.querySelector('a[download^=nnnn]').download = 'n.txt'"})
        link.click()
        saved = browser.wait(lambda: finished(browser.downloads), "the download of %.20r" % name, 30)
        with open(saved, "rb") as file:
            results.equal(digest(file.read()), digest(data), "%d bytes of %.20r" % (len(data), name))
        if name == "page.html":
            results.check(saved.endswith(".html"), "a page is saved and not shown", saved)
        os.unlink(saved)


def without_scripts(results, server):
    """The whole way without scripts."""
    folder = tempfile.mkdtemp(prefix="onetime-files-")
    with Chromium(scripts=False) as browser:
        for number, group in enumerate(GROUPS):
            browser.go("http://127.0.0.1:%d/" % server.port)
            results.check(browser.find("#files").is_displayed, "the browser's own field is there")
            browser.find("#files").type("\n".join(put(folder, name, data) for name, data in group))
            if number % 2:
                browser.find("#secret").type(TEXT)
            browser.find(".primary").click()
            link = browser.find("#link", seconds=30).attribute("value")
            browser.go(link)
            results.check("JavaScript" not in browser.text(), "no script is asked for")
            browser.find(".primary").click()
            browser.wait(lambda: "Here is your secret" in browser.text(), "the page is shown", 30)
            browser.find("footer", seconds=30)
            results.equal([box.value for box in browser.all("textarea")], [TEXT] if number % 2 else [], "the text")
            save_all(results, browser, group, browser.all(".files a"))
            results.equal(browser.complaints(), [], "the console is quiet")
            browser.go(link)
            browser.wait(lambda: "There is nothing here any more" in browser.text(), "it is gone")
        browser.go("http://127.0.0.1:%d/" % server.port)
        browser.find(".primary").click()
        browser.wait(lambda: "nothing to share" in browser.text().lower(), "that nothing was chosen is told")


def without_cryptography(results, server):
    """A name that is not the loopback's, without HTTPS: the script sends what the form would, and opens what the form would."""
    folder = tempfile.mkdtemp(prefix="onetime-files-")
    with Chromium() as browser:
        for scripts_open in (True, False):
            for group in (GROUPS[0], GROUPS[2], GROUPS[3]):
                browser.go("http://plain.test:%d/" % server.port)
                browser.find("#secret").type(TEXT)
                for name, data in group:
                    browser.find("#files").type(put(folder, name, data))
                results.equal(len(browser.all("#file-list li")), len(group), "files are listed")
                browser.find(".primary").click()
                link = browser.find("#link", seconds=30).value.replace("127.0.0.1", "plain.test")
                results.check("#" not in link and "/secret/" in link, "the link has no key", link)
                if not scripts_open:
                    page = post_form(server.port, "/secret/" + link.rsplit("/", 1)[1], {}, timeout=60)
                    results.check(page.status == 200 and page.text().count("download=") == len(group), "it opens without scripts")
                    continue
                browser.go(link)
                browser.run(KEEP_BLOBS)
                browser.find(".primary").click()
                browser.find("#file-list", seconds=30)
                results.equal([box.value for box in browser.all("textarea")], [TEXT], "the text")
                links = [element.attribute("download") for element in browser.all("#file-list a")]
                results.equal(links, [name for name, _ in group], "the names in the links")
                # The first link saves the text.
                sums = browser.run(SUMS_OF_BLOBS)[1:]
                results.equal(sums, [[len(data), zlib.adler32(data)] for _, data in group], "what the links save")
        # Without HTTPS a browser says that it has to ignore one of the header fields.
        complaints = [each for each in browser.complaints() if "Cross-Origin-Opener-Policy" not in each]
        results.equal(complaints, [], "the console is quiet")


def main(results):
    with Server() as server:
        for test in (without_scripts, without_cryptography):
            results.run(test, results, server)


if __name__ == "__main__":
    run_suite(main, 400)
