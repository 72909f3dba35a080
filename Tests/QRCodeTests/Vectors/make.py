"""Makes symbols.txt with a second implementation, qrcodegen 1.8.0 of PyPI.

    pip install qrcodegen==1.8.0 && python3 make.py > symbols.txt

For each version and level the longest text that fits, in byte and for some in alphanumeric mode, under a given mask. The
best mask is told by the rules of ISO/IEC 18004:2015, 7.8.3.1 as written down here once more: qrcodegen counts a finder with
light on both sides twice, where the standard asks whether there is one.
"""

import re

from qrcodegen import QrCode, QrSegment

LEVELS = {"low": QrCode.Ecc.LOW, "medium": QrCode.Ecc.MEDIUM}
LINK = "https://secrets.example.com/secret/k7x2m9q4w8e1r6t3y5u0i2o4p8a6s1d#Zm9yIGV5ZXMgb25seSwgYW5kIG9uY2Ug-_"
CAPITALS = "AB:CD:EF:01:23:45:67:89 $%*+-./:THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 9876543210"


def symbol(text, mode, level, mask):
    """The rows of a code, dark as 1."""
    segment = QrSegment.make_alphanumeric(text) if mode == "alphanumeric" else QrSegment.make_bytes(text.encode())
    code = QrCode.encode_segments([segment], LEVELS[level], 1, 13, mask, False)
    side = range(code.get_size())
    return ["".join("01"[code.get_module(x, y)] for x in side) for y in side]


def penalty(rows):
    """The sum of the four rules."""
    size, total = len(rows), 0
    for line in rows + ["".join(column) for column in zip(*rows)]:
        total += sum(len(run.group()) - 2 for run in re.finditer("0{5,}|1{5,}", line))
        around = "0000" + line + "0000"
        for place in re.finditer("(?=1011101)", around):
            before, behind = around[place.start() - 4 : place.start()], around[place.start() + 7 : place.start() + 11]
            total += 40 if "0000" in (before, behind) else 0
    for above, below in zip(rows, rows[1:]):
        total += 3 * sum(len(set(above[x : x + 2] + below[x : x + 2])) == 1 for x in range(size - 1))
    dark = sum(row.count("1") for row in rows)
    return total + abs(20 * dark - 10 * size * size) // (size * size) * 10


def show(text, mode, level, mask):
    """Prints one block."""
    penalties = [penalty(symbol(text, mode, level, number)) for number in range(8)]
    rows = symbol(text, mode, level, mask)
    digits = (len(rows) + 3) // 4
    print("\n[symbol]\ntext = %s\nlevel = %s\nmask = %d" % (text, level, mask))
    print("best = %d\nsize = %d" % (penalties.index(min(penalties)), len(rows)))
    print("rows = " + " ".join("%0*x" % (digits, int(row, 2)) for row in rows))


def longest(pattern, mode, level, version):
    """The longest text made of a pattern that still fits a version."""
    text = ""
    while True:
        more = text + pattern[len(text) % len(pattern)]
        try:
            if len(symbol(more, mode, level, 0)) > 17 + 4 * version:
                return text
        except ValueError:
            return text
        text = more


print("# Codes made by a second implementation; see make.py. Rows are numbers of `size` bits, dark as 1, the first at the left.")
for version in range(1, 14):
    for number, level in enumerate(LEVELS):
        show(longest(LINK, "bytes", level, version), "bytes", level, (3 * version + 5 * number) % 8)
for version in (1, 4, 9, 10, 13):
    for number, level in enumerate(LEVELS):
        show(longest(CAPITALS, "alphanumeric", level, version), "alphanumeric", level, (version + 4 * number) % 8)
show("A", "alphanumeric", "medium", 6)
show("a", "bytes", "medium", 2)
show("https://tajné.example/heslo/žluťoučký-kůň", "bytes", "medium", 7)
