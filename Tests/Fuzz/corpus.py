"""The corpora of the fuzz targets as text: one input per line, escaped as in Tests/HTTPWireTests/Vectors.

    python3 Tests/Fuzz/corpus.py unpack TARGET DIRECTORY    writes the target's inputs, and its vectors', one file each
    python3 Tests/Fuzz/corpus.py pack TARGET DIRECTORY      keeps a directory's files as the corpus, without the vectors'
"""

import hashlib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = {"head": "requests", "chunked": "chunked", "form": "forms", "multipart": "multipart", "json": "json"}
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|\{(\d+)\*((?:[^}\\]|\\.)*)\}|(.))", re.DOTALL)
LETTERS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}


def unescaped(text):
    """The bytes that a line stands for."""

    def one(match):
        digits, count, piece, letter = match.groups()
        if digits:
            return bytes([int(digits, 16)])
        return unescaped(piece) * int(count) if count else LETTERS.get(letter, letter)

    return ESCAPE.sub(one, text)


def escaped(data):
    """One line that stands for the bytes."""
    special = {10: "\\n", 13: "\\r", 9: "\\t", 0: "\\0", 92: "\\\\"}
    return "".join(special.get(byte, chr(byte) if 32 <= byte < 127 else "\\x%02X" % byte) for byte in data)


def vectors(target):
    """The inputs of the unit tests' vectors, but for the very long ones."""
    if target not in VECTORS:
        return
    path = os.path.join(os.path.dirname(HERE), "HTTPWireTests", "Vectors", VECTORS[target] + ".txt")
    with open(path, "rb") as file:
        for line in file.read().split(b"\n"):
            if line and not line.startswith(b"#"):
                data = unescaped(line.partition(b": ")[2])
                if len(data) <= 1024:
                    yield data


def corpus_path(target):
    """Where a target's corpus is."""
    return os.path.join(HERE, "Corpus", target + ".txt")


def unpack(target, directory):
    """Writes every input into a file of its own."""
    os.makedirs(directory, exist_ok=True)
    with open(corpus_path(target), "rb") as file:
        kept = [unescaped(line) for line in file.read().split(b"\n") if not line.startswith(b"#")]
    for data in {*kept, *vectors(target)}:
        with open(os.path.join(directory, hashlib.sha1(data).hexdigest()), "wb") as file:
            file.write(data)


def pack(target, directory):
    """Writes what is in the directory as the target's corpus, shortest first."""
    found = set()
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            found.add(file.read())
    lines = [escaped(data) for data in sorted(found - set(vectors(target)) - {b""}, key=lambda data: (len(data), data))]
    # A line that begins as a comment does is written another way.
    lines = ["\\x23" + line[1:] if line.startswith("#") else line for line in lines]
    with open(corpus_path(target), "w", encoding="ascii", newline="\n") as file:
        file.write("# Inputs that reach what the vectors don't, found by scripts/fuzz; see corpus.py.\n")
        file.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]](*sys.argv[2:])
