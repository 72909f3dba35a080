"""QR codes as readers see them: links of many lengths are printed by the program print-qr, drawn, and read by zbarimg.

Pictures are drawn by rsvg-convert; terminals are drawn here, cell by cell in the colours that were asked for, once on a dark
and once on a light screen.

    python3 Tests/Blackbox/qr.py          about 5 seconds, after building print-qr
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import REPOSITORY, run_suite  # noqa: E402

TOOLS = ["swift", "zbarimg", "rsvg-convert"]
LINK = "https://secrets.example.com/secret/k7x2m9q4w8e1r6t3y5u0i2o4p8a6s1d#Zm9yIGV5ZXMgb25seSwgYW5kIG9uY2Ug-_"
FINGERPRINT = "5B:0C:F3:9A:77:E2:41:D8:10:6E:C5:BB:94:2F:A3:08:5B:0C:F3:9A:77:E2:41:D8:10:6E:C5:BB:94:2F:A3:08"
TEXTS = [(LINK * 5)[:count] for count in (1, 14, 15, 63, 98, 134, 155, 213, 214, 300, 331)]
TEXTS += [FINGERPRINT, "https://tajné.example/heslo/žluťoučký-kůň"]
CELL = 4
BLACK, WHITE, DARK_SCREEN, LIGHT_SCREEN = 0, 255, 16, 240
COLOURS = {16: BLACK, 231: WHITE}


def run(arguments, given=None):
    """Stdout of a program that must not fail."""
    return subprocess.run(arguments, input=given, stdout=subprocess.PIPE, timeout=60, check=True).stdout


def scan(path):
    """What zbarimg reads in a picture; nothing if it finds no code."""
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    return done.stdout.decode(errors="replace").rstrip("\n")


def screen(output, background):
    """The grey values of an 80 columns wide terminal, in rows of half cells."""
    foreground = 255 - background
    rows = [[background] * 80 for _ in range(2)]
    for line in output.decode().split("\n"):
        colours, upper, lower = [foreground, background], [], []
        for escape, cell in re.findall("\x1b\\[([0-9;]*)m|(.)", line):
            if cell:
                upper.append(colours[0 if cell in "▀█" else 1])
                lower.append(colours[0 if cell in "▄█" else 1])
            elif escape == "0":
                colours = [foreground, background]
            else:
                place = re.fullmatch("38;5;([0-9]+);48;5;([0-9]+)", escape)
                colours = [COLOURS[int(place.group(1))], COLOURS[int(place.group(2))]]
        rows += [half + [background] * (80 - len(half)) for half in (upper, lower)]
    return rows


def write_picture(rows, path):
    """Writes grey values as a PGM file, each a square."""
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(rows[0]) * CELL, len(rows) * CELL))
        for row in rows:
            file.write(bytes(value for value in row for _ in range(CELL)) * CELL)


def pictures(results, program, directory):
    """The SVG, drawn."""
    for text in TEXTS:
        for level in ("low", "medium"):
            svg = run([program, "svg", level], text.encode())
            source, drawn = os.path.join(directory, "code.svg"), os.path.join(directory, "code.png")
            with open(source, "wb") as file:
                file.write(svg)
            run(["rsvg-convert", "--zoom", str(CELL), "--output", drawn, source])
            results.equal(scan(drawn), text, "the picture at level %s, %d bytes" % (level, len(text.encode())))


def terminals(results, program, directory):
    """The characters, on dark and on light."""
    for text in TEXTS:
        for level in ("low", "medium"):
            output = run([program, "terminal", level], text.encode())
            for name, background in (("dark", DARK_SCREEN), ("light", LIGHT_SCREEN)):
                rows = screen(output, background)
                title = "a %s terminal at level %s, %d bytes" % (name, level, len(text.encode()))
                results.check(max(len(row) for row in rows) == 80, title + ": the lines fit 80 columns")
                drawn = os.path.join(directory, "terminal.pgm")
                write_picture(rows, drawn)
                results.equal(scan(drawn), text, title)


def refusal(results, program, _directory):
    """What does not fit is refused."""
    for level, limit in (("low", 425), ("medium", 331)):
        done = subprocess.run(
            [program, "modules", level], input=b"a" * (limit + 1), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        results.check(done.returncode != 0 and b"TextTooLong" in done.stderr, "one byte too many at level " + level)


def main(results):
    """Builds the program, then reads what it prints."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        results.skip("QR codes", "not installed: " + " ".join(missing))
        return
    build = ["swift", "build", "--package-path", REPOSITORY, "--product", "print-qr"]
    subprocess.run(build, stdout=subprocess.DEVNULL, check=True, timeout=480)
    program = os.path.join(run(build + ["--show-bin-path"]).decode().strip(), "print-qr")
    directory = tempfile.mkdtemp(prefix="onetime-qr-")
    try:
        for test in (pictures, terminals, refusal):
            results.run(test, results, program, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 580)
