#!/usr/bin/env python3
# Writes envelope.txt and splitting.txt: the page's formats, made by a second implementation. Needs `cryptography`.
#
# Nothing here is random: keys, salts and coefficients come from a counted SHA-256, so every run writes the same files.

import hashlib
import itertools
import os
import struct
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

CHUNK = 65536
REST = 2**64 - 1
out = []


def stream(seed, count):
    """SHA-256(seed, 0 as 4 bytes), SHA-256(seed, 1 as 4 bytes) and so on, cut to so many bytes."""
    blocks = (hashlib.sha256(seed + struct.pack(">I", index)).digest() for index in range(count // 32 + 1))
    return b"".join(blocks)[:count]


def hkdf(key, salt, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(key)


def stretch(link_key, passphrase):
    salt = hkdf(link_key, b"", b"onetime-lite passphrase salt")
    return PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=600_000).derive(passphrase)


def base64url(data):
    import base64

    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def write_link_key(link_key):
    check = int.from_bytes(hkdf(link_key, b"", b"onetime-lite link check")[:2], "big") >> 4
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return base64url(link_key) + alphabet[check >> 6] + alphabet[check & 63]


def seal(payload, link_key, stretched, salt, version=1, flags=None, chunk=CHUNK, empty_last=False):
    header = b"OTL" + bytes([version, int(bool(stretched)) if flags is None else flags]) + salt
    cipher = AESGCM(hkdf(link_key + stretched, salt, b"onetime-lite envelope key"))
    pieces = [payload[start:start + chunk] for start in range(0, len(payload), chunk)] + [b""] * empty_last
    return header + b"".join(
        cipher.encrypt(struct.pack(">7xIB", index, index == len(pieces) - 1), piece, header)
        for index, piece in enumerate(pieces))


def payload(items, sizes=None):
    heads = b"".join(
        struct.pack(">BH", kind, len(name)) + name + struct.pack(">H", len(type)) + type
        + struct.pack(">Q", len(content) if sizes is None else sizes[index])
        for index, (kind, name, type, content) in enumerate(items))
    return struct.pack(">H", len(items)) + heads + b"".join(item[3] for item in items)


def block(kind, **values):
    out.append(f"\n[{kind}]\n")
    for name, value in values.items():
        if value is None:
            continue
        out.append(f"{name} = {value.hex() if isinstance(value, bytes) else value}\n")


def write(name, head):
    text = "".join("# " + line + "\n" if line else "#\n" for line in head.strip("\n").split("\n")) + "".join(out)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as file:
        file.write(text)
    out.clear()


LINK = stream(b"link key", 32)
OTHER_LINK = stream(b"other link key", 32)
SALT = stream(b"salt", 16)
PHRASE = "Grüße, 密码 🔑 ".encode()
STRETCHED = stretch(LINK, PHRASE)
WRONG = stretch(LINK, PHRASE.strip())

# Base64url
for text in ["", "f", "fo", "foo", "foob"]:
    block("base64url", bytes=text.encode(), text=base64url(text.encode()))
block("base64url", bytes=LINK, text=base64url(LINK))
block("base64url", bytes=bytes([0xfb, 0xff, 0xfe]), text="-__-")
for text, why in [("Z", "one character too many"), ("Zg==", "padding"), ("Zh", "spare bits are not zero"),
                  ("Zm9=", "padding"), ("Zm+v", "the other alphabet"), ("Zm/v", "the other alphabet"),
                  ("Zm v", "a blank inside"), ("Zmü", "not ASCII"), ("Zg.", "a point")]:
    block("badBase64url", text=text.encode(), why=why)

# Keys of links
for link_key in [LINK, OTHER_LINK, bytes(32), b"\xff" * 32, *[stream(b"link key %d" % index, 32) for index in range(8)]]:
    block("linkKey", bytes=link_key, text=write_link_key(link_key))
text = write_link_key(LINK)
assert text[42] == "g"  # of which the next one differs in a spare bit


def other(character):
    return "A" if character != "A" else "B"


bad_link_keys = [
    ("", "nothing"), (text[:43], "no check"), (text[:44], "half a check"), (text + "A", "a character too many"),
    (text + "=", "padding"), (text + ".", "the point behind a link"), (" " + text, "a blank before it"), ("#" + text, "the #"),
    (text[:42] + chr(ord(text[42]) + 1) + text[43:], "spare bits are not zero"), (text.replace("_", "/"), "the other alphabet"),
    (text[:43] + text[44] + text[43], "a check that is turned round"), (text.swapcase(), "letters of the other case"),
    (text.lower(), "small letters"), (write_link_key(OTHER_LINK)[:43] + text[43:], "the check of another key"),
    (text[:20] + "é" + text[22:], "a letter of two bytes"), (text[:41] + text[40] + text[42:], "two neighbours the same"),
    *[(text[:index] + text[index + 1:], f"character {index} is missing") for index in range(0, 45, 4)],
    *[(text[:index] + text[index + 1:] + "A", f"character {index} is missing, one is added") for index in range(0, 45, 7)],
    *[(text[:index] + text[index + 1] + text[index] + text[index + 2:], f"character {index} changed places")
      for index in range(0, 43, 6)],
    *[(text[:index] + other(text[index]) + text[index + 1:], f"character {index} is another") for index in range(45)]]
for wrong, why in bad_link_keys:
    assert wrong != text, why
    block("badLinkKey", text=wrong.encode(), why=why)

# Stretching. What is typed in another form than NFC is brought to it; what only looks alike (NFKC) stays as it is.
for link_key, typed in [
        (LINK, PHRASE.decode()), (LINK, PHRASE.decode().strip()), (OTHER_LINK, "a"), (OTHER_LINK, "x" * 200),
        (LINK, "caf\u00e9"), (LINK, "cafe\u0301"), (LINK, "\u212b \ufb01 \u1112\u1161\u11ab q\u0323\u0307 q\u0307\u0323")]:
    phrase = unicodedata.normalize("NFC", typed).encode()
    stretched = stretch(link_key, phrase)
    block("stretch", linkKey=link_key, typed=typed.encode() if typed.encode() != phrase else None, passphrase=phrase,
          stretched=stretched,
          proof=base64url(hkdf(stretched, b"", b"onetime-lite passphrase proof")))


# Payloads
def payload_block(items, sizes=None):
    fields = {}
    for index, (kind, name, type, content) in enumerate(items):
        fields |= {f"kind{index}": kind, f"name{index}": name, f"type{index}": type, f"content{index}": content}
    block("payload", itemCount=len(items), isCanonical=int(sizes is None), **fields, payload=payload(items, sizes))


FILE = (1, b"a.txt", b"text/plain", b"file")
NAMES = ['say "hello".txt', "two\nlines\r\n.txt", "שלום\u202etxt.exe", "../../etc/passwd", "x" * 255, "ü" * 512, "a\0b", "🔑"]
payload_block([(0, b"", b"", b"x")])
payload_block([(0, b"", b"", b"")])
payload_block([(0, b"", b"", "Grüße\n🔑".encode())])
payload_block([(2, b"", b"", stream(b"part", 40))])
payload_block([FILE])
payload_block([(1, b"", b"", b"")])
payload_block([(1, b"t", b"x" * 255, b"1")])
payload_block([(0, b"", b"", b"text"), FILE, (1, b"b", b"", b""), (1, b"c", b"image/png", stream(b"c", 100))])
payload_block([(1, name.encode(), b"application/octet-stream", b"%d" % index) for index, name in enumerate(NAMES)])
payload_block([(0, b"", b"", b"all that follows")], [REST])
payload_block([(0, b"", b"", b"")], [REST])
payload_block([(0, b"", b"", b"first"), (1, b"n", b"", b"all that follows")], [5, REST])
payload_block([(1, b"n" * 2000, b"", b"long name")])

# Each is refused. What a server sees of it at once is its beginning only; whoever has it whole sees that the sizes add up.
for data, why in [
        (b"", "nothing"), (b"\0", "half a count"), (b"\0\0", "no item"), (struct.pack(">H", 1001), "too many items"),
        (b"\xff\xff" + payload([FILE])[2:], "too many items"), (b"\0\1", "no item follows"),
        (payload([(0, b"", b"", b"")] * 1001), "1001 items"),
        (payload([(3, b"", b"", b"x")]), "unknown kind"), (payload([(255, b"", b"", b"x")]), "unknown kind"),
        (payload([(0, b"n", b"", b"x")]), "a text with a name"), (payload([(0, b"", b"t", b"x")]), "a text with a type"),
        (payload([(2, b"n", b"", b"x")]), "a part with a name"), (payload([(2, b"", b"t", b"x")]), "a part with a type"),
        (payload([(1, b"\xff", b"", b"x")]), "name: no such byte"), (payload([(1, b"\xc0\xaf", b"", b"x")]), "name: overlong"),
        (payload([(1, b"\xed\xa0\x80", b"", b"x")]), "name: surrogate"), (payload([(1, b"a\xe2\x82", b"", b"x")]), "name: cut"),
        (payload([(1, b"\xf4\x90\x80\x80", b"", b"x")]), "name: above U+10FFFF"),
        (payload([(1, b"n", b"text/\xe9", b"x")]), "type: not ASCII"), (payload([(1, b"n", b"a\r\nb", b"x")]), "type: a control"),
        (payload([(1, b"n", b"a\x7f", b"x")]), "type: a control"),
        (payload([FILE])[:-1], "a byte too few"), (payload([FILE]) + b"x", "a byte too many"),
        (payload([FILE, FILE], [REST, 4]), "all that follows is not the last"),
        (payload([FILE], [REST - 1]), "far too large"), (payload([FILE], [2**63]), "far too large"),
        (payload([FILE], [2**32 + 4]), "too large by 2^32"),
        (payload([FILE, FILE], [REST - 3, 12]), "sizes that overflow"),
        (payload([FILE, FILE, FILE], [2**63, 2**63, 12]), "sizes that overflow"),
        (payload([FILE, FILE], [9, REST]), "all that follows is less than nothing"),
        *[(payload([FILE])[:count], f"cut after {count} bytes") for count in range(3, 30, 3)]]:
    block("badPayload", why=why, payload=data)


# Envelopes
def content_fields(seed, count):
    return {"seed": seed, "payloadCount": count}


for link_key, phrase, stretched in [(LINK, None, b""), (LINK, PHRASE, STRETCHED)]:
    for data in [b"x", payload([(0, b"", b"", b"a secret")]), payload([FILE, (0, b"", b"", b"more")])]:
        block("envelope", linkKey=link_key, stretched=stretched or None, salt=SALT, payload=data,
              envelope=seal(data, link_key, stretched, SALT))
    for count in [1, 15, 16, 17, 65535, 65536, 65537, 131072, 3 * 65536 - 1, 3 * 65536]:
        data = stream(b"payload %d" % count, count)
        envelope = seal(data, link_key, stretched, SALT)
        block("envelope", linkKey=link_key, stretched=stretched or None, salt=SALT, **content_fields(b"payload %d" % count, count),
              envelopeCount=len(envelope), envelopeSHA256=hashlib.sha256(envelope).digest())

# Whole ones that are refused
good = seal(b"a secret", LINK, b"", SALT)
locked = seal(b"a secret", LINK, STRETCHED, SALT)


def bad(why, envelope, link_key=LINK, stretched=b""):
    block("badEnvelope", why=why, linkKey=link_key, stretched=stretched or None, envelope=envelope)


for bit in [*range(0, 21 * 8, 5), *range(21 * 8, len(good) * 8, 3)]:
    flipped = bytearray(good)
    flipped[bit // 8] ^= 1 << bit % 8
    bad(f"bit {bit} is flipped", bytes(flipped))
for count in [0, 1, 3, 4, 5, 20, 21, 22, 36, 37, len(good) - 1]:
    bad(f"cut to {count} bytes", good[:count])
bad("a byte more", good + b"\0")
bad("another link key", good, OTHER_LINK)
bad("another passphrase", locked, LINK, WRONG)
bad("no passphrase", locked)
bad("a passphrase where none is needed", good, LINK, STRETCHED)
bad("its flag says that no passphrase is needed", locked[:4] + b"\0" + locked[5:])
for version in [0, 2, 255]:
    bad(f"version {version}, authentic", seal(b"a secret", LINK, b"", SALT, version=version))
for flags in [2, 128, 3]:
    stretched = STRETCHED if flags & 1 else b""
    bad(f"flags {flags}, authentic", seal(b"a secret", LINK, stretched, SALT, flags=flags), LINK, stretched)
bad("an empty last chunk, authentic", seal(b"", LINK, b"", SALT, empty_last=True))
bad("chunks of another size, authentic", seal(stream(b"c", 300), LINK, b"", SALT, chunk=100))

# Chunks of a good one in another order: `chunks` are the numbers of its chunks in the order in which they are put together
for count in [3 * 65536, 2 * 65536 + 100]:
    seed = b"order %d" % count
    envelope = seal(stream(seed, count), LINK, b"", SALT)
    parts = [envelope[start:start + CHUNK + 16] for start in range(21, len(envelope), CHUNK + 16)]
    for order in [(0, 1), (1, 2), (0,), (2,), (0, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1), (0, 1, 1, 2), (0, 1, 2, 2), (0, 1, 0)]:
        changed = envelope[:21] + b"".join(parts[index] for index in order)
        block("badOrder", linkKey=LINK, salt=SALT, **content_fields(seed, count), chunks=" ".join(map(str, order)),
              envelopeSHA256=hashlib.sha256(changed).digest())

write("envelope.txt", """
Known answers for envelopes and payloads, from a second implementation: envelope.py writes them.

  payload   count (2 bytes) item{count} contents; item = kind (1) name-length (2) name type-length (2) type size (8)
  envelope  header = "OTL" 01 flags salt; chunks of 65536 bytes in AES-256-GCM with the header as associated data,
            nonce = 7 zero bytes, number as 4 bytes, 1 byte that is 1 in the last chunk; key = HKDF(link key ‖ stretched,
            salt, "onetime-lite envelope key")
  linkKey   base64url(link key) and 2 more characters: the first 12 bits of HKDF(link key, "", "onetime-lite link check")
  stretch   PBKDF2-HMAC-SHA-256(passphrase, HKDF(link key, "", "onetime-lite passphrase salt"), 600 000); proof =
            base64url(HKDF(stretched, "", "onetime-lite passphrase proof"))

A block starts with [kind]; the rest is `name = value`, values in hexadecimal, but for decimal numbers, proofs, the texts of
[base64url] and [linkKey] and the reasons why something is refused. Numbers are in network order. Where payloadCount stands,
the payload is SHA-256(seed ‖ 0 as 4 bytes) ‖ SHA-256(seed ‖ 1 as 4 bytes) ‖ ..., cut. A payload that is not canonical reads well, but no
writer writes it: its last size stands for all that follows. All of [bad...] is refused. [badOrder] puts chunks
of a good envelope together in another order. A passphrase is in NFC; `typed` is what it was before.
""")


# Splitting: GF(2^8) by way of the powers of 3, as tables, which the other implementations must not have
EXP, LOG = [0] * 510, [0] * 256
value = 1
for index in range(255):
    EXP[index] = EXP[index + 255] = value
    LOG[value] = index
    value ^= (value << 1) ^ (0x11b if value & 0x80 else 0)


def times(a, b):
    return EXP[LOG[a] + LOG[b]] if a and b else 0


def divide(a, b):
    return EXP[LOG[a] - LOG[b] + 255] if a else 0


assert times(0x57, 0x83) == 0xc1 and times(0x53, 0xca) == 1  # FIPS 197, section 4.2


def values_at(x, rows):
    """rows[d] are the coefficients of degree d of all bytes."""
    result = []
    for coefficients in zip(*rows):
        value, power = 0, 1
        for coefficient in coefficients:
            value ^= times(coefficient, power)
            power = times(power, x)
        result.append(value)
    return bytes(result)


def split(secret, k, n, set, coefficients):
    rows = [secret] + [coefficients[d * len(secret):(d + 1) * len(secret)] for d in range(k - 1)]
    return [set + bytes([k, n, x]) + values_at(x, rows) for x in range(1, n + 1)]


def join(parts):
    result = bytearray(len(parts[0]) - 19)
    for part in parts:
        factor = 1
        for other in parts:
            if other[18] != part[18]:
                factor = times(factor, divide(other[18], other[18] ^ part[18]))
        for index, value in enumerate(part[19:]):
            result[index] ^= times(value, factor)
    return bytes(result)


for k, n, secret in [
        (2, 2, b"x"), (2, 2, bytes(16)), (2, 3, bytes(range(256))), (2, 3, stream(b"secret", 33)),
        (3, 5, payload([(0, b"", b"", "Grüße".encode())])), (5, 5, stream(b"five", 100)), (4, 7, stream(b"seven", 257)),
        (2, 255, b"\x01\x80\xff\x1b"), (255, 255, b"\x2a")]:
    seed = b"split %d of %d, %d bytes" % (k, n, len(secret))
    coefficients, set_ = stream(seed, (k - 1) * len(secret)), stream(b"set " + seed, 16)
    parts = split(secret, k, n, set_, coefficients)
    subsets = list(itertools.combinations(parts, k)) if n < 8 else [parts[-k:], parts[:k]]
    assert all(join(subset) == secret for subset in subsets)
    listed = {f"part{x}": parts[x - 1] for x in range(1, n + 1)} if n < 8 else {
        "partsSHA256": hashlib.sha256(b"".join(parts)).digest()}
    block("split", needed=k, total=n, set=set_, secret=secret, coefficients=coefficients, **listed)

# A long one, so that it takes several pieces
count = 2 * 65536 + 77
coefficients, set_ = stream(b"long coefficients", 2 * count), stream(b"long set", 16)
parts = split(stream(b"long", count), 3, 4, set_, coefficients)
assert join(parts[1:]) == stream(b"long", count)
block("split", needed=3, total=4, set=set_, seed=b"long", secretCount=count, coefficientSeed=b"long coefficients",
      partsSHA256=hashlib.sha256(b"".join(parts)).digest())

three = split(b"a secret", 3, 5, stream(b"a", 16), stream(b"b", 16))
other = split(b"a secret", 3, 5, stream(b"other", 16), stream(b"b", 16))
two = split(b"a secret", 2, 5, stream(b"a", 16), stream(b"b", 8))
six = split(b"a secret", 3, 6, stream(b"a", 16), stream(b"b", 16))


def bad_join(why, parts):
    block("badJoin", why=why, partCount=len(parts), **{f"part{index}": part for index, part in enumerate(parts, 1)})


bad_join("fewer than needed", three[:2])
bad_join("none", [])
bad_join("the same twice", [three[0], three[1], three[1]])
bad_join("the same number twice", [three[0], three[1], three[1][:-1] + b"\0"])
bad_join("the same number twice, and enough without", [*three[:3], three[0]])
bad_join("different sets", [three[0], three[1], other[2]])
bad_join("different sets, and enough without", [*three[:3], other[3]])
bad_join("different k", [three[0], two[1], three[2]])
bad_join("different n", [three[0], three[1], six[2]])
bad_join("different lengths", [three[0], three[1], three[2] + b"\0"])
bad_join("nothing but heads", [part[:19] for part in three[:3]])
bad_join("half a head", [part[:18] for part in three[:3]])
for why, k, n, xs in [("k is 1", 1, 5, [1, 2, 3]), ("k is 0", 0, 5, [1, 2, 3]), ("k above n", 3, 2, [1, 2, 3]),
                      ("x is 0", 3, 5, [0, 1, 2]), ("x above n", 3, 5, [1, 2, 6])]:
    bad_join(why, [part[:16] + bytes([k, n, x]) + part[19:] for part, x in zip(three, xs)])

write("splitting.txt", """
Known answers for splitting k of n, from a second implementation: envelope.py writes them.

  part      set (16 bytes) k n x values: Shamir's scheme over GF(2^8) with the polynomial 0x11b, each byte by itself

A block starts with [kind]; the rest is `name = value`, values in hexadecimal, but for decimal numbers and the reasons why
something is refused. `coefficients` are those of degree 1 of all bytes, then those of degree 2, to needed - 1; where
coefficientSeed or seed stands, they or the secret are as in envelope.txt. partsSHA256 is over all parts, one behind the
other. Any `needed` of the parts, in any order, give the secret. All of [badJoin] is refused.
""")
