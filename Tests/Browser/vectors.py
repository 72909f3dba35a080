"""The served seal.js in a real Chromium, against the vectors that Node and Swift read, too.

python3 Tests/Browser/vectors.py          about 15 seconds
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from webdriver import Chromium  # noqa: E402

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXPORT = "export { runVectors };\n"
FEWEST = 389


def read(*path):
    with open(os.path.join(TESTS, *path), encoding="utf-8") as file:
        return file.read()


def main(results):
    checks = read("Browser", "seal_checks.mjs")
    # What the driver runs is the body of a function, which can't export.
    results.check(checks.endswith(EXPORT), "the checks end as they should")
    body = checks.removesuffix(EXPORT) + """
        const script = document.querySelector('script[src$="/page.js"]').src;
        const seal = await import(script.replace(/page\\.js$/, arguments[0]));
        const complaints = [];
        const counts = await runVectors(seal, arguments[1], line => complaints.push(line));
        return {...counts, complaints, canSeal: seal.canSeal};
    """
    texts = [read("Vectors", name + ".txt") for name in ("envelope", "splitting")]
    with Server() as server, Chromium() as browser:
        browser.go("http://127.0.0.1:%d/" % server.port)
        told = browser.run("return (async function () {%s}).apply(null, arguments)" % body, "seal.js", texts)
        print("%(passed)d passed, %(failed)d failed" % told)
        results.check(told["canSeal"], "the page may seal")
        results.equal(told["complaints"], [], "every vector and behaviour is as it should be")
        results.check(told["passed"] >= FEWEST, "there were as many as ever", told["passed"])
        results.equal(browser.complaints(), [], "the console is quiet")


if __name__ == "__main__":
    run_suite(main, 120)
